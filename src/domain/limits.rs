//! How large a config may be. Checked before anything else is done with a config, however it came
//! in: from a page, a file or the store.
//!
//! Beyond these limits a config costs more than it is worth: planning a join, a filter or a list
//! takes stack and time for each of its parts, on every engine.

use std::fmt::Write;

use serde_json::Value;

use super::dataset::{DatasetConfig, Operands, Scalar};
use super::field_error::{FieldError, FieldErrors};

/// Maximum number of tables of a dataset, its primary included.
pub const MAX_TABLES: usize = 20;
/// Maximum number of selected columns.
pub const MAX_COLUMNS: usize = 1000;
/// Maximum number of column pairs per join: more than real keys have, and few enough to plan.
pub const MAX_JOIN_KEYS: usize = 16;
/// Maximum number of columns that decide which of several rows is joined.
pub const MAX_ORDER_KEYS: usize = 16;
/// Maximum number of filters on columns: all hold together, and engines plan them nested.
pub const MAX_ROW_FILTERS: usize = 50;
/// Maximum number of values in one list; longer lists belong into a table.
pub const MAX_VALUES: usize = 10_000;
/// Maximum number of values in all lists of a dataset together: each is part of the plan of every
/// query.
pub const MAX_ALL_VALUES: usize = 20_000;
/// Longest text that a column is compared with, or that stands for NULL, in characters.
pub const MAX_TEXT_CHARS: usize = 10_000;
/// Longest seed, in characters.
pub const MAX_SEED_CHARS: usize = 100;
/// Deepest nesting of a config's JSON or YAML; a config has seven levels.
pub const MAX_DEPTH: usize = 32;
/// Maximum number of keys of one object in a config's JSON; the largest type has eleven.
pub const MAX_KEYS: usize = 100;

/// What exceeds the limits; empty if nothing does.
pub fn exceeded(config: &DatasetConfig) -> Vec<FieldError> {
    let mut check = Check::default();
    // The primary is one of them.
    check.list("secondary_tables", config.secondary_tables.len() + 1, MAX_TABLES, "secondary_tables");
    check.list("join_config", config.join_config.len(), MAX_TABLES, "join_config");
    for (i, join) in config.join_config.iter().enumerate().take(MAX_TABLES) {
        check.list(format_args!("join_config[{i}].on"), join.on.len(), MAX_JOIN_KEYS, "on");
        check.list(format_args!("join_config[{i}].order"), join.order.len(), MAX_ORDER_KEYS, "order");
    }
    check.list("selected_columns", config.selected_columns.len(), MAX_COLUMNS, "selected_columns");
    for (i, column) in config.selected_columns.iter().enumerate().take(MAX_COLUMNS) {
        if let Some(default) = &column.default {
            check.scalar(format_args!("selected_columns[{i}].default"), default);
        }
    }
    check.list("filters.rows", config.filters.rows.len(), MAX_ROW_FILTERS, "rows");
    let mut values_of_all = 0;
    for (i, filter) in config.filters.rows.iter().enumerate().take(MAX_ROW_FILTERS) {
        match filter.predicate.operands() {
            Operands::List(values) => {
                values_of_all += values.len();
                check.list(format_args!("filters.rows[{i}].where.values"), values.len(), MAX_VALUES, "values");
                for (j, value) in values.iter().enumerate().take(MAX_VALUES) {
                    check.scalar(format_args!("filters.rows[{i}].where.values[{j}]"), value);
                }
            }
            Operands::Value(value) => check.scalar(format_args!("filters.rows[{i}].where.value"), value),
            Operands::Range { min, max } => {
                check.scalar(format_args!("filters.rows[{i}].where.min"), min);
                check.scalar(format_args!("filters.rows[{i}].where.max"), max);
            }
            Operands::Text(text) => check.text(format_args!("filters.rows[{i}].where.text"), text),
            Operands::Days { .. } | Operands::LastDays(_) | Operands::Nothing => {}
        }
    }
    if values_of_all > MAX_ALL_VALUES {
        check.errors.add("filters.rows", "All lists together have at most 20,000 values.");
    }
    check.errors.into_list()
}

/// How many parts a config has: the work on it grows with this number.
pub fn parts(config: &DatasetConfig) -> usize {
    let keys = |join: &super::dataset::Join| 1 + join.on.len() + join.order.len();
    let values = |filter: &super::dataset::RowFilter| match filter.predicate.operands() {
        Operands::List(values) => 1 + values.len(),
        Operands::Nothing
        | Operands::Value(_)
        | Operands::Range { .. }
        | Operands::Text(_)
        | Operands::Days { .. }
        | Operands::LastDays(_) => 1,
    };
    config.secondary_tables.len()
        + config.join_config.iter().map(keys).sum::<usize>()
        + config.selected_columns.len()
        + config.filters.rows.iter().map(values).sum::<usize>()
}

/// The limits of a list, and the message if it is longer. Found by the list's name: each name is
/// one list, also in the older spellings.
fn limit_of(list: &str) -> (usize, &'static str) {
    match list {
        "secondary_tables" | "join_config" => (MAX_TABLES, "A dataset joins at most 20 tables."),
        "on" => (MAX_JOIN_KEYS, "A join has at most 16 pairs of columns."),
        "order" => (MAX_ORDER_KEYS, "An order has at most 16 columns."),
        "selected_columns" => (MAX_COLUMNS, "A dataset has at most 1000 columns."),
        "rows" => (MAX_ROW_FILTERS, "A dataset has at most 50 filters on columns."),
        _ => (MAX_VALUES, "A list has at most 10,000 values; put longer ones into a table and join it."),
    }
}

const TEXT_TOO_LONG: &str = "A string has at most 10,000 characters.";

#[derive(Default)]
struct Check {
    errors: FieldErrors,
}

impl Check {
    fn list(&mut self, path: impl std::fmt::Display, length: usize, most: usize, name: &str) {
        if length > most {
            self.errors.add(path.to_string(), limit_of(name).1);
        }
    }

    fn scalar(&mut self, path: std::fmt::Arguments, value: &Scalar) {
        if let Scalar::Text(text) = value {
            self.text(path, text);
        }
    }

    fn text(&mut self, path: std::fmt::Arguments, text: &str) {
        if is_too_long(text) {
            self.errors.add(path.to_string(), TEXT_TOO_LONG);
        }
    }
}

fn is_too_long(text: &str) -> bool {
    // Most texts are far below it, so their bytes are enough to know.
    text.len() > MAX_TEXT_CHARS && text.chars().count() > MAX_TEXT_CHARS
}

/// What of a config's JSON exceeds the limits, before it is read: in any spelling, also one that
/// the parser would refuse. Older spellings are converted to today's by repeating names, which must
/// be short and few by then.
pub fn exceeded_in_json(config: &Value) -> Vec<FieldError> {
    let mut walk = Walk { path: String::new(), errors: FieldErrors::default() };
    walk.value("config", config, 0);
    walk.errors.into_list()
}

struct Walk {
    path: String,
    errors: FieldErrors,
}

impl Walk {
    fn value(&mut self, name: &str, value: &Value, depth: usize) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                if is_too_long(text) {
                    self.error(TEXT_TOO_LONG);
                }
            }
            Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => self.error("It is nested too deeply for a config."),
            Value::Array(items) => {
                let (most, message) = limit_of(name);
                if items.len() > most {
                    return self.error(message);
                }
                for (i, item) in items.iter().enumerate() {
                    let before = self.path.len();
                    // Writing to a String cannot fail.
                    let _ = write!(self.path, "[{i}]");
                    self.value("", item, depth + 1);
                    self.path.truncate(before);
                }
            }
            Value::Object(map) => {
                let (most, message) = match name {
                    // By table, in the older spelling.
                    "selected_columns" | "join_config" => limit_of("join_config"),
                    _ => (MAX_KEYS, "It has too many keys for a config."),
                };
                if map.len() > most {
                    return self.error(message);
                }
                if name == "selected_columns" {
                    let columns: usize = map.values().filter_map(Value::as_array).map(Vec::len).sum();
                    if columns > MAX_COLUMNS {
                        return self.error(limit_of("selected_columns").1);
                    }
                }
                for (key, value) in map {
                    if is_too_long(key) {
                        self.error("A key is too long for a config.");
                        continue;
                    }
                    let before = self.path.len();
                    if before > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(key);
                    self.value(key, value, depth + 1);
                    self.path.truncate(before);
                }
            }
        }
    }

    fn error(&mut self, message: &str) {
        let path = if self.path.is_empty() { "config" } else { &self.path };
        self.errors.add(path, message);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::parse::config_from_json;

    fn list(of: &Value, count: usize) -> Value {
        Value::from(vec![of.clone(); count])
    }

    fn filter(values: Value) -> Value {
        json!({"table": "a", "column": "b", "where": {"op": "in", "values": values}})
    }

    fn join(keys: usize, order: usize) -> Value {
        let key = json!({"left": {"table": "a", "column": "b"}, "right": "c"});
        json!([{"table": "t", "on": list(&key, keys), "on_duplicates": "one_row", "order": list(&json!({"column": "c"}), order)}])
    }

    /// Each list and text of a config at a given length, and the path of its validation error.
    fn sized(name: &str, n: usize) -> (Value, String) {
        let column = json!({"table": "a", "column": "b"});
        let text = "ö".repeat(n);
        let (config, path) = match name {
            "tables" => (json!({"secondary_tables": list(&json!("raw_data.t"), n)}), "secondary_tables"),
            "joins" => (json!({"join_config": list(&json!({"table": "t"}), n)}), "join_config"),
            "keys" => (json!({"join_config": join(n, 0)}), "join_config[0].on"),
            "order" => (json!({"join_config": join(1, n)}), "join_config[0].order"),
            "columns" => (json!({"selected_columns": list(&column, n)}), "selected_columns"),
            "filters" => (json!({"filters": {"rows": list(&filter(json!([1])), n)}}), "filters.rows"),
            "values" => (json!({"filters": {"rows": [filter(list(&json!(1), n))]}}), "filters.rows[0].where.values"),
            "value" => (json!({"filters": {"rows": [filter(json!(["x", text]))]}}), "filters.rows[0].where.values[1]"),
            "contains" => (
                json!({"filters": {"rows": [{"table": "a", "column": "b", "where": {"op": "contains", "text": text}}]}}),
                "filters.rows[0].where.text",
            ),
            "default" => (
                json!({"selected_columns": [column, {"table": "a", "column": "b", "default": text}]}),
                "selected_columns[1].default",
            ),
            other => panic!("{other}"),
        };
        (config, path.to_owned())
    }

    const SIZED: [(&str, usize); 10] = [
        ("tables", MAX_TABLES - 1),
        ("joins", MAX_TABLES),
        ("keys", MAX_JOIN_KEYS),
        ("order", MAX_ORDER_KEYS),
        ("columns", MAX_COLUMNS),
        ("filters", MAX_ROW_FILTERS),
        ("values", MAX_VALUES),
        ("value", MAX_TEXT_CHARS),
        ("contains", MAX_TEXT_CHARS),
        ("default", MAX_TEXT_CHARS),
    ];

    #[test]
    fn configs_at_a_limit_are_read_and_those_beyond_are_refused_by_path() {
        for (name, most) in SIZED {
            let (config, path) = sized(name, most);
            let config = config_from_json(config).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
            assert_eq!(exceeded(&config), [], "{name}");
            // The same limit holds for JSON and for a stored config.
            let (json, _) = sized(name, most + 1);
            let typed: DatasetConfig = serde_json::from_value(json.clone()).unwrap();
            for errors in [exceeded(&typed), config_from_json(json).err().unwrap_or_else(|| exceeded(&typed))] {
                assert_eq!(errors.iter().map(|error| error.path.as_str()).collect::<Vec<_>>(), [path.as_str()], "{name}");
            }
        }
    }

    #[test]
    fn all_lists_together_have_a_limit() {
        let config = |lists: usize| -> DatasetConfig {
            let lists = vec![filter(list(&json!(1), MAX_VALUES)); lists];
            serde_json::from_value(json!({"filters": {"rows": lists}})).unwrap()
        };
        assert_eq!(exceeded(&config(2)), []);
        assert_eq!(exceeded(&config(3))[0].path, "filters.rows");
    }

    #[test]
    fn the_messages_name_the_limits() {
        let plain = |text: &str| text.replace(',', "");
        for list in ["secondary_tables", "join_config", "on", "order", "selected_columns", "rows", "values"] {
            let (most, message) = limit_of(list);
            assert!(plain(message).contains(&most.to_string()), "{message}");
        }
        assert!(plain(TEXT_TOO_LONG).contains(&MAX_TEXT_CHARS.to_string()));
    }

    #[test]
    fn older_spellings_are_checked_before_they_are_converted() {
        // Converted, each column would repeat its table's name: gigabytes from a request of one
        // megabyte.
        let name = "t".repeat(400_000);
        let columns = |table: &str, n: usize| json!({"selected_columns": {table: list(&json!("c"), n)}});
        let joins = |n: usize| {
            let joins: serde_json::Map<String, Value> = (0..n).map(|i| (format!("t{i}"), json!({"join_key": "k"}))).collect();
            json!({"primary_table": "raw_data.a", "join_config": joins})
        };
        let long = json!({"primary_table": name, "join_config": list(&json!({"table": "t", "join_key": "k"}), MAX_TABLES)});
        for (config, path) in [
            (columns(&name, 100_000), "selected_columns"),
            (columns("raw_data.t", MAX_COLUMNS + 1), "selected_columns"),
            (joins(MAX_TABLES + 1), "join_config"),
            (long, "primary_table"),
        ] {
            assert_eq!(config_from_json(config).unwrap_err()[0].path, path);
        }
        assert!(config_from_json(columns("raw_data.t", MAX_COLUMNS)).is_ok());
        assert!(config_from_json(joins(MAX_TABLES)).is_ok());
    }

    #[test]
    fn depth_and_keys_have_a_limit() {
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        let errors = config_from_json(json!({"filters": {"rows": [{"where": {"op": "in", "values": deep}}]}})).unwrap_err();
        assert!(errors[0].path.starts_with("filters.rows[0].where.values[0][0]"), "{errors:?}");
        let many: serde_json::Map<String, Value> = (0..50_000).map(|i| (format!("k{i}"), Value::Null)).collect();
        assert_eq!(config_from_json(Value::Object(many)).unwrap_err()[0].path, "config");
    }
}
