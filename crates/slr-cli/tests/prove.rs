//! Checking, sweeping and shrinking at the command line: what no printed example can show, because files are written on the way, or
//! several calls are compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An operator with a bug, in a campaign with much that plays no part.
const CAMPAIGN: &str = include_str!("cmd/shrink.in/campaign.yaml");

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the package lies in the workspace's crates/")
}

/// A directory of the test's own, empty.
fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prove").join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory).expect("an earlier run's directory can be removed");
    }
    fs::create_dir_all(&directory).expect("the directory can be made");
    directory
}

/// Writes a file and gives its name as an argument.
fn file(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    fs::write(&path, text).expect("the file can be written");
    argument(&path)
}

fn argument(path: &Path) -> String {
    path.to_str().expect("the directory of the tests has a name in UTF-8").to_owned()
}

/// What `slr` did with the arguments, those of the first text split at its spaces, from the root of the workspace.
fn slr(arguments: &str, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slr"));
    command.args(arguments.split_whitespace()).args(more).current_dir(workspace()).env_remove("CLICOLOR_FORCE");
    command.output().expect("slr can be started")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("slr ended by itself")
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("output is text")
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("output is text")
}

mod shrinking {
    use super::*;

    /// The scenario at the end of what was printed.
    fn scenario(printed: &str) -> Option<&str> {
        printed.find("\nscenario: ").map(|place| &printed[place + 1..])
    }

    #[test]
    fn a_run_that_fails_comes_with_a_small_one_that_fails() {
        let directory = directory("run");
        let campaign = file(&directory, "campaign.yaml", CAMPAIGN);
        let failed = slr("run", &[&campaign, "--seed", "3"]);
        assert_eq!(code(&failed), 1);
        let small = scenario(out(&failed)).expect("a scenario was printed");
        let by_hand = slr("shrink", &[&campaign, "--seed", "3"]);
        assert_eq!(small, out(&by_hand), "what is done by itself is what is done by hand");
        let small = file(&directory, "small.yaml", small);
        let again = slr("run --no-shrink", &[&small]);
        assert_eq!(code(&again), 1);
        assert!(out(&again).contains("FAIL  always: role-gone, while: operator-done"), "{}", out(&again));
        assert!(out(&again).contains("4 of 4 steps as scripted") && scenario(out(&again)).is_none());
        assert!(scenario(out(&slr("run --quiet", &[&campaign]))).is_none());
    }

    #[test]
    fn a_trace_stays_alone_on_stdout() {
        let campaign = file(&directory("jsonl"), "campaign.yaml", CAMPAIGN);
        let failed = slr("run --format jsonl", &[&campaign]);
        assert!(out(&failed).lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
        assert!(scenario(err(&failed)).is_some(), "{}", err(&failed));
    }

    #[test]
    fn what_passes_is_not_shrunk() {
        let path = "scenarios/reporting/six-resources-five-reported.yaml";
        assert!(scenario(out(&slr("run", &[path]))).is_none());
        assert!(scenario(out(&slr("sweep --seeds 0..10", &[path]))).is_none());
    }

    #[test]
    fn a_sweep_that_fails_comes_with_its_first_failure_made_small() {
        let directory = directory("sweep");
        let campaign = file(&directory, "campaign.yaml", CAMPAIGN);
        let failed = slr("sweep --seeds 5..25", &[&campaign]);
        assert_eq!(code(&failed), 1);
        let small = scenario(out(&failed)).expect("a scenario was printed");
        assert!(out(&failed).contains("# the first run that fails has the seed 5\n"), "{}", out(&failed));
        assert_eq!(small, out(&slr("shrink --seed 5", &[&campaign])));
        assert_eq!(out(&failed), out(&slr("sweep --seeds 5..25 --threads 3", &[&campaign])));
        assert!(scenario(out(&slr("sweep --seeds 5..25 --no-shrink", &[&campaign]))).is_none());
        let rows = slr("sweep --seeds 5..25 --format csv", &[&campaign]);
        assert_eq!(out(&rows).lines().count(), 21, "rows are for programs: {}", out(&rows));
        assert_eq!(scenario(err(&rows)), Some(small));
    }

    #[test]
    fn of_variants_the_one_that_fails_is_made_small() {
        let campaign = file(&directory("variants"), "campaign.yaml", CAMPAIGN);
        let vary = "operators.admin.takes-empty-report-for=in-use,unused";
        let failed = slr("sweep --seeds 0..5 --vary", &[vary, &campaign]);
        let said = "fails with operators.admin.takes-empty-report-for=unused has the seed 0\n";
        assert!(out(&failed).contains(said), "{}", out(&failed));
    }

    #[test]
    fn a_scenario_is_written_to_a_file() {
        let directory = directory("output");
        let campaign = file(&directory, "campaign.yaml", CAMPAIGN);
        let small = argument(&directory.join("small.yaml"));
        let shrunk = slr("shrink --output", &[&small, &campaign]);
        assert_eq!((code(&shrunk), out(&shrunk)), (1, ""));
        assert_eq!(fs::read_to_string(small).expect("it was written"), out(&slr("shrink", &[&campaign])));
        let nowhere = argument(&directory.join("nowhere").join("small.yaml"));
        assert_eq!(code(&slr("shrink --output", &[&nowhere, &campaign])), 4);
    }
}
