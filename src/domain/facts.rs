//! Statistics of columns, if the data were read: they decide what names only suggest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::name::{ColumnName, TableName};

/// Counts of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ColumnFacts {
    /// Rows of the table.
    pub rows: u64,
    /// Rows in which the column is NULL.
    pub nulls: u64,
    /// Different values, NULL not counted.
    pub distinct: u64,
}

impl ColumnFacts {
    /// Rows that are not NULL.
    pub fn filled(&self) -> u64 {
        self.rows.saturating_sub(self.nulls)
    }

    /// Every row has a distinct value. Unknown for an empty table.
    pub fn is_unique(&self) -> Option<bool> {
        (self.rows > 0).then_some(self.nulls == 0 && self.distinct >= self.rows)
    }
}

/// Counts by table and column. Columns without statistics are absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts(BTreeMap<TableName, BTreeMap<ColumnName, ColumnFacts>>);

impl Facts {
    pub fn add(&mut self, table: TableName, column: ColumnName, facts: ColumnFacts) {
        self.0.entry(table).or_default().insert(column, facts);
    }

    pub fn of(&self, table: &TableName, column: &ColumnName) -> Option<ColumnFacts> {
        self.0.get(table)?.get(column).copied()
    }
}
