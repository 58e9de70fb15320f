//! SQL with its parts: full, train, eval, test; copy and download; what the warehouse thinks of it.

use leptos::prelude::*;

use super::format::{bytes, dollars};
use super::highlight::Sql;
use super::toast::use_toaster;
use crate::domain::dataset::Split;
use crate::domain::record::QueryValidation;

/// Chooses between the full query and the splits that there are.
#[component]
pub fn PartTabs(#[prop(into)] splits: Signal<Vec<Split>>, part: RwSignal<Option<Split>>) -> impl IntoView {
    let tab = move |this: Option<Split>| {
        view! {
            <button
                type="button"
                role="tab"
                class="tab"
                aria-selected=move || (part.get() == this).to_string()
                on:click=move |_| part.set(this)
            >
                {this.map_or("full", Split::word)}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label="Part of the dataset">
            {tab(None)} {move || splits.get().into_iter().map(|split| tab(Some(split))).collect_view()}
        </div>
    }
}

/// The text, with the buttons that take it away.
#[component]
pub fn SqlBlock(#[prop(into)] sql: Signal<String>, #[prop(into)] file_name: Signal<String>) -> impl IntoView {
    let toaster = use_toaster();
    let copy = move |_| {
        let promise = window().navigator().clipboard().write_text(&sql.get_untracked());
        leptos::task::spawn_local(async move {
            match settled(promise).await {
                Ok(()) => toaster.good("Copied."),
                Err(()) => toaster.bad("The browser does not let this page copy. Select the text and copy it by hand."),
            }
        });
    };
    // A data address needs no script to be followed and no server to be asked.
    let href = move || format!("data:text/plain;charset=utf-8,{}", percent_encoded(&sql.get()));
    view! {
        <div class="sql-block">
            <div class="sql-tools">
                <button type="button" class="button small" on:click=copy>
                    "Copy"
                </button>
                <a class="button small" href=href download=move || file_name.get()>
                    "Download"
                </a>
            </div>
            <Sql text=sql />
        </div>
    }
}

/// Whether a promise kept its word.
async fn settled(promise: js_sys::Promise) -> Result<(), ()> {
    wasm_bindgen_futures::JsFuture::from(promise).await.map(drop).map_err(drop)
}

/// What may stand in an address stays, all other bytes are written in hex.
fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Valid or not, and what a run would read and cost.
#[component]
pub fn Verdict(validation: QueryValidation) -> impl IntoView {
    // Of a clustered table only a run can tell how little it reads.
    let most = if validation.upper_bound { "at most" } else { "about" };
    let size = validation.total_bytes_processed.map(|read| match validation.upper_bound {
        true => format!("reads at most {}", bytes(read)),
        false => format!("reads {}", bytes(read)),
    });
    let price = validation.estimated_cost_usd.map(|usd| format!("costs {most} {}", dollars(usd)));
    let said: Vec<String> = size.into_iter().chain(price).collect();
    if validation.valid {
        view! {
            <p class="verdict">
                <strong>"Valid"</strong>
                {(!said.is_empty()).then(|| format!(" · {}", said.join(" · ")))}
            </p>
        }
        .into_any()
    } else {
        view! {
            <p class="verdict verdict-bad" role="alert">
                <strong>"Not valid: "</strong>
                {validation.error}
            </p>
        }
        .into_any()
    }
}
