//! The rules: what may happen next, and what happens then.
//!
//! `enabled` and `apply` are the two questions that simulator, checker and every other door ask. `apply` decides everything;
//! `enabled` offers only what `apply` accepts.

mod authorise;
mod commands;
pub(crate) mod concern;
mod creation;
mod enabled;
mod grants;
mod judge;
mod known;
mod moves;
mod names;
mod operators;
pub(crate) mod parameters;
mod relatives;
mod report;
pub(crate) mod tags;
pub(crate) mod trust;

pub use enabled::Offers;
pub use judge::{Judgement, Reports};
pub use parameters::{is_reserved_tag_key, is_tag_key, is_tag_value};
pub use report::{DEFAULT_REASON, DeletionReason, RoleUsage};
pub use trust::services as trusted_services;
pub use trust::{document_of as trust_document_of, texts as trust_texts};

use crate::action::Action;
use crate::event::Event;
use crate::rejection::{Impossible, Refusal, Rejection};
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;

impl<S: IdSet> Universe<S> {
    /// Carries out one action and tells `tell` what it caused, in order.
    ///
    /// # Errors
    /// [`Refusal::Rejected`] if AWS refuses the command, [`Refusal::Impossible`] if the action cannot happen in this state.
    /// Either way the state is as it was. An action that names something that the universe does not [know](Self::knows) is impossible.
    #[inline]
    pub fn apply(
        &self,
        state: &mut State<S>,
        action: &Action<S>,
        tell: &mut impl FnMut(Event<S>),
    ) -> Result<(), Refusal> {
        if !self.knows(action) {
            return Err(Impossible::Unknown { action: action.name() }.into());
        }
        match action {
            Action::Command { by, command } => self.command(state, *by, *command, tell),
            Action::Throttle { .. } => Err(Refusal::Rejected(Rejection::Throttled)),
            Action::Operator { operator, step } => self.operator_step(state, *operator, *step, tell),
            Action::SessionOpens { session } => self.session_opens(state, *session, tell),
            Action::SessionEnds { session, end } => Self::session_ends(state, *session, *end, tell),
            Action::TaskStarts { role } => self.task_starts(state, *role, tell),
            Action::TaskSucceeds { role } => self.task_succeeds(state, *role, tell),
            Action::TaskFails { role, named } => self.task_fails(state, *role, named, tell),
            Action::TaskBecomesVisible { role } => Self::task_becomes_visible(state, *role, tell),
            Action::TaskIsForgotten { role } => self.task_is_forgotten(state, *role, tell),
            Action::EarlierTaskIsForgotten { role, number, waiting } => {
                self.earlier_task_is_forgotten(state, *role, *number, waiting, tell)
            }
            Action::RolePropagates { role } => Self::role_propagates(state, *role, tell),
            Action::ResourceMoves { resource, transition } => self.resource_moves(state, *resource, *transition, tell),
            Action::RoleAppears { role } => self.role_appears(state, *role, tell),
            Action::ServiceDeletesRole { role } => self.service_deletes_role(state, *role, tell),
            Action::RegionFails { region } => Self::region_fails(state, *region, tell),
            Action::RegionRecovers { region } => Self::region_recovers(state, *region, tell),
        }
    }
}

/// The refusal of an action that the rules do not allow now.
const fn not_enabled(action: &'static str, why: &'static str) -> Refusal {
    Refusal::Impossible(Impossible::NotEnabled { action, why })
}
