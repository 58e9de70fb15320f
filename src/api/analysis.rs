//! What is known of a dataset: analyses, summaries, comparisons.

use axum::extract::State;
use serde_json::json;

use super::answer::{Answer, success};
use super::extract::{Id, Object, Params};
use crate::service::App;

pub async fn analyze(State(app): State<App>, Id(id): Id, mut body: Object) -> Answer {
    let refresh: Option<bool> = body.take("refresh", "true or false")?;
    body.done()?;
    Ok(success(json!(app.analyze(id, refresh.unwrap_or_default()).await?)))
}

pub async fn estimate(State(app): State<App>, Id(id): Id, params: Params) -> Answer {
    params.done()?;
    Ok(success(json!({"estimate": app.analysis_estimate(id).await?})))
}

/// `null` while nothing runs.
pub async fn progress(State(app): State<App>, Id(id): Id, params: Params) -> Answer {
    params.done()?;
    Ok(success(json!({"progress": app.analysis_progress(id).await?})))
}

pub async fn cancel(State(app): State<App>, Id(id): Id, body: Object) -> Answer {
    body.done()?;
    Ok(success(json!({"cancelled": app.cancel_analysis(id).await?})))
}

pub async fn summary(State(app): State<App>, Id(id): Id, params: Params) -> Answer {
    params.done()?;
    Ok(success(json!({"summary": app.summary(id).await?})))
}

pub async fn compare(State(app): State<App>, Id(model): Id, mut body: Object) -> Answer {
    let ids: Option<Vec<i64>> = body.take("dataset_ids", "a list of ids of datasets")?;
    body.done()?;
    Ok(success(json!(app.compare(model, &ids.unwrap_or_default()).await?)))
}
