//! SQL with its parts: full, train, eval, test; copy and download; the warehouse's verdict.

use leptos::prelude::*;

use super::highlight::Sql;
use super::tabs::Tabs;
use super::texts::{common, query as texts};
use super::toast::use_toaster;
use super::work::Work;
use crate::domain::cost::Estimate;
use crate::domain::dataset::Split;
use crate::domain::dto::QueryValidation;
use crate::domain::format::{bytes, dollars};

/// Selects the full query or one of the splits.
#[component]
pub fn PartTabs(#[prop(into)] splits: Signal<Vec<Split>>, part: RwSignal<Option<Split>>) -> impl IntoView {
    let names = Signal::derive(move || {
        splits.with(|splits| std::iter::once(texts::FULL).chain(splits.iter().map(|split| split.as_str())).collect())
    });
    let chosen = Signal::derive(move || {
        let part = part.get();
        splits.with(|splits| splits.iter().position(|split| Some(*split) == part).map_or(0, |at| at + 1))
    });
    let on_choose = Callback::new(move |at: usize| {
        part.set(splits.with_untracked(|splits| at.checked_sub(1).and_then(|at| splits.get(at).copied())));
    });
    view! { <Tabs label=texts::PARTS names chosen on_choose /> }
}

/// The text, with buttons to copy and download it.
#[component]
pub fn SqlBlock(#[prop(into)] sql: Signal<String>, #[prop(into)] file_name: Signal<String>) -> impl IntoView {
    view! {
        <div class="sql-block">
            {tools(sql, file_name)}
            <Sql text=sql />
        </div>
    }
}

/// Text other than SQL, with the same buttons.
#[component]
pub fn TextBlock(label: &'static str, text: String, file_name: &'static str) -> impl IntoView {
    let text = StoredValue::new(text);
    view! {
        <div class="sql-block">
            {tools(Signal::derive(move || text.get_value()), Signal::stored(file_name.to_owned()))}
            <pre class="sql" tabindex="0" aria-label=label>
                <code>{text.get_value()}</code>
            </pre>
        </div>
    }
}

fn tools(text: Signal<String>, file_name: Signal<String>) -> impl IntoView {
    let toaster = use_toaster();
    let work = Work::new();
    let copy = move |_| {
        let promise = window().navigator().clipboard().write_text(&text.get_untracked());
        work.start(async move {
            match settled(promise).await {
                Ok(()) => toaster.good(texts::COPIED),
                Err(()) => toaster.bad(texts::CANNOT_COPY),
            }
        });
    };
    // A data URL needs neither a script nor a request to the server.
    let href = move || format!("data:text/plain;charset=utf-8,{}", percent_encoded(&text.get()));
    view! {
        <div class="sql-tools">
            <button type="button" class="button small" on:click=copy>
                {texts::COPY}
            </button>
            <a class="button small" href=href download=move || file_name.get()>
                {texts::DOWNLOAD}
            </a>
        </div>
    }
}

/// Whether a promise was fulfilled.
async fn settled(promise: js_sys::Promise) -> Result<(), ()> {
    wasm_bindgen_futures::JsFuture::from(promise).await.map(drop).map_err(drop)
}

/// Characters that are allowed in a URL stay, all other bytes are written in hex.
fn percent_encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// `reads 12 MiB · costs about $0.01`, as far as it is known.
pub fn size_and_price(estimate: &Estimate) -> String {
    // How little it reads of a clustered table shows only in a run.
    let at_most = estimate.upper_bound;
    let size = estimate.bytes.map(|size| texts::reads(&bytes(size), at_most));
    let price = estimate.price_usd.map(|usd| texts::costs(&dollars(usd), at_most));
    size.into_iter().chain(price).collect::<Vec<_>>().join(common::DOT)
}

/// Valid or not, and what a run would read and cost.
#[component]
pub fn Verdict(validation: QueryValidation) -> impl IntoView {
    if validation.valid {
        let cost = size_and_price(&validation.estimate);
        view! {
            <p class="verdict">
                <strong>{texts::VALID}</strong>
                {(!cost.is_empty()).then_some(common::DOT)}
                {cost}
            </p>
        }
    } else {
        view! {
            <p class="verdict verdict-bad" role="alert">
                <strong>{texts::NOT_VALID}</strong>
                {validation.error}
            </p>
        }
    }
}
