//! The contract: each operation of the document succeeds, and gives each error that the document
//! lists. The helpers check requests and responses against the document.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use serde_json::{Value as Json, json};
use sqlx::{Connection, SqliteConnection};
use trainset::service::Settings;
use trainset::warehouse::WarehouseError;

use crate::document::{Document, Operation};
use crate::helpers::{Fake, Reply, TestApp, config, counts, json_request, request};

/// Two datasets of model 1, the first with a version, and a model without datasets.
async fn prepared(settings: Settings) -> TestApp {
    let app = TestApp::with(settings).await;
    app.fake.answer(counts(&[("full", 10), ("train", 8), ("eval", 2)]));
    app.dataset("Orders").await;
    app.dataset("Other").await;
    app.post("/api/datasets/1/activate/", json!({})).await.ok();
    app.post("/api/models/create/", json!({"name": "Empty"})).await.ok();
    app
}

/// A request that succeeds.
struct Call {
    method: &'static str,
    path: String,
    body: Option<Json>,
}

fn call(operation: &Operation) -> Call {
    let id = match operation.id() {
        // The first has a version already, which is enough for the artefact.
        "delete_model" | "activate_dataset" | "delete_dataset" | "get_tfx" => 2,
        _ => 1,
    };
    let path = operation.path.replace("{id}", &id.to_string()).replace("{table}", "orders");
    let mut path = path.replace("{column}", "user_id").replace("{number}", "1");
    if operation.id() == "diff_versions" {
        path.push_str("?from=1");
    }
    let tables = json!({"tables": ["orders", "products"]});
    let body = match operation.id() {
        "create_model" => json!({"name": "New"}),
        "create_dataset" | "import_dataset" => json!({"name": "New", "config": config()}),
        "update_dataset" => json!({"split_config": {"type": "time_based", "eval_days": 3}}),
        "check_dataset_name" => json!({"name": "New"}),
        "compile_config" | "validate_config" => json!({"config": config()}),
        "compare_datasets" => json!({"dataset_ids": [2, 1]}),
        "detect_joins" => json!({"tables": ["orders", "products"], "verify": true}),
        "estimate_joins" | "suggest_columns" => tables,
        _ => json!({}),
    };
    let method = if operation.method == "post" { "POST" } else { "GET" };
    Call { method, path, body: operation.body().map(|_| body) }
}

impl Call {
    async fn send(&self, app: &TestApp) -> Reply {
        app.send(match &self.body {
            Some(body) => json_request(self.method, &self.path, body),
            None => request(self.method, &self.path).body(Body::empty()).unwrap(),
        })
        .await
    }

    fn with_parameter(mut self, parameter: &str) -> Self {
        self.path.push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(parameter);
        self
    }
}

/// The operations with a status in the document.
fn with_status<'a>(document: &'a Document, status: &str) -> Vec<Operation<'a>> {
    let found: Vec<_> = document.operations().filter(|operation| !operation.spec["responses"][status].is_null()).collect();
    assert!(!found.is_empty());
    found
}

#[track_caller]
fn gives(reply: &Reply, status: u16, operation: &Operation) {
    assert_eq!(reply.status, status, "{}: {}", operation.id(), reply.text);
}

/// Each route responds, also those that nothing in the interface uses; and none keeps state for the
/// client, so that no tab sees another's model.
#[tokio::test]
async fn each_operation_succeeds() {
    let app = prepared(Settings::default()).await;
    let document = app.document().await;
    assert!(document.operations().count() >= 45);
    let (_, fixed): (Vec<_>, Vec<_>) = document.operations().partition(|operation| operation.spec["responses"]["304"].is_null());
    for operation in document.operations() {
        let app = prepared(Settings::default()).await;
        let reply = call(&operation).send(&app).await;
        gives(&reply, 200, &operation);
        assert!(!reply.headers.contains_key(header::SET_COOKIE), "{}", operation.id());
    }
    // Content that a client has already is not sent again.
    for operation in fixed {
        let etag = call(&operation).send(&app).await.headers[header::ETAG].clone();
        let again = request("GET", operation.path).header(header::IF_NONE_MATCH, etag);
        gives(&app.send(again.body(Body::empty()).unwrap()).await, 304, &operation);
    }
}

#[tokio::test]
async fn unreadable_requests_are_400() {
    // Errors have statuses of their own, so that clients can tell their own mistakes from the
    // server's.
    let app = prepared(Settings::default()).await;
    for operation in with_status(app.document().await, "400") {
        let call = call(&operation);
        let call = match call.body {
            Some(_) => Call { body: Some(json!([1])), ..call },
            None => call.with_parameter("colour=1"),
        };
        gives(&call.send(&app).await, 400, &operation);
    }
}

#[tokio::test]
async fn callers_without_access_get_403() {
    let app = prepared(Settings::default()).await;
    for operation in with_status(app.document().await, "403") {
        let call = call(&operation);
        let foreign = axum::http::Request::builder().method(call.method).uri(&call.path).header(header::HOST, "evil.example");
        gives(&app.send(foreign.body(Body::empty()).unwrap()).await, 403, &operation);
    }
}

#[tokio::test]
async fn missing_resources_are_404() {
    // A missing resource is the client's mistake, not an error of the server.
    let app = prepared(Settings::default()).await;
    for operation in with_status(app.document().await, "404") {
        let call = call(&operation);
        let path = call.path.replacen("/1/", "/99/", 1).replacen("/2/", "/99/", 1);
        gives(&Call { path, ..call }.send(&app).await, 404, &operation);
    }
}

#[tokio::test]
async fn unsupported_methods_are_405() {
    let app = prepared(Settings::default()).await;
    for operation in app.document().await.operations() {
        let call = call(&operation);
        for method in ["PUT", "DELETE", "PATCH"] {
            let reply = app.send(request(method, &call.path).body(Body::empty()).unwrap()).await;
            gives(&reply, 405, &operation);
            let allowed = reply.headers[header::ALLOW].to_str().unwrap();
            assert!(allowed.contains(call.method), "{}: {allowed}", operation.id());
        }
    }
}

#[tokio::test]
async fn each_conflict_is_409_with_its_code() {
    let document = TestApp::new().await;
    let document = document.document().await;
    let both = json!({"revision": 99, "description": "mine"});
    // Conflicts are 409, among them deleting what is in use.
    let mut conflicts: Vec<(&str, &str, &str, Json)> = vec![
        ("create_model", "name_taken", "/api/models/create/", json!({"name": " EMPTY "})),
        ("update_model", "name_taken", "/api/models/1/update/", json!({"name": "Empty"})),
        ("delete_model", "has_datasets", "/api/models/1/delete/", json!({})),
        ("create_dataset", "name_taken", "/api/models/1/datasets/create/", json!({"name": "Orders", "config": config()})),
        ("update_dataset", "name_taken", "/api/datasets/2/update/", json!({"name": "Orders"})),
        ("update_dataset", "stale", "/api/datasets/2/update/", both),
        ("delete_dataset", "has_versions", "/api/datasets/1/delete/", json!({"force": false})),
        ("clone_dataset", "name_taken", "/api/datasets/1/clone/", json!({"name": "other"})),
        ("import_dataset", "name_taken", "/api/models/1/datasets/import/", json!({"name": "orders ", "config": config()})),
        ("undelete_dataset", "name_taken", "/api/datasets/2/undelete/", json!({})),
        ("activate_dataset", "already_active", "/api/datasets/1/activate/", json!({})),
        ("restore_version", "stale", "/api/datasets/1/versions/1/restore/", json!({"revision": 99})),
    ];
    for (operation, code, path, body) in &conflicts {
        let app = prepared(Settings::default()).await;
        if *operation == "restore_version" {
            app.post("/api/datasets/1/update/", json!({"split_config": null})).await.ok();
        }
        if *operation == "undelete_dataset" {
            app.post("/api/datasets/2/delete/", json!({})).await.ok();
            app.dataset("OTHER").await;
        }
        let refused = app.post(path, body.clone()).await.refused(409, code);
        match *code {
            "has_datasets" => assert_eq!(refused["dataset_count"], 2),
            "has_versions" => assert_eq!((&refused["has_versions"], &refused["version_count"]), (&json!(true), &json!(1))),
            // Both states.
            "stale" => assert!(refused["current"]["revision"].is_i64() && refused["yours"]["config"].is_object(), "{refused}"),
            _ => {}
        }
        if *operation == "update_dataset" && *code == "stale" {
            assert_eq!((&refused["current"]["description"], &refused["yours"]["description"]), (&json!(""), &json!("mine")));
        }
    }

    // Changed during its validation.
    let app = Arc::new(prepared(Settings::default()).await);
    *app.fake.run_delay.lock().unwrap() = Duration::from_millis(300);
    let (activated, _) = tokio::join!(app.post("/api/datasets/2/activate/", json!({})), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.post("/api/datasets/2/update/", json!({"description": "changed"})).await.ok()
    });
    let refused = activated.refused(409, "stale");
    assert_eq!((&refused["current"]["description"], &refused["yours"]), (&json!("changed"), &Json::Null));
    conflicts.push(("activate_dataset", "stale", "", json!({})));
    *app.fake.delay.lock().unwrap() = Duration::from_millis(300);
    let mut file = json!({"name": "Other", "description": "from a file", "config": config()});
    file["config"]["split_config"]["eval_days"] = json!(3);
    let (imported, _) = tokio::join!(app.post("/api/models/1/datasets/import/?update=true", file), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.post("/api/datasets/2/update/", json!({"description": "changed again"})).await.ok()
    });
    let refused = imported.refused(409, "stale");
    let descriptions = (&refused["current"]["description"], &refused["yours"]["description"]);
    assert_eq!(descriptions, (&json!("changed again"), &json!("from a file")));
    conflicts.push(("import_dataset", "stale", "", json!({})));
    *app.fake.delay.lock().unwrap() = Duration::ZERO;
    let (analyzed, _) = tokio::join!(app.post("/api/datasets/1/analyze/", json!({})), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.post("/api/datasets/1/analyze/cancel/", json!({})).await.ok()
    });
    analyzed.refused(409, "cancelled");
    conflicts.push(("analyze_dataset", "cancelled", "", json!({})));

    let provoked: BTreeSet<(String, String)> = conflicts.iter().map(|(id, code, ..)| ((*id).into(), (*code).into())).collect();
    let mut described = BTreeSet::new();
    for operation in with_status(document, "409") {
        let name = operation.spec["responses"]["409"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let codes =
            &document.0["components"]["responses"][name]["content"]["application/json"]["schema"]["properties"]["code"]["enum"];
        described
            .extend(codes.as_array().unwrap().iter().map(|code| (operation.id().to_owned(), code.as_str().unwrap().to_owned())));
    }
    assert_eq!(provoked, described);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413() {
    let app = prepared(Settings::default()).await;
    for operation in with_status(app.document().await, "413") {
        let call = call(&operation);
        let reply = Call { body: Some(json!({"name": "x".repeat(1_100_000)})), ..call }.send(&app).await;
        gives(&reply, 413, &operation);
    }
}

#[tokio::test]
async fn fields_that_are_wrong_are_422() {
    // Nothing unknown is ignored: a misspelled field would change nothing without an error.
    let app = prepared(Settings::default()).await;
    app.fake.drop_table("raw_data.products");
    for operation in with_status(app.document().await, "422") {
        let mut call = call(&operation);
        if let Some(body) = &mut call.body {
            body["colour"] = json!(null);
        }
        let reply = call.send(&app).await;
        gives(&reply, 422, &operation);
        if call.body.is_some() {
            assert!(reply.body["errors"]["colour"].is_string(), "{}: {}", operation.id(), reply.text);
        }
    }
}

#[tokio::test]
async fn a_full_queue_is_429() {
    let app = prepared(Settings { scans: 1, wait: Duration::ZERO, ..Settings::default() }).await;
    *app.fake.run_delay.lock().unwrap() = Duration::from_secs(300);
    let asks = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        for operation in with_status(app.document().await, "429") {
            gives(&call(&operation).send(&app).await, 429, &operation);
        }
    };
    tokio::select! {
        _ = app.post("/api/datasets/2/count/", json!({})) => panic!("it takes its place until the end"),
        () = asks => {}
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_500_without_its_reasons() {
    let app = prepared(Settings::default()).await;
    app.store.close().await;
    for operation in with_status(app.document().await, "500") {
        let reply = call(&operation).send(&app).await;
        gives(&reply, 500, &operation);
        assert!(!reply.text.contains("ool"), "{}", reply.text);
    }
}

fn break_all(fake: &Fake, error: &WarehouseError) {
    fake.break_with(error.clone());
    *fake.list.lock().unwrap() = Some(error.clone());
    fake.schemas.lock().unwrap().values_mut().for_each(|schema| *schema = Err(error.clone()));
}

#[tokio::test]
async fn what_the_warehouse_refuses_is_502_and_504_when_it_is_late() {
    for (error, status) in [(WarehouseError::Unreachable("It does not answer.".into()), 502), (WarehouseError::Timeout(240), 504)]
    {
        let app = prepared(Settings::default()).await;
        // A different config, so that there is something to restore.
        app.post("/api/datasets/1/update/", json!({"split_config": null})).await.ok();
        let splits = json!({"split_config": {"type": "time_based", "eval_days": 5}});
        app.post("/api/datasets/1/update/", splits).await.ok();
        break_all(&app.fake, &error);
        for operation in with_status(app.document().await, &status.to_string()) {
            let reply = call(&operation).send(&app).await;
            gives(&reply, status, &operation);
            assert_eq!(reply.body["message"], error.to_string(), "{}", operation.id());
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_ready_is_503_and_says_why() {
    let app = prepared(Settings::default()).await;
    break_all(&app.fake, &WarehouseError::Unreachable("It does not answer.".into()));
    let operations = with_status(app.document().await, "503");
    let readiness = operations.iter().find(|operation| operation.id() == "get_readiness").unwrap();
    let reply = call(readiness).send(&app).await;
    gives(&reply, 503, readiness);
    assert_eq!(reply.body["errors"], json!({"warehouse": "It does not answer."}));
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_503_and_says_why() {
    let app = prepared(Settings::default()).await;
    // As other programs damage it: the description of a table is invalid.
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", app.file.display())).await.unwrap();
    let damage = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE datasets (' WHERE name IN ('datasets', 'models'); \
                  PRAGMA writable_schema = RESET; PRAGMA schema_version = 99";
    sqlx::raw_sql(damage).execute(&mut other).await.ok();
    for operation in with_status(app.document().await, "503") {
        let reply = call(&operation).send(&app).await;
        gives(&reply, 503, &operation);
        let message = if operation.id() == "get_readiness" { &reply.body["errors"]["database"] } else { &reply.body["message"] };
        assert!(
            message.as_str().is_some_and(|text| text.starts_with("The database is damaged")),
            "{}: {message}",
            operation.id()
        );
    }
}

/// Errors that only changes can get: they are refused before and after they are written.
#[tokio::test]
async fn a_change_is_503_if_the_database_file_is_missing() {
    let app = prepared(Settings::default()).await;
    app.post("/api/datasets/1/deactivate/", json!({})).await.ok();
    app.post("/api/datasets/1/update/", json!({"split_config": null})).await.ok();
    std::fs::rename(&app.file, app.file.with_extension("moved")).unwrap();
    let changes = [
        "create_model",
        "update_model",
        "delete_model",
        "create_dataset",
        "update_dataset",
        "delete_dataset",
        "undelete_dataset",
        "clone_dataset",
        "activate_dataset",
        "deactivate_dataset",
        "restore_version",
        "import_dataset",
    ];
    let document = app.document().await;
    let operations: Vec<_> = document.operations().filter(|operation| changes.contains(&operation.id())).collect();
    assert_eq!(operations.len(), changes.len());
    for operation in &operations {
        let mut call = call(operation);
        if operation.id() == "delete_model" {
            call.path = call.path.replace("/2/", "/1/");
        }
        call.send(&app).await.refused(503, "database_missing");
    }
    app.get("/api/datasets/1/").await.ok();
    // Moved back, it is the same file.
    std::fs::rename(app.file.with_extension("moved"), &app.file).unwrap();
    for operation in &operations {
        if operation.id() == "create_dataset" {
            gives(&call(operation).send(&app).await, 200, operation);
        }
    }
}

#[tokio::test]
async fn every_documented_status_is_tested() {
    let provoked = ["200", "304", "400", "403", "404", "409", "413", "422", "429", "500", "502", "503", "504"];
    let app = TestApp::new().await;
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for operation in app.document().await.operations() {
        for status in operation.spec["responses"].as_object().unwrap().keys() {
            assert!(provoked.contains(&status.as_str()), "{} {status}", operation.id());
        }
        for described in ["summary", "operationId"] {
            assert!(operation.spec[described].is_string(), "{} has no {described}", operation.path);
        }
        let is_tagged = operation.spec["tags"].as_array().is_some_and(|tags| tags.len() == 1);
        assert!(is_tagged, "{}", operation.id());
        assert!(ids.insert(operation.id().to_owned()), "{} twice", operation.id());
        // Each placeholder is a parameter with an example, for the commands on the page.
        let parameters = operation.spec["parameters"].as_array().cloned().unwrap_or_default();
        let in_path = |name: &str| parameters.iter().any(|p| p["in"] == "path" && p["name"] == name && !p["example"].is_null());
        let placeholders = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        assert!(placeholders.clone().all(in_path), "{}", operation.id());
    }
}
