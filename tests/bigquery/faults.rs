//! Failures on the way to BigQuery: each ends in bounded time with the right error; nothing hangs,
//! nothing runs twice.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use trainset::domain::schema::ColumnType;
use trainset::domain::value::Value;
use trainset::warehouse::bigquery::{BigQuery, Credentials, Options, RetryPolicy};
use trainset::warehouse::{Limits, Warehouse, WarehouseError};

use crate::server::{Reply, Server, error};

/// Short timeouts, so that the tests are quick.
pub async fn connect(server: &Server) -> BigQuery {
    connect_in(server, None).await
}

async fn connect_in(server: &Server, location: Option<&str>) -> BigQuery {
    let retry_policy = RetryPolicy {
        attempt: Duration::from_secs(2),
        call: Duration::from_secs(4),
        list: Duration::from_secs(6),
        first_wait: Duration::from_millis(20),
        longest_wait: Duration::from_millis(100),
        poll: Duration::from_millis(50),
    };
    let options = Options {
        project: "some-project".into(),
        dataset: "raw_data".into(),
        location: location.map(str::to_owned),
        endpoint: server.endpoint.clone(),
        credentials: Credentials::Anonymous,
        retry_policy,
    };
    BigQuery::connect(options).await.unwrap()
}

fn one_row() -> Json {
    json!({"jobComplete": true, "schema": {"fields": [{"name": "n", "type": "INTEGER"}]}, "rows": [{"f": [{"v": "7"}]}], "totalBytesProcessed": "1024"})
}

/// A server whose jobs succeed.
async fn working() -> Server {
    let server = Server::with_dataset().await;
    server.on("POST", "/jobs?", [Reply::Json(200, json!({"status": {"state": "RUNNING"}}))]);
    server.on("GET", "/queries/", [Reply::Json(200, one_row())]);
    server.on("POST", "/cancel?", [Reply::Json(200, json!({}))]);
    server
}

async fn run(server: &Server) -> Result<trainset::domain::value::Rows, WarehouseError> {
    connect(server).await.run("SELECT 7 AS n", &Limits::default()).await
}

fn quickly(since: Instant) {
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_job_says_what_it_may_cost_and_where_it_runs() {
    let server = working().await;
    let limits = Limits { max_bytes_billed: Some(5_000_000), use_cache: false, ..Limits::default() };
    let rows = connect(&server).await.run("SELECT 7 AS n", &limits).await.unwrap();
    assert_eq!((rows.rows, rows.bytes_processed, rows.truncated), (vec![vec![Value::Int(7)]], Some(1024), false));
    let [insert] = &server.received("POST", "/projects/some-project/jobs?")[..] else { panic!("one job") };
    let configuration = &insert.body["configuration"];
    assert_eq!(configuration["query"]["maximumBytesBilled"], "5000000");
    assert_eq!(configuration["query"]["useLegacySql"], false);
    assert_eq!(configuration["query"]["useQueryCache"], false);
    assert_eq!(configuration["labels"]["application"], "trainset");
    assert_eq!(configuration["jobTimeoutMs"], "300000");
    // The location in the TFX artefact: its jobs have to run where the data is.
    assert_eq!(connect(&server).await.location().await.unwrap().as_deref(), Some("EU"));
    // The dataset's own location, on the job and on its results: a job elsewhere fails.
    assert_eq!(insert.body["jobReference"]["location"], "EU");
    assert!(server.received("GET", "/queries/").iter().all(|received| received.path.contains("location=EU")));
    assert!(server.received("POST", "/cancel?").is_empty());
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    for (reply, kind, words) in [
        (error(401, "authError", "Invalid Credentials"), "permission", "does not accept the credentials"),
        (error(403, "accessDenied", "Access Denied: User lacks bigquery.jobs.create"), "permission", "BigQuery Job User"),
        (error(403, "quotaExceeded", "Quota exceeded"), "resources", "quota"),
        (error(403, "billingNotEnabled", "Billing"), "permission", "no billing account"),
        (error(404, "notFound", "Not found: Dataset some-project:raw_data was not found in location EU"), "dataset", "raw_data"),
        (error(400, "invalidQuery", "Syntax error: Unexpected identifier \"x\" at [3:5]"), "query", "(line 3, column 5)"),
        (error(400, "bytesBilledLimitExceeded", "Query exceeded limit"), "resources", "Narrow its dates"),
        (Reply::Text(404, "<html>nothing</html>"), "dataset", "raw_data"),
    ] {
        let server = working().await;
        server.on("POST", "/jobs?", [reply.clone()]);
        let error = run(&server).await.unwrap_err();
        let got = match &error {
            WarehouseError::NoPermission(_) => "permission",
            WarehouseError::Resources(_) => "resources",
            WarehouseError::NoDataset(_) => "dataset",
            WarehouseError::Query(_) => "query",
            _ => "other",
        };
        assert_eq!(got, kind, "{reply:?} {error}");
        assert!(error.to_string().contains(words), "{error}");
        // A permanent error is not retried.
        assert_eq!(server.received("POST", "/jobs?").len(), 1, "{reply:?}");
    }
}

/// If the model's region is not the dataset's, the error names both, and what to do.
#[tokio::test]
async fn a_wrong_region_is_named() {
    let server = working().await;
    let message = "Not found: Dataset some-project:raw_data was not found in location US";
    server.on("POST", "/jobs?", [error(404, "notFound", message)]);
    let error = connect_in(&server, Some("US")).await.run("SELECT 1", &Limits::default()).await.unwrap_err().to_string();
    assert!(error.contains("US") && error.contains("Leave the location empty"), "{error}");
    // A configured location is not requested.
    assert!(server.received("GET", "/datasets/raw_data?").is_empty());
}

#[tokio::test]
async fn transient_errors_are_retried() {
    for fault in [
        error(429, "rateLimitExceeded", "slow down"),
        error(403, "rateLimitExceeded", "slow down"),
        error(500, "backendError", "oops"),
        error(503, "backendError", "oops"),
        Reply::Text(502, "<html>Bad Gateway</html>"),
        Reply::Text(200, "{\"jobComplete\": tru"),
        Reply::Cut,
    ] {
        let server = working().await;
        server.on("GET", "/queries/", [fault.clone(), fault.clone(), Reply::Json(200, one_row())]);
        let since = Instant::now();
        assert_eq!(run(&server).await.unwrap().rows, [[Value::Int(7)]], "{fault:?}");
        assert_eq!(server.received("GET", "/queries/").len(), 3, "{fault:?}");
        quickly(since);
    }
}

#[tokio::test]
async fn retry_after_is_respected() {
    let server = working().await;
    server.on("GET", "/queries/", [Reply::With(429, "retry-after: 1", json!({})), Reply::Json(200, one_row())]);
    let since = Instant::now();
    run(&server).await.unwrap();
    assert!(since.elapsed() >= Duration::from_secs(1));
    // Longer than the deadline: fails at once.
    let server = working().await;
    server.on("GET", "/queries/", [Reply::With(429, "retry-after: 3600", json!({}))]);
    let since = Instant::now();
    assert!(matches!(run(&server).await, Err(WarehouseError::Resources(_))));
    quickly(since);
}

#[tokio::test]
async fn persistent_errors_end_the_retries() {
    for (fault, unreachable) in [
        (error(429, "rateLimitExceeded", "slow down"), false),
        (error(500, "backendError", "oops"), true),
        (Reply::Text(200, "not JSON at all"), true),
        (Reply::Cut, true),
        (Reply::Endless, true),
        (Reply::Silence, true),
        (Reply::Drip(Duration::from_millis(50)), true),
        (Reply::Huge(65 << 20), true),
    ] {
        let server = working().await;
        server.on("GET", "/queries/", [fault.clone()]);
        let since = Instant::now();
        let error = run(&server).await.unwrap_err();
        assert_eq!(matches!(error, WarehouseError::Unreachable(_)), unreachable, "{fault:?} {error}");
        quickly(since);
    }
    // Nobody there.
    let server = working().await;
    let gone = server.at("http://127.0.0.1:9/bigquery/v2");
    let since = Instant::now();
    assert!(matches!(run(&gone).await, Err(WarehouseError::Unreachable(_))));
    quickly(since);
}

#[tokio::test]
async fn a_job_whose_insert_got_no_response_runs_once() {
    let server = working().await;
    // Created, but the response was lost; the second attempt finds it.
    server.on("POST", "/jobs?", [Reply::Cut, error(409, "duplicate", "Already Exists: Job")]);
    assert_eq!(run(&server).await.unwrap().rows, [[Value::Int(7)]]);
    let inserts = server.received("POST", "/jobs?");
    let ids: Vec<&Json> = inserts.iter().map(|received| &received.body["jobReference"]["jobId"]).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    // Another query is another job.
    run(&server).await.unwrap();
    assert_ne!(&server.received("POST", "/jobs?").last().unwrap().body["jobReference"]["jobId"], ids[0]);
}

#[tokio::test]
async fn a_job_that_stays_running_is_cancelled_in_time() {
    let server = working().await;
    server.on("GET", "/queries/", [Reply::Json(200, json!({"jobComplete": false}))]);
    let limits = Limits { timeout: Duration::from_secs(1), ..Limits::default() };
    let since = Instant::now();
    let error = connect(&server).await.run("SELECT 1", &limits).await.unwrap_err();
    assert!(matches!(error, WarehouseError::Timeout(1)), "{error}");
    quickly(since);
    cancelled(&server).await;
}

#[tokio::test]
async fn a_job_nobody_waits_for_is_cancelled() {
    let server = working().await;
    server.on("GET", "/queries/", [Reply::Silence]);
    let bigquery = connect(&server).await;
    let query = tokio::spawn(async move { bigquery.run("SELECT 1", &Limits::default()).await });
    for _ in 0..500 {
        if !server.received("GET", "/queries/").is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    query.abort();
    cancelled(&server).await;
    assert_eq!(server.received("POST", "/jobs?").len(), 1);
}

async fn cancelled(server: &Server) {
    for _ in 0..200 {
        if let [received] = &server.received("POST", "/cancel?")[..] {
            let made = &server.received("POST", "/some-project/jobs?")[0].body["jobReference"]["jobId"];
            assert!(received.path.contains(made.as_str().unwrap()), "{}", received.path);
            assert!(received.path.contains("location=EU"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no job was cancelled");
}

#[tokio::test]
async fn pages_are_read_to_their_end_or_to_the_limit() {
    let page = |first: i64, token: Option<&str>| {
        let rows: Vec<Json> = (first..first + 3).map(|n| json!({"f": [{"v": n.to_string()}]})).collect();
        Reply::Json(
            200,
            json!({"jobComplete": true, "schema": {"fields": [{"name": "n", "type": "INTEGER"}]}, "rows": rows, "pageToken": token}),
        )
    };
    let server = working().await;
    server.on("GET", "/queries/", [page(0, Some("a")), page(3, Some("b")), page(6, None)]);
    assert_eq!(run(&server).await.unwrap().rows.len(), 9);

    let server = working().await;
    server.on("GET", "/queries/", [page(0, Some("a")), page(3, Some("b")), page(6, None)]);
    let limits = Limits { max_rows: 4, ..Limits::default() };
    let rows = connect(&server).await.run("SELECT n", &limits).await.unwrap();
    assert_eq!((rows.rows.len(), rows.truncated), (4, true));
    assert_eq!(server.received("GET", "/queries/").len(), 2);

    // A repeating token would be read forever.
    let server = working().await;
    server.on("GET", "/queries/", [page(0, Some("a"))]);
    assert!(matches!(run(&server).await, Err(WarehouseError::Unreachable(_))));
    let server = Server::with_dataset().await;
    server.on("GET", "/tables?", [Reply::Json(200, json!({"nextPageToken": "again"}))]);
    assert!(matches!(connect(&server).await.tables().await, Err(WarehouseError::Unreachable(_))));
}

/// The token goes only to the given address: not elsewhere with a list, a job or a page of its
/// rows.
#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Server::start().await;
    for method in ["GET", "POST"] {
        other.on(method, "", [Reply::Json(200, one_row())]);
    }
    for status in [301, 302, 303, 307, 308] {
        for (method, path) in [("GET", "/datasets/raw_data?"), ("GET", "/tables?"), ("POST", "/jobs?"), ("GET", "/queries/")] {
            let server = working().await;
            server.on(method, path, [Reply::Elsewhere(status, format!("{}/elsewhere", other.endpoint))]);
            let bigquery = connect(&server).await;
            let since = Instant::now();
            let error = match path {
                "/tables?" => bigquery.tables().await.unwrap_err(),
                _ => bigquery.run("SELECT 7 AS n", &Limits::default()).await.unwrap_err(),
            };
            assert!(
                matches!(&error, WarehouseError::Unreachable(text) if text.contains("redirects")),
                "{status} {path}: {error}"
            );
            assert_eq!(server.received(method, path).len(), 1, "{status} {path}");
            quickly(since);
        }
    }
    assert!(other.received("GET", "").is_empty() && other.received("POST", "").is_empty());
}

/// Each page of an endless list is different, so no token repeats.
#[tokio::test]
async fn endless_responses_are_not_read_to_their_end() {
    let unreachable =
        |answer: Result<(), WarehouseError>| assert!(matches!(answer, Err(WarehouseError::Unreachable(_))), "{answer:?}");
    let since = Instant::now();
    let server = Server::with_dataset().await;
    server.on("GET", "/tables?", (0..1000).map(|page| Reply::Json(200, json!({"nextPageToken": format!("page{page}")}))));
    unreachable(connect(&server).await.tables().await.map(drop));
    assert!(server.received("GET", "/tables?").len() <= 100);
    // A list that is slow in all its parts.
    let server = Server::with_dataset().await;
    let tables: Vec<Json> = (0..1000)
        .map(|i| json!({"tableReference": {"projectId": "p", "datasetId": "raw_data", "tableId": format!("t{i}")}}))
        .collect();
    server.on("GET", "/tables/", [Reply::Json(200, json!({"schema": {"fields": [{"name": "a", "type": "STRING"}]}}))]);
    server.on("GET", "/tables?", [Reply::Json(200, json!({"tables": tables}))]);
    server.slowly(Duration::from_millis(500));
    unreachable(connect(&server).await.tables().await.map(drop));
    quickly(since);

    let page = |token: String| {
        Reply::Json(
            200,
            json!({"jobComplete": true, "schema": {"fields": [{"name": "n", "type": "INTEGER"}]}, "pageToken": token}),
        )
    };
    let server = working().await;
    server.on("GET", "/queries/", (0..2000).map(|number| page(format!("page{number}"))));
    unreachable(run(&server).await.map(drop));
    assert!(server.received("GET", "/queries/").len() <= 1000);
    let server = working().await;
    server.on("GET", "/queries/", [page("x".repeat(1_000_000))]);
    unreachable(run(&server).await.map(drop));

    // Names, descriptions and columns are bounded.
    let server = Server::with_dataset().await;
    let long = "x".repeat(100_000);
    let field = json!({"name": long, "type": "STRING"});
    let described = json!({"name": "b", "type": "STRING", "description": long});
    let strange = json!({"name": "c", "type": long});
    server.on("GET", "/tables/orders?", [Reply::Json(200, json!({"schema": {"fields": [field, described, strange]}}))]);
    server.on(
        "GET",
        "/tables/wide?",
        [Reply::Json(200, json!({"schema": {"fields": vec![json!({"name": "a", "type": "STRING"}); 10_001]}}))],
    );
    let bigquery = connect(&server).await;
    let schema = bigquery.schema(&"raw_data.orders".parse().unwrap()).await.unwrap();
    assert_eq!((schema.columns.len(), schema.unusable.len()), (1, 2));
    assert!(format!("{schema:?}").len() < 6000);
    let wide = bigquery.schema(&"raw_data.wide".parse().unwrap()).await;
    assert!(matches!(wide, Err(WarehouseError::Unreadable { .. })), "{wide:?}");

    // A table's metadata is not a page of rows.
    let server = Server::with_dataset().await;
    server.on("GET", "/tables/", [Reply::Huge(17 << 20)]);
    unreachable(connect(&server).await.schema(&"raw_data.orders".parse().unwrap()).await.map(drop));
}

/// Displayed results are read only as far as they are shown; results for processing are whole, or
/// an error.
#[tokio::test]
async fn long_values_are_cut_where_they_are_only_shown() {
    let fields = json!([
        {"name": "n", "type": "INTEGER"}, {"name": "body", "type": "STRING"}, {"name": "data", "type": "BYTES"},
        {"name": "tags", "type": "STRING", "mode": "REPEATED"}, {"name": "doc", "type": "JSON"}
    ]);
    let long = "é".repeat(5000);
    let tags: Vec<Json> = (0..5000).map(|i| json!({"v": i.to_string()})).collect();
    let row = json!({"f": [{"v": "1"}, {"v": long}, {"v": "QUJD".repeat(1000)}, {"v": tags}, {"v": format!("[{}]", "1,".repeat(3000))}]});
    let server = working().await;
    let answer = json!({"jobComplete": true, "schema": {"fields": fields}, "rows": vec![row; 50]});
    server.on("GET", "/queries/", [Reply::Json(200, answer)]);
    let bigquery = connect(&server).await;
    let shown = Limits { max_cell: Some(100), max_bytes: 20_000, ..Limits::default() };
    let rows = bigquery.run("SELECT *", &shown).await.unwrap();
    assert!(rows.truncated && (10..50).contains(&rows.rows.len()), "{}", rows.rows.len());
    let cut: Vec<_> = rows.cut_cells.iter().take(4).map(|cut| (cut.row, cut.column.as_str(), cut.length)).collect();
    assert_eq!(cut, [(0, "body", 5000), (0, "data", 4000), (0, "tags", 5000), (0, "doc", 6002)]);
    assert_eq!(rows.rows[0][1], Value::Text("é".repeat(100) + "…"));
    assert_eq!(rows.rows[0][0], Value::Int(1));

    let whole = bigquery.run("SELECT *", &Limits::default()).await.unwrap();
    assert!(whole.cut_cells.is_empty() && !whole.truncated && whole.rows[49][1] == Value::Text(long));
    let error = bigquery.run("SELECT *", &Limits { max_bytes: 100_000, ..Limits::default() }).await.unwrap_err();
    assert!(matches!(error, WarehouseError::Resources(_)), "{error}");
}

#[tokio::test]
async fn a_dry_run_runs_nothing_and_knows_an_upper_bound() {
    let server = Server::with_dataset().await;
    let planned = json!({"statistics": {"totalBytesProcessed": "123456", "query": {
        "totalBytesProcessedAccuracy": "UPPER_BOUND", "schema": {"fields": [{"name": "x", "type": "FLOAT"}]}}}});
    server.on("POST", "/jobs?", [Reply::Json(200, planned)]);
    let dry = connect(&server).await.dry_run("SELECT x").await.unwrap();
    assert_eq!((dry.bytes, dry.upper_bound, dry.columns[0].column_type), (Some(123_456), true, ColumnType::Float64));
    assert_eq!(server.received("POST", "/jobs?")[0].body["configuration"]["dryRun"], true);
}

/// One list for up to a thousand tables; their metadata, which is free, with at most sixteen
/// requests at once: one after the other would take minutes.
#[tokio::test]
async fn five_hundred_tables_are_listed_in_one_call() {
    let server = Server::with_dataset().await;
    let tables: Vec<Json> = (0..500)
        .map(|i| json!({"tableReference": {"projectId": "some-project", "datasetId": "raw_data", "tableId": format!("table_{i:03}")}, "type": "TABLE"}))
        .collect();
    server.on(
        "GET",
        "/tables/",
        [Reply::Json(
            200,
            json!({"type": "TABLE", "numRows": "12", "numBytes": "34", "lastModifiedTime": "1700000000000",
        "schema": {"fields": [{"name": "a", "type": "STRING"}, {"name": "r", "type": "TOKENLIST"}]},
        "timePartitioning": {"type": "DAY", "field": "a"}, "requirePartitionFilter": true, "clustering": {"fields": ["a"]}}),
        )],
    );
    server.on(
        "GET",
        "/tables/table_007?",
        [Reply::Json(200, json!({"type": "VIEW", "numRows": "0", "schema": {"fields": [{"name": "a", "type": "STRING"}]}}))],
    );
    server.on("GET", "/tables/table_008?", [error(403, "accessDenied", "no")]);
    server.on("GET", "/tables/table_009?", [error(404, "notFound", "gone")]);
    server.on("GET", "/tables?", [Reply::Json(200, json!({"tables": tables}))]);
    server.slowly(Duration::from_millis(5));
    let found = connect(&server).await.tables().await.unwrap();
    assert_eq!(found.len(), 499);
    assert_eq!((found[0].rows, found[0].bytes, found[0].columns), (Some(12), Some(34), Some(2)));
    let partition = found[0].partition.as_ref().unwrap();
    assert!(partition.filter_required && partition.clustered && partition.column == "a");
    // A view's rows are unknown, not 0; a table without permission says so.
    assert_eq!(found[7].rows, None);
    assert!(found[8].problem.as_ref().unwrap().contains("Data Viewer"));
    let lists = server.received("GET", "/tables?").len();
    assert_eq!((lists, server.received("GET", "/tables/").len()), (1, 500));
    assert!(server.most_at_once() <= 16, "{}", server.most_at_once());
    // An unknown type removes its column, not the table.
    let schema = connect(&server).await.schema(&"raw_data.table_001".parse().unwrap()).await.unwrap();
    assert_eq!((schema.columns.len(), schema.unusable.len()), (1, 1));
}

#[tokio::test]
async fn other_datasets_are_never_requested() {
    let server = Server::with_dataset().await;
    let bigquery = connect(&server).await;
    let other = "private.orders".parse().unwrap();
    assert!(matches!(bigquery.schema(&other).await, Err(WarehouseError::NoTable(_))));
    assert!(server.received("GET", "private").is_empty());
    let missing = "raw_data.missing".parse().unwrap();
    assert!(matches!(bigquery.schema(&missing).await, Err(WarehouseError::NoTable(_))));
}

#[tokio::test]
async fn credentials_that_cannot_be_used_are_named_without_their_content() {
    let folder = tempfile::tempdir().unwrap();
    for (content, words) in [
        (None, "cannot be used"),
        (Some("secret but no JSON"), "not JSON"),
        (Some(r#"{"private_key": "SECRET"}"#), "has no type"),
        (Some(r#"{"type": "external_account", "secret": "SECRET"}"#), "external_account"),
        (Some(r#"{"type": "service_account", "private_key": "SECRET"}"#), "incomplete"),
        (
            Some(
                r#"{"type": "service_account", "private_key": "SECRET", "client_email": "a@b", "token_uri": "https://127.0.0.1/", "project_id": "p"}"#,
            ),
            "the key cannot sign",
        ),
        (Some(r#"{"type": "authorized_user", "client_secret": "SECRET"}"#), "incomplete"),
    ] {
        let file = folder.path().join("key.json");
        match content {
            Some(content) => std::fs::write(&file, content).unwrap(),
            None => drop(std::fs::remove_file(&file)),
        }
        let options = Options {
            project: "some-project".into(),
            dataset: "raw_data".into(),
            location: None,
            endpoint: "http://127.0.0.1:9/bigquery/v2".into(),
            credentials: Credentials::File(file.clone()),
            retry_policy: RetryPolicy::default(),
        };
        let Err(error) = BigQuery::connect(options).await else { panic!("{content:?}") };
        let text = error.to_string();
        assert!(text.contains(words) && text.contains("key.json") && !text.to_lowercase().contains("secret but"), "{text}");
        assert!(!text.contains("SECRET"), "{text}");
    }
}
