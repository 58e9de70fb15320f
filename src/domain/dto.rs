//! What the store persists and the pages show: models, datasets, versions and the results of
//! requests. Shared by server, browser, REST and server functions, so that they cannot disagree.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::analysis::{Analysis, AnalysisSummary};
use super::cost::Estimate;
use super::dataset::{DatasetConfig, Role, Split, Status};
use super::diff::Difference;
use super::drift::{Drift, Renaming};
use super::schema::{Mode, TableSchema};
use super::value::{CutCell, Value};
use super::warehouse::{WarehouseFields, WarehouseKind};

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

/// The editable fields of a model.
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
        let WarehouseFields { gcp_project_id, location } = warehouse.into();
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

/// A dataset in the list.
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
    /// From the last analysis or count; `None` before the first.
    pub row_count_estimate: Option<u64>,
    pub unique_users_estimate: Option<u64>,
    pub unique_products_estimate: Option<u64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub version_count: u32,
    /// The active version, which training reads, also while a draft is edited. `None` after
    /// deactivation.
    pub active_version: Option<u32>,
    /// The last analysis; `None` before the first.
    pub quality: Option<AnalysisSummary>,
}

/// A dataset in a selection list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DatasetName {
    pub id: i64,
    pub name: String,
    pub status: Status,
}

/// A dataset with its config, versions and analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Dataset {
    #[serde(flatten)]
    pub summary: DatasetSummary,
    pub config: DatasetConfig,
    /// SHA-256 of the canonical config, in hex.
    pub config_hash: String,
    /// Increases by one with each change; an update names the revision that it is based on.
    pub revision: i64,
    pub model_id: i64,
    pub model_name: String,
    pub versions: Vec<VersionSummary>,
    /// The last analysis; `None` before the first.
    pub analysis: Option<StoredAnalysis>,
}

impl Dataset {
    /// The editable part of a dataset.
    pub fn input(&self) -> DatasetInput {
        let DatasetSummary { name, description, .. } = &self.summary;
        DatasetInput { name: name.clone(), description: description.clone(), config: self.config.clone() }
    }
}

/// The stored analysis, and whether the config has changed since. Table changes are not checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(as = KeptAnalysis))]
pub struct StoredAnalysis {
    pub stale: bool,
    #[serde(flatten)]
    pub analysis: Analysis,
}

/// The result of an analysis request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Analyzed {
    pub analysis: Analysis,
    /// Whether the result is cached and up to date: no query was run.
    pub cached: bool,
}

/// The progress of a running analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Progress {
    /// From 1 to `steps`.
    pub step: u32,
    pub steps: u32,
    /// The current step, human-readable.
    pub what: String,
    /// Since the start.
    pub seconds: f64,
}

/// A summary of a dataset, from stored data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Overview {
    #[serde(flatten)]
    pub summary: DatasetSummary,
    pub config_hash: String,
    /// Human-readable lines, as are all the following.
    pub tables: Vec<String>,
    pub columns: Vec<String>,
    pub roles: Vec<String>,
    pub filters: Vec<String>,
    pub split: String,
    pub analysis: Option<StoredAnalysis>,
}

/// Datasets side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// In the requested order.
    pub comparison: Vec<Overview>,
    /// In the order of the config; the values are in the requested order.
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
    /// The reference date, if the config has relative dates.
    pub as_of: Option<NaiveDate>,
    /// Rows of the full dataset, if they were counted.
    pub rows: Option<u64>,
    pub created_at: DateTime<Utc>,
}

/// A frozen version, to trace and reproduce what was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Version {
    #[serde(flatten)]
    pub summary: VersionSummary,
    pub config: DatasetConfig,
    /// By query: `full`, `train`, `eval`, `test`.
    pub sql: BTreeMap<String, String>,
    /// The schemas of the tables at that time.
    pub schemas: Vec<TableSchema>,
    pub counts: Option<Counts>,
}

/// The differences between two versions, or a version and the current dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct VersionDiff {
    pub from: u32,
    /// `None` for the current dataset.
    pub to: Option<u32>,
    /// Of configs and reference dates, by path; the values are in the order from, to.
    pub differences: Vec<Difference>,
    /// Table changes between the versions; empty for the current dataset: see its drift.
    pub tables: Vec<Drift>,
}

/// Changes of a dataset and its tables since the active version, or the latest one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DriftReport {
    /// The version to compare with; `None` before the first.
    pub version: Option<u32>,
    /// Changes of the tables.
    pub changes: Vec<Drift>,
    /// Columns with other names than in the version: reading them by name will fail after the next
    /// activation.
    #[serde(default)]
    pub renamed: Vec<Renaming>,
}

/// The editable fields of a dataset.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DatasetInput {
    #[cfg_attr(feature = "ssr", schema(max_length = 255))]
    pub name: String,
    #[cfg_attr(feature = "ssr", schema(max_length = 2000))]
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

/// Whether a name is available in its model, with a reason if it is not.
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

/// Rows of the query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Preview {
    pub columns: Vec<PreviewColumn>,
    pub rows: Vec<Vec<Value>>,
    /// Truncated cells: texts of more than 1,000 characters end with an ellipsis, arrays after as
    /// many
    /// characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut_cells: Vec<CutCell>,
    /// Rows in `rows`.
    pub total: u32,
    /// Whether there are more rows: the limit, or 2 MB, was reached.
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
    /// The reference date, if the config has relative dates.
    pub as_of: Option<NaiveDate>,
    pub full: PartCounts,
    pub splits: Vec<(Split, PartCounts)>,
    /// Rows of the full query in no split: the gap of a time split.
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
