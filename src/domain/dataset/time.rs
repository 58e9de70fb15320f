//! How time is read: what a timestamp column holds if its type does not say, and in which time zone
//! days are counted.

use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr};

use crate::domain::schema::ColumnType;

/// The format of a STRING or INT64 column with the role `timestamp`. Values in another format are
/// read as NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumCount)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum TimestampFormat {
    /// INT64: seconds since 1970-01-01 UTC.
    UnixSeconds,
    /// INT64: milliseconds since 1970-01-01 UTC.
    UnixMillis,
    /// INT64: microseconds since 1970-01-01 UTC.
    UnixMicros,
    /// STRING that begins with `2024-01-31`.
    IsoDate,
    /// STRING such as `2024-01-31 10:00:00` or `2024-01-31T10:00:00+02:00`; UTC without an offset.
    IsoTimestamp,
    /// STRING or INT64 such as `20240131`.
    CompactDate,
}

impl TimestampFormat {
    pub const ALL: [Self; Self::COUNT] =
        [Self::UnixSeconds, Self::UnixMillis, Self::UnixMicros, Self::IsoDate, Self::IsoTimestamp, Self::CompactDate];

    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// The type of what is read.
    pub const fn gives(self) -> ColumnType {
        match self {
            Self::IsoDate | Self::CompactDate => ColumnType::Date,
            Self::UnixSeconds | Self::UnixMillis | Self::UnixMicros | Self::IsoTimestamp => ColumnType::Timestamp,
        }
    }

    /// Whether a column of this type can be read so.
    pub const fn reads(self, t: ColumnType) -> bool {
        match self {
            Self::UnixSeconds | Self::UnixMillis | Self::UnixMicros => matches!(t, ColumnType::Int64),
            Self::IsoDate | Self::IsoTimestamp => matches!(t, ColumnType::String),
            Self::CompactDate => matches!(t, ColumnType::Int64 | ColumnType::String),
        }
    }
}

/// A zone of the IANA time zone database, such as `Europe/Berlin`. Only the warehouse can decide
/// whether its database has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(String);

impl TimeZone {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_utc(&self) -> bool {
        self.0 == "UTC"
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self("UTC".into())
    }
}

impl TryFrom<String> for TimeZone {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        // Names of the database: letters first, `Area/Place`, as in `America/Port-au-Prince` and
        // `Etc/GMT+1`.
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
        let fits = text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(known);
        match fits {
            true => Ok(Self(text)),
            false => Err("use a time zone of the IANA database, such as UTC or Europe/Berlin".into()),
        }
    }
}

impl std::str::FromStr for TimeZone {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::try_from(text.to_owned())
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> String {
        zone.0
    }
}

impl std::fmt::Display for TimeZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
