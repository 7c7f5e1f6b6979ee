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
    /// The role is in the account again, and there has been no resource since that its service would delete it with. Only a role that its service
    /// deletes is ever in this state: what goes before it has to be one of this incarnation's.
    Remade,
}

/// What happens to a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleEvent {
    /// `CreateRole`, `CreateServiceLinkedRole`, or the linked service made it.
    Created,
    /// The same, of a role that its service deletes, not for the first time, and while nothing is there that it would be deleted with.
    CreatedAgain,
    /// A resource was made that it may be deleted with.
    Used,
    /// `DeleteRole`, a deletion task that succeeded, or the linked service removed it.
    Deleted,
}

impl RoleState {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Absent => 0,
            Self::Live => 1,
            Self::Gone => 2,
            Self::Remade => 3,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Absent,
            1 => Self::Live,
            2 => Self::Gone,
            _ => Self::Remade,
        }
    }
}

impl Machine for RoleState {
    type Event = RoleEvent;

    const NAME: &'static str = "role";
    const STATES: &'static [Self] = &[Self::Absent, Self::Live, Self::Gone, Self::Remade];
    const EVENTS: &'static [RoleEvent] =
        &[RoleEvent::Created, RoleEvent::CreatedAgain, RoleEvent::Used, RoleEvent::Deleted];

    fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Live => "live",
            Self::Gone => "gone",
            Self::Remade => "remade",
        }
    }

    fn event_name(event: RoleEvent) -> &'static str {
        match event {
            RoleEvent::Created => "Created",
            RoleEvent::CreatedAgain => "CreatedAgain",
            RoleEvent::Used => "Used",
            RoleEvent::Deleted => "Deleted",
        }
    }

    fn next(self, event: RoleEvent) -> Result<Self, InvalidTransition> {
        use RoleEvent::{Created, CreatedAgain, Deleted, Used};
        match (self, event) {
            (Self::Absent | Self::Gone, Created) | (Self::Live | Self::Remade, Used) => Ok(Self::Live),
            (Self::Gone, CreatedAgain) => Ok(Self::Remade),
            (Self::Live | Self::Remade, Deleted) => Ok(Self::Gone),

            (Self::Live | Self::Remade, Created | CreatedAgain)
            | (Self::Absent, CreatedAgain)
            | (Self::Absent | Self::Gone, Deleted | Used) => Err(self.refuse(event)),
        }
    }
}
