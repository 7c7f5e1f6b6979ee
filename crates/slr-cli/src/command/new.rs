//! `slr new`.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::in_shell;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// What a new scenario says. Its title stands for itself until [`titled`] replaces it.
const STARTER: &str = include_str!("starter.yaml");
const TITLE: &str = "TITLE";

/// Write a commented scenario to begin with.
///
/// It plays and passes as it is. Nothing is overwritten.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr new deleting-a-role         writes deleting-a-role.yaml
  slr new -                       prints it
")]
pub(crate) struct New {
    /// The name of the file, with or without `.yaml`; its words become the title.
    #[arg(value_name = "NAME")]
    name: PathBuf,
}

impl New {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        if self.name.as_os_str() == "-" {
            console.out().write_all(titled("My first scenario").as_bytes())?;
            return Ok(Exit::AsExpected);
        }
        let is_whole = self.name.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        let stem = if is_whole { self.name.file_stem() } else { self.name.file_name() };
        // `.yaml` is an extension alone, and nobody could tell the name of the file.
        let Some(stem) = stem.and_then(|stem| stem.to_str()).filter(|stem| !matches!(*stem, ".yaml" | ".yml")) else {
            return Err(Failure::Usage(format!("{} is no name for a scenario", self.name.display())));
        };
        let path = if is_whole { self.name.clone() } else { self.name.with_file_name(format!("{stem}.yaml")) };
        let written = File::create_new(&path).and_then(|mut file| file.write_all(titled(&title(stem)).as_bytes()));
        written.map_err(|error| {
            Failure::InputOutput(if error.kind() == io::ErrorKind::AlreadyExists {
                format!("{} is there already, and nothing is overwritten", path.display())
            } else {
                format!("{} cannot be written: {error}", path.display())
            })
        })?;
        writeln!(console.out(), "wrote {}\nplay it with: slr run {}", path.display(), in_shell(&path))?;
        Ok(Exit::AsExpected)
    }
}

/// `deleting-a-role` is about "Deleting a role".
fn title(stem: &str) -> String {
    let words = stem.replace(|c: char| matches!(c, '-' | '_') || c.is_control(), " ");
    let mut letters = words.trim().chars();
    letters.next().map_or_else(|| "A scenario".to_owned(), |first| first.to_uppercase().chain(letters).collect())
}

fn titled(title: &str) -> String {
    // What YAML could take for more than a text, such as `Null`, gets quotes; those of JSON are YAML's too.
    let words = title.contains(' ') && title.starts_with(char::is_alphabetic);
    let plain = words && title.chars().all(|c| c.is_alphanumeric() || c == ' ');
    let title = if plain { title.to_owned() } else { serde_json::Value::from(title).to_string() };
    STARTER.replacen(TITLE, &title, 1)
}

#[cfg(test)]
mod tests {
    use slr_scenario::run::{Output, run};
    use slr_scenario::{Params, Source};

    use super::*;
    use crate::scenario::ready;

    #[test]
    fn the_starter_passes_without_a_warning_whatever_its_name() {
        for name in ["a-role", "null", "yes", "7", "a: b #c", "\"", "ü", "", "- x", "line\nbreak"] {
            let text = titled(&title(name));
            let starter = Source::new("starter.yaml", text).expect("it is small");
            let ready = match ready(starter, &Params::none()) {
                Ok(ready) => ready,
                Err(refused) => panic!("{name:?}: {:#?}", refused.diagnostics),
            };
            assert_eq!(ready.warnings, [], "{name:?}");
            assert_eq!(ready.lowered.title, title(name));
            assert!(run(&ready.lowered, 1, Output::Nothing).expect("it can be played").passed());
        }
    }
}
