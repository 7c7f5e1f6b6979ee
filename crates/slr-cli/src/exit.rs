//! How `slr` ends: its exit codes, and the failures that lead to them.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

/// The exit codes. They are part of the interface: a number never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Everything came as expected.
    AsExpected = 0,
    /// A run went otherwise than expected, or a trace than recorded; access is denied.
    NotAsExpected = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A scenario or a trace has mistakes and cannot be played.
    Mistakes = 3,
    /// Something could not be read or written.
    InputOutput = 4,
    /// A bug of `slr`.
    Bug = 5,
    /// A check came to one of its bounds, or was broken off.
    Bound = 6,
}

impl Exit {
    /// Every code.
    const ALL: [Self; 7] =
        [Self::AsExpected, Self::NotAsExpected, Self::Usage, Self::Mistakes, Self::InputOutput, Self::Bug, Self::Bound];

    const fn meaning(self) -> &'static str {
        match self {
            Self::AsExpected => {
                "everything came as expected, or is proved; also when the reader of the output went away"
            }
            Self::NotAsExpected => {
                "an expectation failed or is violated, a step went otherwise than scripted, a trace differs, a sweep was stopped, access is denied"
            }
            Self::Usage => "the command line makes no sense",
            Self::Mistakes => "a scenario or a trace has mistakes and cannot be played",
            Self::InputOutput => "something could not be read or written",
            Self::Bug => "a bug of slr: an invariant of the model does not hold; please report it",
            Self::Bound => {
                "a check came to a bound or was broken off before everything was looked at, and found no violation; time stands still in a run"
            }
        }
    }

    /// The table of all codes, for help, manual and README.
    pub(crate) fn table() -> String {
        let mut table = String::from("Exit codes:\n");
        for exit in Self::ALL {
            let _ = writeln!(table, "  {}  {}", exit as u8, exit.meaning());
        }
        table.push_str("Of several that apply, the highest.\n");
        table
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// What was read has mistakes.
    Mistakes(String),
    /// Something could not be read or written.
    InputOutput(String),
    /// We are wrong.
    Bug(String),
    /// Nobody reads the output any more.
    Closed,
}

impl Failure {
    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Mistakes(_) => Exit::Mistakes,
            Self::InputOutput(_) => Exit::InputOutput,
            Self::Bug(_) => Exit::Bug,
            Self::Closed => Exit::AsExpected,
        }
    }

    /// What it is called in the JSON that programs read.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::Mistakes(_) => "mistakes",
            Self::InputOutput(_) => "input-output",
            Self::Bug(_) => "bug",
            Self::Closed => "closed",
        }
    }

    /// What there is to say.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Usage(text) | Self::Mistakes(text) | Self::InputOutput(text) | Self::Bug(text) => Some(text),
            Self::Closed => None,
        }
    }
}

impl From<io::Error> for Failure {
    /// A failure of the output.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Closed
        } else {
            Self::InputOutput(format!("the output cannot be written: {error}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_code_once_and_in_order() {
        for (place, exit) in (0..).zip(Exit::ALL) {
            assert_eq!(exit as u8, place);
        }
        assert_eq!(Exit::table().lines().count(), Exit::ALL.len() + 2);
    }
}
