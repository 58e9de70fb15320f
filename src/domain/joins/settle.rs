//! From weighed proposals to suggestions: the best of each reference, no join twice, and the tree that connects the tables.

use std::collections::{HashMap, HashSet};

use super::{Confidence, DetectedJoin, Settled, THRESHOLD, Weighed};
use crate::domain::dataset::JoinType;
use crate::domain::name::{ColumnName, TableName};

/// Keeps what is good enough. `order` are the tables as they were given: the first is the root of the tree.
pub fn settle(order: &[TableName], weighed: Vec<Weighed>) -> Settled {
    let mut joins = suggested(weighed);
    let tree = tree(order, &joins);
    for position in &tree {
        joins[*position].in_tree = true;
    }
    let reached: HashSet<&TableName> = order.first().into_iter().chain(tree_tables(order, &joins, &tree)).collect();
    let unconnected = order.iter().filter(|table| !reached.contains(table)).cloned().collect();
    Settled { joins, tree, unconnected }
}

fn suggested(mut weighed: Vec<Weighed>) -> Vec<DetectedJoin> {
    weighed.retain(|one| one.candidate.score >= THRESHOLD);
    // The wider table of two that are as good is the one that has the thing itself; candidates come in that order.
    weighed.sort_by(|a, b| b.candidate.score.total_cmp(&a.candidate.score));
    let mut referred: HashSet<(TableName, Vec<ColumnName>)> = HashSet::new();
    let mut linked: HashSet<(TableName, TableName, Vec<(ColumnName, ColumnName)>)> = HashSet::new();
    let mut parts = Parts::default();
    let (owned, shared): (Vec<Weighed>, Vec<Weighed>) =
        weighed.into_iter().partition(|one| !one.candidate.last_resort || one.evidence.is_some());
    let mut kept: Vec<Weighed> = vec![];
    for one in owned {
        let join = &one.candidate;
        let mut columns: Vec<ColumnName> = join.on.iter().map(|pair| pair.left.clone()).collect();
        columns.sort_unstable();
        let mut pairs: Vec<(ColumnName, ColumnName)> =
            join.on.iter().map(|pair| (pair.right.clone(), pair.left.clone())).collect();
        pairs.sort_unstable();
        // A column refers to one table; and what refers here is not referred to by the same columns.
        if linked.contains(&(join.right.clone(), join.left.clone(), pairs)) || !referred.insert((join.left.clone(), columns)) {
            continue;
        }
        let mut pairs: Vec<(ColumnName, ColumnName)> =
            join.on.iter().map(|pair| (pair.left.clone(), pair.right.clone())).collect();
        pairs.sort_unstable();
        linked.insert((join.left.clone(), join.right.clone(), pairs));
        parts.join(&join.left, &join.right);
        kept.push(one);
    }
    // Tables that only share a key are joined by it where nothing else connects them.
    kept.extend(shared.into_iter().filter(|one| parts.join(&one.candidate.left, &one.candidate.right)));
    kept.into_iter().map(detected).collect()
}

fn detected(one: Weighed) -> DetectedJoin {
    DetectedJoin {
        confidence: Confidence::of(one.candidate.score),
        join: one.candidate,
        join_type: JoinType::Left,
        in_tree: false,
        evidence: one.evidence.map(|evidence| evidence.shares()),
        error: one.error,
    }
}

/// The maximum spanning tree, grown from the first table so that its order is one of joining. Of joins that are as good, one that looks a row up comes
/// before one that multiplies rows. A part that nothing connects with the first table has a tree of its own.
fn tree(order: &[TableName], joins: &[DetectedJoin]) -> Vec<usize> {
    let mut reached: HashSet<&TableName> = HashSet::new();
    let mut tree = vec![];
    for root in order {
        if !reached.insert(root) {
            continue;
        }
        loop {
            let crosses = |join: &DetectedJoin| reached.contains(&join.join.left) != reached.contains(&join.join.right);
            let looks_up = |join: &DetectedJoin| reached.contains(&join.join.left);
            let rank = |i: usize| (joins[i].join.score, looks_up(&joins[i]));
            let mut best: Option<usize> = None;
            for i in (0..joins.len()).filter(|i| crosses(&joins[*i])) {
                if best.is_none_or(|best| rank(i) > rank(best)) {
                    best = Some(i);
                }
            }
            let Some(i) = best else { break };
            reached.insert(&joins[i].join.left);
            reached.insert(&joins[i].join.right);
            tree.push(i);
        }
    }
    tree
}

/// The tables that the tree reaches from the first one.
fn tree_tables<'j>(order: &'j [TableName], joins: &'j [DetectedJoin], tree: &[usize]) -> Vec<&'j TableName> {
    let mut reached: Vec<&TableName> = order.first().into_iter().collect();
    for join in tree.iter().map(|i| &joins[*i].join) {
        let (left, right) = (reached.contains(&&join.left), reached.contains(&&join.right));
        if left != right {
            reached.push(if left { &join.right } else { &join.left });
        }
    }
    reached
}

/// Which tables are connected.
#[derive(Default)]
struct Parts(HashMap<TableName, TableName>);

impl Parts {
    fn root(&self, table: &TableName) -> TableName {
        let mut at = table;
        while let Some(up) = self.0.get(at) {
            at = up;
        }
        at.clone()
    }

    /// Connects two tables; false if they were.
    fn join(&mut self, left: &TableName, right: &TableName) -> bool {
        let (left, right) = (self.root(left), self.root(right));
        let apart = left != right;
        if apart {
            self.0.insert(left, right);
        }
        apart
    }
}
