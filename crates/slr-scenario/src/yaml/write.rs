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
    match &entry.value.content {
        Content::Scalar(scalar) => write_long_scalar(scalar, indent, text),
        Content::Sequence(_) | Content::Mapping(_) => {
            text.push('\n');
            write_value(&entry.value, indent + INDENT, text);
        }
    }
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
    if let Some(line) = on_one_line(item, room) {
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

/// Text of several lines is a block if YAML gives it back unchanged, else one quoted line.
fn write_long_scalar(scalar: &Scalar, indent: usize, text: &mut String) {
    text.push(' ');
    if !is_block(scalar) {
        text.push_str(&inline_scalar(scalar));
        text.push('\n');
        return;
    }
    text.push_str("|-\n");
    for line in scalar.text.split('\n') {
        if !line.is_empty() {
            pad(indent + INDENT, text);
            text.push_str(line);
        }
        text.push('\n');
    }
}

fn is_block(scalar: &Scalar) -> bool {
    let text = &scalar.text;
    scalar.kind() == ScalarKind::Text
        && text.contains('\n')
        && !text.starts_with(['\n', ' '])
        && !text.ends_with('\n')
        && text.split('\n').all(|line| !line.ends_with(' '))
        && text.chars().all(|c| c == '\n' || is_printable(c))
}

/// The value on one line, if it fits and is not nested too much.
fn on_one_line(node: &Node, room: usize) -> Option<String> {
    if depth(node) > INLINE_DEPTH {
        return None;
    }
    if let Content::Scalar(scalar) = &node.content
        && is_block(scalar)
    {
        return None;
    }
    let line = inline(node);
    let is_scalar = matches!(node.content, Content::Scalar(_));
    (is_scalar || line.chars().count() <= room).then_some(line)
}

fn depth(node: &Node) -> usize {
    match &node.content {
        Content::Scalar(_) => 0,
        Content::Sequence(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Content::Mapping(entries) => {
            1 + entries
                .iter()
                .map(|entry| depth(&entry.value))
                .max()
                .unwrap_or(0)
        }
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

fn inline_scalar(scalar: &Scalar) -> String {
    let is_text = scalar.quoted;
    if !is_text || is_plain(&scalar.text) {
        return scalar.text.clone();
    }
    let mut quoted = String::from("\"");
    for c in scalar.text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_printable(c) => quoted.push(c),
            c if u32::from(c) <= 0xFF => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) <= 0xFFFF => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// Whether text can stand without quotes, between brackets too, and stays text.
fn is_plain(text: &str) -> bool {
    let starts_well =
        text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '(' | '.' | '+'));
    starts_well
        && plain_kind(text) == ScalarKind::Text
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("...")
        && text.chars().all(|c| {
            is_printable(c)
                && !matches!(
                    c,
                    '{' | '}' | '[' | ']' | ',' | '"' | '\'' | '`' | '\\' | '\u{a0}'
                )
        })
}
