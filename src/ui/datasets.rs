//! The datasets of a model: cards, search, pages, and the dialogs about them. The state of the page
//! is in its URL: see [`PageState`].

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use super::card::{CardsOf, DatasetCard};
use super::compare::CompareBar;
use super::connectivity::{is_unreachable, use_connectivity};
use super::dialog::Dialog;
use super::empty::NoDatasets;
use super::icon;
use super::keys::on_key;
use super::layout::{Page, PageError};
use super::parts::{self, Frame, LazyPart};
use super::route::{DialogKind, PageState, Tab};
use super::search::{Search, SearchBar};
use super::texts::{common, list as texts};
use crate::domain::dto::{DatasetPage, ListQuery, Model, Pagination};
use crate::error::ApiError;
use crate::rpc;

type Data = (Vec<Model>, DatasetPage);

async fn load(model_id: i64, list: ListQuery) -> Result<Data, ApiError> {
    // The model first: a missing model is the page's 404.
    rpc::model(model_id).await?;
    Ok((rpc::models().await?, rpc::datasets(model_id, list).await?))
}

#[component]
pub fn DatasetsPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let model_id = Memo::new(move |_| params.with(|p| p.get_str("id").and_then(|id| id.parse::<i64>().ok())).unwrap_or_default());
    let page_state = Memo::new(move |_| query.with(PageState::read));
    let list = Memo::new(move |_| page_state.with(|page_state| page_state.list.clone()));
    let connectivity = use_connectivity();
    let data = Resource::new_blocking(
        move || (model_id.get(), list.get(), connectivity.reconnects()),
        |(model_id, list, _)| load(model_id, list),
    );
    let reload = Callback::new(move |()| data.refetch());
    let search = Search::new(model_id, page_state);
    // From a new URL until its response. Not by `set_pending`: a page whose URL opens a dialog
    // stayed pending forever.
    let loading = RwSignal::new(false);
    Effect::new(move |before: Option<(i64, ListQuery)>| {
        let now = (model_id.get(), list.get());
        if before.is_some_and(|before| before != now) {
            loading.set(true);
        }
        now
    });
    // Kept across pages of the list, not across models.
    let chosen = RwSignal::new(Vec::<i64>::new());
    Effect::new(move |before: Option<i64>| {
        let model = model_id.get();
        if before.is_some_and(|before| before != model) {
            chosen.set(vec![]);
        }
        model
    });
    #[cfg(feature = "hydrate")]
    Effect::new(|_| parts::fetch_wizard_when_idle());
    // The last content stays while the server is offline.
    let last = StoredValue::new(None::<(i64, Data)>);
    let page = move || {
        Suspend::new(async move {
            let answer = data.await;
            loading.try_set(false);
            let model_id = model_id.get_untracked();
            let shown = match answer {
                Ok(data) => {
                    last.set_value(Some((model_id, data.clone())));
                    data
                }
                Err(error) => {
                    let previous = last.get_value().filter(|(of, _)| *of == model_id && is_unreachable(&error));
                    match previous {
                        Some((_, data)) => {
                            connectivity.report(&error);
                            data
                        }
                        None => return view! { <PageError error /> }.into_any(),
                    }
                }
            };
            let (models, datasets) = shown;
            let is_metered = models.iter().any(|model| model.id == model_id && model.warehouse.is_metered());
            let of = CardsOf { model_id, page_state, is_metered, chosen, reload };
            view! { <Loaded models datasets of search loading /> }.into_any()
        })
    };
    view! {
        <Transition>{page}</Transition>
        <OpenDialog model_id page_state reload />
    }
}

#[component]
fn Loaded(models: Vec<Model>, datasets: DatasetPage, of: CardsOf, search: Search, loading: RwSignal<bool>) -> impl IntoView {
    let CardsOf { model_id, page_state, chosen, .. } = of;
    let model = models.iter().find(|m| m.id == model_id).map(|m| m.name.clone()).unwrap_or_default();
    let DatasetPage { datasets, pagination } = datasets;
    let searching =
        page_state.with_untracked(|page_state| !page_state.list.search.is_empty() || page_state.list.status.is_some());
    let new_address = move || PageState { dialog: Some((DialogKind::New, None)), ..page_state.get().closed() }.address(model_id);
    let none = datasets.is_empty();
    let past_end = (none && pagination.total > 0).then(|| {
        let closed = page_state.get_untracked().closed();
        PageState { list: ListQuery { page: 1, ..closed.list.clone() }, ..closed }.address(model_id)
    });
    let cards = datasets.into_iter().map(|dataset| view! { <DatasetCard dataset of /> }).collect_view();
    view! {
        <Title text=texts::of_model(&model) />
        <Page models current=Some(model_id)>
            <div class="page-head">
                <div>
                    <h1>{texts::TITLE}</h1>
                    <p class="lead">{model}</p>
                </div>
                <a href=new_address data-noscroll="" class="button primary" id="new">
                    {icon::plus()}
                    {texts::NEW}
                </a>
            </div>
            <SearchBar search />
            <div class:stale-list=move || loading.get() aria-busy=move || loading.get().to_string()>
                {none.then(|| view! { <NoDatasets model_id past_end searching new_address=untrack(new_address) /> })}
                <ul class="cards">{cards}</ul>
            </div>
            <CompareBar model_id chosen />
            {pages(pagination, page_state, model_id)}
        </Page>
    }
}

/// `11–20 of 57`, and links to the neighbouring pages.
fn pages(pagination: Pagination, page_state: Memo<PageState>, model_id: i64) -> impl IntoView {
    let link = move |page: u32, text: &'static str, there: bool| {
        let there = there.then(|| {
            let closed = page_state.get_untracked().closed();
            PageState { list: ListQuery { page, ..closed.list.clone() }, ..closed }.address(model_id)
        });
        let off = there.is_none().then_some("true");
        view! {
            <a class="button quiet" href=there aria-disabled=off role=off.map(|_| "link")>
                {text}
            </a>
        }
    };
    let first = (pagination.page - 1) * pagination.per_page + 1;
    let last = (first + pagination.per_page - 1).min(pagination.total);
    (last >= first).then(|| {
        view! {
            <nav class="pages" aria-label=texts::PAGES>
                {link(pagination.page.saturating_sub(1), texts::PREVIOUS, pagination.has_previous)}
                <span>{texts::range(first, last, pagination.total)}</span>
                {link(pagination.page + 1, texts::NEXT, pagination.has_next)}
            </nav>
        }
    })
}

/// The dialog in the URL.
#[component]
fn OpenDialog(model_id: Memo<i64>, page_state: Memo<PageState>, reload: Callback<()>) -> impl IntoView {
    let navigate = use_navigate();
    let go = Callback::new(move |to: PageState| {
        navigate(&to.address(model_id.get_untracked()), NavigateOptions { scroll: false, ..NavigateOptions::default() });
    });
    let on_close = Callback::new(move |()| go.run(page_state.get_untracked().closed()));
    let on_changed = Callback::new(move |()| {
        on_close.run(());
        reload.run(());
    });
    let frame = Frame::Dialog(on_close);
    on_key(
        "n",
        Callback::new(move |()| {
            go.run(PageState { dialog: Some((DialogKind::New, None)), ..page_state.get_untracked().closed() })
        }),
    );
    // Most dialogs exist in the browser only: the server renders that they are loading. Read-only
    // ones are rendered completely.
    let in_browser = RwSignal::new(false);
    Effect::new(move |_| in_browser.set(true));
    let dialog = Memo::new(move |_| page_state.with(|page_state| page_state.dialog));
    // A closing dialog keeps its part: a new one would be built from data that no longer exists.
    let tab = Memo::new(move |before: Option<&Tab>| {
        page_state.with(|page_state| match page_state.dialog {
            Some((DialogKind::View, _)) => page_state.tab,
            _ => before.copied().unwrap_or_default(),
        })
    });
    move || {
        let model_id = model_id.get();
        let (kind, id) = dialog.get()?;
        let id = id.unwrap_or_default();
        let closed = page_state.get_untracked().closed().address(model_id);
        Some(match kind {
            DialogKind::View => {
                let address = Callback::new(move |tab: Tab| PageState { tab, ..page_state.get_untracked() }.address(model_id));
                let other = Callback::new(move |kind| page_state.get_untracked().with(kind, id).address(model_id));
                let part = move || parts::detail(id, tab, address, other, closed.clone(), on_close, reload);
                view! { <LazyPart frame part /> }.into_any()
            }
            DialogKind::Analysis => {
                let part = move || parts::analysis(id, closed.clone(), on_close, reload);
                view! { <LazyPart frame part /> }.into_any()
            }
            _ if !in_browser.get() => view! {
                <Dialog title=common::LOADING on_close served=closed class="modal-small modal-late">
                    <p class="modal-body">{common::LATE}</p>
                </Dialog>
            }
            .into_any(),
            DialogKind::New => {
                view! { <LazyPart frame part=move || parts::wizard(model_id, None, on_close, on_changed) /> }.into_any()
            }
            DialogKind::Edit => {
                view! { <LazyPart frame part=move || parts::wizard(model_id, Some(id), on_close, on_changed) /> }.into_any()
            }
            DialogKind::Query => view! { <LazyPart frame part=move || parts::query(id, on_close) /> }.into_any(),
            DialogKind::Preview => view! { <LazyPart frame part=move || parts::preview(id, on_close) /> }.into_any(),
            DialogKind::Clone => {
                view! { <LazyPart frame part=move || parts::clone(id, model_id, on_close, on_changed) /> }.into_any()
            }
            DialogKind::Delete => {
                view! { <LazyPart frame part=move || parts::delete(id, on_close, on_changed, reload) /> }.into_any()
            }
        })
    }
}
