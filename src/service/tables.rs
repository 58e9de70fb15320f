//! The warehouse's tables, as a model sees them.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::{App, ServiceError, TableProblems};
use crate::domain::catalog::Catalog;
use crate::domain::dataset::DatasetConfig;
use crate::domain::fault::FieldError;
use crate::domain::name::TableName;
use crate::domain::record::Model;
use crate::domain::schema::{TableInfo, TableSchema};
use crate::domain::validate::{MAX_TABLES, validate};
use crate::warehouse::{Warehouse, WarehouseError};

/// Most schemas that one question may ask for.
const MAX_SCHEMAS: usize = 100;

impl App {
    /// All tables, by name. Empty where the dataset is.
    pub async fn tables(&self, model_id: i64) -> Result<Vec<TableInfo>, ServiceError> {
        let model = self.model(model_id).await?;
        Ok(self.warehouse_of(&model).await?.tables().await?)
    }

    /// The schemas of tables, in the order asked.
    pub async fn schemas(&self, model_id: i64, tables: &[String]) -> Result<Vec<TableSchema>, ServiceError> {
        let model = self.model(model_id).await?;
        if tables.len() > MAX_SCHEMAS {
            return Err(ServiceError::BadRequest(format!("At most {MAX_SCHEMAS} tables at a time.")));
        }
        let names = tables.iter().map(|table| self.table_name(table)).collect::<Result<Vec<_>, _>>()?;
        let warehouse = self.warehouse_of(&model).await?;
        let schemas = join_all(names.iter().map(|name| warehouse.schema(name))).await;
        schemas.into_iter().map(|schema| Ok(schema?)).collect()
    }

    /// The schema of one table, by its id (`orders`) or its full name (`raw_data.orders`).
    pub async fn table_schema(&self, model_id: i64, table: &str) -> Result<TableSchema, ServiceError> {
        let model = self.model(model_id).await?;
        let name = self.short_or_full_name(table)?;
        Ok(self.warehouse_of(&model).await?.schema(&name).await?)
    }

    /// A table by its id (`orders`) or its full name (`raw_data.orders`).
    pub(super) fn short_or_full_name(&self, table: &str) -> Result<TableName, ServiceError> {
        if table.contains('.') {
            return self.table_name(table);
        }
        TableName::new(&self.settings().dataset, table).map_err(|error| ServiceError::BadRequest(error.to_string()))
    }

    /// A table's name, of the one dataset that there is: the warehouse is never asked for another.
    fn table_name(&self, text: &str) -> Result<TableName, ServiceError> {
        let name: TableName = text.parse().map_err(|error| ServiceError::BadRequest(format!("{text:?}: {error}")))?;
        match self.other_dataset(&name) {
            Some(reason) => Err(ServiceError::NotFound(reason)),
            None => Ok(name),
        }
    }

    fn other_dataset(&self, name: &TableName) -> Option<String> {
        other_dataset(&self.settings().dataset, name)
    }

    /// The live schemas of a config that fits them; its faults otherwise.
    pub(super) async fn checked_catalog(&self, model: &Model, config: &DatasetConfig) -> Result<Catalog, ServiceError> {
        checked_catalog(&*self.warehouse_of(model).await?, &self.settings().dataset, config).await
    }
}

fn other_dataset(dataset: &str, name: &TableName) -> Option<String> {
    (name.dataset() != dataset).then(|| format!("Tables come from the dataset {dataset} alone."))
}

/// The live schemas of a config that fits them; its faults otherwise. Without a model, for the command line.
pub async fn checked_catalog(warehouse: &dyn Warehouse, dataset: &str, config: &DatasetConfig) -> Result<Catalog, ServiceError> {
    let (catalog, problems) = catalog(warehouse, dataset, config).await?;
    let mut faults = validate(config, &catalog);
    let primary = config.primary_table.iter().map(|table| ("primary_table".to_owned(), table));
    let secondary = config.secondary_tables.iter().enumerate().map(|(i, s)| (format!("secondary_tables[{i}]"), &s.table));
    for (path, table) in primary.chain(secondary) {
        // "There is no such table" is not what is wrong with it.
        if let Some(problem) = problems.get(&table.to_string()) {
            faults.retain(|fault| fault.path != path);
            faults.push(FieldError::new(path, problem));
        }
    }
    // The browser has no database of zones, so the domain only knows how one is written.
    if let Some(zone) = &config.column_mapping.time_zone
        && zone.as_str().parse::<chrono_tz::Tz>().is_err()
    {
        faults.push(FieldError::new("column_mapping.time_zone", format!("The IANA database has no time zone {zone}.")));
    }
    if faults.is_empty() { Ok(catalog) } else { Err(ServiceError::Invalid(faults)) }
}

/// The live schemas of a config's tables, asked for at the same time. Tables that are not there are absent; those that cannot be used have
/// their reason beside.
async fn catalog(
    warehouse: &dyn Warehouse,
    dataset: &str,
    config: &DatasetConfig,
) -> Result<(Catalog, TableProblems), ServiceError> {
    let mut problems = TableProblems::new();
    let mut wanted = BTreeSet::new();
    // More than are allowed are a fault of the config: they are not asked for.
    for (_, table) in config.sources().into_iter().take(MAX_TABLES) {
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
    Ok((Catalog::new(warehouse.project().map(str::to_owned), schemas), problems))
}
