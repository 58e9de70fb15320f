//! The rules of quality, readiness and the audit, each at, just above and just below its threshold.

use chrono::NaiveDate;
use serde_json::json;

use super::*;
use crate::domain::dataset::DatasetConfig;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    day("2025-01-01")
}

/// A config by time whose roles are all mapped.
fn config() -> DatasetConfig {
    let of = |column: &str| json!({"table": "orders", "column": column});
    serde_json::from_value(json!({
        "primary_table": "raw_data.orders",
        "column_mapping": {"user_id": of("user"), "product_id": of("sku"), "timestamp": of("at")},
        "split_config": {"type": "time_based", "eval_days": 7}
    }))
    .unwrap()
}

fn entities(rows: u64, all: u64) -> DistinctCounts {
    let cold = Some(0);
    DistinctCounts {
        rows,
        all,
        train: Some(all),
        eval: Some(all),
        cold_eval: cold,
        cold_eval_rows: cold,
        shared: Some(0),
        ..DistinctCounts::default()
    }
}

/// No check fails: 200 users, 100 products, 20,000 rows in 100 days.
fn good() -> AnalysisMetrics {
    let part = |part, rows| PartMetrics {
        part,
        rows,
        users: Some(200),
        products: Some(100),
        first_day: Some(day("2024-01-01")),
        last_day: Some(day("2024-04-09")),
        first_at: None,
        last_at: None,
    };
    AnalysisMetrics {
        timestamp_type: Some(ColumnType::Timestamp),
        counts: vec![part(Part::Full, 20_000), part(Part::Train, 19_000), part(Part::Eval, 1_000)],
        users: Some(entities(20_000, 200)),
        products: Some(entities(20_000, 100)),
        pairs: Some(entities(20_000, 8_000)),
        events: Some(entities(20_000, 20_000)),
        baskets: Some(entities(20_000, 5_000)),
        null_users: Some(0),
        null_products: Some(0),
        null_timestamps: Some(0),
        ..AnalysisMetrics::default()
    }
}

fn judged(metrics: &AnalysisMetrics) -> Judged {
    judge(&config(), metrics, today())
}

#[track_caller]
fn check<'j>(judged: &'j Judged, code: &str) -> &'j Check {
    let all = judged.quality_metrics.checks.iter().chain(&judged.leaks).chain(&judged.readiness.checks);
    all.into_iter().find(|check| check.code == code).unwrap_or_else(|| panic!("no check {code}"))
}

/// Points and score after one change to the good dataset; no other check may cost points.
#[track_caller]
fn cost(code: &str, change: impl FnOnce(&mut AnalysisMetrics)) -> u32 {
    let mut metrics = good();
    change(&mut metrics);
    let judged = judged(&metrics);
    let points = check(&judged, code).points;
    assert_eq!(check(&judged, code).outcome == Outcome::Failed, points > 0, "{:?}", check(&judged, code));
    assert_eq!(judged.quality_metrics.score, 100 - points, "{:?}", judged.quality_metrics.checks);
    points
}

/// Whether a check without points fails after a change.
#[track_caller]
fn fails(code: &str, change: impl FnOnce(&mut AnalysisMetrics)) -> bool {
    let mut metrics = good();
    change(&mut metrics);
    let judged = judged(&metrics);
    let check = check(&judged, code);
    assert_eq!(judged.quality_metrics.score, 100);
    // Each reports the value and its threshold, and a failed one what to change.
    assert!(check.value.is_some() && check.threshold.is_some() && !check.reason.is_empty());
    assert_eq!(check.severity.is_some(), check.outcome == Outcome::Failed);
    assert_eq!(check.advice.is_some(), check.outcome == Outcome::Failed);
    check.outcome == Outcome::Failed
}

#[test]
fn a_good_dataset_loses_no_points() {
    let judged = judged(&good());
    assert_eq!((judged.quality_metrics.score, judged.quality_metrics.grade), (100, Grade::Excellent));
    assert!(judged.leaks.iter().all(|check| !check.is_leak()));
    assert_eq!(judged.quality_metrics.interactions_per_user, Some(100.0));
    assert_eq!(judged.quality_metrics.sparsity, Some(1.0 - 8_000.0 / 20_000.0));
    assert_eq!(judged.quality_metrics.span_days, Some(100));
}

#[test]
fn interactions_of_users_and_products() {
    let users = |rows: u64| cost("interactions_per_user", |metrics| metrics.users = Some(entities(rows, 200)));
    assert_eq!([users(399), users(400), users(401)], [15, 0, 0]);
    let products = |rows: u64| cost("interactions_per_product", |metrics| metrics.products = Some(entities(rows, 100)));
    assert_eq!([products(499), products(500), products(501)], [10, 0, 0]);
}

#[test]
fn how_many_users_and_products() {
    let users = |all: u64| cost("users", |metrics| metrics.users = Some(entities(20_000, all)));
    assert_eq!([users(99), users(100), users(101)], [20, 0, 0]);
    let products = |all: u64| cost("products", |metrics| metrics.products = Some(entities(20_000, all)));
    assert_eq!([products(49), products(50), products(51)], [15, 0, 0]);
}

#[test]
fn sparsity_has_two_steps() {
    // Of ten million cells: 1,000 filled is 0.9999, 10,000 is 0.999.
    let of = |pairs: u64| {
        cost("sparsity", |metrics| {
            metrics.users = Some(entities(100_000, 10_000));
            metrics.products = Some(entities(100_000, 1_000));
            metrics.pairs = Some(entities(100_000, pairs));
        })
    };
    assert_eq!([of(999), of(1_000), of(1_001)], [20, 10, 10]);
    assert_eq!([of(9_999), of(10_000), of(10_001)], [10, 0, 0]);
}

#[test]
fn days_are_counted_with_both_ends() {
    let of = |last: &str| cost("span", |metrics| metrics.counts[0].last_day = Some(day(last)));
    // 29, 30, 31 days and 89, 90, 91.
    assert_eq!([of("2024-01-29"), of("2024-01-30"), of("2024-01-31")], [15, 5, 5]);
    assert_eq!([of("2024-03-29"), of("2024-03-30"), of("2024-03-31")], [5, 0, 0]);
}

#[test]
fn grades_begin_at_their_thresholds() {
    let grades = [100, 80, 79, 60, 59, 40, 39, 0].map(Grade::of);
    use Grade::*;
    assert_eq!(grades, [Excellent, Excellent, Good, Good, Fair, Fair, Poor, Poor]);
}

#[test]
fn the_score_is_what_the_listed_points_leave() {
    // An empty dataset fails every rule that costs points, and the other checks still report.
    let empty = AnalysisMetrics {
        users: Some(entities(0, 0)),
        products: Some(entities(0, 0)),
        pairs: Some(entities(0, 0)),
        timestamp_type: Some(ColumnType::Date),
        ..AnalysisMetrics::default()
    };
    let judged = judged(&empty);
    let points: u32 = judged.quality_metrics.checks.iter().map(|check| check.points).sum();
    assert_eq!((judged.quality_metrics.score, points), (25, 75));
    assert_eq!(judged.quality_metrics.grade, Grade::Poor);
    assert_eq!(check(&judged, "sparsity").outcome, Outcome::NotApplicable);
    assert_eq!(check(&judged, "empty_split").severity, Some(Severity::Error));
}

#[test]
fn checks_without_points_are_still_reported() {
    for (code, set) in [
        ("null_user_id", (|metrics, n| metrics.null_users = Some(n)) as fn(&mut AnalysisMetrics, u64)),
        ("null_product_id", |metrics, n| metrics.null_products = Some(n)),
        ("null_timestamp", |metrics, n| metrics.null_timestamps = Some(n)),
    ] {
        assert!(!fails(code, |metrics| set(metrics, 0)) && fails(code, |metrics| set(metrics, 1)), "{code}");
    }
    // 1 % of 20,000 rows.
    let duplicates =
        |again: u64| fails("duplicate_interactions", |metrics| metrics.events = Some(entities(20_000, 20_000 - again)));
    assert_eq!([duplicates(199), duplicates(200), duplicates(201)], [false, false, true]);
    let empty = |rows: u64| fails("empty_split", |metrics| metrics.counts[1].rows = rows);
    assert_eq!([empty(0), empty(1)], [true, false]);
    // A fifth of eval's 1,000 rows.
    for code in ["cold_users", "cold_products"] {
        let cold = |rows: u64| {
            fails(code, |metrics| {
                let entities = if code == "cold_users" { &mut metrics.users } else { &mut metrics.products };
                *entities = entities.map(|m| DistinctCounts { cold_eval: Some(3), cold_eval_rows: Some(rows), ..m });
            })
        };
        assert_eq!([cold(199), cold(200), cold(201)], [false, false, true], "{code}");
    }
}

#[test]
fn a_day_ahead_is_a_zone_and_two_are_the_future() {
    // Events up to a day ahead are time zones; later ones are outliers that move the reference
    // date.
    let rows = |on: &str| {
        let on = day(on);
        fails("future_timestamps", |metrics| metrics.per_day = vec![DayRows { day: Some(on), part: Part::Train, rows: 1 }])
    };
    assert_eq!([rows("2025-01-01"), rows("2025-01-02"), rows("2025-01-03")], [false, false, true]);
    let as_of = |on: &str| fails("future_timestamps", |metrics| metrics.as_of = Some(day(on)));
    assert_eq!([as_of("2025-01-02"), as_of("2025-01-03")], [false, true]);
}

#[test]
fn joins_are_checked_for_match_rate_and_fan_out() {
    // Low match rates and keys that multiply rows.
    let join = |matched_rows, largest_fan_out| JoinMetrics {
        table: "products".parse().unwrap(),
        join_type: JoinType::Left,
        rows_before: 1_000,
        matched_rows,
        rows_after: 1_000,
        largest_fan_out,
    };
    let rate = |matched: u64| fails("join_match_rate", |metrics| metrics.joins = vec![join(matched, 1)]);
    assert_eq!([rate(899), rate(900), rate(901)], [true, false, false]);
    let fan_out = |largest: u64| fails("join_fan_out", |metrics| metrics.joins = vec![join(1_000, largest)]);
    assert_eq!([fan_out(0), fan_out(1), fan_out(2)], [false, false, true]);
}

#[test]
fn unbalanced_and_shifted_classes_are_reported() {
    // Filters that move the class balance.
    let label = |before: u64, after: u64| {
        let balance = |positive| Balance { rows: 1_000, positive, negative: 1_000 - positive };
        let parts = vec![PartBalance { part: Part::Full, balance: balance(after) }];
        Some(Label { column: "views.clicked".into(), before: balance(before), parts, told_by_revenue: None })
    };
    let rare = |positive: u64| fails("class_balance", |metrics| metrics.label = label(positive, positive));
    assert_eq!([rare(9), rare(10), rare(11), rare(990), rare(991)], [true, false, false, false, true]);
    let moved = |after: u64| fails("class_balance_moved", |metrics| metrics.label = label(200, after));
    assert_eq!([moved(180), moved(179), moved(220), moved(221)], [false, true, false, true]);
}

#[test]
fn readiness_is_personalizes() {
    let interactions = |rows: u64| {
        let mut metrics = good();
        metrics.pairs = Some(entities(rows, 8_000));
        let judged = judged(&metrics);
        (judged.readiness.ready, check(&judged, "readiness_interactions").severity)
    };
    assert_eq!(interactions(999), (false, Some(Severity::Error)));
    assert_eq!(interactions(1_000), (true, Some(Severity::Notice)));
    assert_eq!(interactions(49_999), (true, Some(Severity::Notice)));
    assert_eq!(interactions(50_000), (true, None));
    let users = |often: u64| {
        let mut metrics = good();
        metrics.users = Some(DistinctCounts { once: 500, ..entities(20_000, 500 + often) });
        let judged = judged(&metrics);
        (judged.readiness.ready, check(&judged, "readiness_users").severity)
    };
    assert_eq!(users(24), (false, Some(Severity::Error)));
    assert_eq!(users(25), (true, Some(Severity::Notice)));
    assert_eq!(users(1_000), (true, None));
    let idle = |used: u64| {
        let mut metrics = good();
        metrics.catalogue = Some(Catalogue { items: 1_000, used });
        check(&judged(&metrics), "readiness_catalogue").severity
    };
    assert_eq!([idle(499), idle(500), idle(501)], [Some(Severity::Notice), None, None]);
}

#[test]
fn what_is_not_mapped_is_not_applicable_and_says_so() {
    let unmapped = DatasetConfig::default();
    let judged = judge(&unmapped, &AnalysisMetrics::default(), today());
    assert_eq!(judged.quality_metrics.score, 100);
    let all = judged.quality_metrics.checks.iter().chain(&judged.leaks).chain(&judged.readiness.checks);
    for check in all {
        assert_eq!(check.outcome, Outcome::NotApplicable, "{check:?}");
        assert!(!check.reason.is_empty() && check.points == 0, "{check:?}");
    }
    assert!(judged.split_proof.is_none() && !judged.readiness.ready);
}

#[test]
fn leaks_are_found_in_the_metrics() {
    let leaks = |change: fn(&mut AnalysisMetrics)| -> Vec<String> {
        let mut metrics = good();
        change(&mut metrics);
        judged(&metrics).leaks.into_iter().filter(Check::is_leak).map(|check| check.code).collect()
    };
    assert_eq!(leaks(|metrics| metrics.late_train_rows = Some(1)), ["train_after_eval"]);
    assert_eq!(leaks(|metrics| metrics.late_train_rows = Some(0)), [""; 0]);
    assert_eq!(
        leaks(|metrics| metrics.events = metrics.events.map(|m| DistinctCounts { shared: Some(1), ..m })),
        ["row_in_two_splits"]
    );
    assert_eq!(
        leaks(|metrics| metrics.baskets = metrics.baskets.map(|m| DistinctCounts { shared: Some(1), ..m })),
        ["basket_in_two_splits"]
    );
    let newer = |metrics: &mut AnalysisMetrics| {
        metrics.attributes = vec![AttributeTime { column: "users.seen".into(), rows: 9, newer: 1 }]
    };
    assert_eq!(leaks(newer), ["attribute_newer_than_event"]);
    let older = |metrics: &mut AnalysisMetrics| {
        metrics.attributes = vec![AttributeTime { column: "users.seen".into(), rows: 9, newer: 0 }]
    };
    assert_eq!(leaks(older), [""; 0]);
}

#[test]
fn the_proof_adds_up() {
    let mut metrics = good();
    let proof = |metrics: &AnalysisMetrics| judged(metrics).split_proof.unwrap();
    assert_eq!((proof(&metrics).rows_in_two_splits, proof(&metrics).rows_in_no_split), (0, 0));
    metrics.counts[1].rows += 5;
    assert_eq!(proof(&metrics).rows_in_two_splits, 5);
    metrics.users = metrics.users.map(|m| DistinctCounts { cold_eval: Some(4), cold_eval_rows: Some(50), ..m });
    assert_eq!(proof(&metrics).parts[1].cold_users, Some(Cold { count: 4, rows: 50, share: 0.05 }));
}

#[test]
fn an_analysis_survives_its_json() {
    let metrics = AnalysisMetrics { per_day: vec![DayRows { day: None, part: Part::Train, rows: 3 }], ..good() };
    let Judged { split_estimates, quality_metrics, split_proof, leaks, readiness } = judged(&metrics);
    let analysis = Analysis {
        config_hash: "00".into(),
        made_at: "2025-01-01T00:00:00Z".parse().unwrap(),
        seconds: 2.0,
        estimate: Estimate { bytes: Some(4096), price_usd: None, upper_bound: true },
        bytes: Some(1 << 40),
        price_usd: Some(6.25),
        metrics,
        split_estimates,
        quality_metrics,
        split_proof,
        leaks,
        readiness,
    };
    let json = serde_json::to_value(&analysis).unwrap();
    assert_eq!(serde_json::from_value::<Analysis>(json).unwrap(), analysis);
}

/// What is wrong with the grammar of a sentence: a number or an article that does not fit its word.
fn grammar_error(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = |word: &&str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let at_error = words.windows(2).position(|pair| {
        let (word, next) = (plain(&pair[0]), plain(&pair[1]));
        let is_vowel = next.starts_with(['a', 'e', 'i', 'o']);
        let is_plural = next.len() > 3 && next.ends_with('s') && !matches!(next.as_str(), "has" | "was" | "this");
        (word == "1" && pair[0] == "1" && is_plural)
            || (word == "a" && is_vowel && !next.starts_with("one"))
            || (word == "an" && !is_vowel && !next.starts_with('u'))
    });
    let verb = words.windows(3).position(|three| three[0] == "1" && matches!(three[2], "have" | "are" | "were"));
    at_error.or(verb).map(|at| words[at..].iter().take(4).copied().collect::<Vec<_>>().join(" "))
}

#[test]
fn numbers_and_articles_fit_their_words() {
    for bad in ["There are 1 users.", "A INT64 column takes it.", "an STRING", "1 user have no row"] {
        assert!(grammar_error(bad).is_some(), "{bad}");
    }
    let mut seen = 0;
    for n in [0, 1, 2, 1_000] {
        let mut metrics = good();
        for part in &mut metrics.counts {
            (part.rows, part.users, part.products) = (n, Some(n), Some(n));
        }
        let counts =
            DistinctCounts { once: n / 2, cold_eval: Some(n), cold_eval_rows: Some(n), shared: Some(n), ..entities(n, n) };
        for one in [&mut metrics.users, &mut metrics.products, &mut metrics.pairs, &mut metrics.events, &mut metrics.baskets] {
            *one = Some(counts);
        }
        for nulls in [&mut metrics.null_users, &mut metrics.null_products, &mut metrics.null_timestamps] {
            *nulls = Some(n);
        }
        let judged = judged(&metrics);
        for check in judged.quality_metrics.checks.iter().chain(&judged.leaks).chain(&judged.readiness.checks) {
            for text in [Some(&check.reason), check.advice.as_ref()].into_iter().flatten() {
                seen += 1;
                assert_eq!(grammar_error(text), None, "{n}: {text}");
            }
        }
    }
    assert!(seen > 50, "{seen}");
    for of in ColumnType::ALL {
        assert_eq!(grammar_error(&format!("It is {}.", crate::domain::format::with_article(of.sql_name()))), None);
    }
}
