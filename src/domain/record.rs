//! What the store persists and the pages show: models, datasets, versions and the results of
//! requests. Shared by server, browser, REST and server functions, so that they cannot disagree.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::analysis::{Analysis, AnalysisBrief};
use super::cost::Estimate;
use super::dataset::{DatasetConfig, Role, Split, Status};
use super::diff::Difference;
use super::drift::{Drift, Renaming};
use super::schema::{Mode, TableSchema};
use super::value::{CutCell, Value};
use super::warehouse::WarehouseKind;

/// An ML project that datasets belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    pub id: i64,
    pub name: String,
    pub description: String,
    /// Where its tables are.
    pub warehouse: WarehouseKind,
    pub dataset_count: u32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A model as entered, with the warehouse as flat fields.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ModelInput {
    #[cfg_attr(feature = "ssr", schema(required = true, max_length = 255))]
    pub name: String,
    pub description: String,
    pub gcp_project_id: Option<String>,
    pub location: Option<String>,
}

impl From<Model> for ModelInput {
    /// The editable part of a model.
    fn from(Model { name, description, warehouse, .. }: Model) -> Self {
        let (gcp_project_id, location) = match warehouse {
            WarehouseKind::Embedded => (None, None),
            WarehouseKind::BigQuery { project, location } => (Some(project), location),
        };
        Self { name, description, gcp_project_id, location }
    }
}

/// A model's input, parsed and validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedModel {
    pub name: String,
    pub description: String,
    pub warehouse: WarehouseKind,
}

/// One card of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DatasetSummary {
    pub id: i64,
    pub name: String,
    pub description: String,
    pub status: Status,
    pub primary_table: String,
    pub secondary_tables: Vec<String>,
    pub table_count: u32,
    pub column_count: u32,
    /// From the last analysis, or the last count; `None` before the first.
    pub row_count_estimate: Option<u64>,
    pub unique_users_estimate: Option<u64>,
    pub unique_products_estimate: Option<u64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub version_count: u32,
    /// The version that the last activation froze: what training reads, also while a draft is
    /// edited. `None` after deactivation.
    pub active_version: Option<u32>,
    /// The last analysis; `None` before the first.
    pub quality: Option<AnalysisBrief>,
}

/// A dataset in a selection list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DatasetName {
    pub id: i64,
    pub name: String,
    pub status: Status,
}

/// A dataset, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Dataset {
    #[serde(flatten)]
    pub summary: DatasetSummary,
    pub config: DatasetConfig,
    /// SHA-256 of the canonical config, in hex.
    pub config_hash: String,
    /// Goes up by one with each change; an update names the one that it started from.
    pub revision: i64,
    pub model_id: i64,
    pub model_name: String,
    pub versions: Vec<VersionSummary>,
    /// The latest one, made by the server; `None` before the first.
    pub analysis: Option<KeptAnalysis>,
}

impl Dataset {
    /// The editable part of a dataset.
    pub fn input(&self) -> DatasetInput {
        let DatasetSummary { name, description, .. } = &self.summary;
        DatasetInput { name: name.clone(), description: description.clone(), config: self.config.clone() }
    }
}

/// A stored analysis, and whether the config has changed since. Whether the tables have is known
/// only after reading their metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct KeptAnalysis {
    pub stale: bool,
    #[serde(flatten)]
    pub analysis: Analysis,
}

/// The response to a request for an analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Analyzed {
    pub analysis: Analysis,
    /// It was stored and is still up to date: nothing was run.
    pub cached: bool,
}

/// The progress of a running analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Progress {
    /// From 1 to `steps`.
    pub step: u32,
    pub steps: u32,
    /// The current step, in words.
    pub what: String,
    /// Since the start.
    pub seconds: f64,
}

/// A dataset in words, from the store alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Overview {
    #[serde(flatten)]
    pub summary: DatasetSummary,
    pub config_hash: String,
    /// Lines for people, as all that follow.
    pub tables: Vec<String>,
    pub columns: Vec<String>,
    pub roles: Vec<String>,
    pub filters: Vec<String>,
    pub split: String,
    pub analysis: Option<KeptAnalysis>,
}

/// Datasets side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// In the order requested.
    pub comparison: Vec<Overview>,
    /// In the order of the config's parts; the values stand in the order requested.
    pub differences: Vec<Difference>,
}

/// A frozen config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct VersionSummary {
    pub number: u32,
    pub config_hash: String,
    /// `activated`, or `exported for TFX`.
    pub reason: String,
    /// Who froze it; empty if unknown.
    pub author: String,
    /// The reference date of relative dates, if the config has any.
    pub as_of: Option<NaiveDate>,
    /// Rows of the whole, if they were counted.
    pub rows: Option<u64>,
    pub created_at: DateTime<Utc>,
}

/// A frozen version: shows what was trained on, and can be queried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Version {
    #[serde(flatten)]
    pub summary: VersionSummary,
    pub config: DatasetConfig,
    /// By part: `full`, `train`, `eval`, `test`.
    pub sql: BTreeMap<String, String>,
    /// The tables as they were.
    pub schemas: Vec<TableSchema>,
    pub counts: Option<Counts>,
}

/// What differs between two versions, or a version and the current dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct VersionDiff {
    pub from: u32,
    /// `None`: the current dataset.
    pub to: Option<u32>,
    /// Of configs and reference dates, by path; the values stand in the order from, to.
    pub differences: Vec<Difference>,
    /// What changed in the tables between them; empty if the current dataset is one side: see its
    /// drift.
    pub tables: Vec<Drift>,
}

/// What has changed in a dataset and its tables since the version that training reads, or the
/// latest one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DriftReport {
    /// The version compared with; `None` before the first.
    pub version: Option<u32>,
    /// Of the tables.
    pub changes: Vec<Drift>,
    /// Columns whose names in the version the current dataset does not have: code that reads them
    /// by name fails after the next activation.
    #[serde(default)]
    pub renamed: Vec<Renaming>,
}

/// A dataset as entered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DatasetInput {
    pub name: String,
    pub description: String,
    pub config: DatasetConfig,
}

impl DatasetInput {
    /// The text field of this name, if there is one: all that is entered beside the config.
    pub fn text_mut(&mut self, field: &str) -> Option<&mut String> {
        match field {
            "name" => Some(&mut self.name),
            "description" => Some(&mut self.description),
            _ => None,
        }
    }
}

/// Which datasets to list. Pages count from 1; `per_page` is at most 50.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListQuery {
    pub status: Option<Status>,
    pub search: String,
    pub page: u32,
    pub per_page: u32,
}

impl ListQuery {
    pub const MAX_PER_PAGE: u32 = 50;
    pub const MAX_PAGE: u32 = 1_000_000;
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { status: None, search: String::new(), page: 1, per_page: 10 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Pagination {
    pub total: u32,
    pub page: u32,
    pub per_page: u32,
    pub total_pages: u32,
    pub has_next: bool,
    pub has_previous: bool,
}

impl Pagination {
    /// Of a list of `total` items.
    pub fn new(total: u32, page: u32, per_page: u32) -> Self {
        let total_pages = total.div_ceil(per_page.max(1)).max(1);
        Self { total, page, per_page, total_pages, has_next: page < total_pages, has_previous: page > 1 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetPage {
    pub datasets: Vec<DatasetSummary>,
    pub pagination: Pagination,
}

/// Whether a name is free in its model, with the reason in words if it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NameCheck {
    pub available: bool,
    pub message: String,
}

/// A generated query and the warehouse's verdict on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryView {
    pub query: String,
    pub validation: QueryValidation,
}

/// The query of one part of a dataset; `None` is the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartQuery {
    pub split: Option<Split>,
    pub view: QueryView,
}

/// The warehouse's verdict on a query.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct QueryValidation {
    pub valid: bool,
    /// BigQuery's own estimate; for the embedded engine the size of the files. Nothing is known
    /// about a query that is refused.
    pub estimate: Estimate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Rows of the real query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Preview {
    pub columns: Vec<PreviewColumn>,
    pub rows: Vec<Vec<Value>>,
    /// Cells of which only the beginning is here: texts of more than 1,000 characters end with an
    /// ellipsis, arrays after as many characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut_cells: Vec<CutCell>,
    /// Rows in `rows`.
    pub total: u32,
    /// There are more: the row limit, or 2 MB, was reached.
    pub limited: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PreviewColumn {
    pub name: String,
    #[serde(rename = "type")]
    pub column_type: super::schema::ColumnType,
    pub mode: Mode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ml_role: Option<Role>,
}

/// Rows, users and products of the full query and of each split, counted by running it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Counts {
    /// The reference date of relative dates, if the config has any.
    pub as_of: Option<NaiveDate>,
    pub full: PartCounts,
    pub splits: Vec<(Split, PartCounts)>,
    /// Rows of the full query that belong to no split: the gap of a time split.
    pub unassigned: PartCounts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PartCounts {
    pub rows: u64,
    /// Distinct; `None` without the role.
    pub users: Option<u64>,
    pub products: Option<u64>,
    pub first_day: Option<NaiveDate>,
    pub last_day: Option<NaiveDate>,
}
