//! The checker beside a search written by hand and beside stateright, on the same model.
//!
//! `cargo bench -p slr-check` measures the small scopes; the example `yardstick` prints rows with memory for all.

#[expect(dead_code, reason = "shared by programs that use a part each")]
mod common_model;
#[path = "common_model/with_rules.rs"]
mod with_rules;
#[path = "common_model/with_stateright.rs"]
mod with_stateright;

use std::num::NonZero;
use std::ops::ControlFlow;

use common_model::planes::{Layout, Narrow, Planes, Wide};
use common_model::{Known, MEDIUM, SMALL, by_hand};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use slr_check::{Settings, check};

fn explore<L: Layout>(known: &Known, settings: &Settings) -> u64 {
    let checked = check(&Planes::<L>::new(known.scope), settings, &mut |_| ControlFlow::Continue(()));
    checked.map_or(0, |checked| checked.report.distinct)
}

fn exploration(criterion: &mut Criterion) {
    let one = Settings::default();
    let two = Settings { threads: NonZero::<u16>::MIN.saturating_add(1), ..one.clone() };
    let exact = Settings { exact: true, ..one.clone() };
    for known in [SMALL, MEDIUM] {
        let mut group = criterion.benchmark_group(known.name);
        group.throughput(Throughput::Elements(known.states)).sample_size(10);
        let mut contender = |name: &str, run: &dyn Fn() -> u64| {
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| assert_eq!(run(), known.states));
            });
        };
        contender("by hand", &|| by_hand::explore(known.scope).states);
        contender("by hand, plainly", &|| by_hand::explore_plainly(known.scope).states);
        let lowered = with_rules::lowered(known.scope);
        contender("rules, one thread", &|| with_rules::explore(&lowered, &one, true).distinct);
        contender("rules, states alone", &|| with_rules::explore(&lowered, &one, false).distinct);
        contender("rules, two threads", &|| with_rules::explore(&lowered, &two, true).distinct);
        contender("one thread", &|| explore::<Narrow>(&known, &one));
        contender("two threads", &|| explore::<Narrow>(&known, &two));
        contender("three words, fingerprints", &|| explore::<Wide>(&known, &one));
        contender("three words, exact", &|| explore::<Wide>(&known, &exact));
        contender("stateright", &|| with_stateright::breadth_first(known.scope).states);
        group.finish();
    }
}

fn modulo_symmetry(criterion: &mut Criterion) {
    let settings = Settings { symmetry: true, ..Settings::default() };
    let mut group = criterion.benchmark_group("modulo symmetry");
    for known in [SMALL, MEDIUM] {
        let states = known.modulo_symmetry.map_or(0, |(states, _)| states);
        group.throughput(Throughput::Elements(states));
        group.bench_function(BenchmarkId::from_parameter(known.name), |bencher| {
            bencher.iter(|| assert_eq!(explore::<Narrow>(&known, &settings), states));
        });
    }
    group.finish();
}

criterion_group!(benches, exploration, modulo_symmetry);
criterion_main!(benches);
