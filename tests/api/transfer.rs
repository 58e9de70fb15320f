//! Config as code: an exported file can be imported as the same dataset, and errors of a file have
//! positions.

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};

use crate::helpers::{Reply, TestApp, config, request};

async fn import(app: &TestApp, query: &str, kind: &str, text: &str) -> Reply {
    let request = request("POST", &format!("/api/models/1/datasets/import/{query}")).header(header::CONTENT_TYPE, kind);
    app.send(request.body(Body::from(text.to_owned())).unwrap()).await
}

async fn export(app: &TestApp, id: i64, format: &str) -> Reply {
    let reply = app.get(&format!("/api/datasets/{id}/export/?format={format}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

#[tokio::test]
async fn a_dataset_is_exported_as_yaml_or_json() {
    let app = TestApp::new().await;
    let body = json!({"name": "Orders: \"all\" of/../2024", "description": "Two lines,\nnot one: #2", "config": config()});
    let id = app.post("/api/models/1/datasets/create/", body).await.ok()["dataset_id"].as_i64().unwrap();
    let before = app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"].clone();
    for (format, kind) in [("yaml", "application/yaml"), ("json", "application/json")] {
        let file = export(&app, id, format).await;
        assert_eq!(file.headers[header::CONTENT_TYPE], kind);
        let name = file.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert_eq!(name, format!("attachment; filename=\"orders-all-of-..-2024.{format}\""));
        // Equal datasets give equal text.
        assert_eq!(export(&app, id, format).await.text, file.text);
        // The dataset is equal already.
        let same = import(&app, "?update=true", kind, &file.text).await.ok();
        assert_eq!((&same["outcome"], &same["dataset"]["revision"]), (&json!("unchanged"), &json!(1)));
        import(&app, "", kind, &file.text).await.refused(409, "name_taken");
        // On another installation it becomes the same.
        let other = TestApp::new().await;
        let made = import(&other, "", kind, &file.text).await.ok();
        assert_eq!((&made["outcome"], &made["dataset"]["config_hash"]), (&json!("created"), &before["config_hash"]));
        for field in ["name", "description", "config"] {
            assert_eq!(made["dataset"][field], before[field]);
        }
        assert_eq!(export(&other, made["dataset_id"].as_i64().unwrap(), format).await.text, file.text);
    }
    // The default is YAML.
    assert_eq!(app.get(&format!("/api/datasets/{id}/export/")).await.text, export(&app, id, "yaml").await.text);
    app.get(&format!("/api/datasets/{id}/export/?format=xml")).await.refused(400, "bad_parameter");
    app.get("/api/datasets/99/export/").await.refused(404, "not_found");
}

#[tokio::test]
async fn an_import_updates_an_existing_dataset_only_with_update() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let changed =
        export(&app, id, "yaml").await.text.replace("eval_days: 7", "eval_days: 3").replace("name: Orders", "name: ORDERS");
    import(&app, "", "application/yaml", &changed).await.refused(409, "name_taken");
    let done = import(&app, "?update=true", "text/yaml; charset=utf-8", &changed).await;
    assert_eq!(done.headers[header::ETAG], "\"2\"");
    let done = done.ok();
    assert_eq!((&done["outcome"], &done["dataset_id"]), (&json!("updated"), &json!(id)));
    assert_eq!(
        (&done["dataset"]["name"], &done["dataset"]["config"]["split_config"]["eval_days"]),
        (&json!("ORDERS"), &json!(3))
    );
    // The file replaces everything: missing fields become empty.
    let done =
        import(&app, "?update=true", "application/yaml", "name: orders\nconfig:\n  primary_table: raw_data.visits\n").await;
    assert_eq!(done.invalid_fields(), ["selected_columns"]);
}

#[tokio::test]
async fn an_invalid_file_has_errors_with_positions() {
    let app = TestApp::new().await;
    let yaml =
        "name: Orders\nconfig:\n  primary_table: raw_data.orders\n  selected_columns:\n    - {table: orders, column: nope}\n";
    let body = import(&app, "", "application/yaml", yaml).await.refused(422, "invalid");
    let message = body["errors"]["selected_columns[0].column"].as_str().unwrap();
    assert!(message.ends_with("(line 5, column 23)."), "{message}");
    let json = "{\"name\": \"Orders\",\n \"config\": {\"primary_table\": \"raw_data.orders\",\n  \"colour\": null}}";
    let body = import(&app, "", "application/json", json).await.refused(422, "invalid");
    assert!(body["errors"]["colour"].as_str().unwrap().contains("(line 3, column 3)"), "{body}");
    let body = import(&app, "", "application/yaml", "name: Orders\n config: {}\n").await.refused(400, "bad_request");
    assert!(body["message"].as_str().unwrap().contains("(line 2, "), "{body}");
    assert_eq!(import(&app, "", "application/yaml", "").await.invalid_fields()[0], "name");
    for (kind, text) in [("text/plain", "name: x"), ("application/x-www-form-urlencoded", "name=x"), ("", "name: x")] {
        import(&app, "", kind, text).await.refused(400, "bad_request");
    }
    let raw = request("POST", "/api/models/1/datasets/import/").header(header::CONTENT_TYPE, "application/yaml");
    app.send(raw.body(Body::from(vec![0x6e, 0xff, 0xfe])).unwrap()).await.refused(400, "bad_request");
    import(&app, "", "application/yaml", &"#\n".repeat(600_000)).await.refused(413, "too_large");
    import(&app, "?updat=true", "application/yaml", "name: x").await.refused(400, "bad_parameter");
    let request = request("POST", "/api/models/9/datasets/import/").header(header::CONTENT_TYPE, "application/yaml");
    app.send(request.body(Body::from(yaml)).unwrap()).await.refused(404, "not_found");
    assert_eq!(app.get("/api/models/1/datasets/").await.ok()["datasets"], json!([]));
}

#[tokio::test]
async fn the_old_spelling_and_null_are_read() {
    // Null, missing and empty mean the same, and older spellings are read.
    let app = TestApp::new().await;
    let yaml = "name: Old\ndescription: ~\nconfig:\n  primary_table: raw_data.orders\n  secondary_tables: [raw_data.products]\n  \
                join_config:\n    raw_data.products: {join_key: product_id, secondary_column: id, join_type: LEFT}\n  \
                selected_columns: {raw_data.orders: [user_id], raw_data.products: [category]}\n  filters:\n";
    let made = import(&app, "", "application/yaml", yaml).await.ok();
    let join = json!({"table": "products", "type": "left", "on": [{"left": {"table": "orders", "column": "product_id"}, "right": "id"}]});
    assert_eq!(made["dataset"]["config"]["join_config"], json!([join]));
    assert_eq!(made["dataset"]["description"], Value::from(""));
    // The export has today's spelling.
    let text = export(&app, made["dataset_id"].as_i64().unwrap(), "yaml").await.text;
    assert!(!text.contains("join_key") && !text.contains("filters"), "{text}");
}
