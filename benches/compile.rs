//! How long a config takes to compile to SQL: 5 tables and 100 columns, the most that a person
//! keeps in mind. `make bench`.
//!
//! The peer in the same run is serde_json writing the same config, which is about as much text.

use serde_json::{Value, json};
use trainset::domain::catalog::Catalog;
use trainset::domain::dataset::{DatasetConfig, Split};
use trainset::domain::parse::config_from_json;
use trainset::domain::sql::{Request, compile};
use trainset::domain::validate::validate;

fn main() {
    divan::main();
}

fn table(i: usize) -> String {
    format!("table_{i}")
}

fn schemas() -> Catalog {
    let types = ["STRING", "INT64", "FLOAT64", "NUMERIC", "BOOL", "DATE", "DATETIME", "TIMESTAMP"];
    let columns = |i: usize| {
        let column = |j: usize| json!({"name": format!("column_{i}_{j}"), "type": types[j % types.len()], "mode": "NULLABLE"});
        let keys = [json!({"name": "id", "type": "INT64"}), json!({"name": "parent_id", "type": "INT64"})];
        keys.into_iter().chain((0..24).map(column)).collect::<Vec<Value>>()
    };
    let schema = |i| serde_json::from_value(json!({"table": format!("raw_data.{}", table(i)), "columns": columns(i)})).unwrap();
    Catalog::new(Some("my-project".into()), (0..5).map(schema))
}

fn config() -> DatasetConfig {
    let columns: Vec<Value> =
        (0..100).map(|n| json!({"table": table(n / 20), "column": format!("column_{}_{}", n / 20, n % 20)})).collect();
    let joins: Vec<Value> = (1..5)
        .map(|i| json!({"table": table(i), "type": "left", "on": [{"left": {"table": table(i - 1), "column": "parent_id"}, "right": "id"}]}))
        .collect();
    config_from_json(json!({
        "primary_table": "raw_data.table_0",
        "secondary_tables": (1..5).map(|i| format!("raw_data.{}", table(i))).collect::<Vec<_>>(),
        "join_config": joins,
        "selected_columns": columns,
        "column_mapping": {
            "user_id": {"table": "table_0", "column": "column_0_0"},
            "product_id": {"table": "table_0", "column": "column_0_1"},
            "revenue": {"table": "table_0", "column": "column_0_2"},
            "timestamp": {"table": "table_0", "column": "column_0_7"},
        },
        "filters": {
            "date_range": {"type": "rolling", "months": 6},
            "rows": [{"table": "table_1", "column": "column_1_0", "where": {"op": "in", "values": ["a", "b", "c"]}}],
            "product_filter": {"top_revenue_percent": 80},
            "customer_filter": {"transactions": {"min": 2}},
            "min_interactions": {"user": 2, "product": 2},
        },
        "split_config": {"type": "time_based", "eval_days": 14},
    }))
    .unwrap()
}

/// Under 100 µs allows compiling at every keystroke, many times over.
#[divan::bench]
fn five_tables_and_a_hundred_columns(bencher: divan::Bencher) {
    let (config, catalog) = (config(), schemas());
    let request = Request { split: Some(Split::Train), ..Request::default() };
    bencher.bench(|| compile(divan::black_box(&config), &catalog, &request).unwrap());
}

#[divan::bench]
fn validation_alone(bencher: divan::Bencher) {
    let (config, catalog) = (config(), schemas());
    bencher.bench(|| validate(divan::black_box(&config), &catalog));
}

#[divan::bench]
fn peer_serde_json_writes_the_config(bencher: divan::Bencher) {
    let config = config();
    bencher.bench(|| serde_json::to_string(divan::black_box(&config)).unwrap());
}
