//! Queries over the folder as it is now: each is planned against the tables that it names, views among them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider, SchemaProvider,
    TableProvider,
};
use datafusion::common::TableReference;
use datafusion::common::config::Dialect;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::ViewTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::DiskManager;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::execution::{FunctionRegistry, SendableRecordBatchStream};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionConfig;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use sha2::{Digest, Sha256};

use super::cancel::YieldInJoins;
use super::compact::CompactWhatIsKept;
use super::files::{Columns, Content, Entry};
use super::in_turn::UnionsInTurn;
use super::semantics::GoogleSemantics;
use super::spill::SpillFolder;
use super::types::GoogleTypes;
use super::{Options, Tables, dialect, errors, files, functions, memory, pushdown, rows, shared, sketches};
use crate::domain::name::TableName;
use crate::domain::schema::{TableInfo, TableKind, TableSchema};
use crate::domain::value::Rows;
use crate::warehouse::{DryRun, LiveTable, WarehouseError};

/// The catalog that tables are in; nobody writes its name.
const CATALOG: &str = "trainset";

pub(super) struct Engine {
    folder: PathBuf,
    /// As the person wrote it.
    shown: String,
    dataset: String,
    memory_bytes: usize,
    /// Session without tables.
    session: SessionState,
    /// The folder as it was last seen. Held while it is looked into, so that no file is read twice.
    current: tokio::sync::Mutex<Arc<Snapshot>>,
    warned: Mutex<HashSet<String>>,
}

/// The folder's tables at one moment.
#[derive(Default)]
pub(super) struct Snapshot {
    tables: Tables,
    /// Views that were planned, in terms of this snapshot's tables.
    views: Mutex<HashMap<String, Result<Columns, String>>>,
}

/// A plan and the session that it belongs to.
struct Planned {
    session: SessionState,
    plan: LogicalPlan,
    /// The tables of files that were named, through views too.
    tables: BTreeSet<String>,
}

impl Engine {
    pub fn new(folder: &Path, dataset: &str, options: &Options) -> Result<Self, WarehouseError> {
        let shown = folder.display().to_string();
        let absolute = folder.canonicalize().map_err(|error| no_folder(&shown, &error))?;
        if !absolute.is_dir() {
            return Err(WarehouseError::NoDataset(format!("{shown} is a file. Give the folder that it is in.")));
        }
        let session = session(options, dataset).map_err(|error| WarehouseError::Resources(errors::text(&error)))?;
        Ok(Self {
            folder: absolute,
            shown,
            dataset: dataset.into(),
            memory_bytes: options.memory_bytes,
            session,
            current: Default::default(),
            warned: Default::default(),
        })
    }

    /// The folder as it is now. Only files that are new or have changed are looked into.
    pub async fn refresh(&self) -> Result<Arc<Snapshot>, WarehouseError> {
        let mut current = self.current.lock().await;
        let before = current.clone();
        let (folder, dataset) = (self.folder.clone(), self.dataset.clone());
        // Footers and headers are read with blocking calls.
        let looked = tokio::task::spawn_blocking(move || {
            let (listed, warnings) = files::list(&folder, &dataset)?;
            let same = listed.len() == before.tables.len()
                && listed.iter().all(|(id, listed)| before.tables.get(id).is_some_and(|entry| entry.listed == *listed));
            if same {
                return Ok((before, warnings));
            }
            let entry = |(id, listed)| match before.tables.get(&id) {
                Some(entry) if entry.listed == listed => (id, entry.clone()),
                _ => (id, Arc::new(files::load(listed))),
            };
            let tables = listed.into_iter().map(entry).collect();
            Ok::<_, std::io::Error>((Arc::new(Snapshot { tables, views: Default::default() }), warnings))
        });
        let looked = looked.await.map_err(|_| WarehouseError::Resources("The folder could not be looked into.".into()))?;
        let (snapshot, warnings) = looked.map_err(|error| no_folder(&self.shown, &error))?;
        for warning in warnings {
            if locked(&self.warned).insert(warning.clone()) {
                tracing::warn!("{warning}");
            }
        }
        *current = snapshot.clone();
        Ok(snapshot)
    }

    pub async fn tables(&self) -> Result<Vec<TableInfo>, WarehouseError> {
        let snapshot = self.refresh().await?;
        let mut infos = vec![];
        for (id, entry) in &snapshot.tables {
            let columns = self.columns_of(&snapshot, id, entry).await;
            infos.push(self.info(id, entry, columns.as_ref())?);
        }
        Ok(infos)
    }

    pub async fn table(&self, table: &TableName) -> Result<LiveTable, WarehouseError> {
        let snapshot = self.refresh().await?;
        let id = table.table();
        let entry = match snapshot.tables.get(id) {
            Some(entry) if table.dataset() == self.dataset => entry,
            _ => return Err(WarehouseError::NoTable(table.clone())),
        };
        let found = self.columns_of(&snapshot, id, entry).await;
        let info = self.info(id, entry, found.as_ref())?;
        let columns = found.map_err(|reason| WarehouseError::Unreadable { table: table.clone(), reason })?;
        let schema = TableSchema { table: table.clone(), columns: columns.usable, unusable: columns.unusable, partition: None };
        Ok(LiveTable { info, schema, state: Some(state(&snapshot, entry)) })
    }

    fn info(&self, id: &str, entry: &Entry, columns: Result<&Columns, &String>) -> Result<TableInfo, WarehouseError> {
        let bytes = entry.listed.parts.iter().map(|part| part.bytes).sum();
        let (kind, rows, bytes) = match &entry.content {
            Ok(Content::Data(data)) => {
                let logical = data.column_bytes.as_ref().map(|columns| columns.values().sum());
                (TableKind::Table, data.rows, Some(logical.unwrap_or(bytes)))
            }
            _ if entry.listed.kind == files::Kind::View => (TableKind::View, None, None),
            _ => (TableKind::Table, None, Some(bytes)),
        };
        Ok(TableInfo {
            name: self.table_name(id)?,
            kind,
            rows,
            bytes,
            columns: columns.ok().and_then(|columns| u32::try_from(columns.usable.len()).ok()),
            last_modified: entry.listed.parts.iter().filter_map(|part| part.modified).max().map(DateTime::<Utc>::from),
            partition: None,
            problem: columns.err().cloned(),
        })
    }

    /// Runs a query on so many threads at most: each takes memory of its own.
    pub async fn run(&self, sql: &str, max_rows: usize, threads: usize) -> Result<Rows, WarehouseError> {
        let snapshot = self.refresh().await?;
        let mut planned = self.plan(&snapshot, sql, &[]).await?;
        planned.session.config_mut().options_mut().execution.target_partitions = threads;
        let columns = rows::columns(planned.plan.schema().as_arrow());
        let failed = |error: DataFusionError| self.failed(&error, &planned.tables);
        // One more, to know whether there are more. A LIMIT is an INT64.
        let most = max_rows.saturating_add(1).min(i64::MAX as usize);
        let plan = planned.plan.clone();
        let shared = shared::compute_once(&planned.session, plan, self.memory_bytes / 8).await.map_err(failed)?;
        let frame = DataFrame::new(planned.session.clone(), shared.plan.clone());
        let frame = frame.limit(0, Some(most)).map_err(failed)?;
        let mut stream: SendableRecordBatchStream = frame.execute_stream().await.map_err(failed)?;
        let mut found = vec![];
        while let Some(batch) = stream.next().await {
            rows::append(&batch.map_err(failed)?, &mut found).map_err(failed)?;
        }
        let truncated = found.len() > max_rows;
        found.truncate(max_rows);
        Ok(Rows { columns, rows: found, truncated, bytes_processed: None })
    }

    pub async fn dry_run(&self, sql: &str) -> Result<DryRun, WarehouseError> {
        let snapshot = self.refresh().await?;
        let planned = self.plan(&snapshot, sql, &[]).await?;
        let columns = rows::columns(planned.plan.schema().as_arrow());
        let optimized = planned.session.optimize(&planned.plan).map_err(|error| self.failed(&error, &planned.tables))?;
        // A column counts once, however often it is read.
        let mut read: BTreeSet<(String, String)> = BTreeSet::new();
        let mut scanned: BTreeSet<String> = BTreeSet::new();
        let walked = optimized.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let table = scan.table_name.table().to_owned();
                read.extend(scan.projected_schema.fields().iter().map(|field| (table.clone(), field.name().clone())));
                scanned.insert(table);
            }
            Ok(TreeNodeRecursion::Continue)
        });
        walked.map_err(|error| self.failed(&error, &planned.tables))?;
        let bytes = scanned.iter().map(|table| {
            let entry = snapshot.tables.get(table)?;
            let Ok(Content::Data(data)) = &entry.content else { return None };
            let of_column = |columns: &std::collections::BTreeMap<String, u64>| {
                read.iter().filter(|(of, _)| of == table).filter_map(|(_, column)| columns.get(column)).sum::<u64>()
            };
            Some(match &data.column_bytes {
                Some(columns) => of_column(columns),
                None => entry.listed.parts.iter().map(|part| part.bytes).sum(),
            })
        });
        Ok(DryRun { columns, bytes: bytes.sum(), upper_bound: false })
    }

    /// The columns of a table, or why it has none.
    async fn columns_of(&self, snapshot: &Arc<Snapshot>, id: &str, entry: &Entry) -> Result<Columns, String> {
        let sql = match &entry.content {
            Ok(Content::Data(data)) => return Ok(data.columns.clone()),
            Ok(Content::View(sql)) => sql,
            Err(reason) => return Err(reason.clone()),
        };
        if let Some(known) = locked(&snapshot.views).get(id) {
            return known.clone();
        }
        let columns = match self.plan(snapshot, sql, &[id.to_owned()]).await {
            Ok(planned) => Ok(Columns::of(planned.plan.schema().as_arrow())),
            Err(error) => Err(error.to_string()),
        };
        locked(&snapshot.views).insert(id.to_owned(), columns.clone());
        columns
    }

    /// Plans a statement. `within` are the views that it stands in, outermost first.
    fn plan<'a>(
        &'a self,
        snapshot: &'a Arc<Snapshot>,
        sql: &'a str,
        within: &'a [String],
    ) -> BoxFuture<'a, Result<Planned, WarehouseError>> {
        async move {
            let statement = dialect::parse(sql).map_err(WarehouseError::Query)?;
            let mut session = self.session.clone();
            let references =
                session.resolve_table_references(&statement).map_err(|error| errors::query(&error, self.memory_bytes))?;
            let schema = MemorySchemaProvider::new();
            let mut tables = BTreeSet::new();
            for reference in references {
                let id = self.table_id(&reference)?;
                let provider = self.provider(snapshot, &id, within, &mut tables).await?;
                schema.register_table(id, provider).map_err(|error| errors::query(&error, self.memory_bytes))?;
            }
            session.register_catalog_list(self.catalog(schema).map_err(|error| errors::query(&error, self.memory_bytes))?);
            session.mark_start_execution();
            let plan = session.statement_to_plan(statement).await.map_err(|error| errors::query(&error, self.memory_bytes))?;
            let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
            options.verify_plan(&plan).map_err(|error| errors::query(&error, self.memory_bytes))?;
            Ok(Planned { session, plan, tables })
        }
        .boxed()
    }

    async fn provider(
        &self,
        snapshot: &Arc<Snapshot>,
        id: &str,
        within: &[String],
        tables: &mut BTreeSet<String>,
    ) -> Result<Arc<dyn TableProvider>, WarehouseError> {
        let table = self.table_name(id)?;
        let entry = snapshot.tables.get(id).ok_or_else(|| WarehouseError::NoTable(table.clone()))?;
        let unreadable = |reason: String| WarehouseError::Unreadable { table: table.clone(), reason };
        match &entry.content {
            Err(reason) => Err(unreadable(reason.clone())),
            Ok(Content::Data(data)) => {
                tables.insert(id.to_owned());
                Ok(data.provider.clone())
            }
            Ok(Content::View(_)) if within.iter().any(|outer| outer == id) => Err(unreadable("the view leads to itself".into())),
            Ok(Content::View(sql)) => {
                let within: Vec<String> = within.iter().cloned().chain([id.to_owned()]).collect();
                let planned = self.plan(snapshot, sql, &within).await.map_err(|error| match error {
                    WarehouseError::Query(reason) => unreadable(format!("its SQL fails: {reason}")),
                    other => other,
                })?;
                tables.extend(planned.tables);
                Ok(Arc::new(ViewTable::new(planned.plan, None)))
            }
        }
    }

    fn catalog(&self, schema: MemorySchemaProvider) -> Result<Arc<dyn CatalogProviderList>, DataFusionError> {
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(&self.dataset, Arc::new(schema))?;
        let list = MemoryCatalogProviderList::new();
        list.register_catalog(CATALOG.into(), Arc::new(catalog));
        Ok(Arc::new(list))
    }

    fn table_id(&self, reference: &TableReference) -> Result<String, WarehouseError> {
        let unknown = |what: String| Err(WarehouseError::Query(format!("{what} The tables here are in {}.", self.dataset)));
        match reference {
            TableReference::Partial { schema, .. } if **schema != *self.dataset => {
                unknown(format!("There is no dataset {schema}."))
            }
            TableReference::Full { catalog, .. } => unknown(format!("There is no project {catalog}: the tables are files.")),
            _ => Ok(reference.table().to_owned()),
        }
    }

    fn table_name(&self, id: &str) -> Result<TableName, WarehouseError> {
        TableName::new(&self.dataset, id).map_err(|error| WarehouseError::Query(format!("{id} is no table: {error}.")))
    }

    /// A failure while running; a damaged file is put down to its table where there is but one.
    fn failed(&self, error: &DataFusionError, tables: &BTreeSet<String>) -> WarehouseError {
        let of_file = matches!(
            error.find_root(),
            DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) | DataFusionError::IoError(_)
        );
        if let (true, 1, Some(Ok(table))) = (of_file, tables.len(), tables.first().map(|id| self.table_name(id))) {
            return WarehouseError::Unreadable { table, reason: errors::text(error) };
        }
        errors::query(error, self.memory_bytes)
    }
}

/// The files behind a table: another text when one of them changes. A view may read any of the folder's.
fn state(snapshot: &Snapshot, entry: &Entry) -> String {
    let all = snapshot.tables.values().flat_map(|entry| &entry.listed.parts);
    let parts: Vec<&files::Part> = match entry.content {
        Ok(Content::View(_)) => all.collect(),
        _ => entry.listed.parts.iter().collect(),
    };
    let mut hash = Sha256::new();
    for part in parts {
        let modified = part.modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        hash.update(format!("{}\0{}\0{}\0", part.path.display(), part.bytes, modified.as_nanos()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn session(options: &Options, dataset: &str) -> Result<SessionState, DataFusionError> {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, dataset)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false)
        .with_target_partitions(options.threads.max(1));
    let settings = config.options_mut();
    settings.sql_parser.dialect = Dialect::BigQuery;
    // Columns are compared as they are written; functions without regard to case all the same.
    settings.sql_parser.enable_ident_normalization = false;
    // BigQuery: NULLs first ascending, last descending.
    settings.sql_parser.default_null_ordering = "nulls_min".into();
    settings.execution.time_zone = Some("UTC".into());
    settings.execution.sort_spill_reservation_bytes = memory::for_merging(options.memory_bytes);
    let spilled = SpillFolder::new(&options.spill_folder, options.spill_bytes);
    let disk = DiskManager::builder()
        .with_temp_file_factory(Arc::new(spilled))
        .with_max_spill_merge_fan_in(memory::merged_files(options.memory_bytes));
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(memory::pool(options.memory_bytes))
        .with_disk_manager_builder(disk)
        .build_arc()?;
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_type_planner(Arc::new(GoogleTypes))
        .with_physical_optimizer_rules(pushdown::rules())
        .with_physical_optimizer_rule(Arc::new(UnionsInTurn))
        .with_physical_optimizer_rule(Arc::new(CompactWhatIsKept))
        .with_physical_optimizer_rule(Arc::new(YieldInJoins))
        .build();
    for function in functions::all() {
        state.register_udf(function)?;
    }
    for function in sketches::all() {
        state.register_udaf(function)?;
    }
    let semantics = GoogleSemantics {
        divide: state.udf(functions::DIVIDE)?,
        text: state.udf(functions::TEXT)?,
        bits: state.udf(functions::BITS)?,
    };
    state.register_function_rewrite(Arc::new(semantics))?;
    Ok(state)
}

fn no_folder(shown: &str, error: &std::io::Error) -> WarehouseError {
    match error.kind() {
        std::io::ErrorKind::NotFound => WarehouseError::NoDataset(format!(
            "There is no folder {shown}. Create it and put Parquet or CSV files into it, or give another."
        )),
        std::io::ErrorKind::PermissionDenied => WarehouseError::NoPermission(format!(
            "The folder {shown} may not be read. Give this program permission, or give another folder."
        )),
        std::io::ErrorKind::NotADirectory => {
            WarehouseError::NoDataset(format!("{shown} is no folder. Give a folder of Parquet or CSV files."))
        }
        _ => WarehouseError::NoDataset(format!("The folder {shown} cannot be read: {error}.")),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is inside is never left half written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
