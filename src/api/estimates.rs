//! Estimates under the API's names: each kind has its own type in the document.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::cost::Estimate;
use crate::domain::{dto, joins, profile};

/// Estimated cost of profiling the columns that are not cached.
#[derive(Serialize, ToSchema)]
pub struct ProfileEstimate {
    /// Columns without cached statistics.
    columns: usize,
    bytes: Option<u64>,
    /// US dollars; `None` if reading is free.
    price_usd: Option<f64>,
    /// The actual amount may be lower: the table is clustered.
    upper_bound: bool,
}

impl From<profile::ProfileEstimate> for ProfileEstimate {
    fn from(profile::ProfileEstimate { columns, estimate }: profile::ProfileEstimate) -> Self {
        let Estimate { bytes, price_usd, upper_bound } = estimate;
        Self { columns, bytes, price_usd, upper_bound }
    }
}

/// Estimated cost of verifying joins with data.
#[derive(Serialize, ToSchema)]
pub struct VerifyEstimate {
    pairs: u32,
    /// Queries to run: cached pairs cost nothing.
    queries: u32,
    bytes: Option<u64>,
    /// US dollars; `None` if reading is free.
    price_usd: Option<f64>,
    /// The actual amount may be lower.
    upper_bound: bool,
}

impl From<joins::VerifyEstimate> for VerifyEstimate {
    fn from(joins::VerifyEstimate { pairs, queries, estimate }: joins::VerifyEstimate) -> Self {
        let Estimate { bytes, price_usd, upper_bound } = estimate;
        Self { pairs, queries, bytes, price_usd, upper_bound }
    }
}

/// A generated query and its dry run.
#[derive(Serialize, ToSchema)]
pub struct QueryView {
    query: String,
    validation: QueryValidation,
}

#[derive(Serialize, ToSchema)]
pub struct QueryValidation {
    valid: bool,
    /// Bytes to read by BigQuery's estimate; with the embedded engine, the size of the files.
    total_bytes_processed: Option<u64>,
    /// US dollars; `None` if reading is free.
    estimated_cost_usd: Option<f64>,
    /// The query may read less: its tables are clustered.
    upper_bound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<dto::QueryView> for QueryView {
    fn from(dto::QueryView { query, validation }: dto::QueryView) -> Self {
        let dto::QueryValidation { valid, estimate, error } = validation;
        let Estimate { bytes, price_usd, upper_bound } = estimate;
        let validation =
            QueryValidation { valid, total_bytes_processed: bytes, estimated_cost_usd: price_usd, upper_bound, error };
        Self { query, validation }
    }
}
