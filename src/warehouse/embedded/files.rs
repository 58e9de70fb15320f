//! The folder: which files are which table, and what is in them. Reads footers and headers; runs no query.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::csv::reader::{Format, ReaderBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::types::{arrow_type, canonical, column_type, timestamp};
use crate::domain::name::{ColumnName, TableName, fold};
use crate::domain::schema::{Column, ColumnType, Mode};

/// CSV files up to this many bytes are read whole to tell their types and count their rows; longer ones to this many rows.
const CSV_WHOLE_BYTES: u64 = 64 << 20;
const CSV_SAMPLE_ROWS: usize = 200_000;
/// A view's text may be this long.
const MAX_VIEW_BYTES: u64 = 1 << 20;

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

/// A file as the folder lists it. Equal as long as it has not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified: Option<SystemTime>,
}

/// A table as the folder lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub kind: Kind,
    pub parts: Vec<Part>,
    /// Set where the listing alone says that it cannot be read.
    pub problem: Option<String>,
}

/// A table whose files were looked into.
#[derive(Debug)]
pub(super) struct Entry {
    pub listed: Listed,
    pub content: Result<Content, String>,
}

#[derive(Debug)]
pub(super) enum Content {
    View(String),
    Data(Data),
}

/// What a table of files holds.
pub(super) struct Data {
    pub provider: Arc<dyn TableProvider>,
    pub columns: Columns,
    pub rows: Option<u64>,
    /// Logical bytes, as BigQuery counts them, of each column; or `None` where only the file's size is known.
    pub column_bytes: Option<BTreeMap<String, u64>>,
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Data").field("columns", &self.columns).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The columns that can be used, and those that cannot with the reason.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub usable: Vec<Column>,
    pub unusable: Vec<(String, String)>,
}

impl Columns {
    /// Reads an Arrow schema in BigQuery's terms.
    pub fn of(schema: &Schema) -> Self {
        let mut columns = Self::default();
        let mut seen: Vec<String> = vec![];
        for field in schema.fields() {
            let name = field.name();
            let column = name.parse::<ColumnName>().map_err(|error| error.to_string()).and_then(|name| {
                if seen.contains(&fold(name.as_str())) {
                    return Err("another column has this name: BigQuery takes upper and lower case for the same".into());
                }
                let (column_type, mode) = column_type(field.data_type())?;
                Ok((name, column_type, mode))
            });
            match column {
                Ok((name, column_type, mode)) => {
                    seen.push(fold(name.as_str()));
                    let mode = if mode == Mode::Nullable && !field.is_nullable() { Mode::Required } else { mode };
                    columns.usable.push(Column { name, column_type, mode, description: None });
                }
                Err(reason) => columns.unusable.push((name.clone(), reason)),
            }
        }
        columns
    }
}

/// All tables of a folder by their ids, and warnings about what is no table. Fails where the folder cannot be listed.
pub(super) fn list(folder: &Path, dataset: &str) -> std::io::Result<(BTreeMap<String, Listed>, Vec<String>)> {
    let mut tables: BTreeMap<String, Listed> = BTreeMap::new();
    let mut warnings = vec![];
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let Some(file_name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if file_name.starts_with(['.', '_']) {
            continue;
        }
        let (id, listed) = if path.is_dir() {
            let Some(listed) = list_parts(&path) else { continue };
            (file_name.clone(), listed)
        } else {
            let Some(kind) = Kind::of(&path) else { continue };
            let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let problem = fs::metadata(&path).is_err().then(|| "the file cannot be found or opened".to_owned());
            (id, Listed { kind, parts: vec![part(path)], problem })
        };
        if let Err(error) = TableName::new(dataset, &id) {
            warnings.push(format!("{file_name} is no table: {error}."));
            continue;
        }
        match tables.get_mut(&id) {
            Some(first) => {
                first.problem = Some(format!("{file_name} and another file give this table; rename one of them."));
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
    let mut parts: Vec<(Kind, Part)> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !path.is_dir() && !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_'])))
        .filter_map(|path| Some((Kind::of(&path).filter(|kind| *kind != Kind::View)?, part(path))))
        .collect();
    parts.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    let kind = parts.first()?.0;
    let mixed = parts.iter().any(|(other, _)| *other != kind);
    Some(Listed {
        kind,
        problem: mixed.then(|| "the folder holds Parquet and CSV files; keep one of the two".to_owned()),
        parts: parts.into_iter().map(|(_, part)| part).collect(),
    })
}

fn part(path: PathBuf) -> Part {
    let meta = fs::metadata(&path).ok();
    let bytes = meta.as_ref().map_or(0, fs::Metadata::len);
    Part { path, bytes, modified: meta.and_then(|meta| meta.modified().ok()) }
}

/// Looks into the files of a table.
pub(super) fn load(listed: Listed) -> Entry {
    let content = match &listed.problem {
        Some(problem) => Err(problem.clone()),
        None => match listed.kind {
            Kind::View => load_view(&listed.parts[0]).map(Content::View),
            Kind::Parquet => load_parquet(&listed.parts).map(Content::Data),
            Kind::Csv => load_csv(&listed.parts).map(Content::Data),
        },
    };
    Entry { listed, content }
}

fn load_view(part: &Part) -> Result<String, String> {
    if part.bytes > MAX_VIEW_BYTES {
        return Err("the view's text is longer than 1 MiB".into());
    }
    match fs::read_to_string(&part.path) {
        Ok(sql) if sql.trim().is_empty() => Err("the view is empty; write a SELECT into it".into()),
        Ok(sql) => Ok(sql),
        Err(error) => Err(io_reason(&error)),
    }
}

fn load_parquet(parts: &[Part]) -> Result<Data, String> {
    let mut merged: Option<Merged> = None;
    let mut rows = 0;
    let mut column_bytes: BTreeMap<String, u64> = BTreeMap::new();
    let mut refused: Vec<(String, String)> = vec![];
    for part in parts {
        let file = File::open(&part.path).map_err(|error| in_file(parts, part, io_reason(&error)))?;
        let footer = ArrowReaderMetadata::load(&file, Default::default())
            .map_err(|_| in_file(parts, part, "this is no Parquet file, or it is damaged or cut short".into()))?;
        let mut fields = vec![];
        for field in footer.schema().fields() {
            match canonical(field.data_type()) {
                Ok(to) => fields.push(Field::new(field.name(), to, field.is_nullable())),
                Err(reason) => refused.push((field.name().clone(), reason)),
            }
        }
        let meta = footer.metadata();
        let of_file: u64 = meta.row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum();
        rows += of_file;
        for field in &fields {
            *column_bytes.entry(field.name().clone()).or_default() += match fixed_width(field.data_type()) {
                Some(width) => width * of_file,
                None => stored_bytes(meta, field.name()),
            };
        }
        merged = Some(match merged {
            None => Merged { fields, file: file_name(part) },
            Some(before) => before.with(fields, part)?,
        });
    }
    let fields = merged.map(|merged| merged.fields).unwrap_or_default();
    if fields.is_empty() {
        return Err("it has no column that can be read".into());
    }
    duplicate(&fields)?;
    let schema = Arc::new(Schema::new(fields));
    let mut columns = Columns::of(&schema);
    refused.dedup();
    columns.unusable.extend(refused);
    let provider = provider(parts, Arc::new(ParquetFormat::default()), schema)?;
    Ok(Data { provider, columns, rows: Some(rows), column_bytes: Some(column_bytes) })
}

/// The columns of the files so far: a column may lack in some, but its type is one.
struct Merged {
    fields: Vec<Field>,
    file: String,
}

impl Merged {
    fn with(mut self, others: Vec<Field>, part: &Part) -> Result<Self, String> {
        for mine in &mut self.fields {
            match others.iter().find(|other| other.name() == mine.name()) {
                Some(other) if other.data_type() != mine.data_type() => {
                    let label =
                        |of: &DataType| column_type(of).map_or_else(|_| "another type".to_owned(), |(of, _)| of.to_string());
                    return Err(format!(
                        "its files do not agree: {} is {} in {} and {} in {}",
                        mine.name(),
                        label(mine.data_type()),
                        self.file,
                        label(other.data_type()),
                        file_name(part),
                    ));
                }
                Some(other) => mine.set_nullable(mine.is_nullable() || other.is_nullable()),
                None => mine.set_nullable(true),
            }
        }
        for other in others {
            if !self.fields.iter().any(|mine| mine.name() == other.name()) {
                self.fields.push(other.with_nullable(true));
            }
        }
        Ok(self)
    }
}

/// How many bytes BigQuery counts for a value.
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

fn stored_bytes(meta: &datafusion::parquet::file::metadata::ParquetMetaData, name: &str) -> u64 {
    let of_column = |chunk: &&datafusion::parquet::file::metadata::ColumnChunkMetaData| {
        chunk.column_path().parts().first().is_some_and(|first| first == name)
    };
    let chunks = meta.row_groups().iter().flat_map(|group| group.columns()).filter(of_column);
    chunks.map(|chunk| u64::try_from(chunk.uncompressed_size()).unwrap_or(0)).sum()
}

fn load_csv(parts: &[Part]) -> Result<Data, String> {
    let mut header: Option<(Vec<String>, String)> = None;
    let mut types: Vec<DataType> = vec![];
    let mut rows = Some(0u64);
    for part in parts {
        let (schema, read, whole) = infer_csv(part).map_err(|reason| in_file(parts, part, reason))?;
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        match &header {
            Some((first, file)) if *first != names => {
                return Err(format!("its files do not agree: {} has other columns than {file}", file_name(part)));
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

/// The columns of a CSV file in canonical types, the rows that were read for it, and whether those were all.
fn infer_csv(part: &Part) -> Result<(Schema, usize, bool), String> {
    if part.bytes == 0 {
        return Err("the file is empty; a CSV file begins with a line of column names".into());
    }
    let open = || File::open(&part.path).map_err(|error| io_reason(&error));
    let mut start = [0; 3];
    let has_mark = open()?.read_exact(&mut start).is_ok() && start == [0xEF, 0xBB, 0xBF];
    if has_mark {
        return Err("the file begins with a byte order mark; save it as UTF-8 without one".into());
    }
    let whole = part.bytes <= CSV_WHOLE_BYTES;
    let format = Format::default().with_header(true);
    let (found, rows) = format.infer_schema(open()?, (!whole).then_some(CSV_SAMPLE_ROWS)).map_err(|error| csv_reason(&error))?;
    let mut fields = vec![];
    for (position, field) in found.fields().iter().enumerate() {
        let to = match field.data_type() {
            // Arrow drops the zone here.
            DataType::Timestamp(..) if has_zones(open()?, &found, position)? => timestamp(),
            DataType::Null => DataType::Null,
            other => canonical(other)?,
        };
        fields.push(Field::new(field.name(), to, true));
    }
    Ok((Schema::new(fields), rows, whole))
}

/// Whether the first timestamps of a column say their zone.
fn has_zones(file: File, found: &Schema, position: usize) -> Result<bool, String> {
    let all_text: Vec<Field> = found.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true)).collect();
    let reader = ReaderBuilder::new(Arc::new(Schema::new(all_text)))
        .with_header(true)
        .with_projection(vec![position])
        .with_bounds(0, 1000)
        .build(file)
        .map_err(|error| csv_reason(&error))?;
    for batch in reader {
        let batch = batch.map_err(|error| csv_reason(&error))?;
        if let Some(first) = batch.column(0).as_string::<i32>().iter().flatten().find(|text| text.len() > 10) {
            return Ok(first.ends_with('Z') || first[10..].contains(['+', '-']));
        }
    }
    Ok(false)
}

/// The type that holds the values of both files of a table.
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
    let twice = fields.iter().enumerate().find(|(i, field)| fields[..*i].iter().any(|other| other.name() == field.name()));
    match twice {
        Some((_, field)) if field.name().is_empty() => Err("two columns have no name".into()),
        Some((_, field)) => Err(format!("two columns are called {}", field.name())),
        None => Ok(()),
    }
}

fn provider(parts: &[Part], format: Arc<dyn FileFormat>, schema: SchemaRef) -> Result<Arc<dyn TableProvider>, String> {
    let internal = |error: datafusion::error::DataFusionError| super::errors::text(&error);
    let urls =
        parts.iter().map(|part| ListingTableUrl::parse(file_url(&part.path)).map_err(internal)).collect::<Result<_, _>>()?;
    // Whatever the extension's case: the folder was listed above.
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

fn file_name(part: &Part) -> String {
    part.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Names the file where a table has several.
fn in_file(parts: &[Part], part: &Part, reason: String) -> String {
    if parts.len() > 1 { format!("{}: {reason}", file_name(part)) } else { reason }
}

fn io_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "the server may not open the file; give it permission to read".into(),
        std::io::ErrorKind::NotFound => "the file is gone".into(),
        std::io::ErrorKind::InvalidData => "the file is no UTF-8 text".into(),
        _ => "the file cannot be opened".into(),
    }
}

fn csv_reason(error: &datafusion::arrow::error::ArrowError) -> String {
    let text = error.to_string();
    let text = text.split(": ").skip(1).collect::<Vec<_>>().join(": ");
    let text = text.trim_start_matches("Encountered ").trim_end_matches('.').to_owned();
    if text.is_empty() { "this is no CSV file".into() } else { format!("this is no CSV file that can be read: {text}") }
}
