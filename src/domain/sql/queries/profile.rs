//! Queries about one table as it stands: a profile of its columns in one scan, and the values of
//! one column.

use crate::domain::schema::{Column, ColumnType, Mode, TableSchema};
use crate::domain::sql::expr::{Expr, Ident, Literal, OrderKey, count_if};
use crate::domain::sql::keywords::{BinaryOp, Function};
use crate::domain::sql::pipeline::any_partition;
use crate::domain::sql::plan::must_filter;
use crate::domain::sql::query::{Body, From, Item, Query, Select};
use crate::domain::sql::render;

/// Into how many parts of equal size the quantiles cut a column.
pub const QUANTILES: u32 = 100;
/// Most frequent values in a profile; the query takes one more, since NULL may be among them.
pub const TOP_VALUES: usize = 10;

/// What a profile finds out about a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statistic {
    /// Values that are not NULL.
    Count,
    Distinct,
    Min,
    Max,
    Mean,
    /// Of a sample: n − 1.
    Stddev,
    Zeros,
    Negatives,
    /// NaN and infinities: only the count and the distinct values include them.
    NotFinite,
    True,
    /// Empty texts, bytes or arrays.
    Empty,
    Shortest,
    Longest,
    MeanLength,
    /// An array of [`QUANTILES`] + 1 values in their order, approximate.
    Quantiles,
    /// JSON: `[{"value": …, "count": n}]`, approximate, most frequent first.
    TopValues,
}

/// A query and the columns of its one row: first the table's rows, then these.
pub struct ProfileQuery {
    pub sql: String,
    /// The position of a column among those requested, and the statistic.
    pub statistics: Vec<(usize, Statistic)>,
}

/// The statistics of a column's type.
pub fn statistics_of(column: &Column) -> &'static [Statistic] {
    use Statistic::*;
    const ORDERED: &[Statistic] = &[Count, Distinct, Min, Max, Quantiles, TopValues];
    const NUMBER: &[Statistic] = &[Count, Distinct, Min, Max, Mean, Stddev, Zeros, Negatives, Quantiles, TopValues];
    const FLOAT: &[Statistic] = &[Count, Distinct, Min, Max, Mean, Stddev, Zeros, Negatives, NotFinite, Quantiles, TopValues];
    if column.mode == Mode::Repeated {
        return &[Empty, Shortest, Longest, MeanLength];
    }
    match column.column_type {
        ColumnType::Int64 | ColumnType::Numeric | ColumnType::BigNumeric => NUMBER,
        ColumnType::Float64 => FLOAT,
        ColumnType::Date | ColumnType::Datetime | ColumnType::Time | ColumnType::Timestamp => ORDERED,
        ColumnType::String => &[Count, Distinct, Min, Max, Empty, Shortest, Longest, MeanLength, TopValues],
        ColumnType::Bytes => &[Count, Distinct, Empty, Shortest, Longest, MeanLength, TopValues],
        ColumnType::Bool => &[Count, Distinct, True],
        ColumnType::Struct | ColumnType::Json | ColumnType::Geography | ColumnType::Interval | ColumnType::Range => &[Count],
    }
}

/// One row about all of the columns, from one scan of the table. `exact`: distinct values are
/// counted, not estimated.
pub fn profile(project: Option<&str>, table: &TableSchema, columns: &[&Column], exact: bool) -> ProfileQuery {
    let mut items = vec![Item::named(Expr::CountRows, "row_count")];
    let mut statistics = vec![];
    for (position, column) in columns.iter().enumerate() {
        for statistic in statistics_of(column) {
            items.push(Item::named(found_by(*statistic, column, exact), format!("c{position}_{}", statistics.len())));
            statistics.push((position, *statistic));
        }
    }
    let sql = render::render(&Query { with: vec![], body: Body::Select(Box::new(whole(project, table, items))) });
    ProfileQuery { sql, statistics }
}

/// The values of a column with how often each occurs, most frequent first, then by value; NULL is
/// not one. `search` is a part of the value's text, in any case.
pub fn values(project: Option<&str>, table: &TableSchema, column: &Column, search: Option<&str>, limit: u32) -> String {
    let value = || Expr::column(column.name.as_str());
    let mut select = whole(project, table, vec![Item::named(value(), "value"), Item::named(Expr::CountRows, "row_count")]);
    select.filter.push(value().not_null_test());
    if let Some(search) = search {
        let lower = |text| Expr::call(Function::Lower, [text]);
        let text = if column.column_type == ColumnType::String { value() } else { value().cast(ColumnType::String) };
        select
            .filter
            .push(Expr::call(Function::Strpos, [lower(text), lower(Expr::text(search))]).binary(BinaryOp::Greater, Expr::int(0)));
    }
    // By position: a column of the table may be called value.
    select.group_by = vec![Expr::int(1)];
    select.order_by = vec![OrderKey::descending(Expr::int(2)), OrderKey::ascending(Expr::int(1))];
    select.limit = Some(limit);
    render::render(&Query { with: vec![], body: Body::Select(Box::new(select)) })
}

/// All rows of a table.
fn whole(project: Option<&str>, table: &TableSchema, items: Vec<Item>) -> Select {
    let path = match project {
        Some(project) => format!("{project}.{}", table.table),
        None => table.table.to_string(),
    };
    let mut select = Select::new(items, From::Table { path: path.into(), alias: None });
    select.filter.extend(must_filter(table).map(|(column, column_type)| any_partition(&column, column_type)));
    select
}

fn found_by(statistic: Statistic, column: &Column, exact: bool) -> Expr {
    let name = Ident::from(column.name.as_str());
    let value = || Expr::column(&name);
    let of = column.column_type;
    match statistic {
        Statistic::Count => Expr::call(Function::Count, [value()]),
        Statistic::Distinct if exact => value().count_distinct(),
        Statistic::Distinct => Expr::call(Function::ApproxCountDistinct, [value()]),
        Statistic::Min => Expr::call(Function::Min, [finite(value(), of)]),
        Statistic::Max => Expr::call(Function::Max, [finite(value(), of)]),
        Statistic::Mean => Expr::call(Function::Avg, [float(value(), of)]),
        Statistic::Stddev => Expr::call(Function::Stddev, [float(value(), of)]),
        Statistic::Zeros => count_if(value().binary(BinaryOp::Equal, Expr::int(0))),
        Statistic::Negatives => count_if(value().binary(BinaryOp::Less, Expr::int(0))),
        Statistic::NotFinite => count_if(not_finite(value())),
        Statistic::True => count_if(value()),
        Statistic::Empty => count_if(length(value(), column).binary(BinaryOp::Equal, Expr::int(0))),
        Statistic::Shortest => Expr::call(Function::Min, [length(value(), column)]),
        Statistic::Longest => Expr::call(Function::Max, [length(value(), column)]),
        Statistic::MeanLength => Expr::call(Function::Avg, [length(value(), column).cast(ColumnType::Float64)]),
        Statistic::Quantiles => {
            let value = match of {
                ColumnType::Numeric | ColumnType::BigNumeric => value().cast(ColumnType::Float64),
                _ => finite(value(), of),
            };
            Expr::call(Function::ApproxQuantiles, [value, Expr::int(QUANTILES)])
        }
        Statistic::TopValues => {
            let top = Expr::call(Function::ApproxTopCount, [value(), Expr::int(TOP_VALUES as i64 + 1)]);
            Expr::call(Function::ToJsonString, [top])
        }
    }
}

/// Characters, bytes or items. An array that is NULL has none: BigQuery stores no such arrays.
fn length(value: Expr, column: &Column) -> Expr {
    match (column.mode, column.column_type) {
        (Mode::Repeated, _) => Expr::call(Function::Coalesce, [Expr::call(Function::ArrayLength, [value]), Expr::int(0)]),
        (_, ColumnType::Bytes) => Expr::call(Function::ByteLength, [value]),
        _ => Expr::call(Function::CharLength, [value]),
    }
}

fn not_finite(value: Expr) -> Expr {
    Expr::call(Function::IsNan, [value.clone()]).or(Expr::call(Function::IsInf, [value]))
}

/// NULL for NaN and infinities.
fn finite(value: Expr, of: ColumnType) -> Expr {
    match of {
        ColumnType::Float64 => Expr::Case {
            branches: vec![(not_finite(value.clone()), Expr::Literal(Literal::Null(of)))],
            otherwise: Some(Box::new(value)),
        },
        _ => value,
    }
}

/// As FLOAT64: sums of INT64 and NUMERIC can leave their types.
fn float(value: Expr, of: ColumnType) -> Expr {
    match of {
        ColumnType::Float64 => finite(value, of),
        _ => value.cast(ColumnType::Float64),
    }
}
