//! Generated configs over ugly tables: what the compiler emits parses as BigQuery's dialect, runs,
//! and gives the oracle's rows.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::dialect::BigQueryDialect;
use datafusion::sql::sqlparser::parser::Parser;
use proptest::prelude::*;
use trainset::domain::dataset::*;
use trainset::domain::sql::{QueryKind, Request, compile};

use crate::configs::{any_config, without_errors};
use crate::engine::{Engine, sorted};
use crate::{impact, oracle, tables};

fn check(engine: &Engine, config: &DatasetConfig) {
    let answer = oracle::answer(config, &engine.catalog, &engine.tables, None);
    let expected = &answer.rows;
    let mut splits: Vec<Option<Split>> = vec![None];
    splits.extend(config.split_config.splits().iter().copied().map(Some));
    for split in splits {
        let query = compile(config, &engine.catalog, &Request { split, ..Request::default() }).unwrap();
        // Equal configs, equal bytes.
        assert_eq!(query, compile(&config.clone(), &engine.catalog, &Request { split, ..Request::default() }).unwrap());
        if let Err(error) = Parser::parse_sql(&BigQueryDialect {}, &query.sql) {
            panic!("{error}\n{}", query.sql);
        }
        let got = sorted(engine.run(&query.sql).rows);
        let wanted = expected.iter().filter(|row| split.is_none_or(|s| row.part == Some(s.as_str())));
        let wanted = sorted(wanted.map(|row| row.values.clone()).collect());
        assert_eq!(got, wanted, "{split:?}\n{}\n{}", serde_json::to_string(config).unwrap(), query.sql);
    }
    // The counts agree with the rows.
    let counts = compile(config, &engine.catalog, &Request { kind: QueryKind::Counts, ..Request::default() }).unwrap();
    let mut parts: BTreeMap<String, i64> = BTreeMap::from([("full".into(), expected.len() as i64)]);
    for part in expected.iter().filter_map(|row| row.part) {
        *parts.entry(part.into()).or_default() += 1;
    }
    let counted = engine.run(&counts.sql);
    let counted: BTreeMap<String, i64> = (0..counted.rows.len())
        .map(|i| {
            (counted.get(i, "part").unwrap().as_str().unwrap().to_owned(), counted.get(i, "row_count").unwrap().as_i64().unwrap())
        })
        .collect();
    assert_eq!(counted, parts, "{}", counts.sql);
    eval_has_its_days(config, &answer);
    every_filter_matters(engine, config);
    impact::check(engine, config, None, &answer);
    impact::holds_by_the_oracle(engine, config);
}

/// Of the N days of eval, eval has each that has rows, and no other: an off-by-one would put a day
/// into both parts or neither.
fn eval_has_its_days(config: &DatasetConfig, answer: &oracle::Answer) {
    let (SplitConfig::TimeBased { eval_days, test_days, .. }, Some(as_of)) = (&config.split_config, answer.as_of) else { return };
    let last = as_of - chrono::Days::new(u64::from(*test_days));
    let before = last - chrono::Days::new(u64::from(*eval_days));
    let days = |rows: &mut dyn Iterator<Item = &oracle::OutRow>| rows.filter_map(|row| row.day).collect::<BTreeSet<_>>();
    let eval = days(&mut answer.rows.iter().filter(|row| row.part == Some("eval")));
    let window = days(&mut answer.rows.iter().filter(|row| row.day.is_some_and(|day| before < day && day <= last)));
    assert_eq!(eval, window);
    assert!(eval.len() <= *eval_days as usize);
}

/// No filter is dropped on the way: the query without it differs.
fn every_filter_matters(engine: &Engine, config: &DatasetConfig) {
    let sql = |config: &DatasetConfig| {
        compile(config, &engine.catalog, &Request { kind: QueryKind::Counts, ..Request::default() }).map(|query| query.sql)
    };
    let whole = sql(config).unwrap();
    let without = |change: &dyn Fn(&mut Filters)| {
        let mut fewer = config.clone();
        change(&mut fewer.filters);
        // Some filters need others; the rest is not a valid config.
        if fewer != *config
            && let Ok(text) = sql(&fewer)
        {
            assert_ne!(text, whole, "{}", serde_json::to_string(config).unwrap());
        }
    };
    without(&|filters| filters.date_range = None);
    without(&|filters| filters.product_filter = None);
    without(&|filters| filters.customer_filter = None);
    without(&|filters| filters.min_interactions = None);
    without(&|filters| filters.sample = None);
    for i in 0..config.filters.rows.len() {
        without(&|filters| drop(filters.rows.remove(i)));
    }
}

/// Any config that validates compiles, parses, runs and gives the oracle's rows. So splits are
/// disjoint and exhaustive, and eval has exactly its days; for any column names, including aliases,
/// names that are not canonical and names that two tables share, and with a date filter or without,
/// since both are one code path.
#[test]
fn generated_configs_give_the_oracles_rows() {
    let folder = tempfile::tempdir().unwrap();
    tables::write(folder.path());
    let engine = Engine::open(folder.path());
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    runner
        .run(&any_config(), |config| {
            check(&engine, &without_errors(config, &engine.catalog));
            Ok(())
        })
        .unwrap();
}
