//! Cached results of queries about tables.

use std::io;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::FromRow;

use super::values::Time;
use super::{SqliteStore, StoreError, read_json};
use crate::store::Cached;

/// Results beyond this many are dropped, the oldest first.
const MAX_RESULTS: i64 = 10_000;

/// The largest result that is cached, in bytes of JSON: a profile of 2,000 columns takes 4 MB.
/// Larger ones are computed each time.
const MAX_RESULT_BYTES: usize = 8 << 20;

/// Total size of all cached results, in bytes of JSON; beyond it the oldest are dropped. SQLite
/// reuses their pages, so the file grows no further for them, but does not shrink either.
const MAX_CACHE_BYTES: i64 = 128 << 20;

/// A cached result, or an analysis.
#[derive(Debug, FromRow)]
pub(super) struct CacheRow {
    answer: String,
    state: Option<String>,
    kept_at: Time,
}

impl CacheRow {
    /// `None` if another version of this program wrote it in another format.
    pub fn read<T: DeserializeOwned>(self) -> Option<Cached<T>> {
        let value = read_json("answer", &self.answer).ok()?;
        Some(Cached { value, state: self.state, at: self.kept_at.0 })
    }
}

impl SqliteStore {
    /// The cached result for a key, whatever the tables are like now. `None` if another version of
    /// this program wrote it in another format.
    pub async fn cache_get<T: DeserializeOwned>(&self, kind: &str, key: &str) -> Result<Option<Cached<T>>, StoreError> {
        let row: Option<CacheRow> =
            sqlx::query_as("SELECT answer, state, kept_at FROM kept_answers WHERE kind = $1 AND question = $2")
                .bind(kind)
                .bind(key)
                .fetch_optional(&self.read)
                .await?;
        Ok(row.and_then(CacheRow::read))
    }

    /// Caches a result in place of the last one, unless it is too large.
    pub async fn cache_insert<T: Serialize>(
        &self,
        kind: &str,
        key: &str,
        state: Option<&str>,
        value: &T,
    ) -> Result<DateTime<Utc>, StoreError> {
        let now = Utc::now();
        let Some(text) = write_within(value, MAX_RESULT_BYTES)? else {
            tracing::info!(kind, "an answer is too large to be cached");
            return Ok(now);
        };
        let mut tx = self.begin().await?;
        sqlx::query("INSERT OR REPLACE INTO kept_answers (kind, question, state, answer, kept_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(kind)
            .bind(key)
            .bind(state)
            .bind(text)
            .bind(Time(now))
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "DELETE FROM kept_answers WHERE kept_at < \
             (SELECT kept_at FROM kept_answers ORDER BY kept_at DESC LIMIT 1 OFFSET $1)",
        )
        .bind(MAX_RESULTS - 1)
        .execute(&mut *tx)
        .await?;
        // From the newest on, until they are too many bytes. The index on age has the sizes.
        sqlx::query(
            "DELETE FROM kept_answers WHERE kept_at <= (SELECT MAX(kept_at) FROM (SELECT kept_at, \
             SUM(octet_length(question) + octet_length(answer)) OVER (ORDER BY kept_at DESC) AS bytes FROM kept_answers) WHERE bytes > $1)",
        )
        .bind(MAX_CACHE_BYTES)
        .execute(&mut *tx)
        .await?;
        self.commit(tx).await?;
        Ok(now)
    }
}

/// A result's JSON, or `None` if it is longer than `max` bytes, in which case writing stops early.
fn write_within(value: &impl Serialize, max: usize) -> Result<Option<String>, StoreError> {
    struct Within {
        text: Vec<u8>,
        max: usize,
    }
    impl io::Write for Within {
        fn write(&mut self, part: &[u8]) -> io::Result<usize> {
            if self.text.len() + part.len() > self.max {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            self.text.extend_from_slice(part);
            Ok(part.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut within = Within { text: vec![], max };
    let unreadable = |reason: String| StoreError::Unreadable { what: "answer".into(), reason };
    match serde_json::to_writer(&mut within, value) {
        Ok(()) => String::from_utf8(within.text).map(Some).map_err(|error| unreadable(error.to_string())),
        Err(error) if error.is_io() => Ok(None),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    async fn store() -> (TempDir, SqliteStore) {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("trainset.db")).await.unwrap();
        (folder, store)
    }

    async fn count_and_bytes(store: &SqliteStore) -> (i64, i64) {
        let sum = "SELECT COUNT(*), COALESCE(SUM(octet_length(answer)), 0) FROM kept_answers";
        sqlx::query_as(sum).fetch_one(&store.read).await.unwrap()
    }

    #[tokio::test]
    async fn a_result_that_is_too_large_is_not_cached_and_the_last_one_stays() {
        let (_folder, store) = store().await;
        store.cache_insert("values", "q", Some("1"), &"small").await.unwrap();
        let large = "x".repeat(MAX_RESULT_BYTES);
        store.cache_insert("values", "q", Some("2"), &large).await.unwrap();
        store.cache_insert("values", "other", Some("2"), &large).await.unwrap();
        // One byte less, with its quotes, is cached.
        store.cache_insert("values", "fits", None, &large[2..].to_owned()).await.unwrap();
        assert_eq!(store.cache_get::<String>("values", "q").await.unwrap().unwrap().value, "small");
        assert_eq!(store.cache_get::<String>("values", "other").await.unwrap(), None);
        assert!(store.cache_get::<String>("values", "fits").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn the_oldest_results_are_dropped_and_the_file_stops_growing() {
        let (folder, store) = store().await;
        let large = "x".repeat(MAX_RESULT_BYTES - 2);
        let fit = MAX_CACHE_BYTES as usize / MAX_RESULT_BYTES;
        let mut sizes = vec![];
        let last = fit + 3;
        for n in 0..=last {
            store.cache_insert("values", &n.to_string(), None, &large).await.unwrap();
            let (count, bytes) = count_and_bytes(&store).await;
            assert!(bytes <= MAX_CACHE_BYTES && count as usize <= fit, "{count} answers of {bytes} bytes");
            sizes.push(std::fs::metadata(folder.path().join("trainset.db")).unwrap().len());
        }
        // The newest are cached, the oldest are not.
        assert!(store.cache_get::<String>("values", &last.to_string()).await.unwrap().is_some());
        assert_eq!(store.cache_get::<String>("values", "0").await.unwrap(), None);
        // Freed pages were reused.
        assert!(*sizes.last().unwrap() < MAX_CACHE_BYTES as u64 + 3 * MAX_RESULT_BYTES as u64, "{sizes:?}");
        // Excess results of an older version are dropped with the next one.
        sqlx::query(
            "INSERT INTO kept_answers VALUES ('old', 'q', NULL, json_quote(hex(zeroblob($1))), '2024-01-01T00:00:00.000000Z')",
        )
        .bind(MAX_CACHE_BYTES)
        .execute(&store.write)
        .await
        .unwrap();
        store.cache_insert("values", "new", None, &"small").await.unwrap();
        assert!(count_and_bytes(&store).await.1 <= MAX_CACHE_BYTES);
    }
}
