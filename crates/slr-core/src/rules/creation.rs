//! `CreateRole`: an ordinary role with all that the call gives it, or nothing.

use crate::action::Operation;
use crate::event::{Creator, Event};
use crate::id::{AttachmentIdx, CreationIdx, PrincipalIdx, RoleIdx, TextIdx};
use crate::name::RolePath;
use crate::rejection::Rejection;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::{Creation, Item, RoleSort};

use super::authorise::About;

type Answer = Result<(), Rejection>;

impl<S: IdSet> Universe<S> {
    pub(super) fn create_role(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        role: RoleIdx,
        description: Option<TextIdx>,
        gives: Option<CreationIdx>,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        let slot = &self.world().roles[role.index()];
        self.check_name(role)?;
        if matches!(&slot.sort, RoleSort::Ordinary { path, .. } if RolePath::new(path).is_err()) {
            return Err(Rejection::InvalidRolePath(role));
        }
        self.authorise_creation(state, by, role, gives)?;
        let RoleSort::Ordinary { path, trust } = &slot.sort else {
            return Err(Rejection::ReservedPath(role));
        };
        if RolePath::new(path).is_ok_and(|path| path.is_reserved()) {
            return Err(Rejection::ReservedPath(role));
        }
        if self.name_is_taken(state, role) {
            return Err(Rejection::RoleNameTaken(role));
        }
        let creation = gives.map(|gives| self.world().creations[gives.index()]);
        if let Some(creation) = creation {
            self.check_given(creation)?;
        }
        let trust: Vec<&str> = trust.iter().map(String::as_str).collect();
        if trust.iter().any(|text| super::trust::mistake(text).is_some()) {
            return Err(Rejection::MalformedTrust(role));
        }
        self.check_trust_length(role, &trust)?;
        if self.names_missing_principal(state, &trust) {
            return Err(Rejection::MissingPrincipal(role));
        }
        // Service-linked roles count toward the quota, yet only other roles are stopped by it.
        // Source: IAM User Guide, "Using service-linked roles", creating a service-linked role, important note.
        if state.live_roles().len().saturating_add(self.world().other_roles) >= self.world().knobs.role_quota {
            return Err(Rejection::RoleQuotaReached);
        }
        self.make_role(state, role, Creator::Principal(by), description, tell);
        if let Some(creation) = creation {
            self.give_at_once(state, creation, tell);
        }
        Ok(())
    }

    /// Whoever makes a role with tags needs the right to tag it, too; the one to give it a boundary is not asked for (Assumed).
    ///
    /// Sources: <https://github.com/openshift/installer/issues/1073>; Service Authorization Reference, actions of IAM, `CreateRole`, condition
    /// keys.
    fn authorise_creation(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        role: RoleIdx,
        gives: Option<CreationIdx>,
    ) -> Answer {
        let Some(gives) = gives else {
            return self.authorise(state, by, Operation::CreateRole, role);
        };
        self.authorise_about(state, by, Operation::CreateRole, role, About::Creation(gives))?;
        match self.world().creations[gives.index()].tags {
            Some(call) => self.authorise_about(state, by, Operation::TagRole, role, About::Tags(call)),
            None => Ok(()),
        }
    }

    /// Tags are refused as `TagRole` refuses them, and a boundary has to be there. Assumed: after the name, and in this order.
    ///
    /// Source: IAM API Reference, `CreateRole`, Tags: where one is invalid, or there are too many, the role is not made.
    fn check_given(&self, creation: Creation) -> Answer {
        if let Some(call) = creation.tags {
            let facts = self.tag_facts(call);
            facts.check(creation.role)?;
            if facts.count() > self.world().knobs.tags_per_role {
                return Err(Rejection::AttachmentQuotaReached(creation.role));
            }
        }
        match creation.boundary {
            Some(boundary) if self.world().attachments[boundary.index()].item.is_service_policy() => {
                Err(Rejection::PolicyNotAttachable(creation.role))
            }
            Some(boundary) if self.lacks_policy(boundary) => Err(Rejection::PolicyNotFound(boundary)),
            Some(_) | None => Ok(()),
        }
    }

    /// Gives a role that has just been made what its creation says; nothing is on it yet.
    fn give_at_once(&self, state: &mut State<S>, creation: Creation, tell: &mut impl FnMut(Event<S>)) {
        if let Some(call) = creation.tags {
            state.attached = state.attached.or(self.tag_facts(call).written());
            tell(Event::TagsChanged { call });
        }
        if let Some(attachment) = creation.boundary {
            state.attached.insert(attachment.0);
            tell(Event::Attached { attachment });
        }
    }

    /// Whether it is a policy of this account that there is not. AWS has more policies than anybody lists.
    ///
    /// Source: IAM API Reference, `AttachRolePolicy` and `PutRolePermissionsBoundary`, errors, `NoSuchEntity`.
    pub(super) fn lacks_policy(&self, attachment: AttachmentIdx) -> bool {
        let world = self.world();
        match &world.attachments[attachment.index()].item {
            Item::ManagedPolicy(arn) | Item::Boundary(arn) => {
                let own = format!("arn:{}:iam::{}:policy/", world.partition, world.account.as_str());
                arn.starts_with(&own) && world.access.managed_policy(arn).is_none()
            }
            Item::Tag(_) | Item::InlinePolicy(_) | Item::InstanceProfile(_) | Item::TrustPolicy(_) => false,
        }
    }
}
