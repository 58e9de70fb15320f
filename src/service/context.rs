//! For whom a use case acts.

use std::sync::Arc;

/// Who asks, and by which request. Made where a request comes in and passed on from there, never
/// global: the first parameter of every use case. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RequestContext {
    author: Arc<str>,
    request_id: Arc<str>,
}

impl RequestContext {
    pub fn new(author: impl Into<Arc<str>>, request_id: impl Into<Arc<str>>) -> Self {
        Self { author: author.into(), request_id: request_id.into() }
    }

    /// Who asks, in their own words; empty where nobody said. A version that is frozen keeps it.
    pub fn author(&self) -> &str {
        &self.author
    }

    /// By which the log's lines of one request are found, also those that are written after its
    /// answer.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}
