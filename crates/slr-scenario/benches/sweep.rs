//! How many seeds a second: the six resources of which five are reported, on one thread and on two, and one thread beside runs whose
//! invariants, ledger and words are all there.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use criterion::{BenchmarkId, Criterion, Throughput};

use slr_scenario::lower::{Lowered, lower};
use slr_scenario::run::{Output, run};
use slr_scenario::sweep::{Row, Swept, sweep};
use slr_scenario::syntax::Named;
use slr_scenario::{Params, Source, parse};

const SEEDS: u64 = 20_000;

fn lowered() -> Lowered {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/reporting/six-resources-five-reported.yaml");
    let parsed = parse(&Source::read(&path).unwrap(), &Params::none()).unwrap();
    lower(&parsed.scenario, &Named::default()).unwrap()
}

fn all(lowered: &Lowered, threads: usize) -> Swept {
    let mut listener = |rows: &[Row]| {
        black_box(rows);
        true
    };
    sweep(lowered, 0..SEEDS, threads, &AtomicBool::new(false), &mut listener).unwrap()
}

fn bench(criterion: &mut Criterion) {
    let lowered = lowered();
    let swept = all(&lowered, 1);
    let (actions, events) = (swept.tally.steps.sum(), swept.tally.events);
    println!("{SEEDS} seeds: {actions} actions, {events} events");
    let mut group = criterion.benchmark_group("sweep");
    group.sample_size(10);
    group.throughput(Throughput::Elements(SEEDS));
    for threads in [1, 2] {
        group.bench_function(BenchmarkId::new("seeds, threads", threads), |b| b.iter(|| all(&lowered, threads)));
    }
    group.throughput(Throughput::Elements(events));
    group.bench_function("events, threads/1", |b| b.iter(|| all(&lowered, 1)));
    group.throughput(Throughput::Elements(100));
    group.bench_function("single runs", |b| {
        b.iter(|| (0..100).all(|seed| run(&lowered, seed, Output::Nothing).is_ok_and(|report| report.steps > 0)));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion);
    criterion.final_summary();
}
