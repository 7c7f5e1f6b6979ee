//! What the tests of the product as a whole share: worlds drawn by chance, steps through them, and the library of scenarios.

pub mod draws;
pub mod play;
pub mod questions;
pub mod steps;
pub mod worlds;

use std::path::{Path, PathBuf};

use proptest::test_runner::{Config, FileFailurePersistence};

/// The configuration of a property: so many cases unless `PROPTEST_CASES` says otherwise; failing seeds are kept in `file`, a path in this
/// package that is committed and replayed before anything else.
pub fn config(cases: u32, file: &'static str) -> Config {
    let default = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    Config { cases, failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))), ..default }
}

/// The library of scenarios.
///
/// # Panics
/// If the tests have been moved out of the workspace.
#[must_use]
pub fn scenarios() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    workspace.expect("the tests lie in the workspace").join("scenarios")
}

/// Every YAML file in a directory and below it, in the order of their names.
///
/// # Panics
/// If the directory cannot be read: a test without its files would test nothing.
#[must_use]
pub fn files_under(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        let entries = std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        for entry in entries {
            let path = entry.expect("an entry of a directory can be read").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
