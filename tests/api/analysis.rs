//! Analyses, summaries and comparisons: their content, when they run, and when they are stored.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value as Json, json};
use trainset::domain::dto::{Dataset, DriftReport, Overview, Version, VersionDiff};
use trainset::domain::schema::{ColumnType, Mode};
use trainset::domain::sql::{JoinMeasure, Measure};
use trainset::domain::value::{ResultColumn, Rows, Value};
use trainset::warehouse::WarehouseError;

use crate::helpers::{TestApp, config, counts};

/// The result of an analysis: 90 rows in train and 10 in eval, by 20 users.
fn analysis() -> Rows {
    let column = |name: &str, column_type| ResultColumn { name: name.into(), column_type, mode: Mode::Nullable };
    use Measure::*;
    const NUMBERS: [Measure; 16] = [
        RowCount,
        UserCount,
        NullUsers,
        NullProducts,
        FirstMicros,
        LastMicros,
        EntityCount,
        SingleCount,
        TrainCount,
        EvalCount,
        TestCount,
        GapCount,
        ColdEvalCount,
        ColdEvalRows,
        ColdTestCount,
        SharedCount,
    ];
    const JOINS: [JoinMeasure; 4] =
        [JoinMeasure::RowsBefore, JoinMeasure::MatchedRows, JoinMeasure::RowsAfter, JoinMeasure::LargestFanOut];
    let mut columns =
        vec![column("section", ColumnType::String), column("item", ColumnType::String), column("day", ColumnType::Date)];
    columns.extend(NUMBERS.map(|measure| column(measure.as_str(), ColumnType::Int64)));
    columns.extend(JOINS.map(|measure| column(&measure.column(0), ColumnType::Int64)));
    let row = |section: &str, item: Option<&str>, day: Option<&str>, numbers: &[(Measure, i64)]| {
        let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.into()));
        let mut row = vec![text(Some(section)), text(item), text(day)];
        row.extend(NUMBERS.map(|measure| {
            let found = numbers.iter().find(|(of, _)| *of == measure);
            found.map_or(Value::Null, |(_, number)| Value::Int(*number))
        }));
        row.resize(3 + NUMBERS.len() + JOINS.len(), Value::Null);
        row
    };
    const DAY: i64 = 86_400_000_000;
    let days = |rows, null_users, first, last| {
        [(RowCount, rows), (NullUsers, null_users), (NullProducts, 0), (FirstMicros, first), (LastMicros, last)]
    };
    let users = [
        (RowCount, 99),
        (EntityCount, 20),
        (SingleCount, 3),
        (TrainCount, 20),
        (EvalCount, 5),
        (TestCount, 0),
        (GapCount, 0),
        (ColdEvalCount, 0),
        (ColdEvalRows, 0),
        (ColdTestCount, 0),
        (SharedCount, 5),
    ];
    let mut joins = row("joins", None, None, &[]);
    joins.splice(3 + NUMBERS.len().., [400, 399, 400, 1].map(Value::Int));
    Rows {
        columns,
        rows: vec![
            row("dataset", Some("TIMESTAMP"), Some("2024-03-31"), &[]),
            row("days", Some("train"), Some("2024-03-01"), &days(90, 1, 19_783 * DAY, 19_783 * DAY + 5)),
            row("days", Some("eval"), Some("2024-03-31"), &days(10, 0, 19_813 * DAY, 19_813 * DAY + 7)),
            row("users", None, None, &users),
            row("funnel", Some("filtered"), None, &[(RowCount, 100)]),
            row("funnel", Some("source"), None, &[(RowCount, 400), (UserCount, 50)]),
            joins,
        ],
        ..Rows::default()
    }
}

async fn analyzed(app: &TestApp, id: i64, body: Json) -> Json {
    app.post(&format!("/api/datasets/{id}/analyze/"), body).await.ok()
}

fn ran(app: &TestApp) -> usize {
    app.fake.ran.load(Ordering::SeqCst)
}

/// An application whose warehouse returns analyses, and a dataset in it.
async fn start() -> (TestApp, i64) {
    let app = TestApp::new().await;
    let id = app.dataset("Orders").await;
    app.fake.answer(analysis());
    (app, id)
}

#[tokio::test]
async fn an_analysis_returns_its_findings() {
    let (app, id) = start().await;
    assert_eq!(app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["analysis"], Json::Null);
    let body = analyzed(&app, id, json!({})).await;
    assert_eq!(body["cached"], false);
    let analysis = &body["analysis"];
    assert_eq!((&analysis["as_of"], &analysis["timestamp_type"]), (&json!("2024-03-31"), &json!("TIMESTAMP")));
    assert_eq!(analysis["config_hash"], app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["config_hash"]);
    let full = json!({
        "part": "full", "rows": 100, "users": 20, "products": null, "first_day": "2024-03-01", "last_day": "2024-03-31",
        "first_at": "2024-03-01T00:00:00", "last_at": "2024-03-31T00:00:00.000007",
    });
    assert_eq!(analysis["counts"][0], full);
    assert_eq!(analysis["funnel"][0], json!({"stage": "source", "rows": 400, "users": 50, "products": null}));
    assert_eq!(analysis["funnel"][1], json!({"stage": "filtered", "rows": 100, "users": 20, "products": null}));
    assert_eq!(analysis["per_day"][1], json!({"day": "2024-03-31", "part": "eval", "rows": 10}));
    assert_eq!(analysis["split_estimates"][1], json!({"split": "eval", "rows": 10, "percent": 10.0, "days": 1}));
    assert_eq!(analysis["split_proof"]["parts"][0]["last_at"], "2024-03-01T00:00:00.000005");
    assert_eq!(analysis["split_proof"]["train_rows_after_first_eval"], 0);
    assert_eq!(analysis["joins"][0]["matched_rows"], 399);
    // 20 users are too few and 31 days are short; products are not mapped, so nothing is reported
    // about them.
    let quality = &analysis["quality_metrics"];
    assert_eq!((&quality["score"], &quality["grade"]), (&json!(75), &json!("good")));
    let check = |code: &str| quality["checks"].as_array().unwrap().iter().find(|check| check["code"] == code).unwrap().clone();
    assert_eq!((&check("users")["points"], &check("span")["points"]), (&json!(20), &json!(5)));
    assert_eq!(check("products")["outcome"], "not_applicable");
    assert_eq!(check("null_user_id")["outcome"], "failed");
    assert_eq!(
        analysis["leaks"][0],
        json!({
            "code": "train_after_eval", "title": "Train rows later than the first eval row", "outcome": "passed", "value": 0.0, "threshold": 0.0,
            "reason": "0 train rows are later than the first eval row, 2024-03-31 00:00:00 UTC: 0 % of train.",
        })
    );
    // The card and the dataset have it too.
    let card = app.get("/api/models/1/datasets/").await.ok()["datasets"][0].clone();
    assert_eq!((&card["row_count_estimate"], &card["unique_users_estimate"]), (&json!(100), &json!(20)));
    assert_eq!(card["quality"]["score"], 75);
    assert_eq!(
        (&card["quality"]["grade"], &card["quality"]["stale"], &card["quality"]["leaks"]),
        (&json!("good"), &json!(false), &json!(0))
    );
    let kept = app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["analysis"].clone();
    assert_eq!((&kept["stale"], &kept["counts"]), (&json!(false), &analysis["counts"]));
    app.post("/api/datasets/99/analyze/", json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_repeat_runs_no_query() {
    // Scans cost money, so nothing is scanned again until the config or a table changes.
    let (app, id) = start().await;
    let first = analyzed(&app, id, json!({})).await;
    // The reference date, then everything else.
    assert_eq!(ran(&app), 2);
    let again = analyzed(&app, id, json!({})).await;
    assert_eq!((&again["cached"], &again["analysis"]), (&json!(true), &first["analysis"]));
    assert_eq!(ran(&app), 2);
    // Another name does not change the data.
    app.post(&format!("/api/datasets/{id}/update/"), json!({"name": "Renamed", "description": "x"})).await.ok();
    assert_eq!(analyzed(&app, id, json!({})).await["cached"], true);
    // A requested refresh.
    assert_eq!(analyzed(&app, id, json!({"refresh": true})).await["cached"], false);
    assert_eq!(ran(&app), 4);
}

#[tokio::test]
async fn another_config_or_other_tables_make_it_stale() {
    // An analysis of another config, or of other rows, says nothing about this one.
    let (app, id) = start().await;
    analyzed(&app, id, json!({})).await;
    *app.fake.state.lock().unwrap() = "2".into();
    assert_eq!(analyzed(&app, id, json!({})).await["cached"], false);
    assert_eq!(analyzed(&app, id, json!({})).await["cached"], true);
    for change in [
        json!({"split_config": {"type": "time_based", "eval_days": 3}}),
        json!({"column_mapping": {"timestamp": {"table": "orders", "column": "ordered_at"}}}),
        json!({"filters": {"date_range": {"type": "rolling", "days": 30}}}),
    ] {
        app.post(&format!("/api/datasets/{id}/update/"), change.clone()).await.ok();
        let dataset = app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"].clone();
        assert_eq!((&dataset["analysis"]["stale"], &dataset["quality"]["stale"]), (&json!(true), &json!(true)), "{change}");
        assert_eq!(dataset["row_count_estimate"], Json::Null);
        assert_eq!(analyzed(&app, id, json!({})).await["cached"], false, "{change}");
        assert_eq!(app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["analysis"]["stale"], false);
    }
}

#[tokio::test]
async fn an_analysis_relative_to_today_is_valid_for_a_day() {
    let (app, id) = start().await;
    let today = json!({"split_config": {"type": "time_based", "eval_days": 7, "as_of": "today"}});
    app.post(&format!("/api/datasets/{id}/update/"), today).await.ok();
    analyzed(&app, id, json!({})).await;
    assert_eq!(analyzed(&app, id, json!({})).await["cached"], true);
    // As if it had been made the day before.
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", app.file.display())).await.unwrap();
    let state: String = sqlx::query_scalar("SELECT state FROM analyses").fetch_one(&pool).await.unwrap();
    let (tables, day) = state.split_once(' ').expect("the day stands in the state");
    let before = day.parse::<chrono::NaiveDate>().unwrap().pred_opt().unwrap();
    sqlx::query("UPDATE analyses SET state = $1").bind(format!("{tables} {before}")).execute(&pool).await.unwrap();
    pool.close().await;
    assert_eq!(analyzed(&app, id, json!({})).await["cached"], false);
}

#[tokio::test]
async fn clients_cannot_set_the_analysis_and_copies_keep_it() {
    // The server alone computes analyses: one from a client could be of other data.
    let (app, id) = start().await;
    analyzed(&app, id, json!({})).await;
    let forged = json!({"name": "Forged", "config": config(), "analysis": {"score": 100}});
    assert_eq!(app.post("/api/models/1/datasets/create/", forged).await.invalid_fields(), ["analysis"]);
    assert_eq!(app.post(&format!("/api/datasets/{id}/update/"), json!({"analysis": null})).await.invalid_fields(), ["analysis"]);
    assert_eq!(app.post(&format!("/api/datasets/{id}/analyze/"), json!({"analysis": {}})).await.invalid_fields(), ["analysis"]);
    let copy = app.post(&format!("/api/datasets/{id}/clone/"), json!({})).await.ok();
    assert_eq!(copy["dataset"]["analysis"]["stale"], false);
    let before = ran(&app);
    assert_eq!(analyzed(&app, copy["dataset_id"].as_i64().unwrap(), json!({})).await["cached"], true);
    assert_eq!(ran(&app), before);
    // The copies are independent, and deleting one removes only its own analysis.
    app.post(&format!("/api/datasets/{id}/delete/"), json!({})).await.ok();
    assert_eq!(app.get(&format!("/api/datasets/{}/", copy["dataset_id"])).await.ok()["dataset"]["quality"]["score"], 75);
}

#[tokio::test]
async fn the_price_comes_before_the_scan() {
    // A person agrees to the price before a scan, so the price must be in the API, with the
    // configured rate.
    let (app, id) = start().await;
    let estimate = app.get(&format!("/api/datasets/{id}/analyze/estimate/")).await.ok()["estimate"].clone();
    assert_eq!(estimate, json!({"bytes": 8192, "price_usd": null, "upper_bound": true}));
    app.fake.is_metered.store(true, Ordering::SeqCst);
    let estimate = app.get(&format!("/api/datasets/{id}/analyze/estimate/")).await.ok()["estimate"].clone();
    // Two queries over two tables, each billed at the minimum.
    assert_eq!(estimate["price_usd"], json!(2.0 * 20.0 / 1_048_576.0 * 6.25));
    assert_eq!(ran(&app), 0);
    let analysis = analyzed(&app, id, json!({})).await["analysis"].clone();
    assert_eq!(analysis["estimate"], estimate);
    // If the warehouse refuses, it does so before anything is paid for.
    app.fake.break_with(WarehouseError::Query("Unrecognized name".into()));
    app.get(&format!("/api/datasets/{id}/analyze/estimate/")).await.refused(502, "warehouse");
    let before = ran(&app);
    app.post(&format!("/api/datasets/{id}/analyze/"), json!({"refresh": true})).await.refused(502, "warehouse");
    assert_eq!(ran(&app), before);
    // The stored analysis is still there.
    assert_eq!(app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["analysis"]["estimate"], estimate);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_share_a_run_and_a_cancel_stops_it_for_all() {
    let (app, id) = start().await;
    let app = Arc::new(app);
    let path = format!("/api/datasets/{id}/analyze/");
    assert_eq!(app.get(&format!("{path}progress/")).await.ok()["progress"], Json::Null);
    assert_eq!(app.post(&format!("{path}cancel/"), json!({})).await.ok()["cancelled"], false);
    *app.fake.run_delay.lock().unwrap() = Duration::from_millis(300);
    let ask = || {
        let (app, path) = (app.clone(), path.clone());
        tokio::spawn(async move { app.post(&path, json!({})).await })
    };
    let (one, two) = (ask(), ask());
    tokio::time::sleep(Duration::from_millis(150)).await;
    let progress = app.get(&format!("{path}progress/")).await.ok()["progress"].clone();
    assert_eq!(progress["steps"], 4);
    assert!(progress["step"].as_i64().unwrap() >= 1 && progress["seconds"].as_f64().unwrap() > 0.0, "{progress}");
    assert!(!progress["what"].as_str().unwrap().is_empty());
    let (one, two) = (one.await.unwrap().ok(), two.await.unwrap().ok());
    assert_eq!(one["analysis"], two["analysis"]);
    assert_ne!(one["cached"], two["cached"]);
    assert_eq!(ran(&app), 2);

    // Stopping a long run ends it for both, at once, and keeps the stored analysis.
    *app.fake.run_delay.lock().unwrap() = Duration::from_secs(60);
    *app.fake.state.lock().unwrap() = "2".into();
    let (one, two) = (ask(), ask());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(app.post(&format!("{path}cancel/"), json!({})).await.ok()["cancelled"], true);
    for stopped in [one, two] {
        let reply = tokio::time::timeout(Duration::from_secs(5), stopped).await.expect("stopped at once").unwrap();
        reply.refused(409, "cancelled");
    }
    assert_eq!(app.get(&format!("{path}progress/")).await.ok()["progress"], Json::Null);
    assert_eq!(app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["quality"]["score"], 75);
    // Later requests get a run of their own.
    *app.fake.run_delay.lock().unwrap() = Duration::ZERO;
    assert_eq!(analyzed(&app, id, json!({})).await["cached"], false);
    for path in ["progress/", "estimate/"] {
        app.get(&format!("/api/datasets/99/analyze/{path}")).await.refused(404, "not_found");
    }
    app.post("/api/datasets/99/analyze/cancel/", json!({})).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_disconnects_ends_its_run() {
    let (app, id) = start().await;
    *app.fake.run_delay.lock().unwrap() = Duration::from_secs(60);
    let path = format!("/api/datasets/{id}/analyze/");
    tokio::time::timeout(Duration::from_millis(200), app.post(&path, json!({}))).await.expect_err("it still runs");
    assert_eq!(app.get(&format!("{path}progress/")).await.ok()["progress"], Json::Null);
    // Nothing is stored in part, and no permit is held.
    assert_eq!(app.get(&format!("/api/datasets/{id}/")).await.ok()["dataset"]["analysis"], Json::Null);
    *app.fake.run_delay.lock().unwrap() = Duration::ZERO;
    assert_eq!(analyzed(&app, id, json!({})).await["cached"], false);
}

#[tokio::test]
async fn a_summary_sends_no_request_to_the_warehouse() {
    let (app, id) = start().await;
    analyzed(&app, id, json!({})).await;
    let (before, requested) = (ran(&app), app.fake.requested.lock().unwrap().len());
    let summary = app.get(&format!("/api/datasets/{id}/summary/")).await.ok()["summary"].clone();
    assert_eq!(summary["tables"], json!(["raw_data.orders", "left join raw_data.products on orders.product_id = products.id"]));
    assert_eq!(summary["columns"], json!(["orders.user_id", "orders.amount", "products.category"]));
    assert_eq!(summary["roles"][0], "user_id: orders.user_id");
    assert_eq!(summary["filters"], json!([]));
    assert_eq!(summary["split"], "by time up to the latest event: eval 7 days, train all earlier rows");
    assert_eq!((&summary["name"], &summary["analysis"]["stale"]), (&json!("Orders"), &json!(false)));
    assert_eq!((ran(&app), app.fake.requested.lock().unwrap().len()), (before, requested));
    app.get("/api/datasets/99/summary/").await.refused(404, "not_found");
}

#[tokio::test]
async fn datasets_side_by_side() {
    let (app, id) = start().await;
    analyzed(&app, id, json!({})).await;
    let other =
        app.post(&format!("/api/datasets/{id}/clone/"), json!({"name": "Other"})).await.ok()["dataset_id"].as_i64().unwrap();
    let compare = |ids: Json| app.post("/api/models/1/datasets/compare/", json!({"dataset_ids": ids}));
    let body = compare(json!([other, id])).await.ok();
    assert_eq!(body["comparison"][0]["id"], other);
    assert_eq!(body["differences"], json!([{"path": "name", "values": ["Other", "Orders"]}]));
    let change = json!({"split_config": {"type": "time_based", "eval_days": 3}, "selected_columns": [
        {"table": "orders", "column": "user_id"}, {"table": "orders", "column": "amount", "alias": "price"}
    ]});
    app.post(&format!("/api/datasets/{other}/update/"), change).await.ok();
    let before = ran(&app);
    let body = compare(json!([id, other])).await.ok();
    let paths: Vec<&str> = body["differences"].as_array().unwrap().iter().map(|d| d["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "name",
            "config.selected_columns[orders.amount].alias",
            "config.selected_columns[products.category]",
            "config.split_config.eval_days",
        ]
    );
    assert_eq!(body["differences"][3]["values"], json!([7, 3]));
    assert_eq!(ran(&app), before);
    // Without an analysis each number is null.
    let fresh = app.dataset("Fresh").await;
    let body = compare(json!([id, other, fresh])).await.ok();
    let score = body["differences"].as_array().unwrap().iter().find(|d| d["path"] == "analysis.score").unwrap();
    assert_eq!(score["values"], json!([75, 75, null]));
}

#[tokio::test]
async fn invalid_comparisons_are_refused() {
    let (app, id) = start().await;
    let other = app.dataset("Other").await;
    let model = app.post("/api/models/create/", json!({"name": "Second"})).await.ok()["model_id"].as_i64().unwrap();
    let compare = |body: Json| app.post("/api/models/1/datasets/compare/", body);
    for ids in [json!([]), json!([id]), json!([1, 2, 3, 4, 5, 6]), json!([id, id]), json!("1,2")] {
        assert_eq!(compare(json!({"dataset_ids": ids})).await.invalid_fields(), ["dataset_ids"], "{ids}");
    }
    for ids in [json!([id, "x"]), json!([id, 1.5])] {
        assert_eq!(compare(json!({"dataset_ids": ids})).await.invalid_fields(), ["dataset_ids[1]"], "{ids}");
    }
    assert_eq!(compare(json!({})).await.invalid_fields(), ["dataset_ids"]);
    assert_eq!(compare(json!({"dataset_ids": [id, other], "deep": true})).await.invalid_fields(), ["deep"]);
    let body = compare(json!({"dataset_ids": [id, 4711]})).await.refused(404, "not_found");
    assert!(body["message"].as_str().unwrap().contains("4711"));
    // A dataset of another model does not belong to this one.
    let path = format!("/api/models/{model}/datasets/compare/");
    app.post(&path, json!({"dataset_ids": [id, other]})).await.refused(404, "not_found");
    app.post("/api/models/99/datasets/compare/", json!({"dataset_ids": [id, other]})).await.refused(404, "not_found");
}

#[tokio::test]
async fn invalid_requests_are_refused() {
    let (app, id) = start().await;
    let path = format!("/api/datasets/{id}/analyze/");
    assert_eq!(app.post(&path, json!({"refresh": "yes"})).await.invalid_fields(), ["refresh"]);
    assert_eq!(app.post(&path, json!({"config": config()})).await.invalid_fields(), ["config"]);
    assert_eq!(app.post(&format!("{path}cancel/"), json!({"all": true})).await.invalid_fields(), ["all"]);
    app.get(&path).await.refused(405, "method_not_allowed");
    app.get(&format!("{path}progress/?x=1")).await.refused(400, "bad_parameter");
    app.post("/api/datasets/x/analyze/", json!({})).await.refused(400, "bad_parameter");
    // A missing table: the error names the field, and no query runs.
    app.fake.drop_table("raw_data.products");
    let before = ran(&app);
    assert!(app.post(&path, json!({})).await.invalid_fields().contains(&"secondary_tables[0]".to_owned()));
    assert_eq!(ran(&app), before);
}

/// Both are made of one result of one service: a difference would be what the pages' format lost.
#[tokio::test]
async fn pages_show_the_same_as_the_api() {
    let (app, id) = start().await;
    analyzed(&app, id, json!({})).await;
    app.fake.answer(counts(&[("full", 100), ("train", 90), ("eval", 10)]));
    app.post(&format!("/api/datasets/{id}/activate/"), json!({})).await.ok();
    let config = json!({
        "primary_table": "raw_data.orders",
        "selected_columns": [{"table": "orders", "column": "id", "alias": "order_key"}],
        "filters": {"date_range": {"type": "rolling", "days": 30, "as_of": "2024-03-31"}},
        "column_mapping": {"timestamp": {"table": "orders", "column": "ordered_at"}},
    });
    app.post(&format!("/api/datasets/{id}/update/"), json!({"config": config})).await.ok();

    let api = async |path: &str| app.get(&format!("/api/datasets/{id}/{path}")).await.ok();
    let page = async |function: &str, body: Json| app.post(&format!("/_fn/{function}"), body).await;
    let read = json(&page("dataset", json!({"id": id})).await.read::<Dataset>());
    assert_eq!(read, api("").await["dataset"]);
    assert!(!read["analysis"].is_null() && !read["versions"][0].is_null(), "{read}");
    assert_eq!(json(&page("summary", json!({"id": id})).await.read::<Overview>()), api("summary/").await["summary"]);
    let version = page("version", json!({"id": id, "number": 1})).await;
    assert_eq!(json(&version.read::<Version>()), api("versions/1/").await["version"]);
    let diff = json(&page("version-diff", json!({"id": id, "from": 1, "to": null})).await.read::<VersionDiff>());
    assert_eq!(diff, api("versions/diff/?from=1").await["diff"]);
    assert!(!diff["differences"].as_array().unwrap().is_empty());
    assert_eq!(json(&page("drift", json!({"id": id})).await.read::<DriftReport>()), api("drift/").await["drift"]);
}

fn json<T: serde::Serialize>(value: &T) -> Json {
    serde_json::to_value(value).unwrap()
}
