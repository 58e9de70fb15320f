//! A dataset's card in the list.

use leptos::prelude::*;

use super::connectivity::use_connectivity;
use super::icon;
use super::query_panel::size_and_price;
use super::route::{DialogKind, PageState};
use super::texts::analysis::verdict;
use super::texts::{common, list as texts};
use super::toast::{Toaster, use_toaster};
use super::when::When;
use super::work::{Waiting, Work};
use crate::domain::analysis::AnalysisSummary;
use crate::domain::dataset::Status;
use crate::domain::dto::DatasetSummary;
use crate::domain::format::{integer, short};
use crate::error::ApiError;
use crate::rpc;

#[component]
pub fn StatusBadge(status: Status) -> impl IntoView {
    view! {
        <span class="status" class:status-active=status == Status::Active>
            <span class="status-dot" aria-hidden="true"></span>
            {status.as_str()}
        </span>
    }
}

/// Shared by all cards of a page.
#[derive(Clone, Copy)]
pub struct CardsOf {
    pub model_id: i64,
    pub page_state: Memo<PageState>,
    /// Reading the tables costs money.
    pub is_metered: bool,
    /// Datasets selected for comparison.
    pub chosen: RwSignal<Vec<i64>>,
    /// Fetches the list again.
    pub reload: Callback<()>,
}

/// A number as three digits and a letter, exact in the tooltip.
fn size(label: &'static str, number: Option<u64>) -> impl IntoView {
    let (text, exact) = number.map_or((common::DASH.into(), texts::NOT_COUNTED.into()), |n| (short(n), integer(n)));
    view! {
        <div>
            <dt>{label}</dt>
            <dd title=exact class:unknown=number.is_none()>
                {text}
            </dd>
        </div>
    }
}

/// The summary of the last analysis, as a link to it.
fn quality(quality: Option<AnalysisSummary>, href: String) -> impl IntoView {
    let summary = match quality {
        None => view! {
            <dd class="unknown" title=texts::NOT_ANALYZED>
                {common::DASH}
            </dd>
        }
        .into_any(),
        Some(AnalysisSummary { score, grade, leaks, .. }) => {
            let tone = if leaks > 0 { "open" } else { grade.as_str() };
            let verdict = verdict(grade, leaks > 0);
            view! {
                <dd>
                    <a
                        href=href
                        data-noscroll=""
                        class=format!("card-quality grade-{tone}")
                        title=texts::quality_why(score, verdict)
                    >
                        {score}
                        " "
                        <small>{verdict}</small>
                    </a>
                </dd>
            }
            .into_any()
        }
    };
    view! {
        <div>
            <dt>{texts::QUALITY}</dt>
            {summary}
        </div>
    }
}

/// One chip for each notable property of the dataset.
fn chips(dataset: &DatasetSummary) -> impl IntoView + use<> {
    let leaks = dataset.quality.map_or(0, |quality| quality.leaks);
    let stale = dataset.quality.is_some_and(|quality| quality.stale);
    let older = dataset.active_version.filter(|_| dataset.status == Status::Draft);
    view! {
        {older
            .map(|number| {
                view! {
                    <span class="chip" title=texts::ACTIVE_VERSION_WHY>
                        {texts::version_active(number)}
                    </span>
                }
            })}
        {(leaks > 0).then(|| view! { <span class="chip chip-bad">{texts::leaks(leaks)}</span> })}
        {stale
            .then(|| {
                view! {
                    <span class="chip chip-warning" title=texts::STALE_WHY>
                        {texts::STALE}
                    </span>
                }
            })}
    }
}

#[component]
pub fn DatasetCard(dataset: DatasetSummary, of: CardsOf) -> impl IntoView {
    let id = dataset.id;
    let name = dataset.name.clone();
    let selected = Memo::new(move |_| of.chosen.with(|chosen| chosen.contains(&id)));
    let choose = move |on: bool| {
        of.chosen.update(|chosen| {
            chosen.retain(|other| *other != id);
            if on {
                chosen.push(id);
            }
        });
    };
    let address = |kind: DialogKind| of.page_state.get_untracked().with(kind, id).address(of.model_id);
    let link = |kind: DialogKind, text: &'static str| {
        view! {
            <a
                class="button quiet"
                id=format!("{}-{id}", kind.as_str())
                href=address(kind)
                data-noscroll=""
                aria-label=texts::named(text, &name)
            >
                {text}
            </a>
        }
    };
    let small = |kind: DialogKind, text: &'static str, class: &'static str, icon: AnyView| {
        view! {
            <a
                class=class
                id=format!("{}-{id}", kind.as_str())
                href=address(kind)
                data-noscroll=""
                aria-label=texts::named(text, &name)
                title=text
            >
                {icon}
            </a>
        }
    };
    let tables =
        std::iter::once(dataset.primary_table.clone()).chain(dataset.secondary_tables.clone()).collect::<Vec<_>>().join(", ");
    let activation = Activation::new(&dataset, of);
    view! {
        <li class="card" class:card-chosen=move || selected.get()>
            <div class="card-header">
                <h2 class="card-title">
                    <a href=address(DialogKind::View) data-noscroll="">
                        {dataset.name.clone()}
                    </a>
                </h2>
                <StatusBadge status=dataset.status />
            </div>
            <p class="card-text" hidden=dataset.description.is_empty()>{dataset.description.clone()}</p>
            <p class="card-facts">
                <code>{dataset.primary_table.clone()}</code>
                <span title=tables>{texts::tables(dataset.table_count)}</span>
                <span>{texts::columns(dataset.column_count)}</span>
                {(dataset.version_count > 0).then(|| view! { <span>{texts::versions(dataset.version_count)}</span> })}
                {chips(&dataset)}
            </p>
            <dl class="card-sizes">
                {size(texts::ROWS, dataset.row_count_estimate)} {size(texts::USERS, dataset.unique_users_estimate)}
                {size(texts::PRODUCTS, dataset.unique_products_estimate)}
                {quality(dataset.quality, address(DialogKind::Analysis))}
            </dl>
            <div class="card-date">
                <p>{texts::CHANGED} " " <When at=dataset.updated_at /></p>
                <label class="check">
                    <input
                        aria-label=texts::named(texts::COMPARE, &name)
                        type="checkbox"
                        prop:checked=move || selected.get()
                        on:change:target=move |e| choose(e.target().checked())
                    />
                    {texts::COMPARE}
                </label>
            </div>
            {activation.status_view()}
            <div class="card-actions">
                {link(DialogKind::View, texts::VIEW)} {link(DialogKind::Edit, texts::EDIT)}
                {link(DialogKind::Analysis, texts::ANALYZE)} {link(DialogKind::Query, texts::QUERY)} {activation.button()}
                <span class="card-icons">
                    {small(DialogKind::Preview, texts::PREVIEW, "icon-button", icon::table().into_any())}
                    {small(DialogKind::Clone, texts::CLONE, "icon-button", icon::copy().into_any())}
                    {small(DialogKind::Delete, texts::DELETE, "icon-button icon-danger", icon::bin().into_any())}
                </span>
            </div>
        </li>
    }
}

/// Activates and deactivates from the card; shows what is missing there, with a link to fix it.
#[derive(Clone, Copy)]
struct Activation {
    id: i64,
    name: StoredValue<String>,
    status: Status,
    of: CardsOf,
    toaster: Toaster,
    work: Work,
    error: RwSignal<Option<ApiError>>,
    /// What the count would read and cost, for confirmation.
    price: RwSignal<Option<String>>,
}

impl Activation {
    fn new(dataset: &DatasetSummary, of: CardsOf) -> Self {
        Self {
            id: dataset.id,
            name: StoredValue::new(dataset.name.clone()),
            status: dataset.status,
            of,
            toaster: use_toaster(),
            work: Work::new(),
            error: RwSignal::new(None),
            price: RwSignal::new(None),
        }
    }

    /// Changes the status; if reading costs money, requests the price first.
    fn change(self, agreed: bool) {
        let to = if self.status == Status::Draft { Status::Active } else { Status::Draft };
        self.error.set(None);
        self.work.start(async move {
            if to == Status::Active && self.of.is_metered && !agreed {
                match rpc::query(self.id, None).await {
                    Ok(view) if view.validation.valid => {
                        return self.price.set(Some(size_and_price(&view.validation.estimate)));
                    }
                    Ok(view) => {
                        let message = view.validation.error.unwrap_or_default();
                        return self.error.set(Some(ApiError::new(502, "warehouse", message)));
                    }
                    Err(error) => return self.error.set(Some(error)),
                }
            }
            self.price.set(None);
            match rpc::set_status(self.id, to).await {
                Ok(dataset) => {
                    let name = dataset.summary.name;
                    let message = match to {
                        Status::Active => texts::activated(&name, dataset.summary.active_version),
                        Status::Draft => texts::deactivated(&name),
                    };
                    let (id, back, toaster, reload) = (self.id, self.status, self.toaster, self.of.reload);
                    toaster.undoable(message, move || set_back(id, back, toaster, reload));
                    self.of.reload.run(());
                }
                Err(error) => self.error.set(Some(error)),
            }
        });
    }

    fn button(self) -> impl IntoView {
        let text = if self.status == Status::Draft { texts::ACTIVATE } else { texts::DEACTIVATE };
        view! {
            <button
                type="button"
                class="button quiet"
                aria-label=texts::named(text, &self.name.get_value())
                aria-busy=move || self.work.running().to_string()
                disabled=move || self.work.running()
                on:click=move |_| self.change(false)
            >
                {text}
            </button>
        }
    }

    /// What runs, what it would cost, or why it failed.
    fn status_view(self) -> impl IntoView {
        move || {
            if self.work.running() {
                let what = if self.status == Status::Draft { texts::ACTIVATING } else { texts::DEACTIVATING };
                return view! { <Waiting what on_stop=Callback::new(move |()| self.work.stop()) /> }.into_any();
            }
            if let Some(price) = self.price.get() {
                return self.agree(price);
            }
            match self.error.get() {
                Some(error) => self.missing(error),
                None => ().into_any(),
            }
        }
    }

    fn agree(self, price: String) -> AnyView {
        view! {
            <div class="card-note info-box" role="status">
                <p>{texts::activation_price(&price)}</p>
                <p class="problem-actions">
                    <button type="button" class="button small primary" on:click=move |_| self.change(true)>
                        {texts::ACTIVATE}
                    </button>
                    <button type="button" class="button small" on:click=move |_| self.price.set(None)>
                        {common::CANCEL}
                    </button>
                </p>
            </div>
        }
        .into_any()
    }

    fn missing(self, error: ApiError) -> AnyView {
        use_connectivity().report(&error);
        // The config has validation errors; otherwise it is the warehouse, or a concurrent change.
        let config = error.code == "invalid";
        let lines: Vec<String> = if error.errors.is_empty() { vec![error.message] } else { error.errors.into_values().collect() };
        let edit = self.of.page_state.get_untracked().with(DialogKind::Edit, self.id).address(self.of.model_id);
        view! {
            <div class="card-note info-box bad" role="alert">
                {config.then(|| view! { <p>{texts::CANNOT_ACTIVATE}</p> })}
                <ul>{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
                <p class="problem-actions">
                    {config
                        .then(|| {
                            view! {
                                <a class="button small" href=edit data-noscroll="">
                                    {texts::FIX_IT}
                                </a>
                            }
                        })}
                    <button type="button" class="button small" on:click=move |_| self.change(false)>
                        {common::TRY_AGAIN}
                    </button>
                    <button type="button" class="button small quiet" on:click=move |_| self.error.set(None)>
                        {common::DISMISS}
                    </button>
                </p>
            </div>
        }
        .into_any()
    }
}

/// Undo in the toast. No [`Work`]: the card may no longer exist by then.
fn set_back(id: i64, to: Status, toaster: Toaster, reload: Callback<()>) {
    leptos::task::spawn_local(async move {
        match rpc::set_status(id, to).await {
            Ok(dataset) => toaster.good(match to {
                Status::Active => texts::activated(&dataset.summary.name, dataset.summary.active_version),
                Status::Draft => texts::deactivated(&dataset.summary.name),
            }),
            Err(error) => toaster.failed(&error),
        }
        // The user may have left the page by now.
        reload.try_run(());
    });
}
