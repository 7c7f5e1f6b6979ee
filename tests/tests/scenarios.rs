//! Every scenario of the library: each keeps its promises, plays the same wherever it is played, and its story is reviewed.

use std::path::Path;
use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};
use slr_scenario::schema::schema;
use slr_scenario::{Params, Source, write, yaml};
use slr_tests::play::{Play, name, play_again};

datatest_stable::harness! {
    { test = plays, root = "../scenarios", pattern = r"^(?!broken/).*\.yaml$" },
}

fn validator() -> &'static jsonschema::Validator {
    static VALIDATOR: OnceLock<jsonschema::Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| jsonschema::draft7::new(&schema()).expect("the schema is one"))
}

fn pool() -> &'static ThreadPool {
    static POOL: OnceLock<ThreadPool> = OnceLock::new();
    POOL.get_or_init(|| ThreadPoolBuilder::new().num_threads(3).build().expect("a pool of threads"))
}

fn plays(path: &Path) -> datatest_stable::Result<()> {
    let play = Play::of(path);
    reads_well(&play);
    let (report, trace) = play.record();
    assert!(report.broken.is_none(), "an invariant of the model is broken: {:?}", report.broken);
    assert!(report.unplayable.is_empty(), "steps cannot happen: {:?}", report.unplayable);
    for (step, outcome) in play.scenario.steps.iter().zip(&report.step_outcomes) {
        let outcome = outcome.as_ref().ok_or_else(|| format!("the step at {} never came", step.at()))?;
        assert!(outcome.passed(), "the step at {} is not as expected: {:?}", step.at(), outcome.found);
    }
    let told = play.story();
    assert!(report.passed(), "{told}");
    plays_the_same_anywhere(&play, &trace);
    assert_eq!(play_again(&trace)?.steps, report.steps);
    is_as_reviewed(path, &told);
    Ok(())
}

/// It says what happens and who says so, fits the schema, and is the same when it is written back.
fn reads_well(play: &Play) {
    let words = |text: &Option<String>| text.as_deref().unwrap_or_default().split_whitespace().count();
    assert!(words(&play.lowered.story) >= 8, "it tells no story");
    assert!(words(&play.lowered.source) >= 1, "it names no source");
    assert!(
        !play.scenario.expect.is_empty() || play.scenario.steps.iter().any(|step| says_what_comes(&step.value)),
        "it expects nothing"
    );
    let json = yaml::to_json(play.source.text()).expect("it is YAML");
    let errors: Vec<String> =
        validator().iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "it does not fit the schema: {errors:#?}");
    // What is written has the values of parameters, so that nothing refers to those any more: a warning, and no mistake.
    let written = Source::new(play.source.name(), write(&play.scenario)).expect("it is small");
    let read = slr_scenario::load(&written, &Params::none()).expect("what is written can be read");
    assert_eq!(read.scenario, play.scenario);
}

fn says_what_comes(step: &slr_scenario::syntax::Step) -> bool {
    match step {
        slr_scenario::syntax::Step::Do(step) => step.refused.is_some() || step.answers.is_some(),
        slr_scenario::syntax::Step::Happens(_) => false,
    }
}

/// Once more here, and on every thread of a pool at once.
fn plays_the_same_anywhere(play: &Play, trace: &str) {
    assert_eq!(play.record().1, trace, "played again it is another run");
    for elsewhere in pool().broadcast(|_| play.record().1) {
        assert_eq!(elsewhere, trace, "on another thread it is another run");
    }
}

/// The story against `snapshots/scenarios/<theme>/<name>.snap`: a folder each, so that no name depends on what else there is.
fn is_as_reviewed(path: &Path, told: &str) {
    let name = name(path);
    let (theme, file) = name.rsplit_once('/').expect("a scenario lies in the folder of its theme");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(format!("snapshots/scenarios/{theme}"));
    settings.bind(|| insta::assert_snapshot!(file.trim_end_matches(".yaml"), told));
}
