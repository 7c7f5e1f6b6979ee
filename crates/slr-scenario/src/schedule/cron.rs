//! Cron expressions of six fields: minutes, hours, day of month, month, day of week, year.

use super::NotASchedule;
use super::calendar::{BEFORE, Date, FIRST_YEAR, date, days_of_month, weekday};
use crate::simulation::SimTime;

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;
/// The last year that a schedule can name.
const LAST_YEAR: u32 = 2199;
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What a field may say.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// The names of its values, the first one for the least.
    names: &'static [&'static str],
}

const MINUTES: Field = Field { name: "minute", least: 0, most: 59, names: &[] };
const HOURS: Field = Field { name: "hour", least: 0, most: 23, names: &[] };
const DAYS: Field = Field { name: "day of month", least: 1, most: 31, names: &[] };
const MONTH: Field = Field { name: "month", least: 1, most: 12, names: &MONTHS };
const WEEKDAY: Field = Field { name: "day of week", least: 1, most: 7, names: &WEEKDAYS };
const YEARS: Field = Field { name: "year", least: 1970, most: LAST_YEAR, names: &[] };

/// Values of a field, as ranges with steps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Values(Vec<(u32, u32, u32)>);

impl Values {
    fn contains(&self, value: u32) -> bool {
        self.0
            .iter()
            .any(|(first, last, step)| (*first..=*last).contains(&value) && (value - first).is_multiple_of(*step))
    }
}

/// On which days.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Days {
    OfMonth(Values),
    /// The last day of the month.
    Last,
    /// The last weekday of the month, Saturdays and Sundays being none.
    LastWeekday,
    /// The weekday nearest to this day, in the same month.
    NearestWeekday(u32),
    OfWeek(Values),
    /// The last such day of the month.
    LastOfWeek(u32),
    /// The nth such day of the month.
    Nth(u32, u32),
}

/// A cron expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: Values,
    hours: Values,
    days: Days,
    months: Values,
    years: Values,
}

impl Cron {
    /// Reads the fields between the brackets.
    pub(super) fn parse(text: &str) -> Result<Self, NotASchedule> {
        const ORDER: &str = "write minutes, hours, day of month, month, day of week and year: `cron(0 2 * * ? *)`";
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, day, month, weekday, year] = fields[..] else {
            let what = format!("a cron expression has six fields, not {}", fields.len());
            return Err(NotASchedule::new(what, ORDER));
        };
        let days = match (day, weekday) {
            ("?", "?") => {
                let what = "neither day of month nor day of week is given: only one can be `?`";
                return Err(NotASchedule::new(what, "write `*` in one of the two for every day"));
            }
            (day, "?") => days_of_the_month(day)?,
            ("?", weekday) => days_of_the_week(weekday)?,
            _ => {
                let what = "day of month and day of week are both given: one has to be `?`";
                return Err(NotASchedule::new(what, "write `?` in the one that does not matter"));
            }
        };
        Ok(Self {
            minutes: values(minutes, &MINUTES)?,
            hours: values(hours, &HOURS)?,
            days,
            months: values(month, &MONTH)?,
            years: values(year, &YEARS)?,
        })
    }

    /// The first time after `now` that is so many days after one that the fields tell. `offset` is at most [`BEFORE`].
    pub(super) fn after(&self, now: SimTime, offset: u64) -> Option<SimTime> {
        let first = now.millis() / MINUTE * MINUTE + MINUTE;
        let (mut day, mut minute) = (first / DAY, first % DAY / MINUTE);
        loop {
            let told = day + BEFORE - offset;
            let date = date(told);
            if date.year > LAST_YEAR {
                return None;
            }
            if self.is_on(date, self::weekday(told)) {
                let of_day = (minute..DAY / MINUTE).find(|minute| self.is_at(*minute));
                if let Some(minute) = of_day {
                    return Some(SimTime::from_millis(day * DAY + minute * MINUTE));
                }
            }
            (day, minute) = (day + 1, 0);
            if !(date.year..=LAST_YEAR).any(|year| self.years.contains(year)) {
                return None;
            }
        }
    }

    fn is_at(&self, minute: u64) -> bool {
        let part = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        self.hours.contains(part(minute / 60)) && self.minutes.contains(part(minute % 60))
    }

    fn is_on(&self, date: Date, weekday: u32) -> bool {
        debug_assert!(date.year >= FIRST_YEAR);
        let length = days_of_month(date.year, date.month);
        let is_day = match &self.days {
            Days::OfMonth(days) => days.contains(date.day),
            Days::Last => date.day == length,
            Days::LastWeekday => date.day == nearest_weekday(length, date.day, weekday, length),
            Days::NearestWeekday(wanted) => {
                *wanted <= length && date.day == nearest_weekday(*wanted, date.day, weekday, length)
            }
            Days::OfWeek(weekdays) => weekdays.contains(weekday),
            Days::LastOfWeek(wanted) => weekday == *wanted && date.day + 7 > length,
            Days::Nth(wanted, nth) => weekday == *wanted && date.day.div_ceil(7) == *nth,
        };
        is_day && self.months.contains(date.month) && self.years.contains(date.year)
    }
}

/// The weekday nearest to the day `wanted` of a month, given the weekday of another `day` of that month.
fn nearest_weekday(wanted: u32, day: u32, weekday: u32, length: u32) -> u32 {
    const SUNDAY: u32 = 1;
    const SATURDAY: u32 = 7;
    let of_wanted = (weekday + 6 + 35 + wanted - day) % 7 + 1;
    match of_wanted {
        SATURDAY if wanted > 1 => wanted - 1,
        SATURDAY => wanted + 2,
        SUNDAY if wanted < length => wanted + 1,
        SUNDAY => wanted - 2,
        _ => wanted,
    }
}

fn days_of_the_month(text: &str) -> Result<Days, NotASchedule> {
    Ok(match text {
        "L" => Days::Last,
        "LW" => Days::LastWeekday,
        _ => match text.strip_suffix('W') {
            Some(day) => Days::NearestWeekday(value(day, &DAYS)?),
            None => Days::OfMonth(values(text, &DAYS)?),
        },
    })
}

fn days_of_the_week(text: &str) -> Result<Days, NotASchedule> {
    if let Some((day, nth)) = text.split_once('#') {
        let weekday = value(day, &WEEKDAY)?;
        return match nth.parse() {
            Ok(nth @ 1..=5) => Ok(Days::Nth(weekday, nth)),
            _ => Err(NotASchedule::new(
                format!("`{text}`: a month has that day five times at the most"),
                "write a number from 1 to 5 after the `#`: `TUE#3` is the third Tuesday",
            )),
        };
    }
    match text.strip_suffix('L').filter(|day| !day.is_empty()) {
        Some(day) => Ok(Days::LastOfWeek(value(day, &WEEKDAY)?)),
        None => Ok(Days::OfWeek(values(text, &WEEKDAY)?)),
    }
}

fn values(text: &str, field: &Field) -> Result<Values, NotASchedule> {
    text.split(',').map(|part| range(part, field)).collect::<Result<_, _>>().map(Values)
}

/// `*`, `3`, `3-5`, and each with a step: `3/15` goes on to the end of the field.
fn range(text: &str, field: &Field) -> Result<(u32, u32, u32), NotASchedule> {
    let (span, step) = match text.split_once('/') {
        None => (text, None),
        Some((span, step)) => {
            let number = step.parse().ok().filter(|step| *step > 0);
            let wrong =
                || NotASchedule::new(format!("`{step}` is no step"), "write a whole number from 1 on after the `/`");
            (span, Some(number.ok_or_else(wrong)?))
        }
    };
    let (first, last) = match span.split_once('-') {
        _ if span == "*" => (field.least, field.most),
        Some((first, last)) => (value(first, field)?, value(last, field)?),
        None if step.is_some() => (value(span, field)?, field.most),
        None => (value(span, field)?, value(span, field)?),
    };
    if last < first {
        return Err(NotASchedule::new(format!("`{span}` ends before it begins"), "write the smaller end first"));
    }
    Ok((first, last, step.unwrap_or(1)))
}

fn value(text: &str, field: &Field) -> Result<u32, NotASchedule> {
    let named = (field.least..).zip(field.names).find(|(_, name)| text.eq_ignore_ascii_case(name));
    let number = named.map(|(number, _)| number).or_else(|| text.parse().ok());
    number.filter(|number| (field.least..=field.most).contains(number)).ok_or_else(|| {
        let also = field.names.first().zip(field.names.last());
        let also = also.map_or_else(String::new, |(first, last)| format!(", or a name from {first} to {last}"));
        let what =
            format!("`{text}` is no {}: it is a number from {} to {}{also}", field.name, field.least, field.most);
        NotASchedule::new(what, "the fields are minutes, hours, day of month, month, day of week and year")
    })
}
