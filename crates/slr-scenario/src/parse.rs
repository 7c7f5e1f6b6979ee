//! From the text of a scenario to the scenario, and back.

use crate::diagnostic::{Code, Diagnostic, sort};
use crate::params::{self, Params};
use crate::source::Source;
use crate::syntax::grammar::{Reader, Syntax};
use crate::syntax::{Named, Scenario, Service};
use crate::validate;
use crate::yaml::{Composed, Content, ScalarKind, Spanned, compose, to_text};

/// A scenario without mistakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The scenario, its parameters replaced by their values.
    pub scenario: Scenario,
    /// What its author hardly meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a scenario that knows no services but its own.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file. Text that is not YAML has one
/// mistake: after it, nothing that follows means what it seems to.
pub fn parse(source: &Source, params: &Params) -> Result<Parsed, Vec<Diagnostic>> {
    parse_with(source, params, &Named::default())
}

/// Reads a scenario that may name the services given here as if it declared them.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(
    source: &Source,
    params: &Params,
    built_in: &Named<Spanned<Service>>,
) -> Result<Parsed, Vec<Diagnostic>> {
    let Composed { root, mut diagnostics } = compose(source.text());
    let Some(mut root) = root else {
        if diagnostics.is_empty() {
            diagnostics.push(empty_file());
        }
        sort(&mut diagnostics);
        return Err(diagnostics);
    };
    if matches!(&root.content, Content::Scalar(scalar) if scalar.kind() == ScalarKind::Nothing) {
        return Err(vec![empty_file()]);
    }
    params::resolve(&mut root, params, &mut diagnostics);
    let mut reader = Reader { diagnostics };
    let scenario = Scenario::read(&root, &mut reader);
    let mut diagnostics = reader.diagnostics;
    if let Some(scenario) = &scenario {
        validate::validate(scenario, &root, built_in, &mut diagnostics);
    }
    sort(&mut diagnostics);
    match scenario {
        Some(scenario) if !diagnostics.iter().any(Diagnostic::is_error) => {
            Ok(Parsed { scenario, warnings: diagnostics })
        }
        _ => Err(diagnostics),
    }
}

fn empty_file() -> Diagnostic {
    Diagnostic::of_file(Code::EmptyFile, "the file holds no scenario")
        .help("a scenario begins with its title: `scenario: A role is deleted`")
}

/// The text of a scenario: what [`parse`] makes the same scenario of.
///
/// Parameters are already replaced by their values; they are declared all the same, so that what
/// the scenario was played with stays visible.
#[must_use]
pub fn write(scenario: &Scenario) -> String {
    to_text(&scenario.write())
}
