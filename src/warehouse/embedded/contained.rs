//! Panics of the readers of files: what they say of a damaged file is that it is damaged.
//!
//! They are answers about one table, not errors of the program, and do not belong into its log.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// The name of the threads that run queries.
pub(super) const QUERY_THREADS: &str = "warehouse";

/// Whether a panic of this thread is the answer about a damaged file, or the error of a query,
/// which is logged as such: hooks that log panics leave it out.
pub fn is_contained() -> bool {
    CONTAINED.get() || std::thread::current().name() == Some(QUERY_THREADS)
}

/// The result of reading a file, or `None` if the reader panicked.
pub(super) fn run<T>(read: impl FnOnce() -> T) -> Option<T> {
    CONTAINED.set(true);
    // What it may leave inconsistent is dropped with it.
    let done = catch_unwind(AssertUnwindSafe(read)).ok();
    CONTAINED.set(false);
    done
}
