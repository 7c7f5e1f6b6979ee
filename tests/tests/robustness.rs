//! Whatever a scenario file holds, its author is told what is wrong; nothing crashes.

use proptest::prelude::*;
use proptest::sample::Index;
use slr_scenario::diagnostic::{Diagnostic, Look, render};
use slr_scenario::{Params, Source, parse, write};
use slr_tests::{files_under, scenarios};

/// Every text of the library, the broken ones included.
fn texts() -> Vec<String> {
    let files = files_under(&scenarios());
    files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// What is true of every text: it is a scenario that can be written and read again, or its author
/// is told why it is none, in order and within the text.
fn look_at(text: String) -> Result<(), TestCaseError> {
    let source = Source::new("any.yaml", text).unwrap();
    let told = match parse(&source, &Params::none()) {
        Ok(parsed) => {
            let text = write(&parsed.scenario);
            let again = parse(&Source::new("again.yaml", text.clone()).unwrap(), &Params::none());
            let again = again.map_err(|told| TestCaseError::fail(format!("{told:#?}\n{text}")))?;
            prop_assert_eq!(again.scenario, parsed.scenario);
            parsed.warnings
        }
        Err(told) => {
            prop_assert!(told.iter().any(Diagnostic::is_error));
            told
        }
    };
    prop_assert!(told.is_sorted_by_key(|diagnostic| diagnostic.span));
    for span in told.iter().filter_map(|diagnostic| diagnostic.span) {
        prop_assert!(span.start <= span.end && span.end as usize <= source.text().len());
    }
    let shown = render(&source, &told, Look::Plain);
    prop_assert_eq!(shown.is_empty(), told.is_empty());
    Ok(())
}

/// A change that somebody could make to a text by accident.
#[derive(Debug, Clone)]
enum Slip {
    Delete(Index),
    Insert(Index, char),
    DropLine(Index),
    RepeatLine(Index),
    SwapLines(Index, Index),
    Indent(Index, usize),
    ReplaceWord(Index, &'static str),
    CutOff(Index),
}

fn slip() -> impl Strategy<Value = Slip> {
    let at = any::<Index>;
    let character = prop_oneof![
        proptest::sample::select("{}[],:#&*!|>'\"%@`-?$~ \n\t\r\0".chars().collect::<Vec<_>>()),
        any::<char>(),
    ];
    let word = proptest::sample::select(vec![
        "-1",
        "99999999999999999999",
        "0",
        "null",
        "true",
        "yes",
        "5",
        "5s",
        "1s..5s",
        "5s..1s",
        "1e9",
        "0.5",
        "$n",
        "$",
        "[]",
        "{}",
        "[x]",
        "{x: y}",
        "\"\"",
        "absent",
        "role-gone",
        "SUCCEEDED",
        "gadget",
        "*a",
        "&a x",
        "!x y",
        "--- ",
        "🦀",
    ]);
    prop_oneof![
        3 => at().prop_map(Slip::Delete),
        3 => (at(), character).prop_map(|(at, c)| Slip::Insert(at, c)),
        1 => at().prop_map(Slip::DropLine),
        1 => at().prop_map(Slip::RepeatLine),
        1 => (at(), at()).prop_map(|(one, other)| Slip::SwapLines(one, other)),
        1 => (at(), 0..12_usize).prop_map(|(at, by)| Slip::Indent(at, by)),
        4 => (at(), word).prop_map(|(at, word)| Slip::ReplaceWord(at, word)),
        1 => at().prop_map(Slip::CutOff),
    ]
}

impl Slip {
    fn make(&self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let mut characters: Vec<char> = text.chars().collect();
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        match self {
            Self::Delete(at) => {
                characters.remove(at.index(characters.len()));
                return characters.into_iter().collect();
            }
            Self::Insert(at, c) => {
                characters.insert(at.index(characters.len()), *c);
                return characters.into_iter().collect();
            }
            Self::CutOff(at) => {
                characters.truncate(at.index(characters.len()));
                return characters.into_iter().collect();
            }
            Self::ReplaceWord(at, word) => {
                let words: Vec<&str> = text.split(' ').collect();
                let at = at.index(words.len());
                let replaced = words.iter().enumerate().map(|(number, old)| if number == at { *word } else { *old });
                return replaced.collect::<Vec<_>>().join(" ");
            }
            Self::DropLine(at) => {
                lines.remove(at.index(lines.len()));
            }
            Self::RepeatLine(at) => {
                let at = at.index(lines.len());
                lines.insert(at, lines[at].clone());
            }
            Self::SwapLines(one, other) => {
                let (one, other) = (one.index(lines.len()), other.index(lines.len()));
                lines.swap(one, other);
            }
            Self::Indent(at, by) => {
                let at = at.index(lines.len());
                lines[at] = format!("{:by$}{}", "", lines[at].trim_start(), by = *by);
            }
        }
        lines.join("\n")
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        match Source::from_reader("any", bytes.as_slice(), None) {
            Ok(source) => look_at(source.text().to_owned())?,
            Err(refused) => prop_assert!(!render(&refused.file, std::slice::from_ref(&refused.diagnostic), Look::Plain).is_empty()),
        }
    }

    #[test]
    fn any_text_of_yaml(text in "[a-c:{}\\[\\],#&*!|>'\"%@`?$~ \n\t\r-]{0,200}") {
        look_at(text)?;
    }

    #[test]
    fn any_slip(which in any::<Index>(), slips in proptest::collection::vec(slip(), 1..6)) {
        let texts = texts();
        let text = slips.iter().fold(which.get(&texts).clone(), |text, slip| slip.make(&text));
        look_at(text)?;
    }
}
