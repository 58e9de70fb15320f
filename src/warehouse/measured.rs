//! A warehouse with metrics of its queries: how many, their outcomes, their durations, the bytes
//! read.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;

use super::{DryRun, Limits, LiveTable, Warehouse, WarehouseError};
use crate::domain::name::TableName;
use crate::domain::schema::{TableInfo, TableSchema};
use crate::domain::value::Rows;
use crate::metrics::Metrics;

/// Another warehouse, with metrics.
pub struct Measured {
    inner: Arc<dyn Warehouse>,
    /// `embedded` or `bigquery`.
    name: &'static str,
    metrics: Metrics,
}

impl Measured {
    pub fn new(inner: Arc<dyn Warehouse>, name: &'static str, metrics: Metrics) -> Self {
        Self { inner, name, metrics }
    }

    fn begin(&self, kind: &'static str) -> Running<'_> {
        Running { measured: self, kind, outcome: "cancelled", since: Instant::now() }
    }
}

/// A running query. If its future is dropped, it counts as cancelled.
struct Running<'a> {
    measured: &'a Measured,
    kind: &'static str,
    outcome: &'static str,
    since: Instant,
}

impl Running<'_> {
    fn ended<T>(mut self, answer: &Result<T, WarehouseError>) {
        self.outcome = if answer.is_ok() { "ok" } else { "failed" };
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.measured.metrics.query_finished(self.measured.name, self.kind, self.outcome, self.since.elapsed());
    }
}

#[async_trait]
impl Warehouse for Measured {
    fn project(&self) -> Option<&str> {
        self.inner.project()
    }

    async fn location(&self) -> Result<Option<String>, WarehouseError> {
        self.inner.location().await
    }

    fn is_metered(&self) -> bool {
        self.inner.is_metered()
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, WarehouseError> {
        self.inner.tables().await
    }

    async fn table(&self, table: &TableName) -> Result<LiveTable, WarehouseError> {
        self.inner.table(table).await
    }

    async fn schema(&self, table: &TableName) -> Result<TableSchema, WarehouseError> {
        self.inner.schema(table).await
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<Rows, WarehouseError> {
        let running = self.begin("run");
        let answer = self.inner.run(sql, limits).await;
        running.ended(&answer);
        if let Some(bytes) = answer.as_ref().ok().and_then(|rows| rows.bytes_processed) {
            self.metrics.read(self.name, bytes);
        }
        answer
    }

    async fn dry_run(&self, sql: &str) -> Result<DryRun, WarehouseError> {
        let running = self.begin("dry_run");
        let answer = self.inner.dry_run(sql).await;
        running.ended(&answer);
        answer
    }
}
