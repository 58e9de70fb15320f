//! The projection for TFX. Its `row_to_example` takes INT64, FLOAT64, STRING and arrays of them,
//! and a NULL makes a sparse feature on which later stages fail; so every value is converted, and
//! every value that could be NULL has a default, regardless of statistics, which may be out of
//! date.

use super::rows::of_split;
use crate::domain::dataset::{JoinType, Scalar, Split};
use crate::domain::field_error::{FieldError, FieldErrors};
use crate::domain::schema::{ColumnType, Mode};
use crate::domain::sql::expr::{Expr, Literal};
use crate::domain::sql::keywords::Function;
use crate::domain::sql::pipeline::Pipeline;
use crate::domain::sql::plan::PlannedColumn;
use crate::domain::sql::query::{Body, Item};
use crate::domain::sql::{OutputColumn, plan};

/// The rows of a split in TFX's types. A column that has no such type is a fault, and so is a
/// default of another type.
pub(in crate::domain::sql) fn rows(
    pipeline: &Pipeline,
    split: Option<Split>,
) -> Result<(Body, Vec<OutputColumn>), Vec<FieldError>> {
    let plan = pipeline.plan;
    let (mut items, mut columns, mut errors) = (vec![], vec![], FieldErrors::default());
    for ((i, (position, name)), selected) in plan.selected.iter().enumerate().zip(&plan.config.selected_columns) {
        let column = &plan.columns[*position];
        match converted(plan, column, selected.default.as_ref()) {
            Ok((value, column_type)) => {
                items.push(Item::named(value, name.as_str()));
                columns.push(OutputColumn {
                    name: name.clone(),
                    column_type,
                    mode: if column.mode == Mode::Repeated { Mode::Repeated } else { Mode::Required },
                    role: plan.role_of(*position),
                });
            }
            Err(reason) => errors.add(format!("selected_columns[{i}]"), reason),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into_list());
    }
    Ok((Body::Select(Box::new(of_split(pipeline, items, split))), columns))
}

fn converted(plan: &plan::Plan, column: &PlannedColumn, default: Option<&Scalar>) -> Result<(Expr, ColumnType), String> {
    use ColumnType::*;
    let (value, t) = (column.expr(), column.column_type);
    if column.mode == Mode::Repeated {
        return match t {
            Int64 | Float64 | String if default.is_none() => Ok((value, t)),
            Int64 | Float64 | String => Err(format!("{} is an array and has no default.", plan.reference(column))),
            _ => Err(format!("TFX supports arrays of INT64, FLOAT64 and STRING: convert {} in a view.", plan.reference(column))),
        };
    }
    let seconds = |instant: Expr| Expr::call(Function::UnixSeconds, [instant]);
    let (value, t) = match t {
        Int64 | Float64 | String => (value, t),
        Numeric | BigNumeric => (value.cast(Float64), Float64),
        Bool => (value.cast(Int64), Int64),
        Date | Datetime => (seconds(Expr::call(Function::Timestamp, [value])), Int64),
        Timestamp => (seconds(value), Int64),
        other => return Err(format!("TFX does not support {other}: convert {} in a view.", plan.reference(column))),
    };
    let literal = match (t, default) {
        (String, None) => Literal::Text(std::string::String::new()),
        (Float64, None) => Literal::Float(0.0),
        (_, None) => Literal::Int(0),
        (String, Some(Scalar::Text(text))) if !text.contains('\0') => Literal::Text(text.clone()),
        (Float64, Some(Scalar::Float(number))) if number.is_finite() => Literal::Float(*number),
        (Float64, Some(Scalar::Int(number))) => Literal::Float(*number as f64),
        (Int64, Some(Scalar::Int(number))) => Literal::Int(*number),
        _ => return Err(format!("{} is {t} in TFX: its default must be {t} too.", plan.reference(column))),
    };
    if default.is_none() && !may_be_null(plan, column) {
        return Ok((value, t));
    }
    Ok((Expr::call(Function::Coalesce, [value, Expr::Literal(literal)]), t))
}

/// The column is NULLABLE, or an outer join can leave the column's table out.
fn may_be_null(plan: &plan::Plan, column: &PlannedColumn) -> bool {
    let join = |position: usize| plan.sources[position].join.as_ref().map(|j| j.join.join_type);
    let left_out = matches!(join(column.source), Some(JoinType::Left | JoinType::Full));
    let outlived = (column.source + 1..plan.sources.len()).any(|i| matches!(join(i), Some(JoinType::Right | JoinType::Full)));
    column.mode == Mode::Nullable || left_out || outlived
}
