//! What a scenario expects of its world.

use super::declare::{choice, record, words};
use super::grammar::OneOrMore;
use super::operation::ErrorCode;
use super::scalar::{Count, Duration, Text};
use crate::yaml::Spanned;

words! {
    /// The status of a deletion task.
    ///
    /// Source: IAM API Reference, `GetServiceLinkedRoleDeletionStatus`.
    pub enum TaskStatus, "a status of a deletion task" {
        /// Requested; the service has not begun to look.
        NotStarted = "NOT_STARTED",
        /// The service looks whether anything uses the role.
        InProgress = "IN_PROGRESS",
        /// The role is gone.
        Succeeded = "SUCCEEDED",
        /// The role is there, and the task says why, or not.
        Failed = "FAILED",
    }
}

words! {
    /// Something that is true or false of the world at a moment.
    pub enum Predicate, "a predicate" {
        /// The role exists.
        RoleLive = "role-live",
        /// The role does not exist: not yet, or no longer.
        RoleAbsent = "role-absent",
        /// The role existed and does not any more.
        RoleGone = "role-gone",
        /// A session on the role is open.
        SessionOpen = "session-open",
        /// A session on the role is open, or a resource blocks it.
        InUse = "in-use",
        /// A deletion task of the role has not ended.
        TaskUnfinished = "task-unfinished",
        /// The last deletion task of the role failed.
        TaskFailed = "task-failed",
        /// The last deletion task of the role succeeded.
        TaskSucceeded = "task-succeeded",
        /// Every resource is gone: those of the role, of the kind, or all.
        ResourcesGone = "resources-gone",
        /// The resource is in the state that `state` names; for a kind, each of its resources.
        ResourceIn = "resource-in",
        /// Some resource of the kind is in the state that `state` names.
        SomeResourceIn = "some-resource-in",
        /// The operator has reached its goal, or believes so.
        OperatorDone = "operator-done",
        /// The operator has used up its attempts.
        OperatorGaveUp = "operator-gave-up",
    }
}

/// What a predicate is about.
#[derive(Debug, Clone, Copy)]
pub struct PredicateArguments<'a> {
    /// The role; where none is named, the only one.
    pub role: Option<&'a Text>,
    /// The kind of resources.
    pub kind: Option<&'a Text>,
    /// The resource.
    pub resource: Option<&'a Text>,
    /// The state of the resource.
    pub state: Option<&'a Text>,
    /// The operator; where none is named, the only one.
    pub operator: Option<&'a Text>,
}

impl Predicate {
    /// The arguments without which it says nothing.
    #[must_use]
    pub const fn needs(self) -> &'static [&'static str] {
        match self {
            Self::ResourceIn => &["state"],
            Self::SomeResourceIn => &["state", "kind"],
            Self::RoleLive
            | Self::RoleAbsent
            | Self::RoleGone
            | Self::SessionOpen
            | Self::InUse
            | Self::TaskUnfinished
            | Self::TaskFailed
            | Self::TaskSucceeded
            | Self::ResourcesGone
            | Self::OperatorDone
            | Self::OperatorGaveUp => &[],
        }
    }

    /// The further arguments that it takes.
    #[must_use]
    pub const fn takes(self) -> &'static [&'static str] {
        match self {
            Self::RoleLive
            | Self::RoleAbsent
            | Self::RoleGone
            | Self::SessionOpen
            | Self::InUse
            | Self::TaskUnfinished
            | Self::TaskFailed
            | Self::TaskSucceeded => &["role"],
            Self::ResourcesGone => &["role", "kind"],
            Self::ResourceIn => &["resource", "kind"],
            Self::SomeResourceIn => &[],
            Self::OperatorDone | Self::OperatorGaveUp => &["operator"],
        }
    }
}

/// Declares an expectation about a predicate.
macro_rules! temporal {
    ($(#[doc = $doc:literal])* $name:ident, $key:literal => $(#[doc = $predicate_doc:literal])* $field:ident
        $(, $(#[doc = $extra_doc:literal])* $extra_key:literal => pub $extra:ident: $extra_type:ty)*) => {
        record! {
            $(#[doc = $doc])*
            pub struct $name, "an expectation" {
                $(#[doc = $predicate_doc])*
                $key => pub $field: Spanned<Predicate>,
                /// The role that it is about. Default: the only one.
                "role" => pub role: Option<Text>,
                /// The kind of the resources that it is about.
                "kind" => pub kind: Option<Text>,
                /// The resource that it is about.
                "resource" => pub resource: Option<Text>,
                /// The state of the resource.
                "state" => pub state: Option<Text>,
                /// The operator that it is about. Default: the only one.
                "operator" => pub operator: Option<Text>,
                $($(#[doc = $extra_doc])* $extra_key => pub $extra: $extra_type,)*
            }
        }

        impl $name {
            /// What the predicate is about.
            #[must_use]
            pub fn arguments(&self) -> PredicateArguments<'_> {
                PredicateArguments {
                    role: self.role.as_ref(),
                    kind: self.kind.as_ref(),
                    resource: self.resource.as_ref(),
                    state: self.state.as_ref(),
                    operator: self.operator.as_ref(),
                }
            }
        }
    };
}

temporal! {
    /// It becomes true at some time, and in time if `within` says so.
    Eventually, "eventually" =>
    /// What becomes true.
    eventually,
    /// The latest time, counted from the start. Default: the end of the run.
    "within" => pub within: Option<Spanned<Duration>>
}

temporal! {
    /// It is true at every moment.
    Always, "always" =>
    /// What is true.
    always,
    /// Only moments count at which this is true too.
    "while" => pub circumstance: Option<Spanned<Predicate>>
}

temporal! {
    /// It is true at no moment.
    Never, "never" =>
    /// What is not true.
    never,
    /// Only moments count at which this is true too.
    "while" => pub circumstance: Option<Spanned<Predicate>>
}

temporal! {
    /// It is true in some run: the checker finds one, a single run may miss it.
    Sometimes, "sometimes" =>
    /// What may be true.
    sometimes,
    /// Only moments count at which this is true too.
    "while" => pub circumstance: Option<Spanned<Predicate>>
}

temporal! {
    /// It is true when the run has ended.
    Finally, "finally" =>
    /// What is true.
    finally
}

temporal! {
    /// Whatever has happened, it can still come true: the checker asks it of every state.
    Possible, "possible" =>
    /// What can come true.
    possible
}

record! {
    /// The deletion tasks of a role end like this, in this order, and there are no others.
    pub struct Tasks, "an expectation" {
        /// How they end, the first first.
        "tasks" => pub tasks: Spanned<Vec<Spanned<TaskStatus>>>,
        /// The role. Default: the only one.
        "role" => pub role: Option<Text>,
    }
}

record! {
    /// One deletion task says this.
    pub struct TaskExpectation, "an expectation" {
        /// Which task of the role, counted from 1.
        "task" => pub task: Spanned<u32>,
        /// The role. Default: the only one.
        "role" => pub role: Option<Text>,
        /// How it ends.
        "status" => pub status: Option<Spanned<TaskStatus>>,
        /// How many resources it names.
        "reports" => pub reports: Option<Spanned<Count>>,
        /// The names of exactly those resources.
        "names" => pub names: Option<Vec<Text>>,
        /// Exactly the Regions that it names.
        "regions" => pub regions: Option<Vec<Text>>,
        /// The sentence that it says.
        "reason" => pub reason: Option<Text>,
    }
}

record! {
    /// So many calls are refused.
    pub struct Refusals, "an expectation" {
        /// How many.
        "refusals" => pub refusals: Spanned<Count>,
        /// Only those with this error, or one of these: codes of ours, or names that services give.
        "code" => pub code: Option<Spanned<OneOrMore<Spanned<ErrorCode>>>>,
        /// Only calls of this operation.
        "operation" => pub operation: Option<Text>,
        /// Only calls of this operator.
        "operator" => pub operator: Option<Text>,
    }
}

record! {
    /// An operator needs so many attempts.
    pub struct Attempts, "an expectation" {
        /// How many deletions or creations it requests in all.
        "attempts" => pub attempts: Spanned<Count>,
        /// The operator. Default: the only one.
        "operator" => pub operator: Option<Text>,
    }
}

choice! {
    /// Something that a scenario expects.
    pub enum Expectation, "an expectation" {
        /// It becomes true.
        "eventually" => Eventually(Eventually),
        /// It is true at every moment.
        "always" => Always(Always),
        /// It is true at no moment.
        "never" => Never(Never),
        /// It is true in some run.
        "sometimes" => Sometimes(Sometimes),
        /// It is true at the end.
        "finally" => Finally(Finally),
        /// It can still come true, whatever has happened.
        "possible" => Possible(Possible),
        /// The tasks of a role end like this.
        "tasks" => Tasks(Tasks),
        /// One task says this.
        "task" => Task(TaskExpectation),
        /// So many calls are refused.
        "refusals" => Refusals(Refusals),
        /// An operator needs so many attempts.
        "attempts" => Attempts(Attempts),
    }
}
