//! What a sweep has to say: shares with their intervals, distributions with their percentiles.

use serde::{Deserialize, Serialize};

use slr_core::rejection::Code;

use super::histogram::Histogram;
use super::tally::{Held, Tally};
use crate::expect::What;
use crate::lower::Lowered;

/// In which way a property is asked of many runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertySort {
    /// Every run has to show it.
    InEveryRun,
    /// One run has to show it.
    InSomeRun,
    /// No number of runs decides it.
    Undecided,
}

/// A property as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// As it is written in the scenario.
    pub text: String,
    /// Where: `file:line:column`.
    pub place: String,
    /// How it is asked.
    pub sort: PropertySort,
}

/// What the counted things are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The expectations, then the steps of the script.
    pub properties: Vec<Property>,
    /// The operators.
    pub operators: Vec<String>,
    /// The roles.
    pub roles: Vec<String>,
}

impl Names {
    /// The names in a scenario. `tell` gives the text and the place of an expectation (by its number) or, beyond them, of a step.
    pub fn new(lowered: &Lowered, tell: impl Fn(usize) -> (String, String)) -> Self {
        let properties = (0..super::properties(lowered)).map(|number| {
            let (text, place) = tell(number);
            let sort = match lowered.expectations.get(number).map(|expectation| &expectation.what) {
                Some(What::Sometimes { .. }) => PropertySort::InSomeRun,
                Some(What::Possible { .. }) => PropertySort::Undecided,
                Some(
                    What::Eventually { .. }
                    | What::Always { .. }
                    | What::Never { .. }
                    | What::Finally { .. }
                    | What::Tasks { .. }
                    | What::Task { .. }
                    | What::Refusals { .. }
                    | What::Attempts { .. },
                )
                | None => PropertySort::InEveryRun,
            };
            Property { text, place, sort }
        });
        Self {
            properties: properties.collect(),
            operators: lowered.world.operators.iter().map(|operator| operator.name.clone()).collect(),
            roles: lowered.world.roles.iter().map(|role| role.name.clone()).collect(),
        }
    }

    /// A tally of what is named here.
    pub fn tally(&self) -> Tally {
        Tally::new(self.properties.len(), self.operators.len(), self.roles.len())
    }

    /// Whether both name the same things. Where these are written may differ: a file may lie elsewhere on another machine.
    pub(super) fn are_like(&self, other: &Self) -> bool {
        let are_alike = |(a, b): (&Property, &Property)| a.text == b.text && a.sort == b.sort;
        self.operators == other.operators
            && self.roles == other.roles
            && self.properties.len() == other.properties.len()
            && self.properties.iter().zip(&other.properties).all(are_alike)
    }

    /// Whether a tally counts what is named here.
    pub(super) fn fit(&self, tally: &Tally) -> bool {
        tally.is_like(&self.tally())
    }
}

/// A share of the runs, with the interval in which the true share lies in 95 of 100 sweeps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The share that was found.
    pub share: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Wilson's interval at 95 percent; `None` of nothing.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
#[expect(clippy::cast_precision_loss, reason = "shares are for people; what they are made of stays exact")]
pub fn wilson(held: u64, runs: u64) -> Option<Interval> {
    if runs == 0 {
        return None;
    }
    let (n, z2) = (runs as f64, 1.959_964 * 1.959_964);
    let share = held as f64 / n;
    let middle = share + z2 / (2.0 * n);
    let half = (z2 * (share * (1.0 - share) / n + z2 / (4.0 * n * n))).sqrt();
    let scale = 1.0 + z2 / n;
    // Rounding must not push an end beyond what a share can be.
    let (low, high) = (((middle - half) / scale).clamp(0.0, share), ((middle + half) / scale).clamp(share, 1.0));
    Some(Interval { share, low, high })
}

/// A bar of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// The greatest number that it counts; the bar before it counts the smaller ones.
    pub to: u64,
    /// How many it counts.
    pub count: u64,
}

/// How many bars of the same width a histogram has; a further one counts what is rarely so great.
const BARS: u64 = 10;

/// How a number is distributed. Intervals are those in which the true number lies in 95 of 100 sweeps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// How many there are.
    pub count: u64,
    /// The mean.
    pub mean: Option<f64>,
    /// The interval of the mean; `None` of less than two.
    pub mean_interval: Option<(f64, f64)>,
    /// The least.
    pub min: Option<u64>,
    /// Half of them are not greater; exact below 256, else to within a hundredth.
    pub p50: Option<u64>,
    /// Its interval; `None` if there are too few numbers for any.
    pub p50_interval: Option<(u64, u64)>,
    /// Nine of ten are not greater.
    pub p90: Option<u64>,
    /// Its interval.
    pub p90_interval: Option<(u64, u64)>,
    /// Ninety-nine of a hundred are not greater.
    pub p99: Option<u64>,
    /// Its interval.
    pub p99_interval: Option<(u64, u64)>,
    /// The greatest.
    pub max: Option<u64>,
    /// How often which numbers came. A few great ones do not press all the others into one bar.
    pub histogram: Vec<Bar>,
}

impl Spread {
    /// That of a histogram.
    pub fn of(histogram: &Histogram) -> Self {
        Self {
            count: histogram.count(),
            mean: histogram.mean(),
            mean_interval: histogram.mean_interval(),
            min: histogram.ends().map(|(least, _)| least),
            p50: histogram.percentile(50),
            p50_interval: histogram.percentile_interval(50),
            p90: histogram.percentile(90),
            p90_interval: histogram.percentile_interval(90),
            p99: histogram.percentile(99),
            p99_interval: histogram.percentile_interval(99),
            max: histogram.ends().map(|(_, greatest)| greatest),
            histogram: histogram
                .ranges(BARS, histogram.percentile(99).unwrap_or(0))
                .into_iter()
                .map(|(to, count)| Bar { to, count })
                .collect(),
        }
    }
}

/// What became of a property.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PropertySummary {
    /// The property.
    #[serde(flatten)]
    pub property: Property,
    /// In how many runs it held.
    pub held: u64,
    /// Which share that is.
    #[serde(flatten)]
    pub share: Option<Interval>,
    /// The first seeds in which it did not.
    pub first_failing: Vec<u64>,
    /// Whether that is as expected.
    pub as_expected: bool,
}

/// The requests of an operator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatorSummary {
    /// Its name.
    pub operator: String,
    /// How many requests for deletion it made.
    pub attempts: Spread,
}

/// The deletion of a role.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoleSummary {
    /// Its name.
    pub role: String,
    /// In how many runs it was deleted.
    pub deleted: u64,
    /// Which share that is.
    #[serde(flatten)]
    pub share: Option<Interval>,
    /// When it was first deleted, in milliseconds.
    pub deleted_ms: Spread,
    /// For how long sessions used it after the first request for its deletion, in milliseconds.
    pub session_wait_ms: Spread,
    /// For how long resources did.
    pub resource_wait_ms: Spread,
}

/// Refusals with one code.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RefusalSummary {
    /// The code.
    pub code: &'static str,
    /// How many calls.
    pub calls: u64,
    /// In how many runs.
    pub runs: u64,
    /// How many calls of a run, of all runs.
    pub per_run: Spread,
}

/// What there is to say of the runs of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// How many there were.
    pub runs: u64,
    /// In how many everything came as expected, as far as one run decides it.
    pub passed: u64,
    /// Which share that is.
    #[serde(flatten)]
    pub share: Option<Interval>,
    /// The first seeds in which something did not.
    pub first_failing: Vec<u64>,
    /// Per property.
    pub properties: Vec<PropertySummary>,
    /// Per operator.
    pub operators: Vec<OperatorSummary>,
    /// Per role whose deletion was requested or that was deleted.
    pub roles: Vec<RoleSummary>,
    /// How many calls of a run were refused.
    pub refusals: Spread,
    /// By code.
    pub refused: Vec<RefusalSummary>,
    /// How many actions a run had.
    pub steps: Spread,
    /// How many events all runs had.
    pub events: u64,
    /// In how many runs an invariant of the model was broken: a bug of ours.
    pub broken: u64,
    /// In how many runs time stood still: there was no end to what happened at one moment.
    pub standstills: u64,
}

impl Summary {
    /// That of a tally.
    pub fn new(names: &Names, tally: &Tally) -> Self {
        let properties = names.properties.iter().zip(&tally.properties);
        let operators = names.operators.iter().zip(&tally.attempts);
        let roles = names.roles.iter().zip(&tally.roles);
        let refused = Code::ALL.iter().zip(&tally.refused).filter(|(_, refused)| refused.count() > 0);
        Self {
            runs: tally.runs,
            passed: tally.passed.held,
            share: wilson(tally.passed.held, tally.runs),
            first_failing: tally.passed.failing.clone(),
            properties: properties.map(|(property, held)| property_summary(property, held, tally.runs)).collect(),
            operators: operators
                .map(|(name, attempts)| OperatorSummary { operator: name.clone(), attempts: Spread::of(attempts) })
                .collect(),
            roles: roles
                .filter(|(_, role)| role.deleted.count() > 0 || role.waits_for_sessions.count() > 0)
                .map(|(name, role)| RoleSummary {
                    role: name.clone(),
                    deleted: role.deleted.count(),
                    share: wilson(role.deleted.count(), tally.runs),
                    deleted_ms: Spread::of(&role.deleted),
                    session_wait_ms: Spread::of(&role.waits_for_sessions),
                    resource_wait_ms: Spread::of(&role.waits_for_resources),
                })
                .collect(),
            refusals: Spread::of(&tally.refusals),
            refused: refused
                .map(|(code, refused)| RefusalSummary {
                    code: code.name(),
                    calls: u64::try_from(refused.sum()).unwrap_or(u64::MAX),
                    runs: refused.count(),
                    per_run: Spread::of(&refused.with_zeros_up_to(tally.runs)),
                })
                .collect(),
            steps: Spread::of(&tally.steps),
            events: tally.events,
            broken: tally.broken,
            standstills: tally.standstills,
        }
    }

    /// Whether everything came as expected: what every run has to show in every run, what some run has to show in one.
    pub fn is_as_expected(&self) -> bool {
        self.broken == 0
            && self.standstills == 0
            && self.passed == self.runs
            && self.properties.iter().all(|property| property.as_expected)
    }

    /// The same of a part of the runs: what some run has to show may be shown in another part.
    pub fn is_as_expected_so_far(&self) -> bool {
        self.broken == 0 && self.standstills == 0 && self.passed == self.runs
    }

    /// What some run has to show and none of these has shown.
    pub fn unseen(&self) -> impl Iterator<Item = &Property> {
        let unseen =
            |summary: &&PropertySummary| summary.property.sort == PropertySort::InSomeRun && !summary.as_expected;
        self.properties.iter().filter(unseen).map(|summary| &summary.property)
    }
}

fn property_summary(property: &Property, held: &Held, runs: u64) -> PropertySummary {
    let as_expected = match property.sort {
        PropertySort::InEveryRun => held.held == runs,
        PropertySort::InSomeRun => held.held > 0 || runs == 0,
        PropertySort::Undecided => true,
    };
    PropertySummary {
        property: property.clone(),
        held: held.held,
        share: wilson(held.held, runs),
        first_failing: held.failing.clone(),
        as_expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_wilsons() {
        // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
        for (held, runs, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let interval = wilson(held, runs).unwrap();
            assert!((interval.low - low).abs() < 5e-5 && (interval.high - high).abs() < 5e-5, "{interval:?}");
        }
        assert_eq!(wilson(0, 0), None);
        assert!(wilson(20, 20).unwrap().high >= 1.0);
    }
}
