//! The start page: models, each with its warehouse and datasets; add and rename.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_meta::Title;

use super::connectivity::{is_unreachable, use_connectivity};
use super::dialog::Dialog;
use super::empty::Empty;
use super::icon;
use super::keys::on_key;
use super::layout::{Page, PageError, datasets_path};
use super::problem::Problem;
use super::texts::{common, models as texts};
use super::toast::use_toaster;
use super::work::Work;
use crate::domain::dto::{Model, ModelInput};
use crate::domain::warehouse::WarehouseFields;
use crate::error::ApiError;
use crate::rpc;

#[component]
pub fn ModelsPage() -> impl IntoView {
    let connectivity = use_connectivity();
    let models = Resource::new_blocking(move || connectivity.reconnects(), |_| rpc::models());
    // The last content stays while the server is offline.
    let last = StoredValue::new(None::<Vec<Model>>);
    // `Some(None)` adds one, `Some(Some(model))` renames it.
    let editing = RwSignal::new(None::<Option<Model>>);
    let page = move || {
        Suspend::new(async move {
            match models.await {
                Ok(models) => {
                    last.set_value(Some(models.clone()));
                    view! { <Loaded models editing /> }.into_any()
                }
                Err(error) => match last.get_value().filter(|_| is_unreachable(&error)) {
                    Some(models) => {
                        connectivity.report(&error);
                        view! { <Loaded models editing /> }.into_any()
                    }
                    None => view! { <PageError error /> }.into_any(),
                },
            }
        })
    };
    view! {
        <Title text=texts::TITLE />
        <Transition>{page}</Transition>
        {move || {
            editing
                .get()
                .map(|model| {
                    let on_done = Callback::new(move |saved: bool| {
                        editing.set(None);
                        if saved {
                            models.refetch();
                        }
                    });
                    view! { <ModelDialog model on_done /> }
                })
        }}
    }
}

#[component]
fn Loaded(models: Vec<Model>, editing: RwSignal<Option<Option<Model>>>) -> impl IntoView {
    let cards = models
        .iter()
        .map(|model| {
            let WarehouseFields { location, .. } = model.warehouse.clone().into();
            let renamed = model.clone();
            view! {
                <li class="card">
                    <div class="card-header">
                        <h2 class="card-title">
                            <a href=datasets_path(model.id)>{model.name.clone()}</a>
                        </h2>
                    </div>
                    <p class="card-text" hidden=model.description.is_empty()>{model.description.clone()}</p>
                    <p class="card-facts">
                        <span>{texts::warehouse(&model.warehouse)}</span>
                        {location.map(|location| view! { <span>{location}</span> })}
                        <span>{texts::datasets(model.dataset_count)}</span>
                    </p>
                    <div class="card-actions">
                        <a href=datasets_path(model.id) class="button quiet" aria-label=texts::open(&model.name)>
                            {texts::OPEN}
                        </a>
                        <button
                            type="button"
                            class="button quiet"
                            id=format!("model-{}", model.id)
                            aria-label=texts::edit(&model.name)
                            on:click=move |_| editing.set(Some(Some(renamed.clone())))
                        >
                            {texts::EDIT}
                        </button>
                    </div>
                </li>
            }
        })
        .collect_view();
    let none = models.is_empty();
    on_key("n", Callback::new(move |()| editing.set(Some(None))));
    view! {
        <Page models>
            <div class="page-head">
                <div>
                    <h1>{texts::TITLE}</h1>
                    <p class="lead">{texts::LEAD}</p>
                </div>
                <button type="button" class="button primary" on:click=move |_| editing.set(Some(None))>
                    {icon::plus()}
                    {texts::ADD}
                </button>
            </div>
            {none
                .then(|| view! { <Empty title=texts::NONE_TITLE advice=texts::NONE_ADVICE next=None /> })}
            <ul class="cards">{cards}</ul>
        </Page>
    }
}

/// Adds a model, or edits one.
#[component]
fn ModelDialog(model: Option<Model>, on_done: Callback<bool>) -> impl IntoView {
    let toaster = use_toaster();
    let id = model.as_ref().map(|m| m.id);
    let before = model.map(ModelInput::from).unwrap_or_default();
    let (name, description) = (RwSignal::new(before.name.clone()), RwSignal::new(before.description.clone()));
    let project = RwSignal::new(before.gcp_project_id.clone().unwrap_or_default());
    let location = RwSignal::new(before.location.clone().unwrap_or_default());
    let error = RwSignal::new(None::<ApiError>);
    let work = Work::new();
    let save = move |input: ModelInput| {
        error.set(None);
        work.start(async move {
            let saved = match id {
                Some(id) => rpc::update_model(id, input).await,
                None => rpc::create_model(input).await,
            };
            match saved {
                Ok(model) => {
                    toaster.good(texts::saved(&model.name));
                    on_done.run(true);
                }
                Err(reason) => error.set(Some(reason)),
            }
        });
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let given = |text: String| (!text.trim().is_empty()).then_some(text);
        save(ModelInput {
            name: name.get(),
            description: description.get(),
            gcp_project_id: given(project.get()),
            location: given(location.get()),
        });
    };
    view! {
        <Dialog title=if id.is_some() { texts::EDIT_TITLE } else { texts::ADD } on_close=Callback::new(move |()| on_done.run(false)) class="modal-small">
            <form class="modal-body" on:submit=submit>
                <Problem error />
                <label class="field">
                    <span>{texts::NAME}</span>
                    <input autofocus type="text" required maxlength="255" prop:value=move || name.get() on:input:target=move |e| name.set(e.target().value()) />
                </label>
                <label class="field">
                    <span>{texts::DESCRIPTION}</span>
                    <textarea prop:value=move || description.get() rows="3" maxlength="2000" on:input:target=move |e| description.set(e.target().value())></textarea>
                </label>
                <label class="field">
                    <span>{texts::PROJECT}</span>
                    <input
                        aria-describedby="project-hint"
                        type="text"
                        maxlength="300"
                        prop:value=move || project.get()
                        on:input:target=move |e| project.set(e.target().value())
                    />
                    <span class="note" id="project-hint">
                        {texts::PROJECT_HINT}
                    </span>
                </label>
                <label class="field">
                    <span>{texts::LOCATION}</span>
                    <input
                        aria-describedby="location-hint"
                        type="text"
                        maxlength="32"
                        prop:value=move || location.get()
                        on:input:target=move |e| location.set(e.target().value())
                    />
                    <span class="note" id="location-hint">
                        {texts::LOCATION_HINT}
                    </span>
                </label>
                <div class="modal-footer">
                    <button type="button" class="button" on:click=move |_| on_done.run(false)>
                        {common::CANCEL}
                    </button>
                    <button type="submit" class="button primary" disabled=move || work.running() aria-busy=move || work.running().to_string()>
                        {common::SAVE}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
