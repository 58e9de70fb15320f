//! From verified candidates to suggestions: the best of each reference, no join twice, and the tree
//! that connects the tables.

use std::collections::{HashMap, HashSet};

use super::{Confidence, DetectedJoin, KeyPair, ResolvedJoins, THRESHOLD, VerifiedCandidate};
use crate::domain::dataset::JoinType;
use crate::domain::name::{ColumnName, TableName};

/// Keeps what is good enough. `order` are the tables as given: the first is the root of the tree.
pub fn resolve(order: &[TableName], mut verified: Vec<VerifiedCandidate>) -> ResolvedJoins {
    let places: HashMap<&TableName, usize> = order.iter().enumerate().map(|(i, table)| (table, i)).collect();
    let ends = |one: &VerifiedCandidate| places.get(&one.candidate.left).copied().zip(places.get(&one.candidate.right).copied());
    verified.retain(|one| one.candidate.score >= THRESHOLD && ends(one).is_some());
    verified.sort_by(|a, b| b.candidate.score.total_cmp(&a.candidate.score));
    let all: Vec<(usize, usize)> = verified.iter().filter_map(ends).collect();
    let selected = selected(order.len(), &verified, &all);
    let ends: Vec<(usize, usize)> = selected.iter().map(|i| all[*i]).collect();
    let mut joins: Vec<Option<VerifiedCandidate>> = verified.into_iter().map(Some).collect();
    let mut joins: Vec<DetectedJoin> = selected.into_iter().filter_map(|i| joins[i].take()).map(detected).collect();
    let tree = tree(order.len(), &joins, &ends);
    let mut reached = vec![false; order.len()];
    if let Some(root) = reached.first_mut() {
        *root = true;
    }
    for position in &tree {
        joins[*position].in_tree = true;
        let (left, right) = ends[*position];
        // Trees of other components come after the first one's and share no table with it.
        if reached[left] || reached[right] {
            (reached[left], reached[right]) = (true, true);
        }
    }
    let unconnected = order.iter().zip(reached).filter(|(_, reached)| !reached).map(|(table, _)| table.clone()).collect();
    ResolvedJoins { joins, tree, unconnected }
}

/// Column pairs in a canonical order.
type Pairs<'c> = Vec<(&'c ColumnName, &'c ColumnName)>;

/// Positions of the joins that are suggested: a column refers to one table, and a table that refers
/// to another is not referred to by the same columns.
fn selected(tables: usize, verified: &[VerifiedCandidate], ends: &[(usize, usize)]) -> Vec<usize> {
    let mut referred: HashSet<(usize, Vec<&ColumnName>)> = HashSet::new();
    let mut linked: HashSet<(usize, usize, Pairs)> = HashSet::new();
    let mut parts = Parts((0..tables).collect());
    let last_resort = |i: &usize| verified[*i].candidate.last_resort && verified[*i].statistics.is_none();
    let mut selected = vec![];
    for i in (0..verified.len()).filter(|i| !last_resort(i)) {
        let (left, right) = ends[i];
        let sorted = |side: fn(&KeyPair) -> (&ColumnName, &ColumnName)| {
            let mut pairs: Vec<_> = verified[i].candidate.on.iter().map(side).collect();
            pairs.sort_unstable();
            pairs
        };
        let pairs = sorted(|pair| (&pair.left, &pair.right));
        let columns = pairs.iter().map(|(left, _)| *left).collect();
        if linked.contains(&(right, left, sorted(|pair| (&pair.right, &pair.left)))) || !referred.insert((left, columns)) {
            continue;
        }
        linked.insert((left, right, pairs));
        parts.join(left, right);
        selected.push(i);
    }
    // Tables that only share a key are joined by it if nothing else connects them.
    selected.extend((0..verified.len()).filter(|i| last_resort(i) && parts.join(ends[*i].0, ends[*i].1)));
    selected
}

fn detected(one: VerifiedCandidate) -> DetectedJoin {
    DetectedJoin {
        confidence: Confidence::of(one.candidate.score),
        join: one.candidate,
        join_type: JoinType::Left,
        in_tree: false,
        statistics: one.statistics.map(|statistics| statistics.shares()),
        error: one.error,
    }
}

/// The maximum spanning tree, grown from the first table so that its order is a join order. Of
/// equally good joins, a lookup comes before one that multiplies rows. A component without a
/// connection to the first table has a tree of its own. The best joins come first.
fn tree(tables: usize, joins: &[DetectedJoin], ends: &[(usize, usize)]) -> Vec<usize> {
    let mut reached = vec![false; tables];
    let mut tree = vec![];
    for root in 0..tables {
        if std::mem::replace(&mut reached[root], true) {
            continue;
        }
        loop {
            let mut best: Option<(usize, bool)> = None;
            for (i, (left, right)) in ends.iter().enumerate() {
                if best.is_some_and(|(best, looks_up)| looks_up || joins[best].join.score > joins[i].join.score) {
                    break;
                }
                if reached[*left] != reached[*right] && (best.is_none() || reached[*left]) {
                    best = Some((i, reached[*left]));
                }
            }
            let Some((i, _)) = best else { break };
            let (left, right) = ends[i];
            (reached[left], reached[right]) = (true, true);
            tree.push(i);
        }
    }
    tree
}

/// Connected components of the tables: each table points at another of its component, one at
/// itself.
struct Parts(Vec<usize>);

impl Parts {
    fn root(&self, mut table: usize) -> usize {
        while self.0[table] != table {
            table = self.0[table];
        }
        table
    }

    /// Connects two tables; false if they were connected already.
    fn join(&mut self, left: usize, right: usize) -> bool {
        let (left, right) = (self.root(left), self.root(right));
        self.0[left] = right;
        left != right
    }
}
