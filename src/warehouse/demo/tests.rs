use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Instant;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

const MICROS_A_DAY: i64 = 86_400_000_000;

struct Shop {
    folder: tempfile::TempDir,
    report: DemoReport,
}

/// One for all tests that only read.
static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let report = write(&folder.path().join("shop"), SEED).unwrap();
    Shop { folder, report }
});

fn table(name: &str) -> RecordBatch {
    let file = File::open(SHOP.folder.path().join("shop").join(format!("{name}.parquet"))).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.with_batch_size(1 << 20).build().unwrap().map(Result::unwrap).collect();
    assert!(batches.len() <= 1);
    batches.into_iter().next().unwrap_or_else(|| RecordBatch::new_empty(schema))
}

fn column(of: &str, name: &str) -> ArrayRef {
    table(of).column_by_name(name).unwrap_or_else(|| panic!("{of}.{name}")).clone()
}

fn ints(of: &str, name: &str) -> Vec<Option<i64>> {
    column(of, name).as_primitive::<Int64Type>().iter().collect()
}

fn texts(of: &str, name: &str) -> Vec<Option<String>> {
    column(of, name).as_string::<i32>().iter().map(|value| value.map(str::to_owned)).collect()
}

fn moments(of: &str, name: &str) -> Vec<Option<i64>> {
    column(of, name).as_primitive::<TimestampMicrosecondType>().iter().collect()
}

fn nulls(of: &str, name: &str) -> usize {
    column(of, name).null_count()
}

/// Number of duplicate rows.
fn duplicates(of: &str) -> usize {
    let batch = table(of);
    let rows = (0..batch.num_rows()).map(|row| {
        let of_column = |array: &ArrayRef| datafusion::arrow::util::display::array_value_to_string(array, row).unwrap();
        batch.columns().iter().map(of_column).collect::<Vec<_>>().join("\u{1f}")
    });
    let distinct: BTreeSet<String> = rows.collect();
    batch.num_rows() - distinct.len()
}

fn orphans<T: Ord>(keys: Vec<Option<T>>, of: Vec<Option<T>>) -> usize {
    let known: BTreeSet<T> = of.into_iter().flatten().collect();
    keys.into_iter().flatten().filter(|key| !known.contains(key)).count()
}

#[test]
fn a_seed_determines_the_shop() {
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again");
    let began = Instant::now();
    assert_eq!(write(&again, SEED).unwrap(), SHOP.report);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    let mut bytes = 0;
    let mut files = vec![];
    for entry in fs::read_dir(&again).unwrap() {
        let name = entry.unwrap().file_name();
        let content = fs::read(again.join(&name)).unwrap();
        assert!(content == fs::read(SHOP.folder.path().join("shop").join(&name)).unwrap(), "{name:?}");
        bytes += content.len();
        files.push(name.into_string().unwrap());
    }
    assert_eq!(files.len(), SHOP.report.tables.len() + 1, "{files:?}");
    assert!(bytes < 15 << 20, "{bytes} bytes");

    let other = folder.path().join("other");
    write(&other, SEED + 1).unwrap();
    let lines = |shop: &Path| fs::read(shop.join("order_lines.parquet")).unwrap();
    assert!(lines(&other) != lines(&again));
}

#[test]
fn rows_are_as_documented() {
    let rows: Vec<(&str, usize)> = SHOP.report.tables.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
    assert_eq!(
        rows,
        [
            ("categories", 41),
            ("customers", 5_000),
            ("events", 180_000),
            ("order_lines", 120_744),
            ("orders", 46_023),
            ("product_prices", 3_585),
            ("products", 1_200),
            ("returns", 2_914),
            ("wishlists", 0),
        ]
    );
    for (name, rows) in rows {
        assert_eq!(table(name).num_rows(), rows, "{name}");
    }
    let report = SHOP.report.to_string();
    assert!(report.starts_with("categories (41), customers (5000), ") && report.ends_with("wishlists (0)"), "{report}");
}

#[test]
fn every_common_type_is_there() {
    let micros = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    for (of, name, expected) in [
        ("orders", "id", DataType::Int64),
        ("orders", "status", DataType::Utf8),
        ("orders", "ordered_at", micros(Some("UTC"))),
        ("events", "occurred_at", micros(Some("UTC"))),
        ("returns", "returned_at", micros(None)),
        ("customers", "joined_on", DataType::Date32),
        ("customers", "newsletter", DataType::Boolean),
        ("order_lines", "amount", DataType::Float64),
        ("order_lines", "unit_price", DataType::Decimal128(38, 9)),
        ("products", "price", DataType::Decimal128(38, 9)),
    ] {
        assert_eq!(*column(of, name).data_type(), expected, "{of}.{name}");
    }
    let tags = column("products", "tags");
    let tags = tags.as_list::<i32>();
    assert_eq!(tags.value_type(), DataType::Utf8);
    assert_eq!(tags.null_count(), 0);
    let empty = (0..tags.len()).filter(|row| tags.value_length(*row) == 0).count();
    assert!((200..400).contains(&empty), "{empty}");
    let priced = column("order_lines", "unit_price");
    assert!(priced.as_primitive::<Decimal128Type>().values().iter().all(|billionths| *billionths > 0));
}

// Data that ended long ago must not give empty datasets, and rolling windows need whole first and
// last days.
#[test]
fn the_span_is_eighteen_whole_months() {
    let (begin, end) = (1_704_067_200_000_000, 1_751_328_000_000_000);
    for (of, name) in [("orders", "ordered_at"), ("events", "occurred_at")] {
        let at: Vec<i64> = moments(of, name).into_iter().flatten().collect();
        assert_eq!((at.iter().min(), at.iter().max()), (Some(&begin), Some(&(end - 1))), "{of}");
        let days: BTreeSet<i64> = at.iter().map(|at| at / MICROS_A_DAY).collect();
        assert_eq!(days.len(), 547, "{of}");
    }
    let returned = moments("returns", "returned_at");
    assert!(returned.iter().flatten().all(|at| (begin..end).contains(at)));
    assert!(returned.contains(&None));
}

#[test]
fn orders_vary_by_weekday_and_season() {
    let mut days: BTreeMap<i64, u32> = BTreeMap::new();
    for at in moments("orders", "ordered_at").into_iter().flatten() {
        *days.entry(at / MICROS_A_DAY - 19_723).or_default() += 1;
    }
    let mean = |wanted: &dyn Fn(i64) -> bool| {
        let of: Vec<u32> = days.iter().filter(|(day, _)| wanted(**day)).map(|(_, orders)| *orders).collect();
        f64::from(of.iter().sum::<u32>()) / of.len() as f64
    };
    assert!(mean(&|day| day % 7 == 5) > 1.2 * mean(&|day| day % 7 == 1));
    assert!(mean(&|day| (335..360).contains(&day)) > 1.4 * mean(&|day| (305..335).contains(&day)));
}

// NULL keys: they must not match each other in joins, nor count as a product or customer.
#[test]
fn some_ids_are_null() {
    for (of, name, about) in [
        ("orders", "buyer_id", 900),
        ("order_lines", "sku", 120),
        ("events", "visitor", 15_600),
        ("events", "product", 18_000),
        ("products", "category", 24),
    ] {
        let found = nulls(of, name);
        assert!((about * 3 / 4..about * 5 / 4).contains(&found), "{of}.{name}: {found}");
    }
}

// A match rate below one, which analyses must show.
#[test]
fn some_keys_have_no_match() {
    let customers = || ints("customers", "id");
    let found = orphans(ints("orders", "buyer_id"), customers());
    assert!((90..200).contains(&found), "{found}");
    let found = orphans(texts("order_lines", "sku"), texts("products", "product_code"));
    assert!((400..560).contains(&found), "{found}");
    let found = orphans(ints("order_lines", "order"), ints("orders", "id"));
    assert!((30..100).contains(&found), "{found}");
    assert!(orphans(ints("events", "visitor"), customers()) > 0);
    assert_eq!(orphans(texts("events", "product"), texts("products", "product_code")), 0);
}

// Duplicate rows and keys, which multiply rows in joins.
#[test]
fn some_rows_and_keys_repeat() {
    let found = duplicates("order_lines");
    assert!((180..300).contains(&found), "{found}");
    assert_eq!(duplicates("events"), 500);
    let sevens = ints("categories", "category_id").into_iter().filter(|id| *id == Some(7)).count();
    assert_eq!(sevens, 2);
    let mut prices: BTreeMap<Option<String>, u32> = BTreeMap::new();
    for sku in texts("product_prices", "sku") {
        *prices.entry(sku).or_default() += 1;
    }
    assert_eq!((prices.len(), prices.values().max()), (1_200, Some(&5)));
    for (of, name) in [("customers", "id"), ("orders", "id")] {
        let ids = ints(of, name);
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{of}");
    }
}

// Text that breaks SQL without proper escaping.
#[test]
fn some_texts_are_awkward() {
    let has = |of: &str, name: &str, part: &str| texts(of, name).into_iter().flatten().any(|value| value.contains(part));
    assert!(has("customers", "name", "O'Brien") && has("customers", "name", "Nguyễn"));
    assert!(has("products", "brand", "Back\\Slash") && has("products", "title", "Crème"));
    assert!(has("categories", "name", "Children's toys") && has("categories", "name", "DIY \\ Tools"));
}

// Outliers in the far future, but not in the events, whose reference date they would move.
#[test]
fn two_birth_dates_are_in_the_far_future() {
    let births = column("customers", "birth_date");
    let births = births.as_primitive::<Date32Type>();
    assert_eq!(births.iter().flatten().filter(|day| *day > 20_269).collect::<Vec<_>>(), [36_000, 36_000]);
    assert!(births.null_count() > 0);
}

// Negative revenue, which shares of revenue must cope with.
#[test]
fn few_products_make_most_revenue_and_some_is_refunded() {
    let amounts = column("order_lines", "amount");
    let amounts = amounts.as_primitive::<Float64Type>();
    let refunds = amounts.iter().flatten().filter(|amount| *amount < 0.0).count();
    assert!((1_000..2_200).contains(&refunds), "{refunds}");
    let mut products: BTreeMap<String, f64> = BTreeMap::new();
    for (sku, amount) in texts("order_lines", "sku").into_iter().zip(amounts) {
        *products.entry(sku.unwrap_or_default()).or_default() += amount.unwrap();
    }
    let mut revenue: Vec<f64> = products.into_values().collect();
    revenue.sort_by(|a, b| b.total_cmp(a));
    let share = revenue[..240].iter().sum::<f64>() / revenue.iter().sum::<f64>();
    assert!((0.6..0.85).contains(&share), "{share}");
}

#[test]
fn customers_buy_differently() {
    let mut orders: BTreeMap<i64, u32> = BTreeMap::new();
    for buyer in ints("orders", "buyer_id").into_iter().flatten().filter(|buyer| *buyer <= 5_000) {
        *orders.entry(buyer).or_default() += 1;
    }
    let once = orders.values().filter(|orders| **orders == 1).count() as f64 / orders.len() as f64;
    assert!((0.3..0.4).contains(&once), "{once}");
    assert!(orders.len() < 5_000, "some only look");
    let most = orders.values().max();
    assert!(most > Some(&100), "{most:?}");

    // Repeated purchases.
    let buyers: BTreeMap<Option<i64>, Option<i64>> = ints("orders", "id").into_iter().zip(ints("orders", "buyer_id")).collect();
    let lines = ints("order_lines", "order").into_iter().zip(texts("order_lines", "sku"));
    let pairs: Vec<_> = lines.filter_map(|(order, sku)| Some((buyers.get(&order).copied()??, sku?))).collect();
    let distinct = pairs.iter().collect::<BTreeSet<_>>().len();
    assert!(distinct < pairs.len() * 3 / 4, "{distinct} of {}", pairs.len());
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("mine.txt");
    fs::write(&mine, "mine").unwrap();
    let error = write(folder.path(), SEED).unwrap_err();
    assert!(matches!(error, DemoError::NotEmpty(_)));
    assert!(error.to_string().ends_with("Choose a folder that is empty or does not exist yet."), "{error}");
    // A file where the folder should be.
    assert!(matches!(write(&mine, SEED), Err(DemoError::Write { .. })));
    assert_eq!(fs::read(&mine).unwrap(), b"mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let error = write(Path::new("/"), SEED).unwrap_err();
    assert!(matches!(error, DemoError::NoName(_)), "{error}");
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let half = |partial: &Path| -> io::Result<()> {
        fs::write(partial.join("orders.parquet"), "half")?;
        Err(io::Error::other("the disk is full"))
    };
    let there = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let new = folder.path().join("shop");
    let error = place(&new, half).unwrap_err();
    assert!(error.to_string().ends_with("the disk is full."), "{error}");
    assert_eq!(there(), Vec::<OsString>::new());

    // An empty folder of the user's is left alone.
    fs::create_dir(&new).unwrap();
    place(&new, half).unwrap_err();
    assert_eq!(there(), ["shop"]);
    assert_eq!(fs::read_dir(&new).unwrap().count(), 0);

    // A panic must not leave a partial folder either.
    let panics = || place(&new, |_| -> io::Result<()> { panic!("a fault") });
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(there(), ["shop"]);

    // A later run works, also with a trailing slash and after a killed process.
    let killed = folder.path().join(format!(".shop.partial-{}", std::process::id()));
    fs::create_dir(&killed).unwrap();
    fs::write(killed.join("stale.parquet"), "half").unwrap();
    place(&folder.path().join("shop/"), |partial| fs::write(partial.join("a.parquet"), "whole")).unwrap();
    assert_eq!(there(), ["shop"]);
    assert_eq!(fs::read_dir(&new).unwrap().count(), 1);
}
