//! Time that is independent of other load on the machine.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Processor time of this thread, so that other load on the machine is not measured; the time of
/// day if the system does not report it.
pub fn thread_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = schedstat.as_deref().and_then(|text| text.split(' ').next()).and_then(|number| number.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}
