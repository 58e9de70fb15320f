//! The compiler from a config to GoogleSQL: one text for people, both engines and TFX.
//!
//! Equal configs give byte-equal SQL, on the server and in the browser. A text from outside can enter SQL in two ways
//! only: as an identifier or as a literal, both encoded in [`render`].

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::catalog::Catalog;
use super::dataset::{ColumnRef, DatasetConfig, Role, Split};
use super::fault::FieldError;
use super::schema::{ColumnType, Mode};

/// What to compile a config to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// `None` is the full query; a split that the config does not make is a fault at `split`.
    pub split: Option<Split>,
    pub shape: Shape,
    /// Name mapped columns by their roles, whatever their output names.
    pub for_analysis: bool,
    /// The as-of as a literal, where it was resolved before: the frozen form.
    pub as_of: Option<NaiveDate>,
}

/// What comes out of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The dataset's rows.
    #[default]
    Rows,
    /// At most so many of them.
    Preview { limit: u32 },
    /// Columns `part` (`full`, `train`, `eval`, `test`, `gap`), `row_count`, `user_count`, `product_count`, `first_day`, `last_day`, `as_of`;
    /// one row for the full query and each part that has rows. Counts of unmapped roles are NULL. Ignores `split`.
    Counts,
}

/// A column of a compiled query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    pub name: String,
    pub column_type: ColumnType,
    pub mode: Mode,
    pub role: Option<Role>,
    /// `None` for a computed column.
    pub source: Option<ColumnRef>,
}

/// SQL and what it gives. No semicolon at the end: the text can stand in `SELECT * FROM (…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledQuery {
    pub sql: String,
    pub columns: Vec<OutputColumn>,
}

/// Compiles a config. All faults of validation come back instead where there are any.
pub fn compile(config: &DatasetConfig, catalog: &Catalog, request: &Request) -> Result<CompiledQuery, Vec<FieldError>> {
    let _ = (config, catalog, request);
    todo!("skeleton")
}
