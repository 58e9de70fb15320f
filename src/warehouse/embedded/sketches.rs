//! BigQuery's approximate aggregates that DataFusion lacks: APPROX_QUANTILES and APPROX_TOP_COUNT,
//! in bounded memory.
//!
//! Arrow's kernels and DataFusion's table of groups do all work on values, a batch at a time.

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, StructArray, UInt32Array, UInt64Array, new_null_array,
};
use datafusion::arrow::compute::kernels::{cmp, numeric};
use datafusion::arrow::compute::{
    SortColumn, SortOptions, concat, filter, is_not_null, lexsort_to_indices, sort, sort_to_indices, take,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type, Schema, UInt64Type};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Signature, Volatility};
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use super::compact::compact;
use super::text::to_canonical;
use super::types::canonical;

/// Values per level of a quantile sketch. The error of a rank is at most the number of levels in 2
/// · LEVEL: 0.05 % at 10^9 rows.
const LEVEL: usize = 16_384;
/// Distinct values that are counted one by one, and the bytes that they may take.
const COUNTED: usize = 131_072;
const COUNTED_BYTES: usize = 8 << 20;
/// BigQuery's maximum.
const MOST: i64 = 1_000_000;

pub(super) fn all() -> [Arc<AggregateUDF>; 2] {
    [Kind::Quantiles, Kind::TopCount].map(|kind| {
        let signature = Signature::any(2, Volatility::Immutable);
        Arc::new(AggregateUDF::new_from_impl(Sketch { kind, signature }))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Quantiles,
    TopCount,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Sketch {
    kind: Kind,
    signature: Signature,
}

impl AggregateUDFImpl for Sketch {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Quantiles => "approx_quantiles",
            Kind::TopCount => "approx_top_count",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, args: &[DataType]) -> Result<DataType> {
        let of = self.taken(&args[0])?;
        Ok(DataType::new_list(
            match self.kind {
                Kind::Quantiles => of,
                Kind::TopCount => DataType::Struct(counted_fields(&of)),
            },
            true,
        ))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let of = self.taken(args.expr_fields[0].data_type())?;
        let number = match args.exprs[1].downcast_ref::<Literal>().map(Literal::value) {
            Some(ScalarValue::Int64(Some(number))) if (1..=MOST).contains(number) => *number as usize,
            _ => return plan_err!("{} takes a number from 1 to {MOST} as its second argument", self.name()),
        };
        Ok(match self.kind {
            Kind::Quantiles => Box::new(Quantiles { of, number, levels: vec![], most: 0 }),
            Kind::TopCount => Box::new(TopCount { groups: groups_of(&of)?, of, number, counts: vec![], ids: vec![], most: 0 }),
        })
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let of = self.taken(args.input_fields[0].data_type())?;
        let list = |name: &str, of| Arc::new(Field::new(format_state_name(args.name, name), DataType::new_list(of, true), true));
        Ok(vec![list("values", of), list("numbers", DataType::Int64)])
    }
}

impl Sketch {
    /// The type in which values are held.
    fn taken(&self, of: &DataType) -> Result<DataType> {
        match canonical(of) {
            Ok(of) if !of.is_nested() => Ok(of),
            _ => plan_err!("{} does not take {of}", self.name()),
        }
    }
}

fn list(values: ArrayRef) -> ScalarValue {
    SingleRowListArrayBuilder::new(values).build_list_scalar()
}

/// The values and the numbers of each sketch to be merged.
fn states(states: &[ArrayRef]) -> impl Iterator<Item = (ArrayRef, Int64Array)> {
    let (values, numbers) = (states[0].as_list::<i32>(), states[1].as_list::<i32>());
    let there = |row: &usize| values.is_valid(*row) && numbers.is_valid(*row);
    (0..values.len()).filter(there).map(|row| (values.value(row), numbers.value(row).as_primitive::<Int64Type>().clone()))
}

/// The most bytes that a sketch has held, which is the size that it reports. A full level is halved
/// repeatedly, and DataFusion adds the growth of each batch of an aggregate without groups, but
/// never subtracts what it shrinks by.
type MostBytes = usize;

/// Quantiles by levels: each value of level n stands for 2^n values. A full level is sorted, and
/// every other value of it goes one level up.
/// <https://dl.acm.org/doi/10.1145/304182.304204> with levels of equal size.
#[derive(Debug)]
struct Quantiles {
    of: DataType,
    number: usize,
    levels: Vec<Level>,
    most: MostBytes,
}

#[derive(Debug, Default)]
struct Level {
    parts: Vec<ArrayRef>,
    values: usize,
    /// Which of two neighbours goes up: alternates, so that errors cancel.
    odd: bool,
}

impl Quantiles {
    fn add(&mut self, level: usize, values: ArrayRef) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        while self.levels.len() <= level {
            self.levels.push(Level::default());
        }
        let at = &mut self.levels[level];
        at.values += values.len();
        at.parts.push(compact(&values)?);
        if at.values < LEVEL {
            return Ok(());
        }
        let sorted = sort(&whole(&at.parts, &self.of)?, None)?;
        // A value without a neighbour stays.
        let paired = sorted.len() / 2 * 2;
        let chosen = UInt32Array::from_iter_values((u32::from(at.odd)..paired as u32).step_by(2));
        at.parts = vec![];
        at.values = sorted.len() - paired;
        at.odd = !at.odd;
        if at.values > 0 {
            at.parts.push(compact(&take(&sorted, &UInt32Array::from(vec![paired as u32]), None)?)?);
        }
        self.add(level + 1, take(&sorted, &chosen, None)?)
    }

    fn bytes(&self) -> usize {
        self.levels.iter().flat_map(|level| &level.parts).map(|part| part.get_array_memory_size()).sum()
    }

    /// The values of all levels, and the weight of each.
    fn parts(&self) -> Result<(ArrayRef, Vec<i64>)> {
        let parts: Vec<ArrayRef> = self.levels.iter().flat_map(|level| level.parts.iter().cloned()).collect();
        Ok((whole(&parts, &self.of)?, self.levels.iter().map(|level| level.values as i64).collect()))
    }
}

impl Accumulator for Quantiles {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut column = to_canonical(&values[0])?;
        if column.null_count() > 0 {
            column = filter(&column, &is_not_null(&column)?)?;
        }
        self.add(0, column)?;
        self.most = self.most.max(self.bytes());
        Ok(())
    }

    fn merge_batch(&mut self, others: &[ArrayRef]) -> Result<()> {
        for (values, numbers) in states(others) {
            let mut from = 0;
            for (level, number) in numbers.values().iter().enumerate() {
                let number = *number as usize;
                self.add(level, values.slice(from, number))?;
                from += number;
            }
            self.most = self.most.max(self.bytes());
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (values, numbers) = self.parts()?;
        Ok(vec![list(values), list(Arc::new(Int64Array::from(numbers)))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let (values, numbers) = self.parts()?;
        if values.is_empty() {
            return Ok(ScalarValue::new_null_list(self.of.clone(), true, 1));
        }
        let weights: Vec<u64> =
            numbers.iter().enumerate().flat_map(|(level, number)| std::iter::repeat_n(1u64 << level, *number as usize)).collect();
        let total: u64 = weights.iter().sum();
        let order = sort_to_indices(&values, None, None)?;
        let mut chosen = Vec::with_capacity(self.number + 1);
        let mut before = 0;
        for place in order.values() {
            before += weights[*place as usize];
            // The first value whose cumulative weight reaches the next quantile.
            while chosen.len() <= self.number
                && u128::from(before) * self.number as u128 >= u128::from(total) * chosen.len() as u128
            {
                chosen.push(*place);
            }
        }
        Ok(list(take(&values, &UInt32Array::from(chosen), None)?))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.most
    }
}

/// Concatenates arrays.
fn whole(parts: &[ArrayRef], of: &DataType) -> Result<ArrayRef> {
    match parts {
        [] => Ok(new_null_array(of, 0)),
        [only] => Ok(only.clone()),
        parts => Ok(concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>())?),
    }
}

/// How often each value occurs. If there are too many values, the rarer half is dropped and the
/// others' counts are reduced by as much: a count is never too high, and too low by one row in
/// 65,536 at most. <https://doi.org/10.1016/0167-6423(82)90012-0>
struct TopCount {
    of: DataType,
    number: usize,
    /// A mutex only because an accumulator has to be `Sync`; there is no contention.
    groups: Mutex<Box<dyn GroupValues>>,
    /// By group.
    counts: Vec<u64>,
    /// The groups of a batch's rows; a field so that its memory is reused.
    ids: Vec<usize>,
    most: MostBytes,
}

impl std::fmt::Debug for TopCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TopCount").field("of", &self.of).field("values", &self.counts.len()).finish()
    }
}

fn groups_of(of: &DataType) -> Result<Mutex<Box<dyn GroupValues>>> {
    let schema = Schema::new(vec![Field::new("value", of.clone(), true)]);
    Ok(Mutex::new(new_group_values(Arc::new(schema), &GroupOrdering::None)?))
}

fn counted_fields(of: &DataType) -> Fields {
    Fields::from(vec![Field::new("value", of.clone(), true), Field::new("count", DataType::Int64, true)])
}

impl TopCount {
    /// Finds the values' groups; they are in `ids`.
    fn intern(&mut self, values: ArrayRef) -> Result<()> {
        self.ids.clear();
        let groups = self.groups.get_mut().unwrap_or_else(PoisonError::into_inner);
        groups.intern(&[values], &mut self.ids)?;
        self.counts.resize(groups.len(), 0);
        self.most = self.most.max(self.bytes() + self.counts.capacity() * 8 + self.ids.capacity() * 8);
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).size()
    }

    fn keep_within_bounds(&mut self) -> Result<()> {
        if self.counts.len() <= COUNTED && (self.bytes() <= COUNTED_BYTES || self.counts.len() < 2 * self.number) {
            return Ok(());
        }
        let (values, counts) = self.emit()?;
        let sorted = sort(&counts, None)?;
        let least = sorted.as_primitive::<UInt64Type>().value(sorted.len() / 2);
        let frequent: BooleanArray = cmp::gt(&counts, &UInt64Array::new_scalar(least))?;
        let kept = numeric::sub(&filter(&counts, &frequent)?, &UInt64Array::new_scalar(least))?;
        self.groups = groups_of(&self.of)?;
        self.counts = vec![];
        self.intern(filter(&values, &frequent)?)?;
        for (group, count) in self.ids.iter().zip(kept.as_primitive::<UInt64Type>().values()) {
            self.counts[*group] = *count;
        }
        Ok(())
    }

    /// Takes all values with their counts.
    fn emit(&mut self) -> Result<(ArrayRef, UInt64Array)> {
        let counts = UInt64Array::from(std::mem::take(&mut self.counts));
        match self.groups.get_mut().unwrap_or_else(PoisonError::into_inner).emit(EmitTo::All)?.pop() {
            Some(values) => Ok((to_canonical(&values)?, counts)),
            None => exec_err!("the values are gone"),
        }
    }
}

impl Accumulator for TopCount {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.intern(to_canonical(&values[0])?)?;
        for group in &self.ids {
            self.counts[*group] += 1;
        }
        self.keep_within_bounds()
    }

    fn merge_batch(&mut self, others: &[ArrayRef]) -> Result<()> {
        for (values, numbers) in states(others) {
            self.intern(values)?;
            for (group, count) in self.ids.iter().zip(numbers.values()) {
                self.counts[*group] += *count as u64;
            }
            self.keep_within_bounds()?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (values, counts) = self.emit()?;
        let counts = Int64Array::from_iter_values(counts.values().iter().map(|count| *count as i64));
        Ok(vec![list(values), list(Arc::new(counts))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let (values, counts) = self.emit()?;
        let counts: ArrayRef = Arc::new(counts);
        let by = |values: &ArrayRef, descending| SortColumn {
            values: values.clone(),
            options: Some(SortOptions { descending, nulls_first: true }),
        };
        let best = lexsort_to_indices(&[by(&counts, true), by(&values, false)], Some(self.number))?;
        let counts = take(&counts, &best, None)?;
        let counts = Int64Array::from_iter_values(counts.as_primitive::<UInt64Type>().values().iter().map(|count| *count as i64));
        let columns: Vec<ArrayRef> = vec![take(&values, &best, None)?, Arc::new(counts)];
        Ok(list(Arc::new(StructArray::try_new(counted_fields(&self.of), columns, None)?)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Float64Array, StringViewArray};

    fn quantiles(number: usize, of: DataType) -> Quantiles {
        Quantiles { of, number, levels: vec![], most: 0 }
    }

    fn top(number: usize, of: DataType) -> TopCount {
        TopCount { groups: groups_of(&of).unwrap(), of, number, counts: vec![], ids: vec![], most: 0 }
    }

    /// Distributes the values over several sketches and merges these.
    fn merged<A: Accumulator>(make: impl Fn() -> A, values: &ArrayRef, sketches: usize) -> ScalarValue {
        let mut all: Vec<A> = (0..sketches).map(|_| make()).collect();
        for (i, from) in (0..values.len()).step_by(8192).enumerate() {
            all[i % sketches].update_batch(&[values.slice(from, 8192.min(values.len() - from))]).unwrap();
        }
        let mut whole = make();
        for sketch in &mut all {
            let state: Vec<ArrayRef> = sketch.state().unwrap().iter().map(|state| state.to_array().unwrap()).collect();
            whole.merge_batch(&state).unwrap();
        }
        whole.evaluate().unwrap()
    }

    fn items(list: &ScalarValue) -> ArrayRef {
        match list {
            ScalarValue::List(list) => list.value(0),
            other => panic!("{other:?}"),
        }
    }

    fn counted(list: &ScalarValue) -> Vec<(String, i64)> {
        let items = items(list);
        let items = items.as_struct();
        let counts = items.column(1).as_primitive::<Int64Type>();
        let value = |row| ScalarValue::try_from_array(items.column(0), row).unwrap().to_string();
        (0..items.len()).map(|row| (value(row), counts.value(row))).collect()
    }

    /// Numbers without an order, the same at every run.
    fn scattered(count: u64) -> impl Iterator<Item = u64> {
        (0..count).map(|n| farmhash2::fingerprint64(&n.to_le_bytes()))
    }

    #[test]
    fn quantiles_are_accurate_to_a_tenth_of_a_percent() {
        const COUNT: u64 = 3_000_000;
        // Skewed: half of the values are below 1 % of the largest.
        let value = |n: u64| ((n % 1_000_000) as f64 / 1e6).powi(8) * 1e9;
        for sketches in [1, 3] {
            let values: Vec<f64> = scattered(COUNT).map(value).collect();
            let array: ArrayRef = Arc::new(Float64Array::from(values.clone()));
            let found = items(&merged(|| quantiles(100, DataType::Float64), &array, sketches));
            let found = found.as_primitive::<datafusion::arrow::datatypes::Float64Type>();
            let sorted = sort(&array, None).unwrap();
            let sorted = sorted.as_primitive::<datafusion::arrow::datatypes::Float64Type>().values();
            assert_eq!(found.len(), 101);
            for (at, value) in found.values().iter().enumerate() {
                let rank = sorted.partition_point(|other| other < value) as f64 / COUNT as f64;
                assert!((rank - at as f64 / 100.0).abs() < 0.001, "quantile {at} of {sketches}: rank {rank}");
            }
        }
    }

    #[test]
    fn quantiles_of_few_values_are_exact_and_null_is_none_of_them() {
        let array: ArrayRef = Arc::new(Int64Array::from(vec![Some(5), None, Some(1), Some(3), Some(2), None, Some(4)]));
        let found = items(&merged(|| quantiles(4, DataType::Int64), &array, 1));
        assert_eq!(found.as_primitive::<Int64Type>().values(), &[1, 2, 3, 4, 5]);
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["b", "a", "c"]));
        let found = items(&merged(|| quantiles(2, DataType::Utf8View), &texts, 1));
        assert_eq!(found.as_string_view().iter().flatten().collect::<Vec<_>>(), ["a", "b", "c"]);
        let nothing: ArrayRef = Arc::new(Int64Array::new_null(9));
        assert!(merged(|| quantiles(4, DataType::Int64), &nothing, 2).is_null());
    }

    #[test]
    fn few_values_are_counted_exactly_null_among_them() {
        let texts: ArrayRef = Arc::new(StringViewArray::from_iter((0..100_000).map(|n| match n % 10 {
            0..=4 => Some("often".to_owned()),
            5..=7 => None,
            8 => Some("O'Brien".to_owned()),
            _ => Some(format!("{}", n / 10 % 1000)),
        })));
        let found = counted(&merged(|| top(4, DataType::Utf8View), &texts, 3));
        let expected = [("often", 50_000), ("NULL", 30_000), ("O'Brien", 10_000), ("0", 10)];
        assert_eq!(found, expected.map(|(text, count)| (text.to_owned(), count)));
    }

    #[test]
    fn frequent_values_are_kept_and_counts_are_never_too_high() {
        // A million distinct values, and three of 30,000, 20,000 and 10,000 rows among them.
        const ONCE: u64 = 1_000_000;
        let value = |n: u64| match n % 100 {
            0..=2 => -1,
            3..=4 => -2,
            5 => -3,
            _ => (n >> 8) as i64,
        };
        let array: ArrayRef = Arc::new(Int64Array::from_iter_values(scattered(ONCE).map(value)));
        let truth =
            |wanted: i64| array.as_primitive::<Int64Type>().values().iter().filter(|value| **value == wanted).count() as i64;
        for sketches in [1, 3] {
            let found = counted(&merged(|| top(3, DataType::Int64), &array, sketches));
            for (place, (value, count)) in found.iter().enumerate() {
                let wanted = -1 - place as i64;
                assert_eq!(*value, wanted.to_string());
                assert!((truth(wanted) - 40..=truth(wanted)).contains(count), "{wanted}: {count}, not {}", truth(wanted));
            }
        }
    }

    #[test]
    fn memory_is_bounded_whatever_the_values() {
        let long = |n: u64| format!("{n:0>2000}");
        let mut sketch = top(10, DataType::Utf8View);
        for batch in 0..12 {
            let texts = (0..1000).map(|n| long(batch * 1000 + n));
            sketch.update_batch(&[Arc::new(StringViewArray::from_iter_values(texts))]).unwrap();
            assert!(sketch.size() < 4 * COUNTED_BYTES, "{}", sketch.size());
        }
    }
}
