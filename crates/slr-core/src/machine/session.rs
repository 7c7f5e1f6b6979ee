//! A session: the time for which a principal has assumed a role.

use super::{InvalidTransition, Machine};

/// Why a session ended. There is no third way: the sessions of a service-linked role cannot be revoked.
///
/// Source: IAM User Guide, "Using service-linked roles", cleaning up a service-linked role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionEnd {
    /// The principal has done its work.
    Done,
    /// `MaxSessionDuration` is over.
    Expired,
}

/// One session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionState {
    /// Credentials are valid: the role is in use.
    Open,
    /// Over for good. The principal may open another session, which is not this one.
    Ended(SessionEnd),
}

/// What happens to a session. Revocation is not among it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEvent {
    /// The session comes to its end.
    Ends(SessionEnd),
}

impl Machine for SessionState {
    type Event = SessionEvent;

    const NAME: &'static str = "session";
    const STATES: &'static [Self] = &[Self::Open, Self::Ended(SessionEnd::Done), Self::Ended(SessionEnd::Expired)];
    const EVENTS: &'static [SessionEvent] =
        &[SessionEvent::Ends(SessionEnd::Done), SessionEvent::Ends(SessionEnd::Expired)];

    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ended(SessionEnd::Done) => "done",
            Self::Ended(SessionEnd::Expired) => "expired",
        }
    }

    fn event_name(event: SessionEvent) -> &'static str {
        match event {
            SessionEvent::Ends(SessionEnd::Done) => "WorkDone",
            SessionEvent::Ends(SessionEnd::Expired) => "MaxSessionDurationOver",
        }
    }

    fn next(self, event: SessionEvent) -> Result<Self, InvalidTransition> {
        match (self, event) {
            (Self::Open, SessionEvent::Ends(end)) => Ok(Self::Ended(end)),

            (Self::Ended(SessionEnd::Done | SessionEnd::Expired), SessionEvent::Ends(_)) => Err(self.refuse(event)),
        }
    }
}
