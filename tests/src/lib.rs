//! What the tests of the product as a whole share: worlds drawn by chance, and steps through them.

pub mod draws;
pub mod steps;
pub mod worlds;

use proptest::test_runner::{Config, FileFailurePersistence};

/// The configuration of a property: so many cases unless `PROPTEST_CASES` says otherwise; failing seeds are kept in `file`, a path in this
/// package that is committed and replayed before anything else.
pub fn config(cases: u32, file: &'static str) -> Config {
    let default = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    Config { cases, failure_persistence: Some(Box::new(FileFailurePersistence::Direct(file))), ..default }
}
