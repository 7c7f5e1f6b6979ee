//! How the types of the language are read, written and described.
//!
//! A type of the language is declared once, with a macro, and from that declaration come its
//! reading (every mistake is reported, and reading goes on), its writing and its JSON Schema. The
//! doc comments of the declaration are the descriptions that an editor shows.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::yaml::{Content, Entry, Node, Scalar, ScalarKind, Span, Spanned};

/// A type that a scenario file can hold.
pub(crate) trait Syntax: Sized {
    /// Reads the value. `None` means that it is no such value and that this has been reported.
    fn read(node: &Node, reader: &mut Reader) -> Option<Self>;

    /// Writes the value.
    fn write(&self) -> Node;

    /// The value that a missing key stands for; `None` if the key is required.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether the value is the one that a missing key stands for.
    fn is_absent(&self) -> bool {
        false
    }

    /// What an editor is told about the value.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// Collects what is wrong while a file is read.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Reader {
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports that `node` is not what is expected there.
    pub(crate) fn mismatch(&mut self, node: &Node, expected: &str, help: Option<String>) {
        let found = match &node.content {
            Content::Scalar(scalar) if scalar.kind() != ScalarKind::Nothing => {
                format!("`{}` is {}", clipped(&scalar.text), node.describe())
            }
            Content::Scalar(_) => "there is nothing here".to_owned(),
            Content::Sequence(_) | Content::Mapping(_) => format!("this is {}", node.describe()),
        };
        self.wrong(
            Code::WrongType,
            node,
            format!("{found}, but {expected} is expected"),
            help,
        );
    }

    /// Reports a mistake in a value, and the parameter that the value came from.
    pub(crate) fn wrong(
        &mut self,
        code: Code,
        node: &Node,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let mut diagnostic = Diagnostic::new(code, node.span, message).maybe_help(help);
        if let Some(parameter) = &node.parameter {
            diagnostic = diagnostic
                .label(format!("the value of the parameter `{}`", parameter.name))
                .also(parameter.declared, "declared here");
        }
        self.report(diagnostic);
    }
}

/// Input in a message, cut to a readable length.
pub(crate) fn clipped(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 60;
    let escaped = if text.chars().any(char::is_control) {
        Cow::Owned(text.escape_debug().to_string())
    } else {
        Cow::Borrowed(text)
    };
    match escaped.char_indices().nth(LONGEST) {
        None => escaped,
        Some((at, _)) => Cow::Owned(format!("{}…", &escaped[..at])),
    }
}

impl<T: Syntax> Syntax for Option<T> {
    /// A value that cannot be read is reported and left out, so that the rest can be looked at.
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        Some(T::read(node, reader))
    }

    fn write(&self) -> Node {
        match self {
            Some(value) => value.write(),
            None => Node::scalar(Scalar::plain("null")),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

impl<T: Syntax> Syntax for Box<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        T::read(node, reader).map(Self::new)
    }

    fn write(&self) -> Node {
        (**self).write()
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

impl<T: Syntax> Syntax for Spanned<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        T::read(node, reader).map(|value| Self::new(value, node.span))
    }

    fn write(&self) -> Node {
        self.value.write()
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

impl<T: Syntax> Syntax for Vec<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Sequence(items) => {
                let usable = items.iter().filter(|item| !item.is_void);
                Some(usable.filter_map(|item| T::read(item, reader)).collect())
            }
            Content::Scalar(_) => {
                reader.mismatch(
                    node,
                    "a list",
                    Some(
                        "write the items between `[` and `]`, or one a line after `- `".to_owned(),
                    ),
                );
                None
            }
            Content::Mapping(_) => {
                reader.mismatch(node, "a list", Some("begin each item with `- `".to_owned()));
                None
            }
        }
    }

    fn write(&self) -> Node {
        Node::new(Content::Sequence(self.iter().map(Syntax::write).collect()))
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items })
    }
}

/// A list of which a single item may be written without brackets, and is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OneOrMore<T>(pub Vec<T>);

impl<T: Syntax> Syntax for OneOrMore<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Sequence(_) => Vec::read(node, reader).map(Self),
            Content::Scalar(_) | Content::Mapping(_) => {
                T::read(node, reader).map(|one| Self(vec![one]))
            }
        }
    }

    fn write(&self) -> Node {
        match self.0.as_slice() {
            [one] => one.write(),
            _ => self.0.write(),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let one = T::schema(generator);
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

/// Named things, in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Named<T> {
    /// The thing of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.iter()
            .find(|(key, _)| key.value == name)
            .map(|(_, value)| value)
    }

    /// Names and things, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Spanned<String>, &T)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.value.as_str())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Syntax> Syntax for Named<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Content::Mapping(entries) = &node.content else {
            reader.mismatch(
                node,
                "a mapping from names",
                Some("write `name: …`, one a line".to_owned()),
            );
            return None;
        };
        Some(Self(
            entries
                .iter()
                .filter(|entry| !entry.value.is_void)
                .filter_map(|entry| Some((entry.key.clone(), T::read(&entry.value, reader)?)))
                .collect(),
        ))
    }

    fn write(&self) -> Node {
        Node::new(Content::Mapping(
            self.iter()
                .map(|(key, value)| Entry {
                    key: key.clone(),
                    value: value.write(),
                })
                .collect(),
        ))
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let value = T::schema(generator);
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}

/// A mapping with fixed keys.
pub(crate) trait Record: Syntax {
    /// All keys, in the order in which they are written.
    const KEYS: &'static [&'static str];
}

/// The entries of a mapping that is being read into a record.
pub(crate) struct Fields<'a> {
    what: &'static str,
    span: Span,
    entries: &'a [Entry],
    keys: &'static [&'static str],
}

impl<'a> Fields<'a> {
    /// The entries of `node`; keys that are not the record's are reported.
    pub(crate) fn of(
        node: &'a Node,
        what: &'static str,
        keys: &'static [&'static str],
        reader: &mut Reader,
    ) -> Option<Self> {
        let nothing = matches!(&node.content, Content::Scalar(scalar) if scalar.kind() == ScalarKind::Nothing);
        let Content::Mapping(entries) = &node.content else {
            let help = if nothing {
                "write `{}` where every default is meant".to_owned()
            } else {
                format!("write `key: value`, with the keys {}", listed(keys))
            };
            reader.mismatch(node, what, Some(help));
            return None;
        };
        for entry in entries {
            if !keys.contains(&entry.key.as_str()) {
                let missing: Vec<&str> = (keys.iter().copied())
                    .filter(|key| !entries.iter().any(|entry| entry.key.value == *key))
                    .collect();
                reader.report(unknown_key(&entry.key, what, keys, &missing));
            }
        }
        Some(Self {
            what,
            span: node.span,
            entries,
            keys,
        })
    }

    /// The value under `key`.
    pub(crate) fn read<T: Syntax>(&self, key: &'static str, reader: &mut Reader) -> Option<T> {
        debug_assert!(self.keys.contains(&key), "a record reads only its own keys");
        match self.entries.iter().find(|entry| entry.key.value == key) {
            Some(entry) if entry.value.is_void => T::absent(),
            Some(entry) => T::read(&entry.value, reader),
            None => {
                let absent = T::absent();
                if absent.is_none() {
                    reader.report(
                        Diagnostic::new(
                            Code::MissingKey,
                            self.span,
                            format!("{} needs the key `{key}`", self.what),
                        )
                        .help(format!("add `{key}:`")),
                    );
                }
                absent
            }
        }
    }
}

/// `missing` are the keys that it could have been meant to be.
fn unknown_key(key: &Spanned<String>, what: &str, keys: &[&str], missing: &[&str]) -> Diagnostic {
    let help = nearest(key, missing.iter().copied()).map_or_else(
        || format!("the keys of {what}: {}", listed(keys)),
        |nearest| format!("did you mean `{nearest}`?"),
    );
    Diagnostic::new(
        Code::UnknownKey,
        key.span,
        format!("{what} has no key `{}`", clipped(key)),
    )
    .help(help)
}

fn listed(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    quoted.join(", ")
}

/// Writes one entry of a record, unless the default says the same.
pub(crate) fn write_field<T: Syntax>(key: &'static str, value: &T, entries: &mut Vec<Entry>) {
    if !value.is_absent() {
        entries.push(Entry {
            key: Spanned::from(key),
            value: value.write(),
        });
    }
}

/// Which of the keys that decide what a mapping is stands in it.
pub(crate) fn deciding_key(
    node: &Node,
    what: &'static str,
    deciding: &'static [&'static str],
    reader: &mut Reader,
) -> Option<&'static str> {
    let Content::Mapping(entries) = &node.content else {
        let help = format!(
            "write it as a mapping with one of the keys {}",
            listed(deciding)
        );
        reader.mismatch(node, what, Some(help));
        return None;
    };
    let mut found = entries.iter().filter_map(|entry| {
        let key = deciding.iter().find(|key| **key == entry.key.value)?;
        Some((*key, entry.key.span))
    });
    let Some((key, first)) = found.next() else {
        reader.report(undecided(node, entries, what, deciding));
        return None;
    };
    if let Some((other, span)) = found.next() {
        reader.report(
            Diagnostic::new(
                Code::ExclusiveKeys,
                span,
                format!("{what} has either `{key}` or `{other}`, not both"),
            )
            .also(first, "the other one is here")
            .help("make two of it"),
        );
        return None;
    }
    Some(key)
}

fn undecided(node: &Node, entries: &[Entry], what: &str, deciding: &[&str]) -> Diagnostic {
    let slip = entries.iter().find_map(|entry| {
        let meant = nearest(&entry.key, deciding.iter().copied())?;
        Some((&entry.key, meant))
    });
    match slip {
        Some((key, meant)) => Diagnostic::new(
            Code::UnknownKey,
            key.span,
            format!("{what} has no key `{}`", clipped(key)),
        )
        .help(format!("did you mean `{meant}`?")),
        None => Diagnostic::new(
            Code::MissingKey,
            node.span,
            format!("{what} needs one of the keys {}", listed(deciding)),
        ),
    }
}

/// The schema of `T`, described by `doc`.
///
/// The description stands beside an `allOf`, because readers of older drafts ignore what stands
/// beside a `$ref`.
pub(crate) fn described<T: Syntax>(
    doc: &[&str],
    generator: &mut SchemaGenerator,
) -> serde_json::Value {
    let schema = T::schema(generator);
    let mut value = schema.to_value();
    let description = prose(doc);
    if description.is_empty() {
        return value;
    }
    if value.get("$ref").is_some() {
        value = serde_json::json!({ "allOf": [value] });
    }
    if let Some(object) = value.as_object_mut() {
        object.insert("description".to_owned(), description.into());
    }
    value
}

/// Doc comments as one text: lines of a paragraph joined.
pub(crate) fn prose(doc: &[&str]) -> String {
    let mut text = String::new();
    for line in doc {
        let line = line.trim();
        if line.is_empty() {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
        } else {
            if !(text.is_empty() || text.ends_with('\n')) {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text
}

/// The schema of a record from its parts.
pub(crate) fn record_schema(
    doc: &[&str],
    properties: Vec<(&'static str, bool, serde_json::Value)>,
) -> Schema {
    let mut required = Vec::new();
    let mut members = serde_json::Map::new();
    for (key, is_required, schema) in properties {
        if is_required {
            required.push(serde_json::Value::from(key));
        }
        members.insert(key.to_owned(), schema);
    }
    let mut schema = json_schema!({
        "type": "object",
        "description": prose(doc),
        "properties": members,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema
}

/// A `$name` that may stand in the place of any scalar.
pub(crate) struct ParameterName;

impl JsonSchema for ParameterName {
    fn schema_name() -> Cow<'static, str> {
        "Parameter".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The value of a parameter, by its name under `params`.",
            "type": "string",
            "pattern": "^\\$[a-z][a-z0-9-]*$",
        })
    }
}

/// A scalar's schema, or a parameter in its place.
pub(crate) fn or_parameter(schema: &serde_json::Value, generator: &mut SchemaGenerator) -> Schema {
    let parameter = generator.subschema_for::<ParameterName>().to_value();
    json_schema!({ "anyOf": [schema, parameter] })
}

/// Declares a mapping with fixed keys.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident, $what:literal {
            $($(#[doc = $field_doc:literal])* $key:literal => pub $field:ident: $type:ty,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $field_doc])* pub $field: $type,)*
        }

        impl $crate::syntax::grammar::Record for $name {
            const KEYS: &'static [&'static str] = &[$($key),*];
        }

        impl $crate::syntax::grammar::Syntax for $name {
            fn read(node: &$crate::yaml::Node, reader: &mut $crate::syntax::grammar::Reader) -> Option<Self> {
                use $crate::syntax::grammar::{Fields, Record};
                let fields = Fields::of(node, $what, Self::KEYS, reader)?;
                // All fields are read before any is asked for, so that every mistake is reported.
                $(let $field = fields.read::<$type>($key, reader);)*
                Some(Self { $($field: $field?,)* })
            }

            fn write(&self) -> $crate::yaml::Node {
                let mut entries = Vec::new();
                $($crate::syntax::grammar::write_field($key, &self.$field, &mut entries);)*
                $crate::yaml::Node::new($crate::yaml::Content::Mapping(entries))
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<Self>()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::syntax::grammar::{Syntax, described, record_schema};
                let properties = vec![$((
                    $key,
                    <$type as Syntax>::absent().is_none(),
                    described::<$type>(&[$($field_doc),*], generator),
                ),)*];
                record_schema(&[$($doc),*], properties)
            }
        }
    };
}

/// Declares a value that is one of a few words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident, $what:literal {
            $($(#[doc = $word_doc:literal])* $variant:ident = $word:literal,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[doc = $word_doc])* $variant,)*
        }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the file.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl $crate::syntax::grammar::Syntax for $name {
            fn read(node: &$crate::yaml::Node, reader: &mut $crate::syntax::grammar::Reader) -> Option<Self> {
                let word = $crate::syntax::scalar::read_word(node, $what, &[$($word),*], reader)?;
                Self::ALL.iter().copied().find(|candidate| candidate.word() == word)
            }

            fn write(&self) -> $crate::yaml::Node {
                $crate::yaml::Node::scalar($crate::syntax::scalar::word(self.word()))
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let schema = generator.subschema_for::<Self>().to_value();
                $crate::syntax::grammar::or_parameter(&schema, generator)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::syntax::grammar::prose;
                schemars::json_schema!({
                    "description": prose(&[$($doc),*]),
                    "type": "string",
                    "enum": [$($word),*],
                    "markdownEnumDescriptions": [$(prose(&[$($word_doc),*])),*],
                })
            }
        }
    };
}

/// Declares a mapping that is one of several records, told apart by a key that only one of them has.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident, $what:literal {
            $($(#[doc = $variant_doc:literal])* $key:literal => $variant:ident($type:ty),)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $variant_doc])* $variant($type),)*
        }

        impl $name {
            /// The keys that tell the alternatives apart, in the order of the documentation.
            pub const DECIDING_KEYS: &'static [&'static str] = &[$($key),*];

            /// The key that tells this alternative from the others.
            #[must_use]
            pub const fn deciding_key(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $key,)*
                }
            }
        }

        impl $crate::syntax::grammar::Syntax for $name {
            fn read(node: &$crate::yaml::Node, reader: &mut $crate::syntax::grammar::Reader) -> Option<Self> {
                use $crate::syntax::grammar::Syntax;
                let key = $crate::syntax::grammar::deciding_key(node, $what, Self::DECIDING_KEYS, reader)?;
                $(if key == $key {
                    return <$type as Syntax>::read(node, reader).map(Self::$variant);
                })*
                None
            }

            fn write(&self) -> $crate::yaml::Node {
                match self {
                    $(Self::$variant(value) => $crate::syntax::grammar::Syntax::write(value),)*
                }
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<Self>()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::syntax::grammar::{Syntax, prose};
                let alternatives = vec![$(<$type as Syntax>::schema(generator).to_value()),*];
                schemars::json_schema!({
                    "description": prose(&[$($doc),*]),
                    "anyOf": alternatives,
                })
            }
        }
    };
}

pub(crate) use {choice, record, words};
