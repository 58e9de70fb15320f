//! The keys, and the dialog that lists them.
