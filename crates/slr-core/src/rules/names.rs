//! Which role a name means: slots stay what they are, and the account knows roles by their names.

use crate::action::Command;
use crate::id::{AttachmentIdx, OperatorIdx, RoleIdx};
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::Attachment;

impl<S: IdSet> Universe<S> {
    /// The role in the account that bears exactly the name of this slot; the slot itself if none does.
    ///
    /// IAM looks roles up by name whatever their path and sort, so that a call about a name means the role that bears it now. Of roles
    /// whose names differ in nothing but case only one can be there, and it answers to its own spelling alone (Assumed).
    /// Source: IAM API Reference, `GetRole`, `RoleName`; `CreateRole`, `RoleName`.
    #[inline]
    pub fn bearer(&self, state: &State<S>, role: RoleIdx) -> RoleIdx {
        if !self.has_namesakes || state.is_live(role) { role } else { self.other_bearer(state, role) }
    }

    fn other_bearer(&self, state: &State<S>, role: RoleIdx) -> RoleIdx {
        let name = |id: RoleIdx| self.world().roles[id.index()].name.as_str();
        let live = state.live_roles().and(&self.facts(role).namesakes);
        live.iter().map(RoleIdx).find(|other| name(*other) == name(role)).unwrap_or(role)
    }

    /// The role that the operator wants gone, as its requests mean it now: whatever role bears the name.
    #[inline]
    pub fn sought(&self, state: &State<S>, operator: OperatorIdx) -> RoleIdx {
        self.bearer(state, self.operator(operator).goal)
    }

    /// The operators that want the role of this name gone.
    #[inline]
    pub fn seekers_of(&self, role: RoleIdx) -> &[OperatorIdx] {
        &self.facts(role).operators
    }

    /// The role whose task the operator polls: of those that can bear the name the one with a task, an unfinished one before all others.
    ///
    /// Not simply the role that bears it now: a task is asked for by its id, also when its role is gone and another bears the name.
    #[inline]
    pub fn watched(&self, state: &State<S>, operator: OperatorIdx) -> RoleIdx {
        let goal = self.operator(operator).goal;
        if self.has_namesakes { self.watched_of(state, goal) } else { goal }
    }

    fn watched_of(&self, state: &State<S>, goal: RoleIdx) -> RoleIdx {
        let name = |id: RoleIdx| self.world().roles[id.index()].name.as_str();
        let own = self.facts(goal).namesakes.and(&self.service_linked);
        let own = || own.iter().map(RoleIdx).filter(|other| name(*other) == name(goal));
        let unfinished = own().find(|role| state.has_unfinished_task(*role));
        let with_task = || own().find(|role| state.is_live(*role) && state.task(*role).is_some());
        let of_the_past = || own().find(|role| state.task(*role).is_some());
        unfinished.or_else(with_task).or_else(of_the_past).or_else(|| own().next()).unwrap_or(goal)
    }

    /// The command as the account takes it now: about the role that bears the name.
    ///
    /// Polls name a task, requests for service-linked roles a service, `CreateRole` a name that is to be free, and `AssumeRole` an ARN: these
    /// mean what they say. What is attached or taken off is looked for at the role that bears the name; where this world has no such thing
    /// the command is left as it is.
    #[must_use]
    pub fn by_name(&self, state: &State<S>, command: Command) -> Command {
        match command {
            Command::DeleteRole { role } => Command::DeleteRole { role: self.bearer(state, role) },
            Command::DeleteServiceLinkedRole { role } => {
                Command::DeleteServiceLinkedRole { role: self.bearer(state, role) }
            }
            Command::UpdateRole { role, description, max_session_duration } => {
                Command::UpdateRole { role: self.bearer(state, role), description, max_session_duration }
            }
            Command::UpdateRoleDescription { role, description } => {
                Command::UpdateRoleDescription { role: self.bearer(state, role), description }
            }
            Command::Read { operation, role } => Command::Read { operation, role: self.bearer(state, role) },
            Command::ChangeTags { call } => Command::ChangeTags { call: self.at_bearer_of_tags(state, call) },
            Command::Attach { attachment } => Command::Attach { attachment: self.at_bearer(state, attachment) },
            Command::ReadPolicy { attachment } => Command::ReadPolicy { attachment: self.at_bearer(state, attachment) },
            Command::Detach { attachment } => Command::Detach { attachment: self.at_bearer(state, attachment) },
            Command::CreateRole { .. }
            | Command::Give { .. }
            | Command::Take { .. }
            | Command::CreateServiceLinkedRole { .. }
            | Command::GetServiceLinkedRoleDeletionStatus { .. }
            | Command::ListRoles { .. }
            | Command::AssumeRole { .. }
            | Command::Operate { .. } => command,
        }
    }

    /// The same thing at the role that bears the name.
    fn at_bearer(&self, state: &State<S>, attachment: AttachmentIdx) -> AttachmentIdx {
        let thing = &self.world().attachments[attachment.index()];
        let bearer = self.bearer(state, thing.role);
        if bearer == thing.role {
            return attachment;
        }
        let found = self.facts(bearer).attachments.iter().map(AttachmentIdx);
        let mut found = found.filter(|id| is_same(&self.world().attachments[id.index()], thing));
        found.next().unwrap_or(attachment)
    }
}

/// Whether two things are the same but for the role that they are at.
fn is_same(one: &Attachment, other: &Attachment) -> bool {
    let same_content = one.document == other.document && one.value == other.value && one.malformed == other.malformed;
    one.item.is_called_as(&other.item) && same_content
}
