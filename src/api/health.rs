//! Whether the process lives, and whether it can answer.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Answer, success};
use super::refusals::NotReady;
use crate::service::App;

/// Nothing beside the status.
#[derive(Serialize, ToSchema)]
pub struct Well {}

/// Ask whether the process lives
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "server", responses((status = 200, description = "It does.", body = Well)))]
pub async fn alive() -> Answer<Well> {
    Ok(success(Well {}))
}

/// Ask whether the server can answer
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness", tag = "server",
    responses((status = 200, description = "Its database and its warehouse answer.", body = Well), NotReady))]
pub async fn ready(State(app): State<App>) -> Answer<Well> {
    app.ready().await?;
    Ok(success(Well {}))
}
