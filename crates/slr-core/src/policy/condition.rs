//! `Condition`: operators, their values, and what a missing key means.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Conditions with multiple
//! context keys or values".

use super::context::Context;
use super::pattern::{ArnPattern, BadPattern, Case, Pattern, ResourceParts, Syntax};
use super::value::{Decimal, Network};

/// How the values of a key with several values are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantifier {
    /// No prefix: meant for keys with one value.
    Single,
    /// `ForAnyValue:`: one value of the request is enough; none is not.
    ForAnyValue,
    /// `ForAllValues:`: every value of the request; also true if there is none.
    ForAllValues,
}

/// `<`, `<=`, ... of numbers and dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// `…Equals`
    Equals,
    /// `…LessThan`
    LessThan,
    /// `…LessThanEquals`
    LessThanEquals,
    /// `…GreaterThan`
    GreaterThan,
    /// `…GreaterThanEquals`
    GreaterThanEquals,
}

impl Relation {
    fn holds(self, request: Decimal, policy: Decimal) -> bool {
        match self {
            Self::Equals => request == policy,
            Self::LessThan => request < policy,
            Self::LessThanEquals => request <= policy,
            Self::GreaterThan => request > policy,
            Self::GreaterThanEquals => request >= policy,
        }
    }
}

/// What an operator compares, its `Not…` form aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// `StringEquals`: exact; `*` is a plain character.
    StringEquals,
    /// `StringEqualsIgnoreCase`
    StringEqualsIgnoreCase,
    /// `StringLike`: with `*` and `?`, case counts.
    StringLike,
    /// `ArnEquals` and `ArnLike`, which do the same: six parts, wildcards in each.
    Arn,
    /// `NumericEquals` and its kin.
    Numeric(Relation),
    /// `DateEquals` and its kin.
    Date(Relation),
    /// `Bool`
    Bool,
    /// `BinaryEquals`: base64 texts.
    Binary,
    /// `IpAddress`
    IpAddress,
    /// `Null`: whether the key is absent.
    Null,
}

/// A condition operator, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operator {
    /// Its prefix.
    pub quantifier: Quantifier,
    /// Its core.
    pub comparison: Comparison,
    /// Whether it is a `…Not…` form.
    pub negated: bool,
    /// Whether it ends in `IfExists`.
    pub if_exists: bool,
}

/// Every core with its `Not` form and what it means.
const CORES: &[(&str, Comparison, bool)] = &[
    ("StringEquals", Comparison::StringEquals, false),
    ("StringNotEquals", Comparison::StringEquals, true),
    ("StringEqualsIgnoreCase", Comparison::StringEqualsIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Comparison::StringEqualsIgnoreCase, true),
    ("StringLike", Comparison::StringLike, false),
    ("StringNotLike", Comparison::StringLike, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotLike", Comparison::Arn, true),
    ("NumericEquals", Comparison::Numeric(Relation::Equals), false),
    ("NumericNotEquals", Comparison::Numeric(Relation::Equals), true),
    ("NumericLessThan", Comparison::Numeric(Relation::LessThan), false),
    ("NumericLessThanEquals", Comparison::Numeric(Relation::LessThanEquals), false),
    ("NumericGreaterThan", Comparison::Numeric(Relation::GreaterThan), false),
    ("NumericGreaterThanEquals", Comparison::Numeric(Relation::GreaterThanEquals), false),
    ("DateEquals", Comparison::Date(Relation::Equals), false),
    ("DateNotEquals", Comparison::Date(Relation::Equals), true),
    ("DateLessThan", Comparison::Date(Relation::LessThan), false),
    ("DateLessThanEquals", Comparison::Date(Relation::LessThanEquals), false),
    ("DateGreaterThan", Comparison::Date(Relation::GreaterThan), false),
    ("DateGreaterThanEquals", Comparison::Date(Relation::GreaterThanEquals), false),
    ("Bool", Comparison::Bool, false),
    ("BinaryEquals", Comparison::Binary, false),
    ("IpAddress", Comparison::IpAddress, false),
    ("NotIpAddress", Comparison::IpAddress, true),
    ("Null", Comparison::Null, false),
];

impl Operator {
    /// Reads an operator as policies write it; case counts.
    pub fn parse(name: &str) -> Option<Self> {
        let (quantifier, rest) = if let Some(rest) = name.strip_prefix("ForAnyValue:") {
            (Quantifier::ForAnyValue, rest)
        } else if let Some(rest) = name.strip_prefix("ForAllValues:") {
            (Quantifier::ForAllValues, rest)
        } else {
            (Quantifier::Single, name)
        };
        let (core, if_exists) = match rest.strip_suffix("IfExists") {
            Some(core) => (core, true),
            None => (rest, false),
        };
        let &(_, comparison, negated) = CORES.iter().find(|(name, ..)| *name == core)?;
        // `Null` is itself the question whether the key exists, and has no set to go through.
        if comparison == Comparison::Null && (if_exists || quantifier != Quantifier::Single) {
            return None;
        }
        Some(Self { quantifier, comparison, negated, if_exists })
    }

    /// The operator meant by a name that is wrong in case only.
    pub(super) fn near(name: &str) -> Option<String> {
        let (prefix, rest) = match name.split_once(':') {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("ForAnyValue") => ("ForAnyValue:", rest),
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("ForAllValues") => ("ForAllValues:", rest),
            Some(_) => return None,
            None => ("", name),
        };
        let lower = rest.to_ascii_lowercase();
        let (core, suffix) = match lower.strip_suffix("ifexists") {
            Some(core) => (core, "IfExists"),
            None => (lower.as_str(), ""),
        };
        let (name, ..) = CORES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(core))?;
        let right = format!("{prefix}{name}{suffix}");
        Self::parse(&right).map(|_| right)
    }
}

/// A value of a policy, ready to be compared with one of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Text(Pattern, Case),
    Arn(ArnPattern),
    Number(Relation, Decimal),
    Date(Relation, Decimal),
    Bool(bool),
    Binary(Box<str>),
    Network(Network),
    Null(bool),
}

impl Wanted {
    fn compile(comparison: Comparison, text: &str, variables: bool) -> Result<Self, BadPattern> {
        let wrong =
            |what: &str, help: &str| BadPattern { message: format!("`{text}` is not {what}"), help: help.to_owned() };
        let pattern = |wildcards| Pattern::parse(text, Syntax { wildcards, variables });
        Ok(match comparison {
            Comparison::StringEquals => Self::Text(pattern(false)?, Case::Sensitive),
            Comparison::StringEqualsIgnoreCase => Self::Text(pattern(false)?, Case::Ignored),
            Comparison::StringLike => Self::Text(pattern(true)?, Case::Sensitive),
            Comparison::Arn => Self::Arn(ArnPattern::parse(text, variables)?),
            Comparison::Numeric(relation) => {
                let help = "write up to 18 digits and up to 9 after the point, such as `0.5`";
                Self::Number(relation, Decimal::parse(text).ok_or_else(|| wrong("a number", help))?)
            }
            Comparison::Date(relation) => {
                let help = "write `2020-04-01T00:00:00Z`, or seconds since 1970";
                Self::Date(relation, Decimal::parse_date(text).ok_or_else(|| wrong("a date", help))?)
            }
            Comparison::Bool => {
                let help = "write `true` or `false`";
                Self::Bool(boolean(text).ok_or_else(|| wrong("a boolean", help))?)
            }
            Comparison::Null => {
                let help = "write `true` if the key must be absent, `false` if it must be there";
                Self::Null(boolean(text).ok_or_else(|| wrong("a boolean", help))?)
            }
            Comparison::Binary => Self::Binary(text.trim_end_matches('=').into()),
            Comparison::IpAddress => {
                let help = "write `203.0.113.0/24`, `2001:db8::/32`, or an address";
                let network = Network::parse(text);
                Self::Network(network.ok_or_else(|| wrong("an IP address or a network", help))?)
            }
        })
    }

    /// Whether a value of the request fits. A value that cannot be read as what the operator compares fits
    /// nothing. Assumed: AWS says so only for types that can never be compared.
    fn fits(&self, value: &str, context: &Context) -> bool {
        match self {
            Self::Text(pattern, case) => pattern.matches(value, *case, context),
            Self::Arn(pattern) => pattern.matches(ResourceParts::split(value), context),
            Self::Number(relation, wanted) => Decimal::parse(value).is_some_and(|value| relation.holds(value, *wanted)),
            Self::Date(relation, wanted) => {
                Decimal::parse_date(value).is_some_and(|value| relation.holds(value, *wanted))
            }
            Self::Bool(wanted) => boolean(value) == Some(*wanted),
            Self::Binary(wanted) => value.trim_end_matches('=') == &**wanted,
            Self::Network(wanted) => Network::parse(value).is_some_and(|value| wanted.contains(value)),
            // Decided by `Condition::holds` before it comes to values.
            Self::Null(_) => false,
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// One key under one operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    operator: Operator,
    operator_name: Box<str>,
    /// As written.
    key: Box<str>,
    key_lower: Box<str>,
    /// As written, for explanations.
    texts: Box<[Box<str>]>,
    wanted: Box<[Wanted]>,
}

impl Condition {
    /// Compiles the values of one key; the error names the value, counted from 0, that cannot be compared.
    pub(super) fn compile(
        operator: Operator,
        operator_name: &str,
        key: &str,
        texts: &[String],
        variables: bool,
    ) -> Result<Self, (usize, BadPattern)> {
        let wanted = texts
            .iter()
            .enumerate()
            .map(|(at, text)| Wanted::compile(operator.comparison, text, variables).map_err(|error| (at, error)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            operator,
            operator_name: operator_name.into(),
            key: key.into(),
            key_lower: key.to_ascii_lowercase().into(),
            texts: texts.iter().map(|text| text.as_str().into()).collect(),
            wanted,
        })
    }

    /// The operator as written.
    pub fn operator_name(&self) -> &str {
        &self.operator_name
    }

    /// The key as written.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The policy's values as written.
    pub fn values(&self) -> &[Box<str>] {
        &self.texts
    }

    /// The values that a request gives the key; empty if it is absent.
    pub fn request_values<'c>(&self, context: &'c Context) -> &'c [String] {
        context.values(&self.key_lower)
    }

    /// Whether the request meets the condition.
    ///
    /// A missing key: false; true for `Not…` forms, for `…IfExists` and for `ForAllValues:`; for `ForAnyValue:`
    /// without `IfExists` false, even in a `Not…` form.
    ///
    /// Assumed: an operator without a prefix on a key that has several values looks for one value that fits,
    /// and its `Not…` form is true if there is none. AWS asks for a prefix there and leaves the rest open.
    pub fn holds(&self, context: &Context) -> bool {
        let values = self.request_values(context);
        let Operator { quantifier, comparison, negated, if_exists } = self.operator;
        if comparison == Comparison::Null {
            return self.wanted.contains(&Wanted::Null(values.is_empty()));
        }
        if values.is_empty() {
            return if_exists
                || match quantifier {
                    Quantifier::Single => negated,
                    Quantifier::ForAnyValue => false,
                    Quantifier::ForAllValues => true,
                };
        }
        let fits = |value: &String| self.wanted.iter().any(|wanted| wanted.fits(value, context));
        match quantifier {
            Quantifier::Single => values.iter().any(fits) != negated,
            Quantifier::ForAnyValue => values.iter().any(|value| fits(value) != negated),
            Quantifier::ForAllValues => values.iter().all(|value| fits(value) != negated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(operator: &str, wanted: &[&str], request: &[&str]) -> bool {
        let texts: Vec<String> = wanted.iter().map(|&text| text.to_owned()).collect();
        let parsed = Operator::parse(operator).unwrap_or_else(|| panic!("{operator}"));
        let condition = Condition::compile(parsed, operator, "aws:Key", &texts, true).unwrap();
        condition.holds(&Context::new().with_all("AWS:key", request))
    }

    #[test]
    fn every_operator_compares_in_its_own_way() {
        for (operator, wanted, request, expected) in [
            ("StringEquals", "ssm.amazonaws.com", "ssm.amazonaws.com", true),
            ("StringEquals", "ssm.amazonaws.com", "SSM.amazonaws.com", false),
            // The classic mistake: a wildcard under StringEquals is a plain character.
            ("StringEquals", "ssm.*", "ssm.amazonaws.com", false),
            ("StringEquals", "ssm.*", "ssm.*", true),
            ("StringLike", "ssm.*", "ssm.amazonaws.com", true),
            ("StringLike", "SSM.*", "ssm.amazonaws.com", false),
            ("StringNotLike", "ssm.*", "ssm.amazonaws.com", false),
            ("StringEqualsIgnoreCase", "SSM", "ssm", true),
            ("StringNotEqualsIgnoreCase", "SSM", "ssm", false),
            ("StringNotEquals", "a", "b", true),
            ("ArnEquals", "arn:aws:iam::*:role/x*", "arn:aws:iam::1:role/xy", true),
            ("ArnLike", "arn:aws:iam::*:role/x*", "arn:aws:iam::1:role/xy", true),
            ("ArnLike", "arn:aws:lambda:*:function:f", "arn:aws:lambda:eu-west-1:1:function:f", false),
            ("ArnLike", "arn:aws:iam::1:role/x", "not an arn", false),
            ("ArnNotLike", "arn:aws:iam::1:role/x", "arn:aws:iam::2:role/x", true),
            ("NumericLessThan", "10", "9.5", true),
            ("NumericGreaterThanEquals", "10", "10.0", true),
            ("NumericEquals", "10", "ten", false),
            ("NumericNotEquals", "10", "ten", true),
            ("DateGreaterThan", "2020-01-01", "2020-01-01T00:00:01Z", true),
            ("DateLessThanEquals", "1577836800", "2020-01-01T00:00:00Z", true),
            ("Bool", "true", "TRUE", true),
            ("Bool", "true", "false", false),
            ("BinaryEquals", "SGVsbG8=", "SGVsbG8", true),
            ("BinaryEquals", "SGVsbG8=", "sGVsbG8=", false),
            ("IpAddress", "203.0.113.0/24", "203.0.113.9", true),
            ("NotIpAddress", "203.0.113.0/24", "203.0.113.9", false),
            ("Null", "true", "x", false),
            ("Null", "false", "x", true),
        ] {
            assert_eq!(holds(operator, &[wanted], &[request]), expected, "{operator} {wanted} {request}");
        }
    }

    #[test]
    fn a_missing_key() {
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringNotEquals", true),
            ("StringEqualsIfExists", true),
            ("StringNotLikeIfExists", true),
            ("NumericLessThan", false),
            ("NumericLessThanIfExists", true),
            ("NotIpAddress", true),
            ("ForAnyValue:StringEquals", false),
            ("ForAnyValue:StringNotEquals", false),
            ("ForAnyValue:StringEqualsIfExists", true),
            ("ForAllValues:StringEquals", true),
            ("ForAllValues:StringNotEquals", true),
        ] {
            let value = if operator.contains("Numeric") {
                "1"
            } else if operator.contains("Ip") {
                "192.0.2.1"
            } else {
                "x"
            };
            assert_eq!(holds(operator, &[value], &[]), expected, "{operator}");
        }
        assert!(holds("Null", &["true"], &[]));
        assert!(!holds("Null", &["false"], &[]));
    }

    #[test]
    fn several_values_on_either_side() {
        for (operator, wanted, request, expected) in [
            ("StringEquals", &["a", "b"][..], &["b"][..], true),
            ("StringNotEquals", &["a", "b"], &["b"], false),
            ("StringNotEquals", &["a", "b"], &["c"], true),
            ("ForAnyValue:StringEquals", &["a", "b"], &["c", "b"], true),
            ("ForAllValues:StringEquals", &["a", "b"], &["c", "b"], false),
            ("ForAllValues:StringEquals", &["a", "b"], &["a", "b"], true),
            ("ForAnyValue:StringNotEquals", &["a", "b"], &["a", "c"], true),
            ("ForAnyValue:StringNotEquals", &["a", "b"], &["a", "b"], false),
            ("ForAllValues:StringNotEquals", &["a", "b"], &["c", "d"], true),
            ("ForAllValues:StringNotEquals", &["a", "b"], &["c", "a"], false),
            ("StringEquals", &["a"], &["b", "a"], true),
            ("StringNotEquals", &["a"], &["b", "a"], false),
        ] {
            assert_eq!(holds(operator, wanted, request), expected, "{operator} {wanted:?} {request:?}");
        }
    }

    #[test]
    fn operators_are_spelled_one_way() {
        assert_eq!(Operator::parse("stringequals"), None);
        assert_eq!(Operator::near("stringequalsifexists").as_deref(), Some("StringEqualsIfExists"));
        assert_eq!(Operator::near("foranyvalue:arnlike").as_deref(), Some("ForAnyValue:ArnLike"));
        assert_eq!(Operator::parse("NullIfExists"), None);
        assert_eq!(Operator::parse("ForAnyValue:Null"), None);
        assert_eq!(Operator::near("StringMatches"), None);
    }
}
