//! The wizard: four steps over one typed state. What is shown, blocked or saved is derived from it.

use leptos::prelude::*;

use self::draft::{Schemas, Step};
use self::frame::Steps;
pub use self::state::{FieldErrors, State};
use super::dialog::Dialog;
use super::problem::Problem;
use crate::domain::record::Dataset;
use crate::error::Failure;
use crate::rpc;
use crate::ui::texts::wizard as texts;

mod basics;
mod columns;
mod conflict;
mod draft;
mod evidence;
mod filters;
mod frame;
mod joins;
mod kept;
mod options;
mod picture;
mod roles;
mod row_filters;
mod save;
mod side;
mod state;
mod statistics;
mod suggestions;
mod tables;

/// What an edit starts from.
#[derive(Clone)]
struct Loaded {
    dataset: Dataset,
    schemas: Schemas,
    /// Why its tables could not be read: one of them may be gone.
    unread: Option<Failure>,
}

/// The dataset and the columns of its tables: edit mode shows nothing before it has all of it (G-80).
async fn load(id: i64) -> Result<Loaded, Failure> {
    let dataset = rpc::dataset(id).await?;
    let mut names: Vec<String> = dataset.config.sources().iter().map(|(_, table)| table.to_string()).collect();
    names.sort();
    names.dedup();
    match rpc::table_schemas(dataset.model_id, names).await {
        Ok(schemas) => {
            let schemas = schemas.into_iter().map(|schema| (schema.table.clone(), schema)).collect();
            Ok(Loaded { dataset, schemas, unread: None })
        }
        Err(failure) => Ok(Loaded { dataset, schemas: Schemas::new(), unread: Some(failure) }),
    }
}

#[component]
pub fn Wizard(model_id: i64, id: Option<i64>, on_close: Callback<()>, on_saved: Callback<()>) -> impl IntoView {
    let Some(id) = id else {
        return view! { <Steps model_id loaded=None on_close on_saved /> }.into_any();
    };
    let loaded = RwSignal::new(None::<Result<Loaded, Failure>>);
    let ask = move || {
        loaded.set(None);
        leptos::task::spawn_local(async move {
            let answer = load(id).await;
            // The wizard may be closed by now.
            loaded.try_set(Some(answer));
        });
    };
    Effect::new(move |_| ask());
    let body = move || match loaded.get() {
        Some(Ok(found)) => view! { <Steps model_id loaded=Some(found) on_close on_saved /> }.into_any(),
        Some(Err(failure)) => view! {
            <Dialog title=texts::EDIT_DATASET on_close class="modal-container-wizard">
                <div class="modal-body">
                    <Problem failure=Some(failure) />
                    <p class="problem-actions">
                        <button type="button" class="button" on:click=move |_| ask()>{texts::TRY_AGAIN}</button>
                    </p>
                </div>
            </Dialog>
        }
        .into_any(),
        None => view! {
            <Dialog title=texts::EDIT_DATASET on_close class="modal-container-wizard">
                <p class="waiting" role="status">
                    <span class="spinner" aria-hidden="true"></span>
                    {texts::LOADING}
                </p>
            </Dialog>
        }
        .into_any(),
    };
    body.into_any()
}

/// The first field that is wrong comes into sight.
fn show_first_fault() {
    request_animation_frame(|| {
        let found = document().query_selector(".wizard-body.show-faults .field-error, .wizard-body .field-error").ok().flatten();
        if let Some(message) = found {
            message.scroll_into_view();
        }
    });
}

/// Gives the focus to what a step begins with: its reader is told where they are, Enter goes on, Tab goes into it.
fn focus_step(step: Step) {
    request_animation_frame(move || {
        use wasm_bindgen::JsCast;
        let selector = if step == Step::Basics { ".wizard-body input" } else { ".wizard-body" };
        let found = document().query_selector(selector).ok().flatten();
        if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Fails only for what cannot have the focus.
            let _ = element.focus();
        }
    });
}
