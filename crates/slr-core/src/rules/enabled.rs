//! What may happen next, in a stable order.

use super::Reports;
use super::operators::{lesson_of, tells_obstacles};
use crate::action::{Action, Operation, OperatorStep};
use crate::id::{
    OperatorIdx, PlainCleanUpIdx, RegionIdx, ResourceIdx, RoleIdx, ServiceMoveIdx, SessionIdx, TransitionIdx, number,
};
use crate::kind::{CleanUp, When};
use crate::machine::{Phase, SessionEnd, Superseded, TaskState};
use crate::rejection::Rejection;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::{ServiceMove, Universe};
use crate::world::{MissingTask, Told, Works};

/// Who is told what is enabled. The steps that are most often offered come together with those like them, so that they can be taken
/// without their being put into an [`Action`] each.
pub trait Offers<S: IdSet> {
    /// An action.
    fn action(&mut self, action: Action<S>);

    /// [`Action::SessionOpens`] of each of the sessions.
    #[inline]
    fn sessions_open(&mut self, sessions: &S) {
        for session in sessions.iter().map(SessionIdx) {
            self.action(Action::SessionOpens { session });
        }
    }

    /// [`Action::SessionEnds`] of each of the sessions.
    #[inline]
    fn sessions_end(&mut self, sessions: &S, end: SessionEnd) {
        for session in sessions.iter().map(SessionIdx) {
            self.action(Action::SessionEnds { session, end });
        }
    }

    /// [`Action::ResourceMoves`] of each of the resources, which are in the state that the move leaves.
    #[inline]
    fn resources_move(&mut self, resources: &S, (_, transition): (ServiceMoveIdx, TransitionIdx)) {
        for resource in resources.iter().map(ResourceIdx) {
            self.action(Action::ResourceMoves { resource, transition });
        }
    }

    /// [`Action::TaskStarts`].
    #[inline]
    fn task_starts(&mut self, role: RoleIdx) {
        self.action(Action::TaskStarts { role });
    }

    /// [`Action::TaskFails`] with each of the reports.
    #[inline]
    fn task_fails(&mut self, role: RoleIdx, reports: &Reports<S>) {
        reports.for_each(&mut |named| self.action(Action::TaskFails { role, named }));
    }

    /// [`OperatorStep::ReadsDocs`].
    #[inline]
    fn operator_reads(&mut self, operator: OperatorIdx) {
        self.action(Action::Operator { operator, step: OperatorStep::ReadsDocs });
    }

    /// [`OperatorStep::Submits`]; `accepted` says whether the request will be.
    #[inline]
    fn operator_submits(&mut self, operator: OperatorIdx, _accepted: bool) {
        self.action(Action::Operator { operator, step: OperatorStep::Submits });
    }

    /// [`OperatorStep::CleansUp`] of each of the resources, with the clean-up that all of them undergo where nothing can stand against
    /// it.
    #[inline]
    fn operator_cleans_up(&mut self, operator: OperatorIdx, resources: &S, _plainly: Option<PlainCleanUpIdx>) {
        for resource in resources.iter().map(ResourceIdx) {
            self.action(Action::Operator { operator, step: OperatorStep::CleansUp(resource) });
        }
    }
}

/// One who takes all offers alike.
struct Alike<'a, F>(&'a mut F);

impl<S: IdSet, F: FnMut(Action<S>)> Offers<S> for Alike<'_, F> {
    #[inline]
    fn action(&mut self, action: Action<S>) {
        (self.0)(action);
    }
}

impl<S: IdSet> Universe<S> {
    /// Visits every action that may come next: the moves of the environment with every outcome, and the steps of the operators.
    ///
    /// What the sentence "a step changes something" excludes is left out: a poll that would be answered as before, a request that
    /// would be refused as before, a move that leads back to its own state, an expired session where a finished one leads to the same
    /// state. Commands that a scenario's script or a client sends are theirs to
    /// choose and are not among these.
    #[inline]
    pub fn enabled(&self, state: &State<S>, visit: &mut impl FnMut(Action<S>)) {
        self.offer(state, &mut Alike(visit));
    }

    /// Offers what is [`enabled`](Self::enabled), in the same order.
    #[inline]
    pub fn offer(&self, state: &State<S>, offers: &mut impl Offers<S>) {
        self.offer_but_reports(state, offers);
        self.for_each_decision(state, &mut |role, reports| match reports {
            None => offers.action(Action::TaskSucceeds { role }),
            Some(reports) => offers.task_fails(role, &reports),
        });
    }

    /// Visits the roles whose tasks can be decided: with nothing if the task succeeds, otherwise with the reports that are open to the
    /// service.
    #[inline]
    pub fn for_each_decision(&self, state: &State<S>, visit: &mut impl FnMut(RoleIdx, Option<Reports<S>>)) {
        for role in state.tasks.having(TaskState::code(Some(TaskState::InProgress)), &self.service_linked).iter() {
            let role = RoleIdx(role);
            let judgement = self.judge(state, role);
            let reports = (!judgement.is_unused()).then(|| self.reports(state, role, &judgement));
            visit(role, reports);
        }
    }

    /// Visits what is [`enabled`](Self::enabled) apart from the decisions of deletion tasks, whose reports can be very many.
    #[inline]
    pub fn enabled_but_reports(&self, state: &State<S>, visit: &mut impl FnMut(Action<S>)) {
        self.offer_but_reports(state, &mut Alike(visit));
    }

    #[inline]
    fn offer_but_reports(&self, state: &State<S>, offers: &mut impl Offers<S>) {
        self.offer_sessions(state, offers);
        for operator in (0..number(self.world().operators.len())).map(OperatorIdx) {
            self.offer_steps(state, operator, offers);
        }
        self.offer_resource_moves(state, offers);
        self.offer_task_moves(state, offers);
        self.offer_role_moves(state, offers);
        if self.has_region_faults {
            for region in (0..number(self.world().regions.len())).map(RegionIdx) {
                let action = if state.answers(region) {
                    Action::RegionFails { region }
                } else {
                    Action::RegionRecovers { region }
                };
                offers.action(action);
            }
        }
    }

    #[inline]
    fn offer_sessions(&self, state: &State<S>, offers: &mut impl Offers<S>) {
        let closed = self.reopening_sessions.minus(&state.sessions);
        if !closed.is_empty() {
            offers.sessions_open(&self.free_to_open(state, closed));
        }
        offers.sessions_end(&state.sessions, SessionEnd::Done);
    }

    /// Those of the closed sessions that may be opened.
    #[inline]
    fn free_to_open(&self, state: &State<S>, closed: S) -> S {
        let (mut left, mut free) = (closed, S::default());
        while let Some(first) = left.first() {
            let role = self.world().sessions[first as usize].role;
            let of_role = left.and(self.sessions_of(role));
            // Most of what may stand against a session is the same for all on its role.
            if self.takes_sessions(state, role) {
                free = free.or(&self.trusted_of(state, role, &of_role));
            }
            left = left.minus(&of_role);
        }
        debug_assert!(
            self.reopening_sessions
                .iter()
                .all(|session| self.bar_to_session(state, SessionIdx(session)).is_none() == free.contains(session)),
            "what is asked of all sessions at once is what is asked of each"
        );
        free
    }

    // By itself, as is `offer_resource_moves`: in one function with the rest its values would not stay in registers.
    #[inline(never)]
    fn offer_steps(&self, state: &State<S>, operator: OperatorIdx, offers: &mut impl Offers<S>) {
        if self.may_read_docs(state, operator) {
            offers.operator_reads(operator);
        }
        let described = self.operator(operator);
        let preparing = described.works == Works::InAnyOrder || state.operator(operator).phase.is_at_work();
        let sought = self.sought(state, operator);
        if preparing && state.is_live(sought) {
            self.offer_clean_ups(state, operator, offers);
        }
        if self.bar_to_submission(state, operator).is_none() {
            let answer = self.may_submit(state, described.principal, sought);
            if described.attempts.is_some() || tells_something(described.works, answer) {
                offers.operator_submits(operator, answer.is_ok());
            }
        }
        if described.works == Works::InAnyOrder && described.told == Told::AtOnce {
            debug_assert!(
                [OperatorStep::Polls, OperatorStep::GivesUp].iter().all(|step| !self.may_step(state, operator, *step)),
                "it never polls, and never gives up"
            );
            return;
        }
        for step in [OperatorStep::Polls, OperatorStep::GivesUp] {
            if self.bar_to_step(state, operator, step).is_none()
                && (step != OperatorStep::Polls || self.poll_tells_something(state, operator))
            {
                offers.action(Action::Operator { operator, step });
            }
        }
    }

    #[inline]
    fn offer_clean_ups(&self, state: &State<S>, operator: OperatorIdx, offers: &mut impl Offers<S>) {
        let mut known = self.known_to(state, operator);
        if known.is_empty() {
            return;
        }
        let is_unhindered = self.is_unhindered(state, operator);
        if is_unhindered {
            for (number, clean_up) in (0..).zip(&self.moves.plain_clean_ups) {
                let ready = state.resources.having(clean_up.from, &clean_up.members).and(&known);
                offers.operator_cleans_up(operator, &ready, Some(PlainCleanUpIdx(number)));
                known = known.minus(&ready);
            }
        }
        if known.is_empty() {
            return;
        }
        // Whatever is called for plainly has been offered.
        let callable = if is_unhindered { self.callable_otherwise(state) } else { self.callable(state) };
        for resource in known.and(&callable).iter() {
            if self.can_clean_up_now(state, operator, ResourceIdx(resource)) {
                offers.operator_cleans_up(operator, &S::of([resource]), None);
            }
        }
    }

    /// Whether a call for the resource's clean-up would be granted, or refused in a way that the operator acts upon.
    #[inline]
    pub fn can_clean_up(&self, state: &State<S>, operator: OperatorIdx, resource: ResourceIdx) -> bool {
        self.unhindered_clean_up(state, operator, resource).is_some()
            || self.can_clean_up_now(state, operator, resource)
    }

    /// The next step of the resource's clean-up and where it leads, if it is seen at a glance that it will be granted.
    #[inline]
    pub(crate) fn unhindered_clean_up(
        &self,
        state: &State<S>,
        operator: OperatorIdx,
        resource: ResourceIdx,
    ) -> Option<(TransitionIdx, u8)> {
        if self.is_unhindered(state, operator) { self.plain_clean_up(state, resource) } else { None }
    }

    /// Whether all that the operator calls is permitted to it and answered.
    #[inline]
    fn is_unhindered(&self, state: &State<S>, operator: OperatorIdx) -> bool {
        self.world().principals[self.operator(operator).principal.index()].is_unrestricted()
            && state.dark_regions.is_empty()
    }

    fn can_clean_up_now(&self, state: &State<S>, operator: OperatorIdx, resource: ResourceIdx) -> bool {
        let CleanUp::Call(transition) = self.clean_up_of(state, resource) else {
            return false;
        };
        let described = self.operator(operator);
        match self.may_operate(state, described.principal, resource, transition) {
            Ok(_) => true,
            // Who works in steps tries, is refused, and gives up: that is a step. Who works in any order does something else.
            Err(Rejection::ResourceAccessDenied(..)) => described.works == Works::InSteps,
            // Or the operator learns what stands against it.
            Err(rejection) => {
                tells_obstacles(rejection) && !self.told_by_refusal(state, operator, resource, transition).is_empty()
            }
        }
    }

    /// Whether the service can make a move of the resource now, by itself and in the ordinary course of things.
    pub(super) fn moves_by_itself(&self, state: &State<S>, resource: ResourceIdx) -> bool {
        let code = state.resource(resource);
        let is_its = |service_move: &&ServiceMove<S>| {
            service_move.from == code && service_move.members.contains(resource.0) && !service_move.is_exceptional
        };
        self.moves.of_services.iter().filter(is_its).any(|service_move| {
            self.role_lets_move(state, self.role_of(resource), service_move)
                && self.lets_move(state, resource, service_move)
        })
    }

    /// Whether a poll would be answered otherwise than "not yet".
    fn poll_tells_something(&self, state: &State<S>, operator: OperatorIdx) -> bool {
        let described = self.operator(operator);
        if described.told == Told::AtOnce || state.operator(operator).phase != Phase::Waiting {
            return false;
        }
        let polling = Operation::GetServiceLinkedRoleDeletionStatus;
        let watched = self.watched(state, operator);
        if self.authorise(state, described.principal, polling, watched).is_err() {
            return true;
        }
        let found = match state.operator(operator).superseded {
            Superseded::No => !state.task_is_unseen(watched) && state.task(watched).is_some(),
            Superseded::Failed | Superseded::Succeeded => return true,
            Superseded::Forgotten => false,
        };
        match (found, described.missing_task) {
            (true, _) => !state.has_unfinished_task(watched),
            (false, MissingTask::LooksAtTheRole) => !state.is_live(self.sought(state, operator)),
            (false, MissingTask::MeansSuccess | MissingTask::MeansFailure) => true,
        }
    }

    #[inline(never)]
    fn offer_resource_moves(&self, state: &State<S>, offers: &mut impl Offers<S>) {
        for (number, service_move) in (0..).zip(&self.moves.of_services) {
            let mut ready = state.resources.having(service_move.from, &service_move.members);
            // What the role says is most often the same for all.
            if ready.is_empty() || service_move.role.is_some_and(|role| !self.role_lets_move(state, role, service_move))
            {
                continue;
            }
            if service_move.role.is_none() || !service_move.is_alone || !state.dark_regions.is_empty() {
                let is_allowed = |resource: &u32| self.lets_move(state, ResourceIdx(*resource), service_move);
                ready = S::of(ready.iter().filter(is_allowed));
            }
            offers.resources_move(&ready, (ServiceMoveIdx(number), service_move.transition));
        }
    }

    /// Whether everything but the resource's own state allows the move.
    fn lets_move(&self, state: &State<S>, resource: ResourceIdx, service_move: &ServiceMove<S>) -> bool {
        (service_move.role.is_some() || self.role_lets_move(state, self.role_of(resource), service_move))
            && state.answers(self.world().resources[resource.index()].region)
            && (service_move.is_alone || self.others_let_move(state, resource, service_move))
    }

    /// Whether the role's state and use allow the move.
    #[expect(clippy::inline_always, reason = "a few word operations, asked for nearly every state that is checked")]
    #[inline(always)]
    fn role_lets_move(&self, state: &State<S>, role: RoleIdx, service_move: &ServiceMove<S>) -> bool {
        let in_time = match service_move.when {
            When::Always => true,
            When::InUse => self.is_session_open(state, role),
            When::NotInUse => !self.is_session_open(state, role),
        };
        in_time
            && (!service_move.needs_live_role || state.is_live(role))
            && !(service_move.begins_use && self.is_locked(state, role))
    }

    /// Whether the resource's parents, children and relatives allow the move.
    fn others_let_move(&self, state: &State<S>, resource: ResourceIdx, service_move: &ServiceMove<S>) -> bool {
        let waits = service_move.removes && self.move_waits_for_children(state, resource, service_move.transition);
        let is_orphan = service_move.from == 0 && self.lacks_parent(state, resource);
        let is_met = !service_move.is_conditional || self.meets_conditions(state, resource, service_move.transition);
        is_met && !waits && !is_orphan
    }

    #[inline]
    fn move_waits_for_children(&self, state: &State<S>, resource: ResourceIdx, transition: TransitionIdx) -> bool {
        !self.children_of(resource).is_empty()
            && self.has_children(state, resource, &self.transition(resource, transition).name)
    }

    #[inline]
    fn offer_task_moves(&self, state: &State<S>, offers: &mut impl Offers<S>) {
        for role in state.tasks.having(TaskState::code(Some(TaskState::NotStarted)), &self.service_linked).iter() {
            offers.task_starts(RoleIdx(role));
        }
        for role in state.unseen_tasks.iter() {
            offers.action(Action::TaskBecomesVisible { role: RoleIdx(role) });
        }
        if self.world().knobs.tasks_are_forgotten {
            for role in self.service_linked.iter().map(RoleIdx).filter(|role| self.may_be_forgotten(state, *role)) {
                offers.action(Action::TaskIsForgotten { role });
            }
            for operator in self.operators() {
                let role = self.watched(state, operator);
                if self.waits_for_earlier_task(state, role, operator) {
                    let waiting = S::of(std::iter::once(operator.0));
                    offers.action(Action::EarlierTaskIsForgotten { role, number: None, waiting });
                }
            }
        }
    }

    #[inline]
    fn offer_role_moves(&self, state: &State<S>, offers: &mut impl Offers<S>) {
        for role in state.fresh_roles.iter() {
            offers.action(Action::RolePropagates { role: RoleIdx(role) });
        }
        for role in self.self_deleting.iter().map(RoleIdx).filter(|role| self.may_delete_itself(state, *role)) {
            offers.action(Action::ServiceDeletesRole { role });
        }
    }
}

/// Whether a request for deletion does more than be refused for the time being, or for ever to one who does not mind.
fn tells_something(works: Works, answer: Result<(), Rejection>) -> bool {
    match answer {
        Ok(()) => true,
        Err(rejection) => lesson_of(works, rejection).is_some(),
    }
}
