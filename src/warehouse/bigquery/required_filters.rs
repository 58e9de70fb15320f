//! Views over tables that BigQuery only reads with a filter on their partitions. Nothing in a
//! view's metadata says so: a dry run does, once for each version of the view.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::BigQuery;
use crate::domain::name::{TableName, same};
use crate::domain::schema::{Partition, TableKind, TableSchema};
use crate::warehouse::WarehouseError;

/// How long it counts as known: the tables below a view change without it.
const KNOWN_FOR: Duration = Duration::from_secs(600);

/// The columns that views have to be filtered by, by the views' names and versions.
#[derive(Clone, Default)]
pub(super) struct KnownFilters(Arc<Mutex<HashMap<Version, Known>>>);

/// A view, and when it was last modified.
type Version = (TableName, Option<String>);

/// When a column became known, and the column, if one is needed.
type Known = (Instant, Option<String>);

impl BigQuery {
    /// The partition that queries of a view have to filter by, if it has that column.
    pub(super) async fn filter_of_view(&self, schema: &TableSchema, kind: TableKind, version: Option<&str>) -> Option<Partition> {
        if !matches!(kind, TableKind::View | TableKind::MaterializedView) {
            return None;
        }
        let key = (schema.table.clone(), version.map(str::to_owned));
        let known = {
            let known = self.known_filters.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&key).filter(|(since, _)| since.elapsed() < KNOWN_FOR).map(|(_, column)| column.clone())
        };
        let column = match known {
            Some(column) => column,
            None => {
                let sql = format!("SELECT COUNT(*) AS row_count FROM `{}.{}`", self.project, schema.table);
                let column = match self.dry_run_job(&sql).await {
                    Ok(_) => None,
                    Err(WarehouseError::Query(message)) => column_of(&message, schema),
                    // Not known now, so asked again.
                    Err(_) => return None,
                };
                let mut known = self.known_filters.0.lock().unwrap_or_else(PoisonError::into_inner);
                known.retain(|_, (since, _)| since.elapsed() < KNOWN_FOR);
                known.insert(key, (Instant::now(), column.clone()));
                column
            }
        };
        Some(Partition { column: column?, filter_required: true, clustered: false })
    }
}

/// The columns that BigQuery's message says to filter by; `None` if it is about something else.
pub(super) fn required(message: &str) -> Option<Vec<&str>> {
    let (_, after) = message.split_once("without a filter over column(s) ")?;
    let columns = after.split_once(" that can be used").map_or(after, |(columns, _)| columns);
    let names = columns.split(',').map(|name| name.trim().trim_matches(['\'', '"', '`', '.'])).filter(|name| !name.is_empty());
    Some(names.collect())
}

/// The view's own spelling of the first of those columns that it has.
fn column_of(message: &str, schema: &TableSchema) -> Option<String> {
    let has = |name: &str| schema.columns.iter().find(|column| column.is_scalar() && same(column.name.as_str(), name));
    required(message)?.into_iter().find_map(has).map(|column| column.name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_to_filter_by_are_read_from_the_message() {
        let message = |columns: &str| {
            format!(
                "Cannot query over table 'p.d.t' without a filter over column(s) {columns} that can be used for partition elimination"
            )
        };
        assert_eq!(required(&message("'dt'")), Some(vec!["dt"]));
        assert_eq!(
            required(&message("'_PARTITION_LOAD_TIME', '_PARTITIONDATE'")),
            Some(vec!["_PARTITION_LOAD_TIME", "_PARTITIONDATE"])
        );
        assert_eq!(required("Syntax error"), None);
    }
}
