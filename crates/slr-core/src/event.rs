//! Events: what an action caused, in the past tense.

use crate::action::{Operation, TaskRef};
use crate::id::{
    AttachmentIdx, GrantIdx, OperatorIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, SessionIdx, TagCallIdx,
    TextIdx, TransitionIdx,
};
use crate::machine::{SessionEnd, TaskState};
use crate::rejection::Rejection;

/// Who or what made a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Creator {
    /// A principal, by `CreateRole` or `CreateServiceLinkedRole`.
    Principal(PrincipalIdx),
    /// The linked service, for an operation that somebody called.
    Service,
    /// The linked service, because it was used before it supported service-linked roles.
    History,
}

/// How a role came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deleter {
    /// `DeleteRole`.
    Principal,
    /// A deletion task that succeeded.
    Task,
    /// The linked service.
    Service,
}

/// A fact. Ids refer to the universe; who reads it gives the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event<S> {
    /// A role is in the account.
    RoleCreated {
        /// The role.
        role: RoleIdx,
        /// By whom.
        by: Creator,
        /// Its description.
        description: Option<TextIdx>,
    },
    /// A role is gone.
    RoleDeleted {
        /// The role.
        role: RoleIdx,
        /// How.
        by: Deleter,
    },
    /// A role can be assumed.
    RolePropagated {
        /// The role.
        role: RoleIdx,
    },
    /// A role has new particulars.
    RoleUpdated {
        /// The role.
        role: RoleIdx,
        /// Its new description, if that changed.
        description: Option<TextIdx>,
        /// Its new maximal session duration in seconds, if that changed.
        max_session_duration: Option<u32>,
    },
    /// Something other than a tag is attached to a role.
    Attached {
        /// What.
        attachment: AttachmentIdx,
    },
    /// Something other than a tag was taken off a role.
    Detached {
        /// What.
        attachment: AttachmentIdx,
    },
    /// Tags were written on a role, or taken off it, all at once.
    TagsChanged {
        /// What was called for.
        call: TagCallIdx,
    },
    /// A user or a group was given something.
    Granted {
        /// What, and to whom.
        grant: GrantIdx,
    },
    /// Something was taken from a user or a group.
    Revoked {
        /// What, and from whom.
        grant: GrantIdx,
    },
    /// A deletion task was submitted.
    TaskSubmitted {
        /// Its role.
        role: RoleIdx,
    },
    /// The unfinished task was returned to a repeated request.
    TaskReturned {
        /// Its role.
        role: RoleIdx,
    },
    /// A task went `IN_PROGRESS`.
    TaskStarted {
        /// Its role.
        role: RoleIdx,
    },
    /// A task succeeded.
    TaskSucceeded {
        /// Its role.
        role: RoleIdx,
    },
    /// A task failed.
    TaskFailed {
        /// Its role.
        role: RoleIdx,
        /// Everything that used the role when that was judged.
        in_use: S,
        /// Whether a session was open when that was judged.
        session_open: bool,
        /// What the service names.
        named: S,
    },
    /// A task can be polled.
    TaskBecameVisible {
        /// Its role.
        role: RoleIdx,
    },
    /// The record of the role's latest task was dropped.
    TaskForgotten {
        /// Its role.
        role: RoleIdx,
    },
    /// The record of an earlier task was dropped.
    EarlierTaskForgotten {
        /// Its role.
        role: RoleIdx,
        /// Which task, counted from 1 over all roles; `None` for one that an operator waited for.
        number: Option<u32>,
    },
    /// A poll was answered.
    StatusAnswered {
        /// The task.
        task: TaskRef,
        /// Its status; `None` for an earlier task, whose status the ledger knows.
        status: Option<TaskState>,
    },
    /// A read was answered.
    Answered {
        /// The operation.
        operation: Operation,
        /// The role, if one was named.
        role: Option<RoleIdx>,
        /// `PathPrefix` of `ListRoles`, if one was named.
        under: Option<TextIdx>,
    },
    /// A principal assumed an ordinary role.
    RoleAssumed {
        /// The role.
        role: RoleIdx,
    },
    /// A session was opened.
    SessionOpened {
        /// The slot.
        session: SessionIdx,
    },
    /// A session ended.
    SessionEnded {
        /// The slot.
        session: SessionIdx,
        /// Why.
        end: SessionEnd,
    },
    /// A resource changed its state.
    ResourceMoved {
        /// The resource.
        resource: ResourceIdx,
        /// By which transition.
        transition: TransitionIdx,
    },
    /// An operator has read the documentation.
    DocsRead {
        /// The operator.
        operator: OperatorIdx,
    },
    /// An operator has learnt from the refusal of its clean-up what stands against it.
    ObstaclesNamed {
        /// The operator.
        operator: OperatorIdx,
        /// What it is told of.
        resources: S,
    },
    /// An operator takes its last task for failed.
    FailureSeen {
        /// The operator.
        operator: OperatorIdx,
    },
    /// An operator takes the role for gone.
    SuccessSeen {
        /// The operator.
        operator: OperatorIdx,
    },
    /// An operator gave up.
    GaveUp {
        /// The operator.
        operator: OperatorIdx,
    },
    /// An operator's call was refused. The operator knows; the world is as it was.
    Refused {
        /// Who called.
        by: PrincipalIdx,
        /// Why.
        rejection: Rejection,
    },
    /// A region stopped answering.
    RegionFailed {
        /// The region.
        region: RegionIdx,
    },
    /// A region answers again.
    RegionRecovered {
        /// The region.
        region: RegionIdx,
    },
}
