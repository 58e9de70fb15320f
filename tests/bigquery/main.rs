//! The BigQuery warehouse over the wire: against a server that others wrote, and against scripted faults.

mod emulator;
mod faults;
mod server;

#[path = "../support/goldens.rs"]
mod goldens;
