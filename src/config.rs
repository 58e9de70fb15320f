//! The command line and its environment variables: one struct is the configuration, its help and its defaults.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use trainset::warehouse::demo;

/// Define, check, version and take away training datasets for recommenders.
#[derive(Debug, Parser)]
#[command(name = "trainset", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the pages and the API (the default command)
    Serve(Serve),
    /// Write the demo shop as Parquet
    Demo(Demo),
    /// Hold a config against the tables: nothing, or its faults, a line each
    Validate(Config),
    /// Print a config's SQL
    Sql(Sql),
    /// Print what TFX's BigQueryExampleGen takes of a config, as JSON
    Tfx(Frozen),
    /// Count a config's rows and say what is to be thought of them
    Analyze(Analyze),
    /// Say what the columns of a table hold
    Profile(Profile),
    /// Say how tables can be joined, the best first
    Joins(Joins),
    /// Copy the database to a new file, also while the server runs
    Backup(Backup),
    /// Print the JSON Schema of a config
    Schema,
}

#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Where to listen, as host:port; port 0 takes a free one
    #[arg(long, env = "TRAINSET_ADDR", default_value = "127.0.0.1:3000")]
    pub addr: String,
    /// The file for models and datasets, made where it is missing [default: trainset.db in the data folder]
    #[arg(long, env = "TRAINSET_DATABASE", value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// A folder of Parquet or CSV files, one a table [default: a demo shop, made in the data folder at the first start]
    #[arg(long, env = "TRAINSET_WAREHOUSE", value_name = "DIR")]
    pub warehouse: Option<PathBuf>,
    /// What the tables' dataset is called
    #[arg(long, env = "TRAINSET_DATASET", default_value = "raw_data", value_name = "NAME")]
    pub dataset: String,
    /// Who freezes versions [default: who is logged in here]
    #[arg(long, env = "TRAINSET_AUTHOR", value_name = "NAME")]
    pub author: Option<String>,
    /// A file with Google credentials [default: those of gcloud, of GOOGLE_APPLICATION_CREDENTIALS or of this machine]; "none" for an emulator
    #[arg(long, env = "TRAINSET_BIGQUERY_CREDENTIALS", value_name = "FILE")]
    pub bigquery_credentials: Option<PathBuf>,
    /// Where BigQuery's API is, as http://127.0.0.1:9050/bigquery/v2 for an emulator
    #[arg(long, env = "TRAINSET_BIGQUERY_ENDPOINT", default_value = trainset::warehouse::bigquery::ENDPOINT, value_name = "URL")]
    pub bigquery_endpoint: String,
    /// The most that a query may bill, in bytes; BigQuery refuses a larger one, at no cost
    #[arg(long, env = "TRAINSET_MAX_BYTES_BILLED", value_name = "BYTES")]
    pub max_bytes_billed: Option<u64>,
    /// What BigQuery takes for a TiB, in US dollars
    #[arg(long, env = "TRAINSET_USD_PER_TIB", default_value_t = trainset::domain::cost::Price::default().usd_per_tib, value_name = "USD")]
    pub usd_per_tib: f64,
    /// What BigQuery bills at least for each table of a query, in bytes
    #[arg(long, env = "TRAINSET_MINIMUM_BYTES_BILLED", default_value_t = trainset::domain::cost::Price::default().minimum_bytes, value_name = "BYTES")]
    pub minimum_bytes_billed: u64,
    /// Another host name that browsers may use for this server; repeat it, or separate names by commas
    #[arg(long, env = "TRAINSET_HOST", value_delimiter = ',', value_name = "NAME")]
    pub host: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write: one that is not there yet
    pub to: PathBuf,
    /// The database [default: trainset.db in the data folder]
    #[arg(long, env = "TRAINSET_DATABASE", value_name = "FILE")]
    pub database: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// The folder to write to: one that is not there yet, or empty
    pub dir: PathBuf,
    /// Another number, another shop
    #[arg(long, default_value_t = demo::SEED)]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct Config {
    /// A dataset's config as JSON; - reads it from stdin
    pub file: PathBuf,
    #[command(flatten)]
    pub tables: Tables,
}

/// Where the tables are.
#[derive(Debug, Args)]
pub struct Tables {
    /// A folder of Parquet or CSV files, one a table
    #[arg(long, env = "TRAINSET_WAREHOUSE", value_name = "DIR")]
    pub warehouse: PathBuf,
    /// What the tables' dataset is called
    #[arg(long, env = "TRAINSET_DATASET", default_value = "raw_data", value_name = "NAME")]
    pub dataset: String,
}

#[derive(Debug, Args)]
pub struct Frozen {
    #[command(flatten)]
    pub config: Config,
    /// The day that dates count back from, as 2024-01-31, written into the SQL as a literal
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<chrono::NaiveDate>,
}

#[derive(Debug, Args)]
pub struct Analyze {
    #[command(flatten)]
    pub config: Config,
    /// The whole analysis as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Profile {
    /// The table: orders, or raw_data.orders
    pub table: String,
    #[command(flatten)]
    pub tables: Tables,
    /// Only these columns, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub columns: Vec<String>,
    /// All that is found out, as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Joins {
    /// Tables by their ids (orders) or full names (raw_data.orders), the primary first
    #[arg(required = true, value_name = "TABLE")]
    pub tables: Vec<String>,
    #[command(flatten)]
    pub place: Tables,
    /// Ask the data too: are the keys there, and is each there once
    #[arg(long)]
    pub verify: bool,
    /// The joins with their reasons and evidence as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Sql {
    #[command(flatten)]
    pub frozen: Frozen,
    /// Only the rows of this part
    #[arg(long, value_enum)]
    pub split: Option<SplitArg>,
    /// What the query gives
    #[arg(long, value_enum, default_value_t = ShapeArg::Rows)]
    pub shape: ShapeArg,
    /// Call mapped columns by their roles
    #[arg(long)]
    pub for_analysis: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SplitArg {
    Train,
    Eval,
    Test,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ShapeArg {
    Rows,
    Tfx,
    Counts,
    Funnel,
    PerDay,
    AsOf,
    Analysis,
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
