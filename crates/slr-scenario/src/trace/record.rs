//! A run as programs read it: JSON Lines.
//!
//! The first line is the [`Header`]; it holds the whole scenario, so that the file is enough to play the run again. Each further line
//! is a [`StepRecord`]: an action with its outcome, and the events that it caused. The last line is the [`Footer`]. Everything is
//! called by its name in the scenario, times are whole nanoseconds of virtual time, and absent fields are left out.

mod names;
mod read;

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use slr_core::id::RoleIdx;
use slr_core::machine::Machine;
use slr_core::{IdSet, State, Universe};

pub use names::Names;
pub use read::UnknownName;

use crate::ledger::Ledger;
use crate::simulation::{Ending, SCHEME, SimTime, Step};

/// The format's name and version. A change that an old reader would misread is a new version.
pub const FORMAT: &str = "slr-trace/1";

/// The first line of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub trace: String,
    /// The version of the program that wrote it.
    pub version: String,
    /// How chance was drawn.
    pub scheme: String,
    /// The scenario's title.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The parameters that were set, as `name=value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<String>,
    /// The name of the scenario's file, for messages.
    pub file: String,
    /// The scenario's text.
    pub source: String,
}

impl Header {
    /// The header of a run.
    pub fn new(scenario: &str, seed: u64, params: Vec<String>, file: &str, source: &str) -> Self {
        Self {
            trace: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scheme: SCHEME.to_owned(),
            scenario: scenario.to_owned(),
            seed,
            params,
            file: file.to_owned(),
            source: source.to_owned(),
        }
    }
}

/// A line for a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord<'a> {
    /// Which step it is, counted from 1.
    pub n: u64,
    /// When, in nanoseconds from the beginning.
    pub at: u64,
    /// The action, which says everything that is needed to carry it out.
    #[serde(borrow)]
    pub action: ActionRecord<'a>,
    /// Why AWS refused it, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub refused: Option<RefusalRecord<'a>>,
    /// What it caused, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty", borrow)]
    pub events: Vec<EventRecord<'a>>,
}

/// An action.
pub type ActionRecord<'a> = Fact<'a>;
/// An event.
pub type EventRecord<'a> = Fact<'a>;

/// A refusal, as AWS gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRecord<'a> {
    /// The code.
    pub code: Cow<'a, str>,
    /// The name that the service gives the error, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub service_code: Option<Cow<'a, str>>,
    /// The message.
    pub message: Cow<'a, str>,
}

/// The last line of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// How many steps there were.
    pub steps: u64,
    /// When the last one was, in nanoseconds from the beginning.
    pub at: u64,
    /// Why the run ended: `nothing-due`, `time-up`, or `standstill` if time did not go on.
    pub ending: Cow<'static, str>,
    /// Per role, what it is at the end.
    pub roles: Vec<(String, String)>,
}

impl Footer {
    /// The last line of a run.
    pub fn new<S: IdSet>(universe: &Universe<S>, state: &State<S>, steps: u64, at: SimTime, ending: Ending) -> Self {
        let role = |role: RoleIdx| (universe.role_arn(role), state.role(role).name().to_owned());
        Self {
            steps,
            at: at.nanos(),
            ending: Cow::Borrowed(match ending {
                Ending::NothingDue => "nothing-due",
                Ending::TimeUp | Ending::Satisfied => "time-up",
                Ending::Standstill => "standstill",
            }),
            roles: universe.roles().map(role).collect(),
        }
    }
}

/// An action or an event by names: what, and whatever else belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact<'a> {
    /// The operation, move or event.
    #[serde(borrow)]
    pub what: Cow<'a, str>,
    /// Who calls.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub by: Option<Cow<'a, str>>,
    /// The operator.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub operator: Option<Cow<'a, str>>,
    /// The role: its name, or its ARN where several bear the name.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub role: Option<Cow<'a, str>>,
    /// `AWSServiceName`.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub service: Option<Cow<'a, str>>,
    /// `CustomSuffix`.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub suffix: Option<Cow<'a, str>>,
    /// A description.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub description: Option<Cow<'a, str>>,
    /// `MaxSessionDuration` in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session_duration: Option<u32>,
    /// The operation that is meant by a read, a throttling or an attachment.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub operation: Option<Cow<'a, str>>,
    /// What sort of call was throttled: what its action would be.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub call: Option<Cow<'a, str>>,
    /// What is attached or taken off.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub item: Option<Cow<'a, str>>,
    /// The ARN of the permissions boundary that a role is made with.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub boundary: Option<Cow<'a, str>>,
    /// The tags that are written.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub tags: Option<Vec<TagRecord<'a>>>,
    /// The keys of the tags that are taken off.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub tag_keys: Option<Vec<Cow<'a, str>>>,
    /// `PathPrefix` of `ListRoles`.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub path: Option<Cow<'a, str>>,
    /// Which task: `latest`, `earlier`, `forgotten`, `unknown` or `malformed`.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub task: Option<Cow<'a, str>>,
    /// The task's number over all roles, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// The operators that wait for the task.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub waiting: Option<Vec<Cow<'a, str>>>,
    /// The resource.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub resource: Option<Cow<'a, str>>,
    /// The name of its move.
    #[serde(rename = "move", default, skip_serializing_if = "Option::is_none", borrow)]
    pub step: Option<Cow<'a, str>>,
    /// The state that it leaves.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub from: Option<Cow<'a, str>>,
    /// The state that it comes to.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub to: Option<Cow<'a, str>>,
    /// The session's number over all roles, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
    /// The resources that are named.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub named: Option<Vec<Cow<'a, str>>>,
    /// The resources that were found in use.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub in_use: Option<Vec<Cow<'a, str>>>,
    /// Whether a session was found open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_open: Option<bool>,
    /// A status: of a task, or how a session ended.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub status: Option<Cow<'a, str>>,
    /// How a role came or went: `by-principal`, `by-service`, `by-history`, `by-task`.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub via: Option<Cow<'a, str>>,
    /// The `DeletionTaskId` of a task, or the `RoleId` of a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The role's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// `Reason.Reason` of a failed task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `Reason.RoleUsageList` of a failed task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_usage_list: Option<Vec<UsageRecord>>,
    /// `RoleLastUsed.LastUsedDate`, in nanoseconds from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<u64>,
    /// `RoleLastUsed.Region`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_in: Option<Cow<'a, str>>,
    /// What is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Vec<String>>,
    /// The region.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub region: Option<Cow<'a, str>>,
    /// An error code.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    pub code: Option<Cow<'a, str>>,
}

/// A tag, with its key as the caller spells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagRecord<'a> {
    /// The key.
    #[serde(borrow)]
    pub key: Cow<'a, str>,
    /// The value.
    #[serde(borrow)]
    pub value: Cow<'a, str>,
}

/// What uses a role in a Region, as a failed task reports it.
///
/// Source: IAM API Reference, `RoleUsageType`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageRecord {
    /// The Region.
    pub region: String,
    /// The ARNs of the resources; empty where the service names Regions alone.
    pub resources: Vec<String>,
}

/// Writes a run line by line.
#[derive(Debug)]
pub struct Recorder<'a, S, W> {
    names: &'a Names<'a, S>,
    out: W,
    steps: u64,
}

impl<'a, S: IdSet, W: Write> Recorder<'a, S, W> {
    /// Begins a trace.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(names: &'a Names<'a, S>, mut out: W, header: &Header) -> io::Result<Self> {
        line(&mut out, header)?;
        Ok(Self { names, out, steps: 0 })
    }

    /// Writes a step.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn step(&mut self, now: SimTime, step: Step<'_, S>) -> io::Result<()> {
        self.steps += 1;
        line(&mut self.out, &step_record(self.names, self.steps, now, step))
    }

    /// Writes a step with what AWS answers. The ledger knows the step already.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn step_answered(
        &mut self,
        now: SimTime,
        step: Step<'_, S>,
        ledger: &Ledger<'_, S>,
        state: &State<S>,
    ) -> io::Result<()> {
        self.steps += 1;
        line(&mut self.out, &answered_record(self.names, self.steps, now, step, ledger, state))
    }

    /// Where the trace goes.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Ends the trace.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn end(mut self, footer: &Footer) -> io::Result<W> {
        line(&mut self.out, footer)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// The record of a step.
pub fn step_record<'a, S: IdSet>(names: &'a Names<'a, S>, n: u64, now: SimTime, step: Step<'_, S>) -> StepRecord<'a> {
    StepRecord {
        n,
        at: now.nanos(),
        action: names.action(step.action),
        refused: step.refused.map(|rejection| RefusalRecord {
            code: Cow::Borrowed(rejection.code().name()),
            service_code: rejection.own_error(names.universe).and_then(|own| own.name.as_deref()).map(Cow::Borrowed),
            message: Cow::Owned(rejection.message(names.universe)),
        }),
        events: step.events.iter().map(|event| names.event(event)).collect(),
    }
}

/// The record of a step with what AWS answers. The ledger knows the step already.
pub fn answered_record<'a, S: IdSet>(
    names: &'a Names<'a, S>,
    n: u64,
    now: SimTime,
    step: Step<'_, S>,
    ledger: &Ledger<'_, S>,
    state: &State<S>,
) -> StepRecord<'a> {
    let events = step.events.iter().map(|event| names.answered(event, ledger, state)).collect();
    StepRecord { events, ..step_record(names, n, now, Step { events: &[], ..step }) }
}

fn line(out: &mut impl Write, record: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.write_all(b"\n")
}
