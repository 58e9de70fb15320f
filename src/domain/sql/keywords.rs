//! The words of GoogleSQL that a query is made of. A word that is not listed here does not compile,
//! and neither does a `match` that forgets one.

use strum::IntoStaticStr;

use crate::domain::dataset::JoinType;

/// A function, written as GoogleSQL names it.
/// <https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all>
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Function {
    Abs,
    ApproxCountDistinct,
    ApproxQuantiles,
    ApproxTopCount,
    ArrayLength,
    Avg,
    ByteLength,
    CharLength,
    Coalesce,
    Concat,
    Count,
    CurrentDate,
    Date,
    DateSub,
    FarmFingerprint,
    Floor,
    IsInf,
    IsNan,
    Lower,
    Max,
    Min,
    Mod,
    RowNumber,
    Stddev,
    Strpos,
    Substr,
    Sum,
    Timestamp,
    TimestampMicros,
    TimestampMillis,
    TimestampSeconds,
    ToJsonString,
    UnixMicros,
    UnixSeconds,
}

/// An operator between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str)]
pub(super) enum BinaryOp {
    #[strum(serialize = "+")]
    Add,
    #[strum(serialize = "-")]
    Subtract,
    #[strum(serialize = "*")]
    Multiply,
    #[strum(serialize = "/")]
    Divide,
    #[strum(serialize = "=")]
    Equal,
    #[strum(serialize = "!=")]
    NotEqual,
    #[strum(serialize = "<")]
    Less,
    #[strum(serialize = "<=")]
    LessOrEqual,
    #[strum(serialize = ">")]
    Greater,
    #[strum(serialize = ">=")]
    GreaterOrEqual,
}

/// How two sources are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str)]
pub(super) enum JoinKind {
    #[strum(serialize = "INNER JOIN")]
    Inner,
    #[strum(serialize = "LEFT JOIN")]
    Left,
    #[strum(serialize = "RIGHT JOIN")]
    Right,
    #[strum(serialize = "FULL JOIN")]
    Full,
    #[strum(serialize = "CROSS JOIN")]
    Cross,
}

impl From<JoinType> for JoinKind {
    fn from(join_type: JoinType) -> Self {
        match join_type {
            JoinType::Inner => Self::Inner,
            JoinType::Left => Self::Left,
            JoinType::Right => Self::Right,
            JoinType::Full => Self::Full,
        }
    }
}

/// The rows of its partition that a window function sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str)]
pub(super) enum Frame {
    /// All before the current row.
    #[strum(serialize = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING")]
    RowsBefore,
}

/// The unit of an interval between two dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "UPPERCASE")]
pub(super) enum IntervalUnit {
    Day,
    Month,
}
