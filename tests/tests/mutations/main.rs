//! Are the questions sharp? Bugs are planted in the rules, one at a time, and the checker has to find each in the library of scenarios.
//!
//! A bug counts as found if a question that is answered as expected without it is violated with it; and the shortest run that shows it has
//! to violate the very question that the bug is about.

mod bugs;
mod mutant;

use std::fmt::Write as _;
use std::ops::ControlFlow;

use rayon::prelude::*;
use slr_check::lifecycle::{Asked, ForWidth, Lifecycle, PackedKey, narrowest};
use slr_check::{Bounds, Model, Report, Settings, Verdict, check};
use slr_core::{IdSet, Universe};
use slr_tests::play::{Play, name};
use slr_tests::questions::questions;
use slr_tests::{files_under, scenarios};

use bugs::Bug;
use mutant::Mutant;

/// A scenario of the library, to look for bugs in.
struct Hunt {
    title: String,
    play: Play,
}

/// A bug that was found: the question that is violated, and the steps after which it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    steps: usize,
    title: String,
    question: String,
}

impl Hunt {
    fn everywhere() -> Vec<Self> {
        let library = files_under(&scenarios()).into_iter().filter(|path| !name(path).starts_with("broken/"));
        library.map(|path| Self { title: name(&path), play: Play::of(&path) }).collect()
    }
}

impl ForWidth for &Hunt {
    /// By bug.
    type Answer = Vec<Option<Found>>;

    fn with<S: IdSet, K: PackedKey>(self, universe: &Universe<S>) -> Self::Answer {
        let lifecycle = |asked| Lifecycle::<S, K>::new(universe, &self.play.lowered, asked).expect("it fits");
        let asked = questions(&self.play, universe);
        let plain = report(&lifecycle(asked.clone()), true);
        if !plain.exhaustive {
            return vec![None; Bug::ALL.len()];
        }
        // The mutant without a bug is no other model.
        let sound = report(&Mutant { sound: lifecycle(asked.clone()), bug: None }, true);
        assert_eq!(plain, sound, "{}", self.title);
        let holds: Vec<Asked> = asked
            .into_iter()
            .zip(&sound.properties)
            .filter(|(_, p)| !p.verdict.is_violation())
            .map(|(a, _)| a)
            .collect();
        let hunt = |bug: Bug| {
            let report = report(&Mutant { sound: lifecycle(holds.clone()), bug: Some(bug) }, false);
            let violated = report.properties.into_iter().find(|property| property.verdict.is_violation())?;
            let Verdict::Violated(story) = &violated.verdict else { return None };
            Some(Found { steps: story.steps.len(), title: self.title.clone(), question: violated.name })
        };
        Bug::ALL.into_iter().map(hunt).collect()
    }
}

/// Scenarios with more states are no places to hunt in: what is wrong is wrong in a small one too.
const MOST_STATES: u64 = 1_000;

fn report<M: Model>(model: &M, keep_going: bool) -> Report {
    let bounds = Bounds { states: Some(MOST_STATES), ..Bounds::default() };
    let settings = Settings { keep_going, bounds, ..Settings::default() };
    let mut report = check(model, &settings, &mut |_| ControlFlow::Continue(())).expect("it is sound").report;
    report.timing = slr_check::Timing::default();
    report
}

#[test]
fn every_planted_bug_is_found() {
    let hunts = Hunt::everywhere();
    let found: Vec<Vec<Option<Found>>> =
        hunts.par_iter().map(|hunt| narrowest(&hunt.play.lowered, hunt).expect("the library fits")).collect();
    let (mut told, mut astray) = (String::new(), Vec::new());
    for (number, bug) in Bug::ALL.into_iter().enumerate() {
        let _ = writeln!(told, "{}", bug.sentence());
        let shortest = found.iter().filter_map(|by_bug| by_bug[number].as_ref()).min();
        if let Some(Found { steps, title, question }) = shortest {
            let _ = writeln!(told, "  {title} after {steps}: {question}");
            astray.extend((question != bug.breaks()).then_some((bug, question)));
        }
    }
    insta::assert_snapshot!(told);
    let missed: Vec<_> =
        (0..).zip(Bug::ALL).filter(|(number, _)| found.iter().all(|by_bug| by_bug[*number].is_none())).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
    assert!(astray.is_empty(), "found by another question than the one that they are about: {astray:?}");
}
