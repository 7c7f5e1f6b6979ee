//! Services.

use std::collections::BTreeMap;

use super::{Check, kind, limit};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{OwnErrors, Text};
use crate::yaml::Span;

pub(crate) fn check(check: &mut Check<'_>) {
    let scenario = check.scenario;
    let mut seen: BTreeMap<&str, (&Text, Span)> = BTreeMap::new();
    for (principal, service) in scenario.services.iter() {
        check.principal(principal);
        check.role_name(&service.role);
        let role = &service.role;
        if let Some((other, first)) = seen.insert(role, (principal, role.span)) {
            check.report(
                Diagnostic::new(
                    Code::DuplicateRole,
                    role.span,
                    format!("the service `{other}` has a role of that name already"),
                )
                .also(first, "named first here")
                .help("every service has a role with a name of its own"),
            );
        }
        check.no_repetition(&service.trust, "the principal");
        for trusted in &service.trust {
            check.trusted(trusted);
        }
        if let Some(policy) = &service.policy {
            check.policy(policy);
        }
        for action in &service.permits {
            check.action(action);
        }
        check.no_repetition(&service.passing_operations, "the operation");
        for operation in &service.passing_operations {
            check.operation_name(operation);
        }
        if let Some(description) = &service.description {
            check.description(description);
        }
        if let Some(reason) = &service.reason
            && reason.chars().count() > 1000
        {
            check.report(Diagnostic::new(
                Code::BadName,
                reason.span,
                "the reason of a failed task has at most 1000 characters",
            ));
        }
        for errors in service.errors.iter().chain(service.kinds.iter().filter_map(|(_, kind)| kind.errors.as_ref())) {
            own_errors(check, errors);
        }
        if let Some(region) = &service.region_mismatch {
            check.region(region);
        }
        check.too_many(service.kinds.places(), "kinds", limit::KINDS);
        if service.kinds.len() <= limit::KINDS {
            kind::check(check, principal, service);
        }
    }
}

/// Whether errors have names and messages that fit a line.
pub(super) fn own_errors(check: &mut Check<'_>, errors: &OwnErrors) {
    for (_, error) in errors.given() {
        if let Some(code) = &error.code
            && (code.is_empty() || code.len() > 100 || !code.chars().all(|letter| letter.is_ascii_alphanumeric()))
        {
            check.report(
                Diagnostic::new(Code::BadName, code.span, "the name of an error has 1 to 100 letters and digits")
                    .help("write it as the service spells it, such as `ClientException`"),
            );
        }
        if let Some(message) = &error.message
            && (message.is_empty() || message.chars().count() > 1000 || message.chars().any(char::is_control))
        {
            check.report(Diagnostic::new(
                Code::BadName,
                message.span,
                "the message of an error has 1 to 1000 characters, on one line",
            ));
        }
    }
}
