//! The interface: Leptos components that the server renders and the browser hydrates. The domain
//! makes all decisions; everything that is fetched or saved goes through [`crate::rpc`].

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{SsrMode, path};

use self::parts::{Frame, LazyPart};

mod analysis;
mod card;
mod compare;
mod connectivity;
mod datasets;
mod detail;
mod dialog;
mod dialogs;
mod empty;
mod help;
mod highlight;
mod icon;
mod keys;
mod layout;
mod models;
mod offline;
mod parts;
mod pictures;
mod problem;
mod profiles;
mod query;
mod query_panel;
mod route;
mod rows;
mod search;
mod tabs;
pub mod texts;
pub mod theme;
mod toast;
mod versions;
mod when;
mod wizard;
mod work;

/// The script that loads the parts; the splitter chooses its name.
const PARTS_SCRIPT: &str = "__wasm_split.______________________.js";

/// The document around the application. The options have the folder of the page's files (see
/// `site::files`).
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme::of_request()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                // First of all: the page is painted with it, and becomes interactive later.
                <link id="leptos" rel="stylesheet" href=format!("/{}/trainset.css", options.site_pkg_dir) />
                // Not painted before it is parsed completely: a row of cards is as tall as its
                // tallest. The awaited element comes last; Chromium counts an element as parsed
                // when it begins.
                <link rel="expect" href="#end" blocking="render" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <AutoReload options=options.clone() />
                // The program's script imports it: the preload starts fetching it before that
                // script is parsed.
                <link rel="modulepreload" href=format!("/{}/{PARTS_SCRIPT}", options.site_pkg_dir) />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

#[component]
fn Compare() -> impl IntoView {
    view! { <LazyPart frame=Frame::Page part=parts::compare /> }
}

/// The application: its pages by URL.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    toast::provide();
    keys::provide();
    // Effects run in the browser only: from here on the page is interactive.
    Effect::new(|_| {
        if let Some(root) = document().document_element() {
            // Fails only for an invalid name.
            let _ = root.set_attribute("data-hydrated", "");
        }
    });
    view! {
        <Title formatter=|title: String| texts::common::page_title(&title) />
        <Router>
            <FlatRoutes fallback=layout::NotFound>
                <Route path=path!("/") view=models::ModelsPage ssr=SsrMode::Async />
                <Route path=path!("/models/:id/dataset") view=datasets::DatasetsPage ssr=SsrMode::Async />
                <Route path=path!("/models/:id/dataset/compare") view=Compare ssr=SsrMode::Async />
            </FlatRoutes>
        </Router>
        <keys::Keys />
        <offline::OfflineBanner />
        // The end of the document: see the shell.
        <div id="end">
            <toast::Toasts />
        </div>
    }
}

/// Hydrates the page that the server rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        match parts::fetch_parts_of_page().await {
            Ok(()) => leptos::mount::hydrate_body(App),
            Err(_) => parts::say_page_is_not_live(),
        }
    });
}
