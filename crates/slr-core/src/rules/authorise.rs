//! Who may call what: asked before anything else is looked at, so that a refusal reveals nothing of what exists (Assumed).

use crate::action::Operation;
use crate::id::{AttachmentIdx, PrincipalIdx, RequestIdx, ResourceIdx, RoleIdx, TransitionIdx};
use crate::kind::Passes;
use crate::policy::{AttachedPolicy, Caller, Denial, Document, Entitlements, PolicyType, Request, guides};
use crate::rejection::Rejection;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::{Authority, Item};

/// Of somebody who has no policies.
const NOTHING_ALLOWS: Denial = Denial::Missing(PolicyType::IdentityBased);

impl<S: IdSet> Universe<S> {
    /// Whether the principal may do everything.
    #[inline]
    fn is_almighty(&self, by: PrincipalIdx) -> bool {
        match self.world().principals[by.index()].authority {
            Authority::Everything => true,
            Authority::Policies(_) | Authority::Role { .. } => false,
        }
    }

    /// Asks with all policies that bear on the principal now. Nothing allows anything where there is no such principal now.
    pub(super) fn with_entitlements(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        ask: impl FnOnce(&Caller, &Entitlements<'_>) -> Result<(), Denial>,
    ) -> Result<(), Denial> {
        let world = self.world();
        let principal = &world.principals[by.index()];
        match &principal.authority {
            Authority::Everything => {
                let caller = Caller::user(world.account.as_str(), &self.principal_arn(by), &principal.name);
                let administrator = guides::ADMINISTRATOR_ACCESS;
                let everything = administrator.document(&[]).map_err(|_| NOTHING_ALLOWS)?;
                let identity = vec![inline(administrator.name, &everything)];
                ask(&caller, &Entitlements { identity, ..Entitlements::default() })
            }
            Authority::Policies(caller) => ask(caller, &world.access.entitlements(caller).map_err(|_| NOTHING_ALLOWS)?),
            Authority::Role { role, caller } => {
                if !state.is_live(*role) {
                    return Err(NOTHING_ALLOWS);
                }
                let unknown_boundary = Denial::Missing(PolicyType::PermissionsBoundary);
                ask(caller, &self.attached_rights(state, *role).ok_or(unknown_boundary)?)
            }
        }
    }

    /// What is attached to an ordinary role now and bears on its sessions; `None` if its boundary lets nothing through, because nobody
    /// knows what it says (Assumed).
    fn attached_rights(&self, state: &State<S>, role: RoleIdx) -> Option<Entitlements<'_>> {
        let access = &self.world().access;
        let mut rights = Entitlements { service_control: access.service_control(), ..Entitlements::default() };
        for attachment in state.attached.and(&self.facts(role).attachments).iter().map(AttachmentIdx) {
            let thing = &self.world().attachments[attachment.index()];
            match &thing.item {
                Item::InlinePolicy(name) => {
                    rights.identity.extend(thing.document.as_ref().map(|document| inline(name, document)));
                }
                Item::ManagedPolicy(arn) => {
                    rights.identity.extend(access.managed_policy(arn).map(|(arn, document)| inline(arn, document)));
                }
                Item::Boundary(arn) => {
                    let (name, document) = access.managed_policy(arn)?;
                    let policy_type = PolicyType::PermissionsBoundary;
                    rights.boundary = Some(AttachedPolicy { name, policy_type, group: None, document });
                }
                Item::Tag(_) | Item::InstanceProfile(_) | Item::TrustPolicy(_) => {}
            }
        }
        Some(rights)
    }

    /// Refuses what the principal's policies do not let it do: the action on the resource, with condition keys of the request besides its
    /// own.
    fn permit(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        action: &str,
        resource: &str,
        keys: &[(&str, &str)],
    ) -> Result<(), Denial> {
        if self.is_almighty(by) {
            return Ok(());
        }
        self.with_entitlements(state, by, |caller, entitlements| {
            let mut context = caller.context();
            for (key, value) in keys {
                context.set(key, *value);
            }
            let decision = entitlements.decide(&Request::new(caller, action, resource, &context), None);
            Denial::of(&decision).map_or(Ok(()), Err)
        })
    }

    /// Refuses a principal that may not call the operation on the role.
    ///
    /// Source: IAM API Reference, common errors, `AccessDenied`; Service Authorization Reference, actions of IAM: the resource is the
    /// role.
    #[inline]
    pub(super) fn authorise(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        operation: Operation,
        role: RoleIdx,
    ) -> Result<(), Rejection> {
        if self.is_almighty(by) {
            return Ok(());
        }
        let service = self.service_of(role).filter(|_| operation == Operation::CreateServiceLinkedRole);
        let key = service.map(|service| ("iam:AWSServiceName", service.principal.as_str()));
        self.permit(state, by, operation.iam_action(), &self.role_arn(role), key.as_slice())
            .map_err(|denial| Rejection::AccessDenied(by, operation, role, denial))
    }

    /// Refuses a principal that may not make the request for a service-linked role: on the ARN that the role would have.
    pub(super) fn authorise_request(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        request: RequestIdx,
    ) -> Result<(), Rejection> {
        let operation = Operation::CreateServiceLinkedRole;
        let described = &self.world().requests[request.index()];
        if let Ok(role) = described.resolution {
            return self.authorise(state, by, operation, role);
        }
        let key = [("iam:AWSServiceName", described.service.as_str())];
        self.permit(state, by, operation.iam_action(), &described.resource, &key)
            .map_err(|denial| Rejection::RequestDenied(by, request, denial))
    }

    /// Refuses a principal that may not call an operation which has no role of its own.
    pub(super) fn authorise_anywhere(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        operation: Operation,
    ) -> Result<(), Rejection> {
        self.permit(state, by, operation.iam_action(), "*", &[])
            .map_err(|denial| Rejection::AccessDeniedAnywhere(by, operation, denial))
    }

    /// Refuses a principal that may not call the operation of a service on its resource.
    #[inline]
    pub(super) fn authorise_operation(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        resource: ResourceIdx,
        transition: TransitionIdx,
    ) -> Result<(), Rejection> {
        if self.is_almighty(by) {
            return Ok(());
        }
        let action = self.service_action(resource, transition);
        self.permit(state, by, &action, &self.resource_arn(resource), &[])
            .map_err(|denial| Rejection::ResourceAccessDenied(by, resource, transition, denial))
    }

    /// Refuses a principal that may not pass the role which the operation passes.
    pub(super) fn authorise_role(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        resource: ResourceIdx,
        passes: Passes,
    ) -> Result<(), Rejection> {
        let given = match passes {
            Passes::Nothing => None,
            Passes::LinkedRole => Some(self.role_of(resource)),
            Passes::CustomRole => self.world().resources[resource.index()].passes,
        };
        given.map_or(Ok(()), |role| self.authorise_passing(state, by, resource, role))
    }

    /// Refuses a principal that may not pass the role to the resource's service.
    ///
    /// Source: IAM User Guide, "Granting a user permissions to pass a role to an AWS service"; Service Authorization Reference, actions
    /// of IAM, `PassRole`.
    fn authorise_passing(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        resource: ResourceIdx,
        role: RoleIdx,
    ) -> Result<(), Rejection> {
        if self.is_almighty(by) {
            return Ok(());
        }
        let service = &self.world().services[self.kind_of(resource).service.index()];
        let key = [("iam:PassedToService", service.principal.as_str())];
        self.permit(state, by, Operation::PassRole.iam_action(), &self.role_arn(role), &key)
            .map_err(|denial| Rejection::AccessDenied(by, Operation::PassRole, role, denial))
    }

    /// The action that a policy allows or denies for a service's operation.
    pub fn service_action(&self, resource: ResourceIdx, transition: TransitionIdx) -> String {
        let service = &self.world().services[self.kind_of(resource).service.index()];
        format!("{}:{}", service.namespace(), self.transition(resource, transition).operation)
    }
}

fn inline<'a>(name: &'a str, document: &'a Document) -> AttachedPolicy<'a> {
    AttachedPolicy { name, policy_type: PolicyType::IdentityBased, group: None, document }
}
