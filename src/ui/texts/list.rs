//! The datasets of a model: cards, search, pages, and what to do if there are none.

use crate::domain::dataset::Status;
use crate::domain::format::{counted, integer};

pub const TITLE: &str = "Datasets";
pub const NEW: &str = "New Dataset";
pub const SEARCH: &str = "Search datasets";
pub const SEARCH_HINT: &str = "Search datasets  ( / )";
pub const SEARCH_NOW: &str = "Search";
pub const STATUS: &str = "Status";
pub const ALL_STATUSES: &str = "All statuses";
pub const PAGES: &str = "Pages";
pub const PREVIOUS: &str = "Previous";
pub const NEXT: &str = "Next";

pub const NOTHING_TITLE: &str = "Nothing found";
pub const NOTHING_ADVICE: &str =
    "No dataset fits. Names and descriptions are searched: try a shorter word, or look at all of them.";
pub const SHOW_ALL: &str = "Show all datasets";
pub const NONE_TITLE: &str = "No datasets yet";
pub const NONE_ADVICE: &str = "Make the first one: choose tables, join them, say what the columns mean, and see the SQL grow.";

pub const NO_WAREHOUSE_TITLE: &str = "The tables’ dataset is not there";
pub const NO_WAREHOUSE_ADVICE: &str =
    "Make it in BigQuery and load the tables into it, or give this model another project. Then reload this page.";
pub const NO_PERMISSION_TITLE: &str = "The tables may not be read";
pub const NO_PERMISSION_ADVICE: &str = "Give this server’s account the roles BigQuery Data Viewer on the dataset and BigQuery Job User on the project. Then reload this page.";
pub const NO_TABLES_TITLE: &str = "There are no tables yet";
pub const NO_TABLES_ADVICE: &str = "The warehouse is there but empty. Load tables into it, or put Parquet or CSV files into the folder that the server reads, a file a table. Then reload this page.";
pub const TABLES_UNKNOWN_TITLE: &str = "The warehouse does not answer";
pub const TABLES_UNKNOWN_ADVICE: &str = "Datasets can be looked at, but not made until it does.";
pub const EDIT_MODEL: &str = "Change the model";

pub const ROWS: &str = "Rows";
pub const USERS: &str = "Users";
pub const PRODUCTS: &str = "Products";
pub const QUALITY: &str = "Quality";
pub const NOT_COUNTED: &str = "not counted yet";
pub const NOT_ANALYZED: &str = "not analyzed yet";
pub const STALE: &str = "stale";
pub const STALE_WHY: &str = "The config was changed after this analysis";
pub const CHANGED: &str = "Changed";
pub const COMPARE: &str = "Compare";
pub const ACTIVE_VERSION_WHY: &str = "What training reads until the next activation";

pub const VIEW: &str = "View";
pub const EDIT: &str = "Edit";
pub const ANALYZE: &str = "Analyze";
pub const QUERY: &str = "Query";
pub const PREVIEW: &str = "Preview";
pub const CLONE: &str = "Clone";
pub const DELETE: &str = "Delete";
pub const ACTIVATE: &str = "Activate";
pub const DEACTIVATE: &str = "Deactivate";
pub const ACTIVATING: &str = "Checking and counting…";
pub const DEACTIVATING: &str = "Deactivating…";
pub const CANNOT_ACTIVATE: &str = "It cannot be activated yet:";
pub const FIX_IT: &str = "Edit it";

pub const COMPARISON: &str = "Comparison";
pub const ONE_MORE: &str = "Choose one more, up to five.";
pub const FIVE_AT_MOST: &str = "Five at most.";
pub const CLEAR: &str = "Clear";

pub fn of_model(model: &str) -> String {
    format!("Datasets of {model}")
}

/// An action with the dataset's name, for screen readers.
pub fn named(action: &str, name: &str) -> String {
    format!("{action} {name}")
}

pub const fn status(status: Status) -> &'static str {
    match status {
        Status::Draft => "Draft",
        Status::Active => "Active",
    }
}

pub fn range(first: u32, last: u32, total: u32) -> String {
    format!("{}–{} of {}", integer(first.into()), integer(last.into()), integer(total.into()))
}

pub fn chosen(n: usize) -> String {
    format!("{n} chosen")
}

pub fn tables(n: u32) -> String {
    counted(n.into(), "table", "tables")
}

pub fn columns(n: u32) -> String {
    counted(n.into(), "column", "columns")
}

pub fn versions(n: u32) -> String {
    counted(n.into(), "version", "versions")
}

pub fn leaks(n: u32) -> String {
    counted(n.into(), "leak", "leaks")
}

pub fn version_active(number: u32) -> String {
    format!("version {number} active")
}

pub fn quality_why(score: u32, grade: &str) -> String {
    format!("Quality {score} of 100, {grade}")
}

pub fn activated(name: &str, version: Option<u32>) -> String {
    match version {
        Some(number) => format!("{name} is active: training reads version {number}."),
        None => format!("{name} is active."),
    }
}

pub fn deactivated(name: &str) -> String {
    format!("{name} is a draft again: training reads nothing of it.")
}

pub fn activation_price(read: &str) -> String {
    format!("Activating counts the rows once: {read}.")
}

pub const PAST_END_TITLE: &str = "This page is empty";
pub const PAST_END_ADVICE: &str = "There are fewer datasets than there were.";
pub const FIRST_PAGE: &str = "Go to the first page";
