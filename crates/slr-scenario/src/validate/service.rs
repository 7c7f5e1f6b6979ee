//! Services.

use std::collections::BTreeMap;

use super::{Check, kind, limit};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Text;
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
        if let Some(region) = &service.region_mismatch {
            check.region(region);
        }
        check.limit(principal.span, "kinds", service.kinds.len() as u64, limit::KINDS as u64);
        if service.kinds.len() <= limit::KINDS {
            kind::check(check, principal, service);
        }
    }
}
