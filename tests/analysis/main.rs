//! Analyses compared with a plain computation, on data with planted leaks, on the embedded engine.

mod engine;
mod goldens;
mod leaks;
mod sets;

#[path = "../support/goldens.rs"]
mod files;
// The compiler's tests use all of it.
#[allow(dead_code)]
#[path = "../compiler/oracle.rs"]
mod oracle;
