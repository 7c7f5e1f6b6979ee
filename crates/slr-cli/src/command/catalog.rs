//! `slr catalog`.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use slr_scenario::catalog::{Catalog as Known, Entry};
use slr_scenario::diagnostic::{Look, render};

use crate::console::Console;
use crate::exit::{Exit, Failure};

/// List the services whose roles are known, or show what is known of one
///
/// Each fact is shown with its source. A principal is case-sensitive and must not be guessed. What is shown of one service is the language of
/// scenarios: a scenario that names the service behaves so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr catalog
  slr catalog batch.amazonaws.com
  slr catalog batch.amazonaws.com --format json
")]
pub(crate) struct Catalog {
    /// The service principal
    principal: Option<String>,

    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// The ways of writing the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: a list, or a service as YAML
    Text,
    /// For programs: JSON, of a list every service with all that is known of it
    Json,
}

impl Catalog {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        match (&self.principal, self.format) {
            (None, Format::Text) => {
                let entries: Vec<_> = Known::entries().iter().map(|entry| (entry.principal(), entry.role())).collect();
                console.out().write_all(listed(&entries, Console::width()).as_bytes())?;
            }
            (None, Format::Json) => {
                let services: Vec<Value> = Known::entries().iter().map(as_json).collect::<Result<_, _>>()?;
                writeln!(console.out(), "{:#}", Value::Array(services))?;
            }
            (Some(principal), Format::Text) => write!(console.out(), "{}", find(principal)?.text())?,
            (Some(principal), Format::Json) => writeln!(console.out(), "{:#}", as_json(&find(principal)?)?)?,
        }
        Ok(Exit::AsExpected)
    }
}

/// Principals with their roles in two columns. A role that has no room beside its principal stands below it: no name is cut, for each is
/// somebody's to copy.
fn listed(entries: &[(&str, &str)], width: usize) -> String {
    let longest = |of: fn(&(&str, &str)) -> usize| entries.iter().map(of).max().unwrap_or(0);
    let (principals, roles) = (longest(|(principal, _)| principal.len()), longest(|(_, role)| role.len()));
    let column = if principals + 1 + roles <= width { principals + 1 } else { width / 2 };
    let mut text = String::new();
    for (principal, role) in entries {
        let begin = column.max(principal.len() + 1);
        let _ = if begin + role.len() <= width {
            writeln!(text, "{principal:begin$}{role}")
        } else {
            let indent = column.min(width.saturating_sub(role.len()));
            writeln!(text, "{principal}\n{:indent$}{role}", "")
        };
    }
    text
}

fn find(principal: &str) -> Result<Entry, Failure> {
    Known::get(principal).ok_or_else(|| {
        // Who has the role's name at hand wants its service.
        let meant = Known::of_role(principal).map(|entry| entry.principal()).or_else(|| Known::did_you_mean(principal));
        let guess = meant.map_or(String::new(), |known| format!("; did you mean `{known}`?"));
        let is_principal = Known::of_role(principal).is_none() && principal.contains('.');
        let answer = Known::refusal(principal).filter(|_| is_principal).map_or(String::new(), |message| {
            format!("\nnote: AWS answers a request for its role with AccessDenied: {message}")
        });
        Failure::Usage(format!("no service is known by the principal `{principal}`{guess}{answer}"))
    })
}

/// A service's file as JSON, with the ARN that its role has.
fn as_json(entry: &Entry) -> Result<Value, Failure> {
    let mut json = entry.json().map_err(|diagnostics| {
        let told = entry.source().map(|source| render(&source, &diagnostics, Look::Plain)).unwrap_or_default();
        Failure::Bug(format!("the catalogue has a mistake:\n{told}"))
    })?;
    if let Value::Object(fields) = &mut json {
        let (principal, role) = (entry.principal(), entry.role());
        let arn = format!("arn:{{partition}}:iam::{{account}}:role/aws-service-role/{principal}/{role}");
        fields.insert("arn".to_owned(), json!(arn));
    }
    Ok(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fits_the_width_and_no_name_is_cut() {
        let entries: Vec<_> = Known::entries().iter().map(|entry| (entry.principal(), entry.role())).collect();
        let names: Vec<&str> = entries.iter().flat_map(|(principal, role)| [*principal, *role]).collect();
        let longest = names.iter().map(|name| name.len()).max().unwrap();
        for width in [longest, 72, 80, 100, 200] {
            let text = listed(&entries, width);
            assert!(text.lines().all(|line| line.len() <= width && line.trim_end() == line), "{width}");
            assert_eq!(text.split_whitespace().collect::<Vec<_>>(), names, "{width}");
        }
        assert_eq!(listed(&entries, 200).lines().count(), entries.len(), "where there is room each has one line");
        assert_eq!(listed(&entries, 0).split_whitespace().count(), names.len());
    }
}
