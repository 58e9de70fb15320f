//! The wizard's fourth step: filters and split.

use chrono::NaiveDate;

use crate::domain::cost::{Cost, Estimate};
use crate::domain::format::{bytes, counted, dollars, integer, percent};
use crate::domain::schema::ColumnType;

// Numbers and days that are typed.
pub const NO_NUMBER: &str = "Type a whole number.";
pub const NO_AMOUNT: &str = "Type a number.";
pub const ANY: &str = "any";

// Requests to the warehouse.
pub const COUNTING: &str = "Counting what the filters leave…";
pub const STOP: &str = "Stop";
pub const STOPPED: &str = "Stopped. The numbers below are of before.";
pub const COUNT: &str = "Count";
pub const COUNT_AGAIN: &str = "Count again";
pub const NOT_SOUND: &str = "The pictures come as soon as every field is right.";
pub const STALE: &str = "of before the last change";

pub fn asks(&Estimate { bytes: read, price_usd, upper_bound }: &Estimate) -> String {
    let Some(price_usd) = price_usd else {
        return "What counting costs, the warehouse does not tell in advance.".into();
    };
    let most = if upper_bound { "at most " } else { "" };
    let size = read.map(|read| format!("reads {most}{} and ", bytes(read))).unwrap_or_default();
    format!("Counting what the filters leave {size}costs {most}{}.", dollars(price_usd))
}

/// `18,204 of 60,123 rows are left`.
pub fn rows_left(left: u64, of: u64) -> String {
    format!("{} of {} are left", integer(left), counted(of, "row", "rows"))
}

pub fn seconds(seconds: u64) -> String {
    format!("{seconds} s")
}

/// `Counted just now` …, with what it cost.
pub fn counted_how(cached: bool, Cost { bytes: read, price_usd }: Cost) -> String {
    let mut said =
        vec![if cached { "Known from before, nothing was run".to_owned() } else { "Counted from the data".to_owned() }];
    if !cached {
        said.extend(read.map(|read| format!("read {}", bytes(read))));
        said.extend(price_usd.map(dollars));
    }
    said.join(" · ")
}

// Dates.
pub const DATES: &str = "Dates";
pub const ROWS_OF: &str = "Rows of";
pub const ALL_DAYS: &str = "all days";
pub const LAST_DAYS: &str = "the last days";
pub const LAST_MONTHS: &str = "the last months";
pub const FIXED_DAYS: &str = "fixed days";
pub const DAYS: &str = "Days";
pub const MONTHS: &str = "Months";
pub const UP_TO: &str = "Up to";
pub const FIRST_DAY: &str = "First day";
pub const LAST_DAY: &str = "Last day, whole";
pub const NEEDS_TIMESTAMP: &str = "Map a timestamp in step 3 to choose days or to split by time.";
pub const LATEST_EVENT: &str = "the latest event";
pub const TODAY: &str = "today";
pub const FIXED_DAY: &str = "a fixed day";
pub const DAY: &str = "Day";
pub const DAY_MISSING: &str = "Choose the day. Until then the latest event counts.";
pub const ONE_AS_OF: &str = "The split counts back from the same day as the date range.";

pub fn as_of_is(day: NaiveDate) -> String {
    format!("That is {day}.")
}

pub fn days_from_to(first: NaiveDate, last: NaiveDate) -> String {
    format!("{first} to {last}, both whole days.")
}

// Filters on columns.
pub const ROWS: &str = "Rows";
pub const ADD_FILTER: &str = "Add a filter on";
pub const ADD_FILTER_CHOOSE: &str = "Add a filter on a column…";
pub const NULLS_STAY: &str = "Rows with NULL stay";
pub const AT_LEAST: &str = "At least";
pub const AT_MOST: &str = "At most";
pub const VALUE: &str = "Value";
pub const PART_OF_VALUE: &str = "a value, or a part of it";
pub const PART_OF_VALUE_LABEL: &str = "A value, or a part of it";
pub const ADD: &str = "Add";
pub const LOOK_UP: &str = "Look up";
pub const LOOKING: &str = "Looking…";
pub const NO_SUCH_VALUE: &str = "The column has no such value.";
pub const MOST_FREQUENT: &str = "The most frequent; search for others.";
pub const EMPTY: &str = "(empty)";

pub fn how_filtered(column: &str) -> String {
    format!("How {column} is filtered")
}

pub fn remove_filter(column: &str) -> String {
    format!("Remove the filter on {column}")
}

pub fn remove_value(value: &str) -> String {
    format!("Remove {value}")
}

pub fn no_value(of: ColumnType) -> String {
    format!("That is no {of}.")
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
pub const ROWS_AT_LEAST: &str = "Rows, at least";
pub const ROWS_AT_MOST: &str = "Rows, at most";
pub const REVENUE_AT_LEAST: &str = "Revenue, at least";
pub const REVENUE_AT_MOST: &str = "Revenue, at most";
pub const NEEDS_PRODUCT: &str = "Map a product_id in step 3 to filter products.";
pub const NEEDS_USER: &str = "Map a user_id in step 3 to filter customers.";
pub const NEEDS_REVENUE: &str = "Map a revenue in step 3 to filter by revenue.";
pub const ORDER_OF_FILTERS: &str = "Products are filtered first, over the rows that dates, row filters and the sample leave; then customers, over the rows of the products that stay.";
pub const NO_REVENUE: &str = "Nobody has a revenue above 0 here: a share of revenue keeps none.";
pub const PERCENT: &str = "Percent";
pub const SHARE_KEPT: &str = "Of the revenue";
pub const FROM: &str = "From";
pub const TO: &str = "Below";

/// `product`, `products`.
pub struct Nouns {
    pub one: &'static str,
    pub many: &'static str,
}

pub const PRODUCT: Nouns = Nouns { one: "product", many: "products" };
pub const CUSTOMER: Nouns = Nouns { one: "customer", many: "customers" };

fn members(n: u64, nouns: &Nouns) -> String {
    counted(n, nouns.one, nouns.many)
}

pub fn nobody(nouns: &Nouns) -> String {
    format!("No {} is left here: the filters before take them all.", nouns.one)
}

pub fn curve_label(nouns: &Nouns) -> String {
    format!("Share of revenue that the {} that stay make", nouns.many)
}

pub fn by_revenue(nouns: &Nouns) -> String {
    format!("{}, the largest revenue first", nouns.many)
}

pub fn no_threshold(ranked: u64, nouns: &Nouns) -> String {
    format!("No threshold: all {} with revenue. Drag the curve, or type a percent.", members(ranked, nouns))
}

/// `1,054 of 4,554 products make 80.0 % of the revenue, in 88,082 rows.`
pub fn top_is(kept: u64, ranked: u64, rows: u64, share: f64, nouns: &Nouns) -> String {
    format!(
        "{} of {} make {} of the revenue, in {}.",
        integer(kept),
        members(ranked, nouns),
        percent(share * 100.0),
        counted(rows, "row", "rows")
    )
}

pub fn stay(kept: u64, all: u64, exact: bool, nouns: &Nouns) -> String {
    let about = if exact { "" } else { "about " };
    format!("{about}{} of {} stay", integer(kept), members(all, nouns))
}

pub fn rows_of_each(nouns: &Nouns) -> String {
    format!("Rows of each {}", nouns.one)
}

pub fn revenue_of_each(nouns: &Nouns) -> String {
    format!("Revenue of each {}", nouns.one)
}

pub fn quantiles(about: bool, half: &str, tenth: &str) -> String {
    let about = if about { "about " } else { "" };
    format!("half have at most {about}{half}, nine of ten at most {about}{tenth}")
}

// Minimum interactions, sample, entity filters' scope.
pub const INTERACTIONS: &str = "Interactions and sample";
pub const ROWS_A_USER: &str = "Rows a user";
pub const ROWS_A_PRODUCT: &str = "Rows a product";
pub const ROUNDS: &str = "Rounds";
pub const SAMPLE_PERCENT: &str = "Sample %";
pub const SAMPLE_BY: &str = "Sample by";
pub const SAMPLE_SEED: &str = "Sample seed";
pub const CORE_NOTE: &str = "Users and products with fewer rows go, again on what is left, round by round.";
pub const SAMPLE_NOTE: &str =
    "The sample is chosen by hash, before products and customers are looked at: the same at every run and on every engine.";
pub const NEEDS_BOTH: &str = "Map a user_id and a product_id in step 3 to ask for a minimum of interactions.";
pub const WHO_DECIDES: &str = "Who decides";
pub const COMPUTED_FROM: &str = "Computed from";
pub const FROM_DEFAULT: &str = "train with a split by time, else all rows";
pub const FROM_TRAIN: &str = "the rows of train";
pub const FROM_ALL: &str = "all rows";
pub const PRUNE_TRAIN: &str = "Prune train alone";
pub const NEEDS_SPLIT: &str = "Choose a split below: without one there is no train part.";
pub const SCOPE_TRAIN_NOTE: &str =
    "Which products and customers stay is decided by the rows of train alone, so that eval tells nothing about itself.";
pub const SCOPE_ALL_NOTE: &str = "Which products and customers stay is decided by all rows.";
pub const SCOPE_LEAK_NOTE: &str =
    "Which products and customers stay is decided by all rows, those of eval among them: train then knows something of eval.";
pub const APPLY_ALL_NOTE: &str = "Rows of products and customers that go, go from every part.";
pub const APPLY_TRAIN_NOTE: &str =
    "Rows of products and customers that go, go from train only: eval and test keep theirs, as they will come in production.";

// The split.
pub const SPLIT: &str = "Split";
pub const TRAIN_AND_EVAL: &str = "Train and eval";
pub const NO_SPLIT: &str = "no split";
pub const BY_TIME: &str = "by time";
pub const AT_RANDOM: &str = "at random";
pub const LEAVE_LAST: &str = "leave the last rows of each user";
pub const EVAL_DAYS: &str = "Eval days";
pub const TEST_DAYS: &str = "Test days";
pub const GAP_DAYS: &str = "Gap days";
pub const TRAIN_PERCENT: &str = "Train %";
pub const TEST_PERCENT: &str = "Test %";
pub const BY: &str = "By";
pub const SEED: &str = "Seed";
pub const ROWS_HELD_OUT: &str = "Rows a user";
pub const BY_TIME_NOTE: &str =
    "Test is the last days, eval the days before them, then the gap, which belongs to no split; train is all that is earlier.";
pub const AT_RANDOM_NOTE: &str = "Eval is the rest. The same seed gives the same split at every run and on every engine.";
pub const LEAVE_LAST_NOTE: &str = "The last rows of each user, by their time, are eval; all before them train.";
pub const NEEDS_USER_AND_TIME: &str = "Map a user_id and a timestamp in step 3 to leave out the last rows of each user.";
pub const BY_ROW: &str = "row";
pub const BY_USER: &str = "user";
pub const BY_PRODUCT: &str = "product";
pub const PARTS: &str = "Parts";
pub const PART: &str = "Part";
pub const FIRST: &str = "First day";
pub const LAST: &str = "Last day";
pub const SPAN: &str = "Days";
pub const BAR: &str = "bar";
pub const OF_ALL: &str = "Of all";
pub const NO_DAY: &str = "without a day";
pub const ROWS_A_DAY: &str = "Rows a day";
pub const DAYS_WAIT: &str = "The days are drawn once they are counted.";

pub fn fewer_days(days: i64, there: i64) -> String {
    format!(
        "The rows span {}: the parts that are held out take {}.",
        counted(there.max(0) as u64, "day", "days"),
        counted(days.max(0) as u64, "day", "days")
    )
}

pub fn a_user(number: usize) -> String {
    format!("user {number}")
}

// What is left.
pub const LEFT: &str = "What is left";
pub const AFTER: &str = "After";
pub const USERS: &str = "Users";
pub const REVENUE: &str = "Revenue";
pub const NOTHING_LEFT: &str = "No row is left: some filter takes them all.";

pub fn stage(stage: &str) -> &'static str {
    match stage {
        "source" => "the joins",
        "filtered" => "dates, rows and sample",
        "product_filter" => "products",
        "customer_filter" => "customers",
        _ => "minimum interactions",
    }
}

/// How much is left of the rows that the filters on products and customers saw.
pub fn coverage(rows: f64, revenue: Option<f64>) -> String {
    let revenue = revenue.map(|share| format!(" and {} of the revenue", percent(share * 100.0))).unwrap_or_default();
    format!(
        "All filters on products and customers together leave {} of the rows{revenue} that dates, rows and sample had left.",
        percent(rows * 100.0)
    )
}
