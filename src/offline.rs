//! The commands that need no server: they read the tables' folder and print. Most read a config
//! file.

use std::io::Read;
use std::path::Path;

use trainset::domain::analysis::{Check, Outcome, Severity};
use trainset::domain::catalog::Catalog;
use trainset::domain::cost::Price;
use trainset::domain::dataset::{DatasetConfig, Split};
use trainset::domain::document::{Format, MAX_BYTES};
use trainset::domain::field_error::FieldError;
use trainset::domain::format::word;
use trainset::domain::joins::{DetectedJoin, JoinDetection, MAX_TABLES};
use trainset::domain::json_schema::config_schema;
use trainset::domain::name::{TableName, same};
use trainset::domain::profile::{ColumnProfile, unusable as without_statistics};
use trainset::domain::schema::TableSchema;
use trainset::domain::sql::{QueryKind, Request, compile};
use trainset::domain::tfx;
use trainset::service::{ReadFile, ServiceError, checked_catalog, find_joins, find_out, find_profile};
use trainset::warehouse::embedded::{self, Embedded};
use trainset::warehouse::{Limits, Warehouse};

use crate::config::{Analyze, Config, Frozen, Joins, Profile, QueryKindArg, SplitArg, Sql, TablesOptions};

/// A command's result: its text on stdout, and whether it is positive.
pub struct Output {
    pub text: String,
    pub yes: bool,
}

pub fn yes(text: String) -> Output {
    Output { text, yes: true }
}

/// The validation errors, one per line: a negative result.
pub fn no(errors: &[FieldError]) -> Output {
    Output { text: errors.iter().map(|error| format!("{error}\n")).collect(), yes: false }
}

pub fn schema() -> Output {
    yes(format!("{:#}\n", config_schema()))
}

pub async fn validate(options: &Config) -> Result<Output, String> {
    Ok(match read(options).await? {
        Ok(_) => yes(String::new()),
        Err(errors) => no(&errors),
    })
}

pub async fn sql(options: &Sql) -> Result<Output, String> {
    let (config, catalog) = match read(&options.frozen.config).await? {
        Ok(read) => read,
        Err(errors) => return Ok(no(&errors)),
    };
    let split = options.split.map(|split| match split {
        SplitArg::Train => Split::Train,
        SplitArg::Eval => Split::Eval,
        SplitArg::Test => Split::Test,
    });
    let kind = match options.shape {
        QueryKindArg::Rows => QueryKind::Rows,
        QueryKindArg::Tfx => QueryKind::Tfx,
        QueryKindArg::Counts => QueryKind::Counts,
        QueryKindArg::Funnel => QueryKind::Funnel,
        QueryKindArg::PerDay => QueryKind::PerDay,
        QueryKindArg::AsOf => QueryKind::AsOf,
        QueryKindArg::Analysis => QueryKind::Analysis,
    };
    let request = Request { split, kind, for_analysis: options.for_analysis, as_of: options.frozen.as_of };
    Ok(match compile(&config, &catalog, &request) {
        Ok(query) => yes(format!("{}\n", query.sql)),
        Err(errors) => no(&errors),
    })
}

pub async fn tfx(options: &Frozen) -> Result<Output, String> {
    let (config, catalog) = match read(&options.config).await? {
        Ok(read) => read,
        Err(errors) => return Ok(no(&errors)),
    };
    match tfx::artefact(&config, &catalog, options.as_of, None) {
        Ok((artefact, _)) => serde_json::to_string_pretty(&artefact).map(|json| yes(json + "\n")).map_err(|e| e.to_string()),
        Err(errors) => Ok(no(&errors)),
    }
}

/// Exit status 1 if a check failed with an error, so that scripts can rely on it.
pub async fn analyze(options: &Analyze) -> Result<Output, String> {
    let (config, catalog) = match read(&options.config).await? {
        Ok(read) => read,
        Err(errors) => return Ok(no(&errors)),
    };
    let warehouse = open(&options.config.tables).await?;
    let limits = Limits { max_rows: 200_000, ..Limits::default() };
    let found = find_out(&warehouse, &config, &catalog, &limits, Price::default(), |_| {}).await;
    let analysis = found.map_err(|error| error.to_string())?;
    let checks = || analysis.quality_metrics.checks.iter().chain(&analysis.leaks).chain(&analysis.readiness.checks);
    let failed = |check: &&Check| check.outcome == Outcome::Failed;
    let text = if options.json {
        serde_json::to_string_pretty(&analysis).map_err(|error| error.to_string())? + "\n"
    } else {
        let mut text = format!("quality {}: {}\n", analysis.quality_metrics.score, analysis.quality_metrics.grade.as_str());
        for part in &analysis.metrics.counts {
            text.push_str(&format!("{}: {}\n", part.part.as_str(), rows(part.rows)));
        }
        for check in checks().filter(failed) {
            let advice = check.advice.as_deref().unwrap_or_default();
            text.push_str(&format!("{}: {} {advice}\n", check.code, check.reason));
        }
        text
    };
    let bad = checks().filter(failed).any(|check| check.severity == Some(Severity::Error));
    Ok(Output { text, yes: !bad })
}

pub async fn profile(options: &Profile) -> Result<Output, String> {
    let warehouse = open(&options.tables).await?;
    let table = table_name(&options.table, &options.tables)?;
    let live = warehouse.table(&table).await.map_err(|error| error.to_string())?;
    let mut columns = vec![];
    let mut unusable: Vec<&(String, String)> = vec![];
    for name in &options.columns {
        let column = name.parse().ok().and_then(|name| live.schema.column(&name));
        match (column, live.schema.unusable.iter().find(|(unusable, _)| same(unusable, name))) {
            (Some(column), _) => columns.push(column),
            (None, Some(column)) => unusable.push(column),
            (None, None) => return Err(format!("{table} has no column {name:?}.")),
        }
    }
    if options.columns.is_empty() {
        columns = live.schema.columns.iter().collect();
        unusable = live.schema.unusable.iter().collect();
    }
    let found = find_profile(&warehouse, &live, &columns, &Limits::default(), Price::default()).await;
    let mut found = found.map_err(|error| error.to_string())?;
    found.columns.extend(unusable.into_iter().map(|(name, reason)| without_statistics(name, reason)));
    if options.json {
        let json = serde_json::json!({"rows": found.rows, "columns": found.columns});
        return serde_json::to_string_pretty(&json).map(|json| yes(json + "\n")).map_err(|error| error.to_string());
    }
    let mut text = format!("{table}: {}\n", rows(found.rows));
    for column in &found.columns {
        text.push_str(&format!("{}\n", in_a_line(column)));
    }
    Ok(yes(text))
}

/// A column's profile on one line.
fn in_a_line(column: &ColumnProfile) -> String {
    let name = &column.name;
    if let Some(reason) = &column.unsupported {
        return format!("{name}: no statistics, {reason}");
    }
    let mut parts = vec![column.column_type.map_or_else(String::new, |of| of.to_string())];
    if column.null_count > 0 {
        parts.push(format!("{:.1} % NULL", column.null_percent));
    }
    if let Some(distinct) = column.cardinality {
        parts.push(format!("{}{distinct} distinct", if column.cardinality_is_exact { "" } else { "about " }));
    }
    if let (Some(min), Some(max)) = (&column.min, &column.max) {
        parts.push(format!("{min} to {max}"));
    }
    if let Some(lengths) = column.array_lengths {
        parts.push(format!("{} to {} items", lengths.min, lengths.max));
    }
    if let Some(percent) = column.true_percent {
        parts.push(format!("{percent:.1} % true"));
    }
    format!("{name}: {}", parts.join(", "))
}

/// One line per join, the best first; a star marks those that connect the tables. Exit status 1 if
/// none was found.
pub async fn joins(options: &Joins) -> Result<Output, String> {
    let mut schemas: Vec<TableSchema> = vec![];
    let warehouse = open(&options.place).await?;
    if options.tables.len() > MAX_TABLES {
        return Err(format!("At most {MAX_TABLES} tables at a time."));
    }
    for table in &options.tables {
        let name = table_name(table, &options.place)?;
        if schemas.iter().any(|schema| schema.table == name) {
            return Err(format!("{name} is listed twice."));
        }
        schemas.push(warehouse.schema(&name).await.map_err(|error| error.to_string())?);
    }
    let found = find_joins(&warehouse, &schemas, options.verify, &Limits::default()).await;
    let JoinDetection { resolved, notes, .. } = found.map_err(|error| error.to_string())?;
    let text = if options.json {
        serde_json::to_string_pretty(&resolved).map_err(|error| error.to_string())? + "\n"
    } else {
        let star = |join: &DetectedJoin| if join.in_tree { "*" } else { " " };
        let line = |join: &DetectedJoin| {
            let why = join.error.clone().unwrap_or_else(|| join.join.reasons.join(" "));
            format!("{} {:.2} {:<6} {}  {why}\n", star(join), join.join.score, join.confidence.as_str(), join.join.text())
        };
        resolved.joins.iter().map(line).chain(notes.into_iter().map(|note| format!("{note}\n"))).collect()
    };
    Ok(Output { text, yes: !resolved.joins.is_empty() })
}

/// A table by its id (`orders`) or its full name (`raw_data.orders`).
fn table_name(text: &str, place: &TablesOptions) -> Result<TableName, String> {
    // Completed by a shell from a file's name, it may be decomposed.
    let text = icu_normalizer::ComposingNormalizer::new_nfc().normalize(text);
    let name = if text.contains('.') { text.parse() } else { TableName::new(&place.dataset, &text) };
    name.map_err(|error| format!("{text:?}: {error}"))
}

async fn open(options: &TablesOptions) -> Result<Embedded, String> {
    let queries = options.queries.options(embedded::QUERIES);
    Embedded::open_with(&options.warehouse, &options.dataset, queries).await.map_err(|error| error.to_string())
}

/// The config and the tables that it fits, or its validation errors.
async fn read(options: &Config) -> Result<Result<(DatasetConfig, Catalog), Vec<FieldError>>, String> {
    let file = match read_file(&options.file)? {
        Ok(file) => file,
        Err(errors) => return Ok(Err(errors)),
    };
    let warehouse = open(&options.tables).await?;
    match checked_catalog(&warehouse, &options.tables.dataset, &file.input.config).await {
        Ok(catalog) => Ok(Ok((file.input.config, catalog))),
        Err(error) => validation_errors_of(file.placed(error)).map(Err),
    }
}

/// A file that was read, or its validation errors. Without a known extension it is YAML, which JSON
/// is too.
pub fn read_file(path: &Path) -> Result<Result<ReadFile, Vec<FieldError>>, String> {
    let format = path.to_str().and_then(Format::of_file).unwrap_or_default();
    match ReadFile::read(&text(path)?, format) {
        Ok(file) => Ok(Ok(file)),
        Err(ServiceError::Invalid(errors)) => Ok(Err(errors)),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// The validation errors of an error; any other error is one of the command.
pub fn validation_errors_of(error: ServiceError) -> Result<Vec<FieldError>, String> {
    match error {
        ServiceError::Invalid(errors) => Ok(errors),
        other => Err(other.to_string()),
    }
}

fn text(file: &Path) -> Result<String, String> {
    // One more byte, to know whether there are more.
    let most = MAX_BYTES as u64 + 1;
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().take(most).read_to_string(&mut text),
        _ => std::fs::File::open(file).and_then(|file| file.take(most).read_to_string(&mut text)),
    };
    read.map_err(|error| format!("{} cannot be read: {error}.", file.display()))?;
    Ok(text)
}

/// `1 row`, `1200 rows`: digits alone, as programs read them.
fn rows(count: u64) -> String {
    format!("{count} {}", word(count, "row", "rows"))
}
