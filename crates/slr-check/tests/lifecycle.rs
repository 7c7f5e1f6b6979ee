//! The lifecycle explored from a scenario file, against counts that are known in closed form and from other tools.

use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::Path;

use slr_check::lifecycle::{Asked, Lifecycle, PackedKey};
use slr_check::{Report, Settings, Verdict, check};
use slr_core::{IdSet, Universe};
use slr_scenario::lower::Lowered;
use slr_scenario::{Params, Source, load};

fn common_model(n: u32, s: u32, r: u32, docs: bool) -> Lowered {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/check/common-model.yaml");
    let source = Source::read(&path).expect("the scenario is there");
    let params = Params::none()
        .with("n", n.to_string())
        .with("s", s.to_string())
        .with("r", r.to_string())
        .with("docs", docs.to_string());
    load(&source, &params).expect("the scenario is without mistakes").lowered
}

/// A scenario of the library that is there to be explored.
fn scope(name: &str) -> Lowered {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/check").join(name);
    let source = Source::read(&path).expect("the scenario is there");
    load(&source, &Params::none()).expect("the scenario is without mistakes").lowered
}

fn explore<S: IdSet, K: PackedKey>(lowered: &Lowered, settings: &Settings) -> Report {
    let universe = Universe::<S>::new(lowered.world.clone()).expect("the world fits");
    let model = Lifecycle::<S, K>::new(&universe, lowered, Asked::invariants::<S>()).expect("the states fit");
    let checked = check(&model, settings, &mut |_| ControlFlow::Continue(())).expect("the settings are sound");
    assert!(!checked.report.is_violated(), "{:?}", checked.report.properties);
    checked.report
}

fn counts(report: &Report) -> (u64, u64, usize) {
    assert!(report.exhaustive);
    (report.distinct, report.edges, report.levels.len())
}

#[test]
fn the_counts_are_those_of_every_other_tool() {
    let plain = Settings::default();
    assert_eq!(counts(&explore::<u8, u64>(&common_model(2, 1, 2, true), &plain)), (317, 1_260, 13));
    assert_eq!(counts(&explore::<u8, u64>(&common_model(4, 2, 3, true), &plain)), (17_105, 129_728, 21));
}

#[test]
fn width_and_key_change_nothing() {
    let plain = Settings::default();
    let lowered = common_model(3, 1, 2, true);
    let narrow = explore::<u8, u64>(&lowered, &plain);
    let wide = explore::<u64, [u64; 2]>(&lowered, &Settings { exact: true, ..plain });
    assert_eq!(counts(&narrow), counts(&wide));
}

#[test]
fn modulo_symmetry_the_counts_are_the_published_ones() {
    let symmetric = Settings { symmetry: true, ..Settings::default() };
    let small = explore::<u8, u64>(&common_model(4, 2, 3, true), &symmetric);
    assert_eq!((small.distinct, small.edges), (1_664, 12_970));
    let medium = explore::<u8, u64>(&common_model(6, 3, 4, true), &symmetric);
    assert_eq!((medium.distinct, medium.edges), (7_915, 99_558));
}

#[test]
fn threads_change_nothing() {
    let lowered = common_model(4, 1, 2, true);
    let of = |threads: u16| {
        let threads = NonZero::new(threads).expect("at least one");
        let mut report = explore::<u8, u64>(&lowered, &Settings { threads, ..Settings::default() });
        report.timing = slr_check::Timing::default();
        report
    };
    let one = of(1);
    for threads in [2, 3, 4] {
        assert_eq!(one, of(threads));
    }
}

/// Windows with tasks, runs and Inventory; pipelines with builds: every order of calls and moves keeps every invariant, and their number is
/// pinned, so that a change of a service's kinds shows here.
#[test]
fn the_worked_services_are_explored_whole() {
    let plain = Settings::default();
    let symmetric = Settings { symmetry: true, ..plain.clone() };
    let of = |name: &str, settings: &Settings| counts(&explore::<u16, [u64; 4]>(&scope(name), settings));
    let explored = [
        of("systems-manager.yaml", &plain),
        of("systems-manager.yaml", &symmetric),
        of("image-builder.yaml", &plain),
        of("notifications.yaml", &plain),
    ];
    assert_eq!(explored, [(34_641, 142_930, 21), (21_121, 87_644, 21), (4_488, 18_903, 22), (196, 488, 13)]);
}

/// What the checker says of the scenario's own expectations.
fn verdicts(text: &str) -> Vec<Verdict> {
    let lowered =
        load(&Source::new("here.yaml", text).expect("it is text"), &Params::none()).expect("it is right").lowered;
    let universe = Universe::<u8>::new(lowered.world.clone()).expect("the world fits");
    let asked = Asked::expectations(&lowered, |expected| format!("{expected:?}")).0;
    let asked = asked.into_iter().map(|(_, asked)| asked).collect();
    let model = Lifecycle::<u8, u64>::new(&universe, &lowered, asked).expect("the states fit");
    let settings = Settings { keep_going: true, ..Settings::default() };
    let checked = check(&model, &settings, &mut |_| ControlFlow::Continue(())).expect("the settings are sound");
    checked.report.properties.into_iter().map(|property| property.verdict).collect()
}

const THROTTLED_CLIENT: &str = "
scenario: A client that is throttled
services: { gadgets.example.com: { role: AWSServiceRoleForGadgets, kinds: { gadget: {} } } }
given: [ { role: AWSServiceRoleForGadgets } ]
operators: { admin: { goal: { delete: AWSServiceRoleForGadgets }, retry: { every: 5s } } }
expect: [ { eventually: role-gone }, { never: role-gone } ]
";

/// A client whose every call is throttled gets nowhere; one that is throttled for a while, or now and then, gets there; and one that is
/// throttled for ever from some time on may be too late.
#[test]
fn throttled_calls_are_explored() {
    let with = |fault: &str| {
        verdicts(&format!("{THROTTLED_CLIENT}faults: [ {{ throttle: DeleteServiceLinkedRole{fault} }} ]"))
    };
    let comes_to_it = |verdicts: Vec<Verdict>| {
        let [gone, never] = <[Verdict; 2]>::try_from(verdicts).expect("two were asked");
        (gone == Verdict::Proved, never == Verdict::Proved)
    };
    assert_eq!(comes_to_it(verdicts(THROTTLED_CLIENT)), (true, false));
    assert_eq!(comes_to_it(with("")), (false, true));
    assert_eq!(comes_to_it(with(", until: 1m")), (true, false));
    assert_eq!(comes_to_it(with(", share: 0.5")), (true, false));
    assert_eq!(comes_to_it(with(", from: 1m")), (false, false));
    // Throttled calls are attempts: who has few of them may give up before it is answered.
    let twice = THROTTLED_CLIENT.replace("every: 5s", "every: 5s, attempts: 2");
    let with = |fault: &str| verdicts(&format!("{twice}faults: [ {{ throttle: DeleteServiceLinkedRole{fault} }} ]"));
    assert_eq!(comes_to_it(verdicts(&twice)), (true, false));
    assert_eq!(comes_to_it(with("")), (false, true));
    assert_eq!(comes_to_it(with(", share: 0.5")), (false, false));
}

/// Who works in any order stops without a step when its attempts are used up by calls that no state counts: what becomes of it is violated or
/// undecided, and never proved.
#[test]
fn what_no_state_counts_is_not_taken_for_proved() {
    let with = |habits: &str, expected: &str| {
        let text =
            THROTTLED_CLIENT.replace("retry: { every: 5s }", habits).replace("{ eventually: role-gone }", expected);
        verdicts(&format!("{text}faults: [ {{ throttle: DeleteServiceLinkedRole, share: 0.5 }} ]"))[0].clone()
    };
    let limited = "works: in-any-order, retry: { every: 5s, attempts: 2 }";
    for expected in ["{ eventually: role-gone }", "{ finally: role-gone }", "{ possible: role-gone }"] {
        assert_eq!(with(limited, expected), Verdict::Undecided, "{expected}");
        assert_eq!(with("works: in-any-order", expected), Verdict::Proved, "it tries for ever: {expected}");
    }
    assert!(with(limited, "{ eventually: operator-gave-up }").is_violation());
    assert!(
        with("retry: { every: 5s, attempts: 2 }", "{ eventually: role-gone }").is_violation(),
        "to give up is a step"
    );
}

/// A call of the script that may be throttled may have done nothing.
#[test]
fn a_step_may_be_throttled() {
    let text = "
scenario: A step that may be throttled
services: { gadgets.example.com: { role: AWSServiceRoleForGadgets } }
steps: [ { at: 1s, do: CreateServiceLinkedRole, service: gadgets.example.com } ]
faults: [ { throttle: CreateServiceLinkedRole, share: 0.5 } ]
expect: [ { finally: role-live }, { sometimes: role-live } ]
";
    let [always, sometimes] = <[Verdict; 2]>::try_from(verdicts(text)).expect("two were asked");
    assert!(matches!(always, Verdict::Violated(_)), "{always:?}");
    assert!(matches!(sometimes, Verdict::Reached(_)), "{sometimes:?}");
}

/// Where no run ends, nothing is said of how runs end.
#[test]
fn what_holds_at_the_end_is_open_where_nothing_ends() {
    let with = |reopens: bool| {
        let expected = verdicts(&format!(
            "
scenario: Sessions that come and go
services: {{ gadgets.example.com: {{ role: AWSServiceRoleForGadgets }} }}
given:
  - role: AWSServiceRoleForGadgets
  - sessions: {{ role: AWSServiceRoleForGadgets, reopens: {reopens} }}
expect: [ {{ finally: role-live }}, {{ finally: role-gone }} ]
"
        ));
        <[Verdict; 2]>::try_from(expected).expect("two were asked")
    };
    assert_eq!(with(true), [Verdict::Undecided, Verdict::Undecided]);
    assert!(matches!(with(false), [Verdict::Proved, Verdict::Violated(_)]), "{:?}", with(false));
}

/// Two roles, of which the operator wants one gone, while the sessions of the other come and go, so that some runs never end, or none does.
fn beside_sessions(steps: &str, habits: &str, expected: &[&str]) -> Vec<Verdict> {
    verdicts(&format!(
        "
scenario: An operator beside sessions that come and go
services:
  gadgets.example.com: {{ role: AWSServiceRoleForGadgets }}
  widgets.example.com: {{ role: AWSServiceRoleForWidgets }}
given:
  - role: AWSServiceRoleForGadgets
  - role: AWSServiceRoleForWidgets
  - sessions: {{ role: AWSServiceRoleForWidgets, reopens: true }}
steps: [{steps}]
operators: {{ admin: {{ goal: {{ delete: AWSServiceRoleForGadgets }}, retry: {{ attempts: 3 }}{habits} }} }}
expect: [{}]
",
        expected.join(", ")
    ))
}

/// That an operator makes fewer attempts than expected is seen where it stops: the world may go on for ever.
#[test]
fn attempts_are_counted_where_the_operator_has_stopped() {
    let expected = ["{ attempts: 2..3 }", "{ attempts: 1..3 }", "{ attempts: 0 }", "{ attempts: 0..3 }"];
    for steps in ["", "{ at: 1m, do: DeleteServiceLinkedRole, role: AWSServiceRoleForWidgets }"] {
        let found = beside_sessions(steps, "", &expected);
        assert!(
            matches!(&found[..], [Verdict::Violated(_), Verdict::Proved, Verdict::Violated(_), Verdict::Proved]),
            "{steps}: {found:?}"
        );
    }
    // Who works in any order does not say that it has stopped, and no run ends: it might ask again.
    let found = beside_sessions("", ", works: in-any-order", &expected);
    assert!(
        matches!(&found[..], [Verdict::Undecided, Verdict::Undecided, Verdict::Violated(_), Verdict::Proved]),
        "{found:?}"
    );
    // Calls that no state counts use attempts up: fewer than all may be all.
    let may_fail = "
scenario: Clean-ups that come to nothing
services: { gadgets.example.com: { role: AWSServiceRoleForGadgets, kinds: { gadget: {} } } }
given:
  - role: AWSServiceRoleForGadgets
  - resources: { kind: gadget }
  - sessions: { role: AWSServiceRoleForGadgets, reopens: true }
operators:
  admin: { goal: { delete: AWSServiceRoleForGadgets }, works: in-any-order, retry: { attempts: 3 }, reads-docs: at-any-time }
expect: [ { attempts: 1..3 }, { attempts: 0..3 } ]
";
    assert_eq!(verdicts(may_fail), [Verdict::Undecided, Verdict::Proved]);
}

/// Where the graph is known, what is expected of the end is not proved of runs that never end and in which it is not so again and again.
#[test]
fn runs_that_never_end_do_not_prove_how_runs_end() {
    let steps = "{ at: 1m, do: DeleteServiceLinkedRole, role: AWSServiceRoleForWidgets }";
    let [gone, deleted, enough, eventually] = <[Verdict; 4]>::try_from(beside_sessions(
        steps,
        "",
        &[
            "{ finally: role-gone, role: AWSServiceRoleForWidgets }",
            "{ finally: role-gone, role: AWSServiceRoleForGadgets }",
            "{ attempts: 1 }",
            "{ eventually: role-gone, role: AWSServiceRoleForGadgets }",
        ],
    ))
    .expect("four were asked");
    assert_eq!(gone, Verdict::Undecided, "the request may come while a session is open, and then nothing ends");
    assert_eq!((deleted, enough, eventually), (Verdict::Proved, Verdict::Proved, Verdict::Proved));
}
