//! What resources have to do with one another: who goes along with whom, who waits for whom.

use crate::event::Event;
use crate::id::{ResourceIdx, RoleIdx, TransitionIdx, number};
use crate::kind::Mover;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::{Requirement, Universe, is_there};

impl<S: IdSet> Universe<S> {
    /// Whether a resource that belongs to this one is still there, and would not go along with its move of that name.
    #[inline]
    pub(super) fn has_children(&self, state: &State<S>, resource: ResourceIdx, name: &str) -> bool {
        !self.children_of(resource).is_empty() && self.leaves_children(state, resource, name)
    }

    fn leaves_children(&self, state: &State<S>, resource: ResourceIdx, name: &str) -> bool {
        let mut children = self.children_of(resource).iter().map(ResourceIdx);
        children.any(|child| self.is_there(state, child) && !self.goes_along(state, child, name))
    }

    /// What stands against a move of the resource and could be out of its way: what belongs to it and would be left behind, and relatives
    /// in states in which none may be.
    pub(super) fn obstacles(&self, state: &State<S>, resource: ResourceIdx, transition: TransitionIdx) -> S {
        let step = self.transition(resource, transition);
        let mut obstacles = S::default();
        if step.removes {
            for child in self.children_of(resource).iter().map(ResourceIdx) {
                if self.is_there(state, child) && !self.goes_along(state, child, &step.name) {
                    obstacles.insert(child.0);
                }
            }
        }
        for requirement in self.requirements_of(resource, transition) {
            if let Requirement::Relative { kind, codes, wanted: false } = requirement {
                for relative in self.relatives_of(resource) {
                    if self.world().resources[relative.index()].kind == *kind
                        && codes >> state.resource(*relative) & 1 == 1
                    {
                        obstacles.insert(relative.0);
                    }
                }
            }
        }
        obstacles
    }

    /// The transition that a resource makes along with its parent's move of that name.
    ///
    /// It is none that brings the role into use, and none into an end that would leave behind what belongs to the resource itself.
    fn transition_along(&self, state: &State<S>, resource: ResourceIdx, name: &str) -> Option<TransitionIdx> {
        let code = state.resource(resource);
        let transitions = &self.kind_of(resource).transitions;
        let found = transitions.iter().position(|transition| {
            transition.by == Mover::Parent
                && transition.from == code
                && code != 0
                && transition.name == name
                && !transition.needs_live_role()
        })?;
        let keeps_its_own = is_there(self.kind_of(resource), transitions[found].to);
        let may = keeps_its_own || !self.has_children(state, resource, name);
        may.then(|| TransitionIdx(number(found)))
    }

    /// Whether the resource is gone by the move that it makes along with its parent's.
    fn goes_along(&self, state: &State<S>, resource: ResourceIdx, name: &str) -> bool {
        let transition = self.transition_along(state, resource, name);
        transition.is_some_and(|transition| !is_there(self.kind_of(resource), self.transition(resource, transition).to))
    }

    /// Moves those that belong to a resource along with its move of that name.
    #[inline]
    pub(super) fn take_along(
        &self,
        state: &mut State<S>,
        resource: ResourceIdx,
        name: &str,
        tell: &mut impl FnMut(Event<S>),
    ) {
        if !self.children_of(resource).is_empty() {
            self.take_children_along(state, resource, name, tell);
        }
    }

    /// One generation after the other; parents are never in a circle, so this ends.
    fn take_children_along(
        &self,
        state: &mut State<S>,
        resource: ResourceIdx,
        name: &str,
        tell: &mut dyn FnMut(Event<S>),
    ) {
        for child in self.children_of(resource).iter().map(ResourceIdx) {
            if let Some(transition) = self.transition_along(state, child, name) {
                Self::move_resource(state, child, self.transition(child, transition).to);
                tell(Event::ResourceMoved { resource: child, transition });
                self.take_children_along(state, child, name, tell);
            }
        }
    }

    /// Whether a resource that this one belongs to, or is made from, is not there.
    #[inline]
    pub(super) fn lacks_parent(&self, state: &State<S>, resource: ResourceIdx) -> bool {
        self.world().resources[resource.index()].parents.iter().any(|parent| !self.is_there(state, *parent))
    }

    /// Whether all is so that the transition depends on besides the resource's state and the use of its role.
    #[inline]
    pub fn meets_conditions(&self, state: &State<S>, resource: ResourceIdx, transition: TransitionIdx) -> bool {
        self.requirements_of(resource, transition).iter().all(|requirement| match requirement {
            Requirement::Relative { kind, codes, wanted } => {
                let is_one = |relative: &ResourceIdx| {
                    self.world().resources[relative.index()].kind == *kind
                        && codes >> state.resource(*relative) & 1 == 1
                };
                self.relatives_of(resource).iter().any(is_one) == *wanted
            }
            Requirement::PassedRole { usable } => {
                let is_usable = |role: RoleIdx| {
                    let service = &self.world().services[self.kind_of(resource).service.index()];
                    state.is_live(role)
                        && !state.is_fresh(role)
                        && self.trusts_now(state, role, service.principal.as_str())
                };
                self.passed_role(resource).is_some_and(is_usable) == *usable
            }
            Requirement::Permitted(wanted) => self.is_permitted(resource) == *wanted,
            Requirement::Claim { claim, wanted } => self.is_claim_true(state, resource, *claim) == *wanted,
            Requirement::Never => false,
        })
    }
}
