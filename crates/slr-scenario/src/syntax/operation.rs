//! The operations that a step can perform, and the errors with which AWS refuses them.

use std::fmt;

use super::grammar::words;

words! {
    /// An error with which AWS refuses a call.
    pub enum AwsError, "an error code of AWS" {
        /// HTTP 403. The caller may not do it, or there is no such service principal.
        AccessDenied = "AccessDenied",
        /// HTTP 409. Two callers changed the same thing at once.
        ConcurrentModification = "ConcurrentModification",
        /// HTTP 409. An ordinary role still has policies or instance profiles.
        DeleteConflict = "DeleteConflict",
        /// HTTP 409. `CreateRole`: the name is taken.
        EntityAlreadyExists = "EntityAlreadyExists",
        /// HTTP 400. A parameter is wrong; for service-linked roles also: the name is taken, or a
        /// suffix is not allowed.
        InvalidInput = "InvalidInput",
        /// HTTP 409. A quota is reached.
        LimitExceeded = "LimitExceeded",
        /// HTTP 400. A policy document cannot be read or names a principal that does not exist.
        MalformedPolicyDocument = "MalformedPolicyDocument",
        /// HTTP 404. The role or the deletion task does not exist.
        NoSuchEntity = "NoSuchEntity",
        /// HTTP 400. The policy of a service-linked role can be attached to no other role.
        PolicyNotAttachable = "PolicyNotAttachable",
        /// HTTP 400. Other resources depend on the resource, or what it needs is not there. Services
        /// spell it in their own ways.
        ResourceDependency = "ResourceDependency",
        /// HTTP 400. The resource or the role is being used. Services spell it in their own ways.
        ResourceInUse = "ResourceInUse",
        /// HTTP 404. There is no such resource. Services spell it in their own ways.
        ResourceNotFound = "ResourceNotFound",
        /// HTTP 500. AWS itself failed.
        ServiceFailure = "ServiceFailure",
        /// HTTP 503. The Region does not answer.
        ServiceUnavailable = "ServiceUnavailable",
        /// HTTP 400. Too many calls.
        Throttling = "Throttling",
        /// HTTP 400. The role is service-linked, and only its service may change it.
        UnmodifiableEntity = "UnmodifiableEntity",
        /// HTTP 400. A parameter has a wrong length or wrong characters.
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
        /// Who may assume a role.
        Trust = "trust",
        /// A policy document.
        Document = "document",
        /// Tags.
        Tags = "tags",
        /// Keys of tags.
        TagKeys = "tag-keys",
        /// An instance profile.
        Profile = "profile",
        /// A deletion task.
        Task = "task",
        /// A resource.
        Resource = "resource",
        /// A Region.
        Region = "region",
        /// The parent of a new resource.
        Parent = "parent",
    }
}

/// Declares the operations of IAM and STS with the fields that a step gives them.
macro_rules! operations {
    ($($(#[doc = $doc:literal])* $name:ident ($($needed:ident),*) [$($optional:ident),*],)*) => {
        /// An operation of IAM, or `AssumeRole` of STS, that a step can perform on a role.
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
    /// Opens a session on a role.
    AssumeRole (Role) [],
    /// Attaches a managed policy to a role.
    AttachRolePolicy (Role, Policy) [],
    /// Makes an ordinary role.
    CreateRole (Role) [Trust, Path, Description, MaxSessionDuration],
    /// Makes a service-linked role.
    CreateServiceLinkedRole (Service) [Suffix, Description],
    /// Deletes an ordinary role.
    DeleteRole (Role) [],
    /// Takes the permissions boundary from a role.
    DeleteRolePermissionsBoundary (Role) [],
    /// Deletes an inline policy of a role.
    DeleteRolePolicy (Role, Policy) [],
    /// Requests the deletion of a service-linked role.
    DeleteServiceLinkedRole (Role) [],
    /// Detaches a managed policy from a role.
    DetachRolePolicy (Role, Policy) [],
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
    /// Gives a role a permissions boundary.
    PutRolePermissionsBoundary (Role, Policy) [],
    /// Writes an inline policy of a role.
    PutRolePolicy (Role, Policy) [Document],
    /// Takes a role out of an instance profile.
    RemoveRoleFromInstanceProfile (Profile, Role) [],
    /// Tags a role.
    TagRole (Role, Tags) [],
    /// Takes tags from a role.
    UntagRole (Role, TagKeys) [],
    /// Changes who may assume a role.
    UpdateAssumeRolePolicy (Role, Trust) [],
    /// Changes a role's description or longest session.
    UpdateRole (Role) [Description, MaxSessionDuration],
    /// Changes a role's description.
    UpdateRoleDescription (Role, Description) [],
}

impl Operation {
    /// The operation of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|operation| operation.name() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
