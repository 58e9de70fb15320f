//! Who may hold how much memory, and which queries run at the same time.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::{Result, resources_datafusion_err};
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool, MemoryReservation, TrackConsumersPool, human_readable_size};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All that can spill together may hold this part of the memory, in fifths. A sort that puts its rows aside merges them first, and for that each batch takes
/// memory that cannot spill: half as much again where texts are its keys.
const SPILLING_FIFTHS: usize = 2;
/// What can spill may hold so many times as much as it leaves free of that part: alone four fifths of it, ten together 4 in 41 each.
const FREE_TIMES: usize = 4;
/// Whatever is held, what can spill may hold 1 in so many bytes of all, and as much as some batches take: less, and there would be nothing to put aside.
const LEAST_PART: usize = 128;
const LEAST_BYTES: usize = 4 << 20;
/// Each sort keeps 1 in so many bytes of all for merging what it put aside, within DataFusion's own 10 MiB: it can have more when it comes to that.
const MERGE_PART: usize = 512;
const MERGE_BYTES: usize = 10 << 20;
/// Holders of memory that the log names when it gives out.
// It is not zero, which the compiler sees too.
const NAMED: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// The memory of all queries.
///
/// What cannot spill takes what is there. What can spill may hold a multiple of what is free, so that each is left something however many there are and
/// nobody has to know how many (Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches"). DataFusion's own pools know
/// only extremes: one gives each operator of a plan the same small share, though most hold nothing; the other gives the first all.
#[derive(Debug)]
pub(super) struct SharedPool {
    bytes: usize,
    used: AtomicUsize,
}

/// The memory that queries may use, and that names its holders where it gives out.
pub(super) fn pool(bytes: usize) -> Arc<dyn MemoryPool> {
    Arc::new(TrackConsumersPool::new(SharedPool { bytes, used: AtomicUsize::new(0) }, NAMED))
}

/// What can spill may always hold so much.
fn least(bytes: usize) -> usize {
    (bytes / LEAST_PART).max(LEAST_BYTES)
}

/// A sort merges a file for each so many bytes of all memory at a time, from 2 to 16: each takes a batch or two. DataFusion would open as many as there is
/// memory for, and leave none for the rows that come of them.
const MERGED_BYTES: usize = 128 << 20;
const MERGED: std::ops::RangeInclusive<usize> = 2..=16;

/// How many files a sort merges at a time, with so much memory.
pub(super) fn merged_files(bytes: usize) -> usize {
    (bytes / MERGED_BYTES).clamp(*MERGED.start(), *MERGED.end())
}

/// What a sort keeps for merging, of so much memory.
pub(super) fn for_merging(bytes: usize) -> usize {
    (bytes / MERGE_PART).min(MERGE_BYTES)
}

impl SharedPool {
    /// Whether a holder may hold so much, where all others hold `others`.
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

/// Queries at the same time that nobody needs more of.
const MOST_TURNS: u32 = 1 << 16;

/// The right to run, for as long as it is held.
pub(super) type Turn = OwnedSemaphorePermit;

/// How many queries run at the same time; others wait in the order in which they came.
#[derive(Debug)]
pub(super) struct Turns {
    all: u32,
    free: Arc<Semaphore>,
}

impl Turns {
    pub fn new(queries: usize) -> Self {
        let all = u32::try_from(queries.max(1)).unwrap_or(u32::MAX).min(MOST_TURNS);
        Self { all, free: Arc::new(Semaphore::new(all as usize)) }
    }

    /// Beside others. `None` never comes: nobody closes the semaphore.
    pub async fn one(&self) -> Option<Turn> {
        self.free.clone().acquire_owned().await.ok()
    }

    /// With nobody beside: those that run are waited for, and who comes later waits.
    pub async fn alone(&self) -> Option<Turn> {
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

    /// Takes as much as is given, in steps.
    fn fill(reservation: &MemoryReservation, step: usize) -> usize {
        while reservation.try_grow(step).is_ok() {}
        reservation.size()
    }

    #[test]
    fn operators_that_hold_nothing_take_nothing_from_those_that_need_it() {
        let pool = pool(ALL);
        let idle: Vec<_> = (0..1_000).map(|_| spilling(&pool)).collect();
        // FairSpillPool would give it 1 MiB.
        assert!(fill(&spilling(&pool), STEP) > ALL / 4);
        drop(idle);
        assert_eq!(pool.reserved(), 0);
    }

    #[test]
    fn whoever_comes_late_is_left_something() {
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
    fn what_cannot_spill_may_have_all_and_no_more() {
        let pool = pool(ALL);
        let join = MemoryConsumer::new("join").register(&pool);
        join.try_grow(ALL).unwrap();
        let error = join.try_grow(1).unwrap_err().to_string();
        assert!(error.contains("join"), "{error}");
        join.free();
        join.try_grow(ALL).unwrap();
    }

    #[tokio::test]
    async fn who_runs_alone_waits_for_the_others_and_is_not_overtaken() {
        let turns = Arc::new(Turns::new(2));
        let (one, two) = (turns.one().await, turns.one().await);
        let (says, mut said) = tokio::sync::mpsc::unbounded_channel();
        let alone = {
            let (turns, says) = (turns.clone(), says.clone());
            tokio::spawn(async move {
                let turn = turns.alone().await;
                says.send("alone").unwrap();
                drop(turn);
            })
        };
        tokio::task::yield_now().await;
        let late = {
            let turns = turns.clone();
            tokio::spawn(async move {
                let _turn = turns.one().await;
                says.send("late").unwrap();
            })
        };
        tokio::task::yield_now().await;
        drop(one);
        tokio::task::yield_now().await;
        assert!(said.try_recv().is_err());
        drop(two);
        assert_eq!((said.recv().await, said.recv().await), (Some("alone"), Some("late")));
        alone.await.unwrap();
        late.await.unwrap();
    }
}
