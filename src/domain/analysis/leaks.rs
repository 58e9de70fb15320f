//! The leakage audit: what training may learn that is not known when the model is used. Findings,
//! not policies: each gives its number, why it matters and what would change it, since the right
//! policy depends on the data.

use super::check::{Check, Severity, percent};
use super::proof::late_train_rows;
use super::{AnalysisMetrics, DistinctCounts, Part, share};
use crate::domain::dataset::{DatasetConfig, Role, Scope, SplitConfig};
use crate::domain::format::counted;

/// Share of rows in which revenue and label agree: from here on one gives the other away.
const TELLS: f64 = 0.95;

/// All checks are listed, with what they found.
pub(super) fn audit(config: &DatasetConfig, metrics: &AnalysisMetrics) -> Vec<Check> {
    let mut checks = vec![
        late(config, metrics),
        shared(config, metrics.events.as_ref(), "row_in_two_splits", "The same row in two splits", ROW),
        shared(config, metrics.baskets.as_ref(), "basket_in_two_splits", "The same basket in two splits", BASKET),
        filters(config, metrics),
    ];
    attributes(metrics, &mut checks);
    checks.push(revenue(config, metrics));
    checks
}

fn late(config: &DatasetConfig, metrics: &AnalysisMetrics) -> Check {
    let check = Check::new("train_after_eval", "Train rows later than the first eval row");
    if config.split_config == SplitConfig::None {
        return check.not_applicable("The dataset has no splits.");
    }
    let Some(late) = late_train_rows(metrics) else { return check.not_applicable("The role timestamp is not mapped.") };
    let train = metrics.part(Part::Train).map_or(0, |part| part.rows);
    let first = metrics.part(Part::Eval).and_then(|part| part.first_at).map(|at| format!(", {at} UTC")).unwrap_or_default();
    let reason = format!(
        "{} later than the first eval row{}: {} of train.",
        counted(late, "train row is", "train rows are"),
        if metrics.timestamp_type == Some(crate::domain::schema::ColumnType::Timestamp) { first } else { String::new() },
        percent(share(late, train))
    );
    let advice = "Split by time, so that eval is strictly later than train, as in production.";
    check.measured(late as f64, 0.0, reason).fails_if(late > 0, Severity::Error, advice)
}

/// What a shared entity is called, and the roles that it needs.
struct Kind {
    one: &'static str,
    many: &'static str,
    roles: &'static str,
    advice: &'static str,
}

const ROW: Kind = Kind {
    one: "event (user, product and time) has rows",
    many: "events (user, product and time) have rows",
    roles: "The roles user_id, product_id and timestamp are not all mapped.",
    advice: "Remove the duplicates, or split by time, user or product: eval must not contain rows that train has seen.",
};

const BASKET: Kind = Kind {
    one: "basket (user and time) has rows",
    many: "baskets (user and time) have rows",
    roles: "The roles user_id and timestamp are not both mapped.",
    advice: "Split by time or by user: the rest of a basket reveals the items to predict.",
};

fn shared(config: &DatasetConfig, entities: Option<&DistinctCounts>, code: &str, title: &str, kind: Kind) -> Check {
    let check = Check::new(code, title);
    if config.split_config == SplitConfig::None {
        return check.not_applicable("The dataset has no splits.");
    }
    let Some(shared) = entities.and_then(|entities| entities.shared) else { return check.not_applicable(kind.roles) };
    let reason = format!("{} in more than one split.", counted(shared, kind.one, kind.many));
    check.measured(shared as f64, 0.0, reason).fails_if(shared > 0, Severity::Error, kind.advice)
}

/// Entity filters computed over the eval window: they decide by events that training must not know.
fn filters(config: &DatasetConfig, metrics: &AnalysisMetrics) -> Check {
    let check = Check::new("filters_see_eval", "Filters computed over the eval window");
    if !config.filters.has_entity_filter() {
        return check.not_applicable("No product or customer filter is set.");
    }
    if !config.split_config.is_by_time() {
        return check.not_applicable("The split is not by time, so there is no eval window.");
    }
    if config.filters.scope != Some(Scope::All) {
        return check.measured(0.0, 0.0, "Product and customer filters are computed from train rows only.");
    }
    let seen = metrics.held_out_rows_seen.unwrap_or_default();
    let reason = format!("Product and customer filters are computed from {} of eval and test too.", counted(seen, "row", "rows"));
    let advice = "Compute the filters from train only: set their scope to train.";
    check.measured(seen as f64, 0.0, reason).failed(Severity::Error, advice)
}

fn attributes(metrics: &AnalysisMetrics, checks: &mut Vec<Check>) {
    let check = || Check::new("attribute_newer_than_event", "Attributes newer than the event");
    if metrics.timestamp_type.is_none() {
        checks.push(check().not_applicable("The role timestamp is not mapped."));
    } else if metrics.attributes.is_empty() {
        checks.push(check().not_applicable("No other date or time column is selected or filtered."));
    }
    for attribute in &metrics.attributes {
        let part = share(attribute.newer, attribute.rows);
        let reason = format!(
            "{} is later than the event in {} ({}).",
            attribute.column,
            counted(attribute.newer, "row", "rows"),
            percent(part)
        );
        let advice = "Join the value as of the event, or remove the column: later values are unknown at prediction time.";
        let check = check().about(&attribute.column).measured(part, 0.0, reason);
        checks.push(check.fails_if(attribute.newer > 0, Severity::Warning, advice));
    }
}

/// Revenue comes with the event, so it gives away a label that says whether there was one.
fn revenue(config: &DatasetConfig, metrics: &AnalysisMetrics) -> Check {
    let check = Check::new("revenue_tells_label", "Columns that reveal the label");
    let Some(revenue) = config.column_mapping.get(Role::Revenue) else {
        return check.not_applicable("The role revenue is not mapped.");
    };
    let same = |s: &crate::domain::dataset::SelectedColumn| {
        s.table.same_as(&revenue.table) && crate::domain::name::same(s.column.as_str(), revenue.column.as_str())
    };
    if !config.selected_columns.iter().any(same) {
        return check.not_applicable(format!("{revenue} is not selected."));
    }
    let found = metrics.label.as_ref().and_then(|label| Some((label, label.told_by_revenue?)));
    let Some((label, revealed)) = found else {
        let check = check.about(revenue).not_applicable(format!("{revenue} is selected, but no label column."));
        return check;
    };
    let labelled = label.after().positive + label.after().negative;
    let part = share(revealed, labelled);
    let reason = format!("In {} of rows, {revenue} is set exactly when {} is positive.", percent(part), label.column);
    let advice = format!("Remove {revenue} from the columns: it is only known after the event.");
    check.about(revenue).measured(part, TELLS, reason).fails_if(part >= TELLS && labelled > 0, Severity::Warning, &advice)
}
