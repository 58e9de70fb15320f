//! The dialogs about one dataset: detail, rows, counts, clone, delete.

use crate::domain::format::counted;

pub const DATASET: &str = "Dataset";
pub const OVERVIEW: &str = "Overview";
pub const QUALITY: &str = "Quality";
pub const COLUMNS: &str = "Columns";
pub const VERSIONS: &str = "Versions";
pub const PARTS: &str = "Dataset sections";

pub const TABLES: &str = "Tables and joins";
pub const ROLES: &str = "Roles";
pub const FILTERS: &str = "Filters";
pub const SPLIT: &str = "Split";
pub const COUNTS: &str = "Counts";
pub const CHANGED: &str = "changed";
pub const CREATED: &str = "created";
pub const LAST_USED: &str = "last used for training";
pub const EDIT: &str = "Edit";
pub const QUERY: &str = "Query";
pub const ANALYZE: &str = "Analyze";
pub const NOT_ANALYZED: &str = "Not analyzed yet. An analysis counts rows, users and products per split, verifies the split, checks for leakage and suggests improvements.";

pub const COUNT: &str = "Count rows, users and products";
pub const COUNTING: &str = "Counting…";
pub const PART: &str = "Split";
pub const ROWS: &str = "Rows";
pub const USERS: &str = "Users";
pub const PRODUCTS: &str = "Products";
pub const DAYS: &str = "Days";
pub const NO_SPLIT: &str = "in no split";

pub const RUNNING: &str = "Running the query…";
pub const NO_ROWS_TITLE: &str = "No rows";
pub const NO_ROWS_ADVICE: &str =
    "The query runs, but its joins and filters remove every row. Analyze the dataset to see which step removes them.";

pub const LOOKING: &str = "Profiling columns…";
pub const STATISTICS_TITLE: &str = "Column statistics";
pub const NO_STATISTICS: &str = "No statistics for these columns yet.";
pub const FIND_OUT: &str = "Profile columns";

pub const CLONE_TITLE: &str = "Clone dataset";
pub const COPY_NAME: &str = "Name of the copy";
pub const COPY_HINT: &str = "Leave empty to use “(Copy)”, “(Copy 2)” and so on.";
pub const CLONE: &str = "Clone";
pub const CLONING: &str = "Cloning…";
pub const COPY_WHAT: &str = "The copy is a draft with the same config and analysis. Versions are not copied.";
pub const CHECKING: &str = "Checking…";

pub const DELETE_TITLE: &str = "Delete dataset";
pub const DELETE: &str = "Delete";
pub const DELETING: &str = "Deleting…";
pub const GOES: &str = "This also deletes:";
pub const GOES_CONFIG: &str = "its config: tables, joins, columns, filters, split";
pub const GOES_ANALYSIS: &str = "its analysis";
pub const GOES_ACTIVE: &str = "This dataset is active: training reads it.";
pub const SURE: &str = "Also delete its versions. You will no longer be able to trace what was trained on them.";
pub const STAYS: &str = "Source tables are not affected. You can undo this.";

pub fn columns_of(table: &str) -> String {
    format!("Columns of {table}")
}

pub fn find_out(columns: usize, cost: &str) -> String {
    let columns = counted(columns as u64, "column", "columns");
    if cost.is_empty() { format!("Profile {columns}") } else { format!("Profile {columns} · {cost}") }
}

pub fn revision(n: i64) -> String {
    format!("revision {n}")
}

pub fn as_of(day: &str) -> String {
    format!("Reference date {day}")
}

pub fn days(first: &str, last: &str) -> String {
    format!("{first} to {last}")
}

pub fn rows_of(name: &str) -> String {
    format!("Rows of {name}")
}

pub fn first_rows(shown: &str) -> String {
    format!("Showing the first {shown} rows.")
}

pub fn all_rows(n: u64) -> String {
    format!("Showing all {}.", counted(n, "row", "rows"))
}

pub const CELLS_ARE_CUT: &str = " Long values are truncated; hover over one to see its length.";

pub fn whole_cell(length: u64, is_array: bool) -> String {
    match is_array {
        true => counted(length, "item in total", "items in total"),
        false => counted(length, "character in total", "characters in total"),
    }
}

pub fn cloned(name: &str) -> String {
    format!("{name} created.")
}

pub fn deleted(name: &str) -> String {
    format!("{name} deleted.")
}

pub fn restored(name: &str) -> String {
    format!("{name} restored.")
}

/// Before and after the dataset's name.
pub const DELETES: (&str, &str) = ("Delete ", "?");

pub fn goes_versions(n: usize, numbers: &str) -> String {
    format!("{}: {numbers}", counted(n as u64, "frozen version", "frozen versions"))
}
