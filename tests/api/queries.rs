//! Generated queries, previews and counts.

use serde_json::json;
use trainset::domain::schema::{ColumnType, Mode};
use trainset::domain::value::{ResultColumn, Rows, Value};
use trainset::warehouse::WarehouseError;

use crate::helpers::{TestApp, config};

fn three_columns(rows: usize) -> Rows {
    let column = |name: &str, column_type| ResultColumn { name: name.into(), column_type, mode: Mode::Nullable };
    Rows {
        columns: vec![
            column("user_id", ColumnType::Int64),
            column("amount", ColumnType::Float64),
            column("category", ColumnType::String),
        ],
        rows: (0..rows).map(|n| vec![Value::Int(n as i64), Value::Float(1.5), Value::Null]).collect(),
        ..Rows::default()
    }
}

#[tokio::test]
async fn the_query_has_the_validation_of_the_warehouse() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let body = app.get(&format!("/api/datasets/{id}/query/")).await.ok();
    let sql = body["query"].as_str().unwrap();
    assert!(sql.contains("raw_data.orders") && !sql.trim_end().ends_with(';'), "{sql}");
    assert_eq!((&body["validation"]["valid"], &body["validation"]["total_bytes_processed"]), (&json!(true), &json!(4096)));
    let train = app.get(&format!("/api/datasets/{id}/query/?split=train&for_analysis=true")).await.ok();
    assert_ne!(train["query"], body["query"]);
    let posted = app.post(&format!("/api/datasets/{id}/validate-query/"), json!({})).await.ok();
    assert_eq!(posted, body);
    // A split that the dataset does not make.
    assert_eq!(app.get(&format!("/api/datasets/{id}/query/?split=test")).await.invalid_fields(), ["split"]);
    app.get(&format!("/api/datasets/{id}/query/?split=half")).await.refused(400, "bad_parameter");
    app.get("/api/datasets/99/query/").await.refused(404, "not_found");
    // A refusal by the warehouse is a result: the query can be inspected.
    app.fake.break_with(WarehouseError::Query("Syntax error at [3:1]".into()));
    let body = app.get(&format!("/api/datasets/{id}/query/")).await.ok();
    assert_eq!((&body["validation"]["valid"], &body["validation"]["error"]), (&json!(false), &json!("Syntax error at [3:1]")));
}

#[tokio::test]
async fn the_queries_of_all_splits() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let body = app.get(&format!("/api/datasets/{id}/query/split/")).await.ok();
    assert_eq!(body["queries"].as_object().unwrap().keys().collect::<Vec<_>>(), ["train", "eval"]);
    assert_eq!(body["queries"]["eval"]["validation"]["valid"], json!(true));
    app.post(&format!("/api/datasets/{id}/update/"), json!({"split_config": null})).await.ok();
    assert_eq!(app.get(&format!("/api/datasets/{id}/query/split/")).await.invalid_fields(), ["split_config"]);
}

#[tokio::test]
async fn an_unsaved_config_is_compiled() {
    let app = TestApp::new().await;
    let saved = app.dataset("Orders").await;
    let whole = app.post("/api/models/1/compile/", json!({"config": config()})).await.ok();
    let parts = app.post("/api/models/1/compile/", config()).await.ok();
    assert_eq!(whole, parts);
    let query = app.get(&format!("/api/datasets/{saved}/query/")).await.ok()["query"].clone();
    assert_eq!(query, format!("-- Trainset: Orders, all rows\n{}", whole["query"].as_str().unwrap()));
    let mut bad = config();
    bad["primary_table"] = json!("raw_data.nope");
    assert!(app.post("/api/models/1/compile/", bad).await.invalid_fields().contains(&"primary_table".to_owned()));
    app.post("/api/models/9/compile/", config()).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_preview_shows_rows_of_the_real_query() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    app.fake.answer(three_columns(5));
    let preview = app.get(&format!("/api/datasets/{id}/preview/?limit=5")).await.ok()["preview"].clone();
    assert_eq!(preview["columns"][0], json!({"name": "user_id", "type": "INT64", "mode": "NULLABLE", "ml_role": "user_id"}));
    assert_eq!((&preview["total"], &preview["limited"], &preview["rows"][1]), (&json!(5), &json!(false), &json!([1, 1.5, null])));
    // One more row than is shown.
    app.fake.answer(three_columns(6));
    let preview = app.get(&format!("/api/datasets/{id}/preview/?limit=5&split=train")).await.ok()["preview"].clone();
    assert_eq!((&preview["total"], &preview["limited"]), (&json!(5), &json!(true)));
    for query in ["limit=0", "limit=1001", "limit=x", "limit=-1", "rows=3"] {
        assert_eq!(app.get(&format!("/api/datasets/{id}/preview/?{query}")).await.status, 400, "{query}");
    }
    app.get("/api/datasets/99/preview/").await.refused(404, "not_found");
}

#[tokio::test]
async fn errors_of_the_warehouse_have_their_own_statuses() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let preview = format!("/api/datasets/{id}/preview/");
    for (error, status, code) in [
        (WarehouseError::Query("Division by zero".into()), 502, "warehouse"),
        (WarehouseError::Timeout(240), 504, "timeout"),
        (WarehouseError::Unreachable("BigQuery does not answer.".into()), 502, "unreachable"),
        (WarehouseError::Resources("The query needs more memory than there is.".into()), 502, "resources"),
        (WarehouseError::NoPermission("No permission to read raw_data.orders.".into()), 502, "no_permission"),
    ] {
        let message = error.to_string();
        app.fake.break_with(error);
        assert_eq!(app.get(&preview).await.refused(status, code)["message"], message);
    }
    // A broken table is reported at its field of the config.
    let broken =
        WarehouseError::Unreadable { table: "raw_data.orders".parse().unwrap(), reason: "the file ends too early".into() };
    app.fake.schemas.lock().unwrap().insert("raw_data.orders".parse().unwrap(), Err(broken));
    let body = app.get(&preview).await.refused(422, "invalid");
    assert!(body["errors"]["primary_table"].as_str().unwrap().contains("ends too early"), "{body}");
}

/// If reading is metered, dates are resolved first and written into the query, so that it reads no
/// unnecessary partition; and the price is reported.
#[tokio::test]
async fn a_metered_warehouse_gets_dates_as_literals() {
    use std::sync::atomic::Ordering;
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    app.post(&format!("/api/datasets/{id}/update/"), json!({"split_config": {"type": "time_based", "eval_days": 7}})).await.ok();
    app.fake.is_metered.store(true, Ordering::SeqCst);
    app.fake.answer(three_columns(5));
    app.get(&format!("/api/datasets/{id}/preview/?limit=5&split=eval")).await.ok();
    let ran = app.fake.sql.lock().unwrap().clone();
    assert_eq!(ran.len(), 2);
    assert!(!ran[1].contains("bounds") && ran[1].contains("TIMESTAMP '2024-03-25 00:00:00+00:00'"), "{}", ran[1]);
    // 4,096 bytes of two tables are billed as the minimum.
    let validation = app.get(&format!("/api/datasets/{id}/query/")).await.ok()["validation"].clone();
    let cost = validation["estimated_cost_usd"].as_f64().unwrap();
    assert!((cost - 6.25 * 20.0 / (1024.0 * 1024.0)).abs() < 1e-12, "{cost}");
    // TFX's queries are frozen on any engine: otherwise its splits would move relative to each
    // other while they are read. Each split is one complete query.
    app.fake.is_metered.store(false, Ordering::SeqCst);
    let tfx = app.post(&format!("/api/datasets/{id}/query/tfx/"), json!({})).await.ok()["tfx"].clone();
    let splits = tfx["input_config"]["splits"].as_array().unwrap();
    assert_eq!(splits.iter().map(|s| s["name"].as_str().unwrap()).collect::<Vec<_>>(), ["train", "eval"]);
    assert!(splits.iter().all(|split| split["pattern"].as_str().unwrap().contains("2024-04-01")), "{tfx}");
    // How TFX uses the parts is up to its user: the snippet says that vocabularies are to be built
    // from train alone.
    assert!(tfx["snippet"].as_str().unwrap().contains("vocabularies from train alone"), "{tfx}");
    app.get("/api/datasets/99/query/tfx/").await.refused(404, "not_found");
    app.post("/api/datasets/99/query/tfx/", json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_unknown_time_zone_is_an_error() {
    // Days of an unknown zone must not silently become days in UTC.
    let app = TestApp::new().await;
    let mut zoned = config();
    zoned["column_mapping"]["time_zone"] = json!("Europe/Berlin");
    app.post("/api/models/1/compile/", zoned.clone()).await.ok();
    zoned["column_mapping"]["time_zone"] = json!("Europe/Berlim");
    assert_eq!(app.post("/api/models/1/compile/", zoned).await.invalid_fields(), ["column_mapping.time_zone"]);
}
