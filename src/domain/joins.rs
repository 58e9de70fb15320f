//! Which tables can be joined, and by which columns: candidates from names, types and keys,
//! verified with the data if it was read, and resolved to the best join of each reference and a
//! tree that connects the tables.
//!
//! [`propose`] lists all that is plausible, [`verify_candidate`] corrects a candidate by join
//! statistics, [`resolve`] keeps what is good enough.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::cost::Estimate;
use super::dataset::{JoinKey, JoinType};
use super::name::{ColumnName, SourceName, TableName};
use super::schema::{ColumnType, TableSchema};
use super::statistics::TableStatistics;

mod composite;
mod references;
mod resolve;
mod statistics;
mod tables;

pub use resolve::resolve;
pub use statistics::{KeySide, KeyStatistics, Shares, verify_candidate};
pub use tables::float_keys;

/// Joins below this score are not suggested.
pub const THRESHOLD: f64 = 0.5;
/// Candidates from this score on are worth verifying with the data.
pub const PLAUSIBLE: f64 = 0.25;
/// From this score on a join is almost certain.
pub const HIGH: f64 = 0.8;
/// From this score on a join is likely.
pub const MEDIUM: f64 = 0.65;
/// Maximum number of tables in one detection.
pub const MAX_TABLES: usize = 60;
/// Maximum number of columns of those tables together: two tables as wide as BigQuery allows. Each
/// column is compared with each table.
pub const MAX_COLUMNS: usize = 20_000;

/// The confidence of a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    pub fn of(score: f64) -> Self {
        match score {
            high if high >= HIGH => Self::High,
            medium if medium >= MEDIUM => Self::Medium,
            _ => Self::Low,
        }
    }

    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// `left = right`; several together are a composite key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct KeyPair {
    pub left: ColumnName,
    pub right: ColumnName,
}

/// A possible join: many rows of `left` refer to one row of `right`. Both are the same table if a
/// table refers to itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Candidate {
    pub left: TableName,
    pub right: TableName,
    /// One pair, or the pairs of a composite key.
    pub on: Vec<KeyPair>,
    /// 0 to 1.
    pub score: f64,
    /// Reasons, as sentences.
    pub reasons: Vec<String>,
    /// By the names, the key is unique in neither table: only used for tables without another join.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "ssr", schema(ignore))]
    pub last_resort: bool,
}

impl Candidate {
    /// The same join seen from the other side.
    fn reversed(self) -> Self {
        let on = self.on.into_iter().map(|pair| KeyPair { left: pair.right, right: pair.left }).collect();
        Self { left: self.right, right: self.left, on, ..self }
    }

    /// `orders.user_id = users.id`, human-readable.
    pub fn text(&self) -> String {
        let pair = |pair: &KeyPair| format!("{}.{} = {}.{}", self.left.table(), pair.left, self.right.table(), pair.right);
        self.on.iter().map(pair).collect::<Vec<_>>().join(" and ")
    }
}

/// A suggested join.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DetectedJoin {
    #[serde(flatten)]
    pub join: Candidate,
    #[serde(rename = "type")]
    pub join_type: JoinType,
    pub confidence: Confidence,
    /// One of the joins that connect the tables.
    pub in_tree: bool,
    /// Join statistics, if the join was verified.
    #[serde(rename = "evidence", default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<Shares>,
    /// Why the join could not be verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The joins of some tables.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ResolvedJoins {
    /// At or above [`THRESHOLD`], the best first.
    pub joins: Vec<DetectedJoin>,
    /// Positions in `joins` of those in the tree, in an order in which a dataset can join them:
    /// each has exactly one of its tables among those before it.
    pub tree: Vec<usize>,
    /// Tables that no path of joins connects with the first table.
    pub unconnected: Vec<TableName>,
}

/// A candidate and the outcome of verifying it.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedCandidate {
    pub candidate: Candidate,
    pub statistics: Option<KeyStatistics>,
    pub error: Option<String>,
}

impl From<Candidate> for VerifiedCandidate {
    fn from(candidate: Candidate) -> Self {
        Self { candidate, statistics: None, error: None }
    }
}

/// All plausible joins of the tables, the best first: scores from [`PLAUSIBLE`] on, so also some
/// that only the data can confirm.
pub fn propose(schemas: &[TableSchema], statistics: &TableStatistics) -> Vec<Candidate> {
    let tables = tables::TableIndex::read(schemas, statistics);
    let mut found = references::find(&tables);
    found.extend(composite::find(&tables));
    found.extend(tables.shared_without_owner());
    found.retain(|candidate| candidate.score >= PLAUSIBLE);
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut seen = HashSet::new();
    let first: Vec<bool> = found.iter().map(|join| seen.insert((&join.left, &join.right, &join.on))).collect();
    let mut first = first.into_iter();
    found.retain(|_| first.next().unwrap_or_default());
    found
}

/// Joins by names, types and keys alone.
pub fn detect(schemas: &[TableSchema], statistics: &TableStatistics) -> ResolvedJoins {
    let order: Vec<TableName> = schemas.iter().map(|schema| schema.table.clone()).collect();
    resolve(&order, propose(schemas, statistics).into_iter().map(VerifiedCandidate::from).collect())
}

/// For each column of a table, whether its name and type are those of a key: a column that a join
/// could use.
pub fn potential_keys(schema: &TableSchema) -> Vec<bool> {
    tables::potential_keys(&super::naming::Vocabulary::of([schema]), schema)
}

/// Types that can be keys: equal times, floats or booleans say nothing about a reference.
const fn can_be_key(t: ColumnType) -> bool {
    use ColumnType::*;
    matches!(t, String | Bytes | Int64 | Numeric | BigNumeric)
}

/// Whether two keys can be compared without a cast: SQL that compares two types fails.
fn joinable(left: ColumnType, right: ColumnType) -> bool {
    can_be_key(left) && can_be_key(right) && super::validate::comparable(left, right)
}

/// What one query counts about two tables.
#[derive(Debug, Clone, PartialEq)]
pub struct PairQuery {
    /// Positions of the tables in the given list; equal if a table refers to itself.
    pub left: usize,
    pub right: usize,
    pub on: Vec<Vec<KeyPair>>,
    /// For each candidate to verify: its position, its position in `on`, and whether its direction
    /// is reversed.
    pub candidates: Vec<(usize, usize, bool)>,
}

/// The queries that verify the candidates, one per pair of tables, in the order of the candidates.
pub fn pair_queries(order: &[TableName], candidates: &[Candidate]) -> Vec<PairQuery> {
    let mut queries: Vec<PairQuery> = vec![];
    let places: HashMap<&TableName, usize> = order.iter().enumerate().rev().map(|(place, table)| (table, place)).collect();
    let mut of_tables: HashMap<(usize, usize), usize> = HashMap::new();
    let mut of_pairs: HashMap<(usize, Vec<KeyPair>), usize> = HashMap::new();
    for (i, candidate) in candidates.iter().enumerate() {
        let ends = places.get(&candidate.left).zip(places.get(&candidate.right));
        let Some((&left, &right)) = ends else { continue };
        let reversed = left > right;
        let straight = if reversed { candidate.clone().reversed() } else { candidate.clone() };
        let (left, right) = (left.min(right), left.max(right));
        let at = *of_tables.entry((left, right)).or_insert_with(|| {
            queries.push(PairQuery { left, right, on: vec![], candidates: vec![] });
            queries.len() - 1
        });
        let query = &mut queries[at];
        let mut on = straight.on;
        on.sort_unstable();
        let list = *of_pairs.entry((at, on)).or_insert_with_key(|(_, on)| {
            query.on.push(on.clone());
            query.on.len() - 1
        });
        query.candidates.push((i, list, reversed));
    }
    queries
}

/// Candidates with the results of [`pair_queries`]: what was counted for each list of pairs, or why
/// it could not be counted.
pub fn verify_candidates(
    candidates: Vec<Candidate>,
    queries: &[PairQuery],
    answers: &[Result<Vec<Option<KeyStatistics>>, String>],
) -> Vec<VerifiedCandidate> {
    let mut verified: Vec<VerifiedCandidate> = candidates.into_iter().map(VerifiedCandidate::from).collect();
    for (query, answer) in queries.iter().zip(answers) {
        for (i, list, reversed) in &query.candidates {
            let one = &mut verified[*i];
            match answer {
                Ok(counted) => {
                    let Some(statistics) = counted.get(*list).copied().flatten() else { continue };
                    let statistics = if *reversed { statistics.reversed() } else { statistics };
                    *one = verify_candidate(one.candidate.clone(), statistics);
                }
                Err(message) => one.error = Some(message.clone()),
            }
        }
    }
    verified
}

/// The joins of some tables, and what finding them took.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct JoinDetection {
    #[serde(flatten)]
    pub resolved: ResolvedJoins,
    /// Set if the data were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// Columns that look like keys and cannot be any, as sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The verification of joins and its cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Verification {
    /// Verified pairs of tables.
    pub pairs: u32,
    /// Queries that were run; the other results were cached.
    pub queries: u32,
    /// No query ran.
    pub cached: bool,
    /// Bytes that were read; `None` if the engine does not report them.
    pub bytes_processed: Option<u64>,
    /// US dollars; `None` if reading is free.
    pub price_usd: Option<f64>,
}

/// What verifying with the data would cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct VerifyEstimate {
    pub pairs: u32,
    /// Queries that would run: pairs whose result is cached cost nothing.
    pub queries: u32,
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// Join statistics of a join in a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JoinStatistics {
    /// The joined table, by its name in the dataset.
    pub table: SourceName,
    pub on: Vec<JoinKey>,
    /// `None` if the data were not read, or could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
    /// Why the data could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Join statistics of a dataset, and what reading the missing ones costs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct VerifiedJoins {
    /// Those that have keys, in the order of the config.
    pub joins: Vec<JoinStatistics>,
    /// What is still to be queried, and its price; nothing if all is cached.
    pub open: VerifyEstimate,
}

#[cfg(test)]
mod tests;
