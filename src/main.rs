//! The command line. Answers go to stdout, talk to stderr; the exit status is 0, 1 (it did not work) or 2 (usage).

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;
use trainset::domain::cost::Price;
use trainset::domain::schema::{TableInfo, TableKind};
use trainset::service::{App, BigQuerySettings, Settings};
use trainset::site::site;
use trainset::store::Store;
use trainset::warehouse::bigquery::Credentials;
use trainset::warehouse::embedded::Embedded;
use trainset::warehouse::{Warehouse, demo};

mod config;
mod offline;
mod telemetry;

use config::{Cli, Command, Serve};

/// How long running requests may take to end once the program was told to stop.
const GRACE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start();
    let done = match cli.command {
        Some(Command::Demo(demo)) => write_demo(&demo.dir, demo.seed),
        Some(Command::Serve(serve)) => start(serve),
        Some(Command::Backup(backup)) => write_backup(&backup),
        Some(Command::Validate(config)) => return print(offline::validate(&config)),
        Some(Command::Sql(sql)) => return print(offline::sql(&sql)),
        Some(Command::Tfx(frozen)) => return print(offline::tfx(&frozen)),
        Some(Command::Analyze(analyze)) => return print(offline::analyze(&analyze)),
        Some(Command::Profile(profile)) => return print(offline::profile(&profile)),
        Some(Command::Joins(joins)) => return print(offline::joins(&joins)),
        Some(Command::Schema) => return print(async { Ok(offline::schema()) }),
        None => start(cli.serve),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            talk(&format!("error: {message}"));
            ExitCode::FAILURE
        }
    }
}

/// A line on stderr. A closed stderr is no reason to stop.
fn talk(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}

/// Prints a command's answer: 0 where it is yes, 1 where it is no or there is none.
fn print(command: impl Future<Output = Result<offline::Answer, String>>) -> ExitCode {
    let answer = threads().and_then(|runtime| runtime.block_on(command));
    match answer {
        Ok(offline::Answer { text, yes }) => {
            // A reader that has seen enough is no failure.
            io::stdout().write_all(text.as_bytes()).ok();
            if yes { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(message) => {
            talk(&format!("error: {message}"));
            ExitCode::FAILURE
        }
    }
}

fn threads() -> Result<tokio::runtime::Runtime, String> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| format!("The program cannot start its threads: {error}."))
}

fn start(options: Serve) -> Result<(), String> {
    let runtime = threads()?;
    let done = runtime.block_on(serve(options));
    // A query that still runs is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

async fn serve(options: Serve) -> Result<(), String> {
    // The address first: what fails most often should not leave anything behind.
    let listener = listen(&options.addr).await?;
    let addr = listener.local_addr().map_err(|error| format!("The address {} cannot be used: {error}.", options.addr))?;
    let warehouse = warehouse(&options).await?;
    let store = Store::open(&database(options.database.as_ref())?).await.map_err(|error| error.to_string())?;
    let credentials = match &options.bigquery_credentials {
        None => Credentials::Default,
        Some(none) if none.as_os_str() == "none" => Credentials::Anonymous,
        Some(file) => Credentials::File(file.clone()),
    };
    let settings = Settings {
        dataset: options.dataset.clone(),
        bigquery: BigQuerySettings {
            endpoint: options.bigquery_endpoint.clone(),
            credentials,
            max_bytes_billed: options.max_bytes_billed,
            ..BigQuerySettings::default()
        },
        author: options.author.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_default(),
        price: Price { usd_per_tib: options.usd_per_tib, minimum_bytes: options.minimum_bytes_billed },
        ..Settings::default()
    };
    let app = App::new(store.clone(), Arc::new(warehouse), settings);
    let site = site(app, addr, &options.host);

    // Whoever started us may not read what we say; that is no reason to stop.
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on http://{addr}").and_then(|()| stdout.flush()).ok();

    let (stop, stopped) = tokio::sync::watch::channel(());
    let mut told = stopped.clone();
    let server = axum::serve(listener, site).with_graceful_shutdown(async move {
        signal().await;
        tracing::info!("stopping");
        stop.send(()).ok();
    });
    let deadline = async move {
        told.changed().await.ok();
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        done = server.into_future() => done.map_err(|error| format!("The server stopped: {error}."))?,
        () = deadline => tracing::warn!("some requests did not end in time and were dropped"),
    }
    tokio::time::timeout(Duration::from_secs(2), store.close()).await.ok();
    Ok(())
}

async fn listen(addr: &str) -> Result<TcpListener, String> {
    TcpListener::bind(addr).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "The address {addr} is taken, perhaps by another Trainset. Stop that program, or choose another address with --addr, \
             as in --addr 127.0.0.1:0 for any free port."
        ),
        io::ErrorKind::PermissionDenied => {
            format!("There is no permission to listen on {addr}. Choose a port above 1023 with --addr.")
        }
        io::ErrorKind::InvalidInput => format!("{addr} is not an address. Write --addr host:port, as in 127.0.0.1:3000."),
        _ => format!("The address {addr} cannot be used: {error}. Write --addr host:port, as in 127.0.0.1:3000."),
    })
}

/// Ctrl-C, or what a service manager sends.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Without a handler the signal ends the program at once, which is what is left to do.
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    tokio::signal::ctrl_c().await.ok();
}

fn write_backup(options: &config::Backup) -> Result<(), String> {
    let file = database(options.database.as_ref())?;
    threads()?.block_on(trainset::store::backup(&file, &options.to)).map_err(|error| error.to_string())?;
    talk(&format!("Copied {} to {}.", file.display(), options.to.display()));
    Ok(())
}

/// The database's file; its folder is made only where it is our own.
fn database(named: Option<&PathBuf>) -> Result<PathBuf, String> {
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

/// The tables: those of the folder that was named, or the demo shop, which is made where it is missing.
async fn warehouse(options: &Serve) -> Result<Embedded, String> {
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
    let warehouse = Embedded::open(&folder, &options.dataset).await.map_err(|error| error.to_string())?;
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
fn write_demo(folder: &Path, seed: u64) -> Result<(), String> {
    let report = demo::write(folder, seed).map_err(|error| error.to_string())?;
    talk(&format!("Wrote the demo shop to {}: {report}", folder.display()));
    Ok(())
}
