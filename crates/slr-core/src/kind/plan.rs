//! What follows from a declaration: codes of states, what moves remove and use, and how a resource is cleaned up.

use std::collections::{BTreeSet, VecDeque};

use petgraph::graphmap::DiGraphMap;
use petgraph::visit::{Dfs, Walker};

use super::spec::{KindSpec, MoveSpec, Mover, Passes, When};
use super::{ABSENT, BLOCKING_CODES, CODE_BITS, CleanUp, FREE_CODES, KindError, KindState, RELEASING, Transition};
use crate::id::{TransitionIdx, number};

/// With a release lag, each service move into an end that frees the role first leads to a state that still blocks it.
pub(super) fn with_release_lag(spec: &KindSpec) -> KindSpec {
    let mut spec = spec.clone();
    if !spec.release_lag {
        return spec;
    }
    let end = spec.ends.first().cloned().unwrap_or_default();
    for step in &mut spec.moves {
        if step.to == end {
            RELEASING.clone_into(&mut step.to);
        }
    }
    spec.states.push(RELEASING.to_owned());
    spec.blocks.push(RELEASING.to_owned());
    spec.moves.push(MoveSpec::new("released", RELEASING, &end, Mover::Service));
    spec.release_lag = false;
    spec
}

pub(super) fn number_states(spec: &KindSpec) -> Result<Vec<KindState>, KindError> {
    let mut states = vec![KindState { name: ABSENT.to_owned(), code: 0, works: false, is_end: false, is_known: false }];
    let (mut blocking, mut free) = (0_usize, 0_usize);
    for name in &spec.states {
        if states.iter().any(|state| state.name == *name) {
            return Err(KindError::Duplicate { kind: spec.name.clone(), name: name.clone(), place: "states" });
        }
        let code = if spec.blocks.contains(name) {
            blocking += 1;
            2 * blocking - 1
        } else {
            free += 1;
            2 * free
        };
        states.push(KindState {
            name: name.clone(),
            // A kind with too many states is refused below, before anybody reads a code.
            code: u8::try_from(code).unwrap_or(u8::MAX),
            works: spec.works.contains(name),
            is_end: spec.ends.contains(name),
            is_known: !spec.ends.contains(name) || spec.remains.contains(name),
        });
    }
    for (found, limit, sort) in
        [(blocking, BLOCKING_CODES, "block the role"), (free, FREE_CODES, "do not block the role")]
    {
        if found > limit {
            return Err(KindError::TooManyStates {
                kind: spec.name.clone(),
                found: number(found),
                sort,
                limit: number(limit),
            });
        }
    }
    Ok(states)
}

/// A caller's transition removes the resource if it leads to an end, or to a state that only the service leads out of and out of which it
/// leads to an end by itself. So starting what comes back by itself, such as a build, removes nothing. The service's own transition removes the
/// resource if it leads to an end.
pub(super) fn mark_removals(transitions: &mut [Transition], states: &[KindState]) {
    let callers_leave: BTreeSet<u8> =
        transitions.iter().filter(|t| t.by == Mover::Caller).map(|transition| transition.from).collect();
    // A kind may also lead back to where it is as if the resource had never been made.
    let gone: BTreeSet<u8> =
        states.iter().filter(|state| state.is_end || state.code == 0).map(|state| state.code).collect();
    let mut by_service = DiGraphMap::<u8, ()>::new();
    for state in states {
        by_service.add_node(state.code);
    }
    for transition in transitions.iter().filter(|transition| transition.by == Mover::Service) {
        by_service.add_edge(transition.from, transition.to, ());
    }
    let goes_out = |code: u8| {
        !callers_leave.contains(&code) && Dfs::new(&by_service, code).iter(&by_service).any(|c| gone.contains(&c))
    };
    for transition in transitions {
        let is_last = gone.contains(&transition.to);
        transition.removes = match transition.by {
            Mover::Caller => transition.from != 0 && (is_last || goes_out(transition.to)),
            Mover::Service => is_last,
            // Those that belong to it go with it, or its parent waits for them.
            Mover::Parent => false,
        };
    }
}

pub(super) fn mark_uses(transitions: &mut [Transition], states: &[KindState]) {
    let working: BTreeSet<u8> = states.iter().filter(|state| state.works).map(|state| state.code).collect();
    let using: BTreeSet<u8> =
        states.iter().filter(|state| state.blocks() || state.works).map(|state| state.code).collect();
    for transition in transitions {
        transition.uses_role = using.contains(&transition.to);
        transition.begins_use = transition.uses_role && !using.contains(&transition.from);
        transition.works = [transition.from, transition.to].map(|code| working.contains(&code));
    }
}

pub(super) fn moves_by_service(transitions: &[Transition]) -> [Vec<TransitionIdx>; 1 << CODE_BITS] {
    let mut moves = [const { Vec::new() }; 1 << CODE_BITS];
    for (id, step) in transitions.iter().enumerate().filter(|(_, step)| step.by == Mover::Service) {
        moves[usize::from(step.from)].push(TransitionIdx(number(id)));
    }
    moves
}

/// Per code the first step of the shortest way to a state that releases the role; declared order breaks ties.
pub(super) fn plan_clean_up(transitions: &[Transition]) -> [CleanUp; 1 << CODE_BITS] {
    let mut plan = [CleanUp::Wait; 1 << CODE_BITS];
    let mut reached: BTreeSet<u8> = (0..1_u8 << CODE_BITS).filter(|code| code & 1 == 0).collect();
    let mut queue: VecDeque<u8> = reached.iter().copied().collect();
    for code in &reached {
        plan[usize::from(*code)] = CleanUp::Released;
    }
    // What a service does on a condition may never come: it is counted upon only where nothing else leads on.
    for counts_on_conditions in [false, true] {
        if counts_on_conditions {
            queue.extend(&reached);
        }
        while let Some(target) = queue.pop_front() {
            for (index, transition) in (0..).zip(transitions) {
                let may_never_come = transition.by == Mover::Service && !transition.conditions.is_empty();
                // A move that happens only while the role is in use is a clean-up that fails. A parent's move, an exception and a
                // change to another role are not for whoever cleans up to make.
                let leads_on = transition.to == target
                    && (counts_on_conditions || !may_never_come)
                    && transition.when != When::InUse
                    && transition.by != Mover::Parent
                    && transition.passes == Passes::Nothing
                    && !transition.exceptional;
                if leads_on && reached.insert(transition.from) {
                    plan[usize::from(transition.from)] = match transition.by {
                        Mover::Caller => CleanUp::Call(TransitionIdx(index)),
                        Mover::Service | Mover::Parent => CleanUp::Wait,
                    };
                    queue.push_back(transition.from);
                }
            }
        }
    }
    plan
}

/// Per code, whether a service's moves lead back to it after the call for its clean-up, while the role is not in use and while it is.
pub(super) fn who_comes_back(
    transitions: &[Transition],
    clean_up: &[CleanUp; 1 << CODE_BITS],
) -> [[bool; 2]; 1 << CODE_BITS] {
    let leads_back = |code: u8, call: TransitionIdx, other_times: When| {
        let mut queue = VecDeque::from([transitions[call.index()].to]);
        let mut reached: BTreeSet<u8> = queue.iter().copied().collect();
        while let Some(from) = queue.pop_front() {
            let moves = |step: &&Transition| step.from == from && step.by == Mover::Service && step.when != other_times;
            queue.extend(transitions.iter().filter(moves).map(|step| step.to).filter(|to| reached.insert(*to)));
        }
        reached.contains(&code)
    };
    let mut found = [[false; 2]; 1 << CODE_BITS];
    for (code, (found, clean_up)) in (0..).zip(found.iter_mut().zip(clean_up)) {
        if let CleanUp::Call(call) = *clean_up {
            *found = [When::InUse, When::NotInUse].map(|other_times| leads_back(code, call, other_times));
        }
    }
    found
}

pub(super) fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names
}
