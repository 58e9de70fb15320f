//! Tables of CSV files: reads every value once, to know the columns' types and the number of rows.
//!
//! A type that is found from the first values alone makes a table that looks good and cannot be
//! read. Reading is bound by the disk and one processor, happens once for a file until it changes,
//! and never on the threads of queries.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::super::types::arrow_type;
use super::partitions::PartitionColumns;
use super::records::{Stated, TextFile};
use super::scan::{Part, TextTable};
use super::values::{Guess, Reading};
use super::{Columns, Data, MAX_COLUMNS, TableFile, duplicate, in_file, too_many_columns};
use crate::domain::name::{fold, same};
use crate::domain::schema::ColumnType;

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
        let other = || format!("its files do not match: {} has other columns than {}", file.shown_name(), self.file);
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

pub(super) fn load(parts: &[TableFile]) -> Result<Data, String> {
    let partitions = PartitionColumns::of(parts);
    let stated = Stated::default();
    let mut header: Option<Header> = None;
    let mut guesses: Vec<Guess> = vec![];
    let mut rows = 0;
    let mut read = vec![];
    for part in parts {
        let in_file = |reason| in_file(parts, part, reason);
        let file = TextFile::look(part, &stated).map_err(in_file)?;
        let mut records = file.records().map_err(in_file)?;
        let names = match records.next(&file).map_err(in_file)? {
            Some(names) if names.len() > MAX_COLUMNS => return Err(too_many_columns()),
            Some(names) => names.iter().map(str::to_owned).collect::<Vec<_>>(),
            None => return Err(in_file("the file has no header line".into())),
        };
        if header.is_none() {
            guesses = vec![Guess::default(); names.len()];
            header = Some(Header::new(names.clone(), part).map_err(in_file)?);
        }
        let Some(header) = &header else { continue };
        let places = header.places_in(&names, part)?;
        let width = names.len();
        while let Some(record) = records.next(&file).map_err(in_file)? {
            if record.len() != width {
                let start = record.position().map(|position| position.byte());
                let values = if record.len() == 1 { "value" } else { "values" };
                return Err(in_file(file.on_line(start, &format!("has {} {values}, the header {width}", record.len()))));
            }
            for (guess, place) in guesses.iter_mut().zip(&places) {
                match record.get(*place) {
                    Some(text) if !file.dialect.is_null(text) => guess.observe(text),
                    _ => {}
                }
            }
            rows += 1;
        }
        read.push(Arc::new(Part { file, places, width, partition: partitions.values(part) }));
    }
    let names = header.map(|header| header.names).unwrap_or_default();
    let readings: Vec<Reading> = guesses.iter().map(|guess| Reading::found(guess.column_type())).collect();
    table(names, readings, read, rows, partitions)
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
