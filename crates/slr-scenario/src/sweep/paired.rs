//! Two variations of a scenario under the same seeds, compared seed by seed: what differs between them is then no matter of luck.

use serde::{Deserialize, Serialize};

use super::Row;

/// How a number of one variation differs from that of another, over many seeds. Only integers, so that the order of counting makes no
/// difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differences {
    /// Under how many seeds it is less.
    pub less: u64,
    /// Under how many it is the same.
    pub same: u64,
    /// Under how many it is more.
    pub more: u64,
    /// The sum of the differences.
    sum: i128,
    /// The sum of their squares.
    squares: u128,
}

/// The mean of differences, with the interval in which the true mean lies in 95 of 100 sweeps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MeanDifference {
    /// The mean that was found.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Differences {
    fn record(&mut self, first: u64, this: u64) {
        match this.cmp(&first) {
            std::cmp::Ordering::Less => self.less += 1,
            std::cmp::Ordering::Equal => self.same += 1,
            std::cmp::Ordering::Greater => self.more += 1,
        }
        let distance = u128::from(this.abs_diff(first));
        self.sum += i128::from(this) - i128::from(first);
        self.squares = self.squares.saturating_add(distance * distance);
    }

    fn merge(&mut self, other: &Self) {
        self.less += other.less;
        self.same += other.same;
        self.more += other.more;
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
    }

    /// Under how many seeds there is a difference, be it none.
    pub const fn count(&self) -> u64 {
        self.less + self.same + self.more
    }

    /// The mean difference; `None` of less than two. The interval is that of the normal distribution.
    #[expect(clippy::cast_precision_loss, reason = "a mean is for people; what it is made of stays exact")]
    pub fn mean(&self) -> Option<MeanDifference> {
        let count = self.count();
        if count < 2 {
            return None;
        }
        // n times the sum of squares is never less than the square of the sum.
        let spread =
            self.squares.saturating_mul(u128::from(count)).saturating_sub(self.sum.unsigned_abs().saturating_pow(2));
        let n = count as f64;
        let mean = self.sum as f64 / n;
        let half = 1.959_964 * (spread as f64 / (n - 1.0)).sqrt() / n;
        Some(MeanDifference { mean, low: mean - half, high: mean + half })
    }
}

/// A variation against the first one, seed by seed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paired {
    /// Under how many seeds both were played.
    pub seeds: u64,
    /// Under how many everything came as expected in both.
    pub both_pass: u64,
    /// Under how many it did in the first one alone.
    pub only_first_passes: u64,
    /// Under how many it did in this one alone.
    pub only_this_passes: u64,
    /// Requests for deletion.
    pub attempts: Differences,
    /// When the last role was gone, in milliseconds, where it was gone in both.
    pub deleted: Differences,
    /// Under how many seeds it was gone in the first one alone.
    pub only_first_deletes: u64,
    /// Under how many it was gone in this one alone.
    pub only_this_deletes: u64,
    /// Calls that were refused.
    pub refusals: Differences,
}

impl Paired {
    /// Compares rows of the same seeds, in the same order; what one of the two lacks at the end is left out.
    pub fn record(&mut self, first: &[Row], this: &[Row]) {
        for (first, this) in first.iter().zip(this) {
            debug_assert_eq!(first.seed, this.seed, "rows of the same seeds");
            self.seeds += 1;
            match (first.passed, this.passed) {
                (true, true) => self.both_pass += 1,
                (true, false) => self.only_first_passes += 1,
                (false, true) => self.only_this_passes += 1,
                (false, false) => {}
            }
            self.attempts.record(first.attempts, this.attempts);
            self.refusals.record(first.refusals, this.refusals);
            match (first.deleted_millis, this.deleted_millis) {
                (Some(first), Some(this)) => self.deleted.record(first, this),
                (Some(_), None) => self.only_first_deletes += 1,
                (None, Some(_)) => self.only_this_deletes += 1,
                (None, None) => {}
            }
        }
    }

    /// Takes in what another has counted of other seeds.
    pub fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.both_pass += other.both_pass;
        self.only_first_passes += other.only_first_passes;
        self.only_this_passes += other.only_this_passes;
        self.attempts.merge(&other.attempts);
        self.deleted.merge(&other.deleted);
        self.only_first_deletes += other.only_first_deletes;
        self.only_this_deletes += other.only_this_deletes;
        self.refusals.merge(&other.refusals);
    }

    /// Whether the counts fit together.
    pub(super) fn is_sound(&self) -> bool {
        let passes = [self.both_pass, self.only_first_passes, self.only_this_passes];
        let deletes = [self.deleted.count(), self.only_first_deletes, self.only_this_deletes];
        let within = |parts: &[u64]| parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(*part));
        within(&passes).is_some_and(|sum| sum <= self.seeds)
            && within(&deletes).is_some_and(|sum| sum <= self.seeds)
            && self.attempts.count() == self.seeds
            && self.refusals.count() == self.seeds
    }
}

/// [`Differences`] as they are told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct DifferenceSummary {
    /// Under how many seeds it is less.
    pub less: u64,
    /// Under how many it is the same.
    pub same: u64,
    /// Under how many it is more.
    pub more: u64,
    /// The mean.
    #[serde(flatten)]
    pub mean: Option<MeanDifference>,
}

/// [`Paired`] as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct PairedSummary {
    seeds: u64,
    both_pass: u64,
    only_first_passes: u64,
    only_this_passes: u64,
    attempts: DifferenceSummary,
    deleted_ms: DifferenceSummary,
    only_first_deletes: u64,
    only_this_deletes: u64,
    refusals: DifferenceSummary,
}

impl From<&Paired> for PairedSummary {
    fn from(paired: &Paired) -> Self {
        let told = |differences: &Differences| DifferenceSummary {
            less: differences.less,
            same: differences.same,
            more: differences.more,
            mean: differences.mean(),
        };
        Self {
            seeds: paired.seeds,
            both_pass: paired.both_pass,
            only_first_passes: paired.only_first_passes,
            only_this_passes: paired.only_this_passes,
            attempts: told(&paired.attempts),
            deleted_ms: told(&paired.deleted),
            only_first_deletes: paired.only_first_deletes,
            only_this_deletes: paired.only_this_deletes,
            refusals: told(&paired.refusals),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(pairs: &[(u64, u64)]) -> Differences {
        let mut differences = Differences::default();
        for (first, this) in pairs {
            differences.record(*first, *this);
        }
        differences
    }

    #[test]
    fn means_have_their_intervals() {
        // Student, "The probable error of a mean", 1908: the additional hours of sleep gained by the use of two drugs, in tenths.
        let hours = [(7, 19), (-16, 8), (-2, 11), (-12, 1), (-1, -1), (34, 44), (37, 55), (8, 16), (0, 46), (20, 34)];
        let shifted: Vec<(u64, u64)> =
            hours.iter().map(|(a, b)| (u64::try_from(a + 100).unwrap(), u64::try_from(b + 100).unwrap())).collect();
        let differences = of(&shifted);
        assert_eq!((differences.less, differences.same, differences.more), (0, 1, 9));
        let mean = differences.mean().unwrap();
        // 1.58 hours with a standard error of 0.389.
        assert!((mean.mean - 15.8).abs() < 1e-9, "{mean:?}");
        assert!((mean.high - mean.mean - 1.959_964 * 3.89).abs() < 0.01, "{mean:?}");
        assert_eq!(of(&[(1, 2)]).mean(), None);
    }

    fn row() -> impl Strategy<Value = Row> {
        (any::<bool>(), 0..5_u64, proptest::option::of(0..100_000_u64), 0..3_u64).prop_map(
            |(passed, attempts, deleted_millis, refusals)| Row {
                seed: 0,
                passed,
                attempts,
                deleted_millis,
                session_wait_millis: None,
                resource_wait_millis: None,
                refusals,
                steps: 1,
            },
        )
    }

    proptest! {
        #[test]
        fn parts_together_are_the_whole(rows in proptest::collection::vec((row(), row()), 0..40), place in 0..40_usize) {
            let (first, this): (Vec<Row>, Vec<Row>) = rows.into_iter().unzip();
            let place = place.min(first.len());
            let record = |from: usize, to: usize| {
                let mut paired = Paired::default();
                paired.record(&first[from..to], &this[from..to]);
                paired
            };
            let whole = record(0, first.len());
            prop_assert!(whole.is_sound());
            let mut parts = record(place, first.len());
            parts.merge(&record(0, place));
            prop_assert_eq!(whole, parts);
            let text = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(serde_json::from_str::<Paired>(&text).unwrap(), whole);
        }
    }
}
