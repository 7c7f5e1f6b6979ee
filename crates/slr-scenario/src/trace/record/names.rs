//! Actions and events by the names that the scenario gives.

use std::borrow::Cow;

use slr_core::action::{Call, Command, Operation, OperatorStep, TaskRef};
use slr_core::event::{Creator, Deleter, Event};
use slr_core::id::{
    AttachmentIdx, CreationIdx, GrantIdx, OperatorIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, TagCallIdx,
    TextIdx, TransitionIdx,
};
use slr_core::machine::{Machine, SessionEnd, TaskState};
use slr_core::rules::DeletionReason;
use slr_core::world::{Item, TagCall, TagChange};
use slr_core::{Action, IdSet, State, Universe};

use super::{ActionRecord, EventRecord, Fact, TagRecord, UsageRecord};
use crate::ledger::Ledger;
use crate::listed::Listed;
use crate::simulation::operation_of;

/// Writes facts by name, and reads them.
#[derive(Debug, Clone)]
pub struct Names<'a, S> {
    pub(super) universe: &'a Universe<S>,
    /// Per role, what it is called.
    pub(super) roles: Vec<Cow<'a, str>>,
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
        let creation = &world.creations[gives.index()];
        let boundary = creation.boundary.map(|boundary| Cow::Borrowed(world.attachments[boundary.index()].item.text()));
        let what = Fact { boundary, ..what };
        match creation.tags {
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
}

pub(super) const fn end_name(end: SessionEnd) -> &'static str {
    match end {
        SessionEnd::Done => "done",
        SessionEnd::Expired => "expired",
    }
}
