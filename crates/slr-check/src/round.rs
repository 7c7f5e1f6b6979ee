//! A round: expanding a run of the frontier and numbering the states found.
//!
//! The order of discovery is fixed: parents by number, steps in the model's order, and a state counts for the step
//! that comes first. One thread follows that order literally ([`alone`]). Several ([`Team`]) expand chunks of the
//! round and drop what the visited set holds; then each lane of shards is filled by one of them, in the fixed order; and
//! last the winners are numbered, in the fixed order. So both give the same numbers.

use rayon::ThreadPool;
use rayon::prelude::*;

use crate::expand::{Batch, Expander, Tally, Visited};
use crate::states::{MOST_STATES, NOBODY, StateNumber, States};
use crate::table::{SHARDS, Table, shard_of};
use crate::{Key, Model};

/// States expanded in a round. The rest of the program looks up (bounds, progress, reduction's proviso) between rounds,
/// so this must not depend on the number of threads.
pub(crate) const ROUND: u32 = 1 << 14;
/// States expanded as one task.
const CHUNK: u32 = 1024;
/// Parts of the visited set that are filled by one thread each.
const LANES: usize = 16;
const SHARDS_PER_LANE: usize = SHARDS / LANES;

/// What a round changes.
pub(crate) struct Found<K> {
    pub(crate) states: States<K>,
    pub(crate) table: Table,
    /// Whether the table's notes number the states, for exact comparison.
    pub(crate) compare: bool,
    /// Whether a state was found for which there was no room.
    pub(crate) overflowed: bool,
}

impl<K: Key> Found<K> {
    pub(crate) const fn visited(&self) -> Visited<'_, K> {
        Visited {
            table: &self.table,
            states: &self.states,
            compare: self.compare,
        }
    }

    /// Adds a state found by a step from `parent`, unless it is known.
    #[inline]
    pub(crate) fn add(&mut self, fingerprint: u64, key: K, parent: StateNumber) {
        let Self {
            states,
            table,
            compare,
            overflowed,
        } = self;
        let same = |note: StateNumber| !*compare || states.key(note) == key;
        if states.is_full() {
            *overflowed |= table.find(fingerprint, same).is_none();
        } else if table.insert(fingerprint, states.found(), same) {
            states.add(key, parent);
        }
    }
}

/// A round by one thread.
pub(crate) fn alone<M: Model>(
    expander: &Expander<'_, M>,
    round: std::ops::Range<StateNumber>,
    found: &mut Found<M::Key>,
    batch: &mut Batch<M::Key>,
) {
    let mut next = round.start;
    while next < round.end {
        let first = next;
        batch.clear();
        while next < round.end && !batch.is_full() {
            expander.expand(next, &found.states, &found.visited(), batch);
            next += 1;
        }
        batch.sift(&found.visited());
        for (fingerprint, key, parent) in batch.unseen() {
            found.add(fingerprint, key, first + parent);
        }
    }
}

/// Several threads, or one where reduction needs the visited set to stand still during a round.
pub(crate) struct Team<K> {
    pool: Option<ThreadPool>,
    chunks: Vec<Chunk<K>>,
    lanes: Vec<Lane<K>>,
}

/// What expanding one chunk leaves.
struct Chunk<K> {
    batch: Batch<K>,
    /// By lane, the states that were not visited before the round.
    candidates: Vec<Vec<Candidate<K>>>,
    /// The lane of each candidate, in the order of discovery.
    order: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Candidate<K> {
    fingerprint: u64,
    key: K,
    parent: StateNumber,
}

/// What filling one lane of the visited set leaves.
struct Lane<K> {
    /// The candidates that turned out new.
    winners: Vec<Candidate<K>>,
    /// For each candidate of the lane, whether it was new.
    won: Vec<bool>,
    /// How far numbering has come in `won` and `winners`.
    next: usize,
    next_winner: usize,
}

/// Marks the note of a state that has no number yet but a place among the winners of its lane.
const UNNUMBERED: u32 = MOST_STATES;

impl<K: Key> Team<K> {
    pub(crate) fn new(threads: u16, tally: &Tally, compare: bool) -> Self {
        let chunk = || Chunk {
            batch: Batch::new(tally.clone(), compare),
            candidates: (0..LANES).map(|_| Vec::new()).collect(),
            order: Vec::new(),
        };
        let lane = || Lane {
            winners: Vec::new(),
            won: Vec::new(),
            next: 0,
            next_winner: 0,
        };
        // Where no threads can be had, the one that asks does all the work, with the same result.
        let pool = (threads > 1)
            .then(|| {
                rayon::ThreadPoolBuilder::new()
                    .num_threads(usize::from(threads))
                    .build()
                    .ok()
            })
            .flatten();
        Self {
            pool,
            chunks: (0..ROUND / CHUNK).map(|_| chunk()).collect(),
            lanes: (0..LANES).map(|_| lane()).collect(),
        }
    }

    /// A round by all threads.
    pub(crate) fn together<M: Model<Key = K>>(
        &mut self,
        expander: &Expander<'_, M>,
        round: std::ops::Range<StateNumber>,
        found: &mut Found<K>,
        tally: &mut Tally,
    ) {
        let starts: Vec<StateNumber> = round.clone().step_by(CHUNK as usize).collect();
        let chunks = &mut self.chunks[..starts.len()];
        each(
            self.pool.as_ref(),
            chunks.iter_mut().zip(&starts).collect(),
            |(chunk, &start)| {
                chunk.expand(
                    expander,
                    start..(start + CHUNK).min(round.end),
                    &found.visited(),
                );
            },
        );

        let chunks = &self.chunks[..starts.len()];
        let Found {
            states,
            table,
            compare,
            ..
        } = found;
        let shards = table.shards_mut().chunks_mut(SHARDS_PER_LANE);
        each(
            self.pool.as_ref(),
            self.lanes.iter_mut().zip(shards).enumerate().collect(),
            |(number, (lane, shards))| {
                lane.winners.clear();
                lane.won.clear();
                for chunk in chunks {
                    for candidate in &chunk.candidates[number] {
                        let new = lane.insert(
                            candidate,
                            &mut shards[shard_of(candidate.fingerprint) % SHARDS_PER_LANE],
                            states,
                            *compare,
                        );
                        lane.won.push(new);
                    }
                }
            },
        );

        self.number_winners(starts.len(), found);
        for chunk in &mut self.chunks[..starts.len()] {
            tally.take(&mut chunk.batch.tally);
        }
    }

    fn number_winners(&mut self, chunks: usize, found: &mut Found<K>) {
        for lane in &mut self.lanes {
            lane.next = 0;
            lane.next_winner = 0;
        }
        for chunk in &self.chunks[..chunks] {
            for &number in &chunk.order {
                let lane = &mut self.lanes[usize::from(number)];
                if lane.won[lane.next] {
                    let Candidate {
                        fingerprint,
                        key,
                        parent,
                    } = lane.winners[lane.next_winner];
                    if found.compare {
                        let before = unnumbered(lane.next_winner);
                        let shard = &mut found.table.shards_mut()[shard_of(fingerprint)];
                        shard.renote(fingerprint, before, found.states.found());
                    }
                    found.overflowed |= !found.states.add(key, parent);
                    lane.next_winner += 1;
                }
                lane.next += 1;
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the winners of a round are far fewer than the states there can be"
)]
const fn unnumbered(winner: usize) -> u32 {
    UNNUMBERED | winner as u32
}

impl<K: Key> Chunk<K> {
    fn expand<M: Model<Key = K>>(
        &mut self,
        expander: &Expander<'_, M>,
        parents: std::ops::Range<StateNumber>,
        visited: &Visited<'_, K>,
    ) {
        self.order.clear();
        for candidates in &mut self.candidates {
            candidates.clear();
        }
        let mut next = parents.start;
        while next < parents.end {
            let first = next;
            self.batch.clear();
            while next < parents.end && !self.batch.is_full() {
                expander.expand(next, visited.states, visited, &mut self.batch);
                next += 1;
            }
            self.batch.sift(visited);
            self.keep_candidates(first, visited);
        }
    }

    /// Keeps the steps of the batch that lead to states which are not in the visited set.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "there are fewer than 256 lanes"
    )]
    fn keep_candidates(&mut self, first: StateNumber, visited: &Visited<'_, K>) {
        for (fingerprint, key, parent) in self.batch.unseen() {
            if !visited.holds(fingerprint, &key) {
                let lane = shard_of(fingerprint) / SHARDS_PER_LANE;
                self.candidates[lane].push(Candidate {
                    fingerprint,
                    key,
                    parent: first + parent,
                });
                self.order.push(lane as u8);
            }
        }
    }
}

impl<K: Key> Lane<K> {
    /// Adds a candidate to its shard, unless it is there. Returns whether it was added.
    #[inline]
    fn insert(
        &mut self,
        candidate: &Candidate<K>,
        shard: &mut crate::table::Shard,
        states: &States<K>,
        compare: bool,
    ) -> bool {
        let winners = &self.winners;
        let same = |note: u32| {
            !compare
                || candidate.key
                    == if note & UNNUMBERED == 0 {
                        states.key(note)
                    } else {
                        winners[(note & !UNNUMBERED) as usize].key
                    }
        };
        let new = shard.insert(candidate.fingerprint, unnumbered(winners.len()), same);
        if new {
            self.winners.push(*candidate);
        }
        new
    }
}

/// Does `work` on every item, by the threads of the pool if there is one.
pub(crate) fn each<T: Send>(pool: Option<&ThreadPool>, items: Vec<T>, work: impl Fn(T) + Sync) {
    match pool {
        Some(pool) => pool.install(|| items.into_par_iter().with_max_len(1).for_each(&work)),
        None => items.into_iter().for_each(work),
    }
}

/// The number of the parent of an initial state.
pub(crate) const NO_PARENT: StateNumber = NOBODY;
