//! `slr completions`.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Slr;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Print a script that completes slr's command line in a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr completions bash > ~/.local/share/bash-completion/completions/slr
  slr completions zsh  > ~/.zfunc/_slr
  slr completions fish > ~/.config/fish/completions/slr.fish
")]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        // The generator panics where it cannot write, so it writes where it always can.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Slr::command(), "slr", &mut script);
        console.out().write_all(&script)?;
        Ok(Exit::AsExpected)
    }
}
