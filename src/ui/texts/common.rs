//! What several places say, and how a number and its noun go together.

use crate::ui::format::integer;

/// `1 table`, `3 tables`, `1,234 tables`: the only place that knows how many things are called.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    let noun = if n == 1 { one } else { many };
    format!("{} {noun}", integer(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_its_noun() {
        assert_eq!(counted(0, "table", "tables"), "0 tables");
        assert_eq!(counted(1, "query", "queries"), "1 query");
        assert_eq!(counted(1234, "query", "queries"), "1,234 queries");
    }
}
