//! The library of scenarios as a whole: what is in it, and one run pinned to the last byte.

use std::collections::BTreeMap;

use slr_tests::play::{Play, name, play_again};
use slr_tests::{files_under, scenarios};

/// Folders that are no themes: files with mistakes, and models for the checker.
const NO_THEMES: [&str; 2] = ["broken", "check"];

#[test]
fn no_theme_shrinks_unseen() {
    let mut themes: BTreeMap<String, u32> = BTreeMap::new();
    for path in files_under(&scenarios()) {
        let name = name(&path);
        let (theme, _) = name.split_once('/').expect("a scenario lies in the folder of its theme");
        if !NO_THEMES.contains(&theme) {
            *themes.entry(theme.to_owned()).or_default() += 1;
        }
    }
    let counted: Vec<String> = themes.iter().map(|(theme, count)| format!("{theme}: {count}")).collect();
    insta::assert_snapshot!(counted.join("\n"));
}

#[test]
fn a_trace_is_the_same_to_the_last_byte() {
    let play = Play::of(&scenarios().join("reporting/six-resources-five-reported.yaml"));
    let (_, trace) = play.record();
    insta::assert_snapshot!(trace);
}

#[test]
fn a_trace_that_was_tampered_with_does_not_play_again() {
    let play = Play::of(&scenarios().join("reporting/six-resources-five-reported.yaml"));
    let (report, trace) = play.record();
    assert_eq!(play_again(&trace).expect("it plays").steps, report.steps);
    let lines: Vec<&str> = trace.lines().collect();
    let without = |gone: usize| {
        let kept: Vec<&str> =
            lines.iter().enumerate().filter(|(line, _)| *line != gone).map(|(_, text)| *text).collect();
        play_again(&kept.join("\n"))
    };
    for gone in 1..lines.len() {
        assert!(without(gone).is_err(), "nobody misses line {}", gone + 1);
    }
}
