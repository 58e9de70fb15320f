//! The commands that read a file, a table or a dataset, and print.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Installation, Queries, values};

#[derive(Debug, Args)]
pub struct Config {
    /// Config file or dataset file, as YAML or JSON; - reads stdin
    pub file: PathBuf,
    #[command(flatten)]
    pub tables: TablesOptions,
}

/// Where the tables are.
#[derive(Debug, Args)]
pub struct TablesOptions {
    /// Folder of Parquet or CSV files, one per table
    #[arg(long, env = "TRAINSET_WAREHOUSE", value_name = "DIR")]
    pub warehouse: PathBuf,
    /// Name of the tables' dataset
    #[arg(long, env = "TRAINSET_DATASET", default_value = "raw_data", value_name = "NAME", value_parser = values::dataset)]
    pub dataset: String,
    #[command(flatten)]
    pub queries: Queries,
}

#[derive(Debug, Args)]
pub struct Frozen {
    #[command(flatten)]
    pub config: Config,
    /// Reference date, as in 2024-01-31, written into the SQL as a literal
    #[arg(long, env = "TRAINSET_AS_OF", value_name = "DAY", value_parser = values::day)]
    pub as_of: Option<chrono::NaiveDate>,
}

#[derive(Debug, Args)]
pub struct Analyze {
    #[command(flatten)]
    pub config: Config,
    /// Print the whole analysis as JSON
    #[arg(long, env = "TRAINSET_JSON")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Profile {
    /// Table, as in orders or raw_data.orders
    pub table: String,
    #[command(flatten)]
    pub tables: TablesOptions,
    /// Profile only these columns, separated by commas
    #[arg(long, env = "TRAINSET_COLUMNS", value_delimiter = ',', value_name = "NAMES")]
    pub columns: Vec<String>,
    /// Print the whole profile as JSON
    #[arg(long, env = "TRAINSET_JSON")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Joins {
    /// Tables by their ids (orders) or full names (raw_data.orders), the primary first
    #[arg(required = true, value_name = "TABLE")]
    pub tables: Vec<String>,
    #[command(flatten)]
    pub place: TablesOptions,
    /// Verify the joins with data: match rate and uniqueness of keys
    #[arg(long, env = "TRAINSET_VERIFY")]
    pub verify: bool,
    /// Print the joins with reasons and join statistics as JSON
    #[arg(long, env = "TRAINSET_JSON")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Sql {
    #[command(flatten)]
    pub frozen: Frozen,
    /// Only the rows of this split
    #[arg(long, env = "TRAINSET_SPLIT", value_enum)]
    pub split: Option<SplitArg>,
    /// Query kind
    #[arg(long, env = "TRAINSET_SHAPE", value_enum, default_value_t = QueryKindArg::Rows)]
    pub shape: QueryKindArg,
    /// Name mapped columns by their roles
    #[arg(long, env = "TRAINSET_FOR_ANALYSIS")]
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
pub enum QueryKindArg {
    Rows,
    Tfx,
    Counts,
    Funnel,
    PerDay,
    AsOf,
    Analysis,
}

#[derive(Debug, Args)]
pub struct Apply {
    /// Dataset file, YAML or JSON: name, description and config; - reads stdin
    pub file: PathBuf,
    /// Model of the dataset
    #[arg(long, env = "TRAINSET_MODEL", value_name = "NAME")]
    pub model: String,
    /// Only print what would change
    #[arg(long, env = "TRAINSET_DRY_RUN")]
    pub dry_run: bool,
    /// With --dry-run: exit with status 1 if something would change
    #[arg(long, env = "TRAINSET_EXIT_CODE", requires = "dry_run")]
    pub exit_code: bool,
    #[command(flatten)]
    pub installation: Installation,
}

#[derive(Debug, Args)]
pub struct Export {
    /// Dataset, by id or name
    #[arg(value_name = "ID|NAME")]
    pub which: String,
    /// Model of the dataset
    #[arg(long, env = "TRAINSET_MODEL", value_name = "NAME")]
    pub model: String,
    /// File format
    #[arg(long, env = "TRAINSET_FORMAT", value_enum, default_value_t = FormatArg::Yaml)]
    pub format: FormatArg,
    /// Database file [default: trainset.db in the data folder]
    #[arg(long, env = "TRAINSET_DATABASE", value_name = "FILE")]
    pub database: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum FormatArg {
    Yaml,
    Json,
}
