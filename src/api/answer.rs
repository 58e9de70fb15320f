//! The envelope of every response: `{"status": "success", …}`, or `{"status": "error", "code",
//! "message", "errors"?}`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::field_error::FieldError;
use crate::error::ApiError;
use crate::service::ServiceError;

/// A handler's result: the typed fields beside the status.
pub type ApiResult<T> = Result<Success<T>, ErrorResponse>;

/// 200 with the fields of `T` beside the status.
#[derive(Debug)]
pub struct Success<T> {
    body: T,
    revision: Option<i64>,
}

pub fn success<T: Serialize>(body: T) -> Success<T> {
    Success { body, revision: None }
}

impl<T> Success<T> {
    /// With the revision as `ETag`, which a change sends back as `If-Match`.
    pub fn tagged(self, revision: i64) -> Self {
        Self { revision: Some(revision), ..self }
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    status: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        let mut response = envelope(StatusCode::OK, "success", &self.body);
        let tag = self.revision.and_then(|revision| HeaderValue::from_str(&format!("\"{revision}\"")).ok());
        if let Some(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

fn envelope<T: Serialize>(status: StatusCode, word: &'static str, body: &T) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    match serde_json::to_string(&Envelope { status: word, body }) {
        Ok(text) => (status, headers, text).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            let text = r#"{"status":"error","code":"internal","message":"The response cannot be written. See the server log for details."}"#;
            (StatusCode::INTERNAL_SERVER_ERROR, headers, text).into_response()
        }
    }
}

/// An error, with fields that only the API adds.
#[derive(Debug)]
pub struct ErrorResponse {
    /// Boxed: results are passed along by value, and errors are rare.
    error: Box<ApiError>,
    more: Map<String, Value>,
}

impl ErrorResponse {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        ApiError::new(status, code, message).into()
    }

    /// 400: a parameter or body that could not be read.
    pub fn bad_request(code: &str, path: Option<&str>, message: impl Into<String>) -> Self {
        let mut error = ApiError::new(400, code, message);
        if let Some(path) = path {
            error.errors.insert(path.into(), error.message.clone());
        }
        error.into()
    }
}

impl From<ApiError> for ErrorResponse {
    fn from(error: ApiError) -> Self {
        Self { error: Box::new(error), more: Map::new() }
    }
}

impl From<Vec<FieldError>> for ErrorResponse {
    fn from(errors: Vec<FieldError>) -> Self {
        ApiError::invalid(&errors).into()
    }
}

impl From<ServiceError> for ErrorResponse {
    fn from(error: ServiceError) -> Self {
        let mut more = Map::new();
        match &error {
            // Both states, so that the second editor can choose.
            ServiceError::Stale { current, yours } => {
                more.insert("current".into(), json!(current));
                more.insert("yours".into(), json!(yours));
            }
            ServiceError::HasVersions(count) => {
                more.insert("has_versions".into(), true.into());
                more.insert("version_count".into(), (*count).into());
            }
            ServiceError::HasDatasets(count) => drop(more.insert("dataset_count".into(), (*count).into())),
            _ => {}
        }
        Self { error: Box::new(error.into()), more }
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let Self { error, more } = self;
        let error = *error;
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut fields = Map::new();
        fields.insert("code".into(), error.code.into());
        fields.insert("message".into(), error.message.into());
        if !error.errors.is_empty() {
            fields.insert("errors".into(), json!(error.errors));
        }
        fields.extend(more);
        envelope(status, "error", &fields)
    }
}

/// The envelope of an error outside the handlers.
pub fn error_response(status: u16, code: &str, message: &str) -> Response {
    ErrorResponse::new(status, code, message).into_response()
}
