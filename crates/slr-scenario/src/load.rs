//! From a scenario's text to what runs, with the services that are built in: the one way in for every door.

use crate::catalog;
use crate::diagnostic::Diagnostic;
use crate::lower::{Lowered, lower};
use crate::params::Params;
use crate::parse::{Parsed, parse_knowing};
use crate::source::Source;
use crate::syntax::{Named, Scenario, Service};
use crate::yaml::Spanned;

/// A scenario without mistakes, and what it is made into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The scenario, its parameters replaced by their values.
    pub scenario: Scenario,
    /// The built-in services that it names.
    pub built_in: Named<Spanned<Service>>,
    /// The world, the plan and the expectations.
    pub lowered: Lowered,
    /// What its author hardly meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a scenario and makes it ready. It may name any service of the [catalogue](catalog::Catalog) without declaring it.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn load(source: &Source, params: &Params) -> Result<Loaded, Vec<Diagnostic>> {
    let (Parsed { scenario, warnings }, built_in) = parse_with_catalog(source, params)?;
    let lowered = lower(&scenario, &built_in)?;
    Ok(Loaded { scenario, built_in, lowered, warnings })
}

/// Reads a scenario that may name any service of the [catalogue](catalog::Catalog), and says which ones it does name.
///
/// # Errors
/// As [`load`], apart from a world that contradicts itself.
pub fn parse_with_catalog(
    source: &Source,
    params: &Params,
) -> Result<(Parsed, Named<Spanned<Service>>), Vec<Diagnostic>> {
    parse_knowing(source, params, catalog::named_by)
}
