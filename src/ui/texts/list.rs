//! The datasets of a model: cards, search, pages, and what to do if there are none.

use crate::domain::dataset::Status;
use crate::domain::format::{counted, integer};

pub const TITLE: &str = "Datasets";
pub const NEW: &str = "New dataset";
pub const SEARCH: &str = "Search datasets";
pub const SEARCH_HINT: &str = "Search datasets  ( / )";
pub const SEARCH_NOW: &str = "Search";
pub const STATUS: &str = "Status";
pub const ALL_STATUSES: &str = "All statuses";
pub const PAGES: &str = "Pages";
pub const PREVIOUS: &str = "Previous";
pub const NEXT: &str = "Next";

pub const NOTHING_TITLE: &str = "No datasets found";
pub const NOTHING_ADVICE: &str = "No name or description matches. Try a shorter search term, or show all datasets.";
pub const SHOW_ALL: &str = "Show all datasets";
pub const NONE_TITLE: &str = "No datasets yet";
pub const NONE_ADVICE: &str = "Create your first dataset: choose tables, join them, map columns and see the SQL as you go.";

pub const NO_WAREHOUSE_TITLE: &str = "BigQuery dataset not found";
pub const NO_WAREHOUSE_ADVICE: &str =
    "Create it in BigQuery and load tables into it, or set another project for this model. Then reload this page.";
pub const NO_PERMISSION_TITLE: &str = "No permission to read the tables";
pub const NO_PERMISSION_ADVICE: &str = "Grant this server’s account the roles BigQuery Data Viewer on the dataset and BigQuery Job User on the project. Then reload this page.";
pub const NO_TABLES_TITLE: &str = "No tables yet";
pub const NO_TABLES_ADVICE: &str = "The warehouse is empty. Load tables into it, or put Parquet or CSV files into the folder that the server reads, one file per table. Then reload this page.";
pub const TABLES_UNKNOWN_TITLE: &str = "Cannot reach the warehouse";
pub const TABLES_UNKNOWN_ADVICE: &str = "You can view datasets, but not create any until it is available.";
pub const EDIT_MODEL: &str = "Edit model";

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
pub const ACTIVE_VERSION_WHY: &str = "Training reads this version until the next activation";

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
pub const CANNOT_ACTIVATE: &str = "Cannot activate:";
pub const FIX_IT: &str = "Edit dataset";

pub const COMPARISON: &str = "Comparison";
pub const ONE_MORE: &str = "Select one more, up to five.";
pub const FIVE_AT_MOST: &str = "Up to five.";
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
    format!("{n} selected")
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
        Some(number) => format!("{name} activated. Training reads version {number}."),
        None => format!("{name} activated."),
    }
}

pub fn deactivated(name: &str) -> String {
    format!("{name} deactivated. Training no longer reads it.")
}

pub fn activation_price(read: &str) -> String {
    format!("Activating runs a count: {read}.")
}

pub const PAST_END_TITLE: &str = "This page is empty";
pub const PAST_END_ADVICE: &str = "There are fewer datasets now.";
pub const FIRST_PAGE: &str = "Go to the first page";
