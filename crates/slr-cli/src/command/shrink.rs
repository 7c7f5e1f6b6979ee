//! `slr shrink`.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use slr_scenario::diagnostic::render;
use slr_scenario::shrink::{NotShrunk, shrink};

use super::Assignments;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::report::excerpt;
use crate::scenario;

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

impl Shrink {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let ready = match scenario::load(&self.path, &self.assignments.params()) {
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
        let shrunk = match shrink(&ready.scenario, &ready.lowered, &scenario::built_in(), seed) {
            Ok(shrunk) => shrunk,
            Err(why @ NotShrunk::NothingFails) => {
                console.note(&format!("{}: {why}\n", ready.source.name()))?;
                return Ok(Exit::AsExpected);
            }
            Err(why @ (NotShrunk::World(_) | NotShrunk::Unsayable(_) | NotShrunk::NotReproduced)) => {
                return Err(Failure::Mistakes(format!("{}: {why}", ready.source.name())));
            }
        };
        match &self.output {
            None => console.out().write_all(shrunk.text.as_bytes())?,
            Some(path) => fs::write(path, &shrunk.text)
                .map_err(|error| Failure::InputOutput(format!("{} cannot be written: {error}", path.display())))?,
        }
        let failing = ready.lowered.expectations.get(shrunk.expectation);
        let failing = failing.map_or_else(String::new, |expectation| excerpt(&ready.source, expectation.span));
        let (steps, recorded, tried) = (shrunk.scenario.steps.len(), shrunk.recorded, shrunk.tried);
        let text = format!("still fails: {failing}\n{steps} steps of {recorded} actions, {tried} scenarios tried\n");
        console.note(&text)?;
        Ok(Exit::NotAsExpected)
    }
}
