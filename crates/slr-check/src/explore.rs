//! Breadth-first exploration by levels.

use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use crate::expand::{Batch, Expander, Tally};
use crate::key::filed_under;
use crate::property::Property;
use crate::round::{Deadline, Found, NO_PARENT, Pace, Team, alone};
use crate::states::{StateNumber, States};
use crate::table::Table;
use crate::{Bounds, Key, Model, PropertyKind, Settings, Stop};

/// How far an exploration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Steps from the beginning to the states that are being expanded.
    pub level: u32,
    /// Distinct states found.
    pub distinct: u64,
    /// Steps generated.
    pub edges: u64,
    /// States found that are yet to be expanded.
    pub waiting: u64,
    /// Bytes held by the visited set, the stored states and their parents.
    pub bytes: u64,
    /// Time since the exploration began.
    pub elapsed: Duration,
}

/// What an exploration leaves.
pub(crate) struct Explored<K> {
    pub(crate) states: States<K>,
    pub(crate) tally: Tally,
    /// The number of the first state of each level.
    pub(crate) levels: Vec<StateNumber>,
    /// The states below this number were expanded.
    pub(crate) expanded: StateNumber,
    /// The states below this number were judged.
    pub(crate) examined: StateNumber,
    pub(crate) bytes: u64,
    /// How many threads were at work.
    pub(crate) threads: usize,
    pub(crate) stop: Stop,
}

/// Explores `model` until it is exhausted or something stops it.
pub(crate) fn explore<'p, M: Model>(
    model: &'p M,
    properties: &'p [Property<'p, M::State, M::Action>],
    settings: &Settings,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Explored<M::Key> {
    let tally = Tally::new(model.rules().len(), properties.len());
    let compare = settings.exact && !M::Key::INJECTIVE;
    let team = settings.threads.get() > 1 || settings.reduction;
    let mut exploration = Exploration {
        expander: Expander::new(model, properties, settings.symmetry, settings.reduction),
        breaking: properties.iter().map(|property| property.kind() != PropertyKind::Sometimes).collect(),
        settings,
        began: Instant::now(),
        batch: Batch::new(tally.clone(), compare),
        team: team.then(|| Team::new(settings.threads.get(), &tally, compare)),
        found: Found {
            states: States::new(settings.bounds.states),
            table: Table::new(compare),
            compare,
            overflowed: false,
        },
        tally,
        levels: Vec::new(),
        frontier_end: 0,
        expanded: 0,
        bytes: 0,
        pace: Pace::first(),
    };
    for state in model.initial_states() {
        let key = exploration.expander.key_of(&state);
        exploration.found.add(filed_under(&key), key, NO_PARENT);
    }
    let stop = exploration.run(progress);
    exploration.finish(stop)
}

struct Exploration<'p, M: Model> {
    expander: Expander<'p, M>,
    /// By property, whether a finding is a violation.
    breaking: Vec<bool>,
    settings: &'p Settings,
    began: Instant,
    batch: Batch<M::Key>,
    team: Option<Team<M::Key>>,
    found: Found<M::Key>,
    tally: Tally,
    levels: Vec<StateNumber>,
    frontier_end: StateNumber,
    expanded: StateNumber,
    bytes: u64,
    pace: Pace,
}

impl<M: Model> Exploration<'_, M> {
    fn run(&mut self, progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>) -> Stop {
        self.weigh();
        if self.found.overflowed {
            return Stop::States;
        }
        let mut level = 0;
        while self.expanded < self.found.states.found() {
            let frontier = self.expanded..self.found.states.found();
            self.levels.push(frontier.start);
            self.frontier_end = frontier.end;
            if self.settings.bounds.depth.is_some_and(|depth| level >= depth) {
                return Stop::Depth;
            }
            if let ControlFlow::Break(stop) = self.expand_level(level, frontier, progress) {
                return stop;
            }
            level += 1;
        }
        Stop::Exhausted
    }

    fn expand_level(
        &mut self,
        level: u32,
        frontier: Range<StateNumber>,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> ControlFlow<Stop> {
        let deadline = Deadline(self.settings.bounds.time.and_then(|most| self.began.checked_add(most)));
        while self.expanded < frontier.end {
            if let Some(stop) = self.violation() {
                return ControlFlow::Break(stop);
            }
            let Some(pace) = self.pace_within_bounds() else {
                return ControlFlow::Break(Stop::Memory);
            };
            if deadline.is_over() {
                return ControlFlow::Break(Stop::Time);
            }
            if progress(&self.progress(level)).is_break() {
                return ControlFlow::Break(Stop::Cancelled);
            }
            let waiting = self.expanded..frontier.end;
            let played = if let Some(team) = &mut self.team {
                team.together(&self.expander, &waiting, pace, deadline, &mut self.found, &mut self.tally)
            } else {
                let played = alone(&self.expander, &waiting, pace, deadline, &mut self.found, &mut self.batch);
                self.tally.take(&mut self.batch.tally);
                played
            };
            (self.expanded, self.pace) = (played.until, played.pace);
            if self.found.overflowed {
                return ControlFlow::Break(Stop::States);
            }
            self.weigh();
            if played.time_is_up {
                return ControlFlow::Break(Stop::Time);
            }
            self.expander.forget_decided(&self.tally.findings);
        }
        // The last round of the last level is followed by no other that would ask.
        match self.violation() {
            Some(stop) => ControlFlow::Break(stop),
            None => ControlFlow::Continue(()),
        }
    }

    /// How much to do in the next round so that it stays within the bounds; `None` if there is no memory for any.
    ///
    /// Near a bound rounds become small, so that little is done beyond it. What they may do is reckoned from what was found, which is the same
    /// for any number of threads.
    fn pace_within_bounds(&self) -> Option<Pace> {
        let Bounds { states, memory, .. } = &self.settings.bounds;
        let found = u64::from(self.found.states.found());
        let pace = self.pace.that_fits(|new| states.is_none_or(|most| found.saturating_add(new) <= most));
        // The bound on states is kept to the state: the smallest round may meet it.
        let pace = pace.unwrap_or_else(|| self.pace.least());
        let Some(most) = *memory else {
            return Some(pace);
        };
        let ahead = |new: u64| self.found.states.bytes_with(new).saturating_add(self.found.table.bytes_with(new));
        Some(pace.min(self.pace.that_fits(|new| ahead(new) <= most)?))
    }

    fn violation(&self) -> Option<Stop> {
        let violated =
            self.tally.findings.iter().zip(&self.breaking).any(|(finding, &breaking)| breaking && finding.is_some());
        (violated && !self.settings.keep_going).then_some(Stop::Violation)
    }

    fn weigh(&mut self) {
        self.bytes = self.found.states.bytes() + self.found.table.bytes();
    }

    fn progress(&self, level: u32) -> Progress {
        let found = self.found.states.found();
        Progress {
            level,
            distinct: u64::from(found),
            edges: self.tally.edges(),
            waiting: u64::from(found - self.expanded),
            bytes: self.bytes,
            elapsed: self.began.elapsed(),
        }
    }

    fn finish(mut self, stop: Stop) -> Explored<M::Key> {
        let found = self.found.states.found();
        // A state that will never be expanded can still be judged, unless the user or the answer is in a hurry.
        let examined = match stop {
            Stop::Exhausted | Stop::States | Stop::Memory | Stop::Depth => found,
            Stop::Violation | Stop::Time | Stop::Cancelled => self.expanded,
        };
        for number in self.expanded..examined {
            let state = self.expander.model.unpack(&self.found.states.key(number));
            self.expander.judge(number, &state, &mut self.tally);
        }
        // States found on the way through the last frontier belong to a level that was not begun.
        if self.frontier_end < found {
            self.levels.push(self.frontier_end);
        }
        Explored {
            states: self.found.states,
            tally: self.tally,
            levels: self.levels,
            expanded: self.expanded,
            examined,
            bytes: self.bytes,
            threads: self.team.as_ref().map_or(1, Team::size),
            stop,
        }
    }
}
