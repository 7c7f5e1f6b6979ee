//! From YAML's events to the tree, within bounds.
//!
//! The text may come from anyone. Nesting, the number of values, and what aliases expand to are
//! bounded here, before anything is allocated for them, and the work is done without recursion.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::{Content, Entry, Node, Scalar, Span, Spanned};
use crate::diagnostic::{Code, Diagnostic};

/// How deep lists and mappings may nest. The language itself needs ten; policy documents a few more.
pub(crate) const MAX_DEPTH: usize = 64;
/// How many values a file may hold, those that aliases repeat included.
pub(crate) const MAX_VALUES: usize = 200_000;

/// The tree of a text, with what was wrong but did not keep the tree from being made.
pub(crate) struct Composed {
    pub(crate) root: Option<Node>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads one YAML document.
///
/// A text that is not YAML, or that breaks a bound, has no tree and exactly one diagnostic for that:
/// after the first such error nothing that follows means what it seems to.
pub(crate) fn compose(text: &str) -> Composed {
    let mut composer = Composer::default();
    let outcome = composer.run(text);
    let mut diagnostics = composer.diagnostics;
    match outcome {
        Ok(()) => Composed { root: composer.root, diagnostics },
        Err(fatal) => {
            diagnostics.push(*fatal);
            Composed { root: None, diagnostics }
        }
    }
}

/// A list or mapping whose end has not been met.
struct Open {
    anchor: usize,
    start: Span,
    flow: bool,
    /// Values in the subtree so far, this one included.
    weight: usize,
    items: Items,
}

enum Items {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, first_seen: BTreeMap<String, Span>, key: Option<PendingKey> },
}

enum PendingKey {
    Fit(Spanned<String>),
    /// Not text, or given before: reported, and its value is read and dropped.
    Unfit,
}

#[derive(Default)]
struct Composer {
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, usize)>,
    root: Option<Node>,
    documents: usize,
    values: usize,
    diagnostics: Vec<Diagnostic>,
}

type Fatal = Box<Diagnostic>;

impl Composer {
    fn run(&mut self, text: &str) -> Result<(), Fatal> {
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            emit_comments: false,
            flow_nesting_limit: MAX_DEPTH,
            block_nesting_limit: MAX_DEPTH,
        };
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, place) = event.map_err(|error| Box::new(scan_error(text, &error)))?;
            let span = place.byte_range().map_or_else(Span::default, |range| Span::new(range.start, range.end));
            self.take(event, span)?;
        }
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser's kinds of event are open; those that are not asked for do not come"
    )]
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fatal> {
        if let Some(tag) = event.tag() {
            return Err(Box::new(
                Diagnostic::new(Code::InvalidYaml, span, "tags have no meaning in a scenario")
                    .label(format!("tagged `{}`", tag.original()))
                    .help("write the value without the tag; put text that looks like a number between quotes"),
            ));
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Box::new(
                        Diagnostic::new(Code::SeveralDocuments, span, "the file holds more than one YAML document")
                            .label("a second document starts here")
                            .help("give each scenario a file of its own"),
                    ));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, _) => self.scalar(text, style, anchor, span),
            Event::SequenceStart(style, anchor, _) => self.start(style, anchor, span, Items::Sequence(Vec::new())),
            Event::MappingStart(style, anchor, _) => self.start(
                style,
                anchor,
                span,
                Items::Mapping { entries: Vec::new(), first_seen: BTreeMap::new(), key: None },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => Err(Box::new(
                Diagnostic::new(
                    Code::UnknownAnchor,
                    span,
                    format!("no value before this one carries the anchor `&{name}`"),
                )
                .help("put `&name` before the value that is to be repeated, earlier in the file"),
            )),
            // The bounds of the stream and of its document carry no value.
            _ => Ok(()),
        }
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, anchor: usize, span: Span) -> Result<(), Fatal> {
        self.count(1, span)?;
        let node = Node {
            content: Content::Scalar(Scalar { text: text.into_owned(), quoted: style != ScalarStyle::Plain }),
            span,
            parameter: None,
            is_void: false,
        };
        self.place(node, anchor, 1);
        Ok(())
    }

    fn start(&mut self, style: StructureStyle, anchor: usize, span: Span, items: Items) -> Result<(), Fatal> {
        self.count(1, span)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Box::new(too_deep(span)));
        }
        self.open.push(Open { anchor, start: span, flow: style == StructureStyle::Flow, weight: 1, items });
        Ok(())
    }

    fn end(&mut self, end: Span) -> Result<(), Fatal> {
        let Some(done) = self.open.pop() else {
            return Err(Box::new(Diagnostic::new(Code::InvalidYaml, end, "a list or mapping ends that did not begin")));
        };
        let last = match &done.items {
            Items::Sequence(items) => items.last().map(|item| item.span),
            Items::Mapping { entries, .. } => entries.last().map(|entry| entry.key.span.to(entry.value.span)),
        };
        let first = match &done.items {
            Items::Sequence(_) => None,
            Items::Mapping { entries, .. } => entries.first().map(|entry| entry.key.span),
        };
        // A block has no closing mark: its end event lies where the next thing begins.
        let span = match (done.flow, last) {
            (true, _) => done.start.to(end),
            (false, Some(last)) => Span::new(first.unwrap_or(done.start).start as usize, last.end as usize),
            (false, None) => done.start,
        };
        let content = match done.items {
            Items::Sequence(items) => Content::Sequence(items),
            Items::Mapping { entries, .. } => Content::Mapping(entries),
        };
        let node = Node { content, span, parameter: None, is_void: false };
        self.place(node, done.anchor, done.weight);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Fatal> {
        let Some((_, weight)) = self.anchors.get(&anchor) else {
            return Err(Box::new(
                Diagnostic::new(Code::UnknownAnchor, span, "an alias stands inside the value that it repeats")
                    .help("a value cannot contain itself"),
            ));
        };
        let weight = *weight;
        if self.values.saturating_add(weight) > MAX_VALUES {
            return Err(Box::new(
                Diagnostic::new(
                    Code::AliasBomb,
                    span,
                    format!("the aliases of this file expand to more than {MAX_VALUES} values"),
                )
                .label(format!("this one alone stands for {weight}"))
                .help("write the values out, or use `count:` for many alike"),
            ));
        }
        self.values += weight;
        if let Some((node, _)) = self.anchors.get(&anchor) {
            let mut node = node.clone();
            node.span = span;
            self.place(node, 0, weight);
        }
        Ok(())
    }

    fn count(&mut self, weight: usize, span: Span) -> Result<(), Fatal> {
        self.values += weight;
        if self.values > MAX_VALUES {
            return Err(Box::new(
                Diagnostic::new(Code::TooManyValues, span, format!("the file holds more than {MAX_VALUES} values"))
                    .help("use `count:` for many resources or sessions that are alike"),
            ));
        }
        Ok(())
    }

    /// Puts a finished value where it belongs: into what is open, or at the root.
    fn place(&mut self, node: Node, anchor: usize, weight: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        parent.weight += weight;
        match &mut parent.items {
            Items::Sequence(items) => items.push(node),
            Items::Mapping { entries, first_seen, key } => match key.take() {
                None => *key = Some(pending_key(node, first_seen, &mut self.diagnostics)),
                Some(PendingKey::Fit(key)) => entries.push(Entry { key, value: node }),
                Some(PendingKey::Unfit) => {}
            },
        }
    }
}

fn pending_key(node: Node, first_seen: &mut BTreeMap<String, Span>, diagnostics: &mut Vec<Diagnostic>) -> PendingKey {
    let span = node.span;
    let Content::Scalar(scalar) = node.content else {
        diagnostics.push(
            Diagnostic::new(Code::WrongType, span, "a key has to be text")
                .label(format!("this is {}", node.describe()))
                .help("put a value that begins with `{`, `[` or `*` after a key and a colon"),
        );
        return PendingKey::Unfit;
    };
    if scalar.text == "<<" && !scalar.quoted {
        diagnostics.push(
            Diagnostic::new(Code::UnknownKey, span, "merge keys (`<<`) are not part of the language")
                .help("write the keys out, or repeat the whole value with an alias"),
        );
        return PendingKey::Unfit;
    }
    if let Some(first) = first_seen.get(&scalar.text) {
        diagnostics.push(
            Diagnostic::new(Code::DuplicateKey, span, format!("the key `{}` is given twice", scalar.text))
                .label("given again here")
                .also(*first, "given first here")
                .help("keep one of the two"),
        );
        return PendingKey::Unfit;
    }
    first_seen.insert(scalar.text.clone(), span);
    PendingKey::Fit(Spanned::new(scalar.text, span))
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(Code::TooDeep, span, format!("lists and mappings nest more than {MAX_DEPTH} deep"))
        .help("no scenario needs that; look for brackets that are never closed")
}

const NO_TABS: &str = "indent with spaces: YAML allows no tabs there";

/// The first tab from there on with which a line begins, or that follows the spaces with which it does.
fn indenting_tab(text: &str, from: usize) -> Option<Span> {
    let mut at = from;
    loop {
        at += text.get(at..)?.find('\n')? + 1;
        let indented = text[at..].len() - text[at..].trim_start_matches(' ').len();
        if text[at + indented..].starts_with('\t') {
            return Some(Span::new(at + indented, at + indented + 1));
        }
    }
}

/// The bracket that was opened last before the place and is open still, if the place is on a later line that is indented no more than the
/// bracket's: there the bracket's end was forgotten.
fn left_open(text: &str, at: usize) -> Option<(usize, char)> {
    let mut open = Vec::new();
    let (mut quote, mut is_comment, mut before) = (None, false, '\n');
    for (place, c) in text[..at].char_indices() {
        match (quote, c) {
            (_, '\n') => is_comment = false,
            _ if is_comment => {}
            (Some(mark), _) => quote = Some(mark).filter(|mark| *mark != c),
            (None, '"' | '\'') if before.is_whitespace() || "[{,:".contains(before) => quote = Some(c),
            (None, '#') if before.is_whitespace() => is_comment = true,
            (None, '[' | '{') if before.is_whitespace() || "[{,".contains(before) => open.push((place, c)),
            (None, ']' | '}') => drop(open.pop()),
            _ => {}
        }
        before = c;
    }
    let indentation = |place: usize| {
        let line = text[..place].rfind('\n').map_or(0, |end| end + 1);
        (line, text[line..].len() - text[line..].trim_start_matches(' ').len())
    };
    let (place, bracket) = open.pop()?;
    let (opened, here) = (indentation(place), indentation(at));
    (here.0 > opened.0 && here.1 <= opened.1).then_some((place, bracket))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's kinds of error are open; what is not named here keeps the parser's own words"
)]
fn scan_error(text: &str, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let width = text[at..].chars().next().map_or(0, char::len_utf8);
    let span = Span::new(at, at + width);
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => too_deep(span),
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
            invalid(span, "a tab indents this line").help(NO_TABS)
        }
        // The parser tells where the text begins, and the tab is on a line below.
        ErrorKind::TabInPlainScalar | ErrorKind::TabAtBlockScalarStart => {
            invalid(indenting_tab(text, at).unwrap_or(span), "a tab indents this line").help(NO_TABS)
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => {
            invalid(span, "a quote that was opened is not closed before this")
                .help("close the quote before the end of the value")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let close = if *open == '[' { ']' } else { '}' };
            invalid(span, format!("a `{open}` is opened and never closed")).help(format!("add the missing `{close}`"))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            invalid(span, format!("a `{open}` is closed by `{close}`")).help("close what was opened last first")
        }
        ErrorKind::ExpectedFlowMappingSeparator => {
            invalid(span, "`,` or `}` is missing").help("separate the entries between `{` and `}` with commas")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => {
            invalid(span, "`,` or `]` is missing").help("separate the items between `[` and `]` with commas")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement
            if let Some((place, open)) = left_open(text, at) =>
        {
            let close = if open == '[' { ']' } else { '}' };
            invalid(Span::new(place, place + 1), format!("a `{open}` is opened and never closed"))
                .help(format!("add the missing `{close}`"))
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            invalid(span, "a `:` is not allowed here")
                .help("indent the line like its neighbours, or put text that contains `: ` between quotes")
        }
        ErrorKind::ExpectedBlockMappingKey => {
            invalid(span, "a key is missing here").help("indent the line like its neighbours; a key ends with `:`")
        }
        ErrorKind::SimpleKeyExpected => {
            invalid(span, "a key without a `:`").help("a line of a mapping is `key: value`")
        }
        ErrorKind::InvalidIndentation => invalid(span, "the indentation does not fit any line above")
            .help("indent lines of one mapping or list alike"),
        other => invalid(span, other.to_string()),
    }
}

fn invalid(span: Span, message: impl Into<Cow<'static, str>>) -> Diagnostic {
    Diagnostic::new(Code::InvalidYaml, span, format!("not YAML: {}", message.into()))
}
