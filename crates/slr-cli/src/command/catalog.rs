//! `slr catalog`.

use std::io::Write;

use clap::Args;

use slr_scenario::catalog;

use crate::console::Console;
use crate::exit::{Exit, Failure};

/// List the services whose roles are known, or show what is known of one
///
/// Each fact is shown with its source. A principal is case-sensitive and must not be guessed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr catalog
  slr catalog batch.amazonaws.com
")]
pub(crate) struct Catalog {
    /// The service principal
    principal: Option<String>,
}

impl Catalog {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let Some(principal) = &self.principal else {
            for entry in catalog::entries() {
                writeln!(console.out(), "{:55} {}", entry.principal, entry.role)?;
            }
            return Ok(Exit::AsExpected);
        };
        let Some(entry) = catalog::entry(principal) else {
            let guess =
                catalog::resembling(principal).map_or(String::new(), |known| format!("; did you mean `{known}`?"));
            return Err(Failure::Usage(format!("no service is known by the principal `{principal}`{guess}")));
        };
        write!(console.out(), "{}", entry.text)?;
        Ok(Exit::AsExpected)
    }
}
