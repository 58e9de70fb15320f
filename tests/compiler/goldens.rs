//! The golden configs of `tests/goldens`: their SQL is stored beside them, runs on the demo shop,
//! and gives what the oracle counts.
//!
//! `NN-name.json` holds the config and, if it is not the rows of the last split, the request;
//! `NN-name.sql` the text that it compiles to; `catalog.json` the demo shop's schemas.
//! `UPDATE_GOLDENS=1` rewrites the texts and the schemas. The browser compiles the same files in
//! `end2end/`.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::LazyLock;

use datafusion::sql::sqlparser::dialect::BigQueryDialect;
use datafusion::sql::sqlparser::parser::Parser;
use trainset::domain::dataset::DatasetConfig;
use trainset::domain::schema::TableSchema;
use trainset::domain::sql::{QueryKind, Request, compile};
use trainset::domain::value::Value;
use trainset::warehouse::demo;

use crate::engine::Engine;
use crate::files::{Golden, folder, goldens};
use crate::impact;
use crate::oracle::{self, Answer, OutRow};

/// The demo shop, opened once.
pub static SHOP: LazyLock<Engine> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    demo::write(&shop, demo::SEED).unwrap();
    let engine = Engine::open(&shop);
    // Read for as long as the tests run.
    std::mem::forget(folder);
    engine
});

/// The stored file equals the compiled text; or is updated.
fn kept(file: &Path, made: &str) {
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(file, made).unwrap();
        return;
    }
    let kept = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(kept, made, "{} differs; UPDATE_GOLDENS=1 writes it anew", file.display());
}

#[test]
fn the_catalog_is_the_shops() {
    let schemas: Vec<&TableSchema> = SHOP.tables.keys().map(|table| SHOP.catalog.schema(table).unwrap()).collect();
    kept(&folder().join("catalog.json"), &format!("{}\n", serde_json::to_string_pretty(&schemas).unwrap()));
}

#[test]
fn the_sql_equals_the_goldens() {
    let goldens = goldens();
    assert!(goldens.len() >= 60);
    for golden in &goldens {
        let query = compile(&golden.config, &SHOP.catalog, &golden.request).unwrap_or_else(|f| panic!("{}: {f:?}", golden.name));
        assert!(Parser::parse_sql(&BigQueryDialect {}, &query.sql).is_ok(), "{}", golden.name);
        // Flat CTEs, so that each stage has a unique name and none of them can collide.
        assert!(!query.sql.lines().skip(1).any(|line| line.contains("WITH")), "{}", golden.name);
        kept(&folder().join(format!("{}.sql", golden.name)), &format!("{}\n", query.sql));
    }
}

// In four, so that the cores share them.
#[test]
fn the_sql_returns_the_oracles_rows_1_of_4() {
    check_every(4, 0);
}

#[test]
fn the_sql_returns_the_oracles_rows_2_of_4() {
    check_every(4, 1);
}

#[test]
fn the_sql_returns_the_oracles_rows_3_of_4() {
    check_every(4, 2);
}

#[test]
fn the_sql_returns_the_oracles_rows_4_of_4() {
    check_every(4, 3);
}

/// A sample and a split of one seed use different salts: with one hash for both, a tenth of the
/// rows would all be in one part. They are still split 80 to 20.
#[test]
fn a_split_of_a_sample_keeps_its_shares() {
    let golden = goldens().into_iter().find(|golden| golden.name.ends_with("a_sample_then_a_split")).unwrap();
    let counts = compile(&golden.config, &SHOP.catalog, &Request { kind: QueryKind::Counts, ..Request::default() }).unwrap();
    let got = SHOP.run(&counts.sql);
    let rows = |part: &str| {
        let i = (0..got.rows.len()).find(|i| got.get(*i, "part").unwrap().as_str() == Some(part)).unwrap();
        got.get(i, "row_count").unwrap().as_i64().unwrap() as f64
    };
    let all = SHOP.tables.iter().find(|(table, _)| table.table() == "order_lines").unwrap().1.rows.len() as f64;
    assert!((rows("full") / all - 0.1).abs() < 0.01, "{} of {all}", rows("full"));
    assert!((rows("train") / rows("full") - 0.8).abs() < 0.01, "{} of {}", rows("train"), rows("full"));
}

/// ABS of the smallest INT64 overflows; of its remainder it does not.
#[test]
fn the_smallest_fingerprint_has_a_bucket() {
    let golden = goldens().into_iter().find(|golden| golden.name.ends_with("random_rows")).unwrap();
    let query = compile(&golden.config, &SHOP.catalog, &golden.request).unwrap();
    assert!(query.sql.contains("ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING("));
    let bucket = SHOP.run("SELECT ABS(MOD(-9223372036854775807 - 1, 100)) AS bucket");
    assert_eq!(bucket.rows, [[Value::Int(8)]]);
}

/// TFX's executor starts with this query for each pattern, to read its columns. The three together
/// still fit a command line's limit on arguments.
#[test]
fn tfx_can_select_the_columns_of_each_pattern() {
    for golden in goldens() {
        let (artefact, columns) = match trainset::domain::tfx::artefact(&golden.config, &SHOP.catalog, None, Some("EU")) {
            Ok(made) => made,
            Err(errors) => panic!("{}: {errors:?}", golden.name),
        };
        let size: usize = artefact.input_config.splits.iter().map(|split| split.pattern.len()).sum();
        assert!(size < 10_000, "{}: {size} bytes", golden.name);
        for split in &artefact.input_config.splits {
            let got = SHOP.run(&format!("SELECT * FROM ({}) LIMIT 0", split.pattern));
            let typed = |name: &str, t, mode| (name.to_owned(), t, mode == trainset::domain::schema::Mode::Repeated);
            let got: Vec<_> = got.columns.iter().map(|c| typed(&c.name, c.column_type, c.mode)).collect();
            let described: Vec<_> = columns.iter().map(|c| typed(&c.name, c.column_type, c.mode)).collect();
            assert_eq!(got, described, "{}", golden.name);
        }
    }
}

fn check_every(of: usize, first: usize) {
    for golden in goldens().iter().skip(first).step_by(of) {
        check(golden);
    }
}

fn check(golden: &Golden) {
    let Golden { name, config, request, .. } = golden;
    let answer = oracle::answer(config, &SHOP.catalog, &SHOP.tables, request.as_of);
    check_counts(golden, &answer);
    impact::check(&SHOP, config, request.as_of, &answer);
    let query = compile(config, &SHOP.catalog, request).unwrap();
    let got = SHOP.run(&query.sql);
    let in_split = |row: &&OutRow| request.split.is_none_or(|split| row.part == Some(split.as_str()));
    let wanted: Vec<&OutRow> = answer.rows.iter().filter(in_split).collect();
    match request.kind {
        QueryKind::Rows if request.for_analysis => assert_eq!(got.rows.len(), wanted.len(), "{name}"),
        QueryKind::Rows => {
            assert_eq!(got.rows.len(), wanted.len(), "{name}\n{}", query.sql);
            assert_eq!(bag(got.rows.iter()), bag(wanted.iter().map(|row| &row.values)), "{name}\n{}", query.sql);
        }
        QueryKind::Preview { limit } => {
            assert_eq!(got.rows.len(), wanted.len().min(limit as usize), "{name}");
            let all: HashSet<String> = wanted.iter().map(|row| text(&row.values)).collect();
            assert!(got.rows.iter().all(|row| all.contains(&text(row))), "{name}");
        }
        // Converted: as many rows, and no value is NULL, which TFX would turn into a sparse
        // feature.
        QueryKind::Tfx => {
            assert_eq!(got.rows.len(), wanted.len(), "{name}");
            assert!(got.rows.iter().flatten().all(|value| *value != Value::Null), "{name}");
        }
        // Counts are compared with the oracle for every golden; analyses in `tests/analysis`,
        // filter impact in `impact.rs`.
        QueryKind::Counts | QueryKind::Analysis | QueryKind::FilterImpact => {}
        QueryKind::AsOf => {
            assert_eq!(got.rows, [[answer.as_of.map_or(Value::Null, |day| Value::Text(day.to_string()))]], "{name}")
        }
        QueryKind::Funnel => {
            // A query's rows come in any order.
            let of = |i| (got.get(i, "stage").unwrap().as_str().unwrap(), got.get(i, "row_count").unwrap().as_i64().unwrap());
            let by_stage: BTreeMap<&str, i64> = (0..got.rows.len()).map(of).collect();
            let stages = ["source", "filtered", "product_filter", "customer_filter", "min_interactions"];
            let counts = stages.map(|stage| by_stage[stage]);
            assert!(counts.windows(2).all(|pair| pair[0] >= pair[1]), "{name}: {counts:?}");
            assert_eq!(counts.last().copied(), Some(answer.rows.len() as i64), "{name}");
            let source = oracle::joined_rows(config, &SHOP.catalog, &SHOP.tables);
            assert_eq!(counts.first().copied(), Some(source as i64), "{name}");
        }
        QueryKind::PerDay => {
            let mut days: BTreeMap<(String, String), i64> = BTreeMap::new();
            for row in &answer.rows {
                let day = row.day.map_or("NULL".to_owned(), |day| day.to_string());
                *days.entry((day, row.part.unwrap_or("full").to_owned())).or_default() += 1;
            }
            let cell = |i, column| got.get(i, column).unwrap();
            let text = |i, column| cell(i, column).as_str().unwrap_or("NULL").to_owned();
            let counted: BTreeMap<_, _> = (0..got.rows.len())
                .map(|i| ((text(i, "day"), text(i, "part")), cell(i, "row_count").as_i64().unwrap()))
                .collect();
            assert_eq!(counted, days, "{name}");
        }
    }
}

/// Part, rows, users, products, first and last day, as in the counts query.
type Part = (String, i64, Option<i64>, Option<i64>, Option<String>, Option<String>);

fn check_counts(golden: &Golden, answer: &Answer) {
    let Golden { name, config, request, .. } = golden;
    let counts = compile(config, &SHOP.catalog, &Request { kind: QueryKind::Counts, as_of: request.as_of, ..Request::default() });
    let counts = counts.unwrap();
    let got = SHOP.run(&counts.sql);
    let mut parts: Vec<&str> = answer.rows.iter().filter_map(|row| row.part).collect();
    parts.sort_unstable();
    parts.dedup();
    let mut wanted = vec![part("full", config, answer.rows.iter().collect())];
    for word in parts {
        wanted.push(part(word, config, answer.rows.iter().filter(|row| row.part == Some(word)).collect()));
    }
    wanted.sort();
    let cell = |i, column| got.get(i, column).unwrap();
    let day = |i, column| cell(i, column).as_str().map(str::to_owned);
    let mut counted: Vec<Part> = (0..got.rows.len())
        .map(|i| {
            let part = cell(i, "part").as_str().unwrap().to_owned();
            let number = |column| cell(i, column).as_i64();
            (
                part,
                number("row_count").unwrap(),
                number("user_count"),
                number("product_count"),
                day(i, "first_day"),
                day(i, "last_day"),
            )
        })
        .collect();
    counted.sort();
    assert_eq!(counted, wanted, "{name}\n{}", counts.sql);
    let alone =
        compile(config, &SHOP.catalog, &Request { kind: QueryKind::AsOf, as_of: request.as_of, ..Request::default() }).unwrap();
    assert_eq!(SHOP.run(&alone.sql).get(0, "as_of"), got.get(0, "as_of"), "{name}");
    // The resolved reference date is in the result: without it nobody knows which days were
    // counted.
    assert_eq!(day(0, "as_of"), answer.as_of.map(|day| day.to_string()), "{name}");
    // Eval has exactly its days, if the data have them all: `>=` with one day too many would add
    // one.
    if let trainset::domain::dataset::SplitConfig::TimeBased { eval_days, .. } = config.split_config
        && name.contains("time_split")
    {
        let days: HashSet<_> = answer.rows.iter().filter(|row| row.part == Some("eval")).filter_map(|row| row.day).collect();
        assert_eq!(days.len(), eval_days as usize, "{name}");
    }
}

fn part(word: &str, config: &DatasetConfig, rows: Vec<&OutRow>) -> Part {
    let distinct =
        |id: fn(&OutRow) -> Option<&String>| rows.iter().filter_map(|row| id(row)).collect::<HashSet<_>>().len() as i64;
    let mapping = &config.column_mapping;
    let days = || rows.iter().filter_map(|row| row.day);
    (
        word.to_owned(),
        rows.len() as i64,
        mapping.user_id.as_ref().map(|_| distinct(|row| row.user.as_ref())),
        mapping.product_id.as_ref().map(|_| distinct(|row| row.product.as_ref())),
        days().min().map(|day| day.to_string()),
        days().max().map(|day| day.to_string()),
    )
}

fn text(row: &[Value]) -> String {
    serde_json::to_string(row).unwrap()
}

/// A sum over rows that does not depend on their order.
fn bag<'a>(rows: impl Iterator<Item = &'a Vec<Value>>) -> u64 {
    let hash = |row: &Vec<Value>| {
        let mut hasher = DefaultHasher::new();
        text(row).hash(&mut hasher);
        hasher.finish()
    };
    rows.map(hash).fold(0, u64::wrapping_add)
}
