//! A world made ready to run: every question that the rules ask often, answered in advance as a set.

mod family;
mod moves;
mod roles;

use std::collections::BTreeMap;

use crate::id::{
    GrantIdx, KindIdx, OperatorIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, ServiceIdx, SessionIdx, TagCallIdx,
    TransitionIdx, number,
};
use crate::kind::{Mover, ResourceKind, Transition};
use crate::machine::RoleState;
use crate::passed::Claims;
use crate::policy::Document;
use crate::rules::concern::Concerns;
use crate::rules::tags::TagFacts;
use crate::rules::trust;
use crate::service::ServiceDefinition;
use crate::set::IdSet;
use crate::state::State;
use crate::world::{Item, MAX_OPERATORS, Operator, RoleSort, World};

pub(crate) use family::{Requirement, ancestors, nearest};
pub(crate) use moves::ServiceMove;

use family::{Family, requirements};
use moves::Moves;
use roles::RoleFacts;

/// A world that cannot run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// More of something than the sets hold.
    #[error("{found} {what} do not fit: the limit is {limit}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many there are.
        found: u32,
        /// How many there may be.
        limit: u32,
    },
    /// Something uses a role from the beginning that is not in the account.
    #[error("{what} uses the role `{role}` from the beginning, and the role is not in the account")]
    RoleMissing {
        /// What uses it.
        what: String,
        /// The role's name.
        role: String,
    },
    /// Two roles with one name, ignoring case, are in the account from the beginning.
    #[error("the roles `{first}` and `{second}` are both in the account, and their names differ only in case")]
    NameClash {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// A session that its principal may not hold.
    #[error("`{principal}` holds a session on `{role}`, whose trust policy does not name it")]
    NotTrusted {
        /// The principal.
        principal: String,
        /// The role's name.
        role: String,
    },
    /// A child whose parent is not there.
    #[error("`{child}` is there from the beginning, and `{parent}`, to which it belongs, is not")]
    ParentMissing {
        /// The child.
        child: String,
        /// The parent.
        parent: String,
    },
}

/// A world ready to run, with sets of the width `S`.
#[derive(Debug, Clone)]
pub struct Universe<S> {
    world: World,
    roles: Vec<RoleFacts<S>>,
    tag_calls: Vec<TagFacts<S>>,
    pub(crate) children: Vec<S>,
    regions: Vec<S>,
    /// Per kind and transition, what has to be so; empty where nothing has.
    requirements: Vec<Vec<Vec<Requirement>>>,
    family: Family<S>,
    /// What moves ask of roles that were passed.
    pub(crate) claims: Claims<S>,
    /// Whom what happens to others concerns.
    pub(crate) concerns: Concerns<S>,
    pub(crate) moves: Moves<S>,
    pub(crate) service_linked: S,
    /// Sessions whose principal the role's first trust policy names.
    pub(crate) trusted_sessions: S,
    /// Sessions whose principal that one names, or one that may be put in its place.
    pub(crate) trustable_sessions: S,
    /// Policies of service-linked roles as something that other roles may be given.
    pub(crate) foreign_policies: S,
    /// The trust policies that are written as documents, by their text.
    pub(crate) trust_documents: BTreeMap<String, Document>,
    pub(crate) reopening_sessions: S,
    /// Roles that their services delete themselves.
    pub(crate) self_deleting: S,
    pub(crate) has_region_faults: bool,
    /// Whether any kind has a move that is made along with a parent's.
    pub(crate) has_followers: bool,
    /// The resources of kinds with a state in which their services work with them.
    workable: S,
    /// The resources that others belong to.
    pub(crate) parents: S,
    /// Whether two role slots have one name, ignoring case.
    pub(crate) has_namesakes: bool,
}

impl<S: IdSet> Universe<S> {
    /// Makes a world ready.
    ///
    /// # Errors
    /// [`WorldError`] if the world does not fit the width, or contradicts itself at its beginning.
    pub fn new(mut world: World) -> Result<Self, WorldError> {
        check_limits::<S>(&world)?;
        for description in world.services.iter().filter_map(|service| service.description.clone()).collect::<Vec<_>>() {
            world.text(&description);
        }
        let roles: Vec<RoleFacts<S>> = RoleFacts::of_all(&world);
        let numbered: Vec<_> = (0_u32..).zip(&world.resources).collect();
        let mut children = vec![S::default(); world.resources.len()];
        for (child, resource) in &numbered {
            let kind = &world.kinds[resource.kind.index()];
            for parent in &resource.parents {
                if !kind.made_from.contains(&world.kinds[world.resources[parent.index()].kind.index()].name) {
                    children[parent.index()].insert(*child);
                }
            }
        }
        let family = Family::of(&world);
        let documents = trust::documents(&world);
        let claims = Claims::new(&world);
        let regions = (0..number(world.regions.len()))
            .map(|region| S::of(numbered.iter().filter(|(_, r)| r.region.0 == region).map(|(id, _)| *id)))
            .collect();
        let sessions = || (0_u32..).zip(&world.sessions);
        let working = roles.iter().flat_map(|facts| &facts.working);
        let universe = Self {
            tag_calls: world.tag_calls.iter().map(|call| TagFacts::of(&world, call)).collect(),
            moves: Moves::of(&world, &children),
            service_linked: S::of((0..).zip(&roles).filter(|(_, facts)| facts.service.is_some()).map(|(role, _)| role)),
            trusted_sessions: S::of(
                sessions()
                    .filter(|(_, slot)| trusts(&world, &documents, slot.role, slot.principal.as_str()))
                    .map(|(id, _)| id),
            ),
            trustable_sessions: S::of(
                sessions()
                    .filter(|(_, slot)| may_come_to_trust(&world, &documents, slot.role, slot.principal.as_str()))
                    .map(|(id, _)| id),
            ),
            foreign_policies: S::of(
                (0_u32..).zip(&world.attachments).filter(|(_, thing)| thing.item.is_service_policy()).map(|(id, _)| id),
            ),
            trust_documents: documents.clone(),
            reopening_sessions: S::of(sessions().filter(|(_, slot)| slot.reopens).map(|(id, _)| id)),
            self_deleting: S::of(
                (0..).zip(&roles).filter(|(_, facts)| facts.is_deleted_by_itself(&world)).map(|(id, _)| id),
            ),
            has_region_faults: false,
            has_followers: world.kinds.iter().any(|kind| kind.transitions.iter().any(|t| t.by == Mover::Parent)),
            workable: working.fold(S::default(), |all, (members, _)| all.or(members)),
            requirements: requirements(&world, &claims),
            concerns: Concerns::new(&world, &children, &family.relatives, &family.passed, &claims),
            claims,
            family,
            parents: S::of((0_u32..).zip(&children).filter(|(_, children)| !children.is_empty()).map(|(id, _)| id)),
            has_namesakes: roles.iter().any(|facts| facts.namesakes.len() > 1),
            roles,
            children,
            regions,
            world,
        };
        universe.check_beginning()?;
        Ok(universe)
    }

    /// Lets regions fail and recover among what is [`enabled`](Self::enabled).
    #[must_use]
    pub fn with_region_faults(mut self) -> Self {
        self.has_region_faults = true;
        self
    }

    /// Whether regions fail and recover among what is enabled.
    pub const fn has_region_faults(&self) -> bool {
        self.has_region_faults
    }

    /// The world's description.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The state in which the world begins.
    pub fn initial(&self) -> State<S> {
        let mut state = State::<S>::default();
        for (role, slot) in (0..).zip(&self.world.roles) {
            if slot.given {
                state.set_role(RoleIdx(role), RoleState::Live);
            }
        }
        for (resource, given) in (0..).zip(&self.world.resources) {
            state.resources.set(resource, given.given);
        }
        for (session, slot) in (0..).zip(&self.world.sessions) {
            state.sessions.put(session, slot.given_open);
        }
        for (id, attachment) in (0..).zip(&self.world.attachments) {
            state.attached.put(id, attachment.given);
        }
        for (id, grant) in (0..).map(GrantIdx).zip(&self.world.grants) {
            state.attached.put(self.place_of(id), grant.given);
        }
        state
    }

    fn check_beginning(&self) -> Result<(), WorldError> {
        let world = &self.world;
        let missing = |what: String, role: RoleIdx| {
            if world.roles[role.index()].given {
                Ok(())
            } else {
                Err(WorldError::RoleMissing { what, role: world.roles[role.index()].name.clone() })
            }
        };
        for resource in &world.resources {
            let kind = &world.kinds[resource.kind.index()];
            let uses_role = kind.state(resource.given).is_some_and(|state| state.blocks() || state.works);
            if uses_role {
                missing(format!("`{}`", resource.name), resource.role)?;
            }
            for parent in resource.parents.iter().map(|parent| &world.resources[parent.index()]) {
                let above = &world.kinds[parent.kind.index()];
                let belongs = !kind.made_from.contains(&above.name);
                if belongs && is_there(kind, resource.given) && !is_there(above, parent.given) {
                    return Err(WorldError::ParentMissing {
                        child: resource.name.clone(),
                        parent: parent.name.clone(),
                    });
                }
            }
        }
        for (id, slot) in (0..).zip(&world.sessions) {
            if slot.given_open {
                missing(format!("a session of `{}`", slot.principal), slot.role)?;
                if !self.trusted_sessions.contains(id) {
                    return Err(WorldError::NotTrusted {
                        principal: slot.principal.to_string(),
                        role: world.roles[slot.role.index()].name.clone(),
                    });
                }
            }
        }
        for attachment in world.attachments.iter().filter(|attachment| attachment.given) {
            missing(format!("`{}`", attachment.item.text()), attachment.role)?;
        }
        for (role, facts) in (0..).zip(&self.roles) {
            let clash = facts.namesakes.iter().find(|other| *other > role && world.roles[*other as usize].given);
            if let (true, Some(other)) = (world.roles[role as usize].given, clash) {
                return Err(WorldError::NameClash {
                    first: world.roles[role as usize].name.clone(),
                    second: world.roles[other as usize].name.clone(),
                });
            }
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn facts(&self, role: RoleIdx) -> &RoleFacts<S> {
        &self.roles[role.index()]
    }

    pub(crate) fn tag_facts(&self, call: TagCallIdx) -> &TagFacts<S> {
        &self.tag_calls[call.index()]
    }

    /// Whether a service owns the role.
    #[inline]
    pub fn is_service_linked(&self, role: RoleIdx) -> bool {
        self.facts(role).service.is_some()
    }

    /// The definition of the service that owns the role.
    pub fn service_of(&self, role: RoleIdx) -> Option<&ServiceDefinition> {
        self.facts(role).service.map(|service| &self.world.services[service.index()])
    }

    /// The resources that use the role.
    #[inline]
    pub fn resources_of(&self, role: RoleIdx) -> &S {
        &self.facts(role).resources
    }

    /// The sessions that principals may hold on the role.
    #[inline]
    pub fn sessions_of(&self, role: RoleIdx) -> &S {
        &self.facts(role).sessions
    }

    /// The resources in a region.
    pub fn resources_in(&self, region: RegionIdx) -> &S {
        &self.regions[region.index()]
    }

    /// The resources that belong to a resource.
    #[inline]
    pub fn children_of(&self, resource: ResourceIdx) -> &S {
        &self.children[resource.index()]
    }

    /// The role that the resource uses.
    #[inline]
    pub fn role_of(&self, resource: ResourceIdx) -> RoleIdx {
        self.world.resources[resource.index()].role
    }

    /// The resource's kind.
    #[inline]
    pub fn kind_of(&self, resource: ResourceIdx) -> &ResourceKind {
        &self.world.kinds[self.world.resources[resource.index()].kind.index()]
    }

    /// A transition of the resource's kind.
    #[inline]
    pub fn transition(&self, resource: ResourceIdx, transition: TransitionIdx) -> &Transition {
        &self.kind_of(resource).transitions[transition.index()]
    }

    /// Whether the resource's service works with it before the transition, and after it.
    #[inline]
    pub fn works(&self, resource: ResourceIdx, transition: TransitionIdx) -> [bool; 2] {
        if self.workable.contains(resource.0) { self.transition(resource, transition).works } else { [false; 2] }
    }

    /// The operator's description.
    #[inline]
    pub fn operator(&self, operator: OperatorIdx) -> &Operator {
        &self.world.operators[operator.index()]
    }

    /// The kinds of resources of a service, with their ids.
    pub fn kinds_of(&self, service: ServiceIdx) -> impl Iterator<Item = (KindIdx, &ResourceKind)> {
        (0..)
            .zip(&self.world.kinds)
            .filter(move |(_, kind)| kind.service == service)
            .map(|(id, kind)| (KindIdx(id), kind))
    }

    /// A resource's ARN.
    pub fn resource_arn(&self, resource: ResourceIdx) -> String {
        self.world.resource_arn(resource)
    }

    /// A role's ARN.
    pub fn role_arn(&self, role: RoleIdx) -> String {
        self.world.role_arn(role)
    }

    /// A principal's ARN.
    pub fn principal_arn(&self, principal: PrincipalIdx) -> String {
        self.world.principal_arn(principal)
    }

    /// Whether the role's trust policy lets the service assume it now: the one that was put in the place of the first, if one was.
    ///
    /// Never inlined, because documents are seldom asked and those who ask for them are asked often.
    #[inline(never)]
    pub fn trusts_now(&self, state: &State<S>, role: RoleIdx, principal: &str) -> bool {
        match self.replaced_trust(state, role) {
            Some(text) => trust::text_names(&self.trust_documents, text, principal),
            None => self.trusts(role, principal),
        }
    }

    /// The principals that the role's trust policy names now.
    pub fn trust_now(&self, state: &State<S>, role: RoleIdx) -> Vec<String> {
        match (self.replaced_trust(state, role), &self.world.roles[role.index()].sort) {
            (Some(text), _) => trust::names(&self.trust_documents, text),
            (None, RoleSort::Ordinary { trust, .. }) => {
                trust.iter().flat_map(|text| trust::names(&self.trust_documents, text)).collect()
            }
            (None, RoleSort::ServiceLinked { service, .. }) => {
                self.world.services[service.index()].trust.iter().map(|trusted| trusted.as_str().to_owned()).collect()
            }
        }
    }

    /// The trust policy that was put in the place of the role's first, if one was.
    pub(crate) fn replaced_trust(&self, state: &State<S>, role: RoleIdx) -> Option<&str> {
        let replaced = state.attached.and(&self.facts(role).trust_policies).first()?;
        Some(self.world.attachments[replaced as usize].item.text())
    }

    /// Whether the session's principal may open it, as far as the role's trust policy goes.
    #[inline]
    pub(crate) fn is_trusted(&self, state: &State<S>, session: SessionIdx) -> bool {
        let slot = &self.world.sessions[session.index()];
        // The first trust policy counts until another is put in its place.
        if state.attached.is_empty() || self.facts(slot.role).trust_policies.is_empty() {
            self.trusted_sessions.contains(session.0)
        } else {
            self.trusts_now(state, slot.role, slot.principal.as_str())
        }
    }

    /// Those of these sessions of the role that [are trusted](Self::is_trusted).
    #[inline]
    pub(crate) fn trusted_of(&self, state: &State<S>, role: RoleIdx, sessions: &S) -> S {
        if state.attached.is_empty() || self.facts(role).trust_policies.is_empty() {
            sessions.and(&self.trusted_sessions)
        } else {
            S::of(sessions.iter().filter(|session| self.is_trusted(state, SessionIdx(*session))))
        }
    }

    /// Whether the role's first trust policy lets the service assume it.
    pub fn trusts(&self, role: RoleIdx, principal: &str) -> bool {
        trusts(&self.world, &self.trust_documents, role, principal)
    }

    /// Whether the resource is there: made, and not at an end.
    pub fn is_there(&self, state: &State<S>, resource: ResourceIdx) -> bool {
        is_there(self.kind_of(resource), state.resource(resource))
    }

    /// Whether a session is open on the role, or the service is at work with one of its resources.
    #[inline]
    pub fn is_session_open(&self, state: &State<S>, role: RoleIdx) -> bool {
        let facts = self.facts(role);
        state.sessions.meets(&facts.sessions) || (!facts.working.is_empty() && Self::is_working(facts, state))
    }

    fn is_working(facts: &RoleFacts<S>, state: &State<S>) -> bool {
        facts.working.iter().any(|(members, code)| !state.resources.having(*code, members).is_empty())
    }

    /// The resources that keep the role from being deleted now.
    #[inline]
    pub fn blocking(&self, state: &State<S>, role: RoleIdx) -> S {
        state.blocking().and(self.resources_of(role))
    }

    /// Whether something uses the role now: a session or a resource.
    pub fn is_in_use(&self, state: &State<S>, role: RoleIdx) -> bool {
        self.is_session_open(state, role) || !self.blocking(state, role).is_empty()
    }

    /// Every role slot.
    pub fn roles(&self) -> impl Iterator<Item = RoleIdx> + use<S> {
        (0..number(self.world.roles.len())).map(RoleIdx)
    }

    /// Every session slot.
    pub fn sessions(&self) -> impl Iterator<Item = SessionIdx> + use<S> {
        (0..number(self.world.sessions.len())).map(SessionIdx)
    }

    /// Every resource.
    pub fn resources(&self) -> impl Iterator<Item = ResourceIdx> + use<S> {
        (0..number(self.world.resources.len())).map(ResourceIdx)
    }

    /// Every resource of a kind.
    pub fn resources_of_kind(&self, kind: KindIdx) -> impl Iterator<Item = ResourceIdx> + use<'_, S> {
        self.resources().filter(move |resource| self.world.resources[resource.index()].kind == kind)
    }

    /// Every operator.
    pub fn operators(&self) -> impl Iterator<Item = OperatorIdx> + use<S> {
        (0..number(self.world.operators.len())).map(OperatorIdx)
    }
}

pub(crate) fn is_there(kind: &ResourceKind, code: u8) -> bool {
    code != 0 && kind.state(code).is_some_and(|state| !state.is_end)
}

fn trusts(world: &World, documents: &BTreeMap<String, Document>, role: RoleIdx, principal: &str) -> bool {
    match &world.roles[role.index()].sort {
        RoleSort::Ordinary { trust, .. } => trust.iter().any(|text| trust::text_names(documents, text, principal)),
        RoleSort::ServiceLinked { service, .. } => {
            world.services[service.index()].trust.iter().any(|trusted| trusted.as_str() == principal)
        }
    }
}

/// Whether the first trust policy of the role, or one that may be put in its place, lets the service assume it.
fn may_come_to_trust(world: &World, documents: &BTreeMap<String, Document>, role: RoleIdx, principal: &str) -> bool {
    let mut others = world.attachments.iter().filter(|attachment| attachment.role == role);
    trusts(world, documents, role, principal)
        || others.any(|attachment| match &attachment.item {
            Item::TrustPolicy(text) => trust::text_names(documents, text, principal),
            Item::Tag(_)
            | Item::ManagedPolicy(_)
            | Item::InlinePolicy(_)
            | Item::InstanceProfile(_)
            | Item::Boundary(_) => false,
        })
}

fn check_limits<S: IdSet>(world: &World) -> Result<(), WorldError> {
    let limited = [
        ("roles", world.roles.len()),
        ("resources", world.resources.len()),
        ("sessions", world.sessions.len()),
        ("attachments", world.attachments.len().saturating_add(world.grants.len())),
        ("regions", world.regions.len()),
    ];
    for (what, found) in limited {
        if let Some(limit) = S::CAPACITY
            && number(found) > limit
        {
            return Err(WorldError::TooMany { what, found: number(found), limit });
        }
    }
    if world.operators.len() > MAX_OPERATORS {
        return Err(WorldError::TooMany {
            what: "operators",
            found: number(world.operators.len()),
            limit: number(MAX_OPERATORS),
        });
    }
    Ok(())
}
