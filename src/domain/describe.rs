//! A config in words, for people who read rather than write it.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::dataset::*;
use crate::domain::format::{counted, integer};
use crate::domain::name::fold;

/// `raw_data.orders, LEFT JOIN raw_data.users on orders.buyer = users.id`, one line each.
pub fn tables(config: &DatasetConfig) -> Vec<String> {
    let mut lines: Vec<String> = config.primary_table.iter().map(ToString::to_string).collect();
    let mut joins = HashMap::new();
    for join in &config.join_config {
        joins.entry(fold(join.table.as_str())).or_insert(join);
    }
    for secondary in &config.secondary_tables {
        let name = secondary.name();
        let named = secondary.alias.as_ref().map(|alias| format!(" as {alias}")).unwrap_or_default();
        let Some(join) = joins.get(&fold(name.as_str())) else {
            lines.push(format!("{}{named}, not joined", secondary.table));
            continue;
        };
        let keys: Vec<String> = join.on.iter().map(|key| format!("{} = {name}.{}", key.left, key.right)).collect();
        let one = if join.on_duplicates == OnDuplicates::OneRow { ", one row per key" } else { "" };
        lines.push(format!("{} join {}{named} on {}{one}", join.join_type.as_str(), secondary.table, keys.join(" and ")));
    }
    lines
}

/// One line per selected column: `orders.amount as price, 0 for NULL in TFX`.
pub fn columns(config: &DatasetConfig) -> Vec<String> {
    let line = |column: &SelectedColumn| {
        let alias = column.alias.as_ref().map(|alias| format!(" as {alias}")).unwrap_or_default();
        let default = column.default.as_ref().map(|value| format!(", {} for NULL in TFX", scalar(value))).unwrap_or_default();
        format!("{}{alias}{default}", column.reference())
    };
    config.selected_columns.iter().map(line).collect()
}

/// One line per role, and how time is read if it is not obvious.
pub fn roles(mapping: &ColumnMapping) -> Vec<String> {
    let line = |role: Role| format!("{}: {}", role.as_str(), mapping.get(role).map_or("not mapped".into(), ToString::to_string));
    let mut lines: Vec<String> = Role::ALL.into_iter().map(line).collect();
    lines.extend(mapping.timestamp_format.map(|format| format!("timestamp format: {}", timestamp_format(format))));
    lines.extend(mapping.time_zone.as_ref().map(|zone| format!("time zone: {zone}")));
    lines
}

pub const fn timestamp_format(format: TimestampFormat) -> &'static str {
    match format {
        TimestampFormat::UnixSeconds => "Unix time in seconds",
        TimestampFormat::UnixMillis => "Unix time in milliseconds",
        TimestampFormat::UnixMicros => "Unix time in microseconds",
        TimestampFormat::IsoDate => "date, as in 2024-01-31",
        TimestampFormat::IsoTimestamp => "timestamp, as in 2024-01-31 10:00:00",
        TimestampFormat::CompactDate => "date, as in 20240131",
    }
}

/// One line per filter. The split decides which rows the entity filters look at, unless they are
/// configured.
pub fn filters(filters: &Filters, split: &SplitConfig) -> Vec<String> {
    let mut lines = vec![];
    match &filters.date_range {
        Some(DateRange::Rolling { days, months, as_of }) => {
            let span = match (days, months) {
                (Some(days), _) => several(*days, "day"),
                (None, months) => several(months.unwrap_or_default(), "month"),
            };
            lines.push(format!("the last {span} up to {}", day(as_of.unwrap_or_default())));
        }
        Some(DateRange::Fixed { start, end }) => lines.push(days(*start, *end)),
        None => {}
    }
    for filter in &filters.rows {
        let nulls = if filter.nulls == NullPolicy::Include { ", keep NULL" } else { "" };
        lines.push(format!("{} {}{nulls}", filter.reference(), predicate(&filter.predicate)));
    }
    lines.extend(filters.product_filter.as_ref().map(|f| format!("products {}", entities(f))));
    lines.extend(filters.customer_filter.as_ref().map(|f| format!("customers {}", entities(f))));
    lines.extend(filters.min_interactions.map(|core| {
        let rounds = several(core.rounds, "round");
        format!("users with at least {} and products with at least {} interactions, {rounds}", core.user, core.product)
    }));
    lines.extend(filters.sample.as_ref().map(|s| format!("a sample of {} % by {}, seed {}", s.percent, unit(s.unit), s.seed.0)));
    if filters.has_entity_filter() {
        let from = match filters.scope_with(split) {
            Scope::All => "all rows",
            Scope::Train => "train",
        };
        lines.push(format!("entity filters computed from {from}"));
        if filters.apply_to == ApplyTo::Train {
            lines.push("entity filters applied to train only".into());
        }
    }
    lines
}

/// The split in a sentence.
pub fn split(split: &SplitConfig) -> String {
    match split {
        SplitConfig::None => "no split".into(),
        SplitConfig::TimeBased { eval_days, test_days, gap_days, as_of } => {
            let test = if *test_days > 0 { format!(", then test {}", several(*test_days, "day")) } else { String::new() };
            let gap = if *gap_days > 0 { format!(", gap of {} before eval", several(*gap_days, "day")) } else { String::new() };
            let eval = several(*eval_days, "day");
            format!("by time up to {}: eval {eval}{test}{gap}, train all earlier rows", day(as_of.unwrap_or_default()))
        }
        SplitConfig::Random { train_percent, test_percent, unit: by, seed } => {
            let eval = 100u32.saturating_sub(train_percent.saturating_add(*test_percent));
            let test = if *test_percent > 0 { format!(", test {test_percent} %") } else { String::new() };
            format!("random by {}: train {train_percent} %, eval {eval} %{test}, seed {}", unit(*by), seed.0)
        }
        SplitConfig::LeaveLast { n } => {
            format!("the last {} of each user {} eval", several(*n, "row"), if *n == 1 { "is" } else { "are" })
        }
    }
}

fn day(as_of: AsOf) -> String {
    match as_of {
        AsOf::LatestEvent => "the latest event".into(),
        AsOf::Today => "today".into(),
        AsOf::On(day) => day.to_string(),
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Row => "row",
        Unit::User => "user",
        Unit::Product => "product",
    }
}

fn entities(filter: &EntityFilter) -> String {
    let grouped = |n| integer(u64::from(n));
    let mut parts: Vec<String> = vec![];
    parts.extend(filter.top_revenue_percent.map(|p| format!("that make {p} % of revenue")));
    parts.extend(
        filter.transactions.map(|r| format!("with {} transactions", range(r.min.map(grouped), r.max.map(grouped), "fewer"))),
    );
    parts.extend(filter.revenue.map(|r| format!("with revenue {}", range(r.min, r.max, "less"))));
    parts.join(" and ")
}

/// `1 day`, `2 days`.
fn several(n: u32, one: &str) -> String {
    counted(n.into(), one, &format!("{one}s"))
}

/// From a day to a day, both included.
fn days(start: Option<NaiveDate>, end: Option<NaiveDate>) -> String {
    match (start, end) {
        (Some(start), Some(end)) => format!("from {start} to {end}, inclusive"),
        (Some(start), None) => format!("from {start} on"),
        (None, Some(end)) => format!("until {end}, inclusive"),
        (None, None) => "on any date".into(),
    }
}

/// `down` is the word for below the maximum: fewer of what is counted, less of an amount.
fn range<T: std::fmt::Display>(min: Option<T>, max: Option<T>, down: &str) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or {down}"),
        (None, None) => "any".into(),
    }
}

fn predicate(predicate: &Predicate) -> String {
    let list = |values: &[Scalar]| values.iter().map(scalar).collect::<Vec<_>>().join(", ");
    match predicate {
        Predicate::In { values } => format!("is one of {}", list(values)),
        Predicate::NotIn { values } => format!("is none of {}", list(values)),
        Predicate::Equal { value } => format!("= {}", scalar(value)),
        Predicate::NotEqual { value } => format!("≠ {}", scalar(value)),
        Predicate::Less { value } => format!("< {}", scalar(value)),
        Predicate::LessOrEqual { value } => format!("≤ {}", scalar(value)),
        Predicate::Greater { value } => format!("> {}", scalar(value)),
        Predicate::GreaterOrEqual { value } => format!("≥ {}", scalar(value)),
        Predicate::Between { min, max } => format!("from {} to {}", scalar(min), scalar(max)),
        Predicate::DateRange { start, end } => days(*start, *end),
        Predicate::LastDays { days } => format!("in the last {}", several(*days, "day")),
        Predicate::IsNull => "is NULL".into(),
        Predicate::NotNull => "is not NULL".into(),
        Predicate::Contains { text } => format!("contains “{text}”"),
    }
}

fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Text(text) => format!("“{text}”"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_say_fewer_for_counts_and_less_for_amounts() {
        let day = |text: &str| text.parse().ok();
        assert_eq!(predicate(&Predicate::DateRange { start: day("2024-01-31"), end: None }), "from 2024-01-31 on");
        assert_eq!(predicate(&Predicate::DateRange { start: None, end: day("2024-01-31") }), "until 2024-01-31, inclusive");
        let both = Filters {
            date_range: Some(DateRange::Fixed { start: day("2024-01-01"), end: day("2024-01-31") }),
            product_filter: Some(EntityFilter {
                top_revenue_percent: None,
                transactions: Some(CountRange { min: None, max: Some(1_500) }),
                revenue: Some(AmountRange { min: None, max: Some(9.5) }),
            }),
            ..Filters::default()
        };
        let by_time = SplitConfig::TimeBased { eval_days: 7, test_days: 0, gap_days: 0, as_of: None };
        assert_eq!(filters(&both, &by_time).last().unwrap(), "entity filters computed from train");
        assert_eq!(
            filters(&both, &SplitConfig::None),
            [
                "from 2024-01-01 to 2024-01-31, inclusive",
                "products with 1,500 or fewer transactions and with revenue 9.5 or less",
                "entity filters computed from all rows"
            ]
        );
    }

    #[test]
    fn one_is_singular() {
        let by_time = |eval_days| SplitConfig::TimeBased { eval_days, test_days: 1, gap_days: 2, as_of: None };
        assert_eq!(
            split(&by_time(1)),
            "by time up to the latest event: eval 1 day, then test 1 day, gap of 2 days before eval, train all earlier rows"
        );
        assert_eq!(split(&SplitConfig::LeaveLast { n: 1 }), "the last 1 row of each user is eval");
        assert_eq!(split(&SplitConfig::LeaveLast { n: 3 }), "the last 3 rows of each user are eval");
    }
}
