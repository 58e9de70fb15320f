//! Which rows stay: dates, predicates on columns, products and customers, a sample.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, VariantArray};

use super::{AsOf, ColumnRef, Seed, SplitConfig, Unit, is_default};
use crate::domain::name::{ColumnName, SourceName};

/// Which rows to keep.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_range: Option<DateRange>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ssr", schema(max_items = 50))]
    pub rows: Vec<RowFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_filter: Option<EntityFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_filter: Option<EntityFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_interactions: Option<KCore>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// The rows that entity filters are computed from; `None` is `train` with a time split and
    /// `all` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    #[serde(skip_serializing_if = "is_default")]
    pub apply_to: ApplyTo,
}

impl Filters {
    /// Whether there is an entity filter, on products, customers or both.
    pub fn has_entity_filter(&self) -> bool {
        self.product_filter.is_some() || self.customer_filter.is_some() || self.min_interactions.is_some()
    }

    /// Which rows the entity filters look at with this split: as configured, else train for a split
    /// by time, since filters that look at the eval window leak it into training.
    pub fn scope_with(&self, split: &SplitConfig) -> Scope {
        self.scope.unwrap_or(if split.is_by_time() { Scope::Train } else { Scope::All })
    }
}

/// The days to keep, by the column with the role `timestamp`. Days are calendar days in the
/// dataset's time zone (UTC unless `column_mapping.time_zone` is set).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DateRange {
    /// The last N days or N months up to and including the reference date `as_of`. Set exactly one
    /// of `days` and `months`.
    Rolling {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        months: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_of: Option<AsOf>,
    },
    /// From `start` to `end`, inclusive; set at least one of them.
    Fixed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<NaiveDate>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<NaiveDate>,
    },
}

impl DateRange {
    /// The reference date that the range counts back from, as stated: `Some(None)` is the default,
    /// `None` means that it counts back from nothing.
    pub const fn as_of(&self) -> Option<Option<AsOf>> {
        match self {
            Self::Rolling { as_of, .. } => Some(*as_of),
            Self::Fixed { .. } => None,
        }
    }

    /// The last day of a fixed range.
    pub const fn fixed_end(&self) -> Option<NaiveDate> {
        match self {
            Self::Fixed { end, .. } => *end,
            Self::Rolling { .. } => None,
        }
    }
}

/// A condition on a column of any of the tables, selected or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RowFilter {
    pub table: SourceName,
    pub column: ColumnName,
    #[serde(rename = "where")]
    pub predicate: Predicate,
    /// Whether to keep rows with NULL in the column. Not for `is_null` and `not_null`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub nulls: NullPolicy,
}

impl RowFilter {
    pub fn reference(&self) -> ColumnRef {
        ColumnRef { table: self.table.clone(), column: self.column.clone() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NullPolicy {
    #[default]
    Exclude,
    Include,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EnumDiscriminants)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "op", deny_unknown_fields)]
#[strum_discriminants(name(PredicateKind), derive(VariantArray), doc = "A predicate without its values.")]
pub enum Predicate {
    #[serde(rename = "in")]
    In {
        #[serde(default)]
        #[cfg_attr(feature = "ssr", schema(max_items = 10_000))]
        values: Vec<Scalar>,
    },
    #[serde(rename = "not_in")]
    NotIn {
        #[serde(default)]
        #[cfg_attr(feature = "ssr", schema(max_items = 10_000))]
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
    /// Inclusive.
    #[serde(rename = "between")]
    Between { min: Scalar, max: Scalar },
    /// Days from `start` to `end`, inclusive; set at least one of them.
    #[serde(rename = "date_range")]
    DateRange {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<NaiveDate>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<NaiveDate>,
    },
    /// The last N days up to and including the reference date.
    #[serde(rename = "last_days")]
    LastDays { days: u32 },
    #[serde(rename = "is_null")]
    IsNull,
    #[serde(rename = "not_null")]
    NotNull,
    /// The column contains the text, case-sensitive.
    #[serde(rename = "contains")]
    Contains {
        #[cfg_attr(feature = "ssr", schema(max_length = 10_000))]
        text: String,
    },
}

/// What a predicate compares its column with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operands<'a> {
    Nothing,
    Value(&'a Scalar),
    /// Inclusive.
    Range {
        min: &'a Scalar,
        max: &'a Scalar,
    },
    List(&'a [Scalar]),
    /// A part of the column's text.
    Text(&'a str),
    Days {
        start: Option<NaiveDate>,
        end: Option<NaiveDate>,
    },
    /// The last N days up to and including the reference date.
    LastDays(u32),
}

impl Predicate {
    pub const fn operands(&self) -> Operands<'_> {
        match self {
            Self::In { values } | Self::NotIn { values } => Operands::List(values.as_slice()),
            Self::Equal { value }
            | Self::NotEqual { value }
            | Self::Less { value }
            | Self::LessOrEqual { value }
            | Self::Greater { value }
            | Self::GreaterOrEqual { value } => Operands::Value(value),
            Self::Between { min, max } => Operands::Range { min, max },
            Self::DateRange { start, end } => Operands::Days { start: *start, end: *end },
            Self::LastDays { days } => Operands::LastDays(*days),
            Self::IsNull | Self::NotNull => Operands::Nothing,
            Self::Contains { text } => Operands::Text(text.as_str()),
        }
    }

    /// Whether it counts back from the reference date.
    pub const fn counts_back(&self) -> bool {
        match self.operands() {
            Operands::LastDays(_) => true,
            Operands::Nothing
            | Operands::Value(_)
            | Operands::Range { .. }
            | Operands::List(_)
            | Operands::Text(_)
            | Operands::Days { .. } => false,
        }
    }
}

/// A value in a predicate; the column's type decides which values it can be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a value is a string, a number, true or false")]
pub enum Scalar {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

/// An entity filter: which products, or customers, to keep with all their rows. Its conditions are
/// combined by AND; each is computed from the rows of the previous stage (within the scope).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(as = MemberFilter))]
#[serde(default, deny_unknown_fields)]
pub struct EntityFilter {
    /// 1 to 99: keep the entities of largest revenue that together make this share of the total,
    /// including the one that crosses it. Only positive totals count; ties are broken by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_revenue_percent: Option<u32>,
    /// Number of rows per entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<CountRange>,
    /// Total revenue per entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<AmountRange>,
}

/// Inclusive; set at least one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CountRange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// Inclusive; set at least one of them. In the unit of the revenue column.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AmountRange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Keep users with at least `user` rows and products with at least `product` rows, and repeat this
/// on the remaining rows, `rounds` times (k-core).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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

/// A share of the rows, users or products, chosen by hash: the same on every run and every engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Train,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApplyTo {
    #[default]
    All,
    /// Eval and test keep the rows of users and products that the filters drop from train.
    Train,
}
