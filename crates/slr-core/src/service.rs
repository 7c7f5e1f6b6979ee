//! Service definitions as data: what a service lays down for its linked role.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::{RoleName, ServicePrincipal};
use crate::rejection::Code;

/// A whole in millionths: shares are integers, so that they are the same on every machine.
pub const MILLIONTHS: u32 = 1_000_000;

/// What a service tells of the resources that keep its role.
///
/// Source: IAM User Guide, "Using service-linked roles", deleting a service-linked role: a service may name all of them, some or
/// none. The policies between are Assumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportingPolicy {
    /// Every resource.
    #[default]
    All,
    /// The first n, in the order in which the world lists them. Which ones a real service leaves out, no source tells (Assumed).
    First(u32),
    /// Of n resources the given share in millionths, rounded up; which ones is open.
    Share(u32),
    /// Any of them or none; which ones is open.
    AnySubset,
    /// Those of one region; which region is open.
    OneRegion,
    /// The regions alone, without resources.
    RegionsOnly,
    /// A text without a list.
    TextOnly,
    /// Not even a text.
    Silent,
    /// Everything that ever used the role and was not forgotten, what was deleted meanwhile included.
    Stale,
}

impl ReportingPolicy {
    /// How many of `found` resources a share names.
    pub fn share_of(millionths: u32, found: u32) -> u32 {
        let share = (u64::from(millionths) * u64::from(found)).div_ceil(u64::from(MILLIONTHS));
        u32::try_from(share).unwrap_or(found).min(found)
    }
}

/// Who may delete the role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deletion {
    /// Somebody submits it.
    #[default]
    Manual,
    /// The service deletes it when its last resource is gone, or the last of one kind; it can be submitted, too.
    Automatic,
    /// A task always fails.
    Impossible,
}

/// A situation in which a service refuses a call with an error of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Situation {
    /// There is no such resource.
    NotFound,
    /// There is no such resource as the new one is to belong to or to be made from.
    ParentNotFound,
    /// The resource is to be made, and is there.
    AlreadyExists,
    /// The resource is not in a state in which the operation can be called, or something stands against it.
    InUse,
    /// The service uses the role, and the call has to wait for it.
    Busy,
    /// Other resources depend on the resource.
    DependedOn,
    /// The request is not valid: something is missing or is too much, or the resource can never again be such that it is granted.
    InvalidRequest,
    /// The account has as many resources of the kind as it may have in the Region.
    QuotaReached,
    /// The service needs its role, and there is none.
    RoleMissing,
    /// The service needs its role, and it has not spread yet.
    RoleNotSpread,
    /// The role is locked while its deletion is unfinished.
    RoleLocked,
    /// The service is to make its role, and the caller may not create it.
    MayNotMakeRole,
}

impl Situation {
    /// The code of ours that comes back.
    pub const fn code(self) -> Code {
        match self {
            Self::NotFound | Self::ParentNotFound => Code::ResourceNotFound,
            Self::AlreadyExists => Code::ResourceAlreadyExists,
            Self::InUse | Self::Busy | Self::RoleLocked => Code::ResourceInUse,
            Self::DependedOn | Self::RoleMissing | Self::RoleNotSpread => Code::ResourceDependency,
            Self::InvalidRequest => Code::ValidationError,
            Self::QuotaReached => Code::LimitExceeded,
            Self::MayNotMakeRole => Code::AccessDenied,
        }
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "there is no such resource",
            Self::ParentNotFound => "there is no such resource as the new one is to belong to or to be made from",
            Self::AlreadyExists => "the resource is to be made, and is there",
            Self::InUse => {
                "the resource is not in a state in which the operation can be called, or something stands against it"
            }
            Self::Busy => "the service uses its role, and the call has to wait",
            Self::DependedOn => "other resources depend on the resource",
            Self::InvalidRequest => "the request is not valid",
            Self::QuotaReached => "the account has as many resources of the kind as it may have",
            Self::RoleMissing => "the service needs its role, and there is none",
            Self::RoleNotSpread => "the service needs its role, and it has not spread yet",
            Self::RoleLocked => "the role is locked while its deletion is unfinished",
            Self::MayNotMakeRole => "the service is to make its role, and the caller may not create it",
        })
    }
}

/// The name that the managed policy of a role has if it follows the pattern of most: what comes after `AWSServiceRoleFor` in the role's
/// name, and `ServiceRolePolicy`. Assumed where no source tells the name: every service-linked role that was recorded has one policy.
pub fn policy_after(role_name: &str) -> String {
    format!("{}ServiceRolePolicy", role_name.strip_prefix("AWSServiceRoleFor").unwrap_or(role_name))
}

/// How a service spells an error.
///
/// Source: the errors that the services' API References declare, and messages that their users have quoted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnError {
    /// Its name, such as `ClientException`; ours if it is `None`.
    pub name: Option<String>,
    /// Its message, with `{resource}` for the ARN and `{role}` for the name of the role; ours if it is `None`.
    pub message: Option<String>,
}

/// The errors that a service, or a kind of it, spells in its own way.
pub type OwnErrors = BTreeMap<Situation, OwnError>;

/// What a service lays down for its linked role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDefinition {
    /// The service principal.
    pub principal: ServicePrincipal,
    /// The prefix of the service's actions and the third part of its ARNs; the first label of the principal if it is `None`, which is
    /// Assumed.
    pub namespace: Option<String>,
    /// The fixed base name.
    pub role_name: RoleName,
    /// Whether a caller may add a suffix.
    pub suffix_allowed: bool,
    /// Who may assume the role; the service itself unless it defines more.
    pub trust: Vec<ServicePrincipal>,
    /// The name of the one managed policy, which can be attached to nothing else.
    pub policy: Option<String>,
    /// The actions that the policy allows.
    pub permits: Vec<String>,
    /// Operations, besides those of its kinds of resources, with which a caller passes a role to the service.
    pub passing_operations: Vec<String>,
    /// The description that the service gives a role it makes itself. It must be among the world's texts.
    pub description: Option<String>,
    /// Who may delete the role.
    pub deletion: Deletion,
    /// The kind with whose last resource the service deletes its role itself; with the last of all kinds if it is `None`.
    pub deleted_with: Option<String>,
    /// Whether the role takes no new use while its deletion is unfinished, whatever the knob says.
    pub locked_while_deleting: bool,
    /// What a failed task names.
    pub reports: ReportingPolicy,
    /// The text of a failed task's reason.
    pub reason: Option<String>,
    /// The region under which a failed task lists everything, where that is not the resource's own. Real failures were seen to
    /// name ARNs of one region under another.
    pub reported_region: Option<String>,
    /// How the service spells its errors.
    pub errors: OwnErrors,
}

impl ServiceDefinition {
    /// A definition with nothing but what it must have; everything else is the default.
    pub fn new(principal: ServicePrincipal, role_name: RoleName) -> Self {
        Self {
            trust: vec![principal.clone()],
            principal,
            namespace: None,
            role_name,
            suffix_allowed: false,
            policy: None,
            permits: Vec::new(),
            passing_operations: Vec::new(),
            description: None,
            deletion: Deletion::Manual,
            deleted_with: None,
            locked_while_deleting: false,
            reports: ReportingPolicy::All,
            reason: None,
            reported_region: None,
            errors: OwnErrors::new(),
        }
    }

    /// The prefix of the service's actions, such as `ssm`.
    pub fn namespace(&self) -> &str {
        let principal = self.principal.as_str();
        self.namespace.as_deref().unwrap_or_else(|| principal.split('.').next().unwrap_or(principal))
    }

    /// Whether the permissions policy allows the action. One that is not known allows everything.
    pub fn permits(&self, action: &str) -> bool {
        let fits = |permitted: &String| match permitted.strip_suffix('*') {
            Some(beginning) => {
                action.get(..beginning.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(beginning))
            }
            None => permitted.eq_ignore_ascii_case(action),
        };
        self.permits.is_empty() || self.permits.iter().any(fits)
    }

    /// The ARN of the role's managed policy.
    pub fn policy_arn(&self) -> Option<String> {
        self.policy.as_ref().map(|name| format!("arn:aws:iam::aws:policy/aws-service-role/{name}"))
    }
}
