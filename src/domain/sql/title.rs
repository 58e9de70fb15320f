//! The comment above a query that leaves Trainset, which says what the query returns. It is not
//! part of what is compiled, hashed or frozen.

use chrono::NaiveDate;

use crate::domain::dataset::Split;

/// What a query is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Title<'a> {
    /// The dataset's name.
    pub dataset: &'a str,
    /// `None`: the dataset as it is now.
    pub version: Option<u32>,
    /// `None`: all rows.
    pub split: Option<Split>,
    /// The reference date, where the query has it as a literal.
    pub as_of: Option<NaiveDate>,
}

impl Title<'_> {
    /// The query below one line of comment.
    pub fn above(&self, sql: &str) -> String {
        format!("{self}\n{sql}")
    }
}

impl std::fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A line break would end the comment.
        let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        write!(f, "-- Trainset: {}", self.dataset.replace(breaks, " "))?;
        if let Some(version) = self.version {
            write!(f, ", version {version}")?;
        }
        match self.split {
            Some(split) => write!(f, ", {} split", split.as_str())?,
            None => write!(f, ", all rows")?,
        }
        match self.as_of {
            Some(day) => write!(f, ", reference date {day}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_the_comment() {
        let title = Title { dataset: "a\nDROP TABLE b\u{2028}c\r", version: Some(3), split: Some(Split::Eval), as_of: None };
        assert_eq!(title.above("SELECT 1"), "-- Trainset: a DROP TABLE b c , version 3, eval split\nSELECT 1");
    }

    #[test]
    fn unknown_parts_of_a_title_are_left_out() {
        let day = NaiveDate::from_ymd_opt(2025, 5, 31);
        let title = Title { dataset: "Orders", version: None, split: None, as_of: day };
        assert_eq!(title.to_string(), "-- Trainset: Orders, all rows, reference date 2025-05-31");
    }
}
