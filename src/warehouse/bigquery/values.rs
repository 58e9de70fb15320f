//! Cells as BigQuery writes them in JSON, read by their column's type.
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults>

use chrono::DateTime;
use serde_json::Value as Json;

use super::tables::{Field, at_most};
use crate::domain::schema::{ColumnType, Mode};
use crate::domain::value::{ResultColumn, Value, shortest};
use crate::warehouse::{Cell, WarehouseError};

/// Maximum number of characters of a value in an error.
const SHOWN: usize = 100;

fn unread(what: &str) -> WarehouseError {
    WarehouseError::Query(format!(
        "BigQuery's response contains {what}, which is not supported. Convert it in the query or in a view."
    ))
}

pub(super) fn columns(fields: &[Field]) -> Result<Vec<ResultColumn>, WarehouseError> {
    let column = |field: &Field| {
        let column_type =
            field.column_type().ok_or_else(|| unread(&format!("a column of the type {}", at_most(&field.field_type, SHOWN))))?;
        // A query's result guarantees nothing about NULL.
        let mode = if field.mode() == Mode::Repeated { Mode::Repeated } else { Mode::Nullable };
        Ok(ResultColumn { name: field.name.clone(), column_type, mode })
    };
    fields.iter().map(column).collect()
}

/// A row's cells, exactly one per column, each of at most `most` characters.
pub(super) fn row(
    columns: &[ResultColumn],
    cells: impl Iterator<Item = Json>,
    most: Option<usize>,
) -> Result<Vec<Cell>, WarehouseError> {
    let row: Vec<Cell> =
        columns.iter().zip(cells).map(|(column, cell)| self::cell(column, cell, most)).collect::<Result<_, _>>()?;
    if row.len() == columns.len() { Ok(row) } else { Err(unread("a row without all its cells")) }
}

fn cell(column: &ResultColumn, json: Json, most: Option<usize>) -> Result<Cell, WarehouseError> {
    match (column.mode, json) {
        // An array is never NULL, only empty.
        (Mode::Repeated, Json::Null) => Ok(Value::Array(vec![]).into()),
        (Mode::Repeated, Json::Array(items)) => {
            let item = |item: Json| match item {
                Json::Object(mut cell) => scalar(column.column_type, cell.remove("v").unwrap_or_default(), most),
                plain => scalar(column.column_type, plain, most),
            };
            Cell::array(items.into_iter().map(item), most)
        }
        (_, json) => scalar(column.column_type, json, most),
    }
}

fn scalar(column_type: ColumnType, json: Json, most: Option<usize>) -> Result<Cell, WarehouseError> {
    let text = match json {
        Json::Null => return Ok(Value::Null.into()),
        Json::String(text) => text,
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => number.to_string(),
        // A RECORD: shown as JSON, since its fields cannot be selected here.
        nested => return Ok(Cell::text(&nested.to_string(), most)),
    };
    let bad = || unread(&format!("{:?} as a {column_type}", at_most(&text, SHOWN)));
    let value = match column_type {
        ColumnType::Bool => match text.as_str() {
            "true" | "TRUE" => Value::Bool(true),
            "false" | "FALSE" => Value::Bool(false),
            _ => return Err(bad()),
        },
        ColumnType::Int64 => Value::Int(text.parse().map_err(|_| bad())?),
        ColumnType::Float64 => Value::float(text.parse().map_err(|_| bad())?),
        ColumnType::Timestamp => Value::Text(instant(&text).ok_or_else(bad)?),
        ColumnType::Datetime => return Ok(Cell::text(&shortest(&text.replacen(' ', "T", 1)), most)),
        ColumnType::Numeric | ColumnType::BigNumeric => return Ok(Cell::text(&shortest(&text), most)),
        _ => return Ok(Cell::text(&text, most)),
    };
    Ok(value.into())
}

/// RFC 3339, from microseconds since 1970 or, as older servers write them, seconds with a fraction.
fn instant(text: &str) -> Option<String> {
    let micros = match text.parse::<i64>() {
        Ok(micros) => micros,
        Err(_) => {
            let seconds: f64 = text.parse().ok()?;
            (seconds * 1e6).round() as i64
        }
    };
    let at = DateTime::from_timestamp_micros(micros)?;
    let shown = at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    Some(shortest(shown.trim_end_matches('Z')) + "Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(column_type: ColumnType, mode: Mode, json: Json) -> Value {
        cell(&ResultColumn { name: "x".into(), column_type, mode }, json, None).unwrap().value
    }

    #[test]
    fn cells_are_read_by_their_type() {
        let one = |t, json| read(t, Mode::Nullable, json);
        let text = |text: &str| Value::Text(text.into());
        assert_eq!(one(ColumnType::Int64, json!("9223372036854775807")), Value::Int(i64::MAX));
        assert_eq!(one(ColumnType::Float64, json!("1.5e-7")), Value::Float(1.5e-7));
        assert_eq!(one(ColumnType::Float64, json!("NaN")), text("NaN"));
        assert_eq!(one(ColumnType::Bool, json!("true")), Value::Bool(true));
        assert_eq!(one(ColumnType::Bool, json!(false)), Value::Bool(false));
        assert_eq!(one(ColumnType::Numeric, json!("12.500000000")), text("12.5"));
        assert_eq!(one(ColumnType::Timestamp, json!("1488369600123456")), text("2017-03-01T12:00:00.123456Z"));
        assert_eq!(one(ColumnType::Timestamp, json!("1488369600000000")), text("2017-03-01T12:00:00Z"));
        assert_eq!(one(ColumnType::Timestamp, json!("1.4883696005E9")), text("2017-03-01T12:00:00.5Z"));
        assert_eq!(one(ColumnType::Datetime, json!("2017-03-01 12:00:00")), text("2017-03-01T12:00:00"));
        assert_eq!(one(ColumnType::String, Json::Null), Value::Null);
        assert_eq!(
            read(ColumnType::Int64, Mode::Repeated, json!([{"v": "1"}, {"v": "2"}])),
            Value::Array(vec![Value::Int(1), Value::Int(2)])
        );
        assert_eq!(read(ColumnType::Int64, Mode::Repeated, Json::Null), Value::Array(vec![]));
        assert!(scalar(ColumnType::Int64, json!("many"), None).is_err());
        // An unreadable value may be very long.
        let error = scalar(ColumnType::Int64, json!("x".repeat(1_000_000)), None).unwrap_err().to_string();
        assert!(error.len() < 500, "{}", error.len());
    }
}
