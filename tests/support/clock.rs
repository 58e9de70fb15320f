//! Time that does not depend on what else the machine does.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How long this thread has had the processor, so that what others do on the machine is no part of
/// what is measured; the time of day where the system does not tell.
pub fn thread_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.as_deref().and_then(|text| text.split(' ').next()).and_then(|number| number.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}
