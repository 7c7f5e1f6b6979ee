//! Settings of the modelled world: what the documentation leaves open or has changed since.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::declare::{record, words};
use super::delay::Delay;
use super::grammar::{Reader, Syntax};
use super::scalar::{Duration, Text};
use super::service_error::OwnErrors;
use crate::yaml::{Content, Node, Scalar, Spanned};

words! {
    /// Which age of AWS is modelled where the documentation and later behaviour differ.
    pub enum Reality, "a reality" {
        /// What the guides of 2019 and 2020 say.
        Documented = "documented",
        /// What was recorded of AWS later.
        Today = "today",
    }
}

words! {
    /// How much a refusal for want of a right tells.
    pub enum DenialReasons, "an amount of detail" {
        /// Who may not do what on which resource.
        Left = "left-out",
        /// That, and which sort of policy denies it or is without a statement that allows it.
        Given = "given",
    }
}

words! {
    /// When a deletion task looks whether the role is in use.
    pub enum Judged, "a moment of judgement" {
        /// When the task starts. What comes into use afterwards does not make it fail.
        Start = "start",
        /// When the task ends.
        End = "end",
        /// At both: what is reported is what was in use at the start, and what came into use
        /// since makes the task fail too.
        Both = "both",
    }
}

words! {
    /// Whether the longest session of a service-linked role may be changed.
    pub enum MaxSessionDurationChange, "an answer to a change of the session duration" {
        /// Refused: the role is protected.
        UnmodifiableEntity = "UnmodifiableEntity",
        /// Refused with the same code, in a text that speaks of the session duration.
        OfItsOwn = "UnmodifiableEntity-of-its-own",
        /// Done.
        Allowed = "allowed",
    }
}

words! {
    /// An error that answers a call for which no source says which one does.
    pub enum OpenError, "an error that AWS leaves open" {
        /// HTTP 409. Two callers changed the same thing at once.
        ConcurrentModification = "ConcurrentModification",
        /// HTTP 400. A parameter is wrong; for service-linked roles also: the name is taken.
        InvalidInput = "InvalidInput",
        /// HTTP 404. The role or the deletion task does not exist.
        NoSuchEntity = "NoSuchEntity",
        /// HTTP 400. The role is service-linked, and only its service may change it.
        UnmodifiableEntity = "UnmodifiableEntity",
        /// HTTP 400. A parameter has a wrong length or wrong characters.
        ValidationError = "ValidationError",
    }
}

words! {
    /// What a request for a role answers whose deletion is unfinished.
    pub enum CreateWhileDeleting, "an answer to a creation" {
        /// HTTP 409. Two callers changed the same thing at once.
        ConcurrentModification = "ConcurrentModification",
        /// HTTP 400. The name is taken.
        InvalidInput = "InvalidInput",
        /// HTTP 400. The role is not the caller's to change.
        UnmodifiableEntity = "UnmodifiableEntity",
        /// The role that is still there; its deletion goes on.
        Allowed = "allowed",
    }
}

words! {
    /// How a deletion is denied that cannot be done.
    pub enum CallOrTask, "a way to deny a deletion" {
        /// The request is accepted, and its task ends FAILED.
        TaskFails = "task-fails",
        /// The request itself is refused.
        CallRefused = "call-refused",
    }
}

/// How long a finished deletion task can be polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retention {
    /// As long as the account exists.
    Forever,
    /// So long after its end, drawn for each task; then a poll answers `NoSuchEntity`.
    For(Delay),
}

impl Syntax for Retention {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Scalar(scalar) if scalar.text == "forever" => Some(Self::Forever),
            Content::Scalar(_) | Content::Sequence(_) | Content::Mapping(_) => Delay::read(node, reader).map(Self::For),
        }
    }

    fn write(&self) -> Node {
        match self {
            Self::Forever => Node::scalar(Scalar::plain("forever")),
            Self::For(delay) => delay.write(),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let delay = Delay::schema(generator);
        json_schema!({ "anyOf": [{ "const": "forever" }, delay] })
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        if dice.chance(1, 2) { Self::Forever } else { Self::For(Delay::sample(dice)) }
    }
}

record! {
    /// Settings of the modelled world. Each has the default that fits the documentation best.
    #[derive(Default)]
    pub struct Knobs, "`knobs`" {
        /// When a deletion task looks whether the role is in use. Default: both.
        "judged" => pub judged: Option<Spanned<Judged>>,
        /// Whether the service can neither open sessions on a role nor begin to use it for a resource
        /// while a deletion task of it is unfinished. Default: false.
        "locked-while-deleting" => pub locked_while_deleting: Option<Spanned<bool>>,
        /// For so long after a deletion was requested a poll of its task answers `NoSuchEntity`.
        /// Default: 0s.
        "task-visibility-delay" => pub task_visibility_delay: Option<Spanned<Duration>>,
        /// How long a finished task can be polled: `forever` or a delay, drawn for each task. Default: forever.
        "task-retention" => pub task_retention: Option<Spanned<Retention>>,
        /// The error of `DeleteServiceLinkedRole` for a role that is not service-linked.
        /// Default: `NoSuchEntity`.
        "delete-of-ordinary-role" => pub delete_of_ordinary_role: Option<Spanned<OpenError>>,
        /// The error of a poll with an id that no task can have. Default: `InvalidInput`.
        "malformed-task-id" => pub malformed_task_id: Option<Spanned<OpenError>>,
        /// What a change of a service-linked role's longest session answers.
        /// Default: `UnmodifiableEntity`.
        "max-session-duration-of-slr" => pub max_session_duration_of_slr: Option<Spanned<MaxSessionDurationChange>>,
        /// The error of `CreateServiceLinkedRole` for a role whose deletion is unfinished, or `allowed`: then the call is answered with
        /// the role that is still there, and the deletion goes on. Default: `InvalidInput`.
        "create-while-deleting" => pub create_while_deleting: Option<Spanned<CreateWhileDeleting>>,
        /// For so long a role just made cannot be assumed. Default: 0s.
        "propagation-delay" => pub propagation_delay: Option<Spanned<Duration>>,
        /// The error for a name that base, `_` and suffix make longer than 64 characters.
        /// Default: `ValidationError`.
        "name-too-long" => pub name_too_long: Option<Spanned<OpenError>>,
        /// How a deletion is denied that cannot be done. Default: task-fails.
        "deletion-denied" => pub deletion_denied: Option<Spanned<CallOrTask>>,
        /// Whether a refusal for want of a right says which sort of policy is to blame, as has been so since about 2021.
        /// Default: given with `reality: today`, left-out without.
        "denial-reasons" => pub denial_reasons: Option<Spanned<DenialReasons>>,
        /// How services spell errors for which neither they nor their kinds have a spelling: those of
        /// clean-ups while the role is used, for one, are documented nowhere.
        "errors" => pub errors: Option<Spanned<OwnErrors>>,
        /// How built-in services are read where their documentation can be read in two ways, by the
        /// names that `slr catalog` shows. Default: the first of the two.
        "readings" => pub readings: Vec<Text>,
    }
}

/// The value given, or the default.
fn or<T: Copy>(given: Option<&Spanned<T>>, default: T) -> T {
    given.map_or(default, |given| given.value)
}

impl Knobs {
    /// When a deletion task looks whether the role is in use.
    #[must_use]
    pub fn judged(&self) -> Judged {
        or(self.judged.as_ref(), Judged::Both)
    }

    /// Whether the service can open no session while a task is unfinished.
    #[must_use]
    pub fn locked_while_deleting(&self) -> bool {
        or(self.locked_while_deleting.as_ref(), false)
    }

    /// How long a new task is unknown to a poll.
    #[must_use]
    pub fn task_visibility_delay(&self) -> Duration {
        or(self.task_visibility_delay.as_ref(), Duration::ZERO)
    }

    /// How long a finished task can be polled.
    #[must_use]
    pub fn task_retention(&self) -> Retention {
        self.task_retention.as_ref().map_or(Retention::Forever, |retention| retention.value.clone())
    }

    /// The error of `DeleteServiceLinkedRole` for a role that is not service-linked.
    #[must_use]
    pub fn delete_of_ordinary_role(&self) -> OpenError {
        or(self.delete_of_ordinary_role.as_ref(), OpenError::NoSuchEntity)
    }

    /// The error of a poll with an id that no task can have.
    #[must_use]
    pub fn malformed_task_id(&self) -> OpenError {
        or(self.malformed_task_id.as_ref(), OpenError::InvalidInput)
    }

    /// What a change of a service-linked role's longest session answers.
    #[must_use]
    pub fn max_session_duration_of_slr(&self) -> MaxSessionDurationChange {
        or(self.max_session_duration_of_slr.as_ref(), MaxSessionDurationChange::UnmodifiableEntity)
    }

    /// What a creation of a role answers whose deletion is unfinished.
    #[must_use]
    pub fn create_while_deleting(&self) -> CreateWhileDeleting {
        or(self.create_while_deleting.as_ref(), CreateWhileDeleting::InvalidInput)
    }

    /// How long a role just made cannot be assumed.
    #[must_use]
    pub fn propagation_delay(&self) -> Duration {
        or(self.propagation_delay.as_ref(), Duration::ZERO)
    }

    /// The error for a name that the suffix makes too long.
    #[must_use]
    pub fn name_too_long(&self) -> OpenError {
        or(self.name_too_long.as_ref(), OpenError::ValidationError)
    }

    /// How a deletion is denied that cannot be done.
    #[must_use]
    pub fn deletion_denied(&self) -> CallOrTask {
        or(self.deletion_denied.as_ref(), CallOrTask::TaskFails)
    }
}
