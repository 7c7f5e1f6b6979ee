//! Moves that are made because parameters of calls say when.

use slr_core::id::{ResourceIdx, TransitionIdx};
use slr_core::kind::Mover;
use slr_core::{Action, IdSet, State};

use super::super::plan::{Actions, Plan};
use super::super::time::SimTime;
use super::super::timing::{Given, Occasion, Parameters, Timed};
use super::{Agenda, Due, Player, What};
use crate::schedule::Schedule;

const HOUR: u64 = 3_600_000;

/// What is known of resources for the sake of timed moves.
#[derive(Debug)]
pub(super) struct Timetable {
    parameters: Vec<Parameters>,
    /// Per resource, when it came into its state.
    since: Vec<SimTime>,
    /// Per resource, the move that is made when its time is up, whatever else it waits for.
    deadlines: Vec<Option<(SimTime, TransitionIdx)>>,
}

impl Timetable {
    pub(super) fn new(plan: &Plan, resources: usize) -> Self {
        let mut timetable = Self {
            parameters: vec![Parameters::new(); resources],
            since: vec![SimTime::ZERO; resources],
            deadlines: vec![None; resources],
        };
        timetable.reset(plan);
        timetable
    }

    pub(super) fn reset(&mut self, plan: &Plan) {
        self.since.fill(SimTime::ZERO);
        self.deadlines.fill(None);
        if !plan.timing.is_empty() {
            for (resource, parameters) in (0..).map(ResourceIdx).zip(&mut self.parameters) {
                *parameters = plan.timing.given.get(&resource).cloned().unwrap_or_default();
            }
        }
    }

    fn schedule(&self, of: ResourceIdx, parameter: &str) -> Option<&Schedule> {
        match self.parameters[of.index()].get(parameter) {
            Some(Given::Schedule(schedule)) => Some(schedule),
            Some(Given::Hours(_) | Given::Days(_) | Given::Word(_) | Given::Null) | None => None,
        }
    }

    fn hours(&self, of: ResourceIdx, parameter: &str) -> Option<u32> {
        match self.parameters[of.index()].get(parameter) {
            Some(Given::Hours(hours)) => Some(*hours),
            Some(Given::Schedule(_) | Given::Days(_) | Given::Word(_) | Given::Null) | None => None,
        }
    }

    /// The next time of a schedule, its offset included.
    fn next(&self, of: ResourceIdx, parameter: &str, offset: Option<&str>, now: SimTime) -> Option<SimTime> {
        let days = match offset.and_then(|offset| self.parameters[of.index()].get(offset)) {
            Some(Given::Days(days)) => *days,
            Some(Given::Schedule(_) | Given::Hours(_) | Given::Word(_) | Given::Null) | None => 0,
        };
        self.schedule(of, parameter)?.after_with_offset(now, days)
    }

    /// How long after the occasion's beginning it is, if its parameters have been given.
    fn span(&self, occasion: &Occasion) -> Option<SimTime> {
        let Occasion::Hours { of, after, less, only, .. } = occasion else { return None };
        let is_so = |(resource, parameter, word): &(ResourceIdx, String, String)| matches!(self.parameters[resource.index()].get(parameter), Some(Given::Word(given)) if given == word);
        let off = match less {
            Some(less) => self.hours(*of, less)?,
            None => 0,
        };
        let hours = self.hours(*of, after)?.saturating_sub(off);
        only.iter().all(is_so).then(|| SimTime::from_millis(u64::from(hours) * HOUR))
    }

    fn is_known(&self, occasion: &Occasion) -> bool {
        match occasion {
            Occasion::Schedule { of, parameter, .. } => self.schedule(*of, parameter).is_some(),
            Occasion::Hours { .. } => self.span(occasion).is_some(),
        }
    }
}

impl<S: IdSet> Player<'_, S> {
    /// Whether parameters say when the move is made, so that nothing else does.
    pub(super) fn is_timed(&self, resource: ResourceIdx, transition: TransitionIdx) -> bool {
        let timing = &self.plan.timing;
        let is_this = |timed: &&Timed| timed.transition == transition;
        !timing.is_empty()
            && timing
                .moves_of(resource)
                .iter()
                .find(is_this)
                .is_some_and(|timed| self.timetable.is_known(&timed.occasion))
    }

    /// Notes when a resource came into its state, and what is due by then.
    pub(super) fn resource_came_into(
        &mut self,
        resource: ResourceIdx,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        if self.plan.timing.is_empty() {
            return;
        }
        self.timetable.since[resource.index()] = now;
        self.set_deadline(resource, now, state, agenda);
        let plan = self.plan;
        for other in plan.timing.counted_from(resource) {
            self.set_deadline(*other, now, state, agenda);
        }
    }

    /// Schedules the first of the moves that a resource makes when a time is up that parameters tell.
    pub(super) fn set_deadline(
        &mut self,
        resource: ResourceIdx,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        let (plan, universe) = (self.plan, self.universe);
        let code = state.resource(resource);
        let transitions = &universe.kind_of(resource).transitions;
        let is_open = |id: TransitionIdx| {
            let step = &transitions[id.index()];
            step.from == code && step.by == Mover::Service
        };
        let since = |timetable: &Timetable, resource: ResourceIdx| timetable.since[resource.index()];
        let mut first: Option<(SimTime, TransitionIdx)> = None;
        let mut offer = |at: SimTime, id: TransitionIdx| {
            if first.is_none_or(|(earliest, _)| at < earliest) {
                first = Some((at, id));
            }
        };
        for timed in plan.timing.moves_of(resource).iter().filter(|timed| is_open(timed.transition)) {
            if let Occasion::Hours { since: from, .. } = &timed.occasion
                && let Some(span) = self.timetable.span(&timed.occasion)
                && state.resource(*from) != 0
            {
                offer(since(&self.timetable, *from).plus(span), timed.transition);
            }
        }
        self.timetable.deadlines[resource.index()] = first;
        if let Some((at, _)) = first {
            self.at(at.max(now), What::TimeIsUp, resource.0, agenda);
        }
    }

    /// The move of a resource whose time is up.
    pub(super) fn time_is_up(&mut self, resource: ResourceIdx, state: &State<S>, actions: &mut Actions<S>) {
        let universe = self.universe;
        let Some((_, transition)) = self.timetable.deadlines[resource.index()] else { return };
        if universe.transition(resource, transition).from != state.resource(resource) {
            self.timetable.deadlines[resource.index()] = None;
        } else if universe.may_move(state, resource, transition) {
            self.timetable.deadlines[resource.index()] = None;
            actions.push(Action::ResourceMoves { resource, transition });
        } else {
            self.waiting_resources.insert(resource.0);
        }
    }

    /// The move whose time is up although it could not be made.
    pub(super) fn deadline_over(&self, resource: ResourceIdx, now: SimTime) -> Option<TransitionIdx> {
        self.timetable.deadlines[resource.index()].filter(|(at, _)| *at <= now).map(|(_, id)| id)
    }

    /// The first resource that the schedule of another one moves now.
    pub(super) fn schedule_comes(&self, of: ResourceIdx, state: &State<S>, actions: &mut Actions<S>) {
        let (plan, universe) = (self.plan, self.universe);
        let moved = plan.timing.scheduled_by(of).iter().find_map(|resource| {
            let moves = plan.timing.moves_of(*resource).iter();
            let mut open = moves.filter(|timed| self.is_scheduled(*resource, timed, of, state));
            open.find(|timed| universe.meets_conditions(state, *resource, timed.transition))
                .map(|timed| (*resource, timed.transition))
        });
        if let Some((resource, transition)) = moved {
            actions.push(Action::ResourceMoves { resource, transition });
        }
    }

    /// Whether a move from the resource's state waits for a schedule.
    fn is_scheduled(&self, resource: ResourceIdx, timed: &Timed, by: ResourceIdx, state: &State<S>) -> bool {
        let is_open = self.universe.transition(resource, timed.transition).from == state.resource(resource);
        is_open && matches!(&timed.occasion, Occasion::Schedule { of, .. } if *of == by)
    }

    /// Schedules the next time of a resource's schedule, as long as somebody waits for it.
    pub(super) fn await_schedule(&mut self, of: ResourceIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let (plan, universe) = (self.plan, self.universe);
        if plan.timing.is_empty() {
            return;
        }
        let code = state.resource(of);
        let is_there = code != 0 && universe.kind_of(of).state(code).is_some_and(|state| !state.is_end);
        let waiting = plan.timing.scheduled_by(of).iter().find_map(|resource| {
            let mut moves = plan.timing.moves_of(*resource).iter();
            moves.find(|timed| self.is_scheduled(*resource, timed, of, state)).map(|timed| &timed.occasion)
        });
        let Some(Occasion::Schedule { parameter, offset, .. }) = waiting.filter(|_| is_there) else { return };
        if let Some(next) = self.timetable.next(of, parameter, offset.as_deref(), now) {
            self.at(next, What::ScheduleComes, of.0, agenda);
        }
    }

    /// Takes note of the parameters that a step has given.
    pub(super) fn take_parameters(&mut self, step: u32, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let plan = self.plan;
        let Some((resource, given)) = &plan.steps[step as usize].sets else { return };
        let known = &mut self.timetable.parameters[resource.index()];
        let (mut reschedules, mut untimes) = (false, false);
        for (name, given) in given {
            let before = known.insert(name.clone(), given.clone());
            let is_lost = *given == Given::Null;
            for value in [Some(given), before.as_ref().filter(|_| is_lost)].into_iter().flatten() {
                reschedules |= matches!(value, Given::Schedule(_) | Given::Days(_));
                untimes |= is_lost && matches!(value, Given::Schedule(_) | Given::Hours(_));
            }
        }
        if reschedules {
            // What was to come by the schedule before does not come any more.
            self.call_off(What::ScheduleComes, resource.0);
            self.await_schedule(*resource, now, state, agenda);
        }
        for other in self.universe.resources() {
            let moves = plan.timing.moves_of(other);
            let by_hours = |timed: &Timed| matches!(&timed.occasion, Occasion::Hours { of, .. } if of == resource);
            let by_schedule =
                |timed: &Timed| matches!(&timed.occasion, Occasion::Schedule { of, .. } if of == resource);
            if moves.iter().any(by_hours) {
                self.set_deadline(other, now, state, agenda);
            }
            if untimes && moves.iter().any(|timed| by_hours(timed) || by_schedule(timed)) {
                // From now on a delay decides.
                self.draw_ordinary(other, now, state);
                self.schedule_move(other, now, state, agenda);
            }
        }
    }
}
