//! What single actions do to a packed state, found out in advance by letting the rules carry them out.
//!
//! A session that opens or ends, and a resource that moves while nobody else has a say in it, change a few bits of the packed state and
//! always the same ones; so do an operator that reads the documentation, and the reports of a failed task apart from its failure. These
//! are nine of ten steps that a checker takes. With a stencil it need not make the state after the step only to pack it.

use crate::codec::{Codec, Field};
use crate::id::{OperatorIdx, ResourceIdx, RoleIdx, SessionIdx, TransitionIdx, number};
use crate::kind::Mover;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::{ReadsDocs, Works};

/// What an action does to the word of a packed state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stencil {
    keep: u64,
    flip: u64,
}

impl Stencil {
    /// Writes `bits` over those in `mask`.
    pub(crate) const fn writing(mask: u64, bits: u64) -> Self {
        Self { keep: !mask, flip: bits }
    }

    /// The word of the state after the action.
    #[inline]
    pub const fn apply(self, word: u64) -> u64 {
        word & self.keep ^ self.flip
    }
}

/// The stencils of a universe whose states are packed into one word.
///
/// A step that has one changes no role, no task and nothing that is attached, revokes no session and brings nothing back from its end:
/// it keeps every [invariant of steps](crate::invariant::step_invariants).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stencils {
    sessions: Vec<Stencil>,
    /// Per resource and transition of its kind.
    moves: Vec<Vec<Option<Stencil>>>,
    /// Per operator, its reading of the documentation.
    readings: Vec<Stencil>,
    /// Per role, what depends on the report of a failed task.
    reports: Vec<Option<Field>>,
}

impl Stencils {
    /// Finds out what the rules do.
    pub fn new<S: IdSet>(universe: &Universe<S>, codec: &Codec) -> Self {
        let transitions = |resource| (0..number(universe.kind_of(resource).transitions.len())).map(TransitionIdx);
        Self {
            sessions: universe.sessions().map(|session| of_session::<S>(codec, session)).collect(),
            moves: universe
                .resources()
                .map(|resource| transitions(resource).map(|t| of_move(universe, codec, resource, t)).collect())
                .collect(),
            readings: (0..universe.operators().count()).map(|place| codec.reading(place)).collect(),
            reports: universe.roles().map(|role| of_report(universe, codec, role)).collect(),
        }
    }

    /// What the session's opening does, and its end.
    #[inline]
    pub fn of_session(&self, session: SessionIdx) -> Stencil {
        self.sessions[session.index()]
    }

    /// What a service's move does, or an operator's clean-up that nothing can stand against, if nothing else depends on it.
    #[inline]
    pub fn of_move(&self, resource: ResourceIdx, transition: TransitionIdx) -> Option<Stencil> {
        self.moves[resource.index()][transition.index()]
    }

    /// What an operator's reading of the documentation does.
    #[inline]
    pub fn of_reading(&self, operator: OperatorIdx) -> Stencil {
        self.readings[operator.index()]
    }

    /// The word after the failure of the role's task with the report `named`, where `word` is that after its failure with an empty
    /// report, if no operator makes anything of the report at once. `blocking` is what blocks the role.
    #[inline]
    pub fn of_report<S: IdSet>(&self, role: RoleIdx, word: u64, named: &S, blocking: &S) -> Option<u64> {
        self.reports[role.index()].map(|field| field.written_over(word, named.and(blocking).low_word()))
    }
}

/// Opening and ending flip the same bit.
fn of_session<S: IdSet>(codec: &Codec, session: SessionIdx) -> Stencil {
    let closed = State::<S>::default();
    let mut open = closed.clone();
    Universe::<S>::open_session(&mut open, session, &mut |_| ());
    let flip = codec.pack_word(&closed, 0) ^ codec.pack_word(&open, 0);
    Stencil { keep: u64::MAX, flip }
}

/// Who works in steps learns of a failure, and who reads when nothing was named wants to.
fn of_report<S: IdSet>(universe: &Universe<S>, codec: &Codec, role: RoleIdx) -> Option<Field> {
    let is_deaf = |operator: &&OperatorIdx| {
        let operator = universe.operator(**operator);
        operator.works == Works::InAnyOrder && operator.reads_docs != ReadsDocs::WhenNothingWasNamed
    };
    let operators = &universe.facts(role).operators;
    // The reports on the roles lie in one plane: only where there is one role is the whole plane its own.
    let is_alone = universe.resources().all(|resource| universe.role_of(resource) == role);
    (is_alone && operators.iter().all(|operator| is_deaf(&operator))).then(|| codec.reported())
}

fn of_move<S: IdSet>(
    universe: &Universe<S>,
    codec: &Codec,
    resource: ResourceIdx,
    transition: TransitionIdx,
) -> Option<Stencil> {
    let step = universe.transition(resource, transition);
    let is_called_plainly = universe.plain_clean_ups_of(resource).any(|called| called == transition);
    let is_plain = (step.by == Mover::Service && !step.is_special || is_called_plainly)
        && universe.children_of(resource).is_empty()
        && !universe.kind_of(resource).state(step.from).is_some_and(|state| state.is_end);
    is_plain.then(|| {
        let mut before = State::<S>::default();
        before.resources.set(resource.0, step.from);
        let mut after = before.clone();
        // As a plain move of the service or a plain clean-up: their effect is the same.
        universe.move_by_service(&mut after, resource, transition, &mut |_| ());
        let flip = codec.pack_word(&before, 0) ^ codec.pack_word(&after, 0);
        let mut named = before.clone();
        named.reported.insert(resource.0);
        let mut later = named.clone();
        universe.move_by_service(&mut later, resource, transition, &mut |_| ());
        // What is outstanding may be settled by the move, and is not made by it.
        let settled = (codec.pack_word(&named, 0) ^ flip) & !codec.pack_word(&later, 0);
        Stencil { keep: !settled, flip }
    })
}
