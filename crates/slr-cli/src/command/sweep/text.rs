//! A sweep for people: shares, a table of distributions, histograms.

use std::fmt::Write as _;

use slr_scenario::diagnostic::Look;
use slr_scenario::simulation::{STANDSTILL, SimTime};
use slr_scenario::sweep::{
    Bar, Differences, Interval, MeanDifference, Paired, PropertySort, Spread, Summary, Sweep, Variant,
};

use crate::console::{DIM, FAILED, PASSED};

/// How long the longest bar of a histogram is.
const WIDTH: u64 = 40;

/// All that a sweep has to say.
pub(super) fn text(sweep: &Sweep, look: Look) -> String {
    let mut text = String::new();
    let several = sweep.variants.len() > 1;
    if several {
        side_by_side(sweep, &mut text);
        seed_by_seed(sweep, look, &mut text);
    }
    for variant in &sweep.variants {
        let summary = Summary::new(&variant.names, &variant.tally);
        if several || !variant.set.is_empty() {
            let _ = writeln!(text, "\n{}", look.paint(DIM, format!("with {}", variant.set.join(" "))));
        }
        // Side by side all of it was told, but for what failed.
        if several && summary.is_as_expected() {
            ending(sweep, variant, &summary, look, &mut text);
            continue;
        }
        let file = sweep.file.as_deref().filter(|_| variant.set.is_empty());
        let again = file.map(|file| again(file, &sweep.params));
        properties(&summary, again.as_deref(), look, &mut text);
        if !several {
            distributions(&summary, look, &mut text);
            histograms(&summary, look, &mut text);
            text.push('\n');
        }
        ending(sweep, variant, &summary, look, &mut text);
    }
    text
}

fn ending(sweep: &Sweep, variant: &Variant, summary: &Summary, look: Look, text: &mut String) {
    let word = if summary.is_as_expected() { look.paint(PASSED, "passed") } else { look.paint(FAILED, "failed") };
    let (first, last) = (variant.played.start, variant.played.end);
    let _ = writeln!(
        text,
        "{word}: {}: everything came as expected under {} of {} seeds ({first}..{last})",
        sweep.scenario, summary.passed, summary.runs
    );
}

fn again(file: &str, params: &[String]) -> String {
    let mut command = format!("slr run {file}");
    for param in params {
        command.push_str(" --param ");
        command.push_str(param);
    }
    command + " --seed"
}

fn percent(share: Option<Interval>) -> String {
    share.map_or_else(String::new, |Interval { share, low, high }| {
        format!("{:.2} % ({:.2} to {:.2})", share * 100.0, low * 100.0, high * 100.0)
    })
}

fn properties(summary: &Summary, again: Option<&str>, look: Look, text: &mut String) {
    for property in &summary.properties {
        let verb = match property.property.sort {
            PropertySort::InEveryRun => "held in",
            PropertySort::InSomeRun => "seen in",
            PropertySort::Undecided => {
                let why = look.paint(DIM, "only the checker can decide it");
                let word = look.paint(DIM, "undecided");
                let _ = writeln!(text, "{word}  {}\n      {why}", property.property.text);
                continue;
            }
        };
        let (word, place) = if property.as_expected {
            (look.paint(PASSED, "pass"), String::new())
        } else {
            (look.paint(FAILED, "FAIL"), format!("  {}", property.property.place))
        };
        let shares = format!("{verb} {} of {} runs, {}", property.held, summary.runs, percent(property.share));
        let _ = writeln!(text, "{word}  {}{}", property.property.text, look.paint(DIM, place));
        let _ = writeln!(text, "      {}", look.paint(DIM, shares));
        if let Some(first) = property.first_failing.first() {
            let seeds: Vec<String> = property.first_failing.iter().map(u64::to_string).collect();
            let again = again.map_or_else(String::new, |again| format!(": {again} {first}"));
            let _ = writeln!(text, "      {}", look.paint(DIM, format!("not with seed {}{again}", seeds.join(", "))));
        }
    }
    if summary.broken > 0 {
        let _ = writeln!(
            text,
            "{}  an invariant of the model is broken in {} runs; it is a bug of slr",
            look.paint(FAILED, "FAIL"),
            summary.broken
        );
    }
    if summary.standstills > 0 {
        let _ = writeln!(
            text,
            "{}  time stands still in {} runs: {STANDSTILL}",
            look.paint(FAILED, "FAIL"),
            summary.standstills
        );
    }
}

/// How a number is written.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Count,
    Time,
}

impl Unit {
    fn text(self, number: Option<u64>) -> String {
        match (self, number) {
            (_, None) => "-".to_owned(),
            (Self::Count, Some(number)) => number.to_string(),
            (Self::Time, Some(millis)) => SimTime::from_millis(millis).to_string(),
        }
    }

    /// A mean difference, with its interval.
    fn difference(self, MeanDifference { mean, low, high }: MeanDifference) -> String {
        let signed = |number: f64| {
            // What rounds to nothing has no sign.
            let is_nothing = match self {
                Self::Count => number.abs() < 0.005,
                Self::Time => number.abs() < 0.5,
            };
            let sign = match (is_nothing, number < 0.0) {
                (true, _) => "",
                (false, true) => "-",
                (false, false) => "+",
            };
            format!("{sign}{}", self.mean(Some(number.abs())))
        };
        format!("{} ({} to {})", signed(mean), signed(low), signed(high))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float cast saturates, and means are not negative"
    )]
    fn mean(self, mean: Option<f64>) -> String {
        match (self, mean) {
            (_, None) => "-".to_owned(),
            (Self::Count, Some(mean)) => format!("{mean:.2}"),
            (Self::Time, Some(millis)) => self.text(Some(millis.round() as u64)),
        }
    }
}

/// What is distributed: its name, how it is written, and its spread.
fn spreads(summary: &Summary) -> Vec<(String, Unit, &Spread)> {
    let mut spreads = Vec::new();
    for operator in &summary.operators {
        spreads.push((format!("attempts of {}", operator.operator), Unit::Count, &operator.attempts));
    }
    for role in &summary.roles {
        spreads.push((format!("deletion of {}", role.role), Unit::Time, &role.deleted_ms));
        spreads.push(("  after a request, resources used it for".to_owned(), Unit::Time, &role.resource_wait_ms));
        spreads.push(("  after a request, sessions used it for".to_owned(), Unit::Time, &role.session_wait_ms));
    }
    spreads.push(("refused calls of a run".to_owned(), Unit::Count, &summary.refusals));
    for refused in &summary.refused {
        spreads.push((format!("  with {}", refused.code), Unit::Count, &refused.per_run));
    }
    spreads.push(("actions of a run".to_owned(), Unit::Count, &summary.steps));
    spreads
}

/// Columns as wide as they need to be, the first one to the left. A row with one cell is a heading, and as wide as it is.
fn table(rows: &[Vec<String>], text: &mut String) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter(|row| row.len() > 1).filter_map(move |row| row.get(column));
    let width = |column: usize| cells(column).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if column == 0 {
                let _ = write!(line, "{cell:width$}");
            } else {
                let _ = write!(line, "  {cell:>width$}");
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// A heading for each spread, so that the numbers fit into 80 columns, and under each number the ends of the interval in which the true one lies
/// in 95 of 100 sweeps.
fn distributions(summary: &Summary, look: Look, text: &mut String) {
    let head = ["", "mean", "p50", "p90", "p99", "max"].map(str::to_owned).to_vec();
    let mut rows = vec![head];
    for (name, unit, spread) in spreads(summary) {
        let numbers = [spread.p50, spread.p90, spread.p99, spread.max].map(|number| unit.text(number));
        rows.push(vec![format!("{name} ({} run{})", spread.count, if spread.count == 1 { "" } else { "s" })]);
        let mut row = vec!["  found".to_owned(), unit.mean(spread.mean)];
        row.extend(numbers);
        rows.push(row);
        let intervals = [spread.p50_interval, spread.p90_interval, spread.p99_interval];
        // Where all runs have the same number nothing is to be told about it.
        if spread.min == spread.max {
            continue;
        }
        let mut end = |name: &str, of_mean: &dyn Fn((f64, f64)) -> f64, of: &dyn Fn((u64, u64)) -> u64| {
            let mut row = vec![format!("  {name}"), unit.mean(spread.mean_interval.map(of_mean))];
            row.extend(intervals.map(|interval| unit.text(interval.map(of))));
            rows.push(row);
        };
        end("at least", &|(low, _)| low, &|(low, _)| low);
        end("at most", &|(_, high)| high, &|(_, high)| high);
    }
    text.push('\n');
    table(&rows, text);
    let note = "at least, at most: where the true number lies in 95 of 100 sweeps";
    if rows.iter().any(|row| row[0].ends_with("at least") && row.len() > 1) {
        let _ = writeln!(text, "{}", look.paint(DIM, note));
    }
    for refused in &summary.refused {
        let _ = writeln!(text, "{}: {} calls refused, in {} runs", refused.code, refused.calls, refused.runs);
    }
}

fn histograms(summary: &Summary, look: Look, text: &mut String) {
    for (name, unit, spread) in spreads(summary) {
        histogram(name.trim_start(), unit, &spread.histogram, look, text);
    }
}

fn histogram(title: &str, unit: Unit, bars: &[Bar], look: Look, text: &mut String) {
    if bars.len() < 2 {
        return;
    }
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1);
    let _ = writeln!(text, "\n{title}");
    let ends: Vec<String> = bars.iter().map(|bar| unit.text(Some(bar.to))).collect();
    let width = ends.iter().map(String::len).max().unwrap_or(0);
    for (end, Bar { count, .. }) in ends.iter().zip(bars) {
        let length = u128::from(*count) * u128::from(WIDTH) / u128::from(most);
        let bar = "#".repeat(usize::try_from(length).unwrap_or(0));
        let line = format!("  to {end:>width$}  {count:>9}  {}", look.paint(DIM, bar));
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// One column for each variant.
fn side_by_side(sweep: &Sweep, text: &mut String) {
    let all: Vec<Summary> = sweep.variants.iter().map(|v| Summary::new(&v.names, &v.tally)).collect();
    let mut rows = vec![std::iter::once(String::new()).chain(sweep.variants.iter().map(|v| v.set.join(" "))).collect()];
    let mut row = |name: &str, cell: &dyn Fn(&Summary) -> String| {
        rows.push(std::iter::once(name.to_owned()).chain(all.iter().map(cell)).collect::<Vec<String>>());
    };
    row("runs", &|summary| summary.runs.to_string());
    row("as expected", &|summary| percent(summary.share));
    let Some(first) = all.first() else {
        return;
    };
    for (place, property) in first.properties.iter().enumerate() {
        row(&property.property.text, &|summary| {
            summary.properties.get(place).map_or_else(|| "-".to_owned(), |property| percent(property.share))
        });
    }
    for (name, unit, _) in spreads(first) {
        let numbers: [(&str, Percentile); 3] =
            [("p50", |spread| spread.p50), ("p90", |spread| spread.p90), ("p99", |spread| spread.p99)];
        for (what, number) in numbers {
            row(&format!("{name}, {what}"), &|summary| {
                let spreads = spreads(summary);
                let found = spreads.iter().find(|(other, ..)| *other == name);
                unit.text(found.and_then(|(.., spread)| number(spread)))
            });
        }
    }
    table(&rows, text);
}

/// One of the percentiles of a spread.
type Percentile = fn(&Spread) -> Option<u64>;

/// One of the numbers that are compared seed by seed.
type Field = fn(&Paired) -> &Differences;

/// How each of the other variants compares with the first one under the same seeds.
fn seed_by_seed(sweep: &Sweep, look: Look, text: &mut String) {
    let Some((first, others)) = sweep.variants.split_first() else {
        return;
    };
    let heading = format!("against {}, seed by seed", first.set.join(" "));
    let _ = writeln!(text, "\n{}", look.paint(DIM, heading));
    let mut rows = vec![std::iter::once(String::new()).chain(others.iter().map(|v| v.set.join(" "))).collect()];
    let mut row = |name: &str, cell: &dyn Fn(&Paired) -> String| {
        let cells = others.iter().map(|variant| variant.paired.as_ref().map_or_else(|| "-".to_owned(), cell));
        rows.push(std::iter::once(name.to_owned()).chain(cells).collect::<Vec<String>>());
    };
    row("seeds", &|paired| paired.seeds.to_string());
    row("as expected here alone", &|paired| paired.only_this_passes.to_string());
    row("as expected there alone", &|paired| paired.only_first_passes.to_string());
    let fields: [(&str, Unit, [&str; 2], Field); 3] = [
        ("attempts", Unit::Count, ["fewer", "more"], |paired| &paired.attempts),
        ("deletion", Unit::Time, ["earlier", "later"], |paired| &paired.deleted),
        ("refused calls", Unit::Count, ["fewer", "more"], |paired| &paired.refusals),
    ];
    for (name, unit, [less, more], of) in fields {
        row(&format!("{name}: {less} / same / {more}"), &|paired| {
            let Differences { less, same, more, .. } = of(paired);
            format!("{less} / {same} / {more}")
        });
        row(&format!("{name}: mean difference"), &|paired| {
            of(paired).mean().map_or_else(|| "-".to_owned(), |mean| unit.difference(mean))
        });
    }
    row("deleted here alone", &|paired| paired.only_this_deletes.to_string());
    row("deleted there alone", &|paired| paired.only_first_deletes.to_string());
    table(&rows, text);
}
