//! The parts in which the browser loads the program. The list of datasets is in what each page
//! loads first; each part below is a file of its own (cargo-leptos `--split`), fetched when it is
//! first shown. On the server all of it is one program.
//!
//! Four rules of the splitter, wasm_split:
//!
//! - What two parts share becomes a file for those two, so parts are few.
//! - Code that the first load can reach other than through a function here stays in the first load,
//!   so nothing outside this module names what is in a part.
//! - A part takes no generics and no `impl Trait`: its functions return an [`AnyView`].
//! - A part that cannot be fetched is an error (`fallible`) and is fetched again the next time;
//!   with `#[lazy]` it would be a panic.

use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use super::analysis::AnalysisDialog;
use super::compare::ComparePage;
use super::detail::DetailDialog;
use super::dialog::Dialog;
use super::dialogs::{CloneDialog, DeleteDialog, PreviewDialog};
use super::layout::not_loaded;
use super::problem::Problem;
use super::query::QueryDialog;
use super::route::{DialogKind, Tab};
use super::texts::common;
use super::wizard::Wizard;
use super::work::{Opening, Waiting};
use crate::error::ApiError;

impl From<SplitLoaderError> for ApiError {
    fn from(_: SplitLoaderError) -> Self {
        Self::new(0, "part_missing", common::PART_MISSING)
    }
}

/// Where a part is shown.
#[derive(Clone, Copy)]
pub enum Frame {
    Page,
    /// A dialog, with the callback that closes it.
    Dialog(Callback<()>),
}

/// A part, its loading state, or the error if it could not be fetched.
#[component]
pub fn LazyPart<F>(frame: Frame, part: impl Fn() -> F + Send + Sync + 'static) -> impl IntoView
where
    F: Future<Output = Result<AnyView, ApiError>> + Send + 'static,
{
    let attempt = RwSignal::new(0u32);
    let again = Callback::new(move |()| attempt.update(|attempt| *attempt += 1));
    let body = move || {
        attempt.track();
        let part = part();
        Suspend::new(async move { part.await.unwrap_or_else(|error| missing(frame, error, again)) })
    };
    let fallback = move || match frame {
        Frame::Page => view! { <div class="opening"><Waiting what=common::LOADING /></div> }.into_any(),
        Frame::Dialog(on_close) => view! { <Opening on_close /> }.into_any(),
    };
    view! { <Suspense fallback>{body}</Suspense> }
}

fn missing(frame: Frame, error: ApiError, again: Callback<()>) -> AnyView {
    let actions = view! {
        <p class="problem-actions">
            <button type="button" class="button primary" on:click=move |_| again.run(())>
                {common::TRY_AGAIN}
            </button>
            <a class="button" href="" rel="external">
                {common::RELOAD}
            </a>
        </p>
    };
    match frame {
        Frame::Page => not_loaded(error, actions).into_any(),
        Frame::Dialog(on_close) => view! {
            <Dialog title=common::NOT_LOADED on_close class="modal-small">
                <div class="modal-body">
                    <Problem error=Some(error) />
                    {actions}
                </div>
            </Dialog>
        }
        .into_any(),
    }
}

#[wasm_split(wizard, wasm_split_path = leptos::wasm_split, preload(preload_wizard), fallible)]
pub fn wizard(model_id: i64, id: Option<i64>, on_close: Callback<()>, on_saved: Callback<()>) -> Result<AnyView, ApiError> {
    Ok(view! { <Wizard model_id id on_close on_saved /> }.into_any())
}

#[wasm_split(detail, wasm_split_path = leptos::wasm_split, preload(preload_detail), fallible)]
pub fn detail(
    id: i64,
    tab: Memo<Tab>,
    address: Callback<Tab, String>,
    other: Callback<DialogKind, String>,
    closed: String,
    on_close: Callback<()>,
    on_changed: Callback<()>,
) -> Result<AnyView, ApiError> {
    Ok(view! { <DetailDialog id tab address other closed on_close on_changed /> }.into_any())
}

#[wasm_split(analysis, wasm_split_path = leptos::wasm_split, preload(preload_analysis), fallible)]
pub fn analysis(id: i64, closed: String, on_close: Callback<()>, on_changed: Callback<()>) -> Result<AnyView, ApiError> {
    Ok(view! { <AnalysisDialog id closed on_close on_changed /> }.into_any())
}

#[wasm_split(dialogs, wasm_split_path = leptos::wasm_split, fallible)]
pub fn query(id: i64, on_close: Callback<()>) -> Result<AnyView, ApiError> {
    Ok(view! { <QueryDialog id on_close /> }.into_any())
}

#[wasm_split(dialogs, wasm_split_path = leptos::wasm_split, fallible)]
pub fn preview(id: i64, on_close: Callback<()>) -> Result<AnyView, ApiError> {
    Ok(view! { <PreviewDialog id on_close /> }.into_any())
}

#[wasm_split(dialogs, wasm_split_path = leptos::wasm_split, fallible)]
pub fn clone(id: i64, model_id: i64, on_close: Callback<()>, on_done: Callback<()>) -> Result<AnyView, ApiError> {
    Ok(view! { <CloneDialog id model_id on_close on_done /> }.into_any())
}

#[wasm_split(dialogs, wasm_split_path = leptos::wasm_split, fallible)]
pub fn delete(id: i64, on_close: Callback<()>, on_done: Callback<()>, reload: Callback<()>) -> Result<AnyView, ApiError> {
    Ok(view! { <DeleteDialog id on_close on_done reload /> }.into_any())
}

#[wasm_split(compare, wasm_split_path = leptos::wasm_split, preload(preload_compare), fallible)]
pub fn compare() -> Result<AnyView, ApiError> {
    Ok(view! { <ComparePage /> }.into_any())
}

/// Fetches the wizard's part once the browser is idle: most visitors edit something. If that fails,
/// it is fetched when it is needed.
#[cfg(feature = "hydrate")]
pub fn fetch_wizard_when_idle() {
    use std::time::Duration;

    let fetch = || leptos::task::spawn_local(async { drop(preload_wizard().await) });
    // Safari has no idle callbacks.
    match js_sys::Reflect::has(&window(), &"requestIdleCallback".into()) {
        Ok(true) => request_idle_callback(fetch),
        _ => set_timeout(fetch, Duration::from_secs(1)),
    }
}

/// Fetches the part that the server has rendered into the page, if any: hydration has to build at
/// once what the page shows.
#[cfg(feature = "hydrate")]
pub async fn fetch_parts_of_page() -> Result<(), SplitLoaderError> {
    use leptos_router::location::{BrowserUrl, LocationProvider};

    use super::route::PageState;

    let Ok(url) = BrowserUrl::current() else { return Ok(()) };
    if url.path().trim_end_matches('/').ends_with("/compare") {
        return preload_compare().await;
    }
    match PageState::read(url.search_params()).dialog {
        Some((DialogKind::View, _)) => preload_detail().await,
        Some((DialogKind::Analysis, _)) => preload_analysis().await,
        _ => Ok(()),
    }
}

/// Explains in a page that is not hydrated why it is not interactive.
#[cfg(feature = "hydrate")]
pub fn say_page_is_not_live() {
    let document = document();
    let (Some(body), Ok(note), Ok(reload)) = (document.body(), document.create_element("p"), document.create_element("a")) else {
        return;
    };
    // None of these fails for an element that was just created.
    let _ = note.set_attribute("role", "alert");
    let _ = note.set_attribute("class", "problem not-live");
    let _ = reload.set_attribute("href", "");
    note.set_text_content(Some(common::NOT_LIVE));
    reload.set_text_content(Some(common::RELOAD));
    let _ = note.append_child(&reload);
    let _ = body.append_child(&note);
}

/// A config's SQL, compiled in the browser by the same code as on the server: schemas, a config and
/// a [`Request`](crate::domain::sql::Request) in JSON. Fails with the validation errors, one per
/// line. The browser tests compare it with the goldens.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn compile_sql(schemas: String, config: String, request: String) -> Result<String, wasm_bindgen::JsError> {
    compile(schemas, config, request).await.map_err(|error| wasm_bindgen::JsError::new(&error.message))
}

#[cfg(feature = "hydrate")]
#[wasm_split(wizard, wasm_split_path = leptos::wasm_split, fallible)]
fn compile(schemas: String, config: String, request: String) -> Result<String, ApiError> {
    use crate::domain::catalog::Catalog;
    use crate::domain::dataset::DatasetConfig;
    use crate::domain::schema::TableSchema;
    use crate::domain::sql::{self, Request};

    fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ApiError> {
        serde_json::from_slice(text.as_bytes()).map_err(|error| ApiError::new(0, "invalid", error.to_string()))
    }
    let (schemas, config) = (read::<Vec<TableSchema>>(&schemas)?, read::<DatasetConfig>(&config)?);
    let request: Request = read(&request)?;
    let compiled = sql::compile(&config, &Catalog::new(None, schemas), &request);
    let lines = |errors: Vec<_>| errors.iter().map(|error| format!("{error}\n")).collect::<String>();
    compiled.map(|query| query.sql).map_err(|errors| ApiError::new(0, "invalid", lines(errors)))
}
