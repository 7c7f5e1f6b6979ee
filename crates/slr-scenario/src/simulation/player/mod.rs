//! The habits of a scenario: its delays, its faults and its script.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "who listens picks what concerns it; the core is where a new variant has to find its place"
)]

mod forgetting;
mod operator;
mod resource;
mod timed;

use slr_core::action::{Call, Operation, TaskRef};
use slr_core::id::{OperatorIdx, RegionIdx, ResourceIdx, RoleIdx, SessionIdx};
use slr_core::machine::{Docs, Phase, SessionEnd};
use slr_core::rejection::{Impossible, LENGTH_OF_A_TASK_ID};
use slr_core::rules::Reports;
use slr_core::{Action, Command, Event, IdSet, OperatorStep, State, Universe};

use self::operator::Effort;
use self::resource::{Moves, Outlooks};
use self::timed::Timetable;
use super::chance::{Chance, Delay, Seeded, stream_number};
use super::plan::{Actions, DEFAULT_MAX_SESSION, Plan, Scripted, TaskName};
use super::time::SimTime;
use super::{Agenda, Habits, Step};
use crate::ledger::task_id;

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

impl What {
    /// All of them, in their order.
    const ALL: [Self; 18] = [
        Self::Step,
        Self::SessionOpens,
        Self::SessionEnds,
        Self::TaskStarts,
        Self::TaskDecides,
        Self::TaskBecomesVisible,
        Self::TaskIsForgotten,
        Self::RolePropagates,
        Self::ServiceDeletesRole,
        Self::ResourceMoves,
        Self::TimeIsUp,
        Self::ScheduleComes,
        Self::OperatorWorks,
        Self::OperatorPolls,
        Self::OperatorReads,
        Self::OperatorLosesPatience,
        Self::RegionFails,
        Self::RegionRecovers,
    ];
}

/// For as many bits as say what is due.
const WHAT_BITS: u32 = 5;

/// Something that is due, and which scheduling of it this is: an earlier one is void once there is a later one.
///
/// In eight bytes, for an agenda moves its entries about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    id: u32,
    /// What it is in the lowest [`WHAT_BITS`], and the number of the scheduling above them.
    scheduling: u32,
}

impl Due {
    #[inline]
    fn what(self) -> What {
        What::ALL[(self.scheduling & ((1 << WHAT_BITS) - 1)) as usize]
    }
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
    /// Until when its record is kept, once it has come to its end, where records are dropped.
    kept: Option<SimTime>,
    /// Whether its record is dropped.
    is_forgotten: bool,
}

/// Plays a plan under a seed.
#[derive(Debug)]
pub struct Player<'a, S> {
    universe: &'a Universe<S>,
    plan: &'a Plan,
    seed: u64,
    seeded: Seeded,
    /// Per actor.
    streams: Vec<Stream>,
    /// Per id and what can be due of it, the number of its latest scheduling, as [`Due`] has it.
    schedulings: Vec<[u32; 1 << WHAT_BITS]>,
    /// Per session, why it will end.
    ends: Vec<SessionEnd>,
    /// Per role, its `MaxSessionDuration` in milliseconds.
    max_session: Vec<u64>,
    /// Per operator, what it has tried.
    efforts: Vec<Effort>,
    /// Every task so far, in the order of submission.
    tasks: Vec<Submitted>,
    /// The sessions that were to open while that was impossible, and wait until it has become possible.
    waiting_sessions: S,
    /// The resources that their services were to move while that was impossible, and that wait until it has become possible.
    waiting_resources: S,
    /// The roles that their services are about to delete.
    to_be_deleted: S,
    /// Per role, the resources of kinds with a move that waits for the role not to be in use.
    for_idle: Vec<S>,
    /// What services do with resources that are in their states.
    outlooks: Outlooks,
    /// Per resource, when its service moves it.
    moves: Vec<Moves>,
    timetable: Timetable,
    /// What was scheduled last of all that is due at the present moment, unless it has come.
    last_at_once: Option<Due>,
    /// Per operator, whether it is about to read the documentation.
    reads: Vec<bool>,
    unplayable: Vec<Unplayable>,
}

/// The stream of an actor, which begins when it draws for the first time.
#[derive(Debug)]
struct Stream {
    number: u64,
    has_begun: bool,
    chance: Chance,
}

impl Stream {
    fn of(number: u64) -> Self {
        Self { number, has_begun: false, chance: Chance::numbered(0, number) }
    }
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
            plan.outages.len(),
        ];
        let ids = counts.into_iter().max().unwrap_or(0);
        Self {
            universe,
            plan,
            seed,
            seeded: Seeded::by(seed),
            streams: names.map(|name| Stream::of(stream_number(&name))).collect(),
            schedulings: vec![[0; 1 << WHAT_BITS]; ids],
            ends: vec![SessionEnd::Done; world.sessions.len()],
            max_session: plan.max_session.clone(),
            efforts: vec![Effort::default(); world.operators.len()],
            tasks: Vec::new(),
            waiting_sessions: S::default(),
            waiting_resources: S::default(),
            to_be_deleted: S::default(),
            for_idle: resource::for_idle(universe),
            outlooks: Outlooks::new(universe, plan),
            moves: vec![Moves::default(); world.resources.len()],
            timetable: Timetable::new(plan, world.resources.len()),
            last_at_once: None,
            reads: vec![false; world.operators.len()],
            unplayable: Vec::new(),
        }
    }

    /// Begins again under another seed.
    pub fn reset(&mut self, seed: u64) {
        self.seed = seed;
        self.seeded = Seeded::by(seed);
        self.streams.iter_mut().for_each(|stream| stream.has_begun = false);
        self.schedulings.fill([0; 1 << WHAT_BITS]);
        self.max_session.clone_from(&self.plan.max_session);
        self.efforts.iter_mut().for_each(Effort::begin_again);
        self.tasks.clear();
        self.waiting_sessions = S::default();
        self.waiting_resources = S::default();
        self.to_be_deleted = S::default();
        self.timetable.reset(self.plan);
        self.last_at_once = None;
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
        for (number, outage) in (0..).zip(&plan.outages) {
            self.at(outage.from, What::RegionFails, number, agenda);
            if outage.until != SimTime::END {
                self.at(outage.until, What::RegionRecovers, number, agenda);
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
        for role in universe.roles() {
            self.service_may_delete(role, SimTime::ZERO, state, agenda);
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
        let stream = &mut self.streams[index];
        if !stream.has_begun {
            self.seeded.begin(&mut stream.chance, stream.number);
            stream.has_begun = true;
        }
        &mut stream.chance
    }

    /// Whether this is the latest scheduling.
    #[inline]
    fn is_current(&self, due: Due, what: What) -> bool {
        self.schedulings[due.id as usize][what as usize] == due.scheduling
    }

    /// The latest scheduling of it.
    #[inline]
    fn latest(&self, what: What, id: u32) -> Due {
        Due { id, scheduling: self.schedulings[id as usize][what as usize] }
    }

    /// The next scheduling of it, which makes the one before void.
    #[inline]
    fn schedule_anew(&mut self, what: What, id: u32) -> Due {
        let latest = &mut self.schedulings[id as usize][what as usize];
        *latest = (*latest | what as u32).wrapping_add(1 << WHAT_BITS);
        Due { id, scheduling: *latest }
    }

    #[inline]
    fn at(&mut self, at: SimTime, what: What, id: u32, agenda: &mut Agenda<Due>) {
        let (is_now, is_last) = (at <= agenda.now(), self.last_at_once == Some(self.latest(what, id)));
        if is_now && is_last {
            // It is the last to come now anyway, and need not be put behind itself.
            return;
        }
        let due = self.schedule_anew(what, id);
        if is_now {
            self.last_at_once = Some(due);
        } else if is_last {
            // It does not come now any more.
            self.last_at_once = None;
        }
        agenda.schedule(at, due);
    }

    /// Lets what is scheduled of this not come.
    fn call_off(&mut self, what: What, id: u32) {
        if self.last_at_once == Some(self.latest(what, id)) {
            self.last_at_once = None;
        }
        self.schedule_anew(what, id);
    }

    #[inline]
    fn after_delay(&mut self, now: SimTime, delay: Delay, actor: Actor, what: What, id: u32, agenda: &mut Agenda<Due>) {
        let delay = delay.draw(self.stream(actor));
        self.at(now.plus(delay), what, id, agenda);
    }

    fn session_is_open(&mut self, session: SessionIdx, now: SimTime, agenda: &mut Agenda<Due>) {
        self.waiting_sessions.remove(session.0);
        let role = self.universe.world().sessions[session.index()].role;
        let length = self.plan.session_end.draw(self.stream(Actor::Sessions(role)));
        let longest = SimTime::from_millis(self.max_session[role.index()]);
        self.ends[session.index()] = if length < longest { SessionEnd::Done } else { SessionEnd::Expired };
        self.at(now.plus(length.min(longest)), What::SessionEnds, session.0, agenda);
    }

    fn session_is_closed(&mut self, session: SessionIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        self.waiting_sessions.remove(session.0);
        let slot = &self.universe.world().sessions[session.index()];
        if slot.reopens && state.is_live(slot.role) {
            let (delay, actor) = (self.plan.session_open, Actor::Sessions(slot.role));
            self.after_delay(now, delay, actor, What::SessionOpens, session.0, agenda);
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
    #[inline]
    fn is_throttled(&mut self, operation: Operation, now: SimTime) -> bool {
        !self.plan.throttlings.is_empty() && self.throttles(operation, now)
    }

    fn throttles(&mut self, operation: Operation, now: SimTime) -> bool {
        let plan = self.plan;
        plan.throttlings
            .iter()
            .filter(|fault| fault.operation == operation && fault.from <= now && now < fault.until)
            .any(|fault| self.stream(Actor::Faults).comes_true(fault.millionths))
    }

    fn scripted(&mut self, number: u32, now: SimTime, state: &State<S>, actions: &mut Actions<S>) {
        let (universe, plan) = (self.universe, self.plan);
        let step = &plan.steps[number as usize].what;
        let action = match step {
            Scripted::Poll { by, task } => {
                let task = self.task_named(task);
                Some(Action::Command { by: *by, command: Command::GetServiceLinkedRoleDeletionStatus { task } })
            }
            Scripted::TaskFails { role, named: None } => Some(self.decision(*role, state)),
            Scripted::TaskIsForgotten { role, task: Some(number) } => self.forgetting(*role, *number, state),
            _ => step.action(universe, state),
        };
        match action {
            None => self.unplayable.push(Unplayable { step: number, at: now, why: None }),
            Some(Action::Command { by, command }) => {
                let is_throttled =
                    operation_of(universe, command).is_some_and(|operation| self.is_throttled(operation, now));
                actions.push(if is_throttled {
                    Action::Throttle { by, call: Call::Command(command) }
                } else {
                    Action::Command { by, command }
                });
            }
            Some(action) => actions.push(action),
        }
    }

    /// The task that a step means, now.
    fn task_named(&self, name: &TaskName) -> TaskRef {
        let number = match name {
            TaskName::First => Some(1),
            TaskName::Last => u32::try_from(self.tasks.len()).ok(),
            TaskName::Number(number) => Some(*number),
            TaskName::Id(id, text) => {
                let world = self.universe.world();
                let is_named =
                    |(number, task): &(u32, &Submitted)| task_id(world, self.seed, task.role, *number) == *id;
                match (1_u32..).zip(&self.tasks).find(is_named) {
                    Some((number, _)) => Some(number),
                    None if crate::ledger::is_task_id(id) || !LENGTH_OF_A_TASK_ID.contains(&id.chars().count()) => {
                        return TaskRef::Unknown(Some(*text));
                    }
                    None => return TaskRef::Malformed,
                }
            }
        };
        let place = number.and_then(|number| number.checked_sub(1)).map(|place| place as usize);
        match place.and_then(|place| self.tasks.get(place)) {
            None => TaskRef::Unknown(None),
            Some(task) if !task.is_superseded => TaskRef::Latest(task.role),
            Some(task) if task.is_forgotten => TaskRef::Forgotten { role: task.role, number },
            Some(task) => TaskRef::Earlier { role: task.role, number },
        }
    }

    fn supersede(&mut self, role: RoleIdx) {
        for task in self.tasks.iter_mut().filter(|task| task.role == role) {
            task.is_superseded = true;
        }
    }

    fn note(&mut self, event: &Event<S>, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        self.go_on(event, now, state, agenda);
        self.wake(event, now, state, agenda);
        self.tell_operators(event, now, state, agenda);
    }

    /// Schedules what those do next whom something has happened to.
    fn go_on(&mut self, event: &Event<S>, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let universe = self.universe;
        match event {
            Event::RoleCreated { role, .. } => {
                self.supersede(*role);
                self.max_session[role.index()] = DEFAULT_MAX_SESSION;
                if state.is_fresh(*role) {
                    self.service_does(What::RolePropagates, *role, self.plan.propagation, now, agenda);
                }
                for session in universe.sessions_of(*role).iter().map(SessionIdx) {
                    self.session_is_closed(session, now, state, agenda);
                }
                for resource in universe.resources_of(*role).iter().map(ResourceIdx) {
                    self.resource_is_in(resource, now, state, agenda);
                }
            }
            Event::RoleUpdated { role, max_session_duration: Some(seconds), .. } => {
                self.max_session[role.index()] = u64::from(*seconds) * 1000;
            }
            Event::TaskSubmitted { role } => {
                self.supersede(*role);
                self.tasks.push(Submitted { role: *role, is_superseded: false, kept: None, is_forgotten: false });
                self.service_does(What::TaskStarts, *role, self.plan.task_start, now, agenda);
                if state.task_is_unseen(*role) {
                    self.service_does(What::TaskBecomesVisible, *role, self.visibility(now), now, agenda);
                }
            }
            Event::TaskStarted { role } => {
                self.service_does(What::TaskDecides, *role, self.plan.task_decision, now, agenda);
            }
            Event::TaskSucceeded { role } | Event::TaskFailed { role, .. }
                if universe.world().knobs.tasks_are_forgotten =>
            {
                self.keep_for_a_while(*role, now, agenda);
            }
            Event::TaskForgotten { role } => {
                self.note_forgotten(*role, self.latest_task(*role), now, agenda);
            }
            Event::EarlierTaskForgotten { role, number } => self.note_forgotten(*role, *number, now, agenda),
            Event::SessionOpened { session } => self.session_is_open(*session, now, agenda),
            Event::SessionEnded { session, .. } => {
                self.session_is_closed(*session, now, state, agenda);
                self.role_is_idle(universe.world().sessions[session.index()].role, now, state, agenda);
            }
            Event::ResourceMoved { resource, transition } => {
                self.resource_is_in(*resource, now, state, agenda);
                self.resource_came_into(*resource, now, state, agenda);
                if universe.works(*resource, *transition) == [true, false] {
                    self.role_is_idle(universe.role_of(*resource), now, state, agenda);
                }
            }
            _ => {}
        }
    }

    /// Schedules something that the service does with its role.
    fn service_does(&mut self, what: What, role: RoleIdx, delay: Delay, now: SimTime, agenda: &mut Agenda<Due>) {
        self.after_delay(now, delay, Actor::Service(role), what, role.0, agenda);
    }

    /// Lets those of the environment go on to whom something has become possible by the event. The rules say whom it concerns.
    #[inline]
    fn wake(&mut self, event: &Event<S>, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        if !self.waiting_sessions.is_empty() {
            self.wake_sessions(event, now, state, agenda);
        }
        if !self.waiting_resources.is_empty() {
            self.wake_resources(event, now, state, agenda);
        }
        if let Some(role) = self.universe.role_concerned(event) {
            self.service_may_delete(role, now, state, agenda);
        }
    }

    fn wake_sessions(&mut self, event: &Event<S>, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let concerned = self.universe.sessions_concerned(event, &self.waiting_sessions);
        for session in concerned.iter().map(SessionIdx) {
            if self.universe.may_open(state, session) {
                self.session_is_closed(session, now, state, agenda);
            }
        }
    }

    /// Whether an outage of the Region is going on, of several that overlap or follow one another perhaps.
    fn is_out_of_order(&self, region: RegionIdx, now: SimTime) -> bool {
        self.plan.outages.iter().any(|outage| outage.region == region && outage.from <= now && now < outage.until)
    }

    fn visibility(&self, now: SimTime) -> Delay {
        let applies = self.plan.late_visibilities.iter().find(|fault| fault.from <= now && now < fault.until);
        applies.map_or(self.plan.visibility, |fault| Delay::Fixed(fault.millis))
    }

    /// Schedules the deletion of a role by its service once that has become possible, and calls it off once it has not.
    fn service_may_delete(&mut self, role: RoleIdx, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        if !self.universe.may_delete_itself(state, role) {
            self.to_be_deleted.remove(role.0);
        } else if !self.to_be_deleted.contains(role.0) {
            self.to_be_deleted.insert(role.0);
            self.service_does(What::ServiceDeletesRole, role, self.plan.task_decision, now, agenda);
        }
    }
}

/// The operation that a command calls, if it is one of IAM's or STS's.
pub fn operation_of<S: IdSet>(universe: &Universe<S>, command: Command) -> Option<Operation> {
    let item = |attachment: slr_core::id::AttachmentIdx| &universe.world().attachments[attachment.index()].item;
    match command {
        Command::CreateRole { .. } => Some(Operation::CreateRole),
        Command::CreateServiceLinkedRole { .. } => Some(Operation::CreateServiceLinkedRole),
        Command::DeleteRole { .. } => Some(Operation::DeleteRole),
        Command::DeleteServiceLinkedRole { .. } => Some(Operation::DeleteServiceLinkedRole),
        Command::GetServiceLinkedRoleDeletionStatus { .. } => Some(Operation::GetServiceLinkedRoleDeletionStatus),
        Command::UpdateRole { .. } => Some(Operation::UpdateRole),
        Command::UpdateRoleDescription { .. } => Some(Operation::UpdateRoleDescription),
        Command::ChangeTags { call } => Some(universe.world().tag_calls[call.index()].change.operation()),
        Command::Attach { attachment } => Some(item(attachment).attaching()),
        Command::Detach { attachment } => Some(item(attachment).detaching()),
        Command::Give { grant } => Some(universe.world().grants[grant.index()].granting()),
        Command::Take { grant } => Some(universe.world().grants[grant.index()].revoking()),
        Command::ReadPolicy { .. } => Some(Operation::GetRolePolicy),
        Command::Read { operation, .. } => Some(operation),
        Command::ListRoles { .. } => Some(Operation::ListRoles),
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
        (due.what() == What::Step).then_some(due.id)
    }

    fn actions(&mut self, due: Due, now: SimTime, state: &State<S>, actions: &mut Vec<Action<S>>) {
        let (what, id) = (due.what(), due.id);
        if !self.is_current(due, what) {
            return;
        }
        if self.last_at_once == Some(due) {
            self.last_at_once = None;
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
            What::TaskIsForgotten => {
                let due = self.next_to_forget(RoleIdx(id)).filter(|(kept, _)| *kept <= now);
                actions.extend(due.and_then(|(_, number)| self.forgetting(RoleIdx(id), number, state)));
            }
            What::RolePropagates => actions.push(Action::RolePropagates { role: RoleIdx(id) }),
            What::ServiceDeletesRole => actions.push(Action::ServiceDeletesRole { role: RoleIdx(id) }),
            What::ResourceMoves => {
                let resource = ResourceIdx(id);
                match self.move_due(resource, now, state) {
                    Some(transition) => actions.push(Action::ResourceMoves { resource, transition }),
                    None => self.waiting_resources.insert(id),
                }
            }
            What::TimeIsUp => self.time_is_up(ResourceIdx(id), state, actions),
            What::ScheduleComes => self.schedule_comes(ResourceIdx(id), state, actions),
            What::OperatorWorks => self.operator_works(OperatorIdx(id), now, state, actions),
            What::OperatorPolls => self.operator_polls(OperatorIdx(id), now, state, actions),
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
            What::RegionFails => {
                let region = self.plan.outages[id as usize].region;
                if state.answers(region) {
                    actions.push(Action::RegionFails { region });
                }
            }
            What::RegionRecovers => {
                let region = self.plan.outages[id as usize].region;
                if !state.answers(region) && !self.is_out_of_order(region, now) {
                    actions.push(Action::RegionRecovers { region });
                }
            }
        }
    }

    fn after(&mut self, due: Due, now: SimTime, step: Step<'_, S>, state: &State<S>, agenda: &mut Agenda<Due>) {
        // Of what nobody has learnt anything new from, nobody makes anything.
        if !step.is_repeated {
            for event in step.events {
                self.note(event, now, state, agenda);
            }
        }
        if due.what() == What::Step && step.refused.is_none() {
            self.take_parameters(due.id, now, state, agenda);
        }
        match step.action {
            Action::Command {
                command: Command::CreateRole { role, max_session_duration: Some(seconds), .. }, ..
            } if step.refused.is_none() => self.max_session[role.index()] = u64::from(*seconds) * 1000,
            Action::Operator { operator, step: OperatorStep::CleansUp(cleaned) } => {
                for event in step.events {
                    if let Event::ResourceMoved { resource, transition } = event
                        && resource == cleaned
                    {
                        self.note_clean_up(*operator, *resource, self.universe.transition(*resource, *transition).from);
                    }
                }
            }
            Action::Operator { operator, step: walks } => {
                self.note_awaited(*operator, step.events);
                self.note_operator(*operator, *walks, now, state, agenda);
            }
            Action::Throttle { call: Call::Step { operator, step }, .. } => {
                self.note_throttled(*operator, *step, now, state, agenda);
            }
            _ => {}
        }
    }

    fn polls_again_after(&self, due: Due, state: &State<S>) -> Option<SimTime> {
        // Where calls are throttled chance decides about each.
        if due.what() != What::OperatorPolls || !self.plan.throttlings.is_empty() {
            return None;
        }
        let operator = OperatorIdx(due.id);
        let polls = self.plan.operators[operator.index()].polls.filter(|polls| polls.every > 0)?;
        (state.operator(operator).phase == Phase::Waiting).then(|| SimTime::from_millis(polls.every))
    }

    fn impossible(&mut self, due: Due, now: SimTime, why: Impossible) {
        match due.what() {
            What::Step => self.unplayable.push(Unplayable { step: due.id, at: now, why: Some(why) }),
            What::SessionOpens => self.waiting_sessions.insert(due.id),
            What::TimeIsUp | What::ResourceMoves => self.waiting_resources.insert(due.id),
            What::ScheduleComes
            | What::SessionEnds
            | What::TaskStarts
            | What::TaskDecides
            | What::TaskBecomesVisible
            | What::TaskIsForgotten
            | What::RolePropagates
            | What::ServiceDeletesRole
            | What::OperatorWorks
            | What::OperatorPolls
            | What::OperatorReads
            | What::OperatorLosesPatience
            | What::RegionFails
            | What::RegionRecovers => {}
        }
    }

    fn settled(&mut self, due: Due, now: SimTime, state: &State<S>, agenda: &mut Agenda<Due>) {
        let what = due.what();
        match what {
            What::ResourceMoves if self.waiting_resources.contains(due.id) && self.is_current(due, what) => {
                self.schedule_move(ResourceIdx(due.id), now, state, agenda);
            }
            What::ScheduleComes if self.is_current(due, what) => {
                self.await_schedule(ResourceIdx(due.id), now, state, agenda);
            }
            // Nothing is left to read about: the role has gone meanwhile, as the operator finds out when it looks at its work.
            What::OperatorReads
                if state.operator(OperatorIdx(due.id)).docs != Docs::Read && self.is_current(due, what) =>
            {
                self.at(now, What::OperatorWorks, due.id, agenda);
            }
            What::OperatorWorks if self.is_current(due, what) => {
                self.operator_has_worked(OperatorIdx(due.id), now, state, agenda);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::{Lowered, lower};
    use crate::syntax::Named;
    use crate::{Params, Source, parse};

    fn lowered() -> Lowered {
        let text = "scenario: A role\nroles:\n  app: { trust: [ec2.amazonaws.com] }\ngiven:\n  - role: app\n";
        let parsed = parse(&Source::new("role", text).unwrap(), &Params::none()).unwrap();
        lower(&parsed.scenario, &Named::default()).unwrap()
    }

    /// What is still to come of the role: at which times.
    fn comes(player: &Player<'_, u64>, agenda: &mut Agenda<Due>) -> Vec<u64> {
        std::iter::from_fn(|| agenda.pop_until(SimTime::END))
            .filter(|(_, due)| player.is_current(*due, due.what()))
            .map(|(at, _)| at.millis())
            .collect()
    }

    #[test]
    fn what_can_be_due_is_numbered_in_the_order_of_its_list() {
        for (place, what) in What::ALL.iter().enumerate() {
            assert_eq!(*what as usize, place);
            assert!(place < 1 << WHAT_BITS);
        }
    }

    #[test]
    fn what_was_put_off_or_called_off_can_be_scheduled_for_now_again() {
        let Lowered { world, plan, .. } = lowered();
        let universe = Universe::new(world).unwrap();
        let (now, what) = (SimTime::ZERO, What::ServiceDeletesRole);
        let mut agenda = Agenda::default();
        let mut player = Player::new(&universe, &plan, 1);
        player.at(now, what, 0, &mut agenda);
        player.at(now, what, 0, &mut agenda);
        assert_eq!(comes(&player, &mut agenda), [0], "once is enough");

        player.reset(1);
        agenda.clear();
        player.at(now, what, 0, &mut agenda);
        player.at(SimTime::from_millis(5), what, 0, &mut agenda);
        player.at(now, what, 0, &mut agenda);
        assert_eq!(comes(&player, &mut agenda), [0], "the latest scheduling counts");

        player.reset(1);
        agenda.clear();
        player.at(now, what, 0, &mut agenda);
        player.call_off(what, 0);
        assert_eq!(comes(&player, &mut agenda), [0_u64; 0], "it is called off");
        agenda.clear();
        player.at(now, what, 0, &mut agenda);
        player.call_off(what, 0);
        player.at(now, what, 0, &mut agenda);
        assert_eq!(comes(&player, &mut agenda), [0], "and scheduled again");
    }
}
