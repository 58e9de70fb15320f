//! Generated queries: shown, checked, run for a preview or a count.

use chrono::NaiveDate;
use futures::future::join_all;

use super::cpu::{HEAVY_PARTS, compute};
use super::versions::new_version;
use super::{App, RequestContext, ServiceError};
use crate::domain::catalog::Catalog;
use crate::domain::dataset::{DatasetConfig, Role, Split};
use crate::domain::dto::{Counts, Dataset, Model, PartCounts, PartQuery, Preview, PreviewColumn, QueryValidation, QueryView};
use crate::domain::field_error::FieldError;
use crate::domain::limits::parts;
use crate::domain::sql::{CompiledQuery, QueryKind, Request, Title, compile, seeks_as_of};
use crate::domain::tfx::{TfxArtefact, artefact};
use crate::domain::value::{Rows, Value};
use crate::store::{Sizes, StoreError};
use crate::warehouse::{Limits, Warehouse, WarehouseError};

/// Maximum number of rows of a preview.
pub const MAX_PREVIEW_ROWS: u32 = 1000;
/// Bytes of a preview's rows: 1,000 rows of 200 numbers. With more, a browser freezes, and a server
/// that buffers many of them for slow clients runs out of memory.
const MAX_PREVIEW_BYTES: usize = 2 << 20;
/// Maximum number of characters of a displayed cell.
pub(super) const MAX_SHOWN_CELL: usize = 1000;
/// Bytes of a result that is processed further. The largest are the profiles of 100 columns and an
/// analysis' counts by day, of a few MB.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// The TFX artefact of a config, and what a version of it would freeze.
struct ResolvedTfx {
    artefact: TfxArtefact,
    catalog: Catalog,
    as_of: Option<NaiveDate>,
}

impl App {
    /// The SQL of an unsaved config, dry-run by the warehouse.
    pub async fn check_config(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        config: &DatasetConfig,
        split: Option<Split>,
    ) -> Result<QueryView, ServiceError> {
        self.view(&self.model(ctx, model_id).await?, config, &Request { split, ..Request::default() }, None).await
    }

    /// The validation errors of an unsaved config, from parsing or from validation.
    pub async fn validation_errors(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        read: Result<DatasetConfig, Vec<FieldError>>,
    ) -> Result<Vec<FieldError>, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let config = match read {
            Ok(config) => config,
            Err(errors) => return Ok(errors),
        };
        match self.checked_catalog(&model, &config).await {
            Ok(_) => Ok(vec![]),
            Err(ServiceError::Invalid(errors)) => Ok(errors),
            Err(error) => Err(error),
        }
    }

    /// Rows of an unsaved config's actual query.
    pub async fn preview_config(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        config: &DatasetConfig,
        split: Option<Split>,
        limit: u32,
    ) -> Result<Preview, ServiceError> {
        self.preview_of(&self.model(ctx, model_id).await?, config, split, limit).await
    }

    /// A saved dataset's SQL, dry-run by the warehouse.
    pub async fn query(
        &self,
        ctx: &RequestContext,
        id: i64,
        split: Option<Split>,
        for_analysis: bool,
    ) -> Result<QueryView, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        let request = Request { split, for_analysis, ..Request::default() };
        self.view(&model, &dataset.config, &request, Some(title(&dataset, split))).await
    }

    /// The SQL of each split of a saved dataset, in the order train, eval, test.
    pub async fn split_queries(&self, ctx: &RequestContext, id: i64) -> Result<Vec<(Split, QueryView)>, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        let warehouse = self.warehouse_of(&model).await?;
        let splits = dataset.config.split_config.splits();
        if splits.is_empty() {
            return Err(ServiceError::field("split_config", "This dataset has no splits. Choose a split first."));
        }
        let catalog = self.checked_catalog(&model, &dataset.config).await?;
        let views = splits.iter().map(async |split| {
            let request = Request { split: Some(*split), ..Request::default() };
            let query = compiled(&dataset.config, &catalog, &request).await?;
            let title = title(&dataset, Some(*split));
            Ok((*split, self.dry_run_view(&*warehouse, &dataset.config, query, Some(title)).await))
        });
        join_all(views).await.into_iter().collect()
    }

    /// The SQL of a saved dataset, whole and by split, in the order full, train, eval, test,
    /// dry-run concurrently.
    pub async fn part_queries(&self, ctx: &RequestContext, id: i64) -> Result<Vec<PartQuery>, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        let warehouse = self.warehouse_of(&model).await?;
        let catalog = self.checked_catalog(&model, &dataset.config).await?;
        let parts = [None].into_iter().chain(dataset.config.split_config.splits().iter().copied().map(Some));
        let views = parts.map(async |split| {
            let query = compiled(&dataset.config, &catalog, &Request { split, ..Request::default() }).await?;
            let title = title(&dataset, split);
            Ok(PartQuery { split, view: self.dry_run_view(&*warehouse, &dataset.config, query, Some(title)).await })
        });
        join_all(views).await.into_iter().collect()
    }

    /// The TFX artefact of a saved dataset, read-only: that of the newest version that froze
    /// exactly its config, otherwise what an export would give now.
    pub async fn tfx(&self, ctx: &RequestContext, id: i64) -> Result<TfxArtefact, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        // The newest is the first.
        match dataset.versions.iter().find(|version| version.config_hash == dataset.config_hash) {
            Some(version) => self.version_tfx(ctx, id, version.number).await,
            None => {
                let ResolvedTfx { artefact, as_of, .. } = self.tfx_of(ctx, &dataset).await?;
                Ok(artefact.titled(&Title { as_of, ..title(&dataset, None) }))
            }
        }
    }

    /// The TFX artefact of a saved dataset, frozen, so that what was exported for training can be
    /// looked up later.
    pub async fn export_tfx(&self, ctx: &RequestContext, id: i64) -> Result<TfxArtefact, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        let ResolvedTfx { artefact, catalog, as_of } = self.tfx_of(ctx, &dataset).await?;
        let version = new_version(ctx, &dataset.config, &catalog, as_of, "exported for TFX", None).await?;
        let number = self.store().store_export(id, &version).await?;
        let title = Title { version: Some(number), as_of, ..title(&dataset, None) };
        Ok(TfxArtefact { version: Some(number), ..artefact }.titled(&title))
    }

    /// The reference date is resolved now and written into every query: otherwise the splits would
    /// move relative to each other while they are read, and data that ended long ago would give no
    /// rows.
    async fn tfx_of(&self, ctx: &RequestContext, dataset: &Dataset) -> Result<ResolvedTfx, ServiceError> {
        let model = self.model(ctx, dataset.model_id).await?;
        let catalog = self.checked_catalog(&model, &dataset.config).await?;
        // Reports what TFX cannot take before anything is read.
        made_for_tfx(&dataset.config, &catalog, None, None).await?;
        let as_of = self.resolve_as_of(&model, &dataset.config, &catalog).await?;
        // The job has to run where the data is.
        let location = self.warehouse_of(&model).await?.location().await?;
        let artefact = made_for_tfx(&dataset.config, &catalog, as_of, location).await?;
        Ok(ResolvedTfx { artefact, catalog, as_of })
    }

    /// The day that the dataset's dates count back from, if the config does not fix it.
    async fn resolve_as_of(
        &self,
        model: &Model,
        config: &DatasetConfig,
        catalog: &Catalog,
    ) -> Result<Option<NaiveDate>, ServiceError> {
        if !seeks_as_of(config) {
            return Ok(None);
        }
        let query = compiled(config, catalog, &Request { kind: QueryKind::AsOf, ..Request::default() }).await?;
        let rows = self.run(model, &query.sql, 1).await?;
        Ok(rows.get(0, "as_of").and_then(Value::as_str).and_then(|day| day.parse().ok()))
    }

    /// Rows of a saved dataset's actual query.
    pub async fn preview(
        &self,
        ctx: &RequestContext,
        id: i64,
        split: Option<Split>,
        limit: u32,
    ) -> Result<Preview, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        self.preview_of(&model, &dataset.config, split, limit).await
    }

    /// Counts a saved dataset's rows, users and products, and stores them for its card.
    pub async fn count(&self, ctx: &RequestContext, id: i64) -> Result<Counts, ServiceError> {
        let dataset = self.dataset(ctx, id).await?;
        let model = self.model(ctx, dataset.model_id).await?;
        let catalog = self.checked_catalog(&model, &dataset.config).await?;
        let counts = self.counts_of(&model, &dataset.config, &catalog).await?;
        match self.store().store_sizes(id, &dataset.config_hash, sizes(&counts)).await {
            // The card shows them after the next count.
            Err(StoreError::Unavailable { reason, .. }) => {
                tracing::warn!(%reason, request_id = ctx.request_id(), "a count is not kept");
            }
            done => done?,
        }
        Ok(counts)
    }

    async fn view(
        &self,
        model: &Model,
        config: &DatasetConfig,
        request: &Request,
        title: Option<Title<'_>>,
    ) -> Result<QueryView, ServiceError> {
        let warehouse = self.warehouse_of(model).await?;
        let catalog = self.checked_catalog(model, config).await?;
        let query = compiled(config, &catalog, request).await?;
        Ok(self.dry_run_view(&*warehouse, config, query, title).await)
    }

    async fn preview_of(
        &self,
        model: &Model,
        config: &DatasetConfig,
        split: Option<Split>,
        limit: u32,
    ) -> Result<Preview, ServiceError> {
        if !(1..=MAX_PREVIEW_ROWS).contains(&limit) {
            return Err(ServiceError::BadRequest(format!("limit must be a number from 1 to {MAX_PREVIEW_ROWS}.")));
        }
        let catalog = self.checked_catalog(model, config).await?;
        // One more row than is shown, to know whether there are more.
        let kind = QueryKind::Preview { limit: limit + 1 };
        let as_of = self.frozen(model, config, &catalog).await?;
        let query = compiled(config, &catalog, &Request { split, kind, as_of, ..Request::default() }).await?;
        let shown = limit as usize;
        let limits = Limits { max_bytes: MAX_PREVIEW_BYTES, max_cell: Some(MAX_SHOWN_CELL), ..self.limits(shown + 1) };
        let mut rows = self.run_limited(model, &query.sql, &limits).await?;
        let limited = rows.truncated || rows.rows.len() > shown;
        rows.rows.truncate(shown);
        rows.cut_cells.retain(|cut| cut.row < limit);
        let columns = query.columns.into_iter().map(|column| PreviewColumn {
            name: column.name,
            column_type: column.column_type,
            mode: column.mode,
            ml_role: column.role,
        });
        Ok(Preview {
            columns: columns.collect(),
            total: rows.rows.len() as u32,
            rows: rows.rows,
            cut_cells: rows.cut_cells,
            limited,
        })
    }

    pub(super) async fn counts_of(
        &self,
        model: &Model,
        config: &DatasetConfig,
        catalog: &Catalog,
    ) -> Result<Counts, ServiceError> {
        let as_of = self.frozen(model, config, catalog).await?;
        let query = compiled(config, catalog, &Request { kind: QueryKind::Counts, as_of, ..Request::default() }).await?;
        Ok(read_counts(config, &self.run(model, &query.sql, 100).await?))
    }

    /// The query with the warehouse's verdict. A refusal by the warehouse is a result, not an
    /// error: the SQL exists.
    pub(super) async fn dry_run_view(
        &self,
        warehouse: &dyn Warehouse,
        config: &DatasetConfig,
        query: CompiledQuery,
        title: Option<Title<'_>>,
    ) -> QueryView {
        let validation = match warehouse.dry_run(&query.sql).await {
            Ok(dry) => QueryValidation {
                valid: true,
                estimate: dry.estimate(config.sources().len(), self.price_in(warehouse)),
                error: None,
            },
            Err(error) => QueryValidation { error: Some(error.to_string()), ..Default::default() },
        };
        let query = title.map_or_else(|| query.sql.clone(), |title| title.above(&query.sql));
        QueryView { query, validation }
    }

    /// The reference date to write into a query that is about to run. If reading is metered it is
    /// found first, from the timestamp's column alone, so that the query itself reads only the
    /// partitions that it needs.
    pub(super) async fn frozen(
        &self,
        model: &Model,
        config: &DatasetConfig,
        catalog: &Catalog,
    ) -> Result<Option<NaiveDate>, ServiceError> {
        if !self.warehouse_of(model).await?.is_metered() {
            return Ok(None);
        }
        self.resolve_as_of(model, config, catalog).await
    }

    /// Runs a query once a permit is free; its values are whole.
    pub(super) async fn run(&self, model: &Model, sql: &str, max_rows: usize) -> Result<Rows, ServiceError> {
        self.run_limited(model, sql, &self.limits(max_rows)).await
    }

    /// Runs a query once a permit is free.
    pub(super) async fn run_limited(&self, model: &Model, sql: &str, limits: &Limits) -> Result<Rows, ServiceError> {
        let warehouse = self.warehouse_of(model).await?;
        let _permit = self.scan().await?;
        run_within(&*warehouse, sql, limits).await
    }

    /// The limits of a query.
    pub(super) fn limits(&self, max_rows: usize) -> Limits {
        let max_bytes_billed = self.settings().bigquery.max_bytes_billed;
        let timeout = self.settings().timeout;
        Limits { max_rows, max_bytes: MAX_ANSWER_BYTES, timeout, max_bytes_billed, ..Limits::default() }
    }
}

/// The title of a query of a dataset as it is now.
pub(super) fn title(dataset: &Dataset, split: Option<Split>) -> Title<'_> {
    Title { dataset: dataset.summary.name.as_str(), version: None, split, as_of: None }
}

/// Runs a query. The engine enforces the timeout by itself; this is for one that hangs.
pub(super) async fn run_within(warehouse: &dyn Warehouse, sql: &str, limits: &Limits) -> Result<Rows, ServiceError> {
    let timeout = limits.timeout;
    match tokio::time::timeout(timeout + timeout / 10, warehouse.run(sql, limits)).await {
        Ok(rows) => Ok(rows?),
        Err(_) => Err(WarehouseError::Timeout(timeout.as_secs()).into()),
    }
}

/// A config's query; its validation errors as the service's error.
pub(super) async fn compiled(
    config: &DatasetConfig,
    catalog: &Catalog,
    request: &Request,
) -> Result<CompiledQuery, ServiceError> {
    let (heavy, config, catalog, request) = (is_heavy(config, catalog), config.clone(), catalog.clone(), *request);
    compute(heavy, move || compile(&config, &catalog, &request)).await.map_err(ServiceError::Invalid)
}

/// The TFX artefact of a config; its validation errors as the service's error.
pub(super) async fn made_for_tfx(
    config: &DatasetConfig,
    catalog: &Catalog,
    as_of: Option<NaiveDate>,
    location: Option<String>,
) -> Result<TfxArtefact, ServiceError> {
    let (heavy, config, catalog) = (is_heavy(config, catalog), config.clone(), catalog.clone());
    let made = compute(heavy, move || artefact(&config, &catalog, as_of, location.as_deref())).await;
    Ok(made.map_err(ServiceError::Invalid)?.0)
}

/// Whether compiling a config over its tables takes long.
pub(super) fn is_heavy(config: &DatasetConfig, catalog: &Catalog) -> bool {
    parts(config) + catalog.columns() >= HEAVY_PARTS
}

/// The whole dataset's part of a count.
pub(super) fn sizes(counts: &Counts) -> Sizes {
    Sizes { rows: counts.full.rows, users: counts.full.users, products: counts.full.products }
}

/// Reads the result of a counts query: a part without a row is empty.
fn read_counts(config: &DatasetConfig, rows: &Rows) -> Counts {
    let number = |row: usize, name: &str| rows.get(row, name).and_then(Value::as_i64).and_then(|n| u64::try_from(n).ok());
    let day = |row: usize, name: &str| rows.get(row, name).and_then(Value::as_str).and_then(|d| d.parse::<NaiveDate>().ok());
    let mapped = |role: Role| config.column_mapping.get(role).map(|_| 0);
    let part = |name: &str| {
        let empty = PartCounts { users: mapped(Role::UserId), products: mapped(Role::ProductId), ..Default::default() };
        let row = (0..rows.rows.len()).find(|row| rows.get(*row, "part").and_then(Value::as_str) == Some(name));
        row.map_or(empty, |row| PartCounts {
            rows: number(row, "row_count").unwrap_or_default(),
            users: number(row, "user_count"),
            products: number(row, "product_count"),
            first_day: day(row, "first_day"),
            last_day: day(row, "last_day"),
        })
    };
    Counts {
        as_of: (0..rows.rows.len()).find_map(|row| day(row, "as_of")),
        full: part("full"),
        splits: config.split_config.splits().iter().map(|split| (*split, part(split.as_str()))).collect(),
        unassigned: part("gap"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schema::{ColumnType, Mode};
    use crate::domain::value::ResultColumn;

    #[test]
    fn a_part_without_rows_is_empty_not_missing() {
        let config: DatasetConfig = serde_json::from_value(serde_json::json!({
            "column_mapping": {"user_id": {"table": "orders", "column": "user"}},
            "split_config": {"type": "time_based", "eval_days": 7}
        }))
        .unwrap();
        let column = |name: &str, column_type| ResultColumn { name: name.into(), column_type, mode: Mode::Nullable };
        let text = |text: &str| Value::Text(text.into());
        let rows = Rows {
            columns: vec![
                column("part", ColumnType::String),
                column("row_count", ColumnType::Int64),
                column("user_count", ColumnType::Int64),
                column("product_count", ColumnType::Int64),
                column("first_day", ColumnType::Date),
                column("last_day", ColumnType::Date),
                column("as_of", ColumnType::Date),
            ],
            rows: vec![
                vec![
                    text("full"),
                    Value::Int(9),
                    Value::Int(3),
                    Value::Null,
                    text("2024-01-01"),
                    text("2024-01-09"),
                    text("2024-01-09"),
                ],
                vec![
                    text("train"),
                    Value::Int(9),
                    Value::Int(3),
                    Value::Null,
                    text("2024-01-01"),
                    text("2024-01-09"),
                    text("2024-01-09"),
                ],
            ],
            ..Rows::default()
        };
        let counts = read_counts(&config, &rows);
        assert_eq!(counts.as_of, NaiveDate::from_ymd_opt(2024, 1, 9));
        assert_eq!((counts.full.rows, counts.full.users, counts.full.products), (9, Some(3), None));
        assert_eq!(counts.splits[1], (Split::Eval, PartCounts { users: Some(0), ..Default::default() }));
    }
}
