//! Amazon Resource Names, as far as policies look into them.
//!
//! An ARN is `arn:partition:service:region:account:resource`: six parts, the last of which may hold further
//! colons. Source: IAM User Guide, "IAM identifiers", IAM ARNs.

/// An ARN cut into the five parts after `arn`. Borrowed; nothing is checked beyond the number of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArnParts<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, ...
    pub partition: &'a str,
    /// `iam`, `ssm`, ...
    pub service: &'a str,
    /// Empty for global services such as IAM.
    pub region: &'a str,
    /// Twelve digits, or empty where the resource name alone is unique.
    pub account: &'a str,
    /// All that follows the fifth colon.
    pub resource: &'a str,
}

impl<'a> ArnParts<'a> {
    /// Cuts `text`, or gives nothing if it does not start with `arn:` or has fewer than six parts.
    pub fn split(text: &'a str) -> Option<Self> {
        let (partition, rest) = text.strip_prefix("arn:")?.split_once(':')?;
        let (service, rest) = rest.split_once(':')?;
        let (region, rest) = rest.split_once(':')?;
        let (account, resource) = rest.split_once(':')?;
        Some(Self { partition, service, region, account, resource })
    }
}

/// The ARN that a service-linked role has or, before its creation, would have: the resource against which
/// `iam:CreateServiceLinkedRole` is authorised.
///
/// `role_name` is the final name, suffix included. Source: IAM User Guide "Using service-linked roles",
/// the policy that allows to create a specific service-linked role.
pub fn service_linked_role_arn(partition: &str, account: &str, service_principal: &str, role_name: &str) -> String {
    format!("arn:{partition}:iam::{account}:role/aws-service-role/{service_principal}/{role_name}")
}

/// The final name of a service-linked role: AWS puts `_` between the base name and the caller's suffix.
///
/// Source: recorded answers of IAM to `CreateServiceLinkedRole` with `CustomSuffix`.
pub fn service_linked_role_name(base_name: &str, custom_suffix: Option<&str>) -> String {
    match custom_suffix {
        Some(suffix) => format!("{base_name}_{suffix}"),
        None => base_name.to_owned(),
    }
}

/// Whether `text` is an account id: twelve digits.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_six_parts_and_the_last_may_hold_colons() {
        let arn = ArnParts::split("arn:aws:lambda:eu-west-1:111122223333:function:SSMx:7").unwrap();
        assert_eq!(arn.service, "lambda");
        assert_eq!(arn.resource, "function:SSMx:7");
        assert_eq!(ArnParts::split("arn:aws:iam::111122223333"), None);
        assert_eq!(ArnParts::split("aws:aws:iam::111122223333:role/x"), None);
        assert_eq!(ArnParts::split("*"), None);
    }

    #[test]
    fn a_role_to_be_made_has_an_arn_already() {
        let name = service_linked_role_name("AWSServiceRoleForAutoScaling", Some("blue"));
        assert_eq!(
            service_linked_role_arn("aws", "111122223333", "autoscaling.amazonaws.com", &name),
            "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_blue"
        );
    }
}
