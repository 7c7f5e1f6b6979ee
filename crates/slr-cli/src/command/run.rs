//! `slr run`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use slr_scenario::diagnostic::Look;
use slr_scenario::expect::Verdict;
use slr_scenario::run::{Output, Report, RunError, run};
use slr_scenario::trace::Header;

use super::Assignments;
use super::shrink::on_the_side;
use crate::console::{Console, DIM, FAILED, PASSED};
use crate::exit::{Exit, Failure};
use crate::report::{Judged, Verdicts};
use crate::scenario::{self, Ready};

/// Play scenarios, and tell what happens and what became of what was expected.
///
/// As text, the trace and the outcome go to stdout. As JSON Lines, the trace alone goes to stdout, for other programs and for
/// `slr replay`; the outcome goes to stderr.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr run scenarios/reporting/six-resources-five-reported.yaml
  slr run scenario.yaml --seed 8              another run of it
  slr run scenario.yaml --param n=4           with another value of a parameter
  slr run scenario.yaml --format jsonl > t    keep the trace; `slr replay t` proves it
  slr run scenario.yaml --format json         what became of each expectation, for programs
  slr run scenarios --quiet                   all of a directory, failures alone
")]
pub(crate) struct Run {
    /// Scenario files, or directories of them; `-` is stdin.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Use this seed in place of the scenario's.
    #[arg(long, value_name = "N", value_parser = super::seed)]
    seed: Option<u64>,
    #[command(flatten)]
    assignments: Assignments,
    /// How the trace is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Tell only what did not come as expected; a JSON Lines trace is written all the same.
    #[arg(long, short)]
    quiet: bool,
    /// When an expectation or a step fails, do not look for a small scenario that fails in the same way.
    #[arg(long)]
    no_shrink: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: one fact a line.
    Text,
    /// For programs: what became of each expectation, a JSON object for each scenario on a line of its own.
    Json,
    /// For programs: JSON Lines, one action a line.
    Jsonl,
}

impl Run {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let params = self.assignments.params()?;
        let mut worst = Exit::AsExpected;
        for (number, path) in scenario::files(&self.paths)?.iter().enumerate() {
            if number > 0 && self.format == Format::Text && !self.quiet {
                self.tell(console, "\n")?;
            }
            let exit = match scenario::load(path, &params) {
                Ok(ready) => self.play(path, &ready, console)?,
                Err(refused) => console.refuse(&refused)?,
            };
            worst = worst.max(exit);
        }
        Ok(worst)
    }

    fn play(&self, path: &Path, ready: &Ready, console: &mut Console) -> Result<Exit, Failure> {
        if !self.quiet && !ready.warnings.is_empty() {
            console.diagnose(&ready.source, &ready.warnings)?;
        }
        let report = match self.run(ready, console) {
            Ok(report) => report,
            Err(RunError::World(error)) => {
                return Err(Failure::Mistakes(format!("{}: {error}", ready.source.name())));
            }
            Err(RunError::Output(error)) => return Err(error.into()),
        };
        let verdicts = Verdicts::new(ready, &report);
        let look = match self.format {
            Format::Text => console.out_look(),
            Format::Json => Look::Plain,
            Format::Jsonl => console.err_look(),
        };
        match self.format {
            Format::Json => {
                writeln!(
                    console.out(),
                    "{}",
                    verdicts.json(&ready.lowered.title, ready.source.name(), self.seed.unwrap_or(ready.lowered.seed))
                )?;
                return Ok(verdicts.exit());
            }
            Format::Text | Format::Jsonl => self.tell(console, &self.outcome(ready, &verdicts, look))?,
        }
        if !self.quiet && !self.no_shrink && verdicts.exit() == Exit::NotAsExpected {
            let seed = self.seed.unwrap_or(ready.lowered.seed);
            if let Some(text) = on_the_side(ready, seed, self.assignments.again(path).as_deref()) {
                self.tell(console, &format!("\n{text}"))?;
            }
        }
        Ok(verdicts.exit())
    }

    fn run(&self, ready: &Ready, console: &mut Console) -> Result<Report, RunError> {
        let seed = self.seed.unwrap_or(ready.lowered.seed);
        let header = Box::new(Header::new(
            &ready.lowered.title,
            seed,
            self.assignments.assignments.clone(),
            ready.source.name(),
            ready.source.text(),
        ));
        let look = console.out_look();
        let output = match self.format {
            Format::Text if self.quiet => Output::Nothing,
            Format::Json => Output::Nothing,
            Format::Text => Output::Text { out: console.out(), header, look },
            Format::Jsonl => Output::Record { out: console.out(), header },
        };
        run(&ready.lowered, seed, output)
    }

    /// Tells what is no trace.
    fn tell(&self, console: &mut Console, text: &str) -> Result<(), Failure> {
        match self.format {
            Format::Text => Ok(std::io::Write::write_all(console.out(), text.as_bytes())?),
            Format::Json | Format::Jsonl => console.note(text),
        }
    }

    fn outcome(&self, ready: &Ready, verdicts: &Verdicts, look: Look) -> String {
        let mut text = String::new();
        if self.quiet && verdicts.passed() {
            return text;
        }
        if !self.quiet && self.format == Format::Text {
            text.push('\n');
        }
        let all = verdicts.expectations.iter().chain(&verdicts.steps);
        for judged in all.filter(|judged| !self.quiet || judged.verdict == Verdict::Failed) {
            text.push_str(&verdict_text(judged, look));
        }
        for why in verdicts.broken.iter().chain(&verdicts.standstill) {
            let _ = writeln!(text, "{}  {why}", look.paint(FAILED, "FAIL"));
        }
        let word = if verdicts.passed() { look.paint(PASSED, "passed") } else { look.paint(FAILED, "failed") };
        let _ = writeln!(text, "{word}: {}: {}", ready.lowered.title, verdicts.summary());
        text
    }
}

/// A verdict in lines: what was expected, what decided it, and where it is written if it failed.
pub(super) fn verdict_text(judged: &Judged, look: Look) -> String {
    let (what, why) = (&judged.what, look.paint(DIM, &judged.why));
    let (word, place) = match judged.verdict {
        Verdict::Held => (look.paint(PASSED, "pass"), String::new()),
        Verdict::Undecided => (look.paint(DIM, "undecided"), String::new()),
        Verdict::Failed => (look.paint(FAILED, "FAIL"), format!("      {}\n", look.paint(DIM, &judged.place))),
    };
    format!("{word}  {what}\n      {why}\n{place}")
}
