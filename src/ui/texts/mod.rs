//! All texts of the interface, one module a place: what a translation would replace. Fixed texts are constants, texts with values are functions.
//! No component writes words of its own; what the domain and the server say (faults, checks, a warehouse's message) comes from them.

pub mod analysis;
pub mod common;
pub mod compare;
pub mod dialogs;
pub mod filters;
pub mod keys;
pub mod list;
pub mod models;
pub mod pictures;
pub mod profiles;
pub mod query;
pub mod versions;
pub mod wizard;
