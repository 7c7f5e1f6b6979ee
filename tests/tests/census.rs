//! The census: every scenario of the library explored whole, and again by every shortcut, which must come to the same verdicts.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use rayon::prelude::*;
use slr_check::lifecycle::{Asked, ForWidth, Lifecycle, PackedKey, narrowest};
use slr_check::{Bounds, Model, Report, Settings, Unsound, Verdict, check};
use slr_core::{IdSet, Universe};
use slr_scenario::Params;
use slr_tests::play::{Play, name};
use slr_tests::questions::questions;
use slr_tests::{files_under, scenarios};

/// More states than this are left to who has the patience.
const MOST_STATES: u64 = 40_000;

/// Scenarios with parameters, in sizes besides their own.
const SIZES: [(&str, &[&str]); 4] = [
    ("check/common-model.yaml", &["n=3", "s=2"]),
    ("check/common-model.yaml", &["n=4", "r=3", "docs=false"]),
    ("check/slow-tear-down.yaml", &["n=1"]),
    ("check/slow-tear-down.yaml", &["n=5"]),
];

/// What is explored: a scenario, and values for its parameters.
struct Subject {
    title: String,
    play: Play,
}

impl Subject {
    fn of(path: &Path, assignments: &[&str]) -> Self {
        let mut params = Params::none();
        for assignment in assignments {
            params.assign(assignment).expect("it is written as a parameter");
        }
        let title = [&[name(path).as_str()], assignments].concat().join(" ");
        Self { title, play: Play::with(path, &params) }
    }

    /// Every scenario without mistakes, and the sizes.
    fn all() -> Vec<Self> {
        let library = files_under(&scenarios()).into_iter().filter(|path| !name(path).starts_with("broken/"));
        let sizes = SIZES.iter().map(|(path, params)| Self::of(&scenarios().join(path), params));
        library.map(|path| Self::of(&path, &[])).chain(sizes).collect()
    }
}

impl ForWidth for &Subject {
    type Answer = Result<String, String>;

    fn with<S: IdSet, K: PackedKey>(self, universe: &Universe<S>) -> Self::Answer {
        let all = questions(&self.play, universe);
        let whole = self.explore::<S, K>(universe, all.clone(), &shortcuts(false, false));
        let whole = whole.expect("without shortcuts everything can be asked");
        if !whole.exhaustive {
            return Err(format!("{}: more than {MOST_STATES} states", self.title));
        }
        let mut told = format!("{}\n{}", self.title, counts("whole", &whole));
        for (how, settings) in [
            ("modulo symmetry", shortcuts(true, false)),
            ("reduced by partial order", shortcuts(false, true)),
            ("both", shortcuts(true, true)),
        ] {
            if let Some(report) = self.shortcut::<S, K>(universe, &all, &settings, &whole) {
                told.push_str(&counts(how, &report));
            }
        }
        told.push_str(&verdicts(&whole));
        Ok(told)
    }
}

impl Subject {
    fn explore<S: IdSet, K: PackedKey>(
        &self,
        universe: &Universe<S>,
        asked: Vec<Asked>,
        settings: &Settings,
    ) -> Result<Report, Unsound> {
        let model = Lifecycle::<S, K>::new(universe, &self.play.lowered, asked).expect("it fits");
        check(&model, settings, &mut |_| ControlFlow::Continue(())).map(|checked| checked.report)
    }

    /// Explores by a shortcut, and compares: `None` where it shortens nothing. What it cannot answer it has to refuse.
    fn shortcut<S: IdSet, K: PackedKey>(
        &self,
        universe: &Universe<S>,
        all: &[Asked],
        settings: &Settings,
        whole: &Report,
    ) -> Option<Report> {
        let mut asked = all.to_vec();
        // Of each question that is refused, the rest is asked without it.
        let report = loop {
            match self.explore::<S, K>(universe, asked.clone(), settings) {
                Ok(report) => break report,
                Err(Unsound::NoSymmetry | Unsound::NoReduction) => return None,
                Err(
                    Unsound::PropertyBreaksSymmetry(refused)
                    | Unsound::FairnessBreaksSymmetry(refused)
                    | Unsound::ReductionLosesProperty(refused),
                ) => {
                    let model = Lifecycle::<S, K>::new(universe, &self.play.lowered, asked.clone()).expect("it fits");
                    let properties = model.properties();
                    let place = properties.iter().position(|property| property.name() == refused);
                    let place = place.expect("what is refused was asked");
                    assert!(
                        properties[place].kind().needs_graph(),
                        "{}: `{refused}` is about states or steps, and yet refused",
                        self.title
                    );
                    drop(properties);
                    asked.remove(place);
                }
            }
        };
        assert!(
            report.exhaustive && report.distinct <= whole.distinct && report.edges <= whole.edges,
            "{}",
            self.title
        );
        for property in &report.properties {
            let unshortened = whole.verdict(&property.name).expect("it was asked before");
            let (found, of) = (&property.verdict, &self.title);
            assert_eq!(word(found), word(unshortened), "{of}: {} with {settings:?}", property.name);
            if !settings.reduction {
                assert_eq!(length(found), length(unshortened), "{of}: {} is told at another length", property.name);
            }
        }
        Some(report)
    }
}

fn shortcuts(symmetry: bool, reduction: bool) -> Settings {
    let bounds = Bounds { states: Some(MOST_STATES), ..Bounds::default() };
    Settings { symmetry, reduction, keep_going: true, bounds, ..Settings::default() }
}

fn counts(how: &str, report: &Report) -> String {
    format!("  {how}: {} states, {} steps, depth {}\n", report.distinct, report.edges, report.depth)
}

/// How long the run is that decided it.
fn length(verdict: &Verdict) -> Option<usize> {
    match verdict {
        Verdict::Reached(story) | Verdict::Violated(story) => Some(story.steps.len()),
        Verdict::Proved | Verdict::NotReached | Verdict::Undecided => None,
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "proved",
        Verdict::Reached(_) => "reached",
        Verdict::Violated(_) => "violated",
        Verdict::NotReached => "not reached",
        Verdict::Undecided => "undecided",
    }
}

/// What became of every question. The invariants hold, or the model has a bug.
fn verdicts(report: &Report) -> String {
    let mut told = String::new();
    let invariants = Asked::invariants::<u8>().len();
    for property in &report.properties[..invariants] {
        assert_eq!(word(&property.verdict), "proved", "{}", property.name);
    }
    for property in &report.properties[invariants..] {
        let after = length(&property.verdict).map_or_else(String::new, |steps| format!(" after {steps}"));
        let _ = writeln!(told, "  {}{after}: {}", word(&property.verdict), property.name);
    }
    told
}

#[test]
fn every_small_scenario_is_counted_and_shortcuts_change_no_verdict() {
    let subjects = Subject::all();
    let answers: Vec<_> = subjects
        .par_iter()
        .map(|subject| match narrowest(&subject.play.lowered, subject) {
            Ok(answer) => answer,
            Err(unfit) => Err(format!("{}: {unfit}", subject.title)),
        })
        .collect();
    let (mut counted, mut skipped) = (String::new(), String::new());
    for answer in &answers {
        let written = match answer {
            Ok(told) => writeln!(counted, "{told}"),
            Err(why) => writeln!(skipped, "  {why}"),
        };
        written.expect("memory takes all");
    }
    if skipped.is_empty() {
        skipped.push_str("  none\n");
    }
    insta::assert_snapshot!(format!("{counted}skipped:\n{skipped}"));
}

/// What the census rests on: both shortcuts have something to shorten in the library, and together.
#[test]
fn the_library_has_something_to_shorten() {
    let subject = Subject::of(&scenarios().join("check/slow-tear-down.yaml"), &[]);
    let told = narrowest(&subject.play.lowered, &subject).expect("it fits").expect("it is small");
    let states: Vec<u64> =
        told.lines().filter_map(|line| line.split_once(" states,")?.0.rsplit(' ').next()?.parse().ok()).collect();
    let [whole, symmetric, reduced, both] = states[..] else { panic!("{told}") };
    assert!(symmetric < whole && reduced < whole && both < symmetric.min(reduced), "{told}");
}
