//! A fictitious shop, written as Parquet: what a newcomer sees first and what tests run on. Knows
//! files; nothing of datasets.
//!
//! The same seed gives the same bytes. 18 months, 2024-01-01 00:00:00 to 2025-06-30 23:59:59.999999
//! UTC, both instants in `orders` and in `events`; weekends, a summer lull, a December peak,
//! growth; Zipf popularity with a favourite category for each customer. The 20 % of products that
//! sell best make about 70 % of the revenue; about 35 % of the buyers have ordered once, a few more
//! than a hundred times.
//!
//! A dataset to begin with: `order_lines` with `orders` and `products`; user `orders.buyer_id`,
//! product `order_lines.sku`, timestamp `orders.ordered_at`, revenue `order_lines.amount`.
//!
//! Tables, with their numbers of rows:
//!
//! - `categories` (41): `category_id` INT64, `name`, `parent_id`
//! - `customers` (5,000): `id` INT64, `name`, `email`, `country` STRING, `joined_on`, `birth_date`
//!   DATE, `newsletter` BOOL
//! - `events` (180,000): `event_id` INT64, `visitor` → `customers.id`, `product` →
//!   `products.product_code`, `kind`, `occurred_at` TIMESTAMP, `client_ms` INT64 of milliseconds
//! - `order_lines` (about 120,000): `order` → `orders.id`, `line`, `sku` → `products.product_code`,
//!   `quantity` INT64, `unit_price` NUMERIC, `amount`, `discount` FLOAT64
//! - `orders` (about 46,000): `id` INT64, `buyer_id` → `customers.id`, `ordered_at` TIMESTAMP,
//!   `status`, `channel` STRING
//! - `product_prices` (about 3,600): `sku` → `products.product_code`, `valid_from` DATE, `price`
//!   NUMERIC
//! - `products` (1,200): `product_code` STRING, `title`, `category` → `categories.category_id`,
//!   `brand`, `price` NUMERIC, `tags` ARRAY of STRING, `discontinued` BOOL, `launched_on` DATE
//! - `returns` (about 2,900): `return_id` INT64, `order_number` → `orders.id`, `sku`, `returned_at`
//!   DATETIME, `reason`, `refund` NUMERIC, `booked_on` STRING as 20240131
//! - `wishlists` (0): `customer`, `sku`, `added_at` TIMESTAMP
//! - `order_history`, a view with one row per order: `order_id`, `buyer_id`, `ordered_at`,
//!   `line_count`, `total`
//!
//! Flaws planted as in real data (counts of [`SEED`]'s shop):
//!
//! - NULL ids: `orders.buyer_id` of guests (973), `order_lines.sku` (144), `events.visitor`
//!   (8.5 %), `events.product` of searches (10 %), `products.category` (24)
//! - orphans: `orders.buyer_id` of 900,001 and more (115), `order_lines.sku` SKU-9000 to SKU-9099
//!   (471), `order_lines.order` of 999,001 and more (77), `events.visitor` as the orders
//! - exact duplicates: rows of `order_lines` (251) and of `events` (500)
//! - duplicate keys: `categories.category_id` 7; `product_prices.sku`, up to five times
//! - refunds: `order_lines` with a negative `quantity` and `amount` (1,809)
//! - text: O'Brien, `Back\Slash`, `Children's toys`, `DIY \ Tools`, Nguyễn, Ødegård
//! - times without a temporal type: `events.client_ms` (sometimes NULL), `returns.booked_on` (some
//!   are n/a)
//! - two `birth_date` of 2068, and some NULL; empty `tags` (about a quarter); `returned_at` NULL
//!   for returns under way (about 5 %)
//! - a column named `order`; keys with different names on the two sides; `id` and `price` in two
//!   tables; an empty table

mod columns;
mod shop;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;

use columns::Columns;

/// The seed of the standard shop.
pub const SEED: u64 = 42;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoReport {
    /// Tables and their rows, by name. Without the view.
    pub tables: Vec<(String, usize)>,
}

/// `categories (41), customers (5000), …`, on one line.
impl fmt::Display for DemoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables: Vec<String> = self.tables.iter().map(|(name, rows)| format!("{name} ({rows})")).collect();
        f.write_str(&tables.join(", "))
    }
}

/// Why no shop was written. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("{} is not empty. Choose a folder that is empty or does not exist yet.", .0.display())]
    NotEmpty(PathBuf),
    /// `.`, `..` or a root: nothing can be moved there.
    #[error("The demo shop needs its own folder. Choose one that does not exist yet, such as {}.", .0.join("demo-shop").display())]
    NoName(PathBuf),
    #[error("The demo shop could not be written to {}: {source}.", .folder.display())]
    Write { folder: PathBuf, source: io::Error },
}

/// Writes the shop into a folder that is new or empty, whole or not at all. Blocks for about a
/// second.
pub fn write(folder: &Path, seed: u64) -> Result<DemoReport, DemoError> {
    place(folder, |partial| fill(partial, seed))
}

/// Creates a folder by filling another one beside it and moving that into place.
fn place<T>(folder: &Path, fill: impl FnOnce(&Path) -> io::Result<T>) -> Result<T, DemoError> {
    let failed = |source| DemoError::Write { folder: folder.into(), source };
    let name = folder.file_name().ok_or_else(|| DemoError::NoName(folder.into()))?;
    let exists = match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => return Err(DemoError::NotEmpty(folder.into())),
            None => true,
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(failed(error)),
    };
    // A leading dot, so that a folder of tables around it does not take it for a table.
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".partial-{}", std::process::id()));
    let partial = Partial(folder.with_file_name(hidden));
    // A killed process with our id may have left one: process ids repeat in containers.
    let made = match fs::remove_dir_all(&partial.0) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir_all(&partial.0),
    };
    let filled = made.and_then(|()| fill(&partial.0)).map_err(failed)?;
    if exists {
        // Not every system renames onto an empty folder. If it has been filled meanwhile, this
        // fails and leaves it alone.
        fs::remove_dir(folder).map_err(failed)?;
    }
    fs::rename(&partial.0, folder).map_err(failed)?;
    Ok(filled)
}

/// A folder that is removed on drop, complete or not, unless it was moved.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Best effort: the first error is the one that matters.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn fill(folder: &Path, seed: u64) -> io::Result<DemoReport> {
    let mut report = DemoReport { tables: vec![] };
    for (name, columns) in shop::tables(seed) {
        report.tables.push((name.into(), write_table(folder, name, columns)?));
    }
    fs::write(folder.join(format!("{VIEW_NAME}.sql")), VIEW)?;
    Ok(report)
}

const VIEW_NAME: &str = "order_history";
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

fn write_table(folder: &Path, name: &str, columns: Columns) -> io::Result<usize> {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).map_err(io::Error::other)?;
    // The writer's default name holds its version, which would change the bytes.
    let properties =
        WriterProperties::builder().set_created_by("trainset demo".into()).set_compression(Compression::SNAPPY).build();
    let file = File::create(folder.join(format!("{name}.parquet")))?;
    let write = || -> Result<(), ParquetError> {
        let mut writer = ArrowWriter::try_new(&file, batch.schema(), Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    };
    write().map_err(io::Error::other)?;
    // Flushed to disk before the folder gets its name.
    file.sync_all()?;
    Ok(batch.num_rows())
}
