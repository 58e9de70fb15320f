//! Which days: all, the last ones up to an as-of, or fixed ones; and the as-of as the date that it is.

use chrono::NaiveDate;
use leptos::prelude::*;

use super::super::State;
use super::asking::Asking;
use super::fields::{NumberField, as_whole, choice, number, other_faults};
use crate::domain::dataset::{AsOf, DateRange, SplitConfig};
use crate::domain::effect::date_window;
use crate::ui::texts::filters as t;

/// The day that dates count back from, as it was found for the config as it stands.
pub fn as_of_day(asking: Asking) -> Memo<Option<NaiveDate>> {
    Memo::new(move |_| {
        let fits = asking.fits.get().as_of;
        asking.found.with(|found| found.as_ref().filter(|_| fits).and_then(|found| found.effect.as_of))
    })
}

pub fn date_range(state: State, asking: Asking, has_timestamp: Memo<bool>) -> AnyView {
    let range = Memo::new(move |_| state.draft().with(|d| d.config.filters.date_range.clone()));
    let set = move |range: Option<DateRange>| state.edit(|d| d.config.filters.date_range = range);
    let kind = Memo::new(move |_| {
        range.with(|range| match range {
            None => "all",
            Some(DateRange::Rolling { months: Some(_), .. }) => "months",
            Some(DateRange::Rolling { .. }) => "days",
            Some(DateRange::Fixed { .. }) => "fixed",
        })
    });
    let choose = Callback::new(move |kind: String| {
        set(match kind.as_str() {
            "days" => Some(DateRange::Rolling { days: Some(90), months: None, as_of: None }),
            "months" => Some(DateRange::Rolling { days: None, months: Some(3), as_of: None }),
            "fixed" => Some(DateRange::Fixed { start: None, end: None }),
            _ => None,
        });
    });
    let free = Signal::stored(None);
    // G-27
    let off = Signal::derive(move || (!has_timestamp.get()).then_some(t::NEEDS_TIMESTAMP));
    let kinds = vec![
        ("all", t::ALL_DAYS, free),
        ("days", t::LAST_DAYS, off),
        ("months", t::LAST_MONTHS, off),
        ("fixed", t::FIXED_DAYS, off),
    ];
    let span = Signal::derive(move || {
        range.with(|range| match range {
            Some(DateRange::Rolling { days, months, .. }) => days.or(*months).map(f64::from),
            _ => None,
        })
    });
    let on_span = Callback::new(move |span: Option<f64>| {
        state.edit(|d| match &mut d.config.filters.date_range {
            Some(DateRange::Rolling { months: months @ Some(_), .. }) => *months = as_whole(span),
            Some(DateRange::Rolling { days, .. }) => *days = as_whole(span),
            _ => {}
        });
    });
    let as_of = Signal::derive(move || {
        range.with(|range| match range {
            Some(DateRange::Rolling { as_of, .. }) => *as_of,
            _ => None,
        })
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
    let fields = move || match kind.get() {
        "days" => {
            let days = NumberField::needed(t::DAYS, "filters.date_range.days");
            (number(state, days, span, on_span), as_of_field(state, asking, "filters.date_range.as_of", as_of, on_as_of))
                .into_any()
        }
        "months" => {
            let months = NumberField::needed(t::MONTHS, "filters.date_range.months");
            (number(state, months, span, on_span), as_of_field(state, asking, "filters.date_range.as_of", as_of, on_as_of))
                .into_any()
        }
        "fixed" => (day_field(state, range, true), day_field(state, range, false)).into_any(),
        _ => ().into_any(),
    };
    let day = as_of_day(asking);
    // Its line is there before the days are: nothing moves when they come.
    let window = move || {
        let (first, last) = range.with(|range| range.as_ref().zip(day.get()).and_then(|(range, day)| date_window(range, day)))?;
        Some(t::days_from_to(first, last))
    };
    let window = move || matches!(kind.get(), "days" | "months").then(|| view! { <p class="note said-later">{window}</p> });
    const OWN: &[&str] = &[
        "filters.date_range.days",
        "filters.date_range.months",
        "filters.date_range.as_of",
        "filters.date_range.start",
        "filters.date_range.end",
    ];
    view! {
        <fieldset class="group">
            <legend>{t::DATES}</legend>
            <div class="field-row">
                {choice(t::ROWS_OF, kinds, kind.into(), choose)}
                {fields}
            </div>
            {window}
            {move || off.get().map(|why| view! { <p class="note">{why}</p> })}
            {other_faults(state, "filters.date_range", OWN)}
        </fieldset>
    }
    .into_any()
}

fn day_field(state: State, range: Memo<Option<DateRange>>, is_start: bool) -> AnyView {
    let (label, path) = match is_start {
        true => (t::FIRST_DAY, "filters.date_range.start"),
        false => (t::LAST_DAY, "filters.date_range.end"),
    };
    let value = move || {
        range.with(|range| match range {
            Some(DateRange::Fixed { start, end }) => {
                (if is_start { start } else { end }).map(|day| day.to_string()).unwrap_or_default()
            }
            _ => String::new(),
        })
    };
    view! {
        <div class="field">
            <label class="field">
                <span>{label}</span>
                <input
                    prop:value=value
                    type="date"
                    on:change:target=move |e| {
                        let day = e.target().value().parse::<NaiveDate>().ok();
                        state.edit(|d| {
                            if let Some(DateRange::Fixed { start, end }) = &mut d.config.filters.date_range {
                                *(if is_start { start } else { end }) = day;
                            }
                        });
                    }
                />
            </label>
            {other_faults(state, path, &[])}
        </div>
    }
    .into_any()
}

/// The latest event, today or a fixed day; and the date that it is, where it is known.
pub fn as_of_field(
    state: State,
    asking: Asking,
    path: &'static str,
    as_of: Signal<Option<AsOf>>,
    on_as_of: Callback<Option<AsOf>>,
) -> AnyView {
    let found = as_of_day(asking);
    // "A fixed day" before there is one: the config has still the latest event, and that is said.
    let day_wanted = RwSignal::new(false);
    let kind = Memo::new(move |_| match as_of.get() {
        _ if day_wanted.get() => "on",
        None | Some(AsOf::LatestEvent) => "latest_event",
        Some(AsOf::Today) => "today",
        Some(AsOf::On(_)) => "on",
    });
    let choose = Callback::new(move |value: String| {
        let day = if value == "on" { found.get_untracked() } else { None };
        day_wanted.set(value == "on" && day.is_none());
        match value.as_str() {
            "today" => on_as_of.run(Some(AsOf::Today)),
            // It begins with the day that it is anyway.
            "on" => on_as_of.run(day.map(AsOf::On)),
            _ => on_as_of.run(None),
        }
    });
    let free = Signal::stored(None);
    let options = vec![("latest_event", t::LATEST_EVENT, free), ("today", t::TODAY, free), ("on", t::FIXED_DAY, free)];
    let day = move || match as_of.get() {
        Some(AsOf::On(day)) => day.to_string(),
        _ => String::new(),
    };
    let said = move || match (kind.get(), found.get()) {
        ("on", _) => day_wanted.get().then(|| t::DAY_MISSING.to_owned()),
        (_, Some(day)) => Some(t::as_of_is(day)),
        _ => None,
    };
    let field = move || {
        (kind.get() == "on").then(|| {
            view! {
                <label class="field">
                    <span>{t::DAY}</span>
                    <input
                        prop:value=day
                        type="date"
                        on:change:target=move |e| {
                            let day = e.target().value().parse::<NaiveDate>().ok();
                            day_wanted.set(day.is_none());
                            on_as_of.run(day.map(AsOf::On));
                        }
                    />
                </label>
            }
        })
    };
    view! {
        <div class="field as-of">
            <div class="field-row">
                {choice(t::UP_TO, options, kind.into(), choose)}
                {field}
            </div>
            <p class="note said-later" role="status">{said}</p>
            {other_faults(state, path, &[])}
        </div>
    }
    .into_any()
}
