//! Every golden config of `tests/goldens`: its analysis equals the oracle's counts, and its
//! estimates what its split queries give.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::LazyLock;

use trainset::domain::analysis::{AnalysisMetrics, DistinctCounts, Part, read};
use trainset::domain::dataset::{DatasetConfig, Role, SplitConfig};
use trainset::domain::sql::{QueryKind, Request, compile};
use trainset::warehouse::demo;

use crate::engine::Engine;
use crate::files::{Golden, goldens};
use crate::oracle::{self, Answer, OutRow, Tables};

struct Shop {
    engine: Engine,
    tables: Tables,
}

/// The demo shop, opened once, its tables read whole for the oracle.
static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    demo::write(&shop, demo::SEED).unwrap();
    let engine = Engine::open(&shop);
    // Read for as long as the tests run.
    std::mem::forget(folder);
    let named = |table: &str| format!("raw_data.{table}").parse().unwrap();
    let names = [
        "categories",
        "customers",
        "events",
        "order_history",
        "order_lines",
        "orders",
        "product_prices",
        "products",
        "returns",
        "wishlists",
    ];
    let tables = names.map(|table| (named(table), engine.run(&format!("SELECT * FROM `raw_data.{table}`")))).into();
    Shop { engine, tables }
});

// In two, so that the cores share them.
#[test]
fn analyses_are_what_the_oracle_counts_1_of_2() {
    for golden in goldens().iter().step_by(2) {
        check(golden);
    }
}

#[test]
fn analyses_are_what_the_oracle_counts_2_of_2() {
    for golden in goldens().iter().skip(1).step_by(2) {
        check(golden);
    }
}

fn check(golden: &Golden) {
    let Golden { name, config, request, .. } = golden;
    let engine = &SHOP.engine;
    let answer = oracle::answer(config, &engine.catalog, &SHOP.tables, request.as_of);
    // As it is run: with the reference date as a literal.
    let request = Request { kind: QueryKind::Analysis, as_of: answer.as_of, ..Request::default() };
    let metrics = read(config, &engine.run(&compile(config, &engine.catalog, &request).unwrap().sql));
    assert_eq!(metrics.as_of, answer.as_of, "{name}");
    counts(name, config, &metrics, &answer);
    entities(name, config, &metrics, &answer);
    let judged = trainset::domain::analysis::judge(config, &metrics, chrono::NaiveDate::from_ymd_opt(2030, 1, 1).unwrap());

    // Exactly what each split's query gives: approximate estimates would mislead.
    for estimate in &judged.split_estimates {
        let rows =
            compile(config, &engine.catalog, &Request { split: Some(estimate.split), as_of: answer.as_of, ..Request::default() });
        assert_eq!(estimate.rows, engine.count(&rows.unwrap().sql), "{name} {:?}", estimate.split);
    }
    let proof = judged.split_proof;
    assert_eq!(proof.is_some(), config.split_config != SplitConfig::None, "{name}");
    if let Some(proof) = proof {
        assert_eq!(proof.rows_in_two_splits, 0, "{name}");
        let first_eval = answer.rows.iter().filter(|row| row.part == Some("eval")).filter_map(|row| row.at).min();
        let late = |row: &&OutRow| row.part == Some("train") && row.at.zip(first_eval).is_some_and(|(at, first)| at > first);
        let late = config.column_mapping.timestamp.as_ref().map(|_| answer.rows.iter().filter(late).count() as u64);
        assert_eq!(proof.train_rows_after_first_eval, late, "{name}");
    }
}

fn counts(name: &str, config: &DatasetConfig, metrics: &AnalysisMetrics, answer: &Answer) {
    for counted in &metrics.counts {
        let rows: Vec<&OutRow> =
            answer.rows.iter().filter(|row| counted.part == Part::Full || row.part == Some(counted.part.as_str())).collect();
        assert_eq!(counted.rows, rows.len() as u64, "{name} {:?}", counted.part);
        let days = || rows.iter().filter_map(|row| row.day);
        assert_eq!((counted.first_day, counted.last_day), (days().min(), days().max()), "{name}");
        // To the instant.
        let instant = |at: i64| chrono::DateTime::from_timestamp_micros(at).unwrap().naive_utc();
        let times = || rows.iter().filter_map(|row| row.at.map(instant));
        assert_eq!((counted.first_at, counted.last_at), (times().min(), times().max()), "{name} {:?}", counted.part);
    }
    let mut days: BTreeMap<(bool, Option<chrono::NaiveDate>, Part), u64> = BTreeMap::new();
    for row in &answer.rows {
        let part = row.part.map_or(Part::Full, |word| Part::ALL.into_iter().find(|part| part.as_str() == word).unwrap());
        *days.entry((row.day.is_none(), row.day, part)).or_default() += 1;
    }
    let wanted: Vec<_> = days.into_iter().map(|((_, day, part), rows)| (day, part, rows)).collect();
    assert_eq!(metrics.per_day.iter().map(|day| (day.day, day.part, day.rows)).collect::<Vec<_>>(), wanted, "{name}");

    let without = |missing: fn(&OutRow) -> bool| answer.rows.iter().filter(|row| missing(row)).count() as u64;
    let mapped = |role: Role, nulls: u64| config.column_mapping.get(role).map(|_| nulls);
    assert_eq!(metrics.null_users, mapped(Role::UserId, without(|row| row.user.is_none())), "{name}");
    assert_eq!(metrics.null_products, mapped(Role::ProductId, without(|row| row.product.is_none())), "{name}");
    assert_eq!(metrics.null_timestamps, mapped(Role::Timestamp, without(|row| row.at.is_none())), "{name}");

    // Each stage counts over what the one before left, or the funnel would not match the dataset.
    let funnel: BTreeMap<&str, [usize; 3]> = answer.funnel.iter().copied().collect();
    for stage in &metrics.funnel {
        let [rows, users, products] = funnel[stage.stage.as_str()].map(|n| n as u64);
        let wanted = (rows, mapped(Role::UserId, users), mapped(Role::ProductId, products));
        assert_eq!((stage.rows, stage.users, stage.products), wanted, "{name} {}", stage.stage);
    }
    assert_eq!(metrics.funnel.last().map(|stage| stage.rows), Some(answer.rows.len() as u64), "{name}");
    // What each join does to the rows: a right key that is not unique multiplies them without an
    // error.
    let joins: Vec<[u64; 4]> =
        metrics.joins.iter().map(|j| [j.rows_before, j.matched_rows, j.rows_after, j.largest_fan_out]).collect();
    let wanted = answer.joins.iter().map(|j| [j.before, j.matched, j.after, j.largest].map(|n| n as u64));
    assert_eq!(joins, wanted.collect::<Vec<_>>(), "{name}");
}

fn entities(name: &str, config: &DatasetConfig, metrics: &AnalysisMetrics, answer: &Answer) {
    let mapped = |roles: &[Role]| roles.iter().all(|role| config.column_mapping.get(*role).is_some());
    let splits = config.split_config.splits().len();
    let (u, p, t) = (Role::UserId, Role::ProductId, Role::Timestamp);
    let pair = |row: &OutRow| row.user.clone().zip(row.product.clone());
    let users = mapped(&[u]).then(|| counted(answer, splits, |row| row.user.clone()));
    let products = mapped(&[p]).then(|| counted(answer, splits, |row| row.product.clone()));
    let pairs = mapped(&[u, p]).then(|| counted(answer, splits, pair));
    let events = mapped(&[u, p, t]).then(|| counted(answer, splits, |row| pair(row).zip(row.at)));
    let baskets = mapped(&[u, t]).then(|| counted(answer, splits, |row| row.user.clone().zip(row.at)));
    assert_eq!(metrics.users, users, "{name}");
    assert_eq!(metrics.products, products, "{name}");
    assert_eq!(metrics.pairs, pairs, "{name}");
    assert_eq!(metrics.events, events, "{name}");
    assert_eq!(metrics.baskets, baskets, "{name}");
}

/// Entities by a map of their rows in each part.
fn counted<K: Hash + Eq>(answer: &Answer, splits: usize, key: impl Fn(&OutRow) -> Option<K>) -> DistinctCounts {
    let mut rows: HashMap<K, BTreeMap<&str, u64>> = HashMap::new();
    for row in &answer.rows {
        if let Some(key) = key(row) {
            *rows.entry(key).or_default().entry(row.part.unwrap_or("full")).or_default() += 1;
        }
    }
    let of = |parts: &BTreeMap<&str, u64>, part: &str| parts.get(part).copied().unwrap_or_default();
    let has = |part: &str| rows.values().filter(|parts| of(parts, part) > 0).count() as u64;
    let cold = |part: &str| {
        rows.values().filter(|parts| of(parts, "train") == 0).map(|parts| of(parts, part)).filter(|n| *n > 0).collect::<Vec<_>>()
    };
    let shared =
        |parts: &&BTreeMap<&str, u64>| ["train", "eval", "test"].into_iter().filter(|part| of(parts, part) > 0).count() > 1;
    let split = |at_least: usize, number: u64| (splits >= at_least).then_some(number);
    DistinctCounts {
        rows: rows.values().flat_map(BTreeMap::values).sum(),
        all: rows.len() as u64,
        once: rows.values().filter(|parts| parts.values().sum::<u64>() == 1).count() as u64,
        train: split(1, has("train")),
        eval: split(1, has("eval")),
        test: split(3, has("test")),
        gap: split(1, has("gap")),
        cold_eval: split(1, cold("eval").len() as u64),
        cold_eval_rows: split(1, cold("eval").iter().sum()),
        cold_test: split(3, cold("test").len() as u64),
        cold_test_rows: split(3, cold("test").iter().sum()),
        shared: split(1, rows.values().filter(shared).count() as u64),
    }
}
