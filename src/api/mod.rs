//! The REST routes: each reads its parameters, calls one use case and writes the envelope. Decides nothing itself.
//!
//! Paths are registered without the slash at the end; the site's outermost layer takes it off, so both forms work.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

use crate::service::App;

mod analysis;
mod answer;
mod datasets;
mod detection;
mod extract;
mod models;
mod profiles;
mod queries;
mod transfer;
mod versions;

use answer::{Answer, success};
pub use answer::{ApiError, failure_response};

/// Everything under `/api/`, with JSON for what is not there.
pub fn routes(app: App) -> Router {
    Router::new()
        .route("/api/models", get(models::list))
        .route("/api/models/create", post(models::create))
        .route("/api/models/{id}", get(models::one))
        .route("/api/models/{id}/update", post(models::update))
        .route("/api/models/{id}/datasets", get(datasets::list))
        .route("/api/models/{id}/datasets/create", post(datasets::create))
        .route("/api/models/{id}/datasets/check-name", post(datasets::check_name))
        .route("/api/models/{id}/bq-tables", get(models::tables))
        .route("/api/models/{id}/bq-tables/{table}/schema", get(models::schema))
        .route("/api/models/{id}/bq-tables/{table}/stats", get(profiles::stats))
        .route("/api/models/{id}/bq-tables/{table}/stats/estimate", get(profiles::estimate))
        .route("/api/models/{id}/bq-tables/{table}/columns/{column}/samples", get(profiles::samples))
        .route("/api/models/{id}/detect-joins", post(detection::detect_joins))
        .route("/api/models/{id}/detect-joins/estimate", post(detection::estimate))
        .route("/api/models/{id}/suggest-columns", post(detection::suggest_columns))
        .route("/api/models/{id}/compile", post(queries::compile))
        .route("/api/models/{id}/datasets/import", post(transfer::import))
        .route("/api/models/{id}/datasets/compare", post(analysis::compare))
        .route("/api/datasets/{id}", get(datasets::one))
        .route("/api/datasets/{id}/update", post(datasets::update))
        .route("/api/datasets/{id}/delete", post(datasets::delete))
        .route("/api/datasets/{id}/undelete", post(datasets::undelete))
        .route("/api/datasets/{id}/export", get(transfer::export))
        .route("/api/datasets/{id}/clone", post(datasets::clone))
        .route("/api/datasets/{id}/activate", post(datasets::activate))
        .route("/api/datasets/{id}/deactivate", post(datasets::deactivate))
        .route("/api/datasets/{id}/count", post(queries::count))
        .route("/api/datasets/{id}/analyze", post(analysis::analyze))
        .route("/api/datasets/{id}/analyze/estimate", get(analysis::estimate))
        .route("/api/datasets/{id}/analyze/progress", get(analysis::progress))
        .route("/api/datasets/{id}/analyze/cancel", post(analysis::cancel))
        .route("/api/datasets/{id}/versions", get(versions::list))
        .route("/api/datasets/{id}/versions/diff", get(versions::diff))
        .route("/api/datasets/{id}/versions/{number}", get(versions::one))
        .route("/api/datasets/{id}/versions/{number}/restore", post(versions::restore))
        .route("/api/datasets/{id}/drift", get(versions::drift))
        .route("/api/datasets/{id}/summary", get(analysis::summary))
        .route("/api/datasets/{id}/preview", get(queries::preview))
        .route("/api/datasets/{id}/query", get(queries::query))
        .route("/api/datasets/{id}/query/split", get(queries::split_queries))
        .route("/api/datasets/{id}/query/tfx", get(queries::tfx))
        .route("/api/datasets/{id}/validate-query", post(queries::validate_query))
        .route("/api", get(no_route))
        .route("/api/{*rest}", axum::routing::any(no_route))
        .method_not_allowed_fallback(no_method)
        .with_state(app)
}

/// Whether the process lives, and whether it can answer.
pub fn health(app: App) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .method_not_allowed_fallback(no_method)
        .with_state(app)
}

async fn alive() -> Response {
    success(json!({}))
}

async fn ready(State(app): State<App>) -> Answer {
    app.ready().await?;
    Ok(success(json!({})))
}

async fn no_route() -> ApiError {
    ApiError::new(404, "not_found", "There is no such route.")
}

async fn no_method() -> ApiError {
    ApiError::new(405, "method_not_allowed", "This route does not take that method.")
}
