//! The middleware around the routes: which callers are admitted, unknown paths, pages and server
//! functions.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use leptos::server_fn::axum::server_fn_paths;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use trainset::domain::dto::Model;
use trainset::service::{App, Settings};
use trainset::site::access::{Class, class_of};
use trainset::site::site;

use crate::helpers::{TestApp, config, counts, request};

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
    // Server functions are behind the same middleware.
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
async fn unknown_paths_respond_in_the_form_of_their_kind() {
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
    // Each response has its own nonce.
    assert_ne!(app.get("/").await.headers[header::CONTENT_SECURITY_POLICY], policy);
    let answer = app.get("/api/models/").await;
    assert!(answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
}

#[tokio::test]
async fn server_functions_respond_with_the_status_of_their_error() {
    let app = TestApp::new().await;
    let models: Vec<Model> = app.post("/_fn/models", json!({})).await.read();
    assert_eq!(models[0].id, 1);
    let missing = app.post("/_fn/model", json!({"model_id": 77})).await;
    assert_eq!((missing.status, &missing.body["code"]), (404, &json!("not_found")));
    let wrong = app.post("/_fn/model", json!({"model_id": "x"})).await;
    assert_eq!((wrong.status, &wrong.body["code"]), (400, &json!("outdated")));
    // A page of another version has to reload, or it would save in an outdated form.
    let unknown = app.post("/_fn/of-another-version", json!({})).await;
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("outdated")));
}

/// Server functions take JSON that is declared as JSON: a form of another site can send a text, but
/// not with that content type.
#[tokio::test]
async fn server_functions_take_nothing_but_json() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let body = json!({"id": id, "force": false}).to_string();
    let delete = async |kinds: &[&str]| {
        let mut call = request("POST", "/_fn/delete-dataset");
        for kind in kinds {
            call = call.header(header::CONTENT_TYPE, *kind);
        }
        app.send(call.body(Body::from(body.clone())).unwrap()).await
    };
    for kinds in [
        &[][..],
        &[""],
        &["text/plain"],
        &["text/plain;charset=UTF-8"],
        &["text/plain; application/json"],
        &["text/plain, application/json"],
        &["application/json, text/plain"],
        &["application/json", "text/plain"],
        &["text/plain", "application/json"],
        &["application/x-www-form-urlencoded"],
        &["multipart/form-data; boundary=x"],
        &["application/jsonp"],
    ] {
        delete(kinds).await.refused(415, "not_json");
    }
    app.get(&format!("/api/datasets/{id}/")).await.ok();
    // The slash at the end makes no difference.
    for function in ["/_fn/models", "/_fn/models/"] {
        let models: Vec<Model> = app.post(function, json!({})).await.read();
        assert_eq!(models.len(), 1, "{function}");
    }
    delete(&["Application/JSON; charset=utf-8"]).await.read::<()>();
    app.get(&format!("/api/datasets/{id}/")).await.refused(404, "not_found");
}

/// Content types that a form or a script can send to another site without a preflight.
const FORMS: [&str; 4] =
    ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];

#[tokio::test]
async fn no_route_reads_a_body_that_a_form_can_send() {
    let app = TestApp::new().await;
    app.dataset("Orders").await;
    let before = stored(&app).await;
    for operation in app.document().await.operations().filter(|operation| operation.method == "post") {
        let path = at(operation.path);
        for kind in FORMS {
            let form = request("POST", &path).header(header::CONTENT_TYPE, kind);
            let body = json!({"name": "x", "config": config(), "tables": ["orders"], "force": true}).to_string();
            app.send(form.body(Body::from(body)).unwrap()).await.refused(400, "bad_request");
        }
    }
    assert_eq!(stored(&app).await, before);
}

/// A template's path over the tables of the tests.
fn at(template: &str) -> String {
    let mut path = template.replace("{id}", "1").replace("{number}", "1").replace("{table}", "orders");
    for (placeholder, word) in
        [("{column}", "user_id"), ("{*file}", "trainset.js"), ("{*document}", "config"), ("{function}", "models")]
    {
        path = path.replace(placeholder, word);
    }
    path
}

/// All routes of the router: the document's, server functions, pages and files.
async fn routes(app: &TestApp) -> Vec<(Method, String)> {
    let described = app.document().await.operations();
    let mut all: Vec<_> = described.map(|o| (o.method.to_uppercase().parse().unwrap(), o.path.to_owned())).collect();
    all.extend(server_fn_paths().map(|(path, method)| (method, path.to_owned())));
    let rest = [
        "/",
        "/models/{id}/dataset/",
        "/models/{id}/dataset/compare/",
        "/api/docs.css",
        "/docs",
        "/docs/{*document}",
        "/docs/style.css",
        "/metrics",
        "/pkg/{*file}",
        "/favicon.svg",
        "/nope",
    ];
    all.extend(rest.into_iter().map(|path| (Method::GET, path.to_owned())));
    assert!(all.len() > 95 && all.iter().any(|(_, path)| path == "/_fn/delete-dataset"), "{all:?}");
    all
}

/// Other spellings of a path, for which some reader between a page and a handler could take it.
fn spellings(path: &str) -> Vec<String> {
    let rest = &path[1..];
    let first = rest.chars().next();
    let encoded = first.map(|letter| format!("/%{:02x}{}", letter as u32, &rest[letter.len_utf8()..]));
    let word = rest.split('/').next().unwrap_or_default();
    let mut all = vec![
        format!("/{path}"),
        format!("//{path}"),
        format!("/.{path}"),
        format!("/x/..{path}"),
        format!("/%2e{path}"),
        format!("/x/%2E%2e{path}"),
        format!("/.%2e{path}"),
        format!("{path}/."),
        format!("{path}//"),
        format!("{path}/%2e%2e/"),
        format!("/%2f{rest}"),
        format!("/%5c{rest}"),
        format!("/\\{rest}"),
        format!("{path}%00"),
        format!("{path}%0a"),
        format!("http://127.0.0.1:3000/{path}"),
        format!("http://127.0.0.1:3000/.{path}"),
    ];
    all.extend(encoded);
    if !word.is_empty() {
        all.push(format!("/{word};x=1{}", &rest[word.len()..]));
        all.push(format!("/{}{}", word.to_uppercase(), &rest[word.len()..]));
    }
    if let Some(slash) = rest.find('/') {
        all.extend(["%2F", "//", "/./", "\\", "%5C"].map(|other| format!("/{}{other}{}", &rest[..slash], &rest[slash + 1..])));
    }
    all
}

/// Requests that a page of another site can make a browser send.
const FOREIGN: [&[(&str, &str)]; 9] = [
    &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
    &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "script")],
    &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "empty"), ("sec-purpose", "prefetch")],
    &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
    &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors"), ("origin", "http://evil.example")],
    &[("sec-fetch-site", "cross-site"), ("origin", "null")],
    &[("origin", "http://evil.example")],
    &[("origin", "http://127.0.0.1:4000")],
    &[("origin", "http://evil.example"), ("upgrade", "websocket"), ("connection", "upgrade")],
];
/// A link that a person follows.
const LINK: &[(&str, &str)] = &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

async fn status(router: &Router, method: &Method, path: &str, pairs: &[(&str, &str)]) -> StatusCode {
    let mut builder = Request::builder().method(method).uri(path);
    for (name, value) in pairs {
        builder = builder.header(*name, *value);
    }
    if !pairs.iter().any(|(name, _)| *name == "host") {
        builder = builder.header(header::HOST, "127.0.0.1:3000");
    }
    router.clone().oneshot(builder.body(Body::empty()).unwrap()).await.unwrap().status()
}

/// Caches, which are rebuilt when they are missing, and the row that readiness writes to test the
/// disk.
const CACHES: [&str; 2] = ["kept_answers", "clock"];

/// All stored data except caches: tables with their rows.
async fn stored(app: &TestApp) -> Vec<(String, Vec<String>)> {
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", app.file.display())).await.unwrap();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
            .fetch_all(&pool)
            .await
            .unwrap();
    for table in ["datasets", "models", "versions"] {
        assert!(tables.iter().any(|known| known == table), "{tables:?}");
    }
    let mut all = vec![];
    for table in tables.into_iter().filter(|table| !CACHES.contains(&table.as_str())) {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(&table).fetch_all(&pool).await.unwrap();
        let row = columns.iter().map(|name| format!("quote(\"{name}\")")).collect::<Vec<_>>().join(" || ',' || ");
        let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT {row} FROM \"{table}\" ORDER BY 1")));
        all.push((table, rows.fetch_all(&pool).await.unwrap()));
    }
    all
}

/// One path has one meaning: the guard, the table and the router agree about every spelling of
/// every route.
#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_a_route_has_the_same_access_rules() {
    let app = TestApp::new().await;
    app.dataset("Orders").await;
    let before = stored(&app).await;
    let pages = ["/", "/models/1/dataset/", "/models/1/dataset/compare/", "/api/docs", "/docs", "/docs/config"];
    for (method, template) in routes(&app).await {
        let path = at(&template);
        let slash = if path.ends_with('/') { path.trim_end_matches('/').to_owned() } else { format!("{path}/") };
        let twins: Vec<String> = [path.clone(), slash].into_iter().filter(|path| !matches!(path.as_str(), "" | "//")).collect();
        let is_page = method == Method::GET && pages.contains(&path.as_str());
        for spelled in twins.iter().chain(&spellings(&path)) {
            let is_twin = twins.contains(spelled);
            for method in [&method, &Method::HEAD, &Method::OPTIONS] {
                for pairs in FOREIGN {
                    let answer = status(&app.router, method, spelled, pairs).await;
                    assert_eq!(answer, StatusCode::FORBIDDEN, "{method} {spelled} {pairs:?}");
                }
                let answer = status(&app.router, method, spelled, LINK).await;
                let may_link = is_twin && is_page && matches!(*method, Method::GET | Method::HEAD);
                assert_eq!(answer != StatusCode::FORBIDDEN, may_link, "{method} {spelled}: {answer}");
            }
            // Nobody at all reaches a route by another spelling of it.
            if !is_twin {
                let answer = status(&app.router, &method, spelled, &[("sec-fetch-site", "same-origin")]).await;
                assert!(matches!(answer.as_u16(), 400 | 404 | 405), "{method} {spelled}: {answer}");
            }
        }
    }
    assert_eq!(app.fake.ran.load(Ordering::SeqCst), 0);
    assert_eq!(stored(&app).await, before);
}

/// GET changes nothing, and costs what the table says, also in a page.
#[tokio::test]
async fn no_get_request_changes_data_and_only_listed_ones_scan() {
    let app = TestApp::new().await;
    app.fake.answer(counts(&[("full", 10), ("train", 8), ("eval", 2)]));
    let first = app.dataset("Orders").await;
    app.dataset("Others").await;
    app.post(&format!("/api/datasets/{first}/activate/"), json!({})).await.ok();
    let mut scans = BTreeSet::new();
    for (method, template) in routes(&app).await.into_iter().filter(|(method, _)| method == Method::GET) {
        let plain = if template == "/" { "/" } else { template.trim_end_matches('/') };
        let class = class_of(&method, (!matches!(plain, "/favicon.svg" | "/nope")).then_some(plain));
        assert_ne!(class, Class::Change, "{template} is not in the table");
        // The second has no version yet.
        for id in ["1", "2"] {
            let path = at(&template.replace("/datasets/{id}", &format!("/datasets/{id}")));
            let more = if template.ends_with("/diff/") { "?from=1" } else { "" };
            let (before, ran) = (stored(&app).await, app.fake.ran.load(Ordering::SeqCst));
            for method in [&method, &Method::HEAD] {
                let answer = status(&app.router, method, &format!("{path}{more}"), &[]).await;
                assert!(!answer.is_server_error(), "{method} {path}: {answer}");
            }
            assert_eq!(stored(&app).await, before, "{path}");
            if app.fake.ran.load(Ordering::SeqCst) > ran {
                scans.insert(template.clone());
                assert_eq!(class, Class::Scan, "{path}");
            }
        }
    }
    let described: BTreeSet<String> = routes(&app)
        .await
        .into_iter()
        .filter(|(method, path)| class_of(method, Some(path.trim_end_matches('/'))) == Class::Scan)
        .map(|(_, path)| path)
        .collect();
    assert_eq!(scans, described, "what counts as a scan is one");
    // A link may open a dialog: our own page requests its content, rather than rendering it in the
    // response.
    let ran = app.fake.ran.load(Ordering::SeqCst);
    for dialog in ["new", "edit", "view", "view&tab=versions", "analysis", "query", "preview", "clone", "delete"] {
        let page = format!("/models/1/dataset/?dialog={dialog}&id=1");
        assert_eq!(status(&app.router, &Method::GET, &page, LINK).await, StatusCode::OK, "{page}");
    }
    assert_eq!(app.fake.ran.load(Ordering::SeqCst), ran);
}

/// Under a name that browsers do not trust over plain HTTP, an image looks like a program: programs
/// have to prove that they are one.
#[tokio::test]
async fn other_host_names_require_a_header_except_for_pages() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let service = App::new(app.store.clone(), app.fake.clone(), Settings::default());
    let router = site(service, "0.0.0.0:3000".parse().unwrap(), &["train.example".to_owned()], "");
    let before = stored(&app).await;
    let open = [
        "/",
        "/models/{id}/dataset/",
        "/models/{id}/dataset/compare/",
        "/api/docs",
        "/api/docs.css",
        "/docs",
        "/docs/{*document}",
        "/docs/style.css",
        "/api/openapi.json",
        "/api/config-schema.json",
        "/pkg/{*file}",
        "/favicon.svg",
        "/nope",
        "/healthz",
        "/readyz",
    ];
    for host in ["train.example:3000", "10.0.0.1:3000"] {
        let origin = format!("http://{host}");
        for (method, template) in routes(&app).await {
            let ask = async |pairs: &[(&str, &str)]| {
                status(&router, &method, &at(&template), &[&[("host", host)], pairs].concat()).await != StatusCode::FORBIDDEN
            };
            let is_open = open.contains(&template.as_str());
            for pairs in [
                &[][..],
                &[("referer", origin.as_str())],
                &[("x-http-method-override", "GET")],
                &[("content-type", "text/plain")],
            ] {
                assert_eq!(ask(pairs).await, is_open, "{method} {template} {pairs:?}");
            }
            assert!(!ask(&[("x-trainset-client", "1"), ("origin", "null")]).await, "{method} {template}");
        }
    }
    assert_eq!((app.fake.ran.load(Ordering::SeqCst), stored(&app).await), (0, before));
    // With the proof a caller is admitted; the error explains how.
    let path = format!("/api/datasets/{id}/preview/");
    let named = || Request::builder().uri(&path).header(header::HOST, "train.example:3000");
    for (name, value) in [("x-trainset-client", "curl"), ("origin", "http://train.example:3000")] {
        let reply = router.clone().oneshot(named().header(name, value).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(reply.status(), 200, "{name}");
    }
    let refused = router.clone().oneshot(named().body(Body::empty()).unwrap()).await.unwrap();
    let body: Value = serde_json::from_slice(&to_bytes(refused.into_body(), 10_000).await.unwrap()).unwrap();
    assert_eq!((&body["status"], &body["code"]), (&json!("error"), &json!("header_required")));
    assert!(body["message"].as_str().unwrap().contains("x-trainset-client"), "{body}");
}

/// A refused caller learns nothing: the response does not depend on whether the resource exists,
/// and no other site may read it.
#[tokio::test]
async fn a_refusal_does_not_reveal_whether_a_resource_exists() {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    let refusal = async |method: &str, path: &str, pairs: &[(&str, &str)]| {
        let mut sent = request(method, path).header("x-request-id", "mine").header("access-control-request-method", "POST");
        for (name, value) in pairs {
            sent = sent.header(*name, *value);
        }
        let mut reply = app.send(sent.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, 403, "{method} {path}");
        // A connection adds it if it is missing.
        reply.headers.remove(header::CONTENT_LENGTH);
        let grants = reply.headers.keys().find(|name| name.as_str().starts_with("access-control") || name.as_str() == "allow");
        assert_eq!(grants, None, "{method} {path}");
        (reply.headers, reply.text)
    };
    for pairs in FOREIGN {
        for method in ["GET", "POST", "OPTIONS"] {
            let there = refusal(method, &format!("/api/datasets/{id}/"), pairs).await;
            for other in ["/api/datasets/99/", "/api/nope/", "/nope/", "/metrics", "/_fn/nope", "/pkg/nope.js", "//x", "/%00"] {
                assert_eq!(refusal(method, other, pairs).await, there, "{method} {other} {pairs:?}");
            }
        }
    }
}

/// The responses to raw bytes on a connection, until the server closes it.
async fn raw(router: &Router, sent: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, router.clone()).into_future());
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    server.abort();
    answer
}

/// Requests that no library of ours would send.
#[tokio::test]
async fn malformed_request_lines_reach_no_route() {
    let app = TestApp::new().await;
    let end = "Connection: close\r\n\r\n";
    for (request_line, headers, status) in [
        ("GET /healthz HTTP/1.1", "Host: localhost\r\n", 200),
        ("GET http://localhost/healthz HTTP/1.1", "Host: localhost\r\n", 200),
        ("GET http://localhost/healthz HTTP/1.1", "Host: evil.example\r\n", 403),
        ("GET http://evil.example/healthz HTTP/1.1", "Host: localhost\r\n", 403),
        ("GET http://localhost@evil.example/healthz HTTP/1.1", "Host: localhost\r\n", 403),
        ("GET /healthz HTTP/1.1", "Host: localhost\r\nHost: evil.example\r\n", 403),
        ("GET /healthz HTTP/1.1", "Host: localhost\r\nHost: localhost\r\n", 403),
        ("GET /healthz HTTP/1.1", "Host: localhost.\r\n", 403),
        ("GET /healthz HTTP/1.1", "Host:\r\n", 403),
        ("GET /healthz HTTP/1.1", "", 403),
        ("GET /healthz HTTP/1.0", "", 403),
        ("GET /healthz HTTP/1.0", "Host: localhost\r\n", 200),
        ("GET //healthz HTTP/1.1", "Host: localhost\r\n", 400),
        ("GET http://localhost//healthz HTTP/1.1", "Host: localhost\r\n", 400),
        ("GET \\healthz HTTP/1.1", "Host: localhost\r\n", 400),
        ("GET /%68ealthz HTTP/1.1", "Host: localhost\r\n", 400),
        ("OPTIONS * HTTP/1.1", "Host: localhost\r\n", 400),
        ("OPTIONS /api/models/ HTTP/1.1", "Host: localhost\r\n", 405),
        ("TRACE /api/models/ HTTP/1.1", "Host: localhost\r\n", 405),
        ("CONNECT localhost:80 HTTP/1.1", "Host: localhost:80\r\n", 400),
        ("CONNECT evil.example:80 HTTP/1.1", "Host: localhost\r\n", 403),
        ("GET /api/models/ HTTP/1.1", "Host: localhost\r\nX-HTTP-Method-Override: DELETE\r\nSec-Fetch-Site: cross-site\r\n", 403),
        (
            "GET /models/1/dataset HTTP/1.1",
            "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://evil.example\r\n",
            403,
        ),
    ] {
        let answer = raw(&app.router, &format!("{request_line}\r\n{headers}{end}")).await;
        let line = answer.lines().next().unwrap_or_default();
        assert_eq!(line.split(' ').nth(1), Some(status.to_string().as_str()), "{request_line} {headers:?}: {answer}");
    }
}
