//! A role, from its creation to its end.

use super::{InvalidTransition, Machine};

/// Whether a role slot holds a role now.
///
/// That a deletion is unfinished is not a state of the role: until the task has succeeded the role is as it was, and the
/// task says the rest. Source: IAM User Guide, "Using service-linked roles", deleting a service-linked role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleState {
    /// No role of this name has been made yet.
    Absent,
    /// The role is in the account.
    Live,
    /// The role was deleted. It may be made again, as a new incarnation with a new `RoleId`.
    Gone,
}

/// What happens to a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleEvent {
    /// `CreateRole`, `CreateServiceLinkedRole`, or the linked service made it.
    Created,
    /// `DeleteRole`, a deletion task that succeeded, or the linked service removed it.
    Deleted,
}

impl RoleState {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Absent => 0,
            Self::Live => 1,
            Self::Gone => 2,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Absent,
            1 => Self::Live,
            _ => Self::Gone,
        }
    }
}

impl Machine for RoleState {
    type Event = RoleEvent;

    const NAME: &'static str = "role";
    const STATES: &'static [Self] = &[Self::Absent, Self::Live, Self::Gone];
    const EVENTS: &'static [RoleEvent] = &[RoleEvent::Created, RoleEvent::Deleted];

    fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Live => "live",
            Self::Gone => "gone",
        }
    }

    fn event_name(event: RoleEvent) -> &'static str {
        match event {
            RoleEvent::Created => "Created",
            RoleEvent::Deleted => "Deleted",
        }
    }

    fn next(self, event: RoleEvent) -> Result<Self, InvalidTransition> {
        use RoleEvent::{Created, Deleted};
        match (self, event) {
            (Self::Absent | Self::Gone, Created) => Ok(Self::Live),
            (Self::Live, Deleted) => Ok(Self::Gone),

            (Self::Live, Created) | (Self::Absent | Self::Gone, Deleted) => Err(self.refuse(event)),
        }
    }
}
