//! The cache: a result of the warehouse is stored until one of its tables changes, and is not paid
//! for twice.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use futures::future::try_join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{App, RequestContext, ServiceError};
use crate::domain::dto::Model;
use crate::domain::name::TableName;
use crate::domain::warehouse::WarehouseFields;
use crate::store::{Cached, StoreError};
use crate::warehouse::LiveTable;

/// How long a result is valid if changes of its tables cannot be detected.
pub(super) const FALLBACK_TTL: TimeDelta = TimeDelta::minutes(10);

/// The cache key of a result that depends on tables alone.
pub(super) struct CacheKey {
    /// `profile`, `values`, `join` …
    pub kind: &'static str,
    /// All that the result depends on beside the tables' rows.
    pub text: String,
    /// Identifies the tables' content now.
    pub state: Option<String>,
}

/// A result, and whether it was cached.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CacheResult<T> {
    pub value: T,
    pub cached: bool,
    pub at: DateTime<Utc>,
}

/// Requests in flight.
#[derive(Default)]
pub(super) struct InFlight(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl InFlight {
    /// The lock that requests for the same key share.
    pub(super) fn lock_for(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        locks.entry(key.to_owned()).or_default().clone()
    }
}

impl App {
    /// Tables as they are now, read concurrently, in the order given.
    pub(super) async fn live_tables(&self, model: &Model, tables: &[TableName]) -> Result<Vec<LiveTable>, ServiceError> {
        let warehouse = self.warehouse_of(model).await?;
        Ok(try_join_all(tables.iter().map(|table| warehouse.table(table))).await?)
    }

    /// The cache key of a result about tables of a model. `about` distinguishes it from others of
    /// its kind.
    pub(super) fn cache_key(model: &Model, kind: &'static str, about: &impl Serialize, tables: &[&LiveTable]) -> CacheKey {
        let names: Vec<&TableName> = tables.iter().map(|table| &table.schema.table).collect();
        // Unchanged from the first version on, so that results which were paid for stay cached.
        let WarehouseFields { gcp_project_id, location } = model.warehouse.clone().into();
        CacheKey {
            kind,
            text: serde_json::json!([[gcp_project_id, location], names, about]).to_string(),
            state: state_of(tables),
        }
    }

    /// The cached result for a key, if its tables have not changed.
    pub(super) async fn cache_get<T: DeserializeOwned>(&self, key: &CacheKey) -> Result<Option<CacheResult<T>>, ServiceError> {
        let cached: Option<Cached<T>> = self.store().cache_get(key.kind, &key.text).await?;
        let is_valid = |cached: &Cached<T>| match &key.state {
            Some(_) => cached.state == key.state,
            None => cached.state.is_none() && Utc::now() - cached.at < FALLBACK_TTL,
        };
        Ok(cached.filter(is_valid).map(|cached| CacheResult { value: cached.value, cached: true, at: cached.at }))
    }

    /// The cached result, or a new one, which is cached then. Concurrent requests for the same key
    /// wait and get the same result.
    pub(super) async fn cache_get_or_compute<T: Serialize + DeserializeOwned>(
        &self,
        ctx: &RequestContext,
        key: &CacheKey,
        compute: impl Future<Output = Result<T, ServiceError>>,
    ) -> Result<CacheResult<T>, ServiceError> {
        if let Some(cached) = self.cache_get(key).await? {
            self.metrics().cache_lookup(key.kind, true);
            return Ok(cached);
        }
        let lock = self.in_flight_lock(key);
        let _alone = lock.lock().await;
        if let Some(cached) = self.cache_get(key).await? {
            self.metrics().cache_lookup(key.kind, true);
            return Ok(cached);
        }
        self.metrics().cache_lookup(key.kind, false);
        let value = compute.await?;
        let at = self.cache_insert(ctx, key, &value).await?;
        Ok(CacheResult { value, cached: false, at })
    }

    /// The lock that requests for the same key share.
    pub(super) fn in_flight_lock(&self, key: &CacheKey) -> Arc<tokio::sync::Mutex<()>> {
        self.0.in_flight.lock_for(&format!("{} {}", key.kind, key.text))
    }

    /// Caches a result, and returns the time. If the database cannot be written, the result is
    /// returned all the same, and computed again next time.
    pub(super) async fn cache_insert<T: Serialize>(
        &self,
        ctx: &RequestContext,
        key: &CacheKey,
        value: &T,
    ) -> Result<DateTime<Utc>, ServiceError> {
        match self.store().cache_insert(key.kind, &key.text, key.state.as_deref(), value).await {
            Err(StoreError::Unavailable { reason, .. }) => {
                tracing::warn!(%reason, kind = key.kind, request_id = ctx.request_id(), "an answer is not cached");
                Ok(Utc::now())
            }
            done => Ok(done?),
        }
    }
}

/// Identifies the content of several tables together; `None` if that of one is unknown.
pub(super) fn state_of(tables: &[&LiveTable]) -> Option<String> {
    let states: Vec<&str> = tables.iter().map(|table| table.state.as_deref()).collect::<Option<_>>()?;
    let text = serde_json::json!(states).to_string();
    Some(HEXLOWER.encode(&Sha256::digest(text.as_bytes())))
}
