//! The words of a refusal, as AWS's clients get them.

use serde::{Deserialize, Serialize};

use super::evaluate::{Decision, PolicyType, Request};

/// The sort of policy that a refusal rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Denial {
    /// A statement of such a policy forbids it.
    Explicit(PolicyType),
    /// No such policy allows it.
    Missing(PolicyType),
}

impl Denial {
    /// What a decision to refuse rests on; nothing if it is to allow.
    pub const fn of(decision: &Decision<'_>) -> Option<Self> {
        match decision {
            Decision::Allowed { .. } => None,
            Decision::ExplicitDeny { by } => Some(Self::Explicit(by.policy.policy_type)),
            Decision::ImplicitDeny { missing } => Some(Self::Missing(*missing)),
        }
    }

    /// The end of the message that tells it.
    ///
    /// Source: IAM User Guide, "Troubleshoot access denied error messages".
    pub fn reason(self, action: &str) -> String {
        match self {
            Self::Explicit(policy) => {
                let article = match policy {
                    PolicyType::IdentityBased => "an",
                    PolicyType::Trust => "the",
                    PolicyType::ResourceBased
                    | PolicyType::PermissionsBoundary
                    | PolicyType::Session
                    | PolicyType::ServiceControl => "a",
                };
                format!(" with an explicit deny in {article} {}", policy.name())
            }
            Self::Missing(policy) => format!(" because no {} allows the {action} action", policy.name()),
        }
    }
}

/// How much a refusal tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
pub fn denial_message(request: &Request<'_>, decision: &Decision<'_>, detail: DenialDetail) -> Option<String> {
    let denial = Denial::of(decision)?;
    let mut message = format!(
        "User: {} is not authorized to perform: {} on resource: {}",
        request.caller().arn(),
        request.action(),
        request.resource()
    );
    match detail {
        DenialDetail::Plain => {}
        DenialDetail::WithReason => message.push_str(&denial.reason(request.action())),
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::super::document::{Document, DocumentKind};
    use super::super::{Account, CreateServiceLinkedRole, Entity, PassRole};
    use super::*;

    const ARN: &str = "arn:aws:iam::111122223333:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM";

    #[test]
    fn the_words_of_aws() {
        let mut account = Account::new("aws", "111122223333");
        account.add_user("/", "alice").unwrap();
        let alice = account.user_caller("alice").unwrap();
        let create = CreateServiceLinkedRole {
            partition: "aws",
            account: "111122223333",
            service_principal: "ssm.amazonaws.com",
            role_name: "AWSServiceRoleForAmazonSSM",
        };
        let resource = create.resource();
        assert_eq!(resource, ARN);
        let context = create.context(&alice);
        let entitlements = account.entitlements(&alice).unwrap();
        let request = Request::new(&alice, CreateServiceLinkedRole::ACTION, &resource, &context);
        let decision = entitlements.decide(&request, None);
        let plain = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: iam:CreateServiceLinkedRole on resource: arn:aws:iam::111122223333:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM";
        assert_eq!(denial_message(&request, &decision, DenialDetail::Plain).as_deref(), Some(plain));
        assert_eq!(
            denial_message(&request, &decision, DenialDetail::WithReason),
            Some(format!("{plain} because no identity-based policy allows the iam:CreateServiceLinkedRole action"))
        );
    }

    #[test]
    fn an_explicit_deny_is_called_one_and_an_allow_has_no_message() {
        let mut account = Account::new("aws", "111122223333");
        account.add_user("/", "alice").unwrap();
        let policy = |effect: &str| {
            let text =
                format!(r#"{{"Statement": {{"Effect": "{effect}", "Action": "iam:PassRole", "Resource": "{ARN}"}}}}"#);
            Document::parse(DocumentKind::Identity, &text).unwrap()
        };
        let request = PassRole {
            role_arn: ARN,
            passed_to_service: "ssm.amazonaws.com",
            associated_resource_arn: None,
            region: None,
        };
        let message = |account: &Account| {
            let alice = account.user_caller("alice").unwrap();
            let context = request.context(&alice);
            let entitlements = account.entitlements(&alice).unwrap();
            let request = Request::new(&alice, PassRole::ACTION, ARN, &context);
            denial_message(&request, &entitlements.decide(&request, None), DenialDetail::WithReason)
        };
        account.put_inline_policy(Entity::User("alice"), "p", policy("Allow")).unwrap();
        assert_eq!(message(&account), None);
        account.put_inline_policy(Entity::User("alice"), "q", policy("Deny")).unwrap();
        assert_eq!(
            message(&account).as_deref(),
            Some(
                "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM with an explicit deny in an identity-based policy"
            )
        );
    }
}
