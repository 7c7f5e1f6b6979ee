//! Random small graphs, judged by the checker and by a second one that goes by the definitions alone.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::num::NonZero;
use std::ops::ControlFlow;

use proptest::prelude::*;
use slr_check::{
    Ending, FairnessClass, Key, Model, Property, PropertyKind, Report, RuleId, Run, Settings, Symmetry, Verdict, check,
};

const CLASSES: u32 = 3;

/// A graph given state by state.
#[derive(Debug, Clone)]
struct Graph {
    initial: Vec<usize>,
    /// By state: class (3: none) and target.
    edges: Vec<Vec<(u32, usize)>>,
    trigger: Vec<bool>,
    goal: Vec<bool>,
}

/// A key with a fingerprint of two bits, so that nearly every two states collide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Weak([u64; 2]);

impl Key for Weak {
    const INJECTIVE: bool = false;

    fn fingerprint(&self) -> u64 {
        (self.0[1] & 3) + 1
    }
}

trait Numbered: Key + Debug {
    fn of(state: usize) -> Self;
    fn state(self) -> usize;
}

impl Numbered for u64 {
    fn of(state: usize) -> Self {
        state as Self
    }

    fn state(self) -> usize {
        usize::try_from(self).expect("a state's number")
    }
}

impl Numbered for [u64; 2] {
    fn of(state: usize) -> Self {
        [!0, state as u64]
    }

    fn state(self) -> usize {
        self[1].state()
    }
}

impl Numbered for Weak {
    fn of(state: usize) -> Self {
        Self([7, state as u64])
    }

    fn state(self) -> usize {
        self.0[1].state()
    }
}

/// The graph with its states packed into `K`.
struct Packed<'g, K>(&'g Graph, std::marker::PhantomData<fn() -> K>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edge {
    class: u32,
    to: usize,
}

impl<K: Numbered> Model for Packed<'_, K> {
    type State = usize;
    type Action = Edge;
    type Key = K;

    fn initial_states(&self) -> Vec<usize> {
        self.0.initial.clone()
    }

    fn successors(&self, state: &usize, visit: &mut impl FnMut(Edge, u64, usize)) {
        for &(class, to) in &self.0.edges[*state] {
            visit(Edge { class, to }, 1, to);
        }
    }

    fn pack(&self, state: &usize) -> K {
        K::of(*state)
    }

    fn unpack(&self, key: &K) -> usize {
        key.state()
    }

    fn rules(&self) -> Vec<String> {
        vec!["edge".to_owned()]
    }

    fn rule(&self, _: &Edge) -> RuleId {
        RuleId(0)
    }

    fn fairness_classes(&self) -> Vec<String> {
        (0..CLASSES).map(|class| format!("class {class}")).collect()
    }

    fn fairness(&self, action: &Edge) -> Option<FairnessClass> {
        (action.class < CLASSES).then_some(FairnessClass(action.class))
    }

    fn symmetry(&self) -> Symmetry {
        Symmetry::None
    }

    fn properties(&self) -> Vec<Property<'_, usize, Edge>> {
        let graph = self.0;
        vec![
            Property::always("always", |state: &usize| graph.goal[*state] || !graph.trigger[*state]),
            Property::never("never", |state: &usize| graph.goal[*state] && graph.trigger[*state]),
            Property::every_step("every step", |before: &usize, _: &Edge, after: &usize| {
                !(graph.trigger[*before] && graph.goal[*after])
            }),
            Property::sometimes("sometimes", |state: &usize| graph.goal[*state] && !graph.trigger[*state]),
            Property::eventually("eventually", |state: &usize| graph.goal[*state]),
            Property::leads_to("leads to", |state: &usize| graph.trigger[*state], |state: &usize| graph.goal[*state]),
            Property::always_possible("always possible", |state: &usize| graph.goal[*state]),
        ]
    }

    fn describe_state(&self, state: &usize) -> String {
        state.to_string()
    }

    fn describe_action(&self, action: &Edge) -> String {
        format!("{action:?}")
    }
}

/// What follows from the definitions, with sets and by trying everything.
struct Naive<'g> {
    graph: &'g Graph,
    /// By distance from the initial states.
    levels: Vec<BTreeSet<usize>>,
    reachable: BTreeSet<usize>,
}

impl<'g> Naive<'g> {
    fn new(graph: &'g Graph) -> Self {
        let mut reachable: BTreeSet<usize> = graph.initial.iter().copied().collect();
        let mut levels = vec![reachable.clone()];
        loop {
            let next: BTreeSet<usize> = levels[levels.len() - 1]
                .iter()
                .flat_map(|&state| graph.edges[state].iter().map(|&(_, to)| to))
                .filter(|to| !reachable.contains(to))
                .collect();
            if next.is_empty() {
                return Self { graph, levels, reachable };
            }
            reachable.extend(&next);
            levels.push(next);
        }
    }

    /// What can be reached from `from`, itself included, through states that `through` accepts.
    fn closure(&self, from: usize, through: impl Fn(usize) -> bool) -> BTreeSet<usize> {
        let mut closure = BTreeSet::new();
        let mut left = vec![from];
        while let Some(state) = left.pop() {
            if through(state) && closure.insert(state) {
                left.extend(self.graph.edges[state].iter().map(|&(_, to)| to));
            }
        }
        closure
    }

    fn depth(&self, wanted: impl Fn(usize) -> bool) -> Option<usize> {
        self.levels.iter().position(|level| level.iter().any(|&state| wanted(state)))
    }

    /// Whether a fair run can visit exactly the states of `set` for ever: the set is strongly connected by at least one
    /// edge, and every class is somewhere in it disabled or lies within it.
    fn is_fair_home(&self, set: &BTreeSet<usize>) -> bool {
        let inner = |state: usize| self.graph.edges[state].iter().filter(|(_, to)| set.contains(to));
        let connected =
            set.iter().all(|&state| set.iter().all(|to| self.closure(state, |at| set.contains(&at)).contains(to)));
        connected
            && set.iter().any(|&state| inner(state).next().is_some())
            && (0..CLASSES).all(|class| {
                set.iter().any(|&state| self.graph.edges[state].iter().all(|&(of, _)| of != class))
                    || set.iter().any(|&state| inner(state).any(|&(of, _)| of == class))
            })
    }

    /// Whether a fair run from one of `starts` never meets the goal.
    fn can_starve(&self, starts: impl Iterator<Item = usize>) -> bool {
        let goal = &self.graph.goal;
        let owing: BTreeSet<usize> = starts.flat_map(|state| self.closure(state, |at| !goal[at])).collect();
        if owing.iter().any(|&state| self.graph.edges[state].is_empty()) {
            return true;
        }
        let owing: Vec<usize> = owing.into_iter().collect();
        (1..1u32 << owing.len()).any(|chosen| {
            let set = owing.iter().enumerate().filter(|(place, _)| chosen >> place & 1 != 0).map(|(_, &state)| state);
            self.is_fair_home(&set.collect())
        })
    }

    fn holds(&self, kind: PropertyKind) -> bool {
        let Graph { trigger, goal, edges, initial } = self.graph;
        match kind {
            PropertyKind::Always => self.reachable.iter().all(|&state| goal[state] || !trigger[state]),
            PropertyKind::Never => !self.reachable.iter().any(|&state| goal[state] && trigger[state]),
            PropertyKind::EveryStep => {
                self.reachable.iter().all(|&state| !trigger[state] || edges[state].iter().all(|&(_, to)| !goal[to]))
            }
            PropertyKind::Sometimes => self.reachable.iter().any(|&state| goal[state] && !trigger[state]),
            PropertyKind::Eventually => !self.can_starve(initial.iter().copied()),
            PropertyKind::LeadsTo => !self.can_starve(self.reachable.iter().copied().filter(|&state| trigger[state])),
            PropertyKind::AlwaysPossible => {
                self.reachable.iter().all(|&state| self.closure(state, |_| true).iter().any(|&at| goal[at]))
            }
        }
    }

    /// The length of the shortest run that decides a property of states or steps.
    fn shortest(&self, kind: PropertyKind) -> Option<usize> {
        let Graph { trigger, goal, edges, .. } = self.graph;
        match kind {
            PropertyKind::Always => self.depth(|state| trigger[state] && !goal[state]),
            PropertyKind::Never => self.depth(|state| trigger[state] && goal[state]),
            PropertyKind::EveryStep => self
                .depth(|state| trigger[state] && edges[state].iter().any(|&(_, to)| goal[to]))
                .map(|depth| depth + 1),
            PropertyKind::Sometimes => self.depth(|state| goal[state] && !trigger[state]),
            PropertyKind::AlwaysPossible => {
                self.depth(|state| !self.closure(state, |_| true).iter().any(|&at| goal[at]))
            }
            PropertyKind::Eventually | PropertyKind::LeadsTo => None,
        }
    }

    /// Whether `run` really happens and shows what it is said to show.
    fn shows(&self, kind: PropertyKind, run: &Run<usize, Edge>) -> bool {
        let Graph { trigger, goal, edges, initial } = self.graph;
        let mut states = vec![run.initial];
        for (action, state) in &run.steps {
            let here = states[states.len() - 1];
            if action.to != *state || !edges[here].contains(&(action.class, action.to)) {
                return false;
            }
            states.push(*state);
        }
        let last = states[states.len() - 1];
        // Where the debt begins that is never paid.
        let owes_from = match kind {
            PropertyKind::LeadsTo => {
                (0..states.len()).find(|&from| trigger[states[from]] && states[from..].iter().all(|&at| !goal[at]))
            }
            PropertyKind::Always
            | PropertyKind::Never
            | PropertyKind::EveryStep
            | PropertyKind::Sometimes
            | PropertyKind::Eventually
            | PropertyKind::AlwaysPossible => states.iter().all(|&at| !goal[at]).then_some(0),
        };
        initial.contains(&run.initial)
            && match run.ending {
                Ending::State => match kind {
                    PropertyKind::Always => trigger[last] && !goal[last],
                    PropertyKind::Never => trigger[last] && goal[last],
                    PropertyKind::Sometimes => goal[last] && !trigger[last],
                    PropertyKind::EveryStep
                    | PropertyKind::Eventually
                    | PropertyKind::LeadsTo
                    | PropertyKind::AlwaysPossible => false,
                },
                Ending::Step => states.len() > 1 && trigger[states[states.len() - 2]] && goal[last],
                Ending::Stuck => edges[last].is_empty() && owes_from.is_some(),
                Ending::OutOfReach => !self.closure(last, |_| true).iter().any(|&at| goal[at]),
                Ending::Loop { after } => {
                    let after = usize::try_from(after).expect("a short run");
                    let taken = &run.steps[after..];
                    states[after] == last
                        && !taken.is_empty()
                        && owes_from.is_some()
                        && (0..CLASSES).all(|class| {
                            taken.iter().any(|(action, _)| action.class == class)
                                || states[after..].iter().any(|&at| edges[at].iter().all(|&(of, _)| of != class))
                        })
                }
            }
    }
}

fn explore<K: Numbered>(graph: &Graph, settings: &Settings) -> (Report, Vec<Option<Run<usize, Edge>>>) {
    let model = Packed::<K>(graph, std::marker::PhantomData);
    let checked = check(&model, settings, &mut |_| ControlFlow::Continue(())).expect("sound settings");
    let mut report = checked.report;
    report.timing = slr_check::Timing::default();
    (report, checked.runs)
}

fn graphs() -> impl Strategy<Value = Graph> {
    (2..9usize).prop_flat_map(|states| {
        let edges = prop::collection::vec(prop::collection::vec((0..=CLASSES, 0..states), 0..4), states);
        let set = |probability| prop::collection::vec(prop::bool::weighted(probability), states);
        (prop::collection::vec(0..states, 1..3), edges, set(0.3), set(0.2))
            .prop_map(|(initial, edges, trigger, goal)| Graph { initial, edges, trigger, goal })
    })
}

fn keep_going() -> Settings {
    Settings { keep_going: true, ..Settings::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_follow_from_the_definitions(graph in graphs()) {
        let naive = Naive::new(&graph);
        let (report, runs) = explore::<u64>(&graph, &keep_going());
        prop_assert_eq!(report.distinct, naive.reachable.len() as u64);
        prop_assert_eq!(&report.levels, &naive.levels.iter().map(|level| level.len() as u64).collect::<Vec<_>>());
        prop_assert_eq!(report.edges, naive.reachable.iter().map(|&state| graph.edges[state].len() as u64).sum::<u64>());
        prop_assert_eq!(report.ends, naive.reachable.iter().filter(|&&state| graph.edges[state].is_empty()).count() as u64);
        prop_assert!(report.exhaustive);
        for (property, run) in report.properties.iter().zip(&runs) {
            let holds = naive.holds(property.kind);
            match &property.verdict {
                Verdict::Proved => prop_assert!(holds, "{:?} proved", property.kind),
                Verdict::Reached(_) => prop_assert!(holds && property.kind == PropertyKind::Sometimes),
                Verdict::NotReached => prop_assert!(!holds && property.kind == PropertyKind::Sometimes),
                Verdict::Violated(_) => prop_assert!(!holds, "{:?} violated", property.kind),
                Verdict::Undecided => prop_assert!(false, "{:?} undecided", property.kind),
            }
            if let Some(run) = run {
                prop_assert!(naive.shows(property.kind, run), "{:?}: {run:?}", property.kind);
                if let Some(length) = naive.shortest(property.kind) {
                    prop_assert_eq!(run.steps.len(), length, "{:?}: {:?}", property.kind, run);
                }
            }
        }
    }

    #[test]
    fn the_key_and_the_threads_change_nothing(graph in graphs()) {
        let (expected, runs) = explore::<u64>(&graph, &keep_going());
        let exact = Settings { exact: true, ..keep_going() };
        let threads = Settings { threads: NonZero::new(3).expect("three"), ..exact.clone() };
        let weak = [explore::<Weak>(&graph, &exact), explore::<Weak>(&graph, &threads)];
        let wide = [explore::<[u64; 2]>(&graph, &keep_going()), explore::<[u64; 2]>(&graph, &threads)];
        for (report, other) in weak.iter().chain(&wide) {
            prop_assert_eq!(&report.properties, &expected.properties);
            prop_assert_eq!(&report.levels, &expected.levels);
            prop_assert_eq!(report.edges, expected.edges);
            prop_assert_eq!(other, &runs);
        }
        prop_assert_eq!(&weak[0], &weak[1]);
    }

    #[test]
    fn a_bounded_search_never_says_what_the_whole_one_denies(graph in graphs(), states in 1..8u64, depth in 0..4u32) {
        let (whole, _) = explore::<u64>(&graph, &keep_going());
        for bounds in [
            slr_check::Bounds { states: Some(states), ..Default::default() },
            slr_check::Bounds { depth: Some(depth), ..Default::default() },
        ] {
            let (part, _) = explore::<u64>(&graph, &Settings { bounds, ..keep_going() });
            prop_assert!(part.distinct <= whole.distinct);
            prop_assert_eq!(part.exhaustive, part.stop == slr_check::Stop::Exhausted);
            for (bounded, unbounded) in part.properties.iter().zip(&whole.properties) {
                match bounded.verdict {
                    Verdict::Undecided => prop_assert!(!part.exhaustive),
                    Verdict::Proved | Verdict::NotReached => prop_assert_eq!(&bounded.verdict, &unbounded.verdict, "{:?}", part),
                    Verdict::Violated(_) => prop_assert!(unbounded.verdict.is_violation(), "{:?}", bounded),
                    Verdict::Reached(_) => prop_assert!(!unbounded.verdict.is_violation(), "{:?}", bounded),
                }
            }
        }
    }
}

#[test]
fn without_comparing_words_equal_fingerprints_lose_states() {
    let states = 40;
    let graph = Graph {
        initial: vec![0],
        edges: (0..states).map(|state| vec![(0, (state + 1) % states)]).collect(),
        trigger: vec![false; states],
        goal: vec![false; states],
    };
    let (trusting, _) = explore::<Weak>(&graph, &keep_going());
    assert!(trusting.distinct < states as u64 && !trusting.exact && trusting.collision_probability > 0.0);
    let (comparing, _) = explore::<Weak>(&graph, &Settings { exact: true, ..keep_going() });
    assert!(comparing.distinct == states as u64 && comparing.exact && comparing.collision_probability <= 0.0);
}
