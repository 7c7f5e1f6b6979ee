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
    /// By rule, how often it fired.
    fired: Vec<Counts>,
    /// The first finding per property.
    pub(crate) findings: Vec<Option<Finding>>,
}

const COUNTS: usize = 16;

/// Counts that lie apart from all else in the caches: what two threads keep writing never shares what they fetch at once.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(128))]
struct Counts([u64; COUNTS]);

impl Tally {
    pub(crate) fn new(rules: usize, properties: usize) -> Self {
        let fired = vec![Counts::default(); rules.div_ceil(COUNTS)];
        Self { ends: 0, fired, findings: vec![None; properties] }
    }

    /// How often each rule fired, and 0 for what is not a rule.
    pub(crate) fn fired(&self) -> impl Iterator<Item = u64> {
        self.fired.iter().flat_map(|counts| counts.0)
    }

    #[inline]
    fn count(&mut self, rule: RuleId, instances: u64) {
        let rule = rule.0 as usize;
        if let Some(counts) = self.fired.get_mut(rule / COUNTS) {
            let fired = &mut counts.0[rule % COUNTS];
            *fired = fired.wrapping_add(instances);
        }
    }

    /// How many (action, argument) instances there were.
    pub(crate) fn edges(&self) -> u64 {
        self.fired().fold(0, u64::saturating_add)
    }

    /// One of the same rules and properties that has counted nothing.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.fired.len() * COUNTS, self.findings.len())
    }

    /// Adds what `other` counted to this and empties it.
    pub(crate) fn take(&mut self, other: &mut Self) {
        self.ends += std::mem::take(&mut other.ends);
        let mine = self.fired.iter_mut().flat_map(|counts| &mut counts.0);
        let theirs = other.fired.iter_mut().flat_map(|counts| &mut counts.0);
        for (fired, more) in mine.zip(theirs) {
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

/// The steps out of some states, before it is known which states they lead to. It lies apart from those of other threads, as its counts do.
#[repr(align(128))]
pub(crate) struct Batch<K> {
    /// Of those that are not left out, the states that they lead to. What lies beyond `kept` was written for another batch.
    led_to: Vec<LedTo<K>>,
    kept: usize,
    /// How many were appended, with those that are left out.
    generated: u64,
    /// How many states have been expanded.
    parents: u32,
    unseen: Vec<u32>,
    recent: Recent<K>,
    pub(crate) tally: Tally,
    ample: Vec<(RuleId, u64, K)>,
}

/// A state that a step leads to.
#[derive(Clone, Copy)]
struct LedTo<K> {
    fingerprint: u64,
    key: K,
    /// Which of the expanded states the step leaves.
    parent: u32,
}

/// Steps after which a batch is looked up: enough to have many slots on their way at once, few enough to stay in the
/// nearest caches.
pub(crate) const BATCH_STEPS: u64 = 2048;

/// States for which a batch has room as soon as it has any.
const LEAST_ROOM: usize = 1024;

impl<K: Key> Batch<K> {
    pub(crate) fn new(tally: Tally, compare: bool) -> Self {
        Self {
            led_to: Vec::new(),
            kept: 0,
            generated: 0,
            parents: 0,
            unseen: Vec::new(),
            recent: Recent::new(compare),
            tally,
            ample: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.kept = 0;
        self.generated = 0;
        self.parents = 0;
    }

    /// Appends a step that leads to the state, unless another has led there lately.
    #[inline]
    fn append(&mut self, key: K) {
        self.append_all(std::iter::once(key));
    }

    /// Appends steps that lead to the states, unless others have led there lately. Nothing here branches on that, which nobody could
    /// foretell. Returns how many there are, with those that are left out.
    #[inline]
    fn append_all(&mut self, keys: impl Iterator<Item = K>) -> u64 {
        let Self { led_to, kept, recent, parents: parent, .. } = self;
        let parent = *parent;
        let mut recent = recent.look();
        let mut room = led_to.as_mut_slice();
        let mut appended = 0;
        for key in keys {
            if *kept >= room.len() {
                add_room(led_to, key);
                room = led_to.as_mut_slice();
            }
            let fingerprint = filed_under(&key);
            let is_other = !recent.replace(fingerprint, key);
            room[*kept] = LedTo { fingerprint, key, parent };
            *kept += usize::from(is_other);
            appended += 1;
        }
        self.generated += appended;
        appended
    }

    /// How many steps were appended since the batch was cleared, with those that were left out: the same whoever appended what before.
    pub(crate) const fn generated(&self) -> u64 {
        self.generated
    }

    /// Forgets what was generated lately, for it was not kept.
    pub(crate) fn forget_recent(&mut self) {
        self.recent.forget();
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.generated >= BATCH_STEPS
    }

    /// Leaves out the steps that lead to states which, as a first look tells, were visited.
    pub(crate) fn sift(&mut self, visited: &Visited<'_, K>) {
        let led_to = &self.led_to[..self.kept];
        if visited.compare {
            visited.table.touch(led_to.iter().map(|state| state.fingerprint));
            self.unseen.clear();
            self.unseen.extend((0u32..).take(self.kept));
        } else {
            visited.table.sift(led_to, |state| state.fingerprint, &mut self.unseen);
        }
    }

    /// The steps that are left: fingerprint, key, and which of the expanded states it leaves.
    #[inline]
    pub(crate) fn unseen(&self) -> impl Iterator<Item = (u64, K, u32)> {
        self.unseen.iter().map(|&place| {
            let LedTo { fingerprint, key, parent } = self.led_to[place as usize];
            (fingerprint, key, parent)
        })
    }
}

/// Adds room for more; what lies in it does not matter.
#[cold]
#[inline(never)]
fn add_room<K: Key>(led_to: &mut Vec<LedTo<K>>, key: K) {
    led_to.resize((led_to.len() * 2).max(LEAST_ROOM), LedTo { fingerprint: 0, key, parent: 0 });
}

/// Fingerprints of steps that were appended lately, by their low bits.
///
/// Their states have been visited, or will be on account of an earlier step than one that comes now. States near each other share many
/// successors: this leaves two of three steps out before they cost a look into the visited set.
struct Recent<K> {
    fingerprints: Vec<u64>,
    /// Whether equal fingerprints are not enough.
    compare: bool,
    /// If so: the keys that belong to the fingerprints.
    keys: Vec<Option<K>>,
}

/// So many are 512 KiB: they stay in the second-level cache. They spare two of three looks into a visited set that does not; a quarter
/// of them would spare every other one, and twice as many would push each other out.
const RECENT: usize = 1 << 16;

impl<K: Key> Recent<K> {
    fn new(compare: bool) -> Self {
        let mut recent = Self { fingerprints: vec![0; RECENT], compare, keys: Vec::new() };
        recent.forget();
        recent
    }

    fn forget(&mut self) {
        for (place, fingerprint) in (0..).zip(self.fingerprints.iter_mut()) {
            // In no place one that would be looked for there.
            *fingerprint = !place;
        }
        self.keys.clear();
        // Said of the type too, here and below, so that nothing is left of it where keys are one word.
        if !K::INJECTIVE && self.compare {
            self.keys.resize(RECENT, None);
        }
    }

    #[inline]
    fn look(&mut self) -> RecentLook<'_, K> {
        RecentLook { fingerprints: &mut self.fingerprints[..RECENT], keys: &mut self.keys, compare: self.compare }
    }
}

struct RecentLook<'a, K> {
    /// Exactly [`RECENT`], which the compiler sees where these are made: it need not ask of any place whether it is among them.
    fingerprints: &'a mut [u64],
    keys: &'a mut [Option<K>],
    compare: bool,
}

impl<K: Key> RecentLook<'_, K> {
    /// Notes the state, and says whether it is noted already.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits matter")]
    fn replace(&mut self, fingerprint: u64, key: K) -> bool {
        let place = fingerprint as usize % RECENT;
        let mut is_same = std::mem::replace(&mut self.fingerprints[place], fingerprint) == fingerprint;
        if !K::INJECTIVE && self.compare {
            is_same &= self.keys[place].replace(key) == Some(key);
        }
        is_same
    }
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
        Self::ask(&self.watches, number, state, tally);
        if !self.evident_watches.is_empty() && !self.model.is_evidently_sound(state) {
            Self::ask(&self.evident_watches, number, state, tally);
        }
    }

    #[inline]
    fn ask(watches: &[Watch<'p, M::State>], number: StateNumber, state: &M::State, tally: &mut Tally) {
        for watch in watches {
            if (watch.predicate)(state) == watch.decided_by {
                note_finding(&mut tally.findings[watch.property], Finding { state: number, step: None });
            }
        }
    }

    /// Judges `number` and appends the steps out of it to `batch`. `visited` is the visited set as it stands, from
    /// which reduction tells which states are yet to be expanded. The state is unpacked into `room`; what lay there does not matter.
    #[inline]
    pub(crate) fn expand(
        &self,
        number: StateNumber,
        room: &mut Option<M::State>,
        states: &States<M::Key>,
        visited: &Visited<'_, M::Key>,
        batch: &mut Batch<M::Key>,
    ) {
        let key = states.key(number);
        let state: &M::State = match room {
            Some(state) => {
                self.model.unpack_into(&key, state);
                state
            }
            None => room.insert(self.model.unpack(&key)),
        };
        self.judge(number, state, &mut batch.tally);
        let is_end = if self.reduction && self.expand_ample(state, visited, batch) {
            false
        } else if self.symmetry {
            self.expand_representatives(number, state, batch)
        } else {
            self.expand_fully(number, &key, state, batch)
        };
        batch.tally.ends += u64::from(is_end);
        batch.parents += 1;
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
            batch.append(self.key_of(&next));
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
                batch.append(key);
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
        batch.append(expander.model.pack(&next));
        *found += 1;
    }

    #[inline]
    fn packed(&mut self, rule: RuleId, next: impl Iterator<Item = M::Key>) {
        let instances = self.batch.append_all(next);
        self.batch.tally.count(rule, instances);
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
