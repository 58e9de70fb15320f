//! What surrounds the routes: who is let in, what is not there, pages and server functions.

use axum::body::Body;
use axum::http::header;
use serde_json::json;
use trainset::domain::record::Model;
use trainset::rpc::OWN_TYPES;

use crate::helpers::{TestApp, json_request, request};

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let app = TestApp::new().await;
    let send = |pairs: &[(&str, &str)]| {
        let mut request = request("POST", "/api/models/create/").header(header::CONTENT_TYPE, "application/json");
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        app.send(request.body(Body::from(json!({"name": "x"}).to_string())).unwrap())
    };
    send(&[("origin", "http://evil.example")]).await.refused(403, "foreign_origin");
    send(&[("sec-fetch-site", "cross-site")]).await.refused(403, "foreign_origin");
    assert_eq!(app.get("/api/models/").await.ok()["models"].as_array().unwrap().len(), 1);
    send(&[("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-origin")]).await.ok();
    // Server functions are behind the same gate.
    let call = request("POST", "/_fn/models").header(header::ORIGIN, "http://evil.example");
    app.send(call.body(Body::from("{}")).unwrap()).await.refused(403, "foreign_origin");
}

#[tokio::test]
async fn a_foreign_name_for_this_machine_is_refused() {
    let app = TestApp::new().await;
    let by_name = |host: &str| {
        let request = axum::http::Request::builder().uri("/api/models/").header(header::HOST, host);
        app.send(request.body(Body::empty()).unwrap())
    };
    by_name("evil.example:3000").await.refused(403, "unknown_host");
    by_name("localhost:3000").await.ok();
    let unnamed = axum::http::Request::builder().uri("/api/models/").body(Body::empty()).unwrap();
    app.send(unnamed).await.refused(403, "unknown_host");
}

#[tokio::test]
async fn what_is_not_there_says_so_in_its_own_language() {
    let app = TestApp::new().await;
    for path in ["/api/", "/api/nope/", "/api/models/1/nope/"] {
        app.get(path).await.refused(404, "not_found");
    }
    app.post("/api/nope/", json!({})).await.refused(404, "not_found");
    app.post("/api/models/", json!({})).await.refused(405, "method_not_allowed");
    let page = app.get("/nope/").await;
    assert_eq!(page.status, 404);
    assert!(page.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    let file = app.get("/pkg/nope.js").await;
    assert_eq!(file.status, 404);
    assert!(!file.text.contains("<html"));
    app.post("/nope/", json!({})).await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn health() {
    let app = TestApp::new().await;
    app.get("/healthz").await.ok();
    app.get("/readyz").await.ok();
    app.store.close().await;
    app.get("/healthz").await.ok();
    let body = app.get("/readyz").await.refused(503, "not_ready");
    assert!(body["errors"]["database"].is_string() && body["errors"]["warehouse"].is_null(), "{body}");
}

#[tokio::test]
async fn pages_run_only_their_own_scripts() {
    let app = TestApp::new().await;
    let page = app.get("/").await;
    assert_eq!(page.status, 200);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(page.text.contains(&format!("nonce=\"{nonce}\"")));
    assert!(!policy.contains("unsafe-inline"));
    // Another answer, another nonce.
    assert_ne!(app.get("/").await.headers[header::CONTENT_SECURITY_POLICY], policy);
    let answer = app.get("/api/models/").await;
    assert!(answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
}

#[tokio::test]
async fn server_functions_answer_with_the_failures_own_status() {
    let app = TestApp::new().await;
    let models: Vec<Model> = app.post("/_fn/models", json!({})).await.read();
    assert_eq!(models[0].id, 1);
    let missing = app.post("/_fn/model", json!({"model_id": 77})).await;
    assert_eq!((missing.status, &missing.body["code"]), (404, &json!("not_found")));
    let wrong = app.post("/_fn/model", json!({"model_id": "x"})).await;
    assert_eq!((wrong.status, &wrong.body["code"]), (400, &json!("outdated")));
    // G-90: a page of another version is told to reload.
    let unknown = app.post("/_fn/of-another-version", json!({})).await;
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("outdated")));
}

/// G-90: a page that is made of other types is told to reload, and nothing is done for it.
#[tokio::test]
async fn a_page_of_other_types_is_refused_before_anything_is_done() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let delete = async |types: &str| {
        let mut call = json_request("POST", "/_fn/delete-dataset", &json!({"id": id, "force": false}));
        call.headers_mut().insert("x-trainset-types", types.parse().unwrap());
        app.send(call).await
    };
    for other in ["0123456789abcdef", ""] {
        let reply = delete(other).await;
        assert_eq!((reply.status, &reply.body["code"]), (409, &json!("outdated")));
    }
    app.get(&format!("/api/datasets/{id}/")).await.ok();
    delete(OWN_TYPES).await.read::<()>();
    app.get(&format!("/api/datasets/{id}/")).await.refused(404, "not_found");
}
