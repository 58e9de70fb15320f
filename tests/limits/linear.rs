//! Work on wide tables and long lists grows linearly, not quadratically. Each of these took from
//! seconds to minutes when it was quadratic.

use std::slice::from_ref;
use std::time::Duration;

use serde_json::{Value, json};
use trainset::domain::catalog::Catalog;
use trainset::domain::dataset::DatasetConfig;
use trainset::domain::describe;
use trainset::domain::diff::differences;
use trainset::domain::drift::{drift, renamed};
use trainset::domain::joins::{detect, pair_queries, potential_keys, propose};
use trainset::domain::limits::MAX_ROW_FILTERS;
use trainset::domain::output::resolve;
use trainset::domain::parse::config_from_json;
use trainset::domain::roles::{suggest, suggested_roles};
use trainset::domain::schema::TableSchema;
use trainset::domain::sql::{QueryKind, Request, compile};
use trainset::domain::statistics::TableStatistics;
use trainset::domain::validate::validate;

use crate::thread_time;
use crate::wide::{COLUMNS, schema};

/// Processor time, without optimisation.
const SOON: Duration = Duration::from_secs(5);

#[track_caller]
fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = thread_time();
    let done = work();
    let took = thread_time() - start;
    println!("{what}: {took:?}");
    assert!(took < SOON, "{what}: {took:?}");
    done
}

fn table(name: &str, columns: impl Iterator<Item = String>) -> TableSchema {
    let columns: Vec<Value> = columns.map(|name| json!({"name": name, "type": "INT64"})).collect();
    serde_json::from_value(json!({"table": format!("raw_data.{name}"), "columns": columns})).unwrap()
}

/// A thousand columns of ten thousand, the last ones, each in another case than in the table.
fn selected() -> DatasetConfig {
    let schema = schema("wide_1");
    let column = |i: usize| json!({"table": "WIDE_1", "column": schema.columns[COLUMNS - 1 - i].name.as_str().to_uppercase()});
    let filter = |i: usize| {
        let mut filter = column(i);
        filter["where"] = json!({"op": "not_null"});
        filter
    };
    config_from_json(json!({
        "primary_table": "raw_data.wide_1",
        "selected_columns": (0..1_000).map(column).collect::<Vec<_>>(),
        "filters": {"rows": (0..MAX_ROW_FILTERS).map(filter).collect::<Vec<_>>()},
        "split_config": {"type": "random", "train_percent": 80}
    }))
    .unwrap()
}

#[test]
fn a_thousand_columns_of_ten_thousand_are_checked_and_compiled() {
    let (config, catalog) = (selected(), Catalog::new(None, [schema("wide_1")]));
    assert_eq!(soon("validate", || validate(&config, &catalog)), []);
    for kind in [QueryKind::Rows, QueryKind::Analysis] {
        soon("compile", || compile(&config, &catalog, &Request { kind, ..Request::default() })).unwrap();
    }
}

#[test]
fn missing_columns_are_reported_fast() {
    let mut wide = schema("wide_1");
    wide.unusable = (0..COLUMNS).map(|i| (format!("{}{i}", "u".repeat(250)), "It is odd".to_owned())).collect();
    let column = |i: usize| json!({"table": "wide_1", "column": format!("{}x{i}", "U".repeat(250))});
    let config = json!({"primary_table": "raw_data.wide_1", "selected_columns": (0..1_000).map(column).collect::<Vec<_>>()});
    let (config, catalog) = (config_from_json(config).unwrap(), Catalog::new(None, [wide]));
    assert_eq!(soon("faults", || validate(&config, &catalog)).len(), 101);
}

#[test]
fn equal_output_names_get_numbers_fast() {
    // Characters that an output name cannot have become underscores: all of these become equal.
    let names: Vec<String> = ('\u{4e00}'..).take(1_000).map(String::from).collect();
    let column = |name: &String| json!({"table": "t", "column": name});
    let config: DatasetConfig = serde_json::from_value(json!({
        "primary_table": "raw_data.t",
        "selected_columns": names.iter().map(column).collect::<Vec<_>>()
    }))
    .unwrap();
    let found = soon("names", || resolve(&config, &[]));
    assert_eq!((found[0].as_str(), found[1].as_str(), found[999].as_str()), ("_", "t__", "t___999"));
}

/// Configs stored before there were limits are still shown and compared.
#[test]
fn a_config_of_twenty_thousand_parts_is_described_and_compared_fast() {
    let name = |i: usize| format!("t{i}");
    let config = |from: usize| -> DatasetConfig {
        let of = from..from + 20_000;
        serde_json::from_value(json!({
            "primary_table": "raw_data.a",
            "secondary_tables": of.clone().map(|i| json!({"table": "raw_data.b", "as": name(i)})).collect::<Vec<_>>(),
            "join_config": of.clone().rev().map(|i| json!({"table": name(i)})).collect::<Vec<_>>(),
            "selected_columns": of.map(|i| json!({"table": name(i), "column": "c"})).collect::<Vec<_>>()
        }))
        .unwrap()
    };
    let (one, other) = (config(0), config(10_000));
    assert_eq!(soon("words", || describe::tables(&one)).len(), 20_001);
    assert_eq!(soon("output names", || resolve(&one, &[])).len(), 20_000);
    assert_eq!(soon("tables", || one.tables().len()), 2);
    let json = [&one, &other].map(|config| serde_json::to_value(config).unwrap());
    assert!(soon("differences", || differences(&json)).len() >= 60_000);
    assert!(soon("renamed", || renamed(&one, &other)).len() >= 10_000);
    assert_eq!(soon("validate", || validate(&one, &Catalog::default())).len(), 3);
}

#[test]
fn drift_of_wide_tables_is_found_fast() {
    let config = selected();
    let (then, now) = (schema("wide_1"), table("wide_1", (0..COLUMNS).map(|i| format!("new_{i}"))));
    let found = soon("drift", || drift(&config, from_ref(&then), &[now]));
    assert_eq!((found.len(), found.iter().filter(|one| one.used).count()), (2 * COLUMNS, 1_000));
    assert_eq!(soon("no drift", || drift(&config, from_ref(&then), from_ref(&then))), []);
}

#[test]
fn columns_of_wide_tables_are_suggested_fast() {
    let wide = schema("wide_1");
    assert_eq!(soon("keys", || potential_keys(&wide)).len(), COLUMNS);
    assert_eq!(soon("roles", || suggested_roles(&wide)).len(), COLUMNS);
}

#[test]
fn joins_of_two_wide_tables_are_found_fast() {
    let described = |name: &str| {
        let mut table = schema(name);
        for column in &mut table.columns {
            column.description = Some("It references other things than the tables. ".repeat(20));
        }
        table
    };
    let alike = |name: &str| table(name, (0..COLUMNS).map(|i| format!("thing_{i}_id")));
    let ids = |name: &str| table(name, (0..COLUMNS).map(|i| format!("id_{i}")));
    for (what, schemas) in [
        ("other words", [schema("wide_1"), schema("wide_2")]),
        ("descriptions", [described("wide_1"), described("wide_2")]),
        ("all alike", [alike("a"), alike("b")]),
        ("all keys", [ids("a"), ids("b")]),
        ("each a key of the other", [table("thing", (0..COLUMNS).map(|i| format!("id_{i}"))), alike("b")]),
    ] {
        let order: Vec<_> = schemas.iter().map(|schema| schema.table.clone()).collect();
        let candidates = soon(what, || propose(&schemas, &TableStatistics::default()));
        soon("questions", || pair_queries(&order, &candidates));
        soon("detect", || detect(&schemas, &TableStatistics::default()));
        soon("suggest", || suggest(&schemas, &TableStatistics::default()));
    }
}

#[test]
fn names_that_can_be_split_in_many_ways_are_split_fast() {
    // A table of words that begin alike, and columns that could abbreviate them in more ways than
    // can be tried.
    let noun = vec!["aaaaaaaa"; 40].join("_");
    let schemas =
        [table(&noun, ["id".to_owned()].into_iter()), table("b", (0..200).map(|i| format!("{}_id", "a".repeat(60 + i))))];
    soon("abbreviations", || propose(&schemas, &TableStatistics::default()));
    let glued = table("c", (0..1_000).map(|i| format!("{}{i}", "idkeynumcodeuuid".repeat(17))));
    soon("glued words", || potential_keys(&glued));
}
