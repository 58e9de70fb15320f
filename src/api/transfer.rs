//! Config as code: a dataset as a file, and back.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{ApiResult, ErrorResponse, success};
use super::bodies::NewDataset;
use super::context::Context;
use super::extract::{DatasetPath, InPath, ModelPath, body_error};
use super::query::Query;
use super::refusals::{Missing, TakenOrStale, WarehouseRefused, WarehouseTimeout};
use crate::domain::document::Format;
use crate::domain::dto::Dataset;
use crate::service::{App, ImportOutcome};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportParams {
    /// Default: YAML.
    #[param(inline)]
    format: Option<Format>,
}

/// Get a dataset as a file
///
/// Its name, description and config, without data of this installation: to keep in a repository,
/// review and apply elsewhere. The same dataset always gives the same text.
#[utoipa::path(get, path = "/api/datasets/{id}/export", operation_id = "export_dataset", tag = "configs", params(DatasetPath, ExportParams),
    responses((status = 200, description = "The file, as an attachment.", content((NewDataset = "application/yaml"), (NewDataset = "application/json"))), Missing))]
pub async fn export(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<DatasetPath>,
    Query(params): Query<ExportParams>,
) -> Result<Response, ErrorResponse> {
    let format = params.format.unwrap_or_default();
    let file = app.export_dataset(&ctx, at.id, format).await?;
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file.text).into_response())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportParams {
    /// Update an existing dataset with this name. Without it, an existing name is rejected.
    #[param(default = false)]
    update: Option<bool>,
}

/// The imported dataset.
#[derive(Serialize, ToSchema)]
pub struct Imported {
    /// Human-readable.
    message: String,
    outcome: ImportOutcome,
    dataset_id: i64,
    dataset: Dataset,
}

/// Import a dataset from a file
///
/// A file as from `export`, or one with the config's fields next to the name. The file replaces the
/// whole dataset: absent fields become empty. Validation errors have line and column.
#[utoipa::path(post, path = "/api/models/{id}/datasets/import", operation_id = "import_dataset", tag = "configs", params(ModelPath, ImportParams),
    request_body(content((NewDataset = "application/json"), (NewDataset = "application/yaml"))),
    responses((status = 200, description = "The imported dataset.", body = Imported, headers(("ETag" = String, description = "The revision."))),
        Missing, TakenOrStale, WarehouseRefused, WarehouseTimeout))]
pub async fn import(
    State(app): State<App>,
    Context(ctx): Context,
    InPath(at): InPath<ModelPath>,
    Query(params): Query<ImportParams>,
    file: FileBody,
) -> ApiResult<Imported> {
    let (dataset, outcome) = app.import_dataset(&ctx, at.id, &file.text, file.format, params.update.unwrap_or_default()).await?;
    let message = match outcome {
        ImportOutcome::Created => "Dataset created.",
        ImportOutcome::Updated => "Dataset saved.",
        ImportOutcome::Unchanged => "No changes.",
    };
    let revision = dataset.revision;
    let imported = Imported { message: message.into(), outcome, dataset_id: dataset.summary.id, dataset };
    Ok(success(imported).tagged(revision))
}

/// A body that is a file, in the format of its Content-Type. No HTML form can send one of these.
pub struct FileBody {
    format: Format,
    text: String,
}

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = ErrorResponse;

    async fn from_request(request: Request, state: &S) -> Result<Self, ErrorResponse> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let format = match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => Format::Yaml,
            "application/json" => Format::Json,
            _ => {
                let message = "Send a file, with the header Content-Type: application/yaml or application/json.";
                return Err(ErrorResponse::bad_request("bad_request", None, message));
            }
        };
        let bytes: Result<Bytes, BytesRejection> = Bytes::from_request(request, state).await;
        match String::from_utf8(bytes.map_err(body_error)?.into()) {
            Ok(text) => Ok(Self { format, text }),
            Err(_) => Err(ErrorResponse::bad_request("bad_request", None, "The file is not UTF-8.")),
        }
    }
}
