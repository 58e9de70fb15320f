//! Whether a dataset is large enough for a managed recommender: compared with the minimums that
//! Amazon Personalize publishes. <https://docs.aws.amazon.com/personalize/latest/dg/limits.html>

use serde::{Deserialize, Serialize};

use super::check::{Check, Outcome, Severity, percent};
use super::{AnalysisMetrics, share};
use crate::domain::format::{counted, integer, word};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Readiness {
    /// The service whose minimums are checked.
    pub target: String,
    /// All required checks could be made, and none failed with an error.
    pub ready: bool,
    pub checks: Vec<Check>,
}

/// Interactions required, and recommended.
const INTERACTIONS: [u64; 2] = [1_000, 50_000];
/// Users with two interactions or more.
const USERS: [u64; 2] = [25, 1_000];
/// Share of the catalogue without an interaction. Our own threshold: none is published.
const IDLE: f64 = 0.5;

pub(super) fn readiness(metrics: &AnalysisMetrics) -> Readiness {
    let checks = vec![interactions(metrics), users(metrics), catalogue(metrics)];
    let needed = &checks[..2];
    let ready = needed.iter().all(|check| check.outcome != Outcome::NotApplicable && check.severity != Some(Severity::Error));
    Readiness { target: "Amazon Personalize".into(), ready, checks }
}

fn interactions(metrics: &AnalysisMetrics) -> Check {
    let check = Check::new("readiness_interactions", "Interactions");
    let Some(pairs) = &metrics.pairs else {
        return check.not_applicable("The roles user_id and product_id are not both mapped.");
    };
    let found = counted(pairs.rows, "row has", "rows have");
    let check = two_steps(check, pairs.rows, INTERACTIONS, |least, word| {
        format!("{found} a user and a product; {} are {word}.", integer(least))
    });
    let advice = "Use a longer date range, or relax the filters.";
    by_step(check, pairs.rows, INTERACTIONS, advice)
}

fn users(metrics: &AnalysisMetrics) -> Check {
    let check = Check::new("readiness_users", "Users with two interactions or more");
    let Some(users) = &metrics.users else { return check.not_applicable("The role user_id is not mapped.") };
    let often = users.all - users.once.min(users.all);
    let found = counted(often, "user has", "users have");
    let check =
        two_steps(check, often, USERS, |least, word| format!("{found} two interactions or more; {} are {word}.", integer(least)));
    by_step(check, often, USERS, "Use a longer date range, or relax the product filter.")
}

/// Compares with the required number first, then with the recommended one.
fn two_steps(check: Check, value: u64, [needed, advised]: [u64; 2], reason: impl Fn(u64, &str) -> String) -> Check {
    let (least, word) = if value < needed { (needed, "required") } else { (advised, "recommended") };
    check.measured(value as f64, least as f64, reason(least, word))
}

fn by_step(check: Check, value: u64, [needed, advised]: [u64; 2], advice: &str) -> Check {
    let severity = if value < needed { Severity::Error } else { Severity::Notice };
    check.fails_if(value < advised, severity, advice)
}

fn catalogue(metrics: &AnalysisMetrics) -> Check {
    let check = Check::new("readiness_catalogue", "Products without interactions");
    let Some(catalogue) = &metrics.catalogue else {
        return check.not_applicable("No table is joined by product only, so there is no catalogue to count.");
    };
    let idle = share(catalogue.items.saturating_sub(catalogue.used), catalogue.items);
    let (products, has) = (counted(catalogue.items, "product", "products"), word(catalogue.items, "has", "have"));
    let reason = format!("{} of {products} {has} no interactions.", percent(idle));
    let advice = "Products without interactions can only be recommended by their attributes: select attribute columns.";
    check.measured(idle, IDLE, reason).fails_if(idle > IDLE, Severity::Notice, advice)
}
