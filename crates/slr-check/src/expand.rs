//! Judging states and generating the steps out of them.

use crate::key::filed_under;
use crate::property::{Claim, Property};
use crate::states::{StateNumber, States};
use crate::table::Table;
use crate::{Key, Model, RuleId, Step};

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
            *fired = fired.saturating_add(instances);
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
    fingerprints: Vec<u64>,
    /// For each expanded state, where its steps end in `keys`.
    ends: Vec<usize>,
    /// How many steps were appended since the batch was cleared, those that were left out at once included.
    generated: u64,
    unseen: Vec<u32>,
    /// Fingerprints of steps that were appended lately, by their low bits. Their states have been visited, or will be
    /// on account of an earlier step than one that comes now. States near each other share many successors: this
    /// leaves half of the steps out before they cost a look into the visited set.
    recent: Box<[u64; RECENT]>,
    /// Whether equal fingerprints are not enough.
    compare: bool,
    /// If so: the keys that belong to `recent`. The first key fills it, for no place of `recent` refers to one before.
    recent_keys: Vec<K>,
    pub(crate) tally: Tally,
    ample: Vec<(RuleId, u64, K)>,
}

/// Steps after which a batch is looked up: enough to have many slots on their way at once, few enough to stay in the
/// nearest caches.
pub(crate) const BATCH_STEPS: usize = 2048;

/// So many are 128 KiB: they stay in the second-level cache.
const RECENT: usize = 1 << 14;

impl<K: Key> Batch<K> {
    pub(crate) fn new(tally: Tally, compare: bool) -> Self {
        Self {
            recent: Box::new(nothing_recent()),
            compare,
            recent_keys: Vec::new(),
            keys: Vec::new(),
            fingerprints: Vec::new(),
            ends: Vec::new(),
            generated: 0,
            unseen: Vec::new(),
            tally,
            ample: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.fingerprints.clear();
        self.ends.clear();
        self.generated = 0;
    }

    /// How many steps were appended since the batch was cleared: the same whoever appended what before.
    pub(crate) const fn generated(&self) -> u64 {
        self.generated
    }

    /// Forgets what was generated lately, for it was not kept.
    pub(crate) fn forget_recent(&mut self) {
        *self.recent = nothing_recent();
        self.recent_keys.clear();
    }

    pub(crate) fn is_full(&self) -> bool {
        self.keys.len() >= BATCH_STEPS
    }

    /// Leaves out the steps that lead to states which, as a first look tells, were visited.
    pub(crate) fn sift(&mut self, visited: &Visited<'_, K>) {
        if visited.compare {
            visited.table.touch(&self.fingerprints);
            self.unseen.clear();
            self.unseen.extend((0u32..).take(self.keys.len()));
        } else {
            visited.table.sift(&self.fingerprints, &mut self.unseen);
        }
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

    /// Appends a step, unless a step to the same state was appended lately.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits matter")]
    fn push(&mut self, key: K) {
        self.generated += 1;
        let fingerprint = filed_under(&key);
        let place = fingerprint as usize % RECENT;
        // Said of the type too, so that nothing is left of it where keys are one word.
        let compare = !K::INJECTIVE && self.compare;
        if self.recent[place] != fingerprint || (compare && self.recent_keys[place] != key) {
            self.recent[place] = fingerprint;
            self.keys.push(key);
            self.fingerprints.push(fingerprint);
            if compare {
                self.recent_keys.resize(RECENT, key);
                self.recent_keys[place] = key;
            }
        }
    }
}

/// In no place a fingerprint that would be looked for there.
fn nothing_recent() -> [u64; RECENT] {
    std::array::from_fn(|place| !(place as u64))
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
        let mut steps = 0;
        if self.steps_are_evident {
            self.model.steps(key, state, &mut |step| {
                match step {
                    Step::Packed(rule, key) => {
                        batch.tally.count(rule, 1);
                        batch.push(key);
                    }
                    Step::Whole(action, instances, next) => {
                        self.add_step(number, steps, instances, (state, &action, &next), batch);
                    }
                }
                steps += 1;
            });
        } else {
            self.model.successors(state, &mut |action, instances, next| {
                self.add_step(number, steps, instances, (state, &action, &next), batch);
                steps += 1;
            });
        }
        steps == 0
    }

    /// Judges and appends one step, the one at `place` out of `number`.
    #[inline]
    fn add_step(
        &self,
        number: StateNumber,
        place: u32,
        instances: u64,
        step @ (_, action, next): (&M::State, &M::Action, &M::State),
        batch: &mut Batch<M::Key>,
    ) {
        batch.tally.count(self.model.rule(action), instances);
        self.judge_step(number, place, step, &mut batch.tally);
        batch.push(self.model.pack(next));
    }

    /// The same modulo symmetry.
    fn expand_representatives(&self, number: StateNumber, state: &M::State, batch: &mut Batch<M::Key>) -> bool {
        let mut steps = 0;
        self.model.representative_successors(state, &mut |action, instances, next| {
            batch.tally.count(self.model.rule(&action), instances);
            self.judge_step(number, steps, (state, &action, &next), &mut batch.tally);
            steps += 1;
            batch.push(self.key_of(&next));
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
                batch.push(key);
            }
        }
        batch.ample = ample;
        suffices
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
