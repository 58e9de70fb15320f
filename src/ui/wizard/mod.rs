//! The wizard: its steps over one typed state. What is shown, blocked or saved derives from it.

use leptos::prelude::*;

use self::draft::Step;
use self::edit::Edit;
use self::frame::Steps;
pub use self::state::{FieldErrors, State};
use super::dialog::Dialog;
use super::problem::Problem;
use super::work::{Loader, Waiting};
use crate::error::ApiError;
use crate::rpc;
use crate::ui::texts::wizard as texts;

mod basics;
mod columns;
mod conflict;
mod draft;
mod edit;
mod filters;
mod frame;
mod joins;
mod options;
mod picture;
mod roles;
mod row_filters;
mod save;
mod saved_draft;
mod side;
mod state;
mod statistics;
mod suggestions;
mod tables;
mod verification;

/// A dataset and the columns of its tables. Edit mode shows nothing before all of it has arrived: a
/// form that renders too early would overwrite the stored config with empty parts. If tables cannot
/// be read, one of them may be missing: then the edit starts without them.
async fn load(id: i64) -> Result<Edit, ApiError> {
    let dataset = rpc::dataset(id).await?;
    let mut names: Vec<String> = dataset.config.sources().iter().map(|(_, table)| table.to_string()).collect();
    names.sort();
    names.dedup();
    let tables = rpc::table_schemas(dataset.model_id, names).await;
    Ok(Edit::begin(Some(&dataset), tables))
}

#[component]
pub fn Wizard(model_id: i64, id: Option<i64>, on_close: Callback<()>, on_saved: Callback<()>) -> impl IntoView {
    let Some(id) = id else {
        return view! { <Steps model_id edit=Edit::begin(None, Ok(vec![])) on_close on_saved /> }.into_any();
    };
    let loaded = Loader::<Edit>::new();
    let fetch = move || loaded.load(load(id));
    Effect::new(move |_| fetch());
    let body = move || {
        loaded.with(|answer| {
            let shown = match answer {
                Some(Ok(edit)) => return view! { <Steps model_id edit=edit.clone() on_close on_saved /> }.into_any(),
                Some(Err(error)) => view! {
                    <div class="modal-body">
                        <Problem error=Some(error.clone()) />
                        <p class="problem-actions">
                            <button type="button" class="button" on:click=move |_| fetch()>{texts::TRY_AGAIN}</button>
                        </p>
                    </div>
                }
                .into_any(),
                None => view! { <Waiting what=texts::LOADING /> }.into_any(),
            };
            view! { <Dialog title=texts::EDIT_DATASET on_close class="modal-container-wizard">{shown}</Dialog> }.into_any()
        })
    };
    body.into_any()
}

/// Scrolls to the first invalid field.
fn show_first_error() {
    request_animation_frame(|| {
        let found = document().query_selector(".wizard-body.show-errors .field-error, .wizard-body .field-error").ok().flatten();
        if let Some(message) = found {
            message.scroll_into_view();
        }
    });
}

/// Focuses the beginning of a step: screen readers announce it, Enter continues, Tab moves into it.
fn focus_step(step: Step) {
    request_animation_frame(move || {
        use wasm_bindgen::JsCast;
        let selector = if step == Step::Basics { ".wizard-body input" } else { ".wizard-body" };
        let found = document().query_selector(selector).ok().flatten();
        if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Fails only for elements that cannot have the focus.
            let _ = element.focus();
        }
    });
}
