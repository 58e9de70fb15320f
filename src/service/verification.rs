//! Verification of a dataset's joins, however its keys were chosen: run if it is free or agreed to,
//! and cached until a table changes.

use futures::{StreamExt, TryStreamExt, stream};

use super::detection::{KeyCounts, StoredCounts, estimate};
use super::tables::within_limits;
use super::{App, RequestContext, ServiceError};
use crate::domain::dataset::{DatasetConfig, Join};
use crate::domain::joins::{JoinStatistics, KeyPair, PairQuery, VerifiedJoins};
use crate::domain::name::TableName;
use crate::domain::schema::TableSchema;
use crate::domain::validate::comparable;
use crate::warehouse::LiveTable;

impl App {
    /// Match rate, uniqueness and fan-out of each join that has keys. What is not cached is queried
    /// if that is free or `agreed`; otherwise its price is returned.
    pub async fn verify_joins(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        config: &DatasetConfig,
        agreed: bool,
    ) -> Result<VerifiedJoins, ServiceError> {
        within_limits(config)?;
        let model = self.model(ctx, model_id).await?;
        let mut names: Vec<String> = vec![];
        for (_, table) in config.sources() {
            let name = table.to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let joins: Vec<&Join> = config.join_config.iter().filter(|join| !join.on.is_empty()).collect();
        if joins.is_empty() {
            return Ok(VerifiedJoins::default());
        }
        let live = self.requested_tables(&model, &names).await?;
        let schemas: Vec<TableSchema> = live.iter().map(|table| table.schema.clone()).collect();
        let queries: Vec<Result<PairQuery, String>> = joins.iter().map(|join| query(config, &schemas, join)).collect();

        let warehouse = self.warehouse_of(&model).await?;
        let price = self.price_in(&*warehouse);
        let mut open = vec![];
        for query in queries.iter().flatten() {
            let tables: [&LiveTable; 2] = [&live[query.left], &live[query.right]];
            if self.cache_get::<StoredCounts>(&App::cache_key(&model, "join", &query.on, &tables)).await?.is_none() {
                open.push(query);
            }
        }
        let waiting = match price {
            Some(price) if !agreed && !open.is_empty() => estimate(&*warehouse, &schemas, &open, Some(price)).await?,
            _ => Default::default(),
        };
        let is_free = waiting.estimate.price_usd.is_none_or(|usd| usd <= 0.0);
        let count_pair = async |query: &Result<PairQuery, String>| match query {
            Err(reason) => Ok(Some(Err(reason.clone()))),
            Ok(query) if !is_free && open.contains(&query) => Ok(None),
            Ok(query) => {
                self.counted(ctx, &model, &*warehouse, &live, query).await.map(|KeyCounts { counted, .. }| Some(counted))
            }
        };
        let counting: Vec<_> = queries.iter().map(count_pair).collect();
        let counted: Vec<Option<Result<StoredCounts, String>>> =
            stream::iter(counting).buffered(self.settings().scans.max(1)).try_collect().await?;
        let statistics = |(join, counted): (&Join, Option<Result<StoredCounts, String>>)| {
            let (shares, error) = match counted {
                Some(Ok(counted)) => {
                    (counted.statistics.into_iter().flatten().next().map(|statistics| statistics.shares()), None)
                }
                Some(Err(reason)) => (None, Some(reason)),
                None => (None, None),
            };
            JoinStatistics { table: join.table.clone(), on: join.on.clone(), shares, error }
        };
        let joins = joins.into_iter().zip(counted).map(statistics).collect();
        Ok(VerifiedJoins { joins, open: if is_free { Default::default() } else { waiting } })
    }
}

/// The query about a join; or why there is none.
fn query(config: &DatasetConfig, schemas: &[TableSchema], join: &Join) -> Result<PairQuery, String> {
    let sources = config.sources();
    let table = |name| sources.iter().find(|(source, _)| source.same_as(name)).map(|(_, table)| *table);
    let unknown = || "Key columns are missing: the join cannot be verified.".to_owned();
    let first = join.on.first().ok_or_else(unknown)?;
    if join.on.iter().any(|key| !key.left.table.same_as(&first.left.table)) {
        return Err("Its left keys are in several tables: run an analysis to verify this join.".into());
    }
    let place = |table: &TableName| schemas.iter().position(|schema| schema.table == *table);
    let left = table(&first.left.table).and_then(place).ok_or_else(unknown)?;
    let right = table(&join.table).and_then(place).ok_or_else(unknown)?;
    let mut pairs = vec![];
    for key in &join.on {
        let sides = schemas[left].column(&key.left.column).zip(schemas[right].column(&key.right));
        let (l, r) = sides.filter(|(l, r)| l.is_scalar() && r.is_scalar()).ok_or_else(unknown)?;
        if !comparable(l.column_type, r.column_type) {
            return Err(unknown());
        }
        pairs.push(KeyPair { left: l.name.clone(), right: r.name.clone() });
    }
    pairs.sort_unstable();
    Ok(PairQuery { left, right, on: vec![pairs], candidates: vec![] })
}
