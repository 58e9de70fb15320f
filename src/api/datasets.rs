//! `/api/datasets/` and the datasets of a model.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use serde_json::json;

use super::answer::{Answer, success};
use super::extract::{Id, Object, Params, expected_revision};
use crate::domain::dataset::Status;
use crate::domain::record::{Dataset, ListQuery};
use crate::service::{App, DatasetChange};

pub async fn list(State(app): State<App>, Id(model): Id, mut params: Params) -> Answer {
    let defaults = ListQuery::default();
    let query = ListQuery {
        status: params.status()?,
        search: params.text("search").unwrap_or_default(),
        page: params.number("page")?.unwrap_or(defaults.page),
        per_page: params.number("per_page")?.unwrap_or(defaults.per_page),
    };
    params.done()?;
    let page = app.datasets(model, &query).await?;
    Ok(success(json!({"datasets": page.datasets, "pagination": page.pagination})))
}

pub async fn create(State(app): State<App>, Id(model): Id, Object(body): Object) -> Answer {
    let input = DatasetChange::from_json(body)?.into_new()?;
    let dataset = app.create_dataset(model, &input).await?;
    Ok(success(json!({"message": "The dataset is there.", "dataset_id": dataset.summary.id, "dataset": dataset})))
}

pub async fn check_name(State(app): State<App>, Id(model): Id, mut body: Object) -> Answer {
    let name: Option<String> = body.take("name", "a text")?;
    let exclude_id = body.take("exclude_id", "the id of a dataset")?;
    body.done()?;
    let check = app.check_name(model, &name.unwrap_or_default(), exclude_id).await?;
    Ok(success(json!(check)))
}

/// The `ETag` is the revision: send it back as `If-Match` with a change.
pub async fn one(State(app): State<App>, Id(id): Id) -> Answer {
    Ok(with_etag(app.dataset(id).await?, None))
}

pub async fn update(State(app): State<App>, Id(id): Id, headers: HeaderMap, mut body: Object) -> Answer {
    let revision = expected_revision(&headers, &mut body)?;
    let change = DatasetChange::from_json(body.0)?;
    Ok(with_etag(app.change_dataset(id, revision, &change).await?, Some("The dataset is saved.")))
}

pub async fn delete(State(app): State<App>, Id(id): Id, mut body: Object) -> Answer {
    let force: Option<bool> = body.take("force", "true or false")?;
    body.done()?;
    app.delete_dataset(id, force.unwrap_or_default()).await?;
    Ok(success(json!({"message": "The dataset is deleted."})))
}

/// For a month after its deletion.
pub async fn undelete(State(app): State<App>, Id(id): Id, body: Object) -> Answer {
    body.done()?;
    Ok(with_etag(app.undelete_dataset(id).await?, Some("The dataset is back.")))
}

pub async fn clone(State(app): State<App>, Id(id): Id, mut body: Object) -> Answer {
    let name: Option<String> = body.take("name", "a text")?;
    body.done()?;
    let copy = app.clone_dataset(id, name.as_deref()).await?;
    let message = format!("Copied as {}.", copy.summary.name);
    Ok(success(json!({"message": message, "dataset_id": copy.summary.id, "dataset": copy})))
}

pub async fn activate(State(app): State<App>, Id(id): Id, body: Object) -> Answer {
    body.done()?;
    let dataset = app.set_status(id, Status::Active).await?;
    Ok(with_etag(dataset, Some("The dataset is active.")))
}

pub async fn deactivate(State(app): State<App>, Id(id): Id, body: Object) -> Answer {
    body.done()?;
    let dataset = app.set_status(id, Status::Draft).await?;
    Ok(with_etag(dataset, Some("The dataset is a draft.")))
}

/// The revision, as a header has it.
pub(super) fn etag(dataset: &Dataset) -> String {
    format!("\"{}\"", dataset.revision)
}

pub(super) fn with_etag(dataset: Dataset, message: Option<&str>) -> axum::response::Response {
    let etag = etag(&dataset);
    let body = match message {
        Some(message) => json!({"message": message, "dataset": dataset}),
        None => json!({"dataset": dataset}),
    };
    ([(header::ETAG, etag)], success(body)).into_response()
}
