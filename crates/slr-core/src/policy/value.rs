//! The values that condition operators compare besides text: decimals, dates, networks.
//!
//! No floating point: a comparison must give the same answer on every machine.

use std::net::IpAddr;

/// A decimal number in units of 10⁻⁹. Up to 18 digits before the point and 9 after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

/// Units in one.
const SCALE: i128 = 1_000_000_000;

impl Decimal {
    /// Reads `-12`, `3.25` and the like; no exponent, no blanks.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        if whole.is_empty() || whole.len() > 18 || fraction.is_empty() || fraction.len() > 9 {
            return None;
        }
        let mut units = i128::from(digits_to_u64(whole)?) * SCALE;
        let shift = u32::try_from(9 - fraction.len()).ok()?;
        units += i128::from(digits_to_u64(fraction)?) * 10_i128.pow(shift);
        Some(Self(if negative { -units } else { units }))
    }

    /// Reads a date as seconds since 1970 UTC: either such a number, or one of the W3C forms of ISO 8601 from
    /// `YYYY` to `YYYY-MM-DDThh:mm:ss.sTZD`.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", Date condition operators.
    /// Assumed: a form without a time means midnight UTC at its start.
    pub fn parse_date(text: &str) -> Option<Self> {
        // Four bare digits are both a year and a number: W3C's form wins, no policy speaks of 1970's first hours.
        let year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !year && let Some(epoch) = Self::parse(text) {
            return Some(epoch);
        }
        let (day, time) = match text.split_once('T') {
            Some((day, time)) => (day, Some(time)),
            None => (text, None),
        };
        let midnight = i128::from(day_number(day, time.is_some())?) * 86_400 * SCALE;
        match time {
            Some(time) => Some(Self(midnight + time_of_day(time)?)),
            None => Some(Self(midnight)),
        }
    }
}

/// Digits only, at most eighteen, so that no overflow is possible.
fn digits_to_u64(text: &str) -> Option<u64> {
    text.bytes().try_fold(0_u64, |sum, byte| match byte {
        b'0'..=b'9' => Some(sum * 10 + u64::from(byte - b'0')),
        _ => None,
    })
}

/// Exactly `width` digits as a number.
fn fixed(text: &str, width: usize) -> Option<i64> {
    if text.len() != width {
        return None;
    }
    i64::try_from(digits_to_u64(text)?).ok()
}

/// Days since 1970-01-01 of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; the first two only where no time follows.
fn day_number(text: &str, whole_day_needed: bool) -> Option<i64> {
    let mut parts = text.split('-');
    let year = fixed(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| fixed(part, 2))?;
    let day_part = parts.next();
    if parts.next().is_some() || (whole_day_needed && day_part.is_none()) {
        return None;
    }
    let day = day_part.map_or(Some(1), |part| fixed(part, 2))?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    Some(days_before_year(year) + days_before_month(year, month) + day - 1 - days_before_year(1970))
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_month(year: i64, month: i64) -> i64 {
    (1..month).map(|earlier| days_in_month(year, earlier)).sum()
}

/// Days of all years from 1 to `year - 1`.
fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400)
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.s`, then `Z` or `+hh:mm` or `-hh:mm`, in units since midnight UTC.
fn time_of_day(text: &str) -> Option<i128> {
    let zone_at = text.find(['Z', '+', '-'])?;
    let (clock, zone) = text.split_at(zone_at);
    let mut parts = clock.split(':');
    let hour = fixed(parts.next()?, 2)?;
    let minute = fixed(parts.next()?, 2)?;
    let seconds = match parts.next() {
        Some(part) => {
            let whole = part.split_once('.').map_or(part, |(whole, _)| whole);
            if fixed(whole, 2)? > 59 {
                return None;
            }
            Decimal::parse(part)?.0
        }
        None => 0,
    };
    if parts.next().is_some() || hour > 23 || minute > 59 {
        return None;
    }
    let local = i128::from(hour * 3600 + minute * 60) * SCALE + seconds;
    Some(local - i128::from(zone_offset_seconds(zone)?) * SCALE)
}

fn zone_offset_seconds(zone: &str) -> Option<i64> {
    let (sign, offset) = match zone.as_bytes().first()? {
        b'Z' => return (zone.len() == 1).then_some(0),
        b'+' => (1, &zone[1..]),
        _ => (-1, &zone[1..]),
    };
    let (hours, minutes) = offset.split_once(':')?;
    let (hours, minutes) = (fixed(hours, 2)?, fixed(minutes, 2)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A network in CIDR form; a bare address is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `203.0.113.0/24`, `2001:db8::/32` or an address alone.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) if (1..=3).contains(&prefix.len()) => u8::try_from(digits_to_u64(prefix)?).ok()?,
            Some(_) => return None,
            None => width,
        };
        (prefix <= width).then_some(Self { address, prefix })
    }

    /// Whether all addresses of `other` are in `self`. Addresses of different families never are.
    pub fn contains(self, other: Self) -> bool {
        if other.prefix < self.prefix {
            return false;
        }
        match (self.address, other.address) {
            (IpAddr::V4(own), IpAddr::V4(theirs)) => {
                same_prefix(own.to_bits().into(), theirs.to_bits().into(), self.prefix, 32)
            }
            (IpAddr::V6(own), IpAddr::V6(theirs)) => same_prefix(own.to_bits(), theirs.to_bits(), self.prefix, 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn same_prefix(left: u128, right: u128, prefix: u8, width: u8) -> bool {
    (left ^ right).checked_shr(u32::from(width - prefix)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_compare_exactly() {
        assert_eq!(Decimal::parse("3.10"), Decimal::parse("3.1"));
        assert_eq!(Decimal::parse("-0"), Decimal::parse("0"));
        assert!(Decimal::parse("-2") < Decimal::parse("-1.999999999"));
        // Two neighbours that a binary floating-point number cannot tell apart.
        assert_ne!(Decimal::parse("9007199254740993"), Decimal::parse("9007199254740992"));
        for wrong in ["", "-", ".5", "5.", "1e3", " 1", "1234567890123456789", "0.1234567890"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dates_in_all_w3c_forms_and_as_epoch_seconds() {
        let at = |text: &str| Decimal::parse_date(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(at("1970-01-01T00:00:00Z"), at("0"));
        assert_eq!(at("2020"), at("2020-01"));
        assert_eq!(at("2020-01"), at("2020-01-01"));
        assert_eq!(at("2020-01-01"), at("2020-01-01T00:00Z"));
        assert_eq!(at("2019-07-27T12:00:00+02:00"), at("2019-07-27T10:00:00Z"));
        assert_eq!(at("2019-07-27T10:00:00.25Z"), at("1564221600.25"));
        assert_eq!(at("2000-02-29"), at("951782400"));
        assert_eq!(at("2020"), at("1577836800"));
        assert_eq!(Decimal::parse_date("10.0"), Decimal::parse("10"));
        for wrong in ["2019-02-29", "2019-13", "2019-07-27T10:00", "2019-07T10:00Z", "2019-07-27T24:00Z", "soon"] {
            assert_eq!(Decimal::parse_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn networks_hold_addresses_of_their_family() {
        let net = |text: &str| Network::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert!(net("203.0.113.0/24").contains(net("203.0.113.77")));
        assert!(!net("203.0.113.0/24").contains(net("203.0.114.1")));
        assert!(!net("203.0.113.0/24").contains(net("203.0.0.0/16")));
        assert!(net("0.0.0.0/0").contains(net("198.51.100.7")));
        assert!(!net("0.0.0.0/0").contains(net("2001:db8::1")));
        assert!(net("::/0").contains(net("2001:db8::1")));
        assert_eq!(Network::parse("203.0.113.0/33"), None);
        assert_eq!(Network::parse("203.0.113.0/"), None);
        assert_eq!(Network::parse("203.0.113"), None);
    }
}
