//! What a dataset shows of its versions.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::{StoreError, read_json, read_time};
use crate::domain::record::{Counts, VersionSummary};

/// The versions of a dataset, newest first.
pub(super) async fn version_summaries(connection: &mut SqliteConnection, id: i64) -> Result<Vec<VersionSummary>, StoreError> {
    let rows = sqlx::query(
        "SELECT number, config_hash, reason, author, as_of, counts, created_at FROM versions WHERE dataset_id = $1 ORDER BY number DESC",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    rows.iter().map(read_version).collect()
}

pub(super) fn read_version(row: &SqliteRow) -> Result<VersionSummary, StoreError> {
    let as_of = row
        .try_get::<Option<&str>, _>("as_of")?
        .map(|day| day.parse().map_err(|_| StoreError::Unreadable { what: "as-of", reason: format!("{day:?} is no day") }));
    Ok(VersionSummary {
        number: row.try_get("number")?,
        config_hash: row.try_get("config_hash")?,
        reason: row.try_get("reason")?,
        author: row.try_get("author")?,
        as_of: as_of.transpose()?,
        rows: read_counts(row)?.map(|counts| counts.full.rows),
        created_at: read_time(row.try_get("created_at")?)?,
    })
}

pub(super) fn read_counts(row: &SqliteRow) -> Result<Option<Counts>, StoreError> {
    row.try_get::<Option<&str>, _>("counts")?.map(|text| read_json("counts", text)).transpose()
}
