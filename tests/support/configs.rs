//! Generated configs over the tables of `tables.rs`.

use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::sample::select;
use trainset::domain::catalog::Catalog;
use trainset::domain::dataset::*;
use trainset::domain::name::SourceName;
use trainset::domain::validate::validate;

const SCALARS: [(&str, &str); 20] = [
    ("odd-lines", "seconds"),
    ("odd-lines", "written"),
    ("odd-lines", "compact"),
    ("odd-lines", "user id"),
    ("odd-lines", "größe"),
    ("odd-lines", "when"),
    ("odd-lines", "made"),
    ("odd-lines", "day"),
    ("odd-lines", "group"),
    ("odd-lines", "amount"),
    ("odd-lines", "price"),
    ("odd-lines", "select"),
    ("odd-lines", "split"),
    ("odd-lines", "as_of"),
    ("u", "id"),
    ("u", "select"),
    ("u", "joined"),
    ("items", "code"),
    ("items", "group"),
    ("items", "rank"),
];

const ALIASES: [&str; 8] = ["when", "amount", "day", "written", "rank", "event_time", "source", "joined"];

fn reference((table, column): (&str, &str)) -> ColumnRef {
    ColumnRef { table: table.parse().unwrap(), column: column.parse().unwrap() }
}

fn any_column() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(SCALARS.to_vec())
}

fn any_join(table: &'static str, keys: Vec<JoinKey>) -> impl Strategy<Value = Join> {
    (select(JoinType::ALL.to_vec()), any::<bool>(), any::<bool>()).prop_map(move |(join_type, one_row, descending)| Join {
        table: table.parse().unwrap(),
        join_type,
        on: keys.clone(),
        on_duplicates: if one_row { OnDuplicates::OneRow } else { OnDuplicates::Keep },
        order: if one_row && table == "u" { vec![RowOrder { column: "joined".parse().unwrap(), descending }] } else { vec![] },
    })
}

fn any_tables() -> impl Strategy<Value = Vec<Join>> {
    let key = |left, right: &str| JoinKey { left: reference(left), right: right.parse().unwrap() };
    let users = any_join("u", vec![key(("odd-lines", "user id"), "id")]);
    let items = any_join("items", vec![key(("odd-lines", "größe"), "code")]);
    let chained = any_join("items", vec![key(("u", "id"), "owner")]);
    // By a column in which users of one key differ, so that the match depends on which of them is
    // taken.
    let chained_by_other = any_join("items", vec![key(("u", "select"), "group")]);
    (users, items, chained, chained_by_other, 0..5u8).prop_map(|(users, items, chained, chained_by_other, which)| match which {
        0 => vec![],
        1 => vec![users],
        2 => vec![users, items],
        3 => vec![users, chained],
        _ => vec![users, chained_by_other],
    })
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0..50u64).prop_map(|days| NaiveDate::from_ymd_opt(2024, 10, 1).unwrap() + chrono::Days::new(days))
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec!["O'Brien", "back\\slash", "new\nline", "`tick`", "' OR 1=1 --", "p'3", "train"]).prop_map(String::from),
        "[^\0]{0,8}"
    ]
}

fn any_scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        any::<bool>().prop_map(Scalar::Bool),
        (-3..20i64).prop_map(Scalar::Int),
        (-40..400i64).prop_map(|n| Scalar::Float(n as f64 / 4.0)),
        any_text().prop_map(Scalar::Text),
        any_day().prop_map(|d| Scalar::Text(d.to_string())),
    ]
}

fn any_predicate() -> impl Strategy<Value = Predicate> {
    let value = any_scalar;
    prop_oneof![
        prop::collection::vec(value(), 1..4).prop_map(|values| Predicate::In { values }),
        prop::collection::vec(value(), 1..4).prop_map(|values| Predicate::NotIn { values }),
        value().prop_map(|value| Predicate::Equal { value }),
        value().prop_map(|value| Predicate::NotEqual { value }),
        value().prop_map(|value| Predicate::Less { value }),
        value().prop_map(|value| Predicate::LessOrEqual { value }),
        value().prop_map(|value| Predicate::Greater { value }),
        value().prop_map(|value| Predicate::GreaterOrEqual { value }),
        (value(), value()).prop_map(|(min, max)| Predicate::Between { min, max }),
        (any_day(), 0..20u64)
            .prop_map(|(start, n)| Predicate::DateRange { start: Some(start), end: Some(start + chrono::Days::new(n)) }),
        (1..20u32).prop_map(|days| Predicate::LastDays { days }),
        Just(Predicate::IsNull),
        Just(Predicate::NotNull),
        any_text().prop_filter("a text", |t| !t.is_empty()).prop_map(|text| Predicate::Contains { text }),
    ]
}

fn any_row_filter() -> impl Strategy<Value = RowFilter> {
    (any_column(), any_predicate(), any::<bool>()).prop_map(|(column, predicate, include)| {
        let ColumnRef { table, column } = reference(column);
        let null_test = matches!(predicate, Predicate::IsNull | Predicate::NotNull);
        let nulls = if include && !null_test { NullPolicy::Include } else { NullPolicy::Exclude };
        RowFilter { table, column, predicate, nulls }
    })
}

fn any_entity_filter() -> impl Strategy<Value = EntityFilter> {
    (prop::option::of(1..99u32), prop::option::of(1..20u32), prop::option::of(-50..200i32)).prop_map(|(percent, count, sum)| {
        EntityFilter {
            top_revenue_percent: percent,
            transactions: count.map(|min| CountRange { min: Some(min), max: None }),
            revenue: sum.map(|min| AmountRange { min: Some(f64::from(min) / 4.0), max: Some(1_000.5) }),
        }
    })
}

fn any_timestamp() -> impl Strategy<Value = (&'static str, Option<TimestampFormat>)> {
    select(vec![
        ("when", None),
        ("made", None),
        ("day", None),
        ("seconds", Some(TimestampFormat::UnixSeconds)),
        ("written", Some(TimestampFormat::IsoDate)),
        ("written", Some(TimestampFormat::IsoTimestamp)),
        ("compact", Some(TimestampFormat::CompactDate)),
    ])
}

fn any_unit() -> impl Strategy<Value = Unit> {
    select(vec![Unit::Row, Unit::User, Unit::Product])
}

fn any_seed() -> impl Strategy<Value = Seed> {
    any_text().prop_map(Seed)
}

fn any_as_of() -> impl Strategy<Value = Option<AsOf>> {
    prop_oneof![Just(None), Just(Some(AsOf::LatestEvent)), any_day().prop_map(|d| Some(AsOf::On(d)))]
}

fn any_date_range() -> impl Strategy<Value = DateRange> {
    prop_oneof![
        (1..40u32, any_as_of()).prop_map(|(days, as_of)| DateRange::Rolling { days: Some(days), months: None, as_of }),
        (1..3u32, any_as_of()).prop_map(|(months, as_of)| DateRange::Rolling { days: None, months: Some(months), as_of }),
        (any_day(), 0..40u64)
            .prop_map(|(start, n)| DateRange::Fixed { start: Some(start), end: Some(start + chrono::Days::new(n)) }),
        any_day().prop_map(|end| DateRange::Fixed { start: None, end: Some(end) }),
    ]
}

fn any_split() -> impl Strategy<Value = SplitConfig> {
    prop_oneof![
        Just(SplitConfig::None),
        (1..10u32, 0..5u32, 0..4u32, any_as_of()).prop_map(|(eval_days, test_days, gap_days, as_of)| SplitConfig::TimeBased {
            eval_days,
            test_days,
            gap_days,
            as_of
        }),
        (1..90u32, 0..9u32, any_unit(), any_seed()).prop_map(|(train_percent, test_percent, unit, seed)| SplitConfig::Random {
            train_percent,
            test_percent,
            unit,
            seed
        }),
        (1..4u32).prop_map(|n| SplitConfig::LeaveLast { n }),
    ]
}

prop_compose! {
    fn any_filters()(
        date_range in prop::option::of(any_date_range()),
        rows in prop::collection::vec(any_row_filter(), 0..3),
        product_filter in prop::option::weighted(0.3, any_entity_filter()),
        customer_filter in prop::option::weighted(0.3, any_entity_filter()),
        core in prop::option::weighted(0.2, (1..4u32, 1..4u32, 1..4u32)),
        sample in prop::option::weighted(0.2, (20..99u32, any_unit(), any_seed())),
        scope in prop::option::of(select(vec![Scope::All, Scope::Train])),
        only_train in any::<bool>(),
    ) -> Filters {
        Filters {
            date_range, rows, product_filter, customer_filter, scope,
            min_interactions: core.map(|(user, product, rounds)| KCore { user, product, rounds }),
            sample: sample.map(|(percent, unit, seed)| Sample { percent, unit, seed }),
            apply_to: if only_train { ApplyTo::Train } else { ApplyTo::All },
        }
    }
}

prop_compose! {
    /// Any config over the tables, valid or not.
    pub fn any_config()(
        joins in any_tables(),
        columns in prop::collection::btree_set(any_column(), 1..6),
        tags in any::<bool>(),
        labels in any::<bool>(),
        aliases in any::<bool>(),
        roles in prop::collection::vec(prop::bool::weighted(0.9), 4),
        timestamp in any_timestamp(),
        time_zone in prop::option::weighted(0.3, select(vec!["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"])),
        revenue in select(vec!["amount", "price", "as_of"]),
        filters in any_filters(),
        split_config in any_split(),
    ) -> DatasetConfig {
        let has = |table: &str| table == "odd-lines" || joins.iter().any(|j| j.table.as_str() == table);
        let mut columns: Vec<(&str, &str)> = columns.into_iter().filter(|(table, _)| has(table)).collect();
        if tags || columns.is_empty() {
            columns.push(("odd-lines", "tags"));
        }
        if labels && has("u") {
            columns.push(("u", "labels"));
        }
        let role = |i: usize, column: &str| roles[i].then(|| reference(("odd-lines", column)));
        let secondary = |j: &Join| {
            let alias: Option<SourceName> = (j.table.as_str() == "u").then(|| j.table.clone());
            let table = if alias.is_some() { "raw_data.users" } else { "raw_data.items" };
            SecondaryTable { table: table.parse().unwrap(), alias }
        };
        DatasetConfig {
            primary_table: Some("raw_data.odd-lines".parse().unwrap()),
            secondary_tables: joins.iter().map(secondary).collect(),
            // Aliases that are other columns' names, so that mistaking one for the other would
            // show.
            selected_columns: columns.into_iter().zip(ALIASES).map(|(c, alias)| {
                let ColumnRef { table, column } = reference(c);
                SelectedColumn { table, column, alias: aliases.then(|| alias.parse().unwrap()), default: None }
            }).collect(),
            column_mapping: ColumnMapping {
                user_id: role(0, "user id"),
                product_id: role(1, "größe"),
                timestamp: role(2, timestamp.0),
                revenue: role(3, revenue),
                timestamp_format: timestamp.1.filter(|_| roles[2]),
                time_zone: time_zone.map(|zone| zone.parse().unwrap()),
            },
            filters,
            split_config,
            join_config: joins,
        }
    }
}

/// Removes, part by part, what validation reports, so that most generated configs still have
/// content.
pub fn without_errors(mut config: DatasetConfig, catalog: &Catalog) -> DatasetConfig {
    for _ in 0..30 {
        let errors = validate(&config, catalog);
        let Some(error) = errors.last() else { break };
        let filters = &mut config.filters;
        let index = || error.path.split(['[', ']']).nth(1).and_then(|i| i.parse::<usize>().ok());
        match error.path.split(['.', '[']).nth(1) {
            _ if error.path.starts_with("split_config") => config.split_config = SplitConfig::None,
            _ if error.path.starts_with("column_mapping") => config.column_mapping = ColumnMapping::default(),
            Some("rows") => drop(filters.rows.remove(index().unwrap())),
            Some("date_range") => filters.date_range = None,
            Some("product_filter") => filters.product_filter = None,
            Some("customer_filter") => filters.customer_filter = None,
            Some("min_interactions") => filters.min_interactions = None,
            Some("sample") => filters.sample = None,
            Some("scope") => filters.scope = None,
            Some("apply_to") => filters.apply_to = ApplyTo::All,
            other => panic!("{error:?} {other:?}"),
        }
    }
    config
}
