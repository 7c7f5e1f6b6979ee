//! The ledger: what people want to know of a run and no rule depends on.
//!
//! When a role was made and as which incarnation, its `RoleId`, its description, when it was last used, and every deletion task with
//! its id and what it said. It is folded from the events; the state knows nothing of it.

use std::fmt::Write as _;

use slr_core::action::{Call, TaskRef};
use slr_core::event::Event;
use slr_core::id::{OperatorIdx, RegionIdx, ResourceIdx, RoleIdx, TextIdx};
use slr_core::machine::TaskState;
use slr_core::rules::DeletionReason;
use slr_core::world::RoleSort;
use slr_core::{Action, IdSet, OperatorStep, Universe, World};

use crate::simulation::SimTime;

/// What there is to know of a role slot's present or last incarnation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleRecord {
    /// How many roles of this name there have been, this one included.
    pub incarnation: u32,
    /// When it was made; `None` if it was there from the beginning.
    pub created: Option<SimTime>,
    /// When it was deleted, if it is gone.
    pub deleted: Option<SimTime>,
    /// Its description.
    pub description: Option<TextIdx>,
    /// When and where a session on it last began or ended, those of its service's work included.
    ///
    /// Source: IAM API Reference, `RoleLastUsed`. It proves nothing about what depends on the role.
    pub last_used: Option<LastUsed>,
}

/// The last use of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastUsed {
    /// When it was.
    pub at: SimTime,
    /// Where it was: the Region of the resource on which the service worked, and the account's first for sessions, which are in none
    /// (Assumed).
    pub region: RegionIdx,
}

/// Where sessions are taken to be.
const OF_SESSIONS: RegionIdx = RegionIdx(0);

/// What there is to know of a deletion task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRecord<S> {
    /// The role.
    pub role: RoleIdx,
    /// Which incarnation of it the task is to delete; the task stays bound to it.
    pub incarnation: u32,
    /// Its status.
    pub status: TaskState,
    /// When it was submitted.
    pub submitted: SimTime,
    /// When it came to its end.
    pub ended: Option<SimTime>,
    /// What used the role when that was judged, if the task failed.
    pub in_use: S,
    /// Whether a session was open when that was judged.
    pub session_open: bool,
    /// What the service named.
    pub named: S,
}

/// What people want to know of a run.
#[derive(Debug, Clone)]
pub struct Ledger<'a, S> {
    universe: &'a Universe<S>,
    seed: u64,
    roles: Vec<RoleRecord>,
    tasks: Vec<TaskRecord<S>>,
    /// Per operator, the number of the task that its last granted request was answered with.
    awaited: Vec<Option<u32>>,
    /// Per operator, how many requests for deletion it has made, throttled ones included.
    requests: Vec<u32>,
    /// The number of the task that the last step is about without naming it: the one for which its operator waits.
    meant: Option<u32>,
}

impl<'a, S: IdSet> Ledger<'a, S> {
    /// The ledger of a run that begins.
    pub fn new(universe: &'a Universe<S>, seed: u64, descriptions: &[Option<TextIdx>]) -> Self {
        let roles = vec![RoleRecord::default(); universe.world().roles.len()];
        let operators = universe.world().operators.len();
        let (awaited, requests) = (vec![None; operators], vec![0; operators]);
        let mut ledger = Self { universe, seed, roles, tasks: Vec::new(), awaited, requests, meant: None };
        ledger.reset(seed, descriptions);
        ledger
    }

    /// Begins again for another run, keeping the room.
    pub fn reset(&mut self, seed: u64, descriptions: &[Option<TextIdx>]) {
        self.seed = seed;
        self.tasks.clear();
        self.awaited.fill(None);
        self.requests.fill(0);
        self.meant = None;
        for (index, (record, slot)) in self.roles.iter_mut().zip(&self.universe.world().roles).enumerate() {
            *record = RoleRecord {
                incarnation: u32::from(slot.given),
                description: descriptions.get(index).copied().flatten(),
                ..RoleRecord::default()
            };
        }
        let world = self.universe.world();
        for slot in world.sessions.iter().filter(|slot| slot.given_open) {
            self.roles[slot.role.index()].last_used = Some(LastUsed { at: SimTime::ZERO, region: OF_SESSIONS });
        }
        for (index, resource) in (0..).map(ResourceIdx).zip(&world.resources) {
            if self.works(index, resource.given) {
                let region = resource.region;
                self.roles[resource.role.index()].last_used = Some(LastUsed { at: SimTime::ZERO, region });
            }
        }
    }

    /// Whether its service works with the resource in that state.
    fn works(&self, resource: ResourceIdx, code: u8) -> bool {
        self.universe.kind_of(resource).state(code).is_some_and(|state| state.works)
    }

    /// Enters a step: an action, and what it caused.
    #[inline]
    pub fn enter_step(&mut self, now: SimTime, action: &Action<S>, events: &[Event<S>]) {
        self.meant = None;
        for event in events {
            self.enter(now, event);
        }
        // Whose action it is sorts out most of them.
        if let Action::Operator { .. } | Action::Throttle { .. } | Action::EarlierTaskIsForgotten { .. } = action {
            self.enter_action(action, events);
        }
    }

    /// Enters what an action means for those who wait for tasks.
    #[inline]
    fn enter_action(&mut self, action: &Action<S>, events: &[Event<S>]) {
        self.meant = self.awaited_in(action);
        if let Some(operator) = action.request_of() {
            self.requests[operator.index()] += 1;
        }
        if let Action::Operator { operator, step: OperatorStep::Submits } = action {
            for event in events {
                if let Event::TaskSubmitted { role } | Event::TaskReturned { role } = event {
                    self.awaited[operator.index()] = self.latest(*role);
                }
            }
        }
    }

    /// How many requests for deletion the operator has made, throttled ones included.
    pub fn requests_of(&self, operator: OperatorIdx) -> u32 {
        self.requests[operator.index()]
    }

    /// The number of the task that an action is about without naming it.
    pub fn awaited_in(&self, action: &Action<S>) -> Option<u32> {
        let operator = if let Action::EarlierTaskIsForgotten { number: None, waiting, .. } = action {
            OperatorIdx(waiting.iter().next()?)
        } else if let Action::Operator { operator, step: OperatorStep::Polls }
        | Action::Throttle { call: Call::Step { operator, step: OperatorStep::Polls }, .. } = action
        {
            *operator
        } else {
            return None;
        };
        self.awaited[operator.index()]
    }

    /// Enters an event.
    fn enter(&mut self, now: SimTime, event: &Event<S>) {
        match event {
            Event::RoleCreated { role, description, .. } => {
                let record = &mut self.roles[role.index()];
                *record = RoleRecord {
                    incarnation: record.incarnation + 1,
                    created: Some(now),
                    description: *description,
                    ..RoleRecord::default()
                };
            }
            Event::RoleDeleted { role, .. } => self.roles[role.index()].deleted = Some(now),
            Event::RoleUpdated { role, description: Some(description), .. } => {
                // An empty description is none. Source: IAM API Reference, UpdateRole, Description: length 0 at the least.
                let is_written = !self.universe.world().texts[description.index()].is_empty();
                self.roles[role.index()].description = is_written.then_some(*description);
            }
            Event::SessionOpened { session } | Event::SessionEnded { session, .. } => {
                let role = self.universe.world().sessions[session.index()].role;
                self.roles[role.index()].last_used = Some(LastUsed { at: now, region: OF_SESSIONS });
            }
            Event::RoleAssumed { role } => {
                self.roles[role.index()].last_used = Some(LastUsed { at: now, region: OF_SESSIONS });
            }
            Event::ResourceMoved { resource, transition } => {
                if self.universe.works(*resource, *transition).contains(&true) {
                    let slot = &self.universe.world().resources[resource.index()];
                    self.roles[slot.role.index()].last_used = Some(LastUsed { at: now, region: slot.region });
                }
            }
            Event::TaskSubmitted { role } => self.tasks.push(TaskRecord {
                role: *role,
                incarnation: self.roles[role.index()].incarnation,
                status: TaskState::NotStarted,
                submitted: now,
                ended: None,
                in_use: S::default(),
                session_open: false,
                named: S::default(),
            }),
            Event::TaskStarted { role } => {
                if let Some(task) = self.latest_mut(*role) {
                    task.status = TaskState::InProgress;
                }
            }
            Event::TaskSucceeded { role } => {
                if let Some(task) = self.latest_mut(*role) {
                    (task.status, task.ended) = (TaskState::Succeeded, Some(now));
                }
            }
            Event::TaskFailed { role, in_use, session_open, named } => {
                if let Some(task) = self.latest_mut(*role) {
                    (task.status, task.ended) = (TaskState::Failed, Some(now));
                    (task.in_use, task.session_open, task.named) = (in_use.clone(), *session_open, named.clone());
                }
            }
            Event::RolePropagated { .. }
            | Event::RoleUpdated { .. }
            | Event::Attached { .. }
            | Event::Detached { .. }
            | Event::TagsChanged { .. }
            | Event::Granted { .. }
            | Event::Revoked { .. }
            | Event::TaskReturned { .. }
            | Event::TaskBecameVisible { .. }
            | Event::TaskForgotten { .. }
            | Event::EarlierTaskForgotten { .. }
            | Event::StatusAnswered { .. }
            | Event::Answered { .. }
            | Event::DocsRead { .. }
            | Event::ObstaclesNamed { .. }
            | Event::FailureSeen { .. }
            | Event::SuccessSeen { .. }
            | Event::GaveUp { .. }
            | Event::Refused { .. }
            | Event::RegionFailed { .. }
            | Event::RegionRecovered { .. } => {}
        }
    }

    fn latest_mut(&mut self, role: RoleIdx) -> Option<&mut TaskRecord<S>> {
        self.tasks.iter_mut().rev().find(|task| task.role == role)
    }

    /// What there is to know of a role.
    pub fn role(&self, role: RoleIdx) -> &RoleRecord {
        &self.roles[role.index()]
    }

    /// The role's `RoleId`: a new one for each incarnation.
    pub fn role_id(&self, role: RoleIdx) -> String {
        role_id(self.universe.world(), self.seed, role, self.roles[role.index()].incarnation)
    }

    /// Every task, in the order of submission; the first one has the number 1.
    pub fn tasks(&self) -> &[TaskRecord<S>] {
        &self.tasks
    }

    /// The numbers of a role's tasks, in the order of submission.
    pub fn tasks_of(&self, role: RoleIdx) -> impl Iterator<Item = (u32, &TaskRecord<S>)> {
        (1..).zip(&self.tasks).filter(move |(_, task)| task.role == role)
    }

    /// The number of the role's latest task.
    pub fn latest(&self, role: RoleIdx) -> Option<u32> {
        self.tasks_of(role).last().map(|(number, _)| number)
    }

    /// The number of the task that a poll asks for; `None` if there is none. One of the role's earlier tasks without a number is the one for which
    /// the operator of the last step waits.
    pub fn number_of(&self, task: TaskRef) -> Option<u32> {
        match task {
            TaskRef::Latest(role) => self.latest(role),
            TaskRef::Earlier { role, number } | TaskRef::Forgotten { role, number } => {
                number.or(self.meant).or_else(|| self.earlier(role))
            }
            TaskRef::Unknown(_) | TaskRef::Malformed => None,
        }
    }

    /// The task of that number.
    pub fn task(&self, number: u32) -> Option<&TaskRecord<S>> {
        self.tasks.get(number.checked_sub(1)? as usize)
    }

    /// The number of the role's last task that a later one has followed, or the role's next incarnation.
    fn earlier(&self, role: RoleIdx) -> Option<u32> {
        let latest = self.latest(role);
        let present = self.role(role).incarnation;
        let followed = |(number, task): &(u32, &TaskRecord<S>)| Some(*number) != latest || task.incarnation < present;
        self.tasks_of(role).filter(followed).last().map(|(number, _)| number)
    }

    /// What the service said of a task that failed; nothing of any other.
    pub fn reason(&self, task: &TaskRecord<S>) -> DeletionReason {
        if task.status == TaskState::Failed {
            self.universe.deletion_reason(task.role, &task.in_use, &task.named)
        } else {
            DeletionReason::default()
        }
    }

    /// A task's id.
    pub fn task_id(&self, number: u32) -> Option<String> {
        let task = self.task(number)?;
        Some(task_id(self.universe.world(), self.seed, task.role, number))
    }
}

/// 128 bits that depend on nothing but their words: FNV-1a twice, stirred as `SplitMix64` does.
fn digest(words: &[&str], numbers: &[u64]) -> [u64; 2] {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for word in words {
        for byte in word.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    for number in numbers {
        hash = (hash ^ number).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    }
    let stir = |seed: u64| {
        let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let first = stir(hash);
    [first, stir(first ^ hash)]
}

/// A deletion task's id: `task/aws-service-role/<principal>/<RoleName>/<uuid>`.
///
/// Source: IAM API Reference, `DeleteServiceLinkedRole`, `DeletionTaskId`, and recorded responses.
pub fn task_id(world: &World, seed: u64, role: RoleIdx, number: u32) -> String {
    let slot = &world.roles[role.index()];
    let principal = match &slot.sort {
        RoleSort::ServiceLinked { service, .. } => world.services[service.index()].principal.as_str(),
        RoleSort::Ordinary { .. } => "",
    };
    let [a, b] = digest(&["task", principal, &slot.name], &[seed, u64::from(number)]);
    // The form of a random UUID: version 4, variant 1.
    let (a, b) = (a & !0xf000 | 0x4000, b & !(0b11 << 62) | 1 << 63);
    format!(
        "task/aws-service-role/{principal}/{}/{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        slot.name,
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xffff,
        b >> 48,
        b & 0xffff_ffff_ffff
    )
}

/// Whether a text has the form of a task id.
pub fn is_task_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let [prefix, reserved, principal, role, uuid] = parts[..] else {
        return false;
    };
    let lengths = uuid.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let digits = uuid.bytes().all(|byte| byte == b'-' || matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    prefix == "task" && reserved == "aws-service-role" && !principal.is_empty() && !role.is_empty() && lengths && digits
}

/// A role's id: `AROA` and 17 upper-case letters and digits.
///
/// Source: IAM User Guide, "IAM identifiers", unique identifiers, and recorded responses.
pub fn role_id(world: &World, seed: u64, role: RoleIdx, incarnation: u32) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let [a, b] = digest(&["role", &world.role_arn(role)], &[seed, u64::from(incarnation)]);
    let mut bits = u128::from(a) << 64 | u128::from(b);
    let mut id = "AROA".to_owned();
    for _ in 0..17 {
        let _ = write!(id, "{}", char::from(LETTERS[(bits & 31) as usize]));
        bits >>= 5;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use slr_core::event::Creator;
    use slr_core::id::ServiceIdx;
    use slr_core::name::{AccountId, RoleName, ServicePrincipal};
    use slr_core::service::ServiceDefinition;

    fn world() -> World {
        let mut world = World::new(AccountId::new("123456789012").unwrap());
        let principal = ServicePrincipal::new("gadgets.example.com").unwrap();
        world.services.push(ServiceDefinition::new(principal, RoleName::new("AWSServiceRoleForGadgets").unwrap()));
        world.linked_role(ServiceIdx(0), "AWSServiceRoleForGadgets", None);
        world
    }

    #[test]
    fn ids_have_the_form_that_aws_gives_them() {
        let id = task_id(&world(), 7, RoleIdx(0), 1);
        assert!(id.starts_with("task/aws-service-role/gadgets.example.com/AWSServiceRoleForGadgets/"), "{id}");
        assert!(is_task_id(&id), "{id}");
        for text in ["", "task/1", "task/aws-service-role/x/y/not-a-uuid", "arn:aws:iam::123456789012:role/x"] {
            assert!(!is_task_id(text), "{text}");
        }
        let role = role_id(&world(), 7, RoleIdx(0), 1);
        assert!(role.len() == 21 && role.starts_with("AROA"), "{role}");
    }

    #[test]
    fn each_task_and_each_incarnation_has_its_own_id() {
        let world = world();
        assert_ne!(task_id(&world, 7, RoleIdx(0), 1), task_id(&world, 7, RoleIdx(0), 2));
        assert_ne!(task_id(&world, 7, RoleIdx(0), 1), task_id(&world, 8, RoleIdx(0), 1));
        assert_ne!(role_id(&world, 7, RoleIdx(0), 1), role_id(&world, 7, RoleIdx(0), 2));
    }

    #[test]
    fn whatever_way_a_task_is_named_it_has_one_number() {
        let universe: Universe<u64> = Universe::new(world()).unwrap();
        let mut ledger = Ledger::new(&universe, 7, &[]);
        let role = RoleIdx(0);
        let numbers = |ledger: &Ledger<'_, u64>| {
            let told = [None, Some(1)];
            let earlier = told.map(|number| ledger.number_of(TaskRef::Earlier { role, number }));
            let forgotten = told.map(|number| ledger.number_of(TaskRef::Forgotten { role, number }));
            (ledger.number_of(TaskRef::Latest(role)), earlier, forgotten)
        };
        assert_eq!(numbers(&ledger), (None, [None, Some(1)], [None, Some(1)]));
        for _ in 0..3 {
            ledger.enter(SimTime::ZERO, &Event::TaskSubmitted { role });
        }
        assert_eq!(numbers(&ledger), (Some(3), [Some(2), Some(1)], [Some(2), Some(1)]));
        let made = Event::RoleCreated { role, by: Creator::Service, description: None };
        ledger.enter(SimTime::ZERO, &made);
        assert_eq!(ledger.number_of(TaskRef::Earlier { role, number: None }), Some(3), "the role was made again");
        for nothing in [TaskRef::Unknown(None), TaskRef::Malformed] {
            assert_eq!(ledger.number_of(nothing), None);
        }
        assert_eq!((ledger.task(0), ledger.task(4)), (None, None));
        assert_eq!(ledger.task(3).map(|task| task.role), Some(role));
    }
}
