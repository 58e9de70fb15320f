//! Analyses: run on request, stored with their dataset until its config or its tables change.

use std::time::Instant;

use chrono::{NaiveDate, Utc};

use super::cache::{FALLBACK_TTL, state_of};
use super::cpu::{HEAVY_PARTS, compute};
use super::queries::{compiled, run_within};
use super::running::Run;
use super::tables::within_limits;
use super::{App, RequestContext, ServiceError, price_in};
use crate::domain::analysis::{Analysis, Judged, Part, judge, read};
use crate::domain::catalog::Catalog;
use crate::domain::cost::{Cost, Estimate, Price};
use crate::domain::dataset::DatasetConfig;
use crate::domain::dto::{Analyzed, Dataset, Model, Progress};
use crate::domain::name::TableName;
use crate::domain::sql::{QueryKind, Request, counts_from_today, seeks_as_of};
use crate::domain::value::Value;
use crate::store::{Cached, Sizes, config_hash};
use crate::warehouse::{Limits, Warehouse, WarehouseError};

/// Maximum number of rows of a result: one per day and part, and a few dozen more.
const MAX_ROWS: usize = 200_000;

impl App {
    /// The analysis of a saved dataset: the stored one if its config and tables have not changed,
    /// else a new run; `refresh` forces a run. Concurrent requests share one run.
    pub async fn analyze(&self, ctx: &RequestContext, id: i64, refresh: bool) -> Result<Analyzed, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        let requested_at = Utc::now();
        let run = self.0.running.join(id);
        let work = async {
            if !refresh && let Some(analysis) = self.stored_analysis(&model, &dataset).await? {
                self.metrics().cache_lookup("analysis", true);
                return Ok(Analyzed { analysis, cached: true });
            }
            let lock = self.0.in_flight.lock_for(&format!("analysis {id}"));
            let _alone = lock.lock().await;
            // Another request's run may have ended meanwhile.
            let fresh = |analysis: &Analysis| !refresh || analysis.made_at > requested_at;
            if let Some(analysis) = self.stored_analysis(&model, &dataset).await?.filter(fresh) {
                self.metrics().cache_lookup("analysis", true);
                return Ok(Analyzed { analysis, cached: true });
            }
            self.metrics().cache_lookup("analysis", false);
            let analysis = self.run_analysis(&model, &dataset, &run).await?;
            Ok(Analyzed { analysis, cached: false })
        };
        run.or_stopped(work).await
    }

    /// What an analysis of a saved dataset would read, by dry runs of its queries.
    pub async fn analysis_estimate(&self, ctx: &RequestContext, id: i64) -> Result<Estimate, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        let catalog = self.checked_catalog(&model, &dataset.config).await?;
        let warehouse = self.warehouse_of(&model).await?;
        estimate(&*warehouse, &dataset.config, &catalog, QueryKind::Analysis, self.price_in(&*warehouse)).await
    }

    /// The progress of a dataset's analysis; `None` if none is running.
    pub async fn analysis_progress(&self, ctx: &RequestContext, id: i64) -> Result<Option<Progress>, ServiceError> {
        self.dataset(ctx, id).await?;
        Ok(self.0.running.progress(id))
    }

    /// Cancels a dataset's analysis, whoever requested it. Returns whether one was running.
    pub async fn cancel_analysis(&self, ctx: &RequestContext, id: i64) -> Result<bool, ServiceError> {
        self.dataset(ctx, id).await?;
        Ok(self.0.running.stop(id))
    }

    /// The stored analysis, if nothing has changed since.
    async fn stored_analysis(&self, model: &Model, dataset: &Dataset) -> Result<Option<Analysis>, ServiceError> {
        let Some(stored) = self.store().analysis(dataset.summary.id).await? else { return Ok(None) };
        if stored.value.config_hash != dataset.config_hash {
            return Ok(None);
        }
        let state = match self.state(model, &dataset.config).await {
            Ok(state) => state,
            // The run itself reports what is wrong with the table.
            Err(ServiceError::Warehouse(WarehouseError::NoTable(_) | WarehouseError::Unreadable { .. })) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(still_holds(&stored, state.as_deref()).then_some(stored.value))
    }

    /// Identifies the tables' content now, and the current day if dates count back from it; `None`
    /// if a table's is unknown.
    async fn state(&self, model: &Model, config: &DatasetConfig) -> Result<Option<String>, ServiceError> {
        within_limits(config)?;
        let mut tables: Vec<TableName> = config.sources().into_iter().map(|(_, table)| table.clone()).collect();
        tables.sort_unstable();
        tables.dedup();
        let live = self.live_tables(model, &tables).await?;
        let state = state_of(&live.iter().collect::<Vec<_>>());
        Ok(state.map(|state| match counts_from_today(config) {
            true => format!("{state} {}", today(config)),
            false => state,
        }))
    }

    async fn run_analysis(&self, model: &Model, dataset: &Dataset, run: &Run) -> Result<Analysis, ServiceError> {
        let config = &dataset.config;
        run.at(0);
        // Before the run: a change during the run makes the analysis out of date.
        let catalog = self.checked_catalog(model, config).await?;
        let state = self.state(model, config).await?;
        let warehouse = self.warehouse_of(model).await?;
        let found = {
            let _permit = self.scan().await?;
            find_out(&*warehouse, config, &catalog, &self.limits(MAX_ROWS), self.settings().price, |step| run.at(step)).await?
        };
        run.at(3);
        let sizes = Sizes {
            rows: found.metrics.rows(),
            users: found.metrics.part(Part::Full).and_then(|full| full.users),
            products: found.metrics.part(Part::Full).and_then(|full| full.products),
        };
        self.store().store_analysis(dataset.summary.id, state.as_deref(), &found, sizes).await?;
        Ok(found)
    }
}

/// As for every cached result: if tables do not report changes, it is valid for a short time only.
fn still_holds(stored: &Cached<Analysis>, state: Option<&str>) -> bool {
    match state {
        Some(_) => stored.state.as_deref() == state,
        None => stored.state.is_none() && Utc::now() - stored.at < FALLBACK_TTL,
    }
}

/// In the dataset's time zone.
pub(super) fn today(config: &DatasetConfig) -> NaiveDate {
    let zone = config.column_mapping.time_zone.as_ref().and_then(|zone| zone.as_str().parse::<chrono_tz::Tz>().ok());
    Utc::now().with_timezone(&zone.unwrap_or_default()).date_naive()
}

/// Runs the queries of an analysis and checks the results. Without a store, for the command line
/// too; `step` reports progress.
///
/// The reference date is found first, from the timestamp's column alone: written into the one query
/// that counts, it lets the engine skip partitions, and is not computed again in each part of it.
pub async fn find_out(
    warehouse: &dyn Warehouse,
    config: &DatasetConfig,
    catalog: &Catalog,
    limits: &Limits,
    price: Price,
    step: impl Fn(usize),
) -> Result<Analysis, ServiceError> {
    let (start, made_at) = (Instant::now(), Utc::now());
    let price = price_in(warehouse, price);
    let tables = config.sources().len();
    // Before anything is paid for: BigQuery also reports here what is wrong with a query.
    let estimate = estimate(warehouse, config, catalog, QueryKind::Analysis, price).await?;
    let mut cost = Cost::nothing(price);
    let mut as_of = None;
    if seeks_as_of(config) {
        step(1);
        let query = compiled(config, catalog, &Request { kind: QueryKind::AsOf, ..Request::default() }).await?;
        let rows = run_within(warehouse, &query.sql, limits).await?;
        as_of = rows.get(0, "as_of").and_then(Value::as_str).and_then(|day| day.parse().ok());
        cost = cost + Cost::of(rows.bytes_processed, tables, price);
    }
    step(2);
    let query = compiled(config, catalog, &Request { kind: QueryKind::Analysis, as_of, ..Request::default() }).await?;
    let rows = run_within(warehouse, &query.sql, limits).await?;
    if rows.truncated {
        return Err(WarehouseError::Resources(format!(
            "The dataset has more than {MAX_ROWS} days: check the timestamp column and its format."
        ))
        .into());
    }
    cost = cost + Cost::of(rows.bytes_processed, tables, price);
    let heavy = rows.rows.len() >= HEAVY_PARTS;
    let owned = config.clone();
    let judged = move || {
        let metrics = read(&owned, &rows);
        let judged = judge(&owned, &metrics, today(&owned));
        (metrics, judged)
    };
    let (metrics, judged) = compute(heavy, judged).await;
    let Judged { split_estimates, quality_metrics, split_proof, leaks, readiness } = judged;
    Ok(Analysis {
        config_hash: config_hash(config),
        made_at,
        seconds: start.elapsed().as_secs_f64(),
        estimate,
        bytes: cost.bytes.or(estimate.bytes),
        price_usd: cost.price_usd,
        metrics,
        split_estimates,
        quality_metrics,
        split_proof,
        leaks,
        readiness,
    })
}

/// What a query of a config would read, by dry runs of it and of the query that finds the reference
/// date before it. The date is not known yet, so the second may read less than estimated.
pub(super) async fn estimate(
    warehouse: &dyn Warehouse,
    config: &DatasetConfig,
    catalog: &Catalog,
    kind: QueryKind,
    price: Option<Price>,
) -> Result<Estimate, ServiceError> {
    let seeks = seeks_as_of(config);
    let mut total = Estimate { upper_bound: seeks, ..Estimate::nothing(price) };
    for kind in [QueryKind::AsOf, kind].into_iter().skip(usize::from(!seeks)) {
        let query = compiled(config, catalog, &Request { kind, ..Request::default() }).await?;
        total = total + warehouse.dry_run(&query.sql).await?.estimate(config.sources().len(), price);
    }
    Ok(total)
}
