//! Expectations.

use super::Check;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{
    Expectation, Operation, Predicate, PredicateArguments, Refusals, TaskExpectation, TaskStatus, Text,
};
use crate::yaml::{Span, Spanned};

pub(crate) fn check(check: &mut Check<'_>) {
    let until = check.scenario.until();
    for expectation in &check.scenario.expect {
        let span = expectation.span;
        match &expectation.value {
            Expectation::Eventually(expected) => {
                predicate(check, &expected.eventually, None, expected.arguments(), span);
                if let Some(within) = expected.within.as_ref().filter(|within| within.value > until) {
                    check.report(
                        Diagnostic::new(
                            Code::TooLate,
                            within.span,
                            format!("the run is over at `{until}`, before that"),
                        )
                        .help("set a later end with `until:`"),
                    );
                }
            }
            Expectation::Always(expected) => {
                predicate(check, &expected.always, expected.circumstance.as_ref(), expected.arguments(), span);
            }
            Expectation::Never(expected) => {
                predicate(check, &expected.never, expected.circumstance.as_ref(), expected.arguments(), span);
                if let (Predicate::ResourceIn, Some(kind)) = (expected.never.value, &expected.kind) {
                    check.report(
                        Diagnostic::new(
                            Code::EachOrSome,
                            expected.never.span,
                            format!(
                                "this says only that the resources of the kind `{kind}` are never all in that state"
                            ),
                        )
                        .help("say `some-resource-in` if none of them is ever to be in it"),
                    );
                }
            }
            Expectation::Sometimes(expected) => {
                predicate(check, &expected.sometimes, expected.circumstance.as_ref(), expected.arguments(), span);
            }
            Expectation::Finally(expected) => {
                predicate(check, &expected.finally, None, expected.arguments(), span);
            }
            Expectation::Possible(expected) => {
                predicate(check, &expected.possible, None, expected.arguments(), span);
            }
            Expectation::Tasks(expected) => {
                role(check, expected.role.as_ref(), span);
                unfinished_before_others(check, &expected.tasks);
            }
            Expectation::Task(expected) => task(check, expected, span),
            Expectation::Refusals(expected) => refusals(check, expected),
            Expectation::Attempts(expected) => operator(check, expected.operator.as_ref(), span),
        }
    }
}

/// The arguments of a predicate: those that it needs are there, and no others.
fn predicate(
    check: &mut Check<'_>,
    predicate: &Spanned<Predicate>,
    circumstance: Option<&Spanned<Predicate>>,
    arguments: PredicateArguments<'_>,
    span: Span,
) {
    let words: Vec<Predicate> = std::iter::once(predicate).chain(circumstance).map(|word| word.value).collect();
    let given = [
        ("role", arguments.role),
        ("kind", arguments.kind),
        ("resource", arguments.resource),
        ("state", arguments.state),
        ("operator", arguments.operator),
    ];
    for (key, argument) in given {
        let is_needed = words.iter().any(|word| word.needs().contains(&key));
        let is_taken = is_needed || words.iter().any(|word| word.takes().contains(&key));
        if let Some(argument) = argument.filter(|_| !is_taken) {
            check.report(
                Diagnostic::new(Code::UnexpectedKey, argument.span, format!("`{predicate}` takes no `{key}`"))
                    .maybe_help(taken(predicate.value)),
            );
        }
        if argument.is_none() && is_needed && !check.damage.touches(span) {
            check.report(
                Diagnostic::new(Code::MissingKey, span, format!("`{predicate}` needs `{key}`"))
                    .help(format!("add `{key}:`")),
            );
        }
    }
    let speaks_of = |key: &str| words.iter().any(|word| word.takes().contains(&key) && !word.takes().contains(&"kind"));
    if speaks_of("role") || arguments.role.is_some() {
        role(check, arguments.role, span);
    }
    if speaks_of("operator") || arguments.operator.is_some() {
        operator(check, arguments.operator, span);
    }
    resource_in(check, predicate, &words, arguments, span);
}

fn taken(predicate: Predicate) -> Option<String> {
    let keys: Vec<String> = predicate.needs().iter().chain(predicate.takes()).map(|key| format!("`{key}`")).collect();
    (!keys.is_empty()).then(|| format!("it takes {}", keys.join(", ")))
}

fn resource_in(
    check: &mut Check<'_>,
    predicate: &Spanned<Predicate>,
    words: &[Predicate],
    arguments: PredicateArguments<'_>,
    span: Span,
) {
    let of_kind = arguments.kind.and_then(|kind| check.kind(kind, None));
    let of_resource = arguments.resource.and_then(|resource| check.resource(resource));
    if check.damage.touches(span) {
        return;
    }
    if let (true, Some(state), Some(kind)) = (words.contains(&Predicate::SomeResourceIn), arguments.state, of_kind) {
        check.state(state, kind);
    }
    if !words.contains(&Predicate::ResourceIn) {
        return;
    }
    match (arguments.resource, arguments.kind) {
        (None, None) => check.report(
            Diagnostic::new(Code::MissingKey, span, format!("`{predicate}` needs `resource` or `kind`"))
                .help("say of which resource, or of which kind all resources, it is true"),
        ),
        (Some(_), Some(kind)) => check.report(
            Diagnostic::new(Code::ExclusiveKeys, kind.span, "a resource has its kind already").help("leave `kind` out"),
        ),
        (Some(_), None) | (None, Some(_)) => {
            if let (Some(state), Some(kind)) = (arguments.state, of_resource.or(of_kind)) {
                check.state(state, kind);
            }
        }
    }
}

/// A role that is named, or the only one that can be meant.
fn role(check: &mut Check<'_>, name: Option<&Text>, span: Span) {
    if let Some(name) = name {
        check.role(name);
        return;
    }
    let is_whole = check.damage.spares(&["services", "roles", "given", "steps", "operators"]);
    if is_whole && check.world.only_role.is_none() {
        let message = if check.world.present.is_empty() {
            "no role is given or created that this could be about"
        } else {
            "several roles could be meant"
        };
        check.report(Diagnostic::new(Code::Ambiguous, span, message).help("say which one with `role:`"));
    }
}

/// An operator that is named, or the only one.
fn operator(check: &mut Check<'_>, name: Option<&Text>, span: Span) {
    let operators = &check.scenario.operators;
    match name {
        Some(name) => check.operator(name),
        None if operators.len() == 1 || !check.damage.spares(&["operators"]) => {}
        None => {
            let message = if operators.is_empty() {
                "there is no operator that this could be about"
            } else {
                "several operators could be meant"
            };
            check.report(Diagnostic::new(Code::Ambiguous, span, message).help("say which one with `operator:`"));
        }
    }
}

/// A role has one unfinished task at most, so only the last can be one.
fn unfinished_before_others(check: &mut Check<'_>, tasks: &[Spanned<TaskStatus>]) {
    let earlier = tasks.split_last().map_or(&[][..], |(_, earlier)| earlier);
    for status in earlier {
        match status.value {
            TaskStatus::Succeeded | TaskStatus::Failed => {}
            TaskStatus::NotStarted | TaskStatus::InProgress => check.report(
                Diagnostic::new(
                    Code::ImpossibleExpectation,
                    status.span,
                    format!("a task that stays `{status}` is followed by no other"),
                )
                .help("a role has one unfinished task at most, and it is the last"),
            ),
        }
    }
}

fn task(check: &mut Check<'_>, expected: &TaskExpectation, span: Span) {
    role(check, expected.role.as_ref(), span);
    if expected.task.value == 0 {
        check.report(Diagnostic::new(Code::BadNumber, expected.task.span, "tasks are counted from 1"));
    }
    check.task_number(expected.task.value, expected.task.span);
    let says_nothing = expected.status.is_none()
        && expected.reports.is_none()
        && expected.names.is_none()
        && expected.regions.is_none()
        && expected.reason.is_none();
    if says_nothing && !check.damage.touches(span) {
        check.report(
            Diagnostic::new(Code::MissingKey, span, "this expectation says nothing about the task")
                .help("add `status`, `reports`, `names`, `regions` or `reason`"),
        );
    }
    if let Some(status) = expected.status.as_ref().filter(|status| status.value != TaskStatus::Failed) {
        let reported = (expected.reports.as_ref().map(|reports| reports.span))
            .or_else(|| expected.names.as_ref().and_then(|names| Some(names.first()?.span)))
            .or_else(|| expected.reason.as_ref().map(|reason| reason.span));
        if let Some(reported) = reported {
            check.report(
                Diagnostic::new(
                    Code::ImpossibleExpectation,
                    reported,
                    format!("a task that is `{status}` reports nothing"),
                )
                .help("only a task that FAILED gives a reason"),
            );
        }
    }
    for name in expected.names.iter().flatten() {
        check.resource(name);
    }
    if let Some(names) = &expected.names {
        check.no_repetition(names, "the resource");
        let count = names.len() as u64;
        if let Some(reports) =
            expected.reports.as_ref().filter(|reports| !(reports.least..=reports.most).contains(&count))
        {
            check.report(
                Diagnostic::new(
                    Code::ImpossibleExpectation,
                    reports.span,
                    format!("`reports` says {reports}, and `names` lists {count}"),
                )
                .help("leave `reports` out: the list says how many"),
            );
        }
    }
    for region in expected.regions.iter().flatten() {
        check.region(region);
    }
}

fn refusals(check: &mut Check<'_>, expected: &Refusals) {
    for code in expected.code.iter().flat_map(|codes| &codes.value.0) {
        check.error_code(code);
    }
    if let Some(operation) = &expected.operation
        && Operation::named(operation).is_none()
    {
        check.operation(operation);
    }
    if let Some(name) = &expected.operator {
        check.operator(name);
    }
}
