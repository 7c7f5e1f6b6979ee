//! The state machines, one file each: an enum of states, an enum of events, one transition function.
//!
//! A machine knows nothing of the others: which events may happen when is decided by [`rules`](crate::rules), which
//! reads the whole state. An impossible transition is therefore a bug of ours, and its error names it.

mod operator;
mod role;
mod session;
mod task;

pub use operator::{Docs, OperatorEvent, OperatorState, Phase, Superseded};
pub use role::{RoleEvent, RoleState};
pub use session::{SessionEnd, SessionEvent, SessionState};
pub use task::{TaskEvent, TaskState};

use petgraph::graphmap::DiGraphMap;

/// A machine got an event that its state does not take: a bug in the rules, never the user's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {machine} machine takes no {event} in state {state}")]
pub struct InvalidTransition {
    /// The machine's name.
    pub machine: &'static str,
    /// The state's name.
    pub state: &'static str,
    /// The event's name.
    pub event: &'static str,
}

/// A machine that can be listed and so drawn from its own code.
pub trait Machine: Copy + Eq + 'static {
    /// What moves it.
    type Event: Copy + 'static;

    /// The machine's name, as it appears in errors and drawings.
    const NAME: &'static str;
    /// Every state; the first one is the initial state.
    const STATES: &'static [Self];
    /// Every event.
    const EVENTS: &'static [Self::Event];

    /// The state's name: AWS's word where AWS has one.
    fn name(self) -> &'static str;
    /// The event's name.
    fn event_name(event: Self::Event) -> &'static str;

    /// The state after `event`.
    ///
    /// # Errors
    /// [`InvalidTransition`] if this state does not take the event.
    fn next(self, event: Self::Event) -> Result<Self, InvalidTransition>;

    /// The refusal of `event` in this state.
    fn refuse(self, event: Self::Event) -> InvalidTransition {
        InvalidTransition { machine: Self::NAME, state: self.name(), event: Self::event_name(event) }
    }

    /// The machine as a graph: states as nodes, the names of the events that lead from one to the other as edges.
    fn graph() -> MachineGraph {
        let mut graph = MachineGraph::new();
        for state in Self::STATES {
            graph.add_node(state.name());
        }
        for state in Self::STATES {
            for event in Self::EVENTS {
                if let Ok(next) = state.next(*event) {
                    let name = Self::event_name(*event);
                    match graph.edge_weight_mut(state.name(), next.name()) {
                        Some(names) if names.contains(&name) => {}
                        Some(names) => names.push(name),
                        None => {
                            graph.add_edge(state.name(), next.name(), vec![name]);
                        }
                    }
                }
            }
        }
        graph
    }
}

/// A machine's states and, per pair of states, the events that lead from one to the other.
pub type MachineGraph = DiGraphMap<&'static str, Vec<&'static str>>;

#[cfg(test)]
mod tests {
    use super::*;
    use petgraph::Direction::Outgoing;
    use petgraph::visit::{Dfs, Walker};

    fn ends<M: Machine>() -> Vec<&'static str> {
        let graph = M::graph();
        graph.nodes().filter(|state| graph.neighbors_directed(state, Outgoing).all(|next| next == *state)).collect()
    }

    fn every_state_is_reachable<M: Machine>() {
        let graph = M::graph();
        let reached = Dfs::new(&graph, M::STATES[0].name()).iter(&graph).count();
        assert_eq!(reached, M::STATES.len(), "{}: states that nothing leads to", M::NAME);
        let names: std::collections::BTreeSet<_> = M::STATES.iter().map(|state| state.name()).collect();
        assert_eq!(names.len(), M::STATES.len(), "{}: two states with one name", M::NAME);
    }

    #[test]
    fn all_states_are_reachable() {
        every_state_is_reachable::<RoleState>();
        every_state_is_reachable::<TaskState>();
        every_state_is_reachable::<SessionState>();
        every_state_is_reachable::<Phase>();
    }

    #[test]
    fn ends_are_ends() {
        assert_eq!(ends::<RoleState>(), Vec::<&str>::new(), "a gone role may be made again");
        assert_eq!(ends::<TaskState>(), ["SUCCEEDED", "FAILED"]);
        assert_eq!(ends::<SessionState>(), ["done", "expired"]);
        assert_eq!(ends::<Phase>(), ["done", "gave up"]);
    }

    #[test]
    fn a_refusal_names_machine_state_and_event() {
        let refusal = TaskState::Succeeded.next(TaskEvent::Started).unwrap_err();
        assert_eq!(refusal.to_string(), "the deletion task machine takes no Started in state SUCCEEDED");
    }
}
