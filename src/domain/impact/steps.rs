//! Entities counted in steps: how many a threshold keeps, and bars to draw.

use serde::{Deserialize, Serialize};

use crate::domain::sql::{MILLION, MOST_REVENUE};

/// The step of all larger numbers.
const LAST_STEP: i64 = MOST_REVENUE * MILLION;

/// Entities from this number on, below the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeStep {
    pub from: i64,
    #[serde(rename = "members")]
    pub entities: u64,
    /// Those of exactly `from`.
    pub at_edge: u64,
}

/// How many entities stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub entities: u64,
    /// No step is cut by a threshold. Otherwise the entities of a step are taken to be spread
    /// evenly in it.
    pub exact: bool,
}

/// Entities between two thresholds, both included.
pub(super) fn between(steps: &[SizeStep], min: Option<f64>, max: Option<f64>, digits: u32) -> Stay {
    let all: u64 = steps.iter().map(|step| step.entities).sum();
    let below = min.map_or((0.0, true), |min| before(steps, min, digits, false));
    let up_to = max.map_or((all as f64, true), |max| before(steps, max, digits, true));
    let entities = (up_to.0 - below.0).round().max(0.0) as u64;
    Stay { entities, exact: below.1 && up_to.1 }
}

/// How many are below a number (with `included`, at most it), and whether that is exact.
fn before(steps: &[SizeStep], number: f64, digits: u32, included: bool) -> (f64, bool) {
    let (mut count, mut exact) = (0.0, true);
    for step in steps.iter().filter(|step| step.entities > 0) {
        let (from, entities) = (step.from as f64, step.entities as f64);
        if step.from < 0 {
            // Everything below 0 is one step.
            count += if number >= 0.0 { entities } else { 0.0 };
            exact &= number >= 0.0;
            continue;
        }
        let end = next(step.from, digits) as f64;
        if number >= end && step.from < LAST_STEP {
            count += entities;
        } else if number > from {
            let others = step.entities.saturating_sub(step.at_edge) as f64;
            count += step.at_edge as f64 + others * ((number - from) / (end - from)).min(1.0);
            exact &= others == 0.0;
        } else if included && number == from {
            count += step.at_edge as f64;
        }
    }
    (count, exact)
}

/// The number that this share of the entities does not exceed, to the precision of the steps: the
/// beginning of the step that it is in.
pub fn quantile(steps: &[SizeStep], share: f64) -> Option<i64> {
    let all: u64 = steps.iter().map(|step| step.entities).sum();
    // 0.28 of 25 is 7.000000000000001: tolerates the rounding of a share that should be a whole
    // count.
    let place = share * all as f64 - 1e-6;
    let mut count = 0;
    let reached = |step: &&SizeStep| {
        count += step.entities;
        count as f64 >= place
    };
    steps.iter().find(reached).map(|step| step.from)
}

/// A whole number cut to its first digits: 12345 to 12300.
fn leading_digits(number: i64, digits: u32) -> i64 {
    let unit = unit(number, digits);
    number - number % unit
}

/// Where the step after the one that begins here begins.
fn next(from: i64, digits: u32) -> i64 {
    from.saturating_add(unit(from, digits))
}

/// The distance between numbers of so many digits at this one.
fn unit(number: i64, digits: u32) -> i64 {
    let mut unit = 1;
    while number / unit >= 10i64.pow(digits) {
        unit *= 10;
    }
    unit
}

/// Entities from one number on, below another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    pub from: i64,
    pub to: i64,
    pub entities: u64,
}

/// Where bars may begin: the first digits of their numbers, from 10 to 99.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ladder(&'static [i64]);

impl Ladder {
    /// From fine to coarse.
    const ALL: [Ladder; 6] = [
        Ladder(&[]),
        Ladder(&[10, 12, 14, 16, 18, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90]),
        Ladder(&[10, 12, 15, 20, 25, 30, 40, 50, 60, 80]),
        Ladder(&[10, 15, 20, 30, 50, 70]),
        Ladder(&[10, 20, 50]),
        Ladder(&[10]),
    ];

    /// The largest number of this ladder that is not above a number; the finest has all of two
    /// digits.
    fn floor(self, number: i64) -> i64 {
        let two = leading_digits(number, 2);
        if two < 10 {
            // Below 10 there are no two digits: one is enough.
            return match self.0 {
                [10] => {
                    if two == 0 {
                        0
                    } else {
                        1
                    }
                }
                _ => two,
            };
        }
        let unit = unit(two, 2);
        match self.0.iter().rev().find(|digits| **digits * unit <= two) {
            Some(digits) => digits * unit,
            None => two,
        }
    }

    fn next(self, from: i64) -> i64 {
        if from < 10 {
            return match self.0 {
                [10] if from > 0 => 10,
                _ => from + 1,
            };
        }
        let unit = unit(from, 2);
        let digits = from / unit;
        match self.0 {
            [] => from + unit,
            rungs => rungs.iter().find(|rung| **rung > digits).map_or(100, |rung| *rung) * unit,
        }
    }
}

/// At most so many bars, from the first step with entities to the last; steps below 0 are one bar
/// that begins at -1.
pub fn bars(steps: &[SizeStep], most: usize) -> Vec<Bar> {
    let positive = || steps.iter().filter(|step| step.from >= 0 && step.entities > 0);
    let mut bars: Vec<Bar> = vec![];
    let negative: u64 = steps.iter().filter(|step| step.from < 0).map(|step| step.entities).sum();
    if negative > 0 {
        bars.push(Bar { from: -1, to: 0, entities: negative });
    }
    let (Some(first), Some(last)) = (positive().next(), positive().next_back()) else { return bars };
    // Skips nothing and next to nothing, which would be many empty bars.
    let room = most.saturating_sub(bars.len() + 1);
    let mut from = first.from;
    if from == 0 {
        let zero = positive().next().map_or(0, |step| step.entities);
        from = positive().nth(1).map_or(0, |step| step.from);
        bars.push(Bar { from: 0, to: from.max(1), entities: zero });
        if from == 0 {
            return bars;
        }
    }
    let edges = |ladder: Ladder| {
        let mut edges = vec![ladder.floor(from)];
        while let Some(edge) = edges.last().copied().filter(|edge| *edge <= last.from && edges.len() <= room + 1) {
            edges.push(ladder.next(edge));
        }
        edges
    };
    let ladders = Ladder::ALL;
    let edges = ladders.into_iter().map(edges).find(|edges| edges.len() <= room + 1).unwrap_or_else(|| edges(Ladder(&[10])));
    for pair in edges.windows(2) {
        let entities =
            positive().filter(|step| step.from > 0 && (pair[0]..pair[1]).contains(&step.from)).map(|step| step.entities);
        bars.push(Bar { from: pair[0], to: pair[1], entities: entities.sum() });
    }
    // Zero's bar ends where the next begins.
    for i in 1..bars.len() {
        if bars[i - 1].from == 0 {
            bars[i - 1].to = bars[i].from;
        }
    }
    bars
}
