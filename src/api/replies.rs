//! Responses that several routes share.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Success, success};
use crate::domain::dto::Dataset;

/// A completed action.
#[derive(Serialize, ToSchema)]
pub struct Done {
    /// Human-readable.
    pub message: String,
}

/// A dataset after an update. The `ETag` is its revision.
#[derive(Serialize, ToSchema)]
pub struct DatasetSaved {
    /// Human-readable.
    message: String,
    dataset: Dataset,
}

/// A dataset after a change, with its `ETag`.
pub fn saved(dataset: Dataset, message: impl Into<String>) -> Success<DatasetSaved> {
    let revision = dataset.revision;
    success(DatasetSaved { message: message.into(), dataset }).tagged(revision)
}
