//! A copy of the database that is whole, taken while the program runs.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::{StoreError, check_file, damaged, open_message};

/// Copies a database to a file that is not there yet. What is committed when the copying starts is in it, nothing of what is written meanwhile: a server that
/// runs goes on. The copy is checked before it gets its name.
pub async fn backup(file: &Path, to: &Path) -> Result<(), StoreError> {
    let refused = |reason: String| Err(StoreError::Open(reason));
    if !file.is_file() {
        return refused(format!("There is no database {} to copy. Name one with --database.", file.display()));
    }
    if to.exists() {
        return refused(format!("{} is there already: a backup never writes over anything. Choose another name.", to.display()));
    }
    check_file(file).await?;
    let unfinished = unfinished(to);
    // What an earlier backup left that was broken off.
    std::fs::remove_file(&unfinished).ok();
    let done = copy(file, &unfinished).await;
    let done = match done {
        Ok(()) => keep(&unfinished, to),
        Err(error) => Err(error),
    };
    if done.is_err() {
        std::fs::remove_file(&unfinished).ok();
    }
    done
}

async fn copy(file: &Path, to: &Path) -> Result<(), StoreError> {
    let Some(name) = to.to_str() else {
        return Err(StoreError::Open(format!("{} is no name that a database can have: it is not UTF-8.", to.display())));
    };
    let failed = |error: sqlx::Error| StoreError::Open(open_message(file, &error));
    let mut source = SqliteConnectOptions::new().filename(file).connect().await.map_err(failed)?;
    let copied = sqlx::query("VACUUM INTO $1").bind(name).execute(&mut source).await;
    source.close().await.ok();
    copied.map_err(|error| StoreError::Open(open_message(to, &error)))?;

    let unreadable = |error: sqlx::Error| StoreError::Open(open_message(to, &error));
    let mut copy = SqliteConnectOptions::new().filename(to).read_only(true).connect().await.map_err(unreadable)?;
    let whole = sqlx::query_scalar::<_, String>("PRAGMA integrity_check(1)").fetch_one(&mut copy).await;
    copy.close().await.ok();
    match whole.map_err(unreadable)?.as_str() {
        "ok" => Ok(()),
        _ => Err(StoreError::Open(damaged(to))),
    }
}

/// On the disk first, then under its name.
fn keep(unfinished: &Path, to: &Path) -> Result<(), StoreError> {
    let synced = std::fs::File::open(unfinished).and_then(|file| file.sync_all());
    let named = synced.and_then(|()| std::fs::rename(unfinished, to));
    named.map_err(|error| StoreError::Open(format!("The backup {} cannot be written: {error}.", to.display())))
}

fn unfinished(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}
