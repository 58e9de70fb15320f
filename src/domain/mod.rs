//! What Trainset is about, and nothing else: types, names, validation, the compiler from a config
//! to SQL.
//!
//! Pure: no I/O, no clock, no async, no engine. Compiled for the server and for the browser, so
//! that both give the same result.

pub mod analysis;
pub mod catalog;
pub mod cost;
pub mod dataset;
pub mod describe;
pub mod diff;
#[cfg(feature = "ssr")]
pub mod document;
pub mod drift;
pub mod dto;
pub mod field_error;
pub mod format;
pub mod impact;
pub mod joins;
#[cfg(feature = "ssr")]
pub mod json;
#[cfg(feature = "ssr")]
pub mod json_schema;
pub mod limits;
pub mod name;
pub mod naming;
pub mod output;
pub mod parse;
pub mod profile;
pub mod roles;
pub mod schema;
pub mod sql;
pub mod statistics;
pub mod tfx;
pub mod unreadable;
pub mod validate;
pub mod value;
pub mod warehouse;
