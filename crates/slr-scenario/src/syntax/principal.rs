//! Users and ordinary roles.

use super::declare::record;
use super::document::PolicyDocument;
use super::scalar::{Duration, Text};
use crate::yaml::Spanned;

record! {
    /// An ordinary role or a service role that may exist in the account.
    pub struct Role, "a role" {
        /// Who may assume it: service principals and ARNs. Default: nobody.
        "trust" => pub trust: Vec<Text>,
        /// Its path. Default: /.
        "path" => pub path: Option<Text>,
        /// Its description.
        "description" => pub description: Option<Text>,
        /// Its longest session, from one hour to twelve. Default: 1h.
        "max-session-duration" => pub max_session_duration: Option<Spanned<Duration>>,
        /// Managed policies that are attached to it, by name or ARN. As long as there are any,
        /// `DeleteRole` answers `DeleteConflict`.
        "attached" => pub attached: Vec<Text>,
        /// Actions that it may do on everything, such as "ec2:RunInstances".
        "allow" => pub allow: Vec<Text>,
        /// Policy documents for what is less than everything.
        "policies" => pub policies: Vec<Spanned<PolicyDocument>>,
    }
}

record! {
    /// A user of the account. Besides the users named here there is `admin`, who may do everything.
    pub struct User, "a user" {
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
