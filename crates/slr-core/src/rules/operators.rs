//! The steps of operators: commands, and what the operator makes of the answers.

use super::not_enabled;
use crate::action::{OperatorStep, TaskRef};
use crate::event::Event;
use crate::id::{OperatorIdx, ResourceIdx, RoleIdx, TransitionIdx};
use crate::kind::{CleanUp, Transition, When};
use crate::machine::{Docs, Machine, OperatorEvent, Phase, Superseded, TaskState};
use crate::rejection::{Refusal, Rejection};
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::{MissingTask, ReadsDocs, Told, Works};

impl<S: IdSet> Universe<S> {
    /// Carries out a step of an operator. A refused call is an event here: the operator has learnt something.
    #[inline]
    pub(super) fn operator_step(
        &self,
        state: &mut State<S>,
        id: OperatorIdx,
        step: OperatorStep,
        tell: &mut impl FnMut(Event<S>),
    ) -> Result<(), Refusal> {
        if let Some(why) = self.bar_to_step(state, id, step) {
            return Err(not_enabled("Operator", why));
        }
        match step {
            OperatorStep::Submits => self.operator_submits(state, id, tell),
            OperatorStep::Polls => self.operator_polls(state, id, tell),
            OperatorStep::ReadsDocs => {
                state.operators[id.index()].docs = Docs::Read;
                tell(Event::DocsRead { operator: id });
                Ok(())
            }
            OperatorStep::CleansUp(resource) => {
                if let Some((transition, to)) = self.unhindered_clean_up(state, id, resource) {
                    Self::move_resource(state, resource, to);
                    tell(Event::ResourceMoved { resource, transition });
                } else if let CleanUp::Call(transition) = self.clean_up_of(state, resource) {
                    let by = self.operator(id).principal;
                    if let Err(rejection) = self.operate(state, by, resource, transition, tell) {
                        tell(Event::Refused { by, rejection });
                        if tells_obstacles(rejection) {
                            self.learn_of_obstacles(state, id, resource, transition, tell);
                        }
                        // Whoever lacks the right will lack it tomorrow; other refusals pass.
                        if let (Works::InSteps, Rejection::ResourceAccessDenied(..)) =
                            (self.operator(id).works, rejection)
                        {
                            return Self::experience(state, id, OperatorEvent::LostPatience, tell);
                        }
                    }
                }
                Ok(())
            }
            OperatorStep::GivesUp => Self::experience(state, id, OperatorEvent::LostPatience, tell),
        }
    }

    /// What stands against an operator's step; `None` if it may take it.
    #[inline]
    pub(super) fn bar_to_step(&self, state: &State<S>, id: OperatorIdx, step: OperatorStep) -> Option<&'static str> {
        match step {
            OperatorStep::Submits => self.bar_to_submission(state, id),
            OperatorStep::Polls => {
                let polls = state.operator(id).phase == Phase::Waiting && self.operator(id).told != Told::AtOnce;
                (!polls).then_some("the operator waits for no task")
            }
            OperatorStep::ReadsDocs => (!self.may_read_docs(state, id))
                .then_some("the operator has no reason to read the documentation, by what `reads-docs` says of it"),
            OperatorStep::CleansUp(resource) => self.bar_to_clean_up(state, id, resource),
            OperatorStep::GivesUp => (!self.may_give_up(state, id)).then_some("the operator has no reason to give up"),
        }
    }

    /// Whether a step waits until the operator is at its work.
    #[inline]
    fn is_between_steps(&self, state: &State<S>, id: OperatorIdx) -> bool {
        self.operator(id).works == Works::InSteps && !state.operator(id).phase.is_at_work()
    }

    #[inline]
    fn has_no_attempts_left(&self, state: &State<S>, id: OperatorIdx) -> bool {
        self.operator(id).attempts.is_some_and(|most| state.operator(id).attempts >= most)
    }

    /// Whether the operator never requests the deletion again: it takes the role for gone, has given up, or has no attempts left.
    pub fn makes_no_more_requests(&self, state: &State<S>, id: OperatorIdx) -> bool {
        matches!(state.operator(id).phase, Phase::Done | Phase::GaveUp) || self.has_no_attempts_left(state, id)
    }

    /// See [`Self::bar_to_step`].
    #[inline]
    pub(super) fn bar_to_submission(&self, state: &State<S>, id: OperatorIdx) -> Option<&'static str> {
        self.bar_to_submission_of(state, id, || self.known_to(state, id))
    }

    /// Whether the operator may submit now, for whom what it [knows of](Self::known_to) was found already.
    #[inline]
    pub fn may_submit_knowing(&self, state: &State<S>, id: OperatorIdx, known: &S) -> bool {
        self.bar_to_submission_of(state, id, || known.clone()).is_none()
    }

    #[inline]
    fn bar_to_submission_of(
        &self,
        state: &State<S>,
        id: OperatorIdx,
        known: impl FnOnce() -> S,
    ) -> Option<&'static str> {
        let operator = self.operator(id);
        if self.has_no_attempts_left(state, id) {
            return Some("the operator has no attempts left");
        }
        match operator.works {
            Works::InSteps if self.is_between_steps(state, id) => {
                Some("the operator waits for its task, or has come to its end")
            }
            Works::InSteps if self.waits_for_clean_up(state, id, &known()) => {
                Some("the operator knows of something that it has to clean up first")
            }
            Works::InSteps => self.wants_docs(state, id).then_some("the operator reads the documentation first"),
            Works::InAnyOrder => {
                let goal = self.sought(state, id);
                let is_over = !state.is_live(goal) || state.has_unfinished_task(goal);
                is_over.then_some("the role is gone, or a deletion is unfinished")
            }
        }
    }

    /// Whether the operator reads the documentation now if it can.
    #[inline]
    pub fn may_read_docs(&self, state: &State<S>, id: OperatorIdx) -> bool {
        !self.is_between_steps(state, id) && self.wants_docs(state, id)
    }

    fn bar_to_clean_up(&self, state: &State<S>, id: OperatorIdx, resource: ResourceIdx) -> Option<&'static str> {
        if self.is_between_steps(state, id) {
            Some("the operator waits for its task, or has come to its end")
        } else if !self.known_to(state, id).contains(resource.0) {
            Some("the operator does not know of the resource")
        } else if !matches!(self.clean_up_of(state, resource), CleanUp::Call(_)) {
            Some("the state of the resource leaves nothing to call for")
        } else {
            None
        }
    }

    /// Whether the operator may give up: it has lost patience, or has used up its attempts. Who works in any order asks no more and does
    /// not say so.
    ///
    /// A limit of its attempts is one of throttled calls and of clean-ups that fail, too. Those are not counted in the state: as they leave
    /// the state as it was, it may always be that this was the last one.
    fn may_give_up(&self, state: &State<S>, id: OperatorIdx) -> bool {
        let (operator, own) = (self.operator(id), state.operator(id));
        if operator.works == Works::InAnyOrder {
            return false;
        }
        match (own.phase, operator.attempts) {
            (Phase::Waiting, _) if operator.loses_patience => true,
            (Phase::Waiting, Some(_)) => operator.polls_throttled && operator.told == Told::ByPolls,
            (Phase::Starting | Phase::Preparing, Some(most)) if own.attempts >= most => true,
            (Phase::Starting | Phase::Preparing, Some(_)) => {
                (operator.requests_throttled && self.may_step(state, id, OperatorStep::Submits))
                    || self.known_to(state, id).iter().any(|known| self.may_be_undone(state, ResourceIdx(known)))
            }
            (Phase::Waiting | Phase::Starting | Phase::Preparing, None) | (Phase::Done | Phase::GaveUp, _) => false,
        }
    }

    /// Whether a call for the next step of the resource's clean-up can come to nothing, so that the same is to be called for again.
    #[inline]
    pub fn may_be_undone(&self, state: &State<S>, resource: ResourceIdx) -> bool {
        let [idle, used] = self.kind_of(resource).undoes_clean_up[usize::from(state.resource(resource))];
        (idle || used) && if self.is_session_open(state, self.role_of(resource)) { used } else { idle }
    }

    /// Whether the operator may take the step now.
    #[inline]
    pub fn may_step(&self, state: &State<S>, id: OperatorIdx, step: OperatorStep) -> bool {
        self.bar_to_step(state, id, step).is_none()
    }

    /// The next step of a resource's clean-up.
    #[inline]
    pub fn clean_up_of(&self, state: &State<S>, resource: ResourceIdx) -> CleanUp {
        self.kind_of(resource).clean_up[usize::from(state.resource(resource))]
    }

    /// The resources that the operator knows to be in its way: those that were named, or all once it has read the documentation.
    ///
    /// Who works in steps knows of a report once a task that it has polled has failed; from then on those who want the role gone share what they
    /// know (Assumed: one set of what was named is kept for all, as one for each would be a plane per operator in every state).
    #[inline]
    pub fn known_to(&self, state: &State<S>, id: OperatorIdx) -> S {
        let operator = self.operator(id);
        if !operator.cleans {
            return S::default();
        }
        let blocking = self.blocking(state, self.sought(state, id));
        let own = state.operator(id);
        if own.docs == Docs::Read {
            blocking
        } else if self.has_seen_no_report(id, own.phase) {
            S::default()
        } else {
            blocking.and(state.reported())
        }
    }

    /// Whether the operator has something to clean up before it submits again.
    ///
    /// Not if nothing that it knows of can be moved on, by it or by the service: then it asks again, for a new report may name more, until
    /// its attempts run out (Assumed).
    #[inline]
    fn waits_for_clean_up(&self, state: &State<S>, id: OperatorIdx, known: &S) -> bool {
        let is_seen = self.move_freely(state).meets(known);
        debug_assert!(!is_seen || self.can_go_on(state, id, known), "what moves freely goes on");
        is_seen || (!known.is_empty() && self.can_go_on(state, id, known))
    }

    /// Whether anything comes of the clean-up of these: the operator can call, or something moves on by itself that stands against it.
    fn can_go_on(&self, state: &State<S>, id: OperatorIdx, known: &S) -> bool {
        let moves = |resource| self.moves_by_itself(state, resource) || self.waits_for_sessions(state, resource);
        let goes_on = |resource| moves(resource) || self.can_clean_up(state, id, resource);
        if known.iter().map(ResourceIdx).any(goes_on) {
            return true;
        }
        // What may stand against them, and against that, and so on.
        let (mut seen, mut next) = (known.clone(), known.clone());
        while !next.is_empty() {
            let mut found = S::default();
            for resource in next.iter().map(ResourceIdx) {
                found = found.or(self.children_of(resource));
                found = found.or(&S::of(self.relatives_of(resource).iter().map(|relative| relative.0)));
            }
            next = found.minus(&seen);
            if next.iter().map(ResourceIdx).any(moves) {
                return true;
            }
            seen = seen.or(&next);
        }
        false
    }

    /// Whether the resource can be moved only while no session is open on its role, and one is.
    fn waits_for_sessions(&self, state: &State<S>, resource: ResourceIdx) -> bool {
        let code = state.resource(resource);
        let waits = |step: &Transition| step.from == code && step.when == When::NotInUse;
        self.is_session_open(state, self.role_of(resource)) && self.kind_of(resource).transitions.iter().any(waits)
    }

    /// What the refusal of a clean-up tells the operator: which resources stand against it that keep its role from being deleted and that it
    /// did not know of. What keeps no role, or another one, is none of its business.
    pub(super) fn told_by_refusal(
        &self,
        state: &State<S>,
        id: OperatorIdx,
        resource: ResourceIdx,
        transition: TransitionIdx,
    ) -> S {
        let blocking = self.blocking(state, self.sought(state, id));
        self.obstacles(state, resource, transition).and(&blocking).minus(&self.known_to(state, id))
    }

    /// Adds to what is known to be in the way what the refusal has told. The knowledge is shared: what a failed task has named is, too.
    fn learn_of_obstacles(
        &self,
        state: &mut State<S>,
        id: OperatorIdx,
        resource: ResourceIdx,
        transition: TransitionIdx,
        tell: &mut impl FnMut(Event<S>),
    ) {
        let resources = self.told_by_refusal(state, id, resource, transition);
        if !resources.is_empty() {
            state.reported = state.reported.or(&resources);
            tell(Event::ObstaclesNamed { operator: id, resources });
        }
    }

    #[inline]
    fn has_seen_no_report(&self, id: OperatorIdx, phase: Phase) -> bool {
        self.operator(id).works == Works::InSteps && phase == Phase::Starting
    }

    #[inline]
    fn wants_docs(&self, state: &State<S>, id: OperatorIdx) -> bool {
        let operator = self.operator(id);
        match (operator.reads_docs, state.operator(id).docs) {
            (ReadsDocs::Never, _) | (_, Docs::Read) | (ReadsDocs::WhenNothingWasNamed, Docs::Unread) => false,
            (ReadsDocs::WhenNothingWasNamed | ReadsDocs::AtAnyTime, Docs::Wanted)
            | (ReadsDocs::AtAnyTime, Docs::Unread) => state.is_live(self.sought(state, id)),
        }
    }

    /// Sends those to the documentation who read it when nothing was named.
    #[inline]
    pub(super) fn send_operators_to_docs(&self, state: &mut State<S>, role: RoleIdx) {
        for id in &self.facts(role).operators {
            let own = &mut state.operators[id.index()];
            if self.operator(*id).reads_docs == ReadsDocs::WhenNothingWasNamed
                && own.docs == Docs::Unread
                && !self.has_seen_no_report(*id, own.phase)
            {
                own.docs = Docs::Wanted;
            }
        }
    }

    /// Whether something is outstanding of what the role's last failed task named.
    fn was_named_something(&self, state: &State<S>, role: RoleIdx) -> bool {
        state.reported().meets(self.resources_of(role))
    }

    #[inline]
    fn operator_submits(
        &self,
        state: &mut State<S>,
        id: OperatorIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Result<(), Refusal> {
        let operator = self.operator(id);
        let answer = self.delete_service_linked_role(state, operator.principal, self.sought(state, id), tell);
        if operator.attempts.is_some() {
            let own = &mut state.operators[id.index()];
            own.attempts = own.attempts.saturating_add(1);
        }
        match answer {
            Ok(()) => match operator.works {
                Works::InAnyOrder => Ok(()),
                Works::InSteps => Self::experience(state, id, OperatorEvent::Submitted, tell),
            },
            Err(rejection) => {
                tell(Event::Refused { by: operator.principal, rejection });
                match lesson_of(operator.works, rejection) {
                    Some(event) => Self::experience(state, id, event, tell),
                    None => Ok(()),
                }
            }
        }
    }

    /// Somebody may still wait for the task whose place is about to be taken, by a later one or by the role's next incarnation: it has
    /// ended, and whoever waits will be told how.
    #[inline]
    pub(super) fn note_superseded(&self, state: &mut State<S>, role: RoleIdx) {
        for waiting in &self.facts(role).waiters {
            if state.operator(*waiting).phase != Phase::Waiting {
                continue;
            }
            let ended = match state.task(self.watched(state, *waiting)) {
                Some(TaskState::Failed) => Superseded::Failed,
                Some(TaskState::Succeeded) => Superseded::Succeeded,
                // Whoever waits has seen its task submitted: it has ended, and its record is dropped.
                None if self.world().knobs.tasks_are_forgotten => Superseded::Forgotten,
                Some(TaskState::NotStarted | TaskState::InProgress) | None => continue,
            };
            let own = &mut state.operators[waiting.index()];
            if own.superseded == Superseded::No {
                own.superseded = ended;
            }
        }
    }

    fn operator_polls(
        &self,
        state: &mut State<S>,
        id: OperatorIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Result<(), Refusal> {
        let operator = self.operator(id);
        let watched = self.watched(state, id);
        let superseded = std::mem::take(&mut state.operators[id.index()].superseded);
        let task = match superseded {
            Superseded::No => TaskRef::Latest(watched),
            Superseded::Failed | Superseded::Succeeded => TaskRef::Earlier { role: watched, number: None },
            Superseded::Forgotten => TaskRef::Forgotten { role: watched, number: None },
        };
        match (self.poll(state, operator.principal, task, tell), superseded) {
            (Ok(_), Superseded::Succeeded) | (Ok(Some(TaskState::Succeeded)), Superseded::No) => {
                Self::experience(state, id, OperatorEvent::SawSuccess, tell)
            }
            // What an earlier task named is no longer known; only who does not mind failures reads it otherwise.
            (Ok(_), Superseded::Failed) if !operator.ignores_failure => {
                Self::experience(state, id, OperatorEvent::SawFailure, tell)
            }
            (Ok(_), Superseded::Failed) => Self::experience(state, id, OperatorEvent::SawSuccess, tell),
            (Ok(Some(TaskState::Failed)), Superseded::No) => {
                let event = self.reading_of_failure(state, id);
                Self::experience(state, id, event, tell)
            }
            (Ok(Some(TaskState::NotStarted | TaskState::InProgress) | None), Superseded::No)
            | (Ok(_), Superseded::Forgotten) => Ok(()),
            (Err(rejection), _) => {
                tell(Event::Refused { by: operator.principal, rejection });
                match (rejection, operator.missing_task) {
                    (Rejection::TaskNotFound(_) | Rejection::EarlierTaskNotFound(_), MissingTask::LooksAtTheRole)
                        if state.is_live(self.sought(state, id)) =>
                    {
                        // What is forgotten stays so, and it goes on asking for it.
                        state.operators[id.index()].superseded = superseded;
                        Ok(())
                    }
                    (
                        Rejection::TaskNotFound(_) | Rejection::EarlierTaskNotFound(_),
                        MissingTask::LooksAtTheRole | MissingTask::MeansSuccess,
                    ) => Self::experience(state, id, OperatorEvent::SawSuccess, tell),
                    (_, MissingTask::LooksAtTheRole | MissingTask::MeansSuccess | MissingTask::MeansFailure) => {
                        Self::experience(state, id, OperatorEvent::LostPatience, tell)
                    }
                }
            }
        }
    }

    /// What an operator makes of a failed task.
    fn reading_of_failure(&self, state: &State<S>, id: OperatorIdx) -> OperatorEvent {
        let operator = self.operator(id);
        let nothing_named = !self.was_named_something(state, self.watched(state, id));
        if operator.ignores_failure || (operator.empty_report_means_unused && nothing_named) {
            OperatorEvent::SawSuccess
        } else {
            OperatorEvent::SawFailure
        }
    }

    /// Tells those who are told at once that the role's task has failed.
    #[inline]
    pub(super) fn tell_operators_of_failure(
        &self,
        state: &mut State<S>,
        role: RoleIdx,
        tell: &mut impl FnMut(Event<S>),
    ) {
        for id in &self.facts(role).waiters {
            if self.is_told_at_once(state, *id) {
                let event = self.reading_of_failure(state, *id);
                Self::waiting_experience(state, *id, event, tell);
            }
        }
    }

    /// Tells those who are told at once that the role's task has succeeded.
    #[inline]
    pub(super) fn tell_operators_of_success(
        &self,
        state: &mut State<S>,
        role: RoleIdx,
        tell: &mut impl FnMut(Event<S>),
    ) {
        for id in &self.facts(role).waiters {
            if self.is_told_at_once(state, *id) {
                Self::waiting_experience(state, *id, OperatorEvent::SawSuccess, tell);
            }
        }
    }

    fn is_told_at_once(&self, state: &State<S>, id: OperatorIdx) -> bool {
        self.operator(id).told == Told::AtOnce && state.operator(id).phase == Phase::Waiting
    }

    /// An experience of an operator that waits: its machine takes all of them but a second submission.
    fn waiting_experience(
        state: &mut State<S>,
        id: OperatorIdx,
        event: OperatorEvent,
        tell: &mut impl FnMut(Event<S>),
    ) {
        let taken = Self::experience(state, id, event, tell);
        debug_assert!(taken.is_ok(), "a waiting operator takes {event:?}");
    }

    fn experience(
        state: &mut State<S>,
        id: OperatorIdx,
        event: OperatorEvent,
        tell: &mut impl FnMut(Event<S>),
    ) -> Result<(), Refusal> {
        let own = &mut state.operators[id.index()];
        own.phase = own.phase.next(event)?;
        match event {
            OperatorEvent::Submitted => {}
            OperatorEvent::SawFailure => tell(Event::FailureSeen { operator: id }),
            OperatorEvent::SawSuccess => tell(Event::SuccessSeen { operator: id }),
            OperatorEvent::LostPatience => tell(Event::GaveUp { operator: id }),
        }
        Ok(())
    }
}

/// Whether a refusal says that something else of the caller's stands against the call.
pub(super) const fn tells_obstacles(rejection: Rejection) -> bool {
    matches!(rejection, Rejection::ResourceHasChildren(_) | Rejection::ConditionUnmet(..))
}

/// What an operator learns from the refusal of its request; `None` if it goes on as if it had not asked.
pub(super) fn lesson_of(works: Works, rejection: Rejection) -> Option<OperatorEvent> {
    let will_be_refused_again = matches!(
        rejection,
        Rejection::AccessDenied(..) | Rejection::NotServiceLinked(..) | Rejection::InvalidRoleName(_)
    );
    match works {
        Works::InSteps if matches!(rejection, Rejection::RoleNotFound(_)) => Some(OperatorEvent::SawSuccess),
        Works::InSteps if will_be_refused_again => Some(OperatorEvent::LostPatience),
        Works::InAnyOrder | Works::InSteps => None,
    }
}
