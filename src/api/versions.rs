//! Versions of a dataset, and changes of its tables.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{ApiResult, ErrorResponse, success};
use super::context::Context;
use super::extract::{Body, DatasetPath, IfMatch, InPath, VersionPath, expected_revision};
use super::query::{Nothing, Query};
use super::refusals::{Missing, Stale, WarehouseRefused, WarehouseTimeout};
use super::replies::{DatasetSaved, saved};
use crate::domain::dto::{DriftReport, Version, VersionDiff, VersionSummary};
use crate::service::App;

#[derive(Serialize, ToSchema)]
pub struct Versions {
    /// Newest first.
    versions: Vec<VersionSummary>,
}

/// List a dataset's versions
#[utoipa::path(get, path = "/api/datasets/{id}/versions", operation_id = "list_versions", tag = "versions", params(DatasetPath),
    responses((status = 200, description = "All versions.", body = Versions), Missing))]
pub async fn list(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Query<Nothing>,
) -> ApiResult<Versions> {
    Ok(success(Versions { versions: app.versions(&ctx, at.id).await? }))
}

#[derive(Serialize, ToSchema)]
pub struct OneVersion {
    version: Version,
}

/// Get a version
///
/// Everything that was frozen: config, reference date, SQL of each split, table schemas and counts.
#[utoipa::path(get, path = "/api/datasets/{id}/versions/{number}", operation_id = "get_version", tag = "versions", params(VersionPath),
    responses((status = 200, description = "The version.", body = OneVersion), Missing))]
pub async fn one(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<VersionPath>,
    _: Query<Nothing>,
) -> ApiResult<OneVersion> {
    Ok(success(OneVersion { version: app.version(&ctx, at.id, at.number).await? }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DiffParams {
    /// A version number.
    #[param(required = true, minimum = 1)]
    from: Option<u32>,
    /// Another version number, or `current` for the current dataset.
    #[param(default = "current", pattern = "^([1-9][0-9]{0,8}|current)$")]
    to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Diff {
    diff: VersionDiff,
}

/// Compare two versions
///
/// Or a version with the current dataset.
#[utoipa::path(get, path = "/api/datasets/{id}/versions/diff", operation_id = "diff_versions", tag = "versions", params(DatasetPath, DiffParams),
    responses((status = 200, description = "The differences, by path.", body = Diff), Missing))]
pub async fn diff(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Query(params): Query<DiffParams>,
) -> ApiResult<Diff> {
    let wrong = |name: &str, text: &str| ErrorResponse::bad_request("bad_parameter", Some(name), text);
    let from = params.from.ok_or_else(|| wrong("from", "from must be a version number."))?;
    let to = match params.to.as_deref() {
        None | Some("current") => None,
        Some(text) => Some(text.parse().map_err(|_| wrong("to", "to must be a version number or current."))?),
    };
    Ok(success(Diff { diff: app.version_diff(&ctx, at.id, from, to).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restoring {
    /// The revision to replace, instead of the header `If-Match`.
    revision: Option<i64>,
}

/// Restore a version
///
/// Replaces the dataset's config by that of the version, as a new revision, validated against the
/// live tables.
#[utoipa::path(post, path = "/api/datasets/{id}/versions/{number}/restore", operation_id = "restore_version", tag = "versions",
    params(VersionPath, IfMatch), request_body = Option<Restoring>,
    responses((status = 200, description = "The dataset.", body = DatasetSaved, headers(("ETag" = String, description = "The revision."))),
        Missing, Stale, WarehouseRefused, WarehouseTimeout))]
pub async fn restore(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<VersionPath>,
    headers: HeaderMap,
    Body(body): Body<Restoring>,
) -> ApiResult<DatasetSaved> {
    let revision = expected_revision(&headers, body.revision)?;
    let dataset = app.restore_version(&ctx, at.id, at.number, revision).await?;
    Ok(saved(dataset, format!("Version {} restored.", at.number)))
}

#[derive(Serialize, ToSchema)]
pub struct TableDrift {
    drift: DriftReport,
}

/// Get table changes since the last version
///
/// Since the active version, or the latest one.
#[utoipa::path(get, path = "/api/datasets/{id}/drift", operation_id = "get_drift", tag = "versions", params(DatasetPath),
    responses((status = 200, description = "The changes; those that the dataset uses come first.", body = TableDrift), Missing, WarehouseRefused, WarehouseTimeout))]
pub async fn drift(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Query<Nothing>,
) -> ApiResult<TableDrift> {
    Ok(success(TableDrift { drift: app.drift(&ctx, at.id).await? }))
}
