//! A row filter as a condition, its policy for NULL written out.

use super::expr::{Day, DayExpr, Expr, Literal, Moment};
use super::keywords::{BinaryOp, Function};
use super::plan::PlannedColumn;
use crate::domain::dataset::{NullPolicy, Predicate, RowFilter, Scalar, TimeZone};
use crate::domain::schema::ColumnType;

/// The condition. `as_of` is set whenever a predicate counts back from it.
pub(super) fn of(filter: &RowFilter, column: &PlannedColumn, zone: &TimeZone, as_of: Option<&Day>) -> Expr {
    let value = || column.expr();
    let moment = || column.moment(zone);
    let compare = |comparison, scalar: &Scalar| compare(moment(), comparison, scalar);
    let test = match &filter.predicate {
        Predicate::IsNull => return value().null_test(),
        Predicate::NotNull => return value().not_null_test(),
        Predicate::In { values } => in_list(moment(), values, false),
        Predicate::NotIn { values } => in_list(moment(), values, true),
        Predicate::Equal { value } => compare(Comparison::Equal, value),
        Predicate::NotEqual { value } => compare(Comparison::NotEqual, value),
        Predicate::Less { value } => compare(Comparison::Less, value),
        Predicate::LessOrEqual { value } => compare(Comparison::LessOrEqual, value),
        Predicate::Greater { value } => compare(Comparison::Greater, value),
        Predicate::GreaterOrEqual { value } => compare(Comparison::GreaterOrEqual, value),
        Predicate::Between { min, max } => {
            Expr::All(vec![compare(Comparison::GreaterOrEqual, min), compare(Comparison::LessOrEqual, max)])
        }
        Predicate::DateRange { start, end } => {
            let start = start.map(|day| moment().not_earlier_than(day));
            let end = end.map(|day| moment().not_later_than(&DayExpr::On(day)));
            Expr::All(start.into_iter().chain(end).collect())
        }
        Predicate::LastDays { days } => {
            let Some(as_of) = as_of else { return Expr::Literal(Literal::Bool(false)) };
            Expr::All(vec![moment().later_than(&as_of.minus_days(*days)), moment().not_later_than(&as_of.minus_days(0))])
        }
        Predicate::Contains { text } => {
            Expr::call(Function::Strpos, [value(), Expr::text(text.as_str())]).binary(BinaryOp::Greater, Expr::int(0))
        }
    };
    match filter.nulls {
        // A comparison with NULL is not true, which excludes it.
        NullPolicy::Exclude => test,
        NullPolicy::Include => test.or(value().null_test()),
    }
}

/// The comparisons that a predicate makes.
#[derive(Clone, Copy)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    const fn op(self) -> BinaryOp {
        match self {
            Self::Equal => BinaryOp::Equal,
            Self::NotEqual => BinaryOp::NotEqual,
            Self::Less => BinaryOp::Less,
            Self::LessOrEqual => BinaryOp::LessOrEqual,
            Self::Greater => BinaryOp::Greater,
            Self::GreaterOrEqual => BinaryOp::GreaterOrEqual,
        }
    }
}

/// A day compared with a column that also has a time means the whole day.
fn compare(moment: Moment, comparison: Comparison, scalar: &Scalar) -> Expr {
    let t = moment.column_type;
    let day = match scalar {
        Scalar::Text(text) if t.is_temporal() => text.parse().ok(),
        _ => None,
    };
    let Some(day) = day else { return moment.value.binary(comparison.op(), literal(t, scalar)) };
    let again = Moment { value: moment.value.clone(), ..moment };
    let on = DayExpr::On(day);
    match comparison {
        Comparison::Less => moment.earlier_than(day),
        Comparison::LessOrEqual => moment.not_later_than(&on),
        Comparison::Greater => moment.later_than(&on),
        Comparison::GreaterOrEqual => moment.not_earlier_than(day),
        Comparison::Equal => Expr::All(vec![moment.not_earlier_than(day), again.not_later_than(&on)]),
        Comparison::NotEqual => moment.earlier_than(day).or(again.later_than(&on)),
    }
}

/// DATETIME and TIMESTAMP are compared by their day with a list of days.
fn in_list(moment: Moment, values: &[Scalar], negated: bool) -> Expr {
    let element = if moment.column_type.is_temporal() { ColumnType::Date } else { moment.column_type };
    let list = values.iter().map(|scalar| literal(element, scalar)).collect();
    Expr::InList { value: Box::new(moment.day()), list, negated }
}

fn literal(t: ColumnType, scalar: &Scalar) -> Expr {
    Expr::Literal(match (t, scalar) {
        (ColumnType::Float64, Scalar::Int(n)) => Literal::Float(*n as f64),
        (ColumnType::Numeric | ColumnType::BigNumeric, Scalar::Int(n)) => Literal::Decimal(t, n.to_string()),
        (ColumnType::Numeric | ColumnType::BigNumeric, Scalar::Float(n)) => Literal::Decimal(t, format!("{n}")),
        (ColumnType::Numeric | ColumnType::BigNumeric, Scalar::Text(digits)) => Literal::Decimal(t, digits.clone()),
        (ColumnType::Date, Scalar::Text(text)) => match text.parse() {
            Ok(day) => Literal::Date(day),
            Err(_) => Literal::Null(t),
        },
        (_, Scalar::Bool(value)) => Literal::Bool(*value),
        (_, Scalar::Int(n)) => Literal::Int(*n),
        (_, Scalar::Float(n)) => Literal::Float(*n),
        (_, Scalar::Text(text)) => Literal::Text(text.clone()),
    })
}
