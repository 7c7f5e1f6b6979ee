//! Parameters of calls that say when something happens, or with which role: declared by a kind, given by a step.

use std::fmt;

use schemars::{Schema, SchemaGenerator};

use super::declare::{record, words};
use super::describe::or_parameter;
use super::grammar::{Named, Reader, Syntax, clipped};
use super::scalar::Text;
use crate::yaml::{Content, Node, Scalar, ScalarKind, Spanned};

/// What a call gives for a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Syntax for Argument {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Content::Scalar(scalar) = &node.content {
            match scalar.kind() {
                ScalarKind::Integer => {
                    return negative(&scalar.text).or_else(|| u32::read(node, reader).map(i64::from)).map(Self::Number);
                }
                ScalarKind::Boolean => return bool::read(node, reader).map(Self::Flag),
                ScalarKind::Decimal => {
                    let quoted = format!(
                        "numbers are whole; where text is meant, put it between quotes: \"{}\"",
                        clipped(&scalar.text)
                    );
                    reader.mismatch(node, "a whole number, text, true or false", Some(quoted));
                    return None;
                }
                ScalarKind::Nothing | ScalarKind::Text => {}
            }
        }
        String::read(node, reader).map(Self::Text)
    }

    fn write(&self) -> Node {
        match self {
            Self::Flag(flag) => flag.write(),
            Self::Number(number) => Node::scalar(Scalar::plain(number.to_string())),
            Self::Text(text) => Node::scalar(Scalar::text(text.clone())),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let schema = serde_json::json!({ "anyOf": [
            { "type": "boolean" },
            { "type": "integer" },
            { "type": "string" },
        ] });
        or_parameter(&schema, generator)
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        match dice.below(3) {
            0 => Self::Flag(bool::sample(dice)),
            1 => Self::Number(i64::from(u32::sample(dice)) - i64::from(i32::MAX)),
            _ => Self::Text(dice.text()),
        }
    }
}

/// A number below zero: a call can give it, if only to be refused.
fn negative(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').filter(|digits| !digits.starts_with('0'))?;
    digits.parse::<u32>().ok().map(|number| -i64::from(number))
}

words! {
    /// What a parameter is.
    pub enum ParameterSort, "a sort of parameter" {
        /// When something happens again and again: `rate(1 day)`, `cron(0 2 * * ? *)`.
        Schedule = "schedule",
        /// A number of hours.
        Hours = "hours",
        /// A number of days that pass after each time of a schedule.
        Days = "days",
        /// Another whole number, of which nothing comes.
        Number = "number",
        /// One of a few words.
        Word = "word",
        /// A whole number, or a percentage: `3`, `50%`.
        Amount = "amount",
        /// A role of the account's own.
        Role = "role",
    }
}

record! {
    /// A parameter of the calls that make or change a resource, besides those that `with` names.
    pub struct CallParameter, "a parameter" {
        /// What it is.
        "is" => pub sort: Spanned<ParameterSort>,
        /// Of hours, days, numbers and amounts, the least. Default: 0.
        "from" => pub from: Option<Spanned<u32>>,
        /// Of hours, days and numbers, the most.
        "to" => pub to: Option<Spanned<u32>>,
        /// Of hours, the parameter whose hours must be more.
        "below" => pub below: Option<Text>,
        /// Of days, the parameter of the schedule after whose times they pass. It has to be a `cron(…)` where they are given.
        "offsets" => pub offsets: Option<Text>,
        /// Of an amount, the pattern that the service tells where it refuses what is none.
        "pattern" => pub pattern: Option<Text>,
        /// The words.
        "one-of" => pub one_of: Vec<Text>,
        /// Of a role, the kind for whose resources it is passed: those that are made from this one.
        "passed-for" => pub passed_for: Option<Text>,
        /// Whether it has to be given where a resource is made with any parameter of its kind.
        /// Default: false.
        "required" => pub required: Option<Spanned<bool>>,
        /// A word of `with` in whose company it has to be given, if any parameter is.
        "required-with" => pub required_with: Option<Text>,
        /// A word of `with` in whose company it becomes null where it is not given. Default: it stays as it was.
        "null-with" => pub null_with: Option<Text>,
        /// The kind of which one has to be among those that the resource belongs to or is made from: without one a call that
        /// gives it is refused, and with one a call that makes a resource and does not.
        "only-under" => pub only_under: Option<Text>,
        /// What the service says of a call that gives it without one of that kind. Default: a sentence of ours.
        "refusal" => pub refusal: Option<Text>,
    }
}

record! {
    /// When a service makes a move, where parameters say so. Without them a delay does, or a step.
    pub struct Due, "`due`" {
        /// The kind whose parameters count: those of the resource itself, or of the nearest above it.
        "of" => pub of: Text,
        /// The schedule: each time one resource makes the move, the first that can.
        "at" => pub at: Option<Text>,
        /// The hours after which it is made.
        "after" => pub after: Option<Text>,
        /// The hours that are taken off these.
        "less" => pub less: Option<Text>,
        /// The kind of the resource from whose last move the hours are counted. Default: the
        /// resource's own.
        "since" => pub since: Option<Text>,
        /// For each kind named, the value of a parameter of the nearest resource of that kind, such
        /// as `CutoffBehavior=CANCEL_TASK`, without which nothing is due.
        "where" => pub only: Named<Text>,
    }
}

impl CallParameter {
    /// Whether a call with these words makes it null, unless it gives it.
    #[must_use]
    pub fn is_null_with(&self, said: &[&str]) -> bool {
        self.null_with.as_ref().is_some_and(|word| said.contains(&word.as_str()))
    }

    /// Whether it has to be given.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required.as_ref().is_some_and(|required| required.value)
    }
}

/// The parameters that decide what an operation does: those under `with`, and those under `parameters` of which the operation's moves know
/// the name or the value, `words`. Sorted.
#[must_use]
pub fn deciding<'a>(with: &[&'a str], arguments: &'a Named<Spanned<Argument>>, words: &[&'a str]) -> Vec<&'a str> {
    let mut deciding = with.to_vec();
    for (name, argument) in arguments.iter() {
        let by_name = words.iter().find(|word| **word == name.value && argument.value != Argument::Flag(false));
        let by_value = || {
            let value = format!("{name}={}", argument.value);
            words.iter().find(|word| **word == value)
        };
        if let Some(word) = by_name.or_else(by_value).filter(|word| !deciding.contains(*word)) {
            deciding.push(word);
        }
    }
    deciding.sort_unstable();
    deciding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_decide_by_their_name_or_their_value() {
        let argument = |value: Argument| Spanned::from(value);
        let arguments = Named(vec![
            ("schedule".into(), argument(Argument::Text("rate(1 day)".into()))),
            ("Enabled".into(), argument(Argument::Flag(false))),
            ("Replace".into(), argument(Argument::Flag(false))),
            ("Duration".into(), argument(Argument::Number(4))),
        ]);
        let words = ["Enabled=false", "Enabled=true", "Replace", "schedule", "console"];
        assert_eq!(deciding(&["console"], &arguments, &words), ["Enabled=false", "console", "schedule"]);
        assert_eq!(deciding(&["schedule"], &arguments, &[]), ["schedule"]);
    }
}
