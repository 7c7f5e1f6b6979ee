//! A token handed round among interchangeable holders: what a loop modulo symmetry means.

use slr_check::{Ending, FairnessClass, Model, Property, RuleId, Settings, Symmetry, Unsound, Verdict, check};

use crate::checked;

/// `holders` hand a token on; the last of the holders may drop it for good if `droppable`.
struct Token {
    holders: u8,
    droppable: bool,
    symmetry: Symmetry,
    /// Also ask about holder 0 in particular.
    individual: bool,
}

/// Who holds the token; `None`: it was dropped.
type State = Option<u8>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    HandOn,
    Drop,
}

impl Model for Token {
    type State = State;
    type Action = Action;
    type Key = u64;

    fn initial_states(&self) -> Vec<State> {
        (0..self.holders).map(Some).collect()
    }

    fn successors(&self, state: &State, visit: &mut impl FnMut(Action, u64, State)) {
        if let Some(holder) = *state {
            visit(Action::HandOn, 1, Some((holder + 1) % self.holders));
            if self.droppable {
                visit(Action::Drop, 1, None);
            }
        }
    }

    fn pack(&self, state: &State) -> u64 {
        state.map_or(u64::MAX, u64::from)
    }

    fn unpack(&self, key: &u64) -> State {
        u8::try_from(*key).ok()
    }

    fn rules(&self) -> Vec<String> {
        vec!["hand on".to_owned(), "drop".to_owned()]
    }

    fn rule(&self, action: &Action) -> RuleId {
        RuleId(u32::from(*action == Action::Drop))
    }

    fn fairness_classes(&self) -> Vec<String> {
        vec!["hand on".to_owned()]
    }

    fn fairness(&self, action: &Action) -> Option<FairnessClass> {
        (*action == Action::HandOn).then_some(FairnessClass(0))
    }

    fn symmetry(&self) -> Symmetry {
        self.symmetry
    }

    fn canonical(&self, state: &State) -> State {
        state.map(|_| 0)
    }

    fn properties(&self) -> Vec<Property<'_, State, Action>> {
        let mut properties = vec![Property::eventually("dropped", |state: &State| state.is_none())];
        if self.individual {
            properties.push(Property::sometimes("0 has it", |state: &State| *state == Some(0)).about_an_individual());
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

const TOKEN: Token = Token { holders: 5, droppable: true, symmetry: Symmetry::StepsAndFairness, individual: false };

fn modulo_symmetry() -> Settings {
    Settings { symmetry: true, ..Settings::default() }
}

#[test]
fn a_loop_of_representatives_is_told_as_one_that_happens() {
    let checked = checked(&TOKEN, &modulo_symmetry());
    assert_eq!(checked.report.distinct, 2);
    assert!(checked.report.verdict("dropped").is_some_and(Verdict::is_violation));
    let run = checked.runs[0].as_ref().expect("a run that never drops it");
    assert_eq!(run.ending, Ending::Loop { after: 0 });
    let states: Vec<State> = std::iter::once(run.initial).chain(run.steps.iter().map(|step| step.1)).collect();
    assert_eq!(states, [0, 1, 2, 3, 4, 0].map(Some));
}

#[test]
fn the_verdict_is_that_of_the_whole_graph() {
    let whole = checked(&TOKEN, &Settings::default()).report;
    assert_eq!(whole.distinct, 6);
    assert!(whole.verdict("dropped").is_some_and(Verdict::is_violation));
}

#[test]
fn symmetry_is_refused_where_it_would_lie() {
    let refusal = |token: &Token| check(token, &modulo_symmetry(), &mut |_| std::ops::ControlFlow::Continue(())).err();
    let none = Token { symmetry: Symmetry::None, ..TOKEN };
    assert_eq!(refusal(&none), Some(Unsound::NoSymmetry));
    let steps = Token { symmetry: Symmetry::Steps, ..TOKEN };
    assert_eq!(refusal(&steps), Some(Unsound::FairnessBreaksSymmetry("dropped".to_owned())));
    let individual = Token { individual: true, ..TOKEN };
    assert_eq!(refusal(&individual), Some(Unsound::PropertyBreaksSymmetry("0 has it".to_owned())));
    assert_eq!(refusal(&TOKEN), None);
}
