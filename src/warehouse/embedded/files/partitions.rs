//! Columns that are in the names of folders: `dt=2024-01-31/country=DE/part.parquet`.

use datafusion::arrow::datatypes::Field;
use datafusion::common::ScalarValue;

use super::super::types::arrow_type;
use super::TableFile;
use super::values::{Guess, Reading, Scalar};
use crate::domain::schema::ColumnType;

/// How Hive and Spark name the folder of rows whose value is NULL.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A folder's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Key {
    pub name: String,
    pub value: Option<String>,
}

/// The key and value in a folder's name, without the escapes that writers put into it.
pub(super) fn key(folder: &str) -> Option<Key> {
    let (name, value) = folder.split_once('=')?;
    let name = unescaped(name);
    let value = unescaped(value);
    (!name.is_empty()).then_some(Key { name, value: Some(value).filter(|value| value != NULL && !value.is_empty()) })
}

/// `%3A` as `:`, and the rest as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    loop {
        match rest {
            [] => break,
            [b'%', a, b, after @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or_default() as u8;
                bytes.push(digit(a) << 4 | digit(b));
                rest = after;
            }
            [byte, after @ ..] => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The columns of the folders' names, typed by all of their values: INT64, DATE or STRING.
#[derive(Default)]
pub(super) struct PartitionColumns {
    pub fields: Vec<Field>,
    readings: Vec<Reading>,
}

impl PartitionColumns {
    /// All files are in folders of the same keys.
    pub fn of(parts: &[TableFile]) -> Self {
        let Some(first) = parts.first() else { return Self::default() };
        let mut guesses = vec![Guess::of_partition(); first.keys.len()];
        for part in parts {
            for (guess, key) in guesses.iter_mut().zip(part.keys.iter()) {
                if let Some(value) = &key.value {
                    guess.observe(value);
                }
            }
        }
        let readings: Vec<Reading> = guesses.iter().map(|guess| Reading::found(guess.column_type())).collect();
        let fields = first
            .keys
            .iter()
            .zip(&readings)
            .filter_map(|(key, reading)| Some(Field::new(&key.name, arrow_type(reading.of)?, true)));
        Self { fields: fields.collect(), readings }
    }

    /// The values of one file's folders.
    pub fn values(&self, part: &TableFile) -> Vec<ScalarValue> {
        let value = |(reading, text): (&Reading, Option<&str>)| match (reading.of, text.and_then(|text| reading.scalar(text))) {
            (ColumnType::Int64, Some(Scalar::Int64(number))) => ScalarValue::Int64(Some(number)),
            (ColumnType::Int64, _) => ScalarValue::Int64(None),
            (ColumnType::Date, Some(Scalar::Date(days))) => ScalarValue::Date32(Some(days)),
            (ColumnType::Date, _) => ScalarValue::Date32(None),
            _ => ScalarValue::Utf8View(text.map(str::to_owned)),
        };
        self.readings.iter().zip(part.keys.iter().map(|key| key.value.as_deref())).map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_name_keys_and_values() {
        let of = |folder: &str| key(folder).map(|key| (key.name, key.value.unwrap_or_else(|| "NULL".into())));
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(of("dt=2024-01-31"), pair("dt", "2024-01-31"));
        assert_eq!(of("at=2024-01-31 10%3A00"), pair("at", "2024-01-31 10:00"));
        assert_eq!(of("a=b=c"), pair("a", "b=c"));
        assert_eq!(of("share=100%"), pair("share", "100%"));
        assert_eq!(of("dt=__HIVE_DEFAULT_PARTITION__"), pair("dt", "NULL"));
        assert_eq!(of("name=M%C3%BCller"), pair("name", "Müller"));
        assert_eq!(of("plain"), None);
        assert_eq!(of("=x"), None);
    }
}
