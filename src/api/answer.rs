//! The envelope of every answer: `{"status": "success", …}`, or `{"status": "error", "code", "message", "errors"?}`.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::domain::fault::FieldError;
use crate::error::Failure;
use crate::service::ServiceError;

/// What a handler gives.
pub type Answer = Result<Response, ApiError>;

/// 200 with the fields of an object beside the status.
pub fn success(fields: Value) -> Response {
    envelope(StatusCode::OK, "success", fields)
}

fn envelope(status: StatusCode, word: &str, fields: Value) -> Response {
    let mut body = Map::new();
    body.insert("status".into(), word.into());
    if let Value::Object(fields) = fields {
        body.extend(fields);
    }
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, Value::Object(body).to_string()).into_response()
}

/// A failure with what only the API tells of it.
#[derive(Debug)]
pub struct ApiError {
    /// Boxed: answers are passed along as results, and a failure is the rare one.
    failure: Box<Failure>,
    more: Map<String, Value>,
}

impl ApiError {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Failure::new(status, code, message).into()
    }

    /// 400: the parameter or body that could not be read.
    pub fn bad_request(code: &str, path: Option<&str>, message: impl Into<String>) -> Self {
        let mut failure = Failure::new(400, code, message);
        if let Some(path) = path {
            failure.errors.insert(path.into(), failure.message.clone());
        }
        failure.into()
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self { failure: Box::new(failure), more: Map::new() }
    }
}

impl From<Vec<FieldError>> for ApiError {
    fn from(faults: Vec<FieldError>) -> Self {
        Failure::invalid(&faults).into()
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        let mut more = Map::new();
        match &error {
            ServiceError::Stale(current) => drop(more.insert("current".into(), json!(current))),
            ServiceError::HasVersions(count) => {
                more.insert("has_versions".into(), true.into());
                more.insert("version_count".into(), (*count).into());
            }
            _ => {}
        }
        Self { failure: Box::new(error.into()), more }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { failure, more } = self;
        let failure = *failure;
        let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut fields = Map::new();
        fields.insert("code".into(), failure.code.into());
        fields.insert("message".into(), failure.message.into());
        if !failure.errors.is_empty() {
            fields.insert("errors".into(), json!(failure.errors));
        }
        fields.extend(more);
        envelope(status, "error", Value::Object(fields))
    }
}

/// The envelope of a failure that happens outside the handlers.
pub fn failure_response(status: u16, code: &str, message: &str) -> Response {
    ApiError::new(status, code, message).into_response()
}
