//! Use cases: the only place that knows both the store and the warehouse. Knows no HTTP and draws no pages.
//!
//! A use case reads the store, asks the warehouse, then writes the store in one transaction: no transaction is ever held
//! across a warehouse's answer, and what may have changed meanwhile is caught by the revision.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use crate::domain::cost::Price;
use crate::domain::record::Model;
use crate::store::Store;
use crate::warehouse::Warehouse;
use crate::warehouse::bigquery::{self, BigQuery, Credentials, ENDPOINT, Pace};

mod analysis;
mod change;
mod compare;
mod datasets;
mod detection;
mod effect;
mod error;
mod known;
mod models;
mod profiles;
mod queries;
mod running;
mod tables;
mod versions;

pub use analysis::find_out;
pub use change::DatasetChange;
pub use detection::find_joins;
pub use error::ServiceError;
pub use profiles::find_profile;
pub use tables::checked_catalog;

/// What a person can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The only BigQuery dataset that exists for Trainset.
    pub dataset: String,
    /// Who freezes versions, in their own words; may be empty.
    pub author: String,
    /// How many queries run at the same time; others wait.
    pub scans: usize,
    /// How long a query may wait for its turn.
    pub wait: Duration,
    /// How long a query may run.
    pub timeout: Duration,
    pub bigquery: BigQuerySettings,
    pub price: Price,
}

/// How models that are bound to a Google Cloud project reach it.
#[derive(Debug, Clone)]
pub struct BigQuerySettings {
    /// With the API's path; another than Google's for an emulator.
    pub endpoint: String,
    pub credentials: Credentials,
    pub pace: Pace,
    /// BigQuery refuses a query of ours that would bill more.
    pub max_bytes_billed: Option<u64>,
}

impl Default for BigQuerySettings {
    fn default() -> Self {
        Self { endpoint: ENDPOINT.into(), credentials: Credentials::Default, pace: Pace::default(), max_bytes_billed: None }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dataset: "raw_data".into(),
            author: String::new(),
            scans: 2,
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
    warehouse: Arc<dyn Warehouse>,
    settings: Settings,
    scans: Semaphore,
    /// Clients by project and location, each made when it is first asked for.
    projects: Mutex<Projects>,
    asked: known::Asked,
    running: running::Running,
}

impl App {
    pub fn new(store: Store, warehouse: Arc<dyn Warehouse>, settings: Settings) -> Self {
        let scans = Semaphore::new(settings.scans.max(1));
        Self(Arc::new(Inner {
            store,
            warehouse,
            settings,
            scans,
            projects: Default::default(),
            asked: Default::default(),
            running: Default::default(),
        }))
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

    /// The warehouse that a model's tables are in: BigQuery's where the model names a project, else the embedded one.
    async fn warehouse_of(&self, model: &Model) -> Result<Arc<dyn Warehouse>, ServiceError> {
        let Some(project) = &model.gcp_project_id else { return Ok(self.0.warehouse.clone()) };
        let mut projects = self.0.projects.lock().await;
        let key = (project.clone(), model.location.clone());
        if let Some(known) = projects.get(&key) {
            return Ok(known.clone());
        }
        let BigQuerySettings { endpoint, credentials, pace, .. } = self.settings().bigquery.clone();
        let options = bigquery::Options {
            project: project.clone(),
            dataset: self.settings().dataset.clone(),
            location: model.location.clone(),
            endpoint,
            credentials,
            pace,
        };
        // Credentials that cannot be read today are read again at the next question.
        let connected = Arc::new(BigQuery::connect(options).await?);
        projects.insert(key, connected.clone());
        Ok(connected)
    }

    /// The right to run a query that reads tables.
    async fn scan(&self) -> Result<SemaphorePermit<'_>, ServiceError> {
        match tokio::time::timeout(self.settings().wait, self.0.scans.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(ServiceError::Busy),
        }
    }
}

type Projects = HashMap<(String, Option<String>), Arc<BigQuery>>;

/// Why tables of a config cannot be used although they may exist, by the table's full name.
type TableProblems = BTreeMap<String, String>;
