//! Step 4: which days, which rows, and how they are split.

use leptos::prelude::*;

use super::members::Members;
use super::row_filters::RowFilters;
use super::{FieldErrors, State};
use crate::domain::dataset::*;
use crate::rpc;
use crate::ui::dialogs::CountsPanel;

#[component]
pub fn Filters(state: State) -> impl IntoView {
    let counts = Action::new(move |(): &()| {
        let config = state.draft.with_untracked(|d| d.config.clone());
        rpc::count_config(state.model_id, config)
    });
    let has_timestamp = Memo::new(move |_| state.draft.with(|d| d.config.column_mapping.timestamp.is_some()));
    view! {
        <DateRangeEditor state has_timestamp />
        <RowFilters state />
        <Members state />
        <SplitEditor state has_timestamp />
        <CountsPanel counts />
    }
}

/// A whole number that a person types; what is no number is left to the field to show.
#[component]
fn Number(
    label: &'static str,
    #[prop(into)] value: Signal<u32>,
    on_change: Callback<u32>,
    #[prop(default = 0)] min: u32,
    #[prop(default = 36_525)] max: u32,
) -> impl IntoView {
    view! {
        <label class="field field-number">
            <span>{label}</span>
            <input
                type="number"
                min=min
                max=max
                step="1"
                prop:value=move || value.get().to_string()
                on:input:target=move |e| {
                    if let Ok(number) = e.target().value().trim().parse() {
                        on_change.run(number);
                    }
                }
            />
        </label>
    }
}

#[component]
fn DateRangeEditor(state: State, has_timestamp: Memo<bool>) -> impl IntoView {
    let range = Memo::new(move |_| state.draft.with(|d| d.config.filters.date_range.clone()));
    let set = move |range: Option<DateRange>| state.edit(|d| d.config.filters.date_range = range);
    let kind = move || match range.get() {
        None => "all",
        Some(DateRange::Rolling { months: Some(_), .. }) => "months",
        Some(DateRange::Rolling { .. }) => "days",
        Some(DateRange::Fixed { .. }) => "fixed",
    };
    let choose = move |kind: String| {
        set(match kind.as_str() {
            "days" => Some(DateRange::Rolling { days: Some(90), months: None, as_of: None }),
            "months" => Some(DateRange::Rolling { days: None, months: Some(3), as_of: None }),
            "fixed" => Some(DateRange::Fixed { start: None, end: None }),
            _ => None,
        });
    };
    let option = move |value: &'static str, text: &'static str| {
        view! {
            <option value=value selected=move || kind() == value disabled=move || value != "all" && !has_timestamp.get()>
                {text}
            </option>
        }
    };
    let span = Signal::derive(move || match range.get() {
        Some(DateRange::Rolling { days, months, .. }) => days.or(months).unwrap_or_default(),
        _ => 0,
    });
    let on_span = Callback::new(move |number: u32| {
        set(match range.get_untracked() {
            Some(DateRange::Rolling { months: Some(_), as_of, .. }) => {
                Some(DateRange::Rolling { days: None, months: Some(number), as_of })
            }
            Some(DateRange::Rolling { as_of, .. }) => Some(DateRange::Rolling { days: Some(number), months: None, as_of }),
            other => other,
        });
    });
    let as_of = Signal::derive(move || match range.get() {
        Some(DateRange::Rolling { as_of, .. }) => as_of,
        _ => None,
    });
    let on_as_of = Callback::new(move |as_of: Option<AsOf>| {
        state.edit(|d| {
            if let Some(DateRange::Rolling { as_of: of_range, .. }) = &mut d.config.filters.date_range {
                *of_range = as_of;
            }
            // A dataset has one as-of.
            if let SplitConfig::TimeBased { as_of: of_split, .. } = &mut d.config.split_config {
                *of_split = None;
            }
        });
    });
    let day_field = move |label: &'static str, is_start: bool| {
        let value = move || match range.get() {
            Some(DateRange::Fixed { start, end }) => {
                (if is_start { start } else { end }).map(|d| d.to_string()).unwrap_or_default()
            }
            _ => String::new(),
        };
        view! {
            <label class="field">
                <span>{label}</span>
                <input
                    type="date"
                    prop:value=value
                    on:change:target=move |e| {
                        let day = e.target().value().parse().ok();
                        state.edit(|d| {
                            if let Some(DateRange::Fixed { start, end }) = &mut d.config.filters.date_range {
                                *(if is_start { start } else { end }) = day;
                            }
                        });
                    }
                />
            </label>
        }
    };
    view! {
        <fieldset class="group">
            <legend>"Dates"</legend>
            <div class="field-row">
                <label class="field">
                    <span>"Rows of"</span>
                    <select aria-label="Rows of" on:change:target=move |e| choose(e.target().value())>
                        {option("all", "all days")} {option("days", "the last days")} {option("months", "the last months")}
                        {option("fixed", "fixed days")}
                    </select>
                </label>
                {move || match kind() {
                    "days" => view! { <Number label="Days" value=span on_change=on_span min=1 /> <AsOfField label="Up to" as_of on_as_of /> }.into_any(),
                    "months" => view! { <Number label="Months" value=span on_change=on_span min=1 /> <AsOfField label="Up to" as_of on_as_of /> }.into_any(),
                    "fixed" => view! { {day_field("First day", true)} {day_field("Last day, whole", false)} }.into_any(),
                    _ => ().into_any(),
                }}
            </div>
            {move || (!has_timestamp.get()).then(|| view! { <p class="note">"Map a timestamp in step 3 to choose days or split by time."</p> })}
            <div class="faults faults-always"><FieldErrors state path="filters.date_range" /></div>
        </fieldset>
    }
}

#[component]
fn AsOfField(label: &'static str, #[prop(into)] as_of: Signal<Option<AsOf>>, on_as_of: Callback<Option<AsOf>>) -> impl IntoView {
    let kind = move || match as_of.get() {
        None | Some(AsOf::LatestEvent) => "latest_event",
        Some(AsOf::Today) => "today",
        Some(AsOf::On(_)) => "on",
    };
    let day = RwSignal::new(match as_of.get_untracked() {
        Some(AsOf::On(day)) => day.to_string(),
        _ => String::new(),
    });
    let show_day = RwSignal::new(kind() == "on");
    let choose = move |value: String| {
        show_day.set(value == "on");
        match value.as_str() {
            "today" => on_as_of.run(Some(AsOf::Today)),
            "on" => {
                if let Ok(day) = day.get_untracked().parse() {
                    on_as_of.run(Some(AsOf::On(day)));
                }
            }
            _ => on_as_of.run(None),
        }
    };
    view! {
        <label class="field">
            <span>{label}</span>
            <select aria-label=label on:change:target=move |e| choose(e.target().value())>
                <option value="latest_event" selected=move || kind() == "latest_event">
                    "the latest event"
                </option>
                <option value="today" selected=move || kind() == "today">
                    "today"
                </option>
                <option value="on" selected=move || kind() == "on">
                    "a fixed day"
                </option>
            </select>
        </label>
        {move || {
            show_day
                .get()
                .then(|| {
                    view! {
                        <label class="field">
                            <span>"Day"</span>
                            <input
                                type="date"
                                prop:value=day
                                on:change:target=move |e| {
                                    day.set(e.target().value());
                                    if let Ok(chosen) = e.target().value().parse() {
                                        on_as_of.run(Some(AsOf::On(chosen)));
                                    }
                                }
                            />
                        </label>
                    }
                })
        }}
    }
}

#[component]
fn SplitEditor(state: State, has_timestamp: Memo<bool>) -> impl IntoView {
    let split = Memo::new(move |_| state.draft.with(|d| d.config.split_config.clone()));
    let edit = move |change: Box<dyn FnOnce(&mut SplitConfig)>| state.edit(|d| change(&mut d.config.split_config));
    let kind = Memo::new(move |_| match split.get() {
        SplitConfig::None => "none",
        SplitConfig::TimeBased { .. } => "time_based",
        SplitConfig::Random { .. } => "random",
        SplitConfig::LeaveLast { .. } => "leave_last",
    });
    let choose = move |kind: String| {
        edit(Box::new(move |split| {
            *split = match kind.as_str() {
                "time_based" => SplitConfig::TimeBased { eval_days: 14, test_days: 0, gap_days: 0, as_of: None },
                "random" => SplitConfig::Random { train_percent: 80, test_percent: 0, unit: Unit::Row, seed: Seed::default() },
                "leave_last" => SplitConfig::LeaveLast { n: 1 },
                _ => SplitConfig::None,
            };
        }));
    };
    let option = move |value: &'static str, text: &'static str, needs_time: bool| {
        view! {
            <option value=value selected=move || kind.get() == value disabled=move || needs_time && !has_timestamp.get()>
                {text}
            </option>
        }
    };
    // One number of the split, read and written in place.
    let number = move |label: &'static str, min: u32, max: u32, field: fn(&mut SplitConfig) -> Option<&mut u32>| {
        let value = Signal::derive(move || field(&mut split.get()).copied().unwrap_or_default());
        let on_change = Callback::new(move |n: u32| {
            edit(Box::new(move |split| {
                if let Some(number) = field(split) {
                    *number = n;
                }
            }));
        });
        view! { <Number label value on_change min max /> }
    };
    let by_time = move || {
        let as_of = Signal::derive(move || match split.get() {
            SplitConfig::TimeBased { as_of, .. } => as_of,
            _ => None,
        });
        let on_as_of = Callback::new(move |chosen: Option<AsOf>| {
            edit(Box::new(move |split| {
                if let SplitConfig::TimeBased { as_of, .. } = split {
                    *as_of = chosen;
                }
            }));
        });
        let rolling = move || state.draft.with(|d| matches!(d.config.filters.date_range, Some(DateRange::Rolling { .. })));
        view! {
            {number("Eval days", 1, 36_525, |s| match s { SplitConfig::TimeBased { eval_days, .. } => Some(eval_days), _ => None })}
            {number("Test days", 0, 36_525, |s| match s { SplitConfig::TimeBased { test_days, .. } => Some(test_days), _ => None })}
            {number("Gap days", 0, 36_525, |s| match s { SplitConfig::TimeBased { gap_days, .. } => Some(gap_days), _ => None })}
            {move || (!rolling()).then(|| view! { <AsOfField label="Up to" as_of on_as_of /> })}
            <p class="note">
                "Test is the last days, eval the days before them, then the gap, which belongs to no split; train is all that is earlier."
            </p>
        }
    };
    let at_random = move || {
        let unit = move || match split.get() {
            SplitConfig::Random { unit, .. } => unit,
            _ => Unit::Row,
        };
        let units = [("row", "row", Unit::Row), ("user", "user", Unit::User), ("product", "product", Unit::Product)];
        let seed = move || match split.get() {
            SplitConfig::Random { seed, .. } => seed.0,
            _ => String::new(),
        };
        view! {
            {number("Train %", 1, 99, |s| match s { SplitConfig::Random { train_percent, .. } => Some(train_percent), _ => None })}
            {number("Test %", 0, 98, |s| match s { SplitConfig::Random { test_percent, .. } => Some(test_percent), _ => None })}
            <label class="field">
                <span>"By"</span>
                <select aria-label="By" on:change:target=move |e| {
                    let word = e.target().value();
                    if let Some((_, _, chosen)) = units.into_iter().find(|(value, ..)| *value == word) {
                        edit(Box::new(move |split| if let SplitConfig::Random { unit, .. } = split { *unit = chosen }));
                    }
                }>
                    {units
                        .into_iter()
                        .map(|(value, text, this)| view! { <option value=value selected=move || unit() == this>{text}</option> })
                        .collect_view()}
                </select>
            </label>
            <label class="field field-number">
                <span>"Seed"</span>
                <input
                    type="text"
                    maxlength="100"
                    prop:value=seed
                    on:input:target=move |e| {
                        let text = e.target().value();
                        edit(Box::new(move |split| if let SplitConfig::Random { seed, .. } = split { *seed = Seed(text) }));
                    }
                />
            </label>
            <p class="note">"Eval is the rest. The same seed gives the same split at every run and on every engine."</p>
        }
    };
    view! {
        <fieldset class="group">
            <legend>"Split"</legend>
            <div class="field-row">
                <label class="field">
                    <span>"Train and eval"</span>
                    <select aria-label="Train and eval" on:change:target=move |e| choose(e.target().value())>
                        {option("none", "no split", false)} {option("time_based", "by time", true)} {option("random", "at random", false)}
                        {option("leave_last", "leave the last rows of each user", true)}
                    </select>
                </label>
                {move || match kind.get() {
                    "time_based" => by_time().into_any(),
                    "random" => at_random().into_any(),
                    "leave_last" => {
                        number("Rows a user", 1, 1_000, |s| match s { SplitConfig::LeaveLast { n } => Some(n), _ => None }).into_any()
                    }
                    _ => ().into_any(),
                }}
            </div>
            <div class="faults faults-always"><FieldErrors state path="split_config" /></div>
        </fieldset>
    }
}
