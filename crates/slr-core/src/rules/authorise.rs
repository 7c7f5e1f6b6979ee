//! Who may call what: asked before anything else is looked at, so that a refusal reveals nothing of what exists (Assumed).

use crate::action::Operation;
use crate::id::{
    AttachmentIdx, CreationIdx, PrincipalIdx, RequestIdx, ResourceIdx, RoleIdx, TagCallIdx, TextIdx, TransitionIdx,
};
use crate::kind::{AuthorisedOn, Passes};
use crate::policy::{
    AttachedPolicy, Caller, Context, Denial, Document, Entitlements, PassRole, PolicyType, Request, guides, key,
};
use crate::rejection::Rejection;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::{Universe, nearest};
use crate::world::{Authority, Item};

/// What a call of IAM about a role names besides the role.
#[derive(Debug, Clone, Copy)]
pub(super) enum About {
    /// Nothing.
    Nothing,
    /// What it attaches or takes off.
    Attachment(AttachmentIdx),
    /// The tags that it writes or takes off.
    Tags(TagCallIdx),
    /// What it gives the role that it makes.
    Creation(CreationIdx),
}

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
            Authority::Policies(caller) => {
                let mut entitlements = world.access.entitlements(caller).map_err(|_| NOTHING_ALLOWS)?;
                if !world.grants.is_empty() {
                    self.add_granted(state, caller, &mut entitlements);
                }
                ask(caller, &entitlements)
            }
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

    /// Refuses what the principal's policies do not let it do: the action on the resource, with the condition keys that `describe` adds to
    /// its own.
    pub(super) fn permit(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        action: &str,
        resource: &str,
        describe: impl FnOnce(&mut Context),
    ) -> Result<(), Denial> {
        if self.is_almighty(by) {
            return Ok(());
        }
        self.with_entitlements(state, by, |caller, entitlements| {
            let mut context = caller.context();
            describe(&mut context);
            let decision = entitlements.decide(&Request::new(caller, action, resource, &context), None);
            Denial::of(&decision).map_or(Ok(()), Err)
        })
    }

    /// The condition keys of a call of IAM about a role, besides the caller's.
    ///
    /// Sources: Service Authorization Reference, actions and condition keys of IAM; IAM User Guide, "IAM and AWS STS condition context keys"
    /// and "AWS global condition context keys".
    pub(super) fn describe(
        &self,
        state: &State<S>,
        operation: Operation,
        role: RoleIdx,
        about: About,
        context: &mut Context,
    ) {
        context.set(key::REQUESTED_REGION, key::global_region(&self.world().partition));
        for (name, value) in self.tags_of(state, role) {
            context.set(&key::of_tag(key::RESOURCE_TAG, name), value);
            context.set(&key::of_tag(key::IAM_RESOURCE_TAG, name), value);
        }
        if let Some(service) = self.service_of(role).filter(|_| operation == Operation::CreateServiceLinkedRole) {
            context.set(key::AWS_SERVICE_NAME, service.principal.as_str());
        }
        if key::has_boundary(operation)
            && let Some(arn) = self.boundary(state, role)
        {
            context.set(key::PERMISSIONS_BOUNDARY, arn);
        }
        match about {
            About::Nothing => {}
            About::Tags(call) => self.describe_tags(call, context),
            About::Creation(gives) => {
                let creation = self.world().creations[gives.index()];
                if let Some(call) = creation.tags {
                    self.describe_tags(call, context);
                }
                if let Some(boundary) = creation.boundary {
                    let arn = self.world().attachments[boundary.index()].item.text();
                    context.set(key::PERMISSIONS_BOUNDARY, arn);
                }
            }
            About::Attachment(attachment) => match &self.world().attachments[attachment.index()].item {
                Item::ManagedPolicy(arn) => context.set(key::POLICY_ARN, arn.as_str()),
                // The boundary that is asked for, in place of the one that there is.
                Item::Boundary(arn) if operation == Operation::PutRolePermissionsBoundary => {
                    context.set(key::PERMISSIONS_BOUNDARY, arn.as_str());
                }
                Item::Boundary(_)
                | Item::Tag(_)
                | Item::InlinePolicy(_)
                | Item::InstanceProfile(_)
                | Item::TrustPolicy(_) => {}
            },
        }
    }

    /// The condition keys of a call that names tags.
    fn describe_tags(&self, call: TagCallIdx, context: &mut Context) {
        let tags = self.world().tags_in(call);
        for (name, value) in &tags {
            if let Some(value) = value {
                context.set(&key::of_tag(key::REQUEST_TAG, name), *value);
            }
        }
        context.set_all(key::TAG_KEYS, tags.into_iter().map(|(name, _)| name.to_owned()).collect());
    }

    /// The tags that are on a role now, with their values.
    pub fn tags_of(&self, state: &State<S>, role: RoleIdx) -> impl Iterator<Item = (&str, &str)> {
        let world = self.world();
        let attached = state.attached.and(&self.facts(role).tags);
        let things = attached.iter().map(|id| &world.attachments[id as usize]).collect::<Vec<_>>();
        things.into_iter().filter_map(|thing| Some((thing.item.text(), world.texts[thing.value?.index()].as_str())))
    }

    /// The ARN of the policy that is the role's permissions boundary now.
    fn boundary(&self, state: &State<S>, role: RoleIdx) -> Option<&str> {
        let boundary = state.attached.and(&self.facts(role).boundaries).first()?;
        Some(self.world().attachments[boundary as usize].item.text())
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
        if self.is_almighty(by) { Ok(()) } else { self.authorise_about(state, by, operation, role, About::Nothing) }
    }

    /// As [`Self::authorise`], for a call that names something to attach to the role or to take off it. Policies are looked at here, out of
    /// the way of those who may do everything.
    #[inline(never)]
    pub(super) fn authorise_about(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        operation: Operation,
        role: RoleIdx,
        about: About,
    ) -> Result<(), Rejection> {
        if self.is_almighty(by) {
            return Ok(());
        }
        let describe = |context: &mut Context| self.describe(state, operation, role, about, context);
        self.permit(state, by, operation.iam_action(), &self.role_arn(role), describe)
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
        let describe = |context: &mut Context| {
            context.set(key::REQUESTED_REGION, key::global_region(&self.world().partition));
            context.set(key::AWS_SERVICE_NAME, described.service.as_str());
        };
        self.permit(state, by, operation.iam_action(), &described.resource, describe)
            .map_err(|denial| Rejection::RequestDenied(by, request, denial))
    }

    /// Refuses a principal that may not call an operation which has no role of its own.
    pub(super) fn authorise_anywhere(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        operation: Operation,
    ) -> Result<(), Rejection> {
        let describe = |context: &mut Context| {
            context.set(key::REQUESTED_REGION, key::global_region(&self.world().partition));
        };
        self.permit(state, by, operation.iam_action(), "*", describe)
            .map_err(|denial| Rejection::AccessDeniedAnywhere(by, operation, denial))
    }

    /// Refuses a principal that may not poll a task which is unknown: on the ARN of the role that its id names.
    ///
    /// Source: IAM API Reference, `DeleteServiceLinkedRole`, `DeletionTaskId`: the id carries the role's path and name; Service
    /// Authorization Reference, IAM, `GetServiceLinkedRoleDeletionStatus`: resource type role. Assumed: so it is before IAM looks for the task.
    pub(super) fn authorise_task(&self, state: &State<S>, by: PrincipalIdx, id: TextIdx) -> Result<(), Rejection> {
        let operation = Operation::GetServiceLinkedRoleDeletionStatus;
        let arn = self.arn_in_task_id(id);
        if let Some(role) = self.roles().find(|role| self.role_arn(*role) == arn) {
            return self.authorise(state, by, operation, role);
        }
        let describe = |context: &mut Context| {
            context.set(key::REQUESTED_REGION, key::global_region(&self.world().partition));
        };
        self.permit(state, by, operation.iam_action(), &arn, describe)
            .map_err(|denial| Rejection::TaskDenied(by, id, denial))
    }

    /// The ARN of the role that a task id names: `task/`, path and name of the role, and an id of the task's own.
    pub(crate) fn arn_in_task_id(&self, id: TextIdx) -> String {
        let world = self.world();
        let text = &world.texts[id.index()];
        let role = text.strip_prefix("task/").unwrap_or(text);
        let role = role.rsplit_once('/').map_or(role, |(role, _)| role);
        format!("arn:{}:iam::{}:role/{role}", world.partition, world.account.as_str())
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
        let describe = |context: &mut Context| context.set(key::REQUESTED_REGION, self.region_of(resource));
        self.permit(state, by, &action, &self.authorised_on(resource, transition), describe)
            .map_err(|denial| Rejection::ResourceAccessDenied(by, resource, transition, denial))
    }

    fn region_of(&self, resource: ResourceIdx) -> &str {
        &self.world().regions[self.world().resources[resource.index()].region.index()]
    }

    /// The ARN, or `*`, on which a policy has to allow a call of a service's operation on its resource.
    pub fn authorised_on(&self, resource: ResourceIdx, transition: TransitionIdx) -> String {
        match &self.transition(resource, transition).authorised_on {
            AuthorisedOn::Itself => self.resource_arn(resource),
            AuthorisedOn::Anything => "*".to_owned(),
            AuthorisedOn::Kind(kind) => {
                let owner = nearest(self.world(), resource, self.kind_of(resource).service, kind);
                self.resource_arn(owner.unwrap_or(resource))
            }
        }
    }

    /// Refuses a principal that may not pass the role which the operation passes.
    pub(super) fn authorise_role(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        resource: ResourceIdx,
        transition: TransitionIdx,
    ) -> Result<(), Rejection> {
        let given = match self.transition(resource, transition).passes {
            Passes::Nothing => None,
            Passes::LinkedRole => Some(self.role_of(resource)),
            Passes::CustomRole => self.world().resources[resource.index()].passes,
        };
        given.map_or(Ok(()), |role| self.authorise_passing(state, by, resource, transition, role))
    }

    /// Refuses a principal that may not pass the role to the service that will use it.
    ///
    /// Assumed: what the role will be associated with is the resource that the call is authorised on.
    /// Source: IAM User Guide, "Granting a user permissions to pass a role to an AWS service"; Service Authorization Reference, actions
    /// of IAM, `PassRole`.
    fn authorise_passing(
        &self,
        state: &State<S>,
        by: PrincipalIdx,
        resource: ResourceIdx,
        transition: TransitionIdx,
        role: RoleIdx,
    ) -> Result<(), Rejection> {
        if self.is_almighty(by) {
            return Ok(());
        }
        let service = &self.world().services[self.kind_of(resource).service.index()];
        let role_arn = self.role_arn(role);
        let step = self.transition(resource, transition);
        let associated = match step.authorised_on {
            AuthorisedOn::Itself | AuthorisedOn::Kind(_) => self.authorised_on(resource, transition),
            AuthorisedOn::Anything => self.resource_arn(resource),
        };
        let pass = PassRole {
            role_arn: &role_arn,
            passed_to_service: step.passed_to.as_deref().unwrap_or(service.principal.as_str()),
            associated_resource_arn: Some(&associated),
            region: Some(self.region_of(resource)),
        };
        self.permit(state, by, PassRole::ACTION, &role_arn, |context| pass.describe(context))
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
