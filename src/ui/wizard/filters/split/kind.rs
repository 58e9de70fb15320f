//! The kinds of split: the only module that maps the select's options to configs.

use strum::VariantArray;

use crate::domain::dataset::{Seed, SplitConfig, SplitKind, Unit};
use crate::ui::texts::filters as t;
use crate::ui::wizard::filters::fields::Choice;

impl SplitKind {
    /// What the fields start from.
    pub fn config(self) -> SplitConfig {
        match self {
            Self::None => SplitConfig::None,
            Self::TimeBased => SplitConfig::TimeBased { eval_days: 14, test_days: 0, gap_days: 0, as_of: None },
            Self::Random => SplitConfig::Random { train_percent: 80, test_percent: 0, unit: Unit::Row, seed: Seed::default() },
            Self::LeaveLast => SplitConfig::LeaveLast { n: 1 },
        }
    }

    pub const fn note(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::TimeBased => Some(t::BY_TIME_NOTE),
            Self::Random => Some(t::AT_RANDOM_NOTE),
            Self::LeaveLast => Some(t::LEAVE_LAST_NOTE),
        }
    }

    /// Why it is disabled without a timestamp or a user: the SQL would name a column that does not
    /// exist.
    pub const fn missing(self, has_timestamp: bool, has_user: bool) -> Option<&'static str> {
        match self {
            Self::TimeBased if !has_timestamp => Some(t::NEEDS_TIMESTAMP),
            Self::LeaveLast if !has_timestamp || !has_user => Some(t::NEEDS_USER_AND_TIME),
            Self::None | Self::TimeBased | Self::Random | Self::LeaveLast => None,
        }
    }
}

impl Choice for SplitKind {
    const ALL: &'static [Self] = Self::VARIANTS;

    fn as_str(self) -> &'static str {
        self.into_str()
    }

    fn text(self) -> &'static str {
        match self {
            Self::None => t::NO_SPLIT,
            Self::TimeBased => t::BY_TIME,
            Self::Random => t::AT_RANDOM,
            Self::LeaveLast => t::LEAVE_LAST,
        }
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
