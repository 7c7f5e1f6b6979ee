//! `slr replay`.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use slr_scenario::trace::Difference;
use slr_scenario::trace::replay::{header, replay_scenario};
use slr_scenario::{Params, Source};

use crate::console::{Console, FAILED, PASSED};
use crate::exit::{Exit, Failure};
use crate::scenario::{self, Ready};

/// Play a trace again, without its seed, and prove that it is what its scenario leads to.
///
/// A trace holds its scenario and every action with its outcome. The actions go through the rules again, and each line is compared
/// with what comes of it; the first difference is shown. When something happens is taken from the trace, as chance has drawn it: it
/// has to come in order.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr run scenario.yaml --format jsonl > run.jsonl
  slr replay run.jsonl
  slr run scenario.yaml --format jsonl | slr replay -
")]
pub(crate) struct Replay {
    /// Traces in JSON Lines, as `slr run --format jsonl` writes them; `-` is stdin.
    #[arg(required = true, value_name = "TRACE")]
    traces: Vec<PathBuf>,
}

impl Replay {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let mut worst = Exit::AsExpected;
        for path in &self.traces {
            let text = read(path)?;
            let mut lines = Lines { lines: text.lines(), read: 0 };
            // A run over several scenarios writes their traces one after another.
            let mut head = lines.next_head();
            while let Some(line) = head {
                let exit = one(path, line, &mut lines, console)?;
                worst = worst.max(exit);
                // Behind a difference nobody knows where the next trace begins.
                head = if exit == Exit::AsExpected { lines.next_head() } else { None };
            }
        }
        Ok(worst)
    }
}

/// The lines of a file, counted.
struct Lines<'t> {
    lines: std::str::Lines<'t>,
    read: u64,
}

impl<'t> Lines<'t> {
    /// The first line of the next trace; between traces, and behind the last, there may be empty lines.
    fn next_head(&mut self) -> Option<&'t str> {
        self.find(|line| !line.trim().is_empty())
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        self.read += 1;
        self.lines.next()
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let read = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = read.map_err(|error| Failure::InputOutput(format!("{} cannot be read: {error}", path.display())))?;
    let is_none = |why: &str| Failure::Mistakes(format!("{} is no trace: {why}", path.display()));
    let text = String::from_utf8(bytes).map_err(|_| is_none("it is not UTF-8"))?;
    if text.trim().is_empty() { Err(is_none("it is empty")) } else { Ok(text) }
}

/// Replays one trace, whose head has been read.
fn one(path: &Path, head: &str, lines: &mut Lines<'_>, console: &mut Console) -> Result<Exit, Failure> {
    // Differences count from the head of their trace.
    let place = match lines.read {
        1 => path.display().to_string(),
        begins => format!("{}, the trace from line {begins} on", path.display()),
    };
    let mistake = |text: String| Failure::Mistakes(format!("{place}: {text}"));
    let header = header(head).map_err(|error| mistake(error.to_string()))?;
    let mut params = Params::none();
    for assignment in &header.params {
        params.assign(assignment).map_err(|error| mistake(error.to_string()))?;
    }
    let source = Source::new(header.file, header.source).map_err(|error| mistake(error.to_string()))?;
    let Ready { lowered, .. } = match scenario::ready(source, &params) {
        Ok(ready) => ready,
        Err(refused) => {
            console.refuse(&refused)?;
            return Err(mistake("the scenario in the trace cannot be played".to_owned()));
        }
    };
    let replayed = replay_scenario(&lowered, header.seed, lines).map_err(|error| mistake(error.to_string()))?;
    let run = format!("{}, seed {}", header.scenario, header.seed);
    let look = console.out_look();
    match replayed {
        Ok(replayed) => {
            let actions = if replayed.steps == 1 { "action" } else { "actions" };
            writeln!(console.out(), "{}: {run}: {} {actions}", look.paint(PASSED, "the same"), replayed.steps)?;
            Ok(Exit::AsExpected)
        }
        Err(difference) => {
            writeln!(console.out(), "{}: {run}", look.paint(FAILED, "different"))?;
            writeln!(console.out(), "{place}: {difference}")?;
            if let Some(column) = parting(&difference) {
                writeln!(console.out(), "they part at column {column}")?;
            }
            if header.version != env!("CARGO_PKG_VERSION") {
                let ours = env!("CARGO_PKG_VERSION");
                writeln!(console.out(), "the trace was written by slr {}, and this is slr {ours}", header.version)?;
            }
            Ok(Exit::NotAsExpected)
        }
    }
}

/// Where two lines part, counted from 1.
fn parting(difference: &Difference) -> Option<usize> {
    match difference {
        Difference::Other { recorded, played, .. } => {
            Some(1 + recorded.chars().zip(played.chars()).take_while(|(a, b)| a == b).count())
        }
        Difference::Unreadable { .. }
        | Difference::Unknown { .. }
        | Difference::Impossible { .. }
        | Difference::OutOfOrder { .. }
        | Difference::CutOff { .. } => None,
    }
}
