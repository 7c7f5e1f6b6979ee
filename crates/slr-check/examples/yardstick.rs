//! How fast the checker is, beside a search written by hand and beside stateright, on the same model.
//!
//! ```text
//! cargo run --release -p slr-check --example yardstick -- all medium
//! ```
//!
//! prints a row per contender: each runs in a process of its own, so that its peak of resident memory can be told. `by-hand` is
//! the limit, `by-hand-plain` the loop as it is usually written; `rules` is what `slr check` explores: the scenario, through the rules of
//! the core; `planes` is the same system as a model of its own.
//! `yardstick CONTENDER SCOPE [REPETITIONS]` runs one. `symmetry-20` and `rules-20` explore twenty resources, six sessions and eight
//! attempts modulo symmetry, whatever the scope.

#[path = "../benches/common_model/mod.rs"]
mod common_model;
#[path = "../benches/common_model/with_rules.rs"]
mod with_rules;
#[path = "../benches/common_model/with_stateright.rs"]
mod with_stateright;

use std::num::NonZero;
use std::ops::ControlFlow;
use std::process::{Command, ExitCode};
use std::time::Instant;

use common_model::by_hand::{self, Counts};
use common_model::planes::{Layout, Narrow, Planes, Wide};
use common_model::{KNOWN, Known, Scope, TWENTY};
use slr_check::{Report, Settings, check};

const CONTENDERS: [&str; 14] = [
    "by-hand",
    "by-hand-plain",
    "rules",
    "rules-states",
    "rules-2",
    "rules-symmetry",
    "rules-20",
    "planes",
    "planes-2",
    "fingerprint",
    "exact",
    "symmetry",
    "symmetry-20",
    "stateright",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (contender, scope) = match arguments.as_slice() {
        [contender, scope] | [contender, scope, _] => (contender.as_str(), scope.as_str()),
        _ => ("all", "medium"),
    };
    let Some(known) = KNOWN.iter().find(|known| known.name == scope) else {
        eprintln!("scopes: {}", KNOWN.map(|known| known.name).join(", "));
        return ExitCode::FAILURE;
    };
    if contender == "all" {
        return all(scope);
    }
    if !CONTENDERS.contains(&contender) {
        eprintln!("contenders: all, {}", CONTENDERS.join(", "));
        return ExitCode::FAILURE;
    }
    let repetitions = arguments.get(2).and_then(|count| count.parse().ok()).unwrap_or(1);
    for _ in 0..repetitions {
        print_row(contender, known);
    }
    ExitCode::SUCCESS
}

fn all(scope: &str) -> ExitCode {
    println!(
        "{:<14} {:>10} {:>12} {:>6} {:>9} {:>12} {:>12}",
        "contender", "states", "edges", "levels", "seconds", "states/s", "bytes/state"
    );
    let Ok(program) = std::env::current_exe() else {
        return ExitCode::FAILURE;
    };
    for contender in CONTENDERS {
        match Command::new(&program).args([contender, scope]).status() {
            Ok(status) if status.success() => {}
            Ok(_) | Err(_) => return ExitCode::FAILURE,
        }
    }
    ExitCode::SUCCESS
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn print_row(contender: &str, known: &Known) {
    let began = Instant::now();
    let counts = run(contender, known.scope);
    let seconds = began.elapsed().as_secs_f64();
    let expected = match (contender, known.modulo_symmetry) {
        ("symmetry" | "rules-symmetry", Some((states, edges))) => (states, edges, known.levels),
        ("symmetry" | "rules-symmetry", None) => (known.scope.orbits(), counts.edges, known.levels),
        // Of this one no more is known.
        ("symmetry-20" | "rules-20", _) => (TWENTY.orbits(), counts.edges, counts.levels),
        _ => (known.states, known.edges, known.levels),
    };
    assert_eq!((counts.states, counts.edges, counts.levels), expected, "{contender}");
    println!(
        "{contender:<14} {:>10} {:>12} {:>6} {seconds:>9.4} {:>12.0} {:>12.1}",
        counts.states,
        counts.edges,
        counts.levels,
        counts.states as f64 / seconds,
        peak_bytes() as f64 / counts.states as f64,
    );
}

fn run(contender: &str, scope: Scope) -> Counts {
    let settings = Settings::default();
    let two = NonZero::<u16>::MIN.saturating_add(1);
    match contender {
        "by-hand" => by_hand::explore(scope),
        "by-hand-plain" => by_hand::explore_plainly(scope),
        "stateright" => with_stateright::breadth_first(scope),
        "rules" => with_rules(scope, &settings, true),
        "rules-states" => with_rules(scope, &settings, false),
        "rules-2" => with_rules(scope, &Settings { threads: two, ..settings }, true),
        "rules-symmetry" => with_rules(scope, &Settings { symmetry: true, ..settings }, true),
        "rules-20" => with_rules(TWENTY, &Settings { symmetry: true, ..settings }, true),
        "planes-2" => explore::<Narrow>(scope, &Settings { threads: two, ..settings }),
        "fingerprint" => explore::<Wide>(scope, &settings),
        "exact" => explore::<Wide>(scope, &Settings { exact: true, ..settings }),
        "symmetry-20" => explore::<Wide>(TWENTY, &Settings { symmetry: true, ..settings }),
        "symmetry" => explore::<Narrow>(scope, &Settings { symmetry: true, ..settings }),
        _ => explore::<Narrow>(scope, &settings),
    }
}

fn with_rules(scope: Scope, settings: &Settings, steps_asked: bool) -> Counts {
    counts(&with_rules::explore(&with_rules::lowered(scope), settings, steps_asked))
}

fn explore<L: Layout>(scope: Scope, settings: &Settings) -> Counts {
    let checked = check(&Planes::<L>::new(scope), settings, &mut |_| ControlFlow::Continue(()));
    counts(&checked.expect("the common model is sound under all settings").report)
}

fn counts(report: &Report) -> Counts {
    assert!(report.exhaustive && !report.is_violated());
    Counts { states: report.distinct, edges: report.edges, levels: report.levels.len() as u64 }
}

/// The peak of resident memory of this process; 0 where the system does not tell.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}
