//! An application over tables as wide as BigQuery allows, and requests to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use trainset::domain::name::TableName;
use trainset::domain::schema::{TableInfo, TableKind, TableSchema};
use trainset::domain::value::Rows;
use trainset::service::{App, Settings};
use trainset::site::site;
use trainset::store::sqlite::SqliteStore;
use trainset::warehouse::{DryRun, Limits, LiveTable, Warehouse, WarehouseError};

/// Columns of a wide table.
pub const COLUMNS: usize = 10_000;

/// A warehouse with the tables `orders` and `products`, and any number of wide ones: `wide_1`,
/// `wide_2` …
#[derive(Default)]
pub struct Wide {
    /// Number of requests to it.
    pub requested: AtomicUsize,
}

fn columns(table: &str) -> Vec<Value> {
    let column = |name: String, of: &str| json!({"name": name, "type": of});
    match table {
        "orders" => ["id", "user_id", "product_id"].map(|name| column(name.into(), "INT64")).into(),
        "products" => vec![column("id".into(), "INT64"), column("name".into(), "STRING")],
        // Each name has other words than the next, and each could be a key.
        wide if wide.starts_with("wide_") => {
            let word = |n: usize| ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay"][n % 10];
            let name = |i: usize| format!("{}{}{}{}_{i}_id", word(i), word(i / 10), word(i / 100), word(i / 1000));
            (0..COLUMNS).map(|i| column(name(i), "INT64")).collect()
        }
        _ => vec![],
    }
}

pub fn schema(table: &str) -> TableSchema {
    serde_json::from_value(json!({"table": format!("raw_data.{table}"), "columns": columns(table)})).unwrap()
}

#[async_trait]
impl Warehouse for Wide {
    fn project(&self) -> Option<&str> {
        None
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, WarehouseError> {
        self.requested.fetch_add(1, Ordering::SeqCst);
        Ok(vec![])
    }

    async fn table(&self, table: &TableName) -> Result<LiveTable, WarehouseError> {
        self.requested.fetch_add(1, Ordering::SeqCst);
        // Reading tables is another thread's work, and not measured here.
        let name = table.table().to_owned();
        let schema = tokio::task::spawn_blocking(move || schema(&name)).await.unwrap();
        if schema.columns.is_empty() {
            return Err(WarehouseError::NoTable(table.clone()));
        }
        let info = TableInfo {
            name: table.clone(),
            kind: TableKind::Table,
            rows: Some(1),
            bytes: None,
            columns: None,
            last_modified: None,
            partition: None,
            problem: None,
        };
        Ok(LiveTable { info, schema, state: Some("1".into()), policy_tags: Default::default() })
    }

    async fn run(&self, _: &str, _: &Limits) -> Result<Rows, WarehouseError> {
        self.requested.fetch_add(1, Ordering::SeqCst);
        Ok(Rows::default())
    }

    async fn dry_run(&self, _: &str) -> Result<DryRun, WarehouseError> {
        self.requested.fetch_add(1, Ordering::SeqCst);
        Ok(DryRun { columns: vec![], bytes: Some(1), upper_bound: false })
    }
}

pub struct Site {
    pub router: Router,
    pub warehouse: Arc<Wide>,
    pub store: SqliteStore,
    _folder: TempDir,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub text: String,
}

impl Reply {
    /// The paths of the validation errors in it.
    pub fn paths(&self) -> Vec<&str> {
        self.body["errors"].as_object().map(|errors| errors.keys().map(String::as_str).collect()).unwrap_or_default()
    }
}

impl Site {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("trainset.db")).await.unwrap();
        let warehouse = Arc::new(Wide::default());
        let app = App::new(store.clone(), warehouse.clone(), Settings::default());
        let router = site(app, "127.0.0.1:3000".parse().unwrap(), &[], "");
        Self { router, warehouse, store, _folder: folder }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "application/json", String::new()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, "application/json", body.to_string()).await
    }

    /// As a page of the site sends it.
    pub async fn send(&self, method: &str, path: &str, kind: &str, body: String) -> Reply {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:3000");
        let request = request.header(header::ORIGIN, "http://127.0.0.1:3000").header("sec-fetch-site", "same-origin");
        let request = request.header(header::CONTENT_TYPE, kind);
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // For large responses the text is enough: parsing them would be work of the tests on the
        // measured thread.
        let body = if text.len() < 100_000 { serde_json::from_str(&text).unwrap_or_default() } else { Value::Null };
        Reply { status, body, text }
    }
}

/// A config over `orders` and `products` that can be compiled.
pub fn config() -> Value {
    json!({
        "primary_table": "raw_data.orders",
        "secondary_tables": ["raw_data.products"],
        "join_config": [{"table": "products", "on": [{"left": {"table": "orders", "column": "product_id"}, "right": "id"}]}],
        "selected_columns": [{"table": "orders", "column": "user_id"}, {"table": "products", "column": "name"}]
    })
}

/// Configs that each exceed one limit, with the path of the error.
pub fn beyond() -> Vec<(&'static str, Value)> {
    let with = |pointer: &str, value: Value| {
        let mut config = config();
        *config.pointer_mut(pointer).unwrap() = value;
        config
    };
    let filters = |rows: Vec<Value>| {
        let mut config = config();
        config["filters"] = json!({"rows": rows});
        config
    };
    let filter = |test: Value| json!({"table": "products", "column": "name", "where": test});
    let key = json!({"left": {"table": "orders", "column": "product_id"}, "right": "id"});
    let column = json!({"table": "orders", "column": "id"});
    let secondary = |i: usize| json!({"table": "raw_data.products", "as": format!("p{i}")});
    vec![
        // What overflowed a stack, and two similar ones.
        ("filters.rows", filters(vec![filter(json!({"op": "=", "value": "x"})); 1_568])),
        ("join_config[0].on", with("/join_config/0/on", vec![key; 1_554].into())),
        ("filters.rows[0].where.values", filters(vec![filter(json!({"op": "in", "values": vec!["x"; 10_001]}))])),
        // What took quadratic time.
        ("secondary_tables", with("/secondary_tables", (0..15_000).map(secondary).collect())),
        ("selected_columns", with("/selected_columns", vec![column; 20_000].into())),
        ("join_config", with("/join_config", vec![json!({"table": "products"}); 20_000].into())),
        // Texts.
        ("filters.rows[0].where.text", filters(vec![filter(json!({"op": "contains", "text": "ö".repeat(200_000)}))])),
        ("filters.rows[0].where.value", filters(vec![filter(json!({"op": "=", "value": "x".repeat(500_000)}))])),
    ]
}
