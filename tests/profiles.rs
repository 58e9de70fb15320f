//! Profiles and values of tables on the embedded engine, compared with a plain loop over the rows.
#![cfg(feature = "ssr")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::*;
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use trainset::domain::cost::Price;
use trainset::domain::name::TableName;
use trainset::domain::profile::ColumnProfile;
use trainset::domain::schema::Column;
use trainset::domain::sql::profile::values;
use trainset::domain::value::Value;
use trainset::service::find_profile;
use trainset::warehouse::embedded::Embedded;
use trainset::warehouse::{Limits, Warehouse, demo};

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
