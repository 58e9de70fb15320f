//! Arrow columns from plain values, in the types that BigQuery has.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListBuilder, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};

/// The columns of a table, in their order.
pub(super) type Columns = Vec<(&'static str, ArrayRef)>;

pub(super) fn int(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

pub(super) fn float(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

pub(super) fn boolean(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}

pub(super) fn text<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// ARRAY of STRING: some empty, none NULL.
pub(super) fn texts(values: impl Iterator<Item = Vec<&'static str>>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for value in values {
        lists.append_value(value.into_iter().map(Some));
    }
    Arc::new(lists.finish())
}

/// DATE, from days since 1970.
pub(super) fn date(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Date32Array>())
}

/// TIMESTAMP, from microseconds since 1970.
pub(super) fn timestamp(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

/// DATETIME, from microseconds since 1970 in local time.
pub(super) fn datetime(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampMicrosecondArray>())
}

/// NUMERIC, from cents.
pub(super) fn cents(values: impl Iterator<Item = i64>) -> ArrayRef {
    let billionths = values.map(|cents| Some(i128::from(cents) * 10_000_000)).collect::<Decimal128Array>();
    // BigQuery's NUMERIC; Arrow takes up to 38 digits.
    Arc::new(billionths.with_precision_and_scale(38, 9).expect("NUMERIC's precision"))
}
