//! The store in one SQLite file.
//!
//! Every change is one transaction that takes the write lock at its start, so no decision depends
//! on data that another writer changes meanwhile; unique names are the database's own constraint.
//! Writes are synced to the disk before they are acknowledged (`synchronous = FULL`): writes are
//! rare, and an acknowledged one must survive a power cut.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use sqlx::{Connection, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;

mod analyses;
mod backup;
mod cache;
mod clock;
mod datasets;
mod deleted;
mod errors;
mod files;
mod models;
mod open;
mod rows;
mod values;
mod versions;

pub use backup::backup;

use super::{StoreError, Unavailable};
use clock::look_at_clock;
use datasets::Tx;
use files::Files;

/// For how long a write that reached the disk shows that the next one will: readiness checks write
/// at most this often, however often they are requested.
const WRITE_HOLDS: Duration = Duration::from_millis(100);

/// The open file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    /// One connection: writers wait for each other here, not in SQLite's busy loop.
    write: SqlitePool,
    read: SqlitePool,
    /// Open from start to end and otherwise idle: SQLite deletes the log with the last connection,
    /// and others come and go.
    anchor: Arc<Mutex<Option<SqliteConnection>>>,
    /// `None` if the file is only read.
    files: Option<Files>,
    last_write: Arc<std::sync::Mutex<LastWrite>>,
    /// Held by a readiness check that writes.
    probing: Arc<Mutex<()>>,
}

/// The outcome of the last change.
#[derive(Debug, Default)]
struct LastWrite {
    /// When it reached the disk; `None` while one is under way, and after one that did not.
    reached_disk: Option<Instant>,
    /// Increases with each change that begins or fails: a change that reached the disk before that
    /// and reports it later proves nothing about the disk's current state.
    number: u64,
}

impl LastWrite {
    fn begun_or_failed(&mut self) {
        self.reached_disk = None;
        self.number += 1;
    }

    /// A change that was committed under this number reached the disk.
    fn reached_disk(&mut self, number: u64) {
        if self.number == number {
            self.reached_disk = Some(Instant::now());
        }
    }
}

impl SqliteStore {
    /// Waits for running statements and closes the file.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
        if let Some(anchor) = self.anchor.lock().await.take() {
            anchor.close().await.ok();
        }
    }

    /// Whether the database can be read and written: its files are where they were, its tables can
    /// be read, and a write reaches the disk.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.in_place().await?;
        sqlx::query("SELECT id FROM models LIMIT 1").fetch_optional(&self.read).await?;
        // One check writes: others wait meanwhile, and need not write.
        let _alone = self.probing.lock().await;
        if self.last_write().reached_disk.is_some_and(|at| at.elapsed() < WRITE_HOLDS) {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        look_at_clock(&mut tx, Utc::now()).await?;
        self.commit(tx).await
    }

    /// A transaction that has the write lock.
    async fn begin(&self) -> Result<Tx, StoreError> {
        if self.write.is_closed() {
            return Err(sqlx::Error::PoolClosed.into());
        }
        self.last_write().begun_or_failed();
        let begun = async {
            if let Some(files) = &self.files {
                files.writable().await?;
            }
            Ok(self.write.begin_with("BEGIN IMMEDIATE").await?)
        };
        begun.await.inspect_err(|_: &StoreError| self.last_write().begun_or_failed())
    }

    /// Acknowledges nothing that was written to a file which nobody finds again.
    async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        let number = self.last_write().number;
        let committed = async {
            tx.commit().await?;
            self.in_place().await
        };
        committed.await.inspect_err(|_: &StoreError| self.last_write().begun_or_failed())?;
        self.last_write().reached_disk(number);
        Ok(())
    }

    fn last_write(&self) -> std::sync::MutexGuard<'_, LastWrite> {
        self.last_write.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the files are where they were.
    async fn in_place(&self) -> Result<(), StoreError> {
        let Some(files) = &self.files else { return Ok(()) };
        let found = files.in_place().await;
        if found == Err(Unavailable::LogMissing) && files.log_is_gone() {
            // Moves what is only in the deleted log to the database's file while that is still
            // open.
            if let Some(anchor) = self.anchor.lock().await.as_mut() {
                sqlx::query("PRAGMA wal_checkpoint").execute(anchor).await?;
            }
        }
        Ok(found?)
    }
}

fn read_json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable { what: what.into(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::domain::dto::DatasetInput;

    fn input(name: &str) -> DatasetInput {
        DatasetInput { name: name.into(), description: "x".repeat(2000), ..DatasetInput::default() }
    }

    async fn store() -> (TempDir, SqliteStore) {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("trainset.db")).await.unwrap();
        (folder, store)
    }

    /// SQLite rolls back by itself, and sqlx still counts the transaction.
    #[tokio::test]
    async fn a_writer_that_was_rolled_back_is_not_used_again() {
        let (_folder, store) = store().await;
        let mut saved = 0;
        for round in 0..5 {
            // For this connection only, and lost with it.
            sqlx::query("PRAGMA max_page_count = 1").execute(&store.write).await.unwrap();
            let mut n = 0;
            let error = loop {
                n += 1;
                match store.insert_dataset(1, &input(&format!("{round} {n}"))).await {
                    Ok(_) => saved += 1,
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, StoreError::Unavailable { reason: Unavailable::DiskFull, .. }), "{error:?}");
            store.insert_dataset(1, &input(&format!("{round} after"))).await.unwrap();
            saved += 1;
            store.ready().await.unwrap();
        }
        assert_eq!(store.dataset_names(1).await.unwrap().len(), saved);
    }

    #[tokio::test]
    async fn a_transaction_that_is_dropped_at_any_moment_leaves_the_writer_whole() {
        let (_folder, store) = store().await;
        for moment in 0..100 {
            let dropped = input(&moment.to_string());
            tokio::time::timeout(Duration::from_micros(40 * moment), store.insert_dataset(1, &dropped)).await.ok();
            store.insert_dataset(1, &input(&format!("{moment} after"))).await.unwrap();
        }
        store.ready().await.unwrap();
    }

    #[tokio::test]
    async fn frequent_readiness_checks_write_rarely() {
        let (_folder, store) = store().await;
        let changes = "SELECT total_changes()";
        let count = async || sqlx::query_scalar::<_, i64>(changes).fetch_one(&store.write).await.unwrap();
        let (before, start) = (count().await, Instant::now());
        while start.elapsed() < 5 * WRITE_HOLDS {
            futures::future::join_all((0..10).map(|_| store.ready())).await.into_iter().for_each(Result::unwrap);
        }
        // A row of the clock is deleted and inserted again.
        let most = 2 * (1 + start.elapsed().as_millis() / WRITE_HOLDS.as_millis());
        let written = count().await - before;
        assert!(written > 0 && written as u128 <= most, "{written} of {most}");
    }

    /// The disk may have failed between the two: a late report proves nothing about its current
    /// state.
    #[tokio::test]
    async fn a_write_proves_the_disk_only_if_no_other_began_or_failed_since() {
        let (_folder, store) = store().await;
        let is_believed = || store.last_write().reached_disk.is_some();
        let (begun, number) = (store.begin().await.unwrap(), store.last_write().number);
        assert!(!is_believed());
        store.last_write().begun_or_failed();
        store.last_write().reached_disk(number);
        assert!(!is_believed());
        store.commit(begun).await.unwrap();
        assert!(is_believed());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_new_database_opened_concurrently_is_created_once() {
        for _ in 0..5 {
            let folder = TempDir::new().unwrap();
            let file = folder.path().join("trainset.db");
            let opening = (0..8).map(|_| {
                let file = file.clone();
                tokio::spawn(async move { SqliteStore::open(&file).await })
            });
            for store in futures::future::join_all(opening).await {
                let store = store.unwrap().unwrap();
                assert_eq!(store.models().await.unwrap().len(), 1);
                store.ready().await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_database_opened_for_reading_is_not_changed() {
        let (folder, store) = store().await;
        let id = store.insert_dataset(1, &input("Read")).await.unwrap();
        let file = folder.path().join("trainset.db");
        let reader = SqliteStore::open_to_read(&file).await.unwrap();
        assert_eq!(reader.dataset(id).await.unwrap().summary.name, "Read");
        let error = reader.insert_dataset(1, &input("Written")).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { reason: Unavailable::ReadOnly, .. }), "{error:?}");
        reader.close().await;
        assert_eq!(store.dataset_names(1).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn only_a_server_creates_a_missing_or_empty_database() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("trainset.db");
        assert!(SqliteStore::open_existing(&file).await.is_err() && SqliteStore::open_to_read(&file).await.is_err());
        assert!(!file.exists());
        std::fs::write(&file, "").unwrap();
        for error in [SqliteStore::open_existing(&file).await.unwrap_err(), SqliteStore::open_to_read(&file).await.unwrap_err()] {
            assert!(error.to_string().contains("is empty"), "{error}");
        }
        assert_eq!(std::fs::metadata(&file).unwrap().len(), 0);
        SqliteStore::open(&file).await.unwrap();
    }
}
