//! `slr validate`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use slr_scenario::diagnostic::render;

use super::Assignments;
use crate::console::{Console, PASSED};
use crate::exit::{Exit, Failure};
use crate::mistake::Mistake;
use crate::scenario::{self, Refused};

/// Look for mistakes in scenarios without playing them.
///
/// All mistakes of a file are told at once, each with its place and what would be right. `slr explain CODE` tells more.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr validate scenario.yaml
  slr validate scenarios --format json        for programs: a list of all mistakes
")]
pub(crate) struct Validate {
    /// Scenario files, or directories of them; `-` is stdin.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    assignments: Assignments,
    /// How mistakes are told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, with the lines that are meant.
    Text,
    /// For programs: a JSON list.
    Json,
}

impl Validate {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let params = self.assignments.params()?;
        let mut worst = Exit::AsExpected;
        let mut all = Vec::new();
        for path in scenario::files(&self.paths)? {
            let (checked, exit) = match scenario::load(&path, &params) {
                Ok(ready) => (Refused { source: ready.source, diagnostics: ready.warnings }, Exit::AsExpected),
                Err(refused) => {
                    let exit = refused.exit();
                    (refused, exit)
                }
            };
            worst = worst.max(exit);
            let Refused { source, diagnostics } = &checked;
            match self.format {
                Format::Text if diagnostics.is_empty() => {
                    let word = console.out_look().paint(PASSED, "ok");
                    writeln!(console.out(), "{}: {word}", source.name())?;
                }
                Format::Text => {
                    let text = render(source, diagnostics, console.out_look());
                    console.out().write_all(text.as_bytes())?;
                }
                Format::Json => {
                    all.extend(diagnostics.iter().map(|diagnostic| Mistake::of_scenario(source, diagnostic)));
                }
            }
        }
        if self.format == Format::Json {
            let json = serde_json::to_string_pretty(&all).map_err(std::io::Error::from)?;
            writeln!(console.out(), "{json}")?;
        }
        Ok(worst)
    }
}
