//! Operators: clients that work towards a goal on their own.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::declare::{record, words};
use super::describe::or_parameter;
use super::grammar::{Reader, Syntax};
use super::principal::User;
use super::scalar::{Duration, Factor, Text, read_word};
use crate::yaml::{Content, Node, Scalar, Spanned};

words! {
    /// In which order an operator does what there is to do.
    pub enum Works, "a way to work" {
        /// As the guide says: request, poll until the end, clean up what was named, wait, again.
        InSteps = "in-steps",
        /// Whatever can be done is done at any moment: the checker takes every order.
        InAnyOrder = "in-any-order",
    }
}

words! {
    /// What an operator cleans up.
    pub enum Cleans, "a manner of cleaning up" {
        /// What the failed task named, and after reading the documentation everything.
        WhatWasNamed = "what-was-named",
        /// Nothing: the operator only tries again.
        Nothing = "nothing",
    }
}

words! {
    /// When an operator reads the documentation of the service, to learn what can use its role.
    pub enum ReadsDocs, "a habit of reading" {
        /// Never.
        Never = "never",
        /// When a task failed and named no resource.
        WhenNothingWasNamed = "when-nothing-was-named",
        /// At any moment.
        AtAnyTime = "at-any-time",
    }
}

words! {
    /// What an operator makes of a poll that answers `NoSuchEntity`.
    pub enum MissingTask, "a reading of a missing task" {
        /// Nothing: it looks whether the role is there and goes on polling if it is.
        Unknown = "unknown",
        /// That the deletion succeeded.
        Success = "success",
        /// That the deletion failed for good: it gives up.
        Failure = "failure",
    }
}

words! {
    /// What an operator makes of a failure that names nothing.
    pub enum EmptyReport, "a reading of an empty report" {
        /// That the role is in use all the same.
        InUse = "in-use",
        /// That nothing uses the role any more.
        Unused = "unused",
    }
}

words! {
    /// How chance changes the time between two attempts.
    pub enum Jitter, "a jitter" {
        /// Not at all.
        None = "none",
        /// Any time from none to all of it.
        Full = "full",
        /// Half of it, and any part of the other half.
        Equal = "equal",
    }
}

record! {
    /// What an operator wants: a role that is gone.
    pub struct Goal, "a goal" {
        /// The role's whole name.
        "delete" => pub delete: Text,
    }
}

record! {
    /// How often an operator asks how far its task is.
    #[derive(Default)]
    pub struct Polling, "a manner of polling" {
        /// The time between two polls. Default: 5s.
        "every" => pub every: Option<Spanned<Duration>>,
        /// For how long it polls one task before it gives up. Default: as long as it takes.
        "deadline" => pub deadline: Option<Spanned<Duration>>,
    }
}

/// How an operator learns what became of its task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polls {
    /// It is told at once: nothing of the polling is modelled.
    AtOnce,
    /// It asks.
    Polling(Polling),
}

impl Syntax for Polls {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Mapping(_) => Polling::read(node, reader).map(Self::Polling),
            Content::Scalar(_) | Content::Sequence(_) => {
                read_word(node, "a manner of polling", &["at-once"], reader).map(|_| Self::AtOnce)
            }
        }
    }

    fn write(&self) -> Node {
        match self {
            Self::AtOnce => Node::scalar(Scalar::plain("at-once")),
            Self::Polling(polling) => polling.write(),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }

    #[cfg(test)]
    fn sample(dice: &mut crate::syntax::sample::Dice) -> Self {
        if dice.chance(1, 2) { Self::AtOnce } else { Self::Polling(Polling::sample(dice)) }
    }
}

impl JsonSchema for Polls {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Polls".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = or_parameter(&serde_json::json!({ "const": "at-once" }), generator);
        let polling = Polling::schema(generator);
        json_schema!({
            "description": "How an operator learns what became of its task: it asks `every` so often, or is told `at-once`.",
            "anyOf": [word, polling],
        })
    }
}

record! {
    /// How long an operator waits before it tries again, and how often it tries.
    #[derive(Default)]
    pub struct Retry, "a manner of retrying" {
        /// The time before the second attempt. Default: 30s.
        "every" => pub every: Option<Spanned<Duration>>,
        /// By what that time grows with each attempt. Default: 1.
        "factor" => pub factor: Option<Spanned<Factor>>,
        /// The longest it grows to. Default: no limit.
        "cap" => pub cap: Option<Spanned<Duration>>,
        /// How chance changes it. Default: none.
        "jitter" => pub jitter: Option<Spanned<Jitter>>,
        /// How many attempts there are in all, the first included. Default: no limit.
        "attempts" => pub attempts: Option<Spanned<u32>>,
    }
}

record! {
    /// A client that works towards a goal on its own, as a person or a tool would.
    pub struct Operator, "an operator" {
        /// What it wants.
        "goal" => pub goal: Goal,
        /// As which user it calls. Default: admin, who may do everything.
        "as" => pub caller: Option<Text>,
        /// When it begins. Default: 0s.
        "starts" => pub starts: Option<Spanned<Duration>>,
        /// In which order it does what there is to do. Default: in-steps.
        "works" => pub works: Option<Spanned<Works>>,
        /// How it learns what became of its task. Default: it asks every 5s.
        "polls" => pub polls: Option<Spanned<Polls>>,
        /// How it tries again. Default: every 30s, without end.
        "retry" => pub retry: Option<Spanned<Retry>>,
        /// What it cleans up. Default: what-was-named.
        "cleans" => pub cleans: Option<Spanned<Cleans>>,
        /// When it reads the documentation of the service, after which it can clean up what no
        /// report named. Default: never.
        "reads-docs" => pub reads_docs: Option<Spanned<ReadsDocs>>,
        /// Whether there is documentation that it may read at all: a switch for a parameter.
        /// Default: true.
        "may-read-docs" => pub may_read_docs: Option<Spanned<bool>>,
        /// What it makes of a poll that answers `NoSuchEntity`. Default: unknown.
        "takes-missing-task-for" => pub takes_missing_task_for: Option<Spanned<MissingTask>>,
        /// What it makes of a failure that names nothing. Default: in-use.
        "takes-empty-report-for" => pub takes_empty_report_for: Option<Spanned<EmptyReport>>,
        /// Whether it takes a failed task for a success. Default: false.
        "ignores-failure" => pub ignores_failure: Option<Spanned<bool>>,
    }
}

impl Polling {
    /// The time between two polls.
    #[must_use]
    pub fn every(&self) -> Duration {
        self.every.as_ref().map_or(Duration::from_secs(5), |every| every.value)
    }
}

impl Retry {
    /// The time before the second attempt.
    #[must_use]
    pub fn every(&self) -> Duration {
        self.every.as_ref().map_or(Duration::from_secs(30), |every| every.value)
    }

    /// By what that time grows.
    #[must_use]
    pub fn factor(&self) -> Factor {
        self.factor.as_ref().map_or(Factor::ONE, |factor| factor.value)
    }

    /// The longest it grows to.
    #[must_use]
    pub fn cap(&self) -> Duration {
        self.cap.as_ref().map_or(Duration::LONGEST, |cap| cap.value)
    }

    /// How chance changes it.
    #[must_use]
    pub fn jitter(&self) -> Jitter {
        self.jitter.as_ref().map_or(Jitter::None, |jitter| jitter.value)
    }
}

impl Operator {
    /// How it learns what became of its task.
    #[must_use]
    pub fn polls(&self) -> Polls {
        let default = || Polls::Polling(Polling::default());
        self.polls.as_ref().map_or_else(default, |polls| polls.value.clone())
    }

    /// How it tries again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.retry.as_ref().map(|retry| retry.value.clone()).unwrap_or_default()
    }

    /// As which user it calls.
    #[must_use]
    pub fn caller(&self) -> &str {
        self.caller.as_ref().map_or(User::ADMIN, |caller| caller.as_str())
    }

    /// In which order it works.
    #[must_use]
    pub fn works(&self) -> Works {
        self.works.as_ref().map_or(Works::InSteps, |works| works.value)
    }

    /// What it cleans up.
    #[must_use]
    pub fn cleans(&self) -> Cleans {
        self.cleans.as_ref().map_or(Cleans::WhatWasNamed, |cleans| cleans.value)
    }

    /// When it reads the documentation: never, where it may not.
    #[must_use]
    pub fn reads_docs(&self) -> ReadsDocs {
        if self.may_read_docs.as_ref().is_some_and(|may| !may.value) {
            return ReadsDocs::Never;
        }
        self.reads_docs.as_ref().map_or(ReadsDocs::Never, |reads| reads.value)
    }

    /// What it makes of a missing task.
    #[must_use]
    pub fn takes_missing_task_for(&self) -> MissingTask {
        self.takes_missing_task_for.as_ref().map_or(MissingTask::Unknown, |reading| reading.value)
    }

    /// What it makes of an empty report.
    #[must_use]
    pub fn takes_empty_report_for(&self) -> EmptyReport {
        self.takes_empty_report_for.as_ref().map_or(EmptyReport::InUse, |reading| reading.value)
    }

    /// Whether it takes a failed task for a success.
    #[must_use]
    pub fn ignores_failure(&self) -> bool {
        self.ignores_failure.as_ref().is_some_and(|ignores| ignores.value)
    }
}
