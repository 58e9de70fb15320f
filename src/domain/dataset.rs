//! The config of a dataset: the typed form of its description, in seven parts, as the API names
//! them.
//!
//! Reading strict JSON gives this form or fails. [`crate::domain::parse`] is the lenient parser for
//! hand-written JSON, where null, missing and empty are the same. [`crate::domain::validate`]
//! checks whether a config fits the tables.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::name::{ColumnName, OutputName, SourceName, TableName};

mod filters;
mod split;
mod time;

pub use filters::*;
pub use split::*;
pub use time::*;

/// What a dataset is made of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DatasetConfig {
    /// `None` only until a table is chosen; validation requires it.
    pub primary_table: Option<TableName>,
    #[cfg_attr(feature = "ssr", schema(max_items = 19))]
    pub secondary_tables: Vec<SecondaryTable>,
    /// One entry per secondary, in any order; rows are joined in the order of `secondary_tables`.
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
    expecting = "a table is written \"raw_data.products\" or {\"table\": \"raw_data.products\", \"as\": \"other_name\"}"
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JoinType {
    Inner,
    #[default]
    Left,
    Right,
    Full,
}

impl JoinType {
    pub const ALL: [JoinType; 4] = [Self::Inner, Self::Left, Self::Right, Self::Full];

    /// As in the API: `inner`, `left`, `right`, `full`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inner => "inner",
            Self::Left => "left",
            Self::Right => "right",
            Self::Full => "full",
        }
    }
}

/// What to do if several rows of the joined table have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnDuplicates {
    /// Join them all, which multiplies rows.
    #[default]
    Keep,
    /// Join one of them: the first by `Join::order`, then by every column that the dataset uses,
    /// ascending, NULLs first.
    OneRow,
}

/// How a secondary is joined to the tables before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The secondary's name.
    pub table: SourceName,
    #[serde(rename = "type", default)]
    pub join_type: JoinType,
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(max_items = 16))]
    pub on: Vec<JoinKey>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_duplicates: OnDuplicates,
    /// Which row `one_row` takes, before ties are broken by all columns that the dataset needs of
    /// the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ssr", schema(max_items = 16))]
    pub order: Vec<RowOrder>,
}

/// `left = right`; several of them together are a composite key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinKey {
    /// A column of any table that stands earlier.
    pub left: ColumnRef,
    /// A column of the secondary.
    pub right: ColumnName,
}

/// One key of an order among rows of a table.
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
    /// What TFX gets where the column is NULL, in the type that TFX gets; `None` is the type's own
    /// default: `''`, 0, 0.0, 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Scalar>,
}

impl SelectedColumn {
    pub fn reference(&self) -> ColumnRef {
        ColumnRef { table: self.table.clone(), column: self.column.clone() }
    }
}

/// What a column means to the learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    UserId,
    ProductId,
    Timestamp,
    Revenue,
}

impl Role {
    pub const ALL: [Role; 4] = [Self::UserId, Self::ProductId, Self::Timestamp, Self::Revenue];

    /// As in the API, and the column's name in `for_analysis` queries.
    pub const fn word(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::ProductId => "product_id",
            Self::Timestamp => "timestamp",
            Self::Revenue => "revenue",
        }
    }
}

/// Role to column, and how time is read.
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
    /// How the timestamp is read if its column is a STRING or INT64; `None` for DATE, DATETIME and
    /// TIMESTAMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_format: Option<TimestampFormat>,
    /// The time zone of calendar days, in every filter and split; `None` is UTC.
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

/// A dataset's state. Active means: it was checked against the live tables and a version is frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Draft,
    Active,
}

impl Status {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
        }
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
