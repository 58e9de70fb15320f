//! The warehouse over a folder: Parquet and CSV files are tables, `*.sql` files are views,
//! DataFusion answers GoogleSQL.
//!
//! One promise: every query that the domain compiles gives the rows that BigQuery gives. Only
//! tables of the folder can be read, and only SELECT runs. [`files`] lists and inspects files,
//! [`types`] maps types, [`dialect`] and [`semantics`] convert GoogleSQL to what DataFusion plans,
//! [`functions`] and [`sketches`] add what it lacks, [`rows`] and [`text`] write results,
//! [`cancel`] stops queries, [`memory`] and [`spill`] share memory and disk, [`shared`],
//! [`sequential_union`] and [`compact`] save memory, [`errors`] explains errors to people.
//! [`bounds`], [`contained`], [`footer`], [`long_values`] and [`planning`] contain broken or
//! hostile input.

mod bounds;
mod cancel;
mod compact;
mod contained;
mod dialect;
mod engine;
mod errors;
mod files;
mod footer;
mod functions;
mod long_values;
mod memory;
mod planning;
mod pushdown;
mod rows;
mod semantics;
mod sequential_union;
mod shared;
mod sketches;
mod spill;
mod text;
mod types;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

pub use self::contained::is_contained;
use self::engine::{Engine, Ran};
use self::memory::{QueryPermit, QueryPermits};
use super::{DryRun, Limits, LiveTable, Warehouse, WarehouseError};
use crate::domain::name::TableName;
use crate::domain::schema::TableInfo;
use crate::domain::value::Rows;

/// The limits of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// For all queries together; beyond it they spill to disk if they can, and fail otherwise.
    pub memory_bytes: usize,
    /// Threads that run queries.
    pub threads: usize,
    /// How many queries run at the same time; others wait.
    pub queries: usize,
    /// Where queries spill what does not fit into memory. Created when needed; several programs may
    /// share it.
    pub spill_folder: PathBuf,
    /// Everything spilled at the same time; a query that needs more fails.
    pub spill_bytes: u64,
}

/// Bytes of memory for all queries together: what a small server can spare.
pub const MEMORY_BYTES: usize = 2 << 30;
/// Queries that run at the same time.
pub const QUERIES: usize = 2;
/// Bytes of disk that queries may use for spilling: five times the memory, and no more than a small
/// server has.
pub const SPILL_BYTES: u64 = 10 << 30;

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_bytes: MEMORY_BYTES,
            threads: std::thread::available_parallelism().map_or(1, Into::into),
            queries: QUERIES,
            spill_folder: std::env::temp_dir().join("trainset-spill"),
            spill_bytes: SPILL_BYTES,
        }
    }
}

/// The stack of each of the engine's threads, in bytes. Plans are walked, copied and dropped by
/// recursion: what [`bounds`] allows fits, as tests at each of its limits show. This is address
/// space; memory is used only if a plan is that deep.
const STACK_BYTES: usize = 64 << 20;
/// Threads for files and plans, which block. Permits limit both, so that few of the threads are
/// used.
const BLOCKING_THREADS: usize = 32;
/// How long an idle thread stays. The stack memory that a deep plan used is freed with it.
const IDLE: Duration = Duration::from_millis(100);

/// A folder of files as a warehouse.
pub struct Embedded {
    /// `Some` until it is dropped.
    engine: Option<Arc<Engine>>,
    permits: QueryPermits,
    threads: usize,
    /// Queries need much processor time: they have their own threads, so that pages are served
    /// meanwhile.
    runtime: Option<Runtime>,
}

impl Embedded {
    /// Opens a folder; its tables are `dataset.file_stem`. Broken files are tables with a problem;
    /// opening succeeds.
    pub async fn open(folder: &Path, dataset: &str) -> Result<Embedded, WarehouseError> {
        Self::open_with(folder, dataset, Options::default()).await
    }

    /// Opens a folder with other limits than the defaults.
    pub async fn open_with(folder: &Path, dataset: &str, options: Options) -> Result<Embedded, WarehouseError> {
        let engine = Arc::new(Engine::new(folder, dataset, &options)?);
        let threads = options.threads.max(1);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_stack_size(STACK_BYTES)
            .thread_keep_alive(IDLE)
            .thread_name(contained::QUERY_THREADS)
            .enable_all()
            .build()
            .map_err(|error| WarehouseError::Resources(format!("The system gives no threads for queries: {error}.")))?;
        let embedded =
            Self { engine: Some(engine), permits: QueryPermits::new(options.queries), threads, runtime: Some(runtime) };
        embedded.work("", |engine| async move { engine.refresh().await.map(drop) }).await?;
        Ok(embedded)
    }

    /// Runs work for a statement on the engine's own threads; dropping the future cancels it.
    async fn work<T, F>(&self, sql: &str, work: impl FnOnce(Arc<Engine>) -> F) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, WarehouseError>> + Send + 'static,
    {
        let stopped = || WarehouseError::Resources("The query engine was stopped.".into());
        let (Some(runtime), Some(engine)) = (&self.runtime, &self.engine) else { return Err(stopped()) };
        let mut task = AbortOnDrop(runtime.spawn(work(engine.clone())));
        match (&mut task.0).await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => Err(errors::panicked("running a query", sql)),
            Err(_) => Err(stopped()),
        }
    }

    /// One try. The permit is released when the work ends, even if nobody waits for it any more.
    async fn run_once(
        &self,
        sql: &str,
        limits: &Limits,
        threads: usize,
        permit: Option<QueryPermit>,
        timeout: Duration,
    ) -> Result<Ran, WarehouseError> {
        let (text, limits) = (sql.to_owned(), limits.clone());
        let work = self.work(sql, move |engine| async move {
            let _permit = permit;
            engine.run(&text, &limits, threads).await
        });
        Self::within(timeout, work).await
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
            // Cached plans fit only the stacks of the engine's own threads, so they are dropped
            // there.
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
        self.work("", |engine| async move { engine.tables().await }).await
    }

    async fn table(&self, table: &TableName) -> Result<LiveTable, WarehouseError> {
        let table = table.clone();
        self.work("", |engine| async move { engine.table(&table).await }).await
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<Rows, WarehouseError> {
        let permit = self.permits.one().await;
        let since = Instant::now();
        let refused = match self.run_once(sql, limits, self.threads, permit, limits.timeout).await {
            Err(refused @ WarehouseError::Resources(_)) => refused,
            done => return done?.answer(),
        };
        // Other queries, or the operators of many threads, may have held what ran out: alone and on
        // one thread a query needs least.
        let spent = since.elapsed();
        let permit = self.permits.alone().await;
        if let Some(engine) = &self.engine {
            engine.memory_is_free().await;
        }
        match self.run_once(sql, limits, 1, permit, limits.timeout.saturating_sub(spent)).await {
            Err(WarehouseError::Timeout(_)) => Err(refused),
            done => done?.answer(),
        }
    }

    async fn dry_run(&self, sql: &str) -> Result<DryRun, WarehouseError> {
        let text = sql.to_owned();
        self.work(sql, |engine| async move { engine.dry_run(&text).await }).await
    }
}

/// Tables by id.
type TableEntries = BTreeMap<String, Arc<files::Entry>>;

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::MemoryConsumer;

    use super::*;
    use crate::domain::value::Value;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_exclusive_query_waits_until_memory_is_free() {
        const BYTES: usize = 32 << 20;
        let folder = tempfile::TempDir::new().unwrap();
        let rows: String = (0..100_000).map(|i| format!("{i}\n")).collect();
        std::fs::write(folder.path().join("t.csv"), format!("a\n{rows}")).unwrap();
        let options =
            Options { memory_bytes: BYTES, threads: 2, spill_folder: folder.path().join(".spill"), ..Options::default() };
        let warehouse = Embedded::open_with(folder.path(), "raw_data", options).await.unwrap();
        // As a task does that goes on after its query's answer.
        let pool = warehouse.engine.as_ref().unwrap().pool();
        let held = MemoryConsumer::new("late").register(&pool);
        held.try_grow(BYTES - 1).unwrap();
        let late = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            drop(held);
        });
        let sql = "SELECT COUNT(DISTINCT a) AS n FROM `raw_data.t`";
        let answer = warehouse.run(sql, &Limits::default()).await.unwrap();
        assert_eq!(answer.rows, [[Value::Int(100_000)]]);
        assert!(late.is_finished(), "nothing was refused: the test holds too little");
    }
}
