//! The REST routes: each reads its parameters, calls one use case and writes the envelope. No logic
//! of their own.
//!
//! A route cannot exist without its documentation: [`routes!`] registers both. Paths are registered
//! without the slash at the end; the site's outermost layer removes it, so both forms work.

use axum::Router;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::service::App;

mod about;
mod analysis;
mod answer;
mod bodies;
mod context;
mod datasets;
mod detection;
mod docs;
mod document;
mod estimates;
pub(crate) mod etag;
mod examples;
mod extract;
mod health;
mod links;
mod models;
mod profiles;
mod queries;
mod query;
mod refusals;
mod replies;
mod transfer;
mod versions;

pub(crate) use about::{Fixed, PAGE_POLICY};
pub use answer::{ErrorResponse, error_response};
pub(crate) use docs::escape;

/// Everything under `/api/`, with a JSON error for unknown paths.
pub fn routes(app: App) -> Router {
    let described = OpenApiRouter::with_openapi(document::start()).merge(documented());
    let mut whole = described.get_openapi().clone();
    whole.merge(health_routes().into_openapi());
    let (router, _) = described.split_for_parts();
    let router = router
        .route("/api", get(no_route))
        .route("/api/{*rest}", axum::routing::any(no_route))
        .method_not_allowed_fallback(no_method)
        .with_state(app);
    about::with_document(router, &document::finish(&whole))
}

fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(models::list))
        .routes(routes!(models::create))
        .routes(routes!(models::one))
        .routes(routes!(models::update))
        .routes(routes!(models::delete))
        .routes(routes!(models::tables))
        .routes(routes!(models::schema))
        .routes(routes!(profiles::stats))
        .routes(routes!(profiles::estimate))
        .routes(routes!(profiles::samples))
        .routes(routes!(datasets::list))
        .routes(routes!(datasets::names))
        .routes(routes!(datasets::create))
        .routes(routes!(datasets::check_name))
        .routes(routes!(datasets::one))
        .routes(routes!(datasets::update))
        .routes(routes!(datasets::delete))
        .routes(routes!(datasets::undelete))
        .routes(routes!(datasets::clone))
        .routes(routes!(datasets::activate))
        .routes(routes!(datasets::deactivate))
        .routes(routes!(queries::compile))
        .routes(routes!(queries::validate))
        .routes(routes!(queries::query))
        .routes(routes!(queries::split_queries))
        .routes(routes!(queries::tfx, queries::export_tfx))
        .routes(routes!(queries::validate_query))
        .routes(routes!(queries::preview))
        .routes(routes!(queries::count))
        .routes(routes!(analysis::analyze))
        .routes(routes!(analysis::estimate))
        .routes(routes!(analysis::progress))
        .routes(routes!(analysis::cancel))
        .routes(routes!(analysis::summary))
        .routes(routes!(analysis::compare))
        .routes(routes!(versions::list))
        .routes(routes!(versions::one))
        .routes(routes!(versions::diff))
        .routes(routes!(versions::restore))
        .routes(routes!(versions::drift))
        .routes(routes!(detection::detect_joins))
        .routes(routes!(detection::estimate))
        .routes(routes!(detection::suggest_columns))
        .routes(routes!(transfer::export))
        .routes(routes!(transfer::import))
        .merge(about::routes())
}

/// Whether the process is alive, and whether it is ready.
pub fn health(app: App) -> Router {
    let (router, _) = health_routes().split_for_parts();
    router.method_not_allowed_fallback(no_method).with_state(app)
}

fn health_routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(health::alive)).routes(routes!(health::ready))
}

async fn no_route() -> ErrorResponse {
    ErrorResponse::new(404, "not_found", "Route not found.")
}

async fn no_method() -> ErrorResponse {
    ErrorResponse::new(405, "method_not_allowed", "This route does not support that method.")
}
