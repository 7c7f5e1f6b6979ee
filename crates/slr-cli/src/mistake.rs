//! What is wrong, for programs: one JSON object for each mistake, in place of the text that people read.
//!
//! Asked for with the result: who wants that as `json` or `jsonl` wants mistakes so too, those of the command line among them.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use serde::Serialize;

use slr_scenario::Source;
use slr_scenario::diagnostic::{Diagnostic, Severity};
use slr_scenario::yaml::Span;

use crate::exit::Failure;

/// Longer excerpts are cut off: a file may be one long line.
const MOST_TEXT: usize = 160;

/// How mistakes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Form {
    /// What a command line asks for, before it is read as a whole: mistakes come out of reading it.
    pub(crate) fn of_command_line(arguments: impl Iterator<Item = OsString>) -> Self {
        let mut words = arguments.map(|word| word.to_string_lossy().into_owned());
        let mut form = Self::Text;
        while let Some(word) = words.next().filter(|word| word != "--") {
            let said = match word.strip_prefix("--format") {
                Some("") => words.next(),
                Some(value) => value.strip_prefix('=').map(str::to_owned),
                None => continue,
            };
            form = if matches!(said.as_deref(), Some("json" | "jsonl")) { Self::Json } else { Self::Text };
        }
        form
    }
}

/// A mistake. Lines and columns are counted from 1, a column is a character.
#[derive(Debug, Serialize)]
pub(crate) struct Mistake {
    severity: &'static str,
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(flatten)]
    at: Option<Range>,
    /// What is written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// What there is to say of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Also>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

/// A further place that belongs to a mistake.
#[derive(Debug, Serialize)]
struct Also {
    #[serde(flatten)]
    at: Range,
    label: String,
}

#[derive(Debug, Serialize)]
struct Range {
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl Mistake {
    /// Of a scenario.
    pub(crate) fn of_scenario(source: &Source, diagnostic: &Diagnostic) -> Self {
        let also =
            diagnostic.also.iter().map(|label| Also { at: range(source, label.span), label: label.text.clone() });
        Self {
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: diagnostic.code.name(),
            message: diagnostic.message.clone(),
            file: Some(source.name().to_owned()),
            at: diagnostic.span.map(|span| range(source, span)),
            text: diagnostic.span.and_then(|span| written(source, span)),
            label: diagnostic.label.clone(),
            also: also.collect(),
            help: diagnostic.help.clone(),
        }
    }

    /// Of anything else; `None` if there is nothing to say.
    pub(crate) fn of_failure(failure: &Failure) -> Option<Self> {
        failure.message().map(|message| Self::error(failure.code(), message.trim_end().to_owned()))
    }

    /// Of a command line.
    pub(crate) fn of_command_line(error: &clap::Error) -> Self {
        let told = error.to_string();
        let message: Vec<_> = told.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        let message = message.join(" ");
        let hint =
            |start: &str| told.lines().map(str::trim).find_map(|line| line.strip_prefix(start).map(str::to_owned));
        let wrong = [ContextKind::InvalidValue, ContextKind::InvalidSubcommand, ContextKind::InvalidArg];
        let text = wrong.into_iter().find_map(|kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            Some(ContextValue::Strings(texts)) => Some(texts.join(" ")),
            _ => None,
        });
        Self {
            text: text.filter(|text| !text.is_empty()),
            help: hint("tip: ").or_else(|| hint("Usage: ").map(|usage| format!("usage: {usage}"))),
            ..Self::error("usage", message.strip_prefix("error: ").unwrap_or(&message).to_owned())
        }
    }

    fn error(code: &'static str, message: String) -> Self {
        Self {
            severity: "error",
            code,
            message,
            file: None,
            at: None,
            text: None,
            label: None,
            also: Vec::new(),
            help: None,
        }
    }

    /// As a line of JSON.
    pub(crate) fn line(&self) -> String {
        // Structures of ours have nothing that JSON cannot say.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

fn range(source: &Source, span: Span) -> Range {
    let (start, end) = (source.position(span.start), source.position(span.end));
    Range { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}

/// The first line of what is written there.
fn written(source: &Source, span: Span) -> Option<String> {
    let line = source.text().get(span.range())?.lines().next()?.trim_end();
    let mut text: String = line.chars().take(MOST_TEXT).collect();
    if text.len() < line.len() {
        text.push('…');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_format_that_is_named_before_the_files_counts() {
        let form = |line: &str| Form::of_command_line(line.split(' ').map(OsString::from));
        for line in ["run x --format json", "run --format=jsonl x", "sweep merge a b --format json --color never"] {
            assert_eq!(form(line), Form::Json, "{line}");
        }
        for line in ["run x", "run x --format text", "run x --format=csv", "run -- --format=json", "run --format"] {
            assert_eq!(form(line), Form::Text, "{line}");
        }
    }

    #[test]
    fn long_excerpts_are_cut_between_characters() {
        let source = Source::new("x", "ü".repeat(MOST_TEXT + 1) + "\nb").expect("it is small");
        let text = written(&source, Span::new(0, source.text().len())).expect("it is written");
        assert_eq!(text, "ü".repeat(MOST_TEXT) + "…");
        assert_eq!(written(&source, Span::new(0, 2)).as_deref(), Some("ü"));
        assert_eq!(written(&source, Span::new(0, 0)), None, "nothing is written where something is missing");
    }
}
