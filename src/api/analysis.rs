//! Analyses, summaries and comparisons of datasets.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{ApiResult, success};
use super::bodies::Empty;
use super::context::Context;
use super::extract::{Body, DatasetPath, InPath, ModelPath};
use super::query::{Nothing, Query};
use super::refusals::{Busy, Cancelled, Invalid, Missing, WarehouseRefused, WarehouseTimeout};
use crate::domain::cost::Estimate;
use crate::domain::dto::{Analyzed, Comparison, Overview, Progress};
use crate::service::App;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalysisWish {
    /// Run it even if the cached result is up to date.
    #[schema(default = false)]
    refresh: Option<bool>,
}

/// Analyze a dataset
///
/// Counts, funnel, split estimates from per-day counts, data quality with advice, verification of
/// the split, and leakage checks. Cached until the config or a table changes. Concurrent requests
/// share one run.
#[utoipa::path(post, path = "/api/datasets/{id}/analyze", operation_id = "analyze_dataset", tag = "analysis", params(DatasetPath),
    request_body = Option<AnalysisWish>,
    responses((status = 200, description = "The analysis.", body = Analyzed), Missing, Cancelled, Busy, WarehouseRefused, WarehouseTimeout))]
pub async fn analyze(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Body(wish): Body<AnalysisWish>,
) -> ApiResult<Analyzed> {
    Ok(success(app.analyze(&ctx, at.id, wish.refresh.unwrap_or_default()).await?))
}

#[derive(Serialize, ToSchema)]
pub struct AnalysisPrice {
    estimate: Estimate,
}

/// Estimate what an analysis would read
#[utoipa::path(get, path = "/api/datasets/{id}/analyze/estimate", operation_id = "estimate_analysis", tag = "analysis", params(DatasetPath),
    responses((status = 200, description = "The estimate, from dry runs: nothing is read.", body = AnalysisPrice), Missing, Invalid, WarehouseRefused, WarehouseTimeout))]
pub async fn estimate(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Query<Nothing>,
) -> ApiResult<AnalysisPrice> {
    Ok(success(AnalysisPrice { estimate: app.analysis_estimate(&ctx, at.id).await? }))
}

#[derive(Serialize, ToSchema)]
pub struct RunningAnalysis {
    /// `null` if none is running.
    progress: Option<Progress>,
}

/// Get the progress of an analysis
#[utoipa::path(get, path = "/api/datasets/{id}/analyze/progress", operation_id = "get_analysis_progress", tag = "analysis", params(DatasetPath),
    responses((status = 200, description = "The progress.", body = RunningAnalysis), Missing))]
pub async fn progress(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Query<Nothing>,
) -> ApiResult<RunningAnalysis> {
    Ok(success(RunningAnalysis { progress: app.analysis_progress(&ctx, at.id).await? }))
}

#[derive(Serialize, ToSchema)]
pub struct AnalysisStopped {
    /// Whether one was running.
    cancelled: bool,
}

/// Stop an analysis
///
/// For all requests that wait for it. The previous result stays available.
#[utoipa::path(post, path = "/api/datasets/{id}/analyze/cancel", operation_id = "cancel_analysis", tag = "analysis", params(DatasetPath),
    request_body = Option<Empty>, responses((status = 200, description = "No analysis is running.", body = AnalysisStopped), Missing))]
pub async fn cancel(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Body<Empty>,
) -> ApiResult<AnalysisStopped> {
    Ok(success(AnalysisStopped { cancelled: app.cancel_analysis(&ctx, at.id).await? }))
}

#[derive(Serialize, ToSchema)]
pub struct Summary {
    summary: Overview,
}

/// Get a summary of a dataset
///
/// Tables, columns, roles, filters and split as readable text, and the last analysis. From stored
/// data: no query runs.
#[utoipa::path(get, path = "/api/datasets/{id}/summary", operation_id = "get_dataset_summary", tag = "analysis", params(DatasetPath),
    responses((status = 200, description = "The summary.", body = Summary), Missing))]
pub async fn summary(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Query<Nothing>,
) -> ApiResult<Summary> {
    Ok(success(Summary { summary: app.summary(&ctx, at.id).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparedIds {
    /// Two to five different datasets of the model.
    #[serde(default)]
    #[schema(required = true, min_items = 2, max_items = 5)]
    dataset_ids: Vec<i64>,
}

/// Compare datasets
///
/// Side by side in the requested order, with their differences by path.
#[utoipa::path(post, path = "/api/models/{id}/datasets/compare", operation_id = "compare_datasets", tag = "analysis", params(ModelPath),
    request_body = ComparedIds, responses((status = 200, description = "The comparison.", body = Comparison), Missing))]
pub async fn compare(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Body(body): Body<ComparedIds>,
) -> ApiResult<Comparison> {
    Ok(success(app.compare(&ctx, at.id, &body.dataset_ids).await?))
}
