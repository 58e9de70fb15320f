//! Suggested joins and roles.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{ApiResult, success};
use super::context::Context;
use super::estimates::VerifyEstimate;
use super::extract::{Body, InPath, ModelPath};
use super::refusals::{Busy, MissingTable, WarehouseRefused, WarehouseTimeout};
use crate::domain::joins::{DetectedJoin, JoinDetection, THRESHOLD, Verification};
use crate::domain::name::TableName;
use crate::domain::roles::RoleSuggestion;
use crate::service::App;

#[derive(Deserialize, ToSchema)]
#[schema(as = JoinQuestion)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// Tables by id or full name, the primary table first.
    #[serde(default)]
    #[schema(required = true, min_items = 1, max_items = 60)]
    tables: Vec<String>,
    /// Verify with data: one query per pair of tables.
    #[schema(default = false)]
    verify: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AskedTables)]
#[serde(deny_unknown_fields)]
pub struct TablesRequest {
    /// Tables by id or full name, the primary table first.
    #[serde(default)]
    #[schema(required = true, min_items = 1, max_items = 60)]
    tables: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct DetectedJoins {
    /// Best first.
    detected_joins: Vec<DetectedJoin>,
    /// Indexes of the joins that connect the tables, in an order in which a dataset can join them.
    tree: Vec<usize>,
    /// Tables that no join connects to the first table.
    unconnected: Vec<TableName>,
    /// Minimum score of a suggestion.
    threshold: f64,
    /// `null` without verification.
    verification: Option<Verification>,
    /// Columns that look like keys and cannot be any, as FLOAT64 columns, with what to do.
    notes: Vec<String>,
}

/// Detect joins among tables
///
/// By names, types and keys; with `verify` also by data: the match rate of the left keys, the
/// uniqueness of the right key, and the largest fan-out. Results are cached until a table changes.
#[utoipa::path(post, path = "/api/models/{id}/detect-joins", operation_id = "detect_joins", tag = "suggestions", params(ModelPath),
    request_body = JoinRequest,
    responses((status = 200, description = "Possible joins, with reasons.", body = DetectedJoins), MissingTable, Busy, WarehouseRefused, WarehouseTimeout))]
pub async fn detect_joins(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Body(body): Body<JoinRequest>,
) -> ApiResult<DetectedJoins> {
    let JoinDetection { resolved, verification, notes } =
        app.detect_joins(&ctx, at.id, &body.tables, body.verify.unwrap_or_default()).await?;
    Ok(success(DetectedJoins {
        detected_joins: resolved.joins,
        tree: resolved.tree,
        unconnected: resolved.unconnected,
        threshold: THRESHOLD,
        verification,
        notes,
    }))
}

#[derive(Serialize, ToSchema)]
pub struct JoinEstimate {
    estimate: VerifyEstimate,
}

/// Estimate what verifying joins would read
#[utoipa::path(post, path = "/api/models/{id}/detect-joins/estimate", operation_id = "estimate_joins", tag = "suggestions", params(ModelPath),
    request_body = TablesRequest,
    responses((status = 200, description = "The estimate, from dry runs: nothing is read.", body = JoinEstimate), MissingTable, WarehouseRefused, WarehouseTimeout))]
pub async fn estimate(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Body(body): Body<TablesRequest>,
) -> ApiResult<JoinEstimate> {
    Ok(success(JoinEstimate { estimate: app.joins_estimate(&ctx, at.id, &body.tables).await?.into() }))
}

#[derive(Serialize, ToSchema)]
pub struct Suggestions {
    suggestions: SuggestedRoles,
}

/// Roles without a fitting column are absent.
#[derive(Serialize, ToSchema)]
pub struct SuggestedRoles {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<RoleSuggestion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<RoleSuggestion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<RoleSuggestion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revenue: Option<RoleSuggestion>,
}

/// Suggest columns for the roles
#[utoipa::path(post, path = "/api/models/{id}/suggest-columns", operation_id = "suggest_columns", tag = "suggestions", params(ModelPath),
    request_body = TablesRequest,
    responses((status = 200, description = "The best column for each role, and alternatives.", body = Suggestions),
        MissingTable, WarehouseRefused, WarehouseTimeout))]
pub async fn suggest_columns(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Body(body): Body<TablesRequest>,
) -> ApiResult<Suggestions> {
    use crate::domain::dataset::Role::{ProductId, Revenue, Timestamp, UserId};
    let mut found = app.suggest_columns(&ctx, at.id, &body.tables).await?;
    Ok(success(Suggestions {
        suggestions: SuggestedRoles {
            user_id: found.remove(&UserId),
            product_id: found.remove(&ProductId),
            timestamp: found.remove(&Timestamp),
            revenue: found.remove(&Revenue),
        },
    }))
}
