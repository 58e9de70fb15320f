//! Column profiles: computed on request, and cached until the table changes.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::cache::{CacheKey, CacheResult};
use super::profile_parts::{FoundProfile, estimate_profile, find_profile};
use super::queries::MAX_SHOWN_CELL;
use super::{App, RequestContext, ServiceError, shown};
use crate::domain::cost::{Cost, Estimate};
use crate::domain::dto::Model;
use crate::domain::name::{ColumnName, same};
use crate::domain::profile::{ColumnProfile, ColumnValues, ProfileEstimate, ProfileMeta, TableProfile, ValueCount, unusable};
use crate::domain::schema::{Column, Mode, TableSchema};
use crate::domain::sql::profile::values;
use crate::domain::statistics::{ColumnStatistics, TableStatistics};
use crate::domain::value::{Rows, Value};
use crate::warehouse::{Limits, LiveTable};

/// Maximum number of columns per request: some statistics of a column take megabytes while they are
/// computed.
pub const MAX_COLUMNS: usize = 100;
/// Maximum number of values per request.
pub const MAX_VALUES: u32 = 100;
/// Maximum length of a search in characters.
const MAX_SEARCH: usize = 1000;

/// No query is needed, so no price is reported: there is nothing to agree to.
const NOTHING_TO_FIND: ProfileEstimate =
    ProfileEstimate { columns: 0, estimate: Estimate { bytes: Some(0), price_usd: None, upper_bound: false } };

/// The cached columns of a table: those requested so far.
#[derive(Debug, Default, Serialize, Deserialize)]
struct CachedProfile {
    rows: u64,
    columns: BTreeMap<String, CachedColumn>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CachedColumn {
    at: DateTime<Utc>,
    profile: ColumnProfile,
}

impl App {
    /// The profile of a table's columns, of all if none is named. Columns that are not cached are
    /// computed together. Those that cannot be read say why; that is not cached, since it may
    /// depend on permissions, which change without the table.
    pub async fn profile(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        table: &str,
        columns: Option<&[String]>,
    ) -> Result<TableProfile, ServiceError> {
        let start = Instant::now();
        let model = self.model(ctx, model_id).await?;
        let live = self.live_table(&model, table).await?;
        let wanted = Wanted::of(&live.schema, columns)?;
        let key = profile_key(&model, &live);
        let mut entry: CachedProfile = self.cache_get(&key).await?.map(|found| found.value).unwrap_or_default();
        // Without a query no price is reported.
        let mut cost = Cost::nothing(None);
        let mut failed: BTreeMap<String, ColumnProfile> = BTreeMap::new();
        let cached = wanted.missing(&entry).is_empty();
        self.metrics().cache_lookup(key.kind, cached);
        if !cached {
            let lock = self.in_flight_lock(&key);
            let _alone = lock.lock().await;
            // Another request may have computed them meanwhile.
            entry = self.cache_get(&key).await?.map(|found| found.value).unwrap_or_default();
            let missing = wanted.missing(&entry);
            if !missing.is_empty() {
                let warehouse = self.warehouse_of(&model).await?;
                let _permit = self.scan().await?;
                let found = find_profile(&*warehouse, &live, &missing, &self.limits(1), self.settings().price).await?;
                let FoundProfile { rows, columns, failed: names, cost: paid } = found;
                cost = paid;
                let at = Utc::now();
                entry.rows = rows;
                for profile in columns {
                    let name = profile.name.clone();
                    match names.contains(&name) {
                        true => drop(failed.insert(name, profile)),
                        false => drop(entry.columns.insert(name, CachedColumn { at, profile })),
                    }
                }
                if failed.len() < missing.len() {
                    self.cache_insert(ctx, &key, &entry).await?;
                }
            }
        }
        let columns = wanted.profiles(&entry, &failed);
        let times = wanted.columns.iter().filter_map(|column| entry.columns.get(column.name.as_str()));
        let meta = ProfileMeta {
            rows: entry.rows,
            cached,
            at: times.map(|cached| cached.at).min().unwrap_or_else(Utc::now),
            bytes: cost.bytes,
            price_usd: cost.price_usd,
            seconds: start.elapsed().as_secs_f64(),
        };
        Ok(TableProfile { columns, meta })
    }

    /// What a profile of these columns would read, by dry runs; nothing if all are cached.
    pub async fn profile_estimate(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        table: &str,
        columns: Option<&[String]>,
    ) -> Result<ProfileEstimate, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let live = self.live_table(&model, table).await?;
        let wanted = Wanted::of(&live.schema, columns)?;
        let found: Option<CacheResult<CachedProfile>> = self.cache_get(&profile_key(&model, &live)).await?;
        let missing = wanted.missing(&found.map(|found| found.value).unwrap_or_default());
        if missing.is_empty() {
            return Ok(NOTHING_TO_FIND);
        }
        let warehouse = self.warehouse_of(&model).await?;
        let price = self.settings().price;
        let (columns, estimate) = estimate_profile(&*warehouse, &live, &missing, &self.limits(1), price).await?;
        Ok(ProfileEstimate { columns, estimate })
    }

    /// The most frequent values of a column whose text contains `search` in any case. Cached until
    /// the table changes.
    pub async fn column_values(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        table: &str,
        column: &str,
        search: Option<&str>,
        limit: u32,
    ) -> Result<ColumnValues, ServiceError> {
        let search = checked_search(search, limit)?;
        let model = self.model(ctx, model_id).await?;
        let live = self.live_table(&model, table).await?;
        let column = with_values(&live.schema, column)?;
        let key = values_key(&model, &live, column, search, limit);
        let find = async {
            let warehouse = self.warehouse_of(&model).await?;
            // One more, to know whether there are more.
            let sql = values(warehouse.project(), &live.schema, column, search, limit + 1);
            let limits = Limits { max_cell: Some(MAX_SHOWN_CELL), ..self.limits(limit as usize + 1) };
            let Rows { rows, cut_cells, truncated, .. } = self.run_limited(&model, &sql, &limits).await?;
            let complete = rows.len() <= limit as usize && !truncated;
            let value = |(position, mut row): (usize, Vec<Value>)| {
                let count = row.pop()?.as_i64().and_then(|count| u64::try_from(count).ok())?;
                let length = cut_cells.iter().find(|cut| cut.row as usize == position).map(|cut| cut.length);
                Some(ValueCount { value: row.pop()?, count, length })
            };
            let values = rows.into_iter().enumerate().filter_map(value).take(limit as usize);
            Ok(ColumnValues { values: values.collect(), complete })
        };
        Ok(self.cache_get_or_compute(ctx, &key, find).await?.value)
    }

    /// What looking up values would read, by a dry run; nothing if they are cached.
    pub async fn values_estimate(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        table: &str,
        column: &str,
        search: Option<&str>,
        limit: u32,
    ) -> Result<ProfileEstimate, ServiceError> {
        let search = checked_search(search, limit)?;
        let model = self.model(ctx, model_id).await?;
        let live = self.live_table(&model, table).await?;
        let column = with_values(&live.schema, column)?;
        let key = values_key(&model, &live, column, search, limit);
        if self.cache_get::<ColumnValues>(&key).await?.is_some() {
            return Ok(NOTHING_TO_FIND);
        }
        let warehouse = self.warehouse_of(&model).await?;
        let sql = values(warehouse.project(), &live.schema, column, search, limit + 1);
        let estimate = warehouse.dry_run(&sql).await?.estimate(1, self.price_in(&*warehouse));
        Ok(ProfileEstimate { columns: 1, estimate })
    }

    async fn live_table(&self, model: &Model, table: &str) -> Result<LiveTable, ServiceError> {
        let name = self.short_or_full_name(table)?;
        Ok(self.warehouse_of(model).await?.table(&name).await?)
    }

    /// The cached statistics of tables' columns, without a request to the warehouse.
    pub(super) async fn cached_statistics(&self, model: &Model, tables: &[LiveTable]) -> Result<TableStatistics, ServiceError> {
        let mut statistics = TableStatistics::default();
        for table in tables {
            let Some(found) = self.cache_get::<CachedProfile>(&profile_key(model, table)).await? else { continue };
            let CachedProfile { rows, columns } = found.value;
            for column in &table.schema.columns {
                let found = columns.get(column.name.as_str()).and_then(|cached| statistics_of(rows, &cached.profile));
                if let Some(found) = found {
                    statistics.add(table.schema.table.clone(), column.name.clone(), found);
                }
            }
        }
        Ok(statistics)
    }
}

/// The search text, within its limits; `None` if it is empty.
fn checked_search(search: Option<&str>, limit: u32) -> Result<Option<&str>, ServiceError> {
    if !(1..=MAX_VALUES).contains(&limit) {
        return Err(ServiceError::BadRequest(format!("limit must be a number from 1 to {MAX_VALUES}.")));
    }
    let search = search.map(str::trim).filter(|search| !search.is_empty());
    match search.is_some_and(|search| search.chars().count() > MAX_SEARCH) {
        true => Err(ServiceError::BadRequest(format!("search must have at most {MAX_SEARCH} characters."))),
        false => Ok(search),
    }
}

/// A column whose values can be listed.
fn with_values<'a>(table: &'a TableSchema, column: &str) -> Result<&'a Column, ServiceError> {
    let column = find(table, column)?;
    if column.mode == Mode::Repeated {
        let reason = format!("{} holds arrays: unnest them in a view first.", column.name);
        return Err(ServiceError::BadRequest(reason));
    }
    match column.column_type.unsupported() {
        Some(reason) => Err(ServiceError::BadRequest(format!("{} is {reason}.", column.name))),
        None => Ok(column),
    }
}

fn values_key(model: &Model, live: &LiveTable, column: &Column, search: Option<&str>, limit: u32) -> CacheKey {
    App::cache_key(model, "values", &(&column.name, search, limit), &[live])
}

/// Estimates count only if the column is clearly not unique: close to one value per row they could
/// be off.
fn statistics_of(rows: u64, profile: &ColumnProfile) -> Option<ColumnStatistics> {
    let distinct = profile.cardinality?;
    let is_sure = profile.cardinality_is_exact || profile.uniqueness.is_some_and(|uniqueness| uniqueness < 0.9);
    is_sure.then_some(ColumnStatistics { rows, nulls: profile.null_count, distinct })
}

fn profile_key(model: &Model, live: &LiveTable) -> CacheKey {
    App::cache_key(model, "profile", &(), &[live])
}

/// The columns of a request.
struct Wanted<'a> {
    columns: Vec<&'a Column>,
    /// With the reasons.
    unusable: Vec<&'a (String, String)>,
}

impl<'a> Wanted<'a> {
    /// Columns of a table by name, each once, in the order requested; all if none is named.
    fn of(table: &'a TableSchema, names: Option<&[String]>) -> Result<Self, ServiceError> {
        let mut wanted = Self { columns: vec![], unusable: vec![] };
        match names {
            None => {
                wanted.columns = table.columns.iter().collect();
                wanted.unusable = table.unusable.iter().collect();
            }
            Some(names) => {
                if names.len() > MAX_COLUMNS {
                    return Err(ServiceError::BadRequest(format!("Select at most {MAX_COLUMNS} columns at a time.")));
                }
                for name in names {
                    match table.unusable.iter().find(|(unusable, _)| same(unusable, name)) {
                        Some(column) => wanted.unusable.push(column),
                        None => wanted.columns.push(find(table, name)?),
                    }
                }
                let mut seen: Vec<&ColumnName> = vec![];
                wanted.columns.retain(|column| {
                    let new = !seen.contains(&&column.name);
                    seen.push(&column.name);
                    new
                });
            }
        }
        match wanted.columns.len() > MAX_COLUMNS {
            true => Err(ServiceError::BadRequest(format!(
                "{} has {} columns: select at most {MAX_COLUMNS} at a time.",
                table.table,
                table.columns.len()
            ))),
            false => Ok(wanted),
        }
    }

    fn missing(&self, entry: &CachedProfile) -> Vec<&'a Column> {
        self.columns.iter().copied().filter(|column| !entry.columns.contains_key(column.name.as_str())).collect()
    }

    fn profiles(&self, entry: &CachedProfile, failed: &BTreeMap<String, ColumnProfile>) -> Vec<ColumnProfile> {
        let columns = self.columns.iter().filter_map(|column| {
            let name = column.name.as_str();
            entry.columns.get(name).map(|cached| &cached.profile).or_else(|| failed.get(name)).cloned()
        });
        columns.chain(self.unusable.iter().map(|(name, reason)| unusable(name, reason))).collect()
    }
}

fn find<'a>(table: &'a TableSchema, name: &str) -> Result<&'a Column, ServiceError> {
    let column = name.parse::<ColumnName>().ok().and_then(|name| table.column(&name));
    column.ok_or_else(|| ServiceError::NotFound(format!("{} has no column {}.", table.table, shown(name))))
}
