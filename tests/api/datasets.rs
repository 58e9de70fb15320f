//! Datasets: create, list, name, delete, copy.

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};

use crate::helpers::{TestApp, config, counts, request};

#[tokio::test]
async fn a_dataset_is_created_and_read_back() {
    let app = TestApp::new().await;
    let made = app
        .post("/api/models/1/datasets/create/", json!({"name": " Orders ", "description": " d ", "config": config()}))
        .await
        .ok();
    let dataset = &made["dataset"];
    assert_eq!((&dataset["name"], &dataset["description"]), (&json!("Orders"), &json!("d")));
    assert_eq!((&dataset["status"], &dataset["revision"]), (&json!("draft"), &json!(1)));
    assert_eq!((&dataset["table_count"], &dataset["column_count"]), (&json!(2), &json!(3)));
    assert_eq!(dataset["secondary_tables"], json!(["raw_data.products"]));
    assert_eq!(dataset["model_name"], "My first model");
    assert_eq!(dataset["config"], {
        let mut config = config();
        config["filters"] = json!({});
        // The parts in their own order.
        let split = config.as_object_mut().unwrap().shift_remove("split_config").unwrap();
        config["split_config"] = split;
        config
    });
    assert_eq!(dataset["config_hash"].as_str().unwrap().len(), 64);
    let read = app.get("/api/datasets/1/").await;
    assert_eq!(read.headers[header::ETAG], "\"1\"");
    assert_eq!(read.ok()["dataset"], *dataset);
    // With and without the slash at the end.
    app.get("/api/datasets/1").await.ok();
    app.get("/api/datasets/99/").await.refused(404, "not_found");
    app.get("/api/datasets/x/").await.refused(400, "bad_parameter");
}

#[tokio::test]
async fn the_config_may_come_by_its_parts_and_in_the_old_spelling() {
    let app = TestApp::new().await;
    let mut parts = config();
    parts["name"] = json!("By parts");
    let made = app.post("/api/models/1/datasets/create/", parts).await.ok();
    let whole = app.post("/api/models/1/datasets/create/", json!({"name": "Whole", "config": config()})).await.ok();
    assert_eq!(made["dataset"]["config_hash"], whole["dataset"]["config_hash"]);
    let old = json!({
        "name": "Old",
        "primary_table": "raw_data.orders",
        "selected_columns": {"raw_data.orders": ["user_id"]},
    });
    let old = app.post("/api/models/1/datasets/create/", old).await.ok();
    assert_eq!(old["dataset"]["config"]["selected_columns"], json!([{"table": "orders", "column": "user_id"}]));
}

#[tokio::test]
async fn all_validation_errors_have_their_path() {
    // All validation errors come at once, each with its field, as 422: one internal error would
    // help nobody.
    let app = TestApp::new().await;
    let create = "/api/models/1/datasets/create/";
    let mut bad = config();
    bad["join_config"][0]["on"][0]["right"] = json!("nope");
    bad["selected_columns"][0]["column"] = json!("nope");
    let errors = app.post(create, json!({"name": "", "config": bad})).await.invalid_fields();
    assert!(errors.iter().any(|path| path == "name"), "{errors:?}");
    assert!(errors.iter().any(|path| path.starts_with("join_config[0].on[0].right")), "{errors:?}");
    assert!(errors.iter().any(|path| path.starts_with("selected_columns[0]")), "{errors:?}");
    // Unknown keys, at the top and below it.
    assert_eq!(app.post(create, json!({"name": "x", "colour": 1})).await.invalid_fields(), ["colour"]);
    let deep = json!({"name": "x", "config": {"filters": {"date_range": {"type": "rolling", "days": 3, "weeks": 1}}}});
    assert!(app.post(create, deep).await.invalid_fields()[0].starts_with("filters"));
    assert_eq!(app.post(create, json!({"name": 3})).await.invalid_fields(), ["name"]);
    let long = json!({"name": "x".repeat(256), "description": "y".repeat(2001), "config": config()});
    assert_eq!(app.post(create, long).await.invalid_fields(), ["description", "name"]);
    assert_eq!(app.post(create, json!({"name": "a\u{7}b", "config": config()})).await.invalid_fields(), ["name"]);
    assert_eq!(app.post(create, json!({})).await.invalid_fields(), ["name", "primary_table", "selected_columns"]);
    app.post("/api/models/9/datasets/create/", json!({"name": "x", "config": config()})).await.refused(404, "not_found");
    assert_eq!(app.get("/api/models/1/datasets/").await.ok()["pagination"]["total"], 0);
}

#[tokio::test]
async fn tables_of_other_datasets_are_refused_without_a_request() {
    let app = TestApp::new().await;
    let other = json!({"name": "x", "config": {"primary_table": "private.salaries"}});
    let body = app.post("/api/models/1/datasets/create/", other).await.refused(422, "invalid");
    assert!(body["errors"]["primary_table"].as_str().unwrap().contains("raw_data"), "{body}");
    assert!(app.fake.requested.lock().unwrap().is_empty());
}

#[tokio::test]
async fn invalid_json_is_400_with_its_position() {
    let app = TestApp::new().await;
    let send = |kind: &'static str, body: &'static str| {
        let request = request("POST", "/api/models/1/datasets/create/").header(header::CONTENT_TYPE, kind);
        app.send(request.body(Body::from(body)).unwrap())
    };
    let body = send("application/json", "{\"name\": \n oops}").await.refused(400, "bad_json");
    assert!(body["message"].as_str().unwrap().contains("line 2"), "{body}");
    send("application/json", "[1]").await.refused(400, "bad_json");
    // A form is what a page of another site could send.
    send("application/x-www-form-urlencoded", "name=x").await.refused(400, "bad_request");
    let huge = json!({"name": "x".repeat(1_100_000)});
    let reply = app.post("/api/models/1/datasets/create/", huge).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
}

#[tokio::test]
async fn names_are_unique_within_a_model_without_case_and_blanks() {
    let app = TestApp::new().await;
    app.dataset("Größe").await;
    let taken = app.post("/api/models/1/datasets/create/", json!({"name": " gRÖße ", "config": config()})).await;
    let body = taken.refused(409, "name_taken");
    assert!(body["errors"]["name"].is_string());
    // Another model may use the name.
    app.post("/api/models/create/", json!({"name": "Other"})).await.ok();
    app.post("/api/models/2/datasets/create/", json!({"name": "Größe", "config": config()})).await.ok();

    let check = "/api/models/1/datasets/check-name/";
    let free = |body: Value| app.post(check, body);
    assert_eq!(free(json!({"name": "GRÖßE"})).await.ok()["available"], json!(false));
    assert_eq!(free(json!({"name": "GRÖßE", "exclude_id": 1})).await.ok()["available"], json!(true));
    assert_eq!(free(json!({"name": "Else"})).await.ok()["available"], json!(true));
    let empty = free(json!({"name": " "})).await.ok();
    assert_eq!(empty["available"], json!(false));
    assert!(empty["message"].as_str().unwrap().contains("name"));
    assert_eq!(free(json!({"nam": "x"})).await.invalid_fields(), ["nam"]);
    app.post("/api/models/9/datasets/check-name/", json!({"name": "x"})).await.refused(404, "not_found");
}

#[tokio::test]
async fn of_two_concurrent_creations_one_gets_the_name() {
    let app = TestApp::new().await;
    *app.fake.delay.lock().unwrap() = std::time::Duration::from_millis(50);
    let create = || app.post("/api/models/1/datasets/create/", json!({"name": "Race", "config": config()}));
    let (a, b, c) = tokio::join!(create(), create(), create());
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409]);
    assert_eq!(app.get("/api/models/1/datasets/").await.ok()["pagination"]["total"], 1);
}

/// Pages have the field names of the document and no others: a client that reads `pages` would
/// never find `total_pages`.
#[tokio::test]
async fn the_list_has_pages_a_search_and_a_status() {
    let app = TestApp::new().await;
    for name in ["a", "b", "c", "50%_off", "50 percent"] {
        app.dataset(name).await;
    }
    let page = app.get("/api/models/1/datasets/?per_page=2").await.ok();
    let names = |body: &Value| -> Vec<String> {
        body["datasets"].as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap().to_owned()).collect()
    };
    // Latest change first.
    assert_eq!(names(&page), ["50 percent", "50%_off"]);
    assert_eq!(
        page["pagination"],
        json!({"total": 5, "page": 1, "per_page": 2, "total_pages": 3, "has_next": true, "has_previous": false})
    );
    assert_eq!(names(&app.get("/api/models/1/datasets/?per_page=2&page=3").await.ok()), ["a"]);
    // To compare with, all names are listed.
    assert_eq!(names(&app.get("/api/models/1/datasets/names/").await.ok()).len(), 5);
    let beyond = app.get("/api/models/1/datasets/?page=9").await.ok();
    assert_eq!((names(&beyond).len(), &beyond["pagination"]["total"]), (0, &json!(5)));
    // Nothing in a search is a wildcard.
    assert_eq!(names(&app.get("/api/models/1/datasets/?search=%25").await.ok()), ["50%_off"]);
    assert_eq!(names(&app.get("/api/models/1/datasets/?search=_").await.ok()), ["50%_off"]);
    assert_eq!(names(&app.get("/api/models/1/datasets/?search=PERCENT").await.ok()), ["50 percent"]);
    assert_eq!(names(&app.get("/api/models/1/datasets/?status=active").await.ok()).len(), 0);
    assert_eq!(names(&app.get("/api/models/1/datasets/?status=draft&search=").await.ok()).len(), 5);
    // A change moves it to the front.
    app.post("/api/datasets/1/update/", json!({"description": "new"})).await.ok();
    assert_eq!(names(&app.get("/api/models/1/datasets/").await.ok())[0], "a");
    for (query, field) in [
        ("page=0", None),
        ("per_page=51", None),
        ("page=x", Some("page")),
        ("status=old", Some("status")),
        ("sort=name", Some("sort")),
    ] {
        let reply = app.get(&format!("/api/models/1/datasets/?{query}")).await;
        assert_eq!(reply.status, 400, "{query} {}", reply.text);
        if let Some(field) = field {
            assert!(reply.body["errors"][field].is_string(), "{query} {}", reply.text);
        }
    }
    app.get("/api/models/9/datasets/").await.refused(404, "not_found");
}

#[tokio::test]
async fn every_field_of_a_card_is_there() {
    let app = TestApp::new().await;
    app.dataset("a").await;
    let body = app.get("/api/models/1/datasets/").await.ok();
    let card: Vec<&str> = body["datasets"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        card,
        [
            "id",
            "name",
            "description",
            "status",
            "primary_table",
            "secondary_tables",
            "table_count",
            "column_count",
            "row_count_estimate",
            "unique_users_estimate",
            "unique_products_estimate",
            "created_at",
            "updated_at",
            "last_used_at",
            "version_count",
            "active_version",
            "quality"
        ]
    );
}

#[tokio::test]
async fn copies_get_the_next_free_name() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    app.fake.answer(counts(&[("full", 10), ("train", 8), ("eval", 2)]));
    app.post(&format!("/api/datasets/{id}/count/"), json!({})).await.ok();
    let clone = format!("/api/datasets/{id}/clone/");
    let (a, b) = tokio::join!(app.post(&clone, json!({})), app.post(&clone, json!({})));
    let mut names = [a.ok(), b.ok()].map(|body| body["dataset"]["name"].as_str().unwrap().to_owned());
    names.sort();
    assert_eq!(names, ["Orders (Copy 2)", "Orders (Copy)"]);
    let third = app.post(&clone, json!({})).await.ok();
    assert_eq!(third["dataset"]["name"], "Orders (Copy 3)");
    // The count holds for the copy, which has the same config.
    assert_eq!(third["dataset"]["row_count_estimate"], 10);
    assert_eq!((&third["dataset"]["status"], &third["dataset"]["revision"]), (&json!("draft"), &json!(1)));
    let named = app.post(&clone, json!({"name": "Mine"})).await.ok();
    assert_eq!(named["dataset"]["name"], "Mine");
    app.post(&clone, json!({"name": "mine "})).await.refused(409, "name_taken");
    assert_eq!(app.post(&clone, json!({"name": " "})).await.invalid_fields(), ["name"]);
    app.post("/api/datasets/99/clone/", json!({})).await.refused(404, "not_found");
    // A long name is cut for the ending.
    let long = app.dataset(&"x".repeat(255)).await;
    let copy = app.post(&format!("/api/datasets/{long}/clone/"), json!({})).await.ok();
    let name = copy["dataset"]["name"].as_str().unwrap();
    assert_eq!((name.chars().count(), name.ends_with("x (Copy)")), (255, true));
}

#[tokio::test]
async fn deleted_datasets_are_not_found() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let delete = format!("/api/datasets/{id}/delete/");
    assert_eq!(app.post(&delete, json!({"force": "yes"})).await.invalid_fields(), ["force"]);
    app.post(&delete, json!({})).await.ok();
    app.get(&format!("/api/datasets/{id}/")).await.refused(404, "not_found");
    app.post(&delete, json!({})).await.refused(404, "not_found");
    // Its name is free again, its id is not.
    assert_ne!(app.dataset("Orders").await, id);
}

#[tokio::test]
async fn acknowledged_changes_survive_a_restart() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let before = app.get(&format!("/api/datasets/{id}/")).await.ok();
    // As after a kill: nothing is closed first.
    let again = trainset::store::sqlite::SqliteStore::open(&app.file).await.unwrap();
    let dataset = again.dataset(id).await.unwrap();
    assert_eq!(serde_json::to_value(dataset).unwrap(), before["dataset"]);
    assert_eq!(again.models().await.unwrap().len(), 1);
}
