//! A run as people read it: one fact a line.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

use slr_core::action::{Call, Command, Operation, OperatorStep, TaskRef};
use slr_core::event::{Creator, Deleter, Event};
use slr_core::grant::{Grant, Granted};
use slr_core::id::{
    CreationIdx, OperatorIdx, PrincipalIdx, ResourceIdx, RoleIdx, SessionIdx, TagCallIdx, TextIdx, TransitionIdx,
};
use slr_core::kind::CleanUp;
use slr_core::machine::{Machine, SessionEnd, TaskState};
use slr_core::rejection::Rejection;
use slr_core::rules::DeletionReason;
use slr_core::world::{Item, TagCall, TagChange, Works};
use slr_core::{Action, IdSet, State, Universe};

use crate::catalog::Catalog;
use crate::ledger::Ledger;
use crate::listed::Listed;

/// A fact: whom it is about, and what there is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whom or what the fact is about.
    pub subject: String,
    /// The fact.
    pub text: String,
    /// What it means to whoever waits for the deletion of a role.
    pub tone: Tone,
}

/// What a fact means to whoever waits for the deletion of a role. Colours follow it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing by itself.
    #[default]
    Plain,
    /// What was wanted has happened.
    Good,
    /// It has not: a refusal, a failure.
    Bad,
}

impl Line {
    fn new(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { subject: subject.into(), text: text.into(), tone: Tone::Plain }
    }

    fn good(self) -> Self {
        Self { tone: Tone::Good, ..self }
    }

    fn bad(self) -> Self {
        Self { tone: Tone::Bad, ..self }
    }
}

/// So much of a list is told.
const LISTED: usize = 10;

/// Tells what happened.
#[derive(Debug, Clone, Copy)]
pub struct Storyteller<'a, S> {
    universe: &'a Universe<S>,
}

impl<'a, S: IdSet> Storyteller<'a, S> {
    /// A teller of what happens in a universe.
    pub const fn new(universe: &'a Universe<S>) -> Self {
        Self { universe }
    }

    /// The lines of one step: the call, if somebody called, and what followed. Ledger and state are those after the step.
    pub fn tell(
        &self,
        action: &Action<S>,
        events: &[Event<S>],
        refused: Option<Rejection>,
        ledger: &Ledger<'_, S>,
        state: &State<S>,
    ) -> Vec<Line> {
        let call = self.clean_up(action, events, state);
        let call = call.or_else(|| self.poll(action, events, ledger)).or_else(|| self.call(action, ledger));
        let mut lines: Vec<Line> = call.into_iter().collect();
        if let Some(rejection) = refused {
            lines.push(self.refusal(self.caller(action), rejection));
        }
        lines.extend(events.iter().filter_map(|event| match event {
            // It is the operator that learns of it, in whosever name it calls.
            Event::Refused { rejection, .. } => Some(self.refusal(self.caller(action), *rejection)),
            _ => self.event(event, ledger, state),
        }));
        lines
    }

    /// The lines that tell who asks no more at the end of a run, where no step has told it: whoever works in any order and has used its attempts
    /// up, throttled ones included, while the role is still there and nothing decides about it. To the rules it has not given up: it goes on cleaning up.
    pub fn at_the_end(&self, ledger: &Ledger<'_, S>, state: &State<S>) -> Vec<Line> {
        let universe = self.universe;
        let told = universe.operators().filter_map(|id| {
            let operator = universe.operator(id);
            let used_up = operator.attempts.filter(|most| ledger.requests_of(id) >= u32::from(*most))?;
            let role = universe.sought(state, id);
            let is_open = state.is_live(role) && !state.has_unfinished_task(role);
            let attempts = if used_up == 1 { "attempt is" } else { "attempts are" };
            (operator.works == Works::InAnyOrder && is_open)
                .then(|| Line::new(self.operator(id), format!("asks no more: its {used_up} {attempts} used")).bad())
        });
        told.collect()
    }

    fn caller(&self, action: &Action<S>) -> String {
        match action {
            Action::Operator { operator, .. } | Action::Throttle { call: Call::Step { operator, .. }, .. } => {
                self.operator(*operator)
            }
            Action::Command { by, .. } | Action::Throttle { by, call: Call::Command(_) } => self.principal(*by),
            _ => String::new(),
        }
    }

    /// The line that tells whose operation an operator calls to clean up.
    fn clean_up(&self, action: &Action<S>, events: &[Event<S>], state: &State<S>) -> Option<Line> {
        let Action::Operator { operator, step: OperatorStep::CleansUp(resource) } = action else { return None };
        let moved = events.iter().find_map(|event| match event {
            Event::ResourceMoved { resource: moved, transition } if moved == resource => Some(*transition),
            _ => None,
        });
        // What is refused leaves the resource where it was.
        let called = moved.or_else(|| match self.universe.clean_up_of(state, *resource) {
            CleanUp::Call(transition) => Some(transition),
            _ => None,
        });
        Some(Line::new(self.operator(*operator), self.operate(*resource, called?)))
    }

    /// The line that tells for which task an operator asks, where its record is dropped and the role has a later one.
    fn poll(&self, action: &Action<S>, events: &[Event<S>], ledger: &Ledger<'_, S>) -> Option<Line> {
        let Action::Operator { operator, step: OperatorStep::Polls } = action else { return None };
        let task = events.iter().find_map(|event| match event {
            Event::Refused { rejection: Rejection::EarlierTaskNotFound(role), .. } => {
                Some(TaskRef::Forgotten { role: *role, number: ledger.awaited_in(action) })
            }
            _ => None,
        })?;
        let text = self.command(Command::GetServiceLinkedRoleDeletionStatus { task }, ledger);
        Some(Line::new(self.operator(*operator), text))
    }

    /// The line that tells a call.
    fn call(&self, action: &Action<S>, ledger: &Ledger<'_, S>) -> Option<Line> {
        match action {
            Action::Command { by, command } => Some(Line::new(self.principal(*by), self.command(*command, ledger))),
            Action::Throttle { by, call: Call::Command(command) } => {
                self.call(&Action::Command { by: *by, command: *command }, ledger)
            }
            Action::Throttle { by: _, call: Call::Step { operator, step } } => {
                self.call(&Action::Operator { operator: *operator, step: *step }, ledger)
            }
            Action::Operator { operator, step } => {
                let goal = self.universe.operator(*operator).goal;
                let text = match step {
                    OperatorStep::Submits => self.command(Command::DeleteServiceLinkedRole { role: goal }, ledger),
                    OperatorStep::Polls => {
                        let task = TaskRef::Earlier { role: goal, number: ledger.awaited_in(action) };
                        self.command(Command::GetServiceLinkedRoleDeletionStatus { task }, ledger)
                    }
                    OperatorStep::CleansUp(_) | OperatorStep::ReadsDocs | OperatorStep::GivesUp => return None,
                };
                Some(Line::new(self.operator(*operator), text))
            }
            Action::SessionOpens { .. }
            | Action::SessionEnds { .. }
            | Action::TaskStarts { .. }
            | Action::TaskSucceeds { .. }
            | Action::TaskFails { .. }
            | Action::TaskBecomesVisible { .. }
            | Action::TaskIsForgotten { .. }
            | Action::EarlierTaskIsForgotten { .. }
            | Action::RolePropagates { .. }
            | Action::ResourceMoves { .. }
            | Action::RoleAppears { .. }
            | Action::ServiceDeletesRole { .. }
            | Action::RegionFails { .. }
            | Action::RegionRecovers { .. } => None,
        }
    }

    fn command(&self, command: Command, ledger: &Ledger<'_, S>) -> String {
        let world = self.universe.world();
        match command {
            Command::CreateRole { role, description: _, max_session_duration, gives } => {
                let path = match world.role_path(role).as_str() {
                    "/" => String::new(),
                    path => format!(" on the path {path}"),
                };
                let longest = max_session_duration
                    .map_or(String::new(), |seconds| format!(" with MaxSessionDuration {seconds} s"));
                let given = gives.map_or(String::new(), |gives| self.given_at_once(gives));
                format!("calls CreateRole for {}{path}{longest}{given}", self.role(role))
            }
            Command::CreateServiceLinkedRole { request, .. } => {
                let request = &world.requests[request.index()];
                let suffix = request.suffix.as_ref().map_or(String::new(), |suffix| format!(" with suffix {suffix}"));
                format!("calls CreateServiceLinkedRole for {}{suffix}", request.service)
            }
            Command::DeleteRole { role } => format!("calls DeleteRole for {}", self.role(role)),
            Command::DeleteServiceLinkedRole { role } => {
                format!("calls DeleteServiceLinkedRole for {}", self.role(role))
            }
            Command::GetServiceLinkedRoleDeletionStatus { task } => {
                format!("calls GetServiceLinkedRoleDeletionStatus for {}", Self::task(task, ledger))
            }
            Command::UpdateRole { role, description, max_session_duration } => {
                let changes = self.changes(description, max_session_duration);
                format!("calls UpdateRole for {}: {changes}", self.role(role))
            }
            Command::UpdateRoleDescription { role, .. } => {
                format!("calls UpdateRoleDescription for {}", self.role(role))
            }
            Command::ChangeTags { call } => {
                let TagCall { role, change } = &world.tag_calls[call.index()];
                format!("calls {} for {}: {}", change.operation(), self.role(*role), self.tags(call))
            }
            Command::Attach { attachment } => {
                let thing = &world.attachments[attachment.index()];
                format!("calls {} for {}: {}", thing.item.attaching(), self.role(thing.role), item(&thing.item))
            }
            Command::Detach { attachment } => {
                let thing = &world.attachments[attachment.index()];
                let named = match &thing.item {
                    // The call takes no policy: the role has one boundary at the most.
                    Item::Boundary(_) => String::new(),
                    named => format!(": {}", item(named)),
                };
                format!("calls {} for {}{named}", thing.item.detaching(), self.role(thing.role))
            }
            Command::Give { grant } => {
                let thing = &world.grants[grant.index()];
                format!("calls {} for {}: {}", thing.granting(), thing.name, thing.granted.text())
            }
            Command::Take { grant } => {
                let thing = &world.grants[grant.index()];
                format!("calls {} for {}: {}", thing.revoking(), thing.name, thing.granted.text())
            }
            Command::ReadPolicy { attachment } => {
                let thing = &world.attachments[attachment.index()];
                format!("calls {} for {}: {}", Operation::GetRolePolicy, self.role(thing.role), item(&thing.item))
            }
            Command::Read { operation, role } => format!("calls {operation} for {}", self.role(role)),
            Command::ListRoles { under } => {
                let under = under.map_or(String::new(), |under| format!(" with PathPrefix {}", self.text(under)));
                format!("calls {}{under}", Operation::ListRoles)
            }
            Command::AssumeRole { role } => format!("calls AssumeRole for {}", self.role(role)),
            Command::Operate { resource, transition } => self.operate(resource, transition),
        }
    }

    fn operate(&self, resource: ResourceIdx, transition: TransitionIdx) -> String {
        let operation = &self.universe.transition(resource, transition).operation;
        format!("calls {operation} for {}", self.resource(resource))
    }

    /// A refusal, with code and message as AWS gives them.
    pub fn refusal(&self, caller: impl Into<String>, rejection: Rejection) -> Line {
        let (code, message) = (rejection.code_text(self.universe), rejection.message(self.universe));
        let meant = self.meant(rejection).map_or(String::new(), |meant| format!(" (did you mean `{meant}`?)"));
        Line::new(caller, format!("is refused: {code}: {message}{meant}")).bad()
    }

    /// The principal that was perhaps meant, where one is refused that has no role. AWS does not say so: we do, in brackets.
    fn meant(&self, rejection: Rejection) -> Option<String> {
        let (Rejection::UnknownPrincipal(request) | Rejection::NoTemplate(request)) = rejection else { return None };
        let world = self.universe.world();
        let wrong = &world.requests[request.index()].service;
        let mut declared = world.services.iter().map(|service| service.principal.as_str());
        let same = declared.find(|known| known.eq_ignore_ascii_case(wrong));
        same.or_else(|| Catalog::did_you_mean(wrong)).map(str::to_owned)
    }

    /// The line that tells an event; none for what the line before has told.
    pub fn event(&self, event: &Event<S>, ledger: &Ledger<'_, S>, state: &State<S>) -> Option<Line> {
        let universe = self.universe;
        let world = universe.world();
        let line = match event {
            Event::RoleCreated { role, by, description } => self.created(*role, *by, *description, ledger),
            Event::RoleDeleted { role, by } => {
                let how = if *by == Deleter::Service { " by its service" } else { "" };
                Line::new(self.role(*role), format!("is deleted{how}")).good()
            }
            Event::RolePropagated { role } => Line::new(self.role(*role), "can be assumed from now on"),
            Event::RoleUpdated { role, description, max_session_duration } => {
                let changes = self.changes(*description, *max_session_duration);
                Line::new(self.role(*role), format!("has {changes}"))
            }
            Event::TagsChanged { call } => {
                let TagCall { role, change } = &world.tag_calls[call.index()];
                let has = match change {
                    TagChange::Write(_) => "has",
                    TagChange::Remove(_) => "no longer has",
                };
                Line::new(self.role(*role), format!("{has} {}", self.tags(*call)))
            }
            Event::Attached { attachment } => {
                let thing = &world.attachments[attachment.index()];
                Line::new(self.role(thing.role), format!("has {}", item(&thing.item)))
            }
            Event::Detached { attachment } => {
                let thing = &world.attachments[attachment.index()];
                Line::new(self.role(thing.role), format!("no longer has {}", item(&thing.item)))
            }
            Event::Granted { grant } => grant_line(&world.grants[grant.index()], "has"),
            Event::Revoked { grant } => grant_line(&world.grants[grant.index()], "no longer has"),
            Event::TaskSubmitted { role } => {
                let id = ledger.latest(*role).and_then(|number| ledger.task_id(number)).unwrap_or_default();
                Line::new(Self::latest(*role, ledger), format!("NOT_STARTED: {id}"))
            }
            Event::TaskReturned { role } => {
                Line::new(Self::latest(*role, ledger), "is returned again: it is unfinished")
            }
            Event::TaskStarted { role } => Line::new(Self::latest(*role, ledger), "NOT_STARTED -> IN_PROGRESS"),
            Event::TaskSucceeded { role } => Line::new(Self::latest(*role, ledger), "IN_PROGRESS -> SUCCEEDED").good(),
            Event::TaskFailed { role, in_use, session_open, named } => {
                let found = Self::found(in_use, *session_open);
                let reason = universe.deletion_reason(*role, in_use, named);
                let text = format!("IN_PROGRESS -> FAILED: {found}; {}", self.report(named, &reason));
                Line::new(Self::latest(*role, ledger), text).bad()
            }
            Event::TaskBecameVisible { role } => Line::new(Self::latest(*role, ledger), "can be polled from now on"),
            Event::TaskForgotten { role } => {
                Line::new(Self::latest(*role, ledger), "is forgotten: its record is dropped")
            }
            Event::EarlierTaskForgotten { role, number } => {
                let task = TaskRef::Earlier { role: *role, number: *number };
                Line::new(Self::task(task, ledger), "is forgotten: its record is dropped")
            }
            Event::StatusAnswered { task, status } => {
                Line::new(Self::task(*task, ledger), self.status(*task, *status, ledger))
            }
            Event::Answered { operation, role, under } => {
                let text = match Listed::of(universe, state, *operation, *role, *under) {
                    Some(listed) => self.list(listed),
                    None => self.answer(*operation, *role, ledger),
                };
                Line::new(role.map_or("account".to_owned(), |role| self.role(role)), text)
            }
            Event::RoleAssumed { role } => Line::new(self.role(*role), "is assumed"),
            Event::SessionOpened { session } => Line::new(self.session(*session), "opens"),
            Event::SessionEnded { session, end } => {
                let why = match end {
                    SessionEnd::Done => "ends: the work is done",
                    SessionEnd::Expired => "ends: MaxSessionDuration is over",
                };
                Line::new(self.session(*session), why)
            }
            Event::ResourceMoved { resource, transition } => {
                let kind = universe.kind_of(*resource);
                let step = universe.transition(*resource, *transition);
                let (from, to) = (kind.state_name(step.from), kind.state_name(step.to));
                Line::new(self.resource(*resource), format!("{from} -> {to} ({})", step.name))
            }
            Event::DocsRead { operator } => {
                Line::new(self.operator(*operator), "has read the documentation and knows what uses the role")
            }
            Event::ObstaclesNamed { operator, resources } => {
                let named: Vec<_> = resources.iter().map(|id| self.resource(ResourceIdx(id))).collect();
                Line::new(self.operator(*operator), format!("learns what is in the way: {}", named.join(" ")))
            }
            Event::FailureSeen { operator } => Line::new(self.operator(*operator), "sees that the deletion has failed"),
            Event::SuccessSeen { operator } => {
                Line::new(self.operator(*operator), "takes the role for gone: done").good()
            }
            Event::GaveUp { operator } => Line::new(self.operator(*operator), "gives up").bad(),
            Event::Refused { by, rejection } => self.refusal(self.principal(*by), *rejection),
            Event::RegionFailed { region } => Line::new(world.regions[region.index()].clone(), "does not answer").bad(),
            Event::RegionRecovered { region } => Line::new(world.regions[region.index()].clone(), "answers again"),
        };
        Some(line)
    }

    fn created(&self, role: RoleIdx, by: Creator, description: Option<TextIdx>, ledger: &Ledger<'_, S>) -> Line {
        let maker = match by {
            Creator::Principal(_) => "",
            Creator::Service => ", by its service, which needs it",
            Creator::History => ", by its service, which was used before it had such roles",
        };
        let incarnation = match ledger.role(role).incarnation {
            0 | 1 => String::new(),
            n => format!(", incarnation {n}"),
        };
        let described = description.map_or(String::new(), |text| format!(", described {:?}", self.text(text)));
        let text = format!("is created as {}{incarnation}{maker}{described}", ledger.role_id(role));
        Line::new(self.role(role), text)
    }

    /// What a poll is answered.
    fn status(&self, task: TaskRef, status: Option<TaskState>, ledger: &Ledger<'_, S>) -> String {
        let record = ledger.number_of(task).and_then(|number| ledger.task(number));
        let status = status.or_else(|| record.map(|task| task.status));
        let mut text = format!("is {}", status.map_or("?", Machine::name));
        if let (Some(TaskState::Failed), Some(record)) = (status, record) {
            text.push_str(": ");
            text.push_str(&self.report(&record.named, &ledger.reason(record)));
        }
        text
    }

    /// What `CreateRole` gives a role at once.
    fn given_at_once(&self, gives: CreationIdx) -> String {
        let world = self.universe.world();
        let creation = &world.creations[gives.index()];
        let tags = creation.tags.map(|call| self.tags(call));
        let boundary = creation.boundary.map(|boundary| item(&world.attachments[boundary.index()].item));
        format!(" with {}", tags.into_iter().chain(boundary).collect::<Vec<_>>().join(" and "))
    }

    /// The tags that a call names, with their values if it gives them any: of many the first.
    fn tags(&self, call: TagCallIdx) -> String {
        let named = self.universe.world().tags_in(call);
        let told = named.iter().take(LISTED).map(|(key, value)| match value {
            Some(value) => format!("{key}={value}"),
            None => (*key).to_owned(),
        });
        let told = told.collect::<Vec<_>>().join(", ");
        match (named.len(), named.len().saturating_sub(LISTED)) {
            (0, _) => "no tags".to_owned(),
            (1, _) => format!("tag {told}"),
            (_, 0) => format!("tags {told}"),
            (_, more) => format!("tags {told}, and {more} more"),
        }
    }

    /// What `UpdateRole` changes.
    fn changes(&self, description: Option<TextIdx>, max_session_duration: Option<u32>) -> String {
        let mut changes = Vec::new();
        changes.extend(description.map(|text| match self.text(text) {
            "" => "no description".to_owned(),
            text => format!("description {text:?}"),
        }));
        changes.extend(max_session_duration.map(|seconds| format!("MaxSessionDuration {seconds} s")));
        if changes.is_empty() { "nothing new".to_owned() } else { changes.join(" and ") }
    }

    /// What is listed, on a line: of long lists the beginning.
    fn list(&self, listed: Listed) -> String {
        let count = listed.count();
        let (what, mut things) = match listed {
            Listed::Roles { roles, others: _ } => ("roles", roles.into_iter().map(|role| self.role(role)).collect()),
            Listed::Things(what, things) => (what, things),
        };
        things.truncate(LISTED);
        let told = things.join(", ");
        match count - things.len() as u64 {
            0 if things.is_empty() => format!("answers: no {what}"),
            0 => format!("answers: {told}"),
            more if things.is_empty() => format!("answers: {more} {what} that the scenario does not name"),
            more => format!("answers: {told}, and {more} more"),
        }
    }

    fn answer(&self, operation: Operation, role: Option<RoleIdx>, ledger: &Ledger<'_, S>) -> String {
        match (operation, role) {
            (Operation::GetRole | Operation::CreateServiceLinkedRole, Some(role)) => {
                let record = ledger.role(role);
                let description = record.description.map_or("none".to_owned(), |text| format!("{:?}", self.text(text)));
                let used = record.last_used.map_or("never used".to_owned(), |used| {
                    format!("last used at {} in {}", used.at, self.universe.world().regions[used.region.index()])
                });
                format!(
                    "answers: {} {}, description {description}, {used}",
                    ledger.role_id(role),
                    self.universe.role_arn(role)
                )
            }
            (operation, _) => format!("{operation} is answered"),
        }
    }

    /// What was found to use a role.
    fn found(in_use: &S, session_open: bool) -> String {
        let resources = match in_use.len() {
            0 => None,
            1 => Some("1 resource".to_owned()),
            n => Some(format!("{n} resources")),
        };
        let session = session_open.then(|| "an open session".to_owned());
        let found: Vec<String> = resources.into_iter().chain(session).collect();
        if found.is_empty() {
            "the service keeps the role".to_owned()
        } else {
            format!("in use by {}", found.join(" and "))
        }
    }

    /// What the service told.
    fn report(&self, named: &S, reason: &DeletionReason) -> String {
        if !named.is_empty() {
            let by_region: Vec<String> = reason
                .role_usage_list
                .iter()
                .map(|usage| {
                    let listed: Vec<_> = usage.resources.iter().map(|resource| self.resource(*resource)).collect();
                    format!("{}: {}", usage.region, listed.join(" "))
                })
                .collect();
            format!("reported {} ({})", named.len(), by_region.join("; "))
        } else if !reason.role_usage_list.is_empty() {
            let regions: Vec<&str> = reason.role_usage_list.iter().map(|usage| usage.region.as_str()).collect();
            format!("reported regions alone: {}", regions.join(" "))
        } else if let Some(text) = &reason.reason {
            format!("reported nothing but {text:?}")
        } else {
            "reported nothing".to_owned()
        }
    }

    fn task(task: TaskRef, ledger: &Ledger<'_, S>) -> String {
        match (task, ledger.number_of(task)) {
            (TaskRef::Forgotten { .. }, Some(number)) => format!("task {number}, which is forgotten"),
            (_, Some(number)) => format!("task {number}"),
            (TaskRef::Malformed, None) => "a malformed task id".to_owned(),
            (TaskRef::Unknown(_) | TaskRef::Latest(_) | TaskRef::Earlier { .. } | TaskRef::Forgotten { .. }, None) => {
                "an unknown task".to_owned()
            }
        }
    }

    fn latest(role: RoleIdx, ledger: &Ledger<'_, S>) -> String {
        Self::task(TaskRef::Latest(role), ledger)
    }

    fn role(&self, role: RoleIdx) -> String {
        self.universe.world().roles[role.index()].name.clone()
    }

    fn resource(&self, resource: ResourceIdx) -> String {
        self.universe.world().resources[resource.index()].name.clone()
    }

    fn principal(&self, principal: PrincipalIdx) -> String {
        self.universe.world().principals[principal.index()].name.clone()
    }

    fn operator(&self, operator: OperatorIdx) -> String {
        self.universe.operator(operator).name.clone()
    }

    fn text(&self, text: TextIdx) -> &str {
        &self.universe.world().texts[text.index()]
    }

    /// A session is called by its place among its role's sessions.
    fn session(&self, session: SessionIdx) -> String {
        let world = self.universe.world();
        let slot = &world.sessions[session.index()];
        let place = world.sessions_of(slot.role).take_while(|other| *other != session).count() + 1;
        format!("session {place} of {}", slot.principal)
    }
}

/// What a user or a group has or has no more.
fn grant_line(grant: &Grant, verb: &str) -> Line {
    let sort = match &grant.granted {
        Granted::InlinePolicy(..) => "inline policy",
        Granted::ManagedPolicy(_) => "policy",
        Granted::Member(_) => "member",
    };
    Line::new(grant.name.as_str(), format!("{verb} {sort} {}", grant.granted.text()))
}

fn item(item: &Item) -> String {
    match item {
        Item::Tag(key) => format!("tag {key}"),
        Item::ManagedPolicy(arn) => format!("policy {arn}"),
        Item::InlinePolicy(name) => format!("inline policy {name}"),
        Item::InstanceProfile(name) => format!("instance profile {name}"),
        Item::Boundary(arn) => format!("permissions boundary {arn}"),
        Item::TrustPolicy(name) => format!("trust policy {name}"),
    }
}
