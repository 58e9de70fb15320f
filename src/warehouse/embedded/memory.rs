//! How memory is shared among queries, and which queries run at the same time.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::{Result, resources_datafusion_err};
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool, MemoryReservation, TrackConsumersPool, human_readable_size};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The share of the memory that all consumers that can spill may hold together, in fifths. A sort
/// merges its rows before it spills them, and for that each batch takes memory that cannot spill:
/// half as much again if its keys are texts.
const SPILLING_FIFTHS: usize = 2;
/// A consumer that can spill may hold this many times what is left free of that share: alone four
/// fifths of it, ten together 4 in 41 each.
const FREE_TIMES: usize = 4;
/// A consumer that can spill may always hold this fraction of all memory, and as much as a few
/// batches take: with less, there would be nothing to spill.
const LEAST_PART: usize = 128;
const LEAST_BYTES: usize = 4 << 20;
/// Each sort reserves this fraction of all memory for merging what it spilled, up to DataFusion's
/// own 10 MiB: it can have more when it merges.
const MERGE_PART: usize = 512;
const MERGE_BYTES: usize = 10 << 20;
/// Number of memory consumers that the log names when memory runs out.
// It is not zero, which the compiler checks too.
const NAMED: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// The memory of all queries.
///
/// Consumers that cannot spill take what is there. Those that can may hold a multiple of what is
/// free, so that each gets some, without knowing how many there are (Choudhury and Hahne, "Dynamic
/// queue length thresholds for shared-memory packet switches"). DataFusion's own pools are
/// extremes: one gives each operator of a plan the same small share, though most hold nothing; the
/// other gives all to the first.
#[derive(Debug)]
pub(super) struct SharedPool {
    bytes: usize,
    used: AtomicUsize,
}

/// The memory of queries, which names its consumers when it runs out.
pub(super) fn pool(bytes: usize) -> Arc<dyn MemoryPool> {
    Arc::new(TrackConsumersPool::new(SharedPool { bytes, used: AtomicUsize::new(0) }, NAMED))
}

/// What a consumer that can spill may always hold.
fn least(bytes: usize) -> usize {
    (bytes / LEAST_PART).max(LEAST_BYTES)
}

/// A sort merges one file per this many bytes of all memory at a time, from 2 to 16: each takes a
/// batch or two. DataFusion would open as many as memory allows, and leave none for the rows that
/// come out.
const MERGED_BYTES: usize = 128 << 20;
const MERGED: std::ops::RangeInclusive<usize> = 2..=16;

/// How many files a sort merges at a time, by the size of the memory.
pub(super) fn merged_files(bytes: usize) -> usize {
    (bytes / MERGED_BYTES).clamp(*MERGED.start(), *MERGED.end())
}

/// What a sort reserves for merging, by the size of the memory.
pub(super) fn for_merging(bytes: usize) -> usize {
    (bytes / MERGE_PART).min(MERGE_BYTES)
}

impl SharedPool {
    /// Whether a consumer may hold this much, if all others hold `others`.
    fn allows(&self, can_spill: bool, held: usize, others: usize) -> bool {
        let fits = others.saturating_add(held) <= self.bytes;
        let free = (self.bytes / 5 * SPILLING_FIFTHS).saturating_sub(others.saturating_add(held));
        fits && (!can_spill || held <= least(self.bytes) || held <= free.saturating_mul(FREE_TIMES))
    }
}

impl MemoryPool for SharedPool {
    fn name(&self) -> &str {
        "shared"
    }

    fn grow(&self, _reservation: &MemoryReservation, additional: usize) {
        self.used.fetch_add(additional, Ordering::Relaxed);
    }

    fn shrink(&self, _reservation: &MemoryReservation, shrink: usize) {
        self.used.fetch_sub(shrink, Ordering::Relaxed);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let (can_spill, before) = (reservation.consumer().can_spill(), reservation.size());
        let grown = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            let allowed = self.allows(can_spill, before.saturating_add(additional), used.saturating_sub(before));
            allowed.then(|| used.saturating_add(additional))
        });
        grown.map(drop).map_err(|used| {
            let size = human_readable_size;
            resources_datafusion_err!(
                "{} holds {} and may not take {} more; {} of {} are held",
                reservation.consumer().name(),
                size(before),
                size(additional),
                size(used),
                size(self.bytes)
            )
        })
    }

    fn reserved(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes)
    }
}

impl fmt::Display for SharedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shared({} of {})", human_readable_size(self.reserved()), human_readable_size(self.bytes))
    }
}

/// More concurrent queries than anybody needs.
const MAX_PERMITS: u32 = 1 << 16;

/// The permit to run, for as long as it is held.
pub(super) type QueryPermit = OwnedSemaphorePermit;

/// Limits how many queries run at the same time; others wait in order of arrival.
#[derive(Debug)]
pub(super) struct QueryPermits {
    all: u32,
    free: Arc<Semaphore>,
}

impl QueryPermits {
    pub fn new(queries: usize) -> Self {
        let all = u32::try_from(queries.max(1)).unwrap_or(u32::MAX).min(MAX_PERMITS);
        Self { all, free: Arc::new(Semaphore::new(all as usize)) }
    }

    /// Beside others. Never `None`: the semaphore is not closed.
    pub async fn one(&self) -> Option<QueryPermit> {
        self.free.clone().acquire_owned().await.ok()
    }

    /// Alone: waits for the running queries, and later ones wait for this one.
    pub async fn alone(&self) -> Option<QueryPermit> {
        self.free.clone().acquire_many_owned(self.all).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::execution::memory_pool::MemoryConsumer;

    const ALL: usize = 1 << 30;

    fn spilling(pool: &Arc<dyn MemoryPool>) -> MemoryReservation {
        MemoryConsumer::new("sort").with_can_spill(true).register(pool)
    }

    const STEP: usize = 1 << 16;

    /// Reserves as much as is granted, in steps.
    fn fill(reservation: &MemoryReservation, step: usize) -> usize {
        while reservation.try_grow(step).is_ok() {}
        reservation.size()
    }

    #[test]
    fn idle_operators_take_no_memory_from_others() {
        let pool = pool(ALL);
        let idle: Vec<_> = (0..1_000).map(|_| spilling(&pool)).collect();
        // FairSpillPool would grant it 1 MiB.
        assert!(fill(&spilling(&pool), STEP) > ALL / 4);
        drop(idle);
        assert_eq!(pool.reserved(), 0);
    }

    #[test]
    fn late_operators_still_get_memory() {
        let pool = pool(ALL);
        let sorts: Vec<_> = (0..32).map(|_| spilling(&pool)).collect();
        let held: Vec<usize> = sorts.iter().map(|sort| fill(sort, STEP)).collect();
        assert!(held.iter().all(|held| *held >= least(ALL)), "{held:?}");
        // A hash join cannot spill.
        let join = MemoryConsumer::new("join").register(&pool);
        assert!(fill(&join, STEP) > 0);
        assert!(pool.reserved() <= ALL);
    }

    #[test]
    fn operators_that_cannot_spill_may_use_the_whole_pool() {
        let pool = pool(ALL);
        let join = MemoryConsumer::new("join").register(&pool);
        join.try_grow(ALL).unwrap();
        let error = join.try_grow(1).unwrap_err().to_string();
        assert!(error.contains("join"), "{error}");
        join.free();
        join.try_grow(ALL).unwrap();
    }

    #[tokio::test]
    async fn an_exclusive_query_waits_for_others_and_is_not_overtaken() {
        let permits = Arc::new(QueryPermits::new(2));
        let (one, two) = (permits.one().await, permits.one().await);
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let alone = {
            let (permits, sender) = (permits.clone(), sender.clone());
            tokio::spawn(async move {
                let permit = permits.alone().await;
                sender.send("alone").unwrap();
                drop(permit);
            })
        };
        tokio::task::yield_now().await;
        let late = {
            let permits = permits.clone();
            tokio::spawn(async move {
                let _permit = permits.one().await;
                sender.send("late").unwrap();
            })
        };
        tokio::task::yield_now().await;
        drop(one);
        tokio::task::yield_now().await;
        assert!(receiver.try_recv().is_err());
        drop(two);
        assert_eq!((receiver.recv().await, receiver.recv().await), (Some("alone"), Some("late")));
        alone.await.unwrap();
        late.await.unwrap();
    }
}
