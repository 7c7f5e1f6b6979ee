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
    BadName = "bad-name", Error, "A name or text is too long or has characters that it cannot have.";
    BadAccountId = "bad-account-id", Error, "The id of an account does not have twelve digits.";
    BadRegion = "bad-region", Error, "A Region is none.";
    UnknownRegion = "unknown-region", Error, "The account does not use a Region.";
    BadAction = "bad-action", Error, "An action is not a service and an operation.";
    BadArn = "bad-arn", Error, "The pattern of an ARN is none.";
    BadPolicy = "bad-policy", Error, "A policy document lacks a part.";
    Repeated = "repeated", Error, "Something is listed twice.";
    DuplicateRole = "duplicate-role", Error, "Two roles have one name.";
    DuplicateResource = "duplicate-resource", Error, "Two resources have one name.";
    Ambiguous = "ambiguous", Error, "Several things could be meant.";
    UnknownService = "unknown-service", Error, "A service principal leads nowhere.";
    UnknownRole = "unknown-role", Error, "The name of a role leads nowhere.";
    UnknownUser = "unknown-user", Error, "The name of a user leads nowhere.";
    UnknownKind = "unknown-kind", Error, "The name of a kind leads nowhere.";
    UnknownResource = "unknown-resource", Error, "The name of a resource leads nowhere.";
    UnknownState = "unknown-state", Error, "A kind has no such state.";
    UnknownMove = "unknown-move", Error, "A service makes no such move.";
    UnknownOperator = "unknown-operator", Error, "The name of an operator leads nowhere.";
    UnknownOperation = "unknown-operation", Error, "There is no such operation.";
    SuffixRefused = "suffix-refused", Error, "A role cannot have a suffix.";
    RoleNotGiven = "role-not-given", Error, "A role is used at time zero and does not exist then.";
    NotTrusted = "not-trusted", Error, "A role does not trust the principal of a session.";
    WrongKind = "wrong-kind", Error, "Something is of another kind than it has to be.";
    IncompleteKind = "incomplete-kind", Error, "A kind has moves without states, or states without moves.";
    BadMove = "bad-move", Error, "A move of a kind makes no sense.";
    UnreachableState = "unreachable-state", Error, "No resource gets to a state of its kind.";
    NoEnd = "no-end", Error, "Resources of a kind may never be gone, or block their role for ever.";
    ParentCycle = "parent-cycle", Error, "Kinds belong to one another in a circle.";
    UnexpectedKey = "unexpected-key", Error, "A key is known, but not taken here.";
    StepsOutOfOrder = "steps-out-of-order", Error, "A step stands below a later one.";
    TooLate = "too-late", Error, "Something is to happen after the run has ended.";
    ImpossibleExpectation = "impossible-expectation", Error, "No run can fulfil an expectation.";
    NothingHappens = "nothing-happens", Error, "In the scenario nothing can happen.";
    TooMany = "too-many", Error, "There are more of a thing than allowed.";
    WithoutEffect = "without-effect", Warning, "A key is given and changes nothing.";
}
