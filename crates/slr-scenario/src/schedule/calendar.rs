//! The little of the Gregorian calendar that schedules need.

/// A day by year, month and day of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: u32,
    /// From 1.
    pub(super) month: u32,
    /// From 1.
    pub(super) day: u32,
}

/// The first year of the calendar. Virtual time begins with the second one: a schedule with an offset looks back.
pub(super) const FIRST_YEAR: u32 = 2023;

/// How many days of the calendar are over when virtual time begins.
pub(super) const BEFORE: u64 = days_of_year(FIRST_YEAR);

/// The day of the week of the calendar's first day, counted from 1 for Sunday: a Sunday.
const FIRST_WEEKDAY: u64 = 1;

const fn is_leap(year: u32) -> bool {
    (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
}

const fn days_of_year(year: u32) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

/// How many days a month has.
pub(super) const fn days_of_month(year: u32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of the week, from 1 for Sunday to 7, of a day counted from the first of the calendar.
pub(super) fn weekday(days: u64) -> u32 {
    u32::try_from((days + FIRST_WEEKDAY - 1) % 7 + 1).unwrap_or(1)
}

/// The date of a day counted from the first of the calendar.
pub(super) fn date(mut days: u64) -> Date {
    let mut year = FIRST_YEAR;
    while days >= days_of_year(year) {
        days -= days_of_year(year);
        year += 1;
    }
    let mut month = 1;
    while days >= u64::from(days_of_month(year, month)) {
        days -= u64::from(days_of_month(year, month));
        month += 1;
    }
    Date { year, month, day: u32::try_from(days).unwrap_or(0) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates_and_weekdays() {
        let of_virtual_time = |day: u64| (date(BEFORE + day), weekday(BEFORE + day));
        // 1 January 2023 is a Sunday, 1 January 2024 a Monday.
        assert_eq!((date(0), weekday(0)), (Date { year: 2023, month: 1, day: 1 }, 1));
        assert_eq!(of_virtual_time(0), (Date { year: 2024, month: 1, day: 1 }, 2));
        assert_eq!(of_virtual_time(6).1, 1);
        assert_eq!(of_virtual_time(59).0, Date { year: 2024, month: 2, day: 29 });
        assert_eq!(of_virtual_time(366).0, Date { year: 2025, month: 1, day: 1 });
        // 29 February 2028 is a Tuesday.
        assert_eq!(of_virtual_time(1520), (Date { year: 2028, month: 2, day: 29 }, 3));
        assert!(!is_leap(2100));
    }
}
