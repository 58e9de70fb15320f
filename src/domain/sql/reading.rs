//! Timestamps that a table stores as texts or numbers, converted to DATE or TIMESTAMP. What cannot
//! be read is NULL, never a failed query.

use super::expr::{Expr, Literal};
use super::keywords::{BinaryOp, Function};
use crate::domain::dataset::TimestampFormat;
use crate::domain::schema::ColumnType;

/// The converted value of a column of type `from`, which validation checks against the format.
pub(super) fn read(column: Expr, format: TimestampFormat, from: ColumnType) -> Expr {
    let epoch = |function, per_second: i64| {
        let first = Expr::int(FIRST_SECOND * per_second);
        let last = Expr::int(LAST_SECOND * per_second + (per_second - 1));
        let in_range = Expr::All(vec![
            column.clone().binary(BinaryOp::GreaterOrEqual, first),
            column.clone().binary(BinaryOp::LessOrEqual, last),
        ]);
        let value = Expr::call(function, [column.clone()]);
        Expr::Case {
            branches: vec![(in_range, value)],
            otherwise: Some(Box::new(Expr::Literal(Literal::Null(ColumnType::Timestamp)))),
        }
    };
    match format {
        TimestampFormat::UnixSeconds => epoch(Function::TimestampSeconds, 1),
        TimestampFormat::UnixMillis => epoch(Function::TimestampMillis, 1_000),
        TimestampFormat::UnixMicros => epoch(Function::TimestampMicros, 1_000_000),
        TimestampFormat::IsoTimestamp => column.safe_cast(ColumnType::Timestamp),
        TimestampFormat::IsoDate => part(column, 1, 10).safe_cast(ColumnType::Date),
        TimestampFormat::CompactDate => {
            let text = if from == ColumnType::String { column } else { column.cast(ColumnType::String) };
            let dash = || Expr::text("-");
            let parts = [part(text.clone(), 1, 4), dash(), part(text.clone(), 5, 2), dash(), part(text, 7, 2)];
            Expr::call(Function::Concat, parts).safe_cast(ColumnType::Date)
        }
    }
}

fn part(text: Expr, from: i64, length: i64) -> Expr {
    Expr::call(Function::Substr, [text, Expr::int(from), Expr::int(length)])
}

/// 0001-01-01 00:00:00 and 9999-12-31 23:59:59 UTC in seconds since 1970: BigQuery's first and
/// last.
/// <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#timestamp_type>
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;
