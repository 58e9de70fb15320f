//! The wizard: four steps over one typed state. What is shown, blocked or saved is derived from it.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;

use self::draft::{Draft, Schemas, Step, faults};
use self::suggestions::Suggestions;
use super::dialog::Dialog;
use super::layout::Problem;
use super::toast::use_toaster;
use crate::domain::catalog::Catalog;
use crate::domain::fault::FieldError;
use crate::domain::name::TableName;
use crate::domain::profile::ColumnProfile;
use crate::domain::record::{Dataset, DatasetInput, NameCheck};
use crate::error::Failure;
use crate::rpc;

mod basics;
mod columns;
mod draft;
mod filters;
mod joins;
mod members;
mod options;
mod row_filters;
mod side;
mod statistics;
mod suggestions;
mod tables;

/// What the steps share.
#[derive(Clone, Copy)]
pub struct State {
    pub model_id: i64,
    /// The dataset that is edited, with the revision that the edit started from.
    pub editing: StoredValue<Option<(i64, i64)>>,
    pub draft: RwSignal<Draft>,
    pub schemas: RwSignal<Schemas>,
    pub catalog: Memo<Catalog>,
    /// The domain's faults and, after a save that was refused, the server's.
    pub faults: Memo<Vec<FieldError>>,
    pub refused: RwSignal<Vec<FieldError>>,
    /// What the server says of the name as it stands; `None` while it is asked.
    pub name_check: RwSignal<Option<NameCheck>>,
    /// What is known of the tables' columns, by their names.
    pub profiles: RwSignal<Profiles>,
    pub suggestions: Suggestions,
}

type Profiles = BTreeMap<TableName, BTreeMap<String, ColumnProfile>>;

impl State {
    fn new(model_id: i64, dataset: Option<&Dataset>) -> Self {
        let draft = RwSignal::new(dataset.map_or_else(Draft::default, |dataset| Draft {
            name: dataset.summary.name.clone(),
            description: dataset.summary.description.clone(),
            config: dataset.config.clone(),
        }));
        let schemas = RwSignal::new(Schemas::new());
        let refused = RwSignal::new(vec![]);
        let catalog = Memo::new(move |_| Catalog::new(None, schemas.get().into_values()));
        let faults = Memo::new(move |_| {
            let mut all = draft.with(|draft| catalog.with(|catalog| faults(draft, catalog)));
            for fault in refused.get() {
                if !all.contains(&fault) {
                    all.push(fault);
                }
            }
            all
        });
        let editing = StoredValue::new(dataset.map(|d| (d.summary.id, d.revision)));
        Self {
            model_id,
            editing,
            draft,
            schemas,
            catalog,
            faults,
            refused,
            name_check: RwSignal::new(None),
            profiles: RwSignal::default(),
            suggestions: Suggestions::default(),
        }
    }

    /// Changes the draft. What the server refused is another draft then.
    pub fn edit(&self, change: impl FnOnce(&mut Draft)) {
        if !self.refused.with_untracked(Vec::is_empty) {
            self.refused.set(vec![]);
        }
        self.draft.update(change);
    }

    /// All chosen tables have their schemas.
    pub fn is_loaded(&self) -> bool {
        self.draft.with(|draft| self.schemas.with(|schemas| draft.tables().iter().all(|table| schemas.contains_key(table))))
    }

    /// What a step waits for before it can be judged.
    fn waits_for(&self, step: Step) -> Option<&'static str> {
        let named = !self.draft.with(|d| d.name.trim().is_empty());
        match step {
            Step::Basics => (named && self.name_check.with(Option::is_none)).then_some("Checking the name…"),
            _ => (!self.is_loaded()).then_some("Reading the tables' columns…"),
        }
    }

    /// What a step waits for, or its first fault, in words.
    fn blocked(&self, step: Step) -> Option<String> {
        if let Some(waiting) = self.waits_for(step) {
            return Some(waiting.into());
        }
        if let (Step::Basics, Some(NameCheck { available: false, message })) = (step, self.name_check.get()) {
            return Some(message);
        }
        self.faults.with(|faults| faults.iter().find(|f| Step::of_path(&f.path) == step).map(|f| f.message.clone()))
    }
}

/// Messages at a field and below it.
#[component]
pub fn FieldErrors(state: State, #[prop(into)] path: Signal<String>) -> impl IntoView {
    move || {
        state.faults.with(|faults| {
            let path = path.get();
            draft::at(faults, &path).map(|fault| view! { <p class="field-error">{fault.message.clone()}</p> }).collect_view()
        })
    }
}

#[component]
pub fn Wizard(model_id: i64, id: Option<i64>, on_close: Callback<()>, on_saved: Callback<()>) -> impl IntoView {
    // Edit mode shows nothing before it has the whole dataset (G-80).
    let dataset = Resource::new(
        || (),
        move |()| async move {
            match id {
                Some(id) => rpc::dataset(id).await.map(Some),
                None => Ok(None),
            }
        },
    );
    let body = move || {
        Suspend::new(async move {
            match dataset.await {
                Ok(dataset) => view! { <Steps model_id dataset on_close on_saved /> }.into_any(),
                Err(failure) => view! {
                    <Dialog title="Edit dataset" on_close>
                        <div class="modal-body">
                            <Problem failure=Some(failure) />
                        </div>
                    </Dialog>
                }
                .into_any(),
            }
        })
    };
    view! { <Suspense>{body}</Suspense> }
}

#[component]
fn Steps(model_id: i64, dataset: Option<Dataset>, on_close: Callback<()>, on_saved: Callback<()>) -> impl IntoView {
    let toaster = use_toaster();
    let state = State::new(model_id, dataset.as_ref());
    let before = StoredValue::new(state.draft.get_untracked());
    let title = if dataset.is_some() { "Edit dataset" } else { "New dataset" };
    let step = RwSignal::new(Step::Basics);
    let large = RwSignal::new(false);
    let leaving = RwSignal::new(false);
    let failure = RwSignal::new(None::<Failure>);
    // Whether the person tried to go on: only then is a step that is merely unfinished called wrong.
    let tried = RwSignal::new(None::<Step>);

    load_schemas(state, failure);
    check_name(state);
    suggestions::keep_suggested(state);

    let changed = move || before.with_value(|before| state.draft.with_untracked(|draft| draft != before));
    let close = Callback::new(move |()| {
        if changed() {
            leaving.set(true);
        } else {
            on_close.run(());
        }
    });
    let save = Action::new(move |overwrite: &Option<i64>| {
        let Draft { name, description, config } = state.draft.get_untracked();
        let input = DatasetInput { name, description, config };
        let editing = state.editing.get_value();
        let overwrite = *overwrite;
        async move {
            let saved = match editing {
                Some((id, revision)) => rpc::update_dataset(id, overwrite.unwrap_or(revision), input).await,
                None => rpc::create_dataset(model_id, input).await,
            };
            match saved {
                Ok(dataset) => {
                    toaster.good(format!("{} is saved.", dataset.summary.name));
                    on_saved.run(());
                }
                Err(error) => {
                    let refused: Vec<FieldError> = error.errors.iter().map(|(path, text)| FieldError::new(path, text)).collect();
                    if let Some(first) = refused.iter().map(|f| Step::of_path(&f.path)).min() {
                        step.set(first);
                        tried.set(Some(first));
                    }
                    state.refused.set(refused);
                    failure.set(Some(error));
                }
            }
        }
    });
    let stale = move || failure.get().is_some_and(|f| f.code == "stale");
    let overwrite = Action::new(move |(): &()| async move {
        let Some((id, _)) = state.editing.get_value() else { return };
        match rpc::dataset(id).await {
            Ok(newer) => {
                failure.set(None);
                save.dispatch(Some(newer.revision));
            }
            Err(error) => failure.set(Some(error)),
        }
    });

    let blocked = Memo::new(move |_| state.blocked(step.get()));
    let unfinished = Memo::new(move |_| Step::ALL.into_iter().find_map(|s| state.blocked(s).map(|why| (s, why))));
    let go_next = move |_| match (blocked.get(), step.get().next()) {
        (None, Some(next)) => {
            tried.set(None);
            step.set(next);
        }
        _ => tried.set(Some(step.get())),
    };
    let can_open = move |target: Step| {
        target <= step.get() || Step::ALL.into_iter().filter(|s| *s < target).all(|s| state.blocked(s).is_none())
    };
    let progress = Step::ALL
        .into_iter()
        .enumerate()
        .map(|(i, this)| {
            view! {
                <li class="wizard-step" class:wizard-step-done=move || this < step.get()>
                    <button
                        type="button"
                        aria-current=move || (step.get() == this).then_some("step")
                        disabled=move || !can_open(this)
                        on:click=move |_| step.set(this)
                    >
                        <span class="wizard-number">{i + 1}</span>
                        {this.title()}
                    </button>
                </li>
            }
        })
        .collect_view();
    let enlarge = move || {
        view! {
            <button
                type="button"
                class="icon-button"
                aria-label=move || if large.get() { "Make smaller" } else { "Fill the window" }
                on:click=move |_| large.update(|large| *large = !*large)
            >
                "⤢"
            </button>
        }
    };
    let class = Signal::derive(move || if large.get() { "modal-container-wizard modal-large" } else { "modal-container-wizard" });
    view! {
        <Dialog title on_close=close class tools=enlarge>
            <ol class="wizard-steps">{progress}</ol>
            <div class="wizard-body" class:show-faults=move || tried.get() == Some(step.get())>
                <Problem failure />
                {move || {
                    stale()
                        .then(|| {
                            view! {
                                <p class="problem-actions">
                                    <button type="button" class="button danger" on:click=move |_| { overwrite.dispatch(()); }>
                                        "Save mine over it"
                                    </button>
                                    <button type="button" class="button" on:click=move |_| on_close.run(())>
                                        "Drop mine"
                                    </button>
                                </p>
                            }
                        })
                }}
                {move || match step.get() {
                    Step::Basics => view! { <basics::Basics state /> }.into_any(),
                    Step::Tables => view! { <tables::Tables state /> }.into_any(),
                    Step::Columns => view! { <columns::Columns state /> }.into_any(),
                    Step::Filters => view! { <filters::Filters state /> }.into_any(),
                }}
            </div>
            <side::SidePanel state />
            <footer class="wizard-footer">
                <span class="wizard-reason" role="status">
                    {move || tried.get().filter(|s| *s == step.get()).and_then(|_| blocked.get())}
                </span>
                <button
                    type="button"
                    class="button"
                    disabled=move || step.get().previous().is_none()
                    on:click=move |_| {
                        if let Some(previous) = step.get().previous() {
                            step.set(previous);
                        }
                    }
                >
                    "Previous"
                </button>
                {move || {
                    if step.get().next().is_some() {
                        view! {
                            <button
                                type="button"
                                class="button primary"
                                disabled=move || state.waits_for(step.get()).is_some()
                                on:click=go_next
                            >
                                "Next"
                            </button>
                        }
                            .into_any()
                    } else {
                        ().into_any()
                    }
                }}
                {move || {
                    (step.get().next().is_none() || state.editing.get_value().is_some())
                        .then(|| {
                            view! {
                                <button
                                    type="button"
                                    class="button success"
                                    disabled=move || save.pending().get() || unfinished.get().is_some()
                                    title=move || unfinished.get().map(|(step, why)| format!("{}: {why}", step.title()))
                                    on:click=move |_| {
                                        failure.set(None);
                                        save.dispatch(None);
                                    }
                                >
                                    {move || if save.pending().get() { "Saving…" } else { "Save" }}
                                </button>
                            }
                        })
                }}
            </footer>
            {move || {
                leaving
                    .get()
                    .then(|| {
                        view! {
                            <Dialog title="Leave without saving?" on_close=Callback::new(move |()| leaving.set(false)) class="modal-small">
                                <div class="modal-body">
                                    <p>"What you changed here is not saved."</p>
                                    <div class="modal-footer">
                                        <button type="button" class="button" autofocus on:click=move |_| leaving.set(false)>
                                            "Stay"
                                        </button>
                                        <button type="button" class="button danger" on:click=move |_| on_close.run(())>
                                            "Leave"
                                        </button>
                                    </div>
                                </div>
                            </Dialog>
                        }
                    })
            }}
        </Dialog>
    }
}

/// Asks for the schemas that are not there yet, whenever another table is chosen.
fn load_schemas(state: State, failure: RwSignal<Option<Failure>>) {
    let wanted = Memo::new(move |_| state.draft.with(Draft::tables));
    let load = Action::new(move |tables: &Vec<TableName>| {
        let names = tables.iter().map(ToString::to_string).collect();
        async move {
            match rpc::table_schemas(state.model_id, names).await {
                Ok(loaded) => state.schemas.update(|schemas| schemas.extend(loaded.into_iter().map(|s| (s.table.clone(), s)))),
                Err(error) => failure.set(Some(error)),
            }
        }
    });
    Effect::new(move |_| {
        let missing: Vec<TableName> =
            wanted.get().into_iter().filter(|table| state.schemas.with_untracked(|s| !s.contains_key(table))).collect();
        if !missing.is_empty() {
            load.dispatch(missing);
        }
    });
}

/// Asks whether the name is free, 300 ms after the last letter; the answer to an older name is dropped (G-84).
fn check_name(state: State) {
    let name = Memo::new(move |_| state.draft.with(|d| d.name.trim().to_owned()));
    let own = state.draft.with_untracked(|d| d.name.trim().to_owned());
    Effect::new(move |_| {
        let asked = name.get();
        if asked.is_empty() {
            state.name_check.set(None);
            return;
        }
        if state.editing.get_value().is_some() && asked == own {
            state.name_check.set(Some(NameCheck { available: true, message: String::new() }));
            return;
        }
        state.name_check.set(None);
        set_timeout(
            move || {
                if name.try_get_untracked().as_ref() != Some(&asked) {
                    return;
                }
                leptos::task::spawn_local(async move {
                    let id = state.editing.try_get_value().flatten().map(|(id, _)| id);
                    let answer = rpc::check_name(state.model_id, asked.clone(), id).await;
                    if name.try_get_untracked().as_ref() == Some(&asked) {
                        state.name_check.set(Some(answer.unwrap_or_else(|f| NameCheck { available: false, message: f.message })));
                    }
                });
            },
            Duration::from_millis(300),
        );
    });
}
