//! What editors are told of the language: the parts of its JSON Schema.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::grammar::Syntax;

/// The schema of `T`, described by `doc`.
///
/// The description stands beside an `allOf`, because readers of older drafts ignore what stands
/// beside a `$ref`.
pub(crate) fn described<T: Syntax>(doc: &[&str], generator: &mut SchemaGenerator) -> serde_json::Value {
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
pub(crate) fn record_schema(doc: &[&str], properties: Vec<(&'static str, bool, serde_json::Value)>) -> Schema {
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
