//! Each limit in each way in, before any other request.

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::program::{command, write_events};
use crate::wide::{Site, beyond, config};

#[tokio::test]
async fn values_beyond_a_limit_are_refused_by_path_at_every_entry_point() {
    let site = Site::new().await;
    let id = made(&site).await;
    let requested = site.warehouse.requested.load(Ordering::SeqCst);
    for (path, config) in beyond() {
        let part = path.split(['.', '[']).next().unwrap();
        let whole = json!({"name": "x", "config": config});
        let refused = [
            site.post("/api/models/1/datasets/create/", &whole).await,
            site.post("/api/models/1/datasets/create/", &with_name(&config)).await,
            site.post("/api/models/1/datasets/import/", &whole).await,
            site.post(&format!("/api/datasets/{id}/update/"), &json!({"config": config})).await,
            site.post(&format!("/api/datasets/{id}/update/"), &json!({part: config[part]})).await,
            site.post("/api/models/1/compile/", &json!({"config": config})).await,
            site.post("/_fn/create-dataset", &json!({"model_id": 1, "input": input(&config)})).await,
            site.post("/_fn/update-dataset", &json!({"id": id, "revision": 1, "input": input(&config)})).await,
            site.post("/_fn/check-config", &json!({"model_id": 1, "config": config, "split": null})).await,
            site.post("/_fn/preview-config", &json!({"model_id": 1, "config": config, "split": null, "limit": 10})).await,
            site.post("/_fn/filter-effect", &json!({"model_id": 1, "config": config, "agreed": true})).await,
            site.post("/_fn/weigh-joins", &json!({"model_id": 1, "config": config, "agreed": true})).await,
        ];
        for (i, reply) in refused.iter().enumerate() {
            assert_eq!((reply.status, reply.paths()), (422, vec![path]), "{i}: {:.500}", reply.text);
            assert!(reply.text.len() < 1_000, "{i}");
        }
        let reply = site.send("POST", "/api/models/1/datasets/import/", "application/yaml", yaml(&whole)).await;
        match reply.status {
            // A document has limits of its own, which come first.
            400 => assert!(reply.text.contains("too large"), "{:.500}", reply.text),
            status => assert_eq!((status, reply.paths()), (422, vec![path]), "{:.500}", reply.text),
        }
        let reply = site.post("/api/models/1/validate/", &json!({"config": config})).await;
        assert_eq!((reply.status, &reply.body["valid"], reply.paths()), (200, &json!(false), vec![path]), "{:.500}", reply.text);
    }
    assert_eq!(site.warehouse.requested.load(Ordering::SeqCst), requested, "the warehouse was asked");
}

async fn made(site: &Site) -> i64 {
    let reply = site.post("/api/models/1/datasets/create/", &json!({"name": "Orders", "config": config()})).await;
    reply.body["dataset_id"].as_i64().unwrap_or_else(|| panic!("{}", reply.text))
}

/// The config's parts beside the name.
fn with_name(config: &Value) -> Value {
    let mut body = config.clone();
    body["name"] = "x".into();
    body
}

fn input(config: &Value) -> Value {
    json!({"name": "x", "description": "", "config": config})
}

/// Large values in one line, which YAML takes as well.
fn yaml(value: &Value) -> String {
    let fields = value.as_object().unwrap();
    fields.iter().map(|(key, value)| format!("{key}: {value}\n")).collect()
}

#[tokio::test]
async fn the_older_spelling_has_the_same_limits() {
    let site = Site::new().await;
    let joins: Map<String, Value> = (0..2_000).map(|i| (format!("raw_data.t{i}"), json!({"join_key": "id"}))).collect();
    let name = format!("raw_data.{}", "t".repeat(300_000));
    for (path, config) in [
        (
            "selected_columns",
            json!({"primary_table": "raw_data.orders", "selected_columns": {"raw_data.orders": vec!["id"; 100_000]}}),
        ),
        // Converted to today's spelling it would be 30 gigabytes.
        (
            "selected_columns",
            json!({"primary_table": "raw_data.orders", "selected_columns": {name.as_str(): vec!["id"; 100_000]}}),
        ),
        ("join_config", json!({"primary_table": "raw_data.orders", "join_config": joins})),
        ("primary_table", json!({"primary_table": name, "join_config": vec![json!({"table": "t", "join_key": "id"}); 20]})),
    ] {
        let reply = site.post("/api/models/1/datasets/create/", &json!({"name": "x", "config": config})).await;
        assert_eq!((reply.status, reply.paths()), (422, vec![path]), "{:.500}", reply.text);
    }
}

#[tokio::test]
async fn lists_and_texts_of_requests_have_limits() {
    let site = Site::new().await;
    let many = vec!["orders"; 20_000];
    let long = "x".repeat(900_000);
    for (path, body, status) in [
        ("/api/models/1/detect-joins/", json!({"tables": many}), 400),
        ("/api/models/1/detect-joins/", json!({"tables": [long]}), 400),
        ("/api/models/1/detect-joins/estimate/", json!({"tables": many}), 400),
        ("/api/models/1/suggest-columns/", json!({"tables": many}), 400),
        ("/api/models/1/suggest-columns/", json!({"tables": ["orders", long]}), 400),
        ("/api/models/1/datasets/compare/", json!({"dataset_ids": vec![1; 100_000]}), 422),
        ("/api/models/1/datasets/check-name/", json!({"name": long}), 200),
        ("/api/models/1/datasets/create/", json!({"name": long}), 422),
        ("/api/models/1/datasets/create/", json!({long.as_str(): 1}), 422),
        ("/api/models/1/datasets/create/", json!({"config": {long.as_str(): 1}}), 422),
        ("/api/models/1/detect-joins/", json!({"tables": [], "verify": long}), 422),
        ("/api/models/1/detect-joins/", json!({long.as_str(): 1}), 422),
        ("/_fn/table-schemas", json!({"model_id": 1, "tables": many}), 400),
        ("/_fn/table-schemas", json!({"model_id": 1, "tables": [long]}), 400),
        ("/_fn/detect-joins", json!({"model_id": 1, "tables": many, "verify": false}), 400),
        ("/_fn/suggest-columns", json!({"model_id": 1, "tables": many}), 400),
        ("/_fn/profile", json!({"model_id": 1, "table": "orders", "columns": vec!["id"; 20_000]}), 400),
        ("/_fn/profile", json!({"model_id": 1, "table": "orders", "columns": [long]}), 404),
        ("/_fn/estimate-profile", json!({"model_id": 1, "table": "orders", "columns": vec!["id"; 20_000]}), 400),
        ("/_fn/column-values", json!({"model_id": 1, "table": "orders", "column": long, "search": null, "limit": 1}), 404),
        ("/_fn/column-values", json!({"model_id": 1, "table": "orders", "column": "id", "search": long, "limit": 1}), 400),
        ("/_fn/datasets", json!({"model_id": 1, "query": {"status": null, "search": long, "page": 1, "per_page": 10}}), 400),
        ("/_fn/compare", json!({"model_id": 1, "dataset_ids": vec![1; 100_000]}), 422),
    ] {
        let reply = site.post(path, &body).await;
        assert_eq!(reply.status, status, "{path} {:.100} {:.500}", body.to_string(), reply.text);
        assert!(reply.text.len() < 20_000, "{path} {:.100}: {} bytes", body.to_string(), reply.text.len());
    }
    let names = vec!["id"; 5_000].join(",");
    let reply = site.get(&format!("/api/models/1/bq-tables/orders/stats/?columns={names}")).await;
    assert_eq!(reply.status, 400, "{:.500}", reply.text);
}

#[tokio::test]
async fn a_response_does_not_grow_with_the_errors() {
    let site = Site::new().await;
    let unknown: Vec<Value> =
        (0..1_000).map(|i| json!({"table": "orders", "column": format!("{}{i}", "c".repeat(290))})).collect();
    let mut columns = config();
    columns["selected_columns"] = unknown.into();
    let mut values = config();
    let list: Vec<Value> = (0..10_000).map(Value::from).collect();
    values["filters"] = json!({"rows": [{"table": "products", "column": "name", "where": {"op": "in", "values": list}}]});
    let keys: Map<String, Value> = (0..60_000).map(|i| (format!("key{i}"), Value::Null)).collect();
    for body in [
        json!({"name": "x", "config": columns}),
        json!({"name": "x", "config": values}),
        Value::Object(keys.clone()),
        json!({"config": keys}),
    ] {
        let reply = site.post("/api/models/1/datasets/create/", &body).await;
        assert_eq!(reply.status, 422, "{:.500}", reply.text);
        assert!(
            reply.paths().len() <= 101 && reply.text.len() < 100_000,
            "{} faults, {} bytes",
            reply.paths().len(),
            reply.text.len()
        );
    }
    // Errors that are not listed are counted.
    let reply = site.post("/api/models/1/datasets/create/", &json!({"name": "x", "config": columns})).await;
    assert!(reply.body["errors"]["config"].as_str().unwrap().starts_with("900 more"), "{:.300}", reply.text);
}

#[test]
fn the_command_line_refuses_values_beyond_a_limit_by_path() {
    let folder = TempDir::new().unwrap();
    let tables = write_events(folder.path());
    for (path, config) in beyond() {
        let file = folder.path().join("dataset.json");
        std::fs::write(&file, json!({"name": "x", "config": config}).to_string()).unwrap();
        for name in ["validate", "sql", "tfx", "analyze"] {
            let done = command(folder.path()).arg(name).arg(&file).arg("--warehouse").arg(&tables).output().unwrap();
            let text = String::from_utf8_lossy(&done.stdout);
            assert!(done.status.code() == Some(1) && text.starts_with(&format!("{path}: ")), "{name}: {done:?}");
        }
        let mut apply = command(folder.path());
        apply.arg("apply").arg(&file).args(["--model", "Demo"]).arg("--warehouse").arg(&tables);
        let done = apply.arg("--database").arg(folder.path().join("trainset.db")).output().unwrap();
        let text = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.code() == Some(1) && text.starts_with(&format!("{path}: ")), "apply: {done:?}");
    }
}
