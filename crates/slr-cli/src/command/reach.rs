//! `slr reach`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use petgraph::graph::EdgeIndex;
use petgraph::visit::EdgeRef;
use serde_json::json;

use slr_core::draw::Drawing;
use slr_core::policy::{Entity, PrivilegeGraph, ReachKind, ReachNode, ReachPath};
use slr_scenario::access::Access;
use slr_scenario::diagnostic::did_you_mean;

use super::explain_access::{by_key, key_and_value};
use super::{Assignments, Moment};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::picture;

/// Tell what a user or a role can have done through roles, and by which way.
///
/// Whoever may call a service that works with a role has that role's rights at second hand: by a service-linked role that the call makes
/// or finds, or by a role that is passed. Such a role may pass or make further ones, so the ways are followed until nothing new is found.
/// Each request may go to any Region of the scenario. Of the other condition keys that only a request has, those of the service and the
/// role are known that are asked for; any other is missing, unless --context gives it to every request. The account is as it is at time zero or, with --at, at that time of the run. Of the services those count that the scenario names, and those of the catalogue of whose
/// roles it is known what they permit.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr reach --from alice scenario.yaml
  slr reach --from alice --to ec2:RunInstances scenario.yaml
  slr reach --from alice --to kinesis:PutRecord --format svg scenario.yaml > ways.svg
  slr reach --from alice --at 12m scenario.yaml
  slr reach --from alice --context aws:SourceIp=203.0.113.7 scenario.yaml

With --to it ends with 0 if there is a way and with 1 if there is none.
")]
pub(crate) struct Reach {
    /// A scenario file; `-` is stdin.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The user or the role from which to start.
    #[arg(long, value_name = "NAME")]
    from: String,
    /// The action to look for; a pattern such as `ec2:*` is reached where policies allow all of it.
    #[arg(long, value_name = "ACTION", value_parser = action)]
    to: Option<String>,
    /// A condition key of every request; give it again for a further value.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    context: Vec<(String, String)>,
    #[command(flatten)]
    moment: Moment,
    #[command(flatten)]
    assignments: Assignments,
    /// How the ways are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For Graphviz.
    Dot,
    /// For Markdown pages.
    Mermaid,
    /// For browsers.
    Svg,
    /// For programs: one JSON object.
    Json,
}

fn action(text: &str) -> Result<String, String> {
    let is_name = |text: &str, others: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    };
    match text.split_once(':') {
        Some((service, name)) if is_name(service, "-") && is_name(name, "*?") => Ok(text.to_owned()),
        Some(_) | None => Err("an action is a service and an operation, such as `ec2:RunInstances`".to_owned()),
    }
}

impl Reach {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let access = match super::account(&self.file, &self.assignments.params()?, &self.moment, console)? {
            Ok(access) => access,
            Err(exit) => return Ok(exit),
        };
        let targets: Vec<&str> = self.to.iter().map(String::as_str).collect();
        let graph = self.explore(&access, &targets)?;
        let ways = match &self.to {
            Some(action) => graph.paths_to(action),
            None => graph.paths(),
        };
        let text = match self.format {
            Format::Text => match &self.to {
                Some(action) => self.ways_to(&graph, action, &ways),
                None => everything(&graph),
            },
            Format::Dot => self.drawn(&graph, &ways).dot(),
            Format::Mermaid => self.drawn(&graph, &ways).mermaid(),
            Format::Svg => picture::svg(&self.drawn(&graph, &ways))?,
            Format::Json => self.json(&graph, &ways),
        };
        console.out().write_all(text.as_bytes())?;
        Ok(if self.to.is_some() && ways.is_empty() { Exit::NotAsExpected } else { Exit::AsExpected })
    }

    fn explore(&self, access: &Access, targets: &[&str]) -> Result<PrivilegeGraph, Failure> {
        let given = by_key(&self.context);
        let user = access.reach(Entity::User(&self.from), targets, &given);
        user.or_else(|_| access.reach(Entity::Role(&self.from), targets, &given)).map_err(|_| {
            let known = access.users().chain(access.account().roles());
            let help = did_you_mean(&self.from, known).map_or_else(String::new, |help| format!("\nhelp: {help}"));
            Failure::Usage(format!("there is no user or role `{}` {}{help}", self.from, access.when()))
        })
    }

    fn ways_to(&self, graph: &PrivilegeGraph, action: &str, ways: &[ReachPath]) -> String {
        if ways.is_empty() {
            return format!("{} reaches {action} by no way\n", self.from);
        }
        let count = if ways.len() == 1 { "1 way".to_owned() } else { format!("{} ways", ways.len()) };
        let mut text = format!("{} reaches {action} by {count}\n", self.from);
        for way in ways {
            let _ = write!(text, "\n{}", graph.describe(way));
        }
        text
    }

    /// The whole graph, or the ways to an action alone.
    fn drawn(&self, graph: &PrivilegeGraph, ways: &[ReachPath]) -> Drawing {
        let (nodes, edges) = self.part(graph, ways);
        let place = |node: usize| nodes.iter().position(|known| *known == node).unwrap_or(0);
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let label =
            |node: &usize| graph.graph().node_weights().nth(*node).map_or_else(String::new, ToString::to_string);
        let mut arrows: Vec<(u32, u32, String)> = Vec::new();
        for edge in edges {
            let Some((from, to)) = graph.graph().edge_endpoints(edge) else {
                continue;
            };
            let ends = (number(place(from.index())), number(place(to.index())));
            let label = graph.graph()[edge].to_string();
            // Between two parts there is one arrow, with all that leads from one to the other.
            match arrows.iter_mut().find(|(from, to, _)| (*from, *to) == ends) {
                Some((.., labels)) => {
                    let _ = write!(labels, " / {label}");
                }
                None => arrows.push((ends.0, ends.1, label)),
            }
        }
        Drawing::of_parts(&format!("what {} reaches", self.from), nodes.iter().map(label).collect(), &arrows)
    }

    /// Nodes by their index, and edges.
    fn part(&self, graph: &PrivilegeGraph, ways: &[ReachPath]) -> (BTreeSet<usize>, BTreeSet<EdgeIndex>) {
        let edges: BTreeSet<_> = match &self.to {
            None => graph.graph().edge_indices().collect(),
            Some(_) => ways.iter().flat_map(|way| way.edges.iter().copied()).collect(),
        };
        let ends = edges.iter().filter_map(|edge| graph.graph().edge_endpoints(*edge));
        let ends = ends.flat_map(|(from, to)| [from.index(), to.index()]);
        (ends.chain([graph.start().index()]).collect(), edges)
    }

    fn json(&self, graph: &PrivilegeGraph, ways: &[ReachPath]) -> String {
        let (nodes, edges) = self.part(graph, ways);
        let all: Vec<&ReachNode> = graph.graph().node_weights().collect();
        let nodes: Vec<_> = nodes
            .iter()
            .filter_map(|node| Some((node, all.get(*node)?)))
            .map(|(id, node)| json!({ "id": id, "kind": node.kind(), "name": node.name() }))
            .collect();
        let drawn: Vec<_> = edges
            .iter()
            .filter_map(|edge| {
                let (from, to) = graph.graph().edge_endpoints(*edge)?;
                let weight = &graph.graph()[*edge];
                Some(json!({
                    "id": edge.index(), "from": from.index(), "to": to.index(),
                    "how": weight.to_string(), "because": weight.because,
                }))
            })
            .collect();
        let ways: Vec<Vec<usize>> =
            ways.iter().map(|way| way.edges.iter().map(|edge| edge.index()).collect()).collect();
        let at = self.moment.at.map(|at| at.to_string());
        let whole = json!({
            "from": self.from, "at": at, "to": self.to, "start": graph.start().index(),
            "nodes": nodes, "edges": drawn, "ways": ways,
        });
        format!("{whole:#}\n")
    }
}

/// What the start may do itself, then each role with the way to it and what it may do.
fn everything(graph: &PrivilegeGraph) -> String {
    let held = |node| {
        let edges = graph.graph().edges(node).filter(|edge| edge.weight().kind == ReachKind::Holds);
        let actions: BTreeSet<&str> = edges.map(|edge| graph.graph()[edge.target()].name()).collect();
        if actions.is_empty() {
            "nothing that is known".to_owned()
        } else {
            actions.into_iter().collect::<Vec<_>>().join(", ")
        }
    };
    let start = graph.start();
    let mut text = format!("{}\n  performs {}\n", graph.graph()[start], held(start));
    for way in graph.paths() {
        let Some((_, end)) = way.edges.last().and_then(|edge| graph.graph().edge_endpoints(*edge)) else {
            continue;
        };
        match &graph.graph()[end] {
            ReachNode::Action(_) => {}
            ReachNode::MadeRole(_) => {
                let _ = write!(text, "\n{}", graph.describe(&way));
            }
            ReachNode::User(_) | ReachNode::Role(_) => {
                let _ = write!(text, "\n{}  performs {}\n", graph.describe(&way), held(end));
            }
        }
    }
    text
}
