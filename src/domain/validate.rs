//! A config held against the tables: all faults at once, each by the path of its field.
use super::catalog::Catalog;
use super::dataset::DatasetConfig;
use super::fault::FieldError;

/// All faults of a config; empty where it can be compiled.
pub fn validate(config: &DatasetConfig, catalog: &Catalog) -> Vec<FieldError> {
    let _ = (config, catalog);
    todo!("skeleton")
}
