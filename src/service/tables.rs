//! The warehouse's tables, as a model sees them.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::cpu::{HEAVY_PARTS, compute};
use super::{App, RequestContext, ServiceError, TableProblems, shown};
use crate::domain::catalog::Catalog;
use crate::domain::dataset::{DatasetConfig, Role};
use crate::domain::dto::Model;
use crate::domain::field_error::FieldError;
use crate::domain::joins::potential_keys;
use crate::domain::limits;
use crate::domain::name::TableName;
use crate::domain::roles::suggested_roles;
use crate::domain::schema::{TableInfo, TableSchema};
use crate::domain::validate::validate;
use crate::warehouse::{Warehouse, WarehouseError};

/// Maximum number of schemas per request.
const MAX_SCHEMAS: usize = 100;

/// A table's schema, with what each column's name and type suggest.
pub struct DescribedTable {
    pub schema: TableSchema,
    /// The role that each column could have.
    pub roles: Vec<Option<Role>>,
    /// Whether each column could be a key.
    pub keys: Vec<bool>,
}

impl App {
    /// All tables, by name. Empty if the dataset is.
    pub async fn tables(&self, ctx: &RequestContext, model_id: i64) -> Result<Vec<TableInfo>, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        Ok(self.warehouse_of(&model).await?.tables().await?)
    }

    /// The schemas of tables, in the order requested.
    pub async fn schemas(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        tables: &[String],
    ) -> Result<Vec<TableSchema>, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        if tables.len() > MAX_SCHEMAS {
            return Err(ServiceError::BadRequest(format!("At most {MAX_SCHEMAS} tables at a time.")));
        }
        let names = tables.iter().map(|table| self.table_name(table)).collect::<Result<Vec<_>, _>>()?;
        let warehouse = self.warehouse_of(&model).await?;
        let schemas = join_all(names.iter().map(|name| warehouse.schema(name))).await;
        schemas.into_iter().map(|schema| Ok(schema?)).collect()
    }

    /// The schema of one table, by its id (`orders`) or its full name (`raw_data.orders`).
    pub async fn table_schema(&self, ctx: &RequestContext, model_id: i64, table: &str) -> Result<TableSchema, ServiceError> {
        let model = self.model(ctx, model_id).await?;
        let name = self.short_or_full_name(table)?;
        Ok(self.warehouse_of(&model).await?.schema(&name).await?)
    }

    /// A table's schema, and what its columns' names and types suggest.
    pub async fn described_table(
        &self,
        ctx: &RequestContext,
        model_id: i64,
        table: &str,
    ) -> Result<DescribedTable, ServiceError> {
        let schema = self.table_schema(ctx, model_id, table).await?;
        // Splitting names into words takes ten times as long as other work on a column.
        let heavy = schema.columns.len() >= HEAVY_PARTS / 10;
        let describe = move || DescribedTable { roles: suggested_roles(&schema), keys: potential_keys(&schema), schema };
        Ok(compute(heavy, describe).await)
    }

    /// A table by its id (`orders`) or its full name (`raw_data.orders`).
    pub(super) fn short_or_full_name(&self, table: &str) -> Result<TableName, ServiceError> {
        if table.contains('.') {
            return self.table_name(table);
        }
        TableName::new(&self.settings().dataset, table).map_err(|error| ServiceError::BadRequest(error.to_string()))
    }

    /// A table's name within the only dataset: the warehouse never gets a request for another.
    fn table_name(&self, text: &str) -> Result<TableName, ServiceError> {
        let name: TableName = text.parse().map_err(|error| ServiceError::BadRequest(format!("{}: {error}", shown(text))))?;
        match self.other_dataset(&name) {
            Some(reason) => Err(ServiceError::NotFound(reason)),
            None => Ok(name),
        }
    }

    fn other_dataset(&self, name: &TableName) -> Option<String> {
        other_dataset(&self.settings().dataset, name)
    }

    /// The live schemas of a config that fits them; otherwise its validation errors.
    pub(super) async fn checked_catalog(&self, model: &Model, config: &DatasetConfig) -> Result<Catalog, ServiceError> {
        checked_catalog(&*self.warehouse_of(model).await?, &self.settings().dataset, config).await
    }
}

fn other_dataset(dataset: &str, name: &TableName) -> Option<String> {
    (name.dataset() != dataset).then(|| format!("Tables must be in the dataset {dataset}."))
}

/// The live schemas of a config that fits them; otherwise its validation errors. Without a model,
/// for the command line.
pub async fn checked_catalog(warehouse: &dyn Warehouse, dataset: &str, config: &DatasetConfig) -> Result<Catalog, ServiceError> {
    within_limits(config)?;
    let (schemas, problems) = schemas(warehouse, dataset, config).await?;
    let columns: usize = schemas.iter().map(|schema| schema.columns.len()).sum();
    let project = warehouse.project().map(str::to_owned);
    let config = config.clone();
    let heavy = limits::parts(&config) + columns >= HEAVY_PARTS;
    compute(heavy, move || check(&config, Catalog::new(project, schemas), &problems)).await
}

/// A config that exceeds the limits is refused before any request or planning, including one stored
/// before there were limits.
pub(super) fn within_limits(config: &DatasetConfig) -> Result<(), ServiceError> {
    let exceeded = limits::exceeded(config);
    if exceeded.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(exceeded)) }
}

fn check(config: &DatasetConfig, catalog: Catalog, problems: &TableProblems) -> Result<Catalog, ServiceError> {
    let mut errors = validate(config, &catalog);
    let primary = config.primary_table.iter().map(|table| ("primary_table".to_owned(), table));
    let secondary = config.secondary_tables.iter().enumerate().map(|(i, s)| (format!("secondary_tables[{i}]"), &s.table));
    for (path, table) in primary.chain(secondary) {
        // "There is no such table" would be wrong.
        if let Some(problem) = problems.get(&table.to_string()) {
            errors.retain(|error| error.path != path);
            errors.push(FieldError::new(path, problem));
        }
    }
    // The browser has no time zone database, so the domain only checks the syntax of a zone.
    if let Some(zone) = &config.column_mapping.time_zone
        && zone.as_str().parse::<chrono_tz::Tz>().is_err()
    {
        errors.push(FieldError::new(
            "column_mapping.time_zone",
            format!("Unknown time zone {zone}: use one of the IANA database."),
        ));
    }
    if errors.is_empty() { Ok(catalog) } else { Err(ServiceError::Invalid(errors)) }
}

/// The live schemas of a config's tables, read concurrently. Missing tables are absent; those that
/// cannot be used have their reason beside.
async fn schemas(
    warehouse: &dyn Warehouse,
    dataset: &str,
    config: &DatasetConfig,
) -> Result<(Vec<TableSchema>, TableProblems), ServiceError> {
    let mut problems = TableProblems::new();
    let mut wanted = BTreeSet::new();
    for (_, table) in config.sources() {
        match other_dataset(dataset, table) {
            Some(reason) => drop(problems.insert(table.to_string(), reason)),
            None => drop(wanted.insert(table)),
        }
    }
    let mut schemas = vec![];
    for (table, schema) in wanted.iter().zip(join_all(wanted.iter().map(|table| warehouse.schema(table))).await) {
        match schema {
            Ok(schema) => schemas.push(schema),
            Err(WarehouseError::NoTable(_)) => {}
            Err(error @ WarehouseError::Unreadable { .. }) => drop(problems.insert(table.to_string(), error.to_string())),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((schemas, problems))
}
