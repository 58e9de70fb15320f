use sqlx::FromRow;

use super::values::Time;
use super::{SqliteStore, StoreError};
use crate::domain::dto::{CheckedModel, Model};
use crate::domain::warehouse::WarehouseFields;
use crate::store::name_key;

#[derive(Debug, FromRow)]
struct ModelRow {
    id: i64,
    name: String,
    description: String,
    gcp_project_id: Option<String>,
    location: Option<String>,
    dataset_count: u32,
    created_at: Time,
    updated_at: Time,
}

impl From<ModelRow> for Model {
    fn from(row: ModelRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            warehouse: WarehouseFields { gcp_project_id: row.gcp_project_id, location: row.location }.into(),
            dataset_count: row.dataset_count,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        }
    }
}

impl SqliteStore {
    /// All models, by name, in one query.
    pub async fn models(&self) -> Result<Vec<Model>, StoreError> {
        let rows: Vec<ModelRow> = sqlx::query_as(
            "SELECT m.*, (SELECT COUNT(*) FROM datasets d WHERE d.model_id = m.id AND d.deleted_at IS NULL) AS dataset_count \
             FROM models m ORDER BY m.name_key, m.id",
        )
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// One model, or `NotFound`.
    pub async fn model(&self, id: i64) -> Result<Model, StoreError> {
        let row: ModelRow = sqlx::query_as(
            "SELECT m.*, (SELECT COUNT(*) FROM datasets d WHERE d.model_id = m.id AND d.deleted_at IS NULL) AS dataset_count \
             FROM models m WHERE m.id = $1",
        )
        .bind(id)
        .fetch_one(&self.read)
        .await?;
        Ok(row.into())
    }

    /// Its id. The name is unique without regard to case: `NameTaken` otherwise.
    pub async fn insert_model(&self, input: &CheckedModel) -> Result<i64, StoreError> {
        let now = Time::now();
        let WarehouseFields { gcp_project_id, location } = input.warehouse.clone().into();
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "INSERT INTO models (name, name_key, description, gcp_project_id, location, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(&input.name)
        .bind(name_key(&input.name))
        .bind(&input.description)
        .bind(gcp_project_id)
        .bind(location)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        self.commit(tx).await?;
        Ok(done.last_insert_rowid())
    }

    /// Writes a model's input; equal input changes nothing.
    pub async fn update_model(&self, id: i64, input: &CheckedModel) -> Result<(), StoreError> {
        let WarehouseFields { gcp_project_id, location } = input.warehouse.clone().into();
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE models SET name = $2, name_key = $3, description = $4, gcp_project_id = $5, location = $6, updated_at = $7 \
             WHERE id = $1 AND (name, description, gcp_project_id, location) IS NOT ($2, $4, $5, $6)",
        )
        .bind(id)
        .bind(&input.name)
        .bind(name_key(&input.name))
        .bind(&input.description)
        .bind(gcp_project_id)
        .bind(location)
        .bind(Time::now())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            // Unchanged or missing: the latter is an error.
            sqlx::query("SELECT id FROM models WHERE id = $1").bind(id).fetch_one(&mut *tx).await?;
        }
        self.commit(tx).await?;
        Ok(())
    }

    /// Deletes a model; one with datasets is refused (`HasDatasets`).
    pub async fn delete_model(&self, id: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let datasets: u32 =
            sqlx::query_scalar("SELECT (SELECT COUNT(*) FROM datasets d WHERE d.model_id = m.id AND d.deleted_at IS NULL) FROM models m WHERE m.id = $1")
                .bind(id)
                .fetch_one(&mut *tx)
                .await?;
        if datasets > 0 {
            return Err(StoreError::HasDatasets(datasets));
        }
        // Datasets that were deleted earlier cannot be restored without it.
        sqlx::query("DELETE FROM datasets WHERE model_id = $1").bind(id).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM models WHERE id = $1").bind(id).execute(&mut *tx).await?;
        self.commit(tx).await?;
        Ok(())
    }

    /// A fresh installation has one model, bound to the embedded warehouse, so that a newcomer sees
    /// tables at once.
    pub(super) async fn ensure_a_model(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO models (name, name_key, description, created_at, updated_at) SELECT $1, $2, $3, $4, $4 \
             WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'models')",
        )
        .bind("My first model")
        .bind(name_key("My first model"))
        .bind("Reads the tables of the embedded warehouse. Rename it as you like.")
        .bind(Time::now())
        .execute(&mut *tx)
        .await?;
        self.commit(tx).await?;
        Ok(())
    }
}
