//! The operators of a scenario: their patience, their attempts, what they do next.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

use slr_core::action::Operation;
use slr_core::id::{OperatorIdx, ResourceIdx, RoleIdx};
use slr_core::kind::CleanUp;
use slr_core::machine::Phase;
use slr_core::world::Works;
use slr_core::{Action, Event, IdSet, OperatorStep, State};

use super::super::plan::Actions;
use super::super::time::SimTime;
use super::{Actor, Agenda, Due, Player, What};

impl<S: IdSet> Player<'_, S> {
    pub(super) fn operator_call(
        &mut self,
        id: OperatorIdx,
        step: OperatorStep,
        now: SimTime,
        actions: &mut Actions<S>,
    ) {
        let operation = match step {
            OperatorStep::Submits => Some(Operation::DeleteServiceLinkedRole),
            OperatorStep::Polls => Some(Operation::GetServiceLinkedRoleDeletionStatus),
            OperatorStep::ReadsDocs | OperatorStep::CleansUp(_) | OperatorStep::GivesUp => None,
        };
        let by = self.universe.operator(id).principal;
        actions.push(match operation {
            Some(operation) if self.is_throttled(operation, now) => Action::Throttle { by, operation },
            _ => Action::Operator { operator: id, step },
        });
    }

    /// What an operator does when it looks at its work: clean up all that it can, or else submit, or give up.
    pub(super) fn operator_works(&mut self, id: OperatorIdx, now: SimTime, state: &State<S>, actions: &mut Actions<S>) {
        let universe = self.universe;
        let operator = universe.operator(id);
        let at_work = state.operator(id).phase == Phase::Preparing;
        if at_work && state.is_live(universe.sought(state, id)) {
            let cleanable = universe.known_to(state, id);
            for resource in cleanable.iter().map(ResourceIdx) {
                if matches!(universe.clean_up_of(state, resource), CleanUp::Call(_))
                    && universe.can_clean_up(state, id, resource)
                {
                    actions.push(Action::Operator { operator: id, step: OperatorStep::CleansUp(resource) });
                }
            }
        }
        let may_submit = universe.may_step(state, id, OperatorStep::Submits) && now >= self.submits[id.index()].0;
        // Who works in any order submits as soon as it may; who works in steps has nothing left to clean up by then.
        if actions.is_empty() && may_submit {
            if operator.works == Works::InSteps {
                // What it knows of cannot be moved on. It tries once more, is refused, and asks again.
                let known = universe.known_to(state, id);
                let callable = known
                    .iter()
                    .map(ResourceIdx)
                    .filter(|resource| at_work && matches!(universe.clean_up_of(state, *resource), CleanUp::Call(_)));
                actions.extend(
                    callable.map(|resource| Action::Operator { operator: id, step: OperatorStep::CleansUp(resource) }),
                );
            }
            self.operator_call(id, OperatorStep::Submits, now, actions);
        } else if actions.is_empty() && at_work && universe.may_step(state, id, OperatorStep::GivesUp) {
            actions.push(Action::Operator { operator: id, step: OperatorStep::GivesUp });
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
                for operator in universe.operators() {
                    let described = universe.operator(operator);
                    if described.works == Works::InAnyOrder && universe.is_sought(operator, *role) {
                        self.wait_and_work(operator, now, state, agenda);
                    }
                }
            }
            Event::SessionEnded { session, .. } => {
                self.wake_operators(universe.world().sessions[session.index()].role, now, state, agenda);
            }
            Event::ResourceMoved { resource, .. } => {
                self.wake_operators(universe.role_of(*resource), now, state, agenda);
            }
            Event::FailureSeen { operator } => self.wait_and_work(*operator, now, state, agenda),
            // What it has learnt of it can clean up at once.
            Event::DocsRead { operator } | Event::ObstaclesNamed { operator, .. } => {
                let starts = self.plan.operators[operator.index()].starts;
                self.at(now.max(starts), What::OperatorWorks, operator.0, agenda);
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
        let attempt = self.submits[id.index()].1;
        let backoff = self.plan.operators[id.index()].backoff;
        let wait = backoff.after(attempt.max(1), self.stream(Actor::Operator(id)));
        self.submits[id.index()].0 = now.plus(wait);
        self.begin_to_read(id, now, state, agenda);
        // An operator that a script moves does nothing by itself before it starts.
        let starts = self.plan.operators[id.index()].starts;
        self.at(now.max(starts), What::OperatorWorks, id.0, agenda);
    }

    /// Lets an operator read the documentation who wants to, unless it reads already.
    pub(super) fn begin_to_read(&mut self, id: OperatorIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        if !self.reads[id.index()] && self.universe.may_step(state, id, OperatorStep::ReadsDocs) {
            self.reads[id.index()] = true;
            let delay = self.plan.read_docs;
            self.after_delay(now, delay, Actor::Operator(id), What::OperatorReads, id.0, agenda);
        }
    }

    /// Lets the operators look at their work again who prepare the role's deletion.
    fn wake_operators(&mut self, role: RoleIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        for operator in self.universe.operators() {
            let starts = self.plan.operators[operator.index()].starts;
            let concerned = self.universe.is_sought(operator, role) && now >= starts;
            if concerned && state.operator(operator).phase == Phase::Preparing {
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
                let submits = &mut self.submits[id.index()];
                submits.1 = submits.1.saturating_add(1);
                if let (Phase::Waiting, Some(polls)) = (phase, habits.polls) {
                    self.at(now.plus(SimTime::from_millis(polls.every)), What::OperatorPolls, id.0, agenda);
                    if let Some(deadline) = polls.deadline {
                        let deadline = now.plus(SimTime::from_millis(deadline));
                        self.at(deadline, What::OperatorLosesPatience, id.0, agenda);
                    }
                } else if phase == Phase::Preparing && self.universe.operator(id).works == Works::InSteps {
                    // Its request was refused: it tries again after the wait.
                    self.wait_and_work(id, now, state, agenda);
                }
            }
            OperatorStep::Polls => {
                if let (Phase::Waiting, Some(polls)) = (phase, habits.polls) {
                    self.at(now.plus(SimTime::from_millis(polls.every)), What::OperatorPolls, id.0, agenda);
                }
            }
            OperatorStep::ReadsDocs | OperatorStep::CleansUp(_) | OperatorStep::GivesUp => {}
        }
    }
}
