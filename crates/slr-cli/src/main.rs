//! placeholder
use slr_scenario::{Params, Source, diagnostic, load, run};
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let source = Source::read(std::path::Path::new(&path)).unwrap();
    let loaded = match load(&source, &Params::none()) {
        Ok(loaded) => loaded,
        Err(diagnostics) => {
            eprint!("{}", diagnostic::render(&source, &diagnostics, diagnostic::Look::Plain));
            std::process::exit(2);
        }
    };
    let mut tell = |at, line: slr_scenario::trace::Line| println!("{at}  {:28} {}", line.subject, line.text);
    let report = run::run(&loaded.lowered, loaded.lowered.seed, run::Output::Story(&mut tell)).unwrap();
    println!("{report:#?}");
    std::process::exit(i32::from(!report.passed()));
}
