//! What a check found, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use slr_check::lifecycle::{Act, NotAsked, Scene, Teller};
use slr_check::{Checked, Ending, PropertyKind, Report, Run, Stop, Verdict};
use slr_core::id::OperatorIdx;
use slr_core::{IdSet, Universe};
use slr_scenario::diagnostic::Look;
use slr_scenario::expect::What;
use slr_scenario::trace::Line;

use super::span_of;
use crate::console::{DIM, FAILED, PASSED};
use crate::exit::Exit;
use crate::report::{counted, excerpt};
use crate::scenario::Ready;

/// What a check found.
pub(super) struct Told {
    title: String,
    report: Report,
    findings: Vec<Finding>,
    not_asked: Vec<(String, &'static str)>,
    notes: Vec<String>,
    /// The file that was asked for and cannot be written, and why.
    unwritten: Option<String>,
    /// How many of the properties are invariants of the model.
    invariants: usize,
}

/// A property and what became of it.
#[derive(Serialize)]
struct Finding {
    name: String,
    kind: PropertyKind,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    story: Option<Story>,
}

/// A run, by what changed.
#[derive(Serialize)]
struct Story {
    initial: String,
    steps: Vec<Vec<String>>,
    /// Who asks no more at the end, where no step tells it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    at_the_end: Vec<String>,
    ending: Ending,
}

impl Told {
    pub(super) fn new<S: IdSet>(
        ready: &Ready,
        universe: &Universe<S>,
        checked: &Checked<Scene<S>, Act<S>>,
        invariants: usize,
        not_asked: &[NotAsked],
        mut notes: Vec<String>,
        unwritten: Option<String>,
    ) -> Self {
        notes.extend(reservations(ready, &checked.report));
        let runs = checked.report.properties.iter().zip(&checked.runs);
        let findings = runs.map(|(property, run)| {
            let (verdict, initial) = match &property.verdict {
                Verdict::Proved => ("proved", None),
                Verdict::Reached(story) => ("reached", Some(&story.initial)),
                Verdict::Violated(story) => ("violated", Some(&story.initial)),
                Verdict::NotReached => ("not-reached", None),
                Verdict::Undecided => ("undecided", None),
            };
            let story = initial.zip(run.as_ref()).map(|(initial, run)| story(ready, universe, initial, run));
            Finding { name: property.name.clone(), kind: property.kind, verdict, story }
        });
        let text = |left: &NotAsked| (excerpt(&ready.source, span_of(ready, left.expected)), left.why);
        Self {
            title: ready.lowered.title.clone(),
            findings: findings.collect(),
            not_asked: not_asked.iter().map(text).collect(),
            report: checked.report.clone(),
            notes,
            unwritten,
            invariants,
        }
    }

    /// The file that was asked for and cannot be written, and why.
    pub(super) fn unwritten(&self) -> Option<&str> {
        self.unwritten.as_deref()
    }

    pub(super) fn exit(&self) -> Exit {
        let violated = |property: &slr_check::PropertyReport| property.verdict.is_violation();
        let undecided = |property: &slr_check::PropertyReport| property.verdict == Verdict::Undecided;
        let (invariants, expected) = self.report.properties.split_at(self.invariants);
        if invariants.iter().any(violated) {
            Exit::Bug
        } else if expected.iter().any(violated) {
            Exit::NotAsExpected
        } else if !self.report.exhaustive || self.report.properties.iter().any(undecided) {
            Exit::Bound
        } else {
            Exit::AsExpected
        }
    }

    /// One object. Beside it, `seconds` and `states_per_second` alone differ from run to run, unless the clock stopped it.
    pub(super) fn json(&self) -> Value {
        let report = &self.report;
        let fired: serde_json::Map<String, Value> =
            report.rules.iter().map(|rule| (rule.rule.clone(), json!(rule.fired))).collect();
        let not_asked: Vec<Value> =
            self.not_asked.iter().map(|(what, why)| json!({ "expectation": what, "why": why })).collect();
        json!({
            "scenario": self.title,
            "distinct_states": report.distinct,
            "edges": report.edges,
            "depth": report.depth,
            "levels": report.levels.len(),
            "states_by_level": report.levels,
            "ends": report.ends,
            "seconds": report.timing.seconds,
            "states_per_second": report.states_per_second(),
            "threads": report.timing.threads,
            "bytes_per_state": report.bytes_per_state(),
            "exhaustive": report.exhaustive,
            "stop": report.stop,
            "unexpanded": report.unexpanded,
            "unexamined": report.unexamined,
            "exact": report.exact,
            "collision_probability": report.collision_probability,
            "symmetry": report.symmetry,
            "reduction": report.reduction,
            "rules": fired,
            "properties": self.findings,
            "not_asked": not_asked,
            "notes": self.notes,
        })
    }

    pub(super) fn text(&self, look: Look) -> String {
        let mut text = String::new();
        let held = self.findings[..self.invariants].iter().filter(|finding| finding.verdict == "proved").count();
        let broken = |finding: &&Finding| finding.verdict == "violated";
        for finding in self.findings[..self.invariants].iter().filter(broken).chain(&self.findings[self.invariants..]) {
            let style = match finding.verdict {
                "proved" | "reached" => PASSED,
                "undecided" => DIM,
                _ => FAILED,
            };
            let _ = writeln!(text, "{:11}  {}", look.paint(style, finding.verdict).to_string(), finding.name);
            if let Some(story) = &finding.story
                && finding.verdict == "violated"
            {
                story.text(&mut text, look);
            }
        }
        let open = self.findings[..self.invariants].iter().filter(|finding| finding.verdict == "undecided").count();
        let open = if open == 0 { String::new() } else { format!(", {open} hold as far as was looked") };
        let _ = writeln!(text, "{held} of {} invariants of the model proved{open}", self.invariants);
        for (what, why) in &self.not_asked {
            let _ = writeln!(text, "{:11}  {what}: {why}", look.paint(DIM, "not asked").to_string());
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        text.push('\n');
        self.summary(&mut text);
        let word = match self.exit() {
            Exit::AsExpected => look.paint(PASSED, "proved"),
            Exit::Bound => look.paint(FAILED, "not exhaustive"),
            Exit::NotAsExpected | Exit::Bug | Exit::Usage | Exit::Mistakes | Exit::InputOutput => {
                look.paint(FAILED, "violated")
            }
        };
        let _ = writeln!(text, "{word}: {}", self.title);
        text
    }

    fn summary(&self, text: &mut String) {
        let report = &self.report;
        let shortcuts = match (report.symmetry, report.reduction) {
            (true, true) => " modulo symmetry, reduced by partial order",
            (true, false) => " modulo symmetry",
            (false, true) => ", reduced by partial order",
            (false, false) => "",
        };
        let _ = writeln!(
            text,
            "generated {}, {}{shortcuts}, depth {}, {}",
            counted(report.edges, "step"),
            counted(report.distinct, "distinct state"),
            report.depth,
            counted(report.ends, "end"),
        );
        let _ = writeln!(
            text,
            "{:.2} s with {}, {:.0} states/s, {:.1} bytes/state",
            report.timing.seconds,
            counted(u64::from(report.timing.threads), "thread"),
            report.states_per_second(),
            report.bytes_per_state()
        );
        if report.exact {
            let _ = writeln!(text, "states are told apart exactly");
        } else {
            let _ = writeln!(
                text,
                "states are told apart by fingerprint: probability of a collision {:.1e}",
                report.collision_probability
            );
        }
        let idle: Vec<&str> = report.idle_rules().collect();
        if !idle.is_empty() {
            let _ = writeln!(text, "never fired: {}", idle.join(", "));
        }
        let why = match report.stop {
            Stop::Exhausted => "everything was covered",
            Stop::Violation => "stopped at the first violation",
            Stop::States => "stopped at the bound on states",
            Stop::Memory => "stopped at the bound on memory",
            Stop::Depth => "stopped at the bound on depth",
            Stop::Time => "stopped at the bound on time",
            Stop::Cancelled => "broken off",
        };
        let more = if report.stop == Stop::States { ", and there was at least one more" } else { "" };
        let left = if report.exhaustive && report.stop == Stop::Exhausted {
            String::new()
        } else if report.exhaustive {
            ": every state was expanded, and not every question about the future answered".to_owned()
        } else {
            let unexpanded = counted(report.unexpanded, "state");
            format!(": {unexpanded} not expanded, {} not examined{more}", report.unexamined)
        };
        let _ = writeln!(text, "{why}{left}");
    }
}

fn story<S: IdSet>(ready: &Ready, universe: &Universe<S>, initial: &str, run: &Run<Scene<S>, Act<S>>) -> Story {
    let mut teller = Teller::new(universe, ready.lowered.seed, &ready.lowered.descriptions);
    let words = |lines: Vec<Line>| lines.into_iter().map(|line| format!("{}: {}", line.subject, line.text)).collect();
    let steps = run.steps.iter().map(|(act, _)| words(teller.tell(act))).collect();
    let at_the_end = words(teller.at_the_end());
    Story { initial: initial.to_owned(), steps, at_the_end, ending: run.ending }
}

impl Story {
    fn text(&self, text: &mut String, look: Look) {
        let dim = |words: &str| look.paint(DIM, words).to_string();
        let _ = writeln!(text, "      {}", dim(&format!("at first: {}", self.initial)));
        let stem = match self.ending {
            Ending::Loop { after } => Some(after),
            Ending::State | Ending::Step | Ending::Stuck | Ending::OutOfReach => None,
        };
        for (number, lines) in (1_u64..).zip(&self.steps) {
            if stem == Some(number - 1) {
                let _ = writeln!(text, "      {}", dim("from here on, again and again:"));
            }
            for (place, line) in lines.iter().enumerate() {
                let label = if place == 0 { number.to_string() } else { String::new() };
                let _ = writeln!(text, "  {label:>4}  {line}");
            }
        }
        for line in &self.at_the_end {
            let _ = writeln!(text, "        {line}");
        }
        let end = match self.ending {
            Ending::State => "and so it is",
            Ending::Step => "the last step is the one that may not be",
            Ending::Stuck => "here it ends",
            Ending::OutOfReach => "from here it can never be",
            Ending::Loop { after } if after == self.steps.len() as u64 => "and nothing changes any more",
            Ending::Loop { .. } => "and again",
        };
        let _ = writeln!(text, "      {}", dim(end));
    }
}

/// What the verdicts do not say although their names might be read so.
fn reservations(ready: &Ready, report: &Report) -> Vec<String> {
    let world = &ready.lowered.world;
    let expected = |wanted: &dyn Fn(&What) -> bool| ready.lowered.expectations.iter().any(|it| wanted(&it.what));
    let mut told = Vec::new();
    let knows_of_loops = report.properties.iter().any(|property| property.kind.needs_graph());
    // Of operators without a limit, and of those whose requests are throttled, attempts are not asked.
    let are_counted = |operator: &OperatorIdx| {
        let operator = &world.operators[operator.index()];
        operator.attempts.is_some() && !operator.requests_throttled
    };
    let is_about_enough =
        |what: &What| matches!(what, What::Attempts { count: (1.., _), operator } if are_counted(operator));
    if expected(&|what| matches!(what, What::Finally { .. })) && report.exhaustive {
        told.push(match (report.ends, knows_of_loops) {
            (0, _) => "no run ends, so that nothing is decided about how runs end",
            (_, true) => {
                "`finally` is asked of the runs that end, and of those that never do by what they visit again and again"
            }
            (_, false) => "`finally` is asked of the runs that end; whether all of them do, `eventually` would ask",
        });
    }
    if expected(&is_about_enough) && report.exhaustive {
        told.push(if knows_of_loops {
            "whether there are enough `attempts` is asked where the operator has stopped, where a run ends, and of runs that never do"
        } else {
            "whether there are enough `attempts` is asked where the operator has stopped and where a run ends; whether it comes to that, `eventually` would ask"
        });
    }
    let is_about_the_future = |what: &What| {
        is_about_enough(what) || matches!(what, What::Eventually { .. } | What::Finally { .. } | What::Possible { .. })
    };
    if world.operators_may_stop_unseen() && expected(&is_about_the_future) {
        told.push(
            "an operator that works in any order may use up its attempts by calls that no state counts, so that what comes of it is never proved",
        );
    }
    told.into_iter().map(str::to_owned).collect()
}
