//! Sets of ids: the representation of state.
//!
//! The rules are written once against [`IdSet`]. How wide a set is, is a parameter: a machine word for the
//! worlds that are checked exhaustively (the state is then a small `Copy` value), [`WideSet`] for worlds
//! of any size.

use std::fmt::Debug;
use std::hash::Hash;

/// A set of dense ids.
pub trait IdSet: Clone + Debug + Default + Eq + Ord + Hash + Send + Sync + 'static {
    /// How many ids the set can hold; `None` if it grows.
    const CAPACITY: Option<u32>;

    /// Whether `id` is in the set.
    fn contains(&self, id: u32) -> bool;
    /// Adds `id`.
    fn insert(&mut self, id: u32);
    /// Takes `id` out.
    fn remove(&mut self, id: u32);
    /// Whether nothing is in the set.
    fn is_empty(&self) -> bool;
    /// How many ids are in the set.
    fn len(&self) -> u32;
    /// The smallest id.
    fn first(&self) -> Option<u32>;
    /// What is in both.
    #[must_use]
    fn and(&self, other: &Self) -> Self;
    /// What is in either.
    #[must_use]
    fn or(&self, other: &Self) -> Self;
    /// What is in this one and not in the other.
    #[must_use]
    fn minus(&self, other: &Self) -> Self;
    /// The ids, smallest first.
    fn iter(&self) -> impl Iterator<Item = u32> + Clone + 'static;
    /// The set's low 64 ids as a word, for codecs of narrow states; ids beyond are not told.
    fn low_word(&self) -> u64;
    /// The set of the ids whose bits are set in `word`.
    fn from_word(word: u64) -> Self;

    /// The subset of `all` that follows this one when subsets are counted like binary numbers; `None` after the last.
    fn next_subset_of(&self, all: &Self) -> Option<Self> {
        let mut next = self.clone();
        for id in all.iter() {
            if !next.contains(id) {
                next.insert(id);
                return Some(next);
            }
            next.remove(id);
        }
        None
    }

    /// The subsets of this set, the empty one first.
    fn subsets(&self) -> Subsets<Self> {
        Subsets { all: self.clone(), next: Some(Self::default()) }
    }

    /// Adds or takes out `id`.
    fn put(&mut self, id: u32, present: bool) {
        if present {
            self.insert(id);
        } else {
            self.remove(id);
        }
    }

    /// Whether the two have an id in common.
    fn meets(&self, other: &Self) -> bool {
        !self.and(other).is_empty()
    }

    /// Whether everything in this set is in the other.
    fn is_within(&self, other: &Self) -> bool {
        self.minus(other).is_empty()
    }

    /// The number of `id`, of which plane `p` says whether bit `p` is set. See [`Planes`].
    #[inline]
    fn number_at<const BITS: usize>(planes: &[Self; BITS], id: u32) -> u8 {
        let mut number = 0;
        for (bit, plane) in planes.iter().enumerate() {
            number |= u8::from(plane.contains(id)) << bit;
        }
        number
    }

    /// Gives `id` the number in these planes; bits beyond the planes are not kept.
    #[expect(clippy::inline_always, reason = "a few word operations, in the innermost loop of the checker")]
    #[inline(always)]
    fn put_number<const BITS: usize>(planes: &mut [Self; BITS], id: u32, number: u8) {
        for (bit, plane) in planes.iter_mut().enumerate() {
            plane.put(id, number >> bit & 1 == 1);
        }
    }

    /// The ids among `members` that have the number in these planes.
    #[inline]
    fn having<const BITS: usize>(planes: &[Self; BITS], number: u8, members: &Self) -> Self {
        let mut found = members.clone();
        for (bit, plane) in planes.iter().enumerate() {
            found = if number >> bit & 1 == 1 { found.and(plane) } else { found.minus(plane) };
        }
        found
    }

    /// The set of the given ids.
    fn of(ids: impl IntoIterator<Item = u32>) -> Self {
        let mut set = Self::default();
        for id in ids {
            set.insert(id);
        }
        set
    }
}

/// The subsets of a set, counted like binary numbers.
#[derive(Debug, Clone)]
pub struct Subsets<S> {
    all: S,
    next: Option<S>,
}

impl<S: IdSet> Iterator for Subsets<S> {
    type Item = S;

    #[inline]
    fn next(&mut self) -> Option<S> {
        let part = self.next.take()?;
        self.next = part.next_subset_of(&self.all);
        Some(part)
    }
}

/// The ids of the set bits of a word, smallest first.
#[derive(Debug, Clone)]
pub struct Bits<W>(W);

macro_rules! word_sets {
    ($($word:ty { $($own:item)* }),+) => {$(
        impl Iterator for Bits<$word> {
            type Item = u32;

            #[inline]
            fn next(&mut self) -> Option<u32> {
                if self.0 == 0 {
                    return None;
                }
                let id = self.0.trailing_zeros();
                self.0 &= self.0 - 1;
                Some(id)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                let left = self.0.count_ones() as usize;
                (left, Some(left))
            }
        }

        impl IdSet for $word {
            const CAPACITY: Option<u32> = Some(<$word>::BITS);

            #[inline]
            fn contains(&self, id: u32) -> bool {
                debug_assert!(id < <$word>::BITS, "the universe checks that its ids fit");
                self.wrapping_shr(id) & 1 == 1
            }
            #[inline]
            fn insert(&mut self, id: u32) {
                debug_assert!(id < <$word>::BITS, "the universe checks that its ids fit");
                *self |= (1 as $word).wrapping_shl(id);
            }
            #[inline]
            fn remove(&mut self, id: u32) {
                debug_assert!(id < <$word>::BITS, "the universe checks that its ids fit");
                *self &= !(1 as $word).wrapping_shl(id);
            }
            #[inline]
            fn is_empty(&self) -> bool {
                *self == 0
            }
            #[inline]
            fn len(&self) -> u32 {
                self.count_ones()
            }
            #[inline]
            fn first(&self) -> Option<u32> {
                (*self != 0).then(|| self.trailing_zeros())
            }
            #[inline]
            fn and(&self, other: &Self) -> Self {
                self & other
            }
            #[inline]
            fn or(&self, other: &Self) -> Self {
                self | other
            }
            #[inline]
            fn minus(&self, other: &Self) -> Self {
                self & !other
            }
            #[inline]
            fn iter(&self) -> impl Iterator<Item = u32> + Clone + 'static {
                Bits(*self)
            }
            #[inline]
            fn next_subset_of(&self, all: &Self) -> Option<Self> {
                let next = self.wrapping_sub(*all) & all;
                (next != 0).then_some(next)
            }
            #[inline]
            fn low_word(&self) -> u64 {
                u64::from(*self)
            }
            #[inline]
            #[expect(clippy::allow_attributes, reason = "the widest word is not cut, so that there is nothing to expect of it")]
            #[allow(clippy::cast_possible_truncation, reason = "a narrow set holds only narrow ids")]
            fn from_word(word: u64) -> Self {
                word as Self
            }
            #[inline]
            fn having<const BITS: usize>(planes: &[Self; BITS], number: u8, members: &Self) -> Self {
                // Without a branch on the bits: which numbers are asked for in turn nobody could foretell.
                planes.iter().enumerate().fold(*members, |found, (bit, plane)| {
                    let wanted = Self::from(number >> bit & 1);
                    found & (plane ^ wanted.wrapping_sub(1))
                })
            }
            $($own)*
        }
    )+};
}

word_sets!(
    u8 {
        #[inline]
        fn number_at<const BITS: usize>(planes: &[Self; BITS], id: u32) -> u8 {
            let bits = lanes::of(planes).wrapping_shr(id) & lanes::EACH;
            (bits.wrapping_mul(lanes::GATHERS) >> 56) as Self
        }

        #[expect(clippy::inline_always, reason = "a few word operations, in the innermost loop of the checker")]
        #[inline(always)]
        fn put_number<const BITS: usize>(planes: &mut [Self; BITS], id: u32, number: u8) {
            let apart = (u64::from(number) * lanes::EACH) & lanes::DIAGONAL;
            let bits = (apart + lanes::EACH * 0x7f) >> 7 & lanes::EACH;
            let others = lanes::of(planes) & !lanes::EACH.wrapping_shl(id);
            planes.copy_from_slice(&(others | bits.wrapping_shl(id)).to_le_bytes()[..BITS]);
        }
    },
    u16 {},
    u32 {},
    u64 {}
);

/// Up to eight planes of eight ids side by side in one word, a byte each.
mod lanes {
    /// The lowest bit of each byte.
    pub(super) const EACH: u64 = 0x0101_0101_0101_0101;
    /// Bit `p` of byte `p`.
    pub(super) const DIAGONAL: u64 = 0x8040_2010_0804_0201;
    /// Brings the lowest bit of byte `p` to bit `p` of the highest byte, without a carry.
    pub(super) const GATHERS: u64 = 0x0102_0408_1020_4080;

    #[inline]
    pub(super) fn of<const BITS: usize>(planes: &[u8; BITS]) -> u64 {
        let mut bytes = [0; 8];
        bytes[..BITS].copy_from_slice(planes);
        u64::from_le_bytes(bytes)
    }
}

/// A set that grows: for worlds with more than 64 of anything.
///
/// The first 64 ids are kept in place, so that what is few costs what it would in a narrow set. Trailing empty words are never kept,
/// so that equal sets are equal, and hash alike, however they came about.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WideSet {
    low: u64,
    /// The ids from 64 on, 64 to a word.
    rest: Vec<u64>,
}

impl WideSet {
    /// Where an id lies among the ids from 64 on: its word and its bit; `None` if it is one of the first 64.
    #[inline]
    fn place(id: u32) -> Option<(usize, u64)> {
        let beyond = id.checked_sub(u64::BITS)?;
        Some(((beyond / u64::BITS) as usize, 1 << (beyond % u64::BITS)))
    }

    /// The words, changed by the others as far as these go, and without the empty ones at the end.
    fn changed(words: &[u64], by: &[u64], change: impl Fn(&mut u64, u64)) -> Vec<u64> {
        let mut words = words.to_vec();
        words.iter_mut().zip(by).for_each(|(word, bits)| change(word, *bits));
        Self::trim(&mut words);
        words
    }

    fn trim(words: &mut Vec<u64>) {
        while words.last() == Some(&0) {
            words.pop();
        }
    }

    fn insert_beyond(&mut self, word: usize, bit: u64) {
        if self.rest.len() <= word {
            self.rest.resize(word + 1, 0);
        }
        self.rest[word] |= bit;
    }

    fn remove_beyond(&mut self, word: usize, bit: u64) {
        if let Some(bits) = self.rest.get_mut(word) {
            *bits &= !bit;
        }
        Self::trim(&mut self.rest);
    }
}

impl IdSet for WideSet {
    const CAPACITY: Option<u32> = None;

    #[inline]
    fn contains(&self, id: u32) -> bool {
        match Self::place(id) {
            None => self.low.contains(id),
            Some((word, bit)) => self.rest.get(word).is_some_and(|bits| bits & bit != 0),
        }
    }

    #[inline]
    fn insert(&mut self, id: u32) {
        match Self::place(id) {
            None => self.low.insert(id),
            Some((word, bit)) => self.insert_beyond(word, bit),
        }
    }

    #[inline]
    fn remove(&mut self, id: u32) {
        match Self::place(id) {
            None => self.low.remove(id),
            Some((word, bit)) => self.remove_beyond(word, bit),
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.low == 0 && self.rest.is_empty()
    }

    #[inline]
    fn len(&self) -> u32 {
        self.low.len() + self.rest.iter().map(IdSet::len).sum::<u32>()
    }

    #[inline]
    fn first(&self) -> Option<u32> {
        self.low.first().or_else(|| self.iter().next())
    }

    #[inline]
    fn and(&self, other: &Self) -> Self {
        let shared = self.rest.len().min(other.rest.len());
        let change = |word: &mut u64, bits| *word &= bits;
        let rest = if shared == 0 { Vec::new() } else { Self::changed(&self.rest[..shared], &other.rest, change) };
        Self { low: self.low & other.low, rest }
    }

    #[inline]
    fn or(&self, other: &Self) -> Self {
        let (long, short) = if self.rest.len() < other.rest.len() { (other, self) } else { (self, other) };
        let change = |word: &mut u64, bits| *word |= bits;
        let rest = if long.rest.is_empty() { Vec::new() } else { Self::changed(&long.rest, &short.rest, change) };
        Self { low: self.low | other.low, rest }
    }

    #[inline]
    fn minus(&self, other: &Self) -> Self {
        let change = |word: &mut u64, bits: u64| *word &= !bits;
        let rest = if self.rest.is_empty() { Vec::new() } else { Self::changed(&self.rest, &other.rest, change) };
        Self { low: self.low & !other.low, rest }
    }

    #[inline]
    fn meets(&self, other: &Self) -> bool {
        self.low & other.low != 0 || self.rest.iter().zip(&other.rest).any(|(a, b)| a & b != 0)
    }

    #[inline]
    fn is_within(&self, other: &Self) -> bool {
        // A longer set has something where the other has nothing, for its last word is not empty.
        self.low & !other.low == 0
            && self.rest.len() <= other.rest.len()
            && self.rest.iter().zip(&other.rest).all(|(a, b)| a & !b == 0)
    }

    #[inline]
    fn iter(&self) -> impl Iterator<Item = u32> + Clone + 'static {
        let rest = (1_u32..).zip(self.rest.clone());
        Bits(self.low).chain(rest.flat_map(|(word, bits)| Bits(bits).map(move |bit| word * u64::BITS + bit)))
    }

    #[inline]
    fn low_word(&self) -> u64 {
        self.low
    }

    #[inline]
    fn from_word(word: u64) -> Self {
        Self { low: word, rest: Vec::new() }
    }
}

/// A small number per id, stored bit by bit: plane `p` holds the ids whose number has bit `p` set.
///
/// Asking "which ids have the number n" is then a handful of word operations, whatever the count of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Planes<S, const BITS: usize>(pub(crate) [S; BITS]);

impl<S: Default, const BITS: usize> Default for Planes<S, BITS> {
    /// Every id has the number zero.
    fn default() -> Self {
        Self(std::array::from_fn(|_| S::default()))
    }
}

impl<S: IdSet, const BITS: usize> Planes<S, BITS> {
    /// The number of `id`.
    #[inline]
    pub fn get(&self, id: u32) -> u8 {
        S::number_at(&self.0, id)
    }

    /// Gives `id` the number; bits beyond the planes are not kept.
    #[expect(clippy::inline_always, reason = "a few word operations, in the innermost loop of the checker")]
    #[inline(always)]
    pub fn set(&mut self, id: u32, number: u8) {
        S::put_number(&mut self.0, id, number);
    }

    /// The ids among `members` that have the number.
    #[inline]
    pub fn having(&self, number: u8, members: &S) -> S {
        S::having(&self.0, number, members)
    }

    /// The ids whose number has bit `bit` set.
    #[inline]
    pub fn plane(&self, bit: usize) -> &S {
        &self.0[bit]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn behaves_as_a_set<S: IdSet>(a: &BTreeSet<u32>, b: &BTreeSet<u32>) {
        let (x, y) = (S::of(a.iter().copied()), S::of(b.iter().copied()));
        let ids = |set: &S| set.iter().collect::<BTreeSet<_>>();
        assert_eq!(ids(&x), *a);
        assert_eq!(ids(&x.and(&y)), a & b);
        assert_eq!(ids(&x.or(&y)), a | b);
        assert_eq!(ids(&x.minus(&y)), a - b);
        assert_eq!(x.or(&y).minus(&y), x.minus(&y), "equal sets are equal however they came about");
        assert_eq!(x.len() as usize, a.len());
        assert_eq!(x.first(), a.first().copied());
        assert_eq!(x.is_within(&y), a.is_subset(b));
        assert_eq!(x.meets(&y), !a.is_disjoint(b));
        assert_eq!(x.is_empty(), a.is_empty());
        let parts: Vec<S> = x.and(&y).subsets().collect();
        let distinct: BTreeSet<_> = parts.iter().collect();
        assert_eq!((parts.len(), distinct.len()), (1 << (a & b).len(), 1 << (a & b).len()), "every part once");
        assert!(parts.iter().all(|part| part.is_within(&x.and(&y))));
    }

    fn keep_a_number_per_id<S: IdSet, const BITS: usize>(numbers: &[u8], seen: u8) {
        let mut planes = Planes::<S, BITS>::default();
        for (id, number) in (0..).zip(numbers) {
            planes.set(id, u8::MAX);
            planes.set(id, *number);
        }
        for (id, number) in (0..).zip(numbers) {
            assert_eq!(planes.get(id), *number);
        }
        let members = S::of(0..super::super::id::number(numbers.len()));
        let expected: Vec<u32> = (0..).zip(numbers).filter(|(_, n)| **n == seen).map(|(id, _)| id).collect();
        assert_eq!(planes.having(seen, &members).iter().collect::<Vec<_>>(), expected);
    }

    proptest! {
        #[test]
        fn every_width_is_a_set(a in btree_set(0_u32..8, 0..8), b in btree_set(0_u32..8, 0..8)) {
            behaves_as_a_set::<u8>(&a, &b);
            behaves_as_a_set::<u16>(&a, &b);
            behaves_as_a_set::<u32>(&a, &b);
            behaves_as_a_set::<u64>(&a, &b);
        }

        #[test]
        fn a_wide_set_is_a_set(a in btree_set(0_u32..300, 0..40), b in btree_set(0_u32..300, 0..40)) {
            behaves_as_a_set::<WideSet>(&a, &b);
        }

        #[test]
        fn planes_keep_a_number_per_id(numbers in vec(0_u8..16, 1..32), seen in 0_u8..16) {
            keep_a_number_per_id::<u32, 4>(&numbers, seen);
            keep_a_number_per_id::<WideSet, 4>(&numbers, seen);
        }

        #[test]
        fn planes_of_bytes_keep_a_number_per_id(numbers in vec(0_u8..=255, 1..=8), seen in 0_u8..=255) {
            keep_a_number_per_id::<u8, 8>(&numbers, seen);
            let narrow: Vec<u8> = numbers.iter().map(|number| number % 64).collect();
            keep_a_number_per_id::<u8, 6>(&narrow, seen % 64);
        }
    }
}
