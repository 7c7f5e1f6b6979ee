//! Carrying out what is enabled, for who explores every step out of a state.

use crate::action::Action;
use crate::machine::SessionEnd;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;

impl<S: IdSet> Universe<S> {
    /// Carries out an action that is [`enabled`](Self::enabled): does what [`apply`](Self::apply) does.
    ///
    /// What `enabled` has looked into is not looked into again, which is most of the work of `apply`. Of an action that is not enabled
    /// comes a state that means nothing.
    #[inline]
    pub fn carry_out(&self, state: &mut State<S>, action: &Action<S>) {
        let tell = &mut |_| ();
        match action {
            Action::SessionOpens { session } => Self::open_session(state, *session, tell),
            Action::SessionEnds { session, end: SessionEnd::Done | SessionEnd::Expired } => {
                state.sessions.remove(session.0);
            }
            Action::TaskSucceeds { role } => self.decide(state, *role, None, tell),
            Action::TaskFails { role, named } => self.decide(state, *role, Some(named), tell),
            Action::ResourceMoves { resource, transition } => self.move_by_service(state, *resource, *transition, tell),
            Action::Operator { operator, step } => {
                let taken = self.take_step(state, *operator, *step, tell);
                debug_assert!(taken.is_ok(), "what is enabled is accepted");
            }
            Action::Command { .. }
            | Action::Throttle { .. }
            | Action::TaskStarts { .. }
            | Action::TaskBecomesVisible { .. }
            | Action::TaskIsForgotten { .. }
            | Action::RolePropagates { .. }
            | Action::RoleAppears { .. }
            | Action::ServiceDeletesRole { .. }
            | Action::RegionFails { .. }
            | Action::RegionRecovers { .. } => {
                let applied = self.apply(state, action, tell);
                debug_assert!(applied.is_ok(), "what is enabled is accepted");
            }
        }
    }
}
