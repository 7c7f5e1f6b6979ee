//! The machines as pictures, drawn from their own code so that picture and code cannot part.

use std::fmt::Write as _;

use petgraph::Direction::Outgoing;
use petgraph::dot::{Config, Dot};
use petgraph::graphmap::DiGraphMap;

use crate::kind::ResourceKind;
use crate::machine::{Machine, Phase, RoleState, SessionState, TaskState};

/// A machine as a picture: its states, and what leads from one to the other.
#[derive(Debug, Clone)]
pub struct Drawing {
    name: String,
    initial: Option<u32>,
    states: Vec<String>,
    graph: DiGraphMap<u32, String>,
}

impl Drawing {
    /// The picture of a machine.
    pub fn of_machine<M: Machine>() -> Self {
        let graph = M::graph();
        let states: Vec<&str> = M::STATES.iter().map(|state| state.name()).collect();
        let place = |name: &str| (0_u32..).zip(&states).find(|(_, state)| **state == name).map_or(0, |(id, _)| id);
        let mut drawn = DiGraphMap::new();
        for state in &states {
            drawn.add_node(place(state));
        }
        for (from, to, events) in graph.all_edges() {
            drawn.add_edge(place(from), place(to), events.join(" / "));
        }
        let states = states.into_iter().map(str::to_owned).collect();
        Self { name: M::NAME.to_owned(), initial: Some(0), states, graph: drawn }
    }

    /// The picture of a resource kind.
    pub fn of_kind(kind: &ResourceKind) -> Self {
        let graph = kind.graph();
        let place =
            |code: u8| (0_u32..).zip(&kind.states).find(|(_, state)| state.code == code).map_or(0, |(id, _)| id);
        let mut drawn = DiGraphMap::new();
        for state in &kind.states {
            drawn.add_node(place(state.code));
        }
        for (from, to, moves) in graph.all_edges() {
            drawn.add_edge(place(from), place(to), moves.join(" / "));
        }
        let label = |state: &crate::kind::KindState| match (state.blocks(), state.works) {
            (true, true) => format!("{} (blocks, works)", state.name),
            (true, false) => format!("{} (blocks)", state.name),
            (false, true) => format!("{} (works)", state.name),
            (false, false) => state.name.clone(),
        };
        Self {
            name: kind.name.clone(),
            initial: Some(place(kind.initial)),
            states: kind.states.iter().map(label).collect(),
            graph: drawn,
        }
    }

    /// A picture of parts and what leads from one to another, such as what a scenario consists of.
    pub fn of_parts(name: &str, parts: Vec<String>, arrows: &[(u32, u32, String)]) -> Self {
        let mut graph = DiGraphMap::new();
        for part in 0..crate::id::number(parts.len()) {
            graph.add_node(part);
        }
        for (from, to, label) in arrows {
            graph.add_edge(*from, *to, label.clone());
        }
        Self { name: name.to_owned(), initial: None, states: parts, graph }
    }

    /// Whether nothing leads on from the state.
    fn is_end(&self, state: u32) -> bool {
        self.initial.is_some() && self.graph.neighbors_directed(state, Outgoing).all(|next| next == state)
    }

    /// The picture in the language of Graphviz.
    pub fn dot(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let node = |_: &_, (id, _): (u32, &u32)| {
            let shape = match (self.initial, self.is_end(id)) {
                (None, _) => "box",
                (Some(_), true) => "doublecircle",
                (Some(_), false) => "ellipse",
            };
            format!("label = {} shape = {shape}", quoted(&self.states[id as usize]))
        };
        let edge = |_: &_, (_, _, label): (u32, u32, &String)| format!("label = {}", quoted(label));
        let dot = Dot::with_attr_getters(&self.graph, &[Config::EdgeNoLabel, Config::NodeNoLabel], &edge, &node);
        let text = format!("{dot:?}");
        // Dot prints an anonymous graph; a name makes the file tell what it is.
        let titled = text.replacen("digraph {", &format!("digraph {} {{\n    rankdir = LR", quoted(&self.name)), 1);
        titled.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
    }

    /// The picture in the language of Mermaid.
    pub fn mermaid(&self) -> String {
        let mut text = String::new();
        let plain = |text: &str| text.replace(['"', '[', ']'], "'");
        if let Some(initial) = self.initial {
            text.push_str("stateDiagram-v2\n");
            for (id, state) in (0_u32..).zip(&self.states) {
                let _ = writeln!(text, "    s{id} : {}", plain(state));
            }
            let _ = writeln!(text, "    [*] --> s{initial}");
            for (from, to, label) in self.graph.all_edges() {
                let _ = writeln!(text, "    s{from} --> s{to} : {}", plain(label));
            }
            for id in (0..).take(self.states.len()).filter(|id| self.is_end(*id)) {
                let _ = writeln!(text, "    s{id} --> [*]");
            }
        } else {
            text.push_str("flowchart LR\n");
            for (id, part) in (0_u32..).zip(&self.states) {
                let _ = writeln!(text, "    p{id}[\"{}\"]", plain(part));
            }
            for (from, to, label) in self.graph.all_edges() {
                let arrow = if label.is_empty() { "-->".to_owned() } else { format!("-- \"{}\" -->", plain(label)) };
                let _ = writeln!(text, "    p{from} {arrow} p{to}");
            }
        }
        text
    }
}

/// The machines of the core by the names under which they can be drawn.
pub fn machines() -> Vec<(&'static str, Drawing)> {
    vec![
        ("role", Drawing::of_machine::<RoleState>()),
        ("session", Drawing::of_machine::<SessionState>()),
        ("deletion-task", Drawing::of_machine::<TaskState>()),
        ("operator", Drawing::of_machine::<Phase>()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ServiceIdx;
    use crate::kind::KindSpec;

    #[test]
    fn the_machines_are_these() {
        for (name, drawing) in machines() {
            insta::assert_snapshot!(format!("{name}.dot"), drawing.dot());
            insta::assert_snapshot!(format!("{name}.mermaid"), drawing.mermaid());
        }
        let kind =
            ResourceKind::new(&KindSpec { release_lag: true, ..KindSpec::plain("gadget") }, ServiceIdx(0)).unwrap();
        insta::assert_snapshot!("plain-kind.dot", Drawing::of_kind(&kind).dot());
    }
}
