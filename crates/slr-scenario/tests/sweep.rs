//! Sweeps: the same whatever the threads and the parts, and what they say is what single runs show.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use slr_scenario::lower::{Lowered, lower};
use slr_scenario::run::{Output, run};
use slr_scenario::simulation::SimTime;
use slr_scenario::sweep::{
    FIRST_SEEDS, Names, NotMergeable, Part, PropertySort, Row, Summary, Sweep, Swept, Variant, merge, sweep,
};
use slr_scenario::syntax::Named;
use slr_scenario::{Params, Source, parse};

/// Six resources of which five are reported, some throttling, and expectations that hold in some runs only.
const SCENARIO: &str = "\
scenario: Six resources, five reported
seed: 7
services:
  gadgets.example.com:
    role: AWSServiceRoleForGadgets
    reports: { first: 5 }
    kinds: { gadget: {} }
given:
  - role: AWSServiceRoleForGadgets
  - resources: { kind: gadget, count: 6, regions: [us-east-1, eu-west-1] }
delays: { task-start: 1s..5s, task-decision: { exponential: 30s }, clean-up: { exponential: 20s } }
operators:
  admin:
    goal: { delete: AWSServiceRoleForGadgets }
    retry: { every: 30s, factor: 2, cap: 10m, jitter: full, attempts: 8 }
expect:
  - { eventually: role-gone, role: AWSServiceRoleForGadgets, within: 5m }
  - { tasks: [FAILED, FAILED, SUCCEEDED] }
  - { task: 1, reports: 5 }
  - { never: role-gone, while: in-use }
  - { sometimes: role-gone, role: AWSServiceRoleForGadgets }
";

fn lowered(text: &str) -> Lowered {
    let parsed = parse(&Source::new("scenario.yaml", text).unwrap(), &Params::none()).expect("the scenario is right");
    lower(&parsed.scenario, &Named::default()).expect("the scenario can be made ready")
}

fn swept(lowered: &Lowered, seeds: Range<u64>, threads: usize) -> (Swept, Vec<Row>) {
    let mut rows = Vec::new();
    let mut listener = |played: &[Row]| {
        rows.extend_from_slice(played);
        true
    };
    let swept = sweep(lowered, seeds, threads, &AtomicBool::new(false), &mut listener).unwrap();
    (swept, rows)
}

fn names(lowered: &Lowered) -> Names {
    Names::new(lowered, |number| (format!("property {number}"), "scenario.yaml:1:1".to_owned()))
}

fn file(lowered: &Lowered, seeds: Range<u64>, part: Part, threads: usize) -> Sweep {
    let mut file = Sweep::new(&lowered.title, SCENARIO, Vec::new(), seeds, part);
    let (swept, _) = swept(lowered, file.own_seeds(), threads);
    file.variants.push(Variant {
        set: Vec::new(),
        names: names(lowered),
        played: swept.seeds,
        tally: swept.tally,
        paired: None,
    });
    file
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let lowered = lowered(SCENARIO);
    let one = swept(&lowered, 5..1205, 1);
    assert_eq!(one.0.tally.runs, 1200);
    assert!(one.1.iter().map(|row| row.seed).eq(5..1205), "rows come in the order of the seeds");
    for threads in [2, 3] {
        assert_eq!(swept(&lowered, 5..1205, threads), one, "{threads} threads");
    }
    let report = file(&lowered, 5..1205, Part::WHOLE, 1).report();
    assert_eq!(file(&lowered, 5..1205, Part::WHOLE, 3).report(), report);
}

#[test]
fn parts_merge_to_the_bytes_of_the_whole() {
    let lowered = lowered(SCENARIO);
    let whole = file(&lowered, 0..1000, Part::WHOLE, 2);
    for of in [1, 3, 7] {
        let written = (1..=of).rev().map(|number| {
            let text = file(&lowered, 0..1000, Part { number, of }, 1).write();
            (format!("part {number}"), Sweep::read("part", &text).unwrap())
        });
        let merged = merge(written.collect()).unwrap();
        assert_eq!(merged.report(), whole.report(), "{of} parts");
        assert_eq!(merged.write(), whole.write(), "{of} parts");
    }
}

#[test]
fn parts_that_are_no_sweep_are_refused() {
    let lowered = lowered(SCENARIO);
    let part = |number, seeds| ("part".to_owned(), file(&lowered, seeds, Part { number, of: 3 }, 1));
    assert_eq!(merge(Vec::new()), Err(NotMergeable::Nothing));
    assert_eq!(merge(vec![part(1, 0..9), part(3, 0..9)]), Err(NotMergeable::Missing { number: 2, of: 3 }));
    assert_eq!(merge(vec![part(1, 0..9), part(2, 0..9)]), Err(NotMergeable::Missing { number: 3, of: 3 }));
    let twice = vec![part(1, 0..9), part(2, 0..9), part(2, 0..9), part(3, 0..9)];
    assert_eq!(merge(twice), Err(NotMergeable::Twice { number: 2, of: 3 }));
    let different = merge(vec![part(1, 0..9), part(2, 0..12), part(3, 0..9)]);
    assert!(matches!(different, Err(NotMergeable::Different { what: "seeds", .. })), "{different:?}");
    let mut stopped = part(2, 0..9);
    stopped.1.variants[0].played.end -= 1;
    assert!(matches!(merge(vec![part(1, 0..9), stopped.clone()]), Err(NotMergeable::Incomplete { .. })));
    assert!(Sweep::read("part", &stopped.1.write()).is_err(), "it counted more than it played");
    assert!(Sweep::read("part", "{}").is_err());
}

/// Every row and every failing seed beside a run of that seed alone, with all its words.
#[test]
fn a_sweep_says_what_single_runs_show() {
    let lowered = lowered(SCENARIO);
    let (swept, rows) = swept(&lowered, 100..400, 2);
    let names = names(&lowered);
    let summary = Summary::new(&names, &swept.tally);
    let mut held = vec![0; names.properties.len()];
    let mut failing = vec![Vec::new(); names.properties.len()];
    let mut deletions = Vec::new();
    for (seed, row) in (100..400).zip(&rows) {
        let mut gone = None;
        let mut submissions = 0;
        let mut tell = |at: SimTime, line: slr_scenario::trace::Line| {
            if line.text.contains("is deleted") {
                gone.get_or_insert(at.millis());
            }
            submissions += u64::from(line.text.starts_with("NOT_STARTED: "));
        };
        let report = run(&lowered, seed, Output::Story(&mut tell)).unwrap();
        assert_eq!((row.seed, row.passed, row.steps), (seed, report.passed(), report.steps));
        assert_eq!((row.deleted_millis, row.attempts), (gone, submissions), "seed {seed}");
        deletions.extend(gone);
        for (place, outcome) in report.outcomes.iter().enumerate() {
            // What is to be true sometimes passes in every run: whether it was seen says what decided it.
            let holds = match names.properties[place].sort {
                PropertySort::InSomeRun => outcome.decided.is_some(),
                PropertySort::InEveryRun | PropertySort::Undecided => outcome.passed(),
            };
            held[place] += u64::from(holds);
            if !holds {
                failing[place].push(seed);
            }
        }
    }
    for (place, property) in summary.properties.iter().enumerate() {
        assert_eq!(property.held, held[place], "{property:?}");
        if property.property.sort == PropertySort::InEveryRun {
            assert!(property.first_failing.iter().eq(failing[place].iter().take(FIRST_SEEDS)), "{property:?}");
        }
    }
    assert!(!failing[0].is_empty() && failing[0].len() < 300, "five minutes are enough in some runs only");
    assert!(!summary.is_as_expected());
    deletions.sort_unstable();
    let spread = &summary.roles[0].deleted_ms;
    assert_eq!(
        (spread.count, spread.min, spread.max),
        (deletions.len() as u64, deletions.first().copied(), deletions.last().copied())
    );
    let exact = deletions[(deletions.len() * 9).div_ceil(10) - 1];
    assert!(spread.p90.is_some_and(|p90| exact <= p90 && p90 - exact <= exact / 100));
}

#[test]
fn what_is_never_seen_is_not_as_expected() {
    let text = SCENARIO.replace("sometimes: role-gone", "sometimes: session-open").replace("within: 5m", "within: 6d");
    let lowered = lowered(&text);
    let (swept, _) = swept(&lowered, 0..64, 1);
    let summary = Summary::new(&names(&lowered), &swept.tally);
    let seen = &summary.properties[4];
    assert_eq!((seen.held, seen.as_expected, summary.is_as_expected()), (0, false, false));
    assert!(seen.first_failing.is_empty());
}

#[test]
fn refusals_and_waits_are_counted() {
    let text = SCENARIO
        .replace("expect:", "faults:\n  - { throttle: DeleteServiceLinkedRole, share: 0.5 }\nexpect:")
        .replace("within: 5m", "within: 6d")
        .replace(", attempts: 8", "");
    let lowered = lowered(&text);
    let (swept, rows) = swept(&lowered, 0..200, 2);
    let summary = Summary::new(&names(&lowered), &swept.tally);
    let [throttled] = &summary.refused[..] else { panic!("one code: {:?}", summary.refused) };
    assert_eq!(throttled.code, "Throttling");
    assert_eq!(throttled.calls, rows.iter().map(|row| row.refusals).sum::<u64>());
    assert_eq!(throttled.runs, rows.iter().filter(|row| row.refusals > 0).count() as u64);
    assert!(0 < throttled.runs && throttled.runs < 200);
    let role = &summary.roles[0];
    assert_eq!(role.session_wait_ms.max, Some(0), "there are no sessions");
    assert!(role.resource_wait_ms.min > Some(0) && role.resource_wait_ms.max < role.deleted_ms.max);
    let per_run = &throttled.per_run;
    assert_eq!((per_run.count, per_run.min), (200, Some(0)), "runs without a refusal count too");
    assert_eq!((per_run.p50, per_run.max), (summary.refusals.p50, summary.refusals.max), "there is no other code");
    assert_eq!(per_run.histogram.iter().map(|bar| bar.count).sum::<u64>(), 200);
    assert!(per_run.p50_interval.is_some() && per_run.p99_interval.is_none(), "200 runs are too few for the latter");
}

/// One role is to be deleted, so that the rows are what the distributions count.
#[test]
fn rows_say_for_what_was_waited() {
    let sessions =
        "  - sessions: { role: AWSServiceRoleForGadgets, count: 2 }\ndelays: { session-end: { exponential: 2m },";
    let text = SCENARIO.replace("delays: {", sessions).replace("within: 5m", "within: 6d");
    let lowered = lowered(&text);
    let (swept, rows) = swept(&lowered, 0..150, 2);
    let of = |wait: fn(&Row) -> Option<u64>| {
        rows.iter().map(|row| wait(row).expect("its deletion is requested in every run")).collect::<Vec<u64>>()
    };
    let (by_sessions, by_resources) = (of(|row| row.session_wait_millis), of(|row| row.resource_wait_millis));
    let tally = &swept.tally.roles[0];
    for (waits, histogram) in [(by_sessions, &tally.waits_for_sessions), (by_resources, &tally.waits_for_resources)] {
        assert_eq!(waits.iter().map(|wait| u128::from(*wait)).sum::<u128>(), histogram.sum());
        assert_eq!(waits.iter().min().copied().zip(waits.iter().max().copied()), histogram.ends());
        assert!(histogram.ends().is_some_and(|(least, greatest)| least < greatest));
    }
    assert!(rows.iter().all(|row| row.resource_wait_millis <= row.deleted_millis));

    let without = swept_rows_of(
        "scenario: Nobody asks\nservices:\n  gadgets.example.com: { role: AWSServiceRoleForGadgets }\n\
                                 given:\n  - role: AWSServiceRoleForGadgets\nsteps:\n  - { at: 1s, do: ListRoles }\n",
    );
    assert!(without.iter().all(|row| row.session_wait_millis.is_none() && row.resource_wait_millis.is_none()));
}

fn swept_rows_of(text: &str) -> Vec<Row> {
    swept(&lowered(text), 0..3, 1).1
}

#[test]
fn a_sweep_that_is_stopped_is_a_shorter_one() {
    let lowered = lowered(SCENARIO);
    let stop = AtomicBool::new(false);
    let mut heard = 0;
    let mut listener = |rows: &[Row]| {
        heard += rows.len() as u64;
        stop.store(heard >= 300, Ordering::Relaxed);
        true
    };
    let stopped = sweep(&lowered, 0..u64::MAX, 3, &stop, &mut listener).unwrap();
    assert_eq!(stopped.seeds, 0..heard);
    assert_eq!(swept(&lowered, 0..heard, 1).0, stopped);
    let mut deaf = |_: &[Row]| false;
    let given_up = sweep(&lowered, 0..u64::MAX, 2, &AtomicBool::new(false), &mut deaf).unwrap();
    assert!(given_up.tally.runs > 0 && given_up.tally.runs == given_up.seeds.end);
}
