//! The words of a refusal, as AWS's clients get them.

use super::evaluate::{Decision, PolicyType, Request};

/// How much a refusal tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum DenialDetail {
    /// Who, what, on which resource: the wording of the time of the guides (2019–2020).
    #[default]
    Plain,
    /// Also which sort of policy is to blame, as AWS has told since about 2021.
    WithReason,
}

/// IAM's error code for a refusal. Source: IAM API Reference, "Common Errors".
pub const ACCESS_DENIED: &str = "AccessDenied";

/// The message of a refusal, or nothing if the decision is to allow.
///
/// Sources: messages published by users of `iam:CreateServiceLinkedRole`; IAM User Guide, "Troubleshoot access
/// denied error messages".
pub fn denial_message(
    request: &Request<'_>,
    decision: &Decision<'_>,
    detail: DenialDetail,
) -> Option<String> {
    let reason = match decision {
        Decision::Allowed { .. } => return None,
        Decision::ExplicitDeny { by } => {
            let article = match by.policy.policy_type {
                PolicyType::IdentityBased => "an",
                PolicyType::Trust => "the",
                PolicyType::ResourceBased
                | PolicyType::PermissionsBoundary
                | PolicyType::Session
                | PolicyType::ServiceControl => "a",
            };
            format!(
                " with an explicit deny in {article} {}",
                by.policy.policy_type.name()
            )
        }
        Decision::ImplicitDeny { missing } => {
            format!(
                " because no {} allows the {} action",
                missing.name(),
                request.action()
            )
        }
    };
    let mut message = format!(
        "User: {} is not authorized to perform: {} on resource: {}",
        request.caller().arn(),
        request.action(),
        request.resource()
    );
    match detail {
        DenialDetail::Plain => {}
        DenialDetail::WithReason => message.push_str(&reason),
    }
    Some(message)
}
