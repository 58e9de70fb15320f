//! Arrow's batches as rows of values.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, Schema, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::Result;

use super::text::{self, Fraction};
use super::types::column_type;
use crate::domain::schema::ColumnType;
use crate::domain::value::{ResultColumn, Value};

type Reader = Box<dyn Fn(usize) -> Value>;

/// The columns of a result in BigQuery's terms.
pub(super) fn columns(schema: &Schema) -> Vec<ResultColumn> {
    let column = |field: &datafusion::arrow::datatypes::FieldRef| {
        // What has no name in BigQuery is shown as text.
        let (column_type, mode) = column_type(field.data_type()).unwrap_or((ColumnType::String, Default::default()));
        ResultColumn { name: field.name().clone(), column_type, mode }
    };
    schema.fields().iter().map(column).collect()
}

/// Appends a batch's rows.
pub(super) fn append(batch: &RecordBatch, rows: &mut Vec<Vec<Value>>) -> Result<()> {
    let readers = batch.columns().iter().map(reader).collect::<Result<Vec<_>>>()?;
    rows.extend((0..batch.num_rows()).map(|row| readers.iter().map(|read| read(row)).collect()));
    Ok(())
}

fn reader(array: &ArrayRef) -> Result<Reader> {
    let array = text::to_canonical(array)?;
    let read: Reader = match array.data_type() {
        DataType::Boolean => {
            let values = array.as_boolean().clone();
            Box::new(move |row| Value::Bool(values.value(row)))
        }
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>().clone();
            Box::new(move |row| Value::Int(values.value(row)))
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().clone();
            Box::new(move |row| Value::float(values.value(row)))
        }
        DataType::Utf8View => {
            let values = array.as_string_view().clone();
            Box::new(move |row| Value::Text(values.value(row).to_owned()))
        }
        DataType::Binary => {
            let values = array.as_binary::<i32>().clone();
            Box::new(move |row| Value::Text(text::base64(values.value(row))))
        }
        DataType::Date32 => {
            let values = array.as_primitive::<Date32Type>().clone();
            Box::new(move |row| Value::Text(text::date(values.value(row))))
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let suffix = if zone.is_some() { "Z" } else { "" };
            let values = array.as_primitive::<TimestampMicrosecondType>().clone();
            Box::new(move |row| Value::Text(text::instant(values.value(row), 'T', Fraction::Shortest) + suffix))
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            let values = array.as_primitive::<Time64MicrosecondType>().clone();
            Box::new(move |row| Value::Text(text::time(values.value(row), Fraction::Shortest)))
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) => {
            let write = text::sql_writer(&array)?;
            Box::new(move |row| written(&write, row))
        }
        DataType::List(item) if !matches!(item.data_type(), DataType::Struct(_)) => {
            let lists = array.as_list::<i32>().clone();
            let item = reader(lists.values())?;
            Box::new(move |row| {
                let offsets = lists.value_offsets();
                Value::Array((offsets[row]..offsets[row + 1]).map(|position| item(position as usize)).collect())
            })
        }
        DataType::List(_) => {
            let lists = array.as_list::<i32>().clone();
            let write = text::json_writer(lists.values())?;
            Box::new(move |row| {
                let offsets = lists.value_offsets();
                Value::Array((offsets[row]..offsets[row + 1]).map(|position| written(&write, position as usize)).collect())
            })
        }
        DataType::Struct(_) => {
            let write = text::json_writer(&array)?;
            Box::new(move |row| written(&write, row))
        }
        _ => {
            let write = text::sql_writer(&array)?;
            Box::new(move |row| written(&write, row))
        }
    };
    let nulls = array.logical_nulls();
    // BigQuery has no NULL arrays in results: they are empty.
    let is_list = matches!(array.data_type(), DataType::List(_));
    Ok(Box::new(move |row| match &nulls {
        Some(nulls) if nulls.is_null(row) && is_list => Value::Array(vec![]),
        Some(nulls) if nulls.is_null(row) => Value::Null,
        _ => read(row),
    }))
}

fn written(write: &text::Writer, row: usize) -> Value {
    let mut out = String::new();
    write(row, &mut out);
    Value::Text(out)
}
