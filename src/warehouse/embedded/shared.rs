//! Parts of a query that are computed once.
//!
//! The planner inserts a CTE's plan wherever the CTE is named, and each copy is computed
//! separately. An analysis reads one set of rows in ten ways, and that set may need a sort of
//! everything: such a CTE is computed first and held in memory, as it has few columns. If it does
//! not fit, the query runs as planned.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNodeRecursion};
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, SubqueryAlias};
use futures::StreamExt;
use futures::stream::select_all;

use super::compact::compact_batch;

/// A CTE that is named this often is worth the memory.
const OFTEN: usize = 4;

/// A plan that reads from memory what it would have computed repeatedly, and the memory's
/// reservation, to be held while it runs.
pub(super) struct Shared {
    pub plan: LogicalPlan,
    _held: Vec<MemoryReservation>,
}

/// Computes the shared parts of the plan, each up to this many bytes.
pub(super) async fn compute_once(session: &SessionState, plan: LogicalPlan, most_bytes: usize) -> Result<Shared> {
    let mut tables = HashMap::new();
    let mut held = vec![];
    for part in often_named(&plan)? {
        if let Some((table, reservation)) = computed(session, &part, most_bytes).await? {
            let scan = LogicalPlanBuilder::scan(part.alias.clone(), provider_as_source(table), None)?.build()?;
            tables.insert(part, scan);
            held.push(reservation);
        }
    }
    if tables.is_empty() {
        return Ok(Shared { plan, _held: held });
    }
    let from_memory = |node: LogicalPlan| match &node {
        LogicalPlan::SubqueryAlias(part) if let Some(scan) = tables.get(part) => {
            Ok(Transformed::new(scan.clone(), true, TreeNodeRecursion::Jump))
        }
        _ => Ok(Transformed::no(node)),
    };
    let plan = plan.transform_down_with_subqueries(from_memory).data()?;
    Ok(Shared { plan, _held: held })
}

/// The CTEs that the query names often, as written: a CTE nested in another counts once there,
/// however often the other is named.
fn often_named(plan: &LogicalPlan) -> Result<Vec<SubqueryAlias>> {
    let mut named: Vec<(SubqueryAlias, usize)> = vec![];
    // Keyed by what they compute, since the planner copies their plans.
    let mut places: HashMap<SubqueryAlias, usize> = HashMap::new();
    plan.apply_with_subqueries(|node| {
        let LogicalPlan::SubqueryAlias(part) = node else { return Ok(TreeNodeRecursion::Continue) };
        if let Some(place) = places.get(part) {
            named[*place].1 += 1;
            return Ok(TreeNodeRecursion::Jump);
        }
        places.insert(part.clone(), named.len());
        named.push((part.clone(), 1));
        Ok(TreeNodeRecursion::Continue)
    })?;
    let often = named.into_iter().filter(|(_, times)| *times >= OFTEN).map(|(part, _)| part);
    let often: Vec<SubqueryAlias> = often.filter(|part| is_work(&part.input)).collect();
    // CTEs nested in another of them are computed with it.
    let mut within = HashSet::new();
    for part in &often {
        part.input.apply_with_subqueries(|node| {
            if let LogicalPlan::SubqueryAlias(inner) = node {
                within.insert(inner.clone());
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
    }
    Ok(often.into_iter().filter(|part| !within.contains(part)).collect())
}

/// More than reading a table.
fn is_work(plan: &LogicalPlan) -> bool {
    let mut found = false;
    let walked = plan.apply_with_subqueries(|node| {
        use LogicalPlan::*;
        found |= matches!(node, Join(_) | Window(_) | Aggregate(_) | Sort(_) | Distinct(_));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    walked.is_ok() && found
}

/// The rows of a part, in memory; `None` if they do not fit.
async fn computed(
    session: &SessionState,
    part: &SubqueryAlias,
    most_bytes: usize,
) -> Result<Option<(Arc<MemTable>, MemoryReservation)>> {
    let frame = DataFrame::new(session.clone(), part.input.as_ref().clone());
    let reservation = MemoryConsumer::new("shared rows").register(&session.runtime_env().memory_pool);
    // In parallel: one partition may wait for another.
    let streams = frame.execute_stream_partitioned().await?;
    let mut all = select_all(streams.into_iter().enumerate().map(|(i, stream)| stream.map(move |batch| (i, batch))));
    let mut partitions = vec![vec![]; all.len()];
    let mut counter = RecordBatchMemoryCounter::new();
    while let Some((i, batch)) = all.next().await {
        let batch = compact_batch(&batch?)?;
        let bytes = counter.count_batch(&batch);
        if reservation.size() + bytes > most_bytes || reservation.try_grow(bytes).is_err() {
            return Ok(None);
        }
        partitions[i].push(batch);
    }
    let schema = Arc::new(part.schema.as_arrow().clone());
    Ok(MemTable::try_new(schema, partitions).ok().map(|table| (Arc::new(table), reservation)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Int64Array, RecordBatch};
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    /// Number of reads from memory in the plan.
    fn reads(plan: &LogicalPlan, name: &str) -> usize {
        let mut found = 0;
        plan.apply_with_subqueries(|node| {
            found += usize::from(matches!(node, LogicalPlan::TableScan(scan) if scan.table_name.table() == name));
            Ok(TreeNodeRecursion::Continue)
        })
        .unwrap();
        found
    }

    async fn context() -> SessionContext {
        let context = SessionContext::new();
        let numbers = Int64Array::from_iter((0..10_000).map(|n| (n % 7 != 0).then_some(n % 100)));
        let batch = RecordBatch::try_from_iter_with_nullable([("n", Arc::new(numbers) as _, true)]).unwrap();
        context.register_batch("numbers", batch).unwrap();
        context
    }

    fn query(cte: &str, times: usize) -> String {
        let parts = (0..times).map(|i| format!("SELECT {i} AS part, COUNT(*) AS c, SUM(n) AS s FROM shared WHERE n > {i}"));
        format!(
            "WITH inner_one AS ({cte}), shared AS (SELECT n FROM inner_one) {} ORDER BY part",
            parts.collect::<Vec<_>>().join(" UNION ALL ")
        )
    }

    const WORK: &str = "SELECT n, ROW_NUMBER() OVER (PARTITION BY n ORDER BY n) AS place FROM numbers";

    #[tokio::test]
    async fn a_cte_used_often_is_computed_once_with_the_same_result() {
        let context = context().await;
        let state = context.state();
        let plan = state.create_logical_plan(&query(WORK, 5)).await.unwrap();
        assert_eq!(reads(&plan, "numbers"), 5);
        let shared = compute_once(&state, plan.clone(), 1 << 20).await.unwrap();
        assert_eq!((reads(&shared.plan, "numbers"), reads(&shared.plan, "shared")), (0, 5));
        let rows = |plan: &LogicalPlan| DataFrame::new(state.clone(), plan.clone()).collect();
        let (once, again) = (rows(&shared.plan).await.unwrap(), rows(&plan).await.unwrap());
        assert_eq!(pretty_format_batches(&once).unwrap().to_string(), pretty_format_batches(&again).unwrap().to_string());
    }

    #[tokio::test]
    async fn rarely_used_cheap_or_large_ctes_are_not_shared() {
        let context = context().await;
        let state = context.state();
        for (cte, times, most) in
            [(WORK, OFTEN - 1, 1 << 20), ("SELECT n FROM numbers WHERE n > 3", 5, 1 << 20), (WORK, 5, 1_000)]
        {
            let plan = state.create_logical_plan(&query(cte, times)).await.unwrap();
            let shared = compute_once(&state, plan.clone(), most).await.unwrap();
            assert_eq!(shared.plan, plan);
        }
        // The memory of what did not fit is released.
        assert_eq!(state.runtime_env().memory_pool.reserved(), 0);
    }
}
