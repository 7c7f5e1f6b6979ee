//! The common model as the scenario of the library, through the rules of the core: it has the counts that it is known to have, in every
//! size.
//!
//! The larger sizes take minutes without optimisation, and are left out unless they are asked for:
//!
//! ```text
//! cargo test --release -p slr-check --test through_the_rules -- --include-ignored
//! ```

#[expect(dead_code, reason = "shared by programs that use a part each")]
#[path = "../benches/common_model/mod.rs"]
mod common_model;
#[path = "../benches/common_model/with_rules.rs"]
mod with_rules;

use std::num::NonZero;

use common_model::{KNOWN, Known, LARGE, MEDIUM, SMALL, TINY, TWENTY};
use slr_check::{Report, Settings};

fn explore(known: &Known, settings: &Settings) -> Report {
    with_rules::explore(&with_rules::lowered(known.scope), settings, true)
}

/// Whatever is asked is answered as expected, and nothing is left out.
fn assert_sound(report: &Report, name: &str) {
    assert!(report.exhaustive && !report.is_violated(), "{name}: {:?}", report.properties);
}

/// Every state told apart, by one thread and by two.
fn assert_known(known: &Known, threads: u16) {
    let threads = NonZero::new(threads).expect("at least one");
    let report = explore(known, &Settings { threads, ..Settings::default() });
    assert_sound(&report, known.name);
    let counts = (report.distinct, report.edges, report.levels.len() as u64);
    assert_eq!(counts, (known.states, known.edges, known.levels), "{}", known.name);
}

#[test]
fn tiny_and_small() {
    for known in [TINY, SMALL] {
        assert_known(&known, 1);
        assert_known(&known, 2);
    }
}

#[test]
fn medium() {
    assert_known(&MEDIUM, 2);
}

#[test]
#[ignore = "minutes without optimisation: cargo test --release -p slr-check --test through_the_rules -- --include-ignored"]
fn large() {
    assert_known(&LARGE, 1);
    assert_known(&LARGE, 2);
}

/// All sizes, the two largest among them, are small modulo symmetry.
#[test]
fn modulo_symmetry() {
    for known in KNOWN {
        let report = explore(&known, &Settings { symmetry: true, ..Settings::default() });
        assert_sound(&report, known.name);
        assert_eq!(report.distinct, known.scope.orbits(), "{}", known.name);
        assert_eq!(report.levels.len() as u64, known.levels, "{}", known.name);
        if let Some(counts) = known.modulo_symmetry {
            assert_eq!((report.distinct, report.edges), counts, "{}", known.name);
        }
    }
}

/// The steps were counted by this checker, on the rules and on the model of its own, and by nobody else; the states are known in closed form.
#[test]
#[ignore = "minutes without optimisation: cargo test --release -p slr-check --test through_the_rules -- --include-ignored"]
fn twenty_resources_modulo_symmetry() {
    let report =
        with_rules::explore(&with_rules::lowered(TWENTY), &Settings { symmetry: true, ..Settings::default() }, true);
    assert_sound(&report, "twenty");
    assert_eq!(report.distinct, TWENTY.orbits());
    assert_eq!((report.distinct, report.edges, report.depth), (1_178_290, 4_444_390_650, 71));
}
