//! Extractors for a request's path and body. Every error is in the envelope and names its parameter
//! or field.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::answer::ErrorResponse;
use crate::domain::field_error::FieldError;
use crate::domain::json;
use crate::domain::unreadable::explain;
use crate::service::cpu::{HEAVY_BYTES, compute};

/// A model's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ModelPath {
    /// The model.
    #[param(minimum = 1, example = 1)]
    pub id: i64,
}

/// A dataset's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct DatasetPath {
    /// The dataset.
    #[param(minimum = 1, example = 1)]
    pub id: i64,
}

/// The path of a version of a dataset.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct VersionPath {
    /// The dataset.
    #[param(minimum = 1, example = 1)]
    pub id: i64,
    /// The version number, from 1.
    #[param(minimum = 1, example = 1)]
    pub number: u32,
}

/// The path of a table that a model sees.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TablePath {
    /// The model.
    #[param(minimum = 1, example = 1)]
    pub id: i64,
    /// The table's id or full name.
    #[param(example = "orders")]
    pub table: String,
}

/// The path of a column.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ColumnPath {
    /// The model.
    #[param(minimum = 1, example = 1)]
    pub id: i64,
    /// The table's id or full name.
    #[param(example = "orders")]
    pub table: String,
    /// The column's name, case-insensitive.
    #[param(example = "channel")]
    pub column: String,
}

/// The values of the path's placeholders.
pub struct InPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for InPath<T> {
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ErrorResponse> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(ErrorResponse::bad_request("bad_parameter", None, "A number in the path is not a whole number.")),
        }
    }
}

/// The body, parsed as its type; no body is the same as the empty object.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send + 'static> FromRequest<S> for Body<T> {
    type Rejection = ErrorResponse;

    async fn from_request(request: Request, state: &S) -> Result<Self, ErrorResponse> {
        let body = Json::of(request, state).await?;
        compute(body.is_heavy(), move || body.object()?.read().map(Self)).await
    }
}

/// The body as a JSON object; no body is the same as the empty object.
pub struct Object(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Object {
    type Rejection = ErrorResponse;

    async fn from_request(request: Request, state: &S) -> Result<Self, ErrorResponse> {
        let body = Json::of(request, state).await?;
        compute(body.is_heavy(), move || body.object()).await
    }
}

/// A body that claims to be JSON, not parsed yet.
struct Json {
    bytes: Bytes,
    is_json: bool,
}

impl Json {
    async fn of<S: Send + Sync>(request: Request, state: &S) -> Result<Self, ErrorResponse> {
        let is_json = is_json(request.headers());
        Ok(Self { bytes: Bytes::from_request(request, state).await.map_err(body_error)?, is_json })
    }

    fn is_heavy(&self) -> bool {
        self.bytes.len() >= HEAVY_BYTES
    }

    fn object(&self) -> Result<Object, ErrorResponse> {
        if self.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Object(Map::new()));
        }
        // Also a protection: a page of another site can send a form, but not JSON.
        if !self.is_json {
            return Err(ErrorResponse::bad_request(
                "bad_request",
                None,
                "Send JSON, with the header Content-Type: application/json.",
            ));
        }
        let read = str::from_utf8(&self.bytes).map_err(|_| "It is not JSON: JSON is in UTF-8.".to_owned()).and_then(json::read);
        match read {
            Ok(Value::Object(object)) => Ok(Object(object)),
            Ok(_) => Err(ErrorResponse::bad_request("bad_json", None, "The body is not a JSON object.")),
            Err(reason) => Err(ErrorResponse::bad_request("bad_json", None, format!("The body cannot be read. {reason}"))),
        }
    }
}

impl Object {
    /// Takes a field out; `null` counts as missing.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ErrorResponse> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|error| vec![FieldError::new(name, explain(&error.to_string()))].into()),
        }
    }

    /// All fields, as one typed value.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, ErrorResponse> {
        serde_path_to_error::deserialize(Value::Object(self.0)).map_err(|error| {
            let path = error.path().to_string();
            let text = error.into_inner().to_string();
            let message = match text.starts_with("unknown field") {
                true => format!("Unknown field {path}."),
                false => explain(&text),
            };
            vec![FieldError::new(path, message)].into()
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

pub(super) fn body_error(error: BytesRejection) -> ErrorResponse {
    match error.status().as_u16() {
        413 => ErrorResponse::new(413, "too_large", "The body is larger than 1 MB."),
        _ => ErrorResponse::bad_request("bad_request", None, "The body is incomplete."),
    }
}

/// A change may name the revision that it started from.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described: a header is read by hand")]
pub struct IfMatch {
    /// The `ETag` of the dataset, such as `"7"`, or `*` for any revision. If the revision is
    /// another, the response is 409.
    #[param(rename = "If-Match", example = "*")]
    if_match: Option<String>,
}

/// The revision that a change started from: the header `If-Match`, otherwise the body's `revision`.
/// `*` is any.
pub fn expected_revision(headers: &HeaderMap, in_body: Option<i64>) -> Result<Option<i64>, ErrorResponse> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(in_body) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(in_body);
    }
    match text.trim_start_matches("W/").trim_matches('"').parse() {
        Ok(revision) => Ok(Some(revision)),
        Err(_) => Err(ErrorResponse::bad_request("bad_parameter", None, "If-Match must be the ETag of the dataset.")),
    }
}
