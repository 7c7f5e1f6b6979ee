//! One scenario under many seeds: in how many a property holds, and how what matters is distributed.
//!
//! Seeds are taken in chunks, in order, by as many threads as there are; every chunk that was taken is played to its end. What is
//! counted are integers whose sums do not depend on who counted what ([`Tally`]), so that the result is the same with any number of
//! threads, and that of an interrupted sweep is exactly that of a shorter one.

mod histogram;
mod paired;
mod runner;
mod shard;
mod summary;
mod tally;
mod vary;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use slr_core::universe::WorldError;
use slr_core::{IdSet, Universe};

use crate::expect::What;
use crate::lower::Lowered;
use runner::Runner;

pub use histogram::Histogram;
pub use paired::{Differences, MeanDifference, Paired};
pub use shard::{NotMergeable, Part, Sweep, Variant, merge};
pub use summary::{Bar, Interval, Names, Property, PropertySort, Spread, Summary, wilson};
pub use tally::{FIRST_SEEDS, Held, RoleTally, Tally};
pub use vary::{Choice, NotAVariation, Variation, combinations, varied};

/// How many seeds a thread takes at a time: enough to make taking them cheap, few enough to be soon done when asked to stop.
const CHUNK: u64 = 128;

/// What came of one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Row {
    /// The seed.
    pub seed: u64,
    /// Whether everything came as expected, as far as one run decides it.
    pub passed: bool,
    /// How many requests for deletion all operators made.
    pub attempts: u64,
    /// When, in milliseconds, the last of the operators' roles was first deleted; `None` if one was not. Without operators, of all
    /// service-linked roles.
    #[serde(rename = "deleted_ms")]
    pub deleted_millis: Option<u64>,
    /// For how many milliseconds sessions used those roles between the first request for their deletion and the deletion, or the run's end,
    /// the times of several roles added; `None` if no deletion was requested.
    #[serde(rename = "session_wait_ms")]
    pub session_wait_millis: Option<u64>,
    /// The same of resources. While both use a role, both count.
    #[serde(rename = "resource_wait_ms")]
    pub resource_wait_millis: Option<u64>,
    /// How many calls were refused.
    pub refusals: u64,
    /// How many actions there were.
    pub steps: u64,
}

/// Who listens to a sweep: hears the rows in the order of the seeds and says whether it goes on.
pub type Listener<'l> = dyn FnMut(&[Row]) -> bool + Send + 'l;

/// What came of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// The seeds that were played: all, or the first of them if the sweep was stopped.
    pub seeds: Range<u64>,
    /// What was counted.
    pub tally: Tally,
}

/// How many properties of a scenario are counted: its expectations, then the steps of its script.
pub(crate) fn properties(lowered: &Lowered) -> usize {
    lowered.expectations.len() + lowered.step_expectations.len()
}

/// Whether every run has to show it; what is to be true sometimes need not be seen in each.
pub(crate) const fn is_required(what: &What) -> bool {
    match what {
        What::Sometimes { .. } | What::Possible { .. } => false,
        What::Eventually { .. }
        | What::Always { .. }
        | What::Never { .. }
        | What::Finally { .. }
        | What::Tasks { .. }
        | What::Task { .. }
        | What::Refusals { .. }
        | What::Attempts { .. } => true,
    }
}

/// Runs a scenario under all the seeds on so many threads, until `stop` is set or the listener has heard enough.
///
/// The narrowest sets that hold the world are used; the runs are the same with any.
///
/// # Errors
/// [`WorldError`] if the world cannot begin.
pub fn sweep(
    lowered: &Lowered,
    seeds: Range<u64>,
    threads: usize,
    stop: &AtomicBool,
    listener: &mut Listener<'_>,
) -> Result<Swept, WorldError> {
    let world = || lowered.world.clone();
    match Universe::<u8>::new(world()) {
        Ok(universe) => return Ok(sweep_in(&universe, lowered, seeds, threads, stop, listener)),
        Err(WorldError::TooMany { what, .. }) if what != "operators" => {}
        Err(error) => return Err(error),
    }
    match Universe::<u64>::new(world()) {
        Ok(universe) => Ok(sweep_in(&universe, lowered, seeds, threads, stop, listener)),
        Err(WorldError::TooMany { what, .. }) if what != "operators" => {
            let universe = Universe::<slr_core::WideSet>::new(world())?;
            Ok(sweep_in(&universe, lowered, seeds, threads, stop, listener))
        }
        Err(error) => Err(error),
    }
}

fn sweep_in<S: IdSet>(
    universe: &Universe<S>,
    lowered: &Lowered,
    seeds: Range<u64>,
    threads: usize,
    stop: &AtomicBool,
    listener: &mut Listener<'_>,
) -> Swept {
    let initial = universe.initial();
    let line = Line::new(&seeds, stop, listener);
    let mut tally = Runner::new(universe, lowered, &initial).tally;
    thread::scope(|scope| {
        let work = || {
            let mut runner = Runner::new(universe, lowered, &initial);
            line.work(&mut runner);
            runner.tally
        };
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(counted) => tally.merge(&counted),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    let end = seeds.start + tally.runs;
    Swept { seeds: seeds.start..end, tally }
}

/// Hands out chunks of seeds, and lets those who played them pass in the order of the seeds.
struct Line<'l, 'f> {
    seeds: Range<u64>,
    next: AtomicU64,
    stop: &'l AtomicBool,
    gate: Mutex<Gate<'l, 'f>>,
    moved: Condvar,
}

struct Gate<'l, 'f> {
    /// Whose turn it is.
    turn: u64,
    /// Nobody waits for a turn any more.
    is_open: bool,
    listener: &'l mut Listener<'f>,
}

impl<'l, 'f> Line<'l, 'f> {
    fn new(seeds: &Range<u64>, stop: &'l AtomicBool, listener: &'l mut Listener<'f>) -> Self {
        Self {
            seeds: seeds.clone(),
            next: AtomicU64::new(0),
            stop,
            gate: Mutex::new(Gate { turn: 0, is_open: false, listener }),
            moved: Condvar::new(),
        }
    }

    fn gate(&self) -> MutexGuard<'_, Gate<'l, 'f>> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work<S: IdSet>(&self, runner: &mut Runner<'_, S>) {
        let _guard = OpensWhenPanicking(self);
        let mut rows = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let chunk = self.next.fetch_add(1, Ordering::Relaxed);
            let first = chunk.checked_mul(CHUNK).and_then(|offset| self.seeds.start.checked_add(offset));
            let Some(first) = first.filter(|first| *first < self.seeds.end) else {
                return;
            };
            rows.clear();
            rows.extend((first..self.seeds.end.min(first.saturating_add(CHUNK))).map(|seed| runner.run(seed)));
            self.pass(chunk, &rows);
        }
    }

    /// Waits until all earlier chunks have passed, and tells the rows.
    fn pass(&self, chunk: u64, rows: &[Row]) {
        let mut gate = self.gate();
        while gate.turn != chunk && !gate.is_open {
            gate = self.moved.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        // Rows that were played already are told even after a stop: what is counted and what is told stay the same.
        if !(gate.listener)(rows) {
            self.stop.store(true, Ordering::Relaxed);
        }
        gate.turn = gate.turn.max(chunk + 1);
        drop(gate);
        self.moved.notify_all();
    }

    fn open(&self) {
        self.gate().is_open = true;
        self.moved.notify_all();
    }
}

/// A thread that dies would leave the others waiting for its turn for ever.
struct OpensWhenPanicking<'a, 'l, 'f>(&'a Line<'l, 'f>);

impl Drop for OpensWhenPanicking<'_, '_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.open();
        }
    }
}
