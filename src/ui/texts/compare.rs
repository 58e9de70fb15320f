//! Datasets side by side.

use crate::domain::format::counted;

pub const TITLE: &str = "Compare datasets";
pub const BACK: &str = "Back to datasets";
pub const CHOOSE: &str = "Select two to five datasets to compare.";
pub const CHOOSE_MORE: &str = "Select one more dataset to compare with.";
pub const ADD: &str = "Add a dataset";
pub const ADD_HINT: &str = "Dataset name";
pub const FULL: &str = "You can compare up to five datasets. Remove one to add another.";
pub const UNKNOWN: &str = "No dataset has this name.";
pub const CHOSEN: &str = "Selected";
pub const ONLY: &str = "Only differences";
pub const SIDE_BY_SIDE: &str = "Datasets side by side";
pub const WHAT: &str = "Property";
pub const SAME: &str = "Identical except for the name.";
pub const DIFFERS: &str = "differs";
pub const PATHS: &str = "By path";
pub const PATH: &str = "Path";
pub const DIFFERENCES: &str = "Differences by path";

pub const BASICS: &str = "Basics";
pub const TABLES: &str = "Tables and joins";
pub const COLUMNS: &str = "Columns";
pub const ROLES: &str = "Roles";
pub const FILTERS: &str = "Filters";
pub const SPLIT: &str = "Split";
pub const ANALYSIS: &str = "Analysis";
pub const DESCRIPTION: &str = "description";
pub const STATUS: &str = "status";
pub const AS_OF: &str = "reference date";
pub const ROWS: &str = "rows";
pub const USERS: &str = "users";
pub const PRODUCTS: &str = "products";
pub const SCORE: &str = "quality";
pub const LEAKS: &str = "leaks";
pub const MADE: &str = "analyzed";

pub fn made(at: &str, stale: bool) -> String {
    if stale { format!("{at}, stale") } else { at.to_owned() }
}

pub fn differences(n: usize) -> String {
    if n == 0 { SAME.to_owned() } else { counted(n as u64, "difference", "differences") }
}

pub fn remove_from_comparison(name: &str) -> String {
    format!("Remove {name}")
}
