//! The command line and its environment variables: one struct is the configuration, its help and its defaults.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
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
    /// Another host name that browsers may use for this server; repeat it, or separate names by commas
    #[arg(long, env = "TRAINSET_HOST", value_delimiter = ',', value_name = "NAME")]
    pub host: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// The folder to write to: one that is not there yet, or empty
    pub dir: PathBuf,
    /// Another number, another shop
    #[arg(long, default_value_t = demo::SEED)]
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
