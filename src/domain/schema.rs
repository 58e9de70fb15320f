//! What a table looks like: its columns, their types and modes, in BigQuery's terms for every
//! engine.

use serde::{Deserialize, Serialize};

use super::name::{ColumnName, TableName, same};

/// A column's type. BigQuery spells some of them in two ways (`INTEGER` in its API, `INT64` in
/// SQL); both are read, the SQL spelling is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum ColumnType {
    String,
    Bytes,
    Int64,
    Float64,
    Numeric,
    BigNumeric,
    Bool,
    Date,
    Datetime,
    Time,
    Timestamp,
    /// A RECORD. Its fields cannot be selected; the column says so.
    Struct,
    Json,
    Geography,
    Interval,
    Range,
}

impl ColumnType {
    pub const ALL: [ColumnType; 16] = [
        Self::String,
        Self::Bytes,
        Self::Int64,
        Self::Float64,
        Self::Numeric,
        Self::BigNumeric,
        Self::Bool,
        Self::Date,
        Self::Datetime,
        Self::Time,
        Self::Timestamp,
        Self::Struct,
        Self::Json,
        Self::Geography,
        Self::Interval,
        Self::Range,
    ];

    /// The name in GoogleSQL.
    pub const fn sql_name(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Bytes => "BYTES",
            Self::Int64 => "INT64",
            Self::Float64 => "FLOAT64",
            Self::Numeric => "NUMERIC",
            Self::BigNumeric => "BIGNUMERIC",
            Self::Bool => "BOOL",
            Self::Date => "DATE",
            Self::Datetime => "DATETIME",
            Self::Time => "TIME",
            Self::Timestamp => "TIMESTAMP",
            Self::Struct => "STRUCT",
            Self::Json => "JSON",
            Self::Geography => "GEOGRAPHY",
            Self::Interval => "INTERVAL",
            Self::Range => "RANGE",
        }
    }

    /// Reads either spelling, without regard to case.
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let sql = match upper.as_str() {
            "INTEGER" => "INT64",
            "FLOAT" => "FLOAT64",
            "BOOLEAN" => "BOOL",
            "RECORD" => "STRUCT",
            other => other,
        };
        Self::ALL.into_iter().find(|t| t.sql_name() == sql)
    }

    /// DATE, DATETIME or TIMESTAMP: has a calendar day.
    pub const fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Datetime | Self::Timestamp)
    }

    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Int64 | Self::Float64 | Self::Numeric | Self::BigNumeric)
    }

    /// Why a column of this type can be neither selected nor filtered, or `None` if it can.
    pub const fn unsupported(self) -> Option<&'static str> {
        match self {
            Self::Struct => Some("a record: select its fields in a view first"),
            Self::Json => Some("JSON: extract the fields you need in a view first"),
            Self::Geography => Some("GEOGRAPHY: convert it in a view first"),
            Self::Interval => Some("INTERVAL: convert it in a view first"),
            Self::Range => Some("RANGE: select its start and end in a view first"),
            _ => None,
        }
    }
}

impl TryFrom<String> for ColumnType {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a BigQuery type"))
    }
}

impl From<ColumnType> for &'static str {
    fn from(t: ColumnType) -> Self {
        t.sql_name()
    }
}

impl std::fmt::Display for ColumnType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.sql_name())
    }
}

/// Whether a column can be NULL, or holds an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    #[default]
    Nullable,
    Required,
    Repeated,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Column {
    pub name: ColumnName,
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Column {
    /// `INT64`, or `ARRAY<INT64>` for a repeated column.
    pub fn type_label(&self) -> String {
        match self.mode {
            Mode::Repeated => format!("ARRAY<{}>", self.column_type),
            _ => self.column_type.to_string(),
        }
    }

    /// A single value that can be compared: usable as a key, a role or in a filter.
    pub fn is_scalar(&self) -> bool {
        self.mode != Mode::Repeated && self.column_type.unsupported().is_none()
    }
}

/// A table and its columns, in order. Columns with names that BigQuery rejects are listed
/// separately, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TableSchema {
    pub table: TableName,
    pub columns: Vec<Column>,
    /// Columns that cannot be used, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusable: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
}

/// Partitioning of a table: a query with a filter on it reads only a part of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Partition {
    /// The column, or `_PARTITIONTIME` if partitioned by load time.
    pub column: String,
    /// Whether queries must filter on it.
    #[serde(default)]
    pub filter_required: bool,
    /// Whether the table is clustered: estimates are then upper bounds.
    #[serde(default)]
    pub clustered: bool,
}

impl TableSchema {
    /// The column of this name, compared as the engines do: without regard to case.
    pub fn column(&self, name: &ColumnName) -> Option<&Column> {
        let exact = self.columns.iter().find(|c| c.name == *name);
        exact.or_else(|| self.columns.iter().find(|c| same(c.name.as_str(), name.as_str())))
    }
}

/// The kind of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    Table,
    View,
    MaterializedView,
    External,
}

/// One line of the table list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableInfo {
    pub name: TableName,
    pub kind: TableKind,
    /// `None` if only a query could count them, as for a view.
    pub rows: Option<u64>,
    pub bytes: Option<u64>,
    pub columns: Option<u32>,
    /// UTC, RFC 3339.
    pub last_modified: Option<chrono::DateTime<chrono::Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<Partition>,
    /// Set if the table exists but cannot be used: a broken file, an unsupported type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_type_are_the_same() {
        // BigQuery's API and its SQL spell these types differently.
        for (legacy, sql) in
            [("INTEGER", "INT64"), ("FLOAT", "FLOAT64"), ("BOOLEAN", "BOOL"), ("RECORD", "STRUCT"), ("integer", "INT64")]
        {
            assert_eq!(ColumnType::parse(legacy), ColumnType::parse(sql));
        }
        assert_eq!(ColumnType::parse("TEXT"), None);
        let column: Column = serde_json::from_str(r#"{"name":"n","type":"INTEGER","mode":"REQUIRED"}"#).unwrap();
        assert_eq!(serde_json::to_value(&column).unwrap(), serde_json::json!({"name":"n","type":"INT64","mode":"REQUIRED"}));
    }
}
