//! The errors of a use case, and the API errors that they become.

use crate::domain::dto::{Dataset, DatasetInput};
use crate::domain::field_error::FieldError;
use crate::domain::format::{counted, word};
use crate::error::ApiError;
use crate::store::StoreError;
use crate::warehouse::WarehouseError;

#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A sentence that says what does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The fields with validation errors.
    #[error("invalid")]
    Invalid(Vec<FieldError>),
    /// A parameter, not a stored field.
    #[error("{0}")]
    BadRequest(String),
    #[error("A {0} with this name already exists.")]
    NameTaken(&'static str),
    /// Someone else saved first: the stored state, and the state that the change would have made of
    /// it, if it would have changed a field.
    #[error("Someone else saved this dataset since you opened it.")]
    Stale { current: Box<Dataset>, yours: Option<Box<DatasetInput>> },
    #[error("The dataset has {}, which would be deleted too.", counted((*.0).into(), "version", "versions"))]
    HasVersions(u32),
    #[error("The model has {}. Delete {} first.", counted((*.0).into(), "dataset", "datasets"), word((*.0).into(), "it", "them"))]
    HasDatasets(u32),
    #[error("The dataset is already active.")]
    AlreadyActive,
    /// Someone stopped it while it ran.
    #[error("Analysis cancelled. The previous result is still available.")]
    Cancelled,
    /// No permit for a query was free in time.
    #[error("Too many queries are running. Try again in a moment.")]
    Busy,
    /// What does not answer, by its name: `database`, `warehouse`.
    #[error("The server is not ready.")]
    NotReady(Vec<FieldError>),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Store(StoreError),
}

impl ServiceError {
    pub(super) fn field(path: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(path, message)])
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound("Dataset not found.".into()),
            StoreError::NameTaken => Self::NameTaken("dataset"),
            StoreError::HasVersions(count) => Self::HasVersions(count),
            StoreError::HasDatasets(count) => Self::HasDatasets(count),
            other => Self::Store(other),
        }
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        let message = error.to_string();
        match error {
            ServiceError::NotFound(_) => Self::new(404, "not_found", message),
            ServiceError::Invalid(errors) => Self::invalid(&errors),
            ServiceError::BadRequest(_) => Self::new(400, "bad_request", message),
            ServiceError::NameTaken(_) => {
                let mut error = Self::new(409, "name_taken", message.clone());
                error.errors.insert("name".into(), message);
                error
            }
            ServiceError::Stale { .. } => Self::new(409, "stale", message),
            ServiceError::HasVersions(_) => Self::new(409, "has_versions", message),
            ServiceError::HasDatasets(_) => Self::new(409, "has_datasets", message),
            ServiceError::AlreadyActive => Self::new(409, "already_active", message),
            ServiceError::Cancelled => Self::new(409, "cancelled", message),
            ServiceError::Busy => Self::new(429, "busy", message),
            ServiceError::NotReady(what) => {
                let mut error = Self::new(503, "not_ready", message);
                error.errors.extend(what.into_iter().map(|error| (error.path, error.message)));
                error
            }
            ServiceError::Warehouse(error) => {
                let (status, code) = match error {
                    WarehouseError::NoTable(_) => (404, "not_found"),
                    WarehouseError::NoDataset(_) => (404, "no_dataset"),
                    WarehouseError::NoPermission(_) => (502, "no_permission"),
                    WarehouseError::Unreadable { .. } => (502, "unreadable"),
                    WarehouseError::Query(_) => (502, "warehouse"),
                    WarehouseError::Resources(_) => (502, "resources"),
                    WarehouseError::Unreachable(_) => (502, "unreachable"),
                    WarehouseError::Timeout(_) => (504, "timeout"),
                };
                Self::new(status, code, message)
            }
            ServiceError::Store(StoreError::Unavailable { reason, source }) => {
                tracing::error!(%reason, cause = source.map(tracing::field::display), "the database is not available");
                Self::new(503, reason.code(), message)
            }
            ServiceError::Store(error) => {
                // The cause is for the log; people get a sentence.
                let cause = std::error::Error::source(&error).map(tracing::field::display);
                tracing::error!(%error, cause, "the store failed");
                Self::new(500, "internal", "Database error. See the server log for details.")
            }
        }
    }
}
