//! The commands that read a file, a table or a dataset, and print.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Installation, Queries, values};

#[derive(Debug, Args)]
pub struct Config {
    /// A config, or a dataset's file, as YAML or JSON; - reads it from stdin
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
    #[arg(long, env = "TRAINSET_DATASET", default_value = "raw_data", value_name = "NAME", value_parser = values::dataset)]
    pub dataset: String,
    #[command(flatten)]
    pub queries: Queries,
}

#[derive(Debug, Args)]
pub struct Frozen {
    #[command(flatten)]
    pub config: Config,
    /// The day that dates count back from, as 2024-01-31, written into the SQL as a literal
    #[arg(long, env = "TRAINSET_AS_OF", value_name = "DAY", value_parser = values::day)]
    pub as_of: Option<chrono::NaiveDate>,
}

#[derive(Debug, Args)]
pub struct Analyze {
    #[command(flatten)]
    pub config: Config,
    /// The whole analysis as JSON
    #[arg(long, env = "TRAINSET_JSON")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Profile {
    /// The table: orders, or raw_data.orders
    pub table: String,
    #[command(flatten)]
    pub tables: Tables,
    /// Only these columns, separated by commas
    #[arg(long, env = "TRAINSET_COLUMNS", value_delimiter = ',', value_name = "NAMES")]
    pub columns: Vec<String>,
    /// All that is found out, as JSON
    #[arg(long, env = "TRAINSET_JSON")]
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
    #[arg(long, env = "TRAINSET_VERIFY")]
    pub verify: bool,
    /// The joins with their reasons and evidence as JSON
    #[arg(long, env = "TRAINSET_JSON")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Sql {
    #[command(flatten)]
    pub frozen: Frozen,
    /// Only the rows of this part
    #[arg(long, env = "TRAINSET_SPLIT", value_enum)]
    pub split: Option<SplitArg>,
    /// What the query gives
    #[arg(long, env = "TRAINSET_SHAPE", value_enum, default_value_t = ShapeArg::Rows)]
    pub shape: ShapeArg,
    /// Call mapped columns by their roles
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
pub enum ShapeArg {
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
    /// A dataset's file, YAML or JSON: its name, description and config; - reads it from stdin
    pub file: PathBuf,
    /// The model that the dataset belongs to
    #[arg(long, env = "TRAINSET_MODEL", value_name = "NAME")]
    pub model: String,
    /// Only say what would change
    #[arg(long, env = "TRAINSET_DRY_RUN")]
    pub dry_run: bool,
    /// With --dry-run: exit status 1 where something would change
    #[arg(long, env = "TRAINSET_EXIT_CODE", requires = "dry_run")]
    pub exit_code: bool,
    #[command(flatten)]
    pub installation: Installation,
}

#[derive(Debug, Args)]
pub struct Export {
    /// The dataset, by its id or its name
    #[arg(value_name = "ID|NAME")]
    pub which: String,
    /// The model that the dataset belongs to
    #[arg(long, env = "TRAINSET_MODEL", value_name = "NAME")]
    pub model: String,
    /// How the file is written
    #[arg(long, env = "TRAINSET_FORMAT", value_enum, default_value_t = FormatArg::Yaml)]
    pub format: FormatArg,
    /// The database [default: trainset.db in the data folder]
    #[arg(long, env = "TRAINSET_DATABASE", value_name = "FILE")]
    pub database: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum FormatArg {
    Yaml,
    Json,
}
