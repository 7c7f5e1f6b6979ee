//! Scenarios that are tried for whether they still fail.

use std::collections::BTreeSet;

use slr_core::rejection::{Code as RefusalCode, Rejection};
use slr_core::{Parts, State, Universe, WideSet};

use super::failure::{Fact, Failure, ending};
use crate::expect::{Monitor, StepExpectation};
use crate::ledger::Ledger;
use crate::lower::Lowered;
use crate::rewrite::{self, Played};
use crate::simulation::{Agenda, Ending, Observer, Player, Scratch, SimTime, conduct};
use crate::source::Source;
use crate::syntax::{Duration, Scenario, Step};
use crate::yaml::{Node, to_text};
use crate::{Loaded, Params, load};

/// A run, as far as shrinking looks at it.
pub(super) struct Recorded {
    pub(super) ended: Ending,
    pub(super) played: Vec<Played<WideSet>>,
    /// Per expectation, whether it came true, and the action that decided it.
    pub(super) outcomes: Vec<(bool, Option<u64>)>,
    /// Per step of the script, whether it came as it says, and its last action; `None` if it never came.
    pub(super) steps: Vec<Option<(bool, u64)>>,
    /// Per step of the script, in which respects it came otherwise than it says.
    pub(super) short_of: Vec<BTreeSet<String>>,
    /// Scripted steps that could not happen.
    pub(super) unplayable: Vec<u32>,
    /// Per expectation, what matters to it of the end.
    pub(super) endings: Vec<BTreeSet<Fact>>,
    /// Whether it went on longer than it was listened to.
    is_cut: bool,
}

struct Listener<'a> {
    played: Vec<Played<WideSet>>,
    most: usize,
    ledger: Ledger<'a, WideSet>,
    monitor: Monitor<'a, WideSet>,
    universe: &'a Universe<WideSet>,
    expected: &'a [StepExpectation],
    short_of: Vec<BTreeSet<String>>,
}

impl Observer<WideSet> for Listener<'_> {
    fn step(&mut self, _: usize, now: SimTime, step: crate::simulation::Step<'_, WideSet>, state: &State<WideSet>) {
        self.ledger.enter_step(now, step.action, step.events);
        let refused = step.refused.map(Rejection::code);
        if let Some(number) = step.script.map(|script| script as usize)
            && self.short_of[number].is_empty()
        {
            self.short_of[number] = self.expected[number].shortcomings(self.universe, step, state, &self.ledger);
        }
        self.played.push(Played { at: now, action: Some(step.action.clone()), script: step.script, refused });
        self.monitor.step((now, self.played.len() as u64), step, Parts::ALL, state, &self.ledger);
    }

    fn is_satisfied(&self) -> bool {
        self.played.len() > self.most
    }
}

impl Recorded {
    /// Plays a scenario, at most so many actions of it.
    pub(super) fn of(universe: &Universe<WideSet>, lowered: &Lowered, seed: u64, most: Option<usize>) -> Self {
        let mut states = [universe.initial()];
        let mut listener = Listener {
            played: Vec::new(),
            most: most.unwrap_or(usize::MAX),
            ledger: Ledger::new(universe, seed, &lowered.descriptions),
            monitor: Monitor::new(universe, &lowered.expectations, &lowered.step_expectations, &states[0]),
            universe,
            expected: &lowered.step_expectations,
            short_of: vec![BTreeSet::new(); lowered.step_expectations.len()],
        };
        let mut player = Player::new(universe, &lowered.plan, seed);
        let mut agenda = Agenda::default();
        player.begin(&states[0], &mut agenda);
        let until = lowered.plan.until;
        let ended =
            conduct(universe, &mut states, &mut agenda, &mut player, &mut listener, until, &mut Scratch::default());
        let outcomes = listener.monitor.outcomes(&states[0], &listener.ledger);
        let endings = lowered.expectations.iter().enumerate();
        let endings = endings.map(|(number, asked)| {
            ending(universe, &states[0], &listener.ledger, &asked.what, listener.monitor.count(number))
        });
        let serial = |decided: Option<(SimTime, u64)>| decided.map_or(0, |(_, serial)| serial);
        let steps = listener.monitor.step_outcomes().iter();
        Self {
            ended,
            endings: endings.collect(),
            outcomes: outcomes.iter().map(|outcome| (outcome.passed(), outcome.decided.map(|(_, at)| at))).collect(),
            steps: steps.map(|step| step.as_ref().map(|step| (step.passed(), serial(step.decided)))).collect(),
            unplayable: player.unplayable().iter().map(|step| step.step).collect(),
            is_cut: listener.is_satisfied(),
            short_of: listener.short_of,
            played: listener.played,
        }
    }

    /// With what a step was refused, if it was.
    pub(super) fn refused(&self, step: usize) -> Option<RefusalCode> {
        let is_it = |played: &&Played<WideSet>| played.script.is_some_and(|script| script as usize == step);
        self.played.iter().rev().find(is_it).and_then(|played| played.refused)
    }
}

/// Tries scenarios for whether they still fail as the original does.
pub(super) struct Trial {
    pub(super) failure: Failure,
    /// Whether nothing may happen but what steps say.
    pub(super) is_scripted: bool,
    /// Whether every step that is not what fails has to come as it says.
    pub(super) is_settled: bool,
    /// How many actions a run may have.
    most: usize,
    pub(super) tried: u64,
    /// How much effort is left.
    left: u64,
    /// Whether a scenario was not tried for lack of it.
    pub(super) gave_up: bool,
}

impl Trial {
    pub(super) fn new(failure: Failure, recorded: usize, effort: Option<u64>) -> Self {
        Self {
            failure,
            is_scripted: false,
            is_settled: false,
            most: recorded,
            tried: 0,
            left: effort.unwrap_or(u64::MAX),
            gave_up: false,
        }
    }

    /// Makes the scenario as small as it gets.
    pub(super) fn reduce(&mut self, best: &mut Scenario) {
        loop {
            self.leave_out(best);
            // Where less happens later, more can be left out.
            let before = best.clone();
            self.shorten(best);
            if *best == before {
                break;
            }
        }
    }

    /// Leaves out whatever can be left out, and lowers numbers.
    fn leave_out(&mut self, best: &mut Scenario) {
        loop {
            let before = best.clone();
            self.is_settled = false;
            self.fewer_individuals(best);
            self.fewer_steps(best);
            let is_settled = self.settle(best);
            self.is_settled = true;
            if !is_settled {
                // What is left cannot say how its steps come: less is left out, so that they come as they say already.
                best.clone_from(&before);
                self.fewer_individuals(best);
                self.fewer_steps(best);
            }
            if self.is_scripted {
                // While nothing else happens by itself whenever the steps come.
                self.hasten(best);
            }
            self.prune(best);
            self.lower_numbers(best);
            if *best == before {
                break;
            }
        }
    }

    /// The scenario that a text is, with its run; `None` if it is none, or if there is no effort left for it.
    fn run(&mut self, text: String, size: u64) -> Option<(Scenario, Recorded)> {
        let Some(left) = self.left.checked_sub(size) else {
            self.gave_up = true;
            return None;
        };
        (self.left, self.tried) = (left, self.tried + 1);
        let source = Source::new("shrunk.yaml", text).ok()?;
        let Loaded { scenario, lowered, .. } = load(&source, &Params::none()).ok()?;
        let universe = Universe::<WideSet>::new(lowered.world.clone()).ok()?;
        let run = Recorded::of(&universe, &lowered, lowered.seed, Some(self.most));
        self.left = self.left.saturating_sub(run.played.len() as u64);
        Some((scenario, run))
    }

    fn is_alike(&self, run: &Recorded) -> bool {
        let last = run.steps.len().checked_sub(1);
        let may_fail = last.filter(|_| self.failure.is_of_a_step());
        let is_played = run.unplayable.iter().all(|step| Some(*step as usize) == may_fail);
        let is_as_written = |(number, step): (usize, &Option<(bool, u64)>)| {
            Some(number) == may_fail || step.is_none_or(|(passed, _)| passed)
        };
        !run.is_cut
            && run.ended != Ending::Standstill
            && is_played
            && self.failure.is_seen_in(run)
            // Something that happens beside the steps is not what was written down.
            && (!self.is_scripted || run.played.iter().all(|played| played.script.is_some()))
            && (!self.is_settled || run.steps.iter().enumerate().all(is_as_written))
    }

    /// The candidate, if it fails alike; without the steps that have become impossible, which change nothing.
    pub(super) fn attempt(&mut self, candidate: &Scenario) -> Option<Scenario> {
        let size = size(candidate);
        let (mut read, run) = self.run(crate::write(candidate), size)?;
        if self.is_alike(&run) {
            return Some(read);
        }
        let impossible: BTreeSet<u32> = run.unplayable.iter().copied().collect();
        if impossible.is_empty() {
            return None;
        }
        let mut number = 0..;
        read.steps.retain(|_| number.next().is_none_or(|number| !impossible.contains(&number)));
        self.refit(&mut read);
        let (read, run) = self.run(crate::write(&read), size)?;
        self.is_alike(&run).then_some(read)
    }

    /// Takes the candidate if it fails alike.
    pub(super) fn take(&mut self, best: &mut Scenario, candidate: &Scenario) -> bool {
        let taken = self.attempt(candidate);
        let is_taken = taken.is_some();
        if let Some(taken) = taken {
            *best = taken;
        }
        is_taken
    }

    /// Takes the candidate if it fails alike, and is one at all.
    pub(super) fn take_text(&mut self, best: &mut Scenario, candidate: &Node) -> bool {
        let tried = self.run(to_text(candidate), size(best));
        let taken = tried.filter(|(_, run)| self.is_alike(run));
        let is_taken = taken.is_some();
        if let Some((taken, _)) = taken {
            *best = taken;
        }
        is_taken
    }

    /// Has the calls of a script throttled that were, and the run end with its last step.
    pub(super) fn refit(&self, candidate: &mut Scenario) {
        if !self.is_scripted {
            return;
        }
        let mut steps = candidate.steps.clone();
        if let Some(Step::Do(last)) = steps.last_mut().map(|step| &mut step.value)
            && let Failure::Answered { refused, .. } = &self.failure
        {
            last.refused = refused.and_then(rewrite::error).map(rewrite::anywhere);
        }
        candidate.faults = rewrite::throttlings(&steps);
        candidate.until = Some(rewrite::anywhere(end_of(candidate)));
    }

    /// Leaves out ever smaller runs of steps until none can be left out.
    fn fewer_steps(&mut self, best: &mut Scenario) {
        let kept = usize::from(self.failure.is_of_a_step());
        let mut chunk = best.steps.len().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            let mut any = false;
            while from + kept < best.steps.len() {
                let mut candidate = best.clone();
                let to = (from + chunk).min(candidate.steps.len() - kept);
                candidate.steps.drain(from..to);
                self.refit(&mut candidate);
                if self.take(best, &candidate) {
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

    /// Says of each call whether it is refused, as it is now, but of the one that fails. Returns whether that can be said.
    fn settle(&mut self, best: &mut Scenario) -> bool {
        let Some((mut candidate, run)) = self.run(crate::write(best), size(best)) else {
            return false;
        };
        let kept = usize::from(self.failure.is_of_a_step());
        let settled = candidate.steps.len().saturating_sub(kept);
        for (number, step) in candidate.steps.iter_mut().enumerate().take(settled) {
            if let (Step::Do(perform), Some(Some(_))) = (&mut step.value, run.steps.get(number)) {
                perform.refused = run.refused(number).and_then(rewrite::error).map(rewrite::anywhere);
                perform.message = None;
                perform.answers = None;
            }
        }
        self.take(best, &candidate)
    }
}

/// When a script has ended.
pub(super) fn end_of(scenario: &Scenario) -> Duration {
    let last = scenario.steps.last().map_or(Duration::ZERO, |step| step.at().value);
    last.max(Duration::from_millis(1))
}

fn size(scenario: &Scenario) -> u64 {
    let (steps, individuals, operators) = rewrite::size(scenario);
    (steps + operators) as u64 + individuals + 1
}
