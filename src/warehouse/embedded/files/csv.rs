//! Tables of CSV files: reads every value once, to know the columns' types and the number of rows.
//!
//! A type that is found from the first values alone makes a table that looks good and cannot be
//! read. Reading is bound by the disk and one processor, happens once for a file until it changes,
//! and never on the threads of queries.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::super::types::arrow_type;
use super::listing::SIDECAR;
use super::partitions::PartitionColumns;
use super::records::{Records, TextFile};
use super::scan::{Part, TextTable};
use super::sidecar::{Sidecar, StatedColumn};
use super::values::{Guess, Reading};
use super::{Columns, Data, MAX_COLUMNS, MAX_SHOWN, TableFile, duplicate, in_file, too_many_columns};
use crate::domain::name::{fold, same};
use crate::domain::schema::{ColumnType, Mode};

/// The columns of a table, as its first file names them.
struct Header {
    names: Vec<String>,
    file: String,
    /// Places by folded names.
    places: HashMap<String, usize>,
}

impl Header {
    fn new(names: Vec<String>, file: &TableFile) -> Result<Self, String> {
        duplicate(names.iter().map(String::as_str))?;
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            places.entry(fold(name)).or_insert(place);
        }
        Ok(Self { names, file: file.shown_name(), places })
    }

    /// The place of each column among the values of a file with these names.
    fn places_in(&self, names: &[String], file: &TableFile) -> Result<Vec<usize>, String> {
        if *names == self.names {
            return Ok((0..names.len()).collect());
        }
        let other = || {
            let (file, first) = (file.shown_name(), &self.file);
            format!(
                "its files do not match: {file} has other columns than {first}; without headers, state the columns in a {SIDECAR} file"
            )
        };
        let mut places = vec![usize::MAX; self.names.len()];
        for (place, name) in names.iter().enumerate() {
            let column = self.places.get(&fold(name)).copied().ok_or_else(other)?;
            if places[column] != usize::MAX {
                return Err(other());
            }
            places[column] = place;
        }
        if places.contains(&usize::MAX) { Err(other()) } else { Ok(places) }
    }
}

/// How a column's type comes about.
enum Typing {
    /// From all of its values.
    Found(Guess),
    Stated(StatedColumn),
}

impl Typing {
    fn of(name: &str, sidecar: &Sidecar) -> Self {
        match sidecar.column(name) {
            Some(stated) => Self::Stated(stated.clone()),
            None => Self::Found(Guess::default()),
        }
    }

    fn reading(&self) -> Reading {
        match self {
            Self::Found(guess) => Reading::found(guess.column_type()),
            Self::Stated(stated) => stated.reading,
        }
    }

    /// Takes a value into account; says what is wrong with it if it is not of the stated type.
    fn observe(&mut self, text: Option<&str>) -> Result<(), String> {
        match (self, text) {
            (Self::Found(guess), Some(text)) => guess.observe(text),
            (Self::Stated(stated), Some(text)) if !stated.reading.holds(text) => {
                let shown: String = text.chars().take(MAX_SHOWN).collect();
                let more = if shown.len() < text.len() { "…" } else { "" };
                return Err(format!("has {shown:?}{more} in column {}, which is not {}", stated.name, stated.reading.of));
            }
            (Self::Stated(stated), None) if stated.is_required => {
                return Err(format!("has no value in column {}, which is REQUIRED", stated.name));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The names of a file's columns: from its header, or as the sidecar states them.
fn names(file: &TextFile, records: &mut Records, sidecar: &Sidecar) -> Result<Vec<String>, String> {
    if !file.dialect.has_header {
        return Ok(sidecar.columns.iter().map(|column| column.name.clone()).collect());
    }
    match records.next(file)? {
        Some(names) if names.len() > MAX_COLUMNS => Err(too_many_columns()),
        Some(names) => Ok(names.iter().map(str::to_owned).collect()),
        None => Err("the file has no header line; write the columns' names into its first line".into()),
    }
}

pub(super) fn load(parts: &[TableFile], sidecar: Option<&TableFile>) -> Result<Data, String> {
    let partitions = PartitionColumns::of(parts);
    let sidecar = sidecar.map(Sidecar::read).transpose()?.unwrap_or_default();
    let mut header: Option<Header> = None;
    let mut typings: Vec<Typing> = vec![];
    let mut rows = 0;
    let mut read = vec![];
    for part in parts {
        let in_file = |reason| in_file(parts, part, reason);
        let file = TextFile::look(part, &sidecar.written).map_err(in_file)?;
        let mut records = file.records().map_err(in_file)?;
        let names = names(&file, &mut records, &sidecar).map_err(in_file)?;
        if header.is_none() {
            typings = names.iter().map(|name| Typing::of(name, &sidecar)).collect();
            let header_names: HashSet<String> = names.iter().map(|name| fold(name)).collect();
            if let Some(missing) = sidecar.columns.iter().find(|column| !header_names.contains(&fold(&column.name))) {
                return Err(format!("its types are stated with a column {} that the header does not have", missing.name));
            }
            header = Some(Header::new(names.clone(), part).map_err(in_file)?);
        }
        let Some(header) = &header else { continue };
        let places = header.places_in(&names, part)?;
        let width = names.len();
        while let Some(record) = records.next(&file).map_err(in_file)? {
            let start = record.position().map(|position| position.byte());
            let on_line = |reason: String| in_file(file.on_line(start, &reason));
            if record.len() != width {
                let values = if record.len() == 1 { "value" } else { "values" };
                let columns = if file.dialect.has_header { "header" } else { "schema" };
                return Err(on_line(format!("has {} {values}, the {columns} {width}", record.len())));
            }
            for (typing, place) in typings.iter_mut().zip(&places) {
                let text = record.get(*place).filter(|text| !file.dialect.is_null(text));
                typing.observe(text).map_err(on_line)?;
            }
            rows += 1;
        }
        read.push(Arc::new(Part { file, places, width, partition: partitions.values(part) }));
    }
    let names = header.map(|header| header.names).unwrap_or_default();
    let readings: Vec<Reading> = typings.iter().map(Typing::reading).collect();
    let mut data = table(names, readings, read, rows, partitions)?;
    for column in &mut data.columns.usable {
        if let Some(stated) = sidecar.column(column.name.as_str()) {
            column.description = stated.description.clone();
            column.mode = if stated.is_required { Mode::Required } else { column.mode };
        }
    }
    Ok(data)
}

fn table(
    names: Vec<String>,
    mut readings: Vec<Reading>,
    mut parts: Vec<Arc<Part>>,
    rows: u64,
    partitions: PartitionColumns,
) -> Result<Data, String> {
    let text = || arrow_type(ColumnType::String).unwrap_or(DataType::Utf8View);
    let mut fields: Vec<Field> = names
        .into_iter()
        .zip(&readings)
        .map(|(name, reading)| Field::new(name, arrow_type(reading.of).unwrap_or_else(text), true))
        .collect();
    // A folder's name says the same of all rows.
    while let Some(place) = fields.iter().position(|field| partitions.fields.iter().any(|key| same(key.name(), field.name()))) {
        fields.remove(place);
        readings.remove(place);
        for part in &mut parts {
            if let Some(part) = Arc::get_mut(part) {
                part.places.remove(place);
            }
        }
    }
    fields.extend(partitions.fields);
    let schema = Arc::new(Schema::new(fields));
    let columns = Columns::of(&schema);
    Ok(Data { provider: Arc::new(TextTable { schema, readings, parts }), columns, rows: Some(rows), column_bytes: None })
}
