//! The API error: REST responses and server functions carry it, the pages show it.
//!
//! A status, a stable code, a message for people, and field errors. Made from the layers' own
//! errors at the boundary; holds no internal text.

use std::collections::BTreeMap;

use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::codec::JsonEncoding;
use serde::{Deserialize, Serialize};

use crate::domain::field_error::FieldError;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// Stable, for programs: `not_found`, `name_taken`, `invalid`, `stale`, `warehouse` …
    pub code: String,
    pub message: String,
    /// Path of a field to its validation error.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, String>,
}

impl ApiError {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), errors: BTreeMap::new() }
    }

    /// No response, or one that is not this server's.
    pub fn unreachable() -> Self {
        Self::new(
            0,
            "unreachable",
            "The server did not respond. Check that it is running and try again. Your changes are not lost.",
        )
    }

    /// Client and server are of different versions.
    pub fn outdated() -> Self {
        Self::new(0, "outdated", "This page is older than the server. Reload it.")
    }

    /// 422: the fields with validation errors, each with its reason. Of several errors of a path
    /// the first counts.
    pub fn invalid(errors: &[FieldError]) -> Self {
        let message = match errors {
            [only] => only.to_string(),
            many => format!("{} fields have errors", many.len()),
        };
        let mut error = Self::new(422, "invalid", message);
        for FieldError { path, message } in errors {
            error.errors.entry(path.clone()).or_insert_with(|| message.clone());
        }
        error
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::unreachable(),
            ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::outdated()
            }
            _ => Self::new(500, "internal", "Internal server error. See the server log for details."),
        }
    }
}
