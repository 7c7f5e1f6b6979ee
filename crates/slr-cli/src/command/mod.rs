//! The commands, one file each.

mod catalog;
mod check;
mod completions;
mod draw;
mod exit_codes;
mod explain;
mod explain_access;
mod man;
mod new;
mod reach;
mod replay;
mod run;
mod schema;
mod shrink;
mod sweep;
mod test;
mod validate;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Parser, Subcommand, ValueEnum};

use slr_scenario::Params;
use slr_scenario::access::{Access, Inaccessible, NoMoment, moment};
use slr_scenario::simulation::SimTime;

use crate::console::{Colour, Console};
use crate::exit::{Exit, Failure};
use crate::scenario;

/// Rehearses the life of AWS service-linked roles.
///
/// A scenario file says which services, roles and resources there are, who does what, and what is expected; slr plays it in
/// virtual time. The same scenario and seed give the same run on every machine, and every run can be replayed from its trace.
#[derive(Debug, Parser)]
#[command(name = "slr", version, arg_required_else_help = true, after_help = EXAMPLES, after_long_help = after_long_help())]
pub(crate) struct Slr {
    /// When output is coloured: auto, always or never; auto is on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Colour::Auto, hide_possible_values = true)]
    pub(crate) color: Colour,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  slr new my-first                   write a commented scenario to begin with
  slr run my-first.yaml              play it and read what happens
  slr run my-first.yaml --seed 8     play another run of it
  slr test scenarios                 play all scenarios, a line each
  slr sweep my-first.yaml            play it under a thousand seeds
  slr explain unknown-role           what a message means
  slr help run                       all about a command
";

fn after_long_help() -> String {
    format!("{EXAMPLES}\n{}", Exit::table())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(run::Run),
    Test(test::Test),
    Sweep(sweep::Sweep),
    Validate(validate::Validate),
    Replay(replay::Replay),
    Check(check::Check),
    Shrink(shrink::Shrink),
    New(new::New),
    Explain(explain::Explain),
    ExplainAccess(explain_access::ExplainAccess),
    Reach(reach::Reach),
    Draw(draw::Draw),
    Catalog(catalog::Catalog),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
    ExitCodes(exit_codes::ExitCodes),
}

/// Which moment of a run is asked about.
#[derive(Debug, Args)]
pub(crate) struct Moment {
    /// Ask about this time of the run, such as `90s` or `8m`, once everything has happened that is due until then. Without it the account is as
    /// it is at time zero, before anything happens.
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<SimTime>,
    /// Play the run with this seed in place of the scenario's.
    #[arg(long, value_name = "N", requires = "at", value_parser = seed)]
    seed: Option<u64>,
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

fn time(text: &str) -> Result<SimTime, String> {
    moment(text).map_err(|error| error.to_string())
}

/// The account of a scenario at a moment, or how to end if the scenario has mistakes, which are then told.
fn account(
    path: &Path,
    params: &Params,
    moment: &Moment,
    console: &mut Console,
) -> Result<Result<Access, Exit>, Failure> {
    let ready = match scenario::load(path, params) {
        Ok(ready) => ready,
        Err(refused) => {
            return Ok(Err(console.refuse(&refused)?));
        }
    };
    let seed = moment.seed.unwrap_or(ready.lowered.seed);
    let access = match moment.at {
        None => Access::new(&ready.scenario, &ready.lowered),
        Some(at) => Access::at(&ready.scenario, &ready.lowered, seed, at),
    };
    let failure = |error: Inaccessible| {
        let text = format!("{}: {error}", path.display());
        // The scenario is sound: it is the command line that asks for what does not come.
        if matches!(error, Inaccessible::Moment(NoMoment::TooLate { .. })) {
            Failure::Usage(text)
        } else {
            Failure::Mistakes(text)
        }
    };
    Ok(Ok(access.map_err(failure)?))
}

impl Command {
    /// Does what is asked.
    ///
    /// # Errors
    /// A [`Failure`] if it cannot be done; an outcome that was not wished for is none.
    pub(crate) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        match self {
            Self::Run(command) => command.execute(console),
            Self::Test(command) => command.execute(console),
            Self::Sweep(command) => command.execute(console),
            Self::Validate(command) => command.execute(console),
            Self::Replay(command) => command.execute(console),
            Self::Check(command) => command.execute(console),
            Self::Shrink(command) => command.execute(console),
            Self::New(command) => command.execute(console),
            Self::Explain(command) => command.execute(console),
            Self::ExplainAccess(command) => command.execute(console),
            Self::Reach(command) => command.execute(console),
            Self::Draw(command) => command.execute(console),
            Self::Catalog(command) => command.execute(console),
            Self::Schema(command) => command.execute(console),
            Self::Completions(command) => command.execute(console),
            Self::Man(command) => command.execute(console),
            Self::ExitCodes(command) => command.execute(console),
        }
    }
}

/// How a command writes what it found out, where there is one thing to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object.
    Json,
}

/// Values for the parameters of a scenario.
#[derive(Debug, Args)]
pub(crate) struct Assignments {
    /// Set a parameter that the scenario declares under `params`.
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = assignment)]
    assignments: Vec<String>,
}

impl Assignments {
    /// As the scenario reads them.
    ///
    /// # Errors
    /// [`Failure::Usage`] if a parameter is set twice.
    fn params(&self) -> Result<Params, Failure> {
        let mut params = Params::none();
        for text in &self.assignments {
            params.assign(text).map_err(|error| Failure::Usage(error.to_string()))?;
        }
        Ok(params)
    }

    /// What a scenario can be loaded again with, as it is written on a command line; `None` for stdin.
    fn again(&self, path: &Path) -> Option<String> {
        let words = self.assignments.iter().flat_map(|assignment| [" --param ", assignment]);
        (path != Path::new("-")).then(|| path.display().to_string() + &words.collect::<String>())
    }
}

/// A path as a shell takes it.
fn in_shell(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    // What begins with a dash would be taken for an option.
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Sees to it that nothing is written over what is read, nor over what is written besides.
///
/// # Errors
/// [`Failure::Usage`] that names the file and what it was named for.
fn nothing_is_overwritten(read: &Path, written: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
    let place =
        |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    let named = written.iter().filter_map(|(option, path)| Some((*option, (*path)?)));
    let mut seen = if read == Path::new("-") { Vec::new() } else { vec![("the scenario", place(read))] };
    for (option, path) in named {
        let own = place(path);
        // What is no file, a terminal or a pipe, holds nothing that could be lost.
        let holds_nothing = path.exists() && !path.is_file();
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == own && !holds_nothing) {
            return Err(Failure::Usage(format!(
                "{option} names the file of {other}, {}: name another",
                path.display()
            )));
        }
        seen.push((option, own));
    }
    Ok(())
}

/// A flag that Ctrl-C sets. Whoever presses it again does not want to wait for what has begun.
fn stop_on_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let handlers = Arc::clone(&stop);
    let interrupted = move || {
        if handlers.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::NotAsExpected as u8));
        }
    };
    ctrlc::set_handler(interrupted)
        .map_err(|error| Failure::InputOutput(format!("Ctrl-C cannot be heard: {error}")))?;
    Ok(stop)
}

fn assignment(text: &str) -> Result<String, String> {
    Params::none().assign(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Slr::command().debug_assert();
    }
}
