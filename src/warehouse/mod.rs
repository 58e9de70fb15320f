//! Where the tables are: one trait, two engines. Knows tables, schemas and queries; nothing of datasets or the store.
//!
//! All else (profiles, evidence of joins, samples, analysis) is a query of the domain that runs on either engine.

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
/// Dropping a returned future cancels what it was doing.
#[async_trait]
pub trait Warehouse: Send + Sync {
    /// The project that table names are qualified with in SQL, or `None` where the engine has no projects.
    fn project(&self) -> Option<&str>;

    /// Where the tables are, hence where their queries run; `None` where the engine has no places.
    async fn location(&self) -> Result<Option<String>, WarehouseError> {
        Ok(None)
    }

    /// Whether reading costs money. Then dates are resolved first and written into queries, so that the engine reads no partition in vain.
    fn bills(&self) -> bool {
        false
    }

    /// All tables, by name.
    async fn tables(&self) -> Result<Vec<TableInfo>, WarehouseError>;

    /// A table as it is now. Asking costs nothing.
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
    /// Another text after every change of the table's rows or columns. `None` where nobody can tell, as for a view of BigQuery.
    pub state: Option<String>,
}

/// What a query may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Rows beyond this are not read; the result says that it was cut.
    pub max_rows: usize,
    /// Bytes of the rows, as JSON. A result of which cells may be cut ends where it has so many, and says that it was cut; one of
    /// whole values is an error beyond.
    pub max_bytes: usize,
    /// Characters of a cell, for results that are looked at: of a longer one the beginning is read, and the result says how long it
    /// is. Without it, values are whole.
    pub max_cell: Option<usize>,
    /// BigQuery refuses a query that would bill more.
    pub max_bytes_billed: Option<u64>,
    /// An answer that the engine kept from the same query may be given again, free of charge.
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

/// What a query would give and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    pub columns: Vec<ResultColumn>,
    /// `None` where the engine cannot tell.
    pub bytes: Option<u64>,
    /// The query may read less: a clustered table shows only while it is read which of its blocks are needed.
    pub upper_bound: bool,
}

impl DryRun {
    /// What the query would cost, which reads so many tables.
    pub fn estimate(&self, tables: usize, price: Option<Price>) -> Estimate {
        Estimate::of(self.bytes, self.upper_bound, tables, price)
    }
}

/// Why the warehouse gave no answer. The texts are for people and hold nothing internal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarehouseError {
    #[error("Table {0} not found.")]
    NoTable(TableName),
    /// The table is there, but broken or of a kind that is not read.
    #[error("The table {table} cannot be read: {reason}")]
    Unreadable { table: TableName, reason: String },
    /// The folder or BigQuery dataset is missing.
    #[error("{0}")]
    NoDataset(String),
    #[error("{0}")]
    NoPermission(String),
    /// The engine refuses the query; its own words, cleaned.
    #[error("{0}")]
    Query(String),
    #[error("The query did not finish within {0} seconds and was cancelled.")]
    Timeout(u64),
    /// Memory or another resource gave out.
    #[error("{0}")]
    Resources(String),
    #[error("{0}")]
    Unreachable(String),
}
