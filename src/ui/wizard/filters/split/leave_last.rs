//! The last rows of each user held out.

use leptos::prelude::*;

use super::Share;
use crate::domain::dataset::SplitConfig;
use crate::ui::texts::filters as t;
use crate::ui::wizard::State;

/// How many rows of each user are held out.
pub fn held_out(split: &mut SplitConfig) -> Option<&mut u32> {
    match split {
        SplitConfig::LeaveLast { n } => Some(n),
        SplitConfig::None | SplitConfig::TimeBased { .. } | SplitConfig::Random { .. } => None,
    }
}

#[component]
pub fn LeaveLast(state: State) -> impl IntoView {
    view! { <Share state label=t::ROWS_HELD_OUT path="split_config.n" of=held_out /> }
}
