//! What can be done with resources, told by the codes of their states.

use crate::id::{KindIdx, ResourceIdx, RoleIdx, TransitionIdx};
use crate::kind::{CODE_BITS, CleanUp, Mover, ResourceKind, When};
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::{Resource, World};

/// What can be done with resources whatever state the rest of the world is in, or nearly.
#[derive(Debug, Clone)]
pub(crate) struct Moves<S> {
    pub(crate) of_services: Vec<ServiceMove<S>>,
    pub(crate) plain_clean_ups: Vec<PlainCleanUp<S>>,
    /// The same per resource and code: the transition, and where it leads.
    plain_by_code: Vec<PlainByCode>,
    /// The codes in which somebody can be called for a resource's clean-up, with the resources of the kinds in which they are.
    callable: Vec<(u8, S)>,
    /// The same without those whose clean-up is plain.
    callable_otherwise: Vec<(u8, S)>,
    /// The codes in which services move resources whatever else there is, Regions apart, with those resources.
    free: Vec<(u8, S)>,
    /// The codes that are ends, with the resources of the kinds in which they are.
    ends: Vec<(u8, S)>,
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

impl<S: IdSet> Moves<S> {
    /// `children` says what belongs to each resource.
    pub(super) fn of(world: &World, children: &[S]) -> Self {
        let of_services = service_moves(world);
        let plain_by_code = plain_clean_ups_by_code(world, children);
        let callable = having_code(world, |kind, code| matches!(kind.clean_up[usize::from(code)], CleanUp::Call(_)));
        Self {
            free: free_moves(&of_services),
            of_services,
            plain_clean_ups: plain_clean_ups(world, &plain_by_code),
            callable_otherwise: not_plain(&callable, &plain_by_code),
            plain_by_code,
            callable,
            ends: having_code(world, |kind, code| kind.state(code).is_some_and(|state| state.is_end)),
        }
    }
}

impl<S: IdSet> Universe<S> {
    /// The next step of a resource's clean-up and the code of the state that it leads to, if nothing but a region that does not
    /// answer can stand against it.
    #[inline]
    pub(crate) fn plain_clean_up(&self, state: &State<S>, resource: ResourceIdx) -> Option<(TransitionIdx, u8)> {
        self.moves.plain_by_code[resource.index()][usize::from(state.resource(resource))]
    }

    /// Whether the resource is at an end: it was there, and nothing comes of it any more.
    #[inline]
    pub(crate) fn has_ended(&self, state: &State<S>, resource: ResourceIdx) -> bool {
        self.moves.ends.iter().any(|(code, members)| members.contains(resource.0) && state.resource(resource) == *code)
    }

    /// The resources for whose clean-up somebody can be called in their states.
    #[inline]
    pub fn callable(&self, state: &State<S>) -> S {
        in_any(&self.moves.callable, state)
    }

    /// Those of them whose clean-up is not [plain](Self::plain_clean_up).
    #[inline]
    pub(crate) fn callable_otherwise(&self, state: &State<S>) -> S {
        in_any(&self.moves.callable_otherwise, state)
    }

    /// Resources that their services can move now whatever else there is; not all of them, but those that are seen at a glance.
    #[inline]
    pub(crate) fn move_freely(&self, state: &State<S>) -> S {
        if state.dark_regions.is_empty() { in_any(&self.moves.free, state) } else { S::default() }
    }
}

#[inline]
fn in_any<S: IdSet>(codes: &[(u8, S)], state: &State<S>) -> S {
    codes.iter().fold(S::default(), |all, (code, members)| all.or(&state.resources.having(*code, members)))
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
