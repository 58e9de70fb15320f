//! How good a dataset is to learn from: a score that starts at 100 and is lowered only by checks
//! that give their reason.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::check::{Check, Severity, percent};
use super::proof::cold;
use super::{AnalysisMetrics, DistinctCounts, share};
use crate::domain::dataset::{DatasetConfig, OnDuplicates, Split};
use crate::domain::format::{counted, integer, word};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Quality {
    /// 100 minus the points of `checks`; at least 0.
    pub score: u32,
    pub grade: Grade,
    /// Rows per user and per product; `None` if the role is not mapped.
    pub interactions_per_user: Option<f64>,
    pub interactions_per_product: Option<f64>,
    /// Share of user-product pairs without interaction: 1 - distinct pairs / (users × products).
    pub sparsity: Option<f64>,
    /// Calendar days from the first to the last, inclusive.
    pub span_days: Option<u64>,
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Grade {
    Excellent,
    Good,
    Fair,
    Poor,
}

impl Grade {
    pub const fn of(score: u32) -> Self {
        match score {
            80.. => Self::Excellent,
            60.. => Self::Good,
            40.. => Self::Fair,
            _ => Self::Poor,
        }
    }

    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// The share of duplicate rows from which on the check fails.
const DUPLICATES: f64 = 0.01;
/// Share of held-out rows whose users, or products, train lacks.
const COLD: f64 = 0.2;
/// Share of rows that match in a join.
const MATCHED: f64 = 0.9;
/// Share of the rarer of a label's two values.
const RARE: f64 = 0.01;
/// How far the filters may move the share of positives, relative to what it was.
const MOVED: f64 = 0.1;

pub(super) fn quality(config: &DatasetConfig, metrics: &AnalysisMetrics, today: NaiveDate) -> Quality {
    let mut checks = vec![
        interactions(
            metrics.users.as_ref(),
            "user",
            2.0,
            15,
            "Set a minimum number of transactions, or use a longer date range.",
        ),
        interactions(metrics.products.as_ref(), "product", 5.0, 10, "Filter to the top products, or use a longer date range."),
        entities(metrics.users.as_ref(), "user", 100, 20),
        entities(metrics.products.as_ref(), "product", 50, 15),
        sparse(metrics),
        span(metrics),
    ];
    for (role, nulls) in
        [("user_id", metrics.null_users), ("product_id", metrics.null_products), ("timestamp", metrics.null_timestamps)]
    {
        checks.push(without(role, nulls, metrics.rows()));
    }
    checks.push(duplicates(metrics));
    checks.push(future(metrics, today));
    empty_splits(config, metrics, &mut checks);
    cold_entities(config, metrics, &mut checks);
    joins(config, metrics, &mut checks);
    label(metrics, &mut checks);
    let lost: u32 = checks.iter().map(|check| check.points).sum();
    let score = 100u32.saturating_sub(lost);
    Quality {
        score,
        grade: Grade::of(score),
        interactions_per_user: metrics.users.as_ref().map(DistinctCounts::mean),
        interactions_per_product: metrics.products.as_ref().map(DistinctCounts::mean),
        sparsity: sparsity(metrics),
        span_days: metrics.span_days(),
        checks,
    }
}

fn interactions(entities: Option<&DistinctCounts>, one: &str, least: f64, points: u32, advice: &str) -> Check {
    let check = Check::new(&format!("interactions_per_{one}"), &format!("Interactions per {one}"));
    let Some(entities) = entities else { return unmapped(check, &format!("{one}_id")) };
    let mean = entities.mean();
    let few = mean < least;
    let shown = (mean * 100.0).round() / 100.0;
    let interactions = if shown == 1.0 { "interaction" } else { "interactions" };
    let reason = format!("{shown} {interactions} per {one} on average; recommended: {least} or more.");
    check.measured(mean, least, reason).fails_if(few, Severity::Warning, advice).costs(if few { points } else { 0 })
}

fn entities(entities: Option<&DistinctCounts>, one: &str, least: u64, points: u32) -> Check {
    let check = Check::new(&format!("{one}s"), if one == "user" { "Users" } else { "Products" });
    let Some(entities) = entities else { return unmapped(check, &format!("{one}_id")) };
    let few = entities.all < least;
    let reason = format!("{}; recommended: {least} or more.", counted(entities.all, one, &format!("{one}s")));
    let check = check.measured(entities.all as f64, least as f64, reason);
    check.fails_if(few, Severity::Warning, "Relax the filters, or use a longer date range.").costs(if few { points } else { 0 })
}

/// Of the matrix of users and products: its cells are counted once, however often the two met.
fn sparsity(metrics: &AnalysisMetrics) -> Option<f64> {
    let cells = metrics.users.as_ref()?.all as f64 * metrics.products.as_ref()?.all as f64;
    (cells > 0.0).then(|| 1.0 - metrics.pairs.as_ref().map_or(0, |pairs| pairs.all) as f64 / cells)
}

fn sparse(metrics: &AnalysisMetrics) -> Check {
    let check = Check::new("sparsity", "Sparsity");
    if metrics.pairs.is_none() {
        return check.not_applicable("The roles user_id and product_id are not both mapped.");
    }
    let Some(sparsity) = sparsity(metrics) else { return check.not_applicable("There are no users or no products.") };
    let (threshold, severity, points) = match sparsity {
        s if s > 0.9999 => (0.9999, Severity::Error, 20),
        s if s > 0.999 => (0.999, Severity::Warning, 10),
        _ => (0.999, Severity::Warning, 0),
    };
    let reason = format!("{} of all user-product pairs have no interaction.", percent(sparsity));
    let advice = "Filter to the top products and to customers with several transactions.";
    check.measured(sparsity, threshold, reason).fails_if(points > 0, severity, advice).costs(points)
}

fn span(metrics: &AnalysisMetrics) -> Check {
    let check = Check::new("span", "Days covered");
    if metrics.timestamp_type.is_none() {
        return unmapped(check, "timestamp");
    }
    let days = metrics.span_days().unwrap_or_default();
    let (threshold, severity, points) = match days {
        ..30 => (30, Severity::Error, 15),
        30..90 => (90, Severity::Warning, 5),
        _ => (90, Severity::Warning, 0),
    };
    let reason = format!("The rows cover {}; recommended: {threshold} or more.", counted(days, "day", "days"));
    let check = check.measured(days as f64, f64::from(threshold), reason);
    check.fails_if(points > 0, severity, "Use a longer date range.").costs(points)
}

fn without(role: &str, nulls: Option<u64>, rows: u64) -> Check {
    let check = Check::new(&format!("null_{role}"), &format!("Rows without a {role}"));
    let Some(nulls) = nulls else { return unmapped(check, role) };
    let part = share(nulls, rows);
    let has = word(nulls, "has", "have");
    let reason = format!("{} of {} {has} no {role} ({}).", integer(nulls), counted(rows, "row", "rows"), percent(part));
    let severity = if part >= 0.01 { Severity::Warning } else { Severity::Notice };
    check.measured(nulls as f64, 0.0, reason).fails_if(
        nulls > 0,
        severity,
        "Filter the column by “is not NULL”, or fix the source.",
    )
}

fn duplicates(metrics: &AnalysisMetrics) -> Check {
    let check = Check::new("duplicate_interactions", "Duplicate interactions");
    let Some(events) = &metrics.events else {
        return check.not_applicable("The roles user_id, product_id and timestamp are not all mapped.");
    };
    let again = events.rows - events.all.min(events.rows);
    let part = share(again, events.rows);
    let reason = format!(
        "{} the user, product and time of another row ({}).",
        counted(again, "row repeats", "rows repeat"),
        percent(part)
    );
    let advice = "Check the joins first: a key that is not unique duplicates rows. Otherwise remove the duplicates in a view.";
    check.measured(part, DUPLICATES, reason).fails_if(part > DUPLICATES, Severity::Warning, advice)
}

/// Outliers in the future would push the reference date. One day is tolerated, since time zones
/// differ by that much.
fn future(metrics: &AnalysisMetrics, today: NaiveDate) -> Check {
    let check = Check::new("future_timestamps", "Timestamps in the future");
    if metrics.timestamp_type.is_none() {
        return unmapped(check, "timestamp");
    }
    let last = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let rows: u64 = metrics.per_day.iter().filter(|day| day.day.is_some_and(|day| day > last)).map(|day| day.rows).sum();
    let counted_from = metrics.as_of.filter(|day| *day > last);
    let mut reason = format!("{} later than {last}.", counted(rows, "row is", "rows are"));
    if let Some(day) = counted_from {
        reason.push_str(&format!(" The reference date is {day}."));
    }
    let severity = if counted_from.is_some() { Severity::Error } else { Severity::Warning };
    let advice = "Use fixed dates, or set a reference date, so that a wrong timestamp does not move the window.";
    check.measured(rows as f64, 0.0, reason).fails_if(rows > 0 || counted_from.is_some(), severity, advice)
}

/// No model can be trained or evaluated on no rows, and jobs downstream fail only much later.
fn empty_splits(config: &DatasetConfig, metrics: &AnalysisMetrics, checks: &mut Vec<Check>) {
    let check = |split: &Split| {
        let rows = metrics.part((*split).into()).map_or(0, |part| part.rows);
        let check = Check::new("empty_split", "Rows per split").about(split.as_str());
        let check = check.measured(rows as f64, 1.0, format!("{} has {}.", split.as_str(), counted(rows, "row", "rows")));
        check.fails_if(rows == 0, Severity::Error, "Change the split config so that each split has rows, or relax the filters.")
    };
    let before = checks.len();
    checks.extend(config.split_config.splits().iter().map(check));
    if checks.len() == before {
        checks.push(Check::new("empty_split", "Rows per split").not_applicable("The dataset has no splits."));
    }
}

fn cold_entities(config: &DatasetConfig, metrics: &AnalysisMetrics, checks: &mut Vec<Check>) {
    let kinds = [("user", metrics.users.as_ref()), ("product", metrics.products.as_ref())];
    for (one, entities) in kinds {
        let check = || Check::new(&format!("cold_{one}s"), &format!("Cold-start {one}s"));
        if entities.is_none() {
            checks.push(unmapped(check(), &format!("{one}_id")));
            continue;
        }
        let held_out = config.split_config.splits().iter().filter(|split| **split != Split::Train);
        let found = held_out.filter_map(|split| {
            let rows = metrics.part((*split).into())?.rows;
            let cold = cold(entities, *split, rows)?;
            let (who, has) = (counted(cold.count, one, &format!("{one}s")), word(cold.count, "has", "have"));
            let reason = format!("{who} of {} {has} no row in train: {} of its rows.", split.as_str(), percent(cold.share));
            let advice = "Filter eval to users and products in train, use a longer train window, or use a model with attributes.";
            let check = check().about(split.as_str()).measured(cold.share, COLD, reason);
            Some(check.fails_if(cold.share > COLD, Severity::Warning, advice))
        });
        let before = checks.len();
        checks.extend(found);
        if checks.len() == before {
            checks.push(check().not_applicable("The dataset has no splits."));
        }
    }
}

fn joins(config: &DatasetConfig, metrics: &AnalysisMetrics, checks: &mut Vec<Check>) {
    for join in &metrics.joins {
        let check = Check::new("join_fan_out", "Join fan-out").about(&join.table);
        let reason = format!(
            "A row has up to {} in {}: {} became {}.",
            counted(join.largest_fan_out, "match", "matches"),
            join.table,
            counted(join.rows_before, "row", "rows"),
            integer(join.rows_after)
        );
        let keeps = config.join_of(&join.table).is_none_or(|j| j.on_duplicates == OnDuplicates::Keep);
        let advice =
            "Keep one row per key, or add the columns that make the key unique: each extra match repeats an interaction.";
        let check = check.measured(join.largest_fan_out as f64, 1.0, reason);
        checks.push(check.fails_if(keeps && join.largest_fan_out > 1, Severity::Warning, advice));

        let rate = join.match_rate();
        let reason = format!("{} of {} match a row in {}.", percent(rate), counted(join.rows_before, "row", "rows"), join.table);
        let check = Check::new("join_match_rate", "Join match rate").about(&join.table).measured(rate, MATCHED, reason);
        let advice = "Check that the keys hold the same ids in the same format.";
        checks.push(check.fails_if(rate < MATCHED && join.rows_before > 0, Severity::Warning, advice));
    }
    if metrics.joins.is_empty() {
        checks.push(Check::new("join_fan_out", "Join fan-out").not_applicable("No tables are joined."));
        checks.push(Check::new("join_match_rate", "Join match rate").not_applicable("No tables are joined."));
    }
}

/// The share of positives, and what the filters did to it: filters can remove most of one class.
fn label(metrics: &AnalysisMetrics, checks: &mut Vec<Check>) {
    let check = Check::new("class_balance", "Class balance");
    let moved = Check::new("class_balance_moved", "Class balance before and after the filters");
    let Some(label) = &metrics.label else {
        let reason = "No selected column looks like a label.";
        checks.extend([check.not_applicable(reason), moved.not_applicable(reason)]);
        return;
    };
    let after = label.after();
    if after.positive + after.negative < after.rows.div_ceil(2) {
        let reason = format!("Most values of {} are neither 0 nor 1.", label.column);
        checks.extend([check.not_applicable(&*reason), moved.not_applicable(&*reason)]);
        return;
    }
    let (before, after) = (label.before.positive_share(), after.positive_share());
    let rare = after.min(1.0 - after);
    let reason = format!("{} of {} are positive.", percent(after), label.column);
    let advice = "Downsample the common value, or give the rare one a higher weight.";
    checks.push(check.about(&label.column).measured(rare, RARE, reason).fails_if(rare < RARE, Severity::Warning, advice));
    let change = if before > 0.0 { (after - before).abs() / before } else { 0.0 };
    let reason = format!("{} were positive before the filters, {} are after them.", percent(before), percent(after));
    let advice = "A filter removes more of one value than of the other: check whether it removes sampled negatives.";
    let moved = moved.about(&label.column).measured(change, MOVED, reason);
    checks.push(moved.fails_if(change > MOVED + 1e-9, Severity::Warning, advice));
}

fn unmapped(check: Check, role: &str) -> Check {
    check.not_applicable(format!("The role {role} is not mapped."))
}
