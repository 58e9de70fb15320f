//! The warehouse's tables, as a model sees them.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::{App, ServiceError, TableProblems};
use crate::domain::catalog::Catalog;
use crate::domain::dataset::DatasetConfig;
use crate::domain::name::TableName;
use crate::domain::record::Model;
use crate::domain::schema::{TableInfo, TableSchema};
use crate::domain::validate::MAX_TABLES;
use crate::warehouse::WarehouseError;

/// Most schemas that one question may ask for.
const MAX_SCHEMAS: usize = 100;

impl App {
    /// All tables, by name. Empty where the dataset is.
    pub async fn tables(&self, model_id: i64) -> Result<Vec<TableInfo>, ServiceError> {
        let model = self.model(model_id).await?;
        Ok(self.warehouse_of(&model)?.tables().await?)
    }

    /// The schemas of tables, in the order asked.
    pub async fn schemas(&self, model_id: i64, tables: &[String]) -> Result<Vec<TableSchema>, ServiceError> {
        let model = self.model(model_id).await?;
        if tables.len() > MAX_SCHEMAS {
            return Err(ServiceError::BadRequest(format!("At most {MAX_SCHEMAS} tables at a time.")));
        }
        let names = tables.iter().map(|table| self.table_name(table)).collect::<Result<Vec<_>, _>>()?;
        let warehouse = self.warehouse_of(&model)?;
        let schemas = join_all(names.iter().map(|name| warehouse.schema(name))).await;
        schemas.into_iter().map(|schema| Ok(schema?)).collect()
    }

    /// The schema of one table, by its id (`orders`) or its full name (`raw_data.orders`).
    pub async fn table_schema(&self, model_id: i64, table: &str) -> Result<TableSchema, ServiceError> {
        let model = self.model(model_id).await?;
        let name = if table.contains('.') {
            self.table_name(table)?
        } else {
            TableName::new(&self.settings().dataset, table).map_err(|error| ServiceError::BadRequest(error.to_string()))?
        };
        Ok(self.warehouse_of(&model)?.schema(&name).await?)
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
        let dataset = &self.settings().dataset;
        (name.dataset() != dataset).then(|| format!("Tables come from the dataset {dataset} alone."))
    }

    /// The live schemas of a config's tables, asked for at the same time. Tables that are not there are absent;
    /// those that cannot be used have their reason beside.
    pub(super) async fn catalog(&self, model: &Model, config: &DatasetConfig) -> Result<(Catalog, TableProblems), ServiceError> {
        let warehouse = self.warehouse_of(model)?;
        let mut problems = TableProblems::new();
        let mut wanted = BTreeSet::new();
        // More than are allowed are a fault of the config: they are not asked for.
        for (_, table) in config.sources().into_iter().take(MAX_TABLES) {
            match self.other_dataset(table) {
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
}
