//! Calls that change what users and groups may do: what they touch leaves the account, which stays as it is, and becomes part of the state.

use slr_core::action::Operation;
use slr_core::grant::{Granted, Holder};
use slr_core::id::{GrantIdx, PrincipalIdx};
use slr_core::{Command, policy};

use super::{Lowerer, Lowering};
use crate::diagnostic::{Code, Diagnostic};
use crate::simulation::Scripted;
use crate::syntax::{self, Perform, Step, User};
use crate::yaml::Span;

/// What a call gives or takes, and whose it is.
struct Touched {
    holder: Holder,
    name: String,
    /// Of an inline policy without what it says.
    granted: Granted,
}

impl Touched {
    fn entity(&self) -> policy::Entity<'_> {
        match self.holder {
            Holder::User => policy::Entity::User(&self.name),
            Holder::Group => policy::Entity::Group(&self.name),
        }
    }
}

impl Lowerer<'_> {
    /// Makes what steps touch part of the state.
    pub(super) fn loosen(&mut self) -> Lowering<()> {
        let scenario = self.scenario;
        let calls = scenario.steps.iter().filter_map(|step| match &step.value {
            Step::Do(perform) => Some((Operation::from_name(&perform.operation)?, perform.as_ref(), step.span)),
            Step::Happens(_) => None,
        });
        for (operation, perform, span) in calls {
            let Some(touched) = self.touched(operation, perform, span)? else { continue };
            if touched.name == User::ADMIN && !self.world.access.users().any(|user| user == User::ADMIN) {
                self.bind_administrator()?;
            }
            let access = &mut self.world.access;
            let entity = touched.entity();
            let found = match &touched.granted {
                Granted::InlinePolicy(name, _) => access
                    .take_inline_policy(entity, name)
                    .map(|document| Granted::InlinePolicy(name.clone(), Some(document))),
                Granted::ManagedPolicy(arn) => {
                    access.detach_policy(entity, arn).is_ok().then(|| touched.granted.clone())
                }
                Granted::Member(user) => {
                    let is_member = access.groups_of(user).any(|group| group.eq_ignore_ascii_case(&touched.name));
                    (is_member && access.remove_from_group(user, &touched.name).is_ok())
                        .then(|| touched.granted.clone())
                }
            };
            if let Some(granted) = found {
                let grant = self.world.grant(touched.holder, &touched.name, granted, None);
                self.world.grants[grant.index()].given = true;
            }
        }
        Ok(())
    }

    /// A call that gives something to a user or a group, or takes something from it; `None` if it is another.
    pub(super) fn grants(
        &mut self,
        by: PrincipalIdx,
        operation: Operation,
        step: &Perform,
        span: Span,
    ) -> Lowering<Option<Scripted>> {
        let Some(touched) = self.touched(operation, step, span)? else { return Ok(None) };
        let gives = matches!(
            operation,
            Operation::PutUserPolicy
                | Operation::PutGroupPolicy
                | Operation::AttachUserPolicy
                | Operation::AttachGroupPolicy
                | Operation::AddUserToGroup
        );
        let written = step.document.as_ref().filter(|_| gives).map(|document| {
            policy::Document::parse_in(&self.world.partition, policy::DocumentKind::Identity, document.text())
        });
        let (granted, malformed) = match (touched.granted, written) {
            (Granted::InlinePolicy(name, _), Some(Ok(document))) => (Granted::InlinePolicy(name, Some(document)), None),
            (granted, Some(Err(why))) => (granted, Some(why.to_string())),
            (granted, Some(Ok(_)) | None) => (granted, None),
        };
        let grant = if gives {
            self.world.grant(touched.holder, &touched.name, granted, malformed)
        } else {
            self.named_grant(touched.holder, &touched.name, granted)
        };
        let command = if gives { Command::Give { grant } } else { Command::Take { grant } };
        Ok(Some(Scripted::Call { by, command }))
    }

    /// Whoever takes a policy away names it and does not say what is written in it.
    fn named_grant(&mut self, holder: Holder, name: &str, granted: Granted) -> GrantIdx {
        let known = (0..).map(GrantIdx).zip(&self.world.grants);
        let mut known =
            known.filter(|(_, grant)| grant.is_held_by(holder, name) && grant.granted.is_called_as(&granted));
        let known = known.next().map(|(id, _)| id);
        known.unwrap_or_else(|| self.world.grant(holder, name, granted, None))
    }

    fn touched(&self, operation: Operation, step: &Perform, span: Span) -> Lowering<Option<Touched>> {
        let scenario = self.scenario;
        let need = |field: &Option<syntax::Text>, what: &str| {
            let missing = || Box::new(Diagnostic::new(Code::MissingKey, span, format!("{operation} needs `{what}`")));
            field.clone().ok_or_else(missing)
        };
        let user = || {
            let name = need(&step.user, "user")?;
            let mut known = scenario.users.names().chain([User::ADMIN]);
            Ok::<_, Box<Diagnostic>>(known.find(|known| known.eq_ignore_ascii_case(&name)).unwrap_or(&name).to_owned())
        };
        let group = || {
            let name = need(&step.group, "group")?;
            let mut known = scenario.groups.names();
            Ok::<_, Box<Diagnostic>>(known.find(|known| known.eq_ignore_ascii_case(&name)).unwrap_or(&name).to_owned())
        };
        let inline = || Ok::<_, Box<Diagnostic>>(Granted::InlinePolicy(need(&step.policy, "policy")?.value, None));
        let managed =
            || Ok::<_, Box<Diagnostic>>(Granted::ManagedPolicy(self.policy_arn(&need(&step.policy, "policy")?)));
        let (holder, name, granted) = match operation {
            Operation::PutUserPolicy | Operation::DeleteUserPolicy => (Holder::User, user()?, inline()?),
            Operation::AttachUserPolicy | Operation::DetachUserPolicy => (Holder::User, user()?, managed()?),
            Operation::PutGroupPolicy | Operation::DeleteGroupPolicy => (Holder::Group, group()?, inline()?),
            Operation::AttachGroupPolicy | Operation::DetachGroupPolicy => (Holder::Group, group()?, managed()?),
            Operation::AddUserToGroup | Operation::RemoveUserFromGroup => {
                (Holder::Group, group()?, Granted::Member(user()?))
            }
            _ => return Ok(None),
        };
        Ok(Some(Touched { holder, name, granted }))
    }
}
