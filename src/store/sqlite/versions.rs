//! Frozen versions. Content-addressed: the same config, reference date and tables are one version,
//! however often they are frozen.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::types::{Json, Text};
use sqlx::{AssertSqlSafe, FromRow, SqliteConnection};

use super::datasets::{Tx, read_dataset, set_sizes, set_status};
use super::values::Time;
use super::{SqliteStore, StoreError};
use crate::domain::dataset::{DatasetConfig, Status};
use crate::domain::dto::{Counts, Dataset, Version, VersionSummary};
use crate::domain::schema::TableSchema;
use crate::store::{NewVersion, Sizes, canonical};

/// A version in a list.
#[derive(Debug, FromRow)]
struct SummaryRow {
    number: u32,
    config_hash: String,
    reason: String,
    author: String,
    as_of: Option<Text<NaiveDate>>,
    #[sqlx(json(nullable))]
    counts: Option<Counts>,
    created_at: Time,
}

#[derive(Debug, FromRow)]
struct VersionRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    #[sqlx(json)]
    config: DatasetConfig,
    #[sqlx(json)]
    sql: BTreeMap<String, String>,
    #[sqlx(json)]
    schemas: Vec<TableSchema>,
}

impl SummaryRow {
    const COLUMNS: &str = "number, config_hash, reason, author, as_of, counts, created_at";
}

impl From<SummaryRow> for VersionSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            number: row.number,
            config_hash: row.config_hash,
            reason: row.reason,
            author: row.author,
            as_of: row.as_of.map(|day| day.0),
            rows: row.counts.map(|counts| counts.full.rows),
            created_at: row.created_at.0,
        }
    }
}

impl From<VersionRow> for Version {
    fn from(row: VersionRow) -> Self {
        Self {
            counts: row.summary.counts.clone(),
            summary: row.summary.into(),
            config: row.config,
            sql: row.sql,
            schemas: row.schemas,
        }
    }
}

impl SqliteStore {
    /// Freezes a version and makes the dataset active, in one transaction. `Stale` if someone
    /// changed the dataset since `revision`.
    pub async fn activate(&self, id: i64, revision: i64, version: &NewVersion) -> Result<Dataset, StoreError> {
        let now = Time::now();
        let mut tx = self.begin().await?;
        let stored: i64 = sqlx::query_scalar("SELECT revision FROM datasets WHERE id = $1 AND deleted_at IS NULL")
            .bind(id)
            .fetch_one(&mut *tx)
            .await?;
        if stored != revision {
            return Err(StoreError::Stale);
        }
        let (number, hash) = freeze(&mut tx, id, version, now).await?;
        if let Some(counts) = &version.counts {
            let full = counts.full;
            set_sizes(&mut tx, id, &hash, Sizes { rows: full.rows, users: full.users, products: full.products }, now).await?;
        }
        set_status(&mut tx, id, Status::Active, now).await?;
        set_active_version(&mut tx, id, Some(number)).await?;
        let dataset = read_dataset(&mut tx, id).await?;
        self.commit(tx).await?;
        Ok(dataset)
    }

    /// Makes a dataset a draft, which training does not read; a draft without an active version
    /// stays as it is.
    pub async fn deactivate(&self, id: i64) -> Result<Dataset, StoreError> {
        let mut tx = self.begin().await?;
        let (status, active_version): (Status, Option<u32>) =
            sqlx::query_as("SELECT status, active_version FROM datasets WHERE id = $1 AND deleted_at IS NULL")
                .bind(id)
                .fetch_one(&mut *tx)
                .await?;
        if status != Status::Draft || active_version.is_some() {
            set_status(&mut tx, id, Status::Draft, Time::now()).await?;
            set_active_version(&mut tx, id, None).await?;
        }
        let dataset = read_dataset(&mut tx, id).await?;
        self.commit(tx).await?;
        Ok(dataset)
    }

    /// Freezes what is exported for training, and records the time. Not a change of the dataset.
    /// Returns the version's number.
    pub async fn store_export(&self, id: i64, version: &NewVersion) -> Result<u32, StoreError> {
        let now = Time::now();
        let mut tx = self.begin().await?;
        let used = sqlx::query("UPDATE datasets SET last_used_at = $2 WHERE id = $1 AND deleted_at IS NULL");
        if used.bind(id).bind(now).execute(&mut *tx).await?.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        let (number, _) = freeze(&mut tx, id, version, now).await?;
        self.commit(tx).await?;
        Ok(number)
    }

    /// A whole version. `NotFound` without the dataset or the version.
    pub async fn version(&self, id: i64, number: u32) -> Result<Version, StoreError> {
        let version = format!(
            "SELECT {}, config, sql, schemas FROM versions \
             WHERE dataset_id = (SELECT id FROM datasets WHERE id = $1 AND deleted_at IS NULL) AND number = $2",
            SummaryRow::COLUMNS
        );
        let version: VersionRow = sqlx::query_as(AssertSqlSafe(version)).bind(id).bind(number).fetch_one(&self.read).await?;
        Ok(version.into())
    }
}

/// The versions of a dataset, newest first.
pub(super) async fn version_summaries(connection: &mut SqliteConnection, id: i64) -> Result<Vec<VersionSummary>, StoreError> {
    let versions = format!("SELECT {} FROM versions WHERE dataset_id = $1 ORDER BY number DESC", SummaryRow::COLUMNS);
    let rows: Vec<SummaryRow> = sqlx::query_as(AssertSqlSafe(versions)).bind(id).fetch_all(connection).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The number of the version with this content, created if needed, and the config's hash.
async fn freeze(tx: &mut Tx, id: i64, version: &NewVersion, now: Time) -> Result<(u32, String), StoreError> {
    let (config, hash) = canonical(&version.config);
    let as_of = version.as_of.map(Text);
    let schemas = Json(&version.schemas);
    let counts = version.counts.as_ref().map(Json);
    let same = sqlx::query_scalar::<_, u32>(
        "SELECT number FROM versions WHERE dataset_id = $1 AND config_hash = $2 AND as_of IS $3 AND schemas = $4 ORDER BY number DESC LIMIT 1",
    )
    .bind(id)
    .bind(&hash)
    .bind(as_of)
    .bind(schemas)
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(number) = same {
        // Counts that came later are added to it.
        sqlx::query("UPDATE versions SET counts = $3 WHERE dataset_id = $1 AND number = $2 AND counts IS NULL")
            .bind(id)
            .bind(number)
            .bind(counts)
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
    .bind(Json(&version.sql))
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
