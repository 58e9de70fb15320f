//! The lenient parser for configs that people and programs write: null, missing and empty mean the
//! same, and errors name their path. It also reads the spellings of the system before this one.

use serde_json::Value;

use super::dataset::DatasetConfig;
use super::field_error::FieldError;
use super::limits::exceeded_in_json;
use super::unreadable::explain;

mod legacy;

/// Every key that a config can have. Only these are dropped when empty: an unknown key is refused,
/// empty or not.
const KEYS: &[&str] = &[
    "primary_table",
    "secondary_tables",
    "join_config",
    "selected_columns",
    "column_mapping",
    "filters",
    "split_config",
    "table",
    "as",
    "type",
    "on",
    "on_duplicates",
    "order",
    "left",
    "right",
    "column",
    "descending",
    "alias",
    "default",
    "user_id",
    "product_id",
    "timestamp",
    "revenue",
    "timestamp_format",
    "time_zone",
    "date_range",
    "rows",
    "product_filter",
    "customer_filter",
    "min_interactions",
    "sample",
    "scope",
    "apply_to",
    "days",
    "months",
    "as_of",
    "start",
    "end",
    "where",
    "nulls",
    "op",
    "values",
    "min",
    "max",
    "top_revenue_percent",
    "transactions",
    "user",
    "product",
    "rounds",
    "percent",
    "unit",
    "seed",
    "eval_days",
    "test_days",
    "gap_days",
    "train_percent",
    "test_percent",
    "n",
];

/// Reads a config. Exceeded limits are reported before anything is read; otherwise the error has
/// the path where reading stopped. There is only one, since what follows was not read.
pub fn config_from_json(mut json: Value) -> Result<DatasetConfig, Vec<FieldError>> {
    let exceeded = exceeded_in_json(&json);
    if !exceeded.is_empty() {
        return Err(exceeded);
    }
    drop_empty(&mut json);
    match &mut json {
        Value::Null => return Ok(DatasetConfig::default()),
        Value::Object(config) => legacy::modernise(config),
        _ => return Err(vec![FieldError::new("config", "A config is a JSON object.")]),
    }
    serde_path_to_error::deserialize(json)
        .map_err(|error| vec![FieldError::new(error.path().to_string(), explain(&error.inner().to_string()))])
}

/// A config, or what holds one, without keys that have no content. It reads as the same.
pub fn without_empty(mut json: Value) -> Value {
    drop_empty(&mut json);
    json
}

/// Removes known keys that hold null, `""`, `[]` or `{}`, innermost first.
fn drop_empty(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(drop_empty);
            map.retain(|key, value| !(is_empty(value) && KEYS.contains(&key.as_str())));
        }
        Value::Array(items) => items.iter_mut().for_each(drop_empty),
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_missing_and_empty_are_the_same() {
        // A filter that was removed may be stored as null or as an empty object.
        let plain = config_from_json(json!({"primary_table": "raw_data.orders"})).unwrap();
        for form in [
            json!({"primary_table": "raw_data.orders", "filters": null, "secondary_tables": [], "split_config": {}}),
            json!({"primary_table": "raw_data.orders", "filters": {"product_filter": {}, "rows": [], "date_range": null, "sample": {"seed": ""}}}),
            json!({"primary_table": "raw_data.orders", "filters": {"product_filter": {"transactions": {"min": null}}}, "column_mapping": {"user_id": {"table": "", "column": null}}}),
        ] {
            assert_eq!(config_from_json(form.clone()), Ok(plain.clone()), "{form}");
        }
        assert_eq!(config_from_json(Value::Null), Ok(DatasetConfig::default()));
    }

    #[test]
    fn validation_errors_have_their_path() {
        for (json, path) in [
            (json!({"bogus": null}), "bogus"),
            (json!({"primary_table": "orders"}), "primary_table"),
            (
                json!({"selected_columns": [{"table": "a", "column": "b"}, {"table": "a", "column": "x`y"}]}),
                "selected_columns[1].column",
            ),
            (json!({"join_config": [{"table": "a", "type": "outer"}]}), "join_config[0].type"),
            (json!({"join_config": [{"table": "a", "on": [{"left": "a.b", "right": "c"}]}]}), "join_config[0].on[0].left"),
            (json!([1]), "config"),
        ] {
            let errors = config_from_json(json.clone()).unwrap_err();
            assert_eq!(errors[0].path, path, "{json} {errors:?}");
        }
    }
}
