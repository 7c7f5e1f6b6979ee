//! Judging states and generating the steps out of them.

use crate::key::filed_under;
use crate::property::{Claim, Property};
use crate::states::{StateNumber, States};
use crate::table::Table;
use crate::{Key, Model, RuleId, Steps};

/// Where a property was first seen to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) state: StateNumber,
    /// Which of the steps out of `state` it is; `None` if it is the state itself.
    pub(crate) step: Option<u32>,
}

/// What expanding counts besides states.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) ends: u64,
    pub(crate) fired: Vec<u64>,
    /// The first finding per property.
    pub(crate) findings: Vec<Option<Finding>>,
}

impl Tally {
    pub(crate) fn new(rules: usize, properties: usize) -> Self {
        Self { ends: 0, fired: vec![0; rules], findings: vec![None; properties] }
    }

    #[inline]
    fn count(&mut self, rule: RuleId, instances: u64) {
        if let Some(fired) = self.fired.get_mut(rule.0 as usize) {
            *fired = fired.wrapping_add(instances);
        }
    }

    /// How many (action, argument) instances there were.
    pub(crate) fn edges(&self) -> u64 {
        self.fired.iter().fold(0, |all, fired| all.saturating_add(*fired))
    }

    /// One of the same rules and properties that has counted nothing.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.fired.len(), self.findings.len())
    }

    /// Adds what `other` counted to this and empties it.
    pub(crate) fn take(&mut self, other: &mut Self) {
        self.ends += std::mem::take(&mut other.ends);
        for (fired, more) in self.fired.iter_mut().zip(&mut other.fired) {
            *fired = fired.saturating_add(std::mem::take(more));
        }
        for (mine, theirs) in self.findings.iter_mut().zip(&mut other.findings) {
            if let Some(finding) = theirs.take() {
                note_finding(mine, finding);
            }
        }
    }
}

fn note_finding(first: &mut Option<Finding>, finding: Finding) {
    if first.is_none_or(|first| finding < first) {
        *first = Some(finding);
    }
}

/// The steps out of some states, before it is known which states they lead to.
pub(crate) struct Batch<K> {
    keys: Vec<K>,
    /// Those of the keys that [`sift`](Batch::sift) has left come first.
    fingerprints: Vec<u64>,
    /// For each expanded state, where its steps end in `keys`.
    ends: Vec<usize>,
    unseen: Vec<u32>,
    /// Fingerprints of steps that were in a batch lately, by their low bits. Their states have been visited, or will be
    /// on account of an earlier step than one that comes now. States near each other share many successors: this
    /// leaves half of the steps out before they cost a look into the visited set.
    recent: Box<[u64]>,
    /// Whether equal fingerprints are not enough.
    compare: bool,
    /// If so: the keys that belong to `recent`.
    recent_keys: Vec<Option<K>>,
    pub(crate) tally: Tally,
    ample: Vec<(RuleId, u64, K)>,
}

/// Steps after which a batch is looked up: enough to have many slots on their way at once, few enough to stay in the
/// nearest caches.
pub(crate) const BATCH_STEPS: usize = 2048;

/// So many are 512 KiB: they stay in the second-level cache. They spare two of three looks into a visited set that does not; a quarter
/// of them would spare every other one, and twice as many would push each other out.
const RECENT: usize = 1 << 16;

impl<K: Key> Batch<K> {
    pub(crate) fn new(tally: Tally, compare: bool) -> Self {
        Self {
            recent: nothing_recent().collect(),
            compare,
            recent_keys: Vec::new(),
            keys: Vec::new(),
            fingerprints: Vec::new(),
            ends: Vec::new(),
            unseen: Vec::new(),
            tally,
            ample: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.ends.clear();
    }

    /// How many steps were appended since the batch was cleared, before it is [sifted](Self::sift): the same whoever appended what before.
    pub(crate) const fn generated(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Forgets what was generated lately, for it was not kept.
    pub(crate) fn forget_recent(&mut self) {
        self.recent = nothing_recent().collect();
        self.recent_keys.clear();
    }

    pub(crate) fn is_full(&self) -> bool {
        self.keys.len() >= BATCH_STEPS
    }

    /// Leaves out the steps that lead to states which, as a first look tells, were visited.
    pub(crate) fn sift(&mut self, visited: &Visited<'_, K>) {
        self.leave_out_recent();
        if visited.compare {
            visited.table.touch(&self.fingerprints[..self.keys.len()]);
            self.unseen.clear();
            self.unseen.extend((0u32..).take(self.keys.len()));
        } else {
            visited.table.sift(&self.fingerprints[..self.keys.len()], &mut self.unseen);
        }
    }

    /// Leaves out the steps to states to which another step has led lately. Nothing here branches on what is found, which nobody
    /// could foretell.
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits matter")]
    fn leave_out_recent(&mut self) {
        let Self { keys, fingerprints, ends, recent, .. } = self;
        // Whatever lies beyond was written for another batch, and need not be wiped.
        if fingerprints.len() < keys.len() {
            fingerprints.resize(keys.len(), 0);
        }
        if !K::INJECTIVE && self.compare {
            self.recent_keys.resize(RECENT, None);
        }
        let mut kept = 0;
        let mut step = 0;
        for end in ends {
            for at in step..*end {
                let key = keys[at];
                let fingerprint = filed_under(&key);
                let place = fingerprint as usize % RECENT;
                let mut is_other = recent[place] != fingerprint;
                recent[place] = fingerprint;
                // Said of the type too, so that nothing is left of it where keys are one word.
                if !K::INJECTIVE && self.compare {
                    is_other |= self.recent_keys[place] != Some(key);
                    self.recent_keys[place] = Some(key);
                }
                keys[kept] = key;
                fingerprints[kept] = fingerprint;
                kept += usize::from(is_other);
            }
            step = *end;
            *end = kept;
        }
        keys.truncate(kept);
    }

    /// The steps that are left: fingerprint, key, and which of the expanded states it leaves.
    #[inline]
    pub(crate) fn unseen(&self) -> impl Iterator<Item = (u64, K, u32)> {
        let mut parent = 0;
        self.unseen.iter().map(move |&place| {
            while self.ends[parent as usize] <= place as usize {
                parent += 1;
            }
            (self.fingerprints[place as usize], self.keys[place as usize], parent)
        })
    }
}

/// In no place a fingerprint that would be looked for there.
fn nothing_recent() -> impl Iterator<Item = u64> {
    (0..RECENT as u64).map(|place| !place)
}

/// A property of states, with the truth value that decides it.
struct Watch<'p, S> {
    property: usize,
    predicate: &'p (dyn Fn(&S) -> bool + Send + Sync + 'p),
    decided_by: bool,
}

/// A property of steps; false decides it.
struct StepWatch<'p, S, A> {
    property: usize,
    predicate: &'p (dyn Fn(&S, &A, &S) -> bool + Send + Sync + 'p),
}

/// Judges and expands states of a model.
pub(crate) struct Expander<'p, M: Model> {
    pub(crate) model: &'p M,
    pub(crate) symmetry: bool,
    pub(crate) reduction: bool,
    watches: Vec<Watch<'p, M::State>>,
    /// Those of the properties that the model may see to be kept at a glance.
    evident_watches: Vec<Watch<'p, M::State>>,
    step_watches: Vec<StepWatch<'p, M::State, M::Action>>,
    /// Whether the model may see all properties of steps to be kept at a glance.
    steps_are_evident: bool,
}

impl<'p, M: Model> Expander<'p, M> {
    pub(crate) fn new(
        model: &'p M,
        properties: &'p [Property<'p, M::State, M::Action>],
        symmetry: bool,
        reduction: bool,
    ) -> Self {
        let mut watches = Vec::new();
        let mut evident_watches = Vec::new();
        let mut step_watches = Vec::new();
        let mut steps_are_evident = true;
        for (property, Property { claim, is_evident, .. }) in properties.iter().enumerate() {
            match claim {
                Claim::Always(predicate) => {
                    let watches = if *is_evident { &mut evident_watches } else { &mut watches };
                    watches.push(Watch { property, predicate, decided_by: false });
                }
                Claim::Never(predicate) | Claim::Sometimes(predicate) => {
                    watches.push(Watch { property, predicate, decided_by: true });
                }
                Claim::EveryStep(predicate) => {
                    steps_are_evident &= *is_evident;
                    step_watches.push(StepWatch { property, predicate });
                }
                Claim::Eventually(_) | Claim::LeadsTo(..) | Claim::AlwaysPossible(_) => {}
            }
        }
        Self { model, symmetry, reduction, watches, evident_watches, step_watches, steps_are_evident }
    }

    /// Stops asking about properties that are decided.
    pub(crate) fn forget_decided(&mut self, findings: &[Option<Finding>]) {
        self.watches.retain(|watch| findings[watch.property].is_none());
        self.evident_watches.retain(|watch| findings[watch.property].is_none());
        self.step_watches.retain(|watch| findings[watch.property].is_none());
    }

    /// The key under which `state` is stored.
    #[inline]
    pub(crate) fn key_of(&self, state: &M::State) -> M::Key {
        if self.symmetry { self.model.pack(&self.model.canonical(state)) } else { self.model.pack(state) }
    }

    /// Visits the steps out of `state`, all that the settings but reduction leave.
    #[inline]
    pub(crate) fn steps(&self, state: &M::State, visit: &mut impl FnMut(M::Action, u64, M::State)) {
        if self.symmetry {
            self.model.representative_successors(state, visit);
        } else {
            self.model.successors(state, visit);
        }
    }

    /// Asks the properties of states about `number`.
    #[inline]
    pub(crate) fn judge(&self, number: StateNumber, state: &M::State, tally: &mut Tally) {
        let evident = self.evident_watches.is_empty() || self.model.is_evidently_sound(state);
        let in_doubt: &[_] = if evident { &[] } else { &self.evident_watches };
        for watch in self.watches.iter().chain(in_doubt) {
            if (watch.predicate)(state) == watch.decided_by {
                note_finding(&mut tally.findings[watch.property], Finding { state: number, step: None });
            }
        }
    }

    /// Judges `number` and appends the steps out of it to `batch`. `visited` is the visited set as it stands, from
    /// which reduction tells which states are yet to be expanded.
    #[inline]
    pub(crate) fn expand(
        &self,
        number: StateNumber,
        states: &States<M::Key>,
        visited: &Visited<'_, M::Key>,
        batch: &mut Batch<M::Key>,
    ) {
        let state = self.model.unpack(&states.key(number));
        self.judge(number, &state, &mut batch.tally);
        let is_end = if self.reduction && self.expand_ample(&state, visited, batch) {
            false
        } else if self.symmetry {
            self.expand_representatives(number, &state, batch)
        } else {
            self.expand_fully(number, &states.key(number), &state, batch)
        };
        batch.tally.ends += u64::from(is_end);
        batch.ends.push(batch.keys.len());
    }

    /// Appends all steps out of `state`, whose key is `key`. Returns whether there are none.
    #[inline]
    fn expand_fully(&self, number: StateNumber, key: &M::Key, state: &M::State, batch: &mut Batch<M::Key>) -> bool {
        let mut steps = Appending { expander: self, from: (number, state), batch, found: 0 };
        if self.steps_are_evident {
            self.model.steps(key, state, &mut steps);
        } else {
            self.model.successors(state, &mut |action, instances, next| steps.whole(action, instances, next));
        }
        steps.found == 0
    }

    /// The same modulo symmetry.
    fn expand_representatives(&self, number: StateNumber, state: &M::State, batch: &mut Batch<M::Key>) -> bool {
        let mut steps = 0;
        self.model.representative_successors(state, &mut |action, instances, next| {
            batch.tally.count(self.model.rule(&action), instances);
            self.judge_step(number, steps, (state, &action, &next), &mut batch.tally);
            steps += 1;
            batch.keys.push(self.key_of(&next));
        });
        steps == 0
    }

    /// Asks the properties of steps about the step `place` out of `number`.
    #[inline]
    fn judge_step(
        &self,
        number: StateNumber,
        place: u32,
        step @ (before, action, after): (&M::State, &M::Action, &M::State),
        tally: &mut Tally,
    ) {
        let nothing_to_ask = self.step_watches.is_empty();
        if nothing_to_ask || (self.steps_are_evident && self.model.is_evidently_sound_step(before, action, after)) {
            return;
        }
        self.ask_of_step(number, place, step, tally);
    }

    #[cold]
    fn ask_of_step(
        &self,
        number: StateNumber,
        place: u32,
        (before, action, after): (&M::State, &M::Action, &M::State),
        tally: &mut Tally,
    ) {
        for watch in &self.step_watches {
            if !(watch.predicate)(before, action, after) {
                note_finding(&mut tally.findings[watch.property], Finding { state: number, step: Some(place) });
            }
        }
    }

    /// Appends the ample steps out of `state`, if they suffice: one of them has to lead to a state that is expanded
    /// later, so that whatever is put off here is not put off for ever (the proviso of D. Bošnački and G. J. Holzmann,
    /// "Improving Spin's Partial-Order Reduction for Breadth-First Search", 2005).
    fn expand_ample(&self, state: &M::State, visited: &Visited<'_, M::Key>, batch: &mut Batch<M::Key>) -> bool {
        let mut ample = std::mem::take(&mut batch.ample);
        ample.clear();
        // A step that breaks a sentence about steps is counted among all of them.
        let mut breaks = false;
        let suffices = self.model.ample(state, &mut |action, instances, next| {
            breaks |= self.step_watches.iter().any(|watch| !(watch.predicate)(state, &action, &next));
            ample.push((self.model.rule(&action), instances, self.key_of(&next)));
        }) && !breaks
            && ample.iter().any(|(_, _, key)| !visited.contains(key));
        if suffices {
            for &(rule, instances, key) in &ample {
                batch.tally.count(rule, instances);
                batch.keys.push(key);
            }
        }
        batch.ample = ample;
        suffices
    }
}

/// Judges and appends the steps out of a state.
struct Appending<'a, 'p, M: Model> {
    expander: &'a Expander<'p, M>,
    from: (StateNumber, &'a M::State),
    batch: &'a mut Batch<M::Key>,
    found: u32,
}

impl<M: Model> Steps<M> for Appending<'_, '_, M> {
    #[inline]
    fn whole(&mut self, action: M::Action, instances: u64, next: M::State) {
        let Self { expander, from: (number, state), batch, found } = self;
        batch.tally.count(expander.model.rule(&action), instances);
        expander.judge_step(*number, *found, (state, &action, &next), &mut batch.tally);
        batch.keys.push(expander.model.pack(&next));
        *found += 1;
    }

    #[inline]
    fn packed(&mut self, rule: RuleId, next: impl Iterator<Item = M::Key>) {
        let before = self.batch.keys.len();
        self.batch.keys.extend(next);
        let instances = self.batch.keys.len() - before;
        self.batch.tally.count(rule, instances as u64);
        // A state has fewer steps than a batch has room for states of 32 bits.
        self.found = self.found.wrapping_add(u32::try_from(instances).unwrap_or(u32::MAX));
    }
}

/// The visited set together with the states that its notes number.
pub(crate) struct Visited<'a, K> {
    pub(crate) table: &'a Table,
    pub(crate) states: &'a States<K>,
    /// Whether to compare the stored words.
    pub(crate) compare: bool,
}

impl<K: Key> Visited<'_, K> {
    #[inline]
    pub(crate) fn contains(&self, key: &K) -> bool {
        self.holds(filed_under(key), key)
    }

    #[inline]
    pub(crate) fn holds(&self, fingerprint: u64, key: &K) -> bool {
        self.number_under(fingerprint, key).is_some()
    }

    #[inline]
    pub(crate) fn number_under(&self, fingerprint: u64, key: &K) -> Option<StateNumber> {
        self.table.find(fingerprint, |note| !self.compare || self.states.key(note) == *key)
    }
}
