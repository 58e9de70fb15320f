//! Time as the database has seen it pass, and what is due as it passes.
//!
//! Deleted datasets are removed for good after a while, which must not depend on a machine's clock
//! alone: one start with a clock that is years ahead would remove what was deleted yesterday. So
//! the database has a time of its own. It advances by the steps of the machine's clock since the
//! last look, at each start, each hour, each deletion and each readiness check; a step back, or one
//! that is implausibly large, counts as none. If the program did not run for long, deleted datasets
//! therefore stay longer, by that time; once it runs, the time advances.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::datasets::Tx;
use super::values::Time;
use super::{SqliteStore, StoreError};

/// How long a deleted dataset can be restored.
const DELETED_RETENTION: TimeDelta = TimeDelta::days(30);

/// The largest plausible step of the machine's clock: a week in which nobody started the program.
/// Deleted datasets stay for at least [`DELETED_RETENTION`] less this, however the clock jumps
/// once.
const BELIEVED_STEP: TimeDelta = TimeDelta::days(7);

/// How often a server does housekeeping: far more often than [`BELIEVED_STEP`], so that the
/// database's time never stands still.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(3600);

/// The database's time after a look at the machine's clock.
fn went_on(database_time: DateTime<Utc>, seen_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let step = now - seen_at;
    let is_believed = step >= TimeDelta::zero() && step <= BELIEVED_STEP;
    if is_believed { database_time + step } else { database_time }
}

/// Updates the database's time and returns it.
pub(super) async fn look_at_clock(tx: &mut Tx, now: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
    let known: Option<(Time, Time)> =
        sqlx::query_as("SELECT database_time, seen_at FROM clock WHERE id = 1").fetch_optional(&mut **tx).await?;
    let time = known.map_or(now, |(time, seen_at)| went_on(time.0, seen_at.0, now));
    sqlx::query("INSERT OR REPLACE INTO clock (id, seen_at, database_time) VALUES (1, $1, $2)")
        .bind(Time(now))
        .bind(Time(time))
        .execute(&mut **tx)
        .await?;
    Ok(time)
}

impl SqliteStore {
    /// Removes datasets, with their versions, that were deleted long enough ago by the database's
    /// time. Returns how many.
    pub(super) async fn housekeeping(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let time = look_at_clock(&mut tx, now).await?;
        let old = sqlx::query("DELETE FROM datasets WHERE deleted_at < $1").bind(Time(time - DELETED_RETENTION));
        let gone = old.execute(&mut *tx).await?.rows_affected();
        self.commit(tx).await?;
        if gone > 0 {
            tracing::info!(datasets = gone, "took out what was deleted a month ago");
        }
        Ok(gone)
    }

    /// Does housekeeping for as long as a server runs.
    pub async fn run_housekeeping(self) {
        loop {
            tokio::time::sleep(HOUSEKEEPING_EVERY).await;
            if let Err(error) = self.housekeeping(Utc::now()).await {
                tracing::warn!(%error, "nothing was taken out of what was deleted: it is tried again in an hour");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::domain::dto::DatasetInput;

    const DAY: TimeDelta = TimeDelta::days(1);

    #[test]
    fn only_plausible_clock_steps_count() {
        let start = Utc::now();
        let went = |days: i64| went_on(start, start, start + DAY * days as i32) - start;
        assert_eq!(went(0), TimeDelta::zero());
        assert_eq!(went(7), DAY * 7);
        assert_eq!(went(8), TimeDelta::zero());
        assert_eq!(went(3650), TimeDelta::zero());
        assert_eq!(went(-1), TimeDelta::zero());
    }

    struct Deleted {
        _folder: TempDir,
        store: SqliteStore,
        id: i64,
        at: DateTime<Utc>,
    }

    /// A dataset that was just deleted.
    async fn deleted() -> Deleted {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("trainset.db")).await.unwrap();
        let id = store.insert_dataset(1, &DatasetInput { name: "Deleted".into(), ..DatasetInput::default() }).await.unwrap();
        store.delete_dataset(id, false).await.unwrap();
        Deleted { _folder: folder, store, id, at: Utc::now() }
    }

    #[tokio::test]
    async fn a_clock_jump_deletes_nothing() {
        let Deleted { _folder, store, id, at } = deleted().await;
        // Years ahead for some starts, back, before any valid time, ahead again.
        for days in [3650, 3651, 3652, 0, -9000, 1, 400, 401, 2] {
            assert_eq!(store.housekeeping(at + DAY * days).await.unwrap(), 0, "{days}");
        }
        store.undelete_dataset(id).await.unwrap();
    }

    #[tokio::test]
    async fn deleted_datasets_are_removed_after_the_retention_time() {
        let Deleted { _folder, store, at, .. } = deleted().await;
        for day in 1..=30 {
            assert_eq!(store.housekeeping(at + DAY * day - TimeDelta::hours(1)).await.unwrap(), 0, "{day}");
        }
        assert_eq!(store.housekeeping(at + DAY * 31).await.unwrap(), 1);
    }

    /// With a clock that is ten years ahead from the first day on; and if nobody started the
    /// program for a year.
    #[tokio::test]
    async fn deleted_datasets_are_removed_in_time_even_if_the_clock_stays_wrong() {
        for ahead in [3650, 365] {
            let Deleted { _folder, store, at, .. } = deleted().await;
            for day in 1..=30 {
                assert_eq!(store.housekeeping(at + DAY * (ahead + day)).await.unwrap(), 0, "{day}");
            }
            assert_eq!(store.housekeeping(at + DAY * (ahead + 32)).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn datasets_deleted_while_the_clock_was_ahead_are_removed_too() {
        let Deleted { _folder, store, at, .. } = deleted().await;
        store.housekeeping(at + DAY * 3650).await.unwrap();
        let id = store.insert_dataset(1, &DatasetInput { name: "Later".into(), ..DatasetInput::default() }).await.unwrap();
        store.delete_dataset(id, false).await.unwrap();
        let mut gone = 0;
        for day in 0..32 {
            gone += store.housekeeping(at + DAY * day).await.unwrap();
        }
        assert_eq!(gone, 2);
    }
}
