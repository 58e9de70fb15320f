//! Trainset: define, check, version and take away training datasets for recommenders.
//!
//! The floors, each importing only those below it:
//!
//! - [`ui`]: Leptos components, for browser and server
//! - [`rpc`]: server functions, the pages' typed calls; `api`: the REST routes
//! - `service`: use cases, the only place that knows both the store and the warehouse
//! - `store`: datasets and versions in SQLite; `warehouse`: tables and queries
//! - [`domain`]: types, validation, the SQL compiler; pure
//!
//! [`error`] is the failure that leaves the house; all floors count with `metrics`. Floors without a link exist on the server only.

// The views of nested components are nested types.
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

/// A config's SQL, compiled in the browser by the same code as on the server. A list of schemas and a config in the form that server functions answer
/// in, borsh, and a request of [`domain::sql::Request`]'s form, in JSON. Answers with the SQL, or fails with the faults, a line each.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn compile_sql(schemas: &[u8], config: &[u8], request: &str) -> Result<String, wasm_bindgen::JsError> {
    use domain::fault::FieldError;
    fn unread(error: impl std::fmt::Display) -> wasm_bindgen::JsError {
        wasm_bindgen::JsError::new(&error.to_string())
    }
    let schemas: Vec<domain::schema::TableSchema> = borsh::from_slice(schemas).map_err(unread)?;
    let catalog = domain::catalog::Catalog::new(None, schemas);
    let config = borsh::from_slice(config).map_err(unread)?;
    let request = serde_json::from_str(request).map_err(unread)?;
    let compiled = domain::sql::compile(&config, &catalog, &request);
    let lines = |faults: Vec<FieldError>| faults.iter().map(|fault| format!("{fault}\n")).collect::<String>();
    compiled.map(|query| query.sql).map_err(|faults| wasm_bindgen::JsError::new(&lines(faults)))
}

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(ui::App);
}
