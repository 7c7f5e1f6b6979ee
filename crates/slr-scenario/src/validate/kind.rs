//! Kinds as machines: graphs of states, and of parents.

use std::collections::BTreeMap;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Bfs, Reversed};

use super::{Check, limit};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::grammar::clipped;
use crate::syntax::{Kind, Machine, Move, Mover, Operation, PLAIN_STATES, RELEASING, Service, Text};
use crate::yaml::Spanned;

/// The state of a resource that is not made yet.
const ABSENT: &str = "absent";

pub(crate) fn check(check: &mut Check<'_>, principal: &Text, service: &Service) {
    for (name, kind) in service.kinds.iter() {
        check.own_name(name, "the name of a kind");
        if let Some(template) = &kind.arn {
            check.arn_template(template);
        }
        if check.damage.touches(name.span.to(kind.span)) {
            continue;
        }
        let before = check.diagnostics.len();
        outline(check, name, kind);
        if kind.states.len() > limit::STATES || kind.moves.len() > limit::MOVES {
            continue;
        }
        names(check, name, kind);
        moves(check, kind);
        // The graph of a machine with names that lead nowhere would only repeat that they do.
        if check.diagnostics.len() == before && !kind.is_plain() {
            graph(check, name, kind, &kind.machine(name));
        }
    }
    operations(check, principal, service);
    parents(check, service);
}

/// Whether the parts of the definition go together.
fn outline(check: &mut Check<'_>, name: &Text, kind: &Kind) {
    if kind.is_plain() {
        let given = [
            ("initial", kind.initial.as_ref().map(|text| text.span)),
            ("ends", kind.ends.first().map(|text| text.span)),
            ("moves", kind.moves.iter().next().map(|(text, _)| text.span)),
        ];
        for (key, span) in given {
            if let Some(span) = span {
                check.report(
                    Diagnostic::new(
                        Code::IncompleteKind,
                        span,
                        format!("the kind `{name}` has `{key}`, but no `states`"),
                    )
                    .help(format!("list its `states`, or leave `{key}` out for the plain kind")),
                );
            }
        }
    } else if kind.moves.is_empty() {
        check.report(
            Diagnostic::new(
                Code::IncompleteKind,
                kind.states.first().map_or(name.span, |state| state.span),
                format!("the kind `{name}` has states, but no moves between them"),
            )
            .help("say under `moves` how a resource gets from one state to another"),
        );
    }
    check.limit(name.span, "states", kind.states.len() as u64, limit::STATES as u64);
    check.limit(name.span, "moves", kind.moves.len() as u64, limit::MOVES as u64);
}

/// Whether every state that is named is one.
fn names(check: &mut Check<'_>, name: &Text, kind: &Kind) {
    check.no_repetition(&kind.states, "the state");
    let has_lag = kind.release_lag.as_ref().is_some_and(|lag| lag.value);
    for state in &kind.states {
        check.own_name(state, "the name of a state");
        let taken = match state.as_str() {
            ABSENT => Some("every kind has the state `absent` without naming it"),
            RELEASING if has_lag => Some("`release-lag` adds the state `releasing`"),
            _ => None,
        };
        if let Some(why) = taken {
            check.report(Diagnostic::new(Code::BadName, state.span, why).help("give the state another name"));
        }
    }
    let mut known: Vec<&str> = kind.states.iter().map(|state| state.as_str()).collect();
    if kind.is_plain() {
        known.extend(PLAIN_STATES);
    }
    if has_lag {
        known.push(RELEASING);
    }
    let listed = (kind.initial.iter()).chain(&kind.ends).chain(kind.blocks.iter().flatten()).chain(&kind.working);
    for state in listed {
        known_state(check, name, state, &known);
    }
    for (_, step) in kind.moves.iter() {
        for from in step.from.0.iter().filter(|from| from.value != ABSENT) {
            known_state(check, name, from, &known);
        }
        if step.to.value == ABSENT {
            check.report(
                Diagnostic::new(
                    Code::BadMove,
                    step.to.span,
                    "nothing becomes `absent` again: it is the state before creation",
                )
                .help("a resource that is gone is in one of its `ends`, such as `deleted`"),
            );
        } else {
            known_state(check, name, &step.to, &known);
        }
    }
}

fn known_state(check: &mut Check<'_>, kind: &Text, state: &Text, known: &[&str]) {
    if !known.contains(&state.as_str()) {
        let help = check.guess(state, known.iter().copied());
        check.report(
            Diagnostic::new(
                Code::UnknownState,
                state.span,
                format!("the kind `{kind}` has no state `{}`", clipped(state)),
            )
            .maybe_help(help),
        );
    }
}

/// Whether each move makes sense by itself and beside the others.
fn moves(check: &mut Check<'_>, kind: &Kind) {
    let mut taken: BTreeMap<(&str, &str), &Text> = BTreeMap::new();
    for (name, step) in kind.moves.iter() {
        check.own_name(name, "the name of a move");
        lone_move(check, name, step);
        for from in &step.from.0 {
            if kind.ends.contains(from) {
                check.report(
                    Diagnostic::new(
                        Code::BadMove,
                        from.span,
                        format!("the move `{name}` leaves `{from}`, which is an end"),
                    )
                    .help("a resource that is gone stays gone: take the state out of `ends`, or the move out"),
                );
            }
            if step.by.value == Mover::Caller {
                let operation = step.operation.as_ref().unwrap_or(name);
                let earlier = taken.insert((operation.as_str(), from.as_str()), name);
                if let Some(other) = earlier.filter(|other| *other != name) {
                    check.report(
                        Diagnostic::new(
                            Code::Ambiguous,
                            name.span,
                            format!("`{operation}` would make two moves from `{from}`"),
                        )
                        .also(other.span, "the other one")
                        .help("give one of them another `operation:`"),
                    );
                }
            }
        }
    }
}

fn lone_move(check: &mut Check<'_>, name: &Text, step: &Spanned<Move>) {
    check.no_repetition(&step.from.0, "the state");
    let mut wrong = |span, message: String, help: &str| {
        check.report(Diagnostic::new(Code::BadMove, span, message).help(help.to_owned()));
    };
    if step.from.0.is_empty() {
        let help = "name the state in which it can be made";
        wrong(step.from.span, format!("the move `{name}` can be made in no state"), help);
    }
    match step.by.value {
        Mover::Caller => {
            if let Some(when) = &step.when {
                let help = "leave it out: only a service waits for a circumstance";
                wrong(when.span, format!("the move `{name}` is a caller's and cannot have `when`"), help);
            }
            check.operation_name(step.operation.as_ref().unwrap_or(name));
        }
        Mover::Service => {
            if let Some(operation) = &step.operation {
                let help = "leave it out, or write `by: caller`";
                wrong(operation.span, format!("the move `{name}` is the service's: nobody calls it"), help);
            }
            if let Some(from) = step.from.0.iter().find(|from| from.value == ABSENT) {
                let help = "write `by: caller`: a resource is made by a call";
                wrong(
                    from.span,
                    format!("the move `{name}` makes a resource, and no service does that by itself"),
                    help,
                );
            }
        }
    }
    let creates = step.creates_role.as_ref().is_some_and(|creates| creates.value);
    if let Some(needs) = step.needs_role.as_ref().filter(|needs| needs.value && creates) {
        let message = format!("the move `{name}` cannot both need a role and make one where there is none");
        check.report(
            Diagnostic::new(Code::BadMove, needs.span, message).help("keep one of `creates-role` and `needs-role`"),
        );
    }
}

/// Whether every state can be reached, and an end from every state.
fn graph(check: &mut Check<'_>, name: &Text, kind: &Kind, machine: &Machine) {
    let mut graph: DiGraph<&Text, ()> = DiGraph::new();
    let nodes: BTreeMap<&str, NodeIndex> =
        machine.states.iter().map(|state| (state.as_str(), graph.add_node(state))).collect();
    let node = |state: &Text| nodes.get(state.as_str()).copied();
    let mut starts: Vec<NodeIndex> = node(&machine.initial).into_iter().collect();
    for step in &machine.moves {
        match (step.from.as_ref().map(&node), node(&step.to)) {
            (None, Some(to)) => starts.push(to),
            (Some(Some(from)), Some(to)) => {
                graph.add_edge(from, to, ());
            }
            (_, None) | (Some(None), Some(_)) => {}
        }
    }
    let ends: Vec<NodeIndex> = machine.ends.iter().filter_map(&node).collect();
    if ends.is_empty() {
        check.report(
            Diagnostic::new(Code::NoEnd, name.span, format!("no resource of the kind `{name}` is ever gone"))
                .help("every state is left again: add a state for what is deleted"),
        );
        return;
    }
    let mut reached = vec![false; graph.node_count()];
    for start in starts {
        let mut walk = Bfs::new(&graph, start);
        while let Some(state) = walk.next(&graph) {
            reached[state.index()] = true;
        }
    }
    let mut leads_to_an_end = vec![false; graph.node_count()];
    for end in ends {
        let backwards = Reversed(&graph);
        let mut walk = Bfs::new(backwards, end);
        while let Some(state) = walk.next(backwards) {
            leads_to_an_end[state.index()] = true;
        }
    }
    for (index, state) in graph.node_indices().zip(&machine.states) {
        if !reached[index.index()] {
            check.report(
                Diagnostic::new(
                    Code::UnreachableState,
                    state.span,
                    format!("no resource of the kind `{name}` ever gets to `{state}`"),
                )
                .help(format!("add a move `to: {state}`, or remove the state")),
            );
        } else if !leads_to_an_end[index.index()] {
            check.report(
                Diagnostic::new(
                    Code::NoEnd,
                    state.span,
                    format!("from `{state}` a resource of the kind `{name}` never gets to an end"),
                )
                .help("add a move that leads on, or list the state under `ends`"),
            );
        }
    }
    for state in kind.blocks.iter().flatten().filter(|state| machine.ends.contains(state)) {
        check.report(
            Diagnostic::new(
                Code::NoEnd,
                state.span,
                format!("a resource that is gone (`{state}`) would block the role for ever"),
            )
            .help("take it out of `blocks`; `release-lag: true` keeps the role blocked for a while longer"),
        );
    }
}

/// Whether each operation that makes a resource makes one of a single kind, and none is IAM's.
fn operations(check: &mut Check<'_>, principal: &Text, service: &Service) {
    let world = check.world;
    for (name, kind) in service.kinds.iter() {
        if kind.states.len() > limit::STATES || kind.moves.len() > limit::MOVES {
            continue;
        }
        for step in &kind.machine(name).moves {
            let Some(operation) = &step.operation else {
                continue;
            };
            if Operation::named(operation).is_some() {
                check.report(
                    Diagnostic::new(Code::Ambiguous, operation.span, format!("`{operation}` is an operation of IAM"))
                        .help("an operation on resources needs another name"),
                );
            }
            let first = world.kind_made_by(operation).and_then(|kind| world.kinds.get(kind));
            if let Some(first) = first
                && step.from.is_none()
                && (first.service != principal.value || first.name != name)
            {
                check.report(
                    Diagnostic::new(
                        Code::Ambiguous,
                        operation.span,
                        format!("`{operation}` makes a `{}` of `{}` already", first.name, first.service),
                    )
                    .help("give one of the two another `operation:`, or the kind another name"),
                );
            }
        }
    }
}

/// Whether parents exist and no kind is, in the end, its own parent.
fn parents(check: &mut Check<'_>, service: &Service) {
    let mut graph: DiGraph<&Text, &Text> = DiGraph::new();
    let nodes: BTreeMap<&str, NodeIndex> =
        service.kinds.iter().map(|(name, _)| (name.as_str(), graph.add_node(name))).collect();
    for (name, kind) in service.kinds.iter() {
        let Some(parent) = &kind.parent else {
            continue;
        };
        match (nodes.get(name.as_str()), nodes.get(parent.as_str())) {
            (Some(child), Some(above)) => {
                graph.add_edge(*child, *above, parent);
            }
            (_, None) | (None, _) => {
                if !check.damage.hides_kind(parent) {
                    let help = check.guess(parent, service.kinds.names().filter(|other| *other != name.value));
                    check.report(
                        Diagnostic::new(
                            Code::UnknownKind,
                            parent.span,
                            format!("the service has no kind `{}`", clipped(parent)),
                        )
                        .maybe_help(help),
                    );
                }
            }
        }
    }
    for component in tarjan_scc(&graph) {
        let is_cycle = component.len() > 1 || component.iter().any(|node| graph.contains_edge(*node, *node));
        // Every kind has one parent at most, so a component is a single cycle: walk it from the
        // kind that is declared first.
        if let Some(first) = component.iter().copied().min().filter(|_| is_cycle) {
            report_cycle(check, &graph, first);
        }
    }
}

fn report_cycle(check: &mut Check<'_>, graph: &DiGraph<&Text, &Text>, first: NodeIndex) {
    let mut names = vec![format!("`{}`", graph[first])];
    let mut at = first;
    let mut place = graph[first].span;
    while let Some(next) = graph.neighbors(at).next() {
        if let Some(edge) = graph.find_edge(at, next)
            && at == first
        {
            place = graph[edge].span;
        }
        names.push(format!("`{}`", graph[next]));
        at = next;
        if at == first {
            break;
        }
    }
    check.report(
        Diagnostic::new(
            Code::ParentCycle,
            place,
            format!("kinds belong to one another in a circle: {}", names.join(" → ")),
        )
        .help("there would be no order in which to clean up: leave one `parent` out"),
    );
}
