//! The moves of the environment: what services do in their own time, with their outcome.

use super::not_enabled;
use crate::event::{Creator, Deleter, Event};
use crate::id::{OperatorIdx, RegionIdx, ResourceIdx, RoleIdx, SessionIdx, TransitionIdx};
use crate::kind::{Mover, Transition, When};
use crate::knob::Judged;
use crate::machine::{Machine, RoleState, SessionEnd, SessionEvent, SessionState, Superseded, TaskEvent, TaskState};
use crate::rejection::Refusal;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;

type Done = Result<(), Refusal>;

impl<S: IdSet> Universe<S> {
    /// What stands against a session being opened; `None` if it may be.
    ///
    /// Source: IAM User Guide, "Using service-linked roles": only whom the trust policy names can assume the role.
    #[expect(clippy::inline_always, reason = "a few word operations, asked of every session in every state")]
    #[inline(always)]
    pub(super) fn bar_to_session(&self, state: &State<S>, session: SessionIdx) -> Option<&'static str> {
        let role = self.world().sessions[session.index()].role;
        if state.is_open(session) {
            Some("the session is open")
        } else if !state.is_live(role) {
            Some("the role is not in the account")
        } else if state.is_fresh(role) {
            Some("the role has not spread yet")
        } else if !self.is_trusted(state, session) {
            Some("the role's trust policy does not name the principal")
        } else if self.is_locked(state, role) {
            Some("the role is locked while its deletion is unfinished")
        } else {
            None
        }
    }

    /// Whether nothing about the role stands against its sessions being opened; for whom it is to say who is trusted.
    #[inline]
    pub(super) fn takes_sessions(&self, state: &State<S>, role: RoleIdx) -> bool {
        state.is_live(role) && !state.is_fresh(role) && !self.is_locked(state, role)
    }

    /// Whether the role takes no new use because its deletion is unfinished.
    ///
    /// Source: AWS WAF API Reference, `WAFServiceLinkedRoleErrorException`. A task that is judged at its start alone has to lock the
    /// role (Assumed): otherwise it would take the role away from what began to use it meanwhile.
    #[inline]
    pub(super) fn is_locked(&self, state: &State<S>, role: RoleIdx) -> bool {
        (self.facts(role).is_locked_while_deleting && state.has_unfinished_task(role))
            || (self.world().knobs.judged == Judged::Start && state.task(role) == Some(TaskState::InProgress))
    }

    #[inline]
    pub(super) fn session_opens(
        &self,
        state: &mut State<S>,
        session: SessionIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Done {
        if let Some(why) = self.bar_to_session(state, session) {
            return Err(not_enabled("SessionOpens", why));
        }
        Self::open_session(state, session, tell);
        Ok(())
    }

    /// Opens a session that nothing stands against.
    #[inline]
    pub(crate) fn open_session(state: &mut State<S>, session: SessionIdx, tell: &mut impl FnMut(Event<S>)) {
        state.sessions.insert(session.0);
        tell(Event::SessionOpened { session });
    }

    #[inline]
    pub(super) fn session_ends(
        state: &mut State<S>,
        session: SessionIdx,
        end: SessionEnd,
        tell: &mut impl FnMut(Event<S>),
    ) -> Done {
        if !state.is_open(session) {
            return Err(not_enabled("SessionEnds", "the session is not open"));
        }
        SessionState::Open.next(SessionEvent::Ends(end))?;
        state.sessions.remove(session.0);
        tell(Event::SessionEnded { session, end });
        Ok(())
    }

    /// The task's machine after the event.
    #[inline]
    fn task_after(state: &State<S>, role: RoleIdx, event: TaskEvent) -> Result<TaskState, Refusal> {
        match state.task(role) {
            Some(task) => Ok(task.next(event)?),
            None => Err(not_enabled(TaskState::event_name(event), "the role has no deletion task")),
        }
    }

    #[inline]
    pub(super) fn task_starts(&self, state: &mut State<S>, role: RoleIdx, tell: &mut impl FnMut(Event<S>)) -> Done {
        let next = Self::task_after(state, role, TaskEvent::Started)?;
        state.set_task(role, Some(next));
        match self.world().knobs.judged {
            Judged::End => {}
            Judged::Start | Judged::Both => {
                let mine = self.resources_of(role);
                state.blocking_at_start = state.blocking_at_start.minus(mine).or(&self.blocking(state, role));
                state.busy_at_start.put(role.0, self.is_session_open(state, role));
            }
        }
        tell(Event::TaskStarted { role });
        Ok(())
    }

    /// Forgets what was found at the start: after the decision nothing depends on it.
    #[inline]
    fn forget_start(&self, state: &mut State<S>, role: RoleIdx) {
        state.blocking_at_start = state.blocking_at_start.minus(self.resources_of(role));
        state.busy_at_start.remove(role.0);
    }

    #[inline]
    pub(super) fn task_succeeds(&self, state: &mut State<S>, role: RoleIdx, tell: &mut impl FnMut(Event<S>)) -> Done {
        let next = Self::task_after(state, role, TaskEvent::FoundUnused)?;
        if !self.judge(state, role).is_unused() {
            return Err(not_enabled("TaskSucceeds", "the role is in use"));
        }
        self.forget_start(state, role);
        state.set_task(role, Some(next));
        tell(Event::TaskSucceeded { role });
        self.remove_role(state, role, Deleter::Task, tell);
        self.tell_operators_of_success(state, role, tell);
        Ok(())
    }

    #[inline]
    pub(super) fn task_fails(
        &self,
        state: &mut State<S>,
        role: RoleIdx,
        named: &S,
        tell: &mut impl FnMut(Event<S>),
    ) -> Done {
        let next = Self::task_after(state, role, TaskEvent::FoundInUse)?;
        let judgement = self.judge(state, role);
        if judgement.is_unused() {
            return Err(not_enabled("TaskFails", "nothing uses the role"));
        }
        if !self.reports(state, role, &judgement).allow(named) {
            return Err(not_enabled("TaskFails", "the service's reporting policy does not allow this report"));
        }
        self.forget_start(state, role);
        state.set_task(role, Some(next));
        let outstanding = named.and(&self.blocking(state, role));
        state.reported = state.reported.minus(self.resources_of(role)).or(&outstanding);
        tell(Event::TaskFailed {
            role,
            in_use: judgement.in_use,
            session_open: judgement.session_open,
            named: named.clone(),
        });
        if named.is_empty() {
            self.send_operators_to_docs(state, role);
        }
        self.tell_operators_of_failure(state, role, tell);
        Ok(())
    }

    pub(super) fn task_becomes_visible(state: &mut State<S>, role: RoleIdx, tell: &mut impl FnMut(Event<S>)) -> Done {
        if !state.task_is_unseen(role) {
            return Err(not_enabled("TaskBecomesVisible", "the task can be polled already, or there is none"));
        }
        state.unseen_tasks.remove(role.0);
        tell(Event::TaskBecameVisible { role });
        Ok(())
    }

    /// Whether the record of the role's task may be dropped.
    pub(super) fn may_be_forgotten(&self, state: &State<S>, role: RoleIdx) -> bool {
        self.world().knobs.tasks_are_forgotten && state.task(role).is_some_and(|task| !task.is_unfinished())
    }

    #[inline(never)]
    pub(super) fn task_is_forgotten(
        &self,
        state: &mut State<S>,
        role: RoleIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Done {
        if !self.may_be_forgotten(state, role) {
            return Err(not_enabled("TaskIsForgotten", "there is no finished task, or tasks are kept for ever"));
        }
        state.set_task(role, None);
        state.unseen_tasks.remove(role.0);
        tell(Event::TaskForgotten { role });
        Ok(())
    }

    /// Whether the operator waits for a task that another has followed, and whose record may be dropped.
    pub fn waits_for_earlier_task(&self, state: &State<S>, role: RoleIdx, operator: OperatorIdx) -> bool {
        self.world().knobs.tasks_are_forgotten
            && self.facts(role).operators.contains(&operator)
            && match state.operator(operator).superseded {
                Superseded::Failed | Superseded::Succeeded => true,
                Superseded::No | Superseded::Forgotten => false,
            }
    }

    /// Drops the record of a task of which the state knows no more than who waits for it.
    #[inline(never)]
    pub(super) fn earlier_task_is_forgotten(
        &self,
        state: &mut State<S>,
        role: RoleIdx,
        number: Option<u32>,
        waiting: &S,
        tell: &mut impl FnMut(Event<S>),
    ) -> Done {
        let refused = |why| Err(not_enabled("EarlierTaskIsForgotten", why));
        if !self.world().knobs.tasks_are_forgotten {
            return refused("tasks are kept for ever");
        }
        if number.is_none() && waiting.is_empty() {
            return refused("neither its number nor who waits for it says which task is meant");
        }
        if !waiting.iter().all(|operator| self.waits_for_earlier_task(state, role, OperatorIdx(operator))) {
            return refused("an operator waits for no earlier task of the role");
        }
        for operator in waiting.iter() {
            state.operators[OperatorIdx(operator).index()].superseded = Superseded::Forgotten;
        }
        tell(Event::EarlierTaskForgotten { role, number });
        Ok(())
    }

    pub(super) fn role_propagates(state: &mut State<S>, role: RoleIdx, tell: &mut impl FnMut(Event<S>)) -> Done {
        if !state.is_fresh(role) {
            return Err(not_enabled("RolePropagates", "the role has spread"));
        }
        state.fresh_roles.remove(role.0);
        tell(Event::RolePropagated { role });
        Ok(())
    }

    #[inline]
    pub(super) fn resource_moves(
        &self,
        state: &mut State<S>,
        resource: ResourceIdx,
        transition: TransitionIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Done {
        let step = self.transition(resource, transition);
        if let Some(why) = self.bar_to_move(state, (resource, transition), step) {
            return Err(not_enabled("ResourceMoves", why));
        }
        self.move_by_service(state, (resource, transition), step, tell);
        Ok(())
    }

    /// What stands against a service's move, which is `step`; `None` if it may be made.
    #[expect(clippy::inline_always, reason = "a few look-ups, which whoever makes the move then does not repeat")]
    #[inline(always)]
    pub(super) fn bar_to_move(
        &self,
        state: &State<S>,
        (resource, transition): (ResourceIdx, TransitionIdx),
        step: &Transition,
    ) -> Option<&'static str> {
        let role = self.role_of(resource);
        if step.by != Mover::Service {
            return Some("a caller makes this move, or a parent takes it along");
        }
        if state.resource(resource) != step.from {
            return Some("the resource is in another state");
        }
        if !state.answers(self.world().resources[resource.index()].region) {
            return Some("the region does not answer");
        }
        let allowed = match step.when {
            When::Always => true,
            When::InUse => self.is_session_open(state, role),
            When::NotInUse => !self.is_session_open(state, role),
        };
        if !allowed {
            return Some("the move waits for the role to be in use, or not to be");
        }
        if step.is_plain && (!step.removes || self.children[resource.index()].is_empty()) {
            return None;
        }
        self.bar_by_others(state, (resource, transition), step)
    }

    /// What stands against a service's move besides its own state and the role's use; a function of its own, so that plain moves, which are most,
    /// are asked about where they are made.
    #[inline(never)]
    fn bar_by_others(
        &self,
        state: &State<S>,
        (resource, transition): (ResourceIdx, TransitionIdx),
        step: &Transition,
    ) -> Option<&'static str> {
        let role = self.role_of(resource);
        if step.needs_live_role() && !state.is_live(role) {
            return Some("the role is not in the account");
        }
        if step.removes && self.has_children(state, resource, &step.name) {
            return Some("resources that belong to it are still there");
        }
        if step.from == 0 && self.world().resources[resource.index()].is_made_by_call {
            return Some("a call makes the resource");
        }
        if step.from == 0 && self.lacks_parent(state, resource) {
            return Some("the resource that it belongs to is not there");
        }
        if step.is_special && !self.meets_conditions(state, resource, transition) {
            return Some("a condition of the move is not met");
        }
        if step.begins_use && self.is_locked(state, role) {
            return Some("the role is locked while its deletion is unfinished");
        }
        None
    }

    /// Makes a service's move that nothing stands against.
    #[inline]
    pub(crate) fn move_by_service(
        &self,
        state: &mut State<S>,
        (resource, transition): (ResourceIdx, TransitionIdx),
        step: &Transition,
        tell: &mut impl FnMut(Event<S>),
    ) {
        Self::move_resource(state, resource, step.to);
        if step.from == 0 {
            self.note_first_use(state, resource);
        }
        tell(Event::ResourceMoved { resource, transition });
        // Nothing comes of a service's move that leads back to where it comes from, so that it need not be offered.
        if (self.has_followers || step.is_special) && step.from != step.to {
            self.follow_up(state, resource, step, tell);
        }
    }

    /// A role that the account did not have before is there, made by the service for older use.
    ///
    /// Source: IAM User Guide, "Using service-linked roles", creating a service-linked role: "a new role appeared in my AWS account".
    #[inline(never)]
    pub(super) fn role_appears(&self, state: &mut State<S>, role: RoleIdx, tell: &mut impl FnMut(Event<S>)) -> Done {
        if !self.is_service_linked(role) {
            return Err(not_enabled("RoleAppears", "no service owns the role"));
        }
        if state.live_roles().meets(&self.facts(role).namesakes) {
            return Err(not_enabled("RoleAppears", "the name is taken"));
        }
        self.make_role(state, role, Creator::History, self.facts(role).description, tell);
        Ok(())
    }

    /// Whether the service deletes its role now: its last resource is gone, or the last of the kind that decides, and nothing uses the role. A
    /// role that was made again waits for a resource of its own (Assumed).
    ///
    /// Source: IAM User Guide, "Using service-linked roles", deleting a service-linked role: the service might delete the role for
    /// you when you remove a resource; AWS `CloudTrail` User Guide, page SLR for organization trails.
    #[inline]
    pub fn may_delete_itself(&self, state: &State<S>, role: RoleIdx) -> bool {
        self.self_deleting.contains(role.0)
            && state.role(role) == RoleState::Live
            && !state.has_unfinished_task(role)
            && !self.is_in_use(state, role)
            && self.facts(role).deleted_with.iter().all(|id| !self.is_there(state, ResourceIdx(id)))
            && self.facts(role).deleted_with.iter().any(|id| state.resource(ResourceIdx(id)) != 0)
    }

    #[inline(never)]
    pub(super) fn service_deletes_role(
        &self,
        state: &mut State<S>,
        role: RoleIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Done {
        if !self.may_delete_itself(state, role) {
            return Err(not_enabled("ServiceDeletesRole", "the service does not delete the role itself, or not now"));
        }
        self.remove_role(state, role, Deleter::Service, tell);
        Ok(())
    }

    pub(super) fn region_fails(state: &mut State<S>, region: RegionIdx, tell: &mut impl FnMut(Event<S>)) -> Done {
        if !state.answers(region) {
            return Err(not_enabled("RegionFails", "the region does not answer"));
        }
        state.dark_regions.insert(region.0);
        tell(Event::RegionFailed { region });
        Ok(())
    }

    pub(super) fn region_recovers(state: &mut State<S>, region: RegionIdx, tell: &mut impl FnMut(Event<S>)) -> Done {
        if state.answers(region) {
            return Err(not_enabled("RegionRecovers", "the region answers"));
        }
        state.dark_regions.remove(region.0);
        tell(Event::RegionRecovered { region });
        Ok(())
    }
}
