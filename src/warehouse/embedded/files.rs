//! The content of the folder's files. Reads footers and texts; runs no query.
//!
//! `listing` says which files make which table, `partitions` what the names of their folders say.
//! `parquet` and `csv` find the columns; `records`, `values` and `scan` read text files.

mod csv;
mod listing;
mod parquet;
mod partitions;
mod records;
mod scan;
mod sidecar;
mod values;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use datafusion::arrow::datatypes::Schema;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::sync::Semaphore;

pub(super) use self::listing::list;
use self::partitions::Key;
use self::records::Packing;
use super::contained;
use super::types::column_type;
use crate::domain::name::{ColumnName, fold};
use crate::domain::schema::{Column, Mode};

/// Characters of a name or value that a problem shows.
const MAX_SHOWN: usize = 40;
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

/// A file in a listing of the folder. Equal as long as it has not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableFile {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified: Option<SystemTime>,
    pub packing: Packing,
    /// What the names of the folders that it is in say of its rows.
    pub keys: Arc<[Key]>,
}

impl TableFile {
    /// Its name, in one line.
    pub fn shown_name(&self) -> String {
        self.path.file_name().map(|name| printable(&name.to_string_lossy())).unwrap_or_default()
    }

    /// Whether its name says that tabs separate its values.
    pub fn is_tab_separated(&self) -> bool {
        let name = self.path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase());
        name.is_some_and(|name| name.split('.').any(|end| end == "tsv"))
    }
}

/// A table in a listing of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub kind: Kind,
    pub parts: Vec<TableFile>,
    /// States the types of its columns.
    pub sidecar: Option<TableFile>,
    /// Set if the listing alone shows that it cannot be read.
    pub problem: Option<String>,
}

impl Listed {
    fn of(kind: Kind, parts: Vec<TableFile>) -> Self {
        Self { kind, parts, sidecar: None, problem: None }
    }

    /// All files on which its content depends.
    pub fn files(&self) -> impl Iterator<Item = &TableFile> {
        self.parts.iter().chain(&self.sidecar)
    }

    fn with_problem(parts: Vec<TableFile>, problem: String) -> Self {
        Self { problem: Some(problem), ..Self::of(Kind::Csv, parts) }
    }
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
            let found = contained::run(|| load(&listed));
            drop(permit);
            found.unwrap_or_else(|| Err("its files are damaged or of an unsupported kind".into()))
        });
        match looked.await {
            Ok(found) => found.map(Arc::new).map_err(|reason| printable(&reason)),
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

/// Inspects the files of a table.
fn load(listed: &Listed) -> Result<Content, String> {
    match (&listed.problem, listed.kind) {
        (Some(problem), _) => Err(problem.clone()),
        (None, Kind::View) => load_view(&listed.parts[0]).map(Content::View),
        (None, Kind::Parquet) => usable(parquet::load(&listed.parts)?),
        (None, Kind::Csv) => usable(csv::load(&listed.parts, listed.sidecar.as_ref())?),
    }
}

/// A table of which no column can be used is none.
fn usable(data: Data) -> Result<Content, String> {
    match data.columns.unusable.first() {
        Some((name, reason)) if data.columns.usable.is_empty() => {
            let name: String = name.chars().take(MAX_SHOWN).collect();
            Err(format!("none of its columns can be used: {name:?}: {reason}"))
        }
        _ => Ok(Content::Data(data)),
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
    // As some editors begin a file.
    if let Some(unmarked) = sql.strip_prefix('\u{FEFF}') {
        sql = unmarked.to_owned();
    }
    let names = super::dialect::parse(&sql).and_then(|statement| super::dialect::names(&statement))?;
    Ok(View { sql, names })
}

pub(super) fn too_many_columns() -> String {
    format!("it has more than {MAX_COLUMNS} columns, the limit of BigQuery")
}

/// The first name that stands twice is the problem of all.
fn duplicate<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        Some("") => Err("two columns have no name; name them in the header".into()),
        Some(name) => Err(format!("two columns are named {name}; rename one of them")),
        None => Ok(()),
    }
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
    if parts.len() > 1 { format!("{}: {reason}", part.shown_name()) } else { reason }
}

fn io_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "the server has no permission to read the file".into(),
        std::io::ErrorKind::NotFound => "the file no longer exists".into(),
        std::io::ErrorKind::InvalidData => "the file is not UTF-8".into(),
        _ => "the file cannot be opened".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn an_abandoned_file_inspection_releases_its_permit() {
        let looks = Looks::default();
        let entry = || Entry::new(Listed::with_problem(vec![], "broken".into()), &looks);
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
