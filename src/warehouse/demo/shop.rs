//! The content of the demo shop, generated from one seed: its sizes, its calendar and the list of
//! its tables. Makes columns; writes nothing.
//!
//! Every table has its own stream of random numbers, so that a change to one leaves most others as
//! they were.

mod goods;
mod orders;
mod people;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::columns::Columns;
use goods::Products;
use orders::Orders;

const CUSTOMERS: usize = 5_000;
const PRODUCTS: usize = 1_200;
const EVENTS: usize = 180_000;
/// Duplicate events; included in [`EVENTS`].
const EVENTS_TWICE: usize = 500;
/// Maximum number of orders per customer.
const MOST_ORDERS: usize = 250;
const MOST_LINES: i64 = 12;
/// 2024-01-01, in days since 1970.
const FIRST_DAY: i32 = 19_723;
/// To 2025-06-30.
const DAYS: i32 = 547;
/// Existing orders are numbered from here, missing ones from the other.
const FIRST_ORDER: i64 = 100_001;
const FIRST_LOST_ORDER: i64 = 999_001;
/// Buyers without a customer have ids from here.
const FIRST_STRANGER: i64 = 900_001;

/// Microseconds per second.
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// First and last instant, in microseconds since 1970.
const BEGIN: i64 = FIRST_DAY as i64 * DAY;
const END: i64 = BEGIN + DAYS as i64 * DAY - 1;

/// All tables, by name.
pub(super) fn tables(seed: u64) -> Vec<(&'static str, Columns)> {
    let stream = |number: u64| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        random
    };
    let calendar = Calendar::new();
    let products = Products::new(&mut stream(1));
    let orders = Orders::new(&mut stream(2), &calendar, &products);
    vec![
        ("categories", goods::categories()),
        ("customers", people::customers(&mut stream(3), &orders)),
        ("events", people::events(&mut stream(4), &calendar, &products, &orders)),
        ("order_lines", orders.lines_table()),
        ("orders", orders.table(&mut stream(5))),
        ("product_prices", goods::product_prices(&mut stream(6), &products)),
        ("products", products.table(&mut stream(7))),
        ("returns", orders::returns(&mut stream(8), &orders)),
        ("wishlists", people::wishlists()),
    ]
}

fn one_of<T: Copy>(random: &mut ChaCha8Rng, values: &[T]) -> T {
    values[random.random_range(0..values.len())]
}

/// The cumulative weight of each day.
struct Calendar {
    until: Vec<f64>,
}

impl Calendar {
    fn new() -> Self {
        let mut sum = 0.0;
        let until = (0..DAYS)
            .map(|day| {
                // 2024-01-01 was a Monday, and 2024 had 366 days.
                let weekday = [0.9, 0.85, 0.9, 1.0, 1.2, 1.35, 1.1][(day % 7) as usize];
                let season = match day % 366 {
                    335..360 => 1.9,
                    182..244 => 0.8,
                    _ => 1.0,
                };
                let growth = 1.0 + 0.4 * f64::from(day) / f64::from(DAYS);
                sum += weekday * season * growth;
                sum
            })
            .collect();
        Self { until }
    }

    /// An instant, in microseconds since 1970.
    fn moment(&self, random: &mut ChaCha8Rng) -> i64 {
        let all = self.until.last().copied().unwrap_or_default();
        let at = random.random_range(0.0..all);
        let day = self.until.partition_point(|until| *until <= at) as i64;
        // Most orders are placed late in the day, and few at night.
        let hour = match random.random_range(0..100) {
            0..4 => random.random_range(0..24i64),
            _ => random.random_range(6..24i64).max(random.random_range(6..22i64)),
        };
        BEGIN + day * DAY + hour * 3_600 * SECOND + random.random_range(0..3_600 * SECOND)
    }
}

/// Moves the first and the last of a sorted list to the ends of the period, so that its first and
/// last days are complete.
fn ends<T>(sorted: &mut [T], at: impl Fn(&mut T) -> &mut i64) {
    if let [first, .., last] = sorted {
        *at(first) = BEGIN;
        *at(last) = END;
    }
}
