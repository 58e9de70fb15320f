//! Saving: partial updates, against a revision, and without a change.

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};

use crate::helpers::{Reply, TestApp, config, counts, request};

async fn update(app: &TestApp, id: i64, etag: Option<&str>, body: Value) -> Reply {
    let mut request = request("POST", &format!("/api/datasets/{id}/update/")).header(header::CONTENT_TYPE, "application/json");
    if let Some(etag) = etag {
        request = request.header(header::IF_MATCH, etag);
    }
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn any_subset_is_saved_and_the_rest_stays() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let body = update(&app, id, Some("\"1\""), json!({"description": "new"})).await;
    assert_eq!(body.headers[header::ETAG], "\"2\"");
    let dataset = body.ok()["dataset"].clone();
    assert_eq!((&dataset["name"], &dataset["description"]), (&json!("Orders"), &json!("new")));
    assert_eq!(dataset["column_count"], 3);
    let body =
        update(&app, id, None, json!({"revision": 2, "selected_columns": [{"table": "orders", "column": "id"}]})).await.ok();
    assert_eq!((&body["dataset"]["column_count"], &body["dataset"]["table_count"]), (&json!(1), &json!(2)));
    // null empties a part.
    let body = update(&app, id, None, json!({"split_config": null, "name": null})).await.ok();
    assert_eq!(body["dataset"]["config"]["split_config"], json!({"type": "none"}));
    assert_eq!(body["dataset"]["name"], "Orders");
    assert_eq!(update(&app, id, None, json!({"name": ""})).await.invalid_fields(), ["name"]);
    assert_eq!(update(&app, id, None, json!({"nam": ""})).await.invalid_fields(), ["nam"]);
    assert_eq!(update(&app, id, None, json!({"config": {}, "filters": {}})).await.invalid_fields(), ["config"]);
    assert_eq!(update(&app, id, None, json!({"revision": "x"})).await.invalid_fields(), ["revision"]);
    update(&app, id, Some("soon"), json!({"name": "x"})).await.refused(400, "bad_parameter");
    update(&app, 99, None, json!({"name": "x"})).await.refused(404, "not_found");
    app.dataset("Other").await;
    update(&app, id, None, json!({"name": "OTHER"})).await.refused(409, "name_taken");
}

#[tokio::test]
async fn the_second_editor_gets_a_conflict_with_the_stored_state() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    update(&app, id, Some("\"1\""), json!({"description": "first"})).await.ok();
    for (etag, body) in
        [(Some("\"1\""), json!({"description": "second"})), (None, json!({"revision": 1, "description": "second"}))]
    {
        let refused = update(&app, id, etag, body).await.refused(409, "stale");
        assert_eq!((&refused["current"]["description"], &refused["current"]["revision"]), (&json!("first"), &json!(2)));
    }
    assert_eq!(app.get("/api/datasets/1/").await.ok()["dataset"]["description"], "first");
}

#[tokio::test]
async fn of_two_saves_of_one_revision_one_wins() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    *app.fake.delay.lock().unwrap() = std::time::Duration::from_millis(50);
    let save = |eval_days: u32| {
        let split = json!({"type": "time_based", "eval_days": eval_days});
        update(&app, id, Some("\"1\""), json!({"split_config": split}))
    };
    let (a, b) = tokio::join!(save(3), save(5));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn saving_the_same_changes_nothing() {
    // Opening an edit and saving it must leave the stored config, the revision and the versions
    // alone.
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let before = app.get(&format!("/api/datasets/{id}/")).await.ok();
    let body = update(&app, id, Some("\"1\""), json!({"name": "Orders ", "config": before["dataset"]["config"]})).await.ok();
    assert_eq!(body["dataset"], before["dataset"]);
    // The same save sent twice, because the response was lost, is one save.
    update(&app, id, Some("\"1\""), json!({"description": "x"})).await.ok();
    let again = update(&app, id, Some("\"1\""), json!({"description": "x"})).await.ok();
    assert_eq!(again["dataset"]["revision"], 2);
}

#[tokio::test]
async fn a_dataset_can_be_renamed_while_a_table_is_missing() {
    let app = TestApp::new().await;
    let id = app.dataset("Ordres").await;
    app.fake.drop_table("raw_data.products");
    update(&app, id, None, json!({"name": "Orders"})).await.ok();
    let errors = update(&app, id, None, json!({"split_config": null})).await.invalid_fields();
    assert!(errors.contains(&"secondary_tables[0]".to_owned()), "{errors:?}");
}

#[tokio::test]
async fn a_count_is_stale_exactly_when_the_config_changed() {
    // A count of another config would be wrong for this one.
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    app.fake.answer(counts(&[("full", 10), ("train", 8), ("eval", 2)]));
    let counted = app.post(&format!("/api/datasets/{id}/count/"), json!({})).await.ok();
    assert_eq!((&counted["counts"]["full"]["rows"], &counted["counts"]["splits"]["eval"]["rows"]), (&json!(10), &json!(2)));
    let read = app.get(&format!("/api/datasets/{id}/")).await.ok();
    let dataset = &read["dataset"];
    // A count is not a change of the dataset.
    assert_eq!((&dataset["row_count_estimate"], &dataset["revision"]), (&json!(10), &json!(1)));
    assert_eq!((&dataset["unique_users_estimate"], &dataset["unique_products_estimate"]), (&json!(5), &json!(null)));
    let renamed = update(&app, id, None, json!({"name": "Renamed"})).await.ok();
    assert_eq!(renamed["dataset"]["row_count_estimate"], 10);
    let changed = update(&app, id, None, json!({"split_config": null})).await.ok();
    assert_eq!(changed["dataset"]["row_count_estimate"], json!(null));
    // Back to the counted config, its count is valid again.
    let back = update(&app, id, None, json!({"config": config()})).await.ok();
    assert_eq!(back["dataset"]["row_count_estimate"], 10);
}
