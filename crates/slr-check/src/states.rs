//! The states found so far, by number.

use crate::Key;
use crate::arena::Arena;

/// The number of a state: its place in the order of discovery, which is breadth first.
pub(crate) type StateNumber = u32;

/// What stands in place of a state that was not kept, or that has no parent.
pub(crate) const NOBODY: StateNumber = u32::MAX;

/// How many states can be numbered. The topmost bit marks, in notes of the visited set, states without a number yet.
pub(crate) const MOST_STATES: u32 = 1 << 31;

/// Keys and parents in the order of discovery; its tail is the frontier.
pub(crate) struct States<K> {
    keys: Arena<K>,
    parents: Arena<StateNumber>,
    found: u32,
    most: u32,
}

impl<K: Key> States<K> {
    pub(crate) fn new(most: Option<u64>) -> Self {
        let most = most.map_or(MOST_STATES, |most| u32::try_from(most).unwrap_or(MOST_STATES).min(MOST_STATES));
        Self { keys: Arena::new(), parents: Arena::new(), found: 0, most }
    }

    /// Numbers a new state, unless there are as many as there may be. Returns whether there was room.
    #[inline]
    pub(crate) fn add(&mut self, key: K, parent: StateNumber) -> bool {
        if self.is_full() {
            return false;
        }
        self.keys.push(key);
        self.parents.push(parent);
        self.found += 1;
        true
    }

    /// Numbers new states in their order, as far as there is room. Returns whether there was room for all.
    pub(crate) fn add_all(&mut self, keys: &[K], parents: &[StateNumber]) -> bool {
        let room = self.most - self.found;
        let added = u32::try_from(keys.len()).map_or(room, |new| new.min(room));
        self.keys.extend(&keys[..added as usize]);
        self.parents.extend(&parents[..added as usize]);
        self.found += added;
        added as usize == keys.len()
    }

    #[inline]
    pub(crate) fn key(&self, state: StateNumber) -> K {
        self.keys.get(state)
    }

    pub(crate) const fn found(&self) -> u32 {
        self.found
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.found == self.most
    }

    /// The numbers of the states on the way from an initial state to `state`, both included.
    pub(crate) fn path_to(&self, state: StateNumber) -> Vec<StateNumber> {
        let mut path = vec![state];
        let mut at = state;
        loop {
            at = self.parents.get(at);
            if at == NOBODY {
                path.reverse();
                return path;
            }
            path.push(at);
        }
    }

    /// Bytes that so many states more would take.
    pub(crate) fn bytes_with(&self, more: u64) -> u64 {
        let each = (size_of::<K>() + size_of::<StateNumber>()) as u64;
        self.bytes().saturating_add(more.saturating_mul(each))
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.keys.bytes() + self.parents.bytes()
    }
}
