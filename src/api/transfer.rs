//! Config as code: a dataset as a file, and back.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::json;

use super::answer::{Answer, ApiError, success};
use super::datasets::etag;
use super::extract::{Id, Params, body_error};
use crate::domain::document::Format;
use crate::service::{App, Outcome};

/// The dataset as a file, in YAML unless `format` says `json`.
pub async fn export(State(app): State<App>, Id(id): Id, mut params: Params) -> Answer {
    let format = params.format()?.unwrap_or_default();
    params.done()?;
    let file = app.export_dataset(id, format).await?;
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file.text).into_response())
}

/// Makes the dataset that a file describes; with `update=true`, or changes the one that has its name.
pub async fn import(State(app): State<App>, Id(model): Id, mut params: Params, file: FileBody) -> Answer {
    let update = params.flag("update")?;
    params.done()?;
    let (dataset, outcome) = app.import_dataset(model, &file.text, file.format, update).await?;
    let message = match outcome {
        Outcome::Created => "The dataset is there.",
        Outcome::Updated => "The dataset is saved.",
        Outcome::Unchanged => "The dataset was like this already.",
    };
    let headers = [(header::ETAG, etag(&dataset))];
    let body = json!({"message": message, "outcome": outcome, "dataset_id": dataset.summary.id, "dataset": dataset});
    Ok((headers, success(body)).into_response())
}

/// A body that is a file, in the form that its Content-Type says. No form of a page can send one of these.
pub struct FileBody {
    format: Format,
    text: String,
}

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let format = match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => Format::Yaml,
            "application/json" => Format::Json,
            _ => {
                let message = "Send a file, with the header Content-Type: application/yaml or application/json.";
                return Err(ApiError::bad_request("bad_request", None, message));
            }
        };
        let bytes: Result<Bytes, BytesRejection> = Bytes::from_request(request, state).await;
        match String::from_utf8(bytes.map_err(body_error)?.into()) {
            Ok(text) => Ok(Self { format, text }),
            Err(_) => Err(ApiError::bad_request("bad_request", None, "The file is not UTF-8.")),
        }
    }
}
