//! The whole check: explore, ask the graph, tell the runs.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::expand::{Expander, Finding};
use crate::explore::{Explored, Progress, explore};
use crate::graph::Graph;
use crate::liveness::{Answer, always_possible, lasts, leads_to};
use crate::property::{Claim, Property};
use crate::run::{Path, PathEnd, Replay, Run};
use crate::settings::Unsound;
use crate::{Key, Model, PropertyKind, PropertyReport, Report, RuleCoverage, Settings, Stop, Timing, Verdict};

/// The result of a check.
#[derive(Debug, Clone)]
pub struct Checked<S, A> {
    /// What is stored and printed.
    pub report: Report,
    /// By property, in the model's order: the run that decided it, if one did.
    pub runs: Vec<Option<Run<S, A>>>,
}

/// Explores `model` and judges its properties. `progress` is told how far it has come, every few thousand states, and
/// may break the exploration off.
///
/// # Errors
/// [`Unsound`] if an answer under these settings would be wrong.
pub fn check<M: Model>(
    model: &M,
    settings: &Settings,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Checked<M::State, M::Action>, Unsound> {
    settings.vet(model)?;
    let began = Instant::now();
    let properties = model.properties();
    let explored = explore(model, &properties, settings, progress);
    let exploring_seconds = began.elapsed().as_secs_f64();

    let expander = Expander::new(model, &properties, settings.symmetry, settings.reduction);
    let decisions = decide(&expander, &properties, &explored, settings);
    let replay = Replay { expander: &expander, states: &explored.states };
    let runs: Vec<_> = decisions.iter().map(|decision| decision.path().and_then(|path| replay.run(path))).collect();
    let verdicts = properties.iter().zip(&decisions).zip(&runs).map(|((property, decision), run)| PropertyReport {
        name: property.name.clone(),
        kind: property.kind(),
        verdict: decision.verdict(run.as_ref().map(|run| run.story(model))),
    });
    let mut report = summary(model, settings, &explored);
    report.properties = verdicts.collect();
    report.timing =
        Timing { seconds: began.elapsed().as_secs_f64(), exploring_seconds, threads: settings.threads.get() };
    Ok(Checked { report, runs })
}

/// What became of a property, before it is told.
enum Decision {
    Proved,
    Reached(Path),
    Violated(Path),
    NotReached,
    Undecided,
}

impl Decision {
    /// The decision, where a proof is none.
    fn unless_proved(self) -> Self {
        match self {
            Self::Proved => Self::Undecided,
            Self::Reached(_) | Self::Violated(_) | Self::NotReached | Self::Undecided => self,
        }
    }

    const fn path(&self) -> Option<&Path> {
        match self {
            Self::Reached(path) | Self::Violated(path) => Some(path),
            Self::Proved | Self::NotReached | Self::Undecided => None,
        }
    }

    fn verdict(&self, story: Option<crate::Story>) -> Verdict {
        match (self, story) {
            (Self::Proved, _) => Verdict::Proved,
            (Self::NotReached, _) => Verdict::NotReached,
            (Self::Reached(_), Some(story)) => Verdict::Reached(story),
            (Self::Violated(_), Some(story)) => Verdict::Violated(story),
            // A run that cannot be replayed shows that the model is not a function of its arguments: no answer is sound.
            (Self::Reached(_) | Self::Violated(_), None) | (Self::Undecided, _) => Verdict::Undecided,
        }
    }
}

fn decide<M: Model>(
    expander: &Expander<'_, M>,
    properties: &[Property<'_, M::State, M::Action>],
    explored: &Explored<M::Key>,
    settings: &Settings,
) -> Vec<Decision> {
    // After a run that was broken off, nobody waits for the long questions.
    let asks_graph = properties.iter().any(|property| property.kind().needs_graph())
        && match explored.stop {
            Stop::Exhausted | Stop::States | Stop::Memory | Stop::Depth => true,
            Stop::Violation | Stop::Time | Stop::Cancelled => false,
        };
    let graph = asks_graph
        .then(|| Graph::build(expander, explored, settings.exact, settings.threads.get(), settings.bounds.memory))
        .flatten();
    let complete = explored.stop == Stop::Exhausted;
    properties
        .iter()
        .zip(&explored.tally.findings)
        .map(|(property, finding)| match finding {
            Some(finding) => by_finding(property.kind(), *finding, explored),
            None if property.kind().needs_graph() => {
                let answer = graph.as_ref().map_or(Decision::Undecided, |graph| by_graph(&property.claim, graph));
                if property.is_never_proved { answer.unless_proved() } else { answer }
            }
            None if property.is_never_proved && property.kind() != PropertyKind::Sometimes => Decision::Undecided,
            None if !complete => Decision::Undecided,
            None if !is_shown(property, expander, explored) => Decision::Undecided,
            None if asks_graph && property.outcome.is_some() => match (&property.outcome, &graph) {
                (Some(outcome), Some(graph)) if lasts(graph, &graph.mark(&outcome.lasting)) => Decision::Proved,
                (Some(_) | None, Some(_) | None) => Decision::Undecided,
            },
            None if property.kind() == PropertyKind::Sometimes => Decision::NotReached,
            None => Decision::Proved,
        })
        .collect()
}

/// Whether any state was met that decides what the property is about.
fn is_shown<M: Model>(
    property: &Property<'_, M::State, M::Action>,
    expander: &Expander<'_, M>,
    explored: &Explored<M::Key>,
) -> bool {
    let Some(outcome) = &property.outcome else {
        return true;
    };
    let states = &explored.states;
    let settles = |settled: &dyn Fn(&M::State) -> bool| {
        (0..states.found()).any(|number| settled(&expander.model.unpack(&states.key(number))))
    };
    explored.tally.ends > 0 || outcome.settled.as_deref().is_some_and(|settled| settles(settled))
}

fn by_finding<K: Key>(kind: PropertyKind, finding: Finding, explored: &Explored<K>) -> Decision {
    let end = finding.step.map_or(PathEnd::State, PathEnd::Step);
    let path = Path::to(finding.state, &explored.states, end);
    if kind == PropertyKind::Sometimes { Decision::Reached(path) } else { Decision::Violated(path) }
}

fn by_graph<M: Model>(claim: &Claim<'_, M::State, M::Action>, graph: &Graph<'_, '_, M>) -> Decision {
    let answer = match claim {
        Claim::Eventually(goal) => leads_to(graph, None, &graph.mark(goal)),
        Claim::LeadsTo(trigger, goal) => leads_to(graph, Some(&graph.mark(trigger)), &graph.mark(goal)),
        Claim::AlwaysPossible(goal) => always_possible(graph, &graph.mark(goal)),
        Claim::Always(_) | Claim::Never(_) | Claim::EveryStep(_) | Claim::Sometimes(_) => Answer::Unknown,
    };
    match answer {
        Answer::Holds => Decision::Proved,
        Answer::Broken(path) => Decision::Violated(path),
        Answer::Unknown => Decision::Undecided,
    }
}

fn summary<M: Model>(model: &M, settings: &Settings, explored: &Explored<M::Key>) -> Report {
    let found = explored.states.found();
    let exact = settings.exact || M::Key::INJECTIVE;
    let ends = explored.levels.iter().skip(1).chain([&found]);
    Report {
        distinct: u64::from(found),
        edges: explored.tally.edges(),
        depth: u32::try_from(explored.levels.len().saturating_sub(1)).unwrap_or(u32::MAX),
        levels: explored.levels.iter().zip(ends).map(|(start, end)| u64::from(end - start)).collect(),
        ends: explored.tally.ends,
        exhaustive: explored.stop == Stop::Exhausted,
        stop: explored.stop,
        unexpanded: u64::from(found - explored.expanded),
        unexamined: u64::from(found - explored.examined),
        exact,
        collision_probability: if exact { 0.0 } else { collision_probability(found) },
        symmetry: settings.symmetry,
        reduction: settings.reduction,
        rules: model
            .rules()
            .into_iter()
            .zip(&explored.tally.fired)
            .map(|(rule, &fired)| RuleCoverage { rule, fired })
            .collect(),
        properties: Vec::new(),
        bytes: explored.bytes,
        timing: Timing::default(),
    }
}

/// An upper bound of the probability that two of `states` share a fingerprint: the number of pairs over that of
/// fingerprints.
fn collision_probability(states: u32) -> f64 {
    let states = f64::from(states);
    // 2^64 - 1 fingerprints: zero is given up.
    (states * (states - 1.0) / 2.0 / 18_446_744_073_709_551_615.0).clamp(0.0, 1.0)
}
