//! The smallest scenario in which an expectation still fails.
//!
//! A failing run is recorded and written down as steps ([`crate::rewrite`]), so that nothing is left to chance. Then whatever can be
//! left out is left out, as long as the same expectation fails: steps (Zeller and Hildebrandt, "Simplifying and Isolating
//! Failure-Inducing Input", 2002), what failed tasks name, entries under `given`, operators; and times are lowered. There is no
//! chance in it: the same scenario and seed always shrink to the same text.

mod ending;

use std::collections::BTreeSet;

use slr_core::rejection::Code as RefusalCode;
use slr_core::universe::WorldError;
use slr_core::{State, Universe, WideSet};

use self::ending::{Fact, ending};
use crate::expect::Monitor;
use crate::ledger::Ledger;
use crate::lower::{Lowered, lower};
use crate::rewrite::{self, Played, Unsayable};
use crate::simulation::{Agenda, Ending, Observer, Player, STANDSTILL, Scratch, SimTime, conduct};
use crate::source::Source;
use crate::syntax::{Duration, Given, Happening, Named, Scenario, Service, Step};
use crate::yaml::Spanned;
use crate::{Params, parse_with};

/// A scenario made small.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The scenario; its only expectation is the one that fails.
    pub scenario: Scenario,
    /// Its text.
    pub text: String,
    /// Which expectation of the original it is, counted from 0.
    pub expectation: usize,
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
    /// No expectation fails.
    #[error("under this seed no expectation fails")]
    NothingFails,
    /// The run cannot be written down.
    #[error(transparent)]
    Unsayable(#[from] Unsayable),
    /// The recorded run is longer than the effort allows.
    #[error("a run of {0} actions is too long to be shrunk on the side")]
    TooLong(usize),
    /// What was written down does not fail the same expectation: it depends on what no step says.
    #[error("written down as steps, the run does not fail the expectation any more")]
    NotReproduced,
}

/// Runs a scenario under a seed and shrinks the run to what the first expectation that fails needs in order to fail.
///
/// An expectation that is decided only when the run has ended (`eventually`, `finally`, counts) would fail in an empty run too. So
/// for these what matters to the expectation at the end stays what it was: what was found, how the role stands that it is about, and what has
/// become of the operators who want that role gone.
///
/// `effort` bounds the work, as the sum of the sizes of all scenarios that are tried; without it, work ends when nothing more can be
/// left out. The bound is no clock: the result is the same on every machine.
///
/// # Errors
/// [`NotShrunk`] if nothing fails, if the run is too long for the effort, or if the run cannot be written down so that it fails again.
pub fn shrink(
    scenario: &Scenario,
    lowered: &Lowered,
    built_in: &Named<Spanned<Service>>,
    seed: u64,
    effort: Option<u64>,
) -> Result<Shrunk, NotShrunk> {
    let universe = Universe::<WideSet>::new(lowered.world.clone())?;
    let run = play(&universe, lowered, seed);
    if run.ending == Ending::Standstill {
        return Err(NotShrunk::Standstill(run.played.last().map_or(SimTime::ZERO, |last| last.at)));
    }
    let failing = run.outcomes.iter().position(|outcome| !outcome.0);
    let expectation = failing.ok_or(NotShrunk::NothingFails)?;
    let decided = run.outcomes[expectation].1;
    // What comes after the deciding action plays no part.
    let needed = decided.and_then(|serial| usize::try_from(serial).ok()).unwrap_or(run.played.len());
    let played = &run.played[..needed.min(run.played.len())];
    if effort.is_some_and(|most| played.len() as u64 > most / FEWEST_TRIES) {
        return Err(NotShrunk::TooLong(played.len()));
    }
    let mut only_one = scenario.clone();
    only_one.expect = scenario.expect.get(expectation).cloned().into_iter().collect();
    let steps = |retimed: bool| -> Result<Vec<_>, Unsayable> {
        played
            .iter()
            .zip(1..)
            .map(|(played, number)| {
                let at = if retimed { SimTime::from_millis(number) } else { played.at };
                rewrite::step(scenario, &universe, &Played { at, ..played.clone() })
            })
            .collect()
    };
    let mut test = Test {
        built_in,
        seed,
        by_action: decided.is_some(),
        end: run.endings.into_iter().nth(expectation).filter(|_| decided.is_none()),
        tried: 0,
        left: effort.unwrap_or(u64::MAX),
        gave_up: false,
    };
    let mut candidates = [rewrite::only(&only_one, steps(true)?), rewrite::only(&only_one, steps(false)?)].into_iter();
    let retimed = candidates.next().filter(|candidate| test.fails(candidate));
    let recorded = candidates.next();
    let mut best = match (retimed, recorded) {
        (Some(retimed), _) => retimed,
        (None, Some(recorded)) if test.fails(&recorded) => recorded,
        (None, _) => return Err(NotShrunk::NotReproduced),
    };
    loop {
        let before = rewrite::size(&best);
        test.fewer_steps(&mut best);
        test.smaller_reports(&mut best);
        test.fewer_individuals(&mut best);
        if rewrite::size(&best) == before {
            break;
        }
    }
    test.lower_times(&mut best);
    test.settle(&mut best);
    let written = crate::write(&best);
    Ok(Shrunk {
        text: written,
        expectation,
        recorded: run.played.len(),
        tried: test.tried,
        is_minimal: !test.gave_up,
        scenario: best,
    })
}

/// A run, as far as shrinking looks at it.
struct Recorded {
    ending: Ending,
    played: Vec<Played<WideSet>>,
    /// Per expectation, whether it came true, and the action that decided it.
    outcomes: Vec<(bool, Option<u64>)>,
    /// Scripted steps that could not happen.
    unplayable: usize,
    /// Per expectation, what matters to it of the end.
    endings: Vec<BTreeSet<Fact>>,
}

struct Listener<'a> {
    played: Vec<Played<WideSet>>,
    ledger: Ledger<'a, WideSet>,
    monitor: Monitor<'a, WideSet>,
}

impl Observer<WideSet> for Listener<'_> {
    fn step(&mut self, _: usize, now: SimTime, step: crate::simulation::Step<'_, WideSet>, state: &State<WideSet>) {
        for event in step.events {
            self.ledger.enter(now, event);
        }
        let refused = step.refused.map(slr_core::rejection::Rejection::code);
        self.played.push(Played { at: now, action: Some(step.action.clone()), script: step.script, refused });
        self.monitor.step(now, self.played.len() as u64, step, state, &self.ledger);
    }
}

fn play(universe: &Universe<WideSet>, lowered: &Lowered, seed: u64) -> Recorded {
    let mut states = [universe.initial()];
    let mut listener = Listener {
        played: Vec::new(),
        ledger: Ledger::new(universe, seed, &lowered.descriptions),
        monitor: Monitor::new(universe, &lowered.expectations, &lowered.step_expectations, &states[0]),
    };
    let mut player = Player::new(universe, &lowered.plan, seed);
    let mut agenda = Agenda::default();
    player.begin(&states[0], &mut agenda);
    let until = lowered.plan.until;
    let ended = conduct(universe, &mut states, &mut agenda, &mut player, &mut listener, until, &mut Scratch::default());
    let outcomes = listener.monitor.outcomes(&states[0], &listener.ledger);
    let endings = lowered.expectations.iter().zip(&outcomes);
    let endings = endings.map(|(asked, outcome)| ending(universe, &states[0], &asked.what, outcome.found.as_deref()));
    Recorded {
        ending: ended,
        endings: endings.collect(),
        outcomes: outcomes.iter().map(|outcome| (outcome.passed, outcome.decided.map(|(_, serial)| serial))).collect(),
        unplayable: player.unplayable().len(),
        played: listener.played,
    }
}

/// Tries scenarios for whether the expectation still fails in them.
struct Test<'a> {
    built_in: &'a Named<Spanned<Service>>,
    seed: u64,
    /// Whether an action decided it, and not the end of the run.
    by_action: bool,
    /// What has to be so at the end, if that decides it.
    end: Option<BTreeSet<Fact>>,
    tried: u64,
    /// How much effort is left.
    left: u64,
    /// Whether a scenario was not tried for lack of it.
    gave_up: bool,
}

/// A run is worth shrinking if so many scenarios of its size can be tried.
const FEWEST_TRIES: u64 = 20;

impl Test<'_> {
    /// The run of a candidate, if it is a scenario at all. Its text is read again, so that what is found is what anybody can run.
    fn run(&mut self, candidate: &Scenario) -> Option<Recorded> {
        let (steps, individuals, operators) = rewrite::size(candidate);
        let size = (steps + operators) as u64 + individuals + 1;
        let Some(left) = self.left.checked_sub(size) else {
            self.gave_up = true;
            return None;
        };
        (self.left, self.tried) = (left, self.tried + 1);
        let source = Source::new("shrunk.yaml", crate::write(candidate)).ok()?;
        let parsed = parse_with(&source, &Params::none(), self.built_in).ok()?;
        let lowered = lower(&parsed.scenario, self.built_in).ok()?;
        let universe = Universe::<WideSet>::new(lowered.world.clone()).ok()?;
        Some(play(&universe, &lowered, self.seed))
    }

    fn fails(&mut self, candidate: &Scenario) -> bool {
        let Some(run) = self.run(candidate) else {
            return false;
        };
        let decided_alike =
            run.outcomes.first().is_some_and(|(passed, decided)| !passed && decided.is_some() == self.by_action);
        // A step that cannot happen, or something that happens beside the steps, is not what was written down.
        decided_alike
            && run.unplayable == 0
            && run.played.iter().all(|played| played.script.is_some())
            && self.end.as_ref().is_none_or(|end| run.endings.first() == Some(end))
    }

    /// Takes the candidate if it still fails.
    fn take(&mut self, best: &mut Scenario, candidate: Scenario) -> bool {
        let fails = self.fails(&candidate);
        if fails {
            *best = candidate;
        }
        fails
    }

    /// Leaves out ever smaller runs of steps until none can be left out.
    fn fewer_steps(&mut self, best: &mut Scenario) {
        let mut chunk = best.steps.len().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            let mut any = false;
            while from < best.steps.len() {
                let mut candidate = best.clone();
                let to = (from + chunk).min(candidate.steps.len());
                candidate.steps.drain(from..to);
                candidate.faults = rewrite::throttlings(&candidate.steps);
                if self.take(best, candidate) {
                    any = true;
                } else {
                    from += chunk;
                }
            }
            match (any, chunk) {
                (false, 1) => break,
                (true, _) => {}
                (false, _) => chunk = chunk.div_ceil(2),
            }
        }
    }

    /// Lets failed tasks name fewer resources.
    fn smaller_reports(&mut self, best: &mut Scenario) {
        for number in 0..best.steps.len() {
            let names = |scenario: &Scenario| match &scenario.steps[number].value {
                Step::Happens(happens) => happens.reports.as_ref().map_or(0, Vec::len),
                Step::Do(_) => 0,
            };
            let mut place = 0;
            while place < names(best) {
                let mut candidate = best.clone();
                if let Step::Happens(happens) = &mut candidate.steps[number].value
                    && let Some(reports) = &mut happens.reports
                {
                    reports.remove(place);
                }
                if !self.take(best, candidate) {
                    place += 1;
                }
            }
        }
    }

    /// Takes resources, sessions, roles, operators, users and faults out of the world that play no part.
    fn fewer_individuals(&mut self, best: &mut Scenario) {
        self.remove_each(
            best,
            |scenario| scenario.operators.len(),
            |scenario, place| drop(scenario.operators.0.remove(place)),
        );
        self.remove_each(
            best,
            |scenario| scenario.given.len(),
            |scenario, place| {
                let given = scenario.given.remove(place);
                forget(scenario, &given.value, 0);
            },
        );
        for place in 0..best.given.len() {
            while count(&best.given[place].value) > 1 {
                let mut fewer = best.clone();
                lower_count(&mut fewer.given[place].value);
                let mut forgotten = fewer.clone();
                forget(&mut forgotten, &best.given[place].value, count(&fewer.given[place].value));
                // Sessions have no names: those that are left may do with the steps about all of them.
                if !self.take(best, fewer) && !self.take(best, forgotten) {
                    break;
                }
            }
        }
        self.remove_each(best, |scenario| scenario.users.len(), |scenario, place| drop(scenario.users.0.remove(place)));
        self.remove_each(best, |scenario| scenario.roles.len(), |scenario, place| drop(scenario.roles.0.remove(place)));
        self.remove_each(
            best,
            |scenario| scenario.services.len(),
            |scenario, place| {
                drop(scenario.services.0.remove(place));
            },
        );
    }

    fn remove_each(
        &mut self,
        best: &mut Scenario,
        len: impl Fn(&Scenario) -> usize,
        remove: impl Fn(&mut Scenario, usize),
    ) {
        let mut place = len(best);
        while place > 0 {
            place -= 1;
            let mut candidate = best.clone();
            remove(&mut candidate, place);
            self.take(best, candidate);
        }
    }

    /// Lets the steps follow one another by a millisecond.
    fn lower_times(&mut self, best: &mut Scenario) {
        let mut candidate = best.clone();
        for (step, millis) in candidate.steps.iter_mut().zip(1..) {
            let at = Duration::from_millis(millis);
            match &mut step.value {
                Step::Do(perform) => perform.at.value = at,
                Step::Happens(happens) => happens.at.value = at,
            }
        }
        let candidate = rewrite::only(&candidate, candidate.steps.clone());
        self.take(best, candidate);
    }

    /// Says of each call whether it is refused, as it is now.
    fn settle(&mut self, best: &mut Scenario) {
        let Some(run) = self.run(best) else {
            return;
        };
        let refusals: Vec<(u32, Option<RefusalCode>)> =
            run.played.iter().filter_map(|played| Some((played.script?, played.refused))).collect();
        let mut candidate = best.clone();
        for (number, refused) in refusals {
            if let Some(Spanned { value: Step::Do(perform), .. }) = candidate.steps.get_mut(number as usize) {
                perform.refused = refused.and_then(rewrite::error).map(rewrite::anywhere);
            }
        }
        self.take(best, candidate);
    }
}

/// Leaves out of the steps what is about these individuals, but for the first so many: they are about to be taken out of the world.
fn forget(scenario: &mut Scenario, given: &Given, but: u32) {
    match given {
        Given::Role(_) => {}
        Given::Resources(given) => {
            let gone: BTreeSet<String> = given.resources.names().skip(but as usize).collect();
            let is_gone = |name: &Spanned<String>| gone.contains(name.as_str());
            scenario.steps.retain(|step| match &step.value {
                Step::Do(perform) => !perform.resource.as_ref().is_some_and(is_gone),
                Step::Happens(happens) => !happens.resource.as_ref().is_some_and(is_gone),
            });
            for step in &mut scenario.steps {
                if let Step::Happens(happens) = &mut step.value
                    && let Some(reports) = &mut happens.reports
                {
                    reports.retain(|name| !is_gone(name));
                }
            }
        }
        Given::Sessions(given) => forget_sessions(scenario, given.sessions.role.as_str(), but),
    }
}

/// A step says that a session ends, and not which one: of the steps about sessions on the role as many stay as there are sessions.
fn forget_sessions(scenario: &mut Scenario, role: &str, but: u32) {
    let mut left = [but, but];
    scenario.steps.retain(|step| {
        let happening = match &step.value {
            Step::Happens(happens) => {
                happens.role.as_ref().filter(|name| name.as_str() == role).map(|_| &happens.happens)
            }
            Step::Do(_) => None,
        };
        let is = |wanted| happening.is_some_and(|happening| happening.value == wanted);
        let place = if is(Happening::SessionEnds) {
            0
        } else if is(Happening::SessionOpens) {
            1
        } else {
            return true;
        };
        let stays = left[place] > 0;
        left[place] = left[place].saturating_sub(1);
        stays
    });
}

fn count(given: &Given) -> u32 {
    match given {
        Given::Role(_) => 1,
        Given::Resources(given) => given.resources.count(),
        Given::Sessions(given) => given.sessions.count(),
    }
}

fn lower_count(given: &mut Given) {
    let fewer = Some(rewrite::anywhere(count(given) - 1));
    match given {
        Given::Role(_) => {}
        Given::Resources(given) => given.resources.value.count = fewer,
        Given::Sessions(given) => given.sessions.value.count = fewer,
    }
}
