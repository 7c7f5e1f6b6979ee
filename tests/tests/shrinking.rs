//! Operators with planted bugs: what fails is found, written down as a scenario, and made small.

use std::ops::ControlFlow;

use slr_check::lifecycle::{Asked, ForWidth, Lifecycle, PackedKey, narrowest, written};
use slr_check::{Settings, check};
use slr_core::{IdSet, Universe};
use slr_scenario::rewrite;
use slr_scenario::run::{Output, run};
use slr_scenario::shrink::{NotShrunk, Shrunk, shrink};
use slr_scenario::syntax::Named;
use slr_tests::play::Play;

/// A campaign with much that plays no part, and an operator with a bug.
fn campaign(reports: &str, bug: &str, more: &str) -> Play {
    Play::of_text(
        "campaign.yaml",
        format!(
            "\
scenario: A campaign with a bug
seed: 11
{more}services:
  gadgets.example.com: {{ role: AWSServiceRoleForGadgets, reports: {reports}, kinds: {{ gadget: {{}} }} }}
given:
  - role: AWSServiceRoleForGadgets
  - resources: {{ kind: gadget, count: 4 }}
  - sessions: {{ role: AWSServiceRoleForGadgets, count: 2 }}
delays: {{ task-start: 1s..5s, task-decision: {{ exponential: 30s }}, session-end: 2m..20m }}
steps:
  - {{ at: 1s, do: ListRoles }}
  - {{ at: 90s, do: GetRole, role: AWSServiceRoleForGadgets }}
operators:
  admin:
    goal: {{ delete: AWSServiceRoleForGadgets }}
    retry: {{ every: 30s, jitter: full }}
    {bug}
expect:
  - {{ never: role-gone, while: in-use }}
  - {{ always: role-gone, while: operator-done }}
"
        ),
    )
}

const LATE: &str = "knobs: { task-visibility-delay: 30s }\n";

fn bugs() -> [(&'static str, Play, usize); 3] {
    [
        // It submits, the task starts, fails and names nothing, and the operator polls.
        ("an empty report", campaign("silent", "takes-empty-report-for: unused", ""), 4),
        // It submits, the task starts and fails, and the operator polls.
        ("a failure", campaign("all", "ignores-failure: true", ""), 4),
        // It submits and polls before the task can be seen.
        ("a missing task", campaign("all", "takes-missing-task-for: success", LATE), 2),
    ]
}

fn shrunk(play: &Play, seed: u64) -> Shrunk {
    shrink(&play.scenario, &play.lowered, &Named::default(), seed, None).expect("it fails, and can be written down")
}

#[test]
fn planted_bugs_shrink_to_what_they_need() {
    for (bug, play, steps) in bugs() {
        for seed in [1, 7, 11] {
            let small = shrunk(&play, seed);
            assert_eq!(small.expectation, 1, "{bug}");
            assert_eq!(small.scenario.steps.len(), steps, "{bug}:\n{}", small.text);
            assert!(small.recorded >= steps, "{bug}");
            let (before, after) = (rewrite::size(&play.scenario), rewrite::size(&small.scenario));
            assert!(after.1 <= before.1 && after.2 <= before.2, "{bug}: {after:?} of {before:?}");
            assert!(small.is_minimal, "{bug}: nothing bounds the effort");
            assert_eq!(small.scenario.expect.len(), 1, "{bug}");
            // The role and the one thing without which its deletion would succeed, if that matters.
            assert!(rewrite::size(&small.scenario).1 <= 2, "{bug}:\n{}", small.text);
            assert_eq!(small.text, shrunk(&play, seed).text, "{bug}: another result the second time");
        }
    }
}

/// What nothing but the end decides is made as small as what an action decides: the run that leads to that end, and the world without what has
/// nothing to do with it.
#[test]
fn failures_that_the_end_decides_shrink_to_what_they_need() {
    let play = |bug: &str, expectation: &str| {
        let text = campaign("all", bug, "").source.text().to_owned();
        let text = text.replace("jitter: full }", "jitter: full, attempts: 1 }");
        let (text, _) = text.split_once("expect:").expect("it expects something");
        Play::of_text("end.yaml", format!("{text}expect: [{expectation}]\n"))
    };
    let gives_up = "cleans: nothing\n    polls: at-once";
    let ignores = "ignores-failure: true";
    for (bug, expectation, steps) in [
        // It submits, the task starts and fails, and the operator, told at once, has no attempt left.
        (gives_up, "{ eventually: role-gone }", 4),
        (gives_up, "{ finally: role-gone }", 4),
        (gives_up, "{ finally: resources-gone, kind: gadget }", 4),
        (gives_up, "{ eventually: operator-done }", 4),
        (gives_up, "{ tasks: [FAILED, SUCCEEDED] }", 4),
        (gives_up, "{ attempts: 2..9 }", 4),
        // It submits, the task starts and fails, and the operator polls.
        (ignores, "{ eventually: role-gone }", 4),
        (ignores, "{ finally: resources-gone }", 4),
    ] {
        let play = play(bug, expectation);
        for seed in [1, 7, 11] {
            let small = shrunk(&play, seed);
            assert_eq!(small.scenario.steps.len(), steps, "{expectation} with {bug}:\n{}", small.text);
            // The role, the one resource that keeps it, and the operator.
            let (_, individuals, operators) = rewrite::size(&small.scenario);
            assert_eq!((individuals, operators), (2, 1), "{expectation} with {bug}:\n{}", small.text);
            assert!(small.is_minimal && small.recorded > steps, "{expectation} with {bug}");
            let again = Play::of_text("small.yaml", small.text.as_str());
            let report = run(&again.lowered, 3, Output::Nothing).expect("its world is possible");
            assert!(!report.outcomes[0].passed && report.unplayable.is_empty(), "{}", small.text);
            assert_eq!(report.outcomes[0].decided, None, "{}", small.text);
        }
    }
}

#[test]
fn what_is_shrunk_fails_when_it_is_run() {
    for (bug, play, _) in bugs() {
        let small = Play::of_text("small.yaml", shrunk(&play, 11).text);
        let report = run(&small.lowered, 3, Output::Nothing).expect("its world is possible");
        assert_eq!(small.lowered.expectations.len(), 1);
        assert_eq!(small.lowered.expectations[0].what, {
            let what = &play.lowered.expectations[1].what;
            what.clone()
        });
        assert!(!report.outcomes[0].passed && report.unplayable.is_empty(), "{bug}");
        assert_eq!(report.steps, small.scenario.steps.len() as u64, "{bug}: something happens beside the steps");
    }
}

/// What is shrunk on the side ends soon, always at the same place, and with a scenario that fails.
#[test]
fn effort_bounds_the_work_and_not_what_comes_of_it() {
    for (bug, play, steps) in bugs() {
        let with = |effort: u64| shrink(&play.scenario, &play.lowered, &Named::default(), 11, Some(effort));
        let enough = with(50_000).expect("a short run");
        assert!(enough.is_minimal && enough.scenario.steps.len() == steps, "{bug}");
        assert_eq!(enough.text, shrunk(&play, 11).text, "{bug}: more effort than needed changes something");
        let recorded = enough.recorded as u64;
        let hurried = with(20 * recorded + 20).expect("it is tried at least");
        assert!(hurried.tried <= enough.tried && hurried.scenario.steps.len() <= hurried.recorded, "{bug}");
        assert_eq!(hurried.text, with(20 * recorded + 20).expect("as before").text, "{bug}");
        let again = Play::of_text("hurried.yaml", hurried.text);
        let report = run(&again.lowered, 1, Output::Nothing).expect("its world is possible");
        assert!(!report.outcomes[0].passed, "{bug}: half shrunk, it does not fail any more");
        assert!(matches!(with(1), Err(NotShrunk::TooLong(_))), "{bug}");
    }
}

/// Throttled calls are no steps of anybody: they are written as calls that are refused, with a throttling of their own each.
#[test]
fn throttled_calls_are_written_down() {
    let play = |expectation: &str| {
        let (_, play, _) = &bugs()[1];
        let text = play.source.text().split("expect:").next().unwrap_or_default();
        let faults = "faults: [{ throttle: DeleteServiceLinkedRole, share: 0.5 }, { throttle: GetRole }]";
        let text = text.replace("ignores-failure: true", "cleans: nothing\n    polls: { every: 60s }");
        Play::of_text("throttled.yaml", format!("{text}{faults}\nuntil: 10m\nexpect: [{expectation}]\n"))
    };
    for expectation in ["{ refusals: 0, code: Throttling }", "{ refusals: 0, operation: GetRole }"] {
        let play = play(expectation);
        for seed in 1..4 {
            let small = shrunk(&play, seed);
            let again = Play::of_text("small.yaml", small.text.as_str());
            let report = run(&again.lowered, 1, Output::Nothing).expect("its world is possible");
            assert!(!report.outcomes[0].passed && report.unplayable.is_empty(), "{}", small.text);
            assert!(report.step_outcomes.iter().flatten().all(|outcome| outcome.passed), "{}", small.text);
            assert_eq!(small.text.matches("refused: Throttling").count(), 1, "one is enough:\n{}", small.text);
            assert_eq!(small.text.matches("throttle: ").count(), 1, "{}", small.text);
        }
    }
}

/// Whatever the seed and whatever fails, the end included: never more actions than the run had, never more of anything.
#[test]
fn nothing_is_ever_larger_than_the_run() {
    let fails = |expectation: &str| {
        let (_, play, _) = &bugs()[0];
        let text = play.source.text().split("expect:").next().unwrap_or_default();
        Play::of_text("fails.yaml", format!("{text}expect: [{expectation}]\n"))
    };
    for expectation in [
        "{ eventually: role-gone }",
        "{ finally: session-open }",
        "{ tasks: [SUCCEEDED] }",
        "{ attempts: 7 }",
        "{ never: task-failed }",
        "{ always: resource-in, kind: gadget, state: deleted }",
    ] {
        let play = fails(expectation);
        for seed in 1..6 {
            let small = shrunk(&play, seed);
            let (before, after) = (rewrite::size(&play.scenario), rewrite::size(&small.scenario));
            assert!(after.0 <= small.recorded && after.1 <= before.1 && after.2 <= before.2, "{expectation}");
            let again = Play::of_text("small.yaml", small.text);
            let report = run(&again.lowered, seed, Output::Nothing).expect("its world is possible");
            assert!(!report.outcomes[0].passed, "{expectation} under {seed}");
        }
    }
}

#[test]
fn what_does_not_fail_is_not_shrunk() {
    let play = campaign("all", "takes-empty-report-for: in-use", "");
    let result = shrink(&play.scenario, &play.lowered, &Named::default(), 11, None);
    assert!(matches!(result, Err(NotShrunk::NothingFails)), "{result:?}");
}

/// The checker's counterexample to the second expectation, as a scenario.
struct Written<'a>(&'a Play);

impl ForWidth for Written<'_> {
    type Answer = String;

    fn with<S: IdSet, K: PackedKey>(self, universe: &Universe<S>) -> String {
        let play = self.0;
        let (asked, _) = Asked::expectations(&play.lowered, |number, _| number.to_string());
        let model = Lifecycle::<S, K>::new(universe, &play.lowered, asked).expect("it fits");
        let checked = check(&model, &Settings::default(), &mut |_| ControlFlow::Continue(())).expect("sound");
        assert!(checked.report.properties[1].verdict.is_violation(), "{:?}", checked.report.properties);
        let found = checked.runs[1].as_ref().expect("a violation has a run");
        let scenario = written(&play.scenario, &play.lowered, universe, found, Some(1));
        slr_scenario::write(&scenario.expect("all of it can be said"))
    }
}

#[test]
fn a_counterexample_of_the_checker_fails_when_it_is_run() {
    for (bug, play, steps) in bugs() {
        let text = narrowest(&play.lowered, Written(&play)).expect("the world fits");
        let written = Play::of_text("found.yaml", text);
        let report = run(&written.lowered, 1, Output::Nothing).expect("its world is possible");
        assert!(!report.outcomes[0].passed, "{bug}");
        assert_eq!(written.scenario.steps.len(), steps, "{bug}: it is not the shortest");
        assert_eq!(report.steps, steps as u64, "{bug}");
    }
}
