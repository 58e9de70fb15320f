//! The frame of every page: the top bar, the models in the sidebar, and the page for unknown URLs.

use leptos::prelude::*;
use leptos_meta::Title;

use super::connectivity::use_connectivity;
use super::keys::KeysButton;
use super::texts::{common, docs};
use super::theme::ThemeSwitch;
use crate::domain::dto::Model;
use crate::error::ApiError;

/// The URL of a model's datasets.
pub fn datasets_path(model_id: i64) -> String {
    format!("/models/{model_id}/dataset/")
}

#[component]
pub fn Page(
    /// For the sidebar; the current one is marked.
    #[prop(into)]
    models: Vec<Model>,
    #[prop(optional_no_strip)] current: Option<i64>,
    children: Children,
) -> impl IntoView {
    let links = models
        .into_iter()
        .map(|model| {
            let here = current == Some(model.id);
            view! {
                <li>
                    <a href=datasets_path(model.id) class="side-link" aria-current=here.then_some("page")>
                        <span class="side-name">{model.name}</span>
                        <span class="side-count">{model.dataset_count}</span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <TopBar />
        <div class="frame">
            <nav class="side" aria-label=common::MODELS>
                <a href="/" class="side-title">
                    {common::MODELS}
                </a>
                <ul>{links}</ul>
            </nav>
            <main class="content" id="content" tabindex="-1">
                {children()}
            </main>
        </div>
    }
}

#[component]
fn TopBar() -> impl IntoView {
    view! {
        <a class="skip" href="#content" rel="external">
            {common::SKIP}
        </a>
        <header class="topbar">
            <a href="/" class="brand">
                <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
                    <rect x="2" y="4" width="20" height="4" rx="1.5" fill="currentColor" />
                    <rect x="2" y="10" width="14" height="4" rx="1.5" fill="currentColor" opacity=".75" />
                    <rect x="2" y="16" width="7" height="4" rx="1.5" fill="currentColor" opacity=".5" />
                </svg>
                {common::PRODUCT}
            </a>
            <div class="topbar-tools">
                <a class="topbar-link" href="/docs/" rel="external" title=docs::TITLE>
                    {common::DOCS}
                </a>
                <a class="topbar-link" href="/api/docs" rel="external" title=common::API_TITLE>
                    {common::API}
                </a>
                <KeysButton />
                <ThemeSwitch />
            </div>
        </header>
    }
}

/// A page whose part of the program could not be fetched; `actions` are what can be done.
pub fn not_loaded(error: ApiError, actions: impl IntoView) -> impl IntoView {
    view! {
        <Title text=common::NOT_LOADED />
        <TopBar />
        <main class="content empty" id="content" tabindex="-1">
            <h1>{common::NOT_LOADED}</h1>
            <p>{error.message}</p>
            {actions}
        </main>
    }
}

/// A page that is only a sentence and a link back.
fn sentence(title: &'static str, heading: String) -> impl IntoView {
    view! {
        <Title text=title />
        <TopBar />
        <main class="content empty" id="content" tabindex="-1">
            <h1>{heading}</h1>
            <p>
                <a href="/">{common::BACK_TO_MODELS}</a>
            </p>
        </main>
    }
}

#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    sentence(common::NOT_FOUND, common::NO_SUCH_PAGE.to_owned())
}

/// A page that could not be loaded, with the status of the response.
#[component]
pub fn PageError(error: ApiError) -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), axum::http::StatusCode::from_u16(error.status))
    {
        response.set_status(status);
    }
    use_connectivity().report(&error);
    sentence(common::SOMETHING_WRONG, error.message)
}
