//! Planning within limits: a few statements at a time, on threads that may block, each with a
//! deadline.
//!
//! A plan is made in one go, on one processor: on the threads that run queries it would block
//! others. The amount of planning is bounded beforehand ([`super::bounds`]); the deadline is for
//! what was not foreseen. It takes effect when DataFusion applies one of its rules, and callers
//! wait no longer than that. A view is planned to its end even if nobody waits for it any more,
//! since its plan is cached; a query is not.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use datafusion::common::Result as Planned;
use datafusion::common::config::ConfigOptions;
use datafusion::common::plan_err;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::{Optimizer, OptimizerConfig, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::warehouse::WarehouseError;

/// Deadline for planning one view. What is within the limits of size takes a tenth of it at most,
/// except SELECTs of thousands of columns.
pub(super) const OF_VIEW: Duration = Duration::from_secs(10);
/// Deadline for planning one query, whose rows somebody waits for.
const OF_QUERY: Duration = Duration::from_secs(120);
/// How much longer callers wait for the thread to end by itself.
const GRACE: Duration = Duration::from_secs(1);
/// Maximum bytes of the constants that functions compute for one plan, which holds them. A text
/// that is written out in a view can be about as long. Those beyond are computed at run time.
const MAX_MADE: i64 = 256 << 10;
/// Threads that may continue after their deadline without a permit; one more keeps its permit.
const MAX_OVERDUE: usize = 4;

thread_local! {
    /// The deadline of this thread's planning.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Whether this thread's plan is no longer wanted.
    static UNWANTED: RefCell<Arc<AtomicBool>> = RefCell::default();
    /// Bytes of the constants that functions have computed for this thread's plan.
    static MADE: Cell<i64> = const { Cell::new(0) };
}

/// The permits to plan. A thread that misses its deadline passes its permit on, as long as there
/// are few such threads.
pub(super) struct PlanningPermits {
    semaphore: Arc<Semaphore>,
    time: Duration,
    /// Whether planning continues if nobody waits for it any more.
    runs_to_end: bool,
    /// Threads that continue after their deadline, without a permit.
    overdue: Arc<AtomicUsize>,
}

impl PlanningPermits {
    /// This many views at the same time.
    pub fn of_views(count: usize) -> Self {
        Self::new(count, OF_VIEW, true)
    }

    /// This many queries at the same time.
    pub fn of_queries(count: usize) -> Self {
        Self::new(count, OF_QUERY, false)
    }

    fn new(count: usize, time: Duration, runs_to_end: bool) -> Self {
        Self { semaphore: Arc::new(Semaphore::new(count)), time, runs_to_end, overdue: Default::default() }
    }

    /// Plans. A panic is this statement's error.
    pub async fn plan<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, WarehouseError> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        let time = self.time;
        let permit = self.permit().await?;
        let planning = Arc::new(Planning { permit: Mutex::new(Some(permit)), overdue: self.overdue.clone() });
        let held = ReleaseOnDrop(planning.clone());
        let unwanted = Arc::new(AtomicBool::new(false));
        let _cancel = (!self.runs_to_end).then(|| CancelOnDrop(unwanted.clone()));
        let planned = tokio::task::spawn_blocking(move || {
            let _held = held;
            UNWANTED.set(unwanted);
            DEADLINE.set(Some(Instant::now() + time));
            MADE.set(0);
            let planned = work();
            // Reset, since the thread is reused.
            let in_time = is_in_time();
            DEADLINE.set(None);
            match planned {
                Err(_) if !in_time => Err(too_slow(time)),
                planned => planned,
            }
        });
        // The deadline holds even if nobody waits any more.
        let watched = tokio::spawn(async move {
            match tokio::time::timeout(time + GRACE, planned).await {
                Ok(Ok(planned)) => planned,
                Ok(Err(error)) if error.is_panic() => Err(super::errors::panicked("planning", "")),
                Ok(Err(_)) => Err(stopped()),
                Err(_) => {
                    tracing::warn!("a statement is still being planned after its time");
                    planning.give_up();
                    Err(too_slow(time))
                }
            }
        });
        watched.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// A permit, in order of request. Fails if all are held by threads that do not end.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, WarehouseError> {
        let mut permit = pin!(self.semaphore.clone().acquire_owned());
        loop {
            match tokio::time::timeout(self.time + GRACE, permit.as_mut()).await {
                Ok(permit) => return permit.map_err(|_| stopped()),
                Err(_) if self.overdue.load(Ordering::Relaxed) >= MAX_OVERDUE => return Err(too_slow(self.time)),
                Err(_) => {}
            }
        }
    }
}

/// What a planning thread holds: its permit, until its deadline.
struct Planning {
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    overdue: Arc<AtomicUsize>,
}

impl Planning {
    fn permit(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes the permit on while the thread continues, unless there are too many such threads.
    fn give_up(&self) {
        let mut permit = self.permit();
        let one_more = |overdue| (overdue < MAX_OVERDUE).then_some(overdue + 1);
        if permit.is_some() && self.overdue.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
            *permit = None;
        }
    }
}

/// Released when the thread's work ends, also by a panic.
struct ReleaseOnDrop(Arc<Planning>);

impl Drop for ReleaseOnDrop {
    fn drop(&mut self) {
        if self.0.permit().take().is_none() {
            self.0.overdue.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Dropped by the caller when the plan is there or no longer wanted.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn stopped() -> WarehouseError {
    WarehouseError::Resources("The query engine was stopped.".into())
}

fn too_slow(time: Duration) -> WarehouseError {
    WarehouseError::Timeout(time.as_secs())
}

fn is_in_time() -> bool {
    let is_wanted = || !UNWANTED.with_borrow(|unwanted| unwanted.load(Ordering::Relaxed));
    DEADLINE.get().is_none_or(|deadline| Instant::now() < deadline && is_wanted())
}

/// Whether this thread is planning, rather than running a plan.
pub(super) fn is_planning() -> bool {
    DEADLINE.get().is_some()
}

/// Whether a plan may hold constants of so many bytes more. Outside of planning always.
pub(super) fn may_make(bytes: i64) -> bool {
    if !is_planning() {
        return true;
    }
    MADE.set(MADE.get().saturating_add(bytes));
    MADE.get() <= MAX_MADE
}

/// Fails if this thread's planning has missed its deadline, or is not wanted.
pub(super) fn check() -> Planned<()> {
    if is_in_time() { Ok(()) } else { plan_err!("Planning takes too long") }
}

/// DataFusion's rules, each with a check of the deadline before it.
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

/// A physical rule with a check of the deadline before it.
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
    async fn planning_ends_at_its_deadline_and_others_continue() {
        let permits = PlanningPermits::new(2, Duration::from_millis(50), false);
        // It checks now and then, as the rules do.
        let asks = permits.plan(|| {
            while check().is_ok() {
                std::thread::yield_now();
            }
            Err::<(), _>(WarehouseError::Query("whatever".into()))
        });
        assert_eq!(asks.await, Err(WarehouseError::Timeout(0)));
        // It never checks: its caller gets an error, its thread continues, and others get its
        // permit.
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let ended = Arc::new(Mutex::new(ended));
        let never = || {
            let ended = ended.clone();
            permits.plan(move || Ok(ended.lock().unwrap().recv().is_ok()))
        };
        for overdue in 1..=MAX_OVERDUE {
            assert_eq!(never().await, Err(WarehouseError::Timeout(0)));
            assert_eq!((permits.semaphore.available_permits(), permits.overdue.load(Ordering::Relaxed)), (2, overdue));
            assert_eq!(permits.plan(|| Ok(check().is_ok())).await, Ok(true));
        }
        // There are too many such threads: the next keep their permits, and later callers get an
        // error.
        for left in [1, 0] {
            assert_eq!(never().await, Err(WarehouseError::Timeout(0)));
            assert_eq!(permits.semaphore.available_permits(), left);
        }
        assert_eq!(permits.plan(|| Ok(check().is_ok())).await, Err(WarehouseError::Timeout(0)));
        for _ in 0..MAX_OVERDUE + 2 {
            end.send(()).unwrap();
        }
        let both = permits.semaphore.acquire_many(2).await.unwrap();
        drop(both);
        assert_eq!(permits.plan(|| Ok(check().is_ok())).await, Ok(true));
    }

    #[tokio::test]
    async fn abandoned_queries_stop_planning_and_views_continue() {
        for (permits, ends) in [(PlanningPermits::of_queries(1), true), (PlanningPermits::of_views(1), false)] {
            let (end, ended) = std::sync::mpsc::channel();
            let work = move || {
                let start = Instant::now();
                while check().is_ok() && start.elapsed() < Duration::from_millis(500) {
                    std::thread::yield_now();
                }
                end.send(check().is_err()).unwrap();
                Ok(())
            };
            let given_up = tokio::time::timeout(Duration::from_millis(50), permits.plan(work)).await;
            assert!(given_up.is_err());
            assert_eq!(tokio::task::spawn_blocking(move || ended.recv().unwrap()).await.unwrap(), ends);
            // The next plan on the same thread is wanted.
            assert_eq!(permits.plan(|| Ok(check().is_ok())).await, Ok(true));
        }
    }

    #[tokio::test]
    async fn a_panic_is_the_error_of_its_statement() {
        let permits = PlanningPermits::of_queries(1);
        assert!(matches!(permits.plan::<()>(|| panic!("a bug of a library")).await, Err(WarehouseError::Query(_))));
        assert_eq!(permits.plan(|| Ok(1)).await, Ok(1));
    }
}
