//! Statistics of columns, if the data were read: they decide what names only suggest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::name::{ColumnName, TableName};

/// Counts of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ColumnStatistics {
    /// Rows of the table.
    pub rows: u64,
    /// Rows in which the column is NULL.
    pub nulls: u64,
    /// Different values, NULL not counted.
    pub distinct: u64,
}

impl ColumnStatistics {
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
pub struct TableStatistics(BTreeMap<TableName, BTreeMap<ColumnName, ColumnStatistics>>);

impl TableStatistics {
    pub fn add(&mut self, table: TableName, column: ColumnName, statistics: ColumnStatistics) {
        self.0.entry(table).or_default().insert(column, statistics);
    }

    pub fn of(&self, table: &TableName, column: &ColumnName) -> Option<ColumnStatistics> {
        self.0.get(table)?.get(column).copied()
    }
}
