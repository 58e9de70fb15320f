//! Arrow's types and BigQuery's: one canonical Arrow type for each column type, the same in tables,
//! literals, casts and results.
//!
//! Timestamps with a zone are TIMESTAMP, in microseconds and UTC; timestamps without one are
//! DATETIME, in Parquet and CSV alike.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::DataType as SqlType;

use crate::domain::schema::{ColumnType, Mode};

/// The canonical Arrow type of INT64, FLOAT64 and the others.
pub(super) fn arrow_type(of: ColumnType) -> Option<DataType> {
    Some(match of {
        ColumnType::String => DataType::Utf8View,
        ColumnType::Bytes => DataType::Binary,
        ColumnType::Int64 => DataType::Int64,
        ColumnType::Float64 => DataType::Float64,
        ColumnType::Numeric => NUMERIC,
        ColumnType::BigNumeric => BIGNUMERIC,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
        ColumnType::Datetime => DataType::Timestamp(TimeUnit::Microsecond, None),
        ColumnType::Time => DataType::Time64(TimeUnit::Microsecond),
        ColumnType::Timestamp => timestamp(),
        _ => return None,
    })
}

/// 38 digits, nine of them after the point.
pub(super) const NUMERIC: DataType = DataType::Decimal128(38, 9);
/// 76 digits, 38 of them after the point.
pub(super) const BIGNUMERIC: DataType = DataType::Decimal256(76, 38);

pub(super) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The BigQuery type of a column of this Arrow type, or why there is none.
pub(super) fn column_type(arrow: &DataType) -> Result<(ColumnType, Mode), String> {
    let scalar = |of| Ok((of, Mode::Nullable));
    match arrow {
        DataType::Boolean => scalar(ColumnType::Bool),
        integer if integer.is_integer() => scalar(ColumnType::Int64),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => scalar(ColumnType::Float64),
        // A column of only NULLs.
        DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => scalar(ColumnType::String),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            scalar(ColumnType::Bytes)
        }
        DataType::Date32 | DataType::Date64 => scalar(ColumnType::Date),
        DataType::Timestamp(_, None) => scalar(ColumnType::Datetime),
        DataType::Timestamp(_, Some(_)) => scalar(ColumnType::Timestamp),
        DataType::Time32(_) | DataType::Time64(_) => scalar(ColumnType::Time),
        DataType::Interval(_) => scalar(ColumnType::Interval),
        DataType::Dictionary(_, values) => column_type(values),
        DataType::RunEndEncoded(_, values) => column_type(values.data_type()),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            let before_point = i16::from(*precision) - i16::from(*scale);
            match (*scale, before_point) {
                (..=9, ..=29) => scalar(ColumnType::Numeric),
                (..=38, ..=38) => scalar(ColumnType::BigNumeric),
                _ => Err(format!("numbers of {precision} digits, {scale} after the point, are more than BIGNUMERIC holds")),
            }
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) | DataType::ListView(item) => {
            match column_type(item.data_type())? {
                (of, Mode::Repeated) => Err(format!("an array of arrays of {of}, which BigQuery does not have")),
                (of, _) => Ok((of, Mode::Repeated)),
            }
        }
        DataType::Struct(_) => scalar(ColumnType::Struct),
        DataType::Map(..) => Err("a map, which BigQuery does not have; use an array of records or one column per key".into()),
        _ => Err("a type that BigQuery does not have".into()),
    }
}

/// The canonical Arrow type to read a file's column of this Arrow type as, or why it is not read.
/// Unsigned integers of 64 bits, such as hashes, are NUMERIC: half of them are larger than INT64
/// holds. DataFusion's own functions count with them, and those are INT64.
pub(super) fn stored_type(arrow: &DataType) -> Result<DataType, String> {
    match arrow {
        DataType::UInt64 => Ok(NUMERIC),
        DataType::Dictionary(_, values) => stored_type(values),
        DataType::RunEndEncoded(_, values) => stored_type(values.data_type()),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) | DataType::ListView(item)
            if stored_type(item.data_type()) == Ok(NUMERIC) =>
        {
            Ok(DataType::List(Arc::new(Field::new_list_field(NUMERIC, true))))
        }
        other => canonical(other),
    }
}

/// The canonical Arrow type to read a column of this Arrow type as, or why it is not read.
pub(super) fn canonical(arrow: &DataType) -> Result<DataType, String> {
    let (of, mode) = column_type(arrow)?;
    let item = |of| arrow_type(of).ok_or_else(|| format!("an unsupported type: {of}"));
    match mode {
        Mode::Repeated if of == ColumnType::Struct => Ok(arrow.clone()),
        Mode::Repeated => Ok(DataType::List(Arc::new(Field::new_list_field(item(of)?, true)))),
        // A view may select its fields.
        _ if of == ColumnType::Struct => Ok(arrow.clone()),
        _ => item(of),
    }
}

/// GoogleSQL's type names in CAST, SAFE_CAST and typed literals.
#[derive(Debug)]
pub(super) struct GoogleTypes;

impl TypePlanner for GoogleTypes {
    fn plan_type_field(&self, sql: &SqlType) -> Result<Option<FieldRef>> {
        let of = match sql {
            SqlType::Int64
            | SqlType::BigInt(_)
            | SqlType::Int(_)
            | SqlType::Integer(_)
            | SqlType::SmallInt(_)
            | SqlType::TinyInt(_) => ColumnType::Int64,
            SqlType::Float64 => ColumnType::Float64,
            SqlType::Numeric(_) | SqlType::Decimal(_) => ColumnType::Numeric,
            SqlType::BigNumeric(_) | SqlType::BigDecimal(_) => ColumnType::BigNumeric,
            SqlType::String(_) => ColumnType::String,
            SqlType::Bytes(_) => ColumnType::Bytes,
            SqlType::Bool | SqlType::Boolean => ColumnType::Bool,
            SqlType::Date => ColumnType::Date,
            SqlType::Datetime(_) => ColumnType::Datetime,
            SqlType::Timestamp(..) => ColumnType::Timestamp,
            SqlType::Time(..) => ColumnType::Time,
            _ => return Ok(None),
        };
        Ok(arrow_type(of).map(|arrow| Arc::new(Field::new("", arrow, true))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrow_type_has_one_canonical_form() {
        use ColumnType::*;
        let list = |item| DataType::List(Arc::new(Field::new("element", item, true)));
        for (arrow, expected, mode) in [
            (DataType::UInt64, Int64, Mode::Nullable),
            (DataType::Int8, Int64, Mode::Nullable),
            (DataType::Float32, Float64, Mode::Nullable),
            (DataType::LargeUtf8, String, Mode::Nullable),
            (DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)), String, Mode::Nullable),
            (DataType::Null, String, Mode::Nullable),
            (DataType::Date64, Date, Mode::Nullable),
            (DataType::Timestamp(TimeUnit::Nanosecond, None), Datetime, Mode::Nullable),
            (DataType::Timestamp(TimeUnit::Millisecond, Some("Europe/Berlin".into())), Timestamp, Mode::Nullable),
            (DataType::Decimal128(10, 2), Numeric, Mode::Nullable),
            (DataType::Decimal128(38, 20), BigNumeric, Mode::Nullable),
            (list(DataType::Int32), Int64, Mode::Repeated),
        ] {
            assert_eq!(column_type(&arrow), Ok((expected, mode)), "{arrow}");
            let canonical = canonical(&arrow).unwrap();
            assert_eq!(super::canonical(&canonical).unwrap(), canonical, "{arrow}");
            assert_eq!(column_type(&canonical), Ok((expected, mode)), "{arrow}");
        }
        for (arrow, mode) in [
            (DataType::UInt64, Mode::Nullable),
            (DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::UInt64)), Mode::Nullable),
            (list(DataType::UInt64), Mode::Repeated),
        ] {
            assert_eq!(column_type(&stored_type(&arrow).unwrap()), Ok((Numeric, mode)), "{arrow}");
        }
        assert_eq!(stored_type(&DataType::UInt32), Ok(DataType::Int64));
        assert!(column_type(&list(list(DataType::Int32))).is_err());
        assert!(column_type(&DataType::Duration(TimeUnit::Second)).is_err());
        assert!(column_type(&DataType::Decimal256(76, 0)).is_err());
    }
}
