//! Schedules as services take them: `rate(…)` and `cron(…)`.
//!
//! Virtual time has no date of its own. For a schedule it begins at midnight (UTC) of Monday, 1 January 2024 (Assumed: it has to begin
//! sometime).
//!
//! Source: AWS Systems Manager User Guide, "Reference: Cron and rate expressions for Systems Manager"; EC2 Image Builder API Reference,
//! Schedule, `scheduleExpression`.

mod calendar;
mod cron;

use crate::simulation::SimTime;
use calendar::BEFORE;
use cron::Cron;

/// When something happens again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// So many milliseconds after the last time, or after the schedule was given (Assumed: as rates of associations do it, a window
    /// does not begin with its creation).
    Rate(u64),
    Cron(Box<Cron>),
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NotASchedule {
    what: String,
    /// What would be right.
    pub help: &'static str,
}

impl NotASchedule {
    fn new(what: impl Into<String>, help: &'static str) -> Self {
        Self { what: what.into(), help }
    }
}

/// How long a schedule's text may be.
///
/// Source: AWS Systems Manager API Reference, `CreateMaintenanceWindow`, Schedule.
const LONGEST: usize = 256;

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// [`NotASchedule`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NotASchedule> {
        const FORMS: &str = "write `rate(1 day)`, or `cron(0 2 * * ? *)` for two in the morning";
        if text.len() > LONGEST {
            return Err(NotASchedule::new(format!("a schedule has {LONGEST} characters at the most"), FORMS));
        }
        let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        match (inside("rate"), inside("cron")) {
            (Some(rate), _) => self::rate(rate).map(|millis| Self(Form::Rate(millis))),
            (None, Some(fields)) => Cron::parse(fields).map(|cron| Self(Form::Cron(Box::new(cron)))),
            (None, None) => Err(NotASchedule::new("this is neither a `rate(…)` nor a `cron(…)`", FORMS)),
        }
    }

    /// Whether it is a cron expression: only for these there is an offset.
    ///
    /// Source: AWS Systems Manager User Guide, "Reference: Cron and rate expressions for Systems Manager", Schedule offsets.
    #[must_use]
    pub const fn is_cron(&self) -> bool {
        match &self.0 {
            Form::Rate(_) => false,
            Form::Cron(_) => true,
        }
    }

    /// The first time after `now`, if there is one. A rate counts from `now`.
    #[must_use]
    pub fn after(&self, now: SimTime) -> Option<SimTime> {
        self.after_with_offset(now, 0)
    }

    /// The first time after `now` that is `offset` days after one of the schedule's, if there is one. A rate has no offset.
    ///
    /// That a time of the schedule lies before `now` makes no difference, if the offset leads past it (Assumed: an offset shifts every time).
    /// Offsets of more than a year count as a year; those of AWS are six days at the most.
    ///
    /// Source: AWS Systems Manager API Reference, `CreateMaintenanceWindow`, `ScheduleOffset`.
    #[must_use]
    pub fn after_with_offset(&self, now: SimTime, offset: u32) -> Option<SimTime> {
        match &self.0 {
            Form::Rate(millis) => Some(now.plus(SimTime::from_millis(*millis))),
            Form::Cron(cron) => cron.after(now, u64::from(offset).min(BEFORE)),
        }
    }
}

/// `1 hour`, `30 minutes`, `7 days` in milliseconds.
fn rate(text: &str) -> Result<u64, NotASchedule> {
    const HELP: &str = "write a whole number and a unit: `rate(1 hour)`, `rate(30 minutes)`, `rate(7 days)`";
    let wrong = |what: String| NotASchedule::new(what, HELP);
    let mut words = text.split_whitespace();
    let (Some(number), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        return Err(wrong(format!("a rate has a number and a unit, not `{text}`")));
    };
    let number: u64 = number
        .parse::<u32>()
        .ok()
        .filter(|number| *number > 0)
        .map(u64::from)
        .ok_or_else(|| wrong(format!("`{number}` is not a whole number from 1 on")))?;
    let (singular, millis) = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => ("minute", 60_000),
        "hour" => ("hour", 3_600_000),
        "day" => ("day", 86_400_000),
        _ => return Err(wrong(format!("`{unit}` is not a unit of a rate: they are minutes, hours and days"))),
    };
    if (number == 1) != (unit == singular) {
        let right = if number == 1 { singular.to_owned() } else { format!("{singular}s") };
        return Err(wrong(format!("it is `{number} {right}`, not `{number} {unit}`")));
    }
    Ok(number * millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times of the first few occasions after the beginning, as virtual time prints them.
    fn times(text: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(text).unwrap();
        let mut now = SimTime::ZERO;
        let mut times = Vec::new();
        while let Some(next) = schedule.after(now).filter(|_| times.len() < count) {
            times.push(next.to_string());
            now = next;
        }
        times
    }

    #[test]
    fn a_rate_comes_again_after_the_same_time() {
        assert_eq!(times("rate(30 minutes)", 2), ["00:30:00.000", "01:00:00.000"]);
        assert_eq!(times("rate(1 day)", 2), ["1d 00:00:00.000", "2d 00:00:00.000"]);
    }

    #[test]
    fn fields_of_a_cron_expression_are_lists_ranges_and_steps() {
        assert_eq!(times("cron(0 2 * * ? *)", 2), ["02:00:00.000", "1d 02:00:00.000"]);
        assert_eq!(times("cron(0/20 4-5 * * ? *)", 4)[2..], ["04:40:00.000", "05:00:00.000"]);
        // The first day is a Monday.
        assert_eq!(times("cron(30 23 ? * MON,THU *)", 3), ["23:30:00.000", "3d 23:30:00.000", "7d 23:30:00.000"]);
        assert_eq!(times("cron(0 0 ? * 2-6 *)", 5), [1, 2, 3, 4, 7].map(|day| format!("{day}d 00:00:00.000")));
        assert_eq!(times("cron(0 0 1 FEB-MAR ? 2024)", 9), [31, 60].map(|day| format!("{day}d 00:00:00.000")));
    }

    #[test]
    fn days_can_be_named_by_their_place_in_the_month() {
        // 16 January 2024 is the third Tuesday, 31 January the last day and the last Wednesday.
        assert_eq!(times("cron(0 6 ? * TUE#3 *)", 1), ["15d 06:00:00.000"]);
        assert_eq!(times("cron(0 6 L * ? *)", 2), ["30d 06:00:00.000", "59d 06:00:00.000"]);
        assert_eq!(times("cron(0 6 ? * 4L *)", 1), ["30d 06:00:00.000"]);
        // 3 February 2024 is a Saturday, 31 March a Sunday.
        assert_eq!(times("cron(0 6 3W FEB ? *)", 1), ["32d 06:00:00.000"]);
        assert_eq!(times("cron(0 6 LW MAR ? 2024)", 1), ["88d 06:00:00.000"]);
        assert_eq!(times("cron(0 6 1W JUN ? 2024)", 1), ["154d 06:00:00.000"]);
    }

    #[test]
    fn an_offset_shifts_every_time() {
        let next = |text: &str, now: SimTime, days: u32| {
            let next = Schedule::parse(text).unwrap().after_with_offset(now, days);
            next.map(|time| time.to_string())
        };
        // 16 January 2024 is the third Tuesday, and virtual time has gone on to the next day.
        let third_tuesday = "cron(30 23 ? * TUE#3 *)";
        let wednesday = SimTime::from_millis(16 * 86_400_000);
        assert_eq!(next(third_tuesday, wednesday, 0).as_deref(), Some("50d 23:30:00.000"));
        assert_eq!(next(third_tuesday, wednesday, 2).as_deref(), Some("17d 23:30:00.000"));
        // The last Sunday of 2023 is the last day of that year.
        assert_eq!(next("cron(0 6 ? * 1L *)", SimTime::ZERO, 6).as_deref(), Some("5d 06:00:00.000"));
        assert_eq!(next("cron(0 6 ? * * 2023)", SimTime::ZERO, 1).as_deref(), Some("06:00:00.000"));
        assert_eq!(next("cron(0 6 ? * * 2023)", SimTime::from_millis(86_400_000), 1), None);
        assert_eq!(next("rate(7 days)", SimTime::ZERO, 2).as_deref(), Some("7d 00:00:00.000"));
        assert!(next("cron(0 6 ? * * *)", SimTime::ZERO, u32::MAX).is_some());
    }

    #[test]
    fn what_never_comes_has_no_next_time() {
        assert_eq!(times("cron(0 6 30 FEB ? *)", 1), [""; 0]);
        assert_eq!(times("cron(0 6 1 JAN ? 2023)", 1), [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text: &str| Schedule::parse(text).unwrap_err().to_string();
        assert_eq!(wrong("every day"), "this is neither a `rate(…)` nor a `cron(…)`");
        assert_eq!(wrong("rate(2 hour)"), "it is `2 hours`, not `2 hour`");
        assert_eq!(wrong("rate(1 days)"), "it is `1 day`, not `1 days`");
        assert_eq!(wrong("rate(0 days)"), "`0` is not a whole number from 1 on");
        assert_eq!(wrong("rate(3 weeks)"), "`weeks` is not a unit of a rate: they are minutes, hours and days");
        assert_eq!(wrong("cron(0 2 * * ?)"), "a cron expression has six fields, not 5");
        assert_eq!(wrong("cron(60 2 * * ? *)"), "`60` is no minute: it is a number from 0 to 59");
        assert_eq!(wrong("cron(0 5-2 * * ? *)"), "`5-2` ends before it begins");
        assert_eq!(wrong("cron(0 2 * * * *)"), "day of month and day of week are both given: one has to be `?`");
        assert_eq!(wrong("cron(0 2 ? * ? *)"), "neither day of month nor day of week is given: only one can be `?`");
        assert_eq!(wrong("cron(0 2 ? * TUE#6 *)"), "`TUE#6`: a month has that day five times at the most");
    }
}
