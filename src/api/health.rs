//! Whether the process is alive, and whether it is ready.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{ApiResult, success};
use super::refusals::NotReady;
use crate::service::App;

/// Only the status.
#[derive(Serialize, ToSchema)]
pub struct Well {}

/// Check liveness
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "server", responses((status = 200, description = "The process is running.", body = Well)))]
pub async fn alive() -> ApiResult<Well> {
    Ok(success(Well {}))
}

/// Check readiness
///
/// Reads and writes the database, and lists the warehouse's tables.
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness", tag = "server",
    responses((status = 200, description = "The database is readable and writable, and the warehouse responds.", body = Well), NotReady))]
pub async fn ready(State(app): State<App>) -> ApiResult<Well> {
    app.ready().await?;
    Ok(success(Well {}))
}
