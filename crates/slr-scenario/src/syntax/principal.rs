//! Users, groups, ordinary roles, and the organization above the account.

use super::declare::record;
use super::document::PolicyDocument;
use super::scalar::{Duration, Text};
use crate::yaml::Spanned;

record! {
    /// An ordinary role or a service role that may exist in the account.
    pub struct Role, "a role" {
        /// Who may assume it: service principals and ARNs. Default: nobody.
        "trust" => pub trust: Vec<Text>,
        /// Its trust policy as a document, in place of `trust`, for what a list of names cannot say.
        "trust-policy" => pub trust_policy: Option<Spanned<PolicyDocument>>,
        /// Its path. Default: /.
        "path" => pub path: Option<Text>,
        /// Its description.
        "description" => pub description: Option<Text>,
        /// Its longest session, from one hour to twelve. Default: 1h.
        "max-session-duration" => pub max_session_duration: Option<Spanned<Duration>>,
        /// Managed policies that are attached to it, by name or ARN. As long as there are any,
        /// `DeleteRole` answers `DeleteConflict`.
        "attached" => pub attached: Vec<Text>,
        /// The managed policy that is its permissions boundary: the most that it may have.
        "boundary" => pub boundary: Option<Text>,
        /// Actions that it may do on everything, such as "ec2:RunInstances".
        "allow" => pub allow: Vec<Text>,
        /// Policy documents for what is less than everything.
        "policies" => pub policies: Vec<Spanned<PolicyDocument>>,
    }
}

record! {
    /// A group of users. Its members have what it has.
    pub struct Group, "a group" {
        /// Managed policies that are attached to it, by name or ARN.
        "attached" => pub attached: Vec<Text>,
        /// Actions that its members may do on everything.
        "allow" => pub allow: Vec<Text>,
        /// Policy documents for what is less than everything.
        "policies" => pub policies: Vec<Spanned<PolicyDocument>>,
    }
}

record! {
    /// A level of the organization: its root, an organizational unit, or the account itself. Every
    /// level has to allow what users and ordinary roles do; service-linked roles are never bound.
    pub struct OrganizationLevel, "a level of the organization" {
        /// Whether the policy `FullAWSAccess` is attached, as it is unless somebody detaches it.
        /// Default: true.
        "full-access" => pub full_access: Option<Spanned<bool>>,
        /// Further service control policies.
        "policies" => pub policies: Vec<Spanned<PolicyDocument>>,
    }
}

record! {
    /// A user of the account. Besides the users named here there is `admin`, who may do everything.
    pub struct User, "a user" {
        /// The groups to which the user belongs.
        "groups" => pub groups: Vec<Text>,
        /// Managed policies that are attached to the user, by name or ARN.
        "attached" => pub attached: Vec<Text>,
        /// The managed policy that is the user's permissions boundary: the most that the user may
        /// have.
        "boundary" => pub boundary: Option<Text>,
        /// Actions that the user may do on everything, such as "iam:DeleteServiceLinkedRole".
        "allow" => pub allow: Vec<Text>,
        /// Policy documents for what is less than everything.
        "policies" => pub policies: Vec<Spanned<PolicyDocument>>,
    }
}

impl User {
    /// The user who may do everything and who acts where nobody is named.
    pub const ADMIN: &'static str = "admin";
}

impl OrganizationLevel {
    /// Whether `FullAWSAccess` is attached.
    ///
    /// Source: AWS Organizations User Guide, "Service control policies (SCPs)": it is attached to every root, organizational unit and
    /// account by default.
    #[must_use]
    pub fn full_access(&self) -> bool {
        self.full_access.as_ref().is_none_or(|full| full.value)
    }
}
