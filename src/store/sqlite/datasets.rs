//! Datasets.

use chrono::Utc;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::brief::{brief_columns, read_brief};
use super::summaries::version_summaries;
use super::{SqliteStore, StoreError, read_json, read_time, time_text};
use crate::domain::dataset::{DatasetConfig, Status};
use crate::domain::record::{Dataset, DatasetInput, DatasetName, DatasetSummary, KeptAnalysis, ListQuery};
use crate::store::{MAX_NAME_CHARS, Sizes, canonical, name_key};

/// The columns of a summary, in every query that reads one.
macro_rules! summary_columns {
    () => {
        concat!(
            "d.id, d.name, d.description, d.status, d.primary_table, d.secondary_tables, d.table_count, d.column_count, \
         d.row_estimate, d.user_estimate, d.product_estimate, d.estimate_hash, d.config_hash, d.created_at, d.updated_at, \
         d.last_used_at, d.active_version, (SELECT COUNT(*) FROM versions v WHERE v.dataset_id = d.id) AS version_count, ",
            brief_columns!()
        )
    };
}

impl SqliteStore {
    /// A page of a model's datasets, newest change first, and how many there are in all: one query, however many rows.
    /// `NotFound` where there is no such model.
    pub async fn datasets(&self, model_id: i64, query: &ListQuery) -> Result<(Vec<DatasetSummary>, u32), StoreError> {
        let per_page = i64::from(query.per_page.clamp(1, ListQuery::MAX_PER_PAGE));
        let offset = i64::from(query.page.max(1) - 1) * per_page;
        // instr, not LIKE: nothing in the searched text is a wildcard.
        let rows = sqlx::query(concat!(
            "WITH hits AS (SELECT d.id, d.updated_at FROM datasets d WHERE d.model_id = $1 AND d.deleted_at IS NULL \
             AND ($2 IS NULL OR d.status = $2) AND ($3 = '' OR instr(d.search_text, $3) > 0)), \
             page AS (SELECT id FROM hits ORDER BY updated_at DESC, id DESC LIMIT $4 OFFSET $5) \
             SELECT (SELECT COUNT(*) FROM hits) AS total, ",
            summary_columns!(),
            " FROM models m LEFT JOIN datasets d ON d.id IN (SELECT id FROM page) \
             LEFT JOIN analyses a ON a.dataset_id = d.id WHERE m.id = $1 ORDER BY d.updated_at DESC, d.id DESC"
        ))
        .bind(model_id)
        .bind(query.status.map(Status::word))
        .bind(query.search.trim().to_lowercase())
        .bind(per_page)
        .bind(offset)
        .fetch_all(&self.read)
        .await?;
        let first = rows.first().ok_or(StoreError::NotFound)?;
        let total = first.try_get("total")?;
        // An empty page is one row without a dataset.
        if first.try_get::<Option<i64>, _>("id")?.is_none() {
            return Ok((vec![], total));
        }
        Ok((rows.iter().map(read_summary).collect::<Result<_, _>>()?, total))
    }

    /// All datasets of a model by their names, in one query. `NotFound` where there is no such model.
    pub async fn dataset_names(&self, model_id: i64) -> Result<Vec<DatasetName>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.id, d.name, d.status FROM models m LEFT JOIN datasets d ON d.model_id = m.id AND d.deleted_at IS NULL WHERE m.id = $1 \
             ORDER BY d.name_key, d.id",
        )
        .bind(model_id)
        .fetch_all(&self.read)
        .await?;
        if rows.is_empty() {
            return Err(StoreError::NotFound);
        }
        let mut names = vec![];
        for row in &rows {
            // A model without datasets is one row without one.
            let Some(id) = row.try_get::<Option<i64>, _>("id")? else { continue };
            names.push(DatasetName { id, name: row.try_get("name")?, status: read_status(row)? });
        }
        Ok(names)
    }

    /// A dataset with its versions, newest first.
    pub async fn dataset(&self, id: i64) -> Result<Dataset, StoreError> {
        // One snapshot for both queries.
        let mut tx = self.read.begin().await?;
        let dataset = read_dataset(&mut tx, id).await?;
        tx.commit().await?;
        Ok(dataset)
    }

    /// Whether another dataset of the model has this name.
    pub async fn name_is_taken(&self, model_id: i64, name: &str, except: Option<i64>) -> Result<bool, StoreError> {
        let taken: i64 =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM datasets WHERE model_id = $1 AND name_key = $2 AND deleted_at IS NULL AND id IS NOT $3)")
                .bind(model_id)
                .bind(name_key(name))
                .bind(except)
                .fetch_one(&self.read)
                .await?;
        Ok(taken != 0)
    }

    /// The dataset of the model that has this name.
    pub async fn dataset_named(&self, model_id: i64, name: &str) -> Result<Option<i64>, StoreError> {
        let id = sqlx::query_scalar("SELECT id FROM datasets WHERE model_id = $1 AND name_key = $2 AND deleted_at IS NULL");
        Ok(id.bind(model_id).bind(name_key(name)).fetch_optional(&self.read).await?)
    }

    /// Its id. `NotFound` without the model, `NameTaken` where the name is not free.
    pub async fn insert_dataset(&self, model_id: i64, input: &DatasetInput) -> Result<i64, StoreError> {
        let mut tx = self.begin().await?;
        require_model(&mut tx, model_id).await?;
        let id = insert(&mut tx, model_id, input).await?;
        self.commit(tx).await?;
        Ok(id)
    }

    /// Replaces name, description and config if the stored revision is the expected one. What is stored already changes
    /// nothing, not even the revision (G-80). Another config takes an active dataset back to draft. The dataset as this change left it: read later, it could be
    /// another's, and its revision would let the next change go over that one.
    pub async fn update_dataset(&self, id: i64, expected: Option<i64>, input: &DatasetInput) -> Result<Dataset, StoreError> {
        let (config, hash) = canonical(&input.config);
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "SELECT name, description, config_hash, revision, status FROM datasets WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id)
        .fetch_one(&mut *tx)
        .await?;
        let same_config = row.try_get::<&str, _>("config_hash")? == hash;
        let same = same_config
            && row.try_get::<&str, _>("name")? == input.name
            && row.try_get::<&str, _>("description")? == input.description;
        if same {
            return read_dataset(&mut tx, id).await;
        }
        if expected.is_some_and(|expected| row.try_get("revision").ok() != Some(expected)) {
            return Err(StoreError::Stale);
        }
        let status = if same_config { row.try_get("status")? } else { Status::Draft.word() };
        let card = Card::of(&input.config);
        sqlx::query(
            "UPDATE datasets SET name = $2, name_key = $3, description = $4, search_text = $5, status = $6, config = $7, \
             config_hash = $8, primary_table = $9, secondary_tables = $10, table_count = $11, column_count = $12, \
             updated_at = $13, revision = revision + 1 WHERE id = $1",
        )
        .bind(id)
        .bind(&input.name)
        .bind(name_key(&input.name))
        .bind(&input.description)
        .bind(search_text(input))
        .bind(status)
        .bind(config)
        .bind(hash)
        .bind(card.primary_table)
        .bind(card.secondary_tables)
        .bind(card.table_count)
        .bind(card.column_count)
        .bind(time_text(Utc::now()))
        .execute(&mut *tx)
        .await?;
        let dataset = read_dataset(&mut tx, id).await?;
        self.commit(tx).await?;
        Ok(dataset)
    }

    /// A draft with the same description, config, last count and analysis; without a name it is called "… (Copy)", "… (Copy 2)".
    /// The name is found and taken in one transaction.
    pub async fn clone_dataset(&self, id: i64, name: Option<&str>) -> Result<i64, StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT model_id, name, description, config FROM datasets WHERE id = $1 AND deleted_at IS NULL")
            .bind(id)
            .fetch_one(&mut *tx)
            .await?;
        let model_id: i64 = row.try_get("model_id")?;
        let name = match name {
            Some(name) => name.to_owned(),
            None => free_copy_name(&mut tx, model_id, row.try_get("name")?).await?,
        };
        let input =
            DatasetInput { name, description: row.try_get("description")?, config: read_json("config", row.try_get("config")?)? };
        let copy = insert(&mut tx, model_id, &input).await?;
        // G-91
        sqlx::query(
            "UPDATE datasets SET (row_estimate, user_estimate, product_estimate, estimate_hash, estimated_at) = \
             (SELECT row_estimate, user_estimate, product_estimate, estimate_hash, estimated_at FROM datasets WHERE id = $2) \
             WHERE id = $1",
        )
        .bind(copy)
        .bind(id)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO analyses (dataset_id, config_hash, state, score, leaks, made_at, analysis) \
             SELECT $1, config_hash, state, score, leaks, made_at, analysis FROM analyses WHERE dataset_id = $2",
        )
        .bind(copy)
        .bind(id)
        .execute(&mut *tx)
        .await?;
        self.commit(tx).await?;
        Ok(copy)
    }

    /// Keeps a count with its dataset, if the dataset still has the config that was counted. Not a change of the dataset.
    pub async fn keep_sizes(&self, id: i64, config_hash: &str, sizes: Sizes) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        set_sizes(&mut tx, id, config_hash, sizes, &time_text(Utc::now())).await?;
        self.commit(tx).await?;
        Ok(())
    }
}

pub(super) type Tx = Transaction<'static, Sqlite>;

/// A dataset with its versions, newest first, as a transaction sees it.
pub(super) async fn read_dataset(tx: &mut Tx, id: i64) -> Result<Dataset, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        summary_columns!(),
        ", d.config, d.revision, d.model_id, m.name AS model_name, a.analysis \
         FROM datasets d JOIN models m ON m.id = d.model_id LEFT JOIN analyses a ON a.dataset_id = d.id WHERE d.id = $1 AND d.deleted_at IS NULL"
    ))
    .bind(id)
    .fetch_one(&mut **tx)
    .await?;
    let versions = version_summaries(tx, id).await?;
    let summary = read_summary(&row)?;
    let kept = row.try_get::<Option<&str>, _>("analysis")?.and_then(|text| read_json("analysis", text).ok());
    let stale = summary.quality.is_some_and(|brief| brief.stale);
    Ok(Dataset {
        summary,
        analysis: kept.map(|analysis| KeptAnalysis { stale, analysis }),
        config: read_json("config", row.try_get("config")?)?,
        config_hash: row.try_get("config_hash")?,
        revision: row.try_get("revision")?,
        model_id: row.try_get("model_id")?,
        model_name: row.try_get("model_name")?,
        versions,
    })
}

async fn require_model(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("SELECT id FROM models WHERE id = $1").bind(id).fetch_one(&mut **tx).await?;
    Ok(())
}

async fn insert(tx: &mut Tx, model_id: i64, input: &DatasetInput) -> Result<i64, StoreError> {
    let (config, hash) = canonical(&input.config);
    let card = Card::of(&input.config);
    let done = sqlx::query(
        "INSERT INTO datasets (model_id, name, name_key, description, search_text, status, config, config_hash, revision, \
         primary_table, secondary_tables, table_count, column_count, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, 1, $8, $9, $10, $11, $12, $12)",
    )
    .bind(model_id)
    .bind(&input.name)
    .bind(name_key(&input.name))
    .bind(&input.description)
    .bind(search_text(input))
    .bind(config)
    .bind(hash)
    .bind(card.primary_table)
    .bind(card.secondary_tables)
    .bind(card.table_count)
    .bind(card.column_count)
    .bind(time_text(Utc::now()))
    .execute(&mut **tx)
    .await?;
    Ok(done.last_insert_rowid())
}

/// The first of "… (Copy)", "… (Copy 2)", "… (Copy 3)" that is free. A long name is cut so that the ending fits.
async fn free_copy_name(tx: &mut Tx, model_id: i64, name: &str) -> Result<String, StoreError> {
    for number in 1.. {
        let ending = if number == 1 { " (Copy)".to_owned() } else { format!(" (Copy {number})") };
        let stem: String = name.chars().take(MAX_NAME_CHARS - ending.len()).collect();
        let candidate = format!("{}{ending}", stem.trim_end());
        let taken: i64 = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM datasets WHERE model_id = $1 AND name_key = $2 AND deleted_at IS NULL)",
        )
        .bind(model_id)
        .bind(name_key(&candidate))
        .fetch_one(&mut **tx)
        .await?;
        if taken == 0 {
            return Ok(candidate);
        }
    }
    Err(StoreError::NameTaken)
}

pub(super) async fn set_sizes(tx: &mut Tx, id: i64, hash: &str, sizes: Sizes, now: &str) -> Result<(), StoreError> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    sqlx::query(
        "UPDATE datasets SET row_estimate = $3, user_estimate = $4, product_estimate = $5, estimate_hash = $2, estimated_at = $6 \
         WHERE id = $1 AND config_hash = $2",
    )
    .bind(id)
    .bind(hash)
    .bind(number(sizes.rows))
    .bind(sizes.users.map(number))
    .bind(sizes.products.map(number))
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn set_status(tx: &mut Tx, id: i64, status: Status, now: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE datasets SET status = $2, updated_at = $3, revision = revision + 1 WHERE id = $1")
        .bind(id)
        .bind(status.word())
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn search_text(input: &DatasetInput) -> String {
    format!("{}\n{}", input.name, input.description).to_lowercase()
}

/// What a card shows of a config.
struct Card {
    primary_table: String,
    secondary_tables: String,
    table_count: i64,
    column_count: i64,
}

impl Card {
    fn of(config: &DatasetConfig) -> Self {
        let secondaries: Vec<String> = config.secondary_tables.iter().map(|s| s.table.to_string()).collect();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Self {
            primary_table: config.primary_table.as_ref().map(ToString::to_string).unwrap_or_default(),
            table_count: count(secondaries.len() + usize::from(config.primary_table.is_some())),
            secondary_tables: serde_json::Value::from(secondaries).to_string(),
            column_count: count(config.selected_columns.len()),
        }
    }
}

fn read_status(row: &SqliteRow) -> Result<Status, StoreError> {
    let is_active = row.try_get::<&str, _>("status")? == Status::Active.word();
    Ok(if is_active { Status::Active } else { Status::Draft })
}

fn read_summary(row: &SqliteRow) -> Result<DatasetSummary, StoreError> {
    let counted = row.try_get::<Option<&str>, _>("estimate_hash")? == Some(row.try_get("config_hash")?);
    // A count of another config says nothing about this one (G-97).
    let estimate = |column: &str| -> Result<Option<u64>, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(column)?.filter(|_| counted).and_then(|n| u64::try_from(n).ok()))
    };
    Ok(DatasetSummary {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        status: read_status(row)?,
        primary_table: row.try_get("primary_table")?,
        secondary_tables: read_json("tables", row.try_get("secondary_tables")?)?,
        table_count: row.try_get("table_count")?,
        column_count: row.try_get("column_count")?,
        row_count_estimate: estimate("row_estimate")?,
        unique_users_estimate: estimate("user_estimate")?,
        unique_products_estimate: estimate("product_estimate")?,
        created_at: read_time(row.try_get("created_at")?)?,
        updated_at: read_time(row.try_get("updated_at")?)?,
        last_used_at: row.try_get::<Option<&str>, _>("last_used_at")?.map(read_time).transpose()?,
        version_count: row.try_get("version_count")?,
        active_version: row.try_get("active_version")?,
        quality: read_brief(row)?,
    })
}
