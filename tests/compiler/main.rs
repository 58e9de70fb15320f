//! The compiler compared with a plain computation of what configs mean, on the embedded engine.

mod engine;
mod goldens;
mod impact;
mod literals;
mod names;
// The tests of analyses use more of it.
#[allow(dead_code)]
mod oracle;
mod properties;

#[path = "../support/configs.rs"]
mod configs;
#[path = "../support/goldens.rs"]
mod files;
#[path = "../support/tables.rs"]
mod tables;
