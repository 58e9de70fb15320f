//! Arrays that hold no more than they need, and memory of operators that is counted correctly.
//!
//! A slice, or a text that was read from a page, holds all of the buffers that it points into. An
//! aggregate returns one large batch in slices: a sort above it would count the whole of it with
//! each slice, and fail at a fraction of the memory limit. And what a window collects is not
//! counted at all.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::WindowAggExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, replace_children_if_necessary};
use futures::{StreamExt, TryStreamExt, stream};

/// An array that holds more than this many times what its values need is copied.
const WASTE: usize = 2;
/// Bytes that are not worth a copy.
const SMALL: usize = 4 << 10;
/// Maximum bytes of a batch that is passed on, unless a few rows have more: a sort spills batches
/// one by one, and may always hold twice as much.
const PIECE: usize = 2 << 20;
/// Bytes of a text's view, in addition to the text.
const VIEW: usize = 16;

/// The same values, copied into buffers of their own if they hold much more than they need.
pub(super) fn compact(array: &ArrayRef) -> Result<ArrayRef> {
    if array.get_buffer_memory_size() <= WASTE * needed(array)? + SMALL {
        return Ok(array.clone());
    }
    let rows = u32::try_from(array.len()).unwrap_or(u32::MAX);
    let copy = take(array, &UInt32Array::from_iter_values(0..rows), None)?;
    Ok(match copy.data_type() {
        DataType::Utf8View => Arc::new(copy.as_string_view().gc()),
        DataType::BinaryView => Arc::new(copy.as_binary_view().gc()),
        _ => copy,
    })
}

/// The same rows, each column compact.
pub(super) fn compact_batch(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(compact).collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns, &options)?)
}

/// Bytes that the values alone would take.
fn needed(array: &ArrayRef) -> Result<usize> {
    Ok(match array.data_type() {
        DataType::Utf8View => array.len() * VIEW + array.as_string_view().total_buffer_bytes_used(),
        DataType::BinaryView => array.len() * VIEW + array.as_binary_view().total_buffer_bytes_used(),
        _ => array.to_data().get_slice_memory_size()?,
    })
}

/// Puts [`CompactExec`] below each operator that holds its input batches.
#[derive(Debug)]
pub(super) struct CompactRetained;

impl PhysicalOptimizerRule for CompactRetained {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let compacting = |node: Arc<dyn ExecutionPlan>| {
            let window = node.is::<WindowAggExec>();
            // A join holds its left side.
            let keeps = window
                || node.downcast_ref::<SortExec>().is_some_and(|sort| sort.fetch().is_none())
                || node.is::<HashJoinExec>()
                || node.is::<CrossJoinExec>()
                || node.is::<NestedLoopJoinExec>();
            if !keeps {
                return Ok(Transformed::no(node));
            }
            let mut children: Vec<Arc<dyn ExecutionPlan>> = node.children().into_iter().cloned().collect();
            children[0] = Arc::new(CompactExec { input: children[0].clone(), counts: window });
            Ok(Transformed::yes(replace_children_if_necessary(node, children)?))
        };
        plan.transform_up(compacting).data()
    }

    fn name(&self) -> &str {
        "compact_retained"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Returns its input's rows in small batches that hold no more than they need.
#[derive(Debug)]
struct CompactExec {
    input: Arc<dyn ExecutionPlan>,
    /// Whether the operator above relies on this one to count what it collects.
    counts: bool,
}

impl DisplayAs for CompactExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CompactExec")
    }
}

impl ExecutionPlan for CompactExec {
    fn name(&self) -> &str {
        "CompactExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let mut children = children.into_iter();
        let input = children.next().unwrap_or_else(|| self.input.clone());
        Ok(Arc::new(Self { input, counts: self.counts }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = context.session_config().batch_size();
        let consumer = MemoryConsumer::new(format!("WindowInput[{partition}]"));
        let mut gathered = self.counts.then(|| Gathered(consumer.register(context.memory_pool())));
        let batches = self.input.execute(partition, context)?;
        let pieces =
            batches.map_ok(move |batch| stream::iter(in_pieces(&batch, rows).into_iter().map(|piece| compact_batch(&piece))));
        // At the end of the input the operator above has collected all, and makes one batch of it.
        let with_end = pieces.try_flatten().map(Some).chain(stream::iter([None]));
        let counted = with_end.filter_map(move |piece| {
            let counted = match (piece, &mut gathered) {
                (Some(Ok(batch)), Some(gathered)) => Some(gathered.count(&batch).map(|()| batch)),
                (None, gathered) => {
                    *gathered = None;
                    None
                }
                (piece, None) | (piece @ Some(Err(_)), _) => piece,
            };
            async move { counted }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), counted)))
    }
}

/// What an operator collects without counting it: the batches, and the one that it makes of them.
struct Gathered(MemoryReservation);

impl Gathered {
    fn count(&self, batch: &RecordBatch) -> Result<()> {
        self.0.try_grow(2 * get_record_batch_memory_size(batch))
    }
}

/// Slices of at most [`PIECE`] bytes, or of this many rows if those have more.
fn in_pieces(batch: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    let bytes = get_record_batch_memory_size(batch);
    if bytes <= PIECE || batch.num_rows() <= rows {
        return vec![batch.clone()];
    }
    let rows = rows.max(batch.num_rows() / (bytes / PIECE));
    let piece = |from| batch.slice(from, rows.min(batch.num_rows() - from));
    (0..batch.num_rows()).step_by(rows.max(1)).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Int64Array, StringArray, StringViewArray};

    #[test]
    fn small_slices_of_large_buffers_are_copied_with_equal_values() {
        let text = |n: usize| (!n.is_multiple_of(3)).then(|| format!("a text that does not fit into its view, number {n}"));
        let arrays: [ArrayRef; 3] = [
            Arc::new(Int64Array::from_iter((0..100_000).map(|n| (n % 7 != 0).then_some(n)))),
            Arc::new(StringViewArray::from_iter((0..100_000).map(text))),
            Arc::new(StringArray::from_iter((0..100_000).map(text))),
        ];
        for whole in arrays {
            assert!(Arc::ptr_eq(&compact(&whole).unwrap(), &whole));
            let slice = whole.slice(50_000, 1_000);
            let own = compact(&slice).unwrap();
            assert_eq!(&own, &slice);
            assert!(own.get_buffer_memory_size() < whole.get_buffer_memory_size() / 40, "{}", own.data_type());
        }
    }
}
