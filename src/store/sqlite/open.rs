//! Opening a file as a database: checked first, created or migrated if wanted, otherwise refused
//! with a message.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnectionMetadata;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use tokio::sync::Mutex;

use super::files::Files;
use super::{SqliteStore, StoreError, Unavailable};

/// "TRNS": the first migration writes it into the file's header.
const APPLICATION_ID: i64 = 0x5452_4E53;

/// How long a statement waits for another program's lock: less than a readiness check waits, so
/// that it can report the reason.
const LOCK_WAIT: Duration = Duration::from_secs(4);

/// How long a start waits for another program that creates or migrates the file.
const START_WAIT: Duration = Duration::from_secs(10);

/// How long a request waits for a connection.
const CONNECTION_WAIT: Duration = Duration::from_secs(15);

/// Connections that read at the same time. All are opened at the start: later, the file's name
/// could lead to another one.
const READERS: u32 = 4;

/// Why a file was not opened.
enum Refusal {
    /// A sentence for a person.
    Message(String),
    /// SQLite's error. Another try may succeed.
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl Refusal {
    fn of(self, file: &Path) -> StoreError {
        match self {
            Self::Message(message) => StoreError::Open(message),
            Self::Sql(error) => StoreError::Open(open_message(file, &error)),
        }
    }

    fn is_locked(&self) -> bool {
        matches!(self, Self::Sql(error) if Unavailable::of(error) == Some(Unavailable::Locked))
    }
}

/// The required state of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Missing, older or current: a server creates and migrates it.
    Any,
    /// The current format of this program.
    Current,
}

impl SqliteStore {
    /// Opens the file for a server: creates it if missing, and migrates its schema. A file that is
    /// not ours is left alone.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let store = Self::opened(file, Wanted::Any).await?;
        store.ensure_a_model().await.map_err(|error| error.at_opening(file))?;
        // A full disk is no reason not to show what is stored.
        if let Err(error) = store.housekeeping(Utc::now()).await {
            tracing::warn!(%error, "nothing was taken out of what was deleted: it is tried again in an hour");
        }
        Ok(store)
    }

    /// Opens an existing file, for a command that changes datasets beside a server. An older or
    /// newer one is refused: only a server migrates a file.
    pub async fn open_existing(file: &Path) -> Result<Self, StoreError> {
        Self::opened(file, Wanted::Current).await
    }

    /// Opens an existing file read-only.
    pub async fn open_to_read(file: &Path) -> Result<Self, StoreError> {
        check_file(file, Wanted::Current).await?;
        let cannot_open = |error: sqlx::Error| StoreError::Open(open_message(file, &error));
        let options = SqliteConnectOptions::new().filename(file).pragma("query_only", "ON").busy_timeout(LOCK_WAIT);
        let (options, anchor) = connect_to_read(file, options).await.map_err(cannot_open)?;
        let read = pool(1).connect_with(options.clone()).await.map_err(cannot_open)?;
        // The connection refuses writes.
        let write = pool(1).connect_lazy_with(options);
        Ok(Self {
            write,
            read,
            anchor: Arc::new(Mutex::new(Some(anchor))),
            files: None,
            last_write: Arc::default(),
            probing: Arc::default(),
        })
    }

    async fn opened(file: &Path, wanted: Wanted) -> Result<Self, StoreError> {
        let start = Instant::now();
        loop {
            check_file(file, wanted).await?;
            match Self::try_open(file, wanted).await {
                Ok(store) => return Ok(store),
                // Changing a new file to write-ahead logging does not wait for locks.
                Err(refusal) if refusal.is_locked() && start.elapsed() < START_WAIT => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(refusal) => return Err(refusal.of(file)),
            }
        }
    }

    async fn try_open(file: &Path, wanted: Wanted) -> Result<Self, Refusal> {
        let options = SqliteConnectOptions::new().filename(file).synchronous(SqliteSynchronous::Full).foreign_keys(true);
        // A copy from a backup has no log yet.
        let first = options.clone().journal_mode(SqliteJournalMode::Wal).busy_timeout(START_WAIT);
        let anchor = match wanted {
            Wanted::Any => {
                let mut connection = first.create_if_missing(true).connect().await?;
                migrate(file, &mut connection).await?;
                connection
            }
            Wanted::Current => connected(&first).await?,
        };
        let files = Files::of(file).map_err(|error| Refusal::Message(io_message(file, &error)))?;
        // Truncates the previous log when it is restarted: it should not stay as large as the
        // largest change, and a readiness check should have to allocate space, which shows a full
        // disk.
        let options = options.busy_timeout(LOCK_WAIT).pragma("journal_size_limit", "0");
        let write = own(pool(1), &files, true).connect_with(options.clone()).await?;
        let read =
            own(pool(READERS).min_connections(READERS), &files, false).connect_with(options.pragma("query_only", "ON")).await?;
        Ok(Self {
            write,
            read,
            anchor: Arc::new(Mutex::new(Some(anchor))),
            files: Some(files),
            last_write: Arc::default(),
            probing: Arc::default(),
        })
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECTION_WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_release(|connection, _: PoolConnectionMetadata| Box::pin(is_clean(connection)))
}

/// Whether a connection can be reused. SQLite rolls back by itself when the disk is full or fails,
/// or memory runs out; sqlx then still counts a transaction that no longer exists. Such a
/// connection is closed, and the next request gets a new one.
async fn is_clean(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // First runs the pending rollback of a dropped transaction.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// No new connection may open a file that replaced ours. A connection for writing must be able to
/// write: while a disk is read-only, SQLite opens files read-only by itself, and such a connection
/// would refuse every write from then on.
fn own(options: SqlitePoolOptions, files: &Files, writes: bool) -> SqlitePoolOptions {
    let files = files.clone();
    options.after_connect(move |connection, _| {
        let files = files.clone();
        Box::pin(async move {
            files.in_place().await.map_err(|problem| sqlx::Error::Configuration(problem.into()))?;
            if writes { may_write(connection).await } else { Ok(()) }
        })
    })
}

/// Fails if a connection can only read. Another program's lock does not matter here, and is not
/// waited for.
async fn may_write(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
    match sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await {
        Ok(_) => {
            sqlx::query("ROLLBACK").execute(&mut *connection).await?;
        }
        Err(error) if Unavailable::of(&error) == Some(Unavailable::Locked) => {}
        Err(error) => return Err(error),
    }
    let lock_wait = format!("PRAGMA busy_timeout = {}", LOCK_WAIT.as_millis());
    sqlx::query(AssertSqlSafe(lock_wait)).execute(connection).await?;
    Ok(())
}

/// The migrations, in the binary. This is `sqlx::migrate!` under its name without sqlx's feature
/// `macros`, which is for queries that are checked against a database at build time.
pub(super) static MIGRATOR: Migrator = sqlx::sqlx_macros::migrate!("./migrations");

/// All migrations in one transaction that has the write lock: of servers that start at once, one
/// runs them and the others find them done.
async fn migrate(file: &Path, connection: &mut SqliteConnection) -> Result<(), Refusal> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    // The same as `run`, which cannot be awaited by a future that moves between threads.
    MIGRATOR.run_direct(None, &mut *tx, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => Refusal::Message(newer(file)),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Refusal::Sql(error),
        other => Refusal::Message(format!("The schema of the database {} does not fit this program: {other}.", file.display())),
    })?;
    tx.commit().await?;
    Ok(())
}

/// Checks an existing file without changing it: is it a database, complete, ours, and of a version
/// that can be used?
async fn check_file(file: &Path, wanted: Wanted) -> Result<(), StoreError> {
    let shown = file.display();
    match std::fs::metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = file.parent().filter(|f| !f.as_os_str().is_empty());
            return match folder {
                Some(folder) if !folder.is_dir() => Err(StoreError::Open(format!(
                    "There is no folder {} for the database. Create it, or choose another file with --database.",
                    folder.display()
                ))),
                _ => Ok(()),
            };
        }
        Err(error) => return Err(StoreError::Open(io_message(file, &error))),
        Ok(meta) if meta.is_dir() => {
            return Err(StoreError::Open(format!("{shown} is a folder. Name a file for the database with --database.")));
        }
        // Left behind by a crash before the first write.
        Ok(meta) if meta.len() == 0 => {
            return match wanted {
                Wanted::Any => Ok(()),
                Wanted::Current => Err(StoreError::Open(older(file))),
            };
        }
        Ok(_) => {}
    }
    let Found { application, tables, whole, newest } =
        inspect(file).await.map_err(|error| StoreError::Open(open_message(file, &error)))?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(StoreError::Open(format!(
            "{shown} is the database of another program. Choose another file with --database; this one is left as it is."
        )));
    }
    if whole != "ok" {
        return Err(StoreError::Open(damaged(file)));
    }
    let known = MIGRATOR.iter().map(|m| m.version).max().unwrap_or_default();
    if newest > known {
        return Err(StoreError::Open(newer(file)));
    }
    if newest < known && wanted == Wanted::Current {
        return Err(StoreError::Open(older(file)));
    }
    Ok(())
}

/// Whether a file can be copied: a database, complete, ours, and not newer than this program.
pub(super) async fn check_source(file: &Path) -> Result<(), StoreError> {
    check_file(file, Wanted::Any).await
}

/// The state of an existing file.
struct Found {
    application: i64,
    tables: i64,
    /// The result of the quick check.
    whole: String,
    /// The newest migration.
    newest: i64,
}

async fn inspect(file: &Path) -> Result<Found, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(LOCK_WAIT);
    let (_, mut connection) = connect_to_read(file, options).await?;
    let found = inspected(&mut connection).await;
    connection.close().await.ok();
    found
}

async fn inspected(connection: &mut SqliteConnection) -> Result<Found, sqlx::Error> {
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
    Ok(Found { application, tables, whole, newest: newest.unwrap_or_default() })
}

/// A connection that reads, and the options for others like it. A database at rest in a read-only
/// folder has no place for a log: it is opened as immutable.
pub(super) async fn connect_to_read(
    file: &Path,
    options: SqliteConnectOptions,
) -> Result<(SqliteConnectOptions, SqliteConnection), sqlx::Error> {
    match connected(&options).await {
        Ok(connection) => Ok((options, connection)),
        Err(error) => {
            let has_no_place = matches!(Unavailable::of(&error), Some(Unavailable::NoAccess | Unavailable::ReadOnly));
            if !has_no_place || !is_at_rest(file) {
                return Err(error);
            }
            let options = options.read_only(true).immutable(true);
            let connection = connected(&options).await?;
            Ok((options, connection))
        }
    }
}

/// Connects and reads something: before that SQLite opens nothing.
async fn connected(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::query("SELECT 1 FROM sqlite_schema").fetch_optional(&mut connection).await?;
    Ok(connection)
}

/// Whether there is no pending log or journal beside the file.
fn is_at_rest(file: &Path) -> bool {
    let Ok(file) = std::fs::canonicalize(file) else { return false };
    let is_empty = |ending: &str| {
        let mut beside = file.clone().into_os_string();
        beside.push(ending);
        std::fs::metadata(beside).map_or_else(|error| error.kind() == ErrorKind::NotFound, |found| found.len() == 0)
    };
    is_empty("-wal") && is_empty("-journal")
}

pub(super) fn open_message(file: &Path, error: &sqlx::Error) -> String {
    let shown = file.display();
    // SQLite's NOTADB.
    if matches!(error, sqlx::Error::Database(cause) if cause.code().as_deref() == Some("26")) {
        return format!(
            "{shown} is not a database that Trainset can read. Choose another file with --database; this one is left as it is."
        );
    }
    match Unavailable::of(error) {
        Some(Unavailable::Damaged) => damaged(file),
        Some(Unavailable::ReadOnly) => format!(
            "The database {shown} cannot be opened for writing. Check the permissions of the file and of its folder, and that their disk is \
             not read-only."
        ),
        Some(Unavailable::NoAccess | Unavailable::Missing | Unavailable::Replaced | Unavailable::LogMissing) => format!(
            "The database {shown} cannot be opened. Check the permissions of the file and of its folder, and that their disk is not \
             read-only."
        ),
        Some(Unavailable::Locked | Unavailable::Silent) => {
            format!("The database {shown} is in use by another program, which keeps it locked. Stop it and start again.")
        }
        Some(Unavailable::DiskFull) => {
            format!("The database {shown} cannot grow: the disk is full. Free some space and start again.")
        }
        Some(Unavailable::DiskFailing) => {
            format!(
                "The database {shown} cannot be read or written: its disk reports errors, or a quota on it is used up. Check the disk."
            )
        }
        Some(Unavailable::NoMemory) => format!("The database {shown} cannot be opened: no memory is left."),
        None => {
            tracing::error!(%error, "the database cannot be opened");
            let reason = error.as_database_error().map_or_else(|| error.to_string(), |cause| cause.message().to_owned());
            format!("The database {shown} cannot be opened: {reason}.")
        }
    }
}

pub(super) fn damaged(file: &Path) -> String {
    format!(
        "The database {} is damaged, or its disk cannot be read. Restore a backup, or choose another file with --database; this one is left \
         as it is.",
        file.display()
    )
}

fn newer(file: &Path) -> String {
    format!(
        "The database {} was written by a newer Trainset. Start that version, or choose another file with --database.",
        file.display()
    )
}

fn older(file: &Path) -> String {
    format!(
        "The database {} is empty or was written by an older Trainset. Start this version's server with it once, which brings it up to date; \
         nothing else does.",
        file.display()
    )
}

fn io_message(file: &Path, error: &io::Error) -> String {
    let reason = match error.kind() {
        ErrorKind::PermissionDenied => "there is no permission to read it",
        _ => "it cannot be read",
    };
    format!("The database {} cannot be opened: {reason}.", file.display())
}
