//! The datasets of a model: cards, search, filter, pages; every dialog about them. Search, filter, page and the open dialog live in the address.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use leptos_router::params::ParamsMap;

use super::analysis::AnalysisDialog;
use super::card::{DatasetCard, DialogKind};
use super::compare::compare_path;
use super::dialogs::{CloneDialog, DeleteDialog, DetailDialog, PreviewDialog, QueryDialog};
use super::format::integer;
use super::layout::{Page, PageFailure, datasets_path};
use super::toast::use_toaster;
use super::wizard::Wizard;
use crate::domain::dataset::Status;
use crate::domain::record::{DatasetPage, ListQuery, Model};
use crate::error::Failure;
use crate::rpc;

/// The page's state, as its address has it.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    list: ListQuery,
    dialog: Option<(DialogKind, Option<i64>)>,
}

impl Place {
    fn read(query: &ParamsMap) -> Self {
        let status = match query.get_str("status") {
            Some("draft") => Some(Status::Draft),
            Some("active") => Some(Status::Active),
            _ => None,
        };
        let list = ListQuery {
            status,
            search: query.get("search").unwrap_or_default(),
            page: query.get_str("page").and_then(|p| p.parse().ok()).unwrap_or(1).max(1),
            ..ListQuery::default()
        };
        let id = query.get_str("id").and_then(|id| id.parse().ok());
        let dialog = query.get_str("dialog").and_then(DialogKind::parse).map(|kind| (kind, id));
        Self { list, dialog: dialog.filter(|(kind, id)| *kind == DialogKind::New || id.is_some()) }
    }

    fn address(&self, model_id: i64) -> String {
        let mut query = ParamsMap::new();
        if !self.list.search.is_empty() {
            query.insert("search", self.list.search.clone());
        }
        if let Some(status) = self.list.status {
            query.insert("status", status.word().to_owned());
        }
        if self.list.page > 1 {
            query.insert("page", self.list.page.to_string());
        }
        if let Some((kind, id)) = self.dialog {
            query.insert("dialog", kind.word().to_owned());
            if let Some(id) = id {
                query.insert("id", id.to_string());
            }
        }
        format!("{}{}", datasets_path(model_id), query.to_query_string())
    }
}

async fn load(model_id: i64, list: ListQuery) -> Result<(Vec<Model>, DatasetPage), Failure> {
    // The model first: a model that is not there is the page's 404.
    rpc::model(model_id).await?;
    Ok((rpc::models().await?, rpc::datasets(model_id, list).await?))
}

#[component]
pub fn DatasetsPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let model_id = Memo::new(move |_| params.with(|p| p.get_str("id").and_then(|id| id.parse::<i64>().ok())).unwrap_or_default());
    let place = Memo::new(move |_| query.with(Place::read));
    let list = Memo::new(move |_| place.get().list);
    let data = Resource::new_blocking(move || (model_id.get(), list.get()), |(model_id, list)| load(model_id, list));
    let reload = Callback::new(move |()| data.refetch());
    // Kept from page to page, not from model to model.
    let chosen = RwSignal::new(Vec::<i64>::new());
    Effect::new(move |before: Option<i64>| {
        let model = model_id.get();
        if before.is_some_and(|before| before != model) {
            chosen.set(vec![]);
        }
        model
    });

    let page = move || {
        Suspend::new(async move {
            match data.await {
                Ok((models, datasets)) => {
                    let model_id = model_id.get_untracked();
                    view! { <Loaded models model_id datasets place chosen reload /> }.into_any()
                }
                Err(failure) => view! { <PageFailure failure /> }.into_any(),
            }
        })
    };
    view! {
        <Transition>{page}</Transition>
        <OpenDialog model_id place reload />
    }
}

#[component]
fn Loaded(
    models: Vec<Model>,
    model_id: i64,
    datasets: DatasetPage,
    place: Memo<Place>,
    /// Those to compare.
    chosen: RwSignal<Vec<i64>>,
    reload: Callback<()>,
) -> impl IntoView {
    let toaster = use_toaster();
    let model = models.iter().find(|m| m.id == model_id).map(|m| m.name.clone()).unwrap_or_default();
    let href = Callback::new(move |(kind, id): (DialogKind, i64)| {
        Place { dialog: Some((kind, Some(id))), ..place.get_untracked() }.address(model_id)
    });
    let set_status = Action::new(move |(id, status): &(i64, Status)| {
        let (id, status) = (*id, *status);
        async move {
            match rpc::set_status(id, status).await {
                Ok(dataset) => toaster.good(format!("{} is {} now.", dataset.summary.name, status.word())),
                Err(failure) => toaster.bad(failure.message),
            }
            reload.run(());
        }
    });
    let on_select = Callback::new(move |(id, on): (i64, bool)| {
        chosen.update(|chosen| {
            chosen.retain(|other| *other != id);
            if on {
                chosen.push(id);
            }
        });
    });
    let on_status = Callback::new(move |change| {
        set_status.dispatch(change);
    });
    let pagination = datasets.pagination;
    let searching = {
        let list = place.get_untracked().list;
        !list.search.is_empty() || list.status.is_some()
    };
    let none = datasets.datasets.is_empty();
    let cards = datasets
        .datasets
        .into_iter()
        .map(|dataset| {
            let id = dataset.id;
            let selected = Signal::derive(move || chosen.with(|chosen| chosen.contains(&id)));
            view! { <DatasetCard dataset href on_status selected on_select /> }
        })
        .collect_view();
    let new_href = move || Place { dialog: Some((DialogKind::New, None)), ..place.get() }.address(model_id);
    let page_link = move |page: u32, text: &'static str, there: bool| {
        let list = ListQuery { page, ..place.get_untracked().list };
        let address = Place { list, dialog: None }.address(model_id);
        if there {
            view! { <A href=address attr:class="button quiet">{text}</A> }.into_any()
        } else {
            view! { <span class="button quiet" aria-disabled="true">{text}</span> }.into_any()
        }
    };
    let first = (pagination.page - 1) * pagination.per_page + 1;
    let last = (first + pagination.per_page - 1).min(pagination.total);
    view! {
        <Title text=format!("Datasets of {model}") />
        <Page models current=Some(model_id)>
            <div class="page-head">
                <div>
                    <h1>"Datasets"</h1>
                    <p class="lead">{model}</p>
                </div>
                <A href=new_href scroll=false attr:class="button primary">
                    "New Dataset"
                </A>
            </div>
            <SearchBar model_id place />
            {none
                .then(|| {
                    let (title, advice) = if searching {
                        ("Nothing found", "No dataset fits this search. Change it, or clear the filter.")
                    } else {
                        ("No datasets yet", "Make the first one: choose tables, join them, say what the columns mean.")
                    };
                    view! {
                        <div class="empty">
                            <h2>{title}</h2>
                            <p>{advice}</p>
                        </div>
                    }
                })}
            <ul class="cards">{cards}</ul>
            <CompareBar model_id chosen />
            {(pagination.total > 0)
                .then(|| {
                    view! {
                        <nav class="pages" aria-label="Pages">
                            {page_link(pagination.page - 1, "Previous", pagination.has_previous)}
                            <span>{format!("{first}–{last} of {}", integer(pagination.total.into()))}</span>
                            {page_link(pagination.page + 1, "Next", pagination.has_next)}
                        </nav>
                    }
                })}
        </Page>
    }
}

/// Appears as soon as a dataset is chosen to be compared.
#[component]
fn CompareBar(model_id: i64, chosen: RwSignal<Vec<i64>>) -> impl IntoView {
    move || {
        let ids = chosen.get();
        let link = match ids.len() {
            0 => return None,
            2..=5 => view! { <A href=compare_path(model_id, &ids) attr:class="button primary">"Compare"</A> }.into_any(),
            1 => view! { <span class="note">"Choose one more, up to five."</span> }.into_any(),
            _ => view! { <span class="note">"Five at most."</span> }.into_any(),
        };
        Some(view! {
            <div class="compare-bar" role="region" aria-label="Comparison">
                <span>{format!("{} chosen", ids.len())}</span>
                {link}
                <button type="button" class="button quiet" on:click=move |_| chosen.set(vec![])>
                    "Clear"
                </button>
            </div>
        })
    }
}

#[component]
fn SearchBar(model_id: i64, place: Memo<Place>) -> impl IntoView {
    let navigate = use_navigate();
    let text = RwSignal::new(place.get_untracked().list.search);
    let go = Callback::new(move |list: ListQuery| {
        let address = Place { list: ListQuery { page: 1, ..list }, dialog: None }.address(model_id);
        navigate(&address, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
    });
    // The last letter counts: what was typed before it is not searched for.
    let typed = StoredValue::new(0u32);
    let on_input = move |value: String| {
        text.set(value.clone());
        let mine = typed.get_value() + 1;
        typed.set_value(mine);
        let search = move || {
            if typed.try_get_value() == Some(mine) {
                go.run(ListQuery { search: value.clone(), ..place.get_untracked().list });
            }
        };
        set_timeout(search, Duration::from_millis(300));
    };
    let on_status = move |value: String| {
        let status = match value.as_str() {
            "draft" => Some(Status::Draft),
            "active" => Some(Status::Active),
            _ => None,
        };
        go.run(ListQuery { status, ..place.get_untracked().list });
    };
    let chosen = move || place.get().list.status.map_or("", Status::word);
    let search_box = NodeRef::<leptos::html::Input>::new();
    let keys = window_event_listener(ev::keydown, move |event| {
        let typing =
            document().active_element().is_some_and(|e| matches!(e.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
        if event.key() == "/" && !typing && place.get_untracked().dialog.is_none() {
            event.prevent_default();
            if let Some(input) = search_box.get_untracked() {
                // Focus fails only for an element that is gone.
                let _ = input.focus();
            }
        }
    });
    on_cleanup(move || keys.remove());
    view! {
        <form class="search" role="search" method="get">
            <input
                node_ref=search_box
                type="search"
                name="search"
                placeholder="Search datasets  ( / )"
                aria-label="Search datasets"
                prop:value=text
                value=text.get_untracked()
                on:input:target=move |e| on_input(e.target().value())
            />
            <select name="status" aria-label="Status" prop:value=chosen on:change:target=move |e| on_status(e.target().value())>
                <option value="" selected=move || chosen().is_empty()>"All statuses"</option>
                <option value="draft" selected=move || chosen() == "draft">"Draft"</option>
                <option value="active" selected=move || chosen() == "active">"Active"</option>
            </select>
            <noscript><button type="submit" class="button">"Search"</button></noscript>
        </form>
    }
}

/// The dialog that the address names.
#[component]
fn OpenDialog(model_id: Memo<i64>, place: Memo<Place>, reload: Callback<()>) -> impl IntoView {
    let navigate = use_navigate();
    let go = Callback::new(move |dialog: Option<(DialogKind, Option<i64>)>| {
        let address = Place { dialog, ..place.get_untracked() }.address(model_id.get_untracked());
        navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    });
    let on_close = Callback::new(move |()| go.run(None));
    let on_changed = Callback::new(move |()| {
        go.run(None);
        reload.run(());
    });
    // A modal dialog exists in the browser only: the server does not load what it cannot show.
    let in_browser = RwSignal::new(false);
    Effect::new(move |_| in_browser.set(true));
    let dialog = Memo::new(move |_| place.get().dialog.filter(|_| in_browser.get()));
    move || {
        let model_id = model_id.get();
        let (kind, id) = dialog.get()?;
        let id = id.unwrap_or_default();
        Some(match kind {
            DialogKind::New => view! { <Wizard model_id id=None on_close on_saved=on_changed /> }.into_any(),
            DialogKind::Edit => view! { <Wizard model_id id=Some(id) on_close on_saved=on_changed /> }.into_any(),
            DialogKind::View => view! { <DetailDialog id on_close on_changed=reload /> }.into_any(),
            DialogKind::Analysis => view! { <AnalysisDialog id on_close on_changed=reload /> }.into_any(),
            DialogKind::Query => view! { <QueryDialog id on_close /> }.into_any(),
            DialogKind::Preview => view! { <PreviewDialog id on_close /> }.into_any(),
            DialogKind::Clone => view! { <CloneDialog id on_close on_done=on_changed /> }.into_any(),
            DialogKind::Delete => view! { <DeleteDialog id on_close on_done=on_changed /> }.into_any(),
        })
    }
}
