//! BigQuery over its REST API: tables, schemas, dry runs and query jobs of one dataset in one
//! project.
//!
//! `gcp-bigquery-client` provides the credentials' trait, its OAuth library and the messages. Its
//! calls lose the HTTP status of a response that is not JSON, ignore `Retry-After` and never retry,
//! so the calls are a thin layer of our own ([`rest`]) over the same HTTP client.
//! <https://cloud.google.com/bigquery/docs/reference/rest>

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::{DryRun, Limits, LiveTable, Warehouse, WarehouseError};
use crate::domain::name::TableName;
use crate::domain::schema::TableInfo;
use crate::domain::value::Rows;

mod credentials;
mod errors;
mod jobs;
mod required_filters;
mod rest;
mod sharded;
mod tables;
mod values;

pub use credentials::Credentials;
use rest::{Call, Rest};

/// Google's own address, with the API's path.
pub const ENDPOINT: &str = "https://bigquery.googleapis.com/bigquery/v2";

/// How models with a Google Cloud project connect to BigQuery.
#[derive(Debug, Clone)]
pub struct BigQuerySettings {
    /// With the API's path; differs from Google's for an emulator.
    pub endpoint: String,
    pub credentials: Credentials,
    pub retry_policy: RetryPolicy,
    /// BigQuery refuses a query that would bill more bytes.
    pub max_bytes_billed: Option<u64>,
}

impl Default for BigQuerySettings {
    fn default() -> Self {
        Self {
            endpoint: ENDPOINT.into(),
            credentials: Credentials::Default,
            retry_policy: RetryPolicy::default(),
            max_bytes_billed: None,
        }
    }
}

/// The address of BigQuery, and the credentials.
#[derive(Debug, Clone)]
pub struct Options {
    /// Owns the tables and pays for the queries.
    pub project: String,
    pub dataset: String,
    /// Where jobs run; `None` reads the dataset's location, which is right wherever it may be read.
    pub location: Option<String>,
    /// With the API's path; differs from [`ENDPOINT`] for an emulator.
    pub endpoint: String,
    pub credentials: Credentials,
    pub retry_policy: RetryPolicy,
}

/// The retry policy of calls. Queries have a limit of their own as well.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// One response, from the first byte sent to the last one read.
    pub attempt: Duration,
    /// A call with all its retries.
    pub call: Duration,
    /// The list of tables with the metadata of each.
    pub list: Duration,
    /// The wait before the first retry; it doubles, with jitter, up to `longest_wait`.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// How long BigQuery may hold a response back while a query runs.
    pub poll: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(60),
            call: Duration::from_secs(90),
            list: Duration::from_secs(180),
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(8),
            poll: Duration::from_secs(10),
        }
    }
}

/// One project's dataset. Cheap to clone.
#[derive(Clone)]
pub struct BigQuery {
    rest: Rest,
    project: String,
    dataset: String,
    location: Option<String>,
    /// The location that the dataset reported.
    found_location: std::sync::Arc<OnceCell<String>>,
    poll: Duration,
    list: Duration,
    known_filters: required_filters::KnownFilters,
    known_shards: sharded::KnownShards,
}

/// The fields read of a dataset's resource; `gcp-bigquery-client`'s own type fails if a field that
/// is not needed here is missing.
#[derive(serde::Deserialize)]
struct Dataset {
    location: Option<String>,
}

impl BigQuery {
    /// Reads the credentials; makes no request to BigQuery yet.
    pub async fn connect(options: Options) -> Result<Self, WarehouseError> {
        let authenticator = options.credentials.authenticator().await?;
        Ok(Self {
            rest: Rest::new(&options.endpoint, authenticator, options.retry_policy.clone())?,
            project: options.project,
            dataset: options.dataset,
            location: options.location,
            found_location: Default::default(),
            poll: options.retry_policy.poll,
            list: options.retry_policy.list,
            known_filters: Default::default(),
            known_shards: Default::default(),
        })
    }

    /// Where the dataset is, hence where its jobs run. Never a default: a job in another region
    /// than the data fails.
    async fn job_location(&self) -> Result<&str, WarehouseError> {
        if let Some(location) = &self.location {
            return Ok(location);
        }
        let found = self.found_location.get_or_try_init(|| async {
            let call = Call::get(format!("projects/{}/datasets/{}", self.project, self.dataset));
            let dataset: Dataset = self.rest.call(&call).await.map_err(|refusal| self.explain(refusal))?;
            dataset.location.ok_or_else(|| {
                WarehouseError::NoDataset(format!(
                    "BigQuery does not report the location of {}.{}. Set the model's location.",
                    self.project, self.dataset
                ))
            })
        });
        Ok(found.await?)
    }
}

#[async_trait]
impl Warehouse for BigQuery {
    fn project(&self) -> Option<&str> {
        Some(&self.project)
    }

    async fn location(&self) -> Result<Option<String>, WarehouseError> {
        self.job_location().await.map(|location| Some(location.to_owned()))
    }

    fn is_metered(&self) -> bool {
        true
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, WarehouseError> {
        match tokio::time::timeout(self.list, self.list_tables()).await {
            Ok(tables) => tables,
            Err(_) => Err(WarehouseError::Unreachable(format!(
                "BigQuery did not list the tables within {} seconds. Try again later.",
                self.list.as_secs()
            ))),
        }
    }

    async fn table(&self, table: &TableName) -> Result<LiveTable, WarehouseError> {
        self.live_table(table).await
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<Rows, WarehouseError> {
        self.run_job(sql, limits).await
    }

    async fn dry_run(&self, sql: &str) -> Result<DryRun, WarehouseError> {
        self.dry_run_job(sql).await
    }
}
