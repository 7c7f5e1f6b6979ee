//! Operators with planted bugs: what fails is found, written down as a scenario, and made small.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use proptest::prelude::*;
use slr_check::lifecycle::{Asked, Expected, ForWidth, Lifecycle, PackedKey, narrowest, written};
use slr_check::{Settings, check};
use slr_core::{IdSet, Universe};
use slr_scenario::expect::Outcome;
use slr_scenario::rewrite;
use slr_scenario::run::{Output, run};
use slr_scenario::shrink::{Failing, NotShrunk, Shrunk, shrink};
use slr_scenario::syntax::Named;
use slr_tests::draws::{Draws, draws};
use slr_tests::play::Play;
use slr_tests::{config, files_under, scenarios};

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
    shrink(&play.scenario, &play.lowered, seed, None).expect("it fails, and can be written down")
}

#[test]
fn planted_bugs_shrink_to_what_they_need() {
    for (bug, play, steps) in bugs() {
        for seed in [1, 7, 11] {
            let small = shrunk(&play, seed);
            assert_eq!(small.failing, Failing::Expectation(1), "{bug}");
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

/// What nothing but the end decides is not written down as steps, in which nothing would happen by itself: the scenario stays alive, with
/// those in it whose doings lead to that end.
#[test]
fn failures_that_the_end_decides_shrink_to_whoever_brings_them_about() {
    let play = |bug: &str, expectation: &str| {
        let text = campaign("all", bug, "").source.text().to_owned();
        let text = text.replace("jitter: full }", "jitter: full, attempts: 1 }");
        let (text, _) = text.split_once("expect:").expect("it expects something");
        Play::of_text("end.yaml", format!("{text}expect: [{expectation}]\n"))
    };
    let gives_up = "cleans: nothing\n    polls: at-once";
    let ignores = "ignores-failure: true";
    for (bug, expectation, individuals) in [
        // The role, what keeps it (a session is enough), and the operator.
        (gives_up, "{ eventually: role-gone }", 2),
        (gives_up, "{ finally: role-gone }", 2),
        (gives_up, "{ finally: resources-gone, kind: gadget }", 2),
        (gives_up, "{ eventually: operator-done }", 2),
        (gives_up, "{ tasks: [FAILED, SUCCEEDED] }", 2),
        (gives_up, "{ attempts: 2..9 }", 2),
        (ignores, "{ eventually: role-gone }", 2),
        (ignores, "{ tasks: [SUCCEEDED] }", 2),
    ] {
        let play = play(bug, expectation);
        for seed in [1, 7, 11] {
            let small = shrunk(&play, seed);
            let said = format!("{expectation} with {bug} under {seed}:\n{}", small.text);
            let (steps, left, operators) = rewrite::size(&small.scenario);
            assert_eq!((steps, left), (0, individuals), "{said}");
            assert_eq!(operators, usize::from(!expectation.contains("resources-gone")), "{said}");
            assert!(small.is_minimal && !small.is_scripted, "{said}");
            assert_eq!(small.scenario.seed(), seed, "{said}");
            let again = Play::of_text("small.yaml", small.text.as_str());
            let report = run(&again.lowered, again.lowered.seed, Output::Nothing).expect("its world is possible");
            assert!(!report.outcomes[0].passed() && report.unplayable.is_empty(), "{said}");
            assert_eq!(report.outcomes[0].decided, None, "{said}");
        }
    }
}

/// The smallest that there is, known by hand: individuals go together with all that names them, and times are shortened one by one.
#[test]
fn six_resources_shrink_to_none_where_none_matters() {
    let path = scenarios().join("reporting/six-resources-five-reported.yaml");
    let text = std::fs::read_to_string(path).expect("it is in the library");
    let (text, _) = text.split_once("expect:").expect("it expects something");
    for (expectation, steps, last, individuals) in [
        ("{ never: role-gone }", 3, 3, 1),
        ("{ eventually: role-gone, within: 1s }", 3, 1001, 1),
        ("{ never: task-failed }", 3, 3, 2),
        ("{ never: resource-in, resource: gadget-6, state: deleted }", 6, 6, 2),
        // A second request, after one gadget was cleaned up.
        ("{ attempts: 1 }", 7, 7, 2),
    ] {
        let play = Play::of_text("six.yaml", format!("{text}expect: [{expectation}]\n"));
        for seed in [1, 7] {
            let small = shrunk(&play, seed);
            let said = format!("{expectation} under {seed}:\n{}", small.text);
            assert_eq!(rewrite::size(&small.scenario), (steps, individuals, 1), "{said}");
            let at = small.scenario.steps.last().map(|step| step.at().value.as_millis());
            assert_eq!(at, Some(last), "{said}");
            assert!(small.is_scripted && small.is_minimal, "{said}");
        }
    }
    for (expectation, individuals) in [
        ("{ finally: role-live }", 2),
        ("{ tasks: [SUCCEEDED] }", 2),
        // Two failures one after the other: two gadgets, of which the service names one.
        ("{ tasks: [FAILED, SUCCEEDED] }", 3),
        ("{ eventually: operator-gave-up }", 2),
    ] {
        let play = Play::of_text("six.yaml", format!("{text}expect: [{expectation}]\n"));
        let small = shrunk(&play, 7);
        assert_eq!(rewrite::size(&small.scenario), (0, individuals, 1), "{expectation}:\n{}", small.text);
    }
}

/// A step that does not come as it says is a failure as an expectation that does not hold is.
#[test]
fn steps_that_fail_are_shrunk() {
    let play = |steps: &str| {
        let (text, _) =
            bugs()[1].1.source.text().split_once("steps:").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let operators = "operators: { admin: { goal: { delete: AWSServiceRoleForGadgets }, starts: 10m } }";
        Play::of_text("steps.yaml", format!("{text}steps:\n  - {{ at: 1s, do: ListRoles }}\n{steps}\n{operators}\n"))
    };
    let role = "role: AWSServiceRoleForGadgets";
    for (steps, failing, left) in [
        // Refused as it says, and not: one step is enough.
        (format!("  - {{ at: 2s, do: GetRole, {role}, refused: NoSuchEntity }}"), 1, 1),
        (format!("  - {{ at: 2s, do: DeleteRole, {role} }}"), 1, 1),
        (format!("  - {{ at: 2s, do: DeleteRole, {role}, refused: NoSuchEntity }}"), 1, 1),
        (format!("  - {{ at: 2s, do: GetRole, {role}, answers: {{ description: x }} }}"), 1, 1),
        ("  - { at: 2s, do: ListRoles, answers: { count: 7 } }".to_owned(), 1, 1),
        // The request before it is what makes it fail.
        (
            format!(
                "  - {{ at: 2s, do: DeleteServiceLinkedRole, {role} }}\n  \
                 - {{ at: 3s, do: GetServiceLinkedRoleDeletionStatus, task: last, refused: NoSuchEntity }}"
            ),
            2,
            2,
        ),
        // It cannot happen: there is no task.
        (format!("  - {{ at: 2s, happens: task-starts, {role} }}"), 1, 1),
    ] {
        let play = play(&steps);
        let small = shrunk(&play, 11);
        let said = format!("{steps}:\n{}", small.text);
        assert_eq!(small.failing, Failing::Step(failing), "{said}");
        assert_eq!(small.scenario.steps.len(), left, "{said}");
        assert!(small.scenario.expect.is_empty() && small.scenario.operators.is_empty(), "{said}");
        assert!(rewrite::size(&small.scenario).1 <= 1, "{said}");
        let again = Play::of_text("small.yaml", small.text.as_str());
        let report = run(&again.lowered, 3, Output::Nothing).expect("its world is possible");
        assert!(!report.passed(), "{said}");
        let wrong = report.step_outcomes.iter().flatten().filter(|outcome| !outcome.passed()).count();
        assert_eq!(wrong + report.unplayable.len(), 1, "{said}");
    }
}

/// What is said of a step and is not so stays, and falls short in the same way: neither is another answer of the same step the failure, nor
/// the same step without what was expected of it.
#[test]
fn what_a_failing_step_is_short_of_stays() {
    let services = "services: { gadgets.example.com: { role: AWSServiceRoleForGadgets, reports: { first: 5 }, kinds: { gadget: {} } } }";
    let world = |given: &str, steps: &str| {
        Play::of_text(
            "step.yaml",
            format!("scenario: A step\n{services}\nusers: {{ bob: {{}} }}\n{given}\nsteps:\n{steps}"),
        )
    };
    let role = "role: AWSServiceRoleForGadgets";
    let given = "given: [{ role: AWSServiceRoleForGadgets }, { resources: { kind: gadget, count: 6 } }]";
    for (steps, said, left) in [
        (
            format!(
                "  - {{ at: 1s, do: TagRole, {role}, tags: {{ a: b, c: d }} }}\n  \
                 - {{ at: 2s, do: GetRole, {role}, answers: {{ tags: {{ a: b, c: X }} }} }}\n"
            ),
            "answers: { tags: { c: X } }",
            1,
        ),
        (
            format!(
                "  - {{ at: 1s, do: DeleteServiceLinkedRole, {role} }}\n  \
                 - {{ at: 1m, do: GetServiceLinkedRoleDeletionStatus, task: last, answers: {{ status: FAILED, reports: 6 }} }}\n"
            ),
            "answers: { reports: 6 }",
            4,
        ),
        (
            format!(
                "  - {{ at: 1s, do: ListRoles }}\n  \
                 - {{ at: 2s, as: bob, do: GetRole, {role}, refused: NoSuchEntity }}\n"
            ),
            "refused: NoSuchEntity",
            1,
        ),
        (
            format!("  - {{ at: 2s, do: DeleteRole, {role}, refused: UnmodifiableEntity, message: no }}\n"),
            "message: no",
            1,
        ),
    ] {
        let small = shrunk(&world(given, &steps), 11);
        assert!(small.text.contains(said), "{steps}{}", small.text);
        assert_eq!(small.scenario.steps.len(), left, "{steps}{}", small.text);
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
        assert!(!report.outcomes[0].passed() && report.unplayable.is_empty(), "{bug}");
        assert_eq!(report.steps, small.scenario.steps.len() as u64, "{bug}: something happens beside the steps");
    }
}

/// What is shrunk on the side ends soon, always at the same place, and with a scenario that fails.
#[test]
fn effort_bounds_the_work_and_not_what_comes_of_it() {
    for (bug, play, steps) in bugs() {
        let with = |effort: u64| shrink(&play.scenario, &play.lowered, 11, Some(effort));
        let enough = with(50_000).expect("a short run");
        assert!(enough.is_minimal && enough.scenario.steps.len() == steps, "{bug}");
        assert_eq!(enough.text, shrunk(&play, 11).text, "{bug}: more effort than needed changes something");
        let recorded = enough.recorded as u64;
        let hurried = with(20 * recorded + 20).expect("it is tried at least");
        assert!(hurried.tried <= enough.tried && hurried.scenario.steps.len() <= hurried.recorded, "{bug}");
        assert_eq!(hurried.text, with(20 * recorded + 20).expect("as before").text, "{bug}");
        let again = Play::of_text("hurried.yaml", hurried.text);
        let report = run(&again.lowered, 1, Output::Nothing).expect("its world is possible");
        assert!(!report.outcomes[0].passed(), "{bug}: half shrunk, it does not fail any more");
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
            assert!(!report.outcomes[0].passed() && report.unplayable.is_empty(), "{}", small.text);
            assert!(report.step_outcomes.iter().flatten().all(Outcome::passed), "{}", small.text);
            assert_eq!(small.text.matches("refused: Throttling").count(), 1, "one is enough:\n{}", small.text);
            assert_eq!(small.text.matches("throttle: ").count(), 1, "{}", small.text);
        }
    }
}

/// What is promised of whatever comes of a scenario: it fails in the same place, with no more individuals and operators, with no more actions, and
/// with no more steps than the scenario had, or, as a script, than the run had actions.
fn keeps_its_promises(play: &Play, seed: u64, effort: u64) -> bool {
    let small = match shrink(&play.scenario, &play.lowered, seed, Some(effort)) {
        Ok(small) => small,
        Err(NotShrunk::NothingFails | NotShrunk::TooLong(_)) => return false,
        Err(why @ (NotShrunk::World(_) | NotShrunk::Standstill(_) | NotShrunk::NotReproduced)) => {
            panic!("{}: {why}", play.source.name())
        }
    };
    let said = format!("{} under {seed}:\n{}", play.source.text(), small.text);
    let (before, after) = (rewrite::size(&play.scenario), rewrite::size(&small.scenario));
    let most = if small.is_scripted { small.recorded } else { before.0 };
    assert!(after.0 <= most && after.1 <= before.1 && after.2 <= before.2, "{after:?} of {before:?}: {said}");
    let again = Play::of_text("small.yaml", small.text.as_str());
    let report = run(&again.lowered, again.lowered.seed, Output::Nothing).expect("its world is possible");
    assert!(report.steps <= small.recorded as u64, "{} actions of {}: {said}", report.steps, small.recorded);
    assert_eq!(small.text, slr_scenario::write(&again.scenario), "it is not what is written");
    let was = run(&play.lowered, seed, Output::Nothing).expect("its world is possible");
    match small.failing {
        Failing::Expectation(number) => {
            let (was, is) = (&was.outcomes[number], &report.outcomes[0]);
            assert!(!was.passed() && !is.passed() && was.decided.is_some() == is.decided.is_some(), "{said}");
            assert_eq!(small.scenario.expect.len(), 1, "{said}");
        }
        Failing::Step(_) => assert!(!report.passed() && small.scenario.expect.is_empty(), "{said}"),
    }
    true
}

/// The scenario with other expectations.
fn expecting(play: &Play, expectations: &str) -> Play {
    let mut scenario = play.scenario.clone();
    scenario.params = Named::default();
    scenario.expect.clear();
    let text = slr_scenario::write(&scenario);
    Play::of_text(play.source.name(), format!("{text}\nexpect: [{expectations}]\n"))
}

/// A scenario of the library fails if it is asked for something else: here one in three is.
#[test]
fn no_scenario_of_the_library_shrinks_to_anything_larger() {
    let mut shrunk = 0;
    let files = files_under(&scenarios()).into_iter().filter(|path| !path.to_string_lossy().contains("broken"));
    for (number, path) in files.enumerate().filter(|(number, _)| number % 3 == 0) {
        let play = Play::of(&path);
        let Some(role) = play.lowered.world.roles.first() else {
            continue;
        };
        let name = &role.name;
        let asked = [
            format!("{{ never: role-gone, role: {name} }}, {{ never: role-live, role: {name} }}"),
            format!("{{ tasks: [NOT_STARTED], role: {name} }}"),
            format!("{{ finally: role-absent, role: {name} }}, {{ finally: role-gone, role: {name} }}"),
            "{ refusals: 0 }, { refusals: 99 }".to_owned(),
            format!(
                "{{ eventually: task-failed, role: {name} }}, {{ eventually: role-gone, within: 1ms, role: {name} }}"
            ),
        ];
        shrunk += usize::from(keeps_its_promises(
            &expecting(&play, &asked[number / 3 % asked.len()]),
            play.lowered.seed,
            2_000,
        ));
    }
    assert!(shrunk > 40, "only {shrunk} of them failed");
}

/// A scenario of these choices.
fn drawn(draws: &mut Draws) -> String {
    let role = "AWSServiceRoleForGadgets";
    let reports = draws.of(&["all", "silent", "{ first: 2 }", "{ share: 0.5 }", "any-subset"]);
    let gadgets = draws.below(7) + 1;
    let sessions = draws.below(4);
    let bug = draws.of(&[
        "ignores-failure: true",
        "takes-empty-report-for: unused",
        "cleans: nothing",
        "polls: at-once",
        "reads-docs: at-any-time",
        "takes-missing-task-for: failure",
    ]);
    let attempts = draws.below(4) + 1;
    let faults = draws.of(&["", "faults: [{ throttle: DeleteServiceLinkedRole, share: 0.3 }]\n"]);
    let mut steps = String::new();
    for number in 1..=draws.below(5) {
        let what = draws.of(&[
            format!("do: GetRole, role: {role}"),
            format!("do: DeleteServiceLinkedRole, role: {role}"),
            format!("do: DeleteRole, role: {role}"),
            "do: DeleteGadget, resource: gadget-1".to_owned(),
            format!("happens: session-ends, role: {role}"),
            "do: ListRoles".to_owned(),
        ]);
        let _ = writeln!(steps, "  - {{ at: {}s, {what} }}", number * 7);
    }
    let expectation = draws.of(&[
        "",
        "{ never: role-gone }",
        "{ eventually: role-gone, within: 20s }",
        "{ finally: role-live }",
        "{ tasks: [FAILED] }",
        "{ tasks: [FAILED, FAILED, SUCCEEDED] }",
        "{ task: 1, reports: 1 }",
        "{ attempts: 2 }",
        "{ refusals: 0 }",
        "{ refusals: 5 }",
        "{ always: resource-in, kind: gadget, state: active }",
        "{ never: some-resource-in, kind: gadget, state: deleted }",
        "{ finally: resources-gone }",
        "{ eventually: operator-gave-up }",
        "{ never: task-failed, while: session-open }",
    ]);
    let delays = draws.of(&[
        "",
        "delays: { task-start: 1s..90s }\n",
        "delays: { task-decision: { exponential: 60s }, clean-up: 40s }\n",
        "delays: { task-decision: 36500d, session-open: 1m }\n",
        "knobs: { task-retention: 30s }\n",
        "knobs: { task-visibility-delay: 10s, judged: start }\n",
    ]);
    format!(
        "scenario: Drawn\nservices:\n  gadgets.example.com: {{ role: {role}, reports: {reports}, kinds: {{ gadget: {{}} }} }}\n\
         given:\n  - role: {role}\n  - resources: {{ kind: gadget, count: {gadgets} }}\n{}{faults}{delays}{}\
         operators:\n  admin:\n    goal: {{ delete: {role} }}\n    retry: {{ every: 20s, attempts: {attempts} }}\n    {bug}\n\
         until: 1h\nexpect: [{expectation}]\n",
        if sessions > 0 { format!("  - sessions: {{ role: {role}, count: {sessions} }}\n") } else { String::new() },
        if steps.is_empty() { String::new() } else { format!("steps:\n{steps}") },
    )
}

proptest! {
    #![proptest_config(config(48, "proptest-regressions/shrinking.txt"))]

    /// Whatever the scenario, the seed and what fails.
    #[test]
    fn nothing_shrinks_to_anything_larger(mut draws in draws(24), seed in 0_u64..1000) {
        keeps_its_promises(&Play::of_text("drawn.yaml", drawn(&mut draws)), seed, 20_000);
    }

    /// Nothing that is left can be left out, and no time that is left is shorter: whoever shrinks what was shrunk gets it back.
    #[test]
    fn what_is_shrunk_shrinks_no_further(mut draws in draws(24), seed in 0_u64..1000) {
        shrinks_once(&Play::of_text("drawn.yaml", drawn(&mut draws)), seed);
    }
}

/// Whether the scenario fails. What is left of it stays as it is if it is shrunk again.
fn shrinks_once(play: &Play, seed: u64) -> bool {
    let once = match shrink(&play.scenario, &play.lowered, seed, None) {
        Ok(once) => once,
        Err(NotShrunk::NothingFails) => return false,
        Err(
            why @ (NotShrunk::World(_) | NotShrunk::Standstill(_) | NotShrunk::NotReproduced | NotShrunk::TooLong(_)),
        ) => panic!("{}: {why}", play.source.name()),
    };
    let small = Play::of_text("small.yaml", once.text.as_str());
    let again = shrink(&small.scenario, &small.lowered, small.lowered.seed, None);
    let again = again.expect("what is shrunk fails");
    assert_eq!(once.text, again.text, "{} under {seed} can be shrunk further", play.source.text());
    true
}

/// Where a step comes sooner, less happens before it, and what would have happened need not be said; a time that is shortened makes room for
/// others to be.
#[test]
fn what_times_needed_is_left_out_with_them() {
    let service = "services: { gadgets.example.com: { role: AWSServiceRoleForGadgets, kinds: { gadget: {} } } }";
    let role = "role: AWSServiceRoleForGadgets";
    for rest in [
        // It is cleaned up by then, however soon that is.
        format!(
            "given: [{{ {role} }}, {{ resources: {{ kind: gadget }} }}]\n\
             steps: [{{ at: 1m, do: DeleteGadget, resource: gadget-1 }}]\n\
             expect: [{{ eventually: resources-gone, {role}, within: 1s }}]"
        ),
        // The task starts within some seconds, or at once if nobody says otherwise.
        format!(
            "given: [{{ {role} }}]\ndelays: {{ task-start: 1s..90s }}\nuntil: 1d\n\
             steps: [{{ at: 5s, do: DeleteServiceLinkedRole, {role} }}]\n\
             operators: {{ admin: {{ goal: {{ delete: AWSServiceRoleForGadgets }}, starts: 5m }} }}\n\
             expect: [{{ attempts: 2, operator: admin }}]"
        ),
        // The poll is throttled whenever it comes.
        format!(
            "given: [{{ {role} }}]\nfaults: [{{ throttle: GetServiceLinkedRoleDeletionStatus, share: 0.9 }}]\n\
             steps:\n  - {{ at: 1s, do: DeleteServiceLinkedRole, {role} }}\n  \
             - {{ at: 1m, do: GetServiceLinkedRoleDeletionStatus, task: last, answers: {{ status: FAILED }} }}"
        ),
    ] {
        let play = Play::of_text("times.yaml", format!("scenario: Times\n{service}\n{rest}\n"));
        assert!((1..4).all(|seed| shrinks_once(&play, seed)), "{rest}");
    }
}

#[test]
fn what_does_not_fail_is_not_shrunk() {
    let play = campaign("all", "takes-empty-report-for: in-use", "");
    let result = shrink(&play.scenario, &play.lowered, 11, None);
    assert!(matches!(result, Err(NotShrunk::NothingFails)), "{result:?}");
}

/// The checker's counterexample to the second expectation, as a scenario.
struct Written<'a>(&'a Play);

impl ForWidth for Written<'_> {
    type Answer = String;

    fn with<S: IdSet, K: PackedKey>(self, universe: &Universe<S>) -> String {
        let play = self.0;
        let (asked, _) = Asked::expectations(&play.lowered, |expected| format!("{expected:?}"));
        let asked = asked.into_iter().map(|(_, asked)| asked).collect();
        let model = Lifecycle::<S, K>::new(universe, &play.lowered, asked).expect("it fits");
        let checked = check(&model, &Settings::default(), &mut |_| ControlFlow::Continue(())).expect("sound");
        assert!(checked.report.properties[1].verdict.is_violation(), "{:?}", checked.report.properties);
        let found = checked.runs[1].as_ref().expect("a violation has a run");
        let scenario = written(&play.scenario, &play.lowered, universe, found, Some(Expected::Expectation(1)));
        slr_scenario::write(&scenario.expect("all of it can be said"))
    }
}

#[test]
fn a_counterexample_of_the_checker_fails_when_it_is_run() {
    for (bug, play, steps) in bugs() {
        let text = narrowest(&play.lowered, Written(&play)).expect("the world fits");
        let written = Play::of_text("found.yaml", text);
        let report = run(&written.lowered, 1, Output::Nothing).expect("its world is possible");
        assert!(!report.outcomes[0].passed(), "{bug}");
        assert_eq!(written.scenario.steps.len(), steps, "{bug}: it is not the shortest");
        assert_eq!(report.steps, steps as u64, "{bug}");
    }
}
