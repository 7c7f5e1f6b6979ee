//! Judging states and generating the steps out of them.

use crate::key::filed_under;
use crate::property::{Claim, Property};
use crate::states::{StateNumber, States};
use crate::table::Table;
use crate::{Key, Model, RuleId};

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
    pub(crate) edges: u64,
    pub(crate) ends: u64,
    pub(crate) fired: Vec<u64>,
    /// The first finding per property.
    pub(crate) findings: Vec<Option<Finding>>,
}

impl Tally {
    pub(crate) fn new(rules: usize, properties: usize) -> Self {
        Self {
            edges: 0,
            ends: 0,
            fired: vec![0; rules],
            findings: vec![None; properties],
        }
    }

    #[inline]
    fn count(&mut self, rule: RuleId, instances: u64) {
        self.edges = self.edges.saturating_add(instances);
        if let Some(fired) = self.fired.get_mut(rule.0 as usize) {
            *fired = fired.saturating_add(instances);
        }
    }

    /// Adds what `other` counted to this and empties it.
    pub(crate) fn take(&mut self, other: &mut Self) {
        self.edges = self.edges.saturating_add(std::mem::take(&mut other.edges));
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
    pub(crate) keys: Vec<K>,
    pub(crate) fingerprints: Vec<u64>,
    /// For each expanded state, where its steps end in `keys`.
    pub(crate) ends: Vec<usize>,
    /// What the first slot of each fingerprint held.
    pub(crate) glances: Vec<u64>,
    pub(crate) tally: Tally,
    ample: Vec<(RuleId, u64, K)>,
}

/// Steps after which a batch is looked up: enough to have many slots on their way at once, few enough to stay in the
/// nearest caches.
pub(crate) const BATCH_STEPS: usize = 2048;

impl<K: Key> Batch<K> {
    pub(crate) fn new(tally: Tally) -> Self {
        Self {
            keys: Vec::new(),
            fingerprints: Vec::new(),
            ends: Vec::new(),
            glances: Vec::new(),
            tally,
            ample: Vec::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.fingerprints.clear();
        self.ends.clear();
    }

    pub(crate) fn is_full(&self) -> bool {
        self.keys.len() >= BATCH_STEPS
    }

    /// Loads the first slot of every fingerprint. The loads do not wait for each other, as those of one lookup after
    /// the other would.
    pub(crate) fn glance_at(&mut self, table: &Table) {
        self.glances.clear();
        self.glances.extend(
            self.fingerprints
                .iter()
                .map(|&fingerprint| table.glance(fingerprint)),
        );
    }

    #[inline]
    fn push(&mut self, key: K) {
        self.keys.push(key);
        self.fingerprints.push(filed_under(&key));
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
    step_watches: Vec<StepWatch<'p, M::State, M::Action>>,
}

impl<'p, M: Model> Expander<'p, M> {
    pub(crate) fn new(
        model: &'p M,
        properties: &'p [Property<'p, M::State, M::Action>],
        symmetry: bool,
        reduction: bool,
    ) -> Self {
        let mut watches = Vec::new();
        let mut step_watches = Vec::new();
        for (property, Property { claim, .. }) in properties.iter().enumerate() {
            match claim {
                Claim::Always(predicate) => watches.push(Watch {
                    property,
                    predicate,
                    decided_by: false,
                }),
                Claim::Never(predicate) | Claim::Sometimes(predicate) => {
                    watches.push(Watch {
                        property,
                        predicate,
                        decided_by: true,
                    });
                }
                Claim::EveryStep(predicate) => step_watches.push(StepWatch {
                    property,
                    predicate,
                }),
                Claim::Eventually(_) | Claim::LeadsTo(..) | Claim::AlwaysPossible(_) => {}
            }
        }
        Self {
            model,
            symmetry,
            reduction,
            watches,
            step_watches,
        }
    }

    /// Stops asking about properties that are decided.
    pub(crate) fn forget_decided(&mut self, findings: &[Option<Finding>]) {
        self.watches
            .retain(|watch| findings[watch.property].is_none());
        self.step_watches
            .retain(|watch| findings[watch.property].is_none());
    }

    /// The key under which `state` is stored.
    #[inline]
    pub(crate) fn key_of(&self, state: &M::State) -> M::Key {
        if self.symmetry {
            self.model.pack(&self.model.canonical(state))
        } else {
            self.model.pack(state)
        }
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
        for watch in &self.watches {
            if (watch.predicate)(state) == watch.decided_by {
                note_finding(
                    &mut tally.findings[watch.property],
                    Finding {
                        state: number,
                        step: None,
                    },
                );
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
        let before = batch.keys.len();
        if !(self.reduction && self.expand_ample(&state, visited, batch)) {
            self.expand_fully(number, &state, batch);
        }
        batch.tally.ends += u64::from(batch.keys.len() == before);
        batch.ends.push(batch.keys.len());
    }

    #[inline]
    fn expand_fully(&self, number: StateNumber, state: &M::State, batch: &mut Batch<M::Key>) {
        let mut step = 0;
        self.steps(state, &mut |action, instances, next| {
            batch.tally.count(self.model.rule(&action), instances);
            for watch in &self.step_watches {
                if !(watch.predicate)(state, &action, &next) {
                    let finding = Finding {
                        state: number,
                        step: Some(step),
                    };
                    note_finding(&mut batch.tally.findings[watch.property], finding);
                }
            }
            step += 1;
            batch.push(self.key_of(&next));
        });
    }

    /// Appends the ample steps out of `state`, if they suffice: one of them has to lead to a state that is expanded
    /// later, so that whatever is put off here is not put off for ever (the proviso of D. Bošnački and G. J. Holzmann,
    /// "Improving Spin's Partial-Order Reduction for Breadth-First Search", 2005).
    fn expand_ample(
        &self,
        state: &M::State,
        visited: &Visited<'_, M::Key>,
        batch: &mut Batch<M::Key>,
    ) -> bool {
        let mut ample = std::mem::take(&mut batch.ample);
        ample.clear();
        let suffices = self.model.ample(state, &mut |action, instances, next| {
            ample.push((self.model.rule(&action), instances, self.key_of(&next)));
        }) && ample.iter().any(|(_, _, key)| !visited.contains(key));
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
        self.table.find(fingerprint, |note| {
            !self.compare || self.states.key(note) == *key
        })
    }
}
