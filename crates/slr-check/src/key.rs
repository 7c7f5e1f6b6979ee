//! Packed states: what the visited set compares and the arena stores.

/// A state packed into a few words, with a 64-bit fingerprint.
///
/// `u64` and `[u64; W]` implement it. One word is *injective*: its fingerprint is a permutation of the word, so the
/// eight-byte slots of the visited set hold the state itself and no two states can be taken for one another. Wider keys
/// are told apart by fingerprint alone unless the exact mode compares the stored words
/// (see [`Settings::exact`](crate::Settings::exact)).
pub trait Key: Copy + Eq + Send + Sync + 'static {
    /// Whether different keys always have different fingerprints.
    const INJECTIVE: bool;

    /// A 64-bit value whose *high* bits are well mixed: they choose the place in the visited set.
    fn fingerprint(&self) -> u64;
}

impl Key for u64 {
    const INJECTIVE: bool = true;

    #[inline]
    fn fingerprint(&self) -> u64 {
        permute(*self)
    }
}

impl<const W: usize> Key for [u64; W] {
    const INJECTIVE: bool = W <= 1;

    #[inline]
    fn fingerprint(&self) -> u64 {
        // Each round is a permutation of its word, so that a single word stays injective.
        let mut hash = 0;
        for word in self {
            hash = permute(hash ^ word);
        }
        hash
    }
}

/// A permutation of the 64-bit words in which every bit depends on every other one (Pelle Evensen's "Moremur"
/// constants on the `SplitMix64` finaliser), started off zero so that the word 0, a likely initial state, is not 0.
#[inline]
const fn permute(word: u64) -> u64 {
    let mut x = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 27;
    x = x.wrapping_mul(0x3C79_AC49_2BA7_B653);
    x ^= x >> 33;
    x = x.wrapping_mul(0x1C69_B3F7_4AC4_AE35);
    x ^ (x >> 27)
}

/// The fingerprint under which the visited set files `key`.
///
/// Zero marks an empty slot. An injective key may have it (the table keeps that one key apart); any other key yields it
/// to one, which the collision bound allows for.
#[inline]
pub(crate) fn filed_under<K: Key>(key: &K) -> u64 {
    let fingerprint = key.fingerprint();
    if K::INJECTIVE { fingerprint } else { fingerprint.max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_the_same_alone_and_in_an_array() {
        for word in [0, 1, 42, u64::MAX, 0x8000_0000_0000_0000] {
            assert_eq!(word.fingerprint(), permute(word));
            assert_eq!([word].fingerprint(), permute(word));
        }
    }

    #[test]
    fn the_permutation_can_be_undone() {
        // Undoing every step shows that no two words share a fingerprint.
        fn undo_shift(value: u64, by: u32) -> u64 {
            let mut word = value;
            for _ in 0..64 / by {
                word = value ^ (word >> by);
            }
            word
        }
        fn inverse(odd: u64) -> u64 {
            let mut inverse = odd;
            for _ in 0..6 {
                inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
            }
            inverse
        }
        for word in (0..1000).chain([u64::MAX, u64::MAX - 1, 1 << 63]) {
            let mut x = undo_shift(permute(word), 27);
            x = undo_shift(x.wrapping_mul(inverse(0x1C69_B3F7_4AC4_AE35)), 33);
            x = undo_shift(x.wrapping_mul(inverse(0x3C79_AC49_2BA7_B653)), 27);
            assert_eq!(x.wrapping_sub(0x9E37_79B9_7F4A_7C15), word);
        }
    }

    #[test]
    fn only_wide_keys_give_up_zero() {
        #[derive(Clone, Copy, PartialEq, Eq)]
        struct Nothing;
        impl Key for Nothing {
            const INJECTIVE: bool = false;
            fn fingerprint(&self) -> u64 {
                0
            }
        }
        assert_eq!(filed_under(&Nothing), 1);
        let zero = 0u64.wrapping_sub(0x9E37_79B9_7F4A_7C15);
        assert_eq!(filed_under(&zero), 0);
    }
}
