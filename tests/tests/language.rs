//! The reference of the language, `docs/SCENARIOS.md`, says what the language is.

use std::collections::BTreeSet;

use serde_json::Value;
use slr_scenario::diagnostic::{Code, Diagnostic};
use slr_scenario::schema::schema;
use slr_scenario::syntax::{Happening, Operation, Predicate, TaskStatus};
use slr_scenario::{Params, Source, parse};
use slr_tests::scenarios;

fn reference() -> String {
    std::fs::read_to_string(scenarios().with_file_name("docs/SCENARIOS.md")).unwrap()
}

/// Every key and every word of the language.
fn words(of: &Value, found: &mut BTreeSet<String>) {
    match of {
        Value::Object(members) => {
            if let Some(properties) = members.get("properties").and_then(Value::as_object) {
                found.extend(properties.keys().cloned());
            }
            if let Some(values) = members.get("enum").and_then(Value::as_array) {
                found.extend(values.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            members.values().for_each(|member| words(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_reference_names_every_key_and_every_word() {
    let reference = reference();
    let named: BTreeSet<&str> =
        reference.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).collect();
    let mut known = BTreeSet::new();
    words(&schema(), &mut known);
    // The parts of policy documents and the errors of AWS are not ours to document.
    let theirs = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase()) || word.starts_with("20");
    let missing: Vec<&String> = known.iter().filter(|word| !theirs(word) && !named.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "docs/SCENARIOS.md does not name {missing:?}");
}

#[test]
fn the_reference_names_every_operation_predicate_and_happening() {
    let reference = reference();
    let all = (Operation::ALL.iter().map(|operation| operation.name()))
        .chain(Predicate::ALL.iter().map(|predicate| predicate.word()))
        .chain(Happening::ALL.iter().map(|happening| happening.word()));
    let missing: Vec<&str> = all.filter(|word| !reference.contains(&format!("`{word}`"))).collect();
    assert!(missing.is_empty(), "docs/SCENARIOS.md does not name {missing:?}");
    assert_eq!(TaskStatus::ALL.len(), 4);
}

/// The examples, without the lines around them.
fn examples(reference: &str) -> Vec<String> {
    let mut blocks = reference.split("```");
    let mut found = Vec::new();
    while let (Some(_), Some(block)) = (blocks.next(), blocks.next()) {
        found.extend(block.strip_prefix("yaml\n").map(str::to_owned));
    }
    found
}

#[test]
fn the_examples_of_the_reference_have_no_mistake_of_form() {
    // A part of a scenario may name what only the whole has.
    let of_form = [
        Code::InvalidYaml,
        Code::DuplicateKey,
        Code::UnknownKey,
        Code::MissingKey,
        Code::ExclusiveKeys,
        Code::WrongType,
        Code::UnknownWord,
        Code::BadDuration,
        Code::BadNumber,
        Code::BadShare,
        Code::UnexpectedKey,
        Code::BadMove,
        Code::BadPolicy,
        Code::BadAction,
        Code::BadArn,
        Code::NoEnd,
        Code::UnreachableState,
    ];
    let examples = examples(&reference());
    assert!(examples.len() >= 8);
    for example in examples {
        let is_whole = example.starts_with("scenario:");
        let text = if is_whole { example } else { format!("scenario: A part\n{example}") };
        let diagnostics = match parse(&Source::new("example", text.clone()).unwrap(), &Params::none()) {
            Ok(parsed) => parsed.warnings,
            Err(diagnostics) => diagnostics,
        };
        let is_told = |diagnostic: &&Diagnostic| is_whole || of_form.contains(&diagnostic.code);
        let told: Vec<&Diagnostic> = diagnostics.iter().filter(is_told).collect();
        assert!(told.is_empty(), "{told:#?}\n{text}");
    }
}
