//! `slr shrink`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;

use slr_scenario::diagnostic::render;
use slr_scenario::shrink::{NotShrunk, Shrunk, shrink};

use super::Assignments;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::report::{counted, excerpt};
use crate::scenario::{self, Ready};

/// Make of a run that fails the smallest scenario that still fails in the same way.
///
/// The run under the seed is written down as steps, with nothing left to chance; then steps, reported resources, resources, sessions,
/// operators and waiting times are left out as long as the first expectation that failed still fails. The same scenario and seed
/// always give the same result.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr shrink scenario.yaml --seed 4711
  slr shrink scenario.yaml --seed 4711 --output small.yaml
  slr shrink scenario.yaml | slr run -
")]
pub(crate) struct Shrink {
    /// A scenario file; `-` is stdin.
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Use this seed in place of the scenario's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    assignments: Assignments,
    /// Write the scenario to a file. Default: stdout.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How much is done for a run that nobody has asked to shrink: a second's work or less.
const EFFORT_ON_THE_SIDE: u64 = 50_000;

/// The smallest scenario that fails as the scenario does under the seed, with what there is to say of it as comments.
///
/// `again` is what the run can be shrunk again with. `None` if no expectation fails.
pub(super) fn on_the_side(ready: &Ready, seed: u64, again: Option<&str>) -> Option<String> {
    let shrunk = match shrink(&ready.scenario, &ready.lowered, &ready.built_in, seed, Some(EFFORT_ON_THE_SIDE)) {
        Ok(shrunk) => shrunk,
        Err(NotShrunk::NothingFails) => return None,
        Err(NotShrunk::TooLong(actions)) => {
            let by_hand = again.map_or_else(String::new, |again| format!("; slr shrink {again} --seed {seed}"));
            return Some(format!("# not shrunk: the run has {actions} actions{by_hand}\n"));
        }
        Err(
            why @ (NotShrunk::World(_) | NotShrunk::Standstill(_) | NotShrunk::Unsayable(_) | NotShrunk::NotReproduced),
        ) => {
            return Some(format!("# not shrunk: {why}\n"));
        }
    };
    let (steps, recorded) = (shrunk.scenario.steps.len(), shrunk.recorded);
    let failing = failing(ready, &shrunk);
    let perhaps = if shrunk.is_minimal { "" } else { "; perhaps fewer are" };
    let are = if steps == 1 { "is" } else { "are" };
    let mut text =
        format!("# {steps} of {} {are} enough to fail: {failing}{perhaps}\n", counted(recorded as u64, "action"));
    if let Some(again) = again {
        let _ = writeln!(text, "# slr shrink {again} --seed {seed} --output small.yaml");
    }
    text.push_str(&shrunk.text);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Some(text)
}

/// The expectation that fails, as it is written.
fn failing(ready: &Ready, shrunk: &Shrunk) -> String {
    let failing = ready.lowered.expectations.get(shrunk.expectation);
    failing.map_or_else(String::new, |expectation| excerpt(&ready.source, expectation.span))
}

impl Shrink {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let ready = match scenario::load(&self.path, &self.assignments.params()?) {
            Ok(ready) => ready,
            Err(refused) => {
                console.note(&refused.text(console.err_look()))?;
                return Ok(refused.exit());
            }
        };
        if !ready.warnings.is_empty() {
            console.note(&render(&ready.source, &ready.warnings, console.err_look()))?;
        }
        let seed = self.seed.unwrap_or(ready.lowered.seed);
        let shrunk = match shrink(&ready.scenario, &ready.lowered, &ready.built_in, seed, None) {
            Ok(shrunk) => shrunk,
            Err(why @ NotShrunk::NothingFails) => {
                console.note(&format!("{}: {why}\n", ready.source.name()))?;
                return Ok(Exit::AsExpected);
            }
            Err(why @ NotShrunk::Standstill(_)) => {
                console.note(&format!("{}: {why}\n", ready.source.name()))?;
                return Ok(Exit::Bound);
            }
            Err(
                why
                @ (NotShrunk::World(_) | NotShrunk::Unsayable(_) | NotShrunk::TooLong(_) | NotShrunk::NotReproduced),
            ) => {
                return Err(Failure::Mistakes(format!("{}: {why}", ready.source.name())));
            }
        };
        match &self.output {
            None => console.out().write_all(shrunk.text.as_bytes())?,
            Some(path) => fs::write(path, &shrunk.text)
                .map_err(|error| Failure::InputOutput(format!("{} cannot be written: {error}", path.display())))?,
        }
        let failing = failing(&ready, &shrunk);
        let (steps, recorded, tried) = (shrunk.scenario.steps.len(), shrunk.recorded, shrunk.tried);
        let of = format!("{} of {}", counted(steps as u64, "step"), counted(recorded as u64, "action"));
        let text = format!("still fails: {failing}\n{of}, {} tried\n", counted(tried, "scenario"));
        console.note(&text)?;
        Ok(Exit::NotAsExpected)
    }
}
