//! Functions whose texts and arrays can be far longer than their arguments, within a length.
//!
//! Constants are computed during planning, where no memory is counted, and a failed allocation
//! aborts the program. So the size of a result is computed before the result.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::array::{Array, ArrayData, ArrayRef, AsArray, StringViewBuilder, make_array};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type, IntervalMonthDayNanoType, TimeUnit};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::functions::core::{named_struct, r#struct};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::files::MAX_COLUMNS;
use super::planning;

/// Longest value that one call may return, in bytes; BigQuery's rows are at most 100 MB.
const MAX_VALUE_BYTES: i64 = 16 << 20;
/// All values that a multiplying call returns for one batch of rows, in bytes.
const MAX_BATCH_BYTES: i64 = 64 << 20;
/// All values that a joining call returns for one batch, in bytes: its arguments exist already.
const MAX_JOINED_BYTES: i64 = 256 << 20;
/// Maximum number of JSON characters per character of a text.
const MOST_OF_JSON: i64 = 6;
/// Bytes of an array's item, in addition to its text.
const ITEM_BYTES: i64 = 16;
/// From this many bytes on, the result for a batch counts as memory of queries: a batch of numbers
/// is as large, and is not counted either.
const SMALL_BYTES: i64 = 64 << 10;

/// How the size of a result is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Rule {
    /// A text, repeated.
    Repeat,
    /// A text, padded to a length.
    Pad,
    /// A text with each match replaced by another.
    Replace,
    /// The same by a regular expression.
    ReplaceMatches,
    /// An item, repeated.
    RepeatItem,
    /// An array of a given number of items.
    Resize,
    /// The numbers or times from one to another.
    Series,
    /// The items of an array, joined with a separator.
    ItemsAsText,
    /// Texts, joined with a separator.
    TextsAsText,
    /// All arguments together.
    Together,
    /// The same without copies, except of constants.
    Struct,
    /// A value's JSON: at most six characters per character.
    Json,
}

/// The names of the registered functions.
pub(super) const NAMES: [&str; 16] = [
    "repeat",
    "lpad",
    "rpad",
    "replace",
    "regexp_replace",
    "array_repeat",
    "array_resize",
    "range",
    "generate_series",
    "array_to_string",
    "concat_ws",
    "struct",
    "named_struct",
    "make_array",
    "arrays_zip",
    "map",
];

impl Rule {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "repeat" => Self::Repeat,
            "lpad" | "rpad" => Self::Pad,
            "replace" => Self::Replace,
            "regexp_replace" => Self::ReplaceMatches,
            "array_repeat" => Self::RepeatItem,
            "array_resize" => Self::Resize,
            "range" | "generate_series" => Self::Series,
            "array_to_string" => Self::ItemsAsText,
            "concat_ws" => Self::TextsAsText,
            "concat" | "make_array" | "arrays_zip" | "map" | "array_concat" | "array_append" | "array_prepend" => Self::Together,
            "struct" | "named_struct" => Self::Struct,
            "to_json_string" => Self::Json,
            _ => return None,
        })
    }

    /// Maximum bytes of a call's result per row; of one row if all have the same.
    fn made(self, arguments: &[ColumnarValue]) -> Result<Vec<i64>> {
        let of = |i: usize, measure: fn(&dyn Array) -> Result<Vec<i64>>| match arguments.get(i) {
            Some(argument) => measure(&once(argument)?),
            None => Ok(vec![0]),
        };
        Ok(match self {
            Self::Repeat => rows(&[of(0, sizes)?, of(1, numbers)?], |row| row[0].saturating_mul(row[1])),
            Self::Pad => of(1, numbers)?,
            Self::Replace => rows(&[of(0, sizes)?, of(1, sizes)?, of(2, sizes)?], |row| {
                let found = if row[1] == 0 { row[0].saturating_add(1) } else { row[0] / row[1] };
                found.saturating_mul(row[2]).saturating_add(row[0])
            }),
            Self::ReplaceMatches => rows(&[of(0, sizes)?, of(2, sizes)?], |row| {
                row[0].saturating_add(1).saturating_mul(row[1]).saturating_add(row[0])
            }),
            Self::RepeatItem => {
                rows(&[of(0, sizes)?, of(1, numbers)?], |row| row[0].saturating_add(ITEM_BYTES).saturating_mul(row[1]))
            }
            Self::Resize => rows(&[of(0, sizes)?, of(1, numbers)?, of(2, sizes)?], |row| {
                row[2].saturating_add(ITEM_BYTES).saturating_mul(row[1]).saturating_add(row[0])
            }),
            Self::Series => series(arguments)?,
            Self::ItemsAsText => rows(&[of(0, sizes)?, of(0, items)?, of(1, sizes)?, of(2, sizes)?], |row| {
                // A number takes more as text than in binary.
                let between = row[2].saturating_add(row[3]).saturating_add(ITEM_BYTES);
                row[1].saturating_mul(between).saturating_add(row[0])
            }),
            Self::TextsAsText => {
                let all = (0..arguments.len()).map(|i| of(i, sizes)).collect::<Result<Vec<_>>>()?;
                rows(&all, |row| {
                    let between = row[0].saturating_mul(row.len() as i64);
                    row.iter().copied().fold(between, i64::saturating_add)
                })
            }
            Self::Together | Self::Struct => {
                let all = (0..arguments.len()).map(|i| of(i, sizes)).collect::<Result<Vec<_>>>()?;
                rows(&all, |row| row.iter().copied().fold(0, i64::saturating_add))
            }
            Self::Json => rows(&[of(0, sizes)?], |row| row[0].saturating_mul(MOST_OF_JSON)),
        })
    }

    fn most_of_batch(self) -> i64 {
        match self {
            Self::Together | Self::Struct | Self::TextsAsText | Self::Json => MAX_JOINED_BYTES,
            _ => MAX_BATCH_BYTES,
        }
    }

    /// Maximum bytes of a call's result for a batch. A value that is too long is refused.
    fn most(self, function: &str, arguments: &[ColumnarValue], batch: usize) -> Result<i64> {
        let made = self.made(arguments)?;
        if made.iter().any(|bytes| *bytes > MAX_VALUE_BYTES) {
            return too_long(function);
        }
        let all = made.iter().copied().fold(0, i64::saturating_add);
        let is_repeated = made.len() == 1 && arguments.iter().any(|argument| matches!(argument, ColumnarValue::Array(_)));
        Ok(if is_repeated { all.saturating_mul(batch as i64) } else { all })
    }

    /// Calls the function. Its result counts as memory of queries until it is dropped.
    fn call(self, function: &str, memory: &Memory, arguments: ScalarFunctionArgs, call: Call) -> Result<ColumnarValue> {
        let most = self.most(function, &arguments.args, arguments.number_rows)?;
        if !planning::may_make(most) {
            return too_long(function);
        }
        let rows = arguments.number_rows;
        let is_constant = arguments.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        // A constant that is left for run time is repeated in each row: here it is counted.
        let is_written = is_constant && !planning::is_planning();
        let most = if is_written { most.saturating_mul(rows as i64) } else { most };
        if most <= SMALL_BYTES || self == Self::Struct {
            return call(arguments);
        }
        if most <= self.most_of_batch() {
            return memory.counted(function, most, || {
                let made = call(arguments)?;
                if is_written { made.into_array(rows).map(ColumnarValue::Array) } else { Ok(made) }
            });
        }
        // Most calls return far less than they could: a few rows at a time, the actual size is
        // known.
        if is_constant || rows < 2 {
            return too_long(function);
        }
        let part = |from: usize, rows: usize| {
            let of = |argument: &ColumnarValue| match argument {
                ColumnarValue::Array(values) => ColumnarValue::Array(values.slice(from, rows)),
                constant => constant.clone(),
            };
            let args = arguments.args.iter().map(of).collect();
            let part = ScalarFunctionArgs { args, number_rows: rows, ..arguments.clone() };
            self.call(function, memory, part, call)?.into_array(rows)
        };
        let (first, second) = (part(0, rows / 2)?, part(rows / 2, rows - rows / 2)?);
        let both = first.get_array_memory_size().saturating_add(second.get_array_memory_size()) as i64;
        if both > self.most_of_batch() {
            return too_long(function);
        }
        memory.counted(function, both, || Ok(ColumnarValue::Array(concat(&[first.as_ref(), second.as_ref()])?)))
    }
}

fn too_long<T>(function: &str) -> Result<T> {
    let function = function.to_uppercase();
    exec_err!("{function} returns a value longer than 16 MiB, or too many long values")
}

/// How a function is called.
type Call<'a> = &'a dyn Fn(ScalarFunctionArgs) -> Result<ColumnarValue>;

/// The memory of queries, against which results are counted.
#[derive(Debug, Clone)]
pub(super) struct Memory(pub Arc<dyn MemoryPool>);

/// Functions are equal whichever pool they use: there is only one.
impl PartialEq for Memory {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Memory {}

impl Hash for Memory {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Memory {
    /// Reserves the maximum before the result is computed, then holds its actual size until it is
    /// dropped.
    fn counted(&self, function: &str, most: i64, make: impl FnOnce() -> Result<ColumnarValue>) -> Result<ColumnarValue> {
        let held = MemoryConsumer::new(function).register(&self.0);
        held.try_grow(usize::try_from(most).unwrap_or(usize::MAX))?;
        match make()? {
            ColumnarValue::Array(values) => {
                held.try_resize(values.get_array_memory_size())?;
                let values = with_reservation(values.to_data(), &Arc::new(held))?;
                Ok(ColumnarValue::Array(make_array(values)))
            }
            constant => Ok(constant),
        }
    }
}

/// A buffer and the reservation of its array.
struct Reserved {
    buffer: Buffer,
    _held: Arc<MemoryReservation>,
}

impl AsRef<[u8]> for Reserved {
    fn as_ref(&self) -> &[u8] {
        self.buffer.as_slice()
    }
}

/// The values in buffers that hold the reservation, through every clone and slice.
fn with_reservation(values: ArrayData, held: &Arc<MemoryReservation>) -> Result<ArrayData> {
    let reserved = |buffer: &Buffer| {
        let reserved = Reserved { buffer: buffer.clone(), _held: held.clone() };
        if buffer.is_empty() { buffer.clone() } else { Buffer::from(Bytes::from_owner(reserved)) }
    };
    let buffers = values.buffers().iter().map(reserved).collect();
    let children = values.child_data().iter().map(|child| with_reservation(child.clone(), held));
    let children = children.collect::<Result<Vec<_>>>()?;
    Ok(values.into_builder().buffers(buffers).child_data(children).build()?)
}

/// The function within the limits, if it needs them and does not have them yet.
pub(super) fn within_limits(function: &Arc<ScalarUDF>, memory: &Memory) -> Option<Arc<ScalarUDF>> {
    let is_within = function.inner().downcast_ref::<WithinLimits>().is_some();
    let rule = Rule::of(function.name()).filter(|_| !is_within)?;
    Some(Arc::new(ScalarUDF::new_from_impl(WithinLimits { function: function.clone(), rule, memory: memory.clone() })))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct WithinLimits {
    function: Arc<ScalarUDF>,
    rule: Rule,
    memory: Memory,
}

impl ScalarUDFImpl for WithinLimits {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn aliases(&self) -> &[String] {
        self.function.aliases()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.function.coerce_types(arguments)
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.function.inner().return_type(arguments).and_then(|of| small(&of).map(|()| of))
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let field = self.function.inner().return_field_from_args(arguments)?;
        small(field.data_type()).map(|()| field)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.rule.call(self.name(), &self.memory, arguments, &|arguments| self.function.invoke_with_args(arguments))
    }
}

/// Refuses a type with more parts than a table may have columns: a STRUCT of two copies of its
/// source doubles with each query, and comparing types walks all of it.
fn small(data_type: &DataType) -> Result<()> {
    fn after(data_type: &DataType, left: usize) -> Option<usize> {
        let left = left.checked_sub(1)?;
        match data_type {
            DataType::Struct(fields) => fields.iter().try_fold(left, |left, field| after(field.data_type(), left)),
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) | DataType::Map(item, _) => {
                after(item.data_type(), left)
            }
            _ => Some(left),
        }
    }
    match after(data_type, MAX_COLUMNS) {
        Some(_) => Ok(()),
        None => plan_err!("A STRUCT or ARRAY has more than {MAX_COLUMNS} items, the column limit of BigQuery"),
    }
}

/// Bytes of a plan's constant texts and arrays, and of those that are left to be computed at run
/// time: the size of each row of a batch, if all of them are selected.
pub(super) fn constant_bytes(plan: &LogicalPlan) -> Result<usize> {
    let mut all = 0usize;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                all = all.saturating_add(bytes_of_constant(part)?);
                // A list of values is compared, not returned.
                Ok(if matches!(part, Expr::InList(_)) { TreeNodeRecursion::Jump } else { TreeNodeRecursion::Continue })
            })
        })
    })?;
    Ok(all)
}

fn bytes_of_constant(expression: &Expr) -> Result<usize> {
    Ok(match expression {
        Expr::Literal(ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text), _) => {
            text.as_ref().map_or(0, String::len)
        }
        Expr::Literal(ScalarValue::Binary(bytes) | ScalarValue::LargeBinary(bytes) | ScalarValue::BinaryView(bytes), _) => {
            bytes.as_ref().map_or(0, Vec::len)
        }
        Expr::Literal(value, _) if value.data_type().is_nested() => value.size(),
        Expr::ScalarFunction(call) => {
            let inner = call.func.inner();
            let rule = inner.downcast_ref::<WithinLimits>().map(|within| within.rule);
            let rule = rule.or_else(|| inner.downcast_ref::<JoinedTexts>().map(|_| Rule::Together));
            let constant = |argument: &Expr| match argument {
                Expr::Literal(value, _) => Some(ColumnarValue::Scalar(value.clone())),
                _ => None,
            };
            let constants = call.args.iter().map(constant).collect::<Option<Vec<_>>>();
            let made = rule.zip(constants).map(|(rule, constants)| rule.made(&constants)).transpose()?;
            made.into_iter().flatten().max().map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
        }
        _ => 0,
    })
}

/// STRUCT as written, within the limits.
#[derive(Debug)]
pub(super) struct Structs(pub Memory);

impl ExprPlanner for Structs {
    fn plan_struct_literal(&self, parts: Vec<Expr>, is_named: bool) -> Result<PlannerResult<Vec<Expr>>> {
        let function = if is_named { named_struct() } else { r#struct() };
        let function = within_limits(&function, &self.0).unwrap_or(function);
        Ok(PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(function, parts))))
    }
}

/// Combines measurements by rows; if all rows have the same, it is computed once.
fn rows(measured: &[Vec<i64>], combine: impl Fn(&[i64]) -> i64) -> Vec<i64> {
    let longest = measured.iter().map(Vec::len).max().unwrap_or(0);
    let at = |values: &Vec<i64>, row: usize| values.get(if values.len() == 1 { 0 } else { row }).copied().unwrap_or(0);
    let mut here = vec![0; measured.len()];
    let row = |row: usize| {
        for (here, values) in here.iter_mut().zip(measured) {
            *here = at(values, row);
        }
        combine(&here)
    };
    (0..longest).map(row).collect()
}

/// Bytes of each value.
fn sizes(values: &dyn Array) -> Result<Vec<i64>> {
    Ok(match values.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView => {
            let lengths = cast(&length(values)?, &DataType::Int64)?;
            lengths.as_primitive::<Int64Type>().iter().map(|length| length.unwrap_or(0)).collect()
        }
        // Items of a list are assumed to be equally long.
        _ => {
            let each = all_bytes(values)? / values.len().max(1) as i64 + 1;
            vec![each; values.len()]
        }
    })
}

/// Bytes of all values, without other values in the same buffer.
fn all_bytes(values: &dyn Array) -> Result<i64> {
    Ok(match values.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView => {
            sizes(values)?.into_iter().fold(0, |all, size| all.saturating_add(size).saturating_add(ITEM_BYTES))
        }
        DataType::List(_) => {
            let list = values.as_list::<i32>();
            let (first, last) = (list.offsets().first().copied().unwrap_or(0), list.offsets().last().copied().unwrap_or(0));
            all_bytes(&list.values().slice(first as usize, (last - first) as usize))?.saturating_add(4 * values.len() as i64)
        }
        DataType::Struct(_) => {
            let columns = values.as_struct().columns().iter();
            columns
                .map(|column| all_bytes(column))
                .try_fold(0i64, |all, column| Ok::<_, DataFusionError>(all.saturating_add(column?)))?
        }
        _ => i64::try_from(values.to_data().get_slice_memory_size()?).unwrap_or(i64::MAX),
    })
}

/// Items of each array.
fn items(values: &dyn Array) -> Result<Vec<i64>> {
    match values.data_type() {
        DataType::List(_) => {
            // Nested items are written too.
            let items = values.as_list::<i32>().values();
            let within = match items.data_type() {
                DataType::List(_) => i64::try_from(items.as_list::<i32>().values().len()).unwrap_or(i64::MAX),
                _ => 0,
            };
            let lengths = values.as_list::<i32>().offsets().lengths();
            Ok(lengths.map(|length| (length as i64).saturating_add(within)).collect())
        }
        _ => Ok(vec![0; values.len()]),
    }
}

fn numbers(values: &dyn Array) -> Result<Vec<i64>> {
    let numbers = cast(values, &DataType::Int64)?;
    Ok(numbers.as_primitive::<Int64Type>().iter().map(|number| number.unwrap_or(0).max(0)).collect())
}

/// Size of a series: of INT64, or of dates and times with an interval between them.
fn series(arguments: &[ColumnarValue]) -> Result<Vec<i64>> {
    let arrays = arguments.iter().map(once).collect::<Result<Vec<_>>>()?;
    let (start, stop, step) = match arrays.as_slice() {
        [stop] => (None, stop, None),
        [start, stop] => (Some(start), stop, None),
        [start, stop, step, ..] => (Some(start), stop, Some(step)),
        [] => return Ok(vec![]),
    };
    let is_time = stop.data_type().is_temporal();
    let rows = arrays.iter().map(|array| array.len()).max().unwrap_or(0);
    let place = |array: &Option<&ArrayRef>| array.map(positions).transpose();
    let (start, stop) = (place(&start)?, positions(stop)?);
    let step = match step {
        Some(step) => Some(if is_time { lengths_of_time(step)? } else { positions(step)? }),
        None => None,
    };
    let at = |values: &Option<Vec<Option<i128>>>, row: usize, otherwise: i128| match values {
        Some(values) => values.get(if values.len() == 1 { 0 } else { row }).copied().flatten(),
        None => Some(otherwise),
    };
    let stop = Some(stop);
    let day = 86_400_000_000_000;
    Ok((0..rows)
        .map(|row| {
            let otherwise = if is_time { day } else { 1 };
            let (Some(start), Some(stop), Some(step)) = (at(&start, row, 0), at(&stop, row, 0), at(&step, row, otherwise)) else {
                return 0;
            };
            // A step of 0 is refused; one in the other direction gives nothing.
            let items = if step == 0 || (stop > start) != (step > 0) { 0 } else { (stop - start) / step + 1 };
            i64::try_from(items.saturating_mul(i128::from(ITEM_BYTES))).unwrap_or(i64::MAX)
        })
        .collect())
}

/// Numbers as they are; dates and times in nanoseconds.
fn positions(values: &ArrayRef) -> Result<Vec<Option<i128>>> {
    let scale: i128 = match values.data_type() {
        DataType::Date32 => 86_400_000_000_000,
        DataType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
        _ => 1,
    };
    let values = match values.data_type() {
        DataType::Date32 => cast(&cast(values, &DataType::Int32)?, &DataType::Int64)?,
        _ => cast(values, &DataType::Int64)?,
    };
    let values = values.as_primitive::<Int64Type>().iter();
    Ok(values.map(|value| value.map(|value| i128::from(value) * scale)).collect())
}

/// Intervals in nanoseconds, with months at their shortest.
fn lengths_of_time(values: &ArrayRef) -> Result<Vec<Option<i128>>> {
    let values = cast(values, &DataType::Interval(datafusion::arrow::datatypes::IntervalUnit::MonthDayNano))?;
    let length = |months: i32, days: i32, nanoseconds: i64| {
        let days = i128::from(months) * 28 + i128::from(days);
        days * 86_400_000_000_000 + i128::from(nanoseconds)
    };
    let values = values.as_primitive::<IntervalMonthDayNanoType>().iter();
    Ok(values.map(|value| value.map(|value| length(value.months, value.days, value.nanoseconds))).collect())
}

fn once(value: &ColumnarValue) -> Result<ArrayRef> {
    match value {
        ColumnarValue::Array(values) => Ok(values.clone()),
        ColumnarValue::Scalar(value) => value.to_array_of_size(1),
    }
}

/// Whether `||` joins texts, rather than arrays or bytes.
pub(super) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Concatenation of texts by `||`: NULL if one of them is.
pub(super) fn joined_texts(memory: Memory) -> ScalarUDF {
    ScalarUDF::new_from_impl(JoinedTexts { signature: Signature::variadic_any(Volatility::Immutable), memory })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JoinedTexts {
    signature: Signature,
    memory: Memory,
}

impl ScalarUDFImpl for JoinedTexts {
    fn name(&self) -> &str {
        "joined_texts"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The same as DataFusion's own operator.
    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let any = |of: DataType| arguments.contains(&of).then_some(of);
        Ok(any(DataType::Utf8View).or_else(|| any(DataType::LargeUtf8)).unwrap_or(DataType::Utf8))
    }

    /// The same, if nothing is nullable either.
    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<DataType> = arguments.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let is_nullable = arguments.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.return_type(&types)?, is_nullable)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Rule::Together.call("||", &self.memory, arguments, &joined)
    }
}

fn joined(arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let is_constant = arguments.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
    let texts = arguments.args.iter().map(|argument| Ok(cast(&once(argument)?, &DataType::Utf8View)?));
    let texts = texts.collect::<Result<Vec<_>>>()?;
    let rows = if is_constant { 1 } else { arguments.number_rows };
    let mut joined = StringViewBuilder::with_capacity(rows);
    let mut text = String::new();
    for row in 0..rows {
        text.clear();
        let mut is_null = false;
        for texts in &texts {
            let texts = texts.as_string_view();
            let row = if texts.len() == 1 { 0 } else { row };
            is_null |= texts.is_null(row);
            if is_null {
                break;
            }
            text.push_str(texts.value(row));
        }
        joined.append_option((!is_null).then_some(&text));
    }
    let joined = cast(&joined.finish(), arguments.return_field.data_type())?;
    Ok(if is_constant { ScalarValue::try_from_array(&joined, 0)?.into() } else { joined.into() })
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Int64Array;

    use super::*;

    fn scalar(value: impl Into<ScalarValue>) -> ColumnarValue {
        ColumnarValue::Scalar(value.into())
    }

    fn made(name: &str, arguments: &[ColumnarValue]) -> i64 {
        Rule::of(name).unwrap().made(arguments).unwrap().into_iter().max().unwrap()
    }

    #[test]
    fn the_size_of_a_result_is_computed_before_the_result() {
        assert_eq!(made("repeat", &[scalar("ab"), scalar(3i64)]), 6);
        assert_eq!(made("repeat", &[scalar("ab"), scalar(-3i64)]), 0);
        assert_eq!(made("repeat", &[scalar("ab"), scalar(i64::MAX)]), i64::MAX);
        assert!(made("replace", &[scalar("aaaa"), scalar("a"), scalar("bbb")]) >= 12);
        assert!(made("replace", &[scalar("aaaa"), scalar(""), scalar("bbb")]) >= 19);
        assert!(made("regexp_replace", &[scalar("aa"), scalar("a*"), scalar("\\0\\0\\0")]) >= 6);
        assert!(made("array_repeat", &[scalar(1i64), scalar(10i64)]) >= 80);
        assert!(made("generate_series", &[scalar(i64::MIN), scalar(i64::MAX), scalar(1i64)]) == i64::MAX);
        assert!(made("range", &[scalar(5i64)]) >= 40);
        assert_eq!(made("range", &[scalar(5i64), scalar(1i64)]), 0);
        let day = |days| ColumnarValue::Scalar(ScalarValue::Date32(Some(days)));
        let step = ColumnarValue::Scalar(ScalarValue::new_interval_mdn(0, 0, 1_000));
        assert!(made("range", &[day(0), day(1), step]) >= 86_400_000_000);
        assert!(made("concat", &[scalar("ab"), scalar("cd")]) == 4);
    }

    /// The result of a function for a column of texts and another value; `None` if that is too
    /// long.
    fn called(function: Arc<ScalarUDF>, memory: &Memory, texts: &ArrayRef, more: &[ColumnarValue]) -> Result<ArrayRef> {
        let args: Vec<ColumnarValue> = [ColumnarValue::Array(texts.clone())].into_iter().chain(more.iter().cloned()).collect();
        let field = |argument: &ColumnarValue| Arc::new(Field::new("a", argument.data_type(), true));
        let arguments = ScalarFunctionArgs {
            arg_fields: args.iter().map(|argument| field(argument) as FieldRef).collect(),
            args,
            number_rows: texts.len(),
            return_field: Arc::new(Field::new("r", DataType::Utf8, true)),
            config_options: Default::default(),
        };
        within_limits(&function, memory).unwrap().invoke_with_args(arguments)?.into_array(texts.len())
    }

    fn texts(text: &str) -> ArrayRef {
        Arc::new(datafusion::arrow::array::StringArray::from(vec![text; 8_192]))
    }

    #[test]
    fn results_of_functions_count_as_query_memory_while_they_live() {
        let pool: Arc<dyn MemoryPool> = super::super::memory::pool(64 << 20);
        let memory = Memory(pool.clone());
        let repeat = datafusion::functions::string::repeat;
        let times: ArrayRef = Arc::new(Int64Array::from(vec![4_000; 8_192]));
        let made = called(repeat(), &memory, &texts("a"), &[ColumnarValue::Array(times)]).unwrap();
        assert_eq!(made.as_string::<i32>().value(8_191), "a".repeat(4_000));
        assert!(pool.reserved() >= 4_000 * 8_192);
        // A second result does not fit; a slice of the first holds all of it.
        assert!(called(repeat(), &memory, &texts("a"), &[scalar(7_000i64)]).is_err());
        let part = made.slice(5, 1);
        drop(made);
        assert!(pool.reserved() >= 4_000 * 8_192);
        drop(part);
        assert_eq!(pool.reserved(), 0);
        let more = Memory(super::super::memory::pool(256 << 20));
        let Err(error) = called(repeat(), &more, &texts("a"), &[scalar(10_000i64)]) else { panic!("80 MB") };
        assert!(error.to_string().contains("REPEAT returns a value"), "{error}");
        assert_eq!(more.0.reserved(), 0);
    }

    #[test]
    fn values_that_turn_out_short_are_computed() {
        let memory = Memory(super::super::memory::pool(256 << 20));
        // A match at each position would give 133 MB.
        let (pattern, with) = (scalar(r"\s"), scalar("[a space]"));
        let text = format!("a{}b", " ".repeat(1_800));
        let made = called(datafusion::functions::regex::regexp_replace(), &memory, &texts(&text), &[pattern, with]);
        assert_eq!(made.unwrap().as_string::<i32>().value(0), format!("a[a space]{}b", " ".repeat(1_799)));
        assert_eq!(memory.0.reserved(), 0);
    }
}
