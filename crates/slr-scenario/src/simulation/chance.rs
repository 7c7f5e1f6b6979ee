//! Chance: one stream of numbers per actor, and the few samplers that the simulator needs.
//!
//! The samplers are ours and small, so that no library's release can shift them; their values are pinned by tests. Everything is
//! integers but the two distributions that need a logarithm, which take it from `libm` and so give the same bits on every machine.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::time::SimTime;

/// The name of the scheme, as traces give it: which generator, how streams are named, how samples are drawn.
pub const SCHEME: &str = "slr-chacha8/1";

/// The stream of one actor.
#[derive(Debug, Clone)]
pub struct Chance(ChaCha8Rng);

/// All streams under a seed, none of which has drawn.
///
/// A seed is spread to a key once for all of them: each number of that depends on the one before it, so that it takes its time.
#[derive(Debug, Clone)]
pub(super) struct Seeded(ChaCha8Rng);

impl Seeded {
    pub(super) fn by(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Lets a stream be the one of that number from its beginning.
    #[inline]
    pub(super) fn begin(&self, stream: &mut Chance, number: u64) {
        stream.0.clone_from(&self.0);
        stream.0.set_stream(number);
    }
}

impl Chance {
    /// The stream of the actor of that name under a seed. Other actors' streams do not depend on it.
    pub fn of(seed: u64, actor: &str) -> Self {
        Self::numbered(seed, stream_number(actor))
    }

    /// The stream of that number, for actors whose names are numbered in advance.
    pub fn numbered(seed: u64, stream: u64) -> Self {
        let seeded = Seeded::by(seed);
        let mut chance = Self(seeded.0.clone());
        seeded.begin(&mut chance, stream);
        chance
    }

    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, each as likely as the next; 0 if there is none.
    ///
    /// Lemire's method: the high half of a product, with the few low halves refused that would favour some numbers.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let refused = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            let (high, low) = ((product >> 64) as u64, product & u128::from(u64::MAX));
            if low >= u128::from(refused) {
                return high;
            }
        }
    }

    /// Whether something of the probability of so many millionths comes true.
    #[inline]
    pub fn comes_true(&mut self, millionths: u32) -> bool {
        self.below(1_000_000) < u64::from(millionths)
    }

    /// A number in [0, 1) with 53 bits.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double's mantissa exactly")]
    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }
}

/// The stream number of an actor's name: FNV-1a, which is stable and needs no library.
pub(crate) fn stream_number(actor: &str) -> u64 {
    actor.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// How long something takes, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    /// Always so long.
    Fixed(u64),
    /// Between two, both included.
    Range(u64, u64),
    /// Exponential with this mean.
    Exponential(u64),
    /// Log-normal with this median and a sigma in thousandths.
    LogNormal {
        /// The median.
        median: u64,
        /// The standard deviation of the logarithm, in thousandths.
        sigma: u64,
    },
}

impl Delay {
    /// Draws a delay. What chance makes, is whole milliseconds.
    #[inline]
    pub fn draw(self, chance: &mut Chance) -> SimTime {
        let millis = match self {
            Self::Fixed(millis) => millis,
            Self::Range(least, most) => {
                let choices = most.saturating_sub(least).saturating_add(1);
                least.saturating_add(chance.below(choices))
            }
            Self::Exponential(mean) => whole(-libm::log(1.0 - chance.unit()) * real(mean)),
            Self::LogNormal { median, sigma } => whole(real(median) * libm::exp(real(sigma) / 1000.0 * normal(chance))),
        };
        SimTime::from_millis(millis)
    }
}

/// A standard normal sample by the method of Box and Muller.
fn normal(chance: &mut Chance) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - chance.unit()));
    radius * libm::cos(2.0 * core::f64::consts::PI * chance.unit())
}

#[expect(clippy::cast_precision_loss, reason = "delays are far below 2^53 milliseconds")]
fn real(millis: u64) -> f64 {
    millis as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and delays are not negative"
)]
fn whole(millis: f64) -> u64 {
    millis as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change of these numbers is a new scheme: every seed would mean another run.
    #[test]
    fn the_scheme_is_pinned() {
        let mut chance = Chance::of(7, "operator/admin");
        let bits: Vec<u64> = (0..3).map(|_| chance.bits()).collect();
        let below: Vec<u64> = (0..6).map(|_| chance.below(10)).collect();
        let coins: Vec<bool> = (0..6).map(|_| chance.comes_true(300_000)).collect();
        let delays: Vec<u64> = [
            Delay::Fixed(5),
            Delay::Range(1_000, 5_000),
            Delay::Exponential(30_000),
            Delay::Exponential(30_000),
            Delay::LogNormal { median: 20_000, sigma: 500 },
            Delay::LogNormal { median: 20_000, sigma: 500 },
        ]
        .map(|delay| delay.draw(&mut chance).millis())
        .to_vec();
        insta::assert_debug_snapshot!((SCHEME, stream_number("operator/admin"), bits, below, coins, delays));
    }

    #[test]
    fn actors_do_not_shift_each_other() {
        let draws = |actor| {
            let mut chance = Chance::of(1, actor);
            (0..4).map(|_| chance.bits()).collect::<Vec<_>>()
        };
        assert_eq!(draws("a"), draws("a"));
        assert_ne!(draws("a"), draws("b"));
    }

    #[test]
    fn samples_have_the_moments_of_their_distributions() {
        let mut chance = Chance::of(3, "moments");
        let mean =
            |delay: Delay, chance: &mut Chance| (0..20_000).map(|_| delay.draw(chance).millis()).sum::<u64>() / 20_000;
        let exponential = mean(Delay::Exponential(30_000), &mut chance);
        assert!((29_000..31_000).contains(&exponential), "{exponential}");
        let range = mean(Delay::Range(1_000, 3_000), &mut chance);
        assert!((1_980..2_020).contains(&range), "{range}");
        // The mean of a log-normal is its median times exp(sigma² / 2).
        let log_normal = mean(Delay::LogNormal { median: 20_000, sigma: 500 }, &mut chance);
        assert!((22_200..23_200).contains(&log_normal), "{log_normal}");
        let heads = (0..20_000).filter(|_| chance.comes_true(250_000)).count();
        assert!((4_800..5_200).contains(&heads), "{heads}");
    }
}
