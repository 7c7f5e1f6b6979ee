//! The named invariants: sentences that are true of every world, written once for all who ask.
//!
//! Property tests, the simulator, the checker and any server ask the same table.

use crate::action::Action;
use crate::id::{KindIdx, ResourceIdx, RoleIdx, SessionIdx};
use crate::machine::{Phase, RoleState, TaskState};
use crate::set::{IdSet, Planes};
use crate::state::{Parts, State};
use crate::universe::Universe;

/// A sentence about every state that a world can be in.
#[derive(Debug)]
pub struct Invariant<S: IdSet> {
    /// The sentence in short, as it is printed where it is broken.
    pub name: &'static str,
    /// Whether the state is as the sentence says.
    pub holds: fn(&Universe<S>, &State<S>) -> bool,
}

/// A sentence about every step that a world can take.
#[derive(Debug)]
pub struct StepInvariant<S: IdSet> {
    /// The sentence in short.
    pub name: &'static str,
    /// Whether the step from the first state to the second, by the action, is as the sentence says.
    pub holds: StepPredicate<S>,
}

/// What a [`StepInvariant`] asks: of the state before, the action, and the state after.
pub type StepPredicate<S> = fn(&Universe<S>, &State<S>, &Action<S>, &State<S>) -> bool;

/// The invariants of states.
///
/// Sources: IAM User Guide, "Using service-linked roles"; IAM API Reference, `DeleteServiceLinkedRole` and
/// `GetServiceLinkedRoleDeletionStatus`. Nothing protects ordinary roles and service roles: `DeleteRole` looks at neither resources
/// nor sessions.
pub const fn invariants<S: IdSet>() -> [Invariant<S>; 12] {
    [
        Invariant {
            name: "a service-linked role is never gone while a blocking resource refers to it",
            holds: |universe, state| {
                state.blocking().is_empty()
                    || every_linked_role(universe, |role| {
                        state.is_live(role) || !state.blocking().meets(universe.resources_of(role))
                    })
            },
        },
        Invariant {
            name: "a service-linked role is never gone while a session is open on it",
            holds: |universe, state| {
                every_linked_role(universe, |role| state.is_live(role) || !universe.is_session_open(state, role))
            },
        },
        Invariant {
            name: "sessions are held by trusted principals alone",
            holds: |universe, state| state.open_sessions().is_within(&universe.trustable_sessions),
        },
        Invariant {
            name: "an unfinished deletion task belongs to a live service-linked role",
            holds: |universe, state| {
                every_role(universe, |role| {
                    !state.has_unfinished_task(role) || (state.is_live(role) && universe.is_service_linked(role))
                })
            },
        },
        Invariant {
            name: "a task has succeeded only if its incarnation is gone",
            holds: |universe, state| {
                every_role(universe, |role| {
                    state.task(role) != Some(TaskState::Succeeded) || state.role(role) == RoleState::Gone
                })
            },
        },
        Invariant {
            name: "what is reported is in use, and reported by a failed task",
            holds: |universe, state| {
                state.reported().is_empty()
                    || (state.reported().is_within(state.blocking())
                        && every_role(universe, |role| {
                            !state.reported().meets(universe.resources_of(role))
                                || matches!(state.task(role), Some(TaskState::Failed) | None)
                        }))
            },
        },
        Invariant {
            name: "role names are unique ignoring case",
            holds: |universe, state| {
                every_role(universe, |role| {
                    !state.is_live(role) || state.live_roles().and(&universe.facts(role).namesakes).len() == 1
                })
            },
        },
        Invariant {
            name: "only roles in the account have anything attached",
            holds: |universe, state| {
                every_role(universe, |role| {
                    state.is_live(role) || !state.attached.meets(&universe.facts(role).attachments)
                })
            },
        },
        Invariant {
            name: "a service-linked role's policy is attached to its role alone",
            holds: |universe, state| !state.attached.meets(&universe.foreign_policies),
        },
        Invariant {
            name: "what a task found at its start is kept until its decision and no longer",
            holds: starts_are_kept_in_time,
        },
        Invariant {
            name: "only a task can be yet to be seen, and only a live role yet to spread",
            holds: |universe, state| {
                every_role(universe, |role| {
                    (state.task(role).is_some() || !state.task_is_unseen(role))
                        && (state.is_live(role) || !state.is_fresh(role))
                })
            },
        },
        Invariant {
            name: "a child never outlives its parent",
            holds: |universe, state| {
                universe.parents.iter().map(ResourceIdx).all(|parent| {
                    let children = &universe.children[parent.index()];
                    universe.is_there(state, parent)
                        || children.iter().all(|child| !universe.is_there(state, ResourceIdx(child)))
                })
            },
        },
    ]
}

/// The invariants of steps.
pub const fn step_invariants<S: IdSet>() -> [StepInvariant<S>; 8] {
    [
        StepInvariant {
            name: "a deletion task only moves forward, and its end is an end",
            holds: |universe, before, action, after| {
                every_role(universe, |role| {
                    // The record is dropped, or the role was made again: the task is no longer this role's latest.
                    let may_leave = matches!(action, Action::TaskIsForgotten { .. }) || !before.is_live(role);
                    may_follow(before.task(role), after.task(role), may_leave)
                })
            },
        },
        StepInvariant {
            name: "a role goes with its task's success in one step",
            holds: |universe, before, action, after| {
                every_role(universe, |role| {
                    let succeeded = after.task(role) == Some(TaskState::Succeeded)
                        && before.task(role) != Some(TaskState::Succeeded);
                    let left = before.is_live(role) && !after.is_live(role);
                    let by_other_means = matches!(action, Action::Command { .. } | Action::ServiceDeletesRole { .. });
                    if succeeded { left } else { !left || by_other_means }
                })
            },
        },
        StepInvariant {
            name: "a service-linked role is deleted by its task or its service alone",
            holds: |universe, before, action, after| {
                let left = before.live_roles().minus(after.live_roles()).and(&universe.service_linked);
                left.is_empty() || matches!(action, Action::TaskSucceeds { .. } | Action::ServiceDeletesRole { .. })
            },
        },
        StepInvariant {
            name: "a failed task changes nothing else",
            holds: |_, before, action, after| {
                !matches!(action, Action::TaskFails { .. })
                    || (before.roles == after.roles
                        && before.resources == after.resources
                        && before.sessions == after.sessions
                        && before.attached == after.attached)
            },
        },
        StepInvariant {
            name: "sessions end by themselves and are never revoked",
            holds: |_, before, action, after| {
                let ended = before.open_sessions().minus(after.open_sessions());
                ended.is_empty() || matches!(action, Action::SessionEnds { session, .. } if ended == S::of([session.0]))
            },
        },
        StepInvariant {
            name: "nothing but tags is attached to a service-linked role or taken off it",
            holds: |universe, before, _, after| {
                before.attached == after.attached || {
                    let gained = after.attached.minus(&before.attached);
                    let lost = before.attached.minus(&after.attached);
                    universe.service_linked.iter().map(RoleIdx).all(|role| {
                        let facts = universe.facts(role);
                        gained.and(&facts.attachments).is_within(&facts.tags)
                            && (!after.is_live(role) || lost.and(&facts.attachments).is_within(&facts.tags))
                    })
                }
            },
        },
        StepInvariant {
            name: "nothing comes back from its end",
            holds: |universe, before, _, after| {
                changed(&before.resources, &after.resources).iter().map(ResourceIdx).all(|resource| {
                    !universe.kind_of(resource).state(before.resource(resource)).is_some_and(|state| state.is_end)
                })
            },
        },
        StepInvariant {
            name: "only service-linked roles exceed the quota",
            holds: |universe, before, _, after| {
                let gained = after.live_roles().minus(before.live_roles()).minus(&universe.service_linked);
                gained.is_empty()
                    || after.live_roles().len() + universe.world().other_roles <= universe.world().knobs.role_quota
            },
        },
    ]
}

/// The parts of states on which [invariants] and [`step_invariants`] depend: a step that changes none of them breaks none of those that held.
pub const LOOKED_AT: Parts =
    Parts::ROLES.and(Parts::TASKS).and(Parts::RESOURCES).and(Parts::SESSIONS).and(Parts::NOTES);

/// Whether every [invariant](invariants) of states is seen to hold at a glance. If not, nothing is said: the table has to be asked.
///
/// Nearly every state of nearly every world passes, at a tenth of the table's price; the checker asks it of every state.
#[inline]
pub fn is_evidently_sound<S: IdSet>(universe: &Universe<S>, state: &State<S>) -> bool {
    let [started, running, failed] = &state.tasks.0;
    let live = state.live_roles();
    // Of the tasks' codes 1 and 2 are unfinished, and 3 has succeeded; of the roles' 1 is live, and 2 gone.
    let unfinished = started.or(running).minus(&started.and(running)).minus(failed);
    (universe.service_linked.is_within(live) || nothing_uses(universe, state, &universe.service_linked.minus(live)))
        && state.open_sessions().is_within(&universe.trusted_sessions)
        && unfinished.is_within(&universe.service_linked)
        && (!started.meets(running) || started.and(running).is_within(&state.roles.plane(1).minus(live)))
        && unfinished.is_within(live)
        && (state.reported().is_empty()
            || (state.reported().is_within(state.blocking())
                && (started.or(running).is_empty() || nothing_reported_of(universe, state, &started.or(running)))))
        && !universe.has_namesakes
        && state.attached.is_empty()
        && ((state.busy_at_start.is_empty() && state.blocking_at_start.is_empty())
            || starts_are_kept_in_time(universe, state))
        && state.unseen_tasks.is_empty()
        && state.fresh_roles.is_empty()
        && universe.parents.is_empty()
}

/// Whether what was found when tasks started is kept of running tasks alone.
fn starts_are_kept_in_time<S: IdSet>(universe: &Universe<S>, state: &State<S>) -> bool {
    every_role(universe, |role| {
        let is_kept =
            state.busy_at_start.contains(role.0) || state.blocking_at_start.meets(universe.resources_of(role));
        !is_kept || state.task(role) == Some(TaskState::InProgress)
    })
}

/// Whether nothing uses any of these roles.
fn nothing_uses<S: IdSet>(universe: &Universe<S>, state: &State<S>, roles: &S) -> bool {
    roles.iter().all(|role| !universe.is_in_use(state, RoleIdx(role)))
}

fn nothing_reported_of<S: IdSet>(universe: &Universe<S>, state: &State<S>, roles: &S) -> bool {
    roles.iter().all(|role| !state.reported().meets(universe.resources_of(RoleIdx(role))))
}

/// Whether every [invariant](step_invariants) of steps is seen to hold at a glance. If not, the table has to be asked.
#[inline]
pub fn is_evidently_sound_step<S: IdSet>(
    universe: &Universe<S>,
    before: &State<S>,
    action: &Action<S>,
    after: &State<S>,
) -> bool {
    if before.roles != after.roles {
        return is_an_end(before, action, after);
    }
    let ended = before.open_sessions().minus(after.open_sessions());
    before.attached == after.attached
        && (ended.is_empty() || matches!(action, Action::SessionEnds { session, .. } if ended == S::of([session.0])))
        && if let Action::TaskFails { role, .. } = action {
            before.resources == after.resources
                && before.sessions == after.sessions
                && before.task(*role) == Some(TaskState::InProgress)
                && after.task(*role) == Some(TaskState::Failed)
                && changed(&before.tasks, &after.tasks) == S::of([role.0])
        } else {
            (before.tasks == after.tasks || tasks_move_on(before, after))
                && changed(&before.resources, &after.resources)
                    .iter()
                    .all(|resource| !universe.has_ended(before, ResourceIdx(resource)))
        }
}

/// Whether a task succeeds, its role goes, and nothing else happens.
fn is_an_end<S: IdSet>(before: &State<S>, action: &Action<S>, after: &State<S>) -> bool {
    let Action::TaskSucceeds { role } = action else { return false };
    let alone = S::of([role.0]);
    before.task(*role) == Some(TaskState::InProgress)
        && after.task(*role) == Some(TaskState::Succeeded)
        && before.is_live(*role)
        && !after.is_live(*role)
        && changed(&before.tasks, &after.tasks) == alone
        && changed(&before.roles, &after.roles) == alone
        && before.resources == after.resources
        && before.sessions == after.sessions
        && before.attached == after.attached
}

/// Whether tasks are submitted or started, and nothing else happens to any.
fn tasks_move_on<S: IdSet>(before: &State<S>, after: &State<S>) -> bool {
    changed(&before.tasks, &after.tasks).iter().map(RoleIdx).all(|role| {
        let after = after.task(role);
        after != Some(TaskState::Succeeded) && may_follow(before.task(role), after, false)
    })
}

/// The ids whose numbers differ.
#[inline]
fn changed<S: IdSet, const BITS: usize>(before: &Planes<S, BITS>, after: &Planes<S, BITS>) -> S {
    before.0.iter().zip(&after.0).fold(S::default(), |all, (old, new)| all.or(&old.minus(new)).or(&new.minus(old)))
}

/// Whether it holds of every role that a service owns: the roles that are protected while they are in use.
fn every_linked_role<S: IdSet>(universe: &Universe<S>, holds: impl Fn(RoleIdx) -> bool) -> bool {
    universe.service_linked.iter().map(RoleIdx).all(holds)
}

fn every_role<S: IdSet>(universe: &Universe<S>, holds: impl Fn(RoleIdx) -> bool) -> bool {
    universe.roles().all(holds)
}

/// Whether a role's latest task may be `new` where it was `old`; `may_leave` says whether there may be none any more.
fn may_follow(old: Option<TaskState>, new: Option<TaskState>, may_leave: bool) -> bool {
    use TaskState::{Failed, InProgress, NotStarted, Succeeded};
    match (old, new) {
        (old, new) if old == new => true,
        (None | Some(Failed), Some(NotStarted))
        | (Some(NotStarted), Some(InProgress))
        | (Some(InProgress), Some(Succeeded | Failed)) => true,
        (Some(Succeeded | Failed), None) => may_leave,

        (
            None | Some(NotStarted | InProgress | Succeeded | Failed),
            None | Some(NotStarted | InProgress | Succeeded | Failed),
        ) => false,
    }
}

/// A state predicate that a scenario can name: in its expectations, and for the checker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Predicate {
    /// The role is in the account.
    RoleLive(RoleIdx),
    /// The role does not exist: it never did, or was deleted.
    RoleAbsent(RoleIdx),
    /// The role was deleted.
    RoleGone(RoleIdx),
    /// A session is open on the role.
    SessionOpen(RoleIdx),
    /// The session is open.
    ThisSessionOpen(SessionIdx),
    /// A session or a resource uses the role.
    InUse(RoleIdx),
    /// The role's deletion is unfinished.
    TaskUnfinished(RoleIdx),
    /// The role's latest task has failed.
    TaskFailed(RoleIdx),
    /// The role's latest task has succeeded.
    TaskSucceeded(RoleIdx),
    /// Every resource that uses the role, or of the kind, or both, is gone or was never made.
    ResourcesGone(Option<RoleIdx>, Option<KindIdx>),
    /// The resource is in the state of this code.
    ResourceIn(ResourceIdx, u8),
    /// Every resource of the kind is in the state of this code.
    EachResourceIn(KindIdx, u8),
    /// Some resource of the kind is in the state of this code.
    SomeResourceIn(KindIdx, u8),
    /// The operator takes the role for gone.
    OperatorDone(crate::id::OperatorIdx),
    /// The operator has given up.
    OperatorGaveUp(crate::id::OperatorIdx),
}

impl Predicate {
    /// The parts of a state on which it depends.
    pub const fn looks_at(self) -> Parts {
        match self {
            Self::RoleLive(_) | Self::RoleAbsent(_) | Self::RoleGone(_) => Parts::ROLES,
            // A service at work with a resource holds a session, too.
            Self::SessionOpen(_) | Self::InUse(_) => Parts::SESSIONS.and(Parts::RESOURCES),
            Self::ThisSessionOpen(_) => Parts::SESSIONS,
            Self::TaskUnfinished(_) | Self::TaskFailed(_) | Self::TaskSucceeded(_) => Parts::TASKS,
            Self::ResourcesGone(..) | Self::ResourceIn(..) | Self::EachResourceIn(..) | Self::SomeResourceIn(..) => {
                Parts::RESOURCES
            }
            Self::OperatorDone(_) | Self::OperatorGaveUp(_) => Parts::OTHERS,
        }
    }

    /// Whether the predicate is true of the state.
    #[inline]
    pub fn holds<S: IdSet>(self, universe: &Universe<S>, state: &State<S>) -> bool {
        match self {
            Self::RoleLive(role) => state.is_live(role),
            Self::RoleAbsent(role) => matches!(state.role(role), RoleState::Absent | RoleState::Gone),
            Self::RoleGone(role) => state.role(role) == RoleState::Gone,
            Self::SessionOpen(role) => universe.is_session_open(state, role),
            Self::ThisSessionOpen(session) => state.is_open(session),
            Self::InUse(role) => universe.is_in_use(state, role),
            Self::TaskUnfinished(role) => state.has_unfinished_task(role),
            Self::TaskFailed(role) => state.task(role) == Some(TaskState::Failed),
            Self::TaskSucceeded(role) => state.task(role) == Some(TaskState::Succeeded),
            Self::ResourcesGone(role, kind) => universe.resources().all(|resource| {
                let about = role.is_none_or(|role| universe.role_of(resource) == role)
                    && kind.is_none_or(|kind| universe.world().resources[resource.index()].kind == kind);
                !about || !universe.is_there(state, resource)
            }),
            Self::ResourceIn(resource, code) => state.resource(resource) == code,
            Self::EachResourceIn(kind, code) => {
                universe.resources_of_kind(kind).all(|resource| state.resource(resource) == code)
            }
            Self::SomeResourceIn(kind, code) => {
                universe.resources_of_kind(kind).any(|resource| state.resource(resource) == code)
            }
            Self::OperatorDone(operator) => state.operator(operator).phase == Phase::Done,
            Self::OperatorGaveUp(operator) => state.operator(operator).phase == Phase::GaveUp,
        }
    }
}
