//! The state: what the future depends on, and nothing else.
//!
//! One plane of ids per bit of a machine's state. With a machine word as [`IdSet`] the whole is a small `Copy` value that is
//! compared and hashed as it lies; the rules see it only through the typed accessors here.

use crate::id::{AttachmentIdx, OperatorIdx, RegionIdx, ResourceIdx, RoleIdx, SessionIdx};
use crate::kind::CODE_BITS;
use crate::machine::{OperatorState, RoleState, TaskState};
use crate::set::{IdSet, Planes};
use crate::world::MAX_OPERATORS;

/// The state of a world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State<S> {
    /// Per role: absent, live, gone.
    pub(crate) roles: Planes<S, 2>,
    /// Per role: its latest deletion task.
    pub(crate) tasks: Planes<S, 3>,
    /// Roles whose latest task cannot be polled yet.
    pub(crate) unseen_tasks: S,
    /// Roles that were just made and cannot be assumed yet.
    pub(crate) fresh_roles: S,
    /// Roles with an open session when their task started, where that is judged.
    pub(crate) busy_at_start: S,
    /// Per resource: the code of its state in its kind.
    pub(crate) resources: Planes<S, CODE_BITS>,
    /// Resources that their role's last failed task named, or since then the refusal of a clean-up, and that still block.
    pub(crate) reported: S,
    /// Resources that blocked when their role's task started, where that is judged.
    pub(crate) blocking_at_start: S,
    /// Open sessions.
    pub(crate) sessions: S,
    /// What is attached.
    pub(crate) attached: S,
    /// Regions that do not answer.
    pub(crate) dark_regions: S,
    /// The operators.
    pub(crate) operators: [OperatorState; MAX_OPERATORS],
}

/// Some parts of a state: those in which two states differ, or those that somebody looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts(u8);

impl Parts {
    /// None.
    pub const NONE: Self = Self(0);
    /// Which roles are in the account.
    pub const ROLES: Self = Self(1);
    /// The deletion tasks.
    pub const TASKS: Self = Self(1 << 1);
    /// The states of resources.
    pub const RESOURCES: Self = Self(1 << 2);
    /// The sessions.
    pub const SESSIONS: Self = Self(1 << 3);
    /// What is attached, and what is noted of roles and resources besides their states.
    pub const NOTES: Self = Self(1 << 4);
    /// The operators, and which Regions answer.
    pub const OTHERS: Self = Self(1 << 5);
    /// Every part.
    pub const ALL: Self = Self((1 << 6) - 1);

    /// These parts and the others.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These parts if it is so, none if not.
    const fn given(self, is_so: bool) -> Self {
        if is_so { self } else { Self::NONE }
    }

    /// Whether any of the others is among these.
    #[must_use]
    pub const fn meet(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

impl<S: IdSet> State<S> {
    /// The parts in which the state differs from another. [`Parts::OTHERS`] always count as different: to compare them costs more than it saves.
    #[inline]
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> Parts {
        let are_noted_alike = self.unseen_tasks == other.unseen_tasks
            && self.fresh_roles == other.fresh_roles
            && self.busy_at_start == other.busy_at_start
            && self.reported == other.reported
            && self.blocking_at_start == other.blocking_at_start
            && self.attached == other.attached;
        Parts::ROLES
            .given(self.roles != other.roles)
            .and(Parts::TASKS.given(self.tasks != other.tasks))
            .and(Parts::RESOURCES.given(self.resources != other.resources))
            .and(Parts::SESSIONS.given(self.sessions != other.sessions))
            .and(Parts::NOTES.given(!are_noted_alike))
            .and(Parts::OTHERS)
    }

    /// Whether the role is absent, live or gone.
    #[inline]
    pub fn role(&self, role: RoleIdx) -> RoleState {
        RoleState::from_code(self.roles.get(role.0))
    }

    /// Whether the role is in the account.
    #[inline]
    pub fn is_live(&self, role: RoleIdx) -> bool {
        self.live_roles().contains(role.0)
    }

    /// The roles that are in the account.
    #[inline]
    pub fn live_roles(&self) -> &S {
        self.roles.plane(0)
    }

    /// The role's latest deletion task, unless it has none or its record was dropped.
    #[inline]
    pub fn task(&self, role: RoleIdx) -> Option<TaskState> {
        TaskState::from_code(self.tasks.get(role.0))
    }

    /// Whether the role's deletion is unfinished.
    #[inline]
    pub fn has_unfinished_task(&self, role: RoleIdx) -> bool {
        self.task(role).is_some_and(TaskState::is_unfinished)
    }

    /// Whether the role's latest task cannot be polled yet.
    pub fn task_is_unseen(&self, role: RoleIdx) -> bool {
        self.unseen_tasks.contains(role.0)
    }

    /// Whether the role was just made and cannot be assumed yet.
    pub fn is_fresh(&self, role: RoleIdx) -> bool {
        self.fresh_roles.contains(role.0)
    }

    /// The code of the resource's state in its kind.
    #[inline]
    pub fn resource(&self, resource: ResourceIdx) -> u8 {
        self.resources.get(resource.0)
    }

    /// The resources that keep their roles from being deleted.
    #[inline]
    pub fn blocking(&self) -> &S {
        self.resources.plane(0)
    }

    /// The resources that a failed task named, or since then the refusal of a clean-up, and that still block.
    #[inline]
    pub fn reported(&self) -> &S {
        &self.reported
    }

    /// Whether the session is open.
    #[inline]
    pub fn is_open(&self, session: SessionIdx) -> bool {
        self.sessions.contains(session.0)
    }

    /// The open sessions.
    #[inline]
    pub fn open_sessions(&self) -> &S {
        &self.sessions
    }

    /// Whether the attachment is on its role.
    pub fn is_attached(&self, attachment: AttachmentIdx) -> bool {
        self.attached.contains(attachment.0)
    }

    /// Whether the region answers.
    pub fn answers(&self, region: RegionIdx) -> bool {
        !self.dark_regions.contains(region.0)
    }

    /// The operator's state.
    #[inline]
    pub fn operator(&self, operator: OperatorIdx) -> OperatorState {
        self.operators[operator.index()]
    }

    /// Whether the resource blocked its role when the role's task started, where that is judged and not yet decided.
    pub fn was_blocking_at_start(&self, resource: ResourceIdx) -> bool {
        self.blocking_at_start.contains(resource.0)
    }

    /// Whether a session was open when the role's task started, where that is judged and not yet decided.
    pub fn was_busy_at_start(&self, role: RoleIdx) -> bool {
        self.busy_at_start.contains(role.0)
    }

    /// Everything that the state knows of a resource, as one number: resources with the same number are alike.
    #[inline]
    pub fn resource_traits(&self, resource: ResourceIdx) -> u8 {
        let id = resource.0;
        self.resources.get(id)
            | u8::from(self.reported.contains(id)) << CODE_BITS
            | u8::from(self.blocking_at_start.contains(id)) << (CODE_BITS + 1)
    }

    #[inline]
    fn set_resource_traits(&mut self, resource: u32, traits: u8) {
        self.resources.set(resource, traits & ((1 << CODE_BITS) - 1));
        self.reported.put(resource, traits >> CODE_BITS & 1 == 1);
        self.blocking_at_start.put(resource, traits >> (CODE_BITS + 1) & 1 == 1);
    }

    /// Lets interchangeable resources change places until they are in the order of their [traits](Self::resource_traits).
    pub fn sort_resources(&mut self, interchangeable: &[u32]) {
        // Counting beats comparing: there are few kinds of traits, and this is done for every state that is found.
        let mut counts = [0_u32; 1 << (CODE_BITS + 2)];
        for id in interchangeable {
            counts[usize::from(self.resource_traits(ResourceIdx(*id)))] += 1;
        }
        let mut places = interchangeable.iter();
        for (traits, count) in (0_u8..).zip(counts) {
            for id in places.by_ref().take(count as usize) {
                self.set_resource_traits(*id, traits);
            }
        }
    }

    /// Lets interchangeable sessions change places until the open ones come first.
    pub fn sort_sessions(&mut self, interchangeable: &[u32]) {
        let open = interchangeable.iter().filter(|id| self.sessions.contains(**id)).count();
        for (place, id) in interchangeable.iter().enumerate() {
            self.sessions.put(*id, place < open);
        }
    }
}

/// Writing to a state. The rules alone see to it that what is written is a state that can come about; for anybody else this is a way to
/// make one that cannot.
impl<S: IdSet> State<S> {
    /// Makes the role absent, live or gone.
    #[inline]
    pub fn set_role(&mut self, role: RoleIdx, state: RoleState) {
        self.roles.set(role.0, state.code());
    }

    /// Gives the role this latest task, or none.
    #[inline]
    pub fn set_task(&mut self, role: RoleIdx, task: Option<TaskState>) {
        self.tasks.set(role.0, TaskState::code(task));
    }

    /// Puts the resource into the state of this code.
    pub fn set_resource(&mut self, resource: ResourceIdx, code: u8) {
        self.resources.set(resource.0, code);
    }

    /// Says whether the resource is outstanding of what a failed task named.
    pub fn set_reported(&mut self, resource: ResourceIdx, is_reported: bool) {
        self.reported.put(resource.0, is_reported);
    }

    /// Opens or ends the session.
    pub fn set_open(&mut self, session: SessionIdx, is_open: bool) {
        self.sessions.put(session.0, is_open);
    }

    /// Attaches something to its role or takes it off.
    pub fn set_attached(&mut self, attachment: AttachmentIdx, is_attached: bool) {
        self.attached.put(attachment.0, is_attached);
    }

    /// Puts the operator into this state.
    pub fn set_operator(&mut self, operator: OperatorIdx, state: OperatorState) {
        self.operators[operator.index()] = state;
    }
}
