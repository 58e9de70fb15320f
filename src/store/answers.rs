//! What queries found out about tables.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;

use super::{Store, StoreError, read_json, read_time, time_text, write_json};

/// Answers beyond this many are forgotten, the oldest first.
const MAX_ANSWERS: i64 = 10_000;

/// An answer that was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<T> {
    pub answer: T,
    /// The tables as they were.
    pub state: Option<String>,
    pub at: DateTime<Utc>,
}

impl Store {
    /// The last answer to a question, whatever the tables are like now. One that another version of this program wrote in another form is none.
    pub async fn kept_answer<T: DeserializeOwned>(&self, kind: &str, question: &str) -> Result<Option<Kept<T>>, StoreError> {
        let row = sqlx::query("SELECT state, answer, kept_at FROM kept_answers WHERE kind = $1 AND question = $2")
            .bind(kind)
            .bind(question)
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let Ok(answer) = read_json("answer", row.try_get("answer")?) else { return Ok(None) };
        Ok(Some(Kept { answer, state: row.try_get("state")?, at: read_time(row.try_get("kept_at")?)? }))
    }

    /// Keeps an answer in the place of the last one.
    pub async fn keep_answer<T: Serialize>(
        &self,
        kind: &str,
        question: &str,
        state: Option<&str>,
        answer: &T,
    ) -> Result<DateTime<Utc>, StoreError> {
        let now = Utc::now();
        let mut tx = self.begin().await?;
        sqlx::query("INSERT OR REPLACE INTO kept_answers (kind, question, state, answer, kept_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(kind)
            .bind(question)
            .bind(state)
            .bind(write_json("answer", answer)?)
            .bind(time_text(now))
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "DELETE FROM kept_answers WHERE kept_at < \
             (SELECT kept_at FROM kept_answers ORDER BY kept_at DESC LIMIT 1 OFFSET $1)",
        )
        .bind(MAX_ANSWERS - 1)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(now)
    }
}
