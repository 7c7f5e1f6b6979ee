//! The sections that stand for themselves: account, roles, users, delays, faults, and the whole.

use std::collections::BTreeSet;

use super::{Check, limit};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::grammar::clipped;
use crate::syntax::{Delay, Duration, Fault, Named, Operation, PolicyDocument, Service, Text, User};
use crate::yaml::{Span, Spanned};

pub(crate) fn check(check: &mut Check<'_>) {
    whole(check);
    account(check);
    roles(check);
    users(check);
    delays(check);
    faults(check);
}

fn whole(check: &mut Check<'_>) {
    let scenario = check.scenario;
    if scenario.title.trim().is_empty() {
        check.report(
            Diagnostic::new(Code::BadName, scenario.title.span, "the title is empty")
                .help("say in a few words what happens"),
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
    let title = scenario.title.span;
    for (found, most, what) in [
        (scenario.services.len(), limit::SERVICES, "services"),
        (scenario.roles.len(), limit::ROLES, "roles"),
        (scenario.users.len(), limit::USERS, "users"),
        (scenario.operators.len(), limit::OPERATORS, "operators"),
        (scenario.steps.len(), limit::STEPS, "steps"),
        (scenario.expect.len(), limit::EXPECTATIONS, "expectations"),
    ] {
        check.limit(title, what, found as u64, most as u64);
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
    check.limit(account.span, "Regions", account.regions.len() as u64, limit::REGIONS as u64);
    for region in &account.regions {
        check.region(region);
    }
}

fn roles(check: &mut Check<'_>) {
    let scenario = check.scenario;
    let services: BTreeSet<&str> = (check.world.services.values()).map(|service| service.role.as_str()).collect();
    for (name, role) in scenario.roles.iter() {
        check.role_name(name);
        if services.contains(name.as_str()) {
            check.report(
                Diagnostic::new(Code::DuplicateRole, name.span, format!("`{name}` is the name of a service's role"))
                    .help("an ordinary role needs a name of its own; names that differ only in case differ here"),
            );
        }
        check.no_repetition(&role.trust, "the principal");
        for principal in &role.trust {
            check.trusted(principal);
        }
        if let Some(path) = &role.path {
            check.path(path);
        }
        if let Some(description) = &role.description {
            check.description(description);
        }
        if let Some(duration) = &role.max_session_duration {
            check.session_duration(duration);
        }
        for policy in &role.attached {
            check.policy(policy);
        }
        for action in &role.allow {
            check.action(action);
        }
        for policy in &role.policies {
            check.policy_document(policy);
        }
    }
}

fn users(check: &mut Check<'_>) {
    for (name, user) in check.scenario.users.iter() {
        if name.value == User::ADMIN {
            check.report(
                Diagnostic::new(Code::BadName, name.span, "`admin` is there without being declared")
                    .help("admin may do everything; a user with fewer rights needs another name"),
            );
        }
        check.own_name(name, "a name that a user can have");
        for action in &user.allow {
            check.action(action);
        }
        for policy in &user.policies {
            check.policy_document(policy);
        }
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

    /// The outline of a policy document. What its statements mean is not looked at.
    pub(crate) fn policy_document(&mut self, document: &Spanned<PolicyDocument>) {
        use serde_json::Value;
        let mut wrong = |message: &str, help: &str| {
            self.report(Diagnostic::new(Code::BadPolicy, document.span, message).help(help.to_owned()));
        };
        if let Some(version) = document.json.get("Version")
            && !matches!(version.as_str(), Some("2012-10-17" | "2008-10-17"))
        {
            wrong("the version of a policy document is a date", "write `Version: \"2012-10-17\"`");
        }
        let statements: Vec<&Value> = match document.json.get("Statement") {
            None => {
                wrong(
                    "the policy document has no `Statement`",
                    "write `Statement: [{ Effect: Allow, Action: …, Resource: … }]`",
                );
                return;
            }
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(one) => vec![one],
        };
        for statement in statements {
            let effect = statement.get("Effect").and_then(Value::as_str);
            if !matches!(effect, Some("Allow" | "Deny")) {
                wrong("a statement has no effect", "write `Effect: Allow` or `Effect: Deny`");
            }
            if statement.get("Action").is_none() && statement.get("NotAction").is_none() {
                wrong("a statement names no action", "write `Action:` or `NotAction:`");
            }
            if statement.get("Resource").is_none() && statement.get("NotResource").is_none() {
                wrong("a statement names no resource", "write `Resource: \"*\"` for all of them");
            }
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
                if Operation::named(&fault.throttle).is_none() {
                    check.operation(&fault.throttle);
                }
                check.window(fault.from.as_ref(), fault.until.as_ref());
            }
            Fault::CleanUpFails(fault) => {
                if let Some(kind) = &fault.kind {
                    check.kind(kind, None);
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
