//! Generated queries, previews and counts.

use axum::extract::State;
use serde_json::{Map, Value, json};

use super::answer::{Answer, ApiError, success};
use super::extract::{Id, Object, Params};
use crate::service::{App, DatasetChange};

pub async fn query(State(app): State<App>, Id(id): Id, mut params: Params) -> Answer {
    let (split, for_analysis, version) = (params.split()?, params.flag("for_analysis")?, params.number("version")?);
    params.done()?;
    Ok(success(match version {
        Some(_) if for_analysis => {
            return Err(ApiError::bad_request("bad_parameter", Some("for_analysis"), "A version's SQL is as it was frozen."));
        }
        Some(number) => json!(app.version_query(id, number, split).await?),
        None => json!(app.query(id, split, for_analysis).await?),
    }))
}

pub async fn split_queries(State(app): State<App>, Id(id): Id, params: Params) -> Answer {
    params.done()?;
    let views = app.split_queries(id).await?;
    let costs: Vec<f64> = views.iter().filter_map(|(_, view)| view.validation.estimated_cost_usd).collect();
    // No sum where a part of it is not known.
    let total = (costs.len() == views.len()).then(|| costs.iter().sum::<f64>());
    let queries: Map<String, Value> = views.into_iter().map(|(split, view)| (split.word().to_owned(), json!(view))).collect();
    Ok(success(json!({"queries": queries, "total_estimated_cost_usd": total})))
}

/// Of the dataset as it is, which is frozen thereby, or of a version.
pub async fn tfx(State(app): State<App>, Id(id): Id, mut params: Params) -> Answer {
    let version = params.number("version")?;
    params.done()?;
    let tfx = match version {
        Some(number) => app.version_tfx(id, number).await?,
        None => app.tfx(id).await?,
    };
    Ok(success(json!({"tfx": tfx})))
}

pub async fn validate_query(State(app): State<App>, Id(id): Id, mut body: Object) -> Answer {
    let split = body.take("split", "train, eval or test")?;
    body.done()?;
    Ok(success(json!(app.query(id, split, false).await?)))
}

/// The SQL of a config that is not saved: the config whole, or by its parts.
pub async fn compile(State(app): State<App>, Id(model): Id, mut body: Object) -> Answer {
    let split = body.take("split", "train, eval or test")?;
    let config = DatasetChange::from_json(body.0)?.into_new()?.config;
    Ok(success(json!(app.check_config(model, &config, split).await?)))
}

pub async fn preview(State(app): State<App>, Id(id): Id, mut params: Params) -> Answer {
    let (limit, split) = (params.number("limit")?.unwrap_or(100), params.split()?);
    params.done()?;
    Ok(success(json!({"preview": app.preview(id, split, limit).await?})))
}

pub async fn count(State(app): State<App>, Id(id): Id, body: Object) -> Answer {
    body.done()?;
    let counts = app.count(id).await?;
    let splits: Map<String, Value> = counts.splits.iter().map(|(split, part)| (split.word().to_owned(), json!(part))).collect();
    Ok(success(json!({
        "counts": {"as_of": counts.as_of, "full": counts.full, "splits": splits, "unassigned": counts.unassigned}
    })))
}
