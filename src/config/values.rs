//! Values of flags and of their environment variables: unusable ones are refused in a sentence
//! before anything starts.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use trainset::domain::name::TableName;

/// An hour: the end of the program waits for nothing that runs longer.
const GRACE: RangeInclusive<u64> = 0..=3600;
/// Each query that runs has its own memory and threads.
const SCANS: RangeInclusive<u64> = 1..=256;
/// Each waiting query holds a connection, of which there are fewer.
const QUEUE: RangeInclusive<u64> = 0..=10_000;
/// BigQuery bills at least 10 MiB for a query that reads a table, so under a smaller limit it
/// refuses all; its numbers end at 2^63.
const BYTES_BILLED: RangeInclusive<u64> = 10 << 20..=i64::MAX as u64;
/// 1 TiB: no price list has a higher minimum.
const LEAST_BYTES: RangeInclusive<u64> = 0..=1 << 40;
/// US dollars per TiB. BigQuery takes a few; in the smallest currencies the number is in the ten
/// thousands.
const USD_PER_TIB: RangeInclusive<f64> = 0.0..=1_000_000.0;
/// Characters of an author's name.
const AUTHOR: usize = 200;
/// Characters of a host's name, by DNS.
const HOST: usize = 253;

pub fn grace(text: &str) -> Result<u64, String> {
    number(text, GRACE)
}

pub fn scans(text: &str) -> Result<usize, String> {
    number(text, SCANS)
}

pub fn queue(text: &str) -> Result<usize, String> {
    number(text, QUEUE)
}

pub fn bytes_billed(text: &str) -> Result<u64, String> {
    number(text, BYTES_BILLED)
}

pub fn least_bytes(text: &str) -> Result<u64, String> {
    number(text, LEAST_BYTES)
}

fn number<T: TryFrom<u64>>(text: &str, range: RangeInclusive<u64>) -> Result<T, String> {
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    let number = number.and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| format!("Enter a whole number from {} to {}.", range.start(), range.end()))
}

pub fn usd_per_tib(text: &str) -> Result<f64, String> {
    let price = text.trim().parse().ok().filter(|price| USD_PER_TIB.contains(price));
    price.ok_or_else(|| format!("Enter a price from {} to {}, as in 6.25.", USD_PER_TIB.start(), USD_PER_TIB.end()))
}

/// BigQuery's rule, for the tables of a folder too, since their queries are the same.
pub fn dataset(text: &str) -> Result<String, String> {
    match TableName::new(text, "table") {
        Ok(name) => Ok(name.dataset().to_owned()),
        Err(_) => Err("Enter a dataset name: letters, digits and underscores, as in raw_data.".into()),
    }
}

pub fn author(text: &str) -> Result<String, String> {
    let name = text.trim();
    match !name.is_empty() && name.chars().count() <= AUTHOR && !name.chars().any(char::is_control) {
        true => Ok(name.to_owned()),
        false => Err(format!("Enter a name of 1 to {AUTHOR} characters on one line, or omit it.")),
    }
}

/// As browsers send it, without a port: the server knows its own.
pub fn host(text: &str) -> Result<String, String> {
    let name = text.trim();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    match (1..=HOST).contains(&name.len()) && name.bytes().all(fits) {
        true => Ok(name.to_ascii_lowercase()),
        false => Err("Enter a host name without scheme and port, as in trainset.example.".into()),
    }
}

pub fn endpoint(text: &str) -> Result<String, String> {
    let url = reqwest::Url::parse(text).ok();
    let fits = |url: &reqwest::Url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none()
    };
    match url.is_some_and(|url| fits(&url)) {
        true => Ok(text.to_owned()),
        false => Err(format!("Enter the URL of an API, as in {}.", trainset::warehouse::bigquery::ENDPOINT)),
    }
}

pub fn day(text: &str) -> Result<NaiveDate, String> {
    text.trim().parse().map_err(|_| "Enter a date, as in 2024-01-31.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_range() {
        assert_eq!((grace("0"), scans("256"), queue(" 32 ")), (Ok(0), Ok(256), Ok(32)));
        for text in ["0", "257", "-1", "1.5", "two", "", "18446744073709551615", "18446744073709551616"] {
            assert_eq!(scans(text), Err("Enter a whole number from 1 to 256.".into()), "{text}");
        }
        for text in ["0", "10485759", "9223372036854775808"] {
            assert!(bytes_billed(text).is_err(), "{text}");
        }
        assert!(bytes_billed("10485760").is_ok() && least_bytes("0").is_ok());
        for text in ["NaN", "nan", "inf", "-inf", "infinity", "-1", "-0.01", "1e300", "", "five"] {
            assert!(usd_per_tib(text).is_err(), "{text}");
        }
        assert_eq!((usd_per_tib("6.25"), usd_per_tib("0")), (Ok(6.25), Ok(0.0)));
    }

    #[test]
    fn names_in_flags_are_validated() {
        for text in ["", " ", "raw-data", "raw.data", "a b", "a`b", "größe", "a\nb"] {
            assert!(dataset(text).is_err(), "{text}");
        }
        assert_eq!(dataset("raw_data_2"), Ok("raw_data_2".into()));
        for text in ["", " ", "http://train.example", "train.example:8080", "train.example/x", "a b", "größe.example", "*"] {
            assert!(host(text).is_err(), "{text}");
        }
        assert_eq!(host(" Train.Example"), Ok("train.example".into()));
        for text in ["", "  ", "Ada\nINFO forged", &"x".repeat(201)] {
            assert!(author(text).is_err(), "{text}");
        }
        assert_eq!(author(" Ada Lovelace "), Ok("Ada Lovelace".into()));
        for text in ["", "bigquery.googleapis.com", "ftp://x/", "file:///etc/passwd", "http://", "http://x/?key=1"] {
            assert!(endpoint(text).is_err(), "{text}");
        }
        assert!(endpoint("http://127.0.0.1:9050/bigquery/v2").is_ok());
        assert!(day("tomorrow").is_err() && day("2024-01-31").is_ok());
    }
}
