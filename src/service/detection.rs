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
use crate::domain::joins::{
    Candidate, Evidence, JoinDetection, MAX_COLUMNS, MAX_TABLES, PairQuestion, Settled, Verification, VerifyEstimate, detect,
    propose, questions, settle, weigh_all,
};
use crate::domain::name::TableName;
use crate::domain::record::Model;
use crate::domain::roles::{RoleSuggestions, suggest};
use crate::domain::schema::TableSchema;
use crate::domain::sql::{evidence_query, read_evidence};
use crate::domain::statistics::TableStatistics;
use crate::warehouse::{Limits, LiveTable, Warehouse, WarehouseError};

/// Maximum number of pairs of tables per request.
const MAX_PAIRS: usize = 400;

/// Maximum number of keys of two tables that one query compares.
const MAX_LISTS: usize = 100;

/// Join statistics of two tables, as cached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredCounts {
    pub(super) evidence: Vec<Option<Evidence>>,
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
        let live = self.asked_tables(&model, tables).await?;
        let facts = self.known_facts(&model, &live).await?;
        let heavy = is_heavy(&live);
        if !verify {
            let schemas = schemas_of(live);
            let settled = compute(heavy, move || detect(&schemas, &facts)).await;
            return Ok(JoinDetection { settled, verification: None });
        }
        let (live, schemas, candidates, questions) = planned(live, facts).await?;
        let warehouse = self.warehouse_of(&model).await?;
        // No more at a time than may run: none of them should wait for a permit longer than the
        // others take.
        let asking: Vec<_> = questions.iter().map(|question| self.counted(ctx, &model, &*warehouse, &live, question)).collect();
        let counted = stream::iter(asking).buffered(self.settings().scans.max(1)).try_collect().await?;
        let price = self.price_in(&*warehouse);
        Ok(compute(heavy, move || told(&schemas, candidates, &questions, counted, price)).await)
    }

    /// What [`App::detect_joins`] with `verify` would read, by dry runs.
    pub async fn joins_estimate(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        tables: &[String],
    ) -> Result<VerifyEstimate, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let live = self.asked_tables(&model, tables).await?;
        let facts = self.known_facts(&model, &live).await?;
        let (live, schemas, _, questions) = planned(live, facts).await?;
        let warehouse = self.warehouse_of(&model).await?;
        let mut open = vec![];
        for question in &questions {
            let (left, right) = (&live[question.left], &live[question.right]);
            if self.cache_get::<StoredCounts>(&App::cache_key(&model, "join", &question.on, &[left, right])).await?.is_none() {
                open.push(question);
            }
        }
        let total = estimate(&*warehouse, &schemas, &open, self.price_in(&*warehouse)).await?;
        Ok(VerifyEstimate { pairs: questions.len() as u32, ..total })
    }

    /// Columns for the roles of a dataset over these tables; the first is the primary.
    pub async fn suggest_columns(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        tables: &[String],
    ) -> Result<RoleSuggestions, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let live = self.asked_tables(&model, tables).await?;
        let facts = self.known_facts(&model, &live).await?;
        let (heavy, schemas) = (is_heavy(&live), schemas_of(live));
        Ok(compute(heavy, move || suggest(&schemas, &facts)).await)
    }

    /// The requested tables, as they are now.
    pub(super) async fn asked_tables(&self, model: &Model, tables: &[String]) -> Result<Vec<LiveTable>, ServiceError> {
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
        question: &PairQuestion,
    ) -> Result<KeyCounts, ServiceError> {
        let (left, right) = (&live[question.left], &live[question.right]);
        let find = async {
            let _turn = self.scan().await?;
            count(warehouse, &left.schema, &right.schema, question, &self.limits(MAX_ROWS)).await
        };
        match self.cache_get_or_compute(ctx, &App::cache_key(model, "join", &question.on, &[left, right]), find).await {
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

type Planned = (Vec<LiveTable>, Vec<TableSchema>, Vec<Candidate>, Vec<PairQuestion>);

/// The result of [`plan`], with its tables.
async fn planned(live: Vec<LiveTable>, facts: TableStatistics) -> Result<Planned, ServiceError> {
    let heavy = is_heavy(&live);
    let planning = move || {
        let schemas: Vec<TableSchema> = live.iter().map(|table| table.schema.clone()).collect();
        let (candidates, questions) = plan(&schemas, &facts)?;
        Ok((live, schemas, candidates, questions))
    };
    compute(heavy, planning).await
}

/// More rows than any result has: two for each list of column pairs.
const MAX_ROWS: usize = 10_000;

pub(super) struct KeyCounts {
    pub(super) counted: Result<StoredCounts, String>,
    ran: bool,
}

impl PairQuestion {
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
        return Ok(JoinDetection { settled: detect(schemas, &TableStatistics::default()), verification: None });
    }
    let (candidates, questions) = plan(schemas, &TableStatistics::default())?;
    let mut counted = vec![];
    for question in &questions {
        let found = count(warehouse, &schemas[question.left], &schemas[question.right], question, limits).await;
        let found = match found {
            Ok(counted) => Ok(counted),
            Err(error) => Err(of_one_pair(error)?),
        };
        counted.push(KeyCounts { counted: found, ran: true });
    }
    Ok(told(schemas, candidates, &questions, counted, None))
}

/// What these queries would read and cost, by dry runs.
pub(super) async fn estimate(
    warehouse: &dyn Warehouse,
    schemas: &[TableSchema],
    open: &[&PairQuestion],
    price: Option<Price>,
) -> Result<VerifyEstimate, ServiceError> {
    let dry = async |question: &&PairQuestion| warehouse.dry_run(&sql(warehouse, schemas, question)).await;
    let mut total = Estimate::nothing(price);
    for (question, dry) in open.iter().zip(join_all(open.iter().map(dry)).await) {
        match dry {
            Ok(dry) => total = total + dry.estimate(question.tables(), price),
            // A query that cannot run costs nothing.
            Err(error) => drop(of_one_pair(error.into())?),
        }
    }
    let queries = open.len() as u32;
    Ok(VerifyEstimate { pairs: queries, queries, estimate: total })
}

/// The plausible joins, and the queries that verify them.
fn plan(schemas: &[TableSchema], facts: &TableStatistics) -> Result<(Vec<Candidate>, Vec<PairQuestion>), ServiceError> {
    let candidates = propose(schemas, facts);
    let questions = questions(&order(schemas), &candidates);
    if let Some(question) = questions.iter().find(|question| question.on.len() > MAX_LISTS) {
        let (left, right) = (&schemas[question.left].table, &schemas[question.right].table);
        return Err(ServiceError::BadRequest(format!(
            "{left} and {right} can be joined in {} ways, the maximum to verify is {MAX_LISTS}: set verify to false.",
            question.on.len()
        )));
    }
    if questions.len() > MAX_PAIRS {
        return Err(ServiceError::BadRequest(format!(
            "{} pairs of these tables need verification, the maximum is {MAX_PAIRS}: list fewer tables, or set verify to false.",
            questions.len()
        )));
    }
    Ok((candidates, questions))
}

fn order(schemas: &[TableSchema]) -> Vec<TableName> {
    schemas.iter().map(|schema| schema.table.clone()).collect()
}

fn sql(warehouse: &dyn Warehouse, schemas: &[TableSchema], question: &PairQuestion) -> String {
    evidence_query(warehouse.project(), &schemas[question.left], &schemas[question.right], &question.on)
}

async fn count(
    warehouse: &dyn Warehouse,
    left: &TableSchema,
    right: &TableSchema,
    question: &PairQuestion,
    limits: &Limits,
) -> Result<StoredCounts, ServiceError> {
    let sql = evidence_query(warehouse.project(), left, right, &question.on);
    let rows = run_within(warehouse, &sql, limits).await?;
    Ok(StoredCounts { evidence: read_evidence(&rows, question.on.len()), bytes: rows.bytes_processed })
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
fn told(
    schemas: &[TableSchema],
    candidates: Vec<Candidate>,
    questions: &[PairQuestion],
    answers: Vec<KeyCounts>,
    price: Option<Price>,
) -> JoinDetection {
    let ran = || questions.iter().zip(&answers).filter(|(_, answer)| answer.ran);
    let bytes = |answer: &KeyCounts| answer.counted.as_ref().map_or(Some(0), |counted| counted.bytes);
    let costs = ran().map(|(question, answer)| Cost::of(bytes(answer), question.tables(), price));
    let Cost { bytes, price_usd } = costs.fold(Cost::nothing(price), Add::add);
    let verification = Verification {
        pairs: questions.len() as u32,
        queries: ran().count() as u32,
        cached: ran().count() == 0,
        bytes_processed: bytes,
        price_usd,
    };
    let counted: Vec<_> = answers.into_iter().map(|answer| answer.counted.map(|counted| counted.evidence)).collect();
    let settled: Settled = settle(&order(schemas), weigh_all(candidates, questions, &counted));
    JoinDetection { settled, verification: Some(verification) }
}
