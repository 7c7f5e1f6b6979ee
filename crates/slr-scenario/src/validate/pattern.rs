//! What names and other texts may look like.

use std::collections::BTreeMap;

use slr_core::name::check_description;
use slr_core::policy::ArnParts;
use slr_core::rules::trust_document_of;

use super::Check;
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Text;
use crate::syntax::grammar::clipped;

/// Regions that a mistyped one is compared with. Others are accepted if they look like one.
const REGIONS: [&str; 32] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "sa-east-1",
    "us-gov-west-1",
];

/// The characters of names in IAM: `[\w+=,.@-]`.
fn is_iam_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// Whether text has a length within bounds and characters of IAM's names.
pub(crate) fn is_iam_name(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.chars().all(is_iam_char)
}

/// The longest name of a role.
///
/// Source: IAM API Reference, `CreateRole`.
pub(crate) const ROLE_NAME: usize = 64;
/// The longest service principal.
///
/// Source: IAM API Reference, `CreateServiceLinkedRole`.
pub(crate) const PRINCIPAL: usize = 128;

impl Check<'_> {
    fn bad_name(&mut self, text: &Text, what: &str, rule: &str) {
        self.report(
            Diagnostic::new(Code::BadName, text.span, format!("`{}` is not {what}", clipped(text)))
                .help(rule.to_owned()),
        );
    }

    pub(crate) fn role_name(&mut self, name: &Text) {
        if !is_iam_name(name, ROLE_NAME) {
            let rule = "a role's name has 1 to 64 letters, digits and `_+=,.@-`";
            self.bad_name(name, "a name that a role can have", rule);
        }
    }

    pub(crate) fn principal(&mut self, name: &Text) {
        if !is_iam_name(name, PRINCIPAL) {
            let rule = "a service principal looks like `ssm.amazonaws.com`: 1 to 128 letters, digits and `_+=,.@-`";
            self.bad_name(name, "a service principal", rule);
        }
    }

    /// A service principal, the ARN of a user or a role, an account by its id or its ARN, or `*`.
    pub(crate) fn trusted(&mut self, name: &Text) {
        let scenario = self.scenario;
        let is_user = scenario.users.get(name).is_some() || name.value == crate::syntax::User::ADMIN;
        if is_user || scenario.roles.get(name).is_some() {
            let account = scenario.account();
            let sort = if is_user { "user" } else { "role" };
            let help = format!(
                "a trust policy names a {sort} by its ARN, such as `arn:{}:iam::{}:{sort}/{name}`",
                account.partition().word(),
                account.id()
            );
            self.report(
                Diagnostic::new(Code::BadName, name.span, format!("`{name}` is not a service principal")).help(help),
            );
        } else if trust_document_of(&[name]).is_none() {
            self.bad_name(
                name,
                "what a trust policy can name",
                "it names a service principal such as `ssm.amazonaws.com`, the ARN of a user or a role, an account's id, or `*`",
            );
        } else if !name.starts_with("arn:") && name.value != "*" {
            self.principal(name);
            if let Some(meant) = Catalog::in_wrong_case(name) {
                self.report(
                    Diagnostic::new(Code::BadName, name.span, format!("nobody has the principal `{}`", clipped(name)))
                        .help(format!("principals are case-sensitive: did you mean `{meant}`?")),
                );
            }
        }
    }

    pub(crate) fn suffix(&mut self, suffix: &Text) {
        if !is_iam_name(suffix, ROLE_NAME) {
            let rule = "a suffix has 1 to 64 letters, digits and `_+=,.@-`";
            self.bad_name(suffix, "a suffix", rule);
        }
    }

    pub(crate) fn policy(&mut self, name: &Text) {
        if !name.starts_with("arn:") && !is_iam_name(name, 128) {
            let rule = "a policy's name has 1 to 128 letters, digits and `_+=,.@-`; an ARN begins with `arn:`";
            self.bad_name(name, "a policy", rule);
        }
        self.policy_of_the_account(name);
    }

    /// Whether a managed policy is the account's own or AWS's in its partition, as far as its ARN says: that of another account can be attached to
    /// nothing.
    pub(super) fn policy_of_the_account(&mut self, name: &Text) -> bool {
        let account = self.scenario.account();
        let (partition, id) = (account.partition().word(), account.id());
        if !name.starts_with("arn:") {
            return true;
        }
        let told = clipped(name);
        let of_a_policy = |parts: &ArnParts<'_>| parts.service == "iam" && parts.resource.starts_with("policy/");
        let (message, help) = match ArnParts::split(name).filter(of_a_policy) {
            None => (
                format!("`{told}` is no policy's ARN"),
                format!("one looks like this: `arn:{partition}:iam::{id}:policy/name`"),
            ),
            // What cannot be read of the account has been reported.
            Some(_) if !self.damage.spares(&["account"]) => return true,
            Some(parts) if parts.partition != partition => (
                format!("`{told}` is a policy of another partition"),
                format!(
                    "the account is in the partition `{partition}`: its policies have ARNs that begin with `arn:{partition}:iam:`"
                ),
            ),
            Some(parts) if parts.account != "aws" && parts.account != id => (
                format!("`{told}` is a policy of another account"),
                format!("only policies of AWS and of the account {id} can be attached"),
            ),
            Some(_) => return true,
        };
        self.report(Diagnostic::new(Code::BadArn, name.span, message).help(help));
        false
    }

    /// The policy of a service-linked role is attached to that role alone, at time zero as later.
    pub(crate) fn attachable_policy(&mut self, name: &Text) {
        let services = &self.world.services;
        let is_declared = services.values().any(|service| service.policy.as_ref().is_some_and(|policy| policy == name));
        let is_its = is_declared || name.contains(":policy/aws-service-role/") || Catalog::is_service_policy(name);
        if is_its && self.scenario.policies.get(name).is_none() {
            self.report(
                Diagnostic::new(
                    Code::BadPolicy,
                    name.span,
                    format!("`{}` is the policy of a service-linked role", clipped(name)),
                )
                .help("it can be attached to no other role: a step that tries is answered PolicyNotAttachable"),
            );
        }
    }

    /// A name that only the scenario uses: of a state, a kind, a move, a resource, an operator.
    pub(crate) fn own_name(&mut self, name: &Text, what: &str) {
        let is_fit = (1..=64).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !is_fit {
            let rule = "it has 1 to 64 letters, digits, `-` and `_`, and begins with a letter or a digit";
            self.bad_name(name, what, rule);
        }
    }

    pub(crate) fn operation_name(&mut self, name: &Text) {
        let is_fit = name.len() <= 128
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        if !is_fit {
            let rule = "an operation looks like `DeleteComputeEnvironment`; name it with `operation:` if the move has another name";
            self.bad_name(name, "the name of an operation", rule);
        }
    }

    pub(crate) fn path(&mut self, path: &Text) {
        let is_fit = (1..=512).contains(&path.len())
            && path.starts_with('/')
            && path.ends_with('/')
            && path.chars().all(|c| ('!'..='~').contains(&c));
        if !is_fit {
            let rule = "a path is `/`, or begins and ends with `/`, and has no spaces";
            self.bad_name(path, "a path", rule);
        }
    }

    pub(crate) fn description(&mut self, text: &Text) {
        if check_description(text).is_err() {
            let rule = "a description has at most 1000 characters, all of them of Latin-1";
            self.bad_name(text, "a description that IAM takes", rule);
        }
    }

    pub(crate) fn account_id(&mut self, id: &Text) {
        if id.len() != 12 || !id.chars().all(|c| c.is_ascii_digit()) {
            self.report(
                Diagnostic::new(Code::BadAccountId, id.span, format!("`{}` is not the id of an account", clipped(id)))
                    .help("an account's id has twelve digits, such as \"123456789012\""),
            );
        }
    }

    /// Something that could be a Region, and that the account uses if it says which it does.
    pub(crate) fn region(&mut self, region: &Text) {
        if !looks_like_a_region(region) {
            let help = self.guess_near(region, &REGIONS).map_or_else(
                || "a Region looks like `eu-west-1`".to_owned(),
                |known| format!("did you mean `{known}`?"),
            );
            self.report(
                Diagnostic::new(Code::BadRegion, region.span, format!("`{}` is not a Region", clipped(region)))
                    .help(help),
            );
            return;
        }
        let used: &[Text] = self.scenario.account.as_ref().map_or(&[], |account| &account.regions);
        if used.is_empty() || used.contains(region) || !self.damage.spares(&["account"]) {
            return;
        }
        let list: Vec<&str> = used.iter().map(|region| region.as_str()).collect();
        let help = format!("it uses {}; add `{region}` to the account's `regions`", list.join(", "));
        self.report(
            Diagnostic::new(
                Code::UnknownRegion,
                region.span,
                format!("the account does not use the Region `{region}`"),
            )
            .help(help),
        );
    }

    pub(crate) fn action(&mut self, action: &Text) {
        let is_fit = action.value == "*"
            || action.split_once(':').is_some_and(|(service, name)| {
                let is_service = !service.is_empty()
                    && service.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '*' | '?'));
                let is_name =
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '?'));
                is_service && is_name
            });
        if !is_fit {
            self.report(
                Diagnostic::new(Code::BadAction, action.span, format!("`{}` is not an action", clipped(action)))
                    .help("an action is a service and an operation, such as \"ec2:RunInstances\" or \"iam:*\""),
            );
        }
    }

    pub(crate) fn arn_template(&mut self, template: &Text) {
        const PLACES: [&str; 4] = ["partition", "region", "account", "name"];
        let mut unknown = None;
        let mut rest = template.as_str();
        while let Some(start) = rest.find('{') {
            let Some(length) = rest[start..].find('}') else {
                unknown = Some(rest[start..].to_owned());
                break;
            };
            let place = &rest[start + 1..start + length];
            if !PLACES.contains(&place) {
                unknown = Some(format!("{{{place}}}"));
                break;
            }
            rest = &rest[start + length + 1..];
        }
        let help = "a pattern looks like `arn:{partition}:batch:{region}:{account}:compute-environment/{name}`";
        let message = if let Some(unknown) = unknown {
            format!("`{}` stands for nothing in an ARN", clipped(&unknown))
        } else if !template.starts_with("arn:") || template.splitn(6, ':').count() != 6 {
            format!("`{}` is not the pattern of an ARN", clipped(template))
        } else if !template.contains("{name}") {
            "every resource of the kind would have the same ARN".to_owned()
        } else {
            return;
        };
        self.report(Diagnostic::new(Code::BadArn, template.span, message).help(help));
    }

    /// Reports what stands twice in a list.
    pub(crate) fn no_repetition(&mut self, texts: &[Text], what: &str) {
        let mut seen: BTreeMap<&str, &Text> = BTreeMap::new();
        for text in texts {
            if let Some(first) = seen.get(text.as_str()) {
                self.report(
                    Diagnostic::new(Code::Repeated, text.span, format!("{what} `{}` is listed twice", clipped(text)))
                        .also(first.span, "listed first here")
                        .help("keep one of the two"),
                );
            } else {
                seen.insert(text, text);
            }
        }
    }
}

/// `eu-west-1`, `us-gov-west-1`.
fn looks_like_a_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [area, words @ .., number] = parts.as_slice() else {
        return false;
    };
    let is_word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    area.len() == 2
        && is_word(area)
        && !words.is_empty()
        && words.iter().all(is_word)
        && (1..=2).contains(&number.len())
        && number.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_region_looks_like_one() {
        for region in REGIONS {
            assert!(looks_like_a_region(region), "{region}");
        }
        for other in ["us-east", "useast1", "US-EAST-1", "us-east-1a", "", "global"] {
            assert!(!looks_like_a_region(other), "{other}");
        }
    }
}
