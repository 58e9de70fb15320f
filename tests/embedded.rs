//! The embedded warehouse over small files that the tests write.
#![cfg(feature = "ssr")]

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::*;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Schema, TimeUnit};
use datafusion::parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use trainset::domain::name::TableName;
use trainset::domain::schema::{ColumnType, Mode, TableKind};
use trainset::domain::value::{Rows, Value};
use trainset::warehouse::embedded::{Embedded, Options};
use trainset::warehouse::{Limits, Warehouse, WarehouseError};

fn parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn ints(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

async fn open(folder: &Path) -> Embedded {
    Embedded::open(folder, "raw_data").await.unwrap()
}

async fn empty() -> (TempDir, Embedded) {
    let folder = TempDir::new().unwrap();
    let warehouse = open(folder.path()).await;
    (folder, warehouse)
}

fn name(text: &str) -> TableName {
    text.parse().unwrap()
}

async fn run(warehouse: &Embedded, sql: &str) -> Rows {
    match warehouse.run(sql, &Limits::default()).await {
        Ok(rows) => rows,
        Err(error) => panic!("{sql}\n{error}"),
    }
}

async fn failure(warehouse: &Embedded, sql: &str) -> String {
    match warehouse.run(sql, &Limits::default()).await {
        Ok(rows) => panic!("{sql}\n{rows:?}"),
        Err(error) => error.to_string(),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// Every expression with the value that BigQuery's documentation, or BigQuery, gives for it.
async fn check(expressions: &[(&str, Value)]) {
    let (_folder, warehouse) = empty().await;
    let mut wrong = vec![];
    for (expression, expected) in expressions {
        match warehouse.run(&format!("SELECT {expression} AS v"), &Limits::default()).await {
            Ok(rows) if rows.rows == [[expected.clone()]] => {}
            Ok(rows) => wrong.push(format!("{expression}: {:?}, expected {expected:?}", rows.rows)),
            Err(error) => wrong.push(format!("{expression}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn functions_give_what_bigquery_documents() {
    check(&[
        ("FARM_FINGERPRINT('1footrue')", Value::Int(-1541654101129638711)),
        ("FARM_FINGERPRINT(CONCAT('2', 'apple', 'false'))", Value::Int(2794438866806483259)),
        ("FARM_FINGERPRINT(CONCAT('3', '', CAST(TRUE AS STRING)))", Value::Int(-4880158226897771312)),
        ("FARM_FINGERPRINT(CAST(NULL AS STRING))", Value::Null),
        ("MOD(25, 12)", Value::Int(1)),
        ("MOD(-25, 12)", Value::Int(-1)),
        ("MOD(CAST('25.5' AS NUMERIC), CAST('12' AS NUMERIC))", text("1.5")),
        ("ABS(MOD(FARM_FINGERPRINT('1footrue'), 100))", Value::Int(11)),
        ("DATE(2016, 12, 25)", text("2016-12-25")),
        ("DATE(DATETIME '2016-12-25 23:59:59')", text("2016-12-25")),
        ("DATE(TIMESTAMP '2016-12-25 05:30:00+07', 'UTC')", text("2016-12-24")),
        ("DATE(TIMESTAMP '2016-12-25 05:30:00+00:00')", text("2016-12-25")),
        ("DATE_SUB(DATE '2008-12-25', INTERVAL 5 DAY)", text("2008-12-20")),
        ("DATE_ADD(DATE '2008-12-25', INTERVAL 5 DAY)", text("2008-12-30")),
        ("DATE_SUB(DATE '2024-03-31', INTERVAL 1 MONTH)", text("2024-02-29")),
        ("DATE_ADD(DATE '2024-02-29', INTERVAL 1 YEAR)", text("2025-02-28")),
        ("DATE_SUB(DATE '2024-03-31', INTERVAL 2 WEEK)", text("2024-03-17")),
        ("DATE_DIFF(DATE '2010-07-07', DATE '2008-12-25', DAY)", Value::Int(559)),
        ("DATE_DIFF(DATE '2018-01-01', DATE '2017-10-30', MONTH)", Value::Int(3)),
        ("DATE_DIFF(DATE '2017-12-30', DATE '2014-12-30', YEAR)", Value::Int(3)),
        ("DATE_TRUNC(DATE '2008-12-25', MONTH)", text("2008-12-01")),
        ("TIMESTAMP_SUB(TIMESTAMP '2008-12-25 15:30:00+00', INTERVAL 10 MINUTE)", text("2008-12-25T15:20:00Z")),
        ("TIMESTAMP_ADD(TIMESTAMP '2008-12-25 15:30:00+00', INTERVAL 10 HOUR)", text("2008-12-26T01:30:00Z")),
        ("TIMESTAMP_DIFF(TIMESTAMP '2010-07-07 10:20:00+00', TIMESTAMP '2008-12-25 15:30:00+00', HOUR)", Value::Int(13410)),
        ("DATETIME_ADD(DATETIME '2008-12-25 15:30:00', INTERVAL 10 MINUTE)", text("2008-12-25T15:40:00")),
        ("DATETIME_SUB(DATETIME '2008-12-25 15:30:00', INTERVAL 10 MINUTE)", text("2008-12-25T15:20:00")),
        ("TIMESTAMP(DATE '2008-12-25')", text("2008-12-25T00:00:00Z")),
        ("TIMESTAMP(DATETIME '2008-12-25 15:30:00')", text("2008-12-25T15:30:00Z")),
        ("TIMESTAMP('2008-12-25 15:30:00+00')", text("2008-12-25T15:30:00Z")),
        ("DATETIME(DATE '2008-12-25')", text("2008-12-25T00:00:00")),
        ("DATETIME(TIMESTAMP '2008-12-25 05:30:00+00', 'UTC')", text("2008-12-25T05:30:00")),
        ("UNIX_SECONDS(TIMESTAMP '2008-12-25 15:30:00+00')", Value::Int(1230219000)),
        ("UNIX_SECONDS(TIMESTAMP '1970-01-01 00:00:01.8+00')", Value::Int(1)),
        ("UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:59.5+00')", Value::Int(-1)),
        ("UNIX_MILLIS(TIMESTAMP '1970-01-01 00:00:00.0018+00')", Value::Int(1)),
        ("UNIX_MICROS(TIMESTAMP '2008-12-25 15:30:00+00')", Value::Int(1230219000000000)),
        ("UNIX_DATE(DATE '2008-12-25')", Value::Int(14238)),
        ("TIMESTAMP_SECONDS(1230219000)", text("2008-12-25T15:30:00Z")),
        ("EXTRACT(DATE FROM TIMESTAMP '2008-12-25 05:30:00+00')", text("2008-12-25")),
        ("EXTRACT(YEAR FROM DATE '2013-12-25')", Value::Int(2013)),
        ("EXTRACT(DAYOFWEEK FROM DATE '2013-12-25')", Value::Int(4)),
        ("EXTRACT(ISOWEEK FROM DATE '2013-12-25')", Value::Int(52)),
        ("IF(1 < 2, 'a', 'b')", text("a")),
        ("IF(NULL, 'a', 'b')", text("b")),
        ("SAFE_DIVIDE(20, 4)", Value::Float(5.0)),
        ("SAFE_DIVIDE(20, 0)", Value::Null),
        ("SAFE_DIVIDE(1.5, 0)", Value::Null),
        ("7 / 2", Value::Float(3.5)),
        ("DIV(7, 2)", Value::Int(3)),
        ("STRPOS('foo@example.com', '@')", Value::Int(4)),
        ("STRPOS('foo', 'x')", Value::Int(0)),
        ("STARTS_WITH('foo', 'f')", Value::Bool(true)),
        ("CONTAINS_SUBSTR('the blue house', 'Blue house')", Value::Bool(true)),
        ("CONCAT('a', NULL)", Value::Null),
        ("GREATEST(3, 5, 1)", Value::Int(5)),
        ("GREATEST(3, NULL)", Value::Null),
        ("LENGTH('тест')", Value::Int(4)),
        ("ARRAY_LENGTH([1, 2, 3])", Value::Int(3)),
        ("COALESCE(NULL, 'A')", text("A")),
        ("IFNULL(NULL, 0)", Value::Int(0)),
        ("CAST(2.5 AS INT64)", Value::Int(3)),
        ("CAST(-2.5 AS INT64)", Value::Int(-3)),
        ("CAST(CAST('2.5' AS NUMERIC) AS INT64)", Value::Int(3)),
        ("SAFE_CAST('apple' AS INT64)", Value::Null),
        ("SAFE_CAST('12' AS INT64)", Value::Int(12)),
        ("SAFE_CAST(1.0e300 AS NUMERIC)", Value::Null),
        ("SAFE_CAST('2024-02-30' AS DATE)", Value::Null),
        ("CAST(12 AS STRING)", text("12")),
        ("CAST(1.0 AS STRING)", text("1")),
        ("CAST(0.1 AS STRING)", text("0.1")),
        ("CAST(TRUE AS STRING)", text("true")),
        ("CAST(DATE '2024-02-29' AS STRING)", text("2024-02-29")),
        ("CAST(TIMESTAMP '2024-02-29 01:02:03.5+00' AS STRING)", text("2024-02-29 01:02:03.500+00")),
        ("CAST(DATETIME '2024-02-29 01:02:03' AS STRING)", text("2024-02-29 01:02:03")),
        ("CAST(CAST('12.50' AS NUMERIC) AS STRING)", text("12.5")),
        ("CAST('1.5' AS FLOAT64)", Value::Float(1.5)),
        ("CAST(TRUE AS INT64)", Value::Int(1)),
        ("CAST('123456789.123456789' AS NUMERIC) * 2", text("246913578.246913578")),
        ("CAST('0.00000000000000000000000000000000000001' AS BIGNUMERIC)", text("0.00000000000000000000000000000000000001")),
        ("CURRENT_DATE() > DATE '2020-01-01'", Value::Bool(true)),
        ("TIMESTAMP '2025-01-01 00:00:00+00:00' = TIMESTAMP(DATE '2025-01-01')", Value::Bool(true)),
        ("DATETIME '2025-01-01 00:00:00' < DATETIME '2025-01-01 00:00:00.000001'", Value::Bool(true)),
        ("(-9223372036854775807 - 1)", Value::Int(i64::MIN)),
        ("LOWER('FOO') || UPPER('bar')", text("fooBAR")),
        ("CASE WHEN NULL THEN 1 END", Value::Null),
    ])
    .await;
}

#[tokio::test]
async fn json_text_is_that_of_bigquery() {
    check(&[
        ("TO_JSON_STRING(STRUCT(1 AS id, ['x', 'y'] AS coordinates))", text(r#"{"id":1,"coordinates":["x","y"]}"#)),
        (
            r"TO_JSON_STRING(STRUCT('split' AS `purpose`, 'O\'B\\r\n' AS `seed`, CAST(NULL AS STRING) AS `key1`))",
            text(r#"{"purpose":"split","seed":"O'B\\r\n","key1":null}"#),
        ),
        ("TO_JSON_STRING(9007199254740993)", text("\"9007199254740993\"")),
        ("TO_JSON_STRING(9007199254740992)", text("9007199254740992")),
        ("TO_JSON_STRING(CAST(NULL AS INT64))", text("null")),
        ("TO_JSON_STRING(DATE '2017-03-06')", text("\"2017-03-06\"")),
        ("TO_JSON_STRING(TIMESTAMP '2017-03-06 12:34:56.789012+00')", text("\"2017-03-06T12:34:56.789012Z\"")),
        ("TO_JSON_STRING(DATETIME '2017-03-06 12:34:56.789012')", text("\"2017-03-06T12:34:56.789012\"")),
        ("TO_JSON_STRING(1.0)", text("1")),
        ("TO_JSON_STRING(0.1)", text("0.1")),
        ("TO_JSON_STRING(CAST('123.56' AS NUMERIC))", text("\"123.56\"")),
        ("TO_JSON_STRING(CAST('1' AS NUMERIC))", text("1")),
        ("TO_JSON_STRING(TRUE)", text("true")),
        ("TO_JSON_STRING('é\\u0001\"')", text("\"é\\u0001\\\"\"")),
    ])
    .await;
}

#[tokio::test]
async fn literals_are_read_as_googlesql() {
    // Escapes are GoogleSQL's: another reading of a quote would end the literal early.
    let (_folder, warehouse) = empty().await;
    for (literal, plain) in [
        (r"'O\'Brien'", "O'Brien"),
        (r"'\' OR 1=1 --'", "' OR 1=1 --"),
        (r"'a\\b\nc'", "a\\b\nc"),
        (r"'\u00e9\x41'", "éA"),
        (r#""it's""#, "it's"),
        (r"r'a\nb'", r"a\nb"),
        ("'100%'", "100%"),
        ("'`'", "`"),
        ("'emoji 😀'", "emoji 😀"),
    ] {
        assert_eq!(run(&warehouse, &format!("SELECT {literal} AS v")).await.rows, [[text(plain)]], "{literal}");
    }
    assert!(failure(&warehouse, "SELECT 'a''b'").await.contains("quote"));
}

#[tokio::test]
async fn only_selects_on_the_folders_tables_run() {
    let folder = TempDir::new().unwrap();
    parquet(&folder.path().join("t.parquet"), vec![("a", ints(&[1]))]);
    let warehouse = open(folder.path()).await;
    let outside = folder.path().join("out.csv");
    for sql in [
        "CREATE TABLE x (a INT64)".to_owned(),
        "CREATE VIEW x AS SELECT 1".to_owned(),
        format!("COPY `raw_data.t` TO '{}'", outside.display()),
        format!("CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '{}'", outside.display()),
        "INSERT INTO `raw_data.t` VALUES (2)".to_owned(),
        "DELETE FROM `raw_data.t` WHERE TRUE".to_owned(),
        "UPDATE `raw_data.t` SET a = 1 WHERE TRUE".to_owned(),
        "DROP TABLE `raw_data.t`".to_owned(),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "SHOW TABLES".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
    ] {
        let message = failure(&warehouse, &sql).await;
        assert!(!message.contains("DataFusion") && !message.contains(folder.path().to_str().unwrap()), "{sql}: {message}");
    }
    for sql in ["SELECT * FROM information_schema.tables", "SELECT * FROM `elsewhere.t`", "SELECT * FROM `p.raw_data.t`"] {
        assert!(failure(&warehouse, sql).await.contains("not found"), "{sql}");
    }
    let file = folder.path().join("t.parquet");
    assert!(warehouse.run(&format!("SELECT * FROM '{}'", file.display()), &Limits::default()).await.is_err());
    assert_eq!(failure(&warehouse, "SELECT * FROM `raw_data.nope`").await, "Table raw_data.nope not found.");
    let message = failure(&warehouse, "SELECT b FROM `raw_data.t`").await;
    assert_eq!(message, "Column b not found. Columns: a.");
    for sql in ["SELEC 1", "SELECT FROM WHERE", "SELECT NO_SUCH(1)", "SELECT 1 +", "SELECT CAST('x' AS INT64)", "SELECT 1 / 0"] {
        let message = failure(&warehouse, sql).await;
        assert!(!message.contains("DataFusion") && !message.contains("Error during") && !message.contains("Utf8"), "{message}");
    }
}

#[tokio::test]
async fn types_of_files_are_those_of_bigquery() {
    let folder = TempDir::new().unwrap();
    let micros = 1_488_369_600_123_456i64;
    parquet(
        &folder.path().join("t.parquet"),
        vec![
            ("u64", Arc::new(UInt64Array::from(vec![Some(7), None]))),
            ("i8", Arc::new(Int8Array::from(vec![-1, 2]))),
            ("f32", Arc::new(Float32Array::from(vec![0.5, 1.5]))),
            ("large", Arc::new(LargeStringArray::from(vec![Some("a"), None]))),
            ("dict", Arc::new(vec![Some("x"), Some("y")].into_iter().collect::<DictionaryArray<Int32Type>>())),
            ("ns", Arc::new(TimestampNanosecondArray::from(vec![micros * 1000 + 1, 0]))),
            ("ns_utc", Arc::new(TimestampNanosecondArray::from(vec![micros * 1000, 0]).with_timezone("UTC"))),
            ("ms_berlin", Arc::new(TimestampMillisecondArray::from(vec![micros / 1000, 0]).with_timezone("+02:00"))),
            ("s", Arc::new(TimestampSecondArray::from(vec![micros / 1_000_000, 0]))),
            ("day", Arc::new(Date32Array::from(vec![Some(17_000), None]))),
            ("price", Arc::new(Decimal128Array::from(vec![1250, -1]).with_precision_and_scale(10, 2).unwrap())),
            ("fine", Arc::new(Decimal128Array::from(vec![1, 2]).with_precision_and_scale(38, 20).unwrap())),
            ("flag", Arc::new(BooleanArray::from(vec![true, false]))),
            ("raw", Arc::new(BinaryArray::from_vec(vec![b"foo", b""]))),
            ("time", Arc::new(Time64NanosecondArray::from(vec![1_000_000_000, 0]))),
            (
                "tags",
                Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), Some(2)]), Some(vec![])])),
            ),
            ("order", ints(&[1, 2])),
            ("größe", ints(&[1, 2])),
            ("a.b", ints(&[1, 2])),
            ("Order", ints(&[1, 2])),
        ],
    );
    let warehouse = open(folder.path()).await;
    let schema = warehouse.schema(&name("raw_data.t")).await.unwrap();
    use ColumnType::*;
    let expected = [
        ("u64", Numeric, Mode::Nullable),
        ("i8", Int64, Mode::Nullable),
        ("f32", Float64, Mode::Nullable),
        ("large", String, Mode::Nullable),
        ("dict", String, Mode::Nullable),
        ("ns", Datetime, Mode::Nullable),
        ("ns_utc", Timestamp, Mode::Nullable),
        ("ms_berlin", Timestamp, Mode::Nullable),
        ("s", Datetime, Mode::Nullable),
        ("day", Date, Mode::Nullable),
        ("price", Numeric, Mode::Nullable),
        ("fine", BigNumeric, Mode::Nullable),
        ("flag", Bool, Mode::Nullable),
        ("raw", Bytes, Mode::Nullable),
        ("time", Time, Mode::Nullable),
        ("tags", Int64, Mode::Repeated),
        ("order", Int64, Mode::Nullable),
        ("größe", Int64, Mode::Nullable),
    ];
    let found: Vec<_> = schema.columns.iter().map(|c| (c.name.as_str(), c.column_type, c.mode)).collect();
    assert_eq!(found, expected);
    let unusable: Vec<&str> = schema.unusable.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(unusable, ["a.b", "Order"]);

    let rows = run(&warehouse, "SELECT * FROM `raw_data.t` ORDER BY `order`").await;
    let of = |column: &str| rows.get(0, column).unwrap().clone();
    assert_eq!(of("u64"), text("7"));
    assert_eq!(of("f32"), Value::Float(0.5));
    assert_eq!(of("ns"), text("2017-03-01T12:00:00.123456"));
    assert_eq!(of("ns_utc"), text("2017-03-01T12:00:00.123456Z"));
    assert_eq!(of("ms_berlin"), text("2017-03-01T12:00:00.123Z"));
    assert_eq!(of("s"), text("2017-03-01T12:00:00"));
    assert_eq!(of("day"), text("2016-07-18"));
    assert_eq!(of("price"), text("12.5"));
    assert_eq!(of("fine"), text("0.00000000000000000001"));
    assert_eq!(of("raw"), text("Zm9v"));
    assert_eq!(of("time"), text("00:00:01"));
    assert_eq!(of("tags"), Value::Array(vec![Value::Int(1), Value::Int(2)]));
    assert_eq!(rows.rows[1][3], Value::Null);
    assert_eq!(rows.get(1, "tags"), Some(&Value::Array(vec![])));

    // Results from file statistics have the canonical type too.
    let rows = run(
        &warehouse,
        "SELECT MIN(`ns`) AS a, MAX(`ms_berlin`) AS b, MAX(`price`) AS c, MAX(`u64`) AS d, COUNT(*) AS n FROM `raw_data.t`",
    )
    .await;
    let expected = [text("1970-01-01T00:00:00"), text("2017-03-01T12:00:00.123Z"), text("12.5"), text("7"), Value::Int(2)];
    assert_eq!(rows.rows, [expected]);
    let types: Vec<_> = rows.columns.iter().map(|c| c.column_type).collect();
    assert_eq!(types, [Datetime, Timestamp, Numeric, Numeric, Int64]);
    let filtered = "SELECT COUNT(*) AS n FROM `raw_data.t` WHERE `ns` >= DATETIME '2017-03-01 12:00:00.123456' AND `ns_utc` < TIMESTAMP '2017-03-02 00:00:00+00:00'
        AND `ms_berlin` > TIMESTAMP '2017-03-01 12:00:00+00' AND `price` = CAST('12.5' AS NUMERIC) AND `dict` IN ('x', 'z') AND STRPOS(`large`, 'a') > 0";
    assert_eq!(run(&warehouse, filtered).await.rows, [[Value::Int(1)]]);
}

#[tokio::test]
async fn csv_files_are_tables() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("my orders-2024.csv"),
        "id,order date,at,local,note,price,ok\n1,2024-02-29,2024-02-29T01:02:03Z,2024-02-29 01:02:03.5,\"a, \"\"b\"\"\nc\",1.5,true\n2,,,,,,\n",
    )
    .unwrap();
    let warehouse = open(folder.path()).await;
    let table = name("raw_data.my orders-2024");
    let schema = warehouse.schema(&table).await.unwrap();
    let found: Vec<_> = schema.columns.iter().map(|c| (c.name.as_str(), c.column_type)).collect();
    use ColumnType::*;
    let expected = [
        ("id", Int64),
        ("order date", Date),
        ("at", Timestamp),
        ("local", Datetime),
        ("note", String),
        ("price", Float64),
        ("ok", Bool),
    ];
    assert_eq!(found, expected);
    let rows = run(&warehouse, "SELECT * FROM `raw_data.my orders-2024` AS `my orders-2024` ORDER BY `id`").await;
    let first = [
        Value::Int(1),
        text("2024-02-29"),
        text("2024-02-29T01:02:03Z"),
        text("2024-02-29T01:02:03.5"),
        text("a, \"b\"\nc"),
        Value::Float(1.5),
        Value::Bool(true),
    ];
    assert_eq!(rows.rows[0], first);
    assert!(rows.rows[1][1..].iter().all(|value| *value == Value::Null), "{:?}", rows.rows[1]);
    let info = &warehouse.tables().await.unwrap()[0];
    assert_eq!((info.rows, info.columns, info.kind), (Some(2), Some(7), TableKind::Table));
}

#[tokio::test]
async fn views_are_tables() {
    let folder = TempDir::new().unwrap();
    parquet(&folder.path().join("t.parquet"), vec![("a", ints(&[1, 2, 3])), ("b", texts(&["x", "y", "x"]))]);
    let write = |file: &str, sql: &str| fs::write(folder.path().join(file), sql).unwrap();
    write("doubled.sql", "-- twice\nSELECT `a` * 2 AS `twice`, IF(`b` = 'x', 1, 0) AS `is_x` FROM `raw_data.t`;\n");
    write("of_view.sql", "SELECT SUM(`twice`) AS `total` FROM `raw_data.doubled`");
    write("loop_a.sql", "SELECT * FROM `raw_data.loop_b`");
    write("loop_b.sql", "SELECT * FROM `raw_data.loop_a`");
    write("bad.sql", "SELECT nope FROM `raw_data.t`");
    write("evil.sql", "DROP TABLE `raw_data.t`");
    write("blank.sql", " ");
    let warehouse = open(folder.path()).await;
    assert_eq!(run(&warehouse, "SELECT `total` FROM `raw_data.of_view`").await.rows, [[Value::Int(12)]]);
    assert_eq!(run(&warehouse, "SELECT COUNT(*) AS n FROM `raw_data.doubled` WHERE `is_x` = 1").await.rows, [[Value::Int(2)]]);
    let tables = warehouse.tables().await.unwrap();
    let doubled = tables.iter().find(|info| info.name.table() == "doubled").unwrap();
    assert_eq!((doubled.kind, doubled.rows, doubled.columns, &doubled.problem), (TableKind::View, None, Some(2), &None));
    for broken in ["loop_a", "loop_b", "bad", "evil", "blank"] {
        let info = tables.iter().find(|info| info.name.table() == broken).unwrap();
        assert!(info.problem.is_some(), "{broken}");
        let result = warehouse.run(&format!("SELECT * FROM `raw_data.{broken}`"), &Limits::default()).await;
        assert!(matches!(result, Err(WarehouseError::Unreadable { .. })), "{broken}: {result:?}");
    }
    // A view over a changed table shows the change.
    parquet(&folder.path().join("t.parquet"), vec![("a", ints(&[10])), ("b", texts(&["x"])), ("c", ints(&[1]))]);
    assert_eq!(run(&warehouse, "SELECT `total` FROM `raw_data.of_view`").await.rows, [[Value::Int(20)]]);
}

#[tokio::test]
async fn a_broken_file_affects_only_its_table() {
    let folder = TempDir::new().unwrap();
    parquet(&folder.path().join("good.parquet"), vec![("a", ints(&[1]))]);
    fs::write(folder.path().join("bad.parquet"), "not parquet at all").unwrap();
    let whole = fs::read(folder.path().join("good.parquet")).unwrap();
    fs::write(folder.path().join("cut.parquet"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.path().join("nothing.parquet"), "").unwrap();
    fs::write(folder.path().join("nothing.csv"), "").unwrap();
    fs::write(folder.path().join("ragged.csv"), "a,b\n1,2\n1,2,3\n").unwrap();
    fs::write(folder.path().join("twice.csv"), "a,a\n1,2\n").unwrap();
    fs::write(folder.path().join("no table!.csv"), "a\n1\n").unwrap();
    fs::write(folder.path().join("README.md"), "x").unwrap();
    let warehouse = open(folder.path()).await;
    let tables = warehouse.tables().await.unwrap();
    let names: Vec<&str> = tables.iter().map(|info| info.name.table()).collect();
    assert_eq!(names, ["bad", "cut", "good", "no table_", "nothing", "ragged", "twice"]);
    for info in &tables {
        assert_eq!(info.problem.is_none(), info.name.table() == "good", "{info:?}");
        if let Some(problem) = &info.problem {
            assert!(!problem.contains(folder.path().to_str().unwrap()), "{problem}");
            let schema = warehouse.schema(&info.name).await;
            assert_eq!(schema, Err(WarehouseError::Unreadable { table: info.name.clone(), reason: problem.clone() }));
            let result = warehouse.run(&format!("SELECT * FROM `{}`", info.name), &Limits::default()).await;
            assert!(matches!(result, Err(WarehouseError::Unreadable { .. })), "{result:?}");
        }
    }
    assert_eq!(run(&warehouse, "SELECT a FROM `raw_data.good`").await.rows, [[Value::Int(1)]]);
    assert_eq!(warehouse.schema(&name("raw_data.nope")).await, Err(WarehouseError::NoTable(name("raw_data.nope"))));
    assert_eq!(warehouse.schema(&name("other.good")).await, Err(WarehouseError::NoTable(name("other.good"))));
    // Repaired while the server runs.
    parquet(&folder.path().join("bad.parquet"), vec![("a", ints(&[5]))]);
    assert_eq!(run(&warehouse, "SELECT a FROM `raw_data.bad`").await.rows, [[Value::Int(5)]]);
    fs::remove_file(folder.path().join("bad.parquet")).unwrap();
    assert_eq!(failure(&warehouse, "SELECT a FROM `raw_data.bad`").await, "Table raw_data.bad not found.");
}

#[tokio::test]
async fn a_missing_folder_has_a_clear_error() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("x.parquet");
    fs::write(&file, "").unwrap();
    for path in [folder.path().join("nowhere"), file] {
        let message = Embedded::open(&path, "raw_data").await.err().unwrap().to_string();
        assert!(message.contains(path.to_str().unwrap()) && !message.contains('\n'), "{message}");
    }
    let warehouse = open(folder.path()).await;
    let path = folder.path().to_owned();
    drop(folder);
    // Callers of a running server need not know where its files are.
    let message = warehouse.tables().await.unwrap_err().to_string();
    assert!(message.contains("no longer exists") && !message.contains(path.to_str().unwrap()), "{message}");
}

#[tokio::test]
async fn a_folder_of_files_is_one_table() {
    let folder = TempDir::new().unwrap();
    let dir = |name: &str| {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        path
    };
    let parts = dir("parts");
    parquet(&parts.join("0.parquet"), vec![("a", ints(&[1, 2])), ("b", texts(&["x", "y"]))]);
    parquet(&parts.join("1.parquet"), vec![("a", Arc::new(Int32Array::from(vec![3])))]);
    fs::write(parts.join("_SUCCESS"), "").unwrap();
    let lines = dir("lines");
    fs::write(lines.join("a.csv"), "x,y\n1,\n").unwrap();
    fs::write(lines.join("b.csv"), "x,y\n1.5,z\n").unwrap();
    let mixed = dir("mixed");
    parquet(&mixed.join("a.parquet"), vec![("a", ints(&[1]))]);
    fs::write(mixed.join("b.csv"), "a\n1\n").unwrap();
    let differ = dir("differ");
    parquet(&differ.join("a.parquet"), vec![("a", ints(&[1]))]);
    parquet(&differ.join("b.parquet"), vec![("a", texts(&["1"]))]);
    dir("without");
    let warehouse = open(folder.path()).await;
    let rows = run(&warehouse, "SELECT a, b FROM `raw_data.parts` ORDER BY a").await;
    assert_eq!(rows.rows, [[Value::Int(1), text("x")], [Value::Int(2), text("y")], [Value::Int(3), Value::Null]]);
    let rows = run(&warehouse, "SELECT x, y FROM `raw_data.lines` ORDER BY x").await;
    assert_eq!(rows.rows, [[Value::Float(1.0), Value::Null], [Value::Float(1.5), text("z")]]);
    let tables = warehouse.tables().await.unwrap();
    let of = |name: &str| tables.iter().find(|info| info.name.table() == name);
    assert_eq!((of("parts").unwrap().rows, of("lines").unwrap().rows), (Some(3), Some(2)));
    assert!(of("mixed").unwrap().problem.as_ref().unwrap().contains("one of the two"));
    assert_eq!(
        of("differ").unwrap().problem.as_deref(),
        Some("its files do not match: a is INT64 in a.parquet and STRING in b.parquet")
    );
    assert!(of("without").is_none());
}

/// Displayed results are read only as far as they are shown; results for processing are whole, or
/// an error.
#[tokio::test]
async fn long_values_are_cut_where_they_are_only_shown() {
    let folder = TempDir::new().unwrap();
    parquet(&folder.path().join("t.parquet"), vec![("a", ints(&(0..300).collect::<Vec<_>>()))]);
    let warehouse = open(folder.path()).await;
    let text = |text: &str| Value::Text(text.to_owned());
    let numbers = (1..=200).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
    let sql = &format!(
        "SELECT a, REPEAT('é', 5000) AS body, REPEAT('x', 99) AS short, CAST(REPEAT('abc', 1000) AS BYTES) AS data, \
         [{numbers}] AS items, [REPEAT('y', 500), 'z'] AS texts, STRUCT(REPEAT('z', 5000) AS z) AS record, \
         [STRUCT(REPEAT('z', 5000) AS z)] AS records, CAST(NULL AS STRING) AS nothing FROM `raw_data.t` ORDER BY a"
    );
    let shown = Limits { max_cell: Some(100), max_bytes: 20_000, ..Limits::default() };
    let rows = warehouse.run(sql, &shown).await.unwrap();
    assert!(rows.truncated && (10..300).contains(&rows.rows.len()), "{}", rows.rows.len());
    let cut: Vec<_> = rows.cut_cells.iter().filter(|cut| cut.row == 1).map(|cut| (cut.column.as_str(), cut.length)).collect();
    assert_eq!(cut, [("body", 5000), ("data", 4000), ("items", 200), ("texts", 2), ("record", 5008), ("records", 1)]);
    let row = &rows.rows[1];
    assert_eq!((&row[0], &row[1], &row[2]), (&Value::Int(1), &text(&("é".repeat(100) + "…")), &text(&"x".repeat(99))));
    assert_eq!((&row[3], &row[8]), (&text(&("YWJj".repeat(25) + "…")), &Value::Null));
    let Value::Array(items) = &row[4] else { panic!("{row:?}") };
    assert!(items.len() < 100 && items[1] == Value::Int(2), "{}", items.len());
    assert!(serde_json::to_string(&rows.rows).unwrap().len() < 22_000);
    // One row is shown, however wide it is.
    let rows = warehouse.run(sql, &Limits { max_bytes: 1, ..shown }).await.unwrap();
    assert_eq!((rows.rows.len(), rows.truncated), (1, true));

    let whole = warehouse.run(sql, &Limits::default()).await.unwrap();
    assert!(whole.cut_cells.is_empty() && !whole.truncated && whole.rows[299][1] == text(&"é".repeat(5000)));
    let error = warehouse.run(sql, &Limits { max_bytes: 100_000, ..Limits::default() }).await.unwrap_err();
    assert!(matches!(&error, WarehouseError::Resources(text) if text.contains("larger")), "{error}");
}

#[tokio::test]
async fn limits_hold() {
    let folder = TempDir::new().unwrap();
    let many: Vec<i64> = (0..20_000).collect();
    parquet(&folder.path().join("t.parquet"), vec![("a", ints(&many))]);
    parquet(&folder.path().join("none.parquet"), vec![("a", ints(&[])), ("b", texts(&[]))]);
    let warehouse = open(folder.path()).await;
    let limits = |max_rows| Limits { max_rows, ..Limits::default() };
    let rows = warehouse.run("SELECT a FROM `raw_data.t` ORDER BY a DESC", &limits(3)).await.unwrap();
    assert_eq!((rows.rows.len(), rows.truncated, &rows.rows[0][0]), (3, true, &Value::Int(19_999)));
    let rows = warehouse.run("SELECT a FROM `raw_data.t` LIMIT 3", &limits(3)).await.unwrap();
    assert_eq!((rows.rows.len(), rows.truncated), (3, false));
    assert!(!warehouse.run("SELECT a FROM `raw_data.t`", &limits(usize::MAX)).await.unwrap().truncated);
    let rows = run(&warehouse, "SELECT * FROM `raw_data.none`").await;
    assert_eq!((rows.rows.len(), rows.columns.len(), rows.truncated), (0, 2, false));
    assert_eq!(
        run(&warehouse, "SELECT COUNT(*) AS n, SUM(a) AS s FROM `raw_data.none`").await.rows,
        [[Value::Int(0), Value::Null]]
    );

    let endless = "SELECT COUNT(*) AS n FROM `raw_data.t` AS x CROSS JOIN `raw_data.t` AS y CROSS JOIN `raw_data.t` AS z WHERE MOD(x.a * y.a + z.a, 7) = 3";
    let started = Instant::now();
    let timeout = Duration::from_millis(700);
    let result = warehouse.run(endless, &Limits { timeout, ..Limits::default() }).await;
    assert_eq!(result, Err(WarehouseError::Timeout(0)));
    assert!(started.elapsed() < Duration::from_secs(5));
    // A dropped call leaves the engine free.
    let dropped = tokio::time::timeout(Duration::from_millis(300), warehouse.run(endless, &Limits::default())).await;
    assert!(dropped.is_err());
    let started = Instant::now();
    assert_eq!(run(&warehouse, "SELECT COUNT(*) AS n FROM `raw_data.t` WHERE a > 5").await.rows, [[Value::Int(19_994)]]);
    assert!(started.elapsed() < Duration::from_secs(5));

    let small =
        Embedded::open_with(folder.path(), "raw_data", Options { memory_bytes: 200_000, threads: 1, ..Options::default() })
            .await
            .unwrap();
    let heavy = "SELECT x.a AS a, COUNT(*) AS n FROM `raw_data.t` AS x JOIN `raw_data.t` AS y ON x.a = y.a GROUP BY x.a";
    let result = small.run(heavy, &Limits::default()).await;
    assert!(matches!(result, Err(WarehouseError::Resources(_))), "{result:?}");
}

#[tokio::test]
async fn a_dry_run_plans_and_counts_bytes() {
    let folder = TempDir::new().unwrap();
    parquet(
        &folder.path().join("t.parquet"),
        vec![("a", ints(&[1, 2, 3])), ("b", texts(&["x", "y", "x"])), ("c", ints(&[1, 2, 3]))],
    );
    let warehouse = open(folder.path()).await;
    let dry = warehouse.dry_run("SELECT a, DATE '2020-01-01' AS d FROM `raw_data.t` WHERE c > 1").await.unwrap();
    let found: Vec<_> = dry.columns.iter().map(|c| (c.name.as_str(), c.column_type)).collect();
    assert_eq!(found, [("a", ColumnType::Int64), ("d", ColumnType::Date)]);
    assert_eq!(dry.bytes, Some(48));
    let once = "WITH s AS (SELECT a FROM `raw_data.t`) SELECT COUNT(*) AS n FROM s AS x JOIN s AS y ON x.a = y.a";
    assert_eq!(warehouse.dry_run(once).await.unwrap().bytes, Some(24));
    assert!(matches!(warehouse.dry_run("SELECT nope FROM `raw_data.t`").await, Err(WarehouseError::Query(_))));
}

#[tokio::test]
async fn all_kinds_of_compiled_queries_run() {
    let folder = TempDir::new().unwrap();
    let at: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from(vec![0i64, 86_400_000_000, 172_800_000_000]).with_timezone("UTC"));
    let tags = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1)]), None, Some(vec![])]);
    parquet(
        &folder.path().join("order lines.parquet"),
        vec![("order", ints(&[1, 2, 3])), ("sku", texts(&["a", "b", "a"])), ("at", at), ("tags", Arc::new(tags))],
    );
    assert_eq!(DataType::Timestamp(TimeUnit::Microsecond, None).to_string(), "Timestamp(µs)");
    let warehouse = open(folder.path()).await;
    let sql = r"
WITH
`source` AS (
  SELECT `l`.`order` AS `order`, `l`.`sku` AS `sku`, `l`.`at` AS `at`, `l`.`tags` AS `tags`
  FROM `raw_data.order lines` AS `l`
),
`bounds` AS (
  SELECT MAX(DATE(`at`, 'UTC')) AS `as_of` FROM `source`
),
`one_row` AS (
  SELECT `sku`, `order` FROM `source` WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY `sku` ORDER BY `order` DESC NULLS LAST) = 1
),
`labelled` AS (
  SELECT `source`.*,
    CASE WHEN DATE(`at`, 'UTC') > DATE_SUB(`bounds`.`as_of`, INTERVAL 1 DAY) THEN 'eval' ELSE 'train' END AS `split`,
    ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('split' AS `purpose`, '0' AS `seed`, CAST(`order` AS STRING) AS `key1`, CAST(UNIX_MICROS(`at`) AS STRING) AS `key2`))), 100)) AS `bucket`
  FROM `source` CROSS JOIN `bounds`
)
SELECT 'full' AS `part`, COUNT(*) AS `row_count`, COUNT(DISTINCT `sku`) AS `products`, MIN(DATE(`at`, 'UTC')) AS `first_day`,
  (SELECT `as_of` FROM `bounds`) AS `as_of`, COUNTIF(`bucket` < 100) AS `in_range`
FROM `labelled`
UNION ALL
SELECT `split`, COUNT(*), COUNT(DISTINCT `labelled`.`sku`), MIN(DATE(`at`, 'UTC')), (SELECT `as_of` FROM `bounds`), COUNTIF(`bucket` < 100)
FROM `labelled` INNER JOIN `one_row` ON `labelled`.`sku` = `one_row`.`sku`
GROUP BY `split`
ORDER BY `part`";
    let rows = run(&warehouse, sql).await;
    let day = |day| text(day);
    let row = |part: &str, rows, products, first, n| {
        vec![text(part), Value::Int(rows), Value::Int(products), day(first), day("1970-01-03"), Value::Int(n)]
    };
    assert_eq!(
        rows.rows,
        [row("eval", 1, 1, "1970-01-03", 1), row("full", 3, 2, "1970-01-01", 3), row("train", 2, 2, "1970-01-01", 2)]
    );
    let tags = run(&warehouse, "SELECT `tags` FROM `raw_data.order lines` ORDER BY `order`").await;
    assert_eq!(tags.rows, [[Value::Array(vec![Value::Int(1)])], [Value::Array(vec![])], [Value::Array(vec![])]]);
    let ordered =
        run(&warehouse, "SELECT `order` FROM `raw_data.order lines` TABLESAMPLE SYSTEM (100 PERCENT) ORDER BY `order`").await;
    assert_eq!(ordered.rows.len(), 3);
}
