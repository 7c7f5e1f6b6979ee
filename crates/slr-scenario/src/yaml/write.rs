//! The tree as text that people like to read.
//!
//! What fits a line and is not nested much stays on one line; everything else goes a line each. The
//! same tree always gives the same text.

use super::{Content, Entry, Node, Scalar, ScalarKind, plain_kind};

const WIDTH: usize = 100;
/// How many brackets may stand inside one another on a line.
const INLINE_DEPTH: usize = 3;
const INDENT: usize = 2;

/// The tree as a YAML document.
#[must_use]
pub fn to_text(root: &Node) -> String {
    let mut text = String::new();
    match &root.content {
        Content::Mapping(entries) if !entries.is_empty() => {
            for entry in entries {
                write_entry(entry, 0, &mut text);
            }
        }
        Content::Mapping(_) | Content::Sequence(_) | Content::Scalar(_) => {
            write_value(root, 0, &mut text);
        }
    }
    text
}

fn pad(indent: usize, text: &mut String) {
    text.extend(std::iter::repeat_n(' ', indent));
}

fn write_entry(entry: &Entry, indent: usize, text: &mut String) {
    pad(indent, text);
    write_keyed(entry, indent, text);
}

/// A key and its value, the indentation being written already.
fn write_keyed(entry: &Entry, indent: usize, text: &mut String) {
    let key = inline_scalar(&Scalar::text(entry.key.value.clone()));
    text.push_str(&key);
    text.push(':');
    if let Content::Scalar(scalar) = &entry.value.content {
        write_block_scalar(scalar, indent, text);
        return;
    }
    let room = WIDTH.saturating_sub(indent + key.len() + 2);
    // The sections of a file are easier to find a line each.
    let is_section = indent == 0;
    if !(is_section && has_named_parts(&entry.value))
        && let Some(line) = on_one_line(&entry.value, room)
    {
        text.push(' ');
        text.push_str(&line);
        text.push('\n');
        return;
    }
    text.push('\n');
    write_value(&entry.value, indent + INDENT, text);
}

/// Whether a value is a mapping or a list that holds more of its kind.
fn has_named_parts(node: &Node) -> bool {
    let is_nested = |node: &Node| !matches!(node.content, Content::Scalar(_));
    match &node.content {
        Content::Scalar(_) => false,
        Content::Sequence(items) => items.iter().any(is_nested),
        Content::Mapping(entries) => entries.iter().any(|entry| is_nested(&entry.value)),
    }
}

fn write_value(node: &Node, indent: usize, text: &mut String) {
    match &node.content {
        Content::Mapping(entries) if !entries.is_empty() => {
            for entry in entries {
                write_entry(entry, indent, text);
            }
        }
        Content::Sequence(items) if !items.is_empty() => {
            for item in items {
                write_item(item, indent, text);
            }
        }
        Content::Mapping(_) | Content::Sequence(_) | Content::Scalar(_) => {
            pad(indent, text);
            text.push_str(&inline(node));
            text.push('\n');
        }
    }
}

fn write_item(item: &Node, indent: usize, text: &mut String) {
    pad(indent, text);
    text.push_str("- ");
    let room = WIDTH.saturating_sub(indent + 2);
    let is_single = matches!(&item.content, Content::Mapping(entries) if entries.len() == 1);
    if !is_single && let Some(line) = on_one_line(item, room) {
        text.push_str(&line);
        text.push('\n');
        return;
    }
    match &item.content {
        Content::Mapping(entries) if !entries.is_empty() => {
            for (number, entry) in entries.iter().enumerate() {
                if number > 0 {
                    pad(indent + INDENT, text);
                }
                write_keyed(entry, indent + INDENT, text);
            }
        }
        Content::Sequence(items) if !items.is_empty() => {
            // A list directly inside a list is only found in policy documents.
            text.push('\n');
            for item in items {
                write_item(item, indent + INDENT, text);
            }
        }
        Content::Mapping(_) | Content::Sequence(_) | Content::Scalar(_) => {
            text.push_str(&inline(item));
            text.push('\n');
        }
    }
}

/// A scalar as the value of a key on a line of its own.
fn write_block_scalar(scalar: &Scalar, indent: usize, text: &mut String) {
    text.push(' ');
    match BlockStyle::of(scalar, indent) {
        None => text.push_str(&block_scalar(scalar)),
        Some(BlockStyle::Literal) => {
            text.push_str("|-");
            for line in scalar.text.split('\n') {
                text.push('\n');
                if !line.is_empty() {
                    pad(indent + INDENT, text);
                    text.push_str(line);
                }
            }
        }
        Some(BlockStyle::Folded) => {
            text.push_str(">-");
            let mut room = 0;
            for word in scalar.text.split(' ') {
                let length = word.chars().count();
                if length + 1 > room {
                    text.push('\n');
                    pad(indent + INDENT, text);
                    room = WIDTH.saturating_sub(indent + INDENT + length);
                } else {
                    text.push(' ');
                    room -= length + 1;
                }
                text.push_str(word);
            }
        }
    }
    text.push('\n');
}

/// How long text is written over several lines, if YAML gives it back unchanged.
enum BlockStyle {
    /// Line by line as it is.
    Literal,
    /// One long line, broken between words.
    Folded,
}

impl BlockStyle {
    fn of(scalar: &Scalar, indent: usize) -> Option<Self> {
        let text = &scalar.text;
        let is_text =
            scalar.kind() == ScalarKind::Text && !text.starts_with(['\n', ' ']) && !text.ends_with(['\n', ' ']);
        if !is_text || !text.chars().all(|c| c == '\n' || is_printable(c)) {
            return None;
        }
        if text.contains('\n') {
            let is_tidy = text.split('\n').all(|line| !line.ends_with(' ') && !line.starts_with(' '));
            return is_tidy.then_some(Self::Literal);
        }
        let is_long = text.chars().count() + indent > WIDTH - 10;
        (is_long && !text.contains("  ")).then_some(Self::Folded)
    }
}

/// The value on one line, if it fits and is not nested too much.
fn on_one_line(node: &Node, room: usize) -> Option<String> {
    let line = inline(node);
    (depth(node) <= INLINE_DEPTH && line.chars().count() <= room).then_some(line)
}

fn depth(node: &Node) -> usize {
    match &node.content {
        Content::Scalar(_) => 0,
        Content::Sequence(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Content::Mapping(entries) => 1 + entries.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0),
    }
}

fn inline(node: &Node) -> String {
    match &node.content {
        Content::Scalar(scalar) => inline_scalar(scalar),
        Content::Sequence(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Content::Mapping(entries) if entries.is_empty() => "{}".to_owned(),
        Content::Mapping(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|entry| {
                    let key = inline_scalar(&Scalar::text(entry.key.value.clone()));
                    format!("{key}: {}", inline(&entry.value))
                })
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A scalar between brackets or as a key.
fn inline_scalar(scalar: &Scalar) -> String {
    let means_something_in_brackets = |c| matches!(c, '{' | '}' | '[' | ']' | ',' | '"' | '\'' | '`' | '\\');
    if !scalar.quoted || is_plain(&scalar.text) && !scalar.text.contains(means_something_in_brackets) {
        return scalar.text.clone();
    }
    quoted(&scalar.text)
}

/// A scalar as the value of a key on a line of its own.
fn block_scalar(scalar: &Scalar) -> String {
    if !scalar.quoted || is_plain(&scalar.text) {
        return scalar.text.clone();
    }
    quoted(&scalar.text)
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_printable(c) => quoted.push(c),
            c => quoted.push_str(&escaped(c)),
        }
    }
    quoted.push('"');
    quoted
}

/// A character that is not written as it is.
fn escaped(c: char) -> String {
    match u32::from(c) {
        code @ 0..=0xFF => format!("\\x{code:02x}"),
        code @ 0x100..=0xFFFF => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether text can stand on a line without quotes and stays text.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '(' | '.' | '+'))
        && plain_kind(text) == ScalarKind::Text
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("...")
        && text.chars().all(|c| is_printable(c) && (c == ' ' || !c.is_whitespace()))
}
