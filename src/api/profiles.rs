//! What the columns of a table hold.

use axum::extract::State;
use serde_json::{Map, Value, json};

use super::answer::{Answer, success};
use super::extract::{InPath, Params};
use crate::service::App;

pub async fn stats(State(app): State<App>, InPath((id, table)): InPath<(i64, String)>, mut params: Params) -> Answer {
    let columns = params.list("columns");
    params.done()?;
    let profile = app.profile(id, &table, columns.as_deref()).await?;
    let stats: Map<String, Value> = profile
        .columns
        .iter()
        .map(|column| (column.name.clone(), json!(column)))
        .chain([("_meta".into(), json!(profile.meta))])
        .collect();
    Ok(success(json!({"stats": stats})))
}

pub async fn estimate(State(app): State<App>, InPath((id, table)): InPath<(i64, String)>, mut params: Params) -> Answer {
    let columns = params.list("columns");
    params.done()?;
    Ok(success(json!({"estimate": app.profile_estimate(id, &table, columns.as_deref()).await?})))
}

pub async fn samples(
    State(app): State<App>,
    InPath((id, table, column)): InPath<(i64, String, String)>,
    mut params: Params,
) -> Answer {
    let (limit, search) = (params.number("limit")?.unwrap_or(10), params.text("search"));
    params.done()?;
    let found = app.column_values(id, &table, &column, search.as_deref(), limit).await?;
    Ok(success(json!({"sample_values": found.values, "complete": found.complete})))
}
