//! A small scenario in which an expectation, or a step of the script, still fails.
//!
//! What an action decides is recorded and written down as steps ([`crate::rewrite`]), so that nothing is left to chance. What only the end
//! of the run decides is about what did not happen: written down as steps nothing would happen by itself, and nothing would be all that is
//! needed to fail. So there the scenario stays alive, and every candidate is played anew under the same seed.
//!
//! Then whatever can be left out is left out, as long as the same property fails in the same way: individuals with everything that names them,
//! steps (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), every further entry of the file; and times
//! are shortened one by one. There is no chance in it: the same scenario and seed always shrink to the same text.

mod failure;
mod individuals;
mod prune;
mod times;
mod trial;

use slr_core::universe::WorldError;
use slr_core::{Universe, WideSet};

use self::failure::Failure;
use self::trial::{Recorded, Trial};
use crate::lower::Lowered;
use crate::rewrite::{self, Played};
use crate::simulation::{Ending, STANDSTILL, SimTime};
use crate::syntax::{Named, Scenario, Step};

/// What fails in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// An expectation, counted from 0.
    Expectation(usize),
    /// A step of the script, counted from 0: it was refused or granted against what it says, answered otherwise, or could not happen.
    Step(usize),
}

/// A scenario made small.
///
/// It has never more roles, resources, sessions and operators than the scenario that it was made of. Its run never has more actions than the
/// recorded one; if it is [scripted](Self::is_scripted) it has a step for each of them, and otherwise never more steps than the original.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The scenario. What fails is its only expectation; or the last of its steps, and then nothing is expected besides.
    pub scenario: Scenario,
    /// Its text.
    pub text: String,
    /// What of the original it is that fails.
    pub failing: Failing,
    /// Whether every action is a step, so that nothing is left to chance.
    pub is_scripted: bool,
    /// How many actions the recorded run had.
    pub recorded: usize,
    /// How many scenarios were tried.
    pub tried: u64,
    /// Whether nothing more can be left out, as far as was tried; `false` if the effort was used up before.
    pub is_minimal: bool,
}

/// Why a run cannot be shrunk.
#[derive(Debug, thiserror::Error)]
pub enum NotShrunk {
    /// The world contradicts itself.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Time does not go on in it.
    #[error("time stands still at {0}: {STANDSTILL}")]
    Standstill(SimTime),
    /// Nothing fails.
    #[error("under this seed every expectation holds, and every step comes as it says")]
    NothingFails,
    /// The recorded run is longer than the effort allows.
    #[error("a run of {0} actions is too long to be shrunk on the side")]
    TooLong(usize),
    /// What was written down does not fail in the same way: it depends on what no scenario says.
    #[error("written down anew, the scenario does not fail in the same way any more")]
    NotReproduced,
}

/// A run is worth shrinking if so many scenarios of its size can be tried.
const FEWEST_TRIES: u64 = 20;

/// Runs a scenario under a seed and shrinks it to what the first expectation that fails needs in order to fail; where every expectation holds,
/// the first step of the script that does not come as it says.
///
/// What nothing but the end of the run decides (`eventually`, `finally`, counts that are not reached) fails in the same way if it falls short
/// in the same place, if the requests for the deletion of its role met with the same, and if those who want the role gone
/// came to the same end.
///
/// `effort` bounds the work, as the sum of the sizes of all scenarios that are tried and of their runs; without it, work ends when nothing more can
/// be left out. The bound is no clock: the result is the same on every machine.
///
/// # Errors
/// [`NotShrunk`] if nothing fails, if the run is too long for the effort, or if it does not fail again.
pub fn shrink(scenario: &Scenario, lowered: &Lowered, seed: u64, effort: Option<u64>) -> Result<Shrunk, NotShrunk> {
    let universe = Universe::<WideSet>::new(lowered.world.clone())?;
    let run = Recorded::of(&universe, lowered, seed, None);
    if run.ended == Ending::Standstill {
        return Err(NotShrunk::Standstill(run.played.last().map_or(SimTime::ZERO, |last| last.at)));
    }
    let (failing, failure, needed) = Failure::first(&run).ok_or(NotShrunk::NothingFails)?;
    // What comes after the deciding action plays no part.
    let played = &run.played[..needed.min(run.played.len())];
    if effort.is_some_and(|most| played.len() as u64 > most / FEWEST_TRIES) {
        return Err(NotShrunk::TooLong(played.len()));
    }
    let mut trial = Trial::new(failure, run.played.len(), effort);
    let start = Start { scenario, lowered, universe: &universe, seed, failing };
    let mut best = None;
    if trial.failure.is_by_action() {
        trial.is_scripted = true;
        // As steps that follow one another by a millisecond, or, if its times matter, as it was.
        for retimed in [true, false] {
            best = best.or_else(|| start.scripted(played, retimed).and_then(|candidate| trial.attempt(&candidate)));
        }
    }
    if best.is_none() {
        trial.is_scripted = false;
        best = trial.attempt(&start.alive());
        // Without the steps that came later more may happen than did, so the run ends with what fails.
        if best.is_none() && trial.failure.is_of_a_step() {
            let mut cut = start.alive();
            cut.until = Some(rewrite::anywhere(trial::end_of(&cut)));
            best = trial.attempt(&cut);
        }
    }
    let mut best = best.ok_or(NotShrunk::NotReproduced)?;
    trial.reduce(&mut best);
    Ok(Shrunk {
        text: crate::write(&best),
        failing,
        is_scripted: trial.is_scripted,
        recorded: run.played.len(),
        tried: trial.tried,
        is_minimal: !trial.gave_up,
        scenario: best,
    })
}

/// What shrinking begins with.
struct Start<'a> {
    scenario: &'a Scenario,
    lowered: &'a Lowered,
    universe: &'a Universe<WideSet>,
    seed: u64,
    failing: Failing,
}

impl Start<'_> {
    /// The scenario with nothing but what fails, under the seed of the run.
    fn alive(&self) -> Scenario {
        let mut scenario = self.scenario.clone();
        scenario.params = Named::default();
        if self.seed != scenario.seed() {
            scenario.seed = Some(rewrite::anywhere(self.seed));
        }
        // It tells of the world as it was.
        scenario.story = None;
        match self.failing {
            Failing::Expectation(number) => {
                scenario.expect = scenario.expect.get(number).cloned().into_iter().collect();
            }
            Failing::Step(number) => {
                scenario.expect.clear();
                scenario.steps.truncate(number + 1);
            }
        }
        scenario
    }

    /// The actions of the run as steps; `None` if one of them cannot be said.
    fn scripted(&self, played: &[Played<WideSet>], retimed: bool) -> Option<Scenario> {
        let step = |(played, number): (&Played<WideSet>, u64)| {
            let at = if retimed { SimTime::from_millis(number) } else { played.at };
            rewrite::step(self.scenario, self.lowered, self.universe, &Played { at, ..played.clone() }).ok()
        };
        let steps: Vec<_> = played.iter().zip(1..).map(step).collect::<Option<_>>()?;
        let mut scenario = rewrite::only(&self.alive(), self.lowered, steps);
        scenario.until = Some(rewrite::anywhere(trial::end_of(&scenario)));
        scenario.seed.clone_from(&self.scenario.seed);
        if let Failing::Step(number) = self.failing
            && let Some(Step::Do(written)) = self.scenario.steps.get(number).map(|step| &step.value)
            && let Some(Step::Do(last)) = scenario.steps.last_mut().map(|step| &mut step.value)
        {
            last.refused.clone_from(&written.refused);
            last.message.clone_from(&written.message);
            last.answers.clone_from(&written.answers);
        }
        Some(scenario)
    }
}
