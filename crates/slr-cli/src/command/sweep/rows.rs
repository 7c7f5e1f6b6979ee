//! A row per seed, for other programs.

use std::io::{self, Write};

use serde::Serialize;

use slr_scenario::sweep::Row;

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

impl Form {
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
