//! Scenarios played from their files, for the tests that look at what came of them.

use std::fmt::Write as _;
use std::path::Path;

use slr_core::Universe;
use slr_scenario::diagnostic::{Look, render};
use slr_scenario::expect::Outcome;
use slr_scenario::ledger::Ledger;
use slr_scenario::lower::Lowered;
use slr_scenario::run::{Output, Report, run};
use slr_scenario::syntax::Scenario;
use slr_scenario::trace::text::TextWriter;
use slr_scenario::trace::{Header, Line, Replayed, replay};
use slr_scenario::{Params, Source, load};

use crate::scenarios;

/// A scenario of the library, ready to be played.
#[derive(Debug)]
pub struct Play {
    /// Its text.
    pub source: Source,
    /// What it says.
    pub scenario: Scenario,
    /// What runs.
    pub lowered: Lowered,
}

impl Play {
    /// Reads the file. Its name is told as it is in the repository, whatever the machine.
    ///
    /// # Panics
    /// With everything that is wrong with it, warnings included.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        Self::with(path, &Params::none())
    }

    /// Reads the file, with values for its parameters.
    ///
    /// # Panics
    /// As [`Play::of`].
    #[must_use]
    pub fn with(path: &Path, params: &Params) -> Self {
        let text = std::fs::read_to_string(path).expect("a scenario can be read");
        Self::made(&name(path), text, params)
    }

    /// Reads a scenario's text.
    ///
    /// # Panics
    /// As [`Play::of`].
    #[must_use]
    pub fn of_text(name: &str, text: impl Into<String>) -> Self {
        Self::made(name, text, &Params::none())
    }

    fn made(name: &str, text: impl Into<String>, params: &Params) -> Self {
        let source = Source::new(name, text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let told = |diagnostics: &[_]| render(&source, diagnostics, Look::Plain);
        let loaded = load(&source, params).unwrap_or_else(|errors| panic!("{}", told(&errors)));
        assert!(loaded.warnings.is_empty(), "{}", told(&loaded.warnings));
        Self { source, scenario: loaded.scenario, lowered: loaded.lowered }
    }

    /// Plays it, and writes the trace as JSON Lines.
    ///
    /// # Panics
    /// If its world contradicts itself.
    #[must_use]
    pub fn record(&self) -> (Report, String) {
        let mut out = Vec::new();
        let output = Output::Record { out: &mut out, header: Box::new(self.header()) };
        let report = run(&self.lowered, self.lowered.seed, output).expect("the scenario can be played");
        (report, String::from_utf8(out).expect("a trace is text"))
    }

    /// Plays it, and tells the story with what became of each expectation.
    ///
    /// # Panics
    /// If its world contradicts itself.
    #[must_use]
    pub fn story(&self) -> String {
        // The story is the same whichever version tells it.
        let header = Header { version: "any".to_owned(), ..self.header() };
        let world = &self.lowered.world;
        let mut writer = TextWriter::begin(Vec::new(), &header, world, self.lowered.plan.until, Look::Plain)
            .expect("memory takes all");
        let mut tell = |at, line: Line| writer.line(at, &line).expect("memory takes all");
        let report =
            run(&self.lowered, self.lowered.seed, Output::Story(&mut tell)).expect("the scenario can be played");
        let out = writer.end(report.steps, report.last, report.ending, report.broken).expect("memory takes all");
        let mut text = String::from_utf8(out).expect("a trace is text");
        text.push('\n');
        for (expectation, outcome) in self.lowered.expectations.iter().zip(&report.outcomes) {
            let _ = writeln!(text, "{}", self.verdict(expectation.span.range(), outcome));
        }
        text
    }

    fn header(&self) -> Header {
        Header::new(&self.lowered.title, self.lowered.seed, Vec::new(), self.source.name(), self.source.text())
    }

    /// What became of an expectation, with the words of the file.
    fn verdict(&self, range: std::ops::Range<usize>, outcome: &Outcome) -> String {
        let words: Vec<&str> = self.source.text()[range].split_whitespace().collect();
        let when =
            outcome.decided.map_or("at the end".to_owned(), |(at, action)| format!("by action {action} at {at}"));
        let found = outcome.found.as_ref().map_or(String::new(), |found| format!(": {found}"));
        format!("{}  {}  {when}{found}", if outcome.passed() { "pass" } else { "FAIL" }, words.join(" "))
    }
}

/// Plays a trace again from nothing but itself.
///
/// # Errors
/// The first difference.
///
/// # Panics
/// If the scenario in the trace is none.
pub fn play_again(trace: &str) -> Result<Replayed, replay::Difference> {
    let mut lines = trace.lines();
    let header = replay::header(lines.next().unwrap_or_default())?;
    let play = Play::of_text(&header.file, header.source);
    let universe = Universe::<u64>::new(play.lowered.world).expect("the scenario's world begins");
    let ledger = Ledger::new(&universe, header.seed, &play.lowered.descriptions);
    replay::replay(&universe, ledger, lines).map(|(replayed, _)| replayed)
}

/// A scenario's path in the library, with slashes.
///
/// # Panics
/// If the file is not in the library.
#[must_use]
pub fn name(path: &Path) -> String {
    let library = scenarios().canonicalize().expect("the library is there");
    let path = path.canonicalize().expect("the scenario is there");
    let parts = path.strip_prefix(library).expect("the scenario is in the library").components();
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
