//! What is true of the roles that were passed for resources: worked out when a world is made ready, so that the rules only ask which
//! policies are attached at the moment.

use std::collections::BTreeMap;

use crate::id::{ResourceIdx, RoleIdx, ServiceIdx, number};
use crate::kind::{Condition, RoleClaim};
use crate::policy::{Account, Caller, Context, Decision, Document, Entity, PassRole, guides, key};
use crate::set::IdSet;
use crate::state::State;
use crate::universe::{Universe, ancestors, nearest};
use crate::world::{Attachment, Item, RoleSort, World};

/// Something that a move asks of a role that was passed, of the kinds of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    service: ServiceIdx,
    kind: String,
    what: RoleClaim,
}

impl Claim {
    pub(crate) fn new(service: ServiceIdx, kind: &str, what: &RoleClaim) -> Self {
        Self { service, kind: kind.to_owned(), what: what.clone() }
    }
}

/// What an answer depends on.
#[derive(Debug, Clone)]
enum Standing<S> {
    /// On the role's trust policy.
    Trust(RoleIdx, String),
    /// On the policies that are attached to the role: each grant must be given.
    Policies(RoleIdx, Vec<Grant<S>>),
}

/// The attachments that allow something and those that deny it.
#[derive(Debug, Clone)]
struct Grant<S> {
    allowing: S,
    denying: S,
}

impl<S: IdSet> Grant<S> {
    fn is_given(&self, state: &State<S>) -> bool {
        state.attached.meets(&self.allowing) && !state.attached.meets(&self.denying)
    }
}

/// The answers to all claims, for the resources whose moves make them.
#[derive(Debug, Clone)]
pub(crate) struct Claims<S> {
    claims: Vec<Claim>,
    standings: BTreeMap<(ResourceIdx, u32), Standing<S>>,
}

impl<S: IdSet> Claims<S> {
    pub(crate) fn new(world: &World) -> Self {
        let mut claims = Vec::new();
        let mut standings = BTreeMap::new();
        for (kind_id, kind) in (0_u32..).zip(&world.kinds) {
            for condition in kind.transitions.iter().flat_map(|transition| &transition.conditions) {
                let Condition::PassedRoleOf { kind: owner, claim, .. } = condition else { continue };
                let claim = Claim::new(kind.service, owner, claim);
                let place = claims.iter().position(|known| *known == claim).unwrap_or_else(|| {
                    claims.push(claim);
                    claims.len() - 1
                });
                let resources = (0_u32..).zip(&world.resources).filter(|(_, resource)| resource.kind.0 == kind_id);
                for (resource, _) in resources {
                    let resource = ResourceIdx(resource);
                    if let Some(standing) = standing(world, resource, &claims[place]) {
                        standings.insert((resource, number(place)), standing);
                    }
                }
            }
        }
        Self { claims, standings }
    }

    /// The roles that claims are about, each with a resource whose moves make them.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (ResourceIdx, RoleIdx)> {
        self.standings.iter().map(|((resource, _), standing)| match standing {
            Standing::Trust(role, _) | Standing::Policies(role, _) => (*resource, *role),
        })
    }

    /// The number of a claim that some move makes.
    pub(crate) fn number_of(&self, claim: &Claim) -> Option<u32> {
        self.claims.iter().position(|known| known == claim).map(number)
    }
}

impl<S: IdSet> Universe<S> {
    /// Whether a claim about the role that was passed for a resource, or above it, is true now.
    pub(crate) fn is_claim_true(&self, state: &State<S>, resource: ResourceIdx, claim: u32) -> bool {
        match self.claims.standings.get(&(resource, claim)) {
            None => false,
            Some(Standing::Trust(role, principal)) => state.is_live(*role) && self.trusts_now(state, *role, principal),
            Some(Standing::Policies(role, grants)) => {
                state.is_live(*role) && grants.iter().all(|grant| grant.is_given(state))
            }
        }
    }
}

fn standing<S: IdSet>(world: &World, resource: ResourceIdx, claim: &Claim) -> Option<Standing<S>> {
    let owner = nearest(world, resource, claim.service, &claim.kind)?;
    let line: Vec<ResourceIdx> = std::iter::once(owner).chain(ancestors(world, owner)).collect();
    let role = match claim.what {
        // As with the use of a passed role, it may have been passed for what the resource is made from.
        RoleClaim::PermitsNeeds => line.iter().find_map(|id| world.resources[id.index()].passes)?,
        RoleClaim::Trusts(_) | RoleClaim::Permits(_) | RoleClaim::MayPassThatOf(_) => {
            world.resources[owner.index()].passes?
        }
    };
    let region = &world.regions[world.resources[resource.index()].region.index()];
    let grant = |action: &str, on: &str| grant(world, role, claim.service, region, action, on);
    Some(match &claim.what {
        RoleClaim::Trusts(principal) => Standing::Trust(role, principal.clone()),
        RoleClaim::Permits(action) => Standing::Policies(role, vec![grant(action, "*")]),
        RoleClaim::PermitsNeeds => {
            let needs = line.iter().flat_map(|id| &world.resources[id.index()].needs);
            Standing::Policies(role, needs.map(|action| grant(action, "*")).collect())
        }
        RoleClaim::MayPassThatOf(kind) => {
            let other = nearest(world, resource, claim.service, kind)?;
            let passed = world.resources[other.index()].passes?;
            Standing::Policies(role, vec![grant(PassRole::ACTION, &world.role_arn(passed))])
        }
    })
}

/// Which of the policies that a role may have allow an action on a resource, and which deny it.
fn grant<S: IdSet>(
    world: &World,
    role: RoleIdx,
    service: ServiceIdx,
    region: &str,
    action: &str,
    on: &str,
) -> Grant<S> {
    let mut grant = Grant { allowing: S::default(), denying: S::default() };
    let passed_to_service = world.services[service.index()].principal.as_str();
    let pass = PassRole { role_arn: on, passed_to_service, associated_resource_arn: None, region: Some(region) };
    for (id, attachment) in (0_u32..).zip(&world.attachments).filter(|(_, attachment)| attachment.role == role) {
        match effect(world, role, document_of(world, attachment).as_ref(), action, &pass) {
            Some(true) => grant.allowing.insert(id),
            Some(false) => grant.denying.insert(id),
            None => {}
        }
    }
    grant
}

/// What an attached policy says, as far as it is known.
fn document_of(world: &World, attachment: &Attachment) -> Option<Document> {
    match &attachment.item {
        Item::InlinePolicy(_) => attachment.document.clone(),
        Item::ManagedPolicy(arn) => {
            let known = world.access.managed_policy(arn).map(|(_, document)| document.clone());
            known.or_else(|| managed_policy(arn))
        }
        Item::Tag(_) | Item::InstanceProfile(_) | Item::Boundary(_) | Item::TrustPolicy(_) => None,
    }
}

/// What one policy says to a session of the role that calls in the Region: yes, no, or nothing. `pass` says on what, and to whom a role
/// would be passed.
fn effect(world: &World, role: RoleIdx, policy: Option<&Document>, action: &str, pass: &PassRole<'_>) -> Option<bool> {
    let RoleSort::Ordinary { path, .. } = &world.roles[role.index()].sort else { return None };
    let name = &world.roles[role.index()].name;
    let mut account = Account::new(&world.partition, world.account.as_str());
    let trust = guides::SERVICE_TRUST.document(&[("SERVICE-PRINCIPAL", pass.passed_to_service)]).ok()?;
    account.add_role(path, name, trust).ok()?;
    account.put_inline_policy(Entity::Role(name), "policy", policy?.clone()).ok()?;
    let caller = account.session_caller(name, "run").ok()?;
    match account.decide(&caller, action, pass.role_arn, &context(&caller, action, pass)).ok()? {
        Decision::Allowed { .. } => Some(true),
        Decision::ExplicitDeny { .. } => Some(false),
        Decision::ImplicitDeny { .. } => None,
    }
}

fn context(caller: &Caller, action: &str, pass: &PassRole<'_>) -> Context {
    if action.eq_ignore_ascii_case(PassRole::ACTION) {
        return pass.context(caller);
    }
    let mut context = caller.context();
    if let Some(region) = pass.region {
        context.set(key::REQUESTED_REGION, region);
    }
    context
}

/// What an AWS managed policy says, of those whose text is known.
///
/// Source: the managed policies that AWS Systems Manager User Guide, "Control access to maintenance windows (console)", names.
fn managed_policy(arn: &str) -> Option<Document> {
    let (_, policy) = guides::aws_managed(arn.split(':').nth(1)?, arn)?;
    policy.document(&[]).ok()
}
