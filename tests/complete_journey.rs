//! The main use case on real data: a retailer's transactions with their products, the last three
//! months, a fortnight held out.
//!
//! Needs the Complete Journey files: `TRAINSET_COMPLETE_JOURNEY` names their folder; `make test`
//! fetches them and sets it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use datafusion::prelude::{ParquetReadOptions, SessionContext};
use serde_json::json;
use trainset::domain::catalog::Catalog;
use trainset::domain::dataset::{DatasetConfig, KCore, Split};
use trainset::domain::dto::{DatasetInput, ModelInput};
use trainset::domain::parse::config_from_json;
use trainset::domain::sql::{QueryKind, Request, compile};
use trainset::domain::value::Value;
use trainset::service::{App, RequestContext, Settings};
use trainset::store::sqlite::SqliteStore;
use trainset::warehouse::embedded::{Embedded, Options};
use trainset::warehouse::{Limits, Warehouse};

fn folder() -> PathBuf {
    let folder = std::env::var_os("TRAINSET_COMPLETE_JOURNEY");
    folder.map(PathBuf::from).expect("set TRAINSET_COMPLETE_JOURNEY to the folder that scripts/complete-journey.sh prints")
}

fn main_job() -> DatasetConfig {
    of_months(3)
}

fn of_months(months: u32) -> DatasetConfig {
    config_from_json(json!({
        "primary_table": "raw_data.transactions",
        "secondary_tables": ["raw_data.products"],
        "join_config": [
            {"table": "products", "type": "left", "on": [{"left": {"table": "transactions", "column": "product_id"}, "right": "product_id"}]}
        ],
        "selected_columns": [
            {"table": "transactions", "column": "household_id"},
            {"table": "transactions", "column": "product_id"},
            {"table": "transactions", "column": "transaction_timestamp"},
            {"table": "transactions", "column": "sales_value"},
            {"table": "products", "column": "department"},
            {"table": "products", "column": "product_category"},
        ],
        "column_mapping": {
            "user_id": {"table": "transactions", "column": "household_id"},
            "product_id": {"table": "transactions", "column": "product_id"},
            "timestamp": {"table": "transactions", "column": "transaction_timestamp"},
            "revenue": {"table": "transactions", "column": "sales_value"},
        },
        "filters": {"date_range": {"type": "rolling", "months": months}},
        "split_config": {"type": "time_based", "eval_days": 14},
    }))
    .unwrap()
}

/// Rows in the window, in train and in eval, by a hand-written query against the same files.
async fn by_hand() -> [i64; 3] {
    let context = SessionContext::new();
    for table in ["transactions", "products"] {
        let file = folder().join(format!("{table}.parquet"));
        context.register_parquet(table, file.to_str().unwrap(), ParquetReadOptions::default()).await.unwrap();
    }
    let batches = context
        .sql(
            "WITH days AS (
               SELECT CAST(t.transaction_timestamp AS DATE) AS day
               FROM transactions t LEFT JOIN products p ON p.product_id = t.product_id
             )
             SELECT COUNT(*), SUM(CASE WHEN day <= DATE '2017-12-18' THEN 1 ELSE 0 END), SUM(CASE WHEN day >= DATE '2017-12-19' THEN 1 ELSE 0 END)
             FROM days WHERE day BETWEEN DATE '2017-10-02' AND DATE '2018-01-01'",
        )
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    [0, 1, 2].map(|i| {
        let column = batches[0].column(i);
        column.as_any().downcast_ref::<datafusion::arrow::array::Int64Array>().unwrap().value(0)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_agrees_with_a_query_written_by_hand() {
    let warehouse = Embedded::open(&folder(), "raw_data").await.unwrap();
    let config = main_job();
    let mut schemas = vec![];
    for (_, table) in config.sources() {
        schemas.push(warehouse.schema(table).await.unwrap());
    }
    let catalog = Catalog::new(None, schemas);
    let limits = Limits { max_rows: 2_000_000, ..Limits::default() };

    let query = compile(&config, &catalog, &Request { kind: QueryKind::Counts, ..Request::default() }).unwrap();
    let counts = warehouse.run(&query.sql, &limits).await.unwrap();
    let part = |name: &str, column: &str| {
        let row = (0..counts.rows.len()).find(|i| counts.get(*i, "part") == Some(&Value::Text(name.into()))).unwrap();
        counts.get(row, column).cloned().unwrap()
    };
    assert_eq!(part("full", "as_of"), Value::Text("2018-01-01".into()));
    assert_eq!(part("full", "first_day"), Value::Text("2017-10-02".into()));
    // Exactly 14 days.
    assert_eq!(part("eval", "first_day"), Value::Text("2017-12-19".into()));
    assert_eq!(part("eval", "last_day"), Value::Text("2018-01-01".into()));
    assert_eq!(part("train", "last_day"), Value::Text("2017-12-18".into()));
    let counted = ["full", "train", "eval"].map(|p| part(p, "row_count").as_i64().unwrap());
    assert_eq!(counted, by_hand().await);
    // The same three numbers, by another engine (DuckDB) and another query.
    assert_eq!(counted, [368_614, 313_853, 54_761]);
    assert_eq!(counted[0], counted[1] + counted[2]);
    assert_eq!((part("full", "user_count"), part("full", "product_count")), (Value::Int(2_327), Value::Int(38_021)));

    // The queries for training have as many rows as were counted.
    for (split, rows) in [(None, counted[0]), (Some(Split::Train), counted[1]), (Some(Split::Eval), counted[2])] {
        let query = compile(&config, &catalog, &Request { split, ..Request::default() }).unwrap();
        let result = warehouse.run(&query.sql, &limits).await.unwrap();
        assert_eq!(result.rows.len() as i64, rows, "{split:?}");
        assert_eq!(result.columns.len(), 6);
    }
}

/// All of the two years, reduced to users and products that meet often, for this many rounds.
fn core(rounds: u32) -> DatasetConfig {
    let mut config = main_job();
    config.filters.date_range = None;
    config.filters.min_interactions = Some(KCore { user: 5, product: 5, rounds });
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_of_any_rounds_is_counted_on_any_number_of_threads() {
    for (rounds, threads) in [(3, 2), (3, 16), (7, 4), (10, 16)] {
        let options = Options { threads, ..Options::default() };
        let warehouse = Embedded::open_with(&folder(), "raw_data", options).await.unwrap();
        let config = core(rounds);
        let mut schemas = vec![];
        for (_, table) in config.sources() {
            schemas.push(warehouse.schema(table).await.unwrap());
        }
        let query =
            compile(&config, &Catalog::new(None, schemas), &Request { kind: QueryKind::Counts, ..Request::default() }).unwrap();
        let counts =
            warehouse.run(&query.sql, &Limits::default()).await.unwrap_or_else(|error| panic!("{rounds} rounds: {error}"));
        let row = (0..counts.rows.len()).find(|i| counts.get(*i, "part") == Some(&Value::Text("full".into()))).unwrap();
        // The same number by another program; after the second round no more rows are dropped.
        assert_eq!(counts.get(row, "row_count"), Some(&Value::Int(1_398_437)), "{rounds} rounds on {threads} threads");
    }
}

/// Set in the process that the test below starts to measure its memory alone.
const MEASURED: &str = "MEASURED_ALONE";

#[tokio::test(flavor = "multi_thread")]
async fn analyses_at_the_same_time_end_as_one_alone_within_a_gibibyte() {
    const TEST: &str = "analyses_at_the_same_time_end_as_one_alone_within_a_gibibyte";
    if std::env::var_os(MEASURED).is_some() {
        return analyses_at_the_same_time().await;
    }
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args([TEST, "--exact", "--nocapture"]).env(MEASURED, "1").output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    let peak = stdout.lines().find_map(|line| line.split_once("most memory, KiB: ")).unwrap().1;
    let peak: u64 = peak.trim().parse().unwrap();
    assert!(peak < 1 << 20, "{} MiB", peak >> 10);
}

async fn analyses_at_the_same_time() {
    let place = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&place.path().join("trainset.db")).await.unwrap();
    let warehouse = Embedded::open(&folder(), "raw_data").await.unwrap();
    // None is refused: this tests whether all end, and end correctly.
    let settings = Settings { queue: 64, wait: Duration::from_secs(1_200), ..Settings::default() };
    let app = App::new(store, Arc::new(warehouse), settings);
    let ctx = RequestContext::new("", "test");
    let model = ModelInput { name: "journey".into(), description: String::new(), gcp_project_id: None, location: None };
    let model = app.create_model(&ctx, &model).await.unwrap().id;
    for (config, together) in [(core(3), 2), (core(3), 8), (of_months(1), 50)] {
        let mut ids = vec![];
        for i in 0..=together {
            let input =
                DatasetInput { name: format!("{together} at once, {i}"), config: config.clone(), ..DatasetInput::default() };
            ids.push(app.create_dataset(&ctx, model, &input).await.unwrap().summary.id);
        }
        let alone = app.analyze(&ctx, ids[0], false).await.unwrap().analysis;
        let analyses = ids[1..].iter().map(|id| {
            let (app, ctx, id) = (app.clone(), ctx.clone(), *id);
            tokio::spawn(async move { app.analyze(&ctx, id, false).await })
        });
        // All are requested before the first is awaited.
        for analysis in analyses.collect::<Vec<_>>() {
            let analysis = analysis.await.unwrap().unwrap().analysis;
            assert_eq!((&analysis.metrics, &analysis.quality_metrics), (&alone.metrics, &alone.quality_metrics));
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("most memory, KiB: {}", peak.trim().trim_end_matches(" kB"));
}
