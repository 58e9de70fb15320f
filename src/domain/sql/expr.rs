//! Parts of a query: identifiers, literals, expressions. Built from types; only [`super::render`]
//! turns them into text.

use std::rc::Rc;

use chrono::{Datelike, Days, NaiveDate};

use super::keywords::{BinaryOp, Frame, Function, IntervalUnit};
use crate::domain::dataset::TimeZone;
use crate::domain::schema::ColumnType;

/// An identifier, unquoted. Rendering quotes and escapes it, so any text is safe here. Shared,
/// since a name occurs many times in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ident(pub Rc<str>);

impl Ident {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Ident> for Ident {
    fn from(ident: &Ident) -> Self {
        ident.clone()
    }
}

impl From<&str> for Ident {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Ident {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null(ColumnType),
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Decimal digits with an optional sign and point; NUMERIC or BIGNUMERIC.
    Decimal(ColumnType, String),
    Date(NaiveDate),
    /// The first instant of a day, as DATETIME.
    DatetimeStart(NaiveDate),
    /// The first instant of a day in UTC, as TIMESTAMP.
    TimestampStart(NaiveDate),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Column {
        table: Option<Ident>,
        column: Ident,
    },
    Literal(Literal),
    Call {
        function: Function,
        args: Vec<Expr>,
    },
    CountRows,
    CountDistinct(Box<Expr>),
    Cast {
        value: Box<Expr>,
        to: ColumnType,
        safe: bool,
    },
    Binary {
        left: Box<Expr>,
        op: BinaryOp,
        right: Box<Expr>,
    },
    /// All hold; rendered one per line if it is a whole clause.
    All(Vec<Expr>),
    Any(Vec<Expr>),
    IsNull {
        value: Box<Expr>,
        negated: bool,
    },
    InList {
        value: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Interval {
        count: u32,
        unit: IntervalUnit,
    },
    Struct(Vec<(Expr, String)>),
    Window {
        call: Box<Expr>,
        partition: Vec<Expr>,
        order: Vec<OrderKey>,
        frame: Option<Frame>,
    },
    /// The one value of a one-row CTE.
    Scalar {
        column: Ident,
        cte: Ident,
    },
}

/// NULLs come first ascending and last descending, and that is written out: engines differ in their
/// defaults.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OrderKey {
    pub value: Expr,
    pub descending: bool,
}

impl OrderKey {
    pub fn ascending(value: Expr) -> Self {
        Self { value, descending: false }
    }

    pub fn descending(value: Expr) -> Self {
        Self { value, descending: true }
    }
}

impl Expr {
    pub fn column(name: impl Into<Ident>) -> Self {
        Self::Column { table: None, column: name.into() }
    }

    pub fn of(table: impl Into<Ident>, column: impl Into<Ident>) -> Self {
        Self::Column { table: Some(table.into()), column: column.into() }
    }

    pub fn int(number: impl Into<i64>) -> Self {
        Self::Literal(Literal::Int(number.into()))
    }

    pub fn text(text: impl Into<String>) -> Self {
        Self::Literal(Literal::Text(text.into()))
    }

    pub fn date(day: NaiveDate) -> Self {
        Self::Literal(Literal::Date(day))
    }

    pub fn null(of: ColumnType) -> Self {
        Self::Literal(Literal::Null(of))
    }

    pub fn call(function: Function, args: impl Into<Vec<Expr>>) -> Self {
        Self::Call { function, args: args.into() }
    }

    pub fn count_distinct(self) -> Self {
        Self::CountDistinct(Box::new(self))
    }

    pub fn cast(self, to: ColumnType) -> Self {
        Self::Cast { value: Box::new(self), to, safe: false }
    }

    pub fn safe_cast(self, to: ColumnType) -> Self {
        Self::Cast { value: Box::new(self), to, safe: true }
    }

    pub fn binary(self, op: BinaryOp, right: Expr) -> Self {
        Self::Binary { left: Box::new(self), op, right: Box::new(right) }
    }

    pub fn null_test(self) -> Self {
        Self::IsNull { value: Box::new(self), negated: false }
    }

    pub fn not_null_test(self) -> Self {
        Self::IsNull { value: Box::new(self), negated: true }
    }

    pub fn or(self, other: Expr) -> Self {
        Self::Any(vec![self, other])
    }

    pub fn over(self, partition: Vec<Expr>, order: Vec<OrderKey>, frame: Option<Frame>) -> Self {
        Self::Window { call: Box::new(self), partition, order, frame }
    }
}

pub(super) fn count_if(condition: Expr) -> Expr {
    Expr::call(Function::Count, [Expr::Case { branches: vec![(condition, Expr::int(1))], otherwise: None }])
}

pub(super) fn sum(value: Expr) -> Expr {
    Expr::call(Function::Coalesce, [Expr::call(Function::Sum, [value]), Expr::int(0)])
}

/// 0 where there are no rows.
pub(super) fn sum_if(condition: Expr, value: Expr) -> Expr {
    sum(Expr::Case { branches: vec![(condition, value)], otherwise: Some(Box::new(Expr::int(0))) })
}

/// A day that a date is compared with: a literal, or computed by the query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Day {
    On(NaiveDate),
    /// A DATE column of the CTE `bounds`.
    Bound {
        column: &'static str,
    },
}

impl Day {
    /// The day as a DATE.
    pub fn expr(&self) -> Expr {
        match self {
            Self::On(day) => Expr::date(*day),
            Self::Bound { column } => Expr::of("bounds", *column),
        }
    }

    /// So many days earlier, as a DATE. Days before year 1 become the first day there is.
    pub fn minus_days(&self, days: u32) -> DayExpr {
        match self {
            Self::On(day) => DayExpr::On(day.checked_sub_days(Days::new(days.into())).unwrap_or(FIRST_DAY).max(FIRST_DAY)),
            bound if days == 0 => DayExpr::Computed(bound.expr()),
            bound => DayExpr::Computed(Expr::call(
                Function::DateSub,
                [bound.expr(), Expr::Interval { count: days, unit: IntervalUnit::Day }],
            )),
        }
    }

    /// So many months earlier, on the same day of the month or the month's last.
    pub fn minus_months(&self, months: u32) -> DayExpr {
        match self {
            Self::On(day) => DayExpr::On(day.checked_sub_months(chrono::Months::new(months)).unwrap_or(FIRST_DAY).max(FIRST_DAY)),
            bound => DayExpr::Computed(Expr::call(
                Function::DateSub,
                [bound.expr(), Expr::Interval { count: months, unit: IntervalUnit::Month }],
            )),
        }
    }
}

/// 0001-01-01, the first DATE of BigQuery.
pub(super) const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// A day after arithmetic.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DayExpr {
    On(NaiveDate),
    Computed(Expr),
}

/// A temporal value, and the time zone of its calendar days. DATE and DATETIME have no zone: their
/// days are as they stand.
pub(super) struct Moment<'z> {
    pub value: Expr,
    pub column_type: ColumnType,
    pub zone: &'z TimeZone,
}

impl Moment<'_> {
    /// The calendar day, a DATE.
    pub fn day(self) -> Expr {
        match self.column_type {
            ColumnType::Timestamp => Expr::call(Function::Date, [self.value, Expr::text(self.zone.as_str())]),
            ColumnType::Datetime => Expr::call(Function::Date, [self.value]),
            _ => self.value,
        }
    }

    /// Its day is later than `day`. A literal day is compared with the value itself, so that
    /// BigQuery can prune partitions.
    pub fn later_than(self, day: &DayExpr) -> Expr {
        match day {
            DayExpr::Computed(day) => self.day().binary(BinaryOp::Greater, day.clone()),
            DayExpr::On(day) => match self.start_of_next(*day) {
                Some(start) => self.value.binary(BinaryOp::GreaterOrEqual, start),
                // Nothing is later than the last day there is.
                None => Expr::Literal(Literal::Bool(false)),
            },
        }
    }

    /// Its day is `day` or earlier.
    pub fn not_later_than(self, day: &DayExpr) -> Expr {
        match day {
            DayExpr::Computed(day) => self.day().binary(BinaryOp::LessOrEqual, day.clone()),
            DayExpr::On(day) => match self.start_of_next(*day) {
                Some(start) => self.value.binary(BinaryOp::Less, start),
                None => self.value.not_null_test(),
            },
        }
    }

    /// Its day is `day` or later.
    pub fn not_earlier_than(self, day: NaiveDate) -> Expr {
        let start = self.start_of(day);
        self.value.binary(BinaryOp::GreaterOrEqual, start)
    }

    /// Its day is earlier than `day`.
    pub fn earlier_than(self, day: NaiveDate) -> Expr {
        let start = self.start_of(day);
        self.value.binary(BinaryOp::Less, start)
    }

    /// The first instant of a day, in the value's own type.
    fn start_of(&self, day: NaiveDate) -> Expr {
        Expr::Literal(match self.column_type {
            ColumnType::Timestamp if self.zone.is_utc() => Literal::TimestampStart(day),
            ColumnType::Timestamp => return Expr::call(Function::Timestamp, [Expr::date(day), Expr::text(self.zone.as_str())]),
            ColumnType::Datetime => Literal::DatetimeStart(day),
            _ => Literal::Date(day),
        })
    }

    /// `None` after 9999-12-31, BigQuery's last day.
    fn start_of_next(&self, day: NaiveDate) -> Option<Expr> {
        day.succ_opt().filter(|next| next.year() <= 9999).map(|next| self.start_of(next))
    }
}
