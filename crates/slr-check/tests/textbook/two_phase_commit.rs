//! Two-phase commit as in J. Gray and L. Lamport, "Consensus on Transaction Commit" (2004), module `TwoPhase`.

use slr_check::{Model, Property, RuleId, Settings, Symmetry};

use crate::{all_threads, report};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Manager {
    Working,
    Prepared,
    Committed,
    Aborted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coordinator {
    Init,
    Committed,
    Aborted,
}

/// A resource manager with what the coordinator and the network know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Participant {
    manager: Manager,
    prepared_sent: bool,
    prepared_received: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    participants: Vec<Participant>,
    coordinator: Coordinator,
    commit_sent: bool,
    abort_sent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    ReceivePrepared(usize),
    Commit,
    Abort,
    Prepare(usize),
    ChooseToAbort(usize),
    ReceiveCommit(usize),
    ReceiveAbort(usize),
}

pub(crate) struct TwoPhaseCommit(pub(crate) usize);

const PER_PARTICIPANT: usize = 4;

impl Model for TwoPhaseCommit {
    type State = State;
    type Action = Action;
    type Key = u64;

    fn initial_states(&self) -> Vec<State> {
        let participant = Participant { manager: Manager::Working, prepared_sent: false, prepared_received: false };
        vec![State {
            participants: vec![participant; self.0],
            coordinator: Coordinator::Init,
            commit_sent: false,
            abort_sent: false,
        }]
    }

    fn successors(&self, state: &State, visit: &mut impl FnMut(Action, u64, State)) {
        let mut step = |action, change: &dyn Fn(&mut State)| {
            let mut next = state.clone();
            change(&mut next);
            visit(action, 1, next);
        };
        if state.coordinator == Coordinator::Init {
            if state.participants.iter().all(|participant| participant.prepared_received) {
                step(Action::Commit, &|next| {
                    next.coordinator = Coordinator::Committed;
                    next.commit_sent = true;
                });
            }
            step(Action::Abort, &|next| {
                next.coordinator = Coordinator::Aborted;
                next.abort_sent = true;
            });
        }
        for (i, participant) in state.participants.iter().enumerate() {
            if state.coordinator == Coordinator::Init && participant.prepared_sent {
                step(Action::ReceivePrepared(i), &|next| {
                    next.participants[i].prepared_received = true;
                });
            }
            if participant.manager == Manager::Working {
                step(Action::Prepare(i), &|next| {
                    next.participants[i].manager = Manager::Prepared;
                    next.participants[i].prepared_sent = true;
                });
                step(Action::ChooseToAbort(i), &|next| {
                    next.participants[i].manager = Manager::Aborted;
                });
            }
            if state.commit_sent {
                step(Action::ReceiveCommit(i), &|next| {
                    next.participants[i].manager = Manager::Committed;
                });
            }
            if state.abort_sent {
                step(Action::ReceiveAbort(i), &|next| {
                    next.participants[i].manager = Manager::Aborted;
                });
            }
        }
    }

    fn pack(&self, state: &State) -> u64 {
        let flags = u64::from(state.commit_sent) | u64::from(state.abort_sent) << 1 | (state.coordinator as u64) << 2;
        state.participants.iter().rev().fold(0, |word, participant| {
            word << PER_PARTICIPANT
                | participant.manager as u64
                | u64::from(participant.prepared_sent) << 2
                | u64::from(participant.prepared_received) << 3
        }) << 4
            | flags
    }

    fn unpack(&self, key: &u64) -> State {
        let participant = |i: usize| {
            let bits = key >> (4 + i * PER_PARTICIPANT);
            let manager = match bits & 3 {
                0 => Manager::Working,
                1 => Manager::Prepared,
                2 => Manager::Committed,
                _ => Manager::Aborted,
            };
            Participant { manager, prepared_sent: bits & 4 != 0, prepared_received: bits & 8 != 0 }
        };
        State {
            participants: (0..self.0).map(participant).collect(),
            coordinator: match key >> 2 & 3 {
                0 => Coordinator::Init,
                1 => Coordinator::Committed,
                _ => Coordinator::Aborted,
            },
            commit_sent: key & 1 != 0,
            abort_sent: key & 2 != 0,
        }
    }

    fn rules(&self) -> Vec<String> {
        ["TMRcvPrepared", "TMCommit", "TMAbort", "RMPrepare", "RMChooseToAbort", "RMRcvCommitMsg", "RMRcvAbortMsg"]
            .map(str::to_owned)
            .to_vec()
    }

    fn rule(&self, action: &Action) -> RuleId {
        RuleId(match action {
            Action::ReceivePrepared(_) => 0,
            Action::Commit => 1,
            Action::Abort => 2,
            Action::Prepare(_) => 3,
            Action::ChooseToAbort(_) => 4,
            Action::ReceiveCommit(_) => 5,
            Action::ReceiveAbort(_) => 6,
        })
    }

    fn symmetry(&self) -> Symmetry {
        Symmetry::Steps
    }

    fn canonical(&self, state: &State) -> State {
        let mut state = state.clone();
        state.participants.sort_unstable();
        state
    }

    fn properties(&self) -> Vec<Property<'_, State, Action>> {
        let all = |status: Manager| move |state: &State| state.participants.iter().all(|p| p.manager == status);
        let any = |state: &State, status: Manager| state.participants.iter().any(|p| p.manager == status);
        vec![
            Property::always("consistent", move |state: &State| {
                !(any(state, Manager::Committed) && any(state, Manager::Aborted))
            }),
            Property::sometimes("all commit", all(Manager::Committed)),
            Property::sometimes("all abort", all(Manager::Aborted)),
            Property::always_possible("an end", move |state: &State| {
                all(Manager::Committed)(state) || all(Manager::Aborted)(state)
            }),
        ]
    }

    fn describe_state(&self, state: &State) -> String {
        format!("{state:?}")
    }

    fn describe_action(&self, action: &Action) -> String {
        format!("{action:?}")
    }
}

#[test]
fn counts_are_the_published_ones() {
    for (managers, states) in [(3, 288), (5, 8_832)] {
        let model = TwoPhaseCommit(managers);
        let first = report(&model, &Settings::default());
        assert_eq!(first.distinct, states);
        assert!(!first.is_violated() && first.exhaustive);
        assert_eq!(first.idle_rules().count(), 0);
        for settings in all_threads(&Settings::default()) {
            assert_eq!(report(&model, &settings), first);
        }
    }
}

#[test]
fn modulo_symmetry_there_are_as_many_states_as_orbits() {
    let model = TwoPhaseCommit(5);
    let whole = report(&model, &Settings::default());
    let quotient = report(&model, &Settings { symmetry: true, ..Settings::default() });
    // The orbits of the reachable states, found without the checker.
    let mut orbits = std::collections::BTreeSet::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut left = model.initial_states();
    while let Some(state) = left.pop() {
        if seen.insert(model.pack(&state)) {
            orbits.insert(model.pack(&model.canonical(&state)));
            model.successors(&state, &mut |_, _, next| left.push(next));
        }
    }
    assert_eq!(quotient.distinct, orbits.len() as u64);
    assert_eq!(seen.len() as u64, whole.distinct);
    assert_eq!(quotient.levels.len(), whole.levels.len());
    for (reduced, unreduced) in quotient.properties.iter().zip(&whole.properties) {
        assert_eq!(reduced.verdict.is_violation(), unreduced.verdict.is_violation());
    }
}
