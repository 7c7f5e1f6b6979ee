//! Whom an event concerns: who of the environment may be able to do something after it that was impossible before.
//!
//! [`enabled`](Universe::enabled) says what is possible in a state. Whoever plays in time wants to know what has *become* possible, and cannot
//! look at everything after every event. A test walks through random worlds and asks that nothing becomes possible to anybody else.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::id::{ResourceIdx, RoleIdx, SessionIdx, TransitionIdx};
use crate::kind::{Mover, Transition};
use crate::passed::Claims;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::World;

/// What moves of services depend on besides their own resource and its role.
#[derive(Debug, Clone)]
pub(crate) struct Concerns<S> {
    /// Per resource, those whose moves depend on its state.
    kin: Vec<Vec<ResourceIdx>>,
    /// Per role, the resources whose moves depend on it because it was passed for them, or above them.
    passed: Vec<S>,
}

impl<S: IdSet> Concerns<S> {
    pub(crate) fn new(
        world: &World,
        children: &[S],
        relatives: &[Vec<ResourceIdx>],
        passed: &[Option<RoleIdx>],
        claims: &Claims<S>,
    ) -> Self {
        let mut kin = vec![Vec::new(); world.resources.len()];
        for (id, slot) in (0..).zip(&world.resources) {
            let moves = || world.kinds[slot.kind.index()].transitions.iter().filter(|step| step.by == Mover::Service);
            let mut depends_on: BTreeSet<ResourceIdx> = relatives[id as usize].iter().copied().collect();
            if moves().any(|step| step.removes) {
                depends_on.extend(descendants(children, id));
            }
            if moves().any(|step| step.from == 0) {
                depends_on.extend(&slot.parents);
            }
            for other in depends_on {
                kin[other.index()].push(ResourceIdx(id));
            }
        }
        let mut passed_for = vec![S::default(); world.roles.len()];
        let by_kind = (0..).zip(passed).filter_map(|(id, role)| Some((ResourceIdx(id), (*role)?)));
        for (resource, role) in by_kind.chain(claims.roles()) {
            passed_for[role.index()].insert(resource.0);
        }
        Self { kin, passed: passed_for }
    }
}

/// Those that belong to a resource, and so on downwards.
fn descendants<S: IdSet>(children: &[S], resource: u32) -> BTreeSet<ResourceIdx> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![resource];
    while let Some(next) = waiting.pop() {
        waiting.extend(children[next as usize].iter().filter(|child| found.insert(ResourceIdx(*child))));
    }
    found
}

impl<S: IdSet> Universe<S> {
    /// Those of the resources that a service may be able to move after the event where it could not before, besides the one that moved.
    pub fn resources_concerned(&self, event: &Event<S>, among: &S) -> S {
        let of_role = |role: RoleIdx| among.and(self.resources_of(role));
        let passed = |role: RoleIdx| among.and(&self.concerns.passed[role.index()]);
        match event {
            Event::SessionOpened { session } | Event::SessionEnded { session, .. } => {
                of_role(self.world().sessions[session.index()].role)
            }
            Event::ResourceMoved { resource, transition } => {
                let kin = self.concerns.kin[resource.index()].iter().map(|kin| kin.0);
                let kin = S::of(kin.filter(|kin| among.contains(*kin)));
                let [before, after] = self.works(*resource, *transition);
                if before == after { kin } else { kin.or(&of_role(self.role_of(*resource))) }
            }
            // A lock ends with its task; where the task succeeds, with the role.
            Event::TaskFailed { role, .. } => of_role(*role),
            Event::RoleCreated { role, .. } | Event::RolePropagated { role } => of_role(*role).or(&passed(*role)),
            Event::RoleDeleted { role, .. } => passed(*role),
            Event::Attached { attachment } | Event::Detached { attachment } => {
                passed(self.world().attachments[attachment.index()].role)
            }
            Event::RegionRecovered { region } => among.and(self.resources_in(*region)),
            // No policy that bears on what a service does looks at tags.
            Event::TagsChanged { .. }
            | Event::RoleUpdated { .. }
            | Event::Granted { .. }
            | Event::Revoked { .. }
            | Event::TaskSubmitted { .. }
            | Event::TaskReturned { .. }
            | Event::TaskStarted { .. }
            | Event::TaskSucceeded { .. }
            | Event::TaskBecameVisible { .. }
            | Event::TaskForgotten { .. }
            | Event::EarlierTaskForgotten { .. }
            | Event::StatusAnswered { .. }
            | Event::Answered { .. }
            | Event::RoleAssumed { .. }
            | Event::DocsRead { .. }
            | Event::FailureSeen { .. }
            | Event::SuccessSeen { .. }
            | Event::ObstaclesNamed { .. }
            | Event::GaveUp { .. }
            | Event::Refused { .. }
            | Event::RegionFailed { .. } => S::default(),
        }
    }

    /// Those of the sessions that may be able to open after the event where they could not before, besides the one that ended.
    pub fn sessions_concerned(&self, event: &Event<S>, among: &S) -> S {
        let of_role = |role: RoleIdx| among.and(self.sessions_of(role));
        match event {
            Event::RoleCreated { role, .. } | Event::RolePropagated { role } | Event::TaskFailed { role, .. } => {
                of_role(*role)
            }
            Event::Attached { attachment } | Event::Detached { attachment } if self.is_trust_policy(*attachment) => {
                of_role(self.world().attachments[attachment.index()].role)
            }
            Event::Attached { .. }
            | Event::Detached { .. }
            | Event::TagsChanged { .. }
            | Event::Granted { .. }
            | Event::Revoked { .. }
            | Event::RoleDeleted { .. }
            | Event::RoleUpdated { .. }
            | Event::TaskSubmitted { .. }
            | Event::TaskReturned { .. }
            | Event::TaskStarted { .. }
            | Event::TaskSucceeded { .. }
            | Event::TaskBecameVisible { .. }
            | Event::TaskForgotten { .. }
            | Event::EarlierTaskForgotten { .. }
            | Event::StatusAnswered { .. }
            | Event::Answered { .. }
            | Event::RoleAssumed { .. }
            | Event::SessionOpened { .. }
            | Event::SessionEnded { .. }
            | Event::ResourceMoved { .. }
            | Event::DocsRead { .. }
            | Event::FailureSeen { .. }
            | Event::SuccessSeen { .. }
            | Event::ObstaclesNamed { .. }
            | Event::GaveUp { .. }
            | Event::Refused { .. }
            | Event::RegionFailed { .. }
            | Event::RegionRecovered { .. } => S::default(),
        }
    }

    /// The role that its service may be able to [delete itself](Self::may_delete_itself) after the event where it could not before, or the other
    /// way round.
    #[inline]
    pub fn role_concerned(&self, event: &Event<S>) -> Option<RoleIdx> {
        if self.self_deleting.is_empty() { None } else { self.role_of_event(event) }
    }

    fn role_of_event(&self, event: &Event<S>) -> Option<RoleIdx> {
        match event {
            Event::RoleCreated { role, .. }
            | Event::RoleDeleted { role, .. }
            | Event::TaskSubmitted { role }
            | Event::TaskFailed { role, .. } => Some(*role),
            Event::SessionOpened { session } | Event::SessionEnded { session, .. } => {
                Some(self.world().sessions[session.index()].role)
            }
            Event::ResourceMoved { resource, .. } => Some(self.role_of(*resource)),
            Event::RolePropagated { .. }
            | Event::RoleUpdated { .. }
            | Event::Attached { .. }
            | Event::Detached { .. }
            | Event::TagsChanged { .. }
            | Event::Granted { .. }
            | Event::Revoked { .. }
            | Event::TaskReturned { .. }
            | Event::TaskStarted { .. }
            | Event::TaskSucceeded { .. }
            | Event::TaskBecameVisible { .. }
            | Event::TaskForgotten { .. }
            | Event::EarlierTaskForgotten { .. }
            | Event::StatusAnswered { .. }
            | Event::Answered { .. }
            | Event::RoleAssumed { .. }
            | Event::DocsRead { .. }
            | Event::FailureSeen { .. }
            | Event::SuccessSeen { .. }
            | Event::ObstaclesNamed { .. }
            | Event::GaveUp { .. }
            | Event::Refused { .. }
            | Event::RegionFailed { .. }
            | Event::RegionRecovered { .. } => None,
        }
    }

    /// Whether the service can make the move with the resource now.
    #[inline]
    pub fn may_move(&self, state: &State<S>, resource: ResourceIdx, transition: TransitionIdx) -> bool {
        self.may_make(state, (resource, transition), self.transition(resource, transition))
    }

    /// The same for whoever has the transition at hand.
    #[inline]
    pub fn may_make(&self, state: &State<S>, made: (ResourceIdx, TransitionIdx), step: &Transition) -> bool {
        self.bar_to_move(state, made, step).is_none()
    }

    /// Whether the session can be opened now.
    #[inline]
    pub fn may_open(&self, state: &State<S>, session: SessionIdx) -> bool {
        self.bar_to_session(state, session).is_none()
    }

    /// The moves that services may make with a resource of its kind from the state that it is in, possible or not.
    #[inline]
    pub fn service_moves_from(
        &self,
        state: &State<S>,
        resource: ResourceIdx,
    ) -> impl Iterator<Item = (TransitionIdx, &Transition)> {
        let kind = self.kind_of(resource);
        kind.by_service[usize::from(state.resource(resource))].iter().map(|id| (*id, &kind.transitions[id.index()]))
    }
}
