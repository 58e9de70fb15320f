//! Frozen versions, their differences, and restoring.

pub const NONE: &str = "None yet: activating the dataset, or exporting it for TFX, freezes one.";
pub const ACTIVE: &str = "active";
pub const SAME: &str = "as the dataset is";
pub const SQL: &str = "SQL";
pub const DIFFERENCES: &str = "Differences";
pub const RESTORE: &str = "Restore";
pub const COMPARING: &str = "Comparing…";
pub const NO_DIFFERENCE: &str = "The configs are the same.";
pub const PATH: &str = "Path";
pub const NOW: &str = "Now";
pub const WITH: &str = "Compare with";
pub const LOOK_AGAIN: &str = "Show it as it is now";

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
    format!("Version {number} is the dataset’s config again.")
}

pub const UNDONE: &str = "The config is what it was before.";

pub fn by(author: &str) -> String {
    format!("by {author}")
}

pub fn as_of(day: &str) -> String {
    format!("as of {day}")
}

pub fn tables_changed(number: u32) -> String {
    format!("The tables have changed since version {number}:")
}

pub fn columns_renamed(number: u32) -> String {
    format!("Who reads version {number} by the names of its columns fails after the next activation:")
}

pub fn rows(rows: &str) -> String {
    format!("{rows} rows")
}
