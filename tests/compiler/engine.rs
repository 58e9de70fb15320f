//! The embedded engine over a folder, its tables read whole for the oracle.

use std::path::Path;

use trainset::domain::catalog::Catalog;
use trainset::domain::value::{Rows, Value};
use trainset::warehouse::embedded::Embedded;
use trainset::warehouse::{Limits, Warehouse};

use crate::oracle::Tables;

pub struct Engine {
    warehouse: Embedded,
    runtime: tokio::runtime::Runtime,
    pub catalog: Catalog,
    pub tables: Tables,
}

impl Engine {
    pub fn open(folder: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (warehouse, schemas) = runtime.block_on(async {
            let warehouse = Embedded::open(folder, "raw_data").await.unwrap();
            let mut schemas = vec![];
            for table in warehouse.tables().await.unwrap() {
                schemas.push(warehouse.schema(&table.name).await.unwrap());
            }
            (warehouse, schemas)
        });
        let mut engine = Self { warehouse, runtime, catalog: Catalog::new(None, schemas.clone()), tables: Tables::new() };
        for schema in schemas {
            let rows = engine.run(&format!("SELECT * FROM `{}`", schema.table));
            engine.tables.insert(schema.table, rows);
        }
        engine
    }

    pub fn run(&self, sql: &str) -> Rows {
        let limits = Limits { max_rows: 5_000_000, ..Limits::default() };
        match self.runtime.block_on(self.warehouse.run(sql, &limits)) {
            Ok(rows) => rows,
            Err(error) => panic!("{error}\n{sql}"),
        }
    }
}

/// Rows as sorted texts, so that two results can be compared as bags.
pub fn sorted(rows: Vec<Vec<Value>>) -> Vec<String> {
    let mut texts: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
    texts.sort_unstable();
    texts
}
