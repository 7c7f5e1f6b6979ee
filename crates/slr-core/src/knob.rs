//! The settings of the modelled world that no source decides, or that sources decide differently.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::policy::DenialDetail;

/// When a deletion task judges whether its role is in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judged {
    /// Once, when the task goes `IN_PROGRESS`; from then to its end the role is locked against new use.
    Start,
    /// Once, at the decision.
    End,
    /// At both: the task fails if the role was in use at either, and reports what was found first.
    #[default]
    Both,
}

/// How `DeleteServiceLinkedRole` answers where the role is in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeletionDenied {
    /// The call is answered with a task, which fails. The API declares no error for the other way.
    #[default]
    TaskFails,
    /// The call itself is refused. For demonstrations: the guide says that a request "can be denied".
    CallRefused,
}

/// Which error answers a request that the API does not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// 404.
    NoSuchEntity,
    /// 400.
    InvalidInput,
    /// 400.
    UnmodifiableEntity,
    /// 400.
    ValidationError,
    /// 409.
    ConcurrentModification,
}

/// What becomes of a change of a service-linked role's longest session.
///
/// Source: IAM API Reference, `UpdateRole`, declares `UnmodifiableEntity` and gives no text; an emulator has one of its own for this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaxSessionDurationChange {
    /// Refused as every other change of a protected role is.
    #[default]
    Protected,
    /// Refused with a text of its own.
    ProtectedByItsOwnText,
    /// Done.
    Allowed,
}

/// Every setting, with its default. Assumed, unless the setting names a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Knobs {
    /// When a task judges use. The guides only say that deletion fails while the role is in use.
    pub judged: Judged,
    /// Whether the role is locked against new use, sessions and resources, while a deletion task is unfinished. AWS WAF documents that its
    /// role is locked for 15 minutes or more after a request. Source: AWS WAF API Reference,
    /// `WAFServiceLinkedRoleErrorException`.
    pub locked_while_deleting: bool,
    /// Whether a poll can come too early and be told that there is no such task. Real clients met it; how long it lasts is the
    /// driver's business.
    pub late_visibility: bool,
    /// Whether finished tasks are forgotten after a while. How long they are kept is the driver's business.
    pub tasks_are_forgotten: bool,
    /// Whether a role that was just made cannot be assumed at once. Source: IAM User Guide, "Changes that I make are not
    /// always immediately visible".
    pub late_propagation: bool,
    /// How `DeleteServiceLinkedRole` answers where the role is in use.
    pub deletion_denied: DeletionDenied,
    /// The answer to `DeleteServiceLinkedRole` for a role that is not service-linked.
    pub delete_of_ordinary_role: Answer,
    /// The answer to a poll with a task id that is none.
    pub malformed_task_id: Answer,
    /// The error of `CreateServiceLinkedRole` while the role's deletion is unfinished. Without one the call is answered with the role that is
    /// still there, changes nothing about it, and the deletion goes on.
    pub create_while_deleting: Option<Answer>,
    /// The answer to a role name that its suffix makes too long.
    pub name_too_long: Answer,
    /// What `UpdateRole` makes of a `MaxSessionDuration` for a service-linked role.
    pub max_session_duration: MaxSessionDurationChange,
    /// How many roles the account may have; only service-linked roles go beyond. Source: IAM User Guide, "IAM and AWS STS
    /// quotas": 1000, which can be raised to 5000.
    pub role_quota: u32,
    /// Managed policies per role. Source: as above: 10, which can be raised to 20.
    pub managed_policies_per_role: u32,
    /// Tags per role. Source: as above.
    pub tags_per_role: u32,
    /// How many characters a trust policy may have, white space aside. Source: as above: 2048, which can be raised to 4096.
    pub trust_policy_length: u32,
    /// How many resources of a kind the account may have in each Region, by the kind's name. Services declare quotas whose numbers
    /// their API References do not tell.
    pub resource_quotas: BTreeMap<String, u32>,
    /// Whether a refusal for want of a right tells which sort of policy is to blame.
    pub denial_detail: DenialDetail,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            judged: Judged::Both,
            locked_while_deleting: false,
            late_visibility: false,
            tasks_are_forgotten: false,
            late_propagation: false,
            deletion_denied: DeletionDenied::TaskFails,
            delete_of_ordinary_role: Answer::NoSuchEntity,
            malformed_task_id: Answer::InvalidInput,
            create_while_deleting: Some(Answer::InvalidInput),
            name_too_long: Answer::ValidationError,
            max_session_duration: MaxSessionDurationChange::Protected,
            role_quota: 1000,
            managed_policies_per_role: 10,
            tags_per_role: 50,
            trust_policy_length: 2_048,
            resource_quotas: BTreeMap::new(),
            denial_detail: DenialDetail::Plain,
        }
    }
}
