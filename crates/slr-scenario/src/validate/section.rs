//! The sections that stand for themselves: account, delays, faults, and the whole.

use super::{Check, limit};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::grammar::clipped;
use crate::syntax::{Delay, Duration, Fault, Named, Service, Text, When};
use crate::yaml::{Span, Spanned};

pub(crate) fn check(check: &mut Check<'_>) {
    whole(check);
    account(check);
    delays(check);
    faults(check);
}

/// Whether a character would do something to a terminal instead of being seen: control characters, and those that turn the direction of
/// the text around.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn whole(check: &mut Check<'_>) {
    let scenario = check.scenario;
    if scenario.title.trim().is_empty() {
        check.report(
            Diagnostic::new(Code::BadName, scenario.title.span, "the title is empty")
                .help("say in a few words what happens"),
        );
    }
    if scenario.title.chars().any(is_unprintable) {
        check.report(
            Diagnostic::new(Code::BadName, scenario.title.span, "the title has characters that cannot be printed")
                .help("write it on one line, without control characters"),
        );
    }
    let is_idle = scenario.steps.is_empty() && scenario.operators.is_empty();
    let has_life = !scenario.given.is_empty();
    if is_idle && !has_life && check.damage.spares(&["steps", "operators", "given"]) {
        check.report(
            Diagnostic::new(Code::NothingHappens, scenario.title.span, "in this scenario nothing can happen")
                .help("say what exists under `given`, and what is done under `steps` or `operators`"),
        );
    }
    check.too_many(scenario.services.places(), "services", limit::SERVICES);
    check.too_many(scenario.roles.places(), "roles", limit::ROLES);
    check.too_many(scenario.users.places(), "users", limit::USERS);
    check.too_many(scenario.groups.places(), "groups", limit::USERS);
    check.too_many(scenario.policies.places(), "policies", limit::USERS);
    check.too_many(scenario.organization.places(), "levels of the organization", limit::LEVELS);
    check.too_many(scenario.operators.places(), "operators", limit::OPERATORS);
    check.too_many(scenario.steps.iter().map(|step| step.span), "steps", limit::STEPS);
    check.too_many(scenario.expect.iter().map(|expected| expected.span), "expectations", limit::EXPECTATIONS);
}

/// Whether quotas are of kinds that there are, and errors such as services answer.
pub(crate) fn settings(check: &mut Check<'_>) {
    let scenario = check.scenario;
    for (kind, _) in scenario.account.iter().flat_map(|account| account.resource_quotas.iter()) {
        check.kind(kind, None);
    }
    if let Some(errors) = scenario.knobs.as_ref().and_then(|knobs| knobs.errors.as_ref()) {
        super::service::own_errors(check, errors);
    }
}

/// Whether each reading that is chosen is one of a built-in service that the scenario names.
pub(crate) fn readings(check: &mut Check<'_>, built_in: &Named<Spanned<Service>>) {
    let Some(knobs) = &check.scenario.knobs else {
        return;
    };
    check.no_repetition(&knobs.readings, "the reading");
    let entries = built_in.names().filter_map(Catalog::get);
    let known: Vec<String> = entries.flat_map(|entry| entry.readings().unwrap_or_default()).collect();
    for name in knobs.readings.iter().filter(|name| !known.contains(&name.value)) {
        let help = check.guess(name, known.iter().map(String::as_str)).unwrap_or_else(|| match known.len() {
            0 => "the services that it names can be read in one way only".to_owned(),
            _ => format!("there are: {}", known.join(", ")),
        });
        let message = format!("no built-in service that the scenario names has a reading `{}`", clipped(name));
        check.report(Diagnostic::new(Code::UnknownReading, name.span, message).help(help));
    }
}

fn account(check: &mut Check<'_>) {
    let Some(account) = &check.scenario.account else {
        return;
    };
    if let Some(id) = &account.id {
        check.account_id(id);
    }
    check.no_repetition(&account.regions, "the Region");
    check.too_many(account.regions.iter().map(|region| region.span), "Regions", limit::REGIONS);
    for region in &account.regions {
        check.region(region);
    }
}

impl Check<'_> {
    /// A longest session: one to twelve hours.
    pub(crate) fn session_duration(&mut self, duration: &Spanned<Duration>) {
        const HOUR: u64 = 3_600_000;
        if !(HOUR..=12 * HOUR).contains(&duration.as_millis()) {
            self.report(
                Diagnostic::new(
                    Code::BadNumber,
                    duration.span,
                    format!("`{duration}` is not a length that a role's sessions can have"),
                )
                .help("from `1h` to `12h`"),
            );
        }
    }

    fn window(&mut self, from: Option<&Spanned<Duration>>, until: Option<&Spanned<Duration>>) {
        if let (Some(from), Some(until)) = (from, until)
            && from.value >= until.value
        {
            self.report(
                Diagnostic::new(Code::ReversedRange, until.span, format!("it is over at `{until}`, before it begins"))
                    .also(from.span, "it begins here")
                    .help("`until` counts from the start of the run, as `from` does"),
            );
        }
        if let Some(from) = from {
            self.in_time(from);
        }
    }

    /// Something that begins at a time: before the run is over.
    pub(crate) fn in_time(&mut self, begins: &Spanned<Duration>) {
        let until = self.scenario.until();
        if begins.value > until {
            self.report(
                Diagnostic::new(Code::TooLate, begins.span, format!("the run is over at `{until}`, before it begins"))
                    .help("set a later end with `until:`"),
            );
        }
    }
}

fn delays(check: &mut Check<'_>) {
    let Some(delays) = &check.scenario.delays else {
        return;
    };
    let named = [
        &delays.task_start,
        &delays.task_decision,
        &delays.clean_up,
        &delays.session_end,
        &delays.session_open,
        &delays.read_docs,
    ];
    for delay in named.into_iter().flatten() {
        spread(check, delay);
    }
    for (name, delay) in delays.moves.iter() {
        spread(check, delay);
        delayed_move(check, name);
    }
}

fn spread(check: &mut Check<'_>, delay: &Spanned<Delay>) {
    let (span, is_zero): (Span, bool) = match &delay.value {
        Delay::Fixed(_) | Delay::Range(..) => return,
        Delay::Exponential(delay) => (delay.mean.span, delay.mean.value == Duration::ZERO),
        Delay::LogNormal(delay) => (delay.shape.median.span, delay.shape.median.value == Duration::ZERO),
    };
    if is_zero {
        check.report(
            Diagnostic::new(Code::BadDuration, span, "a delay cannot be spread around no time at all")
                .help("write `0s` for no delay"),
        );
    }
}

/// `kind.move`: a move that the service makes.
fn delayed_move(check: &mut Check<'_>, name: &Text) {
    let world = check.world;
    if !world.kinds_are_whole {
        return;
    }
    if !world.service_moves.contains(&name.value) {
        let help = check
            .guess(name, world.service_moves.iter().map(String::as_str))
            .unwrap_or_else(|| "write `kind.move`, for a move that the service makes".to_owned());
        check.report(
            Diagnostic::new(Code::UnknownMove, name.span, format!("no service makes the move `{}`", clipped(name)))
                .help(help),
        );
    }
}

fn faults(check: &mut Check<'_>) {
    for fault in &check.scenario.faults {
        match &fault.value {
            Fault::Throttle(fault) => {
                check.throttled(&fault.throttle);
                check.window(fault.from.as_ref(), fault.until.as_ref());
            }
            Fault::CleanUpFails(fault) => {
                if let Some(kind) = &fault.kind {
                    check.kind(kind, None);
                }
                if let Some(circumstance) = fault.circumstance.as_ref().filter(|when| when.value != When::InUse) {
                    check.report(
                        Diagnostic::new(
                            Code::WithoutEffect,
                            circumstance.span,
                            "clean-ups fail while the service uses the role, and at no other time",
                        )
                        .help("write `while: in-use`, or leave it out"),
                    );
                }
            }
            Fault::RegionUnavailable(fault) => {
                check.region(&fault.region);
                check.window(fault.from.as_ref(), fault.until.as_ref());
            }
            Fault::LateVisibility(fault) => check.window(fault.from.as_ref(), fault.until.as_ref()),
        }
    }
}
