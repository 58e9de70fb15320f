//! What the data say of a proposal, and how much they count. Names are the prior: keys that are included in each other by chance, as the numbers 1 to n
//! of any two tables are, make no join where nothing in the names does.

use serde::{Deserialize, Serialize};

use super::{Candidate, PLAUSIBLE, THRESHOLD, Weighed};

/// One side of a join, by its key alone. Rows in which a part of the key is NULL have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeySide {
    pub rows: u64,
    pub rows_with_key: u64,
    /// Different keys.
    pub keys: u64,
    /// Rows of the key that has most.
    pub largest: u64,
    /// Rows whose key the other side has.
    pub matched_rows: u64,
}

/// What was counted of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    pub left: KeySide,
    pub right: KeySide,
    /// Keys that both sides have.
    pub common_keys: u64,
    /// Pairs of rows with the same key: what an inner join gives.
    pub pairs: u64,
}

impl Evidence {
    pub fn reversed(self) -> Self {
        Self { left: self.right, right: self.left, ..self }
    }

    /// Share of the left keys that the right has; `None` where there are none.
    pub fn inclusion(&self) -> Option<f64> {
        share(self.common_keys, self.left.keys)
    }

    /// Share of the right keys that the left has.
    pub fn coverage(&self) -> Option<f64> {
        share(self.common_keys, self.right.keys)
    }

    /// Right keys by rows that have one: 1 where each row has a key of its own.
    pub fn uniqueness(&self) -> Option<f64> {
        share(self.right.keys, self.right.rows_with_key)
    }

    /// For people and programs.
    pub fn shares(&self) -> Shares {
        let Self { left, right, common_keys, pairs } = *self;
        Shares {
            left_rows: left.rows,
            left_rows_with_key: left.rows_with_key,
            left_keys: left.keys,
            left_keys_found: common_keys,
            right_rows: right.rows,
            right_keys: right.keys,
            right_null_rows: right.rows.saturating_sub(right.rows_with_key),
            largest_fan_out: right.largest,
            inclusion: self.inclusion(),
            uniqueness: self.uniqueness(),
            matched_rows: share(left.matched_rows, left.rows),
            rows_after: pairs + left.rows.saturating_sub(left.matched_rows),
        }
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Join statistics of a left join.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Shares {
    pub left_rows: u64,
    pub left_rows_with_key: u64,
    /// Distinct keys of the left table.
    pub left_keys: u64,
    pub left_keys_found: u64,
    pub right_rows: u64,
    pub right_keys: u64,
    /// Rows of the right table without a key.
    pub right_null_rows: u64,
    /// Largest number of rows per key in the right table.
    pub largest_fan_out: u64,
    /// `left_keys_found` of `left_keys`, 0 to 1; `None` without keys.
    pub inclusion: Option<f64>,
    /// `right_keys` of the right rows with a key, 0 to 1.
    pub uniqueness: Option<f64>,
    /// Share of the left rows with a match.
    pub matched_rows: Option<f64>,
    /// Rows that a left join returns.
    pub rows_after: u64,
}

/// Corrects a proposal by what was counted for it. The sides are swapped where the data say that the left is the one that is referred to.
pub fn weigh(candidate: Candidate, evidence: Evidence) -> Weighed {
    let as_it_is = score(candidate.score, &evidence);
    let (candidate, evidence, score) = match score(candidate.score * 0.9, &evidence.reversed()) {
        // Only where the right cannot be what is referred to: two unique sides are told apart by their names.
        swapped if swapped > as_it_is && evidence.uniqueness().is_some_and(|unique| unique < UNIQUE) => {
            (candidate.reversed(), evidence.reversed(), swapped)
        }
        _ => (candidate, evidence, as_it_is),
    };
    let mut candidate = Candidate { score: (score.clamp(0.0, 1.0) * 100.0).round() / 100.0, ..candidate };
    candidate.reasons.extend(sentences(&candidate, &evidence));
    Weighed { candidate, evidence: Some(evidence), error: None }
}

/// Above this a key is unique but for dirt.
const UNIQUE: f64 = 0.95;

/// From the names' score to the data's.
fn score(prior: f64, evidence: &Evidence) -> f64 {
    let (Some(inclusion), Some(coverage), Some(uniqueness)) = (evidence.inclusion(), evidence.coverage(), evidence.uniqueness())
    else {
        // An empty table says nothing.
        return prior;
    };
    let unique = ((uniqueness - 0.5) / (UNIQUE - 0.5)).clamp(0.0, 1.0);
    // A table that knows a part of the keys, and none but these, is still what they refer to, if the names are clear.
    let partial = if prior >= 0.75 && inclusion > 0.0 { 0.7 * coverage } else { 0.0 };
    let included = inclusion.max(partial);
    let held = unique * (0.1 + 0.9 * included);
    if held < 0.9 {
        return prior * held;
    }
    // Numbers from 1 to n are included in each other by chance: what the names leave open is closed by data only where there are keys to speak of.
    let telling = evidence.left.keys >= 3 && coverage >= 0.02;
    match prior {
        clear if clear >= THRESHOLD => clear + (1.0 - clear) * 0.6 * held,
        weak if weak >= PLAUSIBLE && telling && inclusion >= 0.99 => (weak + 0.2).clamp(THRESHOLD, 0.64),
        weak => weak,
    }
}

fn sentences(candidate: &Candidate, evidence: &Evidence) -> Vec<String> {
    let shares = evidence.shares();
    let (left, right) = (candidate.left.table(), candidate.right.table());
    let mut sentences = vec![];
    match shares.inclusion {
        None => sentences.push(format!("{left} has no keys to compare.")),
        Some(all) if all >= 1.0 => sentences.push(format!("All {} keys of {left} are in {right}.", shares.left_keys)),
        Some(_) => {
            sentences.push(format!("{} of {} keys of {left} are in {right}.", shares.left_keys_found, shares.left_keys));
        }
    }
    match shares.uniqueness {
        None => sentences.push(format!("{right} has no keys.")),
        Some(unique) if unique >= 1.0 => sentences.push(format!("Each key is unique in {right}.")),
        Some(_) => {
            sentences.push(format!("A key occurs up to {} times in {right}: the join multiplies rows.", shares.largest_fan_out))
        }
    }
    sentences
}
