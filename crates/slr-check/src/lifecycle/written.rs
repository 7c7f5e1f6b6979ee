//! A run of the checker written down as a scenario, which plays it again.

use slr_core::rejection::Refusal;
use slr_core::{IdSet, Universe};
use slr_scenario::lower::Lowered;
use slr_scenario::rewrite::{self, Played, Unsayable};
use slr_scenario::simulation::SimTime;
use slr_scenario::syntax::Scenario;

use super::{Act, Scene};
use crate::Run;

/// The scenario whose only run is this one, a step each millisecond. Of what the original expects it keeps the expectation of that
/// number, or nothing; how soon something is to come true is left out, for the run's times mean nothing.
///
/// Steps of the script that meant nothing where they came are left out.
///
/// # Errors
/// [`Unsayable`] if a step of the run cannot be said.
pub fn written<S: IdSet>(
    scenario: &Scenario,
    lowered: &Lowered,
    universe: &Universe<S>,
    run: &Run<Scene<S>, Act<S>>,
    expectation: Option<usize>,
) -> Result<Scenario, Unsayable> {
    let script = lowered.plan.script_steps();
    let mut before = &run.initial;
    let mut steps = Vec::new();
    let mut at = 0;
    for (act, after) in &run.steps {
        let mut state = before.state.clone();
        let answer = act.action.as_ref().map(|action| universe.apply(&mut state, action, &mut |_| ()));
        let refused = match answer {
            Some(Ok(())) => Some(None),
            Some(Err(Refusal::Rejected(rejection))) => Some(Some(rejection.code())),
            Some(Err(Refusal::Impossible(_))) | None => None,
        };
        if let Some(refused) = refused {
            at += 1;
            let script = act.scripted.then(|| script.get(before.script as usize).copied()).flatten();
            let played = Played { at: SimTime::from_millis(at), action: act.action.clone(), script, refused };
            steps.push(rewrite::step(scenario, universe, &played)?);
        }
        before = after;
    }
    let mut asked = scenario.clone();
    asked.expect = expectation.and_then(|number| scenario.expect.get(number)).cloned().into_iter().collect();
    rewrite::without_times(&mut asked);
    Ok(rewrite::only(&asked, steps))
}
