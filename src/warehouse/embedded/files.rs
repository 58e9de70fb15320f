//! The folder: which files make which table, and their content. Reads footers and headers; runs no
//! query.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::csv::reader::{Format, ReaderBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::sync::Semaphore;

use super::footer;
use super::lines::Lines;
use super::types::{NUMERIC, arrow_type, canonical, column_type, stored_type, timestamp};
use crate::domain::name::{ColumnName, TableName, fold};
use crate::domain::schema::{Column, ColumnType, Mode};

/// CSV files up to this many bytes are read whole to infer their types and count their rows; of
/// longer ones, this many rows.
const CSV_WHOLE_BYTES: u64 = 64 << 20;
const CSV_SAMPLE_ROWS: usize = 200_000;
/// And at most about this many bytes, since rows may be long.
const CSV_SAMPLE_BYTES: u64 = 256 << 20;
/// Maximum size of a view's SQL, in bytes.
const MAX_VIEW_BYTES: u64 = 1 << 20;
/// Maximum number of columns of a table, the same as BigQuery's.
pub(super) const MAX_COLUMNS: usize = 10_000;
/// Files inspected concurrently: each may take a processor, and as much memory as its footer or
/// longest row needs.
const LOOKS: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Parquet,
    Csv,
    View,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "parquet" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            "sql" => Some(Self::View),
            _ => None,
        }
    }
}

/// A file in a listing of the folder. Equal as long as it has not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableFile {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified: Option<SystemTime>,
}

/// A table in a listing of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub kind: Kind,
    pub parts: Vec<TableFile>,
    /// Set if the listing alone shows that it cannot be read.
    pub problem: Option<String>,
}

/// A table of the folder. Its files are inspected once, on first use.
pub(super) struct Entry {
    pub listed: Listed,
    content: Shared<BoxFuture<'static, Found>>,
}

/// The content of a table's files, or why they cannot be read.
pub(super) type Found = Result<Arc<Content>, String>;

impl Entry {
    pub fn new(listed: Listed, looks: &Looks) -> Self {
        let (looks, files) = (looks.clone(), listed.clone());
        // A task of its own: a future that stops with its caller would keep the permit that it
        // holds.
        let look = async move {
            let looked = tokio::spawn(looks.into_files_of(files)).await;
            looked.unwrap_or_else(|_| Err("its files could not be read".into()))
        };
        Self { listed, content: look.boxed().shared() }
    }

    /// Its content. The inspection goes on if the caller stops waiting.
    pub async fn content(&self) -> Found {
        self.content.clone().await
    }
}

/// Inspects files, a few at a time, on threads that may block.
#[derive(Clone)]
pub(super) struct Looks(Arc<Semaphore>);

impl Default for Looks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKS)))
    }
}

impl Looks {
    async fn into_files_of(self, listed: Listed) -> Found {
        let stopped = || "its files could not be read".to_owned();
        let permit = self.0.acquire_owned().await.map_err(|_| stopped())?;
        let looked = tokio::task::spawn_blocking(move || {
            let found = load(&listed);
            drop(permit);
            found
        });
        match looked.await {
            Ok(found) => found.map(Arc::new).map_err(|reason| printable(&reason)),
            // Readers of damaged files panic. The log has their words.
            Err(error) if error.is_panic() => Err("its files are damaged or of an unsupported kind".into()),
            Err(_) => Err(stopped()),
        }
    }
}

#[derive(Debug)]
pub(super) enum Content {
    View(View),
    Data(Data),
}

/// A view's SQL, and what it names.
#[derive(Debug)]
pub(super) struct View {
    pub sql: String,
    pub names: Vec<TableReference>,
}

/// The content of a table of files.
pub(super) struct Data {
    pub provider: Arc<dyn TableProvider>,
    pub columns: Columns,
    pub rows: Option<u64>,
    /// Logical bytes of each column, as BigQuery counts them; `None` if only the file's size is
    /// known.
    pub column_bytes: Option<HashMap<String, u64>>,
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Data").field("columns", &self.columns).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The usable columns, and the others with the reason.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub usable: Vec<Column>,
    pub unusable: Vec<(String, String)>,
}

impl Columns {
    /// Reads an Arrow schema, up to BigQuery's maximum number of columns.
    pub fn within_limit(schema: &Schema) -> Result<Self, String> {
        if schema.fields().len() > MAX_COLUMNS { Err(too_many_columns()) } else { Ok(Self::of(schema)) }
    }

    /// Reads an Arrow schema in BigQuery's terms.
    pub fn of(schema: &Schema) -> Self {
        let mut columns = Self::default();
        let mut seen: HashSet<String> = HashSet::new();
        for field in schema.fields() {
            let name = field.name();
            let column = name.parse::<ColumnName>().map_err(|error| error.to_string()).and_then(|name| {
                if seen.contains(&fold(name.as_str())) {
                    return Err("another column has this name: BigQuery does not distinguish upper and lower case".into());
                }
                let (column_type, mode) = column_type(field.data_type())?;
                Ok((name, column_type, mode))
            });
            match column {
                Ok((name, column_type, mode)) => {
                    seen.insert(fold(name.as_str()));
                    let mode = if mode == Mode::Nullable && !field.is_nullable() { Mode::Required } else { mode };
                    columns.usable.push(Column { name, column_type, mode, description: None });
                }
                Err(reason) => columns.unusable.push((name.clone(), reason)),
            }
        }
        columns
    }
}

/// All tables of a folder by their ids, and warnings about what is not a table. Fails if the folder
/// cannot be listed.
pub(super) fn list(folder: &Path, dataset: &str) -> std::io::Result<(BTreeMap<String, Listed>, Vec<String>)> {
    let mut tables: BTreeMap<String, Listed> = BTreeMap::new();
    let mut warnings = vec![];
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let Some(file_name) = path.file_name().map(|name| printable(&name.to_string_lossy())) else { continue };
        if file_name.starts_with(['.', '_']) {
            continue;
        }
        let (id, listed) = if path.is_dir() {
            let Some(listed) = list_parts(&path) else { continue };
            (path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(), listed)
        } else {
            let Some(kind) = Kind::of(&path) else { continue };
            let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let problem = not_a_file(&path);
            (id, Listed { kind, parts: vec![part(path)], problem })
        };
        if let Err(error) = TableName::new(dataset, &id) {
            warnings.push(format!("{file_name} is not a table: {error}."));
            continue;
        }
        match tables.get_mut(&id) {
            Some(first) => {
                first.problem = Some(format!("{file_name} and another file define this table; rename one of them."));
            }
            None => {
                tables.insert(id, listed);
            }
        }
    }
    Ok((tables, warnings))
}

/// A folder of files of one format, or `None` if there are none in it.
fn list_parts(folder: &Path) -> Option<Listed> {
    let mut parts: Vec<(Kind, TableFile)> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !path.is_dir() && !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_'])))
        .filter_map(|path| Some((Kind::of(&path).filter(|kind| *kind != Kind::View)?, part(path))))
        .collect();
    parts.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    let kind = parts.first()?.0;
    let mixed = parts.iter().any(|(other, _)| *other != kind);
    let mixed = mixed.then(|| "the folder holds Parquet and CSV files; keep one of the two".to_owned());
    let of_part = |(_, part): &(Kind, TableFile)| Some(format!("{}: {}", file_name(part), not_a_file(&part.path)?));
    Some(Listed {
        kind,
        problem: mixed.or_else(|| parts.iter().find_map(of_part)),
        parts: parts.into_iter().map(|(_, part)| part).collect(),
    })
}

/// Why this cannot be read: opening a pipe, for example, blocks until something writes to it.
fn not_a_file(path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() => None,
        Ok(_) => Some("this is not a file".into()),
        Err(_) => Some("the file cannot be found or opened".into()),
    }
}

fn part(path: PathBuf) -> TableFile {
    let meta = fs::metadata(&path).ok();
    let bytes = meta.as_ref().map_or(0, fs::Metadata::len);
    TableFile { path, bytes, modified: meta.and_then(|meta| meta.modified().ok()) }
}

/// Inspects the files of a table.
fn load(listed: &Listed) -> Result<Content, String> {
    match (&listed.problem, listed.kind) {
        (Some(problem), _) => Err(problem.clone()),
        (None, Kind::View) => load_view(&listed.parts[0]).map(Content::View),
        (None, Kind::Parquet) => load_parquet(&listed.parts).map(Content::Data),
        (None, Kind::Csv) => load_csv(&listed.parts).map(Content::Data),
    }
}

fn load_view(part: &TableFile) -> Result<View, String> {
    let too_long = || "the view's text is longer than 1 MiB".to_owned();
    let mut sql = String::new();
    let read = File::open(&part.path).and_then(|file| file.take(MAX_VIEW_BYTES + 1).read_to_string(&mut sql));
    match read {
        _ if sql.len() as u64 > MAX_VIEW_BYTES => return Err(too_long()),
        Ok(_) if sql.trim().is_empty() => return Err("the view is empty; write a SELECT into it".into()),
        Ok(_) => {}
        Err(error) => return Err(io_reason(&error)),
    }
    let names = super::dialect::parse(&sql).and_then(|statement| super::dialect::names(&statement))?;
    Ok(View { sql, names })
}

pub(super) fn too_many_columns() -> String {
    format!("it has more than {MAX_COLUMNS} columns, the limit of BigQuery")
}

fn load_parquet(parts: &[TableFile]) -> Result<Data, String> {
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
            match stored_type(field.data_type()) {
                Ok(to) => {
                    let bytes = match fixed_width(&to) {
                        Some(width) => of_file.saturating_mul(width),
                        None => stored.get(field.name().as_str()).copied().unwrap_or(0),
                    };
                    let all = column_bytes.entry(field.name().clone()).or_default();
                    *all = all.saturating_add(bytes);
                    fields.push(Field::new(field.name(), to, field.is_nullable()));
                }
                Err(reason) if refused_names.insert(field.name().clone()) => refused.push((field.name().clone(), reason)),
                Err(_) => {}
            }
        }
        duplicate(&fields)?;
        merged.add(fields, part)?;
    }
    let fields = merged.fields;
    if fields.is_empty() {
        return Err("it has no column that can be read".into());
    }
    if fields.len() > MAX_COLUMNS {
        return Err(too_many_columns());
    }
    let schema = Arc::new(Schema::new(fields));
    let mut columns = Columns::of(&schema);
    columns.unusable.extend(refused);
    let provider = provider(parts, Arc::new(ParquetFormat::default()), schema)?;
    Ok(Data { provider, columns, rows: Some(rows), column_bytes: Some(column_bytes) })
}

fn read_footer(part: &TableFile) -> Result<ArrowReaderMetadata, String> {
    let mut file = File::open(&part.path).map_err(|error| io_reason(&error))?;
    let footer = footer::read(&mut file)?;
    ParquetMetaDataReader::decode_metadata(&footer)
        .and_then(|metadata| ArrowReaderMetadata::try_new(Arc::new(metadata), Default::default()))
        .map_err(|_| footer::DAMAGED.into())
}

/// The columns of the files so far: a column may be missing in some, but has one type.
#[derive(Default)]
struct Merged {
    fields: Vec<Field>,
    places: HashMap<String, usize>,
    /// The files so far, and the first of them.
    files: usize,
    first: String,
}

impl Merged {
    fn add(&mut self, others: Vec<Field>, part: &TableFile) -> Result<(), String> {
        let is_first = self.files == 0;
        if is_first {
            self.first = file_name(part);
        }
        let mut there = vec![false; self.fields.len()];
        for other in others {
            let Some(place) = self.places.get(other.name()).copied() else {
                self.places.insert(other.name().clone(), self.fields.len());
                let nullable = other.is_nullable() || !is_first;
                self.fields.push(other.with_nullable(nullable));
                continue;
            };
            let mine = &mut self.fields[place];
            // Small numbers are written with a sign in one file and without one in another.
            if *mine.data_type() == DataType::Int64 && *other.data_type() == NUMERIC {
                *mine = mine.clone().with_data_type(NUMERIC);
            }
            let widens = *mine.data_type() == NUMERIC && *other.data_type() == DataType::Int64;
            if other.data_type() != mine.data_type() && !widens {
                let label = |of: &DataType| column_type(of).map_or_else(|_| "another type".to_owned(), |(of, _)| of.to_string());
                return Err(format!(
                    "its files do not match: {} is {} in {} and {} in {}",
                    mine.name(),
                    label(mine.data_type()),
                    self.first,
                    label(other.data_type()),
                    file_name(part),
                ));
            }
            mine.set_nullable(mine.is_nullable() || other.is_nullable());
            if let Some(there) = there.get_mut(place) {
                *there = true;
            }
        }
        for (mine, _) in self.fields.iter_mut().zip(there).filter(|(_, there)| !there) {
            mine.set_nullable(true);
        }
        self.files += 1;
        Ok(())
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

fn load_csv(parts: &[TableFile]) -> Result<Data, String> {
    let mut header: Option<(Vec<String>, String)> = None;
    let mut types: Vec<DataType> = vec![];
    let mut rows = Some(0u64);
    for part in parts {
        let (schema, read, whole) = infer_csv(part).map_err(|reason| in_file(parts, part, reason))?;
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        match &header {
            Some((first, file)) if *first != names => {
                return Err(format!("its files do not match: {} has other columns than {file}", file_name(part)));
            }
            Some(_) => {}
            None => header = Some((names, file_name(part))),
        }
        let found = schema.fields().iter().map(|field| field.data_type().clone());
        types = if types.is_empty() { found.collect() } else { types.into_iter().zip(found).map(common_type).collect() };
        rows = rows.filter(|_| whole).map(|rows| rows + read as u64);
    }
    let (names, _) = header.unwrap_or_default();
    let text = || arrow_type(ColumnType::String).unwrap_or(DataType::Utf8);
    let fields: Vec<Field> = names
        .into_iter()
        .zip(types)
        .map(|(name, of)| Field::new(name, if of == DataType::Null { text() } else { of }, true))
        .collect();
    duplicate(&fields)?;
    let schema = Arc::new(Schema::new(fields));
    let columns = Columns::of(&schema);
    let format = CsvFormat::default().with_has_header(true).with_newlines_in_values(true);
    let provider = provider(parts, Arc::new(format), schema)?;
    Ok(Data { provider, columns, rows, column_bytes: None })
}

/// The columns of a CSV file in canonical types, the rows that were read to infer them, and whether
/// those were all.
fn infer_csv(part: &TableFile) -> Result<(Schema, usize, bool), String> {
    if part.bytes == 0 {
        return Err("the file is empty; a CSV file needs a header line with column names".into());
    }
    let open = || File::open(&part.path).map_err(|error| io_reason(&error));
    let mut start = [0; 3];
    let has_mark = open()?.read_exact(&mut start).is_ok() && start == [0xEF, 0xBB, 0xBF];
    if has_mark {
        return Err("the file begins with a byte order mark; save it as UTF-8 without one".into());
    }
    let format = Format::default().with_header(true);
    let most = if part.bytes <= CSV_WHOLE_BYTES { u64::MAX } else { CSV_SAMPLE_BYTES };
    let mut ended = false;
    let mut infer = |rows| {
        let mut lines = Lines::new(open()?, most);
        let found = format.infer_schema(&mut lines, rows).map_err(|error| csv_reason(&error));
        ended = lines.ended();
        found
    };
    // The header alone, before any work per column.
    if infer(Some(0))?.0.fields().len() > MAX_COLUMNS {
        return Err(too_many_columns());
    }
    let (found, rows) = infer((most < u64::MAX).then_some(CSV_SAMPLE_ROWS))?;
    let zoned = zoned(open()?, &found)?;
    let mut fields = vec![];
    for (position, field) in found.fields().iter().enumerate() {
        let to = match field.data_type() {
            // Arrow drops the zone here.
            DataType::Timestamp(..) if zoned.contains(&position) => timestamp(),
            DataType::Null => DataType::Null,
            other => canonical(other)?,
        };
        fields.push(Field::new(field.name(), to, true));
    }
    Ok((Schema::new(fields), rows, ended))
}

/// The columns whose first timestamps have a time zone.
fn zoned(file: File, found: &Schema) -> Result<HashSet<usize>, String> {
    let instants = found.fields().iter().enumerate().filter(|(_, field)| matches!(field.data_type(), DataType::Timestamp(..)));
    // Columns without a timestamp so far.
    let mut open: Vec<usize> = instants.map(|(position, _)| position).collect();
    let mut zoned = HashSet::new();
    if open.is_empty() {
        return Ok(zoned);
    }
    let all_text: Vec<Field> = found.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true)).collect();
    let projection = open.clone();
    let reader = ReaderBuilder::new(Arc::new(Schema::new(all_text)))
        .with_header(true)
        .with_projection(projection.clone())
        .with_bounds(0, 1000)
        .build(Lines::new(file, CSV_SAMPLE_BYTES))
        .map_err(|error| csv_reason(&error))?;
    for batch in reader {
        let batch: RecordBatch = batch.map_err(|error| csv_reason(&error))?;
        for (position, column) in projection.iter().zip(batch.columns()) {
            let Some(text) = column.as_string::<i32>().iter().flatten().find(|text| text.len() > 10) else { continue };
            let place = open.binary_search(position);
            if let Ok(place) = place {
                open.remove(place);
                if text.ends_with('Z') || text.get(10..).is_some_and(|time| time.contains(['+', '-'])) {
                    zoned.insert(*position);
                }
            }
        }
        if open.is_empty() {
            break;
        }
    }
    Ok(zoned)
}

/// The type that can hold the values of both files.
fn common_type((a, b): (DataType, DataType)) -> DataType {
    match (&a, &b) {
        _ if a == b => a,
        (DataType::Null, _) => b,
        (_, DataType::Null) => a,
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => DataType::Float64,
        (DataType::Date32, DataType::Timestamp(TimeUnit::Microsecond, _)) => b,
        (DataType::Timestamp(TimeUnit::Microsecond, _), DataType::Date32) => a,
        _ => arrow_type(ColumnType::String).unwrap_or(DataType::Utf8),
    }
}

fn duplicate(fields: &[Field]) -> Result<(), String> {
    let mut seen = HashSet::new();
    match fields.iter().find(|field| !seen.insert(field.name())) {
        Some(field) if field.name().is_empty() => Err("two columns have no name".into()),
        Some(field) => Err(format!("two columns are named {}", field.name())),
        None => Ok(()),
    }
}

fn provider(parts: &[TableFile], format: Arc<dyn FileFormat>, schema: SchemaRef) -> Result<Arc<dyn TableProvider>, String> {
    let internal = |error: datafusion::error::DataFusionError| super::errors::text(&error);
    let urls =
        parts.iter().map(|part| ListingTableUrl::parse(file_url(&part.path)).map_err(internal)).collect::<Result<_, _>>()?;
    // With any extension: the listing above checked it without regard to case.
    let options = ListingOptions::new(format).with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config).map_err(internal)?))
}

/// A URL in which blanks, `#`, `?` and `*` are part of the path.
fn file_url(path: &Path) -> String {
    let mut url = String::from("file://");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => url.push(byte.into()),
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}

fn file_name(part: &TableFile) -> String {
    part.path.file_name().map(|name| printable(&name.to_string_lossy())).unwrap_or_default()
}

/// A text in one line that is safe on a terminal: names may hold line breaks, and characters that
/// move the cursor or change the writing direction.
pub(super) fn printable(text: &str) -> String {
    let is_unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// Names the file if the table has several.
fn in_file(parts: &[TableFile], part: &TableFile, reason: String) -> String {
    if parts.len() > 1 { format!("{}: {reason}", file_name(part)) } else { reason }
}

fn io_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "the server has no permission to read the file".into(),
        std::io::ErrorKind::NotFound => "the file no longer exists".into(),
        std::io::ErrorKind::InvalidData => "the file is not UTF-8".into(),
        _ => "the file cannot be opened".into(),
    }
}

fn csv_reason(error: &datafusion::arrow::error::ArrowError) -> String {
    let text = error.to_string();
    let text = text.split(": ").skip(1).collect::<Vec<_>>().join(": ");
    let text = text.trim_start_matches("Encountered ").trim_end_matches('.').to_owned();
    if text.is_empty() { "this is not a CSV file".into() } else { format!("this CSV file cannot be read: {text}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn an_abandoned_file_inspection_releases_its_permit() {
        let looks = Looks::default();
        let entry = || Entry::new(Listed { kind: Kind::Csv, parts: vec![], problem: Some("broken".into()) }, &looks);
        let held = looks.0.clone().acquire_many_owned(LOOKS as u32).await.unwrap();
        let left: Vec<Entry> = (0..2 * LOOKS).map(|_| entry()).collect();
        for entry in &left {
            assert!(timeout(Duration::from_millis(10), entry.content()).await.is_err());
        }
        drop(held);
        let found = timeout(Duration::from_secs(10), entry().content()).await.expect("a permit");
        assert_eq!(found.err().as_deref(), Some("broken"));
    }
}
