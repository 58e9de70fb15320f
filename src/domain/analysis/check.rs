//! One check and its result.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    Failed,
    /// A required role is not mapped, or there is nothing to check; see the reason.
    NotApplicable,
}

/// Severity of a failed check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For information.
    Notice,
    Warning,
    /// The dataset should not be used as it is.
    Error,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Check {
    /// Stable, for programs.
    pub code: String,
    /// What is checked, in a few words.
    pub title: String,
    /// The checked column, table or split, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    pub outcome: Outcome,
    /// Set if the check failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The measured value, in the unit of the reason.
    pub value: Option<f64>,
    /// The value that it was compared with.
    pub threshold: Option<f64>,
    /// Points deducted from the quality score.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub points: u32,
    /// The finding, as a sentence.
    pub reason: String,
    /// What to change, if the check failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Check {
    /// No result yet.
    pub(super) fn new(code: &str, title: &str) -> Self {
        Self {
            code: code.into(),
            title: title.into(),
            about: None,
            outcome: Outcome::Passed,
            severity: None,
            value: None,
            threshold: None,
            points: 0,
            reason: String::new(),
            advice: None,
        }
    }

    pub(super) fn about(mut self, about: impl ToString) -> Self {
        self.about = Some(about.to_string());
        self
    }

    /// Sets the value, the threshold, and the sentence that states both.
    pub(super) fn measured(mut self, value: f64, threshold: f64, reason: impl Into<String>) -> Self {
        (self.value, self.threshold, self.reason) = (Some(value), Some(threshold), reason.into());
        self
    }

    pub(super) fn failed(mut self, severity: Severity, advice: &str) -> Self {
        (self.outcome, self.severity, self.advice) = (Outcome::Failed, Some(severity), Some(advice.into()));
        self
    }

    /// Fails the check if the condition holds.
    pub(super) fn fails_if(self, fails: bool, severity: Severity, advice: &str) -> Self {
        if fails { self.failed(severity, advice) } else { self }
    }

    pub(super) fn costs(mut self, points: u32) -> Self {
        self.points = points;
        self
    }

    pub(super) fn not_applicable(mut self, reason: impl Into<String>) -> Self {
        (self.outcome, self.reason) = (Outcome::NotApplicable, reason.into());
        self
    }

    /// A failed check of the leakage audit, not just a notice.
    pub fn is_leak(&self) -> bool {
        self.outcome == Outcome::Failed && self.severity > Some(Severity::Notice)
    }
}

fn is_zero(points: &u32) -> bool {
    *points == 0
}

/// A share (0 to 1) as percent, which reads as 0 or 100 only if it is none or all.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if p == 0.0 || p == 100.0 => format!("{p} %"),
        p if p < 0.01 => "less than 0.01 %".into(),
        p if p > 99.99 => "more than 99.99 %".into(),
        p => format!("{} %", (p * 100.0).round() / 100.0),
    }
}
