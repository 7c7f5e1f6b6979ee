//! What a scenario says of time and chance: everything about a run that is not the world.

use slr_core::id::{
    KindIdx, OperatorIdx, PrincipalIdx, RegionIdx, ResourceIdx, RoleIdx, SessionIdx, TextIdx, TransitionIdx,
};
use slr_core::kind::When;
use slr_core::machine::SessionEnd;
use slr_core::{Action, Command, IdSet, OperatorStep, State, Universe};

use super::backoff::Backoff;
use super::chance::Delay;
use super::time::SimTime;
use super::timing::{Parameters, Timing};

/// The `MaxSessionDuration` of a role for which nobody has asked for another, in milliseconds: an hour.
///
/// Source: IAM API Reference, `CreateRole`, `MaxSessionDuration`.
pub(crate) const DEFAULT_MAX_SESSION: u64 = 3_600_000;

/// How long things take, what goes wrong by itself, and what is scripted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// When the run ends at the latest.
    pub until: SimTime,
    /// From the submission of a task to its start.
    pub task_start: Delay,
    /// From a task's start to its decision.
    pub task_decision: Delay,
    /// How long a session stays open, unless `MaxSessionDuration` ends it.
    pub session_end: Delay,
    /// From a session's end, or its role's creation, to the next session of a slot that reopens.
    pub session_open: Delay,
    /// How long an operator reads the documentation.
    pub read_docs: Delay,
    /// Per kind and transition, how long a service takes for it.
    pub moves: Vec<Vec<Delay>>,
    /// Per kind and transition, after which time an exceptional one is made where nothing else has come before; `None` for the others.
    pub limits: Vec<Vec<Option<Delay>>>,
    /// The moves that parameters of calls time.
    pub timing: Timing,
    /// For how long a new task cannot be polled, where the world has late visibility.
    pub visibility: Delay,
    /// For how long a finished task is kept, where the world forgets them.
    pub retention: Delay,
    /// For how long a new role cannot be assumed, where the world has late propagation.
    pub propagation: Delay,
    /// Per role, its `MaxSessionDuration` in milliseconds at the beginning.
    pub max_session: Vec<u64>,
    /// Calls that are answered with `Throttling`.
    pub throttlings: Vec<Throttling>,
    /// Clean-ups that fail.
    pub clean_up_failures: Vec<CleanUpFailures>,
    /// Regions that do not answer.
    pub outages: Vec<Outage>,
    /// Times at which new tasks cannot be polled at once.
    pub late_visibilities: Vec<LateVisibility>,
    /// Per operator, when it does what.
    pub operators: Vec<OperatorPlan>,
    /// What is scripted, in the order of time.
    pub steps: Vec<PlannedStep>,
}

/// Calls of an operation that are answered with `Throttling`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttling {
    /// The operation.
    pub operation: slr_core::action::Operation,
    /// Which part of the calls, in millionths.
    pub millionths: u32,
    /// From when on.
    pub from: SimTime,
    /// Until when.
    pub until: SimTime,
}

impl Throttling {
    /// Whether every call is throttled from some time on for ever.
    pub fn never_ends(&self) -> bool {
        self.millionths >= 1_000_000 && self.until == SimTime::END
    }

    /// Whether no call is ever answered otherwise.
    pub fn is_total(&self) -> bool {
        self.never_ends() && self.from == SimTime::ZERO
    }
}

/// Clean-ups that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanUpFailures {
    /// Which part of them, in millionths.
    pub millionths: u32,
    /// In which circumstances.
    pub when: When,
    /// Of which kind; `None` for all.
    pub kind: Option<KindIdx>,
}

/// A region that does not answer for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// The region.
    pub region: RegionIdx,
    /// From when on.
    pub from: SimTime,
    /// Until when; the end of time if it never recovers.
    pub until: SimTime,
}

/// A time at which new tasks cannot be polled at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateVisibility {
    /// For how long they cannot be polled, in milliseconds.
    pub millis: u64,
    /// For tasks submitted from then on.
    pub from: SimTime,
    /// For tasks submitted until then.
    pub until: SimTime,
}

/// When an operator does what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorPlan {
    /// When it begins.
    pub starts: SimTime,
    /// How it polls; `None` if it is told at once.
    pub polls: Option<Polling>,
    /// How long it waits before it tries again.
    pub backoff: Backoff,
}

/// How an operator polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polling {
    /// From one poll to the next, in milliseconds.
    pub every: u64,
    /// How long it goes on before it gives up, in milliseconds.
    pub deadline: Option<u64>,
}

/// Something that is scripted for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// When.
    pub at: SimTime,
    /// What.
    pub what: Scripted,
    /// The parameters that the call gives for a resource, if it is granted.
    pub sets: Option<(ResourceIdx, Parameters)>,
}

/// What can be scripted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scripted {
    /// A principal calls an operation.
    Call {
        /// Who.
        by: PrincipalIdx,
        /// What.
        command: Command,
    },
    /// A principal polls a task, which is known by name only when the time has come.
    Poll {
        /// Who.
        by: PrincipalIdx,
        /// Which task.
        task: TaskName,
    },
    /// Somebody opens a session on a role: the first slot of the principal that is free.
    SessionOpens {
        /// The role.
        role: RoleIdx,
        /// Who; `None` for anyone.
        principal: Option<String>,
    },
    /// The first open session on a role ends.
    SessionEnds {
        /// The role.
        role: RoleIdx,
    },
    /// The role's task starts.
    TaskStarts {
        /// The role.
        role: RoleIdx,
    },
    /// The role's task succeeds.
    TaskSucceeds {
        /// The role.
        role: RoleIdx,
    },
    /// The role's task fails and names these.
    TaskFails {
        /// The role.
        role: RoleIdx,
        /// What it names; `None` leaves it to the service's reporting policy.
        named: Option<Vec<ResourceIdx>>,
    },
    /// The service moves a resource.
    ResourceMoves {
        /// The resource.
        resource: ResourceIdx,
        /// The transitions of that name, from whatever state; the one that can be made is made.
        transitions: Vec<TransitionIdx>,
    },
    /// A caller moves a resource by an operation.
    Operate {
        /// Who.
        by: PrincipalIdx,
        /// The resource.
        resource: ResourceIdx,
        /// The transitions by that operation, from whatever state; of several from one state the first
        /// whose conditions are met; the first one stands for all where none can be made.
        transitions: Vec<TransitionIdx>,
    },
    /// The role appears.
    RoleAppears {
        /// The role.
        role: RoleIdx,
    },
    /// The service deletes its role.
    RoleDisappears {
        /// The role.
        role: RoleIdx,
    },
    /// The role's task can be polled from now on.
    TaskBecomesVisible {
        /// The role.
        role: RoleIdx,
    },
    /// The record of a finished task of the role is dropped.
    TaskIsForgotten {
        /// The role.
        role: RoleIdx,
        /// Which task, counted from 1 over all roles; `None` for the role's latest.
        task: Option<u32>,
    },
    /// The role has spread and can be assumed.
    RolePropagates {
        /// The role.
        role: RoleIdx,
    },
    /// A Region stops answering, or answers again.
    Region {
        /// The Region.
        region: RegionIdx,
        /// Whether it stops.
        fails: bool,
    },
    /// An operator takes a step.
    Operator {
        /// The operator.
        operator: OperatorIdx,
        /// The step.
        step: OperatorStep,
    },
}

impl Plan {
    /// What the steps do, for those who do not keep to their times.
    pub fn script(&self) -> Vec<Scripted> {
        self.steps.iter().map(|step| step.what.clone()).collect()
    }
}

impl Scripted {
    /// The action that it means in this state; `None` if it means nothing now, or if what it means depends on more than the state: a poll of
    /// a task that is known by name, the forgetting of one that is known by its number, a report that is left to the service.
    pub fn action<S: IdSet>(&self, universe: &Universe<S>, state: &State<S>) -> Option<Action<S>> {
        // The transition that leads from the resource's state; the first one where none does, so that the refusal can be told.
        // Of several that lead from there, which differ in their conditions, the one whose conditions are met.
        let fitting = |resource: ResourceIdx, transitions: &[TransitionIdx]| {
            let fits = |id: &&TransitionIdx| universe.transition(resource, **id).from == state.resource(resource);
            let mut all = transitions.iter().filter(fits);
            let met = |id: &&TransitionIdx| universe.meets_conditions(state, resource, **id);
            all.clone().find(met).or(all.next()).or(transitions.first()).copied()
        };
        match self {
            Self::Call { by, command } => Some(Action::Command { by: *by, command: *command }),
            Self::Poll { .. } | Self::TaskIsForgotten { task: Some(_), .. } | Self::TaskFails { named: None, .. } => {
                None
            }
            Self::SessionOpens { role, principal } => {
                let slots = universe.sessions_of(*role).minus(state.open_sessions());
                let suits = |id: &u32| {
                    let slot = &universe.world().sessions[*id as usize];
                    principal.as_ref().is_none_or(|wanted| slot.principal.as_str() == wanted)
                };
                slots.iter().find(suits).map(|id| Action::SessionOpens { session: SessionIdx(id) })
            }
            Self::SessionEnds { role } => {
                let open = universe.sessions_of(*role).and(state.open_sessions()).first();
                open.map(|id| Action::SessionEnds { session: SessionIdx(id), end: SessionEnd::Done })
            }
            Self::TaskStarts { role } => Some(Action::TaskStarts { role: *role }),
            Self::TaskSucceeds { role } => Some(Action::TaskSucceeds { role: *role }),
            Self::TaskFails { role, named: Some(named) } => {
                Some(Action::TaskFails { role: *role, named: S::of(named.iter().map(|id| id.0)) })
            }
            Self::ResourceMoves { resource, transitions } => fitting(*resource, transitions)
                .map(|transition| Action::ResourceMoves { resource: *resource, transition }),
            Self::Operate { by, resource, transitions } => {
                let transition = fitting(*resource, transitions);
                let command = transition.map(|transition| Command::Operate { resource: *resource, transition });
                command.map(|command| Action::Command { by: *by, command })
            }
            Self::RoleAppears { role } => Some(Action::RoleAppears { role: *role }),
            Self::RoleDisappears { role } => Some(Action::ServiceDeletesRole { role: *role }),
            Self::TaskBecomesVisible { role } => Some(Action::TaskBecomesVisible { role: *role }),
            Self::TaskIsForgotten { role, task: None } => Some(Action::TaskIsForgotten { role: *role }),
            Self::RolePropagates { role } => Some(Action::RolePropagates { role: *role }),
            Self::Region { region, fails: true } => Some(Action::RegionFails { region: *region }),
            Self::Region { region, fails: false } => Some(Action::RegionRecovers { region: *region }),
            Self::Operator { operator, step } => Some(Action::Operator { operator: *operator, step: *step }),
        }
    }
}

/// How a step names a deletion task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskName {
    /// The first one of the run.
    First,
    /// The last one that was submitted.
    Last,
    /// Counted from 1 over all roles.
    Number(u32),
    /// By its id.
    Id(String, TextIdx),
}

/// The actions of a world of any width, as far as a script needs to name them.
pub(crate) type Actions<S> = Vec<Action<S>>;
