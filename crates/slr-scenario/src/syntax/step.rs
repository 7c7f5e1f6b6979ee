//! What is done, and what happens, at given times.

use std::fmt;

use schemars::{Schema, SchemaGenerator};

use super::argument::{Argument, deciding};
use super::declare::{choice, record, words};
use super::describe::or_parameter;
use super::document::PolicyDocument;
use super::expect::TaskStatus;
use super::grammar::{Named, OneOrMore, Reader, Syntax};
use super::operation::ErrorCode;
use super::scalar::{Duration, Text};
use crate::yaml::{Content, Node, Scalar, ScalarKind, Spanned};

/// Which deletion task a poll asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskRef {
    /// The one that was requested first.
    First,
    /// The one that was requested last.
    Last,
    /// The so-manieth that was requested, counted from 1 over all roles.
    Number(u32),
    /// One by an id that may belong to none.
    Id(String),
}

impl fmt::Display for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first"),
            Self::Last => f.write_str("last"),
            Self::Number(number) => number.fmt(f),
            Self::Id(id) => f.write_str(id),
        }
    }
}

impl Syntax for TaskRef {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Content::Scalar(scalar) = &node.content
            && scalar.kind() == ScalarKind::Integer
        {
            return u32::read(node, reader).map(Self::Number);
        }
        let text = String::read(node, reader)?;
        Some(match text.as_str() {
            "first" => Self::First,
            "last" => Self::Last,
            _ => Self::Id(text),
        })
    }

    fn write(&self) -> Node {
        match self {
            Self::First | Self::Last => Node::scalar(Scalar::plain(self.to_string())),
            Self::Number(number) => number.write(),
            Self::Id(id) => id.write(),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        or_parameter(
            &serde_json::json!({ "anyOf": [
                { "enum": ["first", "last"] },
                { "type": "integer", "minimum": 1 },
                { "type": "string" },
            ] }),
            generator,
        )
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        match dice.below(4) {
            0 => Self::First,
            1 => Self::Last,
            2 => Self::Number(u32::sample(dice)),
            _ => Self::Id(format!("task/{}", dice.text())),
        }
    }
}

record! {
    /// An operation that somebody calls at a given time.
    pub struct Perform, "a step" {
        /// When, counted from the start.
        "at" => pub at: Spanned<Duration>,
        /// Who calls: a user, or a session of one of the ordinary roles. Default: admin, who may do
        /// everything.
        "as" => pub caller: Option<Text>,
        /// The operation: one of IAM's, `AssumeRole`, or one of a kind's.
        "do" => pub operation: Text,
        /// The name of the role that it is about.
        "role" => pub role: Option<Text>,
        /// The service principal, for `CreateServiceLinkedRole`, and where several services have an
        /// operation of that name.
        "service" => pub service: Option<Text>,
        /// The suffix of the role's name, for `CreateServiceLinkedRole`.
        "suffix" => pub suffix: Option<Text>,
        /// The description.
        "description" => pub description: Option<Text>,
        /// The longest session, from one hour to twelve.
        "max-session-duration" => pub max_session_duration: Option<Spanned<Duration>>,
        /// The path, for `CreateRole`; the beginning of the paths, for `ListRoles`.
        "path" => pub path: Option<Text>,
        /// The policy: the ARN or name of a managed one, the name of an inline one.
        "policy" => pub policy: Option<Text>,
        /// The managed policy that is to be the role's permissions boundary, by name or ARN, for `CreateRole`.
        "boundary" => pub boundary: Option<Text>,
        /// Who may assume the role: service principals and ARNs.
        "trust" => pub trust: Vec<Text>,
        /// The text of an inline policy, or of a trust policy in place of `trust`.
        "document" => pub document: Option<Spanned<PolicyDocument>>,
        /// The tags.
        "tags" => pub tags: Named<Text>,
        /// The keys of tags that are taken away.
        "tag-keys" => pub tag_keys: Vec<Text>,
        /// The user whose rights change.
        "user" => pub user: Option<Text>,
        /// The group whose rights change, or that a user joins or leaves.
        "group" => pub group: Option<Text>,
        /// The instance profile.
        "profile" => pub profile: Option<Text>,
        /// The deletion task: `last`, `first`, a number counted from 1 over all roles, or an id.
        "task" => pub task: Option<Spanned<TaskRef>>,
        /// The resource.
        "resource" => pub resource: Option<Text>,
        /// The Region in which a resource is made. Default: that of its first parent, or the account's first.
        "region" => pub region: Option<Text>,
        /// The resource to which a new resource belongs, or from which it is made, or several.
        "parent" => pub parent: Option<OneOrMore<Text>>,
        /// The optional parameters that an operation of a kind is called with, where they decide
        /// what it does.
        "with" => pub with: Option<OneOrMore<Text>>,
        /// Parameters that an operation of a kind is called with, and their values, by their names
        /// in the API, such as `Schedule`.
        "parameters" => pub parameters: Named<Spanned<Argument>>,
        /// The role that is passed with an operation of a kind.
        "passes" => pub passes: Option<Text>,
        /// The actions that the service needs for its work with a new resource, such as
        /// "sns:Publish".
        "needs" => pub needs: Vec<Text>,
        /// The error with which the call is to be refused: a code of ours, or the service's own name of it, such as
        /// `DoesNotExistException`.
        "refused" => pub refused: Option<Spanned<ErrorCode>>,
        /// The exact message of that error.
        "message" => pub message: Option<Text>,
        /// What the call is to answer.
        "answers" => pub answers: Option<Spanned<Answers>>,
    }
}

record! {
    /// What a call is to answer.
    pub struct Answers, "an answer" {
        /// The status of the task, for a poll.
        "status" => pub status: Option<Spanned<TaskStatus>>,
        /// How many resources a failed task names.
        "reports" => pub reports: Option<Spanned<u32>>,
        /// The Regions that a failed task names.
        "regions" => pub regions: Vec<Text>,
        /// The sentence of a failed task.
        "reason" => pub reason: Option<Text>,
        /// The description of the role.
        "description" => pub description: Option<Text>,
        /// The whole name of the role.
        "role" => pub role: Option<Text>,
        /// The ARN of the role.
        "arn" => pub arn: Option<Text>,
        /// The principals that the role's trust policy names.
        "trust" => pub trust: Vec<Text>,
        /// The tags of the role.
        "tags" => pub tags: Named<Text>,
        /// How many things are listed.
        "count" => pub count: Option<Spanned<u32>>,
    }
}

words! {
    /// A move that nobody calls for.
    pub enum Happening, "something that can happen" {
        /// A trusted principal opens a session on a role.
        SessionOpens = "session-opens",
        /// An open session on a role ends.
        SessionEnds = "session-ends",
        /// The service begins to look whether a role can be deleted.
        TaskStarts = "task-starts",
        /// The service decides that nothing uses the role, and the role is gone.
        TaskSucceeds = "task-succeeds",
        /// The service decides that the role is in use, and reports what `reports` names.
        TaskFails = "task-fails",
        /// A resource makes a move that its service makes.
        ResourceMoves = "resource-moves",
        /// The service makes its role by itself.
        RoleAppears = "role-appears",
        /// The service deletes its role by itself.
        RoleDisappears = "role-disappears",
        /// An operator reads the documentation of the service.
        DocsRead = "docs-read",
        /// An operator requests the deletion of its role.
        OperatorSubmits = "operator-submits",
        /// An operator asks for the status of its deletion task.
        OperatorPolls = "operator-polls",
        /// An operator calls the next operation of a resource's clean-up.
        OperatorCleansUp = "operator-cleans-up",
        /// An operator stops waiting.
        OperatorGivesUp = "operator-gives-up",
        /// A deletion task can be polled from now on.
        TaskBecomesVisible = "task-becomes-visible",
        /// The record of a finished deletion task is dropped.
        TaskIsForgotten = "task-is-forgotten",
        /// A new role has spread and can be assumed.
        RolePropagates = "role-propagates",
        /// A Region stops answering.
        RegionFails = "region-fails",
        /// A Region answers again.
        RegionRecovers = "region-recovers",
    }
}

record! {
    /// A move of the world at a given time, where it would otherwise be left to chance.
    pub struct Happens, "a happening" {
        /// When, counted from the start.
        "at" => pub at: Spanned<Duration>,
        /// What happens.
        "happens" => pub happens: Spanned<Happening>,
        /// The role, for everything about sessions, tasks and roles.
        "role" => pub role: Option<Text>,
        /// The service, for a role that appears.
        "service" => pub service: Option<Text>,
        /// The suffix of a role that appears.
        "suffix" => pub suffix: Option<Text>,
        /// Who opens a session. Default: the first principal that the role trusts.
        "principal" => pub principal: Option<Text>,
        /// The resource that moves or is cleaned up.
        "resource" => pub resource: Option<Text>,
        /// The name of its move.
        "move" => pub step: Option<Text>,
        /// The resources that a failing task names; none of them if the list is empty. Default: what the service reports.
        "reports" => pub reports: Option<Vec<Text>>,
        /// The operator who does something.
        "operator" => pub operator: Option<Text>,
        /// The Region that fails or recovers.
        "region" => pub region: Option<Text>,
        /// The task that is forgotten, counted from 1 over all roles. Default: the role's latest.
        "task" => pub task: Option<Spanned<u32>>,
    }
}

choice! {
    /// What is done, or happens, at a given time.
    pub enum Step, "a step" {
        /// Somebody calls an operation.
        "do" => Do(Box<Perform>),
        /// The world moves.
        "happens" => Happens(Box<Happens>),
    }
}

impl Perform {
    /// The parameters that decide what the operation does, sorted; `words` are those that the operation's moves know.
    #[must_use]
    pub fn with<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        let names: Vec<&str> = self.with.iter().flat_map(|with| &with.0).map(|name| name.as_str()).collect();
        deciding(&names, &self.parameters, words)
    }

    /// The resources to which a new resource belongs.
    #[must_use]
    pub fn parents(&self) -> &[Text] {
        self.parent.as_ref().map_or(&[], |parents| &parents.0)
    }
}

impl Step {
    /// When the step is taken.
    #[must_use]
    pub fn at(&self) -> &Spanned<Duration> {
        match self {
            Self::Do(step) => &step.at,
            Self::Happens(step) => &step.at,
        }
    }
}
