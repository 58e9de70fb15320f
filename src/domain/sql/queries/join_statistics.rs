//! Join statistics of two tables: one query for any number of key pairs, since BigQuery charges for
//! each table once per query.
//!
//! Counts each side's keys first and joins the counts, so that a join which would multiply rows a
//! millionfold costs no more than another.

use crate::domain::joins::{KeyPair, KeySide, KeyStatistics};
use crate::domain::schema::{ColumnType, TableSchema};
use crate::domain::sql::expr::{Expr, Ident, sum_if};
use crate::domain::sql::keywords::{BinaryOp, Function, JoinKind};
use crate::domain::sql::pipeline::any_partition;
use crate::domain::sql::plan::must_filter;
use crate::domain::sql::query::{Body, Cte, From, Item, JoinClause, Query, Select};
use crate::domain::sql::render::render;
use crate::domain::value::{Rows, Value};

const ROWS: &str = "row_count";

/// The query that counts the keys of two tables, by a list of column pairs each. One row per list
/// and side: `pair` (from 0), `side` (`left`, `right`), `all_rows`, `rows_with_key`, `key_count`,
/// `largest`, `matched_rows`, `common_keys`, `pair_count`. With a project, tables are written
/// `project.raw_data.t`.
pub fn join_statistics_query(project: Option<&str>, left: &TableSchema, right: &TableSchema, pairs: &[Vec<KeyPair>]) -> String {
    let mut with = vec![];
    let mut parts = vec![];
    for (i, on) in pairs.iter().enumerate() {
        let names = [format!("left_{}", i + 1), format!("right_{}", i + 1)];
        let columns = [on.iter().map(|pair| pair.left.as_str()).collect(), on.iter().map(|pair| pair.right.as_str()).collect()];
        for ((schema, name), columns) in [left, right].into_iter().zip(&names).zip(&columns) {
            with.push(Cte { name: name.as_str().into(), select: counted(project, schema, columns) });
        }
        let [l, r] = &names;
        parts.push(side(i, "left", l, r, on.len()));
        parts.push(side(i, "right", r, l, on.len()));
    }
    render(&Query { with, body: Body::UnionAll(parts) })
}

/// Rows of a table by key.
fn counted(project: Option<&str>, schema: &TableSchema, columns: &Vec<&str>) -> Select {
    let path = match project {
        Some(project) => format!("{project}.{}", schema.table),
        None => schema.table.to_string(),
    };
    let keys: Vec<Expr> = columns.iter().map(|column| Expr::of("t", *column)).collect();
    let mut items: Vec<Item> = keys.iter().enumerate().map(|(i, key)| Item::named(key.clone(), key_name(i))).collect();
    items.push(Item::named(Expr::CountRows, ROWS));
    let mut select = Select::new(items, From::Table { path: path.into(), alias: Some("t".into()) });
    select.filter.extend(must_filter(schema).map(|(column, column_type)| any_partition(&column, column_type)));
    select.group_by = keys;
    select
}

/// The numbers of one side.
fn side(pair: usize, word: &str, own: &str, other: &str, keys: usize) -> Select {
    let rows = |cte: &str| Expr::of(cte, ROWS);
    let key = |cte: &str, i: usize| Expr::of(cte, key_name(i));
    let has_key = || Expr::All((0..keys).map(|i| key(own, i).not_null_test()).collect());
    let found = || rows(other).not_null_test();
    let zero = || Expr::int(0);
    let when = |condition: Expr, value: Expr, otherwise: Expr| Expr::Case {
        branches: vec![(condition, value)],
        otherwise: Some(Box::new(otherwise)),
    };
    let float = |value: Expr| value.cast(ColumnType::Float64);
    // INT64 is too small for the pairs of two large tables.
    let pairs = when(found(), float(rows(own)).binary(BinaryOp::Multiply, float(rows(other))), float(zero()));
    let items = vec![
        Item::named(Expr::int(pair as i64), "pair"),
        Item::named(Expr::text(word), "side"),
        Item::named(Expr::call(Function::Coalesce, [Expr::call(Function::Sum, [rows(own)]), zero()]), "all_rows"),
        Item::named(sum_if(has_key(), rows(own)), "rows_with_key"),
        Item::named(sum_if(has_key(), Expr::int(1)), "key_count"),
        Item::named(
            Expr::call(Function::Coalesce, [Expr::call(Function::Max, [when(has_key(), rows(own), zero())]), zero()]),
            "largest",
        ),
        Item::named(sum_if(found(), rows(own)), "matched_rows"),
        Item::named(sum_if(found(), Expr::int(1)), "common_keys"),
        Item::named(Expr::call(Function::Coalesce, [Expr::call(Function::Sum, [pairs]), float(zero())]), "pair_count"),
    ];
    let mut select = Select::new(items, From::cte(own));
    let on = (0..keys).map(|i| key(own, i).binary(BinaryOp::Equal, key(other, i))).collect();
    select.joins.push(JoinClause { kind: JoinKind::Left, to: From::cte(other), on });
    select
}

fn key_name(position: usize) -> Ident {
    format!("key{}", position + 1).into()
}

/// The results of [`join_statistics_query`] for so many lists of pairs, in their order; `None` for
/// a list without a row.
pub fn read_join_statistics(rows: &Rows, pairs: usize) -> Vec<Option<KeyStatistics>> {
    let number = |row: usize, name: &str| match rows.get(row, name) {
        Some(Value::Int(number)) => u64::try_from(*number).ok(),
        // Saturates at the largest u64.
        Some(Value::Float(number)) => Some(number.round() as u64),
        _ => None,
    };
    let row_of = |pair: usize, word: &str| {
        (0..rows.rows.len())
            .find(|row| number(*row, "pair") == Some(pair as u64) && rows.get(*row, "side").and_then(Value::as_str) == Some(word))
    };
    let side = |row: usize| {
        Some(KeySide {
            rows: number(row, "all_rows")?,
            rows_with_key: number(row, "rows_with_key")?,
            keys: number(row, "key_count")?,
            largest: number(row, "largest")?,
            matched_rows: number(row, "matched_rows")?,
        })
    };
    let statistics = |pair: usize| {
        let (left, right) = (row_of(pair, "left")?, row_of(pair, "right")?);
        Some(KeyStatistics {
            left: side(left)?,
            right: side(right)?,
            common_keys: number(left, "common_keys")?,
            pairs: number(left, "pair_count")?,
        })
    };
    (0..pairs).map(statistics).collect()
}
