//! The last rows of each user held out.

use leptos::prelude::*;

use super::Share;
use crate::domain::dataset::SplitConfig;
use crate::ui::texts::filters as t;
use crate::ui::wizard::State;

/// How many rows of each user are held out.
pub fn held_out(split: &mut SplitConfig) -> Option<&mut u32> {
    let SplitConfig::LeaveLast { n } = split else { return None };
    Some(n)
}

#[component]
pub fn LeaveLast(state: State) -> impl IntoView {
    view! { <Share state label=t::ROWS_HELD_OUT path="split_config.n" of=held_out /> }
}
