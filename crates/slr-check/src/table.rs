//! The visited set: open addressing over eight-byte slots.
//!
//! A slot holds the fingerprint of a state; for one-word keys that *is* the state. Eight slots are a bucket: a cache
//! line. The bucket of a fingerprint is its high bits scaled to the number of buckets, so that tables need not be powers of two:
//! they grow by a half, and because growth keeps the order it walks both tables front to back. A bucket has two halves, each filled
//! from its front and searched whole without branching. A fingerprint goes into the one that the bits behind those of the bucket choose,
//! into the other where that is full, which costs no other look at the memory, and into the next bucket only where both are. The set is cut
//! into shards by the topmost bits: growing one at a time keeps the old copy small, and threads own shards while they insert.
//!
//! How large a shard is depends only on how many states it holds, never on who inserted them or how: memory bounds thus
//! stop at the same place whatever the number of threads.

const SHARD_BITS: u32 = 6;
/// The number of shards.
pub(crate) const SHARDS: usize = 1 << SHARD_BITS;
const FIRST_BUCKETS: usize = 4;
const BUCKET: usize = 8;
const HALF: usize = BUCKET / 2;
const EMPTY: u64 = 0;
/// So many buckets are loaded before the first of them is read: they are half of what the nearest cache holds.
const AT_ONCE: usize = 256;

/// A set of fingerprints, each with a `u32` beside it if the set was made so.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Box<[Shard; SHARDS]>,
}

/// The part of a [`Table`] that holds the fingerprints with the same topmost bits.
#[derive(Debug)]
pub(crate) struct Shard {
    buckets: Vec<Bucket>,
    /// What stands beside each slot; empty if nothing does.
    notes: Vec<[[u32; HALF]; 2]>,
    noted: bool,
    held: usize,
    /// Fingerprint 0, which marks an empty slot, and its note.
    zero: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Bucket([Half; 2]);

#[derive(Debug, Clone, Copy)]
struct Half([u64; HALF]);

/// Half a bucket of a shard.
#[derive(Debug, Clone, Copy)]
struct Place {
    bucket: usize,
    half: usize,
}

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
        touch(fingerprints.map(|fingerprint| self.shards[shard_of(fingerprint)].glance(fingerprint)));
    }

    /// Keeps in `unseen` the places of those `states` whose fingerprints do not lie in their first bucket: of nine in ten steps
    /// no more has to be asked. Nothing here branches on what is found, and what loads the buckets does little else, so that many of
    /// them are on their way at once.
    pub(crate) fn sift<T>(&self, states: &[T], fingerprint: impl Fn(&T) -> u64, unseen: &mut Vec<u32>) {
        unseen.clear();
        unseen.resize(states.len(), 0);
        let mut homes = [const { &Half::EMPTY }; AT_ONCE];
        let mut place = 0;
        let mut kept = 0;
        for some in states.chunks(AT_ONCE) {
            for (home, state) in homes.iter_mut().zip(some) {
                *home = self.home(fingerprint(state));
            }
            touch(homes.iter().take(some.len()).map(|home| home.0[0]));
            for (state, home) in some.iter().zip(&homes) {
                let fingerprint = fingerprint(state);
                let seen = home.holds(fingerprint);
                unseen[kept] = place;
                place += 1;
                kept += usize::from(!seen) | usize::from(fingerprint == EMPTY);
            }
        }
        unseen.truncate(kept);
    }

    /// The half of a bucket in which `fingerprint` lies unless that was full before.
    #[inline]
    fn home(&self, fingerprint: u64) -> &Half {
        self.shards[shard_of(fingerprint)].half(fingerprint)
    }

    /// The note of `fingerprint`, if it is here and `same` accepts its note (a table without notes asks `same(0)`).
    #[inline]
    pub(crate) fn find(&self, fingerprint: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        self.shards[shard_of(fingerprint)].find(fingerprint, same)
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

impl Half {
    const EMPTY: Self = Self([EMPTY; HALF]);

    #[inline]
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "whether it is the first, the second or none, nobody could foretell"
    )]
    fn holds(&self, fingerprint: u64) -> bool {
        self.0.iter().fold(false, |holds, &slot| holds | (slot == fingerprint))
    }

    #[inline]
    const fn is_full(&self) -> bool {
        self.0[HALF - 1] != EMPTY
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
        self.buckets = vec![Bucket([Half::EMPTY; 2]); buckets];
        self.notes = vec![[[0; HALF]; 2]; if self.noted { buckets } else { 0 }];
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the product's high word is below the number of buckets")]
    fn home(&self, fingerprint: u64) -> Place {
        let scaled = u128::from(fingerprint << SHARD_BITS) * self.buckets.len() as u128;
        Place { bucket: (scaled >> u64::BITS) as usize, half: (scaled as u64 >> (u64::BITS - 1)) as usize }
    }

    #[inline]
    fn half(&self, fingerprint: u64) -> &Half {
        let Place { bucket, half } = self.home(fingerprint);
        &self.buckets[bucket].0[half]
    }

    /// The first slot of the bucket for `fingerprint`.
    #[inline]
    pub(crate) fn glance(&self, fingerprint: u64) -> u64 {
        self.half(fingerprint).0[0]
    }

    /// The place after this one for a fingerprint that belongs in `home`.
    #[inline]
    fn after(&self, Place { bucket, half }: Place, home: Place) -> Place {
        let half = half ^ 1;
        let bucket = if half != home.half {
            bucket
        } else if bucket + 1 == self.buckets.len() {
            0
        } else {
            bucket + 1
        };
        Place { bucket, half }
    }

    #[inline]
    fn find(&self, fingerprint: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        if fingerprint == EMPTY {
            return self.zero.filter(|&note| same(note));
        }
        self.look(fingerprint, same).ok()
    }

    /// The note of `fingerprint`, if it is here and `same` accepts it, or the place that has room for it.
    #[inline]
    fn look(&self, fingerprint: u64, same: impl Fn(u32) -> bool) -> Result<u32, Place> {
        let home = self.home(fingerprint);
        let mut at = home;
        loop {
            let slots = &self.buckets[at.bucket].0[at.half];
            if slots.holds(fingerprint) {
                if !self.noted {
                    return Ok(0);
                }
                let mut notes = slots.0.iter().zip(&self.notes[at.bucket][at.half]);
                if let Some((_, &note)) = notes.find(|&(&slot, &note)| slot == fingerprint && same(note)) {
                    return Ok(note);
                }
            }
            if !slots.is_full() {
                return Err(at);
            }
            at = self.after(at, home);
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
        let home = self.home(fingerprint);
        let mut at = home;
        loop {
            let slots = self.buckets[at.bucket].0[at.half].0.iter().zip(&mut self.notes[at.bucket][at.half]);
            for (&slot, note) in slots {
                if slot == fingerprint && *note == before {
                    *note = after;
                    return;
                }
            }
            at = self.after(at, home);
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
        self.clear(old_buckets.len() + old_buckets.len() / 2);
        for (bucket, halves) in old_buckets.iter().enumerate() {
            for (half, slots) in halves.0.iter().enumerate() {
                // They are filled from their front.
                for (slot, &fingerprint) in slots.0.iter().enumerate().take_while(|&(_, &slot)| slot != EMPTY) {
                    self.put(fingerprint, if self.noted { old_notes[bucket][half][slot] } else { 0 });
                }
            }
        }
    }

    /// Adds a fingerprint that is known to be absent to a shard that has room.
    #[inline]
    fn put(&mut self, fingerprint: u64, note: u32) {
        let home = self.home(fingerprint);
        let mut at = home;
        while self.buckets[at.bucket].0[at.half].is_full() {
            at = self.after(at, home);
        }
        self.set(at, fingerprint, note);
    }

    /// Adds a fingerprint to half a bucket that has room.
    #[inline]
    fn set(&mut self, at: Place, fingerprint: u64, note: u32) {
        let slots = &mut self.buckets[at.bucket].0[at.half];
        let slot = slots.held();
        slots.0[slot] = fingerprint;
        if self.noted {
            self.notes[at.bucket][at.half][slot] = note;
        }
    }

    const fn bytes(&self) -> u64 {
        self.bytes_of(self.buckets.len())
    }

    const fn bytes_of(&self, buckets: usize) -> u64 {
        let notes = if self.noted { size_of::<[[u32; HALF]; 2]>() } else { 0 };
        buckets as u64 * (size_of::<Bucket>() + notes) as u64
    }

    fn bytes_with(&self, more: usize) -> u64 {
        let held = self.held.saturating_add(more);
        let mut buckets = self.buckets.len();
        while held > Self::most_in(buckets) {
            buckets += buckets / 2;
        }
        self.bytes_of(buckets)
    }

    /// Two thirds: beyond, many buckets overflow.
    const fn most_in(buckets: usize) -> usize {
        buckets * BUCKET / 3 * 2
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
        assert!(forwards.bytes() < 5000 * 19);
    }
}
