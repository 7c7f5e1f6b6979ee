//! A round: expanding a run of the frontier and numbering the states found.
//!
//! The order of discovery is fixed: parents by number, steps in the model's order, and a state counts for the step
//! that comes first. One thread follows that order literally ([`alone`]). Several ([`Team`]) expand chunks of the
//! round and drop what the visited set holds; then each lane of shards is filled by one of them, in the fixed order; and
//! last the winners are numbered, in the fixed order. So both give the same numbers.

use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;
use rayon::prelude::*;

use crate::expand::{Batch, Expander, Tally, Visited};
use crate::states::{MOST_STATES, NOBODY, StateNumber, States};
use crate::table::{SHARDS, Shard, Table, shard_of, touch};
use crate::{Key, Model};

/// States expanded in a round. The rest of the program looks up (bounds, progress, reduction's proviso) between rounds,
/// so this must not depend on the number of threads.
pub(crate) const ROUND: u32 = 1 << 13;
/// States expanded as one task.
const CHUNK: u32 = 512;
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
        Visited { table: &self.table, states: &self.states, compare: self.compare }
    }

    /// Adds a state found by a step from `parent`, unless it is known.
    #[inline]
    pub(crate) fn add(&mut self, fingerprint: u64, key: K, parent: StateNumber) {
        let Self { states, table, compare, overflowed } = self;
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
    /// What each thread expands with. A thread takes chunks in ascending order, so that what it generated lately came
    /// earlier in the order of discovery too.
    batches: Vec<Batch<K>>,
    chunks: Vec<Chunk<K>>,
    lanes: Vec<Lane<K>>,
}

/// What expanding one chunk leaves.
struct Chunk<K> {
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
    /// For each candidate of the lane, whether it was new.
    won: Vec<bool>,
    /// Where words are compared: the candidates that were new, for their notes to refer to.
    winners: Vec<K>,
}

/// Marks the note of a state that has no number yet but a place among the winners of its lane.
const UNNUMBERED: u32 = MOST_STATES;

impl<K: Key> Team<K> {
    pub(crate) fn new(threads: u16, tally: &Tally, compare: bool) -> Self {
        let chunk = || Chunk { candidates: (0..LANES).map(|_| Vec::new()).collect(), order: Vec::new() };
        let lane = || Lane { won: Vec::new(), winners: Vec::new() };
        // Where no threads can be had, the one that asks does all the work, with the same result.
        let pool = (threads > 1)
            .then(|| rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build().ok())
            .flatten();
        let batches = (0..threads).map(|_| Batch::new(tally.clone(), compare));
        Self {
            pool,
            batches: batches.collect(),
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
        let queue = Mutex::new(self.chunks.iter_mut().zip(&starts));
        // A thread that panics holding the queue takes the whole program down with it: nobody sees a poisoned one.
        let take = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        each(self.pool.as_ref(), self.batches.iter_mut().collect(), |batch| {
            while let Some((chunk, &start)) = take() {
                let parents = start..(start + CHUNK).min(round.end);
                chunk.expand(expander, parents, &found.visited(), batch);
            }
        });

        let chunks = &self.chunks[..starts.len()];
        let Found { states, table, compare, .. } = found;
        let shards = table.shards_mut().chunks_mut(SHARDS_PER_LANE);
        each(
            self.pool.as_ref(),
            self.lanes.iter_mut().zip(shards).enumerate().collect(),
            |(number, (lane, shards))| {
                lane.winners.clear();
                lane.won.clear();
                for chunk in chunks {
                    lane.insert(&chunk.candidates[number], shards, states, *compare);
                }
            },
        );

        self.number_winners(starts.len(), found);
        for batch in &mut self.batches {
            tally.take(&mut batch.tally);
        }
    }

    fn number_winners(&mut self, chunks: usize, found: &mut Found<K>) {
        let mut judged = [0; LANES];
        let mut won = [0; LANES];
        for chunk in &self.chunks[..chunks] {
            let mut next = [0; LANES];
            for &number in &chunk.order {
                let number = usize::from(number) % LANES;
                if self.lanes[number].won[judged[number]] {
                    let Candidate { fingerprint, key, parent } = chunk.candidates[number][next[number]];
                    if found.compare {
                        let before = unnumbered(won[number]);
                        let shard = &mut found.table.shards_mut()[shard_of(fingerprint)];
                        shard.renote(fingerprint, before, found.states.found());
                        won[number] += 1;
                    }
                    found.overflowed |= !found.states.add(key, parent);
                }
                judged[number] += 1;
                next[number] += 1;
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
        batch: &mut Batch<K>,
    ) {
        self.order.clear();
        for candidates in &mut self.candidates {
            candidates.clear();
        }
        let mut next = parents.start;
        while next < parents.end {
            let first = next;
            batch.clear();
            while next < parents.end && !batch.is_full() {
                expander.expand(next, visited.states, visited, batch);
                next += 1;
            }
            batch.sift(visited);
            self.keep_candidates(first, visited, batch);
        }
    }

    /// Keeps the steps of the batch that lead to states which are not in the visited set.
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 256 lanes")]
    fn keep_candidates(&mut self, first: StateNumber, visited: &Visited<'_, K>, batch: &Batch<K>) {
        for (fingerprint, key, parent) in batch.unseen() {
            // Where words are not compared, the batch was sifted by fingerprint: what is left is new, or lies behind a full bucket,
            // which the lane will see as soon as anybody.
            if !visited.compare || !visited.holds(fingerprint, &key) {
                let lane = shard_of(fingerprint) / SHARDS_PER_LANE;
                self.candidates[lane].push(Candidate { fingerprint, key, parent: first + parent });
                self.order.push(lane as u8);
            }
        }
    }
}

impl<K: Key> Lane<K> {
    /// Adds candidates to their shards, unless they are there.
    fn insert(&mut self, candidates: &[Candidate<K>], shards: &mut [Shard], states: &States<K>, compare: bool) {
        let shard_of = |candidate: &Candidate<K>| shard_of(candidate.fingerprint) % SHARDS_PER_LANE;
        touch(candidates.iter().map(|candidate| shards[shard_of(candidate)].glance(candidate.fingerprint)));
        let Self { won, winners } = self;
        for candidate in candidates {
            let same = |note: u32| {
                !compare
                    || candidate.key
                        == if note & UNNUMBERED == 0 {
                            states.key(note)
                        } else {
                            winners[(note & !UNNUMBERED) as usize]
                        }
            };
            let new = shards[shard_of(candidate)].insert(candidate.fingerprint, unnumbered(winners.len()), same);
            if new && compare {
                winners.push(candidate.key);
            }
            won.push(new);
        }
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
