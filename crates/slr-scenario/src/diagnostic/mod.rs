//! What the author of a scenario is told when something is wrong with it.
//!
//! A diagnostic has a stable code, says what is wrong and where, and what would be right. The
//! codes, each with an explanation and a wrong and a right example, are one table ([`Code`]).

mod code;
mod render;
mod suggest;

pub use code::{Code, Explanation};
pub use render::{Look, render};
pub use suggest::did_you_mean;
pub(crate) use suggest::nearest;

use crate::yaml::Span;

/// So many mistakes get a guess at what was meant; more are not read by anybody.
pub(crate) const ENOUGH_GUESSES: usize = 200;
/// So many mistakes are told. A file with more of them is no scenario.
pub(crate) const MOST_DIAGNOSTICS: usize = 1000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario means nothing as long as this stands.
    Error,
    /// The scenario means something, but hardly what its author wanted.
    Warning,
}

/// Something wrong with a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which mistake it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in a lower-case fragment.
    pub message: String,
    /// Where, if one place can be named.
    pub span: Option<Span>,
    /// What to say under the place itself.
    pub label: Option<String>,
    /// Other places that belong to the mistake.
    pub also: Vec<Label>,
    /// What would be right.
    pub help: Option<String>,
}

/// A further place and what it has to do with a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there.
    pub text: String,
}

impl Diagnostic {
    /// A mistake at a place.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::of_file(code, message) }
    }

    /// A mistake of the file as a whole.
    pub fn of_file(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            span: None,
            label: None,
            also: Vec::new(),
            help: None,
        }
    }

    /// Says something under the place itself.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = Some(text.into());
        self
    }

    /// Points at a further place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.also.push(Label { span, text: text.into() });
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Says what would be right, if anything is known.
    #[must_use]
    pub fn maybe_help(mut self, text: Option<String>) -> Self {
        self.help = text.or(self.help);
        self
    }

    /// Whether the scenario cannot be used.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Sorts by position, what concerns the whole file first, and drops repetitions.
pub(crate) fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| (a.span, a.severity, a.code, &a.message).cmp(&(b.span, b.severity, b.code, &b.message)));
    diagnostics.dedup();
}
