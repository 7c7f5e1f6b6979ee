//! The JSON Schema of scenario files, for editors.

use schemars::generate::SchemaSettings;

use crate::syntax::Scenario;
use crate::syntax::grammar::Syntax;

/// The schema of a whole file, in the draft that editors know best.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let root = Scenario::schema(&mut generator).to_value();
    let definitions = generator.take_definitions(true);
    let mut schema = serde_json::json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "slr scenario",
        "definitions": definitions,
    });
    if let (Some(schema), Some(root)) = (schema.as_object_mut(), root.as_object()) {
        schema.extend(root.clone());
    }
    schema
}
