//! Versions of a dataset, and changes of its tables.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Answer, ApiError, success};
use super::context::Context;
use super::extract::{Body, DatasetPath, IfMatch, InPath, VersionPath, expected_revision};
use super::query::{Nothing, Query};
use super::refusals::{Missing, Stale, WarehouseRefused, WarehouseTimeout};
use super::replies::{DatasetSaved, saved};
use crate::domain::record::{DriftReport, Version, VersionDiff, VersionSummary};
use crate::service::App;

#[derive(Serialize, ToSchema)]
pub struct Versions {
    /// Newest first.
    versions: Vec<VersionSummary>,
}

/// List a dataset's versions
#[utoipa::path(get, path = "/api/datasets/{id}/versions", operation_id = "list_versions", tag = "versions", params(DatasetPath),
    responses((status = 200, description = "All of them.", body = Versions), Missing))]
pub async fn list(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Query<Nothing>,
) -> Answer<Versions> {
    Ok(success(Versions { versions: app.versions(&ctx, at.id).await? }))
}

#[derive(Serialize, ToSchema)]
pub struct OneVersion {
    version: Version,
}

/// Get a version
///
/// All that was frozen: config, reference date, SQL of every part, the tables as they were, counts.
#[utoipa::path(get, path = "/api/datasets/{id}/versions/{number}", operation_id = "get_version", tag = "versions", params(VersionPath),
    responses((status = 200, description = "The version.", body = OneVersion), Missing))]
pub async fn one(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<VersionPath>,
    _: Query<Nothing>,
) -> Answer<OneVersion> {
    Ok(success(OneVersion { version: app.version(&ctx, at.id, at.number).await? }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DiffParams {
    /// The number of a version.
    #[param(required = true, minimum = 1)]
    from: Option<u32>,
    /// The number of another, or `current` for the current dataset.
    #[param(default = "current", pattern = "^([1-9][0-9]{0,8}|current)$")]
    to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Diff {
    diff: VersionDiff,
}

/// Compare two versions
///
/// Or a version and the current dataset.
#[utoipa::path(get, path = "/api/datasets/{id}/versions/diff", operation_id = "diff_versions", tag = "versions", params(DatasetPath, DiffParams),
    responses((status = 200, description = "What differs, by path.", body = Diff), Missing))]
pub async fn diff(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Query(asked): Query<DiffParams>,
) -> Answer<Diff> {
    let wrong = |name: &str, text: &str| ApiError::bad_request("bad_parameter", Some(name), text);
    let from = asked.from.ok_or_else(|| wrong("from", "from is the number of a version."))?;
    let to = match asked.to.as_deref() {
        None | Some("current") => None,
        Some(text) => Some(text.parse().map_err(|_| wrong("to", "to is the number of a version, or current."))?),
    };
    Ok(success(Diff { diff: app.version_diff(&ctx, at.id, from, to).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restoring {
    /// The revision that is replaced, instead of the header `If-Match`.
    revision: Option<i64>,
}

/// Restore a version
///
/// Makes its config the dataset's current one, as a new revision: a change like any other, checked
/// against the live tables.
#[utoipa::path(post, path = "/api/datasets/{id}/versions/{number}/restore", operation_id = "restore_version", tag = "versions",
    params(VersionPath, IfMatch), request_body = Option<Restoring>,
    responses((status = 200, description = "The dataset.", body = DatasetSaved, headers(("ETag" = String, description = "The revision."))),
        Missing, Stale, WarehouseRefused, WarehouseTimeout))]
pub async fn restore(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<VersionPath>,
    headers: HeaderMap,
    Body(asked): Body<Restoring>,
) -> Answer<DatasetSaved> {
    let revision = expected_revision(&headers, asked.revision)?;
    let dataset = app.restore_version(&ctx, at.id, at.number, revision).await?;
    Ok(saved(dataset, format!("Version {} is the dataset's config again.", at.number)))
}

#[derive(Serialize, ToSchema)]
pub struct TableDrift {
    drift: DriftReport,
}

/// Get what has changed in a dataset's tables
///
/// Since the version that training reads, or the latest one.
#[utoipa::path(get, path = "/api/datasets/{id}/drift", operation_id = "get_drift", tag = "versions", params(DatasetPath),
    responses((status = 200, description = "What changed, what the dataset uses first.", body = TableDrift), Missing, WarehouseRefused, WarehouseTimeout))]
pub async fn drift(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Query<Nothing>,
) -> Answer<TableDrift> {
    Ok(success(TableDrift { drift: app.drift(&ctx, at.id).await? }))
}
