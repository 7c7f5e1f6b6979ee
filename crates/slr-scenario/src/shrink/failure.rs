//! In which way a scenario fails, and whether another one fails in the same way.

use std::collections::BTreeSet;

use slr_core::id::{OperatorIdx, ResourceIdx, RoleIdx};
use slr_core::invariant::Predicate;
use slr_core::machine::{Phase, RoleState, TaskState};
use slr_core::rejection::Code as RefusalCode;
use slr_core::{IdSet, State, Universe};

use super::Failing;
use super::trial::Recorded;
use crate::expect::{What, task_shortcomings};
use crate::ledger::Ledger;

/// How it fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// An action decides the first expectation.
    Decided,
    /// The end decides it, and this matters of the end.
    Ended(BTreeSet<Fact>),
    /// The last step of the script is refused or granted against what it says, or answered otherwise.
    Answered {
        /// What it is refused with, if it is.
        refused: Option<RefusalCode>,
        /// What was said of it and is not so.
        short_of: BTreeSet<String>,
    },
    /// The last step of the script cannot happen.
    Unplayable,
}

impl Failure {
    /// What fails first in a run, how, and how many actions of the run that needs.
    pub(super) fn first(run: &Recorded) -> Option<(Failing, Self, usize)> {
        let all = run.played.len();
        let count = |serial: u64| usize::try_from(serial).unwrap_or(all);
        if let Some((number, (_, decided))) = run.outcomes.iter().enumerate().find(|(_, outcome)| !outcome.0) {
            let (failure, needed) = match decided {
                Some(serial) => (Self::Decided, count(*serial)),
                None => (Self::Ended(run.endings[number].clone()), all),
            };
            return Some((Failing::Expectation(number), failure, needed));
        }
        let failed = |step: &Option<(bool, u64)>| step.and_then(|(passed, serial)| (!passed).then_some(serial));
        let answered = run.steps.iter().enumerate().find_map(|(number, step)| Some((number, failed(step)?)));
        let unplayable = run.unplayable.first().map(|step| *step as usize);
        match (answered, unplayable) {
            (Some((number, serial)), other) if other.is_none_or(|other| number < other) => {
                Some((Failing::Step(number), Self::answered(run, number), count(serial)))
            }
            (_, Some(number)) => Some((Failing::Step(number), Self::Unplayable, all)),
            (_, None) => None,
        }
    }

    fn answered(run: &Recorded, step: usize) -> Self {
        Self::Answered { refused: run.refused(step), short_of: run.short_of[step].clone() }
    }

    /// Whether an action decides it, so that a script can show it.
    pub(super) const fn is_by_action(&self) -> bool {
        match self {
            Self::Decided | Self::Answered { .. } => true,
            Self::Ended(_) | Self::Unplayable => false,
        }
    }

    /// Whether it is the last step of the script that fails.
    pub(super) const fn is_of_a_step(&self) -> bool {
        match self {
            Self::Decided | Self::Ended(_) => false,
            Self::Answered { .. } | Self::Unplayable => true,
        }
    }

    /// Whether a run of a candidate fails like this.
    pub(super) fn is_seen_in(&self, run: &Recorded) -> bool {
        let expectation = run.outcomes.first();
        let last = run.steps.len().checked_sub(1);
        match self {
            Self::Decided => expectation.is_some_and(|(passed, decided)| !passed && decided.is_some()),
            Self::Ended(end) => {
                expectation.is_some_and(|(passed, decided)| !passed && decided.is_none())
                    && run.endings.first() == Some(end)
            }
            Self::Answered { .. } => last.is_some_and(|last| {
                run.steps[last].is_some_and(|(passed, _)| !passed) && *self == Self::answered(run, last)
            }),
            Self::Unplayable => last.is_some_and(|last| run.unplayable.iter().any(|step| *step as usize == last)),
        }
    }
}

/// A fact about the end of a run. What is in it has names, for a smaller world has other numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    /// Whether a role is there, and what the requests for its deletion met with: none, failures, success.
    Role { name: String, state: RoleState, requested: bool, failed: bool, succeeded: bool },
    /// One of those who want the role gone has come to this end.
    Seeker(Ended),
    /// A resource that the expectation names is in a state.
    Resource { name: String, state: String },
    /// A role's tasks are others from this one on, which has the status or is missing.
    Task { number: usize, status: Option<TaskState> },
    /// What is said of one task and is not so.
    Said(&'static str),
    /// There are some: calls, though fewer than expected; resources, though in another state.
    Some,
}

/// What becomes of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ended {
    /// It still tries, or waits.
    NotYet,
    /// It believes that the role is gone.
    Done,
    /// It has given up.
    GaveUp,
}

/// The facts about the end of a run that matter to an expectation. They say in which way it falls short, and nothing of what stands around.
pub(super) fn ending<S: IdSet>(
    universe: &Universe<S>,
    state: &State<S>,
    ledger: &Ledger<'_, S>,
    what: &What,
    count: u64,
) -> BTreeSet<Fact> {
    let mut facts = BTreeSet::new();
    let mut roles = BTreeSet::new();
    match what {
        What::Eventually { predicate, .. }
        | What::Finally { predicate }
        | What::Possible { predicate }
        | What::Always { predicate, .. }
        | What::Never { predicate, .. }
        | What::Sometimes { predicate, .. } => about(universe, state, *predicate, &mut facts, &mut roles),
        What::Tasks { role, statuses } => {
            let mut found = ledger.tasks_of(*role).map(|(_, task)| task.status);
            let mut expected = statuses.iter().copied();
            let mut pairs = (0..).map(|number| (number, found.next(), expected.next()));
            // Beyond both ends they would be the same for ever.
            let differs = pairs.find(|(_, found, expected)| found != expected || found.is_none());
            if differs.is_some_and(|(_, status, _)| status.is_none()) {
                roles.insert(*role);
            }
            facts.extend(differs.map(|(number, status, _)| Fact::Task { number, status }));
        }
        What::Task { role, number, .. } => {
            let place = number.checked_sub(1).map(|place| place as usize);
            match place.and_then(|place| ledger.tasks_of(*role).nth(place)) {
                None => drop(roles.insert(*role)),
                Some((_, task)) => {
                    facts.extend(task_shortcomings(universe, ledger, task, what).into_iter().map(Fact::Said));
                }
            }
        }
        What::Attempts { operator, .. } => {
            facts.insert(Fact::Seeker(ended(state, *operator)));
            facts.extend((count > 0).then_some(Fact::Some));
        }
        What::Refusals { operator, .. } => {
            facts.extend(operator.map(|operator| Fact::Seeker(ended(state, operator))));
            facts.extend((count > 0).then_some(Fact::Some));
        }
    }
    for role in roles {
        let tasks = || ledger.tasks_of(role).map(|(_, task)| task.status);
        facts.insert(Fact::Role {
            name: universe.world().roles[role.index()].name.clone(),
            state: state.role(role),
            requested: tasks().next().is_some(),
            failed: tasks().any(|status| status == TaskState::Failed),
            succeeded: tasks().any(|status| status == TaskState::Succeeded),
        });
        let seekers = universe.seekers_of(role).iter().copied();
        facts.extend(seekers.map(|operator| Fact::Seeker(ended(state, operator))));
    }
    facts
}

fn about<S: IdSet>(
    universe: &Universe<S>,
    state: &State<S>,
    predicate: Predicate,
    facts: &mut BTreeSet<Fact>,
    roles: &mut BTreeSet<RoleIdx>,
) {
    match predicate {
        Predicate::RoleLive(role)
        | Predicate::RoleAbsent(role)
        | Predicate::RoleGone(role)
        | Predicate::SessionOpen(role)
        | Predicate::InUse(role)
        | Predicate::TaskUnfinished(role)
        | Predicate::TaskFailed(role)
        | Predicate::TaskSucceeded(role) => {
            roles.insert(role);
        }
        Predicate::ThisSessionOpen(session) => {
            roles.insert(universe.world().sessions[session.index()].role);
        }
        Predicate::ResourcesGone(role, _) => roles.extend(role),
        Predicate::ResourceIn(resource, _) => {
            let name = universe.world().resources[resource.index()].name.clone();
            let is_in = universe.kind_of(resource).state_name(state.resource(resource)).to_owned();
            facts.insert(Fact::Resource { name, state: is_in });
        }
        // That there is one, and in another state, is all that it takes.
        Predicate::EachResourceIn(kind, _) | Predicate::SomeResourceIn(kind, _) => {
            let is_of_kind = |id: ResourceIdx| universe.world().resources[id.index()].kind == kind;
            facts.extend(universe.resources().any(is_of_kind).then_some(Fact::Some));
        }
        Predicate::OperatorDone(operator) | Predicate::OperatorGaveUp(operator) => {
            facts.insert(Fact::Seeker(ended(state, operator)));
            roles.insert(universe.operator(operator).goal);
        }
    }
}

fn ended<S: IdSet>(state: &State<S>, operator: OperatorIdx) -> Ended {
    match state.operator(operator).phase {
        Phase::Starting | Phase::Preparing | Phase::Waiting => Ended::NotYet,
        Phase::Done => Ended::Done,
        Phase::GaveUp => Ended::GaveUp,
    }
}
