//! One run after another in the same room: nothing is told, only counted.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

use slr_core::id::{OperatorIdx, RoleIdx};
use slr_core::invariant::{
    Invariant, LOOKED_AT, StepInvariant, invariants, is_evidently_sound, is_evidently_sound_step, step_invariants,
};
use slr_core::rejection::Code;
use slr_core::{Action, Event, IdSet, Parts, State, Universe};

use super::tally::Tally;
use super::{Row, is_required};
use crate::expect::{Monitor, Outcome};
use crate::ledger::Ledger;
use crate::lower::Lowered;
use crate::simulation::{Agenda, Due, Ending, Observer, Player, Scratch, SimTime, Step, conduct};

/// Runs a scenario under many seeds, one after another.
pub(super) struct Runner<'a, S: IdSet> {
    universe: &'a Universe<S>,
    lowered: &'a Lowered,
    initial: &'a State<S>,
    states: [State<S>; 1],
    player: Player<'a, S>,
    agenda: Agenda<Due>,
    scratch: Scratch<S>,
    counter: Counter<'a, S>,
    /// The roles that are to be deleted.
    goals: Vec<RoleIdx>,
    pub(super) tally: Tally,
}

impl<'a, S: IdSet> Runner<'a, S> {
    pub(super) fn new(universe: &'a Universe<S>, lowered: &'a Lowered, initial: &'a State<S>) -> Self {
        let world = universe.world();
        let mut goals: Vec<RoleIdx> = world.operators.iter().map(|operator| operator.goal).collect();
        if goals.is_empty() {
            goals = universe.roles().filter(|role| universe.is_service_linked(*role)).collect();
        }
        let (properties, operators) = (super::properties(lowered), world.operators.len());
        Self {
            universe,
            lowered,
            initial,
            states: [initial.clone()],
            player: Player::new(universe, &lowered.plan, 0),
            agenda: Agenda::default(),
            scratch: Scratch::default(),
            counter: Counter::new(universe, lowered, initial),
            goals,
            tally: Tally::new(properties, operators, world.roles.len()),
        }
    }

    /// Runs under one seed and counts what comes of it.
    pub(super) fn run(&mut self, seed: u64) -> Row {
        self.states[0].clone_from(self.initial);
        self.player.reset(seed);
        self.agenda.clear();
        self.counter.reset(seed, self.initial, self.lowered);
        self.player.begin(&self.states[0], &mut self.agenda);
        let until = self.lowered.plan.until;
        let ending = conduct(
            self.universe,
            &mut self.states,
            &mut self.agenda,
            &mut self.player,
            &mut self.counter,
            until,
            &mut self.scratch,
        );
        self.counter.stands_still = ending == Ending::Standstill;
        self.counter.end_waits();
        self.count(seed)
    }

    fn count(&mut self, seed: u64) -> Row {
        let passed = self.count_properties(seed);
        let Self { counter, tally, .. } = self;
        tally.runs += 1;
        tally.passed.record(passed, true, seed);
        tally.broken += u64::from(counter.is_broken);
        tally.standstills += u64::from(counter.stands_still);
        tally.events += counter.events;
        tally.steps.record(counter.steps);
        let mut attempts = 0;
        for (histogram, operator) in tally.attempts.iter_mut().zip((0..).map(OperatorIdx)) {
            let count = u64::from(counter.ledger.requests_of(operator));
            histogram.record(count);
            attempts += count;
        }
        for (role, watch) in tally.roles.iter_mut().zip(&counter.roles) {
            if let Some(deleted) = watch.deleted {
                role.deleted.record(deleted.millis());
            }
            if watch.is_asked_for {
                role.waits_for_sessions.record(watch.sessions.nanos / NANOS_PER_MILLI);
                role.waits_for_resources.record(watch.resources.nanos / NANOS_PER_MILLI);
            }
        }
        let mut refusals = 0;
        if counter.has_refusals {
            for (refused, calls) in tally.refused.iter_mut().zip(&counter.refused).filter(|(_, calls)| **calls > 0) {
                refused.record(*calls);
                refusals += calls;
            }
        }
        tally.refusals.record(refusals);
        let all_deleted = self.goals.iter().map(|role| counter.roles[role.index()].deleted);
        let deleted = all_deleted.reduce(|a, b| a.zip(b).map(|(a, b)| a.max(b))).flatten();
        let asked_for = self.goals.iter().map(|role| counter.roles[role.index()]).filter(|watch| watch.is_asked_for);
        let waits = asked_for.map(|watch| (watch.sessions.nanos, watch.resources.nanos));
        let waits = waits.reduce(|a, b| (a.0.saturating_add(b.0), a.1.saturating_add(b.1)));
        Row {
            seed,
            passed,
            attempts,
            deleted_millis: deleted.map(SimTime::millis),
            session_wait_millis: waits.map(|(sessions, _)| sessions / NANOS_PER_MILLI),
            resource_wait_millis: waits.map(|(_, resources)| resources / NANOS_PER_MILLI),
            refusals,
            steps: counter.steps,
        }
    }

    /// Whether everything came as expected.
    fn count_properties(&mut self, seed: u64) -> bool {
        let (counter, state) = (&self.counter, &self.states[0]);
        let mut held = self.tally.properties.iter_mut();
        let mut passed = true;
        for (index, expectation) in self.lowered.expectations.iter().enumerate() {
            let holds = counter.monitor.came_true(index, state, &counter.ledger);
            let required = is_required(&expectation.what);
            passed &= holds || !required;
            if let Some(held) = held.next() {
                held.record(holds, required, seed);
            }
        }
        let unplayable = self.player.unplayable();
        for (number, outcome) in (0_u32..).zip(counter.monitor.step_outcomes()) {
            let as_expected = outcome.as_ref().is_none_or(Outcome::passed);
            let holds = as_expected && unplayable.iter().all(|step| step.step != number);
            passed &= holds;
            if let Some(held) = held.next() {
                held.record(holds, true, seed);
            }
        }
        passed && !counter.is_broken && !counter.stands_still
    }
}

const NANOS_PER_MILLI: u64 = 1_000_000;

/// What is watched of a role.
#[derive(Debug, Clone, Copy, Default)]
struct Watch {
    /// Whether its deletion was requested.
    is_asked_for: bool,
    deleted: Option<SimTime>,
    /// How sessions used it since its deletion was requested, and how resources did.
    sessions: Wait,
    resources: Wait,
}

/// For how long something was waited for.
#[derive(Debug, Clone, Copy, Default)]
struct Wait {
    /// Since when it is waited for, if it is.
    since: Option<SimTime>,
    /// For how many nanoseconds it was before.
    nanos: u64,
}

impl Wait {
    /// Notes whether it is waited for from now on.
    #[inline]
    fn note(&mut self, is_waited_for: bool, now: SimTime) {
        match (self.since, is_waited_for) {
            (None, true) => self.since = Some(now),
            (Some(since), false) => {
                self.nanos += now.nanos() - since.nanos();
                self.since = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
}

impl Watch {
    /// Nothing is waited for any more.
    #[inline]
    fn end_waits(&mut self, now: SimTime) {
        self.sessions.note(false, now);
        self.resources.note(false, now);
    }
}

/// Counts during one run.
struct Counter<'a, S: IdSet> {
    universe: &'a Universe<S>,
    ledger: Ledger<'a, S>,
    monitor: Monitor<'a, S>,
    states: [Invariant<S>; 12],
    changes: [StepInvariant<S>; 8],
    before: State<S>,
    is_broken: bool,
    stands_still: bool,
    steps: u64,
    events: u64,
    /// When the last step was.
    now: SimTime,
    roles: Vec<Watch>,
    has_refusals: bool,
    refused: Vec<u64>,
}

impl<'a, S: IdSet> Counter<'a, S> {
    fn new(universe: &'a Universe<S>, lowered: &'a Lowered, initial: &State<S>) -> Self {
        let world = universe.world();
        Self {
            universe,
            ledger: Ledger::new(universe, 0, &lowered.descriptions),
            monitor: Monitor::new(universe, &lowered.expectations, &lowered.step_expectations, initial),
            states: invariants(),
            changes: step_invariants(),
            before: initial.clone(),
            is_broken: false,
            stands_still: false,
            steps: 0,
            events: 0,
            now: SimTime::ZERO,
            roles: vec![Watch::default(); world.roles.len()],
            has_refusals: false,
            refused: vec![0; Code::ALL.len()],
        }
    }

    fn reset(&mut self, seed: u64, initial: &State<S>, lowered: &Lowered) {
        self.ledger.reset(seed, &lowered.descriptions);
        self.monitor.reset(initial);
        self.before.clone_from(initial);
        (self.is_broken, self.steps, self.events) = (false, 0, 0);
        self.now = SimTime::ZERO;
        self.roles.fill(Watch::default());
        if self.has_refusals {
            self.refused.fill(0);
            self.has_refusals = false;
        }
    }

    #[inline]
    fn count_refusal(&mut self, code: Code) {
        self.has_refusals = true;
        // The codes are numbered in the order of `Code::ALL`; a test holds them to it.
        self.refused[code as usize] += 1;
    }

    #[inline]
    fn check_invariants(&mut self, action: &Action<S>, changed: Parts, state: &State<S>) {
        if !changed.meet(LOOKED_AT) {
            return;
        }
        let universe = self.universe;
        let holds = (is_evidently_sound(universe, state)
            || self.states.iter().all(|invariant| (invariant.holds)(universe, state)))
            && (is_evidently_sound_step(universe, &self.before, action, state)
                || self.changes.iter().all(|invariant| (invariant.holds)(universe, &self.before, action, state)));
        self.is_broken |= !holds;
    }

    /// Notes what every role whose deletion was requested and has not come waits for in this state, of which these parts are new.
    #[inline]
    fn note_waits(&mut self, changed: Parts, state: &State<S>) {
        // What begins to be waited for begins with a task.
        if !changed.meet(Parts::SESSIONS.and(Parts::RESOURCES).and(Parts::TASKS)) {
            return;
        }
        for (watch, role) in self.roles.iter_mut().zip((0..).map(RoleIdx)) {
            if watch.is_asked_for && watch.deleted.is_none() {
                watch.sessions.note(self.universe.is_session_open(state, role), self.now);
                watch.resources.note(state.blocking().meets(self.universe.resources_of(role)), self.now);
            }
        }
    }

    /// The run is over: so are the waits.
    fn end_waits(&mut self) {
        for watch in self.roles.iter_mut().filter(|watch| watch.deleted.is_none()) {
            watch.end_waits(self.now);
        }
    }
}

impl<S: IdSet> Observer<S> for Counter<'_, S> {
    #[inline]
    fn step(&mut self, _: usize, now: SimTime, step: Step<'_, S>, state: &State<S>) {
        self.steps += 1;
        self.events += step.events.len() as u64;
        self.now = now;
        if step.is_repeated && step.script.is_none() {
            return;
        }
        if let Some(rejection) = step.refused {
            self.count_refusal(rejection.code());
        }
        self.ledger.enter_step(now, step.action, step.events);
        let mut goes = false;
        for event in step.events {
            match event {
                Event::TaskSubmitted { role } => self.roles[role.index()].is_asked_for = true,
                Event::Refused { rejection, .. } => self.count_refusal(rejection.code()),
                Event::RoleDeleted { .. } => goes = true,
                _ => {}
            }
        }
        let changed = state.differs_from(&self.before);
        self.note_waits(changed, state);
        if goes {
            for event in step.events {
                if let Event::RoleDeleted { role, .. } = event {
                    let watch = &mut self.roles[role.index()];
                    watch.end_waits(now);
                    watch.deleted.get_or_insert(now);
                }
            }
        }
        self.check_invariants(step.action, changed, state);
        self.monitor.step((now, self.steps), step, changed, state, &self.ledger);
        if changed.meet(LOOKED_AT) {
            self.before.clone_from(state);
        }
    }

    /// Nothing is refused, requested or changed by a poll that is answered as the last step was.
    #[inline]
    fn again(&mut self, _: usize, (now, wait): (SimTime, SimTime), times: u64, step: Step<'_, S>, _: &State<S>) -> u64 {
        self.steps += times;
        self.events += times * step.events.len() as u64;
        self.now = now.plus(wait.times(times));
        times
    }

    fn is_satisfied(&self) -> bool {
        self.is_broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_numbered_in_the_order_of_their_list() {
        for (place, code) in Code::ALL.iter().enumerate() {
            assert_eq!(*code as usize, place);
        }
    }
}
