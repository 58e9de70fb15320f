//! The start page: models, each with its warehouse and datasets; add and rename.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;

use super::dialog::Dialog;
use super::format::count;
use super::layout::{Page, PageFailure, Problem, datasets_path};
use super::toast::use_toaster;
use crate::domain::record::{Model, ModelInput};
use crate::error::Failure;
use crate::rpc;

#[component]
pub fn ModelsPage() -> impl IntoView {
    let models = Resource::new_blocking(|| (), |()| rpc::models());
    // `Some(None)` adds one, `Some(Some(model))` renames it.
    let editing = RwSignal::new(None::<Option<Model>>);
    let page = move || {
        Suspend::new(async move {
            match models.await {
                Ok(models) => view! { <Loaded models editing /> }.into_any(),
                Err(failure) => view! { <PageFailure failure /> }.into_any(),
            }
        })
    };
    view! {
        <Title text="Models" />
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
        .cloned()
        .map(|model| {
            let warehouse = match &model.gcp_project_id {
                Some(project) => format!("BigQuery · {project}"),
                None => "Embedded warehouse".to_owned(),
            };
            let renamed = model.clone();
            view! {
                <li class="card">
                    <div class="card-header">
                        <h2 class="card-title">
                            <A href=datasets_path(model.id)>{model.name.clone()}</A>
                        </h2>
                    </div>
                    <p class="card-text">{model.description}</p>
                    <p class="card-facts">
                        <span>{warehouse}</span>
                        <span>{count(model.dataset_count as usize, "dataset")}</span>
                    </p>
                    <div class="card-actions">
                        <A href=datasets_path(model.id) attr:class="button">"Open datasets"</A>
                        <button type="button" class="button quiet" on:click=move |_| editing.set(Some(Some(renamed.clone())))>
                            "Edit"
                        </button>
                    </div>
                </li>
            }
        })
        .collect_view();
    let none = models.is_empty();
    view! {
        <Page models>
            <div class="page-head">
                <div>
                    <h1>"Models"</h1>
                    <p class="lead">"A model is the ML project that training datasets belong to."</p>
                </div>
                <button type="button" class="button primary" on:click=move |_| editing.set(Some(None))>
                    "Add model"
                </button>
            </div>
            {none
                .then(|| {
                    view! {
                        <div class="empty">
                            <h2>"No models yet"</h2>
                            <p>"Add one to define its training datasets."</p>
                        </div>
                    }
                })}
            <ul class="cards">{cards}</ul>
        </Page>
    }
}

/// Adds a model, or changes what one says.
#[component]
fn ModelDialog(model: Option<Model>, on_done: Callback<bool>) -> impl IntoView {
    let toaster = use_toaster();
    let id = model.as_ref().map(|m| m.id);
    let before = model.map(input_of).unwrap_or_default();
    let (name, description) = (RwSignal::new(before.name.clone()), RwSignal::new(before.description.clone()));
    let project = RwSignal::new(before.gcp_project_id.clone().unwrap_or_default());
    let location = RwSignal::new(before.location.clone().unwrap_or_default());
    let failure = RwSignal::new(None::<Failure>);
    let save = Action::new(move |input: &ModelInput| {
        let input = input.clone();
        async move {
            let saved = match id {
                Some(id) => rpc::update_model(id, input).await,
                None => rpc::create_model(input).await,
            };
            match saved {
                Ok(model) => {
                    toaster.good(format!("{} is saved.", model.name));
                    on_done.run(true);
                }
                Err(error) => failure.set(Some(error)),
            }
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let given = |text: String| (!text.trim().is_empty()).then_some(text);
        save.dispatch(ModelInput {
            name: name.get(),
            description: description.get(),
            gcp_project_id: given(project.get()),
            location: given(location.get()),
        });
    };
    view! {
        <Dialog title=if id.is_some() { "Edit model" } else { "Add model" } on_close=Callback::new(move |()| on_done.run(false)) class="modal-small">
            <form class="modal-body" on:submit=submit>
                <Problem failure />
                <label class="field">
                    <span>"Name"</span>
                    <input type="text" required maxlength="255" autofocus prop:value=name on:input:target=move |e| name.set(e.target().value()) />
                </label>
                <label class="field">
                    <span>"Description"</span>
                    <textarea rows="3" maxlength="2000" prop:value=description on:input:target=move |e| description.set(e.target().value())></textarea>
                </label>
                <label class="field">
                    <span>"Google Cloud project"</span>
                    <input
                        type="text"
                        maxlength="300"
                        placeholder="none: the embedded warehouse"
                        prop:value=project
                        on:input:target=move |e| project.set(e.target().value())
                    />
                </label>
                <label class="field">
                    <span>"Location"</span>
                    <input
                        type="text"
                        maxlength="32"
                        placeholder="as the dataset says"
                        prop:value=location
                        on:input:target=move |e| location.set(e.target().value())
                    />
                </label>
                <div class="modal-footer">
                    <button type="button" class="button quiet" on:click=move |_| on_done.run(false)>
                        "Cancel"
                    </button>
                    <button type="submit" class="button primary" disabled=move || save.pending().get()>
                        "Save"
                    </button>
                </div>
            </form>
        </Dialog>
    }
}

/// What a person said about the model before.
fn input_of(model: Model) -> ModelInput {
    ModelInput {
        name: model.name,
        description: model.description,
        gcp_project_id: model.gcp_project_id,
        location: model.location,
    }
}
