//! The engines by kind of warehouse: one for each warehouse, connected on first use.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::bigquery::{self, BigQuery, BigQuerySettings};
use super::{Measured, Warehouse, WarehouseError};
use crate::domain::warehouse::WarehouseKind;
use crate::metrics::Metrics;

pub struct Connections {
    embedded: Arc<dyn Warehouse>,
    /// The only BigQuery dataset that is used.
    dataset: String,
    bigquery: BigQuerySettings,
    metrics: Metrics,
    made: Mutex<HashMap<WarehouseKind, Arc<dyn Warehouse>>>,
}

impl Connections {
    /// The embedded warehouse is open from the start.
    pub fn new(embedded: Arc<dyn Warehouse>, dataset: String, bigquery: BigQuerySettings, metrics: Metrics) -> Self {
        let embedded = Arc::new(Measured::new(embedded, WarehouseKind::Embedded.as_str(), metrics.clone()));
        Self { embedded, dataset, bigquery, metrics, made: Mutex::default() }
    }

    pub fn embedded(&self) -> &Arc<dyn Warehouse> {
        &self.embedded
    }

    /// The engine of a warehouse.
    pub async fn of(&self, kind: &WarehouseKind) -> Result<Arc<dyn Warehouse>, WarehouseError> {
        match kind {
            WarehouseKind::Embedded => Ok(self.embedded.clone()),
            WarehouseKind::BigQuery { project, location } => {
                let mut made = self.made.lock().await;
                if let Some(known) = made.get(kind) {
                    return Ok(known.clone());
                }
                let BigQuerySettings { endpoint, credentials, retry_policy, .. } = self.bigquery.clone();
                let options = bigquery::Options {
                    project: project.clone(),
                    dataset: self.dataset.clone(),
                    location: location.clone(),
                    endpoint,
                    credentials,
                    retry_policy,
                };
                // If the credentials cannot be read, the next request tries again.
                let connected = Arc::new(BigQuery::connect(options).await?);
                let connected = Arc::new(Measured::new(connected, kind.as_str(), self.metrics.clone()));
                made.insert(kind.clone(), connected.clone());
                Ok(connected)
            }
        }
    }
}
