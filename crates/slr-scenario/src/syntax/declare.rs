//! Macros that declare a type of the language once, and make its reading, its writing and its
//! JSON Schema of that.

/// Declares a mapping with fixed keys.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        $(#[derive($($derive:ident),*)])?
        pub struct $name:ident, $what:literal {
            $($(#[doc = $field_doc:literal])* $key:literal => pub $field:ident: $type:ty,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq $(, $($derive),*)?)]
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

            #[cfg(test)]
            fn sample(dice: &mut $crate::syntax::sample::Dice) -> Self {
                use $crate::syntax::grammar::Syntax;
                Self { $($field: <$type as Syntax>::sample(dice),)* }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::syntax::describe::{described, record_schema};
                use $crate::syntax::grammar::Syntax;
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

            /// What it means, for people.
            #[must_use]
            pub fn meaning(self) -> String {
                match self {
                    $(Self::$variant => $crate::syntax::describe::prose(&[$($word_doc),*]),)*
                }
            }

            /// The one with this word.
            #[must_use]
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
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
                Self::named(word)
            }

            fn write(&self) -> $crate::yaml::Node {
                $crate::yaml::Node::scalar($crate::syntax::scalar::word(self.word()))
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let schema = generator.subschema_for::<Self>().to_value();
                $crate::syntax::describe::or_parameter(&schema, generator)
            }

            #[cfg(test)]
            fn sample(dice: &mut $crate::syntax::sample::Dice) -> Self {
                dice.pick(Self::ALL)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::syntax::describe::prose;
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

            #[cfg(test)]
            fn sample(dice: &mut $crate::syntax::sample::Dice) -> Self {
                use $crate::syntax::grammar::Syntax;
                let key = dice.pick(Self::DECIDING_KEYS);
                $(if key == $key {
                    return Self::$variant(<$type as Syntax>::sample(dice));
                })*
                unreachable!("every deciding key has its record")
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::syntax::describe::prose;
                use $crate::syntax::grammar::Syntax;
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
