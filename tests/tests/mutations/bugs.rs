//! Bugs that somebody could write into the rules, one at a time.

#![expect(clippy::wildcard_enum_match_arm, reason = "each bug concerns a few actions and leaves the others alone")]

use slr_core::id::{RegionIdx, ResourceIdx, RoleIdx};
use slr_core::kind::CleanUp;
use slr_core::machine::{Phase, RoleState, TaskState};
use slr_core::rejection::Rejection;
use slr_core::{Action, Command, IdSet, OperatorStep, State, Universe};

use crate::mutant::Step;

/// A bug in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    SessionsDoNotCount,
    WhatIsBeingDeletedDoesNotCount,
    OneRegionIsSearched,
    OnlyTheStartIsJudged,
    SecondRequestBeginsAnew,
    FailureRevokesSessions,
    FailureLosesTheRole,
    DeletedResourceIsReported,
    ReportOutlivesTheResource,
    GoneRoleIsAssumed,
    ProtectedRoleIsWrittenTo,
    ProtectedRoleIsDeleted,
    QuotaIsNotAsked,
    CaseTellsNamesApart,
    SuccessKeepsTheRole,
    ParentGoesBeforeItsChildren,
    DeletedResourceComesBack,
    TaskOutlivesItsRole,
    TaskWaitsForSessions,
    FailureIsToldAsSuccess,
}

impl Bug {
    pub(crate) const ALL: [Self; 20] = [
        Self::SessionsDoNotCount,
        Self::WhatIsBeingDeletedDoesNotCount,
        Self::OneRegionIsSearched,
        Self::OnlyTheStartIsJudged,
        Self::SecondRequestBeginsAnew,
        Self::FailureRevokesSessions,
        Self::FailureLosesTheRole,
        Self::DeletedResourceIsReported,
        Self::ReportOutlivesTheResource,
        Self::GoneRoleIsAssumed,
        Self::ProtectedRoleIsWrittenTo,
        Self::ProtectedRoleIsDeleted,
        Self::QuotaIsNotAsked,
        Self::CaseTellsNamesApart,
        Self::SuccessKeepsTheRole,
        Self::ParentGoesBeforeItsChildren,
        Self::DeletedResourceComesBack,
        Self::TaskOutlivesItsRole,
        Self::TaskWaitsForSessions,
        Self::FailureIsToldAsSuccess,
    ];

    /// The wrong rule, as a sentence.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::SessionsDoNotCount => "a task succeeds though a session is open",
            Self::WhatIsBeingDeletedDoesNotCount => "a task succeeds though a resource is still being deleted",
            Self::OneRegionIsSearched => "a task looks for uses of the role in the first Region alone",
            Self::OnlyTheStartIsJudged => "a task succeeds if the role was unused when the task started",
            Self::SecondRequestBeginsAnew => "a request while a task is unfinished begins it anew",
            Self::FailureRevokesSessions => "a failed task revokes the sessions of the role",
            Self::FailureLosesTheRole => "a task that fails and names nothing takes the role away",
            Self::DeletedResourceIsReported => "a failed task leaves behind as reported what is deleted",
            Self::ReportOutlivesTheResource => "a resource stays reported when it is gone",
            Self::GoneRoleIsAssumed => "a session opens on a role that is gone",
            Self::ProtectedRoleIsWrittenTo => "policies, profiles and boundaries can be put on a service-linked role",
            Self::ProtectedRoleIsDeleted => "DeleteRole deletes a service-linked role",
            Self::QuotaIsNotAsked => "ordinary roles exceed the quota",
            Self::CaseTellsNamesApart => "names that differ in case are different names",
            Self::SuccessKeepsTheRole => "a task succeeds and its role stays",
            Self::ParentGoesBeforeItsChildren => "a resource is deleted though others belong to it",
            Self::DeletedResourceComesBack => "a resource comes back from its end",
            Self::TaskOutlivesItsRole => "a role that is made again keeps the task of the one before",
            Self::TaskWaitsForSessions => "a task is not decided while a session is open",
            Self::FailureIsToldAsSuccess => "an operator is told of a failed task as if it had succeeded",
        }
    }

    /// The question that the bug is about: the invariant that it breaks, or the claim, if what it breaks is no invariant.
    pub(crate) const fn breaks(self) -> &'static str {
        match self {
            Self::SessionsDoNotCount | Self::GoneRoleIsAssumed => {
                "a service-linked role is never gone while a session is open on it"
            }
            Self::WhatIsBeingDeletedDoesNotCount | Self::OneRegionIsSearched | Self::OnlyTheStartIsJudged => {
                "a service-linked role is never gone while a blocking resource refers to it"
            }
            Self::SecondRequestBeginsAnew => "a deletion task only moves forward, and its end is an end",
            Self::FailureRevokesSessions => "a failed task changes nothing else",
            Self::FailureLosesTheRole | Self::SuccessKeepsTheRole => "a role goes with its task's success in one step",
            Self::DeletedResourceIsReported | Self::ReportOutlivesTheResource => {
                "what is reported is in use, and reported by a failed task"
            }
            Self::ProtectedRoleIsWrittenTo => "nothing but tags is attached to a service-linked role or taken off it",
            Self::ProtectedRoleIsDeleted => "a service-linked role is deleted by its task or its service alone",
            Self::QuotaIsNotAsked => "only service-linked roles exceed the quota",
            Self::CaseTellsNamesApart => "role names are unique ignoring case",
            Self::ParentGoesBeforeItsChildren => "a child never outlives its parent",
            Self::DeletedResourceComesBack => "nothing comes back from its end",
            Self::TaskOutlivesItsRole => "a task has succeeded only if its incarnation is gone",
            Self::TaskWaitsForSessions => "every deletion task of AWSServiceRoleForGadgets ends",
            Self::FailureIsToldAsSuccess => "{ always: role-gone, while: operator-done }",
        }
    }

    /// Whether the rule forgets that this can happen.
    pub(crate) fn forgets<S: IdSet>(self, universe: &Universe<S>, state: &State<S>, action: &Action<S>) -> bool {
        match (self, action) {
            (Self::TaskWaitsForSessions, Action::TaskFails { role, .. }) => universe.is_session_open(state, *role),
            _ => false,
        }
    }

    /// What the rule makes of a step instead.
    pub(crate) fn bends<S: IdSet>(self, step: &Step<'_, S>, after: &mut State<S>) {
        let Step { universe, before, .. } = step;
        match (self, step.action, step.refused) {
            (Self::SecondRequestBeginsAnew, action, None) => {
                if let Some(role) = requested(universe, action)
                    && before.has_unfinished_task(role)
                {
                    after.set_task(role, Some(TaskState::NotStarted));
                }
            }
            (Self::FailureRevokesSessions, Action::TaskFails { role, .. }, None) => {
                for session in universe.sessions().filter(|id| universe.sessions_of(*role).contains(id.0)) {
                    after.set_open(session, false);
                }
            }
            (Self::FailureLosesTheRole, Action::TaskFails { role, named }, None) if named.is_empty() => {
                after.set_role(*role, RoleState::Gone);
            }
            (Self::DeletedResourceIsReported, Action::TaskFails { role, .. }, None) => {
                let gone = |id: &ResourceIdx| before.resource(*id) != 0 && !universe.is_there(before, *id);
                for resource in resources_of(universe, *role).filter(gone) {
                    after.set_reported(resource, true);
                }
            }
            (Self::ReportOutlivesTheResource, _, None) => {
                for resource in universe.resources().filter(|id| before.reported().contains(id.0)) {
                    after.set_reported(resource, true);
                }
            }
            (
                Self::ProtectedRoleIsWrittenTo,
                Action::Command { command: Command::Attach { attachment }, .. },
                Some(Rejection::ProtectedRole(_)),
            ) => after.set_attached(*attachment, true),
            (
                Self::ProtectedRoleIsDeleted,
                Action::Command { command: Command::DeleteRole { role }, .. },
                Some(Rejection::ProtectedRole(_)),
            ) => after.set_role(*role, RoleState::Gone),
            (
                Self::QuotaIsNotAsked,
                Action::Command { command: Command::CreateRole { role, .. }, .. },
                Some(Rejection::RoleQuotaReached),
            )
            | (Self::SuccessKeepsTheRole, Action::TaskSucceeds { role }, None) => {
                after.set_role(*role, RoleState::Live);
            }
            (
                Self::CaseTellsNamesApart,
                _,
                Some(Rejection::RoleNameTaken(role) | Rejection::ServiceRoleNameTaken(role)),
            ) => {
                after.set_role(role, RoleState::Live);
            }
            (
                Self::ParentGoesBeforeItsChildren,
                Action::Command { command: Command::Operate { resource, transition }, .. },
                Some(Rejection::ResourceHasChildren(_)),
            ) => after.set_resource(*resource, universe.transition(*resource, *transition).to),
            (Self::TaskOutlivesItsRole, _, None) => {
                let is_back = |role: &RoleIdx| !before.is_live(*role) && after.is_live(*role);
                for role in universe.roles().filter(is_back).collect::<Vec<_>>() {
                    after.set_task(role, before.task(role));
                }
            }
            // At once or on a poll: who waited and does not wait any more has been told of a failure, or of a success.
            (Self::FailureIsToldAsSuccess, _, None) => {
                for operator in universe.operators() {
                    let mut own = after.operator(operator);
                    if before.operator(operator).phase == Phase::Waiting && own.phase == Phase::Preparing {
                        own.phase = Phase::Done;
                        after.set_operator(operator, own);
                    }
                }
            }
            _ => {}
        }
    }

    /// What the rule takes for possible besides.
    pub(crate) fn invents<S: IdSet>(
        self,
        universe: &Universe<S>,
        state: &State<S>,
        visit: &mut impl FnMut(Action<S>, State<S>),
    ) {
        match self {
            Self::SessionsDoNotCount
            | Self::WhatIsBeingDeletedDoesNotCount
            | Self::OneRegionIsSearched
            | Self::OnlyTheStartIsJudged => {
                let judged = |role: &RoleIdx| {
                    state.task(*role) == Some(TaskState::InProgress) && self.is_unused(universe, state, *role)
                };
                // Where the role is unused indeed, its task succeeds without the bug; and who looks for uses in the wrong way still knows
                // which roles the service never lets go.
                let missed = |role: &RoleIdx| {
                    let judgement = universe.judge(state, *role);
                    !judgement.is_unused() && !judgement.impossible
                };
                for role in universe.roles().filter(judged).filter(missed) {
                    let mut next = state.clone();
                    next.set_task(role, Some(TaskState::Succeeded));
                    next.set_role(role, RoleState::Gone);
                    visit(Action::TaskSucceeds { role }, next);
                }
            }
            Self::GoneRoleIsAssumed => {
                for session in universe.sessions().filter(|session| !state.is_open(*session)) {
                    if state.role(universe.world().sessions[session.index()].role) == RoleState::Gone {
                        let mut next = state.clone();
                        next.set_open(session, true);
                        visit(Action::SessionOpens { session }, next);
                    }
                }
            }
            Self::DeletedResourceComesBack => {
                for resource in universe.resources() {
                    let kind = universe.kind_of(resource);
                    let left = kind.state(state.resource(resource)).filter(|left| left.is_end);
                    let last = (0..).zip(&kind.transitions).find(|(_, t)| left.is_some_and(|left| left.code == t.to));
                    if let Some((id, transition)) = last {
                        let mut next = state.clone();
                        next.set_resource(resource, transition.from);
                        let transition = slr_core::id::TransitionIdx(id);
                        visit(Action::ResourceMoves { resource, transition }, next);
                    }
                }
            }
            _ => {}
        }
    }

    /// What a task finds that judges wrongly.
    fn is_unused<S: IdSet>(self, universe: &Universe<S>, state: &State<S>, role: RoleIdx) -> bool {
        let mut blocking = resources_of(universe, role).filter(|id| state.blocking().contains(id.0));
        let session_open = universe.is_session_open(state, role);
        match self {
            Self::SessionsDoNotCount => blocking.next().is_none(),
            Self::WhatIsBeingDeletedDoesNotCount => {
                !session_open && blocking.all(|id| universe.clean_up_of(state, id) == CleanUp::Wait)
            }
            Self::OneRegionIsSearched => {
                !session_open && !blocking.any(|id| universe.resources_in(RegionIdx(0)).contains(id.0))
            }
            Self::OnlyTheStartIsJudged => {
                resources_of(universe, role).all(|id| !state.was_blocking_at_start(id))
                    && !state.was_busy_at_start(role)
            }
            _ => false,
        }
    }
}

fn resources_of<S: IdSet>(universe: &Universe<S>, role: RoleIdx) -> impl Iterator<Item = ResourceIdx> {
    universe.resources().filter(move |id| universe.resources_of(role).contains(id.0))
}

/// The role whose deletion is requested.
fn requested<S: IdSet>(universe: &Universe<S>, action: &Action<S>) -> Option<RoleIdx> {
    match action {
        Action::Command { command: Command::DeleteServiceLinkedRole { role }, .. } => Some(*role),
        Action::Operator { operator, step: OperatorStep::Submits } => Some(universe.operator(*operator).goal),
        _ => None,
    }
}
