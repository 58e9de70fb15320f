//! Hostile or broken files in a folder of tables are their table's problem: nothing else waits for
//! it, fails with it or ends with it.
#![cfg(feature = "ssr")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::*;
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions;
use tempfile::TempDir;
use trainset::domain::schema::TableInfo;
use trainset::domain::value::Value;
use trainset::warehouse::embedded::Embedded;
use trainset::warehouse::{Limits, Warehouse, WarehouseError};

fn parquet(path: &Path, columns: Vec<(String, ArrayRef)>) {
    let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    // Arrow's own schema cannot be as deep as Parquet's.
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(File::create(path).unwrap(), schema, options).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn ints(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// A folder with one good table of three rows.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    parquet(&folder.path().join("good.parquet"), vec![("a".into(), ints(&[1, 2, 3])), ("b".into(), ints(&[4, 5, 6]))]);
    folder
}

async fn open(folder: &TempDir) -> Embedded {
    Embedded::open(folder.path(), "raw_data").await.unwrap()
}

async fn good_is_read(warehouse: &Embedded) {
    let rows = warehouse.run("SELECT SUM(a) AS s FROM `raw_data.good`", &Limits::default()).await.unwrap();
    assert_eq!(rows.rows, [[Value::Int(6)]]);
}

fn of<'a>(tables: &'a [TableInfo], name: &str) -> &'a TableInfo {
    tables.iter().find(|info| info.name.table() == name).unwrap_or_else(|| panic!("{name} is not listed"))
}

/// A text `n` times, with a number for `#`.
fn times(n: usize, text: &str, between: &str) -> String {
    (0..n).map(|i| text.replace('#', &i.to_string())).collect::<Vec<_>>().join(between)
}

/// `outer` around `inner`, `n` times; `@` is the placeholder for the inner text.
fn nested(n: usize, outer: &str, inner: &str) -> String {
    let (before, after) = outer.split_once('@').unwrap();
    [&before.repeat(n), inner, &after.repeat(n)].concat()
}

/// CTEs each of which uses the one before; `@` is its name.
fn ctes(n: usize, each: &str) -> String {
    let ctes = (1..=n).map(|i| format!("c{i} AS ({})", each.replace('@', &format!("c{}", i - 1))));
    let ctes: Vec<String> = ctes.collect();
    format!("WITH c0 AS (SELECT a, b FROM `raw_data.good`), {} SELECT COUNT(*) AS n FROM c{n}", ctes.join(", "))
}

fn filtered(filter: &str) -> String {
    format!("SELECT a FROM `raw_data.good` WHERE {filter}")
}

fn selected(expression: &str) -> String {
    format!("SELECT {expression} AS v FROM `raw_data.good`")
}

const DEEP: &str = "deep";
const NESTED: &str = "nested too deeply";
const ROW: &str = "too many operators in a row";
const LARGE: &str = "expands to";

/// Statements, and the message for each that is not planned.
fn statements() -> Vec<(&'static str, String, Option<&'static str>)> {
    let doubled = "SELECT x.a AS a FROM @ AS x JOIN @ AS y ON x.a = y.a";
    let union = "SELECT a FROM @ UNION ALL SELECT a FROM @";
    let not_planned = |name, sql, reason| (name, sql, Some(reason));
    let planned = |name, sql| (name, sql, None);
    vec![
        planned("ands_100", filtered(&times(100, "a > #", " AND "))),
        planned("ands_900", filtered(&times(900, "a > #", " AND "))),
        not_planned("ands_3000", filtered(&times(3_000, "a > #", " AND ")), NESTED),
        not_planned("ands_60000", filtered(&times(60_000, "a > #", " AND ")), ROW),
        planned("ors_900", filtered(&times(900, "a = #", " OR "))),
        planned("sum_900", selected(&times(900, "a", " + "))),
        not_planned("sum_1500", selected(&times(1_500, "a", " + ")), DEEP),
        not_planned("sum_20000", selected(&times(20_000, "a", " + ")), NESTED),
        not_planned("texts_3000", selected(&times(3_000, "'#'", " || ")), NESTED),
        not_planned("is_null_12000", filtered(&format!("a {}", "IS NULL ".repeat(12_000))), NESTED),
        planned("concat_900", selected(&format!("CONCAT({})", times(900, "'#'", ", ")))),
        not_planned("concat_30000", selected(&format!("CONCAT({})", times(30_000, "'#'", ", "))), NESTED),
        planned("cases_40", selected(&nested(40, "CASE WHEN a > 1 THEN b ELSE @ END", "a"))),
        not_planned("cases_5000", selected(&nested(5_000, "CASE WHEN a > 1 THEN b ELSE @ END", "a")), ""),
        planned("abs_90", selected(&nested(90, "ABS(@)", "a"))),
        not_planned("parentheses", selected(&nested(300_000, "(@)", "a")), NESTED),
        not_planned("open_parentheses", selected(&"(".repeat(1_000_000)), NESTED),
        not_planned("brackets", selected(&nested(300_000, "[@]", "a")), NESTED),
        not_planned("nots", filtered(&"NOT ".repeat(250_000)), ROW),
        not_planned("minuses", selected(&format!("{}a", "- ".repeat(40_000))), NESTED),
        not_planned("dots", selected(&format!("a{}", ".a".repeat(20_000))), NESTED),
        not_planned("indexes", selected(&format!("a{}", "[0]".repeat(10_000))), NESTED),
        not_planned("types", selected(&format!("CAST(a AS {})", nested(100_000, "ARRAY<@>", "INT64"))), NESTED),
        // The parser reads each as a cast and as a function, including its parts.
        not_planned("casts_60", selected(&nested(60, "CAST(@ AS INT64)", "a AS AS")), ""),
        // The parser reads each as a subquery and as a join.
        not_planned("joins_30", nested(30, "SELECT * FROM ((@) JOIN `raw_data.good` AS t ON TRUE)", "SELECT 1"), NESTED),
        planned("selects_40", nested(40, "SELECT a FROM (@) AS t", "SELECT a FROM `raw_data.good`")),
        planned("selects_60", nested(60, "SELECT a FROM (@) AS t", "SELECT a FROM `raw_data.good`")),
        not_planned("selects_5000", nested(5_000, "SELECT a FROM (@) AS t", "SELECT a FROM `raw_data.good`"), NESTED),
        planned("ctes_100", ctes(100, "SELECT a FROM @")),
        not_planned("ctes_5000", ctes(5_000, "SELECT a FROM @"), DEEP),
        planned("unions_500", times(500, "SELECT a FROM `raw_data.good`", " UNION ALL ")),
        not_planned("unions_5000", times(5_000, "SELECT a FROM `raw_data.good`", " UNION ALL "), NESTED),
        planned("in_100000", filtered(&format!("a IN ({})", times(100_000, "#", ",")))),
        planned("columns_2000", format!("SELECT {} FROM `raw_data.good`", times(2_000, "a + # AS c#", ", "))),
        not_planned("columns_20001", format!("SELECT {} FROM `raw_data.good`", times(20_001, "a AS c#", ", ")), "10000 columns"),
        not_planned("doubled_22", ctes(22, doubled), LARGE),
        not_planned("doubled_60", ctes(60, union), LARGE),
        not_planned("subqueries_30", ctes(30, "SELECT a FROM @ WHERE a IN (SELECT a FROM @)"), DEEP),
        // The replacement of some functions has their argument twice.
        not_planned("greatest_40", selected(&nested(40, "GREATEST(@, b)", "a")), NESTED),
        not_planned("instants_40", selected(&nested(40, "UNIX_SECONDS(TIMESTAMP_SECONDS(@))", "a")), NESTED),
        planned("structs_12", ctes(12, "SELECT STRUCT(a AS a, a AS b) AS a FROM @")),
        not_planned("empty", "SELECT".into(), ""),
    ]
}

#[tokio::test]
async fn a_statement_is_planned_or_refused_whatever_it_is() {
    let folder = folder();
    for (name, sql, _) in statements() {
        // A view is at most 1 MiB long.
        fs::write(folder.path().join(format!("{name}.sql")), sql).unwrap();
    }
    let warehouse = open(&folder).await;
    let tables = warehouse.tables().await.unwrap();
    let mut wrong = vec![];
    for (name, sql, reason) in statements() {
        let problem = &of(&tables, name).problem;
        let is_right = match (reason, problem) {
            (None, None) => true,
            (Some(reason), Some(problem)) => problem.contains(reason),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{name}: {problem:?}"));
        }
        // The same as a query.
        let dry = warehouse.dry_run(&sql).await;
        if dry.is_ok() != reason.is_none() {
            wrong.push(format!("{name} as a query: {dry:?}").chars().take(300).collect());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    good_is_read(&warehouse).await;
}

#[tokio::test]
async fn what_is_planned_runs() {
    let folder = folder();
    let warehouse = open(&folder).await;
    for (name, sql, _) in statements().into_iter().filter(|(.., reason)| reason.is_none()) {
        let ran = warehouse.run(&sql, &Limits::default()).await;
        assert!(ran.is_ok(), "{name}: {:?}", ran.map(|_| ()));
    }
    good_is_read(&warehouse).await;
}

#[tokio::test]
async fn views_within_views_have_a_limit() {
    let folder = folder();
    let write = |name: &str, sql: String| fs::write(folder.path().join(format!("{name}.sql")), sql).unwrap();
    write("chain0", "SELECT a FROM `raw_data.good`".into());
    write("twice0", "SELECT a FROM `raw_data.good`".into());
    for i in 1..300 {
        write(&format!("chain{i}"), format!("SELECT a FROM `raw_data.chain{}`", i - 1));
    }
    for i in 1..40 {
        let below = format!("`raw_data.twice{}`", i - 1);
        write(&format!("twice{i}"), format!("SELECT x.a FROM {below} AS x JOIN {below} AS y ON x.a = y.a"));
    }
    let warehouse = open(&folder).await;
    let tables = warehouse.tables().await.unwrap();
    let problem = |name: &str| of(&tables, name).problem.clone();
    for i in [0, 1, 40, 80, 99] {
        assert_eq!(problem(&format!("chain{i}")), None, "{i}");
    }
    for i in [101, 150, 299] {
        assert!(problem(&format!("chain{i}")).unwrap().contains("nested more than 100"), "{i}");
    }
    assert_eq!(problem("twice8"), None);
    for i in [22, 39] {
        assert!(problem(&format!("twice{i}")).unwrap().contains(LARGE), "{i}: {:?}", problem(&format!("twice{i}")));
    }
    let rows = warehouse.run("SELECT SUM(a) AS s FROM `raw_data.chain80`", &Limits::default()).await.unwrap();
    assert_eq!(rows.rows, [[Value::Int(6)]]);
    let failed = warehouse.run("SELECT * FROM `raw_data.twice30`", &Limits::default()).await;
    assert!(matches!(failed, Err(WarehouseError::Unreadable { .. })), "{failed:?}");
    good_is_read(&warehouse).await;
}

/// A list of lists of lists of numbers.
fn lists(levels: usize) -> ArrayRef {
    (0..levels).fold(ints(&[1]), |inner, _| {
        let item = Arc::new(Field::new_list_field(inner.data_type().clone(), true));
        Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([1]), inner, None))
    })
}

#[test]
fn a_file_of_nested_lists_affects_only_its_table() {
    // Writing such files needs a large stack; reading them must not.
    let written = std::thread::Builder::new().stack_size(1 << 30).spawn(|| {
        let folder = folder();
        for levels in [1, 20, 30, 1_500, 5_000] {
            parquet(
                &folder.path().join(format!("lists_{levels}.parquet")),
                vec![("l".into(), lists(levels)), ("a".into(), ints(&[1]))],
            );
        }
        folder
    });
    let folder = written.unwrap().join().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let warehouse = open(&folder).await;
        let tables = warehouse.tables().await.unwrap();
        for levels in [1, 20] {
            assert_eq!(of(&tables, &format!("lists_{levels}")).problem, None, "{levels}");
        }
        for levels in [30, 1_500, 5_000] {
            let problem = of(&tables, &format!("lists_{levels}")).problem.clone().unwrap();
            assert!(problem.contains("nested more than"), "{problem}");
        }
        good_is_read(&warehouse).await;
    });
}

#[tokio::test]
async fn wide_tables_are_seen_at_once_and_have_a_limit() {
    let folder = folder();
    let wide = |n: usize| (0..n).map(|i| (format!("column_{i}"), ints(&[1]))).collect::<Vec<_>>();
    parquet(&folder.path().join("wide.parquet"), wide(10_000));
    parquet(&folder.path().join("wider.parquet"), wide(10_001));
    let header = |n: usize| times(n, "column_#", ",");
    let csv = |name: &str, n: usize, value: &str| {
        fs::write(folder.path().join(name), format!("{}\n{}\n", header(n), vec![value; n].join(","))).unwrap();
    };
    csv("instants.csv", 10_000, "2024-01-01T00:00:00Z");
    csv("wider_csv.csv", 100_000, "1");
    parquet(&folder.path().join("narrower.parquet"), wide(2_000));
    fs::write(folder.path().join("all.sql"), "SELECT * FROM `raw_data.narrower`").unwrap();
    fs::create_dir(folder.path().join("parts")).unwrap();
    for part in ["a", "b", "c"] {
        parquet(&folder.path().join(format!("parts/{part}.parquet")), wide(10_000));
    }
    let warehouse = open(&folder).await;
    let tables = warehouse.tables().await.unwrap();
    for (name, columns) in [("wide", 10_000), ("instants", 10_000), ("all", 2_000), ("parts", 10_000)] {
        let info = of(&tables, name);
        assert_eq!((&info.problem, info.columns), (&None, Some(columns)), "{name}");
        let started = Instant::now();
        let schema = warehouse.schema(&info.name).await.unwrap();
        assert_eq!(schema.columns.len(), columns as usize);
        // Cached by now.
        assert!(started.elapsed() < Duration::from_secs(1), "{name}: {:?}", started.elapsed());
        for items in [format!("COUNT(column_{}) AS n", columns - 1), times(1_000, "column_#", ", ")] {
            let started = Instant::now();
            let sql = format!("SELECT {items} FROM `{}`", info.name);
            warehouse.dry_run(&sql).await.unwrap();
            // Built without optimisation, on a machine under load: a multiple of the second that it
            // may take.
            assert!(started.elapsed() < Duration::from_secs(10), "{name}: {:?}", started.elapsed());
        }
    }
    for name in ["wider", "wider_csv"] {
        assert!(of(&tables, name).problem.as_ref().unwrap().contains("10000 columns"), "{:?}", of(&tables, name));
    }
    good_is_read(&warehouse).await;
}

#[tokio::test]
async fn an_endless_row_affects_only_its_file() {
    let folder = folder();
    let endless = |name: &str, start: &str, more: &str| {
        let mut file = File::create(folder.path().join(name)).unwrap();
        file.write_all(start.as_bytes()).unwrap();
        file.write_all(more.repeat((20 << 20) / more.len()).as_bytes()).unwrap();
    };
    endless("header.csv", "a", "b");
    endless("quote.csv", "a,b\n1,\"", "x,\n");
    endless("value.csv", "a,b\n1,", "x");
    let warehouse = open(&folder).await;
    let tables = warehouse.tables().await.unwrap();
    for name in ["header", "quote", "value"] {
        assert!(of(&tables, name).problem.as_ref().unwrap().contains("16 MiB"), "{:?}", of(&tables, name));
    }
    good_is_read(&warehouse).await;
}

/// A Parquet file with a text, an integer and a list, and Arrow's schema of them.
fn whole() -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", ints(&[1, 2])),
        ("t", Arc::new(StringArray::from(vec!["x", "y"]))),
        ("l", Arc::new(Int32Array::from(vec![1, 2]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    fs::read(path).unwrap()
}

#[tokio::test]
async fn a_damaged_byte_affects_only_its_file() {
    let folder = folder();
    let whole = whole();
    let mut written = 0;
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= [0x01, 0x80, 0xFF, 0x55][place % 4];
        fs::write(folder.path().join(format!("t{place}.parquet")), bytes).unwrap();
        written += 1;
    }
    let warehouse = open(&folder).await;
    let tables = warehouse.tables().await.unwrap();
    assert_eq!(tables.len(), written + 1);
    // Readers of Parquet and Arrow have panicked for some of them, which is said otherwise than
    // where they have understood what is wrong.
    let panicked = |info: &&TableInfo| info.problem.as_ref().is_some_and(|problem| problem.contains("of an unsupported kind"));
    assert!(tables.iter().filter(panicked).count() > 0);
    let mut read = 0;
    for info in tables.iter().filter(|info| info.problem.is_none()).step_by(5) {
        let ran = warehouse.run(&format!("SELECT * FROM `{}`", info.name), &Limits::default()).await;
        read += usize::from(ran.is_ok());
    }
    assert!(read > 0);
    good_is_read(&warehouse).await;
}

#[tokio::test]
async fn special_files_are_not_waited_for() {
    let folder = folder();
    for name in ["pipe.csv", "pipe.parquet", "pipe.sql"] {
        let made = std::process::Command::new("mkfifo").arg(folder.path().join(name)).status().unwrap();
        assert!(made.success());
    }
    let parts = folder.path().join("parts");
    fs::create_dir(&parts).unwrap();
    fs::write(parts.join("a.csv"), "a\n1\n").unwrap();
    assert!(std::process::Command::new("mkfifo").arg(parts.join("b.csv")).status().unwrap().success());
    let warehouse = open(&folder).await;
    let tables = tokio::time::timeout(Duration::from_secs(20), warehouse.tables()).await.unwrap().unwrap();
    assert!(of(&tables, "pipe").problem.is_some());
    assert!(of(&tables, "parts").problem.as_ref().unwrap().contains("b.csv: this is not a file"));
    good_is_read(&warehouse).await;
}

#[tokio::test]
async fn file_names_stay_on_one_line() {
    let folder = folder();
    let parts = folder.path().join("parts");
    fs::create_dir(&parts).unwrap();
    fs::write(parts.join("a\nERROR forged\u{1b}[31m.csv"), "a\n1\n").unwrap();
    fs::write(parts.join("b\u{202E}.csv"), "b\n1\n").unwrap();
    fs::write(folder.path().join("twice.csv"), "a\rb,a\rb\n1,2\n").unwrap();
    let warehouse = open(&folder).await;
    let tables = warehouse.tables().await.unwrap();
    for name in ["parts", "twice"] {
        let problem = of(&tables, name).problem.clone().unwrap();
        assert!(!problem.chars().any(|c| c.is_control() || c == '\u{202E}'), "{problem:?}");
    }
    assert!(of(&tables, "parts").problem.as_ref().unwrap().contains("\\n"));
}

/// Constants are evaluated while a query is planned, where no memory is counted.
#[tokio::test]
async fn a_text_is_made_no_longer_than_its_limit() {
    let folder = folder();
    let warehouse = open(&folder).await;
    for call in [
        "REPEAT('x', 2000000000)",
        "REPEAT(REPEAT('x', 100000), 100000)",
        "LPAD('x', 2000000000)",
        "RPAD('x', 2000000000, 'y')",
        "REPEAT(CAST(a AS STRING), 2000000000)",
        "REPEAT('x', a * 1000000000)",
    ] {
        let ran = warehouse.run(&format!("SELECT {call} AS t FROM `raw_data.good`"), &Limits::default()).await;
        assert!(matches!(&ran, Err(WarehouseError::Query(reason)) if reason.contains("16 MiB")), "{call}: {ran:?}");
    }
    let sql = "SELECT REPEAT('ab', a) AS r, LPAD('a', 3, 'b') AS l, RPAD(CAST(a AS STRING), 3, '-') AS p, REPEAT('a', -1) AS e, \
               REPEAT(CAST(NULL AS STRING), 2) AS n FROM `raw_data.good` ORDER BY a LIMIT 1";
    let rows = warehouse.run(sql, &Limits::default()).await.unwrap().rows;
    let text = |text: &str| Value::Text(text.into());
    assert_eq!(rows, [[text("ab"), text("bba"), text("1--"), text(""), Value::Null]]);
    good_is_read(&warehouse).await;
}
