//! The API's description of itself: its document, a page to read it, the schema of a config. Built
//! once, served with an `ETag`.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use headers::{ETag, HeaderMapExt};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{docs, etag};
use crate::domain::json_schema::config_schema;
use crate::service::App;

/// A page to read loads only from this server and runs no script.
pub const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Content that stays the same while the server runs.
pub struct Fixed {
    content: Bytes,
    kind: &'static str,
    etag: ETag,
}

impl Fixed {
    pub fn new(content: impl Into<Bytes>, kind: &'static str) -> Self {
        let content = content.into();
        let etag = etag::of_hash(&Sha256::digest(&content)[..16]);
        Self { content, kind, etag }
    }

    fn json(value: &Value) -> Self {
        Self::new(value.to_string(), "application/json")
    }

    /// The content, or 304 if the browser has it already.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let keeping = [(header::CACHE_CONTROL, "no-cache")];
        let mut response = match etag::is_known(headers, &self.etag) {
            true => (StatusCode::NOT_MODIFIED, keeping).into_response(),
            false => (keeping, [(header::CONTENT_TYPE, self.kind)], self.content.clone()).into_response(),
        };
        response.headers_mut().typed_insert(self.etag.clone());
        response
    }
}

/// The document and what is derived from it.
pub struct About {
    document: Fixed,
    page: Fixed,
}

impl About {
    pub fn new(document: &Value) -> Self {
        Self { document: Fixed::json(document), page: Fixed::new(docs::page(document), "text/html; charset=utf-8") }
    }
}

/// These routes. They get the document that they are part of as an extension.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(openapi))
        .routes(routes!(config_schema_json))
        .routes(routes!(page))
        .route("/api/docs.css", axum::routing::get(style))
}

/// Adds the document to the routes.
pub fn with_document(router: Router, document: &Value) -> Router {
    router.layer(Extension(Arc::new(About::new(document))))
}

/// Get this document
#[utoipa::path(get, path = "/api/openapi.json", operation_id = "get_openapi", tag = "server",
    responses((status = 200, description = "OpenAPI 3.1.", body = Value), (status = 304, description = "Not modified: the `ETag` in `If-None-Match` still matches.")))]
async fn openapi(Extension(about): Extension<Arc<About>>, headers: HeaderMap) -> Response {
    about.document.answer(&headers)
}

/// Read this document as a page
#[utoipa::path(get, path = "/api/docs", operation_id = "get_docs", tag = "server",
    responses((status = 200, description = "An HTML page that works offline and runs no scripts.", body = String, content_type = "text/html"),
        (status = 304, description = "Not modified: the `ETag` in `If-None-Match` still matches.")))]
async fn page(Extension(about): Extension<Arc<About>>, headers: HeaderMap) -> Response {
    let mut response = about.page.answer(&headers);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

/// Get the JSON Schema of a config
///
/// For editors and for validation of config files.
#[utoipa::path(get, path = "/api/config-schema.json", operation_id = "get_config_schema", tag = "server",
    responses((status = 200, description = "JSON Schema 2020-12.", body = Value), (status = 304, description = "Not modified: the `ETag` in `If-None-Match` still matches.")))]
async fn config_schema_json(headers: HeaderMap) -> Response {
    static SCHEMA: OnceLock<Fixed> = OnceLock::new();
    SCHEMA.get_or_init(|| Fixed::json(&config_schema())).answer(&headers)
}

async fn style(headers: HeaderMap) -> Response {
    static STYLE: OnceLock<Fixed> = OnceLock::new();
    STYLE.get_or_init(|| Fixed::new(include_str!("docs.css"), "text/css; charset=utf-8")).answer(&headers)
}
