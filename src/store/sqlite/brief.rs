//! What a card shows of an analysis.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{StoreError, read_time};
use crate::domain::analysis::{AnalysisBrief, Grade};

/// The columns of a brief, in every query that reads one; the table is `a`.
macro_rules! brief_columns {
    () => {
        "a.score, a.leaks, a.made_at, a.config_hash AS analyzed_hash"
    };
}
pub(super) use brief_columns;

/// The analysis of a card, where there is one.
pub(super) fn read_brief(row: &SqliteRow) -> Result<Option<AnalysisBrief>, StoreError> {
    let Some(score) = row.try_get::<Option<u32>, _>("score")? else { return Ok(None) };
    Ok(Some(AnalysisBrief {
        score,
        grade: Grade::of(score),
        leaks: row.try_get("leaks")?,
        made_at: read_time(row.try_get("made_at")?)?,
        stale: row.try_get::<&str, _>("analyzed_hash")? != row.try_get::<&str, _>("config_hash")?,
    }))
}
