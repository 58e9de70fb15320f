//! Days: the last ones, or those from one to another.

use chrono::NaiveDate;
use leptos::prelude::*;

use super::FilterAt;
use crate::domain::dataset::Predicate;
use crate::ui::texts::filters as t;

/// How many of the last days.
#[component]
pub fn DayCount(at: FilterAt) -> impl IntoView {
    let days = move || {
        at.filter.with(|filter| {
            let Predicate::LastDays { days } = filter.as_ref()?.predicate else { return None };
            Some(days.to_string())
        })
    };
    view! {
        <input
            type="number"
            class="filter-value"
            min="1"
            aria-label=t::DAYS
            prop:value=move || days().unwrap_or_default()
            on:change:target=move |e| {
                if let Ok(days) = e.target().value().parse() {
                    at.edit(|filter| filter.predicate = Predicate::LastDays { days });
                }
            }
        />
    }
}

#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

/// From a day to a day, either of which may be open.
#[component]
pub fn DayRange(at: FilterAt) -> impl IntoView {
    view! {
        <Day at end=End::First />
        <Day at end=End::Last />
    }
}

#[component]
fn Day(at: FilterAt, end: End) -> impl IntoView {
    let label = match end {
        End::First => t::FIRST_DAY,
        End::Last => t::LAST_DAY,
    };
    let value = move || at.filter.get().and_then(|mut filter| *day_of(&mut filter.predicate, end)?).map(|day| day.to_string());
    view! {
        <input
            type="date"
            class="filter-value"
            aria-label=label
            prop:value=move || value().unwrap_or_default()
            on:change:target=move |e| {
                let chosen = e.target().value().parse::<NaiveDate>().ok();
                at.edit(|filter| {
                    if let Some(day) = day_of(&mut filter.predicate, end) {
                        *day = chosen;
                    }
                });
            }
        />
    }
}

/// A bound of a predicate on days.
fn day_of(predicate: &mut Predicate, which: End) -> Option<&mut Option<NaiveDate>> {
    let Predicate::DateRange { start, end } = predicate else { return None };
    Some(match which {
        End::First => start,
        End::Last => end,
    })
}
