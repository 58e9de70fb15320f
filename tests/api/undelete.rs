//! Deleting can be undone: hidden everywhere, restored completely.

use serde_json::{Value, json};
use trainset::domain::dto::Dataset;

use crate::helpers::{TestApp, counts};

#[tokio::test]
async fn a_deleted_dataset_is_hidden_and_restored_completely() {
    // A mistaken deletion must not lose what was trained on.
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    app.fake.answer(counts(&[("full", 10), ("train", 8), ("eval", 2)]));
    app.post(&format!("/api/datasets/{id}/activate/"), json!({})).await.ok();
    app.post(&format!("/api/datasets/{id}/update/"), json!({"description": "kept"})).await.ok();
    let before = app.get(&format!("/api/datasets/{id}/")).await.ok();
    let version = app.get(&format!("/api/datasets/{id}/versions/1/")).await.ok();
    app.post(&format!("/api/datasets/{id}/delete/"), json!({"force": true})).await.ok();

    let gets = [
        "",
        "export/",
        "versions/",
        "versions/1/",
        "versions/diff/?from=1",
        "drift/",
        "summary/",
        "preview/",
        "query/",
        "query/?version=1",
        "query/split/",
        "query/tfx/",
        "query/tfx/?version=1",
        "analyze/estimate/",
        "analyze/progress/",
    ];
    for path in gets {
        app.get(&format!("/api/datasets/{id}/{path}")).await.refused(404, "not_found");
    }
    let posts = [
        "update",
        "delete",
        "clone",
        "activate",
        "deactivate",
        "count",
        "analyze",
        "analyze/cancel",
        "validate-query",
        "versions/1/restore",
        "query/tfx",
    ];
    for path in posts {
        app.post(&format!("/api/datasets/{id}/{path}/"), json!({})).await.refused(404, "not_found");
    }
    assert_eq!(app.get("/api/models/1/datasets/").await.ok()["datasets"], json!([]));
    assert_eq!(app.get("/api/models/1/").await.ok()["model"]["dataset_count"], json!(0));

    let back = app.post(&format!("/api/datasets/{id}/undelete/"), json!({})).await;
    assert_eq!(back.headers["etag"], format!("\"{}\"", before["dataset"]["revision"]));
    assert_eq!(back.ok()["dataset"], before["dataset"]);
    assert_eq!(app.get(&format!("/api/datasets/{id}/versions/1/")).await.ok(), version);
    // Repeating it does no harm.
    app.post(&format!("/api/datasets/{id}/undelete/"), json!({})).await.ok();
    app.post("/api/datasets/99/undelete/", json!({})).await.refused(404, "not_found");
    app.post(&format!("/api/datasets/{id}/undelete/"), json!({"x": 1})).await.refused(422, "invalid");
}

#[tokio::test]
async fn a_name_is_free_after_its_dataset_is_deleted() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let delete = async |id: i64| app.post(&format!("/api/datasets/{id}/delete/"), json!({})).await.ok();
    delete(id).await;
    let check = app.post("/api/models/1/datasets/check-name/", json!({"name": "orders"})).await.ok();
    assert_eq!(check["available"], json!(true));
    let second = app.dataset("ORDERS").await;
    let refused = app.post(&format!("/api/datasets/{id}/undelete/"), json!({})).await.refused(409, "name_taken");
    assert!(refused["errors"]["name"].is_string());
    // Both are deleted: either can be restored, not both.
    delete(second).await;
    app.post(&format!("/api/datasets/{id}/undelete/"), json!({})).await.ok();
    app.post(&format!("/api/datasets/{second}/undelete/"), json!({})).await.refused(409, "name_taken");
    // A copy of a dataset that is not deleted ignores the deleted one's name.
    let copy = app.post(&format!("/api/datasets/{id}/clone/"), json!({})).await.ok();
    assert_eq!(copy["dataset"]["name"], "Orders (Copy)");
    delete(copy["dataset_id"].as_i64().unwrap()).await;
    let copy = app.post(&format!("/api/datasets/{id}/clone/"), json!({})).await.ok();
    assert_eq!(copy["dataset"]["name"], "Orders (Copy)");
}

#[tokio::test]
async fn the_pages_restore_it_too() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let call = async |name: &str, body: Value| app.post(&format!("/_fn/{name}"), body).await;
    assert_eq!(call("delete-dataset", json!({"id": id, "force": false})).await.status, 200);
    assert_eq!(call("dataset", json!({"id": id})).await.status, 404);
    let back: Dataset = call("undelete-dataset", json!({"id": id})).await.read();
    assert_eq!(back.summary.name, "Orders");
}
