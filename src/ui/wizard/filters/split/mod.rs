//! How rows go to train, eval and test, with a chart of it.

use leptos::prelude::*;

use self::kind::Picture;
pub use self::leave_last::held_out;
use super::super::State;
use super::fields::{Choice, Number, NumberField, OtherErrors, Select, as_whole};
use super::impact::Impact;
use super::timeline::{LastRows, Shares, Timeline};
use crate::domain::dataset::{SplitConfig, SplitKind};
use crate::ui::texts::filters as t;

mod at_random;
mod by_time;
mod kind;
mod leave_last;

/// The paths whose validation errors a field shows.
const OWN: &[&str] = &[
    "split_config.eval_days",
    "split_config.test_days",
    "split_config.gap_days",
    "split_config.as_of",
    "split_config.train_percent",
    "split_config.test_percent",
    "split_config.n",
];

#[component]
pub fn Split(state: State, impact: Impact, has_timestamp: Memo<bool>) -> impl IntoView {
    let split = Memo::new(move |_| state.draft().with(|d| d.config.split_config.clone()));
    let has_user = Memo::new(move |_| state.draft().with(|d| d.config.column_mapping.user_id.is_some()));
    // The fields stay as they are while their numbers change.
    let kind = Memo::new(move |_| split.with(|split| SplitKind::from(split)));
    let choose = Callback::new(move |kind: SplitKind| state.edit(|d| d.config.split_config = kind.config()));
    let off = Callback::new(move |kind: SplitKind| kind.missing(has_timestamp.get(), has_user.get()));
    let fields = move || match kind.get() {
        SplitKind::None => ().into_any(),
        SplitKind::TimeBased => view! { <by_time::ByTime state impact /> }.into_any(),
        SplitKind::Random => view! { <at_random::AtRandom state /> }.into_any(),
        SplitKind::LeaveLast => view! { <leave_last::LeaveLast state /> }.into_any(),
    };
    let picture = move || match kind.get().picture() {
        Picture::Timeline if !has_timestamp.get() => ().into_any(),
        Picture::Timeline => view! { <Timeline impact split /> }.into_any(),
        Picture::Shares => view! { <Shares impact split /> }.into_any(),
        Picture::LastRows => view! { <LastRows impact split /> }.into_any(),
    };
    let note = move |note: Option<&'static str>| note.map(|note| view! { <p class="note">{note}</p> });
    // What the first disabled kind needs.
    let missing = move || SplitKind::ALL.iter().find_map(|kind| off.run(*kind));
    view! {
        <fieldset class="group">
            <legend>{t::SPLIT}</legend>
            <div class="field-row">
                <Select label=t::TRAIN_AND_EVAL chosen=kind off on_choose=choose />
                {fields}
            </div>
            {move || note(kind.get().note())}
            {move || note(missing())}
            <OtherErrors state path="split_config" own=OWN />
            {picture}
        </fieldset>
    }
}

/// A number field of the split.
#[component]
fn Share(
    state: State,
    label: &'static str,
    path: &'static str,
    /// `None` for a split of a kind without this number.
    of: fn(&mut SplitConfig) -> Option<&mut u32>,
) -> impl IntoView {
    let value = Memo::new(move |_| {
        let mut split = state.draft().with(|d| d.config.split_config.clone());
        of(&mut split).map(|number| f64::from(*number))
    });
    let on_change = Callback::new(move |number: Option<f64>| {
        state.edit(|d| {
            if let (Some(part), Some(number)) = (of(&mut d.config.split_config), as_whole(number)) {
                *part = number;
            }
        });
    });
    view! { <Number state field=NumberField::needed(label, path) value=value.into() on_change /> }
}
