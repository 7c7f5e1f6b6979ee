//! `slr schema`.

use std::io::Write;

use clap::Args;

use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Print the JSON Schema of scenario files, for editors.
///
/// Editors that know the schema complete keys and show mistakes while a scenario is written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr schema > slr.schema.json

With the YAML language server, a scenario's first line then says:
  # yaml-language-server: $schema=slr.schema.json
")]
pub(crate) struct Schema {}

impl Schema {
    #[expect(clippy::unused_self, reason = "all commands have this shape")]
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        writeln!(console.out(), "{:#}", slr_scenario::schema::schema())?;
        Ok(Exit::AsExpected)
    }
}
