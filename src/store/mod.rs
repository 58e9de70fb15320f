//! The store: models, datasets and versions. Knows no warehouse and does not interpret configs.
//!
//! [`sqlite`] stores them in one file. This module has what does not depend on that: inputs,
//! results and errors. A second database, such as PostgreSQL for several servers, would be a module
//! beside [`sqlite`] with queries and migrations of its own: their SQL differs where it matters
//! (locks, upserts, JSON, the search). [`Store`] would then be an enum of the two, and nothing
//! outside this module would change.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::domain::dataset::DatasetConfig;
use crate::domain::dto::Counts;
use crate::domain::schema::TableSchema;

pub mod sqlite;
mod unavailable;

pub use unavailable::Unavailable;

/// The store that the program uses.
pub type Store = sqlite::SqliteStore;

/// Longest name of a dataset, in characters.
pub const MAX_NAME_CHARS: usize = 255;

/// What the store refuses, or could not do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be used; a sentence that says which and what to do.
    #[error("{0}")]
    Open(String),
    #[error("not found")]
    NotFound,
    #[error("the name is taken")]
    NameTaken,
    /// Someone else saved first.
    #[error("another revision is stored")]
    Stale,
    /// The number of the dataset's versions; the deletion was not forced.
    #[error("the dataset has {0} versions")]
    HasVersions(u32),
    /// The number of the model's datasets.
    #[error("the model has {0} datasets")]
    HasDatasets(u32),
    /// A stored value is not in this program's format.
    #[error("the stored {what} cannot be read: {reason}")]
    Unreadable { what: String, reason: String },
    /// The database, its files or their disk are in a state that does not allow the operation.
    #[error("{reason}")]
    Unavailable { reason: Unavailable, source: Option<sqlx::Error> },
    /// A fault of this program.
    #[error("Database error.")]
    Database(#[source] sqlx::Error),
}

impl From<Unavailable> for StoreError {
    fn from(reason: Unavailable) -> Self {
        Self::Unavailable { reason, source: None }
    }
}

/// Rows, users and products of a dataset; `None` if the role is not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    pub rows: u64,
    pub users: Option<u64>,
    pub products: Option<u64>,
}

/// The content of a version.
#[derive(Debug, Clone)]
pub struct NewVersion {
    pub config: DatasetConfig,
    pub reason: String,
    pub author: String,
    pub as_of: Option<NaiveDate>,
    /// SQL by part: `full`, `train`, `eval`, `test`.
    pub sql: BTreeMap<String, String>,
    pub schemas: Vec<TableSchema>,
    /// If they were counted.
    pub counts: Option<Counts>,
}

/// A cached result.
#[derive(Debug, Clone, PartialEq)]
pub struct Cached<T> {
    pub value: T,
    /// Identifies the tables' content at that time.
    pub state: Option<String>,
    pub at: DateTime<Utc>,
}

/// SHA-256 of a config's canonical JSON, in lower-case hex.
pub fn config_hash(config: &DatasetConfig) -> String {
    canonical(config).1
}

/// A config's canonical JSON, and its hash. Equal configs have equal text: the types write their
/// fields in one order and leave out what is empty.
fn canonical(config: &DatasetConfig) -> (String, String) {
    // A config is a tree of texts, numbers and lists with text keys: it always has a JSON form.
    let text = serde_json::to_string(config).expect("a config has a JSON form");
    let hash = HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
    (text, hash)
}

/// The form in which names are compared: without outer blanks and case.
fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}
