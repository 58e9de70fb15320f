//! `/api/models/`: models and their tables.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::answer::{ApiResult, success};
use super::context::Context;
use super::extract::{Body, InPath, ModelPath, TablePath};
use super::query::{Nothing, Query};
use super::refusals::{HasDatasets, Missing, MissingTable, NameTaken, WarehouseRefused, WarehouseTimeout};
use super::replies::Done;
use crate::domain::dataset::Role;
use crate::domain::dto::{self, ModelInput};
use crate::domain::name::{ColumnName, TableName};
use crate::domain::schema::{Column, ColumnType, Mode, TableInfo, TableKind};
use crate::service::{App, DescribedTable};

/// An ML project with its datasets.
#[derive(Serialize, ToSchema)]
pub struct Model {
    id: i64,
    name: String,
    description: String,
    /// `None` for the embedded warehouse.
    gcp_project_id: Option<String>,
    location: Option<String>,
    dataset_count: u32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<dto::Model> for Model {
    fn from(model: dto::Model) -> Self {
        let dto::Model { id, dataset_count, created_at, updated_at, .. } = model;
        let ModelInput { name, description, gcp_project_id, location } = model.into();
        Self { id, name, description, gcp_project_id, location, dataset_count, created_at, updated_at }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Models {
    /// By name.
    models: Vec<Model>,
}

#[derive(Serialize, ToSchema)]
pub struct OneModel {
    model: Model,
}

#[derive(Serialize, ToSchema)]
pub struct ModelMade {
    message: String,
    model_id: i64,
    model: Model,
}

#[derive(Serialize, ToSchema)]
pub struct ModelSaved {
    message: String,
    model: Model,
}

/// List the models
#[utoipa::path(get, path = "/api/models", operation_id = "list_models", tag = "models",
    responses((status = 200, description = "All models.", body = Models)))]
pub async fn list(State(app): State<App>, Context(ctx): Context, _: Query<Nothing>) -> ApiResult<Models> {
    let models = app.models(&ctx).await?;
    Ok(success(Models { models: models.into_iter().map(Model::from).collect() }))
}

/// Create a model
///
/// With `gcp_project_id`, it reads the BigQuery dataset in that project; without, the embedded
/// warehouse.
#[utoipa::path(post, path = "/api/models/create", operation_id = "create_model", tag = "models", request_body = ModelInput,
    responses((status = 200, description = "The created model.", body = ModelMade), NameTaken))]
pub async fn create(State(app): State<App>, Context(ctx): Context, Body(input): Body<ModelInput>) -> ApiResult<ModelMade> {
    let model = app.create_model(&ctx, &input).await?;
    Ok(success(ModelMade { message: "Model created.".into(), model_id: model.id, model: model.into() }))
}

/// Get a model
#[utoipa::path(get, path = "/api/models/{id}", operation_id = "get_model", tag = "models", params(ModelPath),
    responses((status = 200, description = "The model.", body = OneModel), Missing))]
pub async fn one(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    _: Query<Nothing>,
) -> ApiResult<OneModel> {
    Ok(success(OneModel { model: app.model(&ctx, at.id).await?.into() }))
}

/// Changes to a model. Absent fields are not changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelChange {
    #[schema(max_length = 255)]
    name: Option<String>,
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// `null` connects the model to the embedded warehouse.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    gcp_project_id: Option<Option<String>>,
    /// `null` uses the location of the BigQuery dataset.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    location: Option<Option<String>>,
}

/// `null` is a value, and different from an absent field.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Update a model
#[utoipa::path(post, path = "/api/models/{id}/update", operation_id = "update_model", tag = "models", params(ModelPath),
    request_body = ModelChange, responses((status = 200, description = "The updated model.", body = ModelSaved), Missing, NameTaken))]
pub async fn update(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Body(change): Body<ModelChange>,
) -> ApiResult<ModelSaved> {
    let stored = ModelInput::from(app.model(&ctx, at.id).await?);
    let input = ModelInput {
        name: change.name.unwrap_or(stored.name),
        description: change.description.unwrap_or(stored.description),
        gcp_project_id: change.gcp_project_id.unwrap_or(stored.gcp_project_id),
        location: change.location.unwrap_or(stored.location),
    };
    let model = app.update_model(&ctx, at.id, &input).await?;
    Ok(success(ModelSaved { message: "Model saved.".into(), model: model.into() }))
}

/// Delete a model
///
/// Only a model without datasets. Its tables are not affected.
#[utoipa::path(post, path = "/api/models/{id}/delete", operation_id = "delete_model", tag = "models", params(ModelPath),
    request_body = Option<super::bodies::Empty>, responses((status = 200, description = "The model is deleted.", body = Done), Missing, HasDatasets))]
pub async fn delete(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    _: Body<super::bodies::Empty>,
) -> ApiResult<Done> {
    app.delete_model(&ctx, at.id).await?;
    Ok(success(Done { message: "Model deleted.".into() }))
}

#[derive(Serialize, ToSchema)]
pub struct TableList {
    /// By name; empty if the BigQuery dataset is empty.
    tables: Vec<Table>,
}

/// A table and its metadata.
#[derive(Serialize, ToSchema)]
pub struct Table {
    table_id: String,
    full_name: TableName,
    kind: TableKind,
    /// `null` if only a query could count them, as for a view.
    row_count: Option<u64>,
    size_bytes: Option<u64>,
    /// In units of 2^20 bytes, with two decimals.
    size_mb: Option<f64>,
    column_count: Option<u32>,
    last_modified: Option<DateTime<Utc>>,
    /// Why the table cannot be used, if so.
    problem: Option<String>,
}

impl From<TableInfo> for Table {
    fn from(table: TableInfo) -> Self {
        Self {
            table_id: table.name.table().to_owned(),
            full_name: table.name,
            kind: table.kind,
            row_count: table.rows,
            size_bytes: table.bytes,
            size_mb: table.bytes.map(|bytes| (bytes as f64 / 1_048_576.0 * 100.0).round() / 100.0),
            column_count: table.columns,
            last_modified: table.last_modified,
            problem: table.problem,
        }
    }
}

/// List the tables of a model
///
/// A missing BigQuery dataset returns 404 with `no_dataset`, a missing permission 502 with
/// `no_permission`, and an empty dataset an empty list.
#[utoipa::path(get, path = "/api/models/{id}/bq-tables", operation_id = "list_tables", tag = "tables", params(ModelPath),
    responses((status = 200, description = "The tables.", body = TableList), MissingTable, WarehouseRefused, WarehouseTimeout))]
pub async fn tables(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    _: Query<Nothing>,
) -> ApiResult<TableList> {
    Ok(success(TableList { tables: app.tables(&ctx, at.id).await?.into_iter().map(Table::from).collect() }))
}

#[derive(Serialize, ToSchema)]
pub struct TableColumns {
    table_name: TableName,
    schema: Vec<SchemaColumn>,
    /// Columns that cannot be used, each with the reason.
    unusable: Vec<UnusableColumn>,
}

/// A column, with suggestions from its name and type.
#[derive(Serialize, ToSchema)]
pub struct SchemaColumn {
    name: ColumnName,
    r#type: ColumnType,
    mode: Mode,
    description: Option<String>,
    /// `null` without a suggestion.
    suggested_role: Option<Role>,
    /// Whether its name and type are those of a key.
    is_potential_join_key: bool,
}

#[derive(Serialize, ToSchema)]
pub struct UnusableColumn {
    name: String,
    reason: String,
}

/// Get a table's columns
#[utoipa::path(get, path = "/api/models/{id}/bq-tables/{table}/schema", operation_id = "get_table_schema", tag = "tables", params(TablePath),
    responses((status = 200, description = "The columns, in order.", body = TableColumns), MissingTable, WarehouseRefused, WarehouseTimeout))]
pub async fn schema(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<TablePath>,
    _: Query<Nothing>,
) -> ApiResult<TableColumns> {
    let DescribedTable { schema, roles, keys } = app.described_table(&ctx, at.id, &at.table).await?;
    let columns = schema.columns.into_iter().zip(roles).zip(keys).map(|((column, suggested_role), is_potential_join_key)| {
        let Column { name, column_type, mode, description } = column;
        SchemaColumn { name, r#type: column_type, mode, description, suggested_role, is_potential_join_key }
    });
    let unusable = schema.unusable.into_iter().map(|(name, reason)| UnusableColumn { name, reason }).collect();
    Ok(success(TableColumns { table_name: schema.table, schema: columns.collect(), unusable }))
}
