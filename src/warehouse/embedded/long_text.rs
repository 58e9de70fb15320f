//! REPEAT, LPAD and RPAD within a length: their texts can be far longer than what they are given,
//! and constant ones are made while a query is planned, where no memory is counted.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature};

/// Longest text that one call makes, in bytes; BigQuery's rows are at most 100 MB.
const MAX_TEXT_BYTES: i64 = 16 << 20;
/// All texts that are made of one batch of rows, in bytes.
const MAX_BATCH_BYTES: i64 = 256 << 20;

/// The functions by their names.
pub(super) const NAMES: [&str; 3] = ["repeat", "lpad", "rpad"];

/// The same function within the limits.
pub(super) fn within_limits(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(WithinLimits { function }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct WithinLimits {
    function: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for WithinLimits {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.function.inner().return_type(arguments)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let [text, number, ..] = arguments.args.as_slice() {
            let numbers = numbers(number)?;
            match self.name() {
                "repeat" => check(self.name(), &lengths(text)?, &numbers)?,
                _ => check(self.name(), &Int64Array::from(vec![1]), &numbers)?,
            }
        }
        self.function.invoke_with_args(arguments)
    }
}

/// Bytes of each text; of one where all rows have the same.
fn lengths(text: &ColumnarValue) -> Result<Int64Array> {
    let texts = once(text)?;
    Ok(cast(&length(&texts)?, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

fn numbers(number: &ColumnarValue) -> Result<Int64Array> {
    Ok(cast(&once(number)?, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

fn once(value: &ColumnarValue) -> Result<Arc<dyn Array>> {
    match value {
        ColumnarValue::Array(values) => Ok(values.clone()),
        ColumnarValue::Scalar(value) => value.to_array_of_size(1),
    }
}

fn check(function: &str, lengths: &Int64Array, times: &Int64Array) -> Result<()> {
    let value = |values: &Int64Array, row: usize| {
        let row = if values.len() == 1 { 0 } else { row };
        if row < values.len() && values.is_valid(row) { values.value(row).max(0) } else { 0 }
    };
    let mut all = 0i64;
    for row in 0..lengths.len().max(times.len()) {
        let bytes = value(lengths, row).saturating_mul(value(times, row));
        all = all.saturating_add(bytes);
        if bytes > MAX_TEXT_BYTES || all > MAX_BATCH_BYTES {
            return exec_err!("{} makes a text that is longer than 16 MiB, or too many long ones", function.to_uppercase());
        }
    }
    Ok(())
}
