//! The analysis of a dataset.

use crate::domain::analysis::Grade;
use crate::domain::format::{counted, percent};

pub const TITLE: &str = "Analysis";
pub const ANALYZE: &str = "Analyze";
pub const AGAIN: &str = "Analyze again";
pub const NOT_YET: &str = "Not analyzed yet. An analysis counts each split, checks for leakage between splits, scores data quality, and shows how many rows each filter removes. The result is saved with the dataset.";
pub const STARTING: &str = "Starting…";
pub const CACHED: &str = "Cached result: nothing has changed since the last analysis. No query was run.";
pub const STOPPED: &str = "Analysis stopped.";
pub const STALE: &str = "Out of date: the config was changed after this analysis.";
pub const PARTS: &str = "Splits";
pub const LEAKAGE: &str = "Leakage audit";
pub const QUALITY: &str = "Quality";
pub const FUNNEL: &str = "Funnel";
pub const PER_DAY: &str = "Rows per day";
pub const JOINS: &str = "Joins";
pub const PART: &str = "Split";
pub const ROWS: &str = "Rows";
pub const SHARE: &str = "Share";
pub const USERS: &str = "Users";
pub const PRODUCTS: &str = "Products";
pub const FIRST: &str = "First";
pub const LAST: &str = "Last";
pub const COLD_USERS: &str = "Cold users";
pub const COLD_PRODUCTS: &str = "Cold products";
pub const COLD_WHY: &str = "No rows in train. In brackets: their share of the split’s rows";
pub const TABLE: &str = "Table";
pub const JOIN: &str = "Join";
pub const MATCHED: &str = "Rows matched";
pub const MOST_MATCHES: &str = "Max matches per row";
pub const BEFORE: &str = "Rows before";
pub const AFTER: &str = "Rows after";
pub const PASSED: &str = "passed";
pub const NOT_APPLICABLE: &str = "not applicable";
pub const ERROR: &str = "error";
pub const WARNING: &str = "warning";
pub const NOTICE: &str = "notice";
pub const ALL_PASSED: &str = "No issues found.";

pub fn title(name: &str) -> String {
    format!("Analysis of {name}")
}

pub fn step(step: u32, steps: u32, what: &str, seconds: f64) -> String {
    format!("{step} of {steps}: {what} · {seconds:.0} s")
}

pub fn seconds(seconds: f64) -> String {
    format!("{seconds:.1} s")
}

pub fn read(size: &str) -> String {
    format!("read {size}")
}

pub fn as_of(day: &str) -> String {
    format!("reference date {day}")
}

/// The grade of a score. A good score with leaks is not called good.
pub fn verdict(grade: Grade, leaks: bool) -> &'static str {
    if leaks { "excluding leakage" } else { grade.as_str() }
}

pub fn of_hundred(grade: &str) -> String {
    format!("of 100, {grade}")
}

pub fn rows_and_leaks(leaks: usize) -> String {
    match leaks {
        0 => "rows, no leaks found".to_owned(),
        n => format!("rows, {}", counted(n as u64, "leak", "leaks")),
    }
}

pub fn cold(count: &str, share: f64) -> String {
    format!("{count} ({})", percent(share))
}

pub fn in_two_splits(rows: &str) -> String {
    format!("{rows} rows in two splits")
}

pub fn in_no_split(rows: &str) -> String {
    format!("{rows} in no split")
}

pub fn late_train(rows: &str) -> String {
    format!("{rows} train rows after eval starts")
}

pub fn others(passed: usize, skipped: usize) -> String {
    if skipped > 0 { format!("{passed} {PASSED}, {skipped} {NOT_APPLICABLE}") } else { format!("{passed} {PASSED}") }
}

pub fn points(points: u32) -> String {
    format!("−{points}")
}

pub fn ready_for(target: &str, ready: bool) -> String {
    if ready { format!("Ready for {target}") } else { format!("Not ready for {target}") }
}
