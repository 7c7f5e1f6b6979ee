//! `slr explain-access`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;

use slr_scenario::access::{Answer, Explanation, Layer, Outcome, Question};

use super::{Assignments, Format, Moment};
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Tell whether somebody may do something in the account of a scenario, and why.
///
/// Everything is as it is at time zero: users, groups, roles and what is given; with --at, as it is at that time of the run. Each sort of policy is asked, and each of its statements is
/// shown with what it says about the request. A resource may be named by its ARN, by a role's name, or by a service's principal, which
/// stands for the service's role; without one it is `*`. `iam:AWSServiceName` follows from the role that is to be created; what else a
/// request says about itself is given with --context.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr explain-access scenario.yaml alice iam:DeleteServiceLinkedRole AWSServiceRoleForBatch
  slr explain-access scenario.yaml alice iam:CreateServiceLinkedRole batch.amazonaws.com
  slr explain-access scenario.yaml bob iam:PassRole my-role --context iam:PassedToService=ssm.amazonaws.com
  slr explain-access scenario.yaml ssm.amazonaws.com sts:AssumeRole my-role
  slr explain-access scenario.yaml dave iam:PassRole my-role --at 12m

It ends with 0 if access is allowed and with 1 if it is denied.
")]
pub(crate) struct ExplainAccess {
    /// A scenario file; `-` is stdin.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who asks: a user, a role, `root`, or a service principal.
    #[arg(value_name = "PRINCIPAL")]
    principal: String,
    /// The action, such as `iam:PassRole`.
    #[arg(value_name = "ACTION")]
    action: String,
    /// On what: an ARN, a role's name, a service principal, or `*`.
    #[arg(value_name = "RESOURCE", default_value = "*")]
    resource: String,
    /// A condition key of the request; give it again for a further value.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    context: Vec<(String, String)>,
    #[command(flatten)]
    moment: Moment,
    #[command(flatten)]
    assignments: Assignments,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) | None => Err(format!("`{text}` gives no condition key a value: write KEY=VALUE")),
    }
}

impl ExplainAccess {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let access = match super::account(&self.file, &self.assignments.params()?, &self.moment, console)? {
            Ok(access) => access,
            Err(exit) => return Ok(exit),
        };
        let context = by_key(&self.context);
        let question =
            Question { principal: &self.principal, action: &self.action, resource: &self.resource, context: &context };
        let explanation = access.explain(&question).map_err(|wrong| Failure::Usage(wrong.to_string()))?;
        let text = match self.format {
            Format::Text => told(&explanation),
            Format::Json => {
                let json = serde_json::to_string_pretty(&explanation);
                json.map_err(|error| Failure::InputOutput(format!("the answer cannot be written: {error}")))? + "\n"
            }
        };
        console.out().write_all(text.as_bytes())?;
        Ok(match explanation.decision {
            Outcome::Allowed => Exit::AsExpected,
            Outcome::ExplicitDeny | Outcome::ImplicitDeny => Exit::NotAsExpected,
        })
    }
}

/// The condition keys with all their values, in the order in which they were first given.
pub(super) fn by_key(given: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let mut context: Vec<(String, Vec<String>)> = Vec::new();
    for (key, value) in given {
        match context.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((_, values)) => values.push(value.clone()),
            None => context.push((key.clone(), vec![value.clone()])),
        }
    }
    context
}

fn told(explanation: &Explanation) -> String {
    let decision = match explanation.decision {
        Outcome::Allowed => "allowed",
        Outcome::ExplicitDeny => "explicit deny",
        Outcome::ImplicitDeny => "implicit deny",
    };
    let mut text = format!("{decision}: {}\n\n", explanation.reason);
    if let Some(at) = &explanation.at {
        let _ = writeln!(text, "{:10} {at}", "at");
    }
    for (what, value) in
        [("principal", &explanation.principal), ("action", &explanation.action), ("resource", &explanation.resource)]
    {
        let _ = writeln!(text, "{what:10} {value}");
    }
    for (number, (key, values)) in explanation.context.iter().enumerate() {
        let title = if number == 0 { "context" } else { "" };
        let _ = writeln!(text, "{title:10} {key} = {}", values.join(", "));
    }
    text.push('\n');
    let width = explanation.layers.iter().map(|layer| layer.layer.len()).max().unwrap_or(0);
    for layer in &explanation.layers {
        tell_layer(layer, width, &mut text);
    }
    if let Some(message) = &explanation.message {
        let _ = writeln!(text, "\nAWS says: {message}");
    }
    for note in &explanation.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

fn tell_layer(layer: &Layer, width: usize, text: &mut String) {
    let answer = match layer.answer {
        Answer::Allows => "allows",
        Answer::Denies => "denies",
        Answer::Silent => "says nothing",
        Answer::None => "none",
    };
    let _ = writeln!(text, "{:width$}  {answer}", layer.layer);
    for statement in &layer.statements {
        let mark = if statement.applies { '*' } else { ' ' };
        let sid = statement.sid.as_ref().map_or_else(String::new, |sid| format!(" ({sid})"));
        let because =
            statement.because.as_ref().map_or_else(|| "applies".to_owned(), |why| format!("does not apply: {why}"));
        let _ = writeln!(
            text,
            "  {mark} {} statement {}{sid}, {}: {because}",
            statement.policy, statement.number, statement.effect
        );
    }
}
