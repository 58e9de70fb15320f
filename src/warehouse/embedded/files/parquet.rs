//! Tables of Parquet files: their columns by name, whatever the order, case or width in each file.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as EngineResult;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl, PartitionedFile};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchemaBuilder;
use datafusion::error::DataFusionError;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
use datafusion::physical_expr_adapter::{DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory};
use datafusion::physical_plan::ExecutionPlan;

use super::super::footer;
use super::super::types::{NUMERIC, canonical, column_type, stored_type};
use super::partitions::PartitionColumns;
use super::{Columns, Data, MAX_COLUMNS, TableFile, duplicate, file_url, in_file, io_reason, too_many_columns};
use crate::domain::name::{fold, same};
use crate::domain::schema::{ColumnType, Mode};

pub(super) fn load(parts: &[TableFile]) -> Result<Data, String> {
    let partitions = PartitionColumns::of(parts);
    let mut merged = Merged::default();
    let mut rows = 0u64;
    let mut column_bytes: HashMap<String, u64> = HashMap::new();
    let mut refused: Vec<(String, String)> = vec![];
    let mut refused_names = HashSet::new();
    for part in parts {
        let footer = read_footer(part).map_err(|reason| in_file(parts, part, reason))?;
        let meta = footer.metadata();
        let groups = meta.row_groups().iter();
        let of_file = groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).fold(0, u64::saturating_add);
        rows = rows.saturating_add(of_file);
        let stored = stored_bytes(meta);
        let mut fields = vec![];
        for field in footer.schema().fields() {
            // A folder's name says the same of all rows.
            if partitions.fields.iter().any(|key| same(key.name(), field.name())) {
                continue;
            }
            match stored_type(field.data_type()) {
                Ok(to) => {
                    let bytes = match fixed_width(&to) {
                        Some(width) => of_file.saturating_mul(width),
                        None => stored.get(field.name().as_str()).copied().unwrap_or(0),
                    };
                    let to = if *field.data_type() == DataType::Null { DataType::Null } else { to };
                    fields.push((Field::new(field.name(), to, field.is_nullable()), bytes));
                }
                Err(reason) if refused_names.insert(field.name().clone()) => refused.push((field.name().clone(), reason)),
                Err(_) => {}
            }
        }
        duplicate(fields.iter().map(|(field, _)| field.name().as_str()))?;
        for (name, bytes) in merged.add(fields, part)? {
            let all = column_bytes.entry(name).or_default();
            *all = all.saturating_add(bytes);
        }
    }
    let is_plain = merged.is_plain && partitions.fields.is_empty();
    let fields = merged.fields();
    if fields.is_empty() {
        return Err("it has no column that can be read".into());
    }
    if fields.len() + partitions.fields.len() > MAX_COLUMNS {
        return Err(too_many_columns());
    }
    let files = Arc::new(Schema::new(fields));
    let all = files.fields().iter().map(|field| field.as_ref().clone()).chain(partitions.fields.clone());
    let mut columns = Columns::of(&Schema::new(all.collect::<Vec<_>>()));
    columns.unusable.extend(refused);
    for key in &partitions.fields {
        column_bytes.insert(key.name().clone(), rows.saturating_mul(fixed_width(key.data_type()).unwrap_or(10)));
    }
    let provider = if is_plain { plain(parts, files)? } else { Arc::new(Union::new(parts, files, &partitions)?) };
    Ok(Data { provider, columns, rows: Some(rows), column_bytes: Some(column_bytes) })
}

fn read_footer(part: &TableFile) -> Result<ArrowReaderMetadata, String> {
    let mut file = File::open(&part.path).map_err(|error| io_reason(&error))?;
    let footer = footer::read(&mut file)?;
    ParquetMetaDataReader::decode_metadata(&footer)
        .and_then(|metadata| ArrowReaderMetadata::try_new(Arc::new(metadata), Default::default()))
        .map_err(|_| footer::DAMAGED.into())
}

/// A column of the files so far.
struct MergedColumn {
    field: Field,
    /// The first file that says its type.
    file: String,
}

/// The columns of the files so far: a column may be missing in some, but has one type.
#[derive(Default)]
struct Merged {
    columns: Vec<MergedColumn>,
    places: HashMap<String, usize>,
    folded: HashMap<String, usize>,
    files: usize,
    /// Whether all files have the columns in the same case, and their types.
    is_plain: bool,
}

impl Merged {
    /// Adds a file's columns with their bytes; returns the bytes by the table's names.
    fn add(&mut self, others: Vec<(Field, u64)>, part: &TableFile) -> Result<Vec<(String, u64)>, String> {
        let is_first = self.files == 0;
        if is_first {
            self.is_plain = true;
        }
        let file = part.shown_name();
        let mut there = vec![false; self.columns.len()];
        let mut bytes = vec![];
        // Two columns of one file may differ only in case; then only exact names count.
        let mut folded = HashSet::new();
        let by_case = !others.iter().all(|(other, _)| folded.insert(fold(other.name())));
        for (other, size) in others {
            let exact = self.places.get(other.name()).copied();
            let near = || self.folded.get(&fold(other.name())).copied().filter(|_| !by_case);
            let Some(place) = exact.or_else(near) else {
                self.places.insert(other.name().clone(), self.columns.len());
                self.folded.entry(fold(other.name())).or_insert(self.columns.len());
                let nullable = other.is_nullable() || !is_first;
                bytes.push((other.name().clone(), size));
                self.is_plain &= *other.data_type() != DataType::Null;
                self.columns.push(MergedColumn { field: other.with_nullable(nullable), file: file.clone() });
                continue;
            };
            let mine = &mut self.columns[place];
            bytes.push((mine.field.name().clone(), size));
            self.is_plain &= exact.is_some() && *other.data_type() != DataType::Null;
            if *mine.field.data_type() == DataType::Null {
                mine.field = mine.field.clone().with_data_type(other.data_type().clone());
                mine.file = file.clone();
            } else if *mine.field.data_type() == DataType::Int64 && *other.data_type() == NUMERIC {
                // Small numbers are written with a sign in one file and without one in another.
                mine.field = mine.field.clone().with_data_type(NUMERIC);
            } else if !holds(mine.field.data_type(), other.data_type()) {
                return Err(conflict(mine, &other, &file));
            }
            let nullable = mine.field.is_nullable() || other.is_nullable() || *other.data_type() == DataType::Null;
            mine.field.set_nullable(nullable);
            if let Some(there) = there.get_mut(place) {
                *there = true;
            }
        }
        for (mine, _) in self.columns.iter_mut().zip(there).filter(|(_, there)| !there) {
            mine.field.set_nullable(true);
        }
        self.files += 1;
        Ok(bytes)
    }

    /// The table's columns. One that is NULL in all files is a text.
    fn fields(self) -> Vec<Field> {
        let typed = |field: Field| match canonical(field.data_type()) {
            Ok(to) => field.with_data_type(to),
            Err(_) => field,
        };
        self.columns.into_iter().map(|column| typed(column.field)).collect()
    }
}

/// Whether values of another file's type can be read as those of the table's.
fn holds(mine: &DataType, other: &DataType) -> bool {
    other == mine || *other == DataType::Null || (*mine == NUMERIC && *other == DataType::Int64)
}

fn conflict(mine: &MergedColumn, other: &Field, file: &str) -> String {
    let label = |of: &DataType| match column_type(of) {
        Ok((of, Mode::Repeated)) => format!("ARRAY<{of}>"),
        Ok((of, _)) => of.to_string(),
        Err(_) => "another type".to_owned(),
    };
    let (first, second) = (label(mine.field.data_type()), label(other.data_type()));
    let (name, first_file) = (mine.field.name(), &mine.file);
    match first == second {
        true => format!("its files do not match: {name} is a {first} of other fields in {file} than in {first_file}"),
        false => format!("its files do not match: {name} is {first} in {first_file} and {second} in {file}"),
    }
}

/// Bytes that BigQuery counts per value.
/// <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_sizes>
fn fixed_width(of: &DataType) -> Option<u64> {
    match column_type(of).ok()? {
        (ColumnType::Bool, Mode::Nullable) => Some(1),
        (ColumnType::Numeric, Mode::Nullable) => Some(16),
        (ColumnType::BigNumeric, Mode::Nullable) => Some(32),
        (
            ColumnType::Int64
            | ColumnType::Float64
            | ColumnType::Date
            | ColumnType::Datetime
            | ColumnType::Time
            | ColumnType::Timestamp,
            Mode::Nullable,
        ) => Some(8),
        _ => None,
    }
}

/// Bytes of each top-level column, before compression.
fn stored_bytes(meta: &ParquetMetaData) -> HashMap<&str, u64> {
    let mut bytes: HashMap<&str, u64> = HashMap::new();
    for chunk in meta.row_groups().iter().flat_map(|group| group.columns()) {
        if let Some(first) = chunk.column_path().parts().first() {
            let all = bytes.entry(first).or_default();
            *all = all.saturating_add(u64::try_from(chunk.uncompressed_size()).unwrap_or(0));
        }
    }
    bytes
}

fn internal(error: DataFusionError) -> String {
    super::super::errors::text(&error)
}

/// Files that agree on their columns: DataFusion's own table, which uses their statistics.
fn plain(parts: &[TableFile], schema: SchemaRef) -> Result<Arc<dyn TableProvider>, String> {
    let urls =
        parts.iter().map(|part| ListingTableUrl::parse(file_url(&part.path)).map_err(internal)).collect::<Result<_, _>>()?;
    // With any extension: the listing checked it without regard to case.
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config).map_err(internal)?))
}

/// Files in partition folders, or with columns that differ in case or have no type in some of them.
/// Without statistics, which are found by the exact names of columns.
#[derive(Debug)]
struct Union {
    /// The files' own columns.
    files: SchemaRef,
    keys: Vec<Arc<Field>>,
    schema: SchemaRef,
    parts: Vec<PartitionedFile>,
}

impl Union {
    fn new(parts: &[TableFile], files: SchemaRef, partitions: &PartitionColumns) -> Result<Self, String> {
        let keys: Vec<Arc<Field>> = partitions.fields.iter().cloned().map(Arc::new).collect();
        let schema = Schema::new(files.fields().iter().cloned().chain(keys.iter().cloned()).collect::<Vec<_>>());
        let part = |part: &TableFile| {
            let mut file = PartitionedFile::new("", part.bytes).with_partition_values(partitions.values(part));
            file.object_meta.location = ListingTableUrl::parse(file_url(&part.path)).map_err(internal)?.prefix().clone();
            // Cached footers are those of this time.
            file.object_meta.last_modified = part.modified.map(Into::into).unwrap_or_default();
            Ok(file)
        };
        let parts = parts.iter().map(part).collect::<Result<_, String>>()?;
        Ok(Self { files, keys, schema: Arc::new(schema), parts })
    }
}

#[async_trait]
impl TableProvider for Union {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let format = ParquetFormat::default();
        let table = TableSchemaBuilder::from(&self.files).with_table_partition_cols(self.keys.clone()).build();
        let groups = FileGroup::new(self.parts.clone()).split_files(state.config().target_partitions());
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), format.file_source(table))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_expr_adapter(Some(Arc::new(ByFoldedNames)))
            .build();
        format.create_physical_plan(state, config).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> EngineResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

/// Finds a table's columns in a file without regard to case, as BigQuery compares names.
#[derive(Debug)]
struct ByFoldedNames;

impl PhysicalExprAdapterFactory for ByFoldedNames {
    fn create(&self, table: SchemaRef, file: SchemaRef) -> EngineResult<Arc<dyn PhysicalExprAdapter>> {
        let exact: HashSet<&str> = file.fields().iter().map(|field| field.name().as_str()).collect();
        let missing = table.fields().iter().filter(|field| !exact.contains(field.name().as_str()));
        let mut near: HashMap<String, &str> = missing.map(|field| (fold(field.name()), field.name().as_str())).collect();
        let named = |field: &Arc<Field>| match table.index_of(field.name()) {
            Ok(_) => field.clone(),
            Err(_) => match near.remove(&fold(field.name())) {
                Some(name) => Arc::new(field.as_ref().clone().with_name(name)),
                None => field.clone(),
            },
        };
        let renamed = file.fields().iter().map(named).collect::<Vec<_>>();
        let renamed = Arc::new(Schema::new_with_metadata(renamed, file.metadata().clone()));
        let inner = DefaultPhysicalExprAdapterFactory.create(table, renamed)?;
        Ok(Arc::new(WithFileNames { inner, file }))
    }
}

#[derive(Debug)]
struct WithFileNames {
    inner: Arc<dyn PhysicalExprAdapter>,
    file: SchemaRef,
}

impl PhysicalExprAdapter for WithFileNames {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> EngineResult<Arc<dyn PhysicalExpr>> {
        let rewritten = self.inner.rewrite(expr)?;
        let name = |expr: Arc<dyn PhysicalExpr>| {
            let Some(column) = expr.downcast_ref::<PhysicalColumn>() else { return Ok(Transformed::no(expr)) };
            match self.file.fields().get(column.index()) {
                Some(field) if field.name() != column.name() => {
                    Ok(Transformed::yes(Arc::new(PhysicalColumn::new(field.name(), column.index())) as Arc<dyn PhysicalExpr>))
                }
                _ => Ok(Transformed::no(expr)),
            }
        };
        rewritten.transform(name).map(|transformed| transformed.data)
    }
}
