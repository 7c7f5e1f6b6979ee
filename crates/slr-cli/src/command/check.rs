//! `slr check`.

mod tell;

use std::fs::{self, File};
use std::io::{BufWriter, IsTerminal, Write};
use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use slr_check::lifecycle::{Act, Asked, Expected, ForWidth, Lifecycle, NotAsked, PackedKey, Scene, narrowest, written};
use slr_check::{Bounds, Progress, Run, Settings, Unsound, check};
use slr_core::rejection::Refusal;
use slr_core::{IdSet, Universe};
use slr_scenario::expect::{Outcome, Verdict, What};
use slr_scenario::ledger::Ledger;
use slr_scenario::run::{Output, run};
use slr_scenario::simulation::{Ending, SimTime, Step};
use slr_scenario::trace::record::{Footer, Names};
use slr_scenario::trace::{Header, Recorder};
use slr_scenario::yaml::Span;
use slr_scenario::{Params, Source};

use super::{Assignments, Format, nothing_is_overwritten, stop_on_interrupt};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::report::excerpt;
use crate::scenario::{self, Ready};
use tell::Told;

/// Explore every run of a scenario, in every order and with every answer, and prove what is expected of it or show a run that breaks it.
///
/// Times and shares mean nothing here: what can happen may happen at any time. The invariants of the model and what the scenario
/// expects are asked; the shortest counterexample is told as a story. Nothing of the answer depends on the number of threads. Ctrl-C
/// breaks the exploration off and tells what is known.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr check scenarios/check/common-model.yaml
  slr check scenario.yaml --param n=6 --no-symmetry
  slr check scenario.yaml --liveness            also: every deletion task ends
  slr check scenario.yaml --scenario found.yaml  keep the counterexample; `slr run found.yaml` plays it
  slr check scenario.yaml --max-memory 2GiB --time 10m
")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Check {
    /// A scenario file; `-` is stdin.
    #[arg(value_name = "FILE")]
    path: PathBuf,
    #[command(flatten)]
    assignments: Assignments,
    /// Explore with so many threads; the answer is the same. Default: as many as there are processors.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Count states that differ only in the names of interchangeable resources and sessions once, or refuse to.
    /// Default: where every question allows it.
    #[arg(long, conflicts_with = "no_symmetry")]
    symmetry: bool,
    /// Tell all states apart.
    #[arg(long)]
    no_symmetry: bool,
    /// Of steps whose order no question can tell apart take one order, or refuse to: questions about liveness need all.
    /// Default: where every question allows it.
    #[arg(long, conflicts_with = "no_reduction")]
    reduction: bool,
    /// Take every order of all steps.
    #[arg(long)]
    no_reduction: bool,
    /// Compare whole states instead of fingerprints.
    #[arg(long)]
    exact: bool,
    /// Go on after the first violation.
    #[arg(long)]
    keep_going: bool,
    /// Also ask whether every deletion task ends.
    #[arg(long)]
    liveness: bool,
    /// Do not ask what every single step has to keep.
    #[arg(long)]
    no_step_invariants: bool,
    /// Keep at most so many distinct states.
    #[arg(long, value_name = "N")]
    max_states: Option<u64>,
    /// Hold at most so much memory: `512MiB`, `2GiB`, or bytes.
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    max_memory: Option<u64>,
    /// Go at most so many steps from the beginning.
    #[arg(long, value_name = "N")]
    max_depth: Option<u32>,
    /// Explore at most so long: `30s`, `10m`, `2h`.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    time: Option<Duration>,
    /// Write the counterexample as a trace in JSON Lines, for `slr replay`.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Write the counterexample as a scenario, for `slr run`.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Check {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let files = [("--trace", self.trace.as_deref()), ("--scenario", self.scenario.as_deref())];
        nothing_is_overwritten(&self.path, &files)?;
        let ready = match scenario::load(&self.path, &self.assignments.params()?) {
            Ok(ready) => ready,
            Err(refused) => {
                return console.refuse(&refused);
            }
        };
        console.diagnose(&ready.source, &ready.warnings)?;
        let name = |expected: Expected| excerpt(&ready.source, span_of(&ready, expected));
        let (expected, not_asked) = Asked::expectations(&ready.lowered, name);
        let exploration = Exploration { command: self, ready: &ready, expected, not_asked };
        let told = narrowest(&ready.lowered, exploration)
            .map_err(|error| Failure::Mistakes(format!("{}: {error}", ready.source.name())))??;
        let text = match self.format {
            Format::Text => told.text(console.out_look()),
            Format::Json => {
                let mut text = serde_json::to_string_pretty(&told.json()).map_err(std::io::Error::from)?;
                text.push('\n');
                text
            }
        };
        console.out().write_all(text.as_bytes())?;
        // What was found is worth telling, whatever became of the files.
        match told.unwritten() {
            Some(message) => Err(Failure::InputOutput(message.to_owned())),
            None => Ok(told.exit()),
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds { states: self.max_states, memory: self.max_memory, depth: self.max_depth, time: self.time }
    }

    /// The widest shortcuts under which every answer is right, and what there is to say about those that are not taken.
    fn settings<S: IdSet, K: PackedKey>(
        &self,
        model: &Lifecycle<'_, S, K>,
    ) -> Result<(Settings, Vec<String>), Unsound> {
        let processors = || thread::available_parallelism().ok().and_then(|n| NonZero::<u16>::try_from(n).ok());
        let mut settings = Settings {
            threads: self.threads.and_then(NonZero::new).or_else(processors).unwrap_or(NonZero::<u16>::MIN),
            symmetry: !self.no_symmetry,
            reduction: false,
            exact: self.exact,
            keep_going: self.keep_going,
            bounds: self.bounds(),
        };
        let mut notes = Vec::new();
        if let Err(unsound) = settings.vet(model) {
            if self.symmetry {
                return Err(unsound);
            }
            settings.symmetry = false;
            if unsound != Unsound::NoSymmetry {
                notes.push(format!("symmetry is off: {}", reason(&unsound)));
            }
        }
        if !self.no_reduction {
            settings.reduction = true;
            if let Err(unsound) = settings.vet(model) {
                if self.reduction {
                    return Err(unsound);
                }
                settings.reduction = false;
                if unsound != Unsound::NoReduction {
                    notes.push(format!("partial-order reduction is off: {}", reason(&unsound)));
                }
            }
        }
        Ok((settings, notes))
    }
}

/// What is to be explored in a world of a width that is not yet known.
struct Exploration<'a> {
    command: &'a Check,
    ready: &'a Ready,
    expected: Vec<(Expected, Asked)>,
    not_asked: Vec<NotAsked>,
}

impl ForWidth for Exploration<'_> {
    type Answer = Result<Told, Failure>;

    fn with<S: IdSet, K: PackedKey>(self, universe: &Universe<S>) -> Result<Told, Failure> {
        let Self { command, ready, expected, not_asked } = self;
        let mut asked = Asked::invariants::<S>();
        asked.retain(|asked| !command.no_step_invariants || !matches!(asked, Asked::StepInvariant(_)));
        let invariants = asked.len();
        let (expected, questions): (Vec<_>, Vec<_>) = expected.into_iter().unzip();
        asked.extend(questions);
        if command.liveness {
            asked.extend(universe.roles().filter(|role| universe.is_service_linked(*role)).map(Asked::TasksEnd));
        }
        let model = Lifecycle::<S, K>::new(universe, &ready.lowered, asked)
            .map_err(|error| Failure::Mistakes(format!("{}: {error}", ready.source.name())))?;
        let unsound = |unsound: Unsound| Failure::Usage(refusal(&unsound));
        let (settings, mut notes) = command.settings(&model).map_err(unsound)?;
        notes.extend(times_that_mean_nothing(ready));
        let mut ticker = Ticker::new(stop_on_interrupt()?);
        let checked = check(&model, &settings, &mut |progress| ticker.tick(progress));
        ticker.clear();
        let checked = checked.map_err(unsound)?;
        let violated = |number: &usize| checked.report.properties[*number].verdict.is_violation();
        let shown =
            (0..checked.runs.len()).filter(violated).find_map(|number| Some((number, checked.runs[number].as_ref()?)));
        let mut unwritten = None;
        if let Some((number, run)) = shown {
            let expected = number.checked_sub(invariants).and_then(|place| expected.get(place)).copied();
            let found = Found { run, name: &checked.report.properties[number].name, expected };
            unwritten = command.keep(ready, universe, &found, &mut notes).err();
        } else {
            let files = [&command.trace, &command.scenario];
            notes.extend(
                files
                    .into_iter()
                    .flatten()
                    .map(|path| format!("{} is not written: there is no run to write", path.display())),
            );
        }
        Ok(Told::new(ready, universe, &checked, invariants, &not_asked, notes, unwritten))
    }
}

/// A run that violates something.
struct Found<'a, S> {
    run: &'a Run<Scene<S>, Act<S>>,
    /// What it violates.
    name: &'a str,
    /// What of the scenario that is, if it is something that it expects.
    expected: Option<Expected>,
}

/// Where it is written.
fn span_of(ready: &Ready, expected: Expected) -> Span {
    match expected {
        Expected::Expectation(number) => ready.lowered.expectations.get(number).map(|expectation| expectation.span),
        Expected::Step(number) => ready.scenario.steps.get(number).map(|step| step.span),
    }
    .unwrap_or_default()
}

/// What is left out of the expectations that name a time.
fn times_that_mean_nothing(ready: &Ready) -> Option<String> {
    let is_timed = |what: &What| matches!(what, What::Eventually { within: Some(_), .. });
    let any = ready.lowered.expectations.iter().any(|expectation| is_timed(&expectation.what));
    any.then(|| {
        "how soon something comes true is not asked: `within` means nothing where every timing counts".to_owned()
    })
}

impl Check {
    /// Writes the run to the files that were asked for.
    ///
    /// # Errors
    /// What cannot be written, and why.
    fn keep<S: IdSet>(
        &self,
        ready: &Ready,
        universe: &Universe<S>,
        found: &Found<'_, S>,
        notes: &mut Vec<String>,
    ) -> Result<(), String> {
        let cannot = |path: &Path, error: &std::io::Error| format!("{} cannot be written: {error}", path.display());
        if let Some(path) = &self.trace {
            self.record(path, ready, universe, found.run).map_err(|error| cannot(path, &error))?;
            notes.push(format!("`slr replay {}` proves the run that violates `{}`", path.display(), found.name));
        }
        if let Some(path) = &self.scenario {
            match written(&ready.scenario, &ready.lowered, universe, found.run, found.expected) {
                Ok(scenario) => {
                    let text = slr_scenario::write(&scenario);
                    fs::write(path, &text).map_err(|error| cannot(path, &error))?;
                    notes.push(format!("`slr run {}` {}", path.display(), played(text, found)));
                }
                Err(unsayable) => notes.push(format!("{} was not written: {unsayable}", path.display())),
            }
        }
        Ok(())
    }

    fn record<S: IdSet>(
        &self,
        path: &Path,
        ready: &Ready,
        universe: &Universe<S>,
        run: &Run<Scene<S>, Act<S>>,
    ) -> std::io::Result<()> {
        let lowered = &ready.lowered;
        let params = self.assignments.assignments.clone();
        let header = Header::new(&lowered.title, lowered.seed, params, ready.source.name(), ready.source.text());
        let names = Names::new(universe);
        let mut recorder = Recorder::begin(&names, BufWriter::new(File::create(path)?), &header)?;
        let mut state = run.initial.state.clone();
        let mut ledger = Ledger::new(universe, lowered.seed, &lowered.descriptions);
        let (mut steps, mut last) = (0, SimTime::ZERO);
        for (number, (act, _)) in (1..).zip(&run.steps) {
            let Some(action) = &act.action else { continue };
            let mut events = Vec::new();
            let refused = match universe.apply(&mut state, action, &mut |event| events.push(event)) {
                Ok(()) => None,
                Err(Refusal::Rejected(rejection)) => Some(rejection),
                Err(Refusal::Impossible(_)) => continue,
            };
            (steps, last) = (steps + 1, SimTime::from_millis(number));
            ledger.enter_step(last, action, &events);
            let step = Step { action, events: &events, refused, script: None, is_repeated: false };
            recorder.step_answered(last, step, &ledger, &state)?;
        }
        recorder.end(&Footer::new(universe, &state, steps, last, Ending::NothingDue))?;
        Ok(())
    }
}

/// What comes of playing the scenario that was written: it is played, so that nobody has to trust it.
fn played<S: IdSet>(text: String, found: &Found<'_, S>) -> String {
    let source = Source::new("the counterexample", text).ok();
    let loaded = source.and_then(|source| slr_scenario::load(&source, &Params::none()).ok());
    let Some(report) = loaded.and_then(|loaded| run(&loaded.lowered, loaded.lowered.seed, Output::Nothing).ok()) else {
        return "cannot play the run: please report it, with the scenario".to_owned();
    };
    let is_undecided = |outcome: &Outcome| outcome.verdict == Verdict::Undecided;
    let fails = match found.expected {
        Some(Expected::Expectation(_)) => report.outcomes.first().is_some_and(|outcome| !outcome.passed()),
        Some(Expected::Step(_)) => report.step_outcomes.iter().flatten().any(|outcome| !outcome.passed()),
        None => report.broken.is_some(),
    };
    match (fails, found.expected) {
        (true, _) => format!("plays the run, and fails `{}`", found.name),
        (false, Some(Expected::Expectation(_))) if report.outcomes.first().is_some_and(is_undecided) => {
            format!("plays the run, which alone does not decide `{}`", found.name)
        }
        (false, Some(_)) => {
            format!("plays the run, and does not fail `{}`: please report it, with the scenario", found.name)
        }
        (false, None) => format!("plays the run that violates `{}`", found.name),
    }
}

/// Says on a terminal how far an exploration has come, and breaks it off on Ctrl-C.
struct Ticker {
    shown: Option<Instant>,
    is_terminal: bool,
    stop: Arc<AtomicBool>,
}

impl Ticker {
    fn new(stop: Arc<AtomicBool>) -> Self {
        Self { shown: None, is_terminal: std::io::stderr().is_terminal(), stop }
    }

    fn tick(&mut self, progress: &Progress) -> ControlFlow<()> {
        let due = self.shown.is_none_or(|shown| shown.elapsed() >= Duration::from_millis(200));
        if self.is_terminal && due {
            self.shown = Some(Instant::now());
            // A lost terminal is no reason to stop.
            let _ = write!(std::io::stderr(), "\r\x1b[K{}", how_far(progress));
        }
        if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn clear(&self) {
        if self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// How far an exploration has come, in a line.
fn how_far(progress: &Progress) -> String {
    let millis = u64::try_from(progress.elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = progress.distinct.saturating_mul(1000) / millis;
    let Progress { distinct, level, waiting, bytes, .. } = progress;
    format!("{distinct} states, {waiting} to expand, depth {level}, {rate} states/s, {} MiB", bytes >> 20)
}

/// What is said where a shortcut is asked for that would answer wrongly, with the way out.
fn refusal(unsound: &Unsound) -> String {
    let way_out = match unsound {
        Unsound::NoSymmetry => "leave `--symmetry` out",
        Unsound::PropertyBreaksSymmetry(_) | Unsound::FairnessBreaksSymmetry(_) => {
            "leave `--symmetry` out, or that question"
        }
        Unsound::NoReduction => "leave `--reduction` out",
        Unsound::ReductionLosesProperty(_) => "leave `--reduction` out, or that question",
    };
    format!("{unsound}; {way_out}")
}

/// Why a shortcut is not taken.
fn reason(unsound: &Unsound) -> String {
    match unsound {
        Unsound::NoSymmetry => "there are no interchangeable individuals".to_owned(),
        Unsound::PropertyBreaksSymmetry(name) => format!("`{name}` is about one of the interchangeable individuals"),
        Unsound::FairnessBreaksSymmetry(name) => format!("`{name}` relies on fairness to each of the individuals"),
        Unsound::NoReduction => "there is no step whose order can be left out".to_owned(),
        Unsound::ReductionLosesProperty(name) => format!("it leaves out steps or runs that decide `{name}`"),
    }
}

fn memory(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| format!("`{text}` is no size; write `512MiB` or `2GiB`"))?;
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(format!("`{unit}` is no unit of memory; there are B, KiB, MiB, GiB and TiB")),
    };
    number.checked_mul(factor).ok_or_else(|| format!("`{text}` is more than there can be"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| format!("`{text}` is no duration; write `30s` or `10m`"))?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" => return Err(format!("`{text}` lacks a unit; there are ms, s, m, h and d")),
        _ => return Err(format!("`{unit}` is no unit of time; there are ms, s, m, h and d")),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| format!("`{text}` is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_has_come() {
        let elapsed = Duration::from_millis(2_500);
        let progress = Progress { level: 7, distinct: 5_000, edges: 40_000, waiting: 900, bytes: 3 << 20, elapsed };
        assert_eq!(how_far(&progress), "5000 states, 900 to expand, depth 7, 2000 states/s, 3 MiB");
        let at_first = Progress { level: 0, distinct: 1, edges: 0, waiting: 1, bytes: 0, elapsed: Duration::ZERO };
        assert_eq!(how_far(&at_first), "1 states, 1 to expand, depth 0, 1000 states/s, 0 MiB");
    }

    #[test]
    fn it_goes_on_until_somebody_breaks_it_off() {
        let stop = Arc::new(AtomicBool::new(false));
        let mut ticker = Ticker { shown: None, is_terminal: false, stop: Arc::clone(&stop) };
        let progress =
            Progress { level: 1, distinct: 2, edges: 2, waiting: 1, bytes: 9, elapsed: Duration::from_secs(1) };
        assert_eq!(ticker.tick(&progress), ControlFlow::Continue(()));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(ticker.tick(&progress), ControlFlow::Break(()));
        assert!(ticker.shown.is_none(), "nothing is shown where nobody looks");
    }

    #[test]
    fn sizes_and_durations_have_units() {
        assert_eq!(memory("2GiB"), Ok(2 << 30));
        assert_eq!(memory("17"), Ok(17));
        assert!(memory("2GB").is_err() && memory("GiB").is_err() && memory("99999999999TiB").is_err());
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        assert_eq!(duration("90"), Err("`90` lacks a unit; there are ms, s, m, h and d".to_owned()));
        assert!(duration("s").is_err() && duration("1w").is_err());
    }
}
