//! The visited set: open addressing over eight-byte slots.
//!
//! A slot holds the fingerprint of a state; for one-word keys that *is* the state. The place of a fingerprint is its
//! high bits scaled to the number of slots, so that tables need not be powers of two: they grow by a half, and because
//! growth keeps the order it walks both tables front to back. The set is cut into shards by the topmost bits: growing
//! one at a time keeps the old copy small, and threads own shards while they insert.
//!
//! How large a shard is depends only on how many states it holds, never on who inserted them or how: memory bounds thus
//! stop at the same place whatever the number of threads.

const SHARD_BITS: u32 = 6;
/// The number of shards.
pub(crate) const SHARDS: usize = 1 << SHARD_BITS;
const FIRST_SLOTS: usize = 32;
const EMPTY: u64 = 0;

/// A set of fingerprints, each with a `u32` beside it if the set was made so.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Vec<Shard>,
}

/// The part of a [`Table`] that holds the fingerprints with the same topmost bits.
#[derive(Debug)]
pub(crate) struct Shard {
    slots: Vec<u64>,
    /// What stands beside each slot; empty if nothing does.
    notes: Vec<u32>,
    noted: bool,
    held: usize,
    /// Fingerprint 0, which marks an empty slot, and its note.
    zero: Option<u32>,
}

/// The shard in which `fingerprint` belongs.
#[inline]
pub(crate) const fn shard_of(fingerprint: u64) -> usize {
    (fingerprint >> (u64::BITS - SHARD_BITS)) as usize
}

impl Table {
    /// An empty table; `noted` says whether each fingerprint has a note.
    pub(crate) fn new(noted: bool) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::new(noted)).collect(),
        }
    }

    /// What the first slot for `fingerprint` holds.
    ///
    /// Asking this for a batch before the real question brings the slots into the cache, all at once.
    #[inline]
    pub(crate) fn glance(&self, fingerprint: u64) -> u64 {
        let shard = &self.shards[shard_of(fingerprint)];
        shard.slots[shard.home(fingerprint)]
    }

    /// The note of `fingerprint`, if it is here and `same` accepts its note (a table without notes asks `same(0)`).
    #[inline]
    pub(crate) fn find(&self, fingerprint: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        self.shards[shard_of(fingerprint)].find(fingerprint, same)
    }

    /// Adds `fingerprint` unless it is here and `same` accepts its note. Returns whether it was added.
    #[inline]
    pub(crate) fn insert(
        &mut self,
        fingerprint: u64,
        note: u32,
        same: impl Fn(u32) -> bool,
    ) -> bool {
        self.shards[shard_of(fingerprint)].insert(fingerprint, note, same)
    }

    pub(crate) fn shards_mut(&mut self) -> &mut [Shard] {
        &mut self.shards
    }

    /// Bytes held by slots and notes.
    pub(crate) fn bytes(&self) -> u64 {
        self.shards.iter().map(Shard::bytes).sum()
    }
}

impl Shard {
    fn new(noted: bool) -> Self {
        Self {
            slots: vec![EMPTY; FIRST_SLOTS],
            notes: vec![0; if noted { FIRST_SLOTS } else { 0 }],
            noted,
            held: 0,
            zero: None,
        }
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the product's high word is below the number of slots"
    )]
    fn home(&self, fingerprint: u64) -> usize {
        ((u128::from(fingerprint << SHARD_BITS) * self.slots.len() as u128) >> u64::BITS) as usize
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        if place + 1 == self.slots.len() {
            0
        } else {
            place + 1
        }
    }

    #[inline]
    fn note(&self, place: usize) -> u32 {
        if self.noted { self.notes[place] } else { 0 }
    }

    #[inline]
    fn find(&self, fingerprint: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        if fingerprint == EMPTY {
            return self.zero.filter(|&note| same(note));
        }
        let mut place = self.home(fingerprint);
        loop {
            let slot = self.slots[place];
            if slot == EMPTY {
                return None;
            }
            if slot == fingerprint && same(self.note(place)) {
                return Some(self.note(place));
            }
            place = self.after(place);
        }
    }

    /// See [`Table::insert`].
    #[inline]
    pub(crate) fn insert(
        &mut self,
        fingerprint: u64,
        note: u32,
        same: impl Fn(u32) -> bool,
    ) -> bool {
        if fingerprint == EMPTY {
            return self.insert_zero(note);
        }
        let mut place = self.home(fingerprint);
        loop {
            let slot = self.slots[place];
            if slot == EMPTY {
                break;
            }
            if slot == fingerprint && same(self.note(place)) {
                return false;
            }
            place = self.after(place);
        }
        if self.is_full() {
            self.grow();
            self.put(fingerprint, note);
        } else {
            self.set(place, fingerprint, note);
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

    /// Replaces the note `before` of `fingerprint` by `after`; both must be here.
    pub(crate) fn renote(&mut self, fingerprint: u64, before: u32, after: u32) {
        if fingerprint == EMPTY {
            self.zero = Some(after);
            return;
        }
        let mut place = self.home(fingerprint);
        while self.slots[place] != fingerprint || self.notes[place] != before {
            place = self.after(place);
        }
        self.notes[place] = after;
    }

    /// Four fifths full: beyond, absent fingerprints have long ways to go.
    const fn is_full(&self) -> bool {
        self.held >= self.slots.len() / 5 * 4
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let slots = self.slots.len() + self.slots.len() / 2;
        let old_slots = std::mem::replace(&mut self.slots, vec![EMPTY; slots]);
        let old_notes =
            std::mem::replace(&mut self.notes, vec![0; if self.noted { slots } else { 0 }]);
        for (place, fingerprint) in old_slots.into_iter().enumerate() {
            if fingerprint != EMPTY {
                self.put(fingerprint, if self.noted { old_notes[place] } else { 0 });
            }
        }
    }

    /// Adds a fingerprint that is known to be absent to a shard that has room.
    #[inline]
    fn put(&mut self, fingerprint: u64, note: u32) {
        let mut place = self.home(fingerprint);
        while self.slots[place] != EMPTY {
            place = self.after(place);
        }
        self.set(place, fingerprint, note);
    }

    #[inline]
    fn set(&mut self, place: usize, fingerprint: u64, note: u32) {
        self.slots[place] = fingerprint;
        if self.noted {
            self.notes[place] = note;
        }
    }

    const fn bytes(&self) -> u64 {
        (self.slots.len() * size_of::<u64>() + self.notes.len() * size_of::<u32>()) as u64
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
            let fingerprint = if number == 77 {
                0
            } else {
                u64::from(number / 3 * 2).fingerprint()
            };
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
        // The last shard's last places: the first growth moves the ones that wrapped to its front back to their home.
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
        assert!(forwards.bytes() < 5000 * 17);
    }
}
