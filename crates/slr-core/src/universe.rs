//! A world made ready to run: every question that the rules ask often, answered in advance as a set.

use std::collections::BTreeMap;

use crate::id::{
    GrantIdx, KindIdx, OperatorIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, ServiceIdx, SessionIdx, TagCallIdx,
    TextIdx, TransitionIdx, number,
};
use crate::kind::{CODE_BITS, CleanUp, Condition, Mover, ResourceKind, Transition, When};
use crate::machine::RoleState;
use crate::name::RoleName;
use crate::passed::{Claim, Claims};
use crate::policy::Document;
use crate::rules::concern::Concerns;
use crate::rules::tags::TagFacts;
use crate::rules::trust;
use crate::service::ServiceDefinition;
use crate::set::IdSet;
use crate::state::State;
use crate::world::{Item, MAX_OPERATORS, Operator, Resource, RoleSort, Works, World};

/// What the rules ask of a role.
#[derive(Debug, Clone)]
pub(crate) struct RoleFacts<S> {
    /// The roles whose names are this one's, ignoring case; itself included.
    pub(crate) namesakes: S,
    /// Whether its name follows the rules for names.
    pub(crate) is_well_named: bool,
    pub(crate) service: Option<ServiceIdx>,
    /// The description that the service gives the role when it makes it itself.
    pub(crate) description: Option<TextIdx>,
    pub(crate) resources: S,
    /// The resources with the last of which the role's service deletes it, if it does.
    pub(crate) deleted_with: S,
    /// Whether the role takes no new use while its deletion is unfinished.
    pub(crate) is_locked_while_deleting: bool,
    pub(crate) sessions: S,
    pub(crate) attachments: S,
    /// Attachments that `DeleteRole` minds.
    pub(crate) dependents: S,
    pub(crate) managed_policies: S,
    pub(crate) tags: S,
    pub(crate) boundaries: S,
    pub(crate) trust_policies: S,
    /// Those who want the role of this name gone.
    pub(crate) operators: Vec<OperatorIdx>,
    /// Those of them who wait for their tasks: who works in steps.
    pub(crate) waiters: Vec<OperatorIdx>,
    /// Resources whose kinds have states in which the service holds a session, by those states' codes.
    pub(crate) working: Vec<(S, u8)>,
}

/// A service's transition with the resources that may make it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own about one transition")]
pub(crate) struct ServiceMove<S> {
    pub(crate) members: S,
    pub(crate) transition: TransitionIdx,
    pub(crate) from: u8,
    pub(crate) when: When,
    pub(crate) removes: bool,
    pub(crate) needs_live_role: bool,
    pub(crate) begins_use: bool,
    pub(crate) is_conditional: bool,
    /// Whether chance leaves it alone.
    pub(crate) is_exceptional: bool,
    /// The role that all members use, if they use one.
    pub(crate) role: Option<RoleIdx>,
    /// Whether no other resource has a say in it: no child, no parent, no relative.
    pub(crate) is_alone: bool,
}

/// A clean-up that nothing but a closed region can stand against, with the resources that may undergo it.
#[derive(Debug, Clone)]
pub(crate) struct PlainCleanUp<S> {
    pub(crate) members: S,
    pub(crate) transition: TransitionIdx,
    pub(crate) from: u8,
}

/// A [`Condition`] of a transition, by ids.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Requirement {
    /// Some relative of the kind is in a state with one of these codes, a bit each, or none is.
    Relative {
        kind: KindIdx,
        codes: u16,
        wanted: bool,
    },
    PassedRole {
        usable: bool,
    },
    Permitted(bool),
    /// A claim about a role that was passed, by its number.
    Claim {
        claim: u32,
        wanted: bool,
    },
    /// It names a kind that there is not.
    Never,
}

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
    /// Per resource, its relatives, where a transition of its kind asks for them.
    relatives: Vec<Vec<ResourceIdx>>,
    /// Per resource, those whose relatives it is among.
    dependents: Vec<Vec<ResourceIdx>>,
    /// Per resource, the role that is passed for it or for the nearest above it, where a transition of its kind asks for it.
    passed: Vec<Option<RoleIdx>>,
    /// Resources for which the service's role permits all that is needed.
    permitted: S,
    /// What moves ask of roles that were passed.
    pub(crate) claims: Claims<S>,
    /// Whom what happens to others concerns.
    pub(crate) concerns: Concerns<S>,
    pub(crate) service_moves: Vec<ServiceMove<S>>,
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
    pub(crate) plain_clean_ups: Vec<PlainCleanUp<S>>,
    /// The same per resource and code: the transition, and where it leads.
    plain_clean_ups_of: Vec<PlainByCode>,
    /// The codes in which somebody can be called for a resource's clean-up, with the resources of the kinds in which they are.
    callable: Vec<(u8, S)>,
    /// The same without those whose clean-up is plain.
    callable_otherwise: Vec<(u8, S)>,
    /// The codes in which services move resources whatever else there is, Regions apart, with those resources.
    free_to_move: Vec<(u8, S)>,
    /// The codes that are ends, with the resources of the kinds in which they are.
    ends: Vec<(u8, S)>,
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
        let roles: Vec<RoleFacts<S>> = (0..world.roles.len()).map(|role| role_facts(&world, role)).collect();
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
        let family = Family::new(&world);
        let documents = trust::documents(&world);
        let claims = Claims::new(&world);
        let regions = (0..number(world.regions.len()))
            .map(|region| S::of(numbered.iter().filter(|(_, r)| r.region.0 == region).map(|(id, _)| *id)))
            .collect();
        let sessions = || (0_u32..).zip(&world.sessions);
        let plain_clean_ups_of = plain_clean_ups_by_code(&world, &children);
        let service_moves = service_moves(&world);
        let callable = having_code(&world, |kind, code| matches!(kind.clean_up[usize::from(code)], CleanUp::Call(_)));
        let universe = Self {
            tag_calls: world.tag_calls.iter().map(|call| TagFacts::of(&world, call)).collect(),
            free_to_move: free_moves(&service_moves),
            service_moves,
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
                (0..).zip(&roles).filter(|(_, facts)| deletes_itself(&world, facts)).map(|(id, _)| id),
            ),
            has_region_faults: false,
            has_followers: world.kinds.iter().any(|kind| kind.transitions.iter().any(|t| t.by == Mover::Parent)),
            workable: workable(&roles),
            requirements: requirements(&world, &claims),
            concerns: Concerns::new(&world, &children, &family.relatives, &family.passed, &claims),
            claims,
            dependents: reversed(&family.relatives),
            relatives: family.relatives,
            passed: family.passed,
            permitted: S::of(family.permitted),
            parents: S::of((0_u32..).zip(&children).filter(|(_, children)| !children.is_empty()).map(|(id, _)| id)),
            has_namesakes: roles.iter().any(|facts| facts.namesakes.len() > 1),
            ends: having_code(&world, |kind, code| kind.state(code).is_some_and(|state| state.is_end)),
            plain_clean_ups: plain_clean_ups(&world, &plain_clean_ups_of),
            callable_otherwise: not_plain(&callable, &plain_clean_ups_of),
            plain_clean_ups_of,
            callable,
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

    /// What a transition of the resource's kind asks for besides the resource's state and the use of its role.
    #[inline]
    pub(crate) fn requirements_of(&self, resource: ResourceIdx, transition: TransitionIdx) -> &[Requirement] {
        let kind = self.world.resources[resource.index()].kind;
        &self.requirements[kind.index()][transition.index()]
    }

    /// The resources whose states the resource's conditions ask for.
    #[inline]
    pub fn relatives_of(&self, resource: ResourceIdx) -> &[ResourceIdx] {
        &self.relatives[resource.index()]
    }

    /// The resources whose conditions ask for the resource's state.
    #[inline]
    pub fn dependents_of(&self, resource: ResourceIdx) -> &[ResourceIdx] {
        &self.dependents[resource.index()]
    }

    /// The account's own role that the service uses for the resource, if its kind asks for it.
    #[inline]
    pub(crate) fn passed_role(&self, resource: ResourceIdx) -> Option<RoleIdx> {
        self.passed[resource.index()]
    }

    /// Whether the permissions policy of the resource's service allows all that is needed for it.
    #[inline]
    pub(crate) fn is_permitted(&self, resource: ResourceIdx) -> bool {
        self.permitted.contains(resource.0)
    }

    /// Whether the role's first trust policy lets the service assume it.
    pub fn trusts(&self, role: RoleIdx, principal: &str) -> bool {
        trusts(&self.world, &self.trust_documents, role, principal)
    }

    /// Whether the resource is there: made, and not at an end.
    pub fn is_there(&self, state: &State<S>, resource: ResourceIdx) -> bool {
        is_there(self.kind_of(resource), state.resource(resource))
    }

    /// The next step of a resource's clean-up and the code of the state that it leads to, if nothing but a region that does not
    /// answer can stand against it.
    #[inline]
    pub(crate) fn plain_clean_up(&self, state: &State<S>, resource: ResourceIdx) -> Option<(TransitionIdx, u8)> {
        self.plain_clean_ups_of[resource.index()][usize::from(state.resource(resource))]
    }

    /// Whether the resource is at an end: it was there, and nothing comes of it any more.
    #[inline]
    pub(crate) fn has_ended(&self, state: &State<S>, resource: ResourceIdx) -> bool {
        self.ends.iter().any(|(code, members)| members.contains(resource.0) && state.resource(resource) == *code)
    }

    /// The resources for whose clean-up somebody can be called in their states.
    #[inline]
    pub fn callable(&self, state: &State<S>) -> S {
        Self::in_any(&self.callable, state)
    }

    /// Those of them whose clean-up is not [plain](Self::plain_clean_up).
    #[inline]
    pub(crate) fn callable_otherwise(&self, state: &State<S>) -> S {
        Self::in_any(&self.callable_otherwise, state)
    }

    /// Resources that their services can move now whatever else there is; not all of them, but those that are seen at a glance.
    #[inline]
    pub(crate) fn move_freely(&self, state: &State<S>) -> S {
        if state.dark_regions.is_empty() { Self::in_any(&self.free_to_move, state) } else { S::default() }
    }

    #[inline]
    fn in_any(codes: &[(u8, S)], state: &State<S>) -> S {
        codes.iter().fold(S::default(), |all, (code, members)| all.or(&state.resources.having(*code, members)))
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

fn deletes_itself<S>(world: &World, facts: &RoleFacts<S>) -> bool {
    facts
        .service
        .is_some_and(|service| matches!(world.services[service.index()].deletion, crate::service::Deletion::Automatic))
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

fn role_facts<S: IdSet>(world: &World, index: usize) -> RoleFacts<S> {
    let role = RoleIdx(number(index));
    let name = &world.roles[index].name;
    let attached = |wanted: &dyn Fn(&Item) -> bool| {
        let here = (0_u32..).zip(&world.attachments).filter(|(_, a)| a.role == role && wanted(&a.item));
        S::of(here.map(|(id, _)| id))
    };
    let resources = || (0_u32..).zip(&world.resources).filter(|(_, resource)| resource.role == role);
    let mut working = Vec::new();
    for (kind_id, kind) in (0_u32..).zip(&world.kinds) {
        for state in kind.states.iter().filter(|state| state.works) {
            let members = S::of(resources().filter(|(_, r)| r.kind.0 == kind_id).map(|(id, _)| id));
            if !members.is_empty() {
                working.push((members, state.code));
            }
        }
    }
    let service = match &world.roles[index].sort {
        RoleSort::Ordinary { .. } => None,
        RoleSort::ServiceLinked { service, .. } => Some(*service),
    };
    let takes_along = |kind: KindIdx| {
        let kind = &world.kinds[kind.index()];
        let chosen = &world.services[kind.service.index()].deleted_with;
        chosen.as_ref().is_none_or(|chosen| *chosen == kind.name)
    };
    let operators: Vec<_> = (0..)
        .zip(&world.operators)
        .filter(|(_, operator)| world.roles[operator.goal.index()].name == *name)
        .map(|(id, _)| OperatorIdx(id))
        .collect();
    let waits = |id: &OperatorIdx| world.operators[id.index()].works == Works::InSteps;
    RoleFacts {
        is_well_named: RoleName::new(&world.roles[role.index()].name).is_ok(),
        namesakes: S::of(
            (0_u32..).zip(&world.roles).filter(|(_, other)| other.name.eq_ignore_ascii_case(name)).map(|(id, _)| id),
        ),
        service,
        description: service.and_then(|service| {
            let text = world.services[service.index()].description.as_ref()?;
            world.texts.iter().position(|known| known == text).map(|text| TextIdx(number(text)))
        }),
        resources: S::of(resources().map(|(id, _)| id)),
        deleted_with: S::of(resources().filter(|(_, resource)| takes_along(resource.kind)).map(|(id, _)| id)),
        is_locked_while_deleting: world.knobs.locked_while_deleting
            || service.is_some_and(|service| world.services[service.index()].locked_while_deleting),
        sessions: S::of(world.sessions_of(role).map(|session| session.0)),
        attachments: attached(&|_| true),
        dependents: attached(&|item| {
            matches!(item, Item::ManagedPolicy(_) | Item::InlinePolicy(_) | Item::InstanceProfile(_))
        }),
        managed_policies: attached(&|item| matches!(item, Item::ManagedPolicy(_))),
        tags: attached(&|item| matches!(item, Item::Tag(_))),
        boundaries: attached(&|item| matches!(item, Item::Boundary(_))),
        trust_policies: attached(&|item| matches!(item, Item::TrustPolicy(_))),
        waiters: operators.iter().copied().filter(waits).collect(),
        operators,
        working,
    }
}

fn service_moves<S: IdSet>(world: &World) -> Vec<ServiceMove<S>> {
    let mut moves = Vec::new();
    for (kind_id, kind) in (0_u32..).zip(&world.kinds) {
        let members = S::of((0_u32..).zip(&world.resources).filter(|(_, r)| r.kind.0 == kind_id).map(|(id, _)| id));
        if members.is_empty() {
            continue;
        }
        for (id, transition) in (0..).zip(&kind.transitions) {
            // A move that leads back to where it comes from is possible, and nothing comes of it: it is not among what is enabled.
            if transition.by == Mover::Service && transition.from != transition.to {
                let members = if transition.from == 0 {
                    S::of(members.iter().filter(|id| !world.resources[*id as usize].is_made_by_call))
                } else {
                    members.clone()
                };
                if members.is_empty() {
                    continue;
                }
                let slots = || members.iter().map(|id| &world.resources[id as usize]);
                let first = slots().next().map(|slot| slot.role);
                let has_parents = slots().any(|slot| !slot.parents.is_empty());
                let is_parent = world.resources.iter().any(|r| r.parents.iter().any(|p| members.contains(p.0)));
                moves.push(ServiceMove {
                    role: first.filter(|role| slots().all(|slot| slot.role == *role)),
                    is_alone: !(has_parents || is_parent || transition.is_special),
                    members,
                    transition: TransitionIdx(id),
                    from: transition.from,
                    when: transition.when,
                    removes: transition.removes,
                    needs_live_role: transition.needs_live_role(),
                    begins_use: transition.begins_use,
                    is_conditional: transition.is_special,
                    is_exceptional: transition.exceptional,
                });
            }
        }
    }
    moves
}

fn workable<S: IdSet>(roles: &[RoleFacts<S>]) -> S {
    roles.iter().flat_map(|facts| &facts.working).fold(S::default(), |all, (members, _)| all.or(members))
}

/// Of the moves those that nothing but a closed Region can stand against, each code once.
fn free_moves<S: IdSet>(moves: &[ServiceMove<S>]) -> Vec<(u8, S)> {
    let mut found: Vec<(u8, S)> = Vec::new();
    let is_free = |made: &&ServiceMove<S>| {
        made.when == When::Always && made.is_alone && !made.needs_live_role && !made.begins_use && !made.is_exceptional
    };
    for made in moves.iter().filter(is_free) {
        match found.iter_mut().find(|(code, _)| *code == made.from) {
            Some((_, members)) => *members = members.or(&made.members),
            None => found.push((made.from, made.members.clone())),
        }
    }
    found
}

/// Per code of a resource's state, a clean-up and where it leads.
type PlainByCode = [Option<(TransitionIdx, u8)>; 1 << CODE_BITS];

fn plain_clean_ups<S: IdSet>(world: &World, of_resources: &[PlainByCode]) -> Vec<PlainCleanUp<S>> {
    let mut found: Vec<(KindIdx, PlainCleanUp<S>)> = Vec::new();
    for ((id, slot), by_code) in (0..).zip(&world.resources).zip(of_resources) {
        for (from, (transition, _)) in (0..).zip(by_code).filter_map(|(from, plain)| Some((from, plain.as_ref()?))) {
            match found.iter_mut().find(|(kind, of_kind)| *kind == slot.kind && of_kind.from == from) {
                Some((_, of_kind)) => of_kind.members.insert(id),
                None => found.push((slot.kind, PlainCleanUp { members: S::of([id]), transition: *transition, from })),
            }
        }
    }
    found.into_iter().map(|(_, plain)| plain).collect()
}

fn plain_clean_ups_by_code<S: IdSet>(world: &World, children: &[S]) -> Vec<PlainByCode> {
    let of = |(slot, children): (&Resource, &S)| {
        let kind = &world.kinds[slot.kind.index()];
        kind.clean_up.map(|step| match step {
            CleanUp::Released | CleanUp::Wait => None,
            CleanUp::Call(transition) => {
                let step = &kind.transitions[transition.index()];
                let is_plain = step.by == Mover::Caller
                    && step.from != 0
                    && step.when == When::Always
                    && !(step.is_special || step.creates_role || step.needs_live_role())
                    && children.is_empty();
                is_plain.then_some((transition, step.to))
            }
        })
    };
    world.resources.iter().zip(children).map(of).collect()
}

/// Per code, the resources of whose kinds it is true; codes of which it is true nowhere are left out.
fn having_code<S: IdSet>(world: &World, is_so: impl Fn(&ResourceKind, u8) -> bool) -> Vec<(u8, S)> {
    let mut found = Vec::new();
    for code in 0..1 << CODE_BITS {
        let here = (0_u32..).zip(&world.resources).filter(|(_, slot)| is_so(&world.kinds[slot.kind.index()], code));
        let members = S::of(here.map(|(id, _)| id));
        if !members.is_empty() {
            found.push((code, members));
        }
    }
    found
}

/// Those of the codes, with those of the resources, that have no plain clean-up.
fn not_plain<S: IdSet>(callable: &[(u8, S)], plain: &[PlainByCode]) -> Vec<(u8, S)> {
    let otherwise = |(code, members): &(u8, S)| {
        let is_plain = |id: &u32| plain[*id as usize][usize::from(*code)].is_some();
        (*code, S::of(members.iter().filter(|id| !is_plain(id))))
    };
    callable.iter().map(otherwise).filter(|(_, members)| !members.is_empty()).collect()
}

fn requirements<S: IdSet>(world: &World, claims: &Claims<S>) -> Vec<Vec<Vec<Requirement>>> {
    let relative = |owner: &ResourceKind, name: &str, states: &[String], wanted: bool| {
        let found = (0..).zip(&world.kinds).find(|(_, kind)| kind.service == owner.service && kind.name == name);
        found.map_or(Requirement::Never, |(id, kind)| Requirement::Relative {
            kind: KindIdx(id),
            codes: states.iter().filter_map(|state| kind.code_of(state)).fold(0, |codes, code| codes | 1 << code),
            wanted,
        })
    };
    let of = |owner: &ResourceKind, condition: &Condition| match condition {
        Condition::Relative { kind, states } => relative(owner, kind, states, true),
        Condition::NoRelative { kind, states } => relative(owner, kind, states, false),
        Condition::PassedRole { usable } => Requirement::PassedRole { usable: *usable },
        Condition::Permitted(wanted) => Requirement::Permitted(*wanted),
        Condition::PassedRoleOf { kind, claim, holds } => {
            let number = claims.number_of(&Claim::new(owner.service, kind, claim));
            number.map_or(Requirement::Never, |claim| Requirement::Claim { claim, wanted: *holds })
        }
    };
    let per_transition = |kind: &ResourceKind, transition: &Transition| {
        transition.conditions.iter().map(|condition| of(kind, condition)).collect()
    };
    world.kinds.iter().map(|kind| kind.transitions.iter().map(|t| per_transition(kind, t)).collect()).collect()
}

/// What resources have to do with one another.
struct Family {
    relatives: Vec<Vec<ResourceIdx>>,
    passed: Vec<Option<RoleIdx>>,
    permitted: Vec<u32>,
}

impl Family {
    fn new(world: &World) -> Self {
        let asks = |wanted: fn(&Condition) -> bool| -> Vec<bool> {
            let any = |kind: &ResourceKind| kind.transitions.iter().any(|t| t.conditions.iter().any(wanted));
            world.kinds.iter().map(any).collect()
        };
        let for_relatives = asks(|c| matches!(c, Condition::Relative { .. } | Condition::NoRelative { .. }));
        let for_passed = asks(|condition| matches!(condition, Condition::PassedRole { .. }));
        let for_permission = asks(|condition| matches!(condition, Condition::Permitted(_)));
        let anybody = for_relatives.iter().chain(&for_passed).chain(&for_permission).any(|asks| *asks);
        let mut family = Self {
            relatives: vec![Vec::new(); world.resources.len()],
            passed: vec![None; world.resources.len()],
            permitted: Vec::new(),
        };
        if !anybody {
            return family;
        }
        let mut below = vec![Vec::new(); world.resources.len()];
        for (child, resource) in (0..).zip(&world.resources) {
            for parent in &resource.parents {
                below[parent.index()].push(ResourceIdx(child));
            }
        }
        for (id, resource) in (0..).zip(&world.resources) {
            let (this, kind) = (ResourceIdx(id), resource.kind.index());
            let above = ancestors(world, this);
            let line = || std::iter::once(resource).chain(above.iter().map(|id| &world.resources[id.index()]));
            if for_relatives[kind] {
                let siblings = resource.parents.iter().flat_map(|parent| &below[parent.index()]).copied();
                let siblings =
                    siblings.filter(|other| *other != this && world.resources[other.index()].kind == resource.kind);
                let mut relatives: Vec<_> =
                    above.iter().copied().chain(siblings).chain(below[this.index()].iter().copied()).collect();
                relatives.sort_unstable();
                relatives.dedup();
                family.relatives[this.index()] = relatives;
            }
            if for_passed[kind] {
                family.passed[this.index()] = line().find_map(|resource| resource.passes);
            }
            let service = &world.services[world.kinds[kind].service.index()];
            if for_permission[kind] && line().flat_map(|resource| &resource.needs).all(|action| service.permits(action))
            {
                family.permitted.push(id);
            }
        }
        family
    }
}

fn reversed(arrows: &[Vec<ResourceIdx>]) -> Vec<Vec<ResourceIdx>> {
    let mut back = vec![Vec::new(); arrows.len()];
    for (from, targets) in (0..).zip(arrows) {
        for target in targets {
            back[target.index()].push(ResourceIdx(from));
        }
    }
    back
}

/// Those that a resource belongs to or is made from, and so on upwards, the nearest first.
pub(crate) fn ancestors(world: &World, resource: ResourceIdx) -> Vec<ResourceIdx> {
    let mut found = Vec::new();
    let mut next = 0;
    let mut at = resource;
    loop {
        for parent in &world.resources[at.index()].parents {
            if *parent != resource && !found.contains(parent) {
                found.push(*parent);
            }
        }
        match found.get(next) {
            Some(parent) => at = *parent,
            None => return found,
        }
        next += 1;
    }
}

/// The resource itself, or the nearest above it, of a service's kind.
pub(crate) fn nearest(world: &World, resource: ResourceIdx, service: ServiceIdx, kind: &str) -> Option<ResourceIdx> {
    let mut line = std::iter::once(resource).chain(ancestors(world, resource));
    line.find(|id| {
        let found = &world.kinds[world.resources[id.index()].kind.index()];
        found.service == service && found.name == kind
    })
}
