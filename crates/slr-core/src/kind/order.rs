//! The kinds of a service beside each other: in which order they are cleaned up, and whether their conditions name what there is.

use std::collections::{BTreeMap, VecDeque};

use petgraph::algo::toposort;
use petgraph::graphmap::DiGraphMap;

use super::{Condition, KindError, ResourceKind, RoleClaim};

/// The kinds of one service in an order in which they can be cleaned up: children before parents.
///
/// # Errors
/// [`KindError::UnknownParent`], or [`KindError::ParentCycle`] with the whole cycle.
pub fn clean_up_order(kinds: &[&ResourceKind]) -> Result<Vec<String>, KindError> {
    let mut graph = DiGraphMap::<u32, ()>::new();
    let find = |name: &String| (0..).zip(kinds).find(|(_, other)| other.name == *name).map(|(index, _)| index);
    for (index, kind) in (0..).zip(kinds) {
        graph.add_node(index);
        for parent in kind.parents.iter().chain(&kind.made_from) {
            let unknown = || KindError::UnknownParent { kind: kind.name.clone(), parent: parent.clone() };
            let above = find(parent).ok_or_else(unknown)?;
            if kind.parents.contains(parent) {
                graph.add_edge(index, above, ());
            }
        }
    }
    match toposort(&graph, None) {
        Ok(order) => Ok(order.into_iter().map(|index| kinds[index as usize].name.clone()).collect()),
        Err(cycle) => {
            let walk = cycle_through(&graph, cycle.node_id());
            Err(KindError::ParentCycle {
                cycle: walk.into_iter().map(|index| kinds[index as usize].name.clone()).collect(),
            })
        }
    }
}

/// A shortest walk from a node that lies on a cycle back to it; the node stands at both ends.
fn cycle_through(graph: &DiGraphMap<u32, ()>, start: u32) -> Vec<u32> {
    let mut came_from = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in graph.neighbors(at) {
            if came_from.contains_key(&next) {
                continue;
            }
            came_from.insert(next, at);
            queue.push_back(next);
        }
    }
    let mut walk = vec![start];
    let mut at = start;
    while let Some(before) = came_from.get(&at) {
        walk.push(*before);
        at = *before;
        if at == start {
            break;
        }
    }
    walk.reverse();
    walk
}

/// Whether the conditions of the kinds of one service name kinds of that service and states of those.
///
/// # Errors
/// [`KindError::UnknownRelative`] or [`KindError::UnknownState`], the first one found.
pub fn check_conditions(kinds: &[&ResourceKind]) -> Result<(), KindError> {
    for kind in kinds {
        for transition in &kind.transitions {
            for condition in &transition.conditions {
                let find = |relative: &String| {
                    kinds.iter().find(|other| other.name == *relative).ok_or_else(|| KindError::UnknownRelative {
                        kind: kind.name.clone(),
                        name: transition.name.clone(),
                        relative: relative.clone(),
                    })
                };
                match condition {
                    Condition::Relative { kind: relative, states }
                    | Condition::NoRelative { kind: relative, states } => {
                        let other = find(relative)?;
                        if let Some(state) = states.iter().find(|state| other.code_of(state).is_none()) {
                            return Err(KindError::UnknownState {
                                kind: other.name.clone(),
                                state: state.clone(),
                                place: format!("move `{}` of kind `{}`", transition.name, kind.name),
                            });
                        }
                    }
                    Condition::PassedRoleOf { kind: owner, claim, .. } => {
                        find(owner)?;
                        match claim {
                            RoleClaim::MayPassThatOf(other) => {
                                find(other)?;
                            }
                            RoleClaim::Trusts(_) | RoleClaim::Permits(_) | RoleClaim::PermitsNeeds => {}
                        }
                    }
                    Condition::PassedRole { .. } | Condition::Permitted(_) => {}
                }
            }
        }
    }
    Ok(())
}
