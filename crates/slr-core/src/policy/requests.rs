//! The requests around service-linked roles whose resource or context takes some thought.

use super::arn::service_linked_role_arn;
use super::caller::Caller;
use super::context::Context;
use super::key;

/// `iam:PassRole`, judged whenever a caller gives a role's ARN to a service.
///
/// It is a permission without an API call of its own. Leaving the role out, so that the service takes its
/// service-linked role, asks for nothing; naming the service-linked role's ARN asks for this.
/// Source: IAM User Guide, "Granting a user permissions to pass a role to an AWS service".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassRole<'a> {
    /// The role, which is the resource.
    pub role_arn: &'a str,
    /// The service that will finally use the role: `iam:PassedToService`.
    pub passed_to_service: &'a str,
    /// What the role will be associated with: `iam:AssociatedResourceArn`.
    pub associated_resource_arn: Option<&'a str>,
    /// The Region of the call with which the role is passed: `aws:RequestedRegion`.
    pub region: Option<&'a str>,
}

impl PassRole<'_> {
    /// The action.
    pub const ACTION: &'static str = "iam:PassRole";

    /// All condition keys of the request.
    pub fn context(&self, caller: &Caller) -> Context {
        let mut context = caller.context();
        self.describe(&mut context);
        context
    }

    /// Adds what the request says besides who makes it.
    pub fn describe(&self, context: &mut Context) {
        context.set(key::PASSED_TO_SERVICE, self.passed_to_service);
        if let Some(arn) = self.associated_resource_arn {
            context.set(key::ASSOCIATED_RESOURCE_ARN, arn);
        }
        if let Some(region) = self.region {
            context.set(key::REQUESTED_REGION, region);
        }
    }
}

/// `iam:CreateServiceLinkedRole`, judged for a direct call and for the caller of a service that makes its role
/// on that caller's behalf.
///
/// Sources: Service Authorization Reference, AWS Identity and Access Management; IAM User Guide "Using
/// service-linked roles", Service-linked role permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateServiceLinkedRole<'a> {
    /// `aws`, ...
    pub partition: &'a str,
    /// Twelve digits.
    pub account: &'a str,
    /// `iam:AWSServiceName`, which is also in the role's path.
    pub service_principal: &'a str,
    /// The final name, suffix included.
    pub role_name: &'a str,
}

impl CreateServiceLinkedRole<'_> {
    /// The action.
    pub const ACTION: &'static str = "iam:CreateServiceLinkedRole";

    /// The resource: the ARN that the role would have.
    pub fn resource(&self) -> String {
        service_linked_role_arn(self.partition, self.account, self.service_principal, self.role_name)
    }

    /// All condition keys of the request.
    pub fn context(&self, caller: &Caller) -> Context {
        caller
            .context()
            .with(key::REQUESTED_REGION, key::global_region(self.partition))
            .with(key::AWS_SERVICE_NAME, self.service_principal)
    }
}
