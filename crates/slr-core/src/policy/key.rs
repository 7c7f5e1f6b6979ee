//! The condition keys that requests carry, besides those that describe the caller.
//!
//! Sources: Service Authorization Reference, condition keys of IAM; IAM User Guide, "AWS global condition context keys" and "IAM and
//! AWS STS condition context keys".

use crate::action::Operation;

/// The Region whose endpoint is called.
pub const REQUESTED_REGION: &str = "aws:RequestedRegion";
/// A tag on the resource, with its key after a slash.
pub const RESOURCE_TAG: &str = "aws:ResourceTag";
/// The same in IAM's own name.
pub const IAM_RESOURCE_TAG: &str = "iam:ResourceTag";
/// A tag in the request, with its key after a slash.
pub const REQUEST_TAG: &str = "aws:RequestTag";
/// The keys of all tags in the request.
pub const TAG_KEYS: &str = "aws:TagKeys";
/// The service whose role is to be made.
pub const AWS_SERVICE_NAME: &str = "iam:AWSServiceName";
/// The service that will use a role that is passed.
pub const PASSED_TO_SERVICE: &str = "iam:PassedToService";
/// What a role that is passed will be associated with.
pub const ASSOCIATED_RESOURCE_ARN: &str = "iam:AssociatedResourceArn";
/// The managed policy that is attached or detached.
pub const POLICY_ARN: &str = "iam:PolicyARN";
/// The role's permissions boundary; where the request sets one, that one.
pub const PERMISSIONS_BOUNDARY: &str = "iam:PermissionsBoundary";

/// The key of a tag, such as `aws:ResourceTag/team`.
pub fn of_tag(prefix: &str, key: &str) -> String {
    format!("{prefix}/{key}")
}

/// The Region of the endpoint of IAM and of the global endpoint of STS.
///
/// Sources: IAM User Guide, "AWS global condition context keys", `aws:RequestedRegion`: a global service has a single endpoint, in
/// `us-east-1`; AWS General Reference, endpoints of IAM in the other partitions.
pub fn global_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// Whether a call of the operation carries [`PERMISSIONS_BOUNDARY`].
///
/// Source: Service Authorization Reference, condition keys of the actions of IAM.
pub const fn has_boundary(operation: Operation) -> bool {
    match operation {
        Operation::AttachRolePolicy
        | Operation::DetachRolePolicy
        | Operation::PutRolePolicy
        | Operation::DeleteRolePolicy
        | Operation::PutRolePermissionsBoundary
        | Operation::DeleteRolePermissionsBoundary
        | Operation::UpdateAssumeRolePolicy
        | Operation::UpdateRole
        | Operation::UpdateRoleDescription
        | Operation::DeleteRole
        | Operation::PutUserPolicy
        | Operation::DeleteUserPolicy
        | Operation::AttachUserPolicy
        | Operation::DetachUserPolicy => true,
        Operation::CreateServiceLinkedRole
        | Operation::DeleteServiceLinkedRole
        | Operation::GetServiceLinkedRoleDeletionStatus
        | Operation::CreateRole
        | Operation::GetRole
        | Operation::ListRoles
        | Operation::GetRolePolicy
        | Operation::ListRolePolicies
        | Operation::ListAttachedRolePolicies
        | Operation::AddRoleToInstanceProfile
        | Operation::RemoveRoleFromInstanceProfile
        | Operation::ListInstanceProfilesForRole
        | Operation::TagRole
        | Operation::UntagRole
        | Operation::ListRoleTags
        | Operation::GenerateServiceLastAccessedDetails
        | Operation::GetServiceLastAccessedDetails
        | Operation::PutGroupPolicy
        | Operation::DeleteGroupPolicy
        | Operation::AttachGroupPolicy
        | Operation::DetachGroupPolicy
        | Operation::AddUserToGroup
        | Operation::RemoveUserFromGroup
        | Operation::PassRole
        | Operation::AssumeRole => false,
    }
}
