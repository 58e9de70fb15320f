//! Frozen versions, their differences, and restoring.

pub const NONE: &str = "No versions yet. Activate the dataset or export it for TFX to freeze one.";
pub const ACTIVE: &str = "active";
pub const SAME: &str = "same as current config";
pub const SQL: &str = "SQL";
pub const DIFFERENCES: &str = "Differences";
pub const RESTORE: &str = "Restore";
pub const COMPARING: &str = "Comparing…";
pub const NO_DIFFERENCE: &str = "The configs are identical.";
pub const PATH: &str = "Path";
pub const NOW: &str = "Current";
pub const WITH: &str = "Compare with";
pub const LOOK_AGAIN: &str = "Refresh";

pub fn version(number: u32) -> String {
    format!("Version {number}")
}

pub fn sql_of(number: u32) -> String {
    format!("SQL of version {number}")
}

pub fn differences_from(number: u32) -> String {
    format!("Differences from version {number}")
}

pub fn restore(number: u32) -> String {
    format!("Restore version {number}")
}

pub fn restored(number: u32) -> String {
    format!("Version {number} restored.")
}

pub const UNDONE: &str = "Restore undone.";

pub fn by(author: &str) -> String {
    format!("by {author}")
}

pub fn as_of(day: &str) -> String {
    format!("reference date {day}")
}

pub fn tables_changed(number: u32) -> String {
    format!("Table changes since version {number}:")
}

pub fn columns_renamed(number: u32) -> String {
    format!("Training that reads version {number} by column name will fail after the next activation:")
}

pub fn rows(rows: &str) -> String {
    format!("{rows} rows")
}
