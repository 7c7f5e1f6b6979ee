//! Diagnostics as text, in the look of rustc.

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, MOST_DIAGNOSTICS, Severity};
use crate::source::Source;
use crate::yaml::Span;

/// How diagnostics look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// Nothing but text.
    #[default]
    Plain,
    /// With the colours of a terminal.
    Coloured,
}

/// More than this many diagnostics help nobody; the rest is counted.
const MAX_SHOWN: usize = 50;
/// Lines longer than this are not shown whole.
const LINE_WIDTH: usize = 160;

/// All diagnostics of a source, one after another, with a line at the end that counts them.
///
/// The text ends with a line break; for no diagnostics it is empty.
#[must_use]
pub fn render(source: &Source, diagnostics: &[Diagnostic], look: Look) -> String {
    let renderer = match look {
        Look::Plain => Renderer::plain(),
        Look::Coloured => Renderer::styled(),
    }
    .term_width(LINE_WIDTH);
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(MAX_SHOWN) {
        text.push_str(&renderer.render(&[report(source, diagnostic)]));
        text.push_str("\n\n");
    }
    if !diagnostics.is_empty() {
        text.push_str(&summary(source, diagnostics));
        text.push('\n');
    }
    text
}

fn summary(source: &Source, diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let mut parts = Vec::new();
    for (count, one) in [(errors, "error"), (warnings, "warning")] {
        match count {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            _ => parts.push(format!("{count} {one}s")),
        }
    }
    let more = if diagnostics.len() >= MOST_DIAGNOSTICS { " or more" } else { "" };
    let tail =
        if diagnostics.len() > MAX_SHOWN { format!("{more} (the first {MAX_SHOWN} are shown)") } else { String::new() };
    format!("{}: {}{tail}", source.name(), parts.join(", "))
}

fn report<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.name());
    let place = match diagnostic.span {
        Some(span) => Element::from(snippet(source, diagnostic, span)),
        None => Element::from(Origin::path(source.name())),
    };
    let group = title.element(place);
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

/// The lines that a diagnostic speaks of. Only they are handed on: a file may be long, and so may
/// be the list of its mistakes.
fn snippet<'a>(
    source: &'a Source,
    diagnostic: &'a Diagnostic,
    span: Span,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = source.text();
    let primary = on_one_line(text, span);
    let others: Vec<(Span, &str)> =
        diagnostic.also.iter().map(|label| (on_one_line(text, label.span), label.text.as_str())).collect();
    let all = others.iter().fold(primary, |all, (span, _)| all.to(*span));
    let from = text[..all.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let until = text[all.end as usize..].find('\n').map_or(text.len(), |at| all.end as usize + at);
    let line = 1 + text[..from].bytes().filter(|byte| *byte == b'\n').count();
    let shifted = |span: Span| {
        let range = span.range();
        range.start - from..range.end - from
    };
    let mut annotation = AnnotationKind::Primary.span(shifted(primary));
    if let Some(label) = &diagnostic.label {
        annotation = annotation.label(label.as_str());
    }
    // In the excerpt a carriage return would be drawn as a sign of its own.
    Snippet::source(text[from..until].replace('\r', " "))
        .line_start(line)
        .path(source.name())
        .annotation(annotation)
        .annotations(
            others.into_iter().map(move |(span, label)| AnnotationKind::Context.span(shifted(span)).label(label)),
        )
}

/// A span cut to its first line, on character boundaries of the text.
fn on_one_line(text: &str, span: Span) -> Span {
    let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = boundary(span.start as usize);
    let end = boundary(span.end as usize).max(start);
    let line_end = text[start..end].find('\n').map_or(end, |at| start + at);
    let trimmed = start + text[start..line_end].trim_end().len();
    Span::new(start, trimmed)
}
