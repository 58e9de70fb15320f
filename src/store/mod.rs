//! What is kept: models, datasets and versions, in one SQLite file. Knows no warehouse and asks no questions about configs.
//!
//! Every change is one transaction that takes the write lock at its start, so nothing is decided on data that another
//! writer changes meanwhile; unique names are the database's own constraint. Writes are synced to the disk before they
//! are answered (`synchronous = FULL`): people write seldom, and an answered write must outlive a power cut.

use std::io;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, Sqlite, SqlitePool, Transaction};

mod analyses;
mod answers;
mod backup;
mod brief;
mod datasets;
mod deleted;
mod models;
mod summaries;
mod versions;

pub use answers::Kept;
pub use backup::backup;
pub use datasets::{MAX_NAME_CHARS, Sizes, config_hash};
pub use versions::NewVersion;

/// "TRNS": the first migration writes it into the file's header.
const APPLICATION_ID: i64 = 0x5452_4E53;

/// How long a deleted dataset can be brought back.
const KEPT_DELETED: TimeDelta = TimeDelta::days(30);

/// What the store refuses, or could not do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be used; a sentence that says which and what to do.
    #[error("{0}")]
    Open(String),
    #[error("not found")]
    NotFound,
    #[error("the name is taken")]
    NameTaken,
    /// Someone else saved first.
    #[error("another revision is stored")]
    Stale,
    /// The dataset has so many versions, and the deletion was not forced.
    #[error("the dataset has {0} versions")]
    HasVersions(u32),
    /// The model has so many datasets.
    #[error("the model has {0} datasets")]
    HasDatasets(u32),
    /// A stored value is not what this program writes.
    #[error("the stored {what} cannot be read: {reason}")]
    Unreadable { what: &'static str, reason: String },
    #[error(transparent)]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(cause) if cause.is_unique_violation() => Self::NameTaken,
            _ => Self::Database(error),
        }
    }
}

/// The open file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    /// One connection: writers wait for each other here, not in SQLite's busy loop.
    write: SqlitePool,
    read: SqlitePool,
}

impl Store {
    /// Opens the file, creates it where it is missing, and brings its schema up to date. A file that is not ours is left
    /// as it is.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        check_file(file).await?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(15))
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let cannot_open = |error: sqlx::Error| StoreError::Open(open_message(file, &error));
        let write = pool(1).connect_with(options.clone()).await.map_err(cannot_open)?;
        migrator().run(&write).await.map_err(|error| StoreError::Open(migrate_message(file, &error)))?;
        let read = pool(4).connect_with(options.pragma("query_only", "ON")).await.map_err(cannot_open)?;
        let store = Self { write, read };
        store.ensure_a_model().await?;
        store.purge_deleted(Utc::now() - KEPT_DELETED).await?;
        Ok(store)
    }

    /// Waits for running statements and closes the file.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    /// Whether the file answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.read).await?;
        Ok(())
    }

    /// A transaction that has the write lock.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.write.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// The schema's steps, in the binary.
fn migrator() -> Migrator {
    let step = |version, description: &'static str, sql: &'static str| {
        Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        step(1, "initial", include_str!("../../migrations/0001_initial.sql")),
        step(2, "kept answers", include_str!("../../migrations/0002_kept_answers.sql")),
        step(3, "analysis", include_str!("../../migrations/0003_analysis.sql")),
        step(4, "versions", include_str!("../../migrations/0004_versions.sql")),
        step(5, "undelete", include_str!("../../migrations/0005_undelete.sql")),
    ])
}

/// Looks at an existing file without changing it: is it a database, whole, ours, and not newer than this program?
async fn check_file(file: &Path) -> Result<(), StoreError> {
    let shown = file.display();
    match std::fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = file.parent().filter(|f| !f.as_os_str().is_empty());
            return match folder {
                Some(folder) if !folder.is_dir() => Err(StoreError::Open(format!(
                    "There is no folder {} for the database. Create it, or choose another file with --database.",
                    folder.display()
                ))),
                _ => Ok(()),
            };
        }
        Err(error) => return Err(StoreError::Open(format!("The database {shown} cannot be opened: {}.", io_reason(&error)))),
        Ok(meta) if meta.is_dir() => {
            return Err(StoreError::Open(format!("{shown} is a folder. Name a file for the database with --database.")));
        }
        // What a crash before the first write leaves behind.
        Ok(meta) if meta.len() == 0 => return Ok(()),
        Ok(_) => {}
    }
    // Only the header is needed to tell a foreign file, and SQLite may not even be able to read it.
    if let Err(error) = std::fs::File::open(file) {
        return Err(StoreError::Open(format!("The database {shown} cannot be opened: {}.", io_reason(&error))));
    }
    let refused = |error: sqlx::Error| StoreError::Open(open_message(file, &error));
    let mut connection = SqliteConnectOptions::new().filename(file).read_only(true).connect().await.map_err(refused)?;
    let checked = inspect(&mut connection).await;
    connection.close().await.ok();
    let (application, tables, whole, newest) = checked.map_err(refused)?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(StoreError::Open(format!(
            "{shown} is the database of another program. Choose another file with --database; this one is left as it is."
        )));
    }
    if whole != "ok" {
        return Err(StoreError::Open(damaged(file)));
    }
    let known = migrator().iter().map(|m| m.version).max().unwrap_or_default();
    if newest > known {
        return Err(StoreError::Open(newer(file)));
    }
    Ok(())
}

/// Application id, number of tables, the answer of the quick check, and the newest step of the schema.
async fn inspect(connection: &mut sqlx::SqliteConnection) -> Result<(i64, i64, String, i64), sqlx::Error> {
    let application = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    let tables = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut *connection).await?;
    let whole = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *connection).await?;
    let migrated: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut *connection)
        .await?;
    let newest: Option<i64> = match migrated {
        0 => None,
        _ => sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut *connection).await?,
    };
    Ok((application, tables, whole, newest.unwrap_or_default()))
}

/// SQLite's primary result code: the lowest byte of the extended one.
fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(cause) = error else { return None };
    cause.code()?.parse::<u32>().ok().map(|code| code & 0xff)
}

fn open_message(file: &Path, error: &sqlx::Error) -> String {
    let shown = file.display();
    match sqlite_code(error) {
        Some(26) => format!(
            "{shown} is not a database that Trainset can read. Choose another file with --database; this one is left as it is."
        ),
        Some(11) => damaged(file),
        Some(3 | 8 | 14 | 23) => {
            format!("The database {shown} cannot be opened for writing. Check the permissions of the file and of its folder.")
        }
        Some(5 | 6) => format!("The database {shown} is in use by another program. Stop it and start again."),
        Some(13) => format!("The database {shown} cannot grow: the disk is full."),
        _ => format!("The database {shown} cannot be opened: {error}."),
    }
}

fn damaged(file: &Path) -> String {
    format!(
        "The database {} is damaged. Restore a backup, or choose another file with --database; this one is left as it is.",
        file.display()
    )
}

fn newer(file: &Path) -> String {
    format!(
        "The database {} was written by a newer Trainset. Start that version, or choose another file with --database.",
        file.display()
    )
}

fn migrate_message(file: &Path, error: &MigrateError) -> String {
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => newer(file),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => open_message(file, error),
        other => format!("The schema of the database {} does not fit this program: {other}.", file.display()),
    }
}

fn io_reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "there is no permission to read it",
        _ => "it cannot be read",
    }
}

/// The form in which names are compared: without outer blanks and case.
pub(crate) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn read_time(text: &str) -> Result<DateTime<Utc>, StoreError> {
    let time = DateTime::parse_from_rfc3339(text);
    Ok(time.map_err(|error| StoreError::Unreadable { what: "time", reason: error.to_string() })?.to_utc())
}

fn read_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable { what, reason: error.to_string() })
}

fn write_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable { what, reason: error.to_string() })
}
