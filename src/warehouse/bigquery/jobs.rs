//! Queries as jobs: created under an id of ours, so that a retry never runs one twice; polled, read
//! page by page, and cancelled when the caller goes away.
//! <https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs>

use std::collections::HashMap;
use std::time::Duration;

use data_encoding::HEXLOWER;
use gcp_bigquery_client::model::job::Job;
use gcp_bigquery_client::model::job_configuration::JobConfiguration;
use gcp_bigquery_client::model::job_configuration_query::JobConfigurationQuery;
use gcp_bigquery_client::model::job_reference::JobReference;
use rand::TryRng;
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::time::Instant;

use super::BigQuery;
use super::errors::{is_duplicate, is_final};
use super::rest::{Call, MAX_PAGE};
use super::tables::{Pages, Schema};
use super::values;
use crate::domain::value::Rows;
use crate::warehouse::{Answer, DryRun, Limits, WarehouseError};

/// Maximum number of rows per page; BigQuery also ends a page at 10 MB.
const PAGE_ROWS: usize = 10_000;

/// Maximum number of pages per result. Pages are full, except for the last and those that a large
/// row ends.
const MAX_PAGES: usize = 1000;

/// A page of a result, or the notice that the job is still running.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Results {
    #[serde(default)]
    job_complete: bool,
    #[serde(default)]
    schema: Option<Schema>,
    #[serde(default)]
    rows: Vec<Row>,
    #[serde(default)]
    page_token: Option<String>,
    #[serde(default)]
    total_bytes_processed: Option<String>,
    #[serde(default)]
    cache_hit: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "f", default)]
    cells: Vec<Cell>,
}

#[derive(Debug, Deserialize)]
struct Cell {
    #[serde(rename = "v", default)]
    value: Json,
}

/// The response to a dry run.
#[derive(Debug, Deserialize)]
struct Planned {
    #[serde(default)]
    statistics: PlannedStatistics,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlannedStatistics {
    #[serde(default)]
    total_bytes_processed: Option<String>,
    #[serde(default)]
    query: PlannedQuery,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlannedQuery {
    #[serde(default)]
    schema: Option<Schema>,
    /// `PRECISE`, `LOWER_BOUND` or `UPPER_BOUND`: the last for clustered tables.
    #[serde(default)]
    total_bytes_processed_accuracy: Option<String>,
}

impl BigQuery {
    pub(super) async fn run_job(&self, sql: &str, limits: &Limits) -> Result<Rows, WarehouseError> {
        let deadline = Instant::now() + limits.timeout;
        match tokio::time::timeout_at(deadline, self.run_to_end(sql, limits, deadline)).await {
            Ok(done) => done,
            Err(_) => Err(WarehouseError::Timeout(limits.timeout.as_secs())),
        }
    }

    async fn run_to_end(&self, sql: &str, limits: &Limits, deadline: Instant) -> Result<Rows, WarehouseError> {
        let location = self.job_location().await?;
        let id = job_id()?;
        let configuration = JobConfiguration {
            labels: Some(HashMap::from([("application".into(), "trainset".into())])),
            job_timeout_ms: Some(limits.timeout.as_millis().to_string()),
            query: Some(JobConfigurationQuery {
                maximum_bytes_billed: limits.max_bytes_billed.map(|bytes| bytes.to_string()),
                ..query(sql, limits.use_cache)
            }),
            ..JobConfiguration::default()
        };
        // From here on there may be a job, even if the response to its creation is lost.
        let mut running = Running { bigquery: Some(self.clone()), location: location.to_owned(), id: id.clone() };
        match self.rest.call::<Json>(&self.insert(location, Some(&id), configuration).until(deadline)).await {
            Ok(_) => {}
            // An earlier attempt created it, and only the response was lost.
            Err(refusal) if is_duplicate(&refusal) => {}
            Err(refusal) => {
                if is_final(&refusal) {
                    running.ended();
                }
                return Err(self.explain(refusal));
            }
        }
        let mut answer: Option<Answer> = None;
        let mut pages = Pages::new(MAX_PAGES);
        let mut token: Option<String> = None;
        loop {
            let read = answer.as_ref().map_or(0, Answer::len);
            let wanted = limits.max_rows.saturating_sub(read).saturating_add(1).min(PAGE_ROWS);
            let mut call = Call::get(format!("projects/{}/queries/{id}", self.project))
                .query("location", location)
                .query("maxResults", wanted.to_string())
                .query("timeoutMs", self.poll.as_millis().to_string())
                .query("formatOptions.useInt64Timestamp", "true")
                .until(deadline)
                .most(MAX_PAGE)
                .held(self.poll);
            if let Some(token) = &token {
                call = call.query("pageToken", token);
            }
            let page: Results = self.rest.call(&call).await.map_err(|refusal| self.explain(refusal))?;
            if !page.job_complete {
                // BigQuery usually holds the response back until the job progresses. If it does
                // not, this limits the rate of polling.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
            running.ended();
            let answer = match &mut answer {
                Some(answer) => answer,
                none => {
                    let columns = values::columns(&page.schema.unwrap_or_default().fields)?;
                    let bytes = page.total_bytes_processed.and_then(|bytes| bytes.parse().ok());
                    let bytes = if page.cache_hit == Some(true) { Some(0) } else { bytes };
                    none.insert(Answer::new(columns, bytes, limits))
                }
            };
            for row in page.rows {
                let cells = row.cells.into_iter().map(|cell| cell.value);
                let row = values::row(answer.columns(), cells, limits.max_cell)?;
                if !answer.push(row)? {
                    return Ok(answer.take());
                }
            }
            match pages.after(page.page_token)? {
                Some(next) => token = Some(next),
                None => return Ok(answer.take()),
            }
        }
    }

    pub(super) async fn dry_run_job(&self, sql: &str) -> Result<DryRun, WarehouseError> {
        let location = self.job_location().await?;
        let configuration =
            JobConfiguration { dry_run: Some(true), query: Some(query(sql, false)), ..JobConfiguration::default() };
        let planned: Planned =
            self.rest.call(&self.insert(location, None, configuration)).await.map_err(|refusal| self.explain(refusal))?;
        let PlannedStatistics { total_bytes_processed, query } = planned.statistics;
        Ok(DryRun {
            columns: values::columns(&query.schema.unwrap_or_default().fields)?,
            bytes: total_bytes_processed.and_then(|bytes| bytes.parse().ok()),
            upper_bound: query.total_bytes_processed_accuracy.as_deref() == Some("UPPER_BOUND"),
        })
    }

    fn insert(&self, location: &str, id: Option<&str>, configuration: JobConfiguration) -> Call {
        let job = Job {
            configuration: Some(configuration),
            job_reference: Some(JobReference {
                project_id: Some(self.project.clone()),
                job_id: id.map(str::to_owned),
                location: Some(location.to_owned()),
            }),
            ..Job::default()
        };
        Call::post(format!("projects/{}/jobs", self.project), serde_json::to_value(job).unwrap_or_default())
    }
}

fn query(sql: &str, use_cache: bool) -> JobConfigurationQuery {
    JobConfigurationQuery {
        query: sql.to_owned(),
        use_legacy_sql: Some(false),
        use_query_cache: Some(use_cache),
        ..JobConfigurationQuery::default()
    }
}

/// An id that no other job has, so that the job found under it is ours. Hence no job without
/// randomness from the system.
fn job_id() -> Result<String, WarehouseError> {
    let mut bytes = [0u8; 16];
    let filled = rand::rngs::SysRng.try_fill_bytes(&mut bytes);
    filled.map_err(|_| WarehouseError::Resources("The system gives no random numbers to name a job by.".into()))?;
    Ok(format!("trainset_{}", HEXLOWER.encode(&bytes)))
}

/// A job that may run. Cancelled when dropped before its end: it would go on costing money for a
/// result that nobody reads.
struct Running {
    bigquery: Option<BigQuery>,
    location: String,
    id: String,
}

impl Running {
    fn ended(&mut self) {
        self.bigquery = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(bigquery) = self.bigquery.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let path = format!("projects/{}/jobs/{}/cancel", bigquery.project, self.id);
        let call = Call::post(path, Json::Object(Default::default())).query("location", std::mem::take(&mut self.location));
        let id = std::mem::take(&mut self.id);
        runtime.spawn(async move {
            match bigquery.rest.call::<Json>(&call).await {
                Ok(_) => tracing::info!(job = id, "a query nobody waits for was cancelled"),
                Err(refusal) => tracing::debug!(job = id, ?refusal, "a query could not be cancelled"),
            }
        });
    }
}
