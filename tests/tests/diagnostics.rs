//! Every broken scenario in `scenarios/broken` and what its author is told about it.
//!
//! Each file has one snapshot. Monsters that nobody wants in a repository are made here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use slr_scenario::diagnostic::{Code, Diagnostic, Look, render};
use slr_scenario::{Params, Source, parse};
use slr_tests::{files_under, scenarios};

/// What is told about a file, and its codes.
fn told(path: &Path) -> (String, Vec<Code>) {
    let name = path.strip_prefix(scenarios().parent().unwrap()).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let source = Source::new(name.display().to_string(), text).unwrap();
    let diagnostics = match parse(&source, &Params::none()) {
        Ok(parsed) => parsed.warnings,
        Err(diagnostics) => diagnostics,
    };
    let codes = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    (render(&source, &diagnostics, Look::Plain), codes)
}

fn broken() -> Vec<PathBuf> {
    files_under(&scenarios().join("broken"))
}

#[test]
fn every_broken_scenario_is_told_what_is_wrong_with_it() {
    let files = broken();
    assert!(files.len() >= 35, "only {} broken scenarios were found", files.len());
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# Wrong: "), "{name} says at its beginning what is wrong");
        let (told, codes) = told(&path);
        assert!(!codes.is_empty(), "{name} has no mistake");
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_snapshot_path("snapshots/diagnostics");
        settings.bind(|| insta::assert_snapshot!(name, told));
    }
}

#[test]
fn every_code_that_a_text_can_have_is_shown_by_a_broken_scenario() {
    // These need a file that is no text, or a very large one; they are made below.
    let elsewhere = [Code::CannotRead, Code::TooLarge, Code::NotUtf8, Code::TooManyValues];
    let mut shown: Vec<Code> = broken().iter().flat_map(|path| told(path).1).collect();
    shown.extend(elsewhere);
    let missing: Vec<&str> = Code::ALL.iter().filter(|code| !shown.contains(code)).map(|code| code.name()).collect();
    assert!(missing.is_empty(), "no broken scenario shows {missing:?}");
}

#[test]
fn the_scenarios_of_the_library_have_no_mistake() {
    let files: Vec<PathBuf> =
        files_under(&scenarios()).into_iter().filter(|path| !path.starts_with(scenarios().join("broken"))).collect();
    assert!(!files.is_empty());
    for path in files {
        let (told, codes) = told(&path);
        assert!(codes.is_empty(), "{told}");
    }
}

/// The only diagnostic of a text.
fn only(text: String) -> Diagnostic {
    let source = Source::new("monster.yaml", text).unwrap();
    let mut diagnostics = parse(&source, &Params::none()).unwrap_err();
    assert_eq!(diagnostics.len(), 1, "{}", render(&source, &diagnostics, Look::Plain));
    diagnostics.remove(0)
}

#[test]
fn nesting_ten_thousand_deep_is_refused() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("[{a: ", "}]")] {
        let text = format!("scenario: Deep\ngiven:\n  {}x{}\n", open.repeat(10_000), close.repeat(10_000));
        assert_eq!(only(text).code, Code::TooDeep, "{open}");
    }
    let mut staircase = String::from("scenario: Deep\nroles:\n");
    for depth in 1..600 {
        writeln!(staircase, "{:depth$}a:", "").unwrap();
    }
    assert_eq!(only(staircase).code, Code::TooDeep);
}

#[test]
fn alias_bombs_are_refused_before_they_go_off() {
    let mut bomb = String::from("scenario: Bomb\nroles:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..40 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "  a{level}: &a{level} [{aliases}]").unwrap();
    }
    assert_eq!(only(bomb).code, Code::AliasBomb);
}

#[test]
fn a_text_of_very_many_values_is_refused() {
    let text = format!("scenario: Many\ngiven: [{}]\n", "a,".repeat(250_000));
    assert_eq!(only(text).code, Code::TooManyValues);
}

/// Puts a file into a directory of its own, reads it, and takes it away.
fn read_back(name: &str, make: impl FnOnce(&Path)) -> Result<Source, Box<slr_scenario::Unreadable>> {
    let directory = std::env::temp_dir().join(format!("slr-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join(name);
    make(&path);
    let read = Source::read(&path);
    std::fs::remove_dir_all(&directory).unwrap();
    read
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_for_its_size() {
    // A file with a hole: it has the size and takes no room.
    let hundred = 100 << 20;
    let refused = read_back("large.yaml", |path| {
        std::fs::File::create(path).unwrap().set_len(hundred).unwrap();
    });
    let diagnostic = refused.unwrap_err().diagnostic;
    assert_eq!(diagnostic.code, Code::TooLarge);
    assert!(diagnostic.message.contains("104857600"), "{}", diagnostic.message);
}

#[test]
fn a_file_that_is_not_utf8_is_told_where() {
    let refused = read_back("latin1.yaml", |path| {
        std::fs::write(path, b"scenario: x\nstory: caf\xe9\n").unwrap();
    });
    let diagnostic = refused.unwrap_err().diagnostic;
    assert_eq!(diagnostic.code, Code::NotUtf8);
    assert!(diagnostic.message.contains("line 2, column 11"), "{}", diagnostic.message);
}

#[test]
fn a_file_that_is_not_there_is_told_so() {
    let refused = Source::read(Path::new("no-such-directory/no-such-file.yaml")).unwrap_err();
    assert_eq!(refused.diagnostic.code, Code::CannotRead);
    let told = render(&refused.file, std::slice::from_ref(&refused.diagnostic), Look::Plain);
    insta::assert_snapshot!(told);
}

#[test]
fn parameters_from_a_command_line_are_checked() {
    let text = "scenario: Parameters
params: { n: 5, docs: true, share: 0.5, wait: 5s }
seed: $n
until: $wait
knobs: { locked-while-deleting: $docs }
roles: { deploy: { trust: [ec2.amazonaws.com] } }
given: [{ role: deploy }]
faults: [{ throttle: GetRole, share: $share }]
";
    let source = Source::new("parameters.yaml", text).unwrap();
    let params = Params::none().with("n", "7").with("docs", "false").with("share", "1").with("wait", "1h");
    let parsed = parse(&source, &params).unwrap();
    assert_eq!(parsed.scenario.seed(), 7);
    assert_eq!(parsed.scenario.until().to_string(), "1h");
    let params =
        Params::none().with("n", "many").with("docs", "1").with("share", "2").with("wait", "long").with("m", "3");
    let diagnostics = parse(&source, &params).unwrap_err();
    insta::assert_snapshot!(render(&source, &diagnostics, Look::Plain));
}

#[test]
fn of_very_many_mistakes_the_first_are_shown() {
    let mut text = String::from("scenario: Many\ngiven: [{ role: x }]\nroles: { x: {} }\n");
    for number in 0..5000 {
        writeln!(text, "key{number}: {number}").unwrap();
    }
    let source = Source::new("many.yaml", text).unwrap();
    let diagnostics = parse(&source, &Params::none()).unwrap_err();
    assert_eq!(diagnostics.len(), 1000);
    let told = render(&source, &diagnostics, Look::Plain);
    assert_eq!(told.matches("error[").count(), 50);
    assert!(told.ends_with("many.yaml: 1000 errors or more (the first 50 are shown)\n"));
}

#[test]
fn colours_are_only_there_when_asked_for() {
    let source = Source::new("seed.yaml", "scenario: x\nseed: y\n").unwrap();
    let diagnostics = parse(&source, &Params::none()).unwrap_err();
    assert!(!render(&source, &diagnostics, Look::Plain).contains('\u{1b}'));
    assert!(render(&source, &diagnostics, Look::Coloured).contains('\u{1b}'));
}
