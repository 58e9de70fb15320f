//! The kinds of split: the only module that maps the select's options to configs.

use strum::VariantArray;

use crate::domain::dataset::{Seed, SplitConfig, SplitKind, Unit};
use crate::ui::texts::filters as t;
use crate::ui::wizard::filters::fields::Choice;

/// How a kind is offered, and what its fields start from.
struct Spec {
    text: &'static str,
    note: Option<&'static str>,
    needs: Needs,
    picture: Picture,
    config: fn() -> SplitConfig,
}

/// The roles that a kind is disabled without: the SQL would name a column that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Timestamp,
    UserAndTimestamp,
}

/// The chart of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    Timeline,
    Shares,
    LastRows,
}

impl SplitKind {
    const fn spec(self) -> Spec {
        match self {
            Self::None => Spec {
                text: t::NO_SPLIT,
                note: None,
                needs: Needs::Nothing,
                picture: Picture::Timeline,
                config: || SplitConfig::None,
            },
            Self::TimeBased => Spec {
                text: t::BY_TIME,
                note: Some(t::BY_TIME_NOTE),
                needs: Needs::Timestamp,
                picture: Picture::Timeline,
                config: || SplitConfig::TimeBased { eval_days: 14, test_days: 0, gap_days: 0, as_of: None },
            },
            Self::Random => Spec {
                text: t::AT_RANDOM,
                note: Some(t::AT_RANDOM_NOTE),
                needs: Needs::Nothing,
                picture: Picture::Shares,
                config: || SplitConfig::Random { train_percent: 80, test_percent: 0, unit: Unit::Row, seed: Seed::default() },
            },
            Self::LeaveLast => Spec {
                text: t::LEAVE_LAST,
                note: Some(t::LEAVE_LAST_NOTE),
                needs: Needs::UserAndTimestamp,
                picture: Picture::LastRows,
                config: || SplitConfig::LeaveLast { n: 1 },
            },
        }
    }

    pub fn config(self) -> SplitConfig {
        (self.spec().config)()
    }

    pub const fn note(self) -> Option<&'static str> {
        self.spec().note
    }

    pub const fn picture(self) -> Picture {
        self.spec().picture
    }

    /// Why it is disabled without a timestamp or a user.
    pub const fn missing(self, has_timestamp: bool, has_user: bool) -> Option<&'static str> {
        match self.spec().needs {
            Needs::Timestamp if !has_timestamp => Some(t::NEEDS_TIMESTAMP),
            Needs::UserAndTimestamp if !has_timestamp || !has_user => Some(t::NEEDS_USER_AND_TIME),
            Needs::Nothing | Needs::Timestamp | Needs::UserAndTimestamp => None,
        }
    }
}

impl Choice for SplitKind {
    const ALL: &'static [Self] = Self::VARIANTS;

    fn as_str(self) -> &'static str {
        self.into_str()
    }

    fn text(self) -> &'static str {
        self.spec().text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_makes_a_config_of_its_kind() {
        for kind in SplitKind::ALL {
            let config = kind.config();
            assert_eq!(SplitKind::from(&config), *kind);
            // The word is that of the config's JSON.
            let json = serde_json::to_value(&config).unwrap();
            assert_eq!(json["type"], kind.as_str());
            assert_eq!(kind.note().is_none(), config.splits().is_empty());
        }
    }

    #[test]
    fn a_kind_can_be_chosen_once_its_roles_are_mapped() {
        // Kinds that need a missing role are disabled.
        let free = |has_timestamp, has_user| {
            let free = SplitKind::ALL.iter().filter(|kind| kind.missing(has_timestamp, has_user).is_none());
            free.copied().collect::<Vec<_>>()
        };
        assert_eq!(free(false, false), [SplitKind::None, SplitKind::Random]);
        assert_eq!(free(false, true), [SplitKind::None, SplitKind::Random]);
        assert_eq!(free(true, false), [SplitKind::None, SplitKind::TimeBased, SplitKind::Random]);
        assert_eq!(free(true, true), SplitKind::ALL);
    }
}
