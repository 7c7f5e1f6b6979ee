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

use slr_core::action::{Call, Operation};
use slr_core::codec::{Codec, TooWide};
use slr_core::id::{OperatorIdx, PlainCleanUpIdx, ResourceIdx, RoleIdx, ServiceMoveIdx, SessionIdx, TransitionIdx};
use slr_core::invariant::{is_evidently_sound, is_evidently_sound_step};
use slr_core::kind::Mover;
use slr_core::machine::SessionEnd;
use slr_core::rejection::Refusal;
use slr_core::rules::{Offers, Reports};
use slr_core::stencil::{Stencil, Stencils};
use slr_core::{Action, IdSet, OperatorStep, State, Universe};
use slr_scenario::expect::StepExpectation;
use slr_scenario::ledger::Ledger;
use slr_scenario::lower::Lowered;
use slr_scenario::simulation::{Scripted, Throttling, operation_of};

use crate::{FairnessClass, Key, Model, Property, RuleId, Steps, Symmetry};
use fairness::Fairness;
use symmetry::Classes;

pub use properties::{Asked, Expected, NotAsked};
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
    /// The key as a word, where it is one.
    fn word(&self) -> Option<u64>;
    /// The key that is the word; asked only where keys are one word.
    fn of_word(word: u64) -> Self;
    /// Makes `scene` the one that was packed.
    fn unpack<S: IdSet>(&self, codec: &Codec, scene: &mut Scene<S>);
}

impl PackedKey for u64 {
    const WORDS: usize = 1;

    #[inline]
    fn pack<S: IdSet>(codec: &Codec, scene: &Scene<S>) -> Self {
        codec.pack_word(&scene.state, Self::from(scene.script))
    }

    #[inline]
    fn word(&self) -> Option<u64> {
        Some(*self)
    }

    #[inline]
    fn of_word(word: u64) -> Self {
        word
    }

    #[inline]
    fn unpack<S: IdSet>(&self, codec: &Codec, scene: &mut Scene<S>) {
        codec.unpack_word_into(*self, &mut scene.state);
        scene.script = script_of(codec.unpack_extra(&[*self]));
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
    fn word(&self) -> Option<u64> {
        match self.as_slice() {
            [word] => Some(*word),
            _ => None,
        }
    }

    #[inline]
    fn of_word(word: u64) -> Self {
        [word; W]
    }

    #[inline]
    fn unpack<S: IdSet>(&self, codec: &Codec, scene: &mut Scene<S>) {
        codec.unpack_into(self, &mut scene.state);
        scene.script = script_of(codec.unpack_extra(self));
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
    /// Where states are one word.
    stencils: Option<Stencils>,
    classes: Classes<S>,
    fairness: Fairness,
    throttlings: &'a [Throttling],
    asked: Vec<Asked>,
    /// Per step of the scenario, what is expected of it.
    expected: &'a [StepExpectation],
    /// Whether any of that is asked.
    asks_of_steps: bool,
    /// An empty one: what is asked of steps does not depend on what went before.
    ledger: Ledger<'a, S>,
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
            throttlings: &lowered.plan.throttlings,
            stencils: (K::WORDS == 1).then(|| Stencils::new(universe, &codec)),
            codec,
            universe,
            script: lowered.plan.script(),
            expected: &lowered.step_expectations,
            asks_of_steps: asked.iter().any(|asked| matches!(asked, Asked::Step { .. })),
            ledger: Ledger::new(universe, 0, &lowered.descriptions),
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
        self.universe.enabled(&scene.state, &mut |action| any |= !self.is_never_answered(&action));
        !any
    }

    /// The state after an action that the core has offered.
    #[inline]
    fn after(&self, state: &State<S>, action: &Action<S>) -> Option<State<S>> {
        if self.is_never_answered(action) {
            return None;
        }
        let mut next = state.clone();
        self.universe.apply(&mut next, action, &mut |_| ()).ok().map(|()| next)
    }

    /// Whether it is an operator's call that is always throttled: nothing comes of it.
    #[inline]
    fn is_never_answered(&self, action: &Action<S>) -> bool {
        !self.throttlings.is_empty()
            && called(action).is_some_and(|operation| self.is_throttled(operation, Throttling::is_total))
    }

    /// The refusal of an operator's call that is throttled for ever from some time on: whoever comes too late gets nothing else.
    #[inline]
    fn refusal_for_ever(&self, action: &Action<S>) -> Option<Action<S>> {
        if self.throttlings.is_empty() {
            return None;
        }
        let Action::Operator { operator, step } = *action else {
            return None;
        };
        called(action).filter(|operation| self.is_throttled(*operation, Throttling::never_ends))?;
        Some(Action::Throttle { by: self.universe.operator(operator).principal, call: Call::Step { operator, step } })
    }

    fn is_throttled(&self, operation: Operation, how: impl Fn(&Throttling) -> bool) -> bool {
        self.throttlings.iter().any(|throttling| throttling.operation == operation && how(throttling))
    }

    /// The refusal with which the script's next step is answered if it is a call that is throttled.
    fn throttled(&self, action: Option<&Action<S>>) -> Option<(Action<S>, bool)> {
        let Action::Command { by, command } = *action? else {
            return None;
        };
        let operation = operation_of(self.universe, command)?;
        let may_be = self.is_throttled(operation, |throttling| throttling.millionths > 0);
        may_be.then(|| {
            let refusal = Action::Throttle { by, call: Call::Command(command) };
            (refusal, self.is_throttled(operation, Throttling::is_total))
        })
    }

    #[inline]
    fn visit_script(&self, scene: &Scene<S>, visit: &mut impl FnMut(Act<S>, u64, Scene<S>)) {
        let Some(step) = self.script.get(scene.script as usize) else {
            return;
        };
        let action = step.action(self.universe, &scene.state);
        if let Some((refusal, always)) = self.throttled(action.as_ref()) {
            let next = Scene { state: scene.state.clone(), script: scene.script + 1 };
            visit(Act { action: Some(refusal), scripted: true }, 1, next);
            if always {
                return;
            }
        }
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
            if let Some(refusal) = self.refusal_for_ever(&action) {
                visit(Act { action: Some(refusal), scripted: false }, 1, scene.clone());
            }
            if let Some(state) = self.after(&scene.state, &action) {
                visit(Act { action: Some(action), scripted: false }, 1, Scene { state, script: scene.script });
            }
        });
        self.visit_script(scene, visit);
    }

    #[inline]
    fn steps(&self, from: &K, scene: &Scene<S>, steps: &mut impl Steps<Self>) {
        let (Some(stencils), Some(from)) = (&self.stencils, from.word()) else {
            self.successors(scene, &mut |act, instances, next| steps.whole(act, instances, next));
            return;
        };
        let mut offered = Offered { model: self, stencils, from, scene, steps };
        self.universe.offer(&scene.state, &mut offered);
        self.visit_script(scene, &mut |act, instances, next| steps.whole(act, instances, next));
    }

    #[inline]
    fn pack(&self, scene: &Scene<S>) -> K {
        K::pack(&self.codec, scene)
    }

    #[inline]
    fn unpack(&self, key: &K) -> Scene<S> {
        let mut scene = Scene { state: State::default(), script: 0 };
        self.unpack_into(key, &mut scene);
        scene
    }

    #[inline]
    fn unpack_into(&self, key: &K, scene: &mut Scene<S>) {
        key.unpack(&self.codec, scene);
    }

    #[inline]
    fn is_evidently_sound(&self, scene: &Scene<S>) -> bool {
        is_evidently_sound(self.universe, &scene.state)
    }

    #[inline]
    fn is_evidently_sound_step(&self, before: &Scene<S>, act: &Act<S>, after: &Scene<S>) -> bool {
        let is_sound = |action| is_evidently_sound_step(self.universe, &before.state, action, &after.state);
        !(act.scripted && self.asks_of_steps) && act.action.as_ref().is_none_or(is_sound)
    }

    fn rules(&self) -> Vec<String> {
        RULES.iter().map(|rule| (*rule).to_owned()).collect()
    }

    #[inline]
    fn rule(&self, act: &Act<S>) -> RuleId {
        match &act.action {
            Some(action) if !act.scripted => RuleId(rule_number(action)),
            Some(_) | None => RuleId(SCRIPT),
        }
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
            if let Some(refusal) = self.refusal_for_ever(&action) {
                visit(Act { action: Some(refusal), scripted: false }, 1, scene.clone());
            }
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

/// Makes steps of what the core offers: packed ones where there is a stencil.
struct Offered<'a, 'm, S, K, T> {
    model: &'a Lifecycle<'m, S, K>,
    stencils: &'a Stencils,
    from: u64,
    scene: &'a Scene<S>,
    steps: &'a mut T,
}

impl<'m, S: IdSet, K: PackedKey, T: Steps<Lifecycle<'m, S, K>>> Offered<'_, 'm, S, K, T> {
    /// The steps by an action about each of `ids`, all of which the stencil carries out.
    #[inline]
    fn about_each(&mut self, ids: &S, stencil: Stencil, action: impl Fn(u32) -> Action<S>) {
        let from = self.from;
        let keys = ids.iter().map(|id| (id, K::of_word(stencil.apply_to(id, from))));
        debug_assert!(
            keys.clone().all(|(id, key)| self.is_what_comes_of(&key, &action(id))),
            "a stencil does what the rules do"
        );
        // What rule it is, does not depend on whom the action is about.
        self.steps.packed(RuleId(rule_number(&action(0))), keys.map(|(_, key)| key));
    }

    /// Whether the key is that of the state which the rules make.
    fn is_what_comes_of(&self, key: &K, action: &Action<S>) -> bool {
        let mut next = self.scene.clone();
        let applied = self.model.universe.apply(&mut next.state, action, &mut |_| ());
        applied.is_ok() && self.model.pack(&next) == *key
    }

    /// The step by an action, which the stencil carries out if there is one. Returns the state after it as a word.
    #[inline]
    fn once(&mut self, stencil: Option<Stencil>, action: Action<S>) -> Option<u64> {
        let Some(stencil) = stencil else {
            return self.whole(action);
        };
        let word = stencil.apply(self.from);
        let key = K::of_word(word);
        debug_assert!(self.is_what_comes_of(&key, &action), "a stencil does what the rules do");
        self.steps.packed(RuleId(rule_number(&action)), std::iter::once(key));
        Some(word)
    }

    /// The step by the action. Returns the state after it as a word.
    fn whole(&mut self, action: Action<S>) -> Option<u64> {
        if let Some(refusal) = self.model.refusal_for_ever(&action) {
            self.steps.whole(Act { action: Some(refusal), scripted: false }, 1, self.scene.clone());
        }
        let state = self.model.after(&self.scene.state, &action)?;
        let next = Scene { state, script: self.scene.script };
        let word = self.model.pack(&next).word();
        self.steps.whole(Act { action: Some(action), scripted: false }, 1, next);
        word
    }
}

impl<'m, S: IdSet, K: PackedKey, T: Steps<Lifecycle<'m, S, K>>> Offers<S> for Offered<'_, 'm, S, K, T> {
    fn action(&mut self, action: Action<S>) {
        self.whole(action);
    }

    #[inline]
    fn sessions_open(&mut self, sessions: &S) {
        let action = |id| Action::SessionOpens { session: SessionIdx(id) };
        self.about_each(sessions, self.stencils.of_session(), action);
    }

    #[inline]
    fn sessions_end(&mut self, sessions: &S, end: SessionEnd) {
        let action = |id| Action::SessionEnds { session: SessionIdx(id), end };
        self.about_each(sessions, self.stencils.of_session(), action);
    }

    #[inline]
    fn resources_move(&mut self, resources: &S, (made, transition): (ServiceMoveIdx, TransitionIdx)) {
        let action = |id| Action::ResourceMoves { resource: ResourceIdx(id), transition };
        match self.stencils.of_service_move(made) {
            Some(stencil) => self.about_each(resources, stencil, action),
            None => resources.iter().for_each(|id| self.action(action(id))),
        }
    }

    #[inline]
    fn task_starts(&mut self, role: RoleIdx) {
        self.once(self.stencils.of_start(role), Action::TaskStarts { role });
    }

    fn task_fails(&mut self, role: RoleIdx, reports: &Reports<S>) {
        let action = |named| Action::TaskFails { role, named };
        let (Reports::AnyPartOf(all), Some(stencil)) = (reports, self.stencils.of_report(role)) else {
            reports.for_each(&mut |named| self.action(action(named)));
            return;
        };
        let mut subsets = all.subsets();
        let Some(failed) =
            subsets.next().and_then(|nothing| self.once(self.stencils.of_failure(role), action(nothing)))
        else {
            return;
        };
        let blocking = self.model.universe.blocking(&self.scene.state, role);
        let keys = subsets.map(|named| (K::of_word(stencil.apply(failed, &named.and(&blocking))), named));
        debug_assert!(
            keys.clone().all(|(key, named)| self.is_what_comes_of(&key, &action(named))),
            "a stencil does what the rules do"
        );
        self.steps.packed(RuleId(rule_number(&action(S::default()))), keys.map(|(key, _)| key));
    }

    #[inline]
    fn operator_submits(&mut self, operator: OperatorIdx, accepted: bool) {
        let task = self.scene.state.task(self.model.universe.operator(operator).goal);
        let action = Action::Operator { operator, step: OperatorStep::Submits };
        let is_plain = accepted && self.model.throttlings.is_empty();
        let stencil = if is_plain { self.stencils.of_submission(operator, task) } else { None };
        self.once(stencil, action);
    }

    #[inline]
    fn operator_reads(&mut self, operator: OperatorIdx) {
        let action = Action::Operator { operator, step: OperatorStep::ReadsDocs };
        self.once(Some(self.stencils.of_reading(operator)), action);
    }

    #[inline]
    fn operator_cleans_up(&mut self, operator: OperatorIdx, resources: &S, plainly: Option<PlainCleanUpIdx>) {
        let action = |id| Action::Operator { operator, step: OperatorStep::CleansUp(ResourceIdx(id)) };
        match plainly.and_then(|made| self.stencils.of_clean_up(made)) {
            Some(stencil) => self.about_each(resources, stencil, action),
            None => resources.iter().for_each(|id| self.action(action(id))),
        }
    }
}

/// The operation of IAM that an operator's step calls, if it calls one.
const fn called<S>(action: &Action<S>) -> Option<Operation> {
    if let Action::Operator { step, .. } = action { step.operation() } else { None }
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

/// The place of the script's steps among the rules.
const SCRIPT: u32 = 18;

#[inline]
const fn rule_number<S>(action: &Action<S>) -> u32 {
    match action {
        Action::SessionOpens { .. } => 0,
        Action::SessionEnds { .. } => 1,
        Action::TaskStarts { .. } => 2,
        Action::TaskSucceeds { .. } => 3,
        Action::TaskFails { .. } => 4,
        Action::TaskBecomesVisible { .. } => 5,
        Action::TaskIsForgotten { .. } | Action::EarlierTaskIsForgotten { .. } => 6,
        Action::RolePropagates { .. } => 7,
        Action::ResourceMoves { .. } => 8,
        Action::RoleAppears { .. } => 9,
        Action::ServiceDeletesRole { .. } => 10,
        Action::RegionFails { .. } => 11,
        Action::RegionRecovers { .. } => 12,
        Action::Operator { step, .. } => match step {
            OperatorStep::Submits => 13,
            OperatorStep::Polls => 14,
            OperatorStep::ReadsDocs => 15,
            OperatorStep::CleansUp(_) => 16,
            OperatorStep::GivesUp => 17,
        },
        Action::Command { .. } | Action::Throttle { .. } => SCRIPT,
    }
}
