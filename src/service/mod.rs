//! Use cases: the only place that knows both the store and the warehouse. Knows no HTTP and draws no pages.
//!
//! A use case reads the store, asks the warehouse, then writes the store in one transaction: no transaction is ever held
//! across a warehouse's answer, and what may have changed meanwhile is caught by the revision.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::record::Model;
use crate::store::Store;
use crate::warehouse::Warehouse;

mod change;
mod datasets;
mod error;
mod models;
mod queries;
mod tables;

pub use change::DatasetChange;
pub use error::ServiceError;

/// What a person can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The only BigQuery dataset that exists for Trainset.
    pub dataset: String,
    /// How many queries run at the same time; others wait.
    pub scans: usize,
    /// How long a query may wait for its turn.
    pub wait: Duration,
    /// How long a query may run.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { dataset: "raw_data".into(), scans: 2, wait: Duration::from_secs(60), timeout: Duration::from_secs(240) }
    }
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    warehouse: Arc<dyn Warehouse>,
    settings: Settings,
    scans: Semaphore,
}

impl App {
    pub fn new(store: Store, warehouse: Arc<dyn Warehouse>, settings: Settings) -> Self {
        let scans = Semaphore::new(settings.scans.max(1));
        Self(Arc::new(Inner { store, warehouse, settings, scans }))
    }

    /// Whether the store answers.
    pub async fn ready(&self) -> Result<(), ServiceError> {
        Ok(self.store().ping().await?)
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The warehouse that a model's tables are in. BigQuery comes in here.
    fn warehouse_of(&self, model: &Model) -> Result<&dyn Warehouse, ServiceError> {
        match model.gcp_project_id {
            None => Ok(&*self.0.warehouse),
            Some(_) => Err(ServiceError::field("gcp_project_id", models::NO_BIGQUERY)),
        }
    }

    /// The right to run a query that reads tables.
    async fn scan(&self) -> Result<SemaphorePermit<'_>, ServiceError> {
        match tokio::time::timeout(self.settings().wait, self.0.scans.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(ServiceError::Busy),
        }
    }
}

/// Why tables of a config cannot be used although they may exist, by the table's full name.
type TableProblems = BTreeMap<String, String>;
