//! Services.

use super::{Check, kind, limit};
use crate::diagnostic::{Code, Diagnostic};

pub(crate) fn check(check: &mut Check<'_>) {
    let scenario = check.scenario;
    for (number, (principal, service)) in scenario.services.iter().enumerate() {
        check.principal(principal);
        check.role_name(&service.role);
        let earlier = scenario.services.iter().take(number);
        for (other, earlier) in earlier.filter(|(_, earlier)| earlier.role == service.role) {
            check.report(
                Diagnostic::new(
                    Code::DuplicateRole,
                    service.role.span,
                    format!("the service `{other}` has a role of that name already"),
                )
                .also(earlier.role.span, "named first here")
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
        check.limit(
            principal.span,
            "kinds",
            service.kinds.len() as u64,
            limit::KINDS as u64,
        );
        kind::check(check, principal, service);
    }
}
