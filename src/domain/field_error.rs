//! Validation errors of a config, by the path of the field.

use serde::{Deserialize, Serialize};

/// What is wrong with one field: `join_config[1].on[0].right`, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    pub path: String,
    pub message: String,
}

/// `path: message`, one line for people.
impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl FieldError {
    /// Truncates a path or message that repeats a long text of the request.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::of(path.into(), message.into())
    }

    /// Generic only in `new`, so that this is compiled once.
    fn of(path: String, message: String) -> Self {
        Self { path: beginning(path), message: beginning(message) }
    }
}

/// Longest path or message, in bytes: fits two of BigQuery's longest names.
const MAX_BYTES: usize = 4096;

fn beginning(mut text: String) -> String {
    if text.len() > MAX_BYTES {
        text.truncate(text.floor_char_boundary(MAX_BYTES));
        text.push('…');
    }
    text
}

/// Maximum number of validation errors in a response; after fixing these, validate again for the
/// rest.
pub const MAX_FIELD_ERRORS: usize = 100;

/// Validation errors as they are found: the first of them, and how many more there are. A config
/// can have more errors than anyone reads, and a response must not grow with them.
#[derive(Debug, Default)]
pub struct FieldErrors {
    found: Vec<FieldError>,
    more: usize,
}

impl FieldErrors {
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.push(path.into(), message.into());
    }

    /// Generic only in its callers, so that this is compiled once.
    fn push(&mut self, path: String, message: String) {
        match self.is_full() {
            true => self.more += 1,
            false => self.found.push(FieldError::of(path, message)),
        }
    }

    /// Further errors are only counted.
    pub fn is_full(&self) -> bool {
        self.found.len() >= MAX_FIELD_ERRORS
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The validation errors and, at the end, under `config`, how many more there are.
    pub fn into_list(self) -> Vec<FieldError> {
        let mut list = self.found;
        if self.more > 0 {
            list.push(FieldError::new("config", format!("{} more fields have errors. Fix these first.", self.more)));
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_does_not_repeat_a_whole_body() {
        let long = FieldError::new("ö".repeat(500_000), format!("Unknown field {}.", "x".repeat(500_000)));
        assert!(long.path.len() <= MAX_BYTES + 3 && long.message.starts_with("Unknown field xxx"));
        assert!(long.message.len() <= MAX_BYTES + 3 && long.message.ends_with('…'));
    }

    #[test]
    fn the_first_errors_are_listed_and_the_others_counted() {
        let mut errors = FieldErrors::default();
        for i in 0..20_000 {
            errors.add(format!("list[{i}]"), "No.");
        }
        let list = errors.into_list();
        assert_eq!((list.len(), list[99].path.as_str()), (MAX_FIELD_ERRORS + 1, "list[99]"));
        assert_eq!((list[100].path.as_str(), list[100].message.starts_with("19900 more")), ("config", true));
    }
}
