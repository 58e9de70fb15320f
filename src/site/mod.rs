//! The web application: REST, server functions, pages and files in one router, and the middleware
//! around them.
//!
//! From the outside in: request id and trace, metrics, the caller and the path (`same_origin`),
//! receiving the body, catching panics, the request's context (`context`), removing the slash at
//! the end, the router, and for the matched route whether the caller may use it (`access`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_request, map_request_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use futures::StreamExt;
use leptos::config::LeptosOptions;
use leptos::prelude::provide_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list, render_app_to_stream_with_context};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::normalize_path::NormalizePath;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use crate::api::{self, error_response};
use crate::error::ApiError;
use crate::service::App;
use crate::ui;

pub mod access;
mod context;
mod docs;
mod files;
pub mod listener;
mod measure;
mod path;
mod same_origin;

use listener::{Connection, ConnectionLimits};
use same_origin::AllowedHosts;

/// Largest body of a request, in bytes.
const MAX_BODY: usize = 1_000_000;
/// The path of the server functions.
const CALLS: &str = "/_fn/";
/// Maximum duration of a response. Queries have a shorter timeout of their own, which gives the
/// better message.
const TIMEOUT: Duration = Duration::from_secs(330);

/// The whole application. `addr` is where it listens; `hosts` are further names for browsers;
/// `author` is the person on whose behalf requests act: without a sign-in, everyone who can reach
/// the server is one person.
pub fn site(app: App, addr: SocketAddr, hosts: &[String], author: &str) -> Router {
    let metrics = app.metrics().clone();
    let inner = Router::new()
        .merge(api::routes(app.clone()).layer(compression()).layer(from_fn(in_time)))
        .merge(api::health(app.clone()))
        .route("/metrics", get(measure::metrics).with_state(app.metrics().clone()))
        .merge(docs::routes().layer(compression()))
        // Not compressed per response: the large files are compressed when they are built.
        .route("/pkg/{*file}", get(package))
        .merge(pages(app, addr))
        .layer(from_fn(measure::tell_route))
        // The last layer is the first to see a request, once the router has matched it.
        .layer(from_fn(same_origin::admit));
    // The slash at the end has to be removed before the router sees the path.
    Router::new()
        .fallback_service(NormalizePath::trim_trailing_slash(inner))
        .layer(map_request(remember_path))
        .layer(map_request_with_state(Arc::from(author), context::provide))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(receive_body))
        .layer(from_fn_with_state(Arc::new(AllowedHosts::new(addr, hosts)), same_origin::guard))
        .layer(from_fn_with_state(metrics, measure::measure))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(map_request(measure::sane_request_id))
}

/// Pages with their server functions, and files of the site for all other paths.
fn pages(app: App, addr: SocketAddr) -> Router {
    let options =
        LeptosOptions::builder().output_name("trainset").site_root("target/site").site_pkg_dir("pkg").site_addr(addr).build();
    let context = move || {
        provide_context(app.clone());
        same_origin::page_policy();
    };
    let shell = {
        let options = options.clone();
        move || {
            let mut options = options.clone();
            options.site_pkg_dir = files::package().into();
            ui::shell(options)
        }
    };
    // The fallback is a page too, which says that there is none.
    let not_found = render_app_to_stream_with_context(context.clone(), shell.clone());
    let fallback = move |request: Request| async move {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return error_response(405, "method_not_allowed", "This route does not support that method.");
        }
        if let Some(file) = files::answer(request.uri().path(), request.headers()) {
            return file;
        }
        let mut page = not_found(request).await.into_response();
        if page.status() == StatusCode::OK {
            *page.status_mut() = StatusCode::NOT_FOUND;
        }
        page
    };
    let routes = generate_route_list(ui::App).into_iter().map(without_slash).collect();
    Router::new()
        .leptos_routes_with_context(&options, routes, context, shell)
        .route("/_fn/{*function}", any(no_function))
        .fallback(fallback)
        .layer(map_request(restore_path))
        .layer(from_fn(json_calls))
        .layer(from_fn(error_status))
        .layer(from_fn(in_time))
        .layer(compression())
        // A page links to the files of its build, so it is revalidated: a cached page would link to
        // files that no longer exist.
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-cache")))
        .with_state(options)
}

/// With gzip, which holds a third of a megabyte while a response is read; brotli would hold several
/// times the response.
fn compression() -> CompressionLayer {
    CompressionLayer::new().no_br()
}

/// The browser's program.
async fn package(request: Request) -> Response {
    let file = files::answer(request.uri().path(), request.headers());
    file.unwrap_or_else(|| (StatusCode::NOT_FOUND, "File not found.").into_response())
}

/// The router sees paths without a slash at the end, so the routes have none.
fn without_slash(route: AxumRouteListing) -> AxumRouteListing {
    let path = match route.path().trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    let methods: Vec<_> = route.methods().collect();
    AxumRouteListing::new(path.to_owned(), route.mode().clone(), methods, vec![])
}

/// The path in the browser.
#[derive(Clone)]
struct AsSent(Uri);

async fn remember_path(mut request: Request) -> Request {
    let sent = AsSent(request.uri().clone());
    request.extensions_mut().insert(sent);
    request
}

/// Pages are rendered for the path in the browser, or it would hydrate another page than it
/// received. Calls keep the path that the router saw: Leptos finds their functions by it, and would
/// answer a form by redirecting its browser to any referrer that it names.
async fn restore_path(mut request: Request) -> Request {
    if is_call(&request) {
        request.headers_mut().remove(header::ACCEPT);
        return request;
    }
    if let Some(AsSent(uri)) = request.extensions_mut().remove() {
        *request.uri_mut() = uri;
    }
    request
}

/// No work on a request before its whole body has arrived, within its time and size.
async fn receive_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let connection = parts.extensions.get::<Connection>().cloned();
    let limit = connection.as_ref().map_or_else(|| ConnectionLimits::default().body, Connection::body_limit);
    let bytes = match tokio::time::timeout(limit, read_body(body)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(refusal)) => return refusal,
        Err(_) => return error_response(408, "timeout", "The request did not arrive in time. Send it again."),
    };
    let _busy = connection.as_ref().map(Connection::busy);
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

async fn read_body(body: Body) -> Result<Bytes, Response> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| error_response(400, "bad_request", "The body is incomplete."))?;
        if bytes.len() + chunk.len() > MAX_BODY {
            return Err(error_response(413, "too_large", "The body is larger than 1 MB."));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => error_response(504, "timeout", "The response took too long and was cancelled."),
    }
}

/// An unknown server function: the page is of another version.
async fn no_function() -> Response {
    (StatusCode::NOT_FOUND, axum::Json(ApiError { status: 404, ..ApiError::outdated() })).into_response()
}

fn is_call(request: &Request) -> bool {
    request.uri().path().starts_with(CALLS)
}

/// Calls are JSON and declare it: a form of another site can send a text that happens to be JSON,
/// but not with that content type.
async fn json_calls(request: Request, next: Next) -> Response {
    let mut kinds = request.headers().get_all(header::CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_json = kind.eq_ignore_ascii_case("application/json") && kinds.next().is_none();
    if is_call(&request) && *request.method() == Method::POST && !is_json {
        return error_response(415, "not_json", "Send JSON, with the header Content-Type: application/json.");
    }
    next.run(request).await
}

/// A server function's error has its own status: Leptos gives 500 to all.
async fn error_status(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if !response.headers().contains_key("serverfnerror") {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let Ok(error) = serde_json::from_slice::<ApiError>(&bytes) else {
        return error_response(500, "internal", "Internal server error. See the server log for details.");
    };
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // 0: the arguments could not be parsed.
    parts.status = match error.status {
        0 => StatusCode::BAD_REQUEST,
        status => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    Response::from_parts(parts, Body::from(bytes))
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("(no message)"), "a handler panicked");
    error_response(500, "internal", "Internal server error. See the server log for details.")
}

fn span(request: &Request) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", request_id = id, method = %request.method(), path = request.uri().path())
}
