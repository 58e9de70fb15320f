//! Generated queries, previews and counts.

use std::collections::BTreeMap;
use std::ops::Add;

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{ApiResult, ErrorResponse, success};
use super::bodies::{Empty, UnsavedConfig, UnsavedQuery};
use super::context::Context;
use super::estimates::QueryView;
use super::extract::{Body, DatasetPath, InPath, ModelPath, Object};
use super::query::{Nothing, Query};
use super::refusals::{Busy, Invalid, Missing, WarehouseRefused, WarehouseTimeout};
use crate::domain::dataset::Split;
use crate::domain::dto::{Counts, PartCounts, Preview};
use crate::domain::tfx::TfxArtefact;
use crate::service::{App, DatasetChange};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QueryParams {
    /// The split; without it, the full dataset.
    split: Option<Split>,
    /// Name mapped columns by their roles. Not with `version`.
    #[param(default = false)]
    for_analysis: Option<bool>,
    /// The frozen SQL of this version, instead of the current dataset.
    #[param(minimum = 1)]
    version: Option<u32>,
}

/// Get a dataset's SQL
///
/// With the result of a dry run. If the warehouse rejects the query, `validation.valid` is false
/// and `error` has its message.
#[utoipa::path(get, path = "/api/datasets/{id}/query", operation_id = "get_query", tag = "queries", params(DatasetPath, QueryParams),
    responses((status = 200, description = "The SQL.", body = QueryView), Missing, Invalid, WarehouseRefused, WarehouseTimeout))]
pub async fn query(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Query(params): Query<QueryParams>,
) -> ApiResult<QueryView> {
    let for_analysis = params.for_analysis.unwrap_or_default();
    let view = match params.version {
        Some(_) if for_analysis => {
            return Err(ErrorResponse::bad_request(
                "bad_parameter",
                Some("for_analysis"),
                "A version's SQL is as it was frozen.",
            ));
        }
        Some(number) => app.version_query(&ctx, at.id, number, params.split).await?,
        None => app.query(&ctx, at.id, params.split, for_analysis).await?,
    };
    Ok(success(view.into()))
}

#[derive(Serialize, ToSchema)]
pub struct SplitQueries {
    queries: QueriesBySplit,
    /// `null` if a part of it is unknown, or reading is free.
    total_estimated_cost_usd: Option<f64>,
}

#[derive(Default, Serialize, ToSchema)]
pub struct QueriesBySplit {
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<QueryView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eval: Option<QueryView>,
    /// If the dataset has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<QueryView>,
}

/// Get the SQL of all splits
#[utoipa::path(get, path = "/api/datasets/{id}/query/split", operation_id = "get_split_queries", tag = "queries", params(DatasetPath),
    responses((status = 200, description = "The queries, by split.", body = SplitQueries), Missing, Invalid, WarehouseRefused, WarehouseTimeout))]
pub async fn split_queries(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Query<Nothing>,
) -> ApiResult<SplitQueries> {
    let views = app.split_queries(&ctx, at.id).await?;
    let total = views.iter().map(|(_, view)| view.validation.estimate).reduce(Add::add);
    let mut queries = QueriesBySplit::default();
    for (split, view) in views {
        let place = match split {
            Split::Train => &mut queries.train,
            Split::Eval => &mut queries.eval,
            Split::Test => &mut queries.test,
        };
        *place = Some(view.into());
    }
    Ok(success(SplitQueries { queries, total_estimated_cost_usd: total.and_then(|total| total.price_usd) }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TfxParams {
    /// The frozen version to export, instead of the current dataset.
    #[param(minimum = 1)]
    version: Option<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct Tfx {
    tfx: TfxArtefact,
}

/// Get the TFX input of a dataset
///
/// The input of BigQueryExampleGen: the SQL of each split with typed defaults for NULL, project and
/// location. Of the given version; by default, of the newest version with the dataset's current
/// config, or else of the current dataset, with `version` `null`. Freezes nothing.
#[utoipa::path(get, path = "/api/datasets/{id}/query/tfx", operation_id = "get_tfx", tag = "queries", params(DatasetPath, TfxParams),
    responses((status = 200, description = "proto3 JSON and a Python snippet.", body = Tfx), Missing, Invalid, Busy, WarehouseRefused, WarehouseTimeout))]
pub async fn tfx(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Query(params): Query<TfxParams>,
) -> ApiResult<Tfx> {
    let tfx = match params.version {
        Some(number) => app.version_tfx(&ctx, at.id, number).await?,
        None => app.tfx(&ctx, at.id).await?,
    };
    Ok(success(Tfx { tfx }))
}

/// Export a dataset for TFX
///
/// Resolves the reference date, freezes a version and counts as a use of the dataset. The same
/// config, date and tables are one version, however often they are exported.
#[utoipa::path(post, path = "/api/datasets/{id}/query/tfx", operation_id = "export_tfx", tag = "queries", params(DatasetPath), request_body = Option<Empty>,
    responses((status = 200, description = "As with GET, with the version number.", body = Tfx), Missing, Busy, WarehouseRefused, WarehouseTimeout))]
pub async fn export_tfx(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Body<Empty>,
) -> ApiResult<Tfx> {
    Ok(success(Tfx { tfx: app.export_tfx(&ctx, at.id).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidatedPart {
    /// The split; without it, the full dataset.
    split: Option<Split>,
}

/// Dry-run a dataset's SQL
#[utoipa::path(post, path = "/api/datasets/{id}/validate-query", operation_id = "validate_query", tag = "queries", params(DatasetPath),
    request_body = Option<ValidatedPart>,
    responses((status = 200, description = "The SQL and the result of the dry run.", body = QueryView), Missing, WarehouseRefused, WarehouseTimeout))]
pub async fn validate_query(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Body(body): Body<ValidatedPart>,
) -> ApiResult<QueryView> {
    Ok(success(app.query(&ctx, at.id, body.split, false).await?.into()))
}

/// Compile a config
///
/// The SQL of an unsaved config, with a dry run.
#[utoipa::path(post, path = "/api/models/{id}/compile", operation_id = "compile_config", tag = "configs", params(ModelPath), request_body = UnsavedQuery,
    responses((status = 200, description = "The SQL.", body = QueryView), Missing, WarehouseRefused, WarehouseTimeout))]
pub async fn compile(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    mut body: Object,
) -> ApiResult<QueryView> {
    let split = body.take("split")?;
    let config = DatasetChange::read(body.0).await?.new_dataset().await?.config;
    Ok(success(app.check_config(&ctx, at.id, &config, split).await?.into()))
}

#[derive(Serialize, ToSchema)]
pub struct ConfigCheck {
    valid: bool,
    /// Error messages by field path; empty if the config is valid.
    errors: BTreeMap<String, String>,
}

/// Validate a config
///
/// Validates an unsaved config against the current tables, without running a query. An invalid
/// config is a result, not an error.
#[utoipa::path(post, path = "/api/models/{id}/validate", operation_id = "validate_config", tag = "configs", params(ModelPath), request_body = UnsavedConfig,
    responses((status = 200, description = "Whether the config is valid, and all validation errors.", body = ConfigCheck), Missing, WarehouseRefused, WarehouseTimeout))]
pub async fn validate(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Object(body): Object,
) -> ApiResult<ConfigCheck> {
    let read = DatasetChange::read(body).await?.new_dataset().await.map(|input| input.config);
    let found = app.validation_errors(&ctx, at.id, read).await?;
    let mut errors = BTreeMap::new();
    for error in found {
        errors.entry(error.path).or_insert(error.message);
    }
    Ok(success(ConfigCheck { valid: errors.is_empty(), errors }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PreviewParams {
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// The split; without it, the full dataset.
    split: Option<Split>,
}

#[derive(Serialize, ToSchema)]
pub struct Previewed {
    preview: Preview,
}

/// Preview a dataset's rows
#[utoipa::path(get, path = "/api/datasets/{id}/preview", operation_id = "preview_dataset", tag = "queries", params(DatasetPath, PreviewParams),
    responses((status = 200, description = "Rows of the query. Long cells are truncated: see `cut_cells`.", body = Previewed), Missing, Invalid, Busy, WarehouseRefused, WarehouseTimeout))]
pub async fn preview(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Query(params): Query<PreviewParams>,
) -> ApiResult<Previewed> {
    Ok(success(Previewed { preview: app.preview(&ctx, at.id, params.split, params.limit.unwrap_or(100)).await? }))
}

#[derive(Serialize, ToSchema)]
pub struct CountResponse {
    counts: DatasetCounts,
}

/// Rows, users and products, counted by running the query.
#[derive(Serialize, ToSchema)]
pub struct DatasetCounts {
    /// The reference date, if the config has relative dates.
    as_of: Option<NaiveDate>,
    full: PartCounts,
    splits: CountsBySplit,
    /// Rows in no split: the gap of a time split.
    unassigned: PartCounts,
}

#[derive(Default, Serialize, ToSchema)]
pub struct CountsBySplit {
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<PartCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eval: Option<PartCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<PartCounts>,
}

impl From<Counts> for DatasetCounts {
    fn from(counts: Counts) -> Self {
        let of = |wanted: Split| counts.splits.iter().find(|(split, _)| *split == wanted).map(|(_, part)| *part);
        let splits = CountsBySplit { train: of(Split::Train), eval: of(Split::Eval), test: of(Split::Test) };
        Self { as_of: counts.as_of, full: counts.full, splits, unassigned: counts.unassigned }
    }
}

/// Count a dataset's rows
///
/// Of the full dataset and of each split. The counts are saved with the dataset.
#[utoipa::path(post, path = "/api/datasets/{id}/count", operation_id = "count_dataset", tag = "queries", params(DatasetPath), request_body = Option<Empty>,
    responses((status = 200, description = "The counts.", body = CountResponse), Missing, Busy, WarehouseRefused, WarehouseTimeout))]
pub async fn count(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Body<Empty>,
) -> ApiResult<CountResponse> {
    Ok(success(CountResponse { counts: app.count(&ctx, at.id).await?.into() }))
}
