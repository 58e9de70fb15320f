//! What one run finds out about a dataset: metrics read from the rows of one query, and checks of
//! them.
//!
//! Pure: [`AnalysisMetrics`] are read from rows, and [`judge`] turns them into checks. Each check
//! reports what it measured, against which threshold and, if it failed, what to change. A check
//! whose role is not mapped says so.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr};

use super::cost::Estimate;
use super::dataset::{DatasetConfig, JoinType, Split};
use super::name::SourceName;
use super::schema::ColumnType;

mod check;
mod leaks;
mod proof;
mod quality;
mod read;
mod readiness;

#[cfg(test)]
mod tests;

pub use check::{Check, Outcome, Severity};
pub use proof::{Cold, Proof, ProofPart};
pub use quality::{Grade, Quality};
pub use read::read;
pub use readiness::Readiness;

/// The result of an analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Analysis {
    /// Hash of the analyzed config: with another config the analysis is stale.
    pub config_hash: String,
    pub made_at: DateTime<Utc>,
    /// Duration of the run.
    pub seconds: f64,
    /// Bytes by the estimate of the dry run.
    pub estimate: Estimate,
    /// Bytes that were read, or, if the engine does not report them, the size of the files.
    pub bytes: Option<u64>,
    /// US dollars; `None` if reading is free.
    pub price_usd: Option<f64>,
    #[serde(flatten)]
    pub metrics: AnalysisMetrics,
    pub split_estimates: Vec<SplitEstimate>,
    pub quality_metrics: Quality,
    /// `None` without a split.
    pub split_proof: Option<Proof>,
    /// The leakage audit.
    pub leaks: Vec<Check>,
    pub readiness: Readiness,
}

impl Analysis {
    /// The summary on a card.
    pub fn summary(&self) -> AnalysisSummary {
        AnalysisSummary {
            score: self.quality_metrics.score,
            grade: self.quality_metrics.grade,
            leaks: self.leaks.iter().filter(|check| check.is_leak()).count() as u32,
            made_at: self.made_at,
            stale: false,
        }
    }
}

/// Summary of an analysis, for a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(as = AnalysisBrief))]
pub struct AnalysisSummary {
    /// 0 to 100.
    pub score: u32,
    pub grade: Grade,
    /// Number of leaks found.
    pub leaks: u32,
    pub made_at: DateTime<Utc>,
    /// The config was changed since. Table changes are not checked.
    pub stale: bool,
}

/// The metrics of an analysis.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AnalysisMetrics {
    /// The reference date, if the config has relative dates.
    pub as_of: Option<NaiveDate>,
    /// `None` without a timestamp.
    pub timestamp_type: Option<ColumnType>,
    /// The full dataset first, then each split of the config, then the gap, if any; also empty
    /// ones.
    pub counts: Vec<PartMetrics>,
    /// Rows after each stage, in the order of the stages.
    pub funnel: Vec<Stage>,
    /// By day and split, in that order; rows without a timestamp last, with the day `None`.
    pub per_day: Vec<DayRows>,
    /// Rows without an id or a timestamp; `None` if the role is not mapped.
    pub null_users: Option<u64>,
    pub null_products: Option<u64>,
    pub null_timestamps: Option<u64>,
    /// `None` if a required role is not mapped.
    pub users: Option<DistinctCounts>,
    pub products: Option<DistinctCounts>,
    /// Pairs of a user and a product.
    pub pairs: Option<DistinctCounts>,
    /// Distinct user, product and timestamp: further rows are duplicates.
    pub events: Option<DistinctCounts>,
    /// Distinct user and timestamp: what was bought together.
    pub baskets: Option<DistinctCounts>,
    /// Train rows later than the first eval row, if a query counted them. A split by time has none,
    /// which its days show.
    pub late_train_rows: Option<u64>,
    /// Rows of eval and test from which product and customer filters were computed, if they are
    /// computed from all rows with a split by time.
    pub held_out_rows_seen: Option<u64>,
    /// Temporal columns beside the timestamp that are selected or filtered.
    pub attributes: Vec<AttributeTime>,
    pub label: Option<Label>,
    /// The products' table, if it is joined.
    pub catalogue: Option<Catalogue>,
    /// In the order of joining.
    pub joins: Vec<JoinMetrics>,
}

impl AnalysisMetrics {
    /// The count of a part.
    pub fn part(&self, part: Part) -> Option<&PartMetrics> {
        self.counts.iter().find(|counts| counts.part == part)
    }

    /// Rows of the whole dataset.
    pub fn rows(&self) -> u64 {
        self.part(Part::Full).map_or(0, |full| full.rows)
    }

    /// First and last day of the dataset's rows, and how many calendar days that is, both counted.
    pub fn span_days(&self) -> Option<u64> {
        let full = self.part(Part::Full)?;
        u64::try_from((full.last_day? - full.first_day?).num_days() + 1).ok()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, EnumCount)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Part {
    Full,
    Train,
    Eval,
    Test,
    /// The days of a time split that are in no split.
    Gap,
}

impl Part {
    pub const ALL: [Self; Self::COUNT] = [Self::Full, Self::Train, Self::Eval, Self::Test, Self::Gap];

    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

impl From<Split> for Part {
    fn from(split: Split) -> Self {
        match split {
            Split::Train => Self::Train,
            Split::Eval => Self::Eval,
            Split::Test => Self::Test,
        }
    }
}

/// Times are UTC for TIMESTAMP, and without a zone for DATE (midnight) and DATETIME.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PartMetrics {
    pub part: Part,
    pub rows: u64,
    /// Distinct; `None` without the role.
    pub users: Option<u64>,
    pub products: Option<u64>,
    /// Calendar days in the dataset's time zone (UTC unless `time_zone` is set).
    pub first_day: Option<NaiveDate>,
    pub last_day: Option<NaiveDate>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, example = "2024-03-31T12:00:00"))]
    pub first_at: Option<NaiveDateTime>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, example = "2024-03-31T12:00:00"))]
    pub last_at: Option<NaiveDateTime>,
}

/// `source`, `filtered`, `product_filter`, `customer_filter` or `min_interactions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Stage {
    pub stage: String,
    pub rows: u64,
    pub users: Option<u64>,
    pub products: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DayRows {
    pub day: Option<NaiveDate>,
    /// `full` without a split.
    pub part: Part,
    pub rows: u64,
}

/// Rows of a split, summed over its days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SplitEstimate {
    pub split: Split,
    pub rows: u64,
    /// Percent of the dataset's rows, 0 to 100.
    pub percent: f64,
    /// Days that have rows.
    pub days: u64,
}

/// Distinct users, products or pairs, over rows that have all of their ids. Counts per split are
/// `None` if the config does not have the split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(as = Members))]
pub struct DistinctCounts {
    /// Rows that have the ids.
    pub rows: u64,
    pub all: u64,
    /// With exactly one row.
    pub once: u64,
    pub train: Option<u64>,
    pub eval: Option<u64>,
    pub test: Option<u64>,
    pub gap: Option<u64>,
    /// In eval and not in train, and their rows in eval.
    pub cold_eval: Option<u64>,
    pub cold_eval_rows: Option<u64>,
    pub cold_test: Option<u64>,
    pub cold_test_rows: Option<u64>,
    /// In more than one of train, eval and test.
    pub shared: Option<u64>,
}

impl DistinctCounts {
    /// Rows per entity; 0 without entities.
    pub fn mean(&self) -> f64 {
        share(self.rows, self.all)
    }
}

/// A date or time column, compared with the time of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AttributeTime {
    /// `table.column`.
    pub column: String,
    /// Rows that have both times.
    pub rows: u64,
    /// Of these, rows whose attribute is later than the event.
    pub newer: u64,
}

/// A label column: BOOL, or INT64 of 0 and 1, with the name of a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Label {
    /// `table.column`.
    pub column: String,
    /// In the joined source, before any filter.
    pub before: Balance,
    pub parts: Vec<PartBalance>,
    /// Rows of the dataset in which revenue is set exactly when the label is positive; `None` if
    /// revenue is not selected.
    pub told_by_revenue: Option<u64>,
}

impl Label {
    /// Over all splits.
    pub fn after(&self) -> Balance {
        self.parts.iter().fold(Balance::default(), |sum, part| Balance {
            rows: sum.rows + part.balance.rows,
            positive: sum.positive + part.balance.positive,
            negative: sum.negative + part.balance.negative,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Balance {
    pub rows: u64,
    pub positive: u64,
    pub negative: u64,
}

impl Balance {
    /// Share of the rows that have one of the two values.
    pub fn positive_share(&self) -> f64 {
        share(self.positive, self.positive + self.negative)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PartBalance {
    pub part: Part,
    #[serde(flatten)]
    pub balance: Balance,
}

/// The keys of the products' table, and how many of them have rows in the dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Catalogue {
    pub items: u64,
    pub used: u64,
}

/// Join statistics: rows before and after, matches and fan-out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct JoinMetrics {
    /// The joined table's name within the dataset.
    pub table: SourceName,
    pub join_type: JoinType,
    pub rows_before: u64,
    /// Of these, rows with a match.
    pub matched_rows: u64,
    pub rows_after: u64,
    /// Largest number of matches of one row.
    pub largest_fan_out: u64,
}

impl JoinMetrics {
    /// 0 to 1.
    pub fn match_rate(&self) -> f64 {
        share(self.matched_rows, self.rows_before)
    }
}

/// The checks of a run's metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub split_estimates: Vec<SplitEstimate>,
    pub quality_metrics: Quality,
    pub split_proof: Option<Proof>,
    pub leaks: Vec<Check>,
    pub readiness: Readiness,
}

/// Checks the metrics of a config. `today` is the day of the run; later dates lie in the future.
pub fn judge(config: &DatasetConfig, metrics: &AnalysisMetrics, today: NaiveDate) -> Judged {
    Judged {
        split_estimates: split_estimates(config, metrics),
        quality_metrics: quality::quality(config, metrics, today),
        split_proof: proof::proof(config, metrics),
        leaks: leaks::audit(config, metrics),
        readiness: readiness::readiness(metrics),
    }
}

/// From the rows per day: events are rarely spread evenly, so a share of the span would mislead.
fn split_estimates(config: &DatasetConfig, metrics: &AnalysisMetrics) -> Vec<SplitEstimate> {
    let estimate = |split: &Split| {
        let days = || metrics.per_day.iter().filter(|day| day.part == Part::from(*split));
        let rows = days().map(|day| day.rows).sum();
        let days = days().filter(|day| day.day.is_some() && day.rows > 0).count() as u64;
        SplitEstimate { split: *split, rows, percent: share(rows, metrics.rows()) * 100.0, days }
    };
    config.split_config.splits().iter().map(estimate).collect()
}

/// 0 if there is nothing to take a share of.
fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}
