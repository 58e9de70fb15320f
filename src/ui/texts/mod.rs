//! All texts of the interface, one module per route or dialog: the part that a translation would
//! replace. Fixed texts are constants, texts with values are functions. No component has words of
//! its own; texts of the domain and the server (validation errors, checks, a warehouse's message)
//! come from them.

pub mod analysis;
pub mod common;
pub mod compare;
pub mod dialogs;
pub mod docs;
pub mod filters;
pub mod help;
pub mod keys;
pub mod list;
pub mod models;
pub mod pictures;
pub mod profiles;
pub mod query;
pub mod versions;
pub mod wizard;
