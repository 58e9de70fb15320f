//! Arrow's batches as rows of values.

use std::convert::Infallible;

use data_encoding::BASE64;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, Schema, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::Result;

use super::text::{self, Fraction};
use super::types::column_type;
use crate::domain::schema::ColumnType;
use crate::domain::value::{ResultColumn, Value};
use crate::warehouse::Cell;

/// Reads one row's cell, truncated if it is longer than requested.
type Reader = Box<dyn Fn(usize) -> Cell>;

/// The columns of a result in BigQuery's terms.
pub(super) fn columns(schema: &Schema) -> Vec<ResultColumn> {
    let column = |field: &datafusion::arrow::datatypes::FieldRef| {
        // A type that BigQuery does not have is shown as text.
        let (column_type, mode) = column_type(field.data_type()).unwrap_or((ColumnType::String, Default::default()));
        ResultColumn { name: field.name().clone(), column_type, mode }
    };
    schema.fields().iter().map(column).collect()
}

/// A batch's rows, each read on demand; cells of at most `most` characters.
pub(super) fn of_batch(batch: &RecordBatch, most: Option<usize>) -> Result<impl Iterator<Item = Vec<Cell>> + use<>> {
    let readers = batch.columns().iter().map(|column| reader(column, most)).collect::<Result<Vec<_>>>()?;
    Ok((0..batch.num_rows()).map(move |row| readers.iter().map(|read| read(row)).collect()))
}

fn reader(array: &ArrayRef, most: Option<usize>) -> Result<Reader> {
    let array = text::to_canonical(array)?;
    let read: Reader = match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean().clone();
            Box::new(move |row| Value::Bool(values.value(row)).into())
        }
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>().clone();
            Box::new(move |row| Value::Int(values.value(row)).into())
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().clone();
            Box::new(move |row| Value::float(values.value(row)).into())
        }
        DataType::Utf8View => {
            let values = array.as_string_view().clone();
            Box::new(move |row| Cell::text(values.value(row), most))
        }
        DataType::Binary => {
            let values = array.as_binary::<i32>().clone();
            Box::new(move |row| bytes(values.value(row), most))
        }
        DataType::Date32 => {
            let values = array.as_primitive::<Date32Type>().clone();
            Box::new(move |row| Value::Text(text::date(values.value(row))).into())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let suffix = if zone.is_some() { "Z" } else { "" };
            let values = array.as_primitive::<TimestampMicrosecondType>().clone();
            Box::new(move |row| Value::Text(text::instant(values.value(row), 'T', Fraction::Shortest) + suffix).into())
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            let values = array.as_primitive::<Time64MicrosecondType>().clone();
            Box::new(move |row| Value::Text(text::time(values.value(row), Fraction::Shortest)).into())
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) => {
            let write = text::sql_writer(&array)?;
            Box::new(move |row| written(&write, row, most))
        }
        DataType::List(item) if !matches!(item.data_type(), DataType::Struct(_)) => {
            let lists = array.as_list::<i32>().clone();
            let item = reader(lists.values(), most)?;
            Box::new(move |row| items(lists.value_offsets(), row, most, &item))
        }
        DataType::List(_) => {
            let lists = array.as_list::<i32>().clone();
            let write = text::json_writer(lists.values())?;
            Box::new(move |row| items(lists.value_offsets(), row, most, |position| written(&write, position, most)))
        }
        DataType::Struct(_) => {
            let write = text::json_writer(&array)?;
            Box::new(move |row| written(&write, row, most))
        }
        _ => {
            let write = text::sql_writer(&array)?;
            Box::new(move |row| written(&write, row, most))
        }
    };
    let nulls = array.logical_nulls();
    // BigQuery has no NULL arrays in results: they are empty.
    let is_list = matches!(array.data_type(), DataType::List(_));
    Ok(Box::new(move |row| match &nulls {
        Some(nulls) if nulls.is_null(row) && is_list => Value::Array(vec![]).into(),
        Some(nulls) if nulls.is_null(row) => Value::Null.into(),
        _ => read(row),
    }))
}

fn written(write: &text::Writer, row: usize, most: Option<usize>) -> Cell {
    let mut out = String::new();
    write(row, &mut out);
    Cell::text(&out, most)
}

/// Bytes as base64; if they are truncated, only the beginning is encoded.
fn bytes(bytes: &[u8], most: Option<usize>) -> Cell {
    let whole = BASE64.encode_len(bytes.len());
    match most {
        Some(most) if whole > most => {
            let shown = BASE64.encode(&bytes[..(most / 4 * 3).min(bytes.len())]);
            Cell { value: Value::Text(shown + "…"), whole: Some(whole as u64) }
        }
        _ => Value::Text(BASE64.encode(bytes)).into(),
    }
}

/// The items of a row's list.
fn items(offsets: &[i32], row: usize, most: Option<usize>, item: impl Fn(usize) -> Cell) -> Cell {
    let items = (offsets[row] as usize..offsets[row + 1] as usize).map(|position| Ok::<_, Infallible>(item(position)));
    Cell::array(items, most).unwrap_or_else(|never| match never {})
}
