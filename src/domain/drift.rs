//! What has changed since a dataset was frozen: tables and columns that are missing or have another
//! type; columns of the result by other names.

use std::collections::{HashMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::catalog::CatalogTable;
use super::dataset::{ColumnRef, DatasetConfig};
use super::name::{ColumnName, OutputName, SourceName, TableName, fold};
use super::output;
use super::schema::{Column, Mode, TableSchema};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    TableGone,
    ColumnGone,
    /// Another type, or from a single value to an array or back.
    TypeChanged,
    /// The column can now be NULL, or no longer.
    ModeChanged,
    ColumnNew,
}

/// One change of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Drift {
    pub table: TableName,
    /// `None` if the change is of the whole table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<ColumnName>,
    pub change: Change,
    /// The dataset uses it: its query fails or has another meaning.
    pub used: bool,
    /// As a sentence.
    pub text: String,
}

/// What differs between the tables as they were frozen and as they are; a table that is not in
/// `now` is missing. What the config uses comes first.
pub fn drift(config: &DatasetConfig, then: &[TableSchema], now: &[TableSchema]) -> Vec<Drift> {
    let used: HashSet<(&TableName, String)> =
        used_columns(config).into_iter().map(|(table, column)| (table, fold(column.as_str()))).collect();
    let uses = |table: &TableName, column: &ColumnName| used.contains(&(table, fold(column.as_str())));
    let now: HashMap<&TableName, &TableSchema> = now.iter().map(|schema| (&schema.table, schema)).collect();
    let mut found = vec![];
    for before in then {
        let table = &before.table;
        let one = |column: Option<&ColumnName>, change, text: String| Drift {
            table: table.clone(),
            column: column.cloned(),
            change,
            used: column.is_none_or(|column| uses(table, column)),
            text,
        };
        let Some(after) = now.get(table).map(|schema| CatalogTable::new((*schema).clone())) else {
            found.push(one(None, Change::TableGone, format!("{table} no longer exists.")));
            continue;
        };
        let known_before = CatalogTable::new(before.clone());
        for column in &before.columns {
            let name = &column.name;
            match after.column(name) {
                None => found.push(one(Some(name), Change::ColumnGone, format!("{table} no longer has the column {name}."))),
                Some(today) if kind(column) != kind(today) => {
                    let text = format!("{table}.{name} changed from {} to {}.", column.type_label(), today.type_label());
                    found.push(one(Some(name), Change::TypeChanged, text));
                }
                Some(today) if column.mode != today.mode => {
                    let text = match today.mode {
                        Mode::Required => format!("{table}.{name} can no longer be NULL."),
                        _ => format!("{table}.{name} can now be NULL."),
                    };
                    found.push(one(Some(name), Change::ModeChanged, text));
                }
                Some(_) => {}
            }
        }
        for column in after.schema.columns.iter().filter(|column| known_before.column(&column.name).is_none()) {
            let new = Drift {
                used: false,
                ..one(Some(&column.name), Change::ColumnNew, format!("{table} has a new column {}.", column.name))
            };
            found.push(new);
        }
    }
    found.sort_by_key(|drift| !drift.used);
    found
}

/// A column whose name in the version differs from its name in the current dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Renaming {
    /// The column of the table.
    pub column: ColumnRef,
    /// Its name in the version.
    pub from: String,
    /// Its name in the current dataset; `None` if it is no longer selected.
    pub to: Option<String>,
    /// As a sentence.
    pub text: String,
}

/// The columns of `then` that `now` renames or leaves out, in the order of `then`.
pub fn renamed(then: &DatasetConfig, now: &DatasetConfig) -> Vec<Renaming> {
    let (before, after) = (output_names(then), output_names(now));
    let [old, all]: [HashSet<_>; 2] = [before.iter().collect(), after.iter().collect()];
    // The names that are new, of each column in their order.
    let mut new: HashMap<&ColumnRef, VecDeque<&OutputName>> = HashMap::new();
    for (column, name) in after.iter().filter(|column| !old.contains(column)) {
        new.entry(column).or_default().push_back(name);
    }
    let lost = before.iter().filter(|column| !all.contains(column));
    lost.map(|(column, from)| {
        let to = new.get_mut(column).and_then(VecDeque::pop_front).map(ToString::to_string);
        let text = match &to {
            Some(to) => format!("{column} was named {from} in that version and is now named {to}."),
            None => format!("{column}, named {from} in that version, is no longer selected."),
        };
        Renaming { column: column.clone(), from: from.to_string(), to, text }
    })
    .collect()
}

fn output_names(config: &DatasetConfig) -> Vec<(ColumnRef, OutputName)> {
    config.selected_columns.iter().map(|column| column.reference()).zip(output::resolve(config, &[])).collect()
}

fn kind(column: &Column) -> (super::schema::ColumnType, bool) {
    (column.column_type, column.mode == Mode::Repeated)
}

/// All columns that a config names: selected, mapped, keys of joins, filtered.
fn used_columns(config: &DatasetConfig) -> Vec<(&TableName, &ColumnName)> {
    let mut sources: HashMap<String, &TableName> = HashMap::new();
    for (name, table) in config.sources() {
        sources.entry(fold(name.as_str())).or_insert(table);
    }
    let table = |name: &SourceName| sources.get(&fold(name.as_str())).copied();
    let of = |reference: &ColumnRef| table(&reference.table);
    let mut used = vec![];
    used.extend(config.selected_columns.iter().filter_map(|column| Some((table(&column.table)?, &column.column))));
    used.extend(config.column_mapping.roles().filter_map(|(_, reference)| Some((of(reference)?, &reference.column))));
    for join in &config.join_config {
        used.extend(join.on.iter().filter_map(|key| Some((of(&key.left)?, &key.left.column))));
        used.extend(join.on.iter().filter_map(|key| Some((table(&join.table)?, &key.right))));
        used.extend(join.order.iter().filter_map(|order| Some((table(&join.table)?, &order.column))));
    }
    used.extend(config.filters.rows.iter().filter_map(|filter| Some((table(&filter.table)?, &filter.column))));
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(table: &str, columns: &[(&str, &str, &str)]) -> TableSchema {
        let columns: Vec<_> = columns.iter().map(|(name, of, mode)| json!({"name": name, "type": of, "mode": mode})).collect();
        serde_json::from_value(json!({"table": format!("raw_data.{table}"), "columns": columns})).unwrap()
    }

    #[test]
    fn changes_are_listed_by_table_and_column_used_ones_first() {
        let config: DatasetConfig = serde_json::from_value(json!({
            "primary_table": "raw_data.orders",
            "secondary_tables": ["raw_data.users", "raw_data.gone"],
            "join_config": [{"table": "users", "type": "left", "on": [{"left": {"table": "orders", "column": "user"}, "right": "id"}]}],
            "selected_columns": [{"table": "orders", "column": "amount"}],
            "filters": {"rows": [{"table": "users", "column": "country", "where": {"op": "not_null"}}]}
        }))
        .unwrap();
        let then = [
            schema("orders", &[("User", "INT64", "REQUIRED"), ("amount", "FLOAT64", "NULLABLE"), ("note", "STRING", "NULLABLE")]),
            schema("users", &[("id", "INT64", "NULLABLE"), ("country", "STRING", "NULLABLE"), ("tags", "STRING", "NULLABLE")]),
            schema("gone", &[("x", "INT64", "NULLABLE")]),
        ];
        let now = [
            schema(
                "orders",
                &[("user", "INT64", "NULLABLE"), ("amount", "NUMERIC", "NULLABLE"), ("extra", "STRING", "NULLABLE")],
            ),
            schema("users", &[("id", "INT64", "NULLABLE"), ("tags", "STRING", "REPEATED")]),
        ];
        let found = drift(&config, &then, &now);
        let reported: Vec<_> = found.iter().map(|d| (d.change, d.column.as_ref().map(|c| c.as_str()), d.used)).collect();
        assert_eq!(
            reported,
            [
                (Change::ModeChanged, Some("User"), true),
                (Change::TypeChanged, Some("amount"), true),
                (Change::ColumnGone, Some("country"), true),
                (Change::TableGone, None, true),
                (Change::ColumnGone, Some("note"), false),
                (Change::ColumnNew, Some("extra"), false),
                (Change::TypeChanged, Some("tags"), false),
            ]
        );
        assert!(found[1].text.contains("changed from FLOAT64 to NUMERIC"));
        assert!(drift(&config, &then, &then).is_empty());
    }

    /// Aligned by the table's column, since the name alone would show a rename as one column less
    /// and one more.
    #[test]
    fn renamed_columns_are_matched_by_their_table_column() {
        let config = |columns: serde_json::Value| -> DatasetConfig {
            serde_json::from_value(json!({"primary_table": "raw_data.orders", "selected_columns": columns})).unwrap()
        };
        let column = |name: &str, alias: Option<&str>| json!({"table": "orders", "column": name, "alias": alias});
        let then =
            config(json!([column("id", None), column("amount", Some("revenue")), column("user", None), column("amount", None)]));
        let now = config(json!([column("amount", None), column("id", Some("order")), column("amount", Some("price"))]));
        let reported: Vec<_> = renamed(&then, &now).into_iter().map(|r| (r.column.to_string(), r.from, r.to)).collect();
        let of = |column: &str, from: &str, to: Option<&str>| (column.to_owned(), from.to_owned(), to.map(str::to_owned));
        assert_eq!(
            reported,
            [
                of("orders.id", "id", Some("order")),
                of("orders.amount", "revenue", Some("price")),
                of("orders.user", "user", None)
            ]
        );
        assert_eq!(renamed(&then, &then), []);
        // A new column changes nothing for code that reads the others.
        let more = config(json!([
            column("id", None),
            column("amount", Some("revenue")),
            column("user", None),
            column("amount", None),
            column("day", None)
        ]));
        assert_eq!(renamed(&then, &more), []);
    }
}
