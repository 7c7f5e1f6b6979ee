//! The operations that a step can perform, and the errors with which AWS refuses them.

use std::fmt;

use schemars::{Schema, SchemaGenerator, json_schema};
use slr_core::rejection;

use super::declare::words;
use super::describe::or_parameter;
use super::grammar::{Reader, Syntax, clipped};
use super::scalar::{self, code_of_a_service};
use crate::diagnostic::{Code, did_you_mean};
use crate::yaml::Node;

words! {
    /// An error with which AWS refuses a call.
    pub enum AwsError, "an error code of AWS" {
        /// The caller may not do it, or there is no such service principal.
        AccessDenied = "AccessDenied",
        /// Two callers changed the same thing at once.
        ConcurrentModification = "ConcurrentModification",
        /// An ordinary role still has policies or instance profiles.
        DeleteConflict = "DeleteConflict",
        /// `CreateRole`: the name is taken.
        EntityAlreadyExists = "EntityAlreadyExists",
        /// A parameter is wrong; for service-linked roles also: the name is taken, or a
        /// suffix is not allowed.
        InvalidInput = "InvalidInput",
        /// A quota is reached.
        LimitExceeded = "LimitExceeded",
        /// A policy document cannot be read or names a principal that does not exist.
        MalformedPolicyDocument = "MalformedPolicyDocument",
        /// The role or the deletion task does not exist.
        NoSuchEntity = "NoSuchEntity",
        /// No error of AWS's: AWS would grant the call, and slr cannot. A resource is to be made
        /// under the name of one that is gone.
        NotModelled = "NotModelled",
        /// The policy of a service-linked role can be attached to no other role.
        PolicyNotAttachable = "PolicyNotAttachable",
        /// The resource is there already. Services spell it in their own ways.
        ResourceAlreadyExists = "ResourceAlreadyExists",
        /// Other resources depend on the resource, or what it needs is not there. Services
        /// spell it in their own ways.
        ResourceDependency = "ResourceDependency",
        /// The resource or the role is being used. Services spell it in their own ways.
        ResourceInUse = "ResourceInUse",
        /// There is no such resource. Services spell it in their own ways.
        ResourceNotFound = "ResourceNotFound",
        /// AWS itself failed.
        ServiceFailure = "ServiceFailure",
        /// The Region does not answer.
        ServiceUnavailable = "ServiceUnavailable",
        /// Too many calls.
        Throttling = "Throttling",
        /// The role is service-linked, and only its service may change it.
        UnmodifiableEntity = "UnmodifiableEntity",
        /// A parameter has a wrong length or wrong characters.
        ValidationError = "ValidationError",
    }
}

words! {
    /// A field of a step that an operation may take.
    pub enum Field, "a field" {
        /// The name of a role.
        Role = "role",
        /// A service principal.
        Service = "service",
        /// A suffix of a role's name.
        Suffix = "suffix",
        /// A description.
        Description = "description",
        /// The longest session.
        MaxSessionDuration = "max-session-duration",
        /// The path of a role.
        Path = "path",
        /// A policy, by name or ARN.
        Policy = "policy",
        /// A permissions boundary, by name or ARN.
        Boundary = "boundary",
        /// Who may assume a role.
        Trust = "trust",
        /// A policy document.
        Document = "document",
        /// Tags.
        Tags = "tags",
        /// Keys of tags.
        TagKeys = "tag-keys",
        /// A user.
        User = "user",
        /// A group.
        Group = "group",
        /// An instance profile.
        Profile = "profile",
        /// A deletion task.
        Task = "task",
        /// A resource.
        Resource = "resource",
        /// A Region.
        Region = "region",
        /// The parents of a new resource.
        Parent = "parent",
        /// Optional parameters that decide what an operation does.
        With = "with",
        /// Other parameters of a call, with their values.
        Parameters = "parameters",
        /// A role that is passed.
        Passes = "passes",
        /// Actions that the service needs for a new resource.
        Needs = "needs",
    }
}

/// Declares the operations of IAM and STS with the fields that a step gives them.
macro_rules! operations {
    ($($(#[doc = $doc:literal])* $name:ident ($($needed:ident),*) [$($optional:ident),*],)*) => {
        /// An operation of IAM, or `AssumeRole` of STS, that a step can perform.
        ///
        /// Source: IAM API Reference; AWS STS API Reference, `AssumeRole`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $($(#[doc = $doc])* $name,)*
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The operation's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The fields without which a step cannot perform it.
            #[must_use]
            pub const fn needs(self) -> &'static [Field] {
                match self {
                    $(Self::$name => &[$(Field::$needed),*],)*
                }
            }

            /// The further fields that it takes.
            #[must_use]
            pub const fn takes(self) -> &'static [Field] {
                match self {
                    $(Self::$name => &[$(Field::$optional),*],)*
                }
            }
        }
    };
}

operations! {
    /// Makes an instance profile hold a role.
    AddRoleToInstanceProfile (Profile, Role) [],
    /// Puts a user into a group.
    AddUserToGroup (User, Group) [],
    /// Opens a session on a role.
    AssumeRole (Role) [],
    /// Attaches a managed policy to a group.
    AttachGroupPolicy (Group, Policy) [],
    /// Attaches a managed policy to a role.
    AttachRolePolicy (Role, Policy) [],
    /// Attaches a managed policy to a user.
    AttachUserPolicy (User, Policy) [],
    /// Makes an ordinary role.
    CreateRole (Role) [Trust, Document, Path, Description, MaxSessionDuration, Boundary, Tags],
    /// Makes a service-linked role.
    CreateServiceLinkedRole (Service) [Suffix, Description],
    /// Deletes an inline policy of a group.
    DeleteGroupPolicy (Group, Policy) [],
    /// Deletes an ordinary role.
    DeleteRole (Role) [],
    /// Takes the permissions boundary from a role.
    DeleteRolePermissionsBoundary (Role) [],
    /// Deletes an inline policy of a role.
    DeleteRolePolicy (Role, Policy) [],
    /// Requests the deletion of a service-linked role.
    DeleteServiceLinkedRole (Role) [],
    /// Deletes an inline policy of a user.
    DeleteUserPolicy (User, Policy) [],
    /// Detaches a managed policy from a group.
    DetachGroupPolicy (Group, Policy) [],
    /// Detaches a managed policy from a role.
    DetachRolePolicy (Role, Policy) [],
    /// Detaches a managed policy from a user.
    DetachUserPolicy (User, Policy) [],
    /// Looks at a role.
    GetRole (Role) [],
    /// Looks at an inline policy of a role.
    GetRolePolicy (Role, Policy) [],
    /// Asks how far a deletion task is.
    GetServiceLinkedRoleDeletionStatus (Task) [],
    /// Lists the managed policies that are attached to a role.
    ListAttachedRolePolicies (Role) [],
    /// Lists the instance profiles that hold a role.
    ListInstanceProfilesForRole (Role) [],
    /// Lists the inline policies of a role.
    ListRolePolicies (Role) [],
    /// Lists the tags of a role.
    ListRoleTags (Role) [],
    /// Lists the roles of the account.
    ListRoles () [Path],
    /// Writes an inline policy of a group.
    PutGroupPolicy (Group, Policy, Document) [],
    /// Gives a role a permissions boundary.
    PutRolePermissionsBoundary (Role, Policy) [],
    /// Writes an inline policy of a role.
    PutRolePolicy (Role, Policy) [Document],
    /// Writes an inline policy of a user.
    PutUserPolicy (User, Policy, Document) [],
    /// Takes a role out of an instance profile.
    RemoveRoleFromInstanceProfile (Profile, Role) [],
    /// Takes a user out of a group.
    RemoveUserFromGroup (User, Group) [],
    /// Tags a role.
    TagRole (Role, Tags) [],
    /// Takes tags from a role.
    UntagRole (Role, TagKeys) [],
    /// Changes who may assume a role.
    UpdateAssumeRolePolicy (Role) [Trust, Document],
    /// Changes a role's description or longest session.
    UpdateRole (Role) [Description, MaxSessionDuration],
    /// Changes a role's description.
    UpdateRoleDescription (Role, Description) [],
}

/// The code of an error: one of ours, or the name that a service gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// One of ours, which are those of IAM and one for each situation in which services answer in their own ways.
    Ours(AwsError),
    /// A service's own, such as `DoesNotExistException`.
    OfService(String),
}

impl ErrorCode {
    /// The code of ours, if it is one.
    #[must_use]
    pub const fn ours(&self) -> Option<AwsError> {
        match self {
            Self::Ours(error) => Some(*error),
            Self::OfService(_) => None,
        }
    }

    /// The name that a service gives it, if it is no code of ours.
    #[must_use]
    pub fn of_service(&self) -> Option<&str> {
        match self {
            Self::Ours(_) => None,
            Self::OfService(name) => Some(name),
        }
    }
}

impl From<AwsError> for ErrorCode {
    fn from(error: AwsError) -> Self {
        Self::Ours(error)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(error) => error.fmt(f),
            Self::OfService(name) => f.write_str(name),
        }
    }
}

impl Syntax for ErrorCode {
    /// Whether a service has the name is looked at once the services are known.
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = scalar::read_text(node, "an error code of AWS", reader)?;
        if let Some(error) = AwsError::named(text) {
            return Some(Self::Ours(error));
        }
        if code_of_a_service(text) {
            return Some(Self::OfService(text.to_owned()));
        }
        let help = did_you_mean(text, AwsError::ALL.iter().map(|error| error.word()));
        reader.wrong(Code::UnknownWord, node, format!("`{}` is not an error code of AWS", clipped(text)), help);
        None
    }

    fn write(&self) -> Node {
        match self {
            Self::Ours(error) => error.write(),
            Self::OfService(name) => name.write(),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let ours = generator.subschema_for::<AwsError>().to_value();
        let code = json_schema!({ "anyOf": [
            ours,
            { "type": "string", "pattern": "^[A-Z][A-Za-z0-9]{0,99}$" },
        ] });
        or_parameter(&code.to_value(), generator)
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        if dice.chance(1, 3) {
            Self::OfService("DoesNotExistException".to_owned())
        } else {
            Self::Ours(AwsError::sample(dice))
        }
    }
}

impl AwsError {
    /// The core's code of this name.
    #[must_use]
    pub fn code(self) -> rejection::Code {
        let found = rejection::Code::ALL.iter().find(|code| code.name() == self.word());
        found.copied().unwrap_or(rejection::Code::ServiceFailure)
    }

    /// The status with which HTTP carries it.
    #[must_use]
    pub fn http_status(self) -> u16 {
        self.code().http_status()
    }
}

impl Operation {
    /// The operation of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.name() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_one_of_the_core_and_the_other_way_round() {
        assert!(AwsError::ALL.iter().all(|error| error.code().name() == error.word()));
        assert_eq!(AwsError::ALL.len(), rejection::Code::ALL.len());
    }
}
