//! The parts of a UNION ALL, one after the other.
//!
//! In parallel, all of them would hold their memory at the same time, though each has work for all
//! threads: an analysis is a dozen such parts.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::limit::GlobalLimitExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, execute_stream};
use futures::{TryStreamExt, stream};

/// Runs a union part by part, into one stream.
#[derive(Debug)]
pub(super) struct SequentialUnions;

impl PhysicalOptimizerRule for SequentialUnions {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let to_sequential = |node: Arc<dyn ExecutionPlan>| {
            let whole = node.downcast_ref::<CoalescePartitionsExec>();
            let union = whole.and_then(|whole| whole.input().downcast_ref::<UnionExec>());
            let (Some(whole), Some(union)) = (whole, union) else { return Ok(Transformed::no(node)) };
            let parts = Arc::new(SequentialUnion { parts: union.inputs().clone(), properties: node.properties().clone() });
            Ok(Transformed::yes(match whole.fetch() {
                Some(rows) => Arc::new(GlobalLimitExec::new(parts, 0, Some(rows))),
                None => parts,
            }))
        };
        plan.transform_up(to_sequential).data()
    }

    fn name(&self) -> &str {
        "sequential_unions"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct SequentialUnion {
    parts: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
}

impl DisplayAs for SequentialUnion {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SequentialUnion")
    }
}

impl ExecutionPlan for SequentialUnion {
    fn name(&self) -> &str {
        "SequentialUnion"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.parts.iter().collect()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, parts: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self { parts, properties: self.properties.clone() }))
    }

    fn execute(&self, _partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        // A part begins when the one before it has ended.
        let part = move |part| {
            let context = context.clone();
            async move { execute_stream(part, context) }
        };
        let rows = stream::iter(self.parts.clone().into_iter().map(Ok)).and_then(part).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::session_state::SessionStateBuilder;
    use datafusion::physical_plan::displayable;
    use datafusion::prelude::SessionContext;

    #[tokio::test]
    async fn rows_come_part_by_part_and_a_limit_holds() {
        let state = SessionStateBuilder::new().with_default_features().with_physical_optimizer_rule(Arc::new(SequentialUnions));
        let context = SessionContext::new_with_state(state.build());
        context.sql("CREATE TABLE t AS VALUES (1), (2), (3), (4)").await.unwrap().collect().await.unwrap();
        let parts = (0..5).map(|i| format!("SELECT {i} AS part, COUNT(*) AS c FROM t WHERE column1 > {i}"));
        let sql = format!("{} LIMIT 4", parts.collect::<Vec<_>>().join(" UNION ALL "));
        let frame = context.sql(&sql).await.unwrap();
        let plan = frame.clone().create_physical_plan().await.unwrap();
        let shown = displayable(plan.as_ref()).indent(false).to_string();
        assert!(shown.contains("SequentialUnion") && !shown.contains("UnionExec"), "{shown}");
        let found = pretty_format_batches(&frame.collect().await.unwrap()).unwrap().to_string();
        let rows: Vec<String> = (0..4).map(|i| format!("| {i}    | {} |", 4 - i)).collect();
        assert_eq!(found.lines().skip(3).take(4).collect::<Vec<_>>(), rows);
    }
}
