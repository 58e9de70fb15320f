//! Small tables of known events: user, item, time, and attributes of users and items.

use std::fmt::Write;
use std::fs;
use std::sync::LazyLock;

use crate::engine::Engine;

const USERS: u32 = 20;
const PRODUCTS: u32 = 30;
const DAYS: u32 = 40;

/// The tables, opened once.
///
/// - `singles`: each event at a time of its own; `clicked` is independent of `amount`, `bought` is
///   whether there is an amount
/// - `doubles`: each event of the first users twice
/// - `one_day`: all on one day
/// - `users`: `joined_at` before all events, `updated_at` in the middle of them
/// - `items`: `launched_on` before all events, `repriced_on` in the middle of them
pub static SETS: LazyLock<Engine> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(format!("{name}.csv")), text).unwrap();
    let mut singles = "user_id,product_id,at,amount,clicked,bought\n".to_owned();
    let mut doubles = "user_id,product_id,at\n".to_owned();
    let mut one_day = "user_id,product_id,day\n".to_owned();
    for user in 1..=USERS {
        for day in 0..DAYS {
            let product = (user * 7 + day * 11) % PRODUCTS + 1;
            let at = chrono::NaiveDate::from_ymd_opt(2024, 3, 1).unwrap() + chrono::Days::new(day.into());
            let (hour, minute) = (day % 24, user % 60);
            let amount = if (user + day) % 3 == 0 { 0.0 } else { f64::from(product) / 2.0 };
            let bought = i32::from(amount != 0.0);
            let line = format!("{user},{product},{at}T{hour:02}:{minute:02}:00");
            writeln!(singles, "{line},{amount},{},{bought}", (user * day) % 2).unwrap();
            for _ in 0..if user <= 3 { 2 } else { 1 } {
                writeln!(doubles, "{line}").unwrap();
            }
            if day < 8 {
                writeln!(one_day, "{user},{product},2024-03-01").unwrap();
            }
        }
    }
    write("singles", singles);
    write("doubles", doubles);
    write("one_day", one_day);
    let users = (1..=USERS).map(|user| format!("{user},2023-01-{:02}T10:00:00,2024-03-20T10:00:00\n", user % 28 + 1));
    write("users", format!("user_id,joined_at,updated_at\n{}", users.collect::<String>()));
    let items = (1..=PRODUCTS).map(|item| format!("{item},2023-05-05,2024-03-15\n"));
    write("items", format!("product_id,launched_on,repriced_on\n{}", items.collect::<String>()));
    let engine = Engine::open(folder.path());
    // Read for as long as the tests run.
    std::mem::forget(folder);
    engine
});
