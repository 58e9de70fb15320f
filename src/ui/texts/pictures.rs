//! The charts: funnel, histogram, days.

pub const FROM: &str = "From";
pub const TO: &str = "To";
pub const ROWS: &str = "Rows";
pub const AFTER: &str = "After";
pub const OF_THE_MOST: &str = "Share of source";
pub const USERS: &str = "Users";
pub const PRODUCTS: &str = "Products";
pub const ROWS_A_DAY: &str = "Rows per day";
pub const DAYS: &str = "Days";

pub fn histogram(name: &str) -> String {
    format!("Approximate distribution of {name}")
}

pub fn bin(from: &str, to: &str, count: &str) -> String {
    format!("{from} to {to}: about {count}")
}

pub fn days(first: &str, last: &str) -> String {
    if first == last { first.to_owned() } else { format!("{first} to {last}") }
}

pub fn rows_of_days(days: &str, rows: &str, part: &str) -> String {
    format!("{days}: {rows} rows, {part}")
}

/// A stage of the funnel, in words.
pub fn stage(name: &str) -> String {
    match name {
        "source" => "joined tables".to_owned(),
        "filtered" => "dates and row filters".to_owned(),
        "product_filter" => "product filters".to_owned(),
        "customer_filter" => "customer filters".to_owned(),
        "min_interactions" => "minimum interactions".to_owned(),
        "sample" => "sample".to_owned(),
        other => other.replace('_', " "),
    }
}
