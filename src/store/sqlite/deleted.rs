//! Deleted datasets: hidden, but complete for a while.

use chrono::Utc;

use super::clock::look_at_clock;
use super::values::Time;
use super::{SqliteStore, StoreError};

impl SqliteStore {
    /// Deletes a dataset; one with versions only with `force` (`HasVersions`). It stays in the
    /// file, and its name is free.
    pub async fn delete_dataset(&self, id: i64, force: bool) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let versions: u32 = sqlx::query_scalar(
            "SELECT (SELECT COUNT(*) FROM versions v WHERE v.dataset_id = d.id) FROM datasets d WHERE d.id = $1 AND d.deleted_at IS NULL",
        )
        .bind(id)
        .fetch_one(&mut *tx)
        .await?;
        if versions > 0 && !force {
            return Err(StoreError::HasVersions(versions));
        }
        let time = look_at_clock(&mut tx, Utc::now()).await?;
        sqlx::query("UPDATE datasets SET deleted_at = $2 WHERE id = $1").bind(id).bind(Time(time)).execute(&mut *tx).await?;
        self.commit(tx).await?;
        Ok(())
    }

    /// Restores a deleted dataset as it was; one that is not deleted stays as it is. `NotFound`
    /// after its time, `NameTaken` if another has its name.
    pub async fn undelete_dataset(&self, id: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let deleted_at: Option<Time> =
            sqlx::query_scalar("SELECT deleted_at FROM datasets WHERE id = $1").bind(id).fetch_one(&mut *tx).await?;
        if deleted_at.is_some() {
            sqlx::query("UPDATE datasets SET deleted_at = NULL WHERE id = $1").bind(id).execute(&mut *tx).await?;
            self.commit(tx).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono::TimeDelta;
    use sqlx::{Connection, SqliteConnection};
    use tempfile::TempDir;

    use super::*;
    use crate::domain::dto::{DatasetInput, ListQuery};
    use crate::store::sqlite::open::MIGRATOR;

    fn named(name: &str) -> DatasetInput {
        DatasetInput { name: name.into(), ..DatasetInput::default() }
    }

    #[tokio::test]
    async fn datasets_deleted_a_month_ago_are_removed_with_their_versions() {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("trainset.db")).await.unwrap();
        let old = store.insert_dataset(1, &named("Old")).await.unwrap();
        let new = store.insert_dataset(1, &named("New")).await.unwrap();
        let kept = store.insert_dataset(1, &named("Kept")).await.unwrap();
        sqlx::query(
            "INSERT INTO versions (dataset_id, number, config, config_hash, reason, sql, schemas, created_at) \
             VALUES ($1, 1, '{}', '', 'activated', '{}', '[]', '2024-01-01T00:00:00.000000Z')",
        )
        .bind(old)
        .execute(&store.write)
        .await
        .unwrap();
        store.delete_dataset(old, true).await.unwrap();
        store.delete_dataset(new, false).await.unwrap();
        sqlx::query("UPDATE datasets SET deleted_at = $2 WHERE id = $1")
            .bind(old)
            .bind(Time(Utc::now() - TimeDelta::days(31)))
            .execute(&store.write)
            .await
            .unwrap();
        store.close().await;

        // At the next start.
        let store = SqliteStore::open(&folder.path().join("trainset.db")).await.unwrap();
        assert!(matches!(store.undelete_dataset(old).await, Err(StoreError::NotFound)));
        let versions: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM versions").fetch_one(&store.read).await.unwrap();
        assert_eq!(versions, 0);
        store.undelete_dataset(new).await.unwrap();
        assert_eq!(store.dataset(kept).await.unwrap().summary.name, "Kept");
    }

    /// A file as the migrations before this one left it.
    async fn of_version_4(file: &Path) -> SqliteConnection {
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        MIGRATOR.run_to(4, &mut connection).await.unwrap();
        connection
    }

    #[tokio::test]
    async fn an_older_database_keeps_its_data_when_migrated() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("trainset.db");
        let mut connection = of_version_4(&file).await;
        sqlx::raw_sql(
            "INSERT INTO models (id, name, name_key, description, created_at, updated_at) \
             VALUES (3, 'M', 'm', '', '2024-01-01T00:00:00.000000Z', '2024-01-01T00:00:00.000000Z'); \
             INSERT INTO datasets (id, model_id, name, name_key, description, search_text, status, config, config_hash, revision, primary_table, \
             secondary_tables, table_count, column_count, row_estimate, estimate_hash, created_at, updated_at, active_version) \
             VALUES (8, 3, 'A', 'a', 'd', 'a', 'active', '{}', 'h', 5, 'raw_data.t', '[]', 1, 2, 9, 'h', '2024-01-01T00:00:00.000000Z', \
             '2024-01-02T00:00:00.000000Z', 2), (9, 3, 'Gone', 'gone', '', '', 'draft', '{}', 'h', 1, '', '[]', 0, 0, NULL, NULL, \
             '2024-01-01T00:00:00.000000Z', '2024-01-01T00:00:00.000000Z', NULL); \
             INSERT INTO versions (dataset_id, number, config, config_hash, reason, as_of, sql, schemas, created_at, author) VALUES \
             (8, 1, '{}', 'h', 'activated', NULL, '{}', '[]', '2024-01-01T00:00:00.000000Z', 'ann'), \
             (8, 2, '{}', 'h', 'activated', '2024-01-01', '{}', '[]', '2024-01-02T00:00:00.000000Z', 'bob'); \
             INSERT INTO analyses VALUES (8, 'h', NULL, 70, 1, '2024-01-01T00:00:00.000000Z', '{}'); \
             DELETE FROM datasets WHERE id = 9",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        connection.close().await.unwrap();

        let store = SqliteStore::open(&file).await.unwrap();
        let dataset = store.dataset(8).await.unwrap();
        assert_eq!((dataset.revision, dataset.summary.active_version, dataset.summary.row_count_estimate), (5, Some(2), Some(9)));
        assert_eq!(dataset.summary.quality.map(|summary| (summary.score, summary.leaks)), Some((70, 1)));
        let versions: Vec<_> = dataset.versions.iter().map(|v| (v.number, v.author.as_str(), v.as_of.is_some())).collect();
        assert_eq!(versions, [(2, "bob", true), (1, "ann", false)]);
        assert_eq!(store.datasets(3, &ListQuery::default()).await.unwrap().1, 1);
        // The id of a removed dataset is not used again.
        assert_eq!(store.insert_dataset(3, &named("B")).await.unwrap(), 10);
        let broken: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM pragma_foreign_key_check").fetch_one(&store.read).await.unwrap();
        assert_eq!(broken, 0);
        let schema: Vec<String> =
            sqlx::query_scalar("SELECT sql FROM sqlite_master WHERE sql LIKE '%new_%'").fetch_all(&store.read).await.unwrap();
        assert_eq!(schema, Vec::<String>::new());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_older_database_opened_concurrently_is_migrated_once() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("trainset.db");
        let mut connection = of_version_4(&file).await;
        let model = "INSERT INTO models (id, name, name_key, description, created_at, updated_at) \
                     VALUES (3, 'M', 'm', '', '2024-01-01T00:00:00.000000Z', '2024-01-01T00:00:00.000000Z')";
        sqlx::raw_sql(model).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let opening = (0..8).map(|_| {
            let file = file.clone();
            tokio::spawn(async move { SqliteStore::open(&file).await })
        });
        for store in futures::future::join_all(opening).await {
            let store = store.unwrap().unwrap();
            assert_eq!(store.models().await.unwrap().iter().map(|model| model.id).collect::<Vec<_>>(), [3]);
        }
    }
}
