//! The tables that a config is checked against: schemas by name, and their project.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::dataset::{ColumnRef, DatasetConfig};
use super::name::{ColumnName, SourceName, TableName, fold};
use super::schema::{Column, TableSchema};

/// Schemas of the tables that a config may use. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog {
    project: Option<String>,
    tables: Arc<BTreeMap<TableName, CatalogTable>>,
}

impl Catalog {
    /// With a project, tables are written `project.raw_data.t` in SQL, otherwise `raw_data.t`.
    pub fn new(project: Option<String>, schemas: impl IntoIterator<Item = TableSchema>) -> Self {
        let tables = schemas.into_iter().map(|schema| (schema.table.clone(), CatalogTable::new(schema))).collect();
        Self { project, tables: Arc::new(tables) }
    }

    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    pub fn schema(&self, table: &TableName) -> Option<&TableSchema> {
        self.table(table).map(|table| &table.schema)
    }

    pub fn table(&self, table: &TableName) -> Option<&CatalogTable> {
        self.tables.get(table)
    }

    /// Columns of all tables: the work on them grows with this number.
    pub fn columns(&self) -> usize {
        self.tables.values().map(|table| table.schema.columns.len()).sum()
    }

    /// The schema behind a name within the dataset.
    pub fn source(&self, config: &DatasetConfig, source: &SourceName) -> Option<&TableSchema> {
        self.table_of(config, source).map(|table| &table.schema)
    }

    /// The column behind a reference.
    pub fn column(&self, config: &DatasetConfig, reference: &ColumnRef) -> Option<&Column> {
        self.table_of(config, &reference.table)?.column(&reference.column)
    }

    fn table_of(&self, config: &DatasetConfig, source: &SourceName) -> Option<&CatalogTable> {
        let (_, table) = config.sources().into_iter().find(|(name, _)| name.same_as(source))?;
        self.table(table)
    }
}

/// A table whose columns are found by name without a scan: a table has up to 10,000 columns, and a
/// config refers to a thousand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogTable {
    pub schema: TableSchema,
    /// The first column of each name, without regard to case.
    folded: HashMap<String, usize>,
    /// Columns that differ from the first of their name in case alone.
    twins: HashMap<String, usize>,
    /// The columns that cannot be used.
    unusable: HashMap<String, usize>,
}

impl CatalogTable {
    pub fn new(schema: TableSchema) -> Self {
        let (mut folded, mut twins) = (HashMap::with_capacity(schema.columns.len()), HashMap::new());
        for (place, column) in schema.columns.iter().enumerate() {
            let key = fold(column.name.as_str());
            let first = *folded.entry(key).or_insert(place);
            if schema.columns[first].name != column.name {
                twins.entry(column.name.to_string()).or_insert(place);
            }
        }
        let mut unusable = HashMap::new();
        for (place, (name, _)) in schema.unusable.iter().enumerate() {
            unusable.entry(fold(name)).or_insert(place);
        }
        Self { schema, folded, twins, unusable }
    }

    /// Why a column cannot be used, if it exists.
    pub fn unusable(&self, name: &ColumnName) -> Option<&str> {
        let place = *self.unusable.get(&fold(name.as_str()))?;
        self.schema.unusable.get(place).map(|(_, reason)| reason.as_str())
    }

    /// The same result as [`TableSchema::column`].
    pub fn column(&self, name: &ColumnName) -> Option<&Column> {
        let place = *self.twins.get(name.as_str()).or_else(|| self.folded.get(&fold(name.as_str())))?;
        self.schema.columns.get(place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_index_finds_the_same_column_as_a_scan(names in prop::collection::vec("[aAäÄbB]{1,2}", 0..12), wanted in "[aAäÄbB]{1,2}") {
            let column = |name: &String| serde_json::json!({"name": name, "type": "INT64"});
            let columns: Vec<_> = names.iter().map(column).collect();
            let schema: TableSchema = serde_json::from_value(serde_json::json!({"table": "raw_data.t", "columns": columns})).unwrap();
            let wanted: ColumnName = wanted.parse().unwrap();
            let table = CatalogTable::new(schema.clone());
            let place = |found: Option<&Column>, of: &TableSchema| found.and_then(|found| of.columns.iter().position(|c| std::ptr::eq(c, found)));
            prop_assert_eq!(place(table.column(&wanted), &table.schema), place(schema.column(&wanted), &schema));
        }
    }
}
