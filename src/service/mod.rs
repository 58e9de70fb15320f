//! Use cases: the only layer that knows both the store and the warehouse. Knows no HTTP and draws
//! no pages.
//!
//! A use case acts on behalf of somebody, whom its first parameter names ([`RequestContext`]). It
//! reads the store, then the warehouse, then writes the store in one transaction. No transaction is
//! open while a warehouse works; the revision shows what may have changed meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::cost::Price;
use crate::domain::dto::Model;
use crate::domain::field_error::FieldError;
use crate::metrics::{Held, Metrics};
use crate::store::{Store, Unavailable};
use crate::warehouse::bigquery::BigQuerySettings;
use crate::warehouse::{Connections, Warehouse};

mod analysis;
mod cache;
mod change;
mod compare;
mod context;
pub mod cpu;
mod datasets;
mod detection;
mod error;
mod impact;
mod models;
mod profile_parts;
mod profiles;
mod queries;
mod running;
mod tables;
mod transfer;
mod verification;
mod versions;

pub use analysis::find_out;
pub use change::DatasetChange;
pub use context::RequestContext;
pub use detection::find_joins;
pub use error::ServiceError;
pub use profile_parts::find_profile;
pub use tables::{DescribedTable, checked_catalog};
pub use transfer::{DatasetFile, ImportOutcome, ImportPlan, ReadFile, dataset_file};

/// The settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The only BigQuery dataset that Trainset uses.
    pub dataset: String,
    /// How many queries run at the same time; others wait.
    pub scans: usize,
    /// How many queries may wait for a permit; later ones are refused.
    pub queue: usize,
    /// How long a query may wait for a permit.
    pub wait: Duration,
    /// How long a query may run.
    pub timeout: Duration,
    pub bigquery: BigQuerySettings,
    pub price: Price,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dataset: "raw_data".into(),
            scans: 2,
            queue: 32,
            wait: Duration::from_secs(60),
            timeout: Duration::from_secs(240),
            bigquery: BigQuerySettings::default(),
            price: Price::default(),
        }
    }
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    warehouses: Connections,
    settings: Settings,
    scans: Semaphore,
    /// Queries that wait for a permit.
    waiting: AtomicUsize,
    metrics: Metrics,
    in_flight: cache::InFlight,
    running: running::Running,
}

impl App {
    pub fn new(store: Store, warehouse: Arc<dyn Warehouse>, settings: Settings) -> Self {
        let scans = Semaphore::new(settings.scans.max(1));
        let metrics = Metrics::default();
        let (dataset, bigquery) = (settings.dataset.clone(), settings.bigquery.clone());
        Self(Arc::new(Inner {
            store,
            warehouses: Connections::new(warehouse, dataset, bigquery, metrics.clone()),
            settings,
            scans,
            waiting: AtomicUsize::new(0),
            metrics,
            in_flight: Default::default(),
            running: Default::default(),
        }))
    }

    /// Whether the database and the embedded warehouse respond; the error names those that do not.
    pub async fn ready(&self) -> Result<(), ServiceError> {
        let store = tokio::time::timeout(READINESS_TIMEOUT, self.store().ready());
        let warehouse = tokio::time::timeout(READINESS_TIMEOUT, self.0.warehouses.embedded().tables());
        let (store, warehouse) = tokio::join!(store, warehouse);
        let mut not_ready = vec![];
        match store {
            Ok(Ok(())) => {}
            // For people, with nothing internal.
            Ok(Err(error)) => {
                let cause = std::error::Error::source(&error).map(tracing::field::display);
                tracing::error!(%error, cause, "the store is not ready");
                not_ready.push(FieldError::new("database", error.to_string()));
            }
            Err(_) => not_ready.push(FieldError::new("database", Unavailable::Silent.to_string())),
        }
        match warehouse {
            Ok(Ok(_)) => {}
            // For people, with nothing internal.
            Ok(Err(error)) => not_ready.push(FieldError::new("warehouse", error.to_string())),
            Err(_) => not_ready.push(FieldError::new("warehouse", "The warehouse does not respond.")),
        }
        if not_ready.is_empty() { Ok(()) } else { Err(ServiceError::NotReady(not_ready)) }
    }

    /// The metrics of this process.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// What reading costs in a warehouse; `None` where it is not metered.
    fn price_in(&self, warehouse: &dyn Warehouse) -> Option<Price> {
        price_in(warehouse, self.settings().price)
    }

    /// The warehouse of a model's tables.
    async fn warehouse_of(&self, model: &Model) -> Result<Arc<dyn Warehouse>, ServiceError> {
        Ok(self.0.warehouses.of(&model.warehouse).await?)
    }

    /// A permit to run a query that reads tables. `Busy` at once if too many are waiting already,
    /// otherwise after a timeout.
    async fn scan(&self) -> Result<QueryPermit<'_>, ServiceError> {
        let held_with = |permit| QueryPermit { _permit: permit, _counted: self.metrics().running() };
        // None is free while others wait.
        if let Ok(permit) = self.0.scans.try_acquire() {
            return Ok(held_with(permit));
        }
        let _position = self.queue_position().ok_or(ServiceError::Busy)?;
        match tokio::time::timeout(self.settings().wait, self.0.scans.acquire()).await {
            Ok(Ok(permit)) => Ok(held_with(permit)),
            _ => Err(ServiceError::Busy),
        }
    }

    fn queue_position(&self) -> Option<QueuePosition<'_>> {
        let position = QueuePosition { waiting: &self.0.waiting, _counted: self.metrics().waiting() };
        let before = self.0.waiting.fetch_add(1, Ordering::SeqCst);
        (before < self.settings().queue).then_some(position)
    }
}

/// The permit to run a query, for as long as it is held.
struct QueryPermit<'a> {
    _permit: SemaphorePermit<'a>,
    _counted: Held,
}

/// A place in the queue. Dropping it decrements the counter, whether or not a permit was granted.
struct QueuePosition<'a> {
    waiting: &'a AtomicUsize,
    _counted: Held,
}

impl Drop for QueuePosition<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How long a component may take to report that it is ready.
const READINESS_TIMEOUT: Duration = Duration::from_secs(5);

/// Why tables of a config cannot be used although they may exist, by the table's full name.
type TableProblems = BTreeMap<String, String>;

/// The price, if reading is metered.
fn price_in(warehouse: &dyn Warehouse, price: Price) -> Option<Price> {
    warehouse.is_metered().then_some(price)
}

/// Input in quotation marks, for a sentence about it; truncated if it is long.
fn shown(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{:?} …", &text[..at]),
        None => format!("{text:?}"),
    }
}
