//! `docs/RULES.md` and the library of scenarios: neither speaks of what the other does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use slr_core::WideSet;
use slr_core::invariant::{invariants, step_invariants};
use slr_scenario::schema::schema;
use slr_tests::play::name;
use slr_tests::{files_under, scenarios};

/// Scenarios with mistakes show what a mistake is told, and no rule.
const NO_RULES: &str = "broken/";

/// Where the parts that carry rules lie.
const PLACES: [&str; 3] = ["crates/slr-core/src", "crates/slr-scenario/src", "crates/slr-scenario/services"];

/// A row of a table of rules.
struct Row {
    rule: String,
    source: String,
    standing: String,
    carried_by: String,
    shown_by: String,
    line: usize,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

/// The rows of all tables with the five columns of a rule.
fn rows() -> Vec<Row> {
    let path = workspace().join("docs/RULES.md");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let Some(inside) = text.strip_prefix("| ").and_then(|text| text.strip_suffix(" |")) else { continue };
        let cells: Vec<String> = inside.split(" | ").map(str::to_owned).collect();
        if inside.starts_with("---") || inside.starts_with("Rule |") || cells.len() == 2 {
            continue;
        }
        let [rule, source, standing, carried_by, shown_by]: [String; 5] =
            cells.try_into().unwrap_or_else(|cells| panic!("line {line} has other columns: {cells:?}"));
        rows.push(Row { rule, source, standing, carried_by, shown_by, line });
    }
    assert!(rows.len() > 100, "only {} rows were found", rows.len());
    rows
}

/// What stands between two of the marks.
fn between<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(mark).skip(1).step_by(2)
}

fn library() -> BTreeSet<String> {
    let names = files_under(&scenarios()).iter().map(|path| name(path)).collect::<Vec<_>>();
    names
        .into_iter()
        .filter(|name| !name.starts_with(NO_RULES))
        .map(|name| name.trim_end_matches(".yaml").to_owned())
        .collect()
}

#[test]
fn every_rule_is_shown_by_scenarios_that_there_are() {
    let library = library();
    for row in rows() {
        let shown: Vec<&str> = between(&row.shown_by, "`").collect();
        assert!(!shown.is_empty(), "line {}: nothing shows it", row.line);
        for scenario in shown {
            assert!(library.contains(scenario), "line {}: there is no scenario `{scenario}`", row.line);
        }
    }
}

#[test]
fn every_scenario_shows_a_rule() {
    let rows = rows();
    let shown: BTreeSet<&str> = rows.iter().flat_map(|row| between(&row.shown_by, "`")).collect();
    let missing: Vec<String> = library().into_iter().filter(|name| !shown.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "docs/RULES.md has no row for {missing:#?}");
}

#[test]
fn what_carries_a_rule_is_there() {
    let schema = schema();
    let knobs = schema.pointer("/definitions/Knobs/properties").or_else(|| schema.pointer("/$defs/Knobs/properties"));
    let knobs = knobs.and_then(serde_json::Value::as_object).expect("the schema has the settings");
    let known: BTreeSet<&str> = invariants::<WideSet>()
        .iter()
        .map(|invariant| invariant.name)
        .chain(step_invariants::<WideSet>().iter().map(|invariant| invariant.name))
        .collect();
    let mut named = BTreeSet::new();
    for row in rows() {
        let line = row.line;
        let parts: Vec<&str> = between(&row.carried_by, "`").collect();
        let invariants: Vec<&str> = between(&row.carried_by, "*").collect();
        assert!(!parts.is_empty() || !invariants.is_empty(), "line {line}: nothing carries it");
        for part in parts {
            if let Some(knob) = part.strip_prefix("knob ") {
                assert!(knobs.contains_key(knob), "line {line}: there is no knob `{knob}`");
            } else {
                let found = PLACES.iter().any(|place| workspace().join(place).join(part).is_file());
                assert!(found, "line {line}: there is no `{part}`");
            }
        }
        for invariant in invariants {
            assert!(known.contains(invariant), "line {line}: there is no invariant \"{invariant}\"");
            named.insert(invariant.to_owned());
        }
    }
    let missing: Vec<&str> = known.into_iter().filter(|name| !named.contains(*name)).collect();
    assert!(missing.is_empty(), "docs/RULES.md has no row for the invariants {missing:#?}");
}

#[test]
fn every_rule_has_a_source_and_a_standing() {
    let mut seen = BTreeMap::new();
    for row in rows() {
        let Row { rule, source, standing, line, .. } = row;
        assert!(rule.split_whitespace().count() > 3 && rule.ends_with('.'), "line {line}: {rule}");
        assert!(!source.is_empty() && !standing.is_empty(), "line {line}: {rule}");
        // A stranger has to find the source: no file of ours, no number of a section that only we know.
        for words in [".md", "§", "seed 0", "shared/"] {
            assert!(!rule.contains(words) && !source.contains(words), "line {line} cites {words}");
        }
        let earlier = seen.insert(rule.clone(), line);
        assert_eq!(earlier, None, "lines {earlier:?} and {line} say the same: {rule}");
    }
}
