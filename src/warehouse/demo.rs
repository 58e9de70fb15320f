//! A shop that does not exist, written as Parquet: what a newcomer sees first and what the tests run on.
//!
//! The same seed gives the same bytes. About 5,000 customers, 1,200 products and 300,000 interactions from 2024-01-01 to 2025-06-30, with Zipf
//! popularity, weekends, a December peak, and what real data has:
//!
//! | table | rows | of note |
//! |---|---|---|
//! | `customers` | 5,000 | key `id`; names such as O'Brien; three birthdays in the future |
//! | `products` | 1,200 | key `product_code`; `tags` is REPEATED, sometimes empty; `price` is NUMERIC |
//! | `categories` | 41 | `category_id` 7 is there twice |
//! | `product_prices` | about 3,600 | several rows a `sku` |
//! | `orders` | about 45,000 | key `id`; `buyer_id` is NULL for guests (2 %) and unknown to `customers` for a few |
//! | `order_lines` | about 120,000 | `order` → `orders.id`, `sku` → `products.product_code`; orphaned and NULL skus, exact duplicates, refunds with negative `amount` |
//! | `events` | about 180,000 | `visitor` → `customers.id`, NULL for strangers; `product` is NULL for searches |
//! | `returns` | about 3,000 | `returned_at` is a DATETIME |
//! | `wishlists` | 0 | an empty table |
//! | `order_history` | | a view |

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray,
};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Zipf};

const CUSTOMERS: usize = 5_000;
const PRODUCTS: usize = 1_200;
const CATEGORIES: usize = 40;
const EVENTS: usize = 180_000;
/// 2024-01-01, in days since 1970.
const FIRST_DAY: i32 = 19_723;
/// To 2025-06-30.
const DAYS: i32 = 547;
const FIRST_ORDER: i64 = 100_001;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The seed of the shop that `serve` writes.
pub const SEED: u64 = 42;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoReport {
    /// Tables and their rows, by name.
    pub tables: Vec<(String, usize)>,
}

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("{0} is there already and not empty: name a folder that is new or empty, nothing was written")]
    NotEmpty(PathBuf),
    #[error("the demo shop could not be written to {folder}: {source}")]
    Write { folder: PathBuf, source: io::Error },
}

/// Writes the shop into a folder that is new or empty. It appears there whole or not at all. Blocking, about a second.
pub fn write(folder: &Path, seed: u64) -> Result<DemoReport, DemoError> {
    let failed = |source| DemoError::Write { folder: folder.into(), source };
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(DemoError::NotEmpty(folder.into()));
            }
            fs::remove_dir(folder).map_err(failed)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut partial = folder.as_os_str().to_owned();
    partial.push(format!(".partial-{}", std::process::id()));
    let partial = PathBuf::from(partial);
    fs::create_dir_all(&partial).map_err(failed)?;
    let written = write_tables(&partial, seed).and_then(|report| fs::rename(&partial, folder).map(|()| report));
    if written.is_err() {
        // Best effort: the error that matters is the first.
        let _ = fs::remove_dir_all(&partial);
    }
    written.map_err(failed)
}

fn write_tables(folder: &Path, seed: u64) -> io::Result<DemoReport> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let calendar = Calendar::new();
    let catalogue = Products::new(&mut random);
    let shop = Orders::new(&mut random, &calendar, &catalogue);
    let mut tables = vec![
        ("categories", categories()),
        ("customers", customers(&mut random)),
        ("events", events(&mut random, &calendar, &catalogue)),
        ("order_lines", shop.lines_table()),
        ("orders", shop.orders_table()),
        ("product_prices", product_prices(&mut random, &catalogue)),
        ("products", catalogue.table(&mut random)),
        ("returns", returns(&mut random, &shop)),
        ("wishlists", wishlists()),
    ];
    let mut report = DemoReport { tables: vec![] };
    for (name, columns) in tables.drain(..) {
        report.tables.push((name.into(), write_table(folder, name, columns)?));
    }
    fs::write(folder.join("order_history.sql"), VIEW)?;
    Ok(report)
}

const VIEW: &str = "\
SELECT
  o.`id` AS `order_id`,
  o.`buyer_id`,
  o.`ordered_at`,
  COUNT(*) AS `line_count`,
  SUM(l.`amount`) AS `total`
FROM `raw_data.orders` AS o
INNER JOIN `raw_data.order_lines` AS l
  ON l.`order` = o.`id`
GROUP BY o.`id`, o.`buyer_id`, o.`ordered_at`
";

type Columns = Vec<(&'static str, ArrayRef)>;

fn write_table(folder: &Path, name: &str, columns: Columns) -> io::Result<usize> {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).map_err(io::Error::other)?;
    // The writer's own name would hold a version, and the bytes would change with it.
    let properties =
        WriterProperties::builder().set_created_by("trainset demo".into()).set_compression(Compression::SNAPPY).build();
    let file = File::create(folder.join(format!("{name}.parquet")))?;
    let write = || -> Result<(), ParquetError> {
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    };
    write().map_err(io::Error::other)?;
    Ok(batch.num_rows())
}

/// How likely each day is, as a running sum.
struct Calendar {
    until: Vec<f64>,
}

impl Calendar {
    fn new() -> Self {
        let mut sum = 0.0;
        let until = (0..DAYS)
            .map(|day| {
                // 2024-01-01 was a Monday.
                let weekday = [0.9, 0.85, 0.9, 1.0, 1.2, 1.35, 1.1][(day % 7) as usize];
                let of_year = day % 366;
                let december = if (335..360).contains(&of_year) { 1.9 } else { 1.0 };
                let summer = if (182..244).contains(&of_year) { 0.8 } else { 1.0 };
                let growth = 1.0 + 0.4 * f64::from(day) / f64::from(DAYS);
                sum += weekday * december * summer * growth;
                sum
            })
            .collect();
        Self { until }
    }

    /// A moment of the span, in microseconds since 1970.
    fn moment(&self, random: &mut ChaCha8Rng) -> i64 {
        let all = self.until.last().copied().unwrap_or_default();
        let at = random.random_range(0.0..all);
        let day = self.until.partition_point(|until| *until <= at) as i64;
        // Nights are quiet: the latest of two hours, and never before six.
        let hour = random.random_range(6..24i64).max(random.random_range(6..22i64));
        (i64::from(FIRST_DAY) + day) * DAY + (hour * 3600 + random.random_range(0..3600i64)) * SECOND
    }
}

struct Products {
    codes: Vec<String>,
    /// In cents.
    prices: Vec<i64>,
    popularity: Zipf<f64>,
}

impl Products {
    fn new(random: &mut ChaCha8Rng) -> Self {
        let mut prices = vec![];
        for _ in 0..PRODUCTS {
            let spread: f64 = random.random_range(0.0..1.0);
            prices.push(99 + (spread * spread * spread * 19_900.0) as i64);
        }
        Self { codes: (0..PRODUCTS).map(|i| format!("SKU-{:04}", i + 1)).collect(), prices, popularity: zipf(PRODUCTS, 0.95) }
    }

    fn any(&self, random: &mut ChaCha8Rng) -> usize {
        self.popularity.sample(random) as usize - 1
    }

    fn table(&self, random: &mut ChaCha8Rng) -> Columns {
        const KINDS: [&str; 10] = ["Mug", "Lamp", "Chair", "Notebook", "Kettle", "Scarf", "Puzzle", "Plant", "Blanket", "Radio"];
        const MOODS: [&str; 8] = ["Plain", "Tiny", "Grand", "Quiet", "Crème", "Old", "Bright", "Nordic"];
        const BRANDS: [&str; 6] = ["Aalto & Sons", "Kaffeehaus", "O'Neill", "Pärnu", "back\\slash", "Sól"];
        const TAGS: [&str; 6] = ["new", "gift", "sale", "eco", "handmade", "last one"];
        let mut tags = ListBuilder::new(StringBuilder::new());
        for _ in 0..PRODUCTS {
            for _ in 0..random.random_range(0..4) {
                tags.values().append_value(TAGS[random.random_range(0..TAGS.len())]);
            }
            tags.append(true);
        }
        let title = |i: usize| format!("{} {} {}", MOODS[i % 8], KINDS[(i / 8) % 10], i / 80 + 1);
        vec![
            ("product_code", text(self.codes.iter().map(Some))),
            ("title", text((0..PRODUCTS).map(|i| Some(title(i))))),
            ("category", int((0..PRODUCTS).map(|i| (i % 50 != 49).then_some((i % CATEGORIES) as i64 + 1)))),
            ("brand", text((0..PRODUCTS).map(|i| (i % 11 != 10).then_some(BRANDS[(i * 7) % 6])))),
            ("price", cents(self.prices.iter().copied())),
            ("tags", Arc::new(tags.finish())),
            ("discontinued", Arc::new(BooleanArray::from_iter((0..PRODUCTS).map(|i| (i % 17 != 3).then_some(i % 23 == 0))))),
            ("launched_on", date((0..PRODUCTS).map(|i| Some(FIRST_DAY - 900 + (i as i32 * 37) % 1_200)))),
        ]
    }
}

fn zipf(n: usize, exponent: f64) -> Zipf<f64> {
    // Both are constants in range.
    Zipf::new(n as f64, exponent).expect("a positive size and exponent")
}

struct Orders {
    /// Microseconds since 1970, ascending; the id follows from the position.
    at: Vec<i64>,
    buyers: Vec<Option<i64>>,
    lines: Vec<Line>,
}

#[derive(Clone)]
struct Line {
    order: usize,
    number: i64,
    sku: Option<String>,
    quantity: i64,
    /// In cents, negative for a refund.
    amount: i64,
    discount: i64,
}

impl Orders {
    fn new(random: &mut ChaCha8Rng, calendar: &Calendar, products: &Products) -> Self {
        // Parameters in range.
        let activity = LogNormal::new(1.75, 1.0).expect("a finite deviation");
        let mut orders: Vec<(i64, usize)> = vec![];
        for customer in 0..CUSTOMERS {
            let many = if random.random_bool(0.3) { 1 } else { (activity.sample(random) as usize).clamp(1, 150) };
            orders.extend((0..many).map(|_| (calendar.moment(random), customer)));
        }
        orders.sort_unstable();

        let mut bought: Vec<Vec<usize>> = vec![vec![]; CUSTOMERS];
        let mut shop = Self { at: vec![], buyers: vec![], lines: vec![] };
        for (order, (at, customer)) in orders.into_iter().enumerate() {
            shop.at.push(at);
            shop.buyers.push(match random.random_range(0..1000) {
                0..20 => None,
                20..23 => Some(900_000 + customer as i64),
                _ => Some(customer as i64 + 1),
            });
            let mut number = 0;
            while number == 0 || (number < 12 && random.random_bool(0.62)) {
                number += 1;
                let known = &bought[customer];
                let product = if !known.is_empty() && random.random_bool(0.3) {
                    known[random.random_range(0..known.len())]
                } else {
                    products.any(random)
                };
                bought[customer].push(product);
                shop.add_line(random, order, number, product, products);
            }
        }
        shop
    }

    fn add_line(&mut self, random: &mut ChaCha8Rng, order: usize, number: i64, product: usize, products: &Products) {
        let refund = random.random_bool(0.015);
        let quantity = if refund { -1 } else { [1, 1, 1, 1, 2, 2, 3, 6][random.random_range(0..8)] };
        let full = products.prices[product] * quantity;
        let discount = if random.random_bool(0.2) { full / 10 } else { 0 };
        let sku = match random.random_range(0..1000) {
            0..4 => Some(format!("SKU-9{:03}", random.random_range(0..100))),
            4 => None,
            _ => Some(products.codes[product].clone()),
        };
        let line = Line { order, number, sku, quantity, amount: full - discount, discount };
        if random.random_bool(0.002) {
            self.lines.push(line.clone());
        }
        self.lines.push(line);
    }

    fn orders_table(&self) -> Columns {
        const STATUS: [&str; 5] = ["delivered", "delivered", "delivered", "shipped", "cancelled"];
        const CHANNELS: [&str; 3] = ["web", "app", "store"];
        let n = self.at.len();
        vec![
            ("id", int((0..n).map(|i| Some(FIRST_ORDER + i as i64)))),
            ("buyer_id", int(self.buyers.iter().copied())),
            ("ordered_at", timestamp(self.at.iter().copied().map(Some))),
            ("status", text((0..n).map(|i| Some(STATUS[(i * 7) % 5])))),
            ("channel", text((0..n).map(|i| (i % 29 != 28).then_some(CHANNELS[(i * 5 / 3) % 3])))),
        ]
    }

    fn lines_table(&self) -> Columns {
        let lines = || self.lines.iter();
        vec![
            ("order", int(lines().map(|l| Some(FIRST_ORDER + l.order as i64)))),
            ("line", int(lines().map(|l| Some(l.number)))),
            ("sku", text(lines().map(|l| l.sku.as_ref()))),
            ("quantity", int(lines().map(|l| Some(l.quantity)))),
            ("amount", float(lines().map(|l| Some(l.amount as f64 / 100.0)))),
            ("discount", float(lines().map(|l| (l.discount != 0).then_some(l.discount as f64 / 100.0)))),
        ]
    }
}

fn categories() -> Columns {
    let ids: Vec<i64> = (1..=CATEGORIES as i64).chain([7]).collect();
    vec![
        ("category_id", int(ids.iter().copied().map(Some))),
        (
            "name",
            text(
                ids.iter()
                    .enumerate()
                    .map(|(i, id)| Some(if i == CATEGORIES { "Category 7 (old)".into() } else { format!("Category {id}") })),
            ),
        ),
        ("parent_id", int(ids.iter().map(|id| (*id > 8).then_some(id % 8 + 1)))),
    ]
}

fn customers(random: &mut ChaCha8Rng) -> Columns {
    const FIRST: [&str; 10] = ["Ada", "Björn", "Chloé", "Dmitri", "Eve", "Farah", "Gita", "Hugo", "Íñigo", "Jun"];
    const LAST: [&str; 10] =
        ["O'Brien", "Müller", "Nguyễn", "Smith", "D'Angelo", "Kowalski", "Ødegård", "Li", "Haddad", "van 't Hoff"];
    const COUNTRIES: [&str; 7] = ["FI", "SE", "EE", "DE", "FR", "IE", "PL"];
    let n = CUSTOMERS;
    let name = |i: usize| format!("{} {}", FIRST[i % 10], LAST[(i / 10) % 10]);
    let births: Vec<i32> =
        (0..n).map(|i| if i % 1_700 == 1_699 { 36_000 } else { random.random_range(-7_000..13_000) }).collect();
    vec![
        ("id", int((1..=n as i64).map(Some))),
        ("name", text((0..n).map(|i| Some(name(i))))),
        ("email", text((0..n).map(|i| (i % 13 != 0).then(|| format!("customer{}@example.com", i + 1))))),
        ("country", text((0..n).map(|i| (i % 41 != 0).then_some(COUNTRIES[(i * i + 3 * i) % 7])))),
        ("joined_on", date((0..n).map(|i| Some(FIRST_DAY - 700 + (i as i32 * 13) % 1_100)))),
        ("birth_date", date(births.into_iter().enumerate().map(|(i, day)| (i % 9 != 8).then_some(day)))),
        ("newsletter", Arc::new(BooleanArray::from_iter((0..n).map(|i| (i % 5 != 4).then_some(i % 3 == 0))))),
    ]
}

fn product_prices(random: &mut ChaCha8Rng, products: &Products) -> Columns {
    let rows: Vec<(usize, i32)> =
        (0..PRODUCTS).flat_map(|p| (0..random.random_range(1..6)).map(move |i| (p, FIRST_DAY + i * 90))).collect();
    vec![
        ("sku", text(rows.iter().map(|(p, _)| Some(&products.codes[*p])))),
        ("valid_from", date(rows.iter().map(|(_, day)| Some(*day)))),
        ("price", cents(rows.iter().map(|(p, day)| products.prices[*p] * i64::from(90 + (day % 21)) / 100))),
    ]
}

fn events(random: &mut ChaCha8Rng, calendar: &Calendar, products: &Products) -> Columns {
    const KINDS: [&str; 5] = ["view", "view", "view", "basket", "search"];
    let visitors = zipf(CUSTOMERS, 0.6);
    let mut at: Vec<i64> = (0..EVENTS).map(|_| calendar.moment(random)).collect();
    at.sort_unstable();
    let kinds: Vec<&str> = (0..EVENTS).map(|_| KINDS[random.random_range(0..5)]).collect();
    let seen: Vec<usize> = (0..EVENTS).map(|_| products.any(random)).collect();
    let by: Vec<Option<i64>> = (0..EVENTS).map(|_| (!random.random_bool(0.08)).then(|| visitors.sample(random) as i64)).collect();
    vec![
        ("event_id", int((1..=EVENTS as i64).map(Some))),
        ("visitor", int(by.into_iter())),
        ("product", text(kinds.iter().zip(seen).map(|(kind, p)| (*kind != "search").then(|| products.codes[p].as_str())))),
        ("kind", text(kinds.iter().map(Some))),
        ("occurred_at", timestamp(at.into_iter().map(Some))),
    ]
}

fn returns(random: &mut ChaCha8Rng, shop: &Orders) -> Columns {
    const REASONS: [&str; 4] = ["too small", "wrong colour", "didn't like it", "broken"];
    let last = (i64::from(FIRST_DAY) + i64::from(DAYS)) * DAY - SECOND;
    let rows: Vec<(&Line, i64)> = shop
        .lines
        .iter()
        .filter(|line| line.quantity > 0)
        .filter_map(|line| random.random_bool(0.025).then(|| (line, random.random_range(1..20i64))))
        .map(|(line, days)| (line, (shop.at[line.order] + days * DAY).min(last)))
        .collect();
    vec![
        ("return_id", int((1..=rows.len() as i64).map(Some))),
        ("order_number", int(rows.iter().map(|(line, _)| Some(FIRST_ORDER + line.order as i64)))),
        ("sku", text(rows.iter().map(|(line, _)| line.sku.as_ref()))),
        ("returned_at", Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(|(_, at)| *at)))),
        ("reason", text(rows.iter().enumerate().map(|(i, _)| (i % 6 != 5).then_some(REASONS[i % 4])))),
        ("refund", cents(rows.iter().map(|(line, _)| line.amount))),
    ]
}

fn wishlists() -> Columns {
    vec![("customer", int([].into_iter())), ("sku", text::<&str>([].into_iter())), ("added_at", timestamp([].into_iter()))]
}

fn int(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

fn float(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

fn text<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// Days since 1970.
fn date(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Date32Array>())
}

/// Microseconds since 1970.
fn timestamp(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

/// NUMERIC, from cents.
fn cents(values: impl Iterator<Item = i64>) -> ArrayRef {
    let billionths = values.map(|cents| Some(i128::from(cents) * 10_000_000)).collect::<Decimal128Array>();
    // 38 digits, 9 of them after the point, hold any number of cents.
    Arc::new(billionths.with_precision_and_scale(38, 9).expect("NUMERIC's precision"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_one_shop() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let report = write(&a, SEED).unwrap();
        assert_eq!(report, write(&b, SEED).unwrap());
        for entry in fs::read_dir(&a).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(fs::read(a.join(&name)).unwrap() == fs::read(b.join(&name)).unwrap(), "{name:?}");
        }
        let rows = |table: &str| report.tables.iter().find(|(name, _)| name == table).unwrap().1;
        assert_eq!((rows("customers"), rows("products"), rows("wishlists")), (5_000, 1_200, 0));
        assert!((100_000..140_000).contains(&rows("order_lines")), "{report:?}");
        assert!((280_000..320_000).contains(&(rows("order_lines") + rows("events"))), "{report:?}");
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.txt"), "mine").unwrap();
        assert!(matches!(write(folder.path(), SEED), Err(DemoError::NotEmpty(_))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // A file where the folder should be.
        let file = folder.path().join("mine.txt");
        assert!(matches!(write(&file, SEED), Err(DemoError::Write { .. })));
        assert_eq!(fs::read(&file).unwrap(), b"mine");
    }
}
