//! The lifecycle of service-linked roles as a [`Model`]: the rules of the core, every order, every answer.
//!
//! A state is the core's state and how far the scenario's script has come. The steps are what the core says is enabled, and the
//! script's next step, which may come at any time: what holds here holds for every timing.

mod fairness;
mod properties;
mod story;
mod symmetry;
mod width;
mod written;

use std::marker::PhantomData;

use slr_core::codec::{Codec, TooWide};
use slr_core::id::TransitionIdx;
use slr_core::kind::Mover;
use slr_core::rejection::Refusal;
use slr_core::{Action, IdSet, OperatorStep, State, Universe};
use slr_scenario::lower::Lowered;
use slr_scenario::simulation::Scripted;

use crate::{FairnessClass, Key, Model, Property, RuleId, Symmetry};
use fairness::Fairness;
use symmetry::Classes;

pub use properties::{Asked, NotAsked};
pub use story::Teller;
pub use width::{ForWidth, Unfit, narrowest};
pub use written::written;

/// A state of the lifecycle with its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scene<S> {
    /// The world.
    pub state: State<S>,
    /// How many steps of the script are done.
    pub script: u32,
}

/// A step of the lifecycle with its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Act<S> {
    /// The action; `None` for a step of the script that means nothing in its state.
    pub action: Option<Action<S>>,
    /// Whether it is the script's next step.
    pub scripted: bool,
}

/// Keys that a codec can fill.
pub trait PackedKey: Key {
    /// How many words the key has.
    const WORDS: usize;
    /// Packs a scene.
    fn pack<S: IdSet>(codec: &Codec, scene: &Scene<S>) -> Self;
    /// The scene that was packed.
    fn unpack<S: IdSet>(&self, codec: &Codec) -> Scene<S>;
}

impl PackedKey for u64 {
    const WORDS: usize = 1;

    #[inline]
    fn pack<S: IdSet>(codec: &Codec, scene: &Scene<S>) -> Self {
        codec.pack_word(&scene.state, Self::from(scene.script))
    }

    #[inline]
    fn unpack<S: IdSet>(&self, codec: &Codec) -> Scene<S> {
        let words = [*self];
        Scene { state: codec.unpack(&words), script: script_of(codec.unpack_extra(&words)) }
    }
}

impl<const W: usize> PackedKey for [u64; W] {
    const WORDS: usize = W;

    #[inline]
    fn pack<S: IdSet>(codec: &Codec, scene: &Scene<S>) -> Self {
        let mut words = [0; W];
        codec.pack(&scene.state, &mut words);
        codec.pack_extra(u64::from(scene.script), &mut words);
        words
    }

    #[inline]
    fn unpack<S: IdSet>(&self, codec: &Codec) -> Scene<S> {
        Scene { state: codec.unpack(self), script: script_of(codec.unpack_extra(self)) }
    }
}

fn script_of(extra: u64) -> u32 {
    u32::try_from(extra).unwrap_or(u32::MAX)
}

/// A scenario's world as a model.
#[derive(Debug)]
pub struct Lifecycle<'a, S, K> {
    universe: &'a Universe<S>,
    script: Vec<Scripted>,
    codec: Codec,
    classes: Classes<S>,
    fairness: Fairness,
    asked: Vec<Asked>,
    key: PhantomData<K>,
}

/// The codec of a scenario's states.
///
/// # Errors
/// [`TooWide`] if the world has more than 64 of anything.
pub fn codec<S: IdSet>(universe: &Universe<S>, lowered: &Lowered) -> Result<Codec, TooWide> {
    Codec::with_extra(universe, lowered.plan.script().len() as u64)
}

impl<'a, S: IdSet, K: PackedKey> Lifecycle<'a, S, K> {
    /// The model of a lowered scenario, which is asked the given questions.
    ///
    /// # Errors
    /// [`TooWide`] if the world has more than 64 of anything, or its states need more words than the key has.
    pub fn new(universe: &'a Universe<S>, lowered: &'a Lowered, asked: Vec<Asked>) -> Result<Self, TooWide> {
        let codec = codec(universe, lowered)?;
        if codec.words() > K::WORDS {
            return Err(TooWide { what: "words a state", found: u32::try_from(codec.words()).unwrap_or(u32::MAX) });
        }
        Ok(Self {
            classes: Classes::new(universe, lowered, &asked),
            fairness: Fairness::new(universe, lowered),
            codec,
            universe,
            script: lowered.plan.script(),
            asked,
            key: PhantomData,
        })
    }

    /// The universe.
    pub const fn universe(&self) -> &'a Universe<S> {
        self.universe
    }

    /// Whether no step leads out of the scene.
    fn is_end(&self, scene: &Scene<S>) -> bool {
        let mut any = (scene.script as usize) < self.script.len();
        self.universe.enabled(&scene.state, &mut |_| any = true);
        !any
    }

    /// The state after an action that the core has offered.
    #[inline]
    fn after(&self, state: &State<S>, action: &Action<S>) -> Option<State<S>> {
        let mut next = state.clone();
        self.universe.apply(&mut next, action, &mut |_| ()).ok().map(|()| next)
    }

    #[inline]
    fn visit_script(&self, scene: &Scene<S>, visit: &mut impl FnMut(Act<S>, u64, Scene<S>)) {
        let Some(step) = self.script.get(scene.script as usize) else {
            return;
        };
        let action = step.action(self.universe, &scene.state);
        let mut next = Scene { state: scene.state.clone(), script: scene.script + 1 };
        if let Some(action) = &action {
            // A refused command changes nothing, and what cannot happen now does not: either way the script goes on.
            match self.universe.apply(&mut next.state, action, &mut |_| ()) {
                Ok(()) | Err(Refusal::Rejected(_) | Refusal::Impossible(_)) => {}
            }
        }
        visit(Act { action, scripted: true }, 1, next);
    }
}

impl<S: IdSet, K: PackedKey> Model for Lifecycle<'_, S, K> {
    type State = Scene<S>;
    type Action = Act<S>;
    type Key = K;

    fn initial_states(&self) -> Vec<Scene<S>> {
        vec![Scene { state: self.universe.initial(), script: 0 }]
    }

    #[inline]
    fn successors(&self, scene: &Scene<S>, visit: &mut impl FnMut(Act<S>, u64, Scene<S>)) {
        self.universe.enabled(&scene.state, &mut |action| {
            if let Some(state) = self.after(&scene.state, &action) {
                visit(Act { action: Some(action), scripted: false }, 1, Scene { state, script: scene.script });
            }
        });
        self.visit_script(scene, visit);
    }

    #[inline]
    fn pack(&self, scene: &Scene<S>) -> K {
        K::pack(&self.codec, scene)
    }

    #[inline]
    fn unpack(&self, key: &K) -> Scene<S> {
        key.unpack(&self.codec)
    }

    fn rules(&self) -> Vec<String> {
        RULES.iter().map(|rule| (*rule).to_owned()).collect()
    }

    #[inline]
    fn rule(&self, act: &Act<S>) -> RuleId {
        RuleId(rule_number(act))
    }

    fn properties(&self) -> Vec<Property<'_, Scene<S>, Act<S>>> {
        self.asked.iter().map(|asked| self.property(asked)).collect()
    }

    fn describe_state(&self, scene: &Scene<S>) -> String {
        story::describe_state(self.universe, scene)
    }

    fn describe_action(&self, act: &Act<S>) -> String {
        story::describe_action(self.universe, act)
    }

    fn fairness_classes(&self) -> Vec<String> {
        self.fairness.names().to_vec()
    }

    fn fairness(&self, act: &Act<S>) -> Option<FairnessClass> {
        self.fairness.class(self.universe, act)
    }

    fn symmetry(&self) -> Symmetry {
        if self.classes.is_trivial() { Symmetry::None } else { Symmetry::Steps }
    }

    #[inline]
    fn canonical(&self, scene: &Scene<S>) -> Scene<S> {
        Scene { state: self.classes.canonical(&scene.state), script: scene.script }
    }

    fn representative_successors(&self, scene: &Scene<S>, visit: &mut impl FnMut(Act<S>, u64, Scene<S>)) {
        self.classes.representatives(self.universe, &scene.state, &mut |action, count| {
            if let Some(state) = self.after(&scene.state, &action) {
                visit(Act { action: Some(action), scripted: false }, count, Scene { state, script: scene.script });
            }
        });
        self.visit_script(scene, visit);
    }

    fn has_reduction(&self) -> bool {
        self.universe.resources().any(|resource| {
            let transitions = (0..).zip(&self.universe.kind_of(resource).transitions);
            transitions
                .filter(|(_, transition)| transition.by == Mover::Service)
                .any(|(id, _)| self.classes.is_lonely(self.universe, resource, TransitionIdx(id)))
        })
    }

    fn ample(&self, scene: &Scene<S>, visit: &mut impl FnMut(Act<S>, u64, Scene<S>)) -> bool {
        let Some(action) = self.lonely_step(scene) else {
            return false;
        };
        match self.after(&scene.state, &action) {
            Some(state) => {
                visit(Act { action: Some(action), scripted: false }, 1, Scene { state, script: scene.script });
                true
            }
            None => false,
        }
    }
}

impl<S: IdSet, K: PackedKey> Lifecycle<'_, S, K> {
    /// A step that commutes with every other, stays enabled whatever the others do, and that no predicate sees.
    ///
    /// It is a service's step that takes a resource from one state to another where neither its role's use nor anything else depends on
    /// which of the two it is in: both block or neither does, nobody calls anything in either, no parent or child waits for it, no
    /// question names it, and it is the only move out of its state.
    fn lonely_step(&self, scene: &Scene<S>) -> Option<Action<S>> {
        let mut found = None;
        self.universe.enabled_but_reports(&scene.state, &mut |action| {
            if let Action::ResourceMoves { resource, transition } = action
                && found.is_none()
                && self.classes.is_lonely(self.universe, resource, transition)
            {
                found = Some(Action::ResourceMoves { resource, transition });
            }
        });
        found
    }
}

/// The rules by name, for the coverage: what fired, and what never did.
const RULES: &[&str] = &[
    "SessionOpens",
    "SessionEnds",
    "TaskStarts",
    "TaskSucceeds",
    "TaskFails",
    "TaskBecomesVisible",
    "TaskIsForgotten",
    "RolePropagates",
    "ResourceMoves",
    "RoleAppears",
    "ServiceDeletesRole",
    "RegionFails",
    "RegionRecovers",
    "operator submits",
    "operator polls",
    "operator reads the documentation",
    "operator cleans up",
    "operator gives up",
    "script",
];

fn rule_number<S>(act: &Act<S>) -> u32 {
    if act.scripted {
        return 18;
    }
    match &act.action {
        Some(Action::SessionOpens { .. }) => 0,
        Some(Action::SessionEnds { .. }) => 1,
        Some(Action::TaskStarts { .. }) => 2,
        Some(Action::TaskSucceeds { .. }) => 3,
        Some(Action::TaskFails { .. }) => 4,
        Some(Action::TaskBecomesVisible { .. }) => 5,
        Some(Action::TaskIsForgotten { .. }) => 6,
        Some(Action::RolePropagates { .. }) => 7,
        Some(Action::ResourceMoves { .. }) => 8,
        Some(Action::RoleAppears { .. }) => 9,
        Some(Action::ServiceDeletesRole { .. }) => 10,
        Some(Action::RegionFails { .. }) => 11,
        Some(Action::RegionRecovers { .. }) => 12,
        Some(Action::Operator { step, .. }) => match step {
            OperatorStep::Submits => 13,
            OperatorStep::Polls => 14,
            OperatorStep::ReadsDocs => 15,
            OperatorStep::CleansUp(_) => 16,
            OperatorStep::GivesUp => 17,
        },
        Some(Action::Command { .. } | Action::Throttle { .. }) | None => 18,
    }
}
