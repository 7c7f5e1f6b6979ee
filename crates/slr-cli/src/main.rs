//! placeholder
use slr_scenario::{Params, Source, diagnostic, lower, parse, run, syntax::Named};
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let source = Source::read(std::path::Path::new(&path)).unwrap();
    let parsed = match parse(&source, &Params::none()) { Ok(p) => p, Err(d) => { for d in d { println!("{d:?}"); } return; } };
    let lowered = lower::lower(&parsed.scenario, &Named::default()).unwrap();
    let report = run::run(&lowered, lowered.seed, run::Output::Story(&mut |at, line| println!("{at}  {:28} {}", line.subject, line.text))).unwrap();
    println!("{report:#?}");
}
