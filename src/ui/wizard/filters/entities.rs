//! The entity filters on products and customers, a minimum of interactions, a sample; and which
//! rows they look at.

use std::sync::Arc;

use leptos::prelude::*;

use super::super::State;
use super::fields::{Choice, Number, NumberField, OtherErrors, SeedField, Select, as_whole};
use super::impact::{Fits, Impact};
use super::pareto::Pareto;
use super::thresholds::{Distribution, DistributionPicture};
use crate::domain::dataset::*;
use crate::domain::impact::{EntitySizes, FilterImpact};
use crate::ui::help::Help;
use crate::ui::texts::{filters as t, help};

/// Getter and setter of a part of a filter; a range without bounds is none.
type Read = fn(&EntityFilter) -> Option<f64>;
type Write = fn(&mut EntityFilter, Option<f64>);

/// A field of an entity filter.
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
    /// Why it is disabled without its role.
    missing: &'static str,
    role: Role,
    get: fn(&Filters) -> &Option<EntityFilter>,
    set: fn(&mut Filters) -> &mut Option<EntityFilter>,
    sizes: fn(&FilterImpact) -> &Option<EntitySizes>,
    fits: fn(&Fits) -> bool,
    path: &'static str,
    /// The paths of the validation errors of each of [`FIELDS`].
    paths: &'static [&'static str; 5],
}

static PRODUCTS: Kind = Kind {
    title: t::PRODUCTS,
    nouns: &t::PRODUCT,
    missing: t::NEEDS_PRODUCT,
    role: Role::ProductId,
    get: |filters| &filters.product_filter,
    set: |filters| &mut filters.product_filter,
    sizes: |impact| &impact.products,
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
    sizes: |impact| &impact.customers,
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

#[component]
pub fn ProductsAndCustomers(state: State, impact: Impact) -> impl IntoView {
    view! {
        <EntityFields state impact kind=&PRODUCTS />
        <EntityFields state impact kind=&CUSTOMERS />
    }
}

/// Whether a role is mapped.
fn has(state: State, role: Role) -> Memo<bool> {
    Memo::new(move |_| state.draft().with(|d| d.config.column_mapping.get(role).is_some()))
}

#[component]
fn EntityFields(state: State, impact: Impact, kind: &'static Kind) -> impl IntoView {
    let filter = Memo::new(move |_| state.draft().with(|d| (kind.get)(&d.config.filters).clone().unwrap_or_default()));
    let (has_id, has_revenue) = (has(state, kind.role), has(state, Role::Revenue));
    let write = move |field: &'static Field, number: Option<f64>| {
        state.edit(|draft| {
            let mut filter = (kind.get)(&draft.config.filters).clone().unwrap_or_default();
            (field.write)(&mut filter, number);
            *(kind.set)(&mut draft.config.filters) = (filter != EntityFilter::default()).then_some(filter);
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
            let field = NumberField { whole: field.whole, ..NumberField::optional(field.label, path, off) };
            view! { <Number state field value on_change /> }
        })
        .collect_view();
    let missing = move || (!has_id.get()).then_some(kind.missing).or((!has_revenue.get()).then_some(t::NEEDS_REVENUE));
    let set_percent = Callback::new(move |percent: Option<u32>| write(&FIELDS[0], percent.map(f64::from)));
    view! {
        <fieldset class="group">
            <legend>{kind.title}</legend>
            <div class="field-row">{fields}</div>
            {move || missing().map(|why| view! { <p class="note">{why}</p> })}
            <OtherErrors state path=kind.path own=kind.paths />
            <Pictures impact kind filter set_percent />
        </fieldset>
    }
}

/// How revenue and rows are distributed among the entities. Drawn once per result: typing moves
/// only the thresholds.
#[component]
fn Pictures(
    impact: Impact,
    kind: &'static Kind,
    filter: Memo<EntityFilter>,
    set_percent: Callback<Option<u32>>,
) -> impl IntoView {
    let sizes = Memo::new(move |_| {
        impact.found.with(|found| found.as_ref().and_then(|found| (kind.sizes)(&found.impact).clone()).map(Arc::new))
    });
    let fits = impact.fitting(kind.fits);
    move || {
        let Some(sizes) = sizes.get() else { return ().into_any() };
        let all = sizes.entities();
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
                {has_revenue
                    .then(|| view! { <Pareto sizes=sizes.clone() nouns=kind.nouns percent set=set_percent /> })}
                <div class="distributions">
                    <DistributionPicture of=by_rows ends=rows_ends stay=rows_stay />
                    <DistributionPicture of=by_revenue ends=revenue_ends stay=revenue_stay />
                </div>
            </div>
        }
        .into_any()
    }
}

const CORE_PATHS: &[&str] =
    &["filters.min_interactions.user", "filters.min_interactions.product", "filters.min_interactions.rounds"];

/// A minimum of interactions, and the sample.
#[component]
pub fn Interactions(state: State) -> impl IntoView {
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
                // Every user and product has at least one row.
                draft.config.filters.min_interactions = (core.user > 1 || core.product > 1).then_some(core);
            });
        });
        view! { <Number state field=NumberField::optional(label, path, needs_both) value on_change /> }
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
                <Help term=&help::K_CORE />
                <Number state field=sample value=percent on_change=set_percent />
                {move || has_sample.get().then(|| view! { <SampledBy state /> })}
            </div>
            {move || needs_both.get().map(|why| view! { <p class="note">{why}</p> })}
            {move || has_core.get().then(|| view! { <p class="note">{t::CORE_NOTE}</p> })}
            {move || has_sample.get().then(|| view! { <p class="note">{t::SAMPLE_NOTE}</p> })}
            <OtherErrors state path="filters.min_interactions" own=CORE_PATHS />
            <OtherErrors state path="filters.sample" own=&["filters.sample.percent"] />
        </fieldset>
    }
}

/// What a sample is chosen by, and its seed.
#[component]
fn SampledBy(state: State) -> impl IntoView {
    let sample = Memo::new(move |_| state.draft().with(|d| d.config.filters.sample.clone()));
    let unit = Signal::derive(move || sample.with(|sample| sample.as_ref().map(|sample| sample.unit)).unwrap_or_default());
    let seed = Signal::derive(move || sample.get().map_or_else(|| Seed(String::new()), |sample| sample.seed));
    let edit = move |change: &dyn Fn(&mut Sample)| {
        state.edit(|draft| {
            if let Some(sample) = &mut draft.config.filters.sample {
                change(sample);
            }
        });
    };
    let on_unit = Callback::new(move |unit: Unit| edit(&|sample| sample.unit = unit));
    let on_seed = Callback::new(move |seed: Seed| edit(&|sample| sample.seed.clone_from(&seed)));
    view! {
        <Select label=t::SAMPLE_BY chosen=unit on_choose=on_unit />
        <SeedField label=t::SAMPLE_SEED seed on_change=on_seed />
    }
}

/// Which rows the entity filters look at: train with a split by time unless configured.
impl Choice for Option<Scope> {
    const ALL: &'static [Self] = &[None, Some(Scope::Train), Some(Scope::All)];

    fn as_str(self) -> &'static str {
        match self {
            None => "",
            Some(Scope::Train) => "train",
            Some(Scope::All) => "all",
        }
    }

    fn text(self) -> &'static str {
        match self {
            None => t::FROM_DEFAULT,
            Some(Scope::Train) => t::FROM_TRAIN,
            Some(Scope::All) => t::FROM_ALL,
        }
    }
}

/// Which rows the entity filters look at, and whose rows are dropped; shown only if there is such a
/// filter.
#[component]
pub fn FilterScope(state: State) -> impl IntoView {
    let has_entity_filter = Memo::new(move |_| state.draft().with(|d| d.config.filters.has_entity_filter()));
    move || has_entity_filter.get().then(|| view! { <ScopeFields state /> })
}

#[component]
fn ScopeFields(state: State) -> impl IntoView {
    let filters = Memo::new(move |_| state.draft().with(|d| (d.config.filters.scope, d.config.filters.apply_to)));
    let split = Memo::new(move |_| {
        state.draft().with(|d| {
            let split = &d.config.split_config;
            (!split.splits().is_empty(), d.config.filters.scope_with(split))
        })
    });
    let has_split = move || split.get().0;
    let missing = move || (!has_split()).then_some(t::NEEDS_SPLIT);
    let off = Callback::new(move |scope| match scope {
        Some(Scope::Train) => missing(),
        None | Some(Scope::All) => None,
    });
    let chosen = Signal::derive(move || filters.get().0);
    let choose = Callback::new(move |scope: Option<Scope>| state.edit(|draft| draft.config.filters.scope = scope));
    let of_train = move || filters.get().1 == ApplyTo::Train;
    let scope_note = move || match split.get() {
        (_, Scope::Train) => t::SCOPE_TRAIN_NOTE,
        // Filters that look at all rows leak the eval window into training.
        (true, Scope::All) => t::SCOPE_LEAK_NOTE,
        (false, Scope::All) => t::SCOPE_ALL_NOTE,
    };
    let apply_note = move || has_split().then(|| if of_train() { t::APPLY_TRAIN_NOTE } else { t::APPLY_ALL_NOTE });
    view! {
        <fieldset class="group">
            <legend>{t::FILTER_SCOPE}</legend>
            <div class="field-row">
                <Select label=t::COMPUTED_FROM chosen off on_choose=choose />
                <label class="check">
                    <input
                        prop:checked=of_train
                        type="checkbox"
                        disabled=move || !has_split() && !of_train()
                        title=missing
                        on:change:target=move |e| {
                            let apply_to = if e.target().checked() { ApplyTo::Train } else { ApplyTo::All };
                            state.edit(|draft| draft.config.filters.apply_to = apply_to);
                        }
                    />
                    {t::PRUNE_TRAIN}
                </label>
                <Help term=&help::COLD_START />
            </div>
            <p class="note">{t::ORDER_OF_FILTERS}</p>
            <p class="note">{scope_note}</p>
            {move || apply_note().map(|note| view! { <p class="note">{note}</p> })}
            <OtherErrors state path="filters.scope" />
            <OtherErrors state path="filters.apply_to" />
        </fieldset>
    }
}
