//! The wizard's fourth step: filters and split.

use chrono::NaiveDate;

use crate::domain::cost::{Cost, Estimate};
use crate::domain::format::{bytes, counted, dollars, integer, percent};
use crate::domain::schema::ColumnType;

// Numbers and days that are typed.
pub const NO_NUMBER: &str = "Enter a whole number.";
pub const NO_AMOUNT: &str = "Enter a number.";
pub const ANY: &str = "any";

// What is asked of the warehouse.
pub const COUNTING: &str = "Counting the remaining rows…";
pub const STOP: &str = "Stop";
pub const STOPPED: &str = "Stopped. The numbers below are from the previous run.";
pub const COUNT: &str = "Count";
pub const COUNT_AGAIN: &str = "Count again";
pub const NOT_SOUND: &str = "Fix the errors to update the charts.";
pub const STALE: &str = "out of date";

pub fn count_cost(&Estimate { bytes: read, price_usd, upper_bound }: &Estimate) -> String {
    let Some(price_usd) = price_usd else {
        return "The warehouse cannot estimate the cost of counting.".into();
    };
    let most = if upper_bound { "at most " } else { "" };
    let size = read.map(|read| format!("reads {most}{} and ", bytes(read))).unwrap_or_default();
    format!("Counting {size}costs {most}{}.", dollars(price_usd))
}

/// `18,204 of 60,123 rows remain`.
pub fn rows_left(left: u64, of: u64) -> String {
    format!("{} of {} remain", integer(left), counted(of, "row", "rows"))
}

pub fn seconds(seconds: u64) -> String {
    format!("{seconds} s")
}

/// `Counted just now` …, with what it cost.
pub fn counted_how(cached: bool, Cost { bytes: read, price_usd }: Cost) -> String {
    let mut parts = vec![if cached { "Cached, no query was run".to_owned() } else { "Counted from the data".to_owned() }];
    if !cached {
        parts.extend(read.map(|read| format!("read {}", bytes(read))));
        parts.extend(price_usd.map(dollars));
    }
    parts.join(" · ")
}

// Dates.
pub const DATES: &str = "Dates";
pub const ROWS_OF: &str = "Date range";
pub const ALL_DAYS: &str = "All dates";
pub const LAST_DAYS: &str = "Last N days";
pub const LAST_MONTHS: &str = "Last N months";
pub const FIXED_DAYS: &str = "Fixed dates";
pub const DAYS: &str = "Days";
pub const MONTHS: &str = "Months";
pub const UP_TO: &str = "Reference date";
pub const FIRST_DAY: &str = "Start date";
pub const LAST_DAY: &str = "End date (inclusive)";
pub const NEEDS_TIMESTAMP: &str = "Map a timestamp in step 3 to filter by date or split by time.";
pub const LATEST_EVENT: &str = "Latest event";
pub const TODAY: &str = "Today";
pub const FIXED_DAY: &str = "Fixed date";
pub const DAY: &str = "Date";
pub const DAY_MISSING: &str = "Choose a date. Until then, the latest event is used.";
pub const ONE_AS_OF: &str = "The split uses the same reference date as the date range.";

pub fn as_of_is(day: NaiveDate) -> String {
    format!("Currently {day}.")
}

pub fn days_from_to(first: NaiveDate, last: NaiveDate) -> String {
    format!("{first} to {last}, inclusive.")
}

// Filters on columns.
pub const ROWS: &str = "Rows";
pub const ADD_FILTER: &str = "Add filter";
pub const ADD_FILTER_CHOOSE: &str = "Add filter on a column…";
pub const NULLS_STAY: &str = "Keep rows with NULL";
pub const AT_LEAST: &str = "At least";
pub const AT_MOST: &str = "At most";
pub const VALUE: &str = "Value";
pub const PART_OF_VALUE: &str = "search values";
pub const PART_OF_VALUE_LABEL: &str = "Search values";
pub const ADD: &str = "Add";
pub const LOOK_UP: &str = "Look up";
pub const LOOKING: &str = "Searching…";
pub const NO_SUCH_VALUE: &str = "No matching values.";
pub const MOST_FREQUENT: &str = "Showing the most frequent values. Search to find others.";
pub const EMPTY: &str = "(empty)";

pub fn how_filtered(column: &str) -> String {
    format!("Condition on {column}")
}

pub fn remove_filter(column: &str) -> String {
    format!("Remove the filter on {column}")
}

pub fn remove_value(value: &str) -> String {
    format!("Remove {value}")
}

pub fn no_value(of: ColumnType) -> String {
    format!("Not a valid {of}.")
}

/// What looking up values costs, if it costs something.
pub fn look_up_price(estimate: &Estimate) -> Option<String> {
    let price_usd = estimate.price_usd?;
    let most = if estimate.upper_bound { "at most " } else { "" };
    let size = estimate.bytes.map(|read| format!("reads {most}{}, ", bytes(read))).unwrap_or_default();
    Some(format!("Look up: {size}{most}{}", dollars(price_usd)))
}

// Products and customers.
pub const PRODUCTS: &str = "Products";
pub const CUSTOMERS: &str = "Customers";
pub const TOP_PERCENT: &str = "Top % of revenue";
pub const ROWS_AT_LEAST: &str = "Min rows";
pub const ROWS_AT_MOST: &str = "Max rows";
pub const REVENUE_AT_LEAST: &str = "Min revenue";
pub const REVENUE_AT_MOST: &str = "Max revenue";
pub const NEEDS_PRODUCT: &str = "Map product_id in step 3 to filter products.";
pub const NEEDS_USER: &str = "Map user_id in step 3 to filter customers.";
pub const NEEDS_REVENUE: &str = "Map revenue in step 3 to filter by revenue.";
pub const ORDER_OF_FILTERS: &str = "Products are filtered first, using the rows left after dates, row filters and the sample. Customers are filtered next, using the rows of the remaining products.";
pub const NO_REVENUE: &str = "All revenue is 0 or less: a top % of revenue keeps nothing.";
pub const PERCENT: &str = "Percent";
pub const SHARE_KEPT: &str = "Share of revenue";
pub const FROM: &str = "From";
pub const TO: &str = "Below";

/// `product`, `products`.
pub struct Nouns {
    pub one: &'static str,
    pub many: &'static str,
}

pub const PRODUCT: Nouns = Nouns { one: "product", many: "products" };
pub const CUSTOMER: Nouns = Nouns { one: "customer", many: "customers" };

fn entities(n: u64, nouns: &Nouns) -> String {
    counted(n, nouns.one, nouns.many)
}

pub fn nobody(nouns: &Nouns) -> String {
    format!("No {} left: earlier filters remove them all.", nouns.one)
}

pub fn curve_label(nouns: &Nouns) -> String {
    format!("Share of revenue of the remaining {}", nouns.many)
}

pub fn by_revenue(nouns: &Nouns) -> String {
    format!("{}, by revenue, descending", nouns.many)
}

pub fn no_threshold(ranked: u64, nouns: &Nouns) -> String {
    format!("No threshold: all {} with revenue. Drag the curve or enter a percentage.", entities(ranked, nouns))
}

/// `1,054 of 4,554 products make 80.0 % of the revenue, in 88,082 rows.`
pub fn top_is(kept: u64, ranked: u64, rows: u64, share: f64, nouns: &Nouns) -> String {
    format!(
        "{} of {} make {} of the revenue, in {}.",
        integer(kept),
        entities(ranked, nouns),
        percent(share * 100.0),
        counted(rows, "row", "rows")
    )
}

pub fn stay(kept: u64, all: u64, exact: bool, nouns: &Nouns) -> String {
    let about = if exact { "" } else { "about " };
    format!("{about}{} of {} remain", integer(kept), entities(all, nouns))
}

pub fn rows_of_each(nouns: &Nouns) -> String {
    format!("Rows per {}", nouns.one)
}

pub fn revenue_of_each(nouns: &Nouns) -> String {
    format!("Revenue per {}", nouns.one)
}

pub fn quantiles(about: bool, half: &str, tenth: &str) -> String {
    let about = if about { "about " } else { "" };
    format!("median {about}{half}, 90th percentile {about}{tenth}")
}

// Minimum interactions, sample, entity filters' scope.
pub const INTERACTIONS: &str = "Interactions and sample";
pub const ROWS_A_USER: &str = "Min rows per user";
pub const ROWS_A_PRODUCT: &str = "Min rows per product";
pub const ROUNDS: &str = "Rounds";
pub const SAMPLE_PERCENT: &str = "Sample %";
pub const SAMPLE_BY: &str = "Sample by";
pub const SAMPLE_SEED: &str = "Sample seed";
pub const CORE_NOTE: &str = "Removes users and products with fewer rows, and repeats on the remaining rows each round (k-core).";
pub const SAMPLE_NOTE: &str = "The sample is chosen by hash, before product and customer filters. The same seed gives the same sample on every run and every engine.";
pub const NEEDS_BOTH: &str = "Map user_id and product_id in step 3 to set minimum interactions.";
pub const FILTER_SCOPE: &str = "Filter scope";
pub const COMPUTED_FROM: &str = "Compute from";
pub const FROM_DEFAULT: &str = "Default: train if split by time, else all rows";
pub const FROM_TRAIN: &str = "Train rows";
pub const FROM_ALL: &str = "All rows";
pub const PRUNE_TRAIN: &str = "Apply to train only";
pub const NEEDS_SPLIT: &str = "Choose a split below first: without one there is no train split.";
pub const SCOPE_TRAIN_NOTE: &str =
    "Product and customer filters are computed from train rows only, so no information leaks from eval.";
pub const SCOPE_ALL_NOTE: &str = "Product and customer filters are computed from all rows.";
pub const SCOPE_LEAK_NOTE: &str =
    "Product and customer filters are computed from all rows, including eval: information leaks from eval into train.";
pub const APPLY_ALL_NOTE: &str = "Rows of removed products and customers are dropped from every split.";
pub const APPLY_TRAIN_NOTE: &str =
    "Rows of removed products and customers are dropped from train only. Eval and test keep them, as in production.";

// The split.
pub const SPLIT: &str = "Split";
pub const TRAIN_AND_EVAL: &str = "Split method";
pub const NO_SPLIT: &str = "No split";
pub const BY_TIME: &str = "By time";
pub const AT_RANDOM: &str = "Random";
pub const LEAVE_LAST: &str = "Leave last per user";
pub const EVAL_DAYS: &str = "Eval days";
pub const TEST_DAYS: &str = "Test days";
pub const GAP_DAYS: &str = "Gap days";
pub const TRAIN_PERCENT: &str = "Train %";
pub const TEST_PERCENT: &str = "Test %";
pub const BY: &str = "Split by";
pub const SEED: &str = "Seed";
pub const ROWS_HELD_OUT: &str = "Eval rows per user";
pub const BY_TIME_NOTE: &str = "From latest to earliest: test, eval, gap (in no split), train.";
pub const AT_RANDOM_NOTE: &str =
    "Eval gets the remaining rows. The same seed gives the same split on every run and every engine.";
pub const LEAVE_LAST_NOTE: &str = "The last rows of each user, by timestamp, are eval. All earlier rows are train.";
pub const NEEDS_USER_AND_TIME: &str = "Map user_id and timestamp in step 3 to hold out the last rows of each user.";
pub const BY_ROW: &str = "Row";
pub const BY_USER: &str = "User";
pub const BY_PRODUCT: &str = "Product";
pub const PARTS: &str = "Splits";
pub const PART: &str = "Split";
pub const FIRST: &str = "First day";
pub const LAST: &str = "Last day";
pub const SPAN: &str = "Days";
pub const BAR: &str = "bar";
pub const OF_ALL: &str = "Share";
pub const NO_DAY: &str = "without a date";
pub const ROWS_A_DAY: &str = "Rows per day";
pub const DAYS_WAIT: &str = "The timeline appears after counting.";

pub fn fewer_days(days: i64, there: i64) -> String {
    format!(
        "The rows span {}, but eval, test and gap take {}.",
        counted(there.max(0) as u64, "day", "days"),
        counted(days.max(0) as u64, "day", "days")
    )
}

pub fn a_user(number: usize) -> String {
    format!("User {number}")
}

// What is left.
pub const LEFT: &str = "Remaining rows";
pub const AFTER: &str = "After";
pub const USERS: &str = "Users";
pub const REVENUE: &str = "Revenue";
pub const NOTHING_LEFT: &str = "No rows left: the filters remove them all.";

pub fn stage(stage: &str) -> &'static str {
    match stage {
        "source" => "joined tables",
        "filtered" => "dates, row filters and sample",
        "product_filter" => "product filter",
        "customer_filter" => "customer filter",
        _ => "minimum interactions",
    }
}

/// How much is left of the rows that the filters on products and customers saw.
pub fn coverage(rows: f64, revenue: Option<f64>) -> String {
    let revenue = revenue.map(|share| format!(" and {} of the revenue", percent(share * 100.0))).unwrap_or_default();
    format!(
        "Product and customer filters keep {} of the rows{revenue} left after dates, row filters and sample.",
        percent(rows * 100.0)
    )
}
