//! Parameters: values that the command line may set.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::grammar::{Reader, Syntax};
use crate::yaml::{Content, Node, Scalar, ScalarKind};

/// A parameter's value. The type of the default is the type of the parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub(crate) scalar: Scalar,
}

impl Parameter {
    /// A whole number.
    #[must_use]
    pub fn whole(number: u64) -> Self {
        Self { scalar: Scalar::plain(number.to_string()) }
    }

    /// True or false.
    #[must_use]
    pub fn boolean(value: bool) -> Self {
        Self { scalar: Scalar::plain(value.to_string()) }
    }

    /// Text; this is also how durations and ranges are given.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { scalar: Scalar::text(text) }
    }

    /// The value as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.scalar.text
    }

    /// The value as JSON, for a record of what a run was started with.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        Node::scalar(self.scalar.clone()).to_json()
    }
}

impl Syntax for Parameter {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Scalar(scalar) if scalar.kind() != ScalarKind::Nothing => Some(Self {
                // Text is text, quoted or not.
                scalar: if scalar.kind() == ScalarKind::Text {
                    Scalar::text(scalar.text.clone())
                } else {
                    scalar.clone()
                },
            }),
            Content::Scalar(_) | Content::Sequence(_) | Content::Mapping(_) => {
                reader.mismatch(
                    node,
                    "a default",
                    Some("a parameter stands for one number, boolean, duration or name".to_owned()),
                );
                None
            }
        }
    }

    fn write(&self) -> Node {
        Node::scalar(self.scalar.clone())
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["boolean", "number", "string"] })
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        match dice.below(3) {
            0 => Self::whole(dice.number()),
            1 => Self::boolean(dice.chance(1, 2)),
            _ => Self::text(dice.text()),
        }
    }
}
