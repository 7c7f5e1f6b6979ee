//! Where output goes: results to stdout, in blocks, and everything else to stderr.

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use slr_scenario::Source;
use slr_scenario::diagnostic::{Diagnostic, Look, render};

use crate::exit::{Exit, Failure};
use crate::mistake::{Form, Mistake};
use crate::scenario::Refused;

/// Whether output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// What a command line says of colours, before it is read as a whole: help and mistakes come out of reading it.
    pub(crate) fn of_command_line(arguments: impl Iterator<Item = OsString>) -> clap::ColorChoice {
        let mut words = arguments.map(|word| word.to_string_lossy().into_owned());
        let mut said = None;
        while let Some(word) = words.next().filter(|word| word != "--") {
            match word.strip_prefix("--color") {
                Some("") => said = words.next(),
                Some(value) => said = value.strip_prefix('=').map(str::to_owned),
                None => {}
            }
        }
        match said.as_deref().map(|word| Self::from_str(word, false)) {
            Some(Ok(Self::Always)) => clap::ColorChoice::Always,
            Some(Ok(Self::Never)) => clap::ColorChoice::Never,
            Some(Ok(Self::Auto) | Err(_)) | None => clap::ColorChoice::Auto,
        }
    }
}

pub(crate) const PASSED: Style = AnsiColor::Green.on_default();
pub(crate) const FAILED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// Stdout and stderr.
pub(crate) struct Console {
    out: BufWriter<Stdout>,
    out_look: Look,
    err_look: Look,
    mistakes: Form,
}

impl Console {
    pub(crate) fn new(colour: Colour, mistakes: Form) -> Self {
        let look = |auto: ColorChoice| match (colour, auto) {
            (Colour::Never, _) | (Colour::Auto, ColorChoice::Never) => Look::Plain,
            (Colour::Always, _) | (Colour::Auto, ColorChoice::Auto | ColorChoice::Always | ColorChoice::AlwaysAnsi) => {
                Look::Coloured
            }
        };
        Self {
            out: BufWriter::with_capacity(1 << 16, io::stdout()),
            out_look: look(AutoStream::choice(&io::stdout())),
            err_look: look(AutoStream::choice(&io::stderr())),
            mistakes,
        }
    }

    /// Results.
    pub(crate) fn out(&mut self) -> &mut BufWriter<Stdout> {
        &mut self.out
    }

    /// How many columns a line of the results may have: as many as the terminal, and 80 where there is none.
    pub(crate) fn width() -> usize {
        const ANYWHERE: usize = 80;
        let stdout = io::stdout();
        let size = if stdout.is_terminal() { terminal_size::terminal_size_of(stdout) } else { None };
        size.map_or(ANYWHERE, |(terminal_size::Width(columns), _)| usize::from(columns))
    }

    /// How results look.
    pub(crate) const fn out_look(&self) -> Look {
        self.out_look
    }

    /// How everything else looks.
    pub(crate) const fn err_look(&self) -> Look {
        self.err_look
    }

    /// Everything that is no result. What was written before comes before it.
    ///
    /// # Errors
    /// Those of stdout; a lost stderr is no reason to stop.
    pub(crate) fn note(&mut self, text: &str) -> Result<(), Failure> {
        self.finish()?;
        let _ = io::stderr().write_all(text.as_bytes());
        Ok(())
    }

    /// What there is to say of a scenario.
    ///
    /// # Errors
    /// Those of stdout.
    pub(crate) fn diagnose(&mut self, source: &Source, diagnostics: &[Diagnostic]) -> Result<(), Failure> {
        let text = match self.mistakes {
            Form::Text => render(source, diagnostics, self.err_look),
            Form::Json => diagnostics.iter().map(|found| Mistake::of_scenario(source, found).line()).collect(),
        };
        self.note(&text)
    }

    /// Tells what is wrong with a scenario that cannot be used, and how to end for that.
    ///
    /// # Errors
    /// Those of stdout.
    pub(crate) fn refuse(&mut self, refused: &Refused) -> Result<Exit, Failure> {
        self.diagnose(&refused.source, &refused.diagnostics)?;
        Ok(refused.exit())
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// Those of stdout.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }

    /// Tells a failure, and how it ends.
    pub(crate) fn tell(&self, failure: &Failure) -> Exit {
        if let Some(message) = failure.message().filter(|_| self.mistakes == Form::Text) {
            let error = self.err_look.paint(FAILED, "error:");
            let _ = writeln!(io::stderr(), "{error} {}", message.trim_end());
        }
        if let Some(mistake) = Mistake::of_failure(failure).filter(|_| self.mistakes == Form::Json) {
            let _ = io::stderr().write_all(mistake.line().as_bytes());
        }
        failure.exit()
    }
}
