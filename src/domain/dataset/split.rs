//! How rows go to train, eval and test; the reference date that days count back from; what is
//! hashed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::{EnumCount, EnumDiscriminants, IntoStaticStr, VariantArray};

use super::is_default;

/// The reference date: the day that relative dates count back from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AsOf {
    /// The day of the latest timestamp in the joined source; within a fixed date range, the latest
    /// inside it.
    #[default]
    LatestEvent,
    /// The current date in the dataset's time zone (UTC unless `column_mapping.time_zone` is set).
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

/// How rows are split into train, eval and test.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, EnumDiscriminants)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(SplitKind),
    derive(IntoStaticStr, VariantArray),
    strum(const_into_str, serialize_all = "snake_case"),
    doc = "A kind of split, without its numbers."
)]
pub enum SplitConfig {
    #[default]
    None,
    /// By the calendar day of the timestamp, in the dataset's time zone (UTC unless
    /// `column_mapping.time_zone` is set). The window ends on the reference date `as_of`: test is
    /// its last `test_days` days, eval the `eval_days` before them, then `gap_days` in no split,
    /// and train everything earlier. Rows without a timestamp are train.
    TimeBased {
        eval_days: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        test_days: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        gap_days: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_of: Option<AsOf>,
    },
    /// By a hash of the unit. Eval gets the rest. NULL is a separate unit.
    Random {
        train_percent: u32,
        #[serde(default, skip_serializing_if = "is_default")]
        test_percent: u32,
        #[serde(default)]
        unit: Unit,
        #[serde(default)]
        seed: Seed,
    },
    /// The last `n` rows of each user are eval. Rows with the same time are ordered by their
    /// values, so that train and eval agree. Rows without a user are train.
    LeaveLast { n: u32 },
}

/// A split of the dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, EnumCount)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Split {
    Train,
    Eval,
    Test,
}

impl Split {
    pub const ALL: [Self; Self::COUNT] = [Self::Train, Self::Eval, Self::Test];

    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// What the split of a row follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// There is no split.
    Nothing,
    /// Its day, counted back from the reference date as stated.
    Day(Option<AsOf>),
    /// A hash of its values.
    Hash,
    /// Its position in time among the rows of its user that are left.
    Position,
}

impl SplitConfig {
    const fn basis(&self) -> Basis {
        match self {
            Self::None => Basis::Nothing,
            Self::TimeBased { as_of, .. } => Basis::Day(*as_of),
            Self::Random { .. } => Basis::Hash,
            Self::LeaveLast { .. } => Basis::Position,
        }
    }

    /// Whether the splits are ranges of days.
    pub const fn is_by_time(&self) -> bool {
        match self.basis() {
            Basis::Day(_) => true,
            Basis::Nothing | Basis::Hash | Basis::Position => false,
        }
    }

    /// Whether rows have an order in time, and so need a timestamp.
    pub const fn needs_timestamp(&self) -> bool {
        match self.basis() {
            Basis::Day(_) | Basis::Position => true,
            Basis::Nothing | Basis::Hash => false,
        }
    }

    /// Whether the split of a row depends on which other rows are left.
    pub const fn depends_on_rows_left(&self) -> bool {
        match self.basis() {
            Basis::Position => true,
            Basis::Nothing | Basis::Day(_) | Basis::Hash => false,
        }
    }

    /// The reference date that the splits count back from, as stated: `Some(None)` is the default,
    /// `None` means that they count back from nothing.
    pub const fn as_of(&self) -> Option<Option<AsOf>> {
        match self.basis() {
            Basis::Day(as_of) => Some(as_of),
            Basis::Nothing | Basis::Hash | Basis::Position => None,
        }
    }

    /// The percents of train, eval and test, if the splits are shares.
    pub const fn percents(&self) -> Option<[(Split, u32); 3]> {
        match self {
            Self::Random { train_percent, test_percent, .. } => {
                let eval = 100u32.saturating_sub(train_percent.saturating_add(*test_percent));
                Some([(Split::Train, *train_percent), (Split::Eval, eval), (Split::Test, *test_percent)])
            }
            Self::None | Self::TimeBased { .. } | Self::LeaveLast { .. } => None,
        }
    }

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

/// What is hashed: each row, or all rows of a user or product together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
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
#[serde(untagged, expecting = "a seed is a string or a whole number")]
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
