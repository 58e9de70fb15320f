//! Adapts plans where the meaning of an operator or a cast in GoogleSQL differs from DataFusion's
//! by type.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result};
use datafusion::functions::math::round;
use datafusion::logical_expr::expr::{BinaryExpr, Cast, ScalarFunction, TryCast};
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, ScalarUDF};

use super::long_values;

/// Division of INT64 gives FLOAT64, casts to INT64 round, casts to STRING write BigQuery's text,
/// APPROX_COUNT_DISTINCT takes FLOAT64.
#[derive(Debug)]
pub(super) struct GoogleSemantics {
    pub divide: Arc<ScalarUDF>,
    pub text: Arc<ScalarUDF>,
    pub bits: Arc<ScalarUDF>,
    pub joined_texts: Arc<ScalarUDF>,
    pub memory: long_values::Memory,
}

impl FunctionRewrite for GoogleSemantics {
    fn name(&self) -> &str {
        "google_semantics"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _config: &ConfigOptions) -> Result<Transformed<Expr>> {
        super::planning::check()?;
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right })
                if is_plain_number(&left, schema) && is_plain_number(&right, schema) =>
            {
                let float = |side: Box<Expr>| Expr::Cast(Cast::new(side, DataType::Float64));
                Ok(Transformed::yes(call(&self.divide, vec![float(left), float(right)])))
            }
            // Within a length, as the functions below.
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right })
                if self.is_text(&left, schema) && self.is_text(&right, schema) =>
            {
                // A chain of them becomes one call, which is only as deep as its parts and builds
                // its text once.
                let mut texts = match *left {
                    Expr::ScalarFunction(ScalarFunction { func, args }) if func == self.joined_texts => args,
                    other => vec![other],
                };
                texts.push(*right);
                Ok(Transformed::yes(call(&self.joined_texts, texts)))
            }
            Expr::ScalarFunction(ScalarFunction { func, args }) => Ok(match long_values::within_limits(&func, &self.memory) {
                Some(within) => Transformed::yes(call(&within, args)),
                None => Transformed::no(Expr::ScalarFunction(ScalarFunction { func, args })),
            }),
            Expr::Cast(cast) if self.needs_help(&cast.expr, cast.field.data_type(), schema) => {
                let from = cast.expr.get_type(schema)?;
                Ok(Transformed::yes(match self.helped(*cast.expr, &from, cast.field.data_type(), false) {
                    (inner, true) => Expr::Cast(Cast::new_from_field(Box::new(inner), cast.field)),
                    (done, false) => done,
                }))
            }
            Expr::TryCast(cast) if self.needs_help(&cast.expr, cast.field.data_type(), schema) => {
                let from = cast.expr.get_type(schema)?;
                Ok(Transformed::yes(match self.helped(*cast.expr, &from, cast.field.data_type(), true) {
                    (inner, true) => Expr::TryCast(TryCast::new_from_field(Box::new(inner), cast.field)),
                    (done, false) => done,
                }))
            }
            // DataFusion estimates the distinct values of all types but this one.
            Expr::AggregateFunction(mut call)
                if call.func.name() == "approx_distinct" && call.params.args.first().is_some_and(|arg| is_float(arg, schema)) =>
            {
                call.params.args = call.params.args.into_iter().map(|arg| self::call(&self.bits, vec![arg])).collect();
                Ok(Transformed::yes(Expr::AggregateFunction(call)))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

impl GoogleSemantics {
    fn is_text(&self, side: &Expr, schema: &DFSchema) -> bool {
        match side {
            Expr::ScalarFunction(call) if call.func == self.joined_texts => true,
            other => other.get_type(schema).is_ok_and(|of| long_values::is_text(&of)),
        }
    }

    fn needs_help(&self, value: &Expr, to: &DataType, schema: &DFSchema) -> bool {
        let Ok(from) = value.get_type(schema) else { return false };
        match to {
            DataType::Int64 => from.is_floating() || from.is_decimal(),
            DataType::Utf8View => {
                from.is_floating() || from.is_decimal() || matches!(from, DataType::Timestamp(..) | DataType::Time64(_))
            }
            _ => false,
        }
    }

    /// The value before the cast, and whether the cast itself is still needed.
    fn helped(&self, value: Expr, from: &DataType, to: &DataType, safe: bool) -> (Expr, bool) {
        match to {
            // Rounds halves away from zero; Arrow truncates.
            DataType::Int64 if from.is_floating() => (call(&round(), vec![value]), true),
            DataType::Int64 => {
                let whole = match from {
                    DataType::Decimal256(precision, _) => DataType::Decimal256(*precision, 0),
                    _ => DataType::Decimal128(38, 0),
                };
                let value = Box::new(value);
                (if safe { Expr::TryCast(TryCast::new(value, whole)) } else { Expr::Cast(Cast::new(value, whole)) }, true)
            }
            _ => (call(&self.text, vec![value]), false),
        }
    }
}

fn is_float(value: &Expr, schema: &DFSchema) -> bool {
    value.get_type(schema).is_ok_and(|of| of.is_floating())
}

fn is_plain_number(side: &Expr, schema: &DFSchema) -> bool {
    side.get_type(schema).is_ok_and(|of| of.is_integer() || of.is_floating())
}

fn call(function: &Arc<ScalarUDF>, args: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(function.clone(), args))
}
