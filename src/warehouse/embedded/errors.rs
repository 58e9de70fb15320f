//! DataFusion's errors as sentences for people: without its own terms, its types and the host's
//! paths.

use std::sync::Arc;

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use tokio::task::JoinError;

use super::spill::SpillError;

use crate::warehouse::WarehouseError;

/// Maximum number of names in an error.
const MAX_NAMES: usize = 12;

/// What people read where the engine panicked.
const PANICKED: &str = "The query engine failed on this query: the error is in the engine, not in the tables. Join fewer tables or by fewer columns, or move part of the query to a view. See the server log for details.";
/// Characters of a query that the log shows where the engine panicked.
const SHOWN_SQL: usize = 1000;

/// A panic of the engine as an error for people. The log has the panic's message already; this adds
/// what the engine was doing.
pub(super) fn panicked(doing: &str, sql: &str) -> WarehouseError {
    let sql: String = sql.chars().take(SHOWN_SQL).collect();
    tracing::error!(doing, sql, "the query engine panicked");
    WarehouseError::Query(PANICKED.into())
}

/// Whether a task of the engine's own panicked.
fn is_panic(error: &DataFusionError) -> bool {
    let join_error = match error {
        DataFusionError::ExecutionJoin(error) => Some(error.as_ref()),
        DataFusionError::External(error) => {
            let shared = error.downcast_ref::<Arc<JoinError>>().map(Arc::as_ref);
            shared.or_else(|| error.downcast_ref::<JoinError>())
        }
        _ => None,
    };
    join_error.is_some_and(JoinError::is_panic)
}

/// The error of a failed query.
pub(super) fn query(error: &DataFusionError, memory_bytes: usize) -> WarehouseError {
    let memory = memory_bytes >> 20;
    let ended = match (SpillError::within(error), error.find_root()) {
        (Some(SpillError::Limit(bytes)), _) => format!(
            "The query needs more than the {memory} MiB of memory and the {} MiB of disk that queries may use here. Narrow its dates or filters, or sample it.",
            bytes >> 20
        ),
        (Some(SpillError::Full), _) => format!(
            "The query needs more than the {memory} MiB of memory that queries may use here, and the disk for spill files is full. Free some space, or narrow the query's dates or filters."
        ),
        (Some(SpillError::Io(_)), _) => format!(
            "The query needs more than the {memory} MiB of memory that queries may use here, and the spill folder cannot be used: see the log. Set another, or narrow the query's dates or filters."
        ),
        (None, DataFusionError::ResourcesExhausted(_)) => format!(
            "The query needs more than the {memory} MiB of memory that queries may use here. Narrow its dates or filters, or sample it."
        ),
        (None, root) if is_panic(root) => {
            tracing::error!(error = %root.strip_backtrace(), "a task of the query engine panicked");
            return WarehouseError::Query(PANICKED.into());
        }
        (None, root) => return WarehouseError::Query(text(root)),
    };
    // On one line: names of operators and sizes, for the operator of the server.
    let engine = error.strip_backtrace().split_whitespace().collect::<Vec<_>>().join(" ");
    tracing::warn!(memory_mib = memory, engine, "memory or disk for a query gave out");
    WarehouseError::Resources(ended)
}

/// An error's own message, cleaned.
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
                true => format!("Column {} not found.", field.name),
                false => format!("Column {} not found. Columns: {}{more}.", field.name, names.join(", ")),
            }
        }
        SchemaError::AmbiguousReference { field } => {
            format!("The column {} is in several tables. Add the table name before it.", field.name)
        }
        other => sentence(&other.to_string()),
    }
}

/// The first part of a message, with BigQuery's names for types and without paths.
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

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::error::ArrowError;
    use std::io::{Error, ErrorKind};

    #[tokio::test]
    async fn a_panic_is_reported_without_its_message() {
        let panic = || async { tokio::spawn(async { panic!("partition not used yet") }).await.unwrap_err() };
        for error in [
            DataFusionError::ExecutionJoin(Box::new(panic().await)),
            DataFusionError::External(Box::new(panic().await)),
            DataFusionError::External(Box::new(Arc::new(panic().await))).context("Join Error"),
            DataFusionError::Shared(Arc::new(DataFusionError::External(Box::new(Arc::new(panic().await))))),
        ] {
            assert_eq!(query(&error, 1 << 20), WarehouseError::Query(PANICKED.into()));
        }
    }

    fn message(error: DataFusionError) -> String {
        match query(&error, 64 << 20) {
            WarehouseError::Resources(message) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_full_or_unusable_spill_disk_is_reported_as_such() {
        let spilling = |error: SpillError| DataFusionError::from(ArrowError::from(Error::from(error))).context("spilling");
        for full in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            let message = message(spilling(SpillError::from(Error::from(full))));
            assert!(message.contains("64 MiB of memory") && message.contains("the disk for spill files is full"), "{message}");
        }
        for unusable in [ErrorKind::ReadOnlyFilesystem, ErrorKind::PermissionDenied, ErrorKind::NotFound] {
            let message = message(spilling(SpillError::from(Error::from(unusable))));
            assert!(message.contains("the spill folder cannot be used"), "{message}");
        }
        let message = message(spilling(SpillError::Limit(3 << 20)));
        assert!(message.contains("64 MiB of memory and the 3 MiB of disk"), "{message}");
    }
}
