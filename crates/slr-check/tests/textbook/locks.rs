//! Two processes and a lock: one that starves, one that gets stuck, one that works.

use slr_check::{Ending, FairnessClass, Model, Property, RuleId, Settings, Stop, Verdict};

use crate::{all_threads, report};

/// How the processes keep out of each other's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// Take it whenever nobody has it: safe, but one may never be the one that gets it.
    TestAndSet,
    /// Raise a flag, and wait while the other's is raised: safe, but both may wait.
    Flags,
    /// G. L. Peterson, "Myths about the Mutual Exclusion Problem" (1981).
    Peterson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Idle,
    /// Raised the flag, and has yet to give way.
    Raised,
    Waiting,
    Critical,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    at: [At; 2],
    /// Who goes first if both want to.
    turn: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Try(usize),
    GiveWay(usize),
    Enter(usize),
    /// Stay inside for a while.
    Work(usize),
    Leave(usize),
}

struct Processes {
    lock: Lock,
    fair: bool,
}

impl Processes {
    fn may_enter(&self, state: &State, i: usize) -> bool {
        let other = state.at[1 - i];
        match self.lock {
            Lock::TestAndSet => other != At::Critical,
            Lock::Flags => other == At::Idle,
            Lock::Peterson => other == At::Idle || state.turn == i,
        }
    }
}

impl Model for Processes {
    type State = State;
    type Action = Action;
    type Key = u64;

    fn initial_states(&self) -> Vec<State> {
        vec![State { at: [At::Idle; 2], turn: 0 }]
    }

    fn successors(&self, state: &State, visit: &mut impl FnMut(Action, u64, State)) {
        for i in 0..2 {
            let go = |to: At| {
                let mut next = *state;
                next.at[i] = to;
                next
            };
            match state.at[i] {
                At::Idle if self.lock == Lock::Peterson => visit(Action::Try(i), 1, go(At::Raised)),
                At::Idle => visit(Action::Try(i), 1, go(At::Waiting)),
                At::Raised => visit(Action::GiveWay(i), 1, State { turn: 1 - i, ..go(At::Waiting) }),
                At::Waiting if self.may_enter(state, i) => {
                    visit(Action::Enter(i), 1, go(At::Critical));
                }
                At::Waiting => {}
                At::Critical => {
                    visit(Action::Work(i), 1, *state);
                    visit(Action::Leave(i), 1, go(At::Idle));
                }
            }
        }
    }

    fn pack(&self, state: &State) -> u64 {
        state.at[0] as u64 | (state.at[1] as u64) << 2 | (state.turn as u64) << 4
    }

    fn unpack(&self, key: &u64) -> State {
        let at = |bits: u64| match bits & 3 {
            0 => At::Idle,
            1 => At::Raised,
            2 => At::Waiting,
            _ => At::Critical,
        };
        State { at: [at(*key), at(key >> 2)], turn: usize::from(key >> 4 & 1 != 0) }
    }

    fn rules(&self) -> Vec<String> {
        ["try", "give way", "enter", "work", "leave"].map(str::to_owned).to_vec()
    }

    fn rule(&self, action: &Action) -> RuleId {
        RuleId(match action {
            Action::Try(_) => 0,
            Action::GiveWay(_) => 1,
            Action::Enter(_) => 2,
            Action::Work(_) => 3,
            Action::Leave(_) => 4,
        })
    }

    fn fairness_classes(&self) -> Vec<String> {
        vec!["process 0".to_owned(), "process 1".to_owned()]
    }

    /// A process need not want the lock, but goes on once it does, and does not work for ever.
    fn fairness(&self, action: &Action) -> Option<FairnessClass> {
        match *action {
            Action::Try(_) | Action::Work(_) => None,
            Action::GiveWay(i) | Action::Enter(i) | Action::Leave(i) => {
                self.fair.then_some(FairnessClass(u32::from(i == 1)))
            }
        }
    }

    fn properties(&self) -> Vec<Property<'_, State, Action>> {
        let served = |i: usize| {
            Property::leads_to(
                format!("process {i} is served"),
                move |state: &State| state.at[i] == At::Waiting,
                move |state: &State| state.at[i] == At::Critical,
            )
        };
        vec![
            Property::never("both", |state: &State| state.at == [At::Critical; 2]),
            Property::always_possible("someone can enter", |state: &State| state.at.contains(&At::Critical)),
            served(0),
            served(1),
        ]
    }

    fn describe_state(&self, state: &State) -> String {
        format!("{:?} turn {}", state.at, state.turn)
    }

    fn describe_action(&self, action: &Action) -> String {
        format!("{action:?}")
    }
}

fn keep_going() -> Settings {
    Settings { keep_going: true, ..Settings::default() }
}

#[test]
fn test_and_set_starves_one_process_fairly() {
    let first = report(&Processes { lock: Lock::TestAndSet, fair: true }, &keep_going());
    assert_eq!(first.verdict("both"), Some(&Verdict::Proved));
    assert_eq!(first.verdict("someone can enter"), Some(&Verdict::Proved));
    let Some(Verdict::Violated(story)) = first.verdict("process 0 is served") else {
        panic!("process 0 starves");
    };
    // It wants the lock, and the other takes it again and again.
    assert_eq!(story.ending, Ending::Loop { after: 1 });
    let actions: Vec<&str> = story.steps.iter().map(|step| step.action.as_str()).collect();
    assert_eq!(actions, ["Try(0)", "Try(1)", "Enter(1)", "Leave(1)"]);
    assert_eq!(story.steps[0].state, story.steps[3].state);
    for settings in all_threads(&keep_going()) {
        assert_eq!(report(&Processes { lock: Lock::TestAndSet, fair: true }, &settings), first);
    }
}

#[test]
fn flags_alone_get_stuck() {
    let report = report(&Processes { lock: Lock::Flags, fair: true }, &keep_going());
    assert_eq!(report.verdict("both"), Some(&Verdict::Proved));
    assert_eq!(report.ends, 1);
    let Some(Verdict::Violated(story)) = report.verdict("process 0 is served") else {
        panic!("process 0 waits for ever");
    };
    assert_eq!((story.ending, story.steps.len()), (Ending::Stuck, 2));
    let Some(Verdict::Violated(story)) = report.verdict("someone can enter") else {
        panic!("nobody can enter any more");
    };
    assert_eq!((story.ending, story.steps.len()), (Ending::OutOfReach, 2));
}

#[test]
fn peterson_serves_both() {
    let fair = report(&Processes { lock: Lock::Peterson, fair: true }, &keep_going());
    assert_eq!(fair.stop, Stop::Exhausted);
    assert!(fair.properties.iter().all(|property| property.verdict == Verdict::Proved), "{fair:#?}");
    // But only if nobody works for ever.
    let unfair = report(&Processes { lock: Lock::Peterson, fair: false }, &keep_going());
    assert!(unfair.verdict("process 0 is served").is_some_and(Verdict::is_violation));
    assert_eq!(unfair.verdict("both"), Some(&Verdict::Proved));
}
