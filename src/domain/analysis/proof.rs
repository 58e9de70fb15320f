//! The proof of a split: what is in each part and when, from the queries themselves.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use super::{AnalysisMetrics, DistinctCounts, Part, share};
use crate::domain::dataset::{DatasetConfig, Split};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Proof {
    /// Train, eval, test.
    pub parts: Vec<ProofPart>,
    /// Surplus rows of all splits together over the rows of the dataset: 0 if no row is in two
    /// splits.
    pub rows_in_two_splits: u64,
    /// Rows in no split: those of the gap.
    pub rows_in_no_split: u64,
    /// `None` without a timestamp.
    pub train_rows_after_first_eval: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProofPart {
    pub split: Split,
    pub rows: u64,
    pub users: Option<u64>,
    pub products: Option<u64>,
    /// Timestamps of the first and last row of the split; UTC for TIMESTAMP.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, example = "2024-03-31T12:00:00"))]
    pub first_at: Option<NaiveDateTime>,
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, example = "2024-03-31T12:00:00"))]
    pub last_at: Option<NaiveDateTime>,
    /// Only of eval and test.
    pub cold_users: Option<Cold>,
    pub cold_products: Option<Cold>,
}

/// Users or products without rows in train (cold start).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Cold {
    pub count: u64,
    /// Their rows in the split.
    pub rows: u64,
    /// Share of the split's rows, 0 to 1.
    pub share: f64,
}

/// `None` without a split.
pub(super) fn proof(config: &DatasetConfig, metrics: &AnalysisMetrics) -> Option<Proof> {
    let splits = config.split_config.splits();
    if splits.is_empty() {
        return None;
    }
    let parts = splits.iter().filter_map(|split| {
        let part = metrics.part((*split).into())?;
        Some(ProofPart {
            split: *split,
            rows: part.rows,
            users: part.users,
            products: part.products,
            first_at: part.first_at,
            last_at: part.last_at,
            cold_users: cold(metrics.users.as_ref(), *split, part.rows),
            cold_products: cold(metrics.products.as_ref(), *split, part.rows),
        })
    });
    let parts: Vec<ProofPart> = parts.collect();
    let rows_in_no_split = metrics.part(Part::Gap).map_or(0, |gap| gap.rows);
    let in_parts = parts.iter().map(|part| part.rows).sum::<u64>() + rows_in_no_split;
    Some(Proof {
        rows_in_two_splits: in_parts.saturating_sub(metrics.rows()),
        rows_in_no_split,
        train_rows_after_first_eval: late_train_rows(metrics),
        parts,
    })
}

/// Entities of a held-out part that train lacks.
pub(super) fn cold(entities: Option<&DistinctCounts>, split: Split, rows: u64) -> Option<Cold> {
    let entities = entities?;
    let (count, cold_rows) = match split {
        Split::Train => return None,
        Split::Eval => (entities.cold_eval?, entities.cold_eval_rows?),
        Split::Test => (entities.cold_test?, entities.cold_test_rows?),
    };
    Some(Cold { count, rows: cold_rows, share: share(cold_rows, rows) })
}

/// Counted by a query, or none if train's last row is not later than eval's first.
pub(super) fn late_train_rows(metrics: &AnalysisMetrics) -> Option<u64> {
    metrics.timestamp_type?;
    if metrics.late_train_rows.is_some() {
        return metrics.late_train_rows;
    }
    match (metrics.part(Part::Train)?.last_at, metrics.part(Part::Eval)?.first_at) {
        (Some(last), Some(first)) if last > first => None,
        _ => Some(0),
    }
}
