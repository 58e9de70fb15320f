//! What is read from the query's rows and computed from it, compared with plain counting over the
//! entities and days themselves.

use std::collections::BTreeMap;

use chrono::{Datelike, Days};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::dataset::SplitConfig;
use crate::domain::schema::{ColumnType, Mode};
use crate::domain::value::ResultColumn;

/// An entity: its rows, and its revenue in millionths, if it has any.
#[derive(Debug, Clone, Copy)]
struct Entity {
    rows: u64,
    revenue: Option<i64>,
}

/// A whole number cut to its first digits, by its text.
fn cut(number: i64, digits: usize) -> i64 {
    let text = number.to_string();
    let kept = &text[..digits.min(text.len())];
    format!("{kept:0<width$}", width = text.len()).parse().unwrap()
}

fn steps_of(numbers: impl Iterator<Item = i64>, digits: usize) -> Vec<SizeStep> {
    let mut steps: BTreeMap<i64, SizeStep> = BTreeMap::new();
    for number in numbers {
        let from = if number < 0 { -1 } else { cut(number, digits) };
        let step = steps.entry(from).or_insert(SizeStep { from, entities: 0, at_edge: 0 });
        step.entities += 1;
        step.at_edge += u64::from(number == from && number >= 0);
    }
    steps.into_values().collect()
}

/// Entities with a positive revenue, the largest first, each with the revenue before it; and the
/// total revenue.
fn ranked(entities: &[Entity]) -> (Vec<(Entity, i64)>, i64) {
    let mut positive: Vec<Entity> = entities.iter().copied().filter(|entity| entity.revenue > Some(0)).collect();
    positive.sort_by_key(|entity| std::cmp::Reverse(entity.revenue));
    let mut before = 0;
    let with_before = |entity: Entity| {
        let of_others = before;
        before += entity.revenue.unwrap();
        (entity, of_others)
    };
    let ranks = positive.into_iter().map(with_before).collect();
    (ranks, before)
}

fn sizes(entities: &[Entity]) -> EntitySizes {
    let (ranks, all) = ranked(entities);
    let mut curve: BTreeMap<u32, Level> = BTreeMap::new();
    for (entity, before) in ranks {
        let percent = (1..=100).find(|percent| before * 100 < all * i64::from(*percent)).unwrap();
        let level = curve.entry(percent).or_insert(Level { percent, entities: 0, rows: 0, revenue: 0.0 });
        level.entities += 1;
        level.rows += entity.rows;
        level.revenue += entity.revenue.unwrap() as f64;
    }
    EntitySizes {
        curve: curve.into_values().collect(),
        by_rows: steps_of(entities.iter().map(|entity| entity.rows as i64), 3),
        by_revenue: steps_of(entities.iter().filter_map(|entity| entity.revenue), 2),
        without_revenue: entities.iter().filter(|entity| entity.revenue.is_none()).count() as u64,
    }
}

fn any_entity() -> impl Strategy<Value = Entity> {
    let rows = prop_oneof![1..12u64, 1..2000u64, 1..3_000_000u64];
    let revenue = prop_oneof![
        -5_000_000..5_000_000i64,
        (0..400i64).prop_map(|whole| whole * MILLION),
        (0..4_000_000i64).prop_map(|cents| cents * MILLION / 100),
    ];
    (rows, prop::option::weighted(0.9, revenue)).prop_map(|(rows, revenue)| Entity { rows, revenue })
}

fn any_entities() -> impl Strategy<Value = Vec<Entity>> {
    prop::collection::vec(any_entity(), 0..60)
}

/// How many a step can be wrong by: those of the steps that the bounds of a range cut.
fn at_stake(steps: &[SizeStep], ends: [Option<f64>; 2]) -> u64 {
    let cuts =
        |number: f64| steps.iter().rfind(|step| (step.from as f64) < number || step.from < 0).map_or(0, |step| step.entities);
    ends.into_iter().flatten().map(cuts).sum()
}

proptest! {
    /// The curve contains every crossing, so that the number shown at each percent is the filter's
    /// own.
    #[test]
    fn the_top_percent_are_the_entities_that_start_below_it(entities in any_entities()) {
        let sizes = sizes(&entities);
        let (ranks, all) = ranked(&entities);
        prop_assert_eq!((sizes.entities(), sizes.ranked()), (entities.len() as u64, ranks.len() as u64));
        for percent in 1..100u32 {
            let kept: Vec<Entity> = ranks.iter().filter(|(_, before)| before * 100 < all * i64::from(percent)).map(|(m, _)| *m).collect();
            let top = sizes.top(percent);
            prop_assert_eq!((top.entities, top.rows), (kept.len() as u64, kept.iter().map(|m| m.rows).sum::<u64>()));
            let share = kept.iter().map(|m| m.revenue.unwrap()).sum::<i64>() as f64 / all.max(1) as f64;
            prop_assert!((top.share - share).abs() < 1e-9);
            // The entity that crosses the threshold stays.
            prop_assert!(ranks.is_empty() || top.share * 100.0 >= f64::from(percent) - 1e-6);
        }
    }

    /// The count at a threshold of few digits is exact. At any other it is wrong by no more than
    /// the steps that the threshold cuts, and is marked as approximate.
    #[test]
    fn a_threshold_of_rows_keeps_the_exact_number_of_entities(
        entities in any_entities(),
        min in prop::option::of(0..4_000u32),
        max in prop::option::of(0..4_000_000u32),
    ) {
        let sizes = sizes(&entities);
        let stay = sizes.with_rows(CountRange { min, max });
        let within = |m: &&Entity| min.is_none_or(|n| m.rows >= u64::from(n)) && max.is_none_or(|n| m.rows <= u64::from(n));
        let count = entities.iter().filter(within).count() as u64;
        if stay.exact {
            prop_assert_eq!(stay.entities, count);
        } else {
            prop_assert!(stay.entities.abs_diff(count) <= at_stake(&sizes.by_rows, [min.map(f64::from), max.map(f64::from)]));
        }
        let few_digits = [min, max].into_iter().flatten().all(|n| i64::from(n) == cut(n.into(), 3));
        prop_assert!(stay.exact || !few_digits);
    }

    #[test]
    fn a_threshold_of_revenue_keeps_the_exact_number_of_entities(
        entities in any_entities(),
        min in prop::option::of(0..50_000i64),
        max in prop::option::of(0..50_000i64),
    ) {
        let sizes = sizes(&entities);
        let amount = |cents: i64| cents as f64 / 100.0;
        let stay = sizes.with_revenue(AmountRange { min: min.map(amount), max: max.map(amount) });
        let millionths = |cents: i64| cents * MILLION / 100;
        let within = |revenue: i64| min.is_none_or(|n| revenue >= millionths(n)) && max.is_none_or(|n| revenue <= millionths(n));
        let count = match (min, max) {
            // The range has no bounds.
            (None, None) => entities.len(),
            // Entities without revenue are dropped.
            _ => entities.iter().filter(|m| m.revenue.is_some_and(within)).count(),
        } as u64;
        if stay.exact {
            prop_assert_eq!(stay.entities, count);
        } else {
            let ends = [min, max].map(|end| end.map(|cents| millionths(cents) as f64));
            prop_assert!(stay.entities.abs_diff(count) <= at_stake(&sizes.by_revenue, ends));
        }
        let few_digits = [min, max].into_iter().flatten().all(|n| n == cut(n, 2));
        prop_assert!(stay.exact || !few_digits);
    }

    #[test]
    fn a_quantile_is_the_lower_bound_of_its_step(entities in any_entities(), percent in 1..=100u32) {
        let mut numbers: Vec<i64> = entities.iter().map(|entity| entity.rows as i64).collect();
        numbers.sort_unstable();
        let place = (numbers.len() * percent as usize).div_ceil(100);
        let expected = place.checked_sub(1).map(|place| cut(numbers[place], 3));
        prop_assert_eq!(quantile(&sizes(&entities).by_rows, f64::from(percent) / 100.0), expected);
    }

    #[test]
    fn each_entity_is_in_exactly_one_bar(entities in any_entities(), most in 24..60usize) {
        let sizes = sizes(&entities);
        for steps in [&sizes.by_rows, &sizes.by_revenue] {
            let bars = bars(steps, most);
            prop_assert!(bars.len() <= most, "{} bars of {most}", bars.len());
            prop_assert_eq!(bars.is_empty(), steps.is_empty());
            // Values below 0 have a bar of their own: the next begins at the first entity.
            let joined = |pair: &[Bar]| pair[0].to == pair[1].from || pair[0].from < 0;
            prop_assert!(bars.windows(2).all(joined) && bars.iter().all(|bar| bar.from < bar.to), "{bars:?}");
            for bar in &bars {
                let within = steps.iter().filter(|step| (bar.from..bar.to).contains(&step.from));
                prop_assert_eq!(bar.entities, within.map(|step| step.entities).sum::<u64>(), "{:?} of {:?}", bar, bars);
            }
            prop_assert_eq!(bars.iter().map(|bar| bar.entities).sum::<u64>(), steps.iter().map(|step| step.entities).sum::<u64>());
        }
    }

    /// Each day is in the part that its age gives, and each part has exactly the days requested: an
    /// off-by-one would put a day in two parts or in none.
    #[test]
    fn days_are_in_the_parts_of_their_age(
        eval_days in 1..40u32, test_days in 0..40u32, gap_days in 0..10u32, as_of in 0..4000u64,
    ) {
        let as_of = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + Days::new(as_of);
        let split = SplitConfig::TimeBased { eval_days, test_days, gap_days, as_of: None };
        let windows = windows(&split, as_of);
        for age in 0..150u32 {
            let day = as_of - Days::new(age.into());
            let expected = match age {
                age if age < test_days => Part::Test,
                age if age < test_days + eval_days => Part::Eval,
                age if age < test_days + eval_days + gap_days => Part::Gap,
                _ => Part::Train,
            };
            let holds = |window: &&Window| window.first.is_none_or(|first| day >= first) && day <= window.last;
            let found: Vec<Part> = windows.iter().filter(holds).map(|window| window.part).collect();
            prop_assert_eq!(found, [expected], "{} days before", age);
        }
        prop_assert_eq!(windows.last().unwrap().last, as_of);
    }

    /// N days are exactly N days, the last included; months go back to the same day of an earlier
    /// month, or to its last.
    #[test]
    fn a_date_range_has_its_days(days in 1..800u32, months in 1..60u32, as_of in 0..4000u64) {
        let as_of = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + Days::new(as_of);
        let rolling = |days, months| DateRange::Rolling { days, months, as_of: None };
        let (first, last) = date_window(&rolling(Some(days), None), as_of).unwrap();
        prop_assert_eq!(((last - first).num_days() + 1, last), (i64::from(days), as_of));

        let (first, last) = date_window(&rolling(None, Some(months)), as_of).unwrap();
        let month = as_of.year() * 12 + as_of.month0() as i32 - months as i32;
        let of_month = |day| NaiveDate::from_ymd_opt(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, day);
        let before = (1..=as_of.day()).rev().find_map(of_month).unwrap();
        prop_assert_eq!((first, last), (before + Days::new(1), as_of));
    }

    #[test]
    fn rows_are_read_in_any_order(order in Just(rows_of_a_query().rows).prop_shuffle()) {
        let shuffled = Rows { rows: order, ..rows_of_a_query() };
        prop_assert_eq!(read(&config(), &shuffled), read(&config(), &rows_of_a_query()));
    }
}

#[test]
fn windows_and_ranges_without_dates_are_none() {
    let day = NaiveDate::from_ymd_opt(2024, 5, 31).unwrap();
    assert_eq!(windows(&SplitConfig::None, day), []);
    assert_eq!(windows(&SplitConfig::LeaveLast { n: 1 }, day), []);
    assert_eq!(date_window(&DateRange::Fixed { start: Some(day), end: None }, day), None);
    // So many days lead to before the first date.
    assert_eq!(date_window(&DateRange::Rolling { days: Some(u32::MAX), months: None, as_of: None }, day), None);
}

/// A config whose roles are all mapped.
fn config() -> DatasetConfig {
    let of = |column: &str| json!({"table": "orders", "column": column});
    serde_json::from_value(json!({
        "primary_table": "raw_data.orders",
        "column_mapping": {"user_id": of("user"), "product_id": of("sku"), "timestamp": of("at"), "revenue": of("amount")},
        "split_config": {"type": "time_based", "eval_days": 7}
    }))
    .unwrap()
}

fn rows_of_a_query() -> Rows {
    use ImpactMeasure::*;
    const NUMBERS: [ImpactMeasure; 6] = [RowCount, UserCount, ProductCount, LowerBound, EntityCount, AtBound];
    let column = |name: &str, column_type| ResultColumn { name: name.into(), column_type, mode: Mode::Nullable };
    let mut columns = vec![
        column("section", ColumnType::String),
        column("item", ColumnType::String),
        column("day", ColumnType::Date),
        column(Revenue.as_str(), ColumnType::Float64),
    ];
    columns.extend(NUMBERS.map(|measure| column(measure.as_str(), ColumnType::Int64)));
    type Line<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [(ImpactMeasure, i64)], Option<f64>);
    let row = |(section, item, day, numbers, revenue): &Line| {
        let text = |text: &Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.into()));
        let mut row = vec![Value::Text((*section).into()), text(item), text(day), revenue.map_or(Value::Null, Value::Float)];
        row.extend(NUMBERS.map(|measure| {
            let found = numbers.iter().find(|(of, _)| *of == measure);
            found.map_or(Value::Null, |(_, number)| Value::Int(*number))
        }));
        row
    };
    let stage = |rows, users, products| [(RowCount, rows), (UserCount, users), (ProductCount, products)];
    let level = |percent, entities, rows| [(LowerBound, percent), (EntityCount, entities), (RowCount, rows)];
    let step = |from, entities, at_bound| [(LowerBound, from), (EntityCount, entities), (AtBound, at_bound)];
    let lines: [Line; 17] = [
        ("as_of", None, Some("2024-05-31"), &[], None),
        ("stage", Some("source"), None, &stage(100, 9, 20), Some(500.0)),
        ("stage", Some("filtered"), None, &stage(80, 8, 19), Some(450.0)),
        ("stage", Some("product_filter"), None, &stage(60, 8, 10), Some(400.0)),
        ("stage", Some("customer_filter"), None, &stage(50, 5, 10), Some(390.0)),
        ("stage", Some("min_interactions"), None, &stage(40, 4, 9), Some(300.0)),
        ("days", Some("train"), Some("2024-05-01"), &[(RowCount, 30)], None),
        ("days", Some("eval"), Some("2024-05-31"), &[(RowCount, 8)], None),
        ("days", Some("train"), None, &[(RowCount, 2)], None),
        ("curve", Some("product"), None, &level(1, 1, 30), Some(300.0)),
        ("curve", Some("product"), None, &level(67, 9, 40), Some(150.0)),
        ("rows", Some("product"), None, &step(1, 12, 12), None),
        ("rows", Some("product"), None, &step(120, 7, 2), None),
        ("revenue", Some("product"), None, &step(-1, 2, 0), None),
        ("revenue", Some("product"), None, &step(1_000_000, 3, 1), None),
        ("revenue", Some("product"), None, &[(EntityCount, 4), (AtBound, 0)], None),
        ("rows", Some("customer"), None, &step(10, 8, 8), None),
    ];
    Rows { columns, rows: lines.iter().map(row).collect(), ..Rows::default() }
}

#[test]
fn rows_are_read_into_their_fields() {
    let impact = read(&config(), &rows_of_a_query());
    assert_eq!(impact.as_of, Some("2024-05-31".parse().unwrap()));
    let stages: Vec<(&str, u64)> = impact.stages.iter().map(|stage| (stage.stage.as_str(), stage.rows)).collect();
    assert_eq!(
        stages,
        [("source", 100), ("filtered", 80), ("product_filter", 60), ("customer_filter", 50), ("min_interactions", 40)]
    );
    assert_eq!((impact.stages[2].users, impact.stages[2].products, impact.stages[2].revenue), (Some(8), Some(10), Some(400.0)));
    let days: Vec<(Part, Option<String>, u64)> =
        impact.days.iter().map(|day| (day.part, day.day.map(|day| day.to_string()), day.rows)).collect();
    assert_eq!(
        days,
        [(Part::Train, Some("2024-05-01".into()), 30), (Part::Eval, Some("2024-05-31".into()), 8), (Part::Train, None, 2)]
    );
    let products = impact.products.unwrap();
    assert_eq!((products.entities(), products.ranked(), products.without_revenue), (19, 10, 4));
    assert_eq!(products.top(66), Crossing { entities: 1, rows: 30, share: 300.0 / 450.0 });
    assert_eq!(products.top(67).entities, 10);
    assert_eq!(products.with_rows(CountRange { min: Some(120), max: None }), Stay { entities: 7, exact: true });
    assert_eq!(products.with_rows(CountRange { min: None, max: Some(120) }), Stay { entities: 14, exact: true });
    // Negative revenue is below any amount from 0 on; without a revenue there is nothing to
    // compare.
    assert_eq!(products.with_revenue(AmountRange { min: Some(0.0), max: None }), Stay { entities: 3, exact: true });
    assert_eq!(products.with_revenue(AmountRange { min: None, max: Some(1.0) }), Stay { entities: 3, exact: true });
    assert!(!products.with_revenue(AmountRange { min: Some(-5.0), max: None }).exact);
    assert_eq!(products.by_revenue.iter().map(|step| step.from).collect::<Vec<_>>(), [-1, 1_000_000]);
    let customers = impact.customers.unwrap();
    assert_eq!((customers.entities(), customers.ranked(), customers.top(50)), (8, 0, Crossing::default()));

    // Without a role there is no chart, whatever rows the query gave.
    let mut without = config();
    without.column_mapping.product_id = None;
    assert_eq!(read(&without, &rows_of_a_query()).products, None);
}

/// A chart stays valid until something before its filter changes.
#[test]
fn a_chart_is_valid_until_a_stage_before_it_changes() {
    let before = config();
    let changed = |change: &dyn Fn(&mut DatasetConfig)| {
        let mut config = before.clone();
        change(&mut config);
        (same_for_products(&before, &config), same_for_customers(&before, &config), same_as_of(&before, &config))
    };
    let filter = || Some(serde_json::from_value(json!({"top_revenue_percent": 80})).unwrap());
    assert_eq!(changed(&|_| {}), (true, true, true));
    assert_eq!(changed(&|c| c.filters.customer_filter = filter()), (true, true, true));
    assert_eq!(changed(&|c| c.filters.product_filter = filter()), (true, false, true));
    assert_eq!(changed(&|c| c.filters.scope = Some(crate::domain::dataset::Scope::All)), (false, false, true));
    assert_eq!(
        changed(&|c| c.filters.date_range = Some(DateRange::Rolling { days: Some(9), months: None, as_of: None })),
        (false, false, true)
    );
    let today = Some(crate::domain::dataset::AsOf::Today);
    assert_eq!(
        changed(&|c| c.split_config = SplitConfig::TimeBased { eval_days: 7, test_days: 0, gap_days: 0, as_of: today }),
        (false, false, false)
    );
    assert_eq!(changed(&|c| c.primary_table = Some("raw_data.other".parse().unwrap())), (false, false, false));
}
