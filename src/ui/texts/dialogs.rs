//! The dialogs about one dataset: detail, rows, counts, clone, delete.

use crate::domain::format::counted;

pub const DATASET: &str = "Dataset";
pub const OVERVIEW: &str = "Overview";
pub const QUALITY: &str = "Quality";
pub const COLUMNS: &str = "Columns";
pub const VERSIONS: &str = "Versions";
pub const PARTS: &str = "Parts of this dataset’s page";

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
pub const NOT_ANALYZED: &str = "Not analyzed yet. An analysis counts rows, users and products of each part, proves the split, looks for leaks and says what to improve.";

pub const COUNT: &str = "Count rows, users and products";
pub const COUNTING: &str = "Counting…";
pub const PART: &str = "Part";
pub const ROWS: &str = "Rows";
pub const USERS: &str = "Users";
pub const PRODUCTS: &str = "Products";
pub const DAYS: &str = "Days";
pub const NO_SPLIT: &str = "in no split";

pub const RUNNING: &str = "Running the query…";
pub const NO_ROWS_TITLE: &str = "No rows";
pub const NO_ROWS_ADVICE: &str =
    "The query runs, but its joins and filters leave nothing. The funnel of an analysis shows where the rows go.";

pub const LOOKING: &str = "Looking at the columns…";
pub const STATISTICS_TITLE: &str = "What the columns hold";
pub const NO_STATISTICS: &str = "Nothing is known of these columns yet.";
pub const FIND_OUT: &str = "Find out";

pub const CLONE_TITLE: &str = "Clone dataset";
pub const COPY_NAME: &str = "Name of the copy";
pub const COPY_HINT: &str = "Empty: the next free of “(Copy)”, “(Copy 2)” and so on.";
pub const CLONE: &str = "Clone";
pub const CLONING: &str = "Cloning…";
pub const COPY_WHAT: &str =
    "The copy is a draft with the same config and the analysis as it is. Versions stay with the original.";
pub const CHECKING: &str = "Checking…";

pub const DELETE_TITLE: &str = "Delete dataset";
pub const DELETE: &str = "Delete";
pub const DELETING: &str = "Deleting…";
pub const GOES: &str = "What goes with it:";
pub const GOES_CONFIG: &str = "its config: tables, joins, columns, filters, split";
pub const GOES_ANALYSIS: &str = "its analysis";
pub const GOES_ACTIVE: &str = "It is active: training reads it now.";
pub const SURE: &str = "Delete the versions too: what was trained from them can no longer be told.";
pub const STAYS: &str = "Tables are not touched. The message that follows can undo it.";

pub fn columns_of(table: &str) -> String {
    format!("Columns of {table}")
}

pub fn find_out(columns: usize, said: &str) -> String {
    let columns = counted(columns as u64, "column", "columns");
    if said.is_empty() { format!("Find out about {columns}") } else { format!("Find out about {columns} · {said}") }
}

pub fn revision(n: i64) -> String {
    format!("revision {n}")
}

pub fn as_of(day: &str) -> String {
    format!("As of {day}")
}

pub fn days(first: &str, last: &str) -> String {
    format!("{first} to {last}")
}

pub fn rows_of(name: &str) -> String {
    format!("Rows of {name}")
}

pub fn first_rows(shown: &str) -> String {
    format!("The first {shown} rows; there are more.")
}

pub fn all_rows(n: u64) -> String {
    format!("All of {}.", counted(n, "row", "rows"))
}

pub const CELLS_ARE_CUT: &str = " Long cells are cut; point at one to see its length.";

pub fn whole_cell(length: u64, is_array: bool) -> String {
    match is_array {
        true => counted(length, "item in all", "items in all"),
        false => counted(length, "character in all", "characters in all"),
    }
}

pub fn cloned(name: &str) -> String {
    format!("{name} is there.")
}

pub fn deleted(name: &str) -> String {
    format!("{name} is deleted.")
}

pub fn restored(name: &str) -> String {
    format!("{name} is back.")
}

/// Before and after the dataset's name.
pub const DELETES: (&str, &str) = ("This deletes ", ".");

pub fn goes_versions(n: usize, numbers: &str) -> String {
    format!("{}: {numbers}", counted(n as u64, "frozen version", "frozen versions"))
}
