//! The questions: the invariants of the core, and what the scenario expects.

use slr_core::IdSet;
use slr_core::id::{KindIdx, ResourceIdx, RoleIdx};
use slr_core::invariant::{Predicate, invariants, step_invariants};
use slr_scenario::expect::{Expectation, What};
use slr_scenario::lower::Lowered;

use super::{Act, Lifecycle, PackedKey, Scene, symmetry};
use crate::Property;

/// A question to the checker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// An invariant of states, by its place in the core's table.
    Invariant(usize),
    /// An invariant of steps, by its place in the core's table.
    StepInvariant(usize),
    /// It is true of every state in which the circumstance is.
    Always(String, Predicate, Option<Predicate>),
    /// It is true of no state in which the circumstance is.
    Never(String, Predicate, Option<Predicate>),
    /// Some run comes to a state in which it is true, and the circumstance with it.
    Sometimes(String, Predicate, Option<Predicate>),
    /// Every fair run comes to a state in which it is true.
    Eventually(String, Predicate),
    /// Every run that ends, ends in a state in which it is true.
    Finally(String, Predicate),
    /// From every state one can be reached in which it is true.
    Possible(String, Predicate),
    /// Every deletion task of the role comes to its end in every fair run.
    TasksEnd(RoleIdx),
}

/// An expectation that is about one run and its history, not about states: the checker does not ask it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAsked {
    /// Which expectation of the scenario, counted from 0.
    pub expectation: usize,
    /// Why not.
    pub why: &'static str,
}

impl Asked {
    /// Every invariant of the core.
    pub fn invariants<S: IdSet>() -> Vec<Self> {
        let states = (0..invariants::<S>().len()).map(Self::Invariant);
        states.chain((0..step_invariants::<S>().len()).map(Self::StepInvariant)).collect()
    }

    /// What a scenario expects, as questions; `name` gives an expectation's text. Times are left out: every order counts.
    pub fn expectations(lowered: &Lowered, name: impl Fn(usize, &Expectation) -> String) -> (Vec<Self>, Vec<NotAsked>) {
        let (mut asked, mut left_out) = (Vec::new(), Vec::new());
        for (index, expectation) in lowered.expectations.iter().enumerate() {
            let name = name(index, expectation);
            match &expectation.what {
                What::Eventually { predicate, .. } => asked.push(Self::Eventually(name, *predicate)),
                What::Always { predicate, circumstance } => asked.push(Self::Always(name, *predicate, *circumstance)),
                What::Never { predicate, circumstance } => asked.push(Self::Never(name, *predicate, *circumstance)),
                What::Sometimes { predicate, circumstance } => {
                    asked.push(Self::Sometimes(name, *predicate, *circumstance));
                }
                What::Finally { predicate } => asked.push(Self::Finally(name, *predicate)),
                What::Possible { predicate } => asked.push(Self::Possible(name, *predicate)),
                What::Tasks { .. } | What::Task { .. } | What::Refusals { .. } | What::Attempts { .. } => {
                    left_out.push(NotAsked {
                        expectation: index,
                        why: "it is about the history of one run, and other orders have other histories",
                    });
                }
            }
        }
        (asked, left_out)
    }

    /// The predicates that the question asks.
    fn predicates(&self) -> impl Iterator<Item = Predicate> {
        let (first, second) = match self {
            Self::Invariant(_) | Self::StepInvariant(_) | Self::TasksEnd(_) => (None, None),
            Self::Always(_, p, c) | Self::Never(_, p, c) | Self::Sometimes(_, p, c) => (Some(*p), *c),
            Self::Eventually(_, p) | Self::Finally(_, p) | Self::Possible(_, p) => (Some(*p), None),
        };
        first.into_iter().chain(second)
    }

    /// The resources that the question names.
    pub(super) fn resources(&self) -> Vec<ResourceIdx> {
        self.predicates().filter_map(|predicate| symmetry::named_by(predicate).0).collect()
    }

    /// The kinds that the question names.
    pub(super) fn kinds(&self) -> Vec<KindIdx> {
        self.predicates().filter_map(|predicate| symmetry::named_by(predicate).1).collect()
    }

    /// Whether the answer needs fairness, which tells interchangeable individuals apart.
    pub const fn needs_fairness(&self) -> bool {
        matches!(self, Self::Eventually(..) | Self::TasksEnd(_))
    }
}

impl<S: IdSet, K: PackedKey> Lifecycle<'_, S, K> {
    /// The question as a property of the model.
    pub(super) fn property(&self, asked: &Asked) -> Property<'_, Scene<S>, Act<S>> {
        let universe = self.universe;
        let is = move |predicate: Predicate, scene: &Scene<S>| predicate.holds(universe, &scene.state);
        let both =
            move |p: Predicate, c: Option<Predicate>, scene: &Scene<S>| c.is_none_or(|c| is(c, scene)) && is(p, scene);
        match asked {
            Asked::Invariant(index) => {
                let invariant = &invariants::<S>()[*index];
                let holds = invariant.holds;
                Property::always(invariant.name, move |scene: &Scene<S>| holds(universe, &scene.state)).evident()
            }
            Asked::StepInvariant(index) => {
                let invariant = &step_invariants::<S>()[*index];
                let holds = invariant.holds;
                Property::every_step(invariant.name, move |before: &Scene<S>, act: &Act<S>, after: &Scene<S>| {
                    act.action.as_ref().is_none_or(|action| holds(universe, &before.state, action, &after.state))
                })
                .evident()
                // None of them looks at which of two states a resource is in that block alike and are no ends: that is all that a step
                // which is taken alone changes.
                .kept_by_reduction()
            }
            Asked::Always(name, predicate, circumstance) => {
                let (p, c) = (*predicate, *circumstance);
                Property::always(name, move |scene: &Scene<S>| c.is_some_and(|c| !is(c, scene)) || is(p, scene))
            }
            Asked::Never(name, predicate, circumstance) => {
                let (p, c) = (*predicate, *circumstance);
                Property::never(name, move |scene: &Scene<S>| both(p, c, scene))
            }
            Asked::Sometimes(name, predicate, circumstance) => {
                let (p, c) = (*predicate, *circumstance);
                Property::sometimes(name, move |scene: &Scene<S>| both(p, c, scene))
            }
            Asked::Eventually(name, predicate) => {
                let p = *predicate;
                Property::eventually(name, move |scene: &Scene<S>| is(p, scene))
            }
            Asked::Finally(name, predicate) => {
                let p = *predicate;
                Property::always(name, move |scene: &Scene<S>| is(p, scene) || !self.is_end(scene)).about_ends()
            }
            Asked::Possible(name, predicate) => {
                let p = *predicate;
                Property::always_possible(name, move |scene: &Scene<S>| is(p, scene))
            }
            Asked::TasksEnd(role) => {
                let name = format!("every deletion task of {} ends", universe.world().roles[role.index()].name);
                let unfinished = Predicate::TaskUnfinished(*role);
                Property::leads_to(
                    name,
                    move |scene: &Scene<S>| is(unfinished, scene),
                    move |scene: &Scene<S>| !is(unfinished, scene),
                )
            }
        }
    }
}
