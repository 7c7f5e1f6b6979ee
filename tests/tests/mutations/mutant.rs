//! The lifecycle with a bug in one of its rules, as a model like any other.

use slr_check::lifecycle::{Act, Lifecycle, PackedKey, Scene};
use slr_check::{FairnessClass, Model, Property, RuleId};
use slr_core::rejection::{Refusal, Rejection};
use slr_core::{Action, IdSet, State, Universe};

use crate::bugs::Bug;

/// The lifecycle with a bug, or without.
pub(crate) struct Mutant<'a, S, K> {
    pub(crate) sound: Lifecycle<'a, S, K>,
    pub(crate) bug: Option<Bug>,
}

/// A step as the rules would have it.
pub(crate) struct Step<'a, S> {
    pub(crate) universe: &'a Universe<S>,
    pub(crate) before: &'a State<S>,
    pub(crate) action: &'a Action<S>,
    /// Why the rules refuse it, if they do.
    pub(crate) refused: Option<Rejection>,
}

impl<S: IdSet, K: PackedKey> Mutant<'_, S, K> {
    fn bend(&self, bug: Bug, scene: &Scene<S>, act: &Act<S>, next: &mut Scene<S>) {
        let Some(action) = &act.action else {
            return;
        };
        let universe = self.sound.universe();
        let refused = match universe.apply(&mut scene.state.clone(), action, &mut |_| ()) {
            Err(Refusal::Rejected(rejection)) => Some(rejection),
            Ok(()) | Err(Refusal::Impossible(_)) => None,
        };
        bug.bends(&Step { universe, before: &scene.state, action, refused }, &mut next.state);
    }
}

impl<S: IdSet, K: PackedKey> Model for Mutant<'_, S, K> {
    type State = Scene<S>;
    type Action = Act<S>;
    type Key = K;

    fn initial_states(&self) -> Vec<Scene<S>> {
        self.sound.initial_states()
    }

    fn successors(&self, scene: &Scene<S>, visit: &mut impl FnMut(Act<S>, u64, Scene<S>)) {
        let Some(bug) = self.bug else {
            return self.sound.successors(scene, visit);
        };
        let universe = self.sound.universe();
        self.sound.successors(scene, &mut |act, instances, mut next| {
            if act.action.as_ref().is_some_and(|action| bug.forgets(universe, &scene.state, action)) {
                return;
            }
            self.bend(bug, scene, &act, &mut next);
            visit(act, instances, next);
        });
        bug.invents(universe, &scene.state, &mut |action, state| {
            let act = Act { action: Some(action), scripted: false };
            visit(act, 1, Scene { state, script: scene.script });
        });
    }

    fn pack(&self, scene: &Scene<S>) -> K {
        self.sound.pack(scene)
    }

    fn unpack(&self, key: &K) -> Scene<S> {
        self.sound.unpack(key)
    }

    fn rules(&self) -> Vec<String> {
        self.sound.rules()
    }

    fn rule(&self, act: &Act<S>) -> RuleId {
        self.sound.rule(act)
    }

    fn properties(&self) -> Vec<Property<'_, Scene<S>, Act<S>>> {
        self.sound.properties()
    }

    // What is seen at a glance is seen of states and steps that no rule makes, too.
    fn is_evidently_sound(&self, scene: &Scene<S>) -> bool {
        self.sound.is_evidently_sound(scene)
    }

    fn is_evidently_sound_step(&self, before: &Scene<S>, act: &Act<S>, after: &Scene<S>) -> bool {
        self.sound.is_evidently_sound_step(before, act, after)
    }

    fn describe_state(&self, scene: &Scene<S>) -> String {
        self.sound.describe_state(scene)
    }

    fn describe_action(&self, act: &Act<S>) -> String {
        self.sound.describe_action(act)
    }

    fn fairness_classes(&self) -> Vec<String> {
        self.sound.fairness_classes()
    }

    fn fairness(&self, act: &Act<S>) -> Option<FairnessClass> {
        self.sound.fairness(act)
    }
}
