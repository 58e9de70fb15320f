//! `/api/models/`: models and the tables they see.

use axum::extract::State;
use serde_json::{Value, json};

use super::answer::{Answer, success};
use super::extract::{Id, InPath, Object};
use crate::domain::joins::is_potential_key;
use crate::domain::record::{Model, ModelInput};
use crate::domain::roles::suggested_role;
use crate::domain::schema::TableInfo;
use crate::service::App;

pub async fn list(State(app): State<App>) -> Answer {
    Ok(success(json!({"models": app.models().await?})))
}

pub async fn one(State(app): State<App>, Id(id): Id) -> Answer {
    Ok(success(json!({"model": app.model(id).await?})))
}

pub async fn create(State(app): State<App>, body: Object) -> Answer {
    let model = app.create_model(&body.read()?).await?;
    Ok(success(json!({"message": "The model is there.", "model_id": model.id, "model": model})))
}

/// Any subset; `null` empties what can be empty.
pub async fn update(State(app): State<App>, Id(id): Id, mut body: Object) -> Answer {
    let Model { name, description, gcp_project_id, location, .. } = app.model(id).await?;
    for (key, value) in [
        ("name", json!(name)),
        ("description", json!(description)),
        ("gcp_project_id", json!(gcp_project_id)),
        ("location", json!(location)),
    ] {
        body.0.entry(key).or_insert(value);
    }
    let input: ModelInput = body.read()?;
    Ok(success(json!({"message": "The model is saved.", "model": app.update_model(id, &input).await?})))
}

pub async fn tables(State(app): State<App>, Id(id): Id) -> Answer {
    let tables: Vec<Value> = app.tables(id).await?.into_iter().map(table).collect();
    Ok(success(json!({"tables": tables})))
}

fn table(table: TableInfo) -> Value {
    let megabytes = table.bytes.map(|bytes| (bytes as f64 / 1_048_576.0 * 100.0).round() / 100.0);
    json!({
        "table_id": table.name.table(),
        "full_name": table.name,
        "kind": table.kind,
        "row_count": table.rows,
        "size_bytes": table.bytes,
        "size_mb": megabytes,
        "column_count": table.columns,
        "last_modified": table.last_modified,
        "problem": table.problem,
    })
}

pub async fn schema(State(app): State<App>, InPath((id, table)): InPath<(i64, String)>) -> Answer {
    let schema = app.table_schema(id, &table).await?;
    let columns: Vec<Value> = schema
        .columns
        .iter()
        .map(|column| {
            json!({
                "name": column.name,
                "type": column.column_type,
                "mode": column.mode,
                "description": column.description,
                "suggested_role": suggested_role(&schema, column),
                "is_potential_join_key": is_potential_key(&schema, column),
            })
        })
        .collect();
    Ok(success(json!({"table_name": schema.table, "schema": columns, "unusable": schema.unusable})))
}
