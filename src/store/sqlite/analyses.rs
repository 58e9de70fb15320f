//! The last analysis of each dataset.

use sqlx::types::Json;

use super::cache::CacheRow;
use super::datasets::set_sizes;
use super::values::Time;
use super::{SqliteStore, StoreError};
use crate::domain::analysis::Analysis;
use crate::store::{Cached, Sizes};

impl SqliteStore {
    /// The last analysis of a dataset, regardless of its current config and tables. `None` if
    /// another version of this program wrote it in another format.
    pub async fn analysis(&self, id: i64) -> Result<Option<Cached<Analysis>>, StoreError> {
        let row: Option<CacheRow> =
            sqlx::query_as("SELECT analysis AS answer, state, made_at AS kept_at FROM analyses WHERE dataset_id = $1")
                .bind(id)
                .fetch_optional(&self.read)
                .await?;
        Ok(row.and_then(CacheRow::read))
    }

    /// Replaces the last analysis, and its sizes for the card, if the dataset still has the config
    /// that was analyzed. Not a change of the dataset.
    pub async fn store_analysis(
        &self,
        id: i64,
        state: Option<&str>,
        analysis: &Analysis,
        sizes: Sizes,
    ) -> Result<(), StoreError> {
        let summary = analysis.summary();
        let made_at = Time(analysis.made_at);
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT OR REPLACE INTO analyses (dataset_id, config_hash, state, score, leaks, made_at, analysis) \
             SELECT id, config_hash, $3, $4, $5, $6, $7 FROM datasets WHERE id = $1 AND config_hash = $2 AND deleted_at IS NULL",
        )
        .bind(id)
        .bind(&analysis.config_hash)
        .bind(state)
        .bind(summary.score)
        .bind(summary.leaks)
        .bind(made_at)
        .bind(Json(analysis))
        .execute(&mut *tx)
        .await?;
        set_sizes(&mut tx, id, &analysis.config_hash, sizes, made_at).await?;
        self.commit(tx).await?;
        Ok(())
    }
}
