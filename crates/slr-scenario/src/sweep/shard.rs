//! Sweeps as files: a part of one on each of many machines, and all parts together as if it had been one.

use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::paired::{Paired, PairedSummary};
use super::summary::{Names, Summary};
use super::tally::Tally;

/// The name of the format of the files. Whatever changes what is written changes its number: the parts of a sweep are to be written by one
/// version, or to be refused for that reason.
const FORMAT: &str = "slr-sweep/3";
/// What the names of all its versions begin with.
const FAMILY: &str = "slr-sweep/";

/// Which part of a sweep: the `number`-th of so many, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// Counted from 1.
    pub number: u64,
    /// How many parts there are.
    pub of: u64,
}

impl Part {
    /// All of it.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// The seeds of this part: all parts have as many, give or take one.
    pub fn seeds(self, whole: &Range<u64>) -> Range<u64> {
        let length = u128::from(whole.end.saturating_sub(whole.start));
        let offset = |number: u64| {
            let offset = length * u128::from(number) / u128::from(self.of.max(1));
            whole.start.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX))
        };
        offset(self.number.saturating_sub(1))..offset(self.number)
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if 1 <= number && number <= of => Ok(Self { number, of }),
            _ => Err(format!("`{text}` is no part: write 1/4 for the first of four")),
        }
    }
}

/// One scenario of a sweep, which may be a variation of the file's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// What was set otherwise than in the file: `path=value`.
    pub set: Vec<String>,
    /// What things are called.
    pub names: Names,
    /// The seeds that were played.
    pub played: Range<u64>,
    /// What was counted.
    pub tally: Tally,
    /// How it compares with the first one seed by seed; `None` of the first one itself.
    pub paired: Option<Paired>,
}

/// A sweep, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    format: String,
    /// The scenario's title.
    pub scenario: String,
    /// A digest of the scenario's text.
    pub digest: String,
    /// The scenario's file as it was named, if it has a name. It may lie elsewhere on another machine.
    pub file: Option<String>,
    /// The parameters that were set.
    pub params: Vec<String>,
    /// The seeds of the whole sweep.
    pub seeds: Range<u64>,
    /// Which part of it this is.
    pub part: Part,
    /// The scenario in all its variations.
    pub variants: Vec<Variant>,
    /// Whether a small scenario was looked for where a run fails.
    pub shrinks: bool,
    /// What there is to say of the first run that fails, of the first variant that has one, if that was asked for.
    pub shrunk: Option<String>,
}

/// What a sweep has to say, as a file.
#[derive(Serialize)]
struct Report<'a> {
    scenario: &'a str,
    digest: &'a str,
    params: &'a [String],
    seeds: &'a Range<u64>,
    variants: Vec<VariantReport<'a>>,
}

#[derive(Serialize)]
struct VariantReport<'a> {
    set: &'a [String],
    played: &'a Range<u64>,
    #[serde(flatten)]
    summary: Summary,
    /// Against the first variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    paired: Option<PairedSummary>,
}

impl Sweep {
    /// A sweep of a scenario's text.
    pub fn new(scenario: &str, text: &str, params: Vec<String>, seeds: Range<u64>, part: Part) -> Self {
        // FNV-1a: it tells files apart that were mixed up, not files that were forged.
        let digest = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self {
            format: FORMAT.to_owned(),
            scenario: scenario.to_owned(),
            digest: format!("{digest:016x}"),
            file: None,
            params,
            seeds,
            part,
            variants: Vec::new(),
            shrinks: true,
            shrunk: None,
        }
    }

    /// The seeds of this part.
    pub fn own_seeds(&self) -> Range<u64> {
        self.part.seeds(&self.seeds)
    }

    /// Whether all its seeds were played.
    pub fn is_complete(&self) -> bool {
        self.variants.iter().all(|variant| variant.played == self.own_seeds())
    }

    /// What it has to say, as JSON: one object that depends on nothing but the scenario, its variations and the seeds.
    pub fn report(&self) -> String {
        let variant = |variant: &'_ Variant| Summary::new(&variant.names, &variant.tally);
        let report = Report {
            scenario: &self.scenario,
            digest: &self.digest,
            params: &self.params,
            seeds: &self.seeds,
            variants: self
                .variants
                .iter()
                .map(|v| VariantReport {
                    set: &v.set,
                    played: &v.played,
                    summary: variant(v),
                    paired: v.paired.as_ref().map(PairedSummary::from),
                })
                .collect(),
        };
        in_lines(&report)
    }

    /// All that was counted, as JSON: what [`Sweep::read`] reads.
    pub fn write(&self) -> String {
        in_lines(self)
    }

    /// The same on one line.
    pub fn write_on_a_line(&self) -> String {
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The first seed that fails of the first variant that has one, and which variant that is.
    fn first_failing(&self) -> Option<(usize, u64)> {
        let firsts = self.variants.iter().map(|variant| variant.tally.passed.failing.first());
        firsts.enumerate().find_map(|(variant, seed)| Some((variant, *seed?)))
    }

    /// Reads a part.
    ///
    /// # Errors
    /// [`NotMergeable::Unreadable`] if the text is none.
    pub fn read(name: &str, text: &str) -> Result<Self, NotMergeable> {
        let unreadable = |why: String| NotMergeable::Unreadable { name: name.to_owned(), why };
        let written: serde_json::Value =
            serde_json::from_str(text).map_err(|error| unreadable(no_json(text, &error)))?;
        match written.get("format").and_then(serde_json::Value::as_str) {
            Some(FORMAT) => {}
            Some(other) if other.starts_with(FAMILY) => {
                return Err(NotMergeable::OtherVersion { name: name.to_owned(), written: other.to_owned() });
            }
            Some(other) => return Err(unreadable(format!("its format is `{other}` and not `{FORMAT}`"))),
            None => return Err(unreadable(other_json(&written).to_owned())),
        }
        let sweep: Self = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        let (part, own) = (sweep.part, sweep.own_seeds());
        if part.number == 0 || part.number > part.of || sweep.variants.is_empty() {
            return Err(unreadable("it says that it is a part that there cannot be".to_owned()));
        }
        for (number, variant) in sweep.variants.iter().enumerate() {
            let played = variant.played.end.checked_sub(variant.played.start);
            let is_own = variant.played.start == own.start && variant.played.end <= own.end;
            let is_paired = variant
                .paired
                .as_ref()
                .map_or(number == 0, |paired| number > 0 && paired.is_sound() && paired.seeds <= variant.tally.runs);
            if played != Some(variant.tally.runs) || !is_own || !is_paired || !variant.names.fit(&variant.tally) {
                return Err(unreadable("what it counted does not fit what it names".to_owned()));
            }
        }
        Ok(sweep)
    }
}

/// What a text is that is not JSON.
fn no_json(text: &str, error: &serde_json::Error) -> String {
    if text.trim().is_empty() {
        "it is empty".to_owned()
    } else if error.is_eof() {
        "it is cut off".to_owned()
    } else {
        "it does not end with the JSON that a part ends with".to_owned()
    }
}

/// What JSON is that has no format.
fn other_json(written: &serde_json::Value) -> &'static str {
    if written.get("variants").is_some() {
        "it is the report of a sweep, from which nothing can be counted on"
    } else if written.get("seed").is_some() {
        "it has rows alone, and not what was counted of them"
    } else {
        "it is JSON of another sort"
    }
}

fn in_lines(value: &impl Serialize) -> String {
    // Structures of ours have nothing that JSON cannot say.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Why parts are not a sweep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotMergeable {
    /// A file is no part of a sweep.
    #[error("{name} is no part of a sweep: {why}; `slr sweep FILE --shard 1/4` writes the first of four")]
    Unreadable {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// Another version of the program has written it.
    #[error("{name} was written by another version of slr ({written}), this one reads {FORMAT}: play it again")]
    OtherVersion {
        /// Its name.
        name: String,
        /// The format in which it is written.
        written: String,
    },
    /// There is no part.
    #[error("there is no part")]
    Nothing,
    /// Parts of different sweeps.
    #[error("{first} and {other} are parts of different sweeps: their {what} differ")]
    Different {
        /// One.
        first: String,
        /// The other.
        other: String,
        /// In what they differ.
        what: &'static str,
    },
    /// A part is there twice.
    #[error("part {number} of {of} is there twice")]
    Twice {
        /// Which.
        number: u64,
        /// Of how many.
        of: u64,
    },
    /// A part is not there.
    #[error("part {number} of {of} is not there")]
    Missing {
        /// Which.
        number: u64,
        /// Of how many.
        of: u64,
    },
    /// A part was stopped before its end.
    #[error("{name} was stopped before its end: play it again")]
    Incomplete {
        /// Its name.
        name: String,
    },
}

/// All parts together, each with its name: the sweep as if it had been played at once. Where the scenario's file lies is told as the first
/// part has it. If one of them was played without looking for small scenarios, so was the whole: which part it is must not matter.
///
/// # Errors
/// [`NotMergeable`] if they are not all the parts of one sweep, each once and complete.
pub fn merge(mut parts: Vec<(String, Sweep)>) -> Result<Sweep, NotMergeable> {
    parts.sort_by_key(|(_, sweep)| sweep.part);
    let mut parts = parts.into_iter();
    let (first, mut whole) = parts.next().ok_or(NotMergeable::Nothing)?;
    let of = whole.part.of;
    check_place(&first, &whole, 1, of)?;
    let mut count = 1;
    for (name, sweep) in parts {
        if let Some(what) = difference(&whole, &sweep) {
            return Err(NotMergeable::Different { first, other: name, what });
        }
        count += 1;
        check_place(&name, &sweep, count, of)?;
        // It is about the first run that fails, and that is in the part in which it fails first.
        let (mine, others) = (whole.first_failing(), sweep.first_failing());
        if others.is_some_and(|others| mine.is_none_or(|mine| others < mine)) {
            whole.shrunk = sweep.shrunk;
        }
        whole.shrinks &= sweep.shrinks;
        for (mine, others) in whole.variants.iter_mut().zip(sweep.variants) {
            mine.tally.merge(&others.tally);
            if let (Some(mine), Some(others)) = (&mut mine.paired, &others.paired) {
                mine.merge(others);
            }
            mine.played.end = others.played.end;
        }
    }
    if count < of {
        return Err(NotMergeable::Missing { number: count + 1, of });
    }
    whole.part = Part::WHOLE;
    whole.shrunk = whole.shrunk.filter(|_| whole.shrinks);
    Ok(whole)
}

fn check_place(name: &str, sweep: &Sweep, expected: u64, of: u64) -> Result<(), NotMergeable> {
    let number = sweep.part.number;
    if number < expected {
        return Err(NotMergeable::Twice { number, of });
    }
    if number > expected {
        return Err(NotMergeable::Missing { number: expected, of });
    }
    if !sweep.is_complete() {
        return Err(NotMergeable::Incomplete { name: name.to_owned() });
    }
    Ok(())
}

fn difference(a: &Sweep, b: &Sweep) -> Option<&'static str> {
    let variants = || {
        a.variants.len() == b.variants.len()
            && a.variants.iter().zip(&b.variants).all(|(a, b)| a.set == b.set && a.names.are_like(&b.names))
    };
    if a.scenario != b.scenario || a.digest != b.digest {
        Some("scenarios")
    } else if a.params != b.params {
        Some("parameters")
    } else if a.seeds != b.seeds {
        Some("seeds")
    } else if a.part.of != b.part.of {
        Some("numbers of parts")
    } else if !variants() {
        Some("variations")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_one_another_and_are_all() {
        for of in 1..20 {
            let parts: Vec<_> = (1..=of).map(|number| Part { number, of }.seeds(&(3..u64::MAX))).collect();
            assert_eq!((parts[0].start, parts[parts.len() - 1].end), (3, u64::MAX));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
        assert_eq!("2/3".parse(), Ok(Part { number: 2, of: 3 }));
        for text in ["0/3", "4/3", "3", "a/b", "1/0"] {
            assert!(text.parse::<Part>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_part_is_told_for_what_it_is() {
        let why = |text: &str| match Sweep::read("it", text) {
            Err(NotMergeable::Unreadable { why, .. }) => why,
            other => panic!("{text}: {other:?}"),
        };
        let sweep = Sweep::new("one", "scenario: one", Vec::new(), 0..4, Part { number: 1, of: 2 });
        assert_eq!(why(" \n"), "it is empty");
        assert_eq!(why(sweep.write_on_a_line().trim_end().trim_end_matches('}')), "it is cut off");
        assert_eq!(why("7,true,1,,,,0,3\n"), "it does not end with the JSON that a part ends with");
        assert_eq!(why("scenario: one\n"), "it does not end with the JSON that a part ends with");
        assert_eq!(why(&sweep.report()), "it is the report of a sweep, from which nothing can be counted on");
        assert_eq!(why("{\"seed\":7,\"passed\":true}"), "it has rows alone, and not what was counted of them");
        assert_eq!(why("[]"), "it is JSON of another sort");
        assert_eq!(why("{\"format\":\"slr-trace/1\"}"), "its format is `slr-trace/1` and not `slr-sweep/3`");
        assert_eq!(why(&sweep.write()), "it says that it is a part that there cannot be", "it has no variants");
        let text = sweep.write().replace("\"params\"", "\"param\"");
        assert!(why(&text).starts_with("missing field `params` at line"), "{}", why(&text));
        for written in ["slr-sweep/2", "slr-sweep/4"] {
            let text = sweep.write().replace(FORMAT, written).replace("\"params\"", "\"param\"");
            let told =
                "it was written by another version of slr (".to_owned() + written + "), this one reads slr-sweep/3";
            let refused = Sweep::read("it", &text).map_err(|error| error.to_string());
            assert_eq!(refused, Err(told + ": play it again"));
        }
    }
}
