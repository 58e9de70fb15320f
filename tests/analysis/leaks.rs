//! The leakage audit: eight configs with one planted leak each, all found, and eight clean ones
//! without a false alarm.

use serde_json::{Value, json};
use trainset::domain::analysis::{Analysis, Outcome};
use trainset::domain::parse::config_from_json;

use crate::sets::SETS;

/// A config over one of the event tables, with its time in the column `time`; `more` replaces
/// parts.
fn config(table: &str, time: &str, more: Value) -> Value {
    let of = |column: &str| json!({"table": table, "column": column});
    let mut config = json!({
        "primary_table": format!("raw_data.{table}"),
        "selected_columns": [of("user_id"), of("product_id"), of(time)],
        "column_mapping": {"user_id": of("user_id"), "product_id": of("product_id"), "timestamp": of(time)},
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

fn analyze(config: &Value) -> Analysis {
    let config = config_from_json(config.clone()).unwrap_or_else(|errors| panic!("{errors:?}\n{config:#}"));
    SETS.analyze(&config)
}

/// The codes of the leaks that were found.
fn leaks(config: &Value) -> Vec<String> {
    analyze(config).leaks.iter().filter(|check| check.is_leak()).map(|check| check.code.clone()).collect()
}

/// Users and items joined to `singles`, with columns of theirs selected beside.
fn joined(columns: Value, more: Value) -> Value {
    let left = |column: &str| json!({"table": "singles", "column": column});
    let mut selected = vec![left("user_id"), left("product_id"), left("at")];
    selected.extend(columns.as_array().unwrap().clone());
    let mut parts = json!({
        "secondary_tables": ["raw_data.users", "raw_data.items"],
        "join_config": [
            {"table": "users", "on": [{"left": left("user_id"), "right": "user_id"}]},
            {"table": "items", "on": [{"left": left("product_id"), "right": "product_id"}]},
        ],
        "selected_columns": selected,
        "split_config": by_time(),
    });
    parts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config("singles", "at", parts)
}

fn by_time() -> Value {
    json!({"type": "time_based", "eval_days": 7})
}

/// Amount and a label selected beside the ids.
fn labelled(label: &str) -> Value {
    let of = |column: &str| json!({"table": "singles", "column": column});
    config(
        "singles",
        "at",
        json!({
            "selected_columns": [of("user_id"), of("product_id"), of("at"), of("amount"), {"table": "singles", "column": label}],
            "column_mapping": {"user_id": of("user_id"), "product_id": of("product_id"), "timestamp": of("at"), "revenue": of("amount")},
            "split_config": by_time(),
        }),
    )
}

#[test]
fn every_planted_leak_is_found() {
    // Leaks through filters over the eval window, splits, and columns that are functions of the
    // label.
    let planted: [(&str, Value, &[&str]); 8] = [
        (
            "rows at random over time",
            config("singles", "at", json!({"split_config": {"type": "random", "train_percent": 80}})),
            &["train_after_eval"],
        ),
        (
            "the last rows of each user",
            config(
                "singles",
                "at",
                json!({"split_config": {"type": "leave_last", "n": 1}, "filters": {"rows": [
                    // Users end on different days.
                    {"table": "singles", "column": "amount", "where": {"op": ">", "value": 0}}
                ]}}),
            ),
            &["train_after_eval"],
        ),
        (
            "a basket cut by product",
            config("one_day", "day", json!({"split_config": {"type": "random", "train_percent": 70, "unit": "product"}})),
            &["basket_in_two_splits"],
        ),
        (
            "rows that are there twice",
            config(
                "doubles",
                "at",
                json!({"split_config": {"type": "leave_last", "n": 1}, "filters": {"rows": [
                    {"table": "doubles", "column": "user_id", "where": {"op": "=", "value": 1}}
                ]}}),
            ),
            &["row_in_two_splits", "basket_in_two_splits"],
        ),
        (
            "top products of all days",
            config(
                "singles",
                "at",
                json!({"split_config": by_time(), "filters": {"product_filter": {"transactions": {"min": 20}}, "scope": "all"}}),
            ),
            &["filters_see_eval"],
        ),
        (
            "what is known of a user later",
            joined(json!([{"table": "users", "column": "updated_at"}]), json!({})),
            &["attribute_newer_than_event"],
        ),
        (
            "a filter on what is known of an item later",
            joined(
                json!([]),
                json!({"filters": {"rows": [{"table": "items", "column": "repriced_on", "where": {"op": "date_range", "start": "2024-01-01"}}]}}),
            ),
            &["attribute_newer_than_event"],
        ),
        ("the amount tells whether it was bought", labelled("bought"), &["revenue_tells_label"]),
    ];
    for (what, config, codes) in planted {
        assert_eq!(leaks(&config), codes, "{what}");
        // Each finding has its number, its reason and what to change.
        let analysis = analyze(&config);
        for leak in analysis.leaks.iter().filter(|check| check.is_leak()) {
            assert!(leak.value.is_some_and(|value| value > 0.0) && leak.advice.is_some() && !leak.reason.is_empty(), "{leak:?}");
        }
        assert_eq!(analysis.summary().leaks as usize, codes.len());
    }
}

#[test]
fn datasets_without_leaks_have_no_findings() {
    let clean = [
        ("by time", config("singles", "at", json!({"split_config": by_time()}))),
        (
            "by time with a gap and a test",
            config(
                "doubles",
                "at",
                json!({"split_config": {"type": "time_based", "eval_days": 5, "test_days": 5, "gap_days": 3}}),
            ),
        ),
        ("no split", config("doubles", "at", json!({}))),
        (
            "users at random on one day",
            config("one_day", "day", json!({"split_config": {"type": "random", "train_percent": 70, "unit": "user"}})),
        ),
        (
            "top products of train",
            config(
                "singles",
                "at",
                json!({"split_config": by_time(), "filters": {"product_filter": {"transactions": {"min": 20}}}}),
            ),
        ),
        (
            "a core of train, eval whole",
            config(
                "singles",
                "at",
                json!({"split_config": by_time(), "filters": {
                    "min_interactions": {"user": 3, "product": 3}, "scope": "train", "apply_to": "train"
                }}),
            ),
        ),
        (
            "what was known before",
            joined(json!([{"table": "users", "column": "joined_at"}, {"table": "items", "column": "launched_on"}]), json!({})),
        ),
        ("a label that the amount does not tell", labelled("clicked")),
    ];
    for (what, config) in clean {
        assert_eq!(leaks(&config), Vec::<String>::new(), "{what}");
        // All checks are listed, whatever they found.
        let audit = analyze(&config).leaks;
        assert!(audit.len() >= 6 && audit.iter().all(|check| !check.reason.is_empty()), "{what}");
        assert!(audit.iter().any(|check| check.outcome != Outcome::Failed), "{what}");
    }
}

#[test]
fn the_numbers_of_a_finding_are_those_of_the_rows() {
    // 20 users, 40 days, one event per day: updated on the twentieth day at ten.
    let analysis = analyze(&joined(json!([{"table": "users", "column": "updated_at"}]), json!({})));
    let [time] = analysis.metrics.attributes.as_slice() else { panic!("{:?}", analysis.metrics.attributes) };
    assert_eq!((time.column.as_str(), time.rows), ("users.updated_at", 800));
    // Days 0 to 18 are earlier, and day 19 is at seven in the evening.
    assert_eq!(time.newer, 19 * 20);
    // A filter over all rows looked at the eval week, which training must not know.
    let seen = config(
        "singles",
        "at",
        json!({"split_config": by_time(), "filters": {"product_filter": {"transactions": {"min": 20}}, "scope": "all"}}),
    );
    assert_eq!(analyze(&seen).metrics.held_out_rows_seen, Some(7 * 20));
    // Two thirds are bought, before and after: the filters keep the class balance.
    let label = analyze(&labelled("bought")).metrics.label.unwrap();
    assert_eq!((label.before, label.after()), (label.after(), label.before));
    assert_eq!((label.before.rows, label.before.positive + label.before.negative), (800, 800));
    assert_eq!(label.told_by_revenue, Some(800));
}

#[test]
fn a_relative_date_far_in_the_future_is_reported() {
    // Nothing is later than today here, so the reference date is the data's own, not an outlier.
    let analysis = analyze(&config("singles", "at", json!({"split_config": by_time()})));
    assert_eq!(analysis.metrics.as_of, chrono::NaiveDate::from_ymd_opt(2024, 4, 9));
    let future = analysis.quality_metrics.checks.iter().find(|check| check.code == "future_timestamps").unwrap();
    assert_eq!(future.outcome, Outcome::Passed);
}
