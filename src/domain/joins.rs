//! Which tables can be joined, and by what: proposals from names, types and keys; weighed by the data where someone looked; settled to the best one
//! of each reference and a tree that connects the tables.
//!
//! [`propose`] tells all that is plausible, [`weigh`] corrects a proposal by evidence, [`settle`] keeps what is good enough.

use serde::{Deserialize, Serialize};

use super::dataset::JoinType;
use super::facts::Facts;
use super::name::{ColumnName, TableName};
use super::schema::{Column, ColumnType, TableSchema};

mod composite;
mod evidence;
mod references;
mod settle;
mod tables;

pub use evidence::{Evidence, KeySide, Shares, weigh};
pub use settle::settle;

/// Nothing below is suggested.
pub const THRESHOLD: f64 = 0.5;
/// Proposals from here on are worth a look at the data.
pub const PLAUSIBLE: f64 = 0.25;
/// From here on a join is as good as certain.
pub const HIGH: f64 = 0.8;
/// From here on it is likely.
pub const MEDIUM: f64 = 0.65;
/// Most tables that are looked at together.
pub const MAX_TABLES: usize = 60;

/// A score in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// `left = right`; several together are a composite key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyPair {
    pub left: ColumnName,
    pub right: ColumnName,
}

/// A join that may be: many rows of `left` refer to one of `right`. Both are one table where a table refers to itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub left: TableName,
    pub right: TableName,
    /// One pair, or the pairs of a composite key.
    pub on: Vec<KeyPair>,
    /// 0 to 1.
    pub score: f64,
    /// Sentences.
    pub reasons: Vec<String>,
    /// Neither table has the key once a row, as far as names tell: good only for tables that nothing else connects.
    #[serde(default, skip_serializing)]
    pub last_resort: bool,
}

impl Candidate {
    /// The same join seen from the other side.
    fn reversed(self) -> Self {
        let on = self.on.into_iter().map(|pair| KeyPair { left: pair.right, right: pair.left }).collect();
        Self { left: self.right, right: self.left, on, ..self }
    }

    /// `orders.user_id = users.id`, for people.
    pub fn text(&self) -> String {
        let pair = |pair: &KeyPair| format!("{}.{} = {}.{}", self.left.table(), pair.left, self.right.table(), pair.right);
        self.on.iter().map(pair).collect::<Vec<_>>().join(" and ")
    }
}

/// A join that is suggested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectedJoin {
    #[serde(flatten)]
    pub join: Candidate,
    #[serde(rename = "type")]
    pub join_type: JoinType,
    pub confidence: Confidence,
    /// One of the joins that connect the tables.
    pub in_tree: bool,
    /// What the data say, where they were asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Shares>,
    /// Why the data could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The joins of some tables.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Settled {
    /// At or above [`THRESHOLD`], the best first.
    pub joins: Vec<DetectedJoin>,
    /// Positions in `joins` of those in the tree, in an order in which a dataset can join them: each has one table among those before it.
    pub tree: Vec<usize>,
    /// Tables that no join reaches from the first table.
    pub unconnected: Vec<TableName>,
}

/// A proposal, and what became of the question to the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    pub candidate: Candidate,
    pub evidence: Option<Evidence>,
    pub error: Option<String>,
}

impl From<Candidate> for Weighed {
    fn from(candidate: Candidate) -> Self {
        Self { candidate, evidence: None, error: None }
    }
}

/// All plausible joins of the tables, the best first: scores of [`PLAUSIBLE`] and more, so also such as only the data can make good.
pub fn propose(schemas: &[TableSchema], facts: &Facts) -> Vec<Candidate> {
    let tables = tables::Tables::read(schemas, facts);
    let mut found = references::find(&tables);
    found.extend(composite::find(&tables));
    found.extend(tables.shared_without_owner());
    found.retain(|candidate| candidate.score >= PLAUSIBLE);
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut seen = std::collections::HashSet::new();
    found.retain(|candidate| seen.insert((candidate.left.clone(), candidate.right.clone(), candidate.on.clone())));
    found
}

/// Joins by names, types and keys alone.
pub fn detect(schemas: &[TableSchema], facts: &Facts) -> Settled {
    let order: Vec<TableName> = schemas.iter().map(|schema| schema.table.clone()).collect();
    settle(&order, propose(schemas, facts).into_iter().map(Weighed::from).collect())
}

/// Whether a column is named and typed as keys are: what a join could go by.
pub fn is_potential_key(schema: &TableSchema, column: &Column) -> bool {
    let tables = [schema];
    let vocabulary = super::naming::Vocabulary::of(tables);
    tables::is_potential_key(&vocabulary, schema, column)
}

/// Types that can be keys (G-64: no times, floats or booleans).
const fn can_be_key(t: ColumnType) -> bool {
    use ColumnType::*;
    matches!(t, String | Bytes | Int64 | Numeric | BigNumeric)
}

/// Whether two keys can be compared as they are (G-63).
fn joinable(left: ColumnType, right: ColumnType) -> bool {
    can_be_key(left) && can_be_key(right) && super::validate::comparable(left, right)
}
