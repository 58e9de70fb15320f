//! Planning within limits: a few statements at a time, on threads that may block, each for so long.
//!
//! A plan is made in one go, on one processor: on the threads that run queries it would keep others from running. How much there is to plan was counted
//! before ([`super::bounds`]); the time is for what was not foreseen. It ends where DataFusion asks for one of its rules, and who waits does not wait longer.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::common::Result as Planned;
use datafusion::common::config::ConfigOptions;
use datafusion::common::plan_err;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{Optimizer, OptimizerConfig, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use tokio::sync::Semaphore;

use crate::warehouse::WarehouseError;

/// How long one view may be planned. What is within the limits of size takes a tenth of it at most, but for SELECTs of thousands of columns.
pub(super) const OF_VIEW: Duration = Duration::from_secs(10);
/// How long one query may be planned, of which somebody waits for the rows.
pub(super) const OF_QUERY: Duration = Duration::from_secs(120);
/// How much longer its thread is waited for, to end by itself.
const GRACE: Duration = Duration::from_secs(1);

thread_local! {
    /// When the planning of this thread has to end.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The turns to plan. A thread that does not end keeps its turn.
pub(super) struct Turns {
    turns: Arc<Semaphore>,
    time: Duration,
}

impl Turns {
    /// So many at the same time, each for so long.
    pub fn new(count: usize, time: Duration) -> Self {
        Self { turns: Arc::new(Semaphore::new(count)), time }
    }

    /// Plans. A panic is this statement's error.
    pub async fn plan<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, WarehouseError> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        let time = self.time;
        let stopped = || WarehouseError::Resources("The query engine was stopped.".into());
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| stopped())?;
        let planned = tokio::task::spawn_blocking(move || {
            DEADLINE.set(Some(Instant::now() + time));
            let planned = work();
            // The thread is used again.
            let in_time = is_in_time();
            DEADLINE.set(None);
            drop(turn);
            match planned {
                Err(_) if !in_time => Err(too_slow(time)),
                planned => planned,
            }
        });
        match tokio::time::timeout(time + GRACE, planned).await {
            Ok(Ok(planned)) => planned,
            Ok(Err(error)) if error.is_panic() => Err(super::errors::panicked("planning", "")),
            Ok(Err(_)) => Err(stopped()),
            Err(_) => {
                tracing::warn!("a statement is still being planned after its time");
                Err(too_slow(time))
            }
        }
    }
}

fn too_slow(time: Duration) -> WarehouseError {
    WarehouseError::Timeout(time.as_secs())
}

fn is_in_time() -> bool {
    DEADLINE.get().is_none_or(|deadline| Instant::now() < deadline)
}

/// Fails where this thread has planned for too long.
pub(super) fn check() -> Planned<()> {
    if is_in_time() { Ok(()) } else { plan_err!("Planning takes too long") }
}

/// DataFusion's rules with a look at the clock before each.
pub(super) fn optimizer_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let clock: Arc<dyn OptimizerRule + Send + Sync> = Arc::new(Clock);
    Optimizer::new().rules.into_iter().flat_map(|rule| [clock.clone(), rule]).collect()
}

#[derive(Debug)]
struct Clock;

impl OptimizerRule for Clock {
    fn name(&self) -> &str {
        "clock"
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Planned<Transformed<LogicalPlan>> {
        check()?;
        Ok(Transformed::no(plan))
    }
}

/// A physical rule with a look at the clock before it.
#[derive(Debug)]
pub(super) struct InTime(pub Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for InTime {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Planned<Arc<dyn ExecutionPlan>> {
        check()?;
        self.0.optimize(plan, config)
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn planning_ends_with_its_time_and_others_go_on() {
        let turns = Turns::new(2, Duration::from_millis(50));
        // It asks now and then, as the rules do.
        let asks = turns.plan(|| {
            while check().is_ok() {
                std::thread::yield_now();
            }
            Err::<(), _>(WarehouseError::Query("whatever".into()))
        });
        assert_eq!(asks.await, Err(WarehouseError::Timeout(0)));
        // It never asks: who waits is told, its thread goes on with its turn, and there is another.
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let never = turns.plan(move || Ok(ended.recv().is_ok()));
        assert_eq!(never.await, Err(WarehouseError::Timeout(0)));
        assert_eq!(turns.turns.available_permits(), 1);
        assert_eq!(turns.plan(|| Ok(check().is_ok())).await, Ok(true));
        end.send(()).unwrap();
        let _both = turns.turns.acquire_many(2).await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_the_statements_own() {
        let turns = Turns::new(1, OF_QUERY);
        assert!(matches!(turns.plan::<()>(|| panic!("a bug of a library")).await, Err(WarehouseError::Query(_))));
        assert_eq!(turns.plan(|| Ok(1)).await, Ok(1));
    }
}
