//! One request to delete a service-linked role, from its submission to its end.

use super::{InvalidTransition, Machine};

/// The status of a deletion task, as `GetServiceLinkedRoleDeletionStatus` tells it.
///
/// Source: IAM API Reference, `GetServiceLinkedRoleDeletionStatus`, Status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskState {
    /// Submitted; the linked service has not looked yet.
    NotStarted,
    /// The linked service looks for uses of the role. How long it looks is the driver's business.
    InProgress,
    /// The role is gone.
    Succeeded,
    /// The role stays. What the service told about its use lies in the state's `reported` set and in the event.
    Failed,
}

/// What happens to a deletion task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskEvent {
    /// The linked service begins to look.
    Started,
    /// Nothing uses the role: it is deleted with this very step.
    FoundUnused,
    /// Something uses the role, or the service will not let it go.
    FoundInUse,
}

impl TaskState {
    /// Whether the task has not come to its end; a role has at most one such task.
    pub const fn is_unfinished(self) -> bool {
        match self {
            Self::NotStarted | Self::InProgress => true,
            Self::Succeeded | Self::Failed => false,
        }
    }

    pub(crate) const fn code(task: Option<Self>) -> u8 {
        match task {
            None => 0,
            Some(Self::NotStarted) => 1,
            Some(Self::InProgress) => 2,
            Some(Self::Succeeded) => 3,
            Some(Self::Failed) => 4,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::NotStarted),
            2 => Some(Self::InProgress),
            3 => Some(Self::Succeeded),
            4 => Some(Self::Failed),
            _ => None,
        }
    }
}

impl Machine for TaskState {
    type Event = TaskEvent;

    const NAME: &'static str = "deletion task";
    const STATES: &'static [Self] = &[Self::NotStarted, Self::InProgress, Self::Succeeded, Self::Failed];
    const EVENTS: &'static [TaskEvent] = &[TaskEvent::Started, TaskEvent::FoundUnused, TaskEvent::FoundInUse];

    fn name(self) -> &'static str {
        match self {
            Self::NotStarted => "NOT_STARTED",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    fn event_name(event: TaskEvent) -> &'static str {
        match event {
            TaskEvent::Started => "Started",
            TaskEvent::FoundUnused => "FoundUnused",
            TaskEvent::FoundInUse => "FoundInUse",
        }
    }

    fn next(self, event: TaskEvent) -> Result<Self, InvalidTransition> {
        use TaskEvent::{FoundInUse, FoundUnused, Started};
        match (self, event) {
            (Self::NotStarted, Started) => Ok(Self::InProgress),
            (Self::InProgress, FoundUnused) => Ok(Self::Succeeded),
            (Self::InProgress, FoundInUse) => Ok(Self::Failed),

            (Self::NotStarted, FoundUnused | FoundInUse)
            | (Self::InProgress, Started)
            | (Self::Succeeded | Self::Failed, Started | FoundUnused | FoundInUse) => Err(self.refuse(event)),
        }
    }
}
