//! A file beside a CSV file that states what the file cannot say: the types of its columns, and how
//! it is written.
//!
//! The types are in BigQuery's own form of a schema, as `bq show --schema` prints it.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;

use serde::Deserialize;

use super::records::Stated;
use super::values::Reading;
use super::{MAX_COLUMNS, TableFile, duplicate, io_reason, too_many_columns};
use crate::domain::name::fold;
use crate::domain::schema::{ColumnType, Mode};

/// Longest sidecar: 10,000 columns with descriptions fit.
const MAX_BYTES: u64 = 16 << 20;

/// What a sidecar states.
#[derive(Debug, Clone, Default)]
pub(super) struct Sidecar {
    pub columns: Vec<StatedColumn>,
    /// Places of the columns by their folded names.
    places: HashMap<String, usize>,
    pub written: Stated,
}

/// A column whose type is stated.
#[derive(Debug, Clone)]
pub(super) struct StatedColumn {
    pub name: String,
    pub reading: Reading,
    pub is_required: bool,
    pub description: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeForm {
    #[serde(default)]
    fields: Vec<FieldForm>,
    separator: Option<String>,
    quote: Option<String>,
    header: Option<bool>,
    #[serde(default)]
    null_words: Vec<String>,
}

/// BigQuery writes more keys, which do not change how a value is read.
#[derive(Deserialize)]
struct FieldForm {
    name: String,
    #[serde(rename = "type")]
    column_type: String,
    mode: Option<String>,
    description: Option<String>,
}

impl Sidecar {
    /// Reads a sidecar. Errors name it.
    pub fn read(file: &TableFile) -> Result<Self, String> {
        let mut text = String::new();
        let named = |reason: String| format!("{}: {reason}", file.shown_name());
        let opened = File::open(&file.path).map_err(|error| named(io_reason(&error)))?;
        opened.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| named(io_reason(&error)))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(named(format!("it is longer than {} MiB", MAX_BYTES >> 20)));
        }
        Self::parse(&text).map_err(named)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{FEFF}').trim_start();
        let whole = match text.starts_with('[') {
            true => serde_json::from_str(text).map(|fields| WholeForm { fields, ..Default::default() }),
            false => serde_json::from_str(text),
        };
        let whole: WholeForm = whole.map_err(|error| format!("it is not a schema in JSON: {error}"))?;
        if whole.fields.len() > MAX_COLUMNS {
            return Err(too_many_columns());
        }
        duplicate(whole.fields.iter().map(|field| field.name.as_str()))?;
        let columns = whole.fields.into_iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let places = columns.iter().enumerate().map(|(place, column)| (fold(&column.name), place)).collect();
        let byte = |key: &str, text: Option<String>| match text.as_deref().map(str::as_bytes) {
            None => Ok(None),
            Some(b"\\t") => Ok(Some(b'\t')),
            Some([byte]) if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(Some(*byte)),
            Some(_) => Err(format!("{key} has to be one ASCII character, as \";\" or \"\\t\"")),
        };
        let written = Stated {
            separator: byte("separator", whole.separator)?,
            quote: byte("quote", whole.quote)?,
            has_header: whole.header,
            null_words: whole.null_words,
        };
        if written.separator.is_some() && written.separator == written.quote.or(Some(b'"')) {
            return Err("separator and quote have to differ".into());
        }
        let sidecar = Self { columns, places, written };
        match sidecar.written.has_header {
            Some(false) if sidecar.columns.is_empty() => {
                Err("a file without a header needs the names and types of its columns in \"fields\"".into())
            }
            _ => Ok(sidecar),
        }
    }

    /// The stated column of this name.
    pub fn column(&self, name: &str) -> Option<&StatedColumn> {
        self.places.get(&fold(name)).and_then(|place| self.columns.get(*place))
    }
}

fn column(field: FieldForm) -> Result<StatedColumn, String> {
    let FieldForm { name, column_type, mode, description } = field;
    // BigQuery's own parameters, as NUMERIC(10, 2), limit values further; they are still NUMERIC.
    let plain = column_type.split('(').next().unwrap_or_default().trim();
    let of = ColumnType::parse(plain).ok_or_else(|| format!("{name}: {column_type} is not a type of BigQuery"))?;
    if of.unsupported().is_some() {
        return Err(format!("{name}: a CSV file has no {of}; state STRING and convert it in a view"));
    }
    let mode = match mode.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("NULLABLE" | "") => Mode::Nullable,
        Some("REQUIRED") => Mode::Required,
        Some("REPEATED") => return Err(format!("{name}: a CSV file has no arrays; state STRING and convert it in a view")),
        Some(other) => return Err(format!("{name}: the mode {other} is not NULLABLE or REQUIRED")),
    };
    Ok(StatedColumn { name, reading: Reading { of, is_stated: true }, is_required: mode == Mode::Required, description })
}
