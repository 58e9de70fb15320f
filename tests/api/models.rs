//! Models and their tables.

use serde_json::{Value, json};
use trainset::domain::name::TableName;
use trainset::warehouse::WarehouseError;

use crate::helpers::TestApp;

#[tokio::test]
async fn a_fresh_installation_has_a_model_on_the_embedded_warehouse() {
    let app = TestApp::new().await;
    let body = app.get("/api/models/").await.ok();
    assert_eq!(body["models"].as_array().unwrap().len(), 1);
    assert_eq!(body["models"][0]["gcp_project_id"], json!(null));
    app.get("/api/models/7/").await.refused(404, "not_found");
    app.get("/api/models/x/").await.refused(400, "bad_parameter");
}

#[tokio::test]
async fn models_are_created_and_renamed() {
    let app = TestApp::new().await;
    let made = app.post("/api/models/create/", json!({"name": "  Baskets ", "description": "d"})).await.ok();
    assert_eq!(made["model"]["name"], "Baskets");
    let id = made["model_id"].as_i64().unwrap();
    let taken = app.post("/api/models/create/", json!({"name": "BASKETS"})).await.refused(409, "name_taken");
    assert!(taken["errors"]["name"].is_string());
    assert_eq!(app.post("/api/models/create/", json!({"name": " "})).await.invalid_fields(), ["name"]);
    assert_eq!(app.post("/api/models/create/", json!({"nmae": "x"})).await.invalid_fields(), ["nmae"]);
    // An invalid project is refused, rather than accepted without tables.
    let bigquery = json!({"name": "x", "gcp_project_id": "p"});
    assert_eq!(app.post("/api/models/create/", bigquery).await.invalid_fields(), ["gcp_project_id"]);
    let renamed = app.post(&format!("/api/models/{id}/update/"), json!({"name": "Shop"})).await.ok();
    assert_eq!((&renamed["model"]["name"], &renamed["model"]["description"]), (&json!("Shop"), &json!("d")));
    // Saving the same again is not a change.
    let again = app.post(&format!("/api/models/{id}/update/"), json!({})).await.ok();
    assert_eq!(again["model"], renamed["model"]);
    app.post("/api/models/99/update/", json!({"name": "x"})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_model_is_connected_to_a_warehouse_and_disconnected() {
    let app = TestApp::new().await;
    let bigquery = json!({"name": "Baskets", "gcp_project_id": " my-project ", "location": "EU"});
    let made = app.post("/api/models/create/", bigquery).await.ok();
    let warehouse = |model: &Value| (model["gcp_project_id"].clone(), model["location"].clone());
    assert_eq!(warehouse(&made["model"]), (json!("my-project"), json!("EU")));
    let fields: Vec<&String> = made["model"].as_object().unwrap().keys().collect();
    let order = ["id", "name", "description", "gcp_project_id", "location", "dataset_count", "created_at", "updated_at"];
    assert_eq!(fields, order);
    let path = format!("/api/models/{}/", made["model_id"]);
    assert_eq!(app.get(&path).await.ok()["model"], made["model"]);
    // Absent fields stay, so a location alone would be left.
    let update = format!("{path}update/");
    assert_eq!(app.post(&update, json!({"gcp_project_id": null})).await.invalid_fields(), ["location"]);
    let embedded = app.post(&update, json!({"gcp_project_id": null, "location": null})).await.ok();
    assert_eq!(warehouse(&embedded["model"]), (json!(null), json!(null)));
    assert_eq!(app.get(&path).await.ok()["model"], embedded["model"]);
}

#[tokio::test]
async fn tables_are_listed_with_their_metadata() {
    let app = TestApp::new().await;
    let body = app.get("/api/models/1/bq-tables/").await.ok();
    let tables = body["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 3);
    assert_eq!((&tables[0]["table_id"], &tables[0]["full_name"]), (&json!("orders"), &json!("raw_data.orders")));
    assert_eq!((&tables[0]["size_mb"], &tables[0]["row_count"]), (&json!(3.0), &json!(7)));
    // A view's rows are unknown: that is not 0.
    assert_eq!((&tables[2]["kind"], &tables[2]["row_count"]), (&json!("view"), &json!(null)));
    app.get("/api/models/9/bq-tables/").await.refused(404, "not_found");
}

#[tokio::test]
async fn no_dataset_no_permission_and_empty_are_different_answers() {
    let app = TestApp::new().await;
    *app.fake.list.lock().unwrap() = Some(WarehouseError::NoDataset("Dataset raw_data not found.".into()));
    app.get("/api/models/1/bq-tables/").await.refused(404, "no_dataset");
    *app.fake.list.lock().unwrap() = Some(WarehouseError::NoPermission("No permission to list tables.".into()));
    app.get("/api/models/1/bq-tables/").await.refused(502, "no_permission");
    *app.fake.list.lock().unwrap() = None;
    app.fake.schemas.lock().unwrap().clear();
    assert_eq!(app.get("/api/models/1/bq-tables/").await.ok()["tables"], json!([]));
}

#[tokio::test]
async fn schemas_by_id_or_full_name_of_our_dataset_alone() {
    let app = TestApp::new().await;
    for table in ["products", "raw_data.products"] {
        let body = app.get(&format!("/api/models/1/bq-tables/{table}/schema/")).await.ok();
        assert_eq!(body["table_name"], "raw_data.products");
        let name = json!({
            "name": "name", "type": "STRING", "mode": "NULLABLE", "description": null, "suggested_role": null, "is_potential_join_key": false,
        });
        assert_eq!(body["schema"][1], name);
    }
    app.get("/api/models/1/bq-tables/nope/schema/").await.refused(404, "not_found");
    app.get("/api/models/1/bq-tables/a%60b/schema/").await.refused(400, "bad_request");
    app.get("/api/models/1/bq-tables/..%2Fetc%2Fpasswd/schema/").await.refused(400, "bad_request");
    app.fake.requested.lock().unwrap().clear();
    app.get("/api/models/1/bq-tables/private.salaries/schema/").await.refused(404, "not_found");
    assert_eq!(*app.fake.requested.lock().unwrap(), Vec::<TableName>::new(), "the warehouse was asked for another dataset");
}
