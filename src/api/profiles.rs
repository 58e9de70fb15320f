//! Column profiles.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::answer::{ApiResult, success};
use super::context::Context;
use super::estimates::ProfileEstimate;
use super::extract::{ColumnPath, InPath, TablePath};
use super::query::Query;
use super::refusals::{Busy, MissingTable, WarehouseRefused, WarehouseTimeout};
use crate::domain::profile::{ColumnProfile, ProfileMeta, ValueCount};
use crate::service::App;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ProfiledColumns {
    /// Columns to profile, at most 100; all columns by default.
    #[param(style = Form, explode = false, example = json!(["channel", "ordered_at"]))]
    columns: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
pub struct Profile {
    stats: Stats,
}

/// Columns by name, and the cost of profiling them.
#[derive(Serialize)]
pub struct Stats {
    #[serde(flatten)]
    columns: BTreeMap<String, ColumnProfile>,
    _meta: ProfileMeta,
}

impl PartialSchema for Stats {
    fn schema() -> RefOr<Schema> {
        let columns = AdditionalProperties::RefOr(RefOr::Ref(Ref::from_schema_name(ColumnProfile::name())));
        ObjectBuilder::new()
            .description(Some("Columns by name, and in `_meta` the cost of profiling them."))
            .property("_meta", Ref::from_schema_name(ProfileMeta::name()))
            .required("_meta")
            .additional_properties(Some(columns))
            .into()
    }
}

impl ToSchema for Stats {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        for (name, schema) in [(ColumnProfile::name(), ColumnProfile::schema()), (ProfileMeta::name(), ProfileMeta::schema())] {
            schemas.push((name.into(), schema));
        }
        ColumnProfile::schemas(schemas);
        ProfileMeta::schemas(schemas);
    }
}

/// Profile a table's columns
///
/// Nulls, distinct values, range, mean, quantiles, lengths, most frequent values and a histogram,
/// by one scan of the table. Cached until the table changes.
#[utoipa::path(get, path = "/api/models/{id}/bq-tables/{table}/stats", operation_id = "get_table_stats", tag = "tables", params(TablePath, ProfiledColumns),
    responses((status = 200, description = "The statistics, by column.", body = Profile), MissingTable, Busy, WarehouseRefused, WarehouseTimeout))]
pub async fn stats(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<TablePath>,
    Query(params): Query<ProfiledColumns>,
) -> ApiResult<Profile> {
    let profile = app.profile(&ctx, at.id, &at.table, params.columns.as_deref()).await?;
    let columns = profile.columns.into_iter().map(|column| (column.name.clone(), column)).collect();
    Ok(success(Profile { stats: Stats { columns, _meta: profile.meta } }))
}

#[derive(Serialize, ToSchema)]
pub struct ProfilePrice {
    estimate: ProfileEstimate,
}

/// Estimate what a profile would read
#[utoipa::path(get, path = "/api/models/{id}/bq-tables/{table}/stats/estimate", operation_id = "estimate_table_stats", tag = "tables",
    params(TablePath, ProfiledColumns),
    responses((status = 200, description = "The estimate, from a dry run: nothing is read.", body = ProfilePrice), MissingTable, WarehouseRefused, WarehouseTimeout))]
pub async fn estimate(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<TablePath>,
    Query(params): Query<ProfiledColumns>,
) -> ApiResult<ProfilePrice> {
    let estimate = app.profile_estimate(&ctx, at.id, &at.table, params.columns.as_deref()).await?;
    Ok(success(ProfilePrice { estimate: estimate.into() }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ValueParams {
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// Values that contain this text, case-insensitive.
    #[param(max_length = 1000)]
    search: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Values {
    /// Most frequent first.
    sample_values: Vec<ValueCount>,
    /// Whether these are all values.
    complete: bool,
}

/// List a column's values
///
/// With their counts, most frequent first; from all rows of the table, not from a sample.
#[utoipa::path(get, path = "/api/models/{id}/bq-tables/{table}/columns/{column}/samples", operation_id = "list_column_values", tag = "tables",
    params(ColumnPath, ValueParams),
    responses((status = 200, description = "The values.", body = Values), MissingTable, Busy, WarehouseRefused, WarehouseTimeout))]
pub async fn samples(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ColumnPath>,
    Query(params): Query<ValueParams>,
) -> ApiResult<Values> {
    let limit = params.limit.unwrap_or(10);
    let found = app.column_values(&ctx, at.id, &at.table, &at.column, params.search.as_deref(), limit).await?;
    Ok(success(Values { sample_values: found.values, complete: found.complete }))
}
