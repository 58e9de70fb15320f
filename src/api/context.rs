//! On whose behalf a handler acts.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::answer::ErrorResponse;
use crate::service::RequestContext;

/// The request's context, which the site adds to every request that it admits.
pub struct Context(pub RequestContext);

impl<S: Send + Sync> FromRequestParts<S> for Context {
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ErrorResponse> {
        let known = parts.extensions.get::<RequestContext>().cloned();
        known.map(Self).ok_or_else(|| ErrorResponse::new(500, "internal", "The request has no user context."))
    }
}
