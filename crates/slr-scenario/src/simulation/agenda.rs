//! What is due and when.
//!
//! One world has a few things due at a time: they lie in a row in their order, in which the place of another is counted without a branch that
//! nobody could foretell. Where more comes together, it goes into a [radix heap](Radix). Measured beside binary and four-ary heaps and rows
//! without order, on worlds with some and with hundreds of thousands of entries.

use super::time::SimTime;

/// As many entries are kept in order as quickly as a heap.
const FEW: usize = 12;

/// A stable queue of what is due: of what is due at the same time, what was scheduled first comes first.
#[derive(Debug)]
pub struct Agenda<T> {
    /// The time of the last entry that was taken: nothing earlier is due.
    now: u64,
    /// All that is due, the next one last; nothing if it lies in the heap.
    few: Vec<(u64, T)>,
    many: Radix<T>,
}

impl<T: Copy> Default for Agenda<T> {
    fn default() -> Self {
        Self { now: 0, few: Vec::with_capacity(FEW), many: Radix::default() }
    }
}

impl<T: Copy> Agenda<T> {
    /// Schedules something. What lies in the past is due now.
    #[inline]
    pub fn schedule(&mut self, at: SimTime, due: T) {
        let at = at.nanos().max(self.now);
        if self.few.len() < FEW && self.many.is_empty() {
            // What is due at the same time and was scheduled before stays nearer to the end.
            let later: usize = self.few.iter().map(|&(other, _)| usize::from(other > at)).sum();
            let last = self.few.len();
            self.few.push((at, due));
            // One by one: a call that moves so few together takes longer.
            for place in (later..last).rev() {
                self.few.swap(place, place + 1);
            }
        } else {
            self.schedule_among_many(at, due);
        }
    }

    #[inline(never)]
    fn schedule_among_many(&mut self, at: u64, due: T) {
        if self.many.is_empty() {
            self.many.begin_at(self.now);
            for (at, due) in self.few.drain(..).rev() {
                self.many.put(at, due);
            }
        }
        self.many.put(at, due);
    }

    /// Whether nothing is due any more.
    pub fn is_empty(&self) -> bool {
        self.few.is_empty() && self.many.is_empty()
    }

    /// The present moment: the time of the last entry that was taken.
    #[inline]
    pub fn now(&self) -> SimTime {
        SimTime::from_nanos(self.now)
    }

    /// When the next entry is due, as far as that is seen at a glance: not among many.
    #[inline]
    pub(super) fn glance(&self) -> Glance {
        match self.few.last() {
            Some((at, _)) => Glance::Next(SimTime::from_nanos(*at)),
            None if self.many.is_empty() => Glance::Nothing,
            None => Glance::Unknown,
        }
    }

    /// Takes the next entry, unless it is due after `until`.
    #[inline]
    pub fn pop_until(&mut self, until: SimTime) -> Option<(SimTime, T)> {
        let (at, due) = match self.few.last() {
            Some((at, _)) if *at > until.nanos() => return None,
            Some(_) => self.few.pop()?,
            None => self.pop_among_many(until)?,
        };
        self.now = at;
        Some((SimTime::from_nanos(at), due))
    }

    #[inline(never)]
    fn pop_among_many(&mut self, until: SimTime) -> Option<(u64, T)> {
        self.many.pop_until(until.nanos())
    }

    /// Forgets everything and begins again at the beginning of time, keeping the room.
    pub fn clear(&mut self) {
        self.now = 0;
        self.few.clear();
        if !self.many.is_empty() {
            self.many.clear();
        }
    }
}

/// What is seen of an agenda at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glance {
    /// Nothing is due any more.
    Nothing,
    /// The next entry is due at this time.
    Next(SimTime),
    /// Too much is due to see it.
    Unknown,
}

/// A radix heap.
///
/// Virtual time never goes back, so a bucket per highest bit in which a time differs from the latest one is enough: an entry moves to a
/// lower bucket at most once per bit. Entries of equal time always share a bucket and keep their order, so ties are broken by who
/// was scheduled first, without a number in each entry.
#[derive(Debug)]
struct Radix<T> {
    /// The time of the last entry that was taken: nothing earlier is due.
    now: u64,
    /// What is due at `now`, from `taken` on.
    present: Vec<(u64, T)>,
    taken: usize,
    /// Bucket `b` holds the times whose highest bit different from `now` is bit `b`.
    buckets: [Vec<(u64, T)>; 64],
    /// Which buckets hold something.
    occupied: u64,
}

impl<T: Copy> Default for Radix<T> {
    fn default() -> Self {
        Self { now: 0, present: Vec::new(), taken: 0, buckets: std::array::from_fn(|_| Vec::new()), occupied: 0 }
    }
}

impl<T: Copy> Radix<T> {
    /// Lets an empty heap begin at another time.
    fn begin_at(&mut self, now: u64) {
        self.present.clear();
        self.taken = 0;
        self.now = now;
    }

    #[inline]
    fn put(&mut self, at: u64, due: T) {
        let difference = at ^ self.now;
        if difference == 0 {
            self.present.push((at, due));
        } else {
            let bucket = difference.ilog2();
            self.occupied |= 1 << bucket;
            self.buckets[bucket as usize].push((at, due));
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.taken == self.present.len() && self.occupied == 0
    }

    /// Takes the next entry, unless it is due after `until`.
    #[inline]
    fn pop_until(&mut self, until: u64) -> Option<(u64, T)> {
        if self.taken == self.present.len() {
            self.present.clear();
            self.taken = 0;
            if self.occupied == 0 {
                return None;
            }
            let lowest = self.occupied.trailing_zeros() as usize;
            // Where little is due most buckets hold one entry, which then need not be put anywhere else.
            if let [(at, due)] = *self.buckets[lowest].as_slice() {
                if at > until {
                    return None;
                }
                self.occupied &= !(1 << lowest);
                self.now = at;
                self.buckets[lowest].clear();
                return Some((at, due));
            }
            self.advance(lowest, until)?;
        }
        let (at, due) = self.present[self.taken];
        if at > until {
            return None;
        }
        self.taken += 1;
        Some((at, due))
    }

    /// Goes on to the earliest time that something is due, which is in the bucket `lowest`.
    #[inline]
    fn advance(&mut self, lowest: usize, until: u64) -> Option<()> {
        let earliest = self.buckets[lowest].iter().map(|(at, _)| *at).min()?;
        if earliest > until {
            return None;
        }
        self.occupied &= !(1 << lowest);
        self.now = earliest;
        let mut entries = std::mem::take(&mut self.buckets[lowest]);
        for (at, due) in entries.drain(..) {
            self.put(at, due);
        }
        // The bucket keeps its room; entries only ever go to lower ones from it.
        self.buckets[lowest] = entries;
        Some(())
    }

    fn clear(&mut self) {
        self.now = 0;
        self.present.clear();
        self.taken = 0;
        for bucket in &mut self.buckets {
            bucket.clear();
        }
        self.occupied = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Beside a list that is searched for the smallest time and, among equals, the earliest scheduled.
        #[test]
        fn entries_come_in_time_and_among_equals_in_the_order_of_scheduling(
            script in proptest::collection::vec(prop_oneof![
                (0_u64..2000).prop_map(Some),
                (0_u64..4).prop_map(Some),
                (0_u64..1 << 40).prop_map(Some),
                Just(None),
                Just(None),
            ], 0..200),
        ) {
            // What is left is taken in the end, so that the queue is seen with few entries and with many, on the way up and down.
            let all = script.len();
            let script = script.into_iter().chain(std::iter::repeat_n(None, all));
            let mut agenda = Agenda::default();
            let mut list: Vec<(u64, u32)> = Vec::new();
            let mut now = 0;
            for (serial, step) in (0_u32..).zip(script) {
                if let Some(delay) = step {
                    agenda.schedule(SimTime::from_nanos(now + delay), serial);
                    list.push((now + delay, serial));
                } else {
                    let expected = list.iter().copied().min();
                    match agenda.glance() {
                        Glance::Nothing => prop_assert_eq!(expected, None),
                        Glance::Next(at) => prop_assert_eq!(Some(at.nanos()), expected.map(|(at, _)| at)),
                        Glance::Unknown => prop_assert!(expected.is_some()),
                    }
                    let found = agenda.pop_until(SimTime::END).map(|(at, serial)| (at.nanos(), serial));
                    prop_assert_eq!(found, expected);
                    if let Some(entry) = expected {
                        list.retain(|other| *other != entry);
                        now = entry.0;
                    }
                }
            }
            prop_assert_eq!(agenda.is_empty(), list.is_empty());
        }
    }

    #[test]
    fn what_is_due_later_than_asked_for_stays() {
        let mut agenda = Agenda::default();
        agenda.schedule(SimTime::from_nanos(10), 'a');
        assert_eq!(agenda.pop_until(SimTime::from_nanos(9)), None);
        assert_eq!(agenda.pop_until(SimTime::from_nanos(10)), Some((SimTime::from_nanos(10), 'a')));
        assert!(agenda.is_empty());
    }
}
