//! `slr shrink`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;

use slr_scenario::rewrite::size;
use slr_scenario::shrink::{Failing, NotShrunk, Shrunk, shrink};

use super::{Assignments, nothing_is_overwritten};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::report::{counted, excerpt};
use crate::scenario::{self, Ready};

/// Make of a run that fails a small scenario that still fails in the same way.
///
/// What fails is the first expectation that does, or the first step that does not come as it says. A failure that an action decides is
/// written down as steps, with nothing left to chance; where only the end decides, the scenario is played again under the seed. Then
/// individuals with all that names them, steps and every other entry are left out, and times shortened, as long as the same
/// fails, until nothing more can be left out. There are never more individuals than before, nor more actions. The same scenario and seed always give the
/// same result.
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
    #[arg(long, value_name = "N", value_parser = super::seed)]
    seed: Option<u64>,
    #[command(flatten)]
    assignments: Assignments,
    /// Write the scenario to a file. Default: stdout.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How much is done for a run that nobody has asked to shrink: a second's work or less.
const EFFORT_ON_THE_SIDE: u64 = 50_000;

/// A small scenario that fails as the scenario does under the seed, with what there is to say of it as comments.
///
/// `again` is what the run can be shrunk again with. `None` if nothing fails.
pub(super) fn on_the_side(ready: &Ready, seed: u64, again: Option<&str>) -> Option<String> {
    let shrunk = match shrink(&ready.scenario, &ready.lowered, seed, Some(EFFORT_ON_THE_SIDE)) {
        Ok(shrunk) => shrunk,
        Err(NotShrunk::NothingFails) => return None,
        Err(NotShrunk::TooLong(actions)) => {
            let by_hand = again.map_or_else(String::new, |again| format!("; slr shrink {again} --seed {seed}"));
            return Some(format!("# not shrunk: the run has {actions} actions{by_hand}\n"));
        }
        Err(why @ (NotShrunk::World(_) | NotShrunk::Standstill(_) | NotShrunk::NotReproduced)) => {
            return Some(format!("# not shrunk: {why}\n"));
        }
    };
    let failing = failing(ready, &shrunk);
    let perhaps = if shrunk.is_minimal { "" } else { "; perhaps less is" };
    let mut text = format!("# {} to fail: {failing}{perhaps}\n", enough(&shrunk));
    if let Some(again) = again {
        let _ = writeln!(text, "# slr shrink {again} --seed {seed} --output small.yaml");
    }
    text.push_str(&shrunk.text);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Some(text)
}

/// What fails, as it is written.
fn failing(ready: &Ready, shrunk: &Shrunk) -> String {
    let span = match shrunk.failing {
        Failing::Expectation(number) => ready.lowered.expectations.get(number).map(|expectation| expectation.span),
        Failing::Step(number) => ready.scenario.steps.get(number).map(|step| step.span),
    };
    span.map_or_else(String::new, |span| excerpt(&ready.source, span))
}

/// What there is left, and that it is enough.
fn enough(shrunk: &Shrunk) -> String {
    let (steps, individuals, operators) = size(&shrunk.scenario);
    let are = |count: u64| if count == 1 { "is enough" } else { "are enough" };
    if shrunk.is_scripted && steps > 0 {
        return format!("{steps} of {} {}", counted(shrunk.recorded as u64, "action"), are(steps as u64));
    }
    let parts = [("step", steps as u64), ("individual", individuals), ("operator", operators as u64)];
    let there: Vec<(&str, u64)> = parts.into_iter().filter(|(_, count)| *count > 0).collect();
    let said: Vec<String> = there.iter().map(|(what, count)| counted(*count, what)).collect();
    match (said.as_slice(), there.as_slice()) {
        ([], _) => "nothing is needed".to_owned(),
        ([one], [(_, count)]) => format!("{one} {}", are(*count)),
        (all, _) => format!("{} and {} are enough", all[..all.len() - 1].join(", "), all[all.len() - 1]),
    }
}

impl Shrink {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        nothing_is_overwritten(&self.path, &[("--output", self.output.as_deref())])?;
        let ready = match scenario::load(&self.path, &self.assignments.params()?) {
            Ok(ready) => ready,
            Err(refused) => {
                return console.refuse(&refused);
            }
        };
        console.diagnose(&ready.source, &ready.warnings)?;
        let seed = self.seed.unwrap_or(ready.lowered.seed);
        let shrunk = match shrink(&ready.scenario, &ready.lowered, seed, None) {
            Ok(shrunk) => shrunk,
            Err(why @ NotShrunk::NothingFails) => {
                console.note(&format!("{}: {why}\n", ready.source.name()))?;
                return Ok(Exit::AsExpected);
            }
            Err(why @ NotShrunk::Standstill(_)) => {
                console.note(&format!("{}: {why}\n", ready.source.name()))?;
                return Ok(Exit::Bound);
            }
            Err(why @ (NotShrunk::World(_) | NotShrunk::TooLong(_) | NotShrunk::NotReproduced)) => {
                return Err(Failure::Mistakes(format!("{}: {why}", ready.source.name())));
            }
        };
        match &self.output {
            None => console.out().write_all(shrunk.text.as_bytes())?,
            Some(path) => fs::write(path, &shrunk.text)
                .map_err(|error| Failure::InputOutput(format!("{} cannot be written: {error}", path.display())))?,
        }
        let failing = failing(&ready, &shrunk);
        let tried = counted(shrunk.tried, "scenario");
        let text = format!("still fails: {failing}\n{}, {tried} tried\n", enough(&shrunk));
        console.note(&text)?;
        Ok(Exit::NotAsExpected)
    }
}
