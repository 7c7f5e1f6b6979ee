//! A round: expanding a run of the frontier and numbering the states found.
//!
//! The order of discovery is fixed: parents by number, steps in the model's order, and a state counts for the step
//! that comes first. One thread follows that order literally ([`alone`]). Several ([`Team`]) expand chunks of the
//! round and drop what the visited set holds; then each lane of shards is filled by one of them, in the fixed order; and
//! last the winners are numbered, in the fixed order. So both give the same numbers.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::crew::Crew;
use crate::expand::{Batch, Expander, Tally, Visited};
use crate::key::filed_under;
use crate::states::{MOST_STATES, NOBODY, StateNumber, States};
use crate::table::{SHARDS, Shard, Table, shard_of, touch};
use crate::{Key, Model};

/// Chunks that a round has at the most: enough for the last one to end not long after the others.
const CHUNKS: u32 = 16;
/// States that a chunk has at the most.
const CHUNK: u32 = 512;
/// Steps after which a chunk of the greatest rounds ends.
const CHUNK_STEPS: u64 = 1 << 15;
/// Steps after which a chunk of the smallest rounds ends.
const LEAST_STEPS: u64 = 1 << 11;

/// How much is done in a round. The rest of the program looks up (bounds, progress, reduction's proviso) between rounds,
/// so none of this may depend on the number of threads.
///
/// A chunk is expanded as one task. It ends early, with a state expanded whole, when it has generated more steps than it may; the round
/// then ends there, too, and what was expanded behind that place is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    chunks: u32,
    /// States a chunk.
    parents: u32,
    /// Steps a chunk.
    steps: u64,
}

impl Pace {
    /// The pace at which an exploration begins.
    pub(crate) const fn first() -> Self {
        Self { chunks: CHUNKS, parents: CHUNK, steps: CHUNK_STEPS }
    }

    /// The greatest round, after the experience of those before, in which no more new states are found than `fits` allows; `None` if it
    /// allows no round at all. A state that has more steps than a chunk may have comes on top.
    pub(crate) fn that_fits(self, fits: impl Fn(u64) -> bool) -> Option<Self> {
        let mut steps = CHUNK_STEPS;
        while steps >= LEAST_STEPS {
            if fits(steps * u64::from(CHUNKS)) {
                return Some(Self { chunks: CHUNKS, steps, ..self });
            }
            steps /= 2;
        }
        fits(LEAST_STEPS).then_some(Self { chunks: 1, steps: LEAST_STEPS, ..self })
    }

    /// The smaller of two paces.
    pub(crate) fn min(self, other: Self) -> Self {
        if (self.chunks, self.steps) <= (other.chunks, other.steps) { self } else { other }
    }

    /// The smallest round.
    pub(crate) const fn least(self) -> Self {
        Self { chunks: 1, steps: LEAST_STEPS, ..self }
    }

    /// The states of the round that begins with the first of these.
    fn round(self, waiting: &Range<StateNumber>) -> Range<StateNumber> {
        waiting.start..waiting.end.min(waiting.start.saturating_add(self.chunks * self.parents))
    }

    /// The pace after a round, of which a chunk ended after so many states if one ended early: so that few do.
    fn after(self, early: Option<u32>) -> Self {
        let parents = match early {
            Some(states) => (states / 4 * 3).max(1),
            None => (self.parents + self.parents / 8 + 1).min(CHUNK),
        };
        Self { parents, ..self }
    }
}

/// What came of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Played {
    /// The states below this number are expanded.
    pub(crate) until: StateNumber,
    /// The pace to go on with.
    pub(crate) pace: Pace,
    /// Whether the time was up meanwhile.
    pub(crate) time_is_up: bool,
}

/// When an exploration has to end, if it has to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(pub(crate) Option<Instant>);

impl Deadline {
    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|at| Instant::now() >= at)
    }
}

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

/// A round by one thread: it begins with the first of the states that are waiting.
pub(crate) fn alone<M: Model>(
    expander: &Expander<'_, M>,
    waiting: &Range<StateNumber>,
    pace: Pace,
    deadline: Deadline,
    found: &mut Found<M::Key>,
    batch: &mut Batch<M::Key>,
) -> Played {
    let mut round = pace.round(waiting);
    let (mut next, mut early, mut time_is_up) = (round.start, None, false);
    let (mut chunk, mut steps, mut room) = (round.start, 0, None);
    while next < round.end && !time_is_up {
        let first = next;
        batch.clear();
        while next < round.end && !batch.is_full() {
            let before = batch.generated();
            expander.expand(next, &mut room, &found.states, &found.visited(), batch);
            next += 1;
            steps += batch.generated() - before;
            if next == chunk + pace.parents {
                (chunk, steps) = (next, 0);
            } else if steps >= pace.steps && next < round.end {
                early = Some(next - chunk);
                round.end = next;
            }
        }
        batch.sift(&found.visited());
        for (fingerprint, key, parent) in batch.unseen() {
            found.add(fingerprint, key, first + parent);
        }
        time_is_up = deadline.is_over();
    }
    Played { until: next, pace: pace.after(early), time_is_up }
}

/// Several threads, or one where reduction needs the visited set to stand still during a round.
pub(crate) struct Team<K> {
    crew: Crew,
    /// What each thread expands with. A thread takes chunks in ascending order, so that what it generated lately came
    /// earlier in the order of discovery too; and it takes them in a row, for states near each other share successors.
    batches: Vec<Batch<K>>,
    chunks: Vec<Chunk<K>>,
    lanes: Vec<Lane<K>>,
}

/// What expanding one chunk leaves: its candidates, the states that were not visited before the round.
#[repr(align(128))]
struct Chunk<K> {
    /// By lane, what is asked of it.
    asked: Vec<Asked<K>>,
    /// The lane of each candidate, in the order of discovery.
    order: Vec<u8>,
    /// The candidates and their parents in the same order, of which in the end those are left that were new.
    keys: Vec<K>,
    parents: Vec<StateNumber>,
    /// The states below this number are expanded.
    until: StateNumber,
    tally: Tally,
}

/// The candidates of a chunk that one lane is asked about: no more than it needs, for mostly it is filled by another thread.
struct Asked<K> {
    fingerprints: Vec<u64>,
    /// Where words are compared.
    keys: Vec<K>,
}

/// What filling one lane of the visited set leaves.
#[repr(align(128))]
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
        let chunk = || Chunk {
            asked: (0..LANES).map(|_| Asked { fingerprints: Vec::new(), keys: Vec::new() }).collect(),
            order: Vec::new(),
            keys: Vec::new(),
            parents: Vec::new(),
            until: 0,
            tally: tally.clone(),
        };
        let lane = || Lane { won: Vec::new(), winners: Vec::new() };
        let crew = Crew::of(threads, (CHUNKS as usize).max(LANES));
        Self {
            batches: (0..crew.size()).map(|_| Batch::new(tally.clone(), compare)).collect(),
            crew,
            chunks: (0..CHUNKS).map(|_| chunk()).collect(),
            lanes: (0..LANES).map(|_| lane()).collect(),
        }
    }

    /// How many threads there are: no more than find work.
    pub(crate) fn size(&self) -> usize {
        self.crew.size()
    }

    /// A round by all threads: it begins with the first of the states that are waiting.
    pub(crate) fn together<M: Model<Key = K>>(
        &mut self,
        expander: &Expander<'_, M>,
        waiting: &Range<StateNumber>,
        pace: Pace,
        deadline: Deadline,
        found: &mut Found<K>,
        tally: &mut Tally,
    ) -> Played {
        let round = pace.round(waiting);
        let starts: Vec<StateNumber> = round.clone().step_by(pace.parents as usize).collect();
        let end = |start: StateNumber| (start + pace.parents).min(round.end);
        let time_is_up = AtomicBool::new(false);
        self.crew.share_in_order(
            &mut self.batches,
            self.chunks.iter_mut().zip(&starts).collect(),
            |batch, (chunk, &start)| {
                let is_over = || {
                    let is_over = deadline.is_over();
                    time_is_up.fetch_or(is_over, Ordering::Relaxed) || is_over
                };
                chunk.expand(expander, start..end(start), pace.steps, &is_over, &found.visited(), batch);
                chunk.tally.take(&mut batch.tally);
            },
        );
        if time_is_up.into_inner() {
            // Half a round is none: nobody could say which steps were taken.
            return Played { until: round.start, pace, time_is_up: true };
        }
        let ended_early = |(chunk, start): &(&Chunk<K>, &StateNumber)| chunk.until < end(**start);
        let early = self.chunks.iter().zip(&starts).position(|chunk| ended_early(&chunk));
        let kept = early.map_or(starts.len(), |early| early + 1);
        if kept < starts.len() {
            for batch in &mut self.batches {
                batch.forget_recent();
            }
        }
        for (place, chunk) in self.chunks.iter_mut().take(starts.len()).enumerate() {
            let counted = std::mem::replace(&mut chunk.tally, tally.emptied());
            if place < kept {
                tally.take(&mut { counted });
            }
        }

        let chunks = &self.chunks[..kept];
        let Found { states, table, compare, .. } = found;
        let shards = table.shards_mut().chunks_mut(SHARDS_PER_LANE);
        let lanes = self.lanes.iter_mut().zip(shards).enumerate();
        self.crew.share(lanes.collect(), |(number, (lane, shards))| {
            lane.winners.clear();
            lane.won.clear();
            for chunk in chunks {
                lane.insert(&chunk.asked[number], shards, states, *compare);
            }
        });

        let (lanes, firsts) = (&self.lanes, firsts_of(chunks));
        let chunks = self.chunks[..kept].iter_mut().zip(firsts);
        self.crew.share(chunks.collect(), |(chunk, firsts)| chunk.find_winners(lanes, &firsts));
        self.number_winners(kept, found);
        let until = early.map_or(round.end, |early| self.chunks[early].until);
        Played { until, pace: pace.after(early.map(|early| until - starts[early])), time_is_up: false }
    }

    fn number_winners(&self, chunks: usize, found: &mut Found<K>) {
        let mut won = [0; LANES];
        for Chunk { keys, parents, .. } in &self.chunks[..chunks] {
            if found.compare {
                for (number, key) in (found.states.found()..).zip(keys) {
                    let fingerprint = filed_under(key);
                    let lane = shard_of(fingerprint) / SHARDS_PER_LANE;
                    let shard = &mut found.table.shards_mut()[shard_of(fingerprint)];
                    shard.renote(fingerprint, unnumbered(won[lane]), number);
                    won[lane] += 1;
                }
            }
            found.overflowed |= !found.states.add_all(keys, parents);
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
        parents: Range<StateNumber>,
        most_steps: u64,
        is_over: &impl Fn() -> bool,
        visited: &Visited<'_, K>,
        batch: &mut Batch<K>,
    ) {
        for Asked { fingerprints, keys } in &mut self.asked {
            fingerprints.clear();
            keys.clear();
        }
        self.order.clear();
        self.keys.clear();
        self.parents.clear();
        let (mut next, mut steps, mut room) = (parents.start, 0, None);
        while next < parents.end && steps < most_steps {
            let first = next;
            batch.clear();
            while next < parents.end && !batch.is_full() && steps + batch.generated() < most_steps {
                expander.expand(next, &mut room, visited.states, visited, batch);
                next += 1;
            }
            steps += batch.generated();
            batch.sift(visited);
            self.keep_candidates(first, visited, batch);
            if is_over() {
                break;
            }
        }
        self.until = next;
    }

    /// Keeps the steps of the batch that lead to states which are not in the visited set.
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 256 lanes")]
    fn keep_candidates(&mut self, first: StateNumber, visited: &Visited<'_, K>, batch: &Batch<K>) {
        for (fingerprint, key, parent) in batch.unseen() {
            // Where words are not compared, the batch was sifted by fingerprint: what is left is new, or lies behind a full bucket,
            // which the lane will see as soon as anybody.
            if !visited.compare || !visited.holds(fingerprint, &key) {
                let lane = shard_of(fingerprint) / SHARDS_PER_LANE;
                self.asked[lane].fingerprints.push(fingerprint);
                if visited.compare {
                    self.asked[lane].keys.push(key);
                }
                self.order.push(lane as u8);
                self.keys.push(key);
                self.parents.push(first + parent);
            }
        }
    }
}

/// For each chunk, which of its candidates is a lane's first of it.
fn firsts_of<K>(chunks: &[Chunk<K>]) -> Vec<[usize; LANES]> {
    let mut next = [0; LANES];
    let firsts = chunks.iter().map(|chunk| {
        let firsts = next;
        for (next, asked) in next.iter_mut().zip(&chunk.asked) {
            *next += asked.fingerprints.len();
        }
        firsts
    });
    firsts.collect()
}

impl<K: Key> Chunk<K> {
    /// Leaves the candidates that were new. `firsts` says which of its candidates is a lane's first of this chunk.
    fn find_winners(&mut self, lanes: &[Lane<K>], firsts: &[usize; LANES]) {
        let Self { order, keys, parents, .. } = self;
        let mut next = *firsts;
        let mut left = 0;
        // Which of them were new nobody could foretell: nothing here branches on it.
        for (at, &lane) in order.iter().enumerate() {
            let lane = usize::from(lane) % LANES;
            let new = lanes[lane].won[next[lane]];
            next[lane] += 1;
            keys[left] = keys[at];
            parents[left] = parents[at];
            left += usize::from(new);
        }
        keys.truncate(left);
        parents.truncate(left);
    }
}

impl<K: Key> Lane<K> {
    /// Adds candidates to their shards, unless they are there.
    fn insert(&mut self, asked: &Asked<K>, shards: &mut [Shard], states: &States<K>, compare: bool) {
        let Asked { fingerprints, keys } = asked;
        let shard_of = |fingerprint: u64| shard_of(fingerprint) % SHARDS_PER_LANE;
        touch(fingerprints.iter().map(|&fingerprint| shards[shard_of(fingerprint)].glance(fingerprint)));
        let Self { won, winners } = self;
        for (at, &fingerprint) in fingerprints.iter().enumerate() {
            let same = |note: u32| {
                !compare
                    || keys[at]
                        == if note & UNNUMBERED == 0 {
                            states.key(note)
                        } else {
                            winners[(note & !UNNUMBERED) as usize]
                        }
            };
            let new = shards[shard_of(fingerprint)].insert(fingerprint, unnumbered(winners.len()), same);
            if new && compare {
                winners.push(keys[at]);
            }
            won.push(new);
        }
    }
}

/// The number of the parent of an initial state.
pub(crate) const NO_PARENT: StateNumber = NOBODY;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Property, RuleId};

    /// Every state leads to the next hundred.
    struct Ladder;

    impl Model for Ladder {
        type State = u64;
        type Action = ();
        type Key = u64;

        fn initial_states(&self) -> Vec<u64> {
            (0..5_000).collect()
        }

        fn successors(&self, state: &u64, visit: &mut impl FnMut((), u64, u64)) {
            for step in 1..=100 {
                visit((), 1, state + 10_000 + step);
            }
        }

        fn pack(&self, state: &u64) -> u64 {
            *state
        }

        fn unpack(&self, key: &u64) -> u64 {
            *key
        }

        fn rules(&self) -> Vec<String> {
            vec!["climb".to_owned()]
        }

        fn rule(&self, (): &()) -> RuleId {
            RuleId(0)
        }

        fn properties(&self) -> Vec<Property<'_, u64, ()>> {
            Vec::new()
        }

        fn describe_state(&self, state: &u64) -> String {
            state.to_string()
        }

        fn describe_action(&self, (): &()) -> String {
            "climb".to_owned()
        }
    }

    fn begun() -> Found<u64> {
        let (states, table) = (States::new(None), Table::new(false));
        let mut found = Found { states, table, compare: false, overflowed: false };
        for state in Ladder.initial_states() {
            found.add(filed_under(&state), state, NO_PARENT);
        }
        found
    }

    /// What a round by one thread and by three does.
    fn both_ways(pace: Pace, deadline: Deadline) -> [(Played, u64, Vec<u64>); 2] {
        let expander = Expander::new(&Ladder, &[], false, false);
        let waiting = 0..5_000;
        let told = |played: Played, tally: &Tally, found: &Found<u64>| {
            (played, tally.edges(), (0..found.states.found()).map(|number| found.states.key(number)).collect())
        };
        let (mut tally, mut found) = (Tally::new(1, 0), begun());
        let mut batch = Batch::new(tally.clone(), false);
        let played = alone(&expander, &waiting, pace, deadline, &mut found, &mut batch);
        tally.take(&mut batch.tally);
        let by_one = told(played, &tally, &found);
        let (mut tally, mut found) = (Tally::new(1, 0), begun());
        let mut team = Team::new(3, &tally, false);
        let played = team.together(&expander, &waiting, pace, deadline, &mut found, &mut tally);
        [by_one, told(played, &tally, &found)]
    }

    #[test]
    fn a_round_ends_where_a_chunk_has_generated_enough() {
        let never = Deadline(None);
        for (pace, until) in [
            (Pace::first(), 328),
            (Pace { steps: 1 << 17, ..Pace::first() }, 5_000),
            (Pace { chunks: 1, parents: 10, steps: 2048 }, 10),
            (Pace { chunks: 1, parents: 1024, steps: 2048 }, 21),
            (Pace { chunks: 3, parents: 20, steps: 2000 }, 60),
        ] {
            let [by_one, by_three] = both_ways(pace, never);
            assert_eq!(by_one, by_three, "{pace:?}");
            assert_eq!((by_one.0.until, by_one.1), (until, u64::from(until) * 100), "{pace:?}");
        }
    }

    /// What was generated behind the end of a round is generated once more in the next one, and not taken for known.
    #[test]
    fn nothing_is_lost_behind_the_end_of_a_round() {
        let expander = Expander::new(&Ladder, &[], false, false);
        let all = |threads: u16| {
            let (mut tally, mut found) = (Tally::new(1, 0), begun());
            let mut team = Team::new(threads, &tally, false);
            let (mut waiting, mut pace, mut rounds) = (0..5_000, Pace::first(), 0);
            while !waiting.is_empty() {
                let played = team.together(&expander, &waiting, pace, Deadline(None), &mut found, &mut tally);
                (waiting.start, pace, rounds) = (played.until, played.pace, rounds + 1);
            }
            assert!(rounds > 2);
            (tally.edges(), found.states.found())
        };
        for threads in [1, 2, 5] {
            assert_eq!(all(threads), (500_000, 5_000 + 5_099));
        }
    }

    #[test]
    fn a_round_ends_when_the_time_is_up() {
        let pace = Pace { steps: 1 << 17, ..Pace::first() };
        let [by_one, by_three] = both_ways(pace, Deadline(Some(Instant::now())));
        // One thread has taken in a batch, several drop what they had begun.
        assert!(by_one.0.time_is_up && 0 < by_one.0.until && by_one.0.until < 5_000, "{:?}", by_one.0);
        assert_eq!(by_one.1, u64::from(by_one.0.until) * 100);
        assert_eq!((by_three.0.until, by_three.0.time_is_up, by_three.1), (0, true, 0));
        assert_eq!(by_three.2.len(), 5_000);
    }

    #[test]
    fn a_pace_is_as_great_as_fits() {
        let pace = Pace::first();
        let fitting = |most: u64| pace.that_fits(|new| new <= most);
        assert_eq!(fitting(u64::MAX), Some(pace));
        assert_eq!(fitting(u64::from(CHUNKS) << 12), Some(Pace { steps: 1 << 12, ..pace }));
        assert_eq!(fitting(3_000), Some(pace.least()));
        assert_eq!(fitting(2_000), None);
        assert_eq!(pace.after(Some(100)).parents, 75);
        assert_eq!(pace.after(Some(1)).parents, 1);
        assert_eq!(pace.after(Some(100)).after(None).parents, 85);
        assert_eq!(pace.after(None), pace);
    }
}
