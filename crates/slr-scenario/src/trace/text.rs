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
//! the first fact, and as the last time, which is not: the first lines are held back until the run has ended, or until there are so
//! many of them that the latest time at which it can end decides. So the columns are straight whatever comes, and a long trace can be
//! read while it is written. What begins with `#` is about the run.

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
    /// When the run ends at the latest.
    until: SimTime,
    times: Times,
}

/// How wide the column of times is.
#[derive(Debug)]
enum Times {
    /// Not known yet: these lines are yet to be written.
    HeldBack(Vec<(SimTime, Line)>),
    /// So wide.
    Wide(usize),
}

/// How many lines are held back at the most.
const HELD_BACK: usize = 4096;

impl<W: Write> TextWriter<W> {
    /// Writes the head of a trace.
    ///
    /// The run ends at `until` at the latest.
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
        Ok(Self { out, look, width: subject_width(world), until, times: Times::HeldBack(Vec::new()) })
    }

    /// Writes a fact.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn line(&mut self, at: SimTime, line: &Line) -> io::Result<()> {
        match &mut self.times {
            Times::HeldBack(lines) if lines.len() < HELD_BACK => {
                lines.push((at, line.clone()));
                return Ok(());
            }
            Times::HeldBack(_) => self.settle(self.until.max(at))?,
            Times::Wide(_) => {}
        }
        self.write(at, line)
    }

    /// Makes the column of times wide enough for the last one, and writes what was held back.
    fn settle(&mut self, last: SimTime) -> io::Result<()> {
        match std::mem::replace(&mut self.times, Times::Wide(last.to_string().len())) {
            Times::HeldBack(lines) => lines.iter().try_for_each(|(at, line)| self.write(*at, line)),
            Times::Wide(width) => {
                self.times = Times::Wide(width);
                Ok(())
            }
        }
    }

    fn write(&mut self, at: SimTime, line: &Line) -> io::Result<()> {
        let style = match line.tone {
            Tone::Plain => Style::new(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
        };
        let time_width = match self.times {
            Times::Wide(width) => width,
            Times::HeldBack(_) => 0,
        };
        let width = self.width;
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
        let latest = match &self.times {
            Times::HeldBack(lines) => lines.last().map_or(last, |(at, _)| *at),
            Times::Wide(_) => last,
        };
        self.settle(latest)?;
        let why = match (broken, ending) {
            (Some((invariant, _)), _) => format!("stopped, for this does not hold: {invariant}"),
            (None, Ending::NothingDue) => "nothing more is due".to_owned(),
            (None, Ending::TimeUp | Ending::Satisfied) => "the scenario's time is up".to_owned(),
            (None, Ending::Standstill) => "time stands still".to_owned(),
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

    /// The times of a run of so many lines, a minute less than an hour apart.
    fn times_of_run(lines: u32, until: SimTime) -> Vec<String> {
        let hours = |count: u32| SimTime::from_millis(u64::from(count) * 3_540_000);
        let world = World::new(slr_core::name::AccountId::new("123456789012").expect("twelve digits"));
        let header = Header::new("A title", 1, Vec::new(), "scenario.yaml", "");
        let mut writer = TextWriter::begin(Vec::new(), &header, &world, until, Look::Plain).expect("memory is there");
        for number in 0..lines {
            let line = Line { subject: "admin".to_owned(), text: "calls".to_owned(), tone: Tone::Plain };
            writer.line(hours(number), &line).expect("memory is there");
        }
        let text = writer.end(u64::from(lines), hours(lines), Ending::NothingDue, None).expect("memory is there");
        let text = String::from_utf8(text).expect("it is text");
        let facts = text.lines().filter(|line| !line.starts_with('#'));
        facts.map(|line| line.split("  admin").next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn times_are_aligned_whatever_comes() {
        let week = SimTime::from_millis(7 * 86_400_000);
        let held = u32::try_from(HELD_BACK).expect("a few thousand");
        for (lines, until, width) in [
            (3, week, "00:00:00.000".len()),
            // The run passes a day, and ten, without anybody having said so before.
            (30, week, "1d 00:00:00.000".len()),
            (300, week, "10d 00:00:00.000".len()),
            (held, week, "100d 00:00:00.000".len()),
            (held + 1, SimTime::from_millis(1_000 * 86_400_000), "1000d 00:00:00.000".len()),
            (held + 1, SimTime::ZERO, "100d 00:00:00.000".len()),
        ] {
            let times = times_of_run(lines, until);
            assert_eq!(times.len(), lines as usize);
            assert!(times.iter().all(|time| time.len() == width), "{lines} lines: {:?}", times.last());
        }
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
