//! GoogleSQL's scalar functions that DataFusion does not have under any name. Other spellings of
//! functions that it has are in [`super::dialect`].

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, Int64Builder, StringViewBuilder, TimestampMicrosecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::text::{Writer, json_writer, sql_writer, to_canonical};

/// `/` of INT64 and FLOAT64: a FLOAT64; division by zero is an error.
pub(super) const DIVIDE: &str = "float_divide";
/// CAST to STRING where BigQuery's text differs from Arrow's.
pub(super) const TEXT: &str = "sql_text";

/// A FLOAT64 as an INT64, equal for equal numbers.
pub(super) const BITS: &str = "float_bits";

/// A TIMESTAMP as the DATETIME in a time zone.
pub(super) const IN_ZONE: &str = "in_zone";
/// The TIMESTAMP of a DATETIME in a time zone.
pub(super) const FROM_ZONE: &str = "from_zone";

pub(super) fn all() -> Vec<Arc<ScalarUDF>> {
    [
        Function::new("farm_fingerprint", Kind::Fingerprint, Signature::any(1, Volatility::Immutable)),
        Function::new("to_json_string", Kind::Json, Signature::any(1, Volatility::Immutable)),
        Function::new("div", Kind::IntegerDivide, Signature::exact(vec![DataType::Int64; 2], Volatility::Immutable)),
        Function::new(DIVIDE, Kind::Divide, Signature::exact(vec![DataType::Float64; 2], Volatility::Immutable)),
        Function::new(TEXT, Kind::Text, Signature::any(1, Volatility::Immutable)),
        Function::new(BITS, Kind::Bits, Signature::exact(vec![DataType::Float64], Volatility::Immutable)),
        Function::new("byte_length", Kind::ByteLength, Signature::any(1, Volatility::Immutable)),
        Function::new(IN_ZONE, Kind::InZone, Signature::any(2, Volatility::Immutable)),
        Function::new(FROM_ZONE, Kind::FromZone, Signature::any(2, Volatility::Immutable)),
    ]
    .map(|function| Arc::new(ScalarUDF::new_from_impl(function)))
    .into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Fingerprint,
    Json,
    IntegerDivide,
    Divide,
    Text,
    Bits,
    ByteLength,
    InZone,
    FromZone,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    name: &'static str,
    kind: Kind,
    signature: Signature,
}

impl Function {
    fn new(name: &'static str, kind: Kind, signature: Signature) -> Self {
        Self { name, kind, signature }
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, args: &[DataType]) -> Result<DataType> {
        match self.kind {
            Kind::Fingerprint => match args.first() {
                Some(
                    DataType::Utf8
                    | DataType::LargeUtf8
                    | DataType::Utf8View
                    | DataType::Binary
                    | DataType::LargeBinary
                    | DataType::BinaryView
                    | DataType::Null,
                ) => Ok(DataType::Int64),
                _ => plan_err!("FARM_FINGERPRINT takes STRING or BYTES"),
            },
            Kind::IntegerDivide | Kind::Bits | Kind::ByteLength => Ok(DataType::Int64),
            Kind::Divide => Ok(DataType::Float64),
            Kind::Json | Kind::Text => Ok(DataType::Utf8View),
            Kind::InZone => Ok(DataType::Timestamp(TimeUnit::Microsecond, None)),
            Kind::FromZone => Ok(super::types::timestamp()),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let result: ArrayRef = match self.kind {
            Kind::Fingerprint => Arc::new(fingerprint(&arrays[0])?),
            Kind::Json => written(&arrays[0], json_writer(&arrays[0])?, true),
            Kind::Text => written(&arrays[0], sql_writer(&arrays[0])?, false),
            Kind::IntegerDivide => Arc::new(integer_divide(&arrays[0], &arrays[1])?),
            Kind::Divide => Arc::new(divide(&arrays[0], &arrays[1])?),
            Kind::Bits => Arc::new(bits(&arrays[0])),
            Kind::ByteLength => cast(&length(&to_canonical(&arrays[0])?)?, &DataType::Int64)?,
            Kind::InZone => Arc::new(moved(&arrays[0], &args.args[1], in_zone)?),
            Kind::FromZone => Arc::new(moved(&arrays[0], &args.args[1], from_zone)?.with_timezone("UTC")),
        };
        Ok(match constant {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?),
            false => ColumnarValue::Array(result),
        })
    }
}

/// `farmhash2` gives BigQuery's documented values, as a signed number.
fn fingerprint(array: &ArrayRef) -> Result<Int64Array> {
    fn each<'a, B: AsRef<[u8]> + 'a>(values: impl Iterator<Item = Option<B>>, rows: usize) -> Int64Array {
        let mut out = Int64Builder::with_capacity(rows);
        for value in values {
            out.append_option(value.map(|bytes| farmhash2::fingerprint64(bytes.as_ref()) as i64));
        }
        out.finish()
    }
    let rows = array.len();
    Ok(match array.data_type() {
        DataType::Utf8 => each(array.as_string::<i32>().iter(), rows),
        DataType::LargeUtf8 => each(array.as_string::<i64>().iter(), rows),
        DataType::Utf8View => each(array.as_string_view().iter(), rows),
        DataType::Binary => each(array.as_binary::<i32>().iter(), rows),
        DataType::LargeBinary => each(array.as_binary::<i64>().iter(), rows),
        DataType::BinaryView => each(array.as_binary_view().iter(), rows),
        DataType::Null => Int64Array::new_null(rows),
        _ => return exec_err!("FARM_FINGERPRINT takes STRING or BYTES"),
    })
}

fn written(array: &ArrayRef, writer: Writer, writes_null: bool) -> ArrayRef {
    let nulls = if writes_null { None } else { array.logical_nulls() };
    let mut out = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    for row in 0..array.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            out.append_null();
            continue;
        }
        text.clear();
        writer(row, &mut text);
        out.append_value(&text);
    }
    Arc::new(out.finish())
}

fn integer_divide(left: &ArrayRef, right: &ArrayRef) -> Result<Int64Array> {
    let pairs = left.as_primitive::<Int64Type>().iter().zip(right.as_primitive::<Int64Type>());
    pairs
        .map(|pair| match pair {
            (Some(left), Some(right)) => match left.checked_div(right) {
                Some(quotient) => Ok(Some(quotient)),
                None if right == 0 => exec_err!("division by zero: DIV({left}, 0)"),
                None => exec_err!("INT64 overflow: DIV({left}, {right})"),
            },
            _ => Ok(None),
        })
        .collect()
}

fn divide(left: &ArrayRef, right: &ArrayRef) -> Result<Float64Array> {
    let pairs = left.as_primitive::<Float64Type>().iter().zip(right.as_primitive::<Float64Type>());
    pairs
        .map(|pair| match pair {
            (Some(left), Some(0.0)) => {
                exec_err!("division by zero: {} / 0; SAFE_DIVIDE gives NULL instead", super::text::float(left))
            }
            (Some(left), Some(right)) => Ok(Some(left / right)),
            _ => Ok(None),
        })
        .collect()
}

/// Zero has one sign and NaN one form.
fn bits(array: &ArrayRef) -> Int64Array {
    let same = |number: f64| {
        if number == 0.0 {
            0.0
        } else if number.is_nan() {
            f64::NAN
        } else {
            number
        }
    };
    array.as_primitive::<Float64Type>().unary(|number| same(number).to_bits() as i64)
}

/// Maps microseconds since 1970 by a time zone.
fn moved(array: &ArrayRef, zone: &ColumnarValue, by: fn(i64, Tz) -> Option<i64>) -> Result<TimestampMicrosecondArray> {
    let ColumnarValue::Scalar(zone) = zone else { return exec_err!("a time zone must be a single string") };
    let Some(zone) = zone.try_as_str().flatten().and_then(|name| name.parse::<Tz>().ok()) else {
        return exec_err!("unknown time zone {zone}");
    };
    let Some(instants) = array.as_primitive_opt::<TimestampMicrosecondType>() else {
        return exec_err!("a time zone is for TIMESTAMP");
    };
    Ok(instants.iter().map(|instant| instant.and_then(|micros| by(micros, zone))).collect())
}

fn in_zone(micros: i64, zone: Tz) -> Option<i64> {
    let instant = DateTime::from_timestamp_micros(micros)?;
    Some(zone.from_utc_datetime(&instant.naive_utc()).naive_local().and_utc().timestamp_micros())
}

/// A local time that occurs twice is the first of them; one that is skipped is shifted by as much
/// as the clocks skip, as in BigQuery.
fn from_zone(micros: i64, zone: Tz) -> Option<i64> {
    let shown: NaiveDateTime = DateTime::from_timestamp_micros(micros)?.naive_utc();
    let found = zone.from_local_datetime(&shown).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&(shown + TimeDelta::hours(1))).earliest());
    Some(found?.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{BinaryArray, StringArray};

    #[test]
    fn days_of_a_zone_begin_when_its_clocks_show_midnight() {
        // Days begin at midnight of the configured zone, so its offset must be that of the date.
        let micros = |text: &str| text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp_micros();
        let berlin = Tz::Europe__Berlin;
        assert_eq!(in_zone(micros("2024-06-30T22:30:00"), berlin), Some(micros("2024-07-01T00:30:00")));
        assert_eq!(from_zone(micros("2024-07-01T00:00:00"), berlin), Some(micros("2024-06-30T22:00:00")));
        // Clocks went from 2:00 to 3:00 here, and from 3:00 to 2:00 there.
        assert_eq!(from_zone(micros("2024-03-31T02:30:00"), berlin), Some(micros("2024-03-31T01:30:00")));
        assert_eq!(from_zone(micros("2024-10-27T02:30:00"), berlin), Some(micros("2024-10-27T00:30:00")));
        // A midnight that was skipped.
        assert_eq!(from_zone(micros("2018-11-04T00:00:00"), Tz::America__Sao_Paulo), Some(micros("2018-11-04T03:00:00")));
    }

    #[test]
    fn fingerprints_are_those_of_the_documentation() {
        // FARM_FINGERPRINT in
        // https://cloud.google.com/bigquery/docs/reference/standard-sql/hash_functions
        let long = "a".repeat(128);
        let known = [
            ("1footrue", -1541654101129638711),
            ("2applefalse", 2794438866806483259),
            ("3true", -4880158226897771312),
            // Another implementation of the hash is wrong at this length.
            (long.as_str(), -4747627967806356490),
        ];
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(known.map(|(text, _)| text)));
        let bytes: ArrayRef = Arc::new(BinaryArray::from_iter_values(known.map(|(text, _)| text.as_bytes())));
        let expected = Int64Array::from_iter_values(known.map(|(_, number)| number));
        assert_eq!(fingerprint(&texts).unwrap(), expected);
        assert_eq!(fingerprint(&bytes).unwrap(), expected);
    }
}
