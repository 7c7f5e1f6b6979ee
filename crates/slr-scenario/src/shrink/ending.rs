//! What matters of the end of a run to an expectation that nothing but the end decides.
//!
//! `eventually`, `finally` and counts that are not reached would fail in an empty run too. A smaller run fails in the same way if it ends
//! where the recorded one did, as far as the expectation is concerned: what it found; how its role stands, with what uses it; what has become of
//! those who want that role gone. Facts have names, for a smaller world has other numbers.

use std::collections::BTreeSet;

use slr_core::id::{OperatorIdx, ResourceIdx, RoleIdx};
use slr_core::invariant::Predicate;
use slr_core::machine::{Phase, RoleState, TaskState};
use slr_core::{IdSet, State, Universe};

use crate::expect::What;

/// A fact about the end of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    /// What the expectation found.
    Found(String),
    /// How a role stands: its last task, and whether sessions use it, resources do, and resources of which it was told.
    Role { name: String, state: RoleState, task: Option<TaskState>, session: bool, resource: bool, outstanding: bool },
    /// An operator waits, is done, or has given up.
    Operator { name: String, phase: Phase },
    /// A resource is in a state.
    Resource { name: String, state: String },
    /// A resource of the kind is.
    Kind { name: String, state: String },
}

/// The facts that matter to the expectation.
pub(super) fn ending<S: IdSet>(
    universe: &Universe<S>,
    state: &State<S>,
    what: &What,
    found: Option<&str>,
) -> BTreeSet<Fact> {
    let mut facts: BTreeSet<Fact> = found.map(|found| Fact::Found(found.to_owned())).into_iter().collect();
    let mut roles = BTreeSet::new();
    match what {
        What::Eventually { predicate, .. }
        | What::Finally { predicate }
        | What::Possible { predicate }
        | What::Always { predicate, .. }
        | What::Never { predicate, .. }
        | What::Sometimes { predicate, .. } => about(universe, state, *predicate, &mut facts, &mut roles),
        What::Tasks { role, .. } | What::Task { role, .. } => {
            roles.insert(*role);
        }
        What::Attempts { operator, .. } | What::Refusals { operator: Some(operator), .. } => {
            facts.insert(fact_of_operator(universe, state, *operator));
            roles.insert(universe.operator(*operator).goal);
        }
        What::Refusals { operator: None, .. } => {}
    }
    for role in roles {
        facts.insert(fact_of_role(universe, state, role));
        let seekers = universe.operators().filter(|operator| universe.is_sought(*operator, role));
        // Whoever prepares is where it began: it need not be there.
        let seekers = seekers.filter(|operator| state.operator(*operator).phase != Phase::Preparing);
        facts.extend(seekers.map(|operator| fact_of_operator(universe, state, operator)));
    }
    facts
}

fn about<S: IdSet>(
    universe: &Universe<S>,
    state: &State<S>,
    predicate: Predicate,
    facts: &mut BTreeSet<Fact>,
    roles: &mut BTreeSet<RoleIdx>,
) {
    let of_kind = |kind| universe.resources().filter(move |id| universe.world().resources[id.index()].kind == kind);
    match predicate {
        Predicate::RoleLive(role)
        | Predicate::RoleAbsent(role)
        | Predicate::RoleGone(role)
        | Predicate::SessionOpen(role)
        | Predicate::InUse(role)
        | Predicate::TaskUnfinished(role)
        | Predicate::TaskFailed(role)
        | Predicate::TaskSucceeded(role) => {
            roles.insert(role);
        }
        Predicate::ThisSessionOpen(session) => {
            roles.insert(universe.world().sessions[session.index()].role);
        }
        Predicate::ResourcesGone(role, kind) => {
            roles.extend(role);
            let meant = universe.resources().filter(|id| {
                role.is_none_or(|role| universe.role_of(*id) == role)
                    && kind.is_none_or(|kind| universe.world().resources[id.index()].kind == kind)
            });
            for resource in meant.filter(|id| universe.is_there(state, *id)) {
                facts.insert(fact_of_kind(universe, state, resource));
                roles.insert(universe.role_of(resource));
            }
        }
        Predicate::ResourceIn(resource, _) => {
            let name = universe.world().resources[resource.index()].name.clone();
            facts.insert(Fact::Resource { name, state: state_name(universe, state, resource) });
            roles.insert(universe.role_of(resource));
        }
        Predicate::SomeResourceIn(kind, _) => {
            for resource in of_kind(kind) {
                facts.insert(fact_of_kind(universe, state, resource));
                roles.insert(universe.role_of(resource));
            }
        }
        Predicate::OperatorDone(operator) | Predicate::OperatorGaveUp(operator) => {
            facts.insert(fact_of_operator(universe, state, operator));
            roles.insert(universe.operator(operator).goal);
        }
    }
}

fn state_name<S: IdSet>(universe: &Universe<S>, state: &State<S>, resource: ResourceIdx) -> String {
    universe.kind_of(resource).state_name(state.resource(resource)).to_owned()
}

fn fact_of_kind<S: IdSet>(universe: &Universe<S>, state: &State<S>, resource: ResourceIdx) -> Fact {
    Fact::Kind { name: universe.kind_of(resource).name.clone(), state: state_name(universe, state, resource) }
}

fn fact_of_operator<S: IdSet>(universe: &Universe<S>, state: &State<S>, operator: OperatorIdx) -> Fact {
    Fact::Operator { name: universe.operator(operator).name.clone(), phase: state.operator(operator).phase }
}

fn fact_of_role<S: IdSet>(universe: &Universe<S>, state: &State<S>, role: RoleIdx) -> Fact {
    Fact::Role {
        name: universe.world().roles[role.index()].name.clone(),
        state: state.role(role),
        task: state.task(role),
        session: universe.is_session_open(state, role),
        resource: state.blocking().meets(universe.resources_of(role)),
        outstanding: state.reported().meets(universe.resources_of(role)),
    }
}
