//! A config at the limits runs on the embedded engine.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;
use trainset::domain::catalog::Catalog;
use trainset::domain::dataset::DatasetConfig;
use trainset::domain::limits::MAX_ROW_FILTERS;
use trainset::domain::parse::config_from_json;
use trainset::domain::sql::{QueryKind, Request, compile};
use trainset::warehouse::embedded::Embedded;
use trainset::warehouse::{Limits, Warehouse};

/// A table of 60 columns.
fn write_table(folder: &Path) {
    let mut text: String = "id,at".into();
    for i in 0..58 {
        let _ = write!(text, ",c{i}");
    }
    for row in 0..20 {
        let _ = write!(text, "\n{row},2024-01-{:02}", row + 1);
        for i in 0..58 {
            let _ = write!(text, ",{}", row * i % 7);
        }
    }
    std::fs::write(folder.join("facts.csv"), text + "\n").unwrap();
}

fn base() -> Value {
    json!({
        "primary_table": "raw_data.facts",
        "selected_columns": [{"table": "facts", "column": "id"}],
        "column_mapping": {
            "user_id": {"table": "facts", "column": "c1"},
            "product_id": {"table": "facts", "column": "c2"},
            "timestamp": {"table": "facts", "column": "at"},
            "revenue": {"table": "facts", "column": "c3"}
        },
        "split_config": {"type": "time_based", "eval_days": 3}
    })
}

fn config(part: Value) -> DatasetConfig {
    let mut config = base();
    for (key, value) in part.as_object().unwrap() {
        config[key] = value.clone();
    }
    config_from_json(config).unwrap()
}

/// Twenty tables, each joined by sixteen columns to the one before.
fn joined(kind: &str, on_duplicates: &str) -> Value {
    let name = |i: usize| if i == 0 { "facts".to_owned() } else { format!("f{i}") };
    let on = |i: usize| -> Vec<Value> {
        (0..16).map(|k| json!({"left": {"table": name(i - 1), "column": format!("c{k}")}, "right": format!("c{k}")})).collect()
    };
    let order: Vec<Value> = (0..16).map(|k| json!({"column": format!("c{k}")})).collect();
    let order = if on_duplicates == "one_row" { order } else { vec![] };
    json!({
        "secondary_tables": (1..20).map(|i| json!({"table": "raw_data.facts", "as": name(i)})).collect::<Vec<_>>(),
        "join_config": (1..20).map(|i| json!({"table": name(i), "type": kind, "on": on(i), "on_duplicates": on_duplicates, "order": order})).collect::<Vec<_>>(),
        "selected_columns": (0..1_000).map(|i| json!({"table": name(i % 20), "column": format!("c{}", i / 20)})).collect::<Vec<_>>(),
    })
}

fn filtered() -> Value {
    let tests = [
        json!({"op": "!=", "value": 77}),
        json!({"op": "between", "min": -5, "max": 100}),
        json!({"op": "not_in", "values": (1_000..1_199).collect::<Vec<_>>()}),
        json!({"op": ">=", "value": 0}),
    ];
    let filter =
        |i: usize| json!({"table": "facts", "column": format!("c{}", i % 58), "where": tests[i % 4], "nulls": "include"});
    json!({"filters": {
        "rows": (0..MAX_ROW_FILTERS).map(filter).collect::<Vec<_>>(),
        "product_filter": {"top_revenue_percent": 99, "transactions": {"min": 1}, "revenue": {"min": 0}},
        "customer_filter": {"top_revenue_percent": 99, "transactions": {"min": 1}, "revenue": {"min": 0}},
        "min_interactions": {"user": 1, "product": 1, "rounds": 10},
        "sample": {"percent": 99}
    }})
}

fn lists() -> Value {
    let list = |from: usize| (from..from + 10_000).collect::<Vec<_>>();
    let filter =
        |column: &str, from| json!({"table": "facts", "column": column, "where": {"op": "not_in", "values": list(from)}});
    let text = json!({"op": "!=", "value": 1});
    json!({"filters": {"rows": [filter("c1", 100), filter("c2", 100_000), {"table": "facts", "column": "c3", "where": text}]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_at_the_limits_runs() {
    let folder = TempDir::new().unwrap();
    write_table(folder.path());
    let warehouse = Embedded::open(folder.path(), "raw_data").await.unwrap();
    let table = warehouse.schema(&"raw_data.facts".parse().unwrap()).await.unwrap();
    let catalog = Catalog::new(None, [table]);
    let limits = Limits { max_rows: 100, ..Limits::default() };
    let preview = QueryKind::Preview { limit: 10 };
    for (name, part, kinds) in [
        ("filters", filtered(), vec![QueryKind::Rows, QueryKind::Counts, QueryKind::FilterImpact]),
        ("lists", lists(), vec![QueryKind::Rows, QueryKind::Tfx, QueryKind::Counts, QueryKind::Analysis]),
        ("left joins", joined("left", "one_row"), vec![preview, QueryKind::PerDay]),
        ("full joins", joined("full", "one_row"), vec![preview, QueryKind::Counts]),
    ] {
        let config = config(part);
        for kind in kinds {
            let start = Instant::now();
            let query = compile(&config, &catalog, &Request { kind, ..Request::default() })
                .unwrap_or_else(|errors| panic!("{name} {errors:?}"));
            let compiled = start.elapsed();
            warehouse.dry_run(&query.sql).await.unwrap_or_else(|error| panic!("{name} {kind:?} dry: {error}"));
            let rows = warehouse.run(&query.sql, &limits).await.unwrap_or_else(|error| panic!("{name} {kind:?}: {error}"));
            println!(
                "{name} {kind:?}: {} bytes, compiled in {compiled:?}, run in {:?}, {} rows",
                query.sql.len(),
                start.elapsed(),
                rows.rows.len()
            );
        }
    }
}
