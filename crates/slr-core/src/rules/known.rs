//! Whether an action speaks of this world: every id in it is in the universe's tables.
//!
//! It is asked once, before anything else, so that nothing behind it has to ask again.

use crate::action::{Action, Call, Command, OperatorStep, TaskRef};
use crate::id::{
    AttachmentIdx, CreationIdx, OperatorIdx, PrincipalIdx, ResourceIdx, RoleIdx, SessionIdx, TextIdx, TransitionIdx,
};
use crate::set::IdSet;
use crate::universe::Universe;

impl<S: IdSet> Universe<S> {
    /// Whether everything that the action names is in this universe. What a task names is left to the rules: they refuse a report of
    /// resources that are not the role's.
    #[expect(clippy::inline_always, reason = "asked before every action, and most answers are a look at one length")]
    #[inline(always)]
    pub fn knows(&self, action: &Action<S>) -> bool {
        match *action {
            Action::Command { by, command } => self.has_principal(by) && self.knows_command(command),
            Action::Throttle { by, call } => self.has_principal(by) && self.knows_call(call),
            Action::Operator { operator, step } => self.knows_step(operator, step),
            Action::SessionOpens { session } | Action::SessionEnds { session, end: _ } => self.has_session(session),
            Action::TaskStarts { role }
            | Action::TaskSucceeds { role }
            | Action::TaskFails { role, named: _ }
            | Action::TaskBecomesVisible { role }
            | Action::TaskIsForgotten { role }
            | Action::RolePropagates { role }
            | Action::RoleAppears { role }
            | Action::ServiceDeletesRole { role } => self.has_role(role),
            Action::EarlierTaskIsForgotten { role, number: _, ref waiting } => {
                self.has_role(role) && waiting.iter().all(|operator| self.has_operator(OperatorIdx(operator)))
            }
            Action::ResourceMoves { resource, transition } => self.has_transition(resource, transition),
            Action::RegionFails { region } | Action::RegionRecovers { region } => {
                region.index() < self.world().regions.len()
            }
        }
    }

    #[inline(never)]
    fn knows_call(&self, call: Call) -> bool {
        match call {
            Call::Command(command) => self.knows_command(command),
            Call::Step { operator, step } => self.knows_step(operator, step),
        }
    }

    #[inline]
    fn knows_step(&self, operator: OperatorIdx, step: OperatorStep) -> bool {
        self.has_operator(operator)
            && match step {
                OperatorStep::CleansUp(resource) => self.has_resource(resource),
                OperatorStep::Submits | OperatorStep::Polls | OperatorStep::ReadsDocs | OperatorStep::GivesUp => true,
            }
    }

    fn has_operator(&self, operator: OperatorIdx) -> bool {
        operator.index() < self.world().operators.len()
    }

    #[inline(never)]
    fn knows_command(&self, command: Command) -> bool {
        match command {
            Command::CreateServiceLinkedRole { request, description } => {
                request.index() < self.world().requests.len() && self.has_text(description)
            }
            Command::CreateRole { role, description, max_session_duration: _, gives } => {
                let fits = |gives: CreationIdx| {
                    self.world().creations.get(gives.index()).is_some_and(|creation| creation.role == role)
                };
                self.has_role(role) && self.has_text(description) && gives.is_none_or(fits)
            }
            Command::UpdateRole { role, description, max_session_duration: _ } => {
                self.has_role(role) && self.has_text(description)
            }
            Command::UpdateRoleDescription { role, description } => {
                self.has_role(role) && self.has_text(Some(description))
            }
            Command::DeleteRole { role }
            | Command::DeleteServiceLinkedRole { role }
            | Command::Read { operation: _, role }
            | Command::AssumeRole { role } => self.has_role(role),
            Command::GetServiceLinkedRoleDeletionStatus { task } => match task {
                TaskRef::Latest(role)
                | TaskRef::Earlier { role, number: _ }
                | TaskRef::Forgotten { role, number: _ } => self.has_role(role),
                TaskRef::Unknown(id) => self.has_text(id),
                TaskRef::Malformed => true,
            },
            Command::ChangeTags { call } => call.index() < self.world().tag_calls.len(),
            Command::Attach { attachment } | Command::Detach { attachment } | Command::ReadPolicy { attachment } => {
                self.has_attachment(attachment)
            }
            Command::Give { grant } | Command::Take { grant } => grant.index() < self.world().grants.len(),
            Command::ListRoles { under } => self.has_text(under),
            Command::Operate { resource, transition } => self.has_transition(resource, transition),
        }
    }

    fn has_principal(&self, principal: PrincipalIdx) -> bool {
        principal.index() < self.world().principals.len()
    }

    fn has_role(&self, role: RoleIdx) -> bool {
        role.index() < self.world().roles.len()
    }

    fn has_session(&self, session: SessionIdx) -> bool {
        session.index() < self.world().sessions.len()
    }

    fn has_attachment(&self, attachment: AttachmentIdx) -> bool {
        attachment.index() < self.world().attachments.len()
    }

    fn has_text(&self, text: Option<TextIdx>) -> bool {
        text.is_none_or(|text| text.index() < self.world().texts.len())
    }

    fn has_resource(&self, resource: ResourceIdx) -> bool {
        resource.index() < self.world().resources.len()
    }

    fn has_transition(&self, resource: ResourceIdx, transition: TransitionIdx) -> bool {
        self.has_resource(resource) && transition.index() < self.kind_of(resource).transitions.len()
    }
}
