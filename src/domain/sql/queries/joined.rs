//! What each join does to the rows: how many there were, how many found a partner, how many came
//! out, and the most partners of one row. A key that is not unique multiplies rows without an
//! error, and an average would hide skew. From key columns alone, in one pass: each joined table is
//! first counted by its keys, and counts multiply along the chain.

use super::analysis::JoinMeasure;
use crate::domain::dataset::JoinType;
use crate::domain::sql::expr::{Expr, sum_if};
use crate::domain::sql::keywords::{BinaryOp, Function, JoinKind};
use crate::domain::sql::pipeline::Pipeline;
use crate::domain::sql::plan::Plan;
use crate::domain::sql::query::{From, Item, JoinClause, Select};

/// Rows of a source that share their keys.
const ROWS: &str = "row_count";

/// The numbers of all joins and the names of their columns, and the tables that they are taken
/// from; `None` without joins.
pub(super) fn statistics(pipeline: &mut Pipeline) -> Option<(Vec<(String, Expr)>, Select)> {
    let plan = pipeline.plan;
    if plan.sources.len() < 2 {
        return None;
    }
    let keys: Vec<Vec<&str>> = (0..plan.sources.len()).map(|position| keys_of(plan, position)).collect();
    let ctes: Vec<String> = (0..plan.sources.len()).map(|position| counted(pipeline, position, &keys[position])).collect();
    let key = |position: usize, column: &str| {
        let found = keys[position].iter().position(|name| *name == column).unwrap_or_default();
        Expr::of(ctes[position].as_str(), key_name(found))
    };
    let rows = |position: usize| Expr::of(ctes[position].as_str(), ROWS);
    let found = |position: usize| rows(position).not_null_test();

    let mut select = Select::new(vec![], From::cte(ctes[0].as_str()));
    let mut numbers = vec![];
    // A source that a row has nothing of leaves its weight as it is.
    let weighs = |position: usize| Expr::call(Function::Coalesce, [rows(position), Expr::int(1)]);
    // How many rows one stands for so far, and whether the joins so far leave it: what an inner
    // join drops still stands here, to be counted before.
    let (mut weight, mut stays) = (weighs(0), found(0));
    for (position, source) in plan.sources.iter().enumerate().skip(1) {
        let Some(planned) = &source.join else { continue };
        let mut on: Vec<Expr> =
            planned.keys.iter().map(|(left, l, r)| key(*left, l).binary(BinaryOp::Equal, key(position, r))).collect();
        let outlives = matches!(planned.join.join_type, JoinType::Right | JoinType::Full);
        let kind = if outlives {
            // A row that was dropped earlier has no partner.
            on.push(stays.clone());
            JoinKind::Full
        } else {
            JoinKind::Left
        };
        select.joins.push(JoinClause { kind, to: From::cte(ctes[position].as_str()), on });
        let matched = Expr::All(vec![stays.clone(), found(position)]);
        let after = weight.clone().binary(BinaryOp::Multiply, weighs(position));
        let left = match planned.join.join_type {
            JoinType::Inner => matched.clone(),
            JoinType::Left => stays.clone(),
            JoinType::Right => found(position),
            JoinType::Full => stays.clone().or(found(position)),
        };
        let most = Expr::Case { branches: vec![(matched.clone(), rows(position))], otherwise: Some(Box::new(Expr::int(0))) };
        let largest = Expr::call(Function::Coalesce, [Expr::call(Function::Max, [most]), Expr::int(0)]);
        numbers.extend([
            (JoinMeasure::RowsBefore.column(position - 1), sum_if(stays, weight.clone())),
            (JoinMeasure::MatchedRows.column(position - 1), sum_if(matched, weight)),
            (JoinMeasure::RowsAfter.column(position - 1), sum_if(left.clone(), after.clone())),
            (JoinMeasure::LargestFanOut.column(position - 1), largest),
        ]);
        (weight, stays) = (after, left);
    }
    Some((numbers, select))
}

/// The columns of a source that joins compare: its own keys, and those of joins after it.
fn keys_of<'p>(plan: &'p Plan<'p>, position: usize) -> Vec<&'p str> {
    let own = plan.sources[position].join.iter().flat_map(|planned| &planned.keys).map(|(_, _, right)| right.as_str());
    let later = plan.sources.iter().filter_map(|source| source.join.as_ref()).flat_map(|planned| &planned.keys);
    let later = later.filter(|(left, ..)| *left == position).map(|(_, column, _)| column.as_str());
    let mut keys: Vec<&str> = vec![];
    for key in own.chain(later) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Adds the CTE that counts a source's rows by their keys.
fn counted(pipeline: &mut Pipeline, position: usize, keys: &[&str]) -> String {
    let source = &pipeline.plan.sources[position].ident;
    let keys: Vec<Expr> = keys.iter().map(|key| Expr::of(source, *key)).collect();
    let mut items: Vec<Item> = keys.iter().enumerate().map(|(i, key)| Item::named(key.clone(), key_name(i))).collect();
    items.push(Item::named(Expr::CountRows, ROWS));
    let mut select = Select::new(items, pipeline.tables[position].clone());
    select.group_by = keys;
    pipeline.add(format!("rows_by_key_{}", position + 1), select)
}

fn key_name(position: usize) -> String {
    format!("key{}", position + 1)
}
