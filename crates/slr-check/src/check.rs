//! The whole check: explore, ask the graph, tell the runs.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::expand::{Expander, Finding};
use crate::explore::{Explored, Progress, explore};
use crate::graph::Graph;
use crate::liveness::{Answer, always_possible, lasts, leads_to};
use crate::property::{Claim, Outcome, Property};
use crate::round::Deadline;
use crate::run::{Path, PathEnd, Replay, Run};
use crate::settings::Unsound;
use crate::watch::Watch;
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
    let mut watch = {
        let deadline = Deadline(settings.bounds.time.and_then(|most| began.checked_add(most)));
        Watch::new(began, deadline, progress, at_the_end(&explored))
    };
    let decisions = decide(&expander, &properties, &explored, settings, &mut watch);
    let replay = Replay { expander: &expander, states: &explored.states };
    let runs: Vec<_> = decisions.iter().map(|decision| decision.path().and_then(|path| replay.run(path))).collect();
    let verdicts = properties.iter().zip(&decisions).zip(&runs).map(|((property, decision), run)| PropertyReport {
        name: property.name.clone(),
        kind: property.kind(),
        verdict: decision.verdict(run.as_ref().map(|run| run.story(model))),
    });
    let mut report = summary(model, settings, &explored);
    report.properties = verdicts.collect();
    if let (Stop::Exhausted, Some(stop)) = (report.stop, watch.ended()) {
        report.stop = stop;
    }
    let threads = u16::try_from(explored.threads).unwrap_or(u16::MAX);
    report.timing = Timing { seconds: began.elapsed().as_secs_f64(), exploring_seconds, threads };
    Ok(Checked { report, runs })
}

/// How far an exploration has come that goes no further.
fn at_the_end<K: Key>(explored: &Explored<K>) -> Progress {
    let found = explored.states.found();
    Progress {
        level: depth(explored),
        distinct: u64::from(found),
        edges: explored.tally.edges(),
        waiting: u64::from(found - explored.expanded),
        bytes: explored.bytes,
        elapsed: Duration::ZERO,
    }
}

/// Steps from the beginning to the farthest state found.
fn depth<K>(explored: &Explored<K>) -> u32 {
    u32::try_from(explored.levels.len().saturating_sub(1)).unwrap_or(u32::MAX)
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

/// What became of each property. What the clock or who waits left open is undecided; the watch knows.
fn decide<M: Model>(
    expander: &Expander<'_, M>,
    properties: &[Property<'_, M::State, M::Action>],
    explored: &Explored<M::Key>,
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Vec<Decision> {
    // After a run that was broken off, nobody waits for the long questions.
    let asks_graph = properties.iter().any(|property| property.kind().needs_graph())
        && match explored.stop {
            Stop::Exhausted | Stop::States | Stop::Memory | Stop::Depth => true,
            Stop::Violation | Stop::Time | Stop::Cancelled => false,
        };
    let graph = asks_graph.then(|| {
        Graph::build(expander, explored, settings.exact, settings.threads.get(), settings.bounds.memory, watch)
            .inspect_err(|why| watch.end(*why))
    });
    let judge = Judge { expander, explored, graph };
    let findings = properties.iter().zip(&explored.tally.findings);
    findings
        .map(|(property, finding)| match finding {
            Some(finding) => by_finding(property.kind(), *finding, explored),
            None => judge.decide(property, watch).unwrap_or(Decision::Undecided),
        })
        .collect()
}

/// Who decides what the exploration has not decided.
struct Judge<'g, 'p, M: Model> {
    expander: &'g Expander<'p, M>,
    explored: &'g Explored<M::Key>,
    /// `None` if no question needs it, or nobody waits for the answer; otherwise what has ended the check if it was not finished.
    graph: Option<Result<Graph<'g, 'p, M>, Stop>>,
}

impl<M: Model> Judge<'_, '_, M> {
    /// What becomes of a property that no state and no step has decided.
    ///
    /// # Errors
    /// What ends the check before that is known.
    fn decide(&self, property: &Property<'_, M::State, M::Action>, watch: &mut Watch<'_>) -> Result<Decision, Stop> {
        let kind = property.kind();
        if kind.needs_graph() {
            let answer = match &self.graph {
                Some(Ok(graph)) => by_graph(&property.claim, graph, watch)?,
                Some(Err(why)) => return Err(*why),
                None => Decision::Undecided,
            };
            return Ok(if property.is_never_proved { answer.unless_proved() } else { answer });
        }
        if self.explored.stop != Stop::Exhausted {
            return Ok(Decision::Undecided);
        }
        if kind == PropertyKind::Sometimes {
            return Ok(Decision::NotReached);
        }
        if property.is_never_proved {
            return Ok(Decision::Undecided);
        }
        match &property.outcome {
            Some(outcome) if !self.keeps(outcome, watch)? => Ok(Decision::Undecided),
            Some(_) | None => Ok(Decision::Proved),
        }
    }

    /// Whether what no end contradicts is so of what runs come to: some run shows it and, as far as is known, those do that never end.
    fn keeps(&self, outcome: &Outcome<'_, M::State>, watch: &mut Watch<'_>) -> Result<bool, Stop> {
        if !self.is_shown(outcome, watch)? {
            return Ok(false);
        }
        match &self.graph {
            None => Ok(true),
            Some(Err(why)) => Err(*why),
            Some(Ok(graph)) => lasts(graph, &graph.mark(&outcome.lasting, watch)?, watch),
        }
    }

    /// Whether any state was met that decides what runs come to.
    fn is_shown(&self, outcome: &Outcome<'_, M::State>, watch: &mut Watch<'_>) -> Result<bool, Stop> {
        if self.explored.tally.ends > 0 {
            return Ok(true);
        }
        let Some(settled) = &outcome.settled else {
            return Ok(false);
        };
        for number in 0..self.explored.states.found() {
            watch.tick()?;
            if settled(&self.expander.model.unpack(&self.explored.states.key(number))) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn by_finding<K: Key>(kind: PropertyKind, finding: Finding, explored: &Explored<K>) -> Decision {
    let end = finding.step.map_or(PathEnd::State, PathEnd::Step);
    let path = Path::to(finding.state, &explored.states, end);
    if kind == PropertyKind::Sometimes { Decision::Reached(path) } else { Decision::Violated(path) }
}

fn by_graph<M: Model>(
    claim: &Claim<'_, M::State, M::Action>,
    graph: &Graph<'_, '_, M>,
    watch: &mut Watch<'_>,
) -> Result<Decision, Stop> {
    let answer = match claim {
        Claim::Eventually(goal) => leads_to(graph, None, &graph.mark(goal, watch)?, watch)?,
        Claim::LeadsTo(trigger, goal) => {
            let (triggers, goals) = (graph.mark(trigger, watch)?, graph.mark(goal, watch)?);
            leads_to(graph, Some(&triggers), &goals, watch)?
        }
        Claim::AlwaysPossible(goal) => always_possible(graph, &graph.mark(goal, watch)?, watch)?,
        Claim::Always(_) | Claim::Never(_) | Claim::EveryStep(_) | Claim::Sometimes(_) => Answer::Unknown,
    };
    Ok(match answer {
        Answer::Holds => Decision::Proved,
        Answer::Broken(path) => Decision::Violated(path),
        Answer::Unknown => Decision::Undecided,
    })
}

fn summary<M: Model>(model: &M, settings: &Settings, explored: &Explored<M::Key>) -> Report {
    let found = explored.states.found();
    let exact = settings.exact || M::Key::INJECTIVE;
    let ends = explored.levels.iter().skip(1).chain([&found]);
    Report {
        distinct: u64::from(found),
        edges: explored.tally.edges(),
        depth: depth(explored),
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
            .zip(explored.tally.fired())
            .map(|(rule, fired)| RuleCoverage { rule, fired })
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
