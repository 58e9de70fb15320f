//! Limits of queries over files: memory, disk, and their effect on each other. Tables here are
//! small, and so is the memory.
#![cfg(feature = "ssr")]

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::*;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use trainset::domain::sql::profile::profile;
use trainset::domain::value::Rows;
use trainset::warehouse::embedded::{Embedded, Options};
use trainset::warehouse::{Limits, Warehouse, WarehouseError};

const MIB: usize = 1 << 20;
/// Numbers of threads as on typical machines, whatever this one has.
const THREADS: [usize; 4] = [1, 2, 4, 16];

/// Writes a table a batch at a time: `rows` rows, the columns by number.
fn table(path: &Path, rows: u64, columns: impl Fn(std::ops::Range<u64>) -> Vec<(&'static str, ArrayRef)>) {
    let mut writer: Option<ArrowWriter<File>> = None;
    for from in (0..rows).step_by(100_000) {
        let columns = columns(from..rows.min(from + 100_000));
        let fields = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new(schema.clone(), arrays).unwrap();
        let writer = writer.get_or_insert_with(|| ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap());
        writer.write(&batch).unwrap();
    }
    writer.unwrap().close().unwrap();
}

/// Numbers without an order, distinct and the same in every run.
fn scattered(n: u64) -> i64 {
    (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1) as i64
}

/// Purchases: many by few users and products, with long and similar texts, as a page of a file
/// holds them.
fn purchases(folder: &Path, rows: u64) {
    let word = |n: u64| format!("a category of products with a long name, number {}", scattered(n) % 300);
    table(&folder.join("purchases.parquet"), rows, |range| {
        vec![
            ("id", Arc::new(Int64Array::from_iter_values(range.clone().map(|n| n as i64))) as ArrayRef),
            ("user", Arc::new(Int64Array::from_iter_values(range.clone().map(|n| scattered(n) % 3_000)))),
            ("product", Arc::new(Int64Array::from_iter_values(range.clone().map(|n| scattered(n * 7 + 1) % 20_000)))),
            ("category", Arc::new(StringArray::from_iter_values(range.clone().map(word)))),
            ("shop", Arc::new(StringArray::from_iter_values(range.map(|n| word(n * 3 + 1))))),
        ]
    });
}

async fn open(folder: &Path, memory_mib: usize, threads: usize) -> Arc<Embedded> {
    let options = Options { memory_bytes: memory_mib * MIB, threads, ..Options::default() };
    Arc::new(Embedded::open_with(folder, "raw_data", options).await.unwrap())
}

async fn run(warehouse: &Embedded, sql: &str) -> Result<Rows, WarehouseError> {
    warehouse.run(sql, &Limits { max_rows: 1_000, ..Limits::default() }).await
}

/// Rows whose users and products are left after this many rounds.
fn core(rounds: usize) -> String {
    let mut sql = "WITH core_0 AS (SELECT * FROM `raw_data.purchases`)".to_owned();
    for round in 1..=rounds {
        sql += &format!(
            ", core_{round} AS (SELECT * FROM core_{} WHERE TRUE QUALIFY COUNT(*) OVER (PARTITION BY user) >= 5 AND COUNT(*) OVER (PARTITION BY product) >= 12)",
            round - 1
        );
    }
    sql += &format!(
        " SELECT 'full' AS part, COUNT(*) AS n, COUNT(DISTINCT user) AS users, COUNT(DISTINCT category) AS categories FROM core_{rounds}
          UNION ALL SELECT shop, COUNT(*), COUNT(DISTINCT product), COUNT(DISTINCT category) FROM core_{rounds} GROUP BY shop"
    );
    sql
}

/// The rows, sorted: those of a group have no order.
fn sorted(rows: Rows) -> Vec<String> {
    let mut rows: Vec<String> = rows.rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort_unstable();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_of_a_profile_does_not_grow_with_the_rows() {
    const ROWS: u64 = 3_000_000;
    let folder = TempDir::new().unwrap();
    table(&folder.path().join("t.parquet"), ROWS, |range| {
        vec![
            ("number", Arc::new(Int64Array::from_iter_values(range.clone().map(scattered))) as ArrayRef),
            ("share", Arc::new(Float64Array::from_iter_values(range.clone().map(|n| scattered(n) as f64 / 1e9)))),
            ("at", Arc::new(TimestampMicrosecondArray::from_iter_values(range.clone().map(|n| scattered(n) >> 12)))),
            ("text", Arc::new(StringArray::from_iter_values(range.map(|n| format!("{}", scattered(n)))))),
        ]
    });
    for threads in [1, 2, 4] {
        let warehouse = open(folder.path(), 64, threads).await;
        let schema = warehouse.schema(&"raw_data.t".parse().unwrap()).await.unwrap();
        for column in &schema.columns {
            let query = profile(None, &schema, &[column], false);
            let rows = run(&warehouse, &query.sql).await.unwrap_or_else(|error| panic!("{}: {error}", column.name));
            assert_eq!(rows.rows[0][0].as_i64(), Some(ROWS as i64), "{}", column.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_that_fit_have_one_result_on_any_number_of_threads() {
    let folder = TempDir::new().unwrap();
    purchases(folder.path(), 300_000);
    let queries = [
        core(3),
        core(8),
        // A sort over an aggregate of many groups, which comes as slices of one batch.
        "SELECT id, category, COUNT(*) AS n FROM `raw_data.purchases` GROUP BY id, category ORDER BY category DESC, id LIMIT 100000".into(),
        // Texts read from pages, sorted and joined.
        "SELECT a.id, a.category, b.shop FROM `raw_data.purchases` AS a JOIN `raw_data.purchases` AS b ON a.id = b.id
         ORDER BY b.shop, a.category, a.id LIMIT 100000"
            .into(),
    ];
    for sql in &queries {
        let mut answers = vec![];
        for threads in THREADS {
            let warehouse = open(folder.path(), 512, threads).await;
            let rows = run(&warehouse, sql).await.unwrap_or_else(|error| panic!("{threads} threads: {error}\n{sql}"));
            answers.push(sorted(rows));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_queries_have_the_same_results_as_single_ones() {
    let folder = TempDir::new().unwrap();
    purchases(folder.path(), 200_000);
    for threads in [2, 16] {
        let warehouse = open(folder.path(), 256, threads).await;
        let sql = core(4);
        let alone = sorted(run(&warehouse, &sql).await.unwrap());
        let together: Vec<_> = (0..8)
            .map(|_| {
                let (warehouse, sql) = (warehouse.clone(), sql.clone());
                tokio::spawn(async move { run(&warehouse, &sql).await })
            })
            .collect();
        for answer in together {
            assert_eq!(sorted(answer.await.unwrap().unwrap()), alone);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_does_not_fit_fails_alone() {
    let folder = TempDir::new().unwrap();
    purchases(folder.path(), 500_000);
    let warehouse = open(folder.path(), 32, 2).await;
    // Distinct values are held in memory, and cannot be spilled.
    let greedy =
        "SELECT COUNT(DISTINCT CONCAT(category, shop, CAST(id AS STRING))) AS a, COUNT(*) AS n FROM `raw_data.purchases`";
    let modest = SORT;
    let alone = run(&warehouse, modest).await.unwrap();
    let mut tasks = vec![];
    for i in 0..9 {
        let (warehouse, sql) = (warehouse.clone(), if i % 3 == 0 { greedy } else { modest });
        tasks.push(tokio::spawn(async move { run(&warehouse, sql).await }));
    }
    for (i, task) in tasks.into_iter().enumerate() {
        match task.await.unwrap() {
            Err(WarehouseError::Resources(message)) if i % 3 == 0 => {
                assert_eq!(
                    message,
                    "The query needs more than the 32 MiB of memory that queries may use here. Narrow its dates or filters, or sample it."
                );
            }
            answer => assert_eq!(answer.unwrap().rows, alone.rows),
        }
    }
}

/// Sorts more than fits into the memory.
const SORT: &str = "SELECT MAX(place) AS last FROM (
    SELECT ROW_NUMBER() OVER (ORDER BY category, shop, id) AS place, category, shop FROM `raw_data.purchases`)";

fn small(spill_folder: &Path, spill_bytes: u64) -> Options {
    Options { memory_bytes: 24 * MIB, threads: 2, spill_folder: spill_folder.into(), spill_bytes, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_spill_to_the_given_folder_within_its_limit() {
    let folder = TempDir::new().unwrap();
    purchases(folder.path(), 500_000);
    let root = TempDir::new().unwrap();
    let spill = root.path().join("spill");
    let open = async |options| Embedded::open_with(folder.path(), "raw_data", options).await.unwrap();

    // Nothing is created before it is needed, and nothing is left.
    let warehouse = open(small(&spill, 1 << 30)).await;
    assert!(!spill.exists());
    assert_eq!(run(&warehouse, SORT).await.unwrap().rows[0][0].as_i64(), Some(500_000));
    assert_eq!(fs::read_dir(&spill).unwrap().count(), 0);

    let warehouse = open(small(&spill, 3 << 20)).await;
    let refused = WarehouseError::Resources(
        "The query needs more than the 24 MiB of memory and the 3 MiB of disk that queries may use here. Narrow its dates or filters, or sample it.".into(),
    );
    // A query releases what it used of the limit: the third try is like the first.
    for _ in 0..3 {
        assert_eq!(run(&warehouse, SORT).await, Err(refused.clone()));
    }
    assert!(run(&warehouse, "SELECT COUNT(*) AS n FROM `raw_data.purchases`").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusable_spill_folder_fails_only_queries_that_spill() {
    let folder = TempDir::new().unwrap();
    purchases(folder.path(), 500_000);
    let root = TempDir::new().unwrap();
    let file = root.path().join("a file");
    fs::write(&file, "").unwrap();
    let warehouse = Embedded::open_with(folder.path(), "raw_data", small(&file.join("spill"), 1 << 30)).await.unwrap();
    let Err(WarehouseError::Resources(message)) = run(&warehouse, SORT).await else { panic!("it was put aside") };
    assert!(message.contains("the spill folder cannot be used"), "{message}");
    assert!(!message.contains(root.path().to_str().unwrap()), "{message}");
    assert!(run(&warehouse, "SELECT COUNT(*) AS n FROM `raw_data.purchases`").await.is_ok());
    // The folder exists again, so the query works.
    fs::remove_file(&file).unwrap();
    assert!(run(&warehouse, SORT).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_too_large_is_not_queried_again() {
    let folder = TempDir::new().unwrap();
    purchases(folder.path(), 100_000);
    let warehouse = open(folder.path(), 64, 2).await;
    // A second try would run alone: it would wait for this one.
    let endless = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n > 0) SELECT COUNT(*) AS n FROM r";
    let other = tokio::spawn({
        let (warehouse, timeout) = (warehouse.clone(), std::time::Duration::from_secs(60));
        async move { warehouse.run(endless, &Limits { timeout, ..Limits::default() }).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let limits = Limits { max_bytes: MIB, max_rows: 100_000, ..Limits::default() };
    let answer = warehouse.run("SELECT category FROM `raw_data.purchases`", &limits).await;
    let Err(WarehouseError::Resources(message)) = answer else { panic!("{answer:?}") };
    assert!(message.contains("larger than the limit of 1 MiB"), "{message}");
    assert!(!other.is_finished());
    other.abort();
}
