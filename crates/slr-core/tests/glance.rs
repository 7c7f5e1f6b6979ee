//! What is seen at a glance is never untrue: not of states that the rules never make either, for a checker looks for those.

mod common;

use proptest::prelude::*;
use slr_core::codec::Codec;
use slr_core::id::{KindIdx, OperatorIdx, ResourceIdx, RoleIdx, SessionIdx};
use slr_core::invariant::{
    LOOKED_AT, Predicate, invariants, is_evidently_sound, is_evidently_sound_step, step_invariants,
};
use slr_core::{Action, State, Universe};

fn universe() -> Universe<u8> {
    Universe::new(common::world(4, 2, 3, true)).expect("the world fits")
}

/// Any state at all, and one that differs from it in a few bits.
fn two_states() -> impl Strategy<Value = (u64, u64)> {
    let few = prop::collection::vec(0..64_u32, 0..4)
        .prop_map(|bits| bits.into_iter().fold(0_u64, |mask, bit| mask ^ 1_u64.wrapping_shl(bit)));
    (any::<u64>(), any::<u64>(), few).prop_map(|(one, thin, few)| (one & thin, (one & thin) ^ few))
}

fn actions(universe: &Universe<u8>, state: &State<u8>) -> Vec<Action<u8>> {
    let mut actions = Vec::new();
    universe.enabled(state, &mut |action| actions.push(action));
    actions
}

/// A predicate of each sort about each thing.
fn predicates(universe: &Universe<u8>) -> Vec<Predicate> {
    let world = universe.world();
    let roles = (0..).map(RoleIdx).take(world.roles.len()).flat_map(|role| {
        use Predicate as P;
        [P::RoleLive, P::RoleAbsent, P::RoleGone, P::SessionOpen, P::InUse, P::TaskUnfinished]
            .into_iter()
            .chain([P::TaskFailed, P::TaskSucceeded])
            .map(move |of| of(role))
            .chain([P::ResourcesGone(Some(role), None)])
    });
    let sessions = (0..).map(SessionIdx).take(world.sessions.len()).map(Predicate::ThisSessionOpen);
    let operators = (0..).map(OperatorIdx).take(world.operators.len());
    let operators = operators.flat_map(|id| [Predicate::OperatorDone(id), Predicate::OperatorGaveUp(id)]);
    let kinds = (0..).map(KindIdx).take(world.kinds.len()).flat_map(|kind| {
        (0..4).flat_map(move |code| [Predicate::EachResourceIn(kind, code), Predicate::SomeResourceIn(kind, code)])
    });
    let resources = (0..).map(ResourceIdx).take(world.resources.len());
    let resources = resources.flat_map(|id| (0..4).map(move |code| Predicate::ResourceIn(id, code)));
    roles.chain(sessions).chain(operators).chain(kinds).chain(resources).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_state_that_seems_sound_is((word, near) in two_states()) {
        let universe = universe();
        let codec = Codec::new(&universe).expect("the world is narrow");
        for word in [word, near] {
            let state = codec.unpack::<u8>(&[word]);
            if is_evidently_sound(&universe, &state) {
                for invariant in invariants() {
                    prop_assert!((invariant.holds)(&universe, &state), "{}: {state:?}", invariant.name);
                }
            }
        }
    }

    #[test]
    fn what_does_not_look_at_what_changed_does_not_change((before, after) in two_states()) {
        let universe = universe();
        let codec = Codec::new(&universe).expect("the world is narrow");
        let (before, after) = (codec.unpack::<u8>(&[before]), codec.unpack::<u8>(&[after]));
        let changed = after.differs_from(&before);
        for predicate in predicates(&universe) {
            let are_alike = predicate.holds(&universe, &before) == predicate.holds(&universe, &after);
            prop_assert!(are_alike || changed.meet(predicate.looks_at()), "{predicate:?}: {before:?} {after:?}");
        }
        if !changed.meet(LOOKED_AT) {
            for invariant in invariants() {
                prop_assert_eq!((invariant.holds)(&universe, &before), (invariant.holds)(&universe, &after));
            }
            for (action, invariant) in actions(&universe, &before).iter().flat_map(|a| step_invariants().map(|i| (a, i))) {
                prop_assert!((invariant.holds)(&universe, &before, action, &after), "{}", invariant.name);
            }
        }
    }

    #[test]
    fn a_step_that_seems_sound_is((before, after) in two_states()) {
        let universe = universe();
        let codec = Codec::new(&universe).expect("the world is narrow");
        let (before, after) = (codec.unpack::<u8>(&[before]), codec.unpack::<u8>(&[after]));
        for action in actions(&universe, &before).into_iter().chain(actions(&universe, &universe.initial())) {
            if is_evidently_sound_step(&universe, &before, &action, &after) {
                for invariant in step_invariants() {
                    let holds = (invariant.holds)(&universe, &before, &action, &after);
                    prop_assert!(holds, "{}: {before:?} by {action:?} to {after:?}", invariant.name);
                }
            }
        }
    }
}

#[test]
fn what_the_rules_make_of_the_common_model_seems_sound() {
    let universe = universe();
    let mut seen = std::collections::BTreeSet::from([universe.initial()]);
    let mut left = vec![universe.initial()];
    let (mut evident, mut steps, mut evident_steps) = (0, 0, 0);
    while let Some(state) = left.pop() {
        evident += u32::from(is_evidently_sound(&universe, &state));
        for action in actions(&universe, &state) {
            let mut next = state;
            universe.apply(&mut next, &action, &mut |_| ()).expect("what is enabled is accepted");
            steps += 1;
            evident_steps += u32::from(is_evidently_sound_step(&universe, &state, &action, &next));
            if seen.insert(next) {
                left.push(next);
            }
        }
    }
    assert_eq!((seen.len(), evident), (17_105, 17_105));
    assert_eq!((steps, evident_steps), (129_728, 129_728));
}
