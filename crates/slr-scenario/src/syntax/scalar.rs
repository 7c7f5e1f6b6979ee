//! The scalars of the language: text, words, booleans, counts, shares, factors and durations.
//!
//! None of them is a floating-point number. What is not whole is kept in thousandths or millionths,
//! so that a scenario means the same on every machine.

use std::fmt;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::describe::or_parameter;
use super::grammar::{Reader, Syntax, clipped};
use crate::diagnostic::{Code, did_you_mean};
use crate::yaml::{Content, Node, Scalar, ScalarKind, Spanned};

/// Text with the place where it was written.
pub type Text = Spanned<String>;

/// A scalar that is written as it is, between quotes only where YAML would take it for another.
pub(crate) fn word(text: &str) -> Scalar {
    Scalar::plain(text)
}

/// The scalar of a node, unless it is a list, a mapping or nothing.
fn scalar<'a>(node: &'a Node, expected: &str, reader: &mut Reader) -> Option<&'a Scalar> {
    match &node.content {
        Content::Scalar(scalar) if scalar.kind() != ScalarKind::Nothing => Some(scalar),
        Content::Scalar(_) | Content::Sequence(_) | Content::Mapping(_) => {
            reader.mismatch(node, expected, None);
            None
        }
    }
}

/// Reads one of a few words.
/// The text of a scalar, whatever it is otherwise.
pub(crate) fn read_text<'a>(node: &'a Node, what: &'static str, reader: &mut Reader) -> Option<&'a str> {
    scalar(node, what, reader).map(|scalar| scalar.text.as_str())
}

/// Whether the text looks like the name of an error: a capital, and up to a hundred letters and digits in all.
pub(crate) fn code_of_a_service(text: &str) -> bool {
    let is_long_enough = text.starts_with(|first: char| first.is_ascii_uppercase()) && text.len() <= 100;
    is_long_enough && text.chars().all(|letter| letter.is_ascii_alphanumeric())
}

pub(crate) fn read_word<'a>(
    node: &'a Node,
    what: &'static str,
    words: &[&'static str],
    reader: &mut Reader,
) -> Option<&'a str> {
    let scalar = scalar(node, what, reader)?;
    if words.contains(&scalar.text.as_str()) {
        return Some(&scalar.text);
    }
    let help = did_you_mean(&scalar.text, words.iter().copied());
    reader.wrong(Code::UnknownWord, node, format!("`{}` is not {what}", clipped(&scalar.text)), help);
    None
}

impl Syntax for String {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let scalar = scalar(node, "text", reader)?;
        match scalar.kind() {
            ScalarKind::Text => Some(scalar.text.clone()),
            ScalarKind::Nothing | ScalarKind::Boolean | ScalarKind::Integer | ScalarKind::Decimal => {
                reader.mismatch(node, "text", Some(format!("put it between quotes: \"{}\"", clipped(&scalar.text))));
                None
            }
        }
    }

    fn write(&self) -> Node {
        Node::scalar(Scalar::text(self.clone()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        dice.text()
    }
}

impl Syntax for bool {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let scalar = scalar(node, "`true` or `false`", reader)?;
        match (scalar.quoted, scalar.text.as_str()) {
            (false, "true") => Some(true),
            (false, "false") => Some(false),
            (_, other) => {
                let help = match other.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "true" | "y" => Some("write `true`".to_owned()),
                    "no" | "off" | "false" | "n" => Some("write `false`".to_owned()),
                    _ => None,
                };
                reader.mismatch(node, "`true` or `false`", help);
                None
            }
        }
    }

    fn write(&self) -> Node {
        Node::scalar(Scalar::plain(self.to_string()))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        or_parameter(&json!({ "type": "boolean" }), generator)
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        dice.chance(1, 2)
    }
}

/// Reads a whole number between bounds.
fn read_whole(node: &Node, most: u64, reader: &mut Reader) -> Option<u64> {
    let scalar = scalar(node, "a whole number", reader)?;
    if scalar.kind() != ScalarKind::Integer {
        let help = match scalar.text.parse::<u64>() {
            Ok(number) if scalar.quoted => Some(format!("write it without quotes: {number}")),
            _ => None,
        };
        reader.mismatch(node, "a whole number", help);
        return None;
    }
    let is_canonical = scalar.text == "0" || !scalar.text.starts_with(['0', '+', '-']);
    match scalar.text.parse::<u64>() {
        Ok(number) if is_canonical && number <= most => Some(number),
        _ => {
            let help = format!("write a whole number from 0 to {most}, in digits alone");
            let message = format!("`{}` is not a number that fits here", clipped(&scalar.text));
            reader.wrong(Code::BadNumber, node, message, Some(help));
            None
        }
    }
}

impl Syntax for u64 {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        read_whole(node, u64::MAX, reader)
    }

    fn write(&self) -> Node {
        Node::scalar(Scalar::plain(self.to_string()))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        or_parameter(&json!({ "type": "integer", "minimum": 0 }), generator)
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        dice.number()
    }
}

impl Syntax for u32 {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        read_whole(node, u64::from(Self::MAX), reader).and_then(|number| Self::try_from(number).ok())
    }

    fn write(&self) -> Node {
        Node::scalar(Scalar::plain(self.to_string()))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        or_parameter(&json!({ "type": "integer", "minimum": 0, "maximum": Self::MAX }), generator)
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        u32::try_from(dice.number() % (1 << 32)).unwrap_or_default()
    }
}

/// Reads a decimal number exactly, as a multiple of `10^-places`.
fn read_decimal(node: &Node, expected: &str, places: usize, reader: &mut Reader) -> Option<u64> {
    let scalar = scalar(node, expected, reader)?;
    match scalar.kind() {
        ScalarKind::Integer | ScalarKind::Decimal => {}
        ScalarKind::Nothing | ScalarKind::Boolean | ScalarKind::Text => {
            let help =
                scalar.text.strip_suffix('%').map(|_| "write a share as a decimal number: 20 % is 0.2".to_owned());
            reader.mismatch(node, expected, help);
            return None;
        }
    }
    let (whole, fraction) = scalar.text.split_once('.').unwrap_or((&scalar.text, ""));
    let fraction = fraction.trim_end_matches('0');
    let in_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let parsed = (in_digits(whole) && in_digits(fraction) && whole.len() <= 9 && fraction.len() <= places)
        .then(|| format!("{whole}{fraction:0<places$}").parse().ok())
        .flatten();
    if parsed.is_none() {
        let message = format!("`{}` is not a number that fits here", clipped(&scalar.text));
        let help = format!("write digits with at most {places} places after the point");
        reader.wrong(Code::BadNumber, node, message, Some(help));
    }
    parsed
}

/// A multiple of `10^-places` as decimal digits.
fn decimal(number: u64, places: usize) -> String {
    let unit = 10_u64.pow(u32::try_from(places).unwrap_or(0));
    let fraction = format!("{:0places$}", number % unit);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{}", number / unit) } else { format!("{}.{fraction}", number / unit) }
}

/// A part of a whole, from 0 to 1, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    millionths: u32,
}

impl Share {
    const PLACES: usize = 6;
    /// The whole.
    pub const WHOLE: Self = Self { millionths: 1_000_000 };

    /// So many millionths, at most the whole.
    #[must_use]
    pub fn from_millionths(millionths: u32) -> Self {
        Self { millionths: millionths.min(Self::WHOLE.millionths) }
    }

    /// The part in millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.millionths
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(u64::from(self.millionths), Self::PLACES))
    }
}

impl Syntax for Share {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let expected = "a share between 0 and 1";
        let millionths = read_decimal(node, expected, Self::PLACES, reader)?;
        match u32::try_from(millionths) {
            Ok(millionths) if millionths <= Self::WHOLE.millionths => Some(Self { millionths }),
            _ => {
                let text = decimal(millionths, Self::PLACES);
                let percent = if (1_000_001..=100_000_000).contains(&millionths) {
                    Some(format!("{text} % is {}", decimal(millionths / 100, Self::PLACES)))
                } else {
                    None
                };
                reader.wrong(Code::BadShare, node, format!("`{text}` is not {expected}"), percent);
                None
            }
        }
    }

    fn write(&self) -> Node {
        Node::scalar(Scalar::plain(self.to_string()))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        or_parameter(&json!({ "type": "number", "minimum": 0, "maximum": 1 }), generator)
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        Self::from_millionths(u32::sample(dice) % 1_000_001)
    }
}

/// A number by which something grows or spreads, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor {
    thousandths: u64,
}

impl Factor {
    const PLACES: usize = 3;
    const MOST: u64 = 1_000_000;
    /// One: no growth.
    pub const ONE: Self = Self { thousandths: 1000 };

    /// So many thousandths, at most a thousand wholes.
    #[must_use]
    pub fn from_thousandths(thousandths: u64) -> Self {
        Self { thousandths: thousandths.min(Self::MOST) }
    }

    /// The factor in thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u64 {
        self.thousandths
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal(self.thousandths, Self::PLACES))
    }
}

impl Syntax for Factor {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let expected = "a number between 0 and 1000";
        let thousandths = read_decimal(node, expected, Self::PLACES, reader)?;
        if thousandths <= Self::MOST {
            return Some(Self { thousandths });
        }
        let text = decimal(thousandths, Self::PLACES);
        reader.wrong(Code::BadNumber, node, format!("`{text}` is not {expected}"), None);
        None
    }

    fn write(&self) -> Node {
        Node::scalar(Scalar::plain(self.to_string()))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        or_parameter(&json!({ "type": "number", "minimum": 0, "maximum": 1000 }), generator)
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        Self::from_thousandths(dice.below(Self::MOST + 1))
    }
}

/// A length of virtual time, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Duration {
    millis: u64,
}

impl Duration {
    /// Units, longest first, with their length in milliseconds. A day has 24 hours.
    const UNITS: [(&'static str, u64); 5] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
    /// No time at all.
    pub const ZERO: Self = Self { millis: 0 };
    /// The longest time that can be written: a hundred years of 365 days. In nanoseconds it still
    /// fits 64 bits.
    pub const LONGEST: Self = Self { millis: 36_500 * 86_400_000 };

    /// So many milliseconds, at most [`Duration::LONGEST`].
    #[must_use]
    pub fn from_millis(millis: u64) -> Self {
        Self { millis: millis.min(Self::LONGEST.millis) }
    }

    /// So many seconds, at most [`Duration::LONGEST`].
    #[must_use]
    pub fn from_secs(seconds: u64) -> Self {
        Self::from_millis(seconds.saturating_mul(1000))
    }

    /// The length in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.millis
    }

    /// Reads `90s`, `5m`, `250ms`.
    ///
    /// # Errors
    /// What is wrong with the text and, if known, what would be right.
    pub(crate) fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let units = UNITS_LISTED;
        if number.is_empty() {
            return Err((
                format!("`{}` is not a duration", clipped(text)),
                Some(format!("write a whole number and a unit, such as `90s`; {units}")),
            ));
        }
        if unit.is_empty() {
            return Err((
                format!("the duration `{}` has no unit", clipped(text)),
                Some(format!("for seconds write `{}s`; {units}", clipped(number))),
            ));
        }
        let Some((_, length)) = Self::UNITS.iter().find(|(name, _)| *name == unit) else {
            let what = if unit.starts_with('.') {
                format!("`{}` is not a whole number of a unit", clipped(text))
            } else {
                format!("`{}` is not a unit of time", clipped(unit.trim()))
            };
            return Err((what, Some(unit_help(number, unit))));
        };
        let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*length));
        match millis {
            Some(millis) if millis <= Self::LONGEST.millis => Ok(Self { millis }),
            _ => Err((
                format!("`{}` is too long", clipped(text)),
                Some(format!("the longest duration is `{}`", Self::LONGEST)),
            )),
        }
    }
}

/// What to write in place of a unit that there is not.
fn unit_help(number: &str, unit: &str) -> String {
    let known = match unit.trim().to_ascii_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" | "s" => Some("s"),
        "min" | "mins" | "minute" | "minutes" | "m" => Some("m"),
        "hr" | "hrs" | "hour" | "hours" | "h" => Some("h"),
        "day" | "days" | "d" => Some("d"),
        "msec" | "millis" | "millisecond" | "milliseconds" | "ms" => Some("ms"),
        _ => None,
    };
    match known {
        Some(known) => format!("did you mean `{}{known}`?", clipped(number)),
        None if unit.starts_with('.') => match in_whole(number, unit) {
            Some(whole) => format!("write a whole number of a smaller unit: `{whole}`"),
            None => format!("write a whole number and a unit, such as `90s`; {UNITS_LISTED}"),
        },
        None if unit.contains(|c: char| c.is_ascii_digit()) => {
            "write one number and one unit: a minute and a half is `90s`".to_owned()
        }
        None => UNITS_LISTED.to_owned(),
    }
}

const UNITS_LISTED: &str = "units: `ms`, `s`, `m`, `h`, `d`";

/// The duration that is meant by `0` and `.5s`, if it is one of whole milliseconds.
fn in_whole(number: &str, rest: &str) -> Option<Duration> {
    let rest = rest.strip_prefix('.')?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (fraction, unit) = rest.split_at(digits);
    let (_, length) = Duration::UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let parts = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let written = format!("{number}{fraction}").parse::<u64>().ok()?.checked_mul(length)?;
    let millis = (written % parts == 0).then_some(written / parts)?;
    (millis <= Duration::LONGEST.millis).then_some(Duration { millis })
}

impl fmt::Display for Duration {
    /// In the longest unit that leaves a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, length) = match self.millis {
            0 => ("s", 1000),
            millis => Self::UNITS.into_iter().find(|(_, length)| millis % length == 0).unwrap_or(("ms", 1)),
        };
        write!(f, "{}{name}", self.millis / length)
    }
}

pub(crate) const DURATION_PATTERN: &str = "[0-9]+(ms|s|m|h|d)";

impl Syntax for Duration {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let scalar = scalar(node, "a duration", reader)?;
        match Self::parse(&scalar.text) {
            Ok(duration) => Some(duration),
            Err((message, help)) => {
                reader.wrong(Code::BadDuration, node, message, help);
                None
            }
        }
    }

    fn write(&self) -> Node {
        Node::scalar(word(&self.to_string()))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        or_parameter(&json!({ "type": "string", "pattern": format!("^{DURATION_PATTERN}$") }), generator)
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        let (_, unit) = dice.pick(&Self::UNITS);
        Self::from_millis(unit * dice.below(200))
    }
}

/// How many: a number, or the least and the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The least.
    pub least: u64,
    /// The most.
    pub most: u64,
}

impl Count {
    /// Exactly so many.
    #[must_use]
    pub const fn exactly(number: u64) -> Self {
        Self { least: number, most: number }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.least == self.most { write!(f, "{}", self.least) } else { write!(f, "{}..{}", self.least, self.most) }
    }
}

impl Syntax for Count {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let scalar = scalar(node, "a number, or a range such as `2..4`", reader)?;
        let Some((least, most)) = scalar.text.split_once("..") else {
            return read_whole(node, u64::MAX, reader).map(Self::exactly);
        };
        let (Ok(least), Ok(most)) = (least.parse::<u64>(), most.parse::<u64>()) else {
            reader.mismatch(node, "a number, or a range such as `2..4`", None);
            return None;
        };
        if least > most {
            reader.wrong(
                Code::ReversedRange,
                node,
                format!("the range `{least}..{most}` is reversed"),
                Some(format!("write `{most}..{least}`")),
            );
            return None;
        }
        Some(Self { least, most })
    }

    fn write(&self) -> Node {
        Node::scalar(word(&self.to_string()))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        or_parameter(
            &json!({ "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]+\\.\\.[0-9]+$" },
            ] }),
            generator,
        )
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        let (one, other) = (dice.number(), dice.number());
        Self { least: one.min(other), most: one.max(other) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, millis) in [("90s", 90_000), ("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000), ("250ms", 250)]
        {
            let duration = Duration::parse(text).unwrap();
            assert_eq!(duration.as_millis(), millis);
            assert_eq!(duration.to_string(), text);
        }
        assert_eq!(Duration::parse("60s").unwrap().to_string(), "1m");
        assert_eq!(Duration::ZERO.to_string(), "0s");
    }

    #[test]
    fn durations_that_are_none_are_refused_with_a_way_out() {
        for (text, help) in [
            ("90", "`90s`"),
            ("90sec", "`90s`"),
            ("1.5s", "`1500ms`"),
            ("0.5s", "`500ms`"),
            ("0.25h", "`15m`"),
            ("1.5ms", "`90s`"),
            ("1.s", "`1s`"),
            ("99999999999999999999.5d", "`90s`"),
            ("1m30s", "`90s`"),
            ("5M", "`5m`"),
            ("s", "`90s`"),
        ] {
            let (_, found) = Duration::parse(text).unwrap_err();
            assert!(found.as_deref().is_some_and(|found| found.contains(help)), "{text}: {found:?}");
        }
        assert!(Duration::parse("99999999999999999999d").is_err());
        assert!(Duration::parse("36501d").is_err());
    }

    #[test]
    fn decimals_keep_every_digit() {
        assert_eq!(Share::from_millionths(600_000).to_string(), "0.6");
        assert_eq!(Share::from_millionths(1).to_string(), "0.000001");
        assert_eq!(Share::WHOLE.to_string(), "1");
        assert_eq!(Factor::from_thousandths(1500).to_string(), "1.5");
    }
}
