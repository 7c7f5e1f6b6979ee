//! Parameters of calls: what a kind declares, and what scenarios give for it.

use std::collections::BTreeMap;

use super::Check;
use super::lookup::KnownKind;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::{self, Breach, takes_no_offset};
use crate::schedule::Schedule;
use crate::syntax::grammar::{clipped, one};
use crate::syntax::{
    Argument, CallParameter, Due, Given, Kind, Mover, Named, OneOrMore, ParameterSort, Perform, Service, Step, Text,
    deciding,
};
use crate::yaml::{Span, Spanned};

/// What resources have been given so far, with the places, by the resource's name.
type SoFar<'a> = BTreeMap<String, BTreeMap<&'a str, &'a Spanned<Argument>>>;

/// What to do about a value that the service does not take.
const REFUSABLE: &str = "the service refuses any other: where that is to be shown, say `refused: ValidationError`";

/// What resources belong to or are made from, as far as the scenario has said it so far.
type Above<'a> = BTreeMap<String, Vec<&'a str>>;

/// Whether what is given for parameters is what the kinds declare, in the order of the file.
pub(crate) fn check(check: &mut Check<'_>) {
    let (scenario, world) = (check.scenario, check.world);
    let mut so_far = SoFar::new();
    let mut above = Above::new();
    for given in &scenario.given {
        let Given::Resources(given) = &given.value else { continue };
        let given = &given.resources;
        for name in given.parent.iter().flat_map(|_| given.names().take(1000)) {
            above.entry(name).or_default().extend(names(given.parent.as_ref()));
        }
        let Some(kind) = world.find_kind(&given.kind, given.service.as_ref().map(|service| service.as_str())) else {
            continue;
        };
        let Some(kind) = world.kinds.get(kind).filter(|_| !given.parameters.is_empty()) else { continue };
        arguments(check, kind, &given.parameters, None, false);
        if check.damage.spares(&["given"]) {
            required(check, kind, &given.parameters);
        }
        if let Some(name) = given.names().next() {
            only_under(check, kind, &name, &given.parameters, &above);
        }
        for name in given.names().take(1000) {
            together(check, kind, &name, (&given.parameters, &[]), &mut so_far);
        }
    }
    for step in &scenario.steps {
        let Step::Do(step) = &step.value else { continue };
        let Some(resource) = &step.resource else { continue };
        let kind = world.resources.get(&resource.value).and_then(|kind| world.kinds.get(*kind));
        let Some(kind) = kind else { continue };
        // What a service is to refuse is no mistake of the file.
        let is_refused = step.refused.is_some();
        arguments(check, kind, &step.parameters, Some(&step.operation), is_refused);
        if is_refused {
            continue;
        }
        // Who gives no parameter at all says nothing of them, and what is missing may be what could not be read.
        if !step.parameters.is_empty() && check.damage.spares(&["steps"]) {
            if makes(kind, step) {
                required(check, kind, &step.parameters);
            }
            required_with(check, kind, step);
        }
        let said = step.with(&kind.machine.words_of(&step.operation));
        together(check, kind, resource, (&step.parameters, &said), &mut so_far);
    }
}

fn names(parents: Option<&OneOrMore<Text>>) -> impl Iterator<Item = &str> {
    parents.into_iter().flat_map(|parents| &parents.0).map(|parent| parent.as_str())
}

fn makes(kind: &KnownKind<'_>, step: &Perform) -> bool {
    let moves = kind.machine.moves.iter();
    moves.filter(|known| known.from.is_none()).any(|known| known.operation.as_ref() == Some(&step.operation))
}

/// Whether each argument is one of the kind's parameters, or tells an operation's calls apart, and has a value that it can have.
fn arguments(
    check: &mut Check<'_>,
    kind: &KnownKind<'_>,
    arguments: &Named<Spanned<Argument>>,
    operation: Option<&Text>,
    is_refused: bool,
) {
    let words = operation.map_or_else(Vec::new, |operation| kind.machine.words_of(operation));
    for (name, argument) in arguments.iter() {
        let declared = kind.definition.parameters.get(name);
        let values = limits::values_of(&words, name);
        if is_refused
            && limits::is_refusable(&argument.value, declared.map(|parameter| &parameter.value), values.clone())
        {
            continue;
        }
        if let Some(parameter) = declared {
            value(check, name, argument, parameter);
            continue;
        }
        let with_value = format!("{name}={}", argument.value);
        if words.iter().any(|word| *word == name.value || *word == with_value) {
            continue;
        }
        let heads = words.iter().map(|word| word.split_once('=').map_or(*word, |(head, _)| head));
        if !values.is_empty() {
            check.report(
                Diagnostic::new(
                    Code::UnknownWord,
                    argument.span,
                    format!("`{}` is no value of `{name}`", clipped(&argument.value.to_string())),
                )
                .help(format!("it is {}", values.join(" or "))),
            );
            continue;
        }
        let known = once_each(kind.definition.parameters.names().chain(heads));
        let help = check.guess(name, known.iter().copied());
        let what = operation.map_or_else(|| one(kind.name), |operation| format!("`{operation}`"));
        check.report(
            Diagnostic::new(Code::UnexpectedKey, name.span, format!("{what} has no parameter `{}`", clipped(name)))
                .maybe_help(help),
        );
    }
}

/// Each word once, in the order of the first ones: several moves may tell their calls apart by the same words.
fn once_each<'w>(words: impl Iterator<Item = &'w str>) -> Vec<&'w str> {
    let mut known = Vec::new();
    for word in words {
        if !known.contains(&word) {
            known.push(word);
        }
    }
    known
}

fn value(check: &mut Check<'_>, name: &Text, argument: &Spanned<Argument>, parameter: &CallParameter) {
    let mistyped = |expected: &str| {
        let message = format!("`{name}` is `{}`, but {expected} is expected", clipped(&argument.value.to_string()));
        Diagnostic::new(Code::WrongType, argument.span, message)
    };
    match (parameter.sort.value, &argument.value) {
        (ParameterSort::Schedule, Argument::Text(text)) => {
            if let Err(error) = Schedule::parse(text) {
                check.report(
                    Diagnostic::new(Code::BadSchedule, argument.span, format!("`{}`: {error}", clipped(text)))
                        .help(error.help),
                );
            }
        }
        (sort @ (ParameterSort::Hours | ParameterSort::Days | ParameterSort::Number), Argument::Number(number)) => {
            let least = parameter.from.as_ref().map_or(0, |from| from.value);
            let most = parameter.to.as_ref().map_or(u32::MAX, |to| to.value);
            if Breach::of(&argument.value, parameter).is_some() {
                let what = match sort {
                    ParameterSort::Hours => "a number of hours",
                    ParameterSort::Days => "a number of days",
                    ParameterSort::Schedule
                    | ParameterSort::Number
                    | ParameterSort::Word
                    | ParameterSort::Amount
                    | ParameterSort::Role => "a number",
                };
                check.report(
                    Diagnostic::new(
                        Code::BadNumber,
                        argument.span,
                        format!("`{name}` is {number}: it is {what} from {least} to {most}"),
                    )
                    .help(REFUSABLE),
                );
            }
        }
        (ParameterSort::Word, Argument::Text(word)) => {
            let words: Vec<&str> = parameter.one_of.iter().map(|word| word.as_str()).collect();
            if !words.contains(&word.as_str()) {
                let help =
                    check.guess(word, words.iter().copied()).unwrap_or_else(|| format!("it is {}", words.join(" or ")));
                check.report(
                    Diagnostic::new(
                        Code::UnknownWord,
                        argument.span,
                        format!("`{}` is no value of `{name}`", clipped(word)),
                    )
                    .help(help),
                );
            }
        }
        (ParameterSort::Amount, Argument::Number(_) | Argument::Text(_)) => {
            let least = parameter.from.as_ref().map_or(0, |from| from.value);
            if Breach::of(&argument.value, parameter).is_some() {
                check.report(
                    mistyped(&format!("a whole number from {least}, or as many per cent,"))
                        .help("write it in digits, a percentage with its sign: `2`, `50%`"),
                );
            }
        }
        (ParameterSort::Role, Argument::Text(role)) => {
            check.role(&Spanned::new(role.clone(), argument.span));
        }
        (ParameterSort::Schedule, Argument::Flag(_) | Argument::Number(_)) => {
            check.report(mistyped("a schedule").help("write `rate(1 day)` or `cron(0 2 * * ? *)`"));
        }
        (ParameterSort::Number, Argument::Flag(_) | Argument::Text(_)) => {
            check.report(mistyped("a whole number").help("write it in digits: `4`"));
        }
        (ParameterSort::Hours, Argument::Flag(_) | Argument::Text(_)) => {
            check.report(mistyped("a whole number of hours").help("write it in digits and without a unit: `4`"));
        }
        (ParameterSort::Days, Argument::Flag(_) | Argument::Text(_)) => {
            check.report(mistyped("a whole number of days").help("write it in digits and without a unit: `2`"));
        }
        (ParameterSort::Amount, Argument::Flag(_)) => {
            check.report(mistyped("a whole number or a percentage").help("write `2` or `50%`"));
        }
        (ParameterSort::Word, Argument::Flag(_) | Argument::Number(_)) => check.report(mistyped("a word")),
        (ParameterSort::Role, Argument::Flag(_) | Argument::Number(_)) => check.report(mistyped("the name of a role")),
    }
}

/// Whether a resource that is made with some of the parameters has those that it needs.
fn required(check: &mut Check<'_>, kind: &KnownKind<'_>, given: &Named<Spanned<Argument>>) {
    let Some((first, _)) = given.iter().next() else { return };
    for (name, _) in kind.definition.parameters.iter().filter(|(_, parameter)| parameter.is_required()) {
        if given.get(name).is_none() {
            check.report(
                Diagnostic::new(
                    Code::MissingKey,
                    first.span,
                    format!("{} needs the parameter `{name}`", one(kind.name)),
                )
                .help(format!("add `{name}:`")),
            );
        }
    }
}

/// Whether parameters that mean something only under a resource of another kind are given where there is one, and nowhere else. This is
/// about what is given at time zero: a call is refused.
fn only_under(
    check: &mut Check<'_>,
    kind: &KnownKind<'_>,
    resource: &str,
    given: &Named<Spanned<Argument>>,
    above: &Above<'_>,
) {
    let Some((first, _)) = given.iter().next() else { return };
    let world = check.world;
    for (name, parameter) in kind.definition.parameters.iter() {
        let Some(wanted) = &parameter.only_under else { continue };
        let kind_of = |name: &&str| world.resources.get(*name).and_then(|kind| world.kinds.get(*kind));
        let is_under =
            above.get(resource).into_iter().flatten().filter_map(kind_of).any(|kind| kind.name.value == wanted.value);
        let goes_with = |(other, parameter): (&Text, &Spanned<CallParameter>)| {
            parameter.only_under.is_some() && given.get(other).is_some()
        };
        let one_is_given = kind.definition.parameters.iter().any(goes_with);
        match given.get(name) {
            Some(argument) if !is_under => check.report(
                Diagnostic::new(
                    Code::UnexpectedKey,
                    argument.span,
                    format!("`{}` has no `{wanted}`, and without one there is no `{name}`", clipped(resource)),
                )
                .help(format!("name one under `parent`, or leave `{name}` out")),
            ),
            None if is_under && one_is_given => check.report(
                Diagnostic::new(
                    Code::MissingKey,
                    first.span,
                    format!("{} with {} needs the parameter `{name}`", one(kind.name), one(wanted)),
                )
                .help(format!("add `{name}:`")),
            ),
            Some(_) | None => {}
        }
    }
}

/// Whether a call has the parameters that go with a word of it.
fn required_with(check: &mut Check<'_>, kind: &KnownKind<'_>, step: &Perform) {
    let with: Vec<&str> = step.with.iter().flat_map(|words| &words.0).map(|word| word.as_str()).collect();
    let words = kind.machine.words_of(&step.operation);
    let said = deciding(&with, &step.parameters, &words);
    for (name, parameter) in kind.definition.parameters.iter() {
        let Some(word) = parameter.required_with.as_ref().filter(|word| said.contains(&word.as_str())) else {
            continue;
        };
        if step.parameters.get(name).is_none() {
            check.report(
                Diagnostic::new(
                    Code::MissingKey,
                    step.operation.span,
                    format!("`{}` with `{word}` needs the parameter `{name}`", step.operation.value),
                )
                .help(format!("add `{name}:` under `parameters`")),
            );
        }
    }
}

/// Whether what limits one another goes together after this call, `given` with these words: hours that have to be fewer than others, and days that
/// pass after the times of a schedule.
fn together<'a>(
    check: &mut Check<'a>,
    kind: &KnownKind<'a>,
    resource: &str,
    (given, said): (&'a Named<Spanned<Argument>>, &[&str]),
    so_far: &mut SoFar<'a>,
) {
    let known = so_far.entry(resource.to_owned()).or_default();
    known.retain(|name, _| !kind.definition.parameters.get(name).is_some_and(|known| known.is_null_with(said)));
    known.extend(given.iter().map(|(name, argument)| (name.as_str(), argument)));
    for (name, parameter) in kind.definition.parameters.iter() {
        let Some(tie) = parameter.below.as_ref().or(parameter.offsets.as_ref()) else { continue };
        let (Some(one), Some(other)) = (known.get(name.as_str()), known.get(tie.as_str())) else { continue };
        if given.get(name).is_none() && given.get(tie).is_none() {
            continue;
        }
        match (&one.value, &other.value) {
            (Argument::Number(less), Argument::Number(more)) if parameter.below.is_some() && less >= more => check
                .report(
                    Diagnostic::new(Code::BadNumber, one.span, format!("`{name}` is {less}, and `{tie}` is {more}"))
                        .also(other.span, format!("`{tie}`"))
                        .help(format!("`{name}` has to be less than `{tie}`")),
                ),
            (Argument::Number(days), Argument::Text(text)) if parameter.offsets.is_some() && takes_no_offset(text) => {
                let message = format!(
                    "`{name}` is {days}, and `{tie}` is `{}`: days pass only after the times of a `cron(…)`",
                    clipped(text)
                );
                check.report(
                    Diagnostic::new(Code::BadSchedule, one.span, message)
                        .also(other.span, format!("`{tie}`"))
                        .help("write a `cron(…)`, such as `cron(0 2 ? * TUE#2 *)` for the second Tuesday of a month"),
                );
            }
            _ => {}
        }
    }
}

/// Whether the parameters that a kind declares make sense.
pub(crate) fn declared(check: &mut Check<'_>, service: &Service, kind: &Kind) {
    for (name, parameter) in kind.parameters.iter() {
        let wrong = |span: Span, message: String| Diagnostic::new(Code::BadMove, span, message);
        if let (Some(from), Some(to)) = (&parameter.from, &parameter.to)
            && from.value > to.value
        {
            check.report(
                Diagnostic::new(Code::ReversedRange, from.span, format!("`{name}` is from {from} to {to}"))
                    .help("write the smaller number under `from`"),
            );
        }
        if let Some(limit) = &parameter.below
            && kind.parameters.get(limit).is_none_or(|limit| limit.sort.value != ParameterSort::Hours)
        {
            let message = format!("`{}` is no parameter of hours of this kind", clipped(limit));
            check.report(wrong(limit.span, message));
        }
        puts_off(check, kind, name, parameter);
        if parameter.sort.value == ParameterSort::Word && parameter.one_of.is_empty() {
            let message = format!("it is not said which words `{name}` can have");
            check.report(Diagnostic::new(Code::MissingKey, parameter.span, message).help("add `one-of:`"));
        }
        let words = kind.moves.iter().flat_map(|(_, step)| &step.with).flat_map(|words| &words.0);
        let words: Vec<&str> = words.map(|word| word.as_str()).collect();
        for word in parameter.required_with.iter().chain(&parameter.null_with) {
            if !words.contains(&word.as_str()) {
                let help = check.guess(word, once_each(words.iter().copied()).iter().copied());
                let message = format!("no move of this kind is made `with` `{}`", clipped(word));
                check.report(wrong(word.span, message).maybe_help(help));
            }
        }
        let named = parameter.passed_for.iter().chain(&parameter.only_under);
        for kind in named.filter(|kind| service.kinds.get(kind).is_none()) {
            let help = check.guess(kind, service.kinds.names());
            let message = format!("the service has no kind `{}`", clipped(kind));
            check.report(Diagnostic::new(Code::UnknownKind, kind.span, message).maybe_help(help));
        }
    }
    let of_moves = kind.moves.iter().flat_map(|(_, step)| &step.must_have);
    for wanted in kind.must_have.iter().chain(of_moves).flat_map(|one_of| &one_of.0) {
        if !kind.parents().contains(wanted) && !kind.made_from().contains(wanted) {
            let message =
                format!("`{}` is neither a `parent` of this kind nor what it is `made-from`", clipped(wanted));
            check.report(Diagnostic::new(Code::UnknownKind, wanted.span, message));
        }
    }
    for (name, step) in kind.moves.iter() {
        let Some(due) = &step.due else { continue };
        if step.by.value != Mover::Service {
            let message = format!("the move `{name}` is not the service's: nothing makes it when it is due");
            check.report(
                Diagnostic::new(Code::BadMove, due.span, message).help("leave `due` out, or write `by: service`"),
            );
        }
        occasion(check, service, due);
    }
}

/// Whether days pass after the times of a schedule, and no others after the same ones.
fn puts_off(check: &mut Check<'_>, kind: &Kind, name: &Text, parameter: &Spanned<CallParameter>) {
    let sort = parameter.sort.value;
    let Some(schedule) = &parameter.offsets else {
        if sort == ParameterSort::Days {
            let message = format!("it is not said after the times of which schedule the days of `{name}` pass");
            check.report(Diagnostic::new(Code::MissingKey, parameter.span, message).help("add `offsets:`"));
        }
        return;
    };
    let wrong = |message: String| Diagnostic::new(Code::BadMove, schedule.span, message);
    let is_of =
        |schedule: &Text, other: &CallParameter| other.offsets.as_ref().is_some_and(|it| it.value == schedule.value);
    if sort != ParameterSort::Days {
        check.report(wrong(format!("`{name}` is of the sort `{sort}`: only `days` offset a schedule")));
    } else if kind.parameters.get(schedule).is_none_or(|known| known.sort.value != ParameterSort::Schedule) {
        check.report(wrong(format!("`{}` is no schedule of this kind", clipped(schedule))));
    } else if let Some((first, _)) = kind.parameters.iter().find(|(_, other)| is_of(schedule, other))
        && first.value != name.value
    {
        check.report(wrong(format!("`{schedule}` has its offset already: `{first}`")));
    }
}

fn occasion(check: &mut Check<'_>, service: &Service, due: &Spanned<Due>) {
    match (&due.at, &due.after) {
        (Some(_), None) | (None, Some(_)) => {}
        (None, None) => check.report(
            Diagnostic::new(Code::MissingKey, due.span, "it is not said when the move is due")
                .help("say `at` with a schedule, or `after` with hours"),
        ),
        (Some(_), Some(after)) => check.report(
            Diagnostic::new(Code::ExclusiveKeys, after.span, "a move is due either `at` or `after`, not both")
                .help("make two moves of it"),
        ),
    }
    for kind in std::iter::once(&due.of).chain(&due.since).chain(due.only.iter().map(|(kind, _)| kind)) {
        if service.kinds.get(kind).is_none() && !check.damage.hides_kind(kind) {
            let help = check.guess(kind, service.kinds.names());
            let message = format!("the service has no kind `{}`", clipped(kind));
            check.report(Diagnostic::new(Code::UnknownKind, kind.span, message).maybe_help(help));
        }
    }
    let Some(of) = service.kinds.get(&due.of) else { return };
    let named =
        [(&due.at, ParameterSort::Schedule), (&due.after, ParameterSort::Hours), (&due.less, ParameterSort::Hours)];
    for (name, sort) in named {
        let Some(name) = name else { continue };
        if of.parameters.get(name).is_none_or(|parameter| parameter.sort.value != sort) {
            let of_sort = of.parameters.iter().filter(|(_, parameter)| parameter.sort.value == sort);
            let help = check.guess(name, of_sort.map(|(name, _)| name.as_str()));
            let message = format!("`{}` has no parameter `{}` of the sort `{sort}`", due.of, clipped(name));
            check.report(Diagnostic::new(Code::BadMove, name.span, message).maybe_help(help));
        }
    }
}
