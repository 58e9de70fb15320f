//! Estimates under the API's names: each kind has its own type in the document.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::cost::Estimate;
use crate::domain::{joins, profile, record};

/// What reading the rest of a profile would cost.
#[derive(Serialize, ToSchema)]
pub struct ProfileEstimate {
    /// Columns that are not cached yet.
    columns: usize,
    bytes: Option<u64>,
    /// `None` if reading is free.
    price_usd: Option<f64>,
    /// It may be less: the table is clustered.
    upper_bound: bool,
}

impl From<profile::ProfileEstimate> for ProfileEstimate {
    fn from(profile::ProfileEstimate { columns, estimate }: profile::ProfileEstimate) -> Self {
        let Estimate { bytes, price_usd, upper_bound } = estimate;
        Self { columns, bytes, price_usd, upper_bound }
    }
}

/// What verifying with the data would cost.
#[derive(Serialize, ToSchema)]
pub struct VerifyEstimate {
    pairs: u32,
    /// Queries that would run: pairs whose result is cached cost nothing.
    queries: u32,
    bytes: Option<u64>,
    /// US dollars; `None` if reading is free.
    price_usd: Option<f64>,
    /// It may read less.
    upper_bound: bool,
}

impl From<joins::VerifyEstimate> for VerifyEstimate {
    fn from(joins::VerifyEstimate { pairs, queries, estimate }: joins::VerifyEstimate) -> Self {
        let Estimate { bytes, price_usd, upper_bound } = estimate;
        Self { pairs, queries, bytes, price_usd, upper_bound }
    }
}

/// A generated query and the warehouse's verdict on it.
#[derive(Serialize, ToSchema)]
pub struct QueryView {
    query: String,
    validation: QueryValidation,
}

#[derive(Serialize, ToSchema)]
pub struct QueryValidation {
    valid: bool,
    /// BigQuery's own estimate; for the embedded engine the size of the files.
    total_bytes_processed: Option<u64>,
    /// `None` if reading is free.
    estimated_cost_usd: Option<f64>,
    /// The query may read less than reported: its tables are clustered.
    upper_bound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<record::QueryView> for QueryView {
    fn from(record::QueryView { query, validation }: record::QueryView) -> Self {
        let record::QueryValidation { valid, estimate, error } = validation;
        let Estimate { bytes, price_usd, upper_bound } = estimate;
        let validation =
            QueryValidation { valid, total_bytes_processed: bytes, estimated_cost_usd: price_usd, upper_bound, error };
        Self { query, validation }
    }
}
