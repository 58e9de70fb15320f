//! The warehouse over a folder: Parquet and CSV files are tables, `*.sql` files are views, DataFusion answers GoogleSQL.
//!
//! One promise: every query that the domain compiles gives the rows that BigQuery gives. Only tables of the folder can be read, only SELECT runs.
//! [`files`] lists and looks into files, [`types`] maps types, [`dialect`] and [`semantics`] turn GoogleSQL into what DataFusion
//! plans, [`functions`] and [`sketches`] are what it lacks, [`rows`] and [`text`] write results, [`cancel`] stops queries,
//! [`errors`] speaks to people. [`bounds`], [`footer`], [`lines`] and [`planning`] keep what is broken or hostile to itself.

mod bounds;
mod cancel;
mod dialect;
mod engine;
mod errors;
mod files;
mod footer;
mod functions;
mod lines;
mod planning;
mod pushdown;
mod rows;
mod semantics;
mod shared;
mod sketches;
mod text;
mod types;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use self::engine::Engine;
use super::{DryRun, Limits, LiveTable, Warehouse, WarehouseError};
use crate::domain::name::TableName;
use crate::domain::schema::TableInfo;
use crate::domain::value::Rows;

/// What the engine may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// All queries together; beyond it they spill to disk where they can, and fail where they cannot.
    pub memory_bytes: usize,
    /// Threads that work on queries.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { memory_bytes: 2 << 30, threads: std::thread::available_parallelism().map_or(1, Into::into) }
    }
}

/// The stack of each of the engine's threads, in bytes. Plans are walked, copied and dropped by recursion: what [`bounds`] lets through fits, as
/// tests at each of its limits show. It is address space; memory is used only where a plan is that deep.
const STACK_BYTES: usize = 64 << 20;
/// Threads for files and plans, which block. Looks and plans have turns, so that few of them are used.
const BLOCKING_THREADS: usize = 32;

/// A folder of files as a warehouse.
pub struct Embedded {
    /// There until it is dropped.
    engine: Option<Arc<Engine>>,
    /// Queries are heavy on the processor: they have their own threads, so that the pages are served meanwhile.
    runtime: Option<Runtime>,
}

impl Embedded {
    /// Opens a folder; its tables are `dataset.file_stem`. Broken files are tables with a problem, not a failure.
    pub async fn open(folder: &Path, dataset: &str) -> Result<Embedded, WarehouseError> {
        Self::open_with(folder, dataset, Options::default()).await
    }

    /// Opens a folder with other limits than the default.
    pub async fn open_with(folder: &Path, dataset: &str, options: Options) -> Result<Embedded, WarehouseError> {
        let engine = Arc::new(Engine::new(folder, dataset, &options)?);
        let runtime = Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_stack_size(STACK_BYTES)
            .thread_name("warehouse")
            .enable_all()
            .build()
            .map_err(|error| WarehouseError::Resources(format!("The system gives no threads for queries: {error}.")))?;
        let embedded = Self { engine: Some(engine), runtime: Some(runtime) };
        embedded.work(|engine| async move { engine.refresh().await.map(drop) }).await?;
        Ok(embedded)
    }

    /// Runs work on the engine's own threads; dropping the future cancels it.
    async fn work<T, F>(&self, work: impl FnOnce(Arc<Engine>) -> F) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, WarehouseError>> + Send + 'static,
    {
        let stopped = || WarehouseError::Resources("The query engine was stopped.".into());
        let (Some(runtime), Some(engine)) = (&self.runtime, &self.engine) else { return Err(stopped()) };
        let mut task = AbortOnDrop(runtime.spawn(work(engine.clone())));
        match (&mut task.0).await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => {
                tracing::error!("the query engine panicked");
                Err(WarehouseError::Query("The query engine failed on this query. The server's log has the details.".into()))
            }
            Err(_) => Err(stopped()),
        }
    }

    async fn within<T>(timeout: Duration, answer: impl Future<Output = Result<T, WarehouseError>>) -> Result<T, WarehouseError> {
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(WarehouseError::Timeout(timeout.as_secs())),
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // A runtime must not wait for its threads inside another one.
        if let Some(runtime) = self.runtime.take() {
            // What it keeps of plans fits the stacks of its own threads.
            let engine = self.engine.take();
            runtime.spawn_blocking(move || drop(engine));
            runtime.shutdown_background();
        }
    }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[async_trait]
impl Warehouse for Embedded {
    fn project(&self) -> Option<&str> {
        None
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, WarehouseError> {
        self.work(|engine| async move { engine.tables().await }).await
    }

    async fn table(&self, table: &TableName) -> Result<LiveTable, WarehouseError> {
        let table = table.clone();
        self.work(|engine| async move { engine.table(&table).await }).await
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<Rows, WarehouseError> {
        let (sql, within) = (sql.to_owned(), limits.clone());
        Self::within(limits.timeout, self.work(move |engine| async move { engine.run(&sql, &within).await })).await
    }

    async fn dry_run(&self, sql: &str) -> Result<DryRun, WarehouseError> {
        let sql = sql.to_owned();
        self.work(|engine| async move { engine.dry_run(&sql).await }).await
    }
}

/// Tables by id.
type Tables = BTreeMap<String, Arc<files::Entry>>;
