//! What the filters and the split of a config do, while a person chooses them. Kept by config and tables: a second look runs nothing.

use serde::{Deserialize, Serialize};

use super::analysis::today;
use super::cpu::{HEAVY_PARTS, compute};
use super::known::{Known, Question};
use super::queries::{compiled, run_within};
use super::{App, ServiceError};
use crate::domain::catalog::Catalog;
use crate::domain::dataset::DatasetConfig;
use crate::domain::effect::{EffectAnswer, FilterEffect, read};
use crate::domain::name::TableName;
use crate::domain::record::Model;
use crate::domain::sql::{Request, Shape, counts_from_today, seeks_as_of};
use crate::store::config_hash;
use crate::warehouse::WarehouseError;

/// Rows of an answer: one a day and part, and some thousands of steps.
const MAX_ROWS: usize = 200_000;

/// What is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Found {
    effect: FilterEffect,
    bytes: Option<u64>,
    price_usd: Option<f64>,
}

impl App {
    /// The effect of a config that may not be saved. Where reading is billed and the answer is not kept from before, only what it would cost, until
    /// `agreed` is true. Dropping the future stops the query.
    pub async fn filter_effect(&self, model_id: i64, config: &DatasetConfig, agreed: bool) -> Result<EffectAnswer, ServiceError> {
        let model = self.model(model_id).await?;
        let catalog = self.checked_catalog(&model, config).await?;
        let question = self.effect_question(&model, config).await?;
        if !agreed && self.warehouse_of(&model).await?.bills() && self.kept::<Found>(&question).await?.is_none() {
            return self.effect_price(&model, config, &catalog).await;
        }
        let Known { answer, cached, at } = self.known(&question, self.find_effect(&model, config, &catalog)).await?;
        let Found { effect, bytes, price_usd } = answer;
        Ok(EffectAnswer::Found { effect: Box::new(effect), cached, at, bytes, price_usd })
    }

    async fn effect_question(&self, model: &Model, config: &DatasetConfig) -> Result<Question, ServiceError> {
        let mut tables: Vec<TableName> = config.sources().into_iter().map(|(_, table)| table.clone()).collect();
        tables.sort_unstable();
        tables.dedup();
        let live = self.live_tables(model, &tables).await?;
        let day = counts_from_today(config).then(|| today(config));
        Ok(Self::question(model, "effect", &(config_hash(config), day), &live.iter().collect::<Vec<_>>()))
    }

    /// The as-of is found out first where reading is billed, as for every query of rows.
    async fn find_effect(&self, model: &Model, config: &DatasetConfig, catalog: &Catalog) -> Result<Found, ServiceError> {
        let as_of = self.frozen(model, config, catalog).await?;
        let query = compiled(config, catalog, &Request { shape: Shape::Effect, as_of, ..Request::default() }).await?;
        let warehouse = self.warehouse_of(model).await?;
        let rows = {
            let _turn = self.scan().await?;
            run_within(&*warehouse, &query.sql, &self.limits(MAX_ROWS)).await?
        };
        if rows.truncated {
            let reason = format!("The dataset has more than {MAX_ROWS} days: is the timestamp read rightly?");
            return Err(WarehouseError::Resources(reason).into());
        }
        let bytes = rows.bytes_processed;
        let price_usd = bytes.filter(|_| warehouse.bills()).map(|bytes| self.settings().price.of(bytes, config.sources().len()));
        let (heavy, config) = (rows.rows.len() >= HEAVY_PARTS, config.clone());
        Ok(Found { effect: compute(heavy, move || read(&config, &rows)).await, bytes, price_usd })
    }

    /// By dry runs of the queries of [`App::find_effect`]. The as-of is not known yet, so the second may read less than is told.
    async fn effect_price(&self, model: &Model, config: &DatasetConfig, catalog: &Catalog) -> Result<EffectAnswer, ServiceError> {
        let warehouse = self.warehouse_of(model).await?;
        let seeks = seeks_as_of(config);
        let (mut read, mut price_usd, mut upper_bound) = (Some(0), Some(0.0), seeks);
        for shape in [Shape::AsOf, Shape::Effect].into_iter().skip(usize::from(!seeks)) {
            let query = compiled(config, catalog, &Request { shape, ..Request::default() }).await?;
            let dry = warehouse.dry_run(&query.sql).await?;
            upper_bound |= dry.upper_bound;
            read = read.zip(dry.bytes).map(|(sum, bytes)| sum + bytes);
            price_usd =
                price_usd.zip(dry.bytes).map(|(sum, bytes)| sum + self.settings().price.of(bytes, config.sources().len()));
        }
        Ok(EffectAnswer::Asks { bytes: read, price_usd, upper_bound })
    }
}
