//! Responses that several routes share.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Success, success};
use crate::domain::record::Dataset;

/// Done.
#[derive(Serialize, ToSchema)]
pub struct Done {
    /// For people.
    pub message: String,
}

/// A dataset after a change. The `ETag` is its revision.
#[derive(Serialize, ToSchema)]
pub struct DatasetSaved {
    /// For people.
    message: String,
    dataset: Dataset,
}

/// A dataset after a change, with its `ETag`.
pub fn saved(dataset: Dataset, message: impl Into<String>) -> Success<DatasetSaved> {
    let revision = dataset.revision;
    success(DatasetSaved { message: message.into(), dataset }).tagged(revision)
}
