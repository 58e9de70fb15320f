//! A complete copy of the database, taken while the program runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sqlx::Connection;
use sqlx::sqlite::SqliteConnectOptions;

use super::open::{check_source, connect_to_read, damaged, open_message};
use super::{StoreError, Unavailable};

/// Copies a database to a new file. The copy has what is committed when copying starts, and nothing
/// that is written meanwhile: a running server continues. It is verified before it gets its name.
/// The database is copied as it is, including one of an older version, and not changed.
pub async fn backup(file: &Path, to: &Path) -> Result<(), StoreError> {
    let refused = |reason: String| Err(StoreError::Open(reason));
    if !file.is_file() {
        return refused(format!("Database {} not found. Set another with --database.", file.display()));
    }
    if to.exists() {
        return refused(format!("{} already exists: a backup never overwrites a file. Choose another name.", to.display()));
    }
    check_source(file).await?;
    let unfinished = unfinished(to);
    // Left over from an earlier, interrupted backup.
    remove(&unfinished);
    let done = copy(file, &unfinished, to).await;
    let done = done.and_then(|()| keep(&unfinished, to));
    if done.is_err() {
        remove(&unfinished);
    }
    done
}

/// Including the journal that SQLite leaves beside an unfinished file.
fn remove(unfinished: &Path) {
    fs::remove_file(unfinished).ok();
    let mut journal = unfinished.as_os_str().to_owned();
    journal.push("-journal");
    fs::remove_file(journal).ok();
}

/// Writes the copy and reads it again. An error of the copy names its final path.
async fn copy(file: &Path, unfinished: &Path, to: &Path) -> Result<(), StoreError> {
    let Some(name) = unfinished.to_str() else {
        return Err(StoreError::Open(format!("{} is not a valid database name: it is not UTF-8.", to.display())));
    };
    let failed = |error: sqlx::Error| StoreError::Open(open_message(file, &error));
    let (_, mut source) = connect_to_read(file, SqliteConnectOptions::new().filename(file)).await.map_err(failed)?;
    let copied = sqlx::query("VACUUM INTO $1").bind(name).execute(&mut source).await;
    source.close().await.ok();
    copied.map_err(|error| StoreError::Open(copy_message(file, to, &error)))?;

    let unreadable = |error: sqlx::Error| StoreError::Open(copy_message(file, to, &error));
    let (_, mut copy) = connect_to_read(unfinished, SqliteConnectOptions::new().filename(unfinished).read_only(true))
        .await
        .map_err(unreadable)?;
    let whole = sqlx::query_scalar::<_, String>("PRAGMA integrity_check(1)").fetch_one(&mut copy).await;
    copy.close().await.ok();
    match whole.map_err(unreadable)?.as_str() {
        "ok" => Ok(()),
        _ => Err(StoreError::Open(damaged(to))),
    }
}

/// SQLite does not report which of the two files an error is about; a full disk is the copy's.
fn copy_message(file: &Path, to: &Path, error: &sqlx::Error) -> String {
    let (file, to) = (file.display(), to.display());
    let reason = match Unavailable::of(error) {
        Some(Unavailable::DiskFull) => "the disk is full",
        Some(Unavailable::DiskFailing) => "a disk reports errors, or a quota is used up",
        Some(Unavailable::ReadOnly | Unavailable::NoAccess) => "check that its folder exists and is writable",
        Some(Unavailable::Locked | Unavailable::Silent) => "another program keeps the database locked",
        Some(Unavailable::Damaged) => return format!("The database {file} cannot be copied: it is damaged."),
        Some(Unavailable::NoMemory) => "no memory is left",
        Some(Unavailable::Missing | Unavailable::Replaced | Unavailable::LogMissing) => "a file was deleted meanwhile",
        None => {
            tracing::error!(%error, "the database cannot be copied");
            "SQLite refuses it, and the log says why"
        }
    };
    format!("The backup {to} of {file} cannot be written: {reason}. Nothing of it is left.")
}

/// Flushes the file, renames it, and flushes the folder.
fn keep(unfinished: &Path, to: &Path) -> Result<(), StoreError> {
    let synced = File::open(unfinished).and_then(|file| file.sync_all());
    let named = synced.and_then(|()| fs::rename(unfinished, to)).and_then(|()| sync_folder(to));
    named.map_err(|error| {
        fs::remove_file(to).ok();
        StoreError::Open(format!("The backup {} cannot be written: {error}.", to.display()))
    })
}

#[cfg(unix)]
fn sync_folder(of: &Path) -> std::io::Result<()> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// On systems where a folder cannot be opened as a file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn unfinished(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}
