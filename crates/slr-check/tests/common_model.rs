//! The common model has the counts that it is known to have.

#[expect(dead_code, reason = "shared by programs that use a part each")]
#[path = "../benches/common_model/mod.rs"]
mod common_model;

use std::num::NonZero;
use std::ops::ControlFlow;

use common_model::planes::{Layout, Narrow, Planes, Wide};
use common_model::{Known, MEDIUM, SMALL, Scope, TINY, TWENTY, by_hand};
use slr_check::{Model, Report, Settings, check};

fn explore<L: Layout>(scope: Scope, settings: &Settings) -> Report {
    check(&Planes::<L>::new(scope), settings, &mut |_| ControlFlow::Continue(())).expect("sound settings").report
}

fn assert_known(report: &Report, known: &Known) {
    let counts = (report.distinct, report.edges, report.levels.len() as u64);
    assert_eq!(counts, (known.states, known.edges, known.levels), "{}", known.name);
    assert!(report.exhaustive && !report.is_violated());
}

#[test]
fn counts_are_the_known_ones() {
    for known in [TINY, SMALL] {
        assert_eq!(known.scope.states(), known.states);
        assert_known(&explore::<Narrow>(known.scope, &Settings::default()), &known);
        assert_known(&explore::<Wide>(known.scope, &Settings::default()), &known);
        assert_known(&explore::<Wide>(known.scope, &Settings { exact: true, ..Settings::default() }), &known);
        for counts in [by_hand::explore(known.scope), by_hand::explore_plainly(known.scope)] {
            assert_eq!((counts.states, counts.edges, counts.levels), (known.states, known.edges, known.levels));
        }
    }
}

#[test]
fn a_million_states_by_two_threads() {
    let threads = NonZero::new(2).expect("two");
    assert_known(&explore::<Narrow>(MEDIUM.scope, &Settings { threads, ..Settings::default() }), &MEDIUM);
}

#[test]
fn twenty_resources_are_few_modulo_symmetry() {
    let report = explore::<Wide>(TWENTY, &Settings { symmetry: true, ..Settings::default() });
    assert!(report.exhaustive && !report.is_violated());
    assert_eq!((report.distinct, report.edges), (TWENTY.orbits(), 4_444_390_650));
}

#[test]
fn modulo_symmetry_too() {
    for known in [SMALL, MEDIUM] {
        let settings = Settings { symmetry: true, ..Settings::default() };
        let report = explore::<Narrow>(known.scope, &settings);
        assert_eq!(Some((report.distinct, report.edges)), known.modulo_symmetry);
        assert_eq!(report.distinct, known.scope.orbits());
        assert_eq!(report.levels.len() as u64, known.levels);
    }
}

#[test]
fn without_the_documentation_it_is_smaller() {
    for scope in [TINY.scope, SMALL.scope].map(|scope| Scope { docs: false, ..scope }) {
        let model = Planes::<Narrow>::new(scope);
        let report = explore::<Narrow>(scope, &Settings::default());
        assert_eq!(report.distinct, scope.states());
        assert_eq!(report.idle_rules().collect::<Vec<_>>(), ["readDocs"]);
        assert_eq!(report.rules.iter().map(|rule| rule.fired).sum::<u64>(), report.edges);
        assert_eq!(report.rules.len(), model.rules().len());
    }
}
