//! An active dataset was checked against the live tables, has rows in every part, and a frozen
//! version: a status without such guarantees would be useless.

use serde_json::{Value, json};
use trainset::warehouse::WarehouseError;

use crate::helpers::{Reply, TestApp, counts};

async fn counted() -> (TestApp, i64) {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    app.fake.answer(counts(&[("full", 10), ("train", 8), ("eval", 2)]));
    (app, id)
}

async fn activate(app: &TestApp, id: i64) -> Reply {
    app.post(&format!("/api/datasets/{id}/activate/"), json!({})).await
}

#[tokio::test]
async fn activation_freezes_a_version() {
    let (app, id) = counted().await;
    let body = activate(&app, id).await.ok();
    let dataset = &body["dataset"];
    assert_eq!((&dataset["status"], &dataset["version_count"]), (&json!("active"), &json!(1)));
    assert_eq!(dataset["versions"][0]["number"], 1);
    assert_eq!(dataset["versions"][0]["config_hash"], dataset["config_hash"]);
    // The count of the activation is on the card.
    assert_eq!(dataset["row_count_estimate"], 10);
    activate(&app, id).await.refused(409, "already_active");
    activate(&app, 99).await.refused(404, "not_found");
}

#[tokio::test]
async fn the_same_content_is_the_same_version() {
    // A version per content: one per save would bury what was trained on.
    let (app, id) = counted().await;
    activate(&app, id).await.ok();
    let draft = app.post(&format!("/api/datasets/{id}/deactivate/"), json!({})).await.ok();
    assert_eq!(draft["dataset"]["status"], "draft");
    assert_eq!(activate(&app, id).await.ok()["dataset"]["version_count"], 1);
    let update = format!("/api/datasets/{id}/update/");
    // A name is not part of what was frozen; a config is.
    assert_eq!(app.post(&update, json!({"name": "Renamed"})).await.ok()["dataset"]["status"], "active");
    let edited = app.post(&update, json!({"split_config": {"type": "time_based", "eval_days": 3}})).await.ok();
    assert_eq!((&edited["dataset"]["status"], &edited["dataset"]["version_count"]), (&json!("draft"), &json!(1)));
    let body = activate(&app, id).await.ok();
    let numbers: Vec<&Value> = body["dataset"]["versions"].as_array().unwrap().iter().map(|v| &v["number"]).collect();
    assert_eq!(numbers, [2, 1]);
}

#[tokio::test]
async fn an_empty_part_is_refused() {
    let (app, id) = counted().await;
    app.fake.answer(counts(&[("full", 10), ("train", 10)]));
    assert_eq!(activate(&app, id).await.invalid_fields(), ["split_config"]);
    app.fake.answer(counts(&[("full", 0)]));
    assert_eq!(activate(&app, id).await.invalid_fields(), ["filters"]);
    assert_eq!(app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["status"], "draft");
}

#[tokio::test]
async fn the_live_tables_decide() {
    let (app, id) = counted().await;
    *app.fake.dry.lock().unwrap() = Err(WarehouseError::Query("Unrecognized name: x at [1:2]".into()));
    let body = activate(&app, id).await.refused(502, "warehouse");
    assert_eq!(body["message"], "Unrecognized name: x at [1:2]");
    app.fake.drop_table("raw_data.products");
    assert!(activate(&app, id).await.invalid_fields().contains(&"secondary_tables[0]".to_owned()));
    assert_eq!(app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["version_count"], 0);
}

#[tokio::test]
async fn versions_are_deleted_only_by_force() {
    // Deleting a version would remove the record of what was trained on.
    let (app, id) = counted().await;
    activate(&app, id).await.ok();
    let delete = format!("/api/datasets/{id}/delete/");
    let body = app.post(&delete, json!({})).await.refused(409, "has_versions");
    assert_eq!((&body["has_versions"], &body["version_count"]), (&json!(true), &json!(1)));
    app.post(&delete, json!({"force": true})).await.ok();
    app.get(&format!("/api/datasets/{id}/")).await.refused(404, "not_found");
}
