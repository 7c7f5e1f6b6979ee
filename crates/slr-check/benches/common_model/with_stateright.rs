//! The common model as users of stateright write models.

use stateright::{Checker, Model, Property};

use crate::common_model::Scope;
use crate::common_model::by_hand::Counts;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    Active,
    Deleting,
    Deleted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Task {
    None,
    NotStarted,
    InProgress,
    Succeeded,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    live: bool,
    resources: Vec<Resource>,
    open: Vec<bool>,
    task: Task,
    reported: Vec<bool>,
    attempts: u8,
    docs: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Begin(usize),
    End(usize),
    ReadDocs,
    CleanUp(usize),
    DeleteOk(usize),
    DeleteFail(usize),
    Submit,
    Start,
    Succeed,
    Fail(Vec<bool>),
}

/// The model in stateright's idiom.
pub(crate) struct Idiomatic(pub(crate) Scope);

impl State {
    fn blocking(&self) -> impl Iterator<Item = usize> {
        self.resources.iter().enumerate().filter(|(_, status)| **status != Resource::Deleted).map(|(i, _)| i)
    }

    fn is_unused(&self) -> bool {
        self.blocking().next().is_none() && !self.open.contains(&true)
    }
}

impl Model for Idiomatic {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            live: true,
            resources: vec![Resource::Active; self.0.resources as usize],
            open: vec![false; self.0.sessions as usize],
            task: Task::None,
            reported: vec![false; self.0.resources as usize],
            attempts: 0,
            docs: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (j, &open) in state.open.iter().enumerate() {
            if open {
                actions.push(Action::End(j));
            } else if state.live {
                actions.push(Action::Begin(j));
            }
        }
        if state.live && self.0.docs && !state.docs {
            actions.push(Action::ReadDocs);
        }
        for (i, status) in state.resources.iter().enumerate() {
            match status {
                Resource::Active if state.live && (state.reported[i] || state.docs) => {
                    actions.push(Action::CleanUp(i));
                }
                Resource::Deleting => {
                    actions.push(Action::DeleteOk(i));
                    if state.open.contains(&true) {
                        actions.push(Action::DeleteFail(i));
                    }
                }
                Resource::Active | Resource::Deleted => {}
            }
        }
        match state.task {
            Task::None | Task::Failed if state.live && u32::from(state.attempts) < self.0.attempts => {
                actions.push(Action::Submit);
            }
            Task::NotStarted => actions.push(Action::Start),
            Task::InProgress if state.is_unused() => actions.push(Action::Succeed),
            Task::InProgress => {
                let blocking: Vec<usize> = state.blocking().collect();
                for subset in 0..1u32 << blocking.len() {
                    let mut reported = vec![false; state.resources.len()];
                    for (bit, &i) in blocking.iter().enumerate() {
                        reported[i] = subset >> bit & 1 != 0;
                    }
                    actions.push(Action::Fail(reported));
                }
            }
            Task::None | Task::Failed | Task::Succeeded => {}
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Begin(j) => state.open[j] = true,
            Action::End(j) => state.open[j] = false,
            Action::ReadDocs => state.docs = true,
            Action::CleanUp(i) => state.resources[i] = Resource::Deleting,
            Action::DeleteOk(i) => {
                state.resources[i] = Resource::Deleted;
                state.reported[i] = false;
            }
            Action::DeleteFail(i) => state.resources[i] = Resource::Active,
            Action::Submit => {
                state.task = Task::NotStarted;
                state.attempts += 1;
                state.reported.fill(false);
            }
            Action::Start => state.task = Task::InProgress,
            Action::Succeed => {
                state.task = Task::Succeeded;
                state.live = false;
            }
            Action::Fail(reported) => {
                state.task = Task::Failed;
                state.reported = reported;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("sound", |model: &Self, state: &State| {
            let unfinished = matches!(state.task, Task::NotStarted | Task::InProgress);
            (state.live || state.is_unused())
                && (!unfinished || (state.live && state.attempts >= 1))
                && (state.task == Task::Succeeded) != state.live
                && state
                    .reported
                    .iter()
                    .zip(&state.resources)
                    .all(|(&reported, &status)| !reported || status != Resource::Deleted)
                && (!state.reported.contains(&true) || state.task == Task::Failed)
                && u32::from(state.attempts) <= model.0.attempts
        })]
    }
}

/// Explores everything breadth first.
pub(crate) fn breadth_first(scope: Scope) -> Counts {
    let checker = Idiomatic(scope).checker().threads(1).spawn_bfs().join();
    checker.assert_properties();
    Counts {
        states: checker.unique_state_count() as u64,
        // It counts the initial state as generated.
        edges: checker.state_count() as u64 - 1,
        levels: checker.max_depth() as u64,
    }
}
