//! On whose behalf a use case acts.

use std::sync::Arc;

/// Who makes the request, and which one it is. Made when a request comes in and passed on from
/// there, never global: the first parameter of every use case. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RequestContext {
    author: Arc<str>,
    request_id: Arc<str>,
}

impl RequestContext {
    pub fn new(author: impl Into<Arc<str>>, request_id: impl Into<Arc<str>>) -> Self {
        Self { author: author.into(), request_id: request_id.into() }
    }

    /// The author as the caller names it; empty if not given. Stored with a frozen version.
    pub fn author(&self) -> &str {
        &self.author
    }

    /// Links the log's lines of one request, including those written after its response.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}
