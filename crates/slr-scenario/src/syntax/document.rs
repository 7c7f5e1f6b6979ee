//! Policy documents inside a scenario.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::grammar::{Reader, Syntax};
use crate::yaml::{Content, Node};

/// A policy document of IAM, written as YAML instead of JSON.
///
/// What its statements mean is not for the scenario's language to say: they are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The document as JSON.
    pub json: serde_json::Value,
}

impl Syntax for PolicyDocument {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Mapping(_) => Some(Self { json: node.to_json() }),
            Content::Scalar(_) | Content::Sequence(_) => {
                reader.mismatch(
                    node,
                    "a policy document",
                    Some("write `Version:` and `Statement:` as in JSON, but in YAML".to_owned()),
                );
                None
            }
        }
    }

    fn write(&self) -> Node {
        Node::from_json(&self.json)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "A policy document of IAM: `Version` and `Statement`, as in JSON.",
            "required": ["Statement"],
            "properties": {
                "Version": { "description": "The version of the policy language.", "enum": ["2012-10-17", "2008-10-17"] },
                "Id": { "description": "A name for the document.", "type": "string" },
                "Statement": { "description": "What is allowed or denied: one statement, or a list.", "type": ["array", "object"] },
            },
        })
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        Self { json: dice.json_object(3) }
    }
}
