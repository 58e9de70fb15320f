//! The command line and its environment variables: one struct is the configuration, its help and
//! its defaults.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use trainset::warehouse::{demo, embedded};

mod files;
pub mod values;

pub use files::*;

/// Define, check, version and export training datasets for recommenders.
#[derive(Debug, Parser)]
#[command(
    name = "trainset",
    version,
    about,
    args_conflicts_with_subcommands = true,
    after_help = "Exit status: 0 for success; 1 for a negative result or an error; 2 for a wrong command line.\n\
                  Each flag has an environment variable; the command line takes precedence."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
    #[command(flatten)]
    pub log: Log,
}

/// Options of the log, which goes to stderr.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// Log format: text, or one JSON object per line
    #[arg(long, global = true, env = "TRAINSET_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Log filter, as in debug or trainset=debug,sqlx=info
    #[arg(long, global = true, env = "TRAINSET_LOG", default_value = "warn,trainset=info", value_name = "FILTER")]
    pub log: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the pages and the API (the default command)
    Serve(Serve),
    /// Write the demo shop as Parquet
    Demo(Demo),
    /// Validate a config against the tables; print its validation errors, one per line
    Validate(Config),
    /// Print a config's SQL
    Sql(Sql),
    /// Print the input of TFX's BigQueryExampleGen for a config, as JSON
    Tfx(Frozen),
    /// Analyze a config: counts, leakage checks and data quality
    Analyze(Analyze),
    /// Create or update the dataset that a file describes; works while the server runs
    Apply(Apply),
    /// Print a dataset as a file for `apply`
    Export(Export),
    /// Profile the columns of a table
    Profile(Profile),
    /// Suggest joins between tables, the best first
    Joins(Joins),
    /// Copy the database to a new file; works while the server runs
    Backup(Backup),
    /// Print the JSON Schema of a config
    Schema,
}

#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Address to listen on, as host:port; port 0 chooses a free port
    #[arg(long, env = "TRAINSET_ADDR", default_value = "127.0.0.1:3000")]
    pub addr: String,
    /// Allow an address that other machines can connect to. There is no login: anyone who connects
    /// can read the tables and change datasets
    #[arg(long, env = "TRAINSET_ALLOW_REMOTE")]
    pub allow_remote: bool,
    /// Another host name that browsers may use for this server; repeat the flag, or separate names
    /// with commas. Programs that use it over plain HTTP send the header x-trainset-client, with
    /// any value
    #[arg(long, env = "TRAINSET_HOST", value_delimiter = ',', value_name = "NAME", value_parser = values::host)]
    pub host: Vec<String>,
    /// Grace period for running requests at shutdown
    #[arg(long, env = "TRAINSET_GRACE", default_value_t = 10, value_name = "SECONDS", value_parser = values::grace)]
    pub grace: u64,
    /// Maximum number of concurrent queries
    #[arg(long, env = "TRAINSET_SCANS", default_value_t = 2, value_name = "NUMBER", value_parser = values::scans)]
    pub scans: usize,
    /// Maximum number of queued queries; further queries are refused
    #[arg(long, env = "TRAINSET_QUEUE", default_value_t = 32, value_name = "NUMBER", value_parser = values::queue)]
    pub queue: usize,
    #[command(flatten)]
    pub installation: Installation,
}

/// The database, the warehouse and the author.
#[derive(Debug, Clone, Args)]
pub struct Installation {
    /// Database file for models and datasets; `serve` creates it if it is missing [default:
    /// trainset.db in the data folder]
    #[arg(long, env = "TRAINSET_DATABASE", value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// Folder of Parquet or CSV files, one per table [default: a demo shop, created in the data
    /// folder at the first start]
    #[arg(long, env = "TRAINSET_WAREHOUSE", value_name = "DIR")]
    pub warehouse: Option<PathBuf>,
    /// Name of the tables' dataset
    #[arg(long, env = "TRAINSET_DATASET", default_value = "raw_data", value_name = "NAME", value_parser = values::dataset)]
    pub dataset: String,
    /// Author of versions [default: the current user of this machine]
    #[arg(long, env = "TRAINSET_AUTHOR", value_name = "NAME", value_parser = values::author)]
    pub author: Option<String>,
    #[command(flatten)]
    pub queries: Queries,
    #[command(flatten)]
    pub bigquery: BigQuery,
}

/// What queries over files may use.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Queries over files")]
pub struct Queries {
    /// Memory for all queries together, in bytes; larger queries spill to disk
    #[arg(long, env = "TRAINSET_MEMORY", default_value_t = embedded::MEMORY_BYTES, value_name = "BYTES")]
    pub memory: usize,
    /// Folder for spill files [default: spill in the data folder]
    #[arg(long, env = "TRAINSET_SPILL_DIR", value_name = "DIR")]
    pub spill_dir: Option<PathBuf>,
    /// Maximum size of all spill files together, in bytes
    #[arg(long, env = "TRAINSET_SPILL_LIMIT", default_value_t = embedded::SPILL_BYTES, value_name = "BYTES")]
    pub spill_limit: u64,
}

impl Queries {
    /// The engine's options, for so many queries at the same time.
    pub fn options(&self, queries: usize) -> embedded::Options {
        let default = embedded::Options::default();
        let own = || data_folder().map(|folder| folder.join("spill"));
        embedded::Options {
            memory_bytes: self.memory,
            queries,
            // Without a home folder, the system's for temporary files.
            spill_folder: self.spill_dir.clone().or_else(own).unwrap_or(default.spill_folder),
            spill_bytes: self.spill_limit,
            threads: default.threads,
        }
    }
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "BigQuery")]
pub struct BigQuery {
    /// File with Google credentials [default: those of gcloud, of GOOGLE_APPLICATION_CREDENTIALS or
    /// of this machine]; "none" for an emulator
    #[arg(long, env = "TRAINSET_BIGQUERY_CREDENTIALS", value_name = "FILE")]
    pub bigquery_credentials: Option<PathBuf>,
    /// URL of BigQuery's API, as in http://127.0.0.1:9050/bigquery/v2 for an emulator
    #[arg(long, env = "TRAINSET_BIGQUERY_ENDPOINT", default_value = trainset::warehouse::bigquery::ENDPOINT, value_name = "URL", value_parser = values::endpoint)]
    pub bigquery_endpoint: String,
    /// Maximum bytes billed per query; BigQuery refuses larger queries, at no cost
    #[arg(long, env = "TRAINSET_MAX_BYTES_BILLED", value_name = "BYTES", value_parser = values::bytes_billed)]
    pub max_bytes_billed: Option<u64>,
    /// BigQuery's price per TiB, in US dollars
    #[arg(long, env = "TRAINSET_USD_PER_TIB", default_value_t = trainset::domain::cost::Price::default().usd_per_tib, value_name = "USD",
        value_parser = values::usd_per_tib)]
    pub usd_per_tib: f64,
    /// Minimum bytes that BigQuery bills per table of a query
    #[arg(long, env = "TRAINSET_MINIMUM_BYTES_BILLED", default_value_t = trainset::domain::cost::Price::default().minimum_bytes, value_name = "BYTES",
        value_parser = values::least_bytes)]
    pub minimum_bytes_billed: u64,
}

#[derive(Debug, Args)]
pub struct Backup {
    /// File to write; must not exist yet
    pub to: PathBuf,
    /// Database file [default: trainset.db in the data folder]
    #[arg(long, env = "TRAINSET_DATABASE", value_name = "FILE")]
    pub database: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Folder to write to; must be empty or not exist yet
    pub dir: PathBuf,
    /// Seed of the random data
    #[arg(long, env = "TRAINSET_SEED", default_value_t = demo::SEED)]
    pub seed: u64,
}

/// The folder for what the program keeps: `$XDG_DATA_HOME/trainset`, or the platform's own.
pub fn data_folder() -> Option<PathBuf> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = match given("XDG_DATA_HOME").filter(|path| path.is_absolute()) {
        Some(folder) => folder,
        None if cfg!(windows) => given("LOCALAPPDATA")?,
        None if cfg!(target_os = "macos") => given("HOME")?.join("Library/Application Support"),
        None => given("HOME")?.join(".local/share"),
    };
    Some(folder.join("trainset"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn each_flag_has_its_environment_variable_and_a_help() {
        fn check(command: &clap::Command) {
            for arg in command.get_arguments().filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version")) {
                assert!(arg.get_help().is_some(), "{} {}", command.get_name(), arg.get_id());
                if !arg.is_positional() {
                    let variable = arg.get_env().and_then(|name| name.to_str()).unwrap_or_default();
                    assert!(variable.starts_with("TRAINSET_"), "{} {}", command.get_name(), arg.get_id());
                }
            }
            command.get_subcommands().filter(|sub| sub.get_name() != "help").for_each(check);
        }
        let mut command = Cli::command();
        command.build();
        command.debug_assert();
        check(&Cli::command());
    }
}
