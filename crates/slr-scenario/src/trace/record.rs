//! A run as programs read it: JSON Lines.
//!
//! The first line is the [`Header`]; it holds the whole scenario, so that the file is enough to play the run again. Each further line
//! is a [`StepRecord`]: an action with its outcome, and the events that it caused. The last line is the [`Footer`]. Everything is
//! called by its name in the scenario, times are whole nanoseconds of virtual time, and absent fields are left out.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use slr_core::action::{Call, Command, Operation, OperatorStep, TaskRef};
use slr_core::event::{Creator, Deleter, Event};
use slr_core::id::{
    AttachmentIdx, CreationIdx, GrantIdx, OperatorIdx, PrincipalIdx, RegionIdx, RequestIdx, ResourceIdx, RoleIdx,
    SessionIdx, TagCallIdx, TextIdx, TransitionIdx,
};
use slr_core::machine::{Machine, SessionEnd, TaskState};
use slr_core::rules::DeletionReason;
use slr_core::world::{Item, TagCall, TagChange};
use slr_core::{Action, IdSet, State, Universe};

use crate::ledger::Ledger;
use crate::listed::Listed;
use crate::simulation::{Ending, SCHEME, SimTime, Step, operation_of};

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

/// Writes facts by name, and reads them.
#[derive(Debug, Clone)]
pub struct Names<'a, S> {
    universe: &'a Universe<S>,
    /// Per role, what it is called.
    roles: Vec<Cow<'a, str>>,
}

/// A record that names something which the scenario does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the trace names {what} `{name}`, which its scenario does not have")]
pub struct UnknownName {
    /// What the name stands for.
    pub what: &'static str,
    /// The name.
    pub name: String,
}

impl<'a, S: IdSet> Names<'a, S> {
    /// The names of a universe.
    pub fn new(universe: &'a Universe<S>) -> Self {
        let slots = &universe.world().roles;
        let roles = universe.roles().map(|role| {
            let name = &slots[role.index()].name;
            let is_alone = slots.iter().filter(|slot| slot.name == *name).count() == 1;
            if is_alone { Cow::Borrowed(name.as_str()) } else { Cow::Owned(universe.role_arn(role)) }
        });
        Self { roles: roles.collect(), universe }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it fills a field that is absent where it says nothing")]
    fn role(&'a self, role: RoleIdx) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(&self.roles[role.index()]))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it fills a field that is absent where it says nothing")]
    fn principal(&'a self, principal: PrincipalIdx) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(&self.universe.world().principals[principal.index()].name))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it fills a field that is absent where it says nothing")]
    fn operator(&'a self, operator: OperatorIdx) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(&self.universe.operator(operator).name))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it fills a field that is absent where it says nothing")]
    fn resource(&'a self, resource: ResourceIdx) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(&self.universe.world().resources[resource.index()].name))
    }

    fn text(&'a self, text: Option<TextIdx>) -> Option<Cow<'a, str>> {
        text.map(|text| Cow::Borrowed(self.universe.world().texts[text.index()].as_str()))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it fills a field that is absent where it says nothing")]
    fn region(&'a self, region: RegionIdx) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(&self.universe.world().regions[region.index()]))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it fills a field that is absent where it says nothing")]
    fn set(&'a self, set: &S) -> Option<Vec<Cow<'a, str>>> {
        Some(set.iter().filter_map(|id| self.resource(ResourceIdx(id))).collect())
    }

    fn attachment(&'a self, what: &'static str, attachment: AttachmentIdx, attaching: bool) -> Fact<'a> {
        let thing = &self.universe.world().attachments[attachment.index()];
        let operation = if attaching { thing.item.attaching() } else { thing.item.detaching() };
        Fact {
            what: Cow::Borrowed(what),
            role: self.role(thing.role),
            operation: Some(Cow::Borrowed(operation.name())),
            item: Some(Cow::Owned(self.universe.world().attachment_label(attachment))),
            ..Fact::default()
        }
    }

    fn tags(&'a self, what: Fact<'a>, call: TagCallIdx) -> Fact<'a> {
        let world = self.universe.world();
        let TagCall { role, change } = &world.tag_calls[call.index()];
        let named = world.tags_in(call).into_iter();
        let (tags, tag_keys) = match change {
            TagChange::Write(_) => {
                let written = named.map(|(key, value)| TagRecord {
                    key: Cow::Borrowed(key),
                    value: Cow::Borrowed(value.unwrap_or_default()),
                });
                (Some(written.collect()), None)
            }
            TagChange::Remove(_) => (None, Some(named.map(|(key, _)| Cow::Borrowed(key)).collect())),
        };
        Fact { role: self.role(*role), tags, tag_keys, ..what }
    }

    /// What `CreateRole` gives the role at once.
    fn given_at_once(&'a self, what: Fact<'a>, gives: Option<CreationIdx>) -> Fact<'a> {
        let Some(gives) = gives else { return what };
        let world = self.universe.world();
        let given = &world.creations[gives.index()];
        let boundary = given.boundary.map(|boundary| Cow::Borrowed(world.attachments[boundary.index()].item.text()));
        let what = Fact { boundary, ..what };
        match given.tags {
            Some(call) => self.tags(what, call),
            None => what,
        }
    }

    fn grant(&'a self, what: &'static str, grant: GrantIdx, gives: bool) -> Fact<'a> {
        let thing = &self.universe.world().grants[grant.index()];
        let operation = if gives { thing.granting() } else { thing.revoking() };
        Fact {
            what: Cow::Borrowed(what),
            operation: Some(Cow::Borrowed(operation.name())),
            item: Some(Cow::Owned(self.universe.world().grant_label(grant))),
            ..Fact::default()
        }
    }

    fn moved(&'a self, what: &'static str, resource: ResourceIdx, transition: TransitionIdx) -> Fact<'a> {
        let (kind, step) = (self.universe.kind_of(resource), self.universe.transition(resource, transition));
        Fact {
            what: Cow::Borrowed(what),
            resource: self.resource(resource),
            step: Some(Cow::Borrowed(&step.name)),
            from: Some(Cow::Borrowed(kind.state_name(step.from))),
            to: Some(Cow::Borrowed(kind.state_name(step.to))),
            ..Fact::default()
        }
    }

    fn task(&'a self, fact: Fact<'a>, task: TaskRef) -> Fact<'a> {
        let (word, role, number) = match task {
            TaskRef::Latest(role) => ("latest", Some(role), None),
            TaskRef::Earlier { role, number } => ("earlier", Some(role), number),
            TaskRef::Forgotten { role, number } => ("forgotten", Some(role), number),
            TaskRef::Unknown(_) => ("unknown", None, None),
            TaskRef::Malformed => ("malformed", None, None),
        };
        let fact = match task {
            TaskRef::Unknown(id) => Fact { id: self.text(id).map(Cow::into_owned), ..fact },
            TaskRef::Latest(_) | TaskRef::Earlier { .. } | TaskRef::Forgotten { .. } | TaskRef::Malformed => fact,
        };
        Fact { task: Some(Cow::Borrowed(word)), role: role.and_then(|role| self.role(role)), number, ..fact }
    }

    /// The record of an action.
    pub fn action(&'a self, action: &Action<S>) -> ActionRecord<'a> {
        let named = |what: &'static str| Fact { what: Cow::Borrowed(what), ..Fact::default() };
        let of_role = |what: &'static str, role: RoleIdx| Fact { role: self.role(role), ..named(what) };
        match action {
            Action::Command { by, command } => Fact { by: self.principal(*by), ..self.command(*command) },
            Action::Throttle { by, call } => self.throttled(*by, *call),
            Action::Operator { operator, step } => self.operator_step(*operator, *step),
            Action::SessionOpens { session } => Fact { session: Some(session.0 + 1), ..named("SessionOpens") },
            Action::SessionEnds { session, end } => Fact {
                session: Some(session.0 + 1),
                status: Some(Cow::Borrowed(end_name(*end))),
                ..named("SessionEnds")
            },
            Action::TaskStarts { role } => of_role("TaskStarts", *role),
            Action::TaskSucceeds { role } => of_role("TaskSucceeds", *role),
            Action::TaskFails { role, named } => Fact { named: self.set(named), ..of_role("TaskFails", *role) },
            Action::TaskBecomesVisible { role } => of_role("TaskBecomesVisible", *role),
            Action::TaskIsForgotten { role } => of_role("TaskIsForgotten", *role),
            Action::EarlierTaskIsForgotten { role, number, waiting } => Fact {
                number: *number,
                waiting: (!waiting.is_empty())
                    .then(|| waiting.iter().filter_map(|id| self.operator(OperatorIdx(id))).collect()),
                ..of_role("EarlierTaskIsForgotten", *role)
            },
            Action::RolePropagates { role } => of_role("RolePropagates", *role),
            Action::ResourceMoves { resource, transition } => self.moved("ResourceMoves", *resource, *transition),
            Action::RoleAppears { role } => of_role("RoleAppears", *role),
            Action::ServiceDeletesRole { role } => of_role("ServiceDeletesRole", *role),
            Action::RegionFails { region } => Fact { region: self.region(*region), ..named("RegionFails") },
            Action::RegionRecovers { region } => Fact { region: self.region(*region), ..named("RegionRecovers") },
        }
    }

    fn operator_step(&'a self, operator: OperatorIdx, step: OperatorStep) -> Fact<'a> {
        let (what, resource) = match step {
            OperatorStep::Submits => ("Submits", None),
            OperatorStep::Polls => ("Polls", None),
            OperatorStep::ReadsDocs => ("ReadsDocs", None),
            OperatorStep::CleansUp(resource) => ("CleansUp", self.resource(resource)),
            OperatorStep::GivesUp => ("GivesUp", None),
        };
        Fact { what: Cow::Borrowed(what), operator: self.operator(operator), resource, ..Fact::default() }
    }

    /// The record of a call that is throttled: that of the call, whose `what` is its `call`, and the operation that is throttled.
    fn throttled(&'a self, by: PrincipalIdx, call: Call) -> Fact<'a> {
        let (called, operation) = match call {
            Call::Command(command) => (self.command(command), operation_of(self.universe, command)),
            Call::Step { operator, step } => {
                let goal = self.universe.operator(operator).goal;
                let role = (step == OperatorStep::Submits).then(|| self.role(goal)).flatten();
                (Fact { role, ..self.operator_step(operator, step) }, step.operation())
            }
        };
        Fact {
            by: self.principal(by),
            operation: operation.map(|operation| Cow::Borrowed(operation.name())),
            call: Some(called.what),
            what: Cow::Borrowed("Throttle"),
            ..called
        }
    }

    fn command(&'a self, command: Command) -> Fact<'a> {
        let operation = |operation: Operation| Fact { what: Cow::Borrowed(operation.name()), ..Fact::default() };
        let of_role = |op: Operation, role: RoleIdx| Fact { role: self.role(role), ..operation(op) };
        match command {
            Command::CreateRole { role, description, max_session_duration, gives } => Fact {
                description: self.text(description),
                max_session_duration,
                ..self.given_at_once(of_role(Operation::CreateRole, role), gives)
            },
            Command::CreateServiceLinkedRole { request, description } => {
                let request = &self.universe.world().requests[request.index()];
                Fact {
                    service: Some(Cow::Borrowed(&request.service)),
                    suffix: request.suffix.as_deref().map(Cow::Borrowed),
                    description: self.text(description),
                    ..operation(Operation::CreateServiceLinkedRole)
                }
            }
            Command::DeleteRole { role } => of_role(Operation::DeleteRole, role),
            Command::DeleteServiceLinkedRole { role } => of_role(Operation::DeleteServiceLinkedRole, role),
            Command::GetServiceLinkedRoleDeletionStatus { task } => {
                self.task(operation(Operation::GetServiceLinkedRoleDeletionStatus), task)
            }
            Command::UpdateRole { role, description, max_session_duration } => Fact {
                description: self.text(description),
                max_session_duration,
                ..of_role(Operation::UpdateRole, role)
            },
            Command::UpdateRoleDescription { role, description } => {
                Fact { description: self.text(Some(description)), ..of_role(Operation::UpdateRoleDescription, role) }
            }
            Command::ChangeTags { call } => {
                self.tags(operation(self.universe.world().tag_calls[call.index()].change.operation()), call)
            }
            Command::Attach { attachment } => self.attachment("Attach", attachment, true),
            Command::Detach { attachment } => {
                let called = self.attachment("Detach", attachment, false);
                match self.universe.world().attachments[attachment.index()].item {
                    // The call names no policy: the role has one boundary at the most.
                    Item::Boundary(_) => Fact { item: None, ..called },
                    Item::Tag(_)
                    | Item::ManagedPolicy(_)
                    | Item::InlinePolicy(_)
                    | Item::InstanceProfile(_)
                    | Item::TrustPolicy(_) => called,
                }
            }
            Command::Give { grant } => self.grant("Give", grant, true),
            Command::Take { grant } => self.grant("Take", grant, false),
            Command::ReadPolicy { attachment } => Fact {
                operation: Some(Cow::Borrowed(Operation::GetRolePolicy.name())),
                ..self.attachment("Read", attachment, true)
            },
            Command::Read { operation: read, role } => Fact {
                operation: Some(Cow::Borrowed(read.name())),
                role: self.role(role),
                what: Cow::Borrowed("Read"),
                ..Fact::default()
            },
            Command::ListRoles { under } => Fact { path: self.text(under), ..operation(Operation::ListRoles) },
            Command::AssumeRole { role } => of_role(Operation::AssumeRole, role),
            Command::Operate { resource, transition } => self.moved("Operate", resource, transition),
        }
    }

    /// The record of an event.
    pub fn event(&'a self, event: &Event<S>) -> EventRecord<'a> {
        let named = |what: &'static str| Fact { what: Cow::Borrowed(what), ..Fact::default() };
        let of_role = |what: &'static str, role: RoleIdx| Fact { role: self.role(role), ..named(what) };
        let of_operator = |what: &'static str, id: OperatorIdx| Fact { operator: self.operator(id), ..named(what) };
        match event {
            Event::RoleCreated { role, by, description } => {
                let (via, by) = match by {
                    Creator::Principal(principal) => ("by-principal", self.principal(*principal)),
                    Creator::Service => ("by-service", None),
                    Creator::History => ("by-history", None),
                };
                Fact {
                    by,
                    via: Some(Cow::Borrowed(via)),
                    description: self.text(*description),
                    ..of_role("RoleCreated", *role)
                }
            }
            Event::RoleDeleted { role, by } => {
                let via = match by {
                    Deleter::Principal => "by-principal",
                    Deleter::Task => "by-task",
                    Deleter::Service => "by-service",
                };
                Fact { via: Some(Cow::Borrowed(via)), ..of_role("RoleDeleted", *role) }
            }
            Event::RolePropagated { role } => of_role("RolePropagated", *role),
            Event::RoleUpdated { role, description, max_session_duration } => Fact {
                description: self.text(*description),
                max_session_duration: *max_session_duration,
                ..of_role("RoleUpdated", *role)
            },
            Event::TagsChanged { call } => self.tags(named("TagsChanged"), *call),
            Event::Attached { attachment } => self.attachment("Attached", *attachment, true),
            Event::Detached { attachment } => self.attachment("Detached", *attachment, false),
            Event::Granted { grant } => self.grant("Granted", *grant, true),
            Event::Revoked { grant } => self.grant("Revoked", *grant, false),
            Event::TaskSubmitted { role } => of_role("TaskSubmitted", *role),
            Event::TaskReturned { role } => of_role("TaskReturned", *role),
            Event::TaskStarted { role } => of_role("TaskStarted", *role),
            Event::TaskSucceeded { role } => of_role("TaskSucceeded", *role),
            Event::TaskFailed { role, in_use, session_open, named } => Fact {
                in_use: self.set(in_use),
                session_open: Some(*session_open),
                named: self.set(named),
                ..of_role("TaskFailed", *role)
            },
            Event::TaskBecameVisible { role } => of_role("TaskBecameVisible", *role),
            Event::TaskForgotten { role } => of_role("TaskForgotten", *role),
            Event::EarlierTaskForgotten { role, number } => {
                Fact { number: *number, ..of_role("EarlierTaskForgotten", *role) }
            }
            Event::StatusAnswered { task, status } => Fact {
                status: status.map(|status: TaskState| Cow::Borrowed(status.name())),
                ..self.task(named("StatusAnswered"), *task)
            },
            Event::Answered { operation, role, .. } => Fact {
                operation: Some(Cow::Borrowed(operation.name())),
                role: role.and_then(|role| self.role(role)),
                ..named("Answered")
            },
            Event::RoleAssumed { role } => of_role("RoleAssumed", *role),
            Event::SessionOpened { session } => Fact { session: Some(session.0 + 1), ..named("SessionOpened") },
            Event::SessionEnded { session, end } => Fact {
                session: Some(session.0 + 1),
                status: Some(Cow::Borrowed(end_name(*end))),
                ..named("SessionEnded")
            },
            Event::ResourceMoved { resource, transition } => self.moved("ResourceMoved", *resource, *transition),
            Event::DocsRead { operator } => of_operator("DocsRead", *operator),
            Event::ObstaclesNamed { operator, resources } => {
                Fact { named: self.set(resources), ..of_operator("ObstaclesNamed", *operator) }
            }
            Event::FailureSeen { operator } => of_operator("FailureSeen", *operator),
            Event::SuccessSeen { operator } => of_operator("SuccessSeen", *operator),
            Event::GaveUp { operator } => of_operator("GaveUp", *operator),
            Event::Refused { by, rejection } => {
                Fact { by: self.principal(*by), code: Some(Cow::Borrowed(rejection.code().name())), ..named("Refused") }
            }
            Event::RegionFailed { region } => Fact { region: self.region(*region), ..named("RegionFailed") },
            Event::RegionRecovered { region } => Fact { region: self.region(*region), ..named("RegionRecovered") },
        }
    }

    /// The record of an event with what AWS answers: ids, reasons, lists. The ledger knows the event already; `state` is the state after it.
    pub fn answered(&'a self, event: &Event<S>, ledger: &Ledger<'_, S>, state: &State<S>) -> EventRecord<'a> {
        let fact = self.event(event);
        let numbered = |fact: Fact<'a>, number: Option<u32>| Fact {
            id: number.and_then(|number| ledger.task_id(number)),
            number: number.or(fact.number),
            ..fact
        };
        match event {
            Event::RoleCreated { role, .. } => {
                Fact { id: Some(ledger.role_id(*role)), arn: Some(self.universe.role_arn(*role)), ..fact }
            }
            Event::TaskSubmitted { role } | Event::TaskReturned { role } => numbered(fact, ledger.latest(*role)),
            Event::TaskFailed { role, in_use, named, .. } => {
                self.with_reason(fact, self.universe.deletion_reason(*role, in_use, named))
            }
            Event::EarlierTaskForgotten { role, number } => {
                numbered(fact, ledger.number_of(TaskRef::Earlier { role: *role, number: *number }))
            }
            Event::StatusAnswered { task, status } => {
                let number = ledger.number_of(*task);
                let fact = numbered(fact, number);
                match number.and_then(|number| ledger.task(number)) {
                    Some(task) => {
                        let status = Some(Cow::Borrowed(status.unwrap_or(task.status).name()));
                        self.with_reason(Fact { status, ..fact }, ledger.reason(task))
                    }
                    None => fact,
                }
            }
            Event::Answered {
                operation: Operation::GetRole | Operation::CreateServiceLinkedRole,
                role: Some(role),
                ..
            } => Fact {
                id: Some(ledger.role_id(*role)),
                arn: Some(self.universe.role_arn(*role)),
                description: self.text(ledger.role(*role).description),
                last_used_at: ledger.role(*role).last_used.map(|used| used.at.nanos()),
                last_used_in: ledger.role(*role).last_used.and_then(|used| self.region(used.region)),
                ..fact
            },
            Event::Answered { operation, role, under } => {
                let listed = Listed::of(self.universe, state, *operation, *role, *under);
                Fact { listed: listed.map(|listed| listed.texts(self.universe)), ..fact }
            }
            Event::RoleDeleted { .. }
            | Event::RolePropagated { .. }
            | Event::RoleUpdated { .. }
            | Event::Attached { .. }
            | Event::Detached { .. }
            | Event::TagsChanged { .. }
            | Event::Granted { .. }
            | Event::Revoked { .. }
            | Event::TaskStarted { .. }
            | Event::TaskSucceeded { .. }
            | Event::TaskBecameVisible { .. }
            | Event::TaskForgotten { .. }
            | Event::RoleAssumed { .. }
            | Event::SessionOpened { .. }
            | Event::SessionEnded { .. }
            | Event::ResourceMoved { .. }
            | Event::DocsRead { .. }
            | Event::ObstaclesNamed { .. }
            | Event::FailureSeen { .. }
            | Event::SuccessSeen { .. }
            | Event::GaveUp { .. }
            | Event::Refused { .. }
            | Event::RegionFailed { .. }
            | Event::RegionRecovered { .. } => fact,
        }
    }

    fn with_reason(&self, fact: Fact<'a>, said: DeletionReason) -> Fact<'a> {
        let usage = said.role_usage_list.into_iter().map(|usage| UsageRecord {
            region: usage.region,
            resources: usage.resources.iter().map(|resource| self.universe.resource_arn(*resource)).collect(),
        });
        let list: Vec<UsageRecord> = usage.collect();
        Fact { reason: said.reason, role_usage_list: (!list.is_empty()).then_some(list), ..fact }
    }

    /// The action that a record stands for.
    ///
    /// # Errors
    /// [`UnknownName`] if it names what the universe does not have.
    pub fn read(&self, record: &ActionRecord<'_>) -> Result<Action<S>, UnknownName> {
        let role = || self.find_role(record);
        if let Some((operator, step)) = self.read_step(record)? {
            return Ok(Action::Operator { operator, step });
        }
        match record.what.as_ref() {
            "Throttle" => {
                let call = Fact { what: record.call.clone().unwrap_or_default(), ..record.clone() };
                let call = match self.read_step(&call)? {
                    Some((operator, step)) => Call::Step { operator, step },
                    None => Call::Command(self.read_command(&call)?),
                };
                Ok(Action::Throttle { by: self.find_principal(record)?, call })
            }
            "SessionOpens" => Ok(Action::SessionOpens { session: self.find_session(record)? }),
            "SessionEnds" => {
                let expired = record.status.as_deref() == Some(end_name(SessionEnd::Expired));
                let end = if expired { SessionEnd::Expired } else { SessionEnd::Done };
                Ok(Action::SessionEnds { session: self.find_session(record)?, end })
            }
            "TaskStarts" => Ok(Action::TaskStarts { role: role()? }),
            "TaskSucceeds" => Ok(Action::TaskSucceeds { role: role()? }),
            "TaskFails" => {
                let mut named = S::default();
                for name in record.named.iter().flatten() {
                    named.insert(self.find_resource(Some(name))?.0);
                }
                Ok(Action::TaskFails { role: role()?, named })
            }
            "TaskBecomesVisible" => Ok(Action::TaskBecomesVisible { role: role()? }),
            "TaskIsForgotten" => Ok(Action::TaskIsForgotten { role: role()? }),
            "EarlierTaskIsForgotten" => {
                let mut waiting = S::default();
                for name in record.waiting.iter().flatten() {
                    waiting.insert(self.find_operator(name)?.0);
                }
                Ok(Action::EarlierTaskIsForgotten { role: role()?, number: record.number, waiting })
            }
            "RolePropagates" => Ok(Action::RolePropagates { role: role()? }),
            "ResourceMoves" => {
                let (resource, transition) = self.find_transition(record)?;
                Ok(Action::ResourceMoves { resource, transition })
            }
            "RoleAppears" => Ok(Action::RoleAppears { role: role()? }),
            "ServiceDeletesRole" => Ok(Action::ServiceDeletesRole { role: role()? }),
            "RegionFails" => Ok(Action::RegionFails { region: self.find_region(record)? }),
            "RegionRecovers" => Ok(Action::RegionRecovers { region: self.find_region(record)? }),
            _ => Ok(Action::Command { by: self.find_principal(record)?, command: self.read_command(record)? }),
        }
    }

    /// The step of an operator that a record stands for, if it stands for one.
    fn read_step(&self, record: &ActionRecord<'_>) -> Result<Option<(OperatorIdx, OperatorStep)>, UnknownName> {
        let step = match record.what.as_ref() {
            "Submits" => OperatorStep::Submits,
            "Polls" => OperatorStep::Polls,
            "ReadsDocs" => OperatorStep::ReadsDocs,
            "CleansUp" => OperatorStep::CleansUp(self.find_resource(record.resource.as_deref())?),
            "GivesUp" => OperatorStep::GivesUp,
            _ => return Ok(None),
        };
        Ok(Some((self.find_operator(record.operator.as_deref().unwrap_or_default())?, step)))
    }

    fn read_command(&self, record: &ActionRecord<'_>) -> Result<Command, UnknownName> {
        let role = || self.find_role(record);
        let text = |text: Option<&str>| text.map(|text| self.find_text(text)).transpose();
        let command = match record.what.as_ref() {
            "TagRole" | "UntagRole" => Command::ChangeTags { call: self.find_tag_call(record)? },
            "Attach" => Command::Attach { attachment: self.find_attachment(record, true)? },
            "Detach" => Command::Detach { attachment: self.find_attachment(record, false)? },
            "Give" => Command::Give { grant: self.find_grant(record)? },
            "Take" => Command::Take { grant: self.find_grant(record)? },
            "Read" if record.item.is_some() => Command::ReadPolicy { attachment: self.find_inline_policy(record)? },
            "Read" => Command::Read { operation: find_operation(record)?, role: role()? },
            "Operate" => {
                let (resource, transition) = self.find_transition(record)?;
                Command::Operate { resource, transition }
            }
            "CreateRole" => Command::CreateRole {
                role: role()?,
                description: text(record.description.as_deref())?,
                max_session_duration: record.max_session_duration,
                gives: self.find_creation(record)?,
            },
            "CreateServiceLinkedRole" => Command::CreateServiceLinkedRole {
                request: self.find_request(record)?,
                description: text(record.description.as_deref())?,
            },
            "DeleteRole" => Command::DeleteRole { role: role()? },
            "DeleteServiceLinkedRole" => Command::DeleteServiceLinkedRole { role: role()? },
            "GetServiceLinkedRoleDeletionStatus" => {
                let task = match record.task.as_deref() {
                    Some("latest") => TaskRef::Latest(role()?),
                    Some("earlier") => TaskRef::Earlier { role: role()?, number: record.number },
                    Some("forgotten") => TaskRef::Forgotten { role: role()?, number: record.number },
                    Some("malformed") => TaskRef::Malformed,
                    _ => TaskRef::Unknown(text(record.id.as_deref())?),
                };
                Command::GetServiceLinkedRoleDeletionStatus { task }
            }
            "UpdateRole" => Command::UpdateRole {
                role: role()?,
                description: text(record.description.as_deref())?,
                max_session_duration: record.max_session_duration,
            },
            "UpdateRoleDescription" => Command::UpdateRoleDescription {
                role: role()?,
                description: self.find_text(record.description.as_deref().unwrap_or_default())?,
            },
            "ListRoles" => Command::ListRoles { under: text(record.path.as_deref())? },
            "AssumeRole" => Command::AssumeRole { role: role()? },
            other => return Err(UnknownName { what: "the action", name: other.to_owned() }),
        };
        Ok(command)
    }

    fn find<'n>(what: &'static str, name: &str, mut names: impl Iterator<Item = &'n str>) -> Result<u32, UnknownName> {
        names
            .position(|known| known == name)
            .and_then(|index| u32::try_from(index).ok())
            .ok_or_else(|| UnknownName { what, name: name.to_owned() })
    }

    fn find_role(&self, record: &ActionRecord<'_>) -> Result<RoleIdx, UnknownName> {
        let name = record.role.as_deref().unwrap_or_default();
        Self::find("the role", name, self.roles.iter().map(AsRef::as_ref)).map(RoleIdx)
    }

    fn find_principal(&self, record: &ActionRecord<'_>) -> Result<PrincipalIdx, UnknownName> {
        let name = record.by.as_deref().unwrap_or_default();
        let names = self.universe.world().principals.iter().map(|principal| principal.name.as_str());
        Self::find("the user", name, names).map(PrincipalIdx)
    }

    fn find_operator(&self, name: &str) -> Result<OperatorIdx, UnknownName> {
        let names = self.universe.world().operators.iter().map(|operator| operator.name.as_str());
        Self::find("the operator", name, names).map(OperatorIdx)
    }

    fn find_resource(&self, name: Option<&str>) -> Result<ResourceIdx, UnknownName> {
        let names = self.universe.world().resources.iter().map(|resource| resource.name.as_str());
        Self::find("the resource", name.unwrap_or_default(), names).map(ResourceIdx)
    }

    fn find_region(&self, record: &ActionRecord<'_>) -> Result<RegionIdx, UnknownName> {
        let name = record.region.as_deref().unwrap_or_default();
        Self::find("the region", name, self.universe.world().regions.iter().map(String::as_str)).map(RegionIdx)
    }

    fn find_text(&self, text: &str) -> Result<TextIdx, UnknownName> {
        Self::find("the description", text, self.universe.world().texts.iter().map(String::as_str)).map(TextIdx)
    }

    fn find_session(&self, record: &ActionRecord<'_>) -> Result<SessionIdx, UnknownName> {
        let number = record.session.unwrap_or_default();
        let unknown = || UnknownName { what: "the session", name: number.to_string() };
        let index = number.checked_sub(1).ok_or_else(unknown)?;
        if (index as usize) < self.universe.world().sessions.len() { Ok(SessionIdx(index)) } else { Err(unknown()) }
    }

    fn find_request(&self, record: &ActionRecord<'_>) -> Result<RequestIdx, UnknownName> {
        let service = record.service.as_deref().unwrap_or_default();
        let requests = (0..).zip(&self.universe.world().requests);
        requests
            .into_iter()
            .find(|(_, request)| request.service == service && request.suffix.as_deref() == record.suffix.as_deref())
            .map(|(index, _)| RequestIdx(index))
            .ok_or_else(|| UnknownName { what: "the request for", name: service.to_owned() })
    }

    fn find_attachment(&self, record: &ActionRecord<'_>, attaching: bool) -> Result<AttachmentIdx, UnknownName> {
        let operates = |item: &Item| if attaching { item.attaching() } else { item.detaching() };
        self.find_item(record, |item| Some(operates(item).name()) == record.operation.as_deref())
    }

    fn find_inline_policy(&self, record: &ActionRecord<'_>) -> Result<AttachmentIdx, UnknownName> {
        self.find_item(record, |item| matches!(item, Item::InlinePolicy(_)))
    }

    fn find_item(
        &self,
        record: &ActionRecord<'_>,
        is_of_that_sort: impl Fn(&Item) -> bool,
    ) -> Result<AttachmentIdx, UnknownName> {
        let (role, item) = (self.find_role(record)?, record.item.as_deref().unwrap_or_default());
        let world = self.universe.world();
        let known = (0..).map(AttachmentIdx).zip(&world.attachments).find(|(index, thing)| {
            thing.role == role
                && is_of_that_sort(&thing.item)
                && (record.item.is_none() || world.attachment_label(*index) == item)
        });
        known.map(|(index, _)| index).ok_or_else(|| UnknownName { what: "the attachment", name: item.to_owned() })
    }

    fn find_tag_call(&self, record: &ActionRecord<'_>) -> Result<TagCallIdx, UnknownName> {
        let (role, named, world) = (self.find_role(record)?, tags_named(record), self.universe.world());
        let mut calls = (0..).map(TagCallIdx).zip(&world.tag_calls);
        let known = calls.find(|(index, call)| {
            let operation = call.change.operation().name() == record.what;
            call.role == role && operation && world.tags_in(*index) == named
        });
        known.map(|(index, _)| index).ok_or_else(|| UnknownName { what: "the tags", name: keys(&named) })
    }

    fn find_creation(&self, record: &ActionRecord<'_>) -> Result<Option<CreationIdx>, UnknownName> {
        if record.tags.is_none() && record.boundary.is_none() {
            return Ok(None);
        }
        let (role, named, world) = (self.find_role(record)?, tags_named(record), self.universe.world());
        let mut known = (0..).map(CreationIdx).zip(&world.creations).filter(|(_, given)| {
            let boundary = given.boundary.map(|boundary| world.attachments[boundary.index()].item.text());
            let tags = given.tags.map(|call| world.tags_in(call));
            given.role == role
                && boundary == record.boundary.as_deref()
                && tags == record.tags.as_ref().map(|_| named.clone())
        });
        let what = "a call of `CreateRole` with";
        let name = || format!("{} {}", keys(&named), record.boundary.as_deref().unwrap_or_default());
        known.next().map(|(index, _)| Some(index)).ok_or_else(|| UnknownName { what, name: name().trim().to_owned() })
    }

    fn find_grant(&self, record: &ActionRecord<'_>) -> Result<GrantIdx, UnknownName> {
        let item = record.item.as_deref().unwrap_or_default();
        let world = self.universe.world();
        let mut known = (0..).map(GrantIdx).take(world.grants.len());
        let found = known.find(|grant| {
            let thing = &world.grants[grant.index()];
            let is_called =
                [thing.granting(), thing.revoking()].map(|it| Some(it.name())).contains(&record.operation.as_deref());
            is_called && world.grant_label(*grant) == item
        });
        found.ok_or_else(|| UnknownName { what: "what is given to a user or a group", name: item.to_owned() })
    }

    fn find_transition(&self, record: &ActionRecord<'_>) -> Result<(ResourceIdx, TransitionIdx), UnknownName> {
        let resource = self.find_resource(record.resource.as_deref())?;
        let kind = self.universe.kind_of(resource);
        let (name, from) = (record.step.as_deref().unwrap_or_default(), record.from.as_deref().unwrap_or_default());
        let known = (0..)
            .zip(&kind.transitions)
            .find(|(_, transition)| transition.name == name && kind.state_name(transition.from) == from);
        match known {
            Some((index, _)) => Ok((resource, TransitionIdx(index))),
            None => Err(UnknownName { what: "the move", name: name.to_owned() }),
        }
    }
}

/// The tags that a record names, and the values that it writes.
fn tags_named<'r>(record: &'r ActionRecord<'_>) -> Vec<(&'r str, Option<&'r str>)> {
    let written = record.tags.iter().flatten().map(|tag| (tag.key.as_ref(), Some(tag.value.as_ref())));
    written.chain(record.tag_keys.iter().flatten().map(|key| (key.as_ref(), None))).collect()
}

fn keys(tags: &[(&str, Option<&str>)]) -> String {
    tags.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ")
}

fn find_operation(record: &ActionRecord<'_>) -> Result<Operation, UnknownName> {
    let name = record.operation.as_deref().unwrap_or_default();
    Operation::from_name(name).ok_or_else(|| UnknownName { what: "the operation", name: name.to_owned() })
}

const fn end_name(end: SessionEnd) -> &'static str {
    match end {
        SessionEnd::Done => "done",
        SessionEnd::Expired => "expired",
    }
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
