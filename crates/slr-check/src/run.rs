//! Runs: how a path of state numbers becomes something to read and to replay.

use crate::expand::Expander;
use crate::report::{Ending, Story, StoryStep};
use crate::states::{StateNumber, States};
use crate::{FairnessClass, Key, Model};

/// A run of a model: a counterexample or a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run<S, A> {
    /// The state in which it begins.
    pub initial: S,
    /// The steps, each with the state after it.
    pub steps: Vec<(A, S)>,
    /// What its end shows.
    pub ending: Ending,
}

impl<S, A> Run<S, A> {
    /// The run as text, in the words of `model`.
    pub fn story<M: Model<State = S, Action = A>>(&self, model: &M) -> Story {
        Story {
            initial: model.describe_state(&self.initial),
            steps: self
                .steps
                .iter()
                .map(|(action, state)| StoryStep {
                    action: model.describe_action(action),
                    state: model.describe_state(state),
                })
                .collect(),
            ending: self.ending,
        }
    }

    fn last(&self) -> &S {
        self.steps.last().map_or(&self.initial, |(_, state)| state)
    }
}

/// A step to be found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) to: StateNumber,
    /// The fairness class that the step has to have, if it matters.
    pub(crate) class: Option<FairnessClass>,
}

impl Leg {
    pub(crate) const fn to(to: StateNumber) -> Self {
        Self { to, class: None }
    }
}

/// A path of stored states that decides a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) from: StateNumber,
    pub(crate) legs: Vec<Leg>,
    pub(crate) end: PathEnd,
}

/// How a [`Path`] goes on after its legs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathEnd {
    State,
    /// By this one of the steps out of the last state.
    Step(u32),
    Stuck,
    /// By these legs, back to the state after the other legs.
    Loop(Vec<Leg>),
    OutOfReach,
}

impl Path {
    /// The path along which `state` was found.
    pub(crate) fn to<K: Key>(state: StateNumber, states: &States<K>, end: PathEnd) -> Self {
        let path = states.path_to(state);
        Self { from: path[0], legs: path[1..].iter().copied().map(Leg::to).collect(), end }
    }
}

/// Finds steps again. What is stored may be representatives of what happens, so runs are replayed from an initial state
/// of the model: a run that is shown really happens.
pub(crate) struct Replay<'r, 'p, M: Model> {
    pub(crate) expander: &'r Expander<'p, M>,
    pub(crate) states: &'r States<M::Key>,
}

impl<M: Model> Replay<'_, '_, M> {
    /// The run that goes along `path`.
    ///
    /// `None` only if the model does not keep its promise to be a pure function.
    pub(crate) fn run(&self, path: &Path) -> Option<Run<M::State, M::Action>> {
        let start = self.states.key(path.from);
        let initial =
            self.expander.model.initial_states().into_iter().find(|state| self.expander.key_of(state) == start)?;
        let mut run = Run { initial, steps: Vec::new(), ending: Ending::State };
        for leg in &path.legs {
            self.go(&mut run, *leg)?;
        }
        run.ending = match &path.end {
            PathEnd::State => Ending::State,
            PathEnd::Stuck => Ending::Stuck,
            PathEnd::OutOfReach => Ending::OutOfReach,
            PathEnd::Step(step) => {
                self.go_by(&mut run, *step)?;
                Ending::Step
            }
            PathEnd::Loop(legs) => Ending::Loop { after: self.go_round(&mut run, legs)? },
        };
        Some(run)
    }

    fn go(&self, run: &mut Run<M::State, M::Action>, leg: Leg) -> Option<()> {
        let key = self.states.key(leg.to);
        let mut found = None;
        self.expander.steps(run.last(), &mut |action, _, next| {
            let fits = leg.class.is_none() || self.expander.model.fairness(&action) == leg.class;
            if found.is_none() && fits && self.expander.key_of(&next) == key {
                found = Some((action, next));
            }
        });
        run.steps.push(found?);
        Some(())
    }

    fn go_by(&self, run: &mut Run<M::State, M::Action>, step: u32) -> Option<()> {
        let mut found = None;
        let mut number = 0;
        self.expander.steps(run.last(), &mut |action, _, next| {
            if number == step {
                found = Some((action, next));
            }
            number += 1;
        });
        run.steps.push(found?);
        Some(())
    }

    /// Goes round until the run is where it was before, which modulo symmetry may take several times: then
    /// the individuals have changed places after one. Returns the number of steps before the loop.
    fn go_round(&self, run: &mut Run<M::State, M::Action>, legs: &[Leg]) -> Option<u64> {
        let model = self.expander.model;
        let mut heads = vec![(model.pack(run.last()), run.steps.len())];
        loop {
            for leg in legs {
                self.go(run, *leg)?;
            }
            let key = model.pack(run.last());
            if let Some((_, after)) = heads.iter().find(|(head, _)| *head == key) {
                return Some(*after as u64);
            }
            heads.push((key, run.steps.len()));
        }
    }
}
