//! Frozen versions. Content-addressed: the same config, as-of and tables are one version, however often they are frozen.

use chrono::Utc;
use sqlx::Row;

use super::datasets::{Tx, read_dataset, set_sizes, set_status};
use super::summaries::{read_counts, read_version};
use super::{SqliteStore, StoreError, read_json, time_text, write_json};
use crate::domain::dataset::Status;
use crate::domain::record::{Counts, Dataset, Version};
use crate::store::{NewVersion, Sizes, canonical};

impl SqliteStore {
    /// Freezes a version and makes the dataset active, in one transaction. `Stale` where someone changed the dataset since `revision`.
    pub async fn activate(&self, id: i64, revision: i64, version: &NewVersion) -> Result<Dataset, StoreError> {
        let now = time_text(Utc::now());
        let mut tx = self.begin().await?;
        let stored: i64 = sqlx::query_scalar("SELECT revision FROM datasets WHERE id = $1 AND deleted_at IS NULL")
            .bind(id)
            .fetch_one(&mut *tx)
            .await?;
        if stored != revision {
            return Err(StoreError::Stale);
        }
        let (number, hash) = freeze(&mut tx, id, version, &now).await?;
        if let Some(counts) = &version.counts {
            let full = counts.full;
            set_sizes(&mut tx, id, &hash, Sizes { rows: full.rows, users: full.users, products: full.products }, &now).await?;
        }
        set_status(&mut tx, id, Status::Active, &now).await?;
        set_active_version(&mut tx, id, Some(number)).await?;
        let dataset = read_dataset(&mut tx, id).await?;
        self.commit(tx).await?;
        Ok(dataset)
    }

    /// Takes a dataset back to draft, and training nothing from it; a draft without an active version stays as it is.
    pub async fn deactivate(&self, id: i64) -> Result<Dataset, StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT status, active_version FROM datasets WHERE id = $1 AND deleted_at IS NULL")
            .bind(id)
            .fetch_one(&mut *tx)
            .await?;
        let is_draft = row.try_get::<&str, _>("status")? == Status::Draft.word();
        if !is_draft || row.try_get::<Option<u32>, _>("active_version")?.is_some() {
            set_status(&mut tx, id, Status::Draft, &time_text(Utc::now())).await?;
            set_active_version(&mut tx, id, None).await?;
        }
        let dataset = read_dataset(&mut tx, id).await?;
        self.commit(tx).await?;
        Ok(dataset)
    }

    /// Freezes what is taken away for training, and notes when that was. Not a change of the dataset. The version's number.
    pub async fn keep_export(&self, id: i64, version: &NewVersion) -> Result<u32, StoreError> {
        let now = time_text(Utc::now());
        let mut tx = self.begin().await?;
        let used = sqlx::query("UPDATE datasets SET last_used_at = $2 WHERE id = $1 AND deleted_at IS NULL");
        if used.bind(id).bind(&now).execute(&mut *tx).await?.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        let (number, _) = freeze(&mut tx, id, version, &now).await?;
        self.commit(tx).await?;
        Ok(number)
    }

    /// A version, whole. `NotFound` without the dataset or the version.
    pub async fn version(&self, id: i64, number: u32) -> Result<Version, StoreError> {
        let row = sqlx::query(
            "SELECT number, config_hash, reason, author, as_of, counts, created_at, config, sql, schemas FROM versions \
             WHERE dataset_id = (SELECT id FROM datasets WHERE id = $1 AND deleted_at IS NULL) AND number = $2",
        )
        .bind(id)
        .bind(number)
        .fetch_one(&self.read)
        .await?;
        Ok(Version {
            config: read_json("config", row.try_get("config")?)?,
            sql: read_json("sql", row.try_get("sql")?)?,
            schemas: read_json("schemas", row.try_get("schemas")?)?,
            counts: read_counts(&row)?,
            summary: read_version(&row)?,
        })
    }
}

/// The number of the version of this content, made where there is none, and the config's hash.
async fn freeze(tx: &mut Tx, id: i64, version: &NewVersion, now: &str) -> Result<(u32, String), StoreError> {
    let (config, hash) = canonical(&version.config);
    let as_of = version.as_of.map(|day| day.to_string());
    let schemas = write_json("schemas", &version.schemas)?;
    let counts = version.counts.as_ref().map(|counts| write_json("counts", counts)).transpose()?;
    let same = sqlx::query_scalar::<_, u32>(
        "SELECT number FROM versions WHERE dataset_id = $1 AND config_hash = $2 AND as_of IS $3 AND schemas = $4 ORDER BY number DESC LIMIT 1",
    )
    .bind(id)
    .bind(&hash)
    .bind(&as_of)
    .bind(&schemas)
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(number) = same {
        // What was counted later is known of it too.
        sqlx::query("UPDATE versions SET counts = $3 WHERE dataset_id = $1 AND number = $2 AND counts IS NULL")
            .bind(id)
            .bind(number)
            .bind(&counts)
            .execute(&mut **tx)
            .await?;
        return Ok((number, hash));
    }
    let number: u32 = sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) + 1 FROM versions WHERE dataset_id = $1")
        .bind(id)
        .fetch_one(&mut **tx)
        .await?;
    sqlx::query(
        "INSERT INTO versions (dataset_id, number, config, config_hash, reason, author, as_of, sql, schemas, counts, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(number)
    .bind(config)
    .bind(&hash)
    .bind(&version.reason)
    .bind(&version.author)
    .bind(as_of)
    .bind(write_json("sql", &version.sql)?)
    .bind(schemas)
    .bind(counts)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok((number, hash))
}

async fn set_active_version(tx: &mut Tx, id: i64, number: Option<u32>) -> Result<(), StoreError> {
    sqlx::query("UPDATE datasets SET active_version = $2 WHERE id = $1").bind(id).bind(number).execute(&mut **tx).await?;
    Ok(())
}
