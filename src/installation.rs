//! An installation from the command line: its database, its tables, its settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use trainset::domain::cost::Price;
use trainset::domain::schema::{TableInfo, TableKind};
use trainset::service::{App, RequestContext, Settings};
use trainset::store::sqlite::SqliteStore;
use trainset::warehouse::bigquery::{BigQuerySettings, Credentials};
use trainset::warehouse::embedded::{self, Embedded};
use trainset::warehouse::{Warehouse, demo};

use crate::config::{self, Installation};
use crate::talk;

/// The settings of the command line; the rest are defaults.
pub fn settings(options: &Installation) -> Settings {
    let bigquery = &options.bigquery;
    let credentials = match &bigquery.bigquery_credentials {
        None => Credentials::Default,
        Some(none) if none.as_os_str() == "none" => Credentials::Anonymous,
        Some(file) => Credentials::File(file.clone()),
    };
    Settings {
        dataset: options.dataset.clone(),
        bigquery: BigQuerySettings {
            endpoint: bigquery.bigquery_endpoint.clone(),
            credentials,
            max_bytes_billed: bigquery.max_bytes_billed,
            ..BigQuerySettings::default()
        },
        price: Price { usd_per_tib: bigquery.usd_per_tib, minimum_bytes: bigquery.minimum_bytes_billed },
        ..Settings::default()
    }
}

/// The author's name from the command line or the system; empty if neither has one.
pub fn author(options: &Installation) -> String {
    options.author.clone().or_else(logged_in).unwrap_or_default()
}

/// A command's context: its process is the request.
pub fn context(options: &Installation) -> RequestContext {
    RequestContext::new(author(options), format!("command-{}", std::process::id()))
}

/// The logged-in user, if that is a name.
fn logged_in() -> Option<String> {
    config::values::author(&std::env::var("USER").ok()?).ok()
}

/// The file of an existing database: only the server creates or migrates one.
fn existing(named: Option<&PathBuf>) -> Result<PathBuf, String> {
    let file = database(named)?;
    match file.is_file() {
        true => Ok(file),
        false => Err(format!(
            "Database {} not found. Set another with --database, or start the server once to create it.",
            file.display()
        )),
    }
}

/// The existing database, read-only.
pub async fn store_to_read(named: Option<&PathBuf>) -> Result<SqliteStore, String> {
    SqliteStore::open_to_read(&existing(named)?).await.map_err(|error| error.to_string())
}

/// The use cases over an existing database, beside a server that may be running.
pub async fn app(options: &Installation) -> Result<App, String> {
    let file = existing(options.database.as_ref())?;
    let store = SqliteStore::open_existing(&file).await.map_err(|error| error.to_string())?;
    Ok(App::new(store, Arc::new(warehouse(options, embedded::QUERIES).await?), settings(options)))
}

/// The database's file; its folder is created only if it is our own.
pub fn database(named: Option<&PathBuf>) -> Result<PathBuf, String> {
    match named {
        Some(file) => Ok(file.clone()),
        None => Ok(own_folder("--database FILE")?.join("trainset.db")),
    }
}

fn own_folder(instead: &str) -> Result<PathBuf, String> {
    let folder =
        config::data_folder().ok_or_else(|| format!("There is no home folder for data. Set a folder with {instead}."))?;
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("The folder {} cannot be created: {error}. Set another with {instead}.", folder.display()))?;
    Ok(folder)
}

/// The tables: those of the given folder, or the demo shop, which is created if missing. This many
/// queries run at the same time.
pub async fn warehouse(options: &Installation, scans: usize) -> Result<Embedded, String> {
    let folder = match &options.warehouse {
        Some(folder) => folder.clone(),
        None => {
            let folder = own_folder("--warehouse DIR")?.join("demo-shop");
            if !folder.exists() {
                talk("Creating the demo shop (first start only).");
                let target = folder.clone();
                let made = tokio::task::spawn_blocking(move || write_demo(&target, demo::SEED)).await;
                made.map_err(|_| "The demo shop could not be created.".to_owned())??;
            }
            folder
        }
    };
    let warehouse = Embedded::open_with(&folder, &options.dataset, options.queries.options(scans)).await;
    let warehouse = warehouse.map_err(|error| error.to_string())?;
    // A broken file is a problem of its table, now as later: models of other tables, or of
    // BigQuery, are not affected.
    match tokio::time::timeout(LOOK, warehouse.tables()).await {
        Ok(tables) => warnings(&tables.map_err(|error| error.to_string())?).iter().for_each(|line| talk(line)),
        Err(_) => talk("warning: still reading the tables. The list of tables shows those that cannot be read."),
    }
    Ok(warehouse)
}

/// How long a start waits to report which tables cannot be read.
const LOOK: Duration = Duration::from_secs(5);
/// Maximum number of tables reported one by one; a folder may be full of broken ones.
const MAX_WARNINGS: usize = 20;

/// A line for each table that cannot be read.
fn warnings(tables: &[TableInfo]) -> Vec<String> {
    let mut broken: Vec<(&TableInfo, &String)> =
        tables.iter().filter_map(|table| Some((table, table.problem.as_ref()?))).collect();
    // A view over a broken file is broken with it: the files come first.
    broken.sort_by_key(|(table, _)| table.kind == TableKind::View);
    let line = |(table, problem): &(&TableInfo, &String)| {
        format!("warning: the table {} cannot be read: {}.", table.name, problem.trim_end_matches('.'))
    };
    let mut lines: Vec<String> = broken.iter().take(MAX_WARNINGS).map(line).collect();
    if broken.len() > MAX_WARNINGS {
        lines.push(format!("warning: {} more tables cannot be read; see the list of tables.", broken.len() - MAX_WARNINGS));
    }
    lines
}

/// Writes the demo shop, whole or not at all.
pub fn write_demo(folder: &Path, seed: u64) -> Result<(), String> {
    let report = demo::write(folder, seed).map_err(|error| error.to_string())?;
    talk(&format!("Wrote the demo shop to {}: {report}", folder.display()));
    Ok(())
}
