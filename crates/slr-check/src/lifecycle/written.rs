//! A run of the checker written down as a scenario, which plays it again.

use slr_core::rejection::Refusal;
use slr_core::{Action, Event, IdSet, Universe};
use slr_scenario::ledger::Ledger;
use slr_scenario::lower::Lowered;
use slr_scenario::rewrite::{self, Played, Unsayable};
use slr_scenario::simulation::SimTime;
use slr_scenario::syntax::{Scenario, Step};

use super::{Act, Expected, Scene};
use crate::Run;

/// The scenario whose only run is this one, a step each millisecond. Of what the original expects it keeps this, or nothing: an expectation, or
/// what is expected of the step with which the run ends; how soon something is to come true is left out, for the run's times mean nothing.
///
/// Steps of the script that meant nothing where they came are left out. Of a run without a step in a world in which nothing is given all
/// steps are kept: it is decided before them.
///
/// # Errors
/// [`Unsayable`] if a step of the run cannot be said.
pub fn written<S: IdSet>(
    scenario: &Scenario,
    lowered: &Lowered,
    universe: &Universe<S>,
    run: &Run<Scene<S>, Act<S>>,
    expected: Option<Expected>,
) -> Result<Scenario, Unsayable> {
    let mut before = &run.initial;
    let mut steps = Vec::new();
    let mut at = 0;
    // A run of the checker numbers no tasks, and a script names them by number.
    let mut ledger = Ledger::new(universe, 0, &lowered.descriptions);
    for (act, after) in &run.steps {
        let mut state = before.state.clone();
        let action = act.action.clone().map(|action| numbered(action, &ledger));
        let mut events: Vec<Event<S>> = Vec::new();
        let answer = action.as_ref().map(|action| {
            let answer = universe.apply(&mut state, action, &mut |event| events.push(event));
            ledger.enter_step(SimTime::ZERO, action, &events);
            answer
        });
        let refused = match answer {
            Some(Ok(())) => Some(None),
            Some(Err(Refusal::Rejected(rejection))) => Some(Some(rejection.code())),
            Some(Err(Refusal::Impossible(_))) | None => None,
        };
        if let Some(refused) = refused {
            at += 1;
            let script = act.scripted.then_some(before.script);
            let played = Played { at: SimTime::from_millis(at), action, script, refused };
            steps.push(rewrite::step(scenario, lowered, universe, &played)?);
        }
        before = after;
    }
    let mut asked = scenario.clone();
    asked.expect = match expected {
        Some(Expected::Expectation(number)) => scenario.expect.get(number).cloned().into_iter().collect(),
        Some(Expected::Step(_)) | None => Vec::new(),
    };
    rewrite::without_times(&mut asked);
    // Where nothing is given the steps alone say what the scenario is about. What is so from the beginning they leave as it is.
    if steps.is_empty() && asked.given.is_empty() {
        return Ok(asked);
    }
    // The steps say here how they are answered, by which those are throttled that were.
    let mut written = rewrite::only(&asked, lowered, steps);
    if let Some(Expected::Step(number)) = expected
        && let Some(Step::Do(original)) = scenario.steps.get(number).map(|step| &step.value)
        && let Some(Step::Do(last)) = written.steps.last_mut().map(|step| &mut step.value)
    {
        last.refused.clone_from(&original.refused);
        last.message.clone_from(&original.message);
        last.answers.clone_from(&original.answers);
    }
    Ok(written)
}

/// The action with the number of the task that it is about, where it is about one that is known by who waits for it.
fn numbered<S: IdSet>(mut action: Action<S>, ledger: &Ledger<'_, S>) -> Action<S> {
    let awaited = ledger.awaited_in(&action);
    if let Action::EarlierTaskIsForgotten { number: number @ None, .. } = &mut action {
        *number = awaited;
    }
    action
}
