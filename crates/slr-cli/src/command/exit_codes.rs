//! `slr exit-codes`.

use std::io::Write;

use clap::Args;

use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Tell what the exit codes mean.
#[derive(Debug, Args)]
#[command(after_help = Exit::table())]
pub(crate) struct ExitCodes {}

impl ExitCodes {
    #[expect(clippy::unused_self, reason = "all commands have this shape")]
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        console.out().write_all(Exit::table().as_bytes())?;
        Ok(Exit::AsExpected)
    }
}
