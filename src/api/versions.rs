//! Versions of a dataset, and what has become of its tables.

use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::json;

use super::answer::{Answer, success};
use super::datasets::with_etag;
use super::extract::{Id, InPath, Object, Params, expected_revision};
use crate::api::ApiError;
use crate::service::App;

pub async fn list(State(app): State<App>, Id(id): Id, params: Params) -> Answer {
    params.done()?;
    Ok(success(json!({"versions": app.versions(id).await?})))
}

pub async fn one(State(app): State<App>, InPath((id, number)): InPath<(i64, u32)>, params: Params) -> Answer {
    params.done()?;
    Ok(success(json!({"version": app.version(id, number).await?})))
}

/// `to` is a number, or `current`, which it is without being said.
pub async fn diff(State(app): State<App>, Id(id): Id, mut params: Params) -> Answer {
    let from = params.number("from")?;
    let from = from.ok_or_else(|| ApiError::bad_request("bad_parameter", Some("from"), "from is the number of a version."))?;
    let to = match params.text("to").as_deref() {
        None | Some("current") => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| ApiError::bad_request("bad_parameter", Some("to"), "to is the number of a version, or current."))?,
        ),
    };
    params.done()?;
    Ok(success(json!({"diff": app.version_diff(id, from, to).await?})))
}

pub async fn restore(
    State(app): State<App>,
    InPath((id, number)): InPath<(i64, u32)>,
    headers: HeaderMap,
    mut body: Object,
) -> Answer {
    let revision = expected_revision(&headers, &mut body)?;
    body.done()?;
    let dataset = app.restore_version(id, number, revision).await?;
    Ok(with_etag(dataset, Some(&format!("Version {number} is the dataset's config again."))))
}

pub async fn drift(State(app): State<App>, Id(id): Id, params: Params) -> Answer {
    params.done()?;
    Ok(success(json!({"drift": app.drift(id).await?})))
}
