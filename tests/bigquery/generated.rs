//! Generated configs: the query of each runs on the embedded engine and on a BigQuery server by
//! others, and gives the same rows.

use std::fs;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use trainset::domain::dataset::{DatasetConfig, Sample, Seed, SplitConfig, Unit};
use trainset::domain::sql::{QueryKind, Request, compile};
use trainset::warehouse::Warehouse;

use crate::configs::{any_config, without_errors};
use crate::emulator::{Both, difference, limits};
use crate::tables;

/// Configs, unless `PROPTEST_CASES` is set.
const CASES: usize = 40;

/// The config with short seeds; `None` if it hashes whole rows. The server's FARM_FINGERPRINT is
/// not BigQuery's for texts of more than 64 bytes.
fn with_short_hashes(mut config: DatasetConfig) -> Option<DatasetConfig> {
    let mut hashes = vec![];
    if let SplitConfig::Random { unit, seed, .. } = &mut config.split_config {
        hashes.push((unit, seed));
    }
    if let Some(Sample { unit, seed, .. }) = &mut config.filters.sample {
        hashes.push((unit, seed));
    }
    for (unit, seed) in hashes {
        if *unit == Unit::Row {
            return None;
        }
        *seed = Seed(seed.0.len().to_string());
    }
    Some(config)
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_configs_have_the_same_rows_on_both_engines() {
    let both = Both::start(|folder| {
        fs::create_dir(folder).unwrap();
        tables::write(folder);
    })
    .await;
    let (here, there) = (Both::catalog(&both.embedded).await, Both::catalog(&both.bigquery).await);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let mut runner = TestRunner::default();
    let (mut compared, mut rows) = (0, 0);
    let mut differences = vec![];
    while compared < cases {
        let config = without_errors(any_config().new_tree(&mut runner).unwrap().current(), &here);
        let Some(config) = with_short_hashes(config) else { continue };
        compared += 1;
        let mut requests = vec![Request { kind: QueryKind::Counts, ..Request::default() }, Request::default()];
        requests.extend(config.split_config.splits().iter().map(|split| Request { split: Some(*split), ..Request::default() }));
        for request in requests {
            let (left, right) = (compile(&config, &here, &request).unwrap().sql, compile(&config, &there, &request).unwrap().sql);
            let embedded = both.embedded.run(&left, &limits()).await.unwrap_or_else(|error| panic!("{error}\n{left}"));
            rows += embedded.rows.len();
            let wrong = match both.bigquery.run(&right, &limits()).await {
                Ok(bigquery) => difference(&embedded, &bigquery),
                Err(error) => Some(error.to_string()),
            };
            differences.extend(wrong.map(|wrong| format!("{wrong}\n{}\n{right}", serde_json::to_string(&config).unwrap())));
        }
    }
    println!("{compared} configs, {rows} rows compared");
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n\n"));
    assert!(rows > compared, "{rows} rows");
}
