//! The wizard, except for its fourth step.

use crate::domain::cost::Estimate;
use crate::domain::dataset::{JoinType, Role};
use crate::domain::format::{bytes, counted, dollars, integer, percent};
use crate::domain::joins::Confidence;
use crate::domain::schema::TableKind;

// The frame.
pub const NEW_DATASET: &str = "New dataset";
pub const EDIT_DATASET: &str = "Edit dataset";
pub const STEPS: &str = "Steps";
pub const BASICS: &str = "Basic info";
pub const TABLES: &str = "Source tables";
pub const COLUMNS: &str = "Columns and mapping";
pub const FILTERS: &str = "Filters and split";
pub const PREVIOUS: &str = "Previous";
pub const NEXT: &str = "Next";
pub const SAVE: &str = "Save";
pub const SAVING: &str = "Saving…";
pub const ENLARGE: &str = "Expand to window";
pub const LOADING: &str = "Loading the dataset and its tables…";
pub const TRY_AGAIN: &str = "Try again";
pub const READING_COLUMNS: &str = "Reading the tables' columns…";
pub const NOTHING_CHANGED: &str = "No changes to save.";
pub const DELETED_MEANWHILE: &str =
    "This dataset was deleted. Your changes are still here: save again to create it as a new dataset.";
pub const SERVER_OFFLINE: &str = "Cannot reach the server. Your changes are stored in this browser. Retrying every few seconds.";

pub fn saved(name: &str) -> String {
    format!("{name} saved.")
}

// Leaving, and drafts that were left behind.
pub const LEAVE_TITLE: &str = "Leave without saving?";
pub const LEAVE_TEXT: &str = "You have unsaved changes. Keep them as a draft in this browser to continue later.";
pub const STAY: &str = "Keep editing";
pub const KEEP_FOR_LATER: &str = "Keep draft";
pub const LEAVE: &str = "Leave";
pub const LEFT_BEHIND: &str = "Unsaved draft";
pub const SAVED_SINCE: &str = " The dataset was saved after this draft. You can compare both before you overwrite anything.";
pub const CONTINUE: &str = "Continue";
pub const DISCARD: &str = "Discard";

/// `why` is the server's sentence.
pub fn not_read(why: &str) -> String {
    format!("Cannot read this draft: {}. It is stored until you discard it.", why.trim_end_matches('.'))
}

pub fn left_behind(name: &str, at: &str) -> String {
    match name.trim() {
        "" => format!("You have an unsaved draft without a name, last changed {at}."),
        name => format!("You have an unsaved draft of {name}, last changed {at}."),
    }
}

// Edit conflicts.
pub const CONFLICT: &str = "Someone else saved this dataset";
pub const BOTH_STATES: &str = "Differences";
pub const FIELD: &str = "Field";
pub const AS_OPENED: &str = "When you opened it";
pub const THEIRS: &str = "Theirs";
pub const MINE: &str = "Mine";
pub const KEEP_MINE: &str = "Overwrite with mine";
pub const TAKE_THEIRS: &str = "Take theirs";
pub const CONTINUE_EDITING: &str = "Continue editing";
pub const SAME_AS_MINE: &str = "The saved dataset is identical to yours.";

pub fn saved_meanwhile(at: &str) -> String {
    format!("It was saved {at}, after you opened it. Your changes are not lost.")
}

// Step 1.
pub const NAME: &str = "Name";
pub const DESCRIPTION: &str = "Description";
pub const DESCRIPTION_HINT: &str = "Purpose, source, and what to know before training on it";
pub const CHECKING_NAME: &str = "Checking the name…";
pub const NAME_MISSING: &str = "Enter a name.";
pub const NAME_TOO_LONG: &str = "Use at most 255 characters.";

// Step 2: the tables.
pub const SHOW_TABLES: &str = "Tables";
pub const SHOW_PICTURE: &str = "Diagram";
pub const TABLES_OF_WAREHOUSE: &str = "Warehouse tables";
pub const TABLES_OF_DATASET: &str = "Dataset tables";
pub const SEARCH_TABLES: &str = "Search tables";
pub const LISTING: &str = "Listing tables…";
pub const NO_TABLES: &str = "No tables in the warehouse";
pub const NO_TABLES_ADVICE: &str =
    "Put Parquet or CSV files into its folder, one file per table, or load tables into its dataset.";
pub const NO_DATASET: &str = "BigQuery dataset not found";
pub const NO_PERMISSION: &str = "No permission to read the warehouse tables";
pub const NO_TABLE_CALLED_SO: &str = "No tables found.";
pub const CHOOSE_PRIMARY: &str = "Choose the table that holds the interactions, such as orders, events or ratings.";
pub const PRIMARY: &str = "Primary";
pub const PRIMARY_CHIP: &str = "primary";
pub const JOIN: &str = "Join";
pub const JOIN_AGAIN: &str = "Join again";
pub const ROWS_UNKNOWN: &str = "rows unknown";

pub fn table_kind(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Table => "table",
        TableKind::View => "view",
        TableKind::MaterializedView => "materialized view",
        TableKind::External => "external table",
    }
}

pub fn rows_short(rows: String) -> String {
    format!("{rows} rows")
}

pub fn columns(n: u32) -> String {
    counted(n.into(), "column", "columns")
}

pub fn partitioned(by: &str, filter_required: bool) -> String {
    let required = if filter_required { ", a filter is required" } else { "" };
    format!("partitioned by {by}{required}")
}

pub fn changed(at: &str) -> String {
    format!("changed {at}")
}

pub fn use_as_primary(table: &str) -> String {
    format!("Use {table} as primary table")
}

pub fn join_again(table: &str) -> String {
    format!("{JOIN_AGAIN}: {table}")
}

pub fn join_table(table: &str) -> String {
    format!("Join {table}")
}

// Step 2: the joins.
pub const AND: &str = " and ";
pub const USE: &str = "Use";
pub const CHOOSE_COLUMN: &str = "choose a column";
pub const ADD_PAIR: &str = "Add key pair";
pub const ONE_ROW: &str = "Keep one row per key";
pub const TAKES_ROW: &str = "Keep the row with";
pub const BY_COLUMN: &str = "choose a column…";
pub const SMALLEST_FIRST: &str = "lowest or oldest";
pub const LARGEST_FIRST: &str = "highest or newest";
pub const BAD_SOURCE_NAME: &str = "Invalid name, or already used by another table.";
pub const NOTHING_SUGGESTED: &str = "No join suggested. Choose the key columns.";
pub const ROWS_MULTIPLY: &str = "One row can match several rows: the join multiplies rows.";
pub const VERIFY: &str = "Verify with data";
pub const LOOKING_AT_KEYS: &str = "Verifying the keys…";
pub const ONE_ROW_A_KEY: &str = "Keep one row per key";
pub const KEEP_ALL_ROWS: &str = "Keep all rows";

pub fn confidence(confidence: Confidence) -> String {
    format!("{} confidence", confidence.as_str())
}

pub fn use_suggestions(n: usize) -> String {
    if n == 1 { "Auto-detect: use 1 suggestion".into() } else { format!("Auto-detect: use all {n} suggestions") }
}

pub fn use_keys_of(name: &str) -> String {
    format!("Use the suggested keys of {name}")
}

pub fn join_type_of(name: &str) -> String {
    format!("Join type of {name}")
}

pub fn left_key_for(name: &str) -> String {
    format!("Left key for {name}")
}

pub fn right_key_of(name: &str) -> String {
    format!("Right key of {name}")
}

pub fn remove_pair(n: usize, name: &str) -> String {
    format!("Remove key pair {n} of {name}")
}

pub fn remove_table(name: &str) -> String {
    format!("Remove {name}")
}

pub fn name_of(name: &str) -> String {
    format!("Name of {name} in the dataset")
}

pub fn order_of(name: &str) -> String {
    format!("Row of {name} to keep")
}

pub fn direction_of(column: &str) -> String {
    format!("Order of {column}")
}

pub fn remove_order(column: &str) -> String {
    format!("Remove {column} from the order")
}

/// What a verification would read and cost.
pub fn run_for(estimate: &Estimate) -> String {
    let most = if estimate.upper_bound { "at most " } else { "" };
    let read = estimate.bytes.map(|read| format!("reads {most}{}, ", bytes(read))).unwrap_or_default();
    match estimate.price_usd {
        Some(usd) => format!("Run: {read}{most}{}", dollars(usd)),
        None => format!("Run: {read}cost unknown"),
    }
}

pub fn fan_out(name: &str, most: u64, before: u64, after: u64) -> String {
    format!(
        "A key occurs up to {} times in {name}: the join returns {} from {} rows. Keep one row per key, or keep all rows.",
        integer(most),
        counted(after, "row", "rows"),
        integer(before)
    )
}

pub fn fan_out_open(name: &str, most: u64) -> String {
    format!(
        "{name} has up to {} per key. Choose at the join whether to keep one row per key or all rows.",
        counted(most, "row", "rows")
    )
}

pub fn rows_match(share: f64) -> String {
    format!("{} of rows match", percent(100.0 * share))
}

pub fn keys_found(found: u64, all: u64) -> String {
    format!("{} of {} found", integer(found), counted(all, "key", "keys"))
}

pub fn uniqueness(share: Option<f64>) -> String {
    match share {
        Some(1.0) => "right key unique".to_owned(),
        Some(share) => format!("right key not unique ({})", percent(100.0 * share)),
        None => "no keys in the right table".to_owned(),
    }
}

pub fn partners(most: u64) -> String {
    format!("at most {} per row", counted(most, "match", "matches"))
}

pub fn rows_become(before: u64, after: u64) -> String {
    format!("{} become {}", counted(before, "row", "rows"), integer(after))
}

// Step 2: the picture.
pub const JOIN_PICTURE: &str = "Join diagram";
pub const JOINS_IN_WORDS: &str = "Joins as text";
pub const PICTURE_HINT: &str = "Drag from one column to another to join them, or click both.";
pub const PICTURE_KEYS: &str = "Tab moves through tables, columns and joins. Arrow keys move a table, Delete removes it. Enter on a column starts a join, Enter on \
    another completes it, Escape cancels it. Enter on a join selects it, Delete removes it.";
pub const SAME_TABLE: &str = "Both columns are in the same table. To join a table to itself, add it a second time.";
pub const LINE_REMOVED: &str = "Key pair removed.";
pub const REMOVE_LINE: &str = "Remove";
pub const UNDO: &str = "Undo";
pub const ARRANGE: &str = "Auto-arrange";
pub const FEWER_COLUMNS: &str = "fewer columns";

pub fn more_columns(n: usize) -> String {
    format!("{} more", counted(n as u64, "column", "columns"))
}

pub fn connecting(column: &str) -> String {
    format!("From {column}: choose the column to join it with.")
}

pub fn connected(one: &str, other: &str) -> String {
    format!("{one} = {other}")
}

pub fn table_removed(name: &str) -> String {
    format!("{name} removed, with everything that uses it.")
}

pub fn box_label(title: &str, primary: bool) -> String {
    if primary { format!("Table {title}, primary") } else { format!("Table {title}") }
}

pub fn line_label(join_type: JoinType, left: &str, right: &str) -> String {
    format!("{} JOIN {left} = {right}", join_type.as_str().to_ascii_uppercase())
}

pub fn type_of_line(name: &str) -> String {
    format!("Type of the join to {name}")
}

pub fn is_primary(name: &str) -> String {
    format!("{name} is the primary table.")
}

pub fn is_joined(name: &str, join_type: JoinType, pairs: &str) -> String {
    format!("{} JOIN {name} on {pairs}.", join_type.as_str().to_ascii_uppercase())
}

pub fn is_not_joined(name: &str) -> String {
    format!("{name} has no keys yet.")
}

// Step 3.
pub const SEARCH_COLUMNS: &str = "Search columns";
pub const NO_COLUMN_CALLED_SO: &str = "No columns found.";
pub const ALL: &str = "All";
pub const NONE: &str = "None";
pub const CHOOSE: &str = "choose";
pub const WRITTEN_AS: &str = "timestamp format";
pub const DAYS_BEGIN_IN: &str = "time zone for days";
pub const TIME_ZONE: &str = "time zone";
pub const NOT_MAPPED: &str = "not mapped";
pub const SUGGESTED: &str = "Suggested: ";
pub const BAD_OUTPUT_NAME: &str = "Letters, digits and underscores, not starting with a digit.";

pub fn for_role(role: Role) -> String {
    format!(" for {}", role.as_str())
}

pub fn selected(n: usize) -> String {
    format!("{} selected", integer(n as u64))
}

pub fn some_of(n: usize, all: usize) -> String {
    format!("{} of {}", integer(n as u64), integer(all as u64))
}

pub fn select_all_of(name: &str) -> String {
    format!("Select all of {name}")
}

pub fn select_none_of(name: &str) -> String {
    format!("Select none of {name}")
}

pub fn unusable(n: usize) -> String {
    format!("{} cannot be used", counted(n as u64, "column", "columns"))
}

pub fn output_name_of(column: &str) -> String {
    format!("Output name of {column}")
}

pub fn gives_way(own: &str, output: &str) -> String {
    format!("Another column is named {own}: this one becomes {output} unless you rename it.")
}

// Statistics.
pub const STATISTICS: &str = "Statistics";
pub const LOOKING: &str = "Profiling…";
pub const TOP_VALUES: &str = "Most frequent values";
pub const SOME_VALUES: &str = "Sample values";
pub const EMPTY_TEXT: &str = "(empty)";
pub const ALL_DISTINCT: &str = "all distinct";
pub const NO_VALUES: &str = "no values";
pub const NULL: &str = "NULL";
pub const DISTINCT: &str = "distinct";
pub const MEAN: &str = "mean";
pub const DEVIATION: &str = "std dev";
pub const MEDIAN: &str = "median";
pub const ZEROS: &str = "zeros";
pub const NEGATIVE: &str = "negative";
pub const NOT_FINITE: &str = "NaN, infinite";
pub const DAYS: &str = "days";
pub const LENGTH: &str = "length";
pub const EMPTY: &str = "empty";

pub fn words_of(words: &str, table: &str) -> String {
    format!("{words} of {table}")
}

pub fn it_is(reason: &str) -> String {
    format!("No statistics for this column ({reason}).")
}

pub fn null_share(share: f64) -> String {
    format!("{} NULL", percent(share))
}

pub fn true_share(share: f64) -> String {
    format!("{} true", percent(share))
}

pub fn distinct(n: &str, exact: bool) -> String {
    format!("{}{n} distinct", if exact { "" } else { "about " })
}

pub fn from_to(from: &str, to: &str) -> String {
    format!("{from} to {to}")
}

pub fn items(from: &str, to: &str) -> String {
    format!("{from} to {to} items")
}

pub fn lengths(from: &str, to: &str, mean: f64) -> String {
    format!("{from} to {to}, mean {mean:.1}")
}

// The panel beside the steps.
pub const QUERY: &str = "Query";
pub const SHOW_SQL: &str = "Show SQL";
pub const HIDE_SQL: &str = "Hide SQL";
pub const PREVIEW_ROWS: &str = "Preview rows";
pub const RUNNING: &str = "Running…";
pub const SQL_FILE: &str = "dataset.sql";
pub const NO_SQL_YET: &str = "To see the SQL:";
pub const ESTIMATING: &str = "Estimating bytes…";
pub const ROWS_AS_IT_STANDS: &str = "Rows of the current draft";
