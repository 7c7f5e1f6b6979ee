//! The questions: the invariants of the core, and what the scenario expects.

use slr_core::IdSet;
use slr_core::id::{KindIdx, OperatorIdx, ResourceIdx, RoleIdx};
use slr_core::invariant::{Predicate, invariants, step_invariants};
use slr_core::rejection::{Code, Refusal};
use slr_scenario::expect::{StepExpectation, What};
use slr_scenario::lower::Lowered;
use slr_scenario::simulation::{Scripted, Step};

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
    /// At no time the operator has made more requests than the latter, and where it has stopped, or a run ends, no fewer than the former.
    Attempts(String, OperatorIdx, (u64, u64)),
    /// Whenever this step of the scenario is taken, what comes of it is as it expects.
    Step {
        /// What is asked, in words.
        name: String,
        /// Which step, counted from 0.
        step: u32,
    },
    /// Every deletion task of the role comes to its end in every fair run.
    TasksEnd(RoleIdx),
}

/// Something that a scenario expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expected {
    /// An expectation, counted from 0.
    Expectation(usize),
    /// What is said of a step, counted from 0.
    Step(usize),
}

/// Something that is expected and that the checker does not ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAsked {
    /// What.
    pub expected: Expected,
    /// Why not.
    pub why: &'static str,
}

impl Asked {
    /// Every invariant of the core.
    pub fn invariants<S: IdSet>() -> Vec<Self> {
        let states = (0..invariants::<S>().len()).map(Self::Invariant);
        states.chain((0..step_invariants::<S>().len()).map(Self::StepInvariant)).collect()
    }

    /// What a scenario expects, as questions, each with what it asks; `name` gives the text. Times are left out: every order counts.
    pub fn expectations(
        lowered: &Lowered,
        name: impl Fn(Expected) -> String,
    ) -> (Vec<(Expected, Self)>, Vec<NotAsked>) {
        let (mut all, mut left_out) = (Vec::new(), Vec::new());
        for (index, expectation) in lowered.expectations.iter().enumerate() {
            let expected = Expected::Expectation(index);
            match Self::expectation(lowered, &expectation.what, name(expected)) {
                Ok(asked) => all.push((expected, asked)),
                Err(why) => left_out.push(NotAsked { expected, why }),
            }
        }
        for (step, (planned, said)) in (0_u32..).zip(lowered.plan.steps.iter().zip(&lowered.step_expectations)) {
            if said.is_empty() {
                continue;
            }
            let expected = Expected::Step(step as usize);
            let why = if matches!(planned.what, Scripted::Poll { .. }) {
                Some("which task it means depends on what went before, and a state does not tell")
            } else if said.refused == Some(Code::Throttling) {
                Some("whether a call is throttled depends on when it comes, and times are not explored")
            } else if !said.is_about_the_state() {
                Some("what it answers depends on what went before, and a state does not tell")
            } else {
                None
            };
            match why {
                Some(why) => left_out.push(NotAsked { expected, why }),
                None => all.push((expected, Self::Step { name: name(expected), step })),
            }
        }
        (all, left_out)
    }

    /// An expectation as a question, or why it is not asked.
    fn expectation(lowered: &Lowered, what: &What, name: String) -> Result<Self, &'static str> {
        match what {
            What::Eventually { predicate, .. } => Ok(Self::Eventually(name, *predicate)),
            What::Always { predicate, circumstance } => Ok(Self::Always(name, *predicate, *circumstance)),
            What::Never { predicate, circumstance } => Ok(Self::Never(name, *predicate, *circumstance)),
            What::Sometimes { predicate, circumstance } => Ok(Self::Sometimes(name, *predicate, *circumstance)),
            What::Finally { predicate } => Ok(Self::Finally(name, *predicate)),
            What::Possible { predicate } => Ok(Self::Possible(name, *predicate)),
            What::Attempts { operator, .. } if lowered.world.operators[operator.index()].requests_throttled => {
                Err("a state does not count throttled attempts")
            }
            What::Attempts { count, operator } => match lowered.world.operators[operator.index()].attempts {
                // The state counts them up to the limit, which nobody passes.
                Some(limit) if u64::from(limit) < u64::from(u8::MAX) => Ok(Self::Attempts(name, *operator, *count)),
                Some(_) | None => Err("a state counts the attempts of operators that have a limit alone"),
            },
            What::Tasks { .. } | What::Task { .. } => Err(
                "it is about the history of one run: a state tells where the last task stands, and not what others said",
            ),
            What::Refusals { .. } => Err(
                "it is about the history of one run, and calls that are refused and change nothing are not explored",
            ),
        }
    }

    /// The predicates that the question asks.
    fn predicates(&self) -> impl Iterator<Item = Predicate> {
        let (first, second) = match self {
            Self::Invariant(_)
            | Self::StepInvariant(_)
            | Self::TasksEnd(_)
            | Self::Attempts(..)
            | Self::Step { .. } => (None, None),
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
    /// Whether what comes of a scripted step is as expected. One that means nothing in its state, or cannot be taken, contradicts nothing.
    fn is_as_expected(&self, before: &Scene<S>, act: &Act<S>, expected: &StepExpectation) -> bool {
        let Some(action) = &act.action else {
            return true;
        };
        let (mut state, mut events) = (before.state.clone(), Vec::new());
        let refused = match self.universe.apply(&mut state, action, &mut |event| events.push(event)) {
            Ok(()) => None,
            Err(Refusal::Rejected(rejection)) => Some(rejection),
            Err(Refusal::Impossible(_)) => return true,
        };
        let step = Step { action, events: &events, refused, script: None, is_repeated: false };
        expected.contradiction(self.universe, step, &state, &self.ledger).is_none()
    }

    /// The property, which is not proved where an operator may stop without a step.
    fn if_nobody_stops_unseen<'p>(&self, property: Property<'p, Scene<S>, Act<S>>) -> Property<'p, Scene<S>, Act<S>> {
        if self.universe.world().operators_may_stop_unseen() { property.never_proved() } else { property }
    }

    /// The question as a property of the model.
    pub(super) fn property(&self, asked: &Asked) -> Property<'_, Scene<S>, Act<S>> {
        let universe = self.universe;
        let is = move |predicate: Predicate, scene: &Scene<S>| predicate.holds(universe, &scene.state);
        let both =
            move |p: Predicate, c: Option<Predicate>, scene: &Scene<S>| is(p, scene) && c.is_none_or(|c| is(c, scene));
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
                Property::always(name, move |scene: &Scene<S>| is(p, scene) || c.is_some_and(|c| !is(c, scene)))
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
                self.if_nobody_stops_unseen(Property::eventually(name, move |scene: &Scene<S>| is(p, scene)))
            }
            Asked::Finally(name, predicate) => {
                let p = *predicate;
                let property = Property::always(name, move |scene: &Scene<S>| is(p, scene) || !self.is_end(scene))
                    .about_ends(move |scene: &Scene<S>| is(p, scene));
                self.if_nobody_stops_unseen(property)
            }
            Asked::Possible(name, predicate) => {
                let p = *predicate;
                self.if_nobody_stops_unseen(Property::always_possible(name, move |scene: &Scene<S>| is(p, scene)))
            }
            Asked::Attempts(name, operator, (least, most)) => {
                let (operator, least, most) = (*operator, *least, *most);
                let made = move |scene: &Scene<S>| u64::from(scene.state.operator(operator).attempts);
                let has_stopped = move |scene: &Scene<S>| self.universe.makes_no_more_requests(&scene.state, operator);
                let is_enough = move |scene: &Scene<S>| made(scene) >= least;
                let property = Property::always(name, move |scene: &Scene<S>| {
                    made(scene) <= most && (is_enough(scene) || !(has_stopped(scene) || self.is_end(scene)))
                });
                // Too many are too many wherever they are made; that there are enough is seen only where there will be no more.
                if least == 0 {
                    property
                } else {
                    self.if_nobody_stops_unseen(property.about_ends(is_enough).or_where(has_stopped))
                }
            }
            Asked::Step { name, step } => {
                let (step, expected) = (*step, &self.expected[*step as usize]);
                Property::every_step(name, move |before: &Scene<S>, act: &Act<S>, _: &Scene<S>| {
                    !act.scripted || before.script != step || self.is_as_expected(before, act, expected)
                })
                // A step that is not scripted keeps it, and of a scripted one it is asked.
                .evident()
                // A step that is taken alone is none of the script's, and moves no resource that the script names from one state to another
                // that anybody who calls could tell apart.
                .kept_by_reduction()
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
