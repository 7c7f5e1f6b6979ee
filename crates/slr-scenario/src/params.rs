//! Parameters: putting values in the place of `$name`.
//!
//! It is done on the tree, before any type is read, so that a parameter may stand for whatever a
//! scalar may be, and a value of a wrong type is reported where it is used.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, ENOUGH_GUESSES, MOST_DIAGNOSTICS, did_you_mean};
use crate::syntax::grammar::clipped;
use crate::yaml::{Content, Entry, Node, ParameterUse, Scalar, ScalarKind, Span, plain_kind};

/// Values that replace the defaults of a scenario's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    values: BTreeMap<String, String>,
}

impl Params {
    /// No values: every default stands.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets a parameter, as `--param name=value` does. The last value given counts.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// Reads `name=value`.
    ///
    /// # Errors
    /// [`NotAnAssignment`] if there is no `=` or no name before it.
    pub fn assign(&mut self, assignment: &str) -> Result<(), NotAnAssignment> {
        match assignment.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                match self.values.insert(name.trim().to_owned(), value.trim().to_owned()) {
                    None => Ok(()),
                    Some(_) => Err(NotAnAssignment::Again { name: name.trim().to_owned() }),
                }
            }
            _ => Err(NotAnAssignment::NoName { text: assignment.to_owned() }),
        }
    }
}

/// Text that should set a parameter and does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAssignment {
    /// It has no name, or no value.
    #[error("`{text}` sets no parameter: write name=value")]
    NoName {
        /// What is written.
        text: String,
    },
    /// The parameter is set already.
    #[error("the parameter `{name}` is set twice: leave one of them out")]
    Again {
        /// The parameter.
        name: String,
    },
}

struct Declared {
    scalar: Scalar,
    name_span: Span,
    value_span: Span,
    is_used: bool,
}

/// Replaces every `$name` in `root` by the value of the parameter, in place.
pub(crate) fn resolve(root: &mut Node, params: &Params, diagnostics: &mut Vec<Diagnostic>) {
    let Content::Mapping(entries) = &mut root.content else {
        return;
    };
    let mut declared = declare(entries, params, diagnostics);
    for entry in entries.iter_mut().filter(|entry| entry.key.value != PARAMS) {
        replace(&mut entry.value, &mut declared, diagnostics);
    }
    // A mistyped use leaves its parameter unused: one mistake, not two.
    if diagnostics.iter().any(|diagnostic| diagnostic.code == Code::UnknownParameter) {
        return;
    }
    for (name, parameter) in declared.iter().filter(|(_, parameter)| !parameter.is_used) {
        diagnostics.push(
            Diagnostic::new(
                Code::UnusedParameter,
                parameter.name_span,
                format!("the parameter `{name}` is used nowhere"),
            )
            .help(format!("write `${name}` where its value is meant, or remove it")),
        );
    }
}

const PARAMS: &str = "params";

/// The parameters with their values, the given ones put in the place of the defaults.
fn declare(entries: &mut [Entry], params: &Params, diagnostics: &mut Vec<Diagnostic>) -> BTreeMap<String, Declared> {
    let mut declared = BTreeMap::new();
    let section = entries.iter_mut().find(|entry| entry.key.value == PARAMS);
    if let Some(Entry { value: Node { content: Content::Mapping(parameters), .. }, .. }) = section {
        for parameter in parameters {
            check_name(&parameter.key.value, parameter.key.span, diagnostics);
            // A default that is no scalar is reported where the types are read.
            let Content::Scalar(default) = &mut parameter.value.content else {
                continue;
            };
            if is_parameter(default).is_some() {
                diagnostics.push(
                    Diagnostic::new(
                        Code::BadParameter,
                        parameter.value.span,
                        "a parameter cannot stand for another parameter",
                    )
                    .help("write the default itself"),
                );
                continue;
            }
            if let Some(given) = params.values.get(&parameter.key.value) {
                match fit(given, default) {
                    Ok(fitting) => *default = fitting,
                    Err(expected) => diagnostics.push(
                        Diagnostic::new(
                            Code::BadParameter,
                            parameter.value.span,
                            format!(
                                "the parameter `{}` cannot be set to `{}`: {expected} is expected",
                                parameter.key,
                                clipped(given)
                            ),
                        )
                        .label("the default decides the type"),
                    ),
                }
            }
            declared.insert(
                parameter.key.value.clone(),
                Declared {
                    scalar: default.clone(),
                    name_span: parameter.key.span,
                    value_span: parameter.value.span,
                    is_used: false,
                },
            );
        }
    }
    for name in params.values.keys().filter(|name| !declared.contains_key(*name)) {
        let known = did_you_mean(name, declared.keys().map(String::as_str));
        let help = known.unwrap_or_else(|| "a parameter is declared with its default under `params`".to_owned());
        diagnostics.push(
            Diagnostic::of_file(Code::UnknownParameter, format!("the scenario has no parameter `{}`", clipped(name)))
                .help(help),
        );
    }
    declared
}

fn check_name(name: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    if is_name(name) {
        return;
    }
    diagnostics.push(
        Diagnostic::new(Code::BadParameter, span, format!("`{}` is not the name of a parameter", clipped(name)))
            .help("begin with a lower-case letter and go on with lower-case letters, digits and hyphens"),
    );
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The name that a scalar asks for. Text between quotes is text, whatever it begins with.
fn is_parameter(scalar: &Scalar) -> Option<&str> {
    if scalar.quoted {
        return None;
    }
    let name = scalar.text.strip_prefix('$')?;
    let is_one_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    is_one_word.then_some(name)
}

/// A value from the command line as a scalar of the default's type.
fn fit(given: &str, default: &Scalar) -> Result<Scalar, &'static str> {
    let found = plain_kind(given);
    match default.kind() {
        ScalarKind::Boolean => match given {
            "true" | "false" => Ok(Scalar::plain(given)),
            _ => Err("`true` or `false`"),
        },
        ScalarKind::Integer => match found {
            ScalarKind::Integer => Ok(Scalar::plain(given)),
            ScalarKind::Nothing | ScalarKind::Boolean | ScalarKind::Decimal | ScalarKind::Text => Err("a whole number"),
        },
        ScalarKind::Decimal => match found {
            ScalarKind::Integer | ScalarKind::Decimal => Ok(Scalar::plain(given)),
            ScalarKind::Nothing | ScalarKind::Boolean | ScalarKind::Text => Err("a number"),
        },
        ScalarKind::Nothing | ScalarKind::Text => Ok(Scalar::text(given)),
    }
}

fn replace(node: &mut Node, declared: &mut BTreeMap<String, Declared>, diagnostics: &mut Vec<Diagnostic>) {
    let found = match &mut node.content {
        Content::Sequence(items) => {
            for item in items {
                replace(item, declared, diagnostics);
            }
            return;
        }
        Content::Mapping(entries) => {
            for entry in entries {
                replace(&mut entry.value, declared, diagnostics);
            }
            return;
        }
        Content::Scalar(scalar) => match is_parameter(scalar) {
            Some(name) => name.to_owned(),
            None => return,
        },
    };
    node.is_void = true;
    if let Some(parameter) = declared.get_mut(&found) {
        node.is_void = false;
        parameter.is_used = true;
        node.content = Content::Scalar(parameter.scalar.clone());
        node.parameter = Some(Arc::new(ParameterUse { name: found, declared: parameter.value_span }));
        return;
    }
    if diagnostics.len() >= MOST_DIAGNOSTICS {
        return;
    }
    // After very many mistakes a guess helps nobody, and it takes time.
    let guess = (diagnostics.len() < ENOUGH_GUESSES)
        .then(|| did_you_mean(&found, declared.keys().take(ENOUGH_GUESSES).map(String::as_str)))
        .flatten();
    let help = guess.unwrap_or_else(|| {
        format!(
            "declare it with a default under `params`, or put text that begins with `$` between quotes: \"${}\"",
            clipped(&found)
        )
    });
    diagnostics.push(
        Diagnostic::new(Code::UnknownParameter, node.span, format!("there is no parameter `{}`", clipped(&found)))
            .help(help),
    );
}
