//! A model with many datasets, made by one statement from one that was saved normally.

use std::path::Path;

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use super::program::{Client, events_config};

pub const DATASETS: i64 = 10_000;

/// Makes a dataset over the API and copies of it in the program's file. Each has a name and a
/// description of its own; every third is active.
pub async fn fill(client: &Client, folder: &Path) {
    let made =
        client.post("/api/models/1/datasets/create/", json!({"name": "Dataset 1", "config": events_config(7)})).await.unwrap();
    assert_eq!(made.status, 200, "{}", made.text);
    let file = format!("sqlite://{}", folder.join("trainset.db").display());
    let mut database = SqliteConnection::connect(&file).await.unwrap();
    sqlx::query(
        "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < $1), \
         words (i, name, description) AS (SELECT i, 'Dataset ' || i, 'Baskets of week ' || (i % 53) || ' for the ranking model, try ' || (i % 7) FROM n) \
         INSERT INTO datasets (model_id, name, name_key, description, search_text, status, config, config_hash, revision, primary_table, \
         secondary_tables, table_count, column_count, created_at, updated_at) \
         SELECT d.model_id, w.name, lower(w.name), w.description, lower(w.name || char(10) || w.description), iif(w.i % 3 = 0, 'active', 'draft'), \
         d.config, d.config_hash, 1, d.primary_table, d.secondary_tables, d.table_count, d.column_count, d.created_at, \
         strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-01', '+' || w.i || ' minutes') FROM datasets d, words w WHERE d.id = 1",
    )
    .bind(DATASETS)
    .execute(&mut database)
    .await
    .unwrap();
    database.close().await.unwrap();
}
