//! Error messages: sentences of ours, not those of the libraries.

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};

use crate::helpers::{Reply, TestApp, request};

/// Words of Rust, of serde, of Leptos, of axum and of hyper.
const FOREIGN: [&str; 22] = [
    "server function",
    "server fn",
    "leptos",
    "#[server]",
    "register_explicit",
    "serde",
    "struct ",
    "enum ",
    "variant",
    "untagged",
    "eserializ",
    "expected value",
    "EOF while",
    "invalid type",
    "invalid digit",
    "usize",
    "u32",
    "i64",
    "panicked",
    "hyper",
    "axum",
    ".rs",
];

#[track_caller]
fn ours(reply: &Reply, what: &str) {
    assert!((400..500).contains(&reply.status), "{what}: {} {}", reply.status, reply.text);
    for word in FOREIGN {
        assert!(!reply.text.contains(word), "{what}: {word:?} in {}", reply.text);
    }
    assert!(reply.text.len() < 4000, "{what}: {} bytes", reply.text.len());
}

#[tokio::test]
async fn unreadable_bodies_are_refused_with_plain_messages() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let long = format!("{{\"config\": {{\"primary_table\": \"{}\"}}}}", "x".repeat(500_000));
    let bodies = ["{", "[1, 2]", "nonsense", "{\"a\": 1,}", "\"x\"", "{\"a\": \"\\ud800\"}", &"[".repeat(5000), &long];
    let paths = [
        "/api/models/create/".to_owned(),
        "/api/models/1/datasets/create/".into(),
        "/api/models/1/compile/".into(),
        "/api/models/1/validate/".into(),
        "/api/models/1/detect-joins/".into(),
        format!("/api/datasets/{id}/update/"),
        "/_fn/model".into(),
        "/_fn/create-dataset".into(),
        "/_fn/preview-config".into(),
    ];
    for path in &paths {
        for body in bodies {
            let sent = request("POST", path).header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_owned()));
            let reply = app.send(sent.unwrap()).await;
            // Validation errors of a config are a success.
            if reply.status == 200 {
                assert!(path.contains("validate") && reply.text.len() < 4000, "{path}: {}", reply.text);
                continue;
            }
            ours(&reply, &format!("{path} {}", &body[..body.len().min(40)]));
        }
    }
}

#[tokio::test]
async fn values_of_the_wrong_type_are_refused_with_plain_messages() {
    let app = TestApp::new().await;
    let wrong =
        [json!(null), json!(true), json!(-1), json!(1.5), json!("x"), json!([]), json!([3]), json!({"a": 1}), json!([[null]])];
    for part in [
        "primary_table",
        "secondary_tables",
        "join_config",
        "selected_columns",
        "column_mapping",
        "filters",
        "split_config",
        "name",
    ] {
        for value in &wrong {
            let reply = app.post("/api/models/1/datasets/create/", json!({"name": "New", part: value})).await;
            if reply.status != 200 {
                ours(&reply, &format!("{part}: {value}"));
            }
        }
    }
    for (path, body) in [
        ("/api/models/1/datasets/create/", json!({"name": "n", "split_config": {"type": "half"}})),
        ("/api/models/1/datasets/create/", json!({"name": "n", "split_config": {"type": "time_based", "eval_days": -1}})),
        ("/api/models/1/datasets/create/", json!({"name": "n", "split_config": {"type": "time_based", "eval_days": 1e300}})),
        ("/api/models/1/datasets/create/", json!({"name": "n", "join_config": [{"table": "products", "type": "sideways"}]})),
        ("/api/models/1/datasets/create/", json!({"name": "n", "filters": {"rows": [{"column": 7}]}})),
        ("/_fn/model", json!({"model_id": "x"})),
        ("/_fn/model", json!({"model_id": 1e300})),
        ("/_fn/model", json!({})),
        ("/_fn/set-status", json!({"id": 1, "status": "asleep"})),
    ] {
        ours(&app.post(path, body.clone()).await, &format!("{path} {body}"));
    }
    for path in [
        "/api/datasets/x/",
        "/api/datasets/99999999999999999999/",
        "/api/datasets/%FF/",
        "/api/models/1/datasets/?page=x",
        "/api/models/1/datasets/?page=-1",
        "/api/models/1/datasets/?sort=sideways",
        "/api/models/1/datasets/?nope=1",
        "/api/datasets/1/preview/?limit=1.5",
        "/api/datasets/1/preview/?split=half",
    ] {
        ours(&app.get(path).await, path);
    }
}

/// A function under a slightly different path, called as a form would be, or not called by POST.
#[tokio::test]
async fn wrong_calls_of_server_functions_get_plain_messages() {
    let app = TestApp::new().await;
    // The slash at the end makes no difference.
    assert_eq!(app.post("/_fn/models/", json!({})).await.status, 200);
    for path in ["/_fn/", "/_fn/model/1", "/_fn/models//x", "/_fn/MODELS", "/_fn/mod%65ls", "/_fn//models", "/_fn/models;x"] {
        ours(&app.post(path, json!({})).await, path);
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let reply = app.send(request(method, "/_fn/models").body(Body::empty()).unwrap()).await;
        ours(&reply, method);
    }
    let form = request("POST", "/_fn/model")
        .header(header::ACCEPT, "text/html,*/*")
        .header(header::REFERER, "http://127.0.0.1:3000/somewhere")
        .header(header::CONTENT_TYPE, "application/json");
    let reply = app.send(form.body(Body::from(json!({"model_id": 77}).to_string())).unwrap()).await;
    assert!(reply.status == 404 && reply.headers.get(header::LOCATION).is_none(), "{} {:?}", reply.status, reply.headers);
    assert_eq!(reply.body["code"], Value::from("not_found"));
}
