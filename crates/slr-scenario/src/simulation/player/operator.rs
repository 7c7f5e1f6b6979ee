//! The operators of a scenario: their patience, their attempts, what they do next.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

use slr_core::action::Call;
use slr_core::id::{OperatorIdx, ResourceIdx, RoleIdx};
use slr_core::machine::Phase;
use slr_core::world::{ReadsDocs, Told, Works};
use slr_core::{Action, Event, IdSet, OperatorStep, State};

use super::super::plan::Actions;
use super::super::time::SimTime;
use super::{Actor, Agenda, Due, Player, What};

/// What an operator has tried, and when it may try again.
#[derive(Debug, Clone, Default)]
pub(super) struct Effort {
    /// When it may submit next.
    pub(super) submits: SimTime,
    /// How many requests it has made, throttled ones included.
    requests: u32,
    /// How often its poll has been throttled since one was last answered.
    throttled_polls: u32,
    clean_ups: CleanUps,
    /// When it looks again at what it has to wait for before it cleans up.
    pub(super) cleans: Option<SimTime>,
    /// The task for whose end it has last begun to wait, counted from 1 over all roles; noted where tasks are forgotten.
    pub(super) awaited: Option<u32>,
}

/// Per resource and the state from which its clean-up was called for and could come to nothing: how often, and when it may be again once it
/// has. In the order of resources, in which they are mostly called for, too.
#[derive(Debug, Clone, Default)]
struct CleanUps(Vec<CleanUpTries>);

type CleanUpTries = ((u32, u8), (u32, Option<SimTime>));

impl CleanUps {
    fn get(&self, place: (u32, u8)) -> Option<(u32, Option<SimTime>)> {
        let found = self.0.binary_search_by_key(&place, |(known, _)| *known).ok()?;
        Some(self.0[found].1)
    }

    fn set(&mut self, place: (u32, u8), tries: (u32, Option<SimTime>)) {
        match self.0.binary_search_by_key(&place, |(known, _)| *known) {
            Ok(found) => self.0[found].1 = tries,
            Err(free) => self.0.insert(free, (place, tries)),
        }
    }
}

impl Effort {
    /// Forgets everything, keeping the room.
    pub(super) fn begin_again(&mut self) {
        let Self { submits, requests, throttled_polls, clean_ups, cleans, awaited } = self;
        (*submits, *requests, *throttled_polls, *cleans, *awaited) = (SimTime::ZERO, 0, 0, None, None);
        clean_ups.0.clear();
    }
}

/// What a retry policy says of trying again.
enum Again {
    Now,
    At(SimTime),
    NoMore,
}

impl<S: IdSet> Player<'_, S> {
    fn operator_call(&mut self, id: OperatorIdx, step: OperatorStep, now: SimTime, actions: &mut Actions<S>) {
        let by = self.universe.operator(id).principal;
        actions.push(match step.operation() {
            Some(operation) if self.is_throttled(operation, now) => {
                Action::Throttle { by, call: Call::Step { operator: id, step } }
            }
            _ => Action::Operator { operator: id, step },
        });
    }

    fn has_used_up(&self, id: OperatorIdx, tries: u32) -> bool {
        self.universe.operator(id).attempts.is_some_and(|most| tries >= u32::from(most))
    }

    /// An operator polls, unless it has been throttled as often as it tries.
    pub(super) fn operator_polls(&mut self, id: OperatorIdx, now: SimTime, state: &State<S>, actions: &mut Actions<S>) {
        let used_up = self.has_used_up(id, self.efforts[id.index()].throttled_polls);
        if used_up && self.universe.may_step(state, id, OperatorStep::GivesUp) {
            actions.push(Action::Operator { operator: id, step: OperatorStep::GivesUp });
        } else {
            self.operator_call(id, OperatorStep::Polls, now, actions);
        }
    }

    /// Whether the operator calls for the next step of the resource's clean-up once more, where the last call for the same came to nothing.
    fn tries_again(&mut self, id: OperatorIdx, resource: ResourceIdx, now: SimTime, state: &State<S>) -> Again {
        let place = (resource.0, state.resource(resource));
        let (tries, next) = match self.efforts[id.index()].clean_ups.get(place) {
            // The last call that could come to nothing is over; one that cannot is not held against it.
            Some((tries, _)) if self.has_used_up(id, tries) && self.universe.may_be_undone(state, resource) => {
                return Again::NoMore;
            }
            Some(known) => known,
            None => return Again::Now,
        };
        let next = next.unwrap_or_else(|| {
            let backoff = self.plan.operators[id.index()].backoff;
            now.plus(backoff.after(tries, self.stream(Actor::Operator(id))))
        });
        self.efforts[id.index()].clean_ups.set(place, (tries, Some(next)));
        if next > now { Again::At(next) } else { Again::Now }
    }

    /// Notes a call for a clean-up that was granted and can come to nothing.
    pub(super) fn note_clean_up(&mut self, id: OperatorIdx, resource: ResourceIdx, from: u8) {
        if self.universe.kind_of(resource).undoes_clean_up[usize::from(from)].contains(&true) {
            let clean_ups = &mut self.efforts[id.index()].clean_ups;
            let (tries, _) = clean_ups.get((resource.0, from)).unwrap_or_default();
            clean_ups.set((resource.0, from), (tries.saturating_add(1), None));
        }
    }

    /// A throttled client comes back after the wait that its retry policy says, or gives up at once.
    pub(super) fn note_throttled(
        &mut self,
        id: OperatorIdx,
        step: OperatorStep,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        let effort = &mut self.efforts[id.index()];
        if step != OperatorStep::Polls {
            effort.requests = effort.requests.saturating_add(1);
            self.wait_and_work(id, now, state, agenda);
            return;
        }
        effort.throttled_polls = effort.throttled_polls.saturating_add(1);
        let tries = effort.throttled_polls;
        let wait = self.plan.operators[id.index()].backoff.after(tries, self.stream(Actor::Operator(id)));
        let next = if self.has_used_up(id, tries) { now } else { now.plus(wait) };
        self.at(next, What::OperatorPolls, id.0, agenda);
    }

    /// What an operator does when it looks at its work: clean up all that it can, or else submit, or give up.
    pub(super) fn operator_works(&mut self, id: OperatorIdx, now: SimTime, state: &State<S>, actions: &mut Actions<S>) {
        let universe = self.universe;
        let operator = universe.operator(id);
        let at_work = state.operator(id).phase.is_at_work();
        self.efforts[id.index()].cleans = None;
        let mut used_up = self.has_used_up(id, self.efforts[id.index()].requests);
        let known = universe.known_to(state, id);
        let callable = if at_work { known.and(&universe.callable(state)) } else { S::default() };
        if !callable.is_empty() && state.is_live(universe.sought(state, id)) {
            for resource in callable.iter().map(ResourceIdx) {
                if universe.can_clean_up(state, id, resource) {
                    match self.tries_again(id, resource, now, state) {
                        Again::Now => {
                            actions.push(Action::Operator { operator: id, step: OperatorStep::CleansUp(resource) });
                        }
                        Again::At(next) => {
                            let cleans = &mut self.efforts[id.index()].cleans;
                            *cleans = Some(cleans.map_or(next, |earlier| earlier.min(next)));
                        }
                        Again::NoMore => used_up = true,
                    }
                }
            }
        }
        let may_submit =
            !used_up && now >= self.efforts[id.index()].submits && universe.may_submit_knowing(state, id, &known);
        // Who works in any order submits as soon as it may; who works in steps has nothing left to clean up by then.
        if actions.is_empty() && may_submit {
            if operator.works == Works::InSteps {
                // What it knows of cannot be moved on. It tries once more, is refused, and asks again.
                let calls = callable.iter().map(|resource| OperatorStep::CleansUp(ResourceIdx(resource)));
                actions.extend(calls.map(|step| Action::Operator { operator: id, step }));
            }
            self.operator_call(id, OperatorStep::Submits, now, actions);
        } else if actions.is_empty() && at_work && used_up && universe.may_step(state, id, OperatorStep::GivesUp) {
            actions.push(Action::Operator { operator: id, step: OperatorStep::GivesUp });
        }
    }

    /// Lets an operator look again that could do nothing because it is too early: when its wait is over.
    pub(super) fn operator_has_worked(
        &mut self,
        id: OperatorIdx,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        self.begin_to_read(id, now, state, agenda);
        let Effort { submits, cleans, .. } = &mut self.efforts[id.index()];
        let goes_on = self.universe.operator(id).told == Told::AtOnce || state.operator(id).phase.is_at_work();
        let submits = Some(*submits).filter(|next| goes_on && *next > now);
        if let Some(next) = submits.into_iter().chain(cleans.take()).min() {
            self.at(next, What::OperatorWorks, id.0, agenda);
        }
    }

    /// Schedules what operators do next after an event.
    pub(super) fn tell_operators(
        &mut self,
        event: &Event<S>,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        let universe = self.universe;
        match event {
            Event::TaskFailed { role, .. } => {
                for operator in universe.seekers_of(*role) {
                    if universe.operator(*operator).works == Works::InAnyOrder {
                        self.wait_and_work(*operator, now, state, agenda);
                    }
                }
            }
            // Who works in any order asks for a role as soon as there is one; who works in steps has asked before.
            Event::RoleCreated { role, .. } => self.wake_operators(*role, now, state, agenda),
            Event::SessionEnded { session, .. } => {
                self.wake_operators(universe.world().sessions[session.index()].role, now, state, agenda);
            }
            Event::ResourceMoved { resource, .. } => {
                self.wake_operators(universe.role_of(*resource), now, state, agenda);
            }
            Event::FailureSeen { operator } => self.wait_and_work(*operator, now, state, agenda),
            // What it has learnt of it can clean up at once.
            Event::DocsRead { operator } | Event::ObstaclesNamed { operator, .. } => {
                self.work_at_once(*operator, now, agenda);
            }
            Event::RegionFailed { .. } | Event::RegionRecovered { .. } => {
                for role in universe.roles() {
                    self.wake_operators(role, now, state, agenda);
                }
            }
            _ => {}
        }
    }

    /// Cleans up at once, submits again after the wait, and reads the documentation meanwhile if it wants to.
    pub(super) fn wait_and_work(&mut self, id: OperatorIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let attempt = self.efforts[id.index()].requests;
        let backoff = self.plan.operators[id.index()].backoff;
        let wait = backoff.after(attempt.max(1), self.stream(Actor::Operator(id)));
        self.efforts[id.index()].submits = now.plus(wait);
        self.begin_to_read(id, now, state, agenda);
        self.work_at_once(id, now, agenda);
    }

    /// Lets an operator look at its work; one that a script moves does nothing by itself before it starts.
    fn work_at_once(&mut self, id: OperatorIdx, now: SimTime, agenda: &mut Agenda<Due>) {
        let starts = self.plan.operators[id.index()].starts;
        self.at(now.max(starts), What::OperatorWorks, id.0, agenda);
    }

    /// Lets an operator read the documentation who wants to, unless it reads already.
    pub(super) fn begin_to_read(&mut self, id: OperatorIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let never = self.universe.operator(id).reads_docs == ReadsDocs::Never;
        if !never && !self.reads[id.index()] && self.universe.may_read_docs(state, id) {
            self.reads[id.index()] = true;
            let delay = self.plan.read_docs;
            self.after_delay(now, delay, Actor::Operator(id), What::OperatorReads, id.0, agenda);
        }
    }

    /// Lets the operators look at their work again who prepare the role's deletion.
    fn wake_operators(&mut self, role: RoleIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        for operator in self.universe.seekers_of(role) {
            if state.operator(*operator).phase.is_at_work() && now >= self.plan.operators[operator.index()].starts {
                self.at(now, What::OperatorWorks, operator.0, agenda);
            }
        }
    }

    pub(super) fn note_operator(
        &mut self,
        id: OperatorIdx,
        step: OperatorStep,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        let (habits, phase) = (self.plan.operators[id.index()], state.operator(id).phase);
        match step {
            OperatorStep::Submits => {
                let effort = &mut self.efforts[id.index()];
                effort.requests = effort.requests.saturating_add(1);
                effort.throttled_polls = 0;
                if self.universe.operator(id).works == Works::InSteps {
                    effort.clean_ups.0.clear();
                }
                if let (Phase::Waiting, Some(polls)) = (phase, habits.polls) {
                    self.at(now.plus(SimTime::from_millis(polls.every)), What::OperatorPolls, id.0, agenda);
                    if let Some(deadline) = polls.deadline {
                        let deadline = now.plus(SimTime::from_millis(deadline));
                        self.at(deadline, What::OperatorLosesPatience, id.0, agenda);
                    }
                } else if phase.is_at_work() && self.universe.operator(id).works == Works::InSteps {
                    // Its request was refused: it tries again after the wait.
                    self.wait_and_work(id, now, state, agenda);
                }
            }
            OperatorStep::Polls => {
                self.efforts[id.index()].throttled_polls = 0;
                if let (Phase::Waiting, Some(polls)) = (phase, habits.polls) {
                    self.at(now.plus(SimTime::from_millis(polls.every)), What::OperatorPolls, id.0, agenda);
                }
            }
            OperatorStep::ReadsDocs | OperatorStep::CleansUp(_) | OperatorStep::GivesUp => {}
        }
    }
}
