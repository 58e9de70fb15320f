//! One dataset, whole: its config in words, its analysis, its columns' profiles, its versions. The
//! server renders it too, so that it can be read and navigated by its links before WASM arrives.

use leptos::prelude::*;

use super::analysis::Report;
use super::card::StatusBadge;
use super::dialog::Dialog;
use super::dialogs::CountsPanel;
use super::problem::Problem;
use super::profiles::Profiles;
use super::route::{DialogKind, Tab};
use super::texts::{common, dialogs as texts, list};
use super::versions::Versions;
use super::when::When;
use super::work::Opening;
use crate::domain::dataset::Status;
use crate::domain::describe;
use crate::domain::dto::{Dataset, StoredAnalysis};
use crate::rpc;

/// A list with a heading.
fn section(title: &'static str, lines: Vec<String>) -> impl IntoView {
    let lines = if lines.is_empty() { vec![common::NONE.to_owned()] } else { lines };
    view! {
        <section class="detail-section">
            <h3>{title}</h3>
            <ul>{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
        </section>
    }
}

#[component]
pub fn DetailDialog(
    id: i64,
    tab: Memo<Tab>,
    /// The URL of a part of this dialog.
    address: Callback<Tab, String>,
    /// The URL of another dialog about this dataset.
    other: Callback<DialogKind, String>,
    /// The URL of the page without it.
    closed: String,
    on_close: Callback<()>,
    on_changed: Callback<()>,
) -> impl IntoView {
    let dataset = Resource::new(|| (), move |()| rpc::dataset(id));
    let dialog = move || {
        let closed = closed.clone();
        Suspend::new(async move {
            match dataset.await {
                Ok(dataset) => {
                    let dataset = RwSignal::new(dataset);
                    let title = Signal::derive(move || dataset.with(|dataset| dataset.summary.name.clone()));
                    view! {
                        <Dialog title on_close served=closed class="modal-wide">
                            {head(dataset, other)}
                            {tabs(tab, address)}
                            <div class="modal-body">
                                {move || match tab.get() {
                                    Tab::Overview => overview(dataset).into_any(),
                                    Tab::Quality => quality(dataset, other).into_any(),
                                    Tab::Columns => view! { <Profiles dataset /> }.into_any(),
                                    Tab::Versions => view! { <Versions dataset on_changed /> }.into_any(),
                                }}
                            </div>
                        </Dialog>
                    }
                }
                Err(error) => view! {
                    <Dialog title=texts::DATASET on_close served=closed class="modal-small">
                        <div class="modal-body">
                            <Problem error=Some(error) />
                        </div>
                    </Dialog>
                },
            }
        })
    };
    view! { <Suspense fallback=move || view! { <Opening on_close /> }>{dialog}</Suspense> }
}

/// Status, times, and links to the other dialogs.
fn head(dataset: RwSignal<Dataset>, other: Callback<DialogKind, String>) -> impl IntoView {
    let link = move |kind: DialogKind, text: &'static str| {
        view! {
            <a class="button small" href=other.run(kind) data-noscroll="">
                {text}
            </a>
        }
    };
    let details = move || {
        dataset.with(|dataset| {
            let summary = &dataset.summary;
            let older = summary.active_version.filter(|_| summary.status == Status::Draft);
            view! {
                <StatusBadge status=summary.status />
                {older.map(|number| view! { <span class="chip">{list::version_active(number)}</span> })}
                <span>{texts::revision(dataset.revision)}</span>
                <span>{texts::CHANGED} " " <When at=summary.updated_at /></span>
                <span>{texts::CREATED} " " <When at=summary.created_at /></span>
                {summary.last_used_at.map(|at| view! { <span>{texts::LAST_USED} " " <When at /></span> })}
            }
        })
    };
    view! {
        <div class="detail-head">
            <p class="card-facts">{details}</p>
            <p class="problem-actions">
                {link(DialogKind::Edit, texts::EDIT)} {link(DialogKind::Query, texts::QUERY)}
                {link(DialogKind::Analysis, texts::ANALYZE)}
            </p>
        </div>
    }
}

fn tabs(tab: Memo<Tab>, address: Callback<Tab, String>) -> impl IntoView {
    let links = Tab::ALL
        .into_iter()
        .map(|this| {
            let text = match this {
                Tab::Overview => texts::OVERVIEW,
                Tab::Quality => texts::QUALITY,
                Tab::Columns => texts::COLUMNS,
                Tab::Versions => texts::VERSIONS,
            };
            view! {
                <a
                    class="tab"
                    href=address.run(this)
                    data-noscroll=""
                    prop:replace=true
                    aria-current=move || (tab.get() == this).then_some("true")
                >
                    {text}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label=texts::PARTS>
            {links}
        </nav>
    }
}

fn overview(dataset: RwSignal<Dataset>) -> impl IntoView {
    let id = dataset.with_untracked(|dataset| dataset.summary.id);
    let content = move || {
        dataset.with(|dataset| {
            let config = &dataset.config;
            let description = Some(dataset.summary.description.clone()).filter(|text| !text.is_empty());
            view! {
                {description.map(|text| view! { <p class="lead">{text}</p> })}
                <div class="detail">
                    {section(texts::TABLES, describe::tables(config))} {section(texts::ROLES, describe::roles(&config.column_mapping))}
                    {section(texts::FILTERS, describe::filters(&config.filters, &config.split_config))}
                    {section(texts::SPLIT, vec![describe::split(&config.split_config)])}
                </div>
                <div class="detail-columns">{section(texts::COLUMNS, describe::columns(config))}</div>
            }
        })
    };
    view! {
        {content}
        <section class="detail-section">
            <h3>{texts::COUNTS}</h3>
            <CountsPanel id />
        </section>
    }
}

fn quality(dataset: RwSignal<Dataset>, other: Callback<DialogKind, String>) -> impl IntoView {
    move || match dataset.with(|dataset| dataset.analysis.clone()) {
        Some(StoredAnalysis { stale, analysis }) => view! { <Report analysis stale /> }.into_any(),
        None => view! {
            <div class="empty">
                <p>{texts::NOT_ANALYZED}</p>
                <a class="button primary" href=other.run(DialogKind::Analysis) data-noscroll="">
                    {texts::ANALYZE}
                </a>
            </div>
        }
        .into_any(),
    }
}
