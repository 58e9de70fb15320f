//! Suggested joins and roles: the response, the queries and when there are none, and errors.

use std::sync::atomic::Ordering;

use serde_json::{Value as Json, json};
use trainset::domain::joins::VerifiedJoins;
use trainset::domain::schema::{Column, ColumnType, Mode, TableSchema};
use trainset::domain::value::{ResultColumn, Rows, Value};
use trainset::warehouse::WarehouseError;

use crate::helpers::{TestApp, table};

const JOINS: &str = "/api/models/1/detect-joins/";
const ROLES: &str = "/api/models/1/suggest-columns/";

/// The result for one list of pairs: rows, rows with a key, keys, largest, matched rows of each
/// side; common keys; pairs.
fn counted(left: [i64; 5], right: [i64; 5], common: i64, pairs: f64) -> Rows {
    let names =
        ["pair", "side", "all_rows", "rows_with_key", "key_count", "largest", "matched_rows", "common_keys", "pair_count"];
    let column = |name: &&str| ResultColumn {
        name: (*name).into(),
        column_type: match *name {
            "side" => ColumnType::String,
            "pair_count" => ColumnType::Float64,
            _ => ColumnType::Int64,
        },
        mode: Mode::Nullable,
    };
    let row = |side: &str, numbers: [i64; 5]| {
        let mut row = vec![Value::Int(0), Value::Text(side.into())];
        row.extend(numbers.map(Value::Int));
        row.extend([Value::Int(common), Value::Float(pairs)]);
        row
    };
    Rows {
        columns: names.iter().map(column).collect(),
        rows: vec![row("left", left), row("right", right)],
        bytes_processed: Some(5_000_000),
        ..Rows::default()
    }
}

fn ran(app: &TestApp) -> usize {
    app.fake.ran.load(Ordering::SeqCst)
}

fn add(app: &TestApp, schema: TableSchema) {
    app.fake.schemas.lock().unwrap().insert(schema.table.clone(), Ok(schema));
}

#[tokio::test]
async fn joins_are_suggested_with_reasons_without_a_query() {
    let app = TestApp::new().await;
    let body = app.post(JOINS, json!({"tables": ["raw_data.orders", "raw_data.products"]})).await.ok();
    let join = &body["detected_joins"][0];
    assert_eq!(body["detected_joins"].as_array().unwrap().len(), 1, "{body}");
    assert_eq!((&join["left"], &join["right"]), (&json!("raw_data.orders"), &json!("raw_data.products")));
    assert_eq!(join["on"], json!([{"left": "product_id", "right": "id"}]));
    assert_eq!((&join["type"], &join["confidence"], &join["in_tree"]), (&json!("left"), &json!("high"), &json!(true)));
    assert!(join["score"].as_f64().unwrap() >= 0.9 && !join["reasons"].as_array().unwrap().is_empty(), "{join}");
    assert_eq!((&join["evidence"], &body["verification"]), (&Json::Null, &Json::Null));
    assert_eq!((&body["tree"], &body["unconnected"], &body["threshold"]), (&json!([0]), &json!([]), &json!(0.5)));
    // The same by ids.
    let by_id = app.post(JOINS, json!({"tables": ["orders", "products"], "verify": false})).await.ok();
    assert_eq!(by_id["detected_joins"], body["detected_joins"]);
    assert_eq!(ran(&app), 0);
}

#[tokio::test]
async fn tables_that_only_share_a_users_id_are_joined_by_it_where_nothing_else_is() {
    let app = TestApp::new().await;
    let both = json!({"tables": ["orders", "visits"]});
    let body = app.post(JOINS, both).await.ok();
    assert_eq!(
        (&body["detected_joins"][0]["on"][0]["left"], &body["detected_joins"][0]["confidence"]),
        (&json!("user_id"), &json!("low"))
    );
    add(&app, table("users", &[("id", ColumnType::Int64), ("name", ColumnType::String)]));
    let body = app.post(JOINS, json!({"tables": ["orders", "visits", "users"]})).await.ok();
    let joins = body["detected_joins"].as_array().unwrap();
    assert_eq!(joins.len(), 2, "{body}");
    assert!(joins.iter().all(|join| join["right"] == "raw_data.users"), "{body}");
}

#[tokio::test]
async fn verified_joins_have_statistics_and_are_cached() {
    let app = TestApp::new().await;
    app.fake.answer(counted([1000, 990, 200, 9, 990], [300, 300, 300, 1, 200], 200, 990.0));
    let verify = json!({"tables": ["orders", "products"], "verify": true});
    let body = app.post(JOINS, verify.clone()).await.ok();
    assert_eq!(ran(&app), 1, "one query for two tables");
    let evidence = &body["detected_joins"][0]["evidence"];
    assert_eq!(
        (&evidence["inclusion"], &evidence["uniqueness"], &evidence["largest_fan_out"]),
        (&json!(1.0), &json!(1.0), &json!(1))
    );
    assert_eq!((&evidence["matched_rows"], &evidence["rows_after"]), (&json!(0.99), &json!(1000)));
    let verification = json!({"pairs": 1, "queries": 1, "cached": false, "bytes_processed": 5_000_000, "price_usd": null});
    assert_eq!(body["verification"], verification);

    let again = app.post(JOINS, verify.clone()).await.ok();
    assert_eq!((ran(&app), &again["detected_joins"]), (1, &body["detected_joins"]));
    assert_eq!(again["verification"], json!({"pairs": 1, "queries": 0, "cached": true, "bytes_processed": 0, "price_usd": null}));
    // Until a table changes.
    *app.fake.state.lock().unwrap() = "2".into();
    app.post(JOINS, verify).await.ok();
    assert_eq!(ran(&app), 2);
}

#[tokio::test]
async fn g60_a_key_that_is_not_unique_is_not_suggested() {
    let app = TestApp::new().await;
    app.fake.answer(counted([1000, 1000, 200, 9, 1000], [3000, 3000, 200, 40, 3000], 200, 15_000.0));
    let body = app.post(JOINS, json!({"tables": ["orders", "products"], "verify": true})).await.ok();
    assert_eq!((&body["detected_joins"], &body["unconnected"]), (&json!([]), &json!(["raw_data.products"])));
}

#[tokio::test]
async fn g74_the_cost_is_reported_before_and_after() {
    let app = TestApp::new().await;
    app.fake.is_metered.store(true, Ordering::SeqCst);
    app.fake.answer(counted([10, 10, 5, 2, 10], [5, 5, 5, 1, 5], 5, 10.0));
    let tables = json!({"tables": ["orders", "products"]});
    let estimate = app.post("/api/models/1/detect-joins/estimate/", tables.clone()).await.ok();
    // Two tables, each billed for at least 10 MiB.
    let is_price = |value: &Json| (value.as_f64().unwrap() - 20.0 / 1024.0 / 1024.0 * 6.25).abs() < 1e-12;
    assert!(is_price(&estimate["estimate"]["price_usd"]), "{estimate}");
    assert_eq!((&estimate["estimate"]["queries"], &estimate["estimate"]["bytes"]), (&json!(1), &json!(4096)));
    assert_eq!(ran(&app), 0);
    let verified = app.post(JOINS, json!({"tables": ["orders", "products"], "verify": true})).await.ok();
    assert!(is_price(&verified["verification"]["price_usd"]), "{verified}");
    let kept = app.post("/api/models/1/detect-joins/estimate/", tables).await.ok();
    assert_eq!(kept["estimate"], json!({"pairs": 1, "queries": 0, "bytes": 0, "price_usd": 0.0, "upper_bound": false}));
}

#[tokio::test]
async fn a_pair_that_cannot_be_verified_has_its_reason_and_the_others_are() {
    let app = TestApp::new().await;
    let verify = json!({"tables": ["orders", "products"], "verify": true});
    app.fake.break_with(WarehouseError::Resources("Out of memory.".into()));
    let body = app.post(JOINS, verify.clone()).await.ok();
    let join = &body["detected_joins"][0];
    assert_eq!((&join["error"], &join["evidence"]), (&json!("Out of memory."), &Json::Null));
    // What failed is requested again, and an error that concerns all is reported as such.
    app.fake.break_with(WarehouseError::NoPermission("No permission to run queries.".into()));
    app.post(JOINS, verify.clone()).await.refused(502, "no_permission");
    app.fake.break_with(WarehouseError::Unreachable("BigQuery did not answer.".into()));
    app.post(JOINS, verify).await.refused(502, "unreachable");
}

#[tokio::test]
async fn invalid_requests_for_detection_are_refused() {
    let app = TestApp::new().await;
    for path in [JOINS, ROLES, "/api/models/1/detect-joins/estimate/"] {
        app.post(&path.replace("/1/", "/9/"), json!({"tables": ["orders"]})).await.refused(404, "not_found");
        app.post(path, json!({})).await.refused(400, "bad_request");
        app.post(path, json!({"tables": []})).await.refused(400, "bad_request");
        app.post(path, json!({"tables": ["orders", "raw_data.orders"]})).await.refused(400, "bad_request");
        app.post(path, json!({"tables": ["orders", "nowhere"]})).await.refused(404, "not_found");
        app.post(path, json!({"tables": ["a`b; DROP TABLE x"]})).await.refused(400, "bad_request");
        app.post(path, json!({"tables": ["../../etc/passwd"]})).await.refused(400, "bad_request");
        let many: Vec<String> = (0..61).map(|i| format!("t{i}")).collect();
        let refused = app.post(path, json!({"tables": many})).await.refused(400, "bad_request");
        assert!(refused["message"].as_str().unwrap().contains("60"), "{refused}");
        for (wrong, at) in
            [(json!("orders"), "tables"), (json!([1]), "tables[0]"), (json!({"a": 1}), "tables"), (json!(true), "tables")]
        {
            assert_eq!(app.post(path, json!({"tables": wrong})).await.invalid_fields(), [at]);
        }
        assert_eq!(app.post(path, json!({"tables": ["orders"], "more": 1})).await.invalid_fields(), ["more"]);
    }
    assert_eq!(app.post(JOINS, json!({"tables": ["orders"], "verify": "yes"})).await.invalid_fields(), ["verify"]);
    app.fake.requested.lock().unwrap().clear();
    app.post(JOINS, json!({"tables": ["orders", "private.salaries"]})).await.refused(404, "not_found");
    assert!(app.fake.requested.lock().unwrap().is_empty(), "the warehouse was asked for another dataset");
    assert_eq!(ran(&app), 0);
}

#[tokio::test]
async fn columns_are_suggested_for_roles_and_no_query_runs() {
    let app = TestApp::new().await;
    let body = app.post(ROLES, json!({"tables": ["orders", "products"]})).await.ok();
    let column = |role: &str| (body["suggestions"][role]["table"].clone(), body["suggestions"][role]["column"].clone());
    let of_orders = |name: &str| (json!("raw_data.orders"), json!(name));
    assert_eq!(column("user_id"), of_orders("user_id"));
    assert_eq!(column("product_id"), of_orders("product_id"));
    assert_eq!(column("timestamp"), of_orders("ordered_at"));
    assert_eq!(column("revenue"), of_orders("amount"));
    let alternatives = body["suggestions"]["product_id"]["alternatives"].as_array().unwrap();
    assert_eq!(alternatives[0]["table"], "raw_data.products");
    assert_eq!(body["suggestions"]["user_id"]["confidence"], "high");
    assert_eq!(ran(&app), 0);
    // A role without a fitting column is absent.
    let body = app.post(ROLES, json!({"tables": ["products"]})).await.ok();
    assert_eq!(body["suggestions"]["revenue"], Json::Null);
}

#[tokio::test]
async fn schemas_include_column_hints() {
    let app = TestApp::new().await;
    add(
        &app,
        TableSchema {
            columns: vec![
                Column {
                    name: "buyerID".parse().unwrap(),
                    column_type: ColumnType::Int64,
                    mode: Mode::Required,
                    description: None,
                },
                Column {
                    name: "price".parse().unwrap(),
                    column_type: ColumnType::Numeric,
                    mode: Mode::Nullable,
                    description: None,
                },
                Column {
                    name: "item_ids".parse().unwrap(),
                    column_type: ColumnType::Int64,
                    mode: Mode::Repeated,
                    description: None,
                },
                Column { name: "paid".parse().unwrap(), column_type: ColumnType::Bool, mode: Mode::Nullable, description: None },
                Column {
                    name: "sold_at".parse().unwrap(),
                    column_type: ColumnType::Datetime,
                    mode: Mode::Nullable,
                    description: None,
                },
            ],
            ..table("deals", &[])
        },
    );
    let body = app.get("/api/models/1/bq-tables/deals/schema/").await.ok();
    let hints: Vec<(&Json, &Json)> =
        body["schema"].as_array().unwrap().iter().map(|c| (&c["suggested_role"], &c["is_potential_join_key"])).collect();
    let expected = [
        (json!("user_id"), json!(true)),
        (json!("revenue"), json!(false)),
        (Json::Null, json!(false)),
        (Json::Null, json!(false)),
        (json!("timestamp"), json!(false)),
    ];
    assert_eq!(hints, expected.each_ref().map(|(role, key)| (role, key)));
}

#[tokio::test]
async fn g60_the_joins_of_a_config_are_verified_as_configured() {
    let app = TestApp::new().await;
    app.fake.answer(counted([1000, 1000, 200, 9, 1000], [3000, 3000, 200, 40, 3000], 200, 15_000.0));
    let key = |left: &str, column: &str, right: &str| json!({"left": {"table": left, "column": column}, "right": right});
    let config = |join: Json| {
        json!({"primary_table": "raw_data.orders", "secondary_tables": ["raw_data.products", "raw_data.visits"], "join_config": [
            {"table": "visits", "on": []}, {"table": "products", "on": join}
        ]})
    };
    let verify = async |config: Json, agreed: bool| {
        let answer = app.post("/_fn/weigh-joins", json!({"model_id": 1, "config": config, "agreed": agreed})).await;
        serde_json::to_value(answer.read::<VerifiedJoins>()).unwrap()
    };
    // Free: verified at once. Joins without keys are skipped.
    let chosen = config(json!([key("orders", "product_id", "id")]));
    let body = verify(chosen.clone(), false).await;
    assert_eq!((ran(&app), body["joins"].as_array().unwrap().len()), (1, 1), "{body}");
    let shares = &body["joins"][0]["shares"];
    assert_eq!((&shares["largest_fan_out"], &shares["rows_after"]), (&json!(40), &json!(15_000)));

    // If it costs, the price is reported first; cached results are free.
    app.fake.is_metered.store(true, Ordering::SeqCst);
    let known = verify(chosen.clone(), false).await;
    assert_eq!((ran(&app), &known["joins"], &known["open"]["queries"]), (1, &body["joins"], &json!(0)));
    let other = config(json!([key("orders", "user_id", "id")]));
    let priced = verify(other.clone(), false).await;
    assert!(priced["open"]["price_usd"].as_f64().unwrap() > 0.0, "{priced}");
    assert_eq!((ran(&app), &priced["joins"][0]["shares"]), (1, &Json::Null));
    let agreed = verify(other, true).await;
    assert_eq!((ran(&app), &agreed["joins"][0]["shares"]["largest_fan_out"]), (2, &json!(40)));

    // What the two tables cannot show is reported without a query.
    let spread = config(json!([key("orders", "product_id", "id"), key("visits", "user_id", "id")]));
    let body = verify(spread, true).await;
    assert!(body["joins"][0]["error"].as_str().unwrap().contains("several tables"), "{body}");
    assert_eq!(ran(&app), 2);
}
