//! A separate application for each test: a fresh database file and a warehouse whose results the
//! test sets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;
use trainset::domain::name::TableName;
use trainset::domain::schema::{Column, ColumnType, Mode, TableInfo, TableKind, TableSchema};
use trainset::domain::value::{ResultColumn, Rows, Value};
use trainset::service::{App, Settings};
use trainset::site::site;
use trainset::store::sqlite::SqliteStore;
use trainset::warehouse::{DryRun, Limits, LiveTable, Warehouse, WarehouseError};

use crate::document::Document;

/// The author of requests.
pub const AUTHOR: &str = "Ada Lovelace";

/// A warehouse with preset results.
pub struct Fake {
    pub schemas: Mutex<BTreeMap<TableName, Result<TableSchema, WarehouseError>>>,
    pub rows: Mutex<Result<Rows, WarehouseError>>,
    pub dry: Mutex<Result<DryRun, WarehouseError>>,
    pub list: Mutex<Option<WarehouseError>>,
    pub requested: Mutex<Vec<TableName>>,
    pub ran: AtomicUsize,
    /// The queries that ran, in order.
    pub sql: Mutex<Vec<String>>,
    /// Reading costs money.
    pub is_metered: AtomicBool,
    /// The state of all tables.
    pub state: Mutex<String>,
    /// How long reading a schema takes, so that requests can overlap.
    pub delay: Mutex<Duration>,
    /// How long a query takes.
    pub run_delay: Mutex<Duration>,
}

impl Fake {
    pub fn new() -> Self {
        use ColumnType::{Float64, Int64, String as Text, Timestamp};
        let schemas = [
            table(
                "orders",
                &[("id", Int64), ("user_id", Int64), ("product_id", Int64), ("amount", Float64), ("ordered_at", Timestamp)],
            ),
            table("products", &[("id", Int64), ("name", Text), ("category", Text)]),
            table("visits", &[("user_id", Int64), ("seen_at", Timestamp)]),
        ];
        Self {
            schemas: Mutex::new(schemas.into_iter().map(|schema| (schema.table.clone(), Ok(schema))).collect()),
            rows: Mutex::new(Ok(Rows::default())),
            dry: Mutex::new(Ok(DryRun { columns: vec![], bytes: Some(4096), upper_bound: false })),
            list: Mutex::new(None),
            requested: Mutex::new(vec![]),
            ran: AtomicUsize::new(0),
            sql: Mutex::new(vec![]),
            is_metered: AtomicBool::new(false),
            state: Mutex::new("1".into()),
            delay: Mutex::new(Duration::ZERO),
            run_delay: Mutex::new(Duration::ZERO),
        }
    }

    pub fn answer(&self, rows: Rows) {
        *self.rows.lock().unwrap() = Ok(rows);
    }

    pub fn break_with(&self, error: WarehouseError) {
        *self.rows.lock().unwrap() = Err(error.clone());
        *self.dry.lock().unwrap() = Err(error);
    }

    pub fn drop_table(&self, name: &str) {
        self.schemas.lock().unwrap().remove(&name.parse().unwrap());
    }
}

pub fn table(name: &str, columns: &[(&str, ColumnType)]) -> TableSchema {
    let column = |(name, column_type): &(&str, ColumnType)| Column {
        name: name.parse().unwrap(),
        column_type: *column_type,
        mode: Mode::Nullable,
        description: None,
    };
    TableSchema {
        table: TableName::new("raw_data", name).unwrap(),
        columns: columns.iter().map(column).collect(),
        unusable: vec![],
        partition: None,
    }
}

fn info(name: &TableName, schema: Result<&TableSchema, &WarehouseError>) -> TableInfo {
    let view = name.table() == "visits";
    TableInfo {
        name: name.clone(),
        kind: if view { TableKind::View } else { TableKind::Table },
        rows: (!view).then_some(7),
        bytes: (!view).then_some(3_145_728),
        columns: schema.ok().map(|schema| schema.columns.len() as u32),
        last_modified: None,
        partition: None,
        problem: schema.err().map(ToString::to_string),
    }
}

#[async_trait]
impl Warehouse for Fake {
    fn project(&self) -> Option<&str> {
        None
    }

    fn is_metered(&self) -> bool {
        self.is_metered.load(Ordering::SeqCst)
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, WarehouseError> {
        if let Some(error) = &*self.list.lock().unwrap() {
            return Err(error.clone());
        }
        let schemas = self.schemas.lock().unwrap();
        Ok(schemas.iter().map(|(name, schema)| info(name, schema.as_ref())).collect())
    }

    async fn table(&self, table: &TableName) -> Result<LiveTable, WarehouseError> {
        self.requested.lock().unwrap().push(table.clone());
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        let schema = self.schemas.lock().unwrap().get(table).cloned();
        let schema = schema.unwrap_or_else(|| Err(WarehouseError::NoTable(table.clone())))?;
        Ok(LiveTable {
            info: info(table, Ok(&schema)),
            schema,
            state: Some(self.state.lock().unwrap().clone()),
            policy_tags: Default::default(),
        })
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<Rows, WarehouseError> {
        self.ran.fetch_add(1, Ordering::SeqCst);
        self.sql.lock().unwrap().push(sql.to_owned());
        let delay = *self.run_delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        if sql.ends_with("SELECT\n  as_of\nFROM bounds") {
            let column = ResultColumn { name: "as_of".into(), column_type: ColumnType::Date, mode: Mode::Nullable };
            return Ok(Rows { columns: vec![column], rows: vec![vec![Value::Text("2024-03-31".into())]], ..Rows::default() });
        }
        let mut rows = self.rows.lock().unwrap().clone()?;
        rows.truncated = rows.rows.len() > limits.max_rows;
        rows.rows.truncate(limits.max_rows);
        Ok(rows)
    }

    async fn dry_run(&self, _sql: &str) -> Result<DryRun, WarehouseError> {
        self.dry.lock().unwrap().clone()
    }
}

/// The result of a counts query: part, rows, users, products.
pub fn counts(parts: &[(&str, i64)]) -> Rows {
    let column = |name: &str, column_type| ResultColumn { name: name.into(), column_type, mode: Mode::Nullable };
    let day = || Value::Text("2024-03-31".into());
    Rows {
        columns: vec![
            column("part", ColumnType::String),
            column("row_count", ColumnType::Int64),
            column("user_count", ColumnType::Int64),
            column("product_count", ColumnType::Int64),
            column("first_day", ColumnType::Date),
            column("last_day", ColumnType::Date),
            column("as_of", ColumnType::Date),
        ],
        rows: parts
            .iter()
            .map(|(part, rows)| {
                vec![Value::Text((*part).into()), Value::Int(*rows), Value::Int(rows / 2), Value::Null, day(), day(), day()]
            })
            .collect(),
        ..Rows::default()
    }
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Json,
    pub text: String,
}

impl Reply {
    /// The value that a page reads from a server function's response.
    #[track_caller]
    pub fn read<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// The body of a success, or a failed test.
    #[track_caller]
    pub fn ok(self) -> Json {
        assert_eq!((self.status, &self.body["status"]), (200, &json!("success")), "{}", self.text);
        self.body
    }

    /// The body of an error with this status and code, or a failed test.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Json {
        assert_eq!((self.status, &self.body["code"]), (status, &json!(code)), "{}", self.text);
        assert_eq!(self.body["status"], "error");
        assert!(!self.body["message"].as_str().unwrap().is_empty());
        self.body
    }

    /// The paths of the fields that a 422 names.
    #[track_caller]
    pub fn invalid_fields(self) -> Vec<String> {
        let body = self.refused(422, "invalid");
        body["errors"].as_object().unwrap().keys().cloned().collect()
    }
}

pub struct TestApp {
    pub router: Router,
    pub fake: Arc<Fake>,
    pub file: PathBuf,
    pub store: SqliteStore,
    _folder: TempDir,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let fake = Arc::new(Fake::new());
        Self::over(fake.clone(), fake, settings).await
    }

    /// Over another warehouse than the fake.
    pub async fn over(warehouse: Arc<dyn Warehouse>, fake: Arc<Fake>, settings: Settings) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("trainset.db");
        let store = SqliteStore::open(&file).await.unwrap();
        let app = App::new(store.clone(), warehouse, settings);
        let router = site(app, "127.0.0.1:3000".parse().unwrap(), &[], AUTHOR);
        Self { router, fake, file, store, _folder: folder }
    }

    /// The response to a request. The API's responses are checked against its document.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let reply = self.ask(request).await;
        if ["/api/", "/healthz", "/readyz"].iter().any(|part| path.starts_with(part)) && path != "/api/docs.css" {
            self.document().await.hold(&method, &path, &reply);
        }
        reply
    }

    async fn ask(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Json::Null);
        Reply { status: parts.status.as_u16(), headers: parts.headers, body, text }
    }

    /// The API's document, as the server returns it.
    pub async fn document(&self) -> &'static Document {
        static DOCUMENT: OnceCell<Document> = OnceCell::const_new();
        let read = async || Document(self.ask(request("GET", "/api/openapi.json").body(Body::empty()).unwrap()).await.body);
        DOCUMENT.get_or_init(read).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Json) -> Reply {
        self.send(json_request("POST", path, &body)).await
    }

    /// A dataset of model 1; its id.
    pub async fn dataset(&self, name: &str) -> i64 {
        let body = self.post("/api/models/1/datasets/create/", json!({"name": name, "config": config()})).await.ok();
        body["dataset_id"].as_i64().unwrap()
    }
}

/// With the headers that clients send.
pub fn json_request(method: &str, path: &str, body: &Json) -> Request<Body> {
    let text = body.to_string();
    let request =
        request(method, path).header(header::CONTENT_TYPE, "application/json").header(header::CONTENT_LENGTH, text.len());
    request.body(Body::from(text)).unwrap()
}

pub fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:3000")
}

/// A config that fits the fake's tables.
pub fn config() -> Json {
    json!({
        "primary_table": "raw_data.orders",
        "secondary_tables": ["raw_data.products"],
        "join_config": [{"table": "products", "type": "left", "on": [{"left": {"table": "orders", "column": "product_id"}, "right": "id"}]}],
        "selected_columns": [
            {"table": "orders", "column": "user_id"},
            {"table": "orders", "column": "amount"},
            {"table": "products", "column": "category"}
        ],
        "column_mapping": {
            "user_id": {"table": "orders", "column": "user_id"},
            "timestamp": {"table": "orders", "column": "ordered_at"}
        },
        "split_config": {"type": "time_based", "eval_days": 7}
    })
}
