//! The lifecycle explored from a scenario file, against counts that are known in closed form and from other tools.

use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::Path;

use slr_check::lifecycle::{Asked, Lifecycle, PackedKey};
use slr_check::{Report, Settings, check};
use slr_core::{IdSet, Universe};
use slr_scenario::lower::Lowered;
use slr_scenario::{Params, Source, load};

fn common_model(n: u32, s: u32, r: u32, docs: bool) -> Lowered {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/check/common-model.yaml");
    let source = Source::read(&path).expect("the scenario is there");
    let params = Params::none()
        .with("n", n.to_string())
        .with("s", s.to_string())
        .with("r", r.to_string())
        .with("docs", docs.to_string());
    load(&source, &params).expect("the scenario is without mistakes").lowered
}

/// A scenario of the library that is there to be explored.
fn scope(name: &str) -> Lowered {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/check").join(name);
    let source = Source::read(&path).expect("the scenario is there");
    load(&source, &Params::none()).expect("the scenario is without mistakes").lowered
}

fn explore<S: IdSet, K: PackedKey>(lowered: &Lowered, settings: &Settings) -> Report {
    let universe = Universe::<S>::new(lowered.world.clone()).expect("the world fits");
    let model = Lifecycle::<S, K>::new(&universe, lowered, Asked::invariants::<S>()).expect("the states fit");
    let checked = check(&model, settings, &mut |_| ControlFlow::Continue(())).expect("the settings are sound");
    assert!(!checked.report.is_violated(), "{:?}", checked.report.properties);
    checked.report
}

fn counts(report: &Report) -> (u64, u64, usize) {
    assert!(report.exhaustive);
    (report.distinct, report.edges, report.levels.len())
}

#[test]
fn the_counts_are_those_of_every_other_tool() {
    let plain = Settings::default();
    assert_eq!(counts(&explore::<u8, u64>(&common_model(2, 1, 2, true), &plain)), (317, 1_260, 13));
    assert_eq!(counts(&explore::<u8, u64>(&common_model(4, 2, 3, true), &plain)), (17_105, 129_728, 21));
}

#[test]
fn width_and_key_change_nothing() {
    let plain = Settings::default();
    let lowered = common_model(3, 1, 2, true);
    let narrow = explore::<u8, u64>(&lowered, &plain);
    let wide = explore::<u64, [u64; 2]>(&lowered, &Settings { exact: true, ..plain });
    assert_eq!(counts(&narrow), counts(&wide));
}

#[test]
fn modulo_symmetry_the_counts_are_the_published_ones() {
    let symmetric = Settings { symmetry: true, ..Settings::default() };
    let small = explore::<u8, u64>(&common_model(4, 2, 3, true), &symmetric);
    assert_eq!((small.distinct, small.edges), (1_664, 12_970));
    let medium = explore::<u8, u64>(&common_model(6, 3, 4, true), &symmetric);
    assert_eq!((medium.distinct, medium.edges), (7_915, 99_558));
}

#[test]
fn threads_change_nothing() {
    let lowered = common_model(4, 1, 2, true);
    let of = |threads: u16| {
        let threads = NonZero::new(threads).expect("at least one");
        let mut report = explore::<u8, u64>(&lowered, &Settings { threads, ..Settings::default() });
        report.timing = slr_check::Timing::default();
        report
    };
    let one = of(1);
    for threads in [2, 3, 4] {
        assert_eq!(one, of(threads));
    }
}

/// Windows with tasks, runs and Inventory; pipelines with builds: every order of calls and moves keeps every invariant, and their number is
/// pinned, so that a change of a service's kinds shows here.
#[test]
fn the_worked_services_are_explored_whole() {
    let plain = Settings::default();
    let symmetric = Settings { symmetry: true, ..plain.clone() };
    let of = |name: &str, settings: &Settings| counts(&explore::<u16, [u64; 4]>(&scope(name), settings));
    let explored = [
        of("systems-manager.yaml", &plain),
        of("systems-manager.yaml", &symmetric),
        of("image-builder.yaml", &plain),
        of("notifications.yaml", &plain),
    ];
    assert_eq!(explored, [(34_641, 142_930, 21), (21_121, 87_644, 21), (4_488, 18_903, 22), (182, 413, 13)]);
}
