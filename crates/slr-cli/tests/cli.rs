//! The command line as people and programs meet it: what is printed, where, and how it ends.
//!
//! The examples of the README and of `cmd/` are run as they stand; `TRYCMD=overwrite cargo test -p slr-cli` writes down what is printed
//! now. They are tests of this package because Cargo builds a program for the tests of its own package alone.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SLR: &str = env!("CARGO_BIN_EXE_slr");

/// A scenario that passes.
const PASSES: &str = "\
scenario: A role is deleted
services: { gadgets.example.com: { role: AWSServiceRoleForGadgets } }
given: [{ role: AWSServiceRoleForGadgets }]
steps: [{ at: 1s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForGadgets }]
expect: [{ eventually: role-gone, role: AWSServiceRoleForGadgets }]
";

/// Scenarios in which one thing leads to another for ever at one moment.
const STANDSTILLS: [&str; 3] = [
    "\
scenario: A clean-up that fails at once is called for at once
services: { gadgets.example.com: { role: AWSServiceRoleForGadgets, kinds: { gadget: {} } } }
given:
  - role: AWSServiceRoleForGadgets
  - resources: { kind: gadget }
  - sessions: { role: AWSServiceRoleForGadgets }
delays: { clean-up: 0s, session-end: 2m }
operators: { admin: { goal: { delete: AWSServiceRoleForGadgets }, retry: { every: 0s } } }
expect: [{ never: role-gone }]
",
    "\
scenario: Sessions that take no time
services: { gadgets.example.com: { role: AWSServiceRoleForGadgets } }
given: [{ role: AWSServiceRoleForGadgets }, { sessions: { role: AWSServiceRoleForGadgets, reopens: true } }]
delays: { session-end: 0s, session-open: 0s }
",
    "\
scenario: Requests without a wait
services: { gadgets.example.com: { role: AWSServiceRoleForGadgets, kinds: { gadget: {} } } }
given: [{ role: AWSServiceRoleForGadgets }, { resources: { kind: gadget } }]
delays: { task-start: 0s, task-decision: 0s }
operators:
  admin: { goal: { delete: AWSServiceRoleForGadgets }, cleans: nothing, polls: at-once, retry: { every: 0s } }
",
];

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the package lies in the workspace's crates/")
}

/// A directory of the test's own.
fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory).expect("an earlier run's directory can be removed");
    }
    fs::create_dir_all(&directory).expect("the directory can be made");
    directory
}

fn file(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).expect("the file can be written");
    path
}

fn slr<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(SLR);
    command.args(arguments).current_dir(workspace()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

fn run<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    slr(arguments).output().expect("slr can be started")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the directory of the tests has a name in UTF-8")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("slr ended by itself")
}

#[test]
fn examples_print_what_they_say() {
    // The examples name files from the root of the workspace. No other test of this file looks at the working directory.
    std::env::set_current_dir(workspace()).expect("the workspace is there");
    trycmd::TestCases::new()
        .register_bin("slr", Path::new(SLR))
        .case("README.md")
        .case("crates/slr-cli/tests/cmd/*.trycmd");
}

mod exit_codes {
    use super::*;

    #[test]
    fn zero_when_everything_comes_as_expected() {
        let path = file(&directory("exit-0"), "passes.yaml", PASSES);
        assert_eq!(code(&run(["run", text(&path)])), 0);
    }

    #[test]
    fn one_when_an_expectation_fails_or_a_step_or_a_trace_differs() {
        let directory = directory("exit-1");
        let expectation = file(&directory, "expectation.yaml", &PASSES.replace("eventually", "never"));
        assert_eq!(code(&run(["run", text(&expectation)])), 1);
        assert_eq!(code(&run(["test", text(&expectation)])), 1);
        let step = PASSES.replace(
            "role: AWSServiceRoleForGadgets }]\nexpect",
            "role: AWSServiceRoleForGadgets, refused: AccessDenied }]\nexpect",
        );
        assert_ne!(step, PASSES);
        assert_eq!(code(&run(["run", text(&file(&directory, "step.yaml", &step))])), 1);

        let passes = file(&directory, "passes.yaml", PASSES);
        let trace =
            String::from_utf8(run(["run", text(&passes), "--format", "jsonl"]).stdout).expect("a trace is text");
        let other = trace.replacen("\"at\":1000000000", "\"at\":1000000001", 1);
        assert_eq!(code(&run(["replay", text(&file(&directory, "same.jsonl", &trace))])), 0);
        let moved = run(["replay", text(&file(&directory, "other.jsonl", &other))]);
        assert_eq!(code(&moved), 0, "when an action happens is chance: the rules know no time");
        let apart = format!("{trace}\n\n{trace}\n");
        assert_eq!(
            code(&run(["replay", text(&file(&directory, "apart.jsonl", &apart))])),
            0,
            "empty lines say nothing"
        );
        let other = trace.replacen("TaskSubmitted", "TaskReturned", 1);
        assert_eq!(code(&run(["replay", text(&file(&directory, "other.jsonl", &other))])), 1);
    }

    #[test]
    fn two_when_the_command_line_makes_no_sense() {
        assert_eq!(code(&run([])), 2);
        assert_eq!(code(&run(["plya"])), 2);
        assert_eq!(code(&run(["run"])), 2);
        assert_eq!(code(&run(["run", "scenarios", "--param", "n"])), 2);
        assert_eq!(code(&run(["draw", "nothing"])), 2);
        assert_eq!(code(&run(["explain", "nothing"])), 2);
        assert_eq!(code(&run(["test", text(&directory("exit-2"))])), 2, "there is no scenario");
    }

    #[test]
    fn three_when_a_scenario_or_a_trace_has_mistakes() {
        let directory = directory("exit-3");
        let wrong = file(&directory, "wrong.yaml", &PASSES.replace("given", "gvien"));
        for command in ["run", "test", "validate", "draw"] {
            assert_eq!(code(&run([command, text(&wrong)])), 3, "{command}");
        }
        assert_eq!(code(&run(["replay", text(&wrong)])), 3);
        let both =
            run(["run", text(&wrong), text(&file(&directory, "fails.yaml", &PASSES.replace("eventually", "never")))]);
        assert_eq!(code(&both), 3, "of several codes the highest");
    }

    #[test]
    fn four_when_something_cannot_be_read_or_written() {
        let directory = directory("exit-4");
        let missing = directory.join("missing.yaml");
        for command in ["run", "test", "validate", "replay", "draw"] {
            assert_eq!(code(&run([command, text(&missing)])), 4, "{command}");
        }
        let there = file(&directory, "there.yaml", PASSES);
        assert_eq!(code(&run(["new", text(&there)])), 4);
        assert_eq!(fs::read_to_string(&there).expect("it is still there"), PASSES, "nothing is overwritten");
        let nowhere = directory.join("no").join("report.xml");
        assert_eq!(code(&run(["test", text(&there), "--junit", text(&nowhere)])), 4);
        assert_eq!(code(&run(["man", "--out", text(&there)])), 4);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn four_when_the_disk_is_full() {
        let path = file(&directory("exit-4-full"), "passes.yaml", PASSES);
        for format in ["text", "jsonl"] {
            let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("the system has a full device");
            let output =
                slr(["run", text(&path), "--format", format]).stdout(full).output().expect("slr can be started");
            assert_eq!(code(&output), 4, "{format}");
        }
    }

    #[test]
    fn six_when_time_stands_still() {
        let directory = directory("exit-6-standstill");
        for (number, scenario) in STANDSTILLS.into_iter().enumerate() {
            let path = file(&directory, &format!("{number}.yaml"), scenario);
            let path = text(&path);
            let commands: [&[&str]; 4] = [&["run"], &["test"], &["sweep", "--seeds", "0..2"], &["shrink"]];
            for command in commands {
                let output = run(command.iter().copied().chain([path]));
                let told = [output.stdout.as_slice(), &output.stderr].map(String::from_utf8_lossy).concat();
                assert!(told.contains("time stands still"), "{command:?}: {scenario}");
                assert_eq!(code(&output), 6, "{command:?}: {scenario}");
            }
        }
    }
}

/// A scenario whose trace is far longer than what a pipe holds.
fn endless(directory: &Path) -> PathBuf {
    let sessions = "  - sessions: { role: AWSServiceRoleForGadgets, count: 20, reopens: true }\n";
    let given = format!("given:\n  - role: AWSServiceRoleForGadgets\n{sessions}until: 300d\n");
    let text = PASSES.replace("given: [{ role: AWSServiceRoleForGadgets }]\n", &given);
    assert_ne!(text, PASSES);
    file(directory, "endless.yaml", &text)
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let path = endless(&directory("closed-pipe"));
    for format in ["text", "jsonl"] {
        let mut child = slr(["run", text(&path), "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("slr can be started");
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
        reader.read_line(&mut line).expect("it writes a line");
        drop(reader);
        let mut said = String::new();
        child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("it is text");
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{format}");
        assert_eq!(said, "", "{format}");
    }
}

#[test]
fn every_command_bears_a_reader_that_is_not_there() {
    for arguments in [
        vec!["--help"],
        vec!["help", "run"],
        vec!["schema"],
        vec!["explain"],
        vec!["man"],
        vec!["completions", "bash"],
        vec!["draw", "role"],
        vec!["exit-codes"],
        vec!["new", "-"],
        vec!["test", "scenarios/sessions"],
        vec!["validate", "scenarios/sessions"],
    ] {
        let mut child = slr(arguments.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("slr can be started");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(code(&output), 0, "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn json_lines_are_alone_on_stdout() {
    let directory = directory("jsonl");
    let fails = file(&directory, "fails.yaml", &PASSES.replace("eventually", "never"));
    let output = run(["run", text(&fails), "--format", "jsonl"]);
    let trace = String::from_utf8(output.stdout).expect("a trace is text");
    for line in trace.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    assert!(String::from_utf8_lossy(&output.stderr).contains("FAIL  never: role-gone"));
    let output = run(["run", text(&fails), "--format", "jsonl", "--quiet"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), trace, "the trace is the result, however quiet the rest is");
}

#[test]
fn colour_is_for_terminals_and_for_who_insists() {
    let path = file(&directory("colour"), "passes.yaml", PASSES);
    let has_colour = |command: &mut Command| {
        let output = command.output().expect("slr can be started");
        output.stdout.windows(2).any(|bytes| bytes == b"\x1b[")
    };
    assert!(!has_colour(&mut slr(["run", text(&path)])), "a pipe is no terminal");
    assert!(has_colour(&mut slr(["run", text(&path), "--color", "always"])));
    assert!(has_colour(slr(["run", text(&path)]).env("CLICOLOR_FORCE", "1")));
    assert!(!has_colour(slr(["run", text(&path)]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
    assert!(!has_colour(slr(["run", text(&path), "--color", "never"]).env("CLICOLOR_FORCE", "1")));
    assert!(!has_colour(&mut slr(["run", text(&path), "--color", "always", "--format", "jsonl"])));
}

#[test]
fn the_same_run_is_the_same_bytes() {
    let path = "scenarios/reporting/six-resources-five-reported.yaml";
    for format in ["text", "jsonl"] {
        let first = run(["run", path, "--format", format]);
        assert!(!first.stdout.is_empty());
        assert_eq!(first.stdout, run(["run", path, "--format", format]).stdout, "{format}");
        assert_ne!(first.stdout, run(["run", path, "--format", format, "--seed", "8"]).stdout, "{format}");
    }
}

#[test]
fn tests_give_the_same_output_with_any_number_of_jobs() {
    let one = run(["test", "scenarios", "--jobs", "1"]);
    assert_eq!(one.stdout, run(["test", "scenarios", "--jobs", "7"]).stdout);
}

#[test]
fn pinned_traces_are_written_compared_and_updated() {
    let directory = directory("pinned");
    let scenario = file(&directory, "passes.yaml", PASSES);
    let trace = directory.join("passes.trace");
    assert_eq!(code(&run(["test", text(&directory)])), 0);
    assert!(!trace.exists(), "nobody asked for a trace");

    assert_eq!(code(&run(["test", text(&directory), "--update"])), 0);
    let pinned = fs::read_to_string(&trace).expect("the trace was written");
    let printed = String::from_utf8(run(["run", text(&scenario)]).stdout).expect("a trace is text");
    assert!(printed.starts_with(&pinned), "what is pinned is what is printed");

    fs::write(&trace, pinned.replace("slr 0", "slr 9")).expect("it can be written");
    assert_eq!(code(&run(["test", text(&directory)])), 0, "another version's trace may be the same");

    fs::write(&trace, pinned.replace("SUCCEEDED", "FAILED")).expect("it can be written");
    let output = run(["test", text(&directory)]);
    assert_eq!(code(&output), 1);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("the trace differs at") && said.contains("IN_PROGRESS -> SUCCEEDED"), "{said}");

    fs::write(&scenario, PASSES.replace("eventually", "never")).expect("it can be written");
    assert_eq!(code(&run(["test", text(&directory), "--update"])), 1);
    let kept = fs::read_to_string(&trace).expect("the trace is there");
    assert!(kept.contains("FAILED"), "a run that fails is not pinned");

    fs::write(&scenario, PASSES).expect("it can be written");
    assert_eq!(code(&run(["test", text(&directory), "--update"])), 0);
    assert_eq!(fs::read_to_string(&trace).expect("the trace is there"), pinned);
}

#[test]
fn results_are_written_for_build_servers() {
    let directory = directory("junit");
    file(&directory, "a.yaml", PASSES);
    file(&directory, "b.yaml", &PASSES.replace("eventually", "never"));
    file(&directory, "c.yaml", &PASSES.replace("given", "gvien"));
    fs::create_dir(directory.join("broken")).expect("it can be made");
    file(&directory.join("broken"), "d.yaml", "scenario:");
    let report = directory.join("report.xml");
    assert_eq!(code(&run(["test", text(&directory), "--junit", text(&report)])), 3);
    let report = fs::read_to_string(report).expect("it was written");
    assert!(report.contains(r#"<testsuites name="slr" tests="3" skipped="0" failures="1" errors="1">"#), "{report}");
    assert!(report.contains("never: role-gone") && report.contains("unknown-key"), "{report}");
}

/// What no single run decides is neither passed nor failed, whoever reads of it.
#[test]
fn what_a_run_leaves_open_is_told_to_programs() {
    let directory = directory("undecided");
    let open = PASSES.replace(
        "role-gone, role: AWSServiceRoleForGadgets }]",
        "role-gone }, { possible: role-gone }, { sometimes: task-failed }]",
    );
    let scenario = file(&directory, "a.yaml", &open);
    let output = run(["run", text(&scenario), "--format", "json"]);
    assert_eq!(code(&output), 0);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let verdicts: Vec<_> = told["expectations"].as_array().expect("a list").iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["pass", "undecided", "undecided"]);
    assert_eq!((&told["undecided"], &told["passed"]), (&2.into(), &true.into()));

    let report = directory.join("report.xml");
    assert_eq!(code(&run(["test", text(&directory), "--junit", text(&report)])), 0);
    let report = fs::read_to_string(report).expect("it was written");
    assert!(report.contains(r#"tests="3" skipped="2" failures="0" errors="0""#), "{report}");
    assert!(report.contains("undecided: possible: role-gone: only the checker can decide it"), "{report}");
}

#[test]
fn colours_are_chosen_for_help_and_mistakes_too() {
    let coloured = |output: &[u8]| output.contains(&0x1b);
    assert!(coloured(&run(["--color", "always", "run", "--help"]).stdout));
    assert!(coloured(&run(["run", "--help", "--color=always"]).stdout));
    assert!(!coloured(&run(["run", "--help", "--color=never"]).stdout));
    assert!(coloured(&run(["--color=always", "run", "--wat"]).stderr));
}

#[test]
fn a_file_is_tested_once_and_has_its_own_trace() {
    let directory = directory("once");
    let scenario = file(&directory, "a.yaml", PASSES);
    let output = run(["test", text(&directory), text(&scenario)]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("passed: 1 of 1"), "{output:?}");
    file(&directory, "a.yml", PASSES);
    let output = run(["test", text(&directory)]);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("would share the trace"), "{output:?}");
}

#[test]
fn the_command_for_a_new_scenario_can_be_copied_and_its_name_is_one() {
    let directory = directory("new-names");
    let at = |name: &str| directory.join(name).display().to_string();
    let output = run(["new", &at("a b's")]);
    assert_eq!(code(&output), 0);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let quoted = format!("'{}'", at("a b's.yaml").replace('\'', r"'\''"));
    assert!(told.ends_with(&format!("play it with: slr run {quoted}\n")), "{told}");
    assert_eq!(code(&run(["new", &at("short.yml")])), 0);
    assert!(directory.join("short.yml").exists());
    for name in [".yaml", ".yml"] {
        let output = run(["new", &at(name)]);
        assert_eq!(code(&output), 2, "{name}");
        assert!(!directory.join(format!("{name}.yaml")).exists(), "{name}");
    }
}

#[test]
fn a_step_that_cannot_happen_says_why_in_the_words_of_scenarios() {
    let scenario = "\
scenario: Too early
given:
  - role: AWSServiceRoleForBatch
operators:
  admin: { goal: { delete: AWSServiceRoleForBatch }, starts: 1d }
steps:
  - { at: 1s, happens: docs-read, operator: admin }
  - { at: 2s, happens: task-starts, role: AWSServiceRoleForBatch }
  - { at: 3s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForBatch }
  - { at: 4s, happens: task-starts, role: AWSServiceRoleForBatch }
  - { at: 4s, happens: task-starts, role: AWSServiceRoleForBatch }
";
    let path = file(&directory("impossible-steps"), "early.yaml", scenario);
    let output = run(["run", text(&path), "--no-shrink"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    for why in [
        "it could not happen: the operator has no reason to read the documentation",
        "it could not happen: the role has no deletion task",
        "it could not happen: the deletion task is IN_PROGRESS",
    ] {
        assert!(told.contains(why), "{why}: {told}");
    }
}

#[test]
fn a_parameter_is_set_once() {
    let directory = directory("twice");
    let scenario = file(&directory, "a.yaml", &format!("params: {{ n: 1 }}\n{PASSES}"));
    for command in ["run", "check", "validate", "sweep", "shrink"] {
        let output = run([command, text(&scenario), "--param", "n=3", "--param", "n=4"]);
        assert_eq!(code(&output), 2, "{command}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("`n` is set twice"), "{output:?}");
    }
}

#[test]
fn kinds_of_built_in_services_are_drawn_by_name() {
    let output = run(["draw", "maintenance-window-task"]);
    assert_eq!(code(&output), 0);
    assert!(String::from_utf8_lossy(&output.stdout).contains("on-service-linked-role (blocks)"), "{output:?}");
    let output = run(["draw", "instance"]);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("sso.amazonaws.com#instance"), "{output:?}");
    assert_eq!(code(&run(["draw", "sso.amazonaws.com#instance"])), 0);
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = directory("man");
    assert_eq!(code(&run(["man", "--out", text(&directory)])), 0);
    for page in ["slr.1", "slr-run.1", "slr-test.1", "slr-validate.1", "slr-replay.1", "slr-draw.1", "slr-explain.1"] {
        assert!(directory.join(page).exists(), "{page}");
    }
    let page = String::from_utf8(run(["man"]).stdout).expect("a page is text");
    assert!(page.contains("Exit codes:"), "the manual tells the exit codes");
}

#[test]
fn shells_get_their_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(["completions", shell]);
        assert_eq!(code(&output), 0, "{shell}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("validate"), "{shell}");
    }
}

/// A line for people is a service for programs, and no fact of any is without its source or said to be assumed.
#[test]
fn the_catalogue_is_the_same_for_people_and_for_programs() {
    let list = |arguments: &[&str]| {
        let output = Command::new(SLR).arg("catalog").args(arguments).output().expect("slr can be started");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("it is UTF-8")
    };
    let services: serde_json::Value = serde_json::from_str(&list(&["--format", "json"])).expect("it is JSON");
    let services = services.as_array().expect("it is a list");
    let text = list(&[]);
    assert_eq!(services.len(), 128);
    assert!(text.lines().all(|line| line.len() <= 80), "without a terminal it has 80 columns");
    let mut words = text.split_whitespace();
    assert_eq!(words.clone().count(), 2 * services.len());
    for service in services {
        let (principal, role) = (&service["principal"], &service["service"]["role"]);
        assert_eq!((words.next(), words.next()), (principal.as_str(), role.as_str()));
        let told = |key: &str| service[key].as_array().cloned().unwrap_or_default();
        let mut known: Vec<serde_json::Value> = told("assumed");
        known.extend(told("sources").iter().flat_map(|source| source["facts"].as_array().cloned().unwrap()));
        for fact in service.as_object().unwrap().keys() {
            let is_fact = !["arn", "assumed", "evidence", "readings", "service", "sources", "today", "built-in-suffix"]
                .contains(&fact.as_str());
            assert!(!is_fact || known.contains(&fact.as_str().into()), "{principal}: {fact} has no source");
        }
        let one: serde_json::Value =
            serde_json::from_str(&list(&[principal.as_str().unwrap(), "--format", "json"])).expect("it is JSON");
        assert_eq!(one, *service);
    }
}
