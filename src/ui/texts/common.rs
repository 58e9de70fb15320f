//! Texts that several modules share, and numbers with their nouns.

use crate::domain::format::counted;

pub const PRODUCT: &str = "Trainset";
pub const CLOSE: &str = "Close";
pub const CANCEL: &str = "Cancel";
pub const SAVE: &str = "Save";
pub const DISMISS: &str = "Dismiss";
pub const UNDO: &str = "Undo";
pub const STOP: &str = "Stop";
pub const TRY_AGAIN: &str = "Try again";
pub const RELOAD: &str = "Reload the page";
pub const NOT_LOADED: &str = "Not loaded";
pub const PART_MISSING: &str = "This part of the page could not be loaded. Try again. If the server was updated, reload the page. Your changes are not lost.";
pub const NOT_LIVE: &str = "This page is read-only: part of its code could not be loaded. ";
pub const LOADING: &str = "Loading…";
pub const STOPPED: &str = "Stopped. No changes made.";
pub const NONE: &str = "none";
/// For a number that is unknown or does not apply.
pub const DASH: &str = "–";
/// Between items on one line.
pub const DOT: &str = " · ";

pub const SKIP: &str = "Skip to content";
pub const MODELS: &str = "Models";
pub const DOCS: &str = "Docs";
pub const API: &str = "API";
pub const API_TITLE: &str = "API reference, available offline";
pub const KEYS: &str = "Keyboard shortcuts";
pub const THEME: &str = "Switch between light and dark theme";

pub const NOT_FOUND: &str = "Not found";
pub const NO_SUCH_PAGE: &str = "This page does not exist";
pub const SOMETHING_WRONG: &str = "Something went wrong";
pub const BACK_TO_MODELS: &str = "Back to models";

pub const OFFLINE: &str = "Cannot reach the server. Your changes are still here.";
pub const RECONNECTING: &str = "Reconnecting…";
pub const BACK: &str = "Reconnected to the server.";
pub const LATE: &str =
    "This is still loading. If it does not finish, reload the page. You can view the list and every dataset meanwhile.";

pub fn page_title(title: &str) -> String {
    if title.is_empty() { PRODUCT.to_owned() } else { format!("{title} · {PRODUCT}") }
}

/// How long something has been running.
pub fn running_for(seconds: u64) -> String {
    format!("{seconds} s")
}

/// How long ago something was; the exact time is in the tooltip.
pub fn ago(seconds: u64) -> String {
    const UNITS: [(u64, &str, &str); 6] = [
        (31_557_600, "year", "years"),
        (2_629_800, "month", "months"),
        (604_800, "week", "weeks"),
        (86_400, "day", "days"),
        (3_600, "hour", "hours"),
        (60, "minute", "minutes"),
    ];
    match UNITS.into_iter().find(|(length, ..)| seconds >= *length) {
        Some((length, one, many)) => format!("{} ago", counted(seconds / length, one, many)),
        None => "just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_agree_with_their_number() {
        assert_eq!(counted(0, "table", "tables"), "0 tables");
        assert_eq!(counted(1, "query", "queries"), "1 query");
        assert_eq!(counted(1234, "query", "queries"), "1,234 queries");
    }

    #[test]
    fn ages_are_shown_in_their_largest_unit() {
        assert_eq!([0, 59].map(ago), ["just now", "just now"]);
        assert_eq!([60, 7_199, 86_400, 1_209_600].map(ago), ["1 minute ago", "1 hour ago", "1 day ago", "2 weeks ago"]);
        assert_eq!([5_000_000, 70_000_000].map(ago), ["1 month ago", "2 years ago"]);
    }
}
