//! What a state and a step cost, on the common model with six resources, three sessions and four attempts.
//!
//! Times are per state or per step: every measurement goes over the same states, taken at even distances from all those that are reached
//! first, breadth first.

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash};
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use foldhash::fast::FixedState;
use slr_core::codec::Codec;
use slr_core::invariant::{invariants, step_invariants};
use slr_core::{Action, IdSet, OperatorStep, State, Universe, WideSet};

/// How many states are explored, and how many of them are measured.
const EXPLORED: usize = 40_000;
const MEASURED: usize = 2_000;

fn universe<S: IdSet>() -> Universe<S> {
    Universe::new(common::world(6, 3, 4, true)).expect("the common model can run")
}

/// States at even distances from the first ones that are reached.
fn sample<S: IdSet>(universe: &Universe<S>) -> Vec<State<S>> {
    let mut seen = BTreeSet::from([universe.initial()]);
    let mut reached = vec![universe.initial()];
    let mut at = 0;
    while reached.len() < EXPLORED {
        let state = reached[at].clone();
        at += 1;
        universe.enabled(&state, &mut |action| {
            let mut next = state.clone();
            universe.apply(&mut next, &action, &mut |_| ()).expect("what is enabled is accepted");
            if seen.insert(next.clone()) {
                reached.push(next);
            }
        });
    }
    reached.into_iter().step_by(EXPLORED / MEASURED).take(MEASURED).collect()
}

/// The sort of an action, operators' steps each by themselves.
fn sort<S>(action: &Action<S>) -> &'static str {
    let Action::Operator { step, .. } = action else {
        return action.name();
    };
    match step {
        OperatorStep::Submits => "Operator submits",
        OperatorStep::Polls => "Operator polls",
        OperatorStep::ReadsDocs => "Operator reads",
        OperatorStep::CleansUp(_) => "Operator cleans up",
        OperatorStep::GivesUp => "Operator gives up",
    }
}

/// Everything that may come next, with the state that it comes from.
fn steps<S: IdSet>(universe: &Universe<S>, states: &[State<S>]) -> Vec<(State<S>, Action<S>)> {
    let mut steps = Vec::new();
    for state in states {
        universe.enabled(state, &mut |action| steps.push((state.clone(), action)));
    }
    steps
}

fn measure<T>(criterion: &mut Criterion, group: &str, of: &str, over: &[T], mut one: impl FnMut(&T)) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(over.len() as u64));
    group.bench_function(BenchmarkId::from_parameter(of), |bencher| bencher.iter(|| over.iter().for_each(&mut one)));
    group.finish();
}

fn of_width<S: IdSet + Hash>(criterion: &mut Criterion, width: &str) {
    let universe = universe::<S>();
    let codec = Codec::new(&universe).expect("the common model is narrow");
    let states = sample(&universe);
    let steps = steps(&universe, &states);
    println!(
        "{width}: a state has {} bytes, {} bits of them packed into {} word(s); {} actions come next on average",
        size_of::<State<S>>(),
        codec.bits(),
        codec.words(),
        steps.len() / states.len()
    );
    measure(criterion, "copy", width, &states, |state| {
        black_box(state.clone());
    });
    let hasher = FixedState::default();
    measure(criterion, "hash", width, &states, |state| {
        black_box(hasher.hash_one(state));
    });
    measure(criterion, "pack into a word", width, &states, |state| {
        black_box(codec.pack_word(state, 0));
    });
    let mut words = vec![0; codec.words()];
    measure(criterion, "pack", width, &states, |state| codec.pack(state, black_box(&mut words)));
    let packed: Vec<_> = states.iter().map(|state| [codec.pack_word(state, 0)]).collect();
    measure(criterion, "unpack", width, &packed, |word| {
        black_box(codec.unpack::<S>(word));
    });
    measure(criterion, "enabled", width, &states, |state| {
        universe.enabled(state, &mut |action| {
            black_box(action);
        });
    });
    measure(criterion, "apply", width, &steps, |(state, action)| {
        let mut next = state.clone();
        black_box(universe.apply(&mut next, action, &mut |_| ())).expect("what is enabled is accepted");
        black_box(next);
    });
    measure(criterion, "apply and ask every invariant", width, &steps, |(state, action)| {
        let mut next = state.clone();
        universe.apply(&mut next, action, &mut |_| ()).expect("what is enabled is accepted");
        let holds = invariants().iter().all(|invariant| (invariant.holds)(&universe, &next))
            && step_invariants().iter().all(|invariant| (invariant.holds)(&universe, state, action, &next));
        assert!(black_box(holds), "an invariant is broken");
    });
}

fn of_sort<S: IdSet>(criterion: &mut Criterion, width: &str) {
    let universe = universe::<S>();
    let mut by_sort = BTreeMap::<_, Vec<_>>::new();
    for step in steps(&universe, &sample(&universe)) {
        by_sort.entry(sort(&step.1)).or_default().push(step);
    }
    for (sort, steps) in by_sort {
        measure(criterion, &format!("apply one sort, {width}"), sort, &steps, |(state, action)| {
            let mut next = state.clone();
            black_box(universe.apply(&mut next, action, &mut |_| ())).expect("what is enabled is accepted");
            black_box(next);
        });
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .configure_from_args()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .sample_size(30);
    of_width::<u8>(&mut criterion, "u8");
    of_width::<u16>(&mut criterion, "u16");
    of_width::<u32>(&mut criterion, "u32");
    of_width::<u64>(&mut criterion, "u64");
    of_width::<WideSet>(&mut criterion, "wide");
    of_sort::<u8>(&mut criterion, "u8");
    of_sort::<u64>(&mut criterion, "u64");
    criterion.final_summary();
}
