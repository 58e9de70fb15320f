//! Whether the process is alive, and whether it is ready.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Answer, success};
use super::refusals::NotReady;
use crate::service::App;

/// Nothing beside the status.
#[derive(Serialize, ToSchema)]
pub struct Well {}

/// Check whether the process is alive
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "server", responses((status = 200, description = "It does.", body = Well)))]
pub async fn alive() -> Answer<Well> {
    Ok(success(Well {}))
}

/// Check whether the server is ready
///
/// Reads the database's tables, flushes a small write to its disk, and lists the warehouse's
/// tables.
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness", tag = "server",
    responses((status = 200, description = "Its database can be read and written, and its warehouse answers.", body = Well), NotReady))]
pub async fn ready(State(app): State<App>) -> Answer<Well> {
    app.ready().await?;
    Ok(success(Well {}))
}
