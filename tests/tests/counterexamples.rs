//! What the checker finds, anybody can play: every counterexample of the library is written down as a scenario, which fails the same
//! expectation when it is run.

use std::ops::ControlFlow;

use rayon::prelude::*;
use slr_check::lifecycle::{Asked, Expected, ForWidth, Lifecycle, PackedKey, narrowest, written};
use slr_check::{Settings, check};
use slr_core::{IdSet, Universe};
use slr_scenario::expect::{Outcome, What};
use slr_scenario::run::{Output, run};
use slr_tests::play::{Play, name};
use slr_tests::{files_under, scenarios};

/// A scenario whose counterexamples are to be written down, with the shortcut or without.
struct Examined<'a> {
    play: &'a Play,
    symmetry: bool,
}

/// A counterexample: the expectation that it violates, its steps, and the scenario that plays it.
struct Counterexample {
    expected: Expected,
    steps: usize,
    text: String,
}

impl ForWidth for Examined<'_> {
    type Answer = Vec<Counterexample>;

    fn with<S: IdSet, K: PackedKey>(self, universe: &Universe<S>) -> Self::Answer {
        let Play { scenario, lowered, .. } = self.play;
        let (asked, not_asked) = Asked::expectations(lowered, |expected| format!("{expected:?}"));
        let asked = asked.into_iter().filter(|(_, asked)| !self.symmetry || !asked.needs_fairness());
        let (expected, asked): (Vec<Expected>, Vec<Asked>) = asked.unzip();
        let model = Lifecycle::<S, K>::new(universe, lowered, asked).expect("it fits");
        let settings = Settings { symmetry: self.symmetry, keep_going: true, ..Settings::default() };
        let Ok(checked) = check(&model, &settings, &mut |_| ControlFlow::Continue(())) else {
            assert!(self.symmetry, "without a shortcut everything can be asked");
            return Vec::new();
        };
        let answers = checked.report.properties.iter().zip(&checked.runs).zip(expected);
        let violated = answers.filter(|((property, _), _)| property.verdict.is_violation());
        let written = violated.filter_map(|((property, found), expected)| {
            assert_eq!(property.name, format!("{expected:?}"));
            assert!(not_asked.iter().all(|left| left.expected != expected));
            let found = found.as_ref()?;
            let scenario = written(scenario, lowered, universe, found, Some(expected));
            let text = slr_scenario::write(&scenario.expect("the checker takes no step that cannot be said"));
            Some(Counterexample { expected, steps: found.steps.len(), text })
        });
        written.collect()
    }
}

/// Plays the counterexamples of a scenario, and says how many there were.
fn play_all(play: &Play, title: &str, symmetry: bool) -> usize {
    let found = narrowest(&play.lowered, Examined { play, symmetry }).expect("the library fits");
    for Counterexample { expected, steps, text } in &found {
        let again = Play::of_text("found.yaml", text.as_str());
        let report = run(&again.lowered, 5, Output::Nothing).expect("its world is possible");
        let mut steps_as_scripted: Vec<bool> = report.step_outcomes.iter().flatten().map(Outcome::passed).collect();
        match expected {
            Expected::Expectation(number) => {
                let what = &play.lowered.expectations[*number].what;
                let only_a_checker_can_tell = matches!(what, What::Possible { .. });
                assert_eq!(again.lowered.expectations.len(), 1, "{title}:\n{text}");
                assert!(only_a_checker_can_tell || !report.outcomes[0].passed(), "{title}: {what:?} holds in\n{text}");
            }
            Expected::Step(_) => {
                assert_eq!(steps_as_scripted.pop(), Some(false), "{title}: the last step is as expected in\n{text}");
            }
        }
        assert!(report.unplayable.is_empty(), "{title}: {:?} in\n{text}", report.unplayable);
        assert!(steps_as_scripted.iter().all(|passed| *passed), "{title}: {:?} in\n{text}", report.step_outcomes);
        assert_eq!(report.steps, again.scenario.steps.len() as u64, "{title}: something happens by itself in\n{text}");
        assert!(again.scenario.steps.len() <= *steps, "{title}");
    }
    found.len()
}

#[test]
fn every_counterexample_of_the_library_can_be_played() {
    let library: Vec<_> =
        files_under(&scenarios()).into_iter().filter(|path| !name(path).starts_with("broken/")).collect();
    let counts: Vec<usize> = library.par_iter().map(|path| play_all(&Play::of(path), &name(path), false)).collect();
    assert!(counts.iter().sum::<usize>() >= 40, "the library has many expectations that hold in some orders alone");
}

/// Of a strategy that waits for ever, the way into the loop and once round.
#[test]
fn a_loop_can_be_played() {
    let path = scenarios().join("check/strategies.yaml");
    let play = |assignments: &[&str]| {
        let mut params = slr_scenario::Params::none();
        for assignment in assignments {
            params.assign(assignment).expect("it is an assignment");
        }
        let play = Play::with(&path, &params);
        play_all(&play, "check/strategies.yaml", false)
    };
    assert_eq!(play(&[]), 0, "who reads the documentation always gets there");
    assert_eq!(play(&["docs=false"]), 1, "the role may never be gone");
    assert_eq!(play(&["docs=false", "reports=silent"]), 2, "nor is it possible any more");
    assert_eq!(
        play(&["docs=false", "reports=all"]),
        0,
        "reports that name everything are as good as the documentation"
    );
}

/// A call that may be throttled is answered in another way than it says: it is throttled in the scenario that plays it, too.
#[test]
fn a_step_that_was_throttled_can_be_played() {
    let play = |steps: &str, share: &str| {
        let text = "scenario: A throttled call\nservices: { gadgets.example.com: { role: AWSServiceRoleForGadgets } }\n\
            users: { bob: { allow: [\"gadgets:*\"] } }\ngiven: [{ role: AWSServiceRoleForGadgets }]\n";
        let faults = format!("faults: [{{ throttle: GetRole{share} }}]\nsteps:\n{steps}");
        play_all(&Play::of_text("throttled.yaml", format!("{text}{faults}")), steps, false)
    };
    let role = "do: GetRole, role: AWSServiceRoleForGadgets";
    for share in [", share: 0.5", "", ", from: 5s"] {
        let refused = format!("  - {{ at: 5s, as: bob, {role}, refused: AccessDenied }}\n");
        assert_eq!(play(&refused, share), 1, "{share}");
        assert_eq!(play(&format!("  - {{ at: 1s, {role} }}\n{refused}"), share), 1, "after another one{share}");
        let answered = format!("  - {{ at: 5s, {role}, answers: {{ role: AWSServiceRoleForGadgets }} }}\n");
        assert_eq!(play(&answered, share), 1, "{share}");
    }
}

/// A call with several tags is one step.
#[test]
fn calls_with_several_tags_can_be_played() {
    let play = |expectation: &str| {
        let text = "scenario: Tags\nservices: { gadgets.example.com: { role: AWSServiceRoleForGadgets } }\n\
            given: [{ role: AWSServiceRoleForGadgets, tags: { old: x, older: y } }]\nsteps:\n  \
            - { at: 1s, do: TagRole, role: AWSServiceRoleForGadgets, tags: { team: blue, cost: low } }\n  \
            - { at: 2s, do: UntagRole, role: AWSServiceRoleForGadgets, tag-keys: [old, team, older] }\n  \
            - { at: 3s, do: DeleteRole, role: AWSServiceRoleForGadgets, refused: UnmodifiableEntity }\n  \
            - { at: 4s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }\n";
        let play = Play::of_text("tags.yaml", format!("{text}expect: [{expectation}]\n"));
        play_all(&play, expectation, false)
    };
    assert_eq!(play("{ never: task-unfinished }"), 1);
    assert_eq!(play("{ finally: role-live }"), 1);
}

/// Where nothing is given the steps are all that says what the scenario is about, also where it is violated before any of them.
#[test]
fn what_is_so_from_the_beginning_can_be_played() {
    let steps = "steps: [{ at: 1s, do: CreateServiceLinkedRole, service: batch.amazonaws.com }]";
    for expectation in ["{ always: role-live, role: AWSServiceRoleForBatch }", "{ never: role-absent }"] {
        let play =
            Play::of_text("beginning.yaml", format!("scenario: Nothing given\n{steps}\nexpect: [{expectation}]\n"));
        let found = narrowest(&play.lowered, Examined { play: &play, symmetry: false }).expect("it fits");
        assert_eq!(found.len(), 1);
        let again = Play::of_text("found.yaml", found[0].text.as_str());
        let report = run(&again.lowered, 5, Output::Nothing).expect("its world is possible");
        assert!(!report.outcomes[0].passed(), "{}", found[0].text);
    }
}

/// What is found modulo symmetry is a run of real individuals.
#[test]
fn counterexamples_modulo_symmetry_can_be_played() {
    let text = std::fs::read_to_string(scenarios().join("check/common-model.yaml")).expect("it is there");
    let [scenario, _] = text.split("expect:").collect::<Vec<_>>()[..] else { panic!("it expects something") };
    let play = |expectation: &str, symmetry: bool| {
        let play = Play::of_text("common.yaml", format!("{scenario}expect: [{expectation}]\n"));
        play_all(&play, expectation, symmetry)
    };
    for expectation in [
        "{ never: role-gone }",
        "{ always: session-open }",
        "{ never: session-open, while: task-failed }",
        "{ always: role-live, while: resources-gone }",
        "{ finally: operator-done }",
    ] {
        assert_eq!((play(expectation, true), play(expectation, false)), (1, 1), "{expectation}");
    }
}

/// What a parameter is its kind says: a word may look like a percentage or like a schedule, and is no time for that.
#[test]
fn parameters_are_left_out_by_their_sort() {
    let text = r#"
scenario: Parameters
services:
  gadgets.example.com:
    role: AWSServiceRoleForGadgets
    kinds:
      plan:
        parameters:
          Share: { is: word, one-of: ["50%", half], required: true }
          Rhythm: { is: word, one-of: ["rate(1 day)", never], required: true }
          Deputy: { is: role, passed-for: run }
          Size: { is: amount }
          Schedule: { is: schedule }
      run: { made-from: plan }
roles: { helper: { trust: [gadgets.example.com] } }
given:
  - role: AWSServiceRoleForGadgets
  - role: helper
  - resources:
      kind: plan
      name: old
      parameters: { Share: "50%", Rhythm: rate(1 day), Deputy: helper, Size: 50%, Schedule: rate(1 day) }
steps:
  - at: 1s
    do: CreatePlan
    resource: new
    parameters: { Share: "50%", Rhythm: rate(1 day), Deputy: helper, Size: 2, Schedule: rate(1 day) }
expect: [{ never: resource-in, resource: new, state: active }]
"#;
    let play = Play::of_text("parameters.yaml", text);
    assert_eq!(play_all(&play, "parameters", false), 1);
    let found = narrowest(&play.lowered, Examined { play: &play, symmetry: false }).expect("it is small");
    let written = &found[0].text;
    assert_eq!(written.matches("Share: 50%").count(), 2, "{written}");
    assert_eq!(written.matches("Rhythm: rate(1 day)").count(), 2, "{written}");
    assert_eq!(written.matches("Deputy: helper").count(), 2, "{written}");
    // An amount stays, for a call may be refused for want of one; of the schedule the declaration of the kind alone is left.
    assert_eq!((written.matches("Size:").count(), written.matches("Schedule:").count()), (3, 1), "{written}");
}
