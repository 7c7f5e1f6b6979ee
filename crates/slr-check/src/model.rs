//! What the checker asks of a system it explores.

use crate::{Key, Property};

/// A transition system with named properties.
///
/// Everything must be a pure function of its arguments: the checker expands states from several threads, expands some
/// of them again to tell a counterexample, and promises the same answer every time.
pub trait Model: Sync + Sized {
    /// A state in the form in which the rules read it.
    type State: Clone + Send;
    /// A fully determined step.
    type Action: Clone + Send;
    /// A state packed for the visited set.
    type Key: Key;

    /// The states in which a run may begin.
    fn initial_states(&self) -> Vec<Self::State>;

    /// Visits every step out of `state`, always in the same order: the action, how many (action, argument) instances it
    /// stands for (1 unless the model merges steps that lead to equal states), and the state after it.
    fn successors(&self, state: &Self::State, visit: &mut impl FnMut(Self::Action, u64, Self::State));

    /// Packs a state; two states are the same exactly if their keys are equal.
    fn pack(&self, state: &Self::State) -> Self::Key;

    /// Tells of the steps that [`successors`](Self::successors) visits, in the same order, in whatever form is cheapest.
    fn steps(&self, _from: &Self::Key, state: &Self::State, steps: &mut impl Steps<Self>) {
        self.successors(state, &mut |action, instances, next| steps.whole(action, instances, next));
    }

    /// The state that was packed into `key`.
    fn unpack(&self, key: &Self::Key) -> Self::State;

    /// Makes `state` the one that was packed into `key`. Worth saying where states are large: they are then unpacked where they lie.
    #[inline]
    fn unpack_into(&self, key: &Self::Key, state: &mut Self::State) {
        *state = self.unpack(key);
    }

    /// The rules of the model by name, in the order of [`RuleId`].
    fn rules(&self) -> Vec<String>;

    /// The rule of which `action` is an instance.
    fn rule(&self, action: &Self::Action) -> RuleId;

    /// What is asked of the model.
    fn properties(&self) -> Vec<Property<'_, Self::State, Self::Action>>;

    /// Whether every property of states that is marked [evident](Property::evident) is seen to be kept at a glance. Where
    /// it is not, each is asked.
    fn is_evidently_sound(&self, _state: &Self::State) -> bool {
        false
    }

    /// The same for a step and the properties of steps.
    fn is_evidently_sound_step(&self, _before: &Self::State, _action: &Self::Action, _after: &Self::State) -> bool {
        false
    }

    /// How people read a state: one line.
    fn describe_state(&self, state: &Self::State) -> String;

    /// How people read an action: one line.
    fn describe_action(&self, action: &Self::Action) -> String;

    /// The classes of actions that are treated weakly fairly, by name, in the order of [`FairnessClass`].
    fn fairness_classes(&self) -> Vec<String> {
        Vec::new()
    }

    /// The class to which `action` belongs.
    ///
    /// A run is fair if no class is enabled for ever from some point on without a step of it ever being taken again.
    /// A class is enabled where [`successors`](Self::successors) offers one of its actions, even one that changes
    /// nothing.
    fn fairness(&self, _action: &Self::Action) -> Option<FairnessClass> {
        None
    }

    /// Whether the model knows which of its states are the same but for the names of interchangeable individuals.
    fn symmetry(&self) -> Symmetry {
        Symmetry::None
    }

    /// The representative of the states that equal `state` but for the names of interchangeable individuals.
    fn canonical(&self, state: &Self::State) -> Self::State {
        state.clone()
    }

    /// Like [`successors`](Self::successors), but of the steps that equal each other but for the names of
    /// interchangeable individuals one may stand for all, with their number.
    ///
    /// The checker applies [`canonical`](Self::canonical) to the states it is given. `state` need not be canonical.
    fn representative_successors(&self, state: &Self::State, visit: &mut impl FnMut(Self::Action, u64, Self::State)) {
        self.successors(state, visit);
    }

    /// Whether [`ample`](Self::ample) ever reduces anything.
    fn has_reduction(&self) -> bool {
        false
    }

    /// Partial-order reduction: visits an ample set of the steps out of `state` and returns `true`, or returns `false`
    /// (whatever it visited) where all steps matter.
    ///
    /// The model promises that the set is not empty if a step is possible, that along every run from `state` nothing
    /// dependent on the set happens before one of its actions, and that, unless the set is complete, its actions change
    /// the truth of no property's predicate. The checker itself sees to it that no action is put off for ever: it
    /// takes the whole set of steps unless one of the ample ones leads to a state that is yet to be expanded.
    ///
    /// Under symmetry the promise is the same for the quotient, and the multiplicities are those of
    /// [`representative_successors`](Self::representative_successors).
    fn ample(&self, _state: &Self::State, _visit: &mut impl FnMut(Self::Action, u64, Self::State)) -> bool {
        false
    }
}

/// Who is told of the steps out of a state.
pub trait Steps<M: Model> {
    /// An action, how many instances it stands for, and the state after it.
    fn whole(&mut self, action: M::Action, instances: u64, next: M::State);

    /// Instances of a rule, by the packed states after them. Whatever property of steps is marked [evident](Property::evident) holds of
    /// each.
    fn packed(&mut self, rule: RuleId, next: impl Iterator<Item = M::Key>);
}

/// A rule's place in [`Model::rules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(pub u32);

/// A class's place in [`Model::fairness_classes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FairnessClass(pub u32);

/// How much of a model its canonical form preserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symmetry {
    /// There is no canonical form.
    None,
    /// Steps and predicates do not tell interchangeable individuals apart, but fairness classes do.
    Steps,
    /// Fairness classes do not tell interchangeable individuals apart either, so that liveness can be checked too.
    StepsAndFairness,
}
