//! The common model as the checker sees it: a `Copy` state of bit-set planes whose rules read like the documentation.

use std::fmt::Debug;
use std::marker::PhantomData;

use slr_check::{Key, Model, Property, RuleId, Symmetry};

use super::Scope;

/// A set of resources or sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Set(pub(crate) u32);

impl Set {
    #[inline]
    pub(crate) const fn first(count: u32) -> Self {
        Self((1 << count) - 1)
    }

    #[inline]
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(crate) const fn len(self) -> u32 {
        self.0.count_ones()
    }

    #[inline]
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[inline]
    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline]
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Its members, as sets of one.
    #[inline]
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let lowest = left & left.wrapping_neg();
            left ^= lowest;
            (lowest != 0).then_some(Self(lowest))
        })
    }

    /// Its subsets, itself and the empty one included.
    #[inline]
    pub(crate) fn subsets(self) -> impl Iterator<Item = Self> {
        let mut next = Some(0u32);
        std::iter::from_fn(move || {
            let subset = next?;
            let following = subset.wrapping_sub(self.0) & self.0;
            next = (following != 0).then_some(following);
            Some(Self(subset))
        })
    }

    /// Its subsets by size, the lowest members for all of equal size, with their number.
    fn subsets_by_size(self) -> impl Iterator<Item = (u64, Self)> {
        let mut subset = Self::default();
        let mut number = 1;
        (0..=self.len()).map(move |size| {
            let answer = (number, subset);
            let lowest = self.without(subset);
            subset = Self(subset.0 | (lowest.0 & lowest.0.wrapping_neg()));
            number = number * u64::from(self.len() - size) / u64::from(size + 1);
            answer
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    None,
    NotStarted,
    InProgress,
    Succeeded,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) live: bool,
    pub(crate) docs: bool,
    pub(crate) task: Task,
    pub(crate) attempts: u8,
    pub(crate) active: Set,
    pub(crate) deleting: Set,
    pub(crate) reported: Set,
    pub(crate) open: Set,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Begin(Set),
    End(Set),
    ReadDocs,
    CleanUp(Set),
    DeleteOk(Set),
    DeleteFail(Set),
    Submit,
    Start,
    Succeed,
    Fail(Set),
}

const RULES: [&str; 10] =
    ["begin", "end", "readDocs", "cleanup", "deleteOk", "deleteFail", "submit", "start", "succeed", "fail"];

impl State {
    #[inline]
    fn blocking(&self) -> Set {
        self.active.or(self.deleting)
    }

    /// Whether the five invariants of the model hold.
    pub(crate) fn is_sound(&self, scope: Scope) -> bool {
        let blocking = self.blocking();
        let unused = blocking.is_empty() && self.open.is_empty();
        let unfinished = matches!(self.task, Task::NotStarted | Task::InProgress);
        (self.live || unused)
            && (!unfinished || (self.live && self.attempts >= 1))
            && (self.task == Task::Succeeded) != self.live
            && self.reported.without(blocking).is_empty()
            && (self.reported.is_empty() || self.task == Task::Failed)
            && u32::from(self.attempts) <= scope.attempts
    }
}

/// How a state is packed.
pub(crate) trait Layout: Sync {
    type Key: Key + Debug;
    fn pack(state: &State) -> Self::Key;
    fn unpack(key: &Self::Key) -> State;
}

/// Eight resources, four sessions, seven attempts: one word.
#[derive(Debug)]
pub(crate) struct Narrow;

/// Thirty-two resources, sixteen sessions, 255 attempts: three words.
#[derive(Debug)]
pub(crate) struct Wide;

#[inline]
fn flags(state: &State) -> u64 {
    u64::from(state.live) | u64::from(state.docs) << 1 | (state.task as u64) << 2
}

#[inline]
fn from_flags(flags: u64) -> State {
    State {
        live: flags & 1 != 0,
        docs: flags & 2 != 0,
        task: match flags >> 2 & 7 {
            0 => Task::None,
            1 => Task::NotStarted,
            2 => Task::InProgress,
            3 => Task::Succeeded,
            _ => Task::Failed,
        },
        attempts: 0,
        active: Set(0),
        deleting: Set(0),
        reported: Set(0),
        open: Set(0),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "unpacking takes words apart")]
impl Layout for Narrow {
    type Key = u64;

    #[inline]
    fn pack(state: &State) -> u64 {
        flags(state)
            | u64::from(state.attempts) << 5
            | u64::from(state.open.0) << 8
            | u64::from(state.active.0) << 16
            | u64::from(state.deleting.0) << 24
            | u64::from(state.reported.0) << 32
    }

    #[inline]
    fn unpack(&key: &u64) -> State {
        let plane = |at: u32| Set(u32::from((key >> at) as u8));
        State {
            attempts: (key >> 5 & 7) as u8,
            open: plane(8),
            active: plane(16),
            deleting: plane(24),
            reported: plane(32),
            ..from_flags(key)
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "unpacking takes words apart")]
impl Layout for Wide {
    type Key = [u64; 3];

    #[inline]
    fn pack(state: &State) -> [u64; 3] {
        [
            flags(state) | u64::from(state.attempts) << 8 | u64::from(state.open.0) << 16,
            u64::from(state.active.0) | u64::from(state.deleting.0) << 32,
            u64::from(state.reported.0),
        ]
    }

    #[inline]
    fn unpack(key: &[u64; 3]) -> State {
        State {
            attempts: (key[0] >> 8) as u8,
            open: Set((key[0] >> 16) as u32),
            active: Set(key[1] as u32),
            deleting: Set((key[1] >> 32) as u32),
            reported: Set(key[2] as u32),
            ..from_flags(key[0])
        }
    }
}

/// The common model.
pub(crate) struct Planes<L> {
    pub(crate) scope: Scope,
    layout: PhantomData<L>,
}

impl<L> Planes<L> {
    pub(crate) const fn new(scope: Scope) -> Self {
        Self { scope, layout: PhantomData }
    }

    /// The steps out of `state`. `choices` splits a set of equals into those to try, with the number for which each
    /// stands; `reports` does so with what a failed task may report.
    #[inline]
    fn steps<C, R>(
        &self,
        state: &State,
        choices: impl Fn(Set) -> C,
        reports: impl Fn(&State) -> R,
        visit: &mut impl FnMut(Action, u64, State),
    ) where
        C: Iterator<Item = (u64, Set)>,
        R: Iterator<Item = (u64, Set)>,
    {
        self.session_steps(state, &choices, visit);
        if state.live && self.scope.docs && !state.docs {
            visit(Action::ReadDocs, 1, State { docs: true, ..*state });
        }
        Self::clean_up_steps(state, &choices, visit);
        self.task_steps(state, reports, visit);
    }

    #[inline]
    fn session_steps<C: Iterator<Item = (u64, Set)>>(
        &self,
        state: &State,
        choices: &impl Fn(Set) -> C,
        visit: &mut impl FnMut(Action, u64, State),
    ) {
        let s = *state;
        if s.live {
            for (n, j) in choices(Set::first(self.scope.sessions).without(s.open)) {
                visit(Action::Begin(j), n, State { open: s.open.or(j), ..s });
            }
        }
        for (n, j) in choices(s.open) {
            visit(Action::End(j), n, State { open: s.open.without(j), ..s });
        }
    }

    #[inline]
    fn clean_up_steps<C: Iterator<Item = (u64, Set)>>(
        state: &State,
        choices: &impl Fn(Set) -> C,
        visit: &mut impl FnMut(Action, u64, State),
    ) {
        let s = *state;
        if s.live {
            let known = if s.docs { s.active } else { s.active.and(s.reported) };
            for part in [known.and(s.reported), known.without(s.reported)] {
                for (n, i) in choices(part) {
                    let next = State { active: s.active.without(i), deleting: s.deleting.or(i), ..s };
                    visit(Action::CleanUp(i), n, next);
                }
            }
        }
        for part in [s.deleting.and(s.reported), s.deleting.without(s.reported)] {
            for (n, i) in choices(part) {
                let next = State { deleting: s.deleting.without(i), reported: s.reported.without(i), ..s };
                visit(Action::DeleteOk(i), n, next);
                if !s.open.is_empty() {
                    let next = State { deleting: s.deleting.without(i), active: s.active.or(i), ..s };
                    visit(Action::DeleteFail(i), n, next);
                }
            }
        }
    }

    #[inline]
    fn task_steps<R: Iterator<Item = (u64, Set)>>(
        &self,
        state: &State,
        reports: impl Fn(&State) -> R,
        visit: &mut impl FnMut(Action, u64, State),
    ) {
        let s = *state;
        match s.task {
            Task::None | Task::Failed if s.live && u32::from(s.attempts) < self.scope.attempts => {
                let next = State { task: Task::NotStarted, attempts: s.attempts + 1, reported: Set(0), ..s };
                visit(Action::Submit, 1, next);
            }
            Task::NotStarted => visit(Action::Start, 1, State { task: Task::InProgress, ..s }),
            Task::InProgress if s.blocking().is_empty() && s.open.is_empty() => {
                visit(Action::Succeed, 1, State { task: Task::Succeeded, live: false, ..s });
            }
            Task::InProgress => {
                for (n, reported) in reports(state) {
                    visit(Action::Fail(reported), n, State { task: Task::Failed, reported, ..s });
                }
            }
            Task::None | Task::Failed | Task::Succeeded => {}
        }
    }
}

impl<L: Layout> Model for Planes<L> {
    type State = State;
    type Action = Action;
    type Key = L::Key;

    fn initial_states(&self) -> Vec<State> {
        vec![State {
            live: true,
            docs: false,
            task: Task::None,
            attempts: 0,
            active: Set::first(self.scope.resources),
            deleting: Set(0),
            reported: Set(0),
            open: Set(0),
        }]
    }

    #[inline]
    fn successors(&self, state: &State, visit: &mut impl FnMut(Action, u64, State)) {
        self.steps(
            state,
            |set| set.each().map(|one| (1, one)),
            |state| state.blocking().subsets().map(|set| (1, set)),
            visit,
        );
    }

    #[inline]
    fn pack(&self, state: &State) -> L::Key {
        L::pack(state)
    }

    #[inline]
    fn unpack(&self, key: &L::Key) -> State {
        L::unpack(key)
    }

    fn symmetry(&self) -> Symmetry {
        Symmetry::StepsAndFairness
    }

    fn canonical(&self, state: &State) -> State {
        let mut used = 0;
        let mut next = |set: Set| {
            let moved = Set::first(used + set.len()).without(Set::first(used));
            used += set.len();
            moved
        };
        let active_reported = next(state.active.and(state.reported));
        let active = next(state.active.without(state.reported));
        let deleting_reported = next(state.deleting.and(state.reported));
        let deleting = next(state.deleting.without(state.reported));
        State {
            active: active_reported.or(active),
            deleting: deleting_reported.or(deleting),
            reported: active_reported.or(deleting_reported),
            open: Set::first(state.open.len()),
            ..*state
        }
    }

    fn representative_successors(&self, state: &State, visit: &mut impl FnMut(Action, u64, State)) {
        self.steps(
            state,
            |set| set.each().next().map(|one| (u64::from(set.len()), one)).into_iter(),
            |state| {
                // Nothing is reported while the task is in progress: the blocking ones differ in status alone.
                let deleting = state.deleting;
                state.active.subsets_by_size().flat_map(move |(n, active)| {
                    deleting.subsets_by_size().map(move |(m, deleting)| (n * m, active.or(deleting)))
                })
            },
            visit,
        );
    }

    fn rules(&self) -> Vec<String> {
        RULES.map(str::to_owned).to_vec()
    }

    #[inline]
    fn rule(&self, action: &Action) -> RuleId {
        RuleId(match action {
            Action::Begin(_) => 0,
            Action::End(_) => 1,
            Action::ReadDocs => 2,
            Action::CleanUp(_) => 3,
            Action::DeleteOk(_) => 4,
            Action::DeleteFail(_) => 5,
            Action::Submit => 6,
            Action::Start => 7,
            Action::Succeed => 8,
            Action::Fail(_) => 9,
        })
    }

    fn properties(&self) -> Vec<Property<'_, State, Action>> {
        vec![Property::always("sound", |state: &State| state.is_sound(self.scope))]
    }

    fn describe_state(&self, state: &State) -> String {
        format!("{state:?}")
    }

    fn describe_action(&self, action: &Action) -> String {
        format!("{action:?}")
    }
}
