//! The days of each part of a split by time: calendar arithmetic from the reference date, the same
//! as in the compiler's SQL.

use chrono::{Days, Months, NaiveDate};

use crate::domain::analysis::Part;
use crate::domain::dataset::{DateRange, SplitConfig};

/// The days of a rolling date range, both ends included.
pub fn date_window(range: &DateRange, as_of: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let before = match range {
        DateRange::Rolling { days: Some(days), .. } => as_of.checked_sub_days(Days::new((*days).into())),
        DateRange::Rolling { months: Some(months), .. } => as_of.checked_sub_months(Months::new(*months)),
        _ => None,
    };
    Some((before?.succ_opt()?, as_of))
}

/// The calendar days of a part, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub part: Part,
    /// `None` for train, which is everything earlier.
    pub first: Option<NaiveDate>,
    pub last: NaiveDate,
}

/// The parts of a split by time in the order of their days; empty for other splits. Parts without
/// days are left out.
pub fn windows(split: &SplitConfig, as_of: NaiveDate) -> Vec<Window> {
    let SplitConfig::TimeBased { eval_days, test_days, gap_days, .. } = split else { return vec![] };
    let mut parts = vec![];
    let mut last = as_of;
    for (part, days) in [(Part::Test, *test_days), (Part::Eval, *eval_days), (Part::Gap, *gap_days)] {
        if days == 0 {
            continue;
        }
        let before = last.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN);
        parts.push(Window { part, first: before.succ_opt(), last });
        last = before;
    }
    parts.push(Window { part: Part::Train, first: None, last });
    parts.reverse();
    parts
}
