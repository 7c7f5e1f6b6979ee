//! `slr`: rehearses the life of AWS service-linked roles from scenario files.
//!
//! Each command has a file under [`command`], which parses its own arguments and says how it ended; what is common to them is
//! beside it: where output goes ([`console`]), how commands end ([`exit`]), how scenarios are found and made ready ([`scenario`]).

mod command;
mod console;
mod exit;
mod mistake;
mod picture;
mod report;
mod scenario;

use std::env;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::thread;

use clap::{CommandFactory, FromArgMatches};

use command::Slr;
use console::{Colour, Console};
use exit::{Exit, Failure};
use mistake::{Form, Mistake};

fn main() -> ExitCode {
    let form = Form::of_command_line(env::args_os());
    let parsed = Slr::command().color(Colour::of_command_line(env::args_os())).try_get_matches();
    let slr = match parsed.and_then(|matches| Slr::from_arg_matches(&matches)) {
        Ok(slr) => slr,
        Err(error) if error.use_stderr() && form == Form::Json => {
            // If nobody reads it there is nobody to tell.
            let _ = io::stderr().write_all(Mistake::of_command_line(&error).line().as_bytes());
            return Exit::Usage.into();
        }
        Err(error) => {
            // Help goes to stdout, mistakes to stderr; if neither is read any more there is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::AsExpected.into() };
        }
    };
    let mut console = Console::new(slr.color, form);
    let ended = catch_unwind(AssertUnwindSafe(|| slr.command.execute(&mut console)));
    conclude(ended, &mut console).into()
}

/// How the program ends: a command that went wrong says why, and one that panicked is a bug of ours.
fn conclude(ended: thread::Result<Result<Exit, Failure>>, console: &mut Console) -> Exit {
    match ended {
        Ok(Ok(exit)) => console.finish().map_or_else(|failure| console.tell(&failure), |()| exit),
        Ok(Err(failure)) => {
            // What was written before the failure belongs before it.
            let _ = console.finish();
            console.tell(&failure)
        }
        Err(_) => {
            console.tell(&Failure::Bug("this is a bug of slr; please report it with what is said above".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_bug_and_ends_with_5() {
        let mut console = Console::new(Colour::Never, Form::Text);
        let ended = catch_unwind(|| -> Result<Exit, Failure> { panic!("a rule is broken") });
        assert_eq!(conclude(ended, &mut console) as u8, 5);
        assert_eq!(conclude(Ok(Err(Failure::Bug("of ours".to_owned()))), &mut console) as u8, 5);
        assert_eq!(conclude(Ok(Ok(Exit::AsExpected)), &mut console) as u8, 0);
    }
}
