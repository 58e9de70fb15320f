//! The text forms of values: in results, in CAST to STRING, and in TO_JSON_STRING.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use data_encoding::BASE64;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, DecimalType, Float64Type, Int64Type, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType,
};
use datafusion::common::{Result, exec_err};

use super::types::canonical;

/// Writes one row's value. Never called for NULL.
pub(super) type Writer = Box<dyn Fn(usize, &mut String) + Send>;

/// A FLOAT64 as BigQuery writes it: the fewest of 15 to 17 digits that read back the same, with an
/// exponent where `%g` has one.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.into();
    }
    if number == 0.0 {
        return "0".into();
    }
    let (digits, scientific) = (15..=17)
        .map(|digits| (digits, format!("{number:.*e}", digits - 1)))
        .find(|(digits, text)| *digits == 17 || text.parse() == Ok(number))
        .unwrap_or_default();
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let significant: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = significant.trim_end_matches('0');
    if exponent < -4 || exponent >= digits as i32 {
        let (first, rest) = significant.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{direction}{:02}", exponent.abs());
    }
    if exponent < 0 {
        return format!("{sign}0.{}{significant}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if significant.len() <= whole {
        return format!("{sign}{significant}{}", "0".repeat(whole - significant.len()));
    }
    format!("{sign}{}.{}", &significant[..whole], &significant[whole..])
}

/// The digits of a NUMERIC or BIGNUMERIC without zeros at the end.
pub(super) fn decimal(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

/// Digits of a fraction of a second.
#[derive(Clone, Copy)]
pub(super) enum Fraction {
    /// As many as needed: results.
    Shortest,
    /// None, three or six: SQL's text.
    InThrees,
}

/// Microseconds as `YYYY-MM-DD HH:MM:SS` with `between` in the middle and a fraction.
pub(super) fn instant(micros: i64, between: char, fraction: Fraction) -> String {
    let time: NaiveDateTime = DateTime::from_timestamp_micros(micros).unwrap_or_default().naive_utc();
    let mut text = time.format(&format!("%Y-%m-%d{between}%H:%M:%S")).to_string();
    text.push_str(&sub_second(micros.rem_euclid(1_000_000), fraction));
    text
}

fn sub_second(micros: i64, fraction: Fraction) -> String {
    if micros == 0 {
        return String::new();
    }
    let digits = format!("{micros:06}");
    let kept = match fraction {
        Fraction::Shortest => digits.trim_end_matches('0'),
        Fraction::InThrees => digits.strip_suffix("000").unwrap_or(&digits),
    };
    format!(".{kept}")
}

/// A time of the day from its microseconds.
pub(super) fn time(micros: i64, fraction: Fraction) -> String {
    let seconds = micros / 1_000_000;
    format!("{:02}:{:02}:{:02}{}", seconds / 3600, seconds / 60 % 60, seconds % 60, sub_second(micros % 1_000_000, fraction))
}

/// A day from its number since 1970-01-01.
pub(super) fn date(days: i32) -> String {
    NaiveDate::from_epoch_days(days).unwrap_or_default().format("%Y-%m-%d").to_string()
}

/// CAST(… AS STRING) for the types whose text differs from Arrow's.
pub(super) fn sql_writer(array: &ArrayRef) -> Result<Writer> {
    let array = to_canonical(array)?;
    Ok(match array.data_type() {
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().clone();
            Box::new(move |row, out| out.push_str(&float(values.value(row))))
        }
        DataType::Decimal128(..) => decimal_writer::<Decimal128Type>(&array),
        DataType::Decimal256(..) => decimal_writer::<Decimal256Type>(&array),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let suffix = if zone.is_some() { "+00" } else { "" };
            let values = array.as_primitive::<TimestampMicrosecondType>().clone();
            Box::new(move |row, out| {
                out.push_str(&instant(values.value(row), ' ', Fraction::InThrees));
                out.push_str(suffix);
            })
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            let values = array.as_primitive::<Time64MicrosecondType>().clone();
            Box::new(move |row, out| out.push_str(&time(values.value(row), Fraction::InThrees)))
        }
        _ => {
            let values = cast(&array, &DataType::Utf8)?.as_string::<i32>().clone();
            Box::new(move |row, out| out.push_str(values.value(row)))
        }
    })
}

fn decimal_writer<T: DecimalType>(array: &ArrayRef) -> Writer {
    let values = array.as_primitive::<T>().clone();
    Box::new(move |row, out| out.push_str(decimal(&values.value_as_string(row))))
}

/// TO_JSON_STRING: compact, fields in their order.
/// <https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings>
pub(super) fn json_writer(array: &ArrayRef) -> Result<Writer> {
    let array = to_canonical(array)?;
    let plain: Writer = match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean().clone();
            Box::new(move |row, out| out.push_str(if values.value(row) { "true" } else { "false" }))
        }
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>().clone();
            Box::new(move |row, out| {
                let number = values.value(row);
                let exact = (-(1i64 << 53)..=1 << 53).contains(&number);
                quoted_unless(exact, &number.to_string(), out);
            })
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().clone();
            Box::new(move |row, out| match values.value(row) {
                number if number.is_finite() => out.push_str(&float(number)),
                number if number.is_nan() => out.push_str("\"NaN\""),
                number => out.push_str(if number > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }),
            })
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) => {
            let inner = sql_writer(&array)?;
            Box::new(move |row, out| {
                let mut text = String::new();
                inner(row, &mut text);
                let exact = text.parse::<i64>().is_ok_and(|number| (-(1i64 << 53)..=1 << 53).contains(&number));
                quoted_unless(exact, &text, out);
            })
        }
        DataType::Utf8View => {
            let values = array.as_string_view().clone();
            Box::new(move |row, out| json_string(values.value(row), out))
        }
        DataType::Binary => {
            let values = array.as_binary::<i32>().clone();
            Box::new(move |row, out| json_string(&BASE64.encode(values.value(row)), out))
        }
        DataType::Date32 => {
            let values = array.as_primitive::<Date32Type>().clone();
            Box::new(move |row, out| json_string(&date(values.value(row)), out))
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let suffix = if zone.is_some() { "Z" } else { "" };
            let values = array.as_primitive::<TimestampMicrosecondType>().clone();
            Box::new(move |row, out| {
                json_string(&(instant(values.value(row), 'T', Fraction::InThrees) + suffix), out);
            })
        }
        DataType::Time64(_) => {
            let inner = sql_writer(&array)?;
            Box::new(move |row, out| {
                out.push('"');
                inner(row, out);
                out.push('"');
            })
        }
        DataType::Struct(fields) => {
            let fields: Vec<(String, Writer)> = fields
                .iter()
                .zip(array.as_struct().columns())
                .map(|(field, column)| {
                    let mut name = String::new();
                    json_string(field.name(), &mut name);
                    Ok((name, json_writer(column)?))
                })
                .collect::<Result<_>>()?;
            Box::new(move |row, out| {
                out.push('{');
                for (i, (name, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    out.push_str(name);
                    out.push(':');
                    value(row, out);
                }
                out.push('}');
            })
        }
        DataType::List(_) => list_writer::<i32>(&array)?,
        DataType::LargeList(_) => list_writer::<i64>(&array)?,
        _ => return exec_err!("TO_JSON_STRING does not take a value of this type"),
    };
    let nulls = array.logical_nulls();
    Ok(Box::new(move |row, out| match &nulls {
        Some(nulls) if nulls.is_null(row) => out.push_str("null"),
        _ => plain(row, out),
    }))
}

fn list_writer<O: OffsetSizeTrait>(array: &ArrayRef) -> Result<Writer> {
    let lists = array.as_list::<O>().clone();
    let item = json_writer(lists.values())?;
    Ok(Box::new(move |row, out| {
        let (from, to) = (lists.value_offsets()[row].as_usize(), lists.value_offsets()[row + 1].as_usize());
        out.push('[');
        for position in from..to {
            if position > from {
                out.push(',');
            }
            item(position, out);
        }
        out.push(']');
    }))
}

fn quoted_unless(plain: bool, text: &str, out: &mut String) {
    let quote = if plain { "" } else { "\"" };
    out.push_str(quote);
    out.push_str(text);
    out.push_str(quote);
}

fn json_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if (control as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The array in its canonical type.
pub(super) fn to_canonical(array: &ArrayRef) -> Result<ArrayRef> {
    match canonical(array.data_type()) {
        Ok(to) if to == *array.data_type() => Ok(array.clone()),
        Ok(to) => {
            let strict = datafusion::arrow::compute::CastOptions { safe: false, ..Default::default() };
            Ok(datafusion::arrow::compute::cast_with_options(array, &to, &strict)?)
        }
        Err(_) => Ok(array.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_bigquery_does() {
        for (number, text) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (123.456, "123.456"),
            (-2.5, "-2.5"),
            (100000.0, "100000"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (1e20, "1e+20"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(float(number), text);
            assert_eq!(text.parse::<f64>().unwrap(), number);
        }
    }

    #[test]
    fn instants_days_and_decimals() {
        assert_eq!(instant(1_488_369_600_120_000, 'T', Fraction::Shortest), "2017-03-01T12:00:00.12");
        assert_eq!(instant(1_488_369_600_120_000, ' ', Fraction::InThrees), "2017-03-01 12:00:00.120");
        assert_eq!(instant(-1, ' ', Fraction::Shortest), "1969-12-31 23:59:59.999999");
        assert_eq!(instant(-62_135_596_800_000_000, ' ', Fraction::Shortest), "0001-01-01 00:00:00");
        assert_eq!(date(-719_162), "0001-01-01");
        assert_eq!(time(86_399_999_999, Fraction::Shortest), "23:59:59.999999");
        assert_eq!(decimal("12.500000000"), "12.5");
        assert_eq!(decimal("100.000000000"), "100");
        assert_eq!(decimal("100"), "100");
    }
}
