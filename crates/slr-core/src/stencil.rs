//! What single actions do to a packed state, found out in advance by letting the rules carry them out.
//!
//! A session that opens or ends, and a resource that moves while nobody else has a say in it, change a few bits of the packed state and
//! always the same ones; so do an operator that reads the documentation or has a request for deletion accepted, and a task that starts
//! or fails. These are nearly all steps that a checker takes. With a stencil it need not make the state after the step only to pack it.

use crate::action::{Action, OperatorStep};
use crate::codec::{Codec, Field};
use crate::id::{OperatorIdx, PlainCleanUpIdx, ResourceIdx, RoleIdx, ServiceMoveIdx, SessionIdx, TransitionIdx};
use crate::knob::Judged;
use crate::machine::{RoleState, TaskState};
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::{ReadsDocs, Works};

/// What an action does to the word of a packed state.
///
/// Where the action is about one of several, this is what it does with the first of them: their planes lie bit beside bit, so that what
/// it does with another is the same so many bits further up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stencil {
    clear: u64,
    flip: u64,
    /// One in the place of a number that the action counts up.
    count: u64,
}

impl Stencil {
    /// Writes `bits` over those in `mask`.
    pub(crate) const fn writing(mask: u64, bits: u64) -> Self {
        Self { clear: mask, flip: bits, count: 0 }
    }

    /// The word of the state after the action.
    #[inline]
    pub const fn apply(self, word: u64) -> u64 {
        (word & !self.clear ^ self.flip).wrapping_add(self.count)
    }

    /// The word of the state after the action about `id`. What is about one of several counts nothing.
    #[inline]
    pub const fn apply_to(self, id: u32, word: u64) -> u64 {
        debug_assert!(self.count == 0);
        word & !self.clear.wrapping_shl(id) ^ self.flip.wrapping_shl(id)
    }

    /// That of the first, made of that of `id`.
    const fn of_first(self, id: u32) -> Self {
        Self { clear: self.clear.wrapping_shr(id), flip: self.flip.wrapping_shr(id), count: self.count }
    }
}

/// The stencils of a universe whose states are packed into one word.
///
/// A step that has one changes no role and nothing that is attached, moves a task along its machine and not to its success, revokes no
/// session and brings nothing back from its end: it keeps every [invariant of steps](crate::invariant::step_invariants).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stencils {
    session: Stencil,
    service_moves: Vec<Option<Stencil>>,
    clean_ups: Vec<Option<Stencil>>,
    /// Per operator, its reading of the documentation.
    readings: Vec<Stencil>,
    /// Per operator, its accepted request where there is no task yet, and where the last one has failed.
    submissions: Vec<[Option<Stencil>; 2]>,
    /// Per role, the start of its task.
    starts: Vec<Option<Stencil>>,
    /// Per role, its task's failure with an empty report.
    failures: Vec<Option<Stencil>>,
    /// Per role, what depends on the report of a failed task.
    reports: Vec<Option<Field>>,
}

impl Stencils {
    /// Finds out what the rules do.
    pub fn new<S: IdSet>(universe: &Universe<S>, codec: &Codec) -> Self {
        let moves = universe.moves.of_services.iter().map(|made| (&made.members, made.transition));
        let clean_ups = universe.moves.plain_clean_ups.iter().map(|made| (&made.members, made.transition));
        Self {
            session: of_first_session::<S>(codec),
            service_moves: moves.map(|(members, made)| of_moves(universe, codec, members, made)).collect(),
            clean_ups: clean_ups.map(|(members, made)| of_moves(universe, codec, members, made)).collect(),
            readings: (0..universe.operators().count()).map(|place| codec.reading(place)).collect(),
            submissions: universe.operators().map(|operator| of_submissions(universe, codec, operator)).collect(),
            starts: universe.roles().map(|role| of_start(universe, codec, role)).collect(),
            failures: universe.roles().map(|role| of_failure(universe, codec, role)).collect(),
            reports: universe.roles().map(|role| of_report(universe, codec, role)).collect(),
        }
    }

    /// What a session's opening does, and its end.
    #[inline]
    pub const fn of_session(&self) -> Stencil {
        self.session
    }

    /// What a service's move does, if nothing else depends on those that make it.
    #[inline]
    pub fn of_service_move(&self, made: ServiceMoveIdx) -> Option<Stencil> {
        self.service_moves[made.index()]
    }

    /// The same of an operator's clean-up that nothing can stand against.
    #[inline]
    pub fn of_clean_up(&self, made: PlainCleanUpIdx) -> Option<Stencil> {
        self.clean_ups[made.index()]
    }

    /// What an operator's reading of the documentation does.
    #[inline]
    pub fn of_reading(&self, operator: OperatorIdx) -> Stencil {
        self.readings[operator.index()]
    }

    /// What an operator's request does that is accepted while the role's task is as told.
    #[inline]
    pub fn of_submission(&self, operator: OperatorIdx, task: Option<TaskState>) -> Option<Stencil> {
        let [first, again] = self.submissions[operator.index()];
        match task {
            None => first,
            Some(TaskState::Failed) => again,
            Some(TaskState::NotStarted | TaskState::InProgress | TaskState::Succeeded) => None,
        }
    }

    /// What the start of the role's task does.
    #[inline]
    pub fn of_start(&self, role: RoleIdx) -> Option<Stencil> {
        self.starts[role.index()]
    }

    /// What its failure with an empty report does.
    #[inline]
    pub fn of_failure(&self, role: RoleIdx) -> Option<Stencil> {
        self.failures[role.index()]
    }

    /// What the report of the role's failed task does, if no operator makes anything of it at once.
    #[inline]
    pub fn of_report(&self, role: RoleIdx) -> Option<ReportStencil> {
        self.reports[role.index()].map(ReportStencil)
    }
}

/// What naming resources does to the word of the state after a failure that named none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportStencil(Field);

impl ReportStencil {
    /// The word after the failure, where `outstanding` are the resources that were named and still block.
    #[inline]
    pub fn apply<S: IdSet>(self, failed: u64, outstanding: &S) -> u64 {
        self.0.written_over(failed, outstanding.low_word())
    }
}

/// Opening and ending flip the same bit.
fn of_first_session<S: IdSet>(codec: &Codec) -> Stencil {
    let closed = State::<S>::default();
    let mut open = closed.clone();
    Universe::<S>::open_session(&mut open, SessionIdx(0), &mut |_| ());
    Stencil { clear: 0, flip: codec.pack_word(&closed, 0) ^ codec.pack_word(&open, 0), count: 0 }
}

/// Whether the operators on the role make nothing of what becomes of its task, until they look at the state themselves: who works in
/// steps learns of a failure, and who reads when nothing was named wants to.
fn are_deaf<S: IdSet>(universe: &Universe<S>, role: RoleIdx) -> bool {
    universe
        .facts(role)
        .operators
        .iter()
        .map(|operator| universe.operator(*operator))
        .all(|operator| operator.works == Works::InAnyOrder && operator.reads_docs != ReadsDocs::WhenNothingWasNamed)
}

fn of_report<S: IdSet>(universe: &Universe<S>, codec: &Codec, role: RoleIdx) -> Option<Field> {
    // The reports on the roles lie in one plane: only where there is one role is the whole plane its own.
    let is_alone = universe.resources().all(|resource| universe.role_of(resource) == role);
    (is_alone && are_deaf(universe, role)).then(|| codec.reported())
}

/// Whether no more depends on the task of the role than where it stands and what was reported.
fn has_plain_tasks<S: IdSet>(universe: &Universe<S>, role: RoleIdx) -> bool {
    let knobs = &universe.world().knobs;
    knobs.judged == Judged::End
        && !knobs.late_visibility
        && !knobs.late_propagation
        && universe.facts(role).namesakes.len() == 1
        && are_deaf(universe, role)
}

fn of_start<S: IdSet>(universe: &Universe<S>, codec: &Codec, role: RoleIdx) -> Option<Stencil> {
    let before = live_with(role, Some(TaskState::NotStarted));
    has_plain_tasks(universe, role)
        .then(|| of_step(universe, codec, role, &before, &Action::TaskStarts { role }))
        .flatten()
}

fn of_failure<S: IdSet>(universe: &Universe<S>, codec: &Codec, role: RoleIdx) -> Option<Stencil> {
    let mut before: State<S> = live_with(role, Some(TaskState::InProgress));
    // A task fails where something uses the role: for what it does to the state, any session will do.
    before.sessions.insert(universe.sessions_of(role).first()?);
    let failure = Action::TaskFails { role, named: S::default() };
    has_plain_tasks(universe, role).then(|| of_step(universe, codec, role, &before, &failure)).flatten()
}

fn of_submissions<S: IdSet>(universe: &Universe<S>, codec: &Codec, operator: OperatorIdx) -> [Option<Stencil>; 2] {
    let role = universe.operator(operator).goal;
    [None, Some(TaskState::Failed)].map(|task| {
        let before = live_with(role, task);
        let request = Action::Operator { operator, step: OperatorStep::Submits };
        if !has_plain_tasks(universe, role) {
            return None;
        }
        // A request that is refused leaves the task as it was, and is not what this is about.
        let Stencil { clear, flip, .. } = of_step(universe, codec, role, &before, &request)
            .filter(|_| universe.may_submit(&before, universe.operator(operator).principal, role).is_ok())?;
        let counted = codec.attempts(operator.index());
        Some(Stencil { clear, flip: flip & !counted.mask(), count: counted.one() })
    })
}

/// A state in which the role is live, with the task, and nothing else is.
fn live_with<S: IdSet>(role: RoleIdx, task: Option<TaskState>) -> State<S> {
    let mut state = State::<S>::default();
    state.set_role(role, RoleState::Live);
    state.set_task(role, task);
    state
}

/// What the action does, if it may be carried out in `before`: the bits that it changes there, and those that it would wipe if the role's
/// resources had been named in a report.
fn of_step<S: IdSet>(
    universe: &Universe<S>,
    codec: &Codec,
    role: RoleIdx,
    before: &State<S>,
    action: &Action<S>,
) -> Option<Stencil> {
    let after = |before: &State<S>| {
        let mut state = before.clone();
        universe.apply(&mut state, action, &mut |_| ()).ok().map(|()| codec.pack_word(&state, 0))
    };
    let mut named = before.clone();
    named.reported = universe.resources_of(role).clone();
    let flip = codec.pack_word(before, 0) ^ after(before)?;
    let clear = (codec.pack_word(&named, 0) ^ flip) & !after(&named)?;
    Some(Stencil { clear, flip, count: 0 })
}

/// What the transition does with the first of its members, if it does the same with all of them, so many bits further up.
fn of_moves<S: IdSet>(universe: &Universe<S>, codec: &Codec, members: &S, made: TransitionIdx) -> Option<Stencil> {
    let stencil =
        |id: u32| of_move(universe, codec, ResourceIdx(id), made).map(|stencil: Stencil| stencil.of_first(id));
    let first = stencil(members.first()?)?;
    members.iter().all(|id| stencil(id) == Some(first)).then_some(first)
}

fn of_move<S: IdSet>(
    universe: &Universe<S>,
    codec: &Codec,
    resource: ResourceIdx,
    transition: TransitionIdx,
) -> Option<Stencil> {
    let step = universe.transition(resource, transition);
    // The first resource of a role that was made again is not plain: the role remembers it.
    let is_plain = !step.is_special
        && (step.from != 0 || !universe.self_deleting.contains(universe.role_of(resource).0))
        && universe.children_of(resource).is_empty()
        && !universe.kind_of(resource).state(step.from).is_some_and(|state| state.is_end);
    is_plain.then(|| {
        let mut before = State::<S>::default();
        before.resources.set(resource.0, step.from);
        let mut after = before.clone();
        // As a plain move of the service or a plain clean-up: their effect is the same.
        universe.move_by_service(&mut after, (resource, transition), step, &mut |_| ());
        let flip = codec.pack_word(&before, 0) ^ codec.pack_word(&after, 0);
        let mut named = before.clone();
        named.reported.insert(resource.0);
        let mut later = named.clone();
        universe.move_by_service(&mut later, (resource, transition), step, &mut |_| ());
        // What is outstanding may be settled by the move, and is not made by it.
        let settled = (codec.pack_word(&named, 0) ^ flip) & !codec.pack_word(&later, 0);
        Stencil { clear: settled, flip, count: 0 }
    })
}
