//! States as machine words: what varies in a world, and nothing else, bit after bit.
//!
//! The checker keeps millions of states. A codec lists the planes that can be anything but empty in its universe, with their
//! widths; a state that needs at most 64 bits is one word, which is its own exact key.

use crate::knob::Judged;
use crate::machine::{Docs, OperatorState, Phase, Superseded};
use crate::set::{IdSet, Planes};
use crate::state::State;
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
struct Field {
    word: u8,
    shift: u8,
    bits: u8,
}

impl Field {
    #[inline]
    fn write(self, value: u64, words: &mut [u64]) {
        words[usize::from(self.word)] |= value.wrapping_shl(u32::from(self.shift));
    }

    #[inline]
    fn read(self, words: &[u64]) -> u64 {
        let mask = if self.bits == 64 { u64::MAX } else { (1 << self.bits) - 1 };
        words[usize::from(self.word)].wrapping_shr(u32::from(self.shift)) & mask
    }
}

/// Packs the states of one universe into words and back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codec {
    planes: [Field; PLANES],
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
        let field = Field { word: self.word, shift: self.shift, bits };
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
        let attachments = count("attachments", world.attachments.len())?;
        let regions = count("regions", world.regions.len())?;
        let given = |wanted: bool, bits: u8| if wanted { bits } else { 0 };

        let highest_code =
            world.kinds.iter().flat_map(|kind| &kind.states).map(|state| state.code).max().unwrap_or_default();
        let code_bits = 8 - highest_code.leading_zeros();
        let judged_at_start = world.knobs.judged != Judged::End;
        let mut widths = [0; PLANES];
        widths[..5].fill(roles);
        widths[5] = given(world.knobs.late_visibility, roles);
        widths[6] = given(world.knobs.late_propagation, roles);
        widths[7] = given(judged_at_start, roles);
        for bit in 0..4_u8 {
            widths[8 + usize::from(bit)] = given(u32::from(bit) < code_bits, resources);
        }
        widths[12] = resources;
        widths[13] = given(judged_at_start, resources);
        widths[14] = sessions;
        widths[15] = attachments;
        // Regions fail where a script says so, too, not only where they do by themselves.
        widths[16] = regions;

        let mut layout = Layout { word: 0, shift: 0, bits: 0 };
        let planes = widths.map(|bits| layout.field(bits));
        let operators = world
            .operators
            .iter()
            .map(|operator| OperatorField {
                phase: layout.field(given(operator.works == Works::InSteps, 2)),
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
        Ok(Self { planes, operators, extra, words: layout.word + 1, bits: layout.bits })
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
        let mut word = extra.wrapping_shl(u32::from(self.extra.shift));
        for (plane, field) in planes(state).into_iter().zip(&self.planes) {
            word |= plane.low_word().wrapping_shl(u32::from(field.shift));
        }
        for (own, field) in state.operators.iter().zip(&self.operators) {
            for (part, value) in operator_parts(field, *own) {
                word |= value.wrapping_shl(u32::from(part.shift));
            }
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
        for (own, field) in state.operators.iter().zip(&self.operators) {
            for (part, value) in operator_parts(field, *own) {
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
        if self.extra.bits == 0 { 0 } else { self.extra.read(words) }
    }

    /// The state that was packed into `words`.
    #[inline]
    pub fn unpack<S: IdSet>(&self, words: &[u64]) -> State<S> {
        let plane = |index: usize| {
            let field = self.planes[index];
            if field.bits == 0 { S::default() } else { S::from_word(field.read(words)) }
        };
        let mut state = State {
            roles: Planes([plane(0), plane(1)]),
            tasks: Planes([plane(2), plane(3), plane(4)]),
            unseen_tasks: plane(5),
            fresh_roles: plane(6),
            busy_at_start: plane(7),
            resources: Planes([plane(8), plane(9), plane(10), plane(11)]),
            reported: plane(12),
            blocking_at_start: plane(13),
            sessions: plane(14),
            attached: plane(15),
            dark_regions: plane(16),
            operators: [OperatorState::default(); crate::world::MAX_OPERATORS],
        };
        for (own, field) in state.operators.iter_mut().zip(&self.operators) {
            let part = |field: Field| {
                if field.bits == 0 { 0 } else { field.read(words) }
            };
            *own = OperatorState {
                phase: phase_of(part(field.phase)),
                attempts: u8::try_from(part(field.attempts)).unwrap_or(u8::MAX),
                docs: match part(field.docs) {
                    0 => Docs::Unread,
                    1 => Docs::Read,
                    _ => Docs::Wanted,
                },
                superseded: match part(field.superseded) {
                    0 => Superseded::No,
                    1 => Superseded::Failed,
                    _ => Superseded::Succeeded,
                },
            };
        }
        state
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
fn operator_parts(field: &OperatorField, own: OperatorState) -> [(Field, u64); 4] {
    let superseded = match own.superseded {
        Superseded::No => 0,
        Superseded::Failed => 1,
        Superseded::Succeeded => 2,
    };
    // Who reads at any time wants nothing, and has one bit.
    let docs = match own.docs {
        Docs::Unread => 0,
        Docs::Read => 1,
        Docs::Wanted => 2,
    };
    [
        (field.phase, phase_code(own.phase)),
        (field.attempts, u64::from(own.attempts)),
        (field.docs, docs),
        (field.superseded, superseded),
    ]
}

const fn phase_code(phase: Phase) -> u64 {
    match phase {
        Phase::Preparing => 0,
        Phase::Waiting => 1,
        Phase::Done => 2,
        Phase::GaveUp => 3,
    }
}

const fn phase_of(code: u64) -> Phase {
    match code {
        0 => Phase::Preparing,
        1 => Phase::Waiting,
        2 => Phase::Done,
        _ => Phase::GaveUp,
    }
}
