//! The tables that a config is held against: schemas by name, and the project they are in.

use std::collections::BTreeMap;

use super::dataset::{ColumnRef, DatasetConfig};
use super::name::{SourceName, TableName};
use super::order;
use super::schema::{Column, TableSchema};

/// Schemas of the tables that a config may use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog {
    project: Option<String>,
    schemas: BTreeMap<TableName, TableSchema>,
}

impl Catalog {
    /// With a project, tables are written `project.raw_data.t` in SQL, otherwise `raw_data.t`.
    pub fn new(project: Option<String>, schemas: impl IntoIterator<Item = TableSchema>) -> Self {
        Self { project, schemas: order::map(schemas.into_iter().map(|s| (s.table.clone(), s))) }
    }

    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    pub fn schema(&self, table: &TableName) -> Option<&TableSchema> {
        self.schemas.get(table)
    }

    /// The schema behind a name within the dataset.
    pub fn source(&self, config: &DatasetConfig, source: &SourceName) -> Option<&TableSchema> {
        let (_, table) = config.sources().into_iter().find(|(name, _)| name.same_as(source))?;
        self.schema(table)
    }

    /// The column behind a reference.
    pub fn column(&self, config: &DatasetConfig, reference: &ColumnRef) -> Option<&Column> {
        self.source(config, &reference.table)?.column(&reference.column)
    }
}
