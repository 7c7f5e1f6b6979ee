//! A small world explored whole, against counts that are known in closed form: the proof that the rules are these rules.

mod common;

use std::collections::BTreeSet;

use slr_core::codec::Codec;
use slr_core::invariant::{invariants, step_invariants};
use slr_core::set::IdSet;
use slr_core::{Universe, WideSet};

/// The distinct states of the world with `n` resources, `s` sessions and `r` attempts.
///
/// While nothing is reported a resource has three statuses, after a failure five (status and whether it is reported, a deleted one never),
/// after the first failure without documentation four, since only reported ones can have been touched.
fn states_in_closed_form(n: u32, s: u32, r: u64, docs: bool) -> u64 {
    let (three, four, five) = (3_u64.pow(n), 4_u64.pow(n), 5_u64.pow(n));
    let without = 2_u64.pow(s) * (3 + four + (r - 1) * (2 * three + five)) + (r - 1);
    let with = 2_u64.pow(s) * (three * (1 + 2 * r) + r * five) + r;
    if docs { without + with } else { without }
}

/// Explores a world breadth-first and counts states, edges and levels. Every invariant is asked on the way.
fn explore<S: IdSet>(n: u32, s: u32, r: u8, docs: bool) -> (u64, u64, u64) {
    let universe = Universe::<S>::new(common::world(n, s, r, docs)).unwrap();
    let codec = Codec::new(&universe).unwrap();
    let mut seen = BTreeSet::from([universe.initial()]);
    let mut frontier = vec![universe.initial()];
    let (mut edges, mut levels) = (0, 0);
    while !frontier.is_empty() {
        levels += 1;
        let mut next = Vec::new();
        for state in &frontier {
            let mut words = vec![0; codec.words()];
            codec.pack(state, &mut words);
            assert_eq!(codec.unpack::<S>(&words), *state, "packing loses nothing");
            for invariant in invariants::<S>() {
                assert!((invariant.holds)(&universe, state), "{}: {state:?}", invariant.name);
            }
            universe.enabled(state, &mut |action| {
                edges += 1;
                let mut after = state.clone();
                universe.apply(&mut after, &action, &mut |_| ()).expect("what is enabled is accepted");
                for invariant in step_invariants::<S>() {
                    assert!((invariant.holds)(&universe, state, &action, &after), "{}: {action:?}", invariant.name);
                }
                if seen.insert(after.clone()) {
                    next.push(after);
                }
            });
        }
        frontier = next;
    }
    (seen.len() as u64, edges, levels)
}

#[test]
fn the_counts_are_the_known_ones() {
    assert_eq!(explore::<u8>(2, 1, 2, true), (317, 1_260, 13));
    assert_eq!(explore::<u64>(2, 1, 2, true), (317, 1_260, 13));
    assert_eq!(explore::<u16>(4, 2, 3, true), (17_105, 129_728, 21));
}

#[test]
fn every_width_explores_the_same_world() {
    assert_eq!(explore::<WideSet>(2, 2, 2, true), explore::<u32>(2, 2, 2, true));
}

#[test]
fn the_counts_follow_the_closed_form() {
    for (n, s, r) in [(1, 0, 1), (1, 1, 1), (2, 0, 3), (3, 1, 2), (2, 3, 1)] {
        for docs in [false, true] {
            let (states, ..) = explore::<u8>(n, s, r, docs);
            assert_eq!(states, states_in_closed_form(n, s, u64::from(r), docs), "n={n} s={s} r={r} docs={docs}");
        }
    }
}
