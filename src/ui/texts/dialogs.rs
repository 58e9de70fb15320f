//! The dialogs about one dataset: detail, rows, clone, delete, activate.
