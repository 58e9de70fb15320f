//! DataFusion's errors as sentences for people: without its own words for itself, its types and the host's paths.

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use crate::warehouse::WarehouseError;

/// How many names an error lists.
const MAX_NAMES: usize = 12;

/// What a failed query tells.
pub(super) fn query(error: &DataFusionError, memory_bytes: usize) -> WarehouseError {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => WarehouseError::Resources(format!(
            "The query needs more than the {} MiB of memory that queries may use here. Narrow its dates or filters, or sample it.",
            memory_bytes >> 20
        )),
        root => WarehouseError::Query(text(root)),
    }
}

/// An error's own words, cleaned.
pub(super) fn text(error: &DataFusionError) -> String {
    match error.find_root() {
        DataFusionError::SchemaError(schema, _) => of_schema(schema),
        DataFusionError::Diagnostic(_, inner) => text(inner),
        DataFusionError::Collection(errors) => errors.first().map(text).unwrap_or_default(),
        DataFusionError::SQL(parser, _) => {
            let words = parser.to_string();
            sentence(words.trim_start_matches("sql parser error: "))
        }
        DataFusionError::ArrowError(arrow, _) => {
            let words = arrow.to_string();
            sentence(words.split_once(" error: ").map_or(words.as_str(), |(_, rest)| rest))
        }
        DataFusionError::Plan(words) | DataFusionError::Execution(words) | DataFusionError::NotImplemented(words) => {
            sentence(words)
        }
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => {
            "A file of the tables could not be read. Was it changed or removed while the query ran?".into()
        }
        DataFusionError::ParquetError(_) => "A Parquet file of the tables is damaged.".into(),
        other => sentence(&other.message()),
    }
}

fn of_schema(error: &SchemaError) -> String {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let mut names: Vec<&str> = valid_fields.iter().map(|column| column.name.as_str()).collect();
            names.dedup();
            let more = if names.len() > MAX_NAMES { " …" } else { "" };
            names.truncate(MAX_NAMES);
            match names.is_empty() {
                true => format!("There is no column {} here.", field.name),
                false => format!("There is no column {} here. There are: {}{more}.", field.name, names.join(", ")),
            }
        }
        SchemaError::AmbiguousReference { field } => {
            format!("The column {} is in several tables. Write the table's name before it.", field.name)
        }
        other => sentence(&other.to_string()),
    }
}

/// The first part of a message, in BigQuery's names for types, without paths.
fn sentence(words: &str) -> String {
    let first = words.split("\n\nbacktrace").next().unwrap_or_default();
    let first = first.split("\nThis issue was likely caused by a bug").next().unwrap_or_default();
    let mut text = first.split_whitespace().collect::<Vec<_>>().join(" ");
    for (internal, plain) in [
        ("Error during planning: ", ""),
        ("Execution error: ", ""),
        ("DataFusion error: ", ""),
        ("This feature is not implemented: ", ""),
        ("Timestamp(µs, \"UTC\")", "TIMESTAMP"),
        ("Timestamp(Microsecond, Some(\"UTC\"))", "TIMESTAMP"),
        ("Timestamp(µs)", "DATETIME"),
        ("Timestamp(Microsecond, None)", "DATETIME"),
        ("Decimal128(38, 9)", "NUMERIC"),
        ("Decimal256(76, 38)", "BIGNUMERIC"),
        ("LargeUtf8", "STRING"),
        ("Utf8View", "STRING"),
        ("Utf8", "STRING"),
        ("Int64", "INT64"),
        ("Float64", "FLOAT64"),
        ("Boolean", "BOOL"),
        ("Date32", "DATE"),
        ("Binary", "BYTES"),
        ("trainset.", ""),
    ] {
        text = text.replace(internal, plain);
    }
    let mut out: Vec<&str> = vec![];
    for word in text.split(' ') {
        let is_path = word.matches('/').count() > 1 || word.starts_with("file:");
        out.push(if is_path { "a file" } else { word });
    }
    let mut text = out.join(" ");
    if !text.ends_with(['.', '?', '!']) {
        text.push('.');
    }
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
