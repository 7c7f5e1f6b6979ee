//! A client that wants a service-linked role gone: submit, poll, clean up what was named, again.

use super::{InvalidTransition, Machine};

/// Where an operator stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// No request of its for the deletion has been accepted yet, and it knows of no report.
    #[default]
    Starting,
    /// A task of its has failed: it cleans up what it knows of, then submits again.
    Preparing,
    /// It has submitted and waits for the task's end.
    Waiting,
    /// It believes that the role is gone.
    Done,
    /// It has given up.
    GaveUp,
}

impl Phase {
    /// Whether it waits for no task and goes on.
    #[inline]
    pub const fn is_at_work(self) -> bool {
        match self {
            Self::Starting | Self::Preparing => true,
            Self::Waiting | Self::Done | Self::GaveUp => false,
        }
    }
}

/// What an operator experiences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorEvent {
    /// Its request for deletion was accepted.
    Submitted,
    /// It takes the task for failed.
    SawFailure,
    /// It takes the role for gone.
    SawSuccess,
    /// It will not go on.
    LostPatience,
}

impl Machine for Phase {
    type Event = OperatorEvent;

    const NAME: &'static str = "operator";
    const STATES: &'static [Self] = &[Self::Starting, Self::Preparing, Self::Waiting, Self::Done, Self::GaveUp];
    const EVENTS: &'static [OperatorEvent] =
        &[OperatorEvent::Submitted, OperatorEvent::SawFailure, OperatorEvent::SawSuccess, OperatorEvent::LostPatience];

    fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Preparing => "preparing",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::GaveUp => "gave up",
        }
    }

    fn event_name(event: OperatorEvent) -> &'static str {
        match event {
            OperatorEvent::Submitted => "Submitted",
            OperatorEvent::SawFailure => "SawFailure",
            OperatorEvent::SawSuccess => "SawSuccess",
            OperatorEvent::LostPatience => "LostPatience",
        }
    }

    fn next(self, event: OperatorEvent) -> Result<Self, InvalidTransition> {
        use OperatorEvent::{LostPatience, SawFailure, SawSuccess, Submitted};
        match (self, event) {
            (Self::Starting | Self::Preparing, Submitted) => Ok(Self::Waiting),
            (Self::Waiting, SawFailure) => Ok(Self::Preparing),
            // A client that prepares learns that the role is gone when its request is answered with NoSuchEntity.
            (Self::Starting | Self::Preparing | Self::Waiting, SawSuccess) => Ok(Self::Done),
            (Self::Starting | Self::Preparing | Self::Waiting, LostPatience) => Ok(Self::GaveUp),

            (Self::Starting | Self::Preparing, SawFailure)
            | (Self::Waiting, Submitted)
            | (Self::Done | Self::GaveUp, Submitted | SawFailure | SawSuccess | LostPatience) => {
                Err(self.refuse(event))
            }
        }
    }
}

/// What the future of an operator depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorState {
    /// Where it stands.
    pub phase: Phase,
    /// Requests for deletion it has submitted; counted up to its limit, not at all where it has none.
    pub attempts: u8,
    /// What it makes of the service's documentation.
    pub docs: Docs,
    /// How the task that it waits for ended, where a later task has taken that one's place.
    pub superseded: Superseded,
}

/// What an operator makes of the service's documentation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Docs {
    /// It has not read it.
    #[default]
    Unread,
    /// It has not read it, and a failure that named nothing has sent it there. What is cleaned up later does not change that.
    Wanted,
    /// It has read it and so knows every resource that uses the role.
    Read,
}

/// How a task ended that is no longer its role's latest while somebody still waits for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Superseded {
    /// It is still the latest.
    #[default]
    No,
    /// It failed.
    Failed,
    /// It succeeded, and the role was made again.
    Succeeded,
    /// However it ended, its record is dropped.
    Forgotten,
}
