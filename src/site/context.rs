//! On whose behalf a request acts.

use std::sync::Arc;

use axum::extract::{Request, State};
use tower_http::request_id::RequestId;

use crate::service::RequestContext;

/// Gives a request its context. Without a sign-in, everyone who can reach the server is one person:
/// `author`, whom the command line names.
pub async fn provide(State(author): State<Arc<str>>, mut request: Request) -> Request {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    let context = RequestContext::new(author, id);
    request.extensions_mut().insert(context);
    request
}
