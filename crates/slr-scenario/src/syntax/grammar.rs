//! How the types of the language are read, written and described.
//!
//! A type of the language is declared once, with a macro of [`super::declare`], and from that
//! declaration come its reading (every mistake is reported, and reading goes on), its writing and
//! its JSON Schema. The doc comments of the declaration are the descriptions that an editor shows.

use std::borrow::Cow;

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::diagnostic::{Code, Diagnostic, MOST_DIAGNOSTICS, nearest};
#[cfg(test)]
use crate::syntax::sample::Dice;
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

    /// Any value of the type.
    #[cfg(test)]
    fn sample(dice: &mut Dice) -> Self;
}

/// Collects what is wrong while a file is read.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Reader {
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        if !self.is_full() {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether there is no sense in reading on.
    fn is_full(&self) -> bool {
        self.diagnostics.len() >= MOST_DIAGNOSTICS
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
        self.wrong(Code::WrongType, node, format!("{found}, but {expected} is expected"), help);
    }

    /// Reports a mistake in a value, and the parameter that the value came from.
    pub(crate) fn wrong(&mut self, code: Code, node: &Node, message: impl Into<String>, help: Option<String>) {
        let mut diagnostic = Diagnostic::new(code, node.span, message).maybe_help(help);
        if let Some(parameter) = &node.parameter {
            diagnostic = diagnostic
                .label(format!("the value of the parameter `{}`", parameter.name))
                .also(parameter.declared, "declared here");
        }
        self.report(diagnostic);
    }
}

/// A name in a message, with the article that it takes: a `gadget`, an `image`.
pub(crate) fn one(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
    format!("{article} `{name}`")
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

    #[cfg(test)]
    fn sample(dice: &mut Dice) -> Self {
        dice.chance(1, 3).then(|| T::sample(dice))
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

    #[cfg(test)]
    fn sample(dice: &mut Dice) -> Self {
        Self::new(T::sample(dice))
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

    #[cfg(test)]
    fn sample(dice: &mut Dice) -> Self {
        Self::from(T::sample(dice))
    }
}

impl<T: Syntax> Syntax for Vec<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Sequence(items) => {
                let usable = items.iter().filter(|item| !item.is_void);
                let mut read = Self::new();
                for item in usable {
                    if reader.is_full() {
                        break;
                    }
                    read.extend(T::read(item, reader));
                }
                Some(read)
            }
            Content::Scalar(_) => {
                reader.mismatch(
                    node,
                    "a list",
                    Some("write the items between `[` and `]`, or one a line after `- `".to_owned()),
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

    #[cfg(test)]
    fn sample(dice: &mut Dice) -> Self {
        (0..dice.below(4)).map(|_| T::sample(dice)).collect()
    }
}

/// A list of which a single item may be written without brackets, and is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OneOrMore<T>(pub Vec<T>);

impl<T: Syntax> Syntax for OneOrMore<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Sequence(_) => Vec::read(node, reader).map(Self),
            Content::Scalar(_) | Content::Mapping(_) => T::read(node, reader).map(|one| Self(vec![one])),
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
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }

    #[cfg(test)]
    fn sample(dice: &mut Dice) -> Self {
        Self(Vec::sample(dice))
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
        self.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    /// Names and things, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Spanned<String>, &T)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Where the names stand, in order.
    pub(crate) fn places(&self) -> impl Iterator<Item = Span> + Clone {
        self.0.iter().map(|(key, _)| key.span)
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
            reader.mismatch(node, "a mapping from names", Some("write `name: …`, one a line".to_owned()));
            return None;
        };
        let mut named = Self::default();
        for entry in entries.iter().filter(|entry| !entry.value.is_void) {
            if reader.is_full() {
                break;
            }
            if let Some(value) = T::read(&entry.value, reader) {
                named.0.push((entry.key.clone(), value));
            }
        }
        Some(named)
    }

    fn write(&self) -> Node {
        Node::new(Content::Mapping(
            self.iter().map(|(key, value)| Entry { key: key.clone(), value: value.write() }).collect(),
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

    #[cfg(test)]
    fn sample(dice: &mut Dice) -> Self {
        let keys: std::collections::BTreeSet<String> = (0..dice.below(4)).map(|_| String::sample(dice)).collect();
        Self((keys.into_iter()).map(|key| (Spanned::from(key), T::sample(dice))).collect())
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
        let mut missing = keys.to_vec();
        missing.retain(|key| !entries.iter().any(|entry| entry.key.value == *key));
        for entry in entries {
            if reader.is_full() {
                break;
            }
            if !keys.contains(&entry.key.as_str()) {
                reader.report(unknown_key(&entry.key, what, keys, &missing));
            }
        }
        Some(Self { what, span: node.span, entries, keys })
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
                        Diagnostic::new(Code::MissingKey, self.span, format!("{} needs the key `{key}`", self.what))
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
    Diagnostic::new(Code::UnknownKey, key.span, format!("{what} has no key `{}`", clipped(key))).help(help)
}

fn listed(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    quoted.join(", ")
}

/// Writes one entry of a record, unless the default says the same.
pub(crate) fn write_field<T: Syntax>(key: &'static str, value: &T, entries: &mut Vec<Entry>) {
    if !value.is_absent() {
        entries.push(Entry { key: Spanned::from(key), value: value.write() });
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
        let help = format!("write it as a mapping with one of the keys {}", listed(deciding));
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
            Diagnostic::new(Code::ExclusiveKeys, span, format!("{what} has either `{key}` or `{other}`, not both"))
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
        Some((key, meant)) => {
            Diagnostic::new(Code::UnknownKey, key.span, format!("{what} has no key `{}`", clipped(key)))
                .help(format!("did you mean `{meant}`?"))
        }
        None => {
            Diagnostic::new(Code::MissingKey, node.span, format!("{what} needs one of the keys {}", listed(deciding)))
        }
    }
}
