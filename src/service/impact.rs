//! The impact of a config's filters and split, while a person edits them. Cached by config and
//! tables: a second look runs nothing.

use serde::{Deserialize, Serialize};

use super::analysis::{estimate, today};
use super::cache::{CacheKey, CacheResult};
use super::cpu::{HEAVY_PARTS, compute};
use super::queries::{compiled, run_within};
use super::{App, RequestContext, ServiceError};
use crate::domain::catalog::Catalog;
use crate::domain::cost::Cost;
use crate::domain::dataset::DatasetConfig;
use crate::domain::dto::Model;
use crate::domain::impact::{FilterImpact, ImpactAnswer, read};
use crate::domain::name::TableName;
use crate::domain::sql::{QueryKind, Request, counts_from_today};
use crate::store::config_hash;
use crate::warehouse::WarehouseError;

/// Maximum number of rows of a result: one per day and part, and a few thousand steps.
const MAX_ROWS: usize = 200_000;

/// The cached result.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Found {
    #[serde(rename = "effect")]
    impact: FilterImpact,
    #[serde(flatten)]
    cost: Cost,
}

impl App {
    /// The filter impact of a config that may not be saved. If reading is metered and nothing is
    /// cached, only an estimate of the cost, until `agreed` is true. Dropping the future cancels
    /// the query.
    pub async fn filter_impact(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        config: &DatasetConfig,
        agreed: bool,
    ) -> Result<ImpactAnswer, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let catalog = self.checked_catalog(&model, config).await?;
        let key = self.impact_key(&model, config).await?;
        if !agreed && self.warehouse_of(&model).await?.is_metered() && self.cache_get::<Found>(&key).await?.is_none() {
            let warehouse = self.warehouse_of(&model).await?;
            let price = self.price_in(&*warehouse);
            return Ok(ImpactAnswer::NeedsConsent(
                estimate(&*warehouse, config, &catalog, QueryKind::FilterImpact, price).await?,
            ));
        }
        let CacheResult { value, cached, at } =
            self.cache_get_or_compute(ctx, &key, self.compute_impact(&model, config, &catalog)).await?;
        let Found { impact, cost } = value;
        Ok(ImpactAnswer::Found { impact: Box::new(impact), cached, at, cost })
    }

    async fn impact_key(&self, model: &Model, config: &DatasetConfig) -> Result<CacheKey, ServiceError> {
        let mut tables: Vec<TableName> = config.sources().into_iter().map(|(_, table)| table.clone()).collect();
        tables.sort_unstable();
        tables.dedup();
        let live = self.live_tables(model, &tables).await?;
        let day = counts_from_today(config).then(|| today(config));
        Ok(Self::cache_key(model, "effect", &(config_hash(config), day), &live.iter().collect::<Vec<_>>()))
    }

    /// Finds the reference date first if reading is metered, as for every query of rows.
    async fn compute_impact(&self, model: &Model, config: &DatasetConfig, catalog: &Catalog) -> Result<Found, ServiceError> {
        let as_of = self.frozen(model, config, catalog).await?;
        let query = compiled(config, catalog, &Request { kind: QueryKind::FilterImpact, as_of, ..Request::default() }).await?;
        let warehouse = self.warehouse_of(model).await?;
        let rows = {
            let _permit = self.scan().await?;
            run_within(&*warehouse, &query.sql, &self.limits(MAX_ROWS)).await?
        };
        if rows.truncated {
            let reason = format!("The dataset has more than {MAX_ROWS} days: check the timestamp column and its format.");
            return Err(WarehouseError::Resources(reason).into());
        }
        let cost = Cost::of(rows.bytes_processed, config.sources().len(), self.price_in(&*warehouse));
        let (heavy, config) = (rows.rows.len() >= HEAVY_PARTS, config.clone());
        Ok(Found { impact: compute(heavy, move || read(&config, &rows)).await, cost })
    }
}
