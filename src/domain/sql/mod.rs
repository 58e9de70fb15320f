//! The compiler from a config to GoogleSQL: one text for people, both engines and TFX.
//!
//! Equal configs give byte-equal SQL, on the server and in the browser. A text from outside can
//! enter SQL in two ways only: as an identifier or as a literal, both encoded in [`render`].
//!
//! The tree of a query is our own: sqlparser, which the embedded engine parses with, writes doubled
//! quotes where GoogleSQL takes backslashes, and sea-query has no BigQuery.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::catalog::Catalog;
use super::dataset::{ApplyTo, DatasetConfig, Role, Scope, Split};
use super::field_error::FieldError;
use super::schema::{ColumnType, Mode};
use super::validate::validate;

mod entities;
mod expr;
mod keywords;
mod lexical;
mod pipeline;
mod plan;
mod predicate;
mod queries;
mod query;
mod reading;
mod render;
mod title;

#[cfg(test)]
mod tests;

pub use lexical::is_reserved;
use pipeline::Pipeline;
use plan::Plan;
pub use plan::{counts_from_today, hashable, seeks_as_of};
pub use queries::analysis::{JoinMeasure, Measure, Section};
pub use queries::filter_impact::{ImpactMeasure, ImpactSection, MILLION, MOST_REVENUE, REVENUE_DIGITS, ROW_DIGITS};
pub use queries::join_statistics::{join_statistics_query, read_join_statistics};
pub use queries::profile;
use queries::{analysis, filter_impact, rows, tfx};
use query::Query;
pub use title::Title;

/// What to compile a config to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// `None` is the full query; a split that the config does not make is a validation error at
    /// `split`.
    pub split: Option<Split>,
    #[serde(rename = "shape")]
    pub kind: QueryKind,
    /// Name mapped columns by their roles, whatever their output names.
    pub for_analysis: bool,
    /// The reference date as a literal, if it was resolved before: the frozen form.
    pub as_of: Option<NaiveDate>,
}

/// What a query returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryKind {
    /// The dataset's rows.
    #[default]
    Rows,
    /// At most so many of them.
    Preview { limit: u32 },
    /// The dataset's rows as TFX takes them: INT64, FLOAT64, STRING and arrays of them, no NULL.
    /// See [`super::tfx`].
    Tfx,
    /// Columns `part` (`full`, `train`, `eval`, `test`, `gap`), `row_count`, `user_count`,
    /// `product_count`, `first_day`, `last_day`, `as_of`; one row for the full query and each part
    /// that has rows. Counts of unmapped roles are NULL. Ignores `split`.
    Counts,
    /// Columns `stage`, `row_count`, `user_count`, `product_count`: what is left after each stage.
    /// Ignores `split`.
    Funnel,
    /// Column `as_of`, one row: the reference date that the dataset's dates count back from; NULL
    /// if none do, or there is no event. Ignores `split`.
    AsOf,
    /// Columns `day`, `part`, `row_count`, by day. `part` is `full` without a split; `day` NULL
    /// without a timestamp. Ignores `split`.
    PerDay,
    /// All counts of an analysis, in rows of one form: see [`Section`]. Ignores `split`.
    Analysis,
    /// What filters and split do, in rows of one form: see [`ImpactSection`]. Ignores `split`.
    #[serde(rename = "effect")]
    FilterImpact,
}

/// A column of a compiled query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    pub name: String,
    pub column_type: ColumnType,
    pub mode: Mode,
    pub role: Option<Role>,
}

/// SQL and its columns. No semicolon at the end: the text can stand in `SELECT * FROM (…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledQuery {
    pub sql: String,
    pub columns: Vec<OutputColumn>,
}

/// Compiles a config, or returns all of its validation errors.
pub fn compile(config: &DatasetConfig, catalog: &Catalog, request: &Request) -> Result<CompiledQuery, Vec<FieldError>> {
    let mut errors = validate(config, catalog);
    if let Some(split) = request.split
        && !config.split_config.splits().contains(&split)
    {
        errors.push(FieldError::new("split", format!("This dataset has no {} split.", split.as_str())));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let plan = Plan::new(config, catalog, request).map_err(|error| vec![error])?;
    let mut pipeline = match request.kind {
        QueryKind::AsOf => first_stages(&plan),
        kind => all_stages(&plan, kind == QueryKind::FilterImpact),
    };
    let (body, columns) = match request.kind {
        QueryKind::Rows => rows::rows(&pipeline, request.split, None),
        QueryKind::Preview { limit } => rows::rows(&pipeline, request.split, Some(limit)),
        QueryKind::Tfx => tfx::rows(&pipeline, request.split)?,
        QueryKind::Counts => rows::counts(&pipeline),
        QueryKind::Funnel => rows::funnel(&pipeline),
        QueryKind::PerDay => rows::per_day(&pipeline),
        QueryKind::AsOf => rows::as_of(&pipeline),
        QueryKind::Analysis => analysis::report(&mut pipeline),
        QueryKind::FilterImpact => filter_impact::report(&mut pipeline),
    };
    let sql = render::render(&Query { with: pipeline.ctes, body });
    Ok(CompiledQuery { sql, columns })
}

/// The stages up to the reference date.
fn first_stages<'p>(plan: &'p Plan<'p>) -> Pipeline<'p> {
    let mut pipeline = Pipeline::new(plan);
    if plan.as_of.is_computed() {
        pipeline.source();
        pipeline.bounds();
    }
    pipeline
}

/// The one pipeline: source, bounds, filtered, split label, products, customers, minimum
/// interactions.
///
/// A split label that follows from the row itself (its day, or a hash) is added before the filters
/// on products and customers, so that these can look at train alone. One that depends on which
/// rows are left comes after them, unless they look at train.
fn all_stages<'p>(plan: &'p Plan<'p>, shows_entities: bool) -> Pipeline<'p> {
    let filters = &plan.config.filters;
    let label_last = plan.config.split_config.depends_on_rows_left()
        && !((shows_entities || filters.has_entity_filter())
            && (filters.scope == Some(Scope::Train) || filters.apply_to == ApplyTo::Train));
    let mut pipeline = Pipeline::new(plan);
    pipeline.source();
    pipeline.bounds();
    pipeline.filter();
    if !label_last {
        pipeline.label();
    }
    pipeline.unpruned = Some(pipeline.current.clone());
    pipeline.shows_entities = shows_entities;
    if shows_entities && !label_last {
        filter_impact::narrow(&mut pipeline);
    }
    entities::products(&mut pipeline);
    entities::customers(&mut pipeline);
    entities::min_interactions(&mut pipeline);
    if label_last {
        pipeline.label();
    }
    pipeline
}
