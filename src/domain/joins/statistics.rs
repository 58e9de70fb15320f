//! How far join statistics change the score of a candidate. Names are the prior: keys contain each
//! other by chance, as the numbers 1 to n of any two tables do, so that data alone make no join.

use serde::{Deserialize, Serialize};

use super::{Candidate, PLAUSIBLE, THRESHOLD, VerifiedCandidate};
use crate::domain::format::{counted, integer, word};

/// Key statistics of one side of a join. Rows in which a part of the key is NULL have no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeySide {
    pub rows: u64,
    pub rows_with_key: u64,
    /// Different keys.
    pub keys: u64,
    /// Rows of the most frequent key.
    pub largest: u64,
    /// Rows whose key exists on the other side.
    pub matched_rows: u64,
}

/// Statistics of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyStatistics {
    pub left: KeySide,
    pub right: KeySide,
    /// Keys that both sides have.
    pub common_keys: u64,
    /// Pairs of rows with the same key: the rows of an inner join.
    pub pairs: u64,
}

impl KeyStatistics {
    pub fn reversed(self) -> Self {
        Self { left: self.right, right: self.left, ..self }
    }

    /// Share of the left keys that exist on the right; `None` if the left has no keys.
    pub fn inclusion(&self) -> Option<f64> {
        share(self.common_keys, self.left.keys)
    }

    /// Share of the right keys that exist on the left.
    pub fn coverage(&self) -> Option<f64> {
        share(self.common_keys, self.right.keys)
    }

    /// Distinct right keys per right row with a key: 1 if each row has its own.
    pub fn uniqueness(&self) -> Option<f64> {
        share(self.right.keys, self.right.rows_with_key)
    }

    /// In the API and on pages.
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

/// Corrects a candidate by its join statistics. Swaps the sides if the data show that the left is
/// the one referred to.
pub fn verify_candidate(candidate: Candidate, statistics: KeyStatistics) -> VerifiedCandidate {
    let as_it_is = score(candidate.score, &statistics);
    let (candidate, statistics, score) = match score(candidate.score * 0.9, &statistics.reversed()) {
        // Only if the right cannot be the referenced side: of two unique sides, the names decide.
        swapped if swapped > as_it_is && statistics.uniqueness().is_some_and(|unique| unique < UNIQUE) => {
            (candidate.reversed(), statistics.reversed(), swapped)
        }
        _ => (candidate, statistics, as_it_is),
    };
    let mut candidate = Candidate { score: (score.clamp(0.0, 1.0) * 100.0).round() / 100.0, ..candidate };
    candidate.reasons.extend(sentences(&candidate, &statistics));
    VerifiedCandidate { candidate, statistics: Some(statistics), error: None }
}

/// Above this a key counts as unique, apart from dirty rows.
const UNIQUE: f64 = 0.95;

/// From the score by name to the score with data.
fn score(prior: f64, statistics: &KeyStatistics) -> f64 {
    let (Some(inclusion), Some(coverage), Some(uniqueness)) =
        (statistics.inclusion(), statistics.coverage(), statistics.uniqueness())
    else {
        // An empty table proves nothing.
        return prior;
    };
    let unique = ((uniqueness - 0.5) / (UNIQUE - 0.5)).clamp(0.0, 1.0);
    // A table with a part of the keys and no others is still what they refer to, if the names are
    // clear.
    let partial = if prior >= 0.75 && inclusion > 0.0 { 0.7 * coverage } else { 0.0 };
    let included = inclusion.max(partial);
    let held = unique * (0.1 + 0.9 * included);
    if held < 0.9 {
        return prior * held;
    }
    // Numbers from 1 to n contain each other by chance: data decide what the names leave open only
    // if there are enough keys.
    let telling = statistics.left.keys >= 3 && coverage >= 0.02;
    match prior {
        clear if clear >= THRESHOLD => clear + (1.0 - clear) * 0.6 * held,
        weak if weak >= PLAUSIBLE && telling && inclusion >= 0.99 => (weak + 0.2).clamp(THRESHOLD, 0.64),
        weak => weak,
    }
}

fn sentences(candidate: &Candidate, statistics: &KeyStatistics) -> Vec<String> {
    let shares = statistics.shares();
    let (left, right) = (candidate.left.table(), candidate.right.table());
    let mut sentences = vec![];
    match shares.inclusion {
        None => sentences.push(format!("{left} has no keys to compare.")),
        Some(all) if all >= 1.0 => sentences.push(match shares.left_keys {
            1 => format!("The one key of {left} is in {right}."),
            keys => format!("All {keys} keys of {left} are in {right}."),
        }),
        Some(_) => {
            let (found, all) = (shares.left_keys_found, counted(shares.left_keys, "key", "keys"));
            sentences.push(format!("{} of {all} of {left} {} in {right}.", integer(found), word(found, "is", "are")));
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
