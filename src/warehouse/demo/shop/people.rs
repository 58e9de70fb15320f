//! Customers of the demo shop, and the products that they view.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::columns::{Columns, boolean, date, int, text, timestamp};
use super::goods::Products;
use super::orders::Orders;
use super::{BEGIN, CUSTOMERS, Calendar, DAY, DAYS, EVENTS, EVENTS_TWICE, FIRST_DAY, SECOND, ends, one_of};

pub(super) fn customers(random: &mut ChaCha8Rng, orders: &Orders) -> Columns {
    const FIRST: [&str; 10] = ["Ada", "Björn", "Chloé", "Dmitri", "Eve", "Farah", "Gita", "Hugo", "Íñigo", "Jun"];
    const LAST: [&str; 10] =
        ["O'Brien", "Müller", "Nguyễn", "Smith", "D'Angelo", "Kowalski", "Ødegård", "Li", "Haddad", "van 't Hoff"];
    const COUNTRIES: [&str; 10] = ["DE", "DE", "DE", "FR", "FR", "PL", "SE", "FI", "IE", "EE"];
    /// 2068-07-25, in days since 1970.
    const FAR: i32 = 36_000;
    let all = || 0..CUSTOMERS;
    // Customers join before their first order.
    let joined: Vec<i32> =
        all().map(|i| orders.first[i].map_or(FIRST_DAY + DAYS, |at| (at / DAY) as i32) - random.random_range(0..500)).collect();
    let births: Vec<i32> = all().map(|i| if i % 1_700 == 1_699 { FAR } else { random.random_range(-9_000..13_000) }).collect();
    vec![
        ("id", int(all().map(|i| Some(i as i64 + 1)))),
        ("name", text(all().map(|i| Some(format!("{} {}", FIRST[i % 10], LAST[(i / 10) % 10]))))),
        ("email", text(all().map(|i| (i % 13 != 0).then(|| format!("customer{}@example.com", i + 1))))),
        ("country", text(all().map(|i| (i % 41 != 0).then(|| one_of(random, &COUNTRIES))))),
        ("joined_on", date(joined.into_iter().map(Some))),
        ("birth_date", date(births.into_iter().enumerate().map(|(i, day)| (i % 9 != 8).then_some(day)))),
        ("newsletter", boolean(all().map(|i| (i % 5 != 4).then_some(i % 3 == 0)))),
    ]
}

#[derive(Clone)]
struct Event {
    at: i64,
    visitor: Option<i64>,
    product: Option<usize>,
    kind: &'static str,
}

/// Half of them lead to an order: its buyer views its products in the hours before. The others are
/// by anybody.
pub(super) fn events(random: &mut ChaCha8Rng, calendar: &Calendar, products: &Products, orders: &Orders) -> Columns {
    let mut events: Vec<Event> = (0..EVENTS - EVENTS_TWICE)
        .map(|_| {
            if random.random_bool(0.5) {
                let line = &orders.lines[random.random_range(0..orders.lines.len())];
                Event {
                    at: (orders.at[line.order] - random.random_range(60..4 * 3_600) * SECOND).max(BEGIN),
                    visitor: orders.buyers[line.order],
                    product: Some(line.product),
                    kind: one_of(random, &["view", "view", "basket"]),
                }
            } else {
                let kind = one_of(random, &["view", "view", "view", "view", "search"]);
                Event {
                    at: calendar.moment(random),
                    visitor: (!random.random_bool(0.15)).then(|| random.random_range(1..=CUSTOMERS as i64)),
                    product: (kind != "search").then(|| products.any(random)),
                    kind,
                }
            }
        })
        .collect();
    events.sort_by_key(|event| event.at);
    ends(&mut events, |event| &mut event.at);
    let apart = events.len() / EVENTS_TWICE;
    let sent: Vec<(usize, &Event)> = events
        .iter()
        .enumerate()
        .flat_map(|(i, event)| {
            let times = if i % apart == 0 && i / apart < EVENTS_TWICE { 2 } else { 1 };
            std::iter::repeat_n((i + 1, event), times)
        })
        .collect();
    let all = || sent.iter();
    vec![
        ("event_id", int(all().map(|(id, _)| Some(*id as i64)))),
        ("visitor", int(all().map(|(_, event)| event.visitor))),
        ("product", text(all().map(|(_, event)| event.product.map(|product| &products.codes[product])))),
        ("kind", text(all().map(|(_, event)| Some(event.kind)))),
        ("occurred_at", timestamp(all().map(|(_, event)| Some(event.at)))),
        // The visitor's own clock, in milliseconds: a few seconds off, and sometimes missing.
        ("client_ms", int(all().map(|(id, event)| (id % 97 != 0).then_some(event.at / 1_000 + (*id as i64 % 7 - 3) * 1_370)))),
    ]
}

pub(super) fn wishlists() -> Columns {
    vec![("customer", int([].into_iter())), ("sku", text::<&str>([].into_iter())), ("added_at", timestamp([].into_iter()))]
}
