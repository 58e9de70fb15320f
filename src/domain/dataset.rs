//! The config of a dataset: the typed form of its description, in seven parts, as the API names
//! them.
//!
//! Reading strict JSON gives this form or fails. [`crate::domain::parse`] is the lenient parser for
//! hand-written JSON, where null, missing and empty are the same. [`crate::domain::validate`]
//! checks whether a config fits the tables.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr};

use super::name::{ColumnName, OutputName, SourceName, TableName};

mod filters;
mod split;
mod time;

pub use filters::*;
pub use split::*;
pub use time::*;

/// The config of a dataset.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DatasetConfig {
    /// `None` only in an unfinished draft; required for a valid config.
    pub primary_table: Option<TableName>,
    #[cfg_attr(feature = "ssr", schema(max_items = 19))]
    pub secondary_tables: Vec<SecondaryTable>,
    /// One entry per secondary table, in any order; joined in the order of `secondary_tables`.
    #[cfg_attr(feature = "ssr", schema(max_items = 20))]
    pub join_config: Vec<Join>,
    #[cfg_attr(feature = "ssr", schema(max_items = 1000))]
    pub selected_columns: Vec<SelectedColumn>,
    pub column_mapping: ColumnMapping,
    pub filters: Filters,
    pub split_config: SplitConfig,
}

impl DatasetConfig {
    /// The dataset's tables in their order, the primary first, each with the name that column
    /// references use.
    pub fn sources(&self) -> Vec<(SourceName, &TableName)> {
        let primary = self.primary_table.iter().map(|t| (SourceName::from(t), t));
        primary.chain(self.secondary_tables.iter().map(|s| (s.name(), &s.table))).collect()
    }

    /// Their tables, each once, the primary's first.
    pub fn tables(&self) -> Vec<&TableName> {
        let mut seen = HashSet::new();
        let tables = self.sources().into_iter().map(|(_, table)| table);
        tables.filter(|table| seen.insert(*table)).collect()
    }

    /// The join that brings in a secondary.
    pub fn join_of(&self, source: &SourceName) -> Option<&Join> {
        self.join_config.iter().find(|j| j.table.same_as(source))
    }
}

/// A table beside the primary: `"raw_data.products"`, or `{table, as}` if it needs another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SecondaryForm", into = "SecondaryForm")]
pub struct SecondaryTable {
    pub table: TableName,
    pub alias: Option<SourceName>,
}

impl SecondaryTable {
    /// The name that column references use.
    pub fn name(&self) -> SourceName {
        self.alias.clone().unwrap_or_else(|| SourceName::from(&self.table))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "write a table as \"raw_data.products\" or {\"table\": \"raw_data.products\", \"as\": \"other_name\"}"
)]
enum SecondaryForm {
    Short(TableName),
    Named(NamedTable),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedTable {
    table: TableName,
    #[serde(rename = "as", default)]
    alias: Option<SourceName>,
}

impl From<SecondaryForm> for SecondaryTable {
    fn from(form: SecondaryForm) -> Self {
        match form {
            SecondaryForm::Short(table) => Self { table, alias: None },
            // An `as` that repeats the default name takes the short form, so that equal configs are
            // equal.
            SecondaryForm::Named(NamedTable { table, alias }) => {
                let alias = alias.filter(|a| *a != SourceName::from(&table));
                Self { table, alias }
            }
        }
    }
}

impl From<SecondaryTable> for SecondaryForm {
    fn from(secondary: SecondaryTable) -> Self {
        match secondary.alias {
            None => Self::Short(secondary.table),
            alias => Self::Named(NamedTable { table: secondary.table, alias }),
        }
    }
}

/// A column of one of the dataset's tables, the table by its name within the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ColumnRef {
    pub table: SourceName,
    pub column: ColumnName,
}

impl std::fmt::Display for ColumnRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, IntoStaticStr, EnumCount)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum JoinType {
    Inner,
    #[default]
    Left,
    Right,
    Full,
}

impl JoinType {
    pub const ALL: [Self; Self::COUNT] = [Self::Inner, Self::Left, Self::Right, Self::Full];

    /// The API's word: `inner`, `left`, `right`, `full`.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// What to do if several rows of the joined table have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnDuplicates {
    /// Keep all rows: the join multiplies rows.
    #[default]
    Keep,
    /// Keep one row per key: the first by `order`, then by every column that the dataset uses,
    /// ascending, NULLs first.
    OneRow,
}

/// How a secondary table is joined to the tables before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The name of the secondary table.
    pub table: SourceName,
    #[serde(rename = "type", default)]
    pub join_type: JoinType,
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(max_items = 16))]
    pub on: Vec<JoinKey>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_duplicates: OnDuplicates,
    /// Which row `one_row` keeps, before the tie-break by all columns that the dataset uses of the
    /// table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ssr", schema(max_items = 16))]
    pub order: Vec<RowOrder>,
}

/// `left = right`; several together are a composite key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinKey {
    /// A column of an earlier table.
    pub left: ColumnRef,
    /// A column of the secondary table.
    pub right: ColumnName,
}

/// One column of a sort order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RowOrder {
    pub column: ColumnName,
    #[serde(default, skip_serializing_if = "is_default")]
    pub descending: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SelectedColumn {
    pub table: SourceName,
    pub column: ColumnName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<OutputName>,
    /// The value for NULL in TFX, in the column's TFX type; `None` is the type's default: `''`, 0,
    /// 0.0, 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Scalar>,
}

impl SelectedColumn {
    pub fn reference(&self) -> ColumnRef {
        ColumnRef { table: self.table.clone(), column: self.column.clone() }
    }
}

/// The role of a column in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, EnumCount)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Role {
    UserId,
    ProductId,
    Timestamp,
    Revenue,
}

impl Role {
    pub const ALL: [Self; Self::COUNT] = [Self::UserId, Self::ProductId, Self::Timestamp, Self::Revenue];

    /// The API's word, and the column's name in `for_analysis` queries.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// The columns of the roles, and how time is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ColumnMapping {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<ColumnRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ColumnRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<ColumnRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<ColumnRef>,
    /// The format of a STRING or INT64 timestamp; `None` for DATE, DATETIME and TIMESTAMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_format: Option<TimestampFormat>,
    /// The time zone of calendar days in all filters and splits; `None` is UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<TimeZone>,
}

impl ColumnMapping {
    pub fn get(&self, role: Role) -> Option<&ColumnRef> {
        match role {
            Role::UserId => self.user_id.as_ref(),
            Role::ProductId => self.product_id.as_ref(),
            Role::Timestamp => self.timestamp.as_ref(),
            Role::Revenue => self.revenue.as_ref(),
        }
    }

    pub fn set(&mut self, role: Role, column: Option<ColumnRef>) {
        *match role {
            Role::UserId => &mut self.user_id,
            Role::ProductId => &mut self.product_id,
            Role::Timestamp => &mut self.timestamp,
            Role::Revenue => &mut self.revenue,
        } = column;
    }

    /// The mapped roles in their order.
    pub fn roles(&self) -> impl Iterator<Item = (Role, &ColumnRef)> {
        Role::ALL.into_iter().filter_map(|role| Some((role, self.get(role)?)))
    }
}

/// The status of a dataset. Active: it was validated against the live tables, and a version is
/// frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Status {
    #[default]
    Draft,
    Active,
}

impl Status {
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn round_trip(json: serde_json::Value) -> serde_json::Value {
        serde_json::to_value(serde_json::from_value::<DatasetConfig>(json).unwrap()).unwrap()
    }

    #[test]
    fn a_whole_config_survives_the_round_trip() {
        let config = json!({
            "primary_table": "raw_data.orders",
            "secondary_tables": ["raw_data.users", {"table": "raw_data.addresses", "as": "ship"}],
            "join_config": [
                {"table": "users", "type": "left", "on": [{"left": {"table": "orders", "column": "user"}, "right": "id"}]},
                {"table": "ship", "type": "inner", "on": [{"left": {"table": "users", "column": "ship_id"}, "right": "id"}], "on_duplicates": "one_row"}
            ],
            "selected_columns": [{"table": "orders", "column": "order"}, {"table": "ship", "column": "city", "alias": "ship_city"}],
            "column_mapping": {"user_id": {"table": "orders", "column": "user"}},
            "filters": {
                "date_range": {"type": "rolling", "months": 3, "as_of": "2024-01-31"},
                "rows": [
                    {"table": "ship", "column": "city", "where": {"op": "not_in", "values": ["O'Brien", "x"]}, "nulls": "include"},
                    {"table": "orders", "column": "n", "where": {"op": "between", "min": 1, "max": 2.5}}
                ],
                "product_filter": {"top_revenue_percent": 80},
                "customer_filter": {"transactions": {"min": 2}},
                "scope": "all"
            },
            "split_config": {"type": "time_based", "eval_days": 14, "as_of": "today"}
        });
        assert_eq!(round_trip(config.clone()), config);
    }

    #[test]
    fn unknown_keys_are_refused_at_every_depth() {
        // A filter that is skipped silently gives wrong training data, so an unknown one is an
        // error.
        for bad in [
            json!({"primary": "raw_data.x"}),
            json!({"filters": {"date": {}}}),
            json!({"filters": {"date_range": {"type": "rolling", "days": 3, "weeks": 1}}}),
            json!({"filters": {"rows": [{"table": "a", "column": "b", "where": {"op": "in", "values": [], "x": 1}}]}}),
            json!({"filters": {"rows": [{"table": "a", "column": "b", "where": {"op": "like", "text": "x"}}]}}),
            json!({"split_config": {"type": "random", "train_percent": 80, "ratio": 1}}),
            json!({"column_mapping": {"label": {"table": "a", "column": "b"}}}),
        ] {
            assert!(serde_json::from_value::<DatasetConfig>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_table_named_as_itself_is_the_short_form() {
        let named = round_trip(json!({"secondary_tables": [{"table": "raw_data.users", "as": "users"}]}));
        assert_eq!(named["secondary_tables"], json!(["raw_data.users"]));
    }
}
