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

/// What `slr` says when it is interrupted as soon as it listens to that.
#[cfg(target_os = "linux")]
fn interrupted(arguments: &[&str]) -> Output {
    use std::process::Stdio;

    let slr = Command::new(env!("CARGO_BIN_EXE_slr"))
        .args(arguments)
        .current_dir(workspace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("slr can be started");
    // Signal 2 is among those that the process handles.
    let listens = |status: &str| {
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("the kernel says it");
        u64::from_str_radix(caught.trim(), 16).expect("a mask") & 2 != 0
    };
    let status = format!("/proc/{}/status", slr.id());
    while !listens(&fs::read_to_string(&status).expect("it is running")) {
        std::thread::yield_now();
    }
    let interrupted = Command::new("kill").args(["-INT", &slr.id().to_string()]).status();
    assert!(interrupted.expect("kill can be started").success());
    slr.wait_with_output().expect("it ends")
}

mod checking {
    use serde_json::Value;

    use super::*;

    const STRATEGIES: &str = "scenarios/check/strategies.yaml";
    const COMMON: &str = "scenarios/check/common-model.yaml";

    fn json(output: &Output) -> Value {
        serde_json::from_str(out(output)).expect("one object is printed")
    }

    /// Without what differs from run to run.
    fn steady(output: &Output) -> Vec<&str> {
        out(output).lines().filter(|line| !line.contains(" states/s, ")).collect()
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        for arguments in [
            format!("check {COMMON} --param n=3 --param s=2 --no-symmetry"),
            format!("check {STRATEGIES} --param docs=false --keep-going"),
            "check scenarios/check/slow-tear-down.yaml".to_owned(),
            "check scenarios/systems-manager/cancelled-execution.yaml --keep-going --liveness".to_owned(),
            "check crates/slr-cli/tests/cmd/check.in/believes.yaml".to_owned(),
        ] {
            let with = |threads: &str| slr(&arguments, &["--threads", threads]);
            let (one, two, five) = (with("1"), with("2"), with("5"));
            assert_eq!(steady(&one), steady(&two), "{arguments}");
            assert_eq!(steady(&one), steady(&five), "{arguments}");
            let timed = |output: &Output| {
                let mut value = json(output);
                for differs in ["seconds", "states_per_second", "threads"] {
                    value.as_object_mut().expect("an object").remove(differs).expect("it is told");
                }
                value
            };
            let in_json = |threads: &str| timed(&slr(&arguments, &["--threads", threads, "--format", "json"]));
            assert_eq!(in_json("1"), in_json("2"), "{arguments}");
        }
    }

    #[test]
    fn an_object_says_what_a_program_wants_to_know() {
        let output = slr("check --format json --no-symmetry --param docs=true", &[COMMON]);
        let found = json(&output);
        assert_eq!(code(&output), 0);
        assert_eq!((&found["distinct_states"], &found["edges"]), (&317.into(), &1260.into()));
        assert!(found["depth"].is_u64() && found["seconds"].is_f64() && found["exhaustive"] == true);
        assert!(found["rules"]["TaskFails"].as_u64() > Some(0) && found["rules"]["RegionFails"] == 0);
        assert!(err(&output).is_empty(), "nobody looks at a terminal: {}", err(&output));

        let lasso = json(&slr("check --param docs=false --param reports=silent --format json", &[STRATEGIES]));
        let eventually = lasso["properties"].as_array().expect("a list").iter().find(|p| p["kind"] == "eventually");
        let eventually = eventually.expect("it was asked");
        assert_eq!(
            (&eventually["verdict"], &eventually["story"]["ending"]["loop"]["after"]),
            (&"violated".into(), &2.into())
        );
    }

    #[test]
    fn a_counterexample_is_kept_as_a_trace_and_as_a_scenario() {
        let directory = directory("kept");
        for (number, (arguments, fails)) in [
            (format!("{STRATEGIES} --param docs=false"), "eventually: role-gone"),
            (format!("{STRATEGIES} --param docs=false --param reports=silent"), "eventually: role-gone"),
            ("crates/slr-cli/tests/cmd/check.in/believes.yaml".to_owned(), "never: task-failed"),
            ("scenarios/clean-up/fails-while-in-use.yaml".to_owned(), "finally: resource-in"),
            ("scenarios/regions/unavailable.yaml --keep-going".to_owned(), "eventually: resource-in"),
        ]
        .iter()
        .enumerate()
        {
            let trace = argument(&directory.join(format!("{number}.jsonl")));
            let scenario = argument(&directory.join(format!("{number}.yaml")));
            let found = slr(&format!("check {arguments}"), &["--trace", &trace, "--scenario", &scenario]);
            assert_eq!(code(&found), 1, "{arguments}: {}", err(&found));
            let note = format!("note: `slr run {scenario}` plays the run, and fails `{fails}");
            assert!(out(&found).contains(&note), "{arguments}: {}", out(&found));
            let again = slr("run --no-shrink", &[&scenario]);
            assert_eq!(code(&again), 1, "{arguments}");
            assert!(out(&again).contains(&format!("FAIL  {fails}")), "{arguments}: {}", out(&again));
            assert_eq!(code(&slr("replay", &[&trace])), 0, "{arguments}");
        }
    }

    #[test]
    fn what_is_proved_leaves_no_file() {
        let path = directory("proved").join("none.yaml");
        let proved = slr("check --scenario", &[&argument(&path), STRATEGIES]);
        assert_eq!(code(&proved), 0);
        assert!(out(&proved).contains("none.yaml is not written: there is no run to write"), "{}", out(&proved));
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_cannot_be_written_does_not_cost_the_answer() {
        let path = argument(&directory("unwritten").join("nowhere").join("found.yaml"));
        let found = slr("check --param docs=false --scenario", &[&path, STRATEGIES]);
        assert_eq!(code(&found), 4);
        assert!(
            out(&found).contains("violated     eventually: role-gone") && err(&found).contains("cannot be written")
        );
    }

    /// A state of many words is told by its fingerprint, and the summary says how sure that is; or it is compared whole.
    #[test]
    fn wide_states_are_told_apart_by_fingerprint_or_exactly() {
        let text = fs::read_to_string(workspace().join(COMMON)).expect("it is there");
        // One report a failure, not one for each part of two dozen resources.
        let wide = file(&directory("wide"), "wide.yaml", &text.replace("reports: any-subset", "reports: all"));
        let arguments = format!("check {wide} --param n=24 --param s=8 --no-symmetry --max-states 2000 --threads 1");
        let (fingerprints, exact) = (slr(&arguments, &[]), slr(&arguments, &["--exact"]));
        assert_eq!((code(&fingerprints), code(&exact)), (6, 6));
        let said = "states are told apart by fingerprint: probability of a collision ";
        let probability = out(&fingerprints).lines().find_map(|line| line.strip_prefix(said)).expect("it is said");
        let probability: f64 = probability.parse().expect("a number");
        // 2000 states make about two million pairs, of 2^64.
        assert!(probability > 1e-14 && probability < 1e-12, "{probability}");
        assert!(out(&exact).contains("states are told apart exactly\n"));
        let counts =
            |output: &Output| out(output).lines().find(|line| line.starts_with("generated")).map(str::to_owned);
        assert_eq!(counts(&fingerprints), counts(&exact));
    }

    /// What was found until then is told, and that it is not all.
    #[cfg(target_os = "linux")]
    #[test]
    fn ctrl_c_ends_a_check_and_tells_what_is_known() {
        let found = interrupted(&["check", COMMON, "--param", "n=9", "--param", "s=6", "--no-symmetry"]);
        assert_eq!((code(&found), err(&found)), (6, ""));
        let text = out(&found);
        assert!(text.contains("undecided    never: role-gone, while: in-use"), "{text}");
        assert!(text.contains("0 of 20 invariants of the model proved, 20 hold as far as was looked"), "{text}");
        assert!(text.contains("\nbroken off: ") && text.contains(" not expanded, "), "{text}");
        assert!(text.ends_with("\nnot exhaustive: The common model\n"), "{text}");

        let arguments = ["check", COMMON, "--param", "n=9", "--param", "s=6", "--no-symmetry", "--format", "json"];
        let found = json(&interrupted(&arguments));
        assert_eq!((&found["stop"], &found["exhaustive"]), (&"cancelled".into(), &false.into()));
        assert!(found["unexpanded"].as_u64() > Some(0));
    }

    #[test]
    fn memory_is_a_bound_that_is_kept() {
        let arguments = format!("check {COMMON} --param n=5 --param s=2 --param r=3 --no-symmetry --format json");
        let found = json(&slr(&arguments, &["--max-memory", "256KiB"]));
        assert_eq!((&found["stop"], &found["exhaustive"]), (&"memory".into(), &false.into()));
        let states = found["distinct_states"].as_u64().expect("a count");
        let bytes =
            found["bytes_per_state"].as_f64().expect("a ratio") * f64::from(u32::try_from(states).expect("few"));
        let most = 256.0 * 1024.0;
        assert!(bytes <= most && states > 1000, "{bytes} bytes for {states} states");
    }
}

mod sweeping {
    use super::*;

    const GADGETS: &str = "crates/slr-cli/tests/cmd/sweep.in/gadgets.yaml";

    /// A sweep in so many parts, each in a file, in the order of `order`.
    fn in_parts(directory: &Path, sweep: &str, path: &str, order: &[u64]) -> Vec<String> {
        let play = |number: &u64| {
            let part = slr(&format!("sweep {sweep} --shard {number}/{}", order.len()), &[path]);
            file(directory, &format!("{number}-of-{}.part", order.len()), out(&part))
        };
        order.iter().map(play).collect()
    }

    fn merged(format: &str, files: &[String]) -> Output {
        slr(&format!("sweep merge --format {format}"), &files.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// In every format, with failures and without, whatever the number and the order of the parts: the text with what it says of the first
    /// failing seeds and with the small scenario, the rows with their head, what goes to stderr, and the exit code.
    #[test]
    fn parts_merge_to_the_byte() {
        let directory = directory("merged");
        // One of its variants goes on for as long as it may.
        let short = CAMPAIGN.replace("seed: 11", "seed: 11\nuntil: 20m");
        let campaign = file(&directory, "campaign.yaml", &short);
        let vary = "--vary operators.admin.retry.every=10s,30s,2m --param gadgets=4";
        let bug = "--vary operators.admin.takes-empty-report-for=in-use,unused";
        for (path, arguments) in [
            (GADGETS, "--seeds 5..25".to_owned()),
            (GADGETS, format!("--seeds 5..25 {vary}")),
            (&campaign, "--seeds 5..15".to_owned()),
            (&campaign, "--seeds 5..15 --no-shrink".to_owned()),
            (&campaign, format!("--seeds 5..15 {bug}")),
        ] {
            for format in ["text", "json", "csv", "jsonl"] {
                let sweep = format!("{arguments} --format {format}");
                let whole = slr(&format!("sweep {sweep}"), &[path]);
                for order in [&[1][..], &[3, 1, 2]] {
                    let parts = in_parts(&directory, &sweep, path, order);
                    let merged = merged(format, &parts);
                    assert_eq!(out(&merged), out(&whole), "{path} {sweep} in {order:?}");
                    assert_eq!(
                        (err(&merged), code(&merged)),
                        (err(&whole), code(&whole)),
                        "{path} {sweep} in {order:?}"
                    );
                }
            }
        }
    }

    /// More parts than seeds, and variants that take turns within a part and beyond it.
    #[test]
    fn rows_of_many_seeds_and_of_empty_parts_merge_to_the_byte() {
        let directory = directory("many");
        let short = "scenario: Short\nservices: { a.example.com: { role: AWSServiceRoleForA } }\n\
                     given: [{ role: AWSServiceRoleForA }]\nknobs: {}\n";
        let short = file(&directory, "short.yaml", short);
        for (arguments, parts) in [("--seeds 0..3", 5), ("--seeds 7..66000 --vary until=1s,2s", 2)] {
            for format in ["csv", "jsonl"] {
                let sweep = format!("{arguments} --format {format}");
                let whole = slr(&format!("sweep {sweep}"), &[&short]);
                let order: Vec<u64> = (1..=parts).rev().collect();
                let merged = merged(format, &in_parts(&directory, &sweep, &short, &order));
                assert_eq!(code(&merged), 0, "{}", err(&merged));
                assert!(out(&merged) == out(&whole), "{sweep} in {parts} parts");
            }
        }
    }

    /// Rows carry all that was counted, so that they merge into a summary too; a summary has no rows.
    #[test]
    fn rows_merge_into_a_summary_and_not_the_other_way() {
        let directory = directory("rows");
        let rows = in_parts(&directory, "--seeds 0..20 --format csv", GADGETS, &[1, 2]);
        let whole = slr(&format!("sweep {GADGETS} --seeds 0..20 --format json"), &[]);
        assert_eq!(out(&merged("json", &rows)), out(&whole));
        let refused = merged("jsonl", &rows);
        assert_eq!((code(&refused), out(&refused)), (3, ""));
        assert!(
            err(&refused).contains("has no jsonl rows: play it with --shard 1/2 --format jsonl"),
            "{}",
            err(&refused)
        );
        let summaries = in_parts(&directory, "--seeds 0..20", GADGETS, &[1, 2]);
        let refused = merged("csv", &summaries);
        assert!(err(&refused).contains("has no csv rows: play it with --shard 1/2 --format csv"), "{}", err(&refused));
        let text = fs::read_to_string(&rows[0]).expect("it was written");
        let fewer: Vec<&str> = text.lines().enumerate().filter(|(line, _)| *line != 3).map(|(_, line)| line).collect();
        let fewer = file(&directory, "fewer.csv", &(fewer.join("\n") + "\n"));
        assert_eq!(code(&merged("csv", &[fewer, rows[1].clone()])), 3, "a row is missing");
    }

    /// The same scenario may lie elsewhere on another machine; what is told is where the first part has it.
    #[test]
    fn parts_of_a_scenario_in_different_places_merge() {
        let directory = directory("places");
        let places = ["here.yaml", "there.yaml"].map(|name| file(&directory, name, CAMPAIGN));
        let part = |number: u64, path: &str| {
            let part = slr(&format!("sweep --seeds 5..12 --shard {number}/2"), &[path]);
            file(&directory, &format!("{number}.json"), out(&part))
        };
        let parts = [part(1, &places[0]), part(2, &places[1])];
        let whole = slr("sweep --seeds 5..12", &[&places[0]]);
        let merged = merged("text", &parts);
        assert_eq!((out(&merged), code(&merged)), (out(&whole), 1), "{}", err(&merged));
        let changed = file(&directory, "changed.yaml", &CAMPAIGN.replace("A campaign", "Another campaign"));
        let refused = slr("sweep merge", &[&parts[0], &part(2, &changed)]);
        assert!(err(&refused).contains("their scenarios differ"), "{}", err(&refused));
    }

    #[test]
    fn parts_that_do_not_make_a_sweep_are_refused() {
        let directory = directory("refused");
        let part = |name: &str, arguments: &str| {
            let part = slr(&format!("sweep {GADGETS} --no-shrink {arguments}"), &[]);
            file(&directory, name, out(&part))
        };
        let one = part("1.json", "--seeds 0..20 --shard 1/2");
        let two = part("2.json", "--seeds 0..20 --shard 2/2");
        let longer = part("longer.json", "--seeds 0..30 --shard 2/2");
        let other = part("other.json", "--seeds 0..20 --param gadgets=1 --shard 2/2");
        let varied = part("varied.json", "--seeds 0..20 --vary until=1h,2h --shard 2/2");
        for (parts, why) in [
            (vec![&one], "part 2 of 2 is not there"),
            (vec![&one, &one, &two], "part 1 of 2 is there twice"),
            (vec![&one, &longer], "their seeds differ"),
            (vec![&one, &other], "their parameters differ"),
            (vec![&one, &varied], "their variations differ"),
        ] {
            let parts: Vec<&str> = parts.into_iter().map(String::as_str).collect();
            let merged = slr("sweep merge", &parts);
            assert_eq!(code(&merged), 3, "{parts:?}");
            assert!(err(&merged).contains(why), "{parts:?}: {}", err(&merged));
        }
        let forged = fs::read_to_string(&two).expect("it was written").replacen("\"runs\": 10", "\"runs\": 11", 1);
        let forged = file(&directory, "forged.json", &forged);
        let merged = slr("sweep merge", &[&one, &forged]);
        assert_eq!((code(&merged), out(&merged)), (3, ""), "{}", err(&merged));
    }

    /// Some run has to show it, and that is a run of another part.
    #[test]
    fn what_only_some_part_shows_is_decided_by_all() {
        let directory = directory("sometimes");
        let text = "scenario: Early or late\nservices: { a.example.com: { role: AWSServiceRoleForA } }\n\
                    given: [{ role: AWSServiceRoleForA }]\n\
                    delays: { task-start: 1s, task-decision: 1s..10s }\n\
                    steps: [{ at: 1s, do: DeleteServiceLinkedRole, role: AWSServiceRoleForA }]\nuntil: 4s\n";
        let passes = file(&directory, "passes.yaml", &format!("{text}expect: [{{ sometimes: role-gone }}]\n"));
        let seen = |number: u64| {
            let part = slr(&format!("sweep --seeds 0..12 --shard {number}/12"), &[&passes]);
            assert_eq!(code(&part), 0, "{number}: {}", err(&part));
            let note = format!(
                "not seen in part {number} of 12: sometimes: role-gone; all parts together decide, `slr sweep merge`\n"
            );
            assert!(err(&part).is_empty() || err(&part) == note, "{}", err(&part));
            err(&part).is_empty()
        };
        let seen = (1..=12).filter(|number| seen(*number)).count();
        assert!(0 < seen && seen < 12, "some parts show it, and some do not: {seen}");
        let order: Vec<u64> = (1..=12).collect();
        assert_eq!(code(&merged("text", &in_parts(&directory, "--seeds 0..12", &passes, &order))), 0);
        let never = file(&directory, "never.yaml", &format!("{text}expect: [{{ sometimes: task-failed }}]\n"));
        assert_eq!(code(&merged("text", &in_parts(&directory, "--seeds 0..12", &never, &order))), 1);
        assert_eq!(code(&slr("sweep --seeds 0..12 --shard 1/1", &[&never])), 1, "one part is all of them");
    }

    /// Whichever of the parts was played with `--no-shrink`, the whole is that of a sweep with it.
    #[test]
    fn parts_that_were_shrunk_and_others_merge_alike() {
        let directory = directory("mixed");
        let path = file(&directory, "campaign.yaml", &CAMPAIGN.replace("seed: 11", "seed: 11\nuntil: 20m"));
        let part = |number: u64, how: &str| {
            let part = slr(&format!("sweep --seeds 5..15 --shard {number}/2 {how}"), &[&path]);
            assert_eq!(code(&part), 1, "both parts have runs that fail");
            file(&directory, &format!("{number}{how}.json"), out(&part))
        };
        let [plain, other] = ["", "--no-shrink"].map(|how| slr(&format!("sweep --seeds 5..15 {how}"), &[&path]));
        assert_ne!(out(&plain), out(&other));
        for (first, second, whole) in [
            ("", "", &plain),
            ("--no-shrink", "", &other),
            ("", "--no-shrink", &other),
            ("--no-shrink", "--no-shrink", &other),
        ] {
            let mut parts = vec![part(1, first), part(2, second)];
            for _ in 0..2 {
                assert_eq!(out(&merged("text", &parts)), out(whole), "{parts:?}");
                parts.reverse();
            }
        }
    }

    /// What cannot be opened is one thing, and what is no part another.
    #[test]
    fn files_that_are_no_parts_are_told_apart() {
        let directory = directory("no-parts");
        let binary = directory.join("binary.json");
        fs::write(&binary, [0xff, 0xfe, b'{']).expect("the file can be written");
        let old = file(&directory, "old.json", "{\"format\":\"slr-sweep/2\",\"scenario\":\"x\"}\n");
        for (path, exit, why) in [
            (argument(&binary), 3, "is no part of a sweep: it is not UTF-8"),
            (old, 3, "was written by another version of slr (slr-sweep/2), this one reads slr-sweep/3"),
            (argument(&directory), 4, "cannot be read"),
            (argument(&directory.join("none.json")), 4, "cannot be read"),
        ] {
            let refused = merged("text", &[path]);
            assert_eq!((code(&refused), out(&refused)), (exit, ""));
            assert!(err(&refused).contains(why), "{}", err(&refused));
        }
    }

    /// The rows of all variants under a seed have the same seed, and what is compared seed by seed is what the rows say.
    #[test]
    fn seed_by_seed_is_what_the_rows_say() {
        let arguments = format!("sweep {GADGETS} --seeds 0..90 --no-shrink --vary operators.admin.retry.every=10s,2m");
        let rows = slr(&format!("{arguments} --format jsonl"), &[]);
        let rows: Vec<serde_json::Value> =
            out(&rows).lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect();
        let of = |every: &str| {
            let variant = format!("operators.admin.retry.every={every}");
            rows.iter().filter(|row| row["variant"] == variant.as_str()).collect::<Vec<_>>()
        };
        let (first, this) = (of("10s"), of("2m"));
        assert_eq!((first.len(), this.len()), (90, 90));
        let count = |is: &dyn Fn(&serde_json::Value, &serde_json::Value) -> bool| {
            first.iter().zip(&this).filter(|(first, this)| first["seed"] == this["seed"] && is(first, this)).count()
        };
        let later = count(&|first, this| {
            first["deleted_ms"].as_u64().zip(this["deleted_ms"].as_u64()).is_some_and(|(first, this)| this > first)
        });
        let lost = count(&|first, this| first["passed"] == true && this["passed"] == false);
        let sum: i64 = first
            .iter()
            .zip(&this)
            .filter_map(|(first, this)| Some(this["deleted_ms"].as_i64()? - first["deleted_ms"].as_i64()?))
            .sum();
        let report = slr(&format!("{arguments} --format json"), &[]);
        let report: serde_json::Value = serde_json::from_str(out(&report)).expect("one object");
        let paired = &report["variants"][1]["paired"];
        assert!(report["variants"][0]["paired"].is_null());
        assert_eq!(paired["seeds"], 90);
        assert_eq!((&paired["deleted_ms"]["more"], &paired["only_first_passes"]), (&later.into(), &lost.into()));
        let both = count(&|first, this| first["deleted_ms"].is_u64() && this["deleted_ms"].is_u64());
        let mean = paired["deleted_ms"]["mean"].as_f64().expect("a mean");
        #[expect(clippy::cast_precision_loss, reason = "they are small")]
        let expected = sum as f64 / both as f64;
        assert!((mean - expected).abs() < 1e-6, "{mean} and not {expected}");
        assert!(
            paired["deleted_ms"]["low"].as_f64() < Some(mean) && Some(mean) < paired["deleted_ms"]["high"].as_f64()
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn ctrl_c_leaves_a_report_of_what_was_played() {
        let swept = interrupted(&["sweep", GADGETS, "--seeds", "0..1000000000", "--no-shrink"]);
        assert_eq!(code(&swept), 1);
        assert!(err(&swept).contains("stopped: not all seeds were played"), "{}", err(&swept));
        let text = out(&swept);
        let (_, last) = text.trim_end().rsplit_once('\n').expect("there are several lines");
        let seeds = last.rsplit_once(" seeds (0..").expect("the last line says which were played").1;
        let seeds: u64 = seeds.trim_end_matches(')').parse().expect("a number");
        assert!(seeds < 1_000_000_000 && last.ends_with(&format!(" of {seeds} seeds (0..{seeds})")), "{last}");
        assert!(text.contains(&format!(" of {seeds} runs")), "{text}");
    }

    /// A row that was printed says that the sweep has begun; then it is told to stop.
    #[cfg(unix)]
    #[test]
    fn ctrl_c_ends_a_sweep_and_tells_what_is_known() {
        use std::io::{BufRead, BufReader, Read};
        use std::process::Stdio;

        let mut sweep = Command::new(env!("CARGO_BIN_EXE_slr"))
            .args(["sweep", GADGETS, "--seeds", "0..1000000000", "--format", "jsonl", "--threads", "2"])
            .current_dir(workspace())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("slr can be started");
        let mut rows = BufReader::new(sweep.stdout.take().expect("it is piped"));
        let mut first = String::new();
        rows.read_line(&mut first).expect("a row");
        let interrupted = Command::new("kill").args(["-INT", &sweep.id().to_string()]).status();
        assert!(interrupted.expect("kill can be started").success());
        let mut rest = String::new();
        rows.read_to_string(&mut rest).expect("rows are text");
        let status = sweep.wait().expect("it ends");
        assert_eq!(status.code(), Some(1));
        let mut told = String::new();
        sweep.stderr.take().expect("it is piped").read_to_string(&mut told).expect("it is text");
        assert!(told.contains("stopped: not all seeds were played"), "{told}");
        let seeds = first.lines().chain(rest.lines()).map(|row| {
            let row: serde_json::Value = serde_json::from_str(row).expect("no row is cut off");
            row["seed"].as_u64().expect("a seed")
        });
        assert!(seeds.enumerate().all(|(number, seed)| number as u64 == seed), "the first ones, and all of them");
    }
}
