//! The limits of what calls give for parameters, and the words in which a service refuses what does not keep them.
//!
//! A kind declares the limits. Whoever writes a file is told of a value beyond them as a mistake, unless the call is to be refused: then it
//! is played, and the service refuses it.

use std::collections::BTreeMap;

use crate::schedule::Schedule;
use crate::syntax::{Argument, CallParameter, Named, ParameterSort, Perform, deciding};
use crate::yaml::Spanned;

/// The most characters of an amount.
///
/// Source: AWS Systems Manager API Reference, `RegisterTaskWithMaintenanceWindow`, `MaxConcurrency` and `MaxErrors`, length constraints.
const LONGEST_AMOUNT: usize = 7;

/// How a value does not keep the limits of its parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Breach<'a> {
    /// It is less than this.
    TooLittle(u32),
    /// It is more than this.
    TooMuch(u32),
    /// It has more characters than this.
    TooLong(usize),
    /// It is none of these words.
    NoWord(Vec<&'a str>),
    /// It is no amount.
    NoAmount,
    /// It is no schedule.
    NoSchedule,
}

impl<'a> Breach<'a> {
    /// How the argument does not keep the limits; `None` if it does, or is of another type than the parameter, which no call can give.
    pub(crate) fn of(argument: &Argument, parameter: &'a CallParameter) -> Option<Self> {
        let least = parameter.from.as_ref().map_or(0, |from| from.value);
        match (parameter.sort.value, argument) {
            (ParameterSort::Schedule, Argument::Text(text)) => {
                Schedule::parse(text).is_err().then_some(Self::NoSchedule)
            }
            (ParameterSort::Hours | ParameterSort::Days | ParameterSort::Number, Argument::Number(number)) => {
                let most = parameter.to.as_ref().map_or(u32::MAX, |to| to.value);
                if *number < i64::from(least) {
                    Some(Self::TooLittle(least))
                } else {
                    (*number > i64::from(most)).then_some(Self::TooMuch(most))
                }
            }
            (ParameterSort::Word, Argument::Text(word)) => {
                let words: Vec<&str> = parameter.one_of.iter().map(|word| word.as_str()).collect();
                (!words.contains(&word.as_str())).then_some(Self::NoWord(words))
            }
            (ParameterSort::Amount, Argument::Number(_) | Argument::Text(_)) => {
                let text = argument.to_string();
                if !is_amount(&text, least) {
                    return Some(Self::NoAmount);
                }
                (text.len() > LONGEST_AMOUNT).then_some(Self::TooLong(LONGEST_AMOUNT))
            }
            (ParameterSort::Schedule | ParameterSort::Word, Argument::Flag(_) | Argument::Number(_))
            | (
                ParameterSort::Hours | ParameterSort::Days | ParameterSort::Number,
                Argument::Flag(_) | Argument::Text(_),
            )
            | (ParameterSort::Amount, Argument::Flag(_))
            | (ParameterSort::Role, Argument::Flag(_) | Argument::Number(_) | Argument::Text(_)) => None,
        }
    }

    /// What the value has to be, as AWS's services say it.
    ///
    /// Source: IAM API Reference and AWS Systems Manager API Reference, Common errors, `ValidationError`; the sentences are those of recorded
    /// responses to other requests. Assumed: they are the same for every parameter.
    fn constraint(&self, pattern: Option<&str>) -> String {
        match self {
            Self::TooLittle(least) => format!("Member must have value greater than or equal to {least}"),
            Self::TooMuch(most) => format!("Member must have value less than or equal to {most}"),
            Self::TooLong(most) => format!("Member must have length less than or equal to {most}"),
            Self::NoWord(words) => format!("Member must satisfy enum value set: [{}]", words.join(", ")),
            Self::NoAmount => {
                format!("Member must satisfy regular expression pattern: {}", pattern.unwrap_or(AMOUNT))
            }
            // Assumed: no source tells the sentence.
            Self::NoSchedule => "Member must be a valid schedule expression".to_owned(),
        }
    }
}

/// The pattern of amounts that declare none.
const AMOUNT: &str = "^([0-9]+|[0-9]{1,2}%|100%)$";

/// Whether it is a number in plain digits, or a percentage up to a hundred, and not too small.
///
/// Source: AWS Systems Manager API Reference, `RegisterTaskWithMaintenanceWindow`, `MaxConcurrency` and `MaxErrors`, patterns.
fn is_amount(text: &str, least: u32) -> bool {
    let is_plain = |digits: &str| {
        let in_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        in_digits && (digits == "0" || !digits.starts_with('0'))
    };
    match text.strip_suffix('%') {
        Some(digits) => is_plain(digits) && digits.parse::<u32>().is_ok_and(|share| (least..=100).contains(&share)),
        None => is_plain(text) && digits_at_least(text, least),
    }
}

/// Whether a number of any length is not too small.
fn digits_at_least(digits: &str, least: u32) -> bool {
    digits.parse::<u64>().map_or(true, |number| number >= u64::from(least))
}

/// The words among which a call's parameter decides what is called, as `Enabled=true`; none for a parameter that is no such.
pub(crate) fn values_of<'w>(words: &[&'w str], name: &str) -> Vec<&'w str> {
    let mut known = Vec::new();
    for (head, value) in words.iter().filter_map(|word| word.split_once('=')) {
        if head == name && !known.contains(&value) {
            known.push(value);
        }
    }
    known
}

/// How an argument is none of the words that decide what is called. That something is neither `true` nor `false` no call can say.
fn no_word<'w>(argument: &Argument, values: Vec<&'w str>) -> Option<Breach<'w>> {
    let Argument::Text(text) = argument else { return None };
    let is_flag = values.iter().all(|value| ["true", "false"].contains(value));
    (!is_flag && !values.contains(&text.as_str())).then_some(Breach::NoWord(values))
}

/// Whether a call that is to be refused may give this, because a service would refuse it.
pub(crate) fn is_refusable(argument: &Argument, parameter: Option<&CallParameter>, values: Vec<&str>) -> bool {
    match parameter {
        Some(parameter) => Breach::of(argument, parameter).is_some(),
        None => no_word(argument, values).is_some(),
    }
}

/// What the calls of a resource have given so far for parameters that limit one another: hours, days and schedules.
pub(crate) type Earlier = BTreeMap<String, Argument>;

/// Notes what a granted call with these words gives, and what it makes null.
pub(crate) fn note(
    earlier: &mut Earlier,
    parameters: &Named<Spanned<CallParameter>>,
    given: &Named<Spanned<Argument>>,
    said: &[&str],
) {
    for (name, parameter) in parameters.iter() {
        let limits = match parameter.sort.value {
            ParameterSort::Schedule | ParameterSort::Hours | ParameterSort::Days => true,
            ParameterSort::Number | ParameterSort::Word | ParameterSort::Amount | ParameterSort::Role => false,
        };
        match given.get(name) {
            Some(argument) if limits => {
                earlier.insert(name.value.clone(), argument.value.clone());
            }
            None if parameter.is_null_with(said) => {
                earlier.remove(&name.value);
            }
            Some(_) | None => {}
        }
    }
}

/// Of what earlier calls have given, that to which something of this call is tied.
pub(crate) fn tied(
    earlier: &Earlier,
    parameters: &Named<Spanned<CallParameter>>,
    given: &Named<Spanned<Argument>>,
) -> Earlier {
    let is_tied = |one: &str, other: &str| {
        let tie = parameters.get(one).and_then(|parameter| parameter.below.as_ref().or(parameter.offsets.as_ref()));
        tie.is_some_and(|to| to.value == other)
    };
    let mut tied = earlier.clone();
    tied.retain(|known, _| given.iter().any(|(name, _)| is_tied(known, name) || is_tied(name, known)));
    tied
}

/// What a service says of a call that does not keep the limits of its parameters; `None` if it keeps them all.
///
/// `words` are those by which the calls of the operation are told apart, and `earlier` what the resource has been given before.
///
/// All values that are wrong by themselves are told at once, in the order of the call, and then those that are missing; what does not go
/// together is looked at afterwards (Assumed).
pub(crate) fn refusal(
    step: &Perform,
    parameters: &Named<Spanned<CallParameter>>,
    words: &[&str],
    makes: bool,
    earlier: &Earlier,
) -> Option<String> {
    // Who gives no parameter at all says nothing of them.
    step.parameters.iter().next()?;
    let mut errors = Vec::new();
    for (name, argument) in step.parameters.iter() {
        let parameter = parameters.get(name);
        let breach = match parameter {
            Some(parameter) => Breach::of(&argument.value, parameter),
            None => no_word(&argument.value, values_of(words, name)),
        };
        if let Some(breach) = breach {
            let pattern = parameter.and_then(|parameter| parameter.pattern.as_ref());
            let constraint = breach.constraint(pattern.map(|pattern| pattern.as_str()));
            errors.push(failed(&format!("'{}'", argument.value), name, &constraint));
        }
    }
    let with: Vec<&str> = step.with.iter().flat_map(|words| &words.0).map(|word| word.as_str()).collect();
    let said = deciding(&with, &step.parameters, words);
    for (name, parameter) in parameters.iter() {
        let is_wanted = makes && parameter.is_required()
            || parameter.required_with.as_ref().is_some_and(|word| said.contains(&word.as_str()));
        if is_wanted && step.parameters.get(name).is_none() {
            errors.push(failed("null", name, "Member must not be null"));
        }
    }
    match errors.len() {
        0 => together(step, parameters, &said, earlier),
        1 => Some(format!("1 validation error detected: {}", errors.join("; "))),
        several => Some(format!("{several} validation errors detected: {}", errors.join("; "))),
    }
}

fn failed(value: &str, name: &str, constraint: &str) -> String {
    format!("Value {value} at '{}' failed to satisfy constraint: {constraint}", member(name))
}

/// A parameter's name as errors write it: with a small first letter.
fn member(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// What a service says of values that do not go together: hours that are not fewer than others, and days after the times of a rate.
///
/// Source: <https://github.com/awsdocs/aws-cloudformation-user-guide/issues/891>; AWS Systems Manager User Guide, "Reference: Cron and rate
/// expressions for Systems Manager", Schedule offsets. Assumed: the sentence of the latter, which no source tells.
fn together(
    step: &Perform,
    parameters: &Named<Spanned<CallParameter>>,
    said: &[&str],
    before: &Earlier,
) -> Option<String> {
    let mut known = before.clone();
    note(&mut known, parameters, &step.parameters, said);
    let is_new = |name: &str| step.parameters.get(name).is_some();
    parameters.iter().find_map(|(name, parameter)| {
        let tie = parameter.below.as_ref().or(parameter.offsets.as_ref())?;
        if !is_new(name) && !is_new(tie) {
            return None;
        }
        match (known.get(name.as_str())?, known.get(tie.as_str())?) {
            (Argument::Number(less), Argument::Number(more)) if parameter.below.is_some() && less >= more => {
                Some(format!("{name} was {less} but must be smaller than {} ({tie} - 1 )", more.saturating_sub(1)))
            }
            (_, Argument::Text(schedule)) if parameter.offsets.is_some() && takes_no_offset(schedule) => {
                Some(format!("{name} is supported only with a cron expression as {tie}"))
            }
            _ => None,
        }
    })
}

/// Whether it is a schedule, and none that is told by days and times.
pub(crate) fn takes_no_offset(schedule: &str) -> bool {
    Schedule::parse(schedule).is_ok_and(|schedule| !schedule.is_cron())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_plain_digits_or_a_share_up_to_a_hundred() {
        for (text, least, is_one) in [
            ("1", 1, true),
            ("0", 1, false),
            ("0", 0, true),
            ("0%", 0, true),
            ("0%", 1, false),
            ("100%", 1, true),
            ("101%", 1, false),
            ("01", 1, false),
            ("-1", 0, false),
            ("%", 0, false),
            ("", 0, false),
            ("1.5", 1, false),
            ("99999999999999999999999", 1, true),
        ] {
            assert_eq!(is_amount(text, least), is_one, "`{text}` from {least}");
        }
    }

    #[test]
    fn parameters_are_written_with_a_small_first_letter() {
        assert_eq!(member("MaxErrors"), "maxErrors");
        assert_eq!(member(""), "");
    }

    #[test]
    fn a_word_that_decides_is_one_of_a_few_and_a_flag_is_no_word() {
        let words =
            ["TaskType=LAMBDA", "TaskType=AUTOMATION", "TaskType=LAMBDA", "Replace", "Enabled=true", "Enabled=false"];
        assert_eq!(values_of(&words, "TaskType"), ["LAMBDA", "AUTOMATION"]);
        let text = |text: &str| Argument::Text(text.to_owned());
        let breach = no_word(&text("SHELL"), values_of(&words, "TaskType"));
        assert_eq!(breach, Some(Breach::NoWord(vec!["LAMBDA", "AUTOMATION"])));
        assert_eq!(no_word(&text("LAMBDA"), values_of(&words, "TaskType")), None);
        assert_eq!(no_word(&text("maybe"), values_of(&words, "Enabled")), None);
        assert_eq!(no_word(&text("anything"), values_of(&words, "Name")), None);
    }
}
