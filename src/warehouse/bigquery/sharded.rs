//! Tables that are sharded by date: `events_20240101`, `events_20240102` … are read as one wildcard
//! table, `events_*`, whose pseudo-column `_TABLE_SUFFIX` holds the date of each row's table.
//! <https://cloud.google.com/bigquery/docs/querying-wildcard-tables>

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::NaiveDate;

use crate::domain::name::TableName;
use crate::domain::schema::{Column, ColumnType, Mode, Partition, TableInfo, TableKind};

/// The pseudo-column with the part of a table's name that the wildcard stands for.
pub(super) const SUFFIX: &str = "_TABLE_SUFFIX";
/// Tables of one name and different dates are a sharded table from so many on: one alone may be a
/// copy of that day.
const MIN_SHARDS: usize = 2;
/// How long the shards of a table count as known. Each may be one of thousands, and a table is read
/// several times for one page.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// `events_` of `events_20240101`.
pub(super) fn prefix_of(id: &str) -> Option<&str> {
    let (prefix, date) = id.split_at_checked(id.len().checked_sub(8)?)?;
    let is_date = date.bytes().all(|byte| byte.is_ascii_digit()) && NaiveDate::parse_from_str(date, "%Y%m%d").is_ok();
    (is_date && prefix.len() > 1 && prefix.ends_with('_')).then_some(prefix)
}

/// `events_` of `events_*`.
pub(super) fn wildcard_prefix(id: &str) -> Option<&str> {
    id.strip_suffix('*').filter(|prefix| !prefix.is_empty())
}

/// Tables with their shards as one. Views cannot be read by a wildcard and stay as they are.
pub(super) fn grouped(infos: Vec<TableInfo>) -> Vec<TableInfo> {
    let mut shards: BTreeMap<String, Vec<TableInfo>> = BTreeMap::new();
    let mut all = vec![];
    for info in infos {
        match prefix_of(info.name.table()).filter(|_| info.kind == TableKind::Table) {
            Some(prefix) => shards.entry(prefix.to_owned()).or_default().push(info),
            None => all.push(info),
        }
    }
    for (prefix, shards) in shards {
        let name = shards.first().and_then(|shard| TableName::new(shard.name.dataset(), &format!("{prefix}*")).ok());
        match name.filter(|_| shards.len() >= MIN_SHARDS).and_then(|name| together(name, &shards)) {
            Some(group) => all.push(group),
            None => all.extend(shards),
        }
    }
    all
}

/// The shards of a table as one: rows and bytes of all, columns of the newest, as BigQuery reads
/// them. `None` if there is none.
pub(super) fn together(name: TableName, shards: &[TableInfo]) -> Option<TableInfo> {
    let newest = shards.iter().max_by(|a, b| a.name.cmp(&b.name))?;
    let sum = |of: fn(&TableInfo) -> Option<u64>| shards.iter().map(of).try_fold(0u64, |sum, one| Some(sum.saturating_add(one?)));
    let clustered = newest.partition.as_ref().is_some_and(|partition| partition.clustered);
    Some(TableInfo {
        name,
        kind: TableKind::Table,
        rows: sum(|shard| shard.rows),
        bytes: sum(|shard| shard.bytes),
        columns: newest.columns.map(|columns| columns.saturating_add(1)),
        last_modified: shards.iter().filter_map(|shard| shard.last_modified).max(),
        // The wildcard also stands for names that are no dates, such as events_intraday_20240101.
        partition: Some(Partition { column: SUFFIX.into(), filter_required: true, clustered }),
        problem: newest.problem.clone(),
    })
}

/// The column with the date of each row's table.
pub(super) fn suffix_column() -> Option<Column> {
    let description = Some("The date of the row's table, as 20240131.".to_owned());
    Some(Column { name: SUFFIX.parse().ok()?, column_type: ColumnType::String, mode: Mode::Required, description })
}

/// Identifies the content of shards.
pub(super) fn state(shards: &[TableInfo]) -> Option<String> {
    let names = || shards.iter().map(|shard| shard.name.table());
    let modified = shards.iter().map(|shard| shard.last_modified).collect::<Option<Vec<_>>>()?;
    let newest = modified.iter().max()?;
    let rows: Option<u64> = shards.iter().map(|shard| shard.rows).try_fold(0u64, |sum, rows| Some(sum.saturating_add(rows?)));
    Some(format!("{} {:?} {:?} {} {rows:?}", shards.len(), names().min(), names().max(), newest.timestamp_millis()))
}

/// The shards of wildcard tables that were read lately.
#[derive(Clone, Default)]
pub(super) struct KnownShards(Arc<Mutex<HashMap<String, (Instant, Shards)>>>);

/// The shards of one table.
pub(super) type Shards = Arc<Vec<TableInfo>>;

impl KnownShards {
    pub fn get(&self, prefix: &str) -> Option<Shards> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(prefix).filter(|(since, _)| since.elapsed() < KNOWN_FOR).map(|(_, shards)| shards.clone())
    }

    pub fn insert(&self, prefix: &str, shards: Shards) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (since, _)| since.elapsed() < KNOWN_FOR);
        known.insert(prefix.to_owned(), (Instant::now(), shards));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_at_the_end_of_a_name_make_shards() {
        for (id, prefix) in [
            ("events_20240101", Some("events_")),
            ("events_intraday_20240229", Some("events_intraday_")),
            ("größe_20240101", Some("größe_")),
            ("events_20240230", None),
            ("events_2024010", None),
            ("events20240101", None),
            ("order_12345678", None),
            ("_20240101", None),
            ("20240101", None),
            ("é", None),
        ] {
            assert_eq!(prefix_of(id), prefix, "{id}");
        }
        assert_eq!(
            (wildcard_prefix("events_*"), wildcard_prefix("events_"), wildcard_prefix("*")),
            (Some("events_"), None, None)
        );
    }
}
