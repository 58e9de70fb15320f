//! Orders and returns of the demo shop.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

use super::super::columns::{Columns, cents, datetime, float, int, text, timestamp};
use super::goods::{CATEGORIES, Products};
use super::{
    CUSTOMERS, Calendar, DAY, END, FIRST_LOST_ORDER, FIRST_ORDER, FIRST_STRANGER, MOST_LINES, MOST_ORDERS, ends, one_of,
};

pub(super) struct Orders {
    /// Microseconds since 1970, ascending; the id follows from the position.
    pub at: Vec<i64>,
    pub buyers: Vec<Option<i64>>,
    pub lines: Vec<Line>,
    /// When each customer first ordered, if ever.
    pub first: Vec<Option<i64>>,
}

#[derive(Clone)]
pub(super) struct Line {
    /// The order's position, and the id in the line.
    pub order: usize,
    pub order_id: i64,
    pub number: i64,
    pub product: usize,
    /// The product code in the line, which may be wrong or missing.
    pub sku: Option<String>,
    pub quantity: i64,
    /// In cents. A refund's amount is negative.
    pub price: i64,
    pub amount: i64,
    pub discount: i64,
}

impl Orders {
    pub fn new(random: &mut ChaCha8Rng, calendar: &Calendar, products: &Products) -> Self {
        // Parameters in range.
        let activity = LogNormal::new(2.14, 1.0).expect("a finite deviation");
        let mut when: Vec<(i64, usize)> = vec![];
        for customer in 0..CUSTOMERS {
            let many = match random.random_range(0..100) {
                0..4 => 0,
                4..37 => 1,
                _ => (activity.sample(random) as usize).clamp(2, MOST_ORDERS),
            };
            when.extend((0..many).map(|_| (calendar.moment(random), customer)));
        }
        when.sort_unstable();
        ends(&mut when, |(at, _)| at);

        let mut bought: Vec<Vec<usize>> = vec![vec![]; CUSTOMERS];
        let mut shop = Self { at: vec![], buyers: vec![], lines: vec![], first: vec![None; CUSTOMERS] };
        for (order, (at, customer)) in when.into_iter().enumerate() {
            shop.at.push(at);
            shop.first[customer].get_or_insert(at);
            shop.buyers.push(match random.random_range(0..1_000) {
                0..20 => None,
                20..23 => Some(FIRST_STRANGER + customer as i64),
                _ => Some(customer as i64 + 1),
            });
            let known = &mut bought[customer];
            let mut number = 0;
            while number == 0 || (number < MOST_LINES && random.random_bool(0.62)) {
                number += 1;
                let refund = !known.is_empty() && random.random_bool(0.015);
                let product = match random.random_range(0..100) {
                    chance if !known.is_empty() && (refund || chance < 30) => one_of(random, known),
                    // A favourite that is independent of the id.
                    chance if chance < 65 => products.of_category(random, customer * 17 % CATEGORIES.len()),
                    _ => products.any(random),
                };
                known.push(product);
                shop.add_line(random, products, order, number, product, refund);
            }
        }
        shop
    }

    fn add_line(
        &mut self,
        random: &mut ChaCha8Rng,
        products: &Products,
        order: usize,
        number: i64,
        product: usize,
        refund: bool,
    ) {
        let quantity = if refund { -1 } else { one_of(random, &[1, 1, 1, 1, 1, 2, 2, 3, 6]) };
        let price = products.prices[product];
        let discount = if !refund && random.random_bool(0.2) { price * quantity / 10 } else { 0 };
        let sku = match random.random_range(0..1_000) {
            0..4 => Some(format!("SKU-9{:03}", random.random_range(0..100))),
            4 => None,
            _ => Some(products.codes[product].clone()),
        };
        let order_id = if random.random_bool(0.000_5) { FIRST_LOST_ORDER } else { FIRST_ORDER } + order as i64;
        let amount = price * quantity - discount;
        let line = Line { order, order_id, number, product, sku, quantity, price, amount, discount };
        if random.random_bool(0.002) {
            self.lines.push(line.clone());
        }
        self.lines.push(line);
    }

    pub fn table(&self, random: &mut ChaCha8Rng) -> Columns {
        const STATUS: [&str; 10] = [
            "delivered",
            "delivered",
            "delivered",
            "delivered",
            "delivered",
            "delivered",
            "delivered",
            "shipped",
            "shipped",
            "cancelled",
        ];
        const CHANNELS: [Option<&str>; 8] =
            [Some("web"), Some("web"), Some("web"), Some("web"), Some("app"), Some("app"), Some("store"), None];
        let all = || 0..self.at.len();
        vec![
            ("id", int(all().map(|i| Some(FIRST_ORDER + i as i64)))),
            ("buyer_id", int(self.buyers.iter().copied())),
            ("ordered_at", timestamp(self.at.iter().copied().map(Some))),
            ("status", text(all().map(|_| Some(one_of(random, &STATUS))))),
            ("channel", text(all().map(|_| one_of(random, &CHANNELS)))),
        ]
    }

    pub fn lines_table(&self) -> Columns {
        let lines = || self.lines.iter();
        vec![
            ("order", int(lines().map(|line| Some(line.order_id)))),
            ("line", int(lines().map(|line| Some(line.number)))),
            ("sku", text(lines().map(|line| line.sku.as_ref()))),
            ("quantity", int(lines().map(|line| Some(line.quantity)))),
            ("unit_price", cents(lines().map(|line| line.price))),
            ("amount", float(lines().map(|line| Some(line.amount as f64 / 100.0)))),
            ("discount", float(lines().map(|line| (line.discount != 0).then_some(line.discount as f64 / 100.0)))),
        ]
    }
}

pub(super) fn returns(random: &mut ChaCha8Rng, orders: &Orders) -> Columns {
    const REASONS: [Option<&str>; 6] =
        [Some("too small"), Some("wrong colour"), Some("didn't like it"), Some("broken"), Some("other"), None];
    let mut rows: Vec<(&Line, i64)> = vec![];
    for line in orders.lines.iter().filter(|line| line.quantity > 0) {
        if random.random_bool(0.025) {
            rows.push((line, orders.at[line.order] + random.random_range(1..20) * DAY));
        }
    }
    rows.retain(|(_, at)| *at <= END);
    vec![
        ("return_id", int((1..=rows.len() as i64).map(Some))),
        ("order_number", int(rows.iter().map(|(line, _)| Some(line.order_id)))),
        ("sku", text(rows.iter().map(|(line, _)| line.sku.as_ref()))),
        ("returned_at", datetime(rows.iter().map(|(_, at)| (!random.random_bool(0.05)).then_some(*at)))),
        ("reason", text(rows.iter().map(|_| one_of(random, &REASONS)))),
        ("refund", cents(rows.iter().map(|(line, _)| line.amount))),
        // In the format of the old point of sale.
        (
            "booked_on",
            text(rows.iter().enumerate().map(|(i, (_, at))| Some(if i % 53 == 7 { "n/a".into() } else { compact_day(*at) }))),
        ),
    ]
}

/// `20240131`, from microseconds since 1970.
fn compact_day(at: i64) -> String {
    chrono::DateTime::from_timestamp_micros(at).map(|at| at.format("%Y%m%d").to_string()).unwrap_or_default()
}
