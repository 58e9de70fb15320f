//! The values of text files: what a text is as a value of a type, and which type holds all texts of
//! a column.
//!
//! The functions that decide a column's type are those that read it later, so that no value of a
//! listed column can fail. A type is taken only if nothing of the text is lost by it: `007` stays a
//! text, as do numbers that INT64 or FLOAT64 cannot hold.

use std::str::FromStr;

use chrono::{MappedLocalTime, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use data_encoding::BASE64;
use datafusion::arrow::compute::kernels::cast_utils::parse_decimal;
use datafusion::arrow::datatypes::{Decimal128Type, Decimal256Type, i256};

use crate::domain::schema::ColumnType;

/// Longest name of a time zone.
const MAX_ZONE_BYTES: usize = 40;
/// Minutes of the largest offset that BigQuery takes.
const MAX_OFFSET: i64 = 14 * 60;
const DAY: i64 = 86_400_000_000;

/// A BOOL: `true` and `false` in any case.
pub(in super::super) fn bool(text: &str) -> Option<bool> {
    match text.len() {
        4 if text.eq_ignore_ascii_case("true") => Some(true),
        5 if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A BOOL in each of the spellings that BigQuery loads.
fn stated_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// Whether digits begin with a zero that a number would lose.
fn is_padded(digits: &[u8]) -> bool {
    matches!(digits, [b'0', b'0'..=b'9', ..])
}

/// An INT64 that is written as INT64 is: no plus, no leading zeros.
pub(in super::super) fn int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    if !digits.first()?.is_ascii_digit() || is_padded(digits) || text == "-0" {
        return None;
    }
    text.parse().ok()
}

/// A FLOAT64. An integer that is not below 2^53 is none: it may be a key, which FLOAT64 would
/// round.
pub(in super::super) fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let mut rest = unsigned.as_bytes();
    if is_padded(rest) {
        return None;
    }
    let digits = |rest: &mut &[u8]| {
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *rest = &rest[count..];
        count
    };
    let whole = digits(&mut rest);
    let mut is_integer = true;
    let mut fraction = 0;
    if let [b'.', after @ ..] = rest {
        rest = after;
        fraction = digits(&mut rest);
        is_integer = false;
    }
    if whole + fraction == 0 {
        return special(text);
    }
    if let [b'e' | b'E', after @ ..] = rest {
        rest = after;
        if let [b'+' | b'-', after @ ..] = rest {
            rest = after;
        }
        if digits(&mut rest) == 0 {
            return None;
        }
        is_integer = false;
    }
    if !rest.is_empty() {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let is_zero = || !unsigned.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).any(|byte| matches!(byte, b'1'..=b'9'));
    let is_held = match number {
        _ if !number.is_finite() => false,
        0.0 => is_zero(),
        _ if is_integer => number.abs() < (1u64 << 53) as f64,
        _ => true,
    };
    is_held.then_some(number)
}

/// The words for numbers that have no digits, as pandas, DuckDB and BigQuery write them.
fn special(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "nan" => Some(f64::NAN),
        "inf" | "+inf" | "infinity" | "+infinity" => Some(f64::INFINITY),
        "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn two(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

fn calendar_day(bytes: &[u8]) -> Option<NaiveDate> {
    let [century @ .., b'-', _, _, b'-', _, _] = bytes else { return None };
    if century.len() != 4 {
        return None;
    }
    let year = two(&bytes[..2])? * 100 + two(&bytes[2..4])?;
    if year == 0 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.cast_signed(), two(&bytes[5..7])?, two(&bytes[8..])?)
}

/// A DATE, as `2024-01-31`: the number of days since 1970.
pub(in super::super) fn date(text: &str) -> Option<i32> {
    calendar_day(text.as_bytes()).map(|day| day.to_epoch_days())
}

/// A time of day at the beginning of a text, in microseconds, and the rest of the text. Digits
/// after the sixth of a fraction are dropped, as for timestamps in Parquet files.
fn clock(text: &str) -> Option<(i64, &str)> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    let (hours, minutes, seconds) = (two(&bytes[..2])?, two(&bytes[3..5])?, two(&bytes[6..8])?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let mut micros = i64::from((hours * 60 + minutes) * 60 + seconds) * 1_000_000;
    let mut end = 8;
    if bytes.get(8) == Some(&b'.') {
        let digits = bytes[9..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        let mut unit = 100_000;
        for digit in &bytes[9..9 + digits] {
            micros += i64::from(digit - b'0') * unit;
            unit /= 10;
        }
        end = 9 + digits;
    }
    Some((micros, &text[end..]))
}

/// A TIME: microseconds since midnight.
fn time(text: &str) -> Option<i64> {
    clock(text).filter(|(_, rest)| rest.is_empty()).map(|(micros, _)| micros)
}

/// A day, with or without a time, as microseconds since 1970, and what follows it.
fn local(text: &str) -> Option<(i64, &str)> {
    let day = i64::from(calendar_day(text.as_bytes().get(..10)?)?.to_epoch_days()) * DAY;
    match text.as_bytes().get(10) {
        None => Some((day, "")),
        Some(b' ' | b'T') => clock(&text[11..]).map(|(micros, rest)| (day + micros, rest)),
        Some(_) => None,
    }
}

/// A DATETIME: a day, with or without a time and without a time zone; microseconds.
pub(in super::super) fn datetime(text: &str) -> Option<i64> {
    local(text).filter(|(_, zone)| zone.is_empty()).map(|(micros, _)| micros)
}

/// A TIMESTAMP: microseconds of UTC. A time without a zone is one of UTC, as BigQuery loads it.
pub(in super::super) fn timestamp(text: &str) -> Option<i64> {
    let (micros, zone) = local(text)?;
    let utc = match zone {
        "" | "Z" | "z" => micros,
        _ => match offset(zone.strip_prefix(' ').unwrap_or(zone)) {
            Some(minutes) => micros - minutes * 60_000_000,
            None => in_zone(micros, zone)?,
        },
    };
    // BigQuery's calendar, from year 1 to 9999, seen from 1970.
    (-719_162 * DAY..2_932_897 * DAY).contains(&utc).then_some(utc)
}

/// Minutes of `+00`, `+05:30`, `-0800` or `+5`.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes() {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [h @ b'0'..=b'9'] => (u32::from(h - b'0'), 0),
        [_, _] => (two(digits)?, 0),
        [_, _, b':', _, _] => (two(&digits[..2])?, two(&digits[3..])?),
        [_, _, _, _] => (two(&digits[..2])?, two(&digits[2..])?),
        _ => return None,
    };
    let all = i64::from(hours * 60 + minutes);
    (minutes < 60 && all <= MAX_OFFSET).then_some(sign * all)
}

/// Microseconds of UTC of a local time, in a zone of the time zone database: ` UTC`, ` EST`,
/// ` Europe/Berlin`. `None` for a time that clocks skipped.
fn in_zone(micros: i64, zone: &str) -> Option<i64> {
    let name = zone.strip_prefix(' ').unwrap_or(zone);
    if name.eq_ignore_ascii_case("UTC") || name.eq_ignore_ascii_case("GMT") {
        return Some(micros);
    }
    if name.len() > MAX_ZONE_BYTES || name.len() == zone.len() {
        return None;
    }
    let zone = Tz::from_str(name).ok()?;
    let local: NaiveDateTime = chrono::DateTime::from_timestamp_micros(micros)?.naive_utc();
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => Some(at.timestamp_micros()),
        MappedLocalTime::None => None,
    }
}

/// Whether a text is a decimal number with at most so many digits before and after the point.
fn is_decimal(text: &str, before: usize, after: usize) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    !(whole.is_empty() && fraction.is_empty())
        && all_digits(whole)
        && all_digits(fraction)
        && whole.trim_start_matches('0').len() <= before
        && fraction.trim_end_matches('0').len() <= after
}

/// A NUMERIC; `None` too if it has more digits than NUMERIC holds.
fn numeric(text: &str) -> Option<i128> {
    is_decimal(text, 29, 9).then(|| parse_decimal::<Decimal128Type>(text, 38, 9).ok()).flatten()
}

/// A BIGNUMERIC; `None` too if it has more digits than BIGNUMERIC holds.
fn bignumeric(text: &str) -> Option<i256> {
    is_decimal(text, 38, 38).then(|| parse_decimal::<Decimal256Type>(text, 76, 38).ok()).flatten()
}

/// A value of a text file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Scalar {
    Bool(bool),
    Int64(i64),
    Float64(f64),
    Numeric(i128),
    BigNumeric(i256),
    /// Days since 1970.
    Date(i32),
    /// Microseconds: of a DATETIME, a TIMESTAMP or a TIME.
    Micros(i64),
}

/// How the texts of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Reading {
    pub of: ColumnType,
    /// The type is stated for the column, so more spellings are values of it.
    pub is_stated: bool,
}

impl Reading {
    /// The type that was found by looking at all values.
    pub fn found(of: ColumnType) -> Self {
        Self { of, is_stated: false }
    }

    /// The value of a text; `None` if the text is none of the type. STRING holds any,
    /// and BYTES are read by [`bytes`].
    pub fn scalar(self, text: &str) -> Option<Scalar> {
        let lenient = self.is_stated;
        match self.of {
            ColumnType::Bool if lenient => stated_bool(text).map(Scalar::Bool),
            ColumnType::Bool => bool(text).map(Scalar::Bool),
            ColumnType::Int64 if lenient => text.parse().ok().map(Scalar::Int64),
            ColumnType::Int64 => int(text).map(Scalar::Int64),
            ColumnType::Float64 if lenient => {
                special(text).or_else(|| text.parse().ok().filter(|number: &f64| number.is_finite())).map(Scalar::Float64)
            }
            ColumnType::Float64 => float(text).map(Scalar::Float64),
            ColumnType::Numeric => numeric(text).map(Scalar::Numeric),
            ColumnType::BigNumeric => bignumeric(text).map(Scalar::BigNumeric),
            ColumnType::Date => date(text).map(Scalar::Date),
            ColumnType::Datetime => datetime(text).map(Scalar::Micros),
            ColumnType::Timestamp => timestamp(text).map(Scalar::Micros),
            ColumnType::Time => time(text).map(Scalar::Micros),
            _ => None,
        }
    }

    /// Whether a text is a value of the type.
    pub fn holds(self, text: &str) -> bool {
        match self.of {
            ColumnType::String => true,
            ColumnType::Bytes => bytes(text).is_some(),
            _ => self.scalar(text).is_some(),
        }
    }
}

/// BYTES, in base64 as BigQuery loads them.
pub(in super::super) fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok()
}

/// The types that still hold all texts of a column.
#[derive(Debug, Clone)]
pub(in super::super) struct Guess {
    open: u8,
    /// Whether there was a text.
    any: bool,
    /// Whether there was a number with digits that is no integer, or one among words such as NaN.
    number: bool,
}

const BOOL: u8 = 1;
const INT: u8 = 2;
const FLOAT: u8 = 4;
const DATE: u8 = 8;
const DATETIME: u8 = 16;
const TIMESTAMP: u8 = 32;

impl Default for Guess {
    fn default() -> Self {
        Self { open: BOOL | INT | FLOAT | DATE | DATETIME | TIMESTAMP, any: false, number: false }
    }
}

impl Guess {
    /// For the values of a partition folder, which are integers, days or texts.
    pub fn of_partition() -> Self {
        Self { open: INT | DATE, ..Self::default() }
    }

    /// For values that are texts by their own format: only days and times are among them.
    pub fn observe(&mut self, text: &str) {
        self.any = true;
        if self.open == 0 {
            return;
        }
        let keep = |open: &mut u8, flag: u8, holds: bool| {
            if !holds {
                *open &= !flag;
            }
        };
        if self.open & INT != 0 {
            // An integer below 2^53 is a FLOAT64 as well.
            let whole = int(text);
            keep(&mut self.open, INT, whole.is_some());
            if whole.is_some_and(|number| number.unsigned_abs() < 1 << 53) {
                self.number = true;
                self.open &= INT | FLOAT;
                return;
            }
        }
        if self.open & FLOAT != 0 {
            let number = float(text);
            self.number |= number.is_some_and(f64::is_finite);
            keep(&mut self.open, FLOAT, number.is_some());
        }
        if self.open & BOOL != 0 {
            keep(&mut self.open, BOOL, bool(text).is_some());
        }
        if self.open & DATE != 0 {
            keep(&mut self.open, DATE, date(text).is_some());
        }
        if self.open & DATETIME != 0 {
            keep(&mut self.open, DATETIME, datetime(text).is_some());
        }
        if self.open & TIMESTAMP != 0 {
            keep(&mut self.open, TIMESTAMP, timestamp(text).is_some());
        }
    }

    /// The type of the column: the first that holds all of its texts, and STRING if there were
    /// none.
    pub fn column_type(&self) -> ColumnType {
        let is = |flag: u8| self.open & flag != 0;
        match () {
            () if !self.any => ColumnType::String,
            () if is(BOOL) => ColumnType::Bool,
            () if is(INT) => ColumnType::Int64,
            () if is(FLOAT) && self.number => ColumnType::Float64,
            () if is(DATE) => ColumnType::Date,
            () if is(DATETIME) => ColumnType::Datetime,
            () if is(TIMESTAMP) => ColumnType::Timestamp,
            () => ColumnType::String,
        }
    }
}
