//! What the checker can be asked of a scenario.

use slr_check::lifecycle::{Asked, Expected};
use slr_core::{IdSet, Universe};

use crate::play::Play;

/// All that can be asked: the invariants, what the scenario expects, and whether every deletion task ends.
pub fn questions<S: IdSet>(play: &Play, universe: &Universe<S>) -> Vec<Asked> {
    let text = play.source.text();
    let name = |expected: Expected| {
        let span = match expected {
            Expected::Expectation(number) => play.lowered.expectations[number].span,
            Expected::Step(number) => play.scenario.steps[number].span,
        };
        text[span.range()].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut asked = Asked::invariants::<S>();
    asked.extend(Asked::expectations(&play.lowered, name).0.into_iter().map(|(_, asked)| asked));
    asked.extend(universe.roles().filter(|role| universe.is_service_linked(*role)).map(Asked::TasksEnd));
    asked
}
