//! `slr sweep`.

mod rows;
mod text;

use std::fmt::Write as _;
use std::fs;
use std::io::{IsTerminal, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use slr_scenario::Source;
use slr_scenario::sweep::{self, Names, Paired, Part, Row, Summary, Variant, Variation, combinations, merge, varied};

use super::shrink::on_the_side;
use super::{Assignments, stop_on_interrupt};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::report::{excerpt, place};
use crate::scenario::{self, Ready};

/// Play a scenario under many seeds, and tell in how many each expectation holds and how the rest is distributed.
///
/// The result depends on the scenario and the seeds alone, whatever the number of threads. What is to be true `sometimes` has to
/// be seen under one seed at least: of a sweep in parts, under one of all parts together. Ctrl-C ends the sweep early and tells what is known of the seeds that were played.
///
/// Means, the least and the greatest are exact. Percentiles are exact up to 255; greater ones, times in milliseconds among them, are
/// rounded up by less than a hundredth.
///
/// Rows (jsonl, csv): `seed`; `passed`; `attempts`, requests for deletion; `deleted_ms`, when the last of the operators' roles was
/// gone, in milliseconds of virtual time; `session_wait_ms` and `resource_wait_ms`, for how long sessions and resources used them after
/// the first request for their deletion; `refusals`, calls that were refused; `steps`, actions of the run.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  slr sweep scenario.yaml --seeds 0..1000000
  slr sweep scenario.yaml --seeds 0..100000 --format csv > rows.csv
  slr sweep scenario.yaml --vary operators.admin.retry.every=30s,60s
  slr sweep scenario.yaml --seeds 0..1000000 --shard 1/4 > part-1.json
  slr sweep merge part-*.json
  slr sweep scenario.yaml --seeds 0..1000000 --shard 1/4 --format csv > part-1.csv
  slr sweep merge part-*.csv --format csv > rows.csv
"
)]
pub(crate) struct Sweep {
    #[command(subcommand)]
    command: Option<Subcommands>,
    /// A scenario file; `-` is stdin.
    #[arg(required = true, value_name = "FILE")]
    path: Option<PathBuf>,
    /// The seeds: from the first to the one before the second; `A..=B` has both.
    #[arg(long, value_name = "A..B", default_value = "0..1000", value_parser = seeds)]
    seeds: Range<u64>,
    #[command(flatten)]
    assignments: Assignments,
    /// Compare values of a place of the scenario under the same seeds; of several, all combinations.
    #[arg(long = "vary", value_name = "PATH=VALUE,VALUE", value_parser = variation)]
    variations: Vec<Variation>,
    /// What is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Play one part of the seeds, and write what `slr sweep merge` needs of it: with jsonl or csv rows, and in the last line the rest.
    #[arg(long, value_name = "I/N")]
    shard: Option<Part>,
    /// How many threads play; as many as there are processors unless given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// When an expectation or a step fails, do not look for a small scenario that fails in the same way; of a sweep in parts, if one of
    /// them does not.
    #[arg(long)]
    no_shrink: bool,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    Merge(Merge),
}

/// Put the parts of a sweep together; the result is to the byte that of the sweep without parts.
#[derive(Debug, Args)]
struct Merge {
    /// What `slr sweep --shard` has written, all parts in any order.
    #[arg(required = true, value_name = "PART")]
    parts: Vec<PathBuf>,
    /// What is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// The whole as one JSON object.
    Json,
    /// A line of JSON per seed.
    Jsonl,
    /// A row per seed.
    Csv,
}

impl Format {
    /// How its rows are written, if it has any.
    const fn rows(self) -> Option<rows::Form> {
        match self {
            Self::Text | Self::Json => None,
            Self::Jsonl => Some(rows::Form::JsonLines),
            Self::Csv => Some(rows::Form::Csv),
        }
    }
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("`{text}` is no range of seeds: write 0..1000; the last seed is {}", u64::MAX - 1);
    let (first, last) = text.split_once("..").ok_or_else(wrong)?;
    let first: u64 = first.parse().map_err(|_| wrong())?;
    let end: u64 = match last.strip_prefix('=') {
        Some(last) => last.parse::<u64>().ok().and_then(|last| last.checked_add(1)),
        None => last.parse().ok(),
    }
    .ok_or_else(wrong)?;
    if first < end { Ok(first..end) } else { Err(format!("there is no seed in `{text}`")) }
}

fn variation(text: &str) -> Result<Variation, String> {
    text.parse().map_err(|error: sweep::NotAVariation| error.to_string())
}

impl Sweep {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        match (&self.command, &self.path) {
            (Some(Subcommands::Merge(merge)), _) => merge.execute(console),
            (None, Some(path)) => {
                let params = self.assignments.params()?;
                match scenario::load(path, &params) {
                    Ok(ready) => self.sweep(&ready, console),
                    Err(refused) => console.refuse(&refused),
                }
            }
            (None, None) => Err(Failure::Usage("a scenario file is needed".to_owned())),
        }
    }

    fn sweep(&self, ready: &Ready, console: &mut Console) -> Result<Exit, Failure> {
        let part = self.shard.unwrap_or(Part::WHOLE);
        let params = self.assignments.assignments.clone();
        let mut whole = sweep::Sweep::new(&ready.lowered.title, ready.source.text(), params, self.seeds.clone(), part);
        let scenarios = match self.scenarios(ready) {
            Ok(scenarios) => scenarios,
            Err(Unvaried::Failure(failure)) => return Err(failure),
            Err(Unvaried::Refused(refused)) => {
                return console.refuse(&refused);
            }
        };
        let stop = stop_on_interrupt()?;
        whole.file = self.path.as_deref().filter(|path| *path != Path::new("-")).map(|path| path.display().to_string());
        let rows = self.format.rows();
        if let Some(form) = rows {
            form.head(console.out(), !self.variations.is_empty())?;
        }
        console.diagnose(&ready.source, &ready.warnings)?;
        whole.variants = self.play(ready, &scenarios, &whole.own_seeds(), rows, &stop, console)?;
        whole.shrinks = !self.no_shrink;
        let stopped = !whole.is_complete();
        if !stopped && !self.no_shrink {
            whole.shrunk = self.shrunk(&whole, &scenarios);
        }
        match (self.shard, rows) {
            (Some(_), None) => console.out().write_all(whole.write().as_bytes())?,
            (Some(_), Some(_)) => console.out().write_all(whole.write_on_a_line().as_bytes())?,
            (None, _) => tell(&whole, self.format, console)?,
        }
        if self.shard.is_some() {
            console.note(&unseen(&whole))?;
        }
        if stopped {
            console.note("stopped: not all seeds were played\n")?;
        }
        Ok(if stopped { exit_of(&whole).max(Exit::NotAsExpected) } else { exit_of(&whole) })
    }

    /// The scenario in all its variations.
    fn scenarios(&self, ready: &Ready) -> Result<Vec<(Vec<String>, Ready)>, Unvaried> {
        let usage = |error: sweep::NotAVariation| Unvaried::Failure(Failure::Usage(error.to_string()));
        let params = self.assignments.params().map_err(Unvaried::Failure)?;
        let is_free = |variation: &Variation| variation.is_not_set_by(&self.assignments.assignments);
        self.variations.iter().try_for_each(is_free).map_err(usage)?;
        let mut scenarios = Vec::new();
        for choices in combinations(&self.variations).map_err(usage)? {
            // Without a variation the text stays as it is written, so that places are those of the file.
            let (text, set) = if choices.is_empty() {
                (ready.source.text().to_owned(), Vec::new())
            } else {
                varied(ready.source.text(), &choices).map_err(usage)?
            };
            let with = if set.is_empty() { String::new() } else { format!(" with {}", set.join(" ")) };
            let source = Source::new(format!("{}{with}", ready.source.name()), text)
                .map_err(|unreadable| Unvaried::Failure(Failure::Mistakes(unreadable.to_string())))?;
            let made = scenario::ready(source, &params).map_err(Unvaried::Refused)?;
            scenarios.push((set, made));
        }
        Ok(scenarios)
    }

    /// Plays all variants of a scenario.
    fn play(
        &self,
        ready: &Ready,
        scenarios: &[(Vec<String>, Ready)],
        seeds: &Range<u64>,
        form: Option<rows::Form>,
        stop: &AtomicBool,
        console: &mut Console,
    ) -> Result<Vec<Variant>, Failure> {
        let written = names(ready);
        let begin = |(number, (set, ready)): (usize, &(Vec<String>, Ready))| {
            let names = placed(names(ready), &written);
            let paired = (number > 0).then(Paired::default);
            Variant { set: set.clone(), played: seeds.start..seeds.start, tally: names.tally(), names, paired }
        };
        let mut variants: Vec<Variant> = scenarios.iter().enumerate().map(begin).collect();
        let several = variants.len() > 1;
        let bar = progress((seeds.end - seeds.start).saturating_mul(variants.len() as u64), form.is_some());
        // What is compared seed by seed is kept for so many seeds at a time, and no longer.
        let most = block(variants.len());
        let mut start = seeds.start;
        while start < seeds.end && !stop.load(Ordering::Relaxed) {
            let block = start..seeds.end.min(start.saturating_add(most));
            let mut first: Option<Vec<Row>> = None;
            for (variant, (_, ready)) in variants.iter_mut().zip(scenarios) {
                let mut kept: Vec<Row> = Vec::new();
                let mut hear = |rows: &[Row]| {
                    bar.inc(rows.len() as u64);
                    kept.extend_from_slice(if several { rows } else { &[] });
                };
                self.play_block(variant, ready, block.clone(), form, stop, console, &mut hear)?;
                match (&first, &mut variant.paired) {
                    (Some(first), Some(paired)) => paired.record(first, &kept),
                    (None, _) | (Some(_), None) => first = Some(kept),
                }
            }
            start = block.end;
        }
        bar.finish_and_clear();
        Ok(variants)
    }

    /// Plays one variant under some of the seeds.
    #[expect(clippy::too_many_arguments, reason = "it is the body of a loop")]
    fn play_block(
        &self,
        variant: &mut Variant,
        ready: &Ready,
        seeds: Range<u64>,
        form: Option<rows::Form>,
        stop: &AtomicBool,
        console: &mut Console,
        hear: &mut (dyn FnMut(&[Row]) + Send),
    ) -> Result<(), Failure> {
        let threads = self.threads.map_or_else(|| available_parallelism().map_or(1, Into::into), usize::from);
        let label = (!self.variations.is_empty()).then(|| variant.set.join(" "));
        let out = console.out();
        let mut failed = None;
        let mut listener = |played: &[Row]| {
            hear(played);
            let written = form.map_or(Ok(()), |form| form.rows(out, label.as_deref(), played));
            failed = failed.take().or(written.err());
            failed.is_none()
        };
        let swept = sweep::sweep(&ready.lowered, seeds, threads, stop, &mut listener)
            .map_err(|error| Failure::Mistakes(format!("{}: {error}", ready.source.name())))?;
        variant.tally.merge(&swept.tally);
        variant.played.end = swept.seeds.end;
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Makes the first failing run small, of the first variant that has one.
    fn shrunk(&self, whole: &sweep::Sweep, scenarios: &[(Vec<String>, Ready)]) -> Option<String> {
        let failing = whole.variants.iter().zip(scenarios).flat_map(|(variant, (set, ready))| {
            variant.tally.passed.failing.iter().map(move |seed| (*seed, set, ready))
        });
        failing.filter(|_| exit_of(whole) == Exit::NotAsExpected).find_map(|(seed, set, ready)| {
            let path = self.path.as_deref().filter(|_| set.is_empty());
            let text = on_the_side(ready, seed, path.and_then(|path| self.assignments.again(path)).as_deref())?;
            let with = if set.is_empty() { String::new() } else { format!(" with {}", set.join(" ")) };
            Some(format!("\n# the first run that fails{with} has the seed {seed}\n{text}"))
        })
    }
}

/// Tells what came of a sweep; of rows, which are written already, nothing but what is made small: below the result if that is for people,
/// apart from it if it is for programs.
fn tell(whole: &sweep::Sweep, format: Format, console: &mut Console) -> Result<(), Failure> {
    let shrunk = whole.shrunk.as_deref().filter(|_| exit_of(whole) == Exit::NotAsExpected).unwrap_or_default();
    match format {
        Format::Text => {
            let text = text::text(whole, console.out_look());
            console.out().write_all(text.as_bytes())?;
            Ok(console.out().write_all(shrunk.as_bytes())?)
        }
        Format::Json => {
            console.out().write_all(whole.report().as_bytes())?;
            console.note(shrunk)
        }
        Format::Jsonl | Format::Csv => console.note(shrunk),
    }
}

/// How many seeds are played under one variation before the next one, of so many, has its turn.
const fn block(variants: usize) -> u64 {
    if variants > 1 { 1 << 16 } else { u64::MAX }
}

/// Why a variation cannot be played.
enum Unvaried {
    Failure(Failure),
    Refused(scenario::Refused),
}

impl Merge {
    fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let mut texts = Vec::new();
        for path in &self.parts {
            let name = path.display().to_string();
            let bytes =
                fs::read(path).map_err(|error| Failure::InputOutput(format!("{name} cannot be read: {error}")))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| Failure::Mistakes(format!("{name} is no part of a sweep: it is not UTF-8")))?;
            texts.push((name, text));
        }
        let (mut parts, mut rows) = (Vec::new(), Vec::new());
        for (name, text) in &texts {
            let (written, counted) = rows::apart(text);
            let part = sweep::Sweep::read(name, counted).map_err(|error| Failure::Mistakes(error.to_string()))?;
            if let Some(form) = self.format.rows() {
                let lines = form.lines(written, &part).map_err(|why| Failure::Mistakes(format!("{name} {why}")))?;
                rows.push(rows::Written { part: part.part, seeds: part.own_seeds(), lines });
            }
            parts.push((name.clone(), part));
        }
        let whole = merge(parts).map_err(|error| Failure::Mistakes(error.to_string()))?;
        if let Some(form) = self.format.rows() {
            rows.sort_by_key(|written| written.part);
            form.merged(console.out(), &whole, &rows)?;
        }
        tell(&whole, self.format, console)?;
        Ok(exit_of(&whole))
    }
}

/// What no run of a part has shown, and who decides whether that is well.
fn unseen(part: &sweep::Sweep) -> String {
    let Part { number, of } = part.part;
    let mut text = String::new();
    for variant in part.variants.iter().filter(|_| of > 1) {
        let with = if variant.set.is_empty() { String::new() } else { format!(" with {}", variant.set.join(" ")) };
        for property in Summary::new(&variant.names, &variant.tally).unseen() {
            let _ = writeln!(
                text,
                "not seen in part {number} of {of}{with}: {}; all parts together decide, `slr sweep merge`",
                property.text
            );
        }
    }
    text
}

fn exit_of(whole: &sweep::Sweep) -> Exit {
    let summaries = whole.variants.iter().map(|variant| Summary::new(&variant.names, &variant.tally));
    let is_as_expected = |summary: &Summary| {
        if whole.part.of > 1 { summary.is_as_expected_so_far() } else { summary.is_as_expected() }
    };
    let exits = summaries.map(|summary| match (summary.broken, summary.standstills, is_as_expected(&summary)) {
        (0, 0, true) => Exit::AsExpected,
        (0, 0, false) => Exit::NotAsExpected,
        (0, _, _) => Exit::Bound,
        _ => Exit::Bug,
    });
    exits.max().unwrap_or(Exit::AsExpected)
}

/// Says of what a variant expects where it is written in the file: nobody has seen the variant's own text.
fn placed(mut names: Names, written: &Names) -> Names {
    if names.properties.len() == written.properties.len() {
        for (property, written) in names.properties.iter_mut().zip(&written.properties) {
            property.place.clone_from(&written.place);
        }
    }
    names
}

fn names(ready: &Ready) -> Names {
    let expectations = &ready.lowered.expectations;
    Names::new(&ready.lowered, |number| {
        let beyond = number.checked_sub(expectations.len()).and_then(|step| ready.scenario.steps.get(step));
        let span = match (expectations.get(number), beyond) {
            (Some(expectation), _) => expectation.span,
            (None, Some(step)) => step.span,
            (None, None) => slr_scenario::yaml::Span::default(),
        };
        (excerpt(&ready.source, span), place(&ready.source, span))
    })
}

/// Shows how far the sweep is, if somebody sits at a terminal and the rows do not go there.
fn progress(seeds: u64, writes_rows: bool) -> ProgressBar {
    let is_seen = std::io::stderr().is_terminal() && !(writes_rows && std::io::stdout().is_terminal());
    if !is_seen {
        return ProgressBar::hidden();
    }
    let bar = drawn(seeds, ProgressDrawTarget::stderr());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A bar for so many seeds, and where it is drawn.
fn drawn(seeds: u64, target: ProgressDrawTarget) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(seeds), target);
    let template = "{bar:32} {human_pos} of {human_len} seeds, {per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal that keeps what is written to it.
    #[derive(Debug, Clone, Default)]
    struct Paper(std::sync::Arc<std::sync::Mutex<String>>);

    impl Paper {
        fn text(&self) -> std::sync::MutexGuard<'_, String> {
            self.0.lock().expect("nobody panics")
        }
    }

    impl indicatif::TermLike for Paper {
        fn width(&self) -> u16 {
            120
        }
        fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> std::io::Result<()> {
            self.text().push_str(line);
            Ok(())
        }
        fn write_str(&self, text: &str) -> std::io::Result<()> {
            self.text().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> std::io::Result<()> {
            self.text().clear();
            Ok(())
        }
        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_bar_says_how_far_the_sweep_is() {
        let paper = Paper::default();
        let bar = drawn(40, ProgressDrawTarget::term_like(Box::new(paper.clone())));
        bar.inc(10);
        bar.tick();
        let text = paper.text().clone();
        assert!(text.contains("████████░") && text.contains(" 10 of 40 seeds, ") && text.contains(" left"), "{text}");
        bar.finish_and_clear();
        assert!(!paper.text().contains("seeds"), "it leaves nothing behind: {}", paper.text());
        assert!(progress(40, false).is_hidden(), "tests have no terminal");
    }

    #[test]
    fn ranges_of_seeds_are_read() {
        assert_eq!(seeds("3..9"), Ok(3..9));
        assert_eq!(seeds("3..=9"), Ok(3..10));
        for text in ["3", "9..3", "3..3", "a..b", "-1..3", "0..=18446744073709551615"] {
            assert!(seeds(text).is_err(), "{text}");
        }
    }
}
