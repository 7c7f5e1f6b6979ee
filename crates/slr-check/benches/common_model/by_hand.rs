//! The common model by hand: the least that a breadth-first search with parents can do.
//!
//! A state is one word, the visited set open addressing over such words, sized in advance; a batch of parents is expanded, the slots of
//! the successors are loaded, and only then looked at. Nothing is general and nothing grows. That is the loop as it is usually written
//! ([`explore_plainly`]). Dropping successors that were generated lately, as the checker does, makes it faster still: [`explore`] is the
//! limit.

use super::Scope;

/// Counts of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) states: u64,
    pub(crate) edges: u64,
    pub(crate) levels: u64,
}

const ACTIVE: u32 = 0;
const DELETING: u32 = 8;
const REPORTED: u32 = 16;
const OPEN: u32 = 24;
const TASK: u32 = 28;
const ATTEMPTS: u32 = 31;
const DOCS: u32 = 34;
/// Set where the role is live and where it is gone, so that no state is 0, which marks an empty slot.
const LIVE: u32 = 35;
const GONE: u32 = 36;

const NONE: u64 = 0;
const NOT_STARTED: u64 = 1;
const IN_PROGRESS: u64 = 2;
const SUCCEEDED: u64 = 3;
const FAILED: u64 = 4;

const BATCH: usize = 2048;
const RECENT: usize = 1 << 14;

/// Explores everything, keeping each state's parent.
pub(crate) fn explore(scope: Scope) -> Counts {
    search::<true>(scope)
}

/// The same, every successor looked up.
pub(crate) fn explore_plainly(scope: Scope) -> Counts {
    search::<false>(scope)
}

fn search<const LEAVES_OUT_RECENT: bool>(scope: Scope) -> Counts {
    let expected = usize::try_from(scope.states()).unwrap_or(usize::MAX);
    let bits = (expected * 8 / 5).next_power_of_two().trailing_zeros();
    let mut slots = vec![0u64; 1 << bits];
    let mut states: Vec<u64> = Vec::with_capacity(expected);
    let mut parents: Vec<u32> = Vec::with_capacity(expected);
    let initial = ((1 << scope.resources) - 1) << ACTIVE | 1 << LIVE;
    slots[home(initial, bits)] = initial;
    states.push(initial);
    parents.push(u32::MAX);

    let mut edges = 0;
    let mut levels = 0;
    let mut next = 0;
    let mut found: Vec<u64> = Vec::with_capacity(2 * BATCH);
    let mut ends: Vec<u32> = Vec::with_capacity(BATCH);
    let mut recent = vec![0u64; RECENT];
    let mut glances: Vec<u64> = Vec::with_capacity(2 * BATCH);
    while next < states.len() {
        levels += 1;
        let level_end = states.len();
        while next < level_end {
            let first = next;
            found.clear();
            ends.clear();
            while next < level_end && found.len() < BATCH {
                assert!(is_sound(states[next], scope));
                successors(states[next], scope, &mut found);
                ends.push(u32::try_from(found.len()).unwrap_or(u32::MAX));
                next += 1;
            }
            edges += found.len() as u64;
            if LEAVES_OUT_RECENT {
                leave_out_recent(&mut found, &mut ends, &mut recent);
            }
            glances.clear();
            glances.extend(found.iter().map(|&state| slots[home(state, bits)]));
            let mut step = 0;
            for (parent, &end) in (first..).zip(&ends) {
                while step < end as usize {
                    let state = found[step];
                    if glances[step] != state && insert(&mut slots, state, bits) {
                        states.push(state);
                        parents.push(u32::try_from(parent).unwrap_or(u32::MAX));
                    }
                    step += 1;
                }
            }
        }
    }
    assert_eq!(states.len(), parents.len());
    Counts { states: states.len() as u64, edges, levels }
}

/// Drops what was generated lately, and so was looked up then.
fn leave_out_recent(found: &mut Vec<u64>, ends: &mut [u32], recent: &mut [u64]) {
    let mut kept = 0;
    let mut step = 0;
    for end in ends {
        while step < *end as usize {
            let state = found[step];
            let place = &mut recent[home(state, RECENT.trailing_zeros())];
            found[kept] = state;
            kept += usize::from(*place != state);
            *place = state;
            step += 1;
        }
        *end = u32::try_from(kept).unwrap_or(u32::MAX);
    }
    found.truncate(kept);
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the top bits, as many as the table has")]
fn home(state: u64, bits: u32) -> usize {
    let mixed = (state ^ state >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed ^ mixed >> 32).wrapping_mul(0x94D0_49BB_1331_11EB) >> (64 - bits)) as usize
}

#[inline]
fn insert(slots: &mut [u64], state: u64, bits: u32) -> bool {
    let mut place = home(state, bits);
    loop {
        if slots[place] == state {
            return false;
        }
        if slots[place] == 0 {
            slots[place] = state;
            return true;
        }
        place = (place + 1) & (slots.len() - 1);
    }
}

#[inline]
fn successors(s: u64, scope: Scope, found: &mut Vec<u64>) {
    let active = s >> ACTIVE & 0xff;
    let deleting = s >> DELETING & 0xff;
    let reported = s >> REPORTED & 0xff;
    let open = s >> OPEN & 0xf;
    let live = s >> LIVE & 1 != 0;
    let docs = s >> DOCS & 1 != 0;
    if live {
        let mut left = ((1 << scope.sessions) - 1) & !open;
        while left != 0 {
            let j = left & left.wrapping_neg();
            left ^= j;
            found.push(s | j << OPEN);
        }
    }
    let mut left = open;
    while left != 0 {
        let j = left & left.wrapping_neg();
        left ^= j;
        found.push(s ^ j << OPEN);
    }
    if live && scope.docs && !docs {
        found.push(s | 1 << DOCS);
    }
    if live {
        let mut left = if docs { active } else { active & reported };
        while left != 0 {
            let i = left & left.wrapping_neg();
            left ^= i;
            found.push(s ^ (i << ACTIVE | i << DELETING));
        }
    }
    let mut left = deleting;
    while left != 0 {
        let i = left & left.wrapping_neg();
        left ^= i;
        found.push((s ^ i << DELETING) & !(i << REPORTED));
        if open != 0 {
            found.push(s ^ (i << ACTIVE | i << DELETING));
        }
    }
    let with_task = |task: u64| s & !(7 << TASK) | task << TASK;
    match s >> TASK & 7 {
        NONE | FAILED if live && s >> ATTEMPTS & 7 < u64::from(scope.attempts) => {
            found.push((with_task(NOT_STARTED) & !(0xff << REPORTED)) + (1 << ATTEMPTS));
        }
        NOT_STARTED => found.push(with_task(IN_PROGRESS)),
        IN_PROGRESS => {
            let blocking = active | deleting;
            if blocking == 0 && open == 0 {
                found.push(with_task(SUCCEEDED) ^ (1 << LIVE | 1 << GONE));
            } else {
                let failed = with_task(FAILED);
                let mut subset = 0u64;
                loop {
                    found.push(failed | subset << REPORTED);
                    subset = subset.wrapping_sub(blocking) & blocking;
                    if subset == 0 {
                        break;
                    }
                }
            }
        }
        _ => {}
    }
}

#[inline]
fn is_sound(s: u64, scope: Scope) -> bool {
    let blocking = (s >> ACTIVE | s >> DELETING) & 0xff;
    let reported = s >> REPORTED & 0xff;
    let task = s >> TASK & 7;
    let live = s >> LIVE & 1 != 0;
    let attempts = s >> ATTEMPTS & 7;
    (live || (blocking == 0 && s & 0xf << OPEN == 0))
        && (!(task == NOT_STARTED || task == IN_PROGRESS) || (live && attempts >= 1))
        && (task == SUCCEEDED) != live
        && reported & !blocking == 0
        && (reported == 0 || task == FAILED)
        && attempts <= u64::from(scope.attempts)
}
