//! `/api/datasets/` and the datasets of a model.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{ApiResult, success};
use super::bodies::{DatasetUpdate, Empty, NewDataset};
use super::context::Context;
use super::extract::{Body, DatasetPath, IfMatch, InPath, ModelPath, Object, expected_revision};
use super::query::{Nothing, Query};
use super::refusals::{ActiveOrStale, Busy, HasVersions, Missing, NameTaken, TakenOrStale, WarehouseRefused, WarehouseTimeout};
use super::replies::{DatasetSaved, Done, saved};
use crate::domain::dataset::Status;
use crate::domain::dto::{Dataset, DatasetName, DatasetSummary, ListQuery, NameCheck, Pagination};
use crate::service::{App, DatasetChange};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListParams {
    status: Option<Status>,
    /// Text in name or description, case-insensitive, without wildcards.
    #[param(max_length = 1000)]
    search: Option<String>,
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<u32>,
    #[param(minimum = 1, maximum = 50, default = 10)]
    per_page: Option<u32>,
}

/// A page of datasets, most recently changed first.
#[derive(Serialize, ToSchema)]
pub struct Datasets {
    datasets: Vec<DatasetSummary>,
    pagination: Pagination,
}

#[derive(Serialize, ToSchema)]
pub struct DatasetNames {
    /// By name.
    datasets: Vec<DatasetName>,
}

#[derive(Serialize, ToSchema)]
pub struct OneDataset {
    dataset: Dataset,
}

#[derive(Serialize, ToSchema)]
pub struct DatasetMade {
    /// Human-readable.
    message: String,
    dataset_id: i64,
    dataset: Dataset,
}

/// List a model's datasets
///
/// One page, most recently changed first.
#[utoipa::path(get, path = "/api/models/{id}/datasets", operation_id = "list_datasets", tag = "datasets", params(ModelPath, ListParams),
    responses((status = 200, description = "The page; empty after the last one.", body = Datasets), Missing))]
pub async fn list(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Query(params): Query<ListParams>,
) -> ApiResult<Datasets> {
    let defaults = ListQuery::default();
    let query = ListQuery {
        status: params.status,
        search: params.search.unwrap_or_default(),
        page: params.page.unwrap_or(defaults.page),
        per_page: params.per_page.unwrap_or(defaults.per_page),
    };
    let page = app.datasets(&ctx, at.id, &query).await?;
    Ok(success(Datasets { datasets: page.datasets, pagination: page.pagination }))
}

/// List the names of a model's datasets
///
/// All names at once, for selection lists.
#[utoipa::path(get, path = "/api/models/{id}/datasets/names", operation_id = "list_dataset_names", tag = "datasets", params(ModelPath),
    responses((status = 200, description = "All names.", body = DatasetNames), Missing))]
pub async fn names(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    _: Query<Nothing>,
) -> ApiResult<DatasetNames> {
    Ok(success(DatasetNames { datasets: app.dataset_names(&ctx, at.id).await? }))
}

/// Create a dataset
///
/// As a draft. Its config is validated against the current tables; all validation errors are
/// returned at once.
#[utoipa::path(post, path = "/api/models/{id}/datasets/create", operation_id = "create_dataset", tag = "datasets", params(ModelPath),
    request_body = NewDataset,
    responses((status = 200, description = "The created dataset.", body = DatasetMade), Missing, NameTaken, WarehouseRefused, WarehouseTimeout))]
pub async fn create(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Object(body): Object,
) -> ApiResult<DatasetMade> {
    let input = DatasetChange::read(body).await?.new_dataset().await?;
    let dataset = app.create_dataset(&ctx, at.id, &input).await?;
    Ok(success(DatasetMade { message: "Dataset created.".into(), dataset_id: dataset.summary.id, dataset }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedName {
    /// Without it: the empty name, which is not available.
    #[serde(default)]
    name: String,
    /// The dataset that is edited and may have the name already.
    exclude_id: Option<i64>,
}

/// Check whether a name is available
#[utoipa::path(post, path = "/api/models/{id}/datasets/check-name", operation_id = "check_dataset_name", tag = "datasets", params(ModelPath),
    request_body = WantedName, responses((status = 200, description = "Whether it is available, and if not, why.", body = NameCheck), Missing))]
pub async fn check_name(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Body(wanted): Body<WantedName>,
) -> ApiResult<NameCheck> {
    Ok(success(app.check_name(&ctx, at.id, &wanted.name, wanted.exclude_id).await?))
}

/// Get a dataset
///
/// With its config, its versions and its last analysis. The `ETag` is the revision: send it back as
/// `If-Match` with a change.
#[utoipa::path(get, path = "/api/datasets/{id}", operation_id = "get_dataset", tag = "datasets", params(DatasetPath),
    responses((status = 200, description = "The dataset.", body = OneDataset, headers(("ETag" = String, description = "The revision."))), Missing))]
pub async fn one(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Query<Nothing>,
) -> ApiResult<OneDataset> {
    let dataset = app.dataset(&ctx, at.id).await?;
    let revision = dataset.revision;
    Ok(success(OneDataset { dataset }).tagged(revision))
}

/// Update a dataset
///
/// Any subset of name, description and config. With a revision, the update is applied only to that
/// revision; otherwise the response is 409 with both states. Repeating an update changes nothing.
/// Changing the config of an active dataset makes it a draft; training still reads the active
/// version.
#[utoipa::path(post, path = "/api/datasets/{id}/update", operation_id = "update_dataset", tag = "datasets", params(DatasetPath, IfMatch),
    request_body = DatasetUpdate,
    responses((status = 200, description = "The updated dataset.", body = DatasetSaved, headers(("ETag" = String, description = "The revision."))),
        Missing, TakenOrStale, WarehouseRefused, WarehouseTimeout))]
pub async fn update(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    headers: HeaderMap,
    mut body: Object,
) -> ApiResult<DatasetSaved> {
    let revision = expected_revision(&headers, body.take("revision")?)?;
    let change = DatasetChange::read(body.0).await?;
    Ok(saved(app.change_dataset(&ctx, at.id, revision, change).await?, "Dataset saved."))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    /// Also delete its versions.
    #[schema(default = false)]
    force: Option<bool>,
}

/// Delete a dataset
///
/// A dataset with frozen versions needs `force`, because they trace what was trained on it.
/// `undelete` restores it within a month.
#[utoipa::path(post, path = "/api/datasets/{id}/delete", operation_id = "delete_dataset", tag = "datasets", params(DatasetPath),
    request_body = Option<Deletion>, responses((status = 200, description = "The dataset is deleted.", body = Done), Missing, HasVersions))]
pub async fn delete(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Body(body): Body<Deletion>,
) -> ApiResult<Done> {
    app.delete_dataset(&ctx, at.id, body.force.unwrap_or_default()).await?;
    Ok(success(Done { message: "Dataset deleted.".into() }))
}

/// Restore a deleted dataset
///
/// With its versions, within a month of its deletion. Does nothing if it is not deleted.
#[utoipa::path(post, path = "/api/datasets/{id}/undelete", operation_id = "undelete_dataset", tag = "datasets", params(DatasetPath),
    request_body = Option<Empty>,
    responses((status = 200, description = "The restored dataset.", body = DatasetSaved, headers(("ETag" = String, description = "The revision."))),
        Missing, NameTaken))]
pub async fn undelete(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Body<Empty>,
) -> ApiResult<DatasetSaved> {
    Ok(saved(app.undelete_dataset(&ctx, at.id).await?, "Dataset restored."))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cloning {
    /// Default: "… (Copy)", then "… (Copy 2)".
    #[schema(max_length = 255)]
    name: Option<String>,
}

/// Clone a dataset
///
/// Creates a draft with the same description, config and analysis, but without versions.
#[utoipa::path(post, path = "/api/datasets/{id}/clone", operation_id = "clone_dataset", tag = "datasets", params(DatasetPath),
    request_body = Option<Cloning>, responses((status = 200, description = "The copy.", body = DatasetMade), Missing, NameTaken))]
pub async fn clone(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Body(body): Body<Cloning>,
) -> ApiResult<DatasetMade> {
    let copy = app.clone_dataset(&ctx, at.id, body.name.as_deref()).await?;
    let message = format!("Cloned as {}.", copy.summary.name);
    Ok(success(DatasetMade { message, dataset_id: copy.summary.id, dataset: copy }))
}

/// Activate a dataset
///
/// Validates it against the live tables and by dry runs, counts its rows, rejects an empty split,
/// and freezes a version, in one transaction.
#[utoipa::path(post, path = "/api/datasets/{id}/activate", operation_id = "activate_dataset", tag = "datasets", params(DatasetPath),
    request_body = Option<Empty>,
    responses((status = 200, description = "The active dataset.", body = DatasetSaved, headers(("ETag" = String, description = "The revision."))),
        Missing, ActiveOrStale, Busy, WarehouseRefused, WarehouseTimeout))]
pub async fn activate(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Body<Empty>,
) -> ApiResult<DatasetSaved> {
    Ok(saved(app.set_status(&ctx, at.id, Status::Active).await?, "Dataset activated."))
}

/// Deactivate a dataset
///
/// Makes it a draft again. Its versions are kept; none of them is active.
#[utoipa::path(post, path = "/api/datasets/{id}/deactivate", operation_id = "deactivate_dataset", tag = "datasets", params(DatasetPath),
    request_body = Option<Empty>,
    responses((status = 200, description = "The draft.", body = DatasetSaved, headers(("ETag" = String, description = "The revision."))), Missing))]
pub async fn deactivate(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    _: Body<Empty>,
) -> ApiResult<DatasetSaved> {
    Ok(saved(app.set_status(&ctx, at.id, Status::Draft).await?, "Dataset deactivated."))
}
