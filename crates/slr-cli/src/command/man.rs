//! `slr man`.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::Slr;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Print the manual page, or write one for each command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr man | man -l -
  slr man --out /usr/local/share/man/man1
")]
pub(crate) struct Man {
    /// Write slr.1 and a page for each command into this directory.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let Some(directory) = &self.out else {
            clap_mangen::Man::new(Slr::command()).render(console.out())?;
            return Ok(Exit::AsExpected);
        };
        fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(Slr::command(), directory))
            .map_err(|error| Failure::InputOutput(format!("{} cannot be written: {error}", directory.display())))?;
        writeln!(console.out(), "wrote the manual to {}", directory.display())?;
        Ok(Exit::AsExpected)
    }
}
