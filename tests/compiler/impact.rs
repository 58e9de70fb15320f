//! The query behind the charts of step 4, and what is read from it: it counts what the oracle
//! counts, and what a chart shows for a threshold is what the compiled query keeps.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use datafusion::sql::sqlparser::dialect::BigQueryDialect;
use datafusion::sql::sqlparser::parser::Parser;
use trainset::domain::analysis::Part;
use trainset::domain::dataset::*;
use trainset::domain::impact::{EntitySizes, FilterImpact, quantile, read};
use trainset::domain::sql::{MILLION, QueryKind, Request, compile};
use trainset::domain::value::Value;

use crate::engine::Engine;
use crate::files::goldens;
use crate::goldens::SHOP;
use crate::oracle::{self, Answer};

fn impact(engine: &Engine, config: &DatasetConfig, as_of: Option<NaiveDate>) -> FilterImpact {
    let request = Request { kind: QueryKind::FilterImpact, as_of, ..Request::default() };
    let query = compile(config, &engine.catalog, &request).unwrap();
    if let Err(error) = Parser::parse_sql(&BigQueryDialect {}, &query.sql) {
        panic!("{error}\n{}", query.sql);
    }
    read(config, &engine.run(&query.sql))
}

/// Rows by day and part, stages, reference date: as the oracle counts them.
pub fn check(engine: &Engine, config: &DatasetConfig, as_of: Option<NaiveDate>, answer: &Answer) -> FilterImpact {
    let impact = impact(engine, config, as_of);
    let context = serde_json::to_string(config).unwrap();
    assert_eq!(impact.as_of, answer.as_of, "{context}");

    let mut days: BTreeMap<(Option<NaiveDate>, &str), u64> = BTreeMap::new();
    for row in &answer.rows {
        *days.entry((row.day, row.part.unwrap_or("full"))).or_default() += 1;
    }
    let counted: BTreeMap<_, _> = impact.days.iter().map(|day| ((day.day, day.part.as_str()), day.rows)).collect();
    assert_eq!((counted.len(), counted), (impact.days.len(), days), "{context}");

    let mapping = &config.column_mapping;
    for stage in &impact.stages {
        let (_, [rows, users, products]) = answer.funnel.iter().find(|(name, _)| *name == stage.stage).unwrap();
        let optional = |role: &Option<ColumnRef>, count: &usize| role.as_ref().map(|_| *count as u64);
        let expected = (*rows as u64, optional(&mapping.user_id, users), optional(&mapping.product_id, products));
        assert_eq!((stage.rows, stage.users, stage.products), expected, "{} of {context}", stage.stage);
        assert!(mapping.revenue.is_some() || stage.revenue.is_none(), "{context}");
    }
    let has = |name: &str| impact.stages.iter().any(|stage| stage.stage == name);
    let filters = &config.filters;
    assert!(has("source"));
    assert_eq!(
        (has("product_filter"), has("customer_filter"), has("min_interactions")),
        (filters.product_filter.is_some(), filters.customer_filter.is_some(), filters.min_interactions.is_some()),
        "{context}"
    );
    assert_eq!(impact.stages.last().unwrap().rows, answer.rows.len() as u64, "{context}");
    assert_eq!(
        (impact.products.is_some(), impact.customers.is_some()),
        (mapping.product_id.is_some(), mapping.user_id.is_some())
    );
    revenue_is_what_is_left(config, &impact, answer);
    impact
}

/// The last stage's revenue, if it can be computed from the rows.
fn revenue_is_what_is_left(config: &DatasetConfig, impact: &FilterImpact, answer: &Answer) {
    let Some(revenue) = &config.column_mapping.revenue else { return };
    let Some(place) = config.selected_columns.iter().position(|column| column.reference() == *revenue) else { return };
    let amount = |value: &Value| match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Text(text) => Some(text.parse::<f64>().unwrap()),
        _ => None,
    };
    let amounts: Vec<f64> = answer.rows.iter().filter_map(|row| amount(&row.values[place])).collect();
    let sum: f64 = amounts.iter().sum();
    match impact.stages.last().unwrap().revenue {
        // Exact decimals there, sums of binary fractions here.
        Some(left) => assert!((left - sum).abs() <= 1e-6 * (1.0 + amounts.iter().map(|a| a.abs()).sum::<f64>()), "{left} {sum}"),
        None => assert!(amounts.is_empty(), "{sum}"),
    }
}

/// A kind of entity: its role's position in a stage's counts, and how its filter is set.
struct Kind {
    stage: &'static str,
    count: usize,
    column: &'static str,
    sizes: fn(&FilterImpact) -> &Option<EntitySizes>,
    set: fn(&mut Filters, EntityFilter),
}

const KINDS: [Kind; 2] = [
    Kind {
        stage: "product_filter",
        count: 2,
        column: "product_count",
        sizes: |impact| &impact.products,
        set: |filters, filter| filters.product_filter = Some(filter),
    },
    Kind {
        stage: "customer_filter",
        count: 1,
        column: "user_count",
        sizes: |impact| &impact.customers,
        set: |filters, filter| filters.customer_filter = Some(filter),
    },
];

/// A filter, and what the chart shows for it: entities, and their rows if it shows them.
type Promise = (EntityFilter, u64, Option<u64>);

fn promises(sizes: &EntitySizes, percents: &[u32], has_revenue: bool) -> Vec<Promise> {
    let none = EntityFilter { top_revenue_percent: None, transactions: None, revenue: None };
    let mut promises = vec![];
    for share in [0.4, 0.9] {
        let rows = quantile(&sizes.by_rows, share).and_then(|rows| u32::try_from(rows).ok());
        for range in [CountRange { min: rows, max: None }, CountRange { min: None, max: rows }] {
            if range != CountRange::default() {
                let stay = sizes.with_rows(range);
                assert!(stay.exact, "{range:?} has few digits");
                promises.push((EntityFilter { transactions: Some(range), ..none.clone() }, stay.entities, None));
            }
        }
        let revenue = quantile(&sizes.by_revenue, share).filter(|revenue| *revenue >= 0).map(|n| n as f64 / MILLION as f64);
        for range in [AmountRange { min: revenue, max: None }, AmountRange { min: None, max: revenue }] {
            if range != AmountRange::default() {
                let stay = sizes.with_revenue(range);
                assert!(stay.exact, "{range:?} has few digits");
                promises.push((EntityFilter { revenue: Some(range), ..none.clone() }, stay.entities, None));
            }
        }
    }
    for percent in percents.iter().copied().filter(|_| has_revenue) {
        let top = sizes.top(percent);
        promises.push((EntityFilter { top_revenue_percent: Some(percent), ..none.clone() }, top.entities, Some(top.rows)));
    }
    promises
}

/// Whether the entities' rows are those of train alone.
fn from_train(config: &DatasetConfig) -> bool {
    match config.filters.scope {
        Some(scope) => scope == Scope::Train && config.split_config != SplitConfig::None,
        None => matches!(config.split_config, SplitConfig::TimeBased { .. }),
    }
}

/// What the chart shows equals what `kept` finds: of a config, entities and rows after a stage.
/// Returns how many cases kept some entities and not others.
fn hold(
    config: &DatasetConfig,
    impact: &FilterImpact,
    percents: &[u32],
    kept: impl Fn(&DatasetConfig, &Kind) -> (u64, u64),
) -> usize {
    let mut some = 0;
    for kind in &KINDS {
        let Some(sizes) = (kind.sizes)(impact) else { continue };
        for (filter, entities, rows) in promises(sizes, percents, config.column_mapping.revenue.is_some()) {
            let mut filtered = config.clone();
            (kind.set)(&mut filtered.filters, filter.clone());
            let (found, found_rows) = kept(&filtered, kind);
            let context = || format!("{filter:?} at {} of {}", kind.stage, serde_json::to_string(config).unwrap());
            assert_eq!(entities, found, "{}", context());
            if let Some(rows) = rows.filter(|_| !from_train(config)) {
                assert_eq!(rows, found_rows, "{}", context());
            }
            some += usize::from((1..sizes.entities()).contains(&entities));
        }
    }
    some
}

/// On ugly tables (NULL ids, returns, ties, no revenue), the number at a threshold is what the
/// filter keeps.
pub fn holds_by_the_oracle(engine: &Engine, config: &DatasetConfig) {
    let mut config = config.clone();
    // Rows of eval that always stay would hide which entities were kept.
    config.filters.apply_to = ApplyTo::All;
    let impact = impact(engine, &config, None);
    hold(&config, &impact, &[1, 37, 80, 99], |filtered, kind| {
        let answer = oracle::answer(filtered, &engine.catalog, &engine.tables, None);
        let (_, sizes) = answer.funnel.iter().find(|(stage, _)| *stage == kind.stage).unwrap();
        (sizes[kind.count] as u64, sizes[0] as u64)
    });
}

/// The number at a threshold is what the dataset's own query keeps, on the demo shop.
#[test]
fn filters_keep_what_the_charts_show() {
    const NAMES: [&str; 5] =
        ["-products_then_customers", "-members_of_train", "-members_of_all", "-leave_last_after_pruning", "-everything"];
    let chosen: Vec<_> = goldens().into_iter().filter(|golden| NAMES.iter().any(|name| golden.name.ends_with(name))).collect();
    assert_eq!(chosen.len(), NAMES.len());
    let mut some = 0;
    for golden in chosen {
        let mut config = golden.config;
        config.filters.apply_to = ApplyTo::All;
        let impact = impact(&SHOP, &config, golden.request.as_of);
        some += hold(&config, &impact, &[5, 50, 80, 95], |filtered, kind| {
            let request = Request { kind: QueryKind::Funnel, as_of: golden.request.as_of, ..Request::default() };
            let got = SHOP.run(&compile(filtered, &SHOP.catalog, &request).unwrap().sql);
            let cell = |i, column| got.get(i, column).unwrap();
            let i = (0..got.rows.len()).find(|i| cell(*i, "stage").as_str() == Some(kind.stage)).unwrap();
            let count = |column| u64::try_from(cell(i, column).as_i64().unwrap()).unwrap();
            (count(kind.column), count("row_count"))
        });
    }
    assert!(some > 40, "{some} thresholds kept some and not all");
}

/// The days of a split are those that the timeline draws for it: none is on the wrong side of an
/// edge.
#[test]
fn the_windows_of_the_timeline_are_the_parts_of_the_query() {
    let golden = goldens().into_iter().find(|golden| golden.name.ends_with("-time_split_with_test_and_gap")).unwrap();
    let impact = impact(&SHOP, &golden.config, golden.request.as_of);
    let windows = trainset::domain::impact::windows(&golden.config.split_config, impact.as_of.unwrap());
    assert_eq!(windows.iter().map(|w| w.part).collect::<Vec<_>>(), [Part::Train, Part::Gap, Part::Eval, Part::Test]);
    for day in impact.days.iter().filter(|day| day.day.is_some()) {
        let date = day.day.unwrap();
        let window = windows.iter().find(|w| w.first.is_none_or(|first| date >= first) && date <= w.last).unwrap();
        assert_eq!(window.part, day.part, "{date}");
    }
    assert!(impact.days.len() > 100);
}
