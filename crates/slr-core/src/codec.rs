//! States as machine words: what varies in a world, and nothing else, bit after bit.
//!
//! The checker keeps millions of states. A codec lists the planes that can be anything but empty in its universe, with their
//! widths; a state that needs at most 64 bits is one word, which is its own exact key.

use crate::knob::Judged;
use crate::machine::{Docs, OperatorState, Phase, Superseded};
use crate::set::{IdSet, Planes};
use crate::state::State;
use crate::stencil::Stencil;
use crate::universe::Universe;
use crate::world::{ReadsDocs, Told, Works};

/// How many planes a state has.
const PLANES: usize = 17;

/// Where an operator's parts lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OperatorField {
    phase: Field,
    attempts: Field,
    docs: Field,
    superseded: Field,
}

/// A run of bits within one word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Field {
    word: u8,
    shift: u8,
    bits: u8,
    /// As many ones as it has bits, at the low end.
    ones: u64,
}

impl Field {
    /// The word with the field's bits replaced, where states are one word.
    #[inline]
    pub(crate) const fn written_over(self, word: u64, value: u64) -> u64 {
        word & !self.mask() | value.wrapping_shl(self.shift as u32)
    }

    /// One in its place; 0 if it has no bits.
    pub(crate) const fn one(self) -> u64 {
        if self.bits == 0 { 0 } else { (1_u64).wrapping_shl(self.shift as u32) }
    }

    #[inline]
    pub(crate) const fn mask(self) -> u64 {
        self.ones.wrapping_shl(self.shift as u32)
    }

    #[inline]
    fn write(self, value: u64, words: &mut [u64]) {
        words[usize::from(self.word)] |= value.wrapping_shl(u32::from(self.shift));
    }

    #[inline]
    fn read(self, words: &[u64]) -> u64 {
        words[usize::from(self.word)].wrapping_shr(u32::from(self.shift)) & self.ones
    }
}

/// The place of each plane among a state's planes, which is the order in which they are packed; of several bits, the lowest one's.
mod place {
    pub(super) const ROLES: usize = 0;
    pub(super) const TASKS: usize = 2;
    pub(super) const UNSEEN_TASKS: usize = 5;
    pub(super) const FRESH_ROLES: usize = 6;
    pub(super) const BUSY_AT_START: usize = 7;
    pub(super) const RESOURCES: usize = 8;
    pub(super) const REPORTED: usize = 12;
    pub(super) const BLOCKING_AT_START: usize = 13;
    pub(super) const SESSIONS: usize = 14;
    pub(super) const ATTACHED: usize = 15;
    pub(super) const DARK_REGIONS: usize = 16;
}

/// The planes that vary in few worlds.
const RARE: [usize; 8] = [
    place::UNSEEN_TASKS,
    place::FRESH_ROLES,
    place::BUSY_AT_START,
    place::RESOURCES + 2,
    place::RESOURCES + 3,
    place::BLOCKING_AT_START,
    place::ATTACHED,
    place::DARK_REGIONS,
];

/// Packs the states of one universe into words and back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codec {
    planes: [Field; PLANES],
    /// Whether any of the [`RARE`] planes varies.
    has_rare: bool,
    operators: Vec<OperatorField>,
    /// A number beside the state, for whoever keeps one.
    extra: Field,
    words: u8,
    bits: u32,
}

/// A world that is too wide to be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{found} {what} are too many to be packed: the limit is 64")]
pub struct TooWide {
    /// What there are too many of.
    pub what: &'static str,
    /// How many there are.
    pub found: u32,
}

/// Lays fields one after another; no field crosses a word's end.
struct Layout {
    word: u8,
    shift: u8,
    bits: u32,
}

impl Layout {
    fn field(&mut self, bits: u8) -> Field {
        if bits == 0 {
            return Field::default();
        }
        if self.shift + bits > 64 {
            self.word += 1;
            self.shift = 0;
        }
        let ones = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
        let field = Field { word: self.word, shift: self.shift, bits, ones };
        self.shift += bits;
        self.bits += u32::from(bits);
        field
    }
}

impl Codec {
    /// The codec of a universe.
    ///
    /// # Errors
    /// [`TooWide`] if there are more than 64 of anything that a plane counts.
    pub fn new<S: IdSet>(universe: &Universe<S>) -> Result<Self, TooWide> {
        Self::with_extra(universe, 0)
    }

    /// The codec of a universe whose states are kept together with a number of up to `most`, such as how far a script has come.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_extra<S: IdSet>(universe: &Universe<S>, most: u64) -> Result<Self, TooWide> {
        let world = universe.world();
        let count = |what: &'static str, found: usize| {
            let found = crate::id::number(found);
            u8::try_from(found).ok().filter(|found| *found <= 64).ok_or(TooWide { what, found })
        };
        let roles = count("roles", world.roles.len())?;
        let resources = count("resources", world.resources.len())?;
        let sessions = count("sessions", world.sessions.len())?;
        let attachments = count("attachments", world.attachments.len().saturating_add(world.grants.len()))?;
        let regions = count("regions", world.regions.len())?;
        let given = |wanted: bool, bits: u8| if wanted { bits } else { 0 };

        let highest_code =
            world.kinds.iter().flat_map(|kind| &kind.states).map(|state| state.code).max().unwrap_or_default();
        let code_bits = 8 - highest_code.leading_zeros();
        let judged_at_start = world.knobs.judged != Judged::End;
        let mut widths = [0; PLANES];
        widths[place::ROLES..place::UNSEEN_TASKS].fill(roles);
        widths[place::UNSEEN_TASKS] = given(world.knobs.late_visibility, roles);
        widths[place::FRESH_ROLES] = given(world.knobs.late_propagation, roles);
        widths[place::BUSY_AT_START] = given(judged_at_start, roles);
        for bit in 0..4_u8 {
            widths[place::RESOURCES + usize::from(bit)] = given(u32::from(bit) < code_bits, resources);
        }
        widths[place::REPORTED] = resources;
        widths[place::BLOCKING_AT_START] = given(judged_at_start, resources);
        widths[place::SESSIONS] = sessions;
        widths[place::ATTACHED] = attachments;
        // Regions fail where a script says so, too, not only where they do by themselves.
        widths[place::DARK_REGIONS] = regions;

        let mut layout = Layout { word: 0, shift: 0, bits: 0 };
        let planes = widths.map(|bits| layout.field(bits));
        let operators = world
            .operators
            .iter()
            .map(|operator| OperatorField {
                phase: layout.field(given(operator.works == Works::InSteps, 3)),
                attempts: layout
                    .field(operator.attempts.map_or(0, |most| u8::try_from(8 - most.leading_zeros()).unwrap_or(8))),
                docs: layout.field(match operator.reads_docs {
                    ReadsDocs::Never => 0,
                    ReadsDocs::AtAnyTime => 1,
                    ReadsDocs::WhenNothingWasNamed => 2,
                }),
                superseded: layout.field(given(operator.works == Works::InSteps && operator.told == Told::ByPolls, 2)),
            })
            .collect();
        let extra = layout.field(u8::try_from(u64::BITS - most.leading_zeros()).unwrap_or(64));
        Ok(Self {
            has_rare: RARE.iter().any(|place| widths[*place] > 0),
            planes,
            operators,
            extra,
            words: layout.word + 1,
            bits: layout.bits,
        })
    }

    /// What an operator's reading of the documentation does to a state of one word.
    pub(crate) fn reading(&self, operator: usize) -> Stencil {
        let docs = self.operators[operator].docs;
        let [_, _, read, _] = operator_codes(OperatorState { docs: Docs::Read, ..OperatorState::default() });
        Stencil::writing(docs.mask(), read.wrapping_shl(u32::from(docs.shift)))
    }

    /// Where an operator counts its attempts.
    pub(crate) fn attempts(&self, operator: usize) -> Field {
        self.operators[operator].attempts
    }

    /// Where the resources lie that a failed task named.
    pub(crate) const fn reported(&self) -> Field {
        self.planes[place::REPORTED]
    }

    /// How many words a packed state has.
    pub fn words(&self) -> usize {
        usize::from(self.words)
    }

    /// How many bits of them vary.
    pub const fn bits(&self) -> u32 {
        self.bits
    }

    /// Packs a state, and the number beside it, into one word, for universes whose states have one.
    #[inline]
    pub fn pack_word<S: IdSet>(&self, state: &State<S>, extra: u64) -> u64 {
        let shifted = |plane: &S, place: usize| plane.low_word().wrapping_shl(u32::from(self.planes[place].shift));
        let State { roles, tasks, resources, reported, sessions, .. } = state;
        let mut word = extra.wrapping_shl(u32::from(self.extra.shift))
            | shifted(roles.plane(0), place::ROLES)
            | shifted(roles.plane(1), place::ROLES + 1)
            | shifted(tasks.plane(0), place::TASKS)
            | shifted(tasks.plane(1), place::TASKS + 1)
            | shifted(tasks.plane(2), place::TASKS + 2)
            | shifted(resources.plane(0), place::RESOURCES)
            | shifted(resources.plane(1), place::RESOURCES + 1)
            | shifted(reported, place::REPORTED)
            | shifted(sessions, place::SESSIONS);
        if self.has_rare {
            let planes = planes(state);
            for place in RARE {
                word |= shifted(planes[place], place);
            }
        }
        for (field, own) in self.operators.iter().zip(&state.operators) {
            let [phase, attempts, docs, superseded] = operator_codes(*own);
            word |= phase.wrapping_shl(u32::from(field.phase.shift))
                | attempts.wrapping_shl(u32::from(field.attempts.shift))
                | docs.wrapping_shl(u32::from(field.docs.shift))
                | superseded.wrapping_shl(u32::from(field.superseded.shift));
        }
        word
    }

    /// Packs a state into `words`, which are overwritten; there must be [`words`](Self::words) of them.
    #[inline]
    pub fn pack<S: IdSet>(&self, state: &State<S>, words: &mut [u64]) {
        words.fill(0);
        for (plane, field) in planes(state).into_iter().zip(&self.planes) {
            field.write(plane.low_word(), words);
        }
        for (field, own) in self.operators.iter().zip(&state.operators) {
            let parts = [field.phase, field.attempts, field.docs, field.superseded];
            for (part, value) in parts.into_iter().zip(operator_codes(*own)) {
                part.write(value, words);
            }
        }
    }

    /// Packs the number beside the state into `words` that hold the state already.
    #[inline]
    pub fn pack_extra(&self, extra: u64, words: &mut [u64]) {
        self.extra.write(extra, words);
    }

    /// The number beside the state that was packed into `words`.
    #[inline]
    pub fn unpack_extra(&self, words: &[u64]) -> u64 {
        self.extra.read(words)
    }

    /// The state that was packed into `words`.
    #[inline]
    pub fn unpack<S: IdSet>(&self, words: &[u64]) -> State<S> {
        let mut state = State::default();
        self.unpack_into(words, &mut state);
        state
    }

    /// Makes `state` the one that was packed into `words`: where it lies, for a state that was just written in small pieces takes long to be moved
    /// in large ones.
    #[inline]
    pub fn unpack_into<S: IdSet>(&self, words: &[u64], state: &mut State<S>) {
        self.unpack_by(|field| field.read(words), state);
    }

    /// The same for one word.
    #[inline]
    pub fn unpack_word_into<S: IdSet>(&self, word: u64, state: &mut State<S>) {
        self.unpack_by(|field| word.wrapping_shr(u32::from(field.shift)) & field.ones, state);
    }

    #[inline]
    fn unpack_by<S: IdSet>(&self, read: impl Fn(&Field) -> u64, state: &mut State<S>) {
        let plane = |index: usize| S::from_word(read(&self.planes[index]));
        let rare = |index: usize| if self.has_rare { plane(index) } else { S::default() };
        let State {
            roles,
            tasks,
            unseen_tasks,
            fresh_roles,
            busy_at_start,
            resources,
            reported,
            blocking_at_start,
            sessions,
            attached,
            dark_regions,
            operators,
        } = state;
        *roles = Planes([plane(place::ROLES), plane(place::ROLES + 1)]);
        *tasks = Planes([plane(place::TASKS), plane(place::TASKS + 1), plane(place::TASKS + 2)]);
        *unseen_tasks = rare(place::UNSEEN_TASKS);
        *fresh_roles = rare(place::FRESH_ROLES);
        *busy_at_start = rare(place::BUSY_AT_START);
        *resources = Planes([
            plane(place::RESOURCES),
            plane(place::RESOURCES + 1),
            rare(place::RESOURCES + 2),
            rare(place::RESOURCES + 3),
        ]);
        *reported = plane(place::REPORTED);
        *blocking_at_start = rare(place::BLOCKING_AT_START);
        *sessions = plane(place::SESSIONS);
        *attached = rare(place::ATTACHED);
        *dark_regions = rare(place::DARK_REGIONS);
        *operators = [OperatorState::default(); crate::world::MAX_OPERATORS];
        for (field, own) in self.operators.iter().zip(operators) {
            own.phase = phase_of(read(&field.phase));
            own.attempts = u8::try_from(read(&field.attempts)).unwrap_or(u8::MAX);
            own.docs = match read(&field.docs) {
                0 => Docs::Unread,
                1 => Docs::Read,
                _ => Docs::Wanted,
            };
            own.superseded = match read(&field.superseded) {
                0 => Superseded::No,
                1 => Superseded::Failed,
                2 => Superseded::Succeeded,
                _ => Superseded::Forgotten,
            };
        }
    }
}

#[inline]
fn planes<S>(state: &State<S>) -> [&S; PLANES] {
    let State {
        roles,
        tasks,
        unseen_tasks,
        fresh_roles,
        busy_at_start,
        resources,
        reported,
        blocking_at_start,
        sessions,
        attached,
        dark_regions,
        operators: _,
    } = state;
    let ([r0, r1], [t0, t1, t2], [c0, c1, c2, c3]) = (&roles.0, &tasks.0, &resources.0);
    [
        r0,
        r1,
        t0,
        t1,
        t2,
        unseen_tasks,
        fresh_roles,
        busy_at_start,
        c0,
        c1,
        c2,
        c3,
        reported,
        blocking_at_start,
        sessions,
        attached,
        dark_regions,
    ]
}

#[inline]
fn operator_codes(own: OperatorState) -> [u64; 4] {
    let superseded = match own.superseded {
        Superseded::No => 0,
        Superseded::Failed => 1,
        Superseded::Succeeded => 2,
        Superseded::Forgotten => 3,
    };
    // Who reads at any time wants nothing, and has one bit.
    let docs = match own.docs {
        Docs::Unread => 0,
        Docs::Read => 1,
        Docs::Wanted => 2,
    };
    [phase_code(own.phase), u64::from(own.attempts), docs, superseded]
}

const fn phase_code(phase: Phase) -> u64 {
    match phase {
        Phase::Starting => 0,
        Phase::Waiting => 1,
        Phase::Done => 2,
        Phase::GaveUp => 3,
        Phase::Preparing => 4,
    }
}

const fn phase_of(code: u64) -> Phase {
    match code {
        0 => Phase::Starting,
        1 => Phase::Waiting,
        2 => Phase::Done,
        3 => Phase::GaveUp,
        _ => Phase::Preparing,
    }
}
