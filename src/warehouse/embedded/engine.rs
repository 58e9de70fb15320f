//! Queries over the folder as it is now: each is planned with the tables and views that it names.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
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
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::execution::{FunctionRegistry, SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use futures::future::join_all;
use sha2::{Digest, Sha256};

use super::bounds::{Extent, MAX_QUERY_SIZE, MAX_VIEW_SIZE};
use super::cancel::YieldInJoins;
use super::compact::CompactRetained;
use super::files::{Columns, Content, Entry, Looks, printable};
use super::planning::{self, PlanningPermits};
use super::semantics::GoogleSemantics;
use super::sequential_union::SequentialUnions;
use super::spill::SpillFolder;
use super::types::GoogleTypes;
use super::{Options, TableEntries, dialect, errors, files, functions, long_values, memory, pushdown, rows, shared, sketches};
use crate::domain::name::TableName;
use crate::domain::schema::{TableInfo, TableKind, TableSchema};
use crate::domain::value::Rows;
use crate::warehouse::{Answer, DryRun, Limits, LiveTable, WarehouseError};

/// The catalog of the tables; queries never name it.
const CATALOG: &str = "trainset";
/// Batch size if only some rows are shown: reading long values of more rows would be wasted.
const SHOWN_BATCH: usize = 256;
/// The constants of a plan may take this fraction of the memory in a batch of rows.
const CONSTANTS_PART: usize = 8;
/// Tables with more columns are planned without their files' statistics.
const WIDE: usize = 1_000;
/// Deepest nesting of views; BigQuery takes 16.
const MAX_VIEWS: usize = 100;
/// How long a query that runs alone waits for the memory of those before it.
const GIVEN_BACK: Duration = Duration::from_secs(5);
/// Views' plans that are kept for others to be made of: so large together, as [`Extent::size`]
/// counts. Those beyond are planned again.
const MAX_CACHED: u64 = 200_000;
/// How long a view that was not planned in time is not tried again: otherwise each list of tables
/// would wait for it.
const SLOW_AGAIN: Duration = Duration::from_secs(60);
/// Views planned concurrently for the list of tables. Queries have permits of their own, and do not
/// wait for these.
const VIEW_PERMITS: usize = 2;
/// Queries planned concurrently; more, since people wait for them.
const QUERY_PERMITS: usize = 4;

pub(super) struct Engine {
    folder: PathBuf,
    /// As entered.
    shown: String,
    dataset: String,
    memory_bytes: usize,
    /// A session without tables.
    session: SessionState,
    /// The folder as last listed. Locked during listing, so that an older listing cannot replace a
    /// newer one.
    current: tokio::sync::Mutex<Arc<Snapshot>>,
    looks: Looks,
    view_permits: PlanningPermits,
    query_permits: PlanningPermits,
    warned: Mutex<HashSet<String>>,
}

/// The folder's tables at one moment.
#[derive(Default)]
pub(super) struct Snapshot {
    tables: TableEntries,
    /// Planned views, in terms of this snapshot's tables.
    views: Mutex<Views>,
}

#[derive(Default)]
struct Views {
    planned: HashMap<String, Result<Arc<PlannedView>, WarehouseError>>,
    /// When views were tried that were not planned in time.
    slow: HashMap<String, Instant>,
    /// The size of the cached plans.
    cached: u64,
}

struct PlannedView {
    columns: Columns,
    extent: Extent,
    /// The tables of files that it reads, including through other views.
    tables: BTreeSet<String>,
    /// Its plan, if it is cached.
    provider: Option<Arc<dyn TableProvider>>,
}

/// Tables and views that a statement names, including through views, each after those that it names
/// itself.
type Named = Vec<(String, Arc<Content>)>;

/// What statements are planned with.
#[derive(Default)]
struct Sources {
    providers: HashMap<String, Arc<dyn TableProvider>>,
    extents: HashMap<String, Extent>,
    /// The tables of files that each one reads.
    tables: HashMap<String, BTreeSet<String>>,
}

impl Sources {
    fn add(&mut self, id: &str, provider: Arc<dyn TableProvider>, extent: Extent, tables: BTreeSet<String>) {
        self.providers.insert(id.to_owned(), provider);
        self.extents.insert(id.to_owned(), extent);
        self.tables.insert(id.to_owned(), tables);
    }
}

/// The outcome of a query that the engine ran.
pub(super) enum Ran {
    Rows(Rows),
    /// The result exceeds the caller's limits: it would, however often it runs.
    TooLarge(WarehouseError),
}

impl Ran {
    pub fn answer(self) -> Result<Rows, WarehouseError> {
        match self {
            Self::Rows(rows) => Ok(rows),
            Self::TooLarge(error) => Err(error),
        }
    }
}

/// A plan and its session.
struct Planned {
    session: SessionState,
    plan: LogicalPlan,
    /// The tables of files that it names, including through views.
    tables: BTreeSet<String>,
}

impl Engine {
    pub fn new(folder: &Path, dataset: &str, options: &Options) -> Result<Self, WarehouseError> {
        let shown = printable(&folder.display().to_string());
        let absolute = folder.canonicalize().map_err(|error| no_folder(&shown, &error))?;
        if !absolute.is_dir() {
            return Err(WarehouseError::NoDataset(format!("{shown} is a file. Set the folder that contains it.")));
        }
        let session = session(options, dataset).map_err(|error| WarehouseError::Resources(errors::text(&error)))?;
        Ok(Self {
            folder: absolute,
            shown,
            dataset: dataset.into(),
            memory_bytes: options.memory_bytes,
            session,
            current: Default::default(),
            looks: Default::default(),
            view_permits: PlanningPermits::of_views(VIEW_PERMITS),
            query_permits: PlanningPermits::of_queries(QUERY_PERMITS),
            warned: Default::default(),
        })
    }

    /// The folder as it is now. Only lists it: a table's files are read when the table is first
    /// used, and again if they have changed.
    pub async fn refresh(&self) -> Result<Arc<Snapshot>, WarehouseError> {
        let mut current = self.current.lock().await;
        let (folder, dataset) = (self.folder.clone(), self.dataset.clone());
        let listed = tokio::task::spawn_blocking(move || files::list(&folder, &dataset));
        let listed = listed.await.map_err(|_| WarehouseError::Resources("The folder could not be read.".into()))?;
        let (listed, warnings) = listed.map_err(|error| {
            tracing::error!(folder = self.shown, %error, "the folder of the tables cannot be read");
            lost_folder(&error)
        })?;
        for warning in warnings {
            if locked(&self.warned).insert(warning.clone()) {
                tracing::warn!("{warning}");
            }
        }
        let before = &current.tables;
        let is_same = listed.len() == before.len()
            && listed.iter().all(|(id, listed)| before.get(id).is_some_and(|entry| entry.listed == *listed));
        if !is_same {
            let entry = |(id, listed)| match before.get(&id) {
                Some(entry) if entry.listed == listed => (id, entry.clone()),
                _ => (id, Arc::new(Entry::new(listed, &self.looks))),
            };
            let tables = listed.into_iter().map(entry).collect();
            *current = Arc::new(Snapshot { tables, views: Default::default() });
        }
        Ok(current.clone())
    }

    pub async fn tables(self: &Arc<Self>) -> Result<Vec<TableInfo>, WarehouseError> {
        let snapshot = self.refresh().await?;
        let infos = snapshot.tables.iter().map(async |(id, entry)| {
            let columns = self.columns_of(&snapshot, id, entry).await;
            self.info(id, entry, columns.as_ref()).await
        });
        join_all(infos).await.into_iter().collect()
    }

    pub async fn table(self: &Arc<Self>, table: &TableName) -> Result<LiveTable, WarehouseError> {
        let snapshot = self.refresh().await?;
        let id = table.table();
        let entry = match snapshot.tables.get(id) {
            Some(entry) if table.dataset() == self.dataset => entry,
            _ => return Err(WarehouseError::NoTable(table.clone())),
        };
        let found = self.columns_of(&snapshot, id, entry).await;
        let info = self.info(id, entry, found.as_ref()).await?;
        let columns = found.map_err(|reason| WarehouseError::Unreadable { table: table.clone(), reason })?;
        let schema = TableSchema { table: table.clone(), columns: columns.usable, unusable: columns.unusable, partition: None };
        Ok(LiveTable { info, schema, state: Some(state(&snapshot, entry)), policy_tags: Default::default() })
    }

    async fn info(&self, id: &str, entry: &Entry, columns: Result<&Columns, &String>) -> Result<TableInfo, WarehouseError> {
        let bytes = entry.listed.parts.iter().map(|part| part.bytes).sum();
        let content = entry.content().await;
        let (kind, rows, bytes) = match content.as_deref() {
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

    /// Runs a query on at most this many threads: each takes memory of its own.
    pub async fn run(self: &Arc<Self>, sql: &str, limits: &Limits, threads: usize) -> Result<Ran, WarehouseError> {
        let snapshot = self.refresh().await?;
        let mut planned = self.plan(&snapshot, sql).await?;
        let is_wide = self.is_wide(&snapshot, &planned.tables).await;
        let execution = &mut planned.session.config_mut().options_mut().execution;
        execution.target_partitions = threads;
        execution.collect_statistics = !is_wide;
        if limits.max_cell.is_some() {
            *planned.session.config_mut() = planned.session.config().clone().with_batch_size(SHOWN_BATCH);
        }
        self.narrow(&mut planned.session, &planned.plan).map_err(|error| self.failed(&error, &planned.tables))?;
        let columns = rows::columns(planned.plan.schema().as_arrow());
        let failed = |error: DataFusionError| self.failed(&error, &planned.tables);
        // One more, to know whether there are more. A LIMIT is an INT64.
        let most = limits.max_rows.saturating_add(1).min(i64::MAX as usize);
        let plan = planned.plan.clone();
        let shared = shared::compute_once(&planned.session, plan, self.memory_bytes / 8).await.map_err(failed)?;
        let frame = DataFrame::new(planned.session.clone(), shared.plan.clone());
        let frame = frame.limit(0, Some(most)).map_err(failed)?;
        let mut stream: SendableRecordBatchStream = self.stream(frame, &planned.tables).await?;
        let mut answer = Answer::new(columns, None, limits);
        while let Some(batch) = stream.next().await {
            for row in rows::of_batch(&batch.map_err(failed)?, limits.max_cell).map_err(failed)? {
                match answer.push(row) {
                    Ok(true) => {}
                    Ok(false) => return Ok(Ran::Rows(answer.take())),
                    Err(too_large) => return Ok(Ran::TooLarge(too_large)),
                }
            }
        }
        Ok(Ran::Rows(answer.take()))
    }

    /// Whether a table has so many columns that collecting the statistics of its files takes longer
    /// than they save: DataFusion looks for each column among all of them, for each query anew.
    async fn is_wide(&self, snapshot: &Snapshot, tables: &BTreeSet<String>) -> bool {
        for entry in tables.iter().filter_map(|id| snapshot.tables.get(id)) {
            if let Ok(Content::Data(data)) = entry.content().await.as_deref()
                && data.columns.usable.len() > WIDE
            {
                return true;
            }
        }
        false
    }

    /// The memory of all queries.
    pub fn pool(&self) -> Arc<dyn MemoryPool> {
        self.session.runtime_env().memory_pool.clone()
    }

    /// Waits until no query holds memory, for a while: DataFusion ends the tasks of a query, and
    /// gives their memory back, some time after its answer or error.
    pub async fn memory_is_free(&self) {
        let pool = self.pool();
        let since = Instant::now();
        while pool.reserved() > 0 && since.elapsed() < GIVEN_BACK {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Begins to run a query. Optimising it is work for a thread that may block.
    async fn stream(
        self: &Arc<Self>,
        frame: DataFrame,
        tables: &BTreeSet<String>,
    ) -> Result<SendableRecordBatchStream, WarehouseError> {
        let (engine, tables) = (self.clone(), tables.clone());
        // Reads the footers of its files.
        let runtime = tokio::runtime::Handle::current();
        let planned = self.query_permits.plan(move || {
            let (mut session, plan) = frame.into_parts();
            let planned = session.optimize(&plan).and_then(|plan| {
                // Optimising may have added constants.
                engine.narrow(&mut session, &plan)?;
                runtime.block_on(session.query_planner().create_physical_plan(&plan, &session))
            });
            let context = Arc::new(TaskContext::from(&session));
            planned.map(|plan| (plan, context)).map_err(|error| engine.failed(&error, &tables))
        });
        let (plan, context) = planned.await?;
        execute_stream(plan, context).map_err(|error| errors::query(&error, self.memory_bytes))
    }

    /// Reduces the batch size if the plan's constants would make batches large: each constant is
    /// repeated in each row.
    fn narrow(&self, session: &mut SessionState, plan: &LogicalPlan) -> Result<(), DataFusionError> {
        let rows = self.memory_bytes / CONSTANTS_PART / long_values::constant_bytes(plan)?.max(1);
        if rows < session.config().batch_size() {
            *session.config_mut() = session.config().clone().with_batch_size(rows.max(1));
        }
        Ok(())
    }

    pub async fn dry_run(self: &Arc<Self>, sql: &str) -> Result<DryRun, WarehouseError> {
        let snapshot = self.refresh().await?;
        let planned = self.plan(&snapshot, sql).await?;
        let columns = rows::columns(planned.plan.schema().as_arrow());
        let engine = self.clone();
        let reads = self.query_permits.plan(move || {
            let Planned { session, plan, tables } = planned;
            session.optimize(&plan).and_then(|plan| reads(&plan)).map_err(|error| engine.failed(&error, &tables))
        });
        let mut bytes = Some(0);
        for (table, read) in reads.await? {
            let Some(entry) = snapshot.tables.get(&table) else { continue };
            let content = entry.content().await;
            let of_table = match content.as_deref() {
                Ok(Content::Data(data)) => Some(match &data.column_bytes {
                    Some(columns) => read.iter().filter_map(|column| columns.get(column)).sum::<u64>(),
                    None => entry.listed.parts.iter().map(|part| part.bytes).sum(),
                }),
                _ => None,
            };
            bytes = bytes.zip(of_table).map(|(all, of_table): (u64, u64)| all.saturating_add(of_table));
        }
        Ok(DryRun { columns, bytes, upper_bound: false })
    }

    /// The columns of a table, or why it has none.
    async fn columns_of(self: &Arc<Self>, snapshot: &Arc<Snapshot>, id: &str, entry: &Entry) -> Result<Columns, String> {
        let content = entry.content().await?;
        let view = match &*content {
            Content::Data(data) => return Ok(data.columns.clone()),
            Content::View(view) => view,
        };
        let known = locked(&snapshot.views).planned.get(id).cloned();
        let planned = match known {
            Some(known) => known,
            None => self.planned_view(snapshot, id, &view.names, content.clone()).await,
        };
        match planned {
            Ok(planned) => Ok(planned.columns.clone()),
            Err(WarehouseError::Timeout(seconds)) => {
                Err(format!("planning its SQL takes more than {seconds} seconds; simplify it"))
            }
            // The caller names the table.
            Err(WarehouseError::Unreadable { table, reason }) if table.table() == id => Err(printable(&reason)),
            Err(error) => Err(printable(&error.to_string())),
        }
    }

    async fn planned_view(
        self: &Arc<Self>,
        snapshot: &Arc<Snapshot>,
        id: &str,
        names: &[TableReference],
        content: Arc<Content>,
    ) -> Result<Arc<PlannedView>, WarehouseError> {
        if locked(&snapshot.views).slow.get(id).is_some_and(|tried| tried.elapsed() < SLOW_AGAIN) {
            return Err(WarehouseError::Timeout(planning::OF_VIEW.as_secs()));
        }
        let mut named = self.named(snapshot, names, Some(id)).await?;
        named.push((id.to_owned(), content));
        let (engine, of, name) = (self.clone(), snapshot.clone(), id.to_owned());
        let planned = self.view_permits.plan(move || match engine.sources(&of, &named) {
            Ok(_) => Ok(()),
            // Its own errors are known by now, and reported as they are.
            Err(error) if !locked(&of.views).planned.contains_key(&name) => Err(error),
            Err(_) => Ok(()),
        });
        let done = planned.await;
        if let Err(WarehouseError::Timeout(_)) = done {
            locked(&snapshot.views).slow.insert(id.to_owned(), Instant::now());
        }
        let known = locked(&snapshot.views).planned.get(id).cloned();
        match (known, done) {
            (Some(known), _) => known,
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(WarehouseError::Resources("The query engine was stopped.".into())),
        }
    }

    /// The content of tables and views, and of those that these name.
    async fn named(&self, snapshot: &Snapshot, names: &[TableReference], within: Option<&str>) -> Result<Named, WarehouseError> {
        /// A view being visited, and its names that are still to be visited.
        struct Visit {
            id: String,
            content: Option<Arc<Content>>,
            rest: std::vec::IntoIter<String>,
        }
        let mut found: Named = vec![];
        // Visited tables and views, and whether everything that they name is visited too.
        let mut met: HashMap<String, bool> = within.iter().map(|id| ((*id).to_owned(), false)).collect();
        let ids = |names: &[TableReference]| names.iter().map(|name| self.table_id(name)).collect::<Result<Vec<_>, _>>();
        let mut path = vec![Visit { id: String::new(), content: None, rest: ids(names)?.into_iter() }];
        while let Some(step) = path.last_mut() {
            let Some(id) = step.rest.next() else {
                if let Some(Visit { id, content: Some(content), .. }) = path.pop() {
                    met.insert(id.clone(), true);
                    found.push((id, content));
                }
                continue;
            };
            match met.get(&id) {
                Some(true) => continue,
                Some(false) => return Err(self.unreadable(&id, "the view refers to itself".into())),
                None if path.len() > MAX_VIEWS => {
                    return Err(self.unreadable(&id, format!("views are nested more than {MAX_VIEWS} deep")));
                }
                None => {}
            }
            let Some(entry) = snapshot.tables.get(&id) else { return Err(WarehouseError::NoTable(self.table_name(&id)?)) };
            let content = entry.content().await.map_err(|reason| self.unreadable(&id, reason))?;
            let names = match &*content {
                Content::View(view) => ids(&view.names).map_err(|error| self.of_view(&id, error))?,
                Content::Data(_) => vec![],
            };
            met.insert(id.clone(), false);
            path.push(Visit { id, content: Some(content), rest: names.into_iter() });
        }
        Ok(found)
    }

    fn unreadable(&self, id: &str, reason: String) -> WarehouseError {
        match self.table_name(id) {
            Ok(table) => WarehouseError::Unreadable { table, reason },
            Err(error) => error,
        }
    }

    /// An error of a view's own SQL, as an error of the statement that names it.
    fn of_view(&self, id: &str, error: WarehouseError) -> WarehouseError {
        match error {
            WarehouseError::Query(reason) => self.unreadable(id, format!("its SQL fails: {reason}")),
            other => other,
        }
    }

    /// Plans a query.
    async fn plan(self: &Arc<Self>, snapshot: &Arc<Snapshot>, sql: &str) -> Result<Planned, WarehouseError> {
        let text = sql.to_owned();
        let parse = move || dialect::parse(&text).and_then(|statement| Ok((dialect::names(&statement)?, statement)));
        let (names, statement) = self.query_permits.plan(move || parse().map_err(WarehouseError::Query)).await?;
        let named = self.named(snapshot, &names, None).await?;
        let (engine, snapshot) = (self.clone(), snapshot.clone());
        let plan = move || {
            let sources = engine.sources(&snapshot, &named)?;
            Ok(engine.plan_statement(statement, &names, &sources, MAX_QUERY_SIZE)?.0)
        };
        self.query_permits.plan(plan).await
    }

    /// The named tables as statements are planned with them; plans the views that are not planned
    /// yet.
    fn sources(&self, snapshot: &Snapshot, named: &Named) -> Result<Sources, WarehouseError> {
        let mut sources = Sources::default();
        for (id, content) in named {
            let view = match &**content {
                Content::Data(data) => {
                    let extent = Extent::of_table(data.provider.schema().fields().len());
                    sources.add(id, data.provider.clone(), extent, BTreeSet::from([id.clone()]));
                    continue;
                }
                Content::View(view) => view,
            };
            let known = locked(&snapshot.views).planned.get(id).cloned();
            if let Some(known) = known {
                let known = known.map_err(|error| self.of_view(id, error))?;
                if let Some(provider) = &known.provider {
                    sources.add(id, provider.clone(), known.extent, known.tables.clone());
                    continue;
                }
            }
            // A panic is this view's error, not that of the statement that names it. No state is
            // left inconsistent: it changes only its own.
            let planned = catch_unwind(AssertUnwindSafe(|| self.plan_view(view, &sources)));
            let planned = planned.unwrap_or_else(|_| Err(errors::panicked("planning a view", &view.sql)));
            let mut views = locked(&snapshot.views);
            match planned {
                Ok((columns, planned, extent)) => {
                    let provider: Arc<dyn TableProvider> = Arc::new(ViewTable::new(planned.plan, None));
                    let is_cached = views.cached.saturating_add(extent.size) <= MAX_CACHED;
                    let cached = is_cached.then(|| provider.clone());
                    let view = PlannedView { columns, extent, tables: planned.tables.clone(), provider: cached };
                    let before = views.planned.insert(id.clone(), Ok(Arc::new(view)));
                    if is_cached && !before.is_some_and(|before| before.is_ok_and(|before| before.provider.is_some())) {
                        views.cached += extent.size;
                    }
                    sources.add(id, provider, extent, planned.tables);
                }
                // Under less load it may be in time.
                Err(error) if planning::check().is_err() => return Err(error),
                Err(error) => {
                    views.planned.insert(id.clone(), Err(error.clone()));
                    return Err(self.of_view(id, error));
                }
            }
        }
        Ok(sources)
    }

    fn plan_view(&self, view: &files::View, sources: &Sources) -> Result<(Columns, Planned, Extent), WarehouseError> {
        let statement = dialect::parse(&view.sql).map_err(WarehouseError::Query)?;
        let (planned, extent) = self.plan_statement(statement, &view.names, sources, MAX_VIEW_SIZE)?;
        let columns = Columns::within_limit(planned.plan.schema().as_arrow()).map_err(WarehouseError::Query)?;
        Ok((columns, planned, extent))
    }

    /// Plans a statement, up to this size, with what it names.
    fn plan_statement(
        &self,
        statement: Statement,
        names: &[TableReference],
        sources: &Sources,
        most: u64,
    ) -> Result<(Planned, Extent), WarehouseError> {
        let failed = |error: DataFusionError| errors::query(&error, self.memory_bytes);
        let schema = MemorySchemaProvider::new();
        let mut tables = BTreeSet::new();
        for name in names {
            let id = self.table_id(name)?;
            let missing = || WarehouseError::Query(format!("Table {id} not found."));
            let provider = sources.providers.get(&id).ok_or_else(missing)?;
            tables.extend(sources.tables.get(&id).into_iter().flatten().cloned());
            schema.register_table(id, provider.clone()).map_err(failed)?;
        }
        let extent = dialect::extent(&statement, &sources.extents).map_err(WarehouseError::Query)?;
        extent.check(most).map_err(WarehouseError::Query)?;
        let mut session = self.session.clone();
        session.register_catalog_list(self.catalog(schema).map_err(failed)?);
        session.mark_start_execution();
        // Its tables are in memory: nothing blocks.
        let plan = futures::executor::block_on(session.statement_to_plan(statement)).map_err(failed)?;
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        options.verify_plan(&plan).map_err(failed)?;
        Ok((Planned { session, plan, tables }, extent))
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
                unknown(format!("Dataset {schema} not found."))
            }
            TableReference::Full { catalog, .. } => unknown(format!("Project {catalog} not found: the tables are files.")),
            _ => Ok(reference.table().to_owned()),
        }
    }

    fn table_name(&self, id: &str) -> Result<TableName, WarehouseError> {
        TableName::new(&self.dataset, id).map_err(|error| WarehouseError::Query(format!("{id} is not a table: {error}.")))
    }

    /// An error at run time; a damaged file is attributed to its table if there is only one.
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

/// The columns that an optimised plan reads, per table. A column counts once, however often it is
/// read.
fn reads(plan: &LogicalPlan) -> Result<HashMap<String, HashSet<String>>, DataFusionError> {
    let mut read: HashMap<String, HashSet<String>> = HashMap::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let columns = read.entry(scan.table_name.table().to_owned()).or_default();
            columns.extend(scan.projected_schema.fields().iter().map(|field| field.name().clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(read)
}

/// Identifies the content of a table's files: changes when one of them changes. A view may read any
/// of the folder's.
fn state(snapshot: &Snapshot, entry: &Entry) -> String {
    let all = snapshot.tables.values().flat_map(|entry| entry.listed.files());
    let parts: Vec<&files::TableFile> = match entry.listed.kind {
        files::Kind::View => all.collect(),
        files::Kind::Parquet | files::Kind::Csv => entry.listed.files().collect(),
    };
    let mut hash = Sha256::new();
    for part in parts {
        let modified = part.modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
        hash.update(format!("{}\0{}\0{}\0", part.path.display(), part.bytes, modified.as_nanos()));
    }
    HEXLOWER.encode(&hash.finalize())
}

fn session(options: &Options, dataset: &str) -> Result<SessionState, DataFusionError> {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, dataset)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false)
        .with_target_partitions(options.threads.max(1));
    let settings = config.options_mut();
    settings.sql_parser.dialect = Dialect::BigQuery;
    // Column names are compared exactly; function names without regard to case all the same.
    settings.sql_parser.enable_ident_normalization = false;
    // BigQuery: NULLs first ascending, last descending.
    settings.sql_parser.default_null_ordering = "nulls_min".into();
    settings.execution.time_zone = Some("UTC".into());
    settings.execution.sort_spill_reservation_bytes = memory::for_merging(options.memory_bytes);
    let spilled = SpillFolder::new(&options.spill_folder, options.spill_bytes);
    let disk = DiskManager::builder()
        .with_temp_file_factory(Arc::new(spilled))
        .with_max_spill_merge_fan_in(memory::merged_files(options.memory_bytes));
    let counted = long_values::Memory(memory::pool(options.memory_bytes));
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(counted.0.clone()).with_disk_manager_builder(disk).build_arc()?;
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        // DataFusion's own planners come after it.
        .with_expr_planners(vec![Arc::new(long_values::Structs(counted.clone()))])
        .with_default_features()
        .with_type_planner(Arc::new(GoogleTypes))
        .with_optimizer_rules(planning::optimizer_rules())
        .with_physical_optimizer_rules(pushdown::rules())
        .with_physical_optimizer_rule(Arc::new(SequentialUnions))
        .with_physical_optimizer_rule(Arc::new(CompactRetained))
        .with_physical_optimizer_rule(Arc::new(YieldInJoins))
        .build();
    for function in functions::all() {
        state.register_udf(function)?;
    }
    // They make values of any type, including types of which a single value takes gigabytes.
    for name in ["arrow_cast", "arrow_try_cast"] {
        state.deregister_udf(name)?;
    }
    for name in long_values::NAMES {
        let function = state.udf(name)?;
        if let Some(within) = long_values::within_limits(&function, &counted) {
            state.register_udf(within)?;
        }
    }
    for function in sketches::all() {
        state.register_udaf(function)?;
    }
    let semantics = GoogleSemantics {
        divide: state.udf(functions::DIVIDE)?,
        text: state.udf(functions::TEXT)?,
        bits: state.udf(functions::BITS)?,
        joined_texts: Arc::new(long_values::joined_texts(counted.clone())),
        memory: counted,
    };
    state.register_function_rewrite(Arc::new(semantics))?;
    Ok(state)
}

/// A folder that existed at the start. Callers need not know its path on this machine.
fn lost_folder(error: &std::io::Error) -> WarehouseError {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            WarehouseError::NoDataset("The warehouse folder no longer exists. See the server log for its path.".into())
        }
        std::io::ErrorKind::PermissionDenied => WarehouseError::NoPermission(
            "No permission to read the warehouse folder. Grant the server permission; see its log for the path.".into(),
        ),
        _ => WarehouseError::NoDataset("The warehouse folder cannot be read. See the server log for details.".into()),
    }
}

fn no_folder(shown: &str, error: &std::io::Error) -> WarehouseError {
    match error.kind() {
        std::io::ErrorKind::NotFound => WarehouseError::NoDataset(format!(
            "Folder {shown} not found. Create it and put Parquet or CSV files into it, or set another."
        )),
        std::io::ErrorKind::PermissionDenied => WarehouseError::NoPermission(format!(
            "No permission to read the folder {shown}. Grant this program permission, or set another folder."
        )),
        std::io::ErrorKind::NotADirectory => {
            WarehouseError::NoDataset(format!("{shown} is not a folder. Set a folder of Parquet or CSV files."))
        }
        _ => WarehouseError::NoDataset(format!("The folder {shown} cannot be read: {error}.")),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The value is never left partly written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
