//! Profiles and values of columns: their content, which queries they run, and when none.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use trainset::domain::schema::{ColumnType, Mode};
use trainset::domain::value::{ResultColumn, Rows, Value};
use trainset::warehouse::{DryRun, WarehouseError};

use crate::helpers::{TestApp, table};

const STATS: &str = "/api/models/1/bq-tables/orders/stats/";

/// The result of a profile's query: 100 rows, then numbers; further columns are NULL.
fn answer(numbers: &[i64]) -> Rows {
    let row: Vec<Value> = [100].iter().chain(numbers).map(|n| Value::Int(*n)).collect();
    Rows { rows: vec![row], ..Rows::default() }
}

/// The result of a query for values.
fn counted(values: &[(&str, i64)]) -> Rows {
    let column = |name: &str, column_type| ResultColumn { name: name.into(), column_type, mode: Mode::Nullable };
    Rows {
        columns: vec![column("value", ColumnType::String), column("row_count", ColumnType::Int64)],
        rows: values.iter().map(|(value, count)| vec![Value::Text((*value).into()), Value::Int(*count)]).collect(),
        ..Rows::default()
    }
}

fn ran(app: &TestApp) -> usize {
    app.fake.ran.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_profile_is_one_query_and_cached_until_the_table_changes() {
    let app = TestApp::new().await;
    app.fake.answer(answer(&[90, 45]));
    let body = app.get(&format!("{STATS}?columns=amount,user_id")).await.ok();
    let stats = &body["stats"];
    assert_eq!((&stats["amount"]["null_count"], &stats["amount"]["null_percent"]), (&json!(10), &json!(10.0)));
    assert_eq!((&stats["amount"]["cardinality"], &stats["amount"]["uniqueness"]), (&json!(45), &json!(0.5)));
    assert_eq!(stats["amount"]["cardinality_is_exact"], json!(true));
    let meta = &stats["_meta"];
    assert_eq!((&meta["rows"], &meta["cached"], &meta["bytes"]), (&json!(100), &json!(false), &json!(4096)));
    assert_eq!(ran(&app), 1);
    let sql = app.fake.sql.lock().unwrap()[0].clone();
    assert_eq!(sql.matches("FROM").count(), 1, "{sql}");
    assert!(sql.ends_with("FROM raw_data.orders"), "{sql}");

    // In another order, by the full name, in another case: all cached.
    for again in ["orders/stats/?columns=user_id&columns=amount", "raw_data.orders/stats/?columns=AMOUNT"] {
        let body = app.get(&format!("/api/models/1/bq-tables/{again}")).await.ok();
        assert_eq!((&body["stats"]["_meta"]["cached"], &body["stats"]["_meta"]["bytes"]), (&json!(true), &json!(0)));
        assert_eq!(body["stats"]["amount"]["cardinality"], json!(45));
    }
    assert_eq!(ran(&app), 1);

    // Only missing columns are queried.
    app.get(STATS).await.ok();
    assert_eq!(ran(&app), 2);
    let sql = app.fake.sql.lock().unwrap()[1].clone();
    assert!(sql.contains("product_id") && !sql.contains("amount"), "{sql}");
    app.get(STATS).await.ok();
    assert_eq!(ran(&app), 2);

    *app.fake.state.lock().unwrap() = "2".into();
    assert_eq!(app.get(&format!("{STATS}?columns=amount")).await.ok()["stats"]["_meta"]["cached"], json!(false));
    assert_eq!(ran(&app), 3);
}

#[tokio::test]
async fn concurrent_requests_share_one_query() {
    let app = Arc::new(TestApp::new().await);
    app.fake.answer(answer(&[90, 45]));
    *app.fake.run_delay.lock().unwrap() = Duration::from_millis(100);
    let all = (0..5).map(|_| {
        let app = app.clone();
        tokio::spawn(async move { app.get(&format!("{STATS}?columns=amount")).await.ok() })
    });
    for body in futures::future::join_all(all).await {
        assert_eq!(body.unwrap()["stats"]["amount"]["cardinality"], json!(45));
    }
    assert_eq!(ran(&app), 1);
}

#[tokio::test]
async fn the_cost_of_a_profile_is_estimated_before() {
    // A person agrees to the price before a scan, so the estimate must not scan.
    let app = TestApp::new().await;
    app.fake.is_metered.store(true, Ordering::SeqCst);
    *app.fake.dry.lock().unwrap() = Ok(DryRun { columns: vec![], bytes: Some(1 << 40), upper_bound: true });
    let path = "/api/models/1/bq-tables/orders/stats/estimate/?columns=amount,id";
    let estimate = app.get(path).await.ok()["estimate"].clone();
    assert_eq!(estimate, json!({"columns": 2, "bytes": 1u64 << 40, "price_usd": 6.25, "upper_bound": true}));
    assert_eq!(ran(&app), 0);
    app.fake.answer(answer(&[90, 45]));
    assert_eq!(app.get(&format!("{STATS}?columns=amount")).await.ok()["stats"]["_meta"]["price_usd"], json!(6.25));
    assert_eq!(app.get(path).await.ok()["estimate"]["columns"], json!(1));
    assert_eq!(
        app.get(&path.replace(",id", "")).await.ok()["estimate"],
        json!({"columns": 0, "bytes": 0, "price_usd": null, "upper_bound": false})
    );
}

#[tokio::test]
async fn errors_are_not_cached() {
    let app = TestApp::new().await;
    app.fake.break_with(WarehouseError::Timeout(9));
    app.get(STATS).await.refused(504, "timeout");
    app.get("/api/models/1/bq-tables/orders/columns/amount/samples/").await.refused(504, "timeout");
    *app.fake.dry.lock().unwrap() = Ok(DryRun { columns: vec![], bytes: None, upper_bound: false });
    app.fake.answer(answer(&[90]));
    assert_eq!(app.get(STATS).await.ok()["stats"]["_meta"]["cached"], json!(false));
}

#[tokio::test]
async fn missing_tables_and_columns_are_named() {
    let app = TestApp::new().await;
    let get = async |path: &str| app.get(&format!("/api/models/1/bq-tables/{path}")).await;
    get("nothing/stats/").await.refused(404, "not_found");
    assert!(
        get("orders/stats/?columns=amount,%60;--").await.refused(404, "not_found")["message"]
            .as_str()
            .unwrap()
            .contains("no column")
    );
    get("other.orders/stats/").await.refused(404, "not_found");
    get("..%2Forders/stats/").await.refused(400, "bad_request");
    get("orders/stats/?colums=amount").await.refused(400, "bad_parameter");
    app.get("/api/models/9/bq-tables/orders/stats/").await.refused(404, "not_found");
    get("orders/columns/nothing/samples/").await.refused(404, "not_found");
    for bad in ["limit=0", "limit=101", "limit=x", "limit=-1", "order=asc"] {
        assert_eq!(get(&format!("orders/columns/amount/samples/?{bad}")).await.status, 400, "{bad}");
    }
    let long = format!("orders/columns/amount/samples/?search={}", "x".repeat(1001));
    get(&long).await.refused(400, "bad_request");
    assert_eq!(ran(&app), 0);
}

#[tokio::test]
async fn profiles_of_wide_tables_need_column_names() {
    let app = TestApp::new().await;
    let names: Vec<String> = (0..101).map(|n| format!("c{n}")).collect();
    let columns: Vec<(&str, ColumnType)> = names.iter().map(|name| (name.as_str(), ColumnType::Int64)).collect();
    let mut wide = table("wide", &columns);
    wide.unusable = vec![("odd\u{7}".into(), "its name cannot be written".into())];
    wide.columns[0].mode = Mode::Repeated;
    wide.columns[1].column_type = ColumnType::Json;
    app.fake.schemas.lock().unwrap().insert(wide.table.clone(), Ok(wide));
    let message = app.get("/api/models/1/bq-tables/wide/stats/").await.refused(400, "bad_request");
    assert!(message["message"].as_str().unwrap().contains("at most 100"), "{message}");
    app.fake.answer(answer(&[1]));
    let found = app.get("/api/models/1/bq-tables/wide/stats/?columns=c5,odd%07,c5").await.ok();
    assert_eq!(found["stats"].as_object().unwrap().len(), 3);
    assert_eq!(found["stats"]["odd\u{7}"]["unsupported"], json!("its name cannot be written"));
    for (column, why) in [("c0", "arrays"), ("c1", "JSON")] {
        let path = format!("/api/models/1/bq-tables/wide/columns/{column}/samples/");
        assert!(app.get(&path).await.refused(400, "bad_request")["message"].as_str().unwrap().contains(why));
    }
}

#[tokio::test]
async fn values_have_counts_and_are_cached() {
    // Values come from the whole table: in a sample of rows, rare ones would be missing.
    let app = TestApp::new().await;
    app.fake.answer(counted(&[("O'Brien", 30), ("<script>", 20), ("b", 10)]));
    let path = "/api/models/1/bq-tables/products/columns/category/samples/";
    let body = app.get(&format!("{path}?limit=2")).await.ok();
    assert_eq!(body["sample_values"], json!([{"value": "O'Brien", "count": 30}, {"value": "<script>", "count": 20}]));
    assert_eq!(body["complete"], json!(false));
    let all = app.get(&format!("{path}?limit=3")).await.ok();
    assert_eq!((all["sample_values"].as_array().unwrap().len(), &all["complete"]), (3, &json!(true)));
    assert_eq!(ran(&app), 2);
    app.get(&format!("{path}?limit=2")).await.ok();
    assert_eq!(ran(&app), 2);
    // The search is a text and never SQL.
    app.get(&format!("{path}?search=%20%27%20OR%201=1%20--%20%5C")).await.ok();
    let sql = app.fake.sql.lock().unwrap()[2].clone();
    assert!(sql.contains(r"LOWER('\' OR 1=1 -- \\')"), "{sql}");
    *app.fake.state.lock().unwrap() = "2".into();
    app.get(&format!("{path}?limit=2")).await.ok();
    assert_eq!(ran(&app), 4);
}

#[tokio::test]
async fn a_profile_decides_what_names_only_suggest() {
    let app = TestApp::new().await;
    let suggest = async || app.post("/api/models/1/suggest-columns/", json!({"tables": ["orders"]})).await.ok();
    assert_eq!(suggest().await["suggestions"]["user_id"]["column"], json!("user_id"));
    // One distinct value per row: nobody returns, so it is not a user.
    app.fake.answer(answer(&[100, 100]));
    app.get(&format!("{STATS}?columns=user_id")).await.ok();
    assert!(suggest().await["suggestions"].get("user_id").is_none_or(|found| found["column"] != json!("user_id")));
    assert_eq!(ran(&app), 1);
}
