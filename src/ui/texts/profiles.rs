//! Column profiles.

pub const COLUMN: &str = "Column";
pub const TYPE: &str = "Type";
pub const NULLS: &str = "NULL";
pub const DISTINCT: &str = "Distinct";
pub const SMALLEST: &str = "Min";
pub const LARGEST: &str = "Max";
pub const MEAN: &str = "Mean";
pub const MOST_FREQUENT: &str = "Most frequent";
pub const EMPTY: &str = "(empty)";

pub fn about(number: &str) -> String {
    format!("about {number}")
}

pub fn top(value: &str, percent: &str) -> String {
    format!("{value} ({percent})")
}

pub fn cut(text: &str) -> String {
    format!("{text}…")
}
