//! What is wrong with a policy document, and where.

use std::fmt;
use std::ops::Range;

/// A policy document that IAM would refuse with `MalformedPolicyDocument`.
///
/// Either one error of syntax, or every error of meaning, the first 200 of them, in the order of the text.
/// [`fmt::Display`] is one line, for a client of the API; [`MalformedPolicyDocument::report`] is for the author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct MalformedPolicyDocument {
    problems: Vec<Problem>,
}

impl MalformedPolicyDocument {
    /// IAM's error code. Source: IAM API Reference, `CreateRole`, Errors.
    pub const CODE: &'static str = "MalformedPolicyDocument";

    /// `problems` must not be empty.
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Self { problems }
    }

    /// All problems, by place; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Every problem with its line, a caret and what would be right.
    pub fn report(&self) -> String {
        self.problems.iter().map(Problem::report).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for MalformedPolicyDocument {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.problems.first() {
            write!(out, "line {}, column {}: {}; {}", first.line, first.column, first.message, first.help)?;
        }
        match self.problems.len() {
            0 | 1 => Ok(()),
            2 => write!(out, " (and 1 more)"),
            more => write!(out, " (and {} more)", more - 1),
        }
    }
}

/// The sort of a problem. The text of [`ProblemCode::as_str`] is never reworded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemCode {
    /// Not JSON.
    Syntax,
    /// Longer than the API takes, or a character outside its range.
    Text,
    /// A value of another JSON type than the element takes.
    WrongType,
    /// A name that the policy language does not have.
    UnknownElement,
    /// The same key twice in one object, or the same `Sid` twice in one policy.
    Duplicate,
    /// An element that has to be there.
    MissingElement,
    /// An element that this sort of policy may not have, or not beside another one.
    ProhibitedElement,
    /// A `Version` other than the two that exist.
    UnknownVersion,
    /// An `Effect` other than `Allow` and `Deny`.
    UnknownEffect,
    /// A list without entries.
    EmptyList,
    /// An entry of `Sid`, `Action`, `Resource` or `Principal`, or a variable, that cannot be read.
    BadValue,
    /// A condition operator that does not exist.
    UnknownOperator,
    /// A value that the condition operator cannot compare with.
    BadConditionValue,
}

impl ProblemCode {
    /// The stable text of the code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "policy-syntax",
            Self::Text => "policy-text",
            Self::WrongType => "policy-wrong-type",
            Self::UnknownElement => "policy-unknown-element",
            Self::Duplicate => "policy-duplicate",
            Self::MissingElement => "policy-missing-element",
            Self::ProhibitedElement => "policy-prohibited-element",
            Self::UnknownVersion => "policy-unknown-version",
            Self::UnknownEffect => "policy-unknown-effect",
            Self::EmptyList => "policy-empty-list",
            Self::BadValue => "policy-bad-value",
            Self::UnknownOperator => "policy-unknown-operator",
            Self::BadConditionValue => "policy-bad-condition-value",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What sort of thing.
    pub code: ProblemCode,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// How many characters are meant, at least 1; never past the end of the line.
    pub width: u32,
    /// The line, or the part of a long line around the place.
    pub excerpt: String,
    /// Where in `excerpt` the place is, from 0, in characters.
    pub excerpt_offset: u32,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// A line up to this many characters is shown whole.
const WHOLE: usize = 120;
/// Characters shown on each side of the place otherwise: policies are often written on one line.
const SIDE: usize = 40;

impl Problem {
    /// Finds line, column and excerpt of `span` in `text`.
    pub(super) fn new(
        text: &str,
        code: ProblemCode,
        span: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let before = &text[..span.start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = &text[line_start..];
        let line: Vec<char> = rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())].chars().collect();
        let column = text[line_start..span.start].chars().count();
        let meant = text[span.clone()].lines().next().map_or(0, |first| first.chars().count()).max(1);
        let (from, to) = if line.len() <= WHOLE {
            (0, line.len())
        } else {
            (column.saturating_sub(SIDE), line.len().min(column + meant.min(SIDE) + SIDE))
        };
        let mut excerpt: String = line[from.min(to)..to].iter().collect();
        let mut offset = column - from;
        if from > 0 {
            excerpt.insert(0, '…');
            offset += 1;
        }
        if to < line.len() {
            excerpt.push('…');
        }
        Self {
            code,
            line: narrow(before.matches('\n').count() + 1),
            column: narrow(column + 1),
            width: narrow(meant.min(to.saturating_sub(column)).max(1)),
            excerpt: excerpt.replace('\t', " "),
            excerpt_offset: narrow(offset),
            message: message.into(),
            help: help.into(),
        }
    }

    /// The problem as compilers show one.
    pub fn report(&self) -> String {
        let gutter = " ".repeat(self.line.to_string().len());
        let indent = " ".repeat(self.excerpt_offset as usize);
        let carets = "^".repeat(self.width as usize);
        format!(
            "error[{}]: {}\n{gutter}--> {}:{}\n{gutter} |\n{} | {}\n{gutter} | {indent}{carets}\nhelp: {}\n",
            self.code.as_str(),
            self.message,
            self.line,
            self.column,
            self.line,
            self.excerpt,
            self.help,
        )
    }
}

/// Places fit easily: the text of a policy is limited to 131,072 characters.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
