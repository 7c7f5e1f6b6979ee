//! What does not wait for ever: the classes of steps that are treated weakly fairly.
//!
//! Services end their sessions, start and decide tasks, and finish what they do with resources; operators go on; the script goes on.
//! Nobody owes it to anybody to open a session, to fail a clean-up, to lose patience, to drop a record, or to lose a region; and a call
//! that is throttled for ever from some time on need not be answered any more.

use slr_core::action::Operation;
use slr_core::id::{OperatorIdx, ResourceIdx};
use slr_core::kind::When;
use slr_core::{Action, IdSet, OperatorStep, Universe};
use slr_scenario::lower::Lowered;

use super::Act;
use crate::FairnessClass;

/// The classes by number.
#[derive(Debug)]
pub(super) struct Fairness {
    names: Vec<String>,
    sessions: u32,
    roles: u32,
    resources: u32,
    operators: u32,
    /// The operations that may never be answered any more.
    starved: Vec<Operation>,
}

const PER_ROLE: u32 = 5;
const PER_OPERATOR: u32 = 4;

impl Fairness {
    pub(super) fn new<S: IdSet>(universe: &Universe<S>, lowered: &Lowered) -> Self {
        let world = universe.world();
        let mut names = vec!["the script goes on".to_owned()];
        names.extend((1..=world.sessions.len()).map(|number| format!("session {number} ends")));
        for role in &world.roles {
            for what in [
                "the task of {} starts",
                "the task of {} is decided",
                "the task of {} becomes visible",
                "{} spreads",
                "the service deletes {}",
            ] {
                names.push(what.replace("{}", &role.name));
            }
        }
        names.extend(world.resources.iter().map(|resource| format!("{} moves on", resource.name)));
        for operator in &world.operators {
            for what in ["submits", "polls", "reads the documentation", "gives up when it has no attempts left"] {
                names.push(format!("{} {what}", operator.name));
            }
            names.extend(
                world.resources.iter().map(|resource| format!("{} cleans up {}", operator.name, resource.name)),
            );
        }
        let starved = lowered.plan.throttlings.iter().filter(|throttling| throttling.never_ends());
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            names,
            sessions: count(world.sessions.len()),
            roles: count(world.roles.len()),
            resources: count(world.resources.len()),
            operators: count(world.operators.len()),
            starved: starved.map(|throttling| throttling.operation).collect(),
        }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The class of a step, if it is treated fairly.
    pub(super) fn class<S: IdSet>(&self, universe: &Universe<S>, act: &Act<S>) -> Option<FairnessClass> {
        if act.scripted {
            return Some(FairnessClass(0));
        }
        let of_role =
            |role: slr_core::id::RoleIdx, what: u32| Some(FairnessClass(1 + self.sessions + role.0 * PER_ROLE + what));
        match act.action.as_ref()? {
            Action::SessionEnds { session, .. } => Some(FairnessClass(1 + session.0)),
            Action::TaskStarts { role } => of_role(*role, 0),
            Action::TaskSucceeds { role } | Action::TaskFails { role, .. } => of_role(*role, 1),
            Action::TaskBecomesVisible { role } => of_role(*role, 2),
            Action::RolePropagates { role } => of_role(*role, 3),
            Action::ServiceDeletesRole { role } => of_role(*role, 4),
            Action::ResourceMoves { resource, transition } => {
                let step = universe.transition(*resource, *transition);
                let owed = step.when != When::InUse && !step.exceptional;
                owed.then(|| FairnessClass(self.first_resource() + resource.0))
            }
            Action::Operator { operator, step } => self.step_class(universe, *operator, *step),
            Action::Command { .. }
            | Action::Throttle { .. }
            | Action::SessionOpens { .. }
            | Action::TaskIsForgotten { .. }
            | Action::EarlierTaskIsForgotten { .. }
            | Action::RoleAppears { .. }
            | Action::RegionFails { .. }
            | Action::RegionRecovers { .. } => None,
        }
    }

    /// Whether who calls it again and again is answered in the end.
    fn is_answered(&self, operation: Operation) -> bool {
        !self.starved.contains(&operation)
    }

    const fn first_resource(&self) -> u32 {
        1 + self.sessions + self.roles * PER_ROLE
    }

    fn step_class<S: IdSet>(
        &self,
        universe: &Universe<S>,
        operator: OperatorIdx,
        step: OperatorStep,
    ) -> Option<FairnessClass> {
        debug_assert!(operator.0 < self.operators, "the universe has the operator");
        let first = self.first_resource() + self.resources + operator.0 * (PER_OPERATOR + self.resources);
        match step {
            OperatorStep::Submits => {
                self.is_answered(Operation::DeleteServiceLinkedRole).then_some(FairnessClass(first))
            }
            OperatorStep::Polls => {
                self.is_answered(Operation::GetServiceLinkedRoleDeletionStatus).then_some(FairnessClass(first + 1))
            }
            OperatorStep::ReadsDocs => Some(FairnessClass(first + 2)),
            OperatorStep::GivesUp => (!universe.operator(operator).loses_patience).then_some(FairnessClass(first + 3)),
            OperatorStep::CleansUp(ResourceIdx(resource)) => Some(FairnessClass(first + PER_OPERATOR + resource)),
        }
    }
}
