//! A split by time: days held out at the end, up to the reference date.

use leptos::prelude::*;

use super::Share;
use crate::domain::dataset::{AsOf, DateRange, SplitConfig};
use crate::ui::texts::filters as t;
use crate::ui::wizard::State;
use crate::ui::wizard::filters::dates::AsOfField;
use crate::ui::wizard::filters::impact::Impact;

/// Mutable references to the fields of a split by time.
struct Fields<'a> {
    eval_days: &'a mut u32,
    test_days: &'a mut u32,
    gap_days: &'a mut u32,
    as_of: &'a mut Option<AsOf>,
}

fn fields(split: &mut SplitConfig) -> Option<Fields<'_>> {
    let SplitConfig::TimeBased { eval_days, test_days, gap_days, as_of } = split else { return None };
    Some(Fields { eval_days, test_days, gap_days, as_of })
}

#[component]
pub fn ByTime(state: State, impact: Impact) -> impl IntoView {
    let as_of = Memo::new(move |_| *fields(&mut state.draft().with(|d| d.config.split_config.clone()))?.as_of);
    let on_as_of = Callback::new(move |chosen: Option<AsOf>| {
        state.edit(|d| {
            if let Some(fields) = fields(&mut d.config.split_config) {
                *fields.as_of = chosen;
            }
        });
    });
    let rolling =
        Memo::new(move |_| state.draft().with(|d| matches!(d.config.filters.date_range, Some(DateRange::Rolling { .. }))));
    let up_to = move || match rolling.get() {
        // A dataset has one reference date.
        true => view! { <p class="note">{t::ONE_AS_OF}</p> }.into_any(),
        false => view! { <AsOfField state impact path="split_config.as_of" as_of=as_of.into() on_as_of /> }.into_any(),
    };
    view! {
        <Share state label=t::EVAL_DAYS path="split_config.eval_days" of=|split| Some(fields(split)?.eval_days) />
        <Share state label=t::TEST_DAYS path="split_config.test_days" of=|split| Some(fields(split)?.test_days) />
        <Share state label=t::GAP_DAYS path="split_config.gap_days" of=|split| Some(fields(split)?.gap_days) />
        {up_to}
    }
}
