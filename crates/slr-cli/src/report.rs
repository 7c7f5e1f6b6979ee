//! What became of the expectations and steps of a scenario, in words.

use serde_json::{Value, json};

use slr_core::rejection::Impossible;
use slr_scenario::Source;
use slr_scenario::expect::{Outcome, Verdict};
use slr_scenario::run::Report;
use slr_scenario::simulation::{Ending, STANDSTILL};
use slr_scenario::yaml::Span;

use crate::exit::Exit;
use crate::scenario::Ready;

/// An expectation or a step, and what became of it.
#[derive(Debug)]
pub(crate) struct Judged {
    /// What the run says of it.
    pub(crate) verdict: Verdict,
    /// As it is written in the scenario.
    pub(crate) what: String,
    /// What decided it.
    pub(crate) why: String,
    /// `file:line:column`.
    pub(crate) place: String,
}

impl Judged {
    /// It in a word, as programs read it.
    const fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Held => "pass",
            Verdict::Undecided => "undecided",
            Verdict::Failed => "fail",
        }
    }
}

/// What became of a run.
#[derive(Debug)]
pub(crate) struct Verdicts {
    /// Of each expectation, in the order of the file.
    pub(crate) expectations: Vec<Judged>,
    /// Of each step that did not go as scripted.
    pub(crate) steps: Vec<Judged>,
    /// An invariant of the model that the run broke.
    pub(crate) broken: Option<String>,
    /// That time stood still.
    pub(crate) standstill: Option<String>,
    scripted: usize,
}

impl Verdicts {
    pub(crate) fn new(ready: &Ready, report: &Report) -> Self {
        let expectations = ready.lowered.expectations.iter().zip(&report.outcomes);
        let expectations = expectations.map(|(expectation, outcome)| Judged {
            verdict: outcome.verdict,
            what: excerpt(&ready.source, expectation.span),
            why: decision(outcome, report),
            place: place(&ready.source, expectation.span),
        });
        let broken = report.broken.map(|(invariant, step)| {
            format!("after action {step} this does not hold: {invariant}; it is a bug of slr")
        });
        let standstill = (report.ending == Ending::Standstill)
            .then(|| format!("time stands still at {}: {STANDSTILL}", report.last));
        Self {
            standstill,
            expectations: expectations.collect(),
            steps: failed_steps(ready, report),
            broken,
            scripted: ready.scenario.steps.len(),
        }
    }

    pub(crate) fn passed(&self) -> bool {
        self.broken.is_none() && self.standstill.is_none() && self.failures().next().is_none()
    }

    /// Everything that did not come as expected.
    pub(crate) fn failures(&self) -> impl Iterator<Item = &Judged> {
        self.expectations.iter().filter(|judged| judged.verdict == Verdict::Failed).chain(&self.steps)
    }

    /// For programs: what became of everything that was expected.
    pub(crate) fn json(&self, scenario: &str, file: &str, seed: u64) -> Value {
        let told = |all: &[Judged]| -> Vec<Value> {
            let one = |judged: &Judged| json!({ "what": judged.what, "verdict": judged.word(), "why": judged.why, "place": judged.place });
            all.iter().map(one).collect()
        };
        json!({
            "scenario": scenario,
            "file": file,
            "seed": seed,
            "passed": self.passed(),
            "undecided": self.undecided().count(),
            "expectations": told(&self.expectations),
            "steps_not_as_scripted": told(&self.steps),
            "broken": self.broken,
            "standstill": self.standstill,
        })
    }

    pub(crate) fn exit(&self) -> Exit {
        if self.broken.is_some() {
            Exit::Bug
        } else if self.standstill.is_some() {
            Exit::Bound
        } else if self.passed() {
            Exit::AsExpected
        } else {
            Exit::NotAsExpected
        }
    }

    /// The expectations that the run did not decide.
    pub(crate) fn undecided(&self) -> impl Iterator<Item = &Judged> {
        self.expectations.iter().filter(|judged| judged.verdict == Verdict::Undecided)
    }

    /// How many came as expected, in words.
    pub(crate) fn summary(&self) -> String {
        let held = self.expectations.iter().filter(|judged| judged.verdict == Verdict::Held).count();
        let of = |good: usize, all: usize, what: &str, how: &str| {
            let plural = if all == 1 { "" } else { "s" };
            format!("{good} of {all} {what}{plural} {how}")
        };
        let mut parts = Vec::new();
        if !self.expectations.is_empty() {
            parts.push(of(held, self.expectations.len(), "expectation", "held"));
        }
        let undecided = self.undecided().count();
        if undecided > 0 {
            parts.push(format!("{undecided} undecided"));
        }
        if self.scripted > 0 {
            parts.push(of(self.scripted - self.steps.len().min(self.scripted), self.scripted, "step", "as scripted"));
        }
        if parts.is_empty() { "nothing was expected".to_owned() } else { parts.join(", ") }
    }
}

/// The first event that decided an outcome, or what was found when the run had ended.
fn decision(outcome: &Outcome, report: &Report) -> String {
    let found = outcome.found.as_deref();
    let facts = |action: u64| {
        let deciding = report.deciding.iter().find(|(number, _)| *number == action);
        let lines = deciding.into_iter().flat_map(|(_, lines)| lines);
        lines.map(|line| format!("{} {}", line.subject, line.text)).collect::<Vec<_>>().join("; ")
    };
    match (outcome.decided, outcome.since) {
        (Some((_, 0)), _) => "from the beginning".to_owned(),
        (Some((at, action)), _) => {
            let when = found.map_or_else(|| format!("at {at}"), str::to_owned);
            format!("{when}, action {action}: {}", facts(action))
        }
        (None, Some((at, action))) if action > 0 => {
            let found = found.map_or_else(String::new, |found| format!("{found}, "));
            format!("at the end: {found}since {at}, action {action}: {}", facts(action))
        }
        (None, Some(_)) if found.is_none() => "at the end: as from the beginning".to_owned(),
        (None, _) if outcome.verdict == Verdict::Undecided => found.unwrap_or_default().to_owned(),
        (None, _) => {
            format!("at the end: {}", found.unwrap_or(if outcome.passed() { "it held" } else { "it did not hold" }))
        }
    }
}

fn failed_steps(ready: &Ready, report: &Report) -> Vec<Judged> {
    let mut failed = Vec::new();
    for (number, step) in (0_u32..).zip(&ready.scenario.steps) {
        let outcome = report.step_outcomes.get(number as usize).and_then(Option::as_ref);
        let unplayable = report.unplayable.iter().find(|unplayable| unplayable.step == number);
        let why = match (outcome, unplayable) {
            (Some(outcome), _) if outcome.passed() => continue,
            (Some(Outcome { found, decided, .. }), _) => {
                let when = decided.map_or_else(String::new, |(at, action)| format!("at {at}, action {action}: "));
                format!("{when}{}", found.as_deref().unwrap_or("it went otherwise"))
            }
            (None, Some(unplayable)) => {
                let why =
                    unplayable.why.map_or_else(|| "there was nothing it could mean".to_owned(), Impossible::reason);
                format!("at {}: it could not happen: {why}", unplayable.at)
            }
            // The run ended before: something else has failed, and says so.
            (None, None) => continue,
        };
        failed.push(Judged {
            verdict: Verdict::Failed,
            what: excerpt(&ready.source, step.span),
            why,
            place: place(&ready.source, step.span),
        });
    }
    failed
}

/// A number of things, in words.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// What is written there, on one line and without the brackets around it.
pub(crate) fn excerpt(source: &Source, span: Span) -> String {
    let text = source.text().get(span.range()).unwrap_or_default().trim();
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let mut line = String::new();
    for part in inner.unwrap_or(text).lines().map(str::trim).filter(|part| !part.is_empty()) {
        if !line.is_empty() {
            // Keys of a block stand below one another, those in brackets have their commas.
            line.push_str(if inner.is_some() || line.ends_with(':') { " " } else { ", " });
        }
        line.push_str(part);
    }
    line
}

/// `file:line:column`.
pub(crate) fn place(source: &Source, span: Span) -> String {
    let position = source.position(span.start);
    format!("{}:{}:{}", source.name(), position.line, position.column)
}

#[cfg(test)]
mod tests {
    use slr_scenario::Params;
    use slr_scenario::run::{Output, run};

    use super::*;
    use crate::scenario::ready;

    #[test]
    fn a_broken_invariant_is_a_bug_whatever_else_came() {
        let text = "scenario: x\nsteps: [{ at: 1s, do: ListRoles }]\n";
        let Ok(ready) = ready(Source::new("x", text).expect("it is small"), &Params::none()) else {
            panic!("the scenario has no mistakes");
        };
        let mut report = run(&ready.lowered, 1, Output::Nothing).expect("it can be played");
        assert_eq!(Verdicts::new(&ready, &report).exit(), Exit::AsExpected);
        report.broken = Some(("nothing breaks", 1));
        let verdicts = Verdicts::new(&ready, &report);
        assert_eq!(verdicts.exit(), Exit::Bug);
        assert!(!verdicts.passed() && verdicts.broken.is_some_and(|text| text.contains("nothing breaks")));
    }

    #[test]
    fn an_excerpt_is_one_line() {
        let text = "- at: 2m\n  do: x\n  answers:\n    status: FAILED\n- { a: 1,\n    b: 2 }\n";
        let source = Source::new("x", text).expect("it is small");
        let all = |from: &str, until: &str| {
            let (start, end) = (text.find(from).expect("it is there"), text.find(until).expect("it is there"));
            excerpt(&source, Span::new(start, end + until.len()))
        };
        assert_eq!(all("at:", "FAILED"), "at: 2m, do: x, answers: status: FAILED");
        assert_eq!(all("{ a", "}"), "a: 1, b: 2");
    }
}
