//! The log: on stderr, so that stdout has answers alone.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts the log. `TRAINSET_LOG` chooses what is in it, as in `debug` or `trainset=debug,sqlx=info`.
pub fn start() {
    let chosen = std::env::var("TRAINSET_LOG").ok().and_then(|text| EnvFilter::try_new(text).ok());
    let filter = chosen.unwrap_or_else(|| EnvFilter::new("warn,trainset=info"));
    // A log that cannot be written (a closed stderr) is no reason to stop, nor to say more there.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .log_internal_errors(false);
    // Only a second start could fail, and there is none.
    log.try_init().ok();
}
