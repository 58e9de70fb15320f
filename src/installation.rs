//! What the command line says of an installation, opened: its database, its tables, its settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use trainset::domain::cost::Price;
use trainset::domain::schema::{TableInfo, TableKind};
use trainset::service::{App, BigQuerySettings, Settings};
use trainset::store::Store;
use trainset::warehouse::bigquery::Credentials;
use trainset::warehouse::embedded::{self, Embedded};
use trainset::warehouse::{Warehouse, demo};

use crate::config::{self, Installation};
use crate::talk;

/// What the command line sets; all else has its default.
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
        author: options.author.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_default(),
        price: Price { usd_per_tib: bigquery.usd_per_tib, minimum_bytes: bigquery.minimum_bytes_billed },
        ..Settings::default()
    }
}

/// The database, which is there: only the server makes one.
pub async fn existing_store(named: Option<&PathBuf>) -> Result<Store, String> {
    let file = database(named)?;
    if !file.is_file() {
        return Err(format!("There is no database {}. Name one with --database, or start the server once.", file.display()));
    }
    Store::open(&file).await.map_err(|error| error.to_string())
}

/// The use cases over a database that is there, beside a server that may run.
pub async fn app(options: &Installation) -> Result<App, String> {
    let store = existing_store(options.database.as_ref()).await?;
    Ok(App::new(store, Arc::new(warehouse(options, embedded::QUERIES).await?), settings(options)))
}

/// The database's file; its folder is made only where it is our own.
pub fn database(named: Option<&PathBuf>) -> Result<PathBuf, String> {
    match named {
        Some(file) => Ok(file.clone()),
        None => Ok(own_folder("--database FILE")?.join("trainset.db")),
    }
}

fn own_folder(instead: &str) -> Result<PathBuf, String> {
    let folder =
        config::data_folder().ok_or_else(|| format!("There is no home folder to keep data in. Say where with {instead}."))?;
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("The folder {} cannot be made: {error}. Say where with {instead}.", folder.display()))?;
    Ok(folder)
}

/// The tables: those of the folder that was named, or the demo shop, which is made where it is missing. So many queries run at the same time.
pub async fn warehouse(options: &Installation, scans: usize) -> Result<Embedded, String> {
    let folder = match &options.warehouse {
        Some(folder) => folder.clone(),
        None => {
            let folder = own_folder("--warehouse DIR")?.join("demo-shop");
            if !folder.exists() {
                talk("Making a demo shop, once.");
                let target = folder.clone();
                let made = tokio::task::spawn_blocking(move || write_demo(&target, demo::SEED)).await;
                made.map_err(|_| "The demo shop could not be made.".to_owned())??;
            }
            folder
        }
    };
    let shown = folder.display();
    let warehouse = Embedded::open_with(&folder, &options.dataset, options.queries.options(scans)).await;
    let warehouse = warehouse.map_err(|error| error.to_string())?;
    // A file that breaks later is shown in the list of tables; one that is broken now is for whoever starts the program.
    let tables = warehouse.tables().await.map_err(|error| error.to_string())?;
    let mut broken: Vec<&TableInfo> = tables.iter().filter(|table| table.problem.is_some()).collect();
    // A view over a broken file is broken with it: the files come first.
    broken.sort_by_key(|table| table.kind == TableKind::View);
    let Some(first) = broken.first() else { return Ok(warehouse) };
    let problem = first.problem.as_deref().unwrap_or_default();
    let more = match broken.len() {
        1 => String::new(),
        n => format!("; {} more with it", n - 1),
    };
    Err(format!(
        "The folder {shown} has a file that cannot be read ({}: {problem}{more}). Repair it or take it out, and start again.",
        first.name
    ))
}

/// Writes the demo shop; it appears whole or not at all.
pub fn write_demo(folder: &Path, seed: u64) -> Result<(), String> {
    let report = demo::write(folder, seed).map_err(|error| error.to_string())?;
    talk(&format!("Wrote the demo shop to {}: {report}", folder.display()));
    Ok(())
}
