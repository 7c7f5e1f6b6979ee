//! Kinds as machines: graphs of states, and of parents.

use std::collections::BTreeMap;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Bfs, Reversed};

use super::{Check, argument, limit};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::grammar::{clipped, one};
use crate::syntax::{ANYTHING, ITSELF};
use crate::syntax::{
    Deletion, Kind, Machine, Move, Mover, Operation, PLAIN_STATES, PassesRole, RELEASING, RoleClaim, Service, Text,
};
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
        uses_without_a_role(check, kind, &kind.machine(name));
        argument::declared(check, service, kind);
        // The graph of a machine with names that lead nowhere would only repeat that they do.
        if check.diagnostics.len() == before && !kind.is_plain() {
            graph(check, name, kind, &kind.machine(name));
        }
    }
    operations(check, principal, service);
    parents(check, service);
    deleted_with(check, service);
}

/// Whether the kind with whose last resource the role goes is one of the service, and the role goes by itself.
fn deleted_with(check: &mut Check<'_>, service: &Service) {
    let Some(kind) = &service.deleted_with else { return };
    if service.deletion() != Deletion::Automatic {
        let message = "the service does not delete its role itself, so no kind decides when";
        check.report(
            Diagnostic::new(Code::WithoutEffect, kind.span, message)
                .help("add `deletion: automatic`, or leave `deleted-with` out"),
        );
    }
    if service.kinds.get(kind).is_none() && !check.damage.hides_kind(kind) {
        let help = check.guess(kind, service.kinds.names());
        let message = format!("the service has no kind `{}`", clipped(kind));
        check.report(Diagnostic::new(Code::UnknownKind, kind.span, message).maybe_help(help));
    }
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
        return;
    }
    let plain_only = [
        ("created-by", kind.created_by.as_ref().and_then(|names| names.0.first()).map(|name| name.span)),
        ("used-by", kind.used_by.as_ref().and_then(|names| names.0.first()).map(|name| name.span)),
        ("creates-role", kind.creates_role.as_ref().map(|creates| creates.span)),
        ("deleted-by", kind.deleted_by.as_ref().map(|name| name.span)),
    ];
    for (key, span) in plain_only {
        if let Some(span) = span {
            check.report(
                Diagnostic::new(
                    Code::IncompleteKind,
                    span,
                    format!("the kind `{name}` has `{key}`, which is about the moves of a plain kind"),
                )
                .help("say it of its own moves"),
            );
        }
    }
    if kind.moves.is_empty() {
        check.report(
            Diagnostic::new(
                Code::IncompleteKind,
                kind.states.first().map_or(name.span, |state| state.span),
                format!("the kind `{name}` has states, but no moves between them"),
            )
            .help("say under `moves` how a resource gets from one state to another"),
        );
    }
    check.too_many(kind.states.iter().map(|state| state.span), "states", limit::STATES);
    check.too_many(kind.moves.places(), "moves", limit::MOVES);
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
    let initial = kind.initial.iter().filter(|initial| initial.value != ABSENT);
    let listed = initial.chain(&kind.ends).chain(kind.blocks.iter().flatten()).chain(&kind.working);
    let ends = kind.machine(name).ends;
    for state in listed {
        known_state(check, name, state, &known);
    }
    for state in kind.remains.iter().filter(|state| !ends.contains(state)) {
        check.report(
            Diagnostic::new(
                Code::UnknownState,
                state.span,
                format!("the kind `{name}` does not end in `{}`", clipped(state)),
            )
            .help("`remains` names those of its `ends` in which a resource is still known"),
        );
    }
    for (_, step) in kind.moves.iter() {
        for from in step.from.0.iter().filter(|from| from.value != ABSENT) {
            known_state(check, name, from, &known);
        }
        // A call for what there is not may be answered as if it did something.
        let is_idle = step.by.value == Mover::Caller && step.from.0.iter().all(|from| from.value == ABSENT);
        if step.to.value == ABSENT && is_idle {
            continue;
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
    let mut taken: BTreeMap<_, &Text> = BTreeMap::new();
    for (name, step) in kind.moves.iter() {
        check.own_name(name, "the name of a move");
        lone_move(check, name, step, !kind.made_from().is_empty());
        for from in &step.from.0 {
            if kind.ends.contains(from) && step.to != *from {
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
                let passes = step.passes_role.as_ref().map(|passes| passes.value);
                let mut with: Vec<&str> =
                    (step.with.iter().flat_map(|with| &with.0)).map(|parameter| parameter.as_str()).collect();
                with.sort_unstable();
                let call = (operation.as_str(), from.as_str(), with, passes.map(PassesRole::word));
                let earlier = taken.insert(call, name);
                if let Some(other) = earlier.filter(|other| *other != name) {
                    check.report(
                        Diagnostic::new(
                            Code::Ambiguous,
                            name.span,
                            format!("`{operation}` would make two moves from `{from}`"),
                        )
                        .also(other.span, "the other one")
                        .help("give one of them another `operation:`, or tell them apart by `with:` or `passes-role:`"),
                    );
                }
            }
        }
    }
}

/// Whether a call is said to go without the role although the role comes into use by it.
fn uses_without_a_role(check: &mut Check<'_>, kind: &Kind, machine: &Machine) {
    let uses = |state: &Text| machine.blocks.contains(state) || machine.working.contains(state);
    for (name, step) in kind.moves.iter().filter(|(_, step)| step.by.value == Mover::Caller) {
        let makes_role = step.creates_role.as_ref().is_some_and(|makes| makes.value);
        let Some(said) = step.needs_role.as_ref().filter(|needs| !needs.value && !makes_role) else { continue };
        if uses(&step.to) && !step.from.0.iter().all(uses) {
            check.report(
                Diagnostic::new(
                    Code::BadMove,
                    said.span,
                    format!("the move `{name}` leads to `{}`, in which the resource uses the role, and is said not to need it", step.to),
                )
                .help(
                    "a role that there is not cannot be used: write `creates-role: true` for a service that makes it then, or a state that does \
                     not block the role, out of which the service uses it later",
                ),
            );
        }
    }
}

/// `is_made_from` says whether the move's resources are made from others: the service may make them by itself then.
fn lone_move(check: &mut Check<'_>, name: &Text, step: &Spanned<Move>, is_made_from: bool) {
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
            check.operation_name(step.operation.as_ref().unwrap_or(name));
        }
        Mover::Service | Mover::Parent => {
            let whose = if step.by.value == Mover::Service { "the service's" } else { "made along with its parent's" };
            let of_callers = [
                step.operation.as_ref().map(|operation| operation.span),
                step.with.as_ref().and_then(|with| with.0.first()).map(|with| with.span),
                step.passes_role.as_ref().map(|passes| passes.span),
                step.passed_to.as_ref().map(|service| service.span),
                step.authorised_on.as_ref().map(|on| on.span),
            ];
            for span in of_callers.into_iter().flatten() {
                let help = "leave it out, or write `by: caller`";
                wrong(span, format!("the move `{name}` is {whose}: nobody calls it"), help);
            }
            let may_make = step.by.value == Mover::Service && is_made_from;
            if let Some(from) = step.from.0.iter().find(|from| from.value == ABSENT && !may_make) {
                let help = "write `by: caller`: a resource is made by a call, unless the service makes it from another, which \
                            `made-from` names";
                wrong(
                    from.span,
                    format!("the move `{name}` makes a resource, and no service does that by itself"),
                    help,
                );
            }
        }
    }
    if let Some(service) = step.passed_to.as_ref().filter(|_| step.passes_role.is_none()) {
        let help = "say with `passes-role:` which role, or leave it out";
        let message = format!("the move `{name}` passes no role that `{}` could use", clipped(service));
        check.report(Diagnostic::new(Code::BadMove, service.span, message).help(help));
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
            let with = |_: &Machine| step.with.iter().map(|parameter| parameter.value.clone()).collect();
            let first =
                world.kind_made_by(operation, with, step.passes_role, None).and_then(|kind| world.kinds.get(kind));
            if let Some(first) = first
                && step.makes()
                && (first.service != principal.value || first.name != name)
            {
                check.report(
                    Diagnostic::new(
                        Code::Ambiguous,
                        operation.span,
                        format!("`{operation}` makes {} of `{}` already", one(first.name), first.service),
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
        for parent in kind.parents().iter().chain(kind.made_from()) {
            match (nodes.get(name.as_str()), nodes.get(parent.as_str())) {
                (Some(child), Some(above)) => {
                    // What is made from something does not keep it.
                    if kind.parents().contains(parent) {
                        graph.add_edge(*child, *above, parent);
                    }
                }
                (_, None) | (None, _) => no_such_kind(check, service, parent, name),
            }
        }
        relations(check, service, name, kind);
    }
    for component in tarjan_scc(&graph) {
        let is_cycle = component.len() > 1 || component.iter().any(|node| graph.contains_edge(*node, *node));
        // Walk a circle from the kind that is declared first.
        if let Some(first) = component.iter().copied().min().filter(|_| is_cycle) {
            report_cycle(check, &graph, first);
        }
    }
}

/// Whether what the moves of a kind ask of other kinds makes sense.
fn relations(check: &mut Check<'_>, service: &Service, name: &Text, kind: &Kind) {
    let moves = kind.moves.iter().filter_map(|(_, step)| step.authorised_on.as_ref());
    for named in kind.authorised_on.iter().chain(moves) {
        let is_word = [ITSELF, ANYTHING].contains(&named.as_str());
        if !is_word && service.kinds.get(named).is_none() {
            no_such_kind(check, service, named, name);
        }
    }
    for (step_name, step) in kind.moves.iter() {
        for (relative, states) in step.requires.iter().chain(step.unless.iter()) {
            match service.kinds.get(relative) {
                None => no_such_kind(check, service, relative, name),
                Some(other) => {
                    let machine = other.machine(relative);
                    let known: Vec<&str> = machine.states.iter().map(|state| state.as_str()).collect();
                    for state in states.0.iter().filter(|state| state.value != ABSENT) {
                        known_state(check, relative, state, &known);
                    }
                }
            }
        }
        for claim in &step.passed_roles {
            for named in std::iter::once(&claim.of).chain(&claim.may_pass_that_of) {
                if service.kinds.get(named).is_none() {
                    // The role may have been passed for a resource of the kind itself.
                    no_such_kind(check, service, named, named);
                }
            }
            one_claim(check, claim);
        }
        if step.by.value == Mover::Parent {
            let is_made_above = kind.parents().iter().filter_map(|parent| service.kinds.get(parent)).any(|above| {
                let machine = above.machine(step_name);
                machine.moves.iter().any(|other| other.name == *step_name)
            });
            if !is_made_above {
                check.report(
                    Diagnostic::new(
                        Code::BadMove,
                        step_name.span,
                        format!("no parent of {} makes a move `{step_name}` with which it could go along", one(name)),
                    )
                    .help("give the move the name of its parent's move"),
                );
            }
        }
        if let Some(principal) = &step.creates_role_of {
            check.service(principal);
        }
        if let Some(principal) = &step.passed_to {
            check.trusted(principal);
        }
    }
}

/// Whether a condition about a passed role says one thing about it.
fn one_claim(check: &mut Check<'_>, claim: &Spanned<RoleClaim>) {
    if let Some(flag) = claim.permits_needs.as_ref().filter(|flag| !flag.value) {
        check.report(
            Diagnostic::new(Code::BadMove, flag.span, "`permits-needs: false` says nothing")
                .help("write `permits-needs: true, holds: false` for a role that lacks something"),
        );
    }
    match claim.said()[..] {
        [_] => {}
        [] => check.report(
            Diagnostic::new(Code::MissingKey, claim.span, "it is not said what must be true of the role")
                .help("say `trusts`, `permits`, `permits-needs` or `may-pass-that-of`"),
        ),
        [(first, _), (second, span), ..] => check.report(
            Diagnostic::new(
                Code::ExclusiveKeys,
                span,
                format!("a condition has either `{first}` or `{second}`, not both"),
            )
            .help("make two conditions of it: both must be true"),
        ),
    }
}

fn no_such_kind(check: &mut Check<'_>, service: &Service, named: &Text, except: &Text) {
    if check.damage.hides_kind(named) {
        return;
    }
    let known = service.kinds.names().filter(|other| *other != except.value);
    let help = check.guess(named, known);
    check.report(
        Diagnostic::new(Code::UnknownKind, named.span, format!("the service has no kind `{}`", clipped(named)))
            .maybe_help(help),
    );
}

/// A shortest walk from a kind that lies on a circle back to it.
fn circle(graph: &DiGraph<&Text, &Text>, first: NodeIndex) -> Vec<NodeIndex> {
    let mut came_from = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([first]);
    while let Some(at) = queue.pop_front() {
        for next in graph.neighbors(at) {
            if let std::collections::btree_map::Entry::Vacant(entry) = came_from.entry(next) {
                entry.insert(at);
                queue.push_back(next);
            }
        }
    }
    let mut walk = vec![first];
    let mut at = first;
    while let Some(before) = came_from.get(&at) {
        walk.push(*before);
        at = *before;
        if at == first {
            break;
        }
    }
    walk.reverse();
    walk
}

fn report_cycle(check: &mut Check<'_>, graph: &DiGraph<&Text, &Text>, first: NodeIndex) {
    let walk = circle(graph, first);
    let names: Vec<String> = walk.iter().map(|kind| format!("`{}`", graph[*kind])).collect();
    let edge = walk.get(1).and_then(|next| graph.find_edge(first, *next));
    let place = edge.map_or(graph[first].span, |edge| graph[edge].span);
    check.report(
        Diagnostic::new(
            Code::ParentCycle,
            place,
            format!("kinds belong to one another in a circle: {}", names.join(" → ")),
        )
        .help("there would be no order in which to clean up: leave one `parent` out"),
    );
}
