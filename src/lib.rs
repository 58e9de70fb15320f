//! Trainset: define, check, version and export training datasets for recommenders.
//!
//! The layers, each importing only those below it:
//!
//! - [`ui`]: Leptos components, for browser and server
//! - [`rpc`]: server functions, the pages' typed calls; `api`: the REST routes
//! - `service`: use cases, the only layer that knows both the store and the warehouse
//! - `store`: datasets and versions in SQLite; `warehouse`: tables and queries
//! - [`domain`]: types, validation, the SQL compiler; pure
//!
//! [`error`] is the API error; all layers count with `metrics`. Modules without a link exist on the
//! server only.

// Views of nested components are nested types.
#![recursion_limit = "256"]

pub mod domain;
pub mod error;
pub mod rpc;
pub mod ui;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod metrics;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod site;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod warehouse;
