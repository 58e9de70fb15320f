//! Which products and customers stay, a minimum of interactions, a sample; and which rows decide.

use std::sync::Arc;

use leptos::prelude::*;

use super::super::State;
use super::asking::{Asking, Fits};
use super::fields::{NumberField, as_whole, choice, number, other_faults};
use super::pareto::pareto;
use super::split::{unit_of, unit_word, units};
use super::thresholds::{Distribution, distribution};
use crate::domain::dataset::*;
use crate::domain::effect::{FilterEffect, MemberSizes};
use crate::ui::texts::filters as t;

/// A part of a filter, read and written; a range without ends is none.
type Read = fn(&MemberFilter) -> Option<f64>;
type Write = fn(&mut MemberFilter, Option<f64>);

/// A field of a filter on members.
struct Field {
    label: &'static str,
    whole: bool,
    of_revenue: bool,
    read: Read,
    write: Write,
}

const FIELDS: [Field; 5] = [
    Field {
        label: t::TOP_PERCENT,
        whole: true,
        of_revenue: true,
        read: |filter| filter.top_revenue_percent.map(f64::from),
        write: |filter, number| filter.top_revenue_percent = as_whole(number),
    },
    Field {
        label: t::ROWS_AT_LEAST,
        whole: true,
        of_revenue: false,
        read: |filter| filter.transactions?.min.map(f64::from),
        write: |filter, number| {
            let range = CountRange { min: as_whole(number), ..filter.transactions.unwrap_or_default() };
            filter.transactions = (range != CountRange::default()).then_some(range);
        },
    },
    Field {
        label: t::ROWS_AT_MOST,
        whole: true,
        of_revenue: false,
        read: |filter| filter.transactions?.max.map(f64::from),
        write: |filter, number| {
            let range = CountRange { max: as_whole(number), ..filter.transactions.unwrap_or_default() };
            filter.transactions = (range != CountRange::default()).then_some(range);
        },
    },
    Field {
        label: t::REVENUE_AT_LEAST,
        whole: false,
        of_revenue: true,
        read: |filter| filter.revenue?.min,
        write: |filter, number| {
            let range = AmountRange { min: number, ..filter.revenue.unwrap_or_default() };
            filter.revenue = (range != AmountRange::default()).then_some(range);
        },
    },
    Field {
        label: t::REVENUE_AT_MOST,
        whole: false,
        of_revenue: true,
        read: |filter| filter.revenue?.max,
        write: |filter, number| {
            let range = AmountRange { max: number, ..filter.revenue.unwrap_or_default() };
            filter.revenue = (range != AmountRange::default()).then_some(range);
        },
    },
];

/// The filter on products, or on customers.
struct Kind {
    title: &'static str,
    nouns: &'static t::Nouns,
    /// Why there is none, without its role.
    missing: &'static str,
    role: Role,
    get: fn(&Filters) -> &Option<MemberFilter>,
    set: fn(&mut Filters) -> &mut Option<MemberFilter>,
    sizes: fn(&FilterEffect) -> &Option<MemberSizes>,
    fits: fn(&Fits) -> bool,
    path: &'static str,
    /// Where the faults of each of [`FIELDS`] are.
    paths: &'static [&'static str; 5],
}

static PRODUCTS: Kind = Kind {
    title: t::PRODUCTS,
    nouns: &t::PRODUCT,
    missing: t::NEEDS_PRODUCT,
    role: Role::ProductId,
    get: |filters| &filters.product_filter,
    set: |filters| &mut filters.product_filter,
    sizes: |effect| &effect.products,
    fits: |fits| fits.products,
    path: "filters.product_filter",
    paths: &[
        "filters.product_filter.top_revenue_percent",
        "filters.product_filter.transactions.min",
        "filters.product_filter.transactions.max",
        "filters.product_filter.revenue.min",
        "filters.product_filter.revenue.max",
    ],
};

static CUSTOMERS: Kind = Kind {
    title: t::CUSTOMERS,
    nouns: &t::CUSTOMER,
    missing: t::NEEDS_USER,
    role: Role::UserId,
    get: |filters| &filters.customer_filter,
    set: |filters| &mut filters.customer_filter,
    sizes: |effect| &effect.customers,
    fits: |fits| fits.customers,
    path: "filters.customer_filter",
    paths: &[
        "filters.customer_filter.top_revenue_percent",
        "filters.customer_filter.transactions.min",
        "filters.customer_filter.transactions.max",
        "filters.customer_filter.revenue.min",
        "filters.customer_filter.revenue.max",
    ],
};

pub fn products_and_customers(state: State, asking: Asking) -> AnyView {
    view! {
        {members(state, asking, &PRODUCTS)}
        {members(state, asking, &CUSTOMERS)}
    }
    .into_any()
}

/// Whether a role is mapped.
fn has(state: State, role: Role) -> Memo<bool> {
    Memo::new(move |_| state.draft().with(|d| d.config.column_mapping.get(role).is_some()))
}

fn members(state: State, asking: Asking, kind: &'static Kind) -> AnyView {
    let filter = Memo::new(move |_| state.draft().with(|d| (kind.get)(&d.config.filters).clone().unwrap_or_default()));
    let (has_id, has_revenue) = (has(state, kind.role), has(state, Role::Revenue));
    let write = move |field: &'static Field, number: Option<f64>| {
        state.edit(|draft| {
            let mut filter = (kind.get)(&draft.config.filters).clone().unwrap_or_default();
            (field.write)(&mut filter, number);
            *(kind.set)(&mut draft.config.filters) = (filter != MemberFilter::default()).then_some(filter);
        });
    };
    let fields = FIELDS
        .iter()
        .zip(kind.paths)
        .map(|(field, path)| {
            let off = Signal::derive(move || {
                let no_revenue = field.of_revenue && !has_revenue.get();
                (!has_id.get()).then_some(kind.missing).or(no_revenue.then_some(t::NEEDS_REVENUE))
            });
            let value = Signal::derive(move || filter.with(field.read));
            let on_change = Callback::new(move |number| write(field, number));
            number(state, NumberField { whole: field.whole, ..NumberField::optional(field.label, path, off) }, value, on_change)
        })
        .collect_view();
    let missing = move || (!has_id.get()).then_some(kind.missing).or((!has_revenue.get()).then_some(t::NEEDS_REVENUE));
    let set_percent = Callback::new(move |percent: Option<u32>| write(&FIELDS[0], percent.map(f64::from)));
    view! {
        <fieldset class="group">
            <legend>{kind.title}</legend>
            <div class="field-row">{fields}</div>
            {move || missing().map(|why| view! { <p class="note">{why}</p> })}
            {other_faults(state, kind.path, kind.paths)}
            {pictures(asking, kind, filter, set_percent)}
        </fieldset>
    }
    .into_any()
}

/// How revenue and rows are shared out among the members. Drawn once an answer: what is typed moves the thresholds alone.
fn pictures(asking: Asking, kind: &'static Kind, filter: Memo<MemberFilter>, set_percent: Callback<Option<u32>>) -> AnyView {
    let sizes = Memo::new(move |_| {
        asking.found.with(|found| found.as_ref().and_then(|found| (kind.sizes)(&found.effect).clone()).map(Arc::new))
    });
    let fits = asking.fitting(kind.fits);
    let body = move || {
        let Some(sizes) = sizes.get() else { return ().into_any() };
        let all = sizes.members();
        if all == 0 {
            return view! { <p class="note">{t::nobody(kind.nouns)}</p> }.into_any();
        }
        let percent = Signal::derive(move || filter.with(|filter| filter.top_revenue_percent));
        let by_rows = Distribution { nouns: kind.nouns, steps: sizes.by_rows.as_slice().into(), of_revenue: false, others: 0 };
        let rows_ends = Signal::derive(move || {
            filter.with(|filter| {
                filter.transactions.map_or((None, None), |range| (range.min.map(f64::from), range.max.map(f64::from)))
            })
        });
        let of_rows = sizes.clone();
        let rows_stay = Signal::derive(move || of_rows.with_rows(filter.with(|filter| filter.transactions).unwrap_or_default()));
        let by_revenue = Distribution {
            nouns: kind.nouns,
            steps: sizes.by_revenue.as_slice().into(),
            of_revenue: true,
            others: sizes.without_revenue,
        };
        let revenue_ends =
            Signal::derive(move || filter.with(|filter| filter.revenue.map_or((None, None), |range| (range.min, range.max))));
        let of_revenue = sizes.clone();
        let revenue_stay =
            Signal::derive(move || of_revenue.with_revenue(filter.with(|filter| filter.revenue).unwrap_or_default()));
        // Without a revenue there is no curve.
        let has_revenue = !sizes.by_revenue.is_empty() || sizes.without_revenue > 0;
        view! {
            <div class="member-pictures" class:stale=move || !fits.get()>
                {has_revenue.then(|| pareto(sizes.clone(), kind.nouns, percent, set_percent))}
                <div class="distributions">
                    {distribution(by_rows, rows_ends, rows_stay)} {distribution(by_revenue, revenue_ends, revenue_stay)}
                </div>
            </div>
        }
        .into_any()
    };
    body.into_any()
}

/// A minimum of interactions, and the sample.
pub fn interactions(state: State) -> AnyView {
    let filters =
        Memo::new(move |_| state.draft().with(|d| (d.config.filters.min_interactions, d.config.filters.sample.clone())));
    let (has_user, has_product) = (has(state, Role::UserId), has(state, Role::ProductId));
    let needs_both = Signal::derive(move || (!has_user.get() || !has_product.get()).then_some(t::NEEDS_BOTH));
    let core = move |label, path, read: fn(&mut KCore) -> &mut u32| {
        let value = Signal::derive(move || filters.with(|(core, _)| core.map(|mut core| f64::from(*read(&mut core)))));
        let on_change = Callback::new(move |number: Option<f64>| {
            state.edit(|draft| {
                let mut core = draft.config.filters.min_interactions.unwrap_or(KCore { user: 1, product: 1, rounds: 3 });
                *read(&mut core) = as_whole(number).unwrap_or(1).max(1);
                // One row is what every user and product has.
                draft.config.filters.min_interactions = (core.user > 1 || core.product > 1).then_some(core);
            });
        });
        number(state, NumberField::optional(label, path, needs_both), value, on_change)
    };
    let has_core = Memo::new(move |_| filters.with(|(core, _)| core.is_some()));
    let percent = Signal::derive(move || filters.with(|(_, sample)| sample.as_ref().map(|sample| f64::from(sample.percent))));
    let set_percent = Callback::new(move |number: Option<f64>| {
        state.edit(|draft| {
            let before = draft.config.filters.sample.take();
            draft.config.filters.sample = as_whole(number).map(|percent| match before {
                Some(sample) => Sample { percent, ..sample },
                None => Sample { percent, unit: Unit::User, seed: Seed::default() },
            });
        });
    });
    let has_sample = Memo::new(move |_| filters.with(|(_, sample)| sample.is_some()));
    let sample = NumberField::optional(t::SAMPLE_PERCENT, "filters.sample.percent", Signal::stored(None));
    let rounds = move || has_core.get().then(|| core(t::ROUNDS, "filters.min_interactions.rounds", |core| &mut core.rounds));
    view! {
        <fieldset class="group">
            <legend>{t::INTERACTIONS}</legend>
            <div class="field-row">
                {core(t::ROWS_A_USER, "filters.min_interactions.user", |core| &mut core.user)}
                {core(t::ROWS_A_PRODUCT, "filters.min_interactions.product", |core| &mut core.product)} {rounds}
                {number(state, sample, percent, set_percent)} {move || has_sample.get().then(|| sampled_by(state))}
            </div>
            {move || needs_both.get().map(|why| view! { <p class="note">{why}</p> })}
            {move || has_core.get().then(|| view! { <p class="note">{t::CORE_NOTE}</p> })}
            {move || has_sample.get().then(|| view! { <p class="note">{t::SAMPLE_NOTE}</p> })}
            {other_faults(
                state,
                "filters.min_interactions",
                &["filters.min_interactions.user", "filters.min_interactions.product", "filters.min_interactions.rounds"],
            )}
            {other_faults(state, "filters.sample", &["filters.sample.percent"])}
        </fieldset>
    }
    .into_any()
}

/// What a sample is chosen by, and its seed.
fn sampled_by(state: State) -> AnyView {
    let edit = move |change: &dyn Fn(&mut Sample)| {
        state.edit(|draft| {
            if let Some(sample) = &mut draft.config.filters.sample {
                change(sample);
            }
        });
    };
    let unit = Signal::derive(move || {
        state.draft().with(|d| d.config.filters.sample.as_ref().map_or(t::UNIT_WORDS[0], |sample| unit_word(sample.unit)))
    });
    let on_unit = Callback::new(move |word: String| edit(&|sample| sample.unit = unit_of(&word)));
    let seed =
        move || state.draft().with(|d| d.config.filters.sample.as_ref().map(|sample| sample.seed.0.clone()).unwrap_or_default());
    view! {
        {choice(t::SAMPLE_BY, units(), unit, on_unit)}
        <label class="field field-number">
            <span>{t::SAMPLE_SEED}</span>
            <input
                prop:value=seed
                type="text"
                maxlength="100"
                autocomplete="off"
                on:input:target=move |e| {
                    let text = e.target().value();
                    edit(&|sample| sample.seed = Seed(text.clone()));
                }
            />
        </label>
    }
    .into_any()
}

/// Which rows decide who stays, and whose rows go; asked only where somebody may go.
pub fn who_decides(state: State) -> AnyView {
    let has_membership = Memo::new(move |_| state.draft().with(|d| d.config.filters.has_membership()));
    let body = move || has_membership.get().then(|| membership(state));
    body.into_any()
}

fn membership(state: State) -> AnyView {
    let filters = Memo::new(move |_| state.draft().with(|d| (d.config.filters.scope, d.config.filters.apply_to)));
    let split = Memo::new(move |_| {
        state.draft().with(|d| {
            let split = &d.config.split_config;
            (!split.splits().is_empty(), matches!(split, SplitConfig::TimeBased { .. }))
        })
    });
    let has_split = move || split.get().0;
    let off = Signal::derive(move || (!has_split()).then_some(t::NEEDS_SPLIT));
    let free = Signal::stored(None);
    let options = vec![("", t::FROM_DEFAULT, free), ("train", t::FROM_TRAIN, off), ("all", t::FROM_ALL, free)];
    let chosen = Signal::derive(move || match filters.get().0 {
        None => "",
        Some(Scope::Train) => "train",
        Some(Scope::All) => "all",
    });
    let choose = Callback::new(move |word: String| {
        let scope = match word.as_str() {
            "train" => Some(Scope::Train),
            "all" => Some(Scope::All),
            _ => None,
        };
        state.edit(|draft| draft.config.filters.scope = scope);
    });
    let of_train = move || filters.get().1 == ApplyTo::Train;
    let scope_note = move || {
        let (has_split, by_time) = split.get();
        match filters.get().0 {
            Some(Scope::Train) => t::SCOPE_TRAIN_NOTE,
            None if by_time => t::SCOPE_TRAIN_NOTE,
            // G-39
            _ if has_split => t::SCOPE_LEAK_NOTE,
            _ => t::SCOPE_ALL_NOTE,
        }
    };
    let apply_note = move || has_split().then(|| if of_train() { t::APPLY_TRAIN_NOTE } else { t::APPLY_ALL_NOTE });
    view! {
        <fieldset class="group">
            <legend>{t::WHO_DECIDES}</legend>
            <div class="field-row">
                {choice(t::COMPUTED_FROM, options, chosen, choose)}
                <label class="check">
                    <input
                        prop:checked=of_train
                        type="checkbox"
                        disabled=move || !has_split() && !of_train()
                        title=move || off.get()
                        on:change:target=move |e| {
                            let apply_to = if e.target().checked() { ApplyTo::Train } else { ApplyTo::All };
                            state.edit(|draft| draft.config.filters.apply_to = apply_to);
                        }
                    />
                    {t::PRUNE_TRAIN}
                </label>
            </div>
            <p class="note">{t::ORDER_OF_FILTERS}</p>
            <p class="note">{scope_note}</p>
            {move || apply_note().map(|note| view! { <p class="note">{note}</p> })}
            {other_faults(state, "filters.scope", &[])}
            {other_faults(state, "filters.apply_to", &[])}
        </fieldset>
    }
    .into_any()
}
