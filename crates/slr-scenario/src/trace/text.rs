//! The text of a trace. Whoever prints, pins or compares one gets it from here, so that there is one text.
//!
//! ```text
//! # Six resources, five reported
//! # seed 7, slr-chacha8/1, slr 0.1.0
//! 00:00:00.000  admin   calls DeleteServiceLinkedRole for AWSServiceRoleForGadgets
//! 00:00:00.000  task 1  NOT_STARTED: AWSServiceRoleForGadgets is to be deleted
//! # 37 actions until 00:02:21.062; nothing more is due
//! ```
//!
//! A line is a fact: when, whom it is about, what. The columns are as wide as the names of the world ask for, which is known before
//! the first fact, so that a trace can be read while it is written. What begins with `#` is about the run.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use slr_core::World;

use super::record::Header;
use super::story::{Line, Tone};
use crate::diagnostic::Look;
use crate::simulation::{Ending, SimTime};

/// Subjects longer than this stick out, so that one long name does not push all facts off the screen.
const WIDEST_SUBJECT: usize = 32;

/// Writes a run fact by fact.
#[derive(Debug)]
pub struct TextWriter<W> {
    out: W,
    look: Look,
    width: usize,
    time_width: usize,
}

impl<W: Write> TextWriter<W> {
    /// Writes the head of a trace.
    ///
    /// Times are aligned as far as `until`: what happens on a later day than that, in a run that goes on by itself, sticks out.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(mut out: W, header: &Header, world: &World, until: SimTime, look: Look) -> io::Result<Self> {
        let Header { scenario, seed, scheme, version, params, .. } = header;
        let settings = [&[format!("seed {seed}")], params.as_slice(), std::slice::from_ref(scheme)].concat().join(", ");
        // The version comes last: `first_difference` does not look at it.
        let run = one_line(&format!("# {settings}{VERSION}{version}"));
        writeln!(out, "{}", look.paint(Style::new().bold(), format_args!("# {}", one_line(scenario))))?;
        writeln!(out, "{}", look.paint(Style::new().dimmed(), run))?;
        Ok(Self { out, look, width: subject_width(world), time_width: until.to_string().len() })
    }

    /// Writes a fact.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn line(&mut self, at: SimTime, line: &Line) -> io::Result<()> {
        let style = match line.tone {
            Tone::Plain => Style::new(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
        };
        let (width, time_width) = (self.width, self.time_width);
        let time = self.look.paint(Style::new().dimmed(), format!("{:>time_width$}", at.to_string()));
        let subject = format!("{:width$}", line.subject);
        let subject = self.look.paint(AnsiColor::Cyan.on_default(), subject);
        let text = self.look.paint(style, one_line(&line.text));
        writeln!(self.out, "{time}  {subject}  {text}")
    }

    /// Writes the last line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn end(
        mut self,
        steps: u64,
        last: SimTime,
        ending: Ending,
        broken: Option<(&'static str, u64)>,
    ) -> io::Result<W> {
        let why = match (broken, ending) {
            (Some((invariant, _)), _) => format!("stopped, for this does not hold: {invariant}"),
            (None, Ending::NothingDue) => "nothing more is due".to_owned(),
            (None, Ending::TimeUp | Ending::Satisfied) => "the scenario's time is up".to_owned(),
        };
        let actions = if steps == 1 { "1 action".to_owned() } else { format!("{steps} actions") };
        let text = format!("# {actions} until {last}; {why}");
        writeln!(self.out, "{}", self.look.paint(Style::new().dimmed(), text))?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Texts of a scenario may hold anything; a fact stays a line, and a terminal stays what it was.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn subject_width(world: &World) -> usize {
    let most = world.sessions.len();
    let sessions = world.sessions.iter().map(|slot| format!("session {most} of {}", slot.principal).chars().count());
    let names = (world.principals.iter().map(|principal| &principal.name))
        .chain(world.operators.iter().map(|operator| &operator.name))
        .chain(world.roles.iter().map(|role| &role.name))
        .chain(world.resources.iter().map(|resource| &resource.name))
        .chain(&world.regions);
    let widths = names.map(|name| name.chars().count()).chain(sessions);
    widths.filter(|width| *width <= WIDEST_SUBJECT).max().unwrap_or(0).max("task 10".len())
}

/// Where two traces part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDifference {
    /// The line, counted from 1.
    pub line: usize,
    /// What was expected there; `None` after the end.
    pub expected: Option<String>,
    /// What is there; `None` after the end.
    pub found: Option<String>,
}

/// The first line in which a trace differs from the expected one.
///
/// Which version of the program wrote them makes no difference, so that a new version confirms old traces.
pub fn first_difference(expected: &str, found: &str) -> Option<TextDifference> {
    let (mut expected, mut found) = (expected.lines(), found.lines());
    let mut line = 0;
    loop {
        line += 1;
        let (wanted, given) = (expected.next(), found.next());
        if wanted.is_none() && given.is_none() {
            return None;
        }
        let same = if line == 2 { wanted.map(without_version) == given.map(without_version) } else { wanted == given };
        if !same {
            return Some(TextDifference { line, expected: wanted.map(str::to_owned), found: given.map(str::to_owned) });
        }
    }
}

const VERSION: &str = ", slr ";

fn without_version(head: &str) -> &str {
    head.rsplit_once(VERSION).map_or(head, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "# A title\n# seed 7, slr-chacha8/1, slr 0.1.0\n00:00:00.000  admin  calls\n";

    #[test]
    fn the_version_alone_makes_no_difference() {
        assert_eq!(first_difference(TRACE, &TRACE.replace("0.1.0", "2.0.0")), None);
    }

    #[test]
    fn the_first_difference_is_told() {
        let other = TRACE.replace("seed 7", "seed 8").replace("calls", "sleeps");
        assert_eq!(first_difference(TRACE, &other).map(|difference| difference.line), Some(2));
        let longer = format!("{TRACE}00:00:01.000  admin  waits\n");
        let difference = first_difference(TRACE, &longer).expect("one has a line more");
        assert_eq!((difference.line, difference.expected), (4, None));
        assert_eq!(difference.found.as_deref(), Some("00:00:01.000  admin  waits"));
    }
}
