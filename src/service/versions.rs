//! Frozen versions: read, compared, restored, and compared with the current tables.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use futures::future::join_all;
use serde_json::json;

use super::cpu::{HEAVY_PARTS, compute};
use super::queries::{compiled, made_for_tfx, title};
use super::{App, RequestContext, ServiceError};
use crate::domain::catalog::Catalog;
use crate::domain::dataset::{DatasetConfig, Split};
use crate::domain::diff::differences;
use crate::domain::drift::{drift, renamed};
use crate::domain::dto::{Counts, Dataset, DatasetInput, DriftReport, QueryView, Version, VersionDiff, VersionSummary};
use crate::domain::limits::parts;
use crate::domain::name::TableName;
use crate::domain::schema::TableSchema;
use crate::domain::sql::{CompiledQuery, Request, Title};
use crate::domain::tfx::TfxArtefact;
use crate::store::{NewVersion, StoreError};
use crate::warehouse::WarehouseError;

impl App {
    /// The versions of a dataset, newest first.
    pub async fn versions(&self, ctx: &RequestContext, id: i64) -> Result<Vec<VersionSummary>, ServiceError> {
        Ok(self.dataset(ctx, id).await?.versions)
    }

    /// A version, whole.
    pub async fn version(&self, ctx: &RequestContext, id: i64, number: u32) -> Result<Version, ServiceError> {
        match self.store().version(id, number).await {
            Err(StoreError::NotFound) => {
                // If the dataset is missing, the error names that.
                self.dataset(ctx, id).await?;
                Err(ServiceError::NotFound(format!("Version {number} not found.")))
            }
            found => Ok(found?),
        }
    }

    /// What differs between two versions; without `to`, between a version and the current dataset.
    pub async fn version_diff(
        &self,
        ctx: &RequestContext,
        id: i64,
        from: u32,
        to: Option<u32>,
    ) -> Result<VersionDiff, ServiceError> {
        let before = self.version(ctx, id, from).await?;
        let content = |config: &DatasetConfig, as_of: Option<NaiveDate>| json!({"config": config, "as_of": as_of});
        let heavy = parts(&before.config) + columns(&before.schemas) >= HEAVY_PARTS;
        Ok(match to {
            Some(to) => {
                let after = self.version(ctx, id, to).await?;
                let heavy = heavy || parts(&after.config) + columns(&after.schemas) >= HEAVY_PARTS;
                let compare = move || VersionDiff {
                    from,
                    to: Some(to),
                    differences: differences(&[
                        content(&before.config, before.summary.as_of),
                        content(&after.config, after.summary.as_of),
                    ]),
                    tables: drift(&before.config, &before.schemas, &after.schemas),
                };
                compute(heavy, compare).await
            }
            // The current dataset has no resolved reference date yet.
            None => {
                let now = self.dataset(ctx, id).await?;
                let heavy = heavy || parts(&now.config) >= HEAVY_PARTS;
                let compare = move || differences(&[content(&before.config, None), content(&now.config, None)]);
                VersionDiff { from, to: None, differences: compute(heavy, compare).await, tables: vec![] }
            }
        })
    }

    /// Makes a version's config the dataset's current one: a change like any other, checked against
    /// the live tables.
    pub async fn restore_version(
        &self,
        ctx: &RequestContext,
        id: i64,
        number: u32,
        revision: Option<i64>,
    ) -> Result<Dataset, ServiceError> {
        let version = self.version(ctx, id, number).await?;
        let stored = self.dataset(ctx, id).await?;
        let input = DatasetInput { config: version.config, ..stored.input() };
        self.replace_dataset(ctx, id, revision.or(Some(stored.revision)), &input).await
    }

    /// The frozen SQL of a version's part, dry-run by the warehouse today.
    pub async fn version_query(
        &self,
        ctx: &RequestContext,
        id: i64,
        number: u32,
        split: Option<Split>,
    ) -> Result<QueryView, ServiceError> {
        let version = self.version(ctx, id, number).await?;
        let part = split.map_or("full", Split::as_str);
        let sql = version.sql.get(part).cloned();
        let sql = sql.ok_or_else(|| ServiceError::field("split", format!("Version {number} has no {part} split.")))?;
        let dataset = self.dataset(ctx, id).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        let warehouse = self.warehouse_of(&model).await?;
        let title = Title { version: Some(number), as_of: version.summary.as_of, ..title(&dataset, split) };
        let query = CompiledQuery { sql, columns: vec![] };
        Ok(self.dry_run_view(&*warehouse, &version.config, query, Some(title)).await)
    }

    /// The TFX artefact of a version: of its config, tables and reference date as frozen.
    pub async fn version_tfx(&self, ctx: &RequestContext, id: i64, number: u32) -> Result<TfxArtefact, ServiceError> {
        let version = self.version(ctx, id, number).await?;
        let dataset = self.dataset(ctx, id).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        let warehouse = self.warehouse_of(&model).await?;
        let (project, schemas) = (warehouse.project().map(str::to_owned), version.schemas);
        let catalog = compute(columns(&schemas) >= HEAVY_PARTS, move || Catalog::new(project, schemas)).await;
        let location = warehouse.location().await?;
        let artefact = made_for_tfx(&version.config, &catalog, version.summary.as_of, location).await?;
        let title = Title { version: Some(number), as_of: version.summary.as_of, ..title(&dataset, None) };
        Ok(TfxArtefact { version: Some(number), ..artefact }.titled(&title))
    }

    /// What has changed in a dataset and its tables since the version that training reads, or the
    /// latest one.
    pub async fn drift(&self, ctx: &RequestContext, id: i64) -> Result<DriftReport, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        let latest = dataset.versions.first().map(|version| version.number);
        let Some(number) = dataset.summary.active_version.or(latest) else {
            return Ok(DriftReport { version: None, changes: vec![], renamed: vec![] });
        };
        let version = self.version(ctx, id, number).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        let warehouse = self.warehouse_of(&model).await?;
        let tables: Vec<&TableName> = version.schemas.iter().map(|schema| &schema.table).collect();
        let mut now = vec![];
        for schema in join_all(tables.iter().map(|table| warehouse.schema(table))).await {
            match schema {
                Ok(schema) => now.push(schema),
                // A table that cannot be read counts as missing.
                Err(WarehouseError::NoTable(_) | WarehouseError::Unreadable { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let all_parts = parts(&version.config) + parts(&dataset.config) + columns(&version.schemas) + columns(&now);
        let report = move || DriftReport {
            version: Some(number),
            changes: drift(&version.config, &version.schemas, &now),
            renamed: renamed(&version.config, &dataset.config),
        };
        Ok(compute(all_parts >= HEAVY_PARTS, report).await)
    }
}

/// A version of a config over the current tables, with its reference date written into every query.
pub(super) async fn new_version(
    ctx: &RequestContext,
    config: &DatasetConfig,
    catalog: &Catalog,
    as_of: Option<NaiveDate>,
    reason: &str,
    counts: Option<Counts>,
) -> Result<NewVersion, ServiceError> {
    let splits = [None].into_iter().chain(config.split_config.splits().iter().copied().map(Some));
    let mut sql = BTreeMap::new();
    for split in splits {
        let query = compiled(config, catalog, &Request { split, as_of, ..Request::default() }).await?;
        sql.insert(split.map_or("full", Split::as_str).to_owned(), query.sql);
    }
    Ok(NewVersion {
        schemas: schemas_of(config, catalog),
        config: config.clone(),
        reason: reason.into(),
        author: ctx.author().to_owned(),
        as_of,
        sql,
        counts,
    })
}

fn columns(schemas: &[TableSchema]) -> usize {
    schemas.iter().map(|schema| schema.columns.len()).sum()
}

fn schemas_of(config: &DatasetConfig, catalog: &Catalog) -> Vec<TableSchema> {
    let mut schemas: Vec<_> = config.sources().iter().filter_map(|(_, table)| catalog.schema(table).cloned()).collect();
    schemas.sort_by(|a, b| a.table.cmp(&b.table));
    schemas.dedup();
    schemas
}
