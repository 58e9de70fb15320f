//! Numbers, shares, bytes and dates for people: one format each, the same in the domain's sentences
//! and on the pages.

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};

/// `1234567` is `1,234,567`.
pub fn integer(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Three digits and a letter: `1.23M`, `45.6K`, `789`.
pub fn short(number: u64) -> String {
    const STEPS: [(f64, &str); 3] = [(1e9, "B"), (1e6, "M"), (1e3, "K")];
    let n = number as f64;
    // From half of the last digit below a step on, rounding carries into the step.
    match STEPS.into_iter().find(|(step, _)| n >= step * 0.999_5) {
        Some((step, letter)) => format!("{}{letter}", three_digits(n / step)),
        None => number.to_string(),
    }
}

/// Base 1024: `1.50 MiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{} {}", three_digits(value), UNITS[unit]) }
}

fn three_digits(value: f64) -> String {
    match value {
        v if v >= 99.95 => format!("{v:.0}"),
        v if v >= 9.995 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

/// `2025-06-30 14:05 UTC`. Formatted by hand: code that reads a format pattern would be larger than
/// this whole module.
pub fn instant(at: DateTime<Utc>) -> String {
    format!("{} {:02}:{:02} UTC", at.date_naive(), at.hour(), at.minute())
}

/// `2025-06-30 14:05:00`.
pub fn second(at: NaiveDateTime) -> String {
    at.with_nanosecond(0).unwrap_or(at).to_string()
}

/// `2025-06-30T14:05:00Z`, for programs.
pub fn instant_for_programs(at: DateTime<Utc>) -> String {
    format!("{}T{:02}:{:02}:{:02}Z", at.date_naive(), at.hour(), at.minute(), at.second())
}

/// `$0.0123`; a price below a hundredth of a cent reads as that.
pub fn dollars(usd: f64) -> String {
    match usd {
        0.0 => "$0".into(),
        usd if usd < 0.0001 => "< $0.0001".into(),
        usd if usd < 1.0 => format!("${usd:.4}"),
        usd => format!("${usd:.2}"),
    }
}

/// Four decimals, or none if the number is large or whole.
pub fn decimal(number: f64) -> String {
    if number.abs() >= 1e6 || number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.4}") }
}

/// `1 table`, `1,234 tables`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", integer(number), word(number, one, many))
}

/// The word that goes with a number: `is` or `are`.
pub const fn word<'w>(number: u64, one: &'w str, many: &'w str) -> &'w str {
    if number == 1 { one } else { many }
}

/// A word with its article: `an INT64`, `a STRING`.
pub fn with_article(word: &str) -> String {
    // A U is spoken as `you` in UTC and user, and no name of a type begins with a silent letter.
    let article = if word.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {word}")
}

/// A text that begins with a capital letter, as a sentence does.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `12.3 %`, of 0 to 100. Reads as 0 or 100 only if it is none or all: `< 0.1 %`, `> 99.9 %`.
pub fn percent(percent: f64) -> String {
    match percent {
        0.0 => "0 %".into(),
        100.0 => "100 %".into(),
        p if p > 0.0 && p < 0.05 => "< 0.1 %".into(),
        p if p > 99.95 && p < 100.0 => "> 99.9 %".into(),
        p => format!("{p:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(integer), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [999, 1_000, 12_345, 999_499, 999_999, 1_500_000, 7_000_000_000].map(short),
            ["999", "1.00K", "12.3K", "999K", "1.00M", "1.50M", "7.00B"]
        );
        assert_eq!([0, 1_023, 1_024, 1_572_864, 1 << 40].map(bytes), ["0 B", "1023 B", "1.00 KiB", "1.50 MiB", "1.00 TiB"]);
        assert_eq!([0.0, 0.00001, 0.0123, 5.0].map(dollars), ["$0", "< $0.0001", "$0.0123", "$5.00"]);
        assert_eq!([1, 1_200].map(|n| counted(n, "row", "rows")), ["1 row", "1,200 rows"]);
        assert_eq!(
            ["INT64", "STRING", "ARRAY<INT64>", "user"].map(with_article),
            ["an INT64", "a STRING", "an ARRAY<INT64>", "a user"]
        );
        assert_eq!(
            [-0.0, 0.01, 0.05, 12.34, 99.9, 99.99, 100.0].map(percent),
            ["0 %", "< 0.1 %", "0.1 %", "12.3 %", "99.9 %", "> 99.9 %", "100 %"]
        );
    }
}
