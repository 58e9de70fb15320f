//! What stands around every page: the top bar, the models at the side, and the page that is not there.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;

use super::theme::ThemeSwitch;
use crate::domain::record::Model;
use crate::error::Failure;

/// The address of a model's datasets.
pub fn datasets_path(model_id: i64) -> String {
    format!("/models/{model_id}/dataset/")
}

#[component]
pub fn Page(
    /// For the sidebar; the one of the page is marked.
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
                    <A href=datasets_path(model.id) attr:class="side-link" attr:aria-current=here.then_some("page")>
                        <span class="side-name">{model.name}</span>
                        <span class="side-count">{model.dataset_count}</span>
                    </A>
                </li>
            }
        })
        .collect_view();
    view! {
        <header class="topbar">
            <A href="/" attr:class="brand">
                <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
                    <rect x="2" y="4" width="20" height="4" rx="1.5" fill="currentColor" />
                    <rect x="2" y="10" width="14" height="4" rx="1.5" fill="currentColor" opacity=".75" />
                    <rect x="2" y="16" width="7" height="4" rx="1.5" fill="currentColor" opacity=".5" />
                </svg>
                "Trainset"
            </A>
            <ThemeSwitch />
        </header>
        <div class="frame">
            <nav class="side" aria-label="Models">
                <A href="/" attr:class="side-title">"Models"</A>
                <ul>{links}</ul>
            </nav>
            <main class="content">{children()}</main>
        </div>
    }
}

#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found" />
        <main class="content empty">
            <h1>"There is no such page"</h1>
            <p><A href="/">"Back to the models"</A></p>
        </main>
    }
}

/// A page that could not be loaded, with its status for the response.
#[component]
pub fn PageFailure(failure: Failure) -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), axum::http::StatusCode::from_u16(failure.status))
    {
        response.set_status(status);
    }
    view! {
        <Title text="Something is wrong" />
        <main class="content empty">
            <h1>{failure.message}</h1>
            <p><A href="/">"Back to the models"</A></p>
        </main>
    }
}

/// A failure where it happened.
#[component]
pub fn Problem(#[prop(into)] failure: Signal<Option<Failure>>) -> impl IntoView {
    move || {
        failure.get().map(|failure| {
            // One field's fault is the message already.
            let listed = if failure.errors.len() > 1 { failure.errors } else { Default::default() };
            let fields = listed.into_iter().map(|(path, text)| view! { <li><code>{path}</code>" " {text}</li> }).collect_view();
            view! {
                <div class="problem" role="alert">
                    <p>{failure.message}</p>
                    <ul>{fields}</ul>
                </div>
            }
        })
    }
}
