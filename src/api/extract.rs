//! What handlers take from a request. Every refusal is in the envelope and names what it is about.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::answer::ApiError;
use crate::domain::dataset::{Split, Status};
use crate::domain::document::Format;
use crate::domain::fault::FieldError;

/// The id in a path.
pub struct Id(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let InPath(id): InPath<i64> = InPath::from_request_parts(parts, state).await?;
        Ok(Self(id))
    }
}

/// What the path's placeholders hold.
pub struct InPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for InPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(ApiError::bad_request("bad_parameter", None, "The id in the path is not a whole number.")),
        }
    }
}

/// The query's parameters. Each is taken once; what is left at the end is refused.
pub struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(pairs)) => Ok(Self(pairs)),
            Err(_) => Err(ApiError::bad_request("bad_parameter", None, "The part of the address after ? cannot be read.")),
        }
    }
}

impl Params {
    /// The last value of that name; an empty one is none.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        self.0.retain_mut(|(key, value)| {
            if key == name {
                found = Some(std::mem::take(value));
            }
            key != name
        });
        found.filter(|value| !value.is_empty())
    }

    /// What all values of that name list, separated by commas; `None` where they list nothing.
    pub fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let mut listed: Vec<String> = vec![];
        self.0.retain(|(key, value)| {
            if key == name {
                listed.extend(value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned));
            }
            key != name
        });
        (!listed.is_empty()).then_some(listed)
    }

    fn read<T>(&mut self, name: &str, expected: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let refused = || ApiError::bad_request("bad_parameter", Some(name), format!("{name} is {expected}."));
        read(&text).map(Some).ok_or_else(refused)
    }

    pub fn number(&mut self, name: &str) -> Result<Option<u32>, ApiError> {
        self.read(name, "a whole number", |text| text.parse().ok())
    }

    pub fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
        let flag = self.read(name, "true or false", |text| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })?;
        Ok(flag.unwrap_or_default())
    }

    pub fn split(&mut self) -> Result<Option<Split>, ApiError> {
        let all = [Split::Train, Split::Eval, Split::Test];
        self.read("split", "train, eval or test", |text| all.into_iter().find(|split| split.word() == text))
    }

    pub fn status(&mut self) -> Result<Option<Status>, ApiError> {
        let all = [Status::Draft, Status::Active];
        self.read("status", "draft or active", |text| all.into_iter().find(|status| status.word() == text))
    }

    pub fn format(&mut self) -> Result<Option<Format>, ApiError> {
        self.read("format", "yaml or json", |text| Format::ALL.into_iter().find(|format| format.word() == text))
    }

    /// Refuses what no one took.
    pub fn done(self) -> Result<(), ApiError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::bad_request("bad_parameter", Some(name), format!("There is no parameter {name}."))),
        }
    }
}

/// The body as a JSON object; no body at all is the empty object.
pub struct Object(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Object {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(body_error)?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        // Also a lock: a page of another site can send a form, but not JSON.
        if !is_json {
            return Err(ApiError::bad_request("bad_request", None, "Send JSON, with the header Content-Type: application/json."));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            Ok(_) => Err(ApiError::bad_request("bad_json", None, "The body is not a JSON object.")),
            Err(error) => Err(ApiError::bad_request("bad_json", None, format!("The body is not JSON: {error}."))),
        }
    }
}

impl Object {
    /// Takes a field out; `null` is none.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<Option<T>, ApiError> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match serde_json::from_value(value) {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(vec![FieldError::new(name, format!("{name} is {expected}."))].into()),
            },
        }
    }

    /// Refuses fields that no one took.
    pub fn done(self) -> Result<(), ApiError> {
        let faults: Vec<_> = self.0.keys().map(|key| FieldError::new(key.clone(), format!("There is no field {key}."))).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
    }

    /// All fields, as one typed thing.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        serde_path_to_error::deserialize(Value::Object(self.0)).map_err(|error| {
            let path = error.path().to_string();
            vec![FieldError::new(path, error.into_inner().to_string())].into()
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

pub(super) fn body_error(error: BytesRejection) -> ApiError {
    match error.status().as_u16() {
        413 => ApiError::new(413, "too_large", "The body is larger than 1 MB."),
        _ => ApiError::bad_request("bad_request", None, "The body did not arrive whole."),
    }
}

/// The revision that a change started from: the header `If-Match`, else the body's `revision`. `*` is any.
pub fn expected_revision(headers: &HeaderMap, body: &mut Object) -> Result<Option<i64>, ApiError> {
    let in_body = body.take("revision", "a whole number")?;
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(in_body) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(in_body);
    }
    match text.trim_start_matches("W/").trim_matches('"').parse() {
        Ok(revision) => Ok(Some(revision)),
        Err(_) => Err(ApiError::bad_request("bad_parameter", None, "If-Match is the ETag that the dataset came with.")),
    }
}
