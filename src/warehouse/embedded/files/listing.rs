//! Which files of the folder make which table. Only lists: no file is opened.
//!
//! Whatever is in the folder and could be meant as a table is in the list, with a problem if it is
//! not one: what is left out silently looks like a wrong number of rows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use icu_normalizer::ComposingNormalizer;

use super::partitions::{self, Key};
use super::records::Packing;
use super::{Kind, Listed, TableFile, printable};
use crate::domain::name::{TableName, same};

/// Deepest nesting of a table's partition folders.
const MAX_DEPTH: usize = 16;
/// Most files of a table; more are better written as fewer and larger ones.
const MAX_FILES: usize = 20_000;
/// The end of the name of a file that states a table's types.
pub(super) const SIDECAR: &str = ".schema.json";
/// Documents and programs that people keep beside their tables.
const NOT_DATA: &[&str] =
    &["md", "rst", "yaml", "yml", "toml", "ini", "cfg", "lock", "py", "ipynb", "r", "sh", "log", "license", "crc"];

/// What a file is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// A table of this id, or a part of one.
    Table { id: String, kind: Kind, packing: Packing },
    /// States the types of the table of this id.
    Sidecar { id: String },
    /// Of no use here, and nobody expects otherwise.
    NotData,
    /// Could be meant as a table: its name without the last extension, and what to do.
    Unknown { id: String, reason: String },
}

impl Named {
    fn of(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        if let Some(id) = lower.strip_suffix(SIDECAR) {
            return Self::Sidecar { id: name[..id.len()].to_owned() };
        }
        let (unpacked, packing) = match lower.rsplit_once('.') {
            Some((stem, "gz" | "gzip")) => (stem, Packing::Gzip),
            Some((stem, "zst" | "zstd")) => (stem, Packing::Zstd),
            _ => (lower.as_str(), Packing::Plain),
        };
        let (stem, extension) = unpacked.rsplit_once('.').unwrap_or((unpacked, ""));
        let id = name[..stem.len()].to_owned();
        let kind = match extension {
            "parquet" | "pq" | "parq" => Kind::Parquet,
            "csv" | "tsv" | "psv" => Kind::Csv,
            "sql" => Kind::View,
            _ if packing == Packing::Plain && (NOT_DATA.contains(&extension) || matches!(stem, "readme" | "license")) => {
                return Self::NotData;
            }
            _ => return Self::Unknown { id, reason: advice(extension) },
        };
        match kind {
            Kind::Parquet | Kind::View if packing != Packing::Plain => {
                Self::Unknown { id, reason: "only CSV files may be packed; unpack this one".into() }
            }
            kind => Self::Table { id, kind, packing },
        }
    }
}

/// What to do with a file that is not read here.
fn advice(extension: &str) -> String {
    match extension {
        "xlsx" | "xls" | "ods" => "spreadsheets are not read; export each sheet as CSV".into(),
        "zip" | "tar" | "tgz" | "7z" | "rar" => "archives are not read; unpack it".into(),
        "bz2" | "xz" | "lz4" | "snappy" | "br" => "of packed files only .gz and .zst are read; unpack it".into(),
        "json" | "jsonl" | "ndjson" => "JSON is not read; write it as CSV or Parquet".into(),
        "avro" | "orc" | "feather" | "arrow" | "ipc" => format!("{} files are not read; write the table as Parquet", extension),
        "txt" | "dat" | "tab" | "data" => "this is not read; if it is a table of text, let its name end in .csv or .tsv".into(),
        "db" | "sqlite" | "sqlite3" | "duckdb" => "databases are not read; export each table as Parquet or CSV".into(),
        "" => "its name does not say what it is; let it end in .parquet, .csv or .sql".into(),
        other => format!(".{} files are not read; write the table as Parquet or CSV", printable(other)),
    }
}

/// A file or folder of the warehouse's folder, with its name.
struct Found {
    path: PathBuf,
    name: String,
}

/// What is in a folder, in the order of names; not what begins with a dot or an underscore.
fn within(folder: &Path) -> std::io::Result<Vec<Found>> {
    let nfc = ComposingNormalizer::new_nfc();
    let found = fs::read_dir(folder)?.filter_map(|entry| {
        let path = entry.ok()?.path();
        let name = path.file_name()?.to_string_lossy().into_owned();
        // As systems with decomposed names store it, Ü is a U and two dots.
        Some(Found { name: nfc.normalize(&name).into_owned(), path })
    });
    let mut found: Vec<Found> = found.filter(|found| !found.name.starts_with(['.', '_'])).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// All tables of a folder by their ids, and warnings for the log about names that are none. Fails
/// if the folder cannot be listed.
pub(in super::super) fn list(folder: &Path, dataset: &str) -> std::io::Result<(BTreeMap<String, Listed>, Vec<String>)> {
    let mut tables: BTreeMap<String, Listed> = BTreeMap::new();
    let mut sidecars = vec![];
    let mut warnings = vec![];
    for Found { path, name } in within(folder)? {
        let (id, listed) = if path.is_dir() {
            let Some(listed) = list_folder(&path) else { continue };
            (folder_id(&name), listed)
        } else {
            match Named::of(&name) {
                Named::NotData => continue,
                Named::Sidecar { id } => {
                    sidecars.push((id, path));
                    continue;
                }
                Named::Table { id, kind, packing } => {
                    let problem = not_a_file(&path);
                    (id, Listed { problem, ..Listed::of(kind, vec![part(path, packing)]) })
                }
                Named::Unknown { id, reason } => (id, Listed::with_problem(vec![part(path, Packing::Plain)], reason)),
            }
        };
        add(&mut tables, &mut warnings, dataset, (id, &printable(&name), listed));
    }
    for (id, path) in sidecars {
        let sidecar = part(path, Packing::Plain);
        match tables.get_mut(&id) {
            Some(table) if table.kind == Kind::Csv => table.sidecar = Some(sidecar),
            Some(table) if table.problem.is_none() => {
                table.problem = Some(format!("{id}{SIDECAR} states types, which only CSV files need; remove it"));
            }
            Some(_) => {}
            None => {
                let reason = format!("{id}{SIDECAR} states the types of this table, but there is no {id}.csv");
                let name = sidecar.shown_name();
                add(&mut tables, &mut warnings, dataset, (id, &name, Listed::with_problem(vec![sidecar], reason)));
            }
        }
    }
    Ok((tables, warnings))
}

/// Adds a table, under a name that a table may have.
fn add(
    tables: &mut BTreeMap<String, Listed>,
    warnings: &mut Vec<String>,
    dataset: &str,
    (id, name, mut listed): (String, &str, Listed),
) {
    let mut id = id;
    if let Err(error) = TableName::new(dataset, &id) {
        warnings.push(format!("{name} is not a table: {error}."));
        listed.problem = Some(format!("{name} is not the name of a table: {error}; rename it"));
        let Some(near) = near_name(tables, dataset, &id) else { return };
        id = near;
    }
    match tables.get_mut(&id) {
        // Two problems of names that no table has are two entries; see `near_name`.
        Some(first) => first.problem = Some(format!("{name} and another file define this table; rename one of them.")),
        None => {
            tables.insert(id, listed);
        }
    }
}

/// A name like this one that a table may have and that no other has.
fn near_name(tables: &BTreeMap<String, Listed>, dataset: &str, id: &str) -> Option<String> {
    let usable = |c: char| if c.is_alphanumeric() || matches!(c, '_' | '-' | ' ') { c } else { '_' };
    let near: String = id.chars().map(usable).take(200).collect();
    let near = if near.trim().is_empty() { "_" } else { near.trim() };
    let numbered = std::iter::once(near.to_owned()).chain((2..1_000).map(|number| format!("{near}_{number}")));
    numbered.into_iter().find(|name| TableName::new(dataset, name).is_ok() && !tables.contains_key(name))
}

/// A folder's name as a table's: `orders` for Spark's `orders.parquet`.
fn folder_id(name: &str) -> String {
    match Named::of(name) {
        Named::Table { id, kind: Kind::Parquet | Kind::Csv, packing: Packing::Plain } => id,
        _ => name.to_owned(),
    }
}

/// The files of a table so far.
#[derive(Default)]
struct Parts {
    parts: Vec<(Kind, TableFile)>,
    problem: Option<String>,
}

impl Parts {
    fn refuse(&mut self, reason: String) {
        self.problem.get_or_insert(reason);
    }
}

/// A folder of files of one format, with folders of partitions in it, or `None` if there is no file
/// in it.
fn list_folder(folder: &Path) -> Option<Listed> {
    let mut found = Parts::default();
    if let Some(reason) = of_another_program(folder) {
        found.refuse(reason);
    } else {
        walk(folder, &[], &mut found);
    }
    let Parts { parts, problem } = found;
    if parts.is_empty() && problem.is_none() {
        return None;
    }
    let kind = parts.first().map_or(Kind::Parquet, |(kind, _)| *kind);
    let is_mixed = parts.iter().any(|(other, _)| *other != kind);
    let mixed = is_mixed.then(|| "the folder holds Parquet and CSV files; keep one of the two".to_owned());
    let of_part = |(_, part): &(Kind, TableFile)| Some(format!("{}: {}", part.shown_name(), not_a_file(&part.path)?));
    let unreadable = || parts.iter().find_map(of_part);
    let problem = problem.or(mixed).or_else(|| differing_keys(&parts)).or_else(unreadable);
    Some(Listed { problem, ..Listed::of(kind, parts.into_iter().map(|(_, part)| part).collect()) })
}

/// Tables whose folders other programs keep, with files that are no longer part of the table.
fn of_another_program(folder: &Path) -> Option<String> {
    if folder.join("_delta_log").is_dir() {
        return Some("this is a Delta table, which may hold removed rows in its files; export it as Parquet".into());
    }
    if folder.join(".hoodie").is_dir() {
        return Some("this is a Hudi table, which may hold replaced rows in its files; export it as Parquet".into());
    }
    let mut metadata = fs::read_dir(folder.join("metadata")).ok()?.filter_map(Result::ok);
    let is_iceberg = metadata.any(|entry| entry.file_name().to_string_lossy().ends_with(".metadata.json"));
    is_iceberg.then(|| "this is an Iceberg table, which may hold removed rows in its files; export it as Parquet".into())
}

fn walk(folder: &Path, keys: &[Key], found: &mut Parts) {
    let Ok(all) = within(folder) else { return found.refuse("a folder in it cannot be read".into()) };
    for Found { path, name } in all {
        if found.parts.len() >= MAX_FILES {
            return found.refuse(format!("it has more than {MAX_FILES} files; write fewer and larger ones"));
        }
        let shown = printable(&name);
        if path.is_dir() {
            match partitions::key(&name) {
                _ if keys.len() >= MAX_DEPTH => found.refuse(format!("its folders are nested more than {MAX_DEPTH} deep")),
                Some(key) if keys.iter().any(|outer| same(&outer.name, &key.name)) => {
                    found.refuse(format!("{shown} is in another folder of the key {}; use a key once", printable(&key.name)));
                }
                Some(key) => walk(&path, &[keys, &[key]].concat(), found),
                // An empty one hides nothing.
                None if within(&path).is_ok_and(|within| within.is_empty()) => {}
                None => found.refuse(format!(
                    "it has the folder {shown}, which is not named as a partition (key=value); move its files, or rename it"
                )),
            }
            continue;
        }
        match Named::of(&name) {
            Named::Table { kind, packing, .. } if kind != Kind::View => {
                found.parts.push((kind, TableFile { keys: keys.into(), ..part(path, packing) }));
            }
            Named::Table { .. } => found.refuse(format!("it has the view {shown}; move it out of this folder")),
            Named::Sidecar { .. } => found.refuse(format!(
                "it has the file {shown}; the types of a folder are stated in a file beside it, named as the folder"
            )),
            Named::NotData => {}
            Named::Unknown { reason, .. } => found.refuse(format!("{shown}: {reason}")),
        }
    }
}

/// Names two files that are not in folders of the same partition keys.
fn differing_keys(parts: &[(Kind, TableFile)]) -> Option<String> {
    let names = |part: &TableFile| part.keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ");
    let (_, first) = parts.first()?;
    let (_, other) = parts.iter().find(|(_, part)| names(part) != names(first))?;
    let of = |part: &TableFile| match names(part) {
        none if none.is_empty() => format!("{} is in none", part.shown_name()),
        keys => format!("{} is in one of {keys}", part.shown_name()),
    };
    Some(format!("its files are not in the same partition folders: {}, {}", of(first), of(other)))
}

/// Why this cannot be read: opening a pipe, for example, blocks until something writes to it.
fn not_a_file(path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() => None,
        Ok(_) => Some("this is not a file".into()),
        Err(_) => Some("the file cannot be found or opened".into()),
    }
}

fn part(path: PathBuf, packing: Packing) -> TableFile {
    let meta = fs::metadata(&path).ok();
    let bytes = meta.as_ref().map_or(0, fs::Metadata::len);
    TableFile { path, bytes, modified: meta.and_then(|meta| meta.modified().ok()), packing, keys: Default::default() }
}
