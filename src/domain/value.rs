//! Rows of a query: typed cells that both engines, the API and the pages share.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::schema::{ColumnType, Mode};

/// One cell. DATE, DATETIME, TIME, TIMESTAMP, NUMERIC and BYTES (base64) travel as text; the
/// column's type says how to read it. TIMESTAMP is RFC 3339 in UTC with up to six decimals
/// (`2017-03-01T12:00:00Z`), DATETIME the same without the zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Array(Vec<Value>),
}

impl Value {
    /// A FLOAT64 cell. JSON has no NaN or infinity: those become text, spelled as BigQuery casts
    /// them.
    pub fn float(number: f64) -> Self {
        if number.is_finite() {
            Self::Float(number)
        } else if number.is_nan() {
            Self::Text("NaN".into())
        } else {
            Self::Text(if number > 0.0 { "Infinity" } else { "-Infinity" }.into())
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// As people read it, without quotes; `NULL` if it is that.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Array(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}

/// A number or a time without redundant zeros at its end: the form that both engines write.
pub fn shortest(text: &str) -> String {
    match text.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            digits => format!("{whole}.{digits}"),
        },
        None => text.to_owned(),
    }
}

/// The first `most` characters of a longer text, with an ellipsis for the rest; and the length of
/// the whole.
pub fn beginning(text: &str, most: usize) -> Option<(String, u64)> {
    let (end, _) = text.char_indices().nth(most)?;
    Some((format!("{}…", &text[..end]), text.chars().count() as u64))
}

/// Size of a value in JSON, in bytes; approximate for numbers.
pub fn json_size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Int(_) | Value::Float(_) => 8,
        Value::Text(text) => {
            let escape = |byte: u8| match byte {
                ..0x20 => 5,
                b'"' | b'\\' => 1,
                _ => 0,
            };
            2 + text.len() + text.bytes().map(escape).sum::<usize>()
        }
        Value::Array(items) => 2 + items.iter().map(|item| json_size(item) + 1).sum::<usize>(),
    }
}

/// A truncated cell of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CutCell {
    /// The row, from 0.
    pub row: u32,
    /// The column's name.
    pub column: String,
    /// Length of the whole text in characters, or of the whole array in items.
    pub length: u64,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultColumn {
    pub name: String,
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    #[serde(default)]
    pub mode: Mode,
}

/// The result of a query: columns in order, rows in the query's order, each as long as `columns`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rows {
    pub columns: Vec<ResultColumn>,
    pub rows: Vec<Vec<Value>>,
    /// The result was cut at the limit on rows or on their size.
    pub truncated: bool,
    /// Cells that are longer than requested, in the order of the rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut_cells: Vec<CutCell>,
    /// Bytes that were read for it, if the engine is metered; 0 if it was cached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_processed: Option<u64>,
}

impl Rows {
    /// The position of the column of this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// The cell of a row by column name.
    pub fn get(&self, row: usize, name: &str) -> Option<&Value> {
        self.rows.get(row)?.get(self.position(name)?)
    }
}
