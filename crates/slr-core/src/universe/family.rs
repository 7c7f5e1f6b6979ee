//! What resources have to do with one another, and with the roles that are passed for them.

use crate::id::{KindIdx, ResourceIdx, RoleIdx, ServiceIdx, TransitionIdx};
use crate::kind::{Condition, ResourceKind, Transition};
use crate::passed::{Claim, Claims};
use crate::set::IdSet;
use crate::universe::Universe;
use crate::world::World;

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

/// What resources have to do with one another.
#[derive(Debug, Clone)]
pub(crate) struct Family<S> {
    /// Per resource, its relatives, where a transition of its kind asks for them.
    pub(super) relatives: Vec<Vec<ResourceIdx>>,
    /// Per resource, those whose relatives it is among.
    dependents: Vec<Vec<ResourceIdx>>,
    /// Per resource, the role that is passed for it or for the nearest above it, where a transition of its kind asks for it.
    pub(super) passed: Vec<Option<RoleIdx>>,
    /// Resources for which the service's role permits all that is needed.
    permitted: S,
}

impl<S: IdSet> Family<S> {
    pub(super) fn of(world: &World) -> Self {
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
            dependents: vec![Vec::new(); world.resources.len()],
            passed: vec![None; world.resources.len()],
            permitted: S::default(),
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
                family.permitted.insert(id);
            }
        }
        family.dependents = reversed(&family.relatives);
        family
    }
}

impl<S: IdSet> Universe<S> {
    /// What a transition of the resource's kind asks for besides the resource's state and the use of its role.
    #[inline]
    pub(crate) fn requirements_of(&self, resource: ResourceIdx, transition: TransitionIdx) -> &[Requirement] {
        let kind = self.world.resources[resource.index()].kind;
        &self.requirements[kind.index()][transition.index()]
    }

    /// The resources whose states the resource's conditions ask for.
    #[inline]
    pub fn relatives_of(&self, resource: ResourceIdx) -> &[ResourceIdx] {
        &self.family.relatives[resource.index()]
    }

    /// The resources whose conditions ask for the resource's state.
    #[inline]
    pub fn dependents_of(&self, resource: ResourceIdx) -> &[ResourceIdx] {
        &self.family.dependents[resource.index()]
    }

    /// The account's own role that the service uses for the resource, if its kind asks for it.
    #[inline]
    pub(crate) fn passed_role(&self, resource: ResourceIdx) -> Option<RoleIdx> {
        self.family.passed[resource.index()]
    }

    /// Whether the permissions policy of the resource's service allows all that is needed for it.
    #[inline]
    pub(crate) fn is_permitted(&self, resource: ResourceIdx) -> bool {
        self.family.permitted.contains(resource.0)
    }
}

pub(super) fn requirements<S: IdSet>(world: &World, claims: &Claims<S>) -> Vec<Vec<Vec<Requirement>>> {
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
