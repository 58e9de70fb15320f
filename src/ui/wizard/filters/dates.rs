//! Which days: all, the last ones up to a reference date, or fixed ones; and the resolved reference
//! date.

use chrono::NaiveDate;
use leptos::prelude::*;

use super::super::State;
use super::fields::{Choice, Number, NumberField, OtherErrors, Select, as_whole};
use super::impact::Impact;
use crate::domain::dataset::{AsOf, DateRange, SplitConfig};
use crate::domain::impact::date_window;
use crate::ui::help::Help;
use crate::ui::texts::{filters as t, help};

/// The resolved reference date of the current config.
pub fn as_of_day(impact: Impact) -> Memo<Option<NaiveDate>> {
    Memo::new(move |_| {
        let fits = impact.fits.get().as_of;
        impact.found.with(|found| found.as_ref().filter(|_| fits).and_then(|found| found.impact.as_of))
    })
}

/// The kinds of date range: the only module that maps the select's options to configs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RangeKind {
    All,
    Days,
    Months,
    Fixed,
}

impl RangeKind {
    const fn of(range: Option<&DateRange>) -> Self {
        match range {
            None => Self::All,
            Some(DateRange::Rolling { months: Some(_), .. }) => Self::Months,
            Some(DateRange::Rolling { months: None, .. }) => Self::Days,
            Some(DateRange::Fixed { .. }) => Self::Fixed,
        }
    }

    /// The initial values of the fields.
    const fn range(self) -> Option<DateRange> {
        match self {
            Self::All => None,
            Self::Days => Some(DateRange::Rolling { days: Some(90), months: None, as_of: None }),
            Self::Months => Some(DateRange::Rolling { days: None, months: Some(3), as_of: None }),
            Self::Fixed => Some(DateRange::Fixed { start: None, end: None }),
        }
    }
}

impl Choice for RangeKind {
    const ALL: &'static [Self] = &[Self::All, Self::Days, Self::Months, Self::Fixed];

    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Days => "days",
            Self::Months => "months",
            Self::Fixed => "fixed",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::All => t::ALL_DAYS,
            Self::Days => t::LAST_DAYS,
            Self::Months => t::LAST_MONTHS,
            Self::Fixed => t::FIXED_DAYS,
        }
    }
}

/// The paths whose validation errors a field shows.
const OWN: &[&str] = &[
    "filters.date_range.days",
    "filters.date_range.months",
    "filters.date_range.as_of",
    "filters.date_range.start",
    "filters.date_range.end",
];

#[component]
pub fn DateRangeFields(state: State, impact: Impact, has_timestamp: Memo<bool>) -> impl IntoView {
    let range = Memo::new(move |_| state.draft().with(|d| d.config.filters.date_range.clone()));
    let kind = Memo::new(move |_| range.with(|range| RangeKind::of(range.as_ref())));
    let choose = Callback::new(move |kind: RangeKind| state.edit(|d| d.config.filters.date_range = kind.range()));
    // Without a timestamp the SQL would name a column that does not exist.
    let missing = move || (!has_timestamp.get()).then_some(t::NEEDS_TIMESTAMP);
    let off = Callback::new(move |kind| match kind {
        RangeKind::All => None,
        RangeKind::Days | RangeKind::Months | RangeKind::Fixed => missing(),
    });
    let fields = move || match kind.get() {
        RangeKind::All => ().into_any(),
        RangeKind::Days => {
            let span = NumberField::needed(t::DAYS, "filters.date_range.days");
            view! { <Rolling state impact range span /> }.into_any()
        }
        RangeKind::Months => {
            let span = NumberField::needed(t::MONTHS, "filters.date_range.months");
            view! { <Rolling state impact range span /> }.into_any()
        }
        RangeKind::Fixed => view! {
            <FixedDay state range end=End::First />
            <FixedDay state range end=End::Last />
        }
        .into_any(),
    };
    let day = as_of_day(impact);
    let window = move || {
        let (first, last) = range.with(|range| range.as_ref().zip(day.get()).and_then(|(range, day)| date_window(range, day)))?;
        Some(t::days_from_to(first, last))
    };
    // Its line exists before the days are known, so that nothing moves.
    let window = move || match kind.get() {
        RangeKind::Days | RangeKind::Months => Some(view! { <p class="note said-later">{window}</p> }),
        RangeKind::All | RangeKind::Fixed => None,
    };
    view! {
        <fieldset class="group">
            <legend>{t::DATES}</legend>
            <div class="field-row">
                <Select label=t::ROWS_OF chosen=kind off on_choose=choose />
                {fields}
            </div>
            {window}
            {move || missing().map(|why| view! { <p class="note">{why}</p> })}
            <OtherErrors state path="filters.date_range" own=OWN />
        </fieldset>
    }
}

/// The number of a rolling range: its months, or its days.
fn span_in(range: &mut DateRange) -> Option<&mut Option<u32>> {
    match range {
        DateRange::Rolling { months: months @ Some(_), .. } => Some(months),
        DateRange::Rolling { days, .. } => Some(days),
        DateRange::Fixed { .. } => None,
    }
}

fn as_of_in(range: &mut DateRange) -> Option<&mut Option<AsOf>> {
    match range {
        DateRange::Rolling { as_of, .. } => Some(as_of),
        DateRange::Fixed { .. } => None,
    }
}

/// The last days or months, up to a reference date.
#[component]
fn Rolling(state: State, impact: Impact, range: Memo<Option<DateRange>>, span: NumberField) -> impl IntoView {
    let value = Signal::derive(move || (*span_in(range.get().as_mut()?)?).map(f64::from));
    let on_change = Callback::new(move |number: Option<f64>| {
        state.edit(|d| {
            if let Some(span) = d.config.filters.date_range.as_mut().and_then(span_in) {
                *span = as_whole(number);
            }
        });
    });
    let as_of = Signal::derive(move || *as_of_in(range.get().as_mut()?)?);
    let on_as_of = Callback::new(move |chosen: Option<AsOf>| {
        state.edit(|d| {
            if let Some(as_of) = d.config.filters.date_range.as_mut().and_then(as_of_in) {
                *as_of = chosen;
            }
            // A dataset has one reference date.
            if let SplitConfig::TimeBased { as_of, .. } = &mut d.config.split_config {
                *as_of = None;
            }
        });
    });
    view! {
        <Number state field=span value on_change />
        <AsOfField state impact path="filters.date_range.as_of" as_of on_as_of />
    }
}

#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

impl End {
    /// This end of a fixed range.
    fn of(self, range: &mut DateRange) -> Option<&mut Option<NaiveDate>> {
        match (range, self) {
            (DateRange::Fixed { start, .. }, Self::First) => Some(start),
            (DateRange::Fixed { end, .. }, Self::Last) => Some(end),
            (DateRange::Rolling { .. }, Self::First | Self::Last) => None,
        }
    }
}

#[component]
fn FixedDay(state: State, range: Memo<Option<DateRange>>, end: End) -> impl IntoView {
    let (label, path) = match end {
        End::First => (t::FIRST_DAY, "filters.date_range.start"),
        End::Last => (t::LAST_DAY, "filters.date_range.end"),
    };
    let value = move || (*end.of(range.get().as_mut()?)?).map(|day| day.to_string());
    view! {
        <div class="field">
            <label class="field">
                <span>{label}</span>
                <input
                    prop:value=move || value().unwrap_or_default()
                    type="date"
                    on:change:target=move |e| {
                        let chosen = e.target().value().parse::<NaiveDate>().ok();
                        state.edit(|d| {
                            if let Some(day) = d.config.filters.date_range.as_mut().and_then(|range| end.of(range)) {
                                *day = chosen;
                            }
                        });
                    }
                />
            </label>
            <OtherErrors state path />
        </div>
    }
}

/// The kinds of reference date: the only module that maps the select's options to configs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AsOfKind {
    LatestEvent,
    Today,
    On,
}

impl AsOfKind {
    const fn of(as_of: Option<AsOf>) -> Self {
        match as_of {
            None | Some(AsOf::LatestEvent) => Self::LatestEvent,
            Some(AsOf::Today) => Self::Today,
            Some(AsOf::On(_)) => Self::On,
        }
    }

    /// `day` is the fixed day, once it is known.
    fn as_of(self, day: Option<NaiveDate>) -> Option<AsOf> {
        match self {
            Self::LatestEvent => None,
            Self::Today => Some(AsOf::Today),
            Self::On => day.map(AsOf::On),
        }
    }
}

impl Choice for AsOfKind {
    const ALL: &'static [Self] = &[Self::LatestEvent, Self::Today, Self::On];

    fn as_str(self) -> &'static str {
        match self {
            Self::LatestEvent => "latest_event",
            Self::Today => "today",
            Self::On => "on",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::LatestEvent => t::LATEST_EVENT,
            Self::Today => t::TODAY,
            Self::On => t::FIXED_DAY,
        }
    }
}

/// The latest event, today or a fixed day; and the resolved date, if it is known.
#[component]
pub fn AsOfField(
    state: State,
    impact: Impact,
    path: &'static str,
    as_of: Signal<Option<AsOf>>,
    on_as_of: Callback<Option<AsOf>>,
) -> impl IntoView {
    let found = as_of_day(impact);
    // "A fixed day" before there is one: the config still has the latest event, and the page says
    // so.
    let day_wanted = RwSignal::new(false);
    let kind = Memo::new(move |_| if day_wanted.get() { AsOfKind::On } else { AsOfKind::of(as_of.get()) });
    let choose = Callback::new(move |kind: AsOfKind| {
        // A fixed day starts with the current reference date.
        let day = found.get_untracked();
        day_wanted.set(kind == AsOfKind::On && day.is_none());
        on_as_of.run(kind.as_of(day));
    });
    let day = move || match as_of.get() {
        Some(AsOf::On(day)) => day.to_string(),
        Some(AsOf::LatestEvent | AsOf::Today) | None => String::new(),
    };
    let explanation = move || match kind.get() {
        AsOfKind::On => day_wanted.get().then(|| t::DAY_MISSING.to_owned()),
        AsOfKind::LatestEvent | AsOfKind::Today => found.get().map(t::as_of_is),
    };
    let field = move || {
        (kind.get() == AsOfKind::On).then(|| {
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
                <Select label=t::UP_TO chosen=kind on_choose=choose />
                {field}
                <Help term=&help::REFERENCE_DATE />
            </div>
            <p class="note said-later" role="status">
                {explanation}
            </p>
            <OtherErrors state path />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_range_makes_a_range_of_its_kind() {
        for kind in RangeKind::ALL {
            let mut range = kind.range();
            assert_eq!(RangeKind::of(range.as_ref()), *kind);
            let rolls = matches!(kind, RangeKind::Days | RangeKind::Months);
            assert_eq!(range.as_mut().and_then(span_in).and_then(|span| *span).is_some(), rolls, "{kind:?}");
            assert_eq!(range.as_mut().and_then(as_of_in).is_some(), rolls, "{kind:?}");
            for end in [End::First, End::Last] {
                assert_eq!(range.as_mut().and_then(|range| end.of(range)).is_some(), *kind == RangeKind::Fixed, "{kind:?}");
            }
        }
        // An emptied number is still one of days.
        let empty = DateRange::Rolling { days: None, months: None, as_of: None };
        assert_eq!(RangeKind::of(Some(&empty)), RangeKind::Days);
    }

    #[test]
    fn every_kind_of_reference_date_makes_one_of_its_kind() {
        let day = NaiveDate::from_ymd_opt(2024, 1, 31);
        for kind in AsOfKind::ALL {
            assert_eq!(AsOfKind::of(kind.as_of(day)), *kind);
        }
        // Until there is a day, the latest event counts.
        assert_eq!(AsOfKind::On.as_of(None), None);
        assert_eq!(AsOfKind::of(Some(AsOf::LatestEvent)), AsOfKind::LatestEvent);
    }
}
