//! The policies of the AWS guides, as they print them, with their blanks.
//!
//! A blank is a word in capitals, such as `SERVICE-NAME`, that the reader of the guide has to replace.

use super::document::{Document, DocumentKind};
use super::error::MalformedPolicyDocument;

/// A policy from a guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuidePolicy {
    /// A name for it, lower case with hyphens.
    pub name: &'static str,
    /// Where it goes.
    pub kind: DocumentKind,
    /// Document and section it is from.
    pub source: &'static str,
    /// JSON, with blanks.
    pub text: &'static str,
    /// The blanks.
    pub blanks: &'static [&'static str],
}

impl GuidePolicy {
    /// The text with blanks replaced. A blank that `values` does not name stays as it is.
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        values.iter().fold(self.text.to_owned(), |text, (blank, value)| {
            // A value goes into a JSON string.
            let quoted = serde_json::Value::from(*value).to_string();
            text.replace(blank, &quoted[1..quoted.len() - 1])
        })
    }

    /// The policy with blanks replaced, compiled.
    ///
    /// # Errors
    /// [`MalformedPolicyDocument`] if the values make no policy, such as a role ARN that is not one.
    pub fn document(&self, values: &[(&str, &str)]) -> Result<Document, MalformedPolicyDocument> {
        Document::parse(self.kind, &self.fill(values))
    }
}

const SLR_GUIDE: &str = "IAM User Guide, \"Using service-linked roles\", Service-linked role permissions";
const WINDOW_GUIDE: &str = "AWS Systems Manager User Guide, \"Control access to maintenance windows (console)\"";

const SPECIFIC: &[&str] = &["SERVICE-NAME", "SERVICE-LINKED-ROLE-NAME-PREFIX"];

/// Lets an identity create one service's role. The second statement, on `AttachRolePolicy` and `PutRolePolicy`,
/// grants what IAM then refuses on every service-linked role.
pub const CREATE_SPECIFIC: GuidePolicy = GuidePolicy {
    name: "create-specific",
    kind: DocumentKind::Identity,
    source: SLR_GUIDE,
    text: include_str!("guides/create-specific.json"),
    blanks: SPECIFIC,
};

/// Lets an identity create any service-linked role.
pub const CREATE_ANY: GuidePolicy = GuidePolicy {
    name: "create-any",
    kind: DocumentKind::Identity,
    source: SLR_GUIDE,
    text: include_str!("guides/create-any.json"),
    blanks: &[],
};

/// Lets an identity edit descriptions by `UpdateRoleDescription`; the guide's own commands call `UpdateRole`,
/// which this does not grant.
pub const EDIT_DESCRIPTION: GuidePolicy = GuidePolicy {
    name: "edit-description",
    kind: DocumentKind::Identity,
    source: SLR_GUIDE,
    text: include_str!("guides/edit-description.json"),
    blanks: &[],
};

/// Lets an identity delete one service's role and follow the deletion.
pub const DELETE_SPECIFIC: GuidePolicy = GuidePolicy {
    name: "delete-specific",
    kind: DocumentKind::Identity,
    source: SLR_GUIDE,
    text: include_str!("guides/delete-specific.json"),
    blanks: SPECIFIC,
};

/// Lets an identity delete any service-linked role and follow the deletion.
pub const DELETE_ANY: GuidePolicy = GuidePolicy {
    name: "delete-any",
    kind: DocumentKind::Identity,
    source: SLR_GUIDE,
    text: include_str!("guides/delete-any.json"),
    blanks: &[],
};

/// Lets an identity list roles and pass one of them.
pub const PASS_ROLE: GuidePolicy = GuidePolicy {
    name: "pass-role",
    kind: DocumentKind::Identity,
    source: SLR_GUIDE,
    text: include_str!("guides/pass-role.json"),
    blanks: &["ROLE-ARN"],
};

/// The trust policy of a custom role for maintenance windows. The guide's blanks are, in this order, the
/// principals of Systems Manager, EC2 and SNS; the last is needed for notifications only.
pub const WINDOW_ROLE_TRUST: GuidePolicy = GuidePolicy {
    name: "maintenance-window-role-trust",
    kind: DocumentKind::Trust,
    source: WINDOW_GUIDE,
    text: include_str!("guides/maintenance-window-role-trust.json"),
    blanks: &[],
};

/// Task 1, step 13: lets the maintenance window role pass the role that publishes notifications.
pub const WINDOW_ROLE_SNS: GuidePolicy = GuidePolicy {
    name: "maintenance-window-role-sns",
    kind: DocumentKind::Identity,
    source: WINDOW_GUIDE,
    text: include_str!("guides/pass-one-role.json"),
    blanks: &["ROLE-ARN"],
};

/// Task 2: lets the user or group that registers tasks pass the maintenance window role.
pub const REGISTRANT: GuidePolicy = GuidePolicy {
    name: "maintenance-window-registrant",
    kind: DocumentKind::Identity,
    source: WINDOW_GUIDE,
    text: include_str!("guides/pass-one-role.json"),
    blanks: &["ROLE-ARN"],
};

/// The managed policy that the custom role for maintenance windows gets. It lets neither pass roles nor cancel
/// commands, and names only functions and state machines that begin with `SSM`.
pub const WINDOW_ROLE: GuidePolicy = GuidePolicy {
    name: "AmazonSSMMaintenanceWindowRole",
    kind: DocumentKind::Identity,
    source: "AWS managed policy AmazonSSMMaintenanceWindowRole, version 3 (2019-07-27)",
    text: include_str!("guides/amazon-ssm-maintenance-window-role.json"),
    blanks: &[],
};

/// The managed policy that Task 2 asks of whoever registers tasks. It has no `iam:PassRole`.
pub const SSM_FULL_ACCESS: GuidePolicy = GuidePolicy {
    name: "AmazonSSMFullAccess",
    kind: DocumentKind::Identity,
    source: "AWS managed policy AmazonSSMFullAccess, version of 2019",
    text: include_str!("guides/amazon-ssm-full-access.json"),
    blanks: &[],
};

/// The managed policy of administrators.
pub const ADMINISTRATOR_ACCESS: GuidePolicy = GuidePolicy {
    name: "AdministratorAccess",
    kind: DocumentKind::Identity,
    source: "AWS managed policy AdministratorAccess",
    text: include_str!("guides/everything.json"),
    blanks: &[],
};

/// The service control policy that AWS Organizations attaches to every root, organizational unit and account by default.
pub const FULL_AWS_ACCESS: GuidePolicy = GuidePolicy {
    name: "FullAWSAccess",
    kind: DocumentKind::Identity,
    source: "AWS Organizations User Guide, \"Service control policies (SCPs)\"",
    text: include_str!("guides/everything.json"),
    blanks: &[],
};

/// The managed policies of AWS whose contents are known, each with its path.
pub const AWS_MANAGED: &[(&str, GuidePolicy)] =
    &[("/", ADMINISTRATOR_ACCESS), ("/", SSM_FULL_ACCESS), ("/service-role/", WINDOW_ROLE)];

/// The managed policy of AWS of that name or ARN, with its ARN, if its contents are known.
pub fn aws_managed(partition: &str, policy: &str) -> Option<(String, GuidePolicy)> {
    AWS_MANAGED.iter().find_map(|(path, known)| {
        let arn = format!("arn:{partition}:iam::aws:policy{path}{}", known.name);
        (policy == known.name || policy == arn).then_some((arn, *known))
    })
}

/// A trust policy as IAM writes it for a service-linked role: one service, one string.
pub const SERVICE_TRUST: GuidePolicy = GuidePolicy {
    name: "service-trust",
    kind: DocumentKind::Trust,
    source: "Recorded answers of IAM to CreateServiceLinkedRole",
    text: include_str!("guides/service-trust.json"),
    blanks: &["SERVICE-PRINCIPAL"],
};

/// All of the above.
pub const ALL: &[GuidePolicy] = &[
    CREATE_SPECIFIC,
    CREATE_ANY,
    EDIT_DESCRIPTION,
    DELETE_SPECIFIC,
    DELETE_ANY,
    PASS_ROLE,
    WINDOW_ROLE_TRUST,
    WINDOW_ROLE_SNS,
    REGISTRANT,
    WINDOW_ROLE,
    SSM_FULL_ACCESS,
    ADMINISTRATOR_ACCESS,
    FULL_AWS_ACCESS,
    SERVICE_TRUST,
];

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/my-role";

    fn filled(policy: &GuidePolicy) -> Document {
        let values: Vec<(&str, &str)> = policy
            .blanks
            .iter()
            .map(|&blank| match blank {
                "ROLE-ARN" => (blank, ROLE),
                "SERVICE-PRINCIPAL" => (blank, "ssm.amazonaws.com"),
                _ => (blank, "ssm"),
            })
            .collect();
        policy.document(&values).unwrap_or_else(|error| panic!("{}\n{}", policy.name, error.report()))
    }

    #[test]
    fn every_policy_is_well_formed_once_its_blanks_are_filled() {
        for policy in ALL {
            filled(policy);
            for blank in policy.blanks {
                assert!(policy.text.contains(blank), "{} has no blank {blank}", policy.name);
            }
            let left = policy.fill(&policy.blanks.iter().map(|&blank| (blank, "x")).collect::<Vec<_>>());
            assert!(!left.contains("SERVICE-") && !left.contains("-ARN"), "{} has an unlisted blank", policy.name);
        }
    }

    #[test]
    fn a_blank_takes_text_and_not_json() {
        let error = PASS_ROLE.document(&[("ROLE-ARN", "\"], \"Effect\": \"Deny")]).unwrap_err();
        assert_eq!(error.problems().len(), 1);
        assert!(error.to_string().contains("neither `*` nor an ARN"), "{error}");
    }
}
