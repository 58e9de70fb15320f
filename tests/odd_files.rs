//! Damaged and odd files: each affects its own table alone, says why, and panics nowhere that a log
//! shows.
#![cfg(feature = "ssr")]

use std::fs;
use std::io::Write;
use std::panic;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::*;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::*;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use tempfile::TempDir;
use trainset::domain::value::Value;
use trainset::warehouse::embedded::{Embedded, is_contained};
use trainset::warehouse::{Limits, Warehouse, WarehouseError};

const FILES: usize = 2_000;
/// Every so many tables are read, too.
const READ: usize = 3;

/// Xorshift: the same files in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

fn types() -> Vec<DataType> {
    use DataType::*;
    let field = |name: &str, of| Arc::new(Field::new(name, of, true));
    let entries = Struct(vec![Field::new("key", Utf8, false), Field::new("value", Int64, true)].into());
    let simple = vec![
        Null,
        Boolean,
        Int8,
        Int64,
        UInt8,
        UInt64,
        Float16,
        Float32,
        Float64,
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        BinaryView,
        FixedSizeBinary(16),
        Date32,
        Date64,
        Time32(TimeUnit::Second),
        Time32(TimeUnit::Millisecond),
        Time64(TimeUnit::Nanosecond),
        Timestamp(TimeUnit::Second, None),
        Timestamp(TimeUnit::Nanosecond, Some("Europe/Berlin".into())),
        Timestamp(TimeUnit::Microsecond, Some("Mars/Base".into())),
        Timestamp(TimeUnit::Millisecond, Some("+99:99".into())),
        Duration(TimeUnit::Second),
        Interval(IntervalUnit::DayTime),
        Interval(IntervalUnit::YearMonth),
        Decimal128(38, 9),
        Decimal128(5, -2),
        Decimal256(76, 0),
        Decimal256(76, 76),
        Dictionary(Box::new(Int8), Box::new(Utf8)),
        Dictionary(Box::new(Int32), Box::new(Timestamp(TimeUnit::Second, None))),
        Struct(Fields::empty()),
        Struct(vec![Field::new("a", Int64, true), Field::new("A", Utf8, true)].into()),
        Map(field("entries", entries).as_ref().clone().with_nullable(false).into(), false),
    ];
    let lists = simple.iter().take(8).cloned().flat_map(|of| {
        let item = field("item", of);
        let twice = List(field("item", List(item.clone())));
        [List(item.clone()), LargeList(item.clone()), FixedSizeList(item, 2), twice]
    });
    simple.iter().cloned().chain(lists).collect()
}

/// Values of a type: what extreme numbers are as it, or NULLs.
fn array(random: &mut Random, of: &DataType, rows: usize) -> ArrayRef {
    let extremes = [0, 1, -1, i64::MAX, i64::MIN, 253_402_300_800_000_000, -62_135_596_800_000_001, 1 << 53];
    let numbers: Vec<Option<i64>> =
        (0..rows).map(|_| if random.below(4) == 0 { None } else { Some(*random.one(&extremes)) }).collect();
    let numbers: ArrayRef = Arc::new(Int64Array::from(numbers));
    let texts: ArrayRef = Arc::new(StringArray::from((0..rows).map(|i| format!("t{i}")).collect::<Vec<_>>()));
    [numbers, texts].iter().find_map(|values| cast(values, of).ok()).unwrap_or_else(|| new_null_array(of, rows))
}

fn parquet(random: &mut Random, types: &[DataType]) -> Option<Vec<u8>> {
    let names = ["user", "User", "item", "", "a.b", "größe", "at", "x y", "`"];
    let rows = random.below(5);
    let columns = (0..1 + random.below(6)).map(|_| {
        let (name, of) = (*random.one(&names), random.one(types).clone());
        (name, array(random, &of, rows), true)
    });
    let columns: Vec<(&str, ArrayRef, bool)> = columns.collect();
    let batch = RecordBatch::try_from_iter_with_nullable(columns).ok()?;
    let compression = *random.one(&[Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())]);
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut bytes = vec![];
    // Writers do not take all types, and panic for some.
    let written = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).ok()?;
        writer.write(&batch).ok()?;
        writer.close().ok()
    }));
    written.ok().flatten().map(|_| bytes)
}

fn csv(random: &mut Random) -> Vec<u8> {
    let words = [
        "1",
        "-0",
        "007",
        "1e400",
        "NaN",
        "2024-01-05",
        "2024-01-05 02:00:00 UTC",
        "0000-00-00",
        "\"",
        "\"\"",
        "\"a\nb\"",
        ",",
        ";",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "ä",
        "\u{feff}",
        "true",
        "",
        "9223372036854775808",
        "x",
        "a,b\n1,2\n",
        "\0",
        "<html>",
        "\u{85}",
    ];
    (0..random.below(40)).flat_map(|_| format!("{}{}", random.one(&words), random.one(&[",", "\n", ""])).into_bytes()).collect()
}

fn damage(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    match random.below(4) {
        0 => bytes.truncate(random.below(bytes.len() + 1)),
        1 => {
            for _ in 0..=random.below(4) {
                let place = random.below(bytes.len());
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= random.next() as u8;
                }
            }
        }
        2 => {
            let place = random.below(bytes.len());
            let cut: Vec<u8> = bytes.drain(place..).collect();
            bytes.extend(cut.into_iter().rev());
        }
        _ => {}
    }
    bytes
}

fn write_files(folder: &Path) {
    let mut random = Random(0x5EED_0000_0000_0025);
    let types = types();
    let mut written = 0;
    while written < FILES {
        let (end, bytes) = match random.below(8) {
            0 => ("csv", csv(&mut random)),
            1 => {
                let text = csv(&mut random);
                fs::write(
                    folder.join(format!("t{written}.schema.json")),
                    damage(&mut random, br#"[{"name": "1", "type": "INT64"}]"#.to_vec()),
                )
                .unwrap();
                ("csv", text)
            }
            2 => {
                let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
                packed.write_all(&csv(&mut random)).unwrap();
                ("csv.gz", packed.finish().unwrap())
            }
            3 => ("tsv.zst", zstd::encode_all(&csv(&mut random)[..], 1).unwrap()),
            _ => match parquet(&mut random, &types) {
                Some(bytes) => ("parquet", bytes),
                None => continue,
            },
        };
        fs::write(folder.join(format!("t{written}.{end}")), damage(&mut random, bytes)).unwrap();
        written += 1;
    }
}

/// Panics that a log would show.
static SHOWN: AtomicUsize = AtomicUsize::new(0);

#[test]
fn damaged_and_odd_files_affect_only_their_tables() {
    let folder = TempDir::new().unwrap();
    panic::set_hook(Box::new(|_| {}));
    write_files(folder.path());
    fs::write(folder.path().join("good.csv"), "a\n1\n").unwrap();
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !is_contained() {
            SHOWN.fetch_add(1, Ordering::Relaxed);
            eprintln!("{panic}");
        }
    }));
    drop(usual);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let warehouse = Embedded::open(folder.path(), "raw_data").await.unwrap();
        let tables = warehouse.tables().await.unwrap();
        assert_eq!(tables.len(), FILES + 1);
        let path = folder.path().to_str().unwrap();
        let is_sentence =
            |reason: &str| !reason.is_empty() && !reason.contains(path) && !reason.contains("Arrow") && !reason.contains('\n');
        let broken = tables.iter().filter_map(|info| info.problem.as_ref());
        let count = broken.clone().count();
        assert!((FILES / 4..FILES).contains(&count), "{count}");
        for reason in broken {
            assert!(is_sentence(reason), "{reason}");
        }
        let mut read = 0;
        for info in tables.iter().filter(|info| info.problem.is_none()).step_by(READ) {
            let ran = warehouse.run(&format!("SELECT * FROM `{}`", info.name), &Limits::default()).await;
            match ran {
                Ok(_) => read += 1,
                Err(WarehouseError::Query(reason) | WarehouseError::Unreadable { reason, .. }) => {
                    assert!(is_sentence(&reason), "{}: {reason}", info.name)
                }
                Err(other) => panic!("{}: {other:?}", info.name),
            }
        }
        assert!(read > 50, "{read}");
        let rows = warehouse.run("SELECT a FROM `raw_data.good`", &Limits::default()).await.unwrap();
        assert_eq!(rows.rows, [[Value::Int(1)]]);
    });
    assert_eq!(SHOWN.load(Ordering::Relaxed), 0);
}

/// See `tests/fixtures/writers.py`.
#[test]
fn files_of_polars_and_duckdb_are_read_or_say_why_not() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/writers");
        let warehouse = Embedded::open(&folder, "raw_data").await.unwrap();
        let tables = warehouse.tables().await.unwrap();
        assert_eq!(tables.len(), 5);
        for info in &tables {
            if info.name.table() == "polars_int128" {
                assert!(info.problem.is_some());
                continue;
            }
            assert_eq!(info.problem, None, "{}", info.name);
            let schema = warehouse.schema(&info.name).await.unwrap();
            for column in schema.columns.iter().filter(|column| column.column_type.unsupported().is_none()) {
                let sql = format!("SELECT COUNT(`{0}`) AS n FROM `{1}` WHERE user >= 0", column.name.as_str(), info.name);
                warehouse.run(&sql, &Limits::default()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
        }
        let rows =
            warehouse.run("SELECT user FROM `raw_data.duckdb_parts` WHERE k = 'k1' ORDER BY user", &Limits::default()).await;
        assert_eq!(rows.unwrap().rows, [[Value::Int(1)], [Value::Int(3)]]);
    });
}
