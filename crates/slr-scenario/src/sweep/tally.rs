//! What is counted over many runs: sums and histograms that are the same in whatever order they are merged.

use serde::{Deserialize, Serialize};

use slr_core::rejection::Code;

use super::histogram::Histogram;

/// How many of the first seeds that fail are kept.
pub const FIRST_SEEDS: usize = 5;

/// What became of one property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// In how many runs it held; of what is to be true sometimes, in how many it was seen.
    pub held: u64,
    /// The first seeds in which it did not hold, the least first.
    pub failing: Vec<u64>,
}

impl Held {
    #[inline]
    pub(super) fn record(&mut self, holds: bool, is_required: bool, seed: u64) {
        if holds {
            self.held += 1;
        } else if is_required && self.failing.len() < FIRST_SEEDS {
            self.failing.push(seed);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.held += other.held;
        self.failing.extend(&other.failing);
        self.failing.sort_unstable();
        self.failing.truncate(FIRST_SEEDS);
    }
}

/// What is known of a role over many runs. Times are in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleTally {
    /// When it was first deleted, of the runs in which it was.
    pub deleted: Histogram,
    /// For how long sessions used it between the first request for its deletion and the deletion, or the run's end if there was none; of
    /// the runs with a request.
    pub waits_for_sessions: Histogram,
    /// The same for resources. While both use it, both count.
    pub waits_for_resources: Histogram,
}

impl RoleTally {
    fn merge(&mut self, other: &Self) {
        self.deleted.merge(&other.deleted);
        self.waits_for_sessions.merge(&other.waits_for_sessions);
        self.waits_for_resources.merge(&other.waits_for_resources);
    }
}

/// What is counted over many runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many runs.
    pub runs: u64,
    /// In how many everything came as expected.
    pub passed: Held,
    /// Per property.
    pub properties: Vec<Held>,
    /// Per operator, how many requests for deletion it made.
    pub attempts: Vec<Histogram>,
    /// Per role.
    pub roles: Vec<RoleTally>,
    /// Per code, in the order of [`Code::ALL`]: how many calls of a run were refused with it, of the runs in which one was.
    pub refused: Vec<Histogram>,
    /// How many calls were refused in a run.
    pub refusals: Histogram,
    /// How many actions a run had.
    pub steps: Histogram,
    /// How many events the actions caused, in all runs.
    pub events: u64,
    /// In how many runs an invariant of the model was broken.
    pub broken: u64,
    /// In how many runs time stood still.
    pub standstills: u64,
}

impl Tally {
    /// Nothing counted yet, of so many properties, operators and roles.
    pub fn new(properties: usize, operators: usize, roles: usize) -> Self {
        Self {
            properties: vec![Held::default(); properties],
            attempts: vec![Histogram::default(); operators],
            roles: vec![RoleTally::default(); roles],
            refused: vec![Histogram::default(); Code::ALL.len()],
            ..Self::default()
        }
    }

    /// Whether both count the same things.
    pub fn is_like(&self, other: &Self) -> bool {
        self.properties.len() == other.properties.len()
            && self.attempts.len() == other.attempts.len()
            && self.roles.len() == other.roles.len()
            && self.refused.len() == other.refused.len()
    }

    /// Takes in what another has counted of [the same things](Self::is_like).
    pub fn merge(&mut self, other: &Self) {
        self.runs += other.runs;
        self.passed.merge(&other.passed);
        self.properties.iter_mut().zip(&other.properties).for_each(|(a, b)| a.merge(b));
        self.attempts.iter_mut().zip(&other.attempts).for_each(|(a, b)| a.merge(b));
        self.roles.iter_mut().zip(&other.roles).for_each(|(a, b)| a.merge(b));
        self.refused.iter_mut().zip(&other.refused).for_each(|(a, b)| a.merge(b));
        self.refusals.merge(&other.refusals);
        self.steps.merge(&other.steps);
        self.events += other.events;
        self.broken += other.broken;
        self.standstills += other.standstills;
    }
}
