//! Scenarios: finding their files, and making them ready to run.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use slr_scenario::diagnostic::{Code, Diagnostic, Look, render};
use slr_scenario::lower::Lowered;
use slr_scenario::syntax::Scenario;
use slr_scenario::{Loaded, Params, Source};

use crate::exit::{Exit, Failure};

/// The folder of a library that holds scenarios with mistakes, for people who want to see what is said of them.
const BROKEN: &str = "broken";

/// The scenario files that are meant by files and directories, in the order given, those of a directory by name.
///
/// Folders called `broken` are left out, unless one is named itself.
///
/// # Errors
/// [`Failure::InputOutput`] if a directory cannot be read, [`Failure::Usage`] if there is not one file.
pub(crate) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, &mut files)
                .map_err(|error| Failure::InputOutput(format!("{} cannot be read: {error}", path.display())))?;
        } else {
            files.push(path.clone());
        }
    }
    // Who names a directory and a file of it means each file once.
    let mut seen = BTreeSet::new();
    files.retain(|file| file == Path::new("-") || seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
    if files.is_empty() {
        let named: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::Usage(format!("there is no scenario (*.yaml) under {}", named.join(", "))));
    }
    Ok(files)
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut paths = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        // A link to a directory could lead back to where it stands.
        if path.is_dir() && !path.is_symlink() {
            if path.file_name().is_none_or(|name| name != BROKEN) {
                walk(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

/// A scenario that can run.
pub(crate) struct Ready {
    pub(crate) source: Source,
    pub(crate) scenario: Scenario,
    pub(crate) lowered: Lowered,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// A scenario that cannot.
pub(crate) struct Refused {
    pub(crate) source: Source,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Refused {
    /// What is to be said of it.
    pub(crate) fn text(&self, look: Look) -> String {
        render(&self.source, &self.diagnostics, look)
    }

    /// A file that is not there is no mistake of its author.
    pub(crate) fn exit(&self) -> Exit {
        let unread = self.diagnostics.iter().any(|diagnostic| diagnostic.code == Code::CannotRead);
        if unread { Exit::InputOutput } else { Exit::Mistakes }
    }
}

/// Reads a scenario; `-` is stdin.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn load(path: &Path, params: &Params) -> Result<Ready, Refused> {
    let read =
        if path == Path::new("-") { Source::from_reader("stdin", io::stdin(), None) } else { Source::read(path) };
    let source =
        read.map_err(|unreadable| Refused { diagnostics: vec![unreadable.diagnostic], source: unreadable.file })?;
    ready(source, params)
}

/// Makes a scenario ready to run.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn ready(source: Source, params: &Params) -> Result<Ready, Refused> {
    match slr_scenario::load(&source, params) {
        Ok(Loaded { scenario, lowered, warnings, .. }) => Ok(Ready { source, scenario, lowered, warnings }),
        Err(diagnostics) => Err(Refused { source, diagnostics }),
    }
}
