//! The log: on stderr, so that stdout has answers alone.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Libraries that write Google's tokens, or the bytes on the wire, to a log that is fine enough.
const TELL_SECRETS: [&str; 9] =
    ["yup_oauth2", "gcp_bigquery_client", "reqwest", "hyper", "hyper_util", "hyper_rustls", "h2", "rustls", "tokio_rustls"];

/// Starts the log.
pub fn start(options: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(&options.log).map_err(|error| format!("--log {}: {error}.", options.log))?;
    // Whatever was asked for.
    let quiet = filter_fn(|event| !tells_secrets(event));
    // A log that cannot be written (a closed stderr) is no reason to stop, nor to say more there.
    let lines = layer().with_writer(std::io::stderr).log_internal_errors(false);
    let log = tracing_subscriber::registry().with(filter).with(quiet);
    // Only a second start could fail, and there is none.
    match options.log_format {
        LogFormat::Text => log.with(lines.with_ansi(std::io::stderr().is_terminal())).try_init().ok(),
        LogFormat::Json => log.with(lines.json().with_current_span(true).with_span_list(false)).try_init().ok(),
    };
    Ok(())
}

fn tells_secrets(event: &Metadata<'_>) -> bool {
    let library = event.target().split("::").next().unwrap_or_default();
    *event.level() > Level::INFO && TELL_SECRETS.contains(&library)
}
