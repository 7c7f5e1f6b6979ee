//! A row per seed, for other programs.

use std::io::{self, Write};
use std::ops::Range;

use serde::Serialize;

use slr_scenario::sweep::{Part, Row, Sweep};

use super::block;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON Lines.
    JsonLines,
    /// Comma-separated values with a head, as RFC 4180 has them but for the line ends.
    Csv,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    #[serde(flatten)]
    row: Row,
}

/// The rows that a part of a sweep has written.
pub(super) struct Written<'t> {
    pub(super) part: Part,
    pub(super) seeds: Range<u64>,
    pub(super) lines: Vec<&'t str>,
}

/// The rows of a part's text, and what was counted of them: the last line, or the whole where there are no rows.
pub(super) fn apart(text: &str) -> (&str, &str) {
    if text.starts_with("{\n") {
        return ("", text);
    }
    let last = text.trim_end().rfind('\n').map_or(0, |end| end + 1);
    text.split_at(last)
}

impl Form {
    /// The rows of a part, without their head.
    ///
    /// # Errors
    /// Why they are not what the part has written.
    pub(super) fn lines<'t>(self, text: &'t str, part: &Sweep) -> Result<Vec<&'t str>, String> {
        let name = match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        };
        let other = || {
            let Part { number, of } = part.part;
            format!("has no {name} rows: play it with --shard {number}/{of} --format {name}")
        };
        let mut head = Vec::new();
        self.head(&mut head, has_variants(part)).map_err(|error| error.to_string())?;
        let head = String::from_utf8_lossy(&head);
        let text = text.strip_prefix(&*head).ok_or_else(other)?;
        let lines: Vec<&str> = text.lines().collect();
        let is_object = |line: &&str| line.starts_with('{');
        if lines.iter().any(|line| is_object(line) != (self == Self::JsonLines)) {
            return Err(other());
        }
        let seeds = part.own_seeds();
        let rows = (seeds.end - seeds.start).saturating_mul(part.variants.len() as u64);
        match (lines.len() as u64, rows) {
            (found, expected) if found == expected => Ok(lines),
            (0, _) => Err(other()),
            (found, expected) => Err(format!("has {found} rows and should have {expected}")),
        }
    }

    /// The rows of all parts, in their order, as the sweep without parts writes them.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn merged(self, out: &mut impl Write, whole: &Sweep, parts: &[Written<'_>]) -> io::Result<()> {
        self.head(out, has_variants(whole))?;
        let variants = whole.variants.len();
        let mut start = whole.seeds.start;
        while start < whole.seeds.end {
            let end = whole.seeds.end.min(start.saturating_add(block(variants)));
            for variant in 0..variants {
                for part in parts {
                    let own = start.max(part.seeds.start)..end.min(part.seeds.end);
                    for line in own.filter_map(|seed| part.line(variant, variants, seed)) {
                        writeln!(out, "{line}")?;
                    }
                }
            }
            start = end;
        }
        Ok(())
    }

    /// What comes before the rows.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn head(self, out: &mut impl Write, has_variants: bool) -> io::Result<()> {
        match self {
            Self::JsonLines => Ok(()),
            Self::Csv => {
                let variant = if has_variants { "variant," } else { "" };
                writeln!(
                    out,
                    "{variant}seed,passed,attempts,deleted_ms,session_wait_ms,resource_wait_ms,refusals,steps"
                )
            }
        }
    }

    /// Rows of a variant, if there are several.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn rows(self, out: &mut impl Write, variant: Option<&str>, rows: &[Row]) -> io::Result<()> {
        match self {
            Self::JsonLines => rows.iter().try_for_each(|row| {
                serde_json::to_writer(&mut *out, &Line { variant, row: *row })?;
                out.write_all(b"\n")
            }),
            Self::Csv => {
                let variant = variant.map_or_else(String::new, |text| format!("{},", quoted(text)));
                rows.iter().try_for_each(|row| csv(out, &variant, row))
            }
        }
    }
}

fn has_variants(sweep: &Sweep) -> bool {
    sweep.variants.iter().any(|variant| !variant.set.is_empty())
}

impl Written<'_> {
    /// The row of a seed under one of so many variants. A part has its own blocks, from its own first seed.
    fn line(&self, variant: usize, variants: usize, seed: u64) -> Option<&str> {
        let (first, last, block) = (self.seeds.start, self.seeds.end, block(variants));
        let before = (seed - first) / block * block;
        let length = block.min(last - first - before);
        let (variant, variants) = (variant as u64, variants as u64);
        let place = before * variants + variant * length + (seed - first - before);
        self.lines.get(usize::try_from(place).ok()?).copied()
    }
}

fn csv(out: &mut impl Write, variant: &str, row: &Row) -> io::Result<()> {
    let Row { seed, passed, attempts, deleted_millis, session_wait_millis, resource_wait_millis, refusals, steps } =
        row;
    write!(out, "{variant}{seed},{passed},{attempts}")?;
    for millis in [deleted_millis, session_wait_millis, resource_wait_millis] {
        match millis {
            Some(millis) => write!(out, ",{millis}")?,
            None => write!(out, ",")?,
        }
    }
    writeln!(out, ",{refusals},{steps}")
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form, variant: Option<&str>) -> String {
        let row = Row {
            seed: 7,
            passed: true,
            attempts: 3,
            deleted_millis: Some(1500),
            session_wait_millis: Some(0),
            resource_wait_millis: Some(900),
            refusals: 0,
            steps: 31,
        };
        let mut out = Vec::new();
        form.head(&mut out, variant.is_some()).unwrap();
        form.rows(
            &mut out,
            variant,
            &[row, Row { seed: 8, passed: false, deleted_millis: None, session_wait_millis: None, ..row }],
        )
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_time_that_there_is_not_is_left_empty() {
        let rows = "seed,passed,attempts,deleted_ms,session_wait_ms,resource_wait_ms,refusals,steps\n\
                    7,true,3,1500,0,900,0,31\n8,false,3,,,900,0,31\n";
        assert_eq!(written(Form::Csv, None), rows);
        let lines = "{\"seed\":7,\"passed\":true,\"attempts\":3,\"deleted_ms\":1500,\"session_wait_ms\":0,\"resource_wait_ms\":900,\"refusals\":0,\"steps\":31}\n\
                     {\"seed\":8,\"passed\":false,\"attempts\":3,\"deleted_ms\":null,\"session_wait_ms\":null,\"resource_wait_ms\":900,\"refusals\":0,\"steps\":31}\n";
        assert_eq!(written(Form::JsonLines, None), lines);
    }

    #[test]
    fn the_name_of_a_variant_is_one_field() {
        assert!(written(Form::Csv, Some("a={\"b\":1,\"c\":2}")).contains("\n\"a={\"\"b\"\":1,\"\"c\"\":2}\",7,true"));
        assert!(written(Form::JsonLines, Some("a=1")).starts_with("{\"variant\":\"a=1\",\"seed\":7"));
    }
}
