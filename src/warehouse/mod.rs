//! Where the tables are: one trait, two engines. Knows tables, schemas and queries; nothing of
//! datasets or the store.
//!
//! Everything else (profiles, join statistics, samples, analysis) is a query of the domain that
//! runs on either engine.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::cost::{Estimate, Price};
use crate::domain::name::TableName;
use crate::domain::schema::{TableInfo, TableSchema};
use crate::domain::value::{ResultColumn, Rows};

mod answer;
pub mod bigquery;
mod connections;
pub mod demo;
pub mod embedded;
mod measured;

use answer::{Answer, Cell};
pub use connections::Connections;
pub use measured::Measured;

/// An engine that holds the tables of one BigQuery dataset and runs GoogleSQL over them.
///
/// Dropping a returned future cancels its work.
#[async_trait]
pub trait Warehouse: Send + Sync {
    /// The project that table names are qualified with in SQL, or `None` if the engine has no
    /// projects.
    fn project(&self) -> Option<&str>;

    /// Where the tables are, hence where their queries run; `None` if the engine has no locations.
    async fn location(&self) -> Result<Option<String>, WarehouseError> {
        Ok(None)
    }

    /// Whether reading costs money. If so, dates are resolved first and written into queries, so
    /// that the engine reads no unnecessary partition.
    fn is_metered(&self) -> bool {
        false
    }

    /// All tables, by name.
    async fn tables(&self) -> Result<Vec<TableInfo>, WarehouseError>;

    /// A table as it is now. Free of charge.
    async fn table(&self, table: &TableName) -> Result<LiveTable, WarehouseError>;

    /// The columns of a table as they are now.
    async fn schema(&self, table: &TableName) -> Result<TableSchema, WarehouseError> {
        Ok(self.table(table).await?.schema)
    }

    /// Runs a query and reads its rows, within the limits.
    async fn run(&self, sql: &str, limits: &Limits) -> Result<Rows, WarehouseError>;

    /// Plans a query without running it: what it would give and read.
    async fn dry_run(&self, sql: &str) -> Result<DryRun, WarehouseError>;
}

/// A table as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveTable {
    pub info: TableInfo,
    pub schema: TableSchema,
    /// Changes whenever the table's rows or columns do. `None` if that cannot be known, as for a
    /// view of BigQuery.
    pub state: Option<String>,
    /// The policy tags of columns that only some may read, by the columns' names.
    pub policy_tags: BTreeMap<String, String>,
}

/// The limits of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Rows beyond this are not read; the result is marked as truncated.
    pub max_rows: usize,
    /// Bytes of the rows, as JSON. A result whose cells may be truncated ends there and is marked
    /// as truncated; a result of whole values fails beyond it.
    pub max_bytes: usize,
    /// Characters of a cell, for results that are displayed: a longer cell is truncated, and the
    /// result has its full length. `None` returns whole values.
    pub max_cell: Option<usize>,
    /// BigQuery refuses a query that would bill more bytes.
    pub max_bytes_billed: Option<u64>,
    /// The engine may return a cached result of the same query, free of charge.
    pub use_cache: bool,
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_rows: 10_000,
            max_bytes: 1 << 30,
            max_cell: None,
            max_bytes_billed: None,
            use_cache: true,
            timeout: Duration::from_secs(300),
        }
    }
}

/// What a query would return and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    pub columns: Vec<ResultColumn>,
    /// `None` if the engine cannot estimate it.
    pub bytes: Option<u64>,
    /// The query may read less: which blocks of a clustered table are needed shows only during
    /// reading.
    pub upper_bound: bool,
}

impl DryRun {
    /// The cost of the query, which reads this many tables.
    pub fn estimate(&self, tables: usize, price: Option<Price>) -> Estimate {
        Estimate::of(self.bytes, self.upper_bound, tables, price)
    }
}

/// Why the warehouse returned no result. The texts are for people and hold nothing internal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarehouseError {
    #[error("Table {0} not found.")]
    NoTable(TableName),
    /// The table exists, but is broken or of a kind that is not read.
    #[error("The table {table} cannot be read: {reason}")]
    Unreadable { table: TableName, reason: String },
    /// The folder or BigQuery dataset is missing.
    #[error("{0}")]
    NoDataset(String),
    #[error("{0}")]
    NoPermission(String),
    /// The engine refuses the query; its own message, cleaned.
    #[error("{0}")]
    Query(String),
    #[error("The query did not finish within {0} seconds and was cancelled.")]
    Timeout(u64),
    /// Memory or another resource ran out.
    #[error("{0}")]
    Resources(String),
    #[error("{0}")]
    Unreachable(String),
}
