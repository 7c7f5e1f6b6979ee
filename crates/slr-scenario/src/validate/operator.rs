//! Operators.

use super::Check;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Duration, Factor, Operator, Polls, ReadsDocs};

pub(crate) fn check(check: &mut Check<'_>) {
    for (name, operator) in check.scenario.operators.iter() {
        check.own_name(name, "the name of an operator");
        if let Some(caller) = &operator.caller {
            check.user(caller);
        }
        check.role(&operator.goal.delete);
        // An operator that never starts by itself is moved by steps alone.
        if let Some(starts) = operator.starts.as_ref().filter(|starts| starts.value != Duration::LONGEST) {
            check.in_time(starts);
        }
        habits(check, operator);
    }
}

/// Whether the habits of an operator fit together.
fn habits(check: &mut Check<'_>, operator: &Operator) {
    if let Some(polls) = &operator.polls
        && let Polls::Polling(polling) = &polls.value
        && let Some(every) = polling.every.as_ref().filter(|every| every.value == Duration::ZERO)
    {
        check.report(
            Diagnostic::new(Code::BadDuration, every.span, "an operator cannot poll without a pause")
                .help("write how long it waits between two polls, or `polls: at-once`"),
        );
    }
    if let Some(retry) = &operator.retry {
        if let Some(factor) = retry.factor.as_ref().filter(|factor| factor.value < Factor::ONE) {
            check.report(
                Diagnostic::new(
                    Code::BadNumber,
                    factor.span,
                    format!("a factor of `{factor}` would make the time shorter"),
                )
                .help("1 keeps it, 2 doubles it with each attempt"),
            );
        }
        if let Some(cap) = retry.cap.as_ref().filter(|cap| cap.value < retry.every()) {
            check.report(
                Diagnostic::new(
                    Code::ReversedRange,
                    cap.span,
                    format!("the longest time, `{cap}`, is shorter than the first, `{}`", retry.every()),
                )
                .help("raise `cap` or lower `every`"),
            );
        }
    }
    let may_read = operator.may_read_docs.as_ref();
    let reads = operator.reads_docs.as_ref().map_or(ReadsDocs::Never, |reads| reads.value);
    if let Some(may_read) = may_read.filter(|may| may.value && reads == ReadsDocs::Never) {
        check.report(
            Diagnostic::new(Code::WithoutEffect, may_read.span, "this operator never reads the documentation")
                .help("say when it does with `reads-docs:`"),
        );
    }
}
