//! `slr test`.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};

use slr_scenario::Params;
use slr_scenario::diagnostic::Look;
use slr_scenario::run::{Output, Report, RunError, run};
use slr_scenario::trace::Header;
use slr_scenario::trace::text::first_difference;

use super::run::verdict_text;
use crate::console::{Console, DIM, FAILED, PASSED};
use crate::exit::{Exit, Failure};
use crate::report::Verdicts;
use crate::scenario::{self, Ready};

/// Play all scenarios of a directory, a line each, and tell which did not go as expected.
///
/// A trace that lies beside its scenario (`a.trace` beside `a.yaml`) is compared with the run, line by line: a pinned trace shows
/// what a change of the scenario, or of slr, changes. Folders called `broken` are left out, for theirs are to be refused.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr test scenarios
  slr test scenarios --update                 pin the traces as they are now
  slr test scenarios --junit report.xml       for a build server
")]
pub(crate) struct Test {
    /// Scenario files, or directories of them.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Write the traces beside the scenarios, new ones and changed ones, of all that go as expected.
    #[arg(long)]
    update: bool,
    /// Also write the results as `JUnit` XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Play so many scenarios at a time; the output is the same. Default: as many as there are processors.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
}

/// What became of a file.
#[derive(Debug)]
struct Tested {
    exit: Exit,
    title: String,
    /// Why it did not go as expected.
    details: String,
    /// How many of its expectations a run does not decide.
    undecided: usize,
    /// Whether its trace was written.
    wrote: bool,
    time: Duration,
}

impl Test {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        if self.paths.iter().any(|path| path == Path::new("-")) {
            return Err(Failure::Usage("scenarios to test are files; `slr run -` plays one from stdin".to_owned()));
        }
        let files = scenario::files(&self.paths)?;
        let results = self.test_all(&files);
        let width = files.iter().map(|path| path.display().to_string().chars().count()).max().unwrap_or(0);
        let look = console.out_look();
        for (path, tested) in files.iter().zip(&results) {
            let word = if tested.passed() { look.paint(PASSED, "pass") } else { look.paint(FAILED, "FAIL") };
            let path = path.display().to_string();
            let wrote = if tested.wrote { "  (trace written)" } else { "" };
            let open =
                if tested.undecided == 0 { String::new() } else { format!("  ({} undecided)", tested.undecided) };
            let line = format!("{word}  {path:width$}  {}{open}{wrote}", look.paint(DIM, &tested.title));
            writeln!(console.out(), "{}", line.trim_end())?;
            for line in tested.details.lines() {
                writeln!(console.out(), "{}", format!("      {line}").trim_end())?;
            }
        }
        let (failed, all) = (results.iter().filter(|tested| !tested.passed()).count(), results.len());
        if failed == 0 {
            writeln!(console.out(), "{}: {all} of {all} scenarios", look.paint(PASSED, "passed"))?;
        } else {
            writeln!(console.out(), "{}: {failed} of {all} scenarios", look.paint(FAILED, "failed"))?;
        }
        if let Some(path) = &self.junit {
            write_junit(path, &files, &results)?;
        }
        Ok(results.iter().map(|tested| tested.exit).max().unwrap_or(Exit::AsExpected))
    }

    /// Tests all files, some at a time; the results are in the order of the files.
    fn test_all(&self, files: &[PathBuf]) -> Vec<Tested> {
        let wanted = self.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get);
        let next = AtomicUsize::new(0);
        let results: Mutex<Vec<(usize, Tested)>> = Mutex::new(Vec::with_capacity(files.len()));
        thread::scope(|scope| {
            for _ in 0..wanted.min(files.len()) {
                scope.spawn(|| {
                    while let number = next.fetch_add(1, Ordering::Relaxed)
                        && let Some(path) = files.get(number)
                    {
                        let tested = self.test(path);
                        results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((number, tested));
                    }
                });
            }
        });
        let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        results.sort_by_key(|(number, _)| *number);
        results.into_iter().map(|(_, tested)| tested).collect()
    }

    fn test(&self, path: &Path) -> Tested {
        let begun = Instant::now();
        let (exit, title, details, wrote, undecided) = match scenario::load(path, &Params::none()) {
            Err(refused) => (refused.exit(), String::new(), refused.text(Look::Plain), false, 0),
            Ok(ready) => match play(&ready) {
                Err(error) => (Exit::Mistakes, ready.lowered.title, error.to_string(), false, 0),
                Ok((report, trace)) => {
                    let verdicts = Verdicts::new(&ready, &report);
                    let (exit, details, wrote) = self.judge(path, &verdicts, &trace);
                    (exit, ready.lowered.title, details, wrote, verdicts.undecided())
                }
            },
        };
        Tested { exit, title, details, wrote, undecided, time: begun.elapsed() }
    }

    /// Judges a run by what was expected of it, and then by its pinned trace.
    fn judge(&self, path: &Path, verdicts: &Verdicts, trace: &str) -> (Exit, String, bool) {
        if !verdicts.passed() {
            let mut details: String = verdicts.failures().map(|verdict| verdict_text(verdict, Look::Plain)).collect();
            details.extend(verdicts.broken.iter().chain(&verdicts.standstill).cloned());
            return (verdicts.exit(), details, false);
        }
        let pinned_at = path.with_extension("trace");
        let cannot = |what: &str, error: &io::Error| {
            (Exit::InputOutput, format!("{} cannot be {what}: {error}", pinned_at.display()), false)
        };
        let pinned = match fs::read_to_string(&pinned_at) {
            Ok(pinned) => Some(pinned),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return cannot("read", &error),
        };
        let difference = pinned.as_deref().and_then(|pinned| first_difference(pinned, trace));
        match (difference, &pinned) {
            (None, Some(_)) => (Exit::AsExpected, String::new(), false),
            (None, None) if !self.update => (Exit::AsExpected, String::new(), false),
            (Some(difference), _) if !self.update => {
                let mut details = format!("the trace differs at {}:{}\n", pinned_at.display(), difference.line);
                let end = || "(the end of the trace)".to_owned();
                let _ = writeln!(details, "  pinned  {}", difference.expected.unwrap_or_else(end));
                let _ = writeln!(details, "  now     {}", difference.found.unwrap_or_else(end));
                let _ = writeln!(details, "if it is right as it is now: slr test --update {}", path.display());
                (Exit::NotAsExpected, details, false)
            }
            (None | Some(_), _) => match fs::write(&pinned_at, trace) {
                Ok(()) => (Exit::AsExpected, String::new(), true),
                Err(error) => cannot("written", &error),
            },
        }
    }
}

impl Tested {
    fn passed(&self) -> bool {
        self.exit == Exit::AsExpected
    }
}

/// Plays a scenario and keeps the text of its trace.
fn play(ready: &Ready) -> Result<(Report, String), RunError> {
    let seed = ready.lowered.seed;
    // The name of the file and its text are no part of the trace's text.
    let header = Box::new(Header::new(&ready.lowered.title, seed, Vec::new(), "", ""));
    let mut trace = Vec::new();
    let report = run(&ready.lowered, seed, Output::Text { out: &mut trace, header, look: Look::Plain })?;
    Ok((report, String::from_utf8_lossy(&trace).into_owned()))
}

/// A suite for each directory, a case for each file.
fn write_junit(path: &Path, files: &[PathBuf], results: &[Tested]) -> Result<(), Failure> {
    let mut report = JunitReport::new("slr");
    let mut suites: Vec<TestSuite> = Vec::new();
    for (file, tested) in files.iter().zip(results) {
        let directory = file.parent().unwrap_or(Path::new("")).display().to_string();
        let name = file.file_name().unwrap_or(file.as_os_str()).display().to_string();
        let mut status = match tested.exit {
            Exit::AsExpected => TestCaseStatus::success(),
            Exit::NotAsExpected => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Exit::Usage | Exit::Mistakes | Exit::InputOutput | Exit::Bug | Exit::Bound => {
                TestCaseStatus::non_success(NonSuccessKind::Error)
            }
        };
        if !tested.passed() {
            status.set_message(tested.details.lines().next().unwrap_or_default());
            status.set_description(tested.details.as_str());
        }
        let mut case = TestCase::new(name, status);
        case.set_classname(directory.as_str()).set_time(tested.time);
        match suites.last_mut() {
            Some(suite) if suite.name.as_str() == directory => suite.add_test_case(case),
            Some(_) | None => suites.push_mut(TestSuite::new(directory)).add_test_case(case),
        };
    }
    report.add_test_suites(suites);
    let text = report.to_string().map_err(|error| Failure::InputOutput(error.to_string()))?;
    fs::write(path, text)
        .map_err(|error| Failure::InputOutput(format!("{} cannot be written: {error}", path.display())))
}
