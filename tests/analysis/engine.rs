//! Analyses on the embedded engine over a folder.

use std::path::Path;

use trainset::domain::analysis::Analysis;
use trainset::domain::catalog::Catalog;
use trainset::domain::cost::Price;
use trainset::domain::dataset::DatasetConfig;
use trainset::domain::value::{Rows, Value};
use trainset::service::find_out;
use trainset::warehouse::embedded::Embedded;
use trainset::warehouse::{Limits, Warehouse};

pub struct Engine {
    warehouse: Embedded,
    runtime: tokio::runtime::Runtime,
    pub catalog: Catalog,
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
        Self { warehouse, runtime, catalog: Catalog::new(None, schemas) }
    }

    pub fn run(&self, sql: &str) -> Rows {
        let limits = Limits { max_rows: 5_000_000, ..Limits::default() };
        self.runtime.block_on(self.warehouse.run(sql, &limits)).unwrap_or_else(|error| panic!("{error}\n{sql}"))
    }

    pub fn analyze(&self, config: &DatasetConfig) -> Analysis {
        let limits = Limits { max_rows: 200_000, ..Limits::default() };
        let found = find_out(&self.warehouse, config, &self.catalog, &limits, Price::default(), |_| {});
        self.runtime.block_on(found).unwrap_or_else(|error| panic!("{error:?}\n{config:?}"))
    }

    /// How many rows a query gives, by running it.
    pub fn count(&self, sql: &str) -> u64 {
        match self.run(&format!("SELECT COUNT(*) AS n FROM ({sql})")).rows.as_slice() {
            [row] => row.first().and_then(Value::as_i64).unwrap() as u64,
            rows => panic!("{rows:?}"),
        }
    }
}
