//! YAML as a tree that knows where each value was written.
//!
//! A scenario is read in two steps: text to this tree, tree to the types of [`crate::syntax`]. The
//! tree keeps every position, so that the second step can go on after a mistake and report all of
//! them, and it is also what the types are written back through.

mod compose;
mod write;

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

pub(crate) use compose::{Composed, compose};
pub use write::to_text;

/// A range of bytes in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` up to, and without, `end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end.max(start)) }
    }

    /// The same range for slicing a text.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `other` lies within this range.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// From the start of this range to the end of `other`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A value and the place where it was written.
///
/// Two spanned values are equal when the values are: a scenario that moved down a line is still
/// the same scenario.
#[derive(Debug, Clone, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written; for a parameter, where it was used.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> From<T> for Spanned<T> {
    /// A value that no file contains, at an empty place.
    fn from(value: T) -> Self {
        Self { value, span: Span::default() }
    }
}

impl From<&str> for Spanned<String> {
    fn from(value: &str) -> Self {
        Self::from(value.to_owned())
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// One value of the document.
#[derive(Debug, Clone)]
pub struct Node {
    /// The value.
    pub content: Content,
    /// Where it was written; for a parameter, where it was used.
    pub span: Span,
    /// The parameter that stood here, if one did.
    pub parameter: Option<Arc<ParameterUse>>,
    /// Nothing can be made of the value, and that has been reported.
    pub(crate) is_void: bool,
}

/// A parameter that was put in the place of a `$name`.
#[derive(Debug)]
pub struct ParameterUse {
    /// The name, without `$`.
    pub name: String,
    /// Where the parameter is declared.
    pub declared: Span,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// Text, a number, true, false or nothing.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values, in the order in which they were written.
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: Spanned<String>,
    /// The value.
    pub value: Node,
}

/// A scalar as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, after YAML's escapes.
    pub text: String,
    /// Written between quotes or as a block, hence text whatever it looks like.
    pub quoted: bool,
}

/// What a scalar means by the core schema of YAML 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// Nothing: `~`, `null` or no text at all.
    Nothing,
    /// `true` or `false`.
    Boolean,
    /// A number without a point or an exponent.
    Integer,
    /// Any other number.
    Decimal,
    /// Everything else.
    Text,
}

impl Scalar {
    /// Text that stays text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), quoted: true }
    }

    /// A number, a boolean or a word that is written as it is.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), quoted: false }
    }

    /// What the scalar means.
    #[must_use]
    pub fn kind(&self) -> ScalarKind {
        if self.quoted {
            return ScalarKind::Text;
        }
        plain_kind(&self.text)
    }
}

/// What plain text means by the core schema of YAML 1.2.
pub(crate) fn plain_kind(text: &str) -> ScalarKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return ScalarKind::Nothing,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => return ScalarKind::Boolean,
        ".nan" | ".NaN" | ".NAN" => return ScalarKind::Decimal,
        _ => {}
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return ScalarKind::Decimal;
    }
    let digits = |text: &str, radix: u32| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    let prefixed = |prefix: &str, radix: u32| unsigned.strip_prefix(prefix).is_some_and(|rest| digits(rest, radix));
    if digits(unsigned, 10) || prefixed("0x", 16) || prefixed("0o", 8) {
        return ScalarKind::Integer;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let is_mantissa = all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let is_exponent = exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text), 10));
    if is_mantissa && is_exponent { ScalarKind::Decimal } else { ScalarKind::Text }
}

/// A text as JSON: what a JSON Schema sees of it. `None` if it is not YAML.
#[must_use]
pub fn to_json(text: &str) -> Option<serde_json::Value> {
    compose(text).root.map(|root| root.to_json())
}

impl Node {
    /// A node that no file contains.
    pub(crate) fn new(content: Content) -> Self {
        Self { content, span: Span::default(), parameter: None, is_void: false }
    }

    pub(crate) fn scalar(scalar: Scalar) -> Self {
        Self::new(Content::Scalar(scalar))
    }

    /// What the value is, in words for a message.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.content {
            Content::Scalar(scalar) => match scalar.kind() {
                ScalarKind::Nothing => "nothing",
                ScalarKind::Boolean => "a boolean",
                ScalarKind::Integer => "a whole number",
                ScalarKind::Decimal => "a number",
                ScalarKind::Text => "text",
            },
            Content::Sequence(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }

    /// The value as JSON: what a JSON Schema sees of the file.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.content {
            Content::Scalar(scalar) => scalar_to_json(scalar),
            Content::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Content::Mapping(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.value.clone(), entry.value.to_json())).collect())
            }
        }
    }

    /// A JSON value as a node that no file contains.
    pub(crate) fn from_json(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::scalar(Scalar::plain("null")),
            Value::Bool(value) => Self::scalar(Scalar::plain(value.to_string())),
            Value::Number(number) => Self::scalar(Scalar::plain(number.to_string())),
            Value::String(text) => Self::scalar(Scalar::text(text.clone())),
            Value::Array(items) => Self::new(Content::Sequence(items.iter().map(Self::from_json).collect())),
            Value::Object(members) => Self::new(Content::Mapping(
                members
                    .iter()
                    .map(|(key, value)| Entry { key: Spanned::from(key.clone()), value: Self::from_json(value) })
                    .collect(),
            )),
        }
    }
}

fn scalar_to_json(scalar: &Scalar) -> serde_json::Value {
    use serde_json::{Number, Value};
    let text = || Value::String(scalar.text.clone());
    match scalar.kind() {
        ScalarKind::Nothing => Value::Null,
        ScalarKind::Boolean => Value::Bool(scalar.text.eq_ignore_ascii_case("true")),
        ScalarKind::Integer => {
            let digits = scalar.text.strip_prefix('+').unwrap_or(&scalar.text);
            let number = (digits.parse::<u64>().map(Number::from))
                .or_else(|_| digits.parse::<i64>().map(Number::from))
                .ok()
                .or_else(|| digits.parse::<f64>().ok().and_then(Number::from_f64));
            number.map_or_else(text, Value::Number)
        }
        ScalarKind::Decimal => {
            let number = scalar.text.parse::<f64>().ok().and_then(Number::from_f64);
            number.map_or_else(text, Value::Number)
        }
        ScalarKind::Text => text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_the_core_schema_says() {
        for (text, kind) in [
            ("", ScalarKind::Nothing),
            ("~", ScalarKind::Nothing),
            ("true", ScalarKind::Boolean),
            ("yes", ScalarKind::Text),
            ("12", ScalarKind::Integer),
            ("-12", ScalarKind::Integer),
            ("0x1F", ScalarKind::Integer),
            ("012345678901", ScalarKind::Integer),
            ("0.6", ScalarKind::Decimal),
            (".5", ScalarKind::Decimal),
            ("1e3", ScalarKind::Decimal),
            (".", ScalarKind::Text),
            ("e3", ScalarKind::Text),
            ("5s", ScalarKind::Text),
            ("1s..5s", ScalarKind::Text),
            ("1..5", ScalarKind::Text),
            ("$n", ScalarKind::Text),
            ("-", ScalarKind::Text),
        ] {
            assert_eq!(plain_kind(text), kind, "{text:?}");
        }
    }
}
