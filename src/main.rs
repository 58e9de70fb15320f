//! The command line. Results go to stdout, messages to stderr; the exit status is 0, 1 (it failed)
//! or 2 (usage).

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;
use trainset::service::{App, Settings};
use trainset::site::listener::{self, ConnectionLimits};
use trainset::site::site;
use trainset::store::sqlite::SqliteStore;

mod apply;
mod config;
mod installation;
mod offline;
mod telemetry;

use config::{Cli, Command, Serve};
use telemetry::talk;

/// File descriptors that the server requests from the system.
const MAX_DESCRIPTORS: u64 = 4096;
/// Every system provides this many.
const FEWEST_DESCRIPTORS: u64 = 256;

fn main() -> ExitCode {
    let status = run(Cli::parse());
    telemetry::finish();
    status
}

fn run(cli: Cli) -> ExitCode {
    if let Err(message) = telemetry::start(&cli.log) {
        talk(&format!("error: {message}"));
        return ExitCode::from(2);
    }
    let done = match cli.command {
        Some(Command::Demo(demo)) => installation::write_demo(&demo.dir, demo.seed),
        Some(Command::Serve(serve)) => start(serve),
        Some(Command::Backup(backup)) => write_backup(&backup),
        Some(Command::Validate(config)) => return print(offline::validate(&config)),
        Some(Command::Sql(sql)) => return print(offline::sql(&sql)),
        Some(Command::Tfx(frozen)) => return print(offline::tfx(&frozen)),
        Some(Command::Analyze(analyze)) => return print(offline::analyze(&analyze)),
        Some(Command::Apply(options)) => return print(apply::apply(&options)),
        Some(Command::Export(options)) => return print(apply::export(&options)),
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

/// Prints a command's result: status 0 if it is positive, 1 if it is negative or there is none.
fn print(command: impl Future<Output = Result<offline::Output, String>>) -> ExitCode {
    let answer = threads().and_then(|runtime| runtime.block_on(command));
    match answer {
        Ok(offline::Output { text, yes }) => {
            // A reader that closes the pipe early is not an error.
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
    // Does not wait for running queries.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

async fn serve(options: Serve) -> Result<(), String> {
    // Many systems give a program 256 or 1,024 descriptors, and more on request.
    let descriptors = rlimit::increase_nofile_limit(MAX_DESCRIPTORS).unwrap_or(FEWEST_DESCRIPTORS);
    let limits = ConnectionLimits::for_descriptors(descriptors);
    // The address first, since it fails most often and should not leave anything behind.
    let listener = listen(&options.addr).await?;
    let addr = listener.local_addr().map_err(|error| format!("The address {} cannot be used: {error}.", options.addr))?;
    reachable(&options, addr)?;
    let warehouse = installation::warehouse(&options.installation, options.scans).await?;
    let file = installation::database(options.installation.database.as_ref())?;
    let store = SqliteStore::open(&file).await.map_err(|error| error.to_string())?;
    let settings = Settings { scans: options.scans, queue: options.queue, ..installation::settings(&options.installation) };
    let housekeeping = tokio::spawn(store.clone().run_housekeeping());
    let app = App::new(store.clone(), Arc::new(warehouse), settings);
    let site = site(app, addr, &options.host, &installation::author(&options.installation));

    // If nobody reads our output, that is no reason to stop.
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on http://{addr}").and_then(|()| stdout.flush()).ok();

    let (stop, stopped) = tokio::sync::watch::channel(());
    let mut stop_signal = stopped.clone();
    let server = listener::serve(listener, site, limits, async move {
        signal().await;
        tracing::info!("stopping");
        stop.send(()).ok();
    });
    let grace = Duration::from_secs(options.grace);
    let deadline = async move {
        stop_signal.changed().await.ok();
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        () = server => {}
        () = deadline => tracing::warn!("some requests did not finish in time and were dropped"),
    }
    housekeeping.abort();
    tokio::time::timeout(Duration::from_secs(2), store.close()).await.ok();
    Ok(())
}

/// Other machines get access only if the operator allows it.
fn reachable(options: &Serve, addr: SocketAddr) -> Result<(), String> {
    if addr.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let what = "Trainset has no login: anyone who can connect can read the tables with your credentials, run queries that cost money, and change or \
                delete datasets";
    if !options.allow_remote {
        return Err(format!(
            "Other machines can connect to {addr}. {what}. If a firewall or a proxy with a login protects it, add --allow-remote."
        ));
    }
    talk(&format!(
        "warning: other machines can connect to {addr}. {what}. Browsers may use this server by its addresses and by the names in --host."
    ));
    Ok(())
}

async fn listen(addr: &str) -> Result<TcpListener, String> {
    listener::bind(addr).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "The address {addr} is in use, perhaps by another Trainset. Stop that program, or choose another address with --addr, \
             as in --addr 127.0.0.1:0 for any free port."
        ),
        io::ErrorKind::PermissionDenied => {
            format!("No permission to listen on {addr}. Choose a port above 1023 with --addr.")
        }
        io::ErrorKind::InvalidInput => format!("{addr} is not an address. Use --addr host:port, as in 127.0.0.1:3000."),
        _ => format!("The address {addr} cannot be used: {error}. Use --addr host:port, as in 127.0.0.1:3000."),
    })
}

/// Ctrl-C, or the signal of a service manager.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Without a handler the signal ends the program at once, which is the fallback.
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
    let file = installation::database(options.database.as_ref())?;
    threads()?.block_on(trainset::store::sqlite::backup(&file, &options.to)).map_err(|error| error.to_string())?;
    talk(&format!("Copied {} to {}.", file.display(), options.to.display()));
    Ok(())
}
