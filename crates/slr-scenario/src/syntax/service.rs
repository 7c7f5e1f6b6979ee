//! Services and what they make of their role.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::declare::{record, words};
use super::describe::or_parameter;
use super::grammar::{Named, Reader, Syntax, deciding_key};
use super::kind::Kind;
use super::scalar::{Share, Text, read_word, word};
use super::service_error::OwnErrors;
use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{Content, Node, Spanned};

words! {
    /// Whether a service lets its role's name carry a suffix.
    pub enum Suffix, "an answer to a suffix" {
        /// There is one role, and a suffix is an error.
        Refused = "refused",
        /// There may be several roles, told apart by a suffix after `_`.
        Accepted = "accepted",
    }
}

words! {
    /// Who deletes the role.
    pub enum Deletion, "a manner of deletion" {
        /// The account's people, when nothing uses the role any more.
        Manual = "manual",
        /// The service itself, when its last resource is gone.
        Automatic = "automatic",
        /// Nobody: every deletion fails.
        Impossible = "impossible",
    }
}

/// What a service tells of the uses that make a deletion fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reporting {
    /// Every resource.
    All,
    /// Some of the resources, other ones each time: nothing, one, several or all.
    AnySubset,
    /// The resources of a single Region.
    OneRegion,
    /// The Regions, and no resource.
    RegionsOnly,
    /// A sentence, and no list.
    TextOnly,
    /// Nothing at all, not even a sentence.
    Silent,
    /// Every resource, and besides them some that are gone already.
    Stale,
    /// The first so many resources, in the order in which the scenario names them.
    First(First),
    /// This part of the resources, rounded up, drawn anew each time.
    Share(ReportingShare),
}

record! {
    /// The first so many resources, in the order in which the scenario names them.
    pub struct First, "a reporting policy" {
        /// How many at most.
        "first" => pub first: Spanned<u32>,
    }
}

record! {
    /// A part of the resources.
    pub struct ReportingShare, "a reporting policy" {
        /// How large a part, from 0 to 1.
        "share" => pub share: Spanned<Share>,
    }
}

impl Reporting {
    const WORDS: [(&'static str, Self); 7] = [
        ("all", Self::All),
        ("any-subset", Self::AnySubset),
        ("one-region", Self::OneRegion),
        ("regions-only", Self::RegionsOnly),
        ("text-only", Self::TextOnly),
        ("silent", Self::Silent),
        ("stale", Self::Stale),
    ];

    /// The first so many resources.
    #[must_use]
    pub fn first(number: u32) -> Self {
        Self::First(First { first: number.into() })
    }

    /// A part of the resources.
    #[must_use]
    pub fn share(share: Share) -> Self {
        Self::Share(ReportingShare { share: share.into() })
    }
}

impl Syntax for Reporting {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Mapping(_) => match deciding_key(node, "a reporting policy", &["first", "share"], reader)? {
                "first" => First::read(node, reader).map(Self::First),
                _ => ReportingShare::read(node, reader).map(Self::Share),
            },
            Content::Scalar(scalar) if scalar.text == "none" => {
                reader.report(
                    Diagnostic::new(Code::UnknownWord, node.span, "`none` is not a reporting policy")
                        .help("write `text-only` for a sentence without a list, or `silent` for nothing at all"),
                );
                None
            }
            Content::Scalar(_) | Content::Sequence(_) => {
                let words = Self::WORDS.map(|(word, _)| word);
                let found = read_word(node, "a reporting policy", &words, reader)?;
                Self::WORDS.into_iter().find(|(word, _)| *word == found).map(|(_, policy)| policy)
            }
        }
    }

    fn write(&self) -> Node {
        match self {
            Self::First(first) => first.write(),
            Self::Share(share) => share.write(),
            Self::All
            | Self::AnySubset
            | Self::OneRegion
            | Self::RegionsOnly
            | Self::TextOnly
            | Self::Silent
            | Self::Stale => {
                let found = Self::WORDS.iter().find(|(_, policy)| policy == self);
                Node::scalar(word(found.map_or("all", |(word, _)| word)))
            }
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        match dice.below(3) {
            0 => Self::First(First::sample(dice)),
            1 => Self::Share(ReportingShare::sample(dice)),
            _ => dice.pick(&Self::WORDS).1,
        }
    }
}

impl JsonSchema for Reporting {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reporting".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let words = or_parameter(
            &serde_json::json!({
                "enum": Self::WORDS.map(|(word, _)| word),
                "markdownEnumDescriptions": [
                    "Every resource.",
                    "Some of the resources, other ones each time: nothing, one, several or all.",
                    "The resources of a single Region.",
                    "The Regions, and no resource.",
                    "A sentence, and no list.",
                    "Nothing at all, not even a sentence.",
                    "Every resource, and besides them some that are gone already.",
                ],
            }),
            generator,
        );
        let first = First::schema(generator);
        let share = ReportingShare::schema(generator);
        json_schema!({
            "description": "What a service tells of the uses that make a deletion fail. It may be all, some or none of them.",
            "anyOf": [words, first, share],
        })
    }
}

record! {
    /// A service, by its service principal.
    pub struct Service, "a service" {
        /// The prefix of its actions and its name in ARNs, such as `ssm`. Default: the service
        /// principal up to its first dot.
        "namespace" => pub namespace: Option<Text>,
        /// The name of its role, without a suffix. The service fixes it.
        "role" => pub role: Text,
        /// Whether the name may carry a suffix. Default: refused.
        "suffix" => pub suffix: Option<Spanned<Suffix>>,
        /// The service principals that may assume the role. Default: the service itself.
        "trust" => pub trust: Vec<Text>,
        /// The name of the managed policy that gives the role its permissions. It can be attached
        /// to no other role.
        "policy" => pub policy: Option<Text>,
        /// The actions that this policy allows, such as "ec2:RunInstances".
        "permits" => pub permits: Vec<Text>,
        /// Operations, besides those of its kinds, with which a caller passes a role to the service.
        "passing-operations" => pub passing_operations: Vec<Text>,
        /// The description that the service gives the role when it creates it itself.
        "description" => pub description: Option<Text>,
        /// Who deletes the role. Default: manual.
        "deletion" => pub deletion: Option<Spanned<Deletion>>,
        /// Of a role that is deleted automatically, the kind with whose last resource it goes. Default: with the last of all kinds.
        "deleted-with" => pub deleted_with: Option<Text>,
        /// Whether the role takes no new use while its deletion is unfinished. Default: as the knob of that name has it.
        "locked-while-deleting" => pub locked_while_deleting: Option<Spanned<bool>>,
        /// What the service tells of the uses that make a deletion fail. Default: all.
        "reports" => pub reports: Option<Spanned<Reporting>>,
        /// The sentence that it tells besides. Default: one that says that the role is in use.
        "reason" => pub reason: Option<Text>,
        /// A Region under which everything is reported, wherever it is. It has been seen.
        "region-mismatch" => pub region_mismatch: Option<Text>,
        /// Errors that the service spells in its own way.
        "errors" => pub errors: Option<Spanned<OwnErrors>>,
        /// The kinds of resources that depend on the role.
        "kinds" => pub kinds: Named<Spanned<Kind>>,
    }
}

impl Service {
    /// Whether the role's name may carry a suffix.
    #[must_use]
    pub fn suffix(&self) -> Suffix {
        self.suffix.as_ref().map_or(Suffix::Refused, |suffix| suffix.value)
    }

    /// Who deletes the role.
    #[must_use]
    pub fn deletion(&self) -> Deletion {
        self.deletion.as_ref().map_or(Deletion::Manual, |deletion| deletion.value)
    }

    /// What the service tells.
    #[must_use]
    pub fn reports(&self) -> &Reporting {
        self.reports.as_ref().map_or(&Reporting::All, |reports| &reports.value)
    }
}
