use sqlx::{AssertSqlSafe, FromRow, QueryBuilder, Sqlite, Transaction};

use super::rows::{ANALYZED, Card, DatasetRow, Joined, NameRow, Saved, SummaryRow};
use super::values::Time;
use super::versions::version_summaries;
use super::{SqliteStore, StoreError};
use crate::domain::dataset::Status;
use crate::domain::dto::{Dataset, DatasetInput, DatasetName, DatasetSummary, ListQuery};
use crate::store::{MAX_NAME_CHARS, Sizes, name_key};

impl SqliteStore {
    /// A page of a model's datasets, latest change first, and their total number: one query,
    /// however many rows. `NotFound` if there is no such model.
    pub async fn datasets(&self, model_id: i64, query: &ListQuery) -> Result<(Vec<DatasetSummary>, u32), StoreError> {
        let per_page = i64::from(query.per_page.clamp(1, ListQuery::MAX_PER_PAGE));
        let offset = i64::from(query.page.max(1) - 1) * per_page;
        #[derive(FromRow)]
        struct Listed {
            total: u32,
            #[sqlx(flatten)]
            dataset: Joined<SummaryRow>,
        }
        // instr, not LIKE: nothing in the search text is a wildcard.
        let page = format!(
            "WITH hits AS (SELECT id, updated_at FROM datasets WHERE model_id = $1 AND deleted_at IS NULL \
             AND ($2 IS NULL OR status = $2) AND ($3 = '' OR instr(search_text, $3) > 0)), \
             page AS (SELECT id FROM hits ORDER BY updated_at DESC, id DESC LIMIT $4 OFFSET $5) \
             SELECT (SELECT COUNT(*) FROM hits) AS total, {columns} \
             FROM (SELECT id AS listed FROM models) LEFT JOIN datasets d ON d.id IN (SELECT id FROM page) {ANALYZED} \
             WHERE listed = $1 ORDER BY d.updated_at DESC, d.id DESC",
            columns = SummaryRow::columns()
        );
        let rows: Vec<Listed> = sqlx::query_as(AssertSqlSafe(page))
            .bind(model_id)
            .bind(query.status)
            .bind(query.search.trim().to_lowercase())
            .bind(per_page)
            .bind(offset)
            .fetch_all(&self.read)
            .await?;
        // An empty page is one row without a dataset.
        let total = rows.first().ok_or(StoreError::NotFound)?.total;
        Ok((rows.into_iter().filter_map(|row| row.dataset.0).map(Into::into).collect(), total))
    }

    /// The names of all datasets of a model, in one query. `NotFound` if there is no such model.
    pub async fn dataset_names(&self, model_id: i64) -> Result<Vec<DatasetName>, StoreError> {
        let rows: Vec<Joined<NameRow>> = sqlx::query_as(
            "SELECT d.id, d.name, d.status FROM models m LEFT JOIN datasets d ON d.model_id = m.id AND d.deleted_at IS NULL WHERE m.id = $1 \
             ORDER BY d.name_key, d.id",
        )
        .bind(model_id)
        .fetch_all(&self.read)
        .await?;
        // A model without datasets is one row without one.
        if rows.is_empty() {
            return Err(StoreError::NotFound);
        }
        Ok(rows.into_iter().filter_map(|row| row.0).map(Into::into).collect())
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
        let taken = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM datasets WHERE model_id = $1 AND name_key = $2 AND deleted_at IS NULL AND id IS NOT $3)",
        );
        Ok(taken.bind(model_id).bind(name_key(name)).bind(except).fetch_one(&self.read).await?)
    }

    /// The dataset of the model that has this name.
    pub async fn dataset_named(&self, model_id: i64, name: &str) -> Result<Option<i64>, StoreError> {
        let id = sqlx::query_scalar("SELECT id FROM datasets WHERE model_id = $1 AND name_key = $2 AND deleted_at IS NULL");
        Ok(id.bind(model_id).bind(name_key(name)).fetch_optional(&self.read).await?)
    }

    /// Returns its id. `NotFound` without the model, `NameTaken` if the name is not free.
    pub async fn insert_dataset(&self, model_id: i64, input: &DatasetInput) -> Result<i64, StoreError> {
        let mut tx = self.begin().await?;
        require_model(&mut tx, model_id).await?;
        let id = insert(&mut tx, model_id, input).await?;
        self.commit(tx).await?;
        Ok(id)
    }

    /// Replaces name, description and config if the stored revision is the expected one. Saving the
    /// same input changes nothing, not even the revision: an edit that is opened and saved must
    /// leave no trace. Another config makes an active dataset a draft again. Returns the dataset as
    /// this change left it: a later read could see another change, and its revision would let the
    /// next change overwrite that one.
    pub async fn update_dataset(&self, id: i64, expected: Option<i64>, input: &DatasetInput) -> Result<Dataset, StoreError> {
        #[derive(FromRow)]
        struct Stored {
            #[sqlx(flatten)]
            card: Card,
            revision: i64,
            status: Status,
        }
        let saved = Saved::of(input);
        let mut tx = self.begin().await?;
        let columns = Card::columns();
        let stored = format!("SELECT {columns}, revision, status FROM datasets WHERE id = $1 AND deleted_at IS NULL");
        let stored: Stored = sqlx::query_as(AssertSqlSafe(stored)).bind(id).fetch_one(&mut *tx).await?;
        if stored.card == saved.card {
            return read_dataset(&mut tx, id).await;
        }
        if expected.is_some_and(|expected| expected != stored.revision) {
            return Err(StoreError::Stale);
        }
        let status = if stored.card.config_hash == saved.card.config_hash { stored.status } else { Status::Draft };
        let mut update = QueryBuilder::new(format!("UPDATE datasets SET ({}, status, updated_at) = (", Saved::columns()));
        let mut values = update.separated(", ");
        saved.push_binds(&mut values);
        values.push_bind(status).push_bind(Time::now());
        update.push("), revision = revision + 1 WHERE id = ").push_bind(id);
        update.build().execute(&mut *tx).await?;
        let dataset = read_dataset(&mut tx, id).await?;
        self.commit(tx).await?;
        Ok(dataset)
    }

    /// A draft with the same description, config, last count and analysis; the default name is "…
    /// (Copy)", "… (Copy 2)". The name is found and taken in one transaction.
    pub async fn clone_dataset(&self, id: i64, name: Option<&str>) -> Result<i64, StoreError> {
        let mut tx = self.begin().await?;
        let original = dataset_row(&mut tx, id).await?.with_versions(vec![]);
        let model_id = original.model_id;
        let name = match name {
            Some(name) => name.to_owned(),
            None => free_copy_name(&mut tx, model_id, &original.summary.name).await?,
        };
        let copy = insert(&mut tx, model_id, &DatasetInput { name, ..original.input() }).await?;
        // A copy has the same config, so its analysis is still right, and its card shows it.
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

    /// Stores a count with its dataset, if the dataset still has the config that was counted. Not a
    /// change of the dataset.
    pub async fn store_sizes(&self, id: i64, config_hash: &str, sizes: Sizes) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        set_sizes(&mut tx, id, config_hash, sizes, Time::now()).await?;
        self.commit(tx).await?;
        Ok(())
    }
}

pub(super) type Tx = Transaction<'static, Sqlite>;

/// A dataset with its versions, newest first, as a transaction sees it.
pub(super) async fn read_dataset(tx: &mut Tx, id: i64) -> Result<Dataset, StoreError> {
    let row = dataset_row(tx, id).await?;
    Ok(row.with_versions(version_summaries(tx, id).await?))
}

async fn dataset_row(tx: &mut Tx, id: i64) -> Result<DatasetRow, StoreError> {
    let row = format!(
        "SELECT {columns}, config, revision, model_id, (SELECT m.name FROM models m WHERE m.id = model_id) AS model_name, analysis \
         FROM datasets d {ANALYZED} WHERE d.id = $1 AND d.deleted_at IS NULL",
        columns = SummaryRow::columns()
    );
    Ok(sqlx::query_as(AssertSqlSafe(row)).bind(id).fetch_one(&mut **tx).await?)
}

async fn require_model(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("SELECT id FROM models WHERE id = $1").bind(id).fetch_one(&mut **tx).await?;
    Ok(())
}

async fn insert(tx: &mut Tx, model_id: i64, input: &DatasetInput) -> Result<i64, StoreError> {
    let now = Time::now();
    let mut insert = QueryBuilder::new(format!(
        "INSERT INTO datasets ({}, model_id, status, revision, created_at, updated_at) VALUES (",
        Saved::columns()
    ));
    let mut values = insert.separated(", ");
    Saved::of(input).push_binds(&mut values);
    values.push_bind(model_id).push_bind(Status::Draft).push_bind(1).push_bind(now).push_bind(now);
    insert.push(")");
    Ok(insert.build().execute(&mut **tx).await?.last_insert_rowid())
}

/// The first of "… (Copy)", "… (Copy 2)", "… (Copy 3)" that is free. A long name is cut so that the
/// ending fits.
async fn free_copy_name(tx: &mut Tx, model_id: i64, name: &str) -> Result<String, StoreError> {
    for number in 1.. {
        let ending = if number == 1 { " (Copy)".to_owned() } else { format!(" (Copy {number})") };
        let stem: String = name.chars().take(MAX_NAME_CHARS - ending.len()).collect();
        let candidate = format!("{}{ending}", stem.trim_end());
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM datasets WHERE model_id = $1 AND name_key = $2 AND deleted_at IS NULL)",
        )
        .bind(model_id)
        .bind(name_key(&candidate))
        .fetch_one(&mut **tx)
        .await?;
        if !taken {
            return Ok(candidate);
        }
    }
    Err(StoreError::NameTaken)
}

pub(super) async fn set_sizes(tx: &mut Tx, id: i64, hash: &str, sizes: Sizes, now: Time) -> Result<(), StoreError> {
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

pub(super) async fn set_status(tx: &mut Tx, id: i64, status: Status, now: Time) -> Result<(), StoreError> {
    sqlx::query("UPDATE datasets SET status = $2, updated_at = $3, revision = revision + 1 WHERE id = $1")
        .bind(id)
        .bind(status)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
