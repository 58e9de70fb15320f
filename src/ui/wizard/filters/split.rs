//! How rows go to train, eval and test, with a picture of it.

use leptos::prelude::*;

use super::super::State;
use super::asking::Asking;
use super::dates::as_of_field;
use super::fields::{NumberField, as_whole, choice, number, other_faults};
use super::timeline;
use crate::domain::dataset::*;
use crate::ui::texts::filters as t;

/// One number of a split, read and written in place.
type Part = fn(&mut SplitConfig) -> Option<&mut u32>;

pub fn split(state: State, asking: Asking, has_timestamp: Memo<bool>) -> AnyView {
    let split = Memo::new(move |_| state.draft().with(|d| d.config.split_config.clone()));
    let has_user = Memo::new(move |_| state.draft().with(|d| d.config.column_mapping.user_id.is_some()));
    let kind = Memo::new(move |_| {
        split.with(|split| match split {
            SplitConfig::None => "none",
            SplitConfig::TimeBased { .. } => "time_based",
            SplitConfig::Random { .. } => "random",
            SplitConfig::LeaveLast { .. } => "leave_last",
        })
    });
    let choose = Callback::new(move |kind: String| {
        state.edit(|d| {
            d.config.split_config = match kind.as_str() {
                "time_based" => SplitConfig::TimeBased { eval_days: 14, test_days: 0, gap_days: 0, as_of: None },
                "random" => SplitConfig::Random { train_percent: 80, test_percent: 0, unit: Unit::Row, seed: Seed::default() },
                "leave_last" => SplitConfig::LeaveLast { n: 1 },
                _ => SplitConfig::None,
            };
        });
    });
    let free = Signal::stored(None);
    // G-27, G-35
    let needs_time = Signal::derive(move || (!has_timestamp.get()).then_some(t::NEEDS_TIMESTAMP));
    let needs_both = Signal::derive(move || (!has_timestamp.get() || !has_user.get()).then_some(t::NEEDS_USER_AND_TIME));
    let kinds = vec![
        ("none", t::NO_SPLIT, free),
        ("time_based", t::BY_TIME, needs_time),
        ("random", t::AT_RANDOM, free),
        ("leave_last", t::LEAVE_LAST, needs_both),
    ];
    let part = move |label: &'static str, path: &'static str, of: Part| {
        let value = Signal::derive(move || of(&mut split.get()).map(|number| f64::from(*number)));
        let on_change = Callback::new(move |number: Option<f64>| {
            state.edit(|d| {
                if let (Some(part), Some(number)) = (of(&mut d.config.split_config), as_whole(number)) {
                    *part = number;
                }
            });
        });
        number(state, NumberField::needed(label, path), value, on_change)
    };
    let fields = move || match kind.get() {
        "time_based" => by_time(state, asking, split, &part),
        "random" => at_random(state, split, &part),
        "leave_last" => part(t::ROWS_HELD_OUT, "split_config.n", |s| match s {
            SplitConfig::LeaveLast { n } => Some(n),
            _ => None,
        }),
        _ => ().into_any(),
    };
    let picture = move || match kind.get() {
        "random" => timeline::shares(asking, split),
        "leave_last" => timeline::last_rows(asking, split),
        _ if has_timestamp.get() => timeline::timeline(asking, split),
        _ => ().into_any(),
    };
    let note = move || match kind.get() {
        "time_based" => Some(t::BY_TIME_NOTE),
        "random" => Some(t::AT_RANDOM_NOTE),
        "leave_last" => Some(t::LEAVE_LAST_NOTE),
        _ => None,
    };
    // What the kinds that cannot be chosen need.
    let missing = move || needs_time.get().or(needs_both.get());
    const OWN: &[&str] = &[
        "split_config.eval_days",
        "split_config.test_days",
        "split_config.gap_days",
        "split_config.as_of",
        "split_config.train_percent",
        "split_config.test_percent",
        "split_config.n",
    ];
    view! {
        <fieldset class="group">
            <legend>{t::SPLIT}</legend>
            <div class="field-row">
                {choice(t::TRAIN_AND_EVAL, kinds, kind.into(), choose)}
                {fields}
            </div>
            {move || note().map(|note| view! { <p class="note">{note}</p> })}
            {move || missing().map(|why| view! { <p class="note">{why}</p> })}
            {other_faults(state, "split_config", OWN)}
            {picture}
        </fieldset>
    }
    .into_any()
}

fn by_time(
    state: State,
    asking: Asking,
    split: Memo<SplitConfig>,
    part: &dyn Fn(&'static str, &'static str, Part) -> AnyView,
) -> AnyView {
    let as_of = Signal::derive(move || {
        split.with(|split| match split {
            SplitConfig::TimeBased { as_of, .. } => *as_of,
            _ => None,
        })
    });
    let on_as_of = Callback::new(move |chosen: Option<AsOf>| {
        state.edit(|d| {
            if let SplitConfig::TimeBased { as_of, .. } = &mut d.config.split_config {
                *as_of = chosen;
            }
        });
    });
    let rolling =
        Memo::new(move |_| state.draft().with(|d| matches!(d.config.filters.date_range, Some(DateRange::Rolling { .. }))));
    let up_to = move || match rolling.get() {
        // A dataset has one as-of.
        true => view! { <p class="note">{t::ONE_AS_OF}</p> }.into_any(),
        false => as_of_field(state, asking, "split_config.as_of", as_of, on_as_of),
    };
    view! {
        {part(t::EVAL_DAYS, "split_config.eval_days", |s| match s { SplitConfig::TimeBased { eval_days, .. } => Some(eval_days), _ => None })}
        {part(t::TEST_DAYS, "split_config.test_days", |s| match s { SplitConfig::TimeBased { test_days, .. } => Some(test_days), _ => None })}
        {part(t::GAP_DAYS, "split_config.gap_days", |s| match s { SplitConfig::TimeBased { gap_days, .. } => Some(gap_days), _ => None })}
        {up_to}
    }.into_any()
}

fn at_random(state: State, split: Memo<SplitConfig>, part: &dyn Fn(&'static str, &'static str, Part) -> AnyView) -> AnyView {
    let unit = Signal::derive(move || {
        split.with(|split| match split {
            SplitConfig::Random { unit, .. } => unit_word(*unit),
            _ => t::UNIT_WORDS[0],
        })
    });
    let on_unit = Callback::new(move |word: String| {
        state.edit(|d| {
            if let SplitConfig::Random { unit, .. } = &mut d.config.split_config {
                *unit = unit_of(&word);
            }
        });
    });
    let seed = move || {
        split.with(|split| match split {
            SplitConfig::Random { seed, .. } => seed.0.clone(),
            _ => String::new(),
        })
    };
    view! {
        {part(t::TRAIN_PERCENT, "split_config.train_percent", |s| match s { SplitConfig::Random { train_percent, .. } => Some(train_percent), _ => None })}
        {part(t::TEST_PERCENT, "split_config.test_percent", |s| match s { SplitConfig::Random { test_percent, .. } => Some(test_percent), _ => None })}
        {choice(t::BY, units(), unit, on_unit)}
        <label class="field field-number">
            <span>{t::SEED}</span>
            <input
                prop:value=seed
                type="text"
                maxlength="100"
                autocomplete="off"
                on:input:target=move |e| {
                    let text = e.target().value();
                    state.edit(|d| {
                        if let SplitConfig::Random { seed, .. } = &mut d.config.split_config {
                            *seed = Seed(text);
                        }
                    });
                }
            />
        </label>
    }.into_any()
}

pub fn units() -> Vec<(&'static str, &'static str, Signal<Option<&'static str>>)> {
    t::UNIT_WORDS.into_iter().map(|word| (word, word, Signal::stored(None))).collect()
}

pub fn unit_word(unit: Unit) -> &'static str {
    match unit {
        Unit::Row => t::UNIT_WORDS[0],
        Unit::User => t::UNIT_WORDS[1],
        Unit::Product => t::UNIT_WORDS[2],
    }
}

pub fn unit_of(word: &str) -> Unit {
    [Unit::Row, Unit::User, Unit::Product].into_iter().find(|unit| unit_word(*unit) == word).unwrap_or_default()
}
