//! The spellings of the system before this one, converted to today's: `{table: [columns]}`
//! selections, `"table.column"` mappings, and joins by `join_key`/`secondary_column`.
//!
//! Converts only forms that today's reader would refuse, and only if they are unambiguous; the
//! reader reports the rest.

use serde_json::{Map, Value, json};

use crate::domain::dataset::Role;

/// Rewrites old spellings in place.
pub(super) fn modernise(config: &mut Map<String, Value>) {
    let primary = config.get("primary_table").and_then(Value::as_str).map(short);
    if let Some(columns) = config.get_mut("selected_columns") {
        selected_columns(columns);
    }
    if let Some(Value::Object(mapping)) = config.get_mut("column_mapping") {
        let roles = mapping.iter_mut().filter(|(key, _)| Role::ALL.iter().any(|role| role.as_str() == *key));
        roles.for_each(|(_, column)| mapped_column(column, primary.as_deref()));
    }
    if let Some(joins) = config.get_mut("join_config") {
        join_config(joins, primary.as_deref());
    }
}

/// `raw_data.orders` and `orders` are `orders`.
fn short(table: &str) -> String {
    table.rsplit('.').next().unwrap_or(table).to_owned()
}

/// `{"raw_data.orders": ["id", "total"]}`, in the order in which the tables stand.
fn selected_columns(columns: &mut Value) {
    let Value::Object(by_table) = columns else { return };
    if !by_table.values().all(Value::is_array) {
        return;
    }
    let list = by_table.iter().flat_map(|(table, names)| {
        let table = short(table);
        names.as_array().into_iter().flatten().map(move |name| json!({"table": table, "column": name}))
    });
    *columns = list.collect();
}

/// `"orders.buyer"`, `"raw_data.orders.buyer"`, or `"buyer"` of the primary table.
fn mapped_column(column: &mut Value, primary: Option<&str>) {
    let Value::String(text) = column else { return };
    *column = match (text.rsplit_once('.'), primary) {
        (Some((table, name)), _) => json!({"table": short(table), "column": name}),
        (None, Some(primary)) => json!({"table": primary, "column": text}),
        (None, None) => return,
    };
}

/// One join per table, as a list or by table; `join_key` is the primary's column,
/// `secondary_column` the other's (the same name if missing).
fn join_config(joins: &mut Value, primary: Option<&str>) {
    if let Value::Object(by_table) = joins {
        let list = by_table.iter().map(|(table, join)| {
            let mut join = join.clone();
            if let Value::Object(join) = &mut join {
                join.entry("table").or_insert_with(|| table.as_str().into());
            }
            join
        });
        *joins = list.collect();
    }
    let Value::Array(list) = joins else { return };
    for join in list.iter_mut().filter_map(Value::as_object_mut) {
        if !join.contains_key("join_key") {
            continue;
        }
        if let Some(Value::String(table)) = join.get_mut("table") {
            *table = short(table);
        }
        if let Some(join_type) = join.remove("join_type") {
            // The system before stored join types in either case.
            let lower = join_type.as_str().map(str::to_lowercase).map(Value::from);
            join.insert("type".into(), lower.unwrap_or(join_type));
        }
        if let (Some(key), Some(primary)) = (join.remove("join_key"), primary) {
            let right = join.remove("secondary_column").unwrap_or_else(|| key.clone());
            join.insert("on".into(), json!([{"left": {"table": primary, "column": key}, "right": right}]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config_from_json;
    use serde_json::json;

    #[test]
    fn old_spellings_are_read_as_todays() {
        // Mappings name the table, joins both columns: a bare column name is ambiguous.
        let today = json!({
            "primary_table": "raw_data.orders",
            "secondary_tables": ["raw_data.users"],
            "join_config": [{"table": "users", "type": "left", "on": [{"left": {"table": "orders", "column": "buyer"}, "right": "id"}]}],
            "selected_columns": [{"table": "orders", "column": "buyer"}, {"table": "users", "column": "age"}],
            "column_mapping": {"user_id": {"table": "orders", "column": "buyer"}, "timestamp": {"table": "users", "column": "seen"}},
        });
        let old = json!({
            "primary_table": "raw_data.orders",
            "secondary_tables": ["raw_data.users"],
            "join_config": {"raw_data.users": {"join_key": "buyer", "secondary_column": "id", "join_type": "LEFT"}},
            "selected_columns": {"raw_data.orders": ["buyer"], "raw_data.users": ["age"]},
            "column_mapping": {"user_id": "buyer", "timestamp": "raw_data.users.seen"},
        });
        let read = config_from_json(today).unwrap();
        assert_eq!(config_from_json(old.clone()), Ok(read.clone()));
        let mut as_list = old;
        as_list["join_config"] = json!([{"table": "raw_data.users", "join_key": "buyer", "secondary_column": "id"}]);
        assert_eq!(config_from_json(as_list), Ok(read));
    }

    #[test]
    fn what_only_looks_old_is_still_refused() {
        for bad in [
            json!({"selected_columns": {"raw_data.orders": "buyer"}}),
            json!({"column_mapping": {"user_id": "buyer"}}),
            json!({"primary_table": "raw_data.a", "join_config": [{"table": "b", "join_key": "x", "keys": 1}]}),
        ] {
            assert!(config_from_json(bad.clone()).is_err(), "{bad}");
        }
    }
}
