//! Which products and customers stay, a minimum of interactions, a sample; and which rows decide.

use leptos::prelude::*;

use super::{FieldErrors, State};
use crate::domain::dataset::*;

/// A number that may be absent.
#[component]
fn Optional(label: &'static str, #[prop(into)] value: Signal<Option<f64>>, on_change: Callback<Option<f64>>) -> impl IntoView {
    view! {
        <label class="field field-number">
            <span>{label}</span>
            <input
                type="number"
                step="any"
                placeholder="any"
                prop:value=move || value.get().map(|number| number.to_string()).unwrap_or_default()
                on:change:target=move |e| {
                    let text = e.target().value();
                    match text.trim() {
                        "" => on_change.run(None),
                        text => {
                            if let Ok(number) = text.parse::<f64>() {
                                on_change.run(Some(number));
                            }
                        }
                    }
                }
            />
        </label>
    }
}

/// Whole, not below 0 and not beyond what is written.
fn whole(number: Option<f64>) -> Option<u32> {
    number.map(|number| number.round().clamp(0.0, f64::from(u32::MAX)) as u32)
}

/// A part of a filter, read and written; a range without ends is none.
type Read = fn(&MemberFilter) -> Option<f64>;
type Write = fn(&mut MemberFilter, Option<f64>);

const PARTS: [(&str, Read, Write); 5] = [
    (
        "Top % of revenue",
        |filter| filter.top_revenue_percent.map(f64::from),
        |filter, number| filter.top_revenue_percent = whole(number),
    ),
    (
        "Rows, at least",
        |filter| filter.transactions?.min.map(f64::from),
        |filter, number| {
            let range = CountRange { min: whole(number), ..filter.transactions.unwrap_or_default() };
            filter.transactions = (range != CountRange::default()).then_some(range);
        },
    ),
    (
        "Rows, at most",
        |filter| filter.transactions?.max.map(f64::from),
        |filter, number| {
            let range = CountRange { max: whole(number), ..filter.transactions.unwrap_or_default() };
            filter.transactions = (range != CountRange::default()).then_some(range);
        },
    ),
    (
        "Revenue, at least",
        |filter| filter.revenue?.min,
        |filter, number| {
            let range = AmountRange { min: number, ..filter.revenue.unwrap_or_default() };
            filter.revenue = (range != AmountRange::default()).then_some(range);
        },
    ),
    (
        "Revenue, at most",
        |filter| filter.revenue?.max,
        |filter, number| {
            let range = AmountRange { max: number, ..filter.revenue.unwrap_or_default() };
            filter.revenue = (range != AmountRange::default()).then_some(range);
        },
    ),
];

/// The filter on products, or on customers.
#[component]
fn MemberEditor(
    state: State,
    title: &'static str,
    path: &'static str,
    get: fn(&Filters) -> &Option<MemberFilter>,
    set: fn(&mut Filters) -> &mut Option<MemberFilter>,
) -> impl IntoView {
    let filter = Memo::new(move |_| state.draft.with(|d| get(&d.config.filters).clone().unwrap_or_default()));
    let fields = PARTS
        .into_iter()
        .map(|(label, read, write)| {
            let value = Signal::derive(move || filter.with(read));
            let on_change = Callback::new(move |number| {
                state.edit(|draft| {
                    let mut filter = get(&draft.config.filters).clone().unwrap_or_default();
                    write(&mut filter, number);
                    *set(&mut draft.config.filters) = (filter != MemberFilter::default()).then_some(filter);
                });
            });
            view! { <Optional label value on_change /> }
        })
        .collect_view();
    view! {
        <fieldset class="group">
            <legend>{title}</legend>
            <div class="field-row">{fields}</div>
            <div class="faults faults-always"><FieldErrors state path /></div>
        </fieldset>
    }
}

#[component]
pub fn Members(state: State) -> impl IntoView {
    let filters = Memo::new(move |_| state.draft.with(|d| d.config.filters.clone()));
    let core = move |read: fn(&KCore) -> u32| {
        Signal::derive(move || filters.with(|f| f.min_interactions.as_ref().map(|core| f64::from(read(core)))))
    };
    let set_core = move |write: fn(&mut KCore, u32)| {
        Callback::new(move |number: Option<f64>| {
            state.edit(|draft| {
                let mut core = draft.config.filters.min_interactions.unwrap_or(KCore { user: 1, product: 1, rounds: 3 });
                write(&mut core, whole(number).unwrap_or(1).max(1));
                // One row is what every user and product has.
                draft.config.filters.min_interactions = (core.user > 1 || core.product > 1).then_some(core);
            });
        })
    };
    let percent = Signal::derive(move || filters.with(|f| f.sample.as_ref().map(|sample| f64::from(sample.percent))));
    let set_percent = Callback::new(move |number: Option<f64>| {
        state.edit(|draft| {
            let before = draft.config.filters.sample.take();
            draft.config.filters.sample = whole(number).map(|percent| match before {
                Some(sample) => Sample { percent, ..sample },
                None => Sample { percent, unit: Unit::User, seed: Seed::default() },
            });
        });
    });
    let units = [("row", Unit::Row), ("user", Unit::User), ("product", Unit::Product)];
    let unit = move || filters.with(|f| f.sample.as_ref().map(|sample| sample.unit));
    let has_split = Memo::new(move |_| state.draft.with(|d| !d.config.split_config.splits().is_empty()));
    let scopes = [("", None), ("train", Some(Scope::Train)), ("all", Some(Scope::All))];
    let membership = move || {
        filters.with(Filters::has_membership).then(|| {
            let options = scopes
                .into_iter()
                .map(|(word, scope)| {
                    let text = match scope {
                        None => "train with a split by time, else all rows",
                        Some(Scope::Train) => "the rows of train",
                        Some(Scope::All) => "all rows",
                    };
                    let gone = move || scope == Some(Scope::Train) && !has_split.get();
                    view! {
                        <option value=word selected=move || filters.with(|f| f.scope == scope) disabled=gone>
                            {text}
                        </option>
                    }
                })
                .collect_view();
            view! {
                <fieldset class="group">
                    <legend>"Who decides"</legend>
                    <div class="field-row">
                        <label class="field">
                            <span>"Computed from"</span>
                            <select
                                aria-label="Computed from"
                                on:change:target=move |e| {
                                    let word = e.target().value();
                                    let scope = scopes.into_iter().find(|(value, _)| *value == word).and_then(|(_, scope)| scope);
                                    state.edit(|draft| draft.config.filters.scope = scope);
                                }
                            >
                                {options}
                            </select>
                        </label>
                        <label class="check">
                            <input
                                type="checkbox"
                                prop:checked=move || filters.with(|f| f.apply_to == ApplyTo::Train)
                                disabled=move || !has_split.get()
                                on:change:target=move |e| {
                                    let apply_to = if e.target().checked() { ApplyTo::Train } else { ApplyTo::All };
                                    state.edit(|draft| draft.config.filters.apply_to = apply_to);
                                }
                            />
                            "Prune train alone"
                        </label>
                    </div>
                    <div class="faults faults-always">
                        <FieldErrors state path="filters.scope" />
                        <FieldErrors state path="filters.apply_to" />
                    </div>
                </fieldset>
            }
        })
    };
    view! {
        <MemberEditor
            state
            title="Products"
            path="filters.product_filter"
            get=|filters| &filters.product_filter
            set=|filters| &mut filters.product_filter
        />
        <MemberEditor
            state
            title="Customers"
            path="filters.customer_filter"
            get=|filters| &filters.customer_filter
            set=|filters| &mut filters.customer_filter
        />
        <fieldset class="group">
            <legend>"Interactions and sample"</legend>
            <div class="field-row">
                <Optional label="Rows a user" value=core(|core| core.user) on_change=set_core(|core, number| core.user = number) />
                <Optional label="Rows a product" value=core(|core| core.product) on_change=set_core(|core, number| core.product = number) />
                {move || {
                    filters
                        .with(|f| f.min_interactions.is_some())
                        .then(|| {
                            view! {
                                <Optional label="Rounds" value=core(|core| core.rounds) on_change=set_core(|core, number| core.rounds = number) />
                            }
                        })
                }}
                <Optional label="Sample %" value=percent on_change=set_percent />
                {move || {
                    unit()
                        .is_some()
                        .then(|| {
                            view! {
                                <label class="field">
                                    <span>"Sample by"</span>
                                    <select
                                        aria-label="Sample by"
                                        on:change:target=move |e| {
                                            let word = e.target().value();
                                            let chosen = units.into_iter().find(|(value, _)| *value == word);
                                            if let Some((_, chosen)) = chosen {
                                                state
                                                    .edit(|draft| {
                                                        if let Some(sample) = &mut draft.config.filters.sample {
                                                            sample.unit = chosen;
                                                        }
                                                    });
                                            }
                                        }
                                    >
                                        {units
                                            .into_iter()
                                            .map(|(word, this)| view! { <option value=word selected=move || unit() == Some(this)>{word}</option> })
                                            .collect_view()}
                                    </select>
                                </label>
                            }
                        })
                }}
            </div>
            <p class="note">"Users and products with fewer rows go, again on what is left, round by round. A sample is chosen by hash: the same at every run."</p>
            <div class="faults faults-always">
                <FieldErrors state path="filters.min_interactions" />
                <FieldErrors state path="filters.sample" />
            </div>
        </fieldset>
        {membership}
    }
}
