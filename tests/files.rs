//! The files that people have: which tables they make, and with which types and values.
#![cfg(feature = "ssr")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::*;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use tempfile::TempDir;
use trainset::domain::name::TableName;
use trainset::domain::schema::{ColumnType, TableInfo};
use trainset::domain::value::{Rows, Value};
use trainset::warehouse::embedded::Embedded;
use trainset::warehouse::{Limits, Warehouse};

fn parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn ints(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

async fn open(folder: &TempDir) -> Embedded {
    Embedded::open(folder.path(), "raw_data").await.unwrap()
}

/// The tables, which are all the same ones whether listed or named.
async fn tables(warehouse: &Embedded) -> Vec<TableInfo> {
    warehouse.tables().await.unwrap()
}

fn info<'a>(tables: &'a [TableInfo], id: &str) -> &'a TableInfo {
    let found = tables.iter().find(|info| info.name.table() == id);
    found.unwrap_or_else(|| panic!("no table {id} in {:?}", tables.iter().map(|info| info.name.table()).collect::<Vec<_>>()))
}

fn problem(tables: &[TableInfo], id: &str) -> String {
    info(tables, id).problem.clone().unwrap_or_else(|| panic!("{id} has no problem"))
}

async fn types(warehouse: &Embedded, id: &str) -> Vec<(String, ColumnType)> {
    let table: TableName = format!("raw_data.{id}").parse().unwrap();
    let schema = warehouse.schema(&table).await.unwrap_or_else(|error| panic!("{id}: {error}"));
    schema.columns.into_iter().map(|column| (column.name.as_str().to_owned(), column.column_type)).collect()
}

async fn rows(warehouse: &Embedded, sql: &str) -> Rows {
    warehouse.run(sql, &Limits::default()).await.unwrap_or_else(|error| panic!("{sql}\n{error}"))
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// The type of a CSV column of these values, which can then be read.
async fn typed(columns: &[(&[&str], ColumnType)]) {
    let folder = TempDir::new().unwrap();
    for (i, (values, _)) in columns.iter().enumerate() {
        let lines: std::string::String = values.iter().map(|value| format!("1,\"{value}\"\n")).collect();
        write(&folder.path().join(format!("t{i}.csv")), format!("id,v\n{lines}"));
    }
    let warehouse = open(&folder).await;
    for (i, (values, expected)) in columns.iter().enumerate() {
        assert_eq!(types(&warehouse, &format!("t{i}")).await[1].1, *expected, "{values:?}");
        let read = rows(&warehouse, &format!("SELECT v FROM `raw_data.t{i}`")).await;
        assert_eq!(read.rows.len(), values.len(), "{values:?}");
        if *expected == ColumnType::String {
            let expected: Vec<Vec<Value>> = values.iter().map(|value| vec![text(value)]).collect();
            assert_eq!(read.rows, expected);
        }
    }
}

#[tokio::test]
async fn a_csv_column_has_a_type_that_holds_all_of_its_values() {
    use ColumnType::*;
    typed(&[
        (&["2024-01-31", "0000-00-00"], String),
        (&["2024-01-31", "2023-02-29"], String),
        (&["2024-01-31", "1999-99-99"], String),
        (&["2024-01-31 10:00:00", "2024-01-31 24:00:00"], String),
        (&["2024-01-31 10:00:00", "2024-01-31 10:00:00 PM"], String),
        (&["2024-01-31 10:00:00", "2024-01-31 10:00:00 "], String),
        (&["2024-01-31 10:00:00", "2024-01-31 10:00:00 (approx)"], String),
        (&["2024-01-31 10:00:00", "2024-01-31T10:00:00Z[UTC]"], String),
        (&["2024-01-31 10:00:60"], String),
        (&["2024-01-31 10:00:00", " 2024-01-31 10:00:00"], String),
        (&["2024-01-31", "2024-01-31 10:00:00.123456789"], Datetime),
        (&["2024-02-29", "0001-01-01", "9999-12-31"], Date),
        (&["31.01.2024"], String),
        (&["10:00:00"], String),
        // Numbers.
        (&["1", "-5", "9223372036854775807"], Int64),
        (&["1", "9223372036854775808"], String),
        (&["18446744073709551615"], String),
        (&["007", "8"], String),
        (&["0108775015", "0108775044"], String),
        (&["0", "7"], Int64),
        (&["1", "2.5", "-1e-05", ".5"], Float64),
        (&["1.5", "NaN", "inf"], Float64),
        (&["1", "nan"], Float64),
        (&["nan", "inf"], String),
        (&["1.5", "1e999"], String),
        (&["1.5", "9007199254740993"], String),
        (&["01.5"], String),
        (&["+4915112345"], String),
        (&["1_000", "2"], String),
        (&["1,5"], String),
        (&["0x1F"], String),
        (&["5 ", "6"], String),
        (&["1", "A7"], String),
        // The rest.
        (&["true", "FALSE", "True"], Bool),
        (&["true", "1"], String),
        (&["true", "yes"], String),
        (&["١", "٢"], String),
    ])
    .await;
}

#[tokio::test]
async fn a_csv_time_with_a_zone_is_a_timestamp() {
    use ColumnType::*;
    typed(&[
        (&["2024-01-05 02:00:00 UTC", "2024-01-05 12:00:00 UTC"], Timestamp),
        (&["2024-01-05 02:00:00Z"], Timestamp),
        (&["2024-01-05T02:00:00.5z", "2024-01-05"], Timestamp),
        (&["2024-01-05 02:00:00", "2024-01-05 12:00:00-05:00"], Timestamp),
        (&["2024-01-05 02:00:00-05:00", "2024-01-05 12:00:00"], Timestamp),
        (&["2024-01-05 02:00:00 EST"], Timestamp),
        (
            &["2024-01-05 02:00:00+00", "2024-01-05 02:00:00+05:30", "2024-01-05 02:00:00 -0800", "2024-01-05 02:00:00+5"],
            Timestamp,
        ),
        (&["2024-01-05 02:00:00 Europe/Berlin"], Timestamp),
        (&["2024-01-05 02:00:00", "2024-01-05T12:00:00"], Datetime),
        (&["2024-01-05 02:00:00+15:00"], String),
        (&["2024-01-05 02:00:00 Europe/Nowhere"], String),
        // Clocks skipped this time.
        (&["2024-03-31 02:30:00 Europe/Berlin"], String),
        (&["0001-01-01 00:00:00+05:00"], String),
        (&["2024-01-05 02:00:00 UTC!"], String),
    ])
    .await;
    let folder = TempDir::new().unwrap();
    let values = [
        ("2024-01-05 02:00:00 UTC", "2024-01-05T02:00:00Z"),
        ("2024-01-05 12:00:00-05:00", "2024-01-05T17:00:00Z"),
        ("2024-01-05 02:00:00 +0530", "2024-01-04T20:30:00Z"),
        ("2024-01-05 02:00:00 EST", "2024-01-05T07:00:00Z"),
        ("2024-07-05 02:00:00.25 Europe/Berlin", "2024-07-05T00:00:00.25Z"),
        ("2024-01-05 02:00:00", "2024-01-05T02:00:00Z"),
        ("2024-01-05", "2024-01-05T00:00:00Z"),
    ];
    // The zone comes after more rows than anybody samples.
    let lines: std::string::String =
        (0..1_500).map(|_| ",\n".to_owned()).chain(values.iter().map(|(at, _)| format!("1,{at}\n"))).collect();
    write(&folder.path().join("t.csv"), format!("id,at\n{lines}"));
    let warehouse = open(&folder).await;
    assert_eq!(types(&warehouse, "t").await[1].1, Timestamp);
    let read = rows(&warehouse, "SELECT at FROM `raw_data.t` WHERE id = 1").await;
    let expected: Vec<Vec<Value>> = values.iter().map(|(_, at)| vec![text(at)]).collect();
    assert_eq!(read.rows, expected);
}

#[tokio::test]
async fn the_last_row_of_a_csv_file_counts_for_its_types() {
    let folder = TempDir::new().unwrap();
    let lines: std::string::String = (0..300_000).map(|i| format!("{i},{}\n", i % 1000)).collect();
    write(&folder.path().join("long.csv"), format!("user,code\n{lines}300000,A7\n"));
    let parts = folder.path().join("parts");
    write(&parts.join("a.csv"), "user,code\n1,1\n");
    write(&parts.join("b.csv"), "CODE,user\nx,2\n");
    let warehouse = open(&folder).await;
    use ColumnType::*;
    let expected = [("user".to_owned(), Int64), ("code".to_owned(), String)];
    for table in ["long", "parts"] {
        assert_eq!(types(&warehouse, table).await, expected, "{table}");
    }
    assert_eq!(info(&tables(&warehouse).await, "long").rows, Some(300_001));
    let read = rows(&warehouse, "SELECT COUNT(*) AS n, MAX(code) AS m FROM `raw_data.long`").await;
    assert_eq!(read.rows, [[Value::Int(300_001), text("A7")]]);
    let read = rows(&warehouse, "SELECT user, code FROM `raw_data.parts` ORDER BY user").await;
    assert_eq!(read.rows, [[Value::Int(1), text("1")], [Value::Int(2), text("x")]]);
}

#[tokio::test]
async fn files_that_are_no_csv_say_what_to_do() {
    let folder = TempDir::new().unwrap();
    for (name, bytes, expected) in [
        ("ragged", &b"user\n1\n2,3\n"[..], "line 3 has 2 values, the header 1"),
        ("crlf", b"\xef\xbb\xbfa,b\r\n1,\"x\r\ny\"\r\n\r\n1,2,3\r\n", "line 5 has 3 values, the header 2"),
        ("mac", b"a,b\r1,2\r1\r", "line 3 has 1 value, the header 2"),
        ("latin", b"a,b\n1,M\xe4rz\n", "line 2 is not UTF-8"),
        ("nothing", b"\n", "no header line"),
        ("empty", b"", "the file is empty"),
        ("html", b"<!DOCTYPE html>\n<html></html>\n", "HTML"),
        ("utf16", b"\xff\xfea\0,\0b\0\n\0", "UTF-16"),
        ("excel", b"PK\x03\x04xl/workbook.xml", "Excel"),
        ("gzip", b"\x1f\x8b\x08\0\0", ".gz"),
        ("binary", b"a,b\n\0\0\x01\n", "not a text file"),
        ("parquet", b"PAR1\x15\x04", ".parquet"),
        ("json", b"{\"a\": 1}\n", "JSON"),
        ("twice", b"a,b,a\n1,2,3\n", "two columns are named a"),
        ("no_names", b"a.b,c*\n1,2\n", "none of its columns can be used: \"a.b\""),
    ] {
        write(&folder.path().join(format!("{name}.csv")), bytes);
        let warehouse = open(&folder).await;
        let problem = problem(&tables(&warehouse).await, name);
        assert!(problem.contains(expected), "{name}: {problem}");
    }
}

#[tokio::test]
async fn a_csv_file_is_read_with_its_own_separator_and_mark() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    write(&file("excel.csv"), "\u{feff}user,item\r\n1,a\r\n");
    write(&file("tabs.tsv"), "user\titem\n1\ta, b\n");
    write(&file("tabs_named_csv.csv"), "user\titem\n1\ta\n");
    write(&file("semicolons.csv"), "user;item\n1;1,50\n1;2,75\n");
    write(&file("pipes.csv"), "user|item\n1|a\n");
    write(&file("commas.csv"), "user,item\n1,a;b|c\n");
    write(&file("one.csv"), "user\n1\n");
    write(&file("header_only.csv"), "user,item\n");
    let gz = |name: &str, text: &str| {
        let mut out = flate2::write::GzEncoder::new(File::create(file(name)).unwrap(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap();
    };
    gz("packed.csv.gz", "user,item\n1,a\n");
    gz("packed_tabs.TSV.GZ", "user\titem\n1\ta\n");
    write(&file("zstd.csv.zst"), zstd::encode_all(&b"user,item\n1,a\n"[..], 1).unwrap());
    write(&file("cut.csv.gz"), &fs::read(file("packed.csv.gz")).unwrap()[..20]);
    let warehouse = open(&folder).await;
    let tables = tables(&warehouse).await;
    for id in ["excel", "tabs", "tabs_named_csv", "semicolons", "pipes", "commas", "packed", "packed_tabs", "zstd"] {
        assert_eq!(info(&tables, id).problem, None, "{id}");
        assert_eq!(info(&tables, id).columns, Some(2), "{id}");
        let read = rows(&warehouse, &format!("SELECT DISTINCT user FROM `raw_data.{id}`")).await;
        assert_eq!(read.rows, [[Value::Int(1)]], "{id}");
    }
    assert_eq!((info(&tables, "one").columns, info(&tables, "one").rows), (Some(1), Some(1)));
    let header_only = info(&tables, "header_only");
    assert_eq!((header_only.columns, header_only.rows, &header_only.problem), (Some(2), Some(0), &None));
    assert!(rows(&warehouse, "SELECT user FROM `raw_data.header_only`").await.rows.is_empty());
    assert!(problem(&tables, "cut").contains("cannot be unpacked"));
}

#[tokio::test]
async fn partition_folders_are_columns() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    for day in 1..=3 {
        parquet(&file(&format!("hive/dt=2024-01-0{day}/p.parquet")), vec![("user", ints(&[day]))]);
        write(&file(&format!("lines/year={}/country=D%45/p.csv", 2020 + day)), format!("user\n{day}\n"));
    }
    parquet(&file("hive/dt=__HIVE_DEFAULT_PARTITION__/p.parquet"), vec![("user", ints(&[4]))]);
    write(&file("hive/_SUCCESS"), "");
    parquet(&file("padded/month=01/day=07/p.parquet"), vec![("user", ints(&[1])), ("month", ints(&[1]))]);
    parquet(&file("orders.parquet/part-00000.parquet"), vec![("user", ints(&[1]))]);
    write(&file("orders.parquet/_SUCCESS"), "");
    write(&file("orders.parquet/.part-00000.parquet.crc"), "x");
    parquet(&file("half/dt=2024-01-01/p.parquet"), vec![("user", ints(&[1, 2, 3]))]);
    parquet(&file("half/new.parquet"), vec![("user", ints(&[9]))]);
    let warehouse = open(&folder).await;
    use ColumnType::*;
    let of = |name: &str, of| (name.to_owned(), of);
    assert_eq!(types(&warehouse, "hive").await, [of("user", Int64), of("dt", Date)]);
    assert_eq!(types(&warehouse, "lines").await, [of("user", Int64), of("year", Int64), of("country", String)]);
    assert_eq!(types(&warehouse, "padded").await, [of("user", Int64), of("month", String), of("day", String)]);
    assert_eq!(types(&warehouse, "orders").await, [of("user", Int64)]);
    let read = rows(&warehouse, "SELECT dt, user FROM `raw_data.hive` ORDER BY user").await;
    let day = |day: i64| vec![text(&format!("2024-01-0{day}")), Value::Int(day)];
    assert_eq!(read.rows, [day(1), day(2), day(3), vec![Value::Null, Value::Int(4)]]);
    for (filter, n) in [("dt = '2024-01-02'", 1), ("dt >= DATE '2024-01-02' AND user > 2", 1), ("dt IS NULL", 1), ("TRUE", 4)] {
        let read = rows(&warehouse, &format!("SELECT COUNT(*) AS n FROM `raw_data.hive` WHERE {filter}")).await;
        assert_eq!(read.rows, [[Value::Int(n)]], "{filter}");
    }
    let read = rows(
        &warehouse,
        "SELECT country, SUM(year) AS y, SUM(user) AS u FROM `raw_data.lines` WHERE year > 2021 GROUP BY country",
    )
    .await;
    assert_eq!(read.rows, [[text("DE"), Value::Int(2022 + 2023), Value::Int(5)]]);
    assert_eq!(rows(&warehouse, "SELECT COUNT(*) AS n FROM `raw_data.lines`").await.rows, [[Value::Int(3)]]);
    assert_eq!(
        rows(&warehouse, "SELECT DISTINCT year FROM `raw_data.lines` ORDER BY year LIMIT 1").await.rows,
        [[Value::Int(2021)]]
    );
    let tables = tables(&warehouse).await;
    assert_eq!((info(&tables, "hive").rows, info(&tables, "lines").rows), (Some(4), Some(3)));
    assert!(problem(&tables, "half").contains("new.parquet"), "{}", problem(&tables, "half"));
}

#[tokio::test]
async fn what_is_no_table_is_listed_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    for name in ["orders (1).csv", "orders (2).csv", "M\u{61}\u{308}rz.csv"] {
        write(&file(name), "user\n1\n");
    }
    parquet(&file("short.pq"), vec![("user", ints(&[1]))]);
    parquet(&file("noext/part-00000"), vec![("user", ints(&[1]))]);
    parquet(&file("deep/2024/p.parquet"), vec![("user", ints(&[1]))]);
    write(&file("lake/_delta_log/0.json"), "{}");
    parquet(&file("lake/p.parquet"), vec![("user", ints(&[1]))]);
    write(&file("berg/metadata/v1.metadata.json"), "{}");
    parquet(&file("berg/data/p.parquet"), vec![("user", ints(&[1]))]);
    write(&file("sheet.xlsx"), "PK");
    write(&file("events.json"), "{}");
    write(&file("unnamed"), "x");
    write(&file("stray.schema.json"), "[]");
    write(&file("twice/k=1/K=2/a.csv"), "a\n1\n");
    write(&file("headless/a.csv"), "1,2\n");
    write(&file("headless/b.csv"), "3,4\n");
    write(&file("marked.sql"), "\u{feff}SELECT user FROM `raw_data.short`");
    write(&file("mixed/a.csv"), "a\n1\n");
    write(&file("mixed/b.orc"), "x");
    write(&file("README.md"), "x");
    write(&file(".hidden.csv"), "x");
    let warehouse = open(&folder).await;
    let tables = tables(&warehouse).await;
    for (id, expected) in [
        ("orders _1_", "rename it"),
        ("orders _2_", "rename it"),
        ("noext", "part-00000"),
        ("deep", "the folder 2024"),
        ("lake", "Delta"),
        ("berg", "Iceberg"),
        ("sheet", "spreadsheets"),
        ("events", "JSON"),
        ("unnamed", "its name does not say what it is"),
        ("stray", "there is no stray.csv"),
        ("mixed", "b.orc"),
        ("twice", "use a key once"),
        ("headless", "state the columns in a .schema.json file"),
    ] {
        let problem = problem(&tables, id);
        assert!(problem.contains(expected), "{id}: {problem}");
    }
    for id in ["short", "M\u{e4}rz", "marked"] {
        assert_eq!(info(&tables, id).problem, None);
        assert_eq!(rows(&warehouse, &format!("SELECT user FROM `raw_data.{id}`")).await.rows, [[Value::Int(1)]]);
    }
    assert_eq!(tables.len(), 16, "{:?}", tables.iter().map(|info| info.name.table()).collect::<Vec<_>>());
}

#[tokio::test]
async fn parts_are_united_by_the_names_of_columns() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let texts = |values: &[&str]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    parquet(&file("cases/a.parquet"), vec![("User", ints(&[1])), ("item", texts(&["a"]))]);
    parquet(&file("cases/b.parquet"), vec![("ITEM", texts(&["b"])), ("user", Arc::new(Int32Array::from(vec![2])))]);
    parquet(&file("nulls/a.parquet"), vec![("user", ints(&[1])), ("item", Arc::new(NullArray::new(1)))]);
    parquet(&file("nulls/b.parquet"), vec![("user", ints(&[2])), ("item", texts(&["b"]))]);
    parquet(&file("nulls/c.parquet"), vec![("user", Arc::new(NullArray::new(1)))]);
    parquet(&file("differ/a.parquet"), vec![("user", Arc::new(NullArray::new(1)))]);
    parquet(&file("differ/b.parquet"), vec![("user", ints(&[1]))]);
    parquet(&file("differ/c.parquet"), vec![("USER", texts(&["x"]))]);
    parquet(&file("never.parquet"), vec![("user", ints(&[1])), ("item", Arc::new(NullArray::new(1)))]);
    let warehouse = open(&folder).await;
    let read = rows(&warehouse, "SELECT User, item FROM `raw_data.cases` ORDER BY User").await;
    assert_eq!(read.rows, [[Value::Int(1), text("a")], [Value::Int(2), text("b")]]);
    for filter in ["User = 2", "item = 'b'", "item >= 'b' AND User > 1"] {
        let read = rows(&warehouse, &format!("SELECT item FROM `raw_data.cases` WHERE {filter}")).await;
        assert_eq!(read.rows, [[text("b")]], "{filter}");
    }
    let read = rows(&warehouse, "SELECT user, item FROM `raw_data.nulls` ORDER BY user").await;
    let null = || Value::Null;
    assert_eq!(read.rows, [[null(), null()], [Value::Int(1), null()], [Value::Int(2), text("b")]]);
    assert_eq!(rows(&warehouse, "SELECT user FROM `raw_data.nulls` WHERE item = 'b'").await.rows, [[Value::Int(2)]]);
    assert_eq!(rows(&warehouse, "SELECT user FROM `raw_data.never` WHERE item IS NULL").await.rows, [[Value::Int(1)]]);
    let problem = problem(&tables(&warehouse).await, "differ");
    assert_eq!(problem, "its files do not match: user is INT64 in b.parquet and STRING in c.parquet");
}

#[tokio::test]
async fn a_schema_beside_a_csv_file_states_its_types() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    write(&file("codes.csv"), "id,price,raw,at,flag,note\n007,1.10,Zm9v,10:00:00,yes,x\n8,,,,0,\n");
    let schema = r#"[{"name": "ID", "type": "INTEGER"}, {"name": "price", "type": "NUMERIC(10, 2)", "description": "in EUR"},
        {"name": "raw", "type": "BYTES", "mode": "NULLABLE"}, {"name": "at", "type": "TIME"},
        {"name": "flag", "type": "BOOLEAN", "mode": "REQUIRED", "policyTags": {}}]"#;
    write(&file("codes.schema.json"), schema);
    write(&file("plain.csv"), "1|'a|b'|NA\n2|c|\n");
    let plain = r#"{"separator": "|", "quote": "'", "header": false, "null_words": ["NA"],
        "fields": [{"name": "id", "type": "STRING"}, {"name": "item", "type": "STRING"}, {"name": "n", "type": "BIGNUMERIC"}]}"#;
    write(&file("plain.schema.json"), plain);
    write(&file("words.csv"), "id;n\nNA;1\n2;-\n");
    write(&file("words.schema.json"), r#"{"null_words": ["NA", "-"], "separator": ";"}"#);
    write(&file("parts/dt=2024-01-01/a.csv"), "id\n01\n");
    write(&file("parts.schema.json"), r#"{"fields": [{"name": "id", "type": "FLOAT64"}]}"#);
    let warehouse = open(&folder).await;
    use ColumnType::*;
    let of = |name: &str, of| (name.to_owned(), of);
    let expected =
        [of("id", Int64), of("price", Numeric), of("raw", Bytes), of("at", Time), of("flag", Bool), of("note", String)];
    assert_eq!(types(&warehouse, "codes").await, expected);
    let schema = warehouse.schema(&"raw_data.codes".parse().unwrap()).await.unwrap();
    assert_eq!(schema.columns[1].description.as_deref(), Some("in EUR"));
    let read = rows(&warehouse, "SELECT id, price, raw, at, flag FROM `raw_data.codes` ORDER BY id").await;
    let second = [Value::Int(8), Value::Null, Value::Null, Value::Null, Value::Bool(false)];
    assert_eq!(read.rows, [[Value::Int(7), text("1.1"), text("Zm9v"), text("10:00:00"), Value::Bool(true)], second]);
    assert_eq!(types(&warehouse, "plain").await, [of("id", String), of("item", String), of("n", BigNumeric)]);
    let read = rows(&warehouse, "SELECT id, item, n FROM `raw_data.plain` ORDER BY id").await;
    assert_eq!(read.rows, [[text("1"), text("a|b"), Value::Null], [text("2"), text("c"), Value::Null]]);
    assert_eq!(types(&warehouse, "words").await, [of("id", Int64), of("n", Int64)]);
    assert_eq!(types(&warehouse, "parts").await, [of("id", Float64), of("dt", Date)]);
    // A changed schema is read again, and earlier results are not used.
    let parts: TableName = "raw_data.parts".parse().unwrap();
    let before = warehouse.table(&parts).await.unwrap().state;
    write(&file("parts.schema.json"), r#"[{"name": "id", "type": "STRING"}]"#);
    assert_eq!(rows(&warehouse, "SELECT id FROM `raw_data.parts`").await.rows, [[text("01")]]);
    assert_ne!(warehouse.table(&parts).await.unwrap().state, before);
}

#[tokio::test]
async fn a_schema_that_a_file_does_not_fit_is_a_problem_of_its_table() {
    let folder = TempDir::new().unwrap();
    let cases = [
        ("a,b\n1,2\n2,x\n", r#"[{"name": "b", "type": "INT64"}]"#, "line 3 has \"x\" in column b, which is not INT64"),
        ("a\n\"x\ny\"\n2024-02-30\n", r#"[{"name": "a", "type": "STRING"}]"#, ""),
        ("a,b\n1,\"x\ny\"\n2024-02-30,\n", r#"[{"name": "a", "type": "DATE"}]"#, "line 2 has \"1\" in column a"),
        ("a,b\n1,2\n,3\n", r#"[{"name": "a", "type": "INT64", "mode": "REQUIRED"}]"#, "line 3 has no value in column a"),
        ("a\n1.2345678901\n", r#"[{"name": "a", "type": "NUMERIC"}]"#, "which is not NUMERIC"),
        ("a\n!\n", r#"[{"name": "a", "type": "BYTES"}]"#, "which is not BYTES"),
        ("a\n1\n", r#"[{"name": "c", "type": "INT64"}]"#, "a column c that the header does not have"),
        ("a\n1\n", r#"[{"name": "a", "type": "NUMBER"}]"#, "NUMBER is not a type"),
        ("a\n1\n", r#"[{"name": "a", "type": "JSON"}]"#, "state STRING"),
        ("a\n1\n", r#"[{"name": "a", "type": "INT64", "mode": "REPEATED"}]"#, "no arrays"),
        ("a\n1\n", r#"{"delimiter": ";"}"#, "unknown field `delimiter`"),
        ("a\n1\n", r#"{"separator": ";;"}"#, "one ASCII character"),
        ("a\n1\n", r#"{"header": false}"#, "names and types"),
        ("1,2\n", r#"{"header": false, "fields": [{"name": "a", "type": "INT64"}]}"#, "line 1 has 2 values, the schema 1"),
        ("a\n1\n", "[{", "not a schema in JSON"),
    ];
    for (i, (csv, schema, _)) in cases.iter().enumerate() {
        write(&folder.path().join(format!("t{i}.csv")), csv);
        write(&folder.path().join(format!("t{i}.schema.json")), schema);
    }
    parquet(&folder.path().join("p.parquet"), vec![("a", ints(&[1]))]);
    write(&folder.path().join("p.schema.json"), "[]");
    let warehouse = open(&folder).await;
    let tables = tables(&warehouse).await;
    for (i, (csv, schema, expected)) in cases.iter().enumerate() {
        let problem = info(&tables, &format!("t{i}")).problem.clone().unwrap_or_default();
        assert!(problem.contains(expected) && problem.is_empty() == expected.is_empty(), "{csv:?} {schema}: {problem}");
    }
    assert!(problem(&tables, "p").contains("which only CSV files need"));
}

/// Values that look like others, or like what they are not.
fn odd_value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => any::<i32>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| number.to_string()),
        2 => "[0-9]{1,3}",
        1 => "-?[0-9]{0,2}\\.?[0-9]{0,20}([eE][+-]?[0-9]{1,3})?",
        2 => "20[0-9]{2}-[01][0-9]-[0-3][0-9]",
        2 => "20[0-9]{2}-0[1-9]-[0-2][0-9][ T][0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{1,9})?( UTC|Z|[+-][01][0-9](:?[0-5][0-9])?| [A-Z]{2,3})?",
        1 => "(true|false|TRUE|null|NULL|NaN|inf|N/A|-| )",
        1 => "[a-zäß,;\"' ]{0,6}",
        2 => Just(String::new()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 64 } else { 256 }))]

    /// Whatever the values are: what is listed can be read, and holds the values of the texts.
    #[test]
    fn a_listed_csv_column_can_be_read(columns in prop::collection::vec(prop::collection::vec(odd_value(), 1..4), 1..6), repeat in 1usize..5) {
        let folder = TempDir::new().unwrap();
        let height = columns.iter().map(Vec::len).max().unwrap() * repeat;
        let cell = |column: usize, row: usize| columns[column][row % columns[column].len()].as_str();
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut csv: String = (0..columns.len()).map(|i| format!("c{i},")).collect::<String>() + "id\n";
        for row in 0..height {
            csv.extend((0..columns.len()).map(|column| quoted(cell(column, row)) + ","));
            csv += &format!("{row}\n");
        }
        write(&folder.path().join("t.csv"), csv);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let warehouse = open(&folder).await;
            let types = types(&warehouse, "t").await;
            let read = rows(&warehouse, "SELECT * FROM `raw_data.t` ORDER BY id").await;
            for (row, values) in read.rows.iter().enumerate() {
                for (column, value) in values[..columns.len()].iter().enumerate() {
                    let text = cell(column, row);
                    assert!(agrees(types[column].1, text, value), "{text:?} as {} is {value:?}", types[column].1);
                }
            }
        });
    }
}

/// Whether a value is that of a text: compared the other way, by what the value is written as.
fn agrees(of: ColumnType, text: &str, value: &Value) -> bool {
    let same_text = |value: &str| {
        // A DATETIME or TIMESTAMP without its zone begins with the text's own day if no offset
        // moves it; the fraction is cut after six digits.
        let clock = |text: &str| text.trim_end_matches('Z').trim_end_matches(" UTC").replacen('T', " ", 1);
        let (a, b) = (clock(value), clock(text));
        let pad = |text: String| if text.len() == 10 { text + " 00:00:00" } else { text };
        let fraction = |text: String| match text.split_once('.') {
            Some((whole, fraction)) => {
                let fraction = fraction.get(..6).unwrap_or(fraction).trim_end_matches('0').to_owned();
                if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
            }
            None => text,
        };
        fraction(pad(a)) == fraction(pad(b))
    };
    match value {
        Value::Null => text.is_empty(),
        Value::Int(number) => of == ColumnType::Int64 && number.to_string() == text,
        Value::Float(number) => {
            of == ColumnType::Float64
                && text.parse::<f64>().is_ok_and(|text| text == *number || (text.is_nan() && number.is_nan()))
        }
        Value::Bool(flag) => of == ColumnType::Bool && text.eq_ignore_ascii_case(&flag.to_string()),
        Value::Text(found) => match of {
            ColumnType::String => found == text,
            ColumnType::Float64 => text.eq_ignore_ascii_case("nan") || text.to_ascii_lowercase().contains("inf"),
            ColumnType::Date => found == text,
            ColumnType::Datetime => same_text(found),
            ColumnType::Timestamp => same_text(found) || same_instant(found, text),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a text with an offset, or with a zone's name, is this instant of UTC.
fn same_instant(found: &str, text: &str) -> bool {
    let found = chrono::NaiveDateTime::parse_from_str(found, "%Y-%m-%dT%H:%M:%S%.fZ").unwrap();
    let text = text.replacen('T', " ", 1);
    match chrono::DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f%#z") {
        Ok(at) => at.timestamp_micros() == found.and_utc().timestamp_micros(),
        Err(_) => text.ends_with(|last: char| last.is_ascii_uppercase()),
    }
}
