//! The JSON Schema of scenario files: what it lets pass and what it catches.

use std::path::Path;

use slr_scenario::diagnostic::Code;
use slr_scenario::schema::schema;
use slr_scenario::{Params, Source, parse_with_catalog, yaml};
use slr_tests::{files_under, scenarios};

/// Mistakes in the form of a file, which a schema sees, and not in where its names lead.
const OF_FORM: [Code; 7] = [
    Code::UnknownKey,
    Code::WrongType,
    Code::UnknownWord,
    Code::BadDuration,
    Code::BadShare,
    Code::BadNumber,
    Code::BadParameter,
];

/// Files with such a mistake that a schema cannot see all the same.
const BEYOND_A_SCHEMA: [(&str, &str); 7] = [
    ("parameter-of-a-parameter", "any text may be a default"),
    ("key-that-is-a-list", "JSON has no such keys"),
    ("merge-key", "a merge key is a key of YAML, not of JSON"),
    ("parameter-of-a-wrong-type", "a schema does not know the values of parameters"),
    ("kinds-of-fields", "that tasks are counted from 1 holds for numbers alone, and an id is text"),
    ("too-many-resources", "a schema does not know the values of parameters"),
    ("parameters-of-calls", "what a parameter can be given is for a kind to say"),
];

fn validator() -> jsonschema::Validator {
    jsonschema::draft7::new(&schema()).expect("the schema is one")
}

fn library() -> impl Iterator<Item = std::path::PathBuf> {
    let broken = scenarios().join("broken");
    files_under(&scenarios()).into_iter().filter(move |path| !path.starts_with(&broken))
}

fn source(path: &Path) -> Source {
    Source::read(path).unwrap()
}

#[test]
fn every_scenario_of_the_library_fits_the_schema() {
    let validator = validator();
    for path in library() {
        let json = yaml::to_json(source(&path).text()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}

#[test]
fn what_is_written_back_fits_the_schema() {
    let validator = validator();
    for path in library() {
        let (parsed, _) = parse_with_catalog(&source(&path), &Params::none()).unwrap();
        let json = yaml::to_json(&slr_scenario::write(&parsed.scenario)).unwrap();
        assert!(validator.is_valid(&json), "{}", path.display());
    }
}

#[test]
fn the_schema_catches_mistakes_of_form_and_no_others() {
    let validator = validator();
    let mut caught = 0;
    for path in files_under(&scenarios().join("broken")) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let source = source(&path);
        let Some(json) = yaml::to_json(source.text()) else {
            continue; // not YAML at all
        };
        let codes: Vec<Code> = match parse_with_catalog(&source, &Params::none()) {
            Ok(_) => Vec::new(),
            Err(diagnostics) => diagnostics.into_iter().map(|diagnostic| diagnostic.code).collect(),
        };
        if BEYOND_A_SCHEMA.iter().any(|(file, _)| *file == name) {
            continue;
        }
        let fits = validator.is_valid(&json);
        if codes.iter().any(|code| OF_FORM.contains(code)) {
            assert!(!fits, "{name}: {codes:?} should not fit the schema");
            caught += 1;
        } else if !codes.contains(&Code::MissingKey)
            && !codes.contains(&Code::ExclusiveKeys)
            && !codes.contains(&Code::BadPolicy)
        {
            assert!(fits, "{name}: {codes:?} is no mistake of form, and should fit the schema");
        }
    }
    assert!(caught >= 15, "only {caught} broken files tested the schema");
}

#[test]
fn keys_that_are_missing_or_exclude_one_another_are_caught() {
    let validator = validator();
    for name in ["no-title", "not-a-mapping", "exclusive-keys", "predicates", "policies"] {
        let path = scenarios().join("broken").join(name).with_extension("yaml");
        let json = yaml::to_json(source(&path).text()).unwrap();
        assert!(!validator.is_valid(&json), "{name}");
    }
}

#[test]
fn every_key_is_described() {
    fn look(at: &serde_json::Value, path: &str, silent: &mut Vec<String>) {
        if let Some(properties) = at.get("properties").and_then(serde_json::Value::as_object) {
            for (key, property) in properties {
                if property.get("description").is_none() {
                    silent.push(format!("{path}.{key}"));
                }
            }
        }
        match at {
            serde_json::Value::Object(members) => {
                for (key, member) in members {
                    look(member, &format!("{path}.{key}"), silent);
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    look(item, path, silent);
                }
            }
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_) => {}
        }
    }
    let mut silent = Vec::new();
    look(&schema(), "", &mut silent);
    assert!(silent.is_empty(), "no editor can say what these are: {silent:#?}");
}

#[test]
fn the_schema_changes_only_on_purpose() {
    insta::assert_json_snapshot!(schema());
}
