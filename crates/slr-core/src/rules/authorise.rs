//! Who may call what.

use crate::action::Operation;
use crate::id::{PrincipalIdx, RoleIdx};
use crate::rejection::Rejection;
use crate::set::IdSet;
use crate::universe::Universe;
use crate::world::Authority;

impl<S: IdSet> Universe<S> {
    /// Whether the principal may call the operation.
    #[inline]
    pub(super) fn may(&self, by: PrincipalIdx, operation: Operation) -> bool {
        match &self.world().principals[by.index()].authority {
            Authority::Everything => true,
            Authority::Operations(allowed) => allowed.contains(&operation),
        }
    }

    /// Refuses a principal that may not call the operation on the role, before anything else is looked at.
    ///
    /// Source: IAM API Reference, common errors, `AccessDenied`. Assumed: nothing is revealed of what exists.
    #[inline]
    pub(super) fn authorise(&self, by: PrincipalIdx, operation: Operation, role: RoleIdx) -> Result<(), Rejection> {
        if self.may(by, operation) { Ok(()) } else { Err(Rejection::AccessDenied(by, operation, role)) }
    }
}
