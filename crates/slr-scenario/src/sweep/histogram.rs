//! Histograms of log-linear buckets: integers alone, so that merging them in any order gives the same.

use serde::{Deserialize, Serialize};

/// How many bits of a number a bucket keeps: below twice two to this power every number has a bucket of its own.
const KEPT: u32 = 7;

/// How often which numbers came. What is kept does not grow with how many there were.
///
/// Numbers below 256 have a bucket each; a bucket of greater numbers is narrower than a hundredth of them. The count, the sum and
/// both ends are exact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    sum: u128,
    /// The least and the greatest.
    ends: Option<(u64, u64)>,
}

/// How many standard deviations to both sides of its middle hold 95 percent of a normal distribution.
const NORMAL_95: f64 = 1.959_964;

fn bucket_of(number: u64) -> usize {
    let shift = (number | 1).ilog2().saturating_sub(KEPT);
    // There are a few thousand buckets.
    usize::try_from((u64::from(shift) << KEPT) + (number >> shift)).unwrap_or(usize::MAX)
}

/// The greatest number of a bucket.
fn greatest_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket >> KEPT).saturating_sub(1);
    let kept = bucket - (shift << KEPT);
    (kept << shift) | ((1 << shift) - 1)
}

impl Histogram {
    /// Counts a number.
    #[inline]
    pub fn record(&mut self, number: u64) {
        let bucket = bucket_of(number);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.count += 1;
        self.sum += u128::from(number);
        let (least, greatest) = self.ends.unwrap_or((number, number));
        self.ends = Some((least.min(number), greatest.max(number)));
    }

    /// Takes in what another has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (mine, others) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += others;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.ends = match (self.ends, other.ends) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (ends, None) | (None, ends) => ends,
        };
    }

    /// How many numbers there were.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// The least and the greatest; `None` if there was none.
    pub const fn ends(&self) -> Option<(u64, u64)> {
        self.ends
    }

    /// The mean; `None` if there was no number.
    #[expect(clippy::cast_precision_loss, reason = "a mean is for people; what it is made of stays exact")]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The interval in which the true mean lies in 95 of 100 samples, as the normal distribution has it, to the width of a bucket; `None` of
    /// less than two.
    #[expect(clippy::cast_precision_loss, reason = "an interval is for people; what it is made of stays exact")]
    pub fn mean_interval(&self) -> Option<(f64, f64)> {
        let (mean, (least, greatest)) = (self.mean()?, self.ends?);
        if self.count < 2 {
            return None;
        }
        let squares = self.buckets.iter().enumerate().filter(|(_, count)| **count > 0).map(|(bucket, count)| {
            let distance = greatest_of(bucket).clamp(least, greatest) as f64 - mean;
            distance * distance * *count as f64
        });
        let n = self.count as f64;
        let half = NORMAL_95 * (squares.sum::<f64>() / (n - 1.0) / n).sqrt();
        // None of the numbers is negative.
        Some(((mean - half).max(0.0), mean + half))
    }

    /// The smallest number of which this share of all is not greater, to the width of a bucket; `None` if there was none.
    pub fn percentile(&self, percent: u8) -> Option<u64> {
        self.of_rank((u128::from(self.count) * u128::from(percent)).div_ceil(100).max(1))
    }

    /// The interval in which the true percentile lies in 95 of 100 samples, whatever the distribution; `None` if there are too few
    /// numbers for any.
    ///
    /// Source: W. J. Conover, "Practical Nonparametric Statistics", 1999, confidence interval for a quantile.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an interval is for people, and the ranks are found to be between the first and the last"
    )]
    pub fn percentile_interval(&self, percent: u8) -> Option<(u64, u64)> {
        let (n, share) = (self.count as f64, f64::from(percent) / 100.0);
        let half = NORMAL_95 * (n * share * (1.0 - share)).sqrt();
        let (low, high) = ((n * share - half).ceil(), (n * share + half).ceil());
        let is_between = low >= 1.0 && high <= n;
        if is_between { self.of_rank(low as u128).zip(self.of_rank(high as u128)) } else { None }
    }

    /// The same with as many zeros as make it so many numbers.
    #[must_use]
    pub fn with_zeros_up_to(&self, count: u64) -> Self {
        let mut padded = self.clone();
        let zeros = count.saturating_sub(self.count);
        if zeros > 0 {
            if padded.buckets.is_empty() {
                padded.buckets.push(0);
            }
            padded.buckets[0] += zeros;
            padded.count += zeros;
            padded.ends = Some((0, self.ends.map_or(0, |(_, greatest)| greatest)));
        }
        padded
    }

    /// The number of this rank, counted from 1, to the width of a bucket.
    fn of_rank(&self, rank: u128) -> Option<u64> {
        let (least, greatest) = self.ends?;
        let mut seen = 0_u128;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= rank {
                return Some(greatest_of(bucket).clamp(least, greatest));
            }
        }
        Some(greatest)
    }

    /// At most `most` ranges of the same width that hold all numbers up to `until`, and one for what is greater: the last number of
    /// each, and how many it has.
    pub fn ranges(&self, most: u64, until: u64) -> Vec<(u64, u64)> {
        let Some((least, greatest)) = self.ends else {
            return Vec::new();
        };
        let until = until.clamp(least, greatest);
        let width = ((until - least) / most.max(1) + 1).max(1);
        let count = (until - least) / width + 1;
        let mut ranges: Vec<(u64, u64)> =
            (1..=count).map(|place| (least.saturating_add(width.saturating_mul(place) - 1).min(greatest), 0)).collect();
        let mut beyond = 0;
        for (bucket, times) in self.buckets.iter().enumerate().filter(|(_, times)| **times > 0) {
            let place = (greatest_of(bucket).clamp(least, greatest) - least) / width;
            match usize::try_from(place).ok().and_then(|place| ranges.get_mut(place)) {
                Some((_, counted)) => *counted += times,
                None => beyond += times,
            }
        }
        if beyond > 0 {
            ranges.push((greatest, beyond));
        }
        ranges
    }
}

/// How a histogram is written: the buckets that hold something.
#[derive(Serialize, Deserialize)]
struct Written {
    buckets: Vec<(u32, u64)>,
    sum: u128,
    ends: Option<(u64, u64)>,
}

impl Serialize for Histogram {
    fn serialize<W: serde::Serializer>(&self, writer: W) -> Result<W::Ok, W::Error> {
        let buckets = (0..).zip(self.buckets.iter().copied()).filter(|(_, count)| *count > 0).collect();
        Written { buckets, sum: self.sum, ends: self.ends }.serialize(writer)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<R: serde::Deserializer<'de>>(reader: R) -> Result<Self, R::Error> {
        let written = Written::deserialize(reader)?;
        let mut histogram = Self { sum: written.sum, ends: written.ends, ..Self::default() };
        for (bucket, count) in written.buckets {
            let place = bucket as usize;
            if place > bucket_of(u64::MAX) {
                return Err(serde::de::Error::custom("there is no such bucket"));
            }
            if histogram.buckets.len() <= place {
                histogram.buckets.resize(place + 1, 0);
            }
            histogram.buckets[place] = count;
            histogram.count = histogram.count.checked_add(count).ok_or_else(|| serde::de::Error::custom("too many"))?;
        }
        if histogram.ends.is_some() != (histogram.count > 0) {
            return Err(serde::de::Error::custom("a histogram has ends if and only if it has counted something"));
        }
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(numbers: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for number in numbers {
            histogram.record(*number);
        }
        histogram
    }

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![0_u64..300, 0_u64..10_000_000, any::<u64>()]
    }

    #[test]
    fn an_interval_of_a_percentile_is_between_two_ranks() {
        let histogram = of(&(1..=100).collect::<Vec<_>>());
        // 50 plus and minus 9.8; 90 plus and minus 5.88.
        assert_eq!(histogram.percentile_interval(50), Some((41, 60)));
        assert_eq!(histogram.percentile_interval(90), Some((85, 96)));
        assert_eq!(histogram.percentile_interval(99), None, "101 would be needed");
        assert_eq!(of(&[]).percentile_interval(50), None);
        // The standard deviation is 29.01.
        let (low, high) = histogram.mean_interval().unwrap();
        assert!((low - (50.5 - 5.686)).abs() < 0.001 && (high - (50.5 + 5.686)).abs() < 0.001, "{low} {high}");
        assert_eq!((of(&[3]).mean_interval(), of(&[3, 3]).mean_interval()), (None, Some((3.0, 3.0))));
    }

    proptest! {
        #[test]
        fn a_bucket_is_narrow_and_the_next_one_is_greater(number in number()) {
            let bucket = bucket_of(number);
            let greatest = greatest_of(bucket);
            prop_assert!(number <= greatest && greatest - number <= number / 128);
            prop_assert_eq!(bucket_of(greatest), bucket);
            if let Some(next) = greatest.checked_add(1) {
                prop_assert_eq!(bucket_of(next), bucket + 1);
            }
        }

        #[test]
        fn merging_is_counting_together_in_any_order(a in proptest::collection::vec(number(), 0..50), b in proptest::collection::vec(number(), 0..50)) {
            let (mut ab, mut ba) = (of(&a), of(&b));
            ab.merge(&of(&b));
            ba.merge(&of(&a));
            prop_assert_eq!(&ab, &of(&[a, b].concat()));
            prop_assert_eq!(ab, ba);
        }

        #[test]
        fn percentiles_are_those_of_the_sorted_numbers(mut numbers in proptest::collection::vec(number(), 1..200), percent in 1_u8..=100) {
            let histogram = of(&numbers);
            numbers.sort_unstable();
            let exact = numbers[(numbers.len() * usize::from(percent)).div_ceil(100) - 1];
            let found = histogram.percentile(percent).unwrap();
            prop_assert!(exact <= found && found - exact <= exact / 128, "{} for {}", found, exact);
        }

        #[test]
        fn intervals_hold_what_was_found(numbers in proptest::collection::vec(number(), 0..200), percent in 1_u8..=99) {
            let histogram = of(&numbers);
            if let Some((low, high)) = histogram.percentile_interval(percent) {
                let found = histogram.percentile(percent).unwrap();
                prop_assert!(low <= found && found <= high);
            }
            if let (Some(mean), Some((low, high))) = (histogram.mean(), histogram.mean_interval()) {
                prop_assert!(low <= mean && mean <= high);
            }
        }

        #[test]
        fn zeros_are_numbers(numbers in proptest::collection::vec(number(), 0..50), zeros in 0_usize..50) {
            let padded = of(&numbers).with_zeros_up_to((numbers.len() + zeros) as u64);
            prop_assert_eq!(padded, of(&[numbers, vec![0; zeros]].concat()));
        }

        #[test]
        fn what_is_written_is_read_back(numbers in proptest::collection::vec(number(), 0..50)) {
            let histogram = of(&numbers);
            let text = serde_json::to_string(&histogram).unwrap();
            prop_assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), histogram);
        }

        #[test]
        fn ranges_hold_every_number_once(numbers in proptest::collection::vec(number(), 0..50), until in number()) {
            let ranges = of(&numbers).ranges(8, until);
            prop_assert_eq!(ranges.iter().map(|(_, count)| count).sum::<u64>(), numbers.len() as u64);
            prop_assert!(ranges.len() <= 9 && ranges.is_sorted());
        }
    }
}
