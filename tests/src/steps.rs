//! Steps through a world, drawn without knowing the world: each is interpreted where it is taken.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use slr_core::action::{Call, Operation, TaskRef};
use slr_core::id::{
    AttachmentIdx, CreationIdx, GrantIdx, OperatorIdx, PrincipalIdx, RegionIdx, RequestIdx, ResourceIdx, RoleIdx,
    SessionIdx, TagCallIdx, TextIdx, TransitionIdx,
};
use slr_core::machine::SessionEnd;
use slr_core::{Action, Command, IdSet, OperatorStep, State, Universe};

/// What sort of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// One of what is enabled.
    Enabled,
    /// A command with any ids of the world.
    Command,
    /// A move or a step of an operator with any ids of the world, enabled or not.
    Move,
}

/// A step, as numbers that mean something in any world.
#[derive(Clone, Copy)]
pub struct Step {
    /// What sort of step.
    pub sort: Sort,
    /// Which one.
    pub pick: u16,
    /// What it concerns.
    pub ids: [u16; 3],
    /// Whatever else it says.
    pub word: u64,
}

/// On one line, so that a failing walk can be read.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sort, pick, ids, word } = self;
        f.write_fmt(format_args!("{sort:?} {pick} {ids:?} {word}"))
    }
}

/// One step.
pub fn step() -> impl Strategy<Value = Step> {
    let sort = prop_oneof![4 => Just(Sort::Enabled), 2 => Just(Sort::Command), 1 => Just(Sort::Move)];
    (sort, any::<u16>(), any::<[u16; 3]>(), any::<u64>()).prop_map(|(sort, pick, ids, word)| Step {
        sort,
        pick,
        ids,
        word,
    })
}

/// Steps, at most so many.
pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 0..most)
}

/// Everything that is enabled.
pub fn enabled<S: IdSet>(universe: &Universe<S>, state: &State<S>) -> Vec<Action<S>> {
    let mut actions = Vec::new();
    universe.enabled(state, &mut |action| actions.push(action));
    actions
}

impl Step {
    /// The action that the step is in this world and state; `None` if nothing is enabled.
    pub fn action<S: IdSet>(&self, universe: &Universe<S>, state: &State<S>) -> Option<Action<S>> {
        match self.sort {
            Sort::Enabled => {
                let mut actions = enabled(universe, state);
                if actions.is_empty() {
                    None
                } else {
                    Some(actions.swap_remove(usize::from(self.pick) % actions.len()))
                }
            }
            Sort::Command | Sort::Move => Some(self.arbitrary(&Ids::of(universe))),
        }
    }

    /// The action that the step is, with ids taken from `ids`.
    pub fn arbitrary<S: IdSet>(&self, ids: &Ids) -> Action<S> {
        match self.sort {
            Sort::Command => {
                Action::Command { by: PrincipalIdx(ids.id(self.ids[1], ids.principals)), command: self.command(ids) }
            }
            Sort::Enabled | Sort::Move => self.happening(ids),
        }
    }

    fn command(&self, ids: &Ids) -> Command {
        let [first, _, third] = self.ids;
        let role = RoleIdx(ids.id(first, ids.roles));
        let grant = GrantIdx(ids.id(first, ids.grants));
        let attachment = AttachmentIdx(ids.id(first, ids.attachments));
        let text = TextIdx(ids.id(third, ids.texts));
        let description = (self.word & 1 == 1 && ids.has_text()).then_some(text);
        let operation = Operation::ALL[usize::from(third) % Operation::ALL.len()];
        match self.pick % 17 {
            0 => {
                let of_role = ids.creations.iter().filter(|(_, made)| *made == role).map(|(gives, _)| *gives);
                let of_role = of_role.collect::<Vec<_>>();
                let gives = of_role.get(usize::from(third) % (of_role.len() + 1)).copied();
                Command::CreateRole { role, description: None, max_session_duration: None, gives }
            }
            1 => Command::CreateServiceLinkedRole { request: RequestIdx(ids.id(first, ids.requests)), description },
            2 => Command::DeleteRole { role },
            3 => Command::DeleteServiceLinkedRole { role },
            4 => {
                let task = match self.word % 5 {
                    0 => TaskRef::Latest(role),
                    1 => TaskRef::Earlier { role, number: (third & 1 == 1).then_some(u32::from(third)) },
                    2 => TaskRef::Unknown(description),
                    3 => TaskRef::Forgotten { role, number: None },
                    _ => TaskRef::Malformed,
                };
                Command::GetServiceLinkedRoleDeletionStatus { task }
            }
            5 => {
                let max_session_duration = (self.word & 2 == 2).then_some(3600 + u32::from(third) % 39_600);
                Command::UpdateRole { role, description, max_session_duration }
            }
            6 if ids.has_text() => Command::UpdateRoleDescription { role, description: text },
            7 if ids.tag_calls > 0 || ids.beyond => {
                Command::ChangeTags { call: TagCallIdx(ids.id(third, ids.tag_calls)) }
            }
            7 | 8 => Command::Attach { attachment },
            9 if third & 1 == 1 => Command::ReadPolicy { attachment },
            9 => Command::Detach { attachment },
            10 => Command::ListRoles { under: description.filter(|_| third & 1 == 1) },
            11 => Command::AssumeRole { role },
            12..15 => {
                let resource = ResourceIdx(ids.id(first, number(ids.transitions.len())));
                Command::Operate { resource, transition: self.transition(ids, resource) }
            }
            15 if ids.has_grant() => Command::Give { grant },
            16 if ids.has_grant() => Command::Take { grant },
            _ => Command::Read { operation, role },
        }
    }

    fn transition(&self, ids: &Ids, resource: ResourceIdx) -> TransitionIdx {
        let of_its_kind = ids.transitions.get(resource.index()).copied().unwrap_or(0);
        TransitionIdx(ids.id(self.ids[2], of_its_kind))
    }

    fn happening<S: IdSet>(&self, ids: &Ids) -> Action<S> {
        let [first, second, third] = self.ids;
        let role = RoleIdx(ids.id(first, ids.roles));
        let session = SessionIdx(ids.id(first, ids.sessions));
        let resource = ResourceIdx(ids.id(first, number(ids.transitions.len())));
        let region = RegionIdx(ids.id(first, ids.regions));
        let narrow = S::CAPACITY.map_or(self.word, |width| self.word & (u64::MAX >> (64 - width.min(64))));
        match self.pick % 16 {
            0 => Action::SessionOpens { session },
            1 => Action::SessionEnds {
                session,
                end: if self.word & 1 == 0 { SessionEnd::Done } else { SessionEnd::Expired },
            },
            2 => Action::TaskStarts { role },
            3 => Action::TaskSucceeds { role },
            4 => {
                Action::TaskFails { role, named: S::from_word(if self.word & 256 == 0 { narrow & 7 } else { narrow }) }
            }
            5 => Action::TaskBecomesVisible { role },
            6 if self.word & 512 == 0 => Action::TaskIsForgotten { role },
            6 => {
                let number = (third & 1 == 1).then_some(u32::from(third));
                let known = (1_u64 << ids.operators.min(8)) - 1;
                Action::EarlierTaskIsForgotten { role, number, waiting: S::from_word(narrow & known) }
            }
            7 => Action::RolePropagates { role },
            8 | 9 => Action::ResourceMoves { resource, transition: self.transition(ids, resource) },
            10 => Action::RoleAppears { role },
            11 => Action::ServiceDeletesRole { role },
            12 => Action::RegionFails { region },
            13 => Action::RegionRecovers { region },
            14 => Action::Throttle {
                by: PrincipalIdx(ids.id(first, ids.principals)),
                call: if self.word & 1 == 1 {
                    let step = if third & 1 == 1 { OperatorStep::Submits } else { OperatorStep::Polls };
                    Call::Step { operator: OperatorIdx(ids.id(second, ids.operators)), step }
                } else {
                    Call::Command(self.command(ids))
                },
            },
            _ => {
                let step = match self.word % 5 {
                    0 => OperatorStep::Submits,
                    1 => OperatorStep::Polls,
                    2 => OperatorStep::ReadsDocs,
                    3 => OperatorStep::GivesUp,
                    _ => OperatorStep::CleansUp(ResourceIdx(ids.id(second, number(ids.transitions.len())))),
                };
                Action::Operator { operator: OperatorIdx(ids.id(first, ids.operators)), step }
            }
        }
    }
}

/// How many there are of everything, for ids that mean something, or ids that need not.
#[derive(Debug, Clone)]
pub struct Ids {
    roles: u32,
    requests: u32,
    principals: u32,
    sessions: u32,
    attachments: u32,
    tag_calls: u32,
    /// What `CreateRole` can give, and which role.
    creations: Vec<(CreationIdx, RoleIdx)>,
    grants: u32,
    texts: u32,
    regions: u32,
    operators: u32,
    /// Per resource, how many transitions its kind has.
    transitions: Vec<u32>,
    beyond: bool,
}

impl Ids {
    /// The ids of a universe.
    pub fn of<S: IdSet>(universe: &Universe<S>) -> Self {
        let world = universe.world();
        Self {
            roles: number(world.roles.len()),
            requests: number(world.requests.len()),
            principals: number(world.principals.len()),
            sessions: number(world.sessions.len()),
            attachments: number(world.attachments.len()),
            tag_calls: number(world.tag_calls.len()),
            creations: (0..).map(CreationIdx::new).zip(world.creations.iter().map(|creation| creation.role)).collect(),
            grants: number(world.grants.len()),
            texts: number(world.texts.len()),
            regions: number(world.regions.len()),
            operators: number(world.operators.len()),
            transitions: world
                .resources
                .iter()
                .map(|r| number(world.kinds[r.kind.index()].transitions.len()))
                .collect(),
            beyond: false,
        }
    }

    /// Ids of which some are beyond the universe's tables, by little or by much.
    #[must_use]
    pub fn and_beyond(mut self) -> Self {
        self.beyond = true;
        self
    }

    fn has_grant(&self) -> bool {
        self.beyond || self.grants > 0
    }

    fn has_text(&self) -> bool {
        self.beyond || self.texts > 0
    }

    fn id(&self, drawn: u16, count: u32) -> u32 {
        let drawn = u32::from(drawn);
        match (self.beyond, drawn % 8) {
            (true, 5) => count + drawn / 8 % 3,
            (true, 6) => 60 + drawn / 8 % 10,
            (true, 7) => u32::MAX - drawn / 8 % 3,
            (true | false, _) => drawn.checked_rem(count).unwrap_or(0),
        }
    }
}

/// The same action in a universe with sets of another width.
pub fn widened<S: IdSet, T: IdSet>(action: &Action<S>) -> Action<T> {
    match *action {
        Action::TaskFails { role, ref named } => Action::TaskFails { role, named: T::of(named.iter()) },
        Action::Command { by, command } => Action::Command { by, command },
        Action::Throttle { by, call } => Action::Throttle { by, call },
        Action::Operator { operator, step } => Action::Operator { operator, step },
        Action::SessionOpens { session } => Action::SessionOpens { session },
        Action::SessionEnds { session, end } => Action::SessionEnds { session, end },
        Action::TaskStarts { role } => Action::TaskStarts { role },
        Action::TaskSucceeds { role } => Action::TaskSucceeds { role },
        Action::TaskBecomesVisible { role } => Action::TaskBecomesVisible { role },
        Action::TaskIsForgotten { role } => Action::TaskIsForgotten { role },
        Action::EarlierTaskIsForgotten { role, number, ref waiting } => {
            Action::EarlierTaskIsForgotten { role, number, waiting: T::of(waiting.iter()) }
        }
        Action::RolePropagates { role } => Action::RolePropagates { role },
        Action::ResourceMoves { resource, transition } => Action::ResourceMoves { resource, transition },
        Action::RoleAppears { role } => Action::RoleAppears { role },
        Action::ServiceDeletesRole { role } => Action::ServiceDeletesRole { role },
        Action::RegionFails { region } => Action::RegionFails { region },
        Action::RegionRecovers { region } => Action::RegionRecovers { region },
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
