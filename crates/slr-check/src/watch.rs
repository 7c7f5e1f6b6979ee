//! What ends a check while the graph is asked, as it would have ended the exploration: the clock, and who waits.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::round::Deadline;
use crate::{Progress, Stop};

/// Looks at the clock, and asks who waits, now and then.
pub(crate) struct Watch<'w> {
    began: Instant,
    deadline: Deadline,
    progress: &'w mut dyn FnMut(&Progress) -> ControlFlow<()>,
    shown: Progress,
    /// What was done since the last look.
    done: u32,
    /// What has ended the check. Nothing makes it go on.
    ended: Option<Stop>,
}

/// So much is done between two looks: what takes longest of it is to generate the steps of a state.
const BETWEEN_LOOKS: u32 = 256;

impl<'w> Watch<'w> {
    /// A watch over a check that began at `began` and of which `shown` is told.
    pub(crate) fn new(
        began: Instant,
        deadline: Deadline,
        progress: &'w mut dyn FnMut(&Progress) -> ControlFlow<()>,
        shown: Progress,
    ) -> Self {
        Self { began, deadline, progress, shown, done: 0, ended: None }
    }

    pub(crate) const fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Why the check has ended, if it has.
    pub(crate) const fn ended(&self) -> Option<Stop> {
        self.ended
    }

    /// Ends the check for another reason, unless it has ended.
    pub(crate) fn end(&mut self, why: Stop) {
        self.ended.get_or_insert(why);
    }

    /// Looks.
    ///
    /// # Errors
    /// What ends the check.
    pub(crate) fn look(&mut self) -> Result<(), Stop> {
        self.done = 0;
        if self.ended.is_none() {
            self.shown.elapsed = self.began.elapsed();
            if self.deadline.is_over() {
                self.ended = Some(Stop::Time);
            } else if (self.progress)(&self.shown).is_break() {
                self.ended = Some(Stop::Cancelled);
            }
        }
        self.ended.map_or(Ok(()), Err)
    }

    /// Takes note of a piece of work, and looks where there were enough of them.
    ///
    /// # Errors
    /// What ends the check.
    #[inline]
    pub(crate) fn tick(&mut self) -> Result<(), Stop> {
        self.done += 1;
        if self.done < BETWEEN_LOOKS { Ok(()) } else { self.look() }
    }
}
