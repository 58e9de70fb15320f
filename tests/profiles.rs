//! Profiles and values of tables on the embedded engine, compared with a plain loop over the rows.
#![cfg(feature = "ssr")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use datafusion::arrow::array::*;
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use trainset::domain::cost::Price;
use trainset::domain::name::TableName;
use trainset::domain::profile::ColumnProfile;
use trainset::domain::schema::{Column, TableInfo};
use trainset::domain::sql::profile::values;
use trainset::domain::value::{Rows, Value};
use trainset::service::{ServiceError, find_profile};
use trainset::warehouse::embedded::Embedded;
use trainset::warehouse::{DryRun, Limits, LiveTable, Warehouse, WarehouseError, demo};

async fn write(folder: &Path, table: &str, columns: Vec<(&str, ArrayRef)>) -> Embedded {
    let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(folder.join(format!("{table}.parquet"))).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    Embedded::open(folder, "raw_data").await.unwrap()
}

/// The profile of all columns, by name.
async fn profiled(warehouse: &Embedded, table: &str) -> (u64, BTreeMap<String, ColumnProfile>) {
    let live = warehouse.table(&TableName::new("raw_data", table).unwrap()).await.unwrap();
    let columns: Vec<&Column> = live.schema.columns.iter().collect();
    let found = find_profile(warehouse, &live, &columns, &Limits::default(), Price::default()).await.unwrap();
    (found.rows, found.columns.into_iter().map(|column| (column.name.clone(), column)).collect())
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn top(column: &ColumnProfile) -> Vec<(Value, u64)> {
    column.top_values.iter().map(|top| (top.value.clone(), top.count)).collect()
}

#[tokio::test]
async fn every_type_has_its_statistics() {
    let folder = TempDir::new().unwrap();
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(1), Some(2), Some(3)]),
        Some(vec![]),
        None,
        Some(vec![Some(9)]),
        Some(vec![Some(9)]),
    ]);
    let inner: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5]));
    let records = StructArray::from(vec![(Arc::new(Field::new("a", DataType::Int64, true)), inner.clone())]);
    let many = ListArray::new(
        Arc::new(Field::new("item", records.data_type().clone(), true)),
        OffsetBuffer::from_lengths([2, 0, 1, 1, 1]),
        Arc::new(records.clone()),
        None,
    );
    let day = 86_400_000_000;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("whole", Arc::new(Int64Array::from(vec![Some(3), Some(-1), None, Some(3), Some(0)]))),
        ("real", Arc::new(Float64Array::from(vec![Some(1.5), Some(f64::NAN), Some(f64::NEG_INFINITY), None, Some(-2.5)]))),
        (
            "money",
            Arc::new(
                Decimal128Array::from(vec![Some(1250), Some(-5), None, Some(1250), Some(0)])
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
        ),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true), Some(true)]))),
        ("name", Arc::new(StringArray::from(vec![Some("é"), Some(""), None, Some("O'Brien"), Some("é")]))),
        ("raw", Arc::new(BinaryArray::from_opt_vec(vec![Some(b"\x00\xff".as_slice()), Some(b""), None, Some(b"a"), Some(b"a")]))),
        ("day", Arc::new(Date32Array::from(vec![Some(0), Some(31), None, Some(31), Some(59)]))),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(0), Some(day), None, Some(day * 3 + 1), Some(day)])
                    .with_timezone("UTC"),
            ),
        ),
        ("clock", Arc::new(TimestampMicrosecondArray::from(vec![Some(0), Some(day), None, Some(day * 2), Some(day)]))),
        ("time", Arc::new(Time64MicrosecondArray::from(vec![Some(0), Some(3_600_000_000), None, Some(1), Some(1)]))),
        ("items", Arc::new(lists)),
        ("record", Arc::new(records)),
        ("records", Arc::new(many)),
        ("nothing", Arc::new(Float64Array::new_null(5))),
        // Names that break SQL without quoting.
        ("row_count", inner.clone()),
        ("c0_0", inner.clone()),
        ("select", inner),
    ];
    let warehouse = write(folder.path(), "all", columns).await;
    let (rows, found) = profiled(&warehouse, "all").await;
    assert_eq!(rows, 5);
    let of = |name: &str| &found[name];

    let whole = of("whole");
    assert_eq!((whole.null_count, whole.null_percent), (1, 20.0));
    assert_eq!((whole.cardinality, whole.cardinality_is_exact, whole.uniqueness), (Some(3), true, Some(0.75)));
    assert_eq!((&whole.min, &whole.max, whole.mean), (&Some(Value::Int(-1)), &Some(Value::Int(3)), Some(1.25)));
    assert_eq!((whole.zero_count, whole.negative_count, whole.not_finite_count), (Some(1), Some(1), None));
    assert!((whole.stddev.unwrap() - (12.75f64 / 3.0).sqrt()).abs() < 1e-12);
    assert_eq!(top(whole), [(Value::Int(3), 2), (Value::Int(-1), 1), (Value::Int(0), 1)]);
    assert_eq!(whole.histogram.iter().map(|bin| bin.count).sum::<u64>(), 4);

    let real = of("real");
    assert_eq!((real.null_count, real.not_finite_count, real.mean), (1, Some(2), Some(-0.5)));
    assert_eq!((&real.min, &real.max), (&Some(Value::Float(-2.5)), &Some(Value::Float(1.5))));
    assert_eq!(real.cardinality, Some(4));

    let money = of("money");
    assert_eq!((&money.min, &money.max, money.mean), (&Some(text("-0.05")), &Some(text("12.5")), Some(6.2375)));
    assert_eq!(top(money)[0], (text("12.5"), 2));
    assert!(!money.histogram.is_empty() && money.quantiles.len() == 7);

    assert_eq!((of("flag").true_percent, of("flag").cardinality), (Some(75.0), Some(2)));
    let name = of("name");
    let lengths = name.lengths.unwrap();
    assert_eq!((lengths.min, lengths.max, lengths.mean, lengths.empty), (0, 7, 2.25, 1));
    assert_eq!((top(name)[0].clone(), &name.min, &name.max), ((text("é"), 2), &Some(text("")), &Some(text("é"))));
    let lengths = of("raw").lengths.unwrap();
    assert_eq!((lengths.min, lengths.max, lengths.empty, of("raw").cardinality), (0, 2, 1, Some(3)));
    assert_eq!(top(of("raw"))[0], (text("YQ=="), 2));

    assert_eq!(
        (&of("day").min, &of("day").max, of("day").range_days),
        (&Some(text("1970-01-01")), &Some(text("1970-03-01")), Some(59))
    );
    assert_eq!((&of("at").max, of("at").range_days), (&Some(text("1970-01-04T00:00:00.000001Z")), Some(3)));
    assert_eq!((top(of("at"))[0].clone(), of("clock").range_days), ((text("1970-01-02T00:00:00Z"), 2), Some(2)));
    assert_eq!((&of("time").min, of("time").range_days), (&Some(text("00:00:00")), None));
    for temporal in ["day", "at", "clock", "time"] {
        assert!(of(temporal).histogram.len() > 1 && of(temporal).quantiles.len() == 7, "{temporal}: {:?}", of(temporal));
    }

    let items = of("items").array_lengths.unwrap();
    assert_eq!((items.min, items.max, items.mean, items.empty, of("items").null_count), (0, 3, 1.0, 2, 0));
    assert_eq!(of("records").array_lengths.map(|lengths| (lengths.min, lengths.max)), Some((0, 2)));
    assert!(
        of("record").unsupported.as_deref().is_some_and(|reason| reason.contains("record")) && of("record").cardinality.is_none()
    );

    let nothing = of("nothing");
    assert_eq!((nothing.null_percent, nothing.cardinality, nothing.uniqueness, &nothing.min), (100.0, Some(0), None, &None));
    assert!(nothing.histogram.is_empty() && nothing.top_values.is_empty() && nothing.stddev.is_none());
    for name in ["row_count", "c0_0", "select"] {
        assert_eq!((of(name).cardinality, of(name).mean), (Some(5), Some(3.0)), "{name}");
    }
}

#[tokio::test]
async fn an_empty_table_has_a_profile() {
    let folder = TempDir::new().unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("a", Arc::new(Int64Array::from(Vec::<i64>::new()))),
        ("b", Arc::new(StringArray::from(Vec::<&str>::new()))),
        ("c", Arc::new(TimestampMillisecondArray::from(Vec::<i64>::new()))),
    ];
    let (rows, found) = profiled(&write(folder.path(), "none", columns).await, "none").await;
    assert_eq!(rows, 0);
    assert!(found.values().all(|column| column.null_percent == 0.0 && column.cardinality == Some(0) && column.min.is_none()));
}

#[tokio::test]
async fn narrow_types_are_read_as_their_wide_ones() {
    let folder = TempDir::new().unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("small", Arc::new(Int16Array::from(vec![1, 2, 2]))),
        ("float", Arc::new(Float32Array::from(vec![0.5, 0.5, -1.0]))),
        ("milli", Arc::new(TimestampMillisecondArray::from(vec![0, 86_400_000, 0]))),
        ("nano", Arc::new(TimestampNanosecondArray::from(vec![0, 1_000, 1_000]))),
        ("word", Arc::new(vec!["x", "y", "x"].into_iter().collect::<DictionaryArray<datafusion::arrow::datatypes::Int32Type>>())),
    ];
    let (_, found) = profiled(&write(folder.path(), "narrow", columns).await, "narrow").await;
    assert_eq!(top(&found["small"])[0], (Value::Int(2), 2));
    assert_eq!(top(&found["float"])[0], (Value::Float(0.5), 2));
    assert_eq!(top(&found["milli"])[0], (text("1970-01-01T00:00:00"), 2));
    assert_eq!(top(&found["nano"])[0], (text("1970-01-01T00:00:00.000001"), 2));
    assert_eq!(top(&found["word"])[0], (text("x"), 2));
    assert_eq!(found["small"].quantiles[3].value, Value::Int(2));
}

#[tokio::test]
async fn estimates_are_close_and_marked() {
    let folder = TempDir::new().unwrap();
    let rows = 1_100_000u64;
    let scattered = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values((0..rows).map(|n| n as i64)))),
        ("group", Arc::new(Int64Array::from_iter_values((0..rows).map(|n| (scattered(n) % 500) as i64)))),
        ("price", Arc::new(Float64Array::from_iter_values((0..rows).map(|n| (scattered(n) >> 40) as f64 / 100.0)))),
        ("name", Arc::new(StringArray::from_iter_values((0..rows).map(|n| format!("n{}", scattered(n) % 100_000))))),
    ];
    let (found_rows, found) = profiled(&write(folder.path(), "large", columns).await, "large").await;
    assert_eq!(found_rows, rows);
    for (name, truth) in [("id", rows), ("group", 500), ("name", 100_000)] {
        let estimate = found[name].cardinality.unwrap();
        assert!(
            !found[name].cardinality_is_exact && estimate.abs_diff(truth) as f64 <= 0.03 * truth as f64,
            "{name}: {estimate}"
        );
    }
    assert!(found["price"].cardinality.unwrap() > 1_000_000);
    // For evenly spread values the quantiles are their shares, and all bins are the same.
    for quantile in &found["id"].quantiles {
        let value = quantile.value.as_i64().unwrap() as f64 / rows as f64;
        assert!((value - quantile.share).abs() < 0.002, "{quantile:?}");
    }
    assert!(
        found["price"].histogram.iter().all(|bin| bin.count.abs_diff(rows / 20) < rows / 500),
        "{:?}",
        found["price"].histogram
    );
}

#[tokio::test]
async fn values_come_by_frequency_and_are_searched_in_any_case() {
    let folder = TempDir::new().unwrap();
    let names = ["Ähre", "ähnlich", "O'Brien", "b", "b", "b", "50%", "a_b"];
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("value", Arc::new(StringArray::from_iter(names.map(Some).into_iter().chain([None])))),
        ("number", Arc::new(Int64Array::from_iter_values([1, 2, 3, 12, 12, 21, 5, 6, 7]))),
        ("day", Arc::new(Date32Array::from_iter_values([0, 0, 0, 1, 1, 2, 3, 4, 5]))),
        (
            "at",
            Arc::new(
                PrimitiveArray::<datafusion::arrow::datatypes::TimestampMillisecondType>::from_iter_values(0..9)
                    .with_timezone("UTC"),
            ),
        ),
    ];
    let warehouse = write(folder.path(), "t", columns).await;
    let schema = warehouse.schema(&"raw_data.t".parse().unwrap()).await.unwrap();
    let ask = async |column: &str, search: Option<&str>, limit| {
        let column = schema.column(&column.parse().unwrap()).unwrap();
        let rows = warehouse.run(&values(None, &schema, column, search, limit), &Limits::default()).await.unwrap().rows;
        rows.into_iter().map(|row| format!("{} {}", row[0], row[1])).collect::<Vec<_>>()
    };
    assert_eq!(ask("value", None, 3).await, ["b 3", "50% 1", "O'Brien 1"]);
    assert_eq!(ask("value", Some("ÄH"), 9).await, ["Ähre 1", "ähnlich 1"]);
    assert_eq!(ask("value", Some("o'b"), 9).await, ["O'Brien 1"]);
    // A search is not a pattern.
    assert_eq!(ask("value", Some("%"), 9).await, ["50% 1"]);
    assert_eq!(ask("value", Some("_"), 9).await, ["a_b 1"]);
    assert_eq!(ask("value", Some("' OR 1=1 --"), 9).await, [""; 0]);
    assert_eq!(ask("number", Some("2"), 9).await, ["12 2", "2 1", "21 1"]);
    assert_eq!(ask("day", Some("1970-01-02"), 9).await, ["1970-01-02 2"]);
    assert_eq!(ask("at", Some("1970"), 2).await.len(), 2);
}

#[tokio::test]
async fn profiles_of_the_demo_shop_equal_a_plain_computation() {
    let folder = TempDir::new().unwrap();
    let shop = folder.path().join("shop");
    demo::write(&shop, demo::SEED).unwrap();
    let warehouse = Embedded::open(&shop, "raw_data").await.unwrap();
    let limits = Limits { max_rows: 1_000_000, ..Limits::default() };
    for table in warehouse.tables().await.unwrap() {
        let all = warehouse.run(&format!("SELECT * FROM `{}`", table.name), &limits).await.unwrap();
        let (rows, found) = profiled(&warehouse, table.name.table()).await;
        assert_eq!(rows as usize, all.rows.len());
        for (position, column) in all.columns.iter().enumerate() {
            let profile = &found[&column.name];
            if profile.array_lengths.is_some() || profile.unsupported.is_some() {
                continue;
            }
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            for row in &all.rows {
                *counts.entry(serde_json::to_string(&row[position]).unwrap()).or_default() += 1;
            }
            let nulls = counts.remove("null").unwrap_or_default();
            let place = format!("{} {}", table.name, column.name);
            assert_eq!(profile.null_count, nulls, "{place}");
            // The rows of a view are not known beforehand.
            assert_eq!(profile.cardinality_is_exact, table.rows.is_some(), "{place}");
            let off = profile.cardinality.unwrap().abs_diff(counts.len() as u64);
            assert!(off == 0 || table.rows.is_none() && off * 50 < counts.len() as u64, "{place}: off by {off}");
            if let Some(first) = profile.top_values.first() {
                assert_eq!(Some(&first.count), counts.values().max(), "{place}");
                assert!(
                    profile
                        .top_values
                        .iter()
                        .all(|top| counts.get(&serde_json::to_string(&top.value).unwrap()) == Some(&top.count)),
                    "{place}"
                );
            }
        }
    }
}

/// Writes one part of a table of several files.
fn write_part(folder: &Path, part: &str, columns: Vec<(&str, ArrayRef)>) {
    let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(folder.join(part)).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Hashes as ids: half of them are larger than INT64 holds.
#[tokio::test]
async fn unsigned_hashes_are_numeric_and_join() {
    let folder = TempDir::new().unwrap();
    let hashes = || UInt64Array::from(vec![Some(1), Some(1 << 63), Some(u64::MAX), None, Some(u64::MAX)]);
    let lists = || {
        let item = Arc::new(Field::new("item", DataType::UInt64, true));
        ListArray::new(item, OffsetBuffer::from_lengths([2, 0, 1, 1, 1]), Arc::new(hashes()), None)
    };
    let coded = DictionaryArray::new(Int32Array::from(vec![0, 1, 2, 3, 2]), Arc::new(hashes()) as ArrayRef);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("user", Arc::new(hashes())),
        ("coded", Arc::new(coded)),
        ("many", Arc::new(lists())),
        ("small", Arc::new(UInt32Array::from(vec![1, 2, 3, 4, u32::MAX]))),
        ("item", Arc::new(StringArray::from(vec!["a", "b", "c", "d", "e"]))),
    ];
    let warehouse = write(folder.path(), "hashed", columns).await;
    let (_, found) = profiled(&warehouse, "hashed").await;
    for name in ["user", "coded"] {
        let column = &found[name];
        assert_eq!(column.column_type.unwrap().sql_name(), "NUMERIC", "{name}");
        assert_eq!((column.cardinality, &column.max), (Some(3), &Some(text("18446744073709551615"))), "{name}");
        assert_eq!(top(column)[0], (text("18446744073709551615"), 2), "{name}");
    }
    assert_eq!(found["small"].max, Some(Value::Int(i64::from(u32::MAX))));
    assert_eq!(found["many"].array_lengths.map(|lengths| lengths.max), Some(2));
    let sql = "SELECT COUNT(*) AS n, MAX(CAST(a.user AS STRING)) AS most, COUNTIF(MOD(FARM_FINGERPRINT(CAST(a.user AS STRING)), 2) = 0) > 9 \
               FROM `raw_data.hashed` AS a JOIN `raw_data.hashed` AS b ON a.user = b.user WHERE a.user > 9223372036854775807";
    let rows = warehouse.run(sql, &Limits::default()).await.unwrap().rows;
    assert_eq!(rows, [[Value::Int(5), text("9223372036854775808"), Value::Bool(false)]]);

    // One file has them with a sign, another without, in either order.
    for (table, signed, unsigned) in [("ab", "1", "2"), ("ba", "2", "1")] {
        let part = folder.path().join(table);
        std::fs::create_dir(&part).unwrap();
        write_part(&part, &format!("{signed}.parquet"), vec![("id", Arc::new(Int64Array::from(vec![-1, 5])))]);
        write_part(&part, &format!("{unsigned}.parquet"), vec![("id", Arc::new(UInt64Array::from(vec![5, u64::MAX])))]);
        let (rows, found) = profiled(&warehouse, table).await;
        assert_eq!((rows, found["id"].cardinality), (4, Some(3)), "{table}");
        assert_eq!((&found["id"].min, &found["id"].max), (&Some(text("-1")), &Some(text("18446744073709551615"))), "{table}");
    }
}

/// A warehouse that is paid for, and refuses queries that name some columns: in its plans, as
/// BigQuery does for policy tags, or only when it runs them.
struct Refusing {
    inner: Embedded,
    refused: Vec<&'static str>,
    at_run: bool,
    policy_tags: BTreeMap<String, String>,
    planned: AtomicUsize,
    /// The columns of queries that were paid for.
    paid: Mutex<Vec<String>>,
    failed: AtomicUsize,
}

impl Refusing {
    fn refusal(&self, sql: &str) -> Option<WarehouseError> {
        let named =
            self.refused.iter().find(|name| sql.contains(&format!("({name})")) || sql.contains(&format!("(`{name}`)")))?;
        Some(match self.at_run {
            true => WarehouseError::Query("Bad double value: x".into()),
            false => WarehouseError::NoPermission(format!("Access Denied: policy tag on column p.raw_data.t.{named}.")),
        })
    }
}

#[async_trait]
impl Warehouse for Refusing {
    fn project(&self) -> Option<&str> {
        None
    }

    fn is_metered(&self) -> bool {
        true
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, WarehouseError> {
        self.inner.tables().await
    }

    async fn table(&self, table: &TableName) -> Result<LiveTable, WarehouseError> {
        Ok(LiveTable { policy_tags: self.policy_tags.clone(), ..self.inner.table(table).await? })
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<Rows, WarehouseError> {
        if let Some(refusal) = self.refusal(sql) {
            self.failed.fetch_add(1, Ordering::SeqCst);
            return Err(refusal);
        }
        let counted = sql.lines().filter_map(|line| line.trim().strip_prefix("COUNT(")?.split_once(')'));
        self.paid.lock().unwrap().extend(counted.map(|(name, _)| name.to_owned()).filter(|name| name.starts_with('c')));
        let rows = self.inner.run(sql, limits).await?;
        Ok(Rows { bytes_processed: Some(1 << 20), ..rows })
    }

    async fn dry_run(&self, sql: &str) -> Result<DryRun, WarehouseError> {
        self.planned.fetch_add(1, Ordering::SeqCst);
        match self.refusal(sql).filter(|_| !self.at_run) {
            Some(refusal) => Err(refusal),
            None => self.inner.dry_run(sql).await,
        }
    }
}

/// The columns `c0` to `c59`, of which these are refused.
async fn refusing(folder: &Path, refused: &[&'static str], at_run: bool, tag: Option<&str>) -> Refusing {
    let names: Vec<String> = (0..60).map(|i| format!("c{i}")).collect();
    let one: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    let inner = write(folder, "t", names.iter().map(|name| (name.as_str(), one.clone())).collect()).await;
    let policy_tags = refused.iter().filter_map(|name| Some(((*name).to_owned(), tag?.to_owned()))).collect();
    let (planned, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Refusing { inner, refused: refused.to_vec(), at_run, policy_tags, planned, paid: Mutex::default(), failed }
}

#[tokio::test]
async fn columns_at_fault_do_not_hide_the_others() {
    const TAG: &str = "projects/p/locations/eu/taxonomies/1/policyTags/2";
    for (refused, at_run, tag, why, most) in [
        // The metadata name them: the table, the others, those.
        (vec!["c7"], false, Some(TAG), "Fine-Grained Reader on the policy tag projects/p", 4),
        (vec!["c7", "c8", "c59"], false, Some(TAG), "Fine-Grained Reader", 4),
        // The message names them.
        (vec!["c30"], false, None, "policy tag on column", 4),
        (vec!["c0", "c29", "c30", "c58"], false, None, "policy tag on column", 12),
        // Nothing names them.
        (vec!["c41"], true, None, "it cannot be read: Bad double value", 14),
        (vec!["c0", "c59"], true, None, "Bad double value", 26),
    ] {
        let folder = TempDir::new().unwrap();
        let warehouse = refusing(folder.path(), &refused, at_run, tag).await;
        let live = warehouse.table(&"raw_data.t".parse().unwrap()).await.unwrap();
        let columns: Vec<&Column> = live.schema.columns.iter().collect();
        let found = find_profile(&warehouse, &live, &columns, &Limits::default(), Price::default()).await.unwrap();
        assert_eq!((found.rows, found.columns.len()), (1, 60), "{refused:?}");
        for (column, profile) in columns.iter().zip(&found.columns) {
            assert_eq!(profile.name, column.name.as_str());
            match refused.contains(&profile.name.as_str()) {
                true => assert!(profile.unsupported.as_ref().unwrap().contains(why), "{:?}", profile.unsupported),
                false => assert_eq!((&profile.unsupported, profile.cardinality), (&None, Some(1)), "{}", profile.name),
            }
        }
        assert!(refused.iter().all(|name| found.failed.contains(*name)) && found.failed.len() == refused.len());
        // No column is paid for twice, and few queries are needed.
        let mut paid = warehouse.paid.lock().unwrap().clone();
        paid.sort_unstable();
        paid.dedup();
        assert_eq!((paid.len(), warehouse.paid.lock().unwrap().len()), (60 - refused.len(), 60 - refused.len()), "{refused:?}");
        let runs = warehouse.planned.load(Ordering::SeqCst) + warehouse.failed.load(Ordering::SeqCst);
        assert!(runs <= most, "{refused:?}: {runs}");
    }
}

/// Where every query fails, the table is at fault; where too many columns are, not each is tried.
#[tokio::test]
async fn a_table_at_fault_is_not_searched() {
    let folder = TempDir::new().unwrap();
    let all: Vec<&'static str> = (0..60).map(|i| &*Box::leak(format!("c{i}").into_boxed_str())).collect();
    let warehouse = refusing(folder.path(), &all, true, None).await;
    let live = warehouse.table(&"raw_data.t".parse().unwrap()).await.unwrap();
    let columns: Vec<&Column> = live.schema.columns.iter().collect();
    let found = find_profile(&warehouse, &live, &columns, &Limits::default(), Price::default()).await;
    assert!(matches!(found.map(|_| ()), Err(ServiceError::Warehouse(WarehouseError::Query(_)))));
    assert!(warehouse.failed.load(Ordering::SeqCst) <= 60);
    assert!(warehouse.paid.lock().unwrap().is_empty());
}

/// Values that one column of a view cannot give.
#[tokio::test]
async fn columns_that_fail_to_be_computed_say_why() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("t.csv"), "a,b,c\nx,0,1\ny,1,2\n").unwrap();
    let broken = ["CAST(a AS INT64)", "1 / b", "CAST(CONCAT('1', a) AS FLOAT64)", "CAST(CONCAT(a, '!') AS DATE)"];
    for (i, expression) in broken.iter().enumerate() {
        let sql = format!("SELECT a, b, {expression} AS bad, c FROM `raw_data.t`");
        std::fs::write(folder.path().join(format!("v{i}.sql")), sql).unwrap();
    }
    let warehouse = Embedded::open(folder.path(), "raw_data").await.unwrap();
    for (i, expression) in broken.iter().enumerate() {
        let (rows, found) = profiled(&warehouse, &format!("v{i}")).await;
        assert_eq!(rows, 2);
        for good in ["a", "b", "c"] {
            assert_eq!((&found[good].unsupported, found[good].cardinality), (&None, Some(2)), "{expression} {good}");
        }
        assert!(found["bad"].unsupported.as_ref().is_some_and(|why| why.starts_with("it cannot be read: ")), "{expression}");
    }
}

/// Planning takes longer the more columns a query has, so that it is done in parts.
#[tokio::test]
async fn many_columns_have_their_profile_in_time() {
    let folder = TempDir::new().unwrap();
    let one: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    for columns in [500, 1_000] {
        let names: Vec<String> = (0..columns).map(|i| format!("c{i}")).collect();
        let table = format!("w{columns}");
        let warehouse = write(folder.path(), &table, names.iter().map(|name| (name.as_str(), one.clone())).collect()).await;
        let start = Instant::now();
        let (rows, found) = profiled(&warehouse, &table).await;
        println!("{columns} columns: {:?}", start.elapsed());
        assert_eq!((rows, found.len()), (1, columns));
        assert!(found.values().all(|column| column.cardinality == Some(1)));
        // It took 31 s, and did not end.
        assert!(start.elapsed() < Duration::from_secs(60), "{columns}: {:?}", start.elapsed());
    }
}
