//! Counts and logs every request: its route, its status, its duration.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::metrics::{CONTENT_TYPE, Metrics};

/// A route's template, attached to the response.
#[derive(Clone)]
struct Route(String);

/// Inside the router: attaches the matched route.
pub async fn tell_route(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().map(|path| Route(path.as_str().to_owned()));
    let mut response = next.run(request).await;
    if let Some(route) = matched {
        response.extensions_mut().insert(route);
    }
    response
}

/// The outermost layer: counts and logs each response, including those that no route gave.
pub async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = word(request.method());
    let response = next.run(request).await;
    let took = start.elapsed();
    // Requests without a match count as one route: paths come from outside, without limit.
    let route = response.extensions().get::<Route>().map_or("other", |route| route.0.as_str());
    let status = response.status().as_u16();
    metrics.request_finished(method, route, status, took);
    let ms = took.as_secs_f64() * 1000.0;
    match route {
        // Requested every few seconds by machines, or a dozen times per page.
        "/healthz" | "/readyz" | "/metrics" | "/pkg/{*file}" => tracing::debug!(status, ms, route, "answered"),
        _ => tracing::info!(status, ms, route, "answered"),
    }
    response
}

/// A method that the server knows; a client can make up others.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// For Prometheus.
pub async fn metrics(State(metrics): State<Metrics>) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], metrics.text()).into_response()
}

/// A caller's request id is accepted if it is short and safe for a log.
pub async fn sane_request_id(mut request: Request) -> Request {
    let headers: &mut HeaderMap = request.headers_mut();
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let sane = |id: &[u8]| (1..=64).contains(&id.len()) && id.iter().all(fits);
    if headers.get("x-request-id").is_some_and(|id| !sane(id.as_bytes())) {
        headers.remove("x-request-id");
    }
    request
}
