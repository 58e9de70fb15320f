//! How rows go to train, eval and test; the reference date that days count back from; what is
//! hashed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::is_default;

/// The instant that relative dates count back from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AsOf {
    /// The day of the latest timestamp in the joined source; within a fixed date range, the latest
    /// inside it.
    #[default]
    LatestEvent,
    /// CURRENT_DATE, UTC.
    Today,
    On(NaiveDate),
}

impl TryFrom<String> for AsOf {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "latest_event" => Ok(Self::LatestEvent),
            "today" => Ok(Self::Today),
            date => date.parse().map(Self::On).map_err(|_| "as_of is latest_event, today or a date such as 2024-01-31".into()),
        }
    }
}

impl From<AsOf> for String {
    fn from(as_of: AsOf) -> String {
        match as_of {
            AsOf::LatestEvent => "latest_event".into(),
            AsOf::Today => "today".into(),
            AsOf::On(date) => date.to_string(),
        }
    }
}

/// How rows go to train, eval and test.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SplitConfig {
    #[default]
    None,
    /// By the calendar day of the timestamp. The window ends with the reference date: test is its
    /// last `test_days` days, eval the `eval_days` before them, then `gap_days` that belong to no
    /// split, and train is everything earlier. A row without a timestamp is train.
    TimeBased {
        eval_days: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        test_days: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        gap_days: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_of: Option<AsOf>,
    },
    /// By a hash of the unit. What neither train nor test takes is eval. NULL counts as one unit.
    Random {
        train_percent: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        test_percent: u32,
        #[serde(default)]
        unit: Unit,
        #[serde(default)]
        seed: Seed,
    },
    /// The last `n` rows of each user are eval; rows of the same time are ordered by their values,
    /// so that train and eval agree. Rows without a user are train.
    LeaveLast { n: u32 },
}

/// A part of the split data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Split {
    Train,
    Eval,
    Test,
}

impl Split {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Eval => "eval",
            Self::Test => "test",
        }
    }
}

impl SplitConfig {
    /// The splits that this config makes, in the order train, eval, test.
    pub fn splits(&self) -> &'static [Split] {
        match self {
            Self::None => &[],
            Self::TimeBased { test_days: 0, .. } | Self::Random { test_percent: 0, .. } | Self::LeaveLast { .. } => {
                &[Split::Train, Split::Eval]
            }
            Self::TimeBased { .. } | Self::Random { .. } => &[Split::Train, Split::Eval, Split::Test],
        }
    }
}

/// What is hashed: each row, or a user or product with all its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    #[default]
    Row,
    User,
    Product,
}

/// Another seed chooses other rows. Numbers are read as their digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "SeedForm", into = "String")]
pub struct Seed(pub String);

impl Default for Seed {
    fn default() -> Self {
        Self("0".into())
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a seed is a text or a whole number")]
enum SeedForm {
    Int(i64),
    Text(String),
}

impl From<SeedForm> for Seed {
    fn from(form: SeedForm) -> Self {
        Self(match form {
            SeedForm::Int(n) => n.to_string(),
            SeedForm::Text(text) => text,
        })
    }
}

impl From<Seed> for String {
    fn from(seed: Seed) -> String {
        seed.0
    }
}
