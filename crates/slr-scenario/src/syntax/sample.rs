//! Any scenario, for the test that what is written is read back.

use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::{Map, Value};

/// A source of chance for samples.
pub(crate) struct Dice {
    rng: TestRng,
}

/// Text that YAML would take for something else, and text that is hard to write.
const NASTY: [&str; 46] = [
    "",
    " ",
    "  x",
    "x ",
    "~",
    "null",
    "true",
    "False",
    "yes",
    "0",
    "12",
    "-7",
    "0x1F",
    "0.5",
    ".5",
    "1e3",
    ".inf",
    "$n",
    "$",
    "a: b",
    "a:",
    ": a",
    "a #b",
    "#a",
    "- a",
    "-",
    "?",
    "? a",
    "&a",
    "*a",
    "!a",
    "%a",
    "@a",
    "`a`",
    "[a]",
    "{a}",
    "a, b",
    "\"a\"",
    "'a'",
    "a\\b",
    "a\nb",
    "\na\n",
    "a\n  b\n\nc",
    "---",
    "...",
    "<<",
];

/// Characters of all sorts.
const CHARACTERS: [char; 32] = [
    'a', 'b', 'Z', '0', '9', ' ', '-', '_', '.', ':', '#', ',', '"', '\'', '\\', '/', '{', ']', '$', '\n', '\t', '\r',
    '\u{7f}', '\u{85}', '\u{a0}', 'é', 'ß', '\u{2028}', '\u{feff}', '漢', '\u{fffe}', '🦀',
];

impl Dice {
    pub(crate) fn new(rng: TestRng) -> Self {
        Self { rng }
    }

    /// Any number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }

    /// True in `part` of `whole` cases.
    pub(crate) fn chance(&mut self, part: u64, whole: u64) -> bool {
        self.below(whole) < part
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let number = self.below(from.len() as u64);
        from[usize::try_from(number).expect("a slice is no longer than its type allows")].clone()
    }

    /// A number, as a rule a small one.
    pub(crate) fn number(&mut self) -> u64 {
        let width = self.below(64);
        self.rng.next_u64() >> width
    }

    pub(crate) fn text(&mut self) -> String {
        match self.below(4) {
            0 => self.pick(&NASTY).to_owned(),
            1 => (0..self.below(12)).map(|_| self.pick(&CHARACTERS)).collect(),
            2 => (0..self.below(60)).map(|_| self.pick(&["word ", "a", "b: ", "c, ", "\n", " "])).collect(),
            _ => (0..=self.below(8)).map(|_| self.pick(&['a', 'b', 'c', '-', '1'])).collect(),
        }
    }

    pub(crate) fn json_object(&mut self, depth: u64) -> Value {
        let members: Map<String, Value> = (0..self.below(4)).map(|_| (self.text(), self.json(depth))).collect();
        Value::Object(members)
    }

    fn json(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => Value::Bool(self.chance(1, 2)),
            2 => Value::from(self.number()),
            3 => Value::from(-i64::try_from(self.number() >> 1).unwrap_or_default()),
            4 => Value::String(self.text()),
            5 => (0..self.below(4)).map(|_| self.json(depth - 1)).collect(),
            _ => self.json_object(depth - 1),
        }
    }
}

mod tests {
    use proptest::prelude::*;

    use super::Dice;
    use crate::diagnostic::Code;
    use crate::params::{self, Params};
    use crate::syntax::Scenario;
    use crate::syntax::grammar::{Reader, Syntax as _};
    use crate::yaml::{compose, to_text};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        /// Whatever a scenario says, its text says the same.
        #[test]
        fn what_is_written_is_read_back(scenario in Just(()).prop_perturb(|(), rng| Scenario::sample(&mut Dice::new(rng)))) {
            let text = to_text(&scenario.write());
            let composed = compose(&text);
            let mut diagnostics = composed.diagnostics;
            prop_assert!(diagnostics.is_empty(), "{diagnostics:#?}\n{text}");
            let mut root = composed.root.expect("a scenario is not nothing");
            params::resolve(&mut root, &Params::none(), &mut diagnostics);
            // Here any text may be the name of a parameter, and none is used.
            diagnostics.retain(|diagnostic| diagnostic.is_error() && diagnostic.code != Code::BadParameter);
            let mut reader = Reader { diagnostics };
            let again = Scenario::read(&root, &mut reader);
            prop_assert!(reader.diagnostics.is_empty(), "{:#?}\n{text}", reader.diagnostics);
            prop_assert_eq!(again.as_ref(), Some(&scenario), "{}", text);
            prop_assert_eq!(to_text(&scenario.write()), text);
        }
    }
}
