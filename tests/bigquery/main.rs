//! The BigQuery warehouse over HTTP: against a server by others, and against scripted failures.

mod emulator;
mod faults;
mod metadata;
mod server;

#[path = "../support/goldens.rs"]
mod goldens;
