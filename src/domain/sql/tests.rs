//! The compiler, read: golden texts of what it emits, and what it refuses. `tests/` shows on the
//! engines that the texts run and give the right rows.

use serde_json::{Value, json};

use super::*;
use crate::domain::dataset::DatasetConfig;
use crate::domain::parse::config_from_json;
use crate::domain::schema::{Column, Partition, TableSchema};

fn schema(table: &str, columns: &[(&str, &str)]) -> TableSchema {
    let column = |(name, t): &(&str, &str)| {
        let (t, mode) = match t.strip_suffix("[]") {
            Some(element) => (element, Mode::Repeated),
            None => (*t, Mode::Nullable),
        };
        Column { name: name.parse().unwrap(), column_type: ColumnType::parse(t).unwrap(), mode, description: None }
    };
    TableSchema {
        table: table.parse().unwrap(),
        columns: columns.iter().map(column).collect(),
        unusable: vec![],
        partition: None,
    }
}

fn shop() -> Catalog {
    Catalog::new(
        None,
        [
            schema(
                "raw_data.lines",
                &[("order", "INT64"), ("sku", "STRING"), ("amount", "FLOAT64"), ("price", "NUMERIC"), ("split", "STRING")],
            ),
            schema(
                "raw_data.orders",
                &[
                    ("id", "INT64"),
                    ("buyer", "INT64"),
                    ("at", "TIMESTAMP"),
                    ("shipped", "DATETIME"),
                    ("day", "DATE"),
                    ("written", "STRING"),
                    ("epoch", "INT64"),
                ],
            ),
            schema("raw_data.products", &[("code", "STRING"), ("name", "STRING"), ("tags", "STRING[]"), ("extra", "JSON")]),
            schema("raw_data.odd table", &[("order date", "DATE"), ("größe", "INT64"), ("group", "BOOL")]),
        ],
    )
}

/// Lines with their orders and products, all roles mapped; `more` replaces parts.
fn config(more: Value) -> DatasetConfig {
    let mut config = json!({
        "primary_table": "raw_data.lines",
        "secondary_tables": ["raw_data.orders", "raw_data.products"],
        "join_config": [
            {"table": "orders", "on": [{"left": {"table": "lines", "column": "order"}, "right": "id"}]},
            {"table": "products", "on": [{"left": {"table": "lines", "column": "sku"}, "right": "code"}]},
        ],
        "selected_columns": [
            {"table": "orders", "column": "buyer"},
            {"table": "lines", "column": "sku", "alias": "item"},
            {"table": "lines", "column": "split"},
        ],
        "column_mapping": {
            "user_id": {"table": "orders", "column": "buyer"},
            "product_id": {"table": "lines", "column": "sku"},
            "timestamp": {"table": "orders", "column": "at"},
            "revenue": {"table": "lines", "column": "amount"},
        },
    });
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    config_from_json(config).unwrap()
}

fn sql(more: Value, request: &Request) -> String {
    compile(&config(more), &shop(), request).unwrap().sql
}

fn errors(more: Value) -> Vec<String> {
    let errors = compile(&config(more), &shop(), &Request::default()).unwrap_err();
    errors.into_iter().map(|f| f.path).collect()
}

#[test]
fn joins_and_names() {
    insta::assert_snapshot!(sql(json!({}), &Request::default()));
}

#[test]
fn for_analysis_names_mapped_columns_by_their_roles() {
    // Only the mapped column gets the role's name, not every column of that name, and also if it is
    // not selected.
    let query = compile(&config(json!({})), &shop(), &Request { for_analysis: true, ..Request::default() }).unwrap();
    let names: Vec<&str> = query.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["user_id", "product_id", "timestamp", "revenue", "split"]);
}

#[test]
fn rolling_months_and_a_time_split() {
    let parts = json!({
        "filters": {"date_range": {"type": "rolling", "months": 3}},
        "split_config": {"type": "time_based", "eval_days": 14, "test_days": 7, "gap_days": 1},
    });
    insta::assert_snapshot!("time_split_train", sql(parts.clone(), &Request { split: Some(Split::Train), ..Request::default() }));
    let frozen = Request { as_of: "2025-06-30".parse().ok(), kind: QueryKind::Counts, ..Request::default() };
    insta::assert_snapshot!("time_split_frozen_counts", sql(parts, &frozen));
}

#[test]
fn entity_filters_are_computed_from_train_with_a_time_split() {
    // Filters that look at the eval window would leak it into training.
    let parts = json!({
        "filters": {
            "product_filter": {"top_revenue_percent": 80},
            "customer_filter": {"transactions": {"min": 2}},
            "min_interactions": {"user": 2, "product": 3, "rounds": 2},
        },
        "split_config": {"type": "time_based", "eval_days": 14},
    });
    insta::assert_snapshot!(sql(parts, &Request { split: Some(Split::Eval), ..Request::default() }));
}

#[test]
fn train_pruned_and_eval_whole() {
    let parts = json!({
        "filters": {"product_filter": {"transactions": {"min": 5}}, "apply_to": "train"},
        "split_config": {"type": "leave_last", "n": 1},
    });
    insta::assert_snapshot!(sql(parts, &Request { split: Some(Split::Train), ..Request::default() }));
}

#[test]
fn a_random_split_of_a_sample() {
    let parts = json!({
        "filters": {"sample": {"percent": 10, "unit": "user", "seed": "O'Brien"}},
        "split_config": {"type": "random", "train_percent": 80, "test_percent": 10, "unit": "row", "seed": 42},
    });
    insta::assert_snapshot!(sql(parts, &Request { split: Some(Split::Test), ..Request::default() }));
}

#[test]
fn one_row_per_key_and_ugly_names() {
    // Reserved words as names are quoted, and a join by a key that is not unique takes one row.
    let parts = json!({
        "secondary_tables": ["raw_data.orders", {"table": "raw_data.odd table", "as": "odd one"}],
        "join_config": [
            {"table": "orders", "type": "inner", "on": [{"left": {"table": "lines", "column": "order"}, "right": "id"}]},
            {"table": "odd one", "type": "full", "on": [
                {"left": {"table": "orders", "column": "day"}, "right": "order date"},
                {"left": {"table": "lines", "column": "order"}, "right": "größe"},
            ], "on_duplicates": "one_row", "order": [{"column": "order date", "descending": true}]},
        ],
        "selected_columns": [{"table": "odd one", "column": "group"}, {"table": "odd one", "column": "größe"}],
        "filters": {"rows": [{"table": "odd one", "column": "group", "where": {"op": "=", "value": true}}]},
    });
    insta::assert_snapshot!(sql(parts, &Request::default()));
}

/// What each filter and split by date emits, by the type of the timestamp: the lines that name it,
/// one block each.
#[test]
fn type_by_type() {
    // Each temporal type needs its own functions, days end inclusively, and a day begins at
    // midnight of the zone.
    let kinds = [
        ("day", None),
        ("shipped", None),
        ("at", None),
        ("written", Some("iso_date")),
        ("written", Some("iso_timestamp")),
        ("written", Some("compact_date")),
        ("epoch", Some("unix_seconds")),
        ("epoch", Some("unix_millis")),
        ("epoch", Some("unix_micros")),
        ("epoch", Some("compact_date")),
    ];
    let fixed = json!({"date_range": {"type": "fixed", "start": "2025-01-01", "end": "2025-01-31"}});
    let rolling = json!({"date_range": {"type": "rolling", "days": 30}});
    let frozen = Request { as_of: "2025-06-30".parse().ok(), ..Request::default() };
    let by_time = json!({"type": "time_based", "eval_days": 14, "test_days": 7, "gap_days": 1});
    let cases = [
        ("fixed range", fixed, json!(null), Request::default()),
        ("rolling 30 days", rolling.clone(), json!(null), Request::default()),
        ("rolling 30 days, frozen", rolling, json!(null), frozen),
        ("time split", json!({}), by_time.clone(), Request::default()),
        ("time split, frozen", json!({}), by_time, frozen),
    ];
    let mut table = String::new();
    for (column, format) in kinds {
        for zone in [None, Some("Europe/Berlin")] {
            for (case, filters, split, request) in &cases {
                let mapping = json!({
                    "user_id": {"table": "orders", "column": "buyer"},
                    "timestamp": {"table": "orders", "column": column},
                    "timestamp_format": format, "time_zone": zone,
                });
                let parts = json!({"column_mapping": mapping, "filters": filters, "split_config": split});
                let text = sql(parts, request);
                let date_lines = text.lines().filter(|line| {
                    let line = line.trim();
                    line.ends_with("AS event_time")
                        || line.contains("AS as_of")
                        || ["WHERE", "AND", "WHEN", "ELSE"].iter().any(|word| line.starts_with(word))
                });
                table += &format!("{column} {} {}: {case}\n", format.unwrap_or("as it is"), zone.unwrap_or("UTC"));
                date_lines.for_each(|line| table += &format!("    {}\n", line.trim()));
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn timestamps_need_a_format_that_fits_their_type() {
    // Texts and numbers as timestamps need a format.
    let mapping = |column: &str, format: Value| json!({"column_mapping": {"timestamp": {"table": "orders", "column": column}, "timestamp_format": format}});
    for (column, format, path) in [
        ("written", json!(null), "column_mapping.timestamp"),
        ("epoch", json!(null), "column_mapping.timestamp"),
        ("written", json!("unix_seconds"), "column_mapping.timestamp_format"),
        ("epoch", json!("iso_date"), "column_mapping.timestamp_format"),
        ("at", json!("unix_seconds"), "column_mapping.timestamp_format"),
    ] {
        assert_eq!(errors(mapping(column, format)), [path], "{column}");
    }
    let none = json!({"column_mapping": {"timestamp_format": "unix_seconds"}});
    assert_eq!(errors(none), ["column_mapping.timestamp_format"]);
    for bad in ["Berlin Time", "Europe/Berlin'", "", "+02:00", &"x".repeat(65)] {
        assert!(bad.parse::<crate::domain::dataset::TimeZone>().is_err(), "{bad}");
    }
    // The original column is unchanged beside the converted one.
    let parts = json!({
        "selected_columns": [{"table": "orders", "column": "epoch"}],
        "column_mapping": {"timestamp": {"table": "orders", "column": "epoch"}, "timestamp_format": "unix_millis"},
        "split_config": {"type": "time_based", "eval_days": 1},
    });
    let query = compile(&config(parts), &shop(), &Request::default()).unwrap();
    assert_eq!((query.columns[0].column_type, query.columns[0].role), (ColumnType::Int64, Some(Role::Timestamp)));
}

#[test]
fn every_predicate_on_every_temporal_type() {
    // Each temporal type needs its own comparison, and days end inclusively.
    let on = |column: &str, predicate: Value| json!({"table": "orders", "column": column, "where": predicate});
    let mut rows = vec![];
    for column in ["at", "shipped", "day"] {
        rows.push(on(column, json!({"op": "date_range", "start": "2025-01-01", "end": "2025-01-31"})));
        rows.push(on(column, json!({"op": "last_days", "days": 7})));
        rows.push(on(column, json!({"op": ">", "value": "2025-01-01"})));
        rows.push(on(column, json!({"op": "!=", "value": "2025-01-01"})));
        rows.push(on(column, json!({"op": "in", "values": ["2025-01-01", "2025-01-02"]})));
    }
    insta::assert_snapshot!(sql(json!({"filters": {"rows": rows}}), &Request::default()));
}

#[test]
fn every_other_predicate() {
    // NULL follows the filter's own policy, and hostile texts stay within their literals.
    let rows = json!([
        {"table": "products", "column": "name", "where": {"op": "not_in", "values": ["O'Brien", "' OR 1=1 --", "a\\b\nc"]}, "nulls": "include"},
        {"table": "products", "column": "name", "where": {"op": "contains", "text": "100%"}},
        {"table": "lines", "column": "price", "where": {"op": "between", "min": "-0.5", "max": 12.25}},
        {"table": "lines", "column": "amount", "where": {"op": "<=", "value": 3}, "nulls": "include"},
        {"table": "lines", "column": "order", "where": {"op": "!=", "value": -1}},
        {"table": "products", "column": "name", "where": {"op": "not_null"}},
        {"table": "products", "column": "extra", "where": {"op": "is_null"}},
    ]);
    insta::assert_snapshot!(sql(json!({"filters": {"rows": rows}}), &Request::default()));
}

#[test]
fn tables_that_want_a_filter_on_their_partitions_get_one() {
    let mut lines = shop().schema(&"raw_data.lines".parse().unwrap()).unwrap().clone();
    let mut orders = shop().schema(&"raw_data.orders".parse().unwrap()).unwrap().clone();
    let partition = |column: &str| Some(Partition { column: column.into(), filter_required: true, clustered: false });
    lines.partition = partition("_PARTITIONTIME");
    orders.partition = partition("day");
    let parts = json!({
        "secondary_tables": ["raw_data.orders"],
        "join_config": [{"table": "orders", "on": [{"left": {"table": "lines", "column": "order"}, "right": "id"}], "on_duplicates": "one_row"}],
        "selected_columns": [{"table": "lines", "column": "sku"}],
    });
    let catalog = Catalog::new(Some("my-project".into()), [lines, orders]);
    insta::assert_snapshot!(compile(&config(parts), &catalog, &Request::default()).unwrap().sql);
}

#[test]
fn a_fixed_end_bounds_the_latest_event() {
    let parts = json!({
        "filters": {"date_range": {"type": "fixed", "end": "2025-03-31"}},
        "split_config": {"type": "time_based", "eval_days": 3},
    });
    insta::assert_snapshot!(sql(parts, &Request { kind: QueryKind::PerDay, ..Request::default() }));
}

#[test]
fn removing_any_filter_changes_the_query() {
    // A filter that is dropped silently gives wrong training data: each must show in the SQL.
    let filters = json!({
        "date_range": {"type": "rolling", "days": 90},
        "rows": [{"table": "lines", "column": "sku", "where": {"op": "in", "values": ["a"]}}],
        "product_filter": {"top_revenue_percent": 80, "transactions": {"min": 2, "max": 900}, "revenue": {"min": 1.5, "max": 99}},
        "customer_filter": {"top_revenue_percent": 70, "transactions": {"min": 2, "max": 900}, "revenue": {"min": 1, "max": 99}},
        "min_interactions": {"user": 2, "product": 2},
        "sample": {"percent": 10},
    });
    let whole = sql(json!({"filters": filters}), &Request::default());
    let mut paths = vec![];
    for (key, value) in filters.as_object().unwrap() {
        paths.push(vec![key.as_str()]);
        if key.ends_with("_filter") {
            for (part, value) in value.as_object().unwrap() {
                paths.push(vec![key, part]);
                paths.extend(
                    value.as_object().into_iter().flatten().map(|(end, _)| vec![key.as_str(), part.as_str(), end.as_str()]),
                );
            }
        }
    }
    for path in paths {
        let mut fewer = filters.clone();
        let parent = path[..path.len() - 1].iter().fold(&mut fewer, |at, key| &mut at[*key]);
        parent.as_object_mut().unwrap().remove(path[path.len() - 1]);
        assert_ne!(sql(json!({"filters": fewer}), &Request::default()), whole, "{path:?}");
    }
}

#[test]
fn all_validation_errors_are_returned_by_path() {
    assert_eq!(
        errors(json!({
            "secondary_tables": ["raw_data.orders", "raw_data.products", "raw_data.none", "raw_data.orders"],
            "join_config": [
                {"table": "orders", "on": [{"left": {"table": "products", "column": "code"}, "right": "id"}]},
                {"table": "products", "on": [{"left": {"table": "lines", "column": "order"}, "right": "code"}, {"left": {"table": "lines", "column": "nope"}, "right": "tags"}]},
            ],
            "selected_columns": [
                {"table": "lines", "column": "sku", "alias": "x"}, {"table": "lines", "column": "order", "alias": "X"},
                {"table": "lines", "column": "price"}, {"table": "lines", "column": "price"},
                {"table": "ghosts", "column": "price"}, {"table": "products", "column": "extra"},
            ],
            "column_mapping": {"user_id": {"table": "lines", "column": "amount"}, "timestamp": {"table": "lines", "column": "sku"}},
        })),
        [
            "secondary_tables[2]",
            "secondary_tables[3]",
            "secondary_tables[2]",
            "join_config[0].on[0].left.table",
            "join_config[1].on[0].right",
            "join_config[1].on[1].left.column",
            "join_config[1].on[1].right",
            "selected_columns[1].alias",
            "selected_columns[3]",
            "selected_columns[4].table",
            "selected_columns[5].column",
            "column_mapping.user_id",
            "column_mapping.timestamp",
        ]
    );
}

#[test]
fn filters_and_splits_that_do_not_fit_are_errors() {
    let no_roles = |parts: Value| {
        let mut all = json!({"column_mapping": {}});
        all.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        errors(all)
    };
    // Without the role, the SQL would name a column that does not exist.
    assert_eq!(no_roles(json!({"split_config": {"type": "time_based", "eval_days": 3}})), ["split_config"]);
    assert_eq!(no_roles(json!({"filters": {"date_range": {"type": "rolling", "days": 3}}})), ["filters.date_range"]);
    assert_eq!(no_roles(json!({"filters": {"product_filter": {"top_revenue_percent": 80}}})).len(), 2);
    // A window longer than the data leaves no days for train.
    let window = json!({"filters": {"date_range": {"type": "rolling", "days": 10}}, "split_config": {"type": "time_based", "eval_days": 7, "test_days": 3}});
    assert_eq!(errors(window), ["split_config"]);
    for (parts, path) in [
        (json!({"filters": {"date_range": {"type": "rolling"}}}), "filters.date_range"),
        (json!({"filters": {"date_range": {"type": "rolling", "days": 1, "months": 1}}}), "filters.date_range"),
        (
            json!({"filters": {"date_range": {"type": "fixed", "start": "2025-01-02", "end": "2025-01-01"}}}),
            "filters.date_range.end",
        ),
        (
            json!({"filters": {"rows": [{"table": "lines", "column": "order", "where": {"op": "=", "value": "7"}}]}}),
            "filters.rows[0].where.value",
        ),
        (
            json!({"filters": {"rows": [{"table": "products", "column": "tags", "where": {"op": "in", "values": ["x"]}}]}}),
            "filters.rows[0].column",
        ),
        (json!({"filters": {"product_filter": {"top_revenue_percent": 100}}}), "filters.product_filter.top_revenue_percent"),
        (
            json!({"filters": {"customer_filter": {"transactions": {"min": 3, "max": 2}}}}),
            "filters.customer_filter.transactions.max",
        ),
        (json!({"filters": {"scope": "train"}}), "filters.scope"),
        (json!({"split_config": {"type": "random", "train_percent": 90, "test_percent": 10}}), "split_config.test_percent"),
        (json!({"split_config": {"type": "leave_last", "n": 0}}), "split_config.n"),
    ] {
        assert_eq!(errors(parts.clone()), [path], "{parts}");
    }
    let unsplit = compile(&config(json!({})), &shop(), &Request { split: Some(Split::Eval), ..Request::default() });
    assert_eq!(unsplit.unwrap_err()[0].path, "split");
}

#[test]
fn tfx_gets_its_types_and_no_null() {
    // TFX takes no dates, no NULL and no NUMERIC; a default must be of the column's type in TFX.
    let parts = json!({
        "selected_columns": [
            {"table": "lines", "column": "sku"}, {"table": "lines", "column": "price"}, {"table": "orders", "column": "at"},
            {"table": "orders", "column": "shipped"}, {"table": "orders", "column": "day", "default": -1},
            {"table": "lines", "column": "amount", "default": -1.5}, {"table": "products", "column": "tags"},
            {"table": "products", "column": "name", "default": "unknown"},
        ],
        "split_config": {"type": "random", "train_percent": 80},
    });
    insta::assert_snapshot!(sql(
        parts.clone(),
        &Request { kind: QueryKind::Tfx, split: Some(Split::Train), ..Request::default() }
    ));

    let (artefact, columns) = crate::domain::tfx::artefact(&config(parts), &shop(), None, Some("EU")).unwrap();
    let names: Vec<_> = artefact.input_config.splits.iter().map(|split| split.name.as_str()).collect();
    assert_eq!(names, ["train", "eval"]);
    assert!(columns.iter().all(|c| matches!(c.column_type, ColumnType::Int64 | ColumnType::Float64 | ColumnType::String)));

    let bad = json!({"selected_columns": [{"table": "orders", "column": "at", "default": "never"}]});
    let errors = compile(&config(bad), &shop(), &Request { kind: QueryKind::Tfx, ..Request::default() }).unwrap_err();
    assert_eq!(errors[0].path, "selected_columns[0]");
}
