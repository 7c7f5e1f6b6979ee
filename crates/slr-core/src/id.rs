//! One type per id, so that a role's number can never be taken for a resource's.
//!
//! Ids are dense: the n-th thing of its sort in the [`Universe`](crate::universe::Universe) has the number n.

use std::num::NonZero;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an index into the universe's table of its sort.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }
    )+};
}

ids! {
    /// A role *slot*: a name that a role may bear. A role that is deleted and made again keeps its slot and gets a new incarnation.
    RoleIdx,
    /// A service that owns service-linked roles.
    ServiceIdx,
    /// A kind of dependent resource.
    KindIdx,
    /// A dependent resource.
    ResourceIdx,
    /// A session slot: one session at a time that a principal may hold on a role.
    SessionIdx,
    /// A principal that calls operations: a user, an administrator or a service.
    PrincipalIdx,
    /// A region of the partition.
    RegionIdx,
    /// A client that pursues a goal.
    OperatorIdx,
    /// Something that may be attached to a role: a tag, a policy, an instance profile.
    AttachmentIdx,
    /// What a call writes on a role as tags, or takes off it.
    TagCallIdx,
    /// Something that calls give to a user or a group, or take from it.
    GrantIdx,
    /// A request for a service-linked role: a service principal and perhaps a suffix.
    RequestIdx,
    /// A text that only people read, such as a description.
    TextIdx,
    /// A transition of a resource kind.
    TransitionIdx,
    /// A transition that a service makes, with all the resources that may make it.
    ServiceMoveIdx,
    /// A clean-up that nothing but a closed region can stand against, with all the resources that may undergo it.
    PlainCleanUpIdx,
}

/// What a call of `CreateRole` gives a role at once.
///
/// Most calls give nothing, and to say so takes no room: every action would be greater by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreationIdx(NonZero<u32>);

impl CreationIdx {
    /// The one of that number, counted from 0.
    pub const fn new(number: u32) -> Self {
        Self(NonZero::<u32>::MIN.saturating_add(number))
    }

    /// Where it stands in its list.
    #[inline]
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// The number of a thing as an id; the universe's limits keep every count below 2^32.
pub(crate) fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
