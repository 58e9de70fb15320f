//! Suggested joins and roles. Join statistics are queried on request, one query per two tables, and
//! cached until one of the tables changes.

use std::ops::Add;

use futures::future::join_all;
use futures::stream;
use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::cpu::{HEAVY_PARTS, compute};
use super::queries::run_within;
use super::{App, RequestContext, ServiceError};
use crate::domain::cost::{Cost, Estimate, Price};
use crate::domain::dto::Model;
use crate::domain::joins::{
    Candidate, JoinDetection, KeyStatistics, MAX_COLUMNS, MAX_TABLES, PairQuery, ResolvedJoins, Verification, VerifyEstimate,
    detect, float_keys, pair_queries, propose, resolve, verify_candidates,
};
use crate::domain::name::TableName;
use crate::domain::roles::{RoleSuggestions, suggest};
use crate::domain::schema::TableSchema;
use crate::domain::sql::{join_statistics_query, read_join_statistics};
use crate::domain::statistics::TableStatistics;
use crate::warehouse::{Limits, LiveTable, Warehouse, WarehouseError};

/// Maximum number of pairs of tables per request.
const MAX_PAIRS: usize = 400;

/// Maximum number of keys of two tables that one query compares.
const MAX_LISTS: usize = 100;

/// Join statistics of two tables, as cached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredCounts {
    #[serde(rename = "evidence")]
    pub(super) statistics: Vec<Option<KeyStatistics>>,
    bytes: Option<u64>,
}

impl App {
    /// Joins of tables, by names and types; with `verify`, checked with the data. The first table
    /// is the primary. Tables are given by their ids (`orders`) or full names (`raw_data.orders`).
    pub async fn detect_joins(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        tables: &[String],
        verify: bool,
    ) -> Result<JoinDetection, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let live = self.requested_tables(&model, tables).await?;
        let statistics = self.cached_statistics(&model, &live).await?;
        let heavy = is_heavy(&live);
        if !verify {
            let schemas = schemas_of(live);
            let named = move || JoinDetection {
                resolved: detect(&schemas, &statistics),
                verification: None,
                notes: float_keys(&schemas),
            };
            return Ok(compute(heavy, named).await);
        }
        let (live, schemas, candidates, queries) = planned(live, statistics).await?;
        let warehouse = self.warehouse_of(&model).await?;
        // No more at a time than may run: none of them should wait for a permit longer than the
        // others take.
        let counting: Vec<_> = queries.iter().map(|query| self.counted(ctx, &model, &*warehouse, &live, query)).collect();
        let counted = stream::iter(counting).buffered(self.settings().scans.max(1)).try_collect().await?;
        let price = self.price_in(&*warehouse);
        Ok(compute(heavy, move || detection(&schemas, candidates, &queries, counted, price)).await)
    }

    /// What [`App::detect_joins`] with `verify` would read, by dry runs.
    pub async fn joins_estimate(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        tables: &[String],
    ) -> Result<VerifyEstimate, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let live = self.requested_tables(&model, tables).await?;
        let statistics = self.cached_statistics(&model, &live).await?;
        let (live, schemas, _, queries) = planned(live, statistics).await?;
        let warehouse = self.warehouse_of(&model).await?;
        let mut open = vec![];
        for query in &queries {
            let (left, right) = (&live[query.left], &live[query.right]);
            if self.cache_get::<StoredCounts>(&App::cache_key(&model, "join", &query.on, &[left, right])).await?.is_none() {
                open.push(query);
            }
        }
        let total = estimate(&*warehouse, &schemas, &open, self.price_in(&*warehouse)).await?;
        Ok(VerifyEstimate { pairs: queries.len() as u32, ..total })
    }

    /// Columns for the roles of a dataset over these tables; the first is the primary.
    pub async fn suggest_columns(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        tables: &[String],
    ) -> Result<RoleSuggestions, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let live = self.requested_tables(&model, tables).await?;
        let statistics = self.cached_statistics(&model, &live).await?;
        let (heavy, schemas) = (is_heavy(&live), schemas_of(live));
        Ok(compute(heavy, move || suggest(&schemas, &statistics)).await)
    }

    /// The requested tables, as they are now.
    pub(super) async fn requested_tables(&self, model: &Model, tables: &[String]) -> Result<Vec<LiveTable>, ServiceError> {
        if tables.is_empty() {
            return Err(ServiceError::BadRequest("List the tables to join in tables, the primary table first.".into()));
        }
        if tables.len() > MAX_TABLES {
            return Err(ServiceError::BadRequest(format!(
                "At most {MAX_TABLES} tables at a time: list only those that you want to join."
            )));
        }
        let mut names: Vec<TableName> = vec![];
        for table in tables {
            let name = self.short_or_full_name(table)?;
            if names.contains(&name) {
                return Err(ServiceError::BadRequest(format!("{name} is listed twice: list each table once.")));
            }
            names.push(name);
        }
        let live = self.live_tables(model, &names).await?;
        few_columns(live.iter().map(|table| &table.schema))?;
        Ok(live)
    }

    /// The cached join statistics of two tables, or newly queried ones; the reason if the failure
    /// concerns only these two tables.
    pub(super) async fn counted(
        &self,
        ctx: &RequestContext,
        model: &Model,
        warehouse: &dyn Warehouse,
        live: &[LiveTable],
        query: &PairQuery,
    ) -> Result<KeyCounts, ServiceError> {
        let (left, right) = (&live[query.left], &live[query.right]);
        let find = async {
            let _permit = self.scan().await?;
            count(warehouse, &left.schema, &right.schema, query, &self.limits(MAX_ROWS)).await
        };
        match self.cache_get_or_compute(ctx, &App::cache_key(model, "join", &query.on, &[left, right]), find).await {
            Ok(found) => Ok(KeyCounts { counted: Ok(found.value), ran: !found.cached }),
            Err(error) => Ok(KeyCounts { counted: Err(of_one_pair(error)?), ran: true }),
        }
    }
}

/// Refuses tables with more columns together than can be compared, whatever the request.
fn few_columns<'a>(schemas: impl Iterator<Item = &'a TableSchema>) -> Result<(), ServiceError> {
    let columns: usize = schemas.map(|schema| schema.columns.len()).sum();
    match columns > MAX_COLUMNS {
        true => Err(ServiceError::BadRequest(format!(
            "These tables have {columns} columns together, the maximum is {MAX_COLUMNS}: list fewer tables."
        ))),
        false => Ok(()),
    }
}

fn is_heavy(live: &[LiveTable]) -> bool {
    live.iter().map(|table| table.schema.columns.len()).sum::<usize>() >= HEAVY_PARTS
}

fn schemas_of(live: Vec<LiveTable>) -> Vec<TableSchema> {
    live.into_iter().map(|table| table.schema).collect()
}

type Planned = (Vec<LiveTable>, Vec<TableSchema>, Vec<Candidate>, Vec<PairQuery>);

/// The result of [`plan`], with its tables.
async fn planned(live: Vec<LiveTable>, statistics: TableStatistics) -> Result<Planned, ServiceError> {
    let heavy = is_heavy(&live);
    let planning = move || {
        let schemas: Vec<TableSchema> = live.iter().map(|table| table.schema.clone()).collect();
        let (candidates, queries) = plan(&schemas, &statistics)?;
        Ok((live, schemas, candidates, queries))
    };
    compute(heavy, planning).await
}

/// More rows than any result has: two for each list of column pairs.
const MAX_ROWS: usize = 10_000;

pub(super) struct KeyCounts {
    pub(super) counted: Result<StoredCounts, String>,
    ran: bool,
}

impl PairQuery {
    /// How many tables its query reads.
    fn tables(&self) -> usize {
        if self.left == self.right { 1 } else { 2 }
    }
}

/// Joins of tables without a store, for the command line. Queries the warehouse if `verify` is set.
pub async fn find_joins(
    warehouse: &dyn Warehouse,
    schemas: &[TableSchema],
    verify: bool,
    limits: &Limits,
) -> Result<JoinDetection, ServiceError> {
    few_columns(schemas.iter())?;
    if !verify {
        let resolved = detect(schemas, &TableStatistics::default());
        return Ok(JoinDetection { resolved, verification: None, notes: float_keys(schemas) });
    }
    let (candidates, queries) = plan(schemas, &TableStatistics::default())?;
    let mut counted = vec![];
    for query in &queries {
        let found = count(warehouse, &schemas[query.left], &schemas[query.right], query, limits).await;
        let found = match found {
            Ok(counted) => Ok(counted),
            Err(error) => Err(of_one_pair(error)?),
        };
        counted.push(KeyCounts { counted: found, ran: true });
    }
    Ok(detection(schemas, candidates, &queries, counted, None))
}

/// What these queries would read and cost, by dry runs.
pub(super) async fn estimate(
    warehouse: &dyn Warehouse,
    schemas: &[TableSchema],
    open: &[&PairQuery],
    price: Option<Price>,
) -> Result<VerifyEstimate, ServiceError> {
    let dry = async |query: &&PairQuery| warehouse.dry_run(&sql(warehouse, schemas, query)).await;
    let mut total = Estimate::nothing(price);
    for (query, dry) in open.iter().zip(join_all(open.iter().map(dry)).await) {
        match dry {
            Ok(dry) => total = total + dry.estimate(query.tables(), price),
            // A query that cannot run costs nothing.
            Err(error) => drop(of_one_pair(error.into())?),
        }
    }
    let queries = open.len() as u32;
    Ok(VerifyEstimate { pairs: queries, queries, estimate: total })
}

/// The plausible joins, and the queries that verify them.
fn plan(schemas: &[TableSchema], statistics: &TableStatistics) -> Result<(Vec<Candidate>, Vec<PairQuery>), ServiceError> {
    let candidates = propose(schemas, statistics);
    let queries = pair_queries(&order(schemas), &candidates);
    if let Some(query) = queries.iter().find(|query| query.on.len() > MAX_LISTS) {
        let (left, right) = (&schemas[query.left].table, &schemas[query.right].table);
        return Err(ServiceError::BadRequest(format!(
            "{left} and {right} can be joined in {} ways, the maximum to verify is {MAX_LISTS}: set verify to false.",
            query.on.len()
        )));
    }
    if queries.len() > MAX_PAIRS {
        return Err(ServiceError::BadRequest(format!(
            "{} pairs of these tables need verification, the maximum is {MAX_PAIRS}: list fewer tables, or set verify to false.",
            queries.len()
        )));
    }
    Ok((candidates, queries))
}

fn order(schemas: &[TableSchema]) -> Vec<TableName> {
    schemas.iter().map(|schema| schema.table.clone()).collect()
}

fn sql(warehouse: &dyn Warehouse, schemas: &[TableSchema], query: &PairQuery) -> String {
    join_statistics_query(warehouse.project(), &schemas[query.left], &schemas[query.right], &query.on)
}

async fn count(
    warehouse: &dyn Warehouse,
    left: &TableSchema,
    right: &TableSchema,
    query: &PairQuery,
    limits: &Limits,
) -> Result<StoredCounts, ServiceError> {
    let sql = join_statistics_query(warehouse.project(), left, right, &query.on);
    let rows = run_within(warehouse, &sql, limits).await?;
    Ok(StoredCounts { statistics: read_join_statistics(&rows, query.on.len()), bytes: rows.bytes_processed })
}

/// The text of an error that concerns only these tables; the error itself if it concerns all.
fn of_one_pair(error: ServiceError) -> Result<String, ServiceError> {
    use WarehouseError::*;
    match error {
        ServiceError::Warehouse(error @ (NoTable(_) | Unreadable { .. } | Query(_) | Timeout(_) | Resources(_))) => {
            Ok(error.to_string())
        }
        error => Err(error),
    }
}

/// Resolves the candidates, and sums up the cost.
fn detection(
    schemas: &[TableSchema],
    candidates: Vec<Candidate>,
    queries: &[PairQuery],
    answers: Vec<KeyCounts>,
    price: Option<Price>,
) -> JoinDetection {
    let ran = || queries.iter().zip(&answers).filter(|(_, answer)| answer.ran);
    let bytes = |answer: &KeyCounts| answer.counted.as_ref().map_or(Some(0), |counted| counted.bytes);
    let costs = ran().map(|(query, answer)| Cost::of(bytes(answer), query.tables(), price));
    let Cost { bytes, price_usd } = costs.fold(Cost::nothing(price), Add::add);
    let verification = Verification {
        pairs: queries.len() as u32,
        queries: ran().count() as u32,
        cached: ran().count() == 0,
        bytes_processed: bytes,
        price_usd,
    };
    let counted: Vec<_> = answers.into_iter().map(|answer| answer.counted.map(|counted| counted.statistics)).collect();
    let resolved: ResolvedJoins = resolve(&order(schemas), verify_candidates(candidates, queries, &counted));
    JoinDetection { resolved, verification: Some(verification), notes: float_keys(schemas) }
}
