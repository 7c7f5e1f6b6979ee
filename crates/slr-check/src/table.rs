//! The visited set: open addressing over eight-byte slots.
//!
//! A slot holds the fingerprint of a state; for one-word keys that *is* the state. Eight slots are a bucket: a cache
//! line. The bucket of a fingerprint is its high bits scaled to the number of buckets: growth, which doubles it, keeps the order and walks both
//! tables front to back. A bucket is filled from its front and
//! compared whole: which of its slots matches nobody could foretell, and one wrong guess costs more than eight comparisons. A
//! fingerprint goes into the next bucket only where the first is full. The set is cut
//! into shards by the topmost bits: growing one at a time keeps the old copy small, and threads own shards while they insert.
//!
//! How large a shard is depends only on how many states it holds, never on who inserted them or how: memory bounds thus
//! stop at the same place whatever the number of threads.

const SHARD_BITS: u32 = 6;
/// The number of shards.
pub(crate) const SHARDS: usize = 1 << SHARD_BITS;
const FIRST_BUCKETS: usize = 3;
const BUCKET: usize = 8;
const EMPTY: u64 = 0;
/// So many buckets are loaded before the first of them is read: they are half of what the nearest cache holds.
const AT_ONCE: usize = 256;

/// A set of fingerprints, each with a `u32` beside it if the set was made so.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Box<[Shard; SHARDS]>,
}

/// The part of a [`Table`] that holds the fingerprints with the same topmost bits. It lies apart from the others, which another thread
/// may be filling.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Shard {
    buckets: Vec<Bucket>,
    /// What stands beside each slot; empty if nothing does.
    notes: Vec<[u32; BUCKET]>,
    noted: bool,
    held: usize,
    /// Fingerprint 0, which marks an empty slot, and its note.
    zero: Option<u32>,
}

/// A cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Bucket([u64; BUCKET]);

/// The shard in which `fingerprint` belongs.
#[inline]
pub(crate) const fn shard_of(fingerprint: u64) -> usize {
    (fingerprint >> (u64::BITS - SHARD_BITS)) as usize
}

/// Loads what `glances` look at into the cache. The loads do not wait for each other, as those of one lookup after the
/// other would.
#[inline]
pub(crate) fn touch(glances: impl Iterator<Item = u64>) {
    // What was loaded does not matter, but the compiler must not see that.
    std::hint::black_box(glances.fold(0, |all, glance| all | glance));
}

impl Table {
    /// An empty table; `noted` says whether each fingerprint has a note.
    pub(crate) fn new(noted: bool) -> Self {
        Self { shards: Box::new(std::array::from_fn(|_| Shard::new(noted))) }
    }

    /// Loads the buckets of `fingerprints` into the cache.
    #[inline]
    pub(crate) fn touch(&self, fingerprints: impl Iterator<Item = u64>) {
        touch(fingerprints.map(|fingerprint| self.shard(fingerprint).glance(fingerprint)));
    }

    /// Keeps in `unseen` the places of those `states` whose fingerprints lie in neither the first nor the second of their buckets:
    /// of nearly all steps no more has to be asked.
    pub(crate) fn sift<T>(&self, states: &[T], fingerprint: impl Fn(&T) -> u64, unseen: &mut Vec<u32>) {
        unseen.clear();
        unseen.extend((0u32..).take(states.len()));
        let fingerprint = |place: u32| fingerprint(&states[place as usize]);
        keep_absent(unseen, fingerprint, |fingerprint| self.shard(fingerprint).first(fingerprint));
        keep_absent(unseen, fingerprint, |fingerprint| self.shard(fingerprint).second(fingerprint));
    }

    #[inline]
    const fn shard(&self, fingerprint: u64) -> &Shard {
        &self.shards[shard_of(fingerprint)]
    }

    /// The note of `fingerprint`, if it is here and `same` accepts its note (a table without notes asks `same(0)`).
    #[inline]
    pub(crate) fn find(&self, fingerprint: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        self.shard(fingerprint).find(fingerprint, same)
    }

    /// Adds `fingerprint` unless it is here and `same` accepts its note. Returns whether it was added.
    #[inline]
    pub(crate) fn insert(&mut self, fingerprint: u64, note: u32, same: impl Fn(u32) -> bool) -> bool {
        self.shards[shard_of(fingerprint)].insert(fingerprint, note, same)
    }

    pub(crate) fn shards_mut(&mut self) -> &mut [Shard] {
        self.shards.as_mut_slice()
    }

    /// Bytes that slots and notes would take with so many fingerprints more.
    ///
    /// They spread evenly over the shards; twice as many as come to each are counted, and some more.
    pub(crate) fn bytes_with(&self, more: u64) -> u64 {
        let to_each = usize::try_from(more / (SHARDS as u64 / 2)).unwrap_or(usize::MAX).saturating_add(BUCKET * 2);
        self.shards.iter().map(|shard| shard.bytes_with(to_each)).sum()
    }

    /// Bytes held by slots and notes.
    pub(crate) fn bytes(&self) -> u64 {
        self.shards.iter().map(Shard::bytes).sum()
    }
}

/// Keeps the places of the fingerprints that do not lie in the bucket named for them. Nothing here branches on what is found, and what
/// loads the buckets does little else, so that many of them are on their way at once.
#[inline]
fn keep_absent<'t>(places: &mut Vec<u32>, fingerprint: impl Fn(u32) -> u64, bucket: impl Fn(u64) -> &'t Bucket) {
    let mut buckets = [const { &Bucket::EMPTY }; AT_ONCE];
    let mut kept = 0;
    for first in (0..places.len()).step_by(AT_ONCE) {
        let some = first..places.len().min(first + AT_ONCE);
        for (bucket_of, &place) in buckets.iter_mut().zip(&places[some.clone()]) {
            *bucket_of = bucket(fingerprint(place));
        }
        touch(buckets.iter().take(some.len()).map(|bucket| bucket.0[0]));
        for (at, bucket) in some.zip(&buckets) {
            let place = places[at];
            let fingerprint = fingerprint(place);
            let absent = bucket.places_of(fingerprint) == 0;
            places[kept] = place;
            kept += usize::from(absent) | usize::from(fingerprint == EMPTY);
        }
    }
    places.truncate(kept);
}

impl Bucket {
    const EMPTY: Self = Self([EMPTY; BUCKET]);

    /// The places where `fingerprint` lies, each a bit. It is reckoned, not searched: whether and where it lies nobody could foretell.
    #[inline]
    fn places_of(&self, fingerprint: u64) -> u32 {
        self.0.iter().rev().fold(0, |places, &slot| places << 1 | u32::from(slot == fingerprint))
    }

    #[inline]
    const fn is_full(&self) -> bool {
        self.0[BUCKET - 1] != EMPTY
    }

    #[inline]
    fn held(&self) -> usize {
        self.0.iter().map(|&slot| usize::from(slot != EMPTY)).sum()
    }
}

impl Shard {
    fn new(noted: bool) -> Self {
        let mut shard = Self { buckets: Vec::new(), notes: Vec::new(), noted, held: 0, zero: None };
        shard.clear(FIRST_BUCKETS);
        shard
    }

    fn clear(&mut self, buckets: usize) {
        self.buckets = vec![Bucket::EMPTY; buckets];
        self.notes = vec![[0; BUCKET]; if self.noted { buckets } else { 0 }];
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the product's high word is below the number of buckets")]
    fn home(&self, fingerprint: u64) -> usize {
        ((u128::from(fingerprint << SHARD_BITS) * self.buckets.len() as u128) >> u64::BITS) as usize
    }

    /// The bucket in which `fingerprint` lies unless that was full before.
    #[inline]
    fn first(&self, fingerprint: u64) -> &Bucket {
        &self.buckets[self.home(fingerprint)]
    }

    /// The bucket in which `fingerprint` lies if the first is full, otherwise the first.
    #[inline]
    fn second(&self, fingerprint: u64) -> &Bucket {
        let home = self.home(fingerprint);
        &self.buckets[if self.buckets[home].is_full() { self.after(home) } else { home }]
    }

    /// The first slot of the bucket for `fingerprint`.
    #[inline]
    pub(crate) fn glance(&self, fingerprint: u64) -> u64 {
        self.first(fingerprint).0[0]
    }

    #[inline]
    fn after(&self, bucket: usize) -> usize {
        if bucket + 1 == self.buckets.len() { 0 } else { bucket + 1 }
    }

    #[inline]
    fn find(&self, fingerprint: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        if fingerprint == EMPTY {
            return self.zero.filter(|&note| same(note));
        }
        self.look(fingerprint, same).ok()
    }

    /// The note of `fingerprint`, if it is here and `same` accepts it, or the bucket that has room for it.
    #[inline]
    fn look(&self, fingerprint: u64, same: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mut at = self.home(fingerprint);
        loop {
            let bucket = &self.buckets[at];
            let mut places = bucket.places_of(fingerprint);
            if places != 0 && !self.noted {
                return Ok(0);
            }
            while places != 0 {
                let note = self.notes[at][places.trailing_zeros() as usize % BUCKET];
                if same(note) {
                    return Ok(note);
                }
                places &= places - 1;
            }
            if !bucket.is_full() {
                return Err(at);
            }
            at = self.after(at);
        }
    }

    /// See [`Table::insert`].
    #[inline]
    pub(crate) fn insert(&mut self, fingerprint: u64, note: u32, same: impl Fn(u32) -> bool) -> bool {
        if fingerprint == EMPTY {
            return self.insert_zero(note);
        }
        let Err(at) = self.look(fingerprint, same) else {
            return false;
        };
        if self.is_full() {
            self.grow();
            self.put(fingerprint, note);
        } else {
            self.set(at, fingerprint, note);
        }
        self.held += 1;
        true
    }

    #[cold]
    fn insert_zero(&mut self, note: u32) -> bool {
        let new = self.zero.is_none();
        self.zero.get_or_insert(note);
        new
    }

    /// Replaces the note `before` of `fingerprint` by `after`; both must be here, in a table with notes.
    pub(crate) fn renote(&mut self, fingerprint: u64, before: u32, after: u32) {
        if fingerprint == EMPTY {
            self.zero = Some(after);
            return;
        }
        let mut at = self.home(fingerprint);
        loop {
            let slots = self.buckets[at].0.iter().zip(&mut self.notes[at]);
            for (&slot, note) in slots {
                if slot == fingerprint && *note == before {
                    *note = after;
                    return;
                }
            }
            at = self.after(at);
        }
    }

    const fn is_full(&self) -> bool {
        self.held >= Self::most_in(self.buckets.len())
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let old_buckets = std::mem::take(&mut self.buckets);
        let old_notes = std::mem::take(&mut self.notes);
        self.clear(old_buckets.len() * 2);
        for (bucket, slots) in old_buckets.iter().enumerate() {
            // They are filled from their front.
            for (slot, &fingerprint) in slots.0.iter().enumerate().take_while(|&(_, &slot)| slot != EMPTY) {
                self.put(fingerprint, if self.noted { old_notes[bucket][slot] } else { 0 });
            }
        }
    }

    /// Adds a fingerprint that is known to be absent to a shard that has room.
    #[inline]
    fn put(&mut self, fingerprint: u64, note: u32) {
        let mut at = self.home(fingerprint);
        while self.buckets[at].is_full() {
            at = self.after(at);
        }
        self.set(at, fingerprint, note);
    }

    /// Adds a fingerprint to a bucket that has room.
    #[inline]
    fn set(&mut self, at: usize, fingerprint: u64, note: u32) {
        let bucket = &mut self.buckets[at];
        let slot = bucket.held() % BUCKET;
        bucket.0[slot] = fingerprint;
        if self.noted {
            self.notes[at][slot] = note;
        }
    }

    const fn bytes(&self) -> u64 {
        self.bytes_of(self.buckets.len())
    }

    const fn bytes_of(&self, buckets: usize) -> u64 {
        let notes = if self.noted { size_of::<[u32; BUCKET]>() } else { 0 };
        buckets as u64 * (size_of::<Bucket>() + notes) as u64
    }

    fn bytes_with(&self, more: usize) -> u64 {
        let held = self.held.saturating_add(more);
        let mut buckets = self.buckets.len();
        while held > Self::most_in(buckets) {
            buckets *= 2;
        }
        self.bytes_of(buckets)
    }

    /// Three quarters: beyond, many buckets overflow.
    const fn most_in(buckets: usize) -> usize {
        buckets * BUCKET / 4 * 3
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Key;

    #[test]
    fn holds_what_was_inserted_through_many_growths() {
        let mut table = Table::new(true);
        let mut reference = BTreeMap::new();
        for number in 0..20_000u32 {
            // Every third value comes twice; the fingerprint 0 is among them.
            let fingerprint = if number == 77 { 0 } else { u64::from(number / 3 * 2).fingerprint() };
            let new = table.insert(fingerprint, number, |_| true);
            assert_eq!(new, !reference.contains_key(&fingerprint));
            reference.entry(fingerprint).or_insert(number);
        }
        for (&fingerprint, &note) in &reference {
            assert_eq!(table.find(fingerprint, |_| true), Some(note));
        }
        assert_eq!(table.find(u64::MAX.fingerprint(), |_| true), None);
    }

    #[test]
    fn one_fingerprint_may_stand_for_several_states_that_the_caller_tells_apart() {
        let mut table = Table::new(true);
        for state in 0..200u32 {
            let same = |note: u32| note == state;
            assert!(table.insert(9, state, same));
            assert!(!table.insert(9, state, same));
        }
        for state in 0..200u32 {
            assert_eq!(table.find(9, |note| note == state), Some(state));
        }
        table.shards_mut()[0].renote(9, 150, 5000);
        assert_eq!(table.find(9, |note| note == 5000), Some(5000));
        assert_eq!(table.find(9, |note| note == 150), None);
    }

    #[test]
    fn sifting_keeps_what_is_absent_and_little_else() {
        let mut table = Table::new(false);
        let fingerprint = |number: u32| if number == 3 { 0 } else { u64::from(number).fingerprint() };
        let mut looked = 0;
        let mut kept_though_held = 0;
        for held in 0..20_000u32 {
            table.insert(fingerprint(held), 0, |_| true);
            if held % 500 != 0 {
                continue;
            }
            let states: Vec<u64> = (0..2 * held).map(fingerprint).collect();
            let mut unseen = Vec::new();
            table.sift(&states, |&fingerprint| fingerprint, &mut unseen);
            let absent: Vec<u32> = unseen.iter().copied().filter(|&place| place > held).collect();
            assert_eq!(absent, (held + 1..2 * held).collect::<Vec<_>>());
            assert!(held < 3 || unseen.contains(&3), "no bucket tells whether 0 is held");
            (looked, kept_though_held) = (looked + held, kept_though_held + unseen.len() - absent.len());
        }
        assert!(kept_though_held * 50 < looked as usize, "{kept_though_held} of {looked}");
    }

    #[test]
    fn clustered_fingerprints_wrap_around() {
        let mut table = Table::new(false);
        // The last shard's last bucket: growth moves the ones that wrapped to the front back to their home.
        for low in 0..100 {
            assert!(table.insert(u64::MAX - low, 0, |_| true));
        }
        for low in 0..100 {
            assert!(!table.insert(u64::MAX - low, 0, |_| true));
        }
    }

    #[test]
    fn size_depends_on_the_contents_alone() {
        let fingerprints: Vec<u64> = (0..5000u64).map(|n| n.fingerprint()).collect();
        let mut forwards = Table::new(false);
        let mut backwards = Table::new(false);
        for (&a, &b) in fingerprints.iter().zip(fingerprints.iter().rev()) {
            forwards.insert(a, 0, |_| true);
            forwards.insert(a, 0, |_| true);
            backwards.insert(b, 0, |_| true);
        }
        assert_eq!(forwards.bytes(), backwards.bytes());
        assert!(forwards.bytes_with(0) >= forwards.bytes());
        let foreseen = Table::new(false).bytes_with(5000);
        assert!(foreseen >= forwards.bytes() && foreseen < 3 * forwards.bytes(), "{foreseen}");
        assert!(forwards.bytes() < 5000 * 22);
    }
}
