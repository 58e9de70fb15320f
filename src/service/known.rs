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
use crate::domain::name::TableName;
use crate::domain::record::Model;
use crate::domain::warehouse::WarehouseFields;
use crate::store::{Cached, StoreError};
use crate::warehouse::LiveTable;

/// How long a result is valid if changes of its tables cannot be detected.
pub(super) const UNTOLD: TimeDelta = TimeDelta::minutes(10);

/// The cache key of a result that depends on tables alone.
pub(super) struct Question {
    /// `profile`, `values`, `join` …
    pub kind: &'static str,
    /// All that the result depends on beside the tables' rows.
    pub text: String,
    /// Identifies the tables' content now.
    pub state: Option<String>,
}

/// A result, and whether it was cached.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known<T> {
    pub answer: T,
    pub cached: bool,
    pub at: DateTime<Utc>,
}

/// Requests in flight.
#[derive(Default)]
pub(super) struct InFlight(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl InFlight {
    /// The lock that requests for the same key share.
    pub(super) fn place(&self, question: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| Arc::strong_count(place) > 1);
        places.entry(question.to_owned()).or_default().clone()
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
    pub(super) fn question(model: &Model, kind: &'static str, about: &impl Serialize, tables: &[&LiveTable]) -> Question {
        let names: Vec<&TableName> = tables.iter().map(|table| &table.schema.table).collect();
        // Unchanged from the first version on, so that results which were paid for stay cached.
        let WarehouseFields { gcp_project_id, location } = model.warehouse.clone().into();
        Question {
            kind,
            text: serde_json::json!([[gcp_project_id, location], names, about]).to_string(),
            state: state_of(tables),
        }
    }

    /// The cached result for a key, if its tables have not changed.
    pub(super) async fn kept<T: DeserializeOwned>(&self, question: &Question) -> Result<Option<Known<T>>, ServiceError> {
        let kept: Option<Cached<T>> = self.store().kept_answer(question.kind, &question.text).await?;
        let good = |kept: &Cached<T>| match &question.state {
            Some(_) => kept.state == question.state,
            None => kept.state.is_none() && Utc::now() - kept.at < UNTOLD,
        };
        Ok(kept.filter(good).map(|kept| Known { answer: kept.answer, cached: true, at: kept.at }))
    }

    /// The cached result, or a new one, which is cached then. Concurrent requests for the same key
    /// wait and get the same result.
    pub(super) async fn known<T: Serialize + DeserializeOwned>(
        &self,
        ctx: &RequestContext,
        question: &Question,
        find: impl Future<Output = Result<T, ServiceError>>,
    ) -> Result<Known<T>, ServiceError> {
        if let Some(known) = self.kept(question).await? {
            self.metrics().kept(question.kind, true);
            return Ok(known);
        }
        let place = self.asked(question);
        let _alone = place.lock().await;
        if let Some(known) = self.kept(question).await? {
            self.metrics().kept(question.kind, true);
            return Ok(known);
        }
        self.metrics().kept(question.kind, false);
        let answer = find.await?;
        let at = self.keep(ctx, question, &answer).await?;
        Ok(Known { answer, cached: false, at })
    }

    /// The lock that requests for the same key share.
    pub(super) fn asked(&self, question: &Question) -> Arc<tokio::sync::Mutex<()>> {
        self.0.asked.place(&format!("{} {}", question.kind, question.text))
    }

    /// Caches a result, and returns the time. If the database cannot be written, the result is
    /// returned all the same, and computed again next time.
    pub(super) async fn keep<T: Serialize>(
        &self,
        ctx: &RequestContext,
        question: &Question,
        answer: &T,
    ) -> Result<DateTime<Utc>, ServiceError> {
        match self.store().keep_answer(question.kind, &question.text, question.state.as_deref(), answer).await {
            Err(StoreError::Unavailable { reason, .. }) => {
                tracing::warn!(%reason, kind = question.kind, request_id = ctx.request_id(), "an answer is not cached");
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
