//! Server functions: the pages' typed calls, JSON both ways. Each calls one service and decides
//! nothing itself.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::domain::cost::Estimate;
use crate::domain::dataset::{DatasetConfig, Split, Status};
use crate::domain::impact;
use crate::domain::joins::{JoinDetection, VerifiedJoins, VerifyEstimate};
// `#[server]` makes a type of each function's name, so Model, Dataset and Preview are written with
// their module.
use crate::domain::dto::{
    self, Analyzed, Comparison, Counts, DatasetInput, DatasetPage, DriftReport, ListQuery, ModelInput, NameCheck, Overview,
    Progress, QueryView,
};
use crate::domain::profile::{self, ProfileEstimate, TableProfile};
use crate::domain::roles::RoleSuggestions;
use crate::domain::schema::{TableInfo, TableSchema};
use crate::domain::tfx::TfxArtefact;
use crate::error::ApiError;

#[cfg(feature = "ssr")]
fn app() -> Result<crate::service::App, ApiError> {
    use_context().ok_or_else(|| ApiError::new(500, "internal", "The server is not ready."))
}

/// On whose behalf a call acts: the browser's, or that of the page being rendered on the server.
#[cfg(feature = "ssr")]
fn context() -> Result<crate::service::RequestContext, ApiError> {
    let known = use_context::<http::request::Parts>().and_then(|parts| parts.extensions.get().cloned());
    known.ok_or_else(|| ApiError::new(500, "internal", "The request has no user context."))
}

/// Whether the server responds.
#[server(input = Json, prefix = "/_fn", endpoint = "ping")]
pub async fn ping() -> Result<(), ApiError> {
    Ok(app()?.ready().await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "models")]
pub async fn models() -> Result<Vec<dto::Model>, ApiError> {
    Ok(app()?.models(&context()?).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "model")]
pub async fn model(model_id: i64) -> Result<dto::Model, ApiError> {
    Ok(app()?.model(&context()?, model_id).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "create-model")]
pub async fn create_model(input: ModelInput) -> Result<dto::Model, ApiError> {
    Ok(app()?.create_model(&context()?, &input).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "update-model")]
pub async fn update_model(model_id: i64, input: ModelInput) -> Result<dto::Model, ApiError> {
    Ok(app()?.update_model(&context()?, model_id, &input).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "datasets")]
pub async fn datasets(model_id: i64, query: ListQuery) -> Result<DatasetPage, ApiError> {
    Ok(app()?.datasets(&context()?, model_id, &query).await?)
}

/// The names of all datasets of a model, for a selection list.
#[server(input = Json, prefix = "/_fn", endpoint = "dataset-names")]
pub async fn dataset_names(model_id: i64) -> Result<Vec<dto::DatasetName>, ApiError> {
    Ok(app()?.dataset_names(&context()?, model_id).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "check-name")]
pub async fn check_name(model_id: i64, name: String, exclude_id: Option<i64>) -> Result<NameCheck, ApiError> {
    Ok(app()?.check_name(&context()?, model_id, &name, exclude_id).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "dataset")]
pub async fn dataset(id: i64) -> Result<dto::Dataset, ApiError> {
    Ok(app()?.dataset(&context()?, id).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "create-dataset")]
pub async fn create_dataset(model_id: i64, input: DatasetInput) -> Result<dto::Dataset, ApiError> {
    Ok(app()?.create_dataset(&context()?, model_id, &input).await?)
}

/// `revision` is the one that the edit started from; if the store has another, 409 `stale`.
#[server(input = Json, prefix = "/_fn", endpoint = "update-dataset")]
pub async fn update_dataset(id: i64, revision: i64, input: DatasetInput) -> Result<dto::Dataset, ApiError> {
    Ok(app()?.replace_dataset(&context()?, id, Some(revision), &input).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "delete-dataset")]
pub async fn delete_dataset(id: i64, force: bool) -> Result<(), ApiError> {
    Ok(app()?.delete_dataset(&context()?, id, force).await?)
}

/// Restores a deleted dataset, with its versions; 409 `name_taken` if its name is in use by now.
#[server(input = Json, prefix = "/_fn", endpoint = "undelete-dataset")]
pub async fn undelete_dataset(id: i64) -> Result<dto::Dataset, ApiError> {
    Ok(app()?.undelete_dataset(&context()?, id).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "clone-dataset")]
pub async fn clone_dataset(id: i64, name: Option<String>) -> Result<dto::Dataset, ApiError> {
    Ok(app()?.clone_dataset(&context()?, id, name.as_deref()).await?)
}

/// Activating validates and freezes a version; back to draft only changes the status.
#[server(input = Json, prefix = "/_fn", endpoint = "set-status")]
pub async fn set_status(id: i64, status: Status) -> Result<dto::Dataset, ApiError> {
    Ok(app()?.set_status(&context()?, id, status).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "tables")]
pub async fn tables(model_id: i64) -> Result<Vec<TableInfo>, ApiError> {
    Ok(app()?.tables(&context()?, model_id).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "table-schemas")]
pub async fn table_schemas(model_id: i64, tables: Vec<String>) -> Result<Vec<TableSchema>, ApiError> {
    Ok(app()?.schemas(&context()?, model_id, &tables).await?)
}

/// The profiles of a table's columns; of all if none is named. Runs a query only for columns that
/// are not cached.
#[server(input = Json, prefix = "/_fn", endpoint = "profile")]
pub async fn profile(model_id: i64, table: String, columns: Option<Vec<String>>) -> Result<TableProfile, ApiError> {
    Ok(app()?.profile(&context()?, model_id, &table, columns.as_deref()).await?)
}

/// What a profile would read and cost.
#[server(input = Json, prefix = "/_fn", endpoint = "estimate-profile")]
pub async fn estimate_profile(model_id: i64, table: String, columns: Option<Vec<String>>) -> Result<ProfileEstimate, ApiError> {
    Ok(app()?.profile_estimate(&context()?, model_id, &table, columns.as_deref()).await?)
}

/// The most frequent values of a column, those with `search` in their text.
#[server(input = Json, prefix = "/_fn", endpoint = "column-values")]
pub async fn column_values(
    model_id: i64,
    table: String,
    column: String,
    search: Option<String>,
    limit: u32,
) -> Result<profile::ColumnValues, ApiError> {
    Ok(app()?.column_values(&context()?, model_id, &table, &column, search.as_deref(), limit).await?)
}

/// Joins of tables, the primary first; with `verify`, checked with the data, which may cost: see
/// [`estimate_joins`].
#[server(input = Json, prefix = "/_fn", endpoint = "detect-joins")]
pub async fn detect_joins(model_id: i64, tables: Vec<String>, verify: bool) -> Result<JoinDetection, ApiError> {
    Ok(app()?.detect_joins(&context()?, model_id, &tables, verify).await?)
}

/// What verifying joins with the data would read and cost.
#[server(input = Json, prefix = "/_fn", endpoint = "estimate-joins")]
pub async fn estimate_joins(model_id: i64, tables: Vec<String>) -> Result<VerifyEstimate, ApiError> {
    Ok(app()?.joins_estimate(&context()?, model_id, &tables).await?)
}

/// Verification of an unsaved config's joins. If it would cost, it runs only when `agreed`;
/// otherwise its price is returned.
#[server(input = Json, prefix = "/_fn", endpoint = "weigh-joins")]
pub async fn verify_joins(model_id: i64, config: DatasetConfig, agreed: bool) -> Result<VerifiedJoins, ApiError> {
    Ok(app()?.verify_joins(&context()?, model_id, &config, agreed).await?)
}

/// Columns for the roles of a dataset over these tables, the primary first.
#[server(input = Json, prefix = "/_fn", endpoint = "suggest-columns")]
pub async fn suggest_columns(model_id: i64, tables: Vec<String>) -> Result<RoleSuggestions, ApiError> {
    Ok(app()?.suggest_columns(&context()?, model_id, &tables).await?)
}

/// The SQL of an unsaved config, dry-run by the warehouse.
#[server(input = Json, prefix = "/_fn", endpoint = "check-config")]
pub async fn check_config(model_id: i64, config: DatasetConfig, split: Option<Split>) -> Result<QueryView, ApiError> {
    Ok(app()?.check_config(&context()?, model_id, &config, split).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "preview-config")]
pub async fn preview_config(
    model_id: i64,
    config: DatasetConfig,
    split: Option<Split>,
    limit: u32,
) -> Result<dto::Preview, ApiError> {
    Ok(app()?.preview_config(&context()?, model_id, &config, split, limit).await?)
}

/// The filter impact of an unsaved config; if that is metered and not cached, its price until
/// `agreed` is true.
#[server(input = Json, prefix = "/_fn", endpoint = "filter-effect")]
pub async fn filter_impact(model_id: i64, config: DatasetConfig, agreed: bool) -> Result<impact::ImpactAnswer, ApiError> {
    Ok(app()?.filter_impact(&context()?, model_id, &config, agreed).await?)
}

/// What looking up values of a column would read and cost; nothing if they are cached.
#[server(input = Json, prefix = "/_fn", endpoint = "estimate-values")]
pub async fn estimate_values(
    model_id: i64,
    table: String,
    column: String,
    search: Option<String>,
    limit: u32,
) -> Result<ProfileEstimate, ApiError> {
    Ok(app()?.values_estimate(&context()?, model_id, &table, &column, search.as_deref(), limit).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "query")]
pub async fn query(id: i64, split: Option<Split>) -> Result<QueryView, ApiError> {
    Ok(app()?.query(&context()?, id, split, false).await?)
}

/// The query of the whole and of each split, each dry-run.
#[server(input = Json, prefix = "/_fn", endpoint = "queries")]
pub async fn queries(id: i64) -> Result<Vec<dto::PartQuery>, ApiError> {
    Ok(app()?.part_queries(&context()?, id).await?)
}

/// The TFX artefact of a dataset. Freezes a version.
#[server(input = Json, prefix = "/_fn", endpoint = "export-tfx")]
pub async fn export_tfx(id: i64) -> Result<TfxArtefact, ApiError> {
    Ok(app()?.export_tfx(&context()?, id).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "preview")]
pub async fn preview(id: i64, split: Option<Split>, limit: u32) -> Result<dto::Preview, ApiError> {
    Ok(app()?.preview(&context()?, id, split, limit).await?)
}

/// Counts the saved dataset's rows, users and products, and stores them for its card.
#[server(input = Json, prefix = "/_fn", endpoint = "count")]
pub async fn count(id: i64) -> Result<Counts, ApiError> {
    Ok(app()?.count(&context()?, id).await?)
}

/// The stored analysis if config and tables have not changed, else a new one; `refresh` forces a
/// run. 409 `cancelled` if someone stopped it.
#[server(input = Json, prefix = "/_fn", endpoint = "analyze")]
pub async fn analyze(id: i64, refresh: bool) -> Result<Analyzed, ApiError> {
    Ok(app()?.analyze(&context()?, id, refresh).await?)
}

/// What an analysis would read and cost.
#[server(input = Json, prefix = "/_fn", endpoint = "estimate-analysis")]
pub async fn estimate_analysis(id: i64) -> Result<Estimate, ApiError> {
    Ok(app()?.analysis_estimate(&context()?, id).await?)
}

/// `None` while no analysis runs.
#[server(input = Json, prefix = "/_fn", endpoint = "analysis-progress")]
pub async fn analysis_progress(id: i64) -> Result<Option<Progress>, ApiError> {
    Ok(app()?.analysis_progress(&context()?, id).await?)
}

/// Whether an analysis was running.
#[server(input = Json, prefix = "/_fn", endpoint = "cancel-analysis")]
pub async fn cancel_analysis(id: i64) -> Result<bool, ApiError> {
    Ok(app()?.cancel_analysis(&context()?, id).await?)
}

#[server(input = Json, prefix = "/_fn", endpoint = "version")]
pub async fn version(id: i64, number: u32) -> Result<dto::Version, ApiError> {
    Ok(app()?.version(&context()?, id, number).await?)
}

/// Without `to`, compared with the current dataset.
#[server(input = Json, prefix = "/_fn", endpoint = "version-diff")]
pub async fn version_diff(id: i64, from: u32, to: Option<u32>) -> Result<dto::VersionDiff, ApiError> {
    Ok(app()?.version_diff(&context()?, id, from, to).await?)
}

/// `revision` is the one that the person saw; if the store has another, 409 `stale`.
#[server(input = Json, prefix = "/_fn", endpoint = "restore-version")]
pub async fn restore_version(id: i64, number: u32, revision: i64) -> Result<dto::Dataset, ApiError> {
    Ok(app()?.restore_version(&context()?, id, number, Some(revision)).await?)
}

/// What has changed in the tables since the active version, or the latest.
#[server(input = Json, prefix = "/_fn", endpoint = "drift")]
pub async fn drift(id: i64) -> Result<DriftReport, ApiError> {
    Ok(app()?.drift(&context()?, id).await?)
}

/// A dataset in words with its stored analysis; no request to the warehouse.
#[server(input = Json, prefix = "/_fn", endpoint = "summary")]
pub async fn summary(id: i64) -> Result<Overview, ApiError> {
    Ok(app()?.summary(&context()?, id).await?)
}

/// Two to five datasets of a model side by side.
#[server(input = Json, prefix = "/_fn", endpoint = "compare")]
pub async fn compare(model_id: i64, dataset_ids: Vec<i64>) -> Result<Comparison, ApiError> {
    Ok(app()?.compare(&context()?, model_id, &dataset_ids).await?)
}
