//! Light or dark: the system's setting until the user chooses; the choice is in a cookie, so that
//! the server renders it right at once.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::texts::common;

const COOKIE: &str = "trainset-theme";

/// The theme in the request's cookie, if any.
pub fn of_request() -> Option<&'static str> {
    #[cfg(feature = "ssr")]
    {
        of_headers(&use_context::<axum::http::request::Parts>()?.headers)
    }
    #[cfg(not(feature = "ssr"))]
    None
}

/// The theme in the cookie of a request's headers, if any.
#[cfg(feature = "ssr")]
pub fn of_headers(headers: &axum::http::HeaderMap) -> Option<&'static str> {
    let cookies = headers.get(axum::http::header::COOKIE)?.to_str().ok()?;
    cookies.split(';').find_map(|cookie| match cookie.trim().strip_prefix(COOKIE)?.strip_prefix('=')? {
        "dark" => Some("dark"),
        "light" => Some("light"),
        _ => None,
    })
}

/// Switches to the other theme.
fn switch() {
    let Some(root) = document().document_element() else { return };
    let system_dark = || {
        let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
        query.is_some_and(|query| query.matches())
    };
    let dark = root.get_attribute("data-theme").map_or_else(system_dark, |theme| theme == "dark");
    let next = if dark { "light" } else { "dark" };
    // Neither call fails with these constants; a browser without cookies only forgets the choice.
    let _ = root.set_attribute("data-theme", next);
    if let Ok(document) = document().dyn_into::<web_sys::HtmlDocument>() {
        let _ = document.set_cookie(&format!("{COOKIE}={next}; Path=/; Max-Age=31536000; SameSite=Lax"));
    }
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    view! {
        <button type="button" class="icon-button" aria-label=common::THEME title=common::THEME on:click=|_| switch()>
            <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
                <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.6" />
                <path d="M10 3 a7 7 0 0 1 0 14 z" fill="currentColor" />
            </svg>
        </button>
    }
}
