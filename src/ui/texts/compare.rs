//! Datasets side by side.

use crate::domain::format::counted;

pub const TITLE: &str = "Compare datasets";
pub const BACK: &str = "Back to the datasets";
pub const CHOOSE: &str = "Choose two to five datasets to see them side by side.";
pub const CHOOSE_MORE: &str = "Choose one more to compare it with.";
pub const ADD: &str = "Add a dataset";
pub const ADD_HINT: &str = "Name of a dataset";
pub const FULL: &str = "Five at most: take one away to add another.";
pub const UNKNOWN: &str = "There is no dataset of that name here.";
pub const CHOSEN: &str = "Chosen";
pub const ONLY: &str = "Only differences";
pub const SIDE_BY_SIDE: &str = "Datasets side by side";
pub const WHAT: &str = "What";
pub const SAME: &str = "They are the same but for what they are called.";
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
pub const AS_OF: &str = "as of";
pub const ROWS: &str = "rows";
pub const USERS: &str = "users";
pub const PRODUCTS: &str = "products";
pub const SCORE: &str = "quality";
pub const LEAKS: &str = "leaks";
pub const MADE: &str = "made";

pub fn made(at: &str, stale: bool) -> String {
    if stale { format!("{at}, stale") } else { at.to_owned() }
}

pub fn differences(n: usize) -> String {
    if n == 0 { SAME.to_owned() } else { counted(n as u64, "difference", "differences") }
}

pub fn take_away(name: &str) -> String {
    format!("Take {name} away")
}
