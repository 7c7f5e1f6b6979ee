//! Breadth-first exploration by levels.

use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use crate::expand::{Batch, Expander, Tally};
use crate::key::filed_under;
use crate::property::Property;
use crate::round::{Found, NO_PARENT, ROUND, Team, alone};
use crate::states::{StateNumber, States};
use crate::table::Table;
use crate::{Key, Model, PropertyKind, Settings, Stop};

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
        bytes_of_last_round: 0,
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
    bytes_of_last_round: u64,
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
        for start in frontier.clone().step_by(ROUND as usize) {
            if let Some(stop) = self.reason_to_stop() {
                return ControlFlow::Break(stop);
            }
            if progress(&self.progress(level)).is_break() {
                return ControlFlow::Break(Stop::Cancelled);
            }
            let round = start..(start + ROUND).min(frontier.end);
            self.expanded = round.end;
            if let Some(team) = &mut self.team {
                team.together(&self.expander, round, &mut self.found, &mut self.tally);
            } else {
                alone(&self.expander, round, &mut self.found, &mut self.batch);
                self.tally.take(&mut self.batch.tally);
            }
            if self.found.overflowed {
                return ControlFlow::Break(Stop::States);
            }
            self.weigh();
            self.expander.forget_decided(&self.tally.findings);
        }
        // The last round of the last level is followed by no other that would ask.
        match self.violation() {
            Some(stop) => ControlFlow::Break(stop),
            None => ControlFlow::Continue(()),
        }
    }

    fn reason_to_stop(&self) -> Option<Stop> {
        let bounds = &self.settings.bounds;
        self.violation()
            .or_else(|| {
                // What the last round took, the next one may take too.
                let ahead = self.bytes.saturating_add(self.bytes_of_last_round);
                bounds.memory.is_some_and(|most| ahead > most).then_some(Stop::Memory)
            })
            .or_else(|| bounds.time.is_some_and(|most| self.began.elapsed() >= most).then_some(Stop::Time))
    }

    fn violation(&self) -> Option<Stop> {
        let violated =
            self.tally.findings.iter().zip(&self.breaking).any(|(finding, &breaking)| breaking && finding.is_some());
        (violated && !self.settings.keep_going).then_some(Stop::Violation)
    }

    fn weigh(&mut self) {
        let bytes = self.found.states.bytes() + self.found.table.bytes();
        self.bytes_of_last_round = bytes - self.bytes;
        self.bytes = bytes;
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
            stop,
        }
    }
}
