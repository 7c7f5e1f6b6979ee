//! Named sentences about a model.

type OfState<'m, S> = Box<dyn Fn(&S) -> bool + Send + Sync + 'm>;
type OfStep<'m, S, A> = Box<dyn Fn(&S, &A, &S) -> bool + Send + Sync + 'm>;

/// A named sentence that holds of a model or does not.
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own about one sentence")]
pub struct Property<'m, S, A> {
    pub(crate) name: String,
    pub(crate) claim: Claim<'m, S, A>,
    pub(crate) names_an_individual: bool,
    pub(crate) is_evident: bool,
    pub(crate) is_kept_by_reduction: bool,
    pub(crate) outcome: Option<Outcome<'m, S>>,
    pub(crate) is_never_proved: bool,
}

/// What decides a sentence about what runs come to.
pub(crate) struct Outcome<'m, S> {
    /// The states that decide it although runs go on; `None`: ends alone do.
    pub(crate) settled: Option<OfState<'m, S>>,
    /// What a run that goes on for ever keeps it by.
    pub(crate) lasting: OfState<'m, S>,
}

pub(crate) enum Claim<'m, S, A> {
    Always(OfState<'m, S>),
    Never(OfState<'m, S>),
    EveryStep(OfStep<'m, S, A>),
    Sometimes(OfState<'m, S>),
    Eventually(OfState<'m, S>),
    LeadsTo(OfState<'m, S>, OfState<'m, S>),
    AlwaysPossible(OfState<'m, S>),
}

/// The kind of a [`Property`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PropertyKind {
    /// True of every state.
    Always,
    /// True of no state.
    Never,
    /// True of every step: of the state before, the action and the state after.
    EveryStep,
    /// True of some state.
    Sometimes,
    /// True at some time in every fair run.
    Eventually,
    /// Whenever the first is true in a fair run, the second is true then or later.
    LeadsTo,
    /// From every state a state can be reached of which it is true.
    AlwaysPossible,
}

impl<'m, S, A> Property<'m, S, A> {
    /// `predicate` is true of every reachable state.
    pub fn always(name: impl Into<String>, predicate: impl Fn(&S) -> bool + Send + Sync + 'm) -> Self {
        Self::new(name, Claim::Always(Box::new(predicate)))
    }

    /// `predicate` is true of no reachable state.
    pub fn never(name: impl Into<String>, predicate: impl Fn(&S) -> bool + Send + Sync + 'm) -> Self {
        Self::new(name, Claim::Never(Box::new(predicate)))
    }

    /// `predicate` is true of every step from a reachable state: of the state before, the action, the state after.
    pub fn every_step(name: impl Into<String>, predicate: impl Fn(&S, &A, &S) -> bool + Send + Sync + 'm) -> Self {
        Self::new(name, Claim::EveryStep(Box::new(predicate)))
    }

    /// `predicate` is true of some reachable state.
    pub fn sometimes(name: impl Into<String>, predicate: impl Fn(&S) -> bool + Send + Sync + 'm) -> Self {
        Self::new(name, Claim::Sometimes(Box::new(predicate)))
    }

    /// Every fair run reaches `goal`. A run that ends before it reaches `goal` breaks the property too.
    pub fn eventually(name: impl Into<String>, goal: impl Fn(&S) -> bool + Send + Sync + 'm) -> Self {
        Self::new(name, Claim::Eventually(Box::new(goal)))
    }

    /// In every fair run, `trigger` is followed by `goal`, at once or later. A run that ends in between breaks it.
    pub fn leads_to(
        name: impl Into<String>,
        trigger: impl Fn(&S) -> bool + Send + Sync + 'm,
        goal: impl Fn(&S) -> bool + Send + Sync + 'm,
    ) -> Self {
        Self::new(name, Claim::LeadsTo(Box::new(trigger), Box::new(goal)))
    }

    /// From every reachable state, `goal` can still be reached.
    pub fn always_possible(name: impl Into<String>, goal: impl Fn(&S) -> bool + Send + Sync + 'm) -> Self {
        Self::new(name, Claim::AlwaysPossible(Box::new(goal)))
    }

    /// Says that the sentence is about one of several interchangeable individuals, so that it cannot be checked modulo
    /// symmetry.
    #[must_use]
    pub fn about_an_individual(mut self) -> Self {
        self.names_an_individual = true;
        self
    }

    /// Says that the property follows from what the model sees at a glance
    /// ([`is_evidently_sound`](crate::Model::is_evidently_sound), [`is_evidently_sound_step`](crate::Model::is_evidently_sound_step)).
    #[must_use]
    pub fn evident(mut self) -> Self {
        self.is_evident = true;
        self
    }

    /// Says that runs are possible of which the model does not know: what it violates is violated, and what it keeps may be violated all the
    /// same.
    #[must_use]
    pub fn never_proved(mut self) -> Self {
        self.is_never_proved = true;
        self
    }

    /// Says that the sentence is about what runs come to, which the states show in which they end: where none ends it is neither proved
    /// nor violated. A run that goes on for ever keeps it if `lasting` is true of all that it visits again and again; that is asked where
    /// another question needs the graph anyway, and elsewhere such runs are passed over.
    #[must_use]
    pub fn about_ends(mut self, lasting: impl Fn(&S) -> bool + Send + Sync + 'm) -> Self {
        self.outcome = Some(Outcome { settled: None, lasting: Box::new(lasting) });
        self
    }

    /// Says of a sentence [about ends](Self::about_ends) that states of which `settled` is true decide it as ends do, whatever comes after them.
    #[must_use]
    pub fn or_where(mut self, settled: impl Fn(&S) -> bool + Send + Sync + 'm) -> Self {
        self.outcome = self.outcome.map(|outcome| Outcome { settled: Some(Box::new(settled)), ..outcome });
        self
    }

    /// Says of a sentence about steps that a partial-order reduction keeps its answer: it is true of every step that
    /// [`Model::ample`](crate::Model::ample) visits alone, and of any other step it is as true before as after one of those.
    #[must_use]
    pub fn kept_by_reduction(mut self) -> Self {
        self.is_kept_by_reduction = true;
        self
    }

    /// Whether a partial-order reduction keeps the answer. It keeps which predicates of states can come true, but drops
    /// steps, runs, and the order in which they can be taken.
    pub const fn survives_reduction(&self) -> bool {
        match self.kind() {
            PropertyKind::Always | PropertyKind::Never | PropertyKind::Sometimes => true,
            PropertyKind::EveryStep => self.is_kept_by_reduction,
            PropertyKind::Eventually | PropertyKind::LeadsTo | PropertyKind::AlwaysPossible => false,
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind.
    pub const fn kind(&self) -> PropertyKind {
        match self.claim {
            Claim::Always(_) => PropertyKind::Always,
            Claim::Never(_) => PropertyKind::Never,
            Claim::EveryStep(_) => PropertyKind::EveryStep,
            Claim::Sometimes(_) => PropertyKind::Sometimes,
            Claim::Eventually(_) => PropertyKind::Eventually,
            Claim::LeadsTo(..) => PropertyKind::LeadsTo,
            Claim::AlwaysPossible(_) => PropertyKind::AlwaysPossible,
        }
    }

    fn new(name: impl Into<String>, claim: Claim<'m, S, A>) -> Self {
        Self {
            name: name.into(),
            claim,
            names_an_individual: false,
            is_evident: false,
            is_kept_by_reduction: false,
            outcome: None,
            is_never_proved: false,
        }
    }
}

impl PropertyKind {
    /// Whether the answer needs the graph of all states with its edges.
    pub const fn needs_graph(self) -> bool {
        match self {
            Self::Eventually | Self::LeadsTo | Self::AlwaysPossible => true,
            Self::Always | Self::Never | Self::EveryStep | Self::Sometimes => false,
        }
    }

    /// Whether the answer speaks of fair runs.
    pub const fn needs_fairness(self) -> bool {
        match self {
            Self::Eventually | Self::LeadsTo => true,
            Self::AlwaysPossible | Self::Always | Self::Never | Self::EveryStep | Self::Sometimes => false,
        }
    }
}

impl<S, A> std::fmt::Debug for Property<'_, S, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Property").field("name", &self.name).field("kind", &self.kind()).finish_non_exhaustive()
    }
}
