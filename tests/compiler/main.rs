//! The compiler held against a plain computation of what configs mean, on the embedded engine.

mod effect;
mod engine;
mod goldens;
mod literals;
// The tests of analyses look at more of it.
#[allow(dead_code)]
mod oracle;
mod properties;
mod tables;

#[path = "../support/goldens.rs"]
mod files;
