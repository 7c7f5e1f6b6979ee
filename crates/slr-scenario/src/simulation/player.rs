//! The habits of a scenario: its delays, its operators' patience, its faults and its script.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

mod timed;

use slr_core::action::{Operation, TaskRef};
use slr_core::id::{OperatorIdx, RegionIdx, ResourceIdx, RoleIdx, SessionIdx, TransitionIdx};
use slr_core::kind::{CleanUp, Mover, When};
use slr_core::machine::{Phase, SessionEnd};
use slr_core::rejection::Impossible;
use slr_core::rules::Reports;
use slr_core::world::{Told, Works};
use slr_core::{Action, Command, Event, IdSet, OperatorStep, State, Universe};

use super::chance::{Chance, Delay, stream_number};
use super::plan::{Actions, DEFAULT_MAX_SESSION, Plan, Scripted, TaskName};
use super::time::SimTime;
use super::{Agenda, Habits, Step};
use crate::ledger::task_id;
use timed::Timetable;

/// What can be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum What {
    Step,
    SessionOpens,
    SessionEnds,
    TaskStarts,
    TaskDecides,
    TaskBecomesVisible,
    TaskIsForgotten,
    RolePropagates,
    ServiceDeletesRole,
    ResourceMoves,
    TimeIsUp,
    ScheduleComes,
    OperatorWorks,
    OperatorPolls,
    OperatorReads,
    OperatorLosesPatience,
    RegionFails,
    RegionRecovers,
}

const WHATS: usize = What::RegionRecovers as usize + 1;

/// Something that is due, and which scheduling of it this is: an earlier one is void once there is a later one.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    what: What,
    id: u32,
    serial: u32,
}

/// A scripted step that could not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unplayable {
    /// Which step of the script, counted from 0.
    pub step: u32,
    /// When it was to happen.
    pub at: SimTime,
    /// What stood against it; `None` if there was nothing that it could mean.
    pub why: Option<Impossible>,
}

/// What a script may want to know of a task: the rules know each role's latest alone.
#[derive(Debug, Clone, Copy)]
struct Submitted {
    role: RoleIdx,
    /// Whether a later task, or a new incarnation of the role, has taken its place.
    is_superseded: bool,
    ended: SimTime,
}

/// Some of a kind's transitions, which seldom are more than one.
#[derive(Debug, Default)]
struct Choices {
    first: Option<TransitionIdx>,
    others: Vec<TransitionIdx>,
    count: u64,
}

impl Choices {
    fn add(&mut self, transition: TransitionIdx) {
        match self.first {
            None => self.first = Some(transition),
            Some(_) => self.others.push(transition),
        }
        self.count += 1;
    }

    fn nth(&self, place: u64) -> Option<TransitionIdx> {
        match usize::try_from(place).ok()?.checked_sub(1) {
            None => self.first,
            Some(place) => self.others.get(place).copied(),
        }
    }
}

/// Plays a plan under a seed.
#[derive(Debug)]
pub struct Player<'a, S> {
    universe: &'a Universe<S>,
    plan: &'a Plan,
    seed: u64,
    /// Per actor, its stream number, and the stream once it has drawn.
    streams: Vec<(u64, Option<Chance>)>,
    /// Per thing that can be due, the serial number of its latest scheduling.
    serials: Vec<u32>,
    stride: usize,
    /// Per session, why it will end.
    ends: Vec<SessionEnd>,
    /// Per role, its `MaxSessionDuration` in milliseconds.
    max_session: Vec<u64>,
    /// Per operator, when it may submit next, and how many requests it has submitted.
    submits: Vec<(SimTime, u32)>,
    /// Every task so far, in the order of submission.
    tasks: Vec<Submitted>,
    /// Per session, whether it was to open while that was impossible.
    missed_sessions: Vec<bool>,
    /// Per resource, whether its service was to move it while that was impossible.
    missed_moves: Vec<bool>,
    timetable: Timetable,
    /// Per operator, whether it is about to read the documentation.
    reads: Vec<bool>,
    unplayable: Vec<Unplayable>,
}

/// The actors that have streams of their own, in the order of their numbers.
#[derive(Debug, Clone, Copy)]
enum Actor {
    Faults,
    /// The service that owns the role: how long its tasks take, and what they name.
    Service(RoleIdx),
    /// Those who hold sessions on the role.
    Sessions(RoleIdx),
    /// The service that moves the resources which use the role.
    Resources(RoleIdx),
    Operator(OperatorIdx),
}

impl<'a, S: IdSet> Player<'a, S> {
    /// A player of the plan in the universe.
    pub fn new(universe: &'a Universe<S>, plan: &'a Plan, seed: u64) -> Self {
        let world = universe.world();
        let names =
            std::iter::once("faults".to_owned())
                .chain(world.roles.iter().flat_map(|role| {
                    ["service", "sessions", "resources"].map(|actor| format!("{actor}/{}", role.name))
                }))
                .chain(world.operators.iter().map(|operator| format!("operator/{}", operator.name)));
        let counts = [
            plan.steps.len(),
            world.sessions.len(),
            world.roles.len(),
            world.resources.len(),
            world.operators.len(),
            world.regions.len(),
        ];
        let stride = counts.into_iter().max().unwrap_or(0);
        Self {
            universe,
            plan,
            seed,
            streams: names.map(|name| (stream_number(&name), None)).collect(),
            serials: vec![0; stride * WHATS],
            stride,
            ends: vec![SessionEnd::Done; world.sessions.len()],
            max_session: plan.max_session.clone(),
            submits: vec![(SimTime::ZERO, 0); world.operators.len()],
            tasks: Vec::new(),
            missed_sessions: vec![false; world.sessions.len()],
            missed_moves: vec![false; world.resources.len()],
            timetable: Timetable::new(plan, world.resources.len()),
            reads: vec![false; world.operators.len()],
            unplayable: Vec::new(),
        }
    }

    /// Begins again under another seed.
    pub fn reset(&mut self, seed: u64) {
        self.seed = seed;
        for (_, stream) in &mut self.streams {
            *stream = None;
        }
        self.serials.fill(0);
        self.max_session.clone_from(&self.plan.max_session);
        self.submits.fill((SimTime::ZERO, 0));
        self.tasks.clear();
        self.missed_sessions.fill(false);
        self.missed_moves.fill(false);
        self.timetable.reset(self.plan);
        self.reads.fill(false);
        self.unplayable.clear();
    }

    /// The scripted steps that could not happen.
    pub fn unplayable(&self) -> &[Unplayable] {
        &self.unplayable
    }

    /// Schedules what is due from the beginning.
    pub fn begin(&mut self, state: &State<S>, agenda: &mut Agenda<Due>) {
        let (universe, plan) = (self.universe, self.plan);
        for (number, step) in (0..).zip(&plan.steps) {
            self.at(step.at, What::Step, number, agenda);
        }
        for outage in &plan.outages {
            self.at(outage.from, What::RegionFails, outage.region.0, agenda);
            if outage.until != SimTime::END {
                self.at(outage.until, What::RegionRecovers, outage.region.0, agenda);
            }
        }
        for session in universe.sessions() {
            if state.is_open(session) {
                self.session_is_open(session, SimTime::ZERO, agenda);
            } else {
                self.session_is_closed(session, SimTime::ZERO, state, agenda);
            }
        }
        for resource in universe.resources() {
            self.resource_is_in(resource, SimTime::ZERO, state, agenda);
            self.resource_came_into(resource, SimTime::ZERO, state, agenda);
            self.await_schedule(resource, SimTime::ZERO, state, agenda);
        }
        for (operator, habits) in (0..).zip(&plan.operators) {
            self.at(habits.starts, What::OperatorWorks, operator, agenda);
        }
    }

    fn stream(&mut self, actor: Actor) -> &mut Chance {
        let roles = self.universe.world().roles.len();
        let index = match actor {
            Actor::Faults => 0,
            Actor::Service(role) => 1 + 3 * role.index(),
            Actor::Sessions(role) => 2 + 3 * role.index(),
            Actor::Resources(role) => 3 + 3 * role.index(),
            Actor::Operator(operator) => 1 + 3 * roles + operator.index(),
        };
        let seed = self.seed;
        let (number, stream) = &mut self.streams[index];
        stream.get_or_insert_with(|| Chance::numbered(seed, *number))
    }

    #[inline]
    fn serial(&mut self, what: What, id: u32) -> &mut u32 {
        &mut self.serials[what as usize * self.stride + id as usize]
    }

    #[inline]
    fn at(&mut self, at: SimTime, what: What, id: u32, agenda: &mut Agenda<Due>) {
        let serial = self.serial(what, id);
        *serial = serial.wrapping_add(1);
        let serial = *serial;
        agenda.schedule(at, Due { what, id, serial });
    }

    #[inline]
    fn after_delay(&mut self, now: SimTime, delay: Delay, actor: Actor, what: What, id: u32, agenda: &mut Agenda<Due>) {
        let delay = delay.draw(self.stream(actor));
        self.at(now.plus(delay), what, id, agenda);
    }

    fn session_is_open(&mut self, session: SessionIdx, now: SimTime, agenda: &mut Agenda<Due>) {
        let role = self.universe.world().sessions[session.index()].role;
        let length = self.plan.session_end.draw(self.stream(Actor::Sessions(role)));
        let longest = SimTime::from_millis(self.max_session[role.index()]);
        self.ends[session.index()] = if length < longest { SessionEnd::Done } else { SessionEnd::Expired };
        self.at(now.plus(length.min(longest)), What::SessionEnds, session.0, agenda);
    }

    fn session_is_closed(&mut self, session: SessionIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let slot = &self.universe.world().sessions[session.index()];
        if slot.reopens && state.is_live(slot.role) {
            let (delay, actor) = (self.plan.session_open, Actor::Sessions(slot.role));
            self.after_delay(now, delay, actor, What::SessionOpens, session.0, agenda);
        }
    }

    /// Schedules the service's next move of a resource, if it has one from the resource's state.
    #[inline]
    fn resource_is_in(&mut self, resource: ResourceIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let code = state.resource(resource);
        let kind = self.universe.world().resources[resource.index()].kind;
        let transitions = &self.universe.kind_of(resource).transitions;
        let own = |(id, t): &(u32, &slr_core::kind::Transition)| {
            t.by == Mover::Service && t.from == code && !t.exceptional && !self.is_timed(resource, TransitionIdx(*id))
        };
        let first = (0..).zip(transitions).find(own).map(|(id, _)| TransitionIdx(id));
        self.missed_moves[resource.index()] = false;
        let plan = self.plan;
        let actor = Actor::Resources(self.universe.role_of(resource));
        if let Some(first) = first {
            let delay = plan.moves[kind.index()][first.index()];
            self.after_delay(now, delay, actor, What::ResourceMoves, resource.0, agenda);
        }
    }

    /// Which of its moves a service makes with a resource now.
    ///
    /// A clean-up that can fail because the role is in use does fail, unless the scenario says which part of them. Among other moves that
    /// are open chance decides.
    fn service_move(&mut self, resource: ResourceIdx, state: &State<S>) -> Option<TransitionIdx> {
        let universe = self.universe;
        let (kind, role) = (universe.world().resources[resource.index()].kind, universe.role_of(resource));
        let in_use = universe.is_session_open(state, role);
        let code = state.resource(resource);
        let mut failing = Choices::default();
        let mut passing = Choices::default();
        for (id, transition) in (0..).map(TransitionIdx).zip(&universe.kind_of(resource).transitions) {
            if transition.by != Mover::Service || transition.from != code || transition.exceptional {
                continue;
            }
            if self.is_timed(resource, id) {
                continue;
            }
            let (in_time, choices) = match transition.when {
                When::Always => (true, &mut passing),
                When::InUse => (in_use, &mut failing),
                When::NotInUse => (!in_use, &mut passing),
            };
            if in_time && (!transition.is_special || universe.meets_conditions(state, resource, id)) {
                choices.add(id);
            }
        }
        let fails = if failing.count == 0 {
            false
        } else if passing.count == 0 {
            true
        } else {
            let applies = self.plan.clean_up_failures.iter().find(|fault| fault.kind.is_none_or(|k| k == kind));
            match applies {
                None => true,
                Some(fault) => self.stream(Actor::Faults).comes_true(fault.millionths),
            }
        };
        self.pick(role, if fails { &failing } else { &passing })
    }

    fn pick(&mut self, role: RoleIdx, choices: &Choices) -> Option<TransitionIdx> {
        match choices.first {
            Some(_) if choices.count > 1 => {
                let chosen = self.stream(Actor::Resources(role)).below(choices.count);
                choices.nth(chosen)
            }
            only => only,
        }
    }

    /// What the service names, drawn among the reports that are open to it.
    fn report(&mut self, role: RoleIdx, reports: Reports<S>) -> S {
        let chance = self.stream(Actor::Service(role));
        match reports {
            Reports::Exactly(named) => named,
            Reports::AnyPartOf(all) => {
                let mut bits = 0;
                let named = all.iter().enumerate().filter(|(place, _)| {
                    if place % 64 == 0 {
                        bits = chance.bits();
                    }
                    bits >> (place % 64) & 1 == 1
                });
                S::of(named.map(|(_, id)| id))
            }
            Reports::SomeOf(all, size) => {
                // Floyd's way to a sample: as many draws as ids.
                let ids: Vec<u32> = all.iter().collect();
                let mut named = S::default();
                for last in ids.len() - (size as usize).min(ids.len())..ids.len() {
                    let drawn = usize::try_from(chance.below(last as u64 + 1)).unwrap_or(last);
                    let place = if named.contains(ids[drawn]) { last } else { drawn };
                    named.insert(ids[place]);
                }
                named
            }
            Reports::OneOf(sets) => {
                let chosen = usize::try_from(chance.below(sets.len() as u64)).unwrap_or(0);
                sets.into_iter().nth(chosen).unwrap_or_default()
            }
        }
    }

    /// The decision about the role's task.
    fn decision(&mut self, role: RoleIdx, state: &State<S>) -> Action<S> {
        let judgement = self.universe.judge(state, role);
        if judgement.is_unused() {
            return Action::TaskSucceeds { role };
        }
        let reports = self.universe.reports(state, role, &judgement);
        Action::TaskFails { role, named: self.report(role, reports) }
    }

    /// Whether a call is answered with `Throttling`.
    fn is_throttled(&mut self, operation: Operation, now: SimTime) -> bool {
        let plan = self.plan;
        plan.throttlings
            .iter()
            .filter(|fault| fault.operation == operation && fault.from <= now && now < fault.until)
            .any(|fault| self.stream(Actor::Faults).comes_true(fault.millionths))
    }

    fn operator_call(&mut self, id: OperatorIdx, step: OperatorStep, now: SimTime, actions: &mut Actions<S>) {
        let operation = match step {
            OperatorStep::Submits => Some(Operation::DeleteServiceLinkedRole),
            OperatorStep::Polls => Some(Operation::GetServiceLinkedRoleDeletionStatus),
            OperatorStep::ReadsDocs | OperatorStep::CleansUp(_) | OperatorStep::GivesUp => None,
        };
        let by = self.universe.operator(id).principal;
        actions.push(match operation {
            Some(operation) if self.is_throttled(operation, now) => Action::Throttle { by, operation },
            _ => Action::Operator { operator: id, step },
        });
    }

    /// What an operator does when it looks at its work: clean up all that it can, or else submit, or give up.
    fn operator_works(&mut self, id: OperatorIdx, now: SimTime, state: &State<S>, actions: &mut Actions<S>) {
        let universe = self.universe;
        let operator = universe.operator(id);
        let at_work = state.operator(id).phase == Phase::Preparing;
        if at_work && state.is_live(universe.sought(state, id)) {
            let cleanable = universe.known_to(state, id);
            for resource in cleanable.iter().map(ResourceIdx) {
                if matches!(universe.clean_up_of(state, resource), CleanUp::Call(_))
                    && universe.can_clean_up(state, id, resource)
                {
                    actions.push(Action::Operator { operator: id, step: OperatorStep::CleansUp(resource) });
                }
            }
        }
        let may_submit = universe.may_step(state, id, OperatorStep::Submits) && now >= self.submits[id.index()].0;
        // Who works in any order submits as soon as it may; who works in steps has nothing left to clean up by then.
        if actions.is_empty() && may_submit {
            if operator.works == Works::InSteps {
                // What it knows of cannot be moved on. It tries once more, is refused, and asks again.
                let known = universe.known_to(state, id);
                let callable = known
                    .iter()
                    .map(ResourceIdx)
                    .filter(|resource| at_work && matches!(universe.clean_up_of(state, *resource), CleanUp::Call(_)));
                actions.extend(
                    callable.map(|resource| Action::Operator { operator: id, step: OperatorStep::CleansUp(resource) }),
                );
            }
            self.operator_call(id, OperatorStep::Submits, now, actions);
        } else if actions.is_empty() && at_work && universe.may_step(state, id, OperatorStep::GivesUp) {
            actions.push(Action::Operator { operator: id, step: OperatorStep::GivesUp });
        }
    }

    fn scripted(&mut self, number: u32, now: SimTime, state: &State<S>, actions: &mut Actions<S>) {
        let (universe, plan) = (self.universe, self.plan);
        let step = &plan.steps[number as usize].what;
        let action = match step {
            Scripted::Poll { by, task } => {
                let task = self.task_named(task, now);
                Some(Action::Command { by: *by, command: Command::GetServiceLinkedRoleDeletionStatus { task } })
            }
            Scripted::TaskFails { role, named: None } => Some(self.decision(*role, state)),
            _ => step.action(universe, state),
        };
        match action {
            None => self.unplayable.push(Unplayable { step: number, at: now, why: None }),
            Some(Action::Command { by, command }) => {
                let throttled = operation_of(universe, command).filter(|operation| self.is_throttled(*operation, now));
                if let Some(operation) = throttled {
                    actions.push(Action::Throttle { by, operation });
                    return;
                }
                actions.push(Action::Command { by, command });
                if let Scripted::Call { also, .. } = step {
                    actions.extend(also.iter().map(|command| Action::Command { by, command: *command }));
                }
            }
            Some(action) => actions.push(action),
        }
    }

    /// The task that a step means, now.
    fn task_named(&self, name: &TaskName, now: SimTime) -> TaskRef {
        let number = match name {
            TaskName::First => Some(1),
            TaskName::Last => u32::try_from(self.tasks.len()).ok(),
            TaskName::Number(number) => Some(*number),
            TaskName::Id(id) => {
                let world = self.universe.world();
                let is_named =
                    |(number, task): &(u32, &Submitted)| task_id(world, self.seed, task.role, *number) == *id;
                match (1_u32..).zip(&self.tasks).find(is_named) {
                    Some((number, _)) => Some(number),
                    None if crate::ledger::is_task_id(id) => return TaskRef::Unknown,
                    None => return TaskRef::Malformed,
                }
            }
        };
        let place = number.and_then(|number| number.checked_sub(1)).map(|place| place as usize);
        match place.and_then(|place| self.tasks.get(place)) {
            None => TaskRef::Unknown,
            Some(task) if !task.is_superseded => TaskRef::Latest(task.role),
            Some(task) if self.is_forgotten(*task, now) => TaskRef::Unknown,
            Some(task) => TaskRef::Earlier { role: task.role, number },
        }
    }

    /// Whether the record of a superseded task is dropped by now; that of the latest is dropped by the rules.
    fn is_forgotten(&self, task: Submitted, now: SimTime) -> bool {
        match self.plan.retention {
            Delay::Fixed(millis) if self.universe.world().knobs.tasks_are_forgotten => {
                task.ended.plus(SimTime::from_millis(millis)) <= now
            }
            _ => false,
        }
    }

    fn supersede(&mut self, role: RoleIdx) {
        for task in self.tasks.iter_mut().filter(|task| task.role == role) {
            task.is_superseded = true;
        }
    }

    fn note(&mut self, event: &Event<S>, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let universe = self.universe;
        match event {
            Event::RoleCreated { role, .. } => {
                self.supersede(*role);
                self.max_session[role.index()] = DEFAULT_MAX_SESSION;
                if state.is_fresh(*role) {
                    let delay = self.plan.propagation;
                    self.after_delay(now, delay, Actor::Service(*role), What::RolePropagates, role.0, agenda);
                }
                for session in universe.sessions_of(*role).iter().map(SessionIdx) {
                    self.session_is_closed(session, now, state, agenda);
                }
                self.wake_resources(universe.resources_of(*role), now, state, agenda);
            }
            Event::RoleUpdated { role, max_session_duration: Some(seconds), .. } => {
                self.max_session[role.index()] = u64::from(*seconds) * 1000;
            }
            Event::TaskSubmitted { role } => {
                self.supersede(*role);
                self.tasks.push(Submitted { role: *role, is_superseded: false, ended: now });
                self.after_delay(now, self.plan.task_start, Actor::Service(*role), What::TaskStarts, role.0, agenda);
                if state.task_is_unseen(*role) {
                    let delay = self.visibility(now);
                    self.after_delay(now, delay, Actor::Service(*role), What::TaskBecomesVisible, role.0, agenda);
                }
            }
            Event::TaskStarted { role } => {
                self.after_delay(
                    now,
                    self.plan.task_decision,
                    Actor::Service(*role),
                    What::TaskDecides,
                    role.0,
                    agenda,
                );
            }
            Event::TaskSucceeded { role } | Event::TaskFailed { role, .. } => {
                if let Some(task) = self.tasks.iter_mut().rev().find(|task| task.role == *role) {
                    task.ended = now;
                }
                if universe.world().knobs.tasks_are_forgotten {
                    let delay = self.plan.retention;
                    self.after_delay(now, delay, Actor::Service(*role), What::TaskIsForgotten, role.0, agenda);
                }
                if matches!(event, Event::TaskFailed { .. }) {
                    self.make_up_for(*role, now, state, agenda);
                    for operator in universe.operators() {
                        let described = universe.operator(operator);
                        if described.works == Works::InAnyOrder && universe.is_sought(operator, *role) {
                            self.wait_and_work(operator, now, state, agenda);
                        }
                    }
                }
            }
            Event::SessionOpened { session } => self.session_is_open(*session, now, agenda),
            Event::SessionEnded { session, .. } => {
                self.session_is_closed(*session, now, state, agenda);
                let role = universe.world().sessions[session.index()].role;
                self.wake_waiting(universe.resources_of(role), now, state, agenda);
                self.service_may_delete(role, now, state, agenda);
                self.wake_operators(role, now, state, agenda);
            }
            Event::ResourceMoved { resource, transition } => {
                self.resource_moved(*resource, *transition, now, state, agenda);
            }
            Event::FailureSeen { operator } => self.wait_and_work(*operator, now, state, agenda),
            // What it has learnt of it can clean up at once.
            Event::DocsRead { operator } | Event::ObstaclesNamed { operator, .. } => {
                let starts = self.plan.operators[operator.index()].starts;
                self.at(now.max(starts), What::OperatorWorks, operator.0, agenda);
            }
            Event::RegionFailed { .. } => {
                for role in universe.roles() {
                    self.wake_operators(role, now, state, agenda);
                }
            }
            Event::RegionRecovered { region } => {
                self.make_up_for_moves(universe.resources_in(*region), now, state, agenda);
                for role in universe.roles() {
                    self.wake_operators(role, now, state, agenda);
                }
            }
            Event::RolePropagated { role } => self.make_up_for(*role, now, state, agenda),
            Event::RoleDeleted { .. }
            | Event::RoleUpdated { .. }
            | Event::Attached { .. }
            | Event::Detached { .. }
            | Event::TaskReturned { .. }
            | Event::TaskBecameVisible { .. }
            | Event::TaskForgotten { .. }
            | Event::StatusAnswered { .. }
            | Event::Answered { .. }
            | Event::RoleAssumed { .. }
            | Event::SuccessSeen { .. }
            | Event::GaveUp { .. }
            | Event::Refused { .. } => {}
        }
    }

    /// Lets the service catch up with what it could not do while its role had not spread yet, or was locked.
    fn make_up_for(&mut self, role: RoleIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        for session in self.universe.sessions_of(role).iter().map(SessionIdx) {
            if std::mem::take(&mut self.missed_sessions[session.index()]) && !state.is_open(session) {
                self.session_is_closed(session, now, state, agenda);
            }
        }
        self.make_up_for_moves(self.universe.resources_of(role), now, state, agenda);
    }

    /// Lets services make the moves of these resources that were impossible when they were due.
    fn make_up_for_moves(&mut self, resources: &S, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        for resource in resources.iter().map(ResourceIdx) {
            if std::mem::take(&mut self.missed_moves[resource.index()]) {
                self.resource_is_in(resource, now, state, agenda);
                self.set_deadline(resource, now, state, agenda);
            }
        }
    }

    fn visibility(&self, now: SimTime) -> Delay {
        let applies = self.plan.late_visibilities.iter().find(|fault| fault.from <= now && now < fault.until);
        applies.map_or(self.plan.visibility, |fault| Delay::Fixed(fault.millis))
    }

    /// Cleans up at once, submits again after the wait, and reads the documentation meanwhile if it wants to.
    fn wait_and_work(&mut self, id: OperatorIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let attempt = self.submits[id.index()].1;
        let backoff = self.plan.operators[id.index()].backoff;
        let wait = backoff.after(attempt.max(1), self.stream(Actor::Operator(id)));
        self.submits[id.index()].0 = now.plus(wait);
        self.begin_to_read(id, now, state, agenda);
        // An operator that a script moves does nothing by itself before it starts.
        let starts = self.plan.operators[id.index()].starts;
        self.at(now.max(starts), What::OperatorWorks, id.0, agenda);
    }

    /// Lets an operator read the documentation who wants to, unless it reads already.
    fn begin_to_read(&mut self, id: OperatorIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        if !self.reads[id.index()] && self.universe.may_step(state, id, OperatorStep::ReadsDocs) {
            self.reads[id.index()] = true;
            let delay = self.plan.read_docs;
            self.after_delay(now, delay, Actor::Operator(id), What::OperatorReads, id.0, agenda);
        }
    }

    /// Lets the operators look at their work again who prepare the role's deletion.
    fn wake_operators(&mut self, role: RoleIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        for operator in self.universe.operators() {
            let starts = self.plan.operators[operator.index()].starts;
            let concerned = self.universe.is_sought(operator, role) && now >= starts;
            if concerned && state.operator(operator).phase == Phase::Preparing {
                self.at(now, What::OperatorWorks, operator.0, agenda);
            }
        }
    }

    fn wake_resources(&mut self, resources: &S, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        for resource in resources.iter().map(ResourceIdx) {
            self.resource_is_in(resource, now, state, agenda);
        }
    }

    fn resource_moved(
        &mut self,
        resource: ResourceIdx,
        transition: TransitionIdx,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        let universe = self.universe;
        self.resource_is_in(resource, now, state, agenda);
        self.resource_came_into(resource, now, state, agenda);
        self.wake_relatives(resource, now, state, agenda);
        let role = universe.role_of(resource);
        let works = |code: u8| universe.kind_of(resource).state(code).is_some_and(|state| state.works);
        let step = universe.transition(resource, transition);
        if works(step.from) && !works(step.to) {
            self.wake_waiting(universe.resources_of(role), now, state, agenda);
        }
        self.service_may_delete(role, now, state, agenda);
        self.wake_operators(role, now, state, agenda);
    }

    /// Wakes the relatives of a resource that waited for it to be in another state.
    fn wake_relatives(&mut self, resource: ResourceIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let universe = self.universe;
        for other in universe.dependents_of(resource) {
            if self.missed_moves[other.index()] {
                self.resource_is_in(*other, now, state, agenda);
            }
        }
    }

    /// Wakes the resources that waited for their role not to be in use; the others have their move ahead of them.
    fn wake_waiting(&mut self, resources: &S, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        for resource in resources.iter().map(ResourceIdx) {
            let code = state.resource(resource);
            let waits =
                |t: &slr_core::kind::Transition| t.by == Mover::Service && t.from == code && t.when == When::NotInUse;
            if self.universe.kind_of(resource).transitions.iter().any(waits) {
                self.resource_is_in(resource, now, state, agenda);
            }
        }
    }

    fn service_may_delete(&mut self, role: RoleIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        if self.universe.may_delete_itself(state, role) {
            self.after_delay(
                now,
                self.plan.task_decision,
                Actor::Service(role),
                What::ServiceDeletesRole,
                role.0,
                agenda,
            );
        }
    }

    fn note_operator(
        &mut self,
        id: OperatorIdx,
        step: OperatorStep,
        now: SimTime,
        state: &State<S>,
        agenda: &mut Agenda<Due>,
    ) {
        let (habits, phase) = (self.plan.operators[id.index()], state.operator(id).phase);
        match step {
            OperatorStep::Submits => {
                let submits = &mut self.submits[id.index()];
                submits.1 = submits.1.saturating_add(1);
                if let (Phase::Waiting, Some(polls)) = (phase, habits.polls) {
                    self.at(now.plus(SimTime::from_millis(polls.every)), What::OperatorPolls, id.0, agenda);
                    if let Some(deadline) = polls.deadline {
                        let deadline = now.plus(SimTime::from_millis(deadline));
                        self.at(deadline, What::OperatorLosesPatience, id.0, agenda);
                    }
                } else if phase == Phase::Preparing && self.universe.operator(id).works == Works::InSteps {
                    // Its request was refused: it tries again after the wait.
                    self.wait_and_work(id, now, state, agenda);
                }
            }
            OperatorStep::Polls => {
                if let (Phase::Waiting, Some(polls)) = (phase, habits.polls) {
                    self.at(now.plus(SimTime::from_millis(polls.every)), What::OperatorPolls, id.0, agenda);
                }
            }
            OperatorStep::ReadsDocs | OperatorStep::CleansUp(_) | OperatorStep::GivesUp => {}
        }
    }
}

/// The operation that a command calls, if it is one of IAM's or STS's.
pub(crate) fn operation_of<S: IdSet>(universe: &Universe<S>, command: Command) -> Option<Operation> {
    let item = |attachment: slr_core::id::AttachmentIdx| &universe.world().attachments[attachment.index()].item;
    match command {
        Command::CreateRole { .. } => Some(Operation::CreateRole),
        Command::CreateServiceLinkedRole { .. } => Some(Operation::CreateServiceLinkedRole),
        Command::DeleteRole { .. } => Some(Operation::DeleteRole),
        Command::DeleteServiceLinkedRole { .. } => Some(Operation::DeleteServiceLinkedRole),
        Command::GetServiceLinkedRoleDeletionStatus { .. } => Some(Operation::GetServiceLinkedRoleDeletionStatus),
        Command::UpdateRole { .. } => Some(Operation::UpdateRole),
        Command::UpdateRoleDescription { .. } => Some(Operation::UpdateRoleDescription),
        Command::Attach { attachment, .. } => Some(item(attachment).attaching()),
        Command::Detach { attachment } => Some(item(attachment).detaching()),
        Command::Read { operation, .. } => Some(operation),
        Command::ListRoles => Some(Operation::ListRoles),
        Command::AssumeRole { .. } => Some(Operation::AssumeRole),
        Command::Operate { .. } => None,
    }
}

impl<S: IdSet> Habits<S> for Player<'_, S> {
    type Due = Due;

    fn world(_: &Due) -> usize {
        0
    }

    fn script(due: &Due) -> Option<u32> {
        (due.what == What::Step).then_some(due.id)
    }

    fn actions(&mut self, due: Due, now: SimTime, state: &State<S>, actions: &mut Vec<Action<S>>) {
        let Due { what, id, serial } = due;
        if *self.serial(what, id) != serial {
            return;
        }
        match what {
            What::Step => self.scripted(id, now, state, actions),
            What::SessionOpens => actions.push(Action::SessionOpens { session: SessionIdx(id) }),
            What::SessionEnds => {
                actions.push(Action::SessionEnds { session: SessionIdx(id), end: self.ends[id as usize] });
            }
            What::TaskStarts => actions.push(Action::TaskStarts { role: RoleIdx(id) }),
            What::TaskDecides => {
                let action = self.decision(RoleIdx(id), state);
                actions.push(action);
            }
            What::TaskBecomesVisible => actions.push(Action::TaskBecomesVisible { role: RoleIdx(id) }),
            What::TaskIsForgotten => actions.push(Action::TaskIsForgotten { role: RoleIdx(id) }),
            What::RolePropagates => actions.push(Action::RolePropagates { role: RoleIdx(id) }),
            What::ServiceDeletesRole => actions.push(Action::ServiceDeletesRole { role: RoleIdx(id) }),
            What::ResourceMoves => {
                let resource = ResourceIdx(id);
                match self.service_move(resource, state) {
                    Some(transition) => actions.push(Action::ResourceMoves { resource, transition }),
                    // It waits for another resource, which wakes it.
                    None => self.missed_moves[resource.index()] = true,
                }
            }
            What::TimeIsUp => self.time_is_up(ResourceIdx(id), state, actions),
            What::ScheduleComes => self.schedule_comes(ResourceIdx(id), state, actions),
            What::OperatorWorks => self.operator_works(OperatorIdx(id), now, state, actions),
            What::OperatorPolls => self.operator_call(OperatorIdx(id), OperatorStep::Polls, now, actions),
            What::OperatorReads => {
                self.reads[id as usize] = false;
                actions.push(Action::Operator { operator: OperatorIdx(id), step: OperatorStep::ReadsDocs });
            }
            What::OperatorLosesPatience => {
                // The deadline is over; whoever has gone on to another attempt meanwhile has another deadline.
                if state.operator(OperatorIdx(id)).phase == Phase::Waiting {
                    actions.push(Action::Operator { operator: OperatorIdx(id), step: OperatorStep::GivesUp });
                }
            }
            What::RegionFails => actions.push(Action::RegionFails { region: RegionIdx(id) }),
            What::RegionRecovers => actions.push(Action::RegionRecovers { region: RegionIdx(id) }),
        }
    }

    fn after(&mut self, due: Due, now: SimTime, step: Step<'_, S>, state: &State<S>, agenda: &mut Agenda<Due>) {
        for event in step.events {
            self.note(event, now, state, agenda);
        }
        if due.what == What::Step && step.refused.is_none() {
            self.take_parameters(due.id, now, state, agenda);
        }
        match step.action {
            Action::Command {
                command: Command::CreateRole { role, max_session_duration: Some(seconds), .. }, ..
            } if step.refused.is_none() => self.max_session[role.index()] = u64::from(*seconds) * 1000,
            Action::Operator { operator, step } => self.note_operator(*operator, *step, now, state, agenda),
            // A throttled client comes back: a poll with its interval, a request after its wait.
            Action::Throttle { .. } => match due.what {
                What::OperatorPolls => self.note_operator(OperatorIdx(due.id), OperatorStep::Polls, now, state, agenda),
                What::OperatorWorks => self.wait_and_work(OperatorIdx(due.id), now, state, agenda),
                _ => {}
            },
            _ => {}
        }
    }

    fn impossible(&mut self, due: Due, now: SimTime, why: Impossible) {
        match due.what {
            What::Step => self.unplayable.push(Unplayable { step: due.id, at: now, why: Some(why) }),
            What::SessionOpens => self.missed_sessions[due.id as usize] = true,
            What::ResourceMoves | What::TimeIsUp => self.missed_moves[due.id as usize] = true,
            What::SessionEnds
            | What::TaskStarts
            | What::TaskDecides
            | What::TaskBecomesVisible
            | What::TaskIsForgotten
            | What::RolePropagates
            | What::ServiceDeletesRole
            | What::ScheduleComes
            | What::OperatorWorks
            | What::OperatorPolls
            | What::OperatorReads
            | What::OperatorLosesPatience
            | What::RegionFails
            | What::RegionRecovers => {}
        }
    }

    fn settled(&mut self, due: Due, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        if due.what == What::ScheduleComes && *self.serial(What::ScheduleComes, due.id) == due.serial {
            self.await_schedule(ResourceIdx(due.id), now, state, agenda);
        }
        // An operator that could do nothing because it is too early looks again when its wait is over.
        if due.what == What::OperatorWorks && *self.serial(What::OperatorWorks, due.id) == due.serial {
            let id = OperatorIdx(due.id);
            self.begin_to_read(id, now, state, agenda);
            let next = self.submits[id.index()].0;
            let goes_on =
                self.universe.operator(id).told == Told::AtOnce || state.operator(id).phase == Phase::Preparing;
            if goes_on && next > now {
                self.at(next, What::OperatorWorks, due.id, agenda);
            }
        }
    }
}
