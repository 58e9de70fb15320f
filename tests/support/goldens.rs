//! The golden configs of `tests/goldens`, parsed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use trainset::domain::dataset::DatasetConfig;
use trainset::domain::parse::config_from_json;
use trainset::domain::sql::Request;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    config: serde_json::Value,
    request: Option<Request>,
}

pub struct Golden {
    pub name: String,
    pub config: DatasetConfig,
    pub request: Request,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}

pub fn goldens() -> Vec<Golden> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "json") && !file.ends_with("catalog.json"));
    files.sort();
    let golden = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let File { config, request, .. } =
            serde_json::from_slice(&fs::read(&file).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let config = config_from_json(config).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        // The rows of the last split cover the most.
        let of_last = Request { split: config.split_config.splits().last().copied(), ..Request::default() };
        Golden { name, config, request: request.unwrap_or(of_last) }
    };
    files.into_iter().map(golden).collect()
}
