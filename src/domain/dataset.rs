//! The config of a dataset: the typed form of what a person says about it. Seven parts, as the API names them.
//!
//! Reading strict JSON gives this form or fails; [`crate::domain::parse`] is the lenient door for people's JSON (null,
//! missing and empty mean the same). Whether a config fits the tables is [`crate::domain::validate`]'s question.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::name::{ColumnName, OutputName, SourceName, TableName};

/// What a dataset is made of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatasetConfig {
    /// `None` only while a person has not chosen yet; validation asks for it.
    pub primary_table: Option<TableName>,
    pub secondary_tables: Vec<SecondaryTable>,
    /// One entry a secondary, in any order; rows are joined in the order of `secondary_tables`.
    pub join_config: Vec<Join>,
    pub selected_columns: Vec<SelectedColumn>,
    pub column_mapping: ColumnMapping,
    pub filters: Filters,
    pub split_config: SplitConfig,
}

impl DatasetConfig {
    /// The dataset's tables in their order, the primary first, each with the name that column references use.
    pub fn sources(&self) -> Vec<(SourceName, &TableName)> {
        let primary = self.primary_table.iter().map(|t| (SourceName::from(t), t));
        primary.chain(self.secondary_tables.iter().map(|s| (s.name(), &s.table))).collect()
    }

    /// The join that brings in a secondary.
    pub fn join_of(&self, source: &SourceName) -> Option<&Join> {
        self.join_config.iter().find(|j| j.table.same_as(source))
    }
}

/// A table beside the primary: `"raw_data.products"`, or `{table, as}` where it needs another name.
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
            // `as` with the name it has anyway is the short form: equal configs are equal.
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

    /// The API's word: `inner`, `left`, `right`, `full`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inner => "inner",
            Self::Left => "left",
            Self::Right => "right",
            Self::Full => "full",
        }
    }
}

/// What to do where several rows of the joined table have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDuplicates {
    /// Join them all: rows multiply.
    #[default]
    Keep,
    /// Join one of them: the first by `Join::order`, then by every column that the dataset uses, ascending, NULLs first.
    OneRow,
}

/// How a secondary is joined to the tables before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The secondary's name.
    pub table: SourceName,
    #[serde(rename = "type", default)]
    pub join_type: JoinType,
    #[serde(default)]
    pub on: Vec<JoinKey>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_duplicates: OnDuplicates,
    /// Which row `one_row` takes, before the tie-break by all columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<RowOrder>,
}

/// `left = right`; several of them together are a composite key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinKey {
    /// A column of any table that stands earlier.
    pub left: ColumnRef,
    /// A column of the secondary.
    pub right: ColumnName,
}

/// One key of an order among rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowOrder {
    pub column: ColumnName,
    #[serde(default, skip_serializing_if = "is_default")]
    pub descending: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectedColumn {
    pub table: SourceName,
    pub column: ColumnName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<OutputName>,
}

impl SelectedColumn {
    pub fn reference(&self) -> ColumnRef {
        ColumnRef { table: self.table.clone(), column: self.column.clone() }
    }
}

/// What a column means to the learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    UserId,
    ProductId,
    Timestamp,
    Revenue,
}

impl Role {
    pub const ALL: [Role; 4] = [Self::UserId, Self::ProductId, Self::Timestamp, Self::Revenue];

    /// The API's word, and the column's name in `for_analysis` queries.
    pub const fn word(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::ProductId => "product_id",
            Self::Timestamp => "timestamp",
            Self::Revenue => "revenue",
        }
    }
}

/// Role to column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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

/// The instant that relative dates count back from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AsOf {
    /// The day of the latest timestamp in the joined source; within a fixed date range, the latest inside it.
    #[default]
    LatestEvent,
    /// CURRENT_DATE, UTC.
    Today,
    On(NaiveDate),
}

impl TryFrom<String> for AsOf {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "latest_event" => Ok(Self::LatestEvent),
            "today" => Ok(Self::Today),
            date => date.parse().map(Self::On).map_err(|_| "as_of is latest_event, today or a date such as 2024-01-31".into()),
        }
    }
}

impl From<AsOf> for String {
    fn from(as_of: AsOf) -> String {
        match as_of {
            AsOf::LatestEvent => "latest_event".into(),
            AsOf::Today => "today".into(),
            AsOf::On(date) => date.to_string(),
        }
    }
}

/// Which rows stay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_range: Option<DateRange>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_filter: Option<MemberFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_filter: Option<MemberFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_interactions: Option<KCore>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// Which rows decide membership; `None` is `train` with a time split and `all` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    #[serde(skip_serializing_if = "is_default")]
    pub apply_to: ApplyTo,
}

impl Filters {
    /// A filter whose membership is computed over rows: products, customers or both.
    pub fn has_membership(&self) -> bool {
        self.product_filter.is_some() || self.customer_filter.is_some() || self.min_interactions.is_some()
    }
}

/// The days that stay, by the column with the role `timestamp`. Days are calendar days in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DateRange {
    /// The last N days, or N months, that end with the as-of's day, which counts as one of them. Exactly one of both.
    Rolling {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        months: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_of: Option<AsOf>,
    },
    /// From the start day to the end day, both whole; at least one of both.
    Fixed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<NaiveDate>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<NaiveDate>,
    },
}

/// A predicate on one column of any of the tables, selected or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowFilter {
    pub table: SourceName,
    pub column: ColumnName,
    #[serde(rename = "where")]
    pub predicate: Predicate,
    /// Whether rows with NULL in the column stay. Not for `is_null` and `not_null`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub nulls: NullPolicy,
}

impl RowFilter {
    pub fn reference(&self) -> ColumnRef {
        ColumnRef { table: self.table.clone(), column: self.column.clone() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullPolicy {
    #[default]
    Exclude,
    Include,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", deny_unknown_fields)]
pub enum Predicate {
    #[serde(rename = "in")]
    In {
        #[serde(default)]
        values: Vec<Scalar>,
    },
    #[serde(rename = "not_in")]
    NotIn {
        #[serde(default)]
        values: Vec<Scalar>,
    },
    #[serde(rename = "=")]
    Equal { value: Scalar },
    #[serde(rename = "!=")]
    NotEqual { value: Scalar },
    #[serde(rename = "<")]
    Less { value: Scalar },
    #[serde(rename = "<=")]
    LessOrEqual { value: Scalar },
    #[serde(rename = ">")]
    Greater { value: Scalar },
    #[serde(rename = ">=")]
    GreaterOrEqual { value: Scalar },
    /// Both ends included.
    #[serde(rename = "between")]
    Between { min: Scalar, max: Scalar },
    /// Whole days, both ends included; at least one of both.
    #[serde(rename = "date_range")]
    DateRange {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<NaiveDate>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<NaiveDate>,
    },
    /// The last N days that end with the as-of's day.
    #[serde(rename = "last_days")]
    LastDays { days: u32 },
    #[serde(rename = "is_null")]
    IsNull,
    #[serde(rename = "not_null")]
    NotNull,
    /// The text occurs in the column, letter for letter.
    #[serde(rename = "contains")]
    Contains { text: String },
}

/// A value in a predicate; what it must be follows from the column's type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a value is a text, a number, true or false")]
pub enum Scalar {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

/// Which products, or customers, stay with all their rows. The parts are joined by AND; each is computed over the rows
/// that the stage before left (within the scope).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemberFilter {
    /// 1 to 99: the members of largest revenue that together make this share of the total; the one that crosses it stays.
    /// Only positive totals count; ties go by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_revenue_percent: Option<u32>,
    /// Number of rows of the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<CountRange>,
    /// Sum of the member's revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<AmountRange>,
}

/// Both ends included; at least one of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CountRange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// Both ends included; at least one of both. In the revenue column's own unit.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AmountRange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Keep users with at least `user` rows and products with at least `product` rows, again on what is left, `rounds` times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KCore {
    pub user: u32,
    pub product: u32,
    #[serde(default = "KCore::default_rounds")]
    pub rounds: u32,
}

impl KCore {
    pub const MAX_ROUNDS: u32 = 10;

    fn default_rounds() -> u32 {
        3
    }
}

/// A share of the rows, users or products, chosen by hash: the same at every run and on every engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// 1 to 99.
    pub percent: u32,
    #[serde(default)]
    pub unit: Unit,
    #[serde(default)]
    pub seed: Seed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Train,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplyTo {
    #[default]
    All,
    /// Eval and test keep the rows of users and products that the filters drop from train.
    Train,
}

/// What is hashed: rows, or all rows of a user or product together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    #[default]
    Row,
    User,
    Product,
}

/// Another seed, another choice. Numbers are read as their digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "SeedForm", into = "String")]
pub struct Seed(pub String);

impl Default for Seed {
    fn default() -> Self {
        Self("0".into())
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a seed is a text or a whole number")]
enum SeedForm {
    Int(i64),
    Text(String),
}

impl From<SeedForm> for Seed {
    fn from(form: SeedForm) -> Self {
        Self(match form {
            SeedForm::Int(n) => n.to_string(),
            SeedForm::Text(text) => text,
        })
    }
}

impl From<Seed> for String {
    fn from(seed: Seed) -> String {
        seed.0
    }
}

/// How rows go to train, eval and test.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SplitConfig {
    #[default]
    None,
    /// By the calendar day of the timestamp. The window ends with the as-of's day: test is its last `test_days` days, eval the
    /// `eval_days` before them, then `gap_days` that belong to no split, and train is all that is earlier. A row
    /// without a timestamp is train.
    TimeBased {
        eval_days: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        test_days: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        gap_days: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_of: Option<AsOf>,
    },
    /// By a hash of the unit. What neither train nor test takes is eval. NULL is a unit of its own.
    Random {
        train_percent: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        test_percent: u32,
        #[serde(default)]
        unit: Unit,
        #[serde(default)]
        seed: Seed,
    },
    /// The last `n` rows of each user are eval. Rows without a user are train.
    LeaveLast { n: u32 },
}

/// A part of the split data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    Train,
    Eval,
    Test,
}

impl Split {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Eval => "eval",
            Self::Test => "test",
        }
    }
}

impl SplitConfig {
    /// The splits that this config makes, in the order train, eval, test.
    pub fn splits(&self) -> &'static [Split] {
        match self {
            Self::None => &[],
            Self::TimeBased { test_days: 0, .. } | Self::Random { test_percent: 0, .. } | Self::LeaveLast { .. } => {
                &[Split::Train, Split::Eval]
            }
            Self::TimeBased { .. } | Self::Random { .. } => &[Split::Train, Split::Eval, Split::Test],
        }
    }
}

/// A dataset's state. Active means: it was checked against the live tables and a version is frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
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
        // G-05: an unknown filter is an error, never ignored
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
