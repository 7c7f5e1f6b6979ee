//! `slr explain`.

mod aws;
mod own;

use std::fmt::Write as _;
use std::io::Write as _;

use clap::Args;

use slr_core::rejection;
use slr_scenario::diagnostic::{Code, Severity};

use self::aws::{Lesson, lesson};
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Tell what a code means: one of slr's messages, or one of AWS's errors.
///
/// Without a code, all codes are listed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr explain                        all codes
  slr explain unknown-role           a mistake in a scenario
  slr explain UnmodifiableEntity     an answer of AWS
")]
pub(crate) struct Explain {
    /// The code, as it stands in brackets in a message, or as AWS spells it.
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

impl Explain {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let text = match &self.code {
            None => list(),
            Some(code) => explain(code)?,
        };
        console.out().write_all(text.as_bytes())?;
        Ok(Exit::AsExpected)
    }
}

fn list() -> String {
    let own_names = own::names();
    let names = Code::ALL.iter().map(|code| code.name()).chain(rejection::Code::ALL.iter().map(|code| code.name()));
    let width = names.chain(own_names.keys().map(String::as_str)).map(str::len).max().unwrap_or(0);
    let mut text = String::from("Mistakes in scenarios:\n");
    for code in Code::ALL {
        let _ = writeln!(text, "  {:width$}  {}", code.name(), code.explanation().meaning);
    }
    text.push_str("\nErrors of AWS:\n");
    for code in rejection::Code::ALL {
        let _ = writeln!(text, "  {:width$}  {}", code.name(), lesson(*code).meaning);
    }
    text.push_str("\nNames that services give them:\n");
    for (name, uses) in &own_names {
        let mut codes: Vec<&str> = uses.iter().map(|(_, situation)| situation.code().name()).collect();
        codes.dedup();
        let mut services: Vec<&str> = uses.iter().map(|(principal, _)| *principal).collect();
        services.dedup();
        let _ = writeln!(text, "  {name:width$}  {} of {}", codes.join(" or "), services.join(", "));
    }
    text
}

fn explain(name: &str) -> Result<String, Failure> {
    if let Some(code) = Code::named(name) {
        return Ok(of_diagnostic(code));
    }
    let aws = rejection::Code::ALL.iter().find(|code| code.name().eq_ignore_ascii_case(name));
    if let Some(code) = aws {
        return Ok(of_aws(*code));
    }
    if let Some(text) = own::explained(name) {
        return Ok(text);
    }
    let guess = Code::resembling(name).map_or_else(String::new, |code| format!("; did you mean `{}`?", code.name()));
    Err(Failure::Usage(format!("there is no code `{name}`{guess}\n`slr explain` lists all codes")))
}

fn of_diagnostic(code: Code) -> String {
    let explanation = code.explanation();
    let severity = match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!("{severity}[{}]: {}\n\n{}\n", code.name(), explanation.meaning, wrapped(explanation.why));
    example(&mut text, "Wrong:", explanation.wrong);
    example(&mut text, "Right:", explanation.right);
    text
}

fn of_aws(code: rejection::Code) -> String {
    let Lesson { meaning, why, wrong, right } = lesson(code);
    let mut text = format!("{code} (HTTP {}): {meaning}\n\n{}\n", code.http_status(), wrapped(why));
    example(&mut text, "Refused:", wrong);
    example(&mut text, "Granted:", right);
    text
}

fn example(text: &mut String, title: &str, example: &str) {
    if !example.is_empty() {
        let _ = writeln!(text, "\n{title}");
        for line in example.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
}

/// Prose in lines of at most 100 characters.
fn wrapped(prose: &str) -> String {
    let mut text = String::new();
    let mut room = 100;
    for word in prose.split_whitespace() {
        let length = word.chars().count();
        if text.is_empty() {
            room -= length.min(room);
        } else if length < room {
            text.push(' ');
            room -= length + 1;
        } else {
            text.push('\n');
            room = 100_usize.saturating_sub(length);
        }
        text.push_str(word);
    }
    text
}
