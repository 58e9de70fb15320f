//! The BigQuery warehouse over HTTP: against a server by others, and against scripted failures.

mod emulator;
mod faults;
mod generated;
mod metadata;
mod server;

#[path = "../support/configs.rs"]
mod configs;
#[path = "../support/goldens.rs"]
mod goldens;
#[path = "../support/tables.rs"]
mod tables;
