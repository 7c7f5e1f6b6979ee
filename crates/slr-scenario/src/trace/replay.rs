//! A trace played again without its seed: the same actions through the same rules, compared line by line.

use slr_core::rejection::Refusal;
use slr_core::universe::WorldError;
use slr_core::{IdSet, State, Universe, WideSet};

use super::record::{Footer, Header, Names, StepRecord, answered_record};
use crate::ledger::Ledger;
use crate::lower::Lowered;
use crate::simulation::{Ending, SimTime, Step};

/// A trace that its rules confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// How many steps were played.
    pub steps: u64,
}

/// The first line of a trace that its rules do not confirm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The line is no JSON, or not of this format.
    #[error("line {line}: this is no line of a trace: {why}")]
    Unreadable {
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The line names something that the scenario does not have.
    #[error("line {line}: {why}")]
    Unknown {
        /// Counted from 1.
        line: u64,
        /// What it names.
        why: String,
    },
    /// The rules do not let the action happen here.
    #[error("line {line}: {why}")]
    Impossible {
        /// Counted from 1.
        line: u64,
        /// What stands against it.
        why: String,
    },
    /// The line does not come here: steps are counted one by one, and time does not go back.
    #[error("line {line}: {why}")]
    OutOfOrder {
        /// Counted from 1.
        line: u64,
        /// What is wrong with its place.
        why: String,
    },
    /// The action leads elsewhere.
    #[error("line {line}: the trace says\n  {recorded}\nand playing it again gives\n  {played}")]
    Other {
        /// Counted from 1.
        line: u64,
        /// What the trace says.
        recorded: String,
        /// What the rules say.
        played: String,
    },
    /// The trace ends before its last line.
    #[error("line {line}: the trace is cut off: its last line is missing")]
    CutOff {
        /// The line that is missing, counted from 1.
        line: u64,
    },
}

/// Reads the first line of a trace.
///
/// # Errors
/// [`Difference::Unreadable`] if it is no header of a format that this version reads.
pub fn header(line: &str) -> Result<Header, Difference> {
    let unreadable = |why: String| Difference::Unreadable { line: 1, why };
    let header: Header = serde_json::from_str(line).map_err(|error| unreadable(error.to_string()))?;
    if header.trace != super::record::FORMAT {
        return Err(unreadable(format!(
            "its format is `{}`, and this version reads `{}`",
            header.trace,
            super::record::FORMAT
        )));
    }
    Ok(header)
}

/// Plays the lines after the header of a scenario's trace; the seed is that of the header, from which ids come. The narrowest sets that hold the world are used.
///
/// # Errors
/// [`WorldError`] if the world cannot begin.
pub fn replay_scenario<'t>(
    lowered: &Lowered,
    seed: u64,
    lines: impl Iterator<Item = &'t str>,
) -> Result<Result<Replayed, Difference>, WorldError> {
    match Universe::<u64>::new(lowered.world.clone()) {
        Ok(universe) => {
            Ok(replay(&universe, Ledger::new(&universe, seed, &lowered.descriptions), lines)
                .map(|(replayed, _)| replayed))
        }
        Err(WorldError::TooMany { what, .. }) if what != "operators" => {
            let universe = Universe::<WideSet>::new(lowered.world.clone())?;
            Ok(replay(&universe, Ledger::new(&universe, seed, &lowered.descriptions), lines)
                .map(|(replayed, _)| replayed))
        }
        Err(error) => Err(error),
    }
}

/// Plays the lines after the header, and enters them in the ledger of a run that begins.
///
/// # Errors
/// The first [`Difference`].
pub fn replay<'t, S: IdSet>(
    universe: &Universe<S>,
    mut ledger: Ledger<'_, S>,
    lines: impl Iterator<Item = &'t str>,
) -> Result<(Replayed, State<S>), Difference> {
    let names = Names::new(universe);
    let mut state = universe.initial();
    let (mut steps, mut last) = (0, SimTime::ZERO);
    let mut number = 1;
    for text in lines {
        number += 1;
        if !text.starts_with("{\"n\":") {
            return check_footer(universe, state, steps, last, number, text);
        }
        let unreadable = |error: serde_json::Error| Difference::Unreadable { line: number, why: error.to_string() };
        let record: StepRecord<'_> = serde_json::from_str(text).map_err(unreadable)?;
        let unknown = |error: super::record::UnknownName| Difference::Unknown { line: number, why: error.to_string() };
        if record.n != steps + 1 {
            let why = format!("it says that it is step {}, and step {} comes here", record.n, steps + 1);
            return Err(Difference::OutOfOrder { line: number, why });
        }
        if record.at < last.nanos() {
            let why = format!("it is at {}, and the step before was at {last}", SimTime::from_nanos(record.at));
            return Err(Difference::OutOfOrder { line: number, why });
        }
        let action = names.read(&record.action).map_err(unknown)?;
        let mut events = Vec::new();
        let refused = match universe.apply(&mut state, &action, &mut |event| events.push(event)) {
            Ok(()) => None,
            Err(Refusal::Rejected(rejection)) => Some(rejection),
            Err(Refusal::Impossible(why)) => {
                return Err(Difference::Impossible { line: number, why: why.to_string() });
            }
        };
        steps += 1;
        last = SimTime::from_nanos(record.at);
        let step = Step { action: &action, events: &events, refused, script: None, is_repeated: false };
        ledger.enter_step(last, &action, &events);
        let played = to_json(&answered_record(&names, steps, last, step, &ledger, &state), number)?;
        if played != text {
            return Err(Difference::Other { line: number, recorded: text.to_owned(), played });
        }
    }
    Err(Difference::CutOff { line: number + 1 })
}

fn check_footer<S: IdSet>(
    universe: &Universe<S>,
    state: State<S>,
    steps: u64,
    last: SimTime,
    line: u64,
    text: &str,
) -> Result<(Replayed, State<S>), Difference> {
    let recorded: Footer =
        serde_json::from_str(text).map_err(|error| Difference::Unreadable { line, why: error.to_string() })?;
    let ending = match recorded.ending.as_ref() {
        "nothing-due" => Ending::NothingDue,
        "standstill" => Ending::Standstill,
        _ => Ending::TimeUp,
    };
    let played = to_json(&Footer::new(universe, &state, steps, last, ending), line)?;
    if played == text {
        Ok((Replayed { steps }, state))
    } else {
        Err(Difference::Other { line, recorded: text.to_owned(), played })
    }
}

fn to_json(record: &impl serde::Serialize, line: u64) -> Result<String, Difference> {
    serde_json::to_string(record).map_err(|error| Difference::Unreadable { line, why: error.to_string() })
}
