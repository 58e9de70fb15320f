//! Joins and roles that are suggested for tables.

use axum::extract::State;
use serde_json::json;

use super::answer::{Answer, ApiError, success};
use super::extract::{Id, Object};
use crate::domain::joins::{JoinDetection, THRESHOLD};
use crate::service::App;

pub async fn detect_joins(State(app): State<App>, Id(model): Id, mut body: Object) -> Answer {
    let (tables, verify) = (tables(&mut body)?, body.take("verify", "true or false")?);
    body.done()?;
    let JoinDetection { settled, verification } = app.detect_joins(model, &tables, verify.unwrap_or_default()).await?;
    Ok(success(json!({
        "detected_joins": settled.joins,
        "tree": settled.tree,
        "unconnected": settled.unconnected,
        "threshold": THRESHOLD,
        "verification": verification,
    })))
}

/// What `verify` would read and cost.
pub async fn estimate(State(app): State<App>, Id(model): Id, mut body: Object) -> Answer {
    let tables = tables(&mut body)?;
    body.done()?;
    Ok(success(json!({"estimate": app.joins_estimate(model, &tables).await?})))
}

pub async fn suggest_columns(State(app): State<App>, Id(model): Id, mut body: Object) -> Answer {
    let tables = tables(&mut body)?;
    body.done()?;
    Ok(success(json!({"suggestions": app.suggest_columns(model, &tables).await?})))
}

fn tables(body: &mut Object) -> Result<Vec<String>, ApiError> {
    Ok(body.take("tables", "a list of tables, as [\"raw_data.orders\", \"raw_data.users\"]")?.unwrap_or_default())
}
