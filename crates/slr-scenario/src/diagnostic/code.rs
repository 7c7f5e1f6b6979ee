//! The codes of diagnostics: one table.

use super::Severity;

/// What a code means, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// In one line.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($variant:ident = $name:literal, $severity:ident, $meaning:literal;)*) => {
        /// A mistake that a scenario can have. Its name is stable: tools may rely on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as it is printed.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }

            /// What it means.
            #[must_use]
            pub const fn explanation(self) -> Explanation {
                match self {
                    $(Self::$variant => Explanation { code: self, meaning: $meaning },)*
                }
            }
        }
    };
}

codes! {
    CannotRead = "cannot-read", Error, "The file cannot be read.";
    TooLarge = "too-large", Error, "The file is larger than 1 MiB.";
    NotUtf8 = "not-utf8", Error, "The file is not UTF-8 text.";
    EmptyFile = "empty-file", Error, "The file holds nothing.";
    InvalidYaml = "invalid-yaml", Error, "The file is not YAML.";
    SeveralDocuments = "several-documents", Error, "The file holds more than one YAML document.";
    TooDeep = "too-deep", Error, "Lists and mappings nest too deep.";
    TooManyValues = "too-many-values", Error, "The file holds too many values.";
    AliasBomb = "alias-bomb", Error, "The aliases of the file expand to too many values.";
    UnknownAnchor = "unknown-anchor", Error, "An alias repeats a value that there is not.";
    DuplicateKey = "duplicate-key", Error, "A key is given twice.";
    UnknownKey = "unknown-key", Error, "A mapping has a key that means nothing there.";
    MissingKey = "missing-key", Error, "A mapping lacks a key that it needs.";
    ExclusiveKeys = "exclusive-keys", Error, "A mapping has two keys of which it can have only one.";
    WrongType = "wrong-type", Error, "A value is of another type than its key takes.";
    UnknownWord = "unknown-word", Error, "A value is none of the words that its key takes.";
    BadDuration = "bad-duration", Error, "A duration has no unit, an unknown one, or is too long.";
    BadNumber = "bad-number", Error, "A number is too large, too small or too precise.";
    BadShare = "bad-share", Error, "A share is not between 0 and 1.";
    ReversedRange = "reversed-range", Error, "The first end of a range is larger than the second.";
    UnknownParameter = "unknown-parameter", Error, "A `$name` is no parameter.";
    BadParameter = "bad-parameter", Error, "A parameter has a name or a value that it cannot have.";
    UnusedParameter = "unused-parameter", Warning, "A parameter is declared and used nowhere.";
}
