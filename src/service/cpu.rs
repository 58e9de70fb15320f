//! Work that takes the CPU for more than a few milliseconds runs off the async threads, where it
//! would block all other requests.

use std::panic::resume_unwind;
use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;

use serde_json::Value;
use tokio::sync::Semaphore;

/// Texts from this size on are parsed off the async threads, in bytes: parsing a shorter one takes
/// a fraction of a millisecond.
pub const HEAVY_BYTES: usize = 16 * 1024;
/// From this many parts of a config, columns of tables or rows of a result on, work on them is done
/// off the async threads.
pub const HEAVY_PARTS: usize = 500;

/// One job per core at a time: more would only compete, and threads that wait on disks need the
/// cores too.
static CORES: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(available_parallelism().map_or(2, |cores| cores.get().max(2)))));

/// Runs work: inline if it is light, otherwise off the async threads when a core is free. A panic
/// propagates to the caller, as if the work had run inline.
pub async fn compute<T: Send + 'static>(heavy: bool, work: impl FnOnce() -> T + Send + 'static) -> T {
    if !heavy {
        return work();
    }
    // Never closed. The work goes on even if nobody waits for it any more, so it holds its permit
    // itself.
    let permit = CORES.clone().acquire_owned().await;
    let running = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    match running.await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Cancelled before it began: the runtime is shutting down, and this task with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Whether a value takes long to work on. Stops as soon as that is known.
pub fn is_heavy(value: &Value) -> bool {
    fn left(value: &Value, bytes: usize) -> Option<usize> {
        // Overhead of a value beside its text.
        let bytes = bytes.checked_sub(8)?;
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(bytes),
            Value::String(text) => bytes.checked_sub(text.len()),
            Value::Array(items) => items.iter().try_fold(bytes, |bytes, item| left(item, bytes)),
            Value::Object(map) => map.iter().try_fold(bytes, |bytes, (key, item)| left(item, bytes.checked_sub(key.len())?)),
        }
    }
    left(value, HEAVY_BYTES).is_none()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures::FutureExt;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn light_work_runs_inline_and_heavy_work_on_another_thread() {
        let here = std::thread::current().id();
        let place = || std::thread::current().id();
        assert_eq!(compute(false, place).await, here);
        assert_ne!(compute(true, place).await, here);
    }

    #[tokio::test]
    async fn a_panic_propagates_to_the_caller() {
        for heavy in [false, true] {
            let work = std::panic::AssertUnwindSafe(compute(heavy, || panic!("no"))).catch_unwind();
            let panic: Result<(), _> = work.await;
            assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"no"));
        }
        // And its permit is free again.
        assert_eq!(compute(true, || 1).await, 1);
    }

    #[tokio::test]
    async fn at_most_one_job_per_core_runs_at_a_time() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        let work = || {
            let running = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
            std::thread::sleep(Duration::from_millis(2));
            RUNNING.fetch_sub(1, Ordering::SeqCst);
            running
        };
        let all = futures::future::join_all((0..64).map(|_| compute(true, work))).await;
        let cores = available_parallelism().map_or(2, |cores| cores.get().max(2));
        assert!(all.iter().all(|running| *running <= cores), "{all:?}");
    }

    #[test]
    fn large_values_are_heavy_whatever_their_type() {
        assert!(!is_heavy(&json!({"a": [1, "b", null]})));
        for heavy in [
            json!("x".repeat(20_000)),
            json!(vec![1; 3_000]),
            json!({"x".repeat(20_000): 1}),
            json!({"a": {"b": vec![json!({}); 3_000]}}),
        ] {
            assert!(is_heavy(&heavy));
        }
    }
}
