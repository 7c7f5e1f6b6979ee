//! Workers that go about their own business before they meet: what partial-order reduction saves, and what its proviso
//! is for.

use std::ops::ControlFlow;

use proptest::prelude::*;
use slr_check::{Model, Property, RuleId, Settings, Unsound, check};

use crate::{all_threads, report};

/// Each worker takes private steps, then a public one: it raises the common counter.
#[derive(Debug, Clone)]
struct Workers {
    /// Private steps of each.
    private: Vec<u8>,
    /// Workers that, having nothing more to do, go round in a private circle for ever.
    restless: Vec<bool>,
    /// A value that the counter must not have.
    forbidden: u8,
    /// Also ask something that reduction cannot answer.
    about_steps: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    done: Vec<u8>,
    counter: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Private(usize),
    Public(usize),
}

impl Workers {
    /// The step that worker `i` can take.
    fn step(&self, state: &State, i: usize) -> Option<(Action, State)> {
        let mut next = state.clone();
        let done = state.done[i];
        let last = self.private[i];
        if done < last {
            next.done[i] += 1;
            Some((Action::Private(i), next))
        } else if done == last {
            next.done[i] += 1;
            next.counter = 2 * state.counter + u8::try_from(i % 2).unwrap_or_default();
            Some((Action::Public(i), next))
        } else if self.restless[i] {
            next.done[i] = if done == last + 1 { last + 2 } else { last + 1 };
            Some((Action::Private(i), next))
        } else {
            None
        }
    }
}

impl Model for Workers {
    type State = State;
    type Action = Action;
    type Key = [u64; 2];

    fn initial_states(&self) -> Vec<State> {
        vec![State { done: vec![0; self.private.len()], counter: 1 }]
    }

    fn successors(&self, state: &State, visit: &mut impl FnMut(Action, u64, State)) {
        for (action, next) in (0..self.private.len()).filter_map(|i| self.step(state, i)) {
            visit(action, 1, next);
        }
    }

    fn has_reduction(&self) -> bool {
        true
    }

    /// A worker's private step depends on nothing that others do, and no property sees it.
    fn ample(&self, state: &State, visit: &mut impl FnMut(Action, u64, State)) -> bool {
        // The restless ones first, so that without the proviso they would be all that ever happens.
        let order = (0..self.private.len())
            .filter(|&i| self.restless[i])
            .chain((0..self.private.len()).filter(|&i| !self.restless[i]));
        for (action, next) in order.filter_map(|i| self.step(state, i)) {
            if matches!(action, Action::Private(_)) {
                visit(action, 1, next);
                return true;
            }
        }
        false
    }

    fn pack(&self, state: &State) -> [u64; 2] {
        let done = state.done.iter().rev().fold(0, |word, &done| word << 4 | u64::from(done));
        [done, u64::from(state.counter)]
    }

    fn unpack(&self, key: &[u64; 2]) -> State {
        let nibble = |i: usize| u8::try_from(key[0] >> (4 * i) & 15).unwrap_or_default();
        State { done: (0..self.private.len()).map(nibble).collect(), counter: u8::try_from(key[1]).unwrap_or_default() }
    }

    fn rules(&self) -> Vec<String> {
        vec!["private".to_owned(), "public".to_owned()]
    }

    fn rule(&self, action: &Action) -> RuleId {
        RuleId(u32::from(matches!(action, Action::Public(_))))
    }

    fn properties(&self) -> Vec<Property<'_, State, Action>> {
        let mut properties = vec![
            Property::never("forbidden", |state: &State| state.counter == self.forbidden),
            Property::sometimes("all done", |state: &State| usize::from(state.counter) >= 1 << self.private.len()),
            Property::always("small", |state: &State| usize::from(state.counter) < 2 << self.private.len()),
            // No private step changes the counter.
            Property::every_step("grows", |before: &State, _: &Action, after: &State| after.counter >= before.counter)
                .kept_by_reduction(),
            Property::every_step("grows slowly", |before: &State, _: &Action, after: &State| {
                after.counter - before.counter < self.forbidden
            })
            .kept_by_reduction(),
        ];
        if self.about_steps {
            let first = |before: &State, action: &Action, _: &State| {
                *action != Action::Public(0) || before.done.iter().skip(1).all(|done| *done == 0)
            };
            properties.push(Property::every_step("the first one is first", first));
        }
        properties
    }

    fn describe_state(&self, state: &State) -> String {
        format!("{state:?}")
    }

    fn describe_action(&self, action: &Action) -> String {
        format!("{action:?}")
    }
}

fn reduced() -> Settings {
    Settings { reduction: true, keep_going: true, ..Settings::default() }
}

fn unreduced() -> Settings {
    Settings { keep_going: true, ..Settings::default() }
}

#[test]
fn private_steps_need_not_be_taken_in_every_order() {
    let workers = Workers { private: vec![3; 4], restless: vec![false; 4], forbidden: 21, about_steps: false };
    let whole = report(&workers, &unreduced());
    let part = report(&workers, &reduced());
    assert!(part.reduction && part.distinct * 4 < whole.distinct, "{} of {}", part.distinct, whole.distinct);
    for settings in all_threads(&reduced()) {
        assert_eq!(report(&workers, &settings), part);
    }
}

#[test]
fn nobody_is_put_off_for_ever() {
    // Worker 0 always has a private step: if it were ample every time, worker 1 would never act.
    let workers = Workers { private: vec![0, 2], restless: vec![true, false], forbidden: 5, about_steps: false };
    let part = report(&workers, &reduced());
    assert!(part.verdict("forbidden").is_some_and(slr_check::Verdict::is_violation));
    assert!(part.verdict("all done").is_some_and(|verdict| !verdict.is_violation()));
}

#[test]
fn reduction_is_refused_where_it_would_lie() {
    let workers = Workers { private: vec![1], restless: vec![false], forbidden: 0, about_steps: true };
    let refusal = check(&workers, &reduced(), &mut |_| ControlFlow::Continue(())).err();
    assert_eq!(refusal, Some(Unsound::ReductionLosesProperty("the first one is first".to_owned())));
    let commit = crate::two_phase_commit::TwoPhaseCommit(2);
    let refusal = check(&commit, &reduced(), &mut |_| ControlFlow::Continue(())).err();
    assert_eq!(refusal, Some(Unsound::NoReduction));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_do_not_depend_on_reduction(
        workers in prop::collection::vec((0..4u8, any::<bool>()), 1..5),
        forbidden in 1..40u8,
    ) {
        let (private, restless) = workers.into_iter().unzip();
        let workers = Workers { private, restless, forbidden, about_steps: false };
        let (whole, part) = (report(&workers, &unreduced()), report(&workers, &reduced()));
        prop_assert!(part.distinct <= whole.distinct);
        for (reduced, unreduced) in part.properties.iter().zip(&whole.properties) {
            prop_assert_eq!(reduced.verdict.is_violation(), unreduced.verdict.is_violation(), "{}", &reduced.name);
        }
    }
}
